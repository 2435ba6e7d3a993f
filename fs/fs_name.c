#include "fs/fs_name.h"

#include <limits.h>

#include "base/dump_name.h"

#define KEPT_LEN 208	 /* of the escaped name in a shortened one, as base/dump_name.h says */
#define DB_SUFFIX ".db"	 /* of databases whose names can't be file names */
#define NO_NAME_DOCS "%" /* the folder of a collection with an empty name; escapes are %XX */

static const char *const suffixes[FS_FORM_COUNT] = {
	[FS_FORM_BSON] = ".bson",
	[FS_FORM_METADATA] = ".metadata.json",
	[FS_FORM_JSON] = ".json",
	[FS_FORM_DOCS] = "",
};

static bool has_suffix(struct bytes text, const char *suffix)
{
	size_t len = strlen(suffix);

	return text.len >= len && memcmp(text.at + text.len - len, suffix, len) == 0;
}

/* Would this form of the collection with escaped name `stem` take a name that isn't its own? */
static bool must_yield(struct bytes stem, enum fs_form form)
{
	switch (form) {
	case FS_FORM_JSON:
		return has_suffix(stem, ".metadata");
	case FS_FORM_DOCS:
		return has_suffix(stem, ".bson") || has_suffix(stem, ".json") ||
		       bytes_equal(stem, bytes_str(".")) || bytes_equal(stem, bytes_str(".."));
	default:
		return false;
	}
}

/* Spell the last dot as %2E. There is one. */
static void hide_last_dot(struct buf *ret)
{
	size_t at = ret->len;
	size_t tail;

	while (ret->at[at - 1] != '.')
		at--;
	tail = ret->len - at;
	buf_add_str(ret, "  ");
	memmove(ret->at + at + 2, ret->at + at, tail);
	memcpy(ret->at + at - 1, "%2E", 3);
}

void fs_name_file(struct bytes coll, enum fs_form form, struct buf *ret)
{
	size_t start = ret->len;

	dump_name_escape(coll, ret);
	if (must_yield(bytes_of(ret->at + start, ret->len - start), form))
		hide_last_dot(ret);
	buf_add_str(ret, suffixes[form]);
	if (ret->len == start)
		buf_add_str(ret, NO_NAME_DOCS);
}

/* The form whose names end as `file` does. */
static enum fs_form form_of(struct bytes file)
{
	for (enum fs_form form = FS_FORM_BSON; form < FS_FORM_DOCS; form++)
		if (has_suffix(file, suffixes[form]))
			return form;
	return FS_FORM_DOCS;
}

/* What the names of all collections begin with that are shortened to `stem`. */
static enum fs_name_found parse_shortened(struct bytes stem, struct buf *ret_coll)
{
	struct error ignored;
	size_t len = MIN_OF(stem.len, (size_t)KEPT_LEN);

	/* The cut may have gone through the last %XX. */
	for (size_t back = 1; back <= 2 && back <= len; back++) {
		if (stem.at[len - back] == '%') {
			len -= back;
			break;
		}
	}
	return dump_name_unescape(bytes_of(stem.at, len), ret_coll, &ignored) == 1 ? FS_NAME_PREFIX
										   : FS_NAME_NONE;
}

enum fs_name_found fs_name_parse(struct bytes file, enum fs_form *ret_form, struct buf *ret_coll)
{
	enum fs_form form = form_of(file);
	struct bytes stem = bytes_of(file.at, file.len - strlen(suffixes[form]));
	OWNED(buf_release) struct buf again = {0};
	size_t start = ret_coll->len;
	struct error ignored;
	int plain;

	if (file.len == 0 || file.len > NAME_MAX)
		return FS_NAME_NONE;
	*ret_form = form;
	if (bytes_equal(file, bytes_str(NO_NAME_DOCS)))
		return FS_NAME_EXACT;
	plain = dump_name_unescape(stem, ret_coll, &ignored);
	if (plain < 0)
		return FS_NAME_NONE;
	if (plain == 0)
		return parse_shortened(stem, ret_coll);
	fs_name_file(bytes_of(ret_coll->at + start, ret_coll->len - start), form, &again);
	if (bytes_equal(buf_bytes(&again), file))
		return FS_NAME_EXACT;
	ret_coll->len = start;
	return FS_NAME_NONE;
}

/* Can it be a file name, and is it not one that folders have anyway? */
static bool is_file_name(struct bytes name)
{
	return name.len > 0 && name.len <= NAME_MAX && memchr(name.at, '/', name.len) == NULL &&
	       memchr(name.at, '\0', name.len) == NULL && !bytes_equal(name, bytes_str(".")) &&
	       !bytes_equal(name, bytes_str(".."));
}

bool fs_name_db_is_plain(struct bytes db)
{
	return is_file_name(db) && memchr(db.at, '.', db.len) == NULL;
}

bool fs_name_db_is_escaped(struct bytes folder)
{
	return has_suffix(folder, DB_SUFFIX);
}

void fs_name_db(struct bytes db, struct buf *ret)
{
	if (fs_name_db_is_plain(db)) {
		buf_add_bytes(ret, db);
		return;
	}
	dump_name_escape(db, ret);
	buf_add_str(ret, DB_SUFFIX);
}

void fs_name_snapshot(const char *name, struct buf *ret)
{
	struct bytes bytes = bytes_str(name);

	if (is_file_name(bytes))
		buf_add_bytes(ret, bytes);
	else
		dump_name_escape(bytes, ret);
}
