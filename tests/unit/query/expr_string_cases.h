/*
 * expr_string_cases.h - expressions of strings, and what mongod 6.0.27 said: the value, or code and text.
 *
 * Extended JSON. Threads: constants.
 */
#ifndef TESTS_UNIT_QUERY_EXPR_STRING_CASES_H
#define TESTS_UNIT_QUERY_EXPR_STRING_CASES_H

#include "tests/unit/query/expr_case.h"

static const struct expr_case strings_cases[] = {
	{"{\"e\": {\"$toLower\": [\"aBc \\u00e9\"]}}", "{\"v\": \"abc \\u00e9\"}", 0, NULL},
	{"{\"e\": {\"$toUpper\": [\"aBc \\u00e9\"]}}", "{\"v\": \"ABC \\u00e9\"}", 0, NULL},
	{"{\"e\": {\"$strLenCP\": [\"aBc \\u00e9\"]}}", "{\"v\": {\"$numberInt\": \"5\"}}", 0,
	 NULL},
	{"{\"e\": {\"$strLenBytes\": [\"aBc \\u00e9\"]}}", "{\"v\": {\"$numberInt\": \"6\"}}", 0,
	 NULL},
	{"{\"e\": {\"$toLower\": [\"\\u65e5\\u672c\\u8a9e\"]}}",
	 "{\"v\": \"\\u65e5\\u672c\\u8a9e\"}", 0, NULL},
	{"{\"e\": {\"$toUpper\": [\"\\u65e5\\u672c\\u8a9e\"]}}",
	 "{\"v\": \"\\u65e5\\u672c\\u8a9e\"}", 0, NULL},
	{"{\"e\": {\"$strLenCP\": [\"\\u65e5\\u672c\\u8a9e\"]}}",
	 "{\"v\": {\"$numberInt\": \"3\"}}", 0, NULL},
	{"{\"e\": {\"$strLenBytes\": [\"\\u65e5\\u672c\\u8a9e\"]}}",
	 "{\"v\": {\"$numberInt\": \"9\"}}", 0, NULL},
	{"{\"e\": {\"$toLower\": [\"\"]}}", "{\"v\": \"\"}", 0, NULL},
	{"{\"e\": {\"$toUpper\": [\"\"]}}", "{\"v\": \"\"}", 0, NULL},
	{"{\"e\": {\"$strLenCP\": [\"\"]}}", "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$strLenBytes\": [\"\"]}}", "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$toLower\": [{\"$date\": {\"$numberLong\": \"0\"}}]}}",
	 "{\"v\": \"1970-01-01t00:00:00.000z\"}", 0, NULL},
	{"{\"e\": {\"$toUpper\": [{\"$date\": {\"$numberLong\": \"0\"}}]}}",
	 "{\"v\": \"1970-01-01T00:00:00.000Z\"}", 0, NULL},
	{"{\"e\": {\"$strLenCP\": [{\"$date\": {\"$numberLong\": \"0\"}}]}}", NULL, 34471,
	 "Failed to optimize pipeline :: caused by :: $strLenCP requires a string argument, found: "
	 "date"},
	{"{\"e\": {\"$strLenBytes\": [{\"$date\": {\"$numberLong\": \"0\"}}]}}", NULL, 34473,
	 "Failed to optimize pipeline :: caused by :: $strLenBytes requires a string argument, "
	 "found: date"},
	{"{\"e\": {\"$toLower\": [{\"$numberDouble\": \"1.5\"}]}}", "{\"v\": \"1.5\"}", 0, NULL},
	{"{\"e\": {\"$toUpper\": [{\"$numberDouble\": \"1.5\"}]}}", "{\"v\": \"1.5\"}", 0, NULL},
	{"{\"e\": {\"$strLenCP\": [{\"$numberDouble\": \"1.5\"}]}}", NULL, 34471,
	 "Failed to optimize pipeline :: caused by :: $strLenCP requires a string argument, found: "
	 "double"},
	{"{\"e\": {\"$strLenBytes\": [{\"$numberDouble\": \"1.5\"}]}}", NULL, 34473,
	 "Failed to optimize pipeline :: caused by :: $strLenBytes requires a string argument, "
	 "found: double"},
	{"{\"e\": {\"$toLower\": [{\"$numberDecimal\": \"1.50\"}]}}", "{\"v\": \"1.50\"}", 0, NULL},
	{"{\"e\": {\"$toUpper\": [{\"$numberDecimal\": \"1.50\"}]}}", "{\"v\": \"1.50\"}", 0, NULL},
	{"{\"e\": {\"$strLenCP\": [{\"$numberDecimal\": \"1.50\"}]}}", NULL, 34471,
	 "Failed to optimize pipeline :: caused by :: $strLenCP requires a string argument, found: "
	 "decimal"},
	{"{\"e\": {\"$strLenBytes\": [{\"$numberDecimal\": \"1.50\"}]}}", NULL, 34473,
	 "Failed to optimize pipeline :: caused by :: $strLenBytes requires a string argument, "
	 "found: decimal"},
	{"{\"e\": {\"$toLower\": [null]}}", "{\"v\": \"\"}", 0, NULL},
	{"{\"e\": {\"$toUpper\": [null]}}", "{\"v\": \"\"}", 0, NULL},
	{"{\"e\": {\"$strLenCP\": [null]}}", NULL, 34471,
	 "Failed to optimize pipeline :: caused by :: $strLenCP requires a string argument, found: "
	 "null"},
	{"{\"e\": {\"$strLenBytes\": [null]}}", NULL, 34473,
	 "Failed to optimize pipeline :: caused by :: $strLenBytes requires a string argument, "
	 "found: null"},
	{"{\"e\": {\"$toLower\": [{\"$numberLong\": \"5\"}]}}", "{\"v\": \"5\"}", 0, NULL},
	{"{\"e\": {\"$toUpper\": [{\"$numberLong\": \"5\"}]}}", "{\"v\": \"5\"}", 0, NULL},
	{"{\"e\": {\"$strLenCP\": [{\"$numberLong\": \"5\"}]}}", NULL, 34471,
	 "Failed to optimize pipeline :: caused by :: $strLenCP requires a string argument, found: "
	 "long"},
	{"{\"e\": {\"$strLenBytes\": [{\"$numberLong\": \"5\"}]}}", NULL, 34473,
	 "Failed to optimize pipeline :: caused by :: $strLenBytes requires a string argument, "
	 "found: long"},
	{"{\"e\": {\"$toLower\": [true]}}", NULL, 16007,
	 "Failed to optimize pipeline :: caused by :: can't convert from BSON type bool to String"},
	{"{\"e\": {\"$toUpper\": [true]}}", NULL, 16007,
	 "Failed to optimize pipeline :: caused by :: can't convert from BSON type bool to String"},
	{"{\"e\": {\"$strLenCP\": [true]}}", NULL, 34471,
	 "Failed to optimize pipeline :: caused by :: $strLenCP requires a string argument, found: "
	 "bool"},
	{"{\"e\": {\"$strLenBytes\": [true]}}", NULL, 34473,
	 "Failed to optimize pipeline :: caused by :: $strLenBytes requires a string argument, "
	 "found: bool"},
	{"{\"e\": {\"$toLower\": [[{\"$numberInt\": \"1\"}]]}}", NULL, 16007,
	 "Failed to optimize pipeline :: caused by :: can't convert from BSON type array to "
	 "String"},
	{"{\"e\": {\"$toUpper\": [[{\"$numberInt\": \"1\"}]]}}", NULL, 16007,
	 "Failed to optimize pipeline :: caused by :: can't convert from BSON type array to "
	 "String"},
	{"{\"e\": {\"$strLenCP\": [[{\"$numberInt\": \"1\"}]]}}", NULL, 34471,
	 "Failed to optimize pipeline :: caused by :: $strLenCP requires a string argument, found: "
	 "array"},
	{"{\"e\": {\"$strLenBytes\": [[{\"$numberInt\": \"1\"}]]}}", NULL, 34473,
	 "Failed to optimize pipeline :: caused by :: $strLenBytes requires a string argument, "
	 "found: array"},
	{"{\"e\": {\"$substrBytes\": [\"hello\", {\"$numberInt\": \"1\"}, {\"$numberInt\": "
	 "\"3\"}]}}",
	 "{\"v\": \"ell\"}", 0, NULL},
	{"{\"e\": {\"$substrCP\": [\"hello\", {\"$numberInt\": \"1\"}, {\"$numberInt\": \"3\"}]}}",
	 "{\"v\": \"ell\"}", 0, NULL},
	{"{\"e\": {\"$substrBytes\": [\"hello\", {\"$numberInt\": \"-1\"}, {\"$numberInt\": "
	 "\"3\"}]}}",
	 NULL, 50752,
	 "Failed to optimize pipeline :: caused by :: $substrBytes:  starting index must be "
	 "non-negative (got: -1)"},
	{"{\"e\": {\"$substrCP\": [\"hello\", {\"$numberInt\": \"-1\"}, {\"$numberInt\": \"3\"}]}}",
	 NULL, 34455,
	 "Failed to optimize pipeline :: caused by :: $substrCP: the starting index must be "
	 "nonnegative integer."},
	{"{\"e\": {\"$substrBytes\": [\"hello\", {\"$numberInt\": \"1\"}, {\"$numberInt\": "
	 "\"-1\"}]}}",
	 "{\"v\": \"ello\"}", 0, NULL},
	{"{\"e\": {\"$substrCP\": [\"hello\", {\"$numberInt\": \"1\"}, {\"$numberInt\": \"-1\"}]}}",
	 NULL, 34454,
	 "Failed to optimize pipeline :: caused by :: $substrCP: length must be a nonnegative "
	 "integer."},
	{"{\"e\": {\"$substrBytes\": [\"\\u00e9\", {\"$numberInt\": \"1\"}, {\"$numberInt\": "
	 "\"1\"}]}}",
	 NULL, 28656,
	 "Failed to optimize pipeline :: caused by :: $substrBytes:  Invalid range, starting index "
	 "is a UTF-8 continuation byte."},
	{"{\"e\": {\"$substrCP\": [\"\\u00e9\", {\"$numberInt\": \"1\"}, {\"$numberInt\": "
	 "\"1\"}]}}",
	 "{\"v\": \"\"}", 0, NULL},
	{"{\"e\": {\"$substrBytes\": [\"a\\u00e9\", {\"$numberInt\": \"0\"}, {\"$numberInt\": "
	 "\"2\"}]}}",
	 NULL, 28657,
	 "Failed to optimize pipeline :: caused by :: $substrBytes:  Invalid range, ending index "
	 "is in the middle of a UTF-8 character."},
	{"{\"e\": {\"$substrCP\": [\"a\\u00e9\", {\"$numberInt\": \"0\"}, {\"$numberInt\": "
	 "\"2\"}]}}",
	 "{\"v\": \"a\\u00e9\"}", 0, NULL},
	{"{\"e\": {\"$substrBytes\": [\"hello\", {\"$numberInt\": \"10\"}, {\"$numberInt\": "
	 "\"1\"}]}}",
	 "{\"v\": \"\"}", 0, NULL},
	{"{\"e\": {\"$substrCP\": [\"hello\", {\"$numberInt\": \"10\"}, {\"$numberInt\": \"1\"}]}}",
	 "{\"v\": \"\"}", 0, NULL},
	{"{\"e\": {\"$substrBytes\": [\"hello\", {\"$numberDouble\": \"1.5\"}, {\"$numberInt\": "
	 "\"2\"}]}}",
	 "{\"v\": \"el\"}", 0, NULL},
	{"{\"e\": {\"$substrCP\": [\"hello\", {\"$numberDouble\": \"1.5\"}, {\"$numberInt\": "
	 "\"2\"}]}}",
	 NULL, 34451,
	 "Failed to optimize pipeline :: caused by :: $substrCP: starting index cannot be "
	 "represented as a 32-bit integral value: 1.5"},
	{"{\"e\": {\"$substrBytes\": [\"hello\", \"x\", {\"$numberInt\": \"1\"}]}}", NULL, 16034,
	 "Failed to optimize pipeline :: caused by :: $substrBytes:  starting index must be a "
	 "numeric type (is BSON type string)"},
	{"{\"e\": {\"$substrCP\": [\"hello\", \"x\", {\"$numberInt\": \"1\"}]}}", NULL, 34450,
	 "Failed to optimize pipeline :: caused by :: $substrCP: starting index must be a numeric "
	 "type (is BSON type string)"},
	{"{\"e\": {\"$substrBytes\": [\"hello\", {\"$numberDouble\": \"NaN\"}, {\"$numberInt\": "
	 "\"1\"}]}}",
	 NULL, 31109,
	 "Failed to optimize pipeline :: caused by :: Can't coerce out of range value nan to long"},
	{"{\"e\": {\"$substrCP\": [\"hello\", {\"$numberDouble\": \"NaN\"}, {\"$numberInt\": "
	 "\"1\"}]}}",
	 NULL, 34451,
	 "Failed to optimize pipeline :: caused by :: $substrCP: starting index cannot be "
	 "represented as a 32-bit integral value: nan"},
	{"{\"e\": {\"$substrBytes\": [null, {\"$numberInt\": \"0\"}, {\"$numberInt\": \"1\"}]}}",
	 "{\"v\": \"\"}", 0, NULL},
	{"{\"e\": {\"$substrCP\": [null, {\"$numberInt\": \"0\"}, {\"$numberInt\": \"1\"}]}}",
	 "{\"v\": \"\"}", 0, NULL},
	{"{\"e\": {\"$split\": [\"a,b,c\", \",\"]}}", "{\"v\": [\"a\", \"b\", \"c\"]}", 0, NULL},
	{"{\"e\": {\"$split\": [\"abc\", \"\"]}}", NULL, 40087,
	 "Failed to optimize pipeline :: caused by :: $split requires a non-empty separator"},
	{"{\"e\": {\"$split\": [null, \",\"]}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$split\": [\"abc\", {\"$numberInt\": \"5\"}]}}", NULL, 40086,
	 "Failed to optimize pipeline :: caused by :: $split requires an expression that evaluates "
	 "to a string as a second argument, found: int"},
	{"{\"e\": {\"$split\": [\"a\\ud83d\\ude00b\\ud83d\\ude00c\", \"\\ud83d\\ude00\"]}}",
	 "{\"v\": [\"a\", \"b\", \"c\"]}", 0, NULL},
	{"{\"e\": {\"$split\": [\",a,\", \",\"]}}", "{\"v\": [\"\", \"a\", \"\"]}", 0, NULL},
	{"{\"e\": {\"$indexOfBytes\": [\"abcabc\", \"c\"]}}", "{\"v\": {\"$numberInt\": \"2\"}}", 0,
	 NULL},
	{"{\"e\": {\"$indexOfCP\": [\"abcabc\", \"c\"]}}", "{\"v\": {\"$numberInt\": \"2\"}}", 0,
	 NULL},
	{"{\"e\": {\"$indexOfBytes\": [\"abcabc\", \"c\", {\"$numberInt\": \"3\"}]}}",
	 "{\"v\": {\"$numberInt\": \"5\"}}", 0, NULL},
	{"{\"e\": {\"$indexOfCP\": [\"abcabc\", \"c\", {\"$numberInt\": \"3\"}]}}",
	 "{\"v\": {\"$numberInt\": \"5\"}}", 0, NULL},
	{"{\"e\": {\"$indexOfBytes\": [\"abcabc\", \"c\", {\"$numberInt\": \"3\"}, "
	 "{\"$numberInt\": \"5\"}]}}",
	 "{\"v\": {\"$numberInt\": \"-1\"}}", 0, NULL},
	{"{\"e\": {\"$indexOfCP\": [\"abcabc\", \"c\", {\"$numberInt\": \"3\"}, {\"$numberInt\": "
	 "\"5\"}]}}",
	 "{\"v\": {\"$numberInt\": \"-1\"}}", 0, NULL},
	{"{\"e\": {\"$indexOfBytes\": [\"abc\", \"\", {\"$numberInt\": \"3\"}]}}",
	 "{\"v\": {\"$numberInt\": \"3\"}}", 0, NULL},
	{"{\"e\": {\"$indexOfCP\": [\"abc\", \"\", {\"$numberInt\": \"3\"}]}}",
	 "{\"v\": {\"$numberInt\": \"-1\"}}", 0, NULL},
	{"{\"e\": {\"$indexOfBytes\": [\"\", \"\", {\"$numberInt\": \"0\"}]}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$indexOfCP\": [\"\", \"\", {\"$numberInt\": \"0\"}]}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$indexOfBytes\": [\"\", \"\", {\"$numberInt\": \"1\"}]}}",
	 "{\"v\": {\"$numberInt\": \"-1\"}}", 0, NULL},
	{"{\"e\": {\"$indexOfCP\": [\"\", \"\", {\"$numberInt\": \"1\"}]}}",
	 "{\"v\": {\"$numberInt\": \"-1\"}}", 0, NULL},
	{"{\"e\": {\"$indexOfBytes\": [\"abc\", \"x\"]}}", "{\"v\": {\"$numberInt\": \"-1\"}}", 0,
	 NULL},
	{"{\"e\": {\"$indexOfCP\": [\"abc\", \"x\"]}}", "{\"v\": {\"$numberInt\": \"-1\"}}", 0,
	 NULL},
	{"{\"e\": {\"$indexOfBytes\": [\"\\u00e9\\u65e5\\u00e9\", \"\\u00e9\", {\"$numberInt\": "
	 "\"1\"}]}}",
	 "{\"v\": {\"$numberInt\": \"5\"}}", 0, NULL},
	{"{\"e\": {\"$indexOfCP\": [\"\\u00e9\\u65e5\\u00e9\", \"\\u00e9\", {\"$numberInt\": "
	 "\"1\"}]}}",
	 "{\"v\": {\"$numberInt\": \"2\"}}", 0, NULL},
	{"{\"e\": {\"$indexOfBytes\": [\"abc\", \"a\", {\"$numberInt\": \"-1\"}]}}", NULL, 40097,
	 "Failed to optimize pipeline :: caused by :: $indexOfBytes requires a nonnegative "
	 "starting index, found: -1"},
	{"{\"e\": {\"$indexOfCP\": [\"abc\", \"a\", {\"$numberInt\": \"-1\"}]}}", NULL, 40097,
	 "Failed to optimize pipeline :: caused by :: $indexOfCP requires a nonnegative starting "
	 "index, found: -1"},
	{"{\"e\": {\"$indexOfBytes\": [\"abc\", \"a\", {\"$numberDouble\": \"1.5\"}]}}", NULL,
	 40096,
	 "Failed to optimize pipeline :: caused by :: $indexOfBytesrequires an integral starting "
	 "index, found a value of type: double, with value: 1.5"},
	{"{\"e\": {\"$indexOfCP\": [\"abc\", \"a\", {\"$numberDouble\": \"1.5\"}]}}", NULL, 40096,
	 "Failed to optimize pipeline :: caused by :: $indexOfCPrequires an integral starting "
	 "index, found a value of type: double, with value: 1.5"},
	{"{\"e\": {\"$indexOfBytes\": [null, \"a\"]}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$indexOfCP\": [null, \"a\"]}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$indexOfBytes\": [\"abc\", null]}}", NULL, 40092,
	 "Failed to optimize pipeline :: caused by :: $indexOfBytes requires a string as the "
	 "second argument, found: null"},
	{"{\"e\": {\"$indexOfCP\": [\"abc\", null]}}", NULL, 40094,
	 "Failed to optimize pipeline :: caused by :: $indexOfCP requires a string as the second "
	 "argument, found: null"},
	{"{\"e\": {\"$trim\": {\"input\": \"  \\u00a0x\\u2003\\t\"}}}", "{\"v\": \"x\"}", 0, NULL},
	{"{\"e\": {\"$ltrim\": {\"input\": \"  \\u00a0x\\u2003\\t\"}}}", "{\"v\": \"x\\u2003\\t\"}",
	 0, NULL},
	{"{\"e\": {\"$rtrim\": {\"input\": \"  \\u00a0x\\u2003\\t\"}}}", "{\"v\": \"  \\u00a0x\"}",
	 0, NULL},
	{"{\"e\": {\"$trim\": {\"input\": \"xxaxx\", \"chars\": \"x\"}}}", "{\"v\": \"a\"}", 0,
	 NULL},
	{"{\"e\": {\"$ltrim\": {\"input\": \"xxaxx\", \"chars\": \"x\"}}}", "{\"v\": \"axx\"}", 0,
	 NULL},
	{"{\"e\": {\"$rtrim\": {\"input\": \"xxaxx\", \"chars\": \"x\"}}}", "{\"v\": \"xxa\"}", 0,
	 NULL},
	{"{\"e\": {\"$trim\": {\"input\": \"a\\u00e9b\", \"chars\": \"\\u00e9a\"}}}",
	 "{\"v\": \"b\"}", 0, NULL},
	{"{\"e\": {\"$ltrim\": {\"input\": \"a\\u00e9b\", \"chars\": \"\\u00e9a\"}}}",
	 "{\"v\": \"b\"}", 0, NULL},
	{"{\"e\": {\"$rtrim\": {\"input\": \"a\\u00e9b\", \"chars\": \"\\u00e9a\"}}}",
	 "{\"v\": \"a\\u00e9b\"}", 0, NULL},
	{"{\"e\": {\"$trim\": {\"input\": {\"$numberInt\": \"5\"}}}}", NULL, 50699,
	 "Failed to optimize pipeline :: caused by :: $trim requires its input to be a string, got "
	 "5 (of type int) instead."},
	{"{\"e\": {\"$ltrim\": {\"input\": {\"$numberInt\": \"5\"}}}}", NULL, 50699,
	 "Failed to optimize pipeline :: caused by :: $ltrim requires its input to be a string, "
	 "got 5 (of type int) instead."},
	{"{\"e\": {\"$rtrim\": {\"input\": {\"$numberInt\": \"5\"}}}}", NULL, 50699,
	 "Failed to optimize pipeline :: caused by :: $rtrim requires its input to be a string, "
	 "got 5 (of type int) instead."},
	{"{\"e\": {\"$trim\": {\"input\": \"a\", \"chars\": {\"$numberInt\": \"5\"}}}}", NULL,
	 50700,
	 "Failed to optimize pipeline :: caused by :: $trim requires 'chars' to be a string, got 5 "
	 "(of type int) instead."},
	{"{\"e\": {\"$ltrim\": {\"input\": \"a\", \"chars\": {\"$numberInt\": \"5\"}}}}", NULL,
	 50700,
	 "Failed to optimize pipeline :: caused by :: $ltrim requires 'chars' to be a string, got "
	 "5 (of type int) instead."},
	{"{\"e\": {\"$rtrim\": {\"input\": \"a\", \"chars\": {\"$numberInt\": \"5\"}}}}", NULL,
	 50700,
	 "Failed to optimize pipeline :: caused by :: $rtrim requires 'chars' to be a string, got "
	 "5 (of type int) instead."},
	{"{\"e\": {\"$trim\": {\"input\": null}}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$ltrim\": {\"input\": null}}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$rtrim\": {\"input\": null}}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$trim\": {\"input\": \"a\", \"chars\": \"\"}}}", "{\"v\": \"a\"}", 0, NULL},
	{"{\"e\": {\"$ltrim\": {\"input\": \"a\", \"chars\": \"\"}}}", "{\"v\": \"a\"}", 0, NULL},
	{"{\"e\": {\"$rtrim\": {\"input\": \"a\", \"chars\": \"\"}}}", "{\"v\": \"a\"}", 0, NULL},
	{"{\"e\": {\"$trim\": {\"chars\": \"a\"}}}", NULL, 50695,
	 "$trim requires an 'input' field"},
	{"{\"e\": {\"$ltrim\": {\"chars\": \"a\"}}}", NULL, 50695,
	 "$ltrim requires an 'input' field"},
	{"{\"e\": {\"$rtrim\": {\"chars\": \"a\"}}}", NULL, 50695,
	 "$rtrim requires an 'input' field"},
	{"{\"e\": {\"$trim\": {\"input\": \"a\", \"x\": {\"$numberInt\": \"1\"}}}}", NULL, 50694,
	 "$trim found an unknown argument: x"},
	{"{\"e\": {\"$ltrim\": {\"input\": \"a\", \"x\": {\"$numberInt\": \"1\"}}}}", NULL, 50694,
	 "$ltrim found an unknown argument: x"},
	{"{\"e\": {\"$rtrim\": {\"input\": \"a\", \"x\": {\"$numberInt\": \"1\"}}}}", NULL, 50694,
	 "$rtrim found an unknown argument: x"},
	{"{\"e\": {\"$replaceOne\": {\"input\": \"abcabc\", \"find\": \"b\", \"replacement\": "
	 "\"X\"}}}",
	 "{\"v\": \"aXcabc\"}", 0, NULL},
	{"{\"e\": {\"$replaceAll\": {\"input\": \"abcabc\", \"find\": \"b\", \"replacement\": "
	 "\"X\"}}}",
	 "{\"v\": \"aXcaXc\"}", 0, NULL},
	{"{\"e\": {\"$replaceOne\": {\"input\": \"abc\", \"find\": \"\", \"replacement\": \"-\"}}}",
	 "{\"v\": \"-abc\"}", 0, NULL},
	{"{\"e\": {\"$replaceAll\": {\"input\": \"abc\", \"find\": \"\", \"replacement\": \"-\"}}}",
	 "{\"v\": \"-a-b-c-\"}", 0, NULL},
	{"{\"e\": {\"$replaceOne\": {\"input\": \"abc\", \"find\": \"z\", \"replacement\": "
	 "\"-\"}}}",
	 "{\"v\": \"abc\"}", 0, NULL},
	{"{\"e\": {\"$replaceAll\": {\"input\": \"abc\", \"find\": \"z\", \"replacement\": "
	 "\"-\"}}}",
	 "{\"v\": \"abc\"}", 0, NULL},
	{"{\"e\": {\"$replaceOne\": {\"input\": null, \"find\": \"a\", \"replacement\": \"b\"}}}",
	 "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$replaceAll\": {\"input\": null, \"find\": \"a\", \"replacement\": \"b\"}}}",
	 "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$replaceOne\": {\"input\": \"a\", \"find\": {\"$numberInt\": \"5\"}, "
	 "\"replacement\": \"b\"}}}",
	 NULL, 51745,
	 "PlanExecutor error during aggregation :: caused by :: $replaceOne requires that 'find' "
	 "be a string, found: 5"},
	{"{\"e\": {\"$replaceAll\": {\"input\": \"a\", \"find\": {\"$numberInt\": \"5\"}, "
	 "\"replacement\": \"b\"}}}",
	 NULL, 51745,
	 "PlanExecutor error during aggregation :: caused by :: $replaceAll requires that 'find' "
	 "be a string, found: 5"},
	{"{\"e\": {\"$replaceOne\": {\"input\": \"aaa\", \"find\": \"a\", \"replacement\": \"\"}}}",
	 "{\"v\": \"aa\"}", 0, NULL},
	{"{\"e\": {\"$replaceAll\": {\"input\": \"aaa\", \"find\": \"a\", \"replacement\": \"\"}}}",
	 "{\"v\": \"\"}", 0, NULL},
	{"{\"e\": {\"$strcasecmp\": [\"a\", \"B\"]}}", "{\"v\": {\"$numberInt\": \"-1\"}}", 0,
	 NULL},
	{"{\"e\": {\"$strcasecmp\": [\"a\", null]}}", "{\"v\": {\"$numberInt\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$strcasecmp\": [{\"$numberInt\": \"5\"}, \"5\"]}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$strcasecmp\": [[], \"a\"]}}", NULL, 16007,
	 "Failed to optimize pipeline :: caused by :: can't convert from BSON type array to "
	 "String"},
	{"{\"e\": {\"$concat\": [\"a\", \"b\"]}}", "{\"v\": \"ab\"}", 0, NULL},
	{"{\"e\": {\"$concat\": [\"a\", null]}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$concat\": [\"a\", {\"$numberInt\": \"5\"}]}}", NULL, 16702,
	 "Failed to optimize pipeline :: caused by :: $concat only supports strings, not int"},
	{"{\"e\": {\"$concat\": []}}", "{\"v\": \"\"}", 0, NULL},
};

#endif
