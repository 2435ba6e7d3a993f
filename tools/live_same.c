#include "tools/live_same.h"

#include "oplog/moment.h"
#include "store/snapshot/snapshots.h"

#define UUID_LEN 16

/* 1 and the UUID of the member's admin.system.version; 0: it does not tell. */
static int read_theirs(struct live *live, uint8_t ret[UUID_LEN], struct error *e)
{
	bson_t *command = BCON_NEW("listCollections", BCON_INT32(1), "filter", "{", "name",
				   BCON_UTF8("system.version"), "}");
	const uint8_t *bytes;
	bson_iter_t iter, at;
	bson_subtype_t type;
	uint32_t len = 0;
	bson_t reply;
	int code = live_command(live, "admin", command, &reply, e);

	bson_destroy(command);
	if (code < 0)
		return code;
	if (code > 0 && bson_iter_init(&iter, &reply) &&
	    bson_iter_find_descendant(&iter, "cursor.firstBatch.0.info.uuid", &at) &&
	    BSON_ITER_HOLDS_BINARY(&at)) {
		bson_iter_binary(&at, &type, &len, &bytes);
		if (len == UUID_LEN)
			memcpy(ret, bytes, UUID_LEN);
	}
	bson_destroy(&reply);
	return len == UUID_LEN;
}

/* 1 and the UUID in a snapshot; 0: it has none, or can't be read. */
static int read_ours(struct store *store, const struct snapshot *snapshot, uint8_t ret[UUID_LEN])
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(moment_release) struct moment *moment = NULL;
	struct error ignored = {0};

	catalog_entry_init(&entry);
	if (moment_open(store, snapshot, &moment, &ignored) < 0 ||
	    moment_find(moment, bytes_str("admin.system.version"), NULL, &entry, &ignored) <= 0 ||
	    !entry.has_uuid)
		return 0;
	memcpy(ret, entry.uuid, UUID_LEN);
	return 1;
}

int live_same_check(struct live *live, struct store *store, struct error *e)
{
	OWNED(snapshots_release) struct snapshot_list list = {0};
	uint8_t theirs[UUID_LEN], ours[UUID_LEN];
	const struct snapshot *other = NULL;
	size_t skipped;
	int known;

	if (snapshots_read(store, &list, &skipped, e) < 0)
		return e->code;
	known = list.count == 0 ? 0 : read_theirs(live, theirs, e);
	if (known <= 0)
		return known;
	for (size_t i = list.count; i-- > 0;) {
		if (read_ours(store, &list.at[i], ours) == 0)
			continue;
		if (memcmp(ours, theirs, UUID_LEN) == 0)
			return 0;
		if (other == NULL)
			other = &list.at[i];
	}
	if (other == NULL)
		return 0;
	error_set(e, ERR_EXISTS,
		  "%s is a member of another replica set than the one that snapshot %s is of, "
		  "whatever "
		  "their names are: admin.system.version has another UUID",
		  live->member, other->name);
	return error_hint(
		e, "nothing was changed; a store keeps one replica set: is the URI right? A set "
		   "that was made anew needs a new store (yester init)");
}
