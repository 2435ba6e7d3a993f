/*
 * ingest_out.h - what ingest and backup say of the snapshot that they made.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_INGEST_OUT_H
#define TOOLS_INGEST_OUT_H

#include "tools/cmd.h"
#include "tools/ingest.h"

/* Warnings on standard error: data files that were not read, collections that have none. */
void ingest_out_warn(const struct cmd_run *run, const struct ingest_result *r);

/* One JSON object on standard output. */
void ingest_out_json(const struct ingest_result *r);

/* The same for people, and what could be done next; `followed`: it came from a member that `yester tail` can follow. */
void ingest_out_text(const struct cmd_run *run, const struct ingest_result *r, bool followed);

#endif
