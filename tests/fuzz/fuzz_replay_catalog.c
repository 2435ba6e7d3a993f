#include "tests/fuzz/fuzz.h"

#include "base/bson_build.h"
#include "base/bson_check.h"
#include "oplog/replay_catalog.h"

static int see(void *ctx, const struct catalog_entry *entry, const struct replay_slot *slot,
	       uint64_t changed, struct error *e)
{
	struct error ignored = {0};

	(void)ctx;
	(void)changed;
	(void)e;
	FUZZ_REQUIRE(entry->db_len > 0 && entry->db_len + 1 < entry->ns_len);
	FUZZ_REQUIRE(entry->ns[entry->db_len] == '.');
	FUZZ_REQUIRE(entry->options.len == 0 ||
		     bson_check(buf_bytes(&entry->options), BSON_CHECK_FULL, &ignored) == 0);
	FUZZ_REQUIRE(entry->indexes.len == 0 ||
		     bson_check(buf_bytes(&entry->indexes), BSON_CHECK_FULL, &ignored) == 0);
	FUZZ_REQUIRE((slot != NULL) == (entry->type == CATALOG_COLLECTION));
	FUZZ_REQUIRE(slot == NULL || !slot->dropped);
	return 0;
}

static void load(struct replay_catalog *catalog, const char *ns, enum catalog_type type,
		 struct bytes options)
{
	struct catalog_entry entry = {.ns = (char *)(uintptr_t)ns, .ns_len = strlen(ns)};
	struct error e = {0};

	entry.type = type;
	entry.db_len = (size_t)(strchr(ns, '.') - ns);
	buf_add_bytes(&entry.options, options);
	FUZZ_REQUIRE(replay_catalog_load(catalog, &entry, &e) >= 0);
	buf_release(&entry.options);
}

static void load_base(struct replay_catalog *catalog)
{
	OWNED(buf_release) struct buf view = {0};
	OWNED(buf_release) struct buf series = {0};
	size_t begin = bson_build_begin(&view), inner;

	bson_build_string(&view, "viewOn", bytes_str("t"));
	bson_build_end(&view, begin);
	begin = bson_build_begin(&series);
	inner = bson_build_open(&series, "timeseries");
	bson_build_string(&series, "timeField", bytes_str("t"));
	bson_build_end(&series, inner);
	bson_build_end(&series, begin);
	load(catalog, "pr.t", CATALOG_COLLECTION, bytes_of(NULL, 0));
	load(catalog, "pr.v", CATALOG_VIEW, buf_bytes(&view));
	load(catalog, "pr.ts", CATALOG_TIMESERIES, buf_bytes(&series));
}

static int apply(struct replay_catalog *catalog, const struct entry *op, struct error *e)
{
	struct replay_slot *slot = NULL;
	int got;

	if (op->op == ENTRY_COMMAND)
		return replay_catalog_command(catalog, op, op->at.ts, 1, e);
	if (op->op != ENTRY_INSERT && op->op != ENTRY_UPDATE && op->op != ENTRY_DELETE)
		return 0;
	got = replay_catalog_target(catalog, op, &slot, e);
	if (got <= 0)
		return got;
	FUZZ_REQUIRE(slot->stopped == NULL && !slot->dropped);
	return replay_catalog_document(catalog, op, slot, e);
}

static void replay(struct bytes rest, bool fuzzy)
{
	struct replay_catalog_options options = {.fuzzy = fuzzy, .server_version = "6.0.5"};
	OWNED(replay_catalog_free) struct replay_catalog *catalog = replay_catalog_new(&options);
	struct error e = {0};
	struct entry_ops ops;
	struct entry entry, op;
	int64_t len;

	load_base(catalog);
	while ((len = bson_next(rest, MIB, &e)) > 0) {
		struct bytes doc = bytes_of(rest.at, (size_t)len);

		rest = bytes_of(rest.at + len, rest.len - (size_t)len);
		if (bson_check(doc, BSON_CHECK_FULL, &e) < 0 || entry_parse(doc, &entry, &e) < 0)
			continue;
		entry_ops_begin(&ops, &entry);
		while (entry_ops_next(&ops, &op, &e) > 0)
			if (apply(catalog, &op, &e) < 0)
				FUZZ_REQUIRE(e.text[0] != '\0');
	}
	if (replay_catalog_finish(catalog, see, NULL, &e) < 0)
		FUZZ_REQUIRE(e.text[0] != '\0');
}

/* Documents one after another, as in a dump of the oplog. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	replay(bytes_of(data, size), false);
	replay(bytes_of(data, size), true);
	return 0;
}
