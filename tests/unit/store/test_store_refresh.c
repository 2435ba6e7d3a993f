/* The index follows the packs, whatever happens to them and to it. */
#include "store/store.h"
#include "tests/harness/test_store.h"

#include <sys/stat.h>

#include "base/file.h"
#include "store/store_internal.h"
#include "tests/unit/store/store_model.h"

#define CHUNKS 6

/* Chunk `number` of this test: bytes that follow from it. */
static void plain_of(unsigned number, struct buf *ret)
{
	struct harness_rng rng = harness_rng_of(1810 + number);

	buf_reset(ret);
	store_model_leaf(ret, (int32_t)number * 100, 3, 200, &rng);
}

static struct chunk_id put(struct store *store, unsigned number)
{
	OWNED(buf_release) struct buf plain = {0};

	plain_of(number, &plain);
	return store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&plain), NULL, NULL);
}

static struct chunk_id id_of(unsigned number)
{
	OWNED(buf_release) struct buf plain = {0};

	plain_of(number, &plain);
	return test_store_id(buf_bytes(&plain));
}

static int get(struct store *store, unsigned number, struct error *e)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	OWNED(buf_release) struct buf plain = {0};
	struct chunk_id id = id_of(number);

	plain_of(number, &plain);
	if (store_get(store, &id, &chunk, e) < 0)
		return e->code;
	ASSERT_BYTES(chunk->plain, buf_bytes(&plain));
	return 0;
}

static const char *filled(void)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);

	for (unsigned i = 0; i < CHUNKS; i++)
		put(store, i);
	store_close(store);
	return dir;
}

static void all_read(const char *dir)
{
	struct store *store = store_model_open(dir);
	struct error e = {0};

	for (unsigned i = 0; i < CHUNKS; i++)
		ASSERT_OK(get(store, i, &e));
	store_close(store);
}

static int put_in_child(void *ctx)
{
	struct store *store = store_model_open(ctx);

	for (unsigned i = 0; i < CHUNKS; i++)
		put(store, i);
	store_close(store);
	return 0;
}

static void packs_that_another_process_adds_are_found(void **state)
{
	const char *dir = store_model_init();
	struct store *store;
	struct error e = {0};
	struct chunk_id id = id_of(0);

	(void)state;
	store = store_model_open(dir);
	assert_false(store_knows(store, &id));
	ASSERT_ERROR(get(store, 0, &e), ERR_CORRUPT);
	store_close(store);
	assert_int_equal(store_model_in_child(put_in_child, (void *)(uintptr_t)dir), 0);
	store = store_model_open(dir);
	for (unsigned i = 0; i < CHUNKS; i++)
		ASSERT_OK(get(store, i, &e));
	store_close(store);
}

/* The process has the store open while packs come as rsync brings them: the index does not know. */
static void packs_that_are_copied_in_are_found_on_a_miss(void **state)
{
	const char *from = filled(), *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct model_files packs;
	struct error e = {0};

	(void)state;
	ASSERT_ERROR(get(store, 3, &e), ERR_CORRUPT);
	store_model_files(harness_path(from, "chunks"), &packs);
	assert_int_equal(packs.count, CHUNKS);
	for (size_t i = 0; i < packs.count; i++) {
		OWNED(free) char *path = xprintf("%s%s", dir, packs.path[i] + strlen(from));
		OWNED(free) char *tmp = NULL, *parent = xstrdup(path);
		OWNED(buf_release) struct buf content = {0};
		unsigned known = 0;

		*strrchr(parent, '/') = '\0';
		ASSERT_OK(file_make_dirs(parent, &e));
		/* ".<name>.XXXXXX" first, half of it, then whole, then renamed. */
		tmp = xprintf("%s/.%s.a1B2c3", parent, strrchr(path, '/') + 1);
		store_model_read_file(packs.path[i], &content);
		store_model_write_file(tmp, bytes_of(content.at, content.len / 2));
		ASSERT_OK(store_refresh(store, &e));
		store_model_write_file(tmp, buf_bytes(&content));
		ASSERT_OK(store_refresh(store, &e));
		for (unsigned k = 0; k < CHUNKS; k++)
			known += get(store, k, &e) == 0;
		assert_int_equal(known, i);
		assert_int_equal(rename(tmp, path), 0);
		for (unsigned k = 0; k < CHUNKS; k++)
			known += get(store, k, &e) == 0;
		assert_int_equal(known, 2 * i + 1);
	}
	store_model_files_release(&packs);
	store_close(store);
}

static void names_that_are_no_pack_are_left_alone(void **state)
{
	const char *dir = filled();
	struct model_files packs;
	struct store *store;
	OWNED(buf_release) struct buf content = {0};
	struct error e = {0};

	(void)state;
	store_model_files(harness_path(dir, "chunks"), &packs);
	store_model_read_file(packs.path[0], &content);
	for (int i = 0; i < 6; i++) {
		static const char *const forms[] = {"%s~", "%s.tmp",  "%s.partial",
						    "%sx", "%s.pack", "%s "};
		char form[16];

		snprintf(form, sizeof(form), "%s", forms[i]);
		/* Every name has content that would be fine. */
		OWNED(free) char *path = NULL;
		OWNED(buf_release) struct buf name = {0};

		buf_add(&name, packs.path[0], strlen(packs.path[0]));
		buf_add_str(&name, form + 2);
		path = xstrdup(buf_text(&name));
		store_model_write_file(path, buf_bytes(&content));
	}
	/* In a folder that does not fit the name, and garbage under a pack's name. */
	{
		const char *name = strrchr(packs.path[0], '/') + 1;
		const char *byte = strncmp(name, "00", 2) == 0 ? "01" : "00";
		OWNED(free) char *folder = xprintf("%s/chunks/zz", dir);
		OWNED(free) char *wrong = xprintf("%s/%s", folder, name);
		OWNED(free) char *parent = xprintf("%s/chunks/%s", dir, byte);
		OWNED(free) char *garbage = xprintf("%s/%s%s", parent, byte, name + 2);

		ASSERT_OK(file_make_dirs(folder, &e));
		store_model_write_file(wrong, buf_bytes(&content));
		ASSERT_OK(file_make_dirs(parent, &e));
		store_model_write_file(garbage, bytes_str("garbage"));
	}
	ASSERT_OK(file_remove_tree(harness_path(dir, "local"), &e));
	all_read(dir);
	store = store_model_open(dir);
	{
		struct chunk_pack *known = NULL;
		size_t count;

		ASSERT_OK(chunk_index_packs(store->index, &known, &count, &e));
		assert_int_equal(count, CHUNKS);
		free(known);
	}
	store_close(store);
	store_model_files_release(&packs);
}

static void a_pack_that_vanishes_takes_its_chunks_and_can_come_back(void **state)
{
	const char *dir = filled();
	const struct store_options options = {.cache_bytes = 1};
	struct model_files packs;
	struct store *store = NULL;
	struct error e = {0};

	(void)state;
	ASSERT_OK(test_store_open(dir, &options, &store, &e));
	store_model_files(harness_path(dir, "chunks"), &packs);
	for (size_t p = 0; p < packs.count; p++) {
		OWNED(free) char *aside = xprintf("%s/aside", dir);
		unsigned known = 0;

		assert_int_equal(rename(packs.path[p], aside), 0);
		ASSERT_OK(store_refresh(store, &e));
		for (unsigned i = 0; i < CHUNKS; i++) {
			struct chunk_id id = id_of(i);

			known += get(store, i, &e) == 0;
			assert_true(store_knows(store, &id) == (get(store, i, &e) == 0));
		}
		assert_int_equal(known, CHUNKS - 1);
		assert_int_equal(rename(aside, packs.path[p]), 0);
		for (unsigned i = 0; i < CHUNKS; i++)
			ASSERT_OK(get(store, i, &e));
	}
	store_model_files_release(&packs);
	store_close(store);
	all_read(dir);
}

static void everything_comes_back_when_local_is_deleted(void **state)
{
	const char *dir = filled();
	struct error e = {0};

	(void)state;
	for (int round = 0; round < 3; round++) {
		ASSERT_OK(file_remove_tree(harness_path(dir, "local"), &e));
		all_read(dir);
		all_read(dir);
	}
}

/* The facts that the trailers keep are those that the writer knew. */
static void facts_are_the_same_after_a_rebuild(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct store_writer *writer = NULL;
	struct writer_prefix *prefix = NULL;
	struct chunk_facts facts[CHUNKS], again;
	OWNED(buf_release) struct buf plain = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	plain_of(50, &plain);
	/* The first chunk of the pack is a prefix: it is not measured. */
	ASSERT_OK(store_writer_prefix(writer, buf_bytes(&plain), &prefix, &e));
	for (unsigned i = 0; i < CHUNKS; i++) {
		plain_of(i, &plain);
		store_model_put(writer, CHUNK_LEAF, buf_bytes(&plain), NULL, prefix);
	}
	ASSERT_OK(store_writer_flush(writer, &e));
	for (unsigned i = 0; i < CHUNKS; i++) {
		struct chunk_id id = id_of(i);

		assert_int_equal(ASSERT_OK(store_facts(store, &id, &facts[i], &e)), 1);
		assert_int_equal(facts[i].documents, 3);
		assert_true(facts[i].relaxed > 0 && facts[i].canonical > facts[i].relaxed);
	}
	writer_prefix_free(prefix);
	store_writer_end(writer);
	store_close(store);
	ASSERT_OK(file_remove_tree(harness_path(dir, "local"), &e));
	store = store_model_open(dir);
	for (unsigned i = 0; i < CHUNKS; i++) {
		struct chunk_id id = id_of(i);

		assert_int_equal(ASSERT_OK(store_facts(store, &id, &again, &e)), 1);
		assert_int_equal(again.documents, facts[i].documents);
		assert_int_equal(again.relaxed, facts[i].relaxed);
		assert_int_equal(again.canonical, facts[i].canonical);
		assert_int_equal(again.renderer, facts[i].renderer);
	}
	store_close(store);
}

/* An index that lost records, or was cleared by another process, while the store is open. */
static void an_index_that_forgets_is_filled_again(void **state)
{
	const char *dir = filled();
	const struct store_options options = {.cache_bytes = 1};
	struct store *store = NULL;
	struct chunk_index_batch *batch = NULL;
	struct error e = {0};

	(void)state;
	ASSERT_OK(test_store_open(dir, &options, &store, &e));
	for (int round = 0; round < 3; round++) {
		ASSERT_OK(chunk_index_begin(store->index, &batch, &e));
		ASSERT_OK(chunk_index_clear(batch, &e));
		ASSERT_OK(chunk_index_commit(batch, &e));
		for (unsigned i = 0; i < CHUNKS; i++)
			ASSERT_OK(get(store, i, &e));
	}
	store_close(store);
}

/* Places that point elsewhere, as if by damage that no checksum saw: an error or right, then rebuilt. */
static void wrong_places_in_the_index_are_mended_from_the_trailers(void **state)
{
	const char *dir = filled();
	const struct store_options options = {.cache_bytes = 1};
	struct store *store = NULL;
	struct chunk_index_batch *batch = NULL;
	struct error e = {0};

	(void)state;
	ASSERT_OK(test_store_open(dir, &options, &store, &e));
	for (unsigned i = 0; i < CHUNKS; i++) {
		struct chunk_id id = id_of(i);
		struct chunk_place place = store_model_place(store, &id);
		uint32_t pack = place.pack;

		ASSERT_OK(chunk_index_begin(store->index, &batch, &e));
		/* The true place goes, a false one comes. */
		place.plain += 1;
		place.offset += i % 2;
		ASSERT_OK(chunk_index_add(batch, &id, &place, &e));
		(void)pack;
		ASSERT_OK(chunk_index_commit(batch, &e));
	}
	for (unsigned i = 0; i < CHUNKS; i++)
		ASSERT_OK(get(store, i, &e));
	store_close(store);
}

/* Lists as the real one does; then another process adds packs, and tells the index. */
static struct {
	const struct backend_ops *real;
	const char *dir;
	int lists;
} race;

static int list_too_early(struct backend *b, const char *dir,
			  int (*each)(void *ctx, const char *name, uint64_t size, struct error *e),
			  void *ctx, struct error *e)
{
	int code = race.real->list(b, dir, each, ctx, e);

	if (race.lists++ == 0)
		assert_int_equal(store_model_in_child(put_in_child, (void *)(uintptr_t)race.dir),
				 0);
	return code;
}

static void packs_that_come_while_a_refresh_lists_them_stay_known(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct backend_ops ops = *store->backend->ops;
	struct error e = {0};

	(void)state;
	race.real = store->backend->ops;
	race.dir = dir;
	race.lists = 0;
	ops.list = list_too_early;
	store->backend->ops = &ops;
	ASSERT_OK(store_refresh(store, &e));
	assert_int_equal(race.lists, 1);
	for (unsigned i = 0; i < CHUNKS; i++) {
		struct chunk_id id = id_of(i);

		assert_true(store_knows(store, &id));
	}
	store->backend->ops = race.real;
	store_close(store);
}

/* A store that can't be written to is read with its index in the user's cache folder. */
static int read_elsewhere(void *ctx)
{
	const char *dir = ctx;
	OWNED(free) char *home = xprintf("%s/home", dir);
	OWNED(free) char *path = xprintf("%s/store", dir);
	struct store *store = NULL;
	struct store_writer *writer = NULL;
	struct error e = {0};

	setenv("XDG_CACHE_HOME", home, 1);
	if (test_store_open(path, NULL, &store, &e) < 0)
		return 1;
	for (unsigned i = 0; i < CHUNKS; i++)
		if (get(store, i, &e) < 0)
			return 2;
	if (store_writer_begin(store, &writer, &e) != ERR_UNSUPPORTED)
		return 3;
	store_close(store);
	return 0;
}

static void a_store_on_media_that_can_not_be_written_is_read(void **state)
{
	const char *dir = harness_tmpdir();
	OWNED(free) char *path = xprintf("%s/store", dir);
	OWNED(free) char *local = xprintf("%s/local", path);
	struct error e = {0};

	(void)state;
	assert_int_equal(rename(filled(), path), 0);
	ASSERT_OK(file_remove_tree(local, &e));
	/* As root, permissions bind nobody: a file in the place of local/ does. */
	store_model_write_file(local, bytes_str("in the way"));
	assert_int_equal(store_model_in_child(read_elsewhere, (void *)(uintptr_t)dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packs_that_another_process_adds_are_found),
		cmocka_unit_test(packs_that_are_copied_in_are_found_on_a_miss),
		cmocka_unit_test(names_that_are_no_pack_are_left_alone),
		cmocka_unit_test(a_pack_that_vanishes_takes_its_chunks_and_can_come_back),
		cmocka_unit_test(everything_comes_back_when_local_is_deleted),
		cmocka_unit_test(facts_are_the_same_after_a_rebuild),
		cmocka_unit_test(an_index_that_forgets_is_filled_again),
		cmocka_unit_test(wrong_places_in_the_index_are_mended_from_the_trailers),
		cmocka_unit_test(packs_that_come_while_a_refresh_lists_them_stay_known),
		cmocka_unit_test(a_store_on_media_that_can_not_be_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
