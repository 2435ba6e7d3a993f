#include "tools/spool.h"

#include "base/bson_check.h"
#include "base/key.h"
#include "store/crypt/spill.h"

#define MEMORY_MAX (1 * MIB)
#define PIECE (1 * MIB)
/* Places where a document begins, evenly spread: when all are used every second one is dropped. */
#define MARKS 256
#define MARK_STEP (16 * KIB)
#define SAMPLES 8

struct spool {
	char *tmp_dir;
	struct spool_facts facts;
	struct buf key, last_key;
	struct bytes borrowed;
	spool_each *each; /* or NULL */
	void *each_ctx;
	bool only_watch;   /* nothing is kept */
	struct buf memory; /* all of it, or what is not in the file yet, or a piece while reading */
	struct spill *file; /* or NULL */
	uint64_t at;	    /* while reading */
	uint64_t marks[MARKS];
	size_t mark_count;
	uint64_t mark_step;
};

struct spool *spool_new(const char *tmp_dir)
{
	struct spool *spool = xcalloc(1, sizeof(*spool));

	spool->tmp_dir = xstrdup(tmp_dir);
	spool->facts.ascending = true;
	spool->mark_step = MARK_STEP;
	return spool;
}

void spool_free(struct spool *spool)
{
	if (spool == NULL)
		return;
	spill_free(spool->file);
	buf_release(&spool->key);
	buf_release(&spool->last_key);
	buf_release(&spool->memory);
	free(spool->tmp_dir);
	free(spool);
}

void spool_borrow(struct spool *spool, struct bytes whole)
{
	spool->borrowed = whole;
}

void spool_watch(struct spool *spool, spool_each *each, void *ctx)
{
	spool->each = each;
	spool->each_ctx = ctx;
}

void spool_only_watch(struct spool *spool)
{
	spool->only_watch = true;
}

static void mark(struct spool *spool)
{
	if (spool->mark_count > 0 &&
	    spool->facts.bytes < spool->marks[spool->mark_count - 1] + spool->mark_step)
		return;
	if (spool->mark_count == MARKS) {
		for (size_t i = 0; i < MARKS / 2; i++)
			spool->marks[i] = spool->marks[2 * i];
		spool->mark_count = MARKS / 2;
		spool->mark_step *= 2;
		return;
	}
	spool->marks[spool->mark_count++] = spool->facts.bytes;
}

static int look(struct spool *spool, struct bytes doc, struct error *e)
{
	struct buf swap = spool->last_key;
	int found;

	spool->last_key = spool->key;
	spool->key = swap;
	buf_reset(&spool->key);
	found = key_of_document(doc, &spool->key, e);
	if (found < 0)
		return found;
	if (found == 0)
		spool->facts.without_id = true;
	if (spool->facts.count > 0 &&
	    bytes_compare(buf_bytes(&spool->last_key), buf_bytes(&spool->key)) >= 0)
		spool->facts.ascending = false;
	mark(spool);
	spool->facts.count++;
	spool->facts.bytes += doc.len;
	if (spool->each == NULL || !spool->facts.ascending || spool->facts.without_id)
		return 0;
	return spool->each(spool->each_ctx, buf_bytes(&spool->key), doc, e);
}

static int look_at_all(struct spool *spool, struct bytes docs, struct error *e)
{
	while (docs.len > 0) {
		int64_t len = bson_next(docs, docs.len, e);

		if (len < 0 || look(spool, bytes_of(docs.at, (size_t)len), e) < 0)
			return e->code;
		docs.at += len;
		docs.len -= (size_t)len;
	}
	return 0;
}

static int write_out(struct spool *spool, struct error *e)
{
	if (spool->file == NULL && spill_new(spool->tmp_dir, "spool", &spool->file, e) < 0)
		return e->code;
	return spill_write(spool->file, &spool->memory, e);
}

/* Bytes in the file. */
static uint64_t written(const struct spool *spool)
{
	return spool->file == NULL ? 0 : spill_size(spool->file);
}

int spool_add(struct spool *spool, struct bytes docs, struct error *e)
{
	if (look_at_all(spool, docs, e) < 0)
		return e->code;
	if (spool->only_watch && (!spool->facts.ascending || spool->facts.without_id))
		return error_set(e, ERR_INVALID, "the documents do not come in order of _id");
	if (spool->borrowed.len > 0 || spool->only_watch)
		return 0;
	if (spool->memory.len + docs.len > MEMORY_MAX && spool->memory.len > 0 &&
	    write_out(spool, e) < 0)
		return e->code;
	if (buf_reserve(&spool->memory, docs.len, SIZE_MAX, e) < 0)
		return e->code;
	buf_add_bytes(&spool->memory, docs);
	return 0;
}

void spool_facts(const struct spool *spool, struct spool_facts *ret)
{
	*ret = spool->facts;
}

void spool_rewind(struct spool *spool)
{
	spool->at = 0;
}

/* The whole documents at the start of the piece in memory: their length. */
static int whole_len(struct bytes piece, size_t *ret, struct error *e)
{
	size_t at = 0;

	while (piece.len - at >= 4) {
		size_t len = get_le32(piece.at + at);

		if (len < BSON_MIN_LEN)
			return error_set(e, ERR_CORRUPT, "spool: a document of %zu bytes", len);
		if (len > piece.len - at)
			break;
		at += len;
	}
	*ret = at;
	return 0;
}

/* A piece of the file, cut to whole documents; larger when one document is. */
static int next_piece(struct spool *spool, struct bytes *ret, struct error *e)
{
	size_t want = PIECE, len = 0;

	for (;;) {
		size_t have = (size_t)MIN_OF((uint64_t)want, written(spool) - spool->at);

		buf_reset(&spool->memory);
		if (buf_reserve(&spool->memory, have, SIZE_MAX, e) < 0 ||
		    spill_read(spool->file, spool->at, spool->memory.at, have, e) < 0)
			return e->code;
		spool->memory.len = have;
		if (whole_len(buf_bytes(&spool->memory), &len, e) < 0)
			return e->code;
		if (len > 0)
			break;
		if (have < want)
			return error_set(e, ERR_CORRUPT, "spool: it ends within a document");
		want *= 4;
	}
	spool->at += len;
	*ret = bytes_of(spool->memory.at, len);
	return 1;
}

int spool_next(struct spool *spool, struct bytes *ret_docs, struct error *e)
{
	struct bytes all = spool->borrowed.len > 0 ? spool->borrowed : buf_bytes(&spool->memory);

	if (spool->file == NULL) {
		if (spool->at > 0 || all.len == 0)
			return 0;
		*ret_docs = all;
		spool->at = all.len;
		return 1;
	}
	/* What is left in memory goes to the file first: then memory is free for pieces. */
	if (spool->at == 0 && spool->memory.len > 0 &&
	    written(spool) + spool->memory.len == spool->facts.bytes && write_out(spool, e) < 0)
		return e->code;
	return spool->at < written(spool) ? next_piece(spool, ret_docs, e) : 0;
}

/* Up to `want` bytes of whole documents from `offset` of the file on. */
static int sample_at(struct spool *spool, uint64_t offset, size_t want, struct buf *ret,
		     struct error *e)
{
	size_t have = (size_t)MIN_OF((uint64_t)want, written(spool) - offset), len = 0;

	(void)buf_room(ret, have);
	if (spill_read(spool->file, offset, ret->at + ret->len, have, e) < 0 ||
	    whole_len(bytes_of(ret->at + ret->len, have), &len, e) < 0)
		return e->code;
	ret->len += len;
	return 0;
}

/* Pieces of what is all in memory. Where documents begin there matters for the first only. */
static void sample_memory(struct bytes all, size_t want, struct buf *ret)
{
	size_t piece = MIN_OF(want, all.len) / SAMPLES;

	if (all.len < 4 || get_le32(all.at) > piece)
		return;
	for (size_t i = 0; i < SAMPLES; i++)
		buf_add(ret, all.at + i * (all.len / SAMPLES), piece);
}

int spool_sample(struct spool *spool, size_t want, struct buf *ret, struct error *e)
{
	size_t samples = MIN_OF((size_t)SAMPLES, spool->mark_count);

	if (spool->borrowed.len > 0 || spool->file == NULL) {
		sample_memory(spool->borrowed.len > 0 ? spool->borrowed : buf_bytes(&spool->memory),
			      want, ret);
		return 0;
	}
	if (spool->memory.len > 0 && written(spool) < spool->facts.bytes && write_out(spool, e) < 0)
		return e->code;
	for (size_t i = 0; i < samples; i++) {
		uint64_t offset = spool->marks[i * spool->mark_count / samples];

		if (sample_at(spool, offset, want / samples, ret, e) < 0)
			return e->code;
	}
	return 0;
}
