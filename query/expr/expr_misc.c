#include <stdlib.h>

#include <sys/random.h>

#include "base/bson_build.h"
#include "base/chunk_id.h"
#include "query/decimal_math.h"
#include "query/expr/expr_op.h"
#include "query/gaps.h"
#include "query/stage/stage.h"

/* ---- $rand */

static int parse_rand(struct expr_scope *scope, const struct value *operand, struct expr *self,
		      struct error *e)
{
	expr_args_new(scope, self, 0);
	if (operand->type != BSON_KIND_DOCUMENT && operand->type != BSON_KIND_ARRAY)
		return query_error(e, 10065, "invalid parameter: expected an object ($rand)");
	if (value_count(operand->data) > 0)
		return query_error(e, 3040501, "$rand does not currently accept arguments");
	return 0;
}

static int eval_rand(const struct expr *self UNUSED, struct expr_frame *frame UNUSED,
		     struct value *ret, struct error *e)
{
	uint64_t bits;

	if (getrandom(&bits, sizeof(bits), 0) != sizeof(bits))
		return error_sys(e, "getrandom");
	*ret = value_double((double)(bits >> 11) * 0x1p-53);
	return 0;
}

/* ---- sizes */

static int eval_bson_size(const struct expr *self, struct expr_frame *frame, struct value *ret,
			  struct error *e)
{
	OWNED(buf_release) struct buf room = {0};
	struct value v;
	int result = expr_arg(self, 0, frame, &v, e);

	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&v))
		return 0;
	if (v.type != BSON_KIND_DOCUMENT)
		return query_error(e, 31393, "$bsonSize requires a document input, found: %s",
				   expr_type(&v));
	*ret = value_int32((int32_t)gaps_strip(v.data, &room).len);
	return expr_check_nesting(v.data, e);
}

#define BINARY_HEAD 5 /* bytes before a binary's content: its length and subtype */

static int eval_binary_size(const struct expr *self, struct expr_frame *frame, struct value *ret,
			    struct error *e)
{
	struct value v;
	int result = expr_arg(self, 0, frame, &v, e);

	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&v))
		return 0;
	if (v.type == BSON_KIND_STRING)
		*ret = value_int32((int32_t)v.data.len);
	else if (v.type == BSON_KIND_BINARY)
		*ret = value_int32((int32_t)(v.data.len - BINARY_HEAD));
	else
		return query_error(e, 51276,
				   "$binarySize requires a string or BinData argument, found: %s",
				   expr_type(&v));
	return 0;
}

/* ---- $tsSecond, $tsIncrement */

static int timestamp_arg(const struct expr *self, struct expr_frame *frame, int code,
			 struct value *ret, struct error *e)
{
	int result = expr_arg(self, 0, frame, ret, e);

	if (result < 0)
		return result;
	if (value_is_nullish(ret))
		return 0;
	if (ret->type != BSON_KIND_TIMESTAMP)
		return query_error(e, code, " Argument to %s must be a timestamp, but is %s",
				   self->op->name, expr_type(ret));
	return 1;
}

static int eval_ts_second(const struct expr *self, struct expr_frame *frame, struct value *ret,
			  struct error *e)
{
	struct value v;
	int result = timestamp_arg(self, frame, 5687301, &v, e);

	if (result >= 0)
		*ret = result == 0 ? value_null() : value_int64((int64_t)(v.timestamp >> 32));
	return MIN_OF(result, 0);
}

static int eval_ts_increment(const struct expr *self, struct expr_frame *frame, struct value *ret,
			     struct error *e)
{
	struct value v;
	int result = timestamp_arg(self, frame, 5687302, &v, e);

	if (result >= 0)
		*ret = result == 0 ? value_null()
				   : value_int64((int64_t)(v.timestamp & UINT32_MAX));
	return MIN_OF(result, 0);
}

/* An array is no list of arguments here. */
static int parse_one(struct expr_scope *scope, const struct value *operand, struct expr *self,
		     struct error *e)
{
	expr_args_new(scope, self, 1);
	return expr_parse_arg(scope, operand, self, 0, e);
}

/* ---- $toHashedIndexKey: the hash of a hashed index (BSONElementHasher::hash64 with seed 0) */

static void hash_number(struct buf *b, const struct value *v)
{
	int64_t whole = value_to_int64(v);

	/* Its check for what is too large is one off. */
	if (v->type == BSON_KIND_DOUBLE && v->number == 0x1p63)
		whole = INT64_MIN;
	if (v->type == BSON_KIND_DECIMAL && decimal_is_finite(v->decimal)) {
		struct value rounded =
			value_decimal(decimal_math_quantize(v->decimal, 0, DECIMAL_HALF_EVEN));

		if (decimal_is_finite(rounded.decimal))
			whole = value_to_int64(&rounded);
	}

	buf_add_le64(b, (uint64_t)whole);
}

static void hash_value(struct buf *b, const struct bson_field *field, bool with_name);

static void hash_fields(struct buf *b, struct bytes doc)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;

	while (expr_next(&fields, &field))
		hash_value(b, &field, true);
	/* The end of a document is an element, too: of class 0, without a name. */
	buf_add_le32(b, 0);
}

static void hash_value(struct buf *b, const struct bson_field *field, bool with_name)
{
	struct value v = value_of_field(field);

	buf_add_le32(b, (uint32_t)value_class(field->type));
	if (with_name) {
		buf_add_bytes(b, field->name);
		buf_add_u8(b, 0);
	}
	if (value_is_number(&v)) {
		hash_number(b, &v);
	} else if (field->type == BSON_KIND_DOCUMENT || field->type == BSON_KIND_ARRAY) {
		hash_fields(b, field->value);
	} else if (field->type == BSON_KIND_CODE_WITH_SCOPE && field->value.len > 8) {
		size_t code = MIN_OF(get_le32(field->value.at + 4), field->value.len - 8);

		buf_add(b, field->value.at + 8, code);
		hash_fields(b, bytes_of(field->value.at + 8 + code, field->value.len - 8 - code));
	} else {
		buf_add_bytes(b, field->value);
	}
}

static int eval_to_hashed_index_key(const struct expr *self, struct expr_frame *frame,
				    struct value *ret, struct error *e)
{
	OWNED(buf_release) struct buf b = {0};
	struct bytes name = bytes_of("", 0);
	struct value v, wrapped;
	struct bson_fields fields;
	struct bson_field field;
	char digest[MD5_HEX + 1];
	OWNED(md5_free) struct md5 *md5 = NULL;
	int result = expr_arg(self, 0, frame, &v, e);

	if (result < 0)
		return result;
	if (value_is_missing(&v))
		v = value_null();
	wrapped = expr_document_of(frame->arena, &name, &v, 1);
	if (expr_check_nesting(wrapped.data, e) < 0)
		return e->code;
	fields = bson_fields(wrapped.data);
	buf_add_le32(&b, 0);
	if (expr_next(&fields, &field))
		hash_value(&b, &field, false);
	md5 = md5_new();
	md5_add(md5, buf_bytes(&b));
	md5_end(md5, digest);
	/* The first eight bytes, little endian. */
	digest[16] = '\0';
	*ret = value_int64((int64_t)__builtin_bswap64(strtoull(digest, NULL, 16)));
	return 0;
}

/* ---- $function: there is no engine for it */

static int parse_function(struct expr_scope *scope, const struct value *operand, struct expr *self,
			  struct error *e)
{
	struct value body, args, lang, constant;
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 31260,
				   "$function requires an object as an argument, found: %s",
				   expr_type(operand));
	body = value_get(operand->data, bytes_str("body"));
	args = value_get(operand->data, bytes_str("args"));
	lang = value_get(operand->data, bytes_str("lang"));
	if (value_is_missing(&body))
		return query_error(e, 31261, "The body function must be specified.");
	expr_args_new(scope, self, 2);
	result = expr_parse_arg(scope, &body, self, 0, e);
	if (result < 0)
		return result;
	if (!expr_is_constant(self->args[0], &constant) ||
	    (constant.type != BSON_KIND_STRING && constant.type != BSON_KIND_CODE))
		return query_error(e, 31262,
				   "The body function must evaluate to type string or code");
	if (value_is_missing(&args))
		return query_error(e, 31263, "The args field must be specified.");
	result = expr_parse_arg(scope, &args, self, 1, e);
	if (result < 0)
		return result;
	if (value_is_missing(&lang))
		return query_error(e, 31418, "The lang field must be specified.");
	if (lang.type != BSON_KIND_STRING || !bytes_equal(lang.data, bytes_str("js")))
		return query_error(e, 31419,
				   "Currently the only supported language specifier is 'js'.");
	return 0;
}

static int eval_function(const struct expr *self UNUSED, struct expr_frame *frame UNUSED,
			 struct value *ret UNUSED, struct error *e)
{
	return query_error(e, 31264,
			   "Cannot run server-side javascript without the javascript engine "
			   "enabled");
}

/* ---- $meta */

enum meta { META_RECORD_ID = 1, META_SORT_KEY, META_DISTANCE, META_POINT, META_NONE };

/* `needs`: what a query must have for it, which none has here but a $near; `lacks`: what none has where a stage filters. */
static const struct {
	const char *name;
	enum meta meta;
	const char *needs, *lacks;
} metas[] = {
	{"recordId", META_RECORD_ID, NULL, "record ID"},
	{"sortKey", META_SORT_KEY, NULL, "sort key"},
	{"textScore", META_NONE, "text score", "text score"},
	{"geoNearDistance", META_DISTANCE, "$geoNear distance", "$geoNear distance"},
	{"geoNearPoint", META_POINT, "$geoNear point", "$geoNear point"},
	{"indexKey", META_NONE, NULL, "index key"},
	{"randVal", META_NONE, NULL, "rand val"},
	{"searchHighlights", META_NONE, NULL, NULL},
	{"searchScore", META_NONE, NULL, NULL},
	{"searchScoreDetails", META_NONE, NULL, NULL},
	{"searchSequenceToken", META_NONE, NULL, "$search sequence token"},
	{"timeseriesBucketMinTime", META_NONE, NULL, "timeseries bucket min time"},
	{"timeseriesBucketMaxTime", META_NONE, NULL, "timeseries bucket max time"},
	{"vectorSearchScore", META_NONE, NULL, "$vectorSearch distance"},
};

static int parse_meta(struct expr_scope *scope, const struct value *operand, struct expr *self,
		      struct error *e)
{
	const struct query_context *q = expr_scope_context(scope);
	const char *needs;

	if (operand->type != BSON_KIND_STRING)
		return query_error(e, 17307, "$meta only supports string arguments");
	for (size_t i = 0; i < COUNT_OF(metas); i++) {
		if (!bytes_equal(operand->data, bytes_str(metas[i].name)))
			continue;
		needs = q->in_filter ? NULL : q->in_match ? metas[i].lacks : metas[i].needs;
		if (q->has_near && !q->in_match &&
		    (metas[i].meta == META_DISTANCE || metas[i].meta == META_POINT))
			needs = NULL;
		if (needs != NULL)
			return query_error(e, 40218,
					   "query requires %s metadata, but it is not available",
					   needs);
		expr_args_new(scope, self, 0);
		self->value = value_int32((int32_t)(q->in_filter ? META_NONE : metas[i].meta));
		return 0;
	}
	return query_error(e, 17308, "Unsupported argument to $meta: %.*s", (int)operand->data.len,
			   operand->data.at);
}

static int eval_meta(const struct expr *self, struct expr_frame *frame, struct value *ret,
		     struct error *e UNUSED)
{
	const struct stage_doc *doc = frame->meta;

	*ret = value_missing();
	if (self->value.int32 == META_RECORD_ID && doc != NULL && doc->record_id != 0)
		*ret = value_int64(doc->record_id);
	else if (self->value.int32 == META_SORT_KEY)
		*ret = doc != NULL && doc->sort_key.len > 0 ? value_array(doc->sort_key)
							    : value_array(bson_build_empty());
	else if (doc != NULL && doc->near.len > 0 && self->value.int32 < META_NONE)
		*ret = value_get(doc->near,
				 bytes_str(self->value.int32 == META_DISTANCE ? STAGE_NEAR_DISTANCE
									      : STAGE_NEAR_POINT));
	return 0;
}

const struct expr_op expr_ops_misc[] = {
	{.name = "$binarySize", .least = 1, .most = 1, .eval = eval_binary_size},
	{.name = "$bsonSize", .least = 1, .most = 1, .eval = eval_bson_size},
	{.name = "$function",
	 .parse = parse_function,
	 .eval = eval_function,
	 .is_not_constant = true},
	{.name = "$meta", .parse = parse_meta, .eval = eval_meta, .is_not_constant = true},
	{.name = "$rand", .parse = parse_rand, .eval = eval_rand, .is_not_constant = true},
	{.name = "$toHashedIndexKey",
	 .parse = parse_one,
	 .eval = eval_to_hashed_index_key,
	 .fold = EXPR_FOLD_NOT},
	{.name = "$tsIncrement", .least = 1, .most = 1, .eval = eval_ts_increment},
	{.name = "$tsSecond", .least = 1, .most = 1, .eval = eval_ts_second},
	{.name = NULL},
};
