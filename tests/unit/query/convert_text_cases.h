/*
 * convert_text_cases.h - conversions of texts, and what mongod 6.0.27 said: the value, or code and text.
 *
 * Extended JSON. Threads: constants.
 */
#ifndef TESTS_UNIT_QUERY_CONVERT_TEXT_CASES_H
#define TESTS_UNIT_QUERY_CONVERT_TEXT_CASES_H

#include "tests/unit/query/expr_case.h"

static const struct expr_case conversions_cases[] = {
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"-1\", \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"-1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"-1\", \"to\": \"double\"}}}",
	 "{\"v\": {\"$numberDouble\": \"-1.0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1.5\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1.5' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"1.5\", \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1.5\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1e5\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1e5' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"1e5\", \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1E+5\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"abc\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number 'abc' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"abc\", \"to\": \"decimal\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number 'abc' in $convert "
	 "with no onError value: Failed to parse string to decimal"},
	{"{\"e\": {\"$convert\": {\"input\": \"\", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '' in $convert with "
	 "no onError value: No digits"},
	{"{\"e\": {\"$convert\": {\"input\": \"\", \"to\": \"double\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '' in $convert with "
	 "no onError value: Empty string"},
	{"{\"e\": {\"$convert\": {\"input\": \" 1\", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number ' 1' in $convert with "
	 "no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \" 1\", \"to\": \"double\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number ' 1' in $convert with "
	 "no onError value: Leading whitespace"},
	{"{\"e\": {\"$convert\": {\"input\": \"1 \", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1 ' in $convert with "
	 "no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"1 \", \"to\": \"double\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1 ' in $convert with "
	 "no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"+7\", \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"7\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"+7\", \"to\": \"double\"}}}",
	 "{\"v\": {\"$numberDouble\": \"7.0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"0x1f\", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Illegal hexadecimal input in $convert with "
	 "no onError value: 0x1f"},
	{"{\"e\": {\"$convert\": {\"input\": \"0x1f\", \"to\": \"double\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Illegal hexadecimal input in $convert with "
	 "no onError value: 0x1f"},
	{"{\"e\": {\"$convert\": {\"input\": \"0X1F\", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '0X1F' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"0X1F\", \"to\": \"double\"}}}",
	 "{\"v\": {\"$numberDouble\": \"31.0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"2147483648\", \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"2147483648\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"2147483648\", \"to\": \"double\"}}}",
	 "{\"v\": {\"$numberDouble\": \"2147483648.0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"-2147483649\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '-2147483649' in "
	 "$convert with no onError value: Overflow"},
	{"{\"e\": {\"$convert\": {\"input\": \"-2147483649\", \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"-2147483649\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"9223372036854775807\", \"to\": \"int\"}}}", NULL,
	 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '9223372036854775807' "
	 "in $convert with no onError value: Overflow"},
	{"{\"e\": {\"$convert\": {\"input\": \"9223372036854775807\", \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"9223372036854775807\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"9223372036854775808\", \"to\": \"int\"}}}", NULL,
	 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '9223372036854775808' "
	 "in $convert with no onError value: Overflow"},
	{"{\"e\": {\"$convert\": {\"input\": \"9223372036854775808\", \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"9223372036854775808\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1e400\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1e400' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"1e400\", \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1E+400\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1e-400\", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1e-400' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"1e-400\", \"to\": \"double\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1e-400' in $convert "
	 "with no onError value: Out of range"},
	{"{\"e\": {\"$convert\": {\"input\": \"inf\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number 'inf' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"inf\", \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"Infinity\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"-Infinity\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '-Infinity' in "
	 "$convert with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"-Infinity\", \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"-Infinity\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"nan\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number 'nan' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"nan\", \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"NaN\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1e6145\", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1e6145' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"1e6145\", \"to\": \"double\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1e6145' in $convert "
	 "with no onError value: Out of range"},
	{"{\"e\": {\"$convert\": {\"input\": \"1E-6200\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1E-6200' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"1E-6200\", \"to\": \"decimal\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1E-6200' in $convert "
	 "with no onError value: Conversion from string to decimal would underflow"},
	{"{\"e\": {\"$convert\": {\"input\": \"1234567890123456789012345678901234567\", \"to\": "
	 "\"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number "
	 "'1234567890123456789012345678901234567' in $convert with no onError value: Overflow"},
	{"{\"e\": {\"$convert\": {\"input\": \"1234567890123456789012345678901234567\", \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1.234567890123456789012345678901234E+36\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"0.1\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '0.1' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"0.1\", \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"0.1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \".5\", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '.5' in $convert with "
	 "no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \".5\", \"to\": \"double\"}}}",
	 "{\"v\": {\"$numberDouble\": \"0.5\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"5.\", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '5.' in $convert with "
	 "no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"5.\", \"to\": \"double\"}}}",
	 "{\"v\": {\"$numberDouble\": \"5.0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \".\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '.' in $convert with "
	 "no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \".\", \"to\": \"decimal\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '.' in $convert with "
	 "no onError value: Failed to parse string to decimal"},
	{"{\"e\": {\"$convert\": {\"input\": \"-\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '-' in $convert with "
	 "no onError value: No digits"},
	{"{\"e\": {\"$convert\": {\"input\": \"-\", \"to\": \"decimal\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '-' in $convert with "
	 "no onError value: Failed to parse string to decimal"},
	{"{\"e\": {\"$convert\": {\"input\": \"--1\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '--1' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"--1\", \"to\": \"decimal\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '--1' in $convert "
	 "with no onError value: Failed to parse string to decimal"},
	{"{\"e\": {\"$convert\": {\"input\": \"1_0\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1_0' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"1_0\", \"to\": \"decimal\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1_0' in $convert "
	 "with no onError value: Failed to parse string to decimal"},
	{"{\"e\": {\"$convert\": {\"input\": \"5f0000000000000000000001\", \"to\": \"long\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number "
	 "'5f0000000000000000000001' in $convert with no onError value: Did not consume whole "
	 "string."},
	{"{\"e\": {\"$convert\": {\"input\": \"5f0000000000000000000001\", \"to\": \"double\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number "
	 "'5f0000000000000000000001' in $convert with no onError value: Did not consume whole "
	 "string."},
	{"{\"e\": {\"$convert\": {\"input\": \"5f000000000000000000000g\", \"to\": \"long\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number "
	 "'5f000000000000000000000g' in $convert with no onError value: Did not consume whole "
	 "string."},
	{"{\"e\": {\"$convert\": {\"input\": \"5f000000000000000000000g\", \"to\": \"double\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number "
	 "'5f000000000000000000000g' in $convert with no onError value: Did not consume whole "
	 "string."},
	{"{\"e\": {\"$convert\": {\"input\": \"zz\", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number 'zz' in $convert with "
	 "no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"zz\", \"to\": \"double\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number 'zz' in $convert with "
	 "no onError value: Did not consume any digits"},
	{"{\"e\": {\"$convert\": {\"input\": \"2020-01-01T00:00:00Z\", \"to\": \"long\"}}}", NULL,
	 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number "
	 "'2020-01-01T00:00:00Z' in $convert with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"2020-01-01T00:00:00Z\", \"to\": \"double\"}}}", NULL,
	 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number "
	 "'2020-01-01T00:00:00Z' in $convert with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"2020-01-01\", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '2020-01-01' in "
	 "$convert with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"2020-01-01\", \"to\": \"double\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '2020-01-01' in "
	 "$convert with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"2020-13-01\", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '2020-13-01' in "
	 "$convert with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"2020-13-01\", \"to\": \"double\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '2020-13-01' in "
	 "$convert with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"true\", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number 'true' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"true\", \"to\": \"double\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number 'true' in $convert "
	 "with no onError value: Did not consume any digits"},
	{"{\"e\": {\"$convert\": {\"input\": \"false\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number 'false' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"false\", \"to\": \"decimal\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number 'false' in $convert "
	 "with no onError value: Failed to parse string to decimal"},
	{"{\"e\": {\"$convert\": {\"input\": \"1,5\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1,5' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"1,5\", \"to\": \"decimal\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1,5' in $convert "
	 "with no onError value: Failed to parse string to decimal"},
	{"{\"e\": {\"$convert\": {\"input\": \"\\u0661\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '١' in $convert with "
	 "no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"\\u0661\", \"to\": \"decimal\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '١' in $convert with "
	 "no onError value: Failed to parse string to decimal"},
	{"{\"e\": {\"$convert\": {\"input\": \"1e\", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1e' in $convert with "
	 "no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"1e\", \"to\": \"double\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '1e' in $convert with "
	 "no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"0e5\", \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '0e5' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"0e5\", \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"0E+5\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"-0\", \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"-0\", \"to\": \"double\"}}}",
	 "{\"v\": {\"$numberDouble\": \"-0.0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"-0.0\", \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse number '-0.0' in $convert "
	 "with no onError value: Did not consume whole string."},
	{"{\"e\": {\"$convert\": {\"input\": \"-0.0\", \"to\": \"double\"}}}",
	 "{\"v\": {\"$numberDouble\": \"-0.0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"00012\", \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"12\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"00012\", \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"12\"}}", 0, NULL},
};

#endif
