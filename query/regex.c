#include "query/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "query/regex_dialect.h"

/* mongod builds its PCRE with these. */
#define MATCH_LIMIT 200000
#define DEPTH_LIMIT 4001 /* of 4000: PCRE2 counts one more than PCRE 8 for a group */

struct regex {
	pcre2_code *code;
	uint32_t groups;
};

char regex_parse_options(struct bytes letters, unsigned *ret)
{
	unsigned options = 0;

	for (size_t i = 0; i < letters.len; i++) {
		switch (letters.at[i]) {
		case 'i':
			options |= REGEX_CASELESS;
			break;
		case 'm':
			options |= REGEX_MULTILINE;
			break;
		case 's':
			options |= REGEX_DOTALL;
			break;
		case 'x':
			options |= REGEX_EXTENDED;
			break;
		case 'u':
			break;
		default:
			return (char)letters.at[i];
		}
	}
	*ret = options;
	return 0;
}

static uint32_t pcre_options(unsigned options)
{
	return PCRE2_UTF | (options & REGEX_CASELESS ? PCRE2_CASELESS : 0u) |
	       (options & REGEX_MULTILINE ? PCRE2_MULTILINE : 0u) |
	       (options & REGEX_DOTALL ? PCRE2_DOTALL : 0u) |
	       (options & REGEX_EXTENDED ? PCRE2_EXTENDED : 0u);
}

DEFINE_OWNED(pcre2_compile_context *, pcre2_compile_context_free);

static pcre2_code *compile(struct buf *pattern, unsigned options, pcre2_general_context *memory,
			   int *ret_code, size_t *ret_at)
{
	OWNED(pcre2_compile_context_free)
	pcre2_compile_context *context = pcre2_compile_context_create(memory);
	pcre2_code *code;

	if (context == NULL)
		xnomem();
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_set_bsr(context, PCRE2_BSR_UNICODE);
#ifdef PCRE2_EXTRA_ALLOW_LOOKAROUND_BSK
	pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALLOW_LOOKAROUND_BSK);
#endif
	do {
		code = pcre2_compile(pattern->at, pattern->len, pcre_options(options), ret_code,
				     ret_at, context);
	} while (code == NULL && regex_dialect_mend(pattern, *ret_code, *ret_at));
	if (code == NULL && *ret_code == PCRE2_ERROR_HEAP_FAILED)
		xnomem();
	return code;
}

#define UNMATCHED_PARENTHESIS 122
#define BAD_REFERENCE 115

/* PCRE 8 reads a pattern once: a reference to no group that stands before the parenthesis at `at` is found first. */
static void prefer_reference(const struct buf *pattern, unsigned options, size_t at, int *error)
{
	OWNED(buf_release) struct buf part = {0};
	pcre2_code *code;
	int earlier = 0;
	size_t place = 0;

	buf_add(&part, pattern->at, MIN_OF(at, pattern->len));
	buf_text(&part);
	code = compile(&part, options, NULL, &earlier, &place);
	if (code == NULL && earlier == BAD_REFERENCE &&
	    !regex_dialect_is_late(buf_bytes(&part), place))
		*error = BAD_REFERENCE;
	pcre2_code_free(code);
}

/* Does the pattern match the empty text? */
static bool matches_nothing(struct buf *pattern, unsigned options)
{
	size_t at;
	int error;
	bool result = false;
	pcre2_code *code = compile(pattern, options, NULL, &error, &at);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);

	if (data == NULL)
		xnomem();
	if (code != NULL)
		result = pcre2_match(code, (const uint8_t *)"", 0, 0, 0, data, NULL) >= 0;
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	return result;
}

/* Does a group ask for itself before anything was matched? */
static bool has_loop(struct bytes pattern, unsigned options)
{
	OWNED(buf_release) struct buf part = {0};
	size_t from = 0;

	while (regex_dialect_recursion(pattern, &from, &part) == 1)
		if (matches_nothing(&part, options))
			return true;
	return false;
}

/* Where the pattern proper begins, behind (*UCP) and the like. */
static size_t behind_verbs(struct bytes pattern)
{
	size_t at = 0;

	while (at + 1 < pattern.len && pattern.at[at] == '(' && pattern.at[at + 1] == '*') {
		const uint8_t *end = memchr(pattern.at + at, ')', pattern.len - at);

		if (end == NULL)
			break;
		at = (size_t)(end - pattern.at) + 1;
	}
	return at;
}

/* What is left open at the pattern's end (a comment, a \Q) takes in a parenthesis behind it: the text of that error, or NULL. */
static const char *left_open(struct bytes pattern, unsigned options)
{
	OWNED(buf_release) struct buf wrapped = {0};
	size_t at = 0, verbs = behind_verbs(pattern);
	pcre2_code *code;
	int error = 0;

	buf_add(&wrapped, pattern.at, verbs);
	buf_add_bytes(&wrapped, bytes_str("(?:"));
	buf_add(&wrapped, pattern.at + verbs, pattern.len - verbs);
	buf_add_bytes(&wrapped, bytes_str(")\\z"));
	buf_text(&wrapped);
	code = compile(&wrapped, options, NULL, &error, &at);
	if (code == NULL)
		return regex_dialect_text(buf_bytes(&wrapped), error, at);
	pcre2_code_free(code);
	return NULL;
}

/* Compile into `regex`; false when the pattern is invalid. */
static bool make(struct regex *regex, struct bytes pattern, unsigned options,
		 pcre2_general_context *memory, const char **ret_text, size_t *ret_at)
{
	OWNED(buf_release) struct buf copy = {0};
	const uint8_t *nul = pattern.len == 0 ? NULL : memchr(pattern.at, 0, pattern.len);
	size_t at = 0;
	int error = 0;

	buf_add(&copy, pattern.at, nul == NULL ? pattern.len : (size_t)(nul - pattern.at));
	buf_text(&copy);
	*ret_text = regex_dialect_refuse(buf_bytes(&copy));
	if (*ret_text == NULL) {
		regex->code = compile(&copy, options, memory, &error, &at);
		if (regex->code == NULL && error == UNMATCHED_PARENTHESIS)
			prefer_reference(&copy, options, at, &error);
		if (regex->code == NULL)
			*ret_text = regex_dialect_text(buf_bytes(&copy), error, at);
		else if (has_loop(buf_bytes(&copy), options))
			*ret_text = REGEX_DIALECT_LOOP;
		else if ((options & REGEX_CLOSED) != 0)
			*ret_text = left_open(buf_bytes(&copy), options);
	}
	if (*ret_text != NULL) {
		if (ret_at != NULL)
			*ret_at = at;
		return false;
	}
	pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
	return true;
}

struct regex *regex_new(struct bytes pattern, unsigned options, const char **ret_text,
			size_t *ret_at)
{
	OWNED(regex_free) struct regex *regex = xcalloc(1, sizeof(*regex));

	if (!make(regex, pattern, options, NULL, ret_text, ret_at))
		return NULL;
	return TAKE(regex);
}

static void *arena_allocate(size_t size, void *arena)
{
	return arena_get(arena, size);
}

static void arena_keep(void *block, void *arena)
{
	(void)block;
	(void)arena;
}

const struct regex *regex_new_in(struct arena *arena, struct bytes pattern, unsigned options,
				 const char **ret_text, size_t *ret_at)
{
	struct regex *regex = arena_zeroed(arena, sizeof(*regex));
	pcre2_general_context *memory =
		pcre2_general_context_create(arena_allocate, arena_keep, arena);

	return make(regex, pattern, options, memory, ret_text, ret_at) ? regex : NULL;
}

void regex_free(struct regex *regex)
{
	if (regex == NULL)
		return;
	pcre2_code_free(regex->code);
	free(regex);
}

size_t regex_group_count(const struct regex *regex)
{
	return regex->groups;
}

/* What a thread needs to match: made at its first match, freed when it ends. */
struct scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	uint32_t pairs;
};

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void scratch_free(void *slot)
{
	struct scratch *scratch = slot;

	pcre2_match_data_free(scratch->data);
	pcre2_match_context_free(scratch->context);
	free(scratch);
}

static void scratch_make_key(void)
{
	if (pthread_key_create(&scratch_key, scratch_free) != 0)
		xnomem();
}

static struct scratch *scratch_of_thread(uint32_t pairs)
{
	struct scratch *scratch;

	pthread_once(&scratch_once, scratch_make_key);
	scratch = pthread_getspecific(scratch_key);
	if (scratch == NULL) {
		scratch = xcalloc(1, sizeof(*scratch));
		scratch->context = pcre2_match_context_create(NULL);
		if (scratch->context == NULL)
			xnomem();
		pcre2_set_match_limit(scratch->context, MATCH_LIMIT);
		pcre2_set_depth_limit(scratch->context, DEPTH_LIMIT);
		if (pthread_setspecific(scratch_key, scratch) != 0)
			xnomem();
	}
	if (scratch->pairs < pairs || scratch->data == NULL) {
		pcre2_match_data_free(scratch->data);
		scratch->pairs = MAX_OF(pairs, 16u);
		scratch->data = pcre2_match_data_create(scratch->pairs, NULL);
		if (scratch->data == NULL)
			xnomem();
	}
	return scratch;
}

/* The result code of PCRE 8 for one of PCRE2. */
static int old_code(int code)
{
	switch (code) {
	case PCRE2_ERROR_MATCHLIMIT:
		return -8;
	case PCRE2_ERROR_DEPTHLIMIT:
	case PCRE2_ERROR_HEAPLIMIT:
		return -21;
	case PCRE2_ERROR_RECURSELOOP:
		return -26;
	case PCRE2_ERROR_BADUTFOFFSET:
		return -11;
	default:
		return code <= PCRE2_ERROR_UTF8_ERR1 && code >= PCRE2_ERROR_UTF8_ERR21 ? -10 : -14;
	}
}

static int search(const struct regex *regex, struct bytes text, size_t start, struct scratch **ret)
{
	struct scratch *scratch = scratch_of_thread(regex->groups + 1);
	const uint8_t *at = text.at == NULL ? (const uint8_t *)"" : text.at;
	int code;

	if (start < text.len && start > 0 && (at[start] & 0xc0) == 0x80) /* behind a \C */
		return old_code(PCRE2_ERROR_BADUTFOFFSET);
	code = pcre2_match(regex->code, at, text.len, start, start > 0 ? PCRE2_NO_UTF_CHECK : 0,
			   scratch->data, scratch->context);

	*ret = scratch;
	if (code ==
	    PCRE2_ERROR_NOMEMORY) /* neither "no match" nor an error that mongod would tell */
		xnomem();
	if (code == PCRE2_ERROR_NOMATCH || code == PCRE2_ERROR_PARTIAL)
		return 0;
	return code < 0 ? old_code(code) : 1;
}

bool regex_test(const struct regex *regex, struct bytes text)
{
	struct scratch *scratch;

	return search(regex, text, 0, &scratch) == 1;
}

int regex_find(const struct regex *regex, struct bytes text, size_t start, struct regex_span *spans)
{
	struct scratch *scratch;
	const size_t *found;
	int result = search(regex, text, start, &scratch);

	if (result != 1)
		return result;
	found = pcre2_get_ovector_pointer(scratch->data);
	for (uint32_t i = 0; i <= regex->groups; i++)
		spans[i] = found[2 * i] == PCRE2_UNSET
				   ? (struct regex_span){REGEX_UNSET, REGEX_UNSET}
				   : (struct regex_span){found[2 * i], found[2 * i + 1]};
	return 1;
}

int regex_prefix(struct bytes pattern, unsigned options, struct bytes *ret)
{
	size_t len = 0;

	if (pattern.len < 2 || pattern.at[0] != '^' ||
	    (options & (REGEX_CASELESS | REGEX_MULTILINE | REGEX_EXTENDED)) != 0)
		return 0;
	if (memchr(pattern.at, '|', pattern.len) != NULL)
		return 0;
	while (1 + len < pattern.len && strchr("\\^$.[]|()?*+{}", pattern.at[1 + len]) == NULL)
		len++;
	/* What repeats may be there zero times; of a character of several bytes all go. */
	if (1 + len < pattern.len && strchr("?*{", pattern.at[1 + len]) != NULL && len > 0) {
		while (len > 0 && (pattern.at[len] & 0xc0) == 0x80)
			len--;
		if (len > 0)
			len--;
	}
	*ret = bytes_of(pattern.at + 1, len);
	return len > 0;
}

const char *regex_library(void)
{
	static char text[64]; /* always the same bytes, whoever writes them */

	if (pcre2_config(PCRE2_CONFIG_VERSION, NULL) > (int)sizeof(text) ||
	    pcre2_config(PCRE2_CONFIG_VERSION, text) < 0)
		return "?";
	return text;
}
