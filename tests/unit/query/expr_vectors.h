/*
 * expr_vectors.h - expressions over one document, and what mongod 6.0.27 said: the value, or code and text.
 *
 * Extended JSON. Threads: constants.
 */
#ifndef TESTS_UNIT_QUERY_EXPR_VECTORS_H
#define TESTS_UNIT_QUERY_EXPR_VECTORS_H

#include <stddef.h>

struct expr_vector {
	const char *expr;
	const char *value; /* {"v": ...}, {} when missing; NULL: an error */
	int code;
	const char *text;
};

static const char expr_vector_document[] =
	"{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": "
	"[{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}], \"c\": "
	"{\"d\": \"x\", \"e\": [{\"f\": {\"$numberInt\": \"1\"}}, {\"f\": {\"$numberInt\": "
	"\"2\"}}, {\"$numberInt\": \"5\"}, {\"g\": {\"$numberInt\": \"0\"}}, [{\"f\": "
	"{\"$numberInt\": \"9\"}}]]}, \"s\": \"text\", \"n\": null, \"rows\": [{\"k\": \"x\", "
	"\"v\": {\"$numberInt\": \"1\"}}, {\"k\": \"y\", \"v\": {\"$numberInt\": \"2\"}}], "
	"\"dec\": {\"$numberDecimal\": \"1.50\"}, \"long\": {\"$numberLong\": \"5\"}, \"dbl\": "
	"{\"$numberDouble\": \"2.5\"}, \"t\": true}";

static const struct expr_vector paths_vectors[] = {
	{"{\"e\": \"$a\"}", "{\"v\": {\"$numberInt\": \"1\"}}", 0, NULL},
	{"{\"e\": \"$c.d\"}", "{\"v\": \"x\"}", 0, NULL},
	{"{\"e\": \"$c.e.f\"}", "{\"v\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}]}", 0,
	 NULL},
	{"{\"e\": \"$c.e.0\"}", "{\"v\": []}", 0, NULL},
	{"{\"e\": \"$b.0\"}", "{\"v\": []}", 0, NULL},
	{"{\"e\": \"$missing\"}", "{}", 0, NULL},
	{"{\"e\": \"$a.b\"}", "{}", 0, NULL},
	{"{\"e\": \"$$ROOT.c.d\"}", "{\"v\": \"x\"}", 0, NULL},
	{"{\"e\": \"$$CURRENT.a\"}", "{\"v\": {\"$numberInt\": \"1\"}}", 0, NULL},
	{"{\"e\": \"$$REMOVE\"}", "{}", 0, NULL},
	{"{\"e\": [\"$a\", \"$missing\", \"$$REMOVE\"]}",
	 "{\"v\": [{\"$numberInt\": \"1\"}, null, null]}", 0, NULL},
	{"{\"e\": {\"x\": \"$missing\", \"y\": \"$a\"}}",
	 "{\"v\": {\"y\": {\"$numberInt\": \"1\"}}}", 0, NULL},
	{"{\"e\": {}}", "{\"v\": {}}", 0, NULL},
	{"{\"e\": []}", "{\"v\": []}", 0, NULL},
	{"{\"e\": \"$\"}", NULL, 16872, "'$' by itself is not a valid FieldPath"},
	{"{\"e\": \"$$\"}", NULL, 9, "empty variable names are not allowed"},
	{"{\"e\": \"$$x\"}", NULL, 17276, "Use of undefined variable: x"},
	{"{\"e\": \"$$1\"}", NULL, 9,
	 "'1' starts with an invalid character for a user variable name"},
	{"{\"e\": \"$$a-b\"}", NULL, 9,
	 "'a-b' contains an invalid character for a variable name: '-'"},
	{"{\"e\": \"$.a\"}", NULL, 15998, "FieldPath field names may not be empty strings."},
	{"{\"e\": \"$a.\"}", NULL, 40353, "FieldPath must not end with a '.'."},
	{"{\"e\": \"$a..b\"}", NULL, 15998, "FieldPath field names may not be empty strings."},
	{"{\"e\": \"$a.$b\"}", NULL, 16410,
	 "FieldPath field names may not start with '$'. Consider using $getField or $setField."},
	{"{\"e\": {\"$literal\": \"$a\"}}", "{\"v\": \"$a\"}", 0, NULL},
	{"{\"e\": \"$$JS_SCOPE\"}", NULL, 51144,
	 "PlanExecutor error during aggregation :: caused by :: Builtin variable '$$JS_SCOPE' is "
	 "not available"},
	{"{\"e\": \"$$SEARCH_META\"}", NULL, 6347903,
	 "Can't access $$SEARCH_META without a $search stage earlier in the pipeline"},
	{"{\"e\": \"$$USER_ROLES\"}", NULL, 17276, "Use of undefined variable: USER_ROLES"},
	{"{\"e\": \"text\"}", "{\"v\": \"text\"}", 0, NULL},
	{"{\"e\": {\"a.b\": {\"$numberInt\": \"1\"}}}", NULL, 16412,
	 "FieldPath field names may not contain '.'. Consider using $getField or $setField."},
	{"{\"e\": {\"\": {\"$numberInt\": \"1\"}}}", NULL, 15998,
	 "FieldPath field names may not be empty strings."},
	{"{\"e\": {\"$foo\": {\"$numberInt\": \"1\"}}}", NULL, 168,
	 "Unrecognized expression '$foo'"},
	{"{\"e\": {\"$add\": [{\"$numberInt\": \"1\"}], \"$abs\": {\"$numberInt\": \"1\"}}}", NULL,
	 15983,
	 "An object representing an expression must have exactly one field: { $add: [ 1 ], $abs: 1 "
	 "}"},
	{"{\"e\": {\"a\": {\"$numberInt\": \"1\"}, \"$b\": {\"$numberInt\": \"2\"}}}", NULL, 16410,
	 "FieldPath field names may not start with '$'. Consider using $getField or $setField."},
	{"{\"e\": {\"a\": {\"$b\": {\"$numberInt\": \"1\"}}}}", NULL, 168,
	 "Unrecognized expression '$b'"},
};

static const struct expr_vector arithmetic_vectors[] = {
	{"{\"e\": {\"$add\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}]}}",
	 "{\"v\": {\"$numberInt\": \"3\"}}", 0, NULL},
	{"{\"e\": {\"$add\": [{\"$numberInt\": \"2147483647\"}, {\"$numberInt\": \"1\"}]}}",
	 "{\"v\": {\"$numberLong\": \"2147483648\"}}", 0, NULL},
	{"{\"e\": {\"$add\": [{\"$numberLong\": \"9223372036854775807\"}, {\"$numberInt\": "
	 "\"1\"}]}}",
	 "{\"v\": {\"$numberDouble\": \"9.223372036854776e+18\"}}", 0, NULL},
	{"{\"e\": {\"$add\": [\"$a\", {\"$numberDecimal\": \"0.1\"}, {\"$numberDouble\": "
	 "\"0.1\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"1.200000000000000\"}}", 0, NULL},
	{"{\"e\": {\"$add\": [\"$a\", null]}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$add\": [\"$s\", {\"$numberInt\": \"1\"}]}}", NULL, 14,
	 "PlanExecutor error during aggregation :: caused by :: $add only supports numeric or date "
	 "types, not string"},
	{"{\"e\": {\"$add\": [\"$a\", {\"$numberInt\": \"1\"}, \"x\"]}}", NULL, 14,
	 "Failed to optimize pipeline :: caused by :: $add only supports numeric or date types, "
	 "not string"},
	{"{\"e\": {\"$add\": []}}", "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$add\": [{\"$literal\": {\"$numberInt\": \"1\"}}, \"$a\", \"$dbl\"]}}",
	 "{\"v\": {\"$numberDouble\": \"4.5\"}}", 0, NULL},
	{"{\"e\": {\"$subtract\": [{\"$numberInt\": \"5\"}, \"$dbl\"]}}",
	 "{\"v\": {\"$numberDouble\": \"2.5\"}}", 0, NULL},
	{"{\"e\": {\"$subtract\": [\"$s\", {\"$numberInt\": \"1\"}]}}", NULL, 14,
	 "PlanExecutor error during aggregation :: caused by :: can't $subtract int from string"},
	{"{\"e\": {\"$subtract\": [{\"$numberLong\": \"-9223372036854775808\"}, {\"$numberInt\": "
	 "\"1\"}]}}",
	 "{\"v\": {\"$numberDouble\": \"-9.223372036854776e+18\"}}", 0, NULL},
	{"{\"e\": {\"$subtract\": [{\"$numberInt\": \"1\"}]}}", NULL, 16020,
	 "Expression $subtract takes exactly 2 arguments. 1 were passed in."},
	{"{\"e\": {\"$multiply\": [{\"$numberInt\": \"2147483647\"}, {\"$numberInt\": \"2\"}]}}",
	 "{\"v\": {\"$numberLong\": \"4294967294\"}}", 0, NULL},
	{"{\"e\": {\"$multiply\": [{\"$numberLong\": \"9223372036854775807\"}, {\"$numberInt\": "
	 "\"2\"}]}}",
	 "{\"v\": {\"$numberDouble\": \"1.8446744073709552e+19\"}}", 0, NULL},
	{"{\"e\": {\"$multiply\": [\"$dec\", {\"$numberInt\": \"2\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"3.00\"}}", 0, NULL},
	{"{\"e\": {\"$multiply\": [\"$s\", {\"$numberInt\": \"2\"}]}}", NULL, 14,
	 "PlanExecutor error during aggregation :: caused by :: $multiply only supports numeric "
	 "types, not string"},
	{"{\"e\": {\"$divide\": [{\"$numberInt\": \"6\"}, {\"$numberInt\": \"2\"}]}}",
	 "{\"v\": {\"$numberDouble\": \"3.0\"}}", 0, NULL},
	{"{\"e\": {\"$divide\": [\"$a\", {\"$numberInt\": \"0\"}]}}", NULL, 2,
	 "PlanExecutor error during aggregation :: caused by :: can't $divide by zero"},
	{"{\"e\": {\"$divide\": [\"$s\", {\"$numberInt\": \"1\"}]}}", NULL, 14,
	 "PlanExecutor error during aggregation :: caused by :: $divide only supports numeric "
	 "types, not string and int"},
	{"{\"e\": {\"$divide\": [{\"$numberInt\": \"1\"}, {\"$numberDecimal\": \"3\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"0.3333333333333333333333333333333333\"}}", 0, NULL},
	{"{\"e\": {\"$mod\": [{\"$numberInt\": \"7\"}, {\"$numberInt\": \"3\"}]}}",
	 "{\"v\": {\"$numberInt\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$mod\": [{\"$numberInt\": \"-7\"}, {\"$numberInt\": \"3\"}]}}",
	 "{\"v\": {\"$numberInt\": \"-1\"}}", 0, NULL},
	{"{\"e\": {\"$mod\": [{\"$numberDouble\": \"7.5\"}, {\"$numberInt\": \"2\"}]}}",
	 "{\"v\": {\"$numberDouble\": \"1.5\"}}", 0, NULL},
	{"{\"e\": {\"$mod\": [\"$a\", {\"$numberInt\": \"0\"}]}}", NULL, 16610,
	 "PlanExecutor error during aggregation :: caused by :: can't $mod by zero"},
	{"{\"e\": {\"$mod\": [{\"$numberDecimal\": \"7.5\"}, {\"$numberInt\": \"2\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"1.5\"}}", 0, NULL},
	{"{\"e\": {\"$mod\": [\"$s\", {\"$numberInt\": \"1\"}]}}", NULL, 16611,
	 "PlanExecutor error during aggregation :: caused by :: $mod only supports numeric types, "
	 "not string and int"},
	{"{\"e\": {\"$abs\": {\"$numberInt\": \"-2147483648\"}}}",
	 "{\"v\": {\"$numberLong\": \"2147483648\"}}", 0, NULL},
	{"{\"e\": {\"$abs\": {\"$numberLong\": \"-9223372036854775808\"}}}", NULL, 28680,
	 "Failed to optimize pipeline :: caused by :: can't take $abs of long long min"},
	{"{\"e\": {\"$abs\": \"$s\"}}", NULL, 28765,
	 "PlanExecutor error during aggregation :: caused by :: $abs only supports numeric types, "
	 "not string"},
	{"{\"e\": {\"$ceil\": {\"$numberDouble\": \"1.2\"}}}",
	 "{\"v\": {\"$numberDouble\": \"2.0\"}}", 0, NULL},
	{"{\"e\": {\"$floor\": {\"$numberDecimal\": \"-1.5\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"-2\"}}", 0, NULL},
	{"{\"e\": {\"$round\": {\"$numberDouble\": \"2.5\"}}}",
	 "{\"v\": {\"$numberDouble\": \"2.0\"}}", 0, NULL},
	{"{\"e\": {\"$round\": [{\"$numberDouble\": \"1234.5678\"}, {\"$numberInt\": \"2\"}]}}",
	 "{\"v\": {\"$numberDouble\": \"1234.57\"}}", 0, NULL},
	{"{\"e\": {\"$round\": [{\"$numberInt\": \"1555\"}, {\"$numberInt\": \"-2\"}]}}",
	 "{\"v\": {\"$numberInt\": \"1600\"}}", 0, NULL},
	{"{\"e\": {\"$trunc\": [{\"$numberDouble\": \"-1.99\"}]}}",
	 "{\"v\": {\"$numberDouble\": \"-1.0\"}}", 0, NULL},
	{"{\"e\": {\"$round\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"101\"}]}}", NULL, 51083,
	 "Failed to optimize pipeline :: caused by :: cannot apply $round with precision value 101 "
	 "value must be in [-20, 100]"},
	{"{\"e\": {\"$round\": [{\"$numberInt\": \"1\"}, {\"$numberDouble\": \"1.5\"}]}}", NULL,
	 51082,
	 "Failed to optimize pipeline :: caused by :: precision argument to  $round must be a "
	 "integral value"},
	{"{\"e\": {\"$trunc\": [\"$s\", {\"$numberInt\": \"1\"}]}}", NULL, 51081,
	 "PlanExecutor error during aggregation :: caused by :: $trunc only supports numeric "
	 "types, not string"},
	{"{\"e\": {\"$pow\": [{\"$numberInt\": \"2\"}, {\"$numberInt\": \"10\"}]}}",
	 "{\"v\": {\"$numberInt\": \"1024\"}}", 0, NULL},
	{"{\"e\": {\"$pow\": [{\"$numberInt\": \"2\"}, {\"$numberInt\": \"63\"}]}}",
	 "{\"v\": {\"$numberDouble\": \"9.223372036854776e+18\"}}", 0, NULL},
	{"{\"e\": {\"$pow\": [{\"$numberInt\": \"0\"}, {\"$numberInt\": \"-1\"}]}}", NULL, 28764,
	 "Failed to optimize pipeline :: caused by :: $pow cannot take a base of 0 and a negative "
	 "exponent"},
	{"{\"e\": {\"$pow\": [{\"$numberDecimal\": \"3\"}, {\"$numberInt\": \"2\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"9.000000000000000000000000000000001\"}}", 0, NULL},
	{"{\"e\": {\"$pow\": [{\"$numberDecimal\": \"1E+10\"}, {\"$numberInt\": \"3\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"999999999999999999999999999999.9999\"}}", 0, NULL},
	{"{\"e\": {\"$pow\": [{\"$numberDecimal\": \"-0\"}, {\"$numberDecimal\": \"1\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"0E-6176\"}}", 0, NULL},
	{"{\"e\": {\"$pow\": [{\"$numberDecimal\": \"-0E+6111\"}, {\"$numberDecimal\": "
	 "\"9007199254740993\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"0E-6176\"}}", 0, NULL},
	{"{\"e\": {\"$pow\": [{\"$numberDecimal\": \"-Infinity\"}, {\"$numberDecimal\": \"-3\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"0E-6176\"}}", 0, NULL},
	{"{\"e\": {\"$pow\": [{\"$numberDecimal\": \"10\"}, {\"$numberDecimal\": \"0\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"0E-6176\"}}", 0, NULL},
	{"{\"e\": {\"$pow\": [{\"$numberDecimal\": \"-1E-6176\"}, {\"$numberDecimal\": \"3\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"0E-6176\"}}", 0, NULL},
	{"{\"e\": {\"$pow\": [{\"$numberDecimal\": \"2\"}, {\"$numberDecimal\": \"0\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"1.000000000000000000000000000000000\"}}", 0, NULL},
	{"{\"e\": {\"$pow\": [{\"$numberDecimal\": \"-1\"}, {\"$numberDecimal\": "
	 "\"1000000000000000000000000000000001\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"-1.000000000000000000000000000000000\"}}", 0, NULL},
	{"{\"e\": {\"$pow\": [\"$s\", {\"$numberInt\": \"1\"}]}}", NULL, 28762,
	 "PlanExecutor error during aggregation :: caused by :: $pow's base must be numeric, not "
	 "string"},
	{"{\"e\": {\"$pow\": [{\"$numberInt\": \"1\"}, \"$s\"]}}", NULL, 28763,
	 "PlanExecutor error during aggregation :: caused by :: $pow's exponent must be numeric, "
	 "not string"},
	{"{\"e\": {\"$sqrt\": {\"$numberInt\": \"2\"}}}",
	 "{\"v\": {\"$numberDouble\": \"1.4142135623730951\"}}", 0, NULL},
	{"{\"e\": {\"$sqrt\": {\"$numberInt\": \"-1\"}}}", NULL, 28714,
	 "Failed to optimize pipeline :: caused by :: $sqrt's argument must be greater than or "
	 "equal to 0"},
	{"{\"e\": {\"$sqrt\": {\"$numberDecimal\": \"2\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1.414213562373095048801688724209698\"}}", 0, NULL},
	{"{\"e\": {\"$exp\": {\"$numberInt\": \"1\"}}}",
	 "{\"v\": {\"$numberDouble\": \"2.718281828459045\"}}", 0, NULL},
	{"{\"e\": {\"$exp\": {\"$numberDecimal\": \"1\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"2.718281828459045235360287471352662\"}}", 0, NULL},
	{"{\"e\": {\"$ln\": {\"$numberDouble\": \"-0.5\"}}}", NULL, 28766,
	 "Failed to optimize pipeline :: caused by :: $ln's argument must be a positive number, "
	 "but is -0.5"},
	{"{\"e\": {\"$ln\": {\"$numberDecimal\": \"10\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"2.302585092994045684017991454684364\"}}", 0, NULL},
	{"{\"e\": {\"$log\": [{\"$numberInt\": \"8\"}, {\"$numberInt\": \"2\"}]}}",
	 "{\"v\": {\"$numberDouble\": \"3.0\"}}", 0, NULL},
	{"{\"e\": {\"$log\": [{\"$numberInt\": \"8\"}, {\"$numberInt\": \"1\"}]}}", NULL, 28759,
	 "Failed to optimize pipeline :: caused by :: $log's base must be a positive number not "
	 "equal to 1, but is 1"},
	{"{\"e\": {\"$log\": [\"$s\", {\"$numberInt\": \"2\"}]}}", NULL, 28756,
	 "PlanExecutor error during aggregation :: caused by :: $log's argument must be numeric, "
	 "not string"},
	{"{\"e\": {\"$log10\": {\"$numberInt\": \"1000\"}}}",
	 "{\"v\": {\"$numberDouble\": \"3.0\"}}", 0, NULL},
	{"{\"e\": {\"$log10\": {\"$numberInt\": \"0\"}}}", NULL, 28761,
	 "Failed to optimize pipeline :: caused by :: $log10's argument must be a positive number, "
	 "but is 0"},
};

static const struct expr_vector trigonometry_vectors[] = {
	{"{\"e\": {\"$sin\": {\"$numberInt\": \"1\"}}}",
	 "{\"v\": {\"$numberDouble\": \"0.8414709848078965\"}}", 0, NULL},
	{"{\"e\": {\"$cos\": {\"$numberDouble\": \"Infinity\"}}}", NULL, 50989,
	 "Failed to optimize pipeline :: caused by :: cannot apply $cos to inf, value must be in "
	 "(-inf,inf)"},
	{"{\"e\": {\"$acos\": {\"$numberInt\": \"2\"}}}", NULL, 50989,
	 "Failed to optimize pipeline :: caused by :: cannot apply $acos to 2, value must be in "
	 "[-1,1]"},
	{"{\"e\": {\"$acos\": {\"$numberDecimal\": \"0.5\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1.047197551196597746154214461093168\"}}", 0, NULL},
	{"{\"e\": {\"$atan2\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}]}}",
	 "{\"v\": {\"$numberDouble\": \"0.4636476090008061\"}}", 0, NULL},
	{"{\"e\": {\"$atan2\": [\"$s\", {\"$numberInt\": \"1\"}]}}", NULL, 51044,
	 "PlanExecutor error during aggregation :: caused by :: $atan2 only supports numeric "
	 "types, not string"},
	{"{\"e\": {\"$atan2\": [{\"$numberInt\": \"1\"}, \"$s\"]}}", NULL, 51045,
	 "PlanExecutor error during aggregation :: caused by :: $atan2 only supports numeric "
	 "types, not string"},
	{"{\"e\": {\"$acosh\": {\"$numberInt\": \"0\"}}}", NULL, 50989,
	 "Failed to optimize pipeline :: caused by :: cannot apply $acosh to 0, value must be in "
	 "[1,inf]"},
	{"{\"e\": {\"$atanh\": {\"$numberInt\": \"1\"}}}",
	 "{\"v\": {\"$numberDouble\": \"Infinity\"}}", 0, NULL},
	{"{\"e\": {\"$degreesToRadians\": {\"$numberInt\": \"180\"}}}",
	 "{\"v\": {\"$numberDouble\": \"3.141592653589793\"}}", 0, NULL},
	{"{\"e\": {\"$radiansToDegrees\": {\"$numberDecimal\": \"1\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"57.29577951308232087679815481410517\"}}", 0, NULL},
	{"{\"e\": {\"$tan\": \"$s\"}}", NULL, 28765,
	 "PlanExecutor error during aggregation :: caused by :: $tan only supports numeric types, "
	 "not string"},
	{"{\"e\": {\"$sinh\": {\"$numberDecimal\": \"1.5\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"2.129279455094817496834387494677632\"}}", 0, NULL},
};

static const struct expr_vector logic_vectors[] = {
	{"{\"e\": {\"$and\": []}}", "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$or\": []}}", "{\"v\": false}", 0, NULL},
	{"{\"e\": {\"$and\": [{\"$divide\": [{\"$numberInt\": \"1\"}, \"$n\"]}, {\"$numberInt\": "
	 "\"0\"}]}}",
	 "{\"v\": false}", 0, NULL},
	{"{\"e\": {\"$and\": [\"$a\", \"$t\", {\"$numberInt\": \"1\"}]}}", "{\"v\": true}", 0,
	 NULL},
	{"{\"e\": {\"$or\": [\"$n\", {\"$numberInt\": \"0\"}, \"$missing\"]}}", "{\"v\": false}", 0,
	 NULL},
	{"{\"e\": {\"$not\": [\"$n\"]}}", "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$not\": []}}", NULL, 16020,
	 "Expression $not takes exactly 1 arguments. 0 were passed in."},
	{"{\"e\": {\"$cond\": [\"$t\", \"y\", \"n\"]}}", "{\"v\": \"y\"}", 0, NULL},
	{"{\"e\": {\"$cond\": {\"if\": {\"$numberInt\": \"0\"}, \"then\": {\"$numberInt\": "
	 "\"1\"}}}}",
	 NULL, 17082, "Missing 'else' parameter to $cond"},
	{"{\"e\": {\"$cond\": {\"if\": {\"$numberInt\": \"0\"}, \"then\": {\"$numberInt\": \"1\"}, "
	 "\"else\": {\"$numberInt\": \"2\"}, \"x\": {\"$numberInt\": \"3\"}}}}",
	 NULL, 17083, "Unrecognized parameter to $cond: x"},
	{"{\"e\": {\"$cond\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}]}}", NULL, 16020,
	 "Expression $cond takes exactly 3 arguments. 2 were passed in."},
	{"{\"e\": {\"$ifNull\": [\"$missing\", \"$n\", {\"$numberInt\": \"5\"}]}}",
	 "{\"v\": {\"$numberInt\": \"5\"}}", 0, NULL},
	{"{\"e\": {\"$ifNull\": [{\"$numberInt\": \"1\"}]}}", NULL, 1257300,
	 "$ifNull needs at least two arguments, had: 1"},
	{"{\"e\": {\"$switch\": {\"branches\": [{\"case\": {\"$gt\": [\"$a\", {\"$numberInt\": "
	 "\"5\"}]}, \"then\": \"big\"}, {\"case\": \"$t\", \"then\": \"true\"}], \"default\": "
	 "\"none\"}}}",
	 "{\"v\": \"true\"}", 0, NULL},
	{"{\"e\": {\"$switch\": {\"branches\": [{\"case\": false, \"then\": {\"$numberInt\": "
	 "\"9\"}}, {\"case\": \"$missing\", \"then\": {\"$numberInt\": \"1\"}}], \"default\": "
	 "{\"$numberInt\": \"3\"}}}}",
	 "{\"v\": {\"$numberInt\": \"3\"}}", 0, NULL},
	{"{\"e\": {\"$switch\": {\"branches\": [{\"case\": \"$n\", \"then\": {\"$numberInt\": "
	 "\"1\"}}]}}}",
	 NULL, 40066,
	 "PlanExecutor error during aggregation :: caused by :: $switch could not find a matching "
	 "branch for an input, and no default was specified."},
	{"{\"e\": {\"$switch\": {\"branches\": [{\"case\": false, \"then\": {\"$numberInt\": "
	 "\"1\"}}]}}}",
	 NULL, 40069,
	 "Failed to optimize pipeline :: caused by :: Cannot execute a switch statement where all "
	 "the cases evaluate to false without a default"},
	{"{\"e\": {\"$switch\": {\"branches\": []}}}", NULL, 40068,
	 "$switch requires at least one branch"},
	{"{\"e\": {\"$switch\": {\"branches\": {\"$numberInt\": \"5\"}}}}", NULL, 40061,
	 "$switch expected an array for 'branches', found: int"},
	{"{\"e\": {\"$switch\": {\"$numberInt\": \"5\"}}}", NULL, 40060,
	 "$switch requires an object as an argument, found: int"},
	{"{\"e\": {\"$switch\": {\"branches\": [{\"case\": {\"$numberInt\": \"1\"}}]}}}", NULL,
	 40065, "$switch requires each branch have a 'then' expression."},
	{"{\"e\": {\"$switch\": {\"branches\": [{\"then\": {\"$numberInt\": \"1\"}}]}}}", NULL,
	 40064, "$switch requires each branch have a 'case' expression"},
	{"{\"e\": {\"$switch\": {\"x\": {\"$numberInt\": \"1\"}}}}", NULL, 40067,
	 "$switch found an unknown argument: x"},
	{"{\"e\": {\"$cmp\": [{\"$numberInt\": \"1\"}, {\"$numberDouble\": \"1.0\"}]}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$cmp\": [\"$missing\", null]}}", "{\"v\": {\"$numberInt\": \"-1\"}}", 0, NULL},
	{"{\"e\": {\"$eq\": [\"$a\", {\"$numberDecimal\": \"1.0\"}]}}", "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$gt\": [\"$b\", \"$c\"]}}", "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$lte\": [{\"$numberInt\": \"1\"}]}}", NULL, 16020,
	 "Expression $lte takes exactly 2 arguments. 1 were passed in."},
};

#endif
