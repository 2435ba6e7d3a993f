/*
 * convert_value_cases.h - conversions of values, and what mongod 6.0.27 said: the value, or code and text.
 *
 * Extended JSON. Threads: constants.
 */
#ifndef TESTS_UNIT_QUERY_CONVERT_VALUE_CASES_H
#define TESTS_UNIT_QUERY_CONVERT_VALUE_CASES_H

#include "tests/unit/query/expr_case.h"

static const struct expr_case conversions_of_values_cases[] = {
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1.9\"}, \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1.9\"}, \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1.9\"}, \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1.90000000000000\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1.9\"}, \"to\": \"string\"}}}",
	 "{\"v\": \"1.9\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1.9\"}, \"to\": \"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-1.9\"}, \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"-1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-1.9\"}, \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"-1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-1.9\"}, \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"-1.90000000000000\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-1.9\"}, \"to\": \"string\"}}}",
	 "{\"v\": \"-1.9\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-1.9\"}, \"to\": \"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-1\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"2147483648.0\"}, \"to\": "
	 "\"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: 2.14748e+09"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"2147483648.0\"}, \"to\": "
	 "\"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"2147483648\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"2147483648.0\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"2147483648.00000\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"2147483648.0\"}, \"to\": "
	 "\"string\"}}}",
	 "{\"v\": \"2147483648\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"2147483648.0\"}, \"to\": "
	 "\"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"2147483648\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-2147483649.0\"}, \"to\": "
	 "\"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: -2.14748e+09"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-2147483649.0\"}, \"to\": "
	 "\"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"-2147483649\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-2147483649.0\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"-2147483649.00000\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-2147483649.0\"}, \"to\": "
	 "\"string\"}}}",
	 "{\"v\": \"-2147483649\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-2147483649.0\"}, \"to\": "
	 "\"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-2147483649\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"9.223372036854776e+18\"}, "
	 "\"to\": \"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: 9.22337e+18"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"9.223372036854776e+18\"}, "
	 "\"to\": \"long\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: 9.22337e+18"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"9.223372036854776e+18\"}, "
	 "\"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"9.22337203685478E+18\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"9.223372036854776e+18\"}, "
	 "\"to\": \"string\"}}}",
	 "{\"v\": \"9.223372036854776e+18\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"9.223372036854776e+18\"}, "
	 "\"to\": \"date\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: 9.22337e+18"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"NaN\"}, \"to\": \"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Attempt to convert NaN value to integer type "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"NaN\"}, \"to\": \"long\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Attempt to convert NaN value to integer type "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"NaN\"}, \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"NaN\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"NaN\"}, \"to\": \"string\"}}}",
	 "{\"v\": \"NaN\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"NaN\"}, \"to\": \"date\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Attempt to convert NaN value to integer type "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"Infinity\"}, \"to\": \"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Attempt to convert infinity value to integer "
	 "type in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"Infinity\"}, \"to\": "
	 "\"long\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Attempt to convert infinity value to integer "
	 "type in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"Infinity\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"Infinity\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"Infinity\"}, \"to\": "
	 "\"string\"}}}",
	 "{\"v\": \"Infinity\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"Infinity\"}, \"to\": "
	 "\"date\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Attempt to convert infinity value to integer "
	 "type in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberLong\": \"2147483648\"}, \"to\": \"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: "},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberLong\": \"2147483648\"}, \"to\": "
	 "\"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"2147483648\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberLong\": \"2147483648\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"2147483648\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberLong\": \"2147483648\"}, \"to\": "
	 "\"string\"}}}",
	 "{\"v\": \"2147483648\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberLong\": \"2147483648\"}, \"to\": "
	 "\"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"2147483648\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberLong\": \"-9223372036854775808\"}, \"to\": "
	 "\"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: "},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberLong\": \"-9223372036854775808\"}, \"to\": "
	 "\"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"-9223372036854775808\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberLong\": \"-9223372036854775808\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"-9223372036854775808\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberLong\": \"-9223372036854775808\"}, \"to\": "
	 "\"string\"}}}",
	 "{\"v\": \"-9223372036854775808\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberLong\": \"-9223372036854775808\"}, \"to\": "
	 "\"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-9223372036854775808\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1.9\"}, \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1.9\"}, \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1.9\"}, \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1.9\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1.9\"}, \"to\": \"string\"}}}",
	 "{\"v\": \"1.9\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1.9\"}, \"to\": \"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"NaN\"}, \"to\": \"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Attempt to convert NaN value to integer type "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"NaN\"}, \"to\": \"long\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Attempt to convert NaN value to integer type "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"NaN\"}, \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"NaN\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"NaN\"}, \"to\": \"string\"}}}",
	 "{\"v\": \"NaN\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"NaN\"}, \"to\": \"date\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Attempt to convert NaN value to integer type "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E+20\"}, \"to\": \"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: 1E+20"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E+20\"}, \"to\": \"long\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: 1E+20"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E+20\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1E+20\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E+20\"}, \"to\": "
	 "\"string\"}}}",
	 "{\"v\": \"1E+20\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E+20\"}, \"to\": \"date\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: 1E+20"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E+400\"}, \"to\": \"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: 1E+400"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E+400\"}, \"to\": \"long\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: 1E+400"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E+400\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1E+400\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E+400\"}, \"to\": "
	 "\"string\"}}}",
	 "{\"v\": \"1E+400\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E+400\"}, \"to\": \"date\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: 1E+400"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E-400\"}, \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E-400\"}, \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E-400\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1E-400\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E-400\"}, \"to\": "
	 "\"string\"}}}",
	 "{\"v\": \"1E-400\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E-400\"}, \"to\": \"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"0\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": true, \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": true, \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": true, \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": true, \"to\": \"string\"}}}", "{\"v\": \"true\"}", 0,
	 NULL},
	{"{\"e\": {\"$convert\": {\"input\": true, \"to\": \"date\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from bool to date in "
	 "$convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": null, \"to\": \"int\"}}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": null, \"to\": \"long\"}}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": null, \"to\": \"decimal\"}}}", "{\"v\": null}", 0,
	 NULL},
	{"{\"e\": {\"$convert\": {\"input\": null, \"to\": \"string\"}}}", "{\"v\": null}", 0,
	 NULL},
	{"{\"e\": {\"$convert\": {\"input\": null, \"to\": \"date\"}}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$date\": {\"$numberLong\": \"5\"}}, \"to\": "
	 "\"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from date to int in "
	 "$convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$date\": {\"$numberLong\": \"5\"}}, \"to\": "
	 "\"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"5\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$date\": {\"$numberLong\": \"5\"}}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"5\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$date\": {\"$numberLong\": \"5\"}}, \"to\": "
	 "\"string\"}}}",
	 "{\"v\": \"1970-01-01T00:00:00.005Z\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$date\": {\"$numberLong\": \"5\"}}, \"to\": "
	 "\"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"5\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$date\": {\"$numberLong\": "
	 "\"4611686018427387904\"}}, \"to\": \"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from date to int in "
	 "$convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$date\": {\"$numberLong\": "
	 "\"4611686018427387904\"}}, \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"4611686018427387904\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$date\": {\"$numberLong\": "
	 "\"4611686018427387904\"}}, \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"4611686018427387904\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$date\": {\"$numberLong\": "
	 "\"4611686018427387904\"}}, \"to\": \"string\"}}}",
	 NULL, 18537,
	 "Failed to optimize pipeline :: caused by :: Could not convert date to string: date "
	 "component was outside the supported range of 0-9999: 146140482"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$date\": {\"$numberLong\": "
	 "\"4611686018427387904\"}}, \"to\": \"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"4611686018427387904\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$oid\": \"5f0000000000000000000001\"}, \"to\": "
	 "\"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from objectId to int "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$oid\": \"5f0000000000000000000001\"}, \"to\": "
	 "\"long\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from objectId to long "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$oid\": \"5f0000000000000000000001\"}, \"to\": "
	 "\"decimal\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from objectId to "
	 "decimal in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$oid\": \"5f0000000000000000000001\"}, \"to\": "
	 "\"string\"}}}",
	 "{\"v\": \"5f0000000000000000000001\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$oid\": \"5f0000000000000000000001\"}, \"to\": "
	 "\"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1593835520000\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"0.1\"}, \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"0.1\"}, \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"0.1\"}, \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"0.100000000000000\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"0.1\"}, \"to\": \"string\"}}}",
	 "{\"v\": \"0.1\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"0.1\"}, \"to\": \"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"0\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1e+16\"}, \"to\": \"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: 1e+16"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1e+16\"}, \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"10000000000000000\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1e+16\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1.00000000000000E+16\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1e+16\"}, \"to\": \"string\"}}}",
	 "{\"v\": \"1e+16\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1e+16\"}, \"to\": \"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"10000000000000000\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1000000000000000.0\"}, \"to\": "
	 "\"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: 1e+15"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1000000000000000.0\"}, \"to\": "
	 "\"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"1000000000000000\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1000000000000000.0\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1.00000000000000E+15\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1000000000000000.0\"}, \"to\": "
	 "\"string\"}}}",
	 "{\"v\": \"1000000000000000\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1000000000000000.0\"}, \"to\": "
	 "\"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1000000000000000\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1.2345678901234568e+17\"}, "
	 "\"to\": \"int\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Conversion would overflow target type in "
	 "$convert with no onError value: 1.23457e+17"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1.2345678901234568e+17\"}, "
	 "\"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"123456789012345680\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1.2345678901234568e+17\"}, "
	 "\"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1.23456789012346E+17\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1.2345678901234568e+17\"}, "
	 "\"to\": \"string\"}}}",
	 "{\"v\": \"1.2345678901234568e+17\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1.2345678901234568e+17\"}, "
	 "\"to\": \"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"123456789012345680\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-0.0\"}, \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-0.0\"}, \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-0.0\"}, \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"-0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-0.0\"}, \"to\": \"string\"}}}",
	 "{\"v\": \"-0\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"-0.0\"}, \"to\": \"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"0\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1e-05\"}, \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1e-05\"}, \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1e-05\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"0.0000100000000000000\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1e-05\"}, \"to\": \"string\"}}}",
	 "{\"v\": \"1e-05\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"1e-05\"}, \"to\": \"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"0\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"0.0001\"}, \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"0.0001\"}, \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"0.0001\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"0.000100000000000000\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"0.0001\"}, \"to\": "
	 "\"string\"}}}",
	 "{\"v\": \"0.0001\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"0.0001\"}, \"to\": \"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"0\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"5e-324\"}, \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"5e-324\"}, \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"5e-324\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"4.94065645841247E-324\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"5e-324\"}, \"to\": "
	 "\"string\"}}}",
	 "{\"v\": \"5e-324\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDouble\": \"5e-324\"}, \"to\": \"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"0\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": [{\"$numberInt\": \"1\"}], \"to\": \"int\"}}}", NULL,
	 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from array to int in "
	 "$convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": [{\"$numberInt\": \"1\"}], \"to\": \"long\"}}}", NULL,
	 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from array to long in "
	 "$convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": [{\"$numberInt\": \"1\"}], \"to\": \"decimal\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from array to decimal "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": [{\"$numberInt\": \"1\"}], \"to\": \"string\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from array to string "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": [{\"$numberInt\": \"1\"}], \"to\": \"date\"}}}", NULL,
	 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from array to date in "
	 "$convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {}, \"to\": \"int\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from object to int in "
	 "$convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {}, \"to\": \"long\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from object to long "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {}, \"to\": \"decimal\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from object to "
	 "decimal in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {}, \"to\": \"string\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from object to string "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {}, \"to\": \"date\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from object to date "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E-7\"}, \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E-7\"}, \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E-7\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1E-7\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E-7\"}, \"to\": \"string\"}}}",
	 "{\"v\": \"1E-7\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1E-7\"}, \"to\": \"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"0\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1.23E+5\"}, \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"123000\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1.23E+5\"}, \"to\": "
	 "\"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"123000\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1.23E+5\"}, \"to\": "
	 "\"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1.23E+5\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1.23E+5\"}, \"to\": "
	 "\"string\"}}}",
	 "{\"v\": \"1.23E+5\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberDecimal\": \"1.23E+5\"}, \"to\": "
	 "\"date\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"123000\"}}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberInt\": \"7\"}, \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"7\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberInt\": \"7\"}, \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"7\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberInt\": \"7\"}, \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"7\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberInt\": \"7\"}, \"to\": \"string\"}}}",
	 "{\"v\": \"7\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": {\"$numberInt\": \"7\"}, \"to\": \"date\"}}}", NULL,
	 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from int to date in "
	 "$convert with no onError value"},
};

#endif
