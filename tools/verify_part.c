#include "tools/verify_part.h"

#include <stdlib.h>
#include <time.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "base/buckets.h"
#include "base/clock.h"
#include "base/key.h"
#include "tools/verify_compare.h"

#define RANGE_BYTES (16 * MIB)
#define FRESH_SECONDS                                                                              \
	60 /* after which another moment is taken; members keep 300 seconds by default */
#define REACH_SECONDS 5
#define PAUSE_NS 50000000L
#define LOOKS 256 /* documents that are looked at again at once */

struct part {
	struct verify_job *job;
	struct catalog_entry entry;
	char *db;
	const char *coll;
	bool history;	 /* read as it was at the moment's time */
	bool ordered;	 /* an index gives it in the order of our tree */
	int answer;	 /* of a read that could not be: an enum verify_live_answer; 0: none */
	uint64_t opened; /* seconds: when the moment was taken */
	uint64_t documents, bytes;  /* of the range */
	struct restore_notes notes; /* of the range */
	struct buf
		suspects; /* documents {_id}: they differ, but were not read at the moment's time */
	size_t suspect_count;
	struct buf low; /* {_id}: where the range begins; empty: at the begin */
};

static void part_release(struct part *part)
{
	catalog_entry_release(&part->entry);
	restore_notes_release(&part->notes);
	free(part->db);
	buf_release(&part->suspects);
	buf_release(&part->low);
}
DEFINE_OWNED_STRUCT(struct part, part_release);

/* ---- moments */

void verify_job_release(struct verify_job *job)
{
	moment_release(job->moment);
	verify_live_end(&job->from);
}

int verify_job_open(struct verify_job *job, const char *when, struct error *e)
{
	struct timeline_point point;
	struct moment *moment = NULL;
	const struct snapshot *snapshot;

	if (timeline_refresh(job->timeline, e) < 0 ||
	    timeline_find(job->timeline, when, (uint64_t)time(NULL), &point, e) < 0)
		return e->code;
	if (job->moment != NULL && !point.is_snapshot && point.ts == job->ts)
		return 0;
	if (timeline_moment(job->timeline, &point, job->options->progress, &moment, e) < 0)
		return e->code;
	moment_release(job->moment);
	job->moment = moment;
	job->point = point;
	job->ts = point.ts;
	snapshot = moment_snapshot(moment);
	if (point.is_snapshot)
		job->ts = snapshot->exact
				  ? entry_ts(snapshot->optime.seconds, snapshot->optime.increment)
				  : 0;
	return 0;
}

static int check_cancelled(struct verify_job *job, struct error *e)
{
	const struct progress *p = job->options->progress;

	if (progress_cancelled(p))
		return error_set(e, ERR_CANCELLED, "interrupted");
	return 0;
}

int verify_job_reach(struct verify_job *job, uint64_t ts, struct error *e)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	uint64_t until = clock_ms() / 1000 + REACH_SECONDS;

	struct timeline_point point;
	bool reached = false;

	while (!reached) {
		if (timeline_refresh(job->timeline, e) < 0 ||
		    timeline_find(job->timeline, "latest", (uint64_t)time(NULL), &point, e) < 0 ||
		    check_cancelled(job, e) < 0)
			return e->code;
		reached = point.ts >= ts || (point.is_snapshot && job->ts >= ts);
		if (clock_ms() / 1000 >= until || job->alone)
			break;
		if (!reached)
			nanosleep(&pause, NULL);
	}
	job->alone |= !reached; /* nobody follows the oplog: do not wait again */
	if (verify_job_open(job, "latest", e) < 0)
		return e->code;
	return job->ts >= ts;
}

/* ---- one range */

static int suspect(struct part *part, struct bytes doc, struct error *e)
{
	struct bson_field id;
	size_t begin;
	int found = bson_find(doc, "_id", &id, e);

	if (found <= 0)
		return found;
	begin = bson_build_begin(&part->suspects);
	bson_build_value(&part->suspects, "_id", id.type, id.value);
	bson_build_end(&part->suspects, begin);
	part->suspect_count++;
	return 0;
}

static int differs(void *ctx, struct bytes ours, struct bytes theirs, struct error *e)
{
	struct part *part = ctx;
	struct bytes doc = ours.len == 0 ? theirs : ours;

	if (!part->history && part->entry.root.kind == TREE_KEYED &&
	    part->suspects.len < RANGE_BYTES)
		return suspect(part, doc, e);
	restore_notes_document(&part->notes,
			       ours.len == 0	 ? RESTORE_NOTE_EXTRA
			       : theirs.len == 0 ? RESTORE_NOTE_MISSING
						 : RESTORE_NOTE_DIFFERS,
			       part->entry.ns, doc, bytes_str(""));
	return 0;
}

static int failed(void *ctx, const bson_error_t *why, struct error *e)
{
	struct part *part = ctx;
	int answer = verify_live_judge(&part->job->from, why, part->entry.ns, e);

	if (answer < 0)
		return answer;
	part->answer = answer;
	return error_set(e, ERR_BUSY, "%s can't be read at that time", part->entry.ns);
}

static int step(void *ctx, uint64_t bytes, struct error *e)
{
	struct part *part = ctx;
	const struct progress *p = part->job->options->progress;

	part->documents++;
	part->bytes += bytes;
	if (p == NULL)
		return 0;
	p->report(p->ctx, "comparing", part->job->result->bytes + part->bytes,
		  moment_snapshot(part->job->moment)->bytes);
	return check_cancelled(part->job, e);
}

/* The _id of the document at a rank, as {_id}. */
static int id_at(struct part *part, uint64_t rank, struct buf *ret, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor =
		tree_cursor_new(moment_store(part->job->moment), &part->entry.root);
	struct bson_field id;
	size_t begin;
	int found = verify_compare_id_at(cursor, rank, &id, e);

	if (found <= 0)
		return found;
	begin = bson_build_begin(ret);
	bson_build_value(ret, "_id", id.type, id.value);
	bson_build_end(ret, begin);
	return 1;
}

/* Where the range begins in this moment's tree. */
static int rank_of_low(struct part *part, uint64_t *ret, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor =
		tree_cursor_new(moment_store(part->job->moment), &part->entry.root);
	OWNED(buf_release) struct buf key = {0};

	*ret = 0;
	if (part->low.len == 0)
		return 0;
	if (key_of_document(buf_bytes(&part->low), &key, e) < 0 ||
	    tree_cursor_seek_key(cursor, buf_bytes(&key), e) < 0)
		return e->code;
	*ret = tree_cursor_rank(cursor);
	return 0;
}

static void write_bounds(const struct part *part, const struct buf *high, struct buf *ret)
{
	size_t hint = bson_build_open(ret, "hint");

	if (part->ordered)
		bson_build_int32(ret, "_id", 1);
	else
		bson_build_int32(ret, "$natural", 1);
	bson_build_end(ret, hint);
	if (part->low.len > 0)
		bson_build_value(ret, "min", BSON_KIND_DOCUMENT, buf_bytes(&part->low));
	if (high->len > 0)
		bson_build_value(ret, "max", BSON_KIND_DOCUMENT, buf_bytes(high));
}

/* Compare ranks [first, first + count), below `high` when that is not empty. 1; 0 part->answer says why not. */
static int compare_range(struct part *part, uint64_t first, uint64_t count, const struct buf *high,
			 struct error *e)
{
	const struct verify_compare_sink sink = {
		.ctx = part, .differs = differs, .failed = failed, .step = step};
	const struct verify_compare_part range = {moment_store(part->job->moment),
						  &part->entry.root, first, count};
	OWNED(buf_release) struct buf fields = {0};
	size_t suspects = part->suspects.len, suspect_count = part->suspect_count;
	mongoc_cursor_t *cursor = NULL;
	int code;

	restore_notes_forget(&part->notes);
	part->documents = part->bytes = 0;
	part->answer = 0;
	write_bounds(part, high, &fields);
	code = verify_live_open(&part->job->from, part->db, part->coll, buf_bytes(&fields),
				part->history ? part->job->ts : 0, &cursor, e);
	if (code != VERIFY_LIVE_OK) {
		part->answer = code;
		return code < 0 ? code : 0;
	}
	code = part->entry.root.kind == TREE_RANKED
		       ? verify_compare_natural(&range, cursor, &sink, e)
		       : verify_compare_keyed(&range, cursor, !part->ordered,
					      part->job->options->tmp_dir, &sink, e);
	mongoc_cursor_destroy(cursor);
	if (code >= 0)
		return 1;
	if (part->answer == 0)
		return code;
	part->suspects.len = suspects;
	part->suspect_count = suspect_count;
	return 0;
}

/* ---- one collection */

static bool has_option(const struct part *part, const char *name)
{
	struct error ignored = {0};
	struct bson_field field;

	return bson_find(buf_bytes(&part->entry.options), name, &field, &ignored) > 0;
}

/* Take the collection from the job's moment: 1; 0 it is not in that one. */
static int take_entry(struct part *part, const char *ns, struct error *e)
{
	int found = moment_find(part->job->moment, bytes_str(ns), NULL, &part->entry, e);

	if (found <= 0)
		return found;
	if (moment_resolve(part->job->moment, &part->entry, e) < 0)
		return e->code;
	part->opened = clock_ms() / 1000;
	return 1;
}

/* A newer moment: 1; 0 there is none. */
static int take_newer(struct part *part, const char *ns, struct error *e)
{
	uint64_t before = part->job->ts;
	int found;

	if (verify_job_open(part->job, "latest", e) < 0)
		return e->code;
	if (part->job->ts == before)
		return 0;
	found = take_entry(part, ns, e);
	return found < 0 ? found : 1;
}

/* The member has no history of that time any more, or not of this collection. 0: go on; 1: it can't be compared. */
static int look_otherwise(struct part *part, const char *ns, struct error *e)
{
	int newer;

	if (part->answer == VERIFY_LIVE_UNAVAILABLE) {
		if (!part->history)
			return error_set(e, ERR_REMOTE, "%s can't be read", ns);
		part->history = false;
		return part->job->fixed; /* what it is now says nothing of then */
	}
	newer = part->job->fixed ? 0 : take_newer(part, ns, e);
	if (newer != 0)
		return MIN_OF(newer, 0);
	error_set(e, ERR_NO_TIME, "%s no longer knows what it had at %s",
		  part->job->from.live->member, part->job->point.name);
	return error_hint(e, "a member keeps minTimeSnapshotHistoryWindowInSeconds, 5 minutes by "
			     "default; 'yester tail' keeps the store nearer");
}

/*
 * A member before 7.0 shows what was dropped or renamed since as if it had never been there, however early the time that is
 * asked for; so what lacks there can't be told from it. 1, 0, ERR_REMOTE.
 */
static int is_gone(struct part *part, struct error *e)
{
	int there;

	if (!part->job->fixed || restore_notes_mismatches(&part->notes) == 0 ||
	    !part->entry.has_uuid)
		return 0;
	there = live_list_has(part->job->from.live, part->db, part->coll, part->entry.uuid, e);
	return there < 0 ? there : there == 0;
}

static void account(struct part *part)
{
	struct verify_result *r = part->job->result;

	r->documents += part->documents;
	r->bytes += part->bytes;
	restore_notes_move(&r->notes, &part->notes);
}

/* All ranges, each with a moment that is fresh. */
static int compare_all(struct part *part, const char *ns, struct error *e)
{
	for (;;) {
		OWNED(buf_release) struct buf high = {0};
		uint64_t first, count, mean, end;
		int code, in_parts = 0;
		bool compared;

		if (!part->job->fixed &&
		    (!part->history || clock_ms() / 1000 - part->opened > FRESH_SECONDS) &&
		    take_newer(part, ns, e) < 0)
			return e->code;
		if (rank_of_low(part, &first, e) < 0)
			return e->code;
		mean = part->entry.root.bytes / MAX_OF(part->entry.root.count, (uint64_t)1) + 1;
		if (part->ordered)
			in_parts = verify_compare_has_parts(moment_store(part->job->moment),
							    &part->entry.root, e);
		if (in_parts < 0)
			return in_parts;
		end = in_parts > 0 ? first + MAX_OF(RANGE_BYTES / mean, (uint64_t)1) : UINT64_MAX;
		if (end < part->entry.root.count && id_at(part, end, &high, e) < 0)
			return e->code;
		count = MIN_OF(end, part->entry.root.count) - first;
		code = compare_range(part, first, count, &high, e);
		compared = code > 0;
		if (code >= 0)
			code = compared ? is_gone(part, e) : look_otherwise(part, ns, e);
		if (code < 0)
			return code;
		if (code > 0) {
			part->job->result->skipped++;
			return 0;
		}
		if (!compared)
			continue;
		account(part);
		if (high.len == 0)
			return 0;
		buf_reset(&part->low);
		buf_add_bytes(&part->low, buf_bytes(&high));
	}
}

/* ---- documents that were not read at the moment's time */

/* One that is looked at again. */
struct look {
	struct bytes id;   /* in part->suspects */
	struct buf theirs; /* as the member has it now */
	bool found;	   /* has it? */
	bool same;
	enum restore_note_kind kind;
};

struct looks {
	struct look at[LOOKS];
	size_t count;
};

static void looks_release(struct looks *looks)
{
	for (size_t i = 0; i < LOOKS; i++)
		buf_release(&looks->at[i].theirs);
}
DEFINE_OWNED_STRUCT(struct looks, looks_release);

/* Do both have the same now? */
static int compare_one(struct part *part, const struct catalog_entry *entry, struct look *look,
		       struct error *e)
{
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf ours = {0};
	int have;

	if (key_of_document(look->id, &key, e) < 0)
		return e->code;
	have = entry == NULL ? 0
			     : moment_document(part->job->moment, entry, buf_bytes(&key), &ours, e);
	if (have < 0)
		return have;
	look->kind = have == 0	   ? RESTORE_NOTE_EXTRA
		     : look->found ? RESTORE_NOTE_DIFFERS
				   : RESTORE_NOTE_MISSING;
	look->same =
		have == 0 ? !look->found
			  : look->found && bytes_equal(buf_bytes(&ours), buf_bytes(&look->theirs));
	return 0;
}

/* Read them all on the member, then have the store reach that time, then compare. */
static int look_once(struct part *part, struct looks *looks, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct verify_job *job = part->job;
	int found;

	for (size_t i = 0; i < looks->count; i++) {
		struct look *look = &looks->at[i];

		if (look->same)
			continue;
		buf_reset(&look->theirs);
		found = verify_live_document(&job->from, part->db, part->coll, look->id,
					     &look->theirs, e);
		if (found < 0 || check_cancelled(job, e) < 0)
			return e->code;
		look->found = found > 0;
	}
	if (!job->fixed && (live_refresh(job->from.live, e) < 0 ||
			    verify_job_reach(job, job->from.live->top, e) < 0))
		return e->code;
	found = moment_find(job->moment, bytes_of(part->entry.ns, part->entry.ns_len), NULL, &entry,
			    e);
	for (size_t i = 0; found >= 0 && i < looks->count; i++)
		if (!looks->at[i].same &&
		    compare_one(part, found > 0 ? &entry : NULL, &looks->at[i], e) < 0)
			return e->code;
	return MIN_OF(found, 0);
}

static bool all_same(const struct looks *looks)
{
	for (size_t i = 0; i < looks->count; i++)
		if (!looks->at[i].same)
			return false;
	return true;
}

/* Look at some on both sides, until they do not differ or have too often. */
static int settle(struct part *part, struct looks *looks, struct error *e)
{
	for (int round = 0; round < VERIFY_ROUNDS && !all_same(looks); round++) {
		if (look_once(part, looks, e) < 0)
			return e->code;
		if (part->job->alone || part->job->fixed) /* nothing will be different */
			break;
	}
	for (size_t i = 0; i < looks->count; i++)
		if (!looks->at[i].same)
			restore_notes_document(&part->job->result->notes, looks->at[i].kind,
					       part->entry.ns, looks->at[i].id, bytes_str(""));
	looks->count = 0;
	return 0;
}

static int settle_all(struct part *part, struct error *e)
{
	OWNED(looks_release) struct looks looks = {0};
	struct bytes rest = buf_bytes(&part->suspects);
	int64_t len = 0;

	while (rest.len > 0 && (len = bson_next(rest, BSON_MAX_LEN, e)) > 0) {
		struct look *look = &looks.at[looks.count++];

		look->id = bytes_of(rest.at, (size_t)len);
		look->same = false;
		look->kind = RESTORE_NOTE_DIFFERS;
		rest = bytes_of(rest.at + len, rest.len - (size_t)len);
		if ((looks.count == LOOKS || rest.len == 0) && settle(part, &looks, e) < 0)
			return e->code;
	}
	return len < 0 ? (int)len : 0;
}

/* Natural order is compared as a whole, again and again while others write. */
static int compare_natural(struct part *part, const char *ns, struct error *e)
{
	const struct buf none = {0};

	part->history = false;
	for (int round = 0;; round++) {
		int code = compare_range(part, 0, part->entry.root.count, &none, e);

		if (code < 0)
			return code;
		if (code == 0)
			return error_set(e, ERR_REMOTE, "%s can't be read", ns);
		if (restore_notes_mismatches(&part->notes) == 0 || part->job->fixed ||
		    part->job->alone)
			break;
		if (round == VERIFY_ROUNDS) { /* it never rests */
			part->job->result->skipped++;
			return 0;
		}
		if (live_refresh(part->job->from.live, e) < 0 ||
		    verify_job_reach(part->job, part->job->from.live->top, e) < 0)
			return e->code;
		code = take_entry(part, ns, e);
		if (code <= 0)
			return code;
	}
	account(part);
	return 0;
}

int verify_part_collection(struct verify_job *job, const char *ns, struct error *e)
{
	OWNED(part_release) struct part part = {.job = job};
	OWNED(free) char *name = xstrdup(ns);
	int found;

	catalog_entry_init(&part.entry);
	restore_notes_init(&part.notes);
	found = take_entry(&part, name, e);
	if (found <= 0)
		return found;
	part.db = xstrndup(name, part.entry.db_len);
	part.coll = name + part.entry.db_len + 1;
	part.history = verify_live_knows_history(job->from.live) && strcmp(part.db, "admin") != 0;
	part.ordered = part.entry.root.kind == TREE_KEYED && !has_option(&part, "collation") &&
		       !has_option(&part, "clusteredIndex") &&
		       !buckets_is(bytes_str(part.coll), NULL);
	if (job->fixed && (!part.history || part.entry.root.kind == TREE_RANKED)) {
		job->result->skipped++;
		return 0;
	}
	if (part.entry.root.kind == TREE_RANKED)
		return compare_natural(&part, name, e);
	if (compare_all(&part, name, e) < 0)
		return e->code;
	return settle_all(&part, e);
}
