#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vault_internal.h"

/* How long vault_begin() waits for the lock. */
#define CREATE_WAIT_MS 10000

/* How often a vault is opened anew because it was replaced meanwhile. */
#define ATTACH_TRIES 20

int
vault_damaged(const struct vault *v, struct err *e, const char *fmt, ...)
{
	char what[sizeof(e->msg)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(e, ERR_DAMAGED,
	    "vault %s: damaged at %s; restore a backup or %s.prev", v->shown,
	    what, v->shown);
}

/* Opens the file and reads its header, or all of it if that is not much. */
static int
open_file(struct vault *v, struct path_trust *trust, struct err *e)
{
	unsigned char *bytes = NULL;
	size_t n = TABLE_HEADER;

	store_close(&v->store);
	if (store_open(&v->store, v->path, trust, e) == -1)
		return -1;
	if (v->store.size < TABLE_HEADER)
		return vault_damaged(v, e,
		    "its header: it has only %" PRIu64 " bytes", v->store.size);
	if (v->store.size <= VAULT_WHOLE)
		n = (size_t)v->store.size;
	if ((bytes = malloc(n)) == NULL)
		return err_sys(e, ERR_IO, "memory for a vault");
	if (store_read(&v->store, 0, bytes, n, e) == -1) {
		free(bytes);
		return err_in(e, "vault %s", v->shown);
	}
	free(v->bytes);
	v->bytes = bytes;
	v->nbytes = n;
	return 0;
}

static int
read_header(struct vault *v, struct err *e)
{
	if (table_header_get(&v->head, v->bytes, e) == 0)
		return 0;
	if (e->kind == ERR_DAMAGED)
		return vault_damaged(v, e, "its header: %s", e->msg);
	return err_in(e, "vault %s", v->shown);
}

void
vault_drop_state(struct vault *v)
{
	if (v->have_state)
		state_close(&v->state);
	v->have_state = false;
}

/*
 * Opens what is remembered of this vault.  A machine that cannot keep it, for
 * a full disk or a directory that may not be written, shall read its passwords
 * all the same; but a file that others may write is refused.
 */
static int
open_state(struct vault *v, const struct path_trust *t, struct err *e)
{
	int rv;

	vault_drop_state(v);
	memcpy(v->state_id, v->head.id, TABLE_ID);
	errno = 0;
	if (v->hand_out)
		rv = state_open_reader(&v->state, v->head.id,
		    v->head.generation, t, e);
	else
		rv = state_open(&v->state, v->head.id, t, NULL, e);
	if (rv == 0)
		v->have_state = true;
	else if (e->kind != ERR_IO &&
	    (e->kind != ERR_DENIED || (errno != EACCES && errno != EPERM)))
		return err_in(e, "vault %s", v->shown);
	return 0;
}

/* Reads it, again if the vault was opened again. */
static int
read_state(struct vault *v, const struct path_trust *t, struct err *e)
{
	int rv;

	if (!v->have_state || memcmp(v->state_id, v->head.id, TABLE_ID) != 0)
		return open_state(v, t, e);
	if (v->hand_out)
		rv = state_move(&v->state, v->head.generation, e);
	else
		rv = state_refresh(&v->state, e);
	return rv == -1 ? err_in(e, "vault %s", v->shown) : 0;
}

/*
 * The state has to be read before the vault, or a generation that was
 * committed and seen between the two makes this one look rolled back; but its
 * name is in the vault.  So the vault is opened again if the state is ahead.
 * If it stays so, check_state() refuses the vault.
 */
static int
attach(struct vault *v, struct path_trust *trust, struct err *e)
{
	int tries;

	for (tries = 0; tries < ATTACH_TRIES; tries++) {
		if (open_file(v, trust, e) == -1 || read_header(v, e) == -1 ||
		    read_state(v, trust, e) == -1)
			return -1;
		if (!v->have_state ||
		    !state_behind(&v->state, v->head.generation))
			break;
	}
	return 0;
}

/* Locks for writing, but does not make a lock for a vault that is not. */
static int
lock(struct vault *v, const struct vault_options *o, struct err *e)
{
	if (store_open(&v->store, v->path, o->trust, e) == -1)
		return -1;
	return store_lock(v->path, 0, o->lock_wait_ms, &v->lock, e);
}

static struct vault *
new_vault(const char *path, struct err *e)
{
	struct vault *v;

	if ((v = calloc(1, sizeof(*v))) == NULL)
		goto fail;
	v->lock = -1;
	v->store.fd = -1;
	(void)text_show(v->shown, sizeof(v->shown), slice_of(path));
	if ((v->path = strdup(path)) != NULL)
		return v;
	free(v);
fail:
	(void)err_sys(e, ERR_IO, "memory for a vault");
	return NULL;
}

struct vault *
vault_attach(const struct vault_options *o, struct err *e)
{
	struct vault *v;

	if ((v = new_vault(o->path, e)) == NULL)
		return NULL;
	v->write = o->write;
	v->accept_older = o->accept_older;
	v->hand_out = o->hand_out;
	if (v->write && lock(v, o, e) == -1)
		goto fail;
	if (attach(v, o->trust, e) == -1)
		goto fail;
	return v;
fail:
	vault_close(v);
	return NULL;
}

static int
check_header(struct vault *v, struct err *e)
{
	const unsigned char *sealed = v->bytes + TABLE_GEOMETRY_AT;
	struct slice signed_part = { v->bytes, TABLE_MAC_AT };
	struct slice box = { sealed, TABLE_GEOMETRY + CRYPT_OVERHEAD };
	unsigned char buf[VAULT_AD], plain[TABLE_GEOMETRY];

	if (crypt_mac_verify(v->bytes + TABLE_MAC_AT, signed_part,
		vault_keys(v)->header) == -1)
		return vault_damaged(v, e, "its header: it is altered");
	if (crypt_open(plain, box, vault_geometry_ad(buf, &v->head),
		vault_keys(v)->geometry) == -1)
		return vault_damaged(v, e, "its geometry: it is altered");
	if (table_geometry_get(&v->geometry, plain, v->store.size, e) == -1)
		return vault_damaged(v, e, "its geometry: %s", e->msg);
	return 0;
}

static int
check_state(struct vault *v, struct err *e)
{
	const unsigned char *mac = v->bytes + TABLE_MAC_AT;
	uint64_t generation = v->head.generation;
	int rv;

	if (!v->have_state)
		return 0;
	if (v->accept_older)
		rv = state_accept(&v->state, generation, mac, e);
	else
		rv = state_check(&v->state, generation, mac, e);
	if (rv == 0)
		return 0;
	if (e->kind != ERR_IO || v->accept_older)
		return err_in(e, "vault %s", v->shown);
	/* It was compared and could not be written: as in open_state(). */
	vault_drop_state(v);
	return 0;
}

int
vault_unlock(struct vault *v, const struct slot_key *key, struct err *e)
{
	struct secret *master = NULL, *keys = NULL;
	int rv = -1;

	/* After a key that was wrong another one may be tried. */
	assert(v->keys == NULL);
	if ((master = secret_new(CRYPT_KEY, e)) == NULL ||
	    (keys = secret_new(sizeof(struct crypt_keys), e)) == NULL)
		goto out;
	if (slot_find(v->bytes, key, master->data, &v->slot_used, e) == -1) {
		(void)err_in(e, "vault %s", v->shown);
		goto out;
	}
	crypt_subkeys((struct crypt_keys *)(void *)keys->data, master->data);
	v->keys = keys;
	keys = NULL;
	if (check_header(v, e) == -1 || check_state(v, e) == -1)
		goto out;
	if (v->write) {
		v->master = master;
		master = NULL;
	}
	rv = 0;
out:
	if (rv == -1) {
		secret_free(v->keys);
		v->keys = NULL;
	}
	secret_free(keys);
	secret_free(master);
	return rv;
}

struct vault *
vault_open(const struct vault_options *o, struct err *e)
{
	struct vault *v;

	if ((v = vault_attach(o, e)) == NULL)
		return NULL;
	if (vault_unlock(v, o->key, e) == 0)
		return v;
	vault_close(v);
	return NULL;
}

void
vault_close(struct vault *v)
{
	if (v == NULL)
		return;
	vault_stage_free(&v->stage);
	secret_free(v->keys);
	secret_free(v->master);
	vault_drop_next(v);
	vault_drop_state(v);
	store_abort(v->first);
	store_close(&v->store);
	if (v->lock != -1)
		(void)close(v->lock);
	free(v->bytes);
	free(v->path);
	free(v);
}

int
vault_fresh(struct vault *v, struct err *e)
{
	unsigned char header[TABLE_HEADER];

	if (!v->stale)
		return 0;
	memcpy(header, v->bytes, TABLE_HEADER);
	if (open_file(v, NULL, e) == -1)
		return -1;
	/* Under the lock nobody replaces it who keeps to the rules. */
	if (memcmp(v->bytes, header, TABLE_HEADER) != 0) {
		memcpy(v->bytes, header, TABLE_HEADER);
		return err_set(e, ERR_BUSY,
		    "vault %s: somebody else replaced it; try again", v->shown);
	}
	v->stale = false;
	return 0;
}

const struct table_header *
vault_header(const struct vault *v)
{
	return &v->head;
}

const struct table_geometry *
vault_geometry(const struct vault *v)
{
	return &v->geometry;
}

struct state *
vault_state(struct vault *v)
{
	return v->have_state ? &v->state : NULL;
}

uint32_t
vault_busy(const struct vault *v)
{
	return v->head.busy;
}

unsigned int
vault_slot_used(const struct vault *v)
{
	return v->slot_used;
}

/* Fills in what the first generation is made from. */
static int
make_keys(struct vault *v, const struct slot_key *keys, size_t n,
    const struct slot_info *info, struct err *e)
{
	struct secret *master = NULL;

	if ((v->master = master = secret_new(CRYPT_KEY, e)) == NULL ||
	    (v->keys = secret_new(sizeof(struct crypt_keys), e)) == NULL)
		return -1;
	if ((v->bytes = calloc(1, TABLE_HEADER)) == NULL)
		return err_sys(e, ERR_IO, "memory for a vault");
	v->nbytes = TABLE_HEADER;
	crypt_random(master->data, CRYPT_KEY);
	crypt_subkeys((struct crypt_keys *)(void *)v->keys->data, master->data);
	crypt_random(v->head.id, TABLE_ID);
	v->head.kdf_ops = info->kdf_ops;
	v->head.kdf_kib = info->kdf_kib;
	return vault_make_slots(v, v->bytes + TABLE_SLOTS_AT, keys, n, info, e);
}

struct vault *
vault_begin(const char *path, const struct slot_key *keys, size_t n,
    const struct slot_info *info, struct err *e)
{
	struct vault *v;

	assert(n > 0 && n <= TABLE_SLOTS);
	if ((v = new_vault(path, e)) == NULL)
		return NULL;
	v->write = true;
	if (path_make_parent(path, e) == 0 &&
	    path_check_parent(path, "vault", e) == 0 &&
	    store_lock(path, 0, CREATE_WAIT_MS, &v->lock, e) == 0 &&
	    (v->first = store_begin(path, true, e)) != NULL &&
	    make_keys(v, keys, n, info, e) == 0)
		return v;
	vault_close(v);
	return NULL;
}

int
vault_create(const char *path, const struct slot_key *key,
    const struct slot_key *key2, const struct slot_info *costs, struct err *e)
{
	struct slot_key keys[2] = { *key };
	size_t n = 1;
	struct vault *v;
	int rv = -1;

	if (key2 != NULL)
		keys[n++] = *key2;
	if ((v = vault_begin(path, keys, n, costs, e)) != NULL)
		rv = vault_commit(v, e);
	vault_close(v);
	return rv;
}

int
vault_lock_entry(const char *path, const unsigned char *id,
    unsigned int wait_ms, int *fdp, struct err *e)
{
	uint64_t byte = 1 + (get_u64(id) & ((UINT64_C(1) << 62) - 1));

	return store_lock(path, byte, wait_ms, fdp, e);
}
