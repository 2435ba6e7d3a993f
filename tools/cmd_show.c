#include <stdio.h>

#include "tools/cmd_table.h"
#include "tools/size.h"
#include "tools/snapshot_out.h"
#include "tools/table.h"
#include "tools/term.h"

static void print_field(const char *name, const char *value)
{
	OWNED(buf_release) struct buf text = {0};

	if (value != NULL)
		printf("  %-14s%s\n", name, term_escaped(bytes_str(value), &text));
}

static void print_optime(const char *name, const struct optime *optime)
{
	if (optime->seconds != 0)
		printf("  %-14s%u.%u\n", name, optime->seconds, optime->increment);
}

static void print_count(const char *name, uint64_t count)
{
	char text[SIZE_TEXT_LEN];

	size_count_text(count, text);
	print_field(name, text);
}

static void print_snapshot(const struct snapshot *s)
{
	OWNED(buf_release) struct buf name = {0};
	char text[TERM_TIME_LEN], id[CHUNK_ID_HEX + 1], size[SIZE_TEXT_LEN];

	printf("snapshot %s%s%s\n", term_style(stdout, TERM_BOLD),
	       term_escaped(bytes_str(s->name), &name), term_style(stdout, TERM_PLAIN));
	chunk_id_hex(&s->id, id);
	print_field("id", id);
	term_time(s->time, cmd_shows_local_time(), text);
	print_field("time", text);
	print_field("kind", snapshot_out_kind(s));
	print_optime("optime", &s->optime);
	print_optime("needed from", &s->needed_from);
	term_time(s->created_us / 1000000, cmd_shows_local_time(), text);
	print_field("created", text);
	print_field("tag", s->tag);
	print_field("source", s->source);
	print_field("replica set", s->replica_set);
	print_field("server", s->server_version);
	print_field("made by", s->tool);
	if (s->has_parent) {
		chunk_id_hex(&s->parent, id);
		print_field("parent", id);
	}
	print_count("collections", s->collections);
	print_count("documents", s->documents);
	size_text(s->bytes, size);
	print_field("bytes", size);
	if (s->oplog.count > 0)
		print_count("oplog entries", s->oplog.count);
}

static void add_namespace(struct table *table, const struct catalog_entry *entry)
{
	table_add_str(table, snapshot_out_type(entry));
	if (entry->type == CATALOG_COLLECTION) {
		table_add_count(table, entry->root.count);
		table_add_size(table, entry->root.bytes);
	} else {
		table_add_str(table, "-");
		table_add_str(table, "-");
	}
	table_add(table, bytes_of(entry->ns, entry->ns_len));
}

static int print_namespaces(struct moment *moment, struct error *e)
{
	static const char *const titles[] = {"TYPE", ">DOCUMENTS", ">BYTES", "NAMESPACE"};
	OWNED(table_free) struct table *table = table_new(titles, COUNT_OF(titles));
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};

	catalog_entry_init(&entry);
	for (uint64_t i = 0; i < moment_count(moment); i++) {
		if (moment_entry(moment, i, &entry, e) < 0)
			return e->code;
		add_namespace(table, &entry);
	}
	if (moment_count(moment) > 0) {
		putchar('\n');
		table_print(table, stdout);
	}
	return 0;
}

static int print_json(struct moment *moment, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct json_out j;

	catalog_entry_init(&entry);
	json_out_begin(&j, stdout, false);
	snapshot_out_json(&j, moment_snapshot(moment));
	json_out_array(&j, "namespaces");
	for (uint64_t i = 0; i < moment_count(moment); i++) {
		if (moment_entry(moment, i, &entry, e) < 0) {
			json_out_drop(&j);
			return e->code;
		}
		json_out_object(&j, NULL);
		snapshot_out_json_ns(&j, &entry);
		json_out_end_object(&j);
	}
	json_out_end_array(&j);
	json_out_finish(&j);
	return 0;
}

static int run_show(struct cmd_run *run, struct error *e)
{
	OWNED(store_close) struct store *store = NULL;
	OWNED(moment_release) struct moment *moment = NULL;
	const char *when = run->words.count > 0 ? run->words.at[0] : NULL;

	if (cmd_open_store(run, &store, e) < 0)
		return e->code;
	if (cmd_open_moment(run, store, when, &moment, e) < 0)
		return e->code;
	if (run->globals.json)
		return print_json(moment, e);
	print_snapshot(moment_snapshot(moment));
	return print_namespaces(moment, e);
}

const struct cmd cmd_show = {
	.name = "show",
	.group = "Look",
	.synopsis = "-s STORE [SNAPSHOT] [--json]",
	.summary = "show all about one snapshot, and its namespaces",
	.about = "SNAPSHOT is a name, id:abcd, or any other WHEN ('yester help'); the newest when "
		 "none\n"
		 "is given.\n",
	.examples = "  yester show -s /backup/shop 2026-11-21T094107Z\n"
		    "  yester show -s /backup/shop id:1a2b --json\n",
	.words_max = 1,
	.run = run_show,
};
