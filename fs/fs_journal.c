#include "fs/fs_journal.h"

#include <pthread.h>

#include "base/bson.h"
#include "base/ejson_reader.h"

#define BLOCK MIB   /* of entries; one that begins in it is in it */
#define NOTES_MAX 8 /* journals that are remembered; a stream has one, seldom two */

/* Where a block ends, in bytes from the journal's beginning. */
struct end {
	uint64_t entries;
	uint64_t text;
};

/* The blocks of a journal, as far as they are full. */
struct note {
	uint64_t first_ts; /* which journal: the timestamp of its first entry */
	struct end *ends;
	size_t count;
};

/* The block that was read last, by whomever. */
struct block {
	uint64_t first_ts;
	uint64_t begin, end; /* of its entries */
	struct buf entries;
	struct ejson_reader *text; /* of `entries`; NULL: there is none */
};

struct fs_journals {
	enum ejson_form form;
	pthread_mutex_t lock; /* of all below */
	struct note notes[NOTES_MAX];
	unsigned turn; /* the note that goes next where all are taken */
	struct block block;
};

struct fs_journal {
	struct fs_journals *journals;
	struct stream *stream;
	uint64_t begin; /* of its entries in stream_read() */
	uint64_t bytes; /* of them */
	uint64_t first_ts;
	struct end *ends; /* of all blocks; the last one may be short */
	size_t count;
};

struct fs_journals *fs_journals_new(enum ejson_form form)
{
	struct fs_journals *journals = xcalloc(1, sizeof(*journals));

	journals->form = form;
	pthread_mutex_init(&journals->lock, NULL);
	return journals;
}

static void drop_block(struct block *block)
{
	ejson_reader_free(block->text);
	buf_release(&block->entries);
	*block = (struct block){.text = NULL};
}

void fs_journals_free(struct fs_journals *journals)
{
	if (journals == NULL)
		return;
	drop_block(&journals->block);
	for (size_t i = 0; i < COUNT_OF(journals->notes); i++)
		free(journals->notes[i].ends);
	pthread_mutex_destroy(&journals->lock);
	free(journals);
}

/* Under lock: what is noted of this journal, or NULL. */
static struct note *find_note(struct fs_journals *journals, uint64_t first_ts)
{
	for (size_t i = 0; i < COUNT_OF(journals->notes); i++)
		if (journals->notes[i].first_ts == first_ts)
			return &journals->notes[i];
	return NULL;
}

/* Begin with the full blocks that are known by now. */
static void recall(struct fs_journal *journal)
{
	const struct note *note;

	pthread_mutex_lock(&journal->journals->lock);
	note = find_note(journal->journals, journal->first_ts);
	for (size_t i = 0; note != NULL && i < note->count; i++) {
		/* It was open when there were more entries: a view that is older has less. */
		if (note->ends[i].entries > journal->bytes)
			break;
		journal->ends[journal->count++] = note->ends[i];
	}
	pthread_mutex_unlock(&journal->journals->lock);
}

/* Note the blocks that are full. */
static void remember(const struct fs_journal *journal)
{
	struct fs_journals *journals = journal->journals;
	size_t full = journal->count;
	struct note *note;

	if (full > 0 &&
	    journal->ends[full - 1].entries - (full > 1 ? journal->ends[full - 2].entries : 0) <
		    BLOCK)
		full--;
	pthread_mutex_lock(&journals->lock);
	note = find_note(journals, journal->first_ts);
	if (note == NULL && full > 0) {
		note = &journals->notes[journals->turn++ % COUNT_OF(journals->notes)];
		free(note->ends);
		*note = (struct note){.first_ts = journal->first_ts};
	}
	if (note != NULL && note->count < full) {
		note->ends = xrealloc(note->ends, full * sizeof(*note->ends));
		memcpy(note->ends, journal->ends, full * sizeof(*note->ends));
		note->count = full;
	}
	pthread_mutex_unlock(&journals->lock);
}

/* Append `len` bytes of the journal's entries, which are there. */
static int read_entries(struct fs_journal *journal, uint64_t from, size_t len, struct buf *ret,
			struct error *e)
{
	size_t got = 0;

	if (buf_reserve(ret, len, BLOCK + ENTRY_MAX_LEN, e) < 0)
		return e->code;
	if (stream_read(journal->stream, journal->begin + from, ret->at + ret->len, len, &got, e) <
	    0)
		return e->code;
	if (got < len)
		return error_set(e, ERR_CORRUPT, "a journal is shorter than its count");
	ret->len += len;
	return 0;
}

/* Append the block that begins at byte `from`: all entries that begin in its first MiB. */
static int read_block(struct fs_journal *journal, uint64_t from, struct buf *ret, struct error *e)
{
	uint64_t left = journal->bytes - from;
	size_t at = 0;
	int rc = read_entries(journal, from, (size_t)MIN_OF((uint64_t)BLOCK, left), ret, e);

	while (rc == 0 && at < BLOCK && at < left) {
		/* The last one may be cut off, even in its length. */
		if (left - at < sizeof(uint32_t))
			return error_set(e, ERR_CORRUPT, "a journal ends within an entry");
		if (ret->len - at < sizeof(uint32_t))
			rc = read_entries(journal, from + ret->len,
					  sizeof(uint32_t) - (ret->len - at), ret, e);
		if (rc == 0) {
			uint32_t len = get_le32(ret->at + at);

			if (len < BSON_MIN_LEN || len > ENTRY_MAX_LEN || len > left - at)
				return error_set(e, ERR_CORRUPT,
						 "a journal has an entry of %u bytes", len);
			at += len;
			if (at > ret->len)
				rc = read_entries(journal, from + ret->len, at - ret->len, ret, e);
		}
	}
	return rc;
}

/* Measure what is not known yet. */
static int measure(struct fs_journal *journal, struct error *e)
{
	OWNED(buf_release) struct buf entries = {0};
	struct end end = {0};

	if (journal->count > 0)
		end = journal->ends[journal->count - 1];
	while (end.entries < journal->bytes) {
		uint64_t size = 0;

		buf_reset(&entries);
		if (read_block(journal, end.entries, &entries, e) < 0 ||
		    ejson_pieces_size(buf_bytes(&entries), journal->journals->form, &size, e) < 0)
			return error_wrap(e, "a journal as JSON");
		end.entries += entries.len;
		end.text += size;
		journal->ends[journal->count++] = end;
	}
	return 0;
}

int fs_journal_open(struct fs_journals *journals, struct stream *stream, size_t i, uint64_t begin,
		    struct fs_journal **ret, struct error *e)
{
	OWNED(fs_journal_close) struct fs_journal *journal = xcalloc(1, sizeof(*journal));
	const struct segment *segment = stream_segment(stream, i);

	journal->journals = journals;
	journal->stream = stream;
	journal->begin = begin;
	journal->bytes = segment->bytes;
	journal->first_ts = segment->first.ts;
	journal->ends = xcalloc((size_t)(journal->bytes / BLOCK) + 1, sizeof(*journal->ends));
	recall(journal);
	if (measure(journal, e) < 0)
		return e->code;
	remember(journal);
	*ret = TAKE(journal);
	return 0;
}

void fs_journal_close(struct fs_journal *journal)
{
	if (journal == NULL)
		return;
	free(journal->ends);
	free(journal);
}

uint64_t fs_journal_size(const struct fs_journal *journal)
{
	return journal->count == 0 ? 0 : journal->ends[journal->count - 1].text;
}

/* Under lock: have the block in memory. */
static int load_block(struct fs_journal *journal, uint64_t begin, uint64_t end, struct error *e)
{
	struct block *block = &journal->journals->block;

	if (block->text != NULL && block->first_ts == journal->first_ts && block->begin == begin &&
	    block->end == end)
		return 0;
	drop_block(block);
	if (read_entries(journal, begin, (size_t)(end - begin), &block->entries, e) < 0)
		return e->code;
	block->first_ts = journal->first_ts;
	block->begin = begin;
	block->end = end;
	block->text = ejson_reader_new(journal->journals->form);
	return 0;
}

/* Under lock: bytes of the text of block `i`, from its byte `offset` on. */
static int read_text(struct fs_journal *journal, size_t i, uint64_t offset, uint8_t *ret,
		     size_t len, struct error *e)
{
	uint64_t begin = i > 0 ? journal->ends[i - 1].entries : 0;
	const struct block *block = &journal->journals->block;
	size_t got = 0;

	if (load_block(journal, begin, journal->ends[i].entries, e) < 0 ||
	    ejson_reader_read(block->text, buf_bytes(&block->entries), offset, ret, len, &got, e) <
		    0)
		return e->code;
	/* No read ever disagrees with the size. */
	return got < len ? error_set(e, ERR_CORRUPT, "a journal's text is shorter than it was") : 0;
}

int fs_journal_read(struct fs_journal *journal, uint64_t offset, void *ret, size_t len,
		    size_t *ret_len, struct error *e)
{
	size_t done = 0;
	int rc = 0;

	pthread_mutex_lock(&journal->journals->lock);
	for (size_t i = 0; rc == 0 && done < len && i < journal->count; i++) {
		uint64_t begin = i > 0 ? journal->ends[i - 1].text : 0, end = journal->ends[i].text;
		size_t part;

		if (offset + done >= end)
			continue;
		part = (size_t)MIN_OF((uint64_t)(len - done), end - (offset + done));
		rc = read_text(journal, i, offset + done - begin, (uint8_t *)ret + done, part, e);
		done += part;
	}
	pthread_mutex_unlock(&journal->journals->lock);
	if (rc == 0)
		*ret_len = done;
	return rc;
}
