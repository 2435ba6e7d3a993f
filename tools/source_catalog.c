#include "tools/source_catalog.h"
#include "base/buckets.h"

#define CATALOG_MAX (512 * MIB) /* bytes of all documents of a catalog */

void source_catalog_release(struct source_catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++) {
		free(catalog->at[i].db);
		free(catalog->at[i].coll);
		metadata_release(&catalog->at[i].metadata);
	}
	free(catalog->at);
	*catalog = (struct source_catalog){0};
}

/* The text of field `name`, without NULs; 0 and an empty text when there is none. */
static int find_text(struct bytes doc, const char *name, struct bytes *ret, struct error *e)
{
	struct bson_field field;
	int r = bson_find(doc, name, &field, e);

	*ret = bytes_of("", 0);
	if (r <= 0)
		return r;
	if (field.type != BSON_KIND_STRING)
		return error_set(e, ERR_CORRUPT, "\"%s\": expected a text, found BSON type 0x%02x",
				 name, field.type);
	r = bson_text(field.value, ret, e);
	if (r < 0)
		return r;
	return 1;
}

int source_catalog_names(struct bytes doc, struct bytes *ret_db, struct bytes *ret_coll,
			 struct error *e)
{
	struct bytes db;
	struct bytes coll;
	int r = find_text(doc, "db", &db, e);

	if (r < 0)
		return r;
	r = find_text(doc, "collection", &coll, e);
	if (r < 0)
		return r;
	if (coll.len == 0 || memchr(coll.at, 0, coll.len) != NULL)
		return error_set(e, ERR_CORRUPT,
				 "\"collection\": expected the name of a collection, found %s",
				 coll.len == 0 ? "none" : "a NUL in it");
	if (db.len == 0 && !bytes_equal(coll, bytes_str("oplog")))
		return error_set(
			e, ERR_CORRUPT,
			"\"db\": expected the name of a database, found none with \"%.*s\"",
			(int)MIN_OF(coll.len, 255), (const char *)coll.at);
	if (db.len > 0 && source_docs_check_db(db, e) < 0) {
		e->code = ERR_CORRUPT; /* the archive's, not the command line's */
		return error_wrap(e, "\"db\"");
	}
	*ret_db = db;
	*ret_coll = coll;
	return 0;
}

/* A new entry at the end. */
static struct source_catalog_entry *append(struct source_catalog *catalog, struct bytes db,
					   struct bytes coll)
{
	struct source_catalog_entry *entry;

	if (catalog->count == catalog->cap) {
		catalog->cap = MAX_OF(2 * catalog->cap, (size_t)16);
		catalog->at = xrealloc(catalog->at, catalog->cap * sizeof(*catalog->at));
	}
	entry = &catalog->at[catalog->count++];
	*entry = (struct source_catalog_entry){
		.db = xstrndup((const char *)db.at, db.len),
		.coll = xstrndup((const char *)coll.at, coll.len),
		.coll_len = coll.len,
	};
	return entry;
}

static bool is_series(const struct source_catalog_entry *entry)
{
	struct source_ns ns = {.coll = entry->coll};

	source_docs_describe(&entry->metadata, &ns);
	return ns.type == SOURCE_TIMESERIES;
}

int source_catalog_add(struct source_catalog *catalog, struct bytes doc, struct error *e)
{
	struct source_catalog_entry *entry;
	struct bytes db;
	struct bytes coll;
	struct bytes text;
	int r = source_catalog_names(doc, &db, &coll, e);

	if (r < 0)
		return r;
	r = find_text(doc, "metadata", &text, e);
	if (r < 0)
		return r;
	catalog->bytes += doc.len;
	if (catalog->bytes > CATALOG_MAX)
		return error_set(e, ERR_LIMIT, "the catalog is over the limit of %zu bytes",
				 CATALOG_MAX);
	entry = append(catalog, db, coll);
	entry->has_metadata = text.len > 0;
	r = metadata_parse(text, &entry->metadata, e);
	if (r < 0)
		return error_wrap(e, "metadata of %s.%s", entry->db, entry->coll);
	/* What the metadata leaves open, the catalog's own field says (tools since 100.0). */
	if (entry->metadata.type[0] == '\0') {
		r = find_text(doc, "type", &text, e);
		if (r > 0 && text.len < sizeof(entry->metadata.type) &&
		    memchr(text.at, 0, text.len) == NULL) {
			memcpy(entry->metadata.type, text.at, text.len);
			entry->metadata.type[text.len] = '\0';
		}
	}
	entry->is_series = is_series(entry);
	return r < 0 ? r : 0;
}

static int compare(struct bytes db, struct bytes coll, const struct source_catalog_entry *entry)
{
	int order = bytes_compare(db, bytes_str(entry->db));

	return order != 0 ? order : bytes_compare(coll, bytes_of(entry->coll, entry->coll_len));
}

static int compare_entries(const void *a, const void *b)
{
	const struct source_catalog_entry *x = a;

	return compare(bytes_str(x->db), bytes_of(x->coll, x->coll_len), b);
}

struct source_catalog_entry *source_catalog_find(const struct source_catalog *catalog,
						 struct bytes db, struct bytes coll)
{
	size_t low = 0;
	size_t high = catalog->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(db, coll, &catalog->at[middle]);

		if (order == 0)
			return &catalog->at[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Append the buckets of each time series, but those the catalog lists itself. */
static void add_buckets(struct source_catalog *catalog)
{
	size_t count = catalog->count;

	for (size_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf coll = {0};
		const struct source_catalog_entry *series = &catalog->at[i];
		struct source_catalog listed = *catalog;
		struct bytes db = bytes_str(series->db);

		if (!series->is_series)
			continue;
		buf_add_str(&coll, BUCKETS_PREFIX);
		buf_add(&coll, series->coll, series->coll_len);
		listed.count = count;
		if (source_catalog_find(&listed, db, buf_bytes(&coll)) == NULL)
			append(catalog, db, buf_bytes(&coll))->implied = true;
	}
}

int source_catalog_sort(struct source_catalog *catalog, struct error *e)
{
	if (catalog->count == 0)
		return 0;
	qsort(catalog->at, catalog->count, sizeof(*catalog->at), compare_entries);
	for (size_t i = 1; i < catalog->count; i++)
		if (compare_entries(&catalog->at[i - 1], &catalog->at[i]) == 0)
			return error_set(e, ERR_CORRUPT, "the catalog has %s.%s twice",
					 catalog->at[i].db, catalog->at[i].coll);
	add_buckets(catalog);
	qsort(catalog->at, catalog->count, sizeof(*catalog->at), compare_entries);
	return 0;
}

const struct source_catalog_entry *source_catalog_unfinished(const struct source_catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++) {
		const struct source_catalog_entry *entry = &catalog->at[i];

		if (entry->state == SOURCE_CATALOG_OPEN ||
		    (entry->state == SOURCE_CATALOG_WAITS && !entry->implied))
			return entry;
	}
	return NULL;
}
