#include "fs/fs_keyed.h"

#include <pthread.h>

#include "base/id_name.h"

#define HASH_BITS (FS_INODE_SLOT_BITS + FS_INODE_RANK_BITS)

/* A document that is kept; doc.len is 0 where there is none. */
struct kept {
	uint64_t hash;
	uint64_t folder; /* its node id */
	struct buf key;
	struct buf doc;
	uint64_t used; /* when last asked for, by `clock` */
};

struct fs_keyed {
	uint8_t seed[SIPHASH_KEY_LEN];
	pthread_mutex_t lock; /* of all below */
	struct kept at[FS_KEYED_MAX];
	size_t bytes;
	uint64_t clock;
};

struct fs_keyed *fs_keyed_new(const uint8_t seed[SIPHASH_KEY_LEN])
{
	struct fs_keyed *keyed = xcalloc(1, sizeof(*keyed));

	memcpy(keyed->seed, seed, sizeof(keyed->seed));
	pthread_mutex_init(&keyed->lock, NULL);
	return keyed;
}

static void drop(struct fs_keyed *keyed, struct kept *kept)
{
	keyed->bytes -= kept->doc.len;
	buf_release(&kept->key);
	buf_release(&kept->doc);
	*kept = (struct kept){0};
}

void fs_keyed_free(struct fs_keyed *keyed)
{
	if (keyed == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(keyed->at); i++)
		drop(keyed, &keyed->at[i]);
	pthread_mutex_destroy(&keyed->lock);
	free(keyed);
}

static uint64_t hash_of(const struct fs_keyed *keyed, uint64_t folder, struct bytes key)
{
	OWNED(buf_release) struct buf text = {0};

	buf_add_le64(&text, folder);
	buf_add_bytes(&text, key);
	return siphash24(keyed->seed, buf_bytes(&text)) >> (64 - HASH_BITS);
}

/* Under lock: the document with this hash, or NULL. */
static struct kept *find(struct fs_keyed *keyed, uint64_t hash)
{
	for (size_t i = 0; i < COUNT_OF(keyed->at); i++)
		if (keyed->at[i].doc.len > 0 && keyed->at[i].hash == hash)
			return &keyed->at[i];
	return NULL;
}

/* Under lock: a free place, or that of the document that was not used for the longest time. */
static struct kept *oldest(struct fs_keyed *keyed)
{
	struct kept *found = &keyed->at[0];

	for (size_t i = 0; i < COUNT_OF(keyed->at); i++) {
		if (keyed->at[i].doc.len == 0)
			return &keyed->at[i];
		if (keyed->at[i].used < found->used)
			found = &keyed->at[i];
	}
	return found;
}

/* Under lock: make room for a document of `len` bytes. */
static void make_room(struct fs_keyed *keyed, size_t len)
{
	while (keyed->bytes > 0 && keyed->bytes + len > FS_KEYED_MAX_BYTES) {
		struct kept *last = NULL;

		for (size_t i = 0; i < COUNT_OF(keyed->at); i++)
			if (keyed->at[i].doc.len > 0 &&
			    (last == NULL || keyed->at[i].used < last->used))
				last = &keyed->at[i];
		drop(keyed, last);
	}
}

bool fs_keyed_add(struct fs_keyed *keyed, struct fs_inode folder, struct bytes key,
		  struct bytes doc, struct fs_inode *ret)
{
	uint64_t folder_id = fs_inode_pack(folder);
	uint64_t hash = hash_of(keyed, folder_id, key);
	struct kept *kept;
	bool added;

	pthread_mutex_lock(&keyed->lock);
	kept = find(keyed, hash);
	if (kept == NULL) {
		make_room(keyed, doc.len);
		kept = oldest(keyed);
		drop(keyed, kept);
		*kept = (struct kept){.hash = hash, .folder = folder_id};
		buf_add_bytes(&kept->key, key);
		buf_add_bytes(&kept->doc, doc);
		keyed->bytes += doc.len;
	}
	kept->used = ++keyed->clock;
	added = kept->folder == folder_id && bytes_equal(buf_bytes(&kept->key), key);
	pthread_mutex_unlock(&keyed->lock);
	ret->slot = (uint32_t)(hash >> FS_INODE_RANK_BITS);
	ret->rank = hash % FS_INODE_RANKS;
	return added;
}

bool fs_keyed_find(struct fs_keyed *keyed, struct fs_inode inode, struct fs_inode *ret_folder,
		   struct buf *ret_doc)
{
	struct kept *kept;

	pthread_mutex_lock(&keyed->lock);
	kept = find(keyed, (uint64_t)inode.slot << FS_INODE_RANK_BITS | inode.rank);
	if (kept != NULL) {
		kept->used = ++keyed->clock;
		*ret_folder = fs_inode_unpack(kept->folder);
		if (ret_doc != NULL)
			buf_add_bytes(ret_doc, buf_bytes(&kept->doc));
	}
	pthread_mutex_unlock(&keyed->lock);
	return kept != NULL;
}

int fs_keyed_key(struct bytes name, struct buf *ret_key)
{
	uint64_t rank;

	return id_name_parse(name, ret_key, &rank) == ID_NAME_KEY;
}
