/* Pipelines and what mongod 6.0.27 makes of the one document of test_pipeline.c. */
#ifndef TESTS_UNIT_QUERY_PIPELINE_RESULTS_H
#define TESTS_UNIT_QUERY_PIPELINE_RESULTS_H

#include "tests/unit/query/pipeline_case.h"

static const struct pipeline_case pipeline_results[] = {
	{"[{\"$_internalInhibitOptimization\": {}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$addFields\": {\"a\": \"$$REMOVE\"}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": {\"$numberInt\": \"2\"}, \"d\": "
	 "[{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, {\"e\": {\"$numberInt\": \"3\"}}]}, "
	 "\"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$addFields\": {\"a\": {\"b\": {\"$numberInt\": \"1\"}}, \"a.c\": {\"$numberInt\": "
	 "\"1\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"b\": {\"$numberInt\": \"1\"}, \"c\": "
	 "{\"$numberInt\": \"1\"}}, \"b\": {\"c\": {\"$numberInt\": \"2\"}, \"d\": "
	 "[{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, {\"e\": {\"$numberInt\": \"3\"}}]}, "
	 "\"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$addFields\": {\"a.b\": {\"c\": {\"$numberInt\": \"1\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"b\": {\"c\": {\"$numberInt\": \"1\"}}}, "
	 "\"b\": {\"c\": {\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": "
	 "[{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, "
	 "{\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$addFields\": {\"b.d.q\": {\"$numberInt\": \"5\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"q\": {\"$numberInt\": \"5\"}}, {\"q\": "
	 "{\"$numberInt\": \"5\"}}, {\"e\": {\"$numberInt\": \"3\"}, \"q\": {\"$numberInt\": "
	 "\"5\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$addFields\": {\"x\": {\"y\": {\"z\": \"$zz\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"x\": "
	 "{\"y\": {}}}]",
	 0, NULL},
	{"[{\"$bucket\": {\"groupBy\": \"$a\", \"boundaries\": [{\"$numberInt\": \"0\"}, "
	 "{\"$numberInt\": \"5\"}, {\"$numberInt\": \"10\"}], \"default\": \"$$NOW\"}}]",
	 "[{\"_id\": {\"$numberInt\": \"0\"}, \"count\": {\"$numberInt\": \"1\"}}]", 0, NULL},
	{"[{\"$bucket\": {\"groupBy\": \"$a\", \"boundaries\": [{\"$numberInt\": \"0\"}, "
	 "{\"$numberInt\": \"5\"}, {\"$numberInt\": \"10\"}], \"default\": \"zz\"}}]",
	 "[{\"_id\": {\"$numberInt\": \"0\"}, \"count\": {\"$numberInt\": \"1\"}}]", 0, NULL},
	{"[{\"$bucket\": {\"groupBy\": \"$a\", \"boundaries\": [{\"$numberInt\": \"0\"}, "
	 "{\"$numberInt\": \"5\"}, {\"$numberInt\": \"10\"}], \"default\": {\"$numberInt\": "
	 "\"-1\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"0\"}, \"count\": {\"$numberInt\": \"1\"}}]", 0, NULL},
	{"[{\"$bucket\": {\"groupBy\": \"$a\", \"boundaries\": [{\"$numberInt\": \"0\"}, "
	 "{\"$numberInt\": \"5\"}, {\"$numberInt\": \"10\"}], \"output\": {\"n\": {\"$sum\": "
	 "\"$a\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"0\"}, \"n\": {\"$numberInt\": \"1\"}}]", 0, NULL},
	{"[{\"$bucket\": {\"groupBy\": \"$a\", \"boundaries\": [{\"$numberInt\": \"0\"}, "
	 "{\"$numberInt\": \"5\"}, {\"$numberInt\": \"10\"}], \"output\": {}}}]",
	 "[{\"_id\": {\"$numberInt\": \"0\"}}]", 0, NULL},
	{"[{\"$densify\": {\"field\": \"a\", \"range\": {\"step\": {\"$numberInt\": \"1\"}, "
	 "\"bounds\": [{\"$numberInt\": \"0\"}, {\"$numberInt\": \"3\"}]}}}]",
	 "[{\"a\": {\"$numberInt\": \"0\"}}, {\"_id\": {\"$numberInt\": \"1\"}, \"a\": "
	 "{\"$numberInt\": \"1\"}, \"b\": {\"c\": {\"$numberInt\": \"2\"}, \"d\": "
	 "[{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, {\"e\": {\"$numberInt\": \"3\"}}]}, "
	 "\"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}, {\"a\": {\"$numberInt\": \"2\"}}]",
	 0, NULL},
	{"[{\"$densify\": {\"field\": \"a\", \"range\": {\"step\": {\"$numberInt\": \"1\"}, "
	 "\"bounds\": [{\"$numberInt\": \"3\"}, {\"$numberInt\": \"5\"}]}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}, {\"a\": "
	 "{\"$numberInt\": \"3\"}}, {\"a\": {\"$numberInt\": \"4\"}}]",
	 0, NULL},
	{"[{\"$fill\": {\"output\": {\"a\": {\"method\": \"locf\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$fill\": {\"output\": {\"a\": {}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$fill\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": {\"q\": "
	 "{\"method\": \"locf\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "null}]",
	 0, NULL},
	{"[{\"$fill\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": {\"q\": "
	 "{\"value\": {\"$numberInt\": \"5\"}}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "{\"$numberInt\": \"5\"}}]",
	 0, NULL},
	{"[{\"$fill\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"partitionBy\": {\"x\": "
	 "\"$s\"}, \"output\": {\"b.c\": {\"method\": \"locf\"}, \"b.z\": {\"value\": \"$s\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}], \"z\": \"x\"}, \"s\": \"x\", \"arr\": "
	 "[{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, "
	 "{\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$group\": {\"_id\": [\"$a\", \"$zz\"]}}]",
	 "[{\"_id\": [{\"$numberInt\": \"1\"}, null]}]", 0, NULL},
	{"[{\"$group\": {\"_id\": {\"$add\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": "
	 "\"2\"}]}}}]",
	 "[{\"_id\": {\"$numberInt\": \"3\"}}]", 0, NULL},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"\": {\"$sum\": {\"$numberInt\": "
	 "\"1\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"\": {\"$numberInt\": \"1\"}}]", 0, NULL},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$avg\": \"$s\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": null}]", 0, NULL},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$first\": \"$zz\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": null}]", 0, NULL},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$min\": \"$zz\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": null}]", 0, NULL},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$minN\": {\"n\": "
	 "{\"$numberInt\": \"2\"}, \"input\": \"$arr\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": [[{\"$numberInt\": \"1\"}, {\"$numberInt\": "
	 "\"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]]}]",
	 0, NULL},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$stdDevPop\": \"$a\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberDouble\": \"0.0\"}}]", 0, NULL},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$sum\": \"$arr\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"0\"}}]", 0, NULL},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$sum\": \"$s\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"0\"}}]", 0, NULL},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$top\": {\"output\": \"$a\", "
	 "\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}}]", 0, NULL},
	{"[{\"$group\": {\"_id\": {\"$numberInt\": \"2\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"2\"}}]", 0, NULL},
	{"[{\"$group\": {\"_id\": {\"a\": \"$zz\", \"b\": \"$a\"}}}]",
	 "[{\"_id\": {\"b\": {\"$numberInt\": \"1\"}}}]", 0, NULL},
	{"[{\"$group\": {\"_id\": {\"a\": \"$zz\"}}}]", "[{\"_id\": {\"a\": null}}]", 0, NULL},
	{"[{\"$group\": {\"_id\": {\"a\": {\"b\": {\"$numberInt\": \"1\"}}}}}]",
	 "[{\"_id\": {\"a\": {\"b\": {\"$numberInt\": \"1\"}}}}]", 0, NULL},
	{"[{\"$lookup\": {\"from\": \"$x\", \"as\": \"y\", \"localField\": \"a\", "
	 "\"foreignField\": \"b\"}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"y\": []}]",
	 0, NULL},
	{"[{\"$lookup\": {\"from\": \"c\", \"as\": \"b.c.d\", \"let\": {\"q\": \"$a\"}, "
	 "\"pipeline\": [{\"$match\": {\"$expr\": {\"$eq\": [\"$a\", \"$$q\"]}}}, {\"$project\": "
	 "{\"z\": \"$$q\"}}]}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"d\": [{\"_id\": {\"$numberInt\": \"1\"}, \"z\": {\"$numberInt\": \"1\"}}]}, \"d\": "
	 "[{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, {\"e\": {\"$numberInt\": \"3\"}}]}, "
	 "\"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$lookup\": {\"from\": \"c\", \"as\": \"y\", \"pipeline\": [{\"$facet\": {\"a\": "
	 "[]}}]}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"y\": "
	 "[{\"a\": [{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": "
	 "{\"c\": {\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": "
	 "\"2\"}, {\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": "
	 "\"1\"}, {\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]}]}]",
	 0, NULL},
	{"[{\"$match\": {\"a\": {\"$numberInt\": \"99\"}}}, {\"$count\": \"n\"}]", "[]", 0, NULL},
	{"[{\"$project\": {\"_id\": {\"$numberInt\": \"0\"}, \"s\": \"$zz\", \"b\": {\"z\": "
	 "\"$zz\"}}}]",
	 "[{\"b\": {}}]", 0, NULL},
	{"[{\"$project\": {\"a\": [{\"$numberInt\": \"1\"}, \"$s\", \"$zz\"]}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": [{\"$numberInt\": \"1\"}, \"x\", null]}]", 0,
	 NULL},
	{"[{\"$project\": {\"a\": null}}]", "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": null}]", 0,
	 NULL},
	{"[{\"$project\": {\"a\": {\"b\": {\"$numberInt\": \"1\"}}, \"a.c\": {\"$numberInt\": "
	 "\"1\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}}]", 0, NULL},
	{"[{\"$project\": {\"a.b\": {\"c\": {\"$numberInt\": \"1\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}}]", 0, NULL},
	{"[{\"$project\": {\"arr\": {\"$slice\": [\"$arr\", {\"$numberInt\": \"2\"}]}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"arr\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": "
	 "\"2\"}]}]",
	 0, NULL},
	{"[{\"$project\": {\"b.c.x\": \"$a\", \"s\": {\"$numberInt\": \"1\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": {\"x\": {\"$numberInt\": \"1\"}}}, "
	 "\"s\": \"x\"}]",
	 0, NULL},
	{"[{\"$project\": {\"b.d.e\": {\"$numberInt\": \"1\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"b\": {\"d\": [{\"e\": {\"$numberInt\": \"3\"}}]}}]",
	 0, NULL},
	{"[{\"$redact\": \"$$DESCEND\"}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$redact\": \"$$PRUNE\"}]", "[]", 0, NULL},
	{"[{\"$redact\": {\"$cond\": [{\"$eq\": [\"$c\", {\"$numberInt\": \"2\"}]}, \"$$PRUNE\", "
	 "\"$$DESCEND\"]}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"s\": \"x\", "
	 "\"arr\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, "
	 "{\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$replaceRoot\": {\"newRoot\": \"$b\"}}]",
	 "[{\"c\": {\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": "
	 "\"2\"}, {\"e\": {\"$numberInt\": \"3\"}}]}]",
	 0, NULL},
	{"[{\"$replaceWith\": \"$b\"}]",
	 "[{\"c\": {\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": "
	 "\"2\"}, {\"e\": {\"$numberInt\": \"3\"}}]}]",
	 0, NULL},
	{"[{\"$replaceWith\": {\"x\": {\"$numberInt\": \"1\"}}}]",
	 "[{\"x\": {\"$numberInt\": \"1\"}}]", 0, NULL},
	{"[{\"$setWindowFields\": {\"output\": {\"a\": {\"$count\": {}}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"output\": {\"a\": {\"$sum\": \"$a\", \"window\": {}}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"output\": {\"q.b.c\": {\"$sum\": {\"$numberInt\": \"1\"}}, "
	 "\"b.d\": {\"$sum\": {\"$numberInt\": \"1\"}}, \"arr.z\": {\"$sum\": {\"$numberInt\": "
	 "\"1\"}}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": {\"$numberInt\": \"1\"}}, \"s\": \"x\", \"arr\": "
	 "[{\"z\": {\"$numberInt\": \"1\"}}, {\"z\": {\"$numberInt\": \"1\"}}, {\"z\": "
	 "{\"$numberInt\": \"1\"}}, {\"z\": {\"$numberInt\": \"1\"}}], \"q\": {\"b\": {\"c\": "
	 "{\"$numberInt\": \"1\"}}}}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"output\": {}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$covariancePop\": \"$a\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "null}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$covariancePop\": [\"$a\", \"$a\"]}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "{\"$numberDouble\": \"0.0\"}}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$covariancePop\": [\"$a\"]}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "null}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$derivative\": {\"input\": \"$a\"}, \"window\": {\"documents\": "
	 "[{\"$numberInt\": \"-1\"}, {\"$numberInt\": \"0\"}]}}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "null}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$first\": \"$a\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "{\"$numberInt\": \"1\"}}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$firstN\": {\"n\": {\"$numberInt\": \"1\"}, \"input\": \"$a\"}}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "[{\"$numberInt\": \"1\"}]}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$integral\": {\"input\": \"$a\"}}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "{\"$numberInt\": \"0\"}}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$linearFill\": \"$a\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "{\"$numberInt\": \"1\"}}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$locf\": \"$a\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "{\"$numberInt\": \"1\"}}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$push\": \"$a\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "[{\"$numberInt\": \"1\"}]}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$push\": [\"$a\", {\"$numberInt\": \"1\"}]}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "[[{\"$numberInt\": \"1\"}, {\"$numberInt\": \"1\"}]]}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$rank\": {}}, \"r\": {\"$denseRank\": {}}, \"d\": {\"$documentNumber\": "
	 "{}}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "{\"$numberInt\": \"1\"}, \"r\": {\"$numberInt\": \"1\"}, \"d\": {\"$numberInt\": "
	 "\"1\"}}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$shift\": {\"by\": {\"$numberInt\": \"1\"}, \"output\": {\"$numberInt\": "
	 "\"1\"}, \"default\": {\"$numberInt\": \"7\"}}}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "{\"$numberInt\": \"7\"}}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {\"a\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "{\"q\": {\"$stdDevPop\": \"$a\"}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "{\"$numberDouble\": \"0.0\"}}]",
	 0, NULL},
	{"[{\"$unwind\": \"$arr\"}, {\"$setWindowFields\": {\"sortBy\": {\"arr\": {\"$numberInt\": "
	 "\"1\"}}, \"output\": {\"q\": {\"$bottomN\": {\"n\": {\"$numberInt\": \"2\"}, \"sortBy\": "
	 "{\"s\": {\"$numberInt\": \"1\"}}, \"output\": \"$arr\"}, \"window\": {\"documents\": "
	 "[{\"$numberInt\": \"-1\"}, {\"$numberInt\": \"1\"}]}}, \"r\": {\"$topN\": {\"n\": "
	 "{\"$numberInt\": \"2\"}, \"sortBy\": {\"s\": {\"$numberInt\": \"1\"}}, \"output\": "
	 "\"$arr\"}, \"window\": {\"documents\": [{\"$numberInt\": \"-1\"}, {\"$numberInt\": "
	 "\"1\"}]}}}}}, {\"$project\": {\"arr\": {\"$numberInt\": \"1\"}, \"q\": {\"$numberInt\": "
	 "\"1\"}, \"r\": {\"$numberInt\": \"1\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"arr\": {\"$numberInt\": \"1\"}, \"q\": "
	 "[{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}], \"r\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}]}, {\"_id\": {\"$numberInt\": \"1\"}, \"arr\": {\"$numberInt\": "
	 "\"2\"}, \"q\": [{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}], \"r\": "
	 "[{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}]}, {\"_id\": {\"$numberInt\": \"1\"}, "
	 "\"arr\": {\"$numberInt\": \"3\"}, \"q\": [{\"$numberInt\": \"3\"}, {\"$numberInt\": "
	 "\"4\"}], \"r\": [{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}]}, {\"_id\": "
	 "{\"$numberInt\": \"1\"}, \"arr\": {\"$numberInt\": \"4\"}, \"q\": [{\"$numberInt\": "
	 "\"3\"}, {\"$numberInt\": \"4\"}], \"r\": [{\"$numberInt\": \"3\"}, {\"$numberInt\": "
	 "\"4\"}]}]",
	 0, NULL},
	{"[{\"$unwind\": \"$arr\"}, {\"$setWindowFields\": {\"sortBy\": {\"arr\": {\"$numberInt\": "
	 "\"1\"}}, \"output\": {\"q\": {\"$maxN\": {\"n\": {\"$numberInt\": \"2\"}, \"input\": "
	 "{\"$cond\": [{\"$gt\": [\"$arr\", {\"$numberInt\": \"2\"}]}, {\"$numberInt\": \"3\"}, "
	 "{\"$numberDouble\": \"3.0\"}]}}, \"window\": {\"documents\": [{\"$numberInt\": \"-1\"}, "
	 "{\"$numberInt\": \"1\"}]}}}}}, {\"$project\": {\"arr\": {\"$numberInt\": \"1\"}, \"q\": "
	 "{\"$numberInt\": \"1\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"arr\": {\"$numberInt\": \"1\"}, \"q\": "
	 "[{\"$numberDouble\": \"3.0\"}, {\"$numberDouble\": \"3.0\"}]}, {\"_id\": "
	 "{\"$numberInt\": \"1\"}, \"arr\": {\"$numberInt\": \"2\"}, \"q\": [{\"$numberInt\": "
	 "\"3\"}, {\"$numberDouble\": \"3.0\"}]}, {\"_id\": {\"$numberInt\": \"1\"}, \"arr\": "
	 "{\"$numberInt\": \"3\"}, \"q\": [{\"$numberInt\": \"3\"}, {\"$numberInt\": \"3\"}]}, "
	 "{\"_id\": {\"$numberInt\": \"1\"}, \"arr\": {\"$numberInt\": \"4\"}, \"q\": "
	 "[{\"$numberInt\": \"3\"}, {\"$numberInt\": \"3\"}]}]",
	 0, NULL},
	{"[{\"$setWindowFields\": {\"sortBy\": {}, \"output\": {\"q\": {\"$sum\": {\"$numberInt\": "
	 "\"1\"}}}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}], \"q\": "
	 "{\"$numberInt\": \"1\"}}]",
	 0, NULL},
	{"[{\"$skip\": {\"$numberInt\": \"0\"}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$sort\": {\"a\": {\"$numberDouble\": \"1.5\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$sort\": {\"a\": {\"$numberInt\": \"1\"}}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$sortByCount\": {\"$add\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}]}}]",
	 "[{\"_id\": {\"$numberInt\": \"3\"}, \"count\": {\"$numberInt\": \"1\"}}]", 0, NULL},
	{"[{\"$unionWith\": \"nonex\"}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$unionWith\": {\"coll\": \"c\", \"pipeline\": [{\"$project\": {\"a\": "
	 "{\"$numberInt\": \"1\"}}}]}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}, {\"_id\": "
	 "{\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}}]",
	 0, NULL},
	{"[{\"$unionWith\": {\"pipeline\": [{\"$documents\": [{\"a\": {\"$numberInt\": "
	 "\"1\"}}]}]}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, "
	 "{\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}, {\"a\": "
	 "{\"$numberInt\": \"1\"}}]",
	 0, NULL},
	{"[{\"$unset\": \"b.d.e\"}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, {}]}, "
	 "\"s\": \"x\", \"arr\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"$numberInt\": \"3\"}, {\"$numberInt\": \"4\"}]}]",
	 0, NULL},
	{"[{\"$unwind\": {\"path\": \"$arr\", \"includeArrayIndex\": \"arr\"}}]",
	 "[{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": {\"$numberLong\": \"0\"}}, "
	 "{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": {\"$numberLong\": \"1\"}}, "
	 "{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": {\"$numberLong\": \"2\"}}, "
	 "{\"_id\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"1\"}, \"b\": {\"c\": "
	 "{\"$numberInt\": \"2\"}, \"d\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}, "
	 "{\"e\": {\"$numberInt\": \"3\"}}]}, \"s\": \"x\", \"arr\": {\"$numberLong\": \"3\"}}]",
	 0, NULL},
	{"[{\"$unwind\": {\"path\": \"$b.d.e\", \"includeArrayIndex\": \"b.i\"}}]", "[]", 0, NULL},
	{"[{\"$project\": {\"v\": {\"$literal\": [[{\"$numberInt\": \"40\"}, {\"$numberInt\": "
	 "\"10\"}], [{\"$numberInt\": \"20\"}], []]}}}, {\"$unwind\": \"$v\"}, {\"$project\": "
	 "{\"_id\": \"$v\"}}, {\"$sort\": {\"_id\": {\"$numberInt\": \"1\"}}}]",
	 "[{\"_id\": []}, {\"_id\": [{\"$numberInt\": \"20\"}]}, {\"_id\": [{\"$numberInt\": "
	 "\"40\"}, {\"$numberInt\": \"10\"}]}]",
	 0, NULL},
	{"[{\"$project\": {\"v\": {\"$literal\": [[{\"$numberInt\": \"40\"}, {\"$numberInt\": "
	 "\"10\"}], [{\"$numberInt\": \"20\"}], []]}}}, {\"$unwind\": \"$v\"}, {\"$project\": "
	 "{\"_id\": \"$v\"}}, {\"$sort\": {\"_id\": {\"$numberInt\": \"-1\"}}}]",
	 "[{\"_id\": [{\"$numberInt\": \"40\"}, {\"$numberInt\": \"10\"}]}, {\"_id\": "
	 "[{\"$numberInt\": \"20\"}]}, {\"_id\": []}]",
	 0, NULL},
	{"[{\"$group\": {\"_id\": null, \"s\": {\"$sum\": {\"$numberDecimal\": \"-1E+3\"}}, \"a\": "
	 "{\"$avg\": {\"$numberDecimal\": \"-1E+3\"}}}}]",
	 "[{\"_id\": null, \"s\": {\"$numberDecimal\": \"-1000\"}, \"a\": {\"$numberDecimal\": "
	 "\"-1000\"}}]",
	 0, NULL},
	{"[{\"$group\": {\"_id\": null, \"s\": {\"$sum\": {\"$numberDecimal\": \"-0\"}}, \"a\": "
	 "{\"$avg\": {\"$numberDecimal\": \"-0\"}}}}]",
	 "[{\"_id\": null, \"s\": {\"$numberDecimal\": \"0\"}, \"a\": {\"$numberDecimal\": "
	 "\"0\"}}]",
	 0, NULL},
};

#endif
