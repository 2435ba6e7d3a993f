#include "tools/log_pace.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"

#define ROOM_AT_FIRST 4

struct log_piece {
	struct log_part part;
	uint64_t most; /* operations without a pause */
};

static void part_add(struct log_part *to, const struct log_part *part)
{
	if (part->count == 0)
		return;
	to->first = to->count == 0 ? part->first : MIN_OF(to->first, part->first);
	to->last = to->count == 0 ? part->last : MAX_OF(to->last, part->last);
	to->begin = to->count == 0 ? part->begin : MIN_OF(to->begin, part->begin);
	to->end = to->count == 0 ? part->end : MAX_OF(to->end, part->end);
	to->count += part->count;
}

/* The pause behind piece `at`; between one of a mass and one that is none it counts as the longest. */
static int64_t pause_behind(const struct log_piece *at)
{
	uint64_t low = MIN_OF(at[0].most, at[1].most), high = MAX_OF(at[0].most, at[1].most);

	return high > low * LOG_PACE_FACTOR ? INT64_MAX : at[1].part.begin - at[0].part.end;
}

/* The two with the shortest pause between them become one. */
static void join(struct log_pace *pace)
{
	struct log_piece *at = pace->pieces;
	unsigned best = 0;

	for (unsigned i = 1; i + 1 < pace->count; i++)
		if (pause_behind(&at[i]) < pause_behind(&at[best]))
			best = i;
	part_add(&at[best].part, &at[best + 1].part);
	at[best].most = MAX_OF(at[best].most, at[best + 1].most);
	pace->count--;
	memmove(at + best + 1, at + best + 2, sizeof(*at) * (pace->count - best - 1));
}

static struct log_piece *begin_piece(struct log_pace *pace)
{
	if (pace->count == LOG_PACE_PIECES)
		join(pace);
	if (pace->count == pace->room) {
		pace->room = pace->room == 0 ? ROOM_AT_FIRST : pace->room * 2;
		pace->pieces = xrealloc(pace->pieces, pace->room * sizeof(*pace->pieces));
	}
	pace->pieces[pace->count] = (struct log_piece){0};
	return &pace->pieces[pace->count++];
}

void log_pace_add(struct log_pace *pace, uint64_t ts, int64_t clock)
{
	const struct log_part one = {
		.count = 1, .first = ts, .last = ts, .begin = clock, .end = clock};
	struct log_piece *piece = pace->count > 0 ? &pace->pieces[pace->count - 1] : NULL;

	if (piece == NULL || (clock > piece->part.end && clock - piece->part.end > LOG_PACE_PAUSE))
		piece = begin_piece(pace);
	part_add(&piece->part, &one);
	piece->most = piece->part.count;
}

struct log_pace_parts log_pace_finish(struct log_pace *pace)
{
	struct log_pace_parts parts = {0};
	const struct log_piece *at = pace->pieces;
	unsigned first = 0, end = pace->count;
	uint64_t most = 0;

	for (unsigned i = 0; i < pace->count; i++)
		most = MAX_OF(most, at[i].most);
	while (first < end && at[first].most * LOG_PACE_FACTOR < most)
		first++;
	while (end > first && at[end - 1].most * LOG_PACE_FACTOR < most)
		end--;
	for (int64_t begin = first < end ? at[first].part.begin : 0;
	     first > 0 && begin - at[first - 1].part.begin <= LOG_PACE_NEAR;)
		first--;
	for (unsigned i = 0; i < pace->count; i++)
		part_add(i < first ? &parts.before
			 : i < end ? &parts.mass
				   : &parts.after,
			 &at[i].part);
	free(pace->pieces);
	*pace = (struct log_pace){0};
	return parts;
}
