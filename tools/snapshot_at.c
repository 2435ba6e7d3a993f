#include "tools/snapshot_at.h"

#include <inttypes.h>
#include <time.h>

#include "base/clock.h"
#include "oplog/replay.h"
#include "store/snapshot/commit.h"
#include "tools/term.h"

#define STOPS_SHOWN 5
/* With it a replay takes about 200 MiB. */
#define SORT_MEMORY (96 * MIB)

struct job {
	struct store *store;
	const struct timeline_point *point;
	const struct snapshot_at_options *options;
	struct snapshot_list list;
	struct stream *stream;
	struct stream_cursor *cursor;
	struct store_writer *writer;
};

static void job_release(struct job *job)
{
	store_writer_end(job->writer);
	stream_cursor_free(job->cursor);
	stream_close(job->stream);
	snapshots_release(&job->list);
}
DEFINE_OWNED_STRUCT(struct job, job_release);

void snapshot_at_release(struct snapshot_at_result *result)
{
	snapshot_release(&result->snapshot);
}

static uint64_t ts_of(struct optime optime)
{
	return entry_ts(optime.seconds, optime.increment);
}

static int next_entry(void *ctx, struct bytes *ret, struct error *e)
{
	return stream_cursor_next(((struct job *)ctx)->cursor, ret, e);
}

/* The base, and that the name is free: before any work. */
static int check(struct job *job, const struct snapshot **ret_base, struct error *e)
{
	const char *name = job->options->name;
	size_t skipped;

	if (snapshots_read(job->store, &job->list, &skipped, e) < 0 ||
	    (name != NULL && commit_check_name(&job->list, name, e) < 0))
		return e->code;
	*ret_base = NULL;
	for (size_t i = 0; i < job->list.count; i++) {
		const struct snapshot *s = &job->list.at[i];

		if (chunk_id_equal(&s->id, &job->point->base))
			*ret_base = s;
	}
	if (*ret_base == NULL)
		return error_set(e, ERR_NOT_FOUND, "the snapshot that %s leads from is gone",
				 job->point->name);
	if ((*ret_base)->exact)
		return 0;
	error_set(e, ERR_REFUSED, "%s is of no exact moment: nothing can follow from it",
		  (*ret_base)->name);
	return error_hint(e, "a mongodump with --oplog is exact");
}

/* ERR_REFUSED when namespaces could not be followed: the snapshot would not be whole. */
static int refuse_stops(const struct replay_result *result, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	if (result->stop_count == 0)
		return 0;
	for (size_t i = 0; i < result->stop_count && i < STOPS_SHOWN; i++) {
		const struct replay_stop *stop = &result->stops[i];

		buf_add_str(&text, i > 0 ? "; " : "");
		term_escape(bytes_str(stop->ns), &text);
		buf_printf(&text, " at %" PRIu32 ".%" PRIu32 ": %s", entry_seconds(stop->ts),
			   entry_increment(stop->ts), stop->why);
	}
	if (result->stop_count > STOPS_SHOWN)
		buf_printf(&text, "; and %zu more", result->stop_count - STOPS_SHOWN);
	error_set(e, ERR_REFUSED,
		  "the snapshot would not be whole, so none was made: %zu namespace%s can't be "
		  "followed to there: %s",
		  result->stop_count, result->stop_count == 1 ? "" : "s", buf_text(&text));
	return error_hint(e, "a new mongodump with --oplog begins anew");
}

static int replay(struct job *job, const struct snapshot *base, struct replay_result *ret,
		  struct error *e)
{
	uint64_t at = ts_of(base->optime), needed = ts_of(base->needed_from);
	struct replay_options options = {
		.base = base,
		.from = at,
		.to = job->point->ts,
		.source = {next_entry, job},
		.memory = SORT_MEMORY,
		.progress = job->options->progress,
	};

	job->cursor = stream_cursor_new(job->stream, NULL);
	if (stream_cursor_seek(job->cursor, needed != 0 ? needed : at, e) < 0 ||
	    store_writer_begin(job->store, &job->writer, e) < 0)
		return e->code;
	options.writer = job->writer;
	return replay_run(&options, ret, e);
}

/* What the replay does not know of the snapshot. */
static void describe(const struct job *job, struct snapshot *s)
{
	const struct snapshot_at_options *o = job->options;

	s->name = o->name == NULL ? NULL : xstrdup(o->name);
	s->tag = o->tag == NULL ? NULL : xstrdup(o->tag);
	s->checkpoint = o->checkpoint;
	s->source = xstrdup("replay");
	s->tool = xstrdup("yester " YESTER_VERSION);
	s->created_us = clock_wall_us();
	if (job->point
		    ->is_second) /* nothing happened between its last operation and that second's end */
		s->time = entry_seconds(job->point->ts);
}

/* One in the list that has the last operation of `s`, and its time; or NULL. */
static const struct snapshot *shown_by(const struct snapshot_list *list, const struct snapshot *s)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct snapshot *have = &list->at[i];

		if (have->exact && !have->checkpoint && !s->checkpoint && have->time == s->time &&
		    tree_root_equal(&have->catalog, &s->catalog) &&
		    ts_of(have->optime) == ts_of(s->optime))
			return have;
	}
	return NULL;
}

int snapshot_at_make(struct store *store, struct timeline *timeline,
		     const struct timeline_point *point, const struct snapshot_at_options *options,
		     struct snapshot_at_result *ret, struct error *e)
{
	OWNED(job_release)
	struct job job = {.store = store, .point = point, .options = options};
	OWNED(replay_result_release) struct replay_result result = {0};
	uint64_t started = clock_ms();
	const struct snapshot *base = NULL, *shown;

	if (check(&job, &base, e) < 0)
		return e->code;
	if (point->is_snapshot && !base->checkpoint && options->name == NULL) {
		*ret = (struct snapshot_at_result){0};
		snapshot_copy(base, &ret->snapshot);
		return 0;
	}
	if (timeline_stream(timeline, &job.stream, e) < 0 || replay(&job, base, &result, e) < 0 ||
	    refuse_stops(&result, e) < 0)
		return e->code;
	describe(&job, &result.snapshot);
	shown = options->name == NULL ? shown_by(&job.list, &result.snapshot) : NULL;
	if (shown != NULL) { /* a time at which nothing happened: only the replay could tell */
		*ret = (struct snapshot_at_result){0};
		snapshot_copy(shown, &ret->snapshot);
		return 0;
	}
	if (commit_snapshot(job.writer, &result.snapshot, e) < 0)
		return e->code;
	*ret = (struct snapshot_at_result){.snapshot = result.snapshot,
					   .entries = result.entries,
					   .operations = result.operations};
	result.snapshot = (struct snapshot){0};
	store_writer_counts(job.writer, &ret->counts);
	ret->milliseconds = clock_ms() - started;
	return 1;
}
