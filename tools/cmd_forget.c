#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/exit_code.h"
#include "base/texts.h"
#include "oplog/stream_prune.h"
#include "oplog/timeline.h"
#include "store/prune.h"
#include "tools/cmd_table.h"
#include "tools/duration.h"
#include "tools/forget.h"
#include "tools/prune_out.h"
#include "tools/snapshot_out.h"
#include "tools/table.h"
#include "tools/term.h"

#define COUNT_MAX 1000000

struct options {
	const char *keep[FORGET_RULES];
	const char *within;
	const char *window;
	const char *tag;
	bool dry_run;
	bool prune;
	struct prune_out_options pruning;
};

#define FIELD(field) offsetof(struct options, field)
static const struct args_option options[] = {
	{"keep-last", 0, ARGS_VALUE, "N", "keep the newest N", FIELD(keep[FORGET_LAST])},
	{"keep-hourly", 0, ARGS_VALUE, "N", "keep one of each of the last N hours that have one",
	 FIELD(keep[FORGET_HOURLY])},
	{"keep-daily", 0, ARGS_VALUE, "N", "the same with days (UTC)", FIELD(keep[FORGET_DAILY])},
	{"keep-weekly", 0, ARGS_VALUE, "N", "the same with weeks, from Monday on",
	 FIELD(keep[FORGET_WEEKLY])},
	{"keep-monthly", 0, ARGS_VALUE, "N", "the same with months", FIELD(keep[FORGET_MONTHLY])},
	{"keep-yearly", 0, ARGS_VALUE, "N", "the same with years; N may be all",
	 FIELD(keep[FORGET_YEARLY])},
	{"keep-within", 0, ARGS_VALUE, "D", "keep all not older than D before the newest: 7d, 36h",
	 FIELD(within)},
	{"pitr-window", 0, ARGS_VALUE, "D",
	 "moments of the last D stay reachable, older ones need not (else: all)", FIELD(window)},
	{"tag", 0, ARGS_VALUE, "T", "look at snapshots with this tag only; others stay",
	 FIELD(tag)},
	{"dry-run", 'n', ARGS_FLAG, NULL, "tell what would go, change nothing", FIELD(dry_run)},
	{"prune", 0, ARGS_FLAG, NULL, "then do what 'yester prune' does", FIELD(prune)},
	PRUNE_OUT_OPTIONS(struct options, pruning),
};

static int read_count(const char *flag, const char *text, uint64_t *ret, struct error *e)
{
	if (strcmp(text, "all") == 0) {
		*ret = FORGET_ALL;
		return 0;
	}
	return args_number(flag, text, COUNT_MAX, ret, e);
}

static int read_policy(struct cmd_run *run, struct forget_policy *ret, struct error *e)
{
	static const char *const flags[FORGET_RULES] = {"keep-last",	"keep-hourly",
							"keep-daily",	"keep-weekly",
							"keep-monthly", "keep-yearly"};
	const struct options *o = run->options;
	bool any = false;

	ret->now = clock_wall_us() / 1000000;
	for (size_t i = 0; i < FORGET_RULES; i++) {
		if (o->keep[i] == NULL)
			continue;
		if (read_count(flags[i], o->keep[i], &ret->keep[i], e) < 0)
			return e->code;
		any = any || ret->keep[i] > 0;
	}
	if (o->within != NULL &&
	    duration_parse("keep-within", o->within, false, &ret->within, e) < 0)
		return e->code;
	ret->has_window = o->window != NULL;
	if (o->window != NULL &&
	    duration_parse("pitr-window", o->window, true, &ret->window, e) < 0)
		return e->code;
	ret->tag = o->tag;
	ret->names = run->words.at;
	ret->name_count = run->words.count;
	any = any || ret->within > 0;
	if (any && ret->name_count > 0)
		return cmd_usage_error(run, e, "name snapshots or give --keep- rules, not both");
	if (!any && ret->name_count == 0 && ret->has_window) {
		/* Only the oplog is to be shortened. */
		ret->keep[FORGET_LAST] = FORGET_ALL;
		return 0;
	}
	if (!any && ret->name_count == 0)
		return cmd_usage_error(run, e,
				       "what is to stay? --keep-daily 7, --keep-last 3, "
				       "--keep-within 30d, ...");
	return 0;
}

/* What is to go, as prune_forget() takes it. */
struct victims {
	struct buf ids;	  /* of struct chunk_id */
	struct buf names; /* each with a NUL */
	size_t files;
	char *note; /* the file that says what is let go of the oplog; NULL: none */
	struct buf note_content;
};

static void victims_release(struct victims *v)
{
	buf_release(&v->ids);
	buf_release(&v->names);
	free(v->note);
	buf_release(&v->note_content);
}
DEFINE_OWNED_STRUCT(struct victims, victims_release);

static int add_file(void *ctx, const char *name, struct error *e UNUSED)
{
	struct victims *v = ctx;

	texts_add(&v->names, name);
	v->files++;
	return 0;
}

static int collect(struct store *store, const struct snapshot_list *list,
		   const struct forget_plan *plan, struct victims *ret, struct error *e)
{
	for (size_t i = 0; i < list->count; i++)
		if (!plan->choices[i].keep)
			buf_add(&ret->ids, &list->at[i].id, sizeof(list->at[i].id));
	return stream_prune_old(store, plan->keep_from, add_file, ret, e);
}

/* What of the oplog is without a gap now: where it is missing later it was let go. */
static int note(struct store *store, const struct options *o, const struct forget_plan *plan,
		struct victims *ret, struct error *e)
{
	OWNED(timeline_close) struct timeline *timeline = NULL;
	OWNED(free) char *by = NULL;

	if (o->dry_run || plan->let_go == 0)
		return 0;
	by = xprintf("forget --pitr-window %s", o->window);
	return timeline_open(store, &timeline, e) < 0 ||
			       timeline_map_note(timeline, plan->let_go, by, &ret->note,
						 &ret->note_content, e) < 0
		       ? e->code
		       : 0;
}

static int forget(struct store *store, const struct forget_policy *policy,
		  const struct forget_plan *plan, const struct victims *v, struct error *e)
{
	OWNED(free) const char **files = xcalloc(v->files + 1, sizeof(char *));
	struct prune_forget what = {
		.snapshots = (const struct chunk_id *)(const void *)v->ids.at,
		.snapshot_count = v->ids.len / sizeof(struct chunk_id),
		.files = files,
		.file_count = v->files,
		.note = v->note,
		.note_content = buf_bytes(&v->note_content),
		.only_these = policy->has_window,
		.let_go = plan->let_go,
		.now_us = clock_wall_us(),
	};
	size_t at = 0;

	for (size_t i = 0; i < v->files; i++)
		files[i] = texts_next(&v->names, &at);
	return prune_forget(store, &what, e);
}

static void print_table(const struct snapshot_list *list, const struct forget_plan *plan)
{
	static const char *const titles[] = {"", "SNAPSHOT", "TIME", "TAG", "WHY"};
	OWNED(table_free) struct table *table = table_new(titles, COUNT_OF(titles));
	char text[TERM_TIME_LEN];

	for (size_t i = 0; i < list->count; i++) {
		const struct snapshot *s = &list->at[i];

		if (s->checkpoint)
			continue;
		table_add_str(table, plan->choices[i].keep ? "keep" : "forget");
		table_add_str(table, s->name);
		term_time(s->time, cmd_shows_local_time(), text);
		table_add_str(table, text);
		table_add_str(table, s->tag);
		table_add_str(table, plan->choices[i].why);
	}
	table_print(table, stdout);
}

static void print_text(const struct options *o, const struct snapshot_list *list,
		       const struct forget_plan *plan, const struct victims *v)
{
	size_t gone = 0, checkpoints = 0, kept = 0;

	print_table(list, plan);
	for (size_t i = 0; i < list->count; i++) {
		const bool stays = plan->choices[i].keep;

		gone += !stays && !list->at[i].checkpoint;
		checkpoints += !stays && list->at[i].checkpoint;
		kept += stays && !list->at[i].checkpoint;
	}
	printf("%zu kept, %zu %s", kept, gone, o->dry_run ? "would be forgotten" : "forgotten");
	if (checkpoints > 0)
		printf(", with %zu checkpoint%s", checkpoints, checkpoints == 1 ? "" : "s");
	if (v->files > 0)
		printf(", %zu file%s of the oplog", v->files, v->files == 1 ? "" : "s");
	printf("\n");
	if (gone > 0 && !o->dry_run && !o->prune)
		printf("'yester prune' takes their data away, a grace after it finds it unused\n");
}

static void print_json(struct json_out *j, const struct snapshot_list *list,
		       const struct forget_plan *plan, const struct victims *v, bool dry_run)
{
	json_out_bool(j, "dryRun", dry_run);
	json_out_array(j, "snapshots");
	for (size_t i = 0; i < list->count; i++) {
		if (list->at[i].checkpoint && plan->choices[i].keep)
			continue;
		json_out_object(j, NULL);
		json_out_bool(j, "keep", plan->choices[i].keep);
		if (plan->choices[i].keep)
			json_out_str(j, "why", plan->choices[i].why);
		snapshot_out_json(j, &list->at[i]);
		json_out_end_object(j);
	}
	json_out_end_array(j);
	json_out_u64(j, "oplogFiles", v->files);
}

static int report(struct cmd_run *run, struct store *store, const struct snapshot_list *list,
		  const struct forget_plan *plan, const struct victims *v, struct error *e)
{
	const struct options *o = run->options;
	struct prune_result result;
	bool pruned = o->prune && !o->dry_run;
	struct json_out j;

	if (!run->globals.json && !run->globals.quiet)
		print_text(o, list, plan, v);
	if (pruned && prune_out_run(run, store, &o->pruning, false, &result, e) < 0)
		return e->code;
	if (run->globals.json) {
		json_out_begin(&j, stdout, false);
		print_json(&j, list, plan, v, o->dry_run);
		if (pruned) {
			json_out_object(&j, "prune");
			prune_out_json(&j, &result);
			json_out_end_object(&j);
		}
		json_out_finish(&j);
	} else if (pruned && !run->globals.quiet) {
		prune_out_text(&result, false);
	}
	return EXIT_CODE_OK;
}

static int run_forget(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(store_close) struct store *store = NULL;
	OWNED(snapshots_release) struct snapshot_list list = {0};
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(forget_plan_release) struct forget_plan plan = {0};
	OWNED(victims_release) struct victims victims = {0};
	struct forget_policy policy = {0};
	size_t skipped = 0;

	if (read_policy(run, &policy, e) < 0 || prune_out_check(&o->pruning, e) < 0 ||
	    cmd_open_store(run, &store, e) < 0 ||
	    cmd_snapshots_read(run, store, &list, &skipped, e) < 0 ||
	    stream_open(store, &stream, NULL, e) < 0 ||
	    forget_decide(&list, stream, &policy, &plan, e) < 0 ||
	    collect(store, &list, &plan, &victims, e) < 0 || note(store, o, &plan, &victims, e) < 0)
		return e->code;
	if (!o->dry_run && forget(store, &policy, &plan, &victims, e) < 0)
		return e->code;
	return report(run, store, &list, &plan, &victims, e);
}

const struct cmd cmd_forget = {
	.name = "forget",
	.group = "Care",
	.synopsis = "-s STORE --keep-daily N ... [--pitr-window D] [--prune] | SNAPSHOT...",
	.summary = "let old snapshots go, and old oplog",
	.about =
		"A snapshot stays when any rule keeps it. Without --pitr-window no moment that can "
		"be reached\n"
		"now is lost: the first snapshot of each range of the oplog stays, whatever the "
		"rules "
		"say.\n"
		"With it, moments before the window go, and the oplog that led to them. Nothing is "
		"deleted\n"
		"but the snapshots' names: 'yester prune' takes the data away, days later.\n"
		"What lies in the future (a wrong clock) stays, and counts for no rule.\n",
	.examples =
		"  yester forget -s /backup/shop --keep-daily 7 --keep-weekly 5 --keep-monthly 12 "
		"--dry-run\n"
		"  yester forget -s /backup/shop --keep-within 30d --pitr-window 7d --prune\n"
		"  yester forget -s /backup/shop 2026-11-21T094107Z\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_max = 10000,
	.run = run_forget,
};
