/*
 * replicate_dest.h - what a user named as the place of a replica: another machine's, or a folder here.
 *
 * Threads: any.
 */
#ifndef TOOLS_REPLICATE_DEST_H
#define TOOLS_REPLICATE_DEST_H

#include <stdbool.h>

#include "base/error.h"

/* "host:path" or "rsync://": not a folder here. A slash before the colon makes it one. */
bool replicate_dest_is_remote(const char *dest);

/* Is its path one that a shell there passes on as it stands? */
bool replicate_dest_is_plain(const char *dest);

/* Is it "host:~somebody", which only a shell there could resolve? */
bool replicate_dest_is_of_user(const char *dest);

/*
 * The folder as rsync is to be given it, with one slash at its end, behind which a name can stand: of "host:" or "host:~", which is the home
 * there, "host:./"; of what rsync would take for an option or another machine "./-a/". The caller's.
 */
char *replicate_dest_folder(const char *dest);

/* Is `path`, whose end need not exist, the folder, or below it? */
bool replicate_dest_lies_in(const char *path, const char *folder);

/* A folder that has no config: 0 when it may become a replica. ERR_REFUSED: something else is in it; ERR_IO. */
MUST_CHECK int replicate_dest_look(const char *dest, struct error *e);

#endif
