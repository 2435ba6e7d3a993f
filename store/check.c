#include "store/check.h"

#include <stdio.h>

#include <openssl/crypto.h>

#include "store/check_trees.h"
#include "store/condemned.h"
#include "store/pack/pack_reader.h"
#include "store/snapshot/closure.h"
#include "store/store_internal.h"

struct check {
	struct store *store;
	const struct check_options *options;
	check_problem problem;
	void *ctx;
	struct check_result result;
	uint64_t total; /* bytes of all packs */
	struct condemned condemned;
	/* That it can't be told, or a file is a newer program's, is no damage: it ends the check. */
	struct error lack;
	bool stopped; /* somebody has enough; it is said once */
};

/* `where` is put before the text unless it is NULL. Of what has the hash in its name a newer version is one indeed. */
static void report(struct check *check, const char *where, bool hashed, const struct error *e)
{
	OWNED(free) char *text = NULL;

	if (error_is_no_damage(e) || (hashed && e->code == ERR_UNSUPPORTED)) {
		check->lack = *e;
		if (where != NULL)
			(void)error_wrap(&check->lack, "%s", where);
		return;
	}
	text = xprintf("%s%s%s", where == NULL ? "" : where, where == NULL ? "" : ": ", e->text);

	check->result.problems++;
	check->problem(check->ctx, text);
}

static bool is_stopped(struct check *check)
{
	const struct progress *p = check->options->progress;

	check->stopped = check->stopped || progress_cancelled(p);
	return check->stopped;
}

static int still_wanted(struct check *check, struct error *e)
{
	const struct progress *p = check->options->progress;

	if (is_stopped(check))
		return error_set(e, ERR_CANCELLED, "interrupted");
	if (check->lack.code != 0) {
		*e = check->lack;
		return e->code;
	}
	if (p != NULL && p->report != NULL && check->options->read_data)
		p->report(p->ctx, "reading packs", check->result.read_bytes, check->total);
	return 0;
}

/* Every chunk of a pack whose bytes are in memory; they may be a thousand times as long as it is. */
static void check_chunks(struct check *check, const char *name, struct bytes pack, bool hashed,
			 const struct pack_entry *entries, size_t count)
{
	const struct store_keys *keys = check->store->keys;
	uint8_t key[STORE_KEY_LEN];
	bool sealed = keys != NULL && pack_seal_key(keys, pack, key);

	for (size_t i = 0; i < count && !is_stopped(check); i++) {
		OWNED(buf_release) struct buf plain = {0};
		OWNED(free) char *where = NULL;
		const struct chunk_place *place = &entries[i].place;
		struct error e, ignored;

		/* The directory was parsed: its frames lie within the pack. */
		if (store_decode_sealed(check->store, &entries[i].id, place, sealed ? key : NULL,
					bytes_of(pack.at + place->offset, place->stored), &plain,
					&e) == 1)
			continue;
		/*
		 * A prune may have taken the base of what nobody needs, or of what a repair has stored anew elsewhere; what is
		 * needed and lacks its base is told by the manifests.
		 */
		if (closure_has_base(check->store, place, &ignored) == 0)
			continue;
		where = xprintf("%s offset %u", name, place->offset);
		report(check, where, hashed, &e);
	}
	OPENSSL_cleanse(key, sizeof(key));
}

/* The frame headers: they are not needed while the directory is sound, but for a salvage. */
static void check_frames(struct check *check, const char *name, struct bytes pack,
			 const struct pack_entry *entries, size_t count)
{
	uint64_t at = pack_format_begin(pack.at);

	for (size_t i = 0; i < count; i++) {
		struct chunk_place found;
		struct error e;
		size_t len;

		if (pack_format_parse_frame(bytes_of(pack.at + at, pack.len - at), &found, &len) !=
			    1 ||
		    found.stored != entries[i].place.stored ||
		    found.plain != entries[i].place.plain || at + len != entries[i].place.offset) {
			error_set(&e, ERR_CORRUPT,
				  "the frame header at offset %llu does not fit the "
				  "directory",
				  (unsigned long long)at);
			report(check, name, false, &e);
			return;
		}
		at = entries[i].place.offset + found.stored;
	}
}

static int read_pack(struct check *check, const char *name, const struct chunk_id *id,
		     uint64_t size, const struct pack_entry *entries, size_t count, struct error *e)
{
	OWNED(buf_release) struct buf pack = {0};
	int sound = pack_reader_whole(check->store->backend, id, size, &pack, e);

	/* A prune that runs beside took it: what needs it is told by the manifests. */
	if (sound == 0 && pack.len == 0 && size <= BACKEND_FILE_MAX)
		return 0;
	if (sound == 0 && pack.len == 0)
		return error_set(e, ERR_CORRUPT, "it is larger than any pack");
	if (sound < 0)
		return error_wrap(e, "it can't be read");
	check->result.read_bytes += size;
	if (sound == 0)
		error_set(e, ERR_CORRUPT, "its bytes do not have the hash in its name");
	check_frames(check, name, buf_bytes(&pack), entries, count);
	if (!store_is_keyless(check->store))
		check_chunks(check, name, buf_bytes(&pack), sound == 1, entries, count);
	return sound == 1 ? 0 : ERR_CORRUPT;
}

/* Is the pack in the part that is to be read? Seed 0 gives the same parts every time. */
static bool is_chosen(const struct check_options *o, const struct chunk_id *id)
{
	uint64_t number = get_le64(id->at) ^ (o->seed * UINT64_C(0x9e3779b97f4a7c15));

	if (o->parts == 0)
		return true;
	return number % o->parts >= o->part_begin && number % o->parts < o->part_end;
}

static bool has_its_hash(const struct check *check, const struct chunk_id *id, uint64_t size)
{
	OWNED(buf_release) struct buf pack = {0};
	struct error ignored;

	return pack_reader_whole(check->store->backend, id, size, &pack, &ignored) == 1;
}

static int check_pack(void *ctx, const char *name, uint64_t size, struct error *e)
{
	OWNED(buf_release) struct buf entries = {0};
	struct check *check = ctx;
	const struct pack_entry *entry;
	struct error found;
	struct chunk_id id;
	enum pack_kind kind;
	size_t count;
	int code;

	/* A damaged one that a repair has emptied waits to be deleted: what needs it is told by the manifests. */
	if (!pack_reader_parse_name(name, &id) ||
	    condemned_find_file(&check->condemned, name) != NULL)
		return 0;
	check->result.packs++;
	code = pack_reader_directory(check->store->backend, &id, size, &entries, &kind, &found);
	entry = (const struct pack_entry *)(const void *)entries.at;
	count = entries.len / sizeof(*entry);
	check->result.chunks += count;
	if (code == 1 && check->options->read_data && is_chosen(check->options, &id))
		code = read_pack(check, name, &id, size, entry, count, &found);
	/* The reader names the pack itself. */
	if (code < 0)
		report(check, strncmp(found.text, name, strlen(name)) == 0 ? NULL : name,
		       found.code == ERR_UNSUPPORTED && has_its_hash(check, &id, size), &found);
	return still_wanted(check, e);
}

static int add_size(void *ctx, const char *name, uint64_t size, struct error *e UNUSED)
{
	struct check *check = ctx;
	struct chunk_id id;

	if (pack_reader_parse_name(name, &id) && is_chosen(check->options, &id))
		check->total += size;
	return 0;
}

/* A manifest, and all that it leads to. */
static int check_manifest(void *ctx, const char *name, uint64_t size, struct error *e)
{
	struct check *check = ctx;
	struct check_trees_sums sums = {0};
	struct error found;

	switch (check_trees_manifest(check->store, name, size, &sums, &found)) {
	case 0:
		return 0; /* not a manifest's name */
	case 1:
		check->result.snapshots++;
		check->result.collections += sums.collections;
		check->result.documents += sums.documents;
		break;
	case ERR_WRONG_KEY:
		/* Its bytes have the hash in its name: more can't be told without the key. */
		check->result.snapshots++;
		check->result.sealed++;
		break;
	default:
		check->result.snapshots++;
		report(check, strncmp(found.text, name, strlen(name)) == 0 ? NULL : name, true,
		       &found);
	}
	return still_wanted(check, e);
}

int check_run(struct store *store, const struct check_options *options, check_problem problem,
	      void *ctx, struct check_result *ret, struct error *e)
{
	struct check check = {.store = store, .options = options, .problem = problem, .ctx = ctx};
	struct backend *backend = store->backend;

	int code = 0;

	if (store_refresh(store, e) < 0 || condemned_read(store, &check.condemned, e) < 0)
		return e->code;
	if (backend->ops->list(backend, "chunks", add_size, &check, e) < 0 ||
	    backend->ops->list(backend, "chunks", check_pack, &check, e) < 0 ||
	    backend->ops->list(backend, "snapshots", check_manifest, &check, e) < 0)
		code = e->code;
	condemned_release(&check.condemned);
	if (code == 0)
		*ret = check.result;
	return code;
}
