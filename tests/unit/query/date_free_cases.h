/*
 * date_free_cases.h - dates from any text, and what mongod 6.0.27 said: the value, or code and text.
 *
 * Extended JSON. Threads: constants.
 */
#ifndef TESTS_UNIT_QUERY_DATE_FREE_CASES_H
#define TESTS_UNIT_QUERY_DATE_FREE_CASES_H

#include "tests/unit/query/expr_case.h"

static const struct expr_case dates_free_cases[] = {
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string ''; 0: Empty "
	 "string '\xc0\x80"
	 "'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: an incomplete date/time string has been "
	 "found, with elements missing: \"2017\""},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483228800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483315200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-02-30\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-02-30'; 11: "
	 "The parsed date was invalid '\xc0\x80"
	 "'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"x\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: an incomplete date/time string has been "
	 "found, with elements missing: \"x\""},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 3\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-01-02 3'; "
	 "11: Unexpected character '3'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02T03:04\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483326240000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02T03:04:05.1234\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483326245123\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02T03:04:05Z\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483326245000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02T03:04:05+0530\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483306445000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02T25:00:00\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string "
	 "'2017-01-02T25:00:00'; 12: Double time specification '5'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 yesterday\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483228800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"@1234\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1234000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"@-5.5\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-5500\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"@5.25\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"5250\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"July 4th, 2017\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1499126400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"4 July 2017 3pm\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1499180400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"20170102T030405\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483326245000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 12:00 America/New_York\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-01-02 12:00 "
	 "America/New_York'; 17: passing a time zone identifier as part of the string is not "
	 "allowed 'A'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 EST\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483333200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017/01/02\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483315200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"1/2/2017\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483315200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"01.02.2017\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1485907200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-W05\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1485734400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017W051\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1485734400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-W05-2\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1485820800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017.123\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017.123'; 9: The "
	 "parsed date was invalid '\xc0\x80"
	 "'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"Mon, 02 Jan 2017 03:04:05 +0000\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483326245000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 +1 day\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483401600000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"10:00\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: an incomplete date/time string has been "
	 "found, with elements missing: \"10:00\""},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-13-01\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-13-01'; 6: "
	 "Unexpected character '3'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"-2017-01-02\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-125817494400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"+12017-01-02\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"317052835200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"20000-01-01\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"946756799900\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"0000-00-00\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '0000-00-00'; 11: "
	 "The parsed date was invalid '\xc0\x80"
	 "'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 24:00\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-01-02 "
	 "24:00'; 17: The parsed time was invalid '\xc0\x80"
	 "'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 23:59:60\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-01-02 "
	 "23:59:60'; 20: The parsed time was invalid '\xc0\x80"
	 "'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"Monday 2017-01-02\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483315200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 03:04:05 GMT+2\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483319045000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-Jan-02\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483315200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"Jan 2017\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483228800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2 Jan\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: an incomplete date/time string has been "
	 "found, with elements missing: \"2 Jan\""},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02\\u0000\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483315200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"first day of january 2017\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483228800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"last monday of feb 2017\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1488153600000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"noon 2017-01-02\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483358400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 UTC+1\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-01-02 "
	 "UTC+1'; 14: Double timezone specification '+'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 +010203\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483311477000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 T10\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483351200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 mondays\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483315200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 +1 month ago\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1480636800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-31 +1 month\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1488499200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 abcdefg\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-01-02 "
	 "abcdefg'; 11: passing a time zone identifier as part of the string is not allowed 'a'; "
	 "17: Double timezone specification 'g'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"10/Oct/2000:13:55:36 -0700\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"971211336000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 eighth day\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1484006400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 -1 sat\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483142400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 +3 weekdays\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483574400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-02-01 -3 weekdays\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1485475200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"Jan 5 17\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483574400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"1/2/69\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"3124310400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"1/2/70\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"86400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"1/2/170\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-56802384000000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"20170102 1015\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483352099900\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"1015 20170102\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483352099900\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"1015 1016 1017\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '1015 1016 1017'; "
	 "10: Double time specification '1'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 back of 7pm\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483384500000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 front of 5am\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483332300000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 10:30:45:500PM\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483396245500\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017:01:02 10:20:30\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483352430000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 monday next week\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483920000000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"+292278994-08-17\"}}}", NULL, 159,
	 "Failed to optimize pipeline :: caused by :: Overflow casting from a lower-precision "
	 "duration to a higher-precision duration"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2-XII-2017\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1512172800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 (EST)\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483333200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 ((EST))\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '2017-01-02 "
	 "((EST))'; 11: Unexpected character '('; 17: Unexpected character ')'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"4/16/6414 weekday yesterday z\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"140248540800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"11.2.9999last day oflast sat of\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"253381046400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"@-5. now\"}}}", NULL, 241,
	 "Failed to optimize pipeline :: caused by :: Error parsing date string '@-5. now'; 0: "
	 "Found unexpected data '@'"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02T00:00:00Z\", \"timezone\": "
	 "\"America/New_York\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: you cannot pass in a date/time string with "
	 "time zone information ('Z') together with a timezone argument"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02\", \"timezone\": "
	 "\"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483333200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-11-05T01:30:00\", \"timezone\": "
	 "\"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1509863400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-03-12T02:30:00\", \"timezone\": "
	 "\"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1489303800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 +0100\", \"timezone\": "
	 "\"UTC\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: you cannot pass in a date/time string with "
	 "GMT offset together with a timezone argument"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 +0100\", \"timezone\": "
	 "\"+00:00\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483311600000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02\", \"timezone\": "
	 "\"+05:30\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483295400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-01-02 EST\", \"timezone\": "
	 "\"+01\"}}}",
	 NULL, 241,
	 "Failed to optimize pipeline :: caused by :: you cannot pass in a date/time string with "
	 "time zone information ('EST') together with a timezone argument"},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"2017-10-29T01:30:00\", \"timezone\": "
	 "\"Europe/London\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1509240600000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"22-JUN-2024 -1 hours +32 weekdays\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1722985200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"21-JUN-2024 23:30 +50 hours -2 "
	 "weekdays\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1718847000000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"21-JUN-2024 -90 minutes +1 "
	 "weekdays\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1719009000000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"08-MAR-2024 23:30 +27 hours +1 "
	 "weekdays\", \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1710138600000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromString\": {\"dateString\": \"10-MAR-2024 00:30 -1 hours -2 "
	 "weekdays\", \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1709872200000\"}}}", 0, NULL},
};

#endif
