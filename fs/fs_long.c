#include "fs/fs_long.h"

#include <pthread.h>

#include "base/buf.h"

#define WAYS 8	       /* places where a name can be */
#define SETS (1 << 16) /* 8 MiB for half a million names */

struct place {
	uint64_t hash; /* 0: empty */
	uint64_t rank;
};

struct fs_long {
	uint8_t seed[SIPHASH_KEY_LEN];
	pthread_mutex_t lock; /* of all below */
	struct place (*sets)[WAYS];
	unsigned turn; /* the place that goes next where all are taken */
};

struct fs_long *fs_long_new(const uint8_t seed[SIPHASH_KEY_LEN])
{
	struct fs_long *places = xcalloc(1, sizeof(*places));

	memcpy(places->seed, seed, sizeof(places->seed));
	pthread_mutex_init(&places->lock, NULL);
	return places;
}

void fs_long_free(struct fs_long *places)
{
	if (places == NULL)
		return;
	pthread_mutex_destroy(&places->lock);
	free(places->sets);
	free(places);
}

static uint64_t hash_of(const struct fs_long *places, const struct chunk_id *root,
			struct bytes name)
{
	OWNED(buf_release) struct buf text = {0};
	uint64_t hash;

	buf_add(&text, root->at, CHUNK_ID_LEN);
	buf_add_bytes(&text, name);
	hash = siphash24(places->seed, buf_bytes(&text));
	return hash == 0 ? 1 : hash;
}

/* Under lock: where the hash is; else NULL. */
static struct place *find(struct fs_long *places, uint64_t hash)
{
	struct place *set = places->sets[hash % SETS];

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].hash == hash)
			return &set[i];
	return NULL;
}

/* Under lock: an empty place for it, or another's. */
static struct place *take(struct fs_long *places, uint64_t hash)
{
	struct place *set = places->sets[hash % SETS];

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].hash == 0)
			return &set[i];
	return &set[places->turn++ % WAYS];
}

void fs_long_put(struct fs_long *places, const struct chunk_id *root, struct bytes name,
		 uint64_t rank)
{
	uint64_t hash = hash_of(places, root, name);
	struct place *place;

	pthread_mutex_lock(&places->lock);
	if (places->sets == NULL)
		places->sets = xcalloc(SETS, sizeof(*places->sets));
	place = find(places, hash);
	if (place == NULL)
		place = take(places, hash);
	*place = (struct place){hash, rank};
	pthread_mutex_unlock(&places->lock);
}

bool fs_long_get(struct fs_long *places, const struct chunk_id *root, struct bytes name,
		 uint64_t *ret_rank)
{
	uint64_t hash = hash_of(places, root, name);
	const struct place *place = NULL;

	pthread_mutex_lock(&places->lock);
	if (places->sets != NULL)
		place = find(places, hash);
	if (place != NULL)
		*ret_rank = place->rank;
	pthread_mutex_unlock(&places->lock);
	return place != NULL;
}
