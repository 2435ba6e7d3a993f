/*
 * expr_vectors_more.h - the second half of expr_vectors.h.
 *
 * Threads: constants.
 */
#ifndef TESTS_UNIT_QUERY_EXPR_VECTORS_MORE_H
#define TESTS_UNIT_QUERY_EXPR_VECTORS_MORE_H

#include "tests/unit/query/expr_vectors.h"

static const struct expr_vector arrays_vectors[] = {
	{"{\"e\": {\"$arrayElemAt\": [\"$b\", {\"$numberInt\": \"-1\"}]}}",
	 "{\"v\": {\"$numberInt\": \"3\"}}", 0, NULL},
	{"{\"e\": {\"$arrayElemAt\": [\"$b\", {\"$numberInt\": \"7\"}]}}", "{}", 0, NULL},
	{"{\"e\": {\"$arrayElemAt\": [\"$s\", {\"$numberInt\": \"0\"}]}}", NULL, 28689,
	 "PlanExecutor error during aggregation :: caused by :: $arrayElemAt's first argument must "
	 "be an array, but is string"},
	{"{\"e\": {\"$arrayElemAt\": [\"$b\", {\"$numberDouble\": \"1.5\"}]}}", NULL, 28691,
	 "PlanExecutor error during aggregation :: caused by :: $arrayElemAt's second argument "
	 "must be representable as a 32-bit integer: 1.5"},
	{"{\"e\": {\"$arrayElemAt\": [\"$b\", \"x\"]}}", NULL, 28690,
	 "PlanExecutor error during aggregation :: caused by :: $arrayElemAt's second argument "
	 "must be a numeric value, but is string"},
	{"{\"e\": {\"$first\": \"$b\"}}", "{\"v\": {\"$numberInt\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$last\": \"$s\"}}", NULL, 28689,
	 "PlanExecutor error during aggregation :: caused by :: $last's argument must be an array, "
	 "but is string"},
	{"{\"e\": {\"$concatArrays\": [\"$b\", [{\"$numberInt\": \"4\"}], [{\"$numberInt\": "
	 "\"5\"}]]}}",
	 "{\"v\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, "
	 "{\"$numberInt\": \"4\"}, {\"$numberInt\": \"5\"}]}",
	 0, NULL},
	{"{\"e\": {\"$concatArrays\": [\"$b\", {\"$numberInt\": \"5\"}]}}", NULL, 28664,
	 "PlanExecutor error during aggregation :: caused by :: $concatArrays only supports "
	 "arrays, not int"},
	{"{\"e\": {\"$in\": [{\"$numberInt\": \"2\"}, \"$b\"]}}", "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$in\": [{\"$numberInt\": \"2\"}, \"$s\"]}}", NULL, 40081,
	 "PlanExecutor error during aggregation :: caused by :: $in requires an array as a second "
	 "argument, found: string"},
	{"{\"e\": {\"$indexOfArray\": [\"$b\", {\"$numberInt\": \"3\"}]}}",
	 "{\"v\": {\"$numberInt\": \"2\"}}", 0, NULL},
	{"{\"e\": {\"$indexOfArray\": [\"$b\", {\"$numberInt\": \"3\"}, {\"$numberInt\": "
	 "\"-1\"}]}}",
	 NULL, 40097,
	 "PlanExecutor error during aggregation :: caused by :: $indexOfArray requires a "
	 "nonnegative starting index, found: -1"},
	{"{\"e\": {\"$indexOfArray\": [\"$b\", {\"$numberInt\": \"3\"}, \"x\"]}}", NULL, 40096,
	 "PlanExecutor error during aggregation :: caused by :: $indexOfArrayrequires an integral "
	 "starting index, found a value of type: string, with value: \"x\""},
	{"{\"e\": {\"$indexOfArray\": [\"x\", {\"$numberInt\": \"3\"}]}}", NULL, 40090,
	 "Failed to optimize pipeline :: caused by :: $indexOfArray requires an array as a first "
	 "argument, found: string"},
	{"{\"e\": {\"$isArray\": \"$b\"}}", "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$range\": [{\"$numberInt\": \"0\"}, {\"$numberInt\": \"10\"}, "
	 "{\"$numberInt\": \"3\"}]}}",
	 "{\"v\": [{\"$numberInt\": \"0\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"6\"}, "
	 "{\"$numberInt\": \"9\"}]}",
	 0, NULL},
	{"{\"e\": {\"$range\": [{\"$numberInt\": \"5\"}, {\"$numberInt\": \"0\"}, {\"$numberInt\": "
	 "\"-2\"}]}}",
	 "{\"v\": [{\"$numberInt\": \"5\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"1\"}]}", 0,
	 NULL},
	{"{\"e\": {\"$range\": [{\"$numberInt\": \"0\"}, {\"$numberInt\": \"5\"}, {\"$numberInt\": "
	 "\"0\"}]}}",
	 NULL, 34449,
	 "Failed to optimize pipeline :: caused by :: $range requires a non-zero step value"},
	{"{\"e\": {\"$range\": [\"x\", {\"$numberInt\": \"5\"}]}}", NULL, 34443,
	 "Failed to optimize pipeline :: caused by :: $range requires a numeric starting value, "
	 "found value of type: string"},
	{"{\"e\": {\"$range\": [{\"$numberInt\": \"0\"}, {\"$numberDouble\": \"1.5\"}]}}", NULL,
	 34446,
	 "Failed to optimize pipeline :: caused by :: $range requires an ending value that can be "
	 "represented as a 32-bit integer, found value: 1.5"},
	{"{\"e\": {\"$reverseArray\": \"$b\"}}",
	 "{\"v\": [{\"$numberInt\": \"3\"}, {\"$numberInt\": \"2\"}, {\"$numberInt\": \"1\"}]}", 0,
	 NULL},
	{"{\"e\": {\"$reverseArray\": \"$s\"}}", NULL, 34435,
	 "PlanExecutor error during aggregation :: caused by :: The argument to $reverseArray must "
	 "be an array, but was of type: string"},
	{"{\"e\": {\"$size\": \"$b\"}}", "{\"v\": {\"$numberInt\": \"3\"}}", 0, NULL},
	{"{\"e\": {\"$size\": \"$missing\"}}", NULL, 17124,
	 "PlanExecutor error during aggregation :: caused by :: The argument to $size must be an "
	 "array, but was of type: missing"},
	{"{\"e\": {\"$slice\": [\"$b\", {\"$numberInt\": \"-2\"}]}}",
	 "{\"v\": [{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}]}", 0, NULL},
	{"{\"e\": {\"$slice\": [\"$b\", {\"$numberInt\": \"1\"}, {\"$numberInt\": \"1\"}]}}",
	 "{\"v\": [{\"$numberInt\": \"2\"}]}", 0, NULL},
	{"{\"e\": {\"$slice\": [\"$b\", {\"$numberInt\": \"1\"}, {\"$numberInt\": \"0\"}]}}", NULL,
	 28729,
	 "PlanExecutor error during aggregation :: caused by :: Third argument to $slice must be "
	 "positive: 0"},
	{"{\"e\": {\"$slice\": [\"$s\", {\"$numberInt\": \"1\"}]}}", NULL, 28724,
	 "PlanExecutor error during aggregation :: caused by :: First argument to $slice must be "
	 "an array, but is of type: string"},
	{"{\"e\": {\"$map\": {\"input\": \"$b\", \"as\": \"x\", \"in\": {\"$multiply\": [\"$$x\", "
	 "{\"$numberInt\": \"2\"}]}}}}",
	 "{\"v\": [{\"$numberInt\": \"2\"}, {\"$numberInt\": \"4\"}, {\"$numberInt\": \"6\"}]}", 0,
	 NULL},
	{"{\"e\": {\"$map\": {\"input\": \"$b\", \"in\": \"$$this.z\"}}}",
	 "{\"v\": [null, null, null]}", 0, NULL},
	{"{\"e\": {\"$map\": {\"input\": \"$s\", \"in\": {\"$numberInt\": \"1\"}}}}", NULL, 16883,
	 "PlanExecutor error during aggregation :: caused by :: input to $map must be an array not "
	 "string"},
	{"{\"e\": {\"$map\": {\"input\": \"$b\"}}}", NULL, 16882, "Missing 'in' parameter to $map"},
	{"{\"e\": {\"$map\": {\"input\": \"$b\", \"in\": {\"$numberInt\": \"1\"}, \"y\": "
	 "{\"$numberInt\": \"2\"}}}}",
	 NULL, 16879, "Unrecognized parameter to $map: y"},
	{"{\"e\": {\"$map\": {\"$numberInt\": \"5\"}}}", NULL, 16878,
	 "$map only supports an object as its argument"},
	{"{\"e\": {\"$map\": {\"input\": \"$b\", \"as\": \"X\", \"in\": {\"$numberInt\": \"1\"}}}}",
	 NULL, 9, "'X' starts with an invalid character for a user variable name"},
	{"{\"e\": {\"$filter\": {\"input\": \"$b\", \"cond\": {\"$gt\": [\"$$this\", "
	 "{\"$numberInt\": \"1\"}]}, \"limit\": {\"$numberInt\": \"1\"}}}}",
	 "{\"v\": [{\"$numberInt\": \"2\"}]}", 0, NULL},
	{"{\"e\": {\"$filter\": {\"input\": \"$b\", \"cond\": true, \"limit\": {\"$numberInt\": "
	 "\"0\"}}}}",
	 NULL, 327392,
	 "PlanExecutor error during aggregation :: caused by :: $filter: limit must be greater "
	 "than 0: 0"},
	{"{\"e\": {\"$filter\": {\"input\": \"$b\"}}}", NULL, 28650,
	 "Missing 'cond' parameter to $filter"},
	{"{\"e\": {\"$filter\": {\"input\": \"$a\", \"cond\": {\"$numberInt\": \"1\"}}}}", NULL,
	 28651,
	 "PlanExecutor error during aggregation :: caused by :: input to $filter must be an array "
	 "not int"},
	{"{\"e\": {\"$reduce\": {\"input\": \"$b\", \"initialValue\": {\"$numberInt\": \"0\"}, "
	 "\"in\": {\"$add\": [\"$$value\", \"$$this\"]}}}}",
	 "{\"v\": {\"$numberInt\": \"6\"}}", 0, NULL},
	{"{\"e\": {\"$reduce\": {\"input\": \"$s\", \"initialValue\": {\"$numberInt\": \"0\"}, "
	 "\"in\": {\"$numberInt\": \"1\"}}}}",
	 NULL, 40080,
	 "PlanExecutor error during aggregation :: caused by :: $reduce requires that 'input' be "
	 "an array, found: \"text\""},
	{"{\"e\": {\"$reduce\": {\"input\": \"$b\", \"in\": {\"$numberInt\": \"1\"}}}}", NULL,
	 40078, "$reduce requires 'initialValue' to be specified"},
	{"{\"e\": {\"$zip\": {\"inputs\": [\"$b\", [\"a\"]], \"useLongestLength\": true, "
	 "\"defaults\": [{\"$numberInt\": \"0\"}, \"z\"]}}}",
	 "{\"v\": [[{\"$numberInt\": \"1\"}, \"a\"], [{\"$numberInt\": \"2\"}, \"z\"], "
	 "[{\"$numberInt\": \"3\"}, \"z\"]]}",
	 0, NULL},
	{"{\"e\": {\"$zip\": {\"inputs\": [\"$b\", [\"a\"]]}}}",
	 "{\"v\": [[{\"$numberInt\": \"1\"}, \"a\"]]}", 0, NULL},
	{"{\"e\": {\"$zip\": {\"inputs\": [\"$b\", \"$s\"]}}}", NULL, 34468,
	 "PlanExecutor error during aggregation :: caused by :: $zip found a non-array expression "
	 "in input: \"text\""},
	{"{\"e\": {\"$zip\": {\"inputs\": []}}}", NULL, 34465,
	 "$zip requires at least one input array"},
	{"{\"e\": {\"$zip\": {\"inputs\": [\"$b\"], \"defaults\": [{\"$numberInt\": \"1\"}]}}}",
	 NULL, 34466, "cannot specify defaults unless useLongestLength is true"},
	{"{\"e\": {\"$sortArray\": {\"input\": \"$rows\", \"sortBy\": {\"v\": {\"$numberInt\": "
	 "\"-1\"}}}}}",
	 "{\"v\": [{\"k\": \"y\", \"v\": {\"$numberInt\": \"2\"}}, {\"k\": \"x\", \"v\": "
	 "{\"$numberInt\": \"1\"}}]}",
	 0, NULL},
	{"{\"e\": {\"$sortArray\": {\"input\": [{\"$numberInt\": \"3\"}, {\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}], \"sortBy\": {\"$numberInt\": \"1\"}}}}",
	 "{\"v\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}]}", 0,
	 NULL},
	{"{\"e\": {\"$sortArray\": {\"input\": \"$b\", \"sortBy\": {\"$numberInt\": \"0\"}}}}",
	 NULL, 2942506, "The $sort element value must be either 1 or -1"},
	{"{\"e\": {\"$sortArray\": {\"input\": \"$b\", \"sortBy\": {}}}}", NULL, 2942505,
	 "BadValue: The sort pattern is empty when it should be a set of fields."},
	{"{\"e\": {\"$firstN\": {\"n\": {\"$numberInt\": \"2\"}, \"input\": \"$b\"}}}",
	 "{\"v\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}]}", 0, NULL},
	{"{\"e\": {\"$lastN\": {\"n\": {\"$numberInt\": \"0\"}, \"input\": \"$b\"}}}", NULL,
	 5787908,
	 "PlanExecutor error during aggregation :: caused by :: 'n' must be greater than 0, found "
	 "0"},
	{"{\"e\": {\"$maxN\": {\"n\": {\"$numberInt\": \"2\"}, \"input\": [\"a\", null, "
	 "{\"$numberInt\": \"5\"}, {\"$numberInt\": \"1\"}]}}}",
	 "{\"v\": [\"a\", {\"$numberInt\": \"5\"}]}", 0, NULL},
	{"{\"e\": {\"$minN\": {\"n\": \"x\", \"input\": \"$b\"}}}", NULL, 5787902,
	 "PlanExecutor error during aggregation :: caused by :: Value for 'n' must be of integral "
	 "type, but found \"x\""},
	{"{\"e\": {\"$minN\": {\"$numberInt\": \"5\"}}}", NULL, 5787900,
	 "specification must be an object; found $minN: 5"},
	{"{\"e\": {\"$arrayToObject\": \"$rows\"}}",
	 "{\"v\": {\"x\": {\"$numberInt\": \"1\"}, \"y\": {\"$numberInt\": \"2\"}}}", 0, NULL},
	{"{\"e\": {\"$arrayToObject\": [[\"a\", {\"$numberInt\": \"1\"}], [\"b\", {\"$numberInt\": "
	 "\"2\"}], [\"a\", {\"$numberInt\": \"3\"}]]}}",
	 NULL, 16020, "Expression $arrayToObject takes exactly 1 arguments. 3 were passed in."},
	{"{\"e\": {\"$arrayToObject\": [[\"a\"]]}}", NULL, 40398,
	 "Failed to optimize pipeline :: caused by :: Unrecognised input type format for "
	 "$arrayToObject: string"},
	{"{\"e\": {\"$arrayToObject\": [\"x\"]}}", NULL, 40386,
	 "Failed to optimize pipeline :: caused by :: $arrayToObject requires an array input, "
	 "found: string"},
	{"{\"e\": {\"$objectToArray\": \"$c\"}}",
	 "{\"v\": [{\"k\": \"d\", \"v\": \"x\"}, {\"k\": \"e\", \"v\": [{\"f\": {\"$numberInt\": "
	 "\"1\"}}, {\"f\": {\"$numberInt\": \"2\"}}, {\"$numberInt\": \"5\"}, {\"g\": "
	 "{\"$numberInt\": \"0\"}}, [{\"f\": {\"$numberInt\": \"9\"}}]]}]}",
	 0, NULL},
	{"{\"e\": {\"$objectToArray\": \"$b\"}}", NULL, 40390,
	 "PlanExecutor error during aggregation :: caused by :: $objectToArray requires a document "
	 "input, found: array"},
};

static const struct expr_vector sets_vectors[] = {
	{"{\"e\": {\"$setUnion\": [\"$b\", [{\"$numberDouble\": \"2.0\"}, {\"$numberInt\": "
	 "\"7\"}]]}}",
	 "{\"v\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, "
	 "{\"$numberInt\": \"7\"}]}",
	 0, NULL},
	{"{\"e\": {\"$setUnion\": [\"$b\", \"$s\"]}}", NULL, 17043,
	 "PlanExecutor error during aggregation :: caused by :: All operands of $setUnion must be "
	 "arrays. One argument is of type: string"},
	{"{\"e\": {\"$setIntersection\": [\"$b\", [{\"$numberDouble\": \"1.0\"}, {\"$numberInt\": "
	 "\"3\"}]]}}",
	 "{\"v\": [{\"$numberDouble\": \"1.0\"}, {\"$numberInt\": \"3\"}]}", 0, NULL},
	{"{\"e\": {\"$setDifference\": [[{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}], [{\"$numberDouble\": \"2.0\"}]]}}",
	 "{\"v\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"3\"}]}", 0, NULL},
	{"{\"e\": {\"$setDifference\": [\"$s\", []]}}", NULL, 17048,
	 "PlanExecutor error during aggregation :: caused by :: both operands of $setDifference "
	 "must be arrays. First argument is of type: string"},
	{"{\"e\": {\"$setEquals\": [[{\"$numberInt\": \"1\"}, {\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}], [{\"$numberInt\": \"2\"}, {\"$numberInt\": \"1\"}]]}}",
	 "{\"v\": true}", 0, NULL},
	{"{\"e\": {\"$setEquals\": [\"$b\", \"$s\"]}}", NULL, 17044,
	 "PlanExecutor error during aggregation :: caused by :: All operands of $setEquals must be "
	 "arrays. 2-th argument is of type: string"},
	{"{\"e\": {\"$setEquals\": [\"$b\", {\"$numberInt\": \"5\"}]}}", NULL, 5887502,
	 "Failed to optimize pipeline :: caused by :: All operands of $setEquals must be arrays. "
	 "2-th argument is of type: int"},
	{"{\"e\": {\"$setEquals\": [[{\"$numberInt\": \"1\"}]]}}", NULL, 17045,
	 "$setEquals needs at least two arguments had: 1"},
	{"{\"e\": {\"$setIsSubset\": [[{\"$numberInt\": \"1\"}], \"$b\"]}}", "{\"v\": true}", 0,
	 NULL},
	{"{\"e\": {\"$setIsSubset\": [\"$s\", [{\"$numberInt\": \"1\"}]]}}", NULL, 17310,
	 "PlanExecutor error during aggregation :: caused by :: both operands of $setIsSubset must "
	 "be arrays. First argument is of type: string"},
	{"{\"e\": {\"$setIsSubset\": [\"$b\", {\"$numberInt\": \"5\"}]}}", NULL, 17311,
	 "Failed to optimize pipeline :: caused by :: both operands of $setIsSubset must be "
	 "arrays. Second argument is of type: int"},
	{"{\"e\": {\"$allElementsTrue\": [[{\"$numberInt\": \"1\"}, true, {\"$numberInt\": "
	 "\"0\"}]]}}",
	 "{\"v\": false}", 0, NULL},
	{"{\"e\": {\"$anyElementTrue\": [\"$s\"]}}", NULL, 17041,
	 "PlanExecutor error during aggregation :: caused by :: $anyElementTrue's argument must be "
	 "an array, but is string"},
};

static const struct expr_vector objects_vectors[] = {
	{"{\"e\": {\"$mergeObjects\": [\"$c\", {\"d\": {\"$numberInt\": \"5\"}, \"z\": "
	 "{\"$numberInt\": \"1\"}}]}}",
	 "{\"v\": {\"d\": {\"$numberInt\": \"5\"}, \"e\": [{\"f\": {\"$numberInt\": \"1\"}}, "
	 "{\"f\": {\"$numberInt\": \"2\"}}, {\"$numberInt\": \"5\"}, {\"g\": {\"$numberInt\": "
	 "\"0\"}}, [{\"f\": {\"$numberInt\": \"9\"}}]], \"z\": {\"$numberInt\": \"1\"}}}",
	 0, NULL},
	{"{\"e\": {\"$mergeObjects\": \"$rows\"}}",
	 "{\"v\": {\"k\": \"y\", \"v\": {\"$numberInt\": \"2\"}}}", 0, NULL},
	{"{\"e\": {\"$mergeObjects\": [\"$s\"]}}", NULL, 40400,
	 "PlanExecutor error during aggregation :: caused by :: $mergeObjects requires object "
	 "inputs, but input \"text\" is of type string"},
	{"{\"e\": {\"$getField\": \"a\"}}", "{\"v\": {\"$numberInt\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$getField\": {\"field\": \"d\", \"input\": \"$c\"}}}", "{\"v\": \"x\"}", 0,
	 NULL},
	{"{\"e\": {\"$getField\": \"$a\"}}", NULL, 5654600,
	 "'$CURRENT.a' is a field path reference which is not allowed in this context. Did you "
	 "mean {$literal: '$CURRENT.a'}?"},
	{"{\"e\": {\"$getField\": {\"$numberInt\": \"5\"}}}", NULL, 5654602,
	 "$getField requires 'field' to evaluate to type String, but got int"},
	{"{\"e\": {\"$getField\": {\"field\": {\"$concat\": [\"a\"]}, \"input\": \"$c\"}}}", NULL,
	 5654601,
	 "$getField requires 'field' to evaluate to a constant, but got a non-constant argument"},
	{"{\"e\": {\"$setField\": {\"field\": \"a.b\", \"input\": {}, \"value\": {\"$numberInt\": "
	 "\"1\"}}}}",
	 "{\"v\": {\"a.b\": {\"$numberInt\": \"1\"}}}", 0, NULL},
	{"{\"e\": {\"$setField\": {\"field\": \"$a\", \"input\": {}, \"value\": {\"$numberInt\": "
	 "\"1\"}}}}",
	 NULL, 4161108,
	 "'$CURRENT.a' is a field path reference which is not allowed in this context. Did you "
	 "mean {$literal: '$CURRENT.a'}?"},
	{"{\"e\": {\"$setField\": {\"field\": \"a\", \"input\": {\"$numberInt\": \"5\"}, "
	 "\"value\": {\"$numberInt\": \"1\"}}}}",
	 NULL, 4161105,
	 "PlanExecutor error during aggregation :: caused by :: $setField requires 'input' to "
	 "evaluate to type Object"},
	{"{\"e\": {\"$unsetField\": {\"field\": \"d\", \"input\": \"$c\"}}}",
	 "{\"v\": {\"e\": [{\"f\": {\"$numberInt\": \"1\"}}, {\"f\": {\"$numberInt\": \"2\"}}, "
	 "{\"$numberInt\": \"5\"}, {\"g\": {\"$numberInt\": \"0\"}}, [{\"f\": {\"$numberInt\": "
	 "\"9\"}}]]}}",
	 0, NULL},
	{"{\"e\": {\"$setField\": {\"field\": \"d\", \"input\": \"$c\", \"value\": \"$$REMOVE\"}}}",
	 "{\"v\": {\"e\": [{\"f\": {\"$numberInt\": \"1\"}}, {\"f\": {\"$numberInt\": \"2\"}}, "
	 "{\"$numberInt\": \"5\"}, {\"g\": {\"$numberInt\": \"0\"}}, [{\"f\": {\"$numberInt\": "
	 "\"9\"}}]]}}",
	 0, NULL},
	{"{\"e\": {\"$let\": {\"vars\": {\"x\": {\"$numberInt\": \"5\"}, \"y\": \"$a\"}, \"in\": "
	 "{\"$add\": [\"$$x\", \"$$y\"]}}}}",
	 "{\"v\": {\"$numberInt\": \"6\"}}", 0, NULL},
	{"{\"e\": {\"$let\": {\"vars\": {\"x\": {\"$numberInt\": \"1\"}, \"y\": \"$$x\"}, \"in\": "
	 "{\"$numberInt\": \"1\"}}}}",
	 NULL, 17276, "Use of undefined variable: x"},
	{"{\"e\": {\"$let\": {\"vars\": {\"CURRENT\": \"$c\"}, \"in\": \"$d\"}}}", "{\"v\": \"x\"}",
	 0, NULL},
	{"{\"e\": {\"$let\": {\"vars\": {}}}}", NULL, 16877, "Missing 'in' parameter to $let"},
	{"{\"e\": {\"$let\": {\"vars\": {}, \"in\": {\"$numberInt\": \"1\"}, \"x\": "
	 "{\"$numberInt\": \"2\"}}}}",
	 NULL, 16875, "Unrecognized parameter to $let: x"},
	{"{\"e\": {\"$let\": {\"$numberInt\": \"5\"}}}", NULL, 16874,
	 "$let only supports an object as its argument"},
	{"{\"e\": {\"$bsonSize\": \"$c\"}}", "{\"v\": {\"$numberInt\": \"97\"}}", 0, NULL},
	{"{\"e\": {\"$bsonSize\": \"$s\"}}", NULL, 31393,
	 "PlanExecutor error during aggregation :: caused by :: $bsonSize requires a document "
	 "input, found: string"},
	{"{\"e\": {\"$binarySize\": \"$s\"}}", "{\"v\": {\"$numberInt\": \"4\"}}", 0, NULL},
	{"{\"e\": {\"$binarySize\": \"$a\"}}", NULL, 51276,
	 "PlanExecutor error during aggregation :: caused by :: $binarySize requires a string or "
	 "BinData argument, found: int"},
	{"{\"e\": {\"$toHashedIndexKey\": \"$c\"}}",
	 "{\"v\": {\"$numberLong\": \"3712918707556757523\"}}", 0, NULL},
	{"{\"e\": {\"$toHashedIndexKey\": {\"$numberDouble\": \"2.7\"}}}",
	 "{\"v\": {\"$numberLong\": \"848411777775835583\"}}", 0, NULL},
	{"{\"e\": {\"$tsSecond\": \"$a\"}}", NULL, 5687301,
	 "PlanExecutor error during aggregation :: caused by ::  Argument to $tsSecond must be a "
	 "timestamp, but is int"},
	{"{\"e\": {\"$rand\": {\"$numberInt\": \"5\"}}}", NULL, 10065,
	 "invalid parameter: expected an object ($rand)"},
	{"{\"e\": {\"$meta\": \"x\"}}", NULL, 17308, "Unsupported argument to $meta: x"},
	{"{\"e\": {\"$meta\": \"textScore\"}}", NULL, 40218,
	 "query requires text score metadata, but it is not available"},
	{"{\"e\": {\"$function\": {\"body\": \"x\", \"args\": [], \"lang\": \"js\"}}}", NULL, 31264,
	 "PlanExecutor error during aggregation :: caused by :: Cannot run server-side javascript "
	 "without the javascript engine enabled"},
	{"{\"e\": {\"$function\": {\"args\": [], \"lang\": \"js\"}}}", NULL, 31261,
	 "The body function must be specified."},
};

static const struct expr_vector sums_vectors[] = {
	{"{\"e\": {\"$sum\": [{\"$numberDouble\": \"0.1\"}]}}",
	 "{\"v\": {\"$numberDouble\": \"0.1\"}}", 0, NULL},
	{"{\"e\": {\"$sum\": {\"$literal\": [{\"$numberDouble\": \"0.1\"}, {\"$numberDouble\": "
	 "\"0.1\"}, {\"$numberDouble\": \"0.1\"}, {\"$numberDouble\": \"0.1\"}, "
	 "{\"$numberDouble\": \"0.1\"}, {\"$numberDouble\": \"0.1\"}, {\"$numberDouble\": "
	 "\"0.1\"}, {\"$numberDouble\": \"0.1\"}, {\"$numberDouble\": \"0.1\"}]}}}",
	 "{\"v\": {\"$numberDouble\": \"0.9\"}}", 0, NULL},
	{"{\"e\": {\"$sum\": \"$b\"}}", "{\"v\": {\"$numberInt\": \"6\"}}", 0, NULL},
	/* An int is added as a double, a long in two halves, the second of which takes in what was left over. */
	{"{\"e\": {\"$sum\": {\"$literal\": [{\"$numberInt\": \"1\"}, {\"$numberDouble\": "
	 "\"0.00001\"}, {\"$numberInt\": \"-1\"}]}}}",
	 "{\"v\": {\"$numberDouble\": \"0.000010000000000065512\"}}", 0, NULL},
	{"{\"e\": {\"$sum\": {\"$literal\": [{\"$numberInt\": \"1\"}, {\"$numberDouble\": "
	 "\"0.00001\"}, {\"$numberLong\": \"-1\"}]}}}",
	 "{\"v\": {\"$numberDouble\": \"0.00001\"}}", 0, NULL},
	{"{\"e\": {\"$sum\": [\"$a\", \"$dbl\", \"$s\"]}}", "{\"v\": {\"$numberDouble\": \"3.5\"}}",
	 0, NULL},
	{"{\"e\": {\"$sum\": [\"$a\", {\"$numberLong\": \"9223372036854775807\"}]}}",
	 "{\"v\": {\"$numberDouble\": \"9.223372036854776e+18\"}}", 0, NULL},
	{"{\"e\": {\"$sum\": [\"$dec\", \"$long\"]}}", "{\"v\": {\"$numberDecimal\": \"6.50\"}}", 0,
	 NULL},
	{"{\"e\": {\"$avg\": \"$b\"}}", "{\"v\": {\"$numberDouble\": \"2.0\"}}", 0, NULL},
	{"{\"e\": {\"$avg\": [\"$s\"]}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$avg\": [\"$dec\", {\"$numberInt\": \"1\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"1.25\"}}", 0, NULL},
	{"{\"e\": {\"$min\": [\"$a\", \"$n\", {\"$numberInt\": \"-5\"}]}}",
	 "{\"v\": {\"$numberInt\": \"-5\"}}", 0, NULL},
	{"{\"e\": {\"$max\": [\"$s\", \"$b\", {\"$numberInt\": \"7\"}]}}",
	 "{\"v\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}]}", 0,
	 NULL},
	{"{\"e\": {\"$max\": \"$b\"}}", "{\"v\": {\"$numberInt\": \"3\"}}", 0, NULL},
	{"{\"e\": {\"$stdDevPop\": [{\"$numberDouble\": \"0.1\"}]}}",
	 "{\"v\": {\"$numberDouble\": \"0.0\"}}", 0, NULL},
	{"{\"e\": {\"$stdDevPop\": \"$b\"}}", "{\"v\": {\"$numberDouble\": \"0.816496580927726\"}}",
	 0, NULL},
	{"{\"e\": {\"$stdDevSamp\": [{\"$numberInt\": \"1\"}]}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$sum\": [{\"$numberDouble\": \"1e+308\"}, {\"$numberDouble\": \"1e+308\"}, "
	 "{\"$numberDouble\": \"-1e+308\"}]}}",
	 "{\"v\": {\"$numberDouble\": \"Infinity\"}}", 0, NULL},
	{"{\"e\": {\"$sum\": [{\"$numberDouble\": \"Infinity\"}, {\"$numberDecimal\": \"1\"}]}}",
	 "{\"v\": {\"$numberDecimal\": \"Infinity\"}}", 0, NULL},
};

#endif
