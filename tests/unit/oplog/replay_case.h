/*
 * replay_case.h - for the tests of the replay's catalog: a base and entries as text, and the catalog
 * that results as entries in an array.
 */
#ifndef TESTS_UNIT_OPLOG_REPLAY_CASE_H
#define TESTS_UNIT_OPLOG_REPLAY_CASE_H

#include "oplog/replay_catalog.h"
#include "tests/unit/oplog/text_doc.h"

#define RESULT_MAX 4096

struct result_entry {
	struct catalog_entry entry;
	uint64_t changed;
	bool has_slot;
	bool inside; /* of an empty system.views */
	uint64_t cleared;
	unsigned routed; /* operations that are for it */
	char *stopped;	 /* or NULL */
};

struct result {
	struct result_entry *at;
	size_t count;
};

/* A replay of a catalog alone: documents go nowhere, they are counted. */
struct run {
	struct replay_catalog *catalog;
	uint64_t sequence;
	unsigned routed[RESULT_MAX]; /* by the slots' numbers */
};

static inline void result_release(struct result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		catalog_entry_release(&result->at[i].entry);
		free(result->at[i].stopped);
	}
	free(result->at);
	*result = (struct result){0};
}
DEFINE_OWNED_STRUCT(struct result, result_release);

static inline void copy_entry(const struct catalog_entry *from, struct catalog_entry *to)
{
	*to = *from;
	to->ns = xmalloc(from->ns_len + 1);
	memcpy(to->ns, from->ns, from->ns_len + 1);
	to->options = (struct buf){0};
	to->indexes = (struct buf){0};
	to->building = (struct buf){0};
	buf_add_bytes(&to->options, buf_bytes(&from->options));
	buf_add_bytes(&to->indexes, buf_bytes(&from->indexes));
	buf_add_bytes(&to->building, buf_bytes(&from->building));
}

static inline int add_result(void *ctx, const struct catalog_entry *entry,
			     const struct replay_slot *slot, uint64_t changed, struct error *e)
{
	struct result *result = ctx;
	struct result_entry *to;

	(void)e;
	assert_int_equal(slot == NULL, entry->type != CATALOG_COLLECTION);
	assert_true(result->count < RESULT_MAX);
	to = &result->at[result->count++];
	copy_entry(entry, &to->entry);
	to->changed = changed;
	to->has_slot = slot != NULL;
	to->stopped = slot != NULL && slot->stopped != NULL ? xstrdup(slot->stopped) : NULL;
	if (slot != NULL) {
		assert_ptr_equal(entry, &slot->entry);
		to->cleared = slot->cleared;
		/* The slot's number until finish_into(). */
		to->routed = slot->number == REPLAY_CATALOG_INSIDE ? 0 : slot->number;
		to->inside = slot->number == REPLAY_CATALOG_INSIDE;
	}
	return 0;
}

static inline void finish_into(const struct run *run, struct result *result)
{
	struct error e = {0};

	result_release(result);
	result->at = xcalloc(RESULT_MAX, sizeof(*result->at));
	ASSERT_OK(replay_catalog_finish(run->catalog, add_result, result, &e));
	for (size_t i = 0; i < result->count; i++) {
		if (result->at[i].has_slot)
			result->at[i].routed =
				result->at[i].inside ? 0 : run->routed[result->at[i].routed];
		if (i > 0)
			assert_true(bytes_compare(bytes_str(result->at[i - 1].entry.ns),
						  bytes_str(result->at[i].entry.ns)) < 0);
	}
}

static inline const struct result_entry *result_of(const struct result *result, const char *ns)
{
	for (size_t i = 0; i < result->count; i++)
		if (strcmp(result->at[i].entry.ns, ns) == 0)
			return &result->at[i];
	return NULL;
}

static inline int run_document(struct run *run, const struct entry *op, uint64_t ts,
			       struct error *e)
{
	struct replay_slot *slot = NULL;
	int got = replay_catalog_target(run->catalog, op, &slot, e);

	if (got <= 0)
		return got;
	assert_null(slot->stopped);
	assert_false(slot->dropped);
	slot->changed = ts;
	run->sequence++;
	if (slot->number != REPLAY_CATALOG_INSIDE) {
		assert_ptr_equal(replay_catalog_slot(run->catalog, slot->number), slot);
		assert_true(slot->number < RESULT_MAX);
		run->routed[slot->number]++;
	}
	return replay_catalog_document(run->catalog, op, slot, e);
}

/* Each operation of an entry, as the driver of a replay does it. */
static inline int run_entry(struct run *run, const struct entry *entry, struct error *e)
{
	struct entry_unit_info unit;
	struct entry_ops ops;
	struct entry op;
	int got = entry_unit(entry, &unit, e);

	if (got < 0 || unit.unit == ENTRY_UNIT_PREPARE || unit.unit == ENTRY_UNIT_COMMIT ||
	    unit.unit == ENTRY_UNIT_ABORT)
		return got;
	entry_ops_begin(&ops, entry);
	while ((got = entry_ops_next(&ops, &op, e)) > 0) {
		if (op.op == ENTRY_COMMAND)
			got = replay_catalog_command(run->catalog, &op, entry->at.ts, run->sequence,
						     e);
		else if (op.op == ENTRY_INSERT || op.op == ENTRY_UPDATE || op.op == ENTRY_DELETE)
			got = run_document(run, &op, entry->at.ts, e);
		else if (op.op == ENTRY_UNKNOWN)
			got = replay_catalog_unknown(run->catalog, &op, entry->at.ts, e);
		if (got < 0)
			return got;
	}
	return got;
}

#endif
