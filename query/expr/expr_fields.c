#include "query/expr/expr_fields.h"

#include "query/expr/expr_op.h"
#include "query/fields.h"

void expr_fields_set(struct expr_fields *fields, struct bytes name, const struct value *v)
{
	size_t place = name_table_find(&fields->table, name);

	if (place == fields->table.count)
		place = name_table_add(fields->arena, &fields->table, name);
	fields->values = name_table_beside(fields->arena, &fields->table, fields->values,
					   &fields->room, sizeof(*fields->values));
	fields->values[place] = *v;
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
		fields->arena, fields->table.names, fields->values, fields->table.count);
}
