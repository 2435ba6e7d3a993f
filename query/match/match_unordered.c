#include <stdlib.h>

#include "query/fields.h"
#include "query/match/match_schema.h"

static int compare_names(const void *a, const void *b)
{
	const struct bson_field *x = a, *y = b;

	return bytes_compare(x->name, y->name);
}

static struct bson_field *sorted_fields(struct arena *arena, struct bytes doc, size_t *ret_count)
{
	struct fields fields = fields_of(doc);
	size_t count = value_count(doc);
	struct bson_field *ret = arena_get(arena, count * sizeof(*ret));

	for (size_t i = 0; i < count; i++)
		fields_next(&fields, &ret[i]);
	qsort(ret, count, sizeof(*ret), compare_names);
	*ret_count = count;
	return ret;
}

static bool equal_fields(struct arena *arena, const struct bson_field *a,
			 const struct bson_field *b, bool named)
{
	struct value value_a = value_of_field(a), value_b = value_of_field(b);

	return (!named || bytes_equal(a->name, b->name)) &&
	       match_unordered_equal(arena, &value_a, &value_b);
}

static bool equal_documents(struct arena *arena, struct bytes a, struct bytes b)
{
	size_t count_a, count_b;
	const struct bson_field *fields_a = sorted_fields(arena, a, &count_a);
	const struct bson_field *fields_b = sorted_fields(arena, b, &count_b);

	if (count_a != count_b)
		return false;
	for (size_t i = 0; i < count_a; i++)
		if (!equal_fields(arena, &fields_a[i], &fields_b[i], true))
			return false;
	return true;
}

static bool equal_arrays(struct arena *arena, struct bytes a, struct bytes b)
{
	struct fields fields_a = fields_of(a), fields_b = fields_of(b);
	struct bson_field field_a, field_b;

	for (;;) {
		bool more_a = fields_next(&fields_a, &field_a);
		bool more_b = fields_next(&fields_b, &field_b);

		if (!more_a || !more_b)
			return more_a == more_b;
		if (!equal_fields(arena, &field_a, &field_b, false))
			return false;
	}
}

bool match_unordered_equal(struct arena *arena, const struct value *a, const struct value *b)
{
	if (a->type == BSON_KIND_DOCUMENT && b->type == BSON_KIND_DOCUMENT)
		return equal_documents(arena, a->data, b->data);
	if (a->type == BSON_KIND_ARRAY && b->type == BSON_KIND_ARRAY)
		return equal_arrays(arena, a->data, b->data);
	return value_compare(a, b, NULL) == 0;
}

uint64_t match_unordered_hash(const struct value *v)
{
	struct fields fields;
	struct bson_field field;
	uint64_t ret = v->type;

	if (v->type != BSON_KIND_DOCUMENT && v->type != BSON_KIND_ARRAY)
		return value_hash(v, NULL);
	fields = fields_of(v->data);
	while (fields_next(&fields, &field)) {
		struct value inner = value_of_field(&field), name = value_string(field.name);
		uint64_t hash = match_unordered_hash(&inner);

		if (v->type == BSON_KIND_ARRAY)
			ret = ret * UINT64_C(0x100000001b3) + hash;
		else
			ret += hash * (value_hash(&name, NULL) | 1);
	}
	return ret;
}

struct hashed {
	uint64_t hash;
	struct value value;
};

static int compare_hashes(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

bool match_unordered_repeats(struct arena *arena, struct bytes array)
{
	struct fields fields = fields_of(array);
	size_t count = value_count(array);
	struct hashed *all = arena_get(arena, count * sizeof(*all));
	struct bson_field field;

	for (size_t i = 0; i < count && fields_next(&fields, &field); i++) {
		all[i].value = value_of_field(&field);
		all[i].hash = match_unordered_hash(&all[i].value);
	}
	qsort(all, count, sizeof(*all), compare_hashes);
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1; k < count && all[k].hash == all[i].hash; k++)
			if (match_unordered_equal(arena, &all[i].value, &all[k].value))
				return true;
	return false;
}
