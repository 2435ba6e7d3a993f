#include "tools/restore_create.h"

#include <stdio.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "tools/restore_long.h"
#include "tools/restore_spec.h"

/* The fields of a document go into another. */
static void add_fields(struct buf *ret, struct bytes doc)
{
	if (doc.len > BSON_MIN_LEN)
		buf_add(ret, doc.at + 4, doc.len - 5);
}

static int drop(struct restore_target *target, mongoc_client_t *client,
		const struct restore_plan_item *item, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	OWNED(buf_release) struct buf reply = {0};
	size_t begin = bson_build_begin(&command);
	int code;

	bson_build_string(&command, "drop", bytes_str(item->coll));
	restore_target_majority(&command);
	bson_build_end(&command, begin);
	code = restore_target_run(target, client, item->db, buf_bytes(&command), &reply, NULL, e);
	if (code == 0 && restore_target_code(buf_bytes(&reply)) != RESTORE_TARGET_NO_NAMESPACE) {
		restore_target_refused(buf_bytes(&reply), item->ns, e);
		return error_wrap(e, "dropping");
	}
	return MIN_OF(code, 0);
}

/* {create: coll, options, idIndex}; without the write concern. */
static void write_create(const struct restore_plan_item *item, struct buf *ret)
{
	bson_build_string(ret, "create", bytes_str(item->coll));
	add_fields(ret, buf_bytes(&item->options));
	if (item->id_index.len > 0 && item->entry.type == CATALOG_COLLECTION) {
		size_t begin = bson_build_open(ret, "idIndex");

		add_fields(ret, buf_bytes(&item->id_index));
		bson_build_end(ret, begin);
	}
}

/* As an entry of the oplog, which has the UUID; as mongorestore does. */
static void write_with_uuid(const struct restore_plan_item *item, struct buf *ret)
{
	OWNED(free) char *ns = xprintf("%s.$cmd", item->db);
	size_t begin = bson_build_begin(ret), ops = bson_build_open_array(ret, "applyOps");
	size_t op = bson_build_open(ret, "0"), o;

	bson_build_string(ret, "op", bytes_str("c"));
	bson_build_string(ret, "ns", bytes_str(ns));
	bson_build_binary(ret, "ui", 4, bytes_of(item->entry.uuid, 16));
	o = bson_build_open(ret, "o");
	write_create(item, ret);
	bson_build_end(ret, o);
	bson_build_end(ret, op);
	bson_build_end(ret, ops);
	restore_target_majority(ret);
	bson_build_end(ret, begin);
}

/* Has it no document? 1 or 0. */
static int is_empty(struct restore_target *target, mongoc_client_t *client,
		    const struct restore_plan_item *item, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	OWNED(buf_release) struct buf reply = {0};
	size_t begin = bson_build_begin(&command);
	struct bytes batch;
	int code;

	bson_build_string(&command, "find", bytes_str(item->coll));
	bson_build_int32(&command, "limit", 1);
	bson_build_bool(&command, "singleBatch", true);
	bson_build_end(&command, begin);
	code = restore_target_run(target, client, item->db, buf_bytes(&command), &reply, NULL, e);
	if (code == 1)
		code = restore_target_batch(buf_bytes(&reply), &batch, e);
	return code == 1 ? batch.len == BSON_MIN_LEN : MIN_OF(code, 0);
}

/* *ret_filled: it is there, and has documents. */
static int create(struct restore_target *target, mongoc_client_t *client,
		  const struct restore_plan_item *item, bool preserve_uuid, bool *ret_filled,
		  struct error *e)
{
	bool uuid = preserve_uuid && item->entry.has_uuid && item->entry.type == CATALOG_COLLECTION;
	OWNED(buf_release) struct buf command = {0};
	OWNED(buf_release) struct buf reply = {0};
	bool again = false;
	size_t begin;
	int code;

	if (uuid) {
		write_with_uuid(item, &command);
	} else {
		begin = bson_build_begin(&command);
		write_create(item, &command);
		restore_target_majority(&command);
		bson_build_end(&command, begin);
	}
	code = restore_target_run(target, client, uuid ? "admin" : item->db, buf_bytes(&command),
				  &reply, &again, e);
	/* Of a try before, or of a run that was killed: the server went on with its command. */
	if (code == 0 && restore_target_code(buf_bytes(&reply)) == RESTORE_TARGET_EXISTS &&
	    item->entry.type != CATALOG_VIEW) {
		code = is_empty(target, client, item, e);
		if (code != 0)
			return MIN_OF(code, 0);
		*ret_filled = true;
	} else if (code == 0 && again &&
		   restore_target_code(buf_bytes(&reply)) == RESTORE_TARGET_EXISTS) {
		return 0;
	}
	if (code == 0) {
		restore_target_refused(buf_bytes(&reply), item->ns, e);
		return error_wrap(e, "creating");
	}
	return MIN_OF(code, 0);
}

int restore_create_drop(struct restore_target *target, mongoc_client_t *client,
			const struct restore_plan_item *item, struct error *e)
{
	if (item->is_buckets || item->action != RESTORE_RECREATE)
		return 0;
	return drop(target, client, item, e);
}

int restore_create(struct restore_target *target, mongoc_client_t *client,
		   const struct restore_plan_item *item, bool preserve_uuid, struct error *e)
{
	bool filled = false;

	if (item->is_buckets ||
	    (item->action != RESTORE_CREATE && item->action != RESTORE_RECREATE))
		return 0;
	if (item->action == RESTORE_RECREATE && drop(target, client, item, e) < 0)
		return e->code;
	return create(target, client, item, preserve_uuid, &filled, e);
}

int restore_create_again(struct restore_target *target, mongoc_client_t *client,
			 const struct restore_plan_item *item, bool preserve_uuid, struct error *e)
{
	uint64_t since = 0;

	for (;;) {
		bool filled = false;
		int code;

		if (drop(target, client, item, e) < 0)
			return e->code;
		code = create(target, client, item, preserve_uuid, &filled, e);
		if (code >= 0 || !filled)
			return code;
		/* An insert of ours that was cut off made it again: the server went on with it. */
		if (restore_target_wait(target, &since, e) < 0)
			return e->code;
	}
}

static int run_indexes(struct restore_target *target, const struct restore_plan_item *item,
		       struct bytes specs, struct buf *ret_reply, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	size_t begin = bson_build_begin(&command), array, count = 0;
	int64_t len = 0;
	char number[24];

	bson_build_string(&command, "createIndexes", bytes_str(item->coll));
	array = bson_build_open_array(&command, "indexes");
	while (specs.len > 0 && (len = bson_next(specs, BSON_MAX_LEN, e)) > 0) {
		snprintf(number, sizeof(number), "%zu", count++);
		bson_build_value(&command, number, BSON_KIND_DOCUMENT,
				 bytes_of(specs.at, (size_t)len));
		specs = bytes_of(specs.at + len, specs.len - (size_t)len);
	}
	if (len < 0)
		return (int)len;
	bson_build_end(&command, array);
	if (target->is_replica_set)
		restore_target_majority(&command);
	bson_build_end(&command, begin);
	return restore_long_run(target, item->db, buf_bytes(&command), ret_reply, e);
}

/* One that was not built with the others: why, or as an old server may have meant it. */
static int build_one(struct restore_target *target, const struct restore_plan_item *item,
		     struct bytes spec, struct restore_notes *notes, struct error *e)
{
	OWNED(buf_release) struct buf reply = {0};
	OWNED(buf_release) struct buf legacy = {0};
	OWNED(buf_release) struct buf name = {0};
	struct bson_field field;
	struct bytes text = bytes_str("?");
	int code = run_indexes(target, item, spec, &reply, e);

	if (code != 0)
		return MIN_OF(code, 0);
	if (restore_spec_legacy(spec, &legacy, e) < 0)
		return e->code;
	if (!bytes_equal(buf_bytes(&legacy), spec)) {
		OWNED(buf_release) struct buf other = {0};

		code = run_indexes(target, item, buf_bytes(&legacy), &other, e);
		if (code != 0)
			return MIN_OF(code, 0);
	}
	if (bson_find(spec, "name", &field, e) > 0 && field.type == BSON_KIND_STRING &&
	    bson_text(field.value, &text, e) < 0)
		return e->code;
	buf_add_bytes(&name, text);
	restore_notes_add(notes, RESTORE_NOTE_INDEX, item->ns, buf_text(&name),
			  restore_target_text(buf_bytes(&reply)));
	return 0;
}

int restore_create_indexes(struct restore_target *target, const struct restore_plan_item *item,
			   struct bytes specs, struct restore_notes *notes, struct error *e)
{
	OWNED(buf_release) struct buf reply = {0};
	int64_t len = 0;
	int code;

	if (specs.len == 0)
		return 0;
	code = run_indexes(target, item, specs, &reply, e);
	if (code != 0)
		return MIN_OF(code, 0);
	while (specs.len > 0 && (len = bson_next(specs, BSON_MAX_LEN, e)) > 0) {
		if (build_one(target, item, bytes_of(specs.at, (size_t)len), notes, e) < 0)
			return e->code;
		specs = bytes_of(specs.at + len, specs.len - (size_t)len);
	}
	return len < 0 ? (int)len : 0;
}

int restore_create_expire(struct restore_target *target, mongoc_client_t *client,
			  const struct restore_plan_item *item, struct restore_notes *notes,
			  struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	OWNED(buf_release) struct buf reply = {0};
	size_t begin = bson_build_begin(&command);
	int code;

	if (item->expire.len == 0 || item->is_buckets)
		return 0;
	bson_build_string(&command, "collMod", bytes_str(item->coll));
	buf_add_bytes(&command, buf_bytes(&item->expire));
	restore_target_majority(&command);
	bson_build_end(&command, begin);
	code = restore_target_run(target, client, item->db, buf_bytes(&command), &reply, NULL, e);
	if (code == 0)
		restore_notes_add(notes, RESTORE_NOTE_INDEX, item->ns, "expireAfterSeconds",
				  restore_target_text(buf_bytes(&reply)));
	return MIN_OF(code, 0);
}
