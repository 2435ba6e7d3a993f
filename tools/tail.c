#include "tools/tail.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/snapshot/snapshots.h"
#include "store/store_stream.h"
#include "tools/checkpoint.h"
#include "tools/live_oplog.h"
#include "tools/live_same.h"
#include "tools/metrics.h"
#include "tools/tail_behind.h"
#include "tools/tail_fill.h"
#include "tools/tail_jobs.h"
#include "tools/tail_others.h"
#include "tools/tail_stream.h"

#define WAIT_MS 200	      /* for an entry */
#define FLUSH_BYTES (1 * MIB) /* of entries that are not durable yet, and */
#define FLUSH_MS 100	      /* how old the first of them may be */
#define BEHIND_MS 10000	      /* how long a member may take to reach what the stream has */
#define IDLE_MS 5000   /* what is not majority-committed by then is not waited for with --once */
#define BACKOFF_MS 100 /* the first pause before connecting again; then twice that, up to */
#define BACKOFF_MAX_MS 5000
#define LOOK_MS 100 /* how often what runs beside is looked after */

struct job {
	struct store *store;
	const struct tail_options *options;
	struct tail_result result;
	struct journal_writer *journal; /* NULL: none is open */
	bool left;			/* others are that could not be sealed yet */
	bool known;			/* the stream has a last entry that the next one follows: */
	struct entry_optime at;		/* its optime, */
	struct buf doc;			/* and its bytes */
	struct buf pending;		/* entries that are not durable yet */
	uint64_t pending_entries;	/* their number */
	size_t pending_last;		/* offset of the last one */
	struct entry_optime pending_at; /* its optime */
	uint64_t pending_since;		/* ms */
	bool last_lap;			/* end when `goal` is reached */
	uint64_t goal;
	uint64_t resume; /* behind a gap: the oldest entry there is */
	unsigned backoff;
	struct tail_jobs *jobs; /* NULL with `once` */
	struct metrics *metrics;
	struct tail_others others;
	struct tail_behind behind;
	uint64_t next_look; /* ms */
	char member[300];   /* "" when there is none */
	bool warned;	    /* of its version */
	bool filled;	    /* gaps of before were looked after */
	bool overrun;	    /* the last connection ended because what it read was cut off */
};

static void job_release(struct job *job)
{
	journal_close(job->journal);
	tail_jobs_end(job->jobs);
	metrics_end(job->metrics);
	tail_others_release(&job->others);
	buf_release(&job->doc);
	buf_release(&job->pending);
}
DEFINE_OWNED_STRUCT(struct job, job_release);

static bool cancelled(const struct job *job)
{
	const struct progress *p = job->options->progress;

	return progress_cancelled(p);
}

static void note(const struct job *job, const char *format, ...) PRINTF_LIKE(2, 3);
static void note(const struct job *job, const char *format, ...)
{
	char text[512];
	va_list args;

	if (job->options->note == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	job->options->note(job->options->note_ctx, text);
}

/* ---- what is in the stream */

/* The entries are durable as they are: where somebody else adds to the stream now it is done later. */
static int seal(struct job *job, struct error *e)
{
	uint64_t number = job->journal == NULL ? 0 : journal_written(job->journal)->number;

	/* It is there still, all of it: what was told as stored. */
	if (job->journal != NULL && journal_sync(job->journal, e) < 0)
		return e->code;
	journal_close(TAKE(job->journal));
	return tail_stream_seal(job->store, number, &job->left, &job->result.segments, e);
}

static int make_checkpoints(struct job *job, struct error *e)
{
	unsigned made = 0;
	int code = checkpoint_run(job->store, job->options->progress, &made, e);

	job->result.checkpoints += made;
	if (code == ERR_CANCELLED)
		return 0; /* the next one makes it */
	return code < 0 ? error_wrap(e, "the entries are stored; a checkpoint") : 0;
}

static int begin_journal(struct job *job, struct error *e)
{
	struct segment_link prev = {.known = job->known};

	if (job->known) {
		prev.at = job->at;
		prev.hash = store_id_of(job->store, buf_bytes(&job->doc));
	}
	if (stream_tail_begin(job->store, &prev, &job->journal, e) < 0)
		return e->code;
	tail_others_add(&job->others, journal_written(job->journal)->number);
	return 0;
}

/* Make durable what came; only then it counts. */
static int flush(struct job *job, struct error *e)
{
	const struct journal_info *info;

	if (job->pending.len == 0)
		return 0;
	if (job->journal == NULL && begin_journal(job, e) < 0)
		return e->code;
	if (journal_append(job->journal, buf_bytes(&job->pending), e) < 0 ||
	    journal_sync(job->journal, e) < 0)
		return e->code;
	info = journal_written(job->journal);
	job->result.bytes += job->pending.len;
	job->result.entries += job->pending_entries;
	job->pending_entries = 0;
	job->result.last = job->pending_at;
	job->known = true;
	job->at = job->pending_at;
	buf_reset(&job->doc);
	buf_add(&job->doc, job->pending.at + job->pending_last,
		job->pending.len - job->pending_last);
	buf_release(&job->pending); /* large entries made it large */
	if (info->entries < SEGMENT_MAX_ENTRIES && info->bytes < SEGMENT_MAX_BYTES)
		return 0;
	if (seal(job, e) < 0)
		return e->code;
	if (job->options->once)
		return make_checkpoints(job, e);
	tail_jobs_want_checkpoints(job->jobs);
	return 0;
}

static int take(struct job *job, struct bytes doc, const struct entry_optime *at, struct error *e)
{
	const struct progress *p = job->options->progress;

	if (job->pending.len == 0)
		job->pending_since = clock_ms();
	job->pending_last = job->pending.len;
	job->pending_at = *at;
	buf_add_bytes(&job->pending, doc);
	job->pending_entries++;
	if (job->result.first.ts == 0)
		job->result.first = *at;
	if (p != NULL && p->report != NULL)
		p->report(p->ctx, "following the oplog", job->result.bytes + job->pending.len, 0);
	if (job->pending.len < FLUSH_BYTES && clock_ms() - job->pending_since < FLUSH_MS)
		return 0;
	return flush(job, e);
}

/* ---- others */

/* For those who watch. */
static void tell(struct job *job, bool changed)
{
	struct status_tail tail = {
		.connected = job->member[0] != '\0',
		.last_ts = job->known ? job->at.ts : 0,
		.entries = job->result.entries,
		.reconnects = job->result.reconnects,
		.gap = job->result.has_gap,
	};

	if (job->jobs != NULL) {
		struct tail_jobs_counts counts = tail_jobs_counts(job->jobs);

		tail.snapshots = counts.snapshots + counts.backups;
		tail.failures = counts.failures;
	}
	memcpy(tail.member, job->member, sizeof(tail.member));
	metrics_tell(job->metrics, &tail, changed);
}

/* Whatever else there is to do, now and then. */
static int look_around(struct job *job, struct error *e)
{
	bool ended;

	if (clock_ms() < job->next_look)
		return 0;
	job->next_look = clock_ms() + LOOK_MS;
	ended = tail_jobs_look(job->jobs);
	tell(job, ended);
	return tail_others_check(&job->others, e);
}

/* ---- where to go on */

/* The first entry at or behind `from`: 1, or 0 when it was cancelled. */
static int first_entry(struct job *job, struct live_oplog *oplog, struct bytes *ret,
		       struct entry_optime *ret_at, struct error *e)
{
	uint64_t since = clock_ms();
	int found;

	while ((found = live_oplog_next(oplog, ret, ret_at, e)) == 0) {
		if (cancelled(job))
			return 0;
		if (clock_ms() - since > BEHIND_MS)
			return error_set(e, ERR_REMOTE,
					 "the member has not reached %u.%u, which the stream has",
					 entry_seconds(job->at.ts), entry_increment(job->at.ts));
	}
	return found;
}

static int refuse_other(const struct job *job, struct error *e)
{
	error_set(e, ERR_EXISTS,
		  "the member's oplog does not hold the entry %u.%u that the stream ends with: it "
		  "was rolled back, or this is another replica set",
		  entry_seconds(job->at.ts), entry_increment(job->at.ts));
	return error_hint(e, "nothing was changed; a store keeps one replica set, and a new store "
			     "can follow this one");
}

/* What follows the stream is gone: go on with the oldest entry there is, without a proof. */
static int step_over(struct job *job, struct live *live, uint64_t oldest, struct error *e)
{
	if (live_same_check(live, job->store, e) < 0 || seal(job, e) < 0)
		return e->code;
	/* The first one is told in the end; what is cut off while that is taken in makes another one. */
	if (!job->result.has_gap) {
		job->result.gap.first = job->at;
		job->result.gap.last = (struct entry_optime){.ts = oldest, .term = -1};
	}
	job->result.has_gap = true;
	job->resume = oldest;
	job->known = false;
	if (job->options->on_gap == TAIL_GAP_STOP) {
		job->last_lap = true;
		job->goal = live->top;
	} else if (job->jobs != NULL) {
		tail_jobs_want_backup(job->jobs);
	}
	tell(job, true);
	note(job,
	     "a gap: the member's oplog begins at %u.%u, the stream ends at %u.%u; what happened "
	     "in between is not stored",
	     entry_seconds(oldest), entry_increment(oldest), entry_seconds(job->at.ts),
	     entry_increment(job->at.ts));
	return 0;
}

/* Only this other member has what follows the stream. */
static void move(struct job *job, struct live **live, struct live *other)
{
	live_close(*live);
	*live = other;
	memcpy(job->member, other->member, sizeof(job->member));
}

/* A member has the stream's last entry: 1, *live is it, *ret stands behind. A gap was stepped over, or cancelled: 0. */
static int prove(struct job *job, struct live **live, struct live_oplog **ret, struct error *e)
{
	OWNED(live_oplog_close)
	struct live_oplog *oplog = live_oplog_open(*live, job->at.ts, WAIT_MS);
	struct entry_optime at;
	struct live *other;
	uint64_t oldest = 0;
	struct bytes doc;
	int found = first_entry(job, oplog, &doc, &at, e);

	if (found != 1)
		return found;
	if (at.ts == job->at.ts) {
		*ret = TAKE(oplog);
		return bytes_equal(doc, buf_bytes(&job->doc)) ? 1 : refuse_other(job, e);
	}
	if (live_oldest(*live, &oldest, e) < 0)
		return e->code;
	if (oldest <= job->at.ts)
		return refuse_other(job, e);
	if (live_open_reaching(*live, job->at.ts, 0, &other) == 0)
		return step_over(job, *live, oldest, e);
	note(job, "the oplog of %s begins behind %u.%u, that of %s does not", (*live)->member,
	     entry_seconds(job->at.ts), entry_increment(job->at.ts), other->member);
	live_oplog_close(TAKE(oplog));
	move(job, live, other);
	return prove(job, live, ret, e);
}

static int choose_begin(struct job *job, struct live *live, uint64_t *ret, struct error *e)
{
	int found;

	if (job->result.has_gap) {
		*ret = job->resume;
		return 0;
	}
	found = tail_stream_begin(job->store, live, ret, e);
	if (found < 0)
		return found;
	job->result.begun = true;
	job->result.needs_snapshot = found == 0;
	if (job->result.needs_snapshot)
		note(job,
		     "the stream begins at %u.%u, where no exact snapshot lies: moments can be "
		     "visited from the next one on",
		     entry_seconds(*ret), entry_increment(*ret));
	if (job->result.needs_snapshot && job->options->on_gap == TAIL_GAP_SNAPSHOT &&
	    job->jobs != NULL)
		tail_jobs_want_backup(job->jobs);
	return 0;
}

/* ---- following */

static uint64_t reached(const struct job *job)
{
	if (job->pending.len > 0)
		return job->pending_at.ts;
	return job->known ? job->at.ts : 0;
}

/* To the end: 0 when it is over; 1 when another member has more: *ret. What came is durable then. */
static int read_on(struct job *job, struct live *live, struct live_oplog *oplog, struct live **ret,
		   struct error *e)
{
	/* Milliseconds that the member was waited for. A checkpoint of our own may take longer. */
	uint64_t idle = 0;

	while (!cancelled(job)) {
		struct entry_optime at;
		struct bytes doc;
		uint64_t asked = clock_ms();
		int found = live_oplog_next(oplog, &doc, &at, e);

		if (found < 0)
			return found;
		idle = found == 1 ? 0 : idle + (clock_ms() - asked);
		if ((found == 1 ? take(job, doc, &at, e) : flush(job, e)) < 0)
			return e->code;
		if (look_around(job, e) < 0)
			return e->code;
		job->backoff = 0;
		if (!job->last_lap) {
			if (tail_behind_look(&job->behind, live, reached(job), ret) == 0)
				continue;
			return flush(job, e) < 0 ? e->code : 1;
		}
		if (reached(job) >= job->goal)
			break;
		if (idle > IDLE_MS) {
			note(job, "the member's last write, %u.%u, is not majority-committed yet",
			     entry_seconds(job->goal), entry_increment(job->goal));
			break;
		}
	}
	return flush(job, e);
}

/* What the member still has of what is missing: once, and before it is cut off. */
static int fill_gaps(struct job *job, struct live *live, struct error *e)
{
	struct tail_filled filled;
	int code;

	tell(job, true); /* it may take a while */
	code = tail_fill(job->store, live, job->options->progress, &filled, e);
	job->result.filled += filled.entries;
	if (filled.gaps > 0) {
		note(job, "filled %u gap%s, the last one from %u.%u to %u.%u: %" PRIu64 " entries",
		     filled.gaps, filled.gaps == 1 ? "" : "s", entry_seconds(filled.last.first.ts),
		     entry_increment(filled.last.first.ts), entry_seconds(filled.last.last.ts),
		     entry_increment(filled.last.last.ts), filled.entries);
		if (job->jobs != NULL)
			tail_jobs_want_checkpoints(job->jobs);
	}
	if (code == ERR_CANCELLED)
		return 0;
	if (code != ERR_BUSY && code != ERR_CORRUPT) {
		job->filled |= code == 0;
		return code;
	}
	note(job, "gaps can't be filled now: %s", e->text);
	job->filled = code == ERR_CORRUPT;
	return 0;
}

/* *live becomes another member where only that one has what follows: 1, to be followed anew; 0 it is over. */
static int follow_member(struct job *job, struct live **live, struct error *e)
{
	OWNED(live_oplog_close) struct live_oplog *oplog = NULL;
	struct live *other;
	uint64_t from = 0;
	int code;

	memcpy(job->result.set, (*live)->set, sizeof(job->result.set));
	memcpy(job->member, (*live)->member, sizeof(job->member));
	if (!job->last_lap) {
		job->last_lap = job->options->once;
		job->goal = (*live)->top;
	}
	if (job->known && !job->filled && fill_gaps(job, *live, e) < 0)
		return e->code;
	if (job->known) {
		int proven = prove(job, live, &oplog, e);

		if (proven < 0 || cancelled(job))
			return MIN_OF(proven, 0);
	}
	if (!job->known) {
		if (choose_begin(job, *live, &from, e) < 0)
			return e->code;
		oplog = live_oplog_open(*live, from, WAIT_MS);
	}
	note(job, "following %s at %s", (*live)->set, (*live)->member);
	code = read_on(job, *live, oplog, &other, e);
	if (code == 1) {
		note(job, "%s stays behind the primary", (*live)->member);
		live_oplog_close(TAKE(oplog));
		move(job, live, other);
	}
	return code;
}

static int check_version(struct job *job, const struct live *live, struct error *e)
{
	int untested = live_version_check(live->version, job->options->allow_untested, e);

	if (untested == 1 && !job->warned)
		note(job,
		     "warning: MongoDB %s could not be tested with this program: compare what it "
		     "stores ('yester verify')",
		     live->version);
	job->warned |= untested == 1;
	return untested < 0 ? untested : 0;
}

/* One connection's life. 0: it is over. */
static int follow(struct job *job, struct error *e)
{
	OWNED(live_close) struct live *live = NULL;
	int code;

	job->overrun = false;
	if (live_open(job->options->uri, &live, e) < 0 || check_version(job, live, e) < 0)
		return e->code;
	while ((code = follow_member(job, &live, e)) == 1)
		;
	job->overrun = live->overrun;
	job->member[0] = '\0';
	tell(job, false);
	return code;
}

static int pause_before_next(struct job *job, struct error *e)
{
	const struct timespec step = {.tv_nsec = 50000000};
	uint64_t until;

	job->backoff = job->backoff == 0 ? BACKOFF_MS : MIN_OF(job->backoff * 2, BACKOFF_MAX_MS);
	until = clock_ms() + job->backoff;
	while (clock_ms() < until && !cancelled(job)) {
		nanosleep(&step, NULL);
		if (look_around(job, e) < 0)
			return e->code;
	}
	return 0;
}

static int follow_on(struct job *job, struct error *e)
{
	int code;

	while ((code = follow(job, e)) < 0) {
		struct error later;

		/* What a cut left behind is told by the next look, also with --once; one after the other is none. */
		if (code != ERR_REMOTE ||
		    (job->options->once && (!job->overrun || job->backoff >= BACKOFF_MAX_MS)))
			return code;
		if (cancelled(job))
			return 0;
		/* What came is good: the next connection has to overlap with it. */
		if (flush(job, &later) < 0) {
			*e = later;
			return e->code;
		}
		note(job, "%s; connecting again", e->text);
		job->result.reconnects++;
		if (pause_before_next(job, e) < 0)
			return e->code;
		if (cancelled(job))
			return 0;
	}
	return code;
}

static int run(struct job *job, struct error *e)
{
	struct error later = {0};
	uint64_t left = 0;
	int code, found;

	job->left = true; /* by one that died, as far as is known */
	if (tail_stream_seal(job->store, 0, &job->left, &left, e) < 0)
		return error_wrap(e, "what was followed before");
	found = tail_stream_last(job->store, &job->at, &job->doc, e);
	job->known = found == 1;
	if (found < 0 || tail_others_begin(&job->others, job->store, e) < 0)
		return e->code;
	code = follow_on(job, e);
	/* On failure, too: what was acknowledged stays. */
	if (flush(job, &later) < 0 || seal(job, &later) < 0) {
		if (code >= 0)
			*e = later;
		return e->code;
	}
	if (code == 0 && job->options->once && !cancelled(job))
		code = make_checkpoints(job, e);
	tell(job, true);
	return code;
}

/* What runs beside; who looks once, and stops at a gap, needs none of it. */
static int begin(struct job *job, struct error *e)
{
	const struct tail_options *o = job->options;
	const struct metrics_options metrics = {
		.store = job->store, .file = o->metrics_file, .port = o->metrics_port};
	struct tail_jobs_options jobs = {.store = store_path(job->store),
					 .uri = mongoc_uri_get_string(o->uri->uri),
					 .secret = o->secret,
					 .every = o->every,
					 .allow_untested = o->allow_untested,
					 .note = o->note,
					 .note_ctx = o->note_ctx};

	uint64_t ignored;

	if (o->once && o->on_gap == TAIL_GAP_STOP && o->every == 0)
		return 0;
	if (tail_stream_snapshots(job->store, &ignored, &jobs.last, e) < 0 ||
	    (!o->once && metrics_start(&metrics, &job->metrics, e) < 0))
		return e->code;
	job->jobs = tail_jobs_new(&jobs);
	return 0;
}

int tail_run(struct store *store, const struct tail_options *options, struct tail_result *ret,
	     struct error *e)
{
	OWNED(job_release) struct job job = {.store = store, .options = options};
	int lock, code;

	if (store_stream_lock(store, STORE_STREAM_TAIL, &lock, e) < 0) {
		if (e->code == ERR_BUSY)
			error_set(e, ERR_BUSY, "another process follows the oplog into this store");
		return e->code;
	}
	code = begin(&job, e);
	if (code == 0)
		code = run(&job, e);
	close(lock);
	if (code == 0)
		tail_jobs_wait(options->once ? job.jobs : NULL, options->progress);
	if (job.jobs != NULL) {
		job.result.snapshots = tail_jobs_counts(job.jobs).snapshots;
		job.result.backups = tail_jobs_counts(job.jobs).backups;
	}
	*ret = job.result;
	return code;
}
