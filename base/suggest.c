#include "base/suggest.h"

#define WORD_MAX 64	   /* letters that are compared */
#define BEGINNING WORD_MAX /* the distance of a word that begins with what was typed */

void suggest_begin(struct suggest *s, struct bytes typed)
{
	s->typed = typed;
	s->distance = 0;
	s->best[0] = '\0';
}

/* Letters in lower case, without dashes and underscores; 0 when there are too many. */
static size_t plain(struct bytes word, uint8_t ret[WORD_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < word.len; i++) {
		uint8_t c = word.at[i];

		if (c == '-' || c == '_')
			continue;
		if (len == WORD_MAX)
			return 0;
		ret[len++] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
	}
	return len;
}

/* Edits (insert, drop, change, swap of neighbours) between two words. */
static unsigned edits(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	unsigned row[3][WORD_MAX + 1];
	unsigned *before = row[0], *last = row[1], *now = row[2];

	for (unsigned j = 0; j <= b_len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *spare = before;

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned change = last[j - 1] + (a[i - 1] != b[j - 1]);

			now[j] = MIN_OF(change, MIN_OF(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = MIN_OF(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[b_len];
}

void suggest_offer(struct suggest *s, struct bytes word)
{
	uint8_t a[WORD_MAX], b[WORD_MAX];
	size_t a_len = plain(s->typed, a), b_len = plain(word, b);
	unsigned distance;

	if (a_len == 0 || b_len == 0 || word.len >= sizeof(s->best))
		return;
	distance = edits(a, a_len, b, b_len);
	if (distance > (MAX_OF(a_len, b_len) + 1) / 3) {
		/* "snap" for "snapshots": a beginning of three letters, if nothing is nearer. */
		if (a_len < 3 || a_len > b_len || memcmp(a, b, a_len) != 0)
			return;
		distance = BEGINNING;
	}
	if (s->best[0] != '\0' && distance >= s->distance)
		return;
	s->distance = distance;
	memcpy(s->best, word.at, word.len);
	s->best[word.len] = '\0';
}

const char *suggest_best(const struct suggest *s)
{
	return s->best[0] == '\0' ? NULL : s->best;
}
