/* diff_out_patch.c - `yester diff --patch`: each document as diff -u shows two files. Prefix: diff_out_ */
#include "base/ejson.h"
#include "tools/diff_out_form.h"
#include "tools/id_text.h"
#include "tools/line_diff.h"

static int patch_begin(struct diff_out *out, const struct diff_ns *ns, struct error *e)
{
	OWNED(buf_release) struct buf what = {0};

	diff_out_what(ns, &what);
	if (what.len > 0)
		buf_printf(&out->line, "%s: %s\n", buf_text(&out->ns), buf_text(&what));
	if ((ns->options || ns->indexes) && what.len == 0)
		buf_printf(&out->line, "%s:\n", buf_text(&out->ns));
	if (diff_out_catalog(out, ns, "  ", e) < 0)
		return e->code;
	return diff_out_put(out, e);
}

/* "--- a/shop.orders 5": the two "files" of a document. */
static int add_names(struct diff_out *out, struct bytes old_doc, struct bytes new_doc,
		     struct error *e)
{
	OWNED(buf_release) struct buf name = {0};

	buf_printf(&name, "%s ", buf_text(&out->ns));
	if (id_text_document(old_doc.len > 0 ? old_doc : new_doc, &name, e) < 0)
		return e->code;
	if (old_doc.len > 0)
		buf_printf(&out->line, "--- a/%s\n", buf_text(&name));
	else
		buf_add_str(&out->line, "--- /dev/null\n");
	if (new_doc.len > 0)
		buf_printf(&out->line, "+++ b/%s\n", buf_text(&name));
	else
		buf_add_str(&out->line, "+++ /dev/null\n");
	return 0;
}

/* For eyes: indented; with `canonical` all types, on one line. */
static int render(struct bytes doc, bool canonical, struct buf *ret, struct error *e)
{
	buf_reset(ret);
	if (doc.len == 0)
		return 0;
	if (canonical ? ejson_write(doc, EJSON_CANONICAL, ret, e) < 0
		      : ejson_pretty(doc, ret, e) < 0)
		return e->code;
	buf_add_u8(ret, '\n');
	return 0;
}

static int patch_document(struct diff_out *out, struct bytes old_doc, struct bytes new_doc,
			  struct error *e)
{
	OWNED(buf_release) struct buf a = {0};
	OWNED(buf_release) struct buf b = {0};
	int differs = 0;

	if (add_names(out, old_doc, new_doc, e) < 0)
		return e->code;
	/* What reads the same (an int that became a long) is shown with its types. */
	for (int canonical = 0; canonical < 2 && differs == 0; canonical++) {
		if (render(old_doc, canonical == 1, &a, e) < 0 ||
		    render(new_doc, canonical == 1, &b, e) < 0)
			return e->code;
		differs = line_diff_write(buf_bytes(&a), buf_bytes(&b), &out->line, e);
		if (differs < 0)
			return differs;
	}
	return diff_out_put(out, e);
}

static int patch_end(struct diff_out *out, const struct diff_ns *ns UNUSED, bool reordered,
		     struct error *e)
{
	if (!reordered)
		return 0;
	buf_printf(&out->line, "%s: the same documents in another natural order\n",
		   buf_text(&out->ns));
	return diff_out_put(out, e);
}

static int patch_untold(struct diff_out *out, struct bytes ns, const struct error *why,
			struct error *e)
{
	return diff_out_list.untold(out, ns, why, e);
}

const struct diff_out_form diff_out_patch = {
	.all_documents = true,
	.begin = patch_begin,
	.document = patch_document,
	.end = patch_end,
	.untold = patch_untold,
};
