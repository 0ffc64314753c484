/*
 * User names and URLs, as password managers keep them, become attributes.
 */
#include <string.h>

#include "import.h"

struct slice
import_cut(struct slice *s, const char *at)
{
	struct slice before = { s->p, 0 };

	while (before.len < s->len && strchr(at, s->p[before.len]) == NULL)
		before.len++;
	s->p += before.len;
	s->len -= before.len;
	if (s->len > 0) {
		s->p++;
		s->len--;
	}
	return before;
}

static struct slice
behind_scheme(struct slice url)
{
	size_t i = 0;

	for (i = 0; i + 3 <= url.len; i++) {
		if (memcmp(url.p + i, "://", 3) == 0)
			return (struct slice){ url.p + i + 3, url.len - i - 3 };
	}
	return url;
}

static bool
is_port(struct slice s)
{
	size_t i = 0;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.len >= 1 && s.len <= 5;
}

static bool
has_port(const struct import_item *item)
{
	size_t i = 0;

	while (i < item->nattrs && !slice_is(item->attrs[i].key, "port"))
		i++;
	return i < item->nattrs;
}

int
import_item_url(struct import_item *item, struct slice url, struct err *e)
{
	struct slice rest = behind_scheme(url), host = { NULL, 0 };
	size_t i = 0;

	rest = import_cut(&rest, "/?#");
	for (i = rest.len; i > 0 && rest.p[i - 1] != '@'; i--)
		;
	rest.p += i;
	rest.len -= i;
	if (rest.len > 0 && rest.p[0] == '[') {
		(void)import_cut(&rest, "[");
		host = import_cut(&rest, "]");
		(void)import_cut(&rest, ":");
	} else {
		host = import_cut(&rest, ":");
	}
	for (i = 0; i < host.len; i++) {
		if (host.p[i] <= ' ')
			return 0;
	}
	if (is_port(rest) && !has_port(item) &&
	    import_item_attr(item, slice_of("port"), rest, e) == -1)
		return -1;
	return import_item_attr(item, slice_of("host"), host, e);
}

int
import_item_user(struct import_item *item, struct slice user, struct err *e)
{
	size_t i = 0;

	for (i = 0; i < user.len; i++) {
		if (user.p[i] <= ' ' || user.p[i] == 0x7f)
			return import_item_attr(item, slice_of("x-user"), user,
			    e);
	}
	return import_item_attr(item, slice_of("user"), user, e);
}
