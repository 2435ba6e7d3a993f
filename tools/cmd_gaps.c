#include <stdio.h>

#include "base/exit_code.h"
#include "base/time_text.h"
#include "tools/cmd_table.h"
#include "tools/json_out.h"
#include "tools/moment_at.h"
#include "tools/table.h"
#include "tools/term.h"

static void print_table(const struct timeline_map *map)
{
	static const char *const titles[] = {"AFTER",	   "BEFORE", "LAST KNOWN",
					     "NEXT KNOWN", "LENGTH", "WHY"};
	OWNED(table_free) struct table *table = table_new(titles, COUNT_OF(titles));

	for (size_t i = 0; i < map->gap_count; i++) {
		const struct timeline_gap *gap = &map->gaps[i];
		const uint64_t ends[] = {gap->after.ts, gap->before.ts};
		char text[TERM_TIME_LEN], length[TIME_TEXT_DURATION_LEN];

		for (size_t end = 0; end < 2; end++) {
			term_time(entry_seconds(ends[end]), cmd_shows_local_time(), text);
			table_add_str(table, text);
		}
		for (size_t end = 0; end < 2; end++)
			table_printf(table, "%u.%u", entry_seconds(ends[end]),
				     entry_increment(ends[end]));
		time_text_duration(
			((uint64_t)entry_seconds(ends[1]) - entry_seconds(ends[0])) * 1000, length);
		table_add_str(table, length);
		table_add_str(table, gap->why);
	}
	table_print(table, stdout);
}

static void print_json(const struct timeline_map *map)
{
	struct json_out j;

	json_out_begin(&j, stdout, true);
	for (size_t i = 0; i < map->gap_count; i++) {
		const struct timeline_gap *gap = &map->gaps[i];

		json_out_object(&j, NULL);
		json_out_time(&j, "from", entry_seconds(gap->after.ts));
		json_out_time(&j, "to", entry_seconds(gap->before.ts));
		json_out_optime(&j, "after", entry_seconds(gap->after.ts),
				entry_increment(gap->after.ts));
		json_out_optime(&j, "before", entry_seconds(gap->before.ts),
				entry_increment(gap->before.ts));
		json_out_str(&j, "why", gap->why);
		json_out_bool(&j, "letGo", gap->let_go);
		json_out_end_object(&j);
	}
	json_out_finish(&j);
}

static int run_gaps(struct cmd_run *run, struct error *e)
{
	OWNED(store_close) struct store *store = NULL;
	OWNED(timeline_close) struct timeline *timeline = NULL;
	OWNED(timeline_map_release) struct timeline_map map = {0};

	if (cmd_open_store(run, &store, e) < 0 ||
	    moment_at_timeline(run, store, &timeline, e) < 0 || timeline_map(timeline, &map, e) < 0)
		return e->code;
	if (run->globals.json)
		print_json(&map);
	else if (map.gap_count > 0)
		print_table(&map);
	else if (!run->globals.quiet)
		puts("no gap");
	return map.lost_count > 0 ? EXIT_CODE_PARTIAL : EXIT_CODE_OK;
}

const struct cmd cmd_gaps = {
	.name = "gaps",
	.group = "Look",
	.synopsis = "-s STORE [--json]",
	.summary = "show the times between ranges that can't be opened, and why",
	.about = "A gap is a time for which the store has no oplog, or has one that no exact "
		 "snapshot leads\n"
		 "to. Both ends can be opened, what is between can't, and no range goes across. "
		 "Exit code 3\n"
		 "when there is a gap, 0 when there is none, or 'yester forget --pitr-window' made "
		 "all of them\n"
		 "or let go of the oplog on both sides.\n",
	.examples = "  yester gaps -s /backup/shop\n"
		    "  yester gaps -s /backup/shop --quiet || echo 'history is not whole'\n",
	.run = run_gaps,
};
