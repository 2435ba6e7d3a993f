/* $unwind: a document for each element of an array. */
#include "query/field_path.h"
#include "query/fields.h"
#include "query/stage/stage_make.h"

struct unwind_stage {
	struct stage base;
	struct bytes path;
	struct bytes index_path; /* empty: none */
	bool preserve;
	/* The array that is being gone through, and the document it is in. */
	struct stage_doc doc;
	struct fields elements;
	int64_t at;
	bool is_open;
	struct buf out, half;
};

static bool is_within(struct bytes path, struct bytes above)
{
	return path.len >= above.len && memcmp(path.at, above.at, above.len) == 0 &&
	       (path.len == above.len || path.at[above.len] == '.');
}

/* The document with the element (missing: none) and the index (null: it is no array's). */
static void give(struct unwind_stage *self, const struct value *element, bool set,
		 const struct value *index, struct stage_doc *ret)
{
	struct bytes doc = self->doc.doc;

	*ret = self->doc;
	/* What the index is put in place of need not go first: its place would go, too. */
	if (set && !(value_is_missing(element) && is_within(self->index_path, self->path))) {
		static const struct value gap = {.type = FIELDS_GAP};
		bool is_gap = value_is_missing(element) && self->base.q->keeps_gaps;

		buf_reset(&self->half);
		stage_set_path(&self->half, doc, self->path, is_gap ? &gap : element);
		doc = buf_bytes(&self->half);
	}
	if (self->index_path.len > 0) {
		buf_reset(&self->out);
		stage_set_path(&self->out, doc, self->index_path, index);
		doc = buf_bytes(&self->out);
	}
	ret->doc = doc;
}

static bool next_element(struct unwind_stage *self, struct stage_doc *ret)
{
	struct bson_field field;
	struct value element, index;

	if (!self->is_open || !fields_next(&self->elements, &field)) {
		self->is_open = false;
		return false;
	}
	element = value_of_field(&field);
	index = value_int64(self->at++);
	give(self, &element, true, &index, ret);
	return true;
}

static int unwind_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct unwind_stage *self = (struct unwind_stage *)stage;
	struct value v, null = value_null(), missing = value_missing();
	bool is_empty;
	int found;

	for (;;) {
		if (next_element(self, ret))
			return 1;
		found = stage_next(stage->source, &self->doc, e);
		if (found <= 0)
			return found;
		v = stage_get_path(self->doc.doc, self->path);
		is_empty = v.type == BSON_KIND_ARRAY && value_count(v.data) == 0;
		if (v.type == BSON_KIND_ARRAY && !is_empty) {
			self->elements = fields_of(v.data);
			self->at = 0;
			self->is_open = true;
		} else if (is_empty || value_is_nullish(&v)) {
			if (!self->preserve)
				continue;
			give(self, &missing, is_empty, &null, ret);
			return 1;
		} else {
			give(self, &missing, false, &null, ret);
			return 1;
		}
	}
}

static void unwind_close(struct stage *stage)
{
	struct unwind_stage *self = (struct unwind_stage *)stage;

	buf_release(&self->out);
	buf_release(&self->half);
}

static size_t unwind_memory(const struct stage *stage)
{
	const struct unwind_stage *self = (const struct unwind_stage *)stage;

	return sizeof(*self) + self->out.cap + self->half.cap;
}

static const struct stage_kind unwind_kind = {"$unwind", unwind_next, unwind_close, NULL,
					      unwind_memory};

struct options {
	struct bytes path, index;
	bool has_path, preserve;
};

static int parse_option(struct stage_build *b, const struct bson_field *field, struct options *ret,
			struct error *e)
{
	struct value v = value_of_field(field);

	if (bytes_equal(field->name, bytes_str("path"))) {
		if (v.type != BSON_KIND_STRING)
			return query_error(
				e, 28808, "expected a string as the path for $unwind stage, got %s",
				value_type_name(v.type));
		ret->path = v.data;
		ret->has_path = true;
	} else if (bytes_equal(field->name, bytes_str("preserveNullAndEmptyArrays"))) {
		if (v.type != BSON_KIND_BOOL)
			return query_error(e, 28809,
					   "expected a boolean for the preserveNullAndEmptyArrays "
					   "option to $unwind stage, got %s",
					   value_type_name(v.type));
		ret->preserve = v.flag;
	} else if (bytes_equal(field->name, bytes_str("includeArrayIndex"))) {
		if (v.type != BSON_KIND_STRING || v.data.len == 0)
			return query_error(e, 28810,
					   "expected a non-empty string for the includeArrayIndex "
					   " option to $unwind stage, got %s",
					   value_type_name(v.type));
		if (v.data.at[0] == '$')
			return query_error(
				e, 28822,
				"includeArrayIndex option to $unwind stage should not be "
				"prefixed with a '$': %s",
				stage_text(b->q, v.data));
		ret->index = v.data;
	} else {
		return query_error(e, 28811, "unrecognized option to $unwind stage: %s",
				   stage_text(b->q, field->name));
	}
	return 0;
}

static int parse(struct stage_build *b, const struct value *operand, struct options *ret,
		 struct error *e)
{
	if (operand->type == BSON_KIND_STRING) {
		ret->path = operand->data;
		ret->has_path = true;
	} else if (operand->type == BSON_KIND_DOCUMENT) {
		struct fields fields = fields_of(operand->data);
		struct bson_field field;

		while (fields_next(&fields, &field))
			if (parse_option(b, &field, ret, e) < 0)
				return e->code;
	} else {
		return query_error(e, 15981,
				   "expected either a string or an object as specification for "
				   "$unwind stage, got %s",
				   value_type_name(operand->type));
	}
	if (!ret->has_path || ret->path.len == 0)
		return query_error(e, 28812, "no path specified to $unwind stage");
	if (ret->path.at[0] != '$')
		return query_error(e, 28818,
				   "path option to $unwind stage should be prefixed with a '$': %s",
				   stage_text(b->q, ret->path));
	ret->path = bytes_of(ret->path.at + 1, ret->path.len - 1);
	if (ret->path.len > 0 && memchr(ret->path.at, '\0', ret->path.len) != NULL)
		return query_error(e, 16419,
				   "field path must not contain embedded null characters");
	if (field_path_check(ret->path, e) < 0)
		return e->code;
	return ret->index.len > 0 ? field_path_check(ret->index, e) : 0;
}

int stage_make_unwind(struct stage_build *b, struct bytes name, const struct value *operand,
		      struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	struct options options = {0};
	struct unwind_stage *self;

	(void)name;
	if (parse(b, operand, &options, e) < 0)
		return e->code;
	if (from != NULL &&
	    stage_lookup_unwind(from, options.path, options.index, options.preserve)) {
		*ret = TAKE(from);
		return 0;
	}
	self = stage_new(b, &unwind_kind, sizeof(*self), operand, TAKE(from));
	self->path = options.path;
	self->index_path = options.index;
	self->preserve = options.preserve;
	*ret = &self->base;
	return 0;
}
