#include "tools/drill.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "base/clock.h"
#include "base/file.h"
#include "oplog/dbhash.h"
#include "tools/mongod_run.h"
#include "tools/restore_fit.h"
#include "tools/restore_long.h"

struct job {
	struct moment *moment;
	struct restore_target *target;
	struct drill_result *result;
	const struct restore_plan *plan;
	struct buf db;	  /* whose hashes these are */
	struct buf reply; /* of dbHash */
};

void drill_result_init(struct drill_result *result)
{
	*result = (struct drill_result){0};
	restore_result_init(&result->restored);
}

void drill_result_release(struct drill_result *result)
{
	restore_result_release(&result->restored);
}

static void note(struct job *job, const char *ns, const char *why)
{
	restore_notes_add(&job->result->restored.notes, RESTORE_NOTE_CATALOG, ns, "",
			  bytes_str(why));
}

/* The server's hashes of a database. */
static int ask(struct job *job, struct bytes db, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	size_t begin = bson_build_begin(&command);
	int code;

	buf_reset(&job->db);
	buf_add_bytes(&job->db, db);
	bson_build_int32(&command, "dbHash", 1);
	bson_build_end(&command, begin);
	code = restore_long_run(job->target, buf_text(&job->db), buf_bytes(&command), &job->reply,
				e);
	return code == 0 ? restore_target_refused(buf_bytes(&job->reply), "dbHash", e)
			 : MIN_OF(code, 0);
}

/* Of the collections: the text at `name`; 0 it has none of that name. */
static int hash_of(struct job *job, const char *name, struct bytes *ret, struct error *e)
{
	struct bson_field field, hash;
	int found = bson_find(buf_bytes(&job->reply), "collections", &field, e);

	if (found > 0)
		found = bson_find(field.value, name, &hash, e);
	if (found <= 0)
		return found;
	return bson_text(hash.value, ret, e) < 0 ? e->code : 1;
}

static bool was_planned(const struct job *job, const char *ns)
{
	for (size_t i = 0; i < job->plan->count; i++)
		if (strcmp(job->plan->at[i].ns, ns) == 0)
			return true;
	return false;
}

/* Views of time series have other bytes from another version on. */
static bool is_views_of_another(const struct job *job, const char *name)
{
	const char *from = moment_snapshot(job->moment)->server_version;
	unsigned major = 0;

	return strcmp(name, "system.views") == 0 &&
	       (from == NULL || sscanf(from, "%u", &major) != 1 || major != job->target->major);
}

static int compare_collection(void *ctx, const struct dbhash_collection *c, struct error *e)
{
	struct job *job = ctx;
	OWNED(free) char *name = xstrndup((const char *)c->name.at, c->name.len);
	OWNED(free) char *ns = xprintf("%.*s.%s", (int)c->db.len, (const char *)c->db.at, name);
	struct bytes theirs;
	int found;

	if (!bytes_equal(buf_bytes(&job->db), c->db) && ask(job, c->db, e) < 0)
		return e->code;
	if (!was_planned(job, ns) && strcmp(name, "system.views") != 0)
		return 0;
	found = hash_of(job, name, &theirs, e);
	if (found < 0)
		return found;
	job->result->collections++;
	if (found == 0)
		note(job, ns, "it is not there");
	else if (!bytes_equal(theirs, bytes_str(c->hash)) && !is_views_of_another(job, name))
		note(job, ns, "dbHash differs");
	return 0;
}

/* Its own hash says no more. */
static int end_database(void *ctx UNUSED, struct bytes db UNUSED, const char *md5 UNUSED,
			struct error *e UNUSED)
{
	return 0;
}

static int compare(struct job *job, const struct drill_options *o, struct error *e)
{
	const struct dbhash_sink sink = {
		.ctx = job, .collection = compare_collection, .database = end_database};
	int code;

	code = dbhash_run(job->moment, NULL, o->tmp_dir, o->progress, &sink, e);
	buf_release(&job->db);
	buf_release(&job->reply);
	return code;
}

/* A mongod of our own, on an empty folder. */
struct scratch {
	char *folder;
	struct mongod_run *mongod;
	struct live_uri *uri;
	struct restore_target *target;
};

static void scratch_release(struct scratch *s)
{
	struct error ignored = {0};

	restore_target_close(s->target);
	live_uri_free(s->uri);
	mongod_run_end(s->mongod);
	if (s->folder != NULL && file_remove_tree(s->folder, &ignored) < 0)
		ignored.code = 0; /* what is left there is what nobody can help */
	free(s->folder);
}
DEFINE_OWNED_STRUCT(struct scratch, scratch_release);

static int start(struct scratch *s, const struct drill_options *options, struct error *e)
{
	static const char *const more[] = {"--wiredTigerCacheSizeGB", "1", NULL};
	OWNED(free) char *folder = xprintf("%s/yester-drill-XXXXXX", options->tmp_dir);
	OWNED(free) char *uri = NULL;
	const struct mongod_run_options how = {
		.mongod = options->mongod,
		.dbpath = folder,
		.more = more,
		.tmp = options->tmp_dir,
		.progress = options->progress,
	};

	if (mkdtemp(folder) == NULL)
		return error_sys(e, "mkdtemp %s", folder);
	s->folder = xstrdup(folder);
	if (mongod_run_start(&how, &s->mongod, e) < 0)
		return e->code;
	uri = xstrdup(mongod_run_uri(s->mongod));
	if (live_uri_read(uri, NULL, &s->uri, e) < 0 ||
	    restore_target_open(s->uri, options->workers, &s->target, e) < 0)
		return e->code;
	snprintf(s->target->name, sizeof(s->target->name), "a scratch mongod");
	return 0;
}

int drill_run(struct moment *moment, const struct drill_options *options, struct drill_result *ret,
	      struct error *e)
{
	OWNED(scratch_release) struct scratch scratch = {0};
	OWNED(restore_plan_release) struct restore_plan plan = {0};
	const struct restore_plan_options planned = {.progress = options->progress};
	const struct restore_options how = {
		.workers = options->workers,
		.no_verify = true,
		.tmp_dir = options->tmp_dir,
		.progress = options->progress,
	};
	struct job job = {.moment = moment, .result = ret, .plan = &plan};
	uint64_t begin = clock_ms();

	if (start(&scratch, options, e) < 0)
		return e->code;
	job.target = scratch.target;
	snprintf(ret->version, sizeof(ret->version), "%s", job.target->version);
	if (restore_plan_make(moment, job.target, &planned, &plan, e) < 0 ||
	    restore_fit_refuse(&plan, e) < 0)
		return e->code;
	ret->documents = plan.documents;
	ret->bytes = plan.bytes;
	if (restore_run(moment, job.target, &plan, &how, &ret->restored, e) < 0 ||
	    compare(&job, options, e) < 0)
		return e->code;
	ret->milliseconds = clock_ms() - begin;
	ret->ok = restore_notes_clashes(&ret->restored.notes) == 0 &&
		  restore_notes_mismatches(&ret->restored.notes) == 0;
	return 0;
}
