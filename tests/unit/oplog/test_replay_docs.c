/* Operations on documents, case by case: reference of the oplog, 8.1 and 8.5. */
#include "oplog/replay_docs.h"

#include "base/key.h"
#include "store/tree/tree_prefix.h"
#include "tests/unit/oplog/replay_docs_model.h"

#define DOCS_MAX 12

struct op {
	char letter; /* i, u, d; U: an update with b: true; !: from here on the base is fuzzy */
	const char *o, *o2;
};

/* One named case. */
struct row {
	const char *name;
	const char *options;
	const char *base[DOCS_MAX];
	struct op ops[DOCS_MAX];
	const char *expected[DOCS_MAX]; /* in their order */
	const char *stops;		/* a part of the reason, or NULL; then nothing changed */
	int major;			/* 0: 6 */
	bool evicts;
};

#define COLLATED "{'collation': {'locale': 'en', 'strength': 2}}"
#define CAPPED3 "{'capped': true, 'size': 4096, 'max': 3}"
#define TEN "0123456789"
#define TEXT_100 TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define TEXT_700 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100 TEXT_100
#define TEXT_2100 TEXT_700 TEXT_700 TEXT_700
#define LONG1 "{'$numberLong': '1'}"
#define DECIMAL1 "{'$numberDecimal': '1.00'}"
#define ZERO_TS "{'$timestamp': {'t': 0, 'i': 0}}"

static const struct row rows[] = {
	{"D01 ins_dup",
	 NULL,
	 {"{'_id': 1, 'a': 1, 'z': 5}"},
	 {{'i', "{'_id': 1, 'b': 2, 'a': 9}", NULL}},
	 .expected = {"{'_id': 1, 'b': 2, 'a': 9}"}},
	{"D02 ins_dup_same",
	 NULL,
	 {"{'_id': 1, 'a': 1, 'b': 2}"},
	 {{'i', "{'_id': 1, 'b': 2, 'a': 1}", NULL}},
	 .expected = {"{'_id': 1, 'b': 2, 'a': 1}"}},
	{"D03 id_num_types",
	 NULL,
	 {"{'_id': 1.0}"},
	 {{'i', "{'_id': " LONG1 "}", NULL}},
	 .expected = {"{'_id': " LONG1 "}"}},
	{"D04 replacement",
	 NULL,
	 {"{'_id': 1, 'a': 1, 'z': 5}"},
	 {{'u', "{'_id': 1, 'q': 3}", "{'_id': 1}"}},
	 .expected = {"{'_id': 1, 'q': 3}"}},
	{"D05 repl_id_last",
	 NULL,
	 {"{'_id': 1, 'a': 1}"},
	 {{'u', "{'q': 3, '_id': 1}", "{'_id': 1}"}},
	 .expected = {"{'_id': 1, 'q': 3}"}},
	{"D06 replacement of a missing one, fuzzy",
	 NULL,
	 {"{'_id': 2}"},
	 {{'!', NULL, NULL}, {'u', "{'_id': 1, 'q': 3}", "{'_id': 1}"}},
	 .expected = {"{'_id': 2}"}},
	{"D06 replacement of a missing one, b: true",
	 NULL,
	 {"{'_id': 2}"},
	 {{'U', "{'_id': 1, 'q': 3}", "{'_id': 1}"}},
	 .expected = {"{'_id': 1, 'q': 3}", "{'_id': 2}"}},
	{"D06 replacement of a missing one, exact",
	 NULL,
	 {"{'_id': 2}"},
	 {{'i', "{'_id': 3}", NULL}, {'u', "{'_id': 1, 'q': 3}", "{'_id': 1}"}},
	 .expected = {"{'_id': 2}"},
	 .stops = "oplog entry 1700000000.2 (u): the document that it updates does not exist"},
	{"D07 replacement with another _id",
	 NULL,
	 {"{'_id': 1}"},
	 {{'u', "{'_id': 2, 'q': 3}", "{'_id': 1}"}},
	 .expected = {"{'_id': 1}"},
	 .stops = "code 13596"},
	{"D08 repl_dollar_toplevel",
	 NULL,
	 {"{'_id': 1}"},
	 {{'u', "{'_id': 1, '$y': 3}", "{'_id': 1}"}},
	 .expected = {"{'_id': 1, '$y': 3}"}},
	{"D09 delete missing",
	 NULL,
	 {"{'_id': 2}"},
	 {{'d', "{'_id': 1}", NULL}, {'i', "{'_id': 3}", NULL}},
	 .expected = {"{'_id': 2}", "{'_id': 3}"}},
	{"D10 del_extra_fields",
	 NULL,
	 {"{'_id': 1, 'sk': 5}"},
	 {{'d', "{'sk': 999, '_id': 1}", NULL}},
	 .expected = {NULL}},
	{"D11 upd_extra_o2",
	 NULL,
	 {"{'_id': 1}"},
	 {{'u', "{'$v': 2, 'diff': {'i': {'a': 1}}}", "{'_id': 1, 'sk': 999}"},
	  {'u', "{'$v': 2, 'diff': {'i': {'b': 1}}}", "{'sk': 1, '_id': 1}"}},
	 .expected = {"{'_id': 1, 'a': 1, 'b': 1}"}},
	{"D12 odd_ids",
	 NULL,
	 {"{'_id': 1}", "{'_id': 2}", "{'_id': 3}"},
	 {{'u', "{'$v': 2, 'diff': {'i': {'a': 1}}}", "{'_id': " DECIMAL1 "}"},
	  {'d', "{'_id': 2.0}", NULL},
	  {'d', "{'_id': {'$numberLong': '3'}}", NULL}},
	 .expected = {"{'_id': 1, 'a': 1}"}},
	{"D13 sub-documents in another order",
	 NULL,
	 {"{'_id': {'x': 1, 'y': 2}}"},
	 {{'i', "{'_id': {'y': 2, 'x': 1}}", NULL}},
	 .expected = {"{'_id': {'x': 1, 'y': 2}}", "{'_id': {'y': 2, 'x': 1}}"}},
	{"D14 collation_id",
	 COLLATED,
	 {"{'_id': 'abc', 'n': 1}", "{'_id': 'x'}", "{'_id': 7}"},
	 {{'u', "{'$v': 2, 'diff': {'u': {'n': 2}}}", "{'_id': 'ABC'}"},
	  {'d', "{'_id': 'aBC'}", NULL},
	  {'i', "{'_id': 'AbC'}", NULL},
	  {'d', "{'_id': 7.0}", NULL}},
	 .expected = {"{'_id': 'AbC'}", "{'_id': 'x'}"}},
	{"D14 collation_id: an update, and an insert over it",
	 COLLATED,
	 {"{'_id': 'abc', 'n': 1}", "{'_id': 'abd', 'n': 1}"},
	 {{'u', "{'$v': 2, 'diff': {'u': {'n': 2}}}", "{'_id': 'ABC'}"},
	  {'i', "{'_id': 'ABD', 'q': 1}", NULL},
	  {'i', "{'_id': 8}", NULL}},
	 .expected = {"{'_id': 8}", "{'_id': 'ABD', 'q': 1}", "{'_id': 'abc', 'n': 2}"}},
	{"D14: of two that a fuzzy copy has, the one with the very _id",
	 COLLATED,
	 {"{'_id': 'abc'}", "{'_id': 'ABC'}"},
	 {{'d', "{'_id': 'abc'}", NULL}, {'i', "{'_id': 'ABC', 'n': 1}", NULL}},
	 .expected = {"{'_id': 'ABC', 'n': 1}"}},
	{"D15 zero timestamps",
	 NULL,
	 {NULL},
	 {{'i', "{'_id': 1, 'a': {'t': " ZERO_TS "}, 't': " ZERO_TS "}", NULL}},
	 .expected = {"{'_id': 1, 'a': {'t': " ZERO_TS "}, 't': " ZERO_TS "}"}},
	{"D21 ins_unique_conflict_then_del",
	 NULL,
	 {"{'_id': 1, 'k': 1}"},
	 {{'i', "{'_id': 1000, 'k': 1}", NULL}, {'d', "{'_id': 1}", NULL}},
	 .expected = {"{'_id': 1000, 'k': 1}"}},
	{"D22 upd_unique_conflict",
	 NULL,
	 {"{'_id': 1, 'k': 1}", "{'_id': 2, 'k': 3}"},
	 {{'u', "{'$v': 1, '$set': {'k': 3}}", "{'_id': 1}"},
	  {'u', "{'$v': 1, '$set': {'k': 1}}", "{'_id': 2}"}},
	 .expected = {"{'_id': 1, 'k': 3}", "{'_id': 2, 'k': 1}"},
	 .major = 4},
	{"an insert, an update and a delete of one document leave nothing",
	 NULL,
	 {"{'_id': 2}"},
	 {{'i', "{'_id': 1}", NULL},
	  {'u', "{'$v': 2, 'diff': {'i': {'a': 1}}}", "{'_id': 1}"},
	  {'d', "{'_id': 1}", NULL}},
	 .expected = {"{'_id': 2}"}},
	{"an upsert that makes another _id than it looked for",
	 NULL,
	 {"{'_id': 2}"},
	 {{'U', "{'_id': 5, 'q': 3}", "{'_id': 1}"}},
	 .expected = {"{'_id': 2}"},
	 .stops = "another _id than it looked for"},
	{"an upsert by differences",
	 NULL,
	 {"{'_id': 2}"},
	 {{'U', "{'$v': 2, 'diff': {'i': {'a': 1}}}", "{'_id': 1.0}"}},
	 .expected = {"{'_id': 1.0, 'a': 1}", "{'_id': 2}"}},
	{"a modifier that servers do not log",
	 NULL,
	 {"{'_id': 1, 'n': 1}"},
	 {{'u', "{'$inc': {'n': 1}}", "{'_id': 1}"}},
	 .expected = {"{'_id': 1, 'n': 1}"},
	 .stops = "$inc",
	 .major = 4},
	{"K01 max 3, 5 inserts, evicting",
	 CAPPED3,
	 {"{'_id': 1}", "{'_id': 2}"},
	 {{'i', "{'_id': 3}", NULL}, {'i', "{'_id': 0}", NULL}, {'i', "{'_id': 5}", NULL}},
	 .expected = {"{'_id': 3}", "{'_id': 0}", "{'_id': 5}"},
	 .major = 4,
	 .evicts = true},
	{"K03 logged deletes only",
	 CAPPED3,
	 {"{'_id': 1}", "{'_id': 2}", "{'_id': 3}"},
	 {{'i', "{'_id': 4}", NULL},
	  {'d', "{'_id': 1}", NULL},
	  {'i', "{'_id': 5}", NULL},
	  {'d', "{'_id': 2}", NULL}},
	 .expected = {"{'_id': 3}", "{'_id': 4}", "{'_id': 5}"}},
	{"K04 capped_over",
	 CAPPED3,
	 {"{'_id': 1}", "{'_id': 2}", "{'_id': 3}"},
	 {{'i', "{'_id': 4}", NULL}, {'i', "{'_id': 5}", NULL}},
	 .expected = {"{'_id': 1}", "{'_id': 2}", "{'_id': 3}", "{'_id': 4}", "{'_id': 5}"}},
	{"K05 a 5.0 that is still in the mode of 4.4 evicts",
	 CAPPED3,
	 {"{'_id': 1}", "{'_id': 2}", "{'_id': 3}"},
	 {{'i', "{'_id': 4}", NULL}},
	 .expected = {"{'_id': 2}", "{'_id': 3}", "{'_id': 4}"},
	 .major = 5,
	 .evicts = true},
	{"K06 capped_dup_reinsert",
	 CAPPED3,
	 {"{'_id': 1}", "{'_id': 2}", "{'_id': 3}"},
	 {{'i', "{'_id': 2}", NULL}},
	 .expected = {"{'_id': 1}", "{'_id': 2}", "{'_id': 3}"},
	 .evicts = true},
	{"K07 capped_dup_diff_size",
	 CAPPED3,
	 {"{'_id': 1}", "{'_id': 2}", "{'_id': 3}"},
	 {{'i', "{'_id': 2, 'pad': 'much more than before'}", NULL}},
	 .expected = {"{'_id': 1}", "{'_id': 2, 'pad': 'much more than before'}", "{'_id': 3}"}},
	{"K08 update of an evicted document, fuzzy",
	 CAPPED3,
	 {"{'_id': 1}", "{'_id': 2}", "{'_id': 3}"},
	 {{'!', NULL, NULL},
	  {'i', "{'_id': 4}", NULL},
	  {'u', "{'$v': 2, 'diff': {'i': {'a': 1}}}", "{'_id': 1}"}},
	 .expected = {"{'_id': 2}", "{'_id': 3}", "{'_id': 4}"},
	 .evicts = true},
	{"K08 update of an evicted document, exact",
	 CAPPED3,
	 {"{'_id': 1}", "{'_id': 2}", "{'_id': 3}"},
	 {{'i', "{'_id': 4}", NULL}, {'u', "{'$v': 2, 'diff': {'i': {'a': 1}}}", "{'_id': 1}"}},
	 .expected = {"{'_id': 1}", "{'_id': 2}", "{'_id': 3}"},
	 .stops = "does not exist",
	 .evicts = true},
	{"K09 a capped document grows",
	 CAPPED3,
	 {"{'_id': 1}", "{'_id': 2}", "{'_id': 3}"},
	 {{'u', "{'$v': 2, 'diff': {'i': {'a': 'x'}}}", "{'_id': 2}"}},
	 .expected = {"{'_id': 1}", "{'_id': 2, 'a': 'x'}", "{'_id': 3}"}},
	{"evicted by size, one large for many small ones",
	 "{'capped': true, 'size': {'$numberLong': '60'}}",
	 {"{'_id': 1}", "{'_id': 2}", "{'_id': 3}"},
	 {{'i', "{'_id': 4, 'pad': '0123456789'}", NULL}},
	 .expected = {"{'_id': 3}", "{'_id': 4, 'pad': '0123456789'}"},
	 .major = 4,
	 .evicts = true},
	{"the record just inserted is never evicted, even if it is too large",
	 "{'capped': true, 'size': 20.0}",
	 {"{'_id': 1}"},
	 {{'i', "{'_id': 4, 'pad': '0123456789'}", NULL}},
	 .expected = {"{'_id': 4, 'pad': '0123456789'}"},
	 .major = 4,
	 .evicts = true},
	{"a size of 0 is 4096",
	 "{'capped': true, 'size': 0}",
	 {"{'_id': 1}"},
	 {{'i', "{'_id': 2, 'pad': '" TEXT_2100 "'}", NULL},
	  {'i', "{'_id': 3}", NULL},
	  {'i', "{'_id': 4, 'pad': '" TEXT_2100 "'}", NULL}},
	 .expected = {"{'_id': 3}", "{'_id': 4, 'pad': '" TEXT_2100 "'}"},
	 .major = 4,
	 .evicts = true},
	{"what was deleted and inserted again is the newest",
	 CAPPED3,
	 {"{'_id': 1}", "{'_id': 2}", "{'_id': 3}"},
	 {{'d', "{'_id': 2}", NULL},
	  {'i', "{'_id': 2, 'a': 1}", NULL},
	  {'u', "{'_id': 2, 'a': 2}", "{'_id': 2}"},
	  {'d', "{'_id': 9}", NULL}},
	 .expected = {"{'_id': 1}", "{'_id': 3}", "{'_id': 2, 'a': 2}"},
	 .evicts = true},
	{"an insert and its eviction before the next one",
	 "{'capped': true, 'size': 4096, 'max': {'$numberLong': '1'}}",
	 {NULL},
	 {{'i', "{'_id': 1}", NULL}, {'i', "{'_id': 2}", NULL}, {'i', "{'_id': 1, 'b': 1}", NULL}},
	 .expected = {"{'_id': 1, 'b': 1}"},
	 .evicts = true},
};

static void collect(const char *const docs[DOCS_MAX], struct buf *ret)
{
	for (size_t i = 0; i < DOCS_MAX && docs[i] != NULL; i++)
		text_doc(ret, docs[i]);
}

static void add_op(struct replay_docs_model *m, const struct op *op)
{
	OWNED(buf_release) struct buf o = {0};
	OWNED(buf_release) struct buf o2 = {0};

	if (op->letter == '!') {
		m->rules.fuzzy = true;
		return;
	}
	text_doc(&o, op->o);
	if (op->o2 != NULL)
		text_doc(&o2, op->o2);
	replay_docs_model_op(m, op->letter == 'U' ? 'u' : op->letter, buf_bytes(&o), buf_bytes(&o2),
			     op->letter == 'U');
}

static void check_docs(const struct row *row, const char *how, struct bytes found,
		       struct bytes expected)
{
	if (bytes_equal(found, expected))
		return;
	print_error("%s (%s):\n", row->name, how);
	while (found.len > 0) {
		struct bytes doc = bytes_of(found.at, get_le32(found.at));

		print_error("\t%s\n", text_of_doc(doc));
		found.at += doc.len;
		found.len -= doc.len;
	}
	fail_msg("other documents were expected");
}

/* All operations at once, or each alone. */
static void run_row(const struct row *row, bool each)
{
	OWNED(buf_release) struct buf base = {0};
	OWNED(buf_release) struct buf expected = {0};
	OWNED(buf_release) struct buf found = {0};
	struct replay_docs_model m;

	collect(row->base, &base);
	collect(row->expected, &expected);
	replay_docs_model_begin(&m, row->options, buf_bytes(&base), 0);
	m.rules.major = row->major == 0 ? 6 : row->major;
	m.rules.evicts = row->evicts;
	for (size_t i = 0; i < DOCS_MAX && row->ops[i].letter != 0; i++) {
		add_op(&m, &row->ops[i]);
		if (each)
			replay_docs_model_finish(&m, 0);
	}
	replay_docs_model_finish(&m, 0);
	if ((row->stops != NULL) != (m.slot->stopped != NULL) ||
	    (row->stops != NULL && strstr(m.slot->stopped, row->stops) == NULL))
		fail_msg("%s: stopped: %s", row->name, m.slot->stopped);
	if (row->stops == NULL || !each) {
		replay_docs_model_read(&m, &found);
		check_docs(row, each ? "each" : "all", buf_bytes(&found), buf_bytes(&expected));
		replay_docs_model_check(&m, buf_bytes(&expected));
	}
	replay_docs_model_end(&m);
}

static void the_named_cases_come_out_as_on_servers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		run_row(&rows[i], false);
}

static void the_named_cases_come_out_the_same_one_by_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		run_row(&rows[i], true);
}

static void what_was_emptied_is_void(void **state)
{
	OWNED(buf_release) struct buf docs = {0};
	struct replay_docs_model m;

	(void)state;
	for (int natural = 0; natural < 2; natural++) {
		buf_reset(&docs);
		text_doc(&docs, "{'_id': 1}");
		text_doc(&docs, "{'_id': 2}");
		replay_docs_model_begin(&m, natural ? CAPPED3 : NULL, buf_bytes(&docs), 0);
		add_op(&m, &(struct op){'i', "{'_id': 3}", NULL});
		m.slot->cleared = m.rules.sequence + 1;
		add_op(&m, &(struct op){'i', "{'_id': 4}", NULL});
		replay_docs_model_finish(&m, 0);
		buf_reset(&docs);
		text_doc(&docs, "{'_id': 4}");
		replay_docs_model_check(&m, buf_bytes(&docs));
		replay_docs_model_end(&m);
	}
}

static void an_operation_without_an_id_is_refused(void **state)
{
	OWNED(buf_release) struct buf o = {0};
	struct entry entry = {.op = ENTRY_INSERT, .ns = bytes_str("test.c")};
	struct replay_docs_model m;
	struct error e = {0};

	(void)state;
	replay_docs_model_begin(&m, NULL, bytes_of(NULL, 0), 0);
	entry.o = text_doc(&o, "{'a': 1}");
	ASSERT_ERROR_TEXT(replay_docs_add(m.docs, m.slot, &entry, &m.rules, &e), ERR_CORRUPT,
			  "no _id");
	assert_int_equal(replay_docs_count(m.docs), 0);
	replay_docs_model_end(&m);
}

static void one_document_alone_is_as_in_all_of_them(void **state)
{
	OWNED(buf_release) struct buf docs = {0};
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf found = {0};
	OWNED(buf_release) struct buf expected = {0};
	struct replay_docs_model m;
	struct error e = {0};

	(void)state;
	text_doc(&docs, "{'_id': 1, 'a': 1}");
	text_doc(&docs, "{'_id': 2, 'a': 1}");
	ASSERT_OK(key_of_document(bytes_of(docs.at, get_le32(docs.at)), &key, &e));
	replay_docs_model_begin(&m, NULL, buf_bytes(&docs), 0);
	add_op(&m, &(struct op){'d', "{'_id': 2}", NULL});
	add_op(&m, &(struct op){'u', "{'$v': 2, 'diff': {'i': {'b': 1}}}", "{'_id': 1}"});
	add_op(&m, &(struct op){'u', "{'$v': 2, 'diff': {'u': {'a': 2}}}", "{'_id': 1}"});
	assert_int_equal(
		ASSERT_OK(replay_docs_one(m.docs, m.slot, buf_bytes(&key), m.store, &found, &e)),
		1);
	ASSERT_BYTES(buf_bytes(&found), text_doc(&expected, "{'_id': 1, 'a': 2, 'b': 1}"));
	replay_docs_model_end(&m);
}

static void one_document_alone_that_is_gone_is_none(void **state)
{
	OWNED(buf_release) struct buf docs = {0};
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf found = {0};
	struct replay_docs_model m;
	struct error e = {0};

	(void)state;
	text_doc(&docs, "{'_id': 1, 'a': 1}");
	ASSERT_OK(key_of_document(buf_bytes(&docs), &key, &e));
	replay_docs_model_begin(&m, NULL, buf_bytes(&docs), 0);
	add_op(&m, &(struct op){'d', "{'_id': 1}", NULL});
	assert_int_equal(
		ASSERT_OK(replay_docs_one(m.docs, m.slot, buf_bytes(&key), m.store, &found, &e)),
		0);
	replay_docs_model_end(&m);
	replay_docs_model_begin(&m, NULL, buf_bytes(&docs), 0);
	add_op(&m, &(struct op){'d', "{'_id': 1}", NULL});
	add_op(&m, &(struct op){'u', "{'$v': 2, 'diff': {'i': {'b': 1}}}", "{'_id': 1}"});
	ASSERT_ERROR_TEXT(replay_docs_one(m.docs, m.slot, buf_bytes(&key), m.store, &found, &e),
			  ERR_CORRUPT, "1700000000.2");
	replay_docs_model_end(&m);
}

static void one_document_of_a_capped_collection_is_not_told_alone(void **state)
{
	OWNED(buf_release) struct buf found = {0};
	struct replay_docs_model m;
	struct error e = {0};

	(void)state;
	replay_docs_model_begin(&m, CAPPED3, bytes_of(NULL, 0), 0);
	ASSERT_ERROR(replay_docs_one(m.docs, m.slot, bytes_str("k"), m.store, &found, &e),
		     ERR_INVALID);
	replay_docs_model_end(&m);
}

/* { _id, text }: what compresses a little, so that the leaves gain from a prefix. */
static void add_large(struct buf *b, uint32_t id)
{
	struct harness_rng rng = harness_rng_of(id);
	size_t doc = harness_doc_open(b);

	harness_doc_int32(b, "_id", (int32_t)id);
	harness_doc_string(b, "text", "the same words in every document, again and again");
	harness_doc_binary_random(b, "pad", 300, &rng);
	harness_doc_close(b, doc);
}

static void a_collection_that_grows_from_nothing_gets_a_prefix(void **state)
{
	OWNED(buf_release) struct buf docs = {0};
	struct writer_prefix *prefix = NULL;
	struct replay_docs_model m;
	struct error e = {0};

	(void)state;
	/* More than is looked at for the sample, and spilled. */
	for (size_t memory = 0; memory <= MIB; memory += MIB) {
		replay_docs_model_begin(&m, NULL, bytes_of(NULL, 0), memory);
		buf_reset(&docs);
		for (uint32_t id = 0; id < 14000; id++) {
			size_t at = docs.len;

			add_large(&docs, id);
			replay_docs_model_op(&m, 'i', harness_doc_at(&docs, at), bytes_of(NULL, 0),
					     false);
		}
		replay_docs_model_finish(&m, memory);
		replay_docs_model_check(&m, buf_bytes(&docs));
		assert_int_equal(
			ASSERT_OK(tree_prefix_of(m.writer, &m.slot->entry.root, &prefix, &e)), 1);
		writer_prefix_free(prefix);
		replay_docs_model_end(&m);
	}
}

static bool yes(void *ctx)
{
	(void)ctx;
	return true;
}

static void who_is_interrupted_says_so(void **state)
{
	const struct progress progress = {.cancelled = yes};
	OWNED(buf_release) struct buf doc = {0};
	struct replay_docs_model m;
	struct error e = {0};

	(void)state;
	for (int natural = 0; natural < 2; natural++) {
		replay_docs_model_begin(&m, natural ? CAPPED3 : NULL, bytes_of(NULL, 0), 0);
		for (uint32_t id = 0; id < 3000; id++) {
			buf_reset(&doc);
			add_large(&doc, id);
			replay_docs_model_op(&m, 'i', buf_bytes(&doc), bytes_of(NULL, 0), false);
		}
		ASSERT_ERROR(replay_docs_finish(m.docs, m.catalog, m.writer, &progress, &e),
			     ERR_CANCELLED);
		replay_docs_model_end(&m);
	}
}

static void a_collection_that_was_stopped_or_dropped_keeps_its_root(void **state)
{
	OWNED(buf_release) struct buf docs = {0};
	struct replay_docs_model m;

	(void)state;
	for (int dropped = 0; dropped < 2; dropped++) {
		buf_reset(&docs);
		text_doc(&docs, "{'_id': 1}");
		replay_docs_model_begin(&m, NULL, buf_bytes(&docs), 0);
		add_op(&m, &(struct op){'i', "{'_id': 3}", NULL});
		m.slot->dropped = dropped;
		if (!dropped)
			m.slot->stopped = xstrdup("for a reason");
		replay_docs_model_finish(&m, 0);
		replay_docs_model_check(&m, buf_bytes(&docs));
		replay_docs_model_end(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_named_cases_come_out_as_on_servers),
		cmocka_unit_test(the_named_cases_come_out_the_same_one_by_one),
		cmocka_unit_test(what_was_emptied_is_void),
		cmocka_unit_test(an_operation_without_an_id_is_refused),
		cmocka_unit_test(one_document_alone_is_as_in_all_of_them),
		cmocka_unit_test(one_document_alone_that_is_gone_is_none),
		cmocka_unit_test(one_document_of_a_capped_collection_is_not_told_alone),
		cmocka_unit_test(a_collection_that_grows_from_nothing_gets_a_prefix),
		cmocka_unit_test(who_is_interrupted_says_so),
		cmocka_unit_test(a_collection_that_was_stopped_or_dropped_keeps_its_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
