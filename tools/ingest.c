#include "tools/ingest.h"

#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "oplog/stream_foreign.h"
#include "store/snapshot/commit.h"
#include "tools/ingest_build.h"
#include "tools/ingest_catalog.h"
#include "tools/ingest_roll.h"
#include "tools/spool.h"

#define ORDER_BYTES_MAX (8 * MIB) /* of the natural orders that a catalog keeps */
#define HEAD_BYTES (4 * MIB)	  /* of a collection in order: enough for a sample */

struct ingest {
	const struct ingest_options *options;
	struct store *store;
	struct store_writer *writer;
	struct snapshot_list list;
	struct ingest_older older;
	struct buf entries; /* of struct catalog_entry */
	struct tree_root oplog;
	size_t order_bytes;   /* of natural orders in entries */
	pthread_mutex_t lock; /* over older, entries and jobs: some sources have several threads */
	pthread_mutex_t sort; /* one that needs the memory of a sort at a time */
	struct job *jobs;     /* namespaces that are begun */
};

/* A namespace that was begun and not ended. */
struct job {
	struct job *next;
	struct catalog_entry entry;
	struct spool *spool;
	struct ingest_build build;
	struct tree_root old; /* of the older version; build.old points here when there is one */
	char *file;
	bool is_oplog;
	bool wait; /* documents go to `head` until it is large, then they are built as they come */
	struct buf head; /* not in the spool yet */
};

static void job_free(struct job *job)
{
	if (job == NULL)
		return;
	catalog_entry_release(&job->entry);
	ingest_build_release(&job->build);
	spool_free(job->spool);
	buf_release(&job->head);
	free(job->file);
	free(job);
}
DEFINE_OWNED(struct job *, job_free);

static void ingest_release(struct ingest *ingest)
{
	struct catalog_entry *entry = (struct catalog_entry *)(void *)ingest->entries.at;

	while (ingest->jobs != NULL) {
		struct job *job = ingest->jobs;

		ingest->jobs = job->next;
		job_free(job);
	}
	for (size_t i = 0; i < ingest->entries.len / sizeof(*entry); i++)
		catalog_entry_release(&entry[i]);
	buf_release(&ingest->entries);
	store_writer_end(ingest->writer);
	snapshots_release(&ingest->list);
	pthread_mutex_destroy(&ingest->lock);
	pthread_mutex_destroy(&ingest->sort);
}
DEFINE_OWNED_STRUCT(struct ingest, ingest_release);

static void describe(const struct source_ns *ns, struct catalog_entry *entry)
{
	OWNED(buf_release) struct buf name = {0};

	buf_add_str(&name, ns->db);
	buf_add_u8(&name, '.');
	buf_add(&name, ns->coll, ns->coll_len);
	entry->ns = xstrndup((const char *)name.at, name.len);
	entry->ns_len = name.len;
	entry->db_len = strlen(ns->db);
	entry->type = ns->type == SOURCE_VIEW	      ? CATALOG_VIEW
		      : ns->type == SOURCE_TIMESERIES ? CATALOG_TIMESERIES
						      : CATALOG_COLLECTION;
	buf_add_bytes(&entry->options, ns->options);
	buf_add_bytes(&entry->indexes, ns->indexes);
	buf_add_bytes(&entry->building, ns->building);
	entry->has_uuid = ns->has_uuid;
	if (ns->has_uuid)
		memcpy(entry->uuid, ns->uuid, sizeof(entry->uuid));
	entry->has_metadata = ns->has_metadata;
}

/* An older version of the collection with the same order, if there is one. */
static int find_old(struct ingest *ingest, struct job *job, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry was = {0};
	uint64_t changed;
	int found;

	if (job->is_oplog)
		return 0;
	pthread_mutex_lock(&ingest->lock);
	found = ingest_catalog_older(&ingest->older, bytes_of(job->entry.ns, job->entry.ns_len),
				     &was, &changed, e);
	pthread_mutex_unlock(&ingest->lock);
	if (found < 0)
		return found;
	job->old = was.root;
	if (found == 1 && was.root.count > 0)
		job->build.old = &job->old;
	return 0;
}

/* As a snapshot it would be a useless one, the newest, and there to stay. */
static int refuse_oplog(const struct ingest_options *o, const struct source_ns *ns, struct error *e)
{
	if (ns_filter_is_partial(o->filter) || strcmp(ns->db, "local") != 0 ||
	    !bytes_equal(bytes_of(ns->coll, ns->coll_len), bytes_str("oplog.rs")))
		return 0;
	error_set(e, ERR_REFUSED, "%s is a dump of the oplog, not of data", o->path);
	return error_hint(e, "yester ingest-oplog takes it (as data: --nsInclude local.oplog.rs)");
}

static int on_begin(void *ctx, const struct source_ns *ns, void **ret_handle, struct error *e)
{
	struct ingest *ingest = ctx;
	OWNED(job_free) struct job *job = xcalloc(1, sizeof(*job));

	if (refuse_oplog(ingest->options, ns, e) < 0)
		return e->code;
	describe(ns, &job->entry);
	job->file = xstrdup(ns->file == NULL ? "" : ns->file);
	job->is_oplog = ns->db[0] == '\0';
	job->build = (struct ingest_build){.writer = ingest->writer,
					   .natural = job->is_oplog,
					   .progress = ingest->options->progress};
	if (!job->is_oplog && ingest_build_is_natural(bytes_of(ns->coll, ns->coll_len), ns->options,
						      &job->build.natural, e) < 0)
		return error_wrap(e, "%s", job->file);
	if (find_old(ingest, job, e) < 0)
		return e->code;
	job->spool = spool_new(store_writer_tmp(ingest->writer));
	if (ns->whole.len > 0) {
		spool_borrow(job->spool, ns->whole);
		if (ingest_build_ahead(&job->build, job->spool, ns->whole, e) < 0)
			return error_wrap(e, "%s", job->file);
	}
	job->wait = ns->in_order && !job->build.natural;
	pthread_mutex_lock(&ingest->lock);
	job->next = ingest->jobs;
	ingest->jobs = job;
	pthread_mutex_unlock(&ingest->lock);
	*ret_handle = TAKE(job);
	return 0;
}

static bool cancelled(const struct ingest *ingest)
{
	const struct progress *p = ingest->options->progress;

	return progress_cancelled(p);
}

/* What waited goes into the spool; if it is large it is, with all that follows, built as it comes. */
static int add_head(struct job *job, struct error *e)
{
	int code = 0;

	job->wait = false;
	if (job->head.len >= HEAD_BYTES)
		code = ingest_build_in_order(&job->build, job->spool, buf_bytes(&job->head), e);
	if (code >= 0)
		code = spool_add(job->spool, buf_bytes(&job->head), e);
	buf_release(&job->head);
	return code;
}

static int add_docs(struct job *job, struct bytes docs, struct error *e)
{
	if (!job->wait)
		return spool_add(job->spool, docs, e);
	buf_add_bytes(&job->head, docs);
	return job->head.len < HEAD_BYTES ? 0 : add_head(job, e);
}

static int on_docs(void *ctx, void *handle, struct bytes docs, uint64_t offset, struct error *e)
{
	struct job *job = handle;

	if (cancelled(ctx))
		return error_set(e, ERR_CANCELLED, "interrupted");
	if (add_docs(job, docs, e) < 0)
		return error_wrap(e, "%s at offset %llu", job->file, (unsigned long long)offset);
	return 0;
}

static struct job *unlink_job(struct ingest *ingest, struct job *job)
{
	struct job **at = &ingest->jobs;

	pthread_mutex_lock(&ingest->lock);
	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	pthread_mutex_unlock(&ingest->lock);
	return job;
}

/* A catalog is read as a whole: all natural orders in it have a limit. */
static void take_order(struct ingest *ingest, struct job *job)
{
	if (job->build.order.len > ORDER_BYTES_MAX - ingest->order_bytes)
		return;
	ingest->order_bytes += job->build.order.len;
	buf_add_bytes(&job->entry.order, buf_bytes(&job->build.order));
	job->entry.order_of = job->entry.root.id;
}

static int on_end(void *ctx, void *handle, struct error *e)
{
	struct ingest *ingest = ctx;
	OWNED(job_free) struct job *job = unlink_job(ingest, handle);
	struct spool_facts facts;
	int code;

	if (job->wait && add_head(job, e) < 0)
		return error_wrap(e, "%s", job->file);
	spool_facts(job->spool, &facts);
	if (!facts.ascending)
		pthread_mutex_lock(&ingest->sort);
	code = ingest_build_run(&job->build, job->spool, &job->entry.root, e);
	if (!facts.ascending)
		pthread_mutex_unlock(&ingest->sort);
	if (code < 0)
		return error_wrap(e, "%s", job->file[0] != '\0' ? job->file : job->entry.ns);
	if (job->is_oplog) {
		ingest->oplog = job->entry.root;
		return 0;
	}
	pthread_mutex_lock(&ingest->lock);
	take_order(ingest, job);
	buf_add(&ingest->entries, &job->entry, sizeof(job->entry));
	pthread_mutex_unlock(&ingest->lock);
	catalog_entry_init(&job->entry);
	return 0;
}

static void on_drop(void *ctx, void *handle)
{
	job_free(unlink_job(ctx, handle));
}

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
	const struct progress *p = ((struct ingest *)ctx)->options->progress;

	if (p != NULL && p->report != NULL)
		p->report(p->ctx, "ingesting", done, total);
}

static char *copy_text(const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : xstrdup(text);
}

static const char *source_word(const struct ingest_options *options)
{
	struct stat st;

	if (options->path == NULL)
		return options->source;
	if (options->archive || strcmp(options->path, "-") == 0)
		return "archive";
	return stat(options->path, &st) == 0 && S_ISDIR(st.st_mode) ? "dump" : "file";
}

static void describe_snapshot(const struct ingest *ingest, const struct source_info *info,
			      struct snapshot *snapshot)
{
	const struct ingest_options *o = ingest->options;

	snapshot->name = copy_text(o->name);
	snapshot->tag = copy_text(o->tag);
	snapshot->created_us = clock_wall_us();
	snapshot->optime = o->time;
	snapshot->time = o->time.seconds != 0 ? o->time.seconds : snapshot->created_us / 1000000;
	/* A dump's documents are of different moments; only its maker can say that nothing wrote. */
	snapshot->exact = o->time.seconds != 0 && o->assert_quiesced;
	snapshot->partial = ns_filter_is_partial(o->filter);
	if (snapshot->partial)
		ns_filter_encode(o->filter, &snapshot->coverage);
	snapshot->source = xstrdup(source_word(o));
	snapshot->server_version = copy_text(info->server_version);
	snapshot->replica_set = copy_text(info->replica_set);
	snapshot->tool = xstrdup("yester " YESTER_VERSION);
	snapshot->oplog = ingest->oplog;
	if (ingest->list.count > 0) {
		snapshot->has_parent = true;
		snapshot->parent = ingest->list.at[ingest->list.count - 1].id;
	}
}

/* What was copied while it changed becomes the state at the oplog's end; if that can't be, *ret_why says why. */
static int roll_forward(struct ingest *ingest, struct ingest_result *result, struct error *e)
{
	const struct ingest_options *o = ingest->options;
	int kept = ingest_roll_keep(ingest->writer, &result->snapshot, o->progress,
				    &result->inexact_why, e);

	if (kept == 1 && ingest_roll_run(ingest->writer, &result->snapshot, o->progress,
					 &result->inexact_why, e) < 0)
		return error_wrap(e, "oplog.bson");
	return kept < 0 ? kept : 0;
}

/* An exact snapshot is a base for the stored oplog: they have to be of the same replica set. */
static int check_stream(struct ingest *ingest, const struct snapshot *snapshot, struct error *e)
{
	if (!snapshot->exact)
		return 0;
	if (store_writer_flush(ingest->writer, e) < 0)
		return e->code;
	return stream_foreign_check(ingest->store, snapshot, e);
}

/* With an oplog the moment that the snapshot shows is known from the start: that of its last entry. */
static int find_time(struct ingest *ingest, struct snapshot *snapshot, struct error *e)
{
	struct optime last;
	int found;

	if (snapshot->exact || snapshot->oplog.count == 0)
		return 0;
	found = ingest_roll_last(ingest->writer, snapshot, &last, e);
	if (found == 1)
		snapshot->time = last.seconds;
	return found < 0 ? found : 0;
}

static int read_source(const struct ingest_options *o, const struct source_options *source,
		       const struct source_sink *sink, struct source_info *ret, struct error *e)
{
	if (o->path == NULL)
		return o->read(o->read_ctx, source, sink, ret, e);
	return source_read(o->path, o->archive, source, sink, ret, e);
}

static int run(struct ingest *ingest, struct ingest_result *result, struct error *e)
{
	const struct ingest_options *o = ingest->options;
	const struct source_sink sink = {ingest, on_begin, on_docs, on_end, on_progress, on_drop};
	const struct source_options source = {
		.objcheck = o->objcheck, .filter = o->filter, .db = o->db};
	struct store_writer_counts counts;
	struct source_info info = {0};
	size_t skipped;

	if (snapshots_read(ingest->store, &ingest->list, &skipped, e) < 0 ||
	    (o->name != NULL && commit_check_name(&ingest->list, o->name, e) < 0) ||
	    store_writer_begin(ingest->store, &ingest->writer, e) < 0)
		return e->code;
	ingest->older = (struct ingest_older){ingest->store, &ingest->list};
	if (read_source(o, &source, &sink, &info, e) < 0)
		return e->code;
	describe_snapshot(ingest, &info, &result->snapshot);
	if (find_time(ingest, &result->snapshot, e) < 0)
		return e->code;
	if (ingest_catalog_build(ingest->writer, &ingest->older,
				 (struct catalog_entry *)(void *)ingest->entries.at,
				 ingest->entries.len / sizeof(struct catalog_entry),
				 &result->snapshot, e) < 0)
		return e->code;
	if (cancelled(ingest))
		return error_set(e, ERR_CANCELLED, "interrupted");
	if (result->snapshot.oplog.count > 0 && !result->snapshot.exact &&
	    roll_forward(ingest, result, e) < 0)
		return e->code;
	if (check_stream(ingest, &result->snapshot, e) < 0)
		return e->code;
	if (commit_snapshot(ingest->writer, &result->snapshot, e) < 0)
		return e->code;
	store_writer_counts(ingest->writer, &counts);
	result->new_chunks = counts.new_chunks;
	result->reused_chunks = counts.reused_chunks;
	result->delta_chunks = counts.delta_chunks;
	result->stored_bytes = counts.stored_bytes;
	result->input_bytes = result->snapshot.bytes;
	result->unread = info.unread;
	result->bare = info.bare;
	result->blank = info.blank;
	return 0;
}

void ingest_result_release(struct ingest_result *result)
{
	snapshot_release(&result->snapshot);
	buf_release(&result->inexact_why);
}

int ingest_run(struct store *store, const struct ingest_options *options, struct ingest_result *ret,
	       struct error *e)
{
	OWNED(ingest_release) struct ingest ingest = {.options = options, .store = store};
	struct ingest_result result = {0};
	uint64_t start = clock_ms();

	pthread_mutex_init(&ingest.lock, NULL);
	pthread_mutex_init(&ingest.sort, NULL);
	if (options->assert_quiesced && options->time.seconds == 0)
		return error_set(e, ERR_INVALID, "--assert-quiesced needs --time T.I");
	if (run(&ingest, &result, e) < 0) {
		ingest_result_release(&result);
		return e->code;
	}
	result.milliseconds = clock_ms() - start;
	*ret = result;
	return 0;
}
