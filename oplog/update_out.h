/*
 * update_out.h - where update_*.c write the new document: a buffer with a limit. Internal to update.
 *
 * Threads: one at a time.
 */
#ifndef OPLOG_UPDATE_OUT_H
#define OPLOG_UPDATE_OUT_H

#include "base/bson.h"
#include "base/buf.h"

struct update_out {
	struct buf *to;
	size_t limit; /* to->len stays at or below it */
	int major;    /* see update_rules, as the next one */
	bool logged;
	struct error *e;
};

/* ERR_CORRUPT: a server refuses this update with the error `code`. */
MUST_CHECK int update_out_reject(struct update_out *out, int code, const char *format, ...)
	PRINTF_LIKE(3, 4) COLD;

/* Room for `len` more bytes. ERR_LIMIT, ERR_NOMEM. */
MUST_CHECK int update_out_grow(struct update_out *out, size_t len);

MUST_CHECK static inline int update_out_put(struct update_out *out, const void *from, size_t len)
{
	struct buf *b = out->to;

	if (len > b->cap - b->len || len > out->limit - b->len) {
		int got = update_out_grow(out, len);

		if (got < 0)
			return got;
	}
	if (len > 0)
		memcpy(b->at + b->len, from, len);
	b->len += len;
	return 0;
}

/* Begin a document or array here; *ret goes to update_out_close(). */
MUST_CHECK int update_out_open(struct update_out *out, size_t *ret);
MUST_CHECK int update_out_close(struct update_out *out, size_t begin);

/* A field's type and name, and with its value. */
MUST_CHECK int update_out_name(struct update_out *out, uint8_t type, struct bytes name);
MUST_CHECK int update_out_field(struct update_out *out, uint8_t type, struct bytes name,
				struct bytes value);

/* The name of an array's element, counted up without a division. */
struct update_out_index {
	uint32_t value;
	uint8_t len;
	char text[11]; /* decimal digits, not terminated */
};

struct update_out_index update_out_index_of(uint32_t value);
void update_out_index_next(struct update_out_index *index);

static inline struct bytes update_out_index_name(const struct update_out_index *index)
{
	return bytes_of(index->text, index->len);
}

/* Null elements until `index` is `end`. */
MUST_CHECK int update_out_nulls(struct update_out *out, struct update_out_index *index,
				uint32_t end);

/*
 * The number that a name of digits is, leading zeros allowed; -1 when there are others or none, or
 * it needs more than 32 bits (what servers take for no number; measured).
 */
int64_t update_out_parse_index(struct bytes name);

/*
 * Copying the fields of a document or array that stay as they are, in runs: bytes from `from` on
 * have been seen but not yet written.
 */
struct update_out_run {
	const uint8_t *from;
};

/* Write what is pending up to `end`, and go on after it at `next`. */
MUST_CHECK static inline int update_out_flush(struct update_out *out, struct update_out_run *run,
					      const uint8_t *end, const uint8_t *next)
{
	const uint8_t *from = run->from;

	run->from = next;
	return update_out_put(out, from, (size_t)(end - from));
}

/* Where a field begins and ends. */
static inline const uint8_t *update_out_begin(const struct bson_field *field)
{
	return field->name.at - 1;
}

static inline const uint8_t *update_out_end(const struct bson_field *field)
{
	return field->value.at + field->value.len;
}

/*
 * An element of an array that stays: it joins the run, under its number as its name. (Servers
 * number anew when they rewrite an array; only very old drivers store other names.)
 */
MUST_CHECK int update_out_element(struct update_out *out, struct update_out_run *run,
				  const struct bson_field *field,
				  const struct update_out_index *index);

/* The parts of update.c; `doc` is there. They append the whole new document. */
MUST_CHECK int update_v1_apply(struct bytes doc, struct bytes o, struct update_out *out);
MUST_CHECK int update_diff_apply(struct bytes doc, struct bytes diff, struct update_out *out);

#endif
