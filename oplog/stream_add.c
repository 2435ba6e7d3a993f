#include "oplog/stream_add.h"

#include <assert.h>
#include <inttypes.h>
#include <time.h>

#include "base/clock.h"
#include "base/shell_word.h"
#include "oplog/segment_builder.h"
#include "oplog/stream_contradicts.h"
#include "oplog/stream_foreign.h"
#include "oplog/stream_internal.h"
#include "oplog/stream_keep.h"
#include "store/settle.h"
#include "store/snapshot/closure.h"

struct stream_add {
	struct store_writer *writer;
	struct store *store;
	int lock_fd;
	struct stream_foreign *foreign;
	struct stream *stream;		/* as it was at the begin */
	char name[STREAM_NAME_MAX + 1]; /* of the stream; "" when it is not there yet */
	struct piece *list;		/* the stream's, and the new ones */
	size_t count;
	struct buf links; /* of struct segment: new ones without entries */
	bool unflushed;	  /* a new segment's chunks can't be read yet */
	struct buf spans; /* of struct stream_span: what the slices have */
	uint64_t new_entries, duplicates;
	struct entry_optime newest; /* that was taken last, in any slice */
	struct buf written;	    /* of struct chunk_id: the segments that were put */

	/* the slice */
	char *slice;
	uint64_t offset;	  /* bytes of its entries so far: as in its file */
	struct segment_link last; /* its last entry so far: known, when there is one */
	struct buf last_doc;	  /* that entry, while last.hash is not there yet; else empty */
	bool placed;		  /* `at` and `rank` are set */
	size_t at;     /* the stream's next entry is in this piece; count: there is none */
	uint64_t rank; /* and is this one of it */
	struct piece_cursor *cursor; /* of piece `at`; or NULL */
	struct bytes stored; /* the entry before it, when its rank is one more than `rank` */

	/* the run: new entries that follow each other */
	struct segment_builder *builder; /* without entries: there is none */
	struct segment_link run_prev;	 /* the entry before it */
};

static int read_list(struct stream_add *add, uint64_t without, struct error *e)
{
	OWNED(buf_release) struct buf word = {0};
	const struct stream *stream;

	if (stream_open_without(add->store, without, &add->stream, e) < 0)
		return e->code;
	stream = add->stream;
	if (stream->skipped > 0) {
		error_set(e, ERR_CORRUPT,
			  "%zu segment%s of the stored oplog can't be used: damaged, made by a "
			  "newer program, or not all of it is here",
			  stream->skipped, stream->skipped == 1 ? "" : "s");
		return error_hint(e,
				  "'yester repair' mends it; more is told by: yester check -s %s",
				  shell_word(store_path(add->store), &word));
	}
	memcpy(add->name, stream->name, sizeof(add->name));
	add->count = stream->count;
	add->list = xcalloc(add->count + 1, sizeof(*add->list));
	if (add->count > 0)
		memcpy(add->list, stream->pieces, add->count * sizeof(*add->list));
	return 0;
}

/* Of a new piece: its segment has no file yet. */
static bool is_new(const struct piece *piece)
{
	return piece->journal == NULL && chunk_id_is_zero(&piece->segment.id);
}

/* The entries of the newest segment, which new ones are like; NULL: there is none. */
static const struct tree_root *newest_tree(const struct stream_add *add)
{
	for (size_t i = add->count; i > 0; i--)
		if (add->list[i - 1].journal == NULL)
			return &add->list[i - 1].segment.root;
	return NULL;
}

int stream_add_begin_without(struct store_writer *writer, uint64_t without, struct stream_add **ret,
			     struct error *e)
{
	OWNED(stream_add_free) struct stream_add *add = xcalloc(1, sizeof(*add));

	add->writer = writer;
	add->store = store_writer_store(writer);
	add->lock_fd = -1;
	if (store_stream_lock(add->store, STORE_STREAM_ADD, &add->lock_fd, e) < 0 ||
	    read_list(add, without, e) < 0 || stream_foreign_new(add->store, &add->foreign, e) < 0)
		return e->code;
	add->builder = segment_builder_new(writer, newest_tree(add));
	*ret = TAKE(add);
	return 0;
}

int stream_add_begin(struct store_writer *writer, struct stream_add **ret, struct error *e)
{
	OWNED(stream_add_free) struct stream_add *add = NULL;

	if (stream_add_begin_without(writer, 0, &add, e) < 0)
		return e->code;
	if (add->stream->aside_count > 0) {
		stream_add_free(TAKE(add));
		if (stream_add_aside(writer, e) < 0 ||
		    stream_add_begin_without(writer, 0, &add, e) < 0)
			return e->code;
	}
	*ret = TAKE(add);
	return 0;
}

void stream_add_free(struct stream_add *add)
{
	if (add == NULL)
		return;
	segment_builder_free(add->builder);
	piece_cursor_free(add->cursor);
	stream_foreign_free(add->foreign);
	buf_release(&add->links);
	buf_release(&add->spans);
	buf_release(&add->last_doc);
	buf_release(&add->written);
	stream_close(add->stream);
	free(add->list);
	free(add->slice);
	if (add->lock_fd >= 0)
		close(add->lock_fd);
	free(add);
}

static struct segment_link link_to(const struct entry_optime *at, struct chunk_id hash)
{
	return (struct segment_link){.known = true, .at = *at, .hash = hash};
}

static bool same_link(const struct segment_link *a, const struct segment_link *b)
{
	return a->at.ts == b->at.ts && a->at.term == b->at.term &&
	       chunk_id_equal(&a->hash, &b->hash);
}

/* The last entry of the slice; its hash is made when somebody asks. */
static const struct segment_link *last_link(struct stream_add *add)
{
	if (add->last_doc.len > 0)
		add->last.hash = store_id_of(add->store, buf_bytes(&add->last_doc));
	buf_reset(&add->last_doc);
	return &add->last;
}

static bool is_link_to(const struct stream_add *add, const struct segment_link *link,
		       const struct entry_optime *at, struct bytes doc)
{
	struct chunk_id hash;

	if (!link->known || link->at.ts != at->ts || link->at.term != at->term)
		return false;
	hash = store_id_of(add->store, doc);
	return chunk_id_equal(&link->hash, &hash);
}

static bool has_run(const struct stream_add *add)
{
	return segment_builder_entries(add->builder) > 0;
}

/* A gap follows the run: behind it, too, there is no earlier term. */
static int check_after(const struct stream_add *add, struct error *e)
{
	const struct entry_optime *after = &add->list[add->at].segment.first;

	if (after->term < 0 || after->term >= add->last.at.term)
		return 0;
	(void)stream_contradicts_term(after, &add->last.at, e);
	return error_wrap(e, "%s", add->slice);
}

/* The run becomes a segment of the list. `next` is the entry behind it; NULL: not known. */
static int end_run(struct stream_add *add, const struct segment_link *next, struct error *e)
{
	struct segment segment, *s = &segment;

	if (!has_run(add))
		return 0;
	if (next == NULL && add->at < add->count && check_after(add, e) < 0)
		return e->code;
	if (segment_builder_finish(add->builder, s, e) < 0)
		return e->code;
	s->prev = add->run_prev;
	s->last = last_link(add)->at;
	s->last_hash = add->last.hash;
	if (next != NULL)
		s->next = *next;
	add->list = xrealloc(add->list, (add->count + 1) * sizeof(*add->list));
	memmove(&add->list[add->at + 1], &add->list[add->at],
		(add->count - add->at) * sizeof(*add->list));
	add->list[add->at++] = (struct piece){.segment = *s};
	add->count++;
	add->unflushed = true;
	return 0;
}

static int end_slice(struct stream_add *add, struct error *e)
{
	if (end_run(add, NULL, e) < 0)
		return e->code;
	piece_cursor_free(TAKE(add->cursor));
	free(TAKE(add->slice));
	add->last.known = add->placed = false;
	return 0;
}

int stream_add_slice(struct stream_add *add, const char *name, struct error *e)
{
	if (end_slice(add, e) < 0)
		return e->code;
	add->slice = xstrdup(name);
	add->offset = 0;
	stream_foreign_slice(add->foreign);
	return 0;
}

void stream_add_after(struct stream_add *add, const struct segment_link *prev)
{
	assert(!add->placed);
	buf_reset(&add->last_doc);
	add->last = *prev;
}

struct bytes stream_add_written(const struct stream_add *add)
{
	return buf_bytes(&add->written);
}

/* A cursor over piece `at` of the list, whose chunks are flushed first when that is needed. */
static int open_cursor(struct stream_add *add, struct error *e)
{
	if (add->cursor != NULL)
		return 0;
	if (add->unflushed && is_new(&add->list[add->at])) {
		if (store_writer_flush(add->writer, e) < 0)
			return e->code;
		add->unflushed = false;
	}
	add->cursor = piece_cursor_new(add->store, &add->list[add->at]);
	return 0;
}

/* Find the stream's first entry that is not before `ts`. */
static int find_place(struct stream_add *add, uint64_t ts, struct error *e)
{
	const struct stream_span span = {ts, ts};

	buf_add(&add->spans, &span, sizeof(span));
	add->placed = true;
	add->at = stream_find_piece(add->list, add->count, ts);
	add->rank = 0;
	if (add->at == add->count || ts <= add->list[add->at].segment.first.ts)
		return 0;
	if (open_cursor(add, e) < 0 || piece_cursor_seek_ts(add->cursor, ts, e) < 0)
		return e->code;
	add->rank = piece_cursor_rank(add->cursor);
	return 0;
}

/* Does what is known of the neighbours allow a new entry here? */
static int check_place(const struct stream_add *add, const struct entry_optime *at,
		       struct bytes doc, struct error *e)
{
	const struct segment *before = add->at > 0 ? &add->list[add->at - 1].segment : NULL;
	const struct segment *after = add->at < add->count ? &add->list[add->at].segment : NULL;
	bool follows = add->last.known && before != NULL && add->last.at.ts == before->last.ts;

	if (add->rank > 0)
		return stream_contradicts_surplus(at, e);
	if (before != NULL && before->next.known && !has_run(add)) {
		const struct segment_link *next = &before->next;

		if (at->ts < next->at.ts)
			return stream_contradicts_surplus(at, e);
		if (at->ts == next->at.ts && !is_link_to(add, next, at, doc))
			return stream_contradicts_differs(at, e);
		if (at->ts > next->at.ts && follows)
			return stream_contradicts_lacks(next->at.ts, e);
	}
	if (after != NULL && after->prev.known) {
		const struct segment_link *prev = &after->prev;

		if (at->ts > prev->at.ts)
			return stream_contradicts_surplus(at, e);
		if (at->ts == prev->at.ts && !is_link_to(add, prev, at, doc))
			return stream_contradicts_differs(at, e);
	}
	return 0;
}

/* Also across the gap before a run terms ascend; across any gap nothing is before the first entry of a replica set. */
static int check_across(struct stream_add *add, const struct entry_optime *at,
			const struct entry *entry, struct error *e)
{
	const struct segment *before = add->at > 0 ? &add->list[add->at - 1].segment : NULL;
	const struct segment *after = add->at < add->count ? &add->list[add->at].segment : NULL;
	bool begins = false;

	if (before != NULL && !has_run(add) && at->term >= 0 && at->term < before->last.term)
		return stream_contradicts_term(at, &before->last, e);
	if (before != NULL && entry != NULL && stream_foreign_is_first(entry))
		return stream_contradicts_begin(at, &before->last, e);
	if (after != NULL && !has_run(add) && !after->prev.known) {
		if (open_cursor(add, e) < 0 || stream_foreign_begins(add->cursor, &begins, e) < 0)
			return e->code;
		piece_cursor_free(TAKE(add->cursor));
	}
	return begins ? stream_contradicts_begin(&after->first, at, e) : 0;
}

/* `entry` NULL: it can't be read by this version. */
static int add_new(struct stream_add *add, const struct entry_optime *at, struct bytes doc,
		   const struct entry *entry, struct error *e)
{
	if (check_place(add, at, doc, e) < 0 || check_across(add, at, entry, e) < 0)
		return e->code;
	if (segment_builder_is_full(add->builder, doc.len) && end_run(add, NULL, e) < 0)
		return e->code;
	if (!has_run(add))
		add->run_prev = add->last.known ? *last_link(add) : (struct segment_link){0};
	if (segment_builder_add(add->builder, doc, at, entry, e) < 0)
		return e->code;
	add->new_entries++;
	return 0;
}

/* The slice goes over into piece `at` of the list: that proves what is between them. */
static int join(struct stream_add *add, struct error *e)
{
	struct segment *after = &add->list[add->at].segment, *before;
	struct segment_link next = link_to(&after->first, after->first_hash);
	struct segment link = {.next = next};

	if (!add->last.known)
		return 0;
	if (after->prev.known && !same_link(&after->prev, last_link(add)))
		return stream_contradicts_lacks(after->prev.at.ts, e);
	if (has_run(add))
		return end_run(add, &next, e);
	if (add->at == 0 || add->list[add->at - 1].segment.last.ts != add->last.at.ts)
		return 0; /* what stream_add_after() named is not in the stream */
	/* Both are the stream's own: the last entry was that of the piece before. */
	before = &add->list[add->at - 1].segment;
	if (segment_follows(before, after))
		return 0;
	if (before->next.known)
		return stream_contradicts_lacks(before->next.at.ts, e);
	link.prev = link_to(&before->last, before->last_hash);
	before->next = next;
	buf_add(&add->links, &link, sizeof(link));
	return 0;
}

/* Where the stream's next entry is told by its segment's file, no chunk is read for it. */
static bool at_edge(const struct stream_add *add, struct segment_link *ret)
{
	const struct segment *s = &add->list[add->at].segment;

	if (add->rank == 0)
		*ret = link_to(&s->first, s->first_hash);
	else if (add->rank + 1 == s->entries)
		*ret = link_to(&s->last, s->last_hash);
	else
		return false;
	return true;
}

/* The stream's next entry: 1 and its time, 0 when there is none. Its bytes are in add->stored, but at an edge. */
static int peek(struct stream_add *add, uint64_t *ret, struct error *e)
{
	struct segment_link edge;
	struct entry_optime at;
	int found;

	*ret = 0;
	if (add->at == add->count)
		return 0;
	if (at_edge(add, &edge)) {
		*ret = edge.at.ts;
		return 1;
	}
	if (open_cursor(add, e) < 0)
		return e->code;
	/* It stands behind the entry already when that was looked at for the slice's entry before. */
	if (piece_cursor_rank(add->cursor) != add->rank + 1) {
		if (piece_cursor_rank(add->cursor) != add->rank &&
		    piece_cursor_seek(add->cursor, add->rank, e) < 0)
			return e->code;
		found = piece_cursor_next(add->cursor, &add->stored, e);
		if (found < 0)
			return found;
		if (found == 0)
			return error_set(e, ERR_CORRUPT, "a stored segment ends too early");
	}
	if (stream_optime(add->stored, &at, e) < 0)
		return e->code;
	*ret = at.ts;
	return 1;
}

/* An entry of the time of the stream's next one, which it has to be. */
static int add_duplicate(struct stream_add *add, const struct entry_optime *at, struct bytes doc,
			 struct error *e)
{
	struct segment_link edge;
	bool same = at_edge(add, &edge) ? is_link_to(add, &edge, at, doc)
					: bytes_equal(add->stored, doc);

	if (!same)
		return stream_contradicts_differs(at, e);
	if (add->rank == 0 && join(add, e) < 0)
		return e->code;
	add->duplicates++;
	if (++add->rank == add->list[add->at].segment.entries) {
		piece_cursor_free(TAKE(add->cursor));
		add->rank = 0;
		add->at++;
	}
	return 0;
}

/*
 * Is it an entry? A stream is raw history: what only a replay could not do (another version of the
 * format, an operation of a later server) is stored all the same. 1 and the entry, 0: it is such a one.
 */
static int look_at(struct stream_add *add, struct bytes doc, struct entry_optime *ret,
		   struct entry *ret_entry, struct error *e)
{
	struct error why;
	int code;

	if (bson_frame(doc, e) < 0 || stream_optime(doc, ret, e) < 0)
		return e->code;
	code = entry_parse(doc, ret_entry, &why);
	if (code < 0 && code != ERR_UNSUPPORTED) {
		*e = why;
		return code;
	}
	if (add->last.known && ret->ts <= add->last.at.ts)
		return error_set(e, ERR_CORRUPT,
				 "entry %" PRIu32 ".%" PRIu32 " comes after entry %" PRIu32
				 ".%" PRIu32 ": they have to ascend",
				 entry_seconds(ret->ts), entry_increment(ret->ts),
				 entry_seconds(add->last.at.ts), entry_increment(add->last.at.ts));
	if (add->last.known && ret->term >= 0 && ret->term < add->last.at.term)
		return stream_contradicts_term(ret, &add->last.at, e);
	if (stream_foreign_look(add->foreign, ret->ts, code < 0 ? NULL : ret_entry, e) < 0)
		return e->code;
	return code == 0;
}

int stream_add_entry(struct stream_add *add, struct bytes doc, struct error *e)
{
	struct entry_optime at;
	struct entry entry;
	uint64_t next;
	int found, readable;

	assert(add->slice != NULL);
	readable = look_at(add, doc, &at, &entry, e);
	if (readable < 0 || (!add->placed && find_place(add, at.ts, e) < 0))
		return error_wrap(e, "%s: offset %" PRIu64, add->slice, add->offset);
	found = peek(add, &next, e);
	if (found == 1 && at.ts > next)
		found = stream_contradicts_lacks(next, e);
	else if (found == 1 && at.ts == next)
		found = add_duplicate(add, &at, doc, e);
	else if (found >= 0)
		found = add_new(add, &at, doc, readable == 1 ? &entry : NULL, e);
	if (found < 0)
		return error_wrap(e, "%s: offset %" PRIu64, add->slice, add->offset);
	add->offset += doc.len;
	((struct stream_span *)(void *)(add->spans.at + add->spans.len))[-1].last = at.ts;
	add->last = (struct segment_link){.known = true, .at = at};
	add->newest = at;
	buf_reset(&add->last_doc);
	buf_add_bytes(&add->last_doc, doc);
	return 0;
}

struct entry_optime stream_add_last(const struct stream_add *add)
{
	return add->newest;
}

static int put_segment(struct stream_add *add, struct segment *segment, struct error *e)
{
	struct backend *files = store_stream_files(add->store);
	OWNED(buf_release) struct buf content = {0};
	OWNED(free) char *file = NULL;

	if (add->name[0] == '\0')
		stream_file_new_name(add->store, add->name);
	segment->created_us = clock_wall_us();
	if (segment_encode(segment, store_keys(add->store), &content, e) < 0)
		return e->code;
	/* All its chunks were just put: it need not be walked to be used. */
	if (closure_note_whole(add->store, &segment->id, e) < 0)
		return e->code;
	buf_add(&add->written, &segment->id, sizeof(segment->id));
	file = stream_file_segment(add->name, &segment->id);
	return files->ops->put(files, file, buf_bytes(&content), e);
}

/* The first gap beside a range that a slice reached into. */
static bool find_gap(const struct stream_add *add, struct stream_range *ret)
{
	const struct stream_span *span = (const struct stream_span *)(const void *)add->spans.at;
	OWNED(free) bool *reached = xcalloc(add->count + 1, sizeof(*reached));
	size_t begin = 0, end;

	for (size_t i = 0; i < add->spans.len / sizeof(*span); i++)
		reached[stream_find_piece(add->list, add->count, span[i].first)] = true;
	for (; begin < add->count; begin = end) {
		bool here = reached[begin];
		size_t gap;

		for (end = begin + 1;
		     end < add->count &&
		     segment_follows(&add->list[end - 1].segment, &add->list[end].segment);
		     end++)
			here = here || reached[end];
		gap = begin > 0 ? begin : end;
		if (!here || gap == add->count)
			continue;
		ret->first = add->list[gap - 1].segment.last;
		ret->last = add->list[gap].segment.first;
		return true;
	}
	return false;
}

/* The files of all that is new. Returns how many. */
static int put_all(void *ctx, struct error *e)
{
	struct stream_add *add = ctx;
	struct segment *links = (struct segment *)(void *)add->links.at;
	int put = 0;

	/* What it had before, it has to have in future, too. */
	if (add->duplicates > 0 && stream_keep(add->store, add->name, add->stream->pieces,
					       add->stream->count, buf_bytes(&add->spans), e) < 0)
		return e->code;
	for (size_t i = 0; i < add->count; i++) {
		if (!is_new(&add->list[i]))
			continue;
		if (put_segment(add, &add->list[i].segment, e) < 0)
			return e->code;
		put++;
	}
	for (size_t i = 0; i < add->links.len / sizeof(*links); i++, put++)
		if (put_segment(add, &links[i], e) < 0)
			return e->code;
	return put;
}

int stream_add_finish(struct stream_add *add, struct stream_added *ret, struct error *e)
{
	OWNED(free) const struct tree_root **roots = NULL;
	struct stream_added added = {0};
	size_t count = 0;
	int put;

	if (end_slice(add, e) < 0 || store_writer_flush(add->writer, e) < 0)
		return e->code;
	roots = xcalloc(2 * add->count + 1, sizeof(const struct tree_root *));
	for (size_t i = 0; i < add->count; i++) {
		if (!is_new(&add->list[i]))
			continue;
		roots[count++] = &add->list[i].segment.root;
		roots[count++] = &add->list[i].segment.postings;
	}
	put = store_stream_commit(add->writer, roots, count, put_all, add, e);
	if (put < 0)
		return put;
	/* What was there already may be of a process that was killed just then. With a new file its folder is durable. */
	if (put == 0 && add->duplicates > 0 && settle_all(add->store, e) < 0)
		return e->code;
	added.segments = (uint64_t)put;
	added.entries = add->new_entries;
	added.duplicates = add->duplicates;
	added.has_gap = find_gap(add, &added.gap);
	*ret = added;
	return 0;
}
