#include "tools/restore_put.h"

#include "base/bson.h"
#include "base/bson_build.h"
#include "tools/live_denied.h"
#include "tools/restore_batch.h"

/* {_id: {$eq: value}}, as field q. */
static void write_query(struct buf *command, const struct bson_field *id)
{
	size_t filter = bson_build_open(command, "q");
	size_t equal = bson_build_open(command, "_id");

	bson_build_value(command, "$eq", id->type, id->value);
	bson_build_end(command, equal);
	bson_build_end(command, filter);
}

static void write_literal(struct buf *command, const char *name, uint8_t type, struct bytes value)
{
	size_t begin = bson_build_open(command, name);

	bson_build_value(command, "$literal", type, value);
	bson_build_end(command, begin);
}

/*
 * What an upsert begins with has an _id only, and becomes the document. Anything more was put there by somebody else
 * meanwhile, and stays.
 */
static void write_condition(struct buf *command, const struct bson_field *id, struct bytes doc)
{
	size_t cond = bson_build_open_array(command, "$cond");
	size_t test = bson_build_open(command, "0");
	size_t pair = bson_build_open_array(command, "$eq");
	size_t only;

	bson_build_string(command, "0", bytes_str("$$ROOT"));
	only = bson_build_open(command, "1");
	write_literal(command, "_id", id->type, id->value);
	bson_build_end(command, only);
	bson_build_end(command, pair);
	bson_build_end(command, test);
	write_literal(command, "1", BSON_KIND_DOCUMENT, doc);
	bson_build_string(command, "2", bytes_str("$$ROOT"));
	bson_build_end(command, cond);
}

/* [{$replaceWith: ...}], as field u. */
static void write_pipeline(struct buf *command, const struct bson_field *id, struct bytes doc,
			   bool instead)
{
	size_t pipeline = bson_build_open_array(command, "u");
	size_t stage = bson_build_open(command, "0");
	size_t with;

	if (instead) {
		write_literal(command, "$replaceWith", BSON_KIND_DOCUMENT, doc);
	} else {
		with = bson_build_open(command, "$replaceWith");
		write_condition(command, id, doc);
		bson_build_end(command, with);
	}
	bson_build_end(command, stage);
	bson_build_end(command, pipeline);
}

enum form { BY_PIPELINE, BY_DOCUMENT };

/* An update of one document. */
static void write_update(struct buf *command, const struct restore_plan_item *item,
			 const struct bson_field *id, struct bytes doc, enum form form,
			 bool instead)
{
	size_t begin = bson_build_begin(command), updates, update;

	bson_build_string(command, "update", bytes_str(item->coll));
	if (item->bypasses)
		bson_build_bool(command, "bypassDocumentValidation", true);
	restore_target_primary(command);
	updates = bson_build_open_array(command, "updates");
	update = bson_build_open(command, "0");
	write_query(command, id);
	if (form == BY_PIPELINE)
		write_pipeline(command, id, doc, instead);
	else
		bson_build_value(command, "u", BSON_KIND_DOCUMENT, doc);
	if (!instead)
		bson_build_bool(command, "upsert", true);
	bson_build_end(command, update);
	bson_build_end(command, updates);
	bson_build_end(command, begin);
}

/* {applyOps: [{op: "i", ns, o: doc}]}: as a secondary would do it. */
static void write_apply(struct buf *command, const struct restore_plan_item *item, struct bytes doc)
{
	size_t begin = bson_build_begin(command), ops = bson_build_open_array(command, "applyOps");
	size_t op = bson_build_open(command, "0");

	bson_build_string(command, "op", bytes_str("i"));
	bson_build_string(command, "ns", bytes_str(item->ns));
	bson_build_value(command, "o", BSON_KIND_DOCUMENT, doc);
	bson_build_end(command, op);
	bson_build_end(command, ops);
	if (item->bypasses)
		bson_build_bool(command, "bypassDocumentValidation", true);
	restore_target_primary(command);
	bson_build_bool(command, "allowAtomic",
			false); /* else it is an upsert, which moves the _id */
	bson_build_end(command, begin);
}

/* Run it; an error of the one write is a no, too: *ret_reply becomes it. *ret_count: documents that it met. */
static int run(struct restore_target *target, mongoc_client_t *client, const char *db,
	       struct buf *command, struct buf *ret_reply, uint32_t *ret_count, struct error *e)
{
	OWNED(buf_release) struct buf error = {0};
	struct bson_fields fields;
	struct bson_field field, first;
	int code = restore_target_try(target, client, db, buf_bytes(command), ret_reply, e);

	if (code != 1)
		return code;
	code = bson_find(buf_bytes(ret_reply), "n", &field, e);
	if (code < 0)
		return code;
	*ret_count = code > 0 && field.type == BSON_KIND_INT32 ? get_le32(field.value.at) : 0;
	code = bson_find(buf_bytes(ret_reply), "writeErrors", &field, e);
	if (code <= 0 || field.type != BSON_KIND_ARRAY)
		return code < 0 ? code : 1;
	fields = bson_fields(field.value);
	code = bson_fields_next(&fields, &first, e);
	if (code <= 0)
		return code < 0 ? code : 1;
	buf_add_bytes(&error, first.value);
	buf_reset(ret_reply);
	buf_add_bytes(ret_reply, buf_bytes(&error));
	return 0;
}

static int apply(struct restore_target *target, mongoc_client_t *client,
		 const struct restore_plan_item *item, struct bytes doc, struct buf *ret_reply,
		 struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	uint32_t count;

	write_apply(&command, item, doc);
	return run(target, client, "admin", &command, ret_reply, &count, e);
}

static int upsert(struct restore_target *target, mongoc_client_t *client,
		  const struct restore_plan_item *item, const struct bson_field *id,
		  struct bytes doc, struct buf *ret_reply, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	uint32_t count;

	write_update(&command, item, id, doc, BY_PIPELINE, false);
	return run(target, client, item->db, &command, ret_reply, &count, e);
}

/* The server's own way, which changes it a little: better than not at all, and verification says so. */
static int insert(struct restore_target *target, mongoc_client_t *client,
		  const struct restore_plan_item *item, struct bytes doc, struct buf *ret_reply,
		  struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	size_t begin = bson_build_begin(&command), array;
	uint32_t count;

	bson_build_string(&command, "insert", bytes_str(item->coll));
	if (item->bypasses)
		bson_build_bool(&command, "bypassDocumentValidation", true);
	restore_target_primary(&command);
	array = bson_build_open_array(&command, "documents");
	bson_build_value(&command, "0", BSON_KIND_DOCUMENT, doc);
	bson_build_end(&command, array);
	bson_build_end(&command, begin);
	return run(target, client, item->db, &command, ret_reply, &count, e);
}

int restore_put_exactly(struct restore_target *target, mongoc_client_t *client,
			const struct restore_plan_item *item, struct bytes doc,
			struct buf *ret_reply, struct error *e)
{
	bool plain, id_first;
	struct bson_field id;
	int found = bson_find(doc, "_id", &id, e), code = 0;

	if (found < 0 || restore_batch_is_plain(doc, &plain, &id_first, e) < 0)
		return e->code;
	if (id_first)
		code = upsert(target, client, item, &id, doc, ret_reply, e);
	if (code == 0)
		code = apply(target, client, item, doc, ret_reply, e);
	if (code == 0 || (code == ERR_REFUSED && !id_first))
		code = insert(target, client, item, doc, ret_reply, e);
	return code;
}

/* 1 and 1.0 are one _id, yet not the same bytes: such a document goes and the other comes. */
static int exchange(struct restore_target *target, mongoc_client_t *client,
		    const struct restore_plan_item *item, const struct bson_field *id,
		    struct bytes doc, struct buf *ret_reply, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	size_t begin = bson_build_begin(&command), array, one;
	uint32_t count;
	int code;

	bson_build_string(&command, "delete", bytes_str(item->coll));
	restore_target_primary(&command);
	array = bson_build_open_array(&command, "deletes");
	one = bson_build_open(&command, "0");
	write_query(&command, id);
	bson_build_int32(&command, "limit", 1);
	bson_build_end(&command, one);
	bson_build_end(&command, array);
	bson_build_end(&command, begin);
	code = run(target, client, item->db, &command, ret_reply, &count, e);
	return code == 1 ? restore_put_exactly(target, client, item, doc, ret_reply, e) : code;
}

int restore_put_instead(struct restore_target *target, mongoc_client_t *client,
			const struct restore_plan_item *item, struct bytes doc,
			struct buf *ret_reply, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	struct bson_field id;
	bool plain, id_first;
	uint32_t count = 0;
	int code = bson_find(doc, "_id", &id, e);

	if (code < 0 || restore_batch_is_plain(doc, &plain, &id_first, e) < 0)
		return e->code;
	if (code == 0)
		return insert(target, client, item, doc, ret_reply, e);
	write_update(&command, item, &id, doc, plain ? BY_DOCUMENT : BY_PIPELINE, true);
	code = run(target, client, item->db, &command, ret_reply, &count, e);
	if (code == 1 && count == 0) /* it went away meanwhile */
		return restore_put_exactly(target, client, item, doc, ret_reply, e);
	if (code == 0 && restore_target_code(buf_bytes(ret_reply)) == RESTORE_TARGET_IMMUTABLE)
		return exchange(target, client, item, &id, doc, ret_reply, e);
	if (code == 0 && restore_target_code(buf_bytes(ret_reply)) != RESTORE_TARGET_DUPLICATE &&
	    plain) {
		buf_reset(&command);
		write_update(&command, item, &id, doc, BY_PIPELINE, true);
		code = run(target, client, item->db, &command, ret_reply, &count, e);
	}
	return code;
}

/* The same by a read, for who may insert but not update (the role restore): it waits for a majority as a write does. */
static int settle_by_read(struct restore_target *target, mongoc_client_t *client,
			  const struct restore_plan_item *item, struct buf *ret_reply,
			  struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	size_t begin = bson_build_begin(&command), concern;

	if (!target->is_replica_set)
		return 1;
	bson_build_string(&command, "find", bytes_str(item->coll));
	bson_build_int32(&command, "limit", 1);
	bson_build_bool(&command, "singleBatch", true);
	concern = bson_build_open(&command, "readConcern");
	bson_build_string(&command, "level", bytes_str("linearizable"));
	bson_build_end(&command, concern);
	bson_build_end(&command, begin);
	return restore_target_try(target, client, item->db, buf_bytes(&command), ret_reply, e);
}

int restore_put_settle(struct restore_target *target, mongoc_client_t *client,
		       const struct restore_plan_item *item, struct buf *ret_reply, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	size_t begin = bson_build_begin(&command), array, one, part, in;
	uint32_t count;
	int code;

	/* A write that changes nothing waits for what was written before it. No delete: capped collections refuse it. */
	bson_build_string(&command, "update", bytes_str(item->coll));
	array = bson_build_open_array(&command, "updates");
	one = bson_build_open(&command, "0");
	part = bson_build_open(&command, "q");
	in = bson_build_open(&command, "_id");
	bson_build_end(&command, bson_build_open_array(&command, "$in"));
	bson_build_end(&command, in);
	bson_build_end(&command, part);
	part = bson_build_open(&command, "u");
	in = bson_build_open(&command, "$set");
	bson_build_int32(&command, "nothing", 1);
	bson_build_end(&command, in);
	bson_build_end(&command, part);
	bson_build_end(&command, one);
	bson_build_end(&command, array);
	restore_target_majority(&command);
	bson_build_end(&command, begin);
	code = run(target, client, item->db, &command, ret_reply, &count, e);
	if (code == 0 && restore_target_code(buf_bytes(ret_reply)) == LIVE_UNAUTHORIZED)
		code = settle_by_read(target, client, item, ret_reply, e);
	return code == 0 ? restore_target_refused(buf_bytes(ret_reply), item->ns, e)
			 : MIN_OF(code, 0);
}
