#include "oplog/stream_foreign.h"

#include "base/bson_build.h"
#include "base/key.h"
#include "store/snapshot/catalog.h"
#include "store/snapshot/commit.h"
#include "store/snapshot/snapshots.h"
#include "store/tree/tree_build.h"
#include "tests/unit/oplog/stream_model.h"

#define T0 entry_ts(1700000100, 5) /* of the snapshot */

/* An exact snapshot at T0 with a.b (UUID 1), a.c (UUID 2) and c.d (none). */
static void make_snapshot(struct store *store, bool exact)
{
	static const char *const names[] = {"a.b", "a.c", "c.d"};
	const struct tree_build_options options = {.kind = TREE_KEYED};
	struct snapshot snapshot = {.exact = exact, .time = entry_seconds(T0)};
	struct store_writer *writer = NULL;
	struct tree_builder *builder;
	struct error e = {0};

	snapshot.optime = (struct optime){entry_seconds(T0), entry_increment(T0)};
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	builder = tree_builder_new(writer, &options);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		OWNED(buf_release) struct buf doc = {0};
		OWNED(buf_release) struct buf key = {0};
		struct catalog_entry entry = {.ns = (char *)(uintptr_t)names[i],
					      .ns_len = 3,
					      .db_len = 1,
					      .has_uuid = i < 2};

		stream_model_uuid((uint8_t)(i + 1), entry.uuid);
		ASSERT_OK(catalog_entry_encode(&entry, &doc, &e));
		ASSERT_OK(key_of_document(buf_bytes(&doc), &key, &e));
		ASSERT_OK(tree_builder_add(builder, buf_bytes(&key), buf_bytes(&doc), &e));
	}
	ASSERT_OK(tree_builder_finish(builder, &snapshot.catalog, &e));
	ASSERT_OK(commit_snapshot(writer, &snapshot, &e));
	tree_builder_free(builder);
	store_writer_end(writer);
	snapshot_release(&snapshot);
}

static void add_insert(struct buf *b, uint64_t ts, const char *ns, uint8_t uuid)
{
	uint8_t bytes[16];

	stream_model_uuid(uuid, bytes);
	stream_model_insert(b, ts, ns, uuid == 0 ? NULL : bytes, 1);
}

static void add_command(struct buf *b, uint64_t ts, const char *db, const char *name,
			const char *value, const char *to)
{
	OWNED(buf_release) struct buf o = {0};
	size_t doc = bson_build_begin(&o);

	bson_build_string(&o, name, bytes_str(value));
	if (to != NULL)
		bson_build_string(&o, "to", bytes_str(to));
	bson_build_end(&o, doc);
	stream_model_command(b, ts, db, buf_bytes(&o));
}

/* Add the slice to a new store with the snapshot. */
static int try_slice(const struct buf *docs, bool exact, struct error *e)
{
	struct store *store = stream_model_store(NULL);
	int code;

	make_snapshot(store, exact);
	code = stream_model_add(store, buf_bytes(docs), NULL, e);
	store_close(store);
	return code;
}

static void an_oplog_with_the_uuids_of_the_snapshot_is_taken(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	struct error e = {0};

	add_insert(&docs, T0 - 3, "a.b", 7); /* before the snapshot anything is right */
	add_insert(&docs, T0, "a.b", 1);
	add_insert(&docs, T0 + 1, "a.b", 1);
	add_insert(&docs, T0 + 2, "a.c", 2);
	add_insert(&docs, T0 + 3, "a.new", 9);
	add_insert(&docs, T0 + 4, "c.d", 9); /* a dump of an old server has no UUIDs */
	add_insert(&docs, T0 + 5, "a.b", 0);
	ASSERT_OK(try_slice(&docs, true, &e));
}

static void an_operation_with_another_uuid_is_of_another_replica_set(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	struct error e = {0};

	add_insert(&docs, T0 - 3, "a.b", 1);
	add_insert(&docs, T0 + 1, "a.b", 1);
	add_insert(&docs, T0 + 2, "a.c", 8);
	assert_int_equal(try_slice(&docs, true, &e), ERR_EXISTS);
	assert_non_null(strstr(e.text, "a.c"));
	assert_non_null(strstr(e.hint, "another store"));
	/* With a snapshot that is of no one moment nothing can be told. */
	e = (struct error){0};
	ASSERT_OK(try_slice(&docs, false, &e));
}

static void a_slice_that_begins_behind_the_snapshot_tells_nothing(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	struct error e = {0};

	add_insert(&docs, T0 + 1, "a.c", 8);
	add_insert(&docs, T0 + 2, "a.c", 8);
	ASSERT_OK(try_slice(&docs, true, &e));
}

static void an_operation_inside_apply_ops_is_looked_at(void **state UNUSED)
{
	OWNED(buf_release) struct buf docs = {0};
	OWNED(buf_release) struct buf o = {0};
	struct error e = {0};
	uint8_t uuid[16];
	size_t doc = bson_build_begin(&o), list, op, inner;

	stream_model_uuid(8, uuid);
	list = bson_build_open_array(&o, "applyOps");
	op = bson_build_open(&o, "0");
	bson_build_string(&o, "op", bytes_str("i"));
	bson_build_string(&o, "ns", bytes_str("a.b"));
	bson_build_binary(&o, "ui", 4, bytes_of(uuid, sizeof(uuid)));
	inner = bson_build_open(&o, "o");
	bson_build_int32(&o, "_id", 1);
	bson_build_end(&o, inner);
	bson_build_end(&o, op);
	bson_build_end(&o, list);
	bson_build_end(&o, doc);
	add_insert(&docs, T0, "a.b", 1);
	stream_model_command(&docs, T0 + 1, "admin", buf_bytes(&o));
	ASSERT_ERROR(try_slice(&docs, true, &e), ERR_EXISTS);
}

static void behind_a_command_other_uuids_are_right_in_its_database(void **state UNUSED)
{
	static const struct {
		const char *db, *name, *value, *to;
		bool frees_a; /* a.b may have another UUID then */
	} cases[] = {
		{"a", "drop", "b", NULL, true},
		{"a", "create", "b", NULL, true},
		{"a", "dropDatabase", "", NULL, true},
		{"a", "renameCollection", "a.x", "a.b", true},
		{"z", "renameCollection", "z.x", "a.b", true},
		{"z", "whatIsThis", "", NULL, true},
		{"z", "create", "b", NULL, false},
		{"z", "drop", "b", NULL, false},
		{"a", "dropIndexes", "b", NULL, false},
		{"z", "renameCollection", "z.x", NULL, true},
	};
	struct error e = {0};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf docs = {0};

		add_insert(&docs, T0, "a.b", 1);
		add_command(&docs, T0 + 1, cases[i].db, cases[i].name, cases[i].value, cases[i].to);
		add_insert(&docs, T0 + 2, "a.b", 8);
		assert_int_equal(try_slice(&docs, true, &e), cases[i].frees_a ? 0 : ERR_EXISTS);
		e = (struct error){0};
	}
}

/* Nobody's: what an entry that can't be understood has done is not known. */
static void behind_what_is_not_understood_nothing_is_told(void **state UNUSED)
{
	struct error e = {0};

	for (int how = 0; how < 3; how++) {
		OWNED(buf_release) struct buf docs = {0};
		OWNED(buf_release) struct buf o = {0};
		size_t doc = bson_build_begin(&o), list;

		if (how == 1) {
			list = bson_build_open_array(&o, "applyOps");
			bson_build_int32(&o, "0", 5);
			bson_build_end(&o, list);
		} else if (how == 2) {
			bson_build_string(&o, "dropIndexes", bytes_str("b"));
		}
		bson_build_end(&o, doc);
		add_insert(&docs, T0, "a.b", 1);
		stream_model_command(&docs, T0 + 1, "z", buf_bytes(&o));
		add_insert(&docs, T0 + 2, "a.b", 8);
		assert_int_equal(try_slice(&docs, true, &e), how < 2 ? 0 : ERR_EXISTS);
		e = (struct error){0};
	}
}

/* So many databases change that it is not worth to remember them: then nothing is told. */
static void behind_commands_in_many_databases_nothing_is_told(void **state UNUSED)
{
	struct error e = {0};

	for (unsigned count = 1; count <= 10000; count *= 10000) {
		OWNED(buf_release) struct buf docs = {0};

		add_insert(&docs, T0, "a.b", 1);
		for (unsigned i = 0; i < count; i++) {
			char db[16];

			snprintf(db, sizeof(db), "db%u", i);
			add_command(&docs, T0 + 1 + i, db, "create", "x", NULL);
		}
		add_insert(&docs, T0 + 1 + count, "a.b", 8);
		assert_int_equal(try_slice(&docs, true, &e), count == 1 ? ERR_EXISTS : 0);
		e = (struct error){0};
	}
}

/* The other order: the oplog is there, and a snapshot in the midst of it comes. */
static void a_snapshot_with_other_uuids_than_the_stored_oplog_is_refused(void **state UNUSED)
{
	for (uint8_t uuid = 0; uuid < 3; uuid++) {
		struct store *store = stream_model_store(NULL);
		OWNED(buf_release) struct buf docs = {0};
		struct snapshot_list list = {0};
		struct error e = {0};

		add_insert(&docs, T0 - 1, "a.b", 9);
		add_insert(&docs, T0 + 1, "a.c", 2);
		add_insert(&docs, T0 + 2, "a.b", uuid);
		ASSERT_OK(stream_model_add(store, buf_bytes(&docs), NULL, &e));
		make_snapshot(store, true);
		ASSERT_OK(snapshots_read(store, &list, NULL, &e));
		assert_int_equal(list.count, 1);
		if (uuid == 2)
			ASSERT_ERROR_TEXT(stream_foreign_check(store, &list.at[0], &e), ERR_EXISTS,
					  "a.b has another UUID");
		else
			ASSERT_OK(stream_foreign_check(store, &list.at[0], &e));
		snapshots_release(&list);
		store_close(store);
	}
}

/* In a gap anything may have happened: what comes behind it tells nothing about a snapshot at the end of what is before. */
static void behind_a_gap_in_the_stored_oplog_nothing_is_told(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct snapshot_list list = {0};
	struct error e = {0};

	for (unsigned slice = 0; slice < 2; slice++) {
		OWNED(buf_release) struct buf docs = {0};

		add_insert(&docs, T0 - 1 + 20 * slice, "a.c", 2);
		add_insert(&docs, T0 + 20 * slice, slice == 0 ? "a.c" : "a.b", 2);
		ASSERT_OK(stream_model_add(store, buf_bytes(&docs), NULL, &e));
	}
	make_snapshot(store, true);
	ASSERT_OK(snapshots_read(store, &list, NULL, &e));
	ASSERT_OK(stream_foreign_check(store, &list.at[0], &e));
	snapshots_release(&list);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_snapshot_with_other_uuids_than_the_stored_oplog_is_refused),
		cmocka_unit_test(behind_a_gap_in_the_stored_oplog_nothing_is_told),
		cmocka_unit_test(an_oplog_with_the_uuids_of_the_snapshot_is_taken),
		cmocka_unit_test(an_operation_with_another_uuid_is_of_another_replica_set),
		cmocka_unit_test(a_slice_that_begins_behind_the_snapshot_tells_nothing),
		cmocka_unit_test(an_operation_inside_apply_ops_is_looked_at),
		cmocka_unit_test(behind_a_command_other_uuids_are_right_in_its_database),
		cmocka_unit_test(behind_what_is_not_understood_nothing_is_told),
		cmocka_unit_test(behind_commands_in_many_databases_nothing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
