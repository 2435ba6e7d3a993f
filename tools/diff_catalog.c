#include "tools/diff_catalog.h"

#include "base/key.h"

static int add_key(const struct bson_field *field, struct buf *ret, struct error *e)
{
	return key_of_value(field->type, field->value, ret, e);
}

/* Are two values one to a server? 1 or 0. */
static int same_value(const struct bson_field *a, const struct bson_field *b, struct error *e)
{
	OWNED(buf_release) struct buf first = {0};
	OWNED(buf_release) struct buf second = {0};

	if (a->type == b->type && bytes_equal(a->value, b->value))
		return 1;
	if (add_key(a, &first, e) < 0 || add_key(b, &second, e) < 0)
		return e->code;
	return bytes_equal(buf_bytes(&first), buf_bytes(&second));
}

/* As bson_find(), by a name that may hold any byte but NUL. */
static int find(struct bytes doc, struct bytes name, struct bson_field *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(doc);
	int more;

	while ((more = bson_fields_next(&fields, ret, e)) > 0)
		if (bytes_equal(ret->name, name))
			return 1;
	return more;
}

static bool is_one_of(struct bytes name, const char *const *names)
{
	for (; names != NULL && *names != NULL; names++)
		if (bytes_equal(name, bytes_str(*names)))
			return true;
	return false;
}

/* What is compared: two documents of fields in any order. */
struct compare {
	const char *const *ignored; /* names, ended by NULL; or NULL */
	diff_catalog_each each;
	void *ctx;
};

static int tell(const struct compare *c, struct bytes name, const struct bson_field *old_field,
		const struct bson_field *new_field, struct error *e)
{
	static const struct bson_field none;

	if (c->each == NULL)
		return 0;
	return c->each(c->ctx, name, old_field != NULL ? old_field : &none,
		       new_field != NULL ? new_field : &none, e);
}

/* Fields of `a` that are not so in `b`; with `reverse` only those that `b` lacks, which came. */
static int compare_side(const struct compare *c, struct bytes a, struct bytes b, bool reverse,
			struct error *e)
{
	struct bson_fields fields = bson_fields(a);
	struct bson_field field, other;
	int more, differs = 0;

	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		int found, same = 0;

		if (is_one_of(field.name, c->ignored))
			continue;
		found = find(b, field.name, &other, e);
		if (found > 0)
			same = reverse ? 1 : same_value(&field, &other, e);
		if (found < 0 || same < 0)
			return e->code;
		if (same)
			continue;
		if (reverse ? tell(c, field.name, NULL, &field, e) < 0
			    : tell(c, field.name, &field, found > 0 ? &other : NULL, e) < 0)
			return e->code;
		differs = 1;
	}
	return more < 0 ? more : differs;
}

static int compare_fields(const struct compare *c, struct bytes a, struct bytes b, struct error *e)
{
	int gone = compare_side(c, a, b, false, e);
	int came = gone < 0 ? gone : compare_side(c, b, a, true, e);

	return came < 0 ? came : gone | came;
}

int diff_catalog_options(struct bytes old_options, struct bytes new_options, diff_catalog_each each,
			 void *ctx, struct error *e)
{
	struct compare c = {.each = each, .ctx = ctx};

	return compare_fields(&c, old_options, new_options, e);
}

/* The name of an index, which is a document with one. */
static int index_name(const struct bson_field *index, struct bytes *ret, struct error *e)
{
	struct bson_field name;
	int found;

	if (index->type != BSON_KIND_DOCUMENT)
		return error_set(e, ERR_CORRUPT, "an index is no document");
	found = bson_find(index->value, "name", &name, e);
	if (found < 0)
		return found;
	if (found == 0 || name.type != BSON_KIND_STRING)
		return error_set(e, ERR_CORRUPT, "an index has no name");
	return bson_text(name.value, ret, e);
}

/* The index called `name`: 1 or 0. */
static int find_index(struct bytes indexes, struct bytes name, struct bson_field *ret,
		      struct error *e)
{
	struct bson_fields fields = bson_fields(indexes);
	struct bytes other;
	int more;

	while ((more = bson_fields_next(&fields, ret, e)) > 0) {
		if (index_name(ret, &other, e) < 0)
			return e->code;
		if (bytes_equal(name, other))
			return 1;
	}
	return more;
}

/* Those of `a` that are not so in `b`; with `reverse` only those that `b` lacks, which came. */
static int compare_indexes(const struct compare *c, struct bytes a, struct bytes b, bool reverse,
			   struct error *e)
{
	static const char *const ignored[] = {"ns", "background", NULL};
	const struct compare inner = {.ignored = ignored};
	struct bson_fields fields = bson_fields(a);
	struct bson_field index, other;
	int more, differs = 0;

	while ((more = bson_fields_next(&fields, &index, e)) > 0) {
		struct bytes name;
		int found, changed = 1;

		if (index_name(&index, &name, e) < 0)
			return e->code;
		found = find_index(b, name, &other, e);
		if (found > 0)
			changed = reverse ? 0 : compare_fields(&inner, index.value, other.value, e);
		if (found < 0 || changed < 0)
			return e->code;
		if (!changed)
			continue;
		if (reverse ? tell(c, name, NULL, &index, e) < 0
			    : tell(c, name, &index, found > 0 ? &other : NULL, e) < 0)
			return e->code;
		differs = 1;
	}
	return more < 0 ? more : differs;
}

int diff_catalog_indexes(struct bytes old_indexes, struct bytes new_indexes, diff_catalog_each each,
			 void *ctx, struct error *e)
{
	struct compare c = {.each = each, .ctx = ctx};
	int gone = compare_indexes(&c, old_indexes, new_indexes, false, e);
	int came = gone < 0 ? gone : compare_indexes(&c, new_indexes, old_indexes, true, e);

	return came < 0 ? came : gone | came;
}
