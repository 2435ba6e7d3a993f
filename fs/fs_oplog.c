#include "fs/fs_oplog.h"

#include "fs/fs_journal.h"

struct fs_oplog {
	struct stream *stream;
	struct tree_json *json; /* borrowed from the mount; NULL: a .bson */
	uint64_t *begins;	/* of a .json: where each segment begins, and the end of all */
	struct fs_journal *
		*journals; /* of a .json: of each segment that is not sealed; else NULL */
	size_t segments;
};

/* Bytes of the JSON of segment `i`, whose entries begin at byte `begin` of all. */
static int size_of(struct fs_oplog *oplog, struct fs *fs, size_t i, uint64_t begin, uint64_t *ret,
		   struct error *e)
{
	if (stream_is_sealed(oplog->stream, i))
		return tree_json_size(oplog->json, &stream_segment(oplog->stream, i)->root, ret, e);
	if (fs_journal_open(fs->journals, oplog->stream, i, begin, &oplog->journals[i], e) < 0)
		return e->code;
	*ret = fs_journal_size(oplog->journals[i]);
	return 0;
}

/* Where the JSON of each segment begins. */
static int measure(struct fs_oplog *oplog, struct fs *fs, struct error *e)
{
	uint64_t sum = 0, bytes = 0;

	oplog->segments = stream_segment_count(oplog->stream);
	oplog->begins = xcalloc(oplog->segments + 1, sizeof(*oplog->begins));
	oplog->journals = xcalloc(oplog->segments + 1, sizeof(struct fs_journal *));
	for (size_t i = 0; i < oplog->segments; i++) {
		uint64_t size = 0;

		if (size_of(oplog, fs, i, bytes, &size, e) < 0)
			return error_wrap(e, "the oplog as JSON");
		oplog->begins[i] = sum;
		sum += size;
		bytes += stream_segment(oplog->stream, i)->bytes;
	}
	oplog->begins[oplog->segments] = sum;
	return 0;
}

int fs_oplog_open(struct fs *fs, bool json, struct fs_oplog **ret, struct error *e)
{
	OWNED(fs_oplog_close) struct fs_oplog *oplog = xcalloc(1, sizeof(*oplog));
	int rc = timeline_stream(fs->timeline, &oplog->stream, e);

	if (rc >= 0 && json) {
		oplog->json = fs_json(fs, fs->store);
		rc = measure(oplog, fs, e);
	}
	if (rc < 0)
		return rc;
	*ret = TAKE(oplog);
	return 0;
}

void fs_oplog_close(struct fs_oplog *oplog)
{
	if (oplog == NULL)
		return;
	for (size_t i = 0; oplog->journals != NULL && i < oplog->segments; i++)
		fs_journal_close(oplog->journals[i]);
	free(oplog->journals);
	stream_close(oplog->stream);
	free(oplog->begins);
	free(oplog);
}

uint64_t fs_oplog_size(const struct fs_oplog *oplog)
{
	return oplog->json != NULL ? oplog->begins[oplog->segments] : stream_bytes(oplog->stream);
}

uint64_t fs_oplog_time(const struct fs_oplog *oplog)
{
	size_t ranges = stream_range_count(oplog->stream);

	return ranges == 0 ? 0 : entry_seconds(stream_range(oplog->stream, ranges - 1)->last.ts);
}

/* The segment that has byte `offset`, or their number at the end. */
static size_t segment_at(const struct fs_oplog *oplog, uint64_t offset)
{
	size_t low = 0;
	size_t high = oplog->segments;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (oplog->begins[middle + 1] <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Bytes of the JSON of segment `i`. */
static int read_json(struct fs_oplog *oplog, size_t i, uint64_t offset, void *ret, size_t len,
		     unsigned ahead, size_t *ret_len, struct error *e)
{
	if (oplog->journals[i] != NULL)
		return fs_journal_read(oplog->journals[i], offset, ret, len, ret_len, e);
	return tree_json_read(oplog->json, &stream_segment(oplog->stream, i)->root, offset, ret,
			      len, ahead, ret_len, e);
}

int fs_oplog_read(struct fs_oplog *oplog, uint64_t offset, void *ret, size_t len, unsigned ahead,
		  size_t *ret_len, struct error *e)
{
	size_t done = 0;

	if (oplog->json == NULL)
		return stream_read(oplog->stream, offset, ret, len, ret_len, e);
	for (size_t i = segment_at(oplog, offset); done < len && i < oplog->segments; i++) {
		size_t got = 0;

		if (read_json(oplog, i, offset + done - oplog->begins[i], (char *)ret + done,
			      len - done, ahead, &got, e) < 0)
			return e->code;
		done += got;
	}
	*ret_len = done;
	return 0;
}

bool fs_oplog_name(struct fs *fs, bool json, struct buf *ret)
{
	OWNED(stream_close) struct stream *stream = NULL;
	struct error ignored;

	if (timeline_stream(fs->timeline, &stream, &ignored) < 0 || stream_name(stream)[0] == '\0')
		return false;
	buf_printf(ret, "%s.%s", stream_name(stream), json ? "json" : "bson");
	return true;
}
