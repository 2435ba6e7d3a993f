/* The catalog that results. Prefix: replay_catalog_ */
#include "base/buckets.h"
#include "oplog/replay_catalog_internal.h"
#include "store/snapshot/view_docs.h"

/* A namespace of the result: a collection, or a view. */
struct row {
	struct bytes ns;
	struct replay_slots_item *item;
	const struct replay_view *view;
};

struct rows {
	struct row *at;
	size_t count;
};

static void rows_release(struct rows *rows)
{
	free(rows->at);
}
DEFINE_OWNED_STRUCT(struct rows, rows_release);

static int by_ns(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = bytes_compare(x->ns, y->ns);

	/* Of a collection and a view of one name the collection comes first. */
	return order != 0 ? order : (x->item == NULL) - (y->item == NULL);
}

/* Buckets of which only their time series spoke, and which got no document. */
static bool is_nothing(const struct replay_slots_item *item)
{
	return item->implied && item->pub.changed == 0 && item->pub.entry.root.count == 0 &&
	       item->pub.stopped == NULL;
}

static bool has_views(const struct replay_catalog *catalog, struct bytes db)
{
	for (size_t i = 0; i < catalog->views.count; i++) {
		const struct catalog_entry *entry = &catalog->views.at[i]->entry;

		if (bytes_equal(bytes_of(entry->ns, entry->db_len), db))
			return true;
	}
	return false;
}

/* After a database's last view system.views stays, empty: nothing else would say that it is there. */
static void collect_empty_views(struct replay_catalog *catalog, struct rows *rows)
{
	const struct replay_slots *slots = &catalog->slots;

	for (size_t i = 0; i < slots->inside_count; i++) {
		struct replay_slots_item *item = slots->inside[i];

		if (item->pub.dropped || has_views(catalog, replay_slots_db(item)) ||
		    !replay_catalog_covers(catalog, replay_slots_ns(item)))
			continue;
		/* As it would be in a dump, if it were: without metadata. */
		item->pub.entry.has_uuid = false;
		item->pub.entry.has_metadata = false;
		buf_reset(&item->pub.entry.options);
		buf_reset(&item->pub.entry.indexes);
		rows->at[rows->count++] = (struct row){replay_slots_ns(item), item, NULL};
	}
}

static void collect(struct replay_catalog *catalog, struct rows *rows)
{
	const struct replay_slots *slots = &catalog->slots;

	rows->at = xcalloc(slots->count + slots->inside_count + catalog->views.count + 1,
			   sizeof(struct row));
	collect_empty_views(catalog, rows);
	for (size_t i = 0; i < slots->count; i++) {
		struct replay_slots_item *item = slots->at[i];

		if (item->pub.dropped || is_nothing(item))
			continue;
		rows->at[rows->count++] = (struct row){replay_slots_ns(item), item, NULL};
	}
	for (size_t i = 0; i < catalog->views.count; i++) {
		const struct replay_view *view = catalog->views.at[i];
		struct bytes ns = bytes_of(view->entry.ns, view->entry.ns_len);

		rows->at[rows->count++] = (struct row){ns, NULL, view};
	}
	if (rows->count > 1)
		qsort(rows->at, rows->count, sizeof(struct row), by_ns);
}

/* The buckets of the time series whose view this is; NULL: it is a view. */
static int buckets_of(struct replay_catalog *catalog, const struct replay_view *view,
		      struct replay_slots_item **ret, struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};
	struct replay_slots_item *item;
	struct bytes name;
	int got = view_docs_is_series(buf_bytes(&view->doc), &name, e);

	*ret = NULL;
	if (got <= 0)
		return got;
	buf_add(&ns, view->entry.ns, view->entry.db_len);
	buf_add_str(&ns, "." BUCKETS_PREFIX);
	buf_add_bytes(&ns, name);
	item = replay_slots_named(&catalog->slots, buf_bytes(&ns));
	if (item != NULL && item->has_series)
		*ret = item;
	return 0;
}

/* What a time series that is still to come will show is in nothing but the entry of its buckets. */
static int keep_lone_series(struct replay_catalog *catalog, struct error *e)
{
	const struct replay_slots *slots = &catalog->slots;

	for (size_t i = 0; i < slots->count; i++)
		slots->at[i]->shown = false;
	for (size_t i = 0; i < catalog->views.count; i++) {
		struct replay_slots_item *item;

		if (buckets_of(catalog, catalog->views.at[i], &item, e) < 0)
			return error_wrap(e, "%s", catalog->views.at[i]->entry.ns);
		if (item != NULL)
			item->shown = true;
	}
	for (size_t i = 0; i < slots->count; i++) {
		struct replay_slots_item *item = slots->at[i];

		if (item->pub.dropped || !item->has_series || item->shown)
			continue;
		buf_reset(&item->pub.entry.options);
		buf_add_bytes(&item->pub.entry.options, buf_bytes(&item->series_options));
		buf_reset(&item->pub.entry.indexes);
		buf_add_bytes(&item->pub.entry.indexes, buf_bytes(&item->series_indexes));
	}
	return 0;
}

static int emit_view(struct replay_catalog *catalog, const struct replay_view *view,
		     replay_catalog_each *each, void *ctx, struct error *e)
{
	OWNED(buf_release) struct buf options = {0};
	struct catalog_entry entry = view->entry;
	struct replay_slots_item *buckets;
	uint64_t changed = view->changed;

	if (buckets_of(catalog, view, &buckets, e) < 0)
		return error_wrap(e, "%s", entry.ns);
	if (buckets != NULL)
		changed = MAX_OF(changed, buckets->series_changed);
	/* Whose buckets went away under another name (6.0 lets users rename them) is a view on nothing, whatever the base had. */
	if (view->as_loaded &&
	    (buckets == NULL ? entry.type != CATALOG_TIMESERIES : buckets->series_changed == 0))
		return each(ctx, &entry, NULL, changed, e);
	entry.has_uuid = buckets != NULL && buckets->viewless;
	memset(entry.uuid, 0, sizeof(entry.uuid));
	if (entry.has_uuid)
		memcpy(entry.uuid, buckets->uuid, sizeof(entry.uuid));
	entry.has_metadata = true;
	if (buckets != NULL) {
		entry.type = CATALOG_TIMESERIES;
		entry.options = buckets->series_options;
		entry.indexes = buckets->series_indexes;
	} else {
		entry.type = CATALOG_VIEW;
		if (view_docs_options(buf_bytes(&view->doc), &options, e) < 0)
			return error_wrap(e, "%s", entry.ns);
		entry.options = options;
		entry.indexes = (struct buf){0};
	}
	return each(ctx, &entry, NULL, changed, e);
}

static void stop(struct replay_slots_item *item, const char *why)
{
	struct error e = {0};

	error_set(&e, ERR_CORRUPT, "%s: %s", item->pub.entry.ns, why);
	replay_catalog_stop(item, item->pub.changed, &e);
}

const char *replay_catalog_stranger(const struct replay_catalog *catalog)
{
	for (size_t i = 0; i < catalog->strangers.count; i++) {
		const struct replay_stranger *one = &catalog->strangers.at[i];
		struct bytes db = bytes_of((const uint8_t *)one->ns, one->db_len);

		if (replay_slots_of_uuid(&catalog->slots, db, one->uuid) == NULL)
			return one->ns;
	}
	return NULL;
}

int replay_catalog_finish(struct replay_catalog *catalog, replay_catalog_each *each, void *ctx,
			  struct error *e)
{
	OWNED(rows_release) struct rows rows = {0};
	int got = keep_lone_series(catalog, e);

	collect(catalog, &rows);
	for (size_t i = 0; got >= 0 && i < rows.count; i++) {
		struct row *row = &rows.at[i];
		bool twice = i > 0 && bytes_equal(row->ns, rows.at[i - 1].ns);

		if (row->item == NULL) {
			/* The collection before it has been stopped, and is shown. */
			got = twice ? 0 : emit_view(catalog, row->view, each, ctx, e);
			continue;
		}
		if (i + 1 < rows.count && bytes_equal(row->ns, rows.at[i + 1].ns))
			stop(row->item, "there are a collection and a view of this name");
		if (row->item->made_up)
			stop(row->item, "another collection got its name, and nothing dropped or "
					"renamed it until the end: the base and the log do not "
					"belong together");
		got = each(ctx, &row->item->pub.entry, &row->item->pub, row->item->pub.changed, e);
	}
	return got < 0 ? got : 0;
}
