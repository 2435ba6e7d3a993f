#include "oplog/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/file.h"
#include "oplog/journal_format.h"
#include "oplog/stream_internal.h"
#include "store/crypt/seal.h"

#define FRAME_TARGET MIB /* bytes of entries in a frame, when there are more */

struct journal_writer {
	char *path;
	int fd;
	struct journal_info info;
	uint64_t chain; /* checksum of the header before */
	uint64_t size;	/* of the file, by what was written */
	bool failed;
	bool sealed;
	uint64_t frames;	    /* that were written: the next one's number */
	uint8_t key[STORE_KEY_LEN]; /* of the frames, when they are sealed */
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

/* The bytes that a journal begins with. */
static void begin_file(struct journal_writer *w, const struct store_keys *keys, struct buf *ret)
{
	uint8_t salt[STORE_SALT_LEN];

	w->sealed = keys != NULL;
	w->chain = journal_format_header(&w->info, w->sealed, buf_room(ret, JOURNAL_HEADER_LEN));
	ret->len = JOURNAL_HEADER_LEN;
	if (keys == NULL)
		return;
	store_keys_salt(salt);
	store_keys_object(keys, STORE_KEY_JOURNAL, salt, w->key);
	buf_add(ret, salt, sizeof(salt));
	w->chain = journal_format_salt(salt, w->chain);
}

/* The folder and the one that it lies in; durable also when a process that died had just made them. */
static int make_folder(const char *folder, struct error *e)
{
	return file_make_dirs(folder, e) < 0 ? e->code : file_sync_above(folder, 2, e);
}

int journal_create(const char *folder, uint64_t number, const struct segment_link *prev,
		   const struct store_keys *keys, struct journal_writer **ret, struct error *e)
{
	OWNED(journal_close) struct journal_writer *w = xcalloc(1, sizeof(*w));
	OWNED(buf_release) struct buf begin = {0};

	w->fd = -1;
	w->path = journal_path(folder, number);
	w->info = (struct journal_info){
		.number = number, .created_us = clock_wall_us(), .prev = *prev};
	if (make_folder(folder, e) < 0)
		return e->code;
	w->fd = open(w->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (w->fd < 0 && errno == EEXIST)
		return error_set(e, ERR_EXISTS, "%s is there already", w->path);
	if (w->fd < 0)
		return error_sys(e, "create %s", w->path);
	begin_file(w, keys, &begin);
	w->size = begin.len;
	if (file_write(w->fd, w->path, buf_bytes(&begin), e) < 0 || journal_sync(w, e) < 0 ||
	    file_sync_dir(folder, e) < 0)
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
	OPENSSL_cleanse(w->key, sizeof(w->key));
	free(w->path);
	free(w);
}

/*
 * Is what was written where its name says? Who copies an older state over the store (rsync -a from a replica) puts another file
 * there: what follows would go into one without a name, and be told as stored.
 */
static int check_there(const struct journal_writer *w, struct error *e)
{
	struct stat st;
	bool is_there = stat(w->path, &st) == 0;

	if (!is_there && errno != ENOENT)
		return error_sys(e, "look at %s", w->path);
	if (is_there && (uint64_t)st.st_size == w->size)
		return 0;
	error_set(e, ERR_IO,
		  "%s is not what was written to it: somebody put another one in its place, or cut "
		  "it",
		  w->path);
	return error_hint(
		e, "what is stored now may be less than what was told as stored; who follows "
		   "anew goes on from there, and fetches it again");
}

int journal_sync(struct journal_writer *w, struct error *e)
{
	if (fdatasync(w->fd) != 0)
		return error_sys(e, "fsync %s", w->path);
	return check_there(w, e);
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

/* Append the frame: header and payload. `number`: it is that one of the journal. */
static int add_frame(const struct journal_writer *w, struct journal_frame *frame, uint64_t number,
		     struct bytes entries, uint64_t *chain, struct buf *out, struct error *e)
{
	uint8_t about[JOURNAL_FRAME_ABOUT_LEN];
	struct chunk_id hash;
	uint8_t *payload;
	size_t len;

	frame->sealed = w->sealed;
	len = journal_format_payload(frame);
	if (buf_reserve(out, JOURNAL_FRAME_HEADER_LEN + len, JOURNAL_APPEND_MAX, e) < 0)
		return e->code;
	payload = out->at + out->len + JOURNAL_FRAME_HEADER_LEN;
	memcpy(payload, entries.at, entries.len);
	if (frame->sealed) {
		journal_format_about(frame, about);
		seal_frame(w->key, number, bytes_of(about, sizeof(about)), payload, entries.len);
	}
	hash = chunk_id_of(bytes_of(payload, len));
	memcpy(frame->hash, hash.at, sizeof(frame->hash));
	*chain = journal_format_frame(frame, *chain, out->at + out->len);
	out->len += JOURNAL_FRAME_HEADER_LEN + len;
	return 0;
}

int journal_append(struct journal_writer *w, struct bytes entries, struct error *e)
{
	OWNED(buf_release) struct buf out = {0};
	struct journal_info info = w->info;
	uint64_t chain = w->chain, frames = w->frames;

	if (w->failed)
		return error_set(e, ERR_IO, "%s: writing failed before", w->path);
	while (entries.len > 0) {
		const uint8_t *from = entries.at;
		struct journal_frame frame;

		if (take_frame(&entries, &info, &frame, e) < 0 ||
		    add_frame(w, &frame, frames++, bytes_of(from, frame.len), &chain, &out, e) < 0)
			return error_wrap(e, "%s", w->path);
	}
	if (check_there(w, e) < 0)
		return e->code;
	w->failed = true; /* until all of it is there */
	if (file_write(w->fd, w->path, buf_bytes(&out), e) < 0)
		return e->code;
	w->failed = false;
	w->size += out.len;
	w->info = info;
	w->chain = chain;
	w->frames = frames;
	return 0;
}
