/*
 * Random histories against a simple model (a list of documents, and update_apply()), cut into batches
 * anywhere: the tree is always the one that the documents would have if they were built anew.
 */
#include <ctype.h>

#include "base/bson_build.h"
#include "oplog/replay_docs.h"
#include "tests/unit/oplog/replay_docs_model.h"

#define NAMES 900 /* documents that there may be */
#define SMALL_MEMORY (24 * KIB)

enum world { KEYED, COLLATED, NATURAL, EVICTING };

/* A document of the model: of `name`, as `spelling` of it. */
struct model_doc {
	struct buf bytes; /* len 0: there is none */
	uint32_t spelling;
	uint64_t order; /* when it came; of natural order */
};

struct model {
	enum world world;
	struct harness_rng rng;
	struct model_doc docs[NAMES];
	uint64_t order;
	struct replay_docs_model m;
	uint64_t updates, misses;
};

/* { _id: "name-12-x" } in one of four spellings, which only a collation calls equal; or a number. */
static void add_id(const struct model *model, struct buf *b, uint32_t name, uint32_t spelling)
{
	char text[40];

	if (model->world != COLLATED || name % 5 == 0) {
		bson_build_int32(b, "_id", (int32_t)name);
		return;
	}
	snprintf(text, sizeof(text), "name-%u-xy", name);
	for (uint32_t bit = 0; bit < 2; bit++)
		if (spelling & 1u << bit)
			text[strlen(text) - 1 - bit] = (char)toupper(text[strlen(text) - 1 - bit]);
	bson_build_string(b, "_id", bytes_str(text));
}

static size_t begin_doc(const struct model *model, struct buf *b, uint32_t name, uint32_t spelling)
{
	size_t begin = bson_build_begin(b);

	add_id(model, b, name, spelling);
	return begin;
}

static void add_doc(struct model *model, struct buf *b, uint32_t name, uint32_t spelling)
{
	size_t begin = begin_doc(model, b, name, spelling),
	       pad = harness_rng_below(&model->rng, 120);

	if (harness_rng_below(&model->rng, 200) == 0)
		pad = 5000 + harness_rng_below(&model->rng, 40000);
	bson_build_int32(b, "a", (int32_t)harness_rng_below(&model->rng, 5));
	harness_doc_binary_random(b, "pad", pad, &model->rng);
	bson_build_end(b, begin);
}

/* All of the model, in order if that is natural. */
static void collect(const struct model *model, struct buf *ret)
{
	bool natural = model->world == NATURAL || model->world == EVICTING;
	uint64_t last = 0;

	for (uint32_t i = 0; !natural && i < NAMES; i++)
		buf_add_bytes(ret, buf_bytes(&model->docs[i].bytes));
	while (natural) {
		const struct model_doc *next = NULL;

		for (uint32_t i = 0; i < NAMES; i++) {
			const struct model_doc *doc = &model->docs[i];

			if (doc->bytes.len > 0 && doc->order > last &&
			    (next == NULL || doc->order < next->order))
				next = doc;
		}
		if (next == NULL)
			return;
		buf_add_bytes(ret, buf_bytes(&next->bytes));
		last = next->order;
	}
}

static struct model_doc *oldest(struct model *model)
{
	struct model_doc *oldest = NULL;

	for (uint32_t i = 0; i < NAMES; i++)
		if (model->docs[i].bytes.len > 0 &&
		    (oldest == NULL || model->docs[i].order < oldest->order))
			oldest = &model->docs[i];
	return oldest;
}

#define SIZE_LIMIT 60160
#define MAX_LIMIT 400
#define CAPPED "{'capped': true, 'size': 60160, 'max': 400}"

static void evict(struct model *model, const struct model_doc *newest)
{
	uint64_t size = 0, n = 0, over, docs_over, saved = 0, removed = 0;

	for (uint32_t i = 0; i < NAMES; i++) {
		size += model->docs[i].bytes.len;
		n += model->docs[i].bytes.len > 0;
	}
	over = size > SIZE_LIMIT ? size - SIZE_LIMIT : 0;
	docs_over = n > MAX_LIMIT ? n - MAX_LIMIT : 0;
	while (saved < over || removed < docs_over) {
		struct model_doc *doc = oldest(model);

		if (doc == newest)
			return;
		saved += doc->bytes.len;
		removed++;
		buf_reset(&doc->bytes);
	}
}

static void insert(struct model *model, uint32_t name, uint32_t spelling)
{
	OWNED(buf_release) struct buf o = {0};
	struct model_doc *doc = &model->docs[name];
	bool is_new = doc->bytes.len == 0;

	add_doc(model, &o, name, spelling);
	replay_docs_model_op(&model->m, 'i', buf_bytes(&o), bytes_of(NULL, 0), false);
	buf_reset(&doc->bytes);
	buf_add_bytes(&doc->bytes, buf_bytes(&o));
	doc->spelling = spelling;
	if (!is_new)
		return;
	doc->order = ++model->order;
	if (model->world == EVICTING)
		evict(model, doc);
}

static void add_update(struct model *model, struct buf *b, uint32_t name)
{
	size_t begin = bson_build_begin(b), diff, part;

	if (harness_rng_below(&model->rng, 6) == 0) {
		add_id(model, b, name, model->docs[name].spelling);
		bson_build_int32(b, "whole", (int32_t)harness_rng_below(&model->rng, 100));
	} else {
		bson_build_int32(b, "$v", 2);
		diff = bson_build_open(b, "diff");
		part = bson_build_open(b, harness_rng_below(&model->rng, 2) == 0 ? "u" : "i");
		bson_build_int32(b, harness_rng_below(&model->rng, 2) == 0 ? "a" : "c",
				 (int32_t)harness_rng_below(&model->rng, 5));
		bson_build_end(b, part);
		bson_build_end(b, diff);
	}
	bson_build_end(b, begin);
}

static void update(struct model *model, uint32_t name, uint32_t spelling)
{
	OWNED(buf_release) struct buf o = {0};
	OWNED(buf_release) struct buf o2 = {0};
	OWNED(buf_release) struct buf now = {0};
	struct update_rules rules = {.major = model->m.rules.major};
	struct model_doc *doc = &model->docs[name];
	struct error e = {0};

	add_update(model, &o, name);
	bson_build_end(&o2, begin_doc(model, &o2, name, spelling));
	replay_docs_model_op(&model->m, 'u', buf_bytes(&o), buf_bytes(&o2), false);
	model->updates++;
	model->misses += doc->bytes.len == 0;
	if (ASSERT_OK(update_apply(buf_bytes(&doc->bytes), buf_bytes(&o), &rules, &now, &e)) == 0)
		return;
	buf_reset(&doc->bytes);
	buf_add_bytes(&doc->bytes, buf_bytes(&now));
}

static void delete (struct model *model, uint32_t name, uint32_t spelling)
{
	OWNED(buf_release) struct buf o = {0};

	bson_build_end(&o, begin_doc(model, &o, name, spelling));
	replay_docs_model_op(&model->m, 'd', buf_bytes(&o), bytes_of(NULL, 0), false);
	buf_reset(&model->docs[name].bytes);
}

static void step(struct model *model)
{
	struct harness_rng *rng = &model->rng;
	uint32_t name = (uint32_t)harness_rng_below(rng, NAMES);
	uint32_t spelling = (uint32_t)harness_rng_below(rng, 4);

	switch (harness_rng_below(rng, 5)) {
	case 0:
	case 1:
		insert(model, name, spelling);
		break;
	case 2:
		delete (model, name, spelling);
		break;
	default:
		update(model, name, spelling);
	}
}

static void fill(struct model *model)
{
	for (uint32_t name = 0; name < NAMES; name++) {
		struct model_doc *doc = &model->docs[name];

		if (harness_rng_below(&model->rng, 3) == 0)
			continue;
		doc->spelling = (uint32_t)harness_rng_below(&model->rng, 4);
		doc->order = ++model->order;
		add_doc(model, &doc->bytes, name, doc->spelling);
		if (model->world == EVICTING)
			evict(model, doc);
	}
}

static void run_history(enum world world, unsigned batches, size_t memory, uint64_t stream)
{
	static const char *const options[] = {
		NULL, "{'collation': {'locale': 'en', 'strength': 2}}", CAPPED, CAPPED};
	OWNED(buf_release) struct buf docs = {0};
	struct model *model = xcalloc(1, sizeof(*model));

	model->world = world;
	model->rng = harness_rng_of(stream);
	fill(model);
	collect(model, &docs);
	replay_docs_model_begin(&model->m, options[world], buf_bytes(&docs), memory);
	model->m.rules.fuzzy = true;
	model->m.rules.evicts = world == EVICTING;
	for (unsigned batch = 0; batch < batches; batch++) {
		uint64_t steps = harness_rng_below(&model->rng, 3) == 0
					 ? harness_rng_below(&model->rng, 4)
					 : harness_rng_below(&model->rng, 1500);

		for (uint64_t i = 0; i < steps; i++)
			step(model);
		replay_docs_model_finish(&model->m, memory);
		if (model->m.slot->stopped != NULL)
			fail_msg("world %d stream %llu: %s", (int)world, (unsigned long long)stream,
				 model->m.slot->stopped);
		buf_reset(&docs);
		collect(model, &docs);
		replay_docs_model_check(&model->m, buf_bytes(&docs));
	}
	assert_true(model->updates > 0 && model->misses > 0 && model->misses < model->updates);
	replay_docs_model_end(&model->m);
	for (uint32_t i = 0; i < NAMES; i++)
		buf_release(&model->docs[i].bytes);
	free(model);
}

static void random_histories_of_keyed_collections_give_the_root_of_a_build(void **state)
{
	(void)state;
	run_history(KEYED, 12, 0, 1);
	run_history(KEYED, 12, SMALL_MEMORY, 2);
}

static void random_histories_under_a_collation_give_the_root_of_a_build(void **state)
{
	(void)state;
	run_history(COLLATED, 12, 0, 3);
	run_history(COLLATED, 12, SMALL_MEMORY, 4);
}

static void random_histories_of_natural_order_give_the_root_of_a_build(void **state)
{
	(void)state;
	run_history(NATURAL, 12, 0, 5);
	run_history(NATURAL, 12, SMALL_MEMORY, 6);
}

static void random_histories_that_evict_give_the_root_of_a_build(void **state)
{
	(void)state;
	run_history(EVICTING, 12, 0, 7);
	run_history(EVICTING, 12, SMALL_MEMORY, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_histories_of_keyed_collections_give_the_root_of_a_build),
		cmocka_unit_test(random_histories_under_a_collation_give_the_root_of_a_build),
		cmocka_unit_test(random_histories_of_natural_order_give_the_root_of_a_build),
		cmocka_unit_test(random_histories_that_evict_give_the_root_of_a_build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
