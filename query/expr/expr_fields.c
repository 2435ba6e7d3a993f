#include "query/expr/expr_fields.h"

#include "query/expr/expr_op.h"
#include "query/fields.h"

#define FEW 16 /* names that are compared one by one */

static uint64_t hash_of(struct bytes name)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ name.at[i]) * 0x100000001b3;
	return hash ^ hash >> 29;
}

/* The place in the index where `name` is, or is to be. */
static uint32_t *index_place(const struct expr_fields *fields, struct bytes name)
{
	size_t at = hash_of(name) & (fields->index_size - 1);

	while (fields->index[at] != 0 && !bytes_equal(fields->names[fields->index[at] - 1], name))
		at = (at + 1) & (fields->index_size - 1);
	return &fields->index[at];
}

static size_t find(const struct expr_fields *fields, struct bytes name)
{
	if (fields->index != NULL) {
		uint32_t place = *index_place(fields, name);

		return place == 0 ? fields->count : place - 1;
	}
	for (size_t i = 0; i < fields->count; i++)
		if (bytes_equal(fields->names[i], name))
			return i;
	return fields->count;
}

static void grow(struct expr_fields *fields)
{
	size_t room = MAX_OF(fields->room * 2, (size_t)FEW);
	struct bytes *names = arena_get(fields->arena, room * sizeof(*names));
	struct value *values = arena_get(fields->arena, room * sizeof(*values));

	if (fields->count > 0) {
		memcpy(names, fields->names, fields->count * sizeof(*names));
		memcpy(values, fields->values, fields->count * sizeof(*values));
	}
	fields->names = names;
	fields->values = values;
	fields->room = room;
	if (fields->count < FEW)
		return;
	fields->index_size = room * 2;
	fields->index = arena_zeroed(fields->arena, fields->index_size * sizeof(*fields->index));
	for (size_t i = 0; i < fields->count; i++)
		*index_place(fields, names[i]) = (uint32_t)i + 1;
}

void expr_fields_set(struct expr_fields *fields, struct bytes name, const struct value *v)
{
	size_t i = find(fields, name);

	if (i == fields->count) {
		if (fields->count == fields->room)
			grow(fields);
		fields->names[fields->count++] = name;
		if (fields->index != NULL)
			*index_place(fields, name) = (uint32_t)fields->count;
	}
	fields->values[i] = *v;
}

void expr_fields_set_all(struct expr_fields *fields, struct bytes doc)
{
	struct fields from = fields_of(doc);
	struct bson_field field;

	while (fields->gaps ? fields_next_all(&from, &field) : fields_next(&from, &field)) {
		struct value v =
			field.type == FIELDS_GAP ? value_missing() : value_of_field(&field);

		expr_fields_set(fields, field.name, &v);
	}
}

struct value expr_fields_document(const struct expr_fields *fields)
{
	return (fields->gaps ? expr_document_with_gaps : expr_document_of)(
		fields->arena, fields->names, fields->values, fields->count);
}
