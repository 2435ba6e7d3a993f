#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/exit_code.h"
#include "base/texts.h"
#include "oplog/dbhash.h"
#include "tools/cmd_table.h"
#include "tools/json_out.h"
#include "tools/moment_at.h"
#include "tools/size.h"
#include "tools/table.h"
#include "tools/term.h"

#define DEPTH_MAX 16 /* folders in each other; a store has three */

struct options {
	const char *at;
	bool dbhash;
};

static const struct args_option options[] = {
	CMD_AT_OPTION(struct options),
	{"dbhash", 0, ARGS_FLAG, NULL, "print what dbHash of a mongod would, for the moment --at",
	 offsetof(struct options, dbhash)},
};

/* What is counted in a store's folder. */
struct usage {
	uint64_t bytes; /* of files, as du -b */
	uint64_t files;
	uint64_t packs;
};

/* Count a folder. local/ is of this machine only and does not count. */
static int add_folder(int parent, const char *name, unsigned depth, struct usage *ret,
		      struct error *e)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *entry;
	DIR *dir;
	int code = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : error_sys(e, "%s", name);
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return error_sys(e, "%s", name);
	}
	while (code == 0 && (entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    (depth == 0 && strcmp(entry->d_name, "local") == 0))
			continue;
		if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue; /* gone meanwhile */
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			code = add_folder(fd, entry->d_name, depth + 1, ret, e);
		} else if (S_ISREG(st.st_mode)) {
			ret->bytes += (uint64_t)st.st_size;
			ret->files++;
			ret->packs += len > 5 && strcmp(entry->d_name + len - 5, ".pack") == 0;
		}
	}
	closedir(dir);
	return code;
}

/* What all snapshots show, taken together. */
struct totals {
	uint64_t snapshots, documents, bytes;
};

static void print_stats_json(const struct usage *usage, const struct totals *totals,
			     const struct snapshot *newest)
{
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_u64(&j, "snapshots", totals->snapshots);
	json_out_u64(&j, "documents", totals->documents);
	json_out_u64(&j, "logicalBytes", totals->bytes);
	json_out_u64(&j, "storedBytes", usage->bytes);
	json_out_double(&j, "ratio",
			usage->bytes == 0 ? 0 : (double)totals->bytes / (double)usage->bytes);
	json_out_u64(&j, "packs", usage->packs);
	json_out_u64(&j, "files", usage->files);
	json_out_str(&j, "newest", newest == NULL ? NULL : newest->name);
	json_out_finish(&j);
}

static void print_stats(const struct usage *usage, const struct totals *totals,
			const struct snapshot *newest)
{
	OWNED(buf_release) struct buf name = {0};
	char text[SIZE_TEXT_LEN];

	size_count_text(totals->snapshots, text);
	printf("snapshots  %s", text);
	if (newest != NULL)
		printf(" (newest: %s)", term_escaped(bytes_str(newest->name), &name));
	size_count_text(totals->documents, text);
	printf("\ndocuments  %s in all of them\n", text);
	size_text(totals->bytes, text);
	printf("shown      %s of BSON in all of them\n", text);
	size_text(usage->bytes, text);
	printf("stored     %s in ", text);
	size_count_text(usage->packs, text);
	printf("%s packs, without local/\n", text);
	if (usage->bytes > 0)
		printf("ratio      %.1f : 1\n", (double)totals->bytes / (double)usage->bytes);
}

static int run_store_stats(struct cmd_run *run, struct store *store, struct error *e)
{
	OWNED(snapshots_release) struct snapshot_list list = {0};
	struct usage usage = {0};
	struct totals totals = {0};
	const struct snapshot *newest = NULL;
	size_t skipped = 0;

	if (cmd_snapshots_read(run, store, &list, &skipped, e) < 0)
		return e->code;
	if (add_folder(AT_FDCWD, store_path(store), 0, &usage, e) < 0)
		return e->code;
	for (size_t i = 0; i < list.count; i++) {
		if (list.at[i].checkpoint)
			continue;
		totals.snapshots++;
		newest = &list.at[i];
		totals.documents += list.at[i].documents;
		totals.bytes += list.at[i].bytes;
	}
	if (run->globals.json)
		print_stats_json(&usage, &totals, newest);
	else
		print_stats(&usage, &totals, newest);
	return skipped > 0 ? EXIT_CODE_PARTIAL : EXIT_CODE_OK;
}

/* Where dbHash's answers go. */
struct hash_output {
	struct table *table; /* or NULL: JSON */
	struct json_out json;
	bool in_database;
	struct buf capped; /* names of the database's capped collections, each with a NUL */
	struct buf uuids;  /* UUID (16 bytes) and name with a NUL, for each that is known */
};

static void begin_database(struct hash_output *out, struct bytes db)
{
	if (out->in_database)
		return;
	buf_reset(&out->capped);
	buf_reset(&out->uuids);
	json_out_object(&out->json, NULL);
	json_out_name(&out->json, "db", db);
	json_out_object(&out->json, "collections");
	out->in_database = true;
}

static int put_collection(void *ctx, const struct dbhash_collection *c, struct error *e)
{
	struct hash_output *out = ctx;

	(void)e;
	if (out->table != NULL) {
		OWNED(buf_release) struct buf ns = {0};

		buf_add_bytes(&ns, c->db);
		buf_add_u8(&ns, '.');
		buf_add_bytes(&ns, c->name);
		table_add_str(out->table, c->hash);
		table_add(out->table, buf_bytes(&ns));
		return 0;
	}
	begin_database(out, c->db);
	json_out_entry_str(&out->json, c->name, c->hash);
	if (c->capped) {
		buf_add_bytes(&out->capped, c->name);
		buf_add_u8(&out->capped, 0);
	}
	if (c->uuid != NULL) {
		buf_add(&out->uuids, c->uuid, 16);
		buf_add_bytes(&out->uuids, c->name);
		buf_add_u8(&out->uuids, 0);
	}
	return 0;
}

/* "capped" and "uuids" of a database, as in the answer of a mongod. */
static void put_facts(struct hash_output *out)
{
	const char *name;

	json_out_array(&out->json, "capped");
	for (size_t at = 0; (name = texts_next(&out->capped, &at)) != NULL;)
		json_out_bytes(&out->json, NULL, bytes_str(name));
	json_out_end_array(&out->json);
	json_out_object(&out->json, "uuids");
	for (size_t at = 0; at < out->uuids.len;) {
		const uint8_t *u = out->uuids.at + at;
		struct bytes of = bytes_str((const char *)u + 16);
		char text[40];

		snprintf(text, sizeof(text), "%08x-%04x-%04x-%04x-%04x%08x", get_be32(u),
			 get_be32(u + 4) >> 16, get_be32(u + 4) & 0xffff, get_be32(u + 8) >> 16,
			 get_be32(u + 8) & 0xffff, get_be32(u + 12));
		json_out_entry_str(&out->json, of, text);
		at += 16 + of.len + 1;
	}
	json_out_end_object(&out->json);
}

static int put_database(void *ctx, struct bytes db, const char *md5, struct error *e)
{
	struct hash_output *out = ctx;

	(void)e;
	if (out->table != NULL) {
		table_add_str(out->table, md5);
		table_add(out->table, db);
		return 0;
	}
	begin_database(out, db);
	json_out_end_object(&out->json);
	put_facts(out);
	json_out_str(&out->json, "md5", md5);
	json_out_end_object(&out->json);
	out->in_database = false;
	return 0;
}

static int run_dbhash(struct cmd_run *run, struct store *store, struct error *e)
{
	static const char *const titles[] = {"MD5", "DATABASE OR COLLECTION"};
	const struct options *o = run->options;
	const char *only = run->words.count > 0 ? run->words.at[0] : NULL;
	OWNED(moment_at_release) struct moment_at at = {0};
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	OWNED(table_free) struct table *table = table_new(titles, COUNT_OF(titles));
	struct hash_output out = {.table = run->globals.json ? NULL : table};
	const struct dbhash_sink sink = {
		.ctx = &out, .collection = put_collection, .database = put_database};
	uint64_t first, end;
	int ret;

	if (moment_at_open(run, store, o->at, &at, e) < 0)
		return e->code;
	if (only != NULL && cmd_find_db(at.moment, only, &first, &end, e) < 0)
		return e->code;
	if (run->globals.json) {
		json_out_begin(&out.json, stdout, false);
		json_out_name(&out.json, at.point.is_snapshot ? "snapshot" : "moment",
			      bytes_str(at.point.name));
		json_out_array(&out.json, "databases");
	}
	progress = term_progress_begin(run->progress);
	moment_at_report(&at, term_progress_get(progress));
	ret = dbhash_run(at.moment, only, cmd_tmp_dir(), term_progress_get(progress), &sink, e);
	moment_at_report(&at, NULL);
	term_progress_end(TAKE(progress));
	buf_release(&out.capped);
	buf_release(&out.uuids);
	if (ret < 0) {
		json_out_drop(&out.json);
		return ret;
	}
	if (run->globals.json) {
		json_out_end_array(&out.json);
		json_out_finish(&out.json);
	} else {
		table_print(table, stdout);
	}
	return 0;
}

static int run_stats(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(store_close) struct store *store = NULL;

	if (!o->dbhash && (o->at != NULL || run->words.count > 0))
		return cmd_usage_error(run, e, "--at and DB go with --dbhash");
	if (cmd_open_store(run, &store, e) < 0)
		return e->code;
	return o->dbhash ? run_dbhash(run, store, e) : run_store_stats(run, store, e);
}

const struct cmd cmd_stats = {
	.name = "stats",
	.group = "Look",
	.synopsis = "-s STORE [--dbhash [--at WHEN] [DB]] [--json]",
	.summary = "show what the store holds and takes, or hash databases as a mongod does",
	.about = "With --dbhash: for each database and collection what the command dbHash of a "
		 "mongod\n"
		 "prints, to prove that a restored deployment equals the snapshot. It reads every\n"
		 "document. Collections with a collation are put in the order of this ICU, which "
		 "for a\n"
		 "few characters is not that of the mongod.\n",
	.examples = "  yester stats -s /backup/shop\n"
		    "  yester stats -s /backup/shop --dbhash shop\n"
		    "  mongosh shop --quiet --eval 'db.runCommand({dbHash: 1}).md5'\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_max = 1,
	.run = run_stats,
};
