#include "oplog/timeline_names.h"

#include "base/bson_build.h"
#include "oplog/stream.h"
#include "tests/unit/oplog/stream_model.h"

#define COUNT 60
#define AT 30 /* the entry that is another one */
#define NS "shop.orders"

/* Inserts into one collection, and as entry AT the document `other` (len 0: an insert, too). */
static struct stream *make(struct store **ret_store, struct bytes other)
{
	OWNED(buf_release) struct buf docs = {0};
	struct stream *stream;
	struct error e = {0};
	uint8_t uuid[16];

	*ret_store = stream_model_store(NULL);
	stream_model_uuid(1, uuid);
	for (uint32_t n = 0; n < COUNT; n++) {
		if (n == AT && other.len > 0)
			buf_add_bytes(&docs, other);
		else
			stream_model_insert(&docs, stream_model_ts(n), NS, uuid, (int32_t)n);
	}
	ASSERT_OK(stream_model_add(*ret_store, buf_bytes(&docs), NULL, &e));
	ASSERT_OK(stream_open(*ret_store, &stream, NULL, &e));
	return stream;
}

static int same(struct stream *stream, uint32_t base, uint32_t needed, uint32_t upto)
{
	uint64_t at = stream_model_ts(base), from = stream_model_ts(needed);
	struct snapshot s = {.exact = true, .optime = {entry_seconds(at), entry_increment(at)}};
	struct error e = {0};

	if (needed != base)
		s.needed_from = (struct optime){entry_seconds(from), entry_increment(from)};
	return ASSERT_OK(timeline_names_same(stream, &s, stream_model_ts(upto), &e));
}

/* Entry AT is seen from just that time on, and by bases before it. */
static void check_other(struct bytes other)
{
	OWNED(store_close) struct store *store = NULL;
	OWNED(stream_close) struct stream *stream = make(&store, other);

	assert_int_equal(same(stream, 0, 0, AT - 1), 1);
	assert_int_equal(same(stream, 0, 0, AT), 0);
	assert_int_equal(same(stream, 0, 0, COUNT - 1), 0);
	assert_int_equal(same(stream, AT - 1, AT - 1, AT), 0);
	assert_int_equal(same(stream, AT, AT, COUNT - 1), 1);
	/* What a transaction did that was open at the base's time is looked at. */
	assert_int_equal(same(stream, AT + 5, AT, COUNT - 1), 0);
	assert_int_equal(same(stream, AT + 5, AT + 1, COUNT - 1), 1);
}

static void documents_do_not_change_the_names(void **state)
{
	OWNED(store_close) struct store *store = NULL;
	OWNED(stream_close) struct stream *stream = make(&store, bytes_of(NULL, 0));

	(void)state;
	for (uint32_t upto = 1; upto < COUNT; upto++)
		assert_int_equal(same(stream, 0, 0, upto), 1);
}

static void a_command_may_change_the_names_from_its_time_on(void **state)
{
	OWNED(buf_release) struct buf o = {0};
	OWNED(buf_release) struct buf other = {0};
	size_t doc = bson_build_begin(&o);

	(void)state;
	bson_build_string(&o, "drop", bytes_str("customers"));
	bson_build_end(&o, doc);
	stream_model_command(&other, stream_model_ts(AT), "shop", buf_bytes(&o));
	check_other(buf_bytes(&other));
}

static void a_view_and_the_compatibility_version_are_names_too(void **state)
{
	static const char *const namespaces[] = {"shop.system.views", "admin.system.version"};
	uint8_t uuid[16];

	(void)state;
	stream_model_uuid(9, uuid);
	for (size_t i = 0; i < COUNT_OF(namespaces); i++) {
		OWNED(buf_release) struct buf other = {0};

		stream_model_insert(&other, stream_model_ts(AT), namespaces[i], uuid, 1);
		check_other(buf_bytes(&other));
	}
}

static void an_operation_without_a_uuid_is_left_to_the_replay(void **state)
{
	OWNED(buf_release) struct buf other = {0};

	(void)state;
	stream_model_insert(&other, stream_model_ts(AT), NS, NULL, 1);
	check_other(buf_bytes(&other));
}

/* applyOps of `ns`'s insert, or of a command when it is NULL. */
static void build_apply_ops(const char *ns, struct buf *ret)
{
	OWNED(buf_release) struct buf o = {0};
	size_t doc = bson_build_begin(&o), ops, op, inner;
	uint8_t uuid[16];

	stream_model_uuid(1, uuid);
	ops = bson_build_open_array(&o, "applyOps");
	op = bson_build_open(&o, "0");
	bson_build_string(&o, "op", bytes_str(ns != NULL ? "i" : "c"));
	bson_build_string(&o, "ns", bytes_str(ns != NULL ? ns : "shop.$cmd"));
	bson_build_binary(&o, "ui", 4, bytes_of(uuid, sizeof(uuid)));
	inner = bson_build_open(&o, "o");
	if (ns != NULL)
		bson_build_int32(&o, "_id", 7);
	else
		bson_build_string(&o, "create", bytes_str("customers"));
	bson_build_end(&o, inner);
	bson_build_end(&o, op);
	bson_build_end(&o, ops);
	bson_build_end(&o, doc);
	stream_model_command(ret, stream_model_ts(AT), "admin", buf_bytes(&o));
}

static void what_is_inside_apply_ops_counts(void **state)
{
	OWNED(buf_release) struct buf create = {0};
	OWNED(buf_release) struct buf insert = {0};
	OWNED(store_close) struct store *store = NULL;
	OWNED(stream_close) struct stream *stream = NULL;

	(void)state;
	build_apply_ops(NULL, &create);
	check_other(buf_bytes(&create));
	build_apply_ops(NS, &insert);
	stream = make(&store, buf_bytes(&insert));
	assert_int_equal(same(stream, 0, 0, COUNT - 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_do_not_change_the_names),
		cmocka_unit_test(a_command_may_change_the_names_from_its_time_on),
		cmocka_unit_test(a_view_and_the_compatibility_version_are_names_too),
		cmocka_unit_test(an_operation_without_a_uuid_is_left_to_the_replay),
		cmocka_unit_test(what_is_inside_apply_ops_counts),
	};

	return cmocka_run_group_tests_name("timeline_names", tests, NULL, NULL);
}
