#include "store/pack/delta_match.h"

#include <assert.h>

#define STEP 8		      /* every eighth place of the base is in the table */
#define LOOK sizeof(uint64_t) /* bytes that two places have to have in common */
#define LOG_MIN 8
#define LOG_MAX 17

struct search {
	const uint8_t *base, *base_end;
	const uint8_t *plain, *end;
	uint32_t *table; /* offset in the base, plus one; 0: nothing */
	unsigned log;
};

void delta_matches_release(struct delta_matches *matches)
{
	buf_release(&matches->found);
	buf_release(&matches->table);
}

static uint64_t load(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static size_t slot(const struct search *s, uint64_t value)
{
	return (size_t)((value * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - s->log));
}

static void fill_table(struct search *s, struct delta_matches *matches)
{
	size_t places = (size_t)(s->base_end - s->base) / STEP;

	s->log = LOG_MIN;
	while (s->log < LOG_MAX && ((size_t)1 << s->log) < places)
		s->log++;
	buf_reset(&matches->table);
	s->table = (uint32_t *)(void *)buf_room(&matches->table, sizeof(uint32_t) << s->log);
	memset(s->table, 0, sizeof(uint32_t) << s->log);
	for (const uint8_t *at = s->base; at + LOOK <= s->base_end; at += STEP)
		s->table[slot(s, load(at))] = (uint32_t)(at - s->base) + 1;
}

/* How many bytes are the same from here on. */
static size_t same_ahead(const struct search *s, const uint8_t *base, const uint8_t *plain)
{
	const uint8_t *begin = plain;

	/* Mostly much is the same: four at a time, without a look at each. */
	while (plain + 4 * LOOK <= s->end && base + 4 * LOOK <= s->base_end) {
		uint64_t differ = load(plain) ^ load(base);

		differ |= load(plain + LOOK) ^ load(base + LOOK);
		differ |= load(plain + 2 * LOOK) ^ load(base + 2 * LOOK);
		differ |= load(plain + 3 * LOOK) ^ load(base + 3 * LOOK);
		if (differ != 0)
			break;
		plain += 4 * LOOK;
		base += 4 * LOOK;
	}
	while (plain + LOOK <= s->end && base + LOOK <= s->base_end) {
		uint64_t differ = load(plain) ^ load(base);

		if (differ != 0)
			return (size_t)(plain - begin) + (size_t)__builtin_ctzll(differ) / 8;
		plain += LOOK;
		base += LOOK;
	}
	while (plain < s->end && base < s->base_end && *plain == *base) {
		plain++;
		base++;
	}
	return (size_t)(plain - begin);
}

/* A place of the base that begins as `at` does, or NULL; `shift`: where the last match was. */
static const uint8_t *look(const struct search *s, const uint8_t *at, ptrdiff_t shift)
{
	ptrdiff_t aside = at - s->plain + shift;
	uint64_t value = load(at);
	uint32_t place;

	if (aside >= 0 && aside + (ptrdiff_t)LOOK <= s->base_end - s->base &&
	    load(s->base + aside) == value)
		return s->base + aside;
	place = s->table[slot(s, value)];
	return place > 0 && load(s->base + place - 1) == value ? s->base + place - 1 : NULL;
}

void delta_match_find(struct delta_matches *matches, struct bytes base, struct bytes plain)
{
	struct search s = {.base = base.at,
			   .base_end = base.at + base.len,
			   .plain = plain.at,
			   .end = plain.at + plain.len};
	const uint8_t *at = s.plain, *anchor = s.plain;
	struct delta_match one;
	ptrdiff_t shift = 0;

	assert(base.len + plain.len <= UINT32_MAX);
	fill_table(&s, matches);
	buf_reset(&matches->found);
	while (at + LOOK <= s.end) {
		const uint8_t *from = look(&s, at, shift);
		size_t len;

		if (from == NULL) {
			at++;
			continue;
		}
		for (; at > anchor && from > s.base && at[-1] == from[-1]; at--)
			from--;
		len = same_ahead(&s, from, at);
		one = (struct delta_match){.offset = (uint32_t)(base.len + (size_t)(at - s.plain) -
								(size_t)(from - s.base)),
					   .literals = (uint32_t)(at - anchor),
					   .len = (uint32_t)len};
		buf_add(&matches->found, &one, sizeof(one));
		at += len;
		anchor = at;
		shift = (from + len - s.base) - (at - s.plain);
	}
	one = (struct delta_match){.literals = (uint32_t)(s.end - anchor)};
	buf_add(&matches->found, &one, sizeof(one));
}
