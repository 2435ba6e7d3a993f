#include <stdio.h>

#include "base/exit_code.h"
#include "tools/backup_files.h"
#include "tools/cmd_table.h"
#include "tools/ingest_out.h"
#include "tools/size.h"
#include "tools/source_live.h"
#include "tools/term.h"

#define TRIES                                                                                      \
	3 /* when a collection is renamed while it is copied; what was copied is in the store */
#define CONNECTIONS 4 /* as mongodump */
#define CONNECTIONS_MAX 64
#define CONNECT_MS 5000
#define ANSWER_MS 60000

struct options {
	const char *uri;
	const char *uri_file;
	const char *name;
	const char *tag;
	const char *rate;
	const char *connections;
	const char *dbpath;
	const char *mongod;
	bool in_place;
	bool allow_untested;
	struct args_list include, exclude;
};

#define FIELD(field) offsetof(struct options, field)
static const struct args_option options[] = {
	{"uri", 0, ARGS_VALUE, "URI",
	 "the replica set (--uri-file and YESTER_URI are not seen by ps)", FIELD(uri)},
	{"uri-file", 0, ARGS_VALUE, "F", "a file with the URI, which only its owner can read",
	 FIELD(uri_file)},
	{"name", 0, ARGS_VALUE, "N", "name of the snapshot (default: its time)", FIELD(name)},
	{"tag", 0, ARGS_VALUE, "T", "a word to remember it by", FIELD(tag)},
	{"nsInclude", 0, ARGS_LIST, "G", "take only these namespaces: shop.*, *.orders",
	 FIELD(include)},
	{"nsExclude", 0, ARGS_LIST, "G", "leave these out", FIELD(exclude)},
	{"numParallelCollections", 0, ARGS_VALUE, "N",
	 "collections that are copied at once (default: 4)", FIELD(connections)},
	{"rate", 0, ARGS_VALUE, "BYTES", "copy at most so many bytes of documents a second: 20M",
	 FIELD(rate)},
	{"allow-untested", 0, ARGS_FLAG, NULL,
	 "try a server that is newer than this program; then verify", FIELD(allow_untested)},
	{"dbpath", 0, ARGS_VALUE, "DIR",
	 "instead of --uri: the files of a mongod, from a snapshot of a disk", FIELD(dbpath)},
	{"mongod", 0, ARGS_VALUE, "PATH",
	 "with --dbpath: the program that opens them, a name in PATH or a path", FIELD(mongod)},
	{"in-place", 0, ARGS_FLAG, NULL,
	 "with --dbpath: let it recover in DIR itself, not in a copy", FIELD(in_place)},
};

static void print_note(void *ctx UNUSED, const char *text)
{
	OWNED(buf_release) struct buf line = {0};

	buf_add_str(&line, "yester: backup: ");
	term_escape_message(text, &line);
	buf_add_u8(&line, '\n');
	fputs(buf_text(&line), stderr);
}

static int read_numbers(const struct options *o, struct source_live *ret, struct error *e)
{
	uint64_t connections = CONNECTIONS;

	if (o->rate != NULL && size_parse("rate", o->rate, &ret->rate, e) < 0)
		return e->code;
	if (o->connections != NULL && args_number("numParallelCollections", o->connections,
						  CONNECTIONS_MAX, &connections, e) < 0)
		return e->code;
	if (connections == 0)
		return error_set(e, ERR_INVALID, "--numParallelCollections takes 1 to %d",
				 CONNECTIONS_MAX);
	ret->connections = (unsigned)connections;
	ret->allow_untested = o->allow_untested;
	return 0;
}

static int read_options(struct cmd_run *run, struct ns_filter *filter, struct ingest_options *ret,
			struct error *e)
{
	const struct options *o = run->options;

	if (o->name != NULL && *o->name == '\0')
		return cmd_usage_error(run, e, "the name is empty");
	for (size_t i = 0; i < o->include.count; i++)
		if (ns_filter_include(filter, o->include.at[i], e) < 0)
			return e->code;
	for (size_t i = 0; i < o->exclude.count; i++)
		if (ns_filter_exclude(filter, o->exclude.at[i], e) < 0)
			return e->code;
	*ret = (struct ingest_options){
		.read = source_live_read,
		.source = "backup",
		.name = o->name,
		.tag = o->tag,
		.filter = filter,
		.objcheck = BSON_CHECK_STRUCTURE,
	};
	return 0;
}

static int back_up(struct store *store, struct ingest_options *o, struct source_live *live,
		   struct ingest_result *ret, struct error *e)
{
	int code;

	o->read_ctx = live;
	for (int i = 1; (code = ingest_run(store, o, ret, e)) < 0; i++)
		if (!live->again || i == TRIES)
			break;
	return code;
}

/* The files of --dbpath, with a mongod on them. */
static int open_files(struct cmd_run *run, const struct progress *progress,
		      struct backup_files **ret, struct error *e)
{
	const struct options *o = run->options;
	const struct backup_files_options how = {.dbpath = o->dbpath,
						 .mongod = o->mongod,
						 .in_place = o->in_place,
						 .tmp = cmd_tmp_dir(),
						 .progress = progress};

	return o->dbpath == NULL ? 0 : backup_files_open(&how, ret, e);
}

static int check_source(struct cmd_run *run, struct live_uri **ret, struct error *e)
{
	const struct options *o = run->options;

	if (o->dbpath != NULL && (o->uri != NULL || o->uri_file != NULL))
		return cmd_usage_error(run, e, "--dbpath and --uri: only one can be");
	if ((o->dbpath == NULL) != (o->mongod == NULL) || (o->in_place && o->dbpath == NULL))
		return cmd_usage_error(run, e, "--dbpath DIR goes with --mongod PATH");
	if (o->dbpath != NULL)
		return 0;
	/* First of all: what was typed is visible until then. */
	if (live_uri_read((char *)(uintptr_t)o->uri, o->uri_file, ret, e) < 0)
		return e->code;
	live_uri_patience(*ret, CONNECT_MS, ANSWER_MS);
	return 0;
}

static int print_result(struct cmd_run *run, struct ingest_result *result)
{
	int ret = result->snapshot.exact ? EXIT_CODE_OK : EXIT_CODE_PARTIAL;

	if (run->globals.json)
		ingest_out_json(result);
	else if (!run->globals.quiet)
		ingest_out_text(run, result,
				((const struct options *)run->options)->dbpath == NULL);
	ingest_result_release(result);
	return ret;
}

static int run_backup(struct cmd_run *run, struct error *e)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	OWNED(live_uri_free) struct live_uri *uri = NULL;
	OWNED(store_close) struct store *store = NULL;
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	OWNED(backup_files_close) struct backup_files *files = NULL;
	struct ingest_options how;
	struct ingest_result result = {0};
	struct source_live live = {.note = run->globals.quiet ? NULL : print_note};
	int ret;

	if (check_source(run, &uri, e) < 0 || read_options(run, filter, &how, e) < 0 ||
	    read_numbers(run->options, &live, e) < 0 || cmd_open_store(run, &store, e) < 0)
		return e->code;
	progress = term_progress_begin(run->progress);
	how.progress = term_progress_get(progress);
	if (open_files(run, how.progress, &files, e) < 0)
		return e->code;
	live.store = store;
	live.uri = files == NULL ? uri : backup_files_uri(files);
	ret = back_up(store, &how, &live, &result, e);
	backup_files_close(TAKE(files));
	term_progress_end(TAKE(progress));
	return ret < 0 ? ret : print_result(run, &result);
}

const struct cmd cmd_backup = {
	.name = "backup",
	.group = "Put in",
	.synopsis = "-s STORE --uri-file F | --uri URI | --dbpath DIR --mongod PATH [--in-place]\n"
		    "              [--name N] [--tag T] [--nsInclude G]... [--nsExclude G]...\n"
		    "              [--numParallelCollections N] [--rate BYTES] [--allow-untested]",
	.summary = "copy a running replica set into the store as a snapshot of one moment",
	.about = "The collections are copied from a secondary when there is one, while clients go "
		 "on writing;\n"
		 "what they wrote meanwhile is taken from the oplog and replayed, so that the "
		 "snapshot shows\n"
		 "exactly the moment of the last entry. All of it is what a majority of the "
		 "members has. These\n"
		 "entries also go into the stream, which 'yester tail' continues. A lost "
		 "connection is made\n"
		 "anew, and the copy goes on where it was; a member that lags is left alone for a "
		 "while.\n"
		 "\n"
		 "Nothing is written to the deployment. What needs a user: the role \"backup\". "
		 "A standalone, a\n"
		 "mongos, a shard, an arbiter, and a member of another replica set than that of "
		 "the store's\n"
		 "snapshots are refused (exit code 6), and so is a version "
		 "that "
		 "is newer\n"
		 "than this program. When it fails or is interrupted there is no snapshot, and "
		 "what was copied\n"
		 "is not stored again next time. Exit code 3: the copy is there, but its oplog "
		 "could "
		 "not be\n"
		 "replayed, so that it is of about that time.\n"
		 "\n"
		 "--dbpath takes the files of a member instead: a snapshot of its disk, or a copy "
		 "that was made\n"
		 "while it did not run. That mongod is started on a copy of them (a reflink where "
		 "that works),\n"
		 "recovers, is read by a private socket, and ends.\n",
	.examples =
		"  yester backup -s /backup/shop --uri-file /etc/yester/uri\n"
		"  YESTER_URI='mongodb://u:p@h1,h2/?replicaSet=rs0' yester backup -s /backup/shop "
		"--tag nightly\n"
		"  yester backup -s /backup/shop --dbpath /mnt/lvm-snapshot/db --mongod "
		"/usr/bin/mongod\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_backup,
};
