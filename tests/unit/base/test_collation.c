#include "base/collation.h"

#include "tests/harness/harness.h"

#include "base/bson_check.h"
#include "base/key.h"

/* A specification: {locale, strength?, and one more field?}. */
struct spec {
	const char *locale;
	int strength;	   /* 0: not given */
	const char *field; /* or NULL */
	const char *word;  /* its value, or NULL: true */
	const char *field2, *word2;
};

static void build_spec(const struct spec *spec, struct buf *ret)
{
	size_t doc = harness_doc_open(ret);

	harness_doc_string(ret, "locale", spec->locale);
	if (spec->strength != 0)
		harness_doc_int32(ret, "strength", spec->strength);
	if (spec->field != NULL && spec->word != NULL)
		harness_doc_string(ret, spec->field, spec->word);
	else if (spec->field != NULL)
		harness_doc_bool(ret, spec->field, true);
	if (spec->field2 != NULL)
		harness_doc_string(ret, spec->field2, spec->word2);
	harness_doc_string(ret, "version", "57.1");
	harness_doc_close(ret, doc);
}

static struct collation *open_spec(const struct spec *spec)
{
	struct error e = {0};
	OWNED(buf_release) struct buf doc = {0};
	struct collation *collation = NULL;

	build_spec(spec, &doc);
	assert_int_equal(ASSERT_OK(collation_open(buf_bytes(&doc), &collation, &e)), 1);
	return collation;
}

/* The key of a string, appended to *ret, which is emptied first. */
static void key_of_string(struct collation *collation, const char *text, struct buf *ret)
{
	struct error e = {0};
	OWNED(buf_release) struct buf doc = {0};
	size_t open = harness_doc_open(&doc);

	harness_doc_string(&doc, "_id", text);
	harness_doc_close(&doc, open);
	buf_reset(ret);
	assert_int_equal(ASSERT_OK(collation_key_of_document(collation, buf_bytes(&doc), ret, &e)),
			 1);
}

#define MAX_WORDS 32

/* What a mongod 6.0.27 (ICU 57.1) gave for find().sort({_id: 1}) of a collection with the
 * collation, after all words of the longest list were inserted; equal ones were refused. */
static const struct {
	struct spec spec;
	const char *words[MAX_WORDS];
} orders[] = {
	{{.locale = "de"},
	 {"",	"010", "10",	 "2",	   "9",	     "ä",    "a b",  "a-b", "a.b", "ab",
	  "ae", "af",  "cote",	 "Cote",   "coté",   "côte", "côté", "n",   "ñ",   "nz",
	  "o",	"ö",   "resume", "Resume", "résumé", "ss",   "ß",    "z",   "Z"}},
	{{.locale = "de@collation=phonebook"},
	 {"",  "010", "10",	"2",	  "9",	    "a b",  "a-b",  "a.b", "ab", "ae",
	  "ä", "af",  "cote",	"Cote",	  "coté",   "côte", "côté", "n",   "ñ",	 "nz",
	  "o", "ö",   "resume", "Resume", "résumé", "ss",   "ß",    "z",   "Z"}},
	{{.locale = "sv"},
	 {"",	    "010",    "10",	"2",	"9",	"a b",	"a-b", "a.b", "ab", "ae",
	  "af",	    "cote",   "Cote",	"coté", "côte", "côté", "n",   "ñ",   "nz", "o",
	  "resume", "Resume", "résumé", "ss",	"ß",	"z",	"Z",   "ä",   "ö"}},
	{{.locale = "en", .field = "numericOrdering"},
	 {"",	"2",	  "9",	    "10",     "ä",    "a b",  "a-b", "a.b", "ab", "ae",
	  "af", "cote",	  "Cote",   "coté",   "côte", "côté", "n",   "ñ",   "nz", "o",
	  "ö",	"resume", "Resume", "résumé", "ss",   "ß",    "z",   "Z"}},
	{{.locale = "en", .strength = 1},
	 {"", "010", "10", "2", "9", "ä", "a b", "a-b", "a.b", "ab", "ae", "af", "cote", "n", "nz",
	  "o", "resume", "ss", "z"}},
	{{.locale = "en", .strength = 1, .field = "caseLevel"},
	 {"",	"010",	"10",	"2", "9",  "ä", "a b",	  "a-b",    "a.b", "ab", "ae",
	  "af", "cote", "Cote", "n", "nz", "o", "resume", "Resume", "ss",  "z",	 "Z"}},
	{{.locale = "en", .field = "caseFirst", .word = "upper"},
	 {"ae", "af", "Cote", "cote", "coté", "côte", "côté", "Resume", "resume", "résumé", "Z",
	  "z"}},
	{{.locale = "en", .field = "alternate", .word = "shifted"},
	 {"", "010", "10", "2", "9", "ä", "a b", "ae", "af", "cote"}},
	{{.locale = "en",
	  .strength = 4,
	  .field = "alternate",
	  .word = "shifted",
	  .field2 = "maxVariable",
	  .word2 = "space"},
	 {"ä", "a-b", "a.b", "a b", "ab", "ae"}},
	{{.locale = "es", .strength = 2}, {"cote", "coté", "côte", "n", "nz", "ñ", "o", "ö"}},
	{{.locale = "fr", .strength = 2, .field = "backwards"},
	 {"cote", "côte", "coté", "côté", "n"}},
	{{.locale = "fr_CA"}, {"cote", "Cote", "côte", "coté", "côté", "n"}},
};

static void strings_sort_as_in_a_mongod(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		OWNED(collation_close) struct collation *c = open_spec(&orders[i].spec);
		OWNED(buf_release) struct buf last = {0};
		OWNED(buf_release) struct buf key = {0};

		for (size_t w = 0; w < MAX_WORDS && orders[i].words[w] != NULL; w++) {
			key_of_string(c, orders[i].words[w], &key);
			if (w > 0 && bytes_compare(buf_bytes(&last), buf_bytes(&key)) >= 0)
				fail_msg("%s: \"%s\" must come before \"%s\"",
					 orders[i].spec.locale, orders[i].words[w - 1],
					 orders[i].words[w]);
			buf_reset(&last);
			buf_add_bytes(&last, buf_bytes(&key));
		}
	}
}

static void equal_strings_have_one_key(void **state)
{
	static const struct spec weak = {.locale = "en", .strength = 1};
	static const struct spec shifted = {
		.locale = "en", .field = "alternate", .word = "shifted"};
	OWNED(collation_close) struct collation *a = open_spec(&weak);
	OWNED(collation_close) struct collation *b = open_spec(&shifted);
	OWNED(buf_release) struct buf one = {0};
	OWNED(buf_release) struct buf two = {0};

	(void)state;
	key_of_string(a, "Résumé", &one);
	key_of_string(a, "resume", &two);
	ASSERT_BYTES(buf_bytes(&one), buf_bytes(&two));
	key_of_string(b, "a-b", &one);
	key_of_string(b, "ab", &two);
	ASSERT_BYTES(buf_bytes(&one), buf_bytes(&two));
}

static void strings_inside_objects_and_arrays_are_collated_and_nothing_else(void **state)
{
	static const struct spec spec = {.locale = "en", .strength = 1};
	struct error e = {0};
	OWNED(collation_close) struct collation *c = open_spec(&spec);
	struct buf keys[4] = {0}, docs[4] = {0};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct buf *b = &docs[i];
		size_t doc = harness_doc_open(b), id = harness_doc_open_sub(b, "_id"), list;

		harness_doc_string(b, i == 2 ? "A" : "a", i == 1 ? "ÉCOLE" : "école");
		list = harness_doc_open_array(b, "list");
		harness_doc_int32(b, "0", 5);
		harness_doc_string(b, "1", i == 1 ? "X" : "x");
		if (i == 3) /* a symbol keeps its bytes */
			harness_doc_element(b, BSON_KIND_SYMBOL, "2", bytes_of("\2\0\0\0y", 6));
		else
			harness_doc_element(b, BSON_KIND_SYMBOL, "2", bytes_of("\2\0\0\0Y", 6));
		harness_doc_close(b, list);
		harness_doc_close(b, id);
		harness_doc_close(b, doc);
		ASSERT_OK(collation_key_of_document(c, buf_bytes(b), &keys[i], &e));
	}
	ASSERT_BYTES(buf_bytes(&keys[0]), buf_bytes(&keys[1]));
	assert_false(bytes_equal(buf_bytes(&keys[0]), buf_bytes(&keys[2]))); /* a field's name */
	assert_false(bytes_equal(buf_bytes(&keys[0]), buf_bytes(&keys[3])));
	for (unsigned i = 0; i < 4; i++) {
		buf_release(&keys[i]);
		buf_release(&docs[i]);
	}
}

static void other_values_have_their_simple_key(void **state)
{
	static const struct spec spec = {.locale = "de"};
	struct error e = {0};
	OWNED(collation_close) struct collation *c = open_spec(&spec);
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf plain = {0};
	OWNED(buf_release) struct buf key = {0};

	(void)state;
	harness_doc_of_int32(&doc, 7);
	ASSERT_OK(key_of_document(buf_bytes(&doc), &plain, &e));
	ASSERT_OK(collation_key_of_document(c, buf_bytes(&doc), &key, &e));
	ASSERT_BYTES(buf_bytes(&key), buf_bytes(&plain));
}

static void strings_of_any_bytes_and_lengths_have_a_key(void **state)
{
	static const struct spec spec = {.locale = "fr", .strength = 5};
	struct harness_rng rng = harness_rng_of(3);
	struct error e = {0};
	OWNED(collation_close) struct collation *c = open_spec(&spec);
	OWNED(buf_release) struct buf text = {0};

	(void)state;
	for (size_t len = 0; len < 300000; len = len * 3 + 1) {
		OWNED(buf_release) struct buf doc = {0};
		OWNED(buf_release) struct buf key = {0};
		size_t open = harness_doc_open(&doc);

		harness_rng_fill(&rng, buf_room(&text, len + 1), len);
		harness_doc_string_bytes(&doc, "_id", bytes_of(text.at, len));
		harness_doc_close(&doc, open);
		ASSERT_OK(collation_key_of_document(c, buf_bytes(&doc), &key, &e));
		assert_true(key.len > 1);
	}
}

static void the_simple_collation_and_none_are_none(void **state)
{
	static const struct spec simple = {.locale = "simple"};
	struct error e = {0};
	struct collation *collation = NULL;
	OWNED(buf_release) struct buf spec = {0};
	OWNED(buf_release) struct buf options = {0};
	size_t doc;

	(void)state;
	build_spec(&simple, &spec);
	assert_int_equal(ASSERT_OK(collation_open(buf_bytes(&spec), &collation, &e)), 0);
	doc = harness_doc_open(&options);
	harness_doc_bool(&options, "capped", true);
	harness_doc_close(&options, doc);
	assert_int_equal(ASSERT_OK(collation_of_options(buf_bytes(&options), &collation, &e)), 0);
	buf_reset(&options);
	doc = harness_doc_open(&options);
	harness_doc_element(&options, BSON_KIND_DOCUMENT, "collation", buf_bytes(&spec));
	harness_doc_close(&options, doc);
	assert_int_equal(ASSERT_OK(collation_of_options(buf_bytes(&options), &collation, &e)), 0);
	assert_null(collation);
}

static void what_icu_does_not_know_is_an_error(void **state)
{
	static const struct {
		struct spec spec;
		int code;
	} cases[] = {
		{{.locale = "xx"}, ERR_UNSUPPORTED},
		{{.locale = "de", .strength = 6}, ERR_INVALID},
		{{.locale = "de", .field = "caseFirst", .word = "middle"}, ERR_INVALID},
		{{.locale = "de", .field = "maxVariable", .word = "symbol"}, ERR_INVALID},
		{{.locale = "de", .field = "unheardOf"}, ERR_INVALID},
	};
	struct error e = {0};
	struct collation *collation = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf doc = {0};

		build_spec(&cases[i].spec, &doc);
		ASSERT_ERROR(collation_open(buf_bytes(&doc), &collation, &e), cases[i].code);
		assert_null(collation);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_sort_as_in_a_mongod),
		cmocka_unit_test(equal_strings_have_one_key),
		cmocka_unit_test(strings_inside_objects_and_arrays_are_collated_and_nothing_else),
		cmocka_unit_test(other_values_have_their_simple_key),
		cmocka_unit_test(strings_of_any_bytes_and_lengths_have_a_key),
		cmocka_unit_test(the_simple_collation_and_none_are_none),
		cmocka_unit_test(what_icu_does_not_know_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
