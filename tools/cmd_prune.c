#include "base/exit_code.h"
#include "tools/cmd_table.h"
#include "tools/prune_out.h"

struct options {
	struct prune_out_options pruning;
	bool dry_run;
};

static const struct args_option options[] = {
	PRUNE_OUT_OPTIONS(struct options, pruning),
	{"dry-run", 'n', ARGS_FLAG, NULL, "tell what would go, change nothing",
	 offsetof(struct options, dry_run)},
};

static int run_prune(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(store_close) struct store *store = NULL;
	struct prune_result result;
	struct json_out j;

	if (prune_out_check(&o->pruning, e) < 0 || cmd_open_store(run, &store, e) < 0 ||
	    prune_out_run(run, store, &o->pruning, o->dry_run, &result, e) < 0)
		return e->code;
	if (run->globals.json) {
		json_out_begin(&j, stdout, false);
		prune_out_json(&j, &result);
		json_out_finish(&j);
	} else if (!run->globals.quiet) {
		prune_out_text(&result, o->dry_run);
	}
	return EXIT_CODE_OK;
}

const struct cmd cmd_prune = {
	.name = "prune",
	.group = "Care",
	.synopsis = "-s STORE [--grace D] [--dry-run]",
	.summary = "take away the data of forgotten snapshots",
	.about =
		"Finds what no snapshot and no moment needs, and deletes what it found so a grace "
		"ago: mounts,\n"
		"servers, tails, ingests and copies of the store go on meanwhile. Run it again and "
		"again, from a\n"
		"timer. When anything that is needed is missing or damaged it changes nothing.\n",
	.examples = "  yester prune -s /backup/shop\n"
		    "  yester prune -s /backup/shop --grace 14d --dry-run\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_prune,
};
