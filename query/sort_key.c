/* Which values of a document it is sorted by, and their bytes in memcmp order. Prefix: sort_ */
#include <float.h>
#include <math.h>
#include <sys/random.h>

#include "base/key.h"
#include "query/field_path.h"
#include "query/gaps.h"
#include "query/path.h"
#include "query/query_error.h"
#include "query/sort_parts.h"

#define DEEP_MAX 256 /* arrays in each other on one path */

/* ---- values: BtreeKeyGenerator's rules */

/* Where the search for one part's value stands. */
struct place {
	bool is_done;
	bool is_nested;	   /* the array is the element of another that an index led to */
	bool is_missing;   /* the value is null because there is none */
	struct bytes rest; /* path below the array; at NULL: its elements themselves */
	struct value v;	   /* the value when done, else the array */
};

struct choosing {
	const struct sort *sort;
	struct collation *collation;
	struct value *best; /* the least key so far */
	bool has_best;
	sort_visit visit; /* not NULL: all are wanted, not the least */
	void *arg;
};

static COLD int ambiguous(struct bytes name, struct bytes array, struct error *e)
{
	OWNED(buf_release) struct buf a = {0}, b = {0};

	buf_add_bytes(&a, name);
	value_text_bson(array, false, &b);
	return query_error(e, 16746,
			   "Ambiguous field name found in array (do not use numeric field names in "
			   "embedded elements in an array), field: '%s' for array: %s",
			   buf_text(&a), buf_text(&b));
}

/* From `v` along `path` to its end or to the first array. */
static void walk_path(struct place *place, struct value v, struct bytes path)
{
	*place = (struct place){0};
	while (v.type == BSON_KIND_DOCUMENT && path.at != NULL) {
		struct bytes rest, name = field_path_first(path, &rest);

		v = value_get(v.data, name);
		path = rest;
	}
	place->v = v;
	place->rest = path;
	if (v.type == BSON_KIND_ARRAY)
		return;
	place->is_done = true;
	place->is_missing = path.at != NULL || value_is_missing(&v);
	if (place->is_missing)
		place->v = value_null();
}

static bool is_within(const struct choosing *c, const struct value *key)
{
	const struct sort *sort = c->sort;

	return (sort->min == NULL ||
		sort_compare_values(sort, key, sort->min, c->collation) >= 0) &&
	       (sort->max == NULL || sort_compare_values(sort, key, sort->max, c->collation) < 0);
}

static void take(struct choosing *c, const struct place *places)
{
	struct value key[SORT_PARTS_MAX];
	bool has_any = false;

	for (size_t i = 0; i < c->sort->count; i++) {
		key[i] = places[i].v;
		has_any |= !places[i].is_missing;
	}
	if ((c->sort->is_sparse && !has_any) || !is_within(c, key))
		return;
	if (c->visit != NULL) {
		c->visit(c->arg, key);
		return;
	}
	if (c->has_best && sort_compare_values(c->sort, key, c->best, c->collation) >= 0)
		return;
	memcpy(c->best, key, c->sort->count * sizeof(*key));
	c->has_best = true;
}

/* The array that all unfinished parts stand before, at NULL if there is none; error when there are two. */
static int common_array(const struct choosing *c, const struct place *places,
			struct bytes *ret_array, struct error *e)
{
	ret_array->at = NULL;
	for (size_t i = 0; i < c->sort->count; i++) {
		if (places[i].is_done)
			continue;
		if (ret_array->at != NULL && ret_array->at != places[i].v.data.at)
			return query_error(e, QUERY_BAD_VALUE,
					   "cannot sort with keys that are parallel arrays");
		*ret_array = places[i].v.data;
	}
	return 0;
}

/* How the parts go on below one array. */
struct below {
	struct place places[SORT_PARTS_MAX];
	bool goes_by_index[SORT_PARTS_MAX]; /* to one place, whatever the element */
	bool is_whole; /* parts that end here have the array, not its elements */
	bool has_each; /* some part has another value for each element */
};

static void look_below(const struct choosing *c, const struct place *places, struct below *ret)
{
	ret->is_whole = ret->has_each = false;
	for (size_t i = 0; i < c->sort->count; i++)
		ret->is_whole |= !places[i].is_done && places[i].is_nested;
	for (size_t i = 0; i < c->sort->count; i++) {
		struct value element = value_missing();
		struct bytes rest;
		size_t index;

		ret->goes_by_index[i] = false;
		if (places[i].is_done)
			continue;
		if (places[i].rest.at != NULL &&
		    path_is_index(field_path_first(places[i].rest, &rest), &index))
			element = value_at(places[i].v.data, index);
		if (value_is_missing(&element)) {
			ret->has_each |= places[i].rest.at != NULL || !ret->is_whole;
			continue;
		}
		ret->goes_by_index[i] = true;
		walk_path(&ret->places[i], element, rest);
		ret->places[i].is_nested = element.type == BSON_KIND_ARRAY;
	}
}

/* An index that is a field's name in an element, too. */
static int check_names(const struct choosing *c, const struct place *places,
		       const struct below *below, const struct value *element, struct error *e)
{
	for (size_t i = 0; i < c->sort->count; i++) {
		struct bytes name, rest;
		struct value v;

		if (!below->goes_by_index[i])
			continue;
		name = field_path_first(places[i].rest, &rest);
		v = value_get(element->data, name);
		if (!value_is_missing(&v))
			return ambiguous(name, places[i].v.data, e);
	}
	return 0;
}

static int expand(struct choosing *c, const struct place *places, int depth, struct error *e);

static int expand_element(struct choosing *c, const struct place *places, const struct below *below,
			  struct value element, int depth, struct error *e)
{
	struct place next[SORT_PARTS_MAX];

	for (size_t i = 0; i < c->sort->count; i++) {
		if (places[i].is_done)
			next[i] = places[i];
		else if (below->goes_by_index[i])
			next[i] = below->places[i];
		else if (places[i].rest.at == NULL)
			next[i] = (struct place){.is_done = true,
						 .v = below->is_whole && element.type !=
										 BSON_KIND_UNDEFINED
							      ? places[i].v
							      : element};
		else if (element.type != BSON_KIND_DOCUMENT)
			next[i] = (struct place){
				.is_done = true, .is_missing = true, .v = value_null()};
		else
			walk_path(&next[i], element, places[i].rest);
	}
	return expand(c, next, depth + 1, e);
}

static int expand(struct choosing *c, const struct place *places, int depth, struct error *e)
{
	struct below below;
	struct bson_field field;
	struct bytes array;
	struct fields walk;
	bool is_empty = true;

	if (common_array(c, places, &array, e) < 0)
		return e->code;
	if (array.at == NULL) {
		take(c, places);
		return 0;
	}
	if (depth > DEEP_MAX)
		return query_error(e, QUERY_OVERFLOW, "arrays nest too deep on a sort key's path");
	look_below(c, places, &below);
	for (walk = fields_of(array); fields_next(&walk, &field); is_empty = false) {
		struct value element = value_of_field(&field);

		if (element.type == BSON_KIND_DOCUMENT &&
		    check_names(c, places, &below, &element, e) < 0)
			return e->code;
		if ((is_empty || below.has_each) &&
		    expand_element(c, places, &below, element, depth, e) < 0)
			return e->code;
	}
	if (!is_empty)
		return 0;
	return expand_element(c, places, &below, (struct value){.type = BSON_KIND_UNDEFINED}, depth,
			      e);
}

static struct value random_value(void)
{
	int64_t bits = 0;

	/* Can't fail for so few bytes; if it did, the order would be that of the documents. */
	if (getrandom(&bits, sizeof(bits), 0) < 0)
		bits = 0;
	return value_int64(bits);
}

static bool has_bounds(const struct sort *sort)
{
	return sort->min != NULL || sort->max != NULL || sort->is_sparse;
}

/* {_id: 1} or {_id: -1} and nothing else: mongod takes the field as it is and looks into no array. */
static bool is_only_id(const struct sort *sort)
{
	return sort->count == 1 && !has_bounds(sort) &&
	       bytes_equal(sort->parts[0].path, bytes_str("_id"));
}

int sort_key_values(const struct sort *sort, struct expr_frame *frame, const struct stage_doc *doc,
		    struct value *ret, struct error *e)
{
	struct choosing c = {.sort = sort, .collation = frame->q->collation, .best = ret};
	struct place places[SORT_PARTS_MAX];
	bool has_array = has_bounds(sort); /* or has to be looked at closer */

	if (is_only_id(sort)) {
		ret[0] = value_get(doc->doc, bytes_str("_id"));
		if (value_is_missing(&ret[0]))
			ret[0] = value_null();
		return 1;
	}
	for (size_t i = 0; i < sort->count; i++) {
		const struct sort_part *part = &sort->parts[i];

		places[i] = (struct place){0};
		if (part->is_random) {
			places[i].is_done = true;
			places[i].v = random_value();
		} else if (part->is_near) {
			places[i].is_done = true;
			places[i].v = value_get(doc->near, bytes_str(STAGE_NEAR_ORDER));
		} else if (part->meta != NULL) {
			expr_frame_set(frame, doc->doc);
			frame->meta = doc;
			if (expr_eval(part->meta, frame, &places[i].v, e) < 0)
				return e->code;
			places[i].is_done = true;
			if (value_is_missing(&places[i].v))
				places[i].v = value_null();
		} else
			walk_path(&places[i], value_document(doc->doc), part->path);
		has_array |= !places[i].is_done;
	}
	if (has_array)
		return expand(&c, places, 0, e) < 0 ? e->code : c.has_best;
	for (size_t i = 0; i < sort->count; i++)
		ret[i] = places[i].v;
	return 1;
}

const struct sort *sort_within(const struct sort *sort, const struct sort_bounds *bounds,
			       struct arena *arena)
{
	struct sort *ret = arena_get(arena, sizeof(*ret));

	*ret = *sort;
	ret->min = bounds->min;
	ret->max = bounds->max;
	ret->is_sparse = bounds->is_sparse;
	ret->is_index = true;
	return ret;
}

int sort_each_key(const struct sort *sort, struct bytes doc, sort_visit visit, void *arg,
		  struct error *e)
{
	struct choosing c = {.sort = sort, .visit = visit, .arg = arg};
	struct place places[SORT_PARTS_MAX];

	for (size_t i = 0; i < sort->count; i++)
		walk_path(&places[i], value_document(doc), sort->parts[i].path);
	return expand(&c, places, 0, e);
}

/* ---- bytes */

enum {
	CLASS_UNDEFINED = 15,
	CLASS_NULL = 20,
	CLASS_NUMBER = 30,
	CLASS_STRING = 60,
	CLASS_OBJECT_ID = 100,
	CLASS_FALSE = 110,
	CLASS_TRUE = 111,
	CLASS_DATE = 120,
};

/* Bits whose order as unsigned numbers is that of the doubles; 0 is left for NaN. */
static uint64_t ordered_bits(double d)
{
	uint64_t bits;

	d += 0.0; /* -0 becomes 0 */
	memcpy(&bits, &d, sizeof(bits));
	return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

/* The greatest double that is not above `v`; *ret_exact: it is `v`. */
static double floor_double(const struct value *v, bool *ret_exact)
{
	struct value rounded = value_double(value_to_double(v));
	int order;

	if (v->type == BSON_KIND_DOUBLE || v->type == BSON_KIND_INT32) {
		*ret_exact = true;
		return rounded.number;
	}
	order = value_compare(&rounded, v, NULL);
	if (order > 0)
		rounded.number = nextafter(rounded.number, -INFINITY);
	*ret_exact = order == 0;
	return rounded.number;
}

static int add_payload_key(const struct value *v, struct collation *collation, struct buf *ret,
			   struct error *e)
{
	OWNED(buf_release) struct buf field = {0}, room = {0};
	struct value whole = *v;
	struct bytes payload;

	if (v->type == BSON_KIND_DOCUMENT || v->type == BSON_KIND_ARRAY)
		whole.data = gaps_strip(v->data, &room);
	value_write(&field, bytes_of("", 0), &whole);
	payload = bytes_of(field.at + 2, field.len - 2);
	return collation != NULL ? collation_key(collation, v->type, payload, ret, e)
				 : key_of_value(v->type, payload, ret, e);
}

static int add_number(const struct value *v, struct buf *ret, struct error *e)
{
	uint8_t *at;
	bool is_exact = true;
	double d = floor_double(v, &is_exact);

	buf_add_u8(ret, CLASS_NUMBER);
	at = buf_room(ret, 8);
	put_be64(at, isnan(d) ? 0 : ordered_bits(d));
	ret->len += 8;
	buf_add_u8(ret, !is_exact && !isnan(d));
	return is_exact || isnan(d) ? 0 : add_payload_key(v, NULL, ret, e);
}

static void add_string(struct bytes text, struct buf *ret)
{
	const uint8_t *at = text.at, *end = text.at + text.len, *nul;

	buf_add_u8(ret, CLASS_STRING);
	while (at < end && (nul = memchr(at, '\0', (size_t)(end - at))) != NULL) {
		buf_add(ret, at, (size_t)(nul - at));
		buf_add(ret, "\0\xff", 2);
		at = nul + 1;
	}
	if (at < end)
		buf_add(ret, at, (size_t)(end - at));
	buf_add_u8(ret, 0);
}

int sort_value_bytes(const struct value *v, struct collation *collation, struct buf *ret,
		     struct error *e)
{
	switch (v->type) {
	case VALUE_MISSING:
	case BSON_KIND_NULL:
		buf_add_u8(ret, CLASS_NULL);
		return 0;
	case BSON_KIND_UNDEFINED:
		buf_add_u8(ret, CLASS_UNDEFINED);
		return 0;
	case BSON_KIND_INT32:
	case BSON_KIND_INT64:
	case BSON_KIND_DOUBLE:
	case BSON_KIND_DECIMAL:
		return add_number(v, ret, e);
	case BSON_KIND_STRING:
	case BSON_KIND_SYMBOL:
		if (collation != NULL)
			break;
		add_string(v->data, ret);
		return 0;
	case BSON_KIND_OBJECT_ID:
		buf_add_u8(ret, CLASS_OBJECT_ID);
		buf_add_bytes(ret, v->data);
		return 0;
	case BSON_KIND_BOOL:
		buf_add_u8(ret, v->flag ? CLASS_TRUE : CLASS_FALSE);
		return 0;
	case BSON_KIND_DATE:
		buf_add_u8(ret, CLASS_DATE);
		put_be64(buf_room(ret, 8), (uint64_t)v->date ^ (uint64_t)1 << 63);
		ret->len += 8;
		return 0;
	default:
		break;
	}
	return add_payload_key(v, collation, ret, e);
}

int sort_key_bytes(const struct sort *sort, struct expr_frame *frame, const struct stage_doc *doc,
		   struct buf *ret, struct error *e)
{
	struct value values[SORT_PARTS_MAX];

	if (sort_key_values(sort, frame, doc, values, e) < 0)
		return e->code;
	for (size_t i = 0; i < sort->count; i++) {
		size_t begin = ret->len;

		if (sort_value_bytes(&values[i], frame->q->collation, ret, e) < 0)
			return e->code;
		if (!sort->parts[i].is_ascending)
			for (size_t at = begin; at < ret->len; at++)
				ret->at[at] = (uint8_t)~ret->at[at];
	}
	/*
	 * What the caller adds may begin with a 00, as what follows the end of "a" in "a\0b" does once it is turned over. Class bytes
	 * don't, so between the parts it is not needed.
	 */
	if (!sort->parts[sort->count - 1].is_ascending)
		buf_add_u8(ret, 0x80);
	return 0;
}
