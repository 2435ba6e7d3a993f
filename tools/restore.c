#include "tools/restore.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "tools/restore_check.h"
#include "tools/restore_create.h"
#include "tools/restore_docs.h"

#define UNIT_BYTES (8 * MIB) /* of documents, about: what is done again after an election */

/* Some documents of one item. */
struct unit {
	size_t item;
	uint64_t first, count;
	uint64_t number; /* within the item */
};

struct units {
	struct unit *at;
	size_t count, room;
};

struct job {
	struct moment *moment;
	struct restore_target *target;
	const struct restore_plan *plan;
	const struct restore_options *options;
	struct restore_result *result;
	struct restore_docs_job docs;
	struct restore_check_job check;
	struct restore_docs *writers[RESTORE_WORK_MAX];
	struct units units;
	bool views;		    /* what create_one() makes now */
	bool ttl;		    /* what index_one() builds now */
	atomic_uint_fast64_t ended; /* namespaces */
};

void restore_result_init(struct restore_result *result)
{
	*result = (struct restore_result){0};
	restore_notes_init(&result->notes);
}

void restore_result_release(struct restore_result *result)
{
	restore_notes_release(&result->notes);
}

static void add_unit(struct units *units, size_t item, uint64_t first, uint64_t count,
		     uint64_t number)
{
	if (units->count == units->room) {
		units->room = units->room == 0 ? 64 : units->room * 2;
		units->at = xrealloc(units->at, units->room * sizeof(*units->at));
	}
	units->at[units->count++] = (struct unit){item, first, count, number};
}

/* The same cuts in every run: the file of --resume counts them. */
static void cut(struct units *units, const struct restore_plan_item *item, size_t index,
		bool in_parts)
{
	const struct tree_root *root = &item->entry.root;
	uint64_t mean = root->count == 0 ? 0 : root->bytes / root->count;
	uint64_t step = mean == 0 ? item->count : MAX_OF((uint64_t)UNIT_BYTES / mean, (uint64_t)1);
	uint64_t number = 0;

	if (!in_parts) {
		add_unit(units, index, item->first, item->count, 0);
		return;
	}
	for (uint64_t at = 0; at < item->count; at += step)
		add_unit(units, index, item->first + at, MIN_OF(step, item->count - at), number++);
}

static int run_work(struct job *job, const char *phase, size_t count,
		    int (*each)(void *, unsigned, mongoc_client_t *, size_t, struct error *),
		    atomic_uint_fast64_t *done, uint64_t total, struct error *e)
{
	const struct restore_work work = {
		.target = job->target,
		.threads = job->options->workers,
		.count = count,
		.each = each,
		.ctx = job,
		.progress = job->options->progress,
		.phase = phase,
		.done = done,
		.total = total,
	};

	return restore_work_run(&work, e);
}

/* ---- collections */

static bool was_begun(const struct job *job, const struct restore_plan_item *item)
{
	return job->options->state != NULL &&
	       restore_state_was_begun(job->options->state, item->ns);
}

static int drop_one(void *ctx, unsigned thread UNUSED, mongoc_client_t *client, size_t index,
		    struct error *e)
{
	struct job *job = ctx;

	return restore_create_drop(job->target, client, &job->plan->at[index], e);
}

static int create_one(void *ctx, unsigned thread UNUSED, mongoc_client_t *client, size_t index,
		      struct error *e)
{
	struct job *job = ctx;
	const struct restore_plan_item *item = &job->plan->at[index];
	struct restore_state *state = job->options->state;

	if ((item->entry.type == CATALOG_VIEW) != job->views)
		return 0;
	/* Order that was cut off can't be gone on with. */
	if (was_begun(job, item) && item->natural && item->has_data &&
	    !restore_state_has_unit(state, item->ns, 0))
		return restore_create_again(job->target, client, item, job->options->preserve_uuid,
					    e);
	if (restore_create(job->target, client, item, job->options->preserve_uuid, e) < 0)
		return e->code;
	if (state == NULL || was_begun(job, item) || item->action == RESTORE_MERGE ||
	    item->action == RESTORE_LEAVE)
		return 0;
	return restore_state_begin(state, item->ns, e);
}

/* ---- documents */

static int write_one(void *ctx, unsigned thread, mongoc_client_t *client, size_t index,
		     struct error *e)
{
	struct job *job = ctx;
	const struct unit *unit = &job->units.at[index];
	const struct restore_plan_item *item = &job->plan->at[unit->item];
	struct restore_state *state = job->options->state;
	int clashes;

	if (state != NULL && restore_state_has_unit(state, item->ns, unit->number))
		return 0;
	if (job->writers[thread] == NULL)
		job->writers[thread] = restore_docs_new(&job->docs);
	clashes = restore_docs_write(job->writers[thread], client, item, unit->first, unit->count,
				     was_begun(job, item), e);
	/* What clashes is told at the end: a run that is cut off has not, so the next one meets it again. */
	if (clashes != 0)
		return MIN_OF(clashes, 0);
	return state == NULL ? 0 : restore_state_unit(state, item->ns, unit->number, e);
}

static int write_documents(struct job *job, struct error *e)
{
	for (size_t i = 0; i < job->plan->count; i++) {
		const struct restore_plan_item *item = &job->plan->at[i];

		if (item->entry.type == CATALOG_COLLECTION && item->count > 0)
			cut(&job->units, item, i, !item->natural);
	}
	return run_work(job, "writing", job->units.count, write_one, &job->docs.bytes,
			job->plan->bytes, e);
}

/* ---- indexes */

static int index_one(void *ctx, unsigned thread UNUSED, mongoc_client_t *client, size_t index,
		     struct error *e)
{
	struct job *job = ctx;
	const struct restore_plan_item *item = &job->plan->at[index];
	struct restore_notes *notes = &job->result->notes;
	/* What has an owner keeps its indexes. */
	bool keeps =
		item->action == RESTORE_MERGE || item->action == RESTORE_LEAVE || item->is_buckets;

	if (!keeps &&
	    restore_create_indexes(job->target, item,
				   buf_bytes(job->ttl ? &item->ttl : &item->indexes), notes, e) < 0)
		return e->code;
	if (!keeps && job->ttl && restore_create_expire(job->target, client, item, notes, e) < 0)
		return e->code;
	atomic_fetch_add(&job->ended, 1);
	return 0;
}

static int build_indexes(struct job *job, bool ttl, struct error *e)
{
	job->ttl = ttl;
	atomic_store(&job->ended, 0);
	return run_work(job, ttl ? "TTL indexes (namespaces)" : "indexes (namespaces)",
			job->plan->count, index_one, &job->ended, job->plan->count, e);
}

/* ---- verification */

static int check_one(void *ctx, unsigned thread UNUSED, mongoc_client_t *client, size_t index,
		     struct error *e)
{
	struct job *job = ctx;
	const struct unit *unit = &job->units.at[index];

	return restore_check_unit(&job->check, client, &job->plan->at[unit->item], unit->first,
				  unit->count, e);
}

static int verify(struct job *job, struct error *e)
{
	uint64_t begin = clock_ms();
	int code;

	job->units.count = 0;
	for (size_t i = 0; i < job->plan->count; i++) {
		const struct restore_plan_item *item = &job->plan->at[i];
		int in_parts;

		if (item->entry.type != CATALOG_COLLECTION || item->action == RESTORE_LEAVE)
			continue;
		in_parts = restore_check_in_parts(&job->check, item, e);
		if (in_parts < 0)
			return in_parts;
		if (item->count == 0)
			add_unit(&job->units, i, 0, 0, 0);
		else
			cut(&job->units, item, i, in_parts > 0);
	}
	code = run_work(job, "verifying", job->units.count, check_one, &job->check.bytes,
			job->plan->bytes, e);
	job->result->was_verified = code >= 0;
	job->result->verified = job->check.bytes;
	job->result->changed = job->check.changed;
	job->result->given = job->check.given;
	job->result->verify_milliseconds = clock_ms() - begin;
	return code;
}

/* ---- all */

static int carry_out(struct job *job, struct error *e)
{
	const struct restore_options *o = job->options;

	/* Under another name may be what has the UUID that one needs. */
	if (o->preserve_uuid &&
	    run_work(job, "dropping", job->plan->count, drop_one, &job->ended, 0, e) < 0)
		return e->code;
	if (run_work(job, "creating", job->plan->count, create_one, &job->ended, 0, e) < 0)
		return e->code;
	job->views = true;
	if (run_work(job, "creating", job->plan->count, create_one, &job->ended, 0, e) < 0 ||
	    write_documents(job, e) < 0 || build_indexes(job, false, e) < 0)
		return e->code;
	if (o->accounts && restore_users_run(job->moment, job->target, o->filter, o->mode,
					     &job->result->notes, &job->result->accounts, e) < 0)
		return e->code;
	if (!o->no_verify && verify(job, e) < 0)
		return e->code;
	return build_indexes(job, true, e);
}

static void take_counts(struct job *job)
{
	struct restore_result *r = job->result;

	r->inserted = job->docs.inserted;
	r->replaced = job->docs.replaced;
	r->same = job->docs.same;
	r->kept = job->docs.kept;
	r->bytes = job->docs.bytes;
}

int restore_run(struct moment *moment, struct restore_target *target,
		const struct restore_plan *plan, const struct restore_options *options,
		struct restore_result *ret, struct error *e)
{
	uint64_t begin = clock_ms();
	struct job job = {
		.moment = moment,
		.target = target,
		.plan = plan,
		.options = options,
		.result = ret,
		.docs = {.target = target,
			 .store = moment_store(moment),
			 .select = options->select,
			 .mode = options->mode,
			 .preserve_uuid = options->preserve_uuid,
			 .notes = &ret->notes},
		.check = {.notes = &ret->notes, .tmp_dir = options->tmp_dir},
	};
	int code;

	job.check.docs = &job.docs;
	target->progress = options->progress;
	restore_rate_init(&job.docs.rate, options->rate, options->progress);
	code = carry_out(&job, e);
	take_counts(&job);
	for (size_t i = 0; i < RESTORE_WORK_MAX; i++)
		restore_docs_free(job.writers[i]);
	restore_rate_release(&job.docs.rate);
	free(job.units.at);
	ret->milliseconds = clock_ms() - begin;
	return code;
}
