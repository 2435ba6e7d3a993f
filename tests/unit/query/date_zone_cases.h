/*
 * date_zone_cases.h - time zones, and what mongod 6.0.27 said: the value, or code and text.
 *
 * Extended JSON. Threads: constants.
 */
#ifndef TESTS_UNIT_QUERY_DATE_ZONE_CASES_H
#define TESTS_UNIT_QUERY_DATE_ZONE_CASES_H

#include "tests/unit/query/expr_case.h"

static const struct expr_case zones_cases[] = {
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"UTC\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 "{\"v\": \"2017-07-14 02:40 +0000\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"GMT\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 "{\"v\": \"2017-07-14 02:40 +0000\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"America/New_York\", \"format\": \"%Y-%m-%d %H:%M "
	 "%z\"}}}",
	 "{\"v\": \"2017-07-13 22:40 -0400\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"Europe/London\", \"format\": \"%Y-%m-%d %H:%M "
	 "%z\"}}}",
	 "{\"v\": \"2017-07-14 03:40 +0100\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"Asia/Kolkata\", \"format\": \"%Y-%m-%d %H:%M "
	 "%z\"}}}",
	 "{\"v\": \"2017-07-14 08:10 +0530\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"Australia/Lord_Howe\", \"format\": \"%Y-%m-%d %H:%M "
	 "%z\"}}}",
	 "{\"v\": \"2017-07-14 13:10 +1030\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"Pacific/Apia\", \"format\": \"%Y-%m-%d %H:%M "
	 "%z\"}}}",
	 "{\"v\": \"2017-07-14 15:40 +1300\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"America/Santiago\", \"format\": \"%Y-%m-%d %H:%M "
	 "%z\"}}}",
	 "{\"v\": \"2017-07-13 22:40 -0400\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"Africa/Casablanca\", \"format\": \"%Y-%m-%d %H:%M "
	 "%z\"}}}",
	 "{\"v\": \"2017-07-14 03:40 +0100\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"Asia/Tehran\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 "{\"v\": \"2017-07-14 07:10 +0430\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"+05:30\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 "{\"v\": \"2017-07-14 08:10 +0530\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"-0830\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 "{\"v\": \"2017-07-13 18:10 -0830\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"+14\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 "{\"v\": \"2017-07-14 16:40 +1400\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"-00:00\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 "{\"v\": \"2017-07-14 02:40 +0000\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"+99:99\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 "{\"v\": \"2017-07-18 07:19 +10039\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"Z\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 NULL, 40485,
	 "Failed to optimize pipeline :: caused by :: unrecognized time zone identifier: \"Z\""},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 NULL, 40485,
	 "Failed to optimize pipeline :: caused by :: unrecognized time zone identifier: \"\""},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"America\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 NULL, 40485,
	 "Failed to optimize pipeline :: caused by :: unrecognized time zone identifier: "
	 "\"America\""},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"utc\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 NULL, 40485,
	 "Failed to optimize pipeline :: caused by :: unrecognized time zone identifier: \"utc\""},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"EST\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 "{\"v\": \"2017-07-13 21:40 -0500\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"EST5EDT\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 "{\"v\": \"2017-07-13 22:40 -0400\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"Etc/GMT+5\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 "{\"v\": \"2017-07-13 21:40 -0500\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"+5\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 NULL, 40485,
	 "Failed to optimize pipeline :: caused by :: unrecognized time zone identifier: \"+5\""},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"+05:3\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 NULL, 40485,
	 "Failed to optimize pipeline :: caused by :: unrecognized time zone identifier: "
	 "\"+05:3\""},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"Antarctica/Troll\", \"format\": \"%Y-%m-%d %H:%M "
	 "%z\"}}}",
	 "{\"v\": \"2017-07-14 04:40 +0200\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"Asia/Kathmandu\", \"format\": \"%Y-%m-%d %H:%M "
	 "%z\"}}}",
	 "{\"v\": \"2017-07-14 08:25 +0545\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"America/Sao_Paulo\", \"format\": \"%Y-%m-%d %H:%M "
	 "%z\"}}}",
	 "{\"v\": \"2017-07-13 23:40 -0300\"}", 0, NULL},
	{"{\"e\": {\"$dateToString\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1500000000000\"}}, \"timezone\": \"x\", \"format\": \"%Y-%m-%d %H:%M %z\"}}}",
	 NULL, 40485,
	 "Failed to optimize pipeline :: caused by :: unrecognized time zone identifier: \"x\""},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1850\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-3786807838000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1850\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-3771169438000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1850\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"Europe/London\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-3786825600000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1850\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"Europe/London\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-3771187200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1850\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"Australia/Lord_Howe\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-3786863780000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1850\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"Australia/Lord_Howe\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-3771225380000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1850\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-3786846808000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1850\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-3771208408000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1970\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"18000000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1970\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"15652800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1970\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"Europe/London\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-3600000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1970\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"Europe/London\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"15634800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1970\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"Australia/Lord_Howe\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-36000000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1970\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"Australia/Lord_Howe\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"15602400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1970\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-19800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"1970\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"15618600000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2017\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483246800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2017\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1498881600000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2017\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"Europe/London\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483228800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2017\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"Europe/London\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1498863600000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2017\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"Australia/Lord_Howe\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483189200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2017\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"Australia/Lord_Howe\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1498829400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2017\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483209000000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2017\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1498847400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2050\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"2524626000000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2050\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"2540260800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2050\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"Europe/London\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"2524608000000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2050\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"Europe/London\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"2540242800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2050\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"Australia/Lord_Howe\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"2524568400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2050\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"Australia/Lord_Howe\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"2540208600000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2050\"}, \"month\": "
	 "{\"$numberInt\": \"1\"}, \"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"2524588200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2050\"}, \"month\": "
	 "{\"$numberInt\": \"7\"}, \"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"2540226600000\"}}}", 0, NULL},
};

#endif
