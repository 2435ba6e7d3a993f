#include "tools/prune_out.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "oplog/stream_prune.h"
#include "tools/duration.h"
#include "tools/size.h"
#include "tools/term.h"

static int read_options(const struct prune_out_options *o, struct prune_options *ret,
			struct error *e)
{
	uint64_t seconds = PRUNE_GRACE_US / 1000000, percent = PRUNE_WASTE_PERCENT;

	if (o->grace != NULL && duration_parse("grace", o->grace, true, &seconds, e) < 0)
		return e->code;
	if (o->waste != NULL && args_number("max-waste", o->waste, 100, &percent, e) < 0)
		return e->code;
	ret->grace_us = seconds * 1000000;
	ret->waste_percent = (unsigned)percent;
	return 0;
}

int prune_out_check(const struct prune_out_options *o, struct error *e)
{
	struct prune_options ignored;

	return read_options(o, &ignored, e);
}

int prune_out_run(struct cmd_run *run, struct store *store, const struct prune_out_options *o,
		  bool dry_run, struct prune_result *ret, struct error *e)
{
	struct prune_options options = {
		.now_us = clock_wall_us(),
		.dry_run = dry_run,
		.mark_file = stream_prune_mark,
		.keeps_file = stream_prune_keeps,
		.ctx = store,
	};
	OWNED(term_progress_end) struct term_progress *progress = NULL;

	if (read_options(o, &options, e) < 0)
		return e->code;
	progress = term_progress_begin(run->progress);
	options.progress = term_progress_get(progress);
	return prune_run(store, &options, ret, e);
}

static void print_size(const char *what, uint64_t packs, uint64_t bytes, const char *how)
{
	char size[SIZE_TEXT_LEN];

	size_text(bytes, size);
	printf("  %-10s %s in %llu pack%s%s\n", what, size, (unsigned long long)packs,
	       packs == 1 ? "" : "s", how);
}

void prune_out_text(const struct prune_result *r, bool dry_run)
{
	char used[SIZE_TEXT_LEN], all[SIZE_TEXT_LEN], time[TERM_TIME_LEN];

	size_text(r->needed_bytes, used);
	size_text(r->bytes, all);
	printf("%s of %s are in use\n", used, all);
	if (r->copied_packs > 0) {
		char copied[SIZE_TEXT_LEN];

		size_text(r->copied_bytes, copied);
		printf("  %-10s %s of what is in use, out of %llu packs\n",
		       dry_run ? "would copy" : "copied", copied,
		       (unsigned long long)r->copied_packs);
	}
	if (r->deleted_packs + r->deleted_files > 0)
		print_size(dry_run ? "would go" : "deleted", r->deleted_packs, r->deleted_bytes,
			   "");
	if (r->deleted_files > 0)
		printf("  %-10s %llu files of the oplog\n", "",
		       (unsigned long long)r->deleted_files);
	if (r->condemned_packs > 0)
		print_size("waiting", r->condemned_packs, r->condemned_bytes,
			   " that nothing uses any more");
	if (r->waiting_files > 0)
		printf("  %-10s %llu files of the oplog\n", "waiting",
		       (unsigned long long)r->waiting_files);
	if (r->next_us > 0) {
		term_time(r->next_us / 1000000, cmd_shows_local_time(), time);
		printf("the first of them may go at %s: prune again then\n", time);
	}
}

void prune_out_json(struct json_out *j, const struct prune_result *r)
{
	json_out_u64(j, "packs", r->packs);
	json_out_u64(j, "bytes", r->bytes);
	json_out_u64(j, "usedChunks", r->needed_chunks);
	json_out_u64(j, "usedBytes", r->needed_bytes);
	json_out_u64(j, "copiedPacks", r->copied_packs);
	json_out_u64(j, "copiedBytes", r->copied_bytes);
	json_out_u64(j, "deletedPacks", r->deleted_packs);
	json_out_u64(j, "deletedBytes", r->deleted_bytes);
	json_out_u64(j, "deletedFiles", r->deleted_files);
	json_out_u64(j, "waitingPacks", r->condemned_packs);
	json_out_u64(j, "waitingBytes", r->condemned_bytes);
	json_out_u64(j, "waitingFiles", r->waiting_files);
	if (r->next_us > 0)
		json_out_time(j, "next", r->next_us / 1000000);
}
