/*
 * time_text.h - times and durations as texts: the forms that are parsed again, and those for people.
 *
 * Threads: pure.
 */
#ifndef BASE_TIME_TEXT_H
#define BASE_TIME_TEXT_H

#include <stdint.h>

/* "2026-11-21T09:41:07Z"; "@seconds" for a year that has more than four digits. */
#define TIME_TEXT_RFC3339_LEN 24
void time_text_rfc3339(uint64_t seconds, char ret[TIME_TEXT_RFC3339_LEN]);

/* "2026-11-21 09:41:07 UTC"; "@seconds" as above. */
#define TIME_TEXT_UTC_LEN 28
void time_text_utc(uint64_t seconds, char ret[TIME_TEXT_UTC_LEN]);

/* The two largest parts: "3 d 4 h", "2 min 5 s", "1.234 s". */
#define TIME_TEXT_DURATION_LEN 32
void time_text_duration(uint64_t milliseconds, char ret[TIME_TEXT_DURATION_LEN]);

#endif
