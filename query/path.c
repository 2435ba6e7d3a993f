#include "query/path.h"

#include "query/fields.h"

static bool is_number(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	return text.len > 0;
}

void path_parse(struct arena *arena, struct bytes text, struct path *ret)
{
	struct path_part *parts;
	size_t count = 1, start = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.at[i] == '.';
	parts = arena_get(arena, count * sizeof(*parts));
	count = 0;
	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && text.at[i] != '.')
			continue;
		parts[count].name = bytes_of(text.at + start, i - start);
		parts[count].is_number = is_number(parts[count].name);
		count++;
		start = i + 1;
	}
	*ret = (struct path){.text = text, .parts = parts, .count = count};
}

/* ---- the match language's */

struct walk {
	path_visit visit;
	void *arg;
	bool into;
};

/* What is left of a path. */
struct rest {
	const struct path_part *at;
	size_t count;
};

static struct rest rest_after(struct rest rest)
{
	return (struct rest){rest.at + 1, rest.count - 1};
}

static int walk_value(const struct walk *w, const struct bson_field *field, struct rest rest,
		      int64_t offset);

static int visit_missing(const struct walk *w, int64_t offset)
{
	struct bson_field none = {.type = 0};

	return w->visit(w->arg, &none, offset);
}

/* The field of `doc` that the rest begins with, and on from there. */
static int walk_document(const struct walk *w, struct bytes doc, struct rest rest, int64_t offset)
{
	struct bson_field field;

	if (!fields_find(doc, rest.at[0].name, &field))
		return visit_missing(w, offset);
	return walk_value(w, &field, rest_after(rest), offset);
}

static int walk_array(const struct walk *w, const struct bson_field *array, struct rest rest,
		      int64_t offset);

/* An element whose index is spelled out by the rest's first part. */
static int walk_index(const struct walk *w, const struct bson_field *element, struct rest rest,
		      int64_t offset)
{
	rest = rest_after(rest);
	if (rest.count == 0)
		return w->visit(w->arg, element, offset);
	if (element->type == BSON_KIND_DOCUMENT)
		return walk_document(w, element->value, rest, offset);
	return element->type == BSON_KIND_ARRAY ? walk_array(w, element, rest, offset) : 0;
}

/* One of an array that the path goes through. */
static int walk_element(const struct walk *w, const struct bson_field *element, struct rest rest,
			int64_t index, int64_t offset)
{
	int code;

	if (element->type == BSON_KIND_DOCUMENT) {
		code = walk_document(w, element->value, rest, offset >= 0 ? offset : index);
		if (code != 0)
			return code;
	}
	if (rest.at[0].is_number && bytes_equal(rest.at[0].name, element->name))
		return walk_index(w, element, rest, offset);
	return 0;
}

static int walk_array(const struct walk *w, const struct bson_field *array, struct rest rest,
		      int64_t offset)
{
	struct fields fields = fields_of(array->value);
	struct bson_field element;
	int64_t index = 0;
	/* "a." is "a" here: mongod looks at the text that is left, which is empty. */
	bool is_end = rest.count == 0 || (rest.count == 1 && rest.at[0].name.len == 0);

	if (is_end && !w->into)
		return w->visit(w->arg, array, offset);
	for (; fields_next(&fields, &element); index++) {
		int code;

		if (is_end)
			code = w->visit(w->arg, &element, offset >= 0 ? offset : index);
		else
			code = walk_element(w, &element, rest, index, offset);
		if (code != 0)
			return code;
	}
	return is_end ? w->visit(w->arg, array, offset) : 0;
}

static int walk_value(const struct walk *w, const struct bson_field *field, struct rest rest,
		      int64_t offset)
{
	if (field->type == BSON_KIND_ARRAY)
		return walk_array(w, field, rest, offset);
	if (rest.count == 0)
		return w->visit(w->arg, field, offset);
	if (field->type == BSON_KIND_DOCUMENT)
		return walk_document(w, field->value, rest, offset);
	return visit_missing(w, offset);
}

int path_walk_from(const struct path *path, const struct bson_field *first, bool into,
		   path_visit visit, void *arg)
{
	struct walk w = {.visit = visit, .arg = arg, .into = into};

	if (first == NULL)
		return visit_missing(&w, -1);
	return walk_value(&w, first, (struct rest){path->parts + 1, path->count - 1}, -1);
}

int path_walk(const struct path *path, struct bytes doc, bool into, path_visit visit, void *arg)
{
	struct bson_field field;
	bool found = fields_find(doc, path->parts[0].name, &field);

	return path_walk_from(path, found ? &field : NULL, into, visit, arg);
}

/* ---- distinct's */

static int each_element(struct bytes array, path_visit visit, void *arg)
{
	struct fields fields = fields_of(array);
	struct bson_field element;
	int code = 0;

	while (code == 0 && fields_next(&fields, &element))
		code = visit(arg, &element, -1);
	return code;
}

/* Is the first part of `path` digits alone? */
static bool begins_with_index(struct bytes path)
{
	const uint8_t *dot = path.len == 0 ? NULL : memchr(path.at, '.', path.len);

	return is_number(bytes_of(path.at, dot == NULL ? path.len : (size_t)(dot - path.at)));
}

static int each_of(struct bytes path, struct bytes doc, bool into, path_visit visit, void *arg);

static int each_under(const struct bson_field *field, struct bytes rest, bool into,
		      path_visit visit, void *arg)
{
	struct fields fields = fields_of(field->value);
	struct bson_field element;
	int code = 0;

	if (field->type == BSON_KIND_DOCUMENT ||
	    (field->type == BSON_KIND_ARRAY && begins_with_index(rest)))
		return each_of(rest, field->value, into, visit, arg);
	if (field->type != BSON_KIND_ARRAY)
		return 0;
	while (code == 0 && fields_next(&fields, &element))
		if (element.type == BSON_KIND_DOCUMENT || element.type == BSON_KIND_ARRAY)
			code = each_of(rest, element.value, into, visit, arg);
	return code;
}

static int each_of(struct bytes path, struct bytes doc, bool into, path_visit visit, void *arg)
{
	struct bson_field field;
	const uint8_t *dot;
	size_t before;

	if (fields_find(doc, path, &field)) {
		if (field.type == BSON_KIND_ARRAY && into)
			return each_element(field.value, visit, arg);
		return visit(arg, &field, -1);
	}
	dot = path.len == 0 ? NULL : memchr(path.at, '.', path.len);
	if (dot == NULL)
		return 0;
	before = (size_t)(dot - path.at);
	if (!fields_find(doc, bytes_of(path.at, before), &field))
		return 0;
	return each_under(&field, bytes_of(dot + 1, path.len - before - 1), into, visit, arg);
}

int path_each(struct bytes path, struct bytes doc, path_visit visit, void *arg)
{
	return each_of(path, doc, true, visit, arg);
}

int path_each_whole(struct bytes path, struct bytes doc, path_visit visit, void *arg)
{
	return each_of(path, doc, false, visit, arg);
}

bool path_is_index(struct bytes name, size_t *ret)
{
	size_t n = 0;

	if (name.len == 0 || name.len > 9 || (name.at[0] == '0' && name.len > 1))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (name.at[i] < '0' || name.at[i] > '9')
			return false;
		n = n * 10 + (size_t)(name.at[i] - '0');
	}
	*ret = n;
	return true;
}
