#include <stdio.h>

#include "base/bson.h"
#include "base/ejson.h"
#include "base/exit_code.h"
#include "store/tree/tree_names.h"
#include "tools/cmd_table.h"
#include "tools/moment_at.h"
#include "tools/size.h"
#include "tools/snapshot_out.h"
#include "tools/table.h"
#include "tools/term.h"

struct options {
	const char *at;
	bool plain;
	bool itself;
};

static const struct args_option options[] = {
	CMD_AT_OPTION(struct options),
	{"names", '1', ARGS_FLAG, NULL, "only names, one a line", offsetof(struct options, plain)},
	{"directory", 'd', ARGS_FLAG, NULL, "the collection itself, not its documents",
	 offsetof(struct options, itself)},
};

/* What is listed: namespaces [first, end) of a moment, or the documents of the first. */
struct range {
	struct cmd_run *run;
	struct moment_at *at;
	struct moment *moment; /* its */
	uint64_t first, end;
	bool documents;
	size_t untold; /* namespaces whose documents can't be told at that moment */
};

static int print_json(struct range *range, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct json_out j;

	catalog_entry_init(&entry);
	json_out_begin(&j, stdout, true);
	for (uint64_t i = range->first; i < range->end; i++) {
		size_t before = range->untold;

		if (moment_entry(range->moment, i, &entry, e) < 0 ||
		    moment_at_try(range->run, range->at, &entry, &range->untold, e) < 0) {
			json_out_drop(&j);
			return e->code;
		}
		json_out_object(&j, NULL);
		snapshot_out_json_ns(&j, &entry);
		if (range->untold > before)
			json_out_bool(&j, "untold", true);
		json_out_end_object(&j);
	}
	json_out_finish(&j);
	return 0;
}

static int print_table(struct range *range, bool plain, struct error *e)
{
	static const char *const titles[] = {"TYPE", ">DOCUMENTS", ">BYTES", "NAMESPACE"};
	OWNED(table_free) struct table *table = table_new(titles, COUNT_OF(titles));
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(buf_release) struct buf text = {0};

	catalog_entry_init(&entry);
	for (uint64_t i = range->first; i < range->end; i++) {
		size_t before = range->untold;

		if (moment_entry(range->moment, i, &entry, e) < 0)
			return e->code;
		if (plain) {
			puts(term_escaped(bytes_of(entry.ns, entry.ns_len), &text));
			continue;
		}
		if (moment_at_try(range->run, range->at, &entry, &range->untold, e) < 0)
			return e->code;
		table_add_str(table, snapshot_out_type(&entry));
		if (entry.type == CATALOG_COLLECTION && range->untold == before) {
			table_add_count(table, entry.root.count);
			table_add_size(table, entry.root.bytes);
		} else {
			table_add_str(table, "-");
			table_add_str(table, "-");
		}
		table_add(table, bytes_of(entry.ns, entry.ns_len));
	}
	if (!plain)
		table_print(table, stdout);
	return 0;
}

/* What is known of a document without rendering it. */
static int json_document(struct json_out *j, struct bytes name, struct bytes doc, struct error *e)
{
	OWNED(buf_release) struct buf id = {0};
	struct bson_field field;
	int found = bson_find(doc, "_id", &field, e);

	if (found > 0)
		found = ejson_write_value(field.type, field.value, EJSON_CANONICAL, &id, e);
	if (found < 0)
		return found;
	json_out_object(j, NULL);
	json_out_bytes(j, "name", name);
	if (id.len > 0)
		json_out_raw(j, "_id", buf_bytes(&id));
	json_out_u64(j, "bytes", doc.len);
	json_out_end_object(j);
	return 0;
}

static void print_document(struct buf *name, struct bytes doc, bool plain)
{
	OWNED(buf_release) struct buf escaped = {0};
	const char *text = buf_text(name);
	char size[SIZE_TEXT_LEN];

	/* As a name holds no control characters, it is written as it is, for a pipe; but a terminal
	 * need not see what is invisible. */
	if (term_is_tty(stdout)) {
		term_escape_message(text, &escaped);
		text = buf_text(&escaped);
	}
	size_text(doc.len, size);
	if (plain)
		puts(text);
	else
		printf("%9s  %s\n", size, text);
}

/* Millions are listed as they come: nothing is gathered. */
static int list_documents(struct tree_names *names, const struct options *o, struct json_out *j,
			  struct error *e)
{
	OWNED(buf_release) struct buf name = {0};
	struct bytes doc;
	int more;

	for (uint64_t rank = 0; (more = tree_names_at(names, rank, &name, &doc, e)) == 1; rank++) {
		buf_add_str(&name, ".json");
		if (j == NULL)
			print_document(&name, doc, o->plain);
		else if (json_document(j, buf_bytes(&name), doc, e) < 0)
			return e->code;
		buf_reset(&name);
	}
	return more;
}

static int print_documents(struct range *range, const struct options *o, bool json, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(tree_names_free) struct tree_names *names = NULL;
	struct json_out j;

	catalog_entry_init(&entry);
	if (moment_entry(range->moment, range->first, &entry, e) < 0 ||
	    moment_at_resolve(range->run, range->at, &entry, e) < 0)
		return e->code;
	names = tree_names_new(moment_store(range->moment), &entry.root);
	if (!json) {
		if (!o->plain)
			printf("%9s  %s\n", "BYTES", "NAME");
		return list_documents(names, o, NULL, e);
	}
	json_out_begin(&j, stdout, true);
	if (list_documents(names, o, &j, e) < 0) {
		json_out_drop(&j);
		return e->code;
	}
	json_out_finish(&j);
	return 0;
}

/* The namespaces that `word` names: all (NULL), a database's, or one. */
static int find_range(struct range *range, const char *word, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};

	range->first = 0;
	range->end = moment_count(range->moment);
	range->documents = false;
	if (word == NULL)
		return 0;
	if (!cmd_is_ns(word))
		return cmd_find_db(range->moment, word, &range->first, &range->end, e);
	catalog_entry_init(&entry);
	if (cmd_find_ns(range->moment, word, &entry, e) < 0)
		return e->code;
	if (moment_find(range->moment, bytes_of(entry.ns, entry.ns_len), &range->first, NULL, e) <
	    0)
		return e->code;
	range->end = range->first + 1;
	range->documents = entry.type == CATALOG_COLLECTION;
	return 0;
}

static int run_ls(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(store_close) struct store *store = NULL;
	OWNED(moment_at_release) struct moment_at at = {0};
	struct range range = {.run = run, .at = &at};

	if (cmd_open_store(run, &store, e) < 0 || moment_at_open(run, store, o->at, &at, e) < 0)
		return e->code;
	range.moment = at.moment;
	if (find_range(&range, run->words.count > 0 ? run->words.at[0] : NULL, e) < 0)
		return e->code;
	if (range.documents && !o->itself)
		return print_documents(&range, o, run->globals.json, e);
	if ((run->globals.json ? print_json(&range, e) : print_table(&range, o->plain, e)) < 0)
		return e->code;
	return range.untold > 0 ? EXIT_CODE_PARTIAL : EXIT_CODE_OK;
}

const struct cmd cmd_ls = {
	.name = "ls",
	.group = "Look",
	.synopsis = "-s STORE [--at WHEN] [NS] [-1] [-d] [--json]",
	.summary = "list collections with type, documents and bytes, or documents",
	.about =
		"NS is a database or database.collection; without it, all collections are listed. "
		"Of a\n"
		"collection its documents are, by the names that their files have in a mount, with "
		"the\n"
		"bytes of their BSON; with -d it itself is. Names of collections are shown with "
		"control\n"
		"bytes escaped, and are understood in that form too.\n",
	.examples = "  yester ls -s /backup/shop\n"
		    "  yester ls -s /backup/shop --at 2026-11-21T09:41:07Z shop\n"
		    "  yester ls -s /backup/shop shop.orders | head\n"
		    "  yester ls -s /backup/shop -d shop.orders --json\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_max = 1,
	.run = run_ls,
};
