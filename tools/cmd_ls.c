#include <stdio.h>

#include "tools/cmd_table.h"
#include "tools/snapshot_out.h"
#include "tools/table.h"
#include "tools/term.h"

struct options {
	const char *at;
	bool plain;
};

static const struct args_option options[] = {
	CMD_AT_OPTION(struct options),
	{"names", '1', ARGS_FLAG, NULL, "only names, one a line", offsetof(struct options, plain)},
};

/* What is listed: namespaces [first, end) of a moment. */
struct range {
	struct moment *moment;
	uint64_t first, end;
};

static int print_json(const struct range *range, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct json_out j;

	catalog_entry_init(&entry);
	json_out_begin(&j, stdout, true);
	for (uint64_t i = range->first; i < range->end; i++) {
		if (moment_entry(range->moment, i, &entry, e) < 0) {
			json_out_drop(&j);
			return e->code;
		}
		json_out_object(&j, NULL);
		snapshot_out_json_ns(&j, &entry);
		json_out_end_object(&j);
	}
	json_out_finish(&j);
	return 0;
}

static int print_table(const struct range *range, bool plain, struct error *e)
{
	static const char *const titles[] = {"TYPE", ">DOCUMENTS", ">BYTES", "NAMESPACE"};
	OWNED(table_free) struct table *table = table_new(titles, COUNT_OF(titles));
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(buf_release) struct buf text = {0};

	catalog_entry_init(&entry);
	for (uint64_t i = range->first; i < range->end; i++) {
		if (moment_entry(range->moment, i, &entry, e) < 0)
			return e->code;
		if (plain) {
			puts(term_escaped(bytes_of(entry.ns, entry.ns_len), &text));
			continue;
		}
		table_add_str(table, snapshot_out_type(&entry));
		if (entry.type == CATALOG_COLLECTION) {
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

/* The namespaces that `word` names: all (NULL), a database's, or one. */
static int find_range(struct range *range, const char *word, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};

	range->first = 0;
	range->end = moment_count(range->moment);
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
	return 0;
}

static int run_ls(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(store_close) struct store *store = NULL;
	OWNED(moment_release) struct moment *moment = NULL;
	struct range range;

	if (cmd_open_store(run, &store, e) < 0)
		return e->code;
	if (cmd_open_moment(run, store, o->at, &moment, e) < 0)
		return e->code;
	range.moment = moment;
	if (find_range(&range, run->words.count > 0 ? run->words.at[0] : NULL, e) < 0)
		return e->code;
	if (run->globals.json)
		return print_json(&range, e);
	return print_table(&range, o->plain, e);
}

const struct cmd cmd_ls = {
	.name = "ls",
	.group = "Look",
	.synopsis = "-s STORE [--at WHEN] [NS] [-1] [--json]",
	.summary = "list collections with type, documents and bytes",
	.about = "NS is a database or database.collection; without it, all is listed. Names are "
		 "shown\n"
		 "with control bytes escaped, and are understood in that form too.\n",
	.examples = "  yester ls -s /backup/shop\n"
		    "  yester ls -s /backup/shop --at 2026-11-21T09:41:07Z shop\n"
		    "  yester ls -s /backup/shop shop.orders --json\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_max = 1,
	.run = run_ls,
};
