/* Many files of long documents that are open at once: the same bytes, and little kept. */
#include "fs/fs_text_long.h"

#include <pthread.h>

#include "base/bson_build.h"
#include "base/ejson.h"
#include "base/ejson_reader.h"
#include "tests/harness/harness.h"

enum { TEXTS = 40, FIELDS = 80000, THREADS = 4, READS = 400, STEP = 128 * KIB };

struct world {
	struct fs_texts *texts;
	struct fs_text_long *text[TEXTS];
	struct buf doc[TEXTS], expected[TEXTS];
	uint64_t at[TEXTS]; /* where its reader is */
};

static void make(struct world *w)
{
	struct error e = {0};

	w->texts = fs_texts_new();
	for (int i = 0; i < TEXTS; i++) {
		struct fs_text_source source = {0};
		size_t begin = bson_build_begin(&w->doc[i]);

		for (int k = 0; k < FIELDS; k++)
			bson_build_int32(&w->doc[i], "name of a field", i * FIELDS + k);
		bson_build_end(&w->doc[i], begin);
		ASSERT_OK(ejson_pretty(buf_bytes(&w->doc[i]), &w->expected[i], &e));
		/* As one that a tree has: no more of them are held at once than may be. */
		source.doc = buf_bytes(&w->doc[i]);
		source.len = FS_TEXTS_HELD_MAX / 2;
		w->text[i] = fs_text_long_new(w->texts, &source);
	}
	assert_true(TEXTS * w->expected[0].len > 2 * FS_TEXTS_KEPT_MAX);
}

static void drop(struct world *w)
{
	for (int i = 0; i < TEXTS; i++) {
		fs_text_long_free(w->text[i]);
		buf_release(&w->doc[i]);
		buf_release(&w->expected[i]);
	}
	assert_int_equal(fs_texts_kept(w->texts), 0);
	fs_texts_free(w->texts);
}

/* Mostly on from where it was, now and then anywhere. */
static bool is_read_well(struct world *w, size_t i, struct harness_rng *rng)
{
	const struct buf *expected = &w->expected[i];
	uint8_t got[STEP];
	struct error e = {0};
	size_t len = 0, want;

	if (w->at[i] >= expected->len || harness_rng_below(rng, 8) == 0)
		w->at[i] = harness_rng_below(rng, expected->len);
	want = MIN_OF((size_t)STEP, (size_t)(expected->len - w->at[i]));
	if (fs_text_long_read(w->text[i], w->at[i], got, sizeof(got), &len, &e) < 0 || len < want ||
	    memcmp(got, expected->at + w->at[i], want) != 0)
		return false;
	w->at[i] += want;
	return true;
}

static void files_that_are_read_in_turns_keep_little(void **state UNUSED)
{
	struct harness_rng rng = harness_rng_of(1);
	struct world w = {0};
	size_t most = 0;

	make(&w);
	for (int n = 0; n < READS; n++) {
		assert_true(is_read_well(&w, harness_rng_below(&rng, TEXTS), &rng));
		most = MAX_OF(most, fs_texts_kept(w.texts));
	}
	/* There was something to be put to rest. */
	assert_in_range(most, FS_TEXTS_KEPT_MAX / 2,
			FS_TEXTS_KEPT_MAX + (2 * EJSON_READER_KEPT) + MIB);
	drop(&w);
}

struct reader {
	struct world *world;
	size_t first;
	bool well;
};

static void *read_some(void *ctx)
{
	struct reader *self = ctx;
	struct harness_rng rng = harness_rng_of(10 + self->first);

	self->well = true;
	for (int n = 0; n < READS && self->well; n++)
		self->well = is_read_well(
			self->world,
			self->first + (THREADS * harness_rng_below(&rng, TEXTS / THREADS)), &rng);
	return NULL;
}

static void files_that_are_read_at_once_wait_for_each_other(void **state UNUSED)
{
	struct reader readers[THREADS];
	pthread_t threads[THREADS];
	struct world w = {0};

	make(&w);
	for (size_t i = 0; i < THREADS; i++) {
		readers[i] = (struct reader){.world = &w, .first = i};
		assert_int_equal(pthread_create(&threads[i], NULL, read_some, &readers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(readers[i].well);
	}
	assert_in_range(fs_texts_kept(w.texts), 1,
			FS_TEXTS_KEPT_MAX + (2 * EJSON_READER_KEPT) + MIB);
	drop(&w);
}

/* A document over the limit is read alone. */
static void one_that_is_too_long_is_read_all_the_same(void **state UNUSED)
{
	struct harness_rng rng = harness_rng_of(3);
	struct world w = {0};
	struct fs_text_source source;

	make(&w);
	fs_text_long_free(w.text[0]);
	source = (struct fs_text_source){.doc = buf_bytes(&w.doc[0]), .len = FS_TEXTS_HELD_MAX + 1};
	w.text[0] = fs_text_long_new(w.texts, &source);
	for (int n = 0; n < 5; n++)
		assert_true(is_read_well(&w, 0, &rng));
	drop(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_that_are_read_in_turns_keep_little),
		cmocka_unit_test(files_that_are_read_at_once_wait_for_each_other),
		cmocka_unit_test(one_that_is_too_long_is_read_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
