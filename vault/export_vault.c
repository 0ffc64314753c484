/*
 * Entries into a vault of their own, which is made by the one commit that
 * writes them.
 */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "export.h"

/* What is there stays, and no key file is made for nothing. */
static int
check_free(const char *path, struct err *e)
{
	struct stat st;
	char shown[160];

	(void)text_show(shown, sizeof(shown), slice_of(path));
	if (lstat(path, &st) == 0)
		return err_set(e, ERR_DENIED,
		    "%s is there already: an export makes a new vault", shown);
	return errno == ENOENT ? 0 : err_sys(e, ERR_IO, "%s", shown);
}

/* Two vaults that go on with one rotation would lock the account. */
static int
visit(const struct entry *entry, void *arg, struct err *e)
{
	char name[RECORD_NAME_MAX + 1];

	(void)arg;
	if (slice_text(entry->name, name, sizeof(name)) == -1)
		return err_set(e, ERR_DAMAGED, "an entry's name is too long");
	return change_idle(entry, name, e);
}

/*
 * Under a new id and as version 1, so that nobody can tell from the two files
 * which records are the same.  What it was before is not the holders' to know;
 * that it is as old as it was, is.
 */
static int
put(struct session *s, struct vault *to, const char *name,
    struct export_report *r, struct err *e)
{
	const struct slice none = { NULL, 0 };
	struct secret *plain = NULL;
	struct entry from = { 0 }, entry = { 0 };
	int rv = -1;

	if (vault_find(s->vault, TABLE_NAME, slice_of(name), &from, &plain,
		e) == -1)
		return -1;
	entry.name = from.name;
	entry.created = from.created;
	entry.current = from.current;
	entry.current_from = from.current_from;
	memcpy(entry.attrs, from.attrs, sizeof(entry.attrs));
	entry.nattrs = from.nattrs;
	r->methods += record_has(&from, "rotate.method");
	if (record_attr_set(&entry, slice_of("rotate.method"), none, e) == 0)
		rv = vault_put(to, &entry, e);
	secret_free(plain);
	return rv;
}

static int
write_vault(struct session *s, const struct selection *x, const char *path,
    const struct cmd_keys *keys, struct export_report *r, struct err *e)
{
	const struct table_header *head = vault_header(s->vault);
	struct slot_key slots[TABLE_SLOTS] = { 0 };
	struct slot_info info = { .kdf_ops = head->kdf_ops,
		.kdf_kib = head->kdf_kib,
		.created = (uint64_t)time(NULL) };
	struct vault *to = NULL;
	size_t i = 0;
	int rv = -1;

	for (i = 0; i < keys->n; i++)
		slots[i] = keys->keys[i].slot;
	if ((to = vault_begin(path, slots, keys->n, &info, e)) == NULL)
		return -1;
	for (i = 0; i < x->n; i++) {
		if (put(s, to, x->names[i], r, e) == -1)
			goto out;
	}
	rv = vault_commit(to, e);
out:
	vault_close(to);
	return rv;
}

int
export_vault(struct session *s, struct selection *x, const char *path,
    struct cmd_keys *keys, struct export_report *r, struct err *e)
{
	int rv = -1;

	if (check_free(path, e) == -1 ||
	    select_names(s, x, visit, NULL, e) == -1)
		return -1;
	if (cmd_keys_make(s, keys, e) == 0)
		rv = write_vault(s, x, path, keys, r, e);
	if (rv == -1 && e->kind != ERR_UNSYNCED)
		cmd_keys_undo(keys);
	return rv;
}
