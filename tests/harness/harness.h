/*
 * harness.h - what every cmocka unit test shares: temporary folders, assertions that
 * print a struct error, a seed and a small generator of numbers, builders of raw BSON.
 *
 *	static void a_put_chunk_is_found(void **state)
 *	{
 *		struct error e = {0};
 *		const char *dir = harness_tmpdir();
 *
 *		ASSERT_OK(store_open(dir, &store, &e));
 *		ASSERT_ERROR(store_open("/nowhere", &store, &e), ERR_NO_STORE);
 *	}
 *
 * The assertions want a `struct error e` of that name in scope. Only base/ is used here.
 * Threads: the generator belongs to one thread at a time; assertions to the main thread.
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"

/* The expression gives 0 or more; its value is the macro's. */
#define ASSERT_OK(expression)                                                                      \
	({                                                                                         \
		__typeof__(expression) ok_ = (expression);                                         \
		if (ok_ < 0)                                                                       \
			harness_fail_ok(#expression, (long)ok_, &e, __FILE__, __LINE__);           \
		ok_;                                                                               \
	})

/* The expression gives this error code, and says so in `e`, with a text. `e` is then clean again. */
#define ASSERT_ERROR(expression, expected)                                                         \
	do {                                                                                       \
		long code_ = (long)(expression);                                                   \
		harness_check_error(#expression, code_, (expected), &e, __FILE__, __LINE__);       \
		e = (struct error){0};                                                             \
	} while (0)

/* As ASSERT_ERROR, and the text of `e` contains `part`. */
#define ASSERT_ERROR_TEXT(expression, expected, part)                                              \
	do {                                                                                       \
		long code_ = (long)(expression);                                                   \
		harness_check_error(#expression, code_, (expected), &e, __FILE__, __LINE__);       \
		harness_check_text(#expression, &e, (part), __FILE__, __LINE__);                   \
		e = (struct error){0};                                                             \
	} while (0)

/* Two slices hold the same bytes; prints the first difference. */
#define ASSERT_BYTES(actual, expected) harness_check_bytes((actual), (expected), __FILE__, __LINE__)

void harness_fail_ok(const char *text, long code, const struct error *e, const char *file,
		     int line);
void harness_check_error(const char *text, long code, int expected, const struct error *e,
			 const char *file, int line);
void harness_check_text(const char *text, const struct error *e, const char *part, const char *file,
			int line);
void harness_check_bytes(struct bytes actual, struct bytes expected, const char *file, int line);

/*
 * A new empty folder, under TMPDIR or /tmp; each call makes another. It and all in it are
 * removed when the program that made it exits (not by forked children). The text is valid until then.
 */
const char *harness_tmpdir(void);

/* `dir`/`name`; valid until the program exits. */
const char *harness_path(const char *dir, const char *name);

/* YESTER_SEED or a fixed number; the first call prints it, so that a failure can be repeated. */
uint64_t harness_seed(void);

/* splitmix64: small, fast, good enough for tests; the same numbers on every machine. */
struct harness_rng {
	uint64_t state;
};

/* A generator for harness_seed() and `stream` (any number: tests draw different ones). */
struct harness_rng harness_rng_of(uint64_t stream);
uint64_t harness_rng_u64(struct harness_rng *rng);
/* 0 <= result < limit; limit > 0. */
uint64_t harness_rng_below(struct harness_rng *rng, uint64_t limit);
void harness_rng_fill(struct harness_rng *rng, void *ret, size_t len);
/* Shuffle `count` items of `size` bytes. */
void harness_rng_shuffle(struct harness_rng *rng, void *items, size_t count, size_t size);

/*
 * Raw BSON, appended to a buffer. A document or sub-document is opened, filled, closed:
 *
 *	size_t doc = harness_doc_open(&b);
 *	harness_doc_int32(&b, "_id", 7);
 *	size_t sub = harness_doc_open_sub(&b, "address");
 *	harness_doc_string(&b, "city", "Ulm");
 *	harness_doc_close(&b, sub);
 *	harness_doc_close(&b, doc);
 */
size_t harness_doc_open(struct buf *b);
size_t harness_doc_open_sub(struct buf *b, const char *name);
size_t harness_doc_open_array(struct buf *b, const char *name);
void harness_doc_close(struct buf *b, size_t open);

void harness_doc_int32(struct buf *b, const char *name, int32_t value);
void harness_doc_int64(struct buf *b, const char *name, int64_t value);
void harness_doc_double(struct buf *b, const char *name, double value);
/* The two halves of the 128 bits as they lie in BSON: the low one first. */
void harness_doc_decimal(struct buf *b, const char *name, uint64_t low, uint64_t high);
void harness_doc_bool(struct buf *b, const char *name, bool value);
void harness_doc_date(struct buf *b, const char *name, int64_t ms);
void harness_doc_timestamp(struct buf *b, const char *name, uint32_t seconds, uint32_t increment);
void harness_doc_string(struct buf *b, const char *name, const char *value);
/* Any bytes as a string: NULs and invalid UTF-8 too. */
void harness_doc_string_bytes(struct buf *b, const char *name, struct bytes value);
void harness_doc_oid(struct buf *b, const char *name, const uint8_t value[12]);
/* An ObjectId whose last 8 bytes are `number`, big endian. */
void harness_doc_oid_of(struct buf *b, const char *name, uint64_t number);
void harness_doc_binary(struct buf *b, const char *name, uint8_t subtype, struct bytes value);
/* A binary of `len` bytes from the generator: incompressible. */
void harness_doc_binary_random(struct buf *b, const char *name, size_t len,
			       struct harness_rng *rng);
/* Any element: a type byte and the bytes of its value as they lie in BSON (null, MinKey: none). */
void harness_doc_element(struct buf *b, uint8_t type, const char *name, struct bytes value);

/* One whole document { _id: int32 }, and one { _id: int32, pad: binary of `len` random bytes }. */
void harness_doc_of_int32(struct buf *b, int32_t id);
void harness_doc_of_size(struct buf *b, int32_t id, size_t len, struct harness_rng *rng);

/* The document that begins at `offset` of `b`, by its own length; valid until `b` changes. */
struct bytes harness_doc_at(const struct buf *b, size_t offset);

/* Flip a bit of the byte at `at` of an open file, whatever it is: the file has another one then. */
void harness_flip(int fd, uint64_t at);

#endif
