#include "tools/checkpoint.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>

#include "tools/snapshot_at.h"

#define OPTIME_LEN 24
#define NAME_LEN (SNAPSHOT_NAME_MAX + 16)

struct job {
	struct store *store;
	struct timeline *timeline;
	struct stream *stream;
	const struct progress *progress;
	uint64_t bytes; /* of segments since the last base */
	unsigned made;
};

static void job_release(struct job *job)
{
	stream_close(job->stream);
	timeline_close(job->timeline);
}
DEFINE_OWNED_STRUCT(struct job, job_release);

/* The machine's trouble ends the job; that of the oplog only what follows. */
static bool is_of_oplog(int code)
{
	return code == ERR_NO_TIME || code == ERR_REFUSED || code == ERR_UNSUPPORTED ||
	       code == ERR_CORRUPT || code == ERR_LIMIT;
}

static int make(struct job *job, const struct timeline_point *point, struct error *e)
{
	OWNED(snapshot_at_release) struct snapshot_at_result result = {0};
	char name[NAME_LEN];
	const struct snapshot_at_options options = {
		.name = name, .checkpoint = true, .progress = job->progress};

	snprintf(name, sizeof(name), "checkpoint-%s", point->name);
	if (snapshot_at_make(job->store, job->timeline, point, &options, &result, e) < 0 ||
	    timeline_refresh(job->timeline, e) < 0)
		return e->code;
	job->made++;
	job->bytes = 0;
	return 0;
}

/* At the end of a segment: 1; 0 when a replay failed: those behind it would, too. */
static int look_at(struct job *job, const struct segment *segment, struct error *e)
{
	struct timeline_point point;
	char optime[OPTIME_LEN];
	uint64_t distance;

	snprintf(optime, sizeof(optime), "%" PRIu32 ".%" PRIu32, entry_seconds(segment->last.ts),
		 entry_increment(segment->last.ts));
	if (timeline_find(job->timeline, optime, 0, &point, e) < 0)
		return is_of_oplog(e->code) ? 1 : e->code;
	if (timeline_distance(job->timeline, &point, &distance, e) < 0)
		return e->code;
	if (distance == 0)
		job->bytes = 0;
	else
		job->bytes += segment->bytes;
	if (distance < CHECKPOINT_ENTRIES && job->bytes < CHECKPOINT_BYTES)
		return 1;
	if (make(job, &point, e) == 0)
		return 1;
	return is_of_oplog(e->code) ? 0 : e->code;
}

int checkpoint_run(struct store *store, const struct progress *progress, unsigned *ret_made,
		   struct error *e)
{
	OWNED(job_release) struct job job = {.store = store, .progress = progress};

	/* What was read and sealed before lies in pieces, and a replay wants large ones. */
	malloc_trim(0);
	if (timeline_open(store, &job.timeline, e) < 0 ||
	    timeline_stream(job.timeline, &job.stream, e) < 0)
		return e->code;
	for (size_t i = 0; i < stream_segment_count(job.stream); i++) {
		int code = look_at(&job, stream_segment(job.stream, i), e);

		if (code < 0)
			return code;
		if (code == 0)
			break;
	}
	*ret_made = job.made;
	return 0;
}
