#include "tools/replicate_sound.h"

#include <stdio.h>

#include "base/file.h"
#include "base/texts.h"
#include "oplog/journal.h"
#include "oplog/stream.h"
#include "oplog/stream_check.h"
#include "store/backend/backend.h"
#include "store/check.h"
#include "store/condemned.h"
#include "store/pack/pack_reader.h"
#include "store/snapshot/snapshots.h"
#include "store/store_stream.h"

/* A bad sector is damage; that we lack memory, files or rights, or a server is away, says nothing of what is there. */
static int refused(const struct error *why, struct error *e)
{
	if (why->code == ERR_IO && !error_is_no_damage(why))
		return 0;
	*e = *why;
	return e->code;
}

static int pack_is_sound(struct store *store, const char *name, const struct chunk_id *id,
			 struct error *e)
{
	struct backend *files = store_stream_files(store);
	OWNED(buf_release) struct buf content = {0};
	struct error why;
	uint64_t size;
	int found = files->ops->size(files, name, &size, &why);

	if (found == 1)
		found = pack_reader_whole(files, id, size, &content, &why);
	return found < 0 ? refused(&why, e) : found;
}

static int journal_is_sound(struct store *store, const char *path, struct error *e)
{
	OWNED(journal_release) struct journal *journal = NULL;
	struct error why;
	int code = journal_open(path, store_keys(store), &journal, &why);

	if (code == 0)
		code = journal_check(journal, &why);
	/* A newer program's, by a header that is sound: nothing speaks against it. */
	return code == 0 || code == ERR_UNSUPPORTED ? 1
	       : code == ERR_CORRUPT		    ? 0
						    : refused(&why, e);
}

int replicate_is_sound(struct store *store, const char *name, struct error *e)
{
	const char *slash = strrchr(name, '/'), *base = slash == NULL ? name : slash + 1;
	OWNED(free) char *path = xprintf("%s/%s", store_path(store), name);
	OWNED(buf_release) struct buf content = {0};
	struct chunk_id id, hash;
	struct error why;
	uint64_t number;

	if (journal_parse_name(base, &number))
		return journal_is_sound(store, path, e);
	if (pack_reader_parse_name(name, &id))
		return pack_is_sound(store, name, &id, e);
	if (strlen(base) < CHUNK_ID_HEX || !chunk_id_parse(bytes_of(base, CHUNK_ID_HEX), &id))
		return 1;
	if (file_read(path, BACKEND_FILE_MAX, &content, &why) < 0)
		return why.code == ERR_LIMIT ? 0 : refused(&why, e);
	hash = chunk_id_of(buf_bytes(&content));
	return chunk_id_equal(&hash, &id);
}

int replicate_given_up(struct store *store, struct buf *ret, struct error *e)
{
	OWNED(condemned_release) struct condemned condemned = {0};
	struct chunk_id id;

	if (condemned_read(store, &condemned, e) < 0)
		return e->code;
	for (size_t i = 0; i < condemned.file_count; i++) {
		const char *name = condemned.files[i].name;
		bool ours =
			pack_reader_parse_name(name, &id) || strstr(name, JOURNAL_SUFFIX) != NULL;
		int sound = ours ? replicate_is_sound(store, name, e) : 1;

		if (sound < 0)
			return sound;
		if (sound == 0)
			texts_add(ret, name);
	}
	return 0;
}

static void pass_over(void *ctx UNUSED, const char *text UNUSED)
{
}

/* Is it a newer program's what can't be read? Then nothing is known of it, and it is no damage: an error. */
static int refuse_newer(struct store *store, struct error *e)
{
	const struct check_options options = {0};
	struct check_result packs;
	struct stream_check_result oplog;
	struct error why;
	int code = check_run(store, &options, pass_over, NULL, &packs, &why);

	if (code == 0)
		code = stream_check_run(store, &options, pass_over, NULL, &oplog, &why);
	if (code == 0)
		return 0;
	*e = why;
	if (code != ERR_UNSUPPORTED)
		return e->code;
	(void)error_wrap(e, "all was sent, nothing was deleted there");
	return error_hint(e, "--delete needs a program that knows all that is here");
}

int replicate_is_whole(struct store *store, uint64_t *ret_lacks, struct error *e)
{
	OWNED(snapshots_release) struct snapshot_list list = {0};
	OWNED(stream_close) struct stream *stream = NULL;
	size_t snapshots = 0, segments = 0;

	if (store_is_keyless(store))
		return 1;
	/* What was found whole is noted until it is seen that a pack went. */
	if (store_refresh(store, e) < 0 || snapshots_read(store, &list, &snapshots, e) < 0 ||
	    stream_open(store, &stream, &segments, e) < 0)
		return e->code;
	*ret_lacks = snapshots + segments;
	if (*ret_lacks > 0 && refuse_newer(store, e) < 0)
		return e->code;
	return *ret_lacks == 0;
}
