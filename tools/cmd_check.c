#include <stdio.h>
#include <time.h>

#include "base/exit_code.h"
#include "base/texts.h"
#include "oplog/stream_check.h"
#include "store/check.h"
#include "store/crypt/keyring.h"
#include "store/store_stream.h"
#include "tools/check_replay.h"
#include "tools/cmd_table.h"
#include "tools/json_out.h"
#include "tools/size.h"
#include "tools/term.h"

#define SUBSET_PARTS 10000

struct options {
	bool read_data;
	const char *subset;
	const char *replay;
};

static const struct args_option options[] = {
	{"read-data", 0, ARGS_FLAG, NULL, "read and verify all data, not only what leads to it",
	 offsetof(struct options, read_data)},
	{"read-data-subset", 0, ARGS_VALUE, "N/M|x%",
	 "the same with part N of M of it, or with x percent, others each time",
	 offsetof(struct options, subset)},
	{"replay", 0, ARGS_VALUE, "N",
	 "replay the newest N snapshots (or all) from those before, and compare",
	 offsetof(struct options, replay)},
};

/* What was looked at. */
struct seen {
	bool read_data;
	bool encrypted;
	bool keyless; /* it is encrypted, and its key was not given */
	bool locked;  /* the same; it was given, and what it opens is damaged */
	uint64_t key_problems;
	uint64_t unopened; /* 1: the config is damaged, nothing else was looked at */
};

/* The problems that were found, each with a NUL: printed when the progress bar is gone. */
static void keep_problem(void *ctx, const char *text)
{
	struct buf *problems = ctx;

	texts_add(problems, text);
}

/* "2/7" or "2.5%" */
static int read_subset(const char *text, struct check_options *ret, struct error *e)
{
	unsigned long part, parts;
	double percent;
	char end;

	ret->read_data = true;
	if (sscanf(text, "%lu/%lu%c", &part, &parts, &end) == 2 && part >= 1 && part <= parts &&
	    parts <= SUBSET_PARTS) {
		ret->parts = parts;
		ret->part_begin = part - 1;
		ret->part_end = part;
		return 0;
	}
	if (sscanf(text, "%lf%c%c", &percent, &end, &end) == 2 && text[strlen(text) - 1] == '%' &&
	    percent > 0 && percent <= 100) {
		ret->parts = SUBSET_PARTS;
		ret->part_end = (uint64_t)(percent / 100 * SUBSET_PARTS + 0.5);
		ret->seed = (uint64_t)time(NULL) | 1;
		return 0;
	}
	error_set(e, ERR_INVALID, "--read-data-subset: \"%s\" is no part", text);
	return error_hint(e, "2/7 is the second of seven parts, 5%% a random twentieth");
}

static void json_replay(struct json_out *j, const struct check_replay_result *r)
{
	json_out_object(j, "replay");
	json_out_u64(j, "snapshots", r->snapshots);
	json_out_u64(j, "collections", r->collections);
	json_out_u64(j, "entries", r->entries);
	json_out_u64(j, "problems", r->problems);
	json_out_end_object(j);
}

static void print_json(const struct check_result *r, const struct stream_check_result *stream,
		       const struct check_replay_result *replay, const struct buf *problems,
		       const struct seen *seen)
{
	struct json_out j;
	const char *text;

	json_out_begin(&j, stdout, false);
	json_out_bool(&j, "whole", problems->len == 0);
	json_out_bool(&j, "readData", seen->read_data);
	json_out_bool(&j, "encrypted", seen->encrypted);
	/* Without the key: what is sealed was not looked into. */
	json_out_bool(&j, "keyless", seen->keyless);
	json_out_u64(&j, "packs", r->packs);
	json_out_u64(&j, "chunks", r->chunks);
	json_out_u64(&j, "snapshots", r->snapshots);
	json_out_u64(&j, "collections", r->collections);
	json_out_u64(&j, "documents", r->documents);
	json_out_u64(&j, "segments", stream->segments);
	json_out_u64(&j, "entries", stream->entries);
	json_out_u64(&j, "readBytes", r->read_bytes);
	if (replay->snapshots > 0)
		json_replay(&j, replay);
	json_out_array(&j, "problems");
	for (size_t at = 0; (text = texts_next(problems, &at)) != NULL;)
		json_out_bytes(&j, NULL, bytes_str(text));
	json_out_end_array(&j);
	json_out_finish(&j);
}

/* "1 pack", "6,154 chunks". */
static void add_count(struct buf *ret, const char *before, uint64_t count, const char *one,
		      const char *many)
{
	char text[SIZE_TEXT_LEN];

	size_count_text(count, text);
	buf_printf(ret, "%s%s %s", before, text, count == 1 ? one : many);
}

static void print_text(const struct cmd_run *run, const struct check_result *r,
		       const struct stream_check_result *stream,
		       const struct check_replay_result *replay, const struct buf *problems,
		       const struct seen *seen)
{
	OWNED(buf_release) struct buf shown = {0};
	OWNED(buf_release) struct buf line = {0};
	const char *text;
	char read[SIZE_TEXT_LEN];
	uint64_t count = r->problems + stream->problems + replay->problems + seen->key_problems +
			 seen->unopened;

	for (size_t at = 0; (text = texts_next(problems, &at)) != NULL;)
		printf("%sDAMAGE%s %s\n", term_style(stdout, TERM_RED),
		       term_style(stdout, TERM_PLAIN), term_escaped(bytes_str(text), &shown));
	if (run->globals.quiet)
		return;
	add_count(&line, "", r->packs, "pack", "packs");
	add_count(&line, ", ", r->chunks, "chunk", "chunks");
	add_count(&line, ", ", r->snapshots, "snapshot", "snapshots");
	if (seen->keyless)
		add_count(&line, ", ", stream->segments, "segment", "segments");
	else
		add_count(&line, ", ", stream->entries, "entry", "entries");
	buf_add_str(&line, " of the oplog checked");
	size_text(r->read_bytes, read);
	if (seen->read_data)
		buf_printf(&line, ", %s read", read);
	if (replay->snapshots > 0) {
		add_count(&line, ", ", replay->snapshots, "snapshot", "snapshots");
		buf_add_str(&line, " replayed");
	}
	fputs(buf_text(&line), stdout);
	if (count > 0)
		printf(": %llu problem%s\n", (unsigned long long)count, count == 1 ? "" : "s");
	else if (seen->keyless)
		printf(": as far as can be seen without its key, the store is whole\n");
	else
		printf(": the store is whole\n");
	if (seen->keyless)
		printf("not checked, as %s: what the chunks hold, the trees of the "
		       "snapshots, and the entries of the oplog\n",
		       seen->locked ? "the key opens nothing" : "no key was given");
}

/* The files that the key opens. */
struct key_check {
	struct buf *problems;
	uint64_t count;
};

static void note_key(void *ctx, const char *name, const char *harm)
{
	struct key_check *keys = ctx;
	OWNED(free) char *text = NULL;

	if (harm == NULL)
		return;
	text = xprintf("%s: %s", name, harm);
	keep_problem(keys->problems, text);
	keys->count++;
}

/* Is there one at all, and are they sound? Of a damaged one nobody knows it until its key is needed. */
static int check_keys(struct store *store, struct seen *seen, struct buf *problems, struct error *e)
{
	struct key_check keys = {.problems = problems};
	int count;

	seen->encrypted = store_params(store)->encrypted;
	if (!seen->encrypted)
		return 0;
	count = keyring_list(store_stream_files(store), note_key, &keys, e);
	if (count < 0)
		return count;
	if (count == 0)
		note_key(&keys, "keys", "the store is encrypted, and no key is there");
	seen->key_problems = keys.count;
	return 0;
}

/*
 * Where what a key opens is damaged, the rest is looked at as without a key. 1; 0 when nothing can be opened, as the config is
 * damaged: that is a problem then.
 */
static int open_it(struct cmd_run *run, struct store **ret, struct seen *seen, struct buf *problems,
		   struct error *e)
{
	const struct store_options keyless = {.keyless = true};
	OWNED(store_close) struct store *store = NULL;
	struct error why;
	int code = cmd_open_store_keyless(run, &store, &seen->keyless, e);

	if (code == ERR_CORRUPT || code == ERR_WRONG_KEY) {
		if (store_open(run->globals.store, &keyless, &store, &why) < 0) {
			if (code != ERR_CORRUPT)
				return code;
			keep_problem(problems, e->text);
			seen->unopened = 1;
			return 0;
		}
		seen->keyless = seen->locked = true;
	} else if (code < 0) {
		return code;
	}
	if (check_keys(store, seen, problems, seen->locked ? &why : e) < 0 ||
	    (seen->locked && seen->key_problems == 0))
		return seen->locked ? code : e->code;
	*ret = TAKE(store);
	return 1;
}

static int run_check(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(store_close) struct store *store = NULL;
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	OWNED(buf_release) struct buf problems = {0};
	struct check_options check = {.read_data = o->read_data};
	struct check_result result = {0};
	struct stream_check_result stream = {0};
	struct check_replay_result replay = {0};
	struct seen seen = {0};
	uint64_t most = 0;
	int ret = 0, opened;

	if (o->subset != NULL && read_subset(o->subset, &check, e) < 0)
		return e->code;
	if (o->replay != NULL && strcmp(o->replay, "all") == 0)
		most = UINT64_MAX;
	else if (o->replay != NULL && args_number("replay", o->replay, UINT32_MAX, &most, e) < 0)
		return e->code;
	opened = open_it(run, &store, &seen, &problems, e);
	if (opened < 0)
		return e->code;
	if (seen.keyless && !seen.locked && most > 0) {
		error_set(e, ERR_WRONG_KEY,
			  "--replay: the store is encrypted, and its key was not "
			  "given");
		return error_hint(e, "--key-file F or --key-command C gives the key");
	}
	seen.read_data = check.read_data;
	progress = term_progress_begin(run->progress);
	check.progress = term_progress_get(progress);
	if (opened == 1)
		ret = check_run(store, &check, keep_problem, &problems, &result, e);
	if (opened == 1 && ret == 0)
		ret = stream_check_run(store, &check, keep_problem, &problems, &stream, e);
	if (opened == 1 && ret == 0 && most > 0 && !seen.locked)
		ret = check_replay_run(store, most, check.progress, keep_problem, &problems,
				       &replay, e);
	term_progress_end(TAKE(progress));
	if (ret < 0)
		return ret;
	if (run->globals.json)
		print_json(&result, &stream, &replay, &problems, &seen);
	else
		print_text(run, &result, &stream, &replay, &problems, &seen);
	return problems.len > 0 ? EXIT_CODE_DAMAGE : EXIT_CODE_OK;
}

const struct cmd cmd_check = {
	.name = "check",
	.group = "Care",
	.synopsis = "-s STORE [--read-data | --read-data-subset N/M|x%] [--replay N]",
	.summary = "prove that the store is whole",
	.about = "Reads the directories of packs, the trees, the snapshots and the oplog; with "
		 "--read-data\n"
		 "all data, which takes as long as reading the disk. Changes nothing. Exit code 4: "
		 "damage "
		 "was found.\n"
		 "Of an encrypted store without its key it checks files, hashes and directories, "
		 "and "
		 "says so.\n",
	.examples = "  yester check -s /backup/shop\n"
		    "  yester check -s /backup/shop --read-data\n"
		    "  yester check -s /backup/shop --read-data-subset 5% --replay 2\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_check,
};
