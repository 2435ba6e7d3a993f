/*
 * zone_rule.h - the rule at the end of a TZif file: "EST5EDT,M3.2.0,M11.1.0" (POSIX's TZ, with RFC 8536's additions).
 *
 * Threads: pure.
 */
#ifndef QUERY_ZONE_RULE_H
#define QUERY_ZONE_RULE_H

#include "base/bytes.h"

/* A day of each year, and the second of it. */
struct zone_rule_day {
	enum { ZONE_RULE_WEEKDAY, ZONE_RULE_JULIAN, ZONE_RULE_DAY } kind;
	int month, week; /* of WEEKDAY; week 5 is the last */
	int day;	 /* of the week, 0 Sunday; of the year */
	int32_t second;	 /* of local time; may be negative or over a day */
};

struct zone_rule {
	bool has_dst;
	int32_t standard, summer; /* seconds east of Greenwich */
	struct zone_rule_day begin, end;
};

/* `text` up to a line feed; false when it is none. */
bool zone_rule_parse(struct bytes text, struct zone_rule *ret);

/* What the rule says of the moment `at`; the outputs are left as they are where it says nothing (no summer time, or before *since). */
void zone_rule_look(const struct zone_rule *rule, int64_t at, int64_t *since, int32_t *offset,
		    bool *is_dst);

#endif
