/* Pipelines that mongod 6.0.27 refuses over the one document of test_pipeline.c, its codes and words. */
#ifndef TESTS_UNIT_QUERY_PIPELINE_ERRORS_H
#define TESTS_UNIT_QUERY_PIPELINE_ERRORS_H

#include "tests/unit/query/pipeline_case.h"

static const struct pipeline_case pipeline_errors[] = {
	{"[{\"$addFields\": {\"\": {\"$numberInt\": \"1\"}}}]", NULL, 40352,
	 "Invalid $addFields :: caused by :: FieldPath cannot be constructed with empty string"},
	{"[{\"$addFields\": {\"$numberInt\": \"5\"}}]", NULL, 40272,
	 "$addFields specification stage must be an object, got int"},
	{"[{\"$addFields\": {\"a\": {\"$foo\": {\"$numberInt\": \"1\"}}}}]", NULL, 168,
	 "Invalid $addFields :: caused by :: Unrecognized expression '$foo'"},
	{"[{\"$addFields\": {\"a\": {\"$numberInt\": \"1\"}, \"a.b\": {\"$numberInt\": \"1\"}}}]",
	 NULL, 40176,
	 "Invalid $addFields :: caused by :: specification contains two conflicting paths. Cannot "
	 "specify both 'a.b' and 'a': { a: 1, a.b: 1 }"},
	{"[{\"$addFields\": {\"a\": {\"b\": {\"$add\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": "
	 "\"2\"}], \"z\": {\"$numberInt\": \"1\"}}}}}]",
	 NULL, 40181,
	 "Invalid $addFields :: caused by :: an expression specification must contain exactly one "
	 "field, the name of the expression. Found 2 fields in { $add: [ 1, 2 ], z: 1 }, while "
	 "parsing object { a: { b: { $add: [ 1, 2 ], z: 1 } } }"},
	{"[{\"$addFields\": {\"a\": {\"b\": {}}}}]", NULL, 40180,
	 "Invalid $addFields :: caused by :: an empty object is not a valid value. Found empty "
	 "object at path a.b"},
	{"[{\"$addFields\": {\"a\": {}}}]", NULL, 40180,
	 "Invalid $addFields :: caused by :: an empty object is not a valid value. Found empty "
	 "object at path a"},
	{"[{\"$addFields\": {\"a.b\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}}}]",
	 NULL, 40176,
	 "Invalid $addFields :: caused by :: specification contains two conflicting paths. Cannot "
	 "specify both 'a' and 'a.b': { a.b: 1, a: 1 }"},
	{"[{\"$backupCursor\": {}}]", NULL, 40324,
	 "Unrecognized pipeline stage name: '$backupCursor'"},
	{"[{\"$bucket\": {\"groupBy\": \"$\", \"boundaries\": [{\"$numberInt\": \"0\"}, "
	 "{\"$numberInt\": \"1\"}]}}]",
	 NULL, 16872, "'$' by itself is not a valid FieldPath"},
	{"[{\"$bucket\": {\"groupBy\": \"$a\", \"boundaries\": [{\"$numberInt\": \"0\"}, "
	 "{\"$numberInt\": \"5\"}, {\"$numberInt\": \"10\"}], \"default\": {\"$numberInt\": "
	 "\"3\"}}}]",
	 NULL, 40199,
	 "The $bucket 'default' field must be less than the lowest boundary or greater than or "
	 "equal to the highest boundary."},
	{"[{\"$bucket\": {\"groupBy\": \"$a\", \"boundaries\": [{\"$numberInt\": \"0\"}, "
	 "{\"$numberInt\": \"5\"}, {\"$numberInt\": \"10\"}], \"output\": {\"$numberInt\": "
	 "\"5\"}}}]",
	 NULL, 40196, "The $bucket 'output' field must be an object, but found type: int."},
	{"[{\"$bucket\": {\"groupBy\": \"$a\", \"boundaries\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"0\"}]}}]",
	 NULL, 40194,
	 "The 'boundaries' option to $bucket must be sorted, but elements 0 and 1 are not in "
	 "ascending order (1 is not less than 0)."},
	{"[{\"$bucket\": {\"groupBy\": {\"x\": {\"$numberInt\": \"1\"}}, \"boundaries\": "
	 "[{\"$numberInt\": \"0\"}, {\"$numberInt\": \"1\"}]}}]",
	 NULL, 40202,
	 "The $bucket 'groupBy' field must be defined as a $-prefixed path or an expression, but "
	 "found: { x: 1 }."},
	{"[{\"$bucket\": {}}]", NULL, 40198,
	 "$bucket requires 'groupBy' and 'boundaries' to be specified."},
	{"[{\"$count\": \"_id\"}]", NULL, 15948, "a group's _id may only be specified once"},
	{"[{\"$count\": {\"$numberInt\": \"5\"}}]", NULL, 40156,
	 "the count field must be a non-empty string"},
	{"[{\"$densify\": {\"$numberInt\": \"5\"}}]", NULL, 9,
	 "The $densify stage specification must be an object, found int"},
	{"[{\"$densify\": {\"field\": \"a\", \"range\": {\"$numberInt\": \"5\"}}}]", NULL, 14,
	 "BSON field '$densify.range' is the wrong type 'int', expected type 'object'"},
	{"[{\"$densify\": {\"field\": \"a\", \"range\": {\"step\": {\"$numberDouble\": \"1.5\"}, "
	 "\"bounds\": \"full\", \"unit\": \"day\"}}}]",
	 NULL, 6586400,
	 "The step parameter in a range statement must be a whole number when densifying a date "
	 "range"},
	{"[{\"$densify\": {\"field\": \"a\", \"range\": {\"step\": {\"$numberInt\": \"1\"}, "
	 "\"bounds\": \"full\", \"x\": {\"$numberInt\": \"1\"}}}}]",
	 NULL, 40415, "BSON field '$densify.range.x' is an unknown field."},
	{"[{\"$densify\": {\"field\": \"a\", \"range\": {\"step\": {\"$numberInt\": \"1\"}, "
	 "\"bounds\": \"x\"}}}]",
	 NULL, 5946802, "Bounds string must either be 'full' or 'partition'"},
	{"[{\"$densify\": {\"field\": \"a\", \"range\": {\"step\": {\"$numberInt\": \"1\"}, "
	 "\"bounds\": [\"a\", \"b\"]}}}]",
	 NULL, 5946800, "Explicit bounds must be numeric or dates"},
	{"[{\"$densify\": {\"field\": \"a\", \"range\": {\"step\": {\"$numberInt\": \"1\"}, "
	 "\"bounds\": [{\"$numberInt\": \"0\"}, {\"$numberDouble\": \"3.5\"}]}}}]",
	 NULL, 5876900, "Upper bound, lower bound, and step must all have the same type"},
	{"[{\"$densify\": {\"field\": \"a\", \"range\": {\"step\": {\"$numberInt\": \"1\"}, "
	 "\"bounds\": [{\"$numberInt\": \"0\"}, {\"$numberInt\": \"3\"}], \"unit\": \"day\"}}}]",
	 NULL, 5733409, "Numeric bounds may not have unit parameter"},
	{"[{\"$densify\": {\"field\": \"a\", \"range\": {\"step\": {\"$numberInt\": \"1\"}, "
	 "\"bounds\": {\"$numberInt\": \"5\"}}}}]",
	 NULL, 5733404,
	 "The bounds in a range statement must be the string 'full', 'partition', or an ascending "
	 "array of two numbers or two dates"},
	{"[{\"$densify\": {\"field\": \"a\", \"range\": {\"step\": {\"$numberInt\": \"1\"}}}}]",
	 NULL, 40414, "BSON field '$densify.range.bounds' is missing but a required field"},
	{"[{\"$densify\": {\"field\": \"a\"}}]", NULL, 40414,
	 "BSON field '$densify.range' is missing but a required field"},
	{"[{\"$densify\": {\"field\": \"s\", \"range\": {\"step\": {\"$numberInt\": \"1\"}, "
	 "\"bounds\": \"full\"}}}]",
	 NULL, 5733201,
	 "PlanExecutor error during aggregation :: caused by :: Densify field type must be numeric "
	 "or a date"},
	{"[{\"$densify\": {\"field\": {\"$numberInt\": \"5\"}}}]", NULL, 14,
	 "BSON field '$densify.field' is the wrong type 'int', expected type 'string'"},
	{"[{\"$facet\": {\"a\": [{\"$documents\": []}]}}]", NULL, 40600,
	 "$documents is not allowed to be used within a $facet stage"},
	{"[{\"$facet\": {\"a\": [{\"$facet\": {\"x\": []}}]}}]", NULL, 40600,
	 "$facet is not allowed to be used within a $facet stage"},
	{"[{\"$facet\": {\"a\": [{\"$geoNear\": {}}]}}]", NULL, 5860400,
	 "$geoNear requires a 'near' argument"},
	{"[{\"$facet\": {\"a\": {\"$numberInt\": \"5\"}}}]", NULL, 40170,
	 "arguments to $facet must be arrays, a is type int"},
	{"[{\"$facet\": {\"a.b\": []}}]", NULL, 16412,
	 "FieldPath field names may not contain '.'. Consider using $getField or $setField."},
	{"[{\"$facet\": {}}]", NULL, 40169,
	 "the $facet specification must be a non-empty object, but found: $facet: {}"},
	{"[{\"$fill\": {\"output\": {\"a\": {\"$numberInt\": \"5\"}}}}]", NULL, 6050200,
	 "Each fill output specification must be an object with exactly one field"},
	{"[{\"$fill\": {\"output\": {\"a\": {\"method\": \"x\"}}}}]", NULL, 6050202,
	 "Method must be either locf or linear"},
	{"[{\"$fill\": {\"output\": {\"a\": {\"method\": {\"$numberInt\": \"5\"}}}}}]", NULL, 14,
	 "BSON field '$fill.method' is the wrong type 'int', expected type 'string'"},
	{"[{\"$fill\": {\"output\": {}}}]", NULL, 6050203,
	 "The output field in '$fill' must contain an object with at least one element"},
	{"[{\"$fill\": {\"partitionByFields\": {\"$numberInt\": \"5\"}, \"output\": {\"q\": "
	 "{\"value\": {\"$numberInt\": \"5\"}}}}}]",
	 NULL, 14,
	 "BSON field '$fill.partitionByFields' is the wrong type 'int', expected type 'array'"},
	{"[{\"$fill\": {\"sortBy\": {\"$numberInt\": \"5\"}, \"output\": {\"q\": {\"value\": "
	 "{\"$numberInt\": \"5\"}}}}}]",
	 NULL, 14, "BSON field '$fill.sortBy' is the wrong type 'int', expected type 'object'"},
	{"[{\"$fill\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"partitionByFields\": "
	 "[\"$a\"], \"output\": {\"q\": {\"method\": \"locf\"}}}}]",
	 NULL, 168, "Unrecognized expression '$a'"},
	{"[{\"$fill\": {}}]", NULL, 40414,
	 "BSON field '$fill.output' is missing but a required field"},
	{"[{\"$foo\": {\"$numberInt\": \"1\"}}]", NULL, 40324,
	 "Unrecognized pipeline stage name: '$foo'"},
	{"[{\"$graphLookup\": {\"from\": \"c\", \"startWith\": \"$a\", \"as\": \"z\", "
	 "\"connectFromField\": \"x\", \"connectToField\": \"a\", \"depthField\": \"d\", "
	 "\"restrictSearchWithMatch\": {\"$foo\": {\"$numberInt\": \"1\"}}}}]",
	 NULL, 2,
	 "Failed to parse 'restrictSearchWithMatch' option to $graphLookup :: caused by :: unknown "
	 "top level operator: $foo. If you have a field name that starts with a '$' symbol, "
	 "consider using $getField or $setField."},
	{"[{\"$graphLookup\": {\"from\": \"c\", \"startWith\": \"$a\", \"as\": \"z\", "
	 "\"connectFromField\": \"x\", \"connectToField\": \"a\", \"depthField\": \"d\", "
	 "\"restrictSearchWithMatch\": {\"$numberInt\": \"5\"}}}]",
	 NULL, 40185, "restrictSearchWithMatch must be an object, found int"},
	{"[{\"$graphLookup\": {\"from\": \"c\", \"startWith\": \"$a\", \"as\": \"z\", "
	 "\"connectFromField\": \"x\", \"connectToField\": \"a\", \"foo\": \"d\"}}]",
	 NULL, 40104, "Unknown argument to $graphLookup: foo"},
	{"[{\"$graphLookup\": {\"from\": \"c\", \"startWith\": \"$a\", \"as\": \"z\", "
	 "\"connectFromField\": \"x\", \"connectToField\": \"a\", \"maxDepth\": {\"$numberInt\": "
	 "\"-1\"}}}]",
	 NULL, 40101, "maxDepth requires a nonnegative argument, found: -1"},
	{"[{\"$graphLookup\": {\"from\": \"c\"}}]", NULL, 40105,
	 "$graphLookup requires 'from', 'as', 'startWith', 'connectFromField', and "
	 "'connectToField' to be specified."},
	{"[{\"$group\": {\"$numberInt\": \"5\"}}]", NULL, 15947,
	 "a group's fields must be specified in an object"},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$count\": {\"$numberInt\": "
	 "\"1\"}}}}]",
	 NULL, 14, "$count takes no arguments, i.e. $count:{}"},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$firstN\": {\"$numberInt\": "
	 "\"5\"}}}}]",
	 NULL, 5787801, "specification must be an object; found $firstN: 5"},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$firstN\": {\"input\": "
	 "\"$a\"}}}}]",
	 NULL, 5787906, "Missing value for 'n'"},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$firstN\": {\"n\": \"$a\", "
	 "\"input\": {\"$numberInt\": \"1\"}}}}}]",
	 NULL, 5787902,
	 "PlanExecutor error during aggregation :: caused by :: Value for 'n' must be of integral "
	 "type, but found MISSING"},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$firstN\": {\"n\": \"x\", "
	 "\"input\": {\"$numberInt\": \"1\"}}}}}]",
	 NULL, 5787902,
	 "PlanExecutor error during aggregation :: caused by :: Value for 'n' must be of integral "
	 "type, but found \"x\""},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$firstN\": {\"n\": "
	 "{\"$numberInt\": \"1\"}}}}}]",
	 NULL, 5787907, "Missing value for 'input'"},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$foo\": {\"$numberInt\": "
	 "\"1\"}}}}]",
	 NULL, 15952, "unknown group operator '$foo'"},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$max\": [\"$a\", "
	 "{\"$numberInt\": \"2\"}]}}}]",
	 NULL, 40237, "The $max accumulator is a unary operator"},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$push\": [\"$a\", "
	 "\"$zz\"]}}}]",
	 NULL, 40237, "The $push accumulator is a unary operator"},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$sum\": {\"$divide\": "
	 "[\"$a\", {\"$numberInt\": \"0\"}]}}}}]",
	 NULL, 2, "PlanExecutor error during aggregation :: caused by :: can't $divide by zero"},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$top\": {\"$numberInt\": "
	 "\"5\"}}}}]",
	 NULL, 5788001, "specification must be an object; found $top: 5"},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a.b\": {\"$sum\": {\"$numberInt\": "
	 "\"1\"}}}}]",
	 NULL, 40235, "The field name 'a.b' cannot contain '.'"},
	{"[{\"$group\": {\"_id\": {\"a\": {\"$numberInt\": \"1\"}}}}]", NULL, 17390,
	 "$group does not support inclusion-style expressions"},
	{"[{\"$group\": {\"a\": {\"$numberInt\": \"1\"}}}]", NULL, 40234,
	 "The field 'a' must be an accumulator object"},
	{"[{\"$group\": {}}]", NULL, 15955, "a group specification must include an _id"},
	{"[{\"$limit\": {\"$numberDouble\": \"1.5\"}}]", NULL, 5107201,
	 "invalid argument to $limit stage: Expected an integer: $limit: 1.5"},
	{"[{\"$limit\": {\"$numberDouble\": \"1e+30\"}}]", NULL, 5107201,
	 "invalid argument to $limit stage: Cannot represent as a 64-bit integer: $limit: 1e+30.0"},
	{"[{\"$limit\": {\"$numberInt\": \"-1\"}}]", NULL, 5107201,
	 "invalid argument to $limit stage: Expected a non-negative number in: $limit: -1"},
	{"[{\"$listSearchIndexes\": {}}]", NULL, 6047401,
	 "$listSearchIndexes stage is only allowed on MongoDB Atlas"},
	{"[{\"$listSessions\": {}}]", NULL, 73,
	 "$listSessions may only be run against config.system.sessions"},
	{"[{\"$lookup\": {\"from\": \"x\", \"as\": \"y\", \"localField\": \"a\", \"foreignField\": "
	 "{\"$numberInt\": \"5\"}}}]",
	 NULL, 9, "$lookup argument 'foreignField' must be a string, found foreignField: 5: int"},
	{"[{\"$lookup\": {\"from\": \"x\", \"as\": \"y\", \"pipeline\": [], \"let\": "
	 "{\"$numberInt\": \"5\"}}}]",
	 NULL, 9, "$lookup argument 'let: 5' must be an object, is type int"},
	{"[{\"$lookup\": {\"from\": \"x\", \"as\": \"y\", \"pipeline\": [], \"let\": {\"A\": "
	 "{\"$numberInt\": \"1\"}}}}]",
	 NULL, 9, "'A' starts with an invalid character for a user variable name"},
	{"[{\"$lookup\": {\"from\": \"x\", \"as\": \"y\", \"pipeline\": [], \"let\": {\"a\": "
	 "{\"$foo\": {\"$numberInt\": \"1\"}}}}}]",
	 NULL, 168, "Unrecognized expression '$foo'"},
	{"[{\"$lookup\": {\"from\": \"x\", \"as\": \"y\", \"pipeline\": {\"$numberInt\": \"5\"}}}]",
	 NULL, 14, "'pipeline' option must be specified as an array"},
	{"[{\"$lookup\": {\"from\": \"x\", \"as\": {\"$numberInt\": \"5\"}}}]", NULL, 9,
	 "$lookup argument 'as' must be a string, found as: 5: int"},
	{"[{\"$lookup\": {}}]", NULL, 9, "must specify 'pipeline' when 'from' is empty"},
	{"[{\"$match\": {\"$numberInt\": \"5\"}}]", NULL, 15959,
	 "the match filter must be an expression in an object"},
	{"[{\"$project\": {\"_id.x\": {\"$numberInt\": \"0\"}, \"a\": {\"$numberInt\": \"1\"}}}]",
	 NULL, 31253,
	 "Invalid $project :: caused by :: Cannot do inclusion on field a in exclusion projection"},
	{"[{\"$project\": {\"a\": {\"b\": {\"$numberInt\": \"1\"}, \"c\": {\"$numberInt\": "
	 "\"0\"}}}}]",
	 NULL, 31254,
	 "Invalid $project :: caused by :: Cannot do exclusion on field c in inclusion projection"},
	{"[{\"$project\": {\"a.b\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}}}]",
	 NULL, 31250, "Invalid $project :: caused by :: Path collision at a"},
	{"[{\"$project\": {\"arr\": {\"$elemMatch\": {\"$gt\": {\"$numberInt\": \"1\"}}}}}]", NULL,
	 168, "Invalid $project :: caused by :: Cannot use $elemMatch in this context"},
	{"[{\"$project\": {\"b\": {\"$numberInt\": \"0\"}, \"a\": \"$s\"}}]", NULL, 31310,
	 "Invalid $project :: caused by :: Cannot use an expression a: \"$s\" in an exclusion "
	 "projection"},
	{"[{\"$rankFusion\": {}}]", NULL, 40324, "Unrecognized pipeline stage name: '$rankFusion'"},
	{"[{\"$redact\": \"$$FOO\"}]", NULL, 17276, "Use of undefined variable: FOO"},
	{"[{\"$redact\": {\"$numberInt\": \"5\"}}]", NULL, 17053,
	 "PlanExecutor error during aggregation :: caused by :: $redact's expression should not "
	 "return anything aside from the variables $$KEEP, $$DESCEND, and $$PRUNE, but returned 5"},
	{"[{\"$replaceRoot\": {\"x\": {\"$numberInt\": \"1\"}}}]", NULL, 40415,
	 "BSON field '$replaceRoot.x' is an unknown field."},
	{"[{\"$searchMeta\": {}}]", NULL, 6047401,
	 "$searchMeta stage is only allowed on MongoDB Atlas"},
	{"[{\"$set\": {\"a.\": {\"$numberInt\": \"1\"}}}]", NULL, 40353,
	 "Invalid $set :: caused by :: FieldPath must not end with a '.'."},
	{"[{\"$setVariableFromSubPipeline\": {}}]", NULL, 5491300,
	 "$setVariableFromSubPipeline' is not allowed in user requests"},
	{"[{\"$setWindowFields\": {\"output\": {\"$numberInt\": \"5\"}}}]", NULL, 14,
	 "BSON field '$setWindowFields.output' is the wrong type 'int', expected type 'object'"},
	{"[{\"$setWindowFields\": {\"output\": {\"a\": {\"$numberInt\": \"5\"}}}}]", NULL, 9,
	 "The field 'a' must be an object"},
	{"[{\"$setWindowFields\": {\"output\": {\"a\": {\"$sum\": \"$a\", \"$avg\": "
	 "{\"$numberInt\": \"1\"}}}}}]",
	 NULL, 9, "Cannot specify two functions in window function spec"},
	{"[{\"$setWindowFields\": {\"output\": {\"a\": {\"$sum\": \"$a\", \"window\": "
	 "{\"documents\": [{\"$numberInt\": \"1\"}]}}}}}]",
	 NULL, 9, "Window bounds must be a 2-element array: documents: [ 1 ]"},
	{"[{\"$setWindowFields\": {\"output\": {\"a\": {\"$sum\": \"$a\", \"window\": "
	 "{\"documents\": {\"$numberInt\": \"5\"}}}}}}]",
	 NULL, 9, "Window bounds must be a 2-element array: documents: 5"},
	{"[{\"$setWindowFields\": {\"output\": {\"a\": {\"$sum\": \"$a\", \"x\": {\"$numberInt\": "
	 "\"1\"}}}}}]",
	 NULL, 9, "Window function found an unknown argument: x"},
	{"[{\"$setWindowFields\": {\"output\": {\"a\": {\"x\": {\"$numberInt\": \"1\"}}}}}]", NULL,
	 9, "Expected a $-prefixed window function, x"},
	{"[{\"$setWindowFields\": {\"partitionBy\": \"$arr\", \"output\": {\"q\": {\"$sum\": "
	 "{\"$numberInt\": \"1\"}}}}}]",
	 NULL, 14,
	 "PlanExecutor error during aggregation :: caused by :: An expression used to partition "
	 "cannot evaluate to value of type array"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"a\": {\"$sum\": \"$a\", \"window\": {\"documents\": [\"x\", {\"$numberInt\": "
	 "\"1\"}]}}}}}]",
	 NULL, 9, "Window bounds must be 'unbounded', 'current', or a number."},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"a\": {\"$sum\": \"$a\", \"window\": {\"documents\": [{\"$numberInt\": \"0\"}, "
	 "{\"$numberDouble\": \"1.5\"}]}}}}}]",
	 NULL, 9, "Numeric document-based bounds must be an integer"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"a\": {\"$sum\": \"$a\", \"window\": {\"range\": [{\"$numberInt\": \"0\"}, "
	 "{\"$numberInt\": \"1\"}], \"unit\": \"day\"}}}}}]",
	 NULL, 5429513,
	 "PlanExecutor error during aggregation :: caused by :: Invalid range: Expected the sortBy "
	 "field to be a Date, but it was int"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"a\": {\"$sum\": \"$a\", \"window\": {\"range\": [{\"$numberInt\": \"0\"}, "
	 "{\"$numberInt\": \"1\"}], \"unit\": {\"$numberInt\": \"5\"}}}}}}]",
	 NULL, 9, "'unit' must be a string"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"a\": {\"$sum\": \"$a\", \"window\": {\"range\": [{\"$numberInt\": \"0\"}, "
	 "{\"$numberInt\": \"1\"}], \"x\": {\"$numberInt\": \"1\"}}}}}}]",
	 NULL, 9, "'window' field that specifies range cannot have other fields besides 'unit'"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"a\": {\"$sum\": \"$a\", \"window\": {\"unit\": \"day\"}}}}}]",
	 NULL, 9, "Window bounds can only specify 'unit' with range-based bounds."},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$derivative\": {\"$numberInt\": \"5\"}}}}}]",
	 NULL, 9, "$derivative expects an object, but got a int: $derivative: 5"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$derivative\": {\"input\": \"$a\"}}}}}]",
	 NULL, 9, "$derivative requires explicit window bounds"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$derivative\": {\"input\": \"$s\"}, \"window\": {\"documents\": "
	 "[{\"$numberInt\": \"-1\"}, {\"$numberInt\": \"0\"}]}}}}}]",
	 NULL, 14,
	 "PlanExecutor error during aggregation :: caused by :: can't $subtract string from "
	 "string"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$derivative\": {}}}}}]",
	 NULL, 9, "$derivative requires an 'input' expression"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$expMovingAvg\": {\"input\": \"$a\", \"N\": \"x\"}}}}}]",
	 NULL, 9, "'N' field must be an integer, but found type string"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$expMovingAvg\": {\"input\": \"$a\", \"alpha\": \"x\"}}}}}]",
	 NULL, 9, "'alpha' must be a number"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$expMovingAvg\": {\"input\": \"$a\", \"alpha\": {\"$numberInt\": \"1\"}}}}}}]",
	 NULL, 9, "'alpha' must be between 0 and 1 (exclusive), found alpha: 1"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$first\": \"$a\", \"x\": {\"$numberInt\": \"1\"}}}}}]",
	 NULL, 9, "$first got unexpected argument: x"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$integral\": {\"$numberInt\": \"5\"}}}}}]",
	 NULL, 9, "$integral expects an object, but got a int: $integral: 5"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$integral\": {\"input\": \"$a\", \"unit\": \"hour\"}}}}}]",
	 NULL, 5423901,
	 "PlanExecutor error during aggregation :: caused by :: $integral with 'unit' expects the "
	 "sortBy field to be a Date"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$linearFill\": \"$s\"}}}}]",
	 NULL, 14,
	 "PlanExecutor error during aggregation :: caused by :: Value to be filled must be numeric "
	 "or nullish, but found string"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$locf\": \"$a\", \"window\": {}}}}}]",
	 NULL, 9, "'window' field is not allowed in $locf"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$minN\": {\"n\": {\"$numberInt\": \"1\"}, \"input\": \"$a\"}, \"window\": "
	 "{\"documents\": [{\"$numberInt\": \"-1\"}, {\"$numberInt\": \"0\"}]}, \"z\": "
	 "{\"$numberInt\": \"1\"}}}}}]",
	 NULL, 9, "$minN got unexpected argument: z"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$shift\": {\"by\": {\"$numberDouble\": \"1.5\"}, \"output\": {\"$numberInt\": "
	 "\"1\"}}}}}}]",
	 NULL, 9, "'$shift:by' field must be an integer, but found  by: 1.5"},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$shift\": {\"by\": {\"$numberInt\": \"1\"}}}}}}]",
	 NULL, 9, "$shift requires an 'output' expression."},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"s\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$integral\": {\"input\": \"$a\"}}}}}]",
	 NULL, 5423900,
	 "PlanExecutor error during aggregation :: caused by :: The input value of $integral "
	 "window function must be a vector of 2 value, the first value must be numeric or date "
	 "type and the second must be numeric."},
	{"[{\"$setWindowFields\": {\"x\": {\"$numberInt\": \"1\"}, \"output\": {}}}]", NULL, 40415,
	 "BSON field '$setWindowFields.x' is an unknown field."},
	{"[{\"$shardedDataDistribution\": {}}]", NULL, 6789101,
	 "The $shardedDataDistribution stage can only be run on mongoS"},
	{"[{\"$skip\": \"x\"}]", NULL, 5107200,
	 "invalid argument to $skip stage: Expected a number in: $skip: \"x\""},
	{"[{\"$skip\": null}]", NULL, 5107200,
	 "invalid argument to $skip stage: Expected a number in: $skip: null"},
	{"[{\"$skip\": {\"$numberDouble\": \"1.5\"}}]", NULL, 5107200,
	 "invalid argument to $skip stage: Expected an integer: $skip: 1.5"},
	{"[{\"$skip\": {\"$numberDouble\": \"NaN\"}}]", NULL, 5107200,
	 "invalid argument to $skip stage: Expected an integer, but found NaN in: $skip: nan.0"},
	{"[{\"$skip\": {\"$numberInt\": \"-1\"}}]", NULL, 5107200,
	 "invalid argument to $skip stage: Expected a non-negative number in: $skip: -1"},
	{"[{\"$sort\": {\"$numberInt\": \"5\"}}]", NULL, 15973,
	 "the $sort key specification must be an object"},
	{"[{\"$sort\": {\"a\": \"x\"}}]", NULL, 15974,
	 "Illegal key in $sort specification: a: \"x\""},
	{"[{\"$sort\": {\"a\": {\"$numberInt\": \"2\"}}}]", NULL, 15975,
	 "$sort key ordering must be 1 (for ascending) or -1 (for descending)"},
	{"[{\"$sort\": {\"a\": {\"x\": {\"$numberInt\": \"1\"}}}}]", NULL, 17312,
	 "$meta is the only expression supported by $sort right now"},
	{"[{\"$sortByCount\": \"x\"}]", NULL, 40148,
	 "the sortByCount field must be defined as a $-prefixed path or an expression inside an "
	 "object"},
	{"[{\"$sortByCount\": {\"$add\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}], "
	 "\"x\": {\"$numberInt\": \"1\"}}}]",
	 NULL, 15983,
	 "An object representing an expression must have exactly one field: { $add: [ 1, 2 ], x: 1 "
	 "}"},
	{"[{\"$sortByCount\": {\"$numberInt\": \"5\"}}]", NULL, 40149,
	 "the sortByCount field must be specified as a string or as an object"},
	{"[{\"$sortByCount\": {}}]", NULL, 40147,
	 "the sortByCount field must be defined as a $-prefixed path or an expression inside an "
	 "object"},
	{"[{\"$unionWith\": {\"coll\": {\"$numberInt\": \"5\"}}}]", NULL, 14,
	 "BSON field '$unionWith.coll' is the wrong type 'int', expected type 'string'"},
	{"[{\"$unionWith\": {}}]", NULL, 9,
	 "$unionWith stage without explicit collection must have a pipeline with $documents as "
	 "first stage"},
	{"[{\"$unset\": \"$a\"}]", NULL, 16410,
	 "Invalid $unset :: caused by :: FieldPath field names may not start with '$'. Consider "
	 "using $getField or $setField."},
	{"[{\"$unset\": [\"a\", \"a.b\"]}]", NULL, 31249,
	 "Invalid $unset :: caused by :: Path collision at a.b remaining portion b"},
	{"[{\"$unset\": []}]", NULL, 31119,
	 "$unset specification must be a string or an array with at least one field"},
	{"[{\"$unset\": [{\"$numberInt\": \"1\"}]}]", NULL, 31120,
	 "$unset specification must be a string or an array containing only string values"},
	{"[{\"$unset\": {\"$numberInt\": \"5\"}}]", NULL, 31002,
	 "$unset specification must be a string or an array"},
	{"[{\"$unwind\": \"$a.\"}]", NULL, 40353, "FieldPath must not end with a '.'."},
	{"[{\"$unwind\": \"$a..b\"}]", NULL, 15998,
	 "FieldPath field names may not be empty strings."},
	{"[{\"$unwind\": {\"path\": \"$arr\", \"preserveNullAndEmptyArrays\": {\"$numberInt\": "
	 "\"1\"}}}]",
	 NULL, 28809,
	 "expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage, got int"},
	{"[{\"$unwind\": {\"path\": \"$arr\", \"x\": {\"$numberInt\": \"1\"}}}]", NULL, 28811,
	 "unrecognized option to $unwind stage: x"},
	{"[{\"$unwind\": {\"path\": {\"$numberInt\": \"5\"}}}]", NULL, 28808,
	 "expected a string as the path for $unwind stage, got int"},
	{"[{\"$vectorSearch\": {}}]", NULL, 6047401,
	 "$vectorSearch stage is only allowed on MongoDB Atlas"},
	{"[{}]", NULL, 40323,
	 "A pipeline stage specification object must contain exactly one field."},
	{"[{\"$project\": {\"$\": true}}]", NULL, 16410,
	 "Invalid $project :: caused by :: FieldPath field names may not start with '$'. Consider "
	 "using $getField or $setField."},
	{"[{\"$project\": {\"$\": {}}}]", NULL, 51270,
	 "Invalid $project :: caused by :: An empty sub-projection is not a valid value. Found "
	 "empty object at path"},
	{"[{\"$project\": {\"a.$.b\": true}}]", NULL, 31394,
	 "Invalid $project :: caused by :: As of 4.4, it's illegal to specify positional operator "
	 "in the middle of a path.Positional projection may only be used at the end, for example: "
	 "a.b.$. If the query previously used a form like a.b.$.d, remove the parts following the "
	 "'$' and the results will be equivalent."},
	{"[{\"$project\": {\"a.$.b.$\": true}}]", NULL, 31324,
	 "Invalid $project :: caused by :: Cannot use positional projection in aggregation "
	 "projection"},
	{"[{\"$unset\": [\"a.$\"]}]", NULL, 31324,
	 "Invalid $unset :: caused by :: Cannot use positional projection in aggregation "
	 "projection"},
};

#endif
