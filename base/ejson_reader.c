#include "base/ejson_reader.h"

#include <pthread.h>
#include <stdatomic.h>

struct ejson_reader {
	enum ejson_form form;
	_Atomic size_t room;  /* of all that is kept, for who does not have the lock */
	pthread_mutex_t lock; /* over all below */
	struct ejson_pieces *pieces;
	bool ended;
	uint64_t from;	 /* offset of the first byte that is kept */
	uint64_t behind; /* the last read ended there */
	struct buf kept; /* what was made last, without gaps */
};

struct ejson_reader *ejson_reader_new(enum ejson_form form)
{
	struct ejson_reader *r = xcalloc(1, sizeof(*r));

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

static void start_again(struct ejson_reader *r, struct bytes docs)
{
	ejson_pieces_free(r->pieces);
	r->pieces = ejson_pieces_new(docs, r->form);
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

/* What is kept of the bytes from `offset` on. */
static size_t copy_kept(const struct ejson_reader *r, uint64_t offset, uint8_t *ret, size_t len)
{
	uint64_t end = r->from + r->kept.len;
	size_t part =
		offset < r->from ? 0 : (size_t)MIN_OF((uint64_t)len, end - MIN_OF(offset, end));

	if (part > 0)
		memcpy(ret, r->kept.at + (offset - r->from), part);
	return part;
}

static int read_locked(struct ejson_reader *r, struct bytes docs, uint64_t offset, uint8_t *ret,
		       size_t len, size_t *ret_len, struct error *e)
{
	*ret_len = 0;
	if (r->pieces == NULL || offset < r->from)
		start_again(r, docs);
	else
		ejson_pieces_move(r->pieces, docs);
	for (;;) {
		*ret_len += copy_kept(r, offset + *ret_len, ret + *ret_len, len - *ret_len);
		if (*ret_len == len || r->ended)
			break;
		forget(r);
		if (advance(r, e) < 0)
			return e->code;
	}
	r->behind = offset + *ret_len;
	return 0;
}

static void unlock(struct ejson_reader *r)
{
	atomic_store_explicit(&r->room, r->kept.cap, memory_order_relaxed);
	pthread_mutex_unlock(&r->lock);
}

int ejson_reader_read(struct ejson_reader *r, struct bytes docs, uint64_t offset, void *ret,
		      size_t len, size_t *ret_len, struct error *e)
{
	int code;

	pthread_mutex_lock(&r->lock);
	code = read_locked(r, docs, offset, ret, len, ret_len, e);
	unlock(r);
	return code;
}

bool ejson_reader_read_kept(struct ejson_reader *r, uint64_t offset, void *ret, size_t len,
			    size_t *ret_len)
{
	uint64_t end;
	bool there;

	pthread_mutex_lock(&r->lock);
	end = r->from + r->kept.len;
	there = r->pieces != NULL && offset >= r->from && offset <= end &&
		(r->ended || len <= end - offset);
	if (there) {
		*ret_len = copy_kept(r, offset, ret, len);
		r->behind = offset + *ret_len;
	}
	unlock(r);
	return there;
}

void ejson_reader_go_on(struct ejson_reader *r, struct bytes docs, size_t len)
{
	struct error ignored;

	pthread_mutex_lock(&r->lock);
	if (r->pieces != NULL)
		ejson_pieces_move(r->pieces, docs);
	while (r->pieces != NULL && !r->ended && r->from + r->kept.len < r->behind + len) {
		forget(r);
		if (advance(r, &ignored) < 0)
			break;
	}
	unlock(r);
}

size_t ejson_reader_kept(const struct ejson_reader *r)
{
	return atomic_load_explicit(&r->room, memory_order_relaxed);
}

bool ejson_reader_rest(struct ejson_reader *r, bool all)
{
	struct buf rest = {0};
	size_t gone;

	if (pthread_mutex_trylock(&r->lock) != 0)
		return false;
	gone = r->kept.len;
	if (!all && r->behind >= r->from && r->behind - r->from < gone)
		gone = (size_t)(r->behind - r->from);
	if (gone < r->kept.len)
		buf_add(&rest, r->kept.at + gone, r->kept.len - gone);
	r->from += gone;
	buf_release(&r->kept);
	r->kept = rest;
	if (r->pieces != NULL)
		ejson_pieces_rest(r->pieces);
	unlock(r);
	return true;
}
