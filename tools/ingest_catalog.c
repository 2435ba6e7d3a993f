#include "tools/ingest_catalog.h"

#include "oplog/moment.h"
#include "store/snapshot/catalog_build.h"

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

/*
 * Without the natural order, which another member has in another way, and what is being built: the documents and indexes
 * are the same.
 */
static int encode_content(const struct catalog_entry *entry, struct buf *ret, struct error *e)
{
	struct catalog_entry content = *entry; /* all else is borrowed */

	content.order = (struct buf){0};
	content.building = (struct buf){0};
	return catalog_entry_encode(&content, ret, e);
}

/* When the entry changed last: the older time if it is the same now. */
static int changed_at(const struct ingest_older *older, const struct catalog_entry *entry,
		      uint64_t now, uint64_t *ret, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry was = {0};
	OWNED(buf_release) struct buf was_doc = {0};
	OWNED(buf_release) struct buf doc = {0};
	uint64_t changed;
	int found =
		ingest_catalog_older(older, bytes_of(entry->ns, entry->ns_len), &was, &changed, e);

	if (found < 0)
		return found;
	*ret = now;
	if (found == 0)
		return 0;
	if (encode_content(&was, &was_doc, e) < 0 || encode_content(entry, &doc, e) < 0)
		return e->code;
	if (bytes_equal(buf_bytes(&was_doc), buf_bytes(&doc)) && changed < now)
		*ret = changed;
	return 0;
}

static int add_entry(const struct ingest_older *older, const struct catalog_entry *entry,
		     struct catalog_build *build, uint64_t now, struct error *e)
{
	uint64_t changed;

	if (changed_at(older, entry, now, &changed, e) < 0)
		return e->code;
	return catalog_build_add(build, entry, changed, NULL, e);
}

int ingest_catalog_build(struct store_writer *writer, const struct ingest_older *older,
			 struct catalog_entry *entries, size_t count, struct snapshot *snapshot,
			 struct error *e)
{
	const struct snapshot *last =
		older->list->count > 0 ? &older->list->at[older->list->count - 1] : NULL;
	OWNED(catalog_build_free)
	struct catalog_build *build = catalog_build_new(writer, last);

	if (count > 1)
		qsort(entries, count, sizeof(*entries), by_ns);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && by_ns(&entries[i - 1], &entries[i]) == 0)
			return error_set(e, ERR_INVALID, "namespace %s comes twice in the input",
					 entries[i].ns);
		if (add_entry(older, &entries[i], build, snapshot->time, e) < 0)
			return error_wrap(e, "%s", entries[i].ns);
	}
	return catalog_build_finish(build, snapshot, e);
}
