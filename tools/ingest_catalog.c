#include "tools/ingest_catalog.h"

#include "base/bson_build.h"
#include "base/key.h"
#include "oplog/moment.h"
#include "store/tree/tree_build.h"

/* How many snapshots back a namespace is looked for. */
#define LOOK_BACK 8

int ingest_catalog_older(const struct ingest_older *older, struct bytes ns,
			 struct catalog_entry *ret, uint64_t *ret_changed, struct error *e)
{
	size_t looked = 0;

	for (size_t i = older->list->count; i-- > 0 && looked < LOOK_BACK; looked++) {
		OWNED(moment_release) struct moment *moment = NULL;
		int found;

		if (moment_open(older->store, &older->list->at[i], &moment, e) < 0)
			return e->code;
		found = moment_find(moment, ns, NULL, ret, e);
		if (found == 1)
			found = moment_changed(moment, ns, ret_changed, e) < 0 ? e->code : 1;
		/* An older snapshot that can't be read is no reason not to make a new one. */
		if (found != 0 && found != ERR_CORRUPT)
			return found;
	}
	return 0;
}

static int by_ns(const void *a, const void *b)
{
	const struct catalog_entry *x = a, *y = b;

	return bytes_compare(bytes_of(x->ns, x->ns_len), bytes_of(y->ns, y->ns_len));
}

static int add_document(struct tree_builder *builder, struct bytes doc, struct error *e)
{
	OWNED(buf_release) struct buf key = {0};

	if (key_of_document(doc, &key, e) < 0)
		return e->code;
	return tree_builder_add(builder, buf_bytes(&key), doc, e);
}

/* When the entry changed last: the older time if it is the same now. */
static int changed_at(const struct ingest_older *older, const struct catalog_entry *entry,
		      struct bytes doc, uint64_t now, uint64_t *ret, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry was = {0};
	OWNED(buf_release) struct buf was_doc = {0};
	uint64_t changed;
	int found =
		ingest_catalog_older(older, bytes_of(entry->ns, entry->ns_len), &was, &changed, e);

	if (found < 0)
		return found;
	*ret = now;
	if (found == 0)
		return 0;
	if (catalog_entry_encode(&was, &was_doc, e) < 0)
		return e->code;
	if (bytes_equal(buf_bytes(&was_doc), doc) && changed < now)
		*ret = changed;
	return 0;
}

static int add_entry(const struct ingest_older *older, const struct catalog_entry *entry,
		     struct tree_builder *catalog, struct tree_builder *changes,
		     struct snapshot *snapshot, struct error *e)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf change = {0};
	uint64_t changed;
	size_t begin;

	if (catalog_entry_encode(entry, &doc, e) < 0 ||
	    changed_at(older, entry, buf_bytes(&doc), snapshot->time, &changed, e) < 0 ||
	    add_document(catalog, buf_bytes(&doc), e) < 0)
		return e->code;
	begin = bson_build_begin(&change);
	bson_build_string(&change, "_id", bytes_of(entry->ns, entry->ns_len));
	bson_build_int64(&change, "changed", (int64_t)changed);
	bson_build_end(&change, begin);
	snapshot->collections += entry->type == CATALOG_COLLECTION;
	snapshot->documents += entry->root.count;
	snapshot->bytes += entry->root.bytes;
	return add_document(changes, buf_bytes(&change), e);
}

int ingest_catalog_build(struct store_writer *writer, const struct ingest_older *older,
			 struct catalog_entry *entries, size_t count, struct snapshot *snapshot,
			 struct error *e)
{
	OWNED(tree_builder_free) struct tree_builder *catalog = NULL;
	OWNED(tree_builder_free) struct tree_builder *changes = NULL;
	struct tree_build_options options = {.kind = TREE_KEYED};
	const struct snapshot *last =
		older->list->count > 0 ? &older->list->at[older->list->count - 1] : NULL;

	options.old = last != NULL ? &last->catalog : NULL;
	catalog = tree_builder_new(writer, &options);
	options.old = last != NULL ? &last->changes : NULL;
	changes = tree_builder_new(writer, &options);
	if (count > 1)
		qsort(entries, count, sizeof(*entries), by_ns);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && by_ns(&entries[i - 1], &entries[i]) == 0)
			return error_set(e, ERR_INVALID, "namespace %s comes twice in the input",
					 entries[i].ns);
		if (add_entry(older, &entries[i], catalog, changes, snapshot, e) < 0)
			return error_wrap(e, "%s", entries[i].ns);
	}
	if (tree_builder_finish(catalog, &snapshot->catalog, e) < 0)
		return e->code;
	return tree_builder_finish(changes, &snapshot->changes, e);
}
