/* createIndexes, the builds of indexes, dropIndexes. Prefix: replay_catalog_ */
#include "base/bson_build.h"
#include "base/buckets.h"
#include "base/ns.h"
#include "oplog/replay_catalog_internal.h"
#include "oplog/replay_indexes.h"
#include "oplog/replay_series.h"

/* The array of specs that shows this collection's indexes; NULL: nothing does. */
static struct buf *specs_of(struct replay_slots_item *item)
{
	if (buckets_is(catalog_entry_coll(&item->pub.entry), NULL))
		return item->has_series ? &item->series_indexes : NULL;
	return &item->pub.entry.indexes;
}

static void changed(struct replay_slots_item *item, uint64_t ts)
{
	if (item->has_series)
		item->series_changed = ts;
	else
		item->pub.changed = ts;
}

/* A lone .bson says nothing of its indexes; a collection that has others has that of _id, too. */
static int assume_metadata(struct replay_slots_item *item, struct error *e)
{
	OWNED(buf_release) struct buf spec = {0};
	size_t begin, key;

	if (item->pub.entry.has_metadata || item->has_series)
		return 0;
	item->pub.entry.has_metadata = true;
	if (item->pub.entry.indexes.len > BSON_MIN_LEN)
		return 0;
	begin = bson_build_begin(&spec);
	bson_build_int32(&spec, "v", 2);
	key = bson_build_open(&spec, "key");
	bson_build_int32(&spec, "_id", 1);
	bson_build_end(&spec, key);
	bson_build_string(&spec, "name", bytes_str("_id_"));
	bson_build_end(&spec, begin);
	return replay_indexes_put(&item->pub.entry.indexes, buf_bytes(&spec), NULL, NULL, e);
}

struct order {
	const struct buf *started;
	struct bytes name;
};

static bool is_before(void *ctx, struct bytes name)
{
	const struct order *order = ctx;

	return replay_indexes_later(order->started, order->name, name);
}

/* An index is ready. */
static int add(struct replay_catalog *catalog, struct replay_slots_item *item, struct bytes logged,
	       uint64_t ts, struct error *e)
{
	int major = replay_fcv_major(&catalog->fcv);
	OWNED(buf_release) struct buf spec = {0};
	struct order order = {.started = &item->pub.entry.building};
	struct buf *specs = specs_of(item);
	int got;

	if (assume_metadata(item, e) < 0)
		return e->code;
	if (item->has_series) {
		got = replay_series_index(logged, buf_bytes(&item->series_options), major, &spec,
					  e);
		if (got <= 0)
			return got;
	} else {
		got = replay_indexes_have_ns(buf_bytes(specs), e);
		if (got >= 0)
			got = replay_indexes_listed(
				logged, major, got > 0 ? replay_slots_ns(item) : bytes_of(NULL, 0),
				&spec, e);
	}
	if (got < 0 || replay_indexes_name(buf_bytes(&spec), &order.name, e) < 0)
		return e->code;
	got = replay_indexes_put(specs, buf_bytes(&spec), is_before, &order, e);
	if (got > 0)
		changed(item, ts);
	return got;
}

/* Is a name's build among those whose order counts? It enters when others are being built. */
static void finish_build(struct replay_slots_item *item, struct bytes name, bool known)
{
	if (!known && item->pub.entry.building.len > 0)
		replay_indexes_begin(&item->pub.entry.building, name);
	replay_indexes_end(&item->pub.entry.building, name, true);
}

static int add_all(struct replay_catalog *catalog, struct replay_slots_item *item,
		   const struct command *command, uint64_t ts, struct error *e)
{
	bool known = command->kind == COMMAND_COMMIT_INDEX_BUILD;
	int got = 0;

	for (size_t rank = 0; got == 0; rank++) {
		OWNED(buf_release) struct buf spec = {0};
		struct bytes name;

		got = command_index_spec(command, rank, &spec, e);
		if (got <= 0)
			return got;
		got = replay_indexes_name(buf_bytes(&spec), &name, e);
		if (got == 0)
			got = add(catalog, item, buf_bytes(&spec), ts, e);
		if (got < 0)
			return entry_wrap(command->entry, e);
		finish_build(item, name, known);
		got = 0;
	}
	return got;
}

/* Builds that begin, or are given up: a base that was copied meanwhile lists the index. */
static int note_builds(struct replay_slots_item *item, const struct command *command, uint64_t ts,
		       struct error *e)
{
	struct buf *specs = specs_of(item);
	int got;

	for (size_t rank = 0;; rank++) {
		OWNED(buf_release) struct buf spec = {0};
		struct bytes name;

		got = command_index_spec(command, rank, &spec, e);
		if (got <= 0)
			return got;
		if (replay_indexes_name(buf_bytes(&spec), &name, e) < 0)
			return entry_wrap(command->entry, e);
		if (command->kind == COMMAND_START_INDEX_BUILD) {
			replay_indexes_begin(&item->pub.entry.building, name);
			continue;
		}
		replay_indexes_end(&item->pub.entry.building, name, false);
		got = replay_indexes_remove_named(specs, name, e);
		if (got < 0)
			return entry_wrap(command->entry, e);
		if (got > 0)
			changed(item, ts);
	}
}

static int drop_indexes(struct replay_slots_item *item, const struct command *command, uint64_t ts,
			struct error *e)
{
	int got = replay_indexes_remove(specs_of(item), command, e);

	if (got < 0)
		return entry_wrap(command->entry, e);
	if (command->all_indexes)
		buf_release(&item->pub.entry.building);
	else if (command->index_name.len > 0)
		replay_indexes_end(&item->pub.entry.building, command->index_name, false);
	if (got > 0)
		changed(item, ts);
	return 0;
}

int replay_catalog_index(struct replay_catalog *catalog, const struct command *command, uint64_t ts,
			 struct error *e)
{
	const struct entry *entry = command->entry;
	OWNED(buf_release) struct buf ns = {0};
	struct replay_slots_item *item;

	buf_add_bytes(&ns, entry->db);
	buf_add_u8(&ns, '.');
	buf_add_bytes(&ns, command->coll);
	item = replay_catalog_resolve(catalog, entry->db, buf_bytes(&ns), entry->ui);
	if (item == NULL) {
		if (command->policy == COMMAND_APPLY)
			replay_catalog_missing(catalog, entry, buf_bytes(&ns), ts,
					       "an index of a collection that the base does not "
					       "have");
		return 0;
	}
	if (item->pub.stopped != NULL || item->pub.number == REPLAY_CATALOG_INSIDE ||
	    specs_of(item) == NULL)
		return 0;
	switch (command->kind) {
	case COMMAND_START_INDEX_BUILD:
	case COMMAND_ABORT_INDEX_BUILD:
		return note_builds(item, command, ts, e);
	case COMMAND_DROP_INDEXES:
		return drop_indexes(item, command, ts, e);
	default:
		return add_all(catalog, item, command, ts, e);
	}
}

/* "ns" of the spec, which has to be one of the entry's own database. */
static int old_ns(const struct entry *op, struct bytes *ret, struct error *e)
{
	struct bson_field field;
	int got = bson_find(op->o, "ns", &field, e);

	if (got < 0)
		return got;
	if (got == 0 || field.type != BSON_KIND_STRING || bson_text(field.value, ret, e) < 0 ||
	    !ns_in_db(*ret, op->db))
		return error_set(e, ERR_CORRUPT, "an index of no collection of its database");
	return 0;
}

void replay_catalog_old_index(struct replay_catalog *catalog, const struct entry *op)
{
	struct replay_slots_item *item;
	struct error e = {0};
	struct bytes ns;

	if (old_ns(op, &ns, &e) < 0) {
		entry_wrap(op, &e);
		replay_catalog_stop_ns(catalog, op->ns, NULL, op->at.ts, &e);
		return;
	}
	item = replay_catalog_resolve(catalog, op->db, ns, NULL);
	if (item == NULL) {
		replay_catalog_missing(catalog, op, ns, op->at.ts,
				       "the base has no such collection");
		return;
	}
	if (item->pub.stopped == NULL && add(catalog, item, op->o, op->at.ts, &e) < 0) {
		entry_wrap(op, &e);
		replay_catalog_stop(item, op->at.ts, &e);
	}
}
