#include <stdio.h>

#include "base/exit_code.h"
#include "tools/cmd_table.h"
#include "tools/ingest_out.h"
#include "tools/source_live.h"
#include "tools/term.h"

#define TRIES                                                                                      \
	3 /* when a collection is renamed while it is copied; what was copied is in the store */

struct options {
	const char *uri;
	const char *uri_file;
	const char *name;
	const char *tag;
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
};

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

static int run_backup(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	OWNED(live_uri_free) struct live_uri *uri = NULL;
	OWNED(store_close) struct store *store = NULL;
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	struct ingest_options how;
	struct ingest_result result = {0};
	struct source_live live = {0};
	int ret;

	/* First of all: what was typed is visible until then. */
	if (live_uri_read((char *)(uintptr_t)o->uri, o->uri_file, &uri, e) < 0 ||
	    read_options(run, filter, &how, e) < 0 || cmd_open_store(run, &store, e) < 0)
		return e->code;
	live.uri = uri;
	progress = term_progress_begin(run->progress);
	how.progress = term_progress_get(progress);
	ret = back_up(store, &how, &live, &result, e);
	term_progress_end(TAKE(progress));
	if (ret < 0)
		return ret;
	if (run->globals.json)
		ingest_out_json(&result);
	else if (!run->globals.quiet)
		ingest_out_text(run, &result);
	ret = result.snapshot.exact ? EXIT_CODE_OK : EXIT_CODE_PARTIAL;
	ingest_result_release(&result);
	return ret;
}

const struct cmd cmd_backup = {
	.name = "backup",
	.group = "Put in",
	.synopsis = "-s STORE --uri-file F | --uri URI [--name N] [--tag T]\n"
		    "              [--nsInclude G]... [--nsExclude G]...",
	.summary = "copy a running replica set into the store as a snapshot of one moment",
	.about = "The collections are copied from a secondary when there is one, while clients go "
		 "on writing;\n"
		 "what they wrote meanwhile is taken from the oplog and replayed, so that the "
		 "snapshot shows\n"
		 "exactly the moment of the last entry. All of it is what a majority of the "
		 "members has. These\n"
		 "entries also go into the stream, which 'yester tail' continues.\n"
		 "\n"
		 "Nothing is written to the deployment. What needs a user: the role \"backup\". "
		 "A standalone, a\n"
		 "mongos, a shard and an arbiter are refused (exit code 6). When it fails or is "
		 "interrupted\n"
		 "there is no snapshot, and what was copied is not stored again next time. Exit "
		 "code 3: the\n"
		 "copy is there, but its oplog could not be replayed, so that it is of about that "
		 "time.\n",
	.examples =
		"  yester backup -s /backup/shop --uri-file /etc/yester/uri\n"
		"  YESTER_URI='mongodb://u:p@h1,h2/?replicaSet=rs0' yester backup -s /backup/shop "
		"--tag nightly\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_backup,
};
