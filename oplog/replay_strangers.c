#include "oplog/replay_strangers.h"

void replay_strangers_release(struct replay_strangers *strangers)
{
	for (size_t i = 0; i < strangers->count; i++)
		free(strangers->at[i].ns);
	free(strangers->at);
	*strangers = (struct replay_strangers){0};
}

void replay_strangers_add(struct replay_strangers *strangers, struct bytes ns, const uint8_t *uuid)
{
	const uint8_t *dot = memchr(ns.at, '.', ns.len);
	struct replay_stranger *added;

	for (size_t i = strangers->count; i-- > 0;)
		if (memcmp(strangers->at[i].uuid, uuid, sizeof(added->uuid)) == 0)
			return;
	strangers->at = xrealloc(strangers->at, (strangers->count + 1) * sizeof(*strangers->at));
	added = &strangers->at[strangers->count++];
	*added = (struct replay_stranger){0};
	added->ns = xstrndup((const char *)ns.at, ns.len);
	added->db_len = dot == NULL ? ns.len : (size_t)(dot - ns.at);
	memcpy(added->uuid, uuid, sizeof(added->uuid));
}

static void forget(struct replay_strangers *strangers, size_t i)
{
	free(strangers->at[i].ns);
	strangers->at[i] = strangers->at[--strangers->count];
}

void replay_strangers_drop(struct replay_strangers *strangers, const uint8_t *uuid)
{
	for (size_t i = strangers->count; uuid != NULL && i-- > 0;)
		if (memcmp(strangers->at[i].uuid, uuid, sizeof(strangers->at[i].uuid)) == 0)
			forget(strangers, i);
}

void replay_strangers_drop_db(struct replay_strangers *strangers, struct bytes db)
{
	for (size_t i = strangers->count; i-- > 0;)
		if (bytes_equal(
			    bytes_of((const uint8_t *)strangers->at[i].ns, strangers->at[i].db_len),
			    db))
			forget(strangers, i);
}
