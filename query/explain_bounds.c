#include "query/explain_bounds.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bson_build.h"
#include "query/fields.h"

/* The least and the greatest value of a kind as an index has them, and whether the greatest is a value of the next kind. */
struct kind_ends {
	uint8_t type;
	const char *least, *greatest;
	bool is_next;
};

static const struct kind_ends *ends_of(const struct value *v)
{
	static const struct kind_ends ends[] = {
		{BSON_KIND_STRING, "\"\"", "{}", true},
		{BSON_KIND_DOCUMENT, "{}", "[]", true},
		{BSON_KIND_BINARY, "BinData(0, )", "ObjectId('000000000000000000000000')", true},
		{BSON_KIND_OBJECT_ID, "ObjectId('000000000000000000000000')",
		 "ObjectId('ffffffffffffffffffffffff')", false},
		{BSON_KIND_BOOL, "false", "true", false},
		{BSON_KIND_DATE, "new Date(-9223372036854775808)", "new Date(9223372036854775807)",
		 false},
		{BSON_KIND_TIMESTAMP, "Timestamp(0, 0)", "Timestamp(4294967295, 4294967295)",
		 false},
	};
	static const struct kind_ends numbers = {0, "-inf.0", "inf.0", false};
	static const struct kind_ends all = {0, "MinKey", "MaxKey", false};

	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (ends[i].type == v->type)
			return &ends[i];
	return value_is_number(v) ? &numbers : &all;
}

static void end_text(const struct value *v, const char *otherwise, struct buf *ret)
{
	if (value_is_missing(v))
		buf_add_str(ret, otherwise);
	else
		value_text_element(bytes_of(NULL, 0), v, ret);
}

/* "(3, inf.0]": the bounds as mongod writes them, where the index is read backward the upper one first. */
static void bounds_text(const struct plan *plan, struct buf *ret)
{
	bool has_low = !value_is_missing(&plan->low), has_high = !value_is_missing(&plan->high);
	const struct kind_ends *ends = ends_of(has_low ? &plan->low : &plan->high);
	bool low_open = has_low && plan->low_open;
	bool high_open = has_high ? plan->high_open : ends->is_next;
	OWNED(buf_release) struct buf low = {0}, high = {0};

	end_text(&plan->low, ends->least, &low);
	end_text(&plan->high, ends->greatest, &high);
	if (plan->is_backward)
		buf_printf(ret, "%c%s, %s%c", high_open ? '(' : '[', buf_text(&high),
			   buf_text(&low), low_open ? ')' : ']');
	else
		buf_printf(ret, "%c%s, %s%c", low_open ? '(' : '[', buf_text(&low), buf_text(&high),
			   high_open ? ')' : ']');
}

/* What the parsed filter says of `_id`: {$eq: 1}. */
static struct value of_id(struct bytes filter)
{
	struct value all = value_get(filter, bytes_str("$and")), found;
	struct bson_fields fields = bson_fields(all.data);
	struct bson_field field;
	struct error ignored;

	if (all.type != BSON_KIND_ARRAY)
		return value_get(filter, bytes_str("_id"));
	while (bson_fields_next(&fields, &field, &ignored) > 0) {
		found = value_get(field.value, bytes_str("_id"));
		if (found.type == BSON_KIND_DOCUMENT)
			return found;
	}
	return value_missing();
}

static void add_point(size_t number, const struct value *v, struct buf *ret)
{
	OWNED(buf_release) struct buf text = {0}, end = {0};
	char name[24];

	value_text_element(bytes_of(NULL, 0), v, &end);
	buf_printf(&text, "[%s, %s]", buf_text(&end), buf_text(&end));
	snprintf(name, sizeof(name), "%zu", number);
	bson_build_string(ret, name, buf_bytes(&text));
}

/* "[1, 1]", "[2, 2]" of {_id: {$in: [1, 2]}}, or of {_id: {$eq: 1}}. */
static void add_points(struct bytes filter, bool is_backward, struct buf *ret)
{
	struct value id = of_id(filter), in, one, *points;
	struct fields fields;
	struct bson_field field;
	size_t count = 0;

	if (id.type != BSON_KIND_DOCUMENT)
		return;
	in = value_get(id.data, bytes_str("$in"));
	if (in.type != BSON_KIND_ARRAY) {
		one = value_get(id.data, bytes_str("$eq"));
		add_point(0, &one, ret);
		return;
	}
	points = xcalloc(value_count(in.data) + 1, sizeof(*points));
	fields = fields_of(in.data);
	while (fields_next(&fields, &field))
		points[count++] = value_of_field(&field);
	for (size_t i = 0; i < count; i++)
		add_point(i, &points[is_backward ? count - 1 - i : i], ret);
	free(points);
}

void explain_bounds_rest(struct bytes filter, struct buf *ret)
{
	struct value all = value_get(filter, bytes_str("$and"));
	OWNED(buf_release) struct buf kept = {0};
	size_t begin = bson_build_begin(&kept), count = 0;
	struct bson_fields fields;
	struct bson_field field;
	struct value one = value_missing();
	struct error ignored;

	if (all.type != BSON_KIND_ARRAY)
		return;
	fields = bson_fields(all.data);
	while (bson_fields_next(&fields, &field, &ignored) > 0) {
		if (value_get(field.value, bytes_str("_id")).type != VALUE_MISSING)
			continue;
		one = value_of_field(&field);
		value_write_at(&kept, count++, &one);
	}
	bson_build_end(&kept, begin);
	if (count == 1) {
		bson_build_value(ret, "filter", BSON_KIND_DOCUMENT, one.data);
	} else if (count > 1) {
		begin = bson_build_open(ret, "filter");
		bson_build_value(ret, "$and", BSON_KIND_ARRAY, buf_bytes(&kept));
		bson_build_end(ret, begin);
	}
}

void explain_bounds_add(const struct plan *plan, struct bytes filter, struct buf *ret)
{
	OWNED(buf_release) struct buf text = {0};

	if (plan->way == PLAN_IDS) {
		add_points(filter, plan->is_backward, ret);
		return;
	}
	if (plan->way == PLAN_RANGE)
		bounds_text(plan, &text);
	else
		buf_add_str(&text, plan->is_backward ? "[MaxKey, MinKey]" : "[MinKey, MaxKey]");
	bson_build_string(ret, "0", buf_bytes(&text));
}
