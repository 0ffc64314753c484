#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "newfile.h"
#include "vault_internal.h"

/* Bytes copied at a time. */
#define COPY 65536

static int
copy_bytes(const struct vault *v, int fd, const char *shown, struct err *e)
{
	unsigned char *buf = NULL;
	uint64_t at = 0;
	size_t n = 0;
	int rv = -1;

	if ((buf = malloc(COPY)) == NULL)
		return err_sys(e, ERR_IO, "memory for a copy");
	for (at = 0; at < v->store.size; at += n) {
		n = COPY;
		if (n > v->store.size - at)
			n = (size_t)(v->store.size - at);
		if (store_read(&v->store, at, buf, n, e) == -1)
			goto out;
		if (write_all(fd, buf, n) == -1) {
			(void)err_sys(e, ERR_IO, "%s: cannot be written",
			    shown);
			goto out;
		}
	}
	rv = 0;
out:
	free(buf);
	return rv;
}

int
vault_backup(struct vault *v, const char *file, struct err *e)
{
	struct newfile copy;
	char shown[160];

	if (vault_fresh(v, e) == -1)
		return -1;
	(void)text_show(shown, sizeof(shown), slice_of(file));
	if (newfile_begin(&copy, file) == -1)
		return err_sys(e,
		    errno == EEXIST || errno == EACCES ? ERR_DENIED : ERR_IO,
		    "%s: cannot be made", shown);
	/* Half a backup is worse than none: it looks like one. */
	if (copy_bytes(v, copy.fd, shown, e) == -1) {
		newfile_abort(&copy);
		return -1;
	}
	if (newfile_commit(&copy) == -1)
		return err_sys(e, errno == EEXIST ? ERR_DENIED : ERR_IO,
		    "%s: cannot be kept", shown);
	return 0;
}

/*
 * Opens and checks all of the copy, without a look at what this machine saw
 * last: it is to be older.
 */
static int
open_copy(struct vault **copyp, const struct vault_restore *r, struct err *e)
{
	struct vault_options o = { .path = r->from, .trust = r->trust };
	struct vault_report report = { 0 };
	struct vault *v = NULL;
	bool have_state = false;
	int rv = -1;

	if ((v = vault_attach(&o, e)) == NULL)
		return -1;
	have_state = v->have_state;
	v->have_state = false;
	rv = vault_unlock(v, r->key, e);
	v->have_state = have_state;
	if (rv == 0)
		rv = vault_verify(v, &report, e);
	*copyp = v;
	return rv;
}

/* What nobody wants who did not think of it. */
static int
refuse(const struct vault *v, const struct vault *copy, struct err *e)
{
	if (memcmp(v->head.id, copy->head.id, TABLE_ID) != 0)
		return err_set(e, ERR_DENIED,
		    "%s is a copy of another vault than %s: --force replaces "
		    "it all the same",
		    copy->shown, v->shown);
	if (v->head.busy != 0)
		return err_set(e, ERR_ATTENTION,
		    "%s: %u of its entries have an unfinished rotation, whose "
		    "passwords the copy may not have: \"pawl-rotate recover\" "
		    "first, or --force",
		    v->shown, v->head.busy);
	return 0;
}

/*
 * What is there now may be damaged: its header is read, and not believed but
 * where it says that something would be lost.
 */
static int
look_at_present(struct vault_restore *r, const struct vault *copy,
    struct err *e)
{
	struct vault_options o = { .path = r->path, .trust = r->trust };
	struct vault *v = NULL;
	char shown[160];
	int rv = 0;

	(void)text_show(shown, sizeof(shown), slice_of(r->path));
	if ((v = vault_attach(&o, e)) == NULL) {
		if (e->kind == ERR_NOVAULT)
			return 0;
		if (e->kind == ERR_DENIED || (e->kind == ERR_IO && !r->force))
			return -1;
		r->replaces = true;
		if (r->force)
			return 0;
		return err_set(e, ERR_DENIED,
		    "%s: its header cannot be read, so nobody can tell whether "
		    "it is the same vault: --force replaces it",
		    shown);
	}
	r->replaces = true;
	r->old = v->head.generation;
	if (!r->force)
		rv = refuse(v, copy, e);
	vault_close(v);
	return rv;
}

static int
replace(const struct vault_restore *r, const struct vault *copy, struct err *e)
{
	struct store_new *out = NULL;

	if ((out = store_begin(r->path, !r->replaces, e)) == NULL)
		return -1;
	if (store_append_from(out, &copy->store, 0, copy->store.size, e) ==
	    -1) {
		store_abort(out);
		return -1;
	}
	return store_commit(out, e);
}

static void
accept(struct vault_restore *r, struct vault *copy)
{
	struct err ignored = { 0 };

	r->accepted = copy->have_state &&
	    state_accept(&copy->state, r->restored, copy->bytes + TABLE_MAC_AT,
		&ignored) == 0;
}

int
vault_restore(struct vault_restore *r, struct err *e)
{
	struct vault *copy = NULL;
	int lock = -1, rv = -1;

	r->replaces = false;
	r->accepted = false;
	r->old = 0;
	if (open_copy(&copy, r, e) == -1)
		goto out;
	r->restored = copy->head.generation;
	if (path_make_parent(r->path, e) == -1 ||
	    path_check_parent(r->path, "vault", e) == -1 ||
	    store_lock(r->path, 0, r->lock_wait_ms, &lock, e) == -1 ||
	    look_at_present(r, copy, e) == -1)
		goto out;
	/*
	 * Before it, so that a power failure never leaves a copy in place that
	 * is not accepted; and after it, because a reader of the newer one
	 * between the two remembers that again.
	 */
	accept(r, copy);
	rv = replace(r, copy, e);
	if (r->accepted && (rv == 0 || e->kind == ERR_UNSYNCED))
		accept(r, copy);
out:
	vault_close(copy);
	if (lock != -1)
		(void)close(lock);
	return rv;
}
