#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <ctype.h>
#include <pthread.h>

#include "query/expr/expr_date_grammar.h"
#include "query/expr/expr_date_read.h"

/*
 * Texts of dates in any form: a list of rules, of which at each place the one is taken that matches most (of two that match the same the first).
 * The rules are timelib's; what a rule does with its text is a little program, a letter for each step (see run()).
 */

#define UNSET EXPR_DATE_READ_UNSET

struct scan {
	struct expr_date_read *r;
	const char *text; /* with a NUL behind it, which is read, too */
	size_t len;
	size_t begin, end;     /* of the rule's part */
	const char *part, *at; /* a copy of the part, and where it is read */
};

struct rule {
	const char *pattern;
	const char *program;		/* or */
	void (*special)(struct scan *); /* what no program can do */
};

static void error_at(struct scan *in, const char *text)
{
	expr_date_read_error(in->r, text, in->begin, in->text[in->begin]);
}

/* ---- what programs are made of */

static bool have_time(struct scan *in)
{
	struct expr_date_read *r = in->r;

	if (r->have_time != 0) {
		error_at(in, "Double time specification");
		return false;
	}
	r->have_time = 1;
	r->hour = r->minute = r->second = r->microsecond = 0;
	return true;
}

static void forget_time(struct expr_date_read *r)
{
	r->have_time = 0;
	r->hour = r->minute = r->second = r->microsecond = 0;
}

static bool have_date(struct scan *in)
{
	if (in->r->have_date != 0) {
		error_at(in, "Double date specification");
		return false;
	}
	in->r->have_date = 1;
	return true;
}

static bool have_zone(struct scan *in)
{
	static const char text[] = "Double timezone specification";

	if (in->r->have_zone++ == 0)
		return true;
	if (in->r->have_zone > 2)
		error_at(in, text);
	else
		expr_date_read_warning(in->r, text, in->begin, in->text[in->begin]);
	return false;
}

/* Years of less than four digits are of this century or the last. */
static int64_t year(struct scan *in, int most)
{
	int len = 0;
	int64_t number = expr_date_read_number(&in->at, most, &len);

	if (number == UNSET || len >= 4 || number >= 100)
		return number;
	return number + (number < 70 ? 2000 : 1900);
}

static void zone(struct scan *in)
{
	if (!expr_date_read_zone(&in->at, in->r))
		error_at(in, "passing a time zone identifier as part of the string is not allowed");
}

static int64_t number(struct scan *in, int most)
{
	return expr_date_read_number(&in->at, most, NULL);
}

/* One step that reads; true when `step` was one. */
static bool read_step(struct scan *in, char step)
{
	struct expr_date_read *r = in->r;

	switch (step) {
	case 'y':
		r->year = year(in, 4);
		return true;
	case 'p':
		r->year = year(in, 2);
		return true;
	case 'Y':
		r->year = number(in, 4);
		return true;
	case 'S':
		r->year = expr_date_read_signed(&in->at, 4);
		return true;
	case 'X':
		r->year = expr_date_read_signed(&in->at, 19);
		return true;
	case 'm':
		r->month = number(in, 2);
		return true;
	case 'd':
		r->day = number(in, 2);
		return true;
	case 'o': /* of the year; mongod's timelib does not carry it into the months */
		r->day = number(in, 3);
		r->month = 1;
		return true;
	case '1':
		r->day = 1;
		return true;
	case 'M':
		r->month = expr_date_read_month(&in->at);
		return true;
	case 's':
		if (strlen(in->at) >= 2 && strchr("nrst", tolower((uint8_t)in->at[0])) != NULL)
			in->at += 2;
		return true;
	default:
		return false;
	}
}

static bool time_step(struct scan *in, char step)
{
	struct expr_date_read *r = in->r;

	switch (step) {
	case 'H':
		r->hour = number(in, 2);
		return true;
	case 'I':
		r->minute = number(in, 2);
		return true;
	case 'C':
		r->second = number(in, 2);
		return true;
	case 'F':
		r->microsecond = expr_date_read_fraction(&in->at);
		return true;
	case 'a':
		r->hour += expr_date_read_meridian(&in->at, r->hour);
		return true;
	case 'z':
		if (*in->at != 0)
			zone(in);
		return true;
	case 'Z':
		zone(in);
		return true;
	default:
		return false;
	}
}

/* Where the part in brackets that begins at `program` ends. */
static const char *skip(const char *program)
{
	int depth = 0;

	do {
		depth += *program != 0 && strchr("([{/", *program) != NULL;
		depth -= *program == ')';
	} while (*program++ != 0 && depth > 0);
	return program;
}

/*
 * D have_date, T have_time; letters as in read_step() and time_step(). A part in brackets is run when the next character is one of:
 * ( : or .    [ :    { .    / /    and ends with ) in each case.
 */
static void run(struct scan *in, const char *program)
{
	while (*program != 0) {
		char step = *program, next = *in->at;
		bool enter = (step == '(' && (next == ':' || next == '.')) ||
			     (step == '[' && next == ':') || (step == '{' && next == '.') ||
			     (step == '/' && next == '/');

		if (strchr("([{/", step) != NULL && !enter) {
			program = skip(program);
			continue;
		}
		program++;
		if ((step == 'D' && !have_date(in)) || (step == 'T' && !have_time(in)))
			return;
		if (!read_step(in, step))
			time_step(in, step);
	}
}

/* ---- what is no program */

static void yesterday(struct scan *in)
{
	in->r->have_relative = true;
	forget_time(in->r);
	in->r->relative.day = -1;
}

static void tomorrow(struct scan *in)
{
	in->r->have_relative = true;
	forget_time(in->r);
	in->r->relative.day = 1;
}

static void noon(struct scan *in)
{
	forget_time(in->r);
	if (have_time(in))
		in->r->hour = 12;
}

static void midnight(struct scan *in)
{
	forget_time(in->r);
}

/* What timelib counts wraps around; a sum that is out of bounds is refused later. */
static int64_t wrapped_sum(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t negative(int64_t v)
{
	return (int64_t)(0 - (uint64_t)v);
}

static void timestamp(struct scan *in)
{
	struct expr_date_read *r = in->r;
	bool is_negative = in->at[1] == '-';
	int64_t fraction;
	int len = 0;

	r->have_relative = true;
	r->have_date = 0;
	r->day = r->month = r->year = 0;
	forget_time(r);
	if (!have_zone(in))
		return;
	r->year = 1970;
	r->month = r->day = 1;
	r->relative.second = wrapped_sum(r->relative.second, expr_date_read_signed(&in->at, 24));
	r->zone = EXPR_DATE_READ_OFFSET;
	r->offset = 0;
	if (*in->at != '.')
		return;
	fraction = expr_date_read_number(&in->at, 6, &len);
	if (fraction == UNSET) {
		error_at(in, "Found unexpected data");
		fraction = 0;
	}
	for (; len < 6; len++)
		fraction *= 10;
	r->relative.microsecond = is_negative ? -fraction : fraction;
}

static void day_of_month(struct scan *in)
{
	in->r->have_relative = true;
	forget_time(in->r);
	in->r->relative.of_month = *in->at == 'l' || *in->at == 'L' ? 2 : 1;
}

static void back_or_front(struct scan *in)
{
	struct expr_date_read *r = in->r;
	bool back = *in->at == 'b';

	forget_time(r);
	if (!have_time(in))
		return;
	r->hour = number(in, 2) - (back ? 0 : 1);
	r->minute = back ? 15 : 45;
	if (*in->at != 0)
		r->hour += expr_date_read_meridian(&in->at, r->hour);
}

static void eat_blanks(struct scan *in)
{
	while (*in->at == ' ' || *in->at == '\t')
		in->at++;
}

static void weekday_of(struct scan *in)
{
	struct expr_date_read *r = in->r;
	int behavior = 0;
	int64_t amount = expr_date_read_count(&in->at, &behavior);

	r->have_relative = true;
	eat_blanks(in);
	r->relative.special =
		amount > 0 ? EXPR_DATE_READ_NTH_IN_MONTH : EXPR_DATE_READ_LAST_IN_MONTH;
	expr_date_read_unit(&in->at, amount, amount > 0 ? 1 : behavior, false, r);
}

/* Four digits are a time, then a year. */
static void four_digits(struct scan *in)
{
	struct expr_date_read *r = in->r;

	if (r->have_time == 0) {
		r->hour = number(in, 2);
		r->minute = number(in, 2);
		r->second = 0;
	} else if (r->have_time == 1) {
		r->year = number(in, 4);
	} else {
		error_at(in, "Double time specification");
		return;
	}
	r->have_time++;
}

static void iso_week(struct scan *in)
{
	struct expr_date_read *r = in->r;
	int64_t week, day;

	if (!have_date(in))
		return;
	r->have_relative = true;
	r->year = number(in, 4);
	week = number(in, 2);
	day = number(in, 1);
	if (day == UNSET)
		day = 1;
	r->month = r->day = 1;
	r->relative.day =
		expr_calendar_iso_days(r->year, week, day) - expr_calendar_days(r->year, 1, 1);
}

static void ago(struct scan *in)
{
	struct expr_date_read_relative *to = &in->r->relative;

	to->year = negative(to->year);
	to->month = negative(to->month);
	to->day = negative(to->day);
	to->hour = negative(to->hour);
	to->minute = negative(to->minute);
	to->second = negative(to->second);
	to->weekday = to->weekday == 0 ? -7 : -to->weekday;
	if (to->special == EXPR_DATE_READ_WEEKDAYS)
		to->special_amount = negative(to->special_amount);
}

static void weekday(struct scan *in)
{
	expr_date_read_weekday(&in->at, in->r);
}

static void words(struct scan *in, bool is_week)
{
	struct expr_date_read *r = in->r;
	int behavior = 0;

	r->have_relative = true;
	while (*in->at != 0) {
		int64_t amount = expr_date_read_count(&in->at, &behavior);
		const char *before;

		eat_blanks(in);
		before = in->at;
		expr_date_read_unit(&in->at, amount, behavior, false, r);
		if (is_week) {
			r->relative.weekday_behavior = 2;
			if (!r->relative.has_weekday) {
				r->relative.has_weekday = true;
				r->relative.weekday = 1;
			}
		}
		if (in->at == before)
			return;
	}
}

static void relative_words(struct scan *in)
{
	words(in, false);
}

static void relative_week(struct scan *in)
{
	words(in, true);
}

static void relative(struct scan *in)
{
	in->r->have_relative = true;
	while (*in->at != 0) {
		int64_t amount = expr_date_read_signed(&in->at, 24);

		eat_blanks(in);
		expr_date_read_unit(&in->at, amount, 1, true, in->r);
	}
}

static void zone_alone(struct scan *in)
{
	if (have_zone(in))
		zone(in);
}

static void nothing(struct scan *in)
{
	(void)in;
}

static void unexpected(struct scan *in)
{
	error_at(in, "Unexpected character");
}

/* ---- the rules */

static const struct rule rules[] = {
	{"(?i:yesterday)", NULL, yesterday},
	{"(?i:now)", NULL, nothing},
	{"(?i:noon)", NULL, noon},
	{"(?i:midnight|today)", NULL, midnight},
	{"(?i:tomorrow)", NULL, tomorrow},
	{"@-?[0-9]+(?:\\.[0-9]{0,6})?", NULL, timestamp},
	{"(?i:(?:first|last) day of)", NULL, day_of_month},
	{"(?i:back of |front of )" HOUR24 "(?:(?:" SPACE ")?" MERIDIAN ")?", NULL, back_or_front},
	{"(?i:(?:" COUNTWORD "|" THATWORD ")" SPACE DAYNAME SPACE "of)", NULL, weekday_of},
	{HOUR12 "(?:" SPACE ")?" MERIDIAN "|" TIME12, "TH(I(C))a", NULL},
	{HOUR12 ":" MINUTELZ ":" SECONDLZ "[:.][0-9]+" MERIDIAN, "THI(C(F))a", NULL},
	{"[tT]" HOUR24 "|" TIME24 "|[tT]?" HOUR24 "[:.]" MINUTE "[:.]" SECOND FRAC, "TH(I(C{F)))z",
	 NULL},
	{"[tT]?" HOUR24LZ MINUTELZ, NULL, four_digits},
	{"[tT]?" HOUR24LZ MINUTELZ SECONDLZ, "THICz", NULL},
	{MONTH "/" DAY "(?:/" YEAR ")?", "Dmd/y)", NULL},
	{"[+-]?" YEAR4 "-" MONTHLZ "-" DAYLZ "|" YEAR4 "/" MONTHLZ "/" DAYLZ "/?|" YEAR4 "/" MONTH
	 "/" DAY,
	 "DSmd", NULL},
	{"[0-9]{2}-" MONTHLZ "-" DAYLZ, "Dymd", NULL},
	{"[+-][0-9]{5,19}-" MONTHLZ "-" DAYLZ, "DXmd", NULL},
	{YEAR4 "-" MONTH, "Dym1", NULL},
	{YEAR "-" MONTH "-" DAY, "Dymd", NULL},
	{DAY "[ \\t.-]*" MONTHTEXT "[ \\t.-]*" YEAR, "DdsMy", NULL},
	{DAY "[.\\t-]" MONTH "[.-]" YEAR4, "DdmY", NULL},
	{DAY "[.\\t]" MONTH "\\.[0-9]{2}", "Ddmp", NULL},
	{MONTHTEXT "[ .\\t-]*" YEAR4, "DMy1", NULL},
	{YEAR4 "[ .\\t-]*" MONTHTEXT, "DyM1", NULL},
	{MONTHTEXT "[ .\\t-]*" DAY "[,.stndrh\\t ]+" YEAR "|" NOYEAR, "DMdy", NULL},
	{DAY "[ .\\t-]*" MONTHTEXT, "DdsM", NULL},
	{YEAR4 MONTHLZ DAYLZ, "DYmd", NULL},
	{YEAR4 MONTHLZ DAYLZ "T" HOUR24 ":" MINUTELZ ":" SECONDLZ "|" YEAR4 MONTHLZ DAYLZ
			     "[tT]" HOUR24 MINUTELZ SECONDLZ "|" YEAR4 "-" MONTHLZ "-" DAYLZ
			     "T" HOUR24LZ ":" MINUTELZ ":" SECONDLZ FRAC "(?:" CORRECTION
			     ")?|" YEAR4 "-" MONTH "-" DAY "T" HOUR24 ":" MINUTE ":" SECOND
			     "|" YEAR4 ":" MONTHLZ ":" DAYLZ " " HOUR24LZ ":" MINUTELZ ":" SECONDLZ,
	 "TDYmdHIC{Fz)", NULL},
	{YEAR4 "[.-]?" DAYOFYEAR, "Dyo", NULL},
	{YEAR4 "-?W" WEEKOFYEAR "(?:-?[0-7])?", NULL, iso_week},
	{"(?i:" MONTHABBR ")-" DAYLZ "-" YEAR, "DMdy", NULL},
	{YEAR "-(?i:" MONTHABBR ")-" DAYLZ, "DyMd", NULL},
	{DAY "/(?i:" MONTHABBR ")/" YEAR4 ":" HOUR24LZ ":" MINUTELZ ":" SECONDLZ SPACE CORRECTION,
	 "TDdMYHICZ", NULL},
	{YEAR4, "Y", NULL},
	{"(?i:ago)", NULL, ago},
	{DAYTEXT, NULL, weekday},
	{"(?i:(?:" THATWORD ")" SPACE "week)", NULL, relative_week},
	{"(?i:(?:" COUNTWORD "|" THATWORD ")" SPACE UNITWORD ")", NULL, relative_words},
	{"(?i:" MONTHFULL "|" MONTHABBR ")", "DM", NULL},
	{CORRECTION "|" ZONE, NULL, zone_alone},
	{NOYEAR "(?:" TIME12 ")", "DMdTHI(C{F))a", NULL},
	{NOYEAR "(?:" TIME24 "|[tT]?" HOUR24 "[:.]" MINUTE "[:.]" SECONDLZ "(?:" SPACE
		")?(?:" CORRECTION "|" ZONE "))",
	 "DMdTHI[C{F))z", NULL},
	{"[+-]*[ \\t]*[0-9]{1,13}(?:" SPACE ")?(?i:" UNITWORD "|week)", NULL, relative},
	{"[ .,\\t\\x00\\n]", NULL, nothing},
	{"[\\x00-\\xff]", NULL, unexpected},
};

static pcre2_code *compiled[COUNT_OF(rules)];
static const uint8_t *starts[COUNT_OF(rules)]; /* bits of the bytes that can be first, or NULL */
static pthread_once_t compile_once = PTHREAD_ONCE_INIT;

static void compile(void)
{
	for (size_t i = 0; i < COUNT_OF(rules); i++) {
		size_t at;
		int error;

		compiled[i] =
			pcre2_compile((const uint8_t *)rules[i].pattern, PCRE2_ZERO_TERMINATED,
				      PCRE2_ANCHORED | PCRE2_DOTALL, &error, &at, NULL);
		if (compiled[i] == NULL ||
		    pcre2_pattern_info(compiled[i], PCRE2_INFO_FIRSTBITMAP, &starts[i]) != 0)
			xnomem();
	}
}

DEFINE_OWNED(pcre2_match_data *, pcre2_match_data_free);

/* The rule that matches most at in->begin; sets in->end. */
static const struct rule *longest(struct scan *in, pcre2_match_data *data)
{
	const struct rule *best = &rules[COUNT_OF(rules) - 1];
	uint8_t first = (uint8_t)in->text[in->begin];
	int workspace[400];

	in->end = in->begin + 1;
	for (size_t i = 0; i < COUNT_OF(rules) - 1; i++) {
		size_t end;

		if (starts[i] != NULL && (starts[i][first / 8] >> first % 8 & 1) == 0)
			continue;
		if (pcre2_dfa_match(compiled[i], (const uint8_t *)in->text, in->len + 1, in->begin,
				    PCRE2_ANCHORED, data, NULL, workspace, COUNT_OF(workspace)) < 0)
			continue;
		end = pcre2_get_ovector_pointer(data)[1];
		if (end > in->end || (end == in->end && best == &rules[COUNT_OF(rules) - 1])) {
			in->end = end;
			best = &rules[i];
		}
	}
	return best;
}

static bool is_blank(char c)
{
	return isspace((uint8_t)c) != 0;
}

static void scan_all(struct scan *in)
{
	OWNED(pcre2_match_data_free) pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	OWNED(buf_release) struct buf part = {0};

	if (data == NULL)
		xnomem();
	for (in->begin = 0; in->begin <= in->len; in->begin = in->end) {
		const struct rule *rule = longest(in, data);

		buf_reset(&part);
		buf_add(&part, in->text + in->begin, in->end - in->begin);
		in->part = in->at = buf_text(&part);
		if (rule->program != NULL)
			run(in, rule->program);
		else
			rule->special(in);
	}
}

void expr_date_read_free(struct expr_date_read *r, struct bytes text)
{
	OWNED(buf_release) struct buf copy = {0};
	struct scan in = {.r = r};
	size_t end;

	while (text.len > 1 && is_blank((char)text.at[0]))
		text = bytes_of(text.at + 1, text.len - 1);
	while (text.len > 1 && is_blank((char)text.at[text.len - 1]))
		text.len--;
	if (text.len == 0) {
		expr_date_read_error(r, "Empty string", 0, 0);
		return;
	}
	pthread_once(&compile_once, compile);
	buf_add_bytes(&copy, text);
	in.text = buf_text(&copy);
	in.len = text.len;
	scan_all(&in);
	end = in.len + 1;
	if (r->have_time != 0 && !expr_date_read_is_time(r))
		expr_date_read_warning(r, "The parsed time was invalid", end, 0);
	if (r->have_date != 0 && !expr_date_read_is_date(r))
		expr_date_read_warning(r, "The parsed date was invalid", end, 0);
}
