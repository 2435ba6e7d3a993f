/*
 * match_driver.c - asks the match language outside of a server, for match_differential.py.
 *
 * Reads BSON documents from stdin, answers each with one on stdout:
 *	{docs: [..]}			the documents that are asked from now on; answer {}
 *	{q: {..}, collation: {..}}	answer {hits: [index..], at: [position..], parsed: {..}} or {code, errmsg}; `at` is
 *					the positional detail of each hit, -1 for none
 *	{text: value}			answer {value: Value::toString(), bson: BSONElement::toString()}
 *	{order: [a, b]}			answer {order: -1, 0 or 1, same: do the hashes agree?}; with `collation`, if given
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/bson_build.h"
#include "base/bson_check.h"
#include "query/expr/expr_op.h"
#include "query/match/match.h"

#define MESSAGE_MAX (64 * MIB)

static int read_message(struct buf *message)
{
	uint8_t head[4];
	size_t len;

	if (fread(head, 1, 4, stdin) != 4)
		return 0;
	len = get_le32(head);
	if (len < BSON_MIN_LEN || len > MESSAGE_MAX)
		abort();
	buf_reset(message);
	buf_add(message, head, 4);
	if (fread(buf_room(message, len - 4), 1, len - 4, stdin) != len - 4)
		abort();
	message->len = len;
	return 1;
}

static void answer_error(struct buf *reply, const struct error *e)
{
	size_t at = bson_build_begin(reply);

	bson_build_int32(reply, "code", e->server);
	bson_build_string(reply, "errmsg", bytes_str(e->text));
	bson_build_end(reply, at);
}

static int test_all(const struct match *match, struct expr_frame *frame, struct bytes docs,
		    struct buf *hits, struct buf *places, struct error *e)
{
	struct bson_fields fields = bson_fields(docs);
	struct bson_field field;
	size_t count = 0;

	for (size_t i = 0; bson_fields_next(&fields, &field, e) > 0; i++) {
		struct match_detail detail;
		struct value index = value_int32((int32_t)i), place;
		int code;

		arena_reset(frame->arena);
		expr_frame_set(frame, field.value);
		code = match_test(match, frame, field.value, &detail, e);
		if (code < 0)
			return code;
		if (code == 0)
			continue;
		place = value_int32(detail.has_index ? (int32_t)detail.index : -1);
		value_write_at(hits, count, &index);
		value_write_at(places, count++, &place);
	}
	return 0;
}

static int answer_match(struct query_context *q, struct bytes query, struct bytes docs,
			struct buf *reply, struct error *e)
{
	OWNED(buf_release) struct buf hits = {0}, places = {0}, parsed = {0};
	OWNED(arena_free) struct arena *arena = arena_new();
	struct expr_scope *scope = expr_scope_new(q);
	const struct match *match = NULL;
	struct expr_frame frame;
	size_t at;

	if (match_parse(scope, query, MATCH_TOP, &match, e) < 0)
		return e->code;
	frame = expr_frame_new(q, scope, arena);
	at = bson_build_begin(&hits);
	bson_build_begin(&places);
	if (test_all(match, &frame, docs, &hits, &places, e) < 0)
		return e->code;
	bson_build_end(&hits, at);
	bson_build_end(&places, at);
	match_serialize(match, &parsed);
	at = bson_build_begin(reply);
	bson_build_value(reply, "hits", BSON_KIND_ARRAY, buf_bytes(&hits));
	bson_build_value(reply, "at", BSON_KIND_ARRAY, buf_bytes(&places));
	bson_build_value(reply, "parsed", BSON_KIND_DOCUMENT, buf_bytes(&parsed));
	bson_build_end(reply, at);
	return 0;
}

static void answer_text(const struct value *v, struct buf *reply)
{
	OWNED(buf_release) struct buf text = {0}, bson = {0};
	size_t at = bson_build_begin(reply);

	value_text(v, &text);
	value_text_element(bytes_of(NULL, 0), v, &bson);
	bson_build_string(reply, "value", buf_bytes(&text));
	bson_build_string(reply, "bson", buf_bytes(&bson));
	bson_build_end(reply, at);
}

static void answer_order(struct bytes pair, struct collation *collation, struct buf *reply)
{
	struct value a = value_at(pair, 0), b = value_at(pair, 1);
	int order = value_compare(&a, &b, collation);
	size_t at = bson_build_begin(reply);

	bson_build_int32(reply, "order", (order > 0) - (order < 0));
	bson_build_bool(reply, "same", value_hash(&a, collation) == value_hash(&b, collation));
	bson_build_end(reply, at);
}

static void answer(struct buf *message, struct buf *docs, struct buf *reply)
{
	OWNED(arena_free) struct arena *constants = arena_new();
	OWNED(collation_close) struct collation *collation = NULL;
	struct query_context q = {.constants = constants, .in_find = true};
	struct bytes request = buf_bytes(message);
	struct value query = value_get(request, bytes_str("q"));
	struct value spec = value_get(request, bytes_str("collation"));
	struct value all = value_get(request, bytes_str("docs"));
	struct value text = value_get(request, bytes_str("text"));
	struct value order = value_get(request, bytes_str("order"));
	struct error e = {0};

	if (text.type != VALUE_MISSING) {
		answer_text(&text, reply);
	} else if (all.type == BSON_KIND_ARRAY) {
		buf_reset(docs);
		buf_add_bytes(docs, all.data);
		buf_add_bytes(reply, bson_build_empty());
	} else if (spec.type == BSON_KIND_DOCUMENT &&
		   collation_open(spec.data, &collation, &e) < 0) {
		answer_error(reply, &e);
	} else if (order.type == BSON_KIND_ARRAY) {
		answer_order(order.data, collation, reply);
	} else {
		q.collation = collation;
		if (answer_match(&q, query.data, buf_bytes(docs), reply, &e) < 0) {
			buf_reset(reply);
			answer_error(reply, &e);
		}
	}
}

int main(void)
{
	OWNED(buf_release) struct buf message = {0}, docs = {0}, reply = {0};

	buf_add_bytes(&docs, bson_build_empty());
	while (read_message(&message)) {
		buf_reset(&reply);
		answer(&message, &docs, &reply);
		if (fwrite(reply.at, 1, reply.len, stdout) != reply.len || fflush(stdout) != 0)
			return 1;
	}
	return 0;
}
