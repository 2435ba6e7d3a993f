#include "tools/source_database.h"

#include "base/buckets.h"
#include "base/dump_name.h"
#include "tools/input_stream.h"
#include "tools/source_indexes.h"

#define METADATA_MAX (64 * MIB) /* bytes of a metadata file */

static const char indexes_name[] = "system.indexes";

/* One collection, view or time series. */
struct entry {
	struct buf name; /* empty: not known yet (shortened, without metadata) */
	bool has_metadata;
	bool blank;	   /* it is an empty file */
	bool under_series; /* as in source_ns */
	struct metadata metadata;
	const struct source_member *member; /* borrowed */
	const struct source_file *data;	    /* of `member`, or of none: see split_series() */
};

struct database {
	const char *name;
	struct entry *at;
	size_t count;
	struct source_indexes indexes;
};

static void database_release(struct database *db)
{
	for (size_t i = 0; i < db->count; i++) {
		buf_release(&db->at[i].name);
		metadata_release(&db->at[i].metadata);
	}
	free(db->at);
	source_indexes_release(&db->indexes);
}
DEFINE_OWNED_STRUCT(struct database, database_release);

/* The file that messages name. */
static const char *path_of(const struct entry *entry)
{
	return entry->data->path != NULL ? entry->data->path : entry->member->meta.path;
}

static int read_metadata(const struct source_file *file, struct metadata *ret, bool *ret_blank,
			 struct error *e)
{
	OWNED(input_stream_close) struct input_stream *in = NULL;
	OWNED(buf_release) struct buf text = {0};
	int r = input_stream_open(file->path, file->gzip ? INPUT_STREAM_GZIP : INPUT_STREAM_PLAIN,
				  &in, e);

	if (r < 0)
		return r;
	r = input_stream_read_all(in, METADATA_MAX, &text, e);
	if (r < 0)
		return r;
	*ret_blank = text.len == 0;
	r = metadata_parse(buf_bytes(&text), ret, e);
	return r < 0 ? error_wrap(e, "%s", file->path) : 0;
}

/*
 * Read the metadata of an entry, and find its name: that of its files, as mongorestore takes it (a person may have given
 * them another one). Where that is shortened, the metadata has the whole one.
 */
static int load_entry(struct entry *entry, struct error *e)
{
	int r;

	if (entry->member->meta.path != NULL) {
		r = read_metadata(&entry->member->meta, &entry->metadata, &entry->blank, e);
		if (r < 0)
			return r;
		entry->has_metadata = true;
	}
	r = dump_name_unescape(bytes_str(entry->member->stem), &entry->name, e);
	if (r < 0)
		return error_wrap(e, "%s", path_of(entry));
	if (r == 0 && entry->has_metadata)
		buf_add_bytes(&entry->name, buf_bytes(&entry->metadata.collection_name));
	return 0;
}

/*
 * A shortened name without metadata is that of the buckets of a time series with a long name,
 * whose own metadata is here.
 */
static int name_buckets(const struct database *db, struct entry *entry, struct error *e)
{
	OWNED(buf_release) struct buf name = {0};
	OWNED(buf_release) struct buf escaped = {0};

	for (size_t i = 0; i < db->count; i++) {
		if (!db->at[i].has_metadata)
			continue;
		buf_reset(&name);
		buf_reset(&escaped);
		buf_add_str(&name, BUCKETS_PREFIX);
		buf_add_bytes(&name, buf_bytes(&db->at[i].name));
		dump_name_escape(buf_bytes(&name), &escaped);
		if (!bytes_equal(buf_bytes(&escaped), bytes_str(entry->member->stem)))
			continue;
		buf_add_bytes(&entry->name, buf_bytes(&name));
		return 0;
	}
	error_set(e, ERR_INVALID,
		  "%s: the collection's name is too long for a file name, and no .metadata.json "
		  "with its \"collectionName\" is beside it",
		  path_of(entry));
	return error_hint(e, "copy the .metadata.json of the same name from the original dump");
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;

	return bytes_compare(buf_bytes(&x->name), buf_bytes(&y->name));
}

/*
 * Servers from 8.3 on keep a time series in one collection, and mongodump writes its buckets as X.bson (mongo-tools
 * mongodump/prepare.go, NewIntentFromOptions). They are taken as what they were before: documents of system.buckets.X.
 */
static void split_series(struct database *db, struct entry *series)
{
	static const struct source_file none = {0};
	struct source_ns ns = {.coll = buf_text(&series->name)};
	struct entry *buckets = &db->at[db->count];

	source_docs_describe(series->has_metadata ? &series->metadata : NULL, &ns);
	if (ns.type != SOURCE_TIMESERIES || series->data->path == NULL)
		return;
	buf_add_str(&buckets->name, BUCKETS_PREFIX);
	buf_add_bytes(&buckets->name, buf_bytes(&series->name));
	buckets->member = series->member;
	buckets->data = series->data;
	buckets->under_series = true;
	series->data = &none;
	db->count++;
}

/* All entries, by name. */
static int load_entries(struct database *db, const struct source_member *members, size_t count,
			struct error *e)
{
	db->at = xcalloc(2 * count, sizeof(*db->at));
	for (size_t i = 0; i < count; i++) {
		struct entry *entry = &db->at[i];
		int r;

		entry->member = &members[i];
		entry->data = &members[i].data;
		db->count++;
		r = load_entry(entry, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < db->count; i++) {
		int r = db->at[i].name.len > 0 ? 0 : name_buckets(db, &db->at[i], e);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < count; i++)
		split_series(db, &db->at[i]);
	if (db->count > 0)
		qsort(db->at, db->count, sizeof(*db->at), compare_entries);
	for (size_t i = 1; i < db->count; i++)
		if (compare_entries(&db->at[i - 1], &db->at[i]) == 0)
			return error_set(e, ERR_INVALID, "%s and %s: both are collection %s.%s",
					 path_of(&db->at[i - 1]), path_of(&db->at[i]), db->name,
					 buf_text(&db->at[i].name));
	return 0;
}

static bool is_indexes(const struct entry *entry)
{
	return bytes_equal(buf_bytes(&entry->name), bytes_str(indexes_name));
}

/* Read system.indexes, when the database has it. */
static int load_indexes(const struct source_job *job, struct database *db, struct error *e)
{
	for (size_t i = 0; i < db->count; i++) {
		const struct source_file *file = db->at[i].data;

		if (is_indexes(&db->at[i]) && file->path != NULL)
			return source_indexes_read(job, file->path, file->gzip, &db->indexes, e);
	}
	return 0;
}

static int push_entry(const struct source_job *job, struct database *db, struct entry *entry,
		      struct error *e)
{
	const struct source_file *data = entry->data;
	OWNED(buf_release) struct buf indexes = {0};
	struct source_ns ns = {
		.db = db->name,
		.coll = buf_text(&entry->name),
		.coll_len = entry->name.len,
		.under_series = entry->under_series,
		.file = path_of(entry),
	};

	source_docs_describe(entry->has_metadata ? &entry->metadata : NULL, &ns);
	if (ns.indexes.len <= BSON_MIN_LEN && ns.type == SOURCE_COLLECTION) {
		source_indexes_of(&db->indexes, buf_bytes(&entry->name), &indexes);
		if (indexes.len > 0) {
			ns.indexes = buf_bytes(&indexes);
			/* Servers before 2.2 had no metadata files: this list is it. */
			ns.has_metadata = true;
		}
	}
	if (data->path == NULL && ns.type == SOURCE_COLLECTION)
		source_docs_note(&job->info->bare, ns.file);
	if (entry->blank)
		source_docs_note(&job->info->blank, entry->member->meta.path);
	return source_docs_file(job, &ns, data->path, data->gzip, e);
}

int source_database_push(struct source_job *job, const char *db_name,
			 const struct source_member *members, size_t count, struct error *e)
{
	OWNED(database_release) struct database db = {.name = db_name};
	int r = load_entries(&db, members, count, e);

	if (r < 0)
		return r;
	r = load_indexes(job, &db, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < db.count; i++) {
		struct entry *entry = &db.at[i];

		if (!is_indexes(entry) &&
		    source_docs_wanted(job, db.name, buf_bytes(&entry->name))) {
			r = push_entry(job, &db, entry, e);
			if (r < 0)
				return r;
		}
		job->done += entry->data->size;
		source_docs_progress(job, 0);
	}
	return 0;
}
