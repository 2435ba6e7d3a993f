#include <stdio.h>

#include "tools/cmd_table.h"
#include "tools/json_out.h"
#include "tools/moment_at.h"
#include "tools/table.h"
#include "tools/term.h"

static void add_time(struct table *table, uint64_t ts)
{
	char text[TERM_TIME_LEN];

	term_time(entry_seconds(ts), cmd_shows_local_time(), text);
	table_add_str(table, text);
}

static void add_optime(struct table *table, uint64_t ts)
{
	table_printf(table, "%u.%u", entry_seconds(ts), entry_increment(ts));
}

static const char *note_of(const struct timeline_reach *reach)
{
	if (reach->partial && reach->waits)
		return "partial, waits for a transaction";
	if (reach->waits)
		return "waits for a transaction";
	return reach->partial ? "partial" : "";
}

static void print_table(const struct timeline_map *map)
{
	static const char *const titles[] = {"FROM",  "TO",	  "FIRST", "LAST",
					     "SINCE", ">ENTRIES", "BASES", "NOTE"};
	OWNED(table_free) struct table *table = table_new(titles, COUNT_OF(titles));

	for (size_t i = 0; i < map->reach_count; i++) {
		const struct timeline_reach *reach = &map->reach[i];

		add_time(table, reach->first.ts);
		add_time(table, reach->last.ts);
		add_optime(table, reach->first.ts);
		add_optime(table, reach->last.ts);
		table_add_str(table, reach->base);
		table_add_count(table, reach->entries);
		table_add_count(table, reach->bases);
		table_add_str(table, note_of(reach));
	}
	if (map->reach_count > 0)
		table_print(table, stdout);
	else
		puts("nothing can be reached but the snapshots themselves ('yester snapshots'): "
		     "there is\nno exact one with an oplog");
}

static void print_json(const struct timeline_map *map)
{
	struct json_out j;

	json_out_begin(&j, stdout, true);
	for (size_t i = 0; i < map->reach_count; i++) {
		const struct timeline_reach *reach = &map->reach[i];

		json_out_object(&j, NULL);
		json_out_time(&j, "from", entry_seconds(reach->first.ts));
		json_out_time(&j, "to", entry_seconds(reach->last.ts));
		json_out_optime(&j, "first", entry_seconds(reach->first.ts),
				entry_increment(reach->first.ts));
		json_out_optime(&j, "last", entry_seconds(reach->last.ts),
				entry_increment(reach->last.ts));
		if (reach->last_second != 0)
			json_out_time(&j, "lastSecond", reach->last_second);
		else
			json_out_null(&j, "lastSecond");
		json_out_name(&j, "base", bytes_str(reach->base));
		json_out_u64(&j, "bases", reach->bases);
		json_out_u64(&j, "entries", reach->entries);
		json_out_bool(&j, "partial", reach->partial);
		json_out_bool(&j, "waitsForTransaction", reach->waits);
		json_out_end_object(&j);
	}
	json_out_finish(&j);
}

static int run_ranges(struct cmd_run *run, struct error *e)
{
	OWNED(store_close) struct store *store = NULL;
	OWNED(timeline_close) struct timeline *timeline = NULL;
	OWNED(timeline_map_release) struct timeline_map map = {0};

	if (cmd_open_store(run, &store, e) < 0 ||
	    moment_at_timeline(run, store, &timeline, e) < 0 || timeline_map(timeline, &map, e) < 0)
		return e->code;
	if (run->globals.json)
		print_json(&map);
	else
		print_table(&map);
	return 0;
}

const struct cmd cmd_ranges = {
	.name = "ranges",
	.group = "Look",
	.synopsis = "-s STORE [--json]",
	.summary = "show which times can be opened: from when to when, without a hole",
	.about = "One line for each range: every operation, and every whole second but the last, "
		 "from FIRST\n"
		 "to LAST is a moment (--at). SINCE is the snapshot that it begins with. partial: "
		 "only of\n"
		 "the namespaces that SINCE has, none that were made later. waits for a "
		 "transaction: there\n"
		 "are later entries, but one that is prepared is not decided yet. 'yester gaps' "
		 "shows what\n"
		 "is between.\n",
	.examples = "  yester ranges -s /backup/shop\n"
		    "  yester ranges -s /backup/shop --json\n",
	.run = run_ranges,
};
