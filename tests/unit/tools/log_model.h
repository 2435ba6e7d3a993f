/*
 * log_model.h - oplog entries from texts, and a store that has them, for the tests of log_*.
 *
 * Everything happens in second 1: an entry's number is its increment. Texts are as text_doc.h reads them.
 */
#ifndef TESTS_UNIT_TOOLS_LOG_MODEL_H
#define TESTS_UNIT_TOOLS_LOG_MODEL_H

#include "oplog/stream_add.h"
#include "tests/harness/test_store.h"
#include "tests/unit/oplog/text_doc.h"
#include "tools/log_read.h"

#define LOG_MODEL_TS(n) ((uint64_t)1 << 32 | (n))

/* An entry: its number, and the text of its fields but ts, t and v. */
struct log_model_entry {
	uint32_t number;
	const char *text;
};

static inline void log_model_doc(const struct log_model_entry *from, struct buf *ret)
{
	OWNED(free)
	char *text = xprintf("{'ts':{'$timestamp':{'t':1,'i':%u}},'t':1,'v':2,%s}", from->number,
			     from->text);

	text_doc(ret, text);
}

static inline struct store *log_model_store(void)
{
	const char *dir = harness_path(harness_tmpdir(), "store");
	const struct store_options options = {.threads = 1};
	struct store_params params;
	struct store *store = NULL;
	struct error e = {0};

	ASSERT_OK(store_params_default(&params, &e));
	ASSERT_OK(test_store_init(dir, &params, &e));
	ASSERT_OK(test_store_open(dir, &options, &store, &e));
	return store;
}

/* Add a slice: entries with none missing between them. */
static inline void log_model_add(struct store *store, const struct log_model_entry *entries,
				 size_t count)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(stream_add_free) struct stream_add *add = NULL;
	struct stream_added added;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(stream_add_begin(writer, &add, &e));
	ASSERT_OK(stream_add_slice(add, "slice", &e));
	for (size_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf doc = {0};

		log_model_doc(&entries[i], &doc);
		ASSERT_OK(stream_add_entry(add, buf_bytes(&doc), &e));
	}
	ASSERT_OK(stream_add_finish(add, &added, &e));
}

/* An operation that is seen by itself at `ts`; `doc` is scratch that it points into. */
static inline void log_model_op(uint64_t ts, const char *text, struct buf *doc, struct entry *entry,
				struct command *command, struct log_op *ret)
{
	const struct log_model_entry from = {1, text};
	struct error e = {0};

	buf_reset(doc);
	log_model_doc(&from, doc);
	ASSERT_OK(entry_parse(buf_bytes(doc), entry, &e));
	*ret = (struct log_op){.op = entry, .ts = ts};
	if (entry->op == ENTRY_COMMAND && command_parse(entry, command, &e) >= 0)
		ret->command = command;
}

#endif
