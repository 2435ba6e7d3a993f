#include "tools/restore_gone.h"

#include "base/bson.h"
#include "base/bson_build.h"
#include "base/key.h"
#include "oplog/entry.h"
#include "tools/live_reply.h"

struct search {
	struct restore_batch *batch;
	const struct restore_plan_item *item;
	bool *asked;
	struct buf key;
};

static void search_release(struct search *s)
{
	buf_release(&s->key);
}
DEFINE_OWNED_STRUCT(struct search, search_release);

/* A document {_id} that was deleted. */
static int take_delete(struct search *s, struct bytes doc, struct error *e)
{
	struct restore_batch *batch = s->batch;

	buf_reset(&s->key);
	if ((batch->collation != NULL ? collation_key_of_document(batch->collation, doc, &s->key, e)
				      : key_of_document(doc, &s->key, e)) < 0)
		return e->code;
	for (size_t i = 0; i < batch->count; i++) {
		struct bytes key =
			bytes_of(batch->keys.at + batch->at[i].key, batch->at[i].key_len);

		if (s->asked[i] && bytes_equal(key, buf_bytes(&s->key)))
			s->asked[i] = false;
	}
	return 0;
}

/* An entry, which may be a transaction. What can't be read is no deletion. */
static int take_entry(struct search *s, struct bytes doc, struct error *e)
{
	struct entry entry, op;
	struct entry_ops ops;
	struct error ignored = {0};
	struct bytes coll = bytes_str(s->item->coll);

	if (entry_parse(doc, &entry, &ignored) < 0)
		return 0;
	entry_ops_begin(&ops, &entry);
	while (entry_ops_next(&ops, &op, &ignored) > 0)
		if (op.op == ENTRY_DELETE && bytes_equal(op.db, bytes_str(s->item->db)) &&
		    bytes_equal(op.coll, coll) && take_delete(s, op.o, e) < 0)
			return e->code;
	return 0;
}

/* {ts: {$gte}, $or: [{ns, op: "d"}, {op: "c"}]} */
static void write_filter(struct search *s, uint64_t since, struct buf *ret)
{
	size_t begin = bson_build_begin(ret), part = bson_build_open(ret, "ts"), list;

	bson_build_timestamp(ret, "$gte", entry_seconds(since), entry_increment(since));
	bson_build_end(ret, part);
	list = bson_build_open_array(ret, "$or");
	part = bson_build_open(ret, "0");
	bson_build_string(ret, "ns", bytes_str(s->item->ns));
	bson_build_string(ret, "op", bytes_str("d"));
	bson_build_end(ret, part);
	part = bson_build_open(ret, "1");
	bson_build_string(ret, "op", bytes_str("c"));
	bson_build_end(ret, part);
	bson_build_end(ret, list);
	bson_build_end(ret, begin);
}

int restore_gone_look(struct restore_batch *batch, struct restore_target *target,
		      mongoc_client_t *client, const struct restore_plan_item *item, bool *ret,
		      struct error *e)
{
	OWNED(search_release) struct search s = {.batch = batch, .item = item, .asked = ret};
	OWNED(buf_release) struct buf text = {0};
	mongoc_collection_t *oplog;
	mongoc_cursor_t *cursor;
	const bson_t *doc;
	bson_error_t why;
	bson_t filter;
	int code = 0;

	if (!target->is_replica_set || target->began == 0)
		return 0;
	write_filter(&s, target->began, &text);
	if (!bson_init_static(&filter, text.at, text.len))
		return 0;
	oplog = mongoc_client_get_collection(client, "local", "oplog.rs");
	cursor = mongoc_collection_find_with_opts(oplog, &filter, NULL, NULL);
	while (code >= 0 && live_reply_next(cursor, &doc))
		code = take_entry(&s, bytes_of(bson_get_data(doc), doc->len), e);
	if (code >= 0 && live_reply_error(cursor, &why) && restore_target_passes(&why)) {
		restore_target_error(target, &why, "the oplog", e);
		code = e->code = ERR_BUSY;
	}
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(oplog);
	return code;
}
