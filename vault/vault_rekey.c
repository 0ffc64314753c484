#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vault_internal.h"

/* A new master key and what is derived from it, for vault_commit() to use. */
static int
new_keys(struct vault *v, struct err *e)
{
	if ((v->next_master = secret_new(CRYPT_KEY, e)) == NULL ||
	    (v->next_keys = secret_new(sizeof(struct crypt_keys), e)) == NULL)
		return -1;
	crypt_random(v->next_master->data, CRYPT_KEY);
	v->next_master->len = CRYPT_KEY;
	crypt_subkeys((struct crypt_keys *)(void *)v->next_keys->data,
	    v->next_master->data);
	return 0;
}

int
vault_make_slots(const struct vault *v, unsigned char *slots,
    const struct slot_key *keys, size_t n, const struct slot_info *info,
    struct err *e)
{
	const struct secret *master =
	    v->next_master != NULL ? v->next_master : v->master;
	struct slot_info one = *info;
	size_t i = 0;

	for (i = 0; i < n; i++) {
		one.kind = keys[i].kind;
		if (slot_make(slots + i * TABLE_SLOT, &keys[i], &one,
			master->data, v->head.id, e) == -1)
			return err_in(e, "vault %s", v->shown);
	}
	return 0;
}

/* Slots for these keys and no others. */
static int
stage_slots(struct vault *v, const struct slot_key *keys, size_t n,
    const struct slot_info *info, struct err *e)
{
	unsigned char *slots = v->stage.slots;

	memset(slots, 0, sizeof(v->stage.slots));
	if (vault_make_slots(v, slots, keys, n, info, e) == -1)
		return -1;
	v->stage.slots_changed = true;
	return 0;
}

/* The record that at points to goes, and comes back sealed anew. */
static int
stage_record(struct vault *v, const struct table_entry *at,
    const unsigned char *record, struct secret *plain, struct err *e)
{
	struct old old = { .exists = true, .committed = true, .at = *at };
	struct staged sealed = { 0 };
	struct entry entry = { 0 };
	int rv = -1;

	if (vault_record_open(v, at, record, &entry, plain, e) == -1 ||
	    vault_stage_reserve(&v->stage, e) == -1)
		return -1;
	old.version = entry.version;
	vault_swap_keys(v);
	if (vault_seal(v, &entry, &sealed, e) == 0) {
		vault_stage_put(v, &old, &entry, &sealed);
		rv = 0;
	} else {
		vault_staged_free(&sealed);
	}
	vault_swap_keys(v);
	return rv;
}

static int
stage_records(struct vault *v, struct err *e)
{
	struct scan scan = { .v = v };
	struct table_entry *records = NULL;
	struct secret *plain = NULL;
	const unsigned char *record = NULL;
	size_t i = 0, n = 0;
	int rv = -1;

	if (vault_records(v, &records, &n, e) == -1 ||
	    (plain = secret_new(RECORD_MAX, e)) == NULL)
		goto out;
	for (i = 0; i < n; i++) {
		if ((record = vault_scan(&scan, &records[i], e)) == NULL ||
		    stage_record(v, &records[i], record, plain, e) == -1)
			goto out;
	}
	rv = 0;
out:
	secret_free(plain);
	free(scan.buf);
	free(records);
	return rv;
}

void
vault_swap_keys(struct vault *v)
{
	struct secret *keys = v->keys, *master = v->master;

	v->keys = v->next_keys;
	v->master = v->next_master;
	v->next_keys = keys;
	v->next_master = master;
}

void
vault_drop_next(struct vault *v)
{
	secret_free(v->next_keys);
	secret_free(v->next_master);
	v->next_keys = NULL;
	v->next_master = NULL;
}

int
vault_rekey(struct vault *v, const struct slot_key *keys, size_t n,
    const struct slot_info *info, struct err *e)
{
	int rv = -1;

	assert(v->write && v->stage.n == 0 && !v->stage.slots_changed);
	assert(n > 0 && n <= TABLE_SLOTS);
	if (vault_fresh(v, e) == 0 && new_keys(v, e) == 0 &&
	    stage_slots(v, keys, n, info, e) == 0 && stage_records(v, e) == 0)
		rv = vault_commit(v, e);
	if (rv == 0 || e->kind == ERR_UNSYNCED)
		v->slot_used = 0;
	else
		vault_stage_free(&v->stage);
	vault_drop_next(v);
	return rv;
}
