#include "fs/fs_folders.h"

#include <pthread.h>

#include "base/buf.h"

#define FOLDERS_MAX (FS_INODE_SLOTS / 2) /* more would make probing slow */
#define CAPACITY_MIN 64

/* A folder and its slot; `id` is 0 where there is none. */
struct given {
	uint64_t id;
	uint32_t slot;
};

/* An open hash table by slot, at most half full; `capacity` is a power of two. */
struct fs_folders {
	pthread_rwlock_t lock;
	struct given *at;
	size_t capacity;
	size_t count;
};

struct fs_folders *fs_folders_new(void)
{
	struct fs_folders *folders = xcalloc(1, sizeof(*folders));

	pthread_rwlock_init(&folders->lock, NULL);
	folders->capacity = CAPACITY_MIN;
	folders->at = xcalloc(folders->capacity, sizeof(*folders->at));
	return folders;
}

void fs_folders_free(struct fs_folders *folders)
{
	if (folders == NULL)
		return;
	pthread_rwlock_destroy(&folders->lock);
	free(folders->at);
	free(folders);
}

/* Under lock: where `slot` is, or the free place where it would be. */
static struct given *place_of(const struct fs_folders *folders, uint32_t slot)
{
	size_t i = slot & (folders->capacity - 1);

	while (folders->at[i].id != 0 && folders->at[i].slot != slot)
		i = (i + 1) & (folders->capacity - 1);
	return &folders->at[i];
}

/* The slot to try first: all bits of the id decide it (the finalizer of MurmurHash3). */
static uint32_t first_slot(uint64_t id)
{
	id = (id ^ id >> 33) * 0xff51afd7ed558ccdU;
	id = (id ^ id >> 33) * 0xc4ceb9fe1a85ec53U;
	return (uint32_t)(id ^ id >> 33) & (FS_INODE_SLOTS - 1);
}

/* Under lock: the folder's place, or the free one that it would get, and *ret_slot. */
static struct given *probe(const struct fs_folders *folders, uint64_t id, uint32_t *ret_slot)
{
	for (uint32_t slot = first_slot(id);; slot = (slot + 1) & (FS_INODE_SLOTS - 1)) {
		struct given *place = place_of(folders, slot);

		*ret_slot = slot;
		if (place->id == 0 || place->id == id)
			return place;
	}
}

/* Under the lock for writing. */
static void grow(struct fs_folders *folders)
{
	struct given *old = folders->at;
	size_t capacity = folders->capacity;

	folders->capacity *= 2;
	folders->at = xcalloc(folders->capacity, sizeof(*folders->at));
	for (size_t i = 0; i < capacity; i++)
		if (old[i].id != 0)
			*place_of(folders, old[i].slot) = old[i];
	free(old);
}

static int give(struct fs_folders *folders, uint64_t id, uint32_t *ret_slot, struct error *e)
{
	struct given *place = probe(folders, id, ret_slot);

	if (place->id == id)
		return 0; /* another thread was faster */
	if (folders->count >= FOLDERS_MAX)
		return error_set(e, ERR_LIMIT, "more than %u folders of documents were looked into",
				 FOLDERS_MAX);
	*place = (struct given){.id = id, .slot = *ret_slot};
	if (++folders->count > folders->capacity / 2)
		grow(folders);
	return 0;
}

int fs_folders_slot(struct fs_folders *folders, struct fs_inode folder, uint32_t *ret_slot,
		    struct error *e)
{
	uint64_t id = fs_inode_pack(folder);
	uint32_t slot;
	bool has_one;
	int rc = 0;

	pthread_rwlock_rdlock(&folders->lock);
	has_one = probe(folders, id, &slot)->id == id;
	pthread_rwlock_unlock(&folders->lock);
	if (!has_one) {
		pthread_rwlock_wrlock(&folders->lock);
		rc = give(folders, id, &slot, e);
		pthread_rwlock_unlock(&folders->lock);
	}
	if (rc == 0)
		*ret_slot = slot;
	return rc;
}

bool fs_folders_find(struct fs_folders *folders, uint32_t slot, struct fs_inode *ret)
{
	uint64_t id;

	pthread_rwlock_rdlock(&folders->lock);
	id = place_of(folders, slot)->id;
	pthread_rwlock_unlock(&folders->lock);
	if (id != 0)
		*ret = fs_inode_unpack(id);
	return id != 0;
}
