#include "oplog/update_paths.h"

#define CODE_BAD_VALUE 2
#define CODE_FAILED_TO_PARSE 9
#define CODE_CONFLICT 40
#define CODE_EMPTY_NAME 56
#define NEWER_ORDER 5 /* the version from which on names are visited in another order */

void update_paths_release(struct update_paths *paths)
{
	if (paths->at != paths->few)
		free(paths->at);
}

static int add_path(struct update_paths *paths, const struct bson_field *field, bool set,
		    struct error *e)
{
	if (paths->count == paths->cap) {
		uint32_t cap = paths->cap * 2;
		bool is_few = paths->at == paths->few;
		struct update_path *at = realloc(is_few ? NULL : paths->at, cap * sizeof(*at));

		if (at == NULL)
			return error_nomem(e, cap * sizeof(*at));
		if (is_few)
			memcpy(at, paths->few, sizeof(paths->few));
		paths->at = at;
		paths->cap = cap;
	}
	paths->at[paths->count++] = (struct update_path){
		.path = field->name, .value = field->value, .type = field->type, .set = set};
	return 0;
}

struct bytes update_paths_name(struct bytes path, size_t from)
{
	const uint8_t *at = path.at + from;
	size_t len = path.len - from;
	const uint8_t *dot = len == 0 ? NULL : memchr(at, '.', len);

	return bytes_of(at, dot == NULL ? len : (size_t)(dot - at));
}

static bool is_digit_1_9(struct bytes name)
{
	return name.len > 0 && name.at[0] >= '1' && name.at[0] <= '9';
}

int update_paths_compare(struct bytes a, struct bytes b, int major)
{
	if (major >= NEWER_ORDER && a.len != b.len && is_digit_1_9(a) && is_digit_1_9(b))
		return a.len < b.len ? -1 : 1;
	return bytes_compare(a, b);
}

/* Name by name; Of two that agree the shorter is less. */
static int compare_paths(struct bytes a, struct bytes b, int major)
{
	size_t from = 0;

	for (;;) {
		struct bytes x = update_paths_name(a, from), y = update_paths_name(b, from);
		int order = update_paths_compare(x, y, major);

		if (order != 0)
			return order;
		from += x.len + 1;
		if (from > a.len || from > b.len)
			return a.len < b.len ? -1 : a.len > b.len;
	}
}

static int compare_entries(const void *a, const void *b, void *major)
{
	return compare_paths(((const struct update_path *)a)->path,
			     ((const struct update_path *)b)->path, *(const int *)major);
}

static void sort_paths(struct update_paths *paths, int major)
{
	if (paths->count > UPDATE_PATHS_FEW) {
		qsort_r(paths->at, paths->count, sizeof(*paths->at), compare_entries, &major);
		return;
	}
	for (uint32_t i = 1; i < paths->count; i++) {
		struct update_path one = paths->at[i];
		uint32_t to = i;

		while (to > 0 && compare_paths(paths->at[to - 1].path, one.path, major) > 0) {
			paths->at[to] = paths->at[to - 1];
			to--;
		}
		if (to != i)
			paths->at[to] = one;
	}
}

/*
 * A server logs the names in its order of visits. So what is in the order of 5.0 only was written by such
 * a server, though the feature compatibility version says 4.4: it has been made newer, or is about to become older.
 */
static bool is_of_newer(const struct update_paths *paths)
{
	bool found = false;

	for (uint32_t i = 1; i < paths->count; i++) {
		const struct update_path *a = &paths->at[i - 1], *b = &paths->at[i];

		if (a->set != b->set)
			continue;
		if (compare_paths(a->path, b->path, NEWER_ORDER) > 0)
			return false;
		if (compare_paths(a->path, b->path, NEWER_ORDER - 1) > 0)
			found = true;
	}
	return found;
}

#define SHOWN(bytes) (int)MIN_OF((bytes).len, (size_t)100), (const char *)(bytes).at

/* A path that is another or the beginning of another: those are next to each other now. */
static int check_conflicts(struct update_out *out, const struct update_paths *paths)
{
	for (uint32_t i = 1; i < paths->count; i++) {
		struct bytes a = paths->at[i - 1].path, b = paths->at[i].path;

		if (a.len <= b.len && memcmp(a.at, b.at, a.len) == 0 &&
		    (a.len == b.len || b.at[a.len] == '.'))
			return update_out_reject(
				out, CODE_CONFLICT,
				"updating the path '%.*s' would create a conflict at '%.*s'",
				SHOWN(b), SHOWN(a));
	}
	return 0;
}

static int check_path(struct update_out *out, struct bytes path)
{
	size_t from = 0, depth = 0;

	do {
		struct bytes name = update_paths_name(path, from);

		if (name.len == 0)
			return update_out_reject(out, CODE_EMPTY_NAME,
						 "the update path '%.*s' has an empty field name",
						 SHOWN(path));
		if (name.at[0] == '$' &&
		    (name.len == 1 || (name.at[1] == '[' && name.at[name.len - 1] == ']'))) {
			if (name.len == 3)
				return error_set(out->e, ERR_UNSUPPORTED,
						 "positional update path '%.*s'", SHOWN(path));
			return update_out_reject(out, CODE_BAD_VALUE,
						 "positional update path '%.*s'", SHOWN(path));
		}
		if (++depth > BSON_MAX_NESTING)
			return error_set(out->e, ERR_LIMIT, "update path of more than %d names",
					 BSON_MAX_NESTING);
		from += name.len + 1;
	} while (from <= path.len);
	return 0;
}

static int reject_modifier(struct update_out *out, struct bytes name)
{
	static const char *const known[] = {"$inc",    "$mul",	      "$push", "$pushAll",
					    "$pull",   "$pullAll",    "$pop",  "$addToSet",
					    "$bit",    "$min",	      "$max",  "$currentDate",
					    "$rename", "$setOnInsert"};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (bytes_equal(name, bytes_str(known[i])))
			return error_set(out->e, ERR_UNSUPPORTED,
					 "modifier %s, which servers do not log", known[i]);
	return update_out_reject(out, CODE_FAILED_TO_PARSE, "unknown modifier: %.*s", SHOWN(name));
}

static int collect_modifier(struct update_out *out, const struct bson_field *modifier, bool set,
			    struct update_paths *paths)
{
	struct bson_fields fields = bson_fields(modifier->value);
	uint32_t before = paths->count;
	struct bson_field field;
	int got;

	if (modifier->type != BSON_KIND_DOCUMENT)
		return update_out_reject(out, CODE_FAILED_TO_PARSE,
					 "modifiers operate on fields, found type 0x%02x",
					 modifier->type);
	while ((got = bson_fields_next(&fields, &field, out->e)) > 0)
		if ((got = check_path(out, field.name)) < 0 ||
		    (got = add_path(paths, &field, set, out->e)) < 0)
			return got;
	if (got == 0 && paths->count == before && out->major < 5)
		return update_out_reject(out, CODE_FAILED_TO_PARSE, "%s is empty",
					 set ? "$set" : "$unset");
	return got;
}

/* All paths, checked, as they are in the entry. */
static int collect(struct bytes o, struct update_out *out, struct update_paths *paths)
{
	struct bson_fields fields = bson_fields(o);
	struct bson_field field;
	int got;

	while ((got = bson_fields_next(&fields, &field, out->e)) > 0) {
		if (bytes_equal(field.name, bytes_str("$v")))
			continue;
		if (bytes_equal(field.name, bytes_str("$set")))
			got = collect_modifier(out, &field, true, paths);
		else if (bytes_equal(field.name, bytes_str("$unset")))
			got = collect_modifier(out, &field, false, paths);
		else
			got = reject_modifier(out, field.name);
		if (got < 0)
			return got;
	}
	return got;
}

int update_paths_collect(struct bytes o, struct update_out *out, struct update_paths *paths)
{
	if (collect(o, out, paths) < 0)
		return out->e->code;
	if (out->logged && out->major < NEWER_ORDER && is_of_newer(paths))
		out->major = NEWER_ORDER;
	sort_paths(paths, out->major);
	return check_conflicts(out, paths);
}
