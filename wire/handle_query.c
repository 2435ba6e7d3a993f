/* The commands that query/ answers. Prefix: handle_ */
#include "query/query_error.h"
#include "query/value.h"
#include "wire/command_table.h"
#include "wire/handlers.h"
#include "wire/query_call.h"

int handle_find(struct call *call, struct error *e)
{
	OWNED(query_call_end) struct query_call q = {0};
	struct query_cursor *cursor;

	if (query_call_begin(call, call->cmd, &q, e) < 0 || query_find(&q.request, &cursor, e) < 0)
		return e->code;
	return query_call_reply(&q, cursor, true, e);
}

/* Does a stage of the pipeline write? */
static bool writes(struct bytes cmd)
{
	struct bson_field f, stage, first;
	struct fields stages, inside;

	if (!fields_find(cmd, bytes_str("pipeline"), &f) || f.type != BSON_KIND_ARRAY)
		return false;
	stages = fields_of(f.value);
	while (fields_next(&stages, &stage)) {
		inside = fields_of(stage.type == BSON_KIND_DOCUMENT ? stage.value
								    : bytes_of(NULL, 0));
		if (fields_next(&inside, &first) &&
		    (call_is_field(&first, "$out") || call_is_field(&first, "$merge")))
			return true;
	}
	return false;
}

/* A pipeline that could not be run: when all of it is right and it would write, the command is refused. */
static int refuse_write(struct call *call, struct bytes cmd, struct error *e)
{
	if (e->server == QUERY_UNAUTHORIZED && writes(cmd))
		return call_refuse(call, e);
	return e->code;
}

static int explain(struct call *call, struct query_call *q, struct bytes cmd, struct error *e)
{
	if (query_explain(&q->request, call->reply, e) < 0)
		return refuse_write(call, cmd, e);
	return 0;
}

int handle_aggregate(struct call *call, struct error *e)
{
	OWNED(query_call_end) struct query_call q = {0};
	struct query_cursor *cursor;

	if (query_call_begin(call, call->cmd, &q, e) < 0)
		return e->code;
	if (call_flag(call, "explain"))
		return explain(call, &q, call->cmd, e);
	if (query_aggregate(&q.request, &cursor, e) < 0)
		return refuse_write(call, call->cmd, e);
	return query_call_reply(&q, cursor, false, e);
}

/* What count and distinct answer of a view mongod makes out of an aggregation's reply: its "ok" is an int then. */
static int look_for_view(struct call *call, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry;
	int found;

	catalog_entry_init(&entry);
	if (call->first.type != BSON_KIND_STRING)
		return 0;
	found = call_entry(call, value_of_field(&call->first).data, &entry, e);
	call->is_int_ok = found > 0 && entry.type != CATALOG_COLLECTION;
	return MIN_OF(found, 0);
}

int handle_count(struct call *call, struct error *e)
{
	OWNED(query_call_end) struct query_call q = {0};
	int64_t count;

	if (query_call_begin(call, call->cmd, &q, e) < 0 || query_count(&q.request, &count, e) < 0)
		return e->code;
	call_add_number(call, "n", count);
	return look_for_view(call, e);
}

int handle_distinct(struct call *call, struct error *e)
{
	OWNED(query_call_end) struct query_call q = {0};
	OWNED(buf_release) struct buf values = {0};

	if (query_call_begin(call, call->cmd, &q, e) < 0 ||
	    query_distinct(&q.request, &values, e) < 0)
		return e->code;
	bson_build_value(call->reply, "values", BSON_KIND_ARRAY, buf_bytes(&values));
	if (call->concern.level == READ_CONCERN_SNAPSHOT)
		bson_build_timestamp(call->reply, "atClusterTime", (uint32_t)(call->at.ts >> 32),
				     (uint32_t)call->at.ts);
	return look_for_view(call, e);
}

int handle_explain(struct call *call, struct error *e)
{
	OWNED(query_call_end) struct query_call q = {0};
	const struct command *inner = NULL;
	struct fields fields;
	struct bson_field f;

	if (call->first.type == BSON_KIND_DOCUMENT) {
		fields = fields_of(call->first.value);
		if (fields_next(&fields, &f))
			inner = command_table_find(f.name);
		if (inner != NULL && (inner->flags & COMMAND_WRITE_CONCERN) && inner->run == NULL)
			return call_refuse(call, e);
	}
	if (query_call_begin(call, call->cmd, &q, e) < 0)
		return e->code;
	return explain(call, &q,
		       call->first.type == BSON_KIND_DOCUMENT ? call->first.value : call->cmd, e);
}

int handle_map_reduce(struct call *call, struct error *e)
{
	struct bson_field out, inline_out;

	if (!fields_find(call->cmd, bytes_str("out"), &out) ||
	    (out.type != BSON_KIND_STRING && out.type != BSON_KIND_DOCUMENT))
		return query_error(e, 13606, "'out' has to be a string or an object");
	if (out.type == BSON_KIND_STRING ||
	    !fields_find(out.value, bytes_str("inline"), &inline_out))
		return call_refuse(call, e);
	return query_error(
		e, 31264,
		"MapReduce internal error :: caused by :: Cannot run server-side javascript "
		"without the javascript engine enabled");
}

/* The chunks of a file in order, as a find asks for them. */
static void chunks_command(const struct call *call, struct bytes root, struct buf *ret)
{
	OWNED(buf_release) struct buf coll = {0};
	struct value id = value_of_field(&call->first);
	size_t doc = bson_build_begin(ret), inner;

	buf_add_bytes(&coll, root);
	buf_add_str(&coll, ".chunks");
	bson_build_string(ret, "find", buf_bytes(&coll));
	inner = bson_build_open(ret, "filter");
	value_write(ret, bytes_str("files_id"), &id);
	bson_build_end(ret, inner);
	inner = bson_build_open(ret, "sort");
	bson_build_int32(ret, "n", 1);
	bson_build_end(ret, inner);
	bson_build_string(ret, "$db", call->real_db);
	bson_build_end(ret, doc);
}

/* Add the data of a batch of chunks to a hash. */
static int64_t add_chunks(struct bytes batch, struct md5 *hash)
{
	struct fields fields = fields_of(batch);
	struct bson_field chunk, data;
	int64_t count = 0;

	for (; fields_next(&fields, &chunk); count++)
		if (fields_find(chunk.value, bytes_str("data"), &data) &&
		    data.type == BSON_KIND_BINARY && data.value.len >= 5)
			md5_add(hash, bytes_of(data.value.at + 5, data.value.len - 5));
	return count;
}

int handle_filemd5(struct call *call, struct error *e)
{
	OWNED(query_call_end) struct query_call q = {0};
	OWNED(query_cursor_free) struct query_cursor *cursor = NULL;
	OWNED(buf_release) struct buf cmd = {0};
	OWNED(buf_release) struct buf batch = {0};
	OWNED(md5_free) struct md5 *hash = md5_new();
	struct bytes root = bytes_str("fs");
	int64_t chunks = 0;
	char text[MD5_HEX + 1];
	struct bson_field f;

	if (call_field(call, "root", &f) && f.type == BSON_KIND_STRING)
		root = value_of_field(&f).data;
	if (call_place(call, e) < 0)
		return e->code;
	chunks_command(call, root, &cmd);
	if (query_call_begin(call, buf_bytes(&cmd), &q, e) < 0 ||
	    query_find(&q.request, &cursor, e) < 0)
		return e->code;
	for (bool done = false; !done;) {
		if (query_cursor_array(cursor, QUERY_BATCH_ALL, &batch, &done, e) < 0)
			return e->code;
		chunks += add_chunks(buf_bytes(&batch), hash);
	}
	md5_end(hash, text);
	call_add_number(call, "numChunks", chunks);
	bson_build_string(call->reply, "md5", bytes_str(text));
	return 0;
}
