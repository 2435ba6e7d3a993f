#include "oplog/replay_slots.h"

#include <sys/random.h>

#include "base/buckets.h"
#include "base/siphash.h"

#define SIZE_MIN 64 /* lists of a hash table, a power of two */

static void item_free(struct replay_slots_item *item)
{
	if (item == NULL)
		return;
	catalog_entry_release(&item->pub.entry);
	free(item->pub.stopped);
	buf_release(&item->series_options);
	buf_release(&item->series_indexes);
	free(item);
}

void replay_slots_release(struct replay_slots *slots)
{
	for (size_t i = 0; i < slots->count; i++)
		item_free(slots->at[i]);
	for (size_t i = 0; i < slots->inside_count; i++)
		item_free(slots->inside[i]);
	free(slots->at);
	free(slots->inside);
	free(slots->names);
	free(slots->uuids);
	*slots = (struct replay_slots){0};
}

static size_t name_list(const struct replay_slots *slots, struct bytes ns)
{
	return (size_t)siphash24(slots->key, ns) & (slots->size - 1);
}

static size_t uuid_list(const struct replay_slots *slots, const uint8_t uuid[16])
{
	return (size_t)siphash24(slots->key, bytes_of(uuid, 16)) & (slots->size - 1);
}

static void link_name(struct replay_slots *slots, struct replay_slots_item *item)
{
	size_t list = name_list(slots, replay_slots_ns(item));

	item->next_name = slots->names[list];
	slots->names[list] = item;
}

static void link_uuid(struct replay_slots *slots, struct replay_slots_item *item)
{
	size_t list = uuid_list(slots, item->uuid);

	item->next_uuid = slots->uuids[list];
	slots->uuids[list] = item;
}

static void unlink_name(struct replay_slots *slots, struct replay_slots_item *item)
{
	struct replay_slots_item **at = &slots->names[name_list(slots, replay_slots_ns(item))];

	while (*at != item)
		at = &(*at)->next_name;
	*at = item->next_name;
}

static void unlink_uuid(struct replay_slots *slots, struct replay_slots_item *item)
{
	struct replay_slots_item **at = &slots->uuids[uuid_list(slots, item->uuid)];

	while (*at != item)
		at = &(*at)->next_uuid;
	*at = item->next_uuid;
}

/* Keep the lists short: as many as slots, at least. */
static void grow(struct replay_slots *slots)
{
	size_t all = replay_slots_all(slots);

	if (slots->size > all)
		return;
	/* A weak key only makes a table that somebody aims at slower. */
	if (slots->size == 0 &&
	    getrandom(slots->key, sizeof(slots->key), GRND_NONBLOCK) != (ssize_t)sizeof(slots->key))
		memset(slots->key, 0x5a, sizeof(slots->key));
	slots->size = MAX_OF(2 * slots->size, (size_t)SIZE_MIN);
	free(slots->names);
	free(slots->uuids);
	slots->names = xcalloc(slots->size, sizeof(struct replay_slots_item *));
	slots->uuids = xcalloc(slots->size, sizeof(struct replay_slots_item *));
	for (size_t i = 0; i < all; i++) {
		struct replay_slots_item *item = replay_slots_any(slots, i);

		if (item->pub.dropped)
			continue;
		link_name(slots, item);
		if (item->has_uuid)
			link_uuid(slots, item);
	}
}

static void set_ns(struct replay_slots_item *item, struct bytes ns)
{
	struct catalog_entry *entry = &item->pub.entry;
	const uint8_t *dot = memchr(ns.at, '.', ns.len);
	char *name = xmalloc(ns.len + 1);

	memcpy(name, ns.at, ns.len);
	name[ns.len] = '\0';
	free(entry->ns);
	entry->ns = name;
	entry->ns_len = ns.len;
	entry->db_len = (size_t)(dot - ns.at);
}

static void append(struct replay_slots_item ***at, size_t *count, size_t *cap,
		   struct replay_slots_item *item)
{
	if (*count == *cap) {
		*cap = MAX_OF(2 * *cap, (size_t)16);
		*at = xrealloc(*at, *cap * sizeof(struct replay_slots_item *));
	}
	(*at)[(*count)++] = item;
}

struct replay_slots_item *replay_slots_add(struct replay_slots *slots, struct bytes ns, bool inside)
{
	struct replay_slots_item *item;

	grow(slots);
	item = xcalloc(1, sizeof(*item));
	set_ns(item, ns);
	link_name(slots, item);
	if (inside) {
		item->pub.number = REPLAY_CATALOG_INSIDE;
		append(&slots->inside, &slots->inside_count, &slots->inside_cap, item);
	} else {
		item->pub.number = (uint32_t)slots->count;
		append(&slots->at, &slots->count, &slots->cap, item);
	}
	return item;
}

struct replay_slots_item *replay_slots_named(const struct replay_slots *slots, struct bytes ns)
{
	struct replay_slots_item *item;

	if (slots->size == 0)
		return NULL;
	item = slots->names[name_list(slots, ns)];
	while (item != NULL && !bytes_equal(replay_slots_ns(item), ns))
		item = item->next_name;
	return item;
}

struct replay_slots_item *replay_slots_of_uuid(const struct replay_slots *slots, struct bytes db,
					       const uint8_t uuid[16])
{
	struct replay_slots_item *item;

	if (slots->size == 0)
		return NULL;
	item = slots->uuids[uuid_list(slots, uuid)];
	while (item != NULL && (memcmp(item->uuid, uuid, sizeof(item->uuid)) != 0 ||
				!bytes_equal(replay_slots_db(item), db)))
		item = item->next_uuid;
	return item;
}

void replay_slots_identify(struct replay_slots *slots, struct replay_slots_item *item,
			   const uint8_t uuid[16])
{
	if (item->has_uuid)
		unlink_uuid(slots, item);
	item->has_uuid = true;
	memcpy(item->uuid, uuid, sizeof(item->uuid));
	link_uuid(slots, item);
	item->pub.entry.has_uuid = !buckets_is(catalog_entry_coll(&item->pub.entry), NULL);
	if (item->pub.entry.has_uuid)
		memcpy(item->pub.entry.uuid, uuid, sizeof(item->uuid));
}

void replay_slots_rename(struct replay_slots *slots, struct replay_slots_item *item,
			 struct bytes ns)
{
	unlink_name(slots, item);
	set_ns(item, ns);
	link_name(slots, item);
}

void replay_slots_drop(struct replay_slots *slots, struct replay_slots_item *item)
{
	unlink_name(slots, item);
	if (item->has_uuid)
		unlink_uuid(slots, item);
	item->pub.dropped = true;
	/* Nobody looks at these again, and a log may drop millions. */
	buf_release(&item->pub.entry.options);
	buf_release(&item->pub.entry.indexes);
	buf_release(&item->pub.entry.building);
	buf_release(&item->series_options);
	buf_release(&item->series_indexes);
	item->has_series = false;
}

size_t replay_slots_all(const struct replay_slots *slots)
{
	return slots->count + slots->inside_count;
}

struct replay_slots_item *replay_slots_any(const struct replay_slots *slots, size_t i)
{
	return i < slots->count ? slots->at[i] : slots->inside[i - slots->count];
}
