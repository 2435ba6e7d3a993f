#include <stdio.h>
#include <time.h>

#include "base/exit_code.h"
#include "tools/cmd_table.h"
#include "tools/id_find.h"
#include "tools/log_print.h"
#include "tools/log_span.h"
#include "tools/moment_at.h"
#include "tools/term.h"

#define OUTPUT_BUFFER (64 * KIB)

struct options {
	const char *since;
	const char *until;
	const char *op;
	bool bursts;
};

#define FIELD(field) offsetof(struct options, field)
static const struct args_option options[] = {
	{"since", 0, ARGS_VALUE, "WHEN", "from then on (default: all that the store has)",
	 FIELD(since)},
	{"until", 0, ARGS_VALUE, "WHEN", "up to then", FIELD(until)},
	{"op", 0, ARGS_VALUE, "i,u,d,c", "only inserts, updates, deletes, commands", FIELD(op)},
	{"bursts", 0, ARGS_FLAG, NULL, "one line for each run of alike operations", FIELD(bursts)},
};

/* What all forms of the verb work on. */
struct job {
	struct cmd_run *run;
	struct timeline *timeline;
	struct stream *stream;
	struct snapshot_list snapshots;
	struct log_span span;
	struct log_names names;
	struct log_print print;
	struct term_progress *progress;
	const char *series; /* the namespace, when it is a time series at one end of the time */
};

static void job_release(struct job *job)
{
	term_progress_end(job->progress);
	log_bursts_free(job->print.bursts);
	timeline_map_release(&job->print.map);
	log_out_release(&job->print.out);
	log_names_release(&job->names);
	snapshots_release(&job->snapshots);
	stream_close(job->stream);
	timeline_close(job->timeline);
}
DEFINE_OWNED_STRUCT(struct job, job_release);

/* What was asked for, and is not all there. */
static void note_clamped(const struct job *job)
{
	size_t count = stream_range_count(job->stream);
	uint64_t first = stream_range(job->stream, 0)->first.ts;
	uint64_t last = stream_range(job->stream, count - 1)->last.ts;
	const struct options *o = job->run->options;
	char when[TERM_TIME_LEN];

	if (job->run->globals.quiet)
		return;
	if ((o->since != NULL && job->span.begins_before_oplog) || job->span.to < first) {
		term_time(entry_seconds(first), false, when);
		fprintf(stderr, "yester: log: note: the oplog begins at %u.%u (%s)\n",
			entry_seconds(first), entry_increment(first), when);
	}
	if ((o->until != NULL && job->span.ends_after_oplog) || job->span.from > last) {
		term_time(entry_seconds(last), false, when);
		fprintf(stderr, "yester: log: note: the oplog ends at %u.%u (%s)\n",
			entry_seconds(last), entry_increment(last), when);
	}
}

static int open_job(struct job *job, struct store *store, struct error *e)
{
	struct cmd_run *run = job->run;
	const struct options *o = run->options;

	log_names_init(&job->names, run->words.count > 0 ? run->words.at[0] : NULL);
	job->print = (struct log_print){
		.out = {.to = stdout,
			.json = run->globals.json,
			.verbose = run->globals.verbose > 0,
			.local = cmd_shows_local_time()},
		.ops = LOG_OUT_DEFAULT,
		.housekeeping = run->globals.verbose > 0 || run->words.count > 0,
		.names = &job->names,
	};
	if (o->op != NULL && log_out_ops(o->op, &job->print.ops, e) < 0)
		return e->code;
	if (moment_at_timeline(run, store, &job->timeline, e) < 0 ||
	    timeline_stream(job->timeline, &job->stream, e) < 0 ||
	    timeline_snapshots(job->timeline, &job->snapshots, e) < 0 ||
	    log_span_read(job->stream, &job->snapshots, o->since, o->until, (uint64_t)time(NULL),
			  &job->span, e) < 0)
		return e->code;
	note_clamped(job);
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
	return 0;
}

/* The name, or NULL, when it is a time series: what happened to that is told of its buckets only. */
static const char *series_of(struct moment *moment, const char *ns)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct error ignored = {0};

	catalog_entry_init(&entry);
	return moment_find(moment, bytes_str(ns), NULL, &entry, &ignored) > 0 &&
			       entry.type == CATALOG_TIMESERIES
		       ? ns
		       : NULL;
}

/* It is gone by now, or a collection has the name at the other end. */
static void note_series(const struct job *job)
{
	const char *dot;

	if (job->series == NULL || job->run->globals.quiet)
		return;
	dot = strchr(job->series, '.');
	fprintf(stderr,
		"yester: log: note: %s is a time series for a part of that time: yester log "
		"%.*s.system.buckets%s\n",
		job->series, (int)(dot - job->series), job->series, dot);
}

/*
 * Learn which collection has the name at both ends of the time, where these can be reached: 1 it is there at
 * one of them; then only what is about it has to be read.
 */
static int learn(struct job *job, struct error *e)
{
	const uint64_t ends[] = {job->span.from, job->span.to};
	int learned = 0;

	if (!job->names.collection || job->span.from > job->span.to)
		return 0;
	for (int end = 0; end < 2; end++) {
		OWNED(moment_release) struct moment *moment = NULL;
		int found =
			log_versions_moment(job->timeline, ends[end], end == 0, NULL, &moment, e);

		if (found > 0)
			found = log_names_learn(&job->names, moment, e);
		else if (found == 0)
			continue;
		if (found < 0)
			return found;
		learned |= found;
		if (found > 0 && job->series == NULL)
			job->series = series_of(moment, job->run->words.at[0]);
		/* A collection without a UUID is found by its name only. */
		if (end == 0)
			job->names.known = found == 0 || job->names.uuids.len > 0;
	}
	return learned;
}

/* What has no documents has no operations either: they are on what it is made of. */
static int refuse_view(const struct catalog_entry *entry, struct error *e)
{
	struct bytes coll = catalog_entry_coll(entry);
	int db = (int)entry->db_len;

	if (entry->type == CATALOG_VIEW) {
		error_set(e, ERR_INVALID, "%s is a view: nothing happens in it", entry->ns);
		return error_hint(e, "yester log %.*s.system.views shows how views were changed",
				  db, entry->ns);
	}
	error_set(e, ERR_INVALID, "%s is a time series: what happens to it is in buckets",
		  entry->ns);
	return error_hint(e, "yester log %.*s.system.buckets.%.*s", db, entry->ns, (int)coll.len,
			  (const char *)coll.at);
}

/* Nothing was found of a name that is not there, or is no collection's: a slip, mostly. */
static int check_name(struct job *job, struct error *e)
{
	OWNED(moment_release) struct moment *moment = NULL;
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	const char *word = job->run->words.at[0];
	uint64_t first, end;
	int found = log_versions_moment(job->timeline, job->span.to, false, NULL, &moment, e);

	if (found <= 0)
		return found;
	catalog_entry_init(&entry);
	if (!cmd_is_ns(word))
		return cmd_find_db(moment, word, &first, &end, e);
	if (cmd_find_ns(moment, word, &entry, e) < 0)
		return e->code;
	return entry.type == CATALOG_VIEW || (entry.type == CATALOG_TIMESERIES && !entry.has_uuid)
		       ? refuse_view(&entry, e)
		       : 0;
}

/* Nothing was found: is the name to blame? `was_there`: a slip it is not. */
static int blame_name(struct job *job, bool was_there, struct error *e)
{
	struct error of_name = {0};

	if (check_name(job, &of_name) >= 0 || (was_there && of_name.code != ERR_INVALID))
		return 0;
	*e = of_name;
	return e->code;
}

static int log_operations(struct job *job, struct error *e)
{
	const struct options *o = job->run->options;
	struct log_sink sink = log_print_operations(&job->print);
	struct log_read_options read = {
		.stream = job->stream, .from = job->span.from, .to = job->span.to};
	int learned = learn(job, e);

	if (learned < 0 || log_names_read(&job->names, job->stream, read.from, read.to, e) < 0)
		return e->code;
	if (o->bursts) {
		if (timeline_map(job->timeline, &job->print.map, e) < 0)
			return e->code;
		job->print.bursts = log_bursts_new();
		job->progress = term_progress_begin(job->run->progress);
		read.progress = term_progress_get(job->progress);
	}
	read.filter = log_names_filter(&job->names);
	if (log_read(&read, &sink, e) < 0)
		return e->code;
	term_progress_end(TAKE(job->progress));
	if (!job->print.any && job->run->words.count > 0 &&
	    blame_name(job, learned > 0 || job->series != NULL, e) < 0)
		return e->code;
	note_series(job);
	return o->bursts ? log_print_bursts(&job->print, e) : 0;
}

static int log_versions(struct job *job, struct error *e)
{
	OWNED(buf_release) struct buf id = {0};
	struct log_versions_sink sink = log_print_versions(&job->print);
	struct log_versions_options o = {
		.timeline = job->timeline,
		.stream = job->stream,
		.span = job->span,
		.names = &job->names,
	};

	if (!job->names.collection)
		return cmd_usage_error(job->run, e, "\"%s\" is a database, not a collection",
				       job->run->words.at[0]);
	if (id_find_parse(job->run->words.at[1], &id, e) < 0)
		return e->code;
	o.id = buf_bytes(&id);
	if (log_versions_run(&o, &sink, e) < 0)
		return e->code;
	if (job->print.any)
		return 0;
	if (blame_name(job, true, e) < 0)
		return e->code;
	error_set(e, ERR_NOT_FOUND, "%s had no document with _id %s in that time",
		  job->run->words.at[0], job->run->words.at[1]);
	return error_hint(e, "an _id is typed as for --id: 5, '\"anna\"', "
			     "507f1f77bcf86cd799439011");
}

static int run_log(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(store_close) struct store *store = NULL;
	OWNED(job_release) struct job job = {.run = run};
	bool versions = run->words.count > 1;

	if (versions && o->bursts)
		return cmd_usage_error(run, e, "--bursts is not for one document");
	if (cmd_open_store(run, &store, e) < 0 || open_job(&job, store, e) < 0 ||
	    (versions ? log_versions(&job, e) : log_operations(&job, e)) < 0)
		return e->code;
	return job.print.missing > 0 ? EXIT_CODE_PARTIAL : EXIT_CODE_OK;
}

const struct cmd cmd_log = {
	.name = "log",
	.group = "Look",
	.synopsis = "-s STORE [NS [ID]] [--since WHEN] [--until WHEN] [--op i,u,d,c]\n"
		    "           [--bursts] [-v] [--json]",
	.summary = "show what happened: operations, versions of a document, mass changes",
	.about =
		"Each operation with its time, optime, namespace, _id and session (-v: with what "
		"it "
		"did).\n"
		"Transactions are shown as their operations, at their commit. NS is a database, or "
		"a\n"
		"collection, which is followed through renames. With an ID (typed as for --id): "
		"each\n"
		"version of that document. Both times are inclusive; after a snapshot's name comes "
		"what\n"
		"the snapshot does not have. The database config, where servers keep notes for "
		"themselves,\n"
		"is left out unless it is named, or with -v.\n"
		"\n"
		"--bursts shows runs: operations of one kind on one namespace by one session, "
		"without a\n"
		"pause of more than 10 seconds. The biggest deletions come first, then the biggest "
		"drops, then\n"
		"other commands (what changes something, then what makes something), then the "
		"rest; 20 of\n"
		"each sort, few of one namespace where there are others, all with -v. The --at "
		"behind each is\n"
		"the moment just before it: paste it, or cd to MNT/at/ and that. A dropDatabase "
		"begins with\n"
		"the drops of its collections. Where the pace of a run jumps it is cut: \"(4 "
		"before it,\n"
		"slower)\" are single operations before a mass, a run of their own in the list. "
		"Runs of several\n"
		"sessions at one time and one pace are one line: what a program did in ten "
		"threads, or an\n"
		"application does all day (\"10 runs\"; each on its own with -v).\n"
		"\n"
		"Exit code 3: the time that was asked for has a gap, or something in it can't be "
		"told.\n",
	.examples = "  yester log -s /backup/shop --bursts --since 2026-11-21T09:00:00+01:00\n"
		    "  yester log -s /backup/shop shop.orders --op d --since latest-1h\n"
		    "  yester log -s /backup/shop shop.orders 507f1f77bcf86cd799439011\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_max = 2,
	.run = run_log,
};
