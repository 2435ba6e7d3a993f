#include "tools/dump.h"

#include <stdlib.h>

#include "store/tree/tree_cursor.h"
#include "tools/dump_writer.h"

/* The namespaces that go out. Entries are kept whole: they are small, the documents are not. */
struct plan {
	struct catalog_entry *entries;
	struct dump_writer_ns *namespaces; /* the same, as the writer takes them */
	char **databases;
	size_t count, room;
	uint64_t bytes;
};

static void plan_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		catalog_entry_release(&plan->entries[i]);
		free(plan->databases[i]);
	}
	free(plan->entries);
	free(plan->namespaces);
	free(plan->databases);
}
DEFINE_OWNED_STRUCT(struct plan, plan_release);

static void plan_grow(struct plan *plan)
{
	if (plan->count < plan->room)
		return;
	plan->room = plan->room == 0 ? 64 : plan->room * 2;
	plan->entries = xrealloc(plan->entries, plan->room * sizeof(*plan->entries));
	plan->databases = xrealloc(plan->databases, plan->room * sizeof(*plan->databases));
}

/* The documents can't be told: the others can, without it. Returns the code of `e`. */
static int hint_without(const struct catalog_entry *entry, struct error *e)
{
	if (e->code != ERR_UNSUPPORTED || e->hint[0] != '\0')
		return e->code;
	return error_hint(e, "--nsExclude '%s' leaves it out", entry->ns);
}

/* Read the entries that the filter takes. */
static int plan_read(struct plan *plan, struct moment *moment, const struct ns_filter *filter,
		     struct error *e)
{
	for (uint64_t i = 0; i < moment_count(moment); i++) {
		struct catalog_entry *entry;
		struct bytes coll;
		char *db;

		plan_grow(plan);
		entry = &plan->entries[plan->count];
		catalog_entry_init(entry);
		plan->databases[plan->count++] = NULL;
		if (moment_entry(moment, i, entry, e) < 0)
			return e->code;
		coll = catalog_entry_coll(entry);
		db = xstrndup(entry->ns, entry->db_len);
		plan->databases[plan->count - 1] = db;
		if (ns_filter_takes(filter, db, (const char *)coll.at, coll.len)) {
			if (moment_resolve(moment, entry, e) < 0)
				return hint_without(entry, e);
			plan->bytes += entry->root.bytes;
			continue;
		}
		free(db);
		plan->databases[--plan->count] = NULL;
		catalog_entry_release(entry);
	}
	if (plan->count == 0 && moment_count(moment) > 0) {
		error_set(e, ERR_NOT_FOUND, "no namespace of %s is included",
			  moment_snapshot(moment)->name);
		return error_hint(e, "'yester ls' with the same --at lists them; patterns are "
				     "database.collection: shop.*");
	}
	return 0;
}

/* Describe the entries to the writer, once they no longer move; the oplog comes last. */
static void plan_describe(struct plan *plan, bool oplog)
{
	plan->namespaces = xcalloc(plan->count + 1, sizeof(*plan->namespaces));
	for (size_t i = 0; i < plan->count; i++) {
		const struct catalog_entry *entry = &plan->entries[i];

		plan->namespaces[i] = (struct dump_writer_ns){
			.db = plan->databases[i],
			.coll = catalog_entry_coll(entry),
			.type = catalog_type_name(entry->type),
			.options = buf_bytes(&entry->options),
			.indexes = buf_bytes(&entry->indexes),
			.uuid = entry->has_uuid ? entry->uuid : NULL,
			.has_metadata = entry->has_metadata,
			.has_documents = entry->type == CATALOG_COLLECTION,
		};
	}
	if (!oplog)
		return;
	plan->namespaces[plan->count] = (struct dump_writer_ns){
		.db = "",
		.coll = bytes_str("oplog"),
		.type = "collection",
		.has_documents = true,
	};
}

static int report(const struct progress *p, uint64_t done, uint64_t total, struct error *e)
{
	if (p == NULL)
		return 0;
	p->report(p->ctx, "writing", done, total);
	if (progress_cancelled(p))
		return error_set(e, ERR_CANCELLED, "interrupted; what was written is removed");
	return 0;
}

static int write_documents(struct moment *moment, const struct tree_root *root,
			   struct dump_writer *writer, uint64_t total, const struct progress *p,
			   struct dump_result *ret, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(moment_store(moment), root);
	struct bytes docs;
	int more;

	while ((more = tree_cursor_next_leaf(cursor, &docs, e)) > 0) {
		if (dump_writer_docs(writer, docs, e) < 0)
			return e->code;
		ret->bytes += docs.len;
		if (report(p, ret->bytes, total, e) < 0)
			return e->code;
	}
	ret->documents += root->count;
	return more;
}

/* Write namespace number `index`, and its documents from `root`. */
static int write_namespace(struct moment *moment, const struct plan *plan, size_t index,
			   const struct tree_root *root, struct dump_writer *writer,
			   const struct progress *p, struct dump_result *ret, struct error *e)
{
	if (dump_writer_begin(writer, index, e) < 0)
		return e->code;
	if (plan->namespaces[index].has_documents &&
	    write_documents(moment, root, writer, plan->bytes, p, ret, e) < 0)
		return e->code;
	return dump_writer_end(writer, e);
}

/* Write those that come first, or all others. */
static int write_namespaces(struct moment *moment, const struct plan *plan, bool first,
			    struct dump_writer *writer, const struct progress *p,
			    struct dump_result *ret, struct error *e)
{
	for (size_t i = 0; i < plan->count; i++)
		if (dump_writer_comes_first(&plan->namespaces[i]) == first &&
		    write_namespace(moment, plan, i, &plan->entries[i].root, writer, p, ret, e) < 0)
			return e->code;
	return 0;
}

int dump_run(struct moment *moment, const struct dump_options *options, struct dump_result *ret,
	     struct error *e)
{
	OWNED(plan_release) struct plan plan = {0};
	OWNED(dump_writer_free) struct dump_writer *writer = NULL;
	const char *version = moment_snapshot(moment)->server_version;
	const struct dump_writer_options writer_options = {
		.out = options->out,
		.archive = options->archive,
		.gzip = options->gzip,
		.server_version = version == NULL ? "" : version,
	};
	struct dump_result entries = {0};
	bool oplog;

	*ret = (struct dump_result){0};
	if (plan_read(&plan, moment, options->filter, e) < 0)
		return e->code;
	oplog = moment_snapshot(moment)->oplog.count > 0 && !ns_filter_is_partial(options->filter);
	plan_describe(&plan, oplog);
	if (dump_writer_open(&writer_options, plan.namespaces, plan.count + oplog, &writer, e) < 0)
		return e->code;
	if (write_namespaces(moment, &plan, true, writer, options->progress, ret, e) < 0 ||
	    write_namespaces(moment, &plan, false, writer, options->progress, ret, e) < 0)
		return e->code;
	ret->namespaces = plan.count;
	if (oplog && write_namespace(moment, &plan, plan.count, &moment_snapshot(moment)->oplog,
				     writer, options->progress, &entries, e) < 0)
		return e->code;
	ret->oplog_entries = entries.documents;
	return dump_writer_finish(writer, e);
}
