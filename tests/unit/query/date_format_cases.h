/*
 * date_format_cases.h - dates by formats, and what mongod 6.0.27 said: the value, or code and text.
 *
 * Extended JSON. Threads: constants.
 */
#ifndef TESTS_UNIT_QUERY_DATE_FORMAT_CASES_H
#define TESTS_UNIT_QUERY_DATE_FORMAT_CASES_H

#include "tests/unit/query/expr_case.h"

static const struct expr_case dates_by_format_cases[] = {
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02\", \"format\": "
	 "\"%Y-%m-%d\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483315200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02x\", \"format\": "
	 "\"%Y-%m-%d\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-01-02x'; 10: "
	 "Trailing data 'x'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01\", \"format\": \"%Y-%m-%d\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-01'; 7: Not "
	 "enough data available to satisfy format '\xc0\x80"
	 "'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"x\", \"format\": \"%Y\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string 'x'; 0: Unexpected "
	 "data found. 'x'; 0: A four digit year could not be found 'x'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017/01\", \"format\": \"%Y-%m\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017/01'; 4: "
	 "Format literal not found '/'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-123\", \"format\": \"%Y-%j\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%j' in format "
	 "string"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-05-2\", \"format\": "
	 "\"%G-%V-%u\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1485820800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-54\", \"format\": \"%G-%V\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-54'; 5: ISO "
	 "Week must be between 1 and 53 '5'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-1-8\", \"format\": \"%G-%V-%u\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-1-8'; 7: Day "
	 "of week must be between 1 and 7 '8'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017 1\", \"format\": \"%Y %V\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017 1'; 6: "
	 "Mixing of ISO dates with natural dates is not allowed '\xc0\x80"
	 "'; 6: The parsed date was invalid '\xc0\x80"
	 "'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 03:04:05.6 +0100\", "
	 "\"format\": \"%Y-%m-%d %H:%M:%S.%L %z\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483322645600\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 +60\", \"format\": "
	 "\"%Y-%m-%d %Z\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483311600000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 60\", \"format\": \"%Y-%m-%d "
	 "%Z\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-01-02 60'; "
	 "11: Invalid timezone offset in minutes '6'; 11: Trailing data '6'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 foo\", \"format\": "
	 "\"%Y-%m-%d %z\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-01-02 foo'; "
	 "11: passing a time zone identifier as part of the string is not allowed 'f'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-02-30\", \"format\": "
	 "\"%Y-%m-%d\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-02-30'; 10: "
	 "The parsed date was invalid '\xc0\x80"
	 "'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-02-03 25\", \"format\": \"%Y-%m-%d "
	 "%H\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-02-03 25'; "
	 "13: The parsed time was invalid '\xc0\x80"
	 "'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-02-03 2:3\", \"format\": "
	 "\"%Y-%m-%d %H:%M\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-02-03 2:3'; "
	 "13: A two digit minute could not be found '3'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02\", \"format\": "
	 "\"%Y-%m-%d%\"}}}",
	 NULL, 18535,
	 "Failed to optimize pipeline :: caused by :: Unmatched '%' at end of format string"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"\", \"format\": \"\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: an incomplete date/time string has been "
	 "found, with elements missing: \"\""},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"\", \"format\": \"%Y\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string ''; 0: Not enough "
	 "data available to satisfy format '\xc0\x80"
	 "'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 5\", \"format\": \"%Y-%m-%d "
	 "%L\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483315200500\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 3\", \"format\": \"%Y-%m-%d "
	 "%G\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-01-02 3'; "
	 "12: Mixing of ISO dates with natural dates is not allowed '\xc0\x80"
	 "'; 12: Mixing of ISO dates with natural dates is not allowed '\xc0\x80"
	 "'"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%Y-%m-%d\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"2020-01-02\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%Y-%m-%d\", \"timezone\": \"UTC\"}}}",
	 NULL, 18537,
	 "Failed to optimize pipeline :: caused by :: Could not convert date to string: date "
	 "component was outside the supported range of 0-9999: -1"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%Y-%m-%d\", \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": \"2017-07-13\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%Y-%m-%d\", \"timezone\": \"-0830\"}}}",
	 "{\"v\": \"9999-12-31\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%d/%m/%Y\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"02/01/2020\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%d/%m/%Y\", \"timezone\": \"UTC\"}}}",
	 NULL, 18537,
	 "Failed to optimize pipeline :: caused by :: Could not convert date to string: date "
	 "component was outside the supported range of 0-9999: -1"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%d/%m/%Y\", \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": \"13/07/2017\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%d/%m/%Y\", \"timezone\": \"-0830\"}}}",
	 "{\"v\": \"31/12/9999\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%Y-%m-%dT%H:%M:%S.%LZ\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"2020-01-02T03:04:05.006Z\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%Y-%m-%dT%H:%M:%S.%LZ\", \"timezone\": \"UTC\"}}}",
	 NULL, 18537,
	 "Failed to optimize pipeline :: caused by :: Could not convert date to string: date "
	 "component was outside the supported range of 0-9999: -1"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%Y-%m-%dT%H:%M:%S.%LZ\", \"timezone\": "
	 "\"America/New_York\"}}}",
	 "{\"v\": \"2017-07-13T22:40:00.000Z\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%Y-%m-%dT%H:%M:%S.%LZ\", \"timezone\": \"-0830\"}}}",
	 "{\"v\": \"9999-12-31T15:30:00.000Z\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%H:%M:%S:%L\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"03:04:05:006\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%H:%M:%S:%L\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"23:59:59:999\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%H:%M:%S:%L\", \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": \"22:40:00:000\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%H:%M:%S:%L\", \"timezone\": \"-0830\"}}}",
	 "{\"v\": \"15:30:00:000\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%j %U %w\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"002 00 5\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%j %U %w\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"365 52 6\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%j %U %w\", \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": \"194 28 5\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%j %U %w\", \"timezone\": \"-0830\"}}}",
	 "{\"v\": \"365 52 6\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%G-W%V-%u\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"2020-W01-4\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%G-W%V-%u\", \"timezone\": \"UTC\"}}}",
	 NULL, 18537,
	 "Failed to optimize pipeline :: caused by :: Could not convert date to string: date "
	 "component was outside the supported range of 0-9999: -1"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%G-W%V-%u\", \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": \"2017-W28-4\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%G-W%V-%u\", \"timezone\": \"-0830\"}}}",
	 "{\"v\": \"9999-W52-5\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%z\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"+0000\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%z\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"+0000\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%z\", \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": \"-0400\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%z\", \"timezone\": \"-0830\"}}}",
	 "{\"v\": \"-0830\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%Z\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"0\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%Z\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"0\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%Z\", \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": \"-240\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%Z\", \"timezone\": \"-0830\"}}}",
	 "{\"v\": \"-510\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%%\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"%\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%%\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"%\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%%\", \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": \"%\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%%\", \"timezone\": \"-0830\"}}}",
	 "{\"v\": \"%\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"\", \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": \"\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"\", \"timezone\": \"-0830\"}}}",
	 "{\"v\": \"\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"plain\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"plain\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"plain\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"plain\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"plain\", \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": \"plain\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"plain\", \"timezone\": \"-0830\"}}}",
	 "{\"v\": \"plain\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%Y%m%d\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"20200102\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%Y%m%d\", \"timezone\": \"UTC\"}}}",
	 NULL, 18537,
	 "Failed to optimize pipeline :: caused by :: Could not convert date to string: date "
	 "component was outside the supported range of 0-9999: -1"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%Y%m%d\", \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": \"20170713\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%Y%m%d\", \"timezone\": \"-0830\"}}}",
	 "{\"v\": \"99991231\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%\", \"timezone\": \"UTC\"}}}",
	 NULL, 18535,
	 "Failed to optimize pipeline :: caused by :: Unmatched '%' at end of format string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%\", \"timezone\": \"UTC\"}}}",
	 NULL, 18535,
	 "Failed to optimize pipeline :: caused by :: Unmatched '%' at end of format string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%\", \"timezone\": \"America/New_York\"}}}",
	 NULL, 18535,
	 "Failed to optimize pipeline :: caused by :: Unmatched '%' at end of format string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%\", \"timezone\": \"-0830\"}}}",
	 NULL, 18535,
	 "Failed to optimize pipeline :: caused by :: Unmatched '%' at end of format string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"abc%\", \"timezone\": \"UTC\"}}}",
	 NULL, 18535,
	 "Failed to optimize pipeline :: caused by :: Unmatched '%' at end of format string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"abc%\", \"timezone\": \"UTC\"}}}",
	 NULL, 18535,
	 "Failed to optimize pipeline :: caused by :: Unmatched '%' at end of format string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"abc%\", \"timezone\": \"America/New_York\"}}}",
	 NULL, 18535,
	 "Failed to optimize pipeline :: caused by :: Unmatched '%' at end of format string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"abc%\", \"timezone\": \"-0830\"}}}",
	 NULL, 18535,
	 "Failed to optimize pipeline :: caused by :: Unmatched '%' at end of format string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%q\", \"timezone\": \"UTC\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%q' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%q\", \"timezone\": \"UTC\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%q' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%q\", \"timezone\": \"America/New_York\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%q' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%q\", \"timezone\": \"-0830\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%q' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%b\", \"timezone\": \"UTC\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%b' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%b\", \"timezone\": \"UTC\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%b' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%b\", \"timezone\": \"America/New_York\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%b' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%b\", \"timezone\": \"-0830\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%b' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%B\", \"timezone\": \"UTC\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%B' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%B\", \"timezone\": \"UTC\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%B' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%B\", \"timezone\": \"America/New_York\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%B' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%B\", \"timezone\": \"-0830\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%B' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%y\", \"timezone\": \"UTC\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%y' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%y\", \"timezone\": \"UTC\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%y' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%y\", \"timezone\": \"America/New_York\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%y' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%y\", \"timezone\": \"-0830\"}}}",
	 NULL, 18536,
	 "Failed to optimize pipeline :: caused by :: Invalid format character '%y' in format "
	 "string"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577934245006\"}}, \"format\": \"%Y %z %Z %%x\", \"timezone\": \"UTC\"}}}",
	 "{\"v\": \"2020 +0000 0 %x\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-62167219200001\"}}, \"format\": \"%Y %z %Z %%x\", \"timezone\": \"UTC\"}}}",
	 NULL, 18537,
	 "Failed to optimize pipeline :: caused by :: Could not convert date to string: date "
	 "component was outside the supported range of 0-9999: -1"},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"format\": \"%Y %z %Z %%x\", \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": \"2017 -0400 -240 %x\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"253402300800000\"}}, \"format\": \"%Y %z %Z %%x\", \"timezone\": \"-0830\"}}}",
	 "{\"v\": \"9999 -0830 -510 %x\"}", 0, NULL},
};

#endif
