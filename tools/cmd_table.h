/*
 * cmd_table.h - all verbs of `yester`, in the order of the main help. Threads: constant.
 */
#ifndef TOOLS_CMD_TABLE_H
#define TOOLS_CMD_TABLE_H

#include "tools/cmd.h"

extern const struct cmd cmd_backup;
extern const struct cmd cmd_cat;
extern const struct cmd cmd_check;
extern const struct cmd cmd_copy;
extern const struct cmd cmd_count;
extern const struct cmd cmd_diff;
extern const struct cmd cmd_doctor;
extern const struct cmd cmd_drill;
extern const struct cmd cmd_dump;
extern const struct cmd cmd_forget;
extern const struct cmd cmd_gaps;
extern const struct cmd cmd_help;
extern const struct cmd cmd_ingest;
extern const struct cmd cmd_ingest_oplog;
extern const struct cmd cmd_init;
extern const struct cmd cmd_log;
extern const struct cmd cmd_ls;
extern const struct cmd cmd_mount;
extern const struct cmd cmd_prune;
extern const struct cmd cmd_passwd;
extern const struct cmd cmd_ranges;
extern const struct cmd cmd_serve;
extern const struct cmd cmd_rekey;
extern const struct cmd cmd_restore;
extern const struct cmd cmd_repair;
extern const struct cmd cmd_replicate;
extern const struct cmd cmd_show;
extern const struct cmd cmd_snapshot;
extern const struct cmd cmd_snapshots;
extern const struct cmd cmd_stats;
extern const struct cmd cmd_status;
extern const struct cmd cmd_tail;
extern const struct cmd cmd_umount;
extern const struct cmd cmd_verify;
extern const struct cmd cmd_version;

/* Ended by NULL. */
extern const struct cmd *const cmd_table[];

/* The verb of that name, or NULL. */
const struct cmd *cmd_table_find(const char *name);

/* The verb nearest to what was typed, or NULL. Valid until the next call. */
const char *cmd_table_suggest(const char *typed);

/* Does any verb have an option of that name? (A configuration file serves all verbs.) */
bool cmd_table_has_option(const char *name);

#endif
