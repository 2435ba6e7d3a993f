#include "tools/restore_batch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "base/key.h"
#include "tools/live_reply.h"

void restore_batch_init(struct restore_batch *batch)
{
	*batch = (struct restore_batch){0};
}

void restore_batch_release(struct restore_batch *batch)
{
	buf_release(&batch->docs);
	buf_release(&batch->keys);
	buf_release(&batch->scratch);
}

void restore_batch_reset(struct restore_batch *batch)
{
	buf_reset(&batch->docs);
	buf_reset(&batch->keys);
	batch->count = 0;
}

bool restore_batch_is_full(const struct restore_batch *batch, size_t len)
{
	return batch->count == RESTORE_BATCH_DOCUMENTS ||
	       (batch->count > 0 && batch->docs.len + len > RESTORE_BATCH_BYTES);
}

int restore_batch_add(struct restore_batch *batch, struct bytes doc, struct error *e)
{
	struct restore_batch_doc *entry = &batch->at[batch->count];

	if (buf_reserve(&batch->docs, doc.len, RESTORE_BATCH_BYTES + BSON_MAX_LEN, e) < 0)
		return e->code;
	*entry = (struct restore_batch_doc){.at = batch->docs.len, .len = doc.len};
	buf_add_bytes(&batch->docs, doc);
	batch->count++;
	return 0;
}

static int add_key(struct restore_batch *batch, struct bytes doc, struct buf *ret, struct error *e)
{
	if (batch->collation != NULL)
		return collation_key_of_document(batch->collation, doc, ret, e);
	return key_of_document(doc, ret, e);
}

static _Thread_local const struct restore_batch *compared; /* whose keys by_key() looks at */

static struct bytes key_of(const struct restore_batch *batch, const struct restore_batch_doc *doc)
{
	return bytes_of(batch->keys.at + doc->key, doc->key_len);
}

static int by_key(const void *a, const void *b)
{
	const struct restore_batch_doc *x = *(struct restore_batch_doc *const *)a;
	const struct restore_batch_doc *y = *(struct restore_batch_doc *const *)b;

	return bytes_compare(key_of(compared, x), key_of(compared, y));
}

/* An object that begins with {$odd: ...}: no server takes it within $in. */
static bool is_like_operator(const struct bson_field *id)
{
	return id->type == BSON_KIND_DOCUMENT && id->value.len > BSON_MIN_LEN &&
	       id->value.at[5] == '$';
}

/* {_id: {$eq: value}}, as field number `place` of an array. */
static void write_equal(struct buf *ret, size_t place, const struct bson_field *id)
{
	size_t one, equal;
	char number[24];

	snprintf(number, sizeof(number), "%zu", place);
	one = bson_build_open(ret, number);
	equal = bson_build_open(ret, "_id");
	bson_build_value(ret, "$eq", id->type, id->value);
	bson_build_end(ret, equal);
	bson_build_end(ret, one);
}

/*
 * The _id of a document that is asked for: among those of $in, or an alternative of its own. 1; 0 it can't be
 * asked for.
 */
static int add_id(struct restore_batch *batch, size_t i, size_t count, struct buf *ret_in,
		  struct buf *ret_others, size_t *others, struct error *e)
{
	struct restore_batch_doc *doc = &batch->at[i];
	struct bson_field id;
	char number[24];
	int found = bson_find(restore_batch_doc(batch, i), "_id", &id, e);

	if (found <= 0 || id.type == BSON_KIND_UNDEFINED) /* $in refuses the latter */
		return MIN_OF(found, 0);
	if (add_key(batch, restore_batch_doc(batch, i), &batch->keys, e) < 0)
		return e->code;
	doc->key_len = batch->keys.len - doc->key;
	if (is_like_operator(&id)) {
		write_equal(ret_others, ++*others, &id);
		return 1;
	}
	snprintf(number, sizeof(number), "%zu", count);
	bson_build_value(ret_in, number, id.type, id.value);
	return 1;
}

/* {_id: {$in: [...]}}; with others {$or: [that, {_id: {$eq: ...}}, ...]}. Both are elements of an array. */
static void put_filter(struct bytes plain, struct bytes others, struct buf *ret)
{
	size_t outer = bson_build_begin(ret), list = 0, one = 0, id, in;

	if (others.len > 0) {
		list = bson_build_open_array(ret, "$or");
		one = bson_build_open(ret, "0");
	}
	id = bson_build_open(ret, "_id");
	in = bson_build_open_array(ret, "$in");
	buf_add_bytes(ret, plain);
	bson_build_end(ret, in);
	bson_build_end(ret, id);
	if (others.len > 0) {
		bson_build_end(ret, one);
		buf_add_bytes(ret, others);
		bson_build_end(ret, list);
	}
	bson_build_end(ret, outer);
}

/* The filter by _id, and the documents it asks for sorted by key. Returns how many. */
static int write_filter(struct restore_batch *batch, const bool *which, struct buf *ret,
			struct error *e)
{
	OWNED(buf_release) struct buf plain = {0};
	OWNED(buf_release) struct buf odd = {0};
	size_t count = 0, others = 0;

	buf_reset(&batch->keys);
	for (size_t i = 0; i < batch->count; i++) {
		struct restore_batch_doc *doc = &batch->at[i];
		int found;

		doc->state = RESTORE_BATCH_ABSENT;
		doc->key = batch->keys.len;
		doc->key_len = 0;
		if (which != NULL && !which[i])
			continue;
		found = add_id(batch, i, count - others, &plain, &odd, &others, e);
		if (found < 0)
			return found;
		if (found > 0)
			batch->sorted[count++] = doc;
	}
	put_filter(buf_bytes(&plain), buf_bytes(&odd), ret);
	compared = batch;
	if (count > 1)
		qsort(batch->sorted, count, sizeof(*batch->sorted), by_key);
	return (int)count;
}

/* A document of the target: which of ours has its _id? */
static int take(struct restore_batch *batch, size_t count, struct bytes theirs, struct error *e)
{
	size_t low = 0, high = count;
	struct bytes key;

	buf_reset(&batch->scratch);
	if (add_key(batch, theirs, &batch->scratch, e) < 0)
		return e->code;
	key = buf_bytes(&batch->scratch);
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (bytes_compare(key_of(batch, batch->sorted[middle]), key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && bytes_equal(key_of(batch, batch->sorted[low]), key); low++) {
		struct restore_batch_doc *doc = batch->sorted[low];
		struct bytes ours = bytes_of(batch->docs.at + doc->at, doc->len);

		doc->state = bytes_equal(ours, theirs) ? RESTORE_BATCH_SAME : RESTORE_BATCH_OTHER;
	}
	return 0;
}

int restore_batch_look(struct restore_batch *batch, struct restore_target *target,
		       mongoc_client_t *client, const char *db, const char *coll, const bool *which,
		       struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	mongoc_collection_t *collection;
	mongoc_cursor_t *cursor;
	bson_error_t why;
	const bson_t *doc;
	bson_t filter;
	int code = 0, count = write_filter(batch, which, &text, e);

	if (count <= 0)
		return count;
	if (!bson_init_static(&filter, text.at, text.len))
		return error_set(e, ERR_INVALID, "a filter of %zu bytes", text.len);
	collection = mongoc_client_get_collection(client, db, coll);
	cursor = mongoc_collection_find_with_opts(collection, &filter, NULL, NULL);
	while (code >= 0 && live_reply_next(cursor, &doc))
		code = take(batch, (size_t)count, bytes_of(bson_get_data(doc), doc->len), e);
	if (code >= 0 && live_reply_error(cursor, &why)) {
		code = restore_target_error(target, &why, coll, e);
		if (restore_target_passes(&why))
			code = e->code = ERR_BUSY;
	}
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(collection);
	return code;
}

int restore_batch_is_plain(struct bytes doc, bool *ret, bool *ret_id_first, struct error *e)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	bool first = true;
	int more;

	*ret = true;
	*ret_id_first = false;
	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		bool id = bytes_equal(field.name, bytes_str("_id"));

		if (first)
			*ret_id_first = id;
		if (!id && field.type == BSON_KIND_TIMESTAMP && get_le64(field.value.at) == 0)
			*ret = false;
		first = false;
	}
	*ret = *ret && *ret_id_first && !restore_batch_is_long(doc);
	return more;
}
