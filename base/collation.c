#include "base/collation.h"

#include <stdio.h>
#include <stdlib.h>
#include <unicode/ucol.h>
#include <unicode/ustring.h>
#include <unicode/uversion.h>

#include "base/bson_check.h"
#include "base/key.h"

#define LOCALE_MAX 64	      /* bytes of a locale's name, with the NUL */
#define STRING_MAX (16 * MIB) /* bytes of a string; a document holds no longer one */

struct collation {
	UCollator *icu;
	struct buf wide;  /* UTF-16 of the string at hand */
	struct buf value; /* the translated value */
};

/* A field of a specification that takes one of several words, and what ICU calls them. */
struct word {
	const char *text;
	UColAttributeValue value;
};

static const struct word switch_words[] = {{"false", UCOL_OFF}, {"true", UCOL_ON}};
static const struct word case_first_words[] = {
	{"off", UCOL_OFF}, {"upper", UCOL_UPPER_FIRST}, {"lower", UCOL_LOWER_FIRST}};
static const struct word alternate_words[] = {{"non-ignorable", UCOL_NON_IGNORABLE},
					      {"shifted", UCOL_SHIFTED}};
static const struct word strength_words[] = {{"1", UCOL_PRIMARY},
					     {"2", UCOL_SECONDARY},
					     {"3", UCOL_TERTIARY},
					     {"4", UCOL_QUATERNARY},
					     {"5", UCOL_IDENTICAL}};

static const struct {
	const char *name;
	UColAttribute attribute;
	const struct word *words;
	size_t count;
} attributes[] = {
	{"caseLevel", UCOL_CASE_LEVEL, switch_words, COUNT_OF(switch_words)},
	{"caseFirst", UCOL_CASE_FIRST, case_first_words, COUNT_OF(case_first_words)},
	{"strength", UCOL_STRENGTH, strength_words, COUNT_OF(strength_words)},
	{"numericOrdering", UCOL_NUMERIC_COLLATION, switch_words, COUNT_OF(switch_words)},
	{"alternate", UCOL_ALTERNATE_HANDLING, alternate_words, COUNT_OF(alternate_words)},
	{"normalization", UCOL_NORMALIZATION_MODE, switch_words, COUNT_OF(switch_words)},
	{"backwards", UCOL_FRENCH_COLLATION, switch_words, COUNT_OF(switch_words)},
};

/* A field's value as a word: a string as it is, a boolean, a whole number. */
static int field_word(const struct bson_field *field, char ret[LOCALE_MAX], struct error *e)
{
	struct bytes text;
	double number = 0;

	switch (field->type) {
	case BSON_KIND_STRING:
		if (bson_text(field->value, &text, e) < 0)
			return e->code;
		if (text.len >= LOCALE_MAX || memchr(text.at, 0, text.len) != NULL)
			break;
		memcpy(ret, text.at, text.len);
		ret[text.len] = '\0';
		return 0;
	case BSON_KIND_BOOL:
		snprintf(ret, LOCALE_MAX, "%s", field->value.at[0] != 0 ? "true" : "false");
		return 0;
	case BSON_KIND_INT32:
		number = (int32_t)get_le32(field->value.at);
		break;
	case BSON_KIND_INT64:
		number = (double)(int64_t)get_le64(field->value.at);
		break;
	case BSON_KIND_DOUBLE:
		number = get_le_double(field->value.at);
		break;
	default:
		break;
	}
	if (number < 1 || number > 5)
		return error_set(e, ERR_INVALID, "collation: the value of %.*s is not one it takes",
				 (int)field->name.len, (const char *)field->name.at);
	ret[0] = (char)('0' + (int)number);
	ret[1] = '\0';
	return 0;
}

static int icu_error(UErrorCode status, const char *what, struct error *e)
{
	if (status == U_MEMORY_ALLOCATION_ERROR)
		return error_nomem(e, 0);
	return error_set(e, ERR_UNSUPPORTED, "collation: ICU does not take %s: %s", what,
			 u_errorName(status));
}

static int set_max_variable(UCollator *icu, const char *word, struct error *e)
{
	UErrorCode status = U_ZERO_ERROR;

	if (strcmp(word, "punct") != 0 && strcmp(word, "space") != 0)
		return error_set(e, ERR_INVALID, "collation: maxVariable is \"%s\"", word);
	ucol_setMaxVariable(icu,
			    *word == 'p' ? UCOL_REORDER_CODE_PUNCTUATION : UCOL_REORDER_CODE_SPACE,
			    &status);
	return U_FAILURE(status) ? icu_error(status, "maxVariable", e) : 0;
}

static int set_field(UCollator *icu, const struct bson_field *field, struct error *e)
{
	char word[LOCALE_MAX];

	if (bytes_equal(field->name, bytes_str("locale")) ||
	    bytes_equal(field->name, bytes_str("version")))
		return 0;
	if (field_word(field, word, e) < 0)
		return e->code;
	if (bytes_equal(field->name, bytes_str("maxVariable")))
		return set_max_variable(icu, word, e);
	for (size_t i = 0; i < COUNT_OF(attributes); i++) {
		if (!bytes_equal(field->name, bytes_str(attributes[i].name)))
			continue;
		for (size_t w = 0; w < attributes[i].count; w++) {
			UErrorCode status = U_ZERO_ERROR;

			if (strcmp(attributes[i].words[w].text, word) != 0)
				continue;
			ucol_setAttribute(icu, attributes[i].attribute,
					  attributes[i].words[w].value, &status);
			return U_FAILURE(status) ? icu_error(status, attributes[i].name, e) : 0;
		}
		return error_set(e, ERR_INVALID, "collation: %s is \"%s\"", attributes[i].name,
				 word);
	}
	return error_set(e, ERR_INVALID, "collation: unknown field %.*s", (int)field->name.len,
			 (const char *)field->name.at);
}

/* Open ICU's collator of `locale`. A locale that it does not know is an error, not the root one. */
static int open_icu(const char *locale, UCollator **ret, struct error *e)
{
	UErrorCode status = U_ZERO_ERROR;
	const char *valid;

	*ret = ucol_open(locale, &status);
	if (U_FAILURE(status))
		return icu_error(status, locale, e);
	status = U_ZERO_ERROR;
	valid = ucol_getLocaleByType(*ret, ULOC_VALID_LOCALE, &status);
	if (U_FAILURE(status) || valid == NULL || strcmp(valid, "root") == 0) {
		ucol_close(*ret);
		*ret = NULL;
		return error_set(e, ERR_UNSUPPORTED, "collation: unknown locale \"%s\"", locale);
	}
	return 0;
}

int collation_open(struct bytes spec, struct collation **ret, struct error *e)
{
	OWNED(collation_close) struct collation *c = NULL;
	struct bson_fields fields = bson_fields(spec);
	struct bson_field field;
	char locale[LOCALE_MAX];
	int more = bson_find(spec, "locale", &field, e);

	if (more < 0)
		return more;
	if (more == 0)
		return spec.len <= BSON_MIN_LEN
			       ? 0
			       : error_set(e, ERR_INVALID, "collation: there is no locale");
	if (field_word(&field, locale, e) < 0)
		return e->code;
	if (strcmp(locale, "simple") == 0)
		return 0;
	c = xcalloc(1, sizeof(*c));
	if (open_icu(locale, &c->icu, e) < 0)
		return e->code;
	while ((more = bson_fields_next(&fields, &field, e)) > 0)
		if (set_field(c->icu, &field, e) < 0)
			return e->code;
	if (more < 0)
		return more;
	*ret = TAKE(c);
	return 1;
}

bool collation_is_on(struct collation *collation, const char *attribute)
{
	for (size_t i = 0; i < COUNT_OF(attributes); i++) {
		UErrorCode status = U_ZERO_ERROR;

		if (strcmp(attributes[i].name, attribute) == 0)
			return ucol_getAttribute(collation->icu, attributes[i].attribute,
						 &status) != UCOL_OFF &&
			       U_SUCCESS(status);
	}
	return false;
}

int collation_of_options(struct bytes options, struct collation **ret, struct error *e)
{
	struct bson_field field;
	int found = bson_find(options, "collation", &field, e);

	if (found <= 0 || field.type != BSON_KIND_DOCUMENT)
		return MIN_OF(found, 0);
	return collation_open(field.value, ret, e);
}

void collation_close(struct collation *collation)
{
	if (collation == NULL)
		return;
	if (collation->icu != NULL)
		ucol_close(collation->icu);
	buf_release(&collation->wide);
	buf_release(&collation->value);
	free(collation);
}

/* Append the BSON string whose text is the ICU sort key of `text`. */
static int add_sort_key(struct collation *c, struct bytes text, struct buf *to, struct error *e)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t units = 0, len, room = (int32_t)MIN_OF(text.len * 4 + 64, STRING_MAX);
	UChar *wide;
	size_t start = to->len;

	if (text.len > STRING_MAX)
		return error_set(e, ERR_LIMIT, "collation: a string of %zu bytes", text.len);
	buf_reset(&c->wide);
	wide = (UChar *)buf_room(&c->wide, (text.len + 1) * sizeof(*wide));
	u_strFromUTF8WithSub(wide, (int32_t)text.len + 1, &units, (const char *)text.at,
			     (int32_t)text.len, 0xfffd, NULL, &status);
	if (U_FAILURE(status))
		return icu_error(status, "a string", e);
	buf_add_le32(to, 0);
	len = ucol_getSortKey(c->icu, wide, units, buf_room(to, (size_t)room), room);
	if (len > room)
		len = ucol_getSortKey(c->icu, wide, units, buf_room(to, (size_t)len), len);
	if (len <= 0)
		return error_nomem(e, (size_t)room);
	to->len += (size_t)len; /* with its NUL, which a BSON string has too */
	put_le32(to->at + start, (uint32_t)len);
	return 0;
}

/* Append the value with its strings replaced. */
static int translate(struct collation *c, uint8_t type, struct bytes value, unsigned depth,
		     struct buf *to, struct error *e)
{
	struct bson_fields fields = bson_fields(value);
	struct bson_field field;
	size_t start = to->len;
	struct bytes text;
	int more;

	if (type == BSON_KIND_STRING)
		return bson_text(value, &text, e) < 0 ? e->code : add_sort_key(c, text, to, e);
	if (type != BSON_KIND_DOCUMENT && type != BSON_KIND_ARRAY) {
		buf_add_bytes(to, value);
		return 0;
	}
	if (depth == BSON_MAX_NESTING)
		return error_set(e, ERR_LIMIT, "documents nest deeper than %d", BSON_MAX_NESTING);
	buf_add_le32(to, 0);
	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		buf_add_u8(to, field.type);
		buf_add_bytes(to, field.name);
		buf_add_u8(to, 0);
		if (translate(c, field.type, field.value, depth + 1, to, e) < 0)
			return e->code;
	}
	if (more < 0)
		return more;
	buf_add_u8(to, 0);
	put_le32(to->at + start, (uint32_t)(to->len - start));
	return 0;
}

int collation_key(struct collation *collation, uint8_t bson_type, struct bytes value,
		  struct buf *ret, struct error *e)
{
	buf_reset(&collation->value);
	if (translate(collation, bson_type, value, 0, &collation->value, e) < 0)
		return e->code;
	return key_of_value(bson_type, buf_bytes(&collation->value), ret, e);
}

int collation_key_of_document(struct collation *collation, struct bytes doc, struct buf *ret,
			      struct error *e)
{
	struct bson_field field;
	int found = bson_find(doc, "_id", &field, e);

	if (found <= 0)
		return found;
	return collation_key(collation, field.type, field.value, ret, e) < 0 ? e->code : 1;
}

int collation_compare(struct collation *collation, struct bytes a, struct bytes b)
{
	UErrorCode status = U_ZERO_ERROR;
	int order;

	if (bytes_equal(a, b))
		return 0;
	order = (int)ucol_strcollUTF8(collation->icu, (const char *)a.at, (int32_t)a.len,
				      (const char *)b.at, (int32_t)b.len, &status);
	if (status == U_MEMORY_ALLOCATION_ERROR) /* it says "equal" then */
		xnomem();
	return order;
}

struct bytes collation_sort_key(struct collation *collation, struct bytes text)
{
	struct error e;

	buf_reset(&collation->value);
	if (add_sort_key(collation, text, &collation->value, &e) < 0) {
		if (e.code == ERR_NOMEM)
			xnomem();
		return text;
	}
	return bytes_of(collation->value.at + 4, collation->value.len - 5);
}

void collation_icu_version(char ret[COLLATION_VERSION_LEN])
{
	UVersionInfo version;

	u_getVersion(version);
	u_versionToString(version, ret);
}
