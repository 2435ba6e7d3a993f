/* Packs written by pack_writer.h and read by pack_reader.h, over a back end in memory. */
#include "store/pack/pack_reader.h"

#include "store/backend/backend_mem.h"
#include "store/pack/pack_writer.h"
#include "tests/harness/harness.h"

static struct chunk_id fill(struct pack_writer *pack, size_t count, struct backend *backend,
			    uint64_t *ret_size)
{
	struct chunk_id id = {{0}};
	struct error e = {0};

	for (size_t i = 0; i < count; i++) {
		char text[40];
		struct chunk_place place = {.kind = CHUNK_LEAF, .codec = CODEC_RAW, .depth = 1};
		struct chunk_id chunk;

		snprintf(text, sizeof(text), "chunk number %zu", i * i);
		chunk = chunk_id_of(bytes_str(text));
		place.plain = (uint32_t)strlen(text);
		place.documents = i;
		pack_writer_add(pack, &chunk, &place, bytes_str(text));
		assert_int_equal(place.stored, strlen(text));
		assert_true(place.offset > 0);
	}
	ASSERT_OK(pack_writer_finish(pack, backend, &id, ret_size, &e));
	return id;
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	for (size_t count = 1; count < 3000; count = count * 3 + 1) {
		OWNED(backend_free) struct backend *backend = backend_mem_new();
		OWNED(pack_writer_free)
		struct pack_writer *pack = pack_writer_new(PACK_LEAVES, NULL);
		OWNED(buf_release) struct buf entries = {0};
		OWNED(buf_release) struct buf stored = {0};
		uint64_t size = 0;
		struct chunk_id id;
		const struct pack_entry *entry, *kept;
		enum pack_kind kind = 0;
		size_t kept_count;
		struct error e = {0};

		assert_true(pack_writer_is_empty(pack));
		id = fill(pack, count, backend, &size);
		assert_false(pack_writer_is_empty(pack));
		pack_writer_drop_data(pack);
		kept = pack_writer_entries(pack, &kept_count);
		assert_int_equal(kept_count, count);
		assert_int_equal(
			ASSERT_OK(pack_reader_directory(backend, &id, size, &entries, &kind, &e)),
			1);
		assert_int_equal(kind, PACK_LEAVES);
		assert_int_equal(entries.len, count * sizeof(*entry));
		entry = (const struct pack_entry *)(const void *)entries.at;
		for (size_t i = 0; i < count; i++) {
			struct chunk_id found;

			assert_true(chunk_id_equal(&entry[i].id, &kept[i].id));
			assert_int_equal(entry[i].place.offset, kept[i].place.offset);
			assert_int_equal(entry[i].place.documents, i);
			assert_int_equal(ASSERT_OK(pack_reader_stored(backend, &id, &entry[i].place,
								      &stored, &e)),
					 1);
			found = chunk_id_of(buf_bytes(&stored));
			assert_true(chunk_id_equal(&found, &entry[i].id));
		}
	}
}

static void a_pack_is_named_by_its_content(void **state)
{
	OWNED(backend_free) struct backend *backend = backend_mem_new();
	OWNED(pack_writer_free) struct pack_writer *pack = pack_writer_new(PACK_NODES, NULL);
	char name[PACK_NAME_LEN + 1];
	OWNED(buf_release) struct buf content = {0};
	uint64_t size = 0;
	struct chunk_id id = fill(pack, 7, backend, &size), found;
	struct error e = {0};

	(void)state;
	pack_reader_name(&id, name);
	ASSERT_OK(backend->ops->get(backend, name, 0, buf_room(&content, size), size, &e));
	content.len = size;
	found = chunk_id_of(buf_bytes(&content));
	assert_true(chunk_id_equal(&found, &id));
	assert_true(pack_reader_parse_name(name, &found));
	assert_true(chunk_id_equal(&found, &id));
}

static void only_names_of_exactly_the_form_are_packs(void **state)
{
	char name[PACK_NAME_LEN + 2];
	struct chunk_id id = chunk_id_of(bytes_str("x")), found;

	(void)state;
	pack_reader_name(&id, name);
	assert_int_equal(strlen(name), PACK_NAME_LEN);
	assert_true(pack_reader_parse_name(name, &found));
	for (size_t i = 0; i < PACK_NAME_LEN; i++) {
		static const char others[] = {'g', 'A', '.', '/', ' ', '\0'};
		char was = name[i];

		for (size_t k = 0; k < sizeof(others); k++) {
			name[i] = others[k];
			if (others[k] != was)
				assert_false(pack_reader_parse_name(name, &found));
		}
		name[i] = was;
	}
	/* The folder is the first byte of the id. */
	name[8] = name[8] == '0' ? '1' : '0';
	assert_false(pack_reader_parse_name(name, &found));
	pack_reader_name(&id, name);
	name[PACK_NAME_LEN] = 'x';
	name[PACK_NAME_LEN + 1] = '\0';
	assert_false(pack_reader_parse_name(name, &found));
	assert_false(pack_reader_parse_name("", &found));
}

static void what_is_absent_or_damaged_is_said(void **state)
{
	OWNED(backend_free) struct backend *backend = backend_mem_new();
	struct chunk_id id = chunk_id_of(bytes_str("absent"));
	struct chunk_place place = {.offset = 16, .stored = 5};
	OWNED(buf_release) struct buf ret = {0};
	char name[PACK_NAME_LEN + 1];
	uint8_t zeros[200] = {0};
	enum pack_kind kind;
	struct error e = {0};

	(void)state;
	assert_int_equal(ASSERT_OK(pack_reader_directory(backend, &id, 1000, &ret, &kind, &e)), 0);
	assert_int_equal(ASSERT_OK(pack_reader_stored(backend, &id, &place, &ret, &e)), 0);
	pack_reader_name(&id, name);
	ASSERT_OK(backend->ops->put(backend, name, bytes_of(zeros, sizeof(zeros)), &e));
	for (uint64_t size = 0; size <= 300; size += 10)
		ASSERT_ERROR(pack_reader_directory(backend, &id, size, &ret, &kind, &e),
			     ERR_CORRUPT);
	place.offset = 198;
	ASSERT_ERROR(pack_reader_stored(backend, &id, &place, &ret, &e), ERR_CORRUPT);
	place.stored = UINT32_MAX;
	assert_true(pack_reader_stored(backend, &id, &place, &ret, &e) < 0);
}

static void a_pack_is_full_before_it_is_too_large(void **state)
{
	OWNED(pack_writer_free) struct pack_writer *pack = pack_writer_new(PACK_LEAVES, NULL);
	OWNED(backend_free) struct backend *backend = backend_mem_new();
	struct harness_rng rng = harness_rng_of(231);
	uint8_t *bytes = xmalloc(MIB);
	uint64_t size = 0, total = 0;
	struct chunk_id id;
	struct error e = {0};

	(void)state;
	/* Even the largest chunk fits an empty one. */
	assert_false(pack_writer_is_full(pack, CHUNK_PLAIN_MAX));
	harness_rng_fill(&rng, bytes, MIB);
	while (!pack_writer_is_full(pack, MIB)) {
		struct chunk_place place = {.plain = (uint32_t)MIB, .codec = CODEC_RAW};
		struct chunk_id chunk = chunk_id_of(bytes_of(&total, sizeof(total)));

		pack_writer_add(pack, &chunk, &place, bytes_of(bytes, MIB));
		total += MIB;
	}
	assert_true(total <= PACK_FULL);
	ASSERT_OK(pack_writer_finish(pack, backend, &id, &size, &e));
	assert_true(size <= PACK_MAX && size > total);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(a_pack_is_named_by_its_content),
		cmocka_unit_test(only_names_of_exactly_the_form_are_packs),
		cmocka_unit_test(what_is_absent_or_damaged_is_said),
		cmocka_unit_test(a_pack_is_full_before_it_is_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
