#include "oplog/replay_op.h"

#include "base/key.h"
#include "oplog/update.h"

#define PROGRESS_EACH 1024 /* records */

enum flag {
	FLAG_KIND = 3, /* insert 1, update 2, delete 3 */
	FLAG_UPSERT = 4,
	FLAG_FUZZY = 8,
	FLAG_EVICTS = 16,
	FLAG_LOGGED = 32,
};

void replay_op_encode(const struct replay_op *op, enum replay_op_order order, struct buf *ret)
{
	unsigned flags = (unsigned)op->kind | (op->upsert ? FLAG_UPSERT : 0) |
			 (op->fuzzy ? FLAG_FUZZY : 0) | (op->evicts ? FLAG_EVICTS : 0) |
			 (op->logged ? FLAG_LOGGED : 0);

	buf_add_u8(ret, (uint8_t)flags);
	buf_add_u8(ret, op->major);
	buf_add_le64(ret, op->ts);
	if (order != REPLAY_OP_KEYED) {
		buf_add_varint(ret, op->key.len);
		buf_add_bytes(ret, op->key);
	}
	if (op->upsert) {
		buf_add_u8(ret, op->id.type);
		buf_add_varint(ret, op->id.value.len);
		buf_add_bytes(ret, op->id.value);
	}
	if (op->evicts) {
		buf_add_varint(ret, op->size);
		buf_add_varint(ret, op->max);
	}
	buf_add_bytes(ret, op->o);
}

static bool take(struct bytes *from, size_t len, struct bytes *ret)
{
	if (from->len < len)
		return false;
	*ret = bytes_of(from->at, len);
	from->at += len;
	from->len -= len;
	return true;
}

static bool take_counted(struct bytes *from, struct bytes *ret)
{
	uint64_t len;

	return get_varint(from, &len) && len <= from->len && take(from, (size_t)len, ret);
}

int replay_op_decode(struct bytes payload, enum replay_op_order order, struct replay_op *ret,
		     struct error *e)
{
	struct bytes head, type;

	ret->id.type = 0;
	ret->size = ret->max = 0;
	if (!take(&payload, 10, &head) || (head.at[0] & FLAG_KIND) == 0)
		return error_set(e, ERR_CORRUPT, "a collected operation is cut off");
	ret->kind = (enum entry_op)(head.at[0] & FLAG_KIND);
	ret->upsert = (head.at[0] & FLAG_UPSERT) != 0;
	ret->fuzzy = (head.at[0] & FLAG_FUZZY) != 0;
	ret->evicts = (head.at[0] & FLAG_EVICTS) != 0;
	ret->logged = (head.at[0] & FLAG_LOGGED) != 0;
	ret->major = head.at[1];
	ret->ts = get_le64(head.at + 2);
	if (order != REPLAY_OP_KEYED && !take_counted(&payload, &ret->key))
		return error_set(e, ERR_CORRUPT, "a collected operation is cut off");
	if (ret->upsert) {
		if (!take(&payload, 1, &type) || !take_counted(&payload, &ret->id.value))
			return error_set(e, ERR_CORRUPT, "a collected operation is cut off");
		ret->id.type = type.at[0];
		ret->id.name = bytes_str("_id");
	}
	if (ret->evicts && (!get_varint(&payload, &ret->size) || !get_varint(&payload, &ret->max)))
		return error_set(e, ERR_CORRUPT, "a collected operation is cut off");
	ret->o = payload;
	return 0;
}

void replay_op_sort_key(uint32_t slot, enum replay_op_order order, struct bytes key,
			uint64_t sequence, struct buf *ret)
{
	uint8_t *at = buf_room(ret, 5 + key.len + 8);

	put_be32(at, slot);
	at[4] = (uint8_t)order;
	if (key.len > 0)
		memcpy(at + 5, key.at, key.len);
	put_be64(at + 5 + key.len, sequence);
	ret->len += 5 + key.len + 8;
}

/* ------------------------------------------------------------------ the stream, in order */

int replay_ops_poll(struct replay_ops *ops, struct error *e)
{
	if (ops->progress == NULL || ++ops->polled % PROGRESS_EACH != 0)
		return 0;
	return progress_go_on(ops->progress, "applying", ops->done, ops->total, e);
}

static int look_at(struct replay_ops *ops, struct bytes key, struct bytes payload, struct error *e)
{
	if (key.len < 13 || key.at[4] > REPLAY_OP_NATURAL)
		return error_set(e, ERR_CORRUPT, "a collected operation has no key");
	ops->some = true;
	ops->slot = get_be32(key.at);
	ops->order = (enum replay_op_order)key.at[4];
	ops->key = bytes_of(key.at + 5, key.len - 13);
	ops->sequence = get_be64(key.at + key.len - 8);
	ops->payload = payload;
	return 0;
}

/* The record at ops->ahead_at, which is there. */
static void ahead_record(const struct replay_ops *ops, size_t at, struct bytes *ret_key,
			 struct bytes *ret_payload)
{
	const uint8_t *from = ops->ahead.at + at;

	*ret_key = bytes_of(from + 8, get_le32(from));
	*ret_payload = bytes_of(ret_key->at + ret_key->len, get_le32(from + 4));
}

int replay_ops_next(struct replay_ops *ops, struct error *e)
{
	struct bytes key, payload;
	int found;

	if (replay_ops_poll(ops, e) < 0)
		return e->code;
	ops->done += ops->some ? ops->payload.len : 0;
	if (ops->ahead_at < ops->ahead.len) {
		ahead_record(ops, ops->ahead_at, &key, &payload);
		ops->ahead_at += 8 + key.len + payload.len;
		return look_at(ops, key, payload, e);
	}
	if (ops->ahead.len > 0) {
		buf_release(&ops->ahead);
		ops->ahead_at = 0;
	}
	ops->some = false;
	found = extsort_next(ops->sort, &key, &payload, e);
	return found == 1 ? look_at(ops, key, payload, e) : found;
}

int replay_ops_read(const struct replay_ops *ops, struct replay_op *ret, struct error *e)
{
	ret->key = ops->key;
	ret->sequence = ops->sequence;
	return replay_op_decode(ops->payload, ops->order, ret, e);
}

int replay_ops_skip(struct replay_ops *ops, uint32_t number, struct error *e)
{
	while (ops->some && ops->slot == number)
		if (replay_ops_next(ops, e) < 0)
			return e->code;
	return 0;
}

static void keep_ahead(struct replay_ops *ops, struct bytes key, struct bytes payload)
{
	buf_add_le32(&ops->ahead, (uint32_t)key.len);
	buf_add_le32(&ops->ahead, (uint32_t)payload.len);
	buf_add_bytes(&ops->ahead, key);
	buf_add_bytes(&ops->ahead, payload);
}

/* Read on into ops->ahead; the record at hand becomes the first of it. */
static int read_ahead(struct replay_ops *ops, size_t limit, struct error *e)
{
	struct bytes key = bytes_of(ops->key.at - 5, ops->key.len + 13), payload = ops->payload;
	uint32_t slot = ops->slot;
	int found = 1;

	do {
		keep_ahead(ops, key, payload);
		if (ops->ahead.len >= limit || get_be32(key.at) != slot)
			break;
		found = extsort_next(ops->sort, &key, &payload, e);
	} while (found == 1);
	if (found < 0)
		return found;
	ahead_record(ops, 0, &key, &payload);
	ops->ahead_at = 8 + key.len + payload.len;
	return look_at(ops, key, payload, e);
}

int replay_ops_sample(struct replay_ops *ops, size_t limit, size_t len, struct buf *ret,
		      struct error *e)
{
	uint32_t slot = ops->slot;
	uint64_t owed = 0;

	if (ops->ahead.len > 0)
		return 0;
	if (read_ahead(ops, limit, e) < 0)
		return e->code;
	for (size_t at = 0; at < ops->ahead.len;) {
		struct bytes key, payload;
		struct replay_op op;

		ahead_record(ops, at, &key, &payload);
		at += 8 + key.len + payload.len;
		if (get_be32(key.at) != slot)
			break;
		if (replay_op_decode(payload, (enum replay_op_order)key.at[4], &op, e) < 0)
			return e->code;
		if (op.kind != ENTRY_INSERT)
			continue;
		/* Evenly: so many bytes of the sample for so many that were looked at. */
		owed += op.o.len;
		if (ret->len + op.o.len <= len && ret->len <= owed * len / ops->ahead.len)
			buf_add_bytes(ret, op.o);
	}
	return 0;
}

void replay_ops_release(struct replay_ops *ops)
{
	buf_release(&ops->ahead);
}

/* ------------------------------------------------------------------ one document */

void replay_doc_release(struct replay_doc *doc)
{
	buf_release(&doc->room[0]);
	buf_release(&doc->room[1]);
}

static int stop(struct replay_doc *doc, const struct replay_op *op, struct error *e)
{
	static const char letters[] = "?iud";

	doc->stopped = true;
	doc->stopped_at = op->ts;
	return error_wrap(e, "oplog entry %u.%u (%c)", entry_seconds(op->ts),
			  entry_increment(op->ts), letters[op->kind]);
}

/* An upsert may make a document with another `_id` than it looked for: it would be another one's place. */
static int check_made(struct replay_doc *doc, const struct replay_op *op, struct bytes made,
		      struct error *e)
{
	OWNED(buf_release) struct buf key = {0};
	int found = key_of_document(made, &key, e);

	if (found == 1 && !bytes_equal(buf_bytes(&key), op->key))
		found = error_set(e, ERR_UNSUPPORTED,
				  "an upsert that makes a document with another _id than it "
				  "looked for");
	return found < 0 ? stop(doc, op, e) : 0;
}

static int update(struct replay_doc *doc, const struct replay_op *op, struct error *e)
{
	struct update_rules rules = {
		.major = op->major, .upsert = op->upsert, .logged = op->logged, .id = op->id};
	struct buf *room = &doc->room[doc->turn];
	bool missing = doc->now.len == 0;
	int got;

	if (missing && !op->upsert) {
		if (op->fuzzy)
			return 0;
		error_set(e, ERR_CORRUPT, "the document that it updates does not exist");
		return stop(doc, op, e);
	}
	buf_reset(room);
	got = update_apply(doc->now, op->o, &rules, room, e);
	if (got < 0)
		return got == ERR_NOMEM ? got : stop(doc, op, e);
	if (got == 0)
		return 0;
	if (missing && check_made(doc, op, buf_bytes(room), e) < 0)
		return e->code;
	doc->now = buf_bytes(room);
	doc->turn ^= 1;
	return 0;
}

int replay_doc_apply(struct replay_doc *doc, const struct replay_op *op, struct error *e)
{
	struct buf *room = &doc->room[doc->turn];

	switch (op->kind) {
	case ENTRY_INSERT:
		buf_reset(room);
		buf_add_bytes(room, op->o);
		doc->now = buf_bytes(room);
		doc->turn ^= 1;
		return 0;
	case ENTRY_UPDATE:
		return update(doc, op, e);
	default:
		doc->now = bytes_of(NULL, 0);
		return 0;
	}
}
