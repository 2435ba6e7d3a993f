#include "base/ejson_reader.h"

#include <pthread.h>

struct ejson_reader {
	struct bytes docs;
	enum ejson_form form;
	pthread_mutex_t lock; /* over all below */
	struct ejson_pieces *pieces;
	bool ended;
	uint64_t from;	 /* offset of the first byte that is kept */
	struct buf kept; /* what was made last, without gaps */
};

struct ejson_reader *ejson_reader_new(struct bytes docs, enum ejson_form form)
{
	struct ejson_reader *r = xcalloc(1, sizeof(*r));

	r->docs = docs;
	r->form = form;
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void ejson_reader_free(struct ejson_reader *r)
{
	if (r == NULL)
		return;
	pthread_mutex_destroy(&r->lock);
	ejson_pieces_free(r->pieces);
	buf_release(&r->kept);
	free(r);
}

static void start_again(struct ejson_reader *r)
{
	ejson_pieces_free(r->pieces);
	r->pieces = ejson_pieces_new(r->docs, r->form);
	r->ended = false;
	r->from = 0;
	buf_reset(&r->kept);
}

/* Forget all but the last EJSON_READER_KEPT bytes; moved only when it is worth it. */
static void forget(struct ejson_reader *r)
{
	size_t surplus;

	if (r->kept.len <= 2 * EJSON_READER_KEPT)
		return;
	surplus = r->kept.len - EJSON_READER_KEPT;
	memmove(r->kept.at, r->kept.at + surplus, EJSON_READER_KEPT);
	r->kept.len = EJSON_READER_KEPT;
	r->from += surplus;
}

/* Make the next piece; the end is an end for good until it starts again. */
static int advance(struct ejson_reader *r, struct error *e)
{
	struct bytes piece;
	int more = ejson_pieces_next(r->pieces, &piece, e);

	if (more < 0) {
		/* What is there now is not all of it: whoever asks again gets the error, too. */
		ejson_pieces_free(r->pieces);
		r->pieces = NULL;
		return more;
	}
	r->ended = more == 0;
	if (more == 1)
		buf_add_bytes(&r->kept, piece);
	return 0;
}

static int read_locked(struct ejson_reader *r, uint64_t offset, uint8_t *ret, size_t len,
		       size_t *ret_len, struct error *e)
{
	*ret_len = 0;
	if (r->pieces == NULL || offset < r->from)
		start_again(r);
	while (*ret_len < len) {
		uint64_t end = r->from + r->kept.len;

		if (offset < end) {
			size_t at = (size_t)(offset - r->from);
			size_t part = MIN_OF(len - *ret_len, r->kept.len - at);

			memcpy(ret + *ret_len, r->kept.at + at, part);
			*ret_len += part;
			offset += part;
			continue;
		}
		if (r->ended)
			return 0;
		forget(r);
		if (advance(r, e) < 0)
			return e->code;
	}
	return 0;
}

int ejson_reader_read(struct ejson_reader *r, uint64_t offset, void *ret, size_t len,
		      size_t *ret_len, struct error *e)
{
	int code;

	pthread_mutex_lock(&r->lock);
	code = read_locked(r, offset, ret, len, ret_len, e);
	pthread_mutex_unlock(&r->lock);
	return code;
}
