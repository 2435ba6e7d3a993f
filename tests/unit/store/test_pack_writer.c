#include "store/pack/pack_writer.h"

#include <sys/stat.h>

#include "store/backend/backend_dir.h"
#include "store/backend/backend_mem.h"
#include "store/pack/pack_reader.h"
#include "tests/harness/harness.h"

static struct pack_writer *sample(void)
{
	struct pack_writer *pack = pack_writer_new(PACK_LEAVES, NULL);

	for (uint32_t i = 0; i < 20; i++) {
		struct chunk_place place = {.codec = CODEC_RAW, .plain = 4, .documents = i};
		struct chunk_id id = chunk_id_of(bytes_of(&i, sizeof(i)));

		pack_writer_add(pack, &id, &place, bytes_of(&i, sizeof(i)));
	}
	return pack;
}

static void equal_packs_have_one_name_and_are_written_once(void **state)
{
	OWNED(backend_free) struct backend *backend = backend_mem_new();
	struct chunk_id first, second;
	uint64_t size = 0, again = 0;
	struct error e = {0};

	(void)state;
	for (int i = 0; i < 2; i++) {
		OWNED(pack_writer_free) struct pack_writer *pack = sample();

		ASSERT_OK(pack_writer_finish(pack, backend, i ? &second : &first,
					     i ? &again : &size, &e));
	}
	assert_true(chunk_id_equal(&first, &second));
	assert_int_equal(size, again);
	pack_writer_free(NULL);
}

/* A pack of that name which is damaged, cut off or empty is replaced by the right bytes. */
static void a_damaged_pack_of_the_same_name_is_replaced(void **state)
{
	OWNED(backend_free) struct backend *backend = backend_mem_new();
	struct chunk_id id;
	char name[PACK_NAME_LEN + 1];
	OWNED(buf_release) struct buf good = {0};
	uint64_t size = 0;
	struct error e = {0};

	(void)state;
	{
		OWNED(pack_writer_free) struct pack_writer *pack = sample();

		ASSERT_OK(pack_writer_finish(pack, backend, &id, &size, &e));
	}
	pack_reader_name(&id, name);
	ASSERT_OK(backend->ops->get(backend, name, 0, buf_room(&good, size), size, &e));
	good.len = size;
	for (size_t len = 0; len <= size; len += size / 5) {
		OWNED(pack_writer_free) struct pack_writer *pack = sample();
		OWNED(buf_release) struct buf bad = {0};
		struct chunk_id found;
		uint64_t now = 0;

		buf_add(&bad, good.at, len);
		if (len > 0)
			bad.at[len / 2] ^= 4;
		ASSERT_OK(backend->ops->remove(backend, name, &e));
		assert_int_equal(ASSERT_OK(backend->ops->put(backend, name, buf_bytes(&bad), &e)),
				 1);
		ASSERT_OK(pack_writer_finish(pack, backend, &found, &now, &e));
		assert_true(chunk_id_equal(&found, &id));
		assert_int_equal(ASSERT_OK(backend->ops->size(backend, name, &now, &e)), 1);
		assert_int_equal(now, size);
		buf_reset(&bad);
		ASSERT_OK(backend->ops->get(backend, name, 0, buf_room(&bad, size), size, &e));
		ASSERT_BYTES(bytes_of(bad.at, size), buf_bytes(&good));
	}
}

/* Half of its chunks may be all that there is of them: a disk that is full must not take these, too. */
static void a_damaged_pack_stays_when_the_right_one_can_not_be_written(void **state)
{
	const char *root = harness_tmpdir(), *tmp = harness_tmpdir();
	OWNED(backend_free) struct backend *backend = backend_dir_new(root, tmp);
	OWNED(pack_writer_free) struct pack_writer *pack = sample(), *again = sample();
	char name[PACK_NAME_LEN + 1];
	struct chunk_id id;
	uint64_t size = 0;
	struct error e = {0};
	struct stat st;

	(void)state;
	ASSERT_OK(pack_writer_finish(pack, backend, &id, &size, &e));
	pack_reader_name(&id, name);
	assert_int_equal(truncate(harness_path(root, name), (off_t)size / 2), 0);
	assert_int_equal(rmdir(tmp), 0);
	ASSERT_ERROR(pack_writer_finish(again, backend, &id, &size, &e), ERR_IO);
	assert_int_equal(stat(harness_path(root, name), &st), 0);
	assert_true(st.st_size > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_packs_have_one_name_and_are_written_once),
		cmocka_unit_test(a_damaged_pack_of_the_same_name_is_replaced),
		cmocka_unit_test(a_damaged_pack_stays_when_the_right_one_can_not_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
