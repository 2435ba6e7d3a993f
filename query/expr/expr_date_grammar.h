/*
 * expr_date_grammar.h - inside the reading of dates: the words and numbers that its rules are made of, as regular expressions.
 *
 * Of timelib's grammar; used once, in expr_date_free.c.
 *
 * Threads: pure.
 */
#ifndef QUERY_EXPR_EXPR_DATE_GRAMMAR_H
#define QUERY_EXPR_EXPR_DATE_GRAMMAR_H

#define SPACE "[ \\t]+"
#define FRAC "\\.[0-9]+"
#define HOUR24 "(?:[01]?[0-9]|2[0-4])"
#define HOUR24LZ "(?:[01][0-9]|2[0-4])"
#define HOUR12 "(?:0?[1-9]|1[0-2])"
#define MINUTE "[0-5]?[0-9]"
#define MINUTELZ "[0-5][0-9]"
#define SECOND "(?:[0-5]?[0-9]|60)"
#define SECONDLZ "(?:[0-5][0-9]|60)"
#define MERIDIAN "[AaPp]\\.?[Mm]\\.?[\\x00\\t ]"
#define ZONE "(?:\\(?[A-Za-z]{1,6}\\)?|[A-Z][a-z]+(?:[_/-][A-Za-z]+)+)"
#define CORRECTION                                                                                 \
	"(?:GMT)?[+-](?:" HOUR24 "(?::?" MINUTE ")?|" HOUR24LZ MINUTELZ SECONDLZ "|" HOUR24LZ      \
	":" MINUTELZ ":" SECONDLZ ")"
#define MONTH "(?:0?[0-9]|1[0-2])"
#define MONTHLZ "(?:0[0-9]|1[0-2])"
#define DAY "(?:[0-2]?[0-9]|3[01])(?:st|nd|rd|th)?"
#define DAYLZ "(?:0[0-9]|[1-2][0-9]|3[01])"
#define YEAR "[0-9]{1,4}"
#define YEAR4 "[0-9]{4}"
#define DAYOFYEAR "(?:00[1-9]|0[1-9][0-9]|[12][0-9][0-9]|3[0-5][0-9]|36[0-6])"
#define WEEKOFYEAR "(?:0[1-9]|[1-4][0-9]|5[0-3])"
#define DAYFULL "(?:sun|mon|tues|wednes|thurs|fri|satur)day"
#define DAYNAME "(?:" DAYFULL "s?|sun|mon|tue|wed|thu|fri|sat)"
#define DAYTEXT "(?i:" DAYNAME "|weekdays?)"
#define MONTHFULL                                                                                  \
	"january|february|march|april|may|june|july|august|september|october|november|december"
#define MONTHABBR "jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec"
#define MONTHTEXT "(?:(?i:" MONTHFULL "|" MONTHABBR ")|I{1,3}|IV|VI{0,3}|IX|XI{0,2})"
#define COUNTWORD                                                                                  \
	"first|second|third|fourth|fifth|sixth|seventh|eighth?|ninth|tenth|eleventh|twelfth"
#define THATWORD "next|last|previous|this"
#define UNITWORD                                                                                   \
	"(?:ms|\xc2\xb5s|(?:msec|millisecond|\xc2\xb5sec|microsecond|usec|sec|second|min|minute|"  \
	"hour|day|fortnight|forthnight|month|year)s?|weeks|" DAYNAME "|weekdays?)"
#define TIME12                                                                                     \
	HOUR12 "[:.]" MINUTELZ "(?:" SPACE ")?" MERIDIAN "|" HOUR12 "[:.]" MINUTE "[:.]" SECONDLZ  \
	       "(?:" SPACE ")?" MERIDIAN
#define TIME24 "[tT]?" HOUR24 "[:.]" MINUTE "(?:[:.]" SECOND ")?"
#define NOYEAR MONTHTEXT "[ .\\t-]*" DAY "(?:[,.stndrh\\t ]+|\\x00)"

#endif
