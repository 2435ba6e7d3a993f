/* Opening a stream: see stream.h. Prefix: stream_ */
#include <errno.h>

#include "oplog/stream_internal.h"

/* What is found while the folder is listed. */
struct listing {
	struct stream *stream;
	uint64_t without;  /* the number of a journal */
	struct buf links;  /* of struct segment, without entries */
	struct buf found;  /* of struct segment */
	struct buf opened; /* of uint64_t: the numbers of journals */
	struct buf sealed; /* of the same, and the size of the file that says so */
	bool refreshed;
};

static void listing_release(struct listing *listing)
{
	buf_release(&listing->links);
	buf_release(&listing->found);
	buf_release(&listing->opened);
	buf_release(&listing->sealed);
}
DEFINE_OWNED_STRUCT(struct listing, listing_release);

/* Are the segment's chunks there? Packs may have come since the index was last looked at. */
static int is_whole(struct listing *listing, const struct segment *segment, struct error *e)
{
	const struct tree_root *const roots[] = {&segment->root, &segment->postings};
	struct store *store = listing->stream->store;
	int there = store_stream_is_whole(store, &segment->id, roots, COUNT_OF(roots), e);

	if (there != 0 || listing->refreshed)
		return there;
	if (store_refresh(store, e) < 0)
		return e->code;
	listing->refreshed = true;
	return store_stream_is_whole(store, &segment->id, roots, COUNT_OF(roots), e);
}

static int list_segment(struct listing *listing, const char *file, const struct chunk_id *id,
			uint64_t size, struct error *e)
{
	struct stream *stream = listing->stream;
	struct segment segment;
	int found = stream_file_read(stream->store, file, id, size, &segment, e);

	if (found == 1)
		found = is_whole(listing, &segment, e);
	if (found == 0 || found == ERR_CORRUPT || found == ERR_UNSUPPORTED) {
		stream->skipped++;
		return 0;
	}
	if (found == 1)
		buf_add(segment.entries == 0 ? &listing->links : &listing->found, &segment,
			sizeof(segment));
	return found < 0 ? found : 0;
}

/* Of several replica sets, or each begun in another copy of the store: they can't be told apart here. */
static int two_streams(const struct stream *stream, const char *file, struct error *e)
{
	error_set(e, ERR_UNSUPPORTED,
		  "%s: two oplogs that were begun apart came together: " STREAM_FOLDER "%s and %s",
		  store_path(stream->store), stream->name, file);
	return error_hint(e, "move the folder of one of them away; 'yester copy' from a copy of "
			     "the store that has only the other "
			     "one brings what it has");
}

static int list_one(void *ctx, const char *file, uint64_t size, struct error *e)
{
	struct listing *listing = ctx;
	struct stream *stream = listing->stream;
	struct stream_file parsed = stream_file_parse(file);

	if (parsed.kind == STREAM_FILE_OTHER)
		return 0;
	if (stream->name[0] == '\0')
		memcpy(stream->name, parsed.stream.at, parsed.stream.len);
	else if (!bytes_equal(parsed.stream, bytes_str(stream->name)))
		return two_streams(stream, file, e);
	if (parsed.kind == STREAM_FILE_SEGMENT)
		return list_segment(listing, file, &parsed.id, size, e);
	if (parsed.kind == STREAM_FILE_SEALED) {
		buf_add(&listing->sealed, &parsed.number, sizeof(parsed.number));
		buf_add(&listing->sealed, &size, sizeof(size));
	} else if (parsed.number != listing->without) {
		buf_add(&listing->opened, &parsed.number, sizeof(parsed.number));
	}
	return 0;
}

/* Of several that begin with the same entry the longest comes first. */
static int by_time(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	if (x->first.ts != y->first.ts)
		return x->first.ts < y->first.ts ? -1 : 1;
	if (x->last.ts != y->last.ts)
		return x->last.ts > y->last.ts ? -1 : 1;
	return memcmp(x->id.at, y->id.at, CHUNK_ID_LEN);
}

size_t stream_find_piece(const struct piece *pieces, size_t count, uint64_t ts)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (pieces[middle].segment.last.ts >= ts)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Do pieces without a gap between them have the time of the segment? */
static bool is_covered(const struct stream *stream, const struct segment *s)
{
	size_t at = stream_find_piece(stream->pieces, stream->count, s->first.ts);

	if (at == stream->count || stream->pieces[at].segment.first.ts > s->first.ts)
		return false;
	for (; stream->pieces[at].segment.last.ts < s->last.ts; at++)
		if (at + 1 == stream->count ||
		    !segment_follows(&stream->pieces[at].segment, &stream->pieces[at + 1].segment))
			return false;
	return true;
}

/* The pieces are those that are chosen, and the others are set aside. */
static void split(struct stream *stream, const struct segment *all, const bool *chosen,
		  size_t count)
{
	stream->count = stream->aside_count = 0;
	for (size_t i = 0; i < count; i++)
		if (chosen[i])
			stream->pieces[stream->count++] = (struct piece){.segment = all[i]};
		else
			stream->aside[stream->aside_count++] = all[i];
}

/* Those that begin first. Returns whether they are all. */
static bool choose_first(const struct segment *all, bool *chosen, size_t count)
{
	bool any_aside = false;
	uint64_t last = 0;

	for (size_t i = 0; i < count; i++) {
		chosen[i] = all[i].first.ts > last;
		any_aside |= !chosen[i];
		if (chosen[i])
			last = all[i].last.ts;
	}
	return !any_aside;
}

/* The first of all[i..] that begins behind `ts`. */
static size_t behind(const struct segment *all, size_t i, size_t count, uint64_t ts)
{
	size_t low = i, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (all[middle].first.ts > ts)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Those that have most entries together. */
static void choose_most(const struct segment *all, bool *chosen, size_t count)
{
	OWNED(free) uint64_t *most = xcalloc(count + 1, sizeof(*most)); /* of all[i..] */

	for (size_t i = count; i-- > 0;) {
		uint64_t with = all[i].entries + most[behind(all, i + 1, count, all[i].last.ts)];

		chosen[i] = with >= most[i + 1];
		most[i] = MAX_OF(with, most[i + 1]);
	}
	for (size_t i = 0; i < count; i++) {
		size_t next = behind(all, i + 1, count, all[i].last.ts);

		if (!chosen[i])
			continue;
		for (size_t k = i + 1; k < next; k++)
			chosen[k] = false;
		i = next - 1;
	}
}

/*
 * Those that overlap with others are of other copies of the store. Where copies went on apart, the one that has most is shown,
 * unless something is in no piece then that is shown when those that begin first are taken.
 */
static void take_segments(struct stream *stream, struct buf *found)
{
	struct segment *all = (struct segment *)(void *)found->at;
	size_t count = found->len / sizeof(*all);
	OWNED(free) bool *first = xcalloc(count + 1, sizeof(*first));
	OWNED(free) bool *most = xcalloc(count + 1, sizeof(*most));
	bool covered = true;

	stream->pieces = xcalloc(count + 1, sizeof(*stream->pieces));
	stream->aside = xcalloc(count + 1, sizeof(*stream->aside));
	if (count > 1)
		qsort(all, count, sizeof(*all), by_time);
	if (choose_first(all, first, count)) {
		split(stream, all, first, count);
		return;
	}
	choose_most(all, most, count);
	split(stream, all, most, count);
	for (size_t i = 0; i < count && covered; i++)
		covered = !first[i] || is_covered(stream, &all[i]);
	if (!covered)
		split(stream, all, first, count);
}

/* What a segment without entries proves becomes a part of its neighbours. */
static void fold_links(struct stream *stream, const struct buf *links)
{
	const struct segment *link = (const struct segment *)(const void *)links->at;

	for (size_t i = 0; i < links->len / sizeof(*link); i++) {
		size_t at = stream_find_piece(stream->pieces, stream->count, link[i].prev.at.ts);
		struct segment *before = &stream->pieces[at].segment;

		if (at < stream->count && before->last.ts == link[i].prev.at.ts &&
		    chunk_id_equal(&before->last_hash, &link[i].prev.hash))
			before->next = link[i].next;
	}
}

/* The entry of rank `rank` of a journal as a link, and the bytes before it. */
static int link_of(const struct journal *journal, uint64_t rank, struct segment_link *ret,
		   uint64_t *ret_begin, struct error *e)
{
	OWNED(buf_release) struct buf doc = {0};

	if (journal_entry(journal, rank, &doc, &ret->at, ret_begin, e) < 0)
		return e->code;
	ret->known = true;
	ret->hash = store_keys_id(journal->keys, buf_bytes(&doc));
	return 0;
}

/* Entries begin..end-1 of a journal as a piece. */
static int make_piece(struct journal *journal, uint64_t begin, uint64_t end, struct piece *ret,
		      struct error *e)
{
	struct piece piece = {.journal = journal, .skip = begin};
	struct segment *s = &piece.segment;
	struct segment_link first, last;
	uint64_t end_bytes = journal->info.bytes;

	s->prev = journal->info.prev;
	if (link_of(journal, begin, &first, &piece.skip_bytes, e) < 0 ||
	    link_of(journal, end - 1, &last, NULL, e) < 0 ||
	    (begin > 0 && link_of(journal, begin - 1, &s->prev, NULL, e) < 0) ||
	    (end < journal->info.entries && link_of(journal, end, &s->next, &end_bytes, e) < 0))
		return e->code;
	s->first = first.at;
	s->first_hash = first.hash;
	s->last = last.at;
	s->last_hash = last.hash;
	s->entries = end - begin;
	s->bytes = end_bytes - piece.skip_bytes;
	s->created_us = journal->info.created_us;
	*ret = piece;
	return 0;
}

static void insert_piece(struct stream *stream, size_t at, const struct piece *piece)
{
	stream->pieces = xrealloc(stream->pieces, (stream->count + 1) * sizeof(*piece));
	memmove(&stream->pieces[at + 1], &stream->pieces[at],
		(stream->count - at) * sizeof(*piece));
	stream->pieces[at] = *piece;
	stream->count++;
}

/* The journal may know what comes before a piece that has some of its entries, and does not. */
static int tell_prev(const struct journal *journal, struct segment *segment, struct error *e)
{
	uint64_t rank;

	if (segment->prev.known || segment->first.ts < journal->info.first.ts)
		return 0;
	if (journal_find(journal, segment->first.ts, &rank, e) < 0)
		return e->code;
	if (rank == 0)
		segment->prev = journal->info.prev;
	else if (link_of(journal, rank - 1, &segment->prev, NULL, e) < 0)
		return e->code;
	return 0;
}

/* What of the journal no other piece has. */
static int take_journal(struct stream *stream, struct journal *journal, struct error *e)
{
	uint64_t ts = journal->info.first.ts, last = journal->info.last.ts;

	while (journal->info.entries > 0 && ts <= last) {
		size_t at = stream_find_piece(stream->pieces, stream->count, ts);
		struct segment *next = at < stream->count ? &stream->pieces[at].segment : NULL;
		uint64_t upto = last, begin, end;
		struct piece piece;

		if (next != NULL && next->first.ts <= ts) {
			if (tell_prev(journal, next, e) < 0)
				return e->code;
			ts = next->last.ts + 1;
			continue;
		}
		if (next != NULL && next->first.ts <= last)
			upto = next->first.ts - 1;
		if (journal_find(journal, ts, &begin, e) < 0 ||
		    journal_find(journal, upto + 1, &end, e) < 0)
			return e->code;
		if (begin < end) {
			if (make_piece(journal, begin, end, &piece, e) < 0)
				return e->code;
			insert_piece(stream, at, &piece);
		}
		ts = upto + 1;
	}
	return 0;
}

/* The time of the journal's first entry, not proven; 0: it has none, or is gone. */
static uint64_t first_of(const struct stream *stream, uint64_t number)
{
	OWNED(free)
	char *folder = xprintf("%s/" STREAM_FOLDER "%s", store_path(stream->store), stream->name);
	OWNED(free) char *path = journal_path(folder, number);

	return journal_peek(path);
}

/* Are all segments here that the journal became? `size` is that of the file that names them; a damaged one names none. */
static int is_sealed(const struct stream *stream, uint64_t number, uint64_t size,
		     const struct buf *found, struct error *e)
{
	const struct segment *at = (const struct segment *)(const void *)found->at;
	OWNED(free) char *file = stream_file_sealed(stream->name, number);
	OWNED(buf_release) struct buf ids = {0};
	const struct chunk_id *id;
	int got = stream_file_read_sealed(stream->store, file, size, &ids, e);
	uint64_t first = first_of(stream, number);
	bool has_first = first == 0;

	if (got != 1)
		return got == ERR_CORRUPT || got == ERR_UNSUPPORTED ? 0 : got;
	id = (const struct chunk_id *)(const void *)ids.at;
	for (size_t n = 0; n < ids.len / sizeof(*id); n++) {
		bool here = false;

		for (size_t i = 0; i < found->len / sizeof(*at) && !here; i++) {
			here = chunk_id_equal(&at[i].id, &id[n]);
			if (here && at[i].first.ts <= first && at[i].last.ts >= first)
				has_first = true;
		}
		if (!here)
			return 0;
	}
	/* Mostly that is all: to look at the whole of each journal would take as long as to read it. */
	return has_first ? 1 : stream_file_sealed_fits(stream->store, file, &ids, e);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Open the journal and take what it has; damage in it is counted. */
static int open_journal(struct stream *stream, uint64_t number, struct error *e)
{
	OWNED(free)
	char *folder = xprintf("%s/" STREAM_FOLDER "%s", store_path(stream->store), stream->name);
	OWNED(free) char *path = journal_path(folder, number);
	OWNED(journal_release) struct journal *journal = NULL;
	int code = journal_open(path, store_keys(stream->store), &journal, e);

	if (code < 0 && e->sys == ENOENT && e->code == ERR_IO)
		return 0; /* it went since it was listed */
	if (code == 0) {
		stream->damaged += journal->damaged != 0;
		stream->journals = xrealloc(stream->journals, (stream->journal_count + 1) *
								      sizeof(*stream->journals));
		stream->journals[stream->journal_count++] = journal_hold(journal);
		code = take_journal(stream, journal, e);
	}
	if (code == ERR_CORRUPT || code == ERR_UNSUPPORTED) {
		stream->damaged++;
		return 0;
	}
	return code;
}

static int open_journals(struct listing *listing, struct error *e)
{
	uint64_t *numbers = (uint64_t *)(void *)listing->opened.at;
	const uint64_t *sealed = (const uint64_t *)(const void *)listing->sealed.at;
	size_t count = listing->opened.len / sizeof(*numbers);

	if (count > 1)
		qsort(numbers, count, sizeof(*numbers), by_number);
	for (size_t i = 0; i < count; i++) {
		int done = 0;

		for (size_t k = 0; k < listing->sealed.len / sizeof(*sealed) && done == 0; k += 2)
			if (sealed[k] == numbers[i])
				done = is_sealed(listing->stream, numbers[i], sealed[k + 1],
						 &listing->found, e);
		if (done < 0 || (done == 0 && open_journal(listing->stream, numbers[i], e) < 0))
			return e->code;
	}
	return 0;
}

static void forget_covered(struct stream *stream)
{
	size_t kept = 0;

	for (size_t i = 0; i < stream->aside_count; i++)
		if (!is_covered(stream, &stream->aside[i]))
			stream->aside[kept++] = stream->aside[i];
	stream->aside_count = kept;
}

static void find_ranges(struct stream *stream)
{
	uint64_t offset = 0;

	stream->offset = xcalloc(stream->count + 1, sizeof(*stream->offset));
	stream->ranges = xcalloc(stream->count + 1, sizeof(*stream->ranges));
	stream->range_begin = xcalloc(stream->count + 1, sizeof(*stream->range_begin));
	for (size_t i = 0; i < stream->count; i++) {
		const struct segment *segment = &stream->pieces[i].segment;
		struct stream_range *range;

		if (i == 0 || !segment_follows(&stream->pieces[i - 1].segment, segment)) {
			stream->range_begin[stream->range_count] = i;
			stream->ranges[stream->range_count++].first = segment->first;
		}
		range = &stream->ranges[stream->range_count - 1];
		range->last = segment->last;
		range->entries += segment->entries;
		range->bytes += segment->bytes;
		stream->offset[i] = offset;
		offset += segment->bytes;
	}
	stream->offset[stream->count] = offset;
	stream->range_begin[stream->range_count] = stream->count;
}

int stream_open_without(struct store *store, uint64_t without, struct stream **ret, struct error *e)
{
	OWNED(stream_close) struct stream *stream = xcalloc(1, sizeof(*stream));
	OWNED(listing_release)
	struct listing listing = {.stream = stream, .without = without};
	struct backend *files = store_stream_files(store);

	stream->store = store;
	stream->users = 1;
	if (files->ops->list(files, "oplog", list_one, &listing, e) < 0)
		return e->code;
	take_segments(stream, &listing.found);
	if (open_journals(&listing, e) < 0)
		return e->code;
	fold_links(stream, &listing.links);
	forget_covered(stream);
	find_ranges(stream);
	*ret = TAKE(stream);
	return 0;
}

int stream_open(struct store *store, struct stream **ret, size_t *ret_skipped, struct error *e)
{
	if (stream_open_without(store, 0, ret, e) < 0)
		return e->code;
	if (ret_skipped != NULL)
		*ret_skipped = (*ret)->skipped + (*ret)->damaged + (*ret)->aside_count;
	return 0;
}

struct stream *stream_hold(struct stream *stream)
{
	__atomic_add_fetch(&stream->users, 1, __ATOMIC_RELAXED);
	return stream;
}

void stream_close(struct stream *stream)
{
	if (stream == NULL || __atomic_sub_fetch(&stream->users, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < stream->journal_count; i++)
		journal_release(stream->journals[i]);
	free(stream->journals);
	free(stream->pieces);
	free(stream->aside);
	free(stream->ranges);
	free(stream->range_begin);
	free(stream->offset);
	free(stream);
}
