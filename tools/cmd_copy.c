#include <stdio.h>

#include "base/exit_code.h"
#include "base/shell_word.h"
#include "base/texts.h"
#include "tools/cmd_table.h"
#include "tools/copy.h"
#include "tools/json_out.h"
#include "tools/size.h"
#include "tools/term.h"

struct options {
	const char *since;
	const char *until;
	const char *key_file;
	const char *key_command;
};

static const struct args_option options[] = {
	{"since", 0, ARGS_VALUE, "WHEN", "snapshots of then and later only",
	 offsetof(struct options, since)},
	{"until", 0, ARGS_VALUE, "WHEN", "snapshots up to then only",
	 offsetof(struct options, until)},
	{"dst-key-file", 0, ARGS_VALUE, "F", "when DST is encrypted: the file with its key",
	 offsetof(struct options, key_file)},
	{"dst-key-command", 0, ARGS_VALUE, "C", "the same: a command for sh that prints it",
	 offsetof(struct options, key_command)},
};

static void json_texts(struct json_out *j, const char *name, const struct buf *texts)
{
	const char *text;

	json_out_array(j, name);
	for (size_t at = 0; (text = texts_next(texts, &at)) != NULL;)
		json_out_bytes(j, NULL, bytes_str(text));
	json_out_end_array(j);
}

static void print_json(const struct copy_result *r, const struct copy_options *copy)
{
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_u64(&j, "snapshots", r->snapshots);
	json_out_u64(&j, "had", r->had);
	json_out_u64(&j, "renamed", r->renamed);
	json_out_u64(&j, "documents", r->documents);
	json_out_u64(&j, "bytes", r->bytes);
	json_out_u64(&j, "entries", r->entries);
	json_out_u64(&j, "storedBytes", r->stored);
	json_texts(&j, "problems", copy->left);
	json_texts(&j, "problemsThere", copy->there);
	json_out_finish(&j);
}

static void print_damage(const char *store, const struct buf *texts)
{
	OWNED(buf_release) struct buf shown = {0};
	const char *text;

	for (size_t at = 0; (text = texts_next(texts, &at)) != NULL;)
		fprintf(stderr, "%sDAMAGE%s %s%s%s\n", term_style(stderr, TERM_RED),
			term_style(stderr, TERM_PLAIN), store, store[0] != '\0' ? ": " : "",
			term_escaped(bytes_str(text), &shown));
}

/* What is damaged here, and there, on stderr: with --quiet, too. */
static void print_left(const struct copy_options *copy, const char *there)
{
	OWNED(buf_release) struct buf shown = {0};
	OWNED(buf_release) struct buf word = {0};

	(void)term_escaped(bytes_str(there), &shown);
	print_damage("", copy->left);
	if (copy->left->len > 0)
		fprintf(stderr,
			"yester: copy: what is damaged was left out; 'yester repair --from' mends "
			"it where a copy is sound, and the same copy again brings it\n");
	print_damage(buf_text(&shown), copy->there);
	if (copy->there->len > 0)
		fprintf(stderr,
			"yester: copy: the store that is copied to is damaged\n"
			"HINT: 'yester check -s %s' tells all of it, 'yester repair' mends what "
			"can be; "
			"then the same copy again brings what is lacking\n",
			shell_word(there, &word));
}

static void print_text(const struct copy_result *r)
{
	char documents[SIZE_TEXT_LEN], stored[SIZE_TEXT_LEN], entries[SIZE_TEXT_LEN];

	size_count_text(r->documents, documents);
	size_text(r->stored, stored);
	printf("%llu snapshots copied (%llu were there), %s documents read, %s stored\n",
	       (unsigned long long)r->snapshots, (unsigned long long)r->had, documents, stored);
	if (r->renamed > 0)
		printf("%llu of them are called NAME-ID there: others have their names\n",
		       (unsigned long long)r->renamed);
	if (r->entries > 0) {
		size_count_text(r->entries, entries);
		printf("%s entries of the oplog\n", entries);
	}
}

static int run_copy(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	const struct store_options half = {.cache_bytes = CMD_CACHE_OF_TWO};
	OWNED(store_close) struct store *from = NULL;
	OWNED(store_close) struct store *to = NULL;
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	OWNED(buf_release) struct buf left = {0};
	OWNED(buf_release) struct buf there = {0};
	struct copy_options copy = {.left = &left,
				    .there = &there,
				    .names = run->words.at + 1,
				    .name_count = run->words.count - 1,
				    .since = o->since,
				    .until = o->until};
	/* What -s is opened with must not open DST by chance: who means the same key says so. */
	const struct key_source key = {
		.file = o->key_file, .command = o->key_command, .no_environment = true};
	struct copy_result result;
	int code;

	if (copy.name_count > 0 && (o->since != NULL || o->until != NULL))
		return cmd_usage_error(run, e,
				       "name snapshots or give --since and --until, not both");
	if (cmd_open_store_with(run, &half, &from, e) < 0 ||
	    cmd_open_other(run, run->words.at[0], &key, "dst-key-", &to, e) < 0)
		return e->code;
	progress = term_progress_begin(run->progress);
	copy.progress = term_progress_get(progress);
	code = copy_run(from, to, &copy, &result, e);
	term_progress_end(TAKE(progress));
	if (code < 0)
		return code;
	if (run->globals.json)
		print_json(&result, &copy);
	else if (!run->globals.quiet)
		print_text(&result);
	print_left(&copy, store_path(to));
	return left.len + there.len > 0 ? EXIT_CODE_DAMAGE : EXIT_CODE_OK;
}

const struct cmd cmd_copy = {
	.name = "copy",
	.group = "Care",
	.synopsis = "-s STORE DST [SNAPSHOT...] [--since WHEN] [--until WHEN] [--dst-key-file F]",
	.summary = "copy snapshots and oplog into another store",
	.about = "DST is a store ('yester init'), and may have another seed or leaf size, or be "
		 "encrypted\n"
		 "where STORE is not, and the other way round. Without SNAPSHOT, --since and "
		 "--until\n"
		 "everything is copied, the oplog too. What DST has is not copied again. What "
		 "is damaged\n"
		 "here is told and left out (exit code 4): a snapshot, or entries of the oplog, "
		 "where DST\n"
		 "gets a gap. Exit code 4 also where DST is damaged, 1 where it is full: what was "
		 "copied\n"
		 "stays, and the same copy again goes on.\n"
		 "For an exact copy of the store itself, 'yester replicate' is quicker.\n",
	.examples =
		"  yester init -s /archive/shop && yester copy -s /backup/shop /archive/shop\n"
		"  yester copy -s /backup/shop /archive/shop --since now-30d\n"
		"  yester copy -s /backup/shop /safe/shop --dst-key-file /etc/yester/safe.key\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_min = 1,
	.words_max = 10000,
	.missing = "where to? a store",
	.run = run_copy,
};
