#include "query/project.h"

#include <bson/bson.h>

#include "base/bson_build.h"
#include "query/expr/expr_op.h"
#include "tests/harness/harness.h"

/* Projections of find with an empty filter: code 0 is taken; measured on mongod 6.0.27. */
static const struct {
	const char *spec;
	int code;
	const char *text;
} cases[] = {
	{"{\"v.$\": 1}", 0, ""},
	{"{\"zz.$\": 1}", 0, ""},
	{"{\"v.$\": 0}", 31395, "positional projection cannot be used with exclusion"},
	{"{\"v.$\": \"x\"}", 31308, "positional projection cannot be used with a literal"},
	{"{\"v.$\": {}}", 31271,
	 "positional projection cannot be used with an expression or sub object"},
	{"{\"v.$.foo\": 1}", 31394,
	 "As of 4.4, it's illegal to specify positional operator in the middle of a "
	 "path.Positional projection may only be used at the end, for example: a.b.$. If the query "
	 "previously used a form like a.b.$.d, remove the parts following the '$' and the results "
	 "will be equivalent."},
	{"{\"a\": {\"v.$.foo.$\": 0}}", 31394,
	 "As of 4.4, it's illegal to specify positional operator in the middle of a "
	 "path.Positional projection may only be used at the end, for example: a.b.$. If the query "
	 "previously used a form like a.b.$.d, remove the parts following the '$' and the results "
	 "will be equivalent."},
	{"{\"$\": 1}", 16410,
	 "FieldPath field names may not start with '$'. Consider using $getField or $setField."},
	{"{\"$.foo.$\": 1}", 16410,
	 "FieldPath field names may not start with '$'. Consider using $getField or $setField."},
	{"{\"$\": {}}", 51270,
	 "An empty sub-projection is not a valid value. Found empty object at path"},
	{"{\".$\": 1}", 5392900, "Projection on field .$ is invalid"},
	{"{\"v..$\": 1}", 40353, "FieldPath must not end with a '.'."},
	{"{\"v.$\": 1, \"a.b.$\": 1}", 31276,
	 "Cannot specify more than one positional projection per query."},
	{"{\"r\": {\"$divide\": [1, 0]}}", 2, "can't $divide by zero"},
	{"{\"r\": {\"$round\": [true, 20]}}", 51081,
	 "$round only supports numeric types, not bool"},
};

static void projections_of_find_are_refused_with_mongods_codes_and_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct query_context q = {.constants = arena_new()};
		struct expr_scope *scope = expr_scope_new(&q);
		const struct project *project;
		const struct match *match;
		struct error e = {0};
		bson_error_t wrong;
		bson_t *spec = bson_new_from_json((const uint8_t *)cases[i].spec, -1, &wrong);

		assert_non_null(spec);
		ASSERT_OK(match_parse(scope, bson_build_empty(), MATCH_TOP, &match, &e));
		if (project_parse(scope, bytes_of(bson_get_data(spec), spec->len), PROJECT_FIND,
				  match, &project, &e) == 0)
			(void)!project_optimize(scope, project, &e);
		if (e.server != cases[i].code || strcmp(e.text, cases[i].text) != 0)
			fail_msg("%s: %d %s, a mongod says %d %s", cases[i].spec, e.server, e.text,
				 cases[i].code, cases[i].text);
		bson_destroy(spec);
		arena_free(q.constants);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(projections_of_find_are_refused_with_mongods_codes_and_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
