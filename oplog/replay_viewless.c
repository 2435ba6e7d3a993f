#include "oplog/replay_viewless.h"

#include "base/buckets.h"

static void add_buckets_ns(struct buf *ret, struct bytes db, struct bytes coll)
{
	buf_add_bytes(ret, db);
	buf_add_str(ret, "." BUCKETS_PREFIX);
	buf_add_bytes(ret, coll);
}

/* The time series of buckets: "" when `item` is none. */
static void series_ns(const struct replay_slots_item *item, struct buf *ret)
{
	struct bytes name;

	buf_reset(ret);
	if (!buckets_is(catalog_entry_coll(&item->pub.entry), &name))
		return;
	buf_add_bytes(ret, replay_slots_db(item));
	buf_add_u8(ret, '.');
	buf_add_bytes(ret, name);
}

/* It is there from now on, and is one collection with its buckets. */
static int show(struct replay_catalog *catalog, struct replay_slots_item *item, uint64_t ts,
		struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};
	struct catalog_entry entry = {.type = CATALOG_TIMESERIES,
				      .has_metadata = true,
				      .has_uuid = item->has_uuid,
				      .options = item->series_options,
				      .indexes = item->series_indexes}; /* all borrowed */
	struct replay_view *view;

	series_ns(item, &ns);
	if (ns.len == 0 || !item->has_series)
		return 0;
	memcpy(entry.uuid, item->uuid, sizeof(entry.uuid));
	entry.ns = (char *)(uintptr_t)buf_text(&ns);
	entry.ns_len = ns.len;
	entry.db_len = item->pub.entry.db_len;
	if (replay_views_load(&catalog->views, &entry, catalog->server_version, e) < 0)
		return e->code;
	view = replay_views_find(&catalog->views, buf_bytes(&ns));
	view->as_loaded = false;
	view->changed = ts;
	item->viewless = true;
	return 0;
}

void replay_viewless_hide(struct replay_catalog *catalog, struct replay_slots_item *item)
{
	OWNED(buf_release) struct buf ns = {0};

	if (!item->viewless)
		return;
	series_ns(item, &ns);
	replay_views_remove(&catalog->views, buf_bytes(&ns));
}

int replay_viewless_is_create(const struct command *command, struct error *e)
{
	struct bson_field field;
	int got = bson_find(command->entry->o, "timeseries", &field, e);

	if (got < 0)
		return entry_wrap(command->entry, e);
	return got > 0 && field.type == BSON_KIND_DOCUMENT && !buckets_is(command->coll, NULL);
}

int replay_viewless_create(struct replay_catalog *catalog, const struct command *command,
			   uint64_t ts, struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};
	struct command buckets = *command;
	struct replay_slots_item *item;

	add_buckets_ns(&ns, command->entry->db, command->coll);
	buckets.coll = buf_bytes(&ns);
	buckets.coll.at += command->entry->db.len + 1;
	buckets.coll.len -= command->entry->db.len + 1;
	if (replay_catalog_create(catalog, &buckets, ts, e) < 0)
		return e->code;
	item = replay_slots_named(&catalog->slots, buf_bytes(&ns));
	if (item == NULL || item->viewless)
		return 0;
	return show(catalog, item, ts, e) < 0 ? entry_wrap(command->entry, e) : 0;
}

int replay_viewless_rename(struct replay_catalog *catalog, const struct command *command,
			   struct replay_slots_item *item, uint64_t ts, struct error *e)
{
	const uint8_t *dot = memchr(command->to.at, '.', command->to.len);
	struct bytes db = bytes_of(command->to.at, (size_t)(dot - command->to.at));
	struct bytes coll = bytes_of(dot + 1, command->to.len - db.len - 1);
	OWNED(buf_release) struct buf to = {0};
	struct command buckets = *command;

	add_buckets_ns(&to, db, coll);
	if (bytes_equal(buf_bytes(&to), replay_slots_ns(item)))
		return 0;
	replay_viewless_hide(catalog, item);
	item->viewless = false;
	/* The buckets of one with a view, which follows. */
	if (buckets_is(coll, NULL))
		return replay_catalog_rename(catalog, command, ts, e);
	buckets.to = buf_bytes(&to);
	if (replay_catalog_rename(catalog, &buckets, ts, e) < 0)
		return e->code;
	return show(catalog, item, ts, e) < 0 ? entry_wrap(command->entry, e) : 0;
}

static bool is_true(const struct command *command, const char *name)
{
	struct error ignored = {0};
	struct bson_field field;

	return bson_find(command->entry->o, name, &field, &ignored) > 0 &&
	       field.type == BSON_KIND_BOOL && field.value.at[0] != 0;
}

int replay_viewless_turn(struct replay_catalog *catalog, const struct command *command, uint64_t ts,
			 struct error *e)
{
	const struct entry *op = command->entry;
	OWNED(buf_release) struct buf ns = {0};
	struct replay_slots_item *item;

	add_buckets_ns(&ns, op->db, command->coll);
	item = replay_catalog_resolve(catalog, op->db, buf_bytes(&ns), op->ui);
	if (item == NULL) {
		replay_catalog_missing(catalog, op, buf_bytes(&ns), ts,
				       "a time series that the base does not have gets another "
				       "form");
		return 0;
	}
	if (item->pub.stopped != NULL)
		return 0;
	if (!item->has_series) {
		error_set(e, ERR_CORRUPT, "what is no time series gets another form of one");
		entry_wrap(op, e);
		replay_catalog_stop(item, ts, e);
		return 0;
	}
	item->series_changed = ts;
	if (is_true(command, "isUpgrade"))
		return show(catalog, item, ts, e) < 0 ? entry_wrap(op, e) : 0;
	/* Of a sharded cluster only one shard has the view. */
	if (is_true(command, "skipViewCreation"))
		replay_viewless_hide(catalog, item);
	item->viewless = false;
	return 0;
}
