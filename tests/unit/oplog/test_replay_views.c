#include "oplog/replay_views.h"

#include "tests/unit/oplog/text_doc.h"

static int apply(struct replay_views *views, const char *op, struct error *e)
{
	OWNED(buf_release) struct buf b = {0}, text = {0};
	struct entry entry;

	buf_printf(&text, "{'ts':{'$timestamp':{'t':100,'i':7}},'v':2,'ns':'d.system.views',%s",
		   op + 1);
	assert_int_equal(entry_parse(text_doc(&b, buf_text(&text)), &entry, e), 0);
	return replay_views_apply(views, &entry, 6, 77, e);
}

static void views_lie_in_order_of_their_names(void **state)
{
	static const char *const names[] = {"d.b", "d-x.v", "d.a", "e.a", "d.c", "d0.v", "d.a"};
	OWNED(replay_views_release) struct replay_views views = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		replay_views_put(&views, bytes_str(names[i]), bytes_str(names[i]), i + 1);
	assert_int_equal(views.count, 6);
	for (size_t i = 1; i < views.count; i++)
		assert_true(strcmp(views.at[i - 1]->entry.ns, views.at[i]->entry.ns) < 0);
	/* The same document changes nothing. */
	assert_int_equal(replay_views_find(&views, bytes_str("d.a"))->changed, 3);
	assert_null(replay_views_find(&views, bytes_str("d.z")));
	assert_int_equal(replay_views_remove_db(&views, bytes_str("d")), 3);
	assert_int_equal(views.count, 3);
	assert_int_equal(replay_views_remove(&views, bytes_str("e.a")), 1);
	assert_int_equal(replay_views_remove(&views, bytes_str("e.a")), 0);
	assert_int_equal(replay_views_remove_db(&views, bytes_str("none")), 0);
}

static void operations_change_documents(void **state)
{
	OWNED(replay_views_release) struct replay_views views = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(ASSERT_OK(apply(&views, "{'op':'i','o':{'_id':'d.v','viewOn':'t'}}", &e)),
			 1);
	assert_int_equal(replay_views_find(&views, bytes_str("d.v"))->changed, 77);
	assert_int_equal(ASSERT_OK(apply(&views,
					 "{'op':'u','o2':{'_id':'d.w'},'o':{'$v':2,'diff':{'u':{"
					 "'viewOn':'z'}}}}",
					 &e)),
			 0);
	assert_int_equal(ASSERT_OK(apply(&views,
					 "{'op':'u','b':true,'o2':{'_id':'d.w'},'o':{'_id':'d.w',"
					 "'viewOn':'z'}}",
					 &e)),
			 1);
	assert_int_equal(views.count, 2);
	/* It has what the update would give it: it is there all the same. */
	assert_int_equal(ASSERT_OK(apply(&views,
					 "{'op':'u','o2':{'_id':'d.w'},'o':{'$v':2,'diff':{'u':{"
					 "'viewOn':'z'}}}}",
					 &e)),
			 1);
	assert_int_equal(ASSERT_OK(apply(&views, "{'op':'d','o':{'_id':'d.w'}}", &e)), 1);
	assert_int_equal(ASSERT_OK(apply(&views, "{'op':'d','o':{'_id':'d.w'}}", &e)), 1);
	assert_int_equal(views.count, 1);
}

static void documents_that_are_no_views_of_their_database_are_refused(void **state)
{
	static const char *const bad[] = {"{'_id':7}",	    "{'_id':'v'}",
					  "{'_id':'d.'}",   "{'_id':'e.v'}",
					  "{'_id':'dd.v'}", "{'_id':'d.v\\u0000w'}"};
	OWNED(replay_views_release) struct replay_views views = {0};
	struct error e = {0};
	char op[100];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		snprintf(op, sizeof(op), "{'op':'i','o':%s}", bad[i]);
		ASSERT_ERROR_TEXT(apply(&views, op, &e), ERR_UNSUPPORTED,
				  "oplog entry 100.7 (i d.system.views)");
		/* So none is there that a delete could take away, which a user's applyOps logs all the same. */
		snprintf(op, sizeof(op), "{'op':'d','o':%s}", bad[i]);
		assert_int_equal(ASSERT_OK(apply(&views, op, &e)), 1);
	}
	ASSERT_ERROR(apply(&views, "{'op':'i','o':{'a':1}}", &e), ERR_CORRUPT);
	assert_int_equal(views.count, 0);
	ASSERT_OK(apply(&views, "{'op':'i','o':{'_id':'d.v','viewOn':'t'}}", &e));
	ASSERT_ERROR(apply(&views, "{'op':'u','o2':{'_id':'d.v'},'o':{'$v':2,'diff':{}}}", &e),
		     ERR_CORRUPT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_lie_in_order_of_their_names),
		cmocka_unit_test(operations_change_documents),
		cmocka_unit_test(documents_that_are_no_views_of_their_database_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
