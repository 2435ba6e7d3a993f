#include "oplog/when_find.h"

#include <stdlib.h>

#include "base/suggest.h"
#include "base/time_text.h"

#define MILLISECONDS_LEN 13 /* digits, from 2001 to 2286 */

/* "1h", "-30m": a number and a unit. */
static bool is_distance(const char *text)
{
	size_t digits;

	text += *text == '-';
	digits = strspn(text, "0123456789");
	return digits > 0 && text[digits] != '\0' && strchr("wdhms", text[digits]) != NULL &&
	       text[digits + 1] == '\0';
}

/* An optime as mongosh and extended JSON print it: Timestamp({ t: 1795254067, i: 5 }). */
static bool is_timestamp(const char *text, unsigned long long *ret_seconds,
			 unsigned long long *ret_increment)
{
	static const char digits[] = "0123456789";
	char *end;

	if (strstr(text, "imestamp") == NULL)
		return false;
	text += strcspn(text, digits);
	*ret_seconds = strtoull(text, &end, 10);
	end += strcspn(end, digits);
	*ret_increment = strtoull(end, NULL, 10);
	return *text != '\0' && *end != '\0';
}

/* "c" of "mnt/at/c" and "mnt/at/c/". */
static struct bytes last_folder(const char *text)
{
	size_t end = strlen(text), start;

	while (end > 0 && text[end - 1] == '/')
		end--;
	for (start = end; start > 0 && text[start - 1] != '/';)
		start--;
	return bytes_of(text + start, end - start);
}

int when_find_no_name(const struct snapshot_list *list, const char *text, bool before,
		      struct error *e)
{
	const char *tilde = before ? "~" : "";
	size_t digits = strspn(text, "0123456789"), hex = strspn(text, "0123456789abcdef");
	unsigned long long seconds, increment;
	struct bytes folder = last_folder(text);
	struct suggest near;
	size_t ignored;

	if (snapshots_find(list, text, &ignored, e) < 0)
		return e->code;
	error_set(e, ERR_NOT_FOUND, "there is no snapshot \"%s\"", text);
	suggest_begin(&near, bytes_str(text));
	for (size_t i = 0; i < list->count; i++)
		if (!list->at[i].checkpoint)
			suggest_offer(&near, bytes_str(list->at[i].name));
	if (is_distance(text))
		return error_hint(e, "a distance is counted from something: latest-%s%s, now-%s%s",
				  text + (*text == '-'), tilde, text + (*text == '-'), tilde);
	if (digits == MILLISECONDS_LEN && text[digits] == '\0')
		return error_hint(e,
				  "seconds since 1970 are written @%.*s%s (these are milliseconds)",
				  MILLISECONDS_LEN - 3, text, tilde);
	if (digits >= 9 && text[digits] == '\0')
		return error_hint(e, "seconds since 1970 are written @%s%s", text, tilde);
	if (is_timestamp(text, &seconds, &increment))
		return error_hint(e, "an optime is written %llu.%llu%s", seconds, increment, tilde);
	if (folder.len > 0 && (strstr(text, "at/") != NULL || strstr(text, "snapshots/") != NULL))
		return error_hint(e, "a moment is the last folder's name alone: %.*s%s",
				  (int)folder.len, (const char *)folder.at, tilde);
	if ((digits == 4 && (text[4] == '-' || text[4] == '/')) ||
	    (digits == 8 && (text[8] == 'T' || text[8] == 't' || text[8] == ' ')))
		return error_hint(e,
				  "times are written 2026-11-21T09:41:07Z or 2026-11-21T094107Z");
	if (suggest_best(&near) != NULL)
		return error_hint(e, "did you mean \"%s%s\"?", suggest_best(&near), tilde);
	if (hex >= 4 && text[hex] == '\0')
		return error_hint(e, "a snapshot's id is written id:%s%s", text, tilde);
	return error_hint(e, "'yester snapshots' lists what can be opened; a time is written "
			     "2026-11-21T09:41:07Z, now-2h or latest");
}

/* "NAME (3 h 5 min before)". */
static void add_near(const struct snapshot *s, uint64_t seconds, struct buf *ret)
{
	char text[TIME_TEXT_DURATION_LEN];
	bool earlier = s->time <= seconds;

	time_text_duration((earlier ? seconds - s->time : s->time - seconds) * 1000, text);
	if (s->time == seconds)
		buf_printf(ret, "%s (within that second)", s->name);
	else
		buf_printf(ret, "%s (%s %s)", s->name, text, earlier ? "before" : "after");
}

/* The last one at or before a time, and the first one behind it; NULL where there is none. */
static void neighbours(const struct snapshot_list *list, uint64_t seconds,
		       const struct snapshot **ret_before, const struct snapshot **ret_after)
{
	*ret_before = *ret_after = NULL;
	for (size_t i = 0; i < list->count; i++) {
		const struct snapshot *s = &list->at[i];

		if (s->checkpoint)
			continue;
		if (s->time <= seconds)
			*ret_before = s;
		else if (*ret_after == NULL)
			*ret_after = s;
	}
}

void when_find_near(const struct snapshot_list *list, uint64_t seconds, struct buf *ret)
{
	const struct snapshot *before, *after;

	neighbours(list, seconds, &before, &after);
	if (before != NULL)
		add_near(before, seconds, ret);
	if (before != NULL && after != NULL)
		buf_add_str(ret, " and ");
	if (after != NULL)
		add_near(after, seconds, ret);
}

const char *when_find_nearest(const struct snapshot_list *list, uint64_t seconds)
{
	const struct snapshot *before, *after;

	neighbours(list, seconds, &before, &after);
	if (before == NULL)
		before = after;
	return before == NULL ? NULL : before->name;
}

bool when_find_is_word(const char *text)
{
	return strcmp(text, "latest") == 0 || strcmp(text, "latest-snapshot") == 0;
}

bool when_find_name(const struct snapshot_list *list, const char *text, size_t *ret)
{
	if (when_find_is_word(text))
		return false;
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->at[i].name, text) != 0)
			continue;
		*ret = i;
		return true;
	}
	return false;
}

int when_find_id(const struct snapshot_list *list, const char *text, size_t *ret, struct error *e)
{
	int found = snapshots_find(list, text, ret, e);

	if (found != 0)
		return found < 0 ? found : 0;
	error_set(e, ERR_NOT_FOUND, "there is no snapshot %s", text);
	return error_hint(e, "'yester snapshots --json' lists the ids");
}

int when_find_no_snapshot(struct error *e)
{
	error_set(e, ERR_NO_TIME, "the store has no snapshot yet");
	return error_hint(e, "'yester backup' makes one of a running replica set, 'yester ingest' "
			     "of a mongodump");
}
