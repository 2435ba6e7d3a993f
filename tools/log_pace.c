#include "tools/log_pace.h"

#include <string.h>

#include "base/compiler.h"

static void part_add(struct log_part *to, const struct log_part *part)
{
	if (part->count == 0)
		return;
	to->first = to->count == 0 ? part->first : MIN_OF(to->first, part->first);
	to->last = to->count == 0 ? part->last : MAX_OF(to->last, part->last);
	to->count += part->count;
}

/* Where the mass begins is found out by its first big piece: those just before it are of it. */
static void begin_mass(struct log_pace *pace)
{
	struct log_part old = {0}, mass = {0};
	unsigned near = pace->recent_count;

	part_add(&old, &pace->before);
	part_add(&old, &pace->mass);
	part_add(&old, &pace->after);
	while (near > 0 && pace->piece.begin - pace->recent[near - 1].begin <= LOG_PACE_NEAR)
		near--;
	if (near == 0 && pace->recent_count == LOG_PACE_RECENT)
		near = 1; /* so that it is known where the others end */
	for (unsigned i = near; i < pace->recent_count; i++) {
		part_add(&mass, &pace->recent[i].part);
		old.count -= pace->recent[i].part.count;
	}
	if (mass.count > 0 && near > 0)
		old.last = pace->recent[near - 1].part.last;
	part_add(&mass, &pace->piece.part);
	pace->before = old.count > 0 ? old : (struct log_part){0};
	pace->mass = mass;
	pace->after = (struct log_part){0};
	pace->biggest = pace->piece.part.count;
}

static void end_piece(struct log_pace *pace)
{
	const struct log_part *part = &pace->piece.part;

	if (part->count == 0)
		return;
	if (part->count > pace->biggest * LOG_PACE_FACTOR) {
		begin_mass(pace);
	} else if (part->count * LOG_PACE_FACTOR >= pace->biggest) {
		part_add(&pace->mass, &pace->after);
		part_add(&pace->mass, part);
		pace->after = (struct log_part){0};
		pace->biggest = MAX_OF(pace->biggest, part->count);
	} else {
		part_add(&pace->after, part);
	}
	if (pace->recent_count == LOG_PACE_RECENT)
		memmove(pace->recent, pace->recent + 1,
			sizeof(pace->recent[0]) * --pace->recent_count);
	pace->recent[pace->recent_count++] = pace->piece;
	pace->piece = (struct log_piece){0};
}

void log_pace_add(struct log_pace *pace, uint64_t ts, int64_t wall)
{
	struct log_piece *piece = &pace->piece;

	if (piece->part.count > 0 && wall > piece->end && wall - piece->end > LOG_PACE_PAUSE)
		end_piece(pace);
	if (piece->part.count == 0)
		piece->begin = piece->end = wall;
	piece->end = MAX_OF(piece->end, wall);
	part_add(&piece->part, &(struct log_part){.count = 1, .first = ts, .last = ts});
}

void log_pace_finish(struct log_pace *pace)
{
	end_piece(pace);
}
