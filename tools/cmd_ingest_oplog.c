#include <stdio.h>

#include "base/exit_code.h"
#include "base/shell_word.h"
#include "base/time_text.h"
#include "tools/checkpoint.h"
#include "tools/cmd_table.h"
#include "tools/ingest_oplog.h"
#include "tools/json_out.h"
#include "tools/size.h"
#include "tools/term.h"

static void json_optime(struct json_out *j, const char *key, const struct entry_optime *at)
{
	json_out_optime(j, key, entry_seconds(at->ts), entry_increment(at->ts));
}

static void json_span(struct json_out *j, const char *key, const struct entry_optime *first,
		      const struct entry_optime *last)
{
	json_out_object(j, key);
	json_optime(j, "first", first);
	json_optime(j, "last", last);
	json_out_time(j, "firstTime", entry_seconds(first->ts));
	json_out_time(j, "lastTime", entry_seconds(last->ts));
	json_out_end_object(j);
}

static void print_json(const struct ingest_oplog_result *r, unsigned checkpoints)
{
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_u64(&j, "newEntries", r->added.entries);
	json_out_u64(&j, "duplicateEntries", r->added.duplicates);
	json_out_u64(&j, "segments", r->added.segments);
	json_out_u64(&j, "storedBytes", r->stored_bytes);
	json_out_u64(&j, "checkpoints", checkpoints);
	if (r->last.ts != 0)
		json_span(&j, "entries", &r->first, &r->last);
	if (r->has_range)
		json_span(&j, "range", &r->range.first, &r->range.last);
	if (r->added.has_gap)
		json_span(&j, "gap", &r->added.gap.first, &r->added.gap.last);
	if (r->own.suspects > 0)
		json_out_u64(&j, "slicesThatMayLackEntries", r->own.suspects);
	json_out_u64(&j, "milliseconds", r->milliseconds);
	json_out_finish(&j);
}

/* What a query leaves out of a slice is no gap that could be seen. */
static void warn_of_queries(const struct oplog_own *own)
{
	char from[TERM_TIME_LEN], to[TERM_TIME_LEN];

	if (own->suspects == 0)
		return;
	term_time(entry_seconds(own->first.ts), cmd_shows_local_time(), from);
	term_time(entry_seconds(own->last.ts), cmd_shows_local_time(), to);
	fprintf(stderr, "yester: ingest-oplog: warning: from %s to %s ", from, to);
	if (own->suspects > 1)
		fprintf(stderr, "(and in %zu more) ", own->suspects - 1);
	fprintf(stderr, "there is nothing that a server logs by itself: was it dumped with a query "
			"(-q) that asks for more than ts? What that left out is missing in all "
			"moments from there on, and no gap is listed\n");
}

static void print_optime(const char *word, const struct entry_optime *at)
{
	char when[TERM_TIME_LEN];

	term_time(entry_seconds(at->ts), cmd_shows_local_time(), when);
	printf("  %-10s %u.%u  %s\n", word, entry_seconds(at->ts), entry_increment(at->ts), when);
}

/*
 * What to do with a gap, or next. What mongodump is asked for begins with an entry that is there: that overlap
 * proves that nothing is missing.
 */
static void print_next(const struct ingest_oplog_result *r, const char *store)
{
	uint64_t from = r->has_range ? r->range.last.ts : r->last.ts;
	const char *title = "Next, any time later";
	OWNED(buf_release) struct buf word = {0};

	if (r->added.has_gap) {
		printf("%sA gap%s: what happened between these two is not stored:\n",
		       term_style(stdout, TERM_YELLOW), term_style(stdout, TERM_PLAIN));
		print_optime("after", &r->added.gap.first);
		print_optime("before", &r->added.gap.last);
		from = r->added.gap.first.ts;
		title = "To fill it, while the server's oplog reaches back so far";
	}
	printf("\n%s:\n"
	       "  mongodump -d local -c oplog.rs --out slice -q \\\n"
	       "    '{\"ts\":{\"$gte\":{\"$timestamp\":{\"t\":%u,\"i\":%u}}}}'\n"
	       "  yester ingest-oplog -s %s slice\n",
	       title, entry_seconds(from), entry_increment(from), shell_word(store, &word));
}

static void print_text(const struct ingest_oplog_result *r, unsigned checkpoints, const char *store)
{
	char fresh[SIZE_TEXT_LEN], known[SIZE_TEXT_LEN], size[SIZE_TEXT_LEN];
	char took[TIME_TEXT_DURATION_LEN];

	size_count_text(r->added.entries, fresh);
	size_count_text(r->added.duplicates, known);
	size_text(r->stored_bytes, size);
	time_text_duration(r->milliseconds, took);
	printf("%s%s%s new %s of the oplog, %s already there\n", term_style(stdout, TERM_BOLD),
	       fresh, term_style(stdout, TERM_PLAIN), r->added.entries == 1 ? "entry" : "entries",
	       known);
	if (r->last.ts == 0)
		return;
	print_optime("first", &r->first);
	print_optime("last", &r->last);
	printf("  stored     %s in %s\n", size, took);
	if (checkpoints > 0)
		printf("  checkpoints made: %u\n", checkpoints);
	if (r->has_range && (r->range.first.ts != r->first.ts || r->range.last.ts != r->last.ts)) {
		printf("Now without a gap:\n");
		print_optime("from", &r->range.first);
		print_optime("to", &r->range.last);
	}
	print_next(r, store);
}

/* The entries are stored already: what is missing is made by the next ingest-oplog. */
static int make_checkpoints(struct store *store, const struct progress *progress, unsigned *ret,
			    struct error *e)
{
	int code;

	code = checkpoint_run(store, progress, ret, e);
	if (code < 0) {
		error_wrap(e, "the entries are stored; a checkpoint");
		return error_hint(e, "the next ingest-oplog makes it");
	}
	return 0;
}

static int run_ingest_oplog(struct cmd_run *run, struct error *e)
{
	OWNED(store_close) struct store *store = NULL;
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	const struct store_options opened = {.cache_bytes = CMD_CACHE_OF_REPLAY};
	struct ingest_oplog_options o = {.paths = run->words.at, .path_count = run->words.count};
	struct ingest_oplog_result result = {0};
	unsigned checkpoints = 0;
	int ret;

	if (o.path_count == 0)
		return cmd_usage_error(run, e, "which oplog? an oplog.bson, a dump's folder, or -");
	for (size_t i = 0; i < o.path_count; i++)
		if (strcmp(o.paths[i], "-") == 0 && term_is_tty(stdin))
			return cmd_usage_error(run, e, "standard input is a terminal");
	if (cmd_open_store_with(run, &opened, &store, e) < 0)
		return e->code;
	progress = term_progress_begin(run->progress);
	o.progress = term_progress_get(progress);
	ret = ingest_oplog_run(store, &o, &result, e);
	if (ret == 0)
		ret = make_checkpoints(store, o.progress, &checkpoints, e);
	term_progress_end(TAKE(progress));
	if (ret < 0)
		return ret;
	warn_of_queries(&result.own);
	if (run->globals.json)
		print_json(&result, checkpoints);
	else if (!run->globals.quiet)
		print_text(&result, checkpoints, run->globals.store);
	return result.added.has_gap ? EXIT_CODE_PARTIAL : EXIT_CODE_OK;
}

const struct cmd cmd_ingest_oplog = {
	.name = "ingest-oplog",
	.group = "Put in",
	.synopsis = "-s STORE PATH|-...",
	.summary = "put entries of the oplog into the store, for the moments between snapshots",
	.about =
		"PATH is an oplog.bson (plain or gzip'd), a folder that mongodump --oplog wrote, a "
		"dump of\n"
		"local.oplog.rs, an archive of one of these, or a folder in which several of them "
		"lie;\n"
		"- is entries, or an archive, on standard input. Several may be given, in any "
		"order, and\n"
		"they may overlap: what is there already is compared, byte for byte. An oplog of "
		"another\n"
		"replica set, or that was rolled back, is refused (exit code 6).\n"
		"\n"
		"Two dumps that overlap by one entry prove that nothing is missing between them. "
		"Where that\n"
		"proof lacks there is a gap: it is told, and the exit code is 3. A query (-q) may "
		"ask "
		"for ts\n"
		"only: what it leaves out between two entries can't be noticed. When it fails or "
		"is\n"
		"interrupted nothing has changed.\n",
	.examples = "  yester ingest-oplog -s /backup/shop dump/oplog.bson\n"
		    "  mongodump -d local -c oplog.rs -o slice7/ && yester ingest-oplog -s "
		    "/backup/shop "
		    "slice7/\n"
		    "  mongodump -d local -c oplog.rs -o - \\\n"
		    "    -q '{\"ts\":{\"$gte\":{\"$timestamp\":{\"t\":1795254067,\"i\":14}}}}' |\n"
		    "    yester ingest-oplog -s /backup/shop -\n",
	.words_max = SIZE_MAX,
	.run = run_ingest_oplog,
};
