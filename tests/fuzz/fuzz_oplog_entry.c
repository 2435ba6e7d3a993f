#include "tests/fuzz/fuzz.h"

#include "base/bson_check.h"
#include "oplog/coll_mod.h"
#include "oplog/transaction.h"

static bool inside(struct bytes part, struct bytes doc)
{
	return part.len == 0 || (part.at >= doc.at && part.at + part.len <= doc.at + doc.len);
}

static void try_command(const struct entry *op)
{
	OWNED(buf_release) struct buf out = {0};
	struct command command;
	struct error e = {0};

	if (op->op != ENTRY_COMMAND || command_parse(op, &command, &e) < 0)
		return;
	if (command.kind == COMMAND_CREATE && command_create_options(&command, &out, &e) == 0)
		FUZZ_REQUIRE(bson_frame(buf_bytes(&out), &e) == 0);
	for (size_t i = 0; i < 3; i++) {
		buf_reset(&out);
		if (command_index_spec(&command, i, &out, &e) > 0)
			FUZZ_REQUIRE(bson_frame(buf_bytes(&out), &e) == 0);
	}
	if (command.kind != COMMAND_COLL_MOD)
		return;
	for (int major = 4; major <= 6; major++) {
		static const uint8_t empty[5] = {5};
		struct bytes old = op->o2.len > 0 ? op->o2 : bytes_of(empty, sizeof(empty));

		buf_reset(&out);
		if (coll_mod_options(&command, old, 100 * major + 2, &out, &e) > 0)
			FUZZ_REQUIRE(bson_frame(buf_bytes(&out), &e) == 0);
		buf_reset(&out);
		if (coll_mod_names_index(&command, old, &e) >= 0 &&
		    coll_mod_index(&command, old, major, &out, &e) > 0)
			FUZZ_REQUIRE(bson_frame(buf_bytes(&out), &e) == 0);
	}
}

static void try_operations(const struct entry *entry)
{
	struct entry_ops ops;
	struct entry op;
	struct error e = {0};
	int32_t stmt;

	entry_ops_begin(&ops, entry);
	while (entry_ops_next(&ops, &op, &e) > 0) {
		struct bson_field id;

		FUZZ_REQUIRE(inside(op.o, entry->raw) && inside(op.ns, entry->raw));
		FUZZ_REQUIRE(op.at.ts == entry->at.ts || op.inner);
		if (entry_id(&op, &id, &e) > 0)
			FUZZ_REQUIRE(inside(id.value, entry->raw));
		try_command(&op);
	}
	for (size_t i = 0; entry_stmt_id(entry, i, &stmt, &e) > 0; i++)
		;
}

/* Documents one after another, as in a dump of the oplog. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(transaction_free) struct transactions *transactions = transaction_new("/tmp");
	struct bytes rest = bytes_of(data, size);
	struct transaction_unit unit;
	struct entry entry, again;
	struct error e = {0};
	int64_t len;

	while ((len = bson_next(rest, MIB, &e)) > 0) {
		if (entry_parse(bytes_of(rest.at, (size_t)len), &entry, &e) == 0) {
			FUZZ_REQUIRE(inside(entry.ns, entry.raw) && inside(entry.lsid, entry.raw));
			FUZZ_REQUIRE(entry.ui == NULL || inside(bytes_of(entry.ui, 16), entry.raw));
			FUZZ_REQUIRE(!entry_same_session(&entry, &entry) || entry.lsid.len > 0);
			try_operations(&entry);
			if (transaction_feed(transactions, &entry, &unit, &e) > 0)
				for (size_t i = 0; i < unit.count; i++)
					FUZZ_REQUIRE(transaction_entry(transactions, i, &again,
								       &e) == 0);
		}
		rest = bytes_of(rest.at + len, rest.len - (size_t)len);
	}
	return 0;
}
