/*
 * date_part_cases.h - parts of dates, and what mongod 6.0.27 said: the value, or code and text.
 *
 * Extended JSON. Threads: constants.
 */
#ifndef TESTS_UNIT_QUERY_DATE_PART_CASES_H
#define TESTS_UNIT_QUERY_DATE_PART_CASES_H

#include "tests/unit/query/expr_case.h"

static const struct expr_case date_parts_cases[] = {
	{"{\"e\": {\"$year\": {\"$date\": {\"$numberLong\": \"-1\"}}}}",
	 "{\"v\": {\"$numberInt\": \"1969\"}}", 0, NULL},
	{"{\"e\": {\"$year\": {\"$date\": {\"$numberLong\": \"-62167219200001\"}}}}",
	 "{\"v\": {\"$numberInt\": \"-1\"}}", 0, NULL},
	{"{\"e\": {\"$year\": {\"$date\": {\"$numberLong\": \"1483225200000\"}}}}",
	 "{\"v\": {\"$numberInt\": \"2016\"}}", 0, NULL},
	{"{\"e\": {\"$year\": {\"date\": {\"$date\": {\"$numberLong\": \"1500000000000\"}}, "
	 "\"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$numberInt\": \"2017\"}}", 0, NULL},
	{"{\"e\": {\"$month\": {\"$date\": {\"$numberLong\": \"-1\"}}}}",
	 "{\"v\": {\"$numberInt\": \"12\"}}", 0, NULL},
	{"{\"e\": {\"$month\": {\"$date\": {\"$numberLong\": \"-62167219200001\"}}}}",
	 "{\"v\": {\"$numberInt\": \"12\"}}", 0, NULL},
	{"{\"e\": {\"$month\": {\"$date\": {\"$numberLong\": \"1483225200000\"}}}}",
	 "{\"v\": {\"$numberInt\": \"12\"}}", 0, NULL},
	{"{\"e\": {\"$month\": {\"date\": {\"$date\": {\"$numberLong\": \"1500000000000\"}}, "
	 "\"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$numberInt\": \"7\"}}", 0, NULL},
	{"{\"e\": {\"$dayOfMonth\": {\"$date\": {\"$numberLong\": \"-1\"}}}}",
	 "{\"v\": {\"$numberInt\": \"31\"}}", 0, NULL},
	{"{\"e\": {\"$dayOfMonth\": {\"$date\": {\"$numberLong\": \"-62167219200001\"}}}}",
	 "{\"v\": {\"$numberInt\": \"31\"}}", 0, NULL},
	{"{\"e\": {\"$dayOfMonth\": {\"$date\": {\"$numberLong\": \"1483225200000\"}}}}",
	 "{\"v\": {\"$numberInt\": \"31\"}}", 0, NULL},
	{"{\"e\": {\"$dayOfMonth\": {\"date\": {\"$date\": {\"$numberLong\": \"1500000000000\"}}, "
	 "\"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$numberInt\": \"14\"}}", 0, NULL},
	{"{\"e\": {\"$hour\": {\"$date\": {\"$numberLong\": \"-1\"}}}}",
	 "{\"v\": {\"$numberInt\": \"23\"}}", 0, NULL},
	{"{\"e\": {\"$hour\": {\"$date\": {\"$numberLong\": \"-62167219200001\"}}}}",
	 "{\"v\": {\"$numberInt\": \"23\"}}", 0, NULL},
	{"{\"e\": {\"$hour\": {\"$date\": {\"$numberLong\": \"1483225200000\"}}}}",
	 "{\"v\": {\"$numberInt\": \"23\"}}", 0, NULL},
	{"{\"e\": {\"$hour\": {\"date\": {\"$date\": {\"$numberLong\": \"1500000000000\"}}, "
	 "\"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$numberInt\": \"8\"}}", 0, NULL},
	{"{\"e\": {\"$minute\": {\"$date\": {\"$numberLong\": \"-1\"}}}}",
	 "{\"v\": {\"$numberInt\": \"59\"}}", 0, NULL},
	{"{\"e\": {\"$minute\": {\"$date\": {\"$numberLong\": \"-62167219200001\"}}}}",
	 "{\"v\": {\"$numberInt\": \"59\"}}", 0, NULL},
	{"{\"e\": {\"$minute\": {\"$date\": {\"$numberLong\": \"1483225200000\"}}}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$minute\": {\"date\": {\"$date\": {\"$numberLong\": \"1500000000000\"}}, "
	 "\"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$numberInt\": \"10\"}}", 0, NULL},
	{"{\"e\": {\"$second\": {\"$date\": {\"$numberLong\": \"-1\"}}}}",
	 "{\"v\": {\"$numberInt\": \"59\"}}", 0, NULL},
	{"{\"e\": {\"$second\": {\"$date\": {\"$numberLong\": \"-62167219200001\"}}}}",
	 "{\"v\": {\"$numberInt\": \"59\"}}", 0, NULL},
	{"{\"e\": {\"$second\": {\"$date\": {\"$numberLong\": \"1483225200000\"}}}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$second\": {\"date\": {\"$date\": {\"$numberLong\": \"1500000000000\"}}, "
	 "\"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$millisecond\": {\"$date\": {\"$numberLong\": \"-1\"}}}}",
	 "{\"v\": {\"$numberInt\": \"999\"}}", 0, NULL},
	{"{\"e\": {\"$millisecond\": {\"$date\": {\"$numberLong\": \"-62167219200001\"}}}}",
	 "{\"v\": {\"$numberInt\": \"999\"}}", 0, NULL},
	{"{\"e\": {\"$millisecond\": {\"$date\": {\"$numberLong\": \"1483225200000\"}}}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$millisecond\": {\"date\": {\"$date\": {\"$numberLong\": \"1500000000000\"}}, "
	 "\"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$numberInt\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$dayOfWeek\": {\"$date\": {\"$numberLong\": \"-1\"}}}}",
	 "{\"v\": {\"$numberInt\": \"4\"}}", 0, NULL},
	{"{\"e\": {\"$dayOfWeek\": {\"$date\": {\"$numberLong\": \"-62167219200001\"}}}}",
	 "{\"v\": {\"$numberInt\": \"6\"}}", 0, NULL},
	{"{\"e\": {\"$dayOfWeek\": {\"$date\": {\"$numberLong\": \"1483225200000\"}}}}",
	 "{\"v\": {\"$numberInt\": \"7\"}}", 0, NULL},
	{"{\"e\": {\"$dayOfWeek\": {\"date\": {\"$date\": {\"$numberLong\": \"1500000000000\"}}, "
	 "\"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$numberInt\": \"6\"}}", 0, NULL},
	{"{\"e\": {\"$dayOfYear\": {\"$date\": {\"$numberLong\": \"-1\"}}}}",
	 "{\"v\": {\"$numberInt\": \"365\"}}", 0, NULL},
	{"{\"e\": {\"$dayOfYear\": {\"$date\": {\"$numberLong\": \"-62167219200001\"}}}}",
	 "{\"v\": {\"$numberInt\": \"365\"}}", 0, NULL},
	{"{\"e\": {\"$dayOfYear\": {\"$date\": {\"$numberLong\": \"1483225200000\"}}}}",
	 "{\"v\": {\"$numberInt\": \"366\"}}", 0, NULL},
	{"{\"e\": {\"$dayOfYear\": {\"date\": {\"$date\": {\"$numberLong\": \"1500000000000\"}}, "
	 "\"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$numberInt\": \"195\"}}", 0, NULL},
	{"{\"e\": {\"$week\": {\"$date\": {\"$numberLong\": \"-1\"}}}}",
	 "{\"v\": {\"$numberInt\": \"52\"}}", 0, NULL},
	{"{\"e\": {\"$week\": {\"$date\": {\"$numberLong\": \"-62167219200001\"}}}}",
	 "{\"v\": {\"$numberInt\": \"52\"}}", 0, NULL},
	{"{\"e\": {\"$week\": {\"$date\": {\"$numberLong\": \"1483225200000\"}}}}",
	 "{\"v\": {\"$numberInt\": \"52\"}}", 0, NULL},
	{"{\"e\": {\"$week\": {\"date\": {\"$date\": {\"$numberLong\": \"1500000000000\"}}, "
	 "\"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$numberInt\": \"28\"}}", 0, NULL},
	{"{\"e\": {\"$isoDayOfWeek\": {\"$date\": {\"$numberLong\": \"-1\"}}}}",
	 "{\"v\": {\"$numberInt\": \"3\"}}", 0, NULL},
	{"{\"e\": {\"$isoDayOfWeek\": {\"$date\": {\"$numberLong\": \"-62167219200001\"}}}}",
	 "{\"v\": {\"$numberInt\": \"5\"}}", 0, NULL},
	{"{\"e\": {\"$isoDayOfWeek\": {\"$date\": {\"$numberLong\": \"1483225200000\"}}}}",
	 "{\"v\": {\"$numberInt\": \"6\"}}", 0, NULL},
	{"{\"e\": {\"$isoDayOfWeek\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$numberInt\": \"5\"}}", 0, NULL},
	{"{\"e\": {\"$isoWeek\": {\"$date\": {\"$numberLong\": \"-1\"}}}}",
	 "{\"v\": {\"$numberInt\": \"1\"}}", 0, NULL},
	{"{\"e\": {\"$isoWeek\": {\"$date\": {\"$numberLong\": \"-62167219200001\"}}}}",
	 "{\"v\": {\"$numberInt\": \"52\"}}", 0, NULL},
	{"{\"e\": {\"$isoWeek\": {\"$date\": {\"$numberLong\": \"1483225200000\"}}}}",
	 "{\"v\": {\"$numberInt\": \"52\"}}", 0, NULL},
	{"{\"e\": {\"$isoWeek\": {\"date\": {\"$date\": {\"$numberLong\": \"1500000000000\"}}, "
	 "\"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$numberInt\": \"28\"}}", 0, NULL},
	{"{\"e\": {\"$isoWeekYear\": {\"$date\": {\"$numberLong\": \"-1\"}}}}",
	 "{\"v\": {\"$numberLong\": \"1970\"}}", 0, NULL},
	{"{\"e\": {\"$isoWeekYear\": {\"$date\": {\"$numberLong\": \"-62167219200001\"}}}}",
	 "{\"v\": {\"$numberLong\": \"-1\"}}", 0, NULL},
	{"{\"e\": {\"$isoWeekYear\": {\"$date\": {\"$numberLong\": \"1483225200000\"}}}}",
	 "{\"v\": {\"$numberLong\": \"2016\"}}", 0, NULL},
	{"{\"e\": {\"$isoWeekYear\": {\"date\": {\"$date\": {\"$numberLong\": \"1500000000000\"}}, "
	 "\"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$numberLong\": \"2017\"}}", 0, NULL},
	{"{\"e\": {\"$year\": \"x\"}}", NULL, 16006,
	 "Failed to optimize pipeline :: caused by :: can't convert from BSON type string to Date"},
	{"{\"e\": {\"$year\": {\"date\": {\"$date\": {\"$numberLong\": \"0\"}}, \"timezone\": "
	 "{\"$numberInt\": \"5\"}}}}",
	 NULL, 40533,
	 "Failed to optimize pipeline :: caused by :: $year requires a string for the timezone "
	 "argument, but was given a int (5)"},
	{"{\"e\": {\"$year\": {\"date\": {\"$date\": {\"$numberLong\": \"0\"}}, \"zone\": "
	 "{\"$numberInt\": \"5\"}}}}",
	 NULL, 40535, "unrecognized option to $year: \"zone\""},
	{"{\"e\": {\"$year\": {\"timezone\": \"UTC\"}}}", NULL, 40539,
	 "missing 'date' argument to $year, provided: $year: { timezone: \"UTC\" }"},
	{"{\"e\": {\"$year\": [{\"$numberInt\": \"1\"}, {\"$numberInt\": \"2\"}]}}", NULL, 40536,
	 "$year accepts exactly one argument if given an array, but was given 2"},
	{"{\"e\": {\"$year\": null}}", "{\"v\": null}", 0, NULL},
	{"{\"e\": {\"$year\": {\"$oid\": \"ff0000000000000000000001\"}}}",
	 "{\"v\": {\"$numberInt\": \"1969\"}}", 0, NULL},
};

#endif
