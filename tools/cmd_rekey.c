#include <errno.h>
#include <stdio.h>

#include "store/rekey.h"
#include "tools/cmd_table.h"
#include "tools/json_out.h"

struct options {
	const char *file;
	const char *command;
	bool keep_old;
};

static const struct args_option options[] = {
	{"new-key-file", 0, ARGS_VALUE, "F", "the file with the new key",
	 offsetof(struct options, file)},
	{"new-key-command", 0, ARGS_VALUE, "C", "or: a command for sh that prints it",
	 offsetof(struct options, command)},
	{"keep-old", 0, ARGS_FLAG, NULL, "the old key opens the store, too",
	 offsetof(struct options, keep_old)},
};

static int read_new(struct cmd_run *run, struct buf *ret, struct error *e)
{
	const struct options *o = run->options;
	const struct key_source source = {
		.file = o->file, .command = o->command, .no_environment = true};
	int given = key_source_read(&source, ret, e);

	if (given < 0 && e->sys == ENOENT)
		return error_hint(e, CMD_NEW_KEY " makes one; keep a copy of F elsewhere");
	if (given != 0)
		return given;
	cmd_usage_error(run, e, "which new key?");
	return error_hint(e, "--new-key-file F, or --new-key-command C");
}

static void print_result(const struct cmd_run *run, const struct keyring_change *change)
{
	if (run->globals.json) {
		struct json_out j;

		json_out_begin(&j, stdout, false);
		json_out_u64(&j, "added", change->added);
		json_out_u64(&j, "removed", change->removed);
		json_out_u64(&j, "keys", change->left);
		json_out_finish(&j);
	} else if (!run->globals.quiet) {
		printf("%s; %llu key%s opens the store now\n",
		       change->added > 0 ? "the new key was added"
					 : "the new key was there already",
		       (unsigned long long)change->left,
		       change->left == 1 ? "" : "s, each of which");
		if (change->removed > 0)
			printf("the old key was removed; copies of the store have it until 'yester "
			       "replicate --delete'\n");
	}
}

static int run_rekey(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(key_source_wipe) struct buf fresh = {0};
	OWNED(store_close) struct store *store = NULL;
	struct keyring_change change;

	if (read_new(run, &fresh, e) < 0 || cmd_open_store(run, &store, e) < 0 ||
	    rekey_run(store, buf_bytes(&run->secret), buf_bytes(&fresh), o->keep_old, &change, e) <
		    0)
		return e->code;
	print_result(run, &change);
	return 0;
}

const struct cmd cmd_rekey = {
	.name = "rekey",
	.group = "Care",
	.synopsis = "-s STORE --key-file OLD --new-key-file NEW [--keep-old]",
	.summary = "change the key of an encrypted store, or add one",
	.about =
		"The data stays as it is: what is changed is the key to its key, in an instant. "
		"The "
		"new key is\n"
		"durable and was tried before the old one goes, so that one of them opens the "
		"store "
		"whatever\n"
		"happens meanwhile; then run it again. Who has both the old key and an old copy of "
		"STORE/keys\n"
		"can still read the store: after a theft of both, 'yester copy' into a new store "
		"helps.\n",
	.examples =
		"  yester rekey -s /backup/shop --key-file old.key --new-key-file new.key\n"
		"  yester rekey -s /backup/shop --key-file a.key --new-key-command 'pass show b' "
		"--keep-old\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_rekey,
};
