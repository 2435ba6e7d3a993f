#include "tools/diff_out.h"

#include <inttypes.h>

#include "base/ejson.h"
#include "tools/diff_catalog.h"
#include "tools/diff_out_form.h"
#include "tools/size.h"
#include "tools/term.h"

static const struct diff_out_form *form_of(const struct diff_out *out)
{
	static const struct diff_out_form *const forms[] = {
		[DIFF_OUT_LIST] = &diff_out_list,
		[DIFF_OUT_STAT] = &diff_out_stat,
		[DIFF_OUT_JSON] = &diff_out_json,
		[DIFF_OUT_PATCH] = &diff_out_patch,
	};

	return forms[out->format];
}

void diff_out_init(struct diff_out *out, enum diff_out_format format, FILE *to)
{
	static const char *const titles[] = {">ADDED", ">REMOVED", ">CHANGED", "NAMESPACE", "WHAT"};

	*out = (struct diff_out){.format = format, .to = to};
	if (format == DIFF_OUT_STAT)
		out->table = table_new(titles, COUNT_OF(titles));
}

void diff_out_release(struct diff_out *out)
{
	table_free(out->table);
	buf_release(&out->ns);
	buf_release(&out->raw_ns);
	buf_release(&out->line);
}

int diff_out_put(struct diff_out *out, struct error *e)
{
	OWNED(buf_release) struct buf escaped = {0};
	struct bytes text = buf_bytes(&out->line);

	if (term_is_tty(out->to)) {
		term_escape_message(buf_text(&out->line), &escaped);
		text = buf_bytes(&escaped);
	}
	if (text.len > 0 && fwrite(text.at, 1, text.len, out->to) != text.len)
		return error_sys(e, "standard output could not be written");
	buf_reset(&out->line);
	return 0;
}

static void add_count(struct buf *ret, const char *what, uint64_t count)
{
	char text[SIZE_TEXT_LEN];

	size_count_text(count, text);
	buf_printf(ret, "%s, %s document%s", what, text, count == 1 ? "" : "s");
}

static void add_note(struct buf *ret, const char *text)
{
	if (ret->len > 0)
		buf_add_str(ret, ", ");
	buf_add_str(ret, text);
}

void diff_out_what(const struct diff_ns *ns, struct buf *ret)
{
	OWNED(buf_release) struct buf what = {0};
	const struct catalog_entry *a = ns->old_entry, *b = ns->new_entry;

	if (a == NULL || b == NULL) {
		const char *type = catalog_type_name((a != NULL ? a : b)->type);

		buf_printf(&what, "%s %s", type, a == NULL ? "created" : "dropped");
		if ((a != NULL ? a : b)->type == CATALOG_COLLECTION)
			add_count(ret, buf_text(&what), (a != NULL ? a : b)->root.count);
		else
			buf_add_bytes(ret, buf_bytes(&what));
		return;
	}
	if (ns->renamed) {
		add_note(ret, "renamed from ");
		term_escape(bytes_of(a->ns, a->ns_len), ret);
	}
	if (ns->recreated)
		add_note(ret, "dropped and made again");
	if (ns->type) {
		buf_printf(&what, "was a %s, is a %s", catalog_type_name(a->type),
			   catalog_type_name(b->type));
		add_note(ret, buf_text(&what));
	}
}

/* Where a difference of the catalog goes. */
struct lines {
	struct buf *to;
	const char *indent, *what;
};

static int add_value(const struct bson_field *field, struct buf *ret, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	if (ejson_write_value(field->type, field->value, EJSON_RELAXED, &text, e) < 0)
		return e->code;
	term_escape_message(buf_text(&text), ret);
	return 0;
}

static int add_line(void *ctx, struct bytes name, const struct bson_field *old_field,
		    const struct bson_field *new_field, struct error *e)
{
	struct lines *lines = ctx;
	bool had = old_field->type != 0, has = new_field->type != 0;

	buf_printf(lines->to, "%s%s %s ", lines->indent, lines->what,
		   !had	  ? "+"
		   : !has ? "-"
			  : "~");
	term_escape(name, lines->to);
	buf_add_str(lines->to, ": ");
	if (had && add_value(old_field, lines->to, e) < 0)
		return e->code;
	if (had && has)
		buf_add_str(lines->to, " -> ");
	if (has && add_value(new_field, lines->to, e) < 0)
		return e->code;
	buf_add_u8(lines->to, '\n');
	return 0;
}

int diff_out_catalog(struct diff_out *out, const struct diff_ns *ns, const char *indent,
		     struct error *e)
{
	const struct catalog_entry *a = ns->old_entry, *b = ns->new_entry;
	struct lines lines = {.to = &out->line, .indent = indent, .what = "option"};

	if (ns->options && diff_catalog_options(buf_bytes(&a->options), buf_bytes(&b->options),
						add_line, &lines, e) < 0)
		return e->code;
	lines.what = "index";
	if (ns->indexes && diff_catalog_indexes(buf_bytes(&a->indexes), buf_bytes(&b->indexes),
						add_line, &lines, e) < 0)
		return e->code;
	return 0;
}

static int begin(void *ctx, const struct diff_ns *ns, struct error *e)
{
	struct diff_out *out = ctx;
	const struct diff_out_form *form = form_of(out);
	struct bytes name = diff_ns_name(ns);

	buf_reset(&out->ns);
	term_escape(name, &out->ns);
	buf_reset(&out->raw_ns);
	buf_add_bytes(&out->raw_ns, name);
	out->added = out->removed = out->changed = 0;
	if (form->begin(out, ns, e) < 0)
		return e->code;
	if (form->all_documents || (ns->old_entry != NULL && ns->new_entry != NULL))
		return 1;
	if (ns->old_entry == NULL)
		out->added = ns->new_entry->root.count;
	else
		out->removed = ns->old_entry->root.count;
	return 0;
}

static int document(void *ctx, struct bytes old_doc, struct bytes new_doc, struct error *e)
{
	struct diff_out *out = ctx;

	if (old_doc.len == 0)
		out->added++;
	else if (new_doc.len == 0)
		out->removed++;
	else
		out->changed++;
	return form_of(out)->document(out, old_doc, new_doc, e);
}

static int end(void *ctx, const struct diff_ns *ns, bool reordered, struct error *e)
{
	struct diff_out *out = ctx;

	out->sum[0] += out->added;
	out->sum[1] += out->removed;
	out->sum[2] += out->changed;
	return form_of(out)->end(out, ns, reordered, e);
}

static int untold(void *ctx, struct bytes ns, const struct error *why, struct error *e)
{
	struct diff_out *out = ctx;

	out->untold++;
	return form_of(out)->untold(out, ns, why, e);
}

struct diff_sink diff_out_sink(struct diff_out *out)
{
	return (struct diff_sink){out, begin, document, end, untold};
}

void diff_out_begin(struct diff_out *out, const char *old_name, const char *new_name)
{
	if (out->format == DIFF_OUT_LIST || out->format == DIFF_OUT_STAT)
		fprintf(out->to, "from  %s\nto    %s\n\n", old_name, new_name);
}

void diff_out_finish(struct diff_out *out)
{
	char text[3][SIZE_TEXT_LEN];

	if (out->format != DIFF_OUT_LIST && out->format != DIFF_OUT_STAT)
		return;
	if (out->table != NULL)
		table_print(out->table, out->to);
	for (size_t i = 0; i < 3; i++)
		size_count_text(out->sum[i], text[i]);
	fprintf(out->to, "%sdocuments: %s added, %s removed, %s changed\n",
		out->table != NULL ? "\n" : "", text[0], text[1], text[2]);
}
