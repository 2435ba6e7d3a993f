/*
 * zone.h - time zones: names of the Olson database, and fixed offsets.
 *
 * Names are read from the system's TZif files; transitions after the file's last follow its POSIX rule. A name's file is read once and kept until the
 * process ends. Texts that are no name: "UTC", "GMT", "+05:30", "-0530", "+05"; "Z" is none. Rules of mongod's TimeZoneDatabase (timelib).
 *
 * Threads: all functions may be called from any thread.
 */
#ifndef QUERY_ZONE_H
#define QUERY_ZONE_H

#include "base/bytes.h"
#include "base/error.h"

/* A time zone: a value that is copied; holds nothing that has to be freed. */
struct zone {
	const struct zone_file *file; /* NULL: a fixed offset */
	int32_t offset;		      /* seconds east of Greenwich, of a fixed one */
	bool is_named;		      /* "UTC" is a name, "+00:00" is none */
};

static inline struct zone zone_utc(void)
{
	return (struct zone){0};
}
static inline bool zone_is_utc(struct zone zone)
{
	return zone.file == NULL && zone.offset == 0;
}

/* The zone called `text`. Error 40485 `unrecognized time zone identifier: "text"`. */
MUST_CHECK int zone_find(struct bytes text, struct zone *ret, struct error *e);
/* The same without an error's text: 1 found, 0 there is none. Only names, no offsets, when `names_only`. */
int zone_lookup(struct bytes text, bool names_only, struct zone *ret);

/* Seconds east of Greenwich at the moment `at` (seconds since 1970, UTC). */
int32_t zone_offset(struct zone zone, int64_t at);
/* Is it summer time there then? */
bool zone_is_dst(struct zone zone, int64_t at);
/*
 * The same offset for a local time (seconds since 1970 as a clock on the wall there would count). `dst` says which is meant of a time that is
 * there twice; of one that is skipped it is the offset before the change. timelib's rule.
 */
int32_t zone_offset_local(struct zone zone, int64_t local, bool dst);

#endif
