#include "store/pack/pack_writer.h"

#include <openssl/crypto.h>

#include "store/pack/pack_reader.h"
#include "store/pack/pack_seal.h"

#define COMPARE_PIECE MIB

struct pack_writer {
	struct buf data;
	struct buf entries; /* of struct pack_entry */
	bool sealed;
	uint8_t key[STORE_KEY_LEN]; /* when it is */
};

struct pack_writer *pack_writer_new(enum pack_kind kind, const struct store_keys *keys)
{
	struct pack_writer *pack = xcalloc(1, sizeof(*pack));

	/* Leaves fill a pack: all at once, without the slack that growing leaves. */
	if (kind == PACK_LEAVES)
		(void)buf_room(&pack->data, PACK_FULL + MIB);
	pack_format_header(kind, buf_room(&pack->data, PACK_HEADER_LEN));
	pack->data.len = PACK_HEADER_LEN;
	pack->sealed = keys != NULL;
	if (pack->sealed)
		pack_seal_begin(keys, &pack->data, pack->key);
	return pack;
}

void pack_writer_salt(struct pack_writer *pack, uint64_t salt)
{
	put_le64(pack->data.at + PACK_SALT_AT, salt);
}

void pack_writer_free(struct pack_writer *pack)
{
	if (pack == NULL)
		return;
	buf_release(&pack->data);
	buf_release(&pack->entries);
	OPENSSL_cleanse(pack->key, sizeof(pack->key));
	free(pack);
}

bool pack_writer_is_empty(const struct pack_writer *pack)
{
	return pack->entries.len == 0;
}

bool pack_writer_is_full(const struct pack_writer *pack, size_t stored)
{
	return !pack_writer_is_empty(pack) &&
	       (pack->data.len + stored > PACK_FULL ||
		pack->entries.len / sizeof(struct pack_entry) >= PACK_ENTRIES_MAX);
}

void pack_writer_add(struct pack_writer *pack, const struct chunk_id *id, struct chunk_place *place,
		     struct bytes stored)
{
	struct pack_entry entry;

	place->stored = (uint32_t)(stored.len + (pack->sealed ? PACK_SEAL_MORE : 0));
	pack_format_frame(place, &pack->data);
	place->offset = (uint32_t)pack->data.len;
	buf_add_bytes(&pack->data, stored);
	if (pack->sealed)
		pack_seal_frame(pack->key, place, &pack->data);
	entry = (struct pack_entry){*id, *place};
	buf_add(&pack->entries, &entry, sizeof(entry));
}

const struct pack_entry *pack_writer_entries(const struct pack_writer *pack, size_t *ret_count)
{
	*ret_count = pack->entries.len / sizeof(struct pack_entry);
	return (const struct pack_entry *)(const void *)pack->entries.at;
}

/* 1 when the file of this name holds these bytes, 0 when it does not (any more). */
static int holds(struct backend *backend, const char *name, struct bytes content, struct error *e)
{
	OWNED(buf_release) struct buf piece = {0};
	uint64_t size;
	int found = backend->ops->size(backend, name, &size, e);

	if (found != 1 || size != content.len)
		return found < 0 ? found : 0;
	if (buf_reserve(&piece, COMPARE_PIECE, SIZE_MAX, e) < 0)
		return e->code;
	for (size_t at = 0; at < content.len; at += COMPARE_PIECE) {
		size_t len = MIN_OF(content.len - at, COMPARE_PIECE);

		found = backend->ops->get(backend, name, at, piece.at, len, e);
		if (found != 1)
			return found < 0 ? found : 0;
		if (memcmp(piece.at, content.at + at, len) != 0)
			return 0;
	}
	return 1;
}

/*
 * Put a pack. One of its name that is there may be damaged, which is why its chunks were stored
 * again: then it is replaced by what its name says. Not before that is durable: most of its chunks may be sound.
 */
static int put_whole(struct backend *backend, const char *name, struct bytes content,
		     struct error *e)
{
	int done = backend->ops->put(backend, name, content, e);

	if (done == 0)
		done = holds(backend, name, content, e);
	if (done != 0)
		return done < 0 ? done : 0;
	return backend->ops->replace(backend, name, content, e) < 0 ? e->code : 0;
}

int pack_writer_finish(struct pack_writer *pack, struct backend *backend, struct chunk_id *ret_id,
		       uint64_t *ret_size, struct error *e)
{
	char name[PACK_NAME_LEN + 1];
	uint8_t header[PACK_HEADER_LEN];
	const struct pack_entry *entries;
	size_t count;

	/* A copy: the data moves while the directory is appended to it. */
	memcpy(header, pack->data.at, sizeof(header));
	entries = pack_writer_entries(pack, &count);
	if (pack->sealed)
		pack_seal_end(&pack->data);
	if (pack_format_directory(header, entries, count, pack->data.len, &pack->data, e) < 0)
		return e->code;
	*ret_id = chunk_id_of(buf_bytes(&pack->data));
	*ret_size = pack->data.len;
	pack_reader_name(ret_id, name);
	return put_whole(backend, name, buf_bytes(&pack->data), e);
}

void pack_writer_drop_data(struct pack_writer *pack)
{
	buf_release(&pack->data);
}
