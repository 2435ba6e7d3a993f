#include "store/settle.h"

#include <string.h>
#include <sys/random.h>

#include "store/store_internal.h"

#define NOTE "found"
#define VALUE_LEN 16 /* random: another one says that more was found meanwhile */

int settle_note(struct chunk_index_batch *batch, struct error *e)
{
	uint8_t value[VALUE_LEN];

	if (getrandom(value, sizeof(value), 0) != (ssize_t)sizeof(value))
		return error_sys(e, "random bytes");
	return chunk_index_set_note(batch, bytes_str(NOTE), bytes_of(value, sizeof(value)), e);
}

/* Only what was synced: the transaction keeps others from noting more meanwhile. */
static int drop_note(struct store *store, const uint8_t synced[VALUE_LEN], struct error *e)
{
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = NULL;
	uint8_t now[VALUE_LEN];
	int found;

	if (chunk_index_begin(store->index, &batch, e) < 0)
		return e->code;
	found = chunk_index_note(store->index, bytes_str(NOTE), now, sizeof(now), e);
	if (found < 1 || memcmp(now, synced, sizeof(now)) != 0)
		return found < 0 ? found : 0;
	if (chunk_index_set_note(batch, bytes_str(NOTE), bytes_of(NULL, 0), e) < 0)
		return e->code;
	return chunk_index_commit(TAKE(batch), e);
}

int settle_all(struct store *store, struct error *e)
{
	return store->backend->ops->sync(store->backend, e);
}

int settle_found(struct store *store, struct error *e)
{
	uint8_t value[VALUE_LEN];
	int found;

	if (store->under != NULL)
		return 0;
	found = chunk_index_note(store->index, bytes_str(NOTE), value, sizeof(value), e);
	if (found < 1)
		return found;
	if (store->backend->ops->sync(store->backend, e) < 0)
		return e->code;
	return drop_note(store, value, e);
}
