/*
 * The BSON corpus of the MongoDB specifications: rendered in both modes, read back from each form
 * of text, and what is no extended JSON refused. It lies outside of
 * this repository: in $YESTER_SHARED (../shared), data/conformance/bson_corpus.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bson_check.h"
#include "base/ejson.h"
#include "base/file.h"
#include "base/metadata_json.h"
#include "tests/unit/base/make_bson.h"

static void add_code_point(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_add_u8(out, (uint8_t)code);
		return;
	}
	if (code < 0x800) {
		buf_add_u8(out, (uint8_t)(0xc0 | code >> 6));
	} else {
		if (code < 0x10000) {
			buf_add_u8(out, (uint8_t)(0xe0 | code >> 12));
		} else {
			buf_add_u8(out, (uint8_t)(0xf0 | code >> 18));
			buf_add_u8(out, (uint8_t)(0x80 | (code >> 12 & 63)));
		}
		buf_add_u8(out, (uint8_t)(0x80 | (code >> 6 & 63)));
	}
	buf_add_u8(out, (uint8_t)(0x80 | (code & 63)));
}

static uint32_t hex4(const uint8_t *at)
{
	char digits[5] = {0};

	memcpy(digits, at, 4);
	return (uint32_t)strtoul(digits, NULL, 16);
}

/* Decode the JSON string at *at (its quote) to `out` and move behind it. */
static void take_string(const uint8_t **at, struct buf *out)
{
	static const char letters[] = "\"\"\\\\//b\bf\fn\nr\rt\t";

	for ((*at)++; **at != '"'; (*at)++) {
		uint32_t code;

		if (**at != '\\') {
			buf_add_u8(out, **at);
			continue;
		}
		(*at)++;
		if (**at != 'u') {
			const char *letter = letters;

			while (letter[0] != (char)**at)
				letter += 2;
			buf_add_u8(out, (uint8_t)letter[1]);
			continue;
		}
		code = hex4(*at + 1);
		*at += 4;
		if (code >= 0xd800 && code < 0xdc00 && (*at)[1] == '\\') {
			code = 0x10000 + ((code - 0xd800) << 10) + (hex4(*at + 3) - 0xdc00);
			*at += 6;
		}
		add_code_point(out, code);
	}
	(*at)++;
}

/* A JSON text with no white space, strings decoded (in quotes), numbers in one form. */
static void normalize(struct bytes json, struct buf *out)
{
	OWNED(buf_release) struct buf text = {0};
	const uint8_t *at, *end;

	buf_add_bytes(&text, json);
	buf_text(&text);
	for (at = text.at, end = text.at + text.len; at < end;) {
		if (strchr(" \t\r\n", *at) != NULL) {
			at++;
		} else if (*at == '"') {
			buf_add_u8(out, '"');
			take_string(&at, out);
			buf_add_u8(out, '"');
		} else if (strchr("-0123456789", *at) != NULL) {
			char *stop;
			double number = strtod((const char *)at, &stop);

			buf_printf(out, "%.17g", number);
			at = (const uint8_t *)stop;
		} else {
			buf_add_u8(out, *at++);
		}
	}
}

struct example {
	struct buf description, canonical_bson, degenerate_bson, canonical, relaxed, degenerate;
	struct buf refused; /* the "string" of a parse error */
	bool lossy;	    /* JSON does not hold all of it */
};

struct counts {
	size_t examples, read, refused;
};

static void assert_renders(const struct example *x, const struct buf *hex, enum ejson_mode mode)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf got = {0};
	OWNED(buf_release) struct buf want_plain = {0};
	OWNED(buf_release) struct buf got_plain = {0};
	const struct buf *want = mode == EJSON_RELAXED ? &x->relaxed : &x->canonical;
	struct error e = {0};
	uint64_t size = 0;

	make_hex(&doc, (const char *)hex->at);
	ASSERT_OK(bson_check(buf_bytes(&doc), BSON_CHECK_FULL, &e));
	ASSERT_OK(ejson_write(buf_bytes(&doc), mode, &got, &e));
	ASSERT_OK(ejson_size(buf_bytes(&doc), mode, &size, &e));
	assert_true(size == got.len);
	/* Some examples leave out the relaxed form. */
	if (want->len == 0)
		return;
	normalize(buf_bytes(want), &want_plain);
	normalize(buf_bytes(&got), &got_plain);
	if (!bytes_equal(buf_bytes(&want_plain), buf_bytes(&got_plain)))
		fail_msg("%s: %s became %s", (const char *)x->description.at, (const char *)hex->at,
			 buf_text(&got));
}

/* A text becomes the document of the example. */
static void assert_reads(struct example *x, struct buf *text)
{
	OWNED(buf_release) struct buf want = {0};
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};

	make_hex(&want, (const char *)x->canonical_bson.at);
	if (metadata_json_parse_strict(buf_bytes(text), BSON_MAX_LEN, &got, &e) < 0)
		fail_msg("%s: %s: %s", buf_text(&x->description), buf_text(text), e.text);
	if (!bytes_equal(buf_bytes(&got), buf_bytes(&want)))
		fail_msg("%s: %s is read as something else", buf_text(&x->description),
			 buf_text(text));
	/* What is read strictly is read the same by the reader of dumps. */
	buf_reset(&got);
	ASSERT_OK(metadata_json_parse(buf_bytes(text), BSON_MAX_LEN, &got, &e));
	assert_true(bytes_equal(buf_bytes(&got), buf_bytes(&want)));
}

/* Relaxed text loses types, but comes out as it went in. */
static void assert_relaxed_stays(struct example *x)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf text = {0};
	OWNED(buf_release) struct buf want = {0};
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};

	ASSERT_OK(metadata_json_parse_strict(buf_bytes(&x->relaxed), BSON_MAX_LEN, &doc, &e));
	ASSERT_OK(ejson_write(buf_bytes(&doc), EJSON_RELAXED, &text, &e));
	normalize(buf_bytes(&x->relaxed), &want);
	normalize(buf_bytes(&text), &got);
	if (!bytes_equal(buf_bytes(&got), buf_bytes(&want)))
		fail_msg("%s: %s became %s", buf_text(&x->description), buf_text(&x->relaxed),
			 buf_text(&text));
}

/* Not JSON, or wrappers in a wrong shape. Those of decimals are the number alone. */
static void assert_refused(struct example *x, struct counts *counts)
{
	OWNED(buf_release) struct buf text = {0};
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};

	if (memchr(x->refused.at, '{', x->refused.len) == NULL)
		buf_printf(&text, "{\"d\":{\"$numberDecimal\":\"%s\"}}", buf_text(&x->refused));
	else
		buf_add_bytes(&text, buf_bytes(&x->refused));
	if (metadata_json_parse_strict(buf_bytes(&text), BSON_MAX_LEN, &doc, &e) == 0)
		fail_msg("%s: %s is read", buf_text(&x->description), buf_text(&text));
	assert_int_equal(doc.len, 0);
	counts->refused++;
}

static void read_example(struct example *x, struct counts *counts)
{
	if (!x->lossy && x->canonical.len > 0) {
		assert_reads(x, &x->canonical);
		counts->read++;
	}
	if (!x->lossy && x->degenerate.len > 0)
		assert_reads(x, &x->degenerate);
	if (x->relaxed.len > 0)
		assert_relaxed_stays(x);
}

static void run_example(struct example *x, struct counts *counts)
{
	struct buf *all[] = {&x->description, &x->canonical_bson, &x->degenerate_bson,
			     &x->canonical,   &x->relaxed,	  &x->degenerate};

	for (size_t i = 0; i < COUNT_OF(all); i++)
		buf_text(all[i]);
	for (int mode = EJSON_RELAXED; mode <= EJSON_CANONICAL; mode++) {
		assert_renders(x, &x->canonical_bson, (enum ejson_mode)mode);
		if (x->degenerate_bson.len > 0)
			assert_renders(x, &x->degenerate_bson, (enum ejson_mode)mode);
	}
	read_example(x, counts);
	counts->examples++;
	x->lossy = false;
	for (size_t i = 0; i < COUNT_OF(all); i++)
		buf_reset(all[i]);
}

static struct buf *place_of(struct example *x, struct bytes name)
{
	static const char *const names[] = {
		"description",	   "canonical_bson",	 "degenerate_bson", "canonical_extjson",
		"relaxed_extjson", "degenerate_extjson", "string"};
	struct buf *places[] = {&x->description, &x->canonical_bson, &x->degenerate_bson,
				&x->canonical,	 &x->relaxed,	     &x->degenerate,
				&x->refused};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (bytes_equal(name, bytes_str(names[i])))
			return places[i];
	}
	return NULL;
}

static void end_object(struct example *x, struct counts *counts)
{
	if (x->canonical_bson.len > 0)
		run_example(x, counts);
	else if (x->refused.len > 0)
		assert_refused(x, counts);
	buf_reset(&x->refused);
}

/* Run the examples of one file: an object with canonical_bson is one, one with "string" a refusal. */
static void run_file(const char *path, struct counts *counts)
{
	OWNED(buf_release) struct buf file = {0};
	struct example x = {0};
	struct buf *place = NULL;
	struct error e = {0};

	ASSERT_OK(file_read(path, 64 * MIB, &file, &e));
	buf_text(&file);
	for (const uint8_t *at = file.at; *at != '\0';) {
		OWNED(buf_release) struct buf text = {0};

		if (*at == '}')
			end_object(&x, counts);
		if (*at != '"') {
			if (*at == ',')
				place = NULL;
			at++;
			continue;
		}
		take_string(&at, &text);
		if (place != NULL) {
			buf_reset(place);
			buf_add_bytes(place, buf_bytes(&text));
		} else {
			place = place_of(&x, buf_bytes(&text));
			x.lossy |= bytes_equal(buf_bytes(&text), bytes_str("lossy"));
		}
	}
	buf_release(&x.description);
	buf_release(&x.canonical_bson);
	buf_release(&x.degenerate_bson);
	buf_release(&x.canonical);
	buf_release(&x.relaxed);
	buf_release(&x.degenerate);
	buf_release(&x.refused);
}

static void the_bson_corpus_goes_both_ways(void **state)
{
	const char *shared = getenv("YESTER_SHARED");
	char folder[512], path[1024];
	struct counts counts = {0};
	struct dirent *entry;
	DIR *dir;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/data/conformance/bson_corpus",
		 shared != NULL ? shared : "../shared");
	dir = opendir(folder);
	if (dir == NULL) {
		print_message("skipped: there is no folder %s (set YESTER_SHARED)\n", folder);
		skip();
	}
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len < 5 || strcmp(entry->d_name + len - 5, ".json") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		run_file(path, &counts);
	}
	closedir(dir);
	print_message("%zu examples, %zu read back, %zu texts refused\n", counts.examples,
		      counts.read, counts.refused);
	assert_true(counts.examples > 600 && counts.read > 600 && counts.refused > 150);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bson_corpus_goes_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
