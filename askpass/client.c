#include <sys/types.h>

#include <string.h>
#include <strings.h>

#include "client.h"

/* First releases with SSH_ASKPASS_REQUIRE and with WAYLAND_DISPLAY. */
#define WITH_REQUIRE 804
#define WITH_WAYLAND 908

static bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

/* Up to two digits; what follows them is left in *s. */
static unsigned int
take_number(struct slice *s)
{
	unsigned int v = 0, n = 0;

	for (n = 0; n < 2 && s->len > 0 && is_digit(s->p[0]); n++) {
		v = v * 10 + (unsigned int)(s->p[0] - '0');
		s->p++;
		s->len--;
	}
	return v;
}

unsigned int
client_version(struct slice text)
{
	static const char name[] = "OpenSSH_";
	unsigned int major = 0;

	if (text.len < sizeof(name) - 1 ||
	    memcmp(text.p, name, sizeof(name) - 1) != 0)
		return 0;
	text.p += sizeof(name) - 1;
	text.len -= sizeof(name) - 1;
	major = take_number(&text);
	if (text.len < 2 || text.p[0] != '.' || !is_digit(text.p[1]))
		return 0;
	text.p++;
	text.len--;
	return major * 100 + take_number(&text);
}

struct slice
client_option(struct slice config, const char *keyword, size_t n)
{
	struct slice line = { NULL, 0 };
	size_t len = strlen(keyword);

	while (slice_next_line(&config, &line)) {
		if (line.len <= len || line.p[len] != ' ' ||
		    memcmp(line.p, keyword, len) != 0 || n-- > 0)
			continue;
		line.p += len + 1;
		line.len -= len + 1;
		return line;
	}
	return (struct slice){ NULL, 0 };
}

struct slice
client_word(struct slice text, size_t *at)
{
	struct slice word = { NULL, 0 };

	while (*at < text.len && text.p[*at] == ' ')
		(*at)++;
	if (*at == text.len)
		return word;
	word.p = text.p + *at;
	while (*at < text.len && text.p[*at] != ' ') {
		(*at)++;
		word.len++;
	}
	return word;
}

static bool
is_set(const char *value)
{
	return value != NULL && *value != '\0';
}

static bool requires(const struct client_environment *env, const char *value)
{
	return client_knows_require(env->version) && env->require != NULL &&
	    strcasecmp(env->require, value) == 0;
}

bool
client_knows_require(unsigned int version)
{
	return version >= WITH_REQUIRE;
}

enum client_calls
client_calls(const struct client_environment *env)
{
	bool allowed = is_set(env->display) ||
	    (env->version >= WITH_WAYLAND && is_set(env->wayland));

	if (requires(env, "force"))
		return CLIENT_CALLS;
	if (requires(env, "never"))
		return CLIENT_NEVER;
	if (!allowed)
		return CLIENT_NO_DISPLAY;
	if (requires(env, "prefer"))
		return CLIENT_CALLS;
	return env->terminal ? CLIENT_TERMINAL : CLIENT_CALLS;
}
