#include <stdio.h>

#include "base/exit_code.h"
#include "tools/cmd_table.h"
#include "tools/moment_at.h"
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

static void add_namespace(struct table *table, const struct catalog_entry *entry, bool untold)
{
	table_add_str(table, snapshot_out_type(entry));
	if (entry->type == CATALOG_COLLECTION && !untold) {
		table_add_count(table, entry->root.count);
		table_add_size(table, entry->root.bytes);
	} else {
		table_add_str(table, "-");
		table_add_str(table, "-");
	}
	table_add(table, bytes_of(entry->ns, entry->ns_len));
}

/* What is shown: a snapshot, or a moment after one. */
struct shown {
	struct cmd_run *run;
	struct moment_at at;
	uint64_t collections, documents, bytes;
	size_t untold; /* namespaces whose documents can't be told at that moment */
};

static void shown_release(struct shown *shown)
{
	moment_at_release(&shown->at);
}
DEFINE_OWNED_STRUCT(struct shown, shown_release);

/* Entry number `rank` with its documents told. 1 they could not be. */
static int read_entry(struct shown *shown, uint64_t rank, struct catalog_entry *entry,
		      struct error *e)
{
	size_t before = shown->untold;

	if (moment_entry(shown->at.moment, rank, entry, e) < 0 ||
	    moment_at_try(shown->run, &shown->at, entry, &shown->untold, e) < 0)
		return e->code;
	if (entry->type == CATALOG_COLLECTION) {
		shown->collections++;
		shown->documents += entry->root.count;
		shown->bytes += entry->root.bytes;
	}
	return shown->untold > before;
}

/* A moment's head; its sums are known when its namespaces were read. */
static void print_moment(const struct shown *shown)
{
	const struct timeline_point *point = &shown->at.point;
	char text[TERM_TIME_LEN], size[SIZE_TEXT_LEN], base[CHUNK_ID_HEX + 1];

	printf("moment %s%s%s\n", term_style(stdout, TERM_BOLD), point->name,
	       term_style(stdout, TERM_PLAIN));
	term_time(entry_seconds(point->ts), cmd_shows_local_time(), text);
	print_field("time", text);
	if (point->is_second)
		print_field("optime", "the last of that second");
	else
		printf("  %-14s%u.%u\n", "optime", entry_seconds(point->ts),
		       entry_increment(point->ts));
	chunk_id_hex(&point->base, base);
	print_field("replayed from", base);
	print_count("collections", shown->collections);
	print_count("documents", shown->documents);
	size_text(shown->bytes, size);
	print_field("bytes", size);
}

static int print_text(struct shown *shown, struct error *e)
{
	static const char *const titles[] = {"TYPE", ">DOCUMENTS", ">BYTES", "NAMESPACE"};
	OWNED(table_free) struct table *table = table_new(titles, COUNT_OF(titles));
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	uint64_t count = moment_count(shown->at.moment);

	catalog_entry_init(&entry);
	for (uint64_t i = 0; i < count; i++) {
		int untold = read_entry(shown, i, &entry, e);

		if (untold < 0)
			return untold;
		add_namespace(table, &entry, untold > 0);
	}
	if (shown->at.point.is_snapshot)
		print_snapshot(moment_snapshot(shown->at.moment));
	else
		print_moment(shown);
	if (count > 0) {
		putchar('\n');
		table_print(table, stdout);
	}
	return 0;
}

static void json_moment(struct json_out *j, const struct timeline_point *point)
{
	json_out_name(j, "name", bytes_str(point->name));
	json_out_time(j, "time", entry_seconds(point->ts));
	if (point->is_second)
		json_out_null(j, "optime");
	else
		json_out_optime(j, "optime", entry_seconds(point->ts), entry_increment(point->ts));
	json_out_hex(j, "replayedFrom", bytes_of(point->base.at, CHUNK_ID_LEN));
}

static int print_json(struct shown *shown, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct json_out j;

	catalog_entry_init(&entry);
	json_out_begin(&j, stdout, false);
	if (shown->at.point.is_snapshot)
		snapshot_out_json(&j, moment_snapshot(shown->at.moment));
	else
		json_moment(&j, &shown->at.point);
	json_out_array(&j, "namespaces");
	for (uint64_t i = 0; i < moment_count(shown->at.moment); i++) {
		int untold = read_entry(shown, i, &entry, e);

		if (untold < 0) {
			json_out_drop(&j);
			return untold;
		}
		json_out_object(&j, NULL);
		snapshot_out_json_ns(&j, &entry);
		if (untold > 0)
			json_out_bool(&j, "untold", true);
		json_out_end_object(&j);
	}
	json_out_end_array(&j);
	json_out_finish(&j);
	return 0;
}

static int run_show(struct cmd_run *run, struct error *e)
{
	OWNED(store_close) struct store *store = NULL;
	OWNED(shown_release) struct shown shown = {.run = run};
	const char *when = run->words.count > 0 ? run->words.at[0] : "latest-snapshot";

	if (cmd_open_store(run, &store, e) < 0 ||
	    moment_at_open(run, store, when, &shown.at, e) < 0)
		return e->code;
	if ((run->globals.json ? print_json(&shown, e) : print_text(&shown, e)) < 0)
		return e->code;
	return shown.untold > 0 ? EXIT_CODE_PARTIAL : EXIT_CODE_OK;
}

const struct cmd cmd_show = {
	.name = "show",
	.group = "Look",
	.synopsis = "-s STORE [SNAPSHOT] [--json]",
	.summary = "show all about one snapshot, and its namespaces",
	.about = "SNAPSHOT is a name, id:abcd, or any other WHEN ('yester help'); the newest "
		 "snapshot "
		 "when\n"
		 "none is given.\n",
	.examples = "  yester show -s /backup/shop 2026-11-21T094107Z\n"
		    "  yester show -s /backup/shop id:1a2b --json\n",
	.words_max = 1,
	.run = run_show,
};
