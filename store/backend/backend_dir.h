/*
 * backend_dir.h - the back end that is a folder of files.
 */
#ifndef STORE_BACKEND_BACKEND_DIR_H
#define STORE_BACKEND_BACKEND_DIR_H

#include "store/backend/backend.h"

/*
 * Files below `root`. New ones are first written in `tmp_dir`, which is on the same file
 * system and only needed by put (NULL: put is refused with ERR_UNSUPPORTED).
 */
struct backend *backend_dir_new(const char *root, const char *tmp_dir);

/* What is put from now on need not outlive a power cut: nothing waits for the disk. Before other threads use it. */
void backend_dir_spare_syncs(struct backend *b);

#endif
