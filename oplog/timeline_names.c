#include "oplog/timeline_names.h"

/* As the postings have it (docs/format/oplog.md): what else there is touches documents only. */
static bool is_of_documents(const struct entry *op)
{
	switch (op->op) {
	case ENTRY_INSERT:
	case ENTRY_UPDATE:
	case ENTRY_DELETE:
		return op->ui != NULL && !bytes_equal(op->coll, bytes_str("system.views")) &&
		       !bytes_equal(op->ns, bytes_str("admin.system.version"));
	case ENTRY_NOOP:
		return true;
	default:
		return false;
	}
}

/* Commits and aborts come after the operations that they are about, and those are looked at. */
static bool is_harmless(const struct entry *entry)
{
	struct entry_unit_info info;
	struct entry_ops ops;
	struct entry op;
	struct error ignored;
	int found;

	if (entry_unit(entry, &info, &ignored) < 0)
		return false;
	if (info.unit == ENTRY_UNIT_COMMIT || info.unit == ENTRY_UNIT_ABORT)
		return true;
	entry_ops_begin(&ops, entry);
	while ((found = entry_ops_next(&ops, &op, &ignored)) == 1)
		if (!is_of_documents(&op))
			return false;
	return found == 0;
}

int timeline_names_same(struct stream *stream, const struct snapshot *base, uint64_t upto,
			struct error *e)
{
	const struct stream_filter commands_only = {0};
	OWNED(stream_cursor_free)
	struct stream_cursor *cursor = stream_cursor_new(stream, &commands_only);
	uint64_t at = timeline_ts(base->optime), needed = timeline_ts(base->needed_from);
	struct bytes doc;
	int found;

	if (stream_cursor_seek(cursor, needed != 0 ? needed : at, e) < 0)
		return e->code;
	while ((found = stream_cursor_next(cursor, &doc, e)) == 1) {
		struct entry entry;
		struct error ignored;

		if (entry_parse(doc, &entry, &ignored) < 0)
			return 0;
		if (entry.at.ts > upto)
			return 1;
		/* A transaction that was open at the base's time began before it. */
		if ((entry.at.ts > at || needed != 0) && !is_harmless(&entry))
			return 0;
	}
	return found < 0 ? found : 1;
}
