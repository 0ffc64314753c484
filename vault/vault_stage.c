#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vault_internal.h"

/* Hash tables start with so many places, and are at most half full. */
#define PLACES_MIN 64

/* Where a key is, or the free place where it would go. */
static size_t
place_of_id(const struct stage *s, const unsigned char *id)
{
	size_t i = (size_t)get_u64(id) & (s->places - 1);

	for (; s->by_id[i] != 0; i = (i + 1) & (s->places - 1)) {
		if (memcmp(s->items[s->by_id[i] - 1].id, id, RECORD_ID) == 0)
			break;
	}
	return i;
}

/* An item that got another name, or went, stays under its old name unseen. */
static size_t
place_of_name(const struct stage *s, const unsigned char *hash)
{
	const struct staged *item;
	size_t i = (size_t)get_u64(hash) & (s->places - 1);

	for (; s->by_name[i] != 0; i = (i + 1) & (s->places - 1)) {
		item = &s->items[s->by_name[i] - 1];
		if (item->live && memcmp(item->name, hash, CRYPT_HASH) == 0)
			break;
	}
	return i;
}

struct staged *
vault_staged_id(const struct vault *v, const unsigned char *id)
{
	const struct stage *s = &v->stage;
	uint32_t number;

	if (s->n == 0 || (number = s->by_id[place_of_id(s, id)]) == 0)
		return NULL;
	return &s->items[number - 1];
}

struct staged *
vault_staged_name(const struct vault *v, const unsigned char *hash)
{
	const struct stage *s = &v->stage;
	uint32_t number;

	if (s->n == 0 || (number = s->by_name[place_of_name(s, hash)]) == 0)
		return NULL;
	return &s->items[number - 1];
}

int
vault_staged_read(const struct vault *v, const struct staged *item,
    struct entry *entry, struct secret **plainp, struct err *e)
{
	struct secret *plain = NULL;

	*plainp = NULL;
	if ((plain = secret_new(item->length, e)) == NULL)
		return -1;
	if (vault_record_open(v, &item->keys[0], item->record, entry, plain,
		e) == -1) {
		secret_free(plain);
		return -1;
	}
	*plainp = plain;
	return 0;
}

void
vault_staged_free(struct staged *item)
{
	free(item->record);
	free(item->keys);
	item->record = NULL;
	item->keys = NULL;
	item->length = 0;
	item->nkeys = 0;
	item->live = false;
}

void
vault_stage_free(struct stage *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		vault_staged_free(&s->items[i]);
	free(s->items);
	free(s->by_id);
	free(s->by_name);
	free(s->dead);
	free(s->ids);
	memset(s, 0, sizeof(*s));
}

int
vault_grow(void *arrayp, size_t n, size_t *capp, size_t size, struct err *e)
{
	void *array, *bigger;
	size_t cap;

	if (n < *capp)
		return 0;
	cap = *capp == 0 ? 16 : *capp * 2;
	memcpy(&array, arrayp, sizeof(array));
	if ((bigger = reallocarray(array, cap, size)) == NULL)
		return err_sys(e, ERR_IO, "memory for changes of the vault");
	memcpy(arrayp, &bigger, sizeof(bigger));
	*capp = cap;
	return 0;
}

/* Makes the hash tables anew, for twice as many items. */
static int
rehash(struct stage *s, struct err *e)
{
	size_t i, places = s->places == 0 ? PLACES_MIN : s->places * 2;
	uint32_t *by_id, *by_name;

	by_id = calloc(places, sizeof(*by_id));
	by_name = calloc(places, sizeof(*by_name));
	if (by_id == NULL || by_name == NULL) {
		free(by_id);
		free(by_name);
		return err_sys(e, ERR_IO, "memory for changes of the vault");
	}
	free(s->by_id);
	free(s->by_name);
	s->by_id = by_id;
	s->by_name = by_name;
	s->places = places;
	s->named = 0;
	for (i = 0; i < s->n; i++) {
		s->by_id[place_of_id(s, s->items[i].id)] = (uint32_t)i + 1;
		if (!s->items[i].live)
			continue;
		s->by_name[place_of_name(s, s->items[i].name)] =
		    (uint32_t)i + 1;
		s->named++;
	}
	return 0;
}

int
vault_stage_reserve(struct stage *s, struct err *e)
{
	if (vault_grow(&s->items, s->n, &s->cap, sizeof(*s->items), e) == -1 ||
	    vault_grow(&s->dead, s->ndead, &s->dead_cap, sizeof(*s->dead), e) ==
		-1)
		return -1;
	if (2 * (s->n + 1) > s->places || 2 * (s->named + 1) > s->places)
		return rehash(s, e);
	return 0;
}

struct staged *
vault_stage_remove(struct vault *v, const struct old *old,
    const unsigned char *id)
{
	struct stage *s = &v->stage;
	struct staged *item;

	if (old->committed) {
		memset(&s->dead[s->ndead], 0, sizeof(*s->dead));
		s->dead[s->ndead++].at = old->at;
	}
	if ((item = vault_staged_id(v, id)) != NULL) {
		vault_staged_free(item);
		return item;
	}
	assert(s->items != NULL && s->n < s->cap);
	item = &s->items[s->n];
	memset(item, 0, sizeof(*item));
	memcpy(item->id, id, RECORD_ID);
	item->version = old->version;
	s->by_id[place_of_id(s, id)] = (uint32_t)++s->n;
	return item;
}

void
vault_stage_put(struct vault *v, const struct old *old,
    const struct entry *entry, const struct staged *sealed)
{
	struct stage *s = &v->stage;
	struct staged *item = vault_stage_remove(v, old, entry->id);
	size_t place;

	item->version = entry->version;
	item->record = sealed->record;
	item->length = sealed->length;
	item->keys = sealed->keys;
	item->nkeys = sealed->nkeys;
	vault_key_hash(v, item->name, TABLE_NAME, entry->name);
	item->live = true;
	place = place_of_name(s, item->name);
	if (s->by_name[place] != 0)
		return;
	s->by_name[place] = (uint32_t)(item - s->items) + 1;
	s->named++;
}

/* The slots as the next generation will have them, to be changed. */
static unsigned char *
staged_slots(struct vault *v)
{
	struct stage *s = &v->stage;

	if (!s->slots_changed)
		memcpy(s->slots, v->bytes + TABLE_SLOTS_AT, sizeof(s->slots));
	return s->slots;
}

static bool
slot_free(const unsigned char *slots, unsigned int number)
{
	return is_zero(slots + (size_t)number * TABLE_SLOT, TABLE_SLOT);
}

int
vault_slot_info(const struct vault *v, unsigned int number,
    struct slot_info *info, struct err *e)
{
	const unsigned char *slots = v->bytes + TABLE_SLOTS_AT;

	assert(number < TABLE_SLOTS);
	if (v->stage.slots_changed)
		slots = v->stage.slots;
	if (slot_get(info, slots + (size_t)number * TABLE_SLOT, e) == -1)
		return err_in(e, "vault %s: slot %u", v->shown, number);
	return 0;
}

int
vault_slot_add(struct vault *v, const struct slot_key *key,
    const struct slot_info *info, unsigned int *numberp, struct err *e)
{
	unsigned char *slots = staged_slots(v);
	unsigned int i;

	assert(v->write);
	for (i = 0; i < TABLE_SLOTS && !slot_free(slots, i); i++)
		;
	if (i == TABLE_SLOTS)
		return err_set(e, ERR_DENIED,
		    "vault %s: all %d key slots are taken; remove one first",
		    v->shown, TABLE_SLOTS);
	if (slot_make(slots + (size_t)i * TABLE_SLOT, key, info,
		v->master->data, v->head.id, e) == -1)
		return err_in(e, "vault %s", v->shown);
	v->stage.slots_changed = true;
	if (numberp != NULL)
		*numberp = i;
	return 0;
}

int
vault_slot_remove(struct vault *v, unsigned int number, struct err *e)
{
	unsigned char *slots = staged_slots(v);
	unsigned int i, taken = 0;

	assert(v->write && number < TABLE_SLOTS);
	for (i = 0; i < TABLE_SLOTS; i++)
		taken += !slot_free(slots, i);
	if (slot_free(slots, number))
		return err_set(e, ERR_NOENTRY, "vault %s: key slot %u is empty",
		    v->shown, number);
	if (taken == 1)
		return err_set(e, ERR_DENIED,
		    "vault %s: key slot %u is the last one; add another first",
		    v->shown, number);
	memset(slots + (size_t)number * TABLE_SLOT, 0, TABLE_SLOT);
	v->stage.slots_changed = true;
	return 0;
}

int
vault_slot_replace(struct vault *v, unsigned int number,
    const struct slot_key *key, const struct slot_info *info, struct err *e)
{
	unsigned char slot[TABLE_SLOT], *slots = staged_slots(v);

	assert(v->write && number < TABLE_SLOTS);
	if (slot_free(slots, number))
		return err_set(e, ERR_NOENTRY, "vault %s: key slot %u is empty",
		    v->shown, number);
	if (slot_make(slot, key, info, v->master->data, v->head.id, e) == -1)
		return err_in(e, "vault %s", v->shown);
	memcpy(slots + (size_t)number * TABLE_SLOT, slot, TABLE_SLOT);
	v->stage.slots_changed = true;
	return 0;
}

int
vault_slot_secret(const struct vault *v, const struct slot_key *key,
    struct secret *to, struct err *e)
{
	const unsigned char *slots = v->bytes + TABLE_SLOTS_AT;

	return slot_secret(slots + (size_t)v->slot_used * TABLE_SLOT, key, to,
	    e);
}
