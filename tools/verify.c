#include "tools/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "base/buckets.h"
#include "base/clock.h"
#include "store/snapshot/catalog_normal.h"
#include "tools/verify_part.h"

void verify_result_init(struct verify_result *result)
{
	*result = (struct verify_result){0};
	restore_notes_init(&result->notes);
}

void verify_result_release(struct verify_result *result)
{
	restore_notes_release(&result->notes);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* What a member lists is compared; neither what each server has for itself, nor what dumps lack. */
static bool is_compared(const struct verify_job *job, const char *db, const char *coll)
{
	if (strcmp(db, "local") == 0 || strcmp(db, "config") == 0)
		return false;
	if (begins(coll, "system.") && strcmp(coll, "system.js") != 0 &&
	    !buckets_is(bytes_str(coll), NULL) &&
	    !(strcmp(db, "admin") == 0 &&
	      (strcmp(coll, "system.users") == 0 || strcmp(coll, "system.roles") == 0)))
		return false;
	return ns_filter_takes(job->options->filter, db, coll, strlen(coll));
}

static const struct live_list_entry *find_listed(const struct live_list *list, const char *db,
						 const char *coll)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->at[i].coll, coll) == 0 && strcmp(list->at[i].db, db) == 0)
			return &list->at[i];
	return NULL;
}

static void note(struct verify_job *job, const char *ns, const char *why)
{
	restore_notes_add(&job->result->notes, RESTORE_NOTE_CATALOG, ns, "", bytes_str(why));
}

/* Options, indexes and identity of one that both have. */
static int compare_entry(struct verify_job *job, const struct catalog_entry *ours,
			 const struct live_list_entry *theirs, struct error *e)
{
	struct catalog_entry other = *ours;
	int same;

	if (buckets_is(bytes_str(theirs->coll), NULL))
		return 0; /* the series says it */
	other.type = theirs->is_view	 ? CATALOG_VIEW
		     : theirs->is_series ? CATALOG_TIMESERIES
					 : CATALOG_COLLECTION;
	other.options = theirs->options;
	other.indexes = theirs->indexes;
	same = catalog_normal_same(ours, &other, e);
	if (same < 0)
		return same;
	if (same == 0)
		note(job, ours->ns, "type, options or indexes");
	else if (ours->has_uuid && theirs->has_uuid && memcmp(ours->uuid, theirs->uuid, 16) != 0)
		note(job, ours->ns, "it is another collection: its UUID");
	return 0;
}

/* All of the moment's that the member lacks, or has otherwise; then the other way round. */
static int compare_catalog(struct verify_job *job, const struct live_list *list, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};

	catalog_entry_init(&entry);
	for (uint64_t i = 0; i < moment_count(job->moment); i++) {
		const struct live_list_entry *theirs;
		OWNED(free) char *db = NULL;

		if (moment_entry(job->moment, i, &entry, e) < 0)
			return e->code;
		db = xstrndup(entry.ns, entry.db_len);
		if (!is_compared(job, db, entry.ns + entry.db_len + 1))
			continue;
		theirs = find_listed(list, db, entry.ns + entry.db_len + 1);
		if (theirs == NULL)
			note(job, entry.ns, "the member does not have it");
		else if (compare_entry(job, &entry, theirs, e) < 0)
			return e->code;
	}
	for (size_t i = 0; i < list->count; i++) {
		OWNED(free) char *ns = xprintf("%s.%s", list->at[i].db, list->at[i].coll);
		int found;

		if (!is_compared(job, list->at[i].db, list->at[i].coll))
			continue;
		found = moment_find(job->moment, bytes_str(ns), NULL, NULL, e);
		if (found < 0)
			return found;
		if (found == 0)
			note(job, ns, "only the member has it");
	}
	return 0;
}

/*
 * Names and options as they are now: of use only where the store has all that the member had before the look. Tried again
 * when something differs: it may have changed in between.
 */
static int check_catalog(struct verify_job *job, struct error *e)
{
	for (int round = 0; round < VERIFY_ROUNDS; round++) {
		OWNED(live_list_release) struct live_list list = {0};
		int reached;

		if (live_list_read(job->from.live, job->options->filter, &list, e) < 0 ||
		    live_refresh(job->from.live, e) < 0)
			return e->code;
		reached = verify_job_reach(job, job->from.live->top, e);
		if (reached <= 0)
			return reached;
		restore_notes_forget(&job->result->notes);
		if (compare_catalog(job, &list, e) < 0)
			return e->code;
		job->result->catalog = true;
		if (restore_notes_mismatches(&job->result->notes) == 0)
			break;
	}
	return 0;
}

/* Every collection with documents of the moment. */
static int check_documents(struct verify_job *job, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(buf_release) struct buf last = {0};

	catalog_entry_init(&entry);
	for (;;) {
		OWNED(free) char *db = NULL;
		uint64_t rank = 0;
		int found;

		/* The moment may be another one than before. */
		if (last.len > 0 && moment_seek(job->moment, buf_bytes(&last), &rank, e) < 0)
			return e->code;
		found = moment_entry(job->moment, rank, &entry, e);
		if (found <= 0)
			return found;
		buf_reset(&last);
		buf_add(&last, entry.ns, entry.ns_len);
		buf_add_u8(&last, 0);
		db = xstrndup(entry.ns, entry.db_len);
		if (entry.type != CATALOG_COLLECTION ||
		    !is_compared(job, db, entry.ns + entry.db_len + 1))
			continue;
		if (verify_part_collection(job, entry.ns, e) < 0)
			return e->code;
		job->result->collections++;
	}
}

static int begin(struct verify_job *job, struct error *e)
{
	const char *at = job->options->at;

	if (at != NULL && !verify_live_knows_history(job->from.live)) {
		error_set(e, ERR_REFUSED,
			  "a member of %s shows all only as it is now: no moment can be compared "
			  "with it",
			  job->from.live->version);
		return error_hint(e, "without --at what changes meanwhile is looked at again");
	}
	if (verify_job_open(job, at == NULL ? "latest" : at, e) < 0)
		return e->code;
	job->fixed = at != NULL;
	snprintf(job->result->first, sizeof(job->result->first), "%s", job->point.name);
	if (job->ts == 0)
		return error_set(e, ERR_REFUSED,
				 "%s is of no exact moment: it can't be compared with one",
				 job->point.name);
	if (live_refresh(job->from.live, e) < 0)
		return e->code;
	if (!job->fixed && verify_job_reach(job, job->from.live->top, e) < 0)
		return e->code;
	if (entry_seconds(job->from.live->top) > entry_seconds(job->ts))
		job->result->behind = entry_seconds(job->from.live->top) - entry_seconds(job->ts);
	return job->fixed ? 0 : check_catalog(job, e);
}

int verify_run(struct store *store, struct timeline *timeline, struct live *live,
	       const struct verify_options *options, struct verify_result *ret, struct error *e)
{
	OWNED(verify_job_release)
	struct verify_job job = {
		.store = store, .timeline = timeline, .options = options, .result = ret};
	uint64_t begun = clock_ms();

	snprintf(ret->member, sizeof(ret->member), "%s", live->member);
	verify_live_begin(live, &job.from);
	if (begin(&job, e) < 0 || check_documents(&job, e) < 0)
		return e->code;
	snprintf(ret->last, sizeof(ret->last), "%s", job.point.name);
	ret->milliseconds = clock_ms() - begun;
	return 0;
}
