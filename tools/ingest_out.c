#include "tools/ingest_out.h"

#include <stdio.h>

#include "base/shell_word.h"
#include "base/time_text.h"
#include "tools/json_out.h"
#include "tools/size.h"
#include "tools/snapshot_out.h"
#include "tools/term.h"

static void warn(const struct cmd_run *run, const struct source_files *files, const char *what)
{
	OWNED(buf_release) struct buf path = {0};

	if (files->count == 0)
		return;
	fprintf(stderr, "yester: %s: warning: %s", run->cmd->name,
		term_escaped(bytes_str(files->first), &path));
	if (files->count > 1)
		fprintf(stderr, " and %llu more", (unsigned long long)files->count - 1);
	fprintf(stderr, ": %s\n", what);
}

void ingest_out_warn(const struct cmd_run *run, const struct ingest_result *r)
{
	warn(run, &r->unread,
	     "not read; NAME.bson is, or else NAME.bson.gz, in the folder of a database");
	warn(run, &r->bare, "no .bson beside it, the collection was taken as empty");
	warn(run, &r->blank, "an empty file: options and indexes of the collection are not known");
}

void ingest_out_json(const struct ingest_result *r)
{
	const struct snapshot *s = &r->snapshot;
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_name(&j, "snapshot", bytes_str(s->name));
	json_out_hex(&j, "id", bytes_of(s->id.at, CHUNK_ID_LEN));
	json_out_time(&j, "time", s->time);
	json_out_bool(&j, "exact", s->exact);
	snapshot_out_json_partial(&j, s);
	if (s->exact)
		json_out_optime(&j, "optime", s->optime.seconds, s->optime.increment);
	if (r->inexact_why.len > 0)
		json_out_name(&j, "inexactWhy", buf_bytes(&r->inexact_why));
	json_out_u64(&j, "collections", s->collections);
	json_out_u64(&j, "documents", s->documents);
	json_out_u64(&j, "bytes", s->bytes);
	json_out_u64(&j, "storedBytes", r->stored_bytes);
	json_out_u64(&j, "newChunks", r->new_chunks);
	json_out_u64(&j, "deltaChunks", r->delta_chunks);
	json_out_u64(&j, "reusedChunks", r->reused_chunks);
	json_out_u64(&j, "milliseconds", r->milliseconds);
	if (r->unread.count > 0)
		json_out_u64(&j, "filesNotRead", r->unread.count);
	if (r->bare.count > 0)
		json_out_u64(&j, "collectionsWithoutData", r->bare.count);
	if (r->blank.count > 0)
		json_out_u64(&j, "emptyMetadataFiles", r->blank.count);
	json_out_finish(&j);
}

/* "stored      215 MiB (2.9 : 1), 20,000 new pieces, 12 of them as differences, 0 reused". */
static void print_stored(const struct ingest_result *r)
{
	char size[SIZE_TEXT_LEN], fresh[SIZE_TEXT_LEN], delta[SIZE_TEXT_LEN], reused[SIZE_TEXT_LEN];

	size_text(r->stored_bytes, size);
	size_count_text(r->new_chunks, fresh);
	size_count_text(r->delta_chunks, delta);
	size_count_text(r->reused_chunks, reused);
	printf("  stored     %s", size);
	if (r->stored_bytes > 0 && r->input_bytes > 0)
		printf(" (%.1f : 1)", (double)r->input_bytes / (double)r->stored_bytes);
	printf(": %s new pieces", fresh);
	if (r->delta_chunks > 0)
		printf(", %s of them as differences", delta);
	printf(", %s reused\n", reused);
}

void ingest_out_text(const struct cmd_run *run, const struct ingest_result *r, bool followed)
{
	const struct snapshot *s = &r->snapshot;
	OWNED(buf_release) struct buf name = {0};
	OWNED(buf_release) struct buf word = {0};
	const char *store = shell_word(run->globals.store, &word);
	char text[SIZE_TEXT_LEN], more[SIZE_TEXT_LEN], when[TERM_TIME_LEN];

	term_time(s->time, cmd_shows_local_time(), when);
	printf("snapshot %s%s%s\n", term_style(stdout, TERM_BOLD),
	       term_escaped(bytes_str(s->name), &name), term_style(stdout, TERM_PLAIN));
	if (s->exact)
		printf("  time       %s, exactly (optime %u.%u)\n", when, s->optime.seconds,
		       s->optime.increment);
	else if (r->inexact_why.len > 0)
		printf("  time       about %s (its oplog can't be replayed: %s)\n", when,
		       term_escaped(buf_bytes(&r->inexact_why), &name));
	else
		printf("  time       about %s (the dump has no oplog)\n", when);
	size_count_text(s->documents, text);
	size_count_text(s->collections, more);
	printf("  documents  %s in %s collection%s%s\n", text, more, s->collections == 1 ? "" : "s",
	       s->partial ? " (a part of the deployment)" : "");
	size_text(s->bytes, text);
	printf("  bytes      %s of BSON\n", text);
	print_stored(r);
	time_text_duration(r->milliseconds, text);
	size_text(r->milliseconds == 0 ? r->input_bytes : r->input_bytes * 1000 / r->milliseconds,
		  more);
	printf("  took       %s (%s/s)\n", text, more);
	printf("\nNext:\n");
	if (s->exact && followed)
		printf("  yester tail -s %s --uri-file F    (the moments from now on; --once: up "
		       "to now)\n",
		       store);
	else if (s->exact)
		printf("  mongodump -d local -c oplog.rs --out slice    (any time later)\n"
		       "  yester ingest-oplog -s %s slice\n",
		       store);
	printf("  yester mount -s %s MNT\n", store);
}
