#include "tools/cmd_table.h"

#include "base/suggest.h"

const struct cmd *const cmd_table[] = {
	&cmd_init,	&cmd_ingest, &cmd_ingest_oplog, &cmd_backup,  &cmd_tail,      &cmd_snapshot,
	&cmd_snapshots, &cmd_ranges, &cmd_gaps,		&cmd_status,  &cmd_show,      &cmd_ls,
	&cmd_cat,	&cmd_count,  &cmd_diff,		&cmd_log,     &cmd_stats,     &cmd_mount,
	&cmd_umount,	&cmd_serve,  &cmd_passwd,	&cmd_dump,    &cmd_restore,   &cmd_check,
	&cmd_verify,	&cmd_drill,  &cmd_forget,	&cmd_prune,   &cmd_replicate, &cmd_repair,
	&cmd_copy,	&cmd_rekey,  &cmd_doctor,	&cmd_version, &cmd_help,      NULL,
};

const struct cmd *cmd_table_find(const char *name)
{
	for (size_t i = 0; cmd_table[i] != NULL; i++)
		if (strcmp(cmd_table[i]->name, name) == 0)
			return cmd_table[i];
	return NULL;
}

const char *cmd_table_suggest(const char *typed)
{
	/* What people type from habit. */
	static const char *const habits[][2] = {
		{"list", "snapshots"}, {"import", "ingest"},	 {"add", "ingest"},
		{"unmount", "umount"}, {"fusermount", "umount"}, {"export", "dump"},
		{"find", "cat"},       {"get", "cat"},		 {"create", "init"},
		{"info", "show"},      {"fsck", "check"},	 {"mongodump", "dump"},
		{"delete", "forget"},  {"rm", "forget"},	 {"remove", "forget"},
		{"gc", "prune"},       {"compact", "prune"},	 {"cleanup", "prune"},
		{"history", "log"},    {"oplog", "log"},	 {"undo", "restore"},
		{"query", "cat"},      {"bsondump", "cat"},	 {"mongorestore", "restore"},
		{"follow", "tail"},    {"watch", "tail"},	 {"mongoexport", "cat"},
		{"sync", "replicate"}, {"rsync", "replicate"},	 {"push", "replicate"},
		{"size", "stats"},     {"du", "stats"},		 {"health", "doctor"},
		{"server", "serve"},   {"mongod", "serve"},	 {"compare", "diff"},
		{"collections", "ls"}, {"mongosh", "serve"},
	};
	static struct suggest near;

	for (size_t i = 0; i < COUNT_OF(habits); i++)
		if (strcmp(habits[i][0], typed) == 0)
			return habits[i][1];
	suggest_begin(&near, bytes_str(typed));
	for (size_t i = 0; cmd_table[i] != NULL; i++)
		suggest_offer(&near, bytes_str(cmd_table[i]->name));
	return suggest_best(&near);
}

bool cmd_table_has_option(const char *name)
{
	for (size_t i = 0; cmd_table[i] != NULL; i++) {
		const struct args_table table = {.options = cmd_table[i]->options,
						 .count = cmd_table[i]->option_count};

		if (args_find(&table, name) != NULL)
			return true;
	}
	return false;
}
