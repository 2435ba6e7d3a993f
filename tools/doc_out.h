/*
 * doc_out.h - documents on standard output, in the formats of `yester cat`.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_DOC_OUT_H
#define TOOLS_DOC_OUT_H

#include <stdio.h>

#include "base/buf.h"

enum doc_out_format {
	DOC_OUT_JSON,	   /* relaxed extended JSON, one document a line, as mongoexport */
	DOC_OUT_CANONICAL, /* canonical extended JSON, one document a line */
	DOC_OUT_BSON,	   /* as it is stored */
	DOC_OUT_PRETTY,	   /* relaxed, indented */
	DOC_OUT_CSV,	   /* the fields, as mongoexport --type=csv */
};

/* "json", … ERR_INVALID for anything else. */
MUST_CHECK int doc_out_parse(const char *text, enum doc_out_format *ret, struct error *e);

struct doc_out {
	enum doc_out_format format;
	FILE *to;
	bool escape;	    /* a terminal reads it: control characters are escaped */
	const char *fields; /* of CSV: dotted paths with commas between them */
	struct buf text;    /* scratch; released by doc_out_release() */
};

void doc_out_init(struct doc_out *out, enum doc_out_format format, const char *fields, FILE *to);
void doc_out_release(struct doc_out *out);
DEFINE_OWNED_STRUCT(struct doc_out, doc_out_release);

/* What comes before all documents (CSV: the names). */
MUST_CHECK int doc_out_begin(struct doc_out *out, struct error *e);
/* One document. ERR_CORRUPT, ERR_IO (the output takes no more). */
MUST_CHECK int doc_out_document(struct doc_out *out, struct bytes doc, struct error *e);

#endif
