#include "tests/fuzz/fuzz.h"

#include "base/bson_check.h"
#include "query/expr/expr_op.h"
#include "query/match/match.h"

/* Ask once; -1 when it can't be asked (an error of an expression). */
static int ask(struct query_context *q, struct expr_scope *scope, const struct match *match,
	       struct bytes doc, struct match_detail *detail)
{
	OWNED(arena_free) struct arena *arena = arena_new();
	struct expr_frame frame = expr_frame_new(q, scope, arena);
	struct error e = {0};

	expr_frame_set(&frame, doc);
	return match_test(match, &frame, doc, detail, &e);
}

/*
 * $sampleRate is shown as an $expr, and {$ref: 1} as {$ref: {$eq: 1}}, which asks for a document {$eq: 1}: a mongod shows
 * it so, too.
 */
static bool is_shown_as_another(struct bytes query)
{
	static const char *const words[] = {"$sampleRate", "$expr", "$ref", "$id", "$db"};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (memmem(query.at, query.len, words[i], strlen(words[i])) != NULL)
			return true;
	return false;
}

static void try_match(struct bytes query, struct bytes doc)
{
	OWNED(arena_free) struct arena *constants = arena_new();
	OWNED(buf_release) struct buf parsed = {0};
	struct query_context q = {.constants = constants, .in_find = true};
	struct expr_scope *scope = expr_scope_new(&q);
	const struct match *match = NULL, *again = NULL;
	struct match_detail detail;
	struct match_ids ids = {0};
	struct error e = {0};
	int got;

	if (match_parse(scope, query, MATCH_TOP, &match, &e) < 0) {
		FUZZ_REQUIRE(e.server != 0 && e.text[0] != '\0');
		return;
	}
	match_ids(match, &ids);
	match_serialize(match, &parsed);
	FUZZ_REQUIRE(bson_frame(buf_bytes(&parsed), &e) == 0);
	got = ask(&q, scope, match, doc, NULL);
	FUZZ_REQUIRE(got <= 1);
	/* The order of the predicates does not change the answer. */
	if (got < 0 || is_shown_as_another(query))
		return;
	FUZZ_REQUIRE(ask(&q, scope, match, doc, &detail) == got);
	/* What is shown means the same. */
	if (match_parse(scope, buf_bytes(&parsed), MATCH_TOP, &again, &e) >= 0)
		FUZZ_REQUIRE(ask(&q, scope, again, doc, NULL) == got);
}

/* A query and a document, one after the other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = bytes_of(data, size), query;
	struct error e = {0};
	int64_t len = bson_next(rest, MIB, &e);

	if (len <= 0)
		return 0;
	query = bytes_of(rest.at, (size_t)len);
	rest = bytes_of(rest.at + len, rest.len - (size_t)len);
	/* What comes in has passed the check; a document that was stored without may be damaged. */
	if (bson_check(query, BSON_CHECK_STRUCTURE, &e) == 0)
		try_match(query, rest);
	return 0;
}
