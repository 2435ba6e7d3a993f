#include "oplog/stream_tail.h"

#include <inttypes.h>
#include <time.h>

#include "base/clock.h"
#include "oplog/stream_internal.h"
#include "oplog/stream_keep.h"
#include "store/crypt/seal.h"

/* The journals of the stream. */
struct listing {
	struct buf name;     /* of the stream */
	struct buf journals; /* of uint64_t */
	struct buf sealed;   /* the same */
};

static void listing_release(struct listing *listing)
{
	buf_release(&listing->name);
	buf_release(&listing->journals);
	buf_release(&listing->sealed);
}
DEFINE_OWNED_STRUCT(struct listing, listing_release);

static int list_one(void *ctx, const char *file, uint64_t size UNUSED, struct error *e UNUSED)
{
	struct listing *listing = ctx;
	struct stream_file parsed = stream_file_parse(file);

	if (parsed.kind == STREAM_FILE_OTHER)
		return 0;
	buf_reset(&listing->name);
	buf_add_bytes(&listing->name, parsed.stream);
	if (parsed.kind == STREAM_FILE_JOURNAL)
		buf_add(&listing->journals, &parsed.number, sizeof(parsed.number));
	if (parsed.kind == STREAM_FILE_SEALED)
		buf_add(&listing->sealed, &parsed.number, sizeof(parsed.number));
	return 0;
}

static int list(struct store *store, struct listing *listing, struct error *e)
{
	struct backend *files = store_stream_files(store);

	return files->ops->list(files, "oplog", list_one, listing, e);
}

/* A number that no journal had: by the clock, that those which are gone count, too. */
static uint64_t new_number(const struct listing *listing)
{
	const uint64_t *numbers = (const uint64_t *)(const void *)listing->journals.at;
	uint64_t number = clock_wall_us();

	for (size_t i = 0; i < listing->journals.len / sizeof(*numbers); i++)
		if (numbers[i] >= number)
			number = numbers[i] + 1;
	return number;
}

int stream_tail_begin(struct store *store, const struct segment_link *prev,
		      struct journal_writer **ret, struct error *e)
{
	OWNED(listing_release) struct listing listing = {0};
	OWNED(free) char *folder = NULL;
	char name[STREAM_NAME_LEN];

	/* What is not sealed would be readable, and damage. */
	if (store_is_keyless(store))
		return seal_no_key(e);
	if (list(store, &listing, e) < 0)
		return e->code;
	if (listing.name.len == 0) {
		stream_file_new_name(store, name);
		buf_add(&listing.name, name, STREAM_NAME_LEN);
	}
	folder = xprintf("%s/" STREAM_FOLDER "%s", store_path(store), buf_text(&listing.name));
	return journal_create(folder, new_number(&listing), prev, store_keys(store), ret, e);
}

int stream_tail_numbers(struct store *store, struct buf *ret, struct error *e)
{
	OWNED(listing_release) struct listing listing = {0};

	if (list(store, &listing, e) < 0)
		return e->code;
	buf_add_bytes(ret, buf_bytes(&listing.journals));
	return 0;
}

static int add_frame(struct stream_add *add, struct bytes payload, struct error *e)
{
	for (size_t at = 0; at < payload.len;) {
		int64_t len =
			bson_next(bytes_of(payload.at + at, payload.len - at), ENTRY_MAX_LEN, e);

		if (len < 0 || stream_add_entry(add, bytes_of(payload.at + at, (size_t)len), e) < 0)
			return e->code;
		at += (size_t)len;
	}
	return 0;
}

/*
 * All entries of the journal as a slice. Behind a frame that is damaged another one begins, of which nobody knows what came
 * before it: a gap, until somebody brings what is lost.
 */
static int add_entries(struct stream_add *add, const struct journal *journal, struct buf *ret_lost,
		       struct error *e)
{
	bool begun = false;

	for (size_t i = 0; i < journal->frame_count; i++) {
		OWNED(buf_release) struct buf payload = {0};
		int code = journal_read_frame(journal, i, &payload, e);

		if (code == ERR_CORRUPT) {
			const struct stream_span span = {journal->frames[i].first_ts,
							 journal->frames[i].last_ts};

			buf_add(ret_lost, &span, sizeof(span));
			begun = false;
			continue;
		}
		if (code < 0 || (!begun && stream_add_slice(add, journal->path, e) < 0))
			return e->code;
		if (i == 0)
			stream_add_after(add, &journal->info.prev);
		begun = true;
		if (add_frame(add, buf_bytes(&payload), e) < 0)
			return e->code;
	}
	return 0;
}

static bool has_id(const struct buf *ids, const struct chunk_id *id)
{
	const struct chunk_id *at = (const struct chunk_id *)(const void *)ids->at;

	for (size_t i = 0; i < ids->len / sizeof(*at); i++)
		if (chunk_id_equal(&at[i], id))
			return true;
	return false;
}

/* Did somebody bring all that can't be read in the journal? */
static bool has_lost(const struct stream *stream, const struct journal *journal,
		     const struct buf *lost)
{
	const struct stream_span *span = (const struct stream_span *)(const void *)lost->at;
	const struct stream_range *range;

	for (size_t i = 0; i < lost->len / sizeof(*span); i++) {
		range = stream_range_at(stream, span[i].first);
		if (range == NULL || range->last.ts < span[i].last)
			return false;
	}
	if (journal->damaged == 0)
		return true;
	range = stream_range_at(stream, journal->info.last.ts);
	return range != NULL && range->last.ts > journal->info.last.ts;
}

/*
 * The segments that have the journal's entries: those that were just written, and those that had some of them before. Who does
 * not have all of them yet (rsync) goes on reading the journal. 0 while some are lost: another copy of the store may have a sound
 * journal, which nobody would look at any more.
 */
static int segments_of(struct store *store, const struct journal *journal, struct bytes written,
		       const struct buf *lost, struct buf *ret, struct error *e)
{
	OWNED(stream_close) struct stream *stream = NULL;

	if (stream_open_without(store, journal->info.number, &stream, e) < 0)
		return e->code;
	if (!has_lost(stream, journal, lost))
		return 0;
	buf_add_bytes(ret, written);
	for (size_t i = 0; i < stream->count; i++) {
		const struct segment *s = &stream->pieces[i].segment;

		if (stream->pieces[i].journal == NULL && s->first.ts <= journal->info.last.ts &&
		    s->last.ts >= journal->info.first.ts && !has_id(ret, &s->id))
			buf_add(ret, &s->id, sizeof(s->id));
	}
	return 1;
}

int stream_tail_seal(struct store_writer *writer, uint64_t number, struct stream_added *ret,
		     struct error *e)
{
	struct store *store = store_writer_store(writer);
	struct backend *files = store_stream_files(store);
	OWNED(stream_add_free) struct stream_add *add = NULL;
	OWNED(journal_release) struct journal *journal = NULL;
	OWNED(listing_release) struct listing listing = {0};
	OWNED(free) char *path = NULL;
	OWNED(free) char *folder = NULL;
	OWNED(free) char *file = NULL;
	OWNED(buf_release) struct buf ids = {0};
	OWNED(buf_release) struct buf content = {0};
	OWNED(buf_release) struct buf lost = {0};
	struct stream_added added;
	int code;

	if (list(store, &listing, e) < 0)
		return e->code;
	folder = xprintf("%s/" STREAM_FOLDER "%s", store_path(store), buf_text(&listing.name));
	path = journal_path(folder, number);
	code = journal_open_frames(path, store_keys(store), &journal, e);
	/* Nothing can be made of it: a check tells that, a repair lets it go. */
	if (code == ERR_CORRUPT)
		*ret = (struct stream_added){0};
	if (code < 0)
		return code == ERR_CORRUPT ? 0 : code;
	if (stream_add_begin_without(writer, number, &add, e) < 0 ||
	    add_entries(add, journal, &lost, e) < 0 || stream_add_finish(add, &added, e) < 0)
		return e->code;
	code = segments_of(store, journal, stream_add_written(add), &lost, &ids, e);
	if (code < 0)
		return code;
	*ret = added;
	if (code == 0)
		return 0;
	file = stream_file_sealed(buf_text(&listing.name), number);
	stream_file_encode_sealed(buf_bytes(&ids), &content);
	code = files->ops->put(files, file, buf_bytes(&content), e);
	return code < 0 ? code : 0;
}

static bool has_number(const struct buf *numbers, uint64_t number)
{
	const uint64_t *at = (const uint64_t *)(const void *)numbers->at;

	for (size_t i = 0; i < numbers->len / sizeof(*at); i++)
		if (at[i] == number)
			return true;
	return false;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int stream_tail_seal_all(struct store_writer *writer, struct error *e)
{
	OWNED(listing_release) struct listing listing = {0};
	uint64_t *numbers;
	size_t count;
	int done = 0;

	if (stream_add_aside(writer, e) < 0 || list(store_writer_store(writer), &listing, e) < 0)
		return e->code;
	numbers = (uint64_t *)(void *)listing.journals.at;
	count = listing.journals.len / sizeof(*numbers);
	if (count > 1)
		qsort(numbers, count, sizeof(*numbers), by_number);
	for (size_t i = 0; i < count; i++) {
		struct stream_added added;

		if (has_number(&listing.sealed, numbers[i]))
			continue;
		if (stream_tail_seal(writer, numbers[i], &added, e) < 0)
			return e->code;
		done++;
	}
	return done;
}
