#include "query/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bson_build.h"
#include "query/value.h"
#include "tests/unit/base/make_bson.h"

/* What was visited: "1@0 [..]@-1". */
static int note(void *arg, const struct bson_field *at, int64_t offset)
{
	struct buf *out = arg;
	struct value v = value_of_field(at);

	if (out->len > 0)
		buf_add_str(out, " ");
	value_text(&v, out);
	buf_printf(out, "@%d", (int)offset);
	return 0;
}

/* {a: [{b: 1}, {b: [2, 3]}, 4, [{b: 5}]], c: {d: 6}} */
static void build(struct buf *doc)
{
	size_t at = bson_build_begin(doc), a = bson_build_open_array(doc, "a"), inner, deep;

	inner = bson_build_open(doc, "0");
	bson_build_int32(doc, "b", 1);
	bson_build_end(doc, inner);
	inner = bson_build_open(doc, "1");
	deep = bson_build_open_array(doc, "b");
	bson_build_int32(doc, "0", 2);
	bson_build_int32(doc, "1", 3);
	bson_build_end(doc, deep);
	bson_build_end(doc, inner);
	bson_build_int32(doc, "2", 4);
	inner = bson_build_open_array(doc, "3");
	deep = bson_build_open(doc, "0");
	bson_build_int32(doc, "b", 5);
	bson_build_end(doc, deep);
	bson_build_end(doc, inner);
	bson_build_end(doc, a);
	a = bson_build_open(doc, "c");
	bson_build_int32(doc, "d", 6);
	bson_build_end(doc, a);
	bson_build_end(doc, at);
}

static void paths_reach_what_the_match_language_looks_at(void **state)
{
	static const struct {
		const char *path;
		bool into;
		const char *want;
	} cases[] = {
		{"a.b", true, "1@0 2@1 3@1 [2, 3]@1"},
		{"a.b", false, "1@0 [2, 3]@1"},
		{"a.0", true, "MISSING@0 {b: 1}@-1 MISSING@1"},
		{"a.2", true, "MISSING@0 MISSING@1 4@-1"},
		{"a.3.b", true, "MISSING@0 MISSING@1 5@0"},
		{"a.3.0.b", true, "MISSING@0 MISSING@1 MISSING@0 5@-1"},
		{"c.d", true, "6@-1"},
		{"c.d.e", true, "MISSING@-1"},
		{"x.y", true, "MISSING@-1"},
		{"c", true, "{d: 6}@-1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(arena_free) struct arena *arena = arena_new();
		OWNED(buf_release) struct buf doc = {0}, got = {0};
		struct path path;

		build(&doc);
		path_parse(arena, bytes_str(cases[i].path), &path);
		path_walk(&path, buf_bytes(&doc), cases[i].into, note, &got);
		if (strcmp(buf_text(&got), cases[i].want) != 0)
			fail_msg("%s: %s, wanted %s", cases[i].path, buf_text(&got), cases[i].want);
	}
}

static void distinct_finds_values_and_elements(void **state)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{"a.b", "1@-1 2@-1 3@-1"}, {"a.0.b", "1@-1"}, {"a.3.b", "5@-1"},
		{"c.d", "6@-1"},	   {"c.x", ""},	      {"a.1", "{b: [2, 3]}@-1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf doc = {0}, got = {0};

		build(&doc);
		path_each(bytes_str(cases[i].path), buf_bytes(&doc), note, &got);
		if (strcmp(buf_text(&got), cases[i].want) != 0)
			fail_msg("%s: %s, wanted %s", cases[i].path, buf_text(&got), cases[i].want);
	}
}

static int stop(void *arg, const struct bson_field *at, int64_t offset)
{
	(void)at;
	(void)offset;
	return ++*(int *)arg == 2 ? 7 : 0;
}

static void a_walk_ends_when_it_is_told_to(void **state)
{
	OWNED(arena_free) struct arena *arena = arena_new();
	OWNED(buf_release) struct buf doc = {0};
	struct path path;
	int visits = 0;

	(void)state;
	build(&doc);
	path_parse(arena, bytes_str("a.b"), &path);
	assert_int_equal(path_walk(&path, buf_bytes(&doc), true, stop, &visits), 7);
	assert_int_equal(visits, 2);
}

static void a_damaged_document_is_not_read_past_its_end(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(arena_free) struct arena *arena = arena_new();
	struct path path;

	(void)state;
	build(&doc);
	path_parse(arena, bytes_str("c.d"), &path);
	for (size_t len = 0; len < doc.len; len++) {
		/* A copy of just this length: whatever reads on is seen by the sanitizer. */
		uint8_t *copy = xmalloc(len + 1);
		OWNED(buf_release) struct buf got = {0};

		memcpy(copy, doc.at, len);
		path_walk(&path, bytes_of(copy, len), true, note, &got);
		assert_true(strcmp(buf_text(&got), "MISSING@-1") == 0 ||
			    strcmp(buf_text(&got), "6@-1") == 0);
		free(copy);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_reach_what_the_match_language_looks_at),
		cmocka_unit_test(distinct_finds_values_and_elements),
		cmocka_unit_test(a_walk_ends_when_it_is_told_to),
		cmocka_unit_test(a_damaged_document_is_not_read_past_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
