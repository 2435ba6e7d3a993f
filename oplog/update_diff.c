/*
 * Differences, $v:2:
 *
 *	docdiff   { [d: {f: any..}] [u: {f: value..}] [i: {f: value..}] [b: {f: {o: int, d: binary}..}]
 *		    (s<f>: docdiff or arraydiff)* }			in this order
 *	arraydiff { a: true, [l: int32], (u<index>: value | s<index>: docdiff or arraydiff)* }
 *
 * The rules are those of document_diff_applier.cpp and document_diff_serialization.cpp; the error
 * codes too.
 */
#include "oplog/update_out.h"

#define FEW_MODS 16
#define LINEAR_MODS 8 /* up to so many a name is looked for one by one */
#define MAX_ELEMENTS (16 * MIB)

enum section { SECTION_D = 1, SECTION_U, SECTION_I, SECTION_B, SECTION_S };

/* What is to be done with one field. */
struct mod {
	struct bytes name;
	struct bytes value;
	uint8_t type; /* of the value */
	uint8_t section;
	bool done; /* the document has such a field */
};

struct mods {
	struct mod *at;
	size_t count, cap;
	uint32_t *sorted; /* places in `at` by name; NULL when there are few */
	struct mod few[FEW_MODS];
};

static void mods_release(struct mods *mods)
{
	if (mods->at != mods->few)
		free(mods->at);
	free(mods->sorted);
}
DEFINE_OWNED_STRUCT(struct mods, mods_release);

static int add_mod(struct mods *mods, const struct bson_field *field, enum section section,
		   struct error *e)
{
	bool sub = section == SECTION_S;

	if (mods->count == mods->cap) {
		size_t cap = mods->cap * 2;
		bool is_few = mods->at == mods->few;
		struct mod *at = realloc(is_few ? NULL : mods->at, cap * sizeof(*at));

		if (at == NULL)
			return error_nomem(e, cap * sizeof(*at));
		if (is_few)
			memcpy(at, mods->few, sizeof(mods->few));
		mods->at = at;
		mods->cap = cap;
	}
	mods->at[mods->count++] = (struct mod){
		.name = bytes_of(field->name.at + sub, field->name.len - sub),
		.value = field->value,
		.type = field->type,
		.section = (uint8_t)section,
	};
	return 0;
}

static enum section section_of(struct bytes name, int major)
{
	switch (name.len == 1 ? name.at[0] : 0) {
	case 'd':
		return SECTION_D;
	case 'u':
		return SECTION_U;
	case 'i':
		return SECTION_I;
	case 'b':
		return major >= 7 ? SECTION_B : 0;
	default:
		return 0;
	}
}

/* { o: offset, d: binary }: offset to *ret, or -1, and the bytes. */
static int64_t parse_binary(struct bytes value, struct bytes *ret_data, struct error *e)
{
	struct bson_field offset, data;
	int64_t at = -1;

	if (bson_find(value, "o", &offset, e) <= 0 || bson_find(value, "d", &data, e) <= 0 ||
	    data.type != BSON_KIND_BINARY)
		return -1;
	if (offset.type == BSON_KIND_INT32)
		at = (int32_t)get_le32(offset.value.at);
	else if (offset.type == BSON_KIND_INT64)
		at = (int64_t)get_le64(offset.value.at);
	*ret_data = bytes_of(data.value.at + 5, data.value.len - 5);
	return at;
}

static int collect_section(struct update_out *out, const struct bson_field *section,
			   enum section which, struct mods *mods)
{
	struct bson_fields fields = bson_fields(section->value);
	struct bson_field field;
	struct bytes data;
	int got;

	if (section->type != BSON_KIND_DOCUMENT)
		return update_out_reject(out, 4770507, "section %.1s must be a document",
					 (const char *)section->name.at);
	if (which == SECTION_S)
		return add_mod(mods, section, which, out->e);
	while ((got = bson_fields_next(&fields, &field, out->e)) > 0) {
		if (which == SECTION_B && (field.type != BSON_KIND_DOCUMENT ||
					   parse_binary(field.value, &data, out->e) < 0))
			return error_set(out->e, ERR_CORRUPT,
					 "binary difference is not {o: offset, d: binary}");
		if ((got = add_mod(mods, &field, which, out->e)) < 0)
			return got;
	}
	return got;
}

static int compare_names(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return a.len == 0 ? 0 : memcmp(a.at, b.at, a.len);
}

static int compare_places(const void *a, const void *b, void *mods_)
{
	const struct mods *mods = mods_;

	return compare_names(mods->at[*(const uint32_t *)a].name,
			     mods->at[*(const uint32_t *)b].name);
}

static int reject_duplicate(struct update_out *out, struct bytes name)
{
	return update_out_reject(out, 4728000, "duplicate field name in diff: %.*s",
				 (int)MIN_OF(name.len, (size_t)100), (const char *)name.at);
}

/* No name twice; many are sorted to be found fast. */
static int sort_mods(struct update_out *out, struct mods *mods)
{
	if (mods->count <= LINEAR_MODS) {
		for (size_t i = 1; i < mods->count; i++)
			for (size_t j = 0; j < i; j++)
				if (bytes_equal(mods->at[i].name, mods->at[j].name))
					return reject_duplicate(out, mods->at[i].name);
		return 0;
	}
	mods->sorted = malloc(mods->count * sizeof(*mods->sorted));
	if (mods->sorted == NULL)
		return error_nomem(out->e, mods->count * sizeof(*mods->sorted));
	for (size_t i = 0; i < mods->count; i++)
		mods->sorted[i] = (uint32_t)i;
	qsort_r(mods->sorted, mods->count, sizeof(*mods->sorted), compare_places, mods);
	for (size_t i = 1; i < mods->count; i++)
		if (compare_places(&mods->sorted[i - 1], &mods->sorted[i], mods) == 0)
			return reject_duplicate(out, mods->at[mods->sorted[i]].name);
	return 0;
}

static struct mod *find_mod(struct mods *mods, struct bytes name)
{
	size_t from = 0, to = mods->count;

	if (mods->sorted == NULL) {
		for (size_t i = 0; i < mods->count; i++)
			if (bytes_equal(mods->at[i].name, name))
				return &mods->at[i];
		return NULL;
	}
	while (from < to) {
		size_t middle = (from + to) / 2;
		struct mod *mod = &mods->at[mods->sorted[middle]];
		int order = compare_names(name, mod->name);

		if (order == 0)
			return mod;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

static int collect(struct update_out *out, struct bytes diff, struct mods *mods)
{
	struct bson_fields fields = bson_fields(diff);
	enum section last = 0, section;
	struct bson_field field;
	int got;

	while ((got = bson_fields_next(&fields, &field, out->e)) > 0) {
		char name = field.name.len > 0 ? (char)field.name.at[0] : 0;

		if (name == 0)
			return update_out_reject(out, 4770505, "empty name of a section");
		section = name == 's' ? SECTION_S : section_of(field.name, out->major);
		if (last == SECTION_S && section != SECTION_S)
			return update_out_reject(out, 4770514, "section %c after a sub-diff", name);
		if (section == 0 || (section <= last && section != SECTION_S))
			return update_out_reject(out, 4770503,
						 "unexpected section %c in document diff", name);
		if ((got = collect_section(out, &field, section, mods)) < 0)
			return got;
		last = section;
	}
	if (got < 0)
		return got;
	if (last == 0)
		return update_out_reject(out, 4770500, "empty diff");
	return sort_mods(out, mods);
}

/* Begin an arraydiff: behind `a: true`, with the new length in *ret_len (-1: none). */
static int begin_array(struct update_out *out, struct bytes diff, struct bson_fields *ret,
		       int64_t *ret_len)
{
	struct bson_field field;
	int got;

	*ret = bson_fields(diff);
	*ret_len = -1;
	if (bson_fields_next(ret, &field, out->e) < 0)
		return ERR_CORRUPT;
	if (field.type != BSON_KIND_BOOL)
		return update_out_reject(out, 4770519, "array header must be a bool");
	if (field.value.at[0] == 0)
		return update_out_reject(out, 4770520, "array header must be true");
	struct bson_fields ahead = *ret;
	if ((got = bson_fields_next(&ahead, &field, out->e)) <= 0)
		return got;
	if (field.name.len != 1 || field.name.at[0] != 'l')
		return 0;
	if (field.type != BSON_KIND_INT32)
		return update_out_reject(out, 4770507, "section l must be an int32");
	*ret_len = (int32_t)get_le32(field.value.at);
	if (*ret_len < 0)
		return update_out_reject(out, 13548, "negative length of an array");
	*ret = ahead;
	return 0;
}

/* 1: an arraydiff, 0: a docdiff. Only what a server looks at before it applies one is checked. */
static int is_array_diff(struct update_out *out, struct bytes diff)
{
	struct bson_fields fields = bson_fields(diff);
	struct bson_field field;
	int got = bson_fields_next(&fields, &field, out->e);

	if (got < 0)
		return got;
	if (got == 0)
		return update_out_reject(out, 4770500, "empty diff");
	return field.name.len == 1 && field.name.at[0] == 'a';
}

/* A sub-diff for a field that is missing or has another type: it must begin as one nevertheless. */
static int check_unused(struct update_out *out, struct bytes diff)
{
	OWNED(mods_release) struct mods mods = {.cap = FEW_MODS};
	struct bson_fields fields;
	int64_t len;
	int got = is_array_diff(out, diff);

	mods.at = mods.few;
	if (got < 0)
		return got;
	return got == 1 ? begin_array(out, diff, &fields, &len) : collect(out, diff, &mods);
}

static int apply_document(struct update_out *out, struct bytes doc, struct bytes diff, int depth);
static int apply_array(struct update_out *out, struct bytes array, struct bytes diff, int depth);

/* A sub-diff for a value, written under `name`; a value of another type becomes null. */
static int apply_sub(struct update_out *out, const struct bson_field *field, struct bytes name,
		     struct bytes diff, int depth)
{
	int got = is_array_diff(out, diff);
	bool array = got > 0;
	uint8_t wanted = array ? BSON_KIND_ARRAY : BSON_KIND_DOCUMENT;

	if (got < 0)
		return got;
	if (field == NULL || field->type != wanted) {
		if ((got = check_unused(out, diff)) < 0)
			return got;
		return update_out_name(out, BSON_KIND_NULL, name);
	}
	if (depth >= BSON_MAX_NESTING)
		return error_set(out->e, ERR_LIMIT, "diff nests more than %d deep",
				 BSON_MAX_NESTING);
	if ((got = update_out_name(out, wanted, name)) < 0)
		return got;
	return array ? apply_array(out, field->value, diff, depth + 1)
		     : apply_document(out, field->value, diff, depth + 1);
}

/* The bytes up to an offset stay, the data follows, what was behind goes. */
static int apply_binary(struct update_out *out, const struct bson_field *field, struct bytes value)
{
	uint8_t head[5];
	struct bytes data;
	int64_t offset = parse_binary(value, &data, out->e);
	int got;

	if (field->type != BSON_KIND_BINARY || (uint64_t)offset > field->value.len - 5)
		return update_out_field(out, field->type, field->name, field->value);
	put_le32(head, (uint32_t)((size_t)offset + data.len));
	head[4] = field->value.at[4];
	if ((got = update_out_name(out, field->type, field->name)) < 0 ||
	    (got = update_out_put(out, head, sizeof(head))) < 0 ||
	    (got = update_out_put(out, field->value.at + 5, (size_t)offset)) < 0)
		return got;
	return update_out_put(out, data.at, data.len);
}

/* What becomes of a field that the diff names. */
static int apply_mod(struct update_out *out, const struct bson_field *field, struct mod *mod,
		     int depth)
{
	mod->done = true;
	switch ((enum section)mod->section) {
	case SECTION_U:
		return update_out_field(out, mod->type, mod->name, mod->value);
	case SECTION_B:
		return apply_binary(out, field, mod->value);
	case SECTION_S:
		return apply_sub(out, field, mod->name, mod->value, depth);
	case SECTION_I: /* comes back at the end */
	case SECTION_D:
		break;
	}
	return 0;
}

/* Behind the old fields: new values of fields that were not there, then the inserted ones. */
static int append_new(struct update_out *out, struct mods *mods)
{
	for (size_t i = 0; i < mods->count; i++) {
		struct mod *mod = &mods->at[i];
		int got = 0;

		if (mod->section == SECTION_I || (mod->section == SECTION_U && !mod->done))
			got = update_out_field(out, mod->type, mod->name, mod->value);
		else if (mod->section == SECTION_S && !mod->done)
			got = check_unused(out, mod->value);
		if (got < 0)
			return got;
	}
	return 0;
}

static int apply_document(struct update_out *out, struct bytes doc, struct bytes diff, int depth)
{
	OWNED(mods_release) struct mods mods;
	struct bson_fields fields = bson_fields(doc);
	struct update_out_run run = {doc.at + 4};
	struct bson_field field;
	size_t begin;
	int got;

	mods.at = mods.few;
	mods.count = 0;
	mods.cap = FEW_MODS;
	mods.sorted = NULL;
	if ((got = collect(out, diff, &mods)) < 0 || (got = update_out_open(out, &begin)) < 0)
		return got;
	while ((got = bson_fields_next(&fields, &field, out->e)) > 0) {
		struct mod *mod = find_mod(&mods, field.name);

		if (mod == NULL)
			continue;
		if ((got = update_out_flush(out, &run, update_out_begin(&field),
					    update_out_end(&field))) < 0 ||
		    (got = apply_mod(out, &field, mod, depth)) < 0)
			return got;
	}
	if (got < 0 || (got = update_out_flush(out, &run, doc.at + doc.len - 1, NULL)) < 0 ||
	    (got = append_new(out, &mods)) < 0)
		return got;
	return update_out_close(out, begin);
}

/* Where an arraydiff stands: its next change. */
struct changes {
	struct bson_fields fields;
	int64_t len;	      /* the new length, -1: as it comes */
	int64_t last;	      /* index of the change before */
	int64_t index;	      /* of the next one; INT64_MAX: there is none */
	bool sub;	      /* it is a sub-diff */
	struct bson_field at; /* its value */
};

static int next_change(struct update_out *out, struct changes *changes)
{
	int got = bson_fields_next(&changes->fields, &changes->at, out->e);
	struct bytes name = changes->at.name;
	int64_t index;

	changes->last = changes->index;
	changes->index = INT64_MAX;
	if (got <= 0)
		return got;
	if (name.len < 2)
		return update_out_reject(out, 4770521, "name in an array diff is too short");
	index = update_out_parse_index(bytes_of(name.at + 1, name.len - 1));
	if (index < 0)
		return update_out_reject(out, 4770512, "no index in the name of an array diff");
	changes->sub = name.at[0] == 's';
	if (!changes->sub && name.at[0] != 'u')
		return update_out_reject(out, 4770502, "expected u or s at index %lld",
					 (long long)index);
	if (changes->sub && changes->at.type != BSON_KIND_DOCUMENT)
		return update_out_reject(out, 4770501, "expected a sub-diff at index %lld",
					 (long long)index);
	if (index <= changes->last)
		return update_out_reject(out, 13548, "indexes of an array diff do not ascend");
	if (changes->len >= 0 && index >= changes->len)
		return update_out_reject(out, 13548, "index %lld is behind the new length %lld",
					 (long long)index, (long long)changes->len);
	if (index >= (int64_t)MAX_ELEMENTS)
		return error_set(out->e, ERR_LIMIT, "array of more than %zu elements",
				 MAX_ELEMENTS);
	changes->index = index;
	return 0;
}

/* The element `field` (NULL: the array has ended) changes; the next change is read. */
static int change(struct update_out *out, struct changes *changes, const struct bson_field *field,
		  const struct update_out_index *index, int depth)
{
	struct bytes name = update_out_index_name(index);
	int got;

	if (changes->sub)
		got = apply_sub(out, field, name, changes->at.value, depth);
	else
		got = update_out_field(out, changes->at.type, name, changes->at.value);
	return got < 0 ? got : next_change(out, changes);
}

/* Elements that the old array does not have. */
static int extend(struct update_out *out, struct changes *changes, struct update_out_index *index,
		  int depth)
{
	int got;

	while (changes->index != INT64_MAX) {
		if ((got = update_out_nulls(out, index, (uint32_t)changes->index)) < 0 ||
		    (got = change(out, changes, NULL, index, depth)) < 0)
			return got;
		update_out_index_next(index);
	}
	return changes->len < 0 ? 0 : update_out_nulls(out, index, (uint32_t)changes->len);
}

static int apply_array(struct update_out *out, struct bytes array, struct bytes diff, int depth)
{
	struct bson_fields fields = bson_fields(array);
	struct update_out_run run = {array.at + 4};
	struct update_out_index index = update_out_index_of(0);
	struct changes changes = {.index = -1};
	const uint8_t *end = array.at + 4;
	struct bson_field field;
	size_t begin;
	int got;

	if ((got = begin_array(out, diff, &changes.fields, &changes.len)) < 0 ||
	    (got = next_change(out, &changes)) < 0 || (got = update_out_open(out, &begin)) < 0)
		return got;
	while (changes.len < 0 || index.value < changes.len) {
		if ((got = bson_fields_next(&fields, &field, out->e)) <= 0)
			break;
		end = update_out_end(&field);
		if (index.value == changes.index) {
			if ((got = update_out_flush(out, &run, update_out_begin(&field), end)) == 0)
				got = change(out, &changes, &field, &index, depth);
		} else {
			got = update_out_element(out, &run, &field, &index);
		}
		if (got < 0)
			return got;
		update_out_index_next(&index);
	}
	if (got < 0 || (got = update_out_flush(out, &run, end, NULL)) < 0 ||
	    (got = extend(out, &changes, &index, depth)) < 0)
		return got;
	return update_out_close(out, begin);
}

int update_diff_apply(struct bytes doc, struct bytes diff, struct update_out *out)
{
	return apply_document(out, doc, diff, 1);
}
