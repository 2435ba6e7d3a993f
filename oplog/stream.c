#include "oplog/stream.h"

#include "base/siphash.h"
#include "oplog/stream_internal.h"
#include "oplog/stream_note.h"

const char *stream_tmp(const struct stream *stream)
{
	return store_tmp(stream->store);
}

const char *stream_name(const struct stream *stream)
{
	return stream->name;
}

struct stamp {
	struct backend *files;
	uint64_t sum;
};

/* Order does not matter to a sum; that a name is in it does, and how long a journal is. */
static int add_stamp(void *ctx, const char *file, uint64_t size UNUSED, struct error *e)
{
	static const uint8_t key[16] = "oplog stamp";
	struct stream_file parsed = stream_file_parse(file);
	struct stamp *stamp = ctx;
	OWNED(buf_release) struct buf text = {0};
	struct chunk_id id;
	uint64_t len = 0;

	if (parsed.kind == STREAM_FILE_OTHER && !stream_note_parse_name(file, &id))
		return 0;
	if (parsed.kind == STREAM_FILE_JOURNAL &&
	    stamp->files->ops->size(stamp->files, file, &len, e) < 0)
		return e->code;
	buf_add_str(&text, file);
	buf_add_le64(&text, len);
	stamp->sum += siphash24(key, buf_bytes(&text)) | 1;
	return 0;
}

int stream_stamp(struct store *store, uint64_t *ret, struct error *e)
{
	struct stamp stamp = {.files = store_stream_files(store)};

	if (stamp.files->ops->names(stamp.files, "oplog", add_stamp, &stamp, e) < 0)
		return e->code;
	*ret = stamp.sum;
	return 0;
}

size_t stream_range_count(const struct stream *stream)
{
	return stream->range_count;
}

const struct stream_range *stream_range(const struct stream *stream, size_t i)
{
	return &stream->ranges[i];
}

const struct stream_range *stream_range_at(const struct stream *stream, uint64_t ts)
{
	for (size_t i = 0; i < stream->range_count; i++)
		if (stream->ranges[i].first.ts <= ts && ts <= stream->ranges[i].last.ts)
			return &stream->ranges[i];
	return NULL;
}

size_t stream_segment_count(const struct stream *stream)
{
	return stream->count;
}

const struct segment *stream_segment(const struct stream *stream, size_t i)
{
	return &stream->pieces[i].segment;
}

bool stream_is_sealed(const struct stream *stream, size_t i)
{
	return stream->pieces[i].journal == NULL;
}

uint64_t stream_bytes(const struct stream *stream)
{
	return stream->offset[stream->count];
}

int stream_read(struct stream *stream, uint64_t offset, void *ret, size_t len, size_t *ret_len,
		struct error *e)
{
	size_t done = 0, i = 0;

	while (i < stream->count && stream->offset[i + 1] <= offset)
		i++;
	for (; i < stream->count && done < len; i++) {
		size_t got = 0;

		if (piece_cursor_read(stream->store, &stream->pieces[i],
				      offset + done - stream->offset[i], (uint8_t *)ret + done,
				      len - done, &got, e) < 0)
			return e->code;
		done += got;
	}
	*ret_len = done;
	return 0;
}
