#include "tools/diff.h"

#include <stdlib.h>

#include "base/bson_build.h"
#include "base/key.h"
#include "store/snapshot/catalog_build.h"
#include "store/snapshot/commit.h"
#include "store/tree/tree_build.h"
#include "tests/harness/harness.h"
#include "tests/harness/test_store.h"

#define IDS 12	      /* documents of a collection have an _id below it */
#define COLLECTIONS 8 /* at most */
#define NAMES 10      /* "db.a" to "db.j" */
#define ROUNDS 150

/* A collection of the model. Documents: value[_id], 0 when there is none. */
struct collection {
	int name;     /* 0..NAMES - 1 */
	uint8_t uuid; /* all its bytes; 0: it has none */
	bool capped;
	int option; /* 0: none */
	int value[IDS];
	int order; /* of a capped one: the first _id */
};

struct world {
	struct collection at[COLLECTIONS];
	size_t count;
	uint8_t uuids; /* that were given out */
};

static struct store *make_store(void)
{
	const char *dir = harness_path(harness_tmpdir(), "store");
	const struct store_options options = {.threads = 1};
	struct store_params params;
	struct store *store = NULL;
	struct error e = {0};

	ASSERT_OK(store_params_default(&params, &e));
	ASSERT_OK(test_store_init(dir, &params, &e));
	ASSERT_OK(test_store_open(dir, &options, &store, &e));
	return store;
}

static void add_doc(struct tree_builder *builder, int id, int value)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf key = {0};
	size_t begin = bson_build_begin(&doc);
	struct error e = {0};

	bson_build_int32(&doc, "_id", id);
	bson_build_int32(&doc, "value", value);
	bson_build_end(&doc, begin);
	ASSERT_OK(key_of_document(buf_bytes(&doc), &key, &e));
	ASSERT_OK(tree_builder_add(builder, buf_bytes(&key), buf_bytes(&doc), &e));
}

static struct tree_root build(struct store_writer *writer, const struct collection *c)
{
	const struct tree_build_options options = {.kind = c->capped ? TREE_RANKED : TREE_KEYED};
	OWNED(tree_builder_free) struct tree_builder *builder = tree_builder_new(writer, &options);
	struct tree_root root = {.kind = (uint8_t)options.kind};
	struct error e = {0};

	for (int i = 0; i < IDS; i++) {
		int id = c->capped ? (c->order + i) % IDS : i;

		if (c->value[id] != 0)
			add_doc(builder, id, c->value[id]);
	}
	ASSERT_OK(tree_builder_finish(builder, &root, &e));
	return root;
}

static int by_name(const void *a, const void *b)
{
	return ((const struct collection *)a)->name - ((const struct collection *)b)->name;
}

static struct moment *commit(struct store *store, struct world *world)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(snapshot_release) struct snapshot s = {.time = 1, .created_us = 1};
	OWNED(catalog_build_free) struct catalog_build *catalog = NULL;
	struct moment *moment = NULL;
	struct error e = {0};

	qsort(world->at, world->count, sizeof(world->at[0]), by_name);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	catalog = catalog_build_new(writer, NULL);
	for (size_t i = 0; i < world->count; i++) {
		const struct collection *c = &world->at[i];
		OWNED(catalog_entry_release) struct catalog_entry entry;
		size_t begin;

		catalog_entry_init(&entry);
		entry.ns = xprintf("db.%c", 'a' + c->name);
		entry.ns_len = strlen(entry.ns);
		entry.db_len = 2;
		entry.has_metadata = true;
		entry.has_uuid = c->uuid != 0;
		memset(entry.uuid, c->uuid, sizeof(entry.uuid));
		buf_reset(&entry.options);
		begin = bson_build_begin(&entry.options);
		if (c->option != 0)
			bson_build_int32(&entry.options, "option", c->option);
		bson_build_end(&entry.options, begin);
		buf_reset(&entry.indexes);
		buf_add_bytes(&entry.indexes, bson_build_empty());
		entry.root = build(writer, c);
		ASSERT_OK(catalog_build_add(catalog, &entry, 1, NULL, &e));
	}
	ASSERT_OK(catalog_build_finish(catalog, &s, &e));
	s.source = xstrdup("dump");
	s.tool = xstrdup("test");
	ASSERT_OK(commit_snapshot(writer, &s, &e));
	ASSERT_OK(moment_open(store, &s, &moment, &e));
	return moment;
}

/* Lines of text, in any order. */
struct lines {
	char *at[4096];
	size_t count;
	char ns[8]; /* that is open */
};

static void lines_free(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->at[i]);
	free(lines);
}
DEFINE_OWNED(struct lines *, lines_free);

static void add_line(struct lines *lines, char *line)
{
	assert_true(lines->count < COUNT_OF(lines->at));
	lines->at[lines->count++] = line;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int take_begin(void *ctx, const struct diff_ns *ns, struct error *e UNUSED)
{
	struct lines *lines = ctx;
	struct bytes name = diff_ns_name(ns);

	snprintf(lines->ns, sizeof(lines->ns), "%.*s", (int)name.len, (const char *)name.at);
	add_line(lines,
		 xprintf("%s %s%s%s%s%s", lines->ns,
			 ns->old_entry == NULL	 ? "created"
			 : ns->new_entry == NULL ? "dropped"
						 : "",
			 ns->renamed ? "renamed from " : "", ns->renamed ? ns->old_entry->ns : "",
			 ns->recreated ? "recreated" : "", ns->options ? " options" : ""));
	assert_false(ns->indexes || ns->type);
	return 1;
}

static int take_document(void *ctx, struct bytes old_doc, struct bytes new_doc,
			 struct error *e UNUSED)
{
	struct lines *lines = ctx;
	struct bytes doc = old_doc.len > 0 ? old_doc : new_doc;

	/* {_id: int32, value: int32}: both lie at a fixed place. */
	add_line(lines,
		 xprintf("%s %c%u %u-%u", lines->ns,
			 old_doc.len == 0   ? '+'
			 : new_doc.len == 0 ? '-'
					    : '~',
			 get_le32(doc.at + 9), old_doc.len > 0 ? get_le32(old_doc.at + 20) : 0,
			 new_doc.len > 0 ? get_le32(new_doc.at + 20) : 0));
	return 0;
}

static int take_end(void *ctx, const struct diff_ns *ns UNUSED, bool reordered,
		    struct error *e UNUSED)
{
	struct lines *lines = ctx;

	if (reordered)
		add_line(lines, xprintf("%s reordered", lines->ns));
	return 0;
}

static int take_untold(void *ctx UNUSED, struct bytes ns UNUSED, const struct error *why,
		       struct error *e UNUSED)
{
	fail_msg("%s", why->text);
	return 0;
}

static struct lines *run(struct store *store, struct moment *a, struct moment *b, int *ret_differs)
{
	struct lines *lines = xcalloc(1, sizeof(*lines));
	const struct diff_sink sink = {lines, take_begin, take_document, take_end, take_untold};
	const struct diff_options options = {.store = store, .tmp_dir = "/tmp"};
	struct error e = {0};

	*ret_differs = ASSERT_OK(diff_run(a, b, &options, &sink, &e));
	if (lines->count > 1)
		qsort(lines->at, lines->count, sizeof(lines->at[0]), by_text);
	return lines;
}

static const struct collection *with_uuid(const struct world *world, uint8_t uuid)
{
	for (size_t i = 0; uuid != 0 && i < world->count; i++)
		if (world->at[i].uuid == uuid)
			return &world->at[i];
	return NULL;
}

static const struct collection *with_name(const struct world *world, int name)
{
	for (size_t i = 0; i < world->count; i++)
		if (world->at[i].name == name)
			return &world->at[i];
	return NULL;
}

static bool same_documents(const struct collection *a, const struct collection *b)
{
	return memcmp(a->value, b->value, sizeof(a->value)) == 0;
}

/* Does the natural order differ? One is asked that has the same documents. */
static bool is_reordered(const struct collection *a, const struct collection *b)
{
	int x[IDS], y[IDS], n = 0, m = 0;

	for (int i = 0; i < IDS; i++) {
		int p = (a->order + i) % IDS, q = (b->order + i) % IDS;

		if (a->value[p] != 0)
			x[n++] = p;
		if (b->value[q] != 0)
			y[m++] = q;
	}
	return n > 1 && memcmp(x, y, (size_t)n * sizeof(x[0])) != 0;
}

/* What is to be told of a pair; NULL: it is not there. */
static void expect(struct lines *lines, const struct collection *a, const struct collection *b)
{
	static const struct collection none;
	const struct collection *old = a != NULL ? a : &none, *new = b != NULL ? b : &none;
	char name = (char)('a' + (b != NULL ? b->name : a->name));
	bool renamed = a != NULL && b != NULL && a->name != b->name;
	bool recreated = a != NULL && b != NULL && !renamed && a->uuid != b->uuid;
	bool options = a != NULL && b != NULL && a->option != b->option;
	bool reordered =
		a != NULL && b != NULL && a->capped && same_documents(a, b) && is_reordered(a, b);

	if (a != NULL && b != NULL && !renamed && !recreated && !options && !reordered &&
	    same_documents(a, b))
		return;
	add_line(lines,
		 xprintf("db.%c %s%s%s%s%s", name,
			 a == NULL   ? "created"
			 : b == NULL ? "dropped"
				     : "",
			 renamed ? "renamed from " : "",
			 renamed ? (const char[]){'d', 'b', '.', (char)('a' + a->name), 0} : "",
			 recreated ? "recreated" : "", options ? " options" : ""));
	for (int i = 0; i < IDS; i++)
		if (old->value[i] != new->value[i])
			add_line(lines, xprintf("db.%c %c%d %d-%d", name,
						old->value[i] == 0   ? '+'
						: new->value[i] == 0 ? '-'
								     : '~',
						i, old->value[i], new->value[i]));
	if (reordered)
		add_line(lines, xprintf("db.%c reordered", name));
}

static struct lines *expected(const struct world *a, const struct world *b)
{
	struct lines *lines = xcalloc(1, sizeof(*lines));

	for (size_t i = 0; i < b->count; i++) {
		const struct collection *new = &b->at[i], *old = with_uuid(a, new->uuid);

		if (old == NULL) {
			old = with_name(a, new->name);
			if (old != NULL && with_uuid(b, old->uuid) != NULL)
				old = NULL; /* that one is elsewhere now */
		}
		expect(lines, old, new);
	}
	for (size_t i = 0; i < a->count; i++) {
		const struct collection *old = &a->at[i], *new = with_name(b, old->name);

		if (with_uuid(b, old->uuid) != NULL ||
		    (new != NULL &&with_uuid(a, new->uuid) == NULL))
			continue;
		expect(lines, old, NULL);
	}
	if (lines->count > 1)
		qsort(lines->at, lines->count, sizeof(lines->at[0]), by_text);
	return lines;
}

static int free_name(const struct world *world, struct harness_rng *rng)
{
	int name;

	do
		name = (int)harness_rng_below(rng, NAMES);
	while (with_name(world, name) != NULL);
	return name;
}

static void create(struct world *world, struct harness_rng *rng)
{
	struct collection c = {.name = free_name(world, rng), .uuid = ++world->uuids};

	c.capped = harness_rng_below(rng, 4) == 0;
	for (int i = 0; i < IDS; i++)
		c.value[i] =
			harness_rng_below(rng, 2) == 0 ? 0 : 1 + (int)harness_rng_below(rng, 3);
	world->at[world->count++] = c;
}

/* One change of any sort. */
static void change(struct world *world, struct harness_rng *rng)
{
	struct collection *c = NULL;

	if (world->count > 0)
		c = &world->at[harness_rng_below(rng, world->count)];
	switch (harness_rng_below(rng, 8)) {
	case 0:
		if (world->count < COLLECTIONS)
			create(world, rng);
		break;
	case 1: /* drop */
		if (c != NULL)
			*c = world->at[--world->count];
		break;
	case 2: /* rename */
		if (c != NULL)
			c->name = free_name(world, rng);
		break;
	case 3: /* drop, and made again */
		if (c != NULL)
			c->uuid = ++world->uuids;
		break;
	case 4:
		if (c != NULL)
			c->option = (int)harness_rng_below(rng, 2);
		break;
	case 5:
		if (c != NULL && c->capped)
			c->order = (int)harness_rng_below(rng, IDS);
		break;
	default:
		for (int i = 0; c != NULL && i < 3; i++)
			c->value[harness_rng_below(rng, IDS)] = (int)harness_rng_below(rng, 4);
	}
}

static void any_two_moments_differ_as_the_model_says(void **state)
{
	OWNED(store_close) struct store *store = make_store();
	struct harness_rng rng = harness_rng_of(3);
	unsigned long told = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct world a = {0}, b;
		OWNED(moment_release) struct moment *old = NULL;
		OWNED(moment_release) struct moment *new = NULL;
		OWNED(lines_free) struct lines *got = NULL;
		OWNED(lines_free) struct lines *want = NULL;
		uint64_t changes = harness_rng_below(&rng, 8);
		int differs = 0;

		for (uint64_t i = harness_rng_below(&rng, COLLECTIONS - 1); i > 0; i--)
			create(&a, &rng);
		b = a;
		for (uint64_t i = 0; i < changes; i++)
			change(&b, &rng);
		old = commit(store, &a);
		new = commit(store, &b);
		got = run(store, old, new, &differs);
		want = expected(&a, &b);
		for (size_t i = 0; i < MAX_OF(got->count, want->count); i++)
			assert_string_equal(i < got->count ? got->at[i] : "(nothing)",
					    i < want->count ? want->at[i] : "(nothing)");
		assert_int_equal(differs, want->count > 0);
		told += got->count;
	}
	assert_true(told > ROUNDS);
}

/* a and b change their names by way of a third one. */
static void exchanged_names_are_two_renames(void **state)
{
	OWNED(store_close) struct store *store = make_store();
	struct world a = {.at = {{.name = 0, .uuid = 1, .value = {1}}, {.name = 1, .uuid = 2}},
			  .count = 2};
	struct world b = {.at = {{.name = 1, .uuid = 1, .value = {1}}, {.name = 0, .uuid = 2}},
			  .count = 2};
	OWNED(moment_release) struct moment *old = commit(store, &a);
	OWNED(moment_release) struct moment *new = commit(store, &b);
	OWNED(lines_free) struct lines *got = NULL;
	int differs;

	(void)state;
	got = run(store, old, new, &differs);
	assert_int_equal(got->count, 2);
	assert_string_equal(got->at[0], "db.a renamed from db.b");
	assert_string_equal(got->at[1], "db.b renamed from db.a");
}

/* mongodump of old servers writes no UUIDs. */
static void without_uuids_names_decide(void **state)
{
	OWNED(store_close) struct store *store = make_store();
	struct world a = {.at = {{.name = 0, .value = {1, 2}}, {.name = 1}}, .count = 2};
	struct world b = {.at = {{.name = 0, .uuid = 9, .value = {1, 3}}, {.name = 2}}, .count = 2};
	OWNED(moment_release) struct moment *old = commit(store, &a);
	OWNED(moment_release) struct moment *new = commit(store, &b);
	OWNED(lines_free) struct lines *got = NULL;
	int differs;

	(void)state;
	got = run(store, old, new, &differs);
	assert_int_equal(got->count, 4);
	assert_string_equal(got->at[0], "db.a ");
	assert_string_equal(got->at[1], "db.a ~1 2-3");
	assert_string_equal(got->at[2], "db.b dropped");
	assert_string_equal(got->at[3], "db.c created");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_two_moments_differ_as_the_model_says),
		cmocka_unit_test(exchanged_names_are_two_renames),
		cmocka_unit_test(without_uuids_names_decide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
