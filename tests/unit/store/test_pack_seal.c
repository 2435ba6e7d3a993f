#include "store/pack/pack_seal.h"

#include "store/backend/backend_mem.h"
#include "store/pack/pack_reader.h"
#include "store/pack/pack_writer.h"
#include "tests/harness/harness.h"

#define FRAMES 12

static struct store_keys *keys_of(uint8_t byte)
{
	uint8_t master[STORE_MASTER_LEN];

	memset(master, byte, sizeof(master));
	return store_keys_new(master);
}

static void text_of(size_t i, char ret[64])
{
	snprintf(ret, 64, "a planted text, number %zu", i * i);
}

/* A pack of FRAMES texts, whole and by its entries. */
struct sample {
	struct backend *backend;
	struct chunk_id id;
	struct buf bytes, entries;
};

static void make(struct sample *s, const struct store_keys *keys)
{
	OWNED(pack_writer_free) struct pack_writer *pack = pack_writer_new(PACK_LEAVES, keys);
	enum pack_kind kind;
	struct error e = {0};
	uint64_t size = 0;

	*s = (struct sample){.backend = backend_mem_new()};
	for (size_t i = 0; i < FRAMES; i++) {
		struct chunk_place place = {.kind = CHUNK_LEAF, .codec = CODEC_RAW, .depth = 1};
		struct chunk_id id;
		char text[64];

		text_of(i, text);
		id = store_keys_id(keys, bytes_str(text));
		place.plain = (uint32_t)strlen(text);
		place.documents = i;
		pack_writer_add(pack, &id, &place, bytes_str(text));
		assert_int_equal(place.stored, strlen(text) + PACK_SEAL_MORE);
	}
	ASSERT_OK(pack_writer_finish(pack, s->backend, &s->id, &size, &e));
	assert_int_equal(ASSERT_OK(pack_reader_whole(s->backend, &s->id, size, &s->bytes, &e)), 1);
	assert_int_equal(
		ASSERT_OK(pack_reader_directory(s->backend, &s->id, size, &s->entries, &kind, &e)),
		1);
	assert_int_equal(s->entries.len, FRAMES * sizeof(struct pack_entry));
}

static void sample_release(struct sample *s)
{
	backend_free(s->backend);
	buf_release(&s->bytes);
	buf_release(&s->entries);
}

static const struct pack_entry *entry_of(const struct sample *s, size_t i)
{
	return (const struct pack_entry *)(const void *)s->entries.at + i;
}

/* Open frame `i` of the bytes: 0 and it is the text, or what was wrong. */
static int open_frame(const struct sample *s, const uint8_t *key, size_t i, struct error *e)
{
	const struct chunk_place *place = &entry_of(s, i)->place;
	OWNED(buf_release) struct buf stored = {0};
	char text[64];

	text_of(i, text);
	buf_add(&stored, s->bytes.at + place->offset, place->stored);
	if (pack_seal_open(key, place, &stored, e) < 0)
		return e->code;
	ASSERT_BYTES(buf_bytes(&stored), bytes_str(text));
	return 0;
}

static void the_frames_of_a_sealed_pack_open_and_show_nothing(void **state UNUSED)
{
	OWNED(store_keys_free) struct store_keys *keys = keys_of(1);
	OWNED(store_keys_free) struct store_keys *others = keys_of(2);
	OWNED(pack_keys_free) struct pack_keys *packs = pack_keys_new(keys);
	uint8_t key[STORE_KEY_LEN], last[STORE_KEY_LEN], other[STORE_KEY_LEN], read[STORE_KEY_LEN];
	struct pack_footer footer;
	struct sample s;
	struct error e = {0};

	make(&s, keys);
	assert_null(memmem(s.bytes.at, s.bytes.len, "planted", 7));
	assert_true(pack_seal_key(keys, buf_bytes(&s.bytes), key));
	assert_true(pack_seal_key(others, buf_bytes(&s.bytes), other));
	ASSERT_OK(pack_format_parse_footer(s.bytes.at + s.bytes.len - PACK_FOOTER_LEN, s.bytes.len,
					   &footer, &e));
	assert_true(pack_seal_last_key(keys, buf_bytes(&s.bytes), footer.dir_offset, last));
	assert_memory_equal(key, last, sizeof(key));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ASSERT_OK(pack_keys_get(packs, s.backend, &s.id, read, &e)), 1);
		assert_memory_equal(key, read, sizeof(key));
	}
	for (size_t i = 0; i < FRAMES; i++) {
		ASSERT_OK(open_frame(&s, key, i, &e));
		ASSERT_ERROR(open_frame(&s, other, i, &e), ERR_CORRUPT);
	}
	sample_release(&s);
}

static void every_flipped_bit_of_a_frame_is_found(void **state UNUSED)
{
	OWNED(store_keys_free) struct store_keys *keys = keys_of(1);
	uint8_t key[STORE_KEY_LEN];
	struct sample s;
	struct error e = {0};

	make(&s, keys);
	assert_true(pack_seal_key(keys, buf_bytes(&s.bytes), key));
	for (size_t i = 0; i < FRAMES; i++) {
		const struct chunk_place *place = &entry_of(&s, i)->place;

		for (size_t bit = 0; bit < 8 * (size_t)place->stored; bit++) {
			uint8_t *at = s.bytes.at + place->offset + bit / 8;

			*at ^= (uint8_t)(1u << bit % 8);
			ASSERT_ERROR(open_frame(&s, key, i, &e), ERR_CORRUPT);
			*at ^= (uint8_t)(1u << bit % 8);
		}
	}
	sample_release(&s);
}

/* What the directory says of a frame is proven with it: offset, codec, depth, lengths. */
static void a_frame_is_not_taken_for_another(void **state UNUSED)
{
	OWNED(store_keys_free) struct store_keys *keys = keys_of(1);
	uint8_t key[STORE_KEY_LEN];
	struct sample s;
	struct error e = {0};

	make(&s, keys);
	assert_true(pack_seal_key(keys, buf_bytes(&s.bytes), key));
	for (int what = 0; what < 5; what++) {
		struct chunk_place place = entry_of(&s, 3)->place;
		OWNED(buf_release) struct buf stored = {0};

		buf_add(&stored, s.bytes.at + place.offset, place.stored);
		if (what == 1)
			place.offset++;
		else if (what == 2)
			place.depth = 0;
		else if (what == 3)
			place.codec = CODEC_ZSTD;
		else if (what == 4)
			place.plain++;
		if (what == 0)
			ASSERT_OK(pack_seal_open(key, &place, &stored, &e));
		else
			ASSERT_ERROR(pack_seal_open(key, &place, &stored, &e), ERR_CORRUPT);
	}
	sample_release(&s);
}

static void the_same_chunks_give_another_pack(void **state UNUSED)
{
	OWNED(store_keys_free) struct store_keys *keys = keys_of(1);
	struct sample a, b;

	make(&a, keys);
	make(&b, keys);
	assert_memory_not_equal(a.id.at, b.id.at, CHUNK_ID_LEN);
	sample_release(&a);
	sample_release(&b);
}

static void the_key_of_a_plain_or_missing_pack_is_not_there(void **state UNUSED)
{
	OWNED(store_keys_free) struct store_keys *keys = keys_of(1);
	OWNED(pack_keys_free) struct pack_keys *packs = pack_keys_new(keys);
	OWNED(backend_free) struct backend *backend = backend_mem_new();
	OWNED(pack_writer_free) struct pack_writer *pack = pack_writer_new(PACK_NODES, NULL);
	struct chunk_place place = {.codec = CODEC_RAW, .plain = 40};
	struct chunk_id id = {{7}};
	uint8_t key[STORE_KEY_LEN];
	struct error e = {0};
	uint64_t size;

	assert_int_equal(ASSERT_OK(pack_keys_get(packs, backend, &id, key, &e)), 0);
	pack_writer_add(pack, &id, &place, bytes_str("forty bytes of what is not sealed at all"));
	ASSERT_OK(pack_writer_finish(pack, backend, &id, &size, &e));
	ASSERT_ERROR_TEXT(pack_keys_get(packs, backend, &id, key, &e), ERR_CORRUPT,
			  "not encrypted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_frames_of_a_sealed_pack_open_and_show_nothing),
		cmocka_unit_test(every_flipped_bit_of_a_frame_is_found),
		cmocka_unit_test(a_frame_is_not_taken_for_another),
		cmocka_unit_test(the_same_chunks_give_another_pack),
		cmocka_unit_test(the_key_of_a_plain_or_missing_pack_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
