#include "oplog/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/crc64.h"
#include "base/file.h"
#include "oplog/journal_format.h"
#include "oplog/stream_internal.h"

#define FRAME_TARGET MIB /* bytes of entries in a frame, when there are more */

struct journal_writer {
	char *path;
	int fd;
	struct journal_info info;
	uint64_t chain; /* checksum of the header before */
	bool failed;
};

char *journal_path(const char *folder, uint64_t number)
{
	return xprintf("%s/%0*" PRIu64 JOURNAL_SUFFIX, folder, JOURNAL_NUMBER_LEN, number);
}

bool journal_parse_name(const char *name, uint64_t *ret)
{
	uint64_t number = 0;

	for (size_t i = 0; i < JOURNAL_NUMBER_LEN; i++) {
		unsigned digit = (unsigned)(name[i] - '0');

		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	if (strcmp(name + JOURNAL_NUMBER_LEN, JOURNAL_SUFFIX) != 0)
		return false;
	*ret = number;
	return true;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int journal_create(const char *folder, uint64_t number, const struct segment_link *prev,
		   struct journal_writer **ret, struct error *e)
{
	OWNED(journal_close) struct journal_writer *w = xcalloc(1, sizeof(*w));
	uint8_t header[JOURNAL_HEADER_LEN];

	w->fd = -1;
	w->path = journal_path(folder, number);
	w->info = (struct journal_info){.number = number, .created_us = now_us(), .prev = *prev};
	if (file_make_dirs(folder, e) < 0)
		return e->code;
	w->fd = open(w->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (w->fd < 0 && errno == EEXIST)
		return error_set(e, ERR_EXISTS, "%s is there already", w->path);
	if (w->fd < 0)
		return error_sys(e, "create %s", w->path);
	w->chain = journal_format_header(&w->info, header);
	if (file_write(w->fd, w->path, bytes_of(header, sizeof(header)), e) < 0 ||
	    journal_sync(w, e) < 0 || file_sync_dir(folder, e) < 0)
		return e->code;
	*ret = TAKE(w);
	return 0;
}

void journal_close(struct journal_writer *w)
{
	if (w == NULL)
		return;
	if (w->fd >= 0)
		close(w->fd);
	free(w->path);
	free(w);
}

int journal_sync(struct journal_writer *w, struct error *e)
{
	return fdatasync(w->fd) == 0 ? 0 : error_sys(e, "fsync %s", w->path);
}

const struct journal_info *journal_written(const struct journal_writer *w)
{
	return &w->info;
}

/* Take whole entries from the begin of *entries: about FRAME_TARGET bytes, as one frame. */
static int take_frame(struct bytes *entries, struct journal_info *info, struct journal_frame *ret,
		      struct error *e)
{
	uint64_t last = info->entries > 0 ? info->last.ts : info->prev.at.ts;
	struct journal_frame frame = {0};
	struct entry_optime at;

	while (frame.len < entries->len && frame.len < FRAME_TARGET) {
		struct bytes rest = bytes_of(entries->at + frame.len, entries->len - frame.len);
		int64_t len = bson_next(rest, ENTRY_MAX_LEN, e);

		if (len < 0 || stream_optime(bytes_of(rest.at, (size_t)len), &at, e) < 0)
			return e->code;
		if (at.ts <= last)
			return error_set(e, ERR_CORRUPT,
					 "entry %" PRIu32 ".%" PRIu32
					 " does not come after %" PRIu32 ".%" PRIu32,
					 entry_seconds(at.ts), entry_increment(at.ts),
					 entry_seconds(last), entry_increment(last));
		if (frame.count++ == 0)
			frame.first_ts = at.ts;
		if (info->entries++ == 0)
			info->first = at;
		info->last = at;
		last = frame.last_ts = at.ts;
		frame.len += (uint32_t)len;
	}
	info->bytes += frame.len;
	*entries = bytes_of(entries->at + frame.len, entries->len - frame.len);
	*ret = frame;
	return 0;
}

int journal_append(struct journal_writer *w, struct bytes entries, struct error *e)
{
	OWNED(buf_release) struct buf out = {0};
	struct journal_info info = w->info;
	uint64_t chain = w->chain;

	if (w->failed)
		return error_set(e, ERR_IO, "%s: writing failed before", w->path);
	while (entries.len > 0) {
		const uint8_t *from = entries.at;
		struct journal_frame frame;
		struct chunk_id hash;
		struct bytes payload;

		if (take_frame(&entries, &info, &frame, e) < 0)
			return error_wrap(e, "%s", w->path);
		payload = bytes_of(from, frame.len);
		hash = chunk_id_of(payload);
		memcpy(frame.hash, hash.at, sizeof(frame.hash));
		if (buf_reserve(&out, JOURNAL_FRAME_HEADER_LEN + payload.len, JOURNAL_APPEND_MAX,
				e) < 0)
			return error_wrap(e, "%s", w->path);
		chain = journal_format_frame(&frame, chain, out.at + out.len);
		out.len += JOURNAL_FRAME_HEADER_LEN;
		buf_add_bytes(&out, payload);
	}
	w->failed = true; /* until all of it is there */
	if (file_write(w->fd, w->path, buf_bytes(&out), e) < 0)
		return e->code;
	w->failed = false;
	w->info = info;
	w->chain = chain;
	return 0;
}
