/*
 * Entries of real servers, replayed onto nothing, and the documents that these servers had afterwards:
 * the samples in $YESTER_SHARED (../shared), data/oplog_samples, which are no part of this repository.
 */
#include <dirent.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/key.h"
#include "oplog/moment.h"
#include "oplog/replay.h"
#include "tests/harness/test_store.h"
#include "tests/unit/oplog/text_doc.h"

#define FILE_MAX (64 * MIB)

static const char *const versions[] = {"4.2.6", "4.4.2", "5.0.4", "6.0.27"};

/* Not compared. */
static const char *const left_out[] = {
	"capTrunc.json",	   /* captrunc, a command for tests, is not logged */
	"txn_large.json",	   /* the results' long texts were cut when they were recorded */
	"txn_prepared_large.json", /* the same */
};

static unsigned collections, documents;

static const char *folder_of(const char *version)
{
	static char folder[512];
	const char *shared = getenv("YESTER_SHARED");

	snprintf(folder, sizeof(folder), "%s/data/oplog_samples/%s",
		 shared != NULL ? shared : "../shared", version);
	return folder;
}

static bool have_samples(void)
{
	DIR *dir = opendir(folder_of("4.2.6"));

	if (dir == NULL) {
		print_message("skipped: there is no folder %s (set YESTER_SHARED)\n",
			      folder_of("4.2.6"));
		return false;
	}
	closedir(dir);
	return true;
}

static struct store *new_store(void)
{
	const char *dir = harness_path(harness_tmpdir(), "store");
	struct store_params params;
	struct store *store = NULL;
	struct error e = {0};

	ASSERT_OK(store_params_default(&params, &e));
	ASSERT_OK(test_store_init(dir, &params, &e));
	ASSERT_OK(test_store_open(dir, NULL, &store, &e));
	return store;
}

static int next_entry(void *ctx, struct bytes *ret, struct error *e)
{
	struct bson_fields *fields = ctx;
	struct bson_field field;
	int found = bson_fields_next(fields, &field, e);

	if (found == 1)
		*ret = field.value;
	return found;
}

/* One document after another, each with its key before it: in order of the keys unless `natural`. */
struct pile {
	struct {
		struct buf key;
		struct bytes doc;
	} * at;
	size_t count;
};

static void pile_add(struct pile *pile, struct bytes doc)
{
	struct error e = {0};

	pile->at = xrealloc(pile->at, (pile->count + 1) * sizeof(pile->at[0]));
	pile->at[pile->count].key = (struct buf){0};
	pile->at[pile->count].doc = doc;
	ASSERT_OK(key_of_document(doc, &pile->at[pile->count++].key, &e));
}

static int by_key(const void *a, const void *b)
{
	const __typeof__(((struct pile *)NULL)->at[0]) *x = a, *y = b;

	return bytes_compare(buf_bytes(&x->key), buf_bytes(&y->key));
}

static void pile_release(struct pile *pile)
{
	for (size_t i = 0; i < pile->count; i++)
		buf_release(&pile->at[i].key);
	free(pile->at);
}

static void check_collection(struct store *store, const struct catalog_entry *entry,
			     struct bytes expected, const char *where)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(store, &entry->root);
	struct bson_fields fields = bson_fields(expected);
	struct bson_field field;
	struct pile pile = {0};
	struct error e = {0};
	struct bytes doc;

	while (ASSERT_OK(bson_fields_next(&fields, &field, &e)) == 1)
		pile_add(&pile, field.value);
	if (entry->root.kind == TREE_KEYED && pile.count > 1)
		qsort(pile.at, pile.count, sizeof(pile.at[0]), by_key);
	if (entry->root.count != pile.count)
		fail_msg("%s: %s has %llu documents, expected %zu", where, entry->ns,
			 (unsigned long long)entry->root.count, pile.count);
	for (size_t i = 0; i < pile.count; i++) {
		assert_int_equal(ASSERT_OK(tree_cursor_next(cursor, &doc, &e)), 1);
		if (!bytes_equal(doc, pile.at[i].doc)) {
			print_error("found    %s\n", text_of_doc(doc));
			fail_msg("%s: %s number %zu, expected %s", where, entry->ns, i,
				 text_of_doc(pile.at[i].doc));
		}
		documents++;
	}
	collections++;
	pile_release(&pile);
}

/* result: db -> { docs: coll -> [documents] } */
static void check_result(struct store *store, const struct snapshot *snapshot, struct bytes result,
			 const char *where)
{
	OWNED(moment_release) struct moment *moment = NULL;
	struct bson_fields dbs = bson_fields(result);
	struct bson_field db, coll, docs;
	struct error e = {0};

	ASSERT_OK(moment_open(store, snapshot, &moment, &e));
	while (ASSERT_OK(bson_fields_next(&dbs, &db, &e)) == 1) {
		struct bson_fields colls;

		if (ASSERT_OK(bson_find(db.value, "docs", &docs, &e)) == 0)
			continue;
		colls = bson_fields(docs.value);
		while (ASSERT_OK(bson_fields_next(&colls, &coll, &e)) == 1) {
			OWNED(catalog_entry_release) struct catalog_entry entry = {0};
			OWNED(free)
			char *ns = xprintf("%.*s.%.*s", (int)db.name.len, db.name.at,
					   (int)coll.name.len, coll.name.at);

			/* A view's are its source's; system.views are views; profiles are not logged. */
			if (ASSERT_OK(moment_find(moment, bytes_str(ns), NULL, &entry, &e)) == 0 ||
			    entry.type != CATALOG_COLLECTION) {
				if (entry.ns == NULL && strstr(ns, ".system.") == NULL)
					fail_msg("%s: %s is missing", where, ns);
				continue;
			}
			check_collection(store, &entry, coll.value, where);
		}
	}
}

static void check_experiment(const char *version, const char *file)
{
	OWNED(buf_release) struct buf text = {0};
	OWNED(buf_release) struct buf doc = {0};
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(replay_result_release) struct replay_result made = {0};
	OWNED(free) char *where = xprintf("%s/%s", version, file);
	OWNED(free) char *path = xprintf("%s/%s", folder_of(version), file);
	struct snapshot base = {.server_version = (char *)(uintptr_t)version};
	struct store *store;
	struct bson_field result, oplog;
	struct bson_fields entries;
	struct error e = {0};
	struct replay_options options = {
		.base = &base, .to = UINT64_MAX, .fuzzy = true, .source = {next_entry, &entries}};

	ASSERT_OK(file_read(path, FILE_MAX, &text, &e));
	ASSERT_OK(metadata_json_parse(buf_bytes(&text), FILE_MAX, &doc, &e));
	if (ASSERT_OK(bson_find(buf_bytes(&doc), "result", &result, &e)) == 0)
		return; /* one about timing */
	assert_int_equal(ASSERT_OK(bson_find(buf_bytes(&doc), "oplog", &oplog, &e)), 1);
	entries = bson_fields(oplog.value);
	store = new_store();
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	options.writer = writer;
	if (replay_run(&options, &made, &e) < 0)
		fail_msg("%s: %s", where, e.text);
	ASSERT_OK(store_writer_flush(writer, &e));
	for (size_t i = 0; i < made.stop_count; i++)
		fail_msg("%s: %s: %s", where, made.stops[i].ns, made.stops[i].why);
	check_result(store, &made.snapshot, result.value, where);
	store_writer_end(TAKE(writer));
	store_close(store);
}

static bool is_compared(const char *file)
{
	size_t len = strlen(file);

	for (size_t i = 0; i < COUNT_OF(left_out); i++)
		if (strcmp(file, left_out[i]) == 0)
			return false;
	return file[0] != '_' && len > 5 && strcmp(file + len - 5, ".json") == 0;
}

static void every_experiment_leaves_the_documents_of_its_server(void **state)
{
	(void)state;
	if (!have_samples())
		skip();
	for (size_t v = 0; v < COUNT_OF(versions); v++) {
		DIR *dir = opendir(folder_of(versions[v]));
		struct dirent *at;

		assert_non_null(dir);
		while ((at = readdir(dir)) != NULL)
			if (is_compared(at->d_name))
				check_experiment(versions[v], at->d_name);
		closedir(dir);
	}
	print_message("%u collections, %u documents, byte for byte\n", collections, documents);
	assert_true(collections > 450 && documents > 700);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_experiment_leaves_the_documents_of_its_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
