#include "store/repair.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/check.h"
#include "store/snapshot/commit.h"
#include "store/store_internal.h"
#include "tests/harness/test_store.h"
#include "tests/unit/store/snapshot_model.h"

#define NOW_US ((uint64_t)1795254067000000)

static void keep(void *ctx, const char *text)
{
	if (ctx != NULL)
		buf_printf(ctx, "%s\n", text);
}

/* The folder of a store with two snapshots, which share some of their documents. */
static const char *make(void)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);

	snapshot_model_commit(store, "one", 100, 1, NULL);
	snapshot_model_commit(store, "two", 200, 2, NULL);
	store_close(store);
	return dir;
}

static void each_file(const char *dir, const char *below, void (*deed)(const char *path))
{
	struct model_files files;

	store_model_files(harness_path(dir, below), &files);
	assert_true(files.count > 0);
	for (size_t i = 0; i < files.count; i++)
		deed(files.path[i]);
	store_model_files_release(&files);
}

static void take_away(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static void damage(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	store_model_flip(path, (uint64_t)st.st_size / 2, 0xff);
}

static struct repair_result repair(const char *dir, const char *copy, struct buf *said)
{
	OWNED(store_close) struct store *store = store_model_open(dir);
	OWNED(store_close) struct store *from = copy == NULL ? NULL : store_model_open(copy);
	const struct repair_options options = {
		.now_us = NOW_US, .from = from, .tell = keep, .tell_ctx = said};
	struct repair_result result;
	struct error e = {0};

	ASSERT_OK(repair_run(store, &options, &result, &e));
	return result;
}

static struct check_result check(const char *dir)
{
	const struct check_options options = {.read_data = true};
	OWNED(store_close) struct store *store = store_model_open(dir);
	struct check_result result;
	struct error e = {0};

	ASSERT_OK(check_run(store, &options, keep, NULL, &result, &e));
	return result;
}

static void is_whole(const char *dir)
{
	struct check_result result = check(dir);

	assert_int_equal(result.problems, 0);
	assert_int_equal(result.snapshots, 2);
}

static void what_is_missing_comes_from_the_copy(void **state UNUSED)
{
	const char *dir = make(), *copy = store_model_copy(dir);
	OWNED(buf_release) struct buf said = {0};
	struct repair_result result;

	each_file(dir, "chunks", take_away);
	result = repair(dir, copy, &said);
	assert_true(result.fetched > 0);
	assert_int_equal(result.lost, 0);
	assert_int_equal(result.harmed, 0);
	is_whole(dir);
}

static void
of_damaged_packs_what_is_sound_is_saved_and_the_rest_comes_from_the_copy(void **state UNUSED)
{
	const char *dir = make(), *copy = store_model_copy(dir);
	OWNED(buf_release) struct buf said = {0};
	struct repair_result result;

	each_file(dir, "chunks", damage);
	result = repair(dir, copy, &said);
	assert_int_equal(result.damaged_packs, result.packs);
	assert_true(result.salvaged > 0 && result.fetched > 0);
	assert_int_equal(result.harmed, 0);
	assert_non_null(strstr(buf_text(&said), "is damaged"));
	assert_non_null(strstr(buf_text(&said), "were saved"));
	is_whole(dir);
}

/* Nothing that is lost is passed over, and no snapshot that lacks something looks whole. */
static void what_is_nowhere_is_told(void **state UNUSED)
{
	const char *dir = make();
	OWNED(buf_release) struct buf said = {0};
	struct repair_result result;

	each_file(dir, "chunks", take_away);
	result = repair(dir, NULL, &said);
	assert_int_equal(result.harmed, 2);
	assert_true(result.lost > 0 && result.lost_documents > 0);
	assert_non_null(strstr(buf_text(&said), "snapshot one, namespaces: "));
	assert_non_null(strstr(buf_text(&said), "can't be read"));
	assert_true(check(dir).problems > 0);
	/* A copy that comes later still helps. */
	assert_int_equal(repair(dir, make(), NULL).harmed, 0);
	is_whole(dir);
}

/* A copy is believed no more than the store itself. */
static void a_copy_that_is_damaged_in_the_same_place_gives_nothing(void **state UNUSED)
{
	const char *dir = make(), *copy;
	struct repair_result result;

	each_file(dir, "chunks", damage);
	copy = store_model_copy(dir);
	result = repair(dir, copy, NULL);
	assert_true(result.harmed > 0 && result.salvaged > 0);
	assert_true(check(dir).problems > 0);
}

static int fail_to_get(struct backend *b UNUSED, const char *name, uint64_t offset UNUSED,
		       uint8_t *ret UNUSED, size_t len UNUSED, struct error *e)
{
	return error_set(e, ERR_IO, "read %s: a bad disk", name);
}

/* What the copy has, and does not give today, is not the same as what it does not have. */
static void with_a_copy_on_a_bad_disk(const char *dir, const char *copy, struct buf *said)
{
	OWNED(store_close) struct store *store = store_model_open(dir);
	OWNED(store_close) struct store *from = store_model_open(copy);
	const struct repair_options options = {
		.now_us = NOW_US, .from = from, .tell = keep, .tell_ctx = said};
	const struct backend_ops *sound = from->backend->ops;
	struct backend_ops bad = *sound;
	struct repair_result result;
	struct error e = {0};

	bad.get = fail_to_get;
	from->backend->ops = &bad;
	ASSERT_OK(repair_run(store, &options, &result, &e));
	from->backend->ops = sound;
	assert_int_equal(result.harmed, 2);
	assert_non_null(strstr(buf_text(said), "the copy can't be read: "));
	assert_non_null(strstr(buf_text(said), "a bad disk"));
	assert_non_null(strstr(buf_text(said), "run repair again"));
}

static void a_copy_that_cant_be_read_is_told(void **state UNUSED)
{
	const char *dir = make(), *copy = store_model_copy(dir);
	OWNED(buf_release) struct buf said = {0}, manifests = {0};

	each_file(dir, "chunks", take_away);
	with_a_copy_on_a_bad_disk(dir, copy, &said);
	assert_int_equal(repair(dir, copy, NULL).harmed, 0);
	each_file(dir, "snapshots", damage);
	with_a_copy_on_a_bad_disk(dir, copy, &manifests);
	assert_int_equal(repair(dir, copy, NULL).harmed, 0);
	is_whole(dir);
}

static void a_damaged_manifest_comes_from_the_copy(void **state UNUSED)
{
	const char *dir = make(), *copy = store_model_copy(dir);
	OWNED(buf_release) struct buf said = {0};

	each_file(dir, "snapshots", damage);
	assert_int_equal(repair(dir, NULL, &said).harmed, 2);
	assert_non_null(strstr(buf_text(&said), "is damaged"));
	each_file(copy, "snapshots", damage);
	assert_int_equal(repair(dir, copy, NULL).harmed, 2);
	each_file(copy, "snapshots", damage); /* sound again */
	assert_int_equal(repair(dir, copy, NULL).fetched, 2);
	is_whole(dir);
}

static bool always(void *ctx UNUSED)
{
	return true;
}

static void it_can_be_interrupted_and_begun_again(void **state UNUSED)
{
	const char *dir = make();
	const struct progress progress = {.cancelled = always};
	const struct repair_options options = {
		.now_us = NOW_US, .tell = keep, .progress = &progress};
	struct store *store = store_model_open(dir);
	struct repair_result result;
	struct error e = {0};

	ASSERT_ERROR(repair_run(store, &options, &result, &e), ERR_CANCELLED);
	store_close(store);
	assert_int_equal(repair(dir, NULL, NULL).harmed, 0);
	is_whole(dir);
}

struct phases {
	bool packs, snapshots, oplog;
};

static void note_phase(void *ctx, const char *phase, uint64_t done UNUSED, uint64_t total UNUSED)
{
	struct phases *phases = ctx;

	phases->packs |= strcmp(phase, "reading (packs)") == 0;
	phases->snapshots |= strcmp(phase, "following snapshots") == 0;
	phases->oplog |= strcmp(phase, "following the oplog") == 0;
}

/* What a reader of files of the oplog found in one, and how often it was asked. */
struct oplog_model {
	int code, then; /* the first time, and from then on */
	unsigned asked;
	const char *name;
};

static int roots_of(void *ctx, struct repair *repair UNUSED, const char *name, uint64_t size,
		    struct error *e)
{
	struct oplog_model *model = ctx;
	int code = model->asked++ == 0 ? model->code : model->then;

	assert_string_equal(name, model->name);
	assert_true(size > 0);
	return code < 0 ? error_set(e, code, "as told") : code;
}

/* "oplog/a/<hash>.segment" of this content in a store's folder. */
static const char *put_segment(const char *dir, const char *content, const char *claimed)
{
	struct chunk_id id = chunk_id_of(bytes_str(claimed));
	char hex[CHUNK_ID_HEX + 1], name[100];
	struct error e = {0};
	const char *path;

	chunk_id_hex(&id, hex);
	snprintf(name, sizeof(name), "oplog/a/%s.segment", hex);
	ASSERT_OK(file_make_dirs(harness_path(dir, "oplog/a"), &e));
	path = harness_path(dir, name);
	ASSERT_OK(file_put(path, harness_path(dir, "local"), bytes_str(content), &e));
	return path + strlen(dir) + 1;
}

static int repair_oplog(const char *dir, const char *copy, struct oplog_model *model,
			struct repair_result *ret, struct buf *said, struct error *e)
{
	OWNED(store_close) struct store *store = store_model_open(dir);
	OWNED(store_close) struct store *from = copy == NULL ? NULL : store_model_open(copy);
	struct phases phases = {0};
	const struct progress progress = {.report = note_phase, .ctx = &phases};
	const struct repair_options options = {.now_us = NOW_US,
					       .from = from,
					       .tell = keep,
					       .tell_ctx = said,
					       .roots_of = roots_of,
					       .ctx = model,
					       .progress = &progress};
	int code = repair_run(store, &options, ret, e);

	assert_true(phases.packs && phases.snapshots);
	assert_int_equal(phases.oplog, code == 0);
	return code;
}

static void a_damaged_file_of_the_oplog_comes_from_the_copy_or_is_told(void **state UNUSED)
{
	/* What the file holds there, and in the copy; what it reads as then. */
	static const struct {
		const char *copy;
		int code, then;
		uint64_t fetched, harmed;
		unsigned asked;
	} cases[] = {
		{NULL, 0, 0, 0, 0, 1},
		{NULL, 1, 0, 0, 1, 1},
		{NULL, ERR_CORRUPT, 0, 0, 1, 1},
		{"sound", ERR_CORRUPT, 0, 1, 0, 2},
		{"sound", ERR_CORRUPT, 1, 1, 1, 2}, /* it is sound, but what it needs is lost */
		{"damaged, too", ERR_CORRUPT, 0, 0, 1, 1},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *dir = make(),
			   *copy = cases[i].copy == NULL ? NULL : store_model_copy(dir);
		struct oplog_model model = {.code = cases[i].code, .then = cases[i].then};
		OWNED(buf_release) struct buf said = {0};
		struct repair_result result;
		struct error e = {0};

		model.name = put_segment(dir, "damaged", "sound");
		if (copy != NULL)
			put_segment(copy, cases[i].copy, "sound");
		ASSERT_OK(repair_oplog(dir, copy, &model, &result, &said, &e));
		assert_int_equal(result.fetched, cases[i].fetched);
		assert_int_equal(result.harmed, cases[i].harmed);
		assert_int_equal(model.asked, cases[i].asked);
		buf_add_str(&said, "");
		assert_int_equal(strstr(buf_text(&said), "is damaged") != NULL,
				 cases[i].code == ERR_CORRUPT);
		assert_int_equal(strstr(buf_text(&said), "came from the copy") != NULL,
				 cases[i].fetched > 0);
		is_whole(dir);
	}
}

static void trouble_with_the_oplog_ends_a_repair(void **state UNUSED)
{
	const char *dir = make(), *copy = store_model_copy(dir);
	struct oplog_model model = {.code = ERR_IO};
	struct repair_result result;
	struct error e = {0};

	model.name = put_segment(dir, "damaged", "sound");
	ASSERT_ERROR_TEXT(repair_oplog(dir, NULL, &model, &result, NULL, &e), ERR_IO, "as told");
	/* The same of what came from the copy. */
	put_segment(copy, "sound", "sound");
	model.asked = 0;
	model.code = ERR_CORRUPT;
	model.then = ERR_IO;
	ASSERT_ERROR_TEXT(repair_oplog(dir, copy, &model, &result, NULL, &e), ERR_IO, "as told");
}

static void files_that_are_no_packs_are_left_alone(void **state UNUSED)
{
	const char *dir = make(), *stray = harness_path(dir, "chunks/readme");
	struct repair_result result;
	struct error e = {0};

	ASSERT_OK(file_put(stray, harness_path(dir, "local"), bytes_str("not ours"), &e));
	result = repair(dir, NULL, NULL);
	assert_int_equal(result.damaged_packs, 0);
	assert_int_equal(access(stray, F_OK), 0);
	is_whole(dir);
}

/* A pack that was cut off has no directory: its frames are found, with their bases and prefixes. */
static void a_pack_without_its_end_gives_its_frames(void **state UNUSED)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(writer_prefix_free) struct writer_prefix *prefix = NULL;
	OWNED(buf_release) struct buf leaf = {0}, delta = {0}, shared = {0}, said = {0};
	struct harness_rng rng = harness_rng_of(5);
	struct chunk_id ids[3];
	const struct buf *plain[] = {&leaf, &delta, &shared};
	struct repair_result result;
	struct model_files files;
	struct error e = {0};

	store_model_leaf(&shared, 1000, 20, 400, &rng);
	buf_add_str(&shared, "no document");
	store_model_leaf(&leaf, 1, 20, 400, &rng);
	buf_add_bytes(&delta, buf_bytes(&leaf));
	delta.at[9] ^= 1;
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(store_writer_prefix(writer, buf_bytes(&shared), &prefix, &e));
	ids[2] = test_store_id(buf_bytes(&shared));
	ids[0] = store_model_put(writer, CHUNK_LEAF, buf_bytes(&leaf), NULL, prefix);
	ASSERT_OK(store_writer_flush(writer, &e));
	ids[1] = store_model_put(writer, CHUNK_LEAF, buf_bytes(&delta), &ids[0], NULL);
	ASSERT_OK(store_writer_flush(writer, &e));
	assert_int_equal(store_model_place(store, &ids[0]).codec, CODEC_ZSTD_PREFIX);
	assert_int_equal(store_model_place(store, &ids[1]).codec, CODEC_ZSTD_PREFIX);
	store_writer_end(TAKE(writer));
	store_close(store);
	store_model_files(harness_path(dir, "chunks"), &files);
	for (size_t i = 0; i < files.count; i++) {
		struct stat st;

		assert_int_equal(stat(files.path[i], &st), 0);
		assert_int_equal(truncate(files.path[i], st.st_size - 10), 0);
	}
	result = repair(dir, NULL, &said);
	assert_int_equal(result.damaged_packs, files.count);
	store_model_files_release(&files);
	assert_true(result.salvaged >= 3);
	store = store_model_open(dir);
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		OWNED(chunk_release) struct chunk *chunk = NULL;

		ASSERT_OK(store_get(store, &ids[i], &chunk, &e));
		ASSERT_BYTES(chunk->plain, buf_bytes(plain[i]));
	}
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_comes_from_the_copy),
		cmocka_unit_test(
			of_damaged_packs_what_is_sound_is_saved_and_the_rest_comes_from_the_copy),
		cmocka_unit_test(what_is_nowhere_is_told),
		cmocka_unit_test(a_copy_that_is_damaged_in_the_same_place_gives_nothing),
		cmocka_unit_test(a_copy_that_cant_be_read_is_told),
		cmocka_unit_test(a_damaged_manifest_comes_from_the_copy),
		cmocka_unit_test(it_can_be_interrupted_and_begun_again),
		cmocka_unit_test(a_damaged_file_of_the_oplog_comes_from_the_copy_or_is_told),
		cmocka_unit_test(trouble_with_the_oplog_ends_a_repair),
		cmocka_unit_test(files_that_are_no_packs_are_left_alone),
		cmocka_unit_test(a_pack_without_its_end_gives_its_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
