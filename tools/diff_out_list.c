/* diff_out_list.c - the formats of `yester diff` for people: a line a difference, or a namespace. Prefix: diff_out_ */
#include <inttypes.h>

#include "tools/diff_out_form.h"
#include "tools/id_text.h"
#include "tools/term.h"

#define FIELDS_MAX 8			/* names of fields that a line shows */
#define LOOKED_AT_MAX ((size_t)4 << 20) /* fields of documents that have next to none in common */

static bool same_field(const struct bson_field *a, const struct bson_field *b)
{
	return a->type == b->type && bytes_equal(a->value, b->value);
}

/* Where fields of another document are looked for: from behind the last one that was found. */
struct search {
	struct bson_fields from;
	size_t left; /* fields that may still be looked at */
};

/* 1 and the field, 0 there is none (or it was looked for long enough). */
static int find(struct search *s, struct bytes name, struct bson_field *ret, struct error *e)
{
	struct bson_fields fields = s->from;
	bool wrapped = false;

	for (; s->left > 0; s->left--) {
		int more = bson_fields_next(&fields, ret, e);

		if (more < 0)
			return more;
		if (more > 0 && bytes_equal(ret->name, name)) {
			s->from = fields;
			return 1;
		}
		if (wrapped && fields.at >= s->from.at)
			return 0;
		if (more == 0) {
			fields = bson_fields(s->from.doc);
			wrapped = true;
		}
	}
	return 0;
}

/* Fields of `a` that are not so in `b`, or with `reverse` only those that `b` lacks. */
static int fields_of(struct bytes a, struct bytes b, bool reverse, diff_out_field each, void *ctx,
		     struct error *e)
{
	struct bson_fields fields = bson_fields(a);
	struct search search = {.from = bson_fields(b), .left = LOOKED_AT_MAX};
	struct bson_field field, other;
	int more, differs = 0;

	while (search.left > 0 && (more = bson_fields_next(&fields, &field, e)) != 0) {
		int found = more < 0 ? more : find(&search, field.name, &other, e);

		if (found < 0)
			return found;
		if (found > 0 && (reverse || same_field(&field, &other)))
			continue;
		if (search.left == 0)
			return 1;
		differs = 1;
		if (each(ctx, found > 0 ? '~' : reverse ? '+' : '-', field.name, e) < 0)
			return e->code;
	}
	return differs;
}

int diff_out_fields(struct bytes old_doc, struct bytes new_doc, diff_out_field each, void *ctx,
		    struct error *e)
{
	int gone = fields_of(old_doc, new_doc, false, each, ctx, e);
	int came = gone < 0 ? gone : fields_of(new_doc, old_doc, true, each, ctx, e);

	return came < 0 ? came : gone | came;
}

struct names {
	struct buf *to;
	size_t count;
};

static int add_name(void *ctx, char mark, struct bytes name, struct error *e UNUSED)
{
	struct names *names = ctx;

	if (names->count == FIELDS_MAX)
		buf_add_str(names->to, ", ...");
	if (names->count++ >= FIELDS_MAX)
		return 0;
	buf_add_str(names->to, names->count == 1 ? "  " : ", ");
	if (mark != '~')
		buf_add_u8(names->to, (uint8_t)mark);
	term_escape(name, names->to);
	return 0;
}

static int list_begin(struct diff_out *out, const struct diff_ns *ns, struct error *e)
{
	OWNED(buf_release) struct buf what = {0};

	diff_out_what(ns, &what);
	buf_add_bytes(&out->line, buf_bytes(&out->ns));
	if (what.len > 0)
		buf_printf(&out->line, "  (%s)", buf_text(&what));
	buf_add_u8(&out->line, '\n');
	if (diff_out_catalog(out, ns, "  ", e) < 0)
		return e->code;
	return diff_out_put(out, e);
}

static int list_document(struct diff_out *out, struct bytes old_doc, struct bytes new_doc,
			 struct error *e)
{
	struct names names = {.to = &out->line};
	bool both = old_doc.len > 0 && new_doc.len > 0;

	buf_printf(&out->line, "  %c ", both ? '~' : old_doc.len > 0 ? '-' : '+');
	if (id_text_document(old_doc.len > 0 ? old_doc : new_doc, &out->line, e) < 0)
		return e->code;
	if (both) {
		int differ = diff_out_fields(old_doc, new_doc, add_name, &names, e);

		if (differ < 0)
			return differ;
		if (differ == 0)
			buf_add_str(&out->line, "  (the order of its fields)");
	}
	buf_add_u8(&out->line, '\n');
	return diff_out_put(out, e);
}

static int list_end(struct diff_out *out, const struct diff_ns *ns UNUSED, bool reordered,
		    struct error *e)
{
	if (reordered)
		buf_add_str(&out->line, "  the same documents in another natural order\n");
	buf_add_u8(&out->line, '\n');
	return diff_out_put(out, e);
}

/* It is no difference that is known: standard error tells it, too. */
static int list_untold(struct diff_out *out UNUSED, struct bytes ns UNUSED, const struct error *why,
		       struct error *e UNUSED)
{
	OWNED(buf_release) struct buf text = {0};

	term_escape_message(why->text, &text);
	fprintf(stderr, "yester: diff: warning: %s\n", buf_text(&text));
	return 0;
}

const struct diff_out_form diff_out_list = {
	.begin = list_begin,
	.document = list_document,
	.end = list_end,
	.untold = list_untold,
};

static int stat_begin(struct diff_out *out UNUSED, const struct diff_ns *ns UNUSED,
		      struct error *e UNUSED)
{
	return 0;
}

static int stat_document(struct diff_out *out UNUSED, struct bytes old_doc UNUSED,
			 struct bytes new_doc UNUSED, struct error *e UNUSED)
{
	return 0;
}

static void add_what(struct buf *what, const char *text)
{
	if (what->len > 0)
		buf_add_str(what, ", ");
	buf_add_str(what, text);
}

static int stat_end(struct diff_out *out, const struct diff_ns *ns, bool reordered,
		    struct error *e UNUSED)
{
	OWNED(buf_release) struct buf what = {0};
	struct bytes name = buf_bytes(&out->raw_ns);
	const uint64_t counts[] = {out->added, out->removed, out->changed};

	diff_out_what(ns, &what);
	if (ns->options)
		add_what(&what, "options");
	if (ns->indexes)
		add_what(&what, "indexes");
	if (reordered)
		add_what(&what, "natural order");
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		table_printf(out->table, "%c%" PRIu64, "+-~"[i], counts[i]);
	table_add(out->table, name);
	table_add_str(out->table, buf_text(&what));
	return 0;
}

const struct diff_out_form diff_out_stat = {
	.begin = stat_begin,
	.document = stat_document,
	.end = stat_end,
	.untold = list_untold,
};
