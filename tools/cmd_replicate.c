#include <stdio.h>
#include <time.h>

#include "base/exit_code.h"
#include "tools/cmd_table.h"
#include "tools/json_out.h"
#include "tools/replicate.h"
#include "tools/replicate_dest.h"
#include "tools/size.h"
#include "tools/status_file.h"
#include "tools/term.h"

struct options {
	const char *verify;
	const char *bwlimit;
	const char *ssh;
	bool deletes;
};

#define FIELD(field) offsetof(struct options, field)
static const struct args_option options[] = {
	{"verify", 0, ARGS_VALUE, "quick|full|no",
	 "compare afterwards: names, sizes, times, what was sent; or all bytes", FIELD(verify)},
	{"bwlimit", 0, ARGS_VALUE, "RATE", "rsync's: KiB a second, or with a unit: 5m",
	 FIELD(bwlimit)},
	{"ssh", 0, ARGS_VALUE, "CMD", "how to reach a host: 'ssh -p 2222 -i KEY'", FIELD(ssh)},
	{"delete", 0, ARGS_FLAG, NULL, "what is not here any more goes there, too, last of all",
	 FIELD(deletes)},
};

static int read_verify(const char *text, enum replicate_verify *ret, struct error *e)
{
	if (text == NULL || strcmp(text, "quick") == 0)
		*ret = REPLICATE_QUICK;
	else if (strcmp(text, "full") == 0)
		*ret = REPLICATE_FULL;
	else if (strcmp(text, "no") == 0)
		*ret = REPLICATE_UNVERIFIED;
	else
		return error_set(e, ERR_INVALID, "--verify takes quick, full or no, not \"%s\"",
				 text);
	return 0;
}

static void print_json(const struct replicate_result *r, const char *dest)
{
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_bytes(&j, "dest", bytes_str(dest));
	json_out_u64(&j, "sentFiles", r->files);
	json_out_u64(&j, "sentBytes", r->bytes);
	json_out_u64(&j, "deletedFiles", r->deleted);
	json_out_u64(&j, "snapshots", r->snapshots);
	json_out_bool(&j, "verified", r->verified);
	json_out_u64(&j, "differ", r->differ);
	if (r->differ > 0)
		json_out_bytes(&j, "first", bytes_str(r->first));
	if (r->differ > 0)
		json_out_u64(&j, "mended", r->mended);
	json_out_u64(&j, "damagedHere", r->spared);
	if (r->spared > 0)
		json_out_bytes(&j, "firstDamaged", bytes_str(r->first_spared));
	json_out_u64(&j, "longerThere", r->longer);
	if (r->longer > 0)
		json_out_bytes(&j, "firstLonger", bytes_str(r->first_longer));
	json_out_u64(&j, "lackingHere", r->lacking);
	json_out_finish(&j);
}

static void begin_damage(void)
{
	printf("%sDAMAGE%s ", term_style(stdout, TERM_RED), term_style(stdout, TERM_PLAIN));
}

static void print_text(const struct replicate_result *r)
{
	OWNED(buf_release) struct buf shown = {0};
	char size[SIZE_TEXT_LEN];

	size_text(r->bytes, size);
	printf("%s sent in %llu files; %llu snapshots are there%s\n", size,
	       (unsigned long long)r->files, (unsigned long long)r->snapshots,
	       r->verified ? ", verified" : "");
	if (r->deleted > 0)
		printf("%llu files were deleted there\n", (unsigned long long)r->deleted);
	if (r->spared > 0) {
		begin_damage();
		printf("%llu files are damaged here, and went over no sound one there; the first "
		       "is "
		       "%s: 'yester check', 'yester repair --from'\n",
		       (unsigned long long)r->spared,
		       term_escaped(bytes_str(r->first_spared), &shown));
	}
	if (r->longer > 0)
		printf("%llu journals hold more there than here, and were left as they are, the "
		       "first is %s: "
		       "'yester copy' from there takes over what is lacking here\n",
		       (unsigned long long)r->longer,
		       term_escaped(bytes_str(r->first_longer), &shown));
	if (r->lacking > 0) {
		begin_damage();
		printf("%llu snapshots or files of the oplog are not whole here: nothing was "
		       "deleted "
		       "there\n",
		       (unsigned long long)r->lacking);
	}
	if (r->differ > 0) {
		begin_damage();
		printf("%llu files differ there, the first is %s%s\n",
		       (unsigned long long)r->differ, term_escaped(bytes_str(r->first), &shown),
		       r->mended == r->differ ? ": sent again, and equal now" : "");
	}
}

/* For `yester status`. It is no failure of the copy when it can't be noted. */
static void note(struct store *store, const struct replicate_result *r, const char *dest)
{
	bool keyless = store_is_keyless(store);
	struct json_out j;
	struct error ignored;

	json_out_begin_line(&j, NULL);
	json_out_u64(&j, "time", (uint64_t)time(NULL));
	/* Where to is not for everybody to read. */
	if (!keyless)
		json_out_bytes(&j, "dest", bytes_str(dest));
	json_out_bool(&j, "verified", r->verified);
	json_out_end_object(&j);
	if (keyless)
		(void)(status_file_put_open(store, STATUS_FILE_COPIED, buf_bytes(&j.text),
					    &ignored) < 0);
	else
		(void)(status_file_put(store, "replicate.json", buf_bytes(&j.text), &ignored) < 0);
	json_out_drop(&j);
}

static int run_replicate(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(store_close) struct store *store = NULL;
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	struct replicate_options replicate = {.dest = run->words.at[0],
					      .ssh = o->ssh,
					      .bwlimit = o->bwlimit,
					      .deletes = o->deletes};
	struct replicate_result result;
	bool keyless;
	bool sound;
	int code;

	if (replicate.dest[0] == '\0')
		return cmd_usage_error(run, e, "where to? a folder, or host:path");
	if (replicate_dest_is_of_user(replicate.dest))
		return cmd_usage_error(run, e,
				       "%s: the home of the one who logs in is host:path or "
				       "host:~/path, any other needs its whole path",
				       replicate.dest);
	/* What is sent are files: an encrypted store's key is not needed. */
	if (read_verify(o->verify, &replicate.verify, e) < 0 ||
	    cmd_open_store_keyless(run, &store, &keyless, e) < 0)
		return e->code;
	progress = term_progress_begin(run->progress);
	replicate.progress = term_progress_get(progress);
	code = replicate_run(store, &replicate, &result, e);
	term_progress_end(TAKE(progress));
	if (code < 0)
		return code;
	sound = result.differ == 0 && result.spared == 0 && result.lacking == 0;
	if (sound)
		note(store, &result, replicate.dest);
	if (run->globals.json)
		print_json(&result, replicate.dest);
	else if (!run->globals.quiet || !sound)
		print_text(&result);
	return sound ? EXIT_CODE_OK : EXIT_CODE_DAMAGE;
}

const struct cmd cmd_replicate = {
	.name = "replicate",
	.group = "Care",
	.synopsis = "-s STORE DEST [--verify quick|full] [--bwlimit RATE] [--ssh CMD] [--delete]",
	.summary = "copy the store to another place with rsync",
	.about = "DEST is a folder, host:path, or rsync://host/module/path. It is a store of its "
		 "own: mount it,\n"
		 "serve it, restore from it.\n"
		 "Whatever cuts a copy off, what was there before is whole, and the next run goes "
		 "on. What is\n"
		 "damaged here is not sent over what is there, and --delete takes nothing away "
		 "while something\n"
		 "is lacking here: the far side may be what repairs this one. What --verify full "
		 "finds to differ\n"
		 "there is sent again. Exit code 4: damage was found, here or there. Of an "
		 "encrypted store the\n"
		 "key is not needed, and never sent.\n",
	.examples =
		"  yester replicate -s /backup/shop /mnt/usb/shop\n"
		"  yester replicate -s /backup/shop backup@far.example:/srv/shop --bwlimit 20m\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_min = 1,
	.words_max = 1,
	.missing = "where to? a folder, or host:path",
	.run = run_replicate,
};
