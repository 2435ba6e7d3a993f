#include <stdio.h>

#include "base/clock.h"
#include "base/exit_code.h"
#include "base/shell_word.h"
#include "base/texts.h"
#include "oplog/stream_repair.h"
#include "store/repair.h"
#include "tools/cmd_table.h"
#include "tools/json_out.h"
#include "tools/prune_out.h"
#include "tools/repair_there.h"
#include "tools/term.h"

struct options {
	const char *from;
	const char *key_file;
	const char *key_command;
	bool give_up;
};

static const struct args_option options[] = {
	{"from", 0, ARGS_VALUE, "STORE2",
	 "a copy of the store, by replicate: what is lost is taken from there",
	 offsetof(struct options, from)},
	{"from-key-file", 0, ARGS_VALUE, "F", "the key of STORE2 when it still is an older one",
	 offsetof(struct options, key_file)},
	{"from-key-command", 0, ARGS_VALUE, "C", "the same: a command for sh that prints it",
	 offsetof(struct options, key_command)},
	{"give-up", 0, ARGS_FLAG, NULL,
	 "remove snapshots and oplog files that are not whole: there is no copy",
	 offsetof(struct options, give_up)},
};

/* What was told, each with a NUL: printed when the progress bar is gone. */
static void keep(void *ctx, const char *text)
{
	texts_add(ctx, text);
}

static void print_json(const struct repair_result *r, const struct repair_there *there,
		       const struct buf *told)
{
	struct json_out j;
	const char *text;

	json_out_begin(&j, stdout, false);
	json_out_bool(&j, "whole", r->harmed == 0 && r->lost == 0);
	json_out_u64(&j, "packs", r->packs);
	json_out_u64(&j, "damagedPacks", r->damaged_packs);
	json_out_u64(&j, "saved", r->salvaged);
	json_out_u64(&j, "fetched", r->fetched);
	json_out_u64(&j, "lost", r->lost);
	json_out_u64(&j, "lostDocuments", r->lost_documents);
	json_out_u64(&j, "harmed", r->harmed);
	json_out_u64(&j, "givenUp", r->given_up);
	json_out_u64(&j, "snapshotsOnlyThere", there->snapshots);
	json_out_bool(&j, "oplogOnlyThere", there->oplog);
	json_out_array(&j, "told");
	for (size_t at = 0; (text = texts_next(told, &at)) != NULL;)
		json_out_bytes(&j, NULL, bytes_str(text));
	json_out_end_array(&j);
	json_out_finish(&j);
}

static void print_text(const struct cmd_run *run, const struct repair_result *r,
		       const struct buf *told)
{
	OWNED(buf_release) struct buf shown = {0};
	const char *text;

	for (size_t at = 0; (text = texts_next(told, &at)) != NULL;)
		printf("%s\n", term_escaped(bytes_str(text), &shown));
	if (run->globals.quiet)
		return;
	printf("%llu packs, %llu damaged; %llu pieces were saved, %llu came from the copy\n",
	       (unsigned long long)r->packs, (unsigned long long)r->damaged_packs,
	       (unsigned long long)r->salvaged, (unsigned long long)r->fetched);
	if (r->harmed == 0)
		printf("every snapshot and the oplog are whole\n");
	else if (r->given_up > 0)
		printf("%llu snapshots and files of the oplog were not whole, and are gone\n",
		       (unsigned long long)r->given_up);
	else
		printf("%llu snapshots and files of the oplog are not whole; 'yester repair --from "
		       "STORE2' takes what a copy has\n",
		       (unsigned long long)r->harmed);
}

static void print_there(const struct repair_there *there, const char *from, const char *store)
{
	OWNED(buf_release) struct buf from_word = {0};
	OWNED(buf_release) struct buf store_word = {0};

	if (there->snapshots == 0 && !there->oplog)
		return;
	printf("the copy has");
	if (there->snapshots > 0)
		printf(" %llu snapshot%s", (unsigned long long)there->snapshots,
		       there->snapshots == 1 ? "" : "s");
	printf("%s%s that this store does not have (forgotten here, or lost); to take that over: "
	       "yester copy -s %s %s\n",
	       there->snapshots > 0 && there->oplog ? " and" : "",
	       there->oplog ? " a part of the oplog" : "", shell_word(from, &from_word),
	       shell_word(store, &store_word));
}

/* Who names the wrong folder would learn that nobody has what is lost, and --give-up would remove it. */
static int check_copy(const struct store *store, const struct store *from, bool give_up,
		      struct error *e)
{
	if (from == NULL || memcmp(store_params(store)->id, store_params(from)->id,
				   sizeof(store_params(store)->id)) == 0)
		return 0;
	if (give_up)
		return error_set(e, ERR_REFUSED, "--give-up: %s is no copy of this store",
				 store_path(from));
	fprintf(stderr, "yester: repair: warning: %s is no copy of this store, but another one\n",
		store_path(from));
	return 0;
}

static int run_repair(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(store_close) struct store *store = NULL;
	OWNED(store_close) struct store *from = NULL;
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	OWNED(buf_release) struct buf told = {0};
	struct repair_options repair = {.now_us = clock_wall_us(),
					.roots_of = stream_repair_roots,
					.tell = keep,
					.tell_ctx = &told};
	const struct key_source key = {.file = o->key_file, .command = o->key_command};
	struct repair_result result;
	struct repair_there there = {0};
	struct error why;
	uint64_t journals = 0;
	int code;

	if (cmd_open_store(run, &store, e) < 0)
		return e->code;
	if (o->from != NULL && cmd_open_other(run, o->from, &key, "from-key-", &from, e) < 0)
		return e->code;
	if (check_copy(store, from, o->give_up, e) < 0)
		return e->code;
	repair.from = from;
	repair.give_up = o->give_up;
	repair.ctx = store;
	progress = term_progress_begin(run->progress);
	repair.progress = term_progress_get(progress);
	code = repair_run(store, &repair, &result, e);
	if (code == 0 && (result.harmed == 0 || result.given_up > 0))
		code = stream_repair_overlaps(store, e);
	if (code == 0 && (result.harmed == 0 || result.given_up > 0))
		code = stream_repair_journals(store, &repair, &journals, e);
	/* The store is as good as it can be: that the copy is not says nothing of it. */
	if (code == 0 && from != NULL && repair_there(store, from, &there, &why) < 0)
		there = (struct repair_there){0};
	term_progress_end(TAKE(progress));
	if (code < 0)
		return code;
	result.harmed += journals;
	if (run->globals.json)
		print_json(&result, &there, &told);
	else
		print_text(run, &result, &told);
	if (!run->globals.json && !run->globals.quiet && from != NULL)
		print_there(&there, store_path(from), store_path(store));
	return result.harmed > 0 ? EXIT_CODE_DAMAGE : EXIT_CODE_OK;
}

const struct cmd cmd_repair = {
	.name = "repair",
	.group = "Care",
	.synopsis = "-s STORE [--from STORE2] [--give-up]",
	.summary = "save what can be read of a damaged store, and tell what can't",
	.about = "Makes the index anew, reads every pack, stores again what is sound in damaged "
		 "ones, and takes\n"
		 "what is missing from a copy. A snapshot that lacks something stays one that "
		 "lacks it: "
		 "which\n"
		 "documents of which snapshots can't be read is printed. Exit code 4: something is "
		 "lost.\n"
		 "As long as such a snapshot, or such a piece of the oplog, is there, prune takes "
		 "nothing "
		 "away\n"
		 "and tail can't add: where no copy has it, --give-up removes it, and the rest "
		 "goes on.\n",
	.examples = "  yester repair -s /backup/shop\n"
		    "  yester repair -s /backup/shop --from /mnt/usb/shop\n"
		    "  yester repair -s /backup/shop --give-up\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_repair,
};
