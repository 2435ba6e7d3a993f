/*
 * dbpath.h - the data folders of mongods on this machine: of those that run, and of /etc/mongod.conf.
 *
 * Only what this user may see of other processes; nothing is asked of a server.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_DBPATH_H
#define TOOLS_DBPATH_H

#include "base/buf.h"
#include "base/cleanup.h"

#define DBPATH_DEFAULT "/data/db" /* what mongod takes when nobody says */

struct dbpath_list {
	char **at;
	size_t count;
};

void dbpath_list_release(struct dbpath_list *list);
DEFINE_OWNED_STRUCT(struct dbpath_list, dbpath_list_release);

/* Add a folder, unless it is there already; relative to `cwd` (absolute) when it is relative. */
void dbpath_add(struct dbpath_list *list, const char *cwd, const char *path);

/* The words --dbpath and --config of a mongod, each ended by a NUL as in /proc/PID/cmdline: the values, or NULL. Borrowed. */
void dbpath_of_words(struct bytes words, const char **ret_dbpath, const char **ret_config);

/* Append the value of dbPath (YAML: `dbPath: F`) or dbpath (old form: `dbpath = F`) of a configuration: 1, 0 it has none. */
int dbpath_of_config(struct bytes text, struct buf *ret);

/* Add those of all mongods that run, and of /etc/mongod.conf. */
void dbpath_find(struct dbpath_list *list);

#endif
