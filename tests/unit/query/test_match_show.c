/*
 * The filters of explain.bson, and the parsed query that a mongod 6.0.27 showed of them: $expr, $jsonSchema, match operators.
 * tests/query/explain_differential.py --record makes the file.
 */
#include "query/match/match_show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bson_build.h"
#include "base/file.h"
#include "tests/unit/base/make_bson.h"

#define CORPUS "tests/unit/query/explain.bson"
#define CORPUS_MAX (8 * MIB)
#define CASES_LEAST 400

static void is_shown(struct bytes query, struct buf *ret)
{
	OWNED(arena_free) struct arena *constants = arena_new();
	struct query_context q = {.constants = constants, .in_find = true};
	const struct match *match = NULL;
	struct error e = {0};

	ASSERT_OK(match_parse(expr_scope_new(&q), query, MATCH_TOP, &match, &e));
	match_serialize(match, ret);
}

static void explain_shows_filters_as_a_mongod_does(void **state)
{
	OWNED(buf_release) struct buf file = {0};
	struct error e = {0};
	size_t at = 0, count = 0;

	(void)state;
	ASSERT_OK(file_read(CORPUS, CORPUS_MAX, &file, &e));
	for (; at < file.len; count++) {
		struct bytes one = bytes_of(file.at + at, get_le32(file.at + at));
		OWNED(buf_release) struct buf shown = {0}, text = {0};
		struct bytes query = value_get(one, bytes_str("q")).data;

		is_shown(query, &shown);
		if (!bytes_equal(buf_bytes(&shown), value_get(one, bytes_str("parsed")).data)) {
			value_text_bson(query, false, &text);
			buf_add_str(&text, "\nis shown as ");
			value_text_bson(buf_bytes(&shown), false, &text);
			fail_msg("filter %zu: %s", count, buf_text(&text));
		}
		at += one.len;
	}
	assert_true(count >= CASES_LEAST);
}

/* The shown tree is another one: what is asked of documents stays as it was. */
static void showing_a_filter_does_not_change_it(void **state)
{
	OWNED(buf_release) struct buf query = {0}, first = {0}, second = {0}, doc = {0};
	OWNED(arena_free) struct arena *constants = arena_new();
	struct query_context q = {.constants = constants, .in_find = true};
	struct expr_scope *scope = expr_scope_new(&q);
	const struct match *match = NULL;
	struct expr_frame frame;
	struct error e = {0};
	size_t begin = bson_build_begin(&query), at, list;

	(void)state;
	at = bson_build_open(&query, "$expr");
	list = bson_build_open_array(&query, "$eq");
	bson_build_string(&query, "0", bytes_str("$a"));
	bson_build_int32(&query, "1", 1);
	bson_build_end(&query, list);
	bson_build_end(&query, at);
	bson_build_end(&query, begin);
	at = bson_build_begin(&doc);
	bson_build_int32(&doc, "a", 1);
	bson_build_end(&doc, at);
	ASSERT_OK(match_parse(scope, buf_bytes(&query), MATCH_TOP, &match, &e));
	match_serialize(match, &first);
	match_serialize(match, &second);
	assert_true(bytes_equal(buf_bytes(&first), buf_bytes(&second)));
	frame = expr_frame_new(&q, scope, constants);
	expr_frame_set(&frame, buf_bytes(&doc));
	assert_int_equal(match_test(match, &frame, buf_bytes(&doc), NULL, &e), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explain_shows_filters_as_a_mongod_does),
		cmocka_unit_test(showing_a_filter_does_not_change_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
