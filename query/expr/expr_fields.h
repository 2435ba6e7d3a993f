/*
 * expr_fields.h - a document that is being put together field by field, where a name that comes again takes the place of the first.
 *
 * Threads: one at a time.
 */
#ifndef QUERY_EXPR_EXPR_FIELDS_H
#define QUERY_EXPR_EXPR_FIELDS_H

#include "query/name_table.h"
#include "query/value.h"

struct expr_fields {
	struct arena *arena;
	bool gaps; /* places without a field are kept in the document: gaps.h */
	struct name_table table;
	struct value *values; /* one for each name, with place for `room` */
	size_t room;
};

/* Set the field: in its place, or at the end. A missing value stays as a place without a field. */
void expr_fields_set(struct expr_fields *fields, struct bytes name, const struct value *v);
/* All fields of a document. */
void expr_fields_set_all(struct expr_fields *fields, struct bytes doc);
struct value expr_fields_document(const struct expr_fields *fields);

#endif
