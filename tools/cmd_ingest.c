#include <inttypes.h>
#include <stdio.h>

#include "base/time_text.h"
#include "oplog/when.h"
#include "tools/cmd_table.h"
#include "tools/ingest.h"
#include "tools/json_out.h"
#include "tools/size.h"
#include "tools/term.h"

struct options {
	const char *archive; /* "" without a value */
	const char *db;
	const char *name;
	const char *tag;
	const char *time;
	bool assert_quiesced;
	struct args_list include, exclude;
	const char *objcheck;
};

#define FIELD(name) offsetof(struct options, name)
static const struct args_option options[] = {
	{"archive", 0, ARGS_OPTIONAL, "F", "the dump is an archive (F instead of PATH, - is stdin)",
	 FIELD(archive)},
	{"name", 0, ARGS_VALUE, "N", "name of the snapshot (default: its time)", FIELD(name)},
	{"tag", 0, ARGS_VALUE, "T", "a word to remember it by", FIELD(tag)},
	{"time", 0, ARGS_VALUE, "T.I", "the optime of the dump (default: from its oplog or files)",
	 FIELD(time)},
	{"assert-quiesced", 0, ARGS_FLAG, NULL,
	 "nothing wrote during the dump: it is exactly the moment --time", FIELD(assert_quiesced)},
	{"nsInclude", 0, ARGS_LIST, "G", "take only these namespaces: shop.*, *.orders",
	 FIELD(include)},
	{"nsExclude", 0, ARGS_LIST, "G", "leave these out", FIELD(exclude)},
	{"objcheck", 0, ARGS_VALUE, "off|structure|full",
	 "how thoroughly documents are checked (default: structure)", FIELD(objcheck)},
	{"db", 0, ARGS_VALUE, "DB", "database of a lone .bson file (default: its folder's name)",
	 FIELD(db)},
};

static int read_objcheck(const char *text, enum bson_check_level *ret, struct error *e)
{
	static const char *const words[] = {"off", "structure", "full"};

	*ret = BSON_CHECK_STRUCTURE;
	for (size_t i = 0; text != NULL && i < COUNT_OF(words); i++) {
		if (strcmp(words[i], text) == 0) {
			*ret = (enum bson_check_level)i;
			return 0;
		}
	}
	if (text != NULL)
		return error_set(e, ERR_INVALID, "--objcheck takes off, structure or full, not %s",
				 text);
	return 0;
}

static int read_time(const char *text, struct optime *ret, struct error *e)
{
	struct when when;

	if (when_parse(text, &when, e) < 0)
		return e->code;
	if (when.kind != WHEN_OPTIME || when.before) {
		error_set(e, ERR_INVALID, "--time takes an optime, not \"%s\"", text);
		return error_hint(e, "seconds and increment: 1795254067.5");
	}
	*ret = when.optime;
	return 0;
}

/* What the command line asks for; the filter is the caller's to free. */
static int read_options(struct cmd_run *run, struct ns_filter *filter, struct ingest_options *ret,
			struct error *e)
{
	const struct options *o = run->options;
	const char *path = run->words.count > 0 ? run->words.at[0] : NULL;

	if (path == NULL && o->archive != NULL && *o->archive != '\0')
		path = o->archive;
	else if (o->archive != NULL && *o->archive != '\0')
		return cmd_usage_error(run, e, "two dumps are named: %s and %s", path, o->archive);
	if (path == NULL)
		return cmd_usage_error(run, e, "which dump? a folder, an archive, a .bson, or -");
	if (strcmp(path, "-") == 0 && term_is_tty(stdin))
		return cmd_usage_error(run, e, "standard input is a terminal");
	if (o->assert_quiesced && o->time == NULL)
		return cmd_usage_error(run, e, "--assert-quiesced needs --time T.I");
	if (o->name != NULL && *o->name == '\0')
		return cmd_usage_error(run, e, "the name is empty");
	for (size_t i = 0; i < o->include.count; i++)
		if (ns_filter_include(filter, o->include.at[i], e) < 0)
			return e->code;
	for (size_t i = 0; i < o->exclude.count; i++)
		if (ns_filter_exclude(filter, o->exclude.at[i], e) < 0)
			return e->code;
	*ret = (struct ingest_options){
		.path = path,
		.archive = o->archive != NULL,
		.db = o->db,
		.name = o->name,
		.tag = o->tag,
		.assert_quiesced = o->assert_quiesced,
		.filter = filter,
	};
	if (read_objcheck(o->objcheck, &ret->objcheck, e) < 0)
		return e->code;
	return o->time == NULL ? 0 : read_time(o->time, &ret->time, e);
}

static void print_json(const struct ingest_result *r)
{
	const struct snapshot *s = &r->snapshot;
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_name(&j, "snapshot", bytes_str(s->name));
	json_out_hex(&j, "id", bytes_of(s->id.at, CHUNK_ID_LEN));
	json_out_time(&j, "time", s->time);
	json_out_bool(&j, "exact", s->exact);
	json_out_bool(&j, "partial", s->partial);
	if (s->exact)
		json_out_optime(&j, "optime", s->optime.seconds, s->optime.increment);
	if (r->inexact_why.len > 0)
		json_out_name(&j, "inexactWhy", buf_bytes(&r->inexact_why));
	json_out_u64(&j, "collections", s->collections);
	json_out_u64(&j, "documents", s->documents);
	json_out_u64(&j, "bytes", s->bytes);
	json_out_u64(&j, "storedBytes", r->stored_bytes);
	json_out_u64(&j, "newChunks", r->new_chunks);
	json_out_u64(&j, "deltaChunks", r->delta_chunks);
	json_out_u64(&j, "reusedChunks", r->reused_chunks);
	json_out_u64(&j, "milliseconds", r->milliseconds);
	json_out_finish(&j);
}

/* "stored      215 MiB (2.9 : 1), 20,000 new pieces, 12 of them as differences, 0 reused". */
static void print_stored(const struct ingest_result *r)
{
	char size[SIZE_TEXT_LEN], fresh[SIZE_TEXT_LEN], delta[SIZE_TEXT_LEN], reused[SIZE_TEXT_LEN];

	size_text(r->stored_bytes, size);
	size_count_text(r->new_chunks, fresh);
	size_count_text(r->delta_chunks, delta);
	size_count_text(r->reused_chunks, reused);
	printf("  stored     %s", size);
	if (r->stored_bytes > 0 && r->input_bytes > 0)
		printf(" (%.1f : 1)", (double)r->input_bytes / (double)r->stored_bytes);
	printf(": %s new pieces", fresh);
	if (r->delta_chunks > 0)
		printf(", %s of them as differences", delta);
	printf(", %s reused\n", reused);
}

static void print_text(const struct cmd_run *run, const struct ingest_result *r)
{
	const struct snapshot *s = &r->snapshot;
	OWNED(buf_release) struct buf name = {0};
	char text[SIZE_TEXT_LEN], more[SIZE_TEXT_LEN], when[TERM_TIME_LEN];

	term_time(s->time, cmd_shows_local_time(), when);
	printf("snapshot %s%s%s\n", term_style(stdout, TERM_BOLD),
	       term_escaped(bytes_str(s->name), &name), term_style(stdout, TERM_PLAIN));
	if (s->exact)
		printf("  time       %s, exactly (optime %u.%u)\n", when, s->optime.seconds,
		       s->optime.increment);
	else if (r->inexact_why.len > 0)
		printf("  time       about %s (its oplog can't be replayed: %s)\n", when,
		       term_escaped(buf_bytes(&r->inexact_why), &name));
	else
		printf("  time       about %s (the dump has no oplog)\n", when);
	size_count_text(s->documents, text);
	size_count_text(s->collections, more);
	printf("  documents  %s in %s collection%s%s\n", text, more, s->collections == 1 ? "" : "s",
	       s->partial ? " (a part of the deployment)" : "");
	size_text(s->bytes, text);
	printf("  bytes      %s of BSON\n", text);
	print_stored(r);
	time_text_duration(r->milliseconds, text);
	size_text(r->milliseconds == 0 ? r->input_bytes : r->input_bytes * 1000 / r->milliseconds,
		  more);
	printf("  took       %s (%s/s)\n", text, more);
	printf("\nNext:\n");
	if (s->exact)
		printf("  mongodump -d local -c oplog.rs --out slice    (any time later)\n"
		       "  yester ingest-oplog -s %s slice\n",
		       run->globals.store);
	printf("  yester mount -s %s MNT\n", run->globals.store);
}

static int run_ingest(struct cmd_run *run, struct error *e)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	OWNED(store_close) struct store *store = NULL;
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	struct ingest_options o;
	struct ingest_result result = {0};
	int ret;

	if (read_options(run, filter, &o, e) < 0)
		return e->code;
	if (cmd_open_store(run, &store, e) < 0)
		return e->code;
	progress = term_progress_begin(run->progress);
	o.progress = term_progress_get(progress);
	ret = ingest_run(store, &o, &result, e);
	term_progress_end(TAKE(progress));
	if (ret < 0) {
		if (ret == ERR_CANCELLED && e->hint[0] == '\0')
			error_hint(
				e,
				"no snapshot was made; the same command goes on where it stopped");
		return ret;
	}
	if (run->globals.json)
		print_json(&result);
	else if (!run->globals.quiet)
		print_text(run, &result);
	ingest_result_release(&result);
	return 0;
}

const struct cmd cmd_ingest = {
	.name = "ingest",
	.group = "Put in",
	.synopsis = "-s STORE PATH|- [--archive] [--name N] [--time T.I [--assert-quiesced]]\n"
		    "              [--tag T] [--nsInclude G]... [--nsExclude G]...\n"
		    "              [--objcheck off|structure|full] [--db DB]",
	.summary = "put a mongodump into the store as a snapshot",
	.about = "PATH is what mongodump wrote: a folder (of the whole deployment or of one "
		 "database),\n"
		 "an archive, a lone .bson; plain or gzip'd, of any server since 2.4. - is an "
		 "archive on\n"
		 "standard input. Only what the store does not have yet is written. When it fails "
		 "or is\n"
		 "interrupted there is no snapshot, and nothing else has changed.\n"
		 "\n"
		 "A dump made with --oplog is exact: it shows one moment. So is one with --time "
		 "and\n"
		 "--assert-quiesced. Any other is \"about\": it is listed and shown.\n",
	.examples =
		"  yester ingest -s /backup/shop dump/\n"
		"  mongodump --archive --oplog | yester ingest -s /backup/shop -\n"
		"  yester ingest -s /backup/shop dump/ --name before-migration --tag release-42\n"
		"  yester ingest -s /backup/shop dump/ --nsInclude 'shop.*' --nsExclude '*.tmp*'\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_max = 1,
	.run = run_ingest,
};
