#include "fs/fs_status.h"

#include <inttypes.h>
#include <time.h>

#include "base/ejson.h"
#include "fs/fs_text.h"

/* A JSON object that is being written; the first thing that failed stays in `rc`. */
struct object {
	struct buf *out;
	const char *between; /* fields */
	bool filled;
	int rc;
	struct error *e;
};

static void add_key(struct object *o, const char *key)
{
	if (o->filled)
		buf_add_str(o->out, o->between);
	o->filled = true;
	buf_printf(o->out, "\"%s\":", key);
}

/* Text, or null. */
static void add_text(struct object *o, const char *key, struct bytes text)
{
	add_key(o, key);
	if (text.at == NULL)
		buf_add_str(o->out, "null");
	else if (o->rc >= 0)
		o->rc = ejson_write_name(text, o->out, o->e);
}

static void add_str(struct object *o, const char *key, const char *text)
{
	add_text(o, key, text == NULL ? bytes_of(NULL, 0) : bytes_str(text));
}

static void add_u64(struct object *o, const char *key, uint64_t value)
{
	add_key(o, key);
	buf_printf(o->out, "%" PRIu64, value);
}

static void add_bool(struct object *o, const char *key, bool value)
{
	add_key(o, key);
	buf_add_str(o->out, value ? "true" : "false");
}

static void add_id(struct object *o, const char *key, const struct chunk_id *id)
{
	char hex[CHUNK_ID_HEX + 1];

	chunk_id_hex(id, hex);
	add_str(o, key, hex);
}

static void add_time(struct object *o, const char *key, uint64_t seconds)
{
	time_t when = (time_t)seconds;
	char text[64];
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL || strftime(text, sizeof(text), "%FT%TZ", &tm) == 0)
		text[0] = '\0';
	add_str(o, key, text);
}

static void add_optime(struct object *o, const char *key, struct optime optime)
{
	add_key(o, key);
	buf_printf(o->out, "\"%" PRIu32 ".%" PRIu32 "\"", optime.seconds, optime.increment);
}

static void add_entry_optime(struct object *o, const char *key, struct entry_optime at)
{
	add_optime(o, key, (struct optime){entry_seconds(at.ts), entry_increment(at.ts)});
}

/* The stream: what it is called, its last operation, how long that is ago. */
static void add_stream(struct object *o, struct fs *fs, struct stream *stream)
{
	size_t ranges = stream_range_count(stream);
	size_t snapshots, segments;
	uint64_t entries = 0;
	uint64_t now = (uint64_t)time(NULL);
	struct entry_optime last;

	timeline_skipped(fs->timeline, &snapshots, &segments);
	for (size_t i = 0; i < ranges; i++)
		entries += stream_range(stream, i)->entries;
	add_str(o, "stream", ranges > 0 ? stream_name(stream) : NULL);
	add_u64(o, "oplogEntries", entries);
	add_u64(o, "oplogBytes", stream_bytes(stream));
	add_u64(o, "oplogLeftOut", segments);
	if (ranges == 0) {
		add_str(o, "lastOperation", NULL);
		add_str(o, "lastOperationTime", NULL);
		add_str(o, "lagSeconds", NULL);
		return;
	}
	last = stream_range(stream, ranges - 1)->last;
	add_entry_optime(o, "lastOperation", last);
	add_time(o, "lastOperationTime", entry_seconds(last.ts));
	add_u64(o, "lagSeconds", now - MIN_OF(now, (uint64_t)entry_seconds(last.ts)));
}

static int add_moments(struct object *o, struct fs *fs, struct error *e)
{
	OWNED(timeline_map_release) struct timeline_map map = {0};
	OWNED(stream_close) struct stream *stream = NULL;
	int rc = timeline_stream(fs->timeline, &stream, e);

	if (rc >= 0)
		rc = timeline_map(fs->timeline, &map, e);
	if (rc < 0)
		return rc;
	add_stream(o, fs, stream);
	add_u64(o, "ranges", map.reach_count);
	add_u64(o, "gaps", map.lost_count);
	return 0;
}

int fs_status_mount(struct fs *fs, const struct fs_tree_facts *facts, struct buf *ret,
		    struct error *e)
{
	struct object o = {.out = ret, .between = ",\n ", .e = e};
	bool some = facts->count > 0;
	int rc;

	buf_add_u8(ret, '{');
	add_str(&o, "version", YESTER_VERSION);
	add_str(&o, "store", fs->store_path);
	add_u64(&o, "snapshots", facts->count);
	add_u64(&o, "leftOut", facts->skipped);
	add_text(&o, "oldest", some ? buf_bytes(&facts->oldest) : bytes_of(NULL, 0));
	add_text(&o, "latest", some ? buf_bytes(&facts->latest) : bytes_of(NULL, 0));
	add_u64(&o, "collections", facts->collections);
	add_u64(&o, "bytes", facts->bytes);
	rc = add_moments(&o, fs, e);
	if (rc < 0)
		return rc;
	add_key(&o, "show");
	buf_printf(ret, "[%s", (fs->show & FS_OPTIONS_SHOW_BSON) != 0 ? "\"bson\"," : "");
	buf_add_str(ret, (fs->show & FS_OPTIONS_SHOW_JSON) != 0 ? "\"json\"," : "");
	buf_add_str(ret, (fs->show & FS_OPTIONS_SHOW_DOCS) != 0 ? "\"docs\"," : "");
	ret->at[ret->len - 1] = ']'; /* some form is always shown */
	add_str(&o, "json", fs->canonical ? "canonical" : "relaxed");
	buf_add_str(ret, "}\n");
	return o.rc;
}

static int add_reach(struct buf *ret, const struct timeline_reach *reach, struct error *e)
{
	struct object o = {.out = ret, .between = ",", .e = e};

	buf_add_u8(ret, '{');
	add_time(&o, "from", entry_seconds(reach->first.ts));
	add_time(&o, "to", entry_seconds(reach->last.ts));
	add_entry_optime(&o, "first", reach->first);
	add_entry_optime(&o, "last", reach->last);
	if (reach->last_second != 0)
		add_time(&o, "lastSecond", reach->last_second);
	else
		add_str(&o, "lastSecond", NULL);
	add_str(&o, "base", reach->base);
	add_u64(&o, "bases", reach->bases);
	add_u64(&o, "entries", reach->entries);
	add_bool(&o, "partial", reach->partial);
	add_bool(&o, "waitsForTransaction", reach->waits);
	buf_add_u8(ret, '}');
	return o.rc;
}

int fs_status_ranges(struct fs *fs, struct buf *ret, struct error *e)
{
	OWNED(timeline_map_release) struct timeline_map map = {0};
	int rc = timeline_map(fs->timeline, &map, e);

	buf_add_u8(ret, '[');
	for (size_t i = 0; i < map.reach_count && rc >= 0; i++) {
		buf_add_str(ret, i > 0 ? ",\n " : "\n ");
		rc = add_reach(ret, &map.reach[i], e);
	}
	buf_add_str(ret, map.reach_count > 0 ? "\n]\n" : "]\n");
	return rc;
}

static int add_gap(struct buf *ret, const struct timeline_gap *gap, struct error *e)
{
	struct object o = {.out = ret, .between = ",", .e = e};

	buf_add_u8(ret, '{');
	add_time(&o, "from", entry_seconds(gap->after.ts));
	add_time(&o, "to", entry_seconds(gap->before.ts));
	add_entry_optime(&o, "after", gap->after);
	add_entry_optime(&o, "before", gap->before);
	add_str(&o, "why", gap->why);
	add_bool(&o, "letGo", gap->let_go);
	buf_add_u8(ret, '}');
	return o.rc;
}

int fs_status_gaps(struct fs *fs, struct buf *ret, struct error *e)
{
	OWNED(timeline_map_release) struct timeline_map map = {0};
	int rc = timeline_map(fs->timeline, &map, e);

	buf_add_u8(ret, '[');
	for (size_t i = 0; i < map.gap_count && rc >= 0; i++) {
		buf_add_str(ret, i > 0 ? ",\n " : "\n ");
		rc = add_gap(ret, &map.gaps[i], e);
	}
	buf_add_str(ret, map.gap_count > 0 ? "\n]\n" : "]\n");
	return rc;
}

int fs_status_readme(struct fs *fs, const struct fs_tree_facts *facts, struct buf *ret,
		     struct error *e)
{
	OWNED(timeline_map_release) struct timeline_map map = {0};
	int rc = timeline_map(fs->timeline, &map, e);

	if (rc >= 0)
		fs_text_readme(fs->store_path, facts, &map, ret);
	return rc;
}

/* What is written of all snapshots. */
struct snapshots {
	struct buf *out;
	bool filled;
};

static int add_snapshot(void *ctx, const struct snapshot *s, struct error *e)
{
	struct snapshots *all = ctx;
	struct object o = {.out = all->out, .between = ",", .e = e};

	buf_add_str(all->out, all->filled ? ",\n {" : "\n {");
	all->filled = true;
	add_str(&o, "name", s->name);
	add_id(&o, "id", &s->id);
	add_time(&o, "time", s->time);
	add_time(&o, "created", s->created_us / 1000000);
	add_bool(&o, "exact", s->exact);
	add_bool(&o, "partial", s->partial);
	if (s->exact)
		add_optime(&o, "optime", s->optime);
	else
		add_str(&o, "optime", NULL);
	if (s->exact && s->needed_from.seconds != 0)
		add_optime(&o, "neededFrom", s->needed_from);
	add_str(&o, "tag", s->tag);
	add_str(&o, "source", s->source);
	add_str(&o, "replicaSet", s->replica_set);
	add_str(&o, "serverVersion", s->server_version);
	add_str(&o, "tool", s->tool);
	if (s->has_parent)
		add_id(&o, "parent", &s->parent);
	else
		add_str(&o, "parent", NULL);
	add_u64(&o, "collections", s->collections);
	add_u64(&o, "documents", s->documents);
	add_u64(&o, "bytes", s->bytes);
	add_u64(&o, "oplogEntries", s->oplog.count);
	buf_add_u8(all->out, '}');
	return o.rc;
}

int fs_status_snapshots(struct fs *fs, struct buf *ret, struct error *e)
{
	struct snapshots all = {.out = ret};
	int rc;

	buf_add_u8(ret, '[');
	rc = fs_tree_each(fs->tree, add_snapshot, &all, e);
	buf_add_str(ret, all.filled ? "\n]\n" : "]\n");
	return rc;
}
