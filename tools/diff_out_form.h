/*
 * diff_out_form.h - one format of `yester diff`: what diff_out_*.c make and share. Not for others.
 */
#ifndef TOOLS_DIFF_OUT_FORM_H
#define TOOLS_DIFF_OUT_FORM_H

#include "base/bson.h"
#include "tools/diff_out.h"

struct diff_out_form {
	/* Documents of namespaces that came or went as a whole are listed, too. */
	bool all_documents;
	int (*begin)(struct diff_out *out, const struct diff_ns *ns, struct error *e);
	int (*document)(struct diff_out *out, struct bytes old_doc, struct bytes new_doc,
			struct error *e);
	int (*end)(struct diff_out *out, const struct diff_ns *ns, bool reordered, struct error *e);
	int (*untold)(struct diff_out *out, struct bytes ns, const struct error *why,
		      struct error *e);
};

extern const struct diff_out_form diff_out_list, diff_out_stat, diff_out_json, diff_out_patch;

/* Print out->line, escaped where a terminal reads it, and forget it. */
MUST_CHECK int diff_out_put(struct diff_out *out, struct error *e);

/* Append "created, 3 documents", "renamed from shop.a", ... with commas; nothing when only documents differ. */
void diff_out_what(const struct diff_ns *ns, struct buf *ret);

/* Add lines about options and indexes that differ to out->line, each after `indent`. */
MUST_CHECK int diff_out_catalog(struct diff_out *out, const struct diff_ns *ns, const char *indent,
				struct error *e);

/* A field of a document that differs, by its bytes; `mark` is '+', '-' or '~'. A negative return ends it. */
typedef int (*diff_out_field)(void *ctx, char mark, struct bytes name, struct error *e);

/* Call `each` for the top-level fields that differ. 1, or 0 when only their order does. */
MUST_CHECK int diff_out_fields(struct bytes old_doc, struct bytes new_doc, diff_out_field each,
			       void *ctx, struct error *e);

#endif
