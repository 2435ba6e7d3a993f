#include "oplog/replay_catalog.h"

#include "base/buckets.h"
#include "oplog/replay_catalog_internal.h"
#include "oplog/replay_series.h"

#define VIEWS "system.views"

struct replay_catalog *replay_catalog_new(const struct replay_catalog_options *options)
{
	struct replay_catalog *catalog = xcalloc(1, sizeof(*catalog));

	catalog->fuzzy = options->fuzzy;
	catalog->partial = options->partial;
	catalog->coverage = options->coverage;
	if (options->server_version != NULL)
		catalog->server_version = xstrdup(options->server_version);
	replay_fcv_begin(&catalog->fcv, options->server_version, options->fcv);
	return catalog;
}

void replay_catalog_free(struct replay_catalog *catalog)
{
	if (catalog == NULL)
		return;
	for (size_t i = 0; i < catalog->held_count; i++)
		free((void *)(uintptr_t)catalog->held[i].at);
	free(catalog->held);
	free(catalog->server_version);
	replay_slots_release(&catalog->slots);
	replay_views_release(&catalog->views);
	replay_fcv_release(&catalog->fcv);
	replay_strangers_release(&catalog->strangers);
	free(catalog);
}

bool replay_catalog_leaves_out(struct bytes db, struct bytes coll)
{
	static const char *const derived[] = {"transactions", "image_collection",
					      "system.preimages"};

	if (bytes_equal(db, bytes_str("local")))
		return true;
	if (!bytes_equal(db, bytes_str("config")))
		return false;
	for (size_t i = 0; i < COUNT_OF(derived); i++)
		if (bytes_equal(coll, bytes_str(derived[i])))
			return true;
	return false;
}

bool replay_catalog_is_undumped(struct bytes db, struct bytes coll)
{
	static const char internal[] =
		"__mdb_internal"; /* common/util/namespaces.go of mongo-tools */

	/* shouldSkipSystemNamespace() of mongodump, which leaves out config unless asked for it. */
	if (bytes_equal(db, bytes_str("config")))
		return true;
	if (db.len >= sizeof(internal) - 1 && memcmp(db.at, internal, sizeof(internal) - 1) == 0)
		return true;
	if (memchr(coll.at, '$', coll.len) != NULL)
		return true;
	if (bytes_equal(db, bytes_str("admin")))
		return bytes_equal(coll, bytes_str("system.keys"));
	return coll.len > 7 && memcmp(coll.at, "system.", 7) == 0 &&
	       !bytes_equal(coll, bytes_str("system.js")) && !buckets_is(coll, NULL);
}

static int by_bytes(const void *a, const void *b)
{
	return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

bool replay_catalog_covers(struct replay_catalog *catalog, struct bytes ns)
{
	if (!catalog->partial)
		return true;
	if (catalog->coverage != NULL)
		return ns_filter_takes_ns(catalog->coverage, ns);
	if (catalog->held_count == 0)
		return false;
	if (!catalog->held_sorted)
		qsort(catalog->held, catalog->held_count, sizeof(struct bytes), by_bytes);
	catalog->held_sorted = true;
	return bsearch(&ns, catalog->held, catalog->held_count, sizeof(struct bytes), by_bytes) !=
	       NULL;
}

static void hold(struct replay_catalog *catalog, struct bytes ns)
{
	char *copy = xmalloc(ns.len);

	if (catalog->held_count == catalog->held_cap) {
		catalog->held_cap = MAX_OF(2 * catalog->held_cap, (size_t)16);
		catalog->held = xrealloc(catalog->held, catalog->held_cap * sizeof(struct bytes));
	}
	memcpy(copy, ns.at, ns.len);
	catalog->held[catalog->held_count++] = bytes_of(copy, ns.len);
	catalog->held_sorted = false;
}

/* db.system.buckets.X of the time series db.X. */
static void buckets_of(struct bytes db, struct bytes coll, struct buf *ret)
{
	buf_add_bytes(ret, db);
	buf_add_str(ret, "." BUCKETS_PREFIX);
	buf_add_bytes(ret, coll);
}

static int load_series(struct replay_catalog *catalog, const struct catalog_entry *entry,
		       struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};
	struct replay_slots_item *item;

	if (replay_views_load(&catalog->views, entry, catalog->server_version, e) < 0)
		return e->code;
	buckets_of(bytes_of(entry->ns, entry->db_len), catalog_entry_coll(entry), &ns);
	hold(catalog, buf_bytes(&ns));
	item = replay_slots_named(&catalog->slots, buf_bytes(&ns));
	if (item == NULL) {
		item = replay_slots_add(&catalog->slots, buf_bytes(&ns), false);
		item->implied = true;
	}
	item->has_series = true;
	buf_reset(&item->series_options);
	buf_add_bytes(&item->series_options, buf_bytes(&entry->options));
	buf_reset(&item->series_indexes);
	buf_add_bytes(&item->series_indexes, buf_bytes(&entry->indexes));
	if (!entry->has_uuid)
		return 0;
	if (replay_slots_of_uuid(&catalog->slots, replay_slots_db(item), entry->uuid) != NULL)
		return error_set(e, ERR_CORRUPT,
				 "%s has the UUID of another collection of its database",
				 entry->ns);
	item->viewless = true;
	replay_slots_identify(&catalog->slots, item, entry->uuid);
	return 0;
}

/*
 * Buckets without a time series: servers make them first. Their entry has what the time series will show, or options as
 * servers list them for buckets.
 */
static int load_lone_buckets(struct replay_slots_item *item, const struct catalog_entry *entry,
			     struct error *e)
{
	struct catalog_entry *to = &item->pub.entry;
	struct bson_field field;
	int got;

	if (item->has_series || entry->options.len == 0 ||
	    !buckets_is(catalog_entry_coll(entry), NULL))
		return 0;
	got = bson_find(buf_bytes(&entry->options), "timeseries", &field, e);
	if (got <= 0)
		return got;
	item->has_series = true;
	buf_reset(&item->series_options);
	buf_reset(&item->series_indexes);
	buf_add_bytes(&item->series_indexes, buf_bytes(&entry->indexes));
	buf_release(&to->options);
	buf_release(&to->indexes);
	to->has_metadata = false;
	return replay_series_options(buf_bytes(&entry->options), &item->series_options, e);
}

bool replay_catalog_is_views(struct bytes db, struct bytes coll)
{
	return bytes_equal(coll, bytes_str(VIEWS)) && !bytes_equal(db, bytes_str("admin"));
}

static bool is_watched(struct bytes ns, struct bytes coll)
{
	return bytes_equal(ns, bytes_str("admin.system.version")) ||
	       bytes_equal(coll, bytes_str(VIEWS));
}

static int load_collection(struct replay_catalog *catalog, const struct catalog_entry *entry,
			   struct error *e)
{
	struct bytes ns = bytes_of(entry->ns, entry->ns_len);
	struct bytes db = bytes_of(entry->ns, entry->db_len);
	struct replay_slots_item *item = replay_slots_named(&catalog->slots, ns);
	struct catalog_entry *to;

	if (replay_catalog_is_views(db, catalog_entry_coll(entry)) && entry->root.count == 0) {
		if (item == NULL)
			replay_slots_add(&catalog->slots, ns, true);
		return 0;
	}
	if (item != NULL && !item->implied)
		return error_set(e, ERR_CORRUPT, "the base has %s twice", entry->ns);
	if (entry->has_uuid && replay_slots_of_uuid(&catalog->slots, db, entry->uuid) != NULL)
		return error_set(e, ERR_CORRUPT,
				 "%s has the UUID of another collection of its "
				 "database",
				 entry->ns);
	if (item == NULL)
		item = replay_slots_add(&catalog->slots, ns, false);
	item->implied = false;
	item->pub.watched = is_watched(ns, catalog_entry_coll(entry));
	if (entry->has_uuid)
		replay_slots_identify(&catalog->slots, item, entry->uuid);
	to = &item->pub.entry;
	to->has_uuid = entry->has_uuid;
	memcpy(to->uuid, entry->uuid, sizeof(to->uuid));
	to->has_metadata = entry->has_metadata;
	to->root = entry->root;
	to->order_of = entry->order_of;
	buf_add_bytes(&to->order, buf_bytes(&entry->order));
	buf_add_bytes(&to->options, buf_bytes(&entry->options));
	buf_add_bytes(&to->indexes, buf_bytes(&entry->indexes));
	buf_add_bytes(&to->building, buf_bytes(&entry->building));
	return load_lone_buckets(item, entry, e);
}

int replay_catalog_load(struct replay_catalog *catalog, const struct catalog_entry *entry,
			struct error *e)
{
	struct bytes ns = bytes_of(entry->ns, entry->ns_len);
	int got;

	if (replay_catalog_leaves_out(bytes_of(entry->ns, entry->db_len),
				      catalog_entry_coll(entry)))
		return 0;
	if (entry->type == CATALOG_COLLECTION)
		got = load_collection(catalog, entry, e);
	else if (entry->type == CATALOG_TIMESERIES)
		got = load_series(catalog, entry, e);
	else
		got = replay_views_load(&catalog->views, entry, catalog->server_version, e);
	if (got < 0)
		return got;
	hold(catalog, ns);
	return 1;
}

void replay_catalog_stop(struct replay_slots_item *item, uint64_t ts, const struct error *e)
{
	if (item->pub.stopped != NULL)
		return;
	item->pub.stopped = xstrdup(e->text);
	item->pub.stopped_at = ts;
}

/* A collection of which nothing is known. */
static struct replay_slots_item *add_hollow(struct replay_catalog *catalog, struct bytes ns,
					    const uint8_t *ui)
{
	struct replay_slots_item *item = replay_slots_add(&catalog->slots, ns, false);

	item->hollow = true;
	if (ui != NULL && replay_slots_of_uuid(&catalog->slots, replay_slots_db(item), ui) == NULL)
		replay_slots_identify(&catalog->slots, item, ui);
	item->pub.entry.has_uuid = false;
	return item;
}

void replay_catalog_stop_ns(struct replay_catalog *catalog, struct bytes ns, const uint8_t *ui,
			    uint64_t ts, const struct error *e)
{
	struct replay_slots_item *item = replay_slots_named(&catalog->slots, ns);

	if (item == NULL)
		item = add_hollow(catalog, ns, ui);
	item->pub.changed = ts;
	replay_catalog_stop(item, ts, e);
}

void replay_catalog_missing(struct replay_catalog *catalog, const struct entry *op, struct bytes ns,
			    uint64_t ts, const char *what)
{
	const uint8_t *dot = memchr(ns.at, '.', ns.len);
	struct error e = {0};
	struct bytes db, coll;

	if (!replay_catalog_covers(catalog, ns) || memchr(ns.at, 0, ns.len) != NULL)
		return;
	db = bytes_of(ns.at, (size_t)(dot - ns.at));
	coll = bytes_of(dot + 1, ns.len - db.len - 1);
	if (replay_slots_named(&catalog->slots, ns) == NULL && replay_catalog_is_undumped(db, coll))
		return;
	if (catalog->fuzzy) {
		if ((op->op == ENTRY_INSERT || op->op == ENTRY_UPDATE) && op->ui != NULL)
			replay_strangers_add(&catalog->strangers, ns, op->ui);
		return;
	}
	error_set(&e, ERR_CORRUPT, "%s", what);
	entry_wrap(op, &e);
	replay_catalog_stop_ns(catalog, ns, op->ui, ts, &e);
}

struct replay_slots_item *replay_catalog_resolve(struct replay_catalog *catalog, struct bytes db,
						 struct bytes ns, const uint8_t *ui)
{
	const uint8_t *dot = memchr(ns.at, '.', ns.len);
	struct replay_slots_item *item = NULL;

	if (ui != NULL)
		item = replay_slots_of_uuid(&catalog->slots, db, ui);
	if (item != NULL)
		return item;
	item = replay_slots_named(&catalog->slots, ns);
	if (item == NULL && dot != NULL && (size_t)(dot - ns.at) == db.len &&
	    bytes_equal(bytes_of(dot + 1, ns.len - db.len - 1), bytes_str(VIEWS)))
		/* mongodump does not write it, so it may well have been there. */
		item = replay_slots_add(&catalog->slots, ns, true);
	if (item == NULL || ui == NULL)
		return item;
	if (item->has_uuid)
		return NULL;
	replay_slots_identify(&catalog->slots, item, ui);
	return item;
}

int replay_catalog_target(struct replay_catalog *catalog, const struct entry *op,
			  struct replay_slot **ret, struct error *e)
{
	struct replay_slots_item *item;

	(void)e;
	replay_fcv_see(&catalog->fcv, op);
	if (replay_catalog_leaves_out(op->db, op->coll))
		return 0;
	if (op->op == ENTRY_INSERT && op->ui == NULL &&
	    bytes_equal(op->coll, bytes_str("system.indexes"))) {
		replay_catalog_old_index(catalog, op);
		return 0;
	}
	item = replay_catalog_resolve(catalog, op->db, op->ns, op->ui);
	if (item == NULL && bytes_equal(op->ns, bytes_str("admin.system.version"))) {
		struct error ignored;

		/* How servers behave is told there, whatever the base holds. */
		(void)!replay_fcv_document(&catalog->fcv, op, &ignored);
	}
	if (item == NULL) {
		replay_catalog_missing(catalog, op, op->ns, op->at.ts,
				       op->ui != NULL ? "no collection of the base has this UUID"
						      : "the base has no such collection");
		return 0;
	}
	if (item->pub.stopped != NULL)
		return 0;
	*ret = &item->pub;
	return 1;
}

/* An operation on the documents that views are. */
static void apply_view(struct replay_catalog *catalog, const struct entry *op,
		       const struct replay_slot *slot)
{
	uint64_t ts = slot->changed != 0 ? slot->changed : op->at.ts;
	struct error e = {0};
	struct bytes ns;
	int got = replay_views_target(op, &ns, &e);

	if (got == 0 || (got > 0 && !replay_catalog_covers(catalog, ns)))
		return;
	if (got > 0)
		got = replay_views_apply(&catalog->views, op, replay_fcv_major(&catalog->fcv), ts,
					 &e);
	if (got > 0 || (got == 0 && (catalog->fuzzy || catalog->partial)))
		return;
	if (got == 0) {
		error_set(&e, ERR_CORRUPT, "an update of a view that the base does not have");
		entry_wrap(op, &e);
	}
	/* A slot is shown to be stopped, which this one is not: it has no entry. */
	if (slot->number == REPLAY_CATALOG_INSIDE) {
		OWNED(buf_release) struct buf shown = {0};

		buf_add_bytes(&shown, op->db);
		buf_add_str(&shown, "." VIEWS);
		replay_slots_drop(&catalog->slots,
				  replay_slots_named(&catalog->slots, buf_bytes(&shown)));
		replay_catalog_stop_ns(catalog, buf_bytes(&shown), op->ui, ts, &e);
		return;
	}
	replay_catalog_stop(
		replay_slots_named(&catalog->slots, bytes_of(slot->entry.ns, slot->entry.ns_len)),
		ts, &e);
}

int replay_catalog_document(struct replay_catalog *catalog, const struct entry *op,
			    struct replay_slot *slot, struct error *e)
{
	if (slot->number != REPLAY_CATALOG_INSIDE && !slot->watched)
		return 0;
	if (bytes_equal(catalog_entry_coll(&slot->entry), bytes_str(VIEWS))) {
		apply_view(catalog, op, slot);
		return 0;
	}
	return replay_fcv_document(&catalog->fcv, op, e);
}

size_t replay_catalog_count(const struct replay_catalog *catalog)
{
	return catalog->slots.count;
}

struct replay_slot *replay_catalog_slot(struct replay_catalog *catalog, size_t number)
{
	return &catalog->slots.at[number]->pub;
}

struct replay_slot *replay_catalog_find(struct replay_catalog *catalog, struct bytes ns)
{
	struct replay_slots_item *item = replay_slots_named(&catalog->slots, ns);

	return item != NULL && item->pub.number != REPLAY_CATALOG_INSIDE ? &item->pub : NULL;
}

int replay_catalog_major(const struct replay_catalog *catalog)
{
	return replay_fcv_major(&catalog->fcv);
}

bool replay_catalog_evicts(const struct replay_catalog *catalog)
{
	return replay_fcv_evicts(&catalog->fcv);
}

bool replay_catalog_is_steady(const struct replay_catalog *catalog)
{
	return replay_fcv_is_steady(&catalog->fcv);
}
