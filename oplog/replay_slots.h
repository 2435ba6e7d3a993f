/*
 * replay_slots.h - the slots of a replay, found by namespace and by UUID inside a database.
 *
 * Two collections of one database never have the same UUID here, nor two of them the same name. What a
 * command means is not known here.
 *
 * Threads: one at a time.
 */
#ifndef OPLOG_REPLAY_SLOTS_H
#define OPLOG_REPLAY_SLOTS_H

#include "oplog/replay_catalog.h"

/* A slot and what only the catalog sees of it. */
struct replay_slots_item {
	struct replay_slot pub; /* first: a struct replay_slot * is one of these */
	/* The identity. The entry of buckets has none, as mongodump's has none (entry.has_uuid). */
	bool has_uuid;
	uint8_t uuid[16];
	bool implied; /* buckets that only their time series speaks of: shown once something is in them */
	bool made_up; /* its name: another collection took its own */
	bool hollow;  /* nothing is known of it but its name: it shows that it can't be followed */

	/* Of system.buckets.X: options and indexes as its time series shows them. */
	bool has_series;
	bool viewless; /* it is one collection with its time series: replay_viewless.h */
	bool shown;    /* the time series has its view; known at the end */
	struct buf series_options;
	struct buf series_indexes;
	uint64_t series_changed;

	struct replay_slots_item *next_name, *next_uuid; /* of the hash tables */
};

struct replay_slots {
	struct replay_slots_item **at; /* by number */
	size_t count, cap;
	struct replay_slots_item **inside; /* system.views collections: REPLAY_CATALOG_INSIDE */
	size_t inside_count, inside_cap;
	struct replay_slots_item **names, **uuids; /* hash tables of `size` lists */
	size_t size;
	uint8_t key[16];
};

/* `(struct replay_slots){0}` is empty. */
void replay_slots_release(struct replay_slots *slots);
DEFINE_OWNED_STRUCT(struct replay_slots, replay_slots_release);

/* A new slot called `ns` (which has a dot, not at its ends), which nobody else is called. Never NULL. */
struct replay_slots_item *replay_slots_add(struct replay_slots *slots, struct bytes ns,
					   bool inside);

/* The slot that is called so now, or has this UUID in this database; NULL: none. Dropped ones are none. */
struct replay_slots_item *replay_slots_named(const struct replay_slots *slots, struct bytes ns);
struct replay_slots_item *replay_slots_of_uuid(const struct replay_slots *slots, struct bytes db,
					       const uint8_t uuid[16]);

/* It gets an identity (and its entry, when such entries show one). */
void replay_slots_identify(struct replay_slots *slots, struct replay_slots_item *item,
			   const uint8_t uuid[16]);

/* It gets another name in its database, which nobody has. */
void replay_slots_rename(struct replay_slots *slots, struct replay_slots_item *item,
			 struct bytes ns);

/* It is gone; its number and its last name stay. */
void replay_slots_drop(struct replay_slots *slots, struct replay_slots_item *item);

/* Slots in all, those inside too; and number `i` of them. */
size_t replay_slots_all(const struct replay_slots *slots);
struct replay_slots_item *replay_slots_any(const struct replay_slots *slots, size_t i);

/* The namespace and database of a slot. */
static inline struct bytes replay_slots_ns(const struct replay_slots_item *item)
{
	return bytes_of(item->pub.entry.ns, item->pub.entry.ns_len);
}

static inline struct bytes replay_slots_db(const struct replay_slots_item *item)
{
	return bytes_of(item->pub.entry.ns, item->pub.entry.db_len);
}

#endif
