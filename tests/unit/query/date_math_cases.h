/*
 * date_math_cases.h - arithmetic of dates, and what mongod 6.0.27 said: the value, or code and text.
 *
 * Extended JSON. Threads: constants.
 */
#ifndef TESTS_UNIT_QUERY_DATE_MATH_CASES_H
#define TESTS_UNIT_QUERY_DATE_MATH_CASES_H

#include "tests/unit/query/expr_case.h"

static const struct expr_case date_math_cases[] = {
	{"{\"e\": {\"$dateAdd\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1509861600000\"}}, \"unit\": \"quarter\", \"amount\": {\"$numberInt\": \"2\"}, "
	 "\"timezone\": \"America/Santiago\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1525500000000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateAdd\": {\"$numberDouble\": \"1.5\"}}}", NULL, 5166400,
	 "$dateAdd expects an object as its argument"},
	{"{\"e\": {\"$dateAdd\": {\"amount\": {\"$numberInt\": \"4800\"}, \"startDate\": "
	 "{\"$date\": {\"$numberLong\": \"5097600000\"}}, \"unit\": \"quarter\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"37873440000000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateAdd\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1489300200000\"}}, \"unit\": \"millisecond\", \"amount\": {\"$numberInt\": \"-13\"}, "
	 "\"timezone\": \"+5\"}}}",
	 NULL, 40485,
	 "Failed to optimize pipeline :: caused by :: unrecognized time zone identifier: \"+5\""},
	{"{\"e\": {\"$dateAdd\": {\"startDate\": {\"$date\": {\"$numberLong\": \"5174699484\"}}, "
	 "\"amount\": {\"$numberInt\": \"-100\"}, \"timezone\": \"America/Santiago\"}}}",
	 NULL, 5166402, "$dateAdd requires startDate, unit, and amount to be present"},
	{"{\"e\": {\"$dateAdd\": {\"startDate\": {\"$date\": {\"$numberLong\": \"-82800000\"}}, "
	 "\"unit\": \"second\", \"amount\": {\"$numberInt\": \"400\"}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-82400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateAdd\": {\"unit\": \"day\", \"amount\": {\"$numberInt\": \"1\"}, "
	 "\"timezone\": \"GMT\", \"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1506700800000\"}}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1506787200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateAdd\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1509863400000\"}}, \"unit\": \"millisecond\", \"amount\": {\"$numberLong\": "
	 "\"-1000000000000\"}, \"timezone\": \"GMT\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"509863400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateAdd\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"92171208519616\"}}, \"unit\": \"second\", \"amount\": {\"$numberDouble\": \"2.0\"}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"92171208521616\"}}}", 0, NULL},
	{"{\"e\": {\"$dateAdd\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1957884749448\"}}, \"unit\": \"millisecond\", \"amount\": {\"$numberInt\": "
	 "\"1000\"}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1957884750448\"}}}", 0, NULL},
	{"{\"e\": {\"$dateAdd\": {\"amount\": {\"$numberInt\": \"11\"}, \"unit\": \"millisecond\", "
	 "\"timezone\": \"America/Santiago\", \"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1325152800000\"}}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1325152800011\"}}}", 0, NULL},
	{"{\"e\": {\"$dateAdd\": {\"timezone\": \"Asia/Tehran\", \"unit\": \"second\", \"amount\": "
	 "{\"$numberInt\": \"4800\"}, \"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1509948000000\"}}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1509952800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateSubtract\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"-1469475691738\"}}, \"unit\": {\"$code\": \"\"}, \"amount\": {\"$numberInt\": \"31\"}, "
	 "\"timezone\": \"America/Santiago\"}}}",
	 NULL, 5166404,
	 "Failed to optimize pipeline :: caused by :: $dateSubtract expects string defining the "
	 "time unit"},
	{"{\"e\": {\"$dateSubtract\": {\"amount\": {\"$numberLong\": \"9223372036854775807\"}, "
	 "\"timezone\": \"GMT\", \"unit\": \"week\", \"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"-174586328660\"}}}}}",
	 NULL, 5976500,
	 "Failed to optimize pipeline :: caused by :: invalid dateAdd 'amount' parameter value: "
	 "-9223372036854775807 week"},
	{"{\"e\": {\"$dateSubtract\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"2346955121452\"}}, \"amount\": {\"$numberLong\": \"-9223372036854775808\"}, \"unit\": "
	 "\"second\"}}}",
	 NULL, 6045000,
	 "Failed to optimize pipeline :: caused by :: invalid $dateSubtract 'amount' parameter "
	 "value: -9223372036854775808"},
	{"{\"e\": {\"$dateSubtract\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1851047597772\"}}, \"unit\": \"second\", \"amount\": {\"$numberInt\": \"100\"}, "
	 "\"timezone\": \"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1851047497772\"}}}", 0, NULL},
	{"{\"e\": {\"$dateSubtract\": {\"timezone\": \"+14\", \"unit\": \"second\", \"amount\": "
	 "{\"$numberInt\": \"100\"}, \"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"76065782400281\"}}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"76065782300281\"}}}", 0, NULL},
	{"{\"e\": {\"$dateSubtract\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1494730800000\"}}, \"unit\": \"day\", \"amount\": {\"$numberDouble\": \"1.5\"}, "
	 "\"timezone\": \"GMT\"}}}",
	 NULL, 5166405,
	 "Failed to optimize pipeline :: caused by :: $dateSubtract expects integer amount of time "
	 "units"},
	{"{\"e\": {\"$dateSubtract\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"65758521600809\"}}, \"unit\": \"month\", \"amount\": {\"$numberInt\": \"24\"}, "
	 "\"timezone\": \"Asia/Tehran\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"65695363200809\"}}}", 0, NULL},
	{"{\"e\": {\"$dateSubtract\": {\"startDate\": {\"$numberInt\": \"3\"}, \"unit\": "
	 "\"decade\", \"amount\": {\"$numberInt\": \"3\"}}}}",
	 NULL, 5166403,
	 "Failed to optimize pipeline :: caused by :: $dateSubtract requires startDate to be "
	 "convertible to a date"},
	{"{\"e\": {\"$dateSubtract\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1506873600000\"}}, \"unit\": \"hour\", \"amount\": {\"$numberInt\": \"2\"}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1506866400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateSubtract\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"-424363906431\"}}, \"amount\": {\"$numberInt\": \"48\"}, \"unit\": \"year\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-1939128707431\"}}}", 0, NULL},
	{"{\"e\": {\"$dateSubtract\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"-14378890059028\"}}, \"unit\": \"second\", \"amount\": {\"$numberInt\": \"0\"}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-14378890060028\"}}}", 0, NULL},
	{"{\"e\": {\"$dateSubtract\": {\"startDate\": {\"$timestamp\": {\"t\": 0, \"i\": 1}}, "
	 "\"unit\": \"month\", \"amount\": {\"$numberInt\": \"-1\"}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"2678400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateDiff\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1468800000001\"}}, \"endDate\": {\"$date\": {\"$numberLong\": \"1506700800000\"}}, "
	 "\"timezone\": \"+05:30\"}}}",
	 NULL, 5166305, "Missing 'unit' parameter to $dateDiff"},
	{"{\"e\": {\"$dateDiff\": {\"endDate\": {\"$date\": {\"$numberLong\": \"1489302000001\"}}, "
	 "\"unit\": \"year\", \"timezone\": \"Pacific/Apia\", \"startOfWeek\": \"wednesday\"}}}",
	 NULL, 5166303, "Missing 'startDate' parameter to $dateDiff"},
	{"{\"e\": {\"$dateDiff\": {\"timezone\": \"-0830\", \"startDate\": [{\"$numberInt\": "
	 "\"1\"}, {\"$numberInt\": \"2\"}, {\"$numberInt\": \"3\"}], \"unit\": \"quarter\", "
	 "\"endDate\": {\"$date\": {\"$numberLong\": \"1650940594926\"}}}}}",
	 NULL, 5166307,
	 "Failed to optimize pipeline :: caused by :: $dateDiff requires 'startDate' to be a date, "
	 "but got array"},
	{"{\"e\": {\"$dateDiff\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1490491800000\"}}, \"endDate\": {\"$date\": {\"$numberLong\": \"1494729000000\"}}, "
	 "\"unit\": \"hour\", \"timezone\": \"Asia/Kolkata\"}}}",
	 "{\"v\": {\"$numberLong\": \"1177\"}}", 0, NULL},
	{"{\"e\": {\"$dateDiff\": {\"timezone\": \"-0830\", \"endDate\": {\"$date\": "
	 "{\"$numberLong\": \"1490488200000\"}}, \"unit\": \"hour\", \"startDate\": {\"$date\": "
	 "{\"$numberLong\": \"1509863400000\"}}}}}",
	 "{\"v\": {\"$numberLong\": \"-5382\"}}", 0, NULL},
	{"{\"e\": {\"$dateDiff\": {\"endDate\": {\"$date\": {\"$numberLong\": \"1489300200000\"}}, "
	 "\"unit\": \"second\", \"timezone\": \"Europe/London\"}}}",
	 NULL, 5166303, "Missing 'startDate' parameter to $dateDiff"},
	{"{\"e\": {\"$dateDiff\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1509861599999\"}}, \"endDate\": {\"$date\": {\"$numberLong\": \"202661963156\"}}, "
	 "\"unit\": \"millisecond\"}}}",
	 "{\"v\": {\"$numberLong\": \"-1307199636843\"}}", 0, NULL},
	{"{\"e\": {\"$dateDiff\": {\"unit\": \"millisecond\", \"endDate\": {\"$date\": "
	 "{\"$numberLong\": \"1506700800000\"}}, \"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"45807465600972\"}}}}}",
	 "{\"v\": {\"$numberLong\": \"-44300764800972\"}}", 0, NULL},
	{"{\"e\": {\"$dateDiff\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1494817200000\"}}, \"endDate\": {\"$date\": {\"$numberLong\": \"1502595000000\"}}, "
	 "\"unit\": \"millisecond\"}}}",
	 "{\"v\": {\"$numberLong\": \"7777800000\"}}", 0, NULL},
	{"{\"e\": {\"$dateDiff\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1490976000000\"}}, \"endDate\": {\"$date\": {\"$numberLong\": \"1509863400000\"}}, "
	 "\"unit\": \"millisecond\", \"timezone\": \"+14\"}}}",
	 "{\"v\": {\"$numberLong\": \"18887400000\"}}", 0, NULL},
	{"{\"e\": {\"$dateDiff\": {\"startDate\": {\"$date\": {\"$numberLong\": "
	 "\"1506794400000\"}}, \"endDate\": {\"$date\": {\"$numberLong\": \"1491062400000\"}}, "
	 "\"unit\": \"year\", \"timezone\": \"GMT\"}}}",
	 "{\"v\": {\"$numberLong\": \"0\"}}", 0, NULL},
	{"{\"e\": {\"$dateDiff\": {\"endDate\": {\"$date\": {\"$numberLong\": \"1489302000000\"}}, "
	 "\"startOfWeek\": \"\", \"timezone\": \"+14\", \"startDate\": {\"$date\": "
	 "{\"$numberLong\": \"-86400001\"}}, \"unit\": \"day\"}}}",
	 "{\"v\": {\"$numberLong\": \"17238\"}}", 0, NULL},
	{"{\"e\": {\"$dateTrunc\": {\"date\": {\"$date\": {\"$numberLong\": \"1490489999999\"}}, "
	 "\"unit\": \"week\", \"timezone\": \"Pacific/Apia\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1490436000000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateTrunc\": {\"date\": {\"$date\": {\"$numberLong\": \"1489302000001\"}}, "
	 "\"unit\": \"Day\"}}}",
	 NULL, 5439014,
	 "Failed to optimize pipeline :: caused by :: $dateTrunc parameter 'unit' value cannot be "
	 "recognized as a time unit: Day"},
	{"{\"e\": {\"$dateTrunc\": {\"date\": {\"$date\": {\"$numberLong\": \"1489388400000\"}}, "
	 "\"unit\": \"hour\", \"binSize\": {\"$numberInt\": \"3\"}, \"timezone\": \"GMT\", "
	 "\"startOfWeek\": \"wednesday\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1489384800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateTrunc\": {\"date\": {\"$date\": {\"$numberLong\": \"1489300200000\"}}, "
	 "\"unit\": \"day\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1489276800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateTrunc\": {\"date\": {\"$date\": {\"$numberLong\": \"1509242400000\"}}, "
	 "\"unit\": \"year\", \"binSize\": {\"$numberInt\": \"60\"}, \"startOfWeek\": "
	 "\"monday\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"946684800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateTrunc\": {\"date\": {\"$date\": {\"$numberLong\": \"3735950751504\"}}, "
	 "\"unit\": \"week\", \"binSize\": {\"$numberDecimal\": \"2\"}, \"startOfWeek\": "
	 "\"monday\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"3734985600000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateTrunc\": {\"date\": {\"$date\": {\"$numberLong\": \"-31352918398886\"}}, "
	 "\"unit\": \"week\", \"startOfWeek\": \"Mon\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-31353091200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateTrunc\": {\"date\": {\"$date\": {\"$numberLong\": \"1491148800000\"}}, "
	 "\"unit\": \"day\", \"startOfWeek\": \"monday\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1491091200000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateTrunc\": {\"date\": {\"$date\": {\"$numberLong\": \"1509861600001\"}}, "
	 "\"unit\": \"year\", \"timezone\": \"-0830\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"1483259400000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateTrunc\": {\"startOfWeek\": \"tue\", \"date\": {\"$date\": "
	 "{\"$numberLong\": \"1502510400000\"}}, \"unit\": \"decade\"}}}",
	 NULL, 5439014,
	 "Failed to optimize pipeline :: caused by :: $dateTrunc parameter 'unit' value cannot be "
	 "recognized as a time unit: decade"},
	{"{\"e\": {\"$dateTrunc\": {\"date\": {\"$date\": {\"$numberLong\": \"946598400001\"}}, "
	 "\"unit\": \"year\", \"binSize\": {\"$numberInt\": \"1\"}, \"timezone\": \"GMT\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"915148800000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateTrunc\": {\"date\": {\"$date\": {\"$numberLong\": \"1491060600000\"}}, "
	 "\"unit\": \"month\", \"binSize\": {\"$numberInt\": \"0\"}, \"timezone\": \"GMT\"}}}",
	 NULL, 5439018,
	 "Failed to optimize pipeline :: caused by :: $dateTrunc requires 'binSize' to be greater "
	 "than 0, but got value 0"},
	{"{\"e\": {\"$dateFromParts\": {\"hour\": {\"$numberInt\": \"-34\"}, \"second\": "
	 "{\"$numberInt\": \"848\"}, \"millisecond\": {\"$numberInt\": \"-4553\"}}}}",
	 NULL, 40516, "$dateFromParts requires either 'year' or 'isoWeekYear' to be present"},
	{"{\"e\": {\"$dateFromParts\": {\"isoWeekYear\": {\"$numberInt\": \"-32769\"}, "
	 "\"isoWeek\": {\"$numberInt\": \"18\"}, \"isoDayOfWeek\": {\"$numberInt\": \"-34\"}, "
	 "\"hour\": {\"$numberInt\": \"44\"}, \"second\": {\"$numberInt\": \"-982\"}, "
	 "\"timezone\": \"GMT\"}}}",
	 NULL, 31095,
	 "Failed to optimize pipeline :: caused by :: 'isoWeekYear' must evaluate to an integer in "
	 "the range 1 to 9999, found -32769"},
	{"{\"e\": {\"$dateFromParts\": {\"isoWeekYear\": {\"$numberInt\": \"6353\"}, \"isoWeek\": "
	 "{\"$numberInt\": \"11\"}, \"minute\": {\"$numberInt\": \"-4\"}, \"millisecond\": "
	 "{\"$numberInt\": \"-4050\"}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"138319919755950\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"isoWeekYear\": {\"$numberInt\": \"6294\"}, \"isoWeek\": "
	 "{\"$numberInt\": \"0\"}, \"minute\": {\"$numberInt\": \"44\"}, \"second\": "
	 "{\"$numberInt\": \"-4969\"}, \"millisecond\": {\"$numberInt\": \"4838\"}, \"timezone\": "
	 "\"America/New_York\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"136451708475838\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"5929\"}, \"day\": "
	 "{\"$numberInt\": \"-13\"}, \"second\": {\"$numberLong\": \"5\"}, \"millisecond\": "
	 "{\"$numberInt\": \"-4165\"}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"124932758400835\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"5583\"}, \"month\": "
	 "{\"$numberInt\": \"-1\"}, \"day\": {\"$numberInt\": \"-36\"}, \"millisecond\": "
	 "{\"$numberInt\": \"-654\"}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"114006787199346\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"isoWeekYear\": {\"$numberDecimal\": \"100\"}, "
	 "\"isoDayOfWeek\": {\"$numberInt\": \"-10\"}, \"hour\": {\"$numberInt\": \"39\"}, "
	 "\"minute\": {\"$numberInt\": \"-31\"}, \"second\": {\"$numberInt\": \"-4869\"}, "
	 "\"millisecond\": {\"$numberInt\": \"-36\"}, \"timezone\": \"Pacific/Apia\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-59012061913036\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"5896\"}, \"month\": "
	 "{\"$numberInt\": \"-14\"}, \"hour\": {\"$numberInt\": \"25\"}, \"minute\": "
	 "{\"$numberInt\": \"-12\"}, \"millisecond\": {\"$numberInt\": \"-4664\"}, \"timezone\": "
	 "\"-00:00\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"123853193275336\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"3957\"}, \"month\": "
	 "{\"$numberInt\": \"-19\"}, \"hour\": {\"$numberInt\": \"-36\"}, \"minute\": "
	 "{\"$numberInt\": \"25\"}, \"second\": {\"$numberInt\": \"-2582\"}, \"millisecond\": "
	 "{\"$numberInt\": \"-1\"}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"62650755717999\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"isoWeekYear\": {\"$numberInt\": \"7753\"}, "
	 "\"isoDayOfWeek\": {\"$numberInt\": \"-17\"}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"182492352000000\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"2500\"}, \"month\": "
	 "{\"$numberInt\": \"-2\"}, \"day\": {\"$numberInt\": \"-49\"}, \"second\": "
	 "{\"$numberInt\": \"1981\"}, \"millisecond\": {\"$numberInt\": \"4350\"}, \"timezone\": "
	 "\"UTC\"}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"16712958785350\"}}}", 0, NULL},
	{"{\"e\": {\"$dateFromParts\": {\"year\": {\"$numberInt\": \"562\"}, \"minute\": "
	 "{\"$numberInt\": \"42\"}, \"month\": {\"$numberInt\": \"1\"}, \"millisecond\": "
	 "{\"$numberInt\": \"-1926\"}, \"day\": {\"$numberInt\": \"26\"}, \"timezone\": "
	 "\"Australia/Lord_Howe\", \"hour\": {\"$numberInt\": \"-1\"}}}}",
	 "{\"v\": {\"$date\": {\"$numberLong\": \"-44430029661926\"}}}", 0, NULL},
	{"{\"e\": {\"$dateToParts\": {\"date\": {\"$date\": {\"$numberLong\": \"1490576400000\"}}, "
	 "\"iso8601\": false}}}",
	 "{\"v\": {\"year\": {\"$numberInt\": \"2017\"}, \"month\": {\"$numberInt\": \"3\"}, "
	 "\"day\": {\"$numberInt\": \"27\"}, \"hour\": {\"$numberInt\": \"1\"}, \"minute\": "
	 "{\"$numberInt\": \"0\"}, \"second\": {\"$numberInt\": \"0\"}, \"millisecond\": "
	 "{\"$numberInt\": \"0\"}}}",
	 0, NULL},
	{"{\"e\": {\"$dateToParts\": {\"date\": {\"$date\": {\"$numberLong\": \"1555286399999\"}}, "
	 "\"iso8601\": true}}}",
	 "{\"v\": {\"isoWeekYear\": {\"$numberInt\": \"2019\"}, \"isoWeek\": {\"$numberInt\": "
	 "\"15\"}, \"isoDayOfWeek\": {\"$numberInt\": \"7\"}, \"hour\": {\"$numberInt\": \"23\"}, "
	 "\"minute\": {\"$numberInt\": \"59\"}, \"second\": {\"$numberInt\": \"59\"}, "
	 "\"millisecond\": {\"$numberInt\": \"999\"}}}",
	 0, NULL},
	{"{\"e\": {\"$dateToParts\": {\"date\": {\"$date\": {\"$numberLong\": \"3025602141329\"}}, "
	 "\"timezone\": \"+05:30\"}}}",
	 "{\"v\": {\"year\": {\"$numberInt\": \"2065\"}, \"month\": {\"$numberInt\": \"11\"}, "
	 "\"day\": {\"$numberInt\": \"16\"}, \"hour\": {\"$numberInt\": \"18\"}, \"minute\": "
	 "{\"$numberInt\": \"32\"}, \"second\": {\"$numberInt\": \"21\"}, \"millisecond\": "
	 "{\"$numberInt\": \"329\"}}}",
	 0, NULL},
	{"{\"e\": {\"$dateToParts\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1577836800001\"}}}}}",
	 "{\"v\": {\"year\": {\"$numberInt\": \"2020\"}, \"month\": {\"$numberInt\": \"1\"}, "
	 "\"day\": {\"$numberInt\": \"1\"}, \"hour\": {\"$numberInt\": \"0\"}, \"minute\": "
	 "{\"$numberInt\": \"0\"}, \"second\": {\"$numberInt\": \"0\"}, \"millisecond\": "
	 "{\"$numberInt\": \"1\"}}}",
	 0, NULL},
	{"{\"e\": {\"$dateToParts\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"48893155201105\"}}}}}",
	 "{\"v\": {\"year\": {\"$numberInt\": \"3519\"}, \"month\": {\"$numberInt\": \"5\"}, "
	 "\"day\": {\"$numberInt\": \"14\"}, \"hour\": {\"$numberInt\": \"0\"}, \"minute\": "
	 "{\"$numberInt\": \"0\"}, \"second\": {\"$numberInt\": \"1\"}, \"millisecond\": "
	 "{\"$numberInt\": \"105\"}}}",
	 0, NULL},
	{"{\"e\": {\"$dateToParts\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"10363680000918\"}}, \"timezone\": \"+14\"}}}",
	 "{\"v\": {\"year\": {\"$numberInt\": \"2298\"}, \"month\": {\"$numberInt\": \"5\"}, "
	 "\"day\": {\"$numberInt\": \"31\"}, \"hour\": {\"$numberInt\": \"14\"}, \"minute\": "
	 "{\"$numberInt\": \"0\"}, \"second\": {\"$numberInt\": \"0\"}, \"millisecond\": "
	 "{\"$numberInt\": \"918\"}}}",
	 0, NULL},
	{"{\"e\": {\"$dateToParts\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"247132649440649\"}}, \"iso8601\": true}}}",
	 "{\"v\": {\"isoWeekYear\": {\"$numberInt\": \"9801\"}, \"isoWeek\": {\"$numberInt\": "
	 "\"18\"}, \"isoDayOfWeek\": {\"$numberInt\": \"2\"}, \"hour\": {\"$numberInt\": \"14\"}, "
	 "\"minute\": {\"$numberInt\": \"10\"}, \"second\": {\"$numberInt\": \"40\"}, "
	 "\"millisecond\": {\"$numberInt\": \"649\"}}}",
	 0, NULL},
	{"{\"e\": {\"$dateToParts\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1489303800000\"}}}}}",
	 "{\"v\": {\"year\": {\"$numberInt\": \"2017\"}, \"month\": {\"$numberInt\": \"3\"}, "
	 "\"day\": {\"$numberInt\": \"12\"}, \"hour\": {\"$numberInt\": \"7\"}, \"minute\": "
	 "{\"$numberInt\": \"30\"}, \"second\": {\"$numberInt\": \"0\"}, \"millisecond\": "
	 "{\"$numberInt\": \"0\"}}}",
	 0, NULL},
	{"{\"e\": {\"$dateToParts\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"1489300200000\"}}}}}",
	 "{\"v\": {\"year\": {\"$numberInt\": \"2017\"}, \"month\": {\"$numberInt\": \"3\"}, "
	 "\"day\": {\"$numberInt\": \"12\"}, \"hour\": {\"$numberInt\": \"6\"}, \"minute\": "
	 "{\"$numberInt\": \"30\"}, \"second\": {\"$numberInt\": \"0\"}, \"millisecond\": "
	 "{\"$numberInt\": \"0\"}}}",
	 0, NULL},
	{"{\"e\": {\"$dateToParts\": {\"date\": {\"$date\": {\"$numberLong\": \"1325325600000\"}}, "
	 "\"timezone\": \"+5\"}}}",
	 NULL, 40485,
	 "Failed to optimize pipeline :: caused by :: unrecognized time zone identifier: \"+5\""},
	{"{\"e\": {\"$dateToParts\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"5175149498838382\"}}, \"iso8601\": false}}}",
	 "{\"v\": {\"year\": {\"$numberInt\": \"165963\"}, \"month\": {\"$numberInt\": \"12\"}, "
	 "\"day\": {\"$numberInt\": \"17\"}, \"hour\": {\"$numberInt\": \"15\"}, \"minute\": "
	 "{\"$numberInt\": \"27\"}, \"second\": {\"$numberInt\": \"18\"}, \"millisecond\": "
	 "{\"$numberInt\": \"382\"}}}",
	 0, NULL},
	{"{\"e\": {\"$dateToParts\": {\"date\": {\"$date\": {\"$numberLong\": "
	 "\"-43859552899080\"}}}}}",
	 "{\"v\": {\"year\": {\"$numberInt\": \"580\"}, \"month\": {\"$numberInt\": \"2\"}, "
	 "\"day\": {\"$numberInt\": \"23\"}, \"hour\": {\"$numberInt\": \"6\"}, \"minute\": "
	 "{\"$numberInt\": \"51\"}, \"second\": {\"$numberInt\": \"40\"}, \"millisecond\": "
	 "{\"$numberInt\": \"920\"}}}",
	 0, NULL},
};

#endif
