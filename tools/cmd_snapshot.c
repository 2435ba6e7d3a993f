#include <stdio.h>
#include <time.h>

#include "base/time_text.h"
#include "tools/checkpoint.h"
#include "tools/cmd_table.h"
#include "tools/json_out.h"
#include "tools/moment_at.h"
#include "tools/size.h"
#include "tools/snapshot_at.h"
#include "tools/snapshot_out.h"
#include "tools/term.h"

struct options {
	const char *at;
	const char *name;
	const char *tag;
	bool checkpoints;
};

#define FIELD(field) offsetof(struct options, field)
static const struct args_option options[] = {
	CMD_AT_OPTION(struct options),
	{"name", 0, ARGS_VALUE, "N", "the snapshot's name (default: its time)", FIELD(name)},
	{"tag", 0, ARGS_VALUE, "T", "a word to remember it by", FIELD(tag)},
	{"checkpoints", 0, ARGS_FLAG, NULL,
	 "instead: make those that keep every moment near a snapshot", FIELD(checkpoints)},
};

/* What tail has made beside following. */
static int make_checkpoints(struct cmd_run *run, struct store *store, struct error *e)
{
	OWNED(term_progress_end)
	struct term_progress *progress = term_progress_begin(run->progress);
	unsigned made = 0;
	int code = checkpoint_run(store, term_progress_get(progress), &made, e);

	term_progress_end(TAKE(progress));
	if (code >= 0 && !run->globals.quiet && !run->globals.json)
		printf("%u checkpoint%s\n", made, made == 1 ? "" : "s");
	return code;
}

static void print_json(const struct snapshot_at_result *r, bool made)
{
	const struct snapshot *s = &r->snapshot;
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_name(&j, "snapshot", bytes_str(s->name));
	json_out_hex(&j, "id", bytes_of(s->id.at, CHUNK_ID_LEN));
	json_out_bool(&j, "new", made);
	json_out_time(&j, "time", s->time);
	snapshot_out_json_partial(&j, s);
	json_out_optime(&j, "optime", s->optime.seconds, s->optime.increment);
	json_out_u64(&j, "collections", s->collections);
	json_out_u64(&j, "documents", s->documents);
	json_out_u64(&j, "bytes", s->bytes);
	json_out_u64(&j, "entries", r->entries);
	json_out_u64(&j, "operations", r->operations);
	json_out_u64(&j, "storedBytes", r->counts.stored_bytes);
	json_out_u64(&j, "newChunks", r->counts.new_chunks);
	json_out_u64(&j, "reusedChunks", r->counts.reused_chunks);
	json_out_u64(&j, "milliseconds", r->milliseconds);
	json_out_finish(&j);
}

static void print_text(const struct snapshot_at_result *r)
{
	const struct snapshot *s = &r->snapshot;
	char text[SIZE_TEXT_LEN], more[SIZE_TEXT_LEN], when[TERM_TIME_LEN];

	term_time(s->time, cmd_shows_local_time(), when);
	printf("snapshot %s%s%s\n", term_style(stdout, TERM_BOLD), s->name,
	       term_style(stdout, TERM_PLAIN));
	printf("  time       %s, exactly (optime %u.%u)\n", when, s->optime.seconds,
	       s->optime.increment);
	size_count_text(r->entries, text);
	size_count_text(r->operations, more);
	printf("  replayed   %s entries of the oplog, %s operations\n", text, more);
	size_count_text(s->documents, text);
	size_count_text(s->collections, more);
	printf("  documents  %s in %s collection%s%s\n", text, more, s->collections == 1 ? "" : "s",
	       s->partial ? " (a part of the deployment)" : "");
	size_text(s->bytes, text);
	printf("  bytes      %s of BSON\n", text);
	size_text(r->counts.stored_bytes, text);
	size_count_text(r->counts.new_chunks, more);
	printf("  stored     %s: %s new pieces\n", text, more);
	time_text_duration(r->milliseconds, text);
	printf("  took       %s\n", text);
}

static int run_snapshot(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(store_close) struct store *store = NULL;
	OWNED(timeline_close) struct timeline *timeline = NULL;
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	OWNED(snapshot_at_release) struct snapshot_at_result result = {0};
	struct snapshot_at_options make = {.name = o->name, .tag = o->tag};
	struct timeline_point point;
	const struct store_options opened = {.cache_bytes = CMD_CACHE_OF_REPLAY};
	int made;

	if (cmd_open_store_with(run, &opened, &store, e) < 0)
		return e->code;
	if (o->checkpoints)
		return make_checkpoints(run, store, e);
	if (moment_at_timeline(run, store, &timeline, e) < 0)
		return e->code;
	if (timeline_find(timeline, o->at == NULL ? "latest" : o->at, (uint64_t)time(NULL), &point,
			  e) < 0)
		return e->code;
	progress = term_progress_begin(run->progress);
	make.progress = term_progress_get(progress);
	made = snapshot_at_make(store, timeline, &point, &make, &result, e);
	term_progress_end(TAKE(progress));
	if (made < 0)
		return made;
	if (run->globals.json)
		print_json(&result, made > 0);
	else if (made > 0 && !run->globals.quiet)
		print_text(&result);
	else if (!run->globals.quiet)
		printf("snapshot %s shows that moment already: nothing to do\n",
		       result.snapshot.name);
	return 0;
}

const struct cmd cmd_snapshot = {
	.name = "snapshot",
	.group = "Put in",
	.synopsis = "-s STORE [--at WHEN] [--name N] [--tag T] [--json] | --checkpoints",
	.summary = "make a snapshot of a moment from the oplog, without asking the deployment",
	.about = "The nearest snapshot before the moment, and what the oplog says happened since: "
		 "nothing\n"
		 "is read from the deployment, and what did not change is shared. By default the "
		 "last\n"
		 "operation that the store has. When a snapshot shows that moment already and no "
		 "--name is\n"
		 "given, there is nothing to do. A namespace that can't be followed to there (an "
		 "operation\n"
		 "that is not understood) is told, and no snapshot is made: exit code 6.\n",
	.examples = "  yester snapshot -s /backup/shop\n"
		    "  yester snapshot -s /backup/shop --at 2026-11-21T09:41:07Z --name "
		    "before-migration\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_snapshot,
};
