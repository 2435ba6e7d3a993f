#include "tools/cmd.h"

#include <stdio.h>

#include "base/shell_word.h"
#include "base/suggest.h"
#include "tools/term.h"

#define SUGGEST_SCAN_MAX 20000 /* namespaces that are compared for a hint */
#define NAMED_SHOWN 3

#define GLOBAL(field) offsetof(struct cmd_globals, field)
const struct args_option cmd_global_options[] = {
	{"store", 's', ARGS_VALUE, "STORE", "the folder of the store (or set YESTER_STORE)",
	 GLOBAL(store)},
	{"key-file", 0, ARGS_VALUE, "F",
	 "of an encrypted store: the file with its key (or set YESTER_KEY_FILE)", GLOBAL(key_file)},
	{"key-command", 0, ARGS_VALUE, "C", "the same: a command for sh that prints the key",
	 GLOBAL(key_command)},
	{"json", 0, ARGS_FLAG, NULL, "print one JSON document instead of a table", GLOBAL(json)},
	{"quiet", 'q', ARGS_FLAG, NULL, "print nothing but errors and what was asked for",
	 GLOBAL(quiet)},
	{"verbose", 'v', ARGS_COUNT, NULL, "print more", GLOBAL(verbose)},
	{"progress", 0, ARGS_VALUE, "auto|always|never", "show how far it is (default: auto)",
	 GLOBAL(progress)},
	{"config", 0, ARGS_VALUE, "F", "read further options from file F, one 'flag value' a line",
	 GLOBAL(config)},
	{"help", 'h', ARGS_FLAG, NULL, "explain the verb", GLOBAL(help)},
	{"version", 'V', ARGS_FLAG, NULL, "print the versions", GLOBAL(version)},
};
const size_t cmd_global_option_count = COUNT_OF(cmd_global_options);

int cmd_usage_error(struct cmd_run *run, struct error *e, const char *format, ...)
{
	char text[sizeof(e->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	run->usage = true;
	return error_set(e, ERR_INVALID, "%s", text);
}

int cmd_not_yet(const char *what, struct error *e)
{
	return error_set(e, ERR_INVALID, "%s is not in this version", what);
}

int cmd_store_path(struct cmd_run *run, const char **ret, struct error *e)
{
	if (run->globals.store == NULL || run->globals.store[0] == '\0') {
		cmd_usage_error(run, e, "which store?");
		return error_hint(e, "give -s STORE, or set YESTER_STORE");
	}
	*ret = run->globals.store;
	return 0;
}

int cmd_read_secret(struct cmd_run *run, struct error *e)
{
	const struct key_source source = {.file = run->globals.key_file,
					  .command = run->globals.key_command};

	if (run->secret.len > 0)
		return 1;
	return key_source_read(&source, &run->secret, e);
}

/* What the user could do about it. */
static int hint_open(const char *path, const char *flag, struct error *e)
{
	OWNED(buf_release) struct buf word = {0};

	if (e->code == ERR_NO_STORE && e->hint[0] == '\0')
		return error_hint(e, "make one: yester init -s %s", shell_word(path, &word));
	/* Of what is read first nothing can be made anew. */
	if (e->code == ERR_CORRUPT && e->hint[0] == '\0')
		return error_hint(e, "every copy of the store has the same config, and keys/: "
				     "take the file from there");
	if (e->code == ERR_WRONG_KEY)
		return error_hint(e, "--%sfile F or --%scommand C gives the key%s", flag, flag,
				  strcmp(flag, "key-") == 0 ? ", or YESTER_KEY_FILE" : "");
	return e->code;
}

int cmd_open_store_with(struct cmd_run *run, const struct store_options *wanted, struct store **ret,
			struct error *e)
{
	struct store_secret secret;
	struct store_options options = *wanted;
	const char *path = NULL;
	int given;

	if (cmd_store_path(run, &path, e) < 0)
		return e->code;
	given = cmd_read_secret(run, e);
	if (given < 0)
		return given;
	secret.secret = buf_bytes(&run->secret);
	options.secret = given == 0 ? NULL : &secret;
	return store_open(path, &options, ret, e) < 0 ? hint_open(path, "key-", e) : 0;
}

int cmd_open_store(struct cmd_run *run, struct store **ret, struct error *e)
{
	const struct store_options options = {0};

	return cmd_open_store_with(run, &options, ret, e);
}

int cmd_open_store_keyless(struct cmd_run *run, struct store **ret, bool *ret_keyless,
			   struct error *e)
{
	const struct store_options options = {.keyless = true};

	if (cmd_open_store_with(run, &options, ret, e) < 0)
		return e->code;
	*ret_keyless = store_is_keyless(*ret);
	return 0;
}

int cmd_open_other(struct cmd_run *run, const char *path, const struct key_source *source,
		   const char *flag, struct store **ret, struct error *e)
{
	OWNED(key_source_wipe) struct buf own = {0};
	struct store_secret secret;
	struct store_options options = {.cache_bytes = CMD_CACHE_OF_TWO};
	int given = 0;

	if (source->file != NULL || source->command != NULL)
		given = key_source_read(source, &own, e);
	else if (!source->no_environment)
		given = cmd_read_secret(run, e);
	if (given < 0)
		return given;
	secret.secret = buf_bytes(own.len > 0 ? &own : &run->secret);
	options.secret = given == 0 ? NULL : &secret;
	return store_open(path, &options, ret, e) < 0 ? hint_open(path, flag, e) : 0;
}

int cmd_snapshots_read(struct cmd_run *run, struct store *store, struct snapshot_list *ret,
		       size_t *ret_skipped, struct error *e)
{
	size_t skipped = 0;

	if (snapshots_read(store, ret, &skipped, e) < 0)
		return e->code;
	if (skipped > 0)
		fprintf(stderr,
			"yester: %s: warning: %zu snapshot%s left out: damaged, made by a newer "
			"program, or not all of it is here yet\n",
			run->cmd->name, skipped, skipped == 1 ? " is" : "s are");
	if (ret_skipped != NULL)
		*ret_skipped = skipped;
	return 0;
}

bool cmd_is_ns(const char *typed)
{
	const char *dot = strchr(typed, '.');

	return dot != NULL && dot > typed && dot[1] != '\0';
}

/* "a.orders, shop.orders": the collections that are called so, whose database was left out. */
static void find_named(struct moment *moment, const char *typed, struct buf *ret)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct error ignored = {0};
	unsigned count = 0;

	catalog_entry_init(&entry);
	for (uint64_t i = 0; i < MIN_OF(moment_count(moment), SUGGEST_SCAN_MAX); i++) {
		if (moment_entry(moment, i, &entry, &ignored) <= 0)
			break;
		if (!bytes_equal(catalog_entry_coll(&entry), bytes_str(typed)) ||
		    count++ >= NAMED_SHOWN)
			continue;
		buf_add_str(ret, count == 1 ? "" : ", ");
		term_escape(bytes_of(entry.ns, entry.ns_len), ret);
	}
	if (count > NAMED_SHOWN)
		buf_add_str(ret, ", ...");
}

static int add_near_ns(struct moment *moment, const char *typed, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(buf_release) struct buf text = {0};
	struct suggest near;

	find_named(moment, typed, &text);
	if (text.len > 0)
		return error_hint(e, "did you mean %s?", buf_text(&text));
	catalog_entry_init(&entry);
	suggest_begin(&near, bytes_str(typed));
	for (uint64_t i = 0; i < MIN_OF(moment_count(moment), SUGGEST_SCAN_MAX); i++) {
		struct error ignored = {0};

		if (moment_entry(moment, i, &entry, &ignored) <= 0)
			break;
		suggest_offer(&near, strchr(typed, '.') == NULL ? bytes_of(entry.ns, entry.db_len)
								: bytes_of(entry.ns, entry.ns_len));
	}
	if (suggest_best(&near) == NULL)
		return error_hint(e, "'yester ls' lists what is there");
	return error_hint(e, "did you mean '%s'?",
			  term_escaped(bytes_str(suggest_best(&near)), &text));
}

int cmd_find_ns(struct moment *moment, const char *typed, struct catalog_entry *ret,
		struct error *e)
{
	OWNED(buf_release) struct buf plain = {0};
	int found = moment_find(moment, bytes_str(typed), NULL, ret, e);

	if (found == 0 && strchr(typed, '\\') != NULL && term_unescape(bytes_str(typed), &plain))
		found = moment_find(moment, buf_bytes(&plain), NULL, ret, e);
	if (found != 0)
		return found < 0 ? found : 0;
	error_set(e, ERR_NOT_FOUND, "there is no collection %s at %s", typed,
		  moment_snapshot(moment)->name);
	return add_near_ns(moment, typed, e);
}

int cmd_find_db(struct moment *moment, const char *typed, uint64_t *ret_first, uint64_t *ret_end,
		struct error *e)
{
	OWNED(buf_release) struct buf bound = {0};

	buf_add_str(&bound, typed);
	buf_add_u8(&bound, '.');
	if (moment_seek(moment, buf_bytes(&bound), ret_first, e) < 0)
		return e->code;
	bound.at[bound.len - 1] = '.' + 1;
	if (moment_seek(moment, buf_bytes(&bound), ret_end, e) < 0)
		return e->code;
	if (*ret_first < *ret_end)
		return 0;
	error_set(e, ERR_NOT_FOUND, "there is no database %s at %s", typed,
		  moment_snapshot(moment)->name);
	return add_near_ns(moment, typed, e);
}

bool cmd_shows_local_time(void)
{
	return term_is_tty(stdout);
}

const char *cmd_tmp_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir != NULL && *dir != '\0' ? dir : "/tmp";
}
