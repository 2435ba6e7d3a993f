#include "tools/tail_others.h"

#include <inttypes.h>
#include <time.h>

#include "base/clock.h"
#include "oplog/stream_tail.h"

#define LOOK_MS 2000

int tail_others_begin(struct tail_others *others, struct store *store, struct error *e)
{
	others->store = store;
	return stream_tail_numbers(store, &others->known, e);
}

void tail_others_release(struct tail_others *others)
{
	buf_release(&others->known);
}

void tail_others_add(struct tail_others *others, uint64_t number)
{
	buf_add(&others->known, &number, sizeof(number));
}

static bool is_known(const struct tail_others *others, uint64_t number)
{
	for (size_t i = 0; i < others->known.len; i += sizeof(number))
		if (memcmp(others->known.at + i, &number, sizeof(number)) == 0)
			return true;
	return false;
}

int tail_others_check(struct tail_others *others, struct error *e)
{
	OWNED(buf_release) struct buf numbers = {0};

	if (clock_ms() < others->next_look)
		return 0;
	others->next_look = clock_ms() + LOOK_MS;
	if (stream_tail_numbers(others->store, &numbers, e) < 0)
		return e->code;
	for (size_t i = 0; i < numbers.len; i += sizeof(uint64_t)) {
		uint64_t number;

		memcpy(&number, numbers.at + i, sizeof(number));
		if (is_known(others, number))
			continue;
		error_set(e, ERR_BUSY,
			  "another tail follows the oplog into a copy of this store: its journal "
			  "%" PRIu64 " came here",
			  number);
		return error_hint(e, "end one of the two; what both stored stays, and is the same");
	}
	return 0;
}
