#include "oplog/update.h"

#include "base/bson_build.h"
#include "base/key.h"
#include "oplog/update_out.h"

#define CODE_UNKNOWN_MODIFIER 9
#define CODE_ID_MISMATCH 13596
#define CODE_BAD_VERSION_4 40682
#define CODE_BAD_VERSION 4772600
#define CODE_UNKNOWN_VERSION_5 4772604
#define CODE_NO_DIFF 4772601

/* What the three parts of classifying look at. */
struct shape {
	bool dollar; /* the first field's name begins with $ */
	bool has_version;
	bool has_id;
	bool integer;	 /* $v is an int32 or int64 */
	int64_t version; /* $v as a number, cut to an integer; 0 when it is none */
	struct bson_field id;
};

static int64_t number_of(const struct bson_field *field)
{
	double number;

	switch (field->type) {
	case BSON_KIND_INT32:
		return (int32_t)get_le32(field->value.at);
	case BSON_KIND_INT64:
		return (int64_t)get_le64(field->value.at);
	case BSON_KIND_DOUBLE:
		number = get_le_double(field->value.at);
		return number > -1e9 && number < 1e9 ? (int64_t)number : 0;
	default:
		return 0;
	}
}

static int look(struct bytes o, struct shape *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(o);
	struct shape shape = {0};
	struct bson_field field;
	bool first = true;
	int got;

	while ((got = bson_fields_next(&fields, &field, e)) > 0) {
		struct bytes name = field.name;

		if (first)
			shape.dollar = name.len > 0 && name.at[0] == '$';
		first = false;
		if (!shape.has_version && name.len == 2 && memcmp(name.at, "$v", 2) == 0) {
			shape.has_version = true;
			shape.integer =
				field.type == BSON_KIND_INT32 || field.type == BSON_KIND_INT64;
			shape.version = number_of(&field);
		} else if (!shape.has_id && name.len == 3 && memcmp(name.at, "_id", 3) == 0) {
			shape.has_id = true;
			shape.id = field;
		}
	}
	if (got == 0)
		*ret = shape;
	return got;
}

static int reject(struct error *e, int code, const char *text, int64_t version)
{
	return error_set(e, ERR_CORRUPT, "a server rejects this update with code %d: %s (%lld)",
			 code, text, (long long)version);
}

static int classify_4(const struct shape *shape, enum update_kind *ret, struct error *e)
{
	*ret = shape->dollar ? UPDATE_MODIFY : UPDATE_REPLACE;
	if (!shape->dollar || !shape->has_version || (shape->integer && shape->version == 1))
		return 0;
	if (!shape->integer)
		return reject(e, 2, "$v must be an integer", shape->version);
	return reject(e, CODE_BAD_VERSION_4, "unrecognized value of $v", shape->version);
}

static int classify_5(const struct shape *shape, enum update_kind *ret, struct error *e)
{
	*ret = shape->dollar ? UPDATE_MODIFY : UPDATE_REPLACE;
	if (!shape->has_version)
		return 0;
	if (!shape->integer)
		return reject(e, CODE_BAD_VERSION, "$v must be an integer", shape->version);
	if (shape->version == 2)
		*ret = UPDATE_DIFF;
	else if (shape->version != 1)
		return reject(e, CODE_UNKNOWN_VERSION_5, "unrecognized value of $v",
			      shape->version);
	return 0;
}

static int classify_6(const struct shape *shape, enum update_kind *ret, struct error *e)
{
	*ret = shape->has_id ? UPDATE_REPLACE : shape->version == 2 ? UPDATE_DIFF : UPDATE_MODIFY;
	if (!shape->has_id && shape->has_version && shape->version != 1 && shape->version != 2)
		return reject(e, CODE_BAD_VERSION, "expected an _id, no $v, or $v 1 or 2",
			      shape->version);
	return 0;
}

static int classify(const struct shape *shape, int major, enum update_kind *ret, struct error *e)
{
	if (major < 5)
		return classify_4(shape, ret, e);
	return major == 5 ? classify_5(shape, ret, e) : classify_6(shape, ret, e);
}

int update_classify(struct bytes o, int major, enum update_kind *ret, struct error *e)
{
	enum update_kind kind;
	struct shape shape;
	int got = look(o, &shape, e);

	if (got < 0 || (got = classify(&shape, major, &kind, e)) < 0)
		return got;
	*ret = kind;
	return 0;
}

/* Two _id are equal as the `_id` index sees it: numbers of any type by their value. */
static int same_id(const struct bson_field *a, const struct bson_field *b, struct error *e)
{
	OWNED(buf_release) struct buf key_a = {0};
	OWNED(buf_release) struct buf key_b = {0};
	int got;

	if (a->type == b->type && bytes_equal(a->value, b->value))
		return 1;
	if ((got = key_of_value(a->type, a->value, &key_a, e)) < 0 ||
	    (got = key_of_value(b->type, b->value, &key_b, e)) < 0)
		return got;
	return bytes_equal(buf_bytes(&key_a), buf_bytes(&key_b));
}

static int check_same_id(const struct bson_field *before, const struct bson_field *after,
			 struct update_out *out)
{
	int got = same_id(before, after, out->e);

	if (got == 0)
		return update_out_reject(out, CODE_ID_MISMATCH, "the _id would change");
	return got < 0 ? got : 0;
}

/* `o` is the document; its _id comes first, and is the old one's if it has none. */
static int replace(struct bytes doc, struct bytes o, const struct shape *shape,
		   struct update_out *out)
{
	static const struct bytes id_name = {(const uint8_t *)"_id", 3};
	struct bson_field id = {0};
	const uint8_t *begin = o.at + 4, *end = o.at + o.len - 1;
	size_t open;
	int got, has = bson_find(doc, "_id", &id, out->e);

	if (has < 0)
		return has;
	if (has > 0 && shape->has_id && (got = check_same_id(&id, &shape->id, out)) < 0)
		return got;
	if (shape->has_id)
		id = shape->id;
	if ((got = update_out_open(out, &open)) < 0)
		return got;
	if ((has > 0 || shape->has_id) &&
	    (got = update_out_field(out, id.type, id_name, id.value)) < 0)
		return got;
	if (shape->has_id) {
		if ((got = update_out_put(out, begin, (size_t)(update_out_begin(&id) - begin))) < 0)
			return got;
		begin = update_out_end(&id);
	}
	if ((got = update_out_put(out, begin, (size_t)(end - begin))) < 0)
		return got;
	return update_out_close(out, open);
}

/* The _id is the first field of both, in the same bytes: nearly always. */
static bool begins_alike(struct bytes doc, struct bytes new)
{
	static const uint8_t name[] = "_id";
	int64_t len;

	if (doc.len < 10 || new.len < 10 || memcmp(doc.at + 5, name, sizeof(name)) != 0)
		return false;
	len = bson_value_len(doc.at[4], bytes_of(doc.at + 9, doc.len - 10));
	return len >= 0 &&
	       new.len > 9 + (size_t)len &&memcmp(doc.at + 4, new.at + 4, 5 + (size_t)len) == 0;
}

/* Put a copy of `id` at the front of the new document, in place of the one at `old` (may be NULL). */
static int lead_with_id(const struct bson_field *id, const struct bson_field *old, size_t start,
			struct update_out *out)
{
	struct bytes new = bytes_of(out->to->at + start, out->to->len - start);
	const uint8_t *cut = old != NULL ? update_out_begin(old) : new.at + 4;
	const uint8_t *go_on = old != NULL ? update_out_end(old) : cut;
	OWNED(buf_release) struct buf fixed = {0};
	size_t begin;

	if (buf_reserve(&fixed, new.len + id->value.len + 16, SIZE_MAX, out->e) < 0)
		return ERR_NOMEM;
	begin = bson_build_begin(&fixed);
	bson_build_value(&fixed, "_id", id->type, id->value);
	buf_add(&fixed, new.at + 4, (size_t)(cut - (new.at + 4)));
	buf_add(&fixed, go_on, (size_t)(new.at + new.len - 1 - go_on));
	bson_build_end(&fixed, begin);
	out->to->len = start;
	return update_out_put(out, fixed.at, fixed.len);
}

/* After modifiers or differences: the _id may not change, and is the first field. */
static int settle_id(struct bytes doc, bool made, enum update_kind kind, size_t start,
		     struct update_out *out)
{
	struct bytes new = bytes_of(out->to->at + start, out->to->len - start);
	struct bson_field before, after;
	int had, has, got;

	if (begins_alike(doc, new))
		return 0;
	if ((had = bson_find(doc, "_id", &before, out->e)) < 0 ||
	    (has = bson_find(new, "_id", &after, out->e)) < 0)
		return ERR_CORRUPT;
	if (had == 0 && has == 0)
		return 0;
	if (has == 0 && kind == UPDATE_DIFF)
		return lead_with_id(&before, NULL, start, out);
	if (has == 0)
		return update_out_reject(out, CODE_ID_MISMATCH, "the _id would go");
	/* An upsert may set another _id than it looked for: it is the new document's (measured). */
	if (had > 0 && !made && (got = check_same_id(&before, &after, out)) < 0)
		return got;
	if (update_out_begin(&after) == new.at + 4)
		return 0;
	return lead_with_id(&after, &after, start, out);
}

static int modify(struct bytes doc, bool made, struct bytes o, enum update_kind kind,
		  struct update_out *out)
{
	size_t start = out->to->len;
	struct bson_field diff;
	int got;

	if (kind == UPDATE_MODIFY) {
		got = update_v1_apply(doc, o, out);
	} else {
		got = bson_find(o, "diff", &diff, out->e);
		if (got == 0 || (got > 0 && diff.type != BSON_KIND_DOCUMENT))
			return update_out_reject(out, CODE_NO_DIFF, "diff must be a document");
		if (got > 0)
			got = update_diff_apply(doc, diff.value, out);
	}
	return got < 0 ? got : settle_id(doc, made, kind, start, out);
}

static int apply(struct bytes doc, struct bytes o, const struct update_rules *rules,
		 struct update_out *out)
{
	OWNED(buf_release) struct buf made = {0};
	enum update_kind kind;
	struct shape shape;
	bool missing = doc.len == 0;
	int got;

	if ((got = look(o, &shape, out->e)) < 0 ||
	    (got = classify(&shape, rules->major, &kind, out->e)) < 0)
		return got;
	if (missing && !rules->upsert)
		return 0;
	if (missing) {
		size_t begin = bson_build_begin(&made);

		/* With an _id of its own a replacement needs no other. */
		if (rules->id.type != 0 && !(kind == UPDATE_REPLACE && shape.has_id))
			bson_build_value(&made, "_id", rules->id.type, rules->id.value);
		bson_build_end(&made, begin);
		doc = buf_bytes(&made);
	}
	if (kind == UPDATE_REPLACE)
		got = replace(doc, o, &shape, out);
	else
		got = modify(doc, missing, o, kind, out);
	return got < 0 ? got : 1;
}

int update_apply(struct bytes doc, struct bytes o, const struct update_rules *rules,
		 struct buf *ret, struct error *e)
{
	size_t start = ret->len;
	struct update_out out = {.to = ret,
				 .limit = start + BSON_MAX_LEN,
				 .major = rules->major,
				 .logged = rules->logged,
				 .e = e};
	int got;

	if (doc.len > 0 && (got = bson_frame(doc, e)) < 0)
		return got;
	/* Mostly enough for all of it. */
	if ((got = update_out_grow(&out, MIN_OF(doc.len + o.len + 64, BSON_MAX_LEN))) < 0)
		return got;
	got = apply(doc, o, rules, &out);
	if (got > 0 && bytes_equal(doc, bytes_of(ret->at + start, ret->len - start)))
		got = 0;
	if (got <= 0)
		ret->len = start;
	return got;
}
