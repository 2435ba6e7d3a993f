#include <stdio.h>

#include "base/bson.h"
#include "base/key.h"
#include "store/tree/tree_cursor.h"
#include "tools/cmd_table.h"
#include "tools/doc_out.h"
#include "tools/id_find.h"
#include "tools/moment_at.h"
#include "tools/query_run.h"
#include "tools/term.h"

#define OUTPUT_BUFFER (256 * KIB)

struct options {
	const char *at;
	const char *id;
	const char *query;
	const char *format;
	const char *fields;
};

#define FIELD(name) offsetof(struct options, name)
static const struct args_option options[] = {
	CMD_AT_OPTION(struct options),
	{"id", 0, ARGS_VALUE, "EJSON", "only the document with this _id: 5, '\"abc\"', 507f…",
	 FIELD(id)},
	{"format", 0, ARGS_VALUE, "json|canonical|bson|pretty|csv",
	 "how documents are written (json)", FIELD(format)},
	{"fields", 0, ARGS_VALUE, "F,..", "the columns of csv: dotted paths", FIELD(fields)},
	{"query", 0, ARGS_VALUE, "EJSON", "only documents that match this filter of find()",
	 FIELD(query)},
};

static int read_format(struct cmd_run *run, enum doc_out_format *ret, struct error *e)
{
	const struct options *o = run->options;

	if (o->query != NULL && o->id != NULL)
		return cmd_usage_error(run, e, "--id and --query do not go together");
	*ret = o->id != NULL && term_is_tty(stdout) ? DOC_OUT_PRETTY : DOC_OUT_JSON;
	if (run->globals.json)
		*ret = DOC_OUT_JSON;
	if (o->format != NULL && doc_out_parse(o->format, ret, e) < 0)
		return e->code;
	if (*ret == DOC_OUT_CSV && (o->fields == NULL || *o->fields == '\0'))
		return cmd_usage_error(run, e, "--format csv needs --fields F,..");
	if (*ret != DOC_OUT_CSV && o->fields != NULL)
		return cmd_usage_error(run, e, "--fields goes with --format csv");
	if (*ret == DOC_OUT_BSON && term_is_tty(stdout)) {
		error_set(e, ERR_REFUSED, "BSON is not for a terminal");
		return error_hint(e, "send it to a file or a pipe: ... | bsondump");
	}
	if (!cmd_is_ns(run->words.at[0]) && strchr(run->words.at[0], '/') != NULL) {
		error_set(e, ERR_INVALID, "\"%s\" is no collection", run->words.at[0]);
		return error_hint(e,
				  "a collection is DB.COLLECTION, also where a mount has folders");
	}
	if (!cmd_is_ns(run->words.at[0])) {
		error_set(e, ERR_INVALID, "\"%s\" is no collection: a collection is DB.COLLECTION",
			  run->words.at[0]);
		return error_hint(e, "'yester ls' lists them, 'yester ls %s' those of a database",
				  run->words.at[0]);
	}
	return 0;
}

/* Views and time series hold nothing themselves. */
static int refuse_view(const char *ns, const struct catalog_entry *entry, struct error *e)
{
	struct bytes coll = catalog_entry_coll(entry);

	if (entry->type == CATALOG_VIEW) {
		error_set(e, ERR_INVALID, "%s is a view: it has no documents of its own", ns);
		return error_hint(e, "'yester show' and the mount show what it is made of");
	}
	error_set(e, ERR_INVALID, "%s is a time series: its documents are in buckets", ns);
	return error_hint(e, "yester cat %.*s.system.buckets.%.*s", (int)entry->db_len, entry->ns,
			  (int)coll.len, (const char *)coll.at);
}

static int take_document(void *ctx, struct bytes doc, struct error *e)
{
	return doc_out_document(ctx, doc, e);
}

/*
 * Only this document, without what else happened in the collection: 1; 0 when there is none, or it is not
 * that easy (natural order, a collation).
 */
static int print_quickly(struct moment *moment, const struct catalog_entry *entry, struct bytes id,
			 struct doc_out *out, struct error *e)
{
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf doc = {0};
	struct bson_field collation;
	int found = bson_find(buf_bytes(&entry->options), "collation", &collation, e);

	if (found != 0 || entry->root.kind != TREE_KEYED)
		return MIN_OF(found, 0);
	found = key_of_document(id, &key, e);
	if (found > 0)
		found = moment_document(moment, entry, buf_bytes(&key), &doc, e);
	if (found > 0 && doc_out_document(out, buf_bytes(&doc), e) < 0)
		return e->code;
	return found;
}

static int print_one(struct cmd_run *run, struct moment_at *at, struct catalog_entry *entry,
		     struct doc_out *out, struct error *e)
{
	const struct options *o = run->options;
	struct store *store = moment_store(at->moment);
	OWNED(buf_release) struct buf id = {0};
	OWNED(buf_release) struct buf other = {0};
	int64_t count = 0;
	int found;

	if (id_find_parse(o->id, &id, e) < 0)
		return e->code;
	if (!at->point.is_snapshot)
		count = print_quickly(at->moment, entry, buf_bytes(&id), out, e);
	if (count == 0 && moment_at_resolve(run, at, entry, e) < 0)
		return e->code;
	if (count == 0)
		count = id_find(store, entry, buf_bytes(&id), take_document, out, e);
	if (count != 0)
		return count < 0 ? (int)count : 0;
	found = id_find_suggest(store, entry, buf_bytes(&id), &other, e);
	if (found < 0)
		return found;
	error_set(e, ERR_NOT_FOUND, "%s has no document with _id %s", run->words.at[0], o->id);
	if (found > 0)
		return error_hint(e, "there is one with another type: --id '%s'", buf_text(&other));
	return e->code;
}

static int print_all(struct store *store, const struct catalog_entry *entry, struct doc_out *out,
		     struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, &entry->root);
	struct bytes doc;
	int more;

	while ((more = tree_cursor_next(cursor, &doc, e)) > 0)
		if (doc_out_document(out, doc, e) < 0)
			return e->code;
	return more;
}

/* What matches --query; views and time series are read as the server would. */
static int print_query(struct cmd_run *run, struct moment_at *at, struct catalog_entry *entry,
		       struct doc_out *out, struct error *e)
{
	const struct options *o = run->options;
	OWNED(buf_release) struct buf filter = {0};

	if (query_run_parse(o->query, &filter, e) < 0)
		return e->code;
	if (entry->type == CATALOG_COLLECTION && moment_at_resolve(run, at, entry, e) < 0)
		return e->code;
	if (doc_out_begin(out, e) < 0)
		return e->code;
	return query_run_find(at->moment, entry, buf_bytes(&filter), take_document, out, e);
}

static int run_cat(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	const char *ns = run->words.at[0];
	OWNED(store_close) struct store *store = NULL;
	OWNED(moment_at_release) struct moment_at at = {0};
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(doc_out_release) struct doc_out out = {0};
	enum doc_out_format format;

	catalog_entry_init(&entry);
	if (read_format(run, &format, e) < 0)
		return e->code;
	if (cmd_open_store(run, &store, e) < 0 || moment_at_open(run, store, o->at, &at, e) < 0)
		return e->code;
	if (cmd_find_ns(at.moment, ns, &entry, e) < 0)
		return e->code;
	if (o->query != NULL) {
		setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
		doc_out_init(&out, format, o->fields, stdout);
		return print_query(run, &at, &entry, &out, e);
	}
	if (entry.type != CATALOG_COLLECTION)
		return refuse_view(ns, &entry, e);
	if (o->id == NULL && moment_at_resolve(run, &at, &entry, e) < 0)
		return e->code;
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
	doc_out_init(&out, format, o->fields, stdout);
	if (doc_out_begin(&out, e) < 0)
		return e->code;
	if (o->id != NULL)
		return print_one(run, &at, &entry, &out, e);
	return print_all(moment_store(at.moment), &entry, &out, e);
}

const struct cmd cmd_cat = {
	.name = "cat",
	.group = "Look",
	.synopsis = "-s STORE [--at WHEN] DB.COLLECTION [--id EJSON | --query EJSON]\n"
		    "            [--format json|canonical|bson|pretty|csv --fields F,..]",
	.summary = "print the documents of a collection, or the one with an _id",
	.about = "Documents come in _id order (capped collections in natural order). json is "
		 "relaxed\n"
		 "extended JSON, one document a line, as mongoexport writes it; canonical keeps "
		 "all\n"
		 "types; bson is what bsondump and mongorestore read. With --query views and time\n"
		 "series can be read, too.\n",
	.examples =
		"  yester cat -s /backup/shop shop.orders | head\n"
		"  yester cat -s /backup/shop --at before-migration shop.orders --id "
		"507f1f77bcf86cd799439011\n"
		"  yester cat -s /backup/shop shop.customers --id '\"anna\"' --format pretty\n"
		"  yester cat -s /backup/shop shop.orders --query '{\"total\": {\"$gt\": 100}}'\n"
		"  yester cat -s /backup/shop shop.orders --format csv --fields "
		"_id,customer.name\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_min = 1,
	.words_max = 1,
	.missing = "which collection? DB.COLLECTION",
	.run = run_cat,
};
