/*
 * cmd.h - what a verb of `yester` is, and what the cmd_<verb>.c files share.
 *
 * A verb parses nothing itself: its table of options fills its struct, then run() is called.
 * run() gives an exit code (0 or more), or a negative error code with `e` set, which main
 * prints.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_CMD_H
#define TOOLS_CMD_H

#include "oplog/moment.h"
#include "store/crypt/key_source.h"
#include "tools/args.h"
#include "tools/term_progress.h"

/* For hints: how a file F with a new key is made. */
#define CMD_NEW_KEY "(umask 077; head -c 32 /dev/urandom | base64 >F)"

/* What every verb takes. */
struct cmd_globals {
	const char *store;	 /* -s, YESTER_STORE; NULL when not given */
	const char *progress;	 /* --progress, as typed */
	const char *config;	 /* --config */
	const char *key_file;	 /* --key-file */
	const char *key_command; /* --key-command */
	bool json;
	bool quiet;
	bool help;
	bool version;
	unsigned verbose;
};

struct cmd_run;

struct cmd {
	const char *name;
	const char *group;    /* title under which the main help lists it; NULL: it does not */
	const char *synopsis; /* what follows the name: "-s STORE [--at WHEN] [NS]" */
	const char *summary;  /* one line, no full stop */
	const char *about;    /* paragraphs, each line ended; or NULL */
	const char *examples; /* lines to type, each ended */
	const struct args_option *options;
	size_t option_count;
	size_t options_size; /* of the struct that run->options points to */
	size_t words_min, words_max;
	const char *missing; /* what to ask when words are missing: "which collection?"; or NULL */
	int (*run)(struct cmd_run *run, struct error *e);
};

/* One run of a verb. */
struct cmd_run {
	const struct cmd *cmd;
	struct cmd_globals globals;
	void *options;		/* the verb's struct, filled */
	struct args_list words; /* what is no option */
	enum term_progress_mode progress;
	struct buf
		secret; /* what opens the store; empty: none was given, or none was asked for yet */
	bool usage;	/* the error is about the command line: main adds the usage line */
};

/* The options that every verb takes; they fill a struct cmd_globals. */
extern const struct args_option cmd_global_options[];
extern const size_t cmd_global_option_count;

/* ERR_INVALID, and main prints the verb's usage line below it. */
int cmd_usage_error(struct cmd_run *run, struct error *e, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* ERR_INVALID for an option that a later version will have. */
int cmd_not_yet(const char *what, struct error *e);

/* The path of the store; ERR_INVALID when none was given. */
MUST_CHECK int cmd_store_path(struct cmd_run *run, const char **ret, struct error *e);

/* Open the store that -s names, with the key that was given. It stays in run->secret, for children. */
MUST_CHECK int cmd_open_store(struct cmd_run *run, struct store **ret, struct error *e);
/* The same with a cache of another size. */
MUST_CHECK int cmd_open_store_with(struct cmd_run *run, const struct store_options *options,
				   struct store **ret, struct error *e);

/*
 * The same for verbs that can do something without the key: an encrypted store for which none was given is opened
 * as far as that goes (store_options.keyless); a wrong key is ERR_WRONG_KEY. *ret_keyless says which.
 */
MUST_CHECK int cmd_open_store_keyless(struct cmd_run *run, struct store **ret, bool *ret_keyless,
				      struct error *e);

/*
 * Bytes of decoded chunks that a verb keeps which replays much of the oplog into the store. A replay meets each chunk once: what is
 * kept longer than it takes to get there only makes the next ones come in memory that is new.
 */
#define CMD_CACHE_OF_REPLAY ((size_t)24 << 20)

/* Bytes of decoded chunks that each of two stores keeps which one process has open: 256 MiB are for both. */
#define CMD_CACHE_OF_TWO ((size_t)16 << 20)
/*
 * Open another store, at `path`, with a key of its own and a cache of CMD_CACHE_OF_TWO. Nothing said in `source`: with that of -s when `source` allows the
 * environment, else with none. `flag` is what the hint calls its option.
 */
MUST_CHECK int cmd_open_other(struct cmd_run *run, const char *path,
			      const struct key_source *source, const char *flag, struct store **ret,
			      struct error *e);

/* What was given by --key-file, --key-command or the environment, into run->secret: 1, 0 nothing. */
MUST_CHECK int cmd_read_secret(struct cmd_run *run, struct error *e);

/* The snapshots of the store; says on standard error when some were left out as damaged or
 * incomplete (*ret_skipped, may be NULL). */
MUST_CHECK int cmd_snapshots_read(struct cmd_run *run, struct store *store,
				  struct snapshot_list *ret, size_t *ret_skipped, struct error *e);

/*
 * Find the namespace "db.coll" as typed: raw, or in the escaped form that we print. Its entry,
 * or ERR_NOT_FOUND with a hint to the nearest name.
 */
MUST_CHECK int cmd_find_ns(struct moment *moment, const char *typed, struct catalog_entry *ret,
			   struct error *e);

/*
 * The ranks [*ret_first, *ret_end) of the namespaces of database `typed`. ERR_NOT_FOUND when
 * there are none.
 */
MUST_CHECK int cmd_find_db(struct moment *moment, const char *typed, uint64_t *ret_first,
			   uint64_t *ret_end, struct error *e);

/* Is it "db.coll", not only "db"? */
bool cmd_is_ns(const char *typed);

/* " (10:41:07 CET)" is shown on terminals only. */
bool cmd_shows_local_time(void);

/* The folder for what does not fit into memory: TMPDIR, or /tmp. */
const char *cmd_tmp_dir(void);

/* The options of a verb that takes --at, as the first of its struct. */
#define CMD_AT_OPTION(type)                                                                        \
	{                                                                                          \
		.name = "at", .kind = ARGS_VALUE, .value = "WHEN",                                 \
		.help = "the moment to look at (default: latest)", .offset = offsetof(type, at)    \
	}

#endif
