/*
 * convert_type_cases.h - the types that $convert knows, and what mongod 6.0.27 said: the value, or code and text.
 *
 * Extended JSON. Threads: constants.
 */
#ifndef TESTS_UNIT_QUERY_CONVERT_TYPE_CASES_H
#define TESTS_UNIT_QUERY_CONVERT_TYPE_CASES_H

#include "tests/unit/query/expr_case.h"

static const struct expr_case conversion_types_cases[] = {
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"double\"}}}",
	 "{\"v\": {\"$numberDouble\": \"1.0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"string\"}}}", "{\"v\": \"1\"}", 0,
	 NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"object\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to object "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"array\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to array "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"binData\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to "
	 "binData in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"undefined\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to "
	 "undefined in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"objectId\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse objectId '1' in $convert "
	 "with no onError value: Invalid string length for parsing to OID, expected 24 but found "
	 "1"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"bool\"}}}", "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"date\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '1'; 0: Unexpected "
	 "character '1'"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"null\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to null "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"regex\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to regex "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"dbPointer\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to "
	 "dbPointer in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"javascript\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to "
	 "javascript in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"symbol\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to symbol "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"javascriptWithScope\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to "
	 "javascriptWithScope in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"int\"}}}",
	 "{\"v\": {\"$numberInt\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"timestamp\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to "
	 "timestamp in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"long\"}}}",
	 "{\"v\": {\"$numberLong\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"decimal\"}}}",
	 "{\"v\": {\"$numberDecimal\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"minKey\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to minKey "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"maxKey\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to maxKey "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"missing\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to "
	 "missing in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"number\"}}}", NULL, 2,
	 "Failed to optimize pipeline :: caused by :: Unknown type name: number"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"foo\"}}}", NULL, 2,
	 "Failed to optimize pipeline :: caused by :: Unknown type name: foo"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": \"\"}}}", NULL, 2,
	 "Failed to optimize pipeline :: caused by :: Unknown type name: "},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberInt\": \"-1\"}}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to minKey "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberInt\": \"0\"}}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to "
	 "missing in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberInt\": \"1\"}}}}",
	 "{\"v\": {\"$numberDouble\": \"1.0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberInt\": \"2\"}}}}",
	 "{\"v\": \"1\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberInt\": \"7\"}}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Failed to parse objectId '1' in $convert "
	 "with no onError value: Invalid string length for parsing to OID, expected 24 but found "
	 "1"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberInt\": \"8\"}}}}",
	 "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberInt\": \"9\"}}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '1'; 0: Unexpected "
	 "character '1'"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberInt\": \"16\"}}}}",
	 "{\"v\": {\"$numberInt\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberInt\": \"18\"}}}}",
	 "{\"v\": {\"$numberLong\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberInt\": \"19\"}}}}",
	 "{\"v\": {\"$numberDecimal\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberInt\": \"20\"}}}}", NULL, 9,
	 "Failed to optimize pipeline :: caused by :: In $convert, numeric value for 'to' does not "
	 "correspond to a BSON type: 20"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberInt\": \"99\"}}}}", NULL, 9,
	 "Failed to optimize pipeline :: caused by :: In $convert, numeric value for 'to' does not "
	 "correspond to a BSON type: 99"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberInt\": \"127\"}}}}", NULL,
	 241,
	 "Failed to optimize pipeline :: caused by :: Unsupported conversion from string to maxKey "
	 "in $convert with no onError value"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberInt\": \"-2\"}}}}", NULL, 9,
	 "Failed to optimize pipeline :: caused by :: In $convert, numeric value for 'to' does not "
	 "correspond to a BSON type: -2"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberDouble\": \"1.0\"}}}}",
	 "{\"v\": {\"$numberDouble\": \"1.0\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberDouble\": \"1.5\"}}}}", NULL,
	 9,
	 "Failed to optimize pipeline :: caused by :: In $convert, numeric 'to' argument is not an "
	 "integer"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberLong\": \"2\"}}}}",
	 "{\"v\": \"1\"}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberDecimal\": \"16\"}}}}",
	 "{\"v\": {\"$numberInt\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": null}}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": true}}}", NULL, 9,
	 "Failed to optimize pipeline :: caused by :: $convert's 'to' argument must be a string or "
	 "number, but is bool"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": []}}}", NULL, 9,
	 "Failed to optimize pipeline :: caused by :: $convert's 'to' argument must be a string or "
	 "number, but is array"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {}}}}", NULL, 9,
	 "Failed to optimize pipeline :: caused by :: $convert's 'to' argument must be a string or "
	 "number, but is object"},
	{"{\"e\": {\"$convert\": {\"input\": \"1\", \"to\": {\"$numberDouble\": "
	 "\"1099511627776.0\"}}}}",
	 NULL, 9,
	 "Failed to optimize pipeline :: caused by :: In $convert, numeric 'to' argument is not an "
	 "integer"},
};

#endif
