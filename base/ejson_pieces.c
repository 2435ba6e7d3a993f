#include "base/ejson_pieces.h"

#include "base/bson.h"

#define INDENT 2
#define PIECE (64 * KIB)

/* A document or array that is open. */
struct level {
	struct bson_fields fields;
	bool array;
	bool filled; /* a field was written */
	bool flat;   /* no new lines and no spaces: in a line, or in the scope of code */
	bool scope;  /* the bracket of its code comes after its own */
};

struct ejson_pieces {
	uintptr_t begin;   /* where the first document lies */
	struct bytes docs; /* that have not begun */
	enum ejson_form form;
	struct buf text;
	unsigned depth;
	struct level level[BSON_MAX_NESTING];
	/* What comes next, in this order, before the fields of the innermost level: */
	bool in_string;
	struct bytes string; /* the rest of a string */
	const char *behind;  /* what follows its quote */
	bool has_value;
	bool value_is_scope;
	uint8_t type;
	struct bytes value;
};

struct ejson_pieces *ejson_pieces_new(struct bytes docs, enum ejson_form form)
{
	struct ejson_pieces *p = xcalloc(1, sizeof(*p));

	p->begin = (uintptr_t)docs.at;
	p->docs = docs;
	p->form = form;
	return p;
}

void ejson_pieces_free(struct ejson_pieces *p)
{
	if (p == NULL)
		return;
	buf_release(&p->text);
	free(p);
}

/* The place of a byte, or NULL, when the documents begin at `to` instead of `from`. */
static const uint8_t *moved(const uint8_t *at, uintptr_t from, const uint8_t *to)
{
	return at == NULL ? NULL : to + ((uintptr_t)at - from);
}

void ejson_pieces_move(struct ejson_pieces *p, struct bytes docs)
{
	uintptr_t from = p->begin;

	if ((uintptr_t)docs.at == from)
		return;
	p->begin = (uintptr_t)docs.at;
	p->docs.at = moved(p->docs.at, from, docs.at);
	p->string.at = moved(p->string.at, from, docs.at);
	p->value.at = moved(p->value.at, from, docs.at);
	for (unsigned i = 0; i < p->depth; i++) {
		struct bytes *doc = &p->level[i].fields.doc;

		doc->at = moved(doc->at, from, docs.at);
	}
}

void ejson_pieces_rest(struct ejson_pieces *p)
{
	buf_release(&p->text);
}

static enum ejson_mode mode_of(const struct ejson_pieces *p)
{
	return p->form == EJSON_LINE_CANONICAL ? EJSON_CANONICAL : EJSON_RELAXED;
}

static void put_newline(struct ejson_pieces *p, unsigned depth)
{
	size_t len = 1 + (size_t)depth * INDENT;
	uint8_t *at = buf_room(&p->text, len);

	memset(at, ' ', len);
	at[0] = '\n';
	p->text.len += len;
}

/* How much of a long string to write: what ends between two characters. */
static size_t part_of(struct bytes string)
{
	size_t end = PIECE;

	if (string.len <= PIECE)
		return string.len;
	for (size_t i = 0; i < 4; i++)
		if ((string.at[end - i] & 0xc0) != 0x80)
			return end - i;
	return end; /* no character of UTF-8 has four such bytes: each is replaced by itself */
}

/* The next part of the string; its first has a quote before, its last one behind. */
static int put_string(struct ejson_pieces *p, bool first, struct error *e)
{
	size_t len = part_of(p->string), at = p->text.len;
	bool last = len == p->string.len;

	if (ejson_write_name(bytes_of(p->string.at, len), &p->text, e) < 0)
		return e->code;
	if (!first) {
		p->text.len--;
		memmove(p->text.at + at, p->text.at + at + 1, p->text.len - at);
	}
	if (!last)
		p->text.len--;
	p->string.at += len;
	p->string.len -= len;
	p->in_string = !last;
	if (last)
		buf_add_str(&p->text, p->behind);
	return 0;
}

static int begin_string(struct ejson_pieces *p, struct bytes string, const char *behind,
			struct error *e)
{
	p->string = string;
	p->behind = behind;
	return put_string(p, true, e);
}

static int open_level(struct ejson_pieces *p, struct bytes doc, bool array, bool scope,
		      struct error *e)
{
	struct level *level = &p->level[p->depth];
	bool flat = p->form != EJSON_PRETTY || scope || (p->depth > 0 && level[-1].flat);

	if (p->depth >= BSON_MAX_NESTING)
		return error_set(e, ERR_LIMIT, "documents nest more than %d deep",
				 BSON_MAX_NESTING);
	*level = (struct level){
		.fields = bson_fields(doc), .array = array, .flat = flat, .scope = scope};
	p->depth++;
	buf_add_u8(&p->text, array ? '[' : '{');
	return 0;
}

static void close_level(struct ejson_pieces *p)
{
	const struct level *level = &p->level[--p->depth];

	if (level->filled && !level->flat)
		put_newline(p, p->depth);
	buf_add_u8(&p->text, level->array ? ']' : '}');
	if (level->scope)
		buf_add_u8(&p->text, '}');
	if (p->depth == 0)
		buf_add_u8(&p->text, '\n');
}

/* A string, code or symbol: `value` is its payload. */
static int put_text(struct ejson_pieces *p, const char *before, struct bytes value,
		    const char *behind, struct error *e)
{
	struct bytes text;

	if (bson_text(value, &text, e) < 0)
		return e->code;
	buf_add_str(&p->text, before);
	return begin_string(p, text, behind, e);
}

static int put_scoped(struct ejson_pieces *p, struct bytes value, struct error *e)
{
	struct bytes rest = bytes_of(value.at + 4, value.len - 4);
	int64_t len = bson_value_len(BSON_KIND_CODE, rest);

	if (len < 0)
		return error_set(e, ERR_CORRUPT, "code with scope: the code is cut off");
	p->has_value = true;
	p->value_is_scope = true;
	p->type = BSON_KIND_DOCUMENT;
	p->value = bytes_of(rest.at + len, rest.len - (size_t)len);
	return put_text(p, "{\"$code\":", bytes_of(rest.at, (size_t)len), ",\"$scope\":", e);
}

static int put_value(struct ejson_pieces *p, struct error *e)
{
	bool scope = p->value_is_scope;

	p->has_value = false;
	p->value_is_scope = false;
	switch (p->type) {
	case BSON_KIND_DOCUMENT:
	case BSON_KIND_ARRAY:
		return open_level(p, p->value, p->type == BSON_KIND_ARRAY, scope, e);
	case BSON_KIND_STRING:
		return put_text(p, "", p->value, "", e);
	case BSON_KIND_CODE:
		return put_text(p, "{\"$code\":", p->value, "}", e);
	case BSON_KIND_SYMBOL:
		return put_text(p, "{\"$symbol\":", p->value, "}", e);
	case BSON_KIND_CODE_WITH_SCOPE:
		return put_scoped(p, p->value, e);
	default:
		return ejson_write_value(p->type, p->value, mode_of(p), &p->text, e);
	}
}

/* The next field of the innermost level up to its value, or the end of the level. */
static int put_field(struct ejson_pieces *p, struct error *e)
{
	struct level *level = &p->level[p->depth - 1];
	struct bson_field field;
	int got = bson_fields_next(&level->fields, &field, e);

	if (got < 0)
		return got;
	if (got == 0) {
		close_level(p);
		return 0;
	}
	if (level->filled)
		buf_add_u8(&p->text, ',');
	level->filled = true;
	if (!level->flat)
		put_newline(p, p->depth);
	p->has_value = true;
	p->type = field.type;
	p->value = field.value;
	return level->array ? 0 : begin_string(p, field.name, level->flat ? ":" : ": ", e);
}

/* A step forward: 1, or 0 at the end. */
static int step(struct ejson_pieces *p, struct error *e)
{
	struct bytes doc = p->docs;
	int64_t len;

	if (p->in_string)
		return put_string(p, false, e) < 0 ? e->code : 1;
	if (p->has_value)
		return put_value(p, e) < 0 ? e->code : 1;
	if (p->depth > 0)
		return put_field(p, e) < 0 ? e->code : 1;
	len = bson_next(doc, doc.len, e);
	if (len <= 0)
		return (int)len;
	p->docs = bytes_of(doc.at + len, doc.len - (size_t)len);
	return open_level(p, bytes_of(doc.at, (size_t)len), false, false, e) < 0 ? e->code : 1;
}

int ejson_pieces_next(struct ejson_pieces *p, struct bytes *ret, struct error *e)
{
	int more = 1;

	buf_reset(&p->text);
	while (more == 1 && p->text.len < PIECE)
		more = step(p, e);
	if (more < 0) {
		p->docs = bytes_of(NULL, 0);
		p->depth = 0;
		p->in_string = p->has_value = false;
		return more;
	}
	*ret = buf_bytes(&p->text);
	return p->text.len > 0;
}

int ejson_pieces_size(struct bytes docs, enum ejson_form form, uint64_t *ret, struct error *e)
{
	OWNED(ejson_pieces_free) struct ejson_pieces *p = ejson_pieces_new(docs, form);
	struct bytes piece;
	uint64_t size = 0;
	int more;

	while ((more = ejson_pieces_next(p, &piece, e)) == 1)
		size += piece.len;
	if (more == 0)
		*ret = size;
	return more;
}
