#include <errno.h>
#include <stdio.h>

#include "tools/cmd_table.h"
#include "tools/json_out.h"
#include "tools/size.h"

#define LEAF_TARGET_MAX (1 * MIB)

struct options {
	const char *leaf_size;
	const char *seed;
	bool encrypt;
};

static const struct args_option options[] = {
	{"leaf-size", 0, ARGS_VALUE, "N",
	 "mean size of a piece: a power of two, 4K to 1M (default: 32K)",
	 offsetof(struct options, leaf_size)},
	{"seed", 0, ARGS_VALUE, "N", "where pieces end, as a number; stores with one seed compare",
	 offsetof(struct options, seed)},
	{"encrypt", 0, ARGS_FLAG, NULL, NULL, offsetof(struct options, encrypt)},
};

static int read_params(const struct options *o, struct store_params *ret, struct error *e)
{
	uint64_t number;

	if (o->encrypt)
		return cmd_not_yet("--encrypt", e);
	if (store_params_default(ret, e) < 0)
		return e->code;
	if (o->leaf_size != NULL) {
		if (size_parse("leaf-size", o->leaf_size, &number, e) < 0)
			return e->code;
		if (number < 4 * KIB || number > LEAF_TARGET_MAX || (number & (number - 1)) != 0)
			return error_set(e, ERR_INVALID,
					 "--leaf-size %s: it must be a power of two from 4K to 1M",
					 o->leaf_size);
		ret->leaf_target = (uint32_t)number;
	}
	if (o->seed != NULL) {
		if (args_number("seed", o->seed, UINT64_MAX, &number, e) < 0)
			return e->code;
		memset(ret->seed, 0, sizeof(ret->seed));
		put_le64(ret->seed, number);
	}
	return 0;
}

static int run_init(struct cmd_run *run, struct error *e)
{
	struct store_params params;
	const char *path = NULL;

	if (run->words.count == 1 && run->globals.store != NULL &&
	    strcmp(run->globals.store, run->words.at[0]) != 0)
		return cmd_usage_error(run, e, "two stores are named: %s and %s",
				       run->globals.store, run->words.at[0]);
	if (run->words.count == 1)
		run->globals.store = run->words.at[0];
	if (cmd_store_path(run, &path, e) < 0)
		return e->code;
	if (read_params(run->options, &params, e) < 0)
		return e->code;
	if (store_init(path, &params, e) < 0)
		return e->code;
	if (run->globals.json) {
		struct json_out j;

		json_out_begin(&j, stdout, false);
		json_out_name(&j, "store", bytes_str(path));
		json_out_hex(&j, "id", bytes_of(params.id, sizeof(params.id)));
		json_out_u64(&j, "leafSize", params.leaf_target);
		json_out_finish(&j);
	} else if (!run->globals.quiet) {
		printf("%s is a new, empty store\n\nNext:\n"
		       "  mongodump --oplog --out dump\n"
		       "  yester ingest -s %s dump\n",
		       path, path);
	}
	return 0;
}

const struct cmd cmd_init = {
	.name = "init",
	.group = "Put in",
	.synopsis = "-s STORE [--leaf-size N] [--seed N]",
	.summary = "make a new, empty store",
	.about = "The folder must be absent or empty. What is given here is fixed for the life of "
		 "the\n"
		 "store.\n",
	.examples = "  yester init -s /backup/shop\n"
		    "  yester init -s /backup/shop --leaf-size 64K\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_max = 1,
	.run = run_init,
};
