#include <stdio.h>

#include "base/bson_build.h"
#include "query/field_path.h"
#include "query/gaps.h"
#include "query/project_node.h"
#include "query/query_error.h"

#define SEEN_ON_STACK 64 /* children of a node whose marks need no allocation */

struct applying {
	const struct project *project;
	struct expr_frame *frame;
	struct buf *out;
	bool gaps; /* what is not there any more keeps its place */
	bool by_name; /* an inclusion that also computes: of fields with one name mongod gives the first, each time */
};

static int apply_document(struct applying *a, const struct project_node *node, struct bytes doc,
			  struct error *e);

static void add_name(struct buf *out, uint8_t type, struct bytes name)
{
	buf_add_u8(out, type);
	buf_add_bytes(out, name);
	buf_add_u8(out, 0);
}

static void copy_field(struct buf *out, const struct bson_field *field)
{
	buf_add_bytes(out, bson_element(field));
}

static const struct project_node *find_child(const struct project_node *node,
					     const struct project_node *hint, struct bytes name)
{
	if (hint != NULL && bytes_equal(hint->name, name))
		return hint;
	return project_node_child(node, name);
}

static int write_expr(struct applying *a, const struct project_node *child, struct bytes name,
		      struct error *e)
{
	struct value v;

	if (expr_eval(child->expr, a->frame, &v, e) < 0)
		return e->code;
	if (a->gaps && value_is_missing(&v))
		gaps_write(a->out, name);
	value_write(a->out, name, &v);
	return expr_check_memory(a->out->len, e);
}

/* A document of what is computed below `node` alone: where there was none. */
static int computed_document(struct applying *a, const struct project_node *node, struct error *e)
{
	size_t begin = bson_build_begin(a->out);

	for (const struct project_node *child = node->children; child != NULL;
	     child = child->next) {
		if (!child->is_computed)
			continue;
		if (child->kind == PROJECT_NODE_EXPR) {
			if (write_expr(a, child, child->name, e) < 0)
				return e->code;
		} else {
			add_name(a->out, BSON_KIND_DOCUMENT, child->name);
			if (computed_document(a, child, e) < 0)
				return e->code;
		}
	}
	bson_build_end(a->out, begin);
	return 0;
}

static void add_index(struct buf *out, uint8_t type, size_t index)
{
	char text[24];

	add_name(out, type, bytes_of(text, (size_t)snprintf(text, sizeof(text), "%zu", index)));
}

static int apply_array(struct applying *a, const struct project_node *node, struct bytes array,
		       struct error *e)
{
	size_t begin = bson_build_begin(a->out), index = 0;
	struct fields walk = fields_of(array);
	struct bson_field field;

	while (fields_next(&walk, &field)) {
		if (field.type == BSON_KIND_DOCUMENT || field.type == BSON_KIND_ARRAY) {
			add_index(a->out, field.type, index++);
			if ((field.type == BSON_KIND_DOCUMENT
				     ? apply_document(a, node, field.value, e)
				     : apply_array(a, node, field.value, e)) < 0)
				return e->code;
		} else if (node->is_computed) {
			add_index(a->out, BSON_KIND_DOCUMENT, index++);
			if (computed_document(a, node, e) < 0)
				return e->code;
		} else if (a->project->type != PROJECT_INCLUSION) {
			add_index(a->out, field.type, index++);
			buf_add_bytes(a->out, field.value);
		}
	}
	bson_build_end(a->out, begin);
	return 0;
}

/* A field that the tree goes on below. Returns 1 when something stands for it in the result. */
static int apply_path(struct applying *a, const struct project_node *child,
		      const struct bson_field *field, struct error *e)
{
	if (field->type == BSON_KIND_DOCUMENT || field->type == BSON_KIND_ARRAY) {
		add_name(a->out, field->type, field->name);
		return (field->type == BSON_KIND_DOCUMENT
				? apply_document(a, child, field->value, e)
				: apply_array(a, child, field->value, e)) < 0
			       ? e->code
			       : 1;
	}
	if (child->is_computed) {
		add_name(a->out, BSON_KIND_DOCUMENT, field->name);
		return computed_document(a, child, e) < 0 ? e->code : 1;
	}
	if (a->project->type == PROJECT_INCLUSION)
		return 0;
	copy_field(a->out, field);
	return 1;
}

static int apply_elem_match(struct applying *a, const struct project_node *child,
			    const struct bson_field *field, struct error *e)
{
	struct match_detail detail = {0};
	int found = match_test(child->match, a->frame, a->frame->root, &detail, e);
	struct value element;
	size_t begin;

	if (found <= 0 || !detail.has_index || field->type != BSON_KIND_ARRAY)
		return found < 0 ? e->code : 0;
	element = value_at(field->value, detail.index);
	add_name(a->out, BSON_KIND_ARRAY, field->name);
	begin = bson_build_begin(a->out);
	value_write_at(a->out, 0, &element);
	bson_build_end(a->out, begin);
	return 0;
}

/* In an inclusion it is computed: behind what is included, in the order of the words. */
static int append_elem_match(struct applying *a, const struct project_node *child, struct error *e)
{
	struct fields walk = fields_of(a->frame->root);
	struct bson_field field;

	while (fields_next(&walk, &field))
		if (bytes_equal(field.name, child->name))
			return apply_elem_match(a, child, &field, e);
	return 0;
}

/* One field that the tree names. Returns 1 when it is done with, 0 when it is still to be appended if it computes. */
static int apply_child(struct applying *a, const struct project_node *child,
		       const struct bson_field *field, struct error *e)
{
	switch (child->kind) {
	case PROJECT_NODE_INCLUDE:
	case PROJECT_NODE_SLICE:
	case PROJECT_NODE_POSITIONAL:
		copy_field(a->out, field);
		return 1;
	case PROJECT_NODE_EXCLUDE:
		if (a->gaps)
			gaps_write(a->out, field->name);
		return 1;
	case PROJECT_NODE_PATH:
		return apply_path(a, child, field, e);
	case PROJECT_NODE_ELEM_MATCH:
		if (a->project->type == PROJECT_INCLUSION)
			return 0;
		return apply_elem_match(a, child, field, e) < 0 ? e->code : 1;
	case PROJECT_NODE_EXPR:
		break;
	}
	if (a->project->type == PROJECT_INCLUSION)
		return 0;
	return write_expr(a, child, field->name, e) < 0 ? e->code : 1;
}

/* The same for a gap: what is computed comes in its place. */
static int apply_gap(struct applying *a, const struct project_node *child,
		     const struct bson_field *gap, struct error *e)
{
	if (a->project->type == PROJECT_INCLUSION)
		return 0;
	if (!child->is_computed) {
		copy_field(a->out, gap);
		return 1;
	}
	if (child->kind == PROJECT_NODE_EXPR)
		return write_expr(a, child, gap->name, e) < 0 ? e->code : 1;
	add_name(a->out, BSON_KIND_DOCUMENT, gap->name);
	return computed_document(a, child, e) < 0 ? e->code : 1;
}

static int append_computed(struct applying *a, const struct project_node *node, const bool *seen,
			   struct error *e)
{
	for (const struct project_node *child = node->children; child != NULL;
	     child = child->next) {
		if (!child->is_computed || seen[child->index])
			continue;
		if (child->kind == PROJECT_NODE_EXPR) {
			if (write_expr(a, child, child->name, e) < 0)
				return e->code;
			continue;
		}
		if (child->kind == PROJECT_NODE_ELEM_MATCH) {
			if (append_elem_match(a, child, e) < 0)
				return e->code;
			continue;
		}
		add_name(a->out, BSON_KIND_DOCUMENT, child->name);
		if (computed_document(a, child, e) < 0)
			return e->code;
	}
	return 0;
}

static int apply_document(struct applying *a, const struct project_node *node, struct bytes doc,
			  struct error *e)
{
	bool few[SEEN_ON_STACK] = {0};
	size_t places = node->names.count;
	bool *seen = places <= SEEN_ON_STACK ? few : arena_zeroed(a->frame->arena, places);
	const struct project_node *hint = node->children;
	size_t begin = bson_build_begin(a->out);
	struct fields walk = fields_of(doc);
	struct bson_field field;
	int done;

	while (fields_next_all(&walk, &field)) {
		const struct project_node *child = find_child(node, hint, field.name);

		if (child == NULL) {
			if (a->project->type != PROJECT_INCLUSION)
				copy_field(a->out, &field);
			continue;
		}
		hint = child->next;
		if (a->by_name && seen[child->index])
			fields_find(doc, field.name, &field);
		done = field.type == FIELDS_GAP ? apply_gap(a, child, &field, e)
						: apply_child(a, child, &field, e);
		if (done < 0)
			return done;
		seen[child->index] |= done == 1;
	}
	if (node->is_computed && append_computed(a, node, seen, e) < 0)
		return e->code;
	bson_build_end(a->out, begin);
	return 0;
}

/* ---- $slice and the positional operator: on the result */

static void slice_array(struct buf *out, struct bytes array, const struct project_slice *slice)
{
	int64_t count = (int64_t)value_count(array), from, to, at = 0;
	size_t begin = bson_build_begin(out), index = 0;
	struct fields walk = fields_of(array);
	struct bson_field field;

	if (slice->has_skip) {
		from = slice->skip < 0 ? MAX_OF(count + slice->skip, (int64_t)0) : slice->skip;
		to = from + slice->limit;
	} else if (slice->limit < 0) {
		from = MAX_OF(count + slice->limit, (int64_t)0);
		to = count;
	} else {
		from = 0;
		to = slice->limit;
	}
	for (; fields_next(&walk, &field); at++)
		if (at >= from && at < to) {
			add_index(out, field.type, index++);
			buf_add_bytes(out, field.value);
		}
	bson_build_end(out, begin);
}

static void slice_document(struct buf *out, struct bytes doc, bool is_array, struct bytes path,
			   const struct project_slice *slice)
{
	size_t begin = bson_build_begin(out);
	struct fields walk = fields_of(doc);
	struct bson_field field;
	struct bytes rest, name = field_path_first(path, &rest);

	while (fields_next(&walk, &field)) {
		if (is_array && (field.type == BSON_KIND_DOCUMENT)) {
			add_name(out, field.type, field.name);
			slice_document(out, field.value, false, path, slice);
		} else if (is_array || !bytes_equal(field.name, name)) {
			copy_field(out, &field);
		} else if (rest.at == NULL && field.type == BSON_KIND_ARRAY) {
			add_name(out, field.type, field.name);
			slice_array(out, field.value, slice);
		} else if (rest.at != NULL &&
			   (field.type == BSON_KIND_ARRAY || field.type == BSON_KIND_DOCUMENT)) {
			add_name(out, field.type, field.name);
			slice_document(out, field.value, field.type == BSON_KIND_ARRAY, rest,
				       slice);
		} else {
			copy_field(out, &field);
		}
	}
	bson_build_end(out, begin);
}

/*
 * Where element `index` of an array is once the array is projected: to mongod, which leaves a hole for what is taken out, it has the
 * same place. False: it is taken out.
 */
static bool projected_index(const struct project_node *node, struct bytes array, size_t *index)
{
	struct fields walk = fields_of(array);
	struct bson_field field;
	size_t gone = 0;
	bool stays = true;

	if (node == NULL || node->kind != PROJECT_NODE_PATH || node->is_computed)
		return true;
	for (size_t i = 0; i <= *index && fields_next(&walk, &field); i++) {
		stays = field.type == BSON_KIND_DOCUMENT || field.type == BSON_KIND_ARRAY;
		gone += !stays;
	}
	*index -= stays ? gone : 0;
	return stays;
}

/* `doc` is what was projected, of `from` by `node`. */
static int positional_document(struct buf *out, const struct project_node *node, struct bytes from,
			       struct bytes doc, struct bytes path,
			       const struct match_detail *detail, struct error *e)
{
	struct bytes rest, name = field_path_first(path, &rest);
	size_t begin = bson_build_begin(out), inner;
	struct fields walk = fields_of(doc);
	const struct project_node *child = node == NULL ? NULL : project_node_child(node, name);
	struct value element, whole = value_get(from, name);
	struct bson_field field;
	size_t index = detail->index;

	while (fields_next(&walk, &field)) {
		if (!bytes_equal(field.name, name) ||
		    (field.type != BSON_KIND_ARRAY && field.type != BSON_KIND_DOCUMENT) ||
		    (field.type == BSON_KIND_DOCUMENT && rest.at == NULL)) {
			copy_field(out, &field);
			continue;
		}
		add_name(out, field.type, field.name);
		if (field.type == BSON_KIND_DOCUMENT) {
			if (positional_document(out, child, whole.data, field.value, rest, detail,
						e) < 0)
				return e->code;
			continue;
		}
		if (!detail->has_index)
			return query_error(e, 51246,
					   "positional operator '.$' couldn't find a matching "
					   "element in the array");
		element = value_missing();
		if (projected_index(child, whole.data, &index))
			element = value_at(field.value, index);
		if (value_is_missing(&element))
			return query_error(e, 51247, "positional operator '.$' element mismatch");
		inner = bson_build_begin(out);
		value_write_at(out, 0, &element);
		bson_build_end(out, inner);
	}
	bson_build_end(out, begin);
	return 0;
}

static int cut(struct applying *a, struct bytes doc, size_t begin, struct error *e)
{
	struct match_detail detail = {0};
	struct buf *out = a->out;
	struct bytes result;

	if (a->project->positional.len > 0) {
		result = arena_copy(a->frame->arena, bytes_of(out->at + begin, out->len - begin));
		if (match_test(a->project->match, a->frame, doc, &detail, e) < 0)
			return e->code;
		out->len = begin;
		if (positional_document(out, a->project->root, doc, result, a->project->positional,
					&detail, e) < 0)
			return e->code;
	}
	for (const struct project_slice *s = a->project->slices; s != NULL; s = s->next) {
		result = arena_copy(a->frame->arena, bytes_of(out->at + begin, out->len - begin));
		out->len = begin;
		slice_document(out, result, false, s->path, s);
	}
	return 0;
}

int project_apply(const struct project *project, struct expr_frame *frame,
		  const struct stage_doc *doc, struct buf *ret, struct error *e)
{
	struct applying a = {.project = project,
			     .frame = frame,
			     .out = ret,
			     .gaps = frame->q->keeps_gaps,
			     .by_name = project->type == PROJECT_INCLUSION &&
					project->root->is_computed};
	size_t begin = ret->len;

	expr_frame_set(frame, doc->doc);
	frame->meta = doc;
	if (apply_document(&a, project->root, doc->doc, e) < 0)
		return e->code;
	if ((project->slices != NULL || project->positional.len > 0) &&
	    cut(&a, doc->doc, begin, e) < 0)
		return e->code;
	return 0;
}
