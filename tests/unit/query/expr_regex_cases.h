/*
 * expr_regex_cases.h - regular expressions, and what mongod 6.0.27 said: the value, or code and text.
 *
 * Extended JSON. Threads: constants.
 */
#ifndef TESTS_UNIT_QUERY_EXPR_REGEX_CASES_H
#define TESTS_UNIT_QUERY_EXPR_REGEX_CASES_H

#include "tests/unit/query/expr_case.h"

static const struct expr_case regexes_cases[] = {
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"a\"}}}",
	 "{\"v\": {\"match\": \"a\", \"idx\": {\"$numberInt\": \"1\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"^a\"}}}",
	 "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"c$\"}}}",
	 "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"b+\"}}}",
	 "{\"v\": {\"match\": \"b\", \"idx\": {\"$numberInt\": \"2\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(a)(b)\?\"}}}",
	 "{\"v\": {\"match\": \"ab\", \"idx\": {\"$numberInt\": \"1\"}, \"captures\": [\"a\", "
	 "\"b\"]}}",
	 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(a)|(b)|(c)\"}}}",
	 "{\"v\": {\"match\": \"a\", \"idx\": {\"$numberInt\": \"1\"}, \"captures\": [\"a\", null, "
	 "null]}}",
	 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"[abc]{2}\"}}}",
	 "{\"v\": {\"match\": \"ab\", \"idx\": {\"$numberInt\": \"1\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\"}}}",
	 "{\"v\": {\"match\": \"\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": []}}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"a*\"}}}",
	 "{\"v\": {\"match\": \"\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": []}}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?i)ABC\"}}}",
	 "{\"v\": {\"match\": \"abc\", \"idx\": {\"$numberInt\": \"1\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\d+\"}}}",
	 "{\"v\": {\"match\": \"1\", \"idx\": {\"$numberInt\": \"11\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\w\"}}}",
	 "{\"v\": {\"match\": \"x\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\bfoo\"}}}",
	 "{\"v\": {\"match\": \"foo\", \"idx\": {\"$numberInt\": \"7\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": "
	 "\"(foo|bar)=(\\\\d+)\"}}}",
	 "{\"v\": {\"match\": \"foo=1\", \"idx\": {\"$numberInt\": \"7\"}, \"captures\": [\"foo\", "
	 "\"1\"]}}",
	 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \".\"}}}",
	 "{\"v\": {\"match\": \"x\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"^.*$\"}}}",
	 "{\"v\": {\"match\": \"xabcab foo=1\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": "
	 "[]}}",
	 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\u00e9\"}}}",
	 "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\x{e9}\"}}}",
	 "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\p{L}\"}}}",
	 "{\"v\": {\"match\": \"x\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?<n>a)\"}}}",
	 "{\"v\": {\"match\": \"a\", \"idx\": {\"$numberInt\": \"1\"}, \"captures\": [\"a\"]}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?P<n>a)\"}}}",
	 "{\"v\": {\"match\": \"a\", \"idx\": {\"$numberInt\": \"1\"}, \"captures\": [\"a\"]}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(a\"}}}", NULL, 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: missing )"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"a)\"}}}", NULL, 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: unmatched "
	 "parentheses"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"[a\"}}}", NULL, 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: missing "
	 "terminating ] for character class"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"*a\"}}}", NULL, 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: nothing to "
	 "repeat"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"a{2,1}\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: numbers out of "
	 "order in {} quantifier"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: \\ at end of "
	 "pattern"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: unrecognized "
	 "character after (\? or (\?-"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?z)\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: unrecognized "
	 "character after (\? or (\?-"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?<n\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: syntax error in "
	 "subpattern name (missing terminator)"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"[[:foo:]]\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: unknown POSIX "
	 "class name"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"a**\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: nothing to "
	 "repeat"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?<=a*)b\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: lookbehind "
	 "assertion is not fixed length"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?P=x)\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: reference to "
	 "non-existent subpattern"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\1\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: reference to "
	 "non-existent subpattern"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?1)\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: reference to "
	 "non-existent subpattern"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\p{Foo}\"}}}",
	 NULL, 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: unknown "
	 "property name after \\P or \\p"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"[z-a]\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: range out of "
	 "order in character class"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"x\\u0000\"}}}", NULL,
	 51109,
	 "Failed to optimize pipeline :: caused by :: $regexFind: regular expression cannot "
	 "contain an embedded null byte"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\j\"}}}",
	 "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\Qa.b\\\\E\"}}}",
	 "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?=a)a\"}}}",
	 "{\"v\": {\"match\": \"a\", \"idx\": {\"$numberInt\": \"1\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?!a).\"}}}",
	 "{\"v\": {\"match\": \"x\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"a++\"}}}",
	 "{\"v\": {\"match\": \"a\", \"idx\": {\"$numberInt\": \"1\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?>a+)\"}}}",
	 "{\"v\": {\"match\": \"a\", \"idx\": {\"$numberInt\": \"1\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\R\"}}}",
	 "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\h\"}}}",
	 "{\"v\": {\"match\": \" \", \"idx\": {\"$numberInt\": \"6\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\K\"}}}",
	 "{\"v\": {\"match\": \"\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": []}}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"a\\\\Kb\"}}}",
	 "{\"v\": {\"match\": \"b\", \"idx\": {\"$numberInt\": \"2\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(*ACCEPT)\"}}}",
	 "{\"v\": {\"match\": \"\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": []}}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(*FOO)\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: (*VERB) not "
	 "recognized or malformed"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\c\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: \\c at end of "
	 "pattern"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\g\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: a numbered "
	 "reference must not be zero"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\k\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: \\k is not "
	 "followed by a braced, angle-bracketed, or quoted name"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?(1)a|b|c)\"}}}",
	 NULL, 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: reference to "
	 "non-existent subpattern"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\x{110000}\"}}}",
	 NULL, 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: character value "
	 "in \\x{} or \\o{} is too large"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"[a-\\\\d]\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: invalid range "
	 "in character class"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?#\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: missing ) after "
	 "comment"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"a{99999}\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: number too big "
	 "in {} quantifier"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"[[.a.]]\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: POSIX collating "
	 "elements are not supported"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\N\"}}}",
	 "{\"v\": {\"match\": \"x\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"[\\\\N]\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: \\N is not "
	 "supported in a class"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\u\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: PCRE does not "
	 "support \\L, \\l, \\N{name}, \\U, or \\u"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\L\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: PCRE does not "
	 "support \\L, \\l, \\N{name}, \\U, or \\u"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?R)\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: recursive call "
	 "could loop indefinitely"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?C256)\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: number after "
	 "(\?C is > 255"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?<1>a)\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: group name must "
	 "start with a non-digit"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": "
	 "\"(\?<n>a)(\?<n>b)\"}}}",
	 NULL, 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: two named "
	 "subpatterns have the same name"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\8\"}}}",
	 "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\0\"}}}",
	 "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\o{101}\"}}}",
	 "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\o\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: missing opening "
	 "brace after \\o"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\xzz\"}}}",
	 "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"\\\\x{z}\"}}}", NULL,
	 51111,
	 "Failed to optimize pipeline :: caused by :: Invalid Regex in $regexFind: non-hex "
	 "character in \\x{} (closing brace missing\?)"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"(\?-i)A\"}}}",
	 "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"[^a]\"}}}",
	 "{\"v\": {\"match\": \"x\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": []}}", 0,
	 NULL},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"$\"}}}", NULL, 16872,
	 "'$' by itself is not a valid FieldPath"},
	{"{\"e\": {\"$regexFind\": {\"input\": \"xabcab foo=1\", \"regex\": \"^\"}}}",
	 "{\"v\": {\"match\": \"\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": []}}", 0, NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"ABC\", \"regex\": \"b\", \"options\": \"\"}}}",
	 "{\"v\": false}", 0, NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"ABC\", \"regex\": \"b\", \"options\": \"i\"}}}",
	 "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"ABC\", \"regex\": \"b\", \"options\": \"m\"}}}",
	 "{\"v\": false}", 0, NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"ABC\", \"regex\": \"b\", \"options\": \"s\"}}}",
	 "{\"v\": false}", 0, NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"ABC\", \"regex\": \"b\", \"options\": \"x\"}}}",
	 "{\"v\": false}", 0, NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"ABC\", \"regex\": \"b\", \"options\": \"im\"}}}",
	 "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"ABC\", \"regex\": \"b\", \"options\": \"ims\"}}}",
	 "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"ABC\", \"regex\": \"b\", \"options\": \"u\"}}}",
	 "{\"v\": false}", 0, NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"ABC\", \"regex\": \"b\", \"options\": \"z\"}}}",
	 NULL, 51108,
	 "Failed to optimize pipeline :: caused by :: $regexMatch invalid flag in regex options: "
	 "z"},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"ABC\", \"regex\": \"b\", \"options\": \"iz\"}}}",
	 NULL, 51108,
	 "Failed to optimize pipeline :: caused by :: $regexMatch invalid flag in regex options: "
	 "z"},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"ABC\", \"regex\": \"b\", \"options\": \"g\"}}}",
	 NULL, 51108,
	 "Failed to optimize pipeline :: caused by :: $regexMatch invalid flag in regex options: "
	 "g"},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"ABC\", \"regex\": \"b\", \"options\": "
	 "\"i\\u0000\"}}}",
	 NULL, 51110,
	 "Failed to optimize pipeline :: caused by :: $regexMatch: regular expression options "
	 "cannot contain an embedded null byte"},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"ABC\", \"regex\": \"b\", \"options\": \"ii\"}}}",
	 "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"ABC\", \"regex\": \"b\", \"options\": \" \"}}}",
	 NULL, 51108,
	 "Failed to optimize pipeline :: caused by :: $regexMatch invalid flag in regex options: "
	 " "},
	{"{\"e\": {\"$regexFindAll\": {\"input\": \"aXbX\", \"regex\": \"x\", \"options\": "
	 "\"i\"}}}",
	 "{\"v\": [{\"match\": \"X\", \"idx\": {\"$numberInt\": \"1\"}, \"captures\": []}, "
	 "{\"match\": \"X\", \"idx\": {\"$numberInt\": \"3\"}, \"captures\": []}]}",
	 0, NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"aXbX\", \"regex\": \"x\", \"options\": \"i\"}}}",
	 "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$regexFindAll\": {\"input\": \"aaa\", \"regex\": \"a*\", \"options\": "
	 "\"i\"}}}",
	 "{\"v\": [{\"match\": \"aaa\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": []}]}", 0,
	 NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"aaa\", \"regex\": \"a*\", \"options\": \"i\"}}}",
	 "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$regexFindAll\": {\"input\": \"\\u00e9\\u65e5\\u00e9\", \"regex\": \".\", "
	 "\"options\": \"i\"}}}",
	 "{\"v\": [{\"match\": \"\\u00e9\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": []}, "
	 "{\"match\": \"\\u65e5\", \"idx\": {\"$numberInt\": \"1\"}, \"captures\": []}, "
	 "{\"match\": \"\\u00e9\", \"idx\": {\"$numberInt\": \"2\"}, \"captures\": []}]}",
	 0, NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"\\u00e9\\u65e5\\u00e9\", \"regex\": \".\", "
	 "\"options\": \"i\"}}}",
	 "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$regexFindAll\": {\"input\": \"\", \"regex\": \"\", \"options\": \"i\"}}}",
	 "{\"v\": [{\"match\": \"\", \"idx\": {\"$numberInt\": \"0\"}, \"captures\": []}]}", 0,
	 NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"\", \"regex\": \"\", \"options\": \"i\"}}}",
	 "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$regexFindAll\": {\"input\": \"abc\", \"regex\": null, \"options\": \"i\"}}}",
	 "{\"v\": []}", 0, NULL},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"abc\", \"regex\": null, \"options\": \"i\"}}}",
	 "{\"v\": false}", 0, NULL},
	{"{\"e\": {\"$regexFindAll\": {\"input\": {\"$numberInt\": \"5\"}, \"regex\": \"a\", "
	 "\"options\": \"i\"}}}",
	 NULL, 51104,
	 "PlanExecutor error during aggregation :: caused by :: $regexFindAll needs 'input' to be "
	 "of type string"},
	{"{\"e\": {\"$regexMatch\": {\"input\": {\"$numberInt\": \"5\"}, \"regex\": \"a\", "
	 "\"options\": \"i\"}}}",
	 NULL, 51104,
	 "PlanExecutor error during aggregation :: caused by :: $regexMatch needs 'input' to be of "
	 "type string"},
	{"{\"e\": {\"$regexFindAll\": {\"input\": \"a\", \"regex\": {\"$numberInt\": \"5\"}, "
	 "\"options\": \"i\"}}}",
	 NULL, 51105,
	 "Failed to optimize pipeline :: caused by :: $regexFindAll needs 'regex' to be of type "
	 "string or regex"},
	{"{\"e\": {\"$regexMatch\": {\"input\": \"a\", \"regex\": {\"$numberInt\": \"5\"}, "
	 "\"options\": \"i\"}}}",
	 NULL, 51105,
	 "Failed to optimize pipeline :: caused by :: $regexMatch needs 'regex' to be of type "
	 "string or regex"},
};

#endif
