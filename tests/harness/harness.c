#include "tests/harness/harness.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

#define SEED_DEFAULT 20261121

void harness_fail_ok(const char *text, long code, const struct error *e, const char *file, int line)
{
	print_error("%s\ngave %ld: %s%s%s\n", text, code, e->text, e->hint[0] ? "\nhint: " : "",
		    e->hint);
	_fail(file, line);
}

void harness_check_error(const char *text, long code, int expected, const struct error *e,
			 const char *file, int line)
{
	if (code == expected && e->code == expected && e->text[0] != '\0')
		return;
	if (code >= 0)
		print_error("%s\ngave %ld, expected the error %d\n", text, code, expected);
	else
		print_error("%s\ngave %ld (e.code %d: \"%s\"), expected the error %d\n", text, code,
			    e->code, e->text, expected);
	_fail(file, line);
}

void harness_check_text(const char *text, const struct error *e, const char *part, const char *file,
			int line)
{
	if (strstr(e->text, part) != NULL)
		return;
	print_error("%s\nsays: %s\nwithout: %s\n", text, e->text, part);
	_fail(file, line);
}

void harness_check_bytes(struct bytes actual, struct bytes expected, const char *file, int line)
{
	size_t common = MIN_OF(actual.len, expected.len);
	size_t at = 0;

	if (bytes_equal(actual, expected))
		return;
	while (at < common && actual.at[at] == expected.at[at])
		at++;
	print_error("%zu bytes, expected %zu; the first difference is at %zu", actual.len,
		    expected.len, at);
	if (at < common)
		print_error(" (%02x, expected %02x)", actual.at[at], expected.at[at]);
	print_error("\n");
	_fail(file, line);
}

/* ---- folders: one root for the program, numbered folders in it, removed at exit */

static char *tmp_root;
static pid_t tmp_owner;
static char **kept_texts;
static size_t kept_count;

static const char *keep(char *text)
{
	kept_texts = xrealloc(kept_texts, (kept_count + 1) * sizeof(*kept_texts));
	kept_texts[kept_count++] = text;
	return text;
}

static void release_all(void)
{
	struct error e = {0};

	if (getpid() != tmp_owner)
		return;
	if (tmp_root != NULL && file_remove_tree(tmp_root, &e) < 0)
		fprintf(stderr, "harness: %s\n", e.text);
	for (size_t i = 0; i < kept_count; i++)
		free(kept_texts[i]);
	free(kept_texts);
	free(tmp_root);
}

static void own_the_end(void)
{
	if (tmp_owner != 0)
		return;
	tmp_owner = getpid();
	atexit(release_all);
}

const char *harness_tmpdir(void)
{
	static unsigned number;
	struct error e = {0};
	char *dir;

	own_the_end();
	if (tmp_root == NULL) {
		const char *base = getenv("TMPDIR");

		tmp_root = xprintf("%s/yester-unit-XXXXXX", base != NULL && *base ? base : "/tmp");
		if (mkdtemp(tmp_root) == NULL)
			fail_msg("%s: %s", tmp_root, strerror(errno));
	}
	dir = xprintf("%s/%u-%d", tmp_root, number++, (int)getpid());
	if (file_make_dirs(dir, &e) < 0)
		fail_msg("%s", e.text);
	return keep(dir);
}

const char *harness_path(const char *dir, const char *name)
{
	own_the_end();
	return keep(xprintf("%s/%s", dir, name));
}

/* ---- numbers */

uint64_t harness_seed(void)
{
	static bool known;
	static uint64_t seed;

	if (!known) {
		const char *text = getenv("YESTER_SEED");

		seed = text != NULL && *text ? strtoull(text, NULL, 0) : SEED_DEFAULT;
		known = true;
		fprintf(stderr, "seed %" PRIu64 " (YESTER_SEED=%" PRIu64 " repeats this run)\n",
			seed, seed);
	}
	return seed;
}

struct harness_rng harness_rng_of(uint64_t stream)
{
	struct harness_rng rng = {.state = harness_seed() ^ stream * 0x9e3779b97f4a7c15U};

	(void)harness_rng_u64(&rng);
	return rng;
}

uint64_t harness_rng_u64(struct harness_rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

uint64_t harness_rng_below(struct harness_rng *rng, uint64_t limit)
{
	return (uint64_t)((unsigned __int128)harness_rng_u64(rng) * limit >> 64);
}

void harness_rng_fill(struct harness_rng *rng, void *ret, size_t len)
{
	uint8_t *at = ret;

	while (len > 0) {
		uint64_t value = harness_rng_u64(rng);
		size_t part = MIN_OF(len, sizeof(value));

		memcpy(at, &value, part);
		at += part;
		len -= part;
	}
}

void harness_rng_shuffle(struct harness_rng *rng, void *items, size_t count, size_t size)
{
	uint8_t *base = items;
	uint8_t *spare = xmalloc(size);

	for (size_t i = count; i > 1; i--) {
		uint8_t *a = base + (i - 1) * size;
		uint8_t *b = base + harness_rng_below(rng, i) * size;

		memcpy(spare, a, size);
		memmove(a, b, size);
		memcpy(b, spare, size);
	}
	free(spare);
}

/* ---- BSON */

enum {
	T_DOUBLE = 0x01,
	T_STRING = 0x02,
	T_DOCUMENT = 0x03,
	T_ARRAY = 0x04,
	T_BINARY = 0x05,
	T_OID = 0x07,
	T_BOOL = 0x08,
	T_DATE = 0x09,
	T_INT32 = 0x10,
	T_TIMESTAMP = 0x11,
	T_INT64 = 0x12,
	T_DECIMAL = 0x13,
};

static void add_head(struct buf *b, uint8_t type, const char *name)
{
	buf_add_u8(b, type);
	buf_add(b, name, strlen(name) + 1);
}

size_t harness_doc_open(struct buf *b)
{
	size_t open = b->len;

	buf_add_le32(b, 0);
	return open;
}

size_t harness_doc_open_sub(struct buf *b, const char *name)
{
	add_head(b, T_DOCUMENT, name);
	return harness_doc_open(b);
}

size_t harness_doc_open_array(struct buf *b, const char *name)
{
	add_head(b, T_ARRAY, name);
	return harness_doc_open(b);
}

void harness_doc_close(struct buf *b, size_t open)
{
	buf_add_u8(b, 0);
	put_le32(b->at + open, (uint32_t)(b->len - open));
}

void harness_doc_int32(struct buf *b, const char *name, int32_t value)
{
	add_head(b, T_INT32, name);
	buf_add_le32(b, (uint32_t)value);
}

void harness_doc_int64(struct buf *b, const char *name, int64_t value)
{
	add_head(b, T_INT64, name);
	buf_add_le64(b, (uint64_t)value);
}

void harness_doc_double(struct buf *b, const char *name, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	add_head(b, T_DOUBLE, name);
	buf_add_le64(b, bits);
}

void harness_doc_decimal(struct buf *b, const char *name, uint64_t low, uint64_t high)
{
	add_head(b, T_DECIMAL, name);
	buf_add_le64(b, low);
	buf_add_le64(b, high);
}

void harness_doc_bool(struct buf *b, const char *name, bool value)
{
	add_head(b, T_BOOL, name);
	buf_add_u8(b, value);
}

void harness_doc_date(struct buf *b, const char *name, int64_t ms)
{
	add_head(b, T_DATE, name);
	buf_add_le64(b, (uint64_t)ms);
}

void harness_doc_timestamp(struct buf *b, const char *name, uint32_t seconds, uint32_t increment)
{
	add_head(b, T_TIMESTAMP, name);
	buf_add_le32(b, increment);
	buf_add_le32(b, seconds);
}

void harness_doc_string(struct buf *b, const char *name, const char *value)
{
	harness_doc_string_bytes(b, name, bytes_str(value));
}

void harness_doc_string_bytes(struct buf *b, const char *name, struct bytes value)
{
	add_head(b, T_STRING, name);
	buf_add_le32(b, (uint32_t)(value.len + 1));
	buf_add_bytes(b, value);
	buf_add_u8(b, 0);
}

void harness_doc_oid(struct buf *b, const char *name, const uint8_t value[12])
{
	add_head(b, T_OID, name);
	buf_add(b, value, 12);
}

void harness_doc_oid_of(struct buf *b, const char *name, uint64_t number)
{
	uint8_t oid[12] = {0x65, 0x73, 0x74, 0x65};

	put_be64(oid + 4, number);
	harness_doc_oid(b, name, oid);
}

void harness_doc_binary(struct buf *b, const char *name, uint8_t subtype, struct bytes value)
{
	add_head(b, T_BINARY, name);
	buf_add_le32(b, (uint32_t)value.len);
	buf_add_u8(b, subtype);
	buf_add_bytes(b, value);
}

void harness_doc_binary_random(struct buf *b, const char *name, size_t len, struct harness_rng *rng)
{
	size_t start;

	harness_doc_binary(b, name, 0, bytes_of(NULL, 0));
	start = b->len;
	put_le32(b->at + start - 5, (uint32_t)len);
	harness_rng_fill(rng, buf_room(b, len), len);
	b->len = start + len;
}

void harness_doc_element(struct buf *b, uint8_t type, const char *name, struct bytes value)
{
	add_head(b, type, name);
	buf_add_bytes(b, value);
}

void harness_doc_of_int32(struct buf *b, int32_t id)
{
	size_t doc = harness_doc_open(b);

	harness_doc_int32(b, "_id", id);
	harness_doc_close(b, doc);
}

void harness_doc_of_size(struct buf *b, int32_t id, size_t len, struct harness_rng *rng)
{
	size_t doc = harness_doc_open(b);

	harness_doc_int32(b, "_id", id);
	harness_doc_binary_random(b, "pad", len, rng);
	harness_doc_close(b, doc);
}

struct bytes harness_doc_at(const struct buf *b, size_t offset)
{
	return bytes_of(b->at + offset, get_le32(b->at + offset));
}

void harness_flip(int fd, uint64_t at)
{
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
}
