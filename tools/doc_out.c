#include "tools/doc_out.h"

#include "base/ejson_pieces.h"
#include "tools/csv_out.h"
#include "tools/term.h"

/* Bytes of BSON from which a text is written in pieces: it can be ten times as long. */
#define LONG_DOCUMENT MIB

int doc_out_parse(const char *text, enum doc_out_format *ret, struct error *e)
{
	static const char *const words[] = {"json", "canonical", "bson", "pretty", "csv"};

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(words[i], text) == 0) {
			*ret = (enum doc_out_format)i;
			return 0;
		}
	}
	return error_set(e, ERR_INVALID,
			 "--format takes json, canonical, bson, pretty or csv, not %s", text);
}

void doc_out_init(struct doc_out *out, enum doc_out_format format, const char *fields, FILE *to)
{
	*out = (struct doc_out){.format = format, .to = to, .fields = fields};
	out->escape = term_is_tty(to);
}

void doc_out_release(struct doc_out *out)
{
	buf_release(&out->text);
}

/* Write what was rendered: a text that does not end inside a character. */
static int put(struct doc_out *out, struct error *e)
{
	OWNED(buf_release) struct buf escaped = {0};
	struct bytes text = buf_bytes(&out->text);

	if (out->escape) {
		term_escape_message(buf_text(&out->text), &escaped);
		text = buf_bytes(&escaped);
	}
	if (fwrite(text.at, 1, text.len, out->to) == text.len)
		return 0;
	return error_sys(e, "standard output could not be written");
}

int doc_out_begin(struct doc_out *out, struct error *e)
{
	if (out->format != DOC_OUT_CSV)
		return 0;
	buf_reset(&out->text);
	csv_out_titles(out->fields, &out->text);
	return put(out, e);
}

static int render(struct doc_out *out, struct bytes doc, struct error *e)
{
	switch (out->format) {
	case DOC_OUT_CSV:
		return csv_out_document(out->fields, doc, &out->text, e);
	default:
		if (ejson_write(doc,
				out->format == DOC_OUT_CANONICAL ? EJSON_CANONICAL : EJSON_RELAXED,
				&out->text, e) < 0)
			return e->code;
	}
	buf_add_u8(&out->text, '\n');
	return 0;
}

/* Without ever having all of the text. */
static int put_pieces(struct doc_out *out, struct bytes doc, struct error *e)
{
	enum ejson_form form = out->format == DOC_OUT_PRETTY	  ? EJSON_PRETTY
			       : out->format == DOC_OUT_CANONICAL ? EJSON_LINE_CANONICAL
								  : EJSON_LINE_RELAXED;
	OWNED(ejson_pieces_free) struct ejson_pieces *pieces = ejson_pieces_new(doc, form);
	struct bytes piece;
	int more;

	while ((more = ejson_pieces_next(pieces, &piece, e)) == 1) {
		buf_reset(&out->text);
		buf_add_bytes(&out->text, piece);
		if (put(out, e) < 0)
			return e->code;
	}
	return more;
}

int doc_out_document(struct doc_out *out, struct bytes doc, struct error *e)
{
	if (out->format == DOC_OUT_BSON) {
		if (fwrite(doc.at, 1, doc.len, out->to) == doc.len)
			return 0;
		return error_sys(e, "standard output could not be written");
	}
	/* Indentation has no such bound. */
	if (out->format == DOC_OUT_PRETTY ||
	    (doc.len > LONG_DOCUMENT && out->format != DOC_OUT_CSV))
		return put_pieces(out, doc, e);
	buf_reset(&out->text);
	return render(out, doc, e) < 0 ? e->code : put(out, e);
}
