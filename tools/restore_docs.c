#include "tools/restore_docs.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "tools/restore_batch.h"
#include "tools/restore_create.h"
#include "tools/restore_put.h"

struct counts {
	uint64_t bytes, inserted, replaced, same, kept;
};

struct restore_docs {
	struct restore_docs_job *job;
	mongoc_client_t *client;
	const struct restore_plan_item *item;
	struct restore_batch batch;
	struct restore_notes notes; /* of the unit at hand */
	struct counts counts;	    /* of it, too */
	struct buf command, reply;
	bool which[RESTORE_BATCH_DOCUMENTS];
	size_t ended; /* behind the last document of the batch that an insert in order tried */
	bool careful, wrote;
};

struct restore_docs *restore_docs_new(struct restore_docs_job *job)
{
	struct restore_docs *w = xcalloc(1, sizeof(*w));

	w->job = job;
	restore_batch_init(&w->batch);
	restore_notes_init(&w->notes);
	return w;
}

void restore_docs_free(struct restore_docs *w)
{
	if (w == NULL)
		return;
	restore_batch_release(&w->batch);
	restore_notes_release(&w->notes);
	buf_release(&w->command);
	buf_release(&w->reply);
	free(w);
}

static void note(struct restore_docs *w, enum restore_note_kind kind, size_t i, struct bytes why)
{
	restore_notes_document(&w->notes, kind, w->item->ns, restore_batch_doc(&w->batch, i), why);
}

/* What the put told about one document. */
static int judge_put(struct restore_docs *w, size_t i, int code, uint64_t *counter, struct error *e)
{
	int server;

	if (code < 0)
		return code;
	if (code == 1) {
		++*counter;
		w->wrote = true;
		return 0;
	}
	/* What the server says is about the command that had it. */
	if (restore_batch_is_long(restore_batch_doc(&w->batch, i))) {
		note(w, RESTORE_NOTE_REFUSED, i,
		     bytes_str("it has more than 16 MiB, and no server takes that"));
		return 0;
	}
	server = restore_target_code(buf_bytes(&w->reply));
	note(w, server == RESTORE_TARGET_DUPLICATE ? RESTORE_NOTE_UNIQUE : RESTORE_NOTE_REFUSED, i,
	     restore_target_text(buf_bytes(&w->reply)));
	(void)e;
	return 0;
}

/* A document that an ordinary insert would change, or that it refuses. */
static int put_exactly(struct restore_docs *w, size_t i, struct error *e)
{
	return judge_put(w, i,
			 restore_put_exactly(w->job->target, w->client, w->item,
					     restore_batch_doc(&w->batch, i), &w->reply, e),
			 &w->counts.inserted, e);
}

static int replace(struct restore_docs *w, size_t i, struct error *e)
{
	return judge_put(w, i,
			 restore_put_instead(w->job->target, w->client, w->item,
					     restore_batch_doc(&w->batch, i), &w->reply, e),
			 &w->counts.replaced, e);
}

/* There is another document of this _id. */
static int settle_other(struct restore_docs *w, size_t i, struct error *e)
{
	if (w->item->action == RESTORE_MERGE && restore_mode_replaces(w->job->mode))
		return replace(w, i, e);
	w->counts.kept++;
	note(w, RESTORE_NOTE_ID, i, bytes_str("there is another document with this _id"));
	return 0;
}

/* Decide on the documents that were looked for: those absent stay marked in `which`. */
static int settle_found(struct restore_docs *w, struct error *e)
{
	for (size_t i = 0; i < w->batch.count; i++) {
		enum restore_batch_state state = w->batch.at[i].state;

		if (!w->which[i] || state == RESTORE_BATCH_ABSENT)
			continue;
		w->which[i] = false;
		w->counts.same += state == RESTORE_BATCH_SAME;
		if (state == RESTORE_BATCH_OTHER && settle_other(w, i, e) < 0)
			return e->code;
	}
	return 0;
}

static int look(struct restore_docs *w, struct error *e)
{
	if (restore_batch_look(&w->batch, w->job->target, w->client, w->item->db, w->item->coll,
			       w->which, e) < 0)
		return e->code;
	return settle_found(w, e);
}

/* Of an error of one document: its place in the batch, code and words. */
struct write_error {
	size_t index;
	int code;
	struct bytes text;
};

static int read_write_error(const struct bson_field *field, struct write_error *ret,
			    struct error *e)
{
	struct bson_field index;
	int found =
		field->type == BSON_KIND_DOCUMENT ? bson_find(field->value, "index", &index, e) : 0;

	if (found < 0)
		return found;
	if (found == 0 || index.type != BSON_KIND_INT32)
		return error_set(e, ERR_REMOTE, "the reply to an insert is not understood");
	ret->index = get_le32(index.value.at);
	ret->code = restore_target_code(field->value);
	ret->text = restore_target_text(field->value);
	return 0;
}

/* Which documents of the batch the numbers of the command mean. */
static size_t nth_sent(const struct restore_docs *w, const bool *sent, size_t n)
{
	for (size_t i = 0; i < w->batch.count; i++)
		if (sent[i] && n-- == 0)
			return i;
	return w->batch.count;
}

static size_t count_after(const struct restore_docs *w, const bool *sent, size_t last)
{
	size_t count = 0;

	for (size_t i = last + 1; i < w->batch.count; i++)
		count += sent[i];
	return count;
}

/*
 * After an insert: documents whose _id is taken are looked at; what has a value of another in a unique
 * index is a clash; what the server does not take as an insert is tried in another way.
 */
static int settle_errors(struct restore_docs *w, const bool *sent, struct bytes errors,
			 struct error *e)
{
	struct bson_fields fields = bson_fields(errors);
	struct bson_field field;
	OWNED(free) struct write_error *found = xcalloc(w->batch.count, sizeof(*found));
	size_t count = 0, last = 0;
	int more;

	memset(w->which, 0, sizeof(w->which));
	while ((more = bson_fields_next(&fields, &field, e)) > 0 && count < w->batch.count) {
		struct write_error *one = &found[count];

		if (read_write_error(&field, one, e) < 0)
			return e->code;
		one->index = nth_sent(w, sent, one->index);
		if (one->index == w->batch.count)
			return error_set(e, ERR_REMOTE, "the reply to an insert is not understood");
		w->which[one->index] = one->code == RESTORE_TARGET_DUPLICATE;
		last = one->index;
		count++;
	}
	if (more < 0)
		return more;
	w->counts.inserted -= count;
	if (w->item->natural) { /* it ended there */
		w->counts.inserted -= count_after(w, sent, last);
		w->ended = last + 1;
	}
	if (look(w, e) < 0)
		return e->code;
	for (size_t i = 0; i < count; i++) {
		struct write_error *one = &found[i];

		if (one->code != RESTORE_TARGET_DUPLICATE) {
			if (put_exactly(w, one->index, e) < 0)
				return e->code;
		} else if (w->which[one->index]) {
			note(w, RESTORE_NOTE_UNIQUE, one->index, one->text);
		}
	}
	return 0;
}

/* The command that inserts what `which` says; returns how many that is. */
static size_t write_insert(struct restore_docs *w)
{
	size_t count = 0, begin = bson_build_begin((buf_reset(&w->command), &w->command)), array;
	char number[24];

	bson_build_string(&w->command, "insert", bytes_str(w->item->coll));
	bson_build_bool(&w->command, "ordered", w->item->natural);
	if (w->item->bypasses)
		bson_build_bool(&w->command, "bypassDocumentValidation", true);
	array = bson_build_open_array(&w->command, "documents");
	for (size_t i = 0; i < w->batch.count; i++) {
		if (!w->which[i])
			continue;
		snprintf(number, sizeof(number), "%zu", count++);
		bson_build_value(&w->command, number, BSON_KIND_DOCUMENT,
				 restore_batch_doc(&w->batch, i));
	}
	bson_build_end(&w->command, array);
	bson_build_end(&w->command, begin);
	return count;
}

static int insert(struct restore_docs *w, struct error *e)
{
	size_t count = write_insert(w);
	bool sent[RESTORE_BATCH_DOCUMENTS];
	OWNED(buf_release) struct buf errors = {0};
	struct bson_field field;
	int code;

	if (count == 0)
		return 0;
	if (restore_rate_take(&w->job->rate, w->command.len, e) < 0)
		return e->code;
	memcpy(sent, w->which, sizeof(sent));
	w->wrote = true;
	code = restore_target_try(w->job->target, w->client, w->item->db, buf_bytes(&w->command),
				  &w->reply, e);
	if (code == 0)
		return restore_target_refused(buf_bytes(&w->reply), w->item->ns, e);
	if (code < 0)
		return code;
	w->counts.inserted += count;
	code = bson_find(buf_bytes(&w->reply), "writeErrors", &field, e);
	if (code <= 0 || field.type != BSON_KIND_ARRAY)
		return MIN_OF(code, 0);
	buf_add_bytes(&errors, field.value); /* the reply's memory is used again */
	return settle_errors(w, sent, buf_bytes(&errors), e);
}

/* Those that an insert would change go their own way. */
static int put_special(struct restore_docs *w, struct error *e)
{
	for (size_t i = 0; i < w->batch.count; i++) {
		bool plain, id_first;

		if (!w->which[i])
			continue;
		if (restore_batch_is_plain(restore_batch_doc(&w->batch, i), &plain, &id_first, e) <
		    0)
			return e->code;
		if (plain)
			continue;
		w->which[i] = false;
		if (put_exactly(w, i, e) < 0)
			return e->code;
	}
	return 0;
}

/* One after the other: of an ordered insert what follows an error was not tried. */
static int insert_in_order(struct restore_docs *w, struct error *e)
{
	size_t begin = 0;

	while (begin < w->batch.count) {
		size_t end = begin;
		bool plain = true, id_first;

		memset(w->which, 0, sizeof(w->which));
		for (; end < w->batch.count; end++) {
			if (restore_batch_is_plain(restore_batch_doc(&w->batch, end), &plain,
						   &id_first, e) < 0)
				return e->code;
			/* Without an _id it comes from a collection that has no index on it. */
			if (!plain &&
			    (id_first || restore_batch_is_long(restore_batch_doc(&w->batch, end))))
				break;
			w->which[end] = true;
		}
		w->ended = end;
		if (end == begin) {
			if (put_exactly(w, w->ended++, e) < 0)
				return e->code;
		} else if (insert(w, e) < 0) {
			return e->code;
		}
		begin = w->ended;
	}
	return 0;
}

static int flush(struct restore_docs *w, struct error *e)
{
	memset(w->which, true, w->batch.count);
	if (w->item->natural) {
		if (insert_in_order(w, e) < 0)
			return e->code;
	} else {
		if ((w->careful || w->item->action == RESTORE_MERGE) && look(w, e) < 0)
			return e->code;
		if (put_special(w, e) < 0 || insert(w, e) < 0)
			return e->code;
	}
	restore_batch_reset(&w->batch);
	return 0;
}

static int write_unit(struct restore_docs *w, uint64_t first, uint64_t count, struct error *e)
{
	const struct catalog_entry *entry = &w->item->entry;
	OWNED(restore_picker_free) struct restore_picker *picker = NULL;
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(w->job->store, &entry->root);
	struct bytes doc;
	int more = 1;

	if (restore_picker_new(w->job->select, entry, &picker, e) < 0 ||
	    (first > 0 && tree_cursor_seek_rank(cursor, first, e) < 0))
		return e->code;
	restore_batch_reset(&w->batch);
	for (uint64_t i = 0; i < count && (more = tree_cursor_next(cursor, &doc, e)) > 0; i++) {
		int taken = restore_picker_takes(picker, doc, e);

		if (taken < 0)
			return taken;
		w->counts.bytes += doc.len;
		if (taken == 0)
			continue;
		if (restore_batch_is_full(&w->batch, doc.len) && flush(w, e) < 0)
			return e->code;
		if (restore_batch_add(&w->batch, doc, e) < 0)
			return e->code;
	}
	if (more < 0 || (w->batch.count > 0 && flush(w, e) < 0))
		return e->code;
	return w->wrote ? restore_put_settle(w->job->target, w->client, w->item, &w->reply, e) : 0;
}

/* What the unit did counts from now on. */
static void account(struct restore_docs *w)
{
	struct restore_docs_job *job = w->job;

	atomic_fetch_add(&job->bytes, w->counts.bytes);
	atomic_fetch_add(&job->inserted, w->counts.inserted);
	atomic_fetch_add(&job->replaced, w->counts.replaced);
	atomic_fetch_add(&job->same, w->counts.same);
	atomic_fetch_add(&job->kept, w->counts.kept);
	restore_notes_move(job->notes, &w->notes);
}

int restore_docs_write(struct restore_docs *w, mongoc_client_t *client,
		       const struct restore_plan_item *item, uint64_t first, uint64_t count,
		       bool careful, struct error *e)
{
	OWNED(collation_close) struct collation *collation = NULL;
	uint64_t since = 0;
	int code, clashes;

	if (collation_of_options(buf_bytes(&item->entry.options), &collation, e) < 0)
		return error_wrap(e, "%s", item->ns);
	w->client = client;
	w->item = item;
	w->careful = careful;
	w->batch.collation = collation;
	for (;;) {
		w->counts = (struct counts){0};
		w->wrote = false;
		restore_notes_forget(&w->notes);
		code = write_unit(w, first, count, e);
		if (code != ERR_BUSY)
			break;
		if (restore_target_wait(w->job->target, &since, e) < 0)
			return e->code;
		w->careful = !item->natural;
		/* Order can't be mended: it begins anew. */
		if (item->natural && restore_create_again(w->job->target, client, item,
							  w->job->preserve_uuid, e) < 0)
			return e->code;
	}
	if (code < 0)
		return code;
	clashes = restore_notes_clashes(&w->notes) > 0;
	account(w);
	return clashes;
}
