#include <errno.h>
#include <stdio.h>

#include "base/shell_word.h"
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
	{"encrypt", 0, ARGS_FLAG, NULL, "nothing can be read without the key, names included",
	 offsetof(struct options, encrypt)},
};

static int read_params(const struct options *o, struct store_params *ret, struct error *e)
{
	uint64_t number;

	if (o->encrypt && o->seed != NULL)
		return error_set(e, ERR_INVALID,
				 "--seed: the seed of an encrypted store comes from its key");
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

/* A key without --encrypt was meant otherwise; --encrypt needs one. */
static int read_key(struct cmd_run *run, struct store_secret *ret, struct error *e)
{
	const struct options *o = run->options;
	int given;

	if (!o->encrypt && (run->globals.key_file != NULL || run->globals.key_command != NULL))
		return cmd_usage_error(run, e, "a key, and no --encrypt?");
	if (!o->encrypt)
		return 0;
	given = cmd_read_secret(run, e);
	if (given == 0) {
		cmd_usage_error(run, e, "--encrypt: which key?");
		return error_hint(e, CMD_NEW_KEY
				  "; give --key-file F, and keep a copy of F elsewhere");
	}
	if (given < 0 && e->sys == ENOENT)
		return error_hint(e, CMD_NEW_KEY " makes one; keep a copy of F elsewhere");
	if (given < 0)
		return given;
	ret->secret = buf_bytes(&run->secret);
	return 1;
}

static void print_json(const char *path, const struct store_params *params, bool encrypted)
{
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_name(&j, "store", bytes_str(path));
	json_out_hex(&j, "id", bytes_of(params->id, sizeof(params->id)));
	json_out_u64(&j, "leafSize", params->leaf_target);
	json_out_bool(&j, "encrypted", encrypted);
	json_out_finish(&j);
}

static void print_text(const struct cmd_run *run, const char *path, bool encrypted)
{
	const char *file = run->globals.key_file;
	OWNED(buf_release) struct buf word = {0};
	OWNED(buf_release) struct buf key = {0};
	const char *store, *flag;

	printf("%s is a new, empty%s store\n\n", path, encrypted ? ", encrypted" : "");
	if (encrypted)
		printf("Without the key nobody can read it: keep a copy of the key elsewhere.\n\n");
	store = shell_word(path, &word);
	flag = encrypted && file != NULL ? " --key-file " : "";
	file = *flag != '\0' ? shell_word(file, &key) : "";
	printf("Next:\n"
	       "  mongodump --oplog --out dump\n"
	       "  yester ingest -s %s%s%s dump\n"
	       "or, with the connection string of a running replica set in the file F:\n"
	       "  yester tail -s %s%s%s --uri-file F --every 6h --on-gap snapshot\n",
	       store, flag, file, store, flag, file);
}

static int run_init(struct cmd_run *run, struct error *e)
{
	struct store_secret secret;
	struct store_params params;
	const char *path = NULL;
	int encrypts;

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
	encrypts = read_key(run, &secret, e);
	if (encrypts < 0 || store_create(path, &params, encrypts == 0 ? NULL : &secret, e) < 0)
		return e->code;
	if (run->globals.json)
		print_json(path, &params, encrypts != 0);
	else if (!run->globals.quiet)
		print_text(run, path, encrypts != 0);
	return 0;
}

const struct cmd cmd_init = {
	.name = "init",
	.group = "Put in",
	.synopsis = "-s STORE [--encrypt --key-file F] [--leaf-size N] [--seed N]",
	.summary = "make a new, empty store",
	.about = "The folder must be absent or empty. What is given here is fixed for the life of "
		 "the\n"
		 "store. Of an encrypted one the key can be changed later ('yester rekey'), and is "
		 "needed by every\n"
		 "verb. There is no way around it: who has lost the key has lost the store.\n",
	.examples = "  yester init -s /backup/shop\n"
		    "  yester init -s /backup/shop --leaf-size 64K\n"
		    "  yester init -s /backup/shop --encrypt --key-file /etc/yester/shop.key\n"
		    "  yester init -s /backup/shop --encrypt --key-command 'pass show shop'\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_max = 1,
	.run = run_init,
};
