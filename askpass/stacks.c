#include <sys/types.h>

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "path.h"
#include "stacks.h"

/* One answer for each ssh, from the vault. */
static const char compiled_in[] = "required once\n"
				  "required vault\n";

/* Whose a stack_source is. */
enum scope {
	SCOPE_SYSTEM,
	SCOPE_OWN,
	SCOPE_DEFAULT
};

static const char *const names[] = { "ssh", "git", "sudo", "key", "pin", "otp",
	"other", NULL };
#define OTHER SERVICES

/* A file of askpass.d that was read. */
struct part {
	char path[PATH_MAX];
	struct slice text;
};
#define PARTS_MAX 16

/* What a machine without files looks at comes first: a page or two. */
static struct {
	bool found;
	bool has_dir;
	bool own_read;
	bool parsed[SERVICES + 1];
	const struct stack *of[SERVICES];
	/* What is being parsed for: its name. */
	const char *service;
	/* askpass.conf, and the user's own. */
	struct slice text;
	struct slice own;
	size_t nparts;
	size_t used;
	struct stack stacks[SERVICES + 1];
	char path[PATH_MAX];
	char own_path[PATH_MAX];
	/* askpass.d. */
	char dir[PATH_MAX];
	struct part parts[PARTS_MAX];
	/* All that was read. */
	unsigned char buf[4 * CONFIG_MAX];
} all;

const char *
service_name(enum service service)
{
	return names[service];
}

bool
service_of(enum prompt_kind kind, enum service *servicep)
{
	switch (kind) {
	case PROMPT_PASSWORD:
	case PROMPT_PASSWORD_RAW:
		*servicep = SERVICE_SSH;
		return true;
	case PROMPT_GIT_USERNAME:
	case PROMPT_GIT_PASSWORD:
		*servicep = SERVICE_GIT;
		return true;
	case PROMPT_SUDO:
		*servicep = SERVICE_SUDO;
		return true;
	case PROMPT_PASSPHRASE:
	case PROMPT_PASSPHRASE_RETRY:
		*servicep = SERVICE_KEY;
		return true;
	case PROMPT_PIN:
		*servicep = SERVICE_PIN;
		return true;
	case PROMPT_OTP:
		*servicep = SERVICE_OTP;
		return true;
	case PROMPT_UNKNOWN:
	case PROMPT_CHANGE:
	case PROMPT_HOSTKEY:
	case PROMPT_HOSTKEY_AGAIN:
	case PROMPT_CONFIRM:
	case PROMPT_NOTIFY:
	case PROMPT_LOCK:
	case PROMPT_KEYGEN:
		break;
	}
	return false;
}

/* 1, 0 or -1, as config_read(). */
static int
read_file(const char *path, struct slice *textp, struct err *e)
{
	int found;

	*textp = slice_of("");
	if (sizeof(all.buf) - all.used <= CONFIG_MAX)
		return err_set(e, ERR_CONFIG, "too much in askpass.d");
	found = config_read(path, all.buf + all.used, CONFIG_MAX + 1, textp, e);
	all.used += textp->len;
	return found;
}

/* A name that is a file name, and of no other directory. */
static bool
is_name(const char *name)
{
	return name[0] >= 'a' && name[0] <= 'z' &&
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] ==
	    '\0';
}

/* The file of askpass.d, read once. */
static int
find_part(const char *name, struct stack_source *found, struct err *e)
{
	struct part *p = &all.parts[all.nparts];
	size_t i, n = strlen(all.dir), len = strlen(name);
	int rv;

	if (!all.has_dir || !is_name(name))
		return 0;
	if (n + 1 + len >= sizeof(p->path) || all.nparts == PARTS_MAX)
		return err_set(e, ERR_CONFIG, "too much in askpass.d");
	memcpy(p->path, all.dir, n);
	p->path[n] = '/';
	memcpy(p->path + n + 1, name, len + 1);
	for (i = 0; i < all.nparts; i++)
		if (strcmp(all.parts[i].path, p->path) == 0)
			break;
	if (i == all.nparts) {
		if ((rv = read_file(p->path, &p->text, e)) != 1)
			return rv;
		all.nparts++;
	}
	found->file = all.parts[i].path;
	found->text = all.parts[i].text;
	return 1;
}

/* The user's own: its lines for this service, else its "other". */
static int
find_own(struct stack_source *found, struct err *e)
{
	if (!all.own_read) {
		if (path_own_stack(all.own_path, sizeof(all.own_path), e) ==
			-1 ||
		    read_file(all.own_path, &all.own, e) == -1)
			return -1;
		all.own_read = true;
		if (stack_check_services(all.own_path, all.own, names, e) == -1)
			return -1;
	}
	found->file = all.own_path;
	found->text = all.own;
	found->scope = SCOPE_OWN;
	found->service =
	    stack_has(all.own, all.service) ? all.service : names[OTHER];
	return 1;
}

static int
find(void *arg, const struct stack_source *from, const char *name,
    struct stack_source *found, struct err *e)
{
	int scope = from == NULL ? SCOPE_SYSTEM : from->scope;
	struct slice text = scope == SCOPE_OWN ? all.own : all.text;
	int rv;

	(void)arg;
	found->scope = scope;
	if (strcmp(name, "default") == 0) {
		found->file = "compiled-in";
		found->text = slice_of(compiled_in);
		found->scope = SCOPE_DEFAULT;
		return 1;
	}
	if (scope == SCOPE_SYSTEM) {
		if (from != NULL && strcmp(name, "user") == 0)
			return find_own(found, e);
		if ((rv = find_part(name, found, e)) != 0)
			return rv;
	}
	found->file = scope == SCOPE_OWN ? all.own_path : all.path;
	found->text = text;
	found->service = name;
	return stack_has(text, name) ? 1 : 0;
}

/*
 * What parsing compiled_in comes to, without the pages that a parser touches:
 * most machines have no file, and each answer would pay for them.
 */
static void
fill_default(struct stack *s)
{
	static const enum stack_module modules[] = { STACK_ONCE, STACK_VAULT };
	struct stack_line *line;

	for (s->n = 0; s->n < sizeof(modules) / sizeof(modules[0]); s->n++) {
		line = &s->lines[s->n];
		line->module = modules[s->n];
		line->on[STACK_SUCCESS] = STACK_OK;
		line->on[STACK_IGNORE] = STACK_PASS;
		line->on[STACK_UNAVAILABLE] = STACK_BAD;
		line->end = sizeof(modules) / sizeof(modules[0]);
		line->control = "required";
		line->file = "compiled-in";
		line->number = (unsigned int)s->n + 1;
	}
}

static void
load_default(void)
{
	size_t i;

	for (i = 0; i < SERVICES; i++)
		all.of[i] = &all.stacks[0];
	all.parsed[0] = true;
	fill_default(&all.stacks[0]);
}

/*
 * The stack of a service.  One without lines has that of "other", unless this
 * includes the user's own lines, which are the service's.
 */
static int
load_service(size_t i, struct err *e)
{
	struct stack_source source;
	int found;

	all.service = names[i];
	memset(&source, 0, sizeof(source));
	if ((found = find(NULL, NULL, names[i], &source, e)) == -1)
		return -1;
	if (found == 0 && !all.own_read) {
		all.of[i] = &all.stacks[OTHER];
		return 0;
	}
	all.of[i] = &all.stacks[i];
	all.parsed[i] = true;
	return stack_parse(&all.stacks[i], names[found == 1 ? i : OTHER], find,
	    NULL, e);
}

static int
load_all(struct err *e)
{
	size_t i, len = strlen(all.path);

	if (stack_check_services(all.path, all.text, names, e) == -1)
		return -1;
	/* From "askpass.conf" to "askpass.d". */
	memcpy(all.dir, all.path, len);
	all.dir[len - 4] = 'd';
	all.dir[len - 3] = '\0';
	all.has_dir = access(all.dir, F_OK) == 0;
	all.service = names[OTHER];
	if (stack_parse(&all.stacks[OTHER], names[OTHER], find, NULL, e) == -1)
		return -1;
	all.parsed[OTHER] = true;
	for (i = 0; i < SERVICES; i++)
		if (load_service(i, e) == -1)
			return -1;
	return 0;
}

int
stacks_load(struct err *e)
{
	char path[PATH_MAX];
	int found;

	if (path_stack(path, sizeof(path), e) == -1)
		return -1;
	if ((found = read_file(path, &all.text, e)) == -1)
		return -1;
	all.found = found == 1;
	if (!all.found) {
		load_default();
		return 0;
	}
	memcpy(all.path, path, strlen(path) + 1);
	return load_all(e);
}

bool
stacks_from_file(void)
{
	return all.found;
}

const struct stack *
stacks_for(enum service service)
{
	return all.of[service];
}

const struct stack *
stacks_at(size_t i)
{
	size_t k;

	for (k = 0; k <= SERVICES; k++)
		if (all.parsed[k] && i-- == 0)
			return &all.stacks[k];
	return NULL;
}

bool
stacks_use(enum stack_module module)
{
	const struct stack *s;
	size_t i, k;

	for (i = 0; (s = stacks_at(i)) != NULL; i++)
		for (k = 0; k < s->n; k++)
			if (s->lines[k].module == module)
				return true;
	return false;
}
