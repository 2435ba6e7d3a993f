#include "store/snapshot/manifests_kept.h"

#include <pthread.h>

#define SPARE 64 /* forgotten ones that are kept whatever is listed */

struct kept {
	struct snapshot snapshot;
	struct kept *next; /* of the same bucket */
};

struct manifests_kept {
	pthread_mutex_t lock; /* over what follows */
	struct kept **buckets;
	size_t bucket_count; /* a power of two, or 0 */
	size_t count;
};

struct manifests_kept *manifests_kept_new(void)
{
	struct manifests_kept *kept = xcalloc(1, sizeof(*kept));

	pthread_mutex_init(&kept->lock, NULL);
	return kept;
}

static void drop_all(struct manifests_kept *kept)
{
	for (size_t i = 0; i < kept->bucket_count; i++) {
		struct kept *next;

		for (struct kept *at = kept->buckets[i]; at != NULL; at = next) {
			next = at->next;
			snapshot_release(&at->snapshot);
			free(at);
		}
	}
	free(kept->buckets);
	kept->buckets = NULL;
	kept->bucket_count = kept->count = 0;
}

void manifests_kept_free(struct manifests_kept *kept)
{
	if (kept == NULL)
		return;
	drop_all(kept);
	pthread_mutex_destroy(&kept->lock);
	free(kept);
}

/* Ids are hashes: any eight bytes of one will do. */
static struct kept **bucket_of(const struct manifests_kept *kept, const struct chunk_id *id)
{
	return &kept->buckets[get_le64(id->at) & (kept->bucket_count - 1)];
}

static struct kept *find(const struct manifests_kept *kept, const struct chunk_id *id)
{
	struct kept *at = kept->bucket_count == 0 ? NULL : *bucket_of(kept, id);

	while (at != NULL && !chunk_id_equal(&at->snapshot.id, id))
		at = at->next;
	return at;
}

bool manifests_kept_find(struct manifests_kept *kept, const struct chunk_id *id,
			 struct snapshot *ret)
{
	const struct kept *found;

	pthread_mutex_lock(&kept->lock);
	found = find(kept, id);
	if (found != NULL)
		snapshot_copy(&found->snapshot, ret);
	pthread_mutex_unlock(&kept->lock);
	return found != NULL;
}

/* Twice the buckets, when there are as many manifests. */
static void grow(struct manifests_kept *kept)
{
	struct manifests_kept larger = {.bucket_count = MAX_OF(2 * kept->bucket_count, (size_t)16)};

	if (kept->count < kept->bucket_count)
		return;
	larger.buckets = xcalloc(larger.bucket_count, sizeof(*larger.buckets));
	for (size_t i = 0; i < kept->bucket_count; i++) {
		struct kept *next;

		for (struct kept *at = kept->buckets[i]; at != NULL; at = next) {
			struct kept **bucket = bucket_of(&larger, &at->snapshot.id);

			next = at->next;
			at->next = *bucket;
			*bucket = at;
		}
	}
	free(kept->buckets);
	kept->buckets = larger.buckets;
	kept->bucket_count = larger.bucket_count;
}

void manifests_kept_add(struct manifests_kept *kept, const struct snapshot *snapshot)
{
	pthread_mutex_lock(&kept->lock);
	if (find(kept, &snapshot->id) == NULL) {
		struct kept *added = xcalloc(1, sizeof(*added)), **bucket;

		grow(kept);
		bucket = bucket_of(kept, &snapshot->id);
		snapshot_copy(snapshot, &added->snapshot);
		added->next = *bucket;
		*bucket = added;
		kept->count++;
	}
	pthread_mutex_unlock(&kept->lock);
}

void manifests_kept_trim(struct manifests_kept *kept, size_t listed)
{
	pthread_mutex_lock(&kept->lock);
	if (kept->count > 2 * listed + SPARE)
		drop_all(kept);
	pthread_mutex_unlock(&kept->lock);
}
