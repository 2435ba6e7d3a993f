/* What limits a read: memory that it may hold, time, a client that is gone; and catalogs that are not as they should be. */
#include "query/command.h"

#include <bson/bson.h>

#include "base/bson_build.h"
#include "base/bson_check.h"
#include "base/key.h"
#include "query/query_error.h"
#include "query/value.h"
#include "store/snapshot/commit.h"
#include "store/tree/tree_build.h"
#include "tests/harness/harness.h"
#include "tests/harness/test_store.h"

#define DOCS 2000
#define VIEWS 22
#define LITTLE (32 * KIB) /* of memory: what is asked here needs more */

static struct store *store;
static struct moment *moment;
static const uint8_t uuid[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* ---- the store */

static struct bytes big_document(int32_t i, struct buf *doc)
{
	size_t begin, list;
	char text[80];

	buf_reset(doc);
	begin = bson_build_begin(doc);
	bson_build_int32(doc, "_id", i);
	bson_build_int32(doc, "g", i % 300);
	if (i % 3 == 0)
		bson_build_int64(doc, "v", i);
	else if (i % 3 == 1)
		bson_build_double(doc, "v", i);
	else
		bson_build_int32(doc, "v", i);
	snprintf(text, sizeof(text), "%060d", i * 7919 % DOCS);
	bson_build_string(doc, "s", bytes_str(text));
	list = bson_build_open_array(doc, "a");
	bson_build_int32(doc, "0", i % 5);
	bson_build_int32(doc, "1", i % 7);
	bson_build_end(doc, list);
	bson_build_end(doc, begin);
	return buf_bytes(doc);
}

static void add_entry(struct store_writer *writer, struct tree_builder *catalog, const char *name,
		      enum catalog_type type, const char *options)
{
	struct tree_build_options keyed = {.kind = TREE_KEYED};
	OWNED(catalog_entry_release) struct catalog_entry entry;
	OWNED(tree_builder_free) struct tree_builder *tree = tree_builder_new(writer, &keyed);
	OWNED(buf_release) struct buf doc = {0}, key = {0};
	bson_error_t error;
	bson_t *given = bson_new_from_json((const uint8_t *)options, -1, &error);
	bool is_big = strcmp(name, "big") == 0;
	const char *by_s = is_big ? "{\"0\": {\"key\": {\"s\": 1}, \"name\": \"s_1\"}}" : "{}";
	bson_t *indexes = bson_new_from_json((const uint8_t *)by_s, -1, &error);
	struct error e = {0};

	assert_non_null(given);
	catalog_entry_init(&entry);
	entry.ns = xprintf("t.%s", name);
	entry.ns_len = strlen(entry.ns);
	entry.db_len = 1;
	entry.type = type;
	entry.has_metadata = true;
	entry.has_uuid = is_big;
	memcpy(entry.uuid, uuid, sizeof(uuid));
	buf_add(&entry.options, bson_get_data(given), given->len);
	buf_add(&entry.indexes, bson_get_data(indexes), indexes->len);
	bson_destroy(indexes);
	bson_destroy(given);
	for (int32_t i = 0; is_big && i < DOCS; i++) {
		buf_reset(&key);
		ASSERT_OK(key_of_document(big_document(i, &doc), &key, &e));
		ASSERT_OK(tree_builder_add(tree, buf_bytes(&key), buf_bytes(&doc), &e));
	}
	ASSERT_OK(tree_builder_finish(tree, &entry.root, &e));
	buf_reset(&doc);
	buf_reset(&key);
	ASSERT_OK(catalog_entry_encode(&entry, &doc, &e));
	ASSERT_OK(key_of_document(buf_bytes(&doc), &key, &e));
	ASSERT_OK(tree_builder_add(catalog, buf_bytes(&key), buf_bytes(&doc), &e));
}

static void fill(struct store_writer *writer, struct tree_builder *catalog)
{
	char name[32], options[80];

	add_entry(writer, catalog, "big", CATALOG_COLLECTION, "{}");
	add_entry(writer, catalog, "blind", CATALOG_VIEW, "{\"pipeline\": []}");
	add_entry(writer, catalog, "series", CATALOG_TIMESERIES, "{}");
	for (int i = 0; i < VIEWS; i++) {
		snprintf(name, sizeof(name), "view%02d", i);
		snprintf(options, sizeof(options), "{\"viewOn\": \"%s%02d\", \"pipeline\": []}",
			 "view", i - 1);
		add_entry(writer, catalog, name, CATALOG_VIEW,
			  i == 0 ? "{\"viewOn\": \"big\", \"pipeline\": []}" : options);
	}
}

static int set_up(void **state)
{
	struct store_options options = {.cache_bytes = 4 * MIB, .threads = 1};
	struct tree_build_options keyed = {.kind = TREE_KEYED};
	OWNED(snapshots_release) struct snapshot_list snapshots = {0};
	OWNED(snapshot_release) struct snapshot snapshot = {0};
	const char *path = harness_path(harness_tmpdir(), "store");
	struct store_writer *writer;
	struct tree_builder *catalog;
	struct store_params params;
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_params_default(&params, &e));
	ASSERT_OK(test_store_init(path, &params, &e));
	ASSERT_OK(test_store_open(path, &options, &store, &e));
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	catalog = tree_builder_new(writer, &keyed);
	fill(writer, catalog);
	ASSERT_OK(tree_builder_finish(catalog, &snapshot.catalog, &e));
	tree_builder_free(catalog);
	snapshot.collections = VIEWS + 3;
	snapshot.documents = DOCS;
	snapshot.name = xstrdup("one");
	snapshot.time = 1700000000;
	snapshot.created_us = snapshot.time * 1000000;
	snapshot.source = xstrdup("dump");
	snapshot.server_version = xstrdup("6.0.27");
	snapshot.tool = xstrdup("yester 0.1.0");
	ASSERT_OK(commit_snapshot(writer, &snapshot, &e));
	store_writer_end(writer);
	ASSERT_OK(snapshots_read(store, &snapshots, NULL, &e));
	ASSERT_OK(moment_open(store, &snapshots.at[0], &moment, &e));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	moment_release(moment);
	store_close(store);
	return 0;
}

/* ---- asking */

static bson_t *from_json(const char *json)
{
	bson_error_t error;
	bson_t *cmd = bson_new_from_json((const uint8_t *)json, -1, &error);

	if (cmd == NULL)
		fail_msg("%s: %s", json, error.message);
	return cmd;
}

/* All documents as the elements of an array. */
static int ask(const struct query_request *given, const char *db, const bson_t *cmd,
	       struct buf *ret, struct error *e)
{
	struct query_request request = *given;
	OWNED(query_cursor_free) struct query_cursor *cursor = NULL;
	size_t begin = bson_build_begin(ret);
	bool done = false;
	int64_t count;
	bson_iter_t iter;

	request.moment = moment;
	request.db = bytes_str(db);
	request.cmd = bytes_of(bson_get_data(cmd), cmd->len);
	assert_true(bson_iter_init(&iter, cmd) && bson_iter_next(&iter));
	if ((strcmp(bson_iter_key(&iter), "find") == 0 ? query_find
						       : query_aggregate)(&request, &cursor, e) < 0)
		return e->code;
	assert_true(query_cursor_memory(cursor) > 0);
	while (!done)
		if (query_cursor_batch(cursor, QUERY_BATCH_ALL, ret, &count, &done, e) < 0)
			return e->code;
	bson_build_end(ret, begin);
	return 0;
}

static int ask_json(const struct query_request *request, const char *json, struct buf *ret,
		    struct error *e)
{
	bson_t *cmd = from_json(json);
	int result = ask(request, "t", cmd, ret, e);

	bson_destroy(cmd);
	return result;
}

static void check_refused(const struct query_request *request, const char *json, int code,
			  const char *part)
{
	OWNED(buf_release) struct buf out = {0};
	struct error e = {0};

	if (ask_json(request, json, &out, &e) >= 0)
		fail_msg("%s is answered", json);
	if (e.server != code || strstr(e.text, part) == NULL)
		fail_msg("%s: %d %s", json, e.server, e.text);
}

/* ---- memory */

#define AGGREGATE(stages) "{\"aggregate\": \"big\", \"cursor\": {}, \"pipeline\": [" stages "]}"
#define AGGREGATE_IN_MEMORY(stages)                                                                \
	"{\"aggregate\": \"big\", \"cursor\": {}, \"allowDiskUse\": false, \"pipeline\": [" stages \
	"]}"

#define SORT "{\"$sort\": {\"s\": 1}}"
#define GROUP                                                                                      \
	"{\"$sort\": {\"_id\": 1}}, {\"$group\": {\"_id\": \"$g\", \"sum\": {\"$sum\": \"$v\"}, "  \
	"\"decimal\": {\"$sum\": {\"$cond\": [{\"$gt\": [\"$_id\", 1000]}, {\"$toDecimal\": "      \
	"\"$v\"}, \"$v\"]}}, \"avg\": {\"$avg\": \"$v\"}, \"min\": {\"$min\": \"$s\"}, \"max\": "  \
	"{\"$max\": \"$s\"}, \"first\": {\"$first\": \"$_id\"}, \"last\": {\"$last\": \"$_id\"}, " \
	"\"none\": {\"$max\": \"$nothing\"}, \"push\": {\"$push\": \"$v\"}, \"set\": "             \
	"{\"$addToSet\": {\"$mod\": [\"$_id\", 1]}}, \"pop\": {\"$stdDevPop\": \"$v\"}, "          \
	"\"samp\": "                                                                               \
	"{\"$stdDevSamp\": \"$nothing\"}, \"merged\": {\"$mergeObjects\": {\"x\": \"$s\"}}, "      \
	"\"firsts\": {\"$firstN\": {\"input\": \"$_id\", \"n\": 2}}, \"lasts\": {\"$lastN\": "     \
	"{\"input\": \"$_id\", \"n\": 2}}, \"mins\": {\"$minN\": {\"input\": \"$s\", \"n\": 2}}, " \
	"\"tops\": {\"$topN\": {\"n\": 2, \"sortBy\": {\"s\": -1}, \"output\": \"$_id\"}}, "       \
	"\"bottom\": {\"$bottom\": {\"sortBy\": {\"s\": -1}, \"output\": [\"$_id\"]}}, \"n\": "    \
	"{\"$count\": {}}}}, {\"$set\": {\"pop\": {\"$round\": [\"$pop\", 6]}}}, "                 \
	"{\"$sort\": {\"_id\": 1}}"
#define WINDOW                                                                                     \
	"{\"$setWindowFields\": {\"partitionBy\": {\"$mod\": [\"$_id\", 2]}, \"sortBy\": "         \
	"{\"_id\": 1}, \"output\": {\"r\": {\"$sum\": \"$v\", \"window\": {\"documents\": [-2, "   \
	"2]}}, \"f\": {\"$first\": \"$s\", \"window\": {\"documents\": [-1, 1]}}, \"b\": "         \
	"{\"$shift\": {\"output\": \"$s\", \"by\": 1}}}}}"
#define BUCKETS                                                                                    \
	"{\"$bucketAuto\": {\"groupBy\": \"$s\", \"buckets\": 7, \"output\": {\"n\": {\"$sum\": "  \
	"1}, \"v\": {\"$avg\": \"$v\"}}}}"
#define FACET                                                                                      \
	"{\"$facet\": {\"a\": [{\"$sort\": {\"s\": 1}}, {\"$skip\": 1990}], \"b\": [{\"$group\": " \
	"{\"_id\": \"$s\"}}, {\"$count\": \"n\"}]}}"
#define LOOKUP                                                                                     \
	"{\"$limit\": 9}, {\"$lookup\": {\"from\": \"big\", \"localField\": \"g\", "               \
	"\"foreignField\": \"g\", \"as\": \"l\"}}"
#define GRAPH                                                                                      \
	"{\"$limit\": 3}, {\"$graphLookup\": {\"from\": \"big\", \"startWith\": \"$g\", "          \
	"\"connectFromField\": \"g\", \"connectToField\": \"v\", \"as\": \"l\"}}"

static void with_little_memory_the_answer_is_the_same(void **state)
{
	static const char *const commands[] = {
		AGGREGATE(SORT), AGGREGATE(GROUP), AGGREGATE(WINDOW), AGGREGATE(BUCKETS),
		AGGREGATE(FACET), AGGREGATE(GRAPH), AGGREGATE(LOOKUP),
		/* The order of an index is no sort: nobody is asked for a disk. */
		"{\"find\": \"big\", \"hint\": \"s_1\", \"allowDiskUse\": false}",
		"{\"find\": \"big\", \"sort\": {\"s\": -1}}",
		"{\"find\": \"big\", \"sort\": {\"s\": -1}, \"limit\": 1500}"};
	struct query_request request = {0}, poor = {.memory = LITTLE};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		OWNED(buf_release) struct buf want = {0}, have = {0};
		struct error e = {0};

		ASSERT_OK(ask_json(&request, commands[i], &want, &e));
		ASSERT_OK(ask_json(&poor, commands[i], &have, &e));
		assert_true(value_count(buf_bytes(&want)) > 0);
		ASSERT_BYTES(buf_bytes(&have), buf_bytes(&want));
	}
}

/* What a cursor holds once two documents were asked for. */
static size_t held_by(const char *json)
{
	struct query_request request = {.memory = QUERY_MEMORY_DEFAULT};
	OWNED(query_cursor_free) struct query_cursor *cursor = NULL;
	OWNED(buf_release) struct buf out = {0};
	bson_t *cmd = from_json(json);
	size_t begin = bson_build_begin(&out), held;
	struct error e = {0};
	int64_t count;
	bool done;

	request.moment = moment;
	request.db = bytes_str("t");
	request.cmd = bytes_of(bson_get_data(cmd), cmd->len);
	ASSERT_OK((strncmp(json, "{\"find", 6) == 0 ? query_find : query_aggregate)(&request,
										    &cursor, &e));
	ASSERT_OK(query_cursor_batch(cursor, 2, &out, &count, &done, &e));
	bson_build_end(&out, begin);
	assert_true(count == 2 && !done);
	held = query_cursor_memory(cursor);
	bson_destroy(cmd);
	return held;
}

#define PUSH_OVER(documents)                                                                       \
	"{\"$setWindowFields\": {\"sortBy\": {\"s\": 1}, \"output\": {\"n\": {\"$push\": \"$s\", " \
	"\"window\": {\"documents\": " documents "}}}}}"

static void what_a_waiting_cursor_holds_is_told(void **state)
{
	static const char *const all[] = {
		"{\"find\": \"big\", \"sort\": {\"s\": 1}}",
		AGGREGATE(SORT),
		AGGREGATE("{\"$sample\": {\"size\": 1900}}"),
		AGGREGATE("{\"$group\": {\"_id\": \"$_id\", \"n\": {\"$push\": \"$s\"}}}"),
		AGGREGATE("{\"$setWindowFields\": {\"sortBy\": {\"s\": 1}, \"output\": "
			  "{\"n\": {\"$sum\": \"$v\"}}}}"),
		AGGREGATE("{\"$bucketAuto\": {\"groupBy\": \"$s\", \"buckets\": 900}}"),
		AGGREGATE("{\"$lookup\": {\"from\": \"big\", \"localField\": \"v\", "
			  "\"foreignField\": \"v\", \"as\": \"r\"}}"),
		AGGREGATE("{\"$graphLookup\": {\"from\": \"big\", \"startWith\": \"$v\", "
			  "\"connectFromField\": \"v\", \"connectToField\": \"v\", "
			  "\"as\": \"r\"}}"),
		AGGREGATE("{\"$limit\": 1}, {\"$unionWith\": {\"coll\": \"big\", "
			  "\"pipeline\": [{\"$sort\": {\"s\": 1}}]}}"),
		AGGREGATE("{\"$facet\": {\"a\": [{\"$skip\": 1}]}}, {\"$unwind\": \"$a\"}"),
		AGGREGATE("{\"$densify\": {\"field\": \"v\", \"partitionByFields\": [\"s\"], "
			  "\"range\": {\"step\": 1, \"bounds\": [-2, -1]}}}"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		size_t held = held_by(all[i]);

		if (held < DOCS * 100)
			fail_msg("%s: %zu", all[i], held);
	}
	/* Of a window what it took in, and the result: an array of all. */
	assert_true(held_by(AGGREGATE(PUSH_OVER("[\"unbounded\", \"unbounded\"]"))) >
		    held_by(AGGREGATE(PUSH_OVER("[0, 0]"))) + (size_t)2 * DOCS * 60);
	/* A leaf, whose size the seed of the store decides. */
	assert_true(held_by("{\"find\": \"big\"}") < 400 * KIB);
}

/* The fields are looked at first: by a stage in front of the pipeline, or behind $documents. */
#define LOOKUP_BY(pipeline)                                                                        \
	AGGREGATE("{\"$limit\": 1}, {\"$lookup\": {\"from\": \"view00\", \"localField\": \"v\", "  \
		  "\"foreignField\": \"v\", \"as\": \"l\", \"pipeline\": [" pipeline "]}}, "       \
		  "{\"$project\": {\"_id\": 0, \"n\": {\"$size\": \"$l\"}}}")

static void a_lookup_by_fields_stands_before_its_pipeline(void **state)
{
	struct query_request request = {.memory = QUERY_MEMORY_DEFAULT};
	OWNED(buf_release) struct buf have = {0};
	struct value first, n;
	struct error e = {0};

	(void)state;
	check_refused(&request, LOOKUP_BY("{\"$collStats\": {\"count\": {}}}"), 40602,
		      "$collStats");
	check_refused(&request, LOOKUP_BY("{\"$indexStats\": {}}"), 40602, "$indexStats");
	check_refused(&request,
		      LOOKUP_BY("{\"$geoNear\": {\"near\": [0, 0], \"distanceField\": \"d\"}}"),
		      40603, "was not the first stage");
	ASSERT_OK(ask_json(&request,
			   LOOKUP_BY("{\"$documents\": [{\"a\": 1}, {\"v\": \"no\"}]}, "
				     "{\"$limit\": 1}"),
			   &have, &e));
	first = value_at(buf_bytes(&have), 0);
	n = value_get(first.data, bytes_str("n"));
	assert_int_equal(value_to_int64(&n), 0);
}

static void without_a_disk_what_needs_more_memory_is_refused(void **state)
{
	struct query_request poor = {.memory = LITTLE};

	(void)state;
	check_refused(&poor, AGGREGATE_IN_MEMORY(SORT), QUERY_DISK_USE_NOT_ALLOWED,
		      "Sort exceeded memory limit of 32768 bytes");
	check_refused(&poor, AGGREGATE_IN_MEMORY(GROUP), QUERY_DISK_USE_NOT_ALLOWED,
		      "Exceeded memory limit for $group");
	check_refused(&poor, AGGREGATE_IN_MEMORY(WINDOW), QUERY_DISK_USE_NOT_ALLOWED,
		      "Pass allowDiskUse:true to opt in");
	check_refused(&poor,
		      "{\"find\": \"big\", \"sort\": {\"s\": 1}, \"limit\": 1500, "
		      "\"allowDiskUse\": false}",
		      QUERY_DISK_USE_NOT_ALLOWED, "did not opt in to external sorting");
}

/* A string of 1 MiB, any number of times. */
#define TIMES(what)                                                                                \
	AGGREGATE(                                                                                 \
		"{\"$limit\": 1}, {\"$project\": {\"r\": {\"$let\": {\"vars\": {\"b\": "           \
		"{\"$reduce\": {\"input\": {\"$range\": [0, 20]}, \"initialValue\": \"x\", "       \
		"\"in\": {\"$concat\": [\"$$value\", \"$$value\"]}}}}, \"in\": {\"$size\": " what  \
		"}}}}}")
#define MAP_OF(n) "{\"$map\": {\"input\": {\"$range\": [0, " n "]}, \"in\": \"$$b\"}}"

static void what_an_expression_makes_has_a_limit(void **state)
{
	static const char text[] = "an expression would use too much memory";
	struct query_request request = {0};

	(void)state;
	check_refused(&request, TIMES(MAP_OF("100000")), QUERY_EXCEEDED_MEMORY_LIMIT, text);
	check_refused(&request,
		      TIMES("{\"$concatArrays\": [" MAP_OF("300") ", " MAP_OF("400") ", " MAP_OF(
			      "400") "]}"),
		      QUERY_EXCEEDED_MEMORY_LIMIT, text);
}

/* ---- clients and time */

static void who_is_gone_is_answered_no_more(void **state)
{
	static const char *const commands[] = {
		"{\"find\": \"big\", \"filter\": {\"v\": -1}}",
		"{\"find\": \"big\", \"filter\": {\"_id\": 5}}",
		"{\"find\": \"big\", \"sort\": {\"s\": 1}}",
		AGGREGATE(GROUP),
		AGGREGATE("{\"$count\": \"n\"}"),
		AGGREGATE("{\"$densify\": {\"field\": \"v\", \"range\": {\"step\": 1, \"bounds\": "
			  "\"full\"}}}"),
		AGGREGATE(GRAPH)};
	atomic_bool killed = true;
	struct query_request request = {.killed = &killed};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		check_refused(&request, commands[i], QUERY_CURSOR_KILLED, "");
}

static void what_takes_longer_than_maxTimeMS_is_ended(void **state)
{
	struct query_request request = {0};

	(void)state;
	check_refused(&request,
		      "{\"aggregate\": \"big\", \"cursor\": {}, \"maxTimeMS\": 1, \"pipeline\": "
		      "[{\"$match\": {\"$expr\": {\"$lt\": [{\"$reduce\": {\"input\": {\"$range\": "
		      "[0, 100000]}, \"initialValue\": \"$_id\", \"in\": {\"$add\": [\"$$value\", "
		      "\"$$this\"]}}}, 0]}}}]}",
		      QUERY_MAX_TIME_EXPIRED, "operation exceeded time limit");
}

static void a_reply_has_sixteen_mebibytes_at_most(void **state)
{
	OWNED(query_cursor_free) struct query_cursor *cursor = NULL;
	size_t len = 6 * MIB;
	char *text = xcalloc(len + 1, 1);
	bson_t *cmd;
	struct query_request request = {.moment = moment, .db = bytes_str("t")};
	static const int64_t counts[] = {2, 2, 1};
	struct error e = {0};

	(void)state;
	memset(text, 'x', len);
	cmd = BCON_NEW("aggregate", "big", "cursor", "{", "}", "pipeline", "[", "{", "$limit",
		       BCON_INT32(5), "}", "{", "$project", "{", "t", "{", "$literal",
		       BCON_UTF8(text), "}", "}", "}", "]");
	request.cmd = bytes_of(bson_get_data(cmd), cmd->len);
	ASSERT_OK(query_aggregate(&request, &cursor, &e));
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		OWNED(buf_release) struct buf batch = {0};
		size_t begin = bson_build_begin(&batch);
		int64_t count;
		bool done;

		ASSERT_OK(query_cursor_batch(cursor, QUERY_BATCH_ALL, &batch, &count, &done, &e));
		bson_build_end(&batch, begin);
		assert_int_equal(count, counts[i]);
		assert_int_equal(done, i + 1 == COUNT_OF(counts));
		assert_int_equal(value_count(buf_bytes(&batch)), counts[i]);
	}
	bson_destroy(cmd);
	free(text);
}

/* ---- names */

static void a_collection_is_found_by_its_UUID(void **state)
{
	OWNED(buf_release) struct buf out = {0};
	uint8_t other[16] = {1};
	bson_t *cmd = BCON_NEW("find", BCON_BIN(BSON_SUBTYPE_UUID, uuid, 16), "filter", "{", "_id",
			       BCON_INT32(7), "}");
	struct query_request request = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(ask(&request, "t", cmd, &out, &e));
	assert_int_equal(value_count(buf_bytes(&out)), 1);
	bson_destroy(cmd);
	buf_reset(&out);
	cmd = BCON_NEW("find", BCON_BIN(BSON_SUBTYPE_UUID, other, 16));
	assert_true(ask(&request, "t", cmd, &out, &e) < 0);
	assert_int_equal(e.server, QUERY_NAMESPACE_NOT_FOUND);
	assert_string_equal(e.text, "Unable to resolve 01000000-0000-0000-0000-000000000000");
	buf_reset(&out);
	e = (struct error){0};
	assert_true(ask(&request, "s", cmd, &out, &e) < 0);
	assert_int_equal(e.server, QUERY_NAMESPACE_NOT_FOUND);
	bson_destroy(cmd);
}

static void views_are_deep_to_a_limit(void **state)
{
	OWNED(buf_release) struct buf out = {0};
	struct query_request request = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(ask_json(&request, "{\"find\": \"view18\", \"filter\": {\"_id\": 3}}", &out, &e));
	assert_int_equal(value_count(buf_bytes(&out)), 1);
	check_refused(&request, "{\"find\": \"view21\"}", QUERY_VIEW_DEPTH_LIMIT, "view");
	check_refused(&request, "{\"aggregate\": \"view21\", \"pipeline\": [], \"cursor\": {}}",
		      QUERY_VIEW_DEPTH_LIMIT, "view");
}

static void a_view_of_nothing_and_a_series_without_options_are_damage(void **state)
{
	struct query_request request = {0};

	(void)state;
	check_refused(&request, "{\"find\": \"blind\"}", 0, "does not say what it views");
	check_refused(&request, "{\"find\": \"series\"}", 0, "has no options");
	check_refused(&request, "{\"aggregate\": \"blind\", \"pipeline\": [], \"cursor\": {}}", 0,
		      "does not say what it views");
}

static void all_of_the_catalog_is_listed_to_admin_alone(void **state)
{
	OWNED(buf_release) struct buf out = {0};
	bson_t *cmd =
		from_json("{\"aggregate\": 1, \"cursor\": {}, \"pipeline\": [{\"$listCatalog\": "
			  "{}}, {\"$project\": {\"ns\": 1, \"type\": 1, \"viewOn\": 1}}]}");
	struct query_request request = {0};
	struct error e = {0};
	struct value first, third;

	(void)state;
	ASSERT_OK(ask(&request, "admin", cmd, &out, &e));
	assert_int_equal(value_count(buf_bytes(&out)), VIEWS + 3);
	first = value_at(buf_bytes(&out), 0);
	third = value_at(buf_bytes(&out), 2);
	ASSERT_BYTES(value_get(first.data, bytes_str("ns")).data, bytes_str("t.big"));
	ASSERT_BYTES(value_get(third.data, bytes_str("viewOn")).data,
		     bytes_str("system.buckets.series"));
	assert_true(ask(&request, "t", cmd, &out, &e) < 0);
	assert_int_equal(e.server, QUERY_INVALID_NAMESPACE);
	bson_destroy(cmd);
}

static void the_session_that_asks_is_the_one_that_is_listed(void **state)
{
	static const char *const users[] = {"{}",
					    "{\"users\": [{\"user\": \"a\", \"db\": \"b\"}]}"};
	struct query_request request = {0};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(users); i++) {
		OWNED(buf_release) struct buf out = {0};
		bson_t *spec = from_json(users[i]);
		bson_t *cmd =
			BCON_NEW("aggregate", BCON_INT32(1), "cursor", "{", "}", "pipeline", "[",
				 "{", "$listLocalSessions", BCON_DOCUMENT(spec), "}", "]", "lsid",
				 "{", "id", BCON_BIN(BSON_SUBTYPE_UUID, uuid, 16), "}");

		ASSERT_OK(ask(&request, "t", cmd, &out, &e));
		assert_int_equal(value_count(buf_bytes(&out)), i == 0 ? 1 : 0);
		bson_destroy(spec);
		bson_destroy(cmd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_little_memory_the_answer_is_the_same),
		cmocka_unit_test(what_a_waiting_cursor_holds_is_told),
		cmocka_unit_test(a_lookup_by_fields_stands_before_its_pipeline),
		cmocka_unit_test(without_a_disk_what_needs_more_memory_is_refused),
		cmocka_unit_test(what_an_expression_makes_has_a_limit),
		cmocka_unit_test(who_is_gone_is_answered_no_more),
		cmocka_unit_test(what_takes_longer_than_maxTimeMS_is_ended),
		cmocka_unit_test(a_reply_has_sixteen_mebibytes_at_most),
		cmocka_unit_test(a_collection_is_found_by_its_UUID),
		cmocka_unit_test(views_are_deep_to_a_limit),
		cmocka_unit_test(a_view_of_nothing_and_a_series_without_options_are_damage),
		cmocka_unit_test(all_of_the_catalog_is_listed_to_admin_alone),
		cmocka_unit_test(the_session_that_asks_is_the_one_that_is_listed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
