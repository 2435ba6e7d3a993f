/* Reading a journal: see journal.h. Prefix: journal_ */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/file.h"
#include "oplog/journal_format.h"
#include "oplog/stream_internal.h"
#include "store/crypt/seal.h"

#define ZEROS_STEP (64 * KIB)

/* Is there nothing but zeros up to the end? A file may have grown before its bytes were written. */
static int is_zero(const struct journal *j, uint64_t at, uint64_t end, struct error *e)
{
	OWNED(free) uint8_t *bytes = xmalloc(ZEROS_STEP);

	while (at < end) {
		size_t len = (size_t)MIN_OF(end - at, (uint64_t)ZEROS_STEP);

		if (file_pread(j->fd, j->path, at, bytes, len, e) < 0)
			return e->code;
		if (bytes[0] != 0 || memcmp(bytes, bytes + 1, len - 1) != 0)
			return 0;
		at += len;
	}
	return 1;
}

static int end_in_damage(struct journal *j, uint64_t at, const struct error *why)
{
	j->torn = 0;
	j->damaged = at;
	j->why = *why;
	error_wrap(&j->why, "%s: offset %" PRIu64, j->path, at);
	return 0;
}

/* Less than a header is left: the begin of one, of which some bytes may not have been written yet. Else somebody else wrote it. */
static int look_at_rest(struct journal *j, uint64_t at, uint64_t size, struct error *e)
{
	uint8_t rest[JOURNAL_FRAME_HEADER_LEN];
	struct error why;
	size_t len = (size_t)(size - at);

	if (len == 0)
		return 0;
	if (file_pread(j->fd, j->path, at, rest, len, e) < 0)
		return e->code;
	if (journal_format_may_begin(bytes_of(rest, len)))
		return 0;
	error_set(&why, ERR_CORRUPT, "%zu bytes at the end that are no begin of a frame", len);
	return end_in_damage(j, at, &why);
}

/* The next frame, at *at: 1; 0 at the end, or where it ends by a torn tail or damage. */
static int next_frame(struct journal *j, uint64_t *at, uint64_t size, uint64_t *chain,
		      struct journal_frame *ret, struct error *e)
{
	uint8_t header[JOURNAL_FRAME_HEADER_LEN];
	struct error why;
	int zero;

	j->torn = size - *at;
	if (size - *at < sizeof(header))
		return look_at_rest(j, *at, size, e);
	if (file_pread(j->fd, j->path, *at, header, sizeof(header), e) < 0)
		return e->code;
	if (journal_format_read_frame(header, *chain, ret, chain, &why) < 0 ||
	    (ret->sealed != j->sealed &&
	     error_set(&why, ERR_CORRUPT, "a frame that is not sealed as its journal is") < 0) ||
	    (j->info.last.ts >= ret->first_ts &&
	     error_set(&why, ERR_CORRUPT, "a frame that does not come after the one before") < 0)) {
		zero = is_zero(j, *at, size, e);
		if (zero != 0)
			return zero < 0 ? zero : 0;
		return end_in_damage(j, *at, &why);
	}
	if (journal_format_payload(ret) > size - *at - sizeof(header))
		return 0;
	ret->at = *at + sizeof(header);
	*at = ret->at + journal_format_payload(ret);
	return 1;
}

static int read_frames(struct journal *j, uint64_t size, uint64_t chain, struct error *e)
{
	OWNED(buf_release) struct buf frames = {0};
	uint64_t at = JOURNAL_HEADER_LEN + (j->sealed ? STORE_SALT_LEN : 0);
	struct journal_frame frame;
	int found;

	while ((found = next_frame(j, &at, size, &chain, &frame, e)) == 1) {
		frame.rank = j->info.entries;
		frame.begin = j->info.bytes;
		j->info.entries += frame.count;
		j->info.bytes += frame.len;
		j->info.last.ts = frame.last_ts;
		buf_add(&frames, &frame, sizeof(frame));
	}
	if (found < 0)
		return found;
	j->frame_count = frames.len / sizeof(frame);
	j->frames = (struct journal_frame *)(void *)TAKE(frames.at);
	return 0;
}

/* The journal ends before frame `i`, which is damaged: `why` says how. */
static void end_before(struct journal *j, size_t i, const struct error *why)
{
	j->info.entries = j->frames[i].rank;
	j->info.bytes = j->frames[i].begin;
	j->damaged = j->frames[i].at - JOURNAL_FRAME_HEADER_LEN;
	j->torn = 0;
	j->why = *why;
	j->frame_count = i;
}

/* Append the payload of frame `i` as it is stored. */
static int load(const struct journal *j, size_t i, struct buf *ret, struct error *e)
{
	const struct journal_frame *frame = &j->frames[i];
	size_t len = journal_format_payload(frame);
	struct chunk_id hash;

	if (buf_reserve(ret, len, ret->len + JOURNAL_FRAME_MAX + SEAL_TAG_LEN, e) < 0 ||
	    file_pread(j->fd, j->path, frame->at, ret->at + ret->len, len, e) < 0)
		return e->code;
	hash = chunk_id_of(bytes_of(ret->at + ret->len, len));
	if (memcmp(hash.at, frame->hash, sizeof(frame->hash)) != 0) {
		error_set(e, ERR_CORRUPT,
			  "%s: offset %" PRIu64 ": the checksum of a frame is wrong", j->path,
			  frame->at);
		return error_hint(e, "'yester repair' keeps what is sound of it");
	}
	ret->len += len;
	return 0;
}

/* The same as read_ends() of what can't be read: are the first and the last frame sound? */
static int look_at_ends(struct journal *j, struct error *e)
{
	OWNED(buf_release) struct buf payload = {0};
	int code = j->frame_count > 0 ? load(j, 0, &payload, e) : 0;

	if (code == ERR_CORRUPT)
		end_before(j, 0, e);
	while (j->frame_count > 0) {
		j->info.first.ts = j->frames[0].first_ts;
		j->info.last.ts = j->frames[j->frame_count - 1].last_ts;
		buf_reset(&payload);
		code = load(j, j->frame_count - 1, &payload, e);
		if (code != ERR_CORRUPT)
			return code;
		end_before(j, j->frame_count - 1, e);
	}
	return code == ERR_CORRUPT ? 0 : code;
}

/* The whole optimes of the first and the last entry. */
static int read_ends(struct journal *j, struct error *e)
{
	OWNED(buf_release) struct buf doc = {0};
	int code = 1;

	if (j->frame_count > 0)
		code = journal_entry(j, 0, &doc, &j->info.first, NULL, e);
	if (code == ERR_CORRUPT)
		end_before(j, 0, e);
	while (j->frame_count > 0) {
		code = journal_entry(j, j->info.entries - 1, &doc, &j->info.last, NULL, e);
		if (code != ERR_CORRUPT)
			return code;
		end_before(j, j->frame_count - 1, e);
	}
	return code == ERR_CORRUPT ? 0 : code;
}

static int read_header(struct journal *j, uint64_t *ret_chain, struct error *e)
{
	const char *slash = strrchr(j->path, '/');
	uint8_t header[JOURNAL_HEADER_LEN];
	uint64_t number;

	if (file_pread(j->fd, j->path, 0, header, sizeof(header), e) < 0)
		return e->code;
	if (journal_format_read_header(header, &j->info, &j->sealed, ret_chain, e) < 0)
		return error_wrap(e, "%s", j->path);
	if (!journal_parse_name(slash == NULL ? j->path : slash + 1, &number) ||
	    number != j->info.number)
		return error_set(e, ERR_CORRUPT, "%s is journal %" PRIu64, j->path, j->info.number);
	if (j->keys != NULL && !j->sealed)
		return error_set(e, ERR_CORRUPT, "%s is not encrypted, as all of its store is",
				 j->path);
	j->keyless = j->keys == NULL && j->sealed;
	return 0;
}

/* Of a sealed one: the salt behind the header, and with it the key. */
static int read_salt(struct journal *j, uint64_t *chain, struct error *e)
{
	uint8_t salt[STORE_SALT_LEN];

	if (file_pread(j->fd, j->path, JOURNAL_HEADER_LEN, salt, sizeof(salt), e) < 0)
		return e->code;
	*chain = journal_format_salt(salt, *chain);
	if (j->keys != NULL)
		store_keys_object(j->keys, STORE_KEY_JOURNAL, salt, j->key);
	return 0;
}

/* Without a look into the payloads. */
static int tell_ends(struct journal *j)
{
	if (j->frame_count == 0)
		return 0;
	j->info.first.ts = j->frames[0].first_ts;
	j->info.last.ts = j->frames[j->frame_count - 1].last_ts;
	return 0;
}

static int read_journal(struct journal *j, uint64_t size, bool frames_only, struct error *e)
{
	uint64_t chain;

	if (size < JOURNAL_HEADER_LEN)
		return 0;
	if (read_header(j, &chain, e) < 0)
		return e->code;
	if (j->sealed && size < JOURNAL_HEADER_LEN + STORE_SALT_LEN)
		return 0;
	if ((j->sealed && read_salt(j, &chain, e) < 0) || read_frames(j, size, chain, e) < 0)
		return e->code;
	if (frames_only)
		return tell_ends(j);
	return j->keyless ? look_at_ends(j, e) : read_ends(j, e);
}

uint64_t journal_peek(const char *path)
{
	uint8_t bytes[JOURNAL_HEADER_LEN + STORE_SALT_LEN + JOURNAL_FRAME_HEADER_LEN];
	OWNED(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : pread(fd, bytes, sizeof(bytes), 0);
	struct journal_frame frame;
	struct journal_info info;
	struct error ignored;
	uint64_t chain;
	bool sealed;
	size_t at;

	if (got < JOURNAL_HEADER_LEN ||
	    journal_format_read_header(bytes, &info, &sealed, &chain, &ignored) < 0)
		return 0;
	at = JOURNAL_HEADER_LEN;
	if (sealed) {
		chain = journal_format_salt(bytes + at, chain);
		at += STORE_SALT_LEN;
	}
	if ((size_t)got < at + JOURNAL_FRAME_HEADER_LEN ||
	    journal_format_read_frame(bytes + at, chain, &frame, &chain, &ignored) < 0)
		return 0;
	return frame.first_ts;
}

static int open_fd(int fd, const char *path, const struct store_keys *keys, bool frames_only,
		   struct journal **ret, struct error *e)
{
	OWNED(journal_release) struct journal *j = xcalloc(1, sizeof(*j));
	struct stat st;

	j->users = 1;
	j->path = xstrdup(path);
	j->fd = fd;
	j->keys = keys;
	if (fstat(fd, &st) != 0)
		return error_sys(e, "stat %s", path);
	j->torn = (uint64_t)st.st_size;
	if (read_journal(j, (uint64_t)st.st_size, frames_only, e) < 0)
		return e->code;
	*ret = TAKE(j);
	return 0;
}

int journal_open_fd(int fd, const char *path, const struct store_keys *keys, struct journal **ret,
		    struct error *e)
{
	return open_fd(fd, path, keys, false, ret, e);
}

static int open_path(const char *path, const struct store_keys *keys, bool frames_only,
		     struct journal **ret, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? error_sys(e, "open %s", path)
		      : open_fd(fd, path, keys, frames_only, ret, e);
}

int journal_open(const char *path, const struct store_keys *keys, struct journal **ret,
		 struct error *e)
{
	return open_path(path, keys, false, ret, e);
}

int journal_open_frames(const char *path, const struct store_keys *keys, struct journal **ret,
			struct error *e)
{
	return open_path(path, keys, true, ret, e);
}

struct journal *journal_hold(struct journal *j)
{
	__atomic_add_fetch(&j->users, 1, __ATOMIC_RELAXED);
	return j;
}

void journal_release(struct journal *j)
{
	if (j == NULL || __atomic_sub_fetch(&j->users, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	if (j->fd >= 0)
		close(j->fd);
	OPENSSL_cleanse(j->key, sizeof(j->key));
	free(j->path);
	free(j->frames);
	free(j);
}

int journal_read_frame(const struct journal *j, size_t i, struct buf *ret, struct error *e)
{
	const struct journal_frame *frame = &j->frames[i];
	uint8_t about[JOURNAL_FRAME_ABOUT_LEN];
	size_t begin = ret->len;

	if (j->keyless)
		return seal_no_key(e);
	if (load(j, i, ret, e) < 0)
		return e->code;
	if (!frame->sealed)
		return 0;
	journal_format_about(frame, about);
	ret->len = begin;
	if (seal_open(j->key, i, bytes_of(about, sizeof(about)), ret->at + begin,
		      journal_format_payload(frame), e) < 0)
		return error_wrap(e, "%s: offset %" PRIu64, j->path, frame->at);
	ret->len = begin + frame->len;
	return 0;
}

size_t journal_frame_of_rank(const struct journal *j, uint64_t rank)
{
	size_t low = 0, high = j->frame_count;

	while (low + 1 < high) {
		size_t middle = (low + high) / 2;

		if (j->frames[middle].rank <= rank)
			low = middle;
		else
			high = middle;
	}
	return low;
}

size_t journal_frame_of_byte(const struct journal *j, uint64_t offset)
{
	size_t low = 0, high = j->frame_count;

	while (low + 1 < high) {
		size_t middle = (low + high) / 2;

		if (j->frames[middle].begin <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Walks the entries of one frame. */
struct walk {
	struct buf payload;
	size_t at;
	uint32_t left;
};

static int walk_begin(const struct journal *j, size_t i, struct walk *walk, struct error *e)
{
	walk->left = j->frames[i].count;
	return journal_read_frame(j, i, &walk->payload, e);
}

/* The next of the frame's entries, which has to be there. */
static int walk_next(const struct journal *j, struct walk *walk, struct bytes *ret,
		     struct entry_optime *ret_at, struct error *e)
{
	struct bytes rest = bytes_of(walk->payload.at + walk->at, walk->payload.len - walk->at);
	int64_t len = bson_next(rest, ENTRY_MAX_LEN, e);

	if (len == 0 || walk->left-- == 0)
		len = error_set(e, ERR_CORRUPT, "a frame with fewer entries than its header says");
	if (len > 0 && stream_optime(bytes_of(rest.at, (size_t)len), ret_at, e) < 0)
		len = e->code;
	if (len < 0)
		return error_wrap(e, "%s", j->path);
	*ret = bytes_of(rest.at, (size_t)len);
	walk->at += (size_t)len;
	return 0;
}

int journal_find(const struct journal *j, uint64_t ts, uint64_t *ret, struct error *e)
{
	OWNED(buf_release) struct buf payload = {0};
	struct walk walk = {0};
	size_t low = 0, high = j->frame_count;
	uint64_t rank;
	int code;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (j->frames[middle].last_ts >= ts)
			high = middle;
		else
			low = middle + 1;
	}
	rank = low == j->frame_count ? j->info.entries : j->frames[low].rank;
	if (low < j->frame_count && j->frames[low].first_ts < ts) {
		struct entry_optime at = {0};
		struct bytes doc;

		code = walk_begin(j, low, &walk, e);
		for (rank--; code == 0 && at.ts < ts; rank++)
			code = walk_next(j, &walk, &doc, &at, e);
		payload = walk.payload;
		if (code < 0)
			return code;
	}
	*ret = rank;
	return 0;
}

int journal_entry(const struct journal *j, uint64_t rank, struct buf *ret,
		  struct entry_optime *ret_at, uint64_t *ret_begin, struct error *e)
{
	size_t frame = journal_frame_of_rank(j, rank);
	OWNED(buf_release) struct buf payload = {0};
	struct walk walk = {0};
	struct entry_optime at;
	struct bytes doc = {0};
	int code = walk_begin(j, frame, &walk, e);

	for (uint64_t i = j->frames[frame].rank; code == 0 && i <= rank; i++)
		code = walk_next(j, &walk, &doc, &at, e);
	payload = walk.payload;
	if (code < 0)
		return code;
	buf_add_bytes(ret, doc);
	if (ret_at != NULL)
		*ret_at = at;
	if (ret_begin != NULL)
		*ret_begin = j->frames[frame].begin + walk.at - doc.len;
	return 0;
}

int journal_check(const struct journal *j, struct error *e)
{
	if (j->damaged != 0) {
		*e = j->why;
		return e->code;
	}
	for (size_t i = 0; i < j->frame_count; i++) {
		OWNED(buf_release) struct buf payload = {0};
		struct walk walk = {0};
		struct entry_optime at = {0};
		struct bytes doc;
		uint64_t last = 0;
		int code;

		if (j->keyless) {
			if (load(j, i, &payload, e) < 0)
				return e->code;
			continue;
		}
		code = walk_begin(j, i, &walk, e);

		for (uint32_t n = 0; code == 0 && n < j->frames[i].count; n++) {
			code = walk_next(j, &walk, &doc, &at, e);
			if (code == 0 &&
			    (at.ts <= last || (n == 0 && at.ts != j->frames[i].first_ts)))
				code = error_set(e, ERR_CORRUPT,
						 "%s: offset %" PRIu64 ": entries out of order",
						 j->path, j->frames[i].at);
			last = at.ts;
		}
		payload = walk.payload;
		if (code == 0 && (walk.at != payload.len || at.ts != j->frames[i].last_ts))
			code = error_set(e, ERR_CORRUPT,
					 "%s: offset %" PRIu64
					 ": a frame has other entries than its header says",
					 j->path, j->frames[i].at);
		if (code < 0)
			return code;
	}
	return 0;
}
