#include "store/prune_copy.h"

#include "store/pack/pack_writer.h"
#include "store/pack_index.h"
#include "store/store_internal.h"

struct prune_copy {
	struct store *store;
	const struct mark *mark;
	uint64_t salt;
	struct pack_writer *packs[PACK_NODES + 1]; /* by enum pack_kind; in the making */
	uint64_t bytes;
	struct buf made; /* of struct chunk_id: packs that are finished */
};

struct prune_copy *prune_copy_new(struct store *store, const struct mark *mark, uint64_t salt)
{
	struct prune_copy *copy = xcalloc(1, sizeof(*copy));

	copy->store = store;
	copy->mark = mark;
	copy->salt = salt;
	return copy;
}

void prune_copy_free(struct prune_copy *copy)
{
	if (copy == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(copy->packs); i++)
		pack_writer_free(copy->packs[i]);
	buf_release(&copy->made);
	free(copy);
}

/* The packs of these kinds that are in the making: durable, then into the index in one transaction: until then the old places serve. */
static int finish(struct prune_copy *copy, enum pack_kind first, enum pack_kind last,
		  struct error *e)
{
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = NULL;
	struct chunk_id id[PACK_NODES + 1];
	uint64_t size[PACK_NODES + 1];

	for (enum pack_kind kind = first; kind <= last; kind++) {
		if (copy->packs[kind] == NULL)
			continue;
		if (pack_writer_finish(copy->packs[kind], copy->store->backend, &id[kind],
				       &size[kind], e) < 0)
			return e->code;
		pack_writer_drop_data(copy->packs[kind]);
		copy->bytes += size[kind];
		buf_add(&copy->made, &id[kind], sizeof(id[kind]));
	}
	if (chunk_index_begin(copy->store->index, &batch, e) < 0)
		return e->code;
	for (enum pack_kind kind = first; kind <= last; kind++) {
		if (copy->packs[kind] == NULL)
			continue;
		if (pack_index_written(batch, copy->packs[kind], &id[kind], size[kind], e) < 0)
			return e->code;
		pack_writer_free(TAKE(copy->packs[kind]));
	}
	return chunk_index_commit(TAKE(batch), e);
}

static struct pack_writer *new_pack(const struct prune_copy *copy, enum pack_kind kind)
{
	struct pack_writer *pack = pack_writer_new(kind, copy->store->keys);

	pack_writer_salt(pack, copy->salt);
	return pack;
}

/* Put a frame, unsealed, into a pack in the making. */
static int add_frame(struct prune_copy *copy, enum pack_kind kind, const struct pack_entry *entry,
		     struct bytes stored, struct error *e)
{
	struct chunk_place place = entry->place;

	if (copy->packs[kind] != NULL && pack_writer_is_full(copy->packs[kind], stored.len) &&
	    finish(copy, kind, kind, e) < 0)
		return e->code;
	if (copy->packs[kind] == NULL)
		copy->packs[kind] = new_pack(copy, kind);
	pack_writer_add(copy->packs[kind], &entry->id, &place, stored);
	return 0;
}

/* Of a pack whose bytes are not those it was written with: the chunk has to be what its id says. */
static int copy_checked(struct prune_copy *copy, enum pack_kind kind, const struct chunk_id *pack,
			const struct pack_entry *entry, struct error *e)
{
	OWNED(buf_release) struct buf stored = {0};
	OWNED(buf_release) struct buf plain = {0};
	char name[PACK_NAME_LEN + 1];
	int got = pack_reader_stored(copy->store->backend, pack, &entry->place, &stored, e);

	if (got == 1)
		got = store_unseal(copy->store, pack, &entry->place, &stored, e);
	if (got == 0)
		return error_set(e, ERR_CORRUPT, "a pack is gone");
	if (got < 0 || store_decode_place(copy->store, &entry->id, &entry->place,
					  buf_bytes(&stored), &plain, e) < 0) {
		pack_reader_name(pack, name);
		error_wrap(e, "%s offset %u", name, entry->place.offset);
		return error_hint(e, "'yester check' and 'yester repair' tell more");
	}
	return add_frame(copy, kind, entry, buf_bytes(&stored), e);
}

/* Of a pack that is what it was: the frame as it is, as it was verified when it was made. */
static int copy_as_it_is(struct prune_copy *copy, enum pack_kind kind, const struct chunk_id *pack,
			 const struct pack_entry *entry, struct bytes whole, struct error *e)
{
	OWNED(buf_release) struct buf opened = {0};
	struct bytes stored = bytes_of(whole.at + entry->place.offset, entry->place.stored);
	int got;

	if (entry->place.offset > whole.len || stored.len > whole.len - entry->place.offset)
		return error_set(e, ERR_CORRUPT, "a frame that goes beyond its pack");
	if (!store_params(copy->store)->encrypted)
		return add_frame(copy, kind, entry, stored, e);
	buf_add_bytes(&opened, stored);
	got = store_unseal(copy->store, pack, &entry->place, &opened, e);
	if (got == 0)
		return error_set(e, ERR_CORRUPT, "a pack is gone");
	return got < 0 ? got : add_frame(copy, kind, entry, buf_bytes(&opened), e);
}

int prune_copy_pack(struct prune_copy *copy, uint32_t number, const struct chunk_id *id,
		    const struct prune_pack *pack, struct error *e)
{
	const struct pack_entry *entry = (const struct pack_entry *)(const void *)pack->entries.at;

	for (size_t i = 0; i < pack->entries.len / sizeof(*entry); i++) {
		int code;

		if (!mark_has(copy->mark, number, entry[i].place.offset))
			continue;
		code = pack->sound ? copy_as_it_is(copy, pack->kind, id, &entry[i],
						   buf_bytes(&pack->whole), e)
				   : copy_checked(copy, pack->kind, id, &entry[i], e);
		if (code < 0)
			return code;
	}
	return 0;
}

int prune_copy_finish(struct prune_copy *copy, struct error *e)
{
	if (copy->packs[PACK_LEAVES] == NULL && copy->packs[PACK_NODES] == NULL)
		return 0;
	/* Leaves before nodes: what is known of a node is then below it, too. */
	return finish(copy, PACK_LEAVES, PACK_NODES, e);
}

bool prune_copy_has_made(const struct prune_copy *copy, const struct chunk_id *pack)
{
	const struct chunk_id *made = (const struct chunk_id *)(const void *)copy->made.at;

	for (size_t i = 0; i < copy->made.len / sizeof(*made); i++)
		if (chunk_id_equal(&made[i], pack))
			return true;
	return false;
}

uint64_t prune_copy_bytes(const struct prune_copy *copy)
{
	return copy->bytes;
}
