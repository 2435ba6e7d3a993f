#include "tools/restore_check.h"

#include <stdlib.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "tools/id_text.h"
#include "tools/restore_batch.h"
#include "tools/restore_gone.h"
#include "tools/verify_compare.h"

/* One unit. */
struct check {
	struct restore_check_job *job;
	mongoc_client_t *client;
	const struct restore_plan_item *item;
	struct restore_notes notes;
	uint64_t bytes, changed, given;
	bool passes; /* the cursor's error does */
};

static void check_release(struct check *c)
{
	restore_notes_release(&c->notes);
}
DEFINE_OWNED_STRUCT(struct check, check_release);

static bool has_option(const struct restore_plan_item *item, const char *name)
{
	struct error ignored = {0};
	struct bson_field field;

	return bson_find(buf_bytes(&item->entry.options), name, &field, &ignored) > 0;
}

/* Is the whole collection ours? */
static bool is_whole(const struct restore_plan_item *item, const struct restore_select *select)
{
	return item->action != RESTORE_MERGE && select == NULL;
}

/* There is an index on _id, in the order of our tree. */
static bool is_ordered(const struct restore_plan_item *item)
{
	return !item->natural && !item->is_buckets && !has_option(item, "collation") &&
	       !has_option(item, "clusteredIndex");
}

int restore_check_in_parts(const struct restore_check_job *job,
			   const struct restore_plan_item *item, struct error *e)
{
	if (!is_whole(item, job->docs->select))
		return 1;
	return is_ordered(item) ? verify_compare_has_parts(job->docs->store, &item->entry.root, e)
				: 0;
}

/* Was it told as a clash already? */
static bool is_known(struct check *c, struct bytes doc, bool missing)
{
	struct restore_notes *told = c->job->docs->notes;
	OWNED(buf_release) struct buf id = {0};
	struct error ignored = {0};
	bool known = false;

	if (restore_notes_clashes(told) == 0 || id_text_document(doc, &id, &ignored) < 0)
		return false;
	pthread_mutex_lock(&told->mutex);
	for (size_t i = 0; i < told->count && !known; i++) {
		const struct restore_note *note = &told->at[i];

		known = (note->kind == RESTORE_NOTE_ID ? !missing
						       : note->kind <= RESTORE_NOTE_REFUSED) &&
			strcmp(note->ns, c->item->ns) == 0 &&
			strcmp(note->what, buf_text(&id)) == 0;
	}
	/* Not all were kept. Of what is there, but differs, none is missing. */
	for (size_t kind = 0; kind <= RESTORE_NOTE_REFUSED; kind++)
		known |= told->total[kind] > RESTORE_NOTES_KEPT &&
			 (kind != RESTORE_NOTE_ID || !missing);
	pthread_mutex_unlock(&told->mutex);
	return known;
}

static bool is_told(void *ctx, struct bytes ours)
{
	return is_known(ctx, ours, true);
}

/* Is it ours, with an _id that the server put before it? No server of today keeps a document without one. */
static bool has_given_id(struct bytes ours, struct bytes theirs)
{
	struct error ignored = {0};
	struct bson_field id;
	size_t len; /* of the element */

	if (ours.len == 0 || theirs.len == 0 || bson_find(ours, "_id", &id, &ignored) != 0 ||
	    bson_find(theirs, "_id", &id, &ignored) <= 0 || id.type != BSON_KIND_OBJECT_ID)
		return false;
	len = bson_element(&id).len;
	return theirs.len == ours.len + len && bson_element(&id).at == theirs.at + 4 &&
	       memcmp(theirs.at + 4 + len, ours.at + 4, ours.len - 4) == 0;
}

static int differs(void *ctx, struct bytes ours, struct bytes theirs, struct error *e)
{
	struct check *c = ctx;
	enum restore_note_kind kind = ours.len == 0	? RESTORE_NOTE_EXTRA
				      : theirs.len == 0 ? RESTORE_NOTE_MISSING
							: RESTORE_NOTE_DIFFERS;

	(void)e;
	if (has_given_id(ours, theirs)) {
		c->given++;
		return 0;
	}
	if (ours.len == 0 || !is_known(c, ours, theirs.len == 0))
		restore_notes_document(&c->notes, kind, c->item->ns, ours.len == 0 ? theirs : ours,
				       bytes_str(""));
	return 0;
}

static int failed(void *ctx, const bson_error_t *why, struct error *e)
{
	struct check *c = ctx;

	restore_target_error(c->job->docs->target, why, c->item->ns, e);
	if (restore_target_passes(why))
		e->code = ERR_BUSY;
	return e->code;
}

static int step(void *ctx, uint64_t bytes, struct error *e)
{
	struct check *c = ctx;

	(void)e;
	c->bytes += bytes;
	return 0;
}

/* A collection that is all ours. */
static int check_whole(struct check *c, uint64_t first, uint64_t count, struct error *e)
{
	const struct restore_plan_item *item = c->item;
	const struct verify_compare_sink sink = {
		.ctx = c, .differs = differs, .is_absent = is_told, .failed = failed, .step = step};
	const struct verify_compare_part part = {c->job->docs->store, &item->entry.root, first,
						 count};
	OWNED(buf_release) struct buf options = {0};
	size_t begin = bson_build_begin(&options), hint;
	bson_t filter = BSON_INITIALIZER, opts;
	mongoc_collection_t *collection;
	mongoc_cursor_t *cursor;
	int code = 0;

	if (is_ordered(item)) {
		code = verify_compare_bounds(&part, &options, e);
	} else if (item->natural) {
		hint = bson_build_open(&options, "hint");
		bson_build_int32(&options, "$natural", 1);
		bson_build_end(&options, hint);
	}
	bson_build_end(&options, begin);
	if (code < 0)
		return code;
	if (!bson_init_static(&opts, options.at, options.len))
		return error_set(e, ERR_INVALID, "options of %zu bytes", options.len);
	collection = mongoc_client_get_collection(c->client, item->db, item->coll);
	cursor = mongoc_collection_find_with_opts(collection, &filter, &opts, NULL);
	code = item->natural ? verify_compare_natural(&part, cursor, &sink, e)
			     : verify_compare_keyed(&part, cursor, !is_ordered(item),
						    c->job->tmp_dir, &sink, e);
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(collection);
	return code;
}

/* What is absent and was not told: deleted by others since, as the target's oplog says, or a mismatch. */
static int check_absent(struct check *c, struct restore_batch *batch, struct error *e)
{
	const struct restore_plan_item *item = c->item;
	bool absent[RESTORE_BATCH_DOCUMENTS] = {false}, missing[RESTORE_BATCH_DOCUMENTS];
	bool any = false;

	for (size_t i = 0; i < batch->count; i++) {
		absent[i] = batch->at[i].state == RESTORE_BATCH_ABSENT &&
			    batch->at[i].key_len > 0 &&
			    !is_known(c, restore_batch_doc(batch, i), true);
		any |= absent[i];
	}
	if (!any)
		return 0;
	memcpy(missing, absent, sizeof(missing));
	if (item->action == RESTORE_MERGE &&
	    restore_gone_look(batch, c->job->docs->target, c->client, item, missing, e) < 0)
		return e->code;
	for (size_t i = 0; i < batch->count; i++) {
		c->changed += absent[i] && !missing[i];
		if (missing[i])
			restore_notes_document(&c->notes, RESTORE_NOTE_MISSING, item->ns,
					       restore_batch_doc(batch, i), bytes_str(""));
	}
	return 0;
}

static int check_batch(struct check *c, struct restore_batch *batch, struct error *e)
{
	const struct restore_plan_item *item = c->item;

	if (restore_batch_look(batch, c->job->docs->target, c->client, item->db, item->coll, NULL,
			       e) < 0 ||
	    check_absent(c, batch, e) < 0)
		return e->code;
	for (size_t i = 0; i < batch->count; i++) {
		struct bytes doc = restore_batch_doc(batch, i);

		if (batch->at[i].state != RESTORE_BATCH_OTHER || is_known(c, doc, false))
			continue;
		if (item->action == RESTORE_MERGE)
			c->changed++;
		else
			restore_notes_document(&c->notes, RESTORE_NOTE_DIFFERS, item->ns, doc,
					       bytes_str(""));
	}
	restore_batch_reset(batch);
	return 0;
}

/* Only that what was meant is there. */
static int check_some(struct check *c, struct restore_batch *batch, uint64_t first, uint64_t count,
		      struct error *e)
{
	const struct catalog_entry *entry = &c->item->entry;
	OWNED(restore_picker_free) struct restore_picker *picker = NULL;
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(c->job->docs->store, &entry->root);
	struct bytes doc;
	int more = 1;

	if (restore_picker_new(c->job->docs->select, entry, &picker, e) < 0 ||
	    (first > 0 && tree_cursor_seek_rank(cursor, first, e) < 0))
		return e->code;
	for (uint64_t i = 0; i < count && (more = tree_cursor_next(cursor, &doc, e)) > 0; i++) {
		int taken = restore_picker_takes(picker, doc, e);

		if (taken < 0)
			return taken;
		c->bytes += doc.len;
		if (taken == 0)
			continue;
		if (restore_batch_is_full(batch, doc.len) && check_batch(c, batch, e) < 0)
			return e->code;
		if (restore_batch_add(batch, doc, e) < 0)
			return e->code;
	}
	return more < 0 || batch->count == 0 ? more : check_batch(c, batch, e);
}

static int check_some_of(struct check *c, uint64_t first, uint64_t count, struct error *e)
{
	OWNED(collation_close) struct collation *collation = NULL;
	OWNED(free) struct restore_batch *batch = xmalloc(sizeof(*batch));
	int code;

	if (collation_of_options(buf_bytes(&c->item->entry.options), &collation, e) < 0)
		return e->code;
	restore_batch_init(batch);
	batch->collation = collation;
	code = check_some(c, batch, first, count, e);
	restore_batch_release(batch);
	return MIN_OF(code, 0);
}

int restore_check_unit(struct restore_check_job *job, mongoc_client_t *client,
		       const struct restore_plan_item *item, uint64_t first, uint64_t count,
		       struct error *e)
{
	OWNED(check_release) struct check c = {.job = job, .client = client, .item = item};
	uint64_t since = 0;
	int code;

	restore_notes_init(&c.notes);
	for (;;) {
		restore_notes_forget(&c.notes);
		c.bytes = c.changed = c.given = 0;
		code = is_whole(item, job->docs->select) ? check_whole(&c, first, count, e)
							 : check_some_of(&c, first, count, e);
		if (code != ERR_BUSY)
			break;
		if (restore_target_wait(job->docs->target, &since, e) < 0)
			return e->code;
	}
	if (code < 0)
		return code;
	restore_notes_move(job->notes, &c.notes);
	atomic_fetch_add(&job->bytes, c.bytes);
	atomic_fetch_add(&job->changed, c.changed);
	atomic_fetch_add(&job->given, c.given);
	return 0;
}
