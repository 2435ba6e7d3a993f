#include "store/prune.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "store/live_set.h"
#include "store/pack/pack_reader.h"
#include "store/prune_copy.h"
#include "store/prune_delete.h"
#include "store/settle.h"
#include "store/snapshot/snapshots.h"
#include "store/store_internal.h"
#include "store/store_writer.h"

#define FRAME 64	/* bytes that a chunk takes besides its stored ones: header, directory */
#define SMALL (2 * MIB) /* a pack below it is a small one, as a tail leaves them */
#define SMALL_MANY 16	/* so many of them are merged */

enum fate {
	STAYS,
	WAITS,	/* condemned before, not long enough */
	NEW,	/* is condemned now */
	COPIED, /* the same, after what is needed of it was copied */
	GOES,
};

struct victim {
	struct chunk_pack pack;
	enum fate fate;
	uint64_t since_us;
};

struct prune {
	struct store *store;
	const struct prune_options *options;
	int lock_fd;
	struct condemned old, list; /* as found; as it is to be */
	struct mark *mark;
	struct live_set *seen;	/* hashes of names of files that were marked */
	struct victim *victims; /* all packs */
	size_t count;
	struct prune_result result;
};

static void prune_release(struct prune *p)
{
	condemned_release(&p->old);
	condemned_release(&p->list);
	mark_free(p->mark);
	live_set_free(p->seen);
	free(p->victims);
	if (p->lock_fd >= 0)
		close(p->lock_fd);
}
DEFINE_OWNED_STRUCT(struct prune, prune_release);

static int still_wanted(const struct prune *p, const char *phase, uint64_t done, uint64_t total,
			struct error *e)
{
	return progress_go_on(p->options->progress, phase, done, total, e);
}

/* ---- marking */

static bool is_new_name(struct prune *p, const char *name)
{
	struct chunk_id hash = chunk_id_of(bytes_str(name));

	return live_set_add(p->seen, live_set_number(&hash));
}

/* What a cache lost is no loss, and what it lacks lies in the store under it. */
static bool is_made_again(const struct prune *p, const struct error *e)
{
	return p->store->under != NULL && error_is_harm(e);
}

static int mark_manifest(void *ctx, const char *name, uint64_t size, struct error *e)
{
	OWNED(snapshot_release) struct snapshot snapshot = {0};
	struct prune *p = ctx;
	int found;

	if (!is_new_name(p, name))
		return 0;
	found = snapshots_read_one(p->store, name, size, &snapshot, e);
	if (found < 0 && !is_made_again(p, e)) /* The reader names it itself. */
		return found;
	if (found == 1 && mark_snapshot(p->mark, &snapshot, e) < 0)
		return e->code;
	return still_wanted(p, "marking (files)", live_set_count(p->seen), 0, e);
}

static int mark_oplog(void *ctx, const char *name, uint64_t size, struct error *e)
{
	struct prune *p = ctx;

	/* A journal grows; it holds no chunks, and its name is looked at again for nothing. */
	if (p->options->mark_file == NULL || !is_new_name(p, name))
		return 0;
	return p->options->mark_file(p->options->ctx, p->mark, name, size, e) < 0 ? e->code : 0;
}

/* All that came since it was done last. */
static int mark_all(struct prune *p, struct error *e)
{
	struct backend *files = p->store->backend;

	if (files->ops->list(files, "snapshots", mark_manifest, p, e) < 0 ||
	    files->ops->list(files, "oplog", mark_oplog, p, e) < 0)
		return e->code;
	if (mark_missing(p->mark) == 0 || p->store->under != NULL)
		return 0;
	error_set(e, ERR_CORRUPT,
		  "%llu chunks that snapshots or segments need are missing or damaged: nothing is "
		  "taken away",
		  (unsigned long long)mark_missing(p->mark));
	return error_hint(
		e, "while a copy into this store runs, try again after it; else 'yester check' and "
		   "'yester repair' tell more");
}

/* ---- deciding */

/* When the file came to be here, microseconds; now when that can't be told. */
static uint64_t came_us(const struct prune *p, const struct chunk_id *id)
{
	char name[PACK_NAME_LEN + 1];
	OWNED(free) char *path = NULL;
	struct stat st;

	pack_reader_name(id, name);
	path = xprintf("%s/%s", p->store->path, name);
	if (stat(path, &st) != 0)
		return p->options->now_us;
	return (uint64_t)st.st_ctim.tv_sec * 1000000 + (uint64_t)st.st_ctim.tv_nsec / 1000;
}

static bool is_over(const struct prune *p, uint64_t since_us)
{
	return since_us + p->options->grace_us <= p->options->now_us;
}

static bool is_waste(const struct prune *p, const struct chunk_pack *pack,
		     const struct mark_pack *needed)
{
	uint64_t used = needed->bytes + needed->chunks * FRAME;

	return used < pack->size &&
	       (pack->size - used) * 100 > pack->size * (uint64_t)p->options->waste_percent;
}

static void decide_one(struct prune *p, struct victim *v)
{
	const struct condemned_pack *before = condemned_find_pack(&p->old, &v->pack.id);
	struct mark_pack needed = mark_of_pack(p->mark, v->pack.number);

	p->result.packs++;
	p->result.bytes += v->pack.size;
	p->result.needed_chunks += needed.chunks;
	p->result.needed_bytes += needed.bytes;
	v->since_us = before == NULL ? p->options->now_us : before->since_us;
	if (needed.chunks > 0)
		v->fate = before == NULL && is_waste(p, &v->pack, &needed) ? COPIED : STAYS;
	else if (before != NULL)
		v->fate = is_over(p, before->since_us) ? GOES : WAITS;
	else
		/* A writer that has not committed yet may have made it: its snapshot will need it. */
		v->fate = is_over(p, came_us(p, &v->pack.id)) ? NEW : STAYS;
}

static uint64_t waste_of(const struct prune *p, const struct victim *v)
{
	struct mark_pack needed = mark_of_pack(p->mark, v->pack.number);
	uint64_t used = needed.bytes + needed.chunks * FRAME;

	return v->pack.size > used ? v->pack.size - used : 0;
}

struct copied {
	struct victim *victim;
	uint64_t waste;
};

/* The one of which the larger part is waste first. */
static int by_waste(const void *a, const void *b)
{
	const struct copied *x = a, *y = b;
	double of_x = (double)x->waste / (double)x->victim->pack.size;
	double of_y = (double)y->waste / (double)y->victim->pack.size;

	return of_x > of_y ? -1 : of_x < of_y;
}

/* What is copied is sent anew by every copy of the store: no more than what brings the waste of the whole below its limit. */
static void spare_little(struct prune *p)
{
	OWNED(free) struct copied *copied = xcalloc(p->count + 1, sizeof(*copied));
	unsigned limit = MIN_OF(p->options->waste_percent, (unsigned)PRUNE_UNUSED_PERCENT);
	uint64_t size = 0, waste = 0;
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++) {
		struct victim *v = &p->victims[i];
		uint64_t lost = waste_of(p, v);

		if (v->fate == COPIED)
			copied[count++] = (struct copied){v, lost};
		else if (v->fate != STAYS)
			continue;
		size += v->pack.size;
		waste += lost;
	}
	qsort(copied, count, sizeof(*copied), by_waste);
	for (size_t i = 0; i < count; i++) {
		if (waste * 100 <= size * limit)
			copied[i].victim->fate = STAYS;
		waste -= copied[i].waste;
		size -= copied[i].waste;
	}
}

/* Many small packs become few large ones: each file costs a reader and every copy some time. */
static void merge_small(struct prune *p)
{
	size_t small = 0;

	for (size_t i = 0; i < p->count; i++)
		small += p->victims[i].fate == STAYS && p->victims[i].pack.size < SMALL &&
			 mark_of_pack(p->mark, p->victims[i].pack.number).chunks > 0;
	if (small < SMALL_MANY || p->options->waste_percent >= 100)
		return;
	for (size_t i = 0; i < p->count; i++)
		if (p->victims[i].fate == STAYS && p->victims[i].pack.size < SMALL &&
		    mark_of_pack(p->mark, p->victims[i].pack.number).chunks > 0)
			p->victims[i].fate = COPIED;
}

static int decide(struct prune *p, struct error *e)
{
	OWNED(free) struct chunk_pack *packs = NULL;

	if (chunk_index_packs(p->store->index, &packs, &p->count, e) < 0)
		return e->code;
	p->victims = xcalloc(p->count + 1, sizeof(*p->victims));
	for (size_t i = 0; i < p->count; i++) {
		p->victims[i].pack = packs[i];
		decide_one(p, &p->victims[i]);
	}
	spare_little(p);
	merge_small(p);
	return 0;
}

/* ---- doing */

static int copy_packs(struct prune *p, struct prune_read *read, struct prune_copy *copy,
		      struct error *e)
{
	const struct prune_pack *pack;
	uint64_t done = 0;

	for (size_t i = 0; i < p->count; i++) {
		struct victim *v = &p->victims[i];
		int got;

		if (v->fate != COPIED)
			continue;
		got = prune_read_next(read, &pack, e);
		assert(got != 0); /* as many as were added */
		if (got < 0 || prune_copy_pack(copy, v->pack.number, &v->pack.id, pack, e) < 0)
			return e->code;
		done += v->pack.size;
		if (still_wanted(p, "copying what is needed", done, 0, e) < 0)
			return e->code;
	}
	return prune_copy_finish(copy, e);
}

static int copy_needed(struct prune *p, struct error *e)
{
	OWNED(prune_read_free) struct prune_read *read = prune_read_new(p->store->backend);
	OWNED(prune_copy_free)
	struct prune_copy *copy = prune_copy_new(p->store, p->mark, p->old.number + 1);

	for (size_t i = 0; i < p->count; i++) {
		if (p->victims[i].fate != COPIED)
			continue;
		prune_read_add(read, &p->victims[i].pack.id, p->victims[i].pack.size);
		p->result.copied_packs++;
	}
	if (!p->options->dry_run && copy_packs(p, read, copy, e) < 0)
		return e->code;
	/*
	 * A prune that died after its copies and before its list left packs that nothing needed when we looked, of the very
	 * names that the same copies have again.
	 */
	for (size_t i = 0; i < p->count; i++)
		if (prune_copy_has_made(copy, &p->victims[i].pack.id))
			p->victims[i].fate = STAYS;
	p->result.copied_bytes = prune_copy_bytes(copy);
	return 0;
}

static void note_waiting(struct prune *p, uint64_t since_us)
{
	uint64_t may_go = since_us + p->options->grace_us;

	if (p->result.next_us == 0 || may_go < p->result.next_us)
		p->result.next_us = may_go;
}

static void make_list(struct prune *p)
{
	uint64_t number = p->old.number;

	condemned_release(&p->list);
	p->list.number = number;
	p->list.let_go = p->old.let_go;
	for (size_t i = 0; i < p->count; i++)
		if (p->victims[i].fate != STAYS)
			condemned_add_pack(&p->list, &p->victims[i].pack.id,
					   p->victims[i].since_us);
	for (size_t i = 0; i < p->old.file_count; i++)
		condemned_add_file(&p->list, p->old.files[i].name, p->old.files[i].since_us);
	condemned_sort(&p->list);
}

static void count_waiting(struct prune *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct victim *v = &p->victims[i];

		if (v->fate == STAYS || v->fate == GOES)
			continue;
		note_waiting(p, v->since_us);
		p->result.condemned_packs++;
		p->result.condemned_bytes += v->pack.size;
		p->result.new_packs += v->fate != WAITS;
		p->result.new_bytes += v->fate != WAITS ? v->pack.size : 0;
	}
}

static int read_list(const struct prune *p, struct condemned *ret, struct error *e)
{
	if (condemned_check_clock(p->options->now_us, e) < 0 ||
	    condemned_read(p->store, ret, e) < 0)
		return e->code;
	condemned_not_later(ret, p->options->now_us);
	return 0;
}

/* Who brings entries of the oplog anew takes what holds them off the list. Lock for commits held. */
static int read_files_again(struct prune *p, struct error *e)
{
	struct condemned now = {0};

	if (read_list(p, &now, e) < 0)
		return e->code;
	/* What we know of the packs is ours, or newer. */
	free(now.packs);
	now.packs = TAKE(p->old.packs);
	now.pack_count = p->old.pack_count;
	condemned_release(&p->old);
	p->old = now;
	p->list.number = now.number;
	return 0;
}

/*
 * What was committed while we marked may need what we condemned: it stays then. Those that commit after the list is
 * there look at it. Lock for commits held.
 */
static int publish_locked(struct prune *p, struct error *e)
{
	if (read_files_again(p, e) < 0)
		return e->code;
	mark_free(TAKE(p->mark));
	if (mark_new(p->store, &p->list, &p->mark, e) < 0 || mark_all(p, e) < 0)
		return e->code;
	for (size_t i = 0; i < p->count; i++)
		if (mark_of_pack(p->mark, p->victims[i].pack.number).chunks > 0)
			p->victims[i].fate = STAYS;
	make_list(p);
	return condemned_write(p->store, &p->list, e);
}

static int with_commit_lock(struct prune *p, int (*work)(struct prune *, struct error *),
			    struct error *e)
{
	int code;

	if (file_lock(p->lock_fd, "config", STORE_LOCK_COMMIT, FILE_LOCK_EXCLUSIVE, true, e) < 0)
		return error_wrap(e, "%s", p->store->path);
	code = work(p, e);
	file_unlock(p->lock_fd, STORE_LOCK_COMMIT);
	return code;
}

/* From the index first: who looks for a chunk then does not find a pack that is going. */
static int forget_packs(struct prune *p, struct error *e)
{
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = NULL;
	OWNED(buf_release) struct buf numbers = {0};

	for (size_t i = 0; i < p->count; i++)
		if (p->victims[i].fate == GOES)
			buf_add(&numbers, &p->victims[i].pack.number, sizeof(uint32_t));
	if (numbers.len == 0)
		return 0;
	if (chunk_index_begin(p->store->index, &batch, e) < 0 ||
	    chunk_index_drop_packs(batch, (const uint32_t *)(const void *)numbers.at,
				   numbers.len / sizeof(uint32_t), e) < 0)
		return e->code;
	return chunk_index_commit(TAKE(batch), e);
}

static int delete_packs(struct prune *p, struct error *e)
{
	OWNED(prune_delete_free) struct prune_delete *d = prune_delete_new(p->store->backend);
	char name[PACK_NAME_LEN + 1];

	if (!p->options->dry_run && forget_packs(p, e) < 0)
		return e->code;
	for (size_t i = 0; i < p->count; i++) {
		if (p->victims[i].fate != GOES)
			continue;
		pack_reader_name(&p->victims[i].pack.id, name);
		prune_delete_add(d, name);
		p->result.deleted_packs++;
		p->result.deleted_bytes += p->victims[i].pack.size;
	}
	return p->options->dry_run ? 0 : prune_delete_run(d, e);
}

/* A pack that was damaged, and is needed: somebody brought a sound one back. */
static bool is_needed_pack(const struct prune *p, const char *name)
{
	struct chunk_id id;

	if (!pack_reader_parse_name(name, &id))
		return false;
	for (size_t i = 0; i < p->count; i++)
		if (chunk_id_equal(&p->victims[i].pack.id, &id))
			return p->victims[i].fate == STAYS;
	return false;
}

/* 1 its time is over and nobody needs it, 0 not. */
static int may_delete_file(const struct prune *p, const struct condemned_file *file,
			   struct error *e)
{
	const struct prune_options *o = p->options;
	int keeps;

	if (!is_over(p, file->since_us) || is_needed_pack(p, file->name))
		return 0;
	keeps = o->keeps_file == NULL ? 0 : o->keeps_file(o->ctx, &p->old, file->name, e);
	return keeps < 0 ? keeps : keeps == 0;
}

static int delete_files(struct prune *p, struct error *e)
{
	struct backend *files = p->store->backend;

	for (size_t i = 0; i < p->old.file_count; i++) {
		int may;

		if (!is_over(p, p->old.files[i].since_us)) {
			p->result.waiting_files++;
			note_waiting(p, p->old.files[i].since_us);
			continue;
		}
		may = may_delete_file(p, &p->old.files[i], e);
		if (may < 0)
			return may;
		if (may == 0)
			continue;
		if (!p->options->dry_run && files->ops->remove(files, p->old.files[i].name, e) < 0)
			return e->code;
		p->result.deleted_files++;
	}
	return 0;
}

/*
 * Without a grace what was just condemned need not wait for another prune, unless a writer that began before the list was there
 * may still rely on it.
 */
static void take_at_once(struct prune *p)
{
	if (p->options->dry_run || p->options->grace_us > 0 || store_writer_any_works(p->store))
		return;
	for (size_t i = 0; i < p->count; i++)
		if (p->victims[i].fate == NEW || p->victims[i].fate == COPIED)
			p->victims[i].fate = GOES;
}

/* The files that go, and the list without what is gone. */
static int delete_rest_locked(struct prune *p, struct error *e)
{
	struct condemned rest = {0};
	int code;

	if (read_files_again(p, e) < 0 || delete_files(p, e) < 0)
		return e->code;
	if (p->result.deleted_packs + p->result.deleted_files == 0)
		return 0;
	rest.number = p->list.number;
	rest.let_go = p->old.let_go;

	for (size_t i = 0; i < p->count; i++)
		if (p->victims[i].fate != STAYS && p->victims[i].fate != GOES)
			condemned_add_pack(&rest, &p->victims[i].pack.id, p->victims[i].since_us);
	for (size_t i = 0; i < p->old.file_count; i++)
		if (!is_over(p, p->old.files[i].since_us))
			condemned_add_file(&rest, p->old.files[i].name, p->old.files[i].since_us);
	code = condemned_write(p->store, &rest, e);
	condemned_release(&rest);
	return code;
}

int prune_run(struct store *store, const struct prune_options *options, struct prune_result *ret,
	      struct error *e)
{
	OWNED(prune_release) struct prune p = {.store = store, .options = options, .lock_fd = -1};

	p.seen = live_set_new();
	if (store_prune_lock(store, &p.lock_fd, e) < 0 || store_refresh(store, e) < 0 ||
	    read_list(&p, &p.old, e) < 0 || mark_new(store, &p.old, &p.mark, e) < 0 ||
	    mark_all(&p, e) < 0 || decide(&p, e) < 0 || copy_needed(&p, e) < 0)
		return e->code;
	make_list(&p);
	/* What a pack is given up for has to outlast a power cut. */
	if (!options->dry_run &&
	    (settle_found(store, e) < 0 || with_commit_lock(&p, publish_locked, e) < 0))
		return e->code;
	take_at_once(&p);
	count_waiting(&p);
	if (delete_packs(&p, e) < 0)
		return e->code;
	if ((options->dry_run ? delete_files(&p, e) : with_commit_lock(&p, delete_rest_locked, e)) <
	    0)
		return e->code;
	*ret = p.result;
	return 0;
}
