#include "query/regex_dialect.h"

#include <ctype.h>
#include <stdlib.h>

/* PCRE2's errors that are looked at. */
enum {
	UNKNOWN_ESCAPE = 103,
	UNKNOWN_OPTION = 111,
	ESCAPE_IN_CLASS = 107,
	MISSING_PARENTHESIS = 114,
	BAD_REFERENCE = 115,
	ZERO_REFERENCE = 126,
	UNSUPPORTED_ESCAPE = 137,
	CLASS_RANGE = 150,
	BACKSLASH_G = 157,
	VERB = 160,
	RECURSION = 158,
	NAME_EXPECTED = 162,
	NO_OCTAL = 164,
	NO_HEX = 167,
	NO_DIGITS = 178,
};

/* The words of PCRE 8, by PCRE2's number less 100. What PCRE 8 does not know is not here. */
static const char *const texts[] = {
	[1] = "\\ at end of pattern",
	[2] = "\\c at end of pattern",
	[3] = "unrecognized character follows \\",
	[4] = "numbers out of order in {} quantifier",
	[5] = "number too big in {} quantifier",
	[6] = "missing terminating ] for character class",
	[7] = "invalid escape sequence in character class",
	[8] = "range out of order in character class",
	[9] = "nothing to repeat",
	[10] = "internal error: unexpected repeat",
	[11] = "unrecognized character after (? or (?-",
	[12] = "POSIX named classes are supported only within a class",
	[13] = "POSIX collating elements are not supported",
	[14] = "missing )",
	[15] = "reference to non-existent subpattern",
	[18] = "missing ) after comment",
	[19] = "parentheses are too deeply nested",
	[20] = "regular expression is too large",
	[21] = "failed to get memory",
	[22] = "unmatched parentheses",
	[23] = "internal error: code overflow",
	[24] = "malformed number or name after (?(",
	[25] = "lookbehind assertion is not fixed length",
	[26] = "a numbered reference must not be zero",
	[27] = "conditional group contains more than two branches",
	[28] = "assertion expected after (?( or (?(?C)",
	[29] = "digit expected after (?+",
	[30] = "unknown POSIX class name",
	[33] = "parentheses are too deeply nested (stack check)",
	[34] = "character value in \\x{} or \\o{} is too large",
	[35] = "lookbehind assertion is not fixed length",
	[36] = "\\C not allowed in lookbehind assertion",
	[37] = "PCRE does not support \\L, \\l, \\N{name}, \\U, or \\u",
	[38] = "number after (?C is > 255",
	[39] = "closing ) for (?C expected",
	[40] = "(*VERB) not recognized or malformed",
	[41] = "unrecognized character after (?P",
	[42] = "syntax error in subpattern name (missing terminator)",
	[43] = "two named subpatterns have the same name",
	[44] = "group name must start with a non-digit",
	[46] = "malformed \\P or \\p sequence",
	[47] = "unknown property name after \\P or \\p",
	[48] = "subpattern name is too long (maximum 32 characters)",
	[49] = "too many named subpatterns (maximum 10000)",
	[50] = "invalid range in character class",
	[51] = "octal value is greater than \\377 in 8-bit non-UTF-8 mode",
	[54] = "DEFINE group contains more than one branch",
	[55] = "missing opening brace after \\o",
	[57] = "\\g is not followed by a braced, angle-bracketed, or quoted name/number or by a "
	       "plain number",
	[58] = "(?R or (?[+-]digits must be followed by )",
	[59] = "an argument is not allowed for (*ACCEPT), (*FAIL), or (*COMMIT)",
	[60] = "(*VERB) not recognized or malformed",
	[61] = "number is too big",
	[62] = "subpattern name expected",
	[64] = "non-octal character in \\o{} (closing brace missing?)",
	[65] = "different names for subpatterns of the same number are not allowed",
	[66] = "(*MARK) must have an argument",
	[67] = "non-hex character in \\x{} (closing brace missing?)",
	[68] = "\\c must be followed by an ASCII character",
	[69] = "\\k is not followed by a braced, angle-bracketed, or quoted name",
	[71] = "\\N is not supported in a class",
	[73] = "disallowed Unicode code point (>= 0xd800 && <= 0xdfff)",
	[74] = "setting UTF is disabled by the application",
	[76] = "name is too long in (*MARK), (*PRUNE), (*SKIP), or (*THEN)",
	[77] = "character value in \\u.... sequence is too large",
	[78] = "digits missing in \\x{} or \\o{}",
	[79] = "malformed number or name after (?(",
	[86] = "regular expression is too complicated",
	[87] = "lookbehind assertion is not fixed length",
	[88] = "regular expression is too large",
	[93] = "PCRE does not support \\L, \\l, \\N{name}, \\U, or \\u",
	[94] = "unrecognized character after (? or (?-",
	[95] = "(*VERB) not recognized or malformed",
	[96] = "(*VERB) not recognized or malformed",
};

static bool is_at(struct bytes pattern, size_t at, const char *text)
{
	size_t len = strlen(text);

	return at <= pattern.len && pattern.len - at >= len &&
	       memcmp(pattern.at + at, text, len) == 0;
}

static bool ends_with(struct bytes pattern, const char *text)
{
	return pattern.len >= strlen(text) && is_at(pattern, pattern.len - strlen(text), text);
}

/* "(?" or "(?i-" at the end: letters of options, where PCRE 8 says so. */
static bool ends_in_options(struct bytes pattern)
{
	size_t at = pattern.len;

	while (at > 0 && pattern.at[at - 1] != 0 && strchr("imsxJUX-", pattern.at[at - 1]) != NULL)
		at--;
	return at >= 2 && is_at(pattern, at - 2, "(?");
}

/* What stands behind the last "\g" decides. */
static const char *text_of_g(struct bytes pattern, size_t at)
{
	for (size_t i = MIN_OF(at, pattern.len); i-- > 0;)
		if (is_at(pattern, i, "\\g"))
			return is_at(pattern, i, "\\g{}") || !(is_at(pattern, i, "\\g{") ||
							       is_at(pattern, i, "\\g<") ||
							       is_at(pattern, i, "\\g'"))
				       ? "a numbered reference must not be zero"
				       : texts[BACKSLASH_G - 100];
	return texts[NAME_EXPECTED - 100];
}

/* "(?1", "(?+1" or "(?-1" without a ) behind it: PCRE 8 looks at that before it asks what is missing elsewhere. */
static bool has_open_recursion(struct bytes pattern)
{
	for (size_t i = 0; i + 2 < pattern.len; i++) {
		size_t digits = i + 2, end;

		if (pattern.at[i] == '\\') {
			i++;
			continue;
		}
		if (!is_at(pattern, i, "(?"))
			continue;
		digits += pattern.at[digits] == '+' || pattern.at[digits] == '-';
		for (end = digits;
		     end < pattern.len && pattern.at[end] >= '0' && pattern.at[end] <= '9';)
			end++;
		if (end > digits && !is_at(pattern, end, ")"))
			return true;
	}
	return false;
}

/* "\g0", "\g00" or "\g{0}" before the place. */
static bool is_zero_group(struct bytes pattern, size_t at)
{
	size_t i = MIN_OF(at, pattern.len);

	while (i > 0 && (pattern.at[i - 1] == '0' || pattern.at[i - 1] == '}'))
		i--;
	if (i == MIN_OF(at, pattern.len) || (at < pattern.len && isdigit(pattern.at[at])))
		return false;
	return (i >= 2 && is_at(pattern, i - 2, "\\g")) ||
	       (i >= 3 && is_at(pattern, i - 3, "\\g{"));
}

/* What PCRE 8 says instead where the pattern ends early; NULL: nothing else. */
static const char *text_of_end(struct bytes pattern, int code)
{
	if (code == NO_DIGITS && ends_with(pattern, "\\x{"))
		return texts[NO_HEX - 100];
	if (code == NO_DIGITS && ends_with(pattern, "\\o{"))
		return texts[NO_OCTAL - 100];
	if (code == NAME_EXPECTED && (ends_with(pattern, "(?'") || ends_with(pattern, "(?P<")))
		return texts[42];
	return NULL;
}

const char *regex_dialect_text(struct bytes pattern, int code, size_t at)
{
	const char *text;

	if (code < 0)
		return "invalid UTF-8 string";
	text = text_of_end(pattern, code);
	if (text != NULL)
		return text;
	if ((code == MISSING_PARENTHESIS || code == BAD_REFERENCE || code == ZERO_REFERENCE) &&
	    has_open_recursion(pattern))
		return texts[RECURSION - 100];
	if (code == BAD_REFERENCE && is_zero_group(pattern, at))
		return texts[ZERO_REFERENCE - 100];
	if (code == MISSING_PARENTHESIS) {
		if (ends_in_options(pattern))
			return "unrecognized character after (? or (?-";
		if (ends_with(pattern, "(?P"))
			return "unrecognized character after (?P";
		if (ends_with(pattern, "(?("))
			return "assertion expected after (?( or (?(?C)";
		if (ends_with(pattern, "(?C"))
			return "closing ) for (?C expected";
	}
	if (code == NAME_EXPECTED && ends_with(pattern, "(?<"))
		return "unrecognized character after (?<";
	if (code == BACKSLASH_G ||
	    (code == NAME_EXPECTED && at >= 3 &&
	     (is_at(pattern, at - 3, "\\g{") || is_at(pattern, at - 4, "\\g{"))))
		return text_of_g(pattern, at);
	if (code == VERB && at >= 2 && is_at(pattern, at - 2, "(*") && at < pattern.len &&
	    pattern.at[at] != ':')
		return "nothing to repeat";
	if (code == BAD_REFERENCE && at >= 2 && is_at(pattern, at - 2, "(0)"))
		return "invalid condition (?(0)";
	if (code > 100 && (size_t)code - 100 < COUNT_OF(texts) && texts[code - 100] != NULL)
		return texts[code - 100];
	return "regular expression is too complicated";
}

bool regex_dialect_is_late(struct bytes pattern, size_t at)
{
	for (size_t back = 1; back <= 4 && back <= at; back++)
		if (is_at(pattern, at - back, "\\"))
			return !is_at(pattern, at - back, "\\k");
	return false;
}

/* The backslash that the error is about; pattern->len when the error is about something else. */
static size_t idle_backslash(const struct buf *pattern, int code, size_t at)
{
	const uint8_t *p = pattern->at;

	if (at == 0 || at > pattern->len)
		return pattern->len;
	if (code == UNKNOWN_ESCAPE || code == ESCAPE_IN_CLASS) {
		if (p[at - 1] == '\\')
			return at - 1;
		if (at > 1 && p[at - 2] == '\\')
			return at - 2;
	}
	if (code == UNSUPPORTED_ESCAPE && at > 1 && p[at - 2] == '\\' && p[at - 1] == 'F')
		return at - 2;
	if (code == BAD_REFERENCE && at < pattern->len && p[at - 1] == '\\' &&
	    (p[at] == '8' || p[at] == '9'))
		return at - 1;
	if (code == BAD_REFERENCE && at > 1 && p[at - 2] == '\\' &&
	    (p[at - 1] == '8' || p[at - 1] == '9')) /* \81 */
		return at - 2;
	return pattern->len;
}

/* Is the letter at the place an X among options, "(?X)" or "(?i-X:"? PCRE 8 has that option (letters after a backslash have to
   mean something), PCRE2 has not. */
static bool is_extra_option(struct bytes pattern, size_t at)
{
	return is_at(pattern, at, "X") && ends_in_options(bytes_of(pattern.at, at));
}

bool regex_dialect_mend(struct buf *pattern, int code, size_t at)
{
	size_t idle = code == UNKNOWN_OPTION && is_extra_option(buf_bytes(pattern), at)
			      ? at
			      : idle_backslash(pattern, code, at);

	if (idle < pattern->len) { /* an escape that means nothing is the letter itself */
		memmove(pattern->at + idle, pattern->at + idle + 1, pattern->len - idle - 1);
		pattern->len--;
		buf_text(pattern);
		return true;
	}
	if (code == CLASS_RANGE && at > 0 && at < pattern->len && pattern->at[at] == '-') {
		buf_add_u8(pattern, 0); /* [\d-z]: the hyphen is itself */
		memmove(pattern->at + at + 1, pattern->at + at, pattern->len - at - 1);
		pattern->at[at] = '\\';
		buf_text(pattern);
		return true;
	}
	return false;
}

/* ---- going over a pattern */

/* The end of what begins at `at` and is not looked into: an escape, \Q..\E, a class, a comment; `at` when it is none of these. */
static size_t over(struct bytes pattern, size_t at)
{
	size_t end = at;

	if (is_at(pattern, at, "\\Q")) {
		for (end = at + 2; end < pattern.len && !is_at(pattern, end, "\\E"); end++)
			continue;
		return MIN_OF(end + 2, pattern.len);
	}
	if (is_at(pattern, at, "\\"))
		return MIN_OF(at + 2, pattern.len);
	if (is_at(pattern, at, "(?#")) {
		while (end < pattern.len && pattern.at[end] != ')')
			end++;
		return MIN_OF(end + 1, pattern.len);
	}
	if (!is_at(pattern, at, "["))
		return at;
	end = at + 1;
	if (is_at(pattern, end, "^"))
		end++;
	if (is_at(pattern, end, "]"))
		end++;
	while (end < pattern.len && pattern.at[end] != ']') {
		if (is_at(pattern, end, "[:")) {
			size_t name = end + 2;

			while (name < pattern.len && pattern.at[name] >= 'a' &&
			       pattern.at[name] <= 'z')
				name++;
			end = is_at(pattern, name, ":]") ? name + 2 : end + 1;
		} else {
			end += is_at(pattern, end, "\\") ? 2 : 1;
		}
	}
	return MIN_OF(end + 1, pattern.len);
}

/* \N{name} and \N{U+41}, but not \N{2}, which repeats. */
static bool is_named_character(struct bytes pattern, size_t at)
{
	if (!is_at(pattern, at, "\\N{"))
		return false;
	for (at += 3; at < pattern.len &&
		      ((pattern.at[at] >= '0' && pattern.at[at] <= '9') || pattern.at[at] == ',');
	     at++)
		continue;
	return !is_at(pattern, at, "}");
}

static const char *refuse_parenthesis(struct bytes pattern, size_t at)
{
	if (is_at(pattern, at, "(*")) {
		uint8_t c = at + 2 < pattern.len ? pattern.at[at + 2] : 0;

		if ((c >= 'a' && c <= 'z') || is_at(pattern, at, "(*NOTEMPTY"))
			return texts[VERB - 100];
	}
	if (is_at(pattern, at, "(?(VERSION"))
		return "malformed number or name after (?(";
	if (is_at(pattern, at, "(?C") && at + 3 < pattern.len && pattern.at[at + 3] != ')' &&
	    (pattern.at[at + 3] < '0' || pattern.at[at + 3] > '9'))
		return "closing ) for (?C expected";
	if (is_at(pattern, at, "(?")) {
		for (at += 2; at < pattern.len && pattern.at[at] != 0 &&
			      strchr("imsxJU-", pattern.at[at]) != NULL;
		     at++)
			continue;
		if (is_at(pattern, at, "n"))
			return "unrecognized character after (? or (?-";
	}
	return NULL;
}

const char *regex_dialect_refuse(struct bytes pattern)
{
	const char *text = NULL;

	for (size_t at = 0; at < pattern.len && text == NULL;) {
		size_t next = over(pattern, at);

		if (is_named_character(pattern, at))
			return texts[UNSUPPORTED_ESCAPE - 100];
		if (next == at) {
			text = pattern.at[at] == '(' ? refuse_parenthesis(pattern, at) : NULL;
			next = at + 1;
		}
		at = next;
	}
	return text;
}

/* ---- recursion */

#define DEPTH_MAX 64 /* groups in each other that are looked at */

/* (?R), (?0), (?12): the group's number, or -1. */
static long asked_group(struct bytes pattern, size_t at)
{
	long number = 0;
	size_t end = at + 2;

	if (is_at(pattern, at, "(?R)"))
		return 0;
	if (!is_at(pattern, at, "(?"))
		return -1;
	for (; end < pattern.len && pattern.at[end] >= '0' && pattern.at[end] <= '9'; end++)
		number = MIN_OF(number * 10 + (pattern.at[end] - '0'), 100000L);
	return end > at + 2 && is_at(pattern, end, ")") ? number : -1;
}

/* Does the parenthesis at `at` capture? */
static bool captures(struct bytes pattern, size_t at)
{
	if (is_at(pattern, at, "(*"))
		return false;
	if (!is_at(pattern, at, "(?"))
		return true;
	return is_at(pattern, at, "(?'") || is_at(pattern, at, "(?P<") ||
	       (is_at(pattern, at, "(?<") && !is_at(pattern, at, "(?<=") &&
		!is_at(pattern, at, "(?<!"));
}

struct open_group {
	long number;  /* -1: does not capture */
	size_t begin; /* its parenthesis */
};

static void cut_out(struct bytes pattern, size_t begin, size_t end, size_t depth, struct buf *ret)
{
	buf_reset(ret);
	buf_add(ret, pattern.at + begin, end - begin);
	for (; depth > 0; depth--)
		buf_add_u8(ret, ')');
	buf_text(ret);
}

int regex_dialect_recursion(struct bytes pattern, size_t *from, struct buf *ret)
{
	struct open_group open[DEPTH_MAX] = {{0, 0}}; /* the whole is group 0 */
	size_t depth = 1, at = 0, next;
	long count = 0;

	for (; at < pattern.len; at = next) {
		long group = asked_group(pattern, at);

		next = over(pattern, at);
		if (next > at)
			continue;
		next = at + 1;
		for (size_t i = 0; group >= 0 && at >= *from && i < depth; i++)
			if (open[i].number == group) {
				*from = next;
				cut_out(pattern, open[i].begin, at, depth - MAX_OF(i, 1u), ret);
				return 1;
			}
		if (pattern.at[at] == '(') {
			bool has_number = captures(pattern, at);

			if (depth == DEPTH_MAX)
				return 0;
			count += has_number;
			open[depth++] = (struct open_group){has_number ? count : -1, at};
		} else if (pattern.at[at] == ')' && depth > 1) {
			depth--;
		}
	}
	return 0;
}
