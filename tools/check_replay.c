#include "tools/check_replay.h"

#include <inttypes.h>

#include "oplog/moment.h"
#include "oplog/replay.h"
#include "store/snapshot/catalog_normal.h"
#include "tools/term.h"

struct job {
	struct store *store, *cache;
	struct snapshot_list list;
	struct stream *stream;
	const struct progress *progress;
	check_problem problem;
	void *ctx;
	struct check_replay_result result;
};

static void job_release(struct job *job)
{
	snapshots_release(&job->list);
	stream_close(job->stream);
	store_close(job->cache);
}
DEFINE_OWNED_STRUCT(struct job, job_release);

static uint64_t ts_of(struct optime optime)
{
	return entry_ts(optime.seconds, optime.increment);
}

static bool is_full(const struct snapshot *s)
{
	return s->exact && !s->partial && s->optime.seconds > 0;
}

static int report(struct job *job, const struct snapshot *s, const char *ns, const char *what)
{
	OWNED(buf_release) struct buf shown = {0};
	OWNED(free) char *text = NULL;

	if (ns != NULL)
		term_escape(bytes_str(ns), &shown);
	text = xprintf("snapshot %s%s%s: %s", s->name, ns == NULL ? "" : ", ",
		       ns == NULL ? "" : buf_text(&shown), what);
	job->result.problems++;
	job->problem(job->ctx, text);
	return 0;
}

static int next_entry(void *ctx, struct bytes *ret, struct error *e)
{
	return stream_cursor_next(ctx, ret, e);
}

/* What mongodump leaves out is in a replay's catalog, and not in a dump's. */
static bool is_never_dumped(const char *ns)
{
	const char *coll = strchr(ns, '.');

	return strncmp(ns, "config.", 7) == 0 || strncmp(ns, "local.", 6) == 0 ||
	       (coll != NULL && strncmp(coll, ".system.", 8) == 0);
}

static int compare_one(struct job *job, const struct snapshot *s, struct moment *replayed,
		       const struct catalog_entry *there, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry made = {0};
	int found = moment_find(replayed, bytes_of(there->ns, there->ns_len), NULL, &made, e);

	if (found < 0)
		return found;
	if (found == 0)
		return is_never_dumped(there->ns)
			       ? 0
			       : report(job, s, there->ns, "the oplog does not lead to it");
	job->result.collections++;
	if (!tree_root_equal(&there->root, &made.root)) {
		OWNED(free)
		char *what = xprintf("%" PRIu64 " documents, the oplog leads to %" PRIu64 " others",
				     there->root.count, made.root.count);

		return report(job, s, there->ns, what);
	}
	found = catalog_normal_same(there, &made, e);
	if (found < 0)
		return found;
	return found == 1 ? 0
			  : report(job, s, there->ns,
				   "options or indexes are not those that the oplog leads to");
}

/* What is in one of them only. */
static int find_surplus(struct job *job, const struct snapshot *s, struct moment *taken,
			const struct catalog_entry *made, struct error *e)
{
	int found = moment_find(taken, bytes_of(made->ns, made->ns_len), NULL, NULL, e);

	if (found != 0 || is_never_dumped(made->ns))
		return found < 0 ? found : 0;
	return report(job, s, made->ns, "it is not there, and the oplog leads to it");
}

static int compare(struct job *job, const struct snapshot *s, struct moment *taken,
		   struct moment *replayed, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	int found;

	for (uint64_t rank = 0; (found = moment_entry(taken, rank, &entry, e)) == 1; rank++)
		if (compare_one(job, s, replayed, &entry, e) < 0)
			return e->code;
	if (found < 0)
		return found;
	for (uint64_t rank = 0; (found = moment_entry(replayed, rank, &entry, e)) == 1; rank++)
		if (find_surplus(job, s, taken, &entry, e) < 0)
			return e->code;
	return found;
}

/* Replay from `base` to `s` in the cache, where nothing of it becomes a moment. */
static int replay(struct job *job, const struct snapshot *base, const struct snapshot *s,
		  struct error *e)
{
	OWNED(stream_cursor_free)
	struct stream_cursor *cursor = stream_cursor_new(job->stream, NULL);
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(replay_result_release) struct replay_result result = {0};
	OWNED(moment_release) struct moment *taken = NULL;
	OWNED(moment_release) struct moment *replayed = NULL;
	struct replay_options options = {
		.base = base,
		.base_store = job->store,
		.from = ts_of(base->optime),
		.to = ts_of(s->optime),
		.source = {next_entry, cursor},
		.progress = job->progress,
	};
	uint64_t needed = ts_of(base->needed_from);
	struct store_writer_counts counts;

	if (stream_cursor_seek(cursor, needed != 0 ? needed : options.from, e) < 0 ||
	    store_writer_begin(job->cache, &writer, e) < 0)
		return e->code;
	options.writer = writer;
	if (replay_run(&options, &result, e) < 0 || store_writer_flush(writer, e) < 0)
		return e->code;
	store_writer_counts(writer, &counts);
	store_cache_grew(job->cache, counts.stored_bytes);
	job->result.entries += result.entries;
	for (size_t i = 0; i < result.stop_count; i++)
		report(job, s, result.stops[i].ns, result.stops[i].why);
	if (result.snapshot.name == NULL)
		result.snapshot.name = xstrdup(s->name);
	if (moment_open(job->store, s, &taken, e) < 0 ||
	    moment_open(job->cache, &result.snapshot, &replayed, e) < 0)
		return e->code;
	return compare(job, s, taken, replayed, e);
}

/* What the replays before left in the cache nobody needs. */
static int replay_alone(struct job *job, const struct snapshot *base, const struct snapshot *s,
			struct error *e)
{
	struct error ignored;
	int code;

	(void)(store_cache_trim(job->cache, 0, &ignored) < 0);
	if (store_cache_begin_visit(job->cache, e) < 0)
		return e->code;
	code = replay(job, base, s, e);
	store_cache_end_visit(job->cache);
	return code;
}

/* The full snapshot before number `i` that the same range of the oplog leads from; NULL: none. */
static const struct snapshot *find_base(const struct job *job, size_t i)
{
	uint64_t ts = ts_of(job->list.at[i].optime);
	const struct stream_range *range = stream_range_at(job->stream, ts);
	const struct snapshot *found = NULL;

	for (size_t k = 0; k < job->list.count; k++) {
		const struct snapshot *s = &job->list.at[k];
		uint64_t begins =
			ts_of(s->needed_from) != 0 ? ts_of(s->needed_from) : ts_of(s->optime);

		if (is_full(s) && ts_of(s->optime) < ts && range != NULL &&
		    begins >= range->first.ts &&
		    (found == NULL || ts_of(s->optime) > ts_of(found->optime)))
			found = s;
	}
	return found;
}

int check_replay_run(struct store *store, uint64_t most, const struct progress *progress,
		     check_problem problem, void *ctx, struct check_replay_result *ret,
		     struct error *e)
{
	OWNED(job_release)
	struct job job = {.store = store, .progress = progress, .problem = problem, .ctx = ctx};
	size_t skipped;

	if (snapshots_read(store, &job.list, &skipped, e) < 0 ||
	    stream_open(store, &job.stream, NULL, e) < 0 ||
	    store_open_cache(store, &job.cache, e) < 0)
		return e->code;
	for (size_t i = job.list.count; i-- > 0 && job.result.snapshots < most;) {
		const struct snapshot *s = &job.list.at[i];
		const struct snapshot *base = is_full(s) ? find_base(&job, i) : NULL;

		if (base == NULL) {
			job.result.without++;
			continue;
		}
		if (replay_alone(&job, base, s, e) < 0) {
			if (e->code == ERR_CANCELLED || e->code == ERR_IO || e->code == ERR_NOMEM)
				return e->code;
			report(&job, s, NULL, e->text);
		}
		job.result.snapshots++;
	}
	*ret = job.result;
	return 0;
}
