#include "tools/copy.h"

#include <stdlib.h>
#include <time.h>

#include "base/key.h"
#include "base/texts.h"
#include "oplog/moment.h"
#include "oplog/stream.h"
#include "store/settle.h"
#include "store/snapshot/catalog_build.h"
#include "store/snapshot/commit.h"
#include "store/tree/tree_build.h"
#include "store/tree/tree_prefix.h"
#include "tools/copy_left.h"
#include "tools/copy_oplog.h"
#include "tools/log_span.h"

/* A tree that was copied: its root here and there. */
struct copied {
	struct tree_root from, to;
};

struct job {
	struct store *from, *to;
	const struct copy_options *options;
	struct copy_result result;
	struct store_writer *writer;
	struct snapshot_list source, there;
	struct buf done;	/* of struct copied */
	uint32_t *slots;	/* a hash table of them: each is one's number + 1, 0 for none */
	size_t slot_count;	/* a power of two, at most half of it used */
	struct snapshot parent; /* that was copied last */
	bool has_parent;
	struct progress_pace pace;
	bool harmed; /* what failed is reading from `from` */
};

static void job_release(struct job *job)
{
	store_writer_end(job->writer);
	snapshots_release(&job->source);
	snapshots_release(&job->there);
	buf_release(&job->done);
	free(job->slots);
	snapshot_release(&job->parent);
}
DEFINE_OWNED_STRUCT(struct job, job_release);

static int still_wanted(struct job *job, const char *phase, struct error *e)
{
	return progress_go_on(job->options->progress, phase, job->result.bytes, 0, e);
}

/* The code of something that reads here only. */
static int read_here(struct job *job, int code)
{
	job->harmed |= code < 0;
	return code;
}

/* ---- a tree */

/* The one that was copied from a root, or where it is to be noted. */
static uint32_t *slot_of(const struct job *job, const struct tree_root *from)
{
	const struct copied *all = (const struct copied *)(const void *)job->done.at;
	size_t i = get_le64(from->id.at) & (job->slot_count - 1);

	while (job->slots[i] != 0 && !tree_root_equal(&all[job->slots[i] - 1].from, from))
		i = (i + 1) & (job->slot_count - 1);
	return &job->slots[i];
}

static const struct tree_root *find_copied(const struct job *job, const struct tree_root *from)
{
	const struct copied *all = (const struct copied *)(const void *)job->done.at;
	uint32_t number = job->slot_count == 0 ? 0 : *slot_of(job, from);

	return number == 0 ? NULL : &all[number - 1].to;
}

static void keep_copied(struct job *job, const struct copied *copied)
{
	const struct copied *all;
	uint32_t count;

	buf_add(&job->done, copied, sizeof(*copied));
	all = (const struct copied *)(const void *)job->done.at;
	count = (uint32_t)(job->done.len / sizeof(*copied));
	if (2 * (size_t)count <= job->slot_count) {
		*slot_of(job, &copied->from) = count;
		return;
	}
	free(job->slots);
	job->slot_count = MAX_OF(2 * job->slot_count, (size_t)256);
	job->slots = xcalloc(job->slot_count, sizeof(*job->slots));
	for (uint32_t i = 0; i < count; i++)
		*slot_of(job, &all[i].from) = i + 1;
}

static int sample_of(struct job *job, const struct tree_root *root, struct buf *ret,
		     struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(job->from, root);
	struct bytes doc;
	int found = 1;

	while (ret->len < TREE_PREFIX_LEN && (found = tree_cursor_next(cursor, &doc, e)) == 1)
		buf_add_bytes(ret, doc);
	return found < 0 ? read_here(job, found) : 0;
}

static int choose_prefix(struct job *job, const struct tree_root *root, const struct tree_root *old,
			 struct writer_prefix **ret, struct error *e)
{
	OWNED(buf_release) struct buf sample = {0};
	struct error ignored;

	if (old != NULL && tree_prefix_of(job->writer, old, ret, &ignored) == 1)
		return 0;
	if (root->bytes < TREE_PREFIX_FROM)
		return 0;
	if (sample_of(job, root, &sample, e) < 0)
		return e->code;
	return tree_prefix_make(job->writer, buf_bytes(&sample), ret, e) < 0 ? e->code : 0;
}

static int copy_documents(struct job *job, const struct tree_root *root,
			  struct tree_builder *builder, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(job->from, root);
	OWNED(buf_release) struct buf key = {0};
	struct bytes doc;
	int found;

	while ((found = tree_cursor_next(cursor, &doc, e)) == 1) {
		buf_reset(&key);
		if (root->kind == TREE_KEYED && key_of_document(doc, &key, e) < 0)
			return e->code;
		if (tree_builder_add(builder, buf_bytes(&key), doc, e) < 0)
			return e->code;
		job->result.bytes += doc.len;
		job->result.documents++;
		if (progress_is_due(&job->pace, doc.len) && still_wanted(job, "copying", e) < 0)
			return e->code;
	}
	return read_here(job, found);
}

/* `old`: an earlier version there, or NULL. */
static int copy_tree(struct job *job, const struct tree_root *root, const struct tree_root *old,
		     struct tree_root *ret, struct error *e)
{
	OWNED(writer_prefix_free) struct writer_prefix *prefix = NULL;
	OWNED(tree_builder_free) struct tree_builder *builder = NULL;
	const struct tree_root *found = find_copied(job, root);
	struct tree_build_options options = {.kind = (enum tree_kind)root->kind};
	struct copied copied = {.from = *root};

	if (root->count == 0 || found != NULL) {
		*ret = found != NULL ? *found : *root;
		return 0;
	}
	if (choose_prefix(job, root, old, &prefix, e) < 0)
		return e->code;
	options.prefix = prefix;
	options.old = old != NULL && old->kind == root->kind ? old : NULL;
	builder = tree_builder_new(job->writer, &options);
	if (copy_documents(job, root, builder, e) < 0 ||
	    tree_builder_finish(builder, &copied.to, e) < 0)
		return e->code;
	if (copied.to.count != root->count || copied.to.bytes != root->bytes)
		return read_here(job, error_set(e, ERR_CORRUPT,
						"%llu documents were read, %llu are expected",
						(unsigned long long)copied.to.count,
						(unsigned long long)root->count));
	keep_copied(job, &copied);
	*ret = copied.to;
	return 0;
}

/* ---- a snapshot */

/* The namespace in the snapshot that was copied last, for deltas: 1 and its root. */
static int find_old(struct job *job, struct moment *parent, struct bytes ns, struct tree_root *ret,
		    struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	int found = parent == NULL ? 0 : moment_find(parent, ns, NULL, &entry, e);

	(void)job;
	if (found == 1)
		*ret = entry.root;
	return found;
}

static int copy_namespaces(struct job *job, struct moment *moment, struct catalog_build *build,
			   struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(moment_release) struct moment *parent = NULL;
	struct tree_root old;
	uint64_t changed;
	int found;

	if (job->has_parent && moment_open(job->to, &job->parent, &parent, e) < 0)
		return e->code;
	for (uint64_t rank = 0; (found = moment_entry(moment, rank, &entry, e)) == 1; rank++) {
		struct bytes ns = bytes_of(entry.ns, entry.ns_len);
		int has_old = find_old(job, parent, ns, &old, e);

		if (has_old < 0 || read_here(job, moment_changed(moment, ns, &changed, e)) < 0 ||
		    copy_tree(job, &entry.root, has_old == 1 ? &old : NULL, &entry.root, e) < 0)
			return error_wrap(e, "%s", entry.ns);
		entry.order_of = entry.root.id; /* the same documents, under another name */
		if (catalog_build_add(build, &entry, changed, NULL, e) < 0)
			return e->code;
	}
	return read_here(job, found);
}

static void describe(const struct job *job, const struct snapshot *s, struct snapshot *ret)
{
	snapshot_copy(s, ret);
	ret->catalog = ret->changes = ret->oplog = (struct tree_root){0};
	ret->has_parent = job->has_parent;
	if (job->has_parent)
		ret->parent = job->parent.id;
}

/* `taken`: it gets a name of its own there. */
static int copy_snapshot(struct job *job, const struct snapshot *s, bool taken, struct error *e)
{
	OWNED(moment_release) struct moment *moment = NULL;
	OWNED(catalog_build_free) struct catalog_build *build = NULL;
	OWNED(snapshot_release) struct snapshot made = {0};

	if (read_here(job, moment_open(job->from, s, &moment, e)) < 0)
		return e->code;
	describe(job, s, &made);
	if (taken) {
		free(made.name);
		made.name = snapshots_own_name(s, s->name);
		job->result.renamed++;
	}
	build = catalog_build_new(job->writer, job->has_parent ? &job->parent : NULL);
	if (copy_namespaces(job, moment, build, e) < 0 ||
	    catalog_build_finish(build, &made, e) < 0 ||
	    copy_tree(job, &s->oplog, NULL, &made.oplog, e) < 0)
		return e->code;
	if (made.documents != s->documents || made.bytes != s->bytes)
		return read_here(job,
				 error_set(e, ERR_CORRUPT, "%llu documents were copied of %llu",
					   (unsigned long long)made.documents,
					   (unsigned long long)s->documents));
	if (commit_snapshot(job->writer, &made, e) < 0)
		return e->code;
	job->result.snapshots++;
	snapshot_release(&job->parent);
	job->parent = made;
	made = (struct snapshot){0};
	job->has_parent = true;
	return 0;
}

/* ---- which */

/* Exact ones of one optime are one moment, whoever made them, and when. */
static bool is_same(const struct snapshot *a, const struct snapshot *b)
{
	return a->time == b->time && a->documents == b->documents && a->bytes == b->bytes &&
	       (a->created_us == b->created_us ||
		(a->exact && b->exact && !a->partial && !b->partial &&
		 a->optime.seconds == b->optime.seconds &&
		 a->optime.increment == b->optime.increment));
}

/* 1 it is there already, 0 not; *ret_taken: another one has its name. */
static int is_there(struct job *job, const struct snapshot *s, bool *ret_taken)
{
	OWNED(free) char *own = snapshots_own_name(s, s->name);

	*ret_taken = false;
	for (size_t i = 0; i < job->there.count; i++) {
		const struct snapshot *other = &job->there.at[i];

		if (!snapshots_is_called(other, s->name) && !snapshots_is_called(s, other->name) &&
		    strcmp(other->name, own) != 0)
			continue;
		if (is_same(other, s)) {
			snapshot_release(&job->parent);
			snapshot_copy(other, &job->parent);
			job->has_parent = true;
			return 1;
		}
		*ret_taken |= snapshots_is_called(other, s->name);
	}
	return 0;
}

/* Of one whose manifest is there, and not all that it needs, the rest has just come: 1. */
static int is_mended(struct job *job, const struct snapshot *s, struct error *e)
{
	bool taken;

	if (e->code != ERR_EXISTS || job->harmed)
		return e->code;
	snapshots_release(&job->there);
	if (snapshots_read(job->to, &job->there, NULL, e) < 0)
		return e->code;
	if (is_there(job, s, &taken) == 0)
		return error_set(e, ERR_EXISTS, "there is another snapshot \"%s\" now", s->name);
	job->result.snapshots++;
	return 1;
}

/* One that is damaged here is told, and the others are copied all the same. */
static int copy_or_tell(struct job *job, const struct snapshot *s, bool taken, struct error *e)
{
	uint64_t renamed = job->result.renamed;

	job->harmed = false;
	if (copy_snapshot(job, s, taken, e) == 0 || is_mended(job, s, e) == 1)
		return 0;
	(void)error_wrap(e, "snapshot %s", s->name);
	if (!job->harmed || !error_is_harm(e))
		return e->code;
	job->result.renamed = renamed;
	texts_add(job->options->left, e->text);
	return 0;
}

/* Marks in `chosen` which of the source's snapshots are to be copied. */
static int choose(struct job *job, bool *chosen, struct error *e)
{
	const struct copy_options *o = job->options;
	OWNED(stream_close) struct stream *stream = NULL;

	if (o->name_count == 0)
		return stream_open(job->from, &stream, NULL, e) < 0
			       ? e->code
			       : log_span_snapshots(stream, &job->source, o->since, o->until,
						    (uint64_t)time(NULL), chosen, e);
	for (size_t n = 0; n < o->name_count; n++) {
		size_t i;
		int found = snapshots_find(&job->source, o->names[n], &i, e);

		if (found < 0)
			return found;
		if (found == 0)
			return error_set(e, ERR_NOT_FOUND, "there is no snapshot \"%s\"",
					 o->names[n]);
		chosen[i] = true;
	}
	return 0;
}

static int copy_snapshots(struct job *job, struct error *e)
{
	OWNED(free) bool *chosen = xcalloc(job->source.count + 1, sizeof(*chosen));

	if (choose(job, chosen, e) < 0)
		return e->code;
	for (size_t i = 0; i < job->source.count; i++) {
		bool taken = false;
		int there = chosen[i] ? is_there(job, &job->source.at[i], &taken) : 1;

		job->result.had += chosen[i] && there;
		if (!there && copy_or_tell(job, &job->source.at[i], taken, e) < 0)
			return e->code;
	}
	/* One that was there may be of a copy that was killed just then. */
	return job->result.had > 0 ? settle_all(job->to, e) : 0;
}

static int copy_entries(struct job *job, struct error *e)
{
	struct copy_oplog oplog = {.from = job->from,
				   .writer = job->writer,
				   .progress = job->options->progress,
				   .left = job->options->left,
				   .bytes = &job->result.bytes};

	/* What can't be read of this one is told by it. */
	job->harmed = false;
	return copy_oplog(&oplog, &job->result.entries, e);
}

/* What ended it is damage of the other store: it is told. No room there: what to do about it. */
static int tell_there(struct job *job, struct error *e)
{
	const char *from = store_path(job->from);

	if (e->code == ERR_CORRUPT && !job->harmed) {
		texts_add(job->options->there, e->text);
		return 0;
	}
	if (error_is_full(e) && e->hint[0] == '\0' && strstr(e->text, from) == NULL)
		return error_hint(
			e,
			"make room where %s lies: what was copied stays, and the same copy "
			"again goes on",
			store_path(job->to));
	return e->code;
}

static int copy_all(struct job *job, bool oplog, struct error *e)
{
	size_t skipped;

	if (snapshots_read(job->to, &job->there, &skipped, e) < 0 ||
	    (skipped > 0 && copy_left_snapshots(job->to, job->options->there, e) < 0) ||
	    store_writer_begin(job->to, &job->writer, e) < 0 || copy_snapshots(job, e) < 0)
		return e->code;
	return oplog ? copy_entries(job, e) : 0;
}

int copy_run(struct store *from, struct store *to, const struct copy_options *options,
	     struct copy_result *ret, struct error *e)
{
	OWNED(job_release) struct job job = {.from = from, .to = to, .options = options};
	struct store_writer_counts counts = {0};
	bool all = options->name_count == 0 && options->since == NULL && options->until == NULL;
	size_t skipped;

	if (snapshots_read(from, &job.source, &skipped, e) < 0)
		return e->code;
	/* Who names some does not ask for others. */
	if (skipped > 0 && options->name_count == 0 &&
	    copy_left_snapshots(from, options->left, e) < 0)
		return e->code;
	if (copy_all(&job, all, e) < 0 && tell_there(&job, e) < 0)
		return e->code;
	if (job.writer != NULL)
		store_writer_counts(job.writer, &counts);
	job.result.stored = counts.stored_bytes;
	*ret = job.result;
	return 0;
}
