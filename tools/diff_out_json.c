/* diff_out_json.c - `yester diff --json`: an object for each difference, one a line. Prefix: diff_out_ */
#include "base/ejson.h"
#include "tools/diff_catalog.h"
#include "tools/diff_out_form.h"
#include "tools/json_out.h"

static void begin_line(struct diff_out *out, struct json_out *j, const char *change)
{
	json_out_begin_line(j, out->to);
	json_out_str(j, "change", change);
	json_out_name(j, "ns", buf_bytes(&out->raw_ns));
}

static int add_value(struct json_out *j, const char *key, const struct bson_field *field,
		     struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	if (field->type == 0) {
		json_out_null(j, key);
		return 0;
	}
	if (ejson_write_value(field->type, field->value, EJSON_RELAXED, &text, e) < 0)
		return e->code;
	json_out_raw(j, key, buf_bytes(&text));
	return 0;
}

/* What a catalog difference is about. */
struct catalog {
	struct diff_out *out;
	const char *change;
};

static int put_catalog(void *ctx, struct bytes name, const struct bson_field *old_field,
		       const struct bson_field *new_field, struct error *e)
{
	const struct catalog *catalog = ctx;
	struct json_out j;

	begin_line(catalog->out, &j, catalog->change);
	json_out_name(&j, "name", name);
	if (add_value(&j, "old", old_field, e) < 0 || add_value(&j, "new", new_field, e) < 0) {
		json_out_drop(&j);
		return e->code;
	}
	json_out_finish(&j);
	return 0;
}

static const char *what_of(const struct diff_ns *ns)
{
	if (ns->old_entry == NULL)
		return "created";
	if (ns->new_entry == NULL)
		return "dropped";
	return ns->renamed ? "renamed" : ns->recreated ? "recreated" : "changed";
}

static void put_ns(struct diff_out *out, const struct diff_ns *ns)
{
	const struct catalog_entry *a = ns->old_entry, *b = ns->new_entry;
	struct json_out j;

	begin_line(out, &j, "namespace");
	json_out_str(&j, "what", what_of(ns));
	if (ns->renamed)
		json_out_name(&j, "oldNs", bytes_of(a->ns, a->ns_len));
	json_out_str(&j, "oldType", a == NULL ? NULL : catalog_type_name(a->type));
	json_out_str(&j, "newType", b == NULL ? NULL : catalog_type_name(b->type));
	json_out_u64(&j, "oldCount", a == NULL ? 0 : a->root.count);
	json_out_u64(&j, "newCount", b == NULL ? 0 : b->root.count);
	json_out_finish(&j);
}

static int json_begin(struct diff_out *out, const struct diff_ns *ns, struct error *e)
{
	const struct catalog_entry *a = ns->old_entry, *b = ns->new_entry;
	struct catalog catalog = {out, "option"};

	if (a == NULL || b == NULL || ns->renamed || ns->recreated || ns->type)
		put_ns(out, ns);
	if (ns->options && diff_catalog_options(buf_bytes(&a->options), buf_bytes(&b->options),
						put_catalog, &catalog, e) < 0)
		return e->code;
	catalog.change = "index";
	if (ns->indexes && diff_catalog_indexes(buf_bytes(&a->indexes), buf_bytes(&b->indexes),
						put_catalog, &catalog, e) < 0)
		return e->code;
	return 0;
}

static int add_document(struct json_out *j, const char *key, struct bytes doc, enum ejson_mode mode,
			struct buf *text, struct error *e)
{
	if (doc.len == 0) {
		json_out_null(j, key);
		return 0;
	}
	buf_reset(text);
	if (ejson_write(doc, mode, text, e) < 0)
		return e->code;
	json_out_raw(j, key, buf_bytes(text));
	return 0;
}

static int add_field(void *ctx, char mark UNUSED, struct bytes name, struct error *e UNUSED)
{
	json_out_bytes(ctx, NULL, name);
	return 0;
}

/* Do both read the same in relaxed JSON, which does not tell an int from a long? */
static int reads_same(struct bytes a, struct bytes b, struct error *e)
{
	OWNED(buf_release) struct buf first = {0};
	OWNED(buf_release) struct buf second = {0};

	if (a.len == 0 || b.len == 0)
		return 0;
	if (ejson_write(a, EJSON_RELAXED, &first, e) < 0 ||
	    ejson_write(b, EJSON_RELAXED, &second, e) < 0)
		return e->code;
	return bytes_equal(buf_bytes(&first), buf_bytes(&second));
}

static int fill_document(struct json_out *j, struct bytes old_doc, struct bytes new_doc,
			 struct buf *text, struct error *e)
{
	int same = reads_same(old_doc, new_doc, e);
	enum ejson_mode mode = same > 0 ? EJSON_CANONICAL : EJSON_RELAXED;
	struct bson_field id = {0};

	if (same < 0 || bson_find(old_doc.len > 0 ? old_doc : new_doc, "_id", &id, e) < 0)
		return e->code;
	if (add_value(j, "_id", &id, e) < 0)
		return e->code;
	if (old_doc.len > 0 && new_doc.len > 0) {
		json_out_array(j, "fields");
		if (diff_out_fields(old_doc, new_doc, add_field, j, e) < 0)
			return e->code;
		json_out_end_array(j);
		json_out_bool(j, "canonical", same > 0);
	}
	if (add_document(j, "old", old_doc, mode, text, e) < 0 ||
	    add_document(j, "new", new_doc, mode, text, e) < 0)
		return e->code;
	return 0;
}

static int json_document(struct diff_out *out, struct bytes old_doc, struct bytes new_doc,
			 struct error *e)
{
	struct json_out j;

	begin_line(out, &j, "document");
	json_out_str(&j, "what",
		     old_doc.len == 0	? "added"
		     : new_doc.len == 0 ? "removed"
					: "changed");
	if (fill_document(&j, old_doc, new_doc, &out->line, e) < 0) {
		json_out_drop(&j);
		return e->code;
	}
	json_out_finish(&j);
	return 0;
}

static int json_end(struct diff_out *out, const struct diff_ns *ns UNUSED, bool reordered,
		    struct error *e UNUSED)
{
	struct json_out j;

	if (!reordered)
		return 0;
	begin_line(out, &j, "order");
	json_out_finish(&j);
	return 0;
}

static int json_untold(struct diff_out *out, struct bytes ns, const struct error *why,
		       struct error *e UNUSED)
{
	struct json_out j;

	buf_reset(&out->raw_ns);
	buf_add_bytes(&out->raw_ns, ns);
	begin_line(out, &j, "untold");
	json_out_str(&j, "why", why->text);
	json_out_finish(&j);
	return diff_out_list.untold(out, ns, why, e);
}

const struct diff_out_form diff_out_json = {
	.all_documents = true,
	.begin = json_begin,
	.document = json_document,
	.end = json_end,
	.untold = json_untold,
};
