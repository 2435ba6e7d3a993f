/*
 * Entries of real servers, and the catalogs that these servers had afterwards: the samples in
 * $YESTER_SHARED (../shared), data/oplog_samples, which are no part of this repository.
 */
#include <dirent.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/metadata.h"
#include "store/snapshot/catalog_normal.h"
#include "tests/unit/oplog/replay_case.h"

#define FILE_MAX (64 * MIB)

static const char *const versions[] = {"4.2.6", "4.4.2", "5.0.4", "6.0.27"};

/* What was compared, for the eye. */
static unsigned collections, exact, sequences;

static const char *folder_of(const char *version)
{
	static char folder[512];
	const char *shared = getenv("YESTER_SHARED");

	snprintf(folder, sizeof(folder), "%s/data/oplog_samples/%s",
		 shared != NULL ? shared : "../shared", version);
	return folder;
}

static bool have_samples(void)
{
	DIR *dir = opendir(folder_of("4.2.6"));

	if (dir == NULL) {
		print_message("skipped: there is no folder %s (set YESTER_SHARED)\n",
			      folder_of("4.2.6"));
		return false;
	}
	closedir(dir);
	return true;
}

static void load(const char *version, const char *file, struct buf *ret)
{
	OWNED(buf_release) struct buf text = {0};
	struct error e = {0};
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", folder_of(version), file);
	ASSERT_OK(file_read(path, FILE_MAX, &text, &e));
	buf_reset(ret);
	ASSERT_OK(metadata_json_parse(buf_bytes(&text), FILE_MAX, ret, &e));
}

/* The field, which must be there. */
static struct bson_field need(struct bytes doc, const char *name)
{
	struct bson_field field;
	struct error e = {0};

	if (ASSERT_OK(bson_find(doc, name, &field, &e)) == 0)
		fail_msg("no field %s in %s", name, text_of_doc(doc));
	return field;
}

static bool find(struct bytes doc, const char *name, struct bson_field *ret)
{
	struct error e = {0};

	return ASSERT_OK(bson_find(doc, name, ret, &e)) > 0;
}

static struct bytes text_of(struct bson_field field)
{
	struct bytes text;
	struct error e = {0};

	assert_int_equal(field.type, BSON_KIND_STRING);
	ASSERT_OK(bson_text(field.value, &text, &e));
	return text;
}

static bool next(struct bson_fields *fields, struct bson_field *ret)
{
	struct error e = {0};

	return ASSERT_OK(bson_fields_next(fields, ret, &e)) > 0;
}

static bool begins(struct bytes text, const char *with)
{
	return text.len >= strlen(with) && memcmp(text.at, with, strlen(with)) == 0;
}

static void ns_into(struct catalog_entry *entry, struct bytes db, struct bytes coll)
{
	entry->ns = xprintf("%.*s.%.*s", (int)db.len, (const char *)db.at, (int)coll.len,
			    (const char *)coll.at);
	entry->ns_len = strlen(entry->ns);
	entry->db_len = db.len;
}

/* What a server listed of one collection. */
static void take_listed(struct bytes options, const struct bson_field *uuid, struct bytes type,
			struct catalog_entry *entry)
{
	entry->has_metadata = true;
	entry->type = begins(type, "view")	   ? CATALOG_VIEW
		      : begins(type, "timeseries") ? CATALOG_TIMESERIES
						   : CATALOG_COLLECTION;
	buf_add_bytes(&entry->options, options);
	if (uuid != NULL && uuid->type == BSON_KIND_BINARY) {
		entry->has_uuid = true;
		memcpy(entry->uuid, uuid->value.at + 5, 16);
	}
}

static void check_uuid(const struct catalog_entry *want, const struct catalog_entry *got,
		       const char *where)
{
	if (want->has_uuid != got->has_uuid ||
	    memcmp(want->uuid, got->uuid, sizeof(got->uuid)) != 0)
		fail_msg("%s: %s has another UUID, or none", where, got->ns);
}

/* Are buckets, which mongodump writes without metadata. */
static void check_buckets(const struct catalog_entry *got)
{
	assert_false(got->has_metadata);
	assert_false(got->has_uuid);
	assert_int_equal(got->options.len, 0);
	assert_int_equal(got->indexes.len, 0);
}

static void check_same(const struct catalog_entry *want, const struct catalog_entry *got,
		       const char *where)
{
	struct error e = {0};

	if (begins(catalog_entry_coll(got), "system.buckets.")) {
		check_buckets(got);
		return;
	}
	check_uuid(want, got, where);
	if (ASSERT_OK(catalog_normal_same(want, got, &e)) == 0) {
		OWNED(buf_release) struct buf text = {0};

		buf_add_str(&text, text_of_doc(buf_bytes(&want->options)));
		buf_add_str(&text, text_of_doc(buf_bytes(&want->indexes)));
		buf_add_str(&text, "\nfound    ");
		buf_add_str(&text, text_of_doc(got->options.len > 0 ? buf_bytes(&got->options)
								    : bytes_of("\5\0\0\0", 5)));
		buf_add_str(&text, text_of_doc(got->indexes.len > 0 ? buf_bytes(&got->indexes)
								    : bytes_of("\5\0\0\0", 5)));
		fail_msg("%s: %s\nexpected %s", where, got->ns, buf_text(&text));
	}
	collections++;
	if (bytes_equal(buf_bytes(&want->options), buf_bytes(&got->options)) &&
	    (got->indexes.len == 0 ||
	     bytes_equal(buf_bytes(&want->indexes), buf_bytes(&got->indexes))))
		exact++;
	else if (getenv("YESTER_VERBOSE") != NULL)
		print_message("%s: %s listed %s\n", where, got->ns,
			      text_of_doc(buf_bytes(&want->indexes)));
}

/* Kept inside, and never logged. */
static bool is_hidden(struct bytes coll)
{
	return begins(coll, "system.views") || begins(coll, "system.profile");
}

static struct run run_of(const char *version)
{
	struct replay_catalog_options options = {.fuzzy = true, .server_version = version};

	return (struct run){.catalog = replay_catalog_new(&options)};
}

static void run_release(struct run *run)
{
	replay_catalog_free(run->catalog);
}
DEFINE_OWNED_STRUCT(struct run, run_release);

static void apply_all(struct run *run, struct bytes entries, bool wrapped, const char *where)
{
	struct bson_fields fields = bson_fields(entries);
	struct bson_field field;

	while (next(&fields, &field)) {
		struct error e = {0};
		struct entry entry;

		if (wrapped)
			field = need(field.value, "entry");
		if (entry_parse(field.value, &entry, &e) < 0 || run_entry(run, &entry, &e) < 0)
			fail_msg("%s: %s", where, e.text);
	}
}

/* The catalog after one experiment of a file, which began with nothing. */
static void check_experiment(const char *version, const char *file)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(run_release) struct run run = run_of(version);
	OWNED(result_release) struct result result = {0};
	struct bson_fields dbs, listed;
	struct bson_field db, field, found;
	size_t expected, seen;

	load(version, file, &doc);
	if (!find(buf_bytes(&doc), "result", &found))
		return; /* one about timing */
	apply_all(&run, need(buf_bytes(&doc), "oplog").value, false, file);
	finish_into(&run, &result);
	dbs = bson_fields(need(buf_bytes(&doc), "result").value);
	while (next(&dbs, &db)) {
		listed = bson_fields(need(db.value, "catalog").value);
		expected = 0;
		seen = 0;
		while (next(&listed, &field)) {
			OWNED(catalog_entry_release) struct catalog_entry want = {0};
			struct bytes info = need(field.value, "info").value;
			struct bytes name = text_of(need(info, "name"));
			const struct result_entry *got;
			struct bson_field uuid = {0};

			if (is_hidden(name))
				continue;
			ns_into(&want, db.name, name);
			if (find(info, "info", &found))
				find(found.value, "uuid", &uuid);
			take_listed(need(info, "options").value, &uuid, text_of(need(info, "type")),
				    &want);
			if (find(field.value, "indexes", &found))
				buf_add_bytes(&want.indexes, found.value);
			got = result_of(&result, want.ns);
			if (got == NULL) {
				fail_msg("%s/%s: %s is missing", version, file, want.ns);
				return;
			}
			if (got->stopped != NULL)
				fail_msg("%s/%s: %s", version, file, got->stopped);
			check_same(&want, &got->entry, file);
			expected++;
		}
		for (size_t i = 0; i < result.count; i++)
			seen += !result.at[i].inside && result.at[i].entry.db_len == db.name.len &&
				begins(bytes_str(result.at[i].entry.ns), (const char *)db.name.at);
		if (seen != expected)
			fail_msg("%s/%s: %zu namespaces, expected %zu", version, file, seen,
				 expected);
	}
}

static void every_experiment_leaves_the_catalog_of_its_server(void **state)
{
	(void)state;
	if (!have_samples())
		skip();
	collections = exact = 0;
	for (size_t v = 0; v < COUNT_OF(versions); v++) {
		DIR *dir = opendir(folder_of(versions[v]));
		struct dirent *at;

		assert_non_null(dir);
		while ((at = readdir(dir)) != NULL) {
			size_t len = strlen(at->d_name);

			if (at->d_name[0] == '_' || len < 6 ||
			    strcmp(at->d_name + len - 5, ".json") != 0)
				continue;
			check_experiment(versions[v], at->d_name);
		}
		closedir(dir);
	}
	print_message("%u collections, %u of them byte for byte as listed\n", collections, exact);
	assert_true(collections > 400);
	assert_int_equal(exact, collections);
}

/* Both sides of a sequence: name -> {uuid, options, type, indexes: [names]}. */
static void load_side(struct replay_catalog *catalog, struct bytes db, struct bytes side)
{
	struct bson_fields fields = bson_fields(side);
	struct bson_field coll, found;
	struct error e = {0};

	while (next(&fields, &coll)) {
		OWNED(catalog_entry_release) struct catalog_entry entry = {0};
		OWNED(buf_release) struct buf text = {0};
		struct bson_field uuid = need(coll.value, "uuid");
		struct bson_fields names;

		if (begins(coll.name, "system.views"))
			continue;
		ns_into(&entry, db, coll.name);
		take_listed(need(coll.value, "options").value, &uuid,
			    text_of(need(coll.value, "type")), &entry);
		buf_add_str(&text, "{'i':[");
		if (find(coll.value, "indexes", &found)) {
			names = bson_fields(found.value);
			while (next(&names, &found))
				buf_printf(&text, "%s{'v':2,'key':{'%c':1},'name':'%.*s'}",
					   text.len > 6 ? "," : "",
					   begins(text_of(found), "_id_") ? '_' : 'a',
					   (int)text_of(found).len,
					   (const char *)text_of(found).at);
		}
		buf_add_str(&text, "]}");
		{
			OWNED(buf_release) struct buf array = {0};

			buf_add_bytes(&entry.indexes,
				      need(text_doc(&array, buf_text(&text)), "i").value);
		}
		ASSERT_OK(replay_catalog_load(catalog, &entry, &e));
	}
}

/* Names that both make up: tmpXXXXX.create is any tmpYYYYY.create. */
static const struct result_entry *find_made_up(const struct result *result, const char *ns)
{
	const char *tmp = strstr(ns, ".tmp");

	for (size_t i = 0; i < result->count; i++) {
		const char *other = result->at[i].entry.ns;

		if (tmp != NULL && strncmp(other, ns, (size_t)(tmp - ns) + 4) == 0 &&
		    strlen(other) == strlen(ns) && strcmp(other + (tmp - ns) + 9, tmp + 9) == 0)
			return &result->at[i];
	}
	return NULL;
}

static void check_index_names(const struct catalog_entry *got, struct bytes names,
			      const char *where)
{
	struct bson_fields want = bson_fields(names);
	struct bson_fields has = bson_fields(buf_bytes(&got->indexes));
	struct bson_field name, spec;

	while (next(&want, &name)) {
		if (!next(&has, &spec))
			fail_msg("%s: %s lacks an index", where, got->ns);
		ASSERT_BYTES(text_of(need(spec.value, "name")), text_of(name));
	}
	if (got->indexes.len > 0 && next(&has, &spec))
		fail_msg("%s: %s has an index too many", where, got->ns);
}

/* Where we differ, and mean to. */
static const char *const known_differences[] = {
	"r_commitidx_no_start",	   /* C22: a commit without its start makes the index */
	"r_rename_cross_db_entry", /* refused */
};

static bool is_known(struct bytes db)
{
	for (size_t i = 0; i < COUNT_OF(known_differences); i++)
		if (begins(db, known_differences[i]))
			return true;
	return false;
}

static void check_side(const struct result *result, struct bytes db, struct bytes after,
		       const char *version)
{
	struct bson_fields fields = bson_fields(after);
	size_t expected = 0, seen = 0;
	struct bson_field coll, found;

	while (next(&fields, &coll)) {
		OWNED(catalog_entry_release) struct catalog_entry want = {0};
		struct bson_field uuid = need(coll.value, "uuid");
		const struct result_entry *got;

		if (begins(coll.name, "system.views"))
			continue;
		ns_into(&want, db, coll.name);
		take_listed(need(coll.value, "options").value, &uuid,
			    text_of(need(coll.value, "type")), &want);
		got = result_of(result, want.ns);
		if (got == NULL)
			got = find_made_up(result, want.ns);
		if (got == NULL) {
			fail_msg("%s: %s is missing", version, want.ns);
			return;
		}
		/* Its server would not have them at the end of an initial sync. */
		assert_int_equal(got->stopped != NULL, begins(coll.name, "tmp"));
		check_uuid(&want, &got->entry, version);
		assert_int_equal(got->entry.type, want.type);
		ASSERT_BYTES(buf_bytes(&got->entry.options), buf_bytes(&want.options));
		if (find(coll.value, "indexes", &found))
			check_index_names(&got->entry, found.value, version);
		expected++;
	}
	for (size_t i = 0; i < result->count; i++)
		seen += result->at[i].entry.db_len == db.len &&
			memcmp(result->at[i].entry.ns, db.at, db.len) == 0;
	if (seen != expected)
		fail_msg("%s: %zu namespaces of %.*s, expected %zu", version, seen, (int)db.len,
			 (const char *)db.at, expected);
	sequences++;
}

static void every_sequence_of_the_recovery_leaves_the_catalog_of_its_server(void **state)
{
	(void)state;
	if (!have_samples())
		skip();
	sequences = 0;
	for (size_t v = 0; v < COUNT_OF(versions); v++) {
		OWNED(buf_release) struct buf doc = {0};
		OWNED(run_release) struct run run = run_of(versions[v]);
		OWNED(result_release) struct result result = {0};
		struct bson_fields dbs;
		struct bson_field db, after;

		load(versions[v], "_recovery_injection.json", &doc);
		dbs = bson_fields(need(buf_bytes(&doc), "before").value);
		while (next(&dbs, &db))
			load_side(run.catalog, db.name, db.value);
		apply_all(&run, need(buf_bytes(&doc), "entries").value, true, versions[v]);
		finish_into(&run, &result);
		dbs = bson_fields(need(buf_bytes(&doc), "before").value);
		while (next(&dbs, &db)) {
			char name[128];

			if (is_known(db.name))
				continue;
			snprintf(name, sizeof(name), "%.*s", (int)db.name.len,
				 (const char *)db.name.at);
			if (!find(need(buf_bytes(&doc), "after").value, name, &after))
				after.value = bytes_of("\5\0\0\0", 5);
			check_side(&result, db.name, after.value, versions[v]);
		}
	}
	print_message("%u sequences\n", sequences);
	assert_true(sequences > 150);
}

#define TOOLS_DUMP "mongo-tools-testdata/mongorestore/testdata/timeseries_tests/ts_dump_with_oplog"

/* One namespace of that dump: the metadata is that of `meta`, if there is one. */
static void load_dumped(struct replay_catalog *catalog, const char *ns, const char *meta)
{
	OWNED(metadata_release) struct metadata metadata = {0};
	OWNED(buf_release) struct buf text = {0};
	struct catalog_entry entry = {.ns = (char *)(uintptr_t)ns, .ns_len = strlen(ns)};
	struct error e = {0};
	char path[1024];

	metadata_init(&metadata);
	entry.db_len = (size_t)(strchr(ns, '.') - ns);
	if (meta != NULL) {
		snprintf(path, sizeof(path), "%s/../../%s/%s.metadata.json", folder_of("4.2.6"),
			 TOOLS_DUMP, meta);
		ASSERT_OK(file_read(path, FILE_MAX, &text, &e));
		ASSERT_OK(metadata_parse(buf_bytes(&text), &metadata, &e));
		entry.has_metadata = true;
		entry.options = metadata.options;
		entry.indexes = metadata.indexes;
		entry.has_uuid = metadata.has_uuid;
		memcpy(entry.uuid, metadata.uuid, sizeof(entry.uuid));
		if (strcmp(metadata.type, "timeseries") == 0)
			entry.type = CATALOG_TIMESERIES;
	}
	ASSERT_OK(replay_catalog_load(catalog, &entry, &e));
}

/* Entries of its log have UUIDs of buckets, which its metadata lacks. */
static void a_time_series_dump_with_its_log_is_followed_to_the_end(void **state)
{
	static const char *const config[] = {"external_validation_keys", "tenantMigrationDonors",
					     "tenantMigrationRecipients"};
	OWNED(run_release) struct run run = run_of(NULL);
	OWNED(result_release) struct result result = {0};
	OWNED(buf_release) struct buf log = {0};
	struct error e = {0};
	struct bytes rest;
	char path[1024], meta[200];

	(void)state;
	if (!have_samples())
		skip();
	snprintf(path, sizeof(path), "%s/../../%s/oplog.bson", folder_of("4.2.6"), TOOLS_DUMP);
	if (file_read(path, FILE_MAX, &log, &e) < 0) {
		print_message("skipped: %s\n", e.text);
		skip();
	}
	load_dumped(run.catalog, "admin.system.version", "admin/system.version");
	load_dumped(run.catalog, "admin.system.views", "admin/system.views");
	for (size_t i = 0; i < COUNT_OF(config); i++) {
		snprintf(meta, sizeof(meta), "config.%s", config[i]);
		snprintf(path, sizeof(path), "config/%s", config[i]);
		load_dumped(run.catalog, meta, path);
	}
	load_dumped(run.catalog, "timeseries_test.foo_ts", "timeseries_test/foo_ts");
	load_dumped(run.catalog, "timeseries_test.system.buckets.foo_ts", NULL);
	for (rest = buf_bytes(&log); rest.len > 0;) {
		int64_t len = ASSERT_OK(bson_next(rest, BSON_MAX_LEN, &e));
		struct entry entry;

		ASSERT_OK(entry_parse(bytes_of(rest.at, (size_t)len), &entry, &e));
		ASSERT_OK(run_entry(&run, &entry, &e));
		rest = bytes_of(rest.at + len, rest.len - (size_t)len);
	}
	finish_into(&run, &result);
	assert_int_equal(result.count, 7);
	for (size_t i = 0; i < result.count; i++)
		assert_null(result.at[i].stopped);
	assert_true(result_of(&result, "timeseries_test.system.buckets.foo_ts")->routed > 100);
	assert_int_equal(result_of(&result, "timeseries_test.foo_ts")->changed, 0);
	assert_int_equal(replay_catalog_major(run.catalog), 5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sequence_of_the_recovery_leaves_the_catalog_of_its_server),
		cmocka_unit_test(a_time_series_dump_with_its_log_is_followed_to_the_end),
		cmocka_unit_test(every_experiment_leaves_the_catalog_of_its_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
