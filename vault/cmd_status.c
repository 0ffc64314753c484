#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "json.h"

/* What a monitor is told. */
struct status {
	uint64_t now;
	uint64_t entries;
	/* Rotations: under way; cut off by a crash; stopped for a person. */
	uint64_t running;
	uint64_t unfinished;
	uint64_t attention;
	/* The secret that was current for longest; its entry's name. */
	uint64_t oldest;
	char oldest_name[RECORD_NAME_MAX + 1];
	/* Entries whose secret a git server refused; the name of one. */
	uint64_t refused;
	char refused_name[RECORD_NAME_MAX + 1];
	/* NULL where it cannot be kept. */
	const struct state *state;
	unsigned int slots[SLOT_X25519 + 1];
	bool locked;
	bool previous;
	bool remembers;
	unsigned int vault_mode;
	/* 0 where a passphrase opened it. */
	unsigned int key_mode;
	const char *path;
};

static void
count_rotation(struct status *st, const struct entry *entry)
{
	struct err e = { 0 };
	int lock = -1;

	switch (entry->rotation.state) {
	case ROTATION_IDLE:
		st->unfinished += record_unsettled(entry);
		break;
	case ROTATION_ATTN:
		st->attention++;
		break;
	case ROTATION_PEND:
	case ROTATION_SENT:
		/* Whoever is at it holds the lock. */
		if (vault_lock_entry(st->path, entry->id, 0, &lock, &e) == 0)
			(void)close(lock);
		else if (e.kind == ERR_BUSY) {
			st->running++;
			break;
		}
		st->unfinished++;
		break;
	}
}

/* The look at every mark is for the few entries that are for git. */
static void
count_refusal(struct status *st, const struct entry *entry)
{
	if (!record_attr_is(entry, "service", "git") || st->state == NULL ||
	    !state_git_refused(st->state, entry->id, entry->version, 0))
		return;
	st->refused++;
	(void)slice_text(entry->name, st->refused_name,
	    sizeof(st->refused_name));
}

static int
visit(const struct entry *entry, void *arg, struct err *e)
{
	struct status *st = arg;

	st->entries++;
	if (entry->current.p != NULL &&
	    (st->oldest == 0 || entry->current_from < st->oldest)) {
		if (slice_text(entry->name, st->oldest_name,
			sizeof(st->oldest_name)) == -1)
			return err_set(e, ERR_DAMAGED,
			    "an entry's name is too long");
		st->oldest = entry->current_from;
	}
	count_rotation(st, entry);
	count_refusal(st, entry);
	return 0;
}

/* 0 if there is no such file, as for a key that came through a pipe. */
static int
look_at_mode(const char *path, unsigned int *modep, struct err *e)
{
	struct stat st = { 0 };

	if (stat(path, &st) == -1 && errno != ENOENT)
		return err_sys(e, ERR_IO, "look at %s", path);
	*modep = st.st_mode & 07777;
	return 0;
}

static int
gather(struct session *s, struct status *st, struct err *e)
{
	struct slot_info info = { 0 };
	char prev[PATH_MAX + 8];
	unsigned int i = 0;

	if (session_open(s, false, e) == -1)
		return -1;
	st->path = s->path;
	st->now = (uint64_t)time(NULL);
	st->state = vault_state(s->vault);
	if (vault_each(s->vault, visit, st, e) != 0)
		return -1;
	for (i = 0; i < TABLE_SLOTS; i++) {
		if (vault_slot_info(s->vault, i, &info, e) == -1)
			return -1;
		st->slots[info.kind]++;
	}
	(void)snprintf(prev, sizeof(prev), "%s.prev", s->path);
	if ((st->previous = access(prev, F_OK) == 0) == false &&
	    errno != ENOENT)
		return err_sys(e, ERR_IO, "look at %s", prev);
	st->locked = secret_locked();
	st->remembers = vault_state(s->vault) != NULL;
	if (look_at_mode(s->path, &st->vault_mode, e) == -1)
		return -1;
	if (s->key.slot.kind != SLOT_RAW)
		return 0;
	return look_at_mode(s->key.from, &st->key_mode, e);
}

/* What a person has to see to, the worst first. */
static int
judge(const struct status *st, struct err *e)
{
	if (st->attention + st->unfinished > 0)
		return err_set(e, ERR_ATTENTION,
		    "%llu rotations need a person and %llu were cut off: "
		    "\"pawl-rotate status\" names them",
		    (unsigned long long)st->attention,
		    (unsigned long long)st->unfinished);
	if (!st->remembers)
		return err_set(e, ERR_IO,
		    "the state file cannot be used: an older vault put in "
		    "this one's place would not be noticed");
	return 0;
}

static uint64_t
age(const struct status *st, uint64_t t)
{
	return t == 0 || t > st->now ? 0 : st->now - t;
}

static void
mode(struct json *j, const char *key, unsigned int value)
{
	char text[16];

	json_key(j, key);
	(void)snprintf(text, sizeof(text), "%04o", value);
	if (value == 0)
		json_null(j);
	else
		json_text(j, text);
}

static void
json_oldest(struct json *j, const struct status *st)
{
	json_key(j, "oldest_secret");
	if (st->oldest == 0) {
		json_null(j);
		return;
	}
	json_open(j, '{');
	json_member_text(j, "name", st->oldest_name);
	json_member_number(j, "since", st->oldest);
	json_member_number(j, "age", age(st, st->oldest));
	json_close(j, '}');
}

static void
json_vault(struct json *j, const struct session *s, const struct status *st)
{
	const struct table_header *h = vault_header(s->vault);
	unsigned int kind = 0;

	json_member_text(j, "vault", s->path);
	json_member_number(j, "generation", h->generation);
	json_member_number(j, "time", h->time);
	json_member_number(j, "age", age(st, h->time));
	json_member_number(j, "entries", st->entries);
	json_key(j, "rotations");
	json_open(j, '{');
	json_member_number(j, "running", st->running);
	json_member_number(j, "unfinished", st->unfinished);
	json_member_number(j, "attention", st->attention);
	json_close(j, '}');
	json_oldest(j, st);
	json_member_number(j, "refused", st->refused);
	json_key(j, "slots");
	json_open(j, '{');
	for (kind = SLOT_RAW; kind <= SLOT_X25519; kind++)
		json_member_number(j, cmd_slot_name((enum slot_kind)kind),
		    st->slots[kind]);
	json_close(j, '}');
	json_member_bool(j, "memory_locked", st->locked);
	json_member_bool(j, "previous", st->previous);
	json_member_bool(j, "rollback_noticed", st->remembers);
	mode(j, "vault_mode", st->vault_mode);
	mode(j, "key_mode", st->key_mode);
}

/* wrong is what is not in order; its kind is ERR_NONE if all is. */
static int
print_json(const struct session *s, const struct status *st, bool opened,
    const struct err *wrong, struct err *e)
{
	struct json j = { 0 };

	json_open(&j, '{');
	json_member_number(&j, "status", wrong->kind);
	json_key(&j, "problem");
	if (wrong->kind == ERR_NONE)
		json_null(&j);
	else
		json_text(&j, wrong->msg);
	if (opened)
		json_vault(&j, s, st);
	json_close(&j, '}');
	return cmd_json_print(&j, e);
}

static void
print(const struct session *s, const struct status *st)
{
	const struct table_header *h = vault_header(s->vault);
	char when[CMD_TIME];

	printf("vault       %s, mode %04o, %s\n", s->path, st->vault_mode,
	    st->previous ? "with its previous generation" :
			   "no previous generation");
	if (st->key_mode != 0)
		printf("key         %s, mode %04o\n", s->key.from,
		    st->key_mode);
	printf("generation  %llu, %s, %llu s ago\n",
	    (unsigned long long)h->generation, cmd_time(when, h->time),
	    (unsigned long long)age(st, h->time));
	printf("entries     %llu\n", (unsigned long long)st->entries);
	printf("rotations   %llu running, %llu unfinished, %llu for a person\n",
	    (unsigned long long)st->running, (unsigned long long)st->unfinished,
	    (unsigned long long)st->attention);
	if (st->oldest != 0)
		printf("oldest      %s, since %s, %llu s\n", st->oldest_name,
		    cmd_time(when, st->oldest),
		    (unsigned long long)age(st, st->oldest));
	if (st->refused > 0)
		printf("refused     %llu by a git server, %s\n",
		    (unsigned long long)st->refused, st->refused_name);
	printf("slots       %u key-file, %u passphrase, %u x25519\n",
	    st->slots[SLOT_RAW], st->slots[SLOT_PASSPHRASE],
	    st->slots[SLOT_X25519]);
	printf("memory      %s\n", st->locked ? "locked" : "not locked");
	printf("rollback    %s\n",
	    st->remembers ? "would be noticed" : "would not be noticed");
}

int
cmd_status(struct session *s, int argc, char **argv, struct err *e)
{
	struct status st = { 0 };
	bool json = false, opened = false;
	struct err failure = { 0 };
	int rv = -1;

	if (cmd_flag(argc, argv, "json", 0, &json, e) == -1)
		return -1;
	if (argc != optind)
		return cmd_usage("status", e);
	opened = gather(s, &st, e) == 0;
	rv = opened ? judge(&st, e) : -1;
	if (json && print_json(s, &st, opened, e, &failure) == -1) {
		*e = failure;
		return -1;
	}
	if (!json && opened)
		print(s, &st);
	return rv;
}
