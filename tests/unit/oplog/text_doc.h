/*
 * text_doc.h - for the tests of oplog/: BSON from extended JSON with ' for ", and whole updates as rows
 * of a table.
 */
#ifndef TESTS_UNIT_OPLOG_TEXT_DOC_H
#define TESTS_UNIT_OPLOG_TEXT_DOC_H

#include "base/bson_check.h"
#include "base/ejson.h"
#include "base/metadata_json.h"
#include "oplog/update.h"
#include "tests/harness/harness.h"

/* Append the document to `b`; the slice is valid until `b` grows. */
static inline struct bytes text_doc(struct buf *b, const char *text)
{
	OWNED(buf_release) struct buf json = {0};
	size_t start = b->len;
	struct error e = {0};

	buf_add_str(&json, text);
	for (size_t i = 0; i < json.len; i++)
		if (json.at[i] == '\'')
			json.at[i] = '"';
	ASSERT_OK(metadata_json_parse(buf_bytes(&json), 64 * MIB, b, &e));
	return bytes_of(b->at + start, b->len - start);
}

/* The document as canonical extended JSON; valid until the next call. */
static inline const char *text_of_doc(struct bytes doc)
{
	static struct buf out;
	struct error e = {0};

	buf_reset(&out);
	ASSERT_OK(ejson_write(doc, EJSON_CANONICAL, &out, &e));
	return buf_text(&out);
}

#define V4 (1u << 4)
#define V5 (1u << 5)
#define V6 (1u << 6)
#define V8 (1u << 8)
#define FROM_V5 (V5 | V6 | V8)
#define FROM_V6 (V6 | V8)
#define ALL (V4 | FROM_V5)
#define UPSERT (1u << 16)

/* One named case of the reference: what a document becomes. */
struct update_case {
	const char *name; /* number in the reference, and name in the samples */
	unsigned majors;  /* bits of the versions that do so; UPSERT: it is one */
	const char *doc;  /* NULL: there is none */
	const char *o;
	const char *
		expected; /* NULL: nothing changes; "#40": refused with code 40; "!": unsupported */
};

static inline void check_outcome(const struct update_case *c, int major, int got,
				 const struct buf *out, struct bytes expected, struct error *e)
{
	char code[32];

	if (c->expected == NULL || c->expected[0] == '{') {
		if (got < 0)
			fail_msg("%s (%d): %s", c->name, major, e->text);
		if (got != (c->expected != NULL))
			fail_msg("%s (%d): returned %d", c->name, major, got);
		if (got == 1 && !bytes_equal(buf_bytes(out), expected))
			fail_msg("%s (%d): became %s", c->name, major, text_of_doc(buf_bytes(out)));
		if (got == 0)
			assert_int_equal(out->len, 0);
		return;
	}
	assert_int_equal(out->len, 0);
	if (c->expected[0] == '!') {
		assert_int_equal(got, ERR_UNSUPPORTED);
		return;
	}
	if (got >= 0)
		fail_msg("%s (%d): returned %d, expected code %s", c->name, major, got,
			 c->expected + 1);
	assert_int_equal(got, ERR_CORRUPT);
	snprintf(code, sizeof(code), "code %s:", c->expected + 1);
	if (strstr(e->text, code) == NULL)
		fail_msg("%s (%d): %s; expected %s", c->name, major, e->text, code);
}

static inline void check_update(const struct update_case *c, int major)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf o = {0};
	OWNED(buf_release) struct buf id = {0};
	OWNED(buf_release) struct buf want = {0};
	OWNED(buf_release) struct buf out = {0};
	struct update_rules rules = {.major = major, .upsert = (c->majors & UPSERT) != 0};
	struct bytes expected = {0};
	struct error e = {0};
	int got;

	if (c->doc != NULL)
		text_doc(&doc, c->doc);
	ASSERT_OK(bson_find(text_doc(&id, "{'_id': 1}"), "_id", &rules.id, &e));
	if (c->expected != NULL && c->expected[0] == '{')
		expected = text_doc(&want, c->expected);
	got = update_apply(buf_bytes(&doc), text_doc(&o, c->o), &rules, &out, &e);
	check_outcome(c, major, got, &out, expected, &e);
	if (got > 0)
		ASSERT_OK(bson_check(buf_bytes(&out), BSON_CHECK_FULL, &e));
}

static inline void check_updates(const struct update_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (int major = 4; major <= 8; major++)
			if (cases[i].majors & 1u << major)
				check_update(&cases[i], major);
}

#endif
