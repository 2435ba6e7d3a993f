#include <stdio.h>

#include "base/exit_code.h"
#include "base/shell_word.h"
#include "tools/cmd_table.h"
#include "tools/snapshot_out.h"
#include "tools/table.h"
#include "tools/term.h"

static void print_json(const struct snapshot_list *list)
{
	struct json_out j;

	json_out_begin(&j, stdout, true);
	for (size_t i = 0; i < list->count; i++) {
		if (list->at[i].checkpoint)
			continue;
		json_out_object(&j, NULL);
		snapshot_out_json(&j, &list->at[i]);
		json_out_end_object(&j);
	}
	json_out_finish(&j);
}

static void print_table(const struct snapshot_list *list, bool verbose)
{
	static const char *const titles[] = {"SNAPSHOT",   "TIME",   "KIND", ">COLLECTIONS",
					     ">DOCUMENTS", ">BYTES", "TAG",  "ID"};
	OWNED(table_free) struct table *table = table_new(titles, COUNT_OF(titles));
	char text[TERM_TIME_LEN], id[CHUNK_ID_HEX + 1];

	for (size_t i = 0; i < list->count; i++) {
		const struct snapshot *s = &list->at[i];

		if (s->checkpoint)
			continue;
		table_add_str(table, s->name);
		term_time(s->time, cmd_shows_local_time(), text);
		table_add_str(table, text);
		table_add_str(table, snapshot_out_kind(s));
		table_add_count(table, s->collections);
		table_add_count(table, s->documents);
		table_add_size(table, s->bytes);
		table_add_str(table, s->tag);
		chunk_id_hex(&s->id, id);
		if (verbose)
			table_add_str(table, id);
		else
			table_printf(table, "%.8s", id);
	}
	table_print(table, stdout);
}

static int run_snapshots(struct cmd_run *run, struct error *e)
{
	OWNED(buf_release) struct buf word = {0};
	OWNED(store_close) struct store *store = NULL;
	OWNED(snapshots_release) struct snapshot_list list = {0};
	size_t skipped = 0;

	if (cmd_open_store(run, &store, e) < 0)
		return e->code;
	if (cmd_snapshots_read(run, store, &list, &skipped, e) < 0)
		return e->code;
	if (run->globals.json)
		print_json(&list);
	else if (list.count > 0)
		print_table(&list, run->globals.verbose > 0);
	else if (!run->globals.quiet)
		fprintf(stderr, "no snapshot yet; make one: yester ingest -s %s DUMP\n",
			shell_word(run->globals.store, &word));
	return skipped > 0 ? EXIT_CODE_PARTIAL : EXIT_CODE_OK;
}

const struct cmd cmd_snapshots = {
	.name = "snapshots",
	.group = "Look",
	.synopsis = "-s STORE [--json]",
	.summary = "list the snapshots, oldest first",
	.about = "KIND is exact (all of it is of one moment) or about (a dump without oplog); "
		 "partial\n"
		 "when a filter left namespaces out. Exit code 3: some snapshots are damaged or "
		 "have not\n"
		 "arrived completely, and are not listed.\n",
	.examples = "  yester snapshots -s /backup/shop\n"
		    "  yester snapshots -s /backup/shop --json | jq -r '.[-1].name'\n",
	.run = run_snapshots,
};
