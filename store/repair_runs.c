#include "store/repair_runs.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bson.h"
#include "base/ejson.h"
#include "store/tree/tree_cursor.h"

#define TOLD_MAX 100
#define ID_MAX 300 /* bytes of one that are shown */

void repair_runs_add(struct buf *runs, uint64_t first, uint64_t count)
{
	struct repair_run run = {first, count}, *last;

	if (runs->len > 0) {
		last = (struct repair_run *)(void *)(runs->at + runs->len) - 1;
		if (last->first + last->count == first) {
			last->count += count;
			return;
		}
	}
	buf_add(runs, &run, sizeof(run));
}

/* The _id of document number `rank`, or the ts of an entry of the oplog, as JSON; "" when it can't be told. */
static void name_document(struct store *store, const struct tree_root *root, uint64_t rank,
			  struct buf *ret)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, root);
	struct bson_field field;
	struct error ignored;
	struct bytes doc;
	int found;

	buf_reset(ret);
	tree_cursor_set_ahead(cursor, false);
	if (tree_cursor_seek_rank(cursor, rank, &ignored) != 1 ||
	    tree_cursor_next(cursor, &doc, &ignored) != 1)
		return;
	found = bson_find(doc, "_id", &field, &ignored);
	if (found == 0)
		found = bson_find(doc, "ts", &field, &ignored);
	if (found != 1 ||
	    ejson_write_value(field.type, field.value, EJSON_RELAXED, ret, &ignored) < 0)
		buf_reset(ret);
}

static void tell_one(struct store *store, const struct tree_root *root,
		     const struct repair_run *run, const struct repair_options *options)
{
	OWNED(buf_release) struct buf before = {0};
	OWNED(buf_release) struct buf behind = {0};
	OWNED(free) char *text = NULL;
	uint64_t end = run->first + run->count;

	if (run->first > 0)
		name_document(store, root, run->first - 1, &before);
	if (end < root->count)
		name_document(store, root, end, &behind);
	text = xprintf("  lost: number %" PRIu64 " to %" PRIu64 "%s%.*s%s%.*s", run->first + 1, end,
		       before.len > 0 ? ", after " : "", ID_MAX, buf_text(&before),
		       behind.len > 0 ? ", before " : "", ID_MAX, buf_text(&behind));
	options->tell(options->tell_ctx, text);
}

void repair_runs_tell(struct store *store, const struct tree_root *root, const struct buf *runs,
		      const struct repair_options *options)
{
	const struct repair_run *run = (const struct repair_run *)(const void *)runs->at;
	size_t count = runs->len / sizeof(*run);
	OWNED(free) char *text = NULL;

	for (size_t i = 0; i < MIN_OF(count, (size_t)TOLD_MAX); i++)
		tell_one(store, root, &run[i], options);
	if (count <= TOLD_MAX)
		return;
	text = xprintf("  lost: %zu more runs of documents", count - TOLD_MAX);
	options->tell(options->tell_ctx, text);
}
