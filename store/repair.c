#include "store/repair.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/texts.h"
#include "store/condemned.h"
#include "store/live_set.h"
#include "store/pack/pack_reader.h"
#include "store/prune.h"
#include "store/repair_pack.h"
#include "store/repair_runs.h"
#include "store/snapshot/catalog.h"
#include "store/snapshot/snapshots.h"
#include "store/store_internal.h"
#include "store/tree/tree_cursor.h"
#include "store/tree/tree_node.h"
#include "store/writer_encode.h"

struct bad_pack {
	struct chunk_id id;
	uint64_t size;
};

struct repair {
	struct store *store;
	const struct repair_options *options;
	struct store_writer *writer;
	struct buf bad;	   /* of struct bad_pack */
	struct buf harmed; /* names of manifests and segments that are not whole, each with a NUL */
	struct live_set *good; /* trees of which everything was found; first bytes of their ids */
	struct repair_result result;
	uint64_t lost;	 /* documents of the tree that is walked */
	uint64_t rank;	 /* how many of its documents were passed */
	struct buf runs; /* of struct repair_run: those of them that are lost */
	uint64_t lost_chunks;
	uint64_t unread; /* asked of the copy, which failed to read it */
};

static void repair_release(struct repair *r)
{
	store_writer_end(r->writer);
	buf_release(&r->bad);
	buf_release(&r->harmed);
	buf_release(&r->runs);
	live_set_free(r->good);
}
DEFINE_OWNED_STRUCT(struct repair, repair_release);

static void tell(struct repair *r, const char *format, ...) PRINTF_LIKE(2, 3);
static void tell(struct repair *r, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	r->options->tell(r->options->tell_ctx, text);
}

static int still_wanted(const struct repair *r, const char *phase, uint64_t done, struct error *e)
{
	return progress_go_on(r->options->progress, phase, done, 0, e);
}

/* ---- packs */

/* A bad sector is damage; that we lack memory, files or rights, or a server is away, says nothing of what is there. */
static bool disk_refused(const struct error *e)
{
	return e->code == ERR_IO && !error_is_no_damage(e);
}

/*
 * A pack with the hash in its name: 1; 0 when it is one of another store, of which nothing can be opened here: encrypted, or this
 * one is. A newer program's is an error: what it holds would be taken for lost.
 */
static int is_ours(const struct repair *r, const struct bad_pack *pack, struct bytes content,
		   struct error *e)
{
	OWNED(buf_release) struct buf entries = {0};
	OWNED(buf_release) struct buf stored = {0};
	const struct pack_entry *first;
	enum pack_kind kind;
	int code =
		pack_reader_directory(r->store->backend, &pack->id, pack->size, &entries, &kind, e);

	if (code != 1)
		return code == ERR_CORRUPT ? 0 : code;
	if ((content.at[PACK_CIPHER_AT] != 0) != (r->store->keys != NULL))
		return 0;
	first = (const struct pack_entry *)(const void *)entries.at;
	if (entries.len == 0)
		return 1;
	buf_add(&stored, content.at + first->place.offset, first->place.stored);
	code = store_unseal(r->store, &pack->id, &first->place, &stored, e);
	return code == ERR_CORRUPT ? 0 : code < 0 ? code : 1;
}

static int look_at_pack(void *ctx, const char *name, uint64_t size, struct error *e)
{
	OWNED(buf_release) struct buf content = {0};
	struct bad_pack pack = {.size = size};
	struct repair *r = ctx;
	int sound, ours = 0;

	if (!pack_reader_parse_name(name, &pack.id))
		return 0;
	r->result.packs++;
	sound = pack_reader_whole(r->store->backend, &pack.id, size, &content, e);
	if (sound < 0 && !disk_refused(e))
		return sound;
	if (sound == 1 && (ours = is_ours(r, &pack, buf_bytes(&content), e)) < 0)
		return ours;
	if (sound != 1 || ours != 1) {
		r->result.damaged_packs++;
		tell(r, "%s is %s", name, sound == 1 ? "of another store" : "damaged");
		buf_add(&r->bad, &pack, sizeof(pack));
	}
	return still_wanted(r, "reading (packs)", r->result.packs, e);
}

/* Damaged packs wait for a prune, by name: of some not even the directory can be read. Writers do not share with them. */
static int condemn_bad(struct repair *r, struct error *e)
{
	const struct bad_pack *bad = (const struct bad_pack *)(const void *)r->bad.at;
	size_t count = r->bad.len / sizeof(*bad);
	OWNED(free) struct chunk_id *ids = xcalloc(count + 1, sizeof(*ids));
	struct prune_forget what = {
		.packs = ids, .pack_count = count, .now_us = r->options->now_us};

	for (size_t i = 0; i < count; i++)
		ids[i] = bad[i].id;
	return count == 0 ? 0 : prune_forget(r->store, &what, e);
}

static int salvage_one(struct repair *r, const struct bad_pack *bad, struct error *e)
{
	OWNED(buf_release) struct buf content = {0};
	char name[PACK_NAME_LEN + 1];
	uint64_t count = 0;

	pack_reader_name(&bad->id, name);
	if (pack_reader_whole(r->store->backend, &bad->id, bad->size, &content, e) < 0)
		return disk_refused(e) ? 0 : e->code;
	if (content.len == 0)
		return 0;
	if (repair_pack_salvage(r->writer, buf_bytes(&content), &count, e) < 0)
		return e->code;
	if (count > 0)
		tell(r, "%s: %" PRIu64 " pieces were saved", name, count);
	r->result.salvaged += count;
	return 0;
}

/* From now on nothing is looked for in them: what was not saved is lost, and seen to be. */
static int forget_bad(struct repair *r, struct error *e)
{
	const struct bad_pack *bad = (const struct bad_pack *)(const void *)r->bad.at;
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = NULL;
	OWNED(free) struct chunk_pack *packs = NULL;
	OWNED(buf_release) struct buf numbers = {0};
	size_t count;

	if (r->bad.len == 0)
		return 0;
	if (chunk_index_packs(r->store->index, &packs, &count, e) < 0)
		return e->code;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < r->bad.len / sizeof(*bad); k++)
			if (chunk_id_equal(&packs[i].id, &bad[k].id))
				buf_add(&numbers, &packs[i].number, sizeof(uint32_t));
	if (chunk_index_begin(r->store->index, &batch, e) < 0 ||
	    chunk_index_drop_packs(batch, (const uint32_t *)(const void *)numbers.at,
				   numbers.len / sizeof(uint32_t), e) < 0 ||
	    chunk_index_drop_notes(batch, bytes_str("whole:"), e) < 0)
		return e->code;
	return chunk_index_commit(TAKE(batch), e);
}

/* ---- what is needed */

/*
 * The copy did not give something. Where it can't be read that is told: another run may find it there. Its other files may
 * still be read, so that is no reason to end. 0, or what this machine lacks.
 */
static int copy_lacks(struct repair *r, const struct error *why, struct error *e)
{
	if (error_is_lack(why)) {
		*e = *why;
		return e->code;
	}
	if (why->code != ERR_CORRUPT && r->unread++ == 0)
		tell(r, "the copy can't be read: %s", why->text);
	return 0;
}

/* 1 and it is with the writer; 0: the copy does not have it. `below`: as one of less than that depth, or 0. */
static int fetch_chunk(struct repair *r, const struct chunk_id *id, enum chunk_kind kind,
		       unsigned below, struct error *e)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct store_put put = {.kind = kind, .below = below};
	struct error why;
	int code;

	if (store_get(r->options->from, id, &chunk, &why) < 0)
		return copy_lacks(r, &why, e);
	buf_add_bytes(&put.plain, chunk->plain);
	code = store_writer_put(r->writer, &put, e);
	buf_release(&put.plain);
	if (code < 0)
		return code;
	r->result.fetched++;
	return 1;
}

/* The base of what lies there: its whole id, which a place does not have. 1; 0 neither side knows it. */
static int base_of(const struct repair *r, const struct chunk_place *place, struct chunk_id *ret,
		   struct error *e)
{
	int found = chunk_index_by_prefix(r->store->index, place->base, CHUNK_BASE_LEN, ret, 1, e);

	return found != 0 ? found
			  : chunk_index_by_prefix(r->options->from->index, place->base,
						  CHUNK_BASE_LEN, ret, 1, e);
}

/*
 * 1 it is there as one of less than `depth`, or came from the copy; 0 it is lost. What is here only as a delta can be read again when its
 * base can: that need not be in any tree, and where it is, its turn may come later.
 */
static int have_chunk(struct repair *r, const struct chunk_id *id, enum chunk_kind kind,
		      unsigned depth, struct error *e)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	struct chunk_id base;
	/* What lies in damaged packs was stored anew, or is damaged. */
	int got = store_writer_is_safe(r->writer, id, depth, e), count;

	if (got != 0 || r->options->from == NULL)
		return got;
	got = fetch_chunk(r, id, kind, depth == STORE_WRITER_ANY_DEPTH ? 0 : depth, e);
	if (got != 0)
		return got;
	count = chunk_index_get(r->store->index, id, places, e);
	for (int i = 0; i < count && got == 0; i++) {
		const struct chunk_place *place = &places[i];

		if (place->depth >= depth || place->codec != CODEC_ZSTD_PREFIX ||
		    store_writer_is_condemned(r->writer, place->pack))
			continue;
		got = base_of(r, place, &base, e);
		if (got == 1)
			got = have_chunk(r, &base, place->depth > DEPTH_FULL ? kind : CHUNK_PREFIX,
					 place->depth, e);
	}
	if (got == 1 && store_writer_flush(r->writer, e) < 0)
		return e->code;
	if (got == 1)
		got = store_writer_is_safe(r->writer, id, depth, e);
	return count < 0 ? count : got;
}

static int lose(struct repair *r, const struct tree_root *root)
{
	repair_runs_add(&r->runs, r->rank, root->count);
	r->rank += root->count;
	r->lost += root->count;
	r->lost_chunks++;
	return 0;
}

/* 1 all of it is there, 0 not: then r->lost grew. */
static int walk(struct repair *r, const struct tree_root *root, struct error *e)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	const uint64_t fetched = r->result.fetched;
	struct tree_node node;
	struct error why;
	int there, whole = 1;

	if (root->count == 0 || live_set_has(r->good, live_set_number(&root->id))) {
		r->rank += root->count;
		return 1;
	}
	there = have_chunk(r, &root->id, root->height > 0 ? CHUNK_NODE : CHUNK_LEAF,
			   STORE_WRITER_ANY_DEPTH, e);
	/* What came is read right away. */
	if (r->result.fetched > fetched && root->height > 0 && store_writer_flush(r->writer, e) < 0)
		return e->code;
	if (there != 1)
		return there < 0 ? there : lose(r, root);
	if (root->height > 0) {
		if (store_get(r->store, &root->id, &chunk, &why) < 0 ||
		    tree_node_parse(chunk->plain, root, &node, &why) < 0)
			return why.code == ERR_CORRUPT ? lose(r, root) : (*e = why, why.code);
		for (uint32_t i = 0; i < node.n && whole >= 0; i++) {
			struct tree_root child = tree_node_child_root(&node, i);

			there = walk(r, &child, e);
			whole = there < 0 ? there : whole && there;
		}
		tree_node_release(&node);
	} else {
		r->rank += root->count;
	}
	if (whole == 1)
		live_set_add(r->good, live_set_number(&root->id));
	return whole;
}

int repair_tree(struct repair *r, const struct tree_root *root, const char *what, struct error *e)
{
	int whole;

	r->lost = r->lost_chunks = r->rank = 0;
	buf_reset(&r->runs);
	whole = walk(r, root, e);
	if (whole != 0)
		return whole < 0 ? whole : 0;
	r->result.lost += r->lost_chunks;
	r->result.lost_documents += r->lost;
	tell(r, "%s: %" PRIu64 " of %" PRIu64 " can't be read", what, r->lost, root->count);
	/* What stands beside them may just have come from the copy. */
	if (store_writer_flush(r->writer, e) < 0)
		return e->code;
	repair_runs_tell(r->store, root, &r->runs, r->options);
	return 1;
}

/* ---- snapshots */

static void note_harm(struct repair *r, const char *name)
{
	r->result.harmed++;
	texts_add(&r->harmed, name);
}

/* Each collection of a snapshot. Returns how many are not whole. */
static int repair_collections(struct repair *r, const struct snapshot *s, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(r->store, &s->catalog);
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct bytes doc;
	int found, harmed = 0;

	while ((found = tree_cursor_next(cursor, &doc, e)) == 1) {
		OWNED(free) char *what = NULL;

		if (catalog_entry_decode(doc, &entry, e) < 0)
			return e->code;
		what = xprintf("snapshot %s, documents of %s", s->name, entry.ns);
		found = repair_tree(r, &entry.root, what, e);
		if (found < 0)
			return found;
		harmed += found;
	}
	return found < 0 ? found : harmed;
}

/* Returns how much of it is not whole. */
static int repair_snapshot(struct repair *r, const struct snapshot *s, struct error *e)
{
	OWNED(free) char *catalog = xprintf("snapshot %s, namespaces", s->name);
	OWNED(free) char *changes = xprintf("snapshot %s, times of changes", s->name);
	OWNED(free) char *oplog = xprintf("snapshot %s, entries of its oplog.bson", s->name);
	int lacks_catalog = repair_tree(r, &s->catalog, catalog, e), harmed, more;

	if (lacks_catalog < 0)
		return lacks_catalog;
	harmed = lacks_catalog;
	if ((more = repair_tree(r, &s->changes, changes, e)) < 0)
		return more;
	harmed += more;
	if ((more = repair_tree(r, &s->oplog, oplog, e)) < 0)
		return more;
	harmed += more;
	/* What came from the copy has to be readable now. */
	if (store_writer_flush(r->writer, e) < 0)
		return e->code;
	/* Of namespaces that can't be read nothing is known: not even which there are. */
	more = lacks_catalog ? 0 : repair_collections(r, s, e);
	if (more == ERR_CORRUPT) {
		tell(r, "snapshot %s: %s", s->name, e->text);
		more = 1;
	}
	return more < 0 ? more : harmed + more;
}

/* A file whose name holds its hash, from the copy. 1 it came, 0 the copy does not have it. */
static int fetch_file(struct repair *r, const char *name, const struct chunk_id *id,
		      struct error *e)
{
	struct backend *from = r->options->from == NULL ? NULL : r->options->from->backend;
	struct backend *to = r->store->backend;
	OWNED(buf_release) struct buf content = {0};
	struct chunk_id hash;
	struct error why;
	uint64_t size;
	int found = from == NULL ? 0 : from->ops->size(from, name, &size, &why);

	if (found == 1 && buf_reserve(&content, size, BACKEND_FILE_MAX, &why) < 0)
		found = why.code;
	if (found == 1)
		found = from->ops->get(from, name, 0, content.at, size, &why);
	if (found != 1)
		return found < 0 ? copy_lacks(r, &why, e) : 0;
	content.len = size;
	hash = chunk_id_of(buf_bytes(&content));
	if (!chunk_id_equal(&hash, id))
		return 0;
	if (to->ops->replace(to, name, buf_bytes(&content), e) < 0)
		return e->code;
	r->result.fetched++;
	tell(r, "%s came from the copy", name);
	return 1;
}

/* The hash in a file's name: its last 64 digits before any dot. */
static bool hash_in_name(const char *name, struct chunk_id *ret)
{
	const char *base = strrchr(name, '/');

	return base != NULL && strlen(base + 1) >= CHUNK_ID_HEX &&
	       chunk_id_parse(bytes_of(base + 1, CHUNK_ID_HEX), ret);
}

static int look_at_manifest(void *ctx, const char *name, uint64_t size, struct error *e)
{
	OWNED(snapshot_release) struct snapshot snapshot = {0};
	struct repair *r = ctx;
	struct chunk_id id;
	struct error why;
	int found = snapshots_read_one(r->store, name, size, &snapshot, &why), harm = 0;

	if (found == ERR_CORRUPT) {
		tell(r, "%s is damaged", name);
		found = hash_in_name(name, &id) ? fetch_file(r, name, &id, e) : 0;
		if (found == 0)
			note_harm(r, name);
		if (found == 1 &&
		    (r->store->backend->ops->size(r->store->backend, name, &size, e) < 0 ||
		     snapshots_read_one(r->store, name, size, &snapshot, e) < 0))
			return e->code;
	} else if (found < 0) {
		*e = why;
	}
	if (found == 1 && (harm = repair_snapshot(r, &snapshot, e)) < 0)
		return harm;
	if (harm > 0)
		note_harm(r, name);
	return found < 0 ? found : still_wanted(r, "following snapshots", 0, e);
}

static int look_at_oplog(void *ctx, const char *name, uint64_t size, struct error *e)
{
	struct repair *r = ctx;
	struct chunk_id id;
	struct error why;
	int code;

	if (r->options->roots_of == NULL)
		return 0;
	code = r->options->roots_of(r->options->ctx, r, name, size, &why);
	if (code == ERR_CORRUPT) {
		tell(r, "%s is damaged", name);
		code = hash_in_name(name, &id) ? fetch_file(r, name, &id, e) : 0;
		if (code == 1 &&
		    r->store->backend->ops->size(r->store->backend, name, &size, e) == 1)
			code = r->options->roots_of(r->options->ctx, r, name, size, e);
		else if (code == 0)
			code = r->store->backend->ops->size(r->store->backend, name, &size, e);
	} else if (code < 0) {
		*e = why;
	}
	if (code < 0)
		return code;
	if (code > 0)
		note_harm(r, name);
	return still_wanted(r, "following the oplog", 0, e);
}

/* What can still be read of the damaged packs. */
static int salvage_all(struct repair *r, struct error *e)
{
	const struct bad_pack *bad = (const struct bad_pack *)(const void *)r->bad.at;

	uint64_t before;

	/* What one pack gives may be the base of what lies in another. */
	do {
		before = r->result.salvaged;
		for (size_t i = 0; i < r->bad.len / sizeof(*bad); i++)
			if (salvage_one(r, &bad[i], e) < 0)
				return e->code;
	} while (r->result.salvaged > before);
	return 0;
}

/* Where the copy could not be read, it may have what is missing. */
static int give_up(struct repair *r, struct error *e)
{
	OWNED(free) const char **names = xcalloc(r->result.harmed + 1, sizeof(char *));
	struct prune_forget what = {.now_us = r->options->now_us, .lost = names};
	const char *name;

	if (!r->options->give_up || r->unread > 0 || r->result.harmed == 0)
		return 0;
	for (size_t at = 0; (name = texts_next(&r->harmed, &at)) != NULL;)
		names[what.lost_count++] = name;
	if (prune_forget(r->store, &what, e) < 0)
		return e->code;
	for (size_t i = 0; i < what.lost_count; i++)
		tell(r, "%s was given up", names[i]);
	r->result.given_up = what.lost_count;
	return 0;
}

int repair_run(struct store *store, const struct repair_options *options, struct repair_result *ret,
	       struct error *e)
{
	OWNED(repair_release) struct repair r = {.store = store, .options = options};
	struct backend *files = store->backend;

	r.good = live_set_new();
	if (store_is_keyless(store))
		return seal_no_key(e);
	if (store_look_writable(store, e) < 0)
		return e->code;
	if (store_rebuild(store, e) < 0 ||
	    files->ops->list(files, "chunks", look_at_pack, &r, e) < 0 || condemn_bad(&r, e) < 0 ||
	    store_writer_begin(store, &r.writer, e) < 0 || salvage_all(&r, e) < 0 ||
	    forget_bad(&r, e) < 0 ||
	    files->ops->list(files, "snapshots", look_at_manifest, &r, e) < 0 ||
	    files->ops->list(files, "oplog", look_at_oplog, &r, e) < 0 ||
	    store_writer_flush(r.writer, e) < 0 || give_up(&r, e) < 0)
		return e->code;
	if (r.unread > 1)
		tell(&r,
		     "the copy could not be read %" PRIu64 " times: mend it, and run repair again",
		     r.unread);
	*ret = r.result;
	return 0;
}
