#include "base/bson_check.h"

#include "base/bson_inline.h"
#include "base/utf8.h"

static int check_utf8(struct bytes text, size_t offset, struct error *e)
{
	size_t good = utf8_prefix(text);

	if (good == text.len)
		return 0;
	return error_set(e, ERR_CORRUPT, "byte %zu: not UTF-8: 0x%02x", offset + good,
			 text.at[good]);
}

/* What BSON_CHECK_FULL adds for a value of known length. */
static int check_content(uint8_t type, struct bytes value, size_t offset, struct error *e)
{
	size_t pattern;

	switch (type) {
	case BSON_KIND_STRING:
	case BSON_KIND_CODE:
	case BSON_KIND_SYMBOL:
		return check_utf8(bytes_of(value.at + 4, value.len - 5), offset + 4, e);
	case BSON_KIND_CODE_WITH_SCOPE:
		return check_utf8(bytes_of(value.at + 8, get_le32(value.at + 4) - 1), offset + 8,
				  e);
	case BSON_KIND_DB_POINTER:
		return check_utf8(bytes_of(value.at + 4, value.len - 17), offset + 4, e);
	case BSON_KIND_REGEX:
		pattern = strnlen((const char *)value.at, value.len);
		if (check_utf8(bytes_of(value.at, pattern), offset, e) < 0)
			return ERR_CORRUPT;
		return check_utf8(bytes_of(value.at + pattern + 1, value.len - pattern - 2),
				  offset + pattern + 1, e);
	case BSON_KIND_BOOL:
		if (value.at[0] > 1)
			return error_set(e, ERR_CORRUPT,
					 "byte %zu: boolean is 0x%02x, expected 0 or 1", offset,
					 value.at[0]);
		return 0;
	case BSON_KIND_BINARY:
		if (value.at[4] != 2 || (value.len >= 9 && get_le32(value.at + 5) == value.len - 9))
			return 0;
		return error_set(
			e, ERR_CORRUPT,
			"byte %zu: inner length of binary subtype 2 does not fit its %zu bytes",
			offset + 5, value.len - 5);
	default:
		return 0;
	}
}

/*
 * Inside a code with scope of known bounds: the string, and the length of the document, whose
 * offset goes to *ret_scope.
 */
static int check_scoped(struct bytes doc, size_t at, size_t end, size_t *ret_scope, struct error *e)
{
	struct bytes code, scope;

	if (bson_value_at(doc, BSON_KIND_CODE, at + 4, end, &code, e) < 0)
		return ERR_CORRUPT;
	at += 4 + code.len;
	scope = bytes_of(doc.at + at, end - at);
	if (bson_value_len(BSON_KIND_DOCUMENT, scope) != (int64_t)scope.len)
		return error_set(e, ERR_CORRUPT,
				 "byte %zu: the scope does not fill the %zu bytes left for it", at,
				 scope.len);
	*ret_scope = at;
	return 0;
}

/* A walk over all fields of all depths. */
struct walk {
	struct bytes doc;
	size_t at;    /* offset of the next type byte */
	size_t end;   /* offset of the innermost document's final NUL */
	size_t depth; /* documents around the innermost one */
	size_t ends[BSON_MAX_NESTING];
};

static int walk_into(struct walk *w, size_t start, size_t len, struct error *e)
{
	if (w->depth + 1 >= BSON_MAX_NESTING)
		return error_set(e, ERR_LIMIT, "byte %zu: documents nest more than %d deep", start,
				 BSON_MAX_NESTING);
	w->ends[w->depth++] = w->end;
	w->at = start + 4;
	w->end = start + len - 1;
	return 0;
}

/* Check the field at w->at and step over it, or into it when it holds a document. */
static inline int walk_field(struct walk *w, bool full, struct error *e)
{
	struct bson_field field;
	size_t name = w->at + 1, start, end, scope = 0;

	if (!bson_inline_field(w->doc, w->at, w->end, &field))
		return bson_field_at(w->doc, w->at, w->end, &field, e);
	start = name + field.name.len + 1;
	end = start + field.value.len;
	w->at = end;
	if (full && check_utf8(field.name, name, e) < 0)
		return ERR_CORRUPT;
	if (field.type == BSON_KIND_DOCUMENT || field.type == BSON_KIND_ARRAY)
		return walk_into(w, start, field.value.len, e);
	if (field.type == BSON_KIND_CODE_WITH_SCOPE &&
	    check_scoped(w->doc, start, end, &scope, e) < 0)
		return ERR_CORRUPT;
	if (full && check_content(field.type, field.value, start, e) < 0)
		return ERR_CORRUPT;
	if (field.type == BSON_KIND_CODE_WITH_SCOPE)
		return walk_into(w, scope, end - scope, e);
	return 0;
}

int bson_check(struct bytes doc, enum bson_check_level level, struct error *e)
{
	struct walk w;
	int code = bson_frame(doc, e);

	if (code < 0 || level == BSON_CHECK_OFF)
		return code;
	w.doc = doc;
	w.at = 4;
	w.end = doc.len - 1;
	w.depth = 0;
	for (;;) {
		if (w.at < w.end) {
			code = walk_field(&w, level == BSON_CHECK_FULL, e);
			if (code < 0)
				return code;
		} else if (w.depth > 0) {
			w.at = w.end + 1;
			w.end = w.ends[--w.depth];
		} else {
			return 0;
		}
	}
}
