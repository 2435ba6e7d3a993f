#include "tools/status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include <bson/bson.h>

#include "base/time_text.h"
#include "tools/json_out.h"
#include "tools/status_file.h"

#define DEPTH_MAX 16
#define TAIL_FRESH 5 /* seconds: an older file is of one that is gone */

void status_release(struct status *status)
{
	timeline_map_release(&status->map);
}

uint64_t status_lag(const struct status *status)
{
	uint64_t last = entry_seconds(status->last_ts);

	return last == 0 || last > status->now ? 0 : status->now - last;
}

/* ---- files */

static int add_folder(int parent, const char *name, unsigned depth, uint64_t *ret, struct error *e)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *entry;
	DIR *dir;
	int code = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : error_sys(e, "%s", name);
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return error_sys(e, "%s", name);
	}
	while (code == 0 && (entry = readdir(dir)) != NULL) {
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    (depth == 0 && strcmp(entry->d_name, "local") == 0) ||
		    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			code = add_folder(fd, entry->d_name, depth + 1, ret, e);
		else if (S_ISREG(st.st_mode))
			*ret += (uint64_t)st.st_size;
	}
	closedir(dir);
	return code;
}

int status_stored_bytes(const char *path, uint64_t *ret, struct error *e)
{
	uint64_t sum = 0;

	if (add_folder(AT_FDCWD, path, 0, &sum, e) < 0)
		return e->code;
	*ret = sum;
	return 0;
}

/* A status file as BSON; NULL: there is none, or it is none of ours. */
static bson_t *read_json(struct store *store, const char *name)
{
	bool open = strcmp(name, STATUS_FILE_COPIED) == 0;
	OWNED(buf_release) struct buf text = {0};
	struct error ignored;
	bson_error_t why;

	if ((open ? status_file_get_open(store, name, &text, &ignored)
		  : status_file_get(store, name, &text, &ignored)) != 1)
		return NULL;
	return bson_new_from_json(text.at, (ssize_t)text.len, &why);
}

static uint64_t number_of(const bson_t *doc, const char *key)
{
	bson_iter_t at;
	int64_t value = bson_iter_init_find(&at, doc, key) ? bson_iter_as_int64(&at) : 0;

	return value < 0 ? 0 : (uint64_t)value;
}

static bool flag_of(const bson_t *doc, const char *key)
{
	bson_iter_t at;

	return bson_iter_init_find(&at, doc, key) && bson_iter_as_bool(&at);
}

static void copy_text(const bson_t *doc, const char *key, char *ret, size_t size)
{
	bson_iter_t at;

	if (bson_iter_init_find(&at, doc, key) && BSON_ITER_HOLDS_UTF8(&at))
		snprintf(ret, size, "%s", bson_iter_utf8(&at, NULL));
}

static void read_event(struct store *store, const char *name, const char *ok, const char *what,
		       struct status_event *ret)
{
	bson_t *doc = read_json(store, name);

	if (doc == NULL)
		return;
	ret->known = number_of(doc, "time") != 0;
	ret->time = number_of(doc, "time");
	ret->ok = flag_of(doc, ok);
	ret->seconds = number_of(doc, "seconds");
	ret->collections = number_of(doc, "collections");
	ret->documents = number_of(doc, "documents");
	copy_text(doc, what, ret->what, sizeof(ret->what));
	bson_destroy(doc);
}

/* The last copy: that of one who had no key is in a file of its own. */
static void read_copied(struct store *store, struct status_event *ret)
{
	struct status_event open = {0};

	read_event(store, "replicate.json", "verified", "dest", ret);
	read_event(store, STATUS_FILE_COPIED, "verified", "dest", &open);
	if (open.known && open.time > ret->time)
		*ret = open;
}

void status_tail_json(const struct status_tail *tail, struct buf *ret)
{
	struct json_out j;

	json_out_begin(&j, NULL, false);
	json_out_u64(&j, "time", tail->time);
	json_out_bool(&j, "connected", tail->connected);
	json_out_name(&j, "member", bytes_str(tail->member));
	json_out_u64(&j, "lastSeconds", entry_seconds(tail->last_ts));
	json_out_u64(&j, "lastIncrement", entry_increment(tail->last_ts));
	json_out_u64(&j, "entries", tail->entries);
	json_out_u64(&j, "reconnects", tail->reconnects);
	json_out_u64(&j, "snapshots", tail->snapshots);
	json_out_u64(&j, "failures", tail->failures);
	json_out_bool(&j, "gap", tail->gap);
	json_out_end_object(&j);
	buf_add_bytes(ret, buf_bytes(&j.text));
	buf_add_u8(ret, '\n');
	json_out_drop(&j);
}

static void read_tail(struct store *store, uint64_t now, struct status_tail *ret)
{
	bson_t *doc = read_json(store, "tail.json");

	if (doc == NULL)
		return;
	ret->time = number_of(doc, "time");
	ret->known = ret->time + TAIL_FRESH >= now;
	ret->connected = flag_of(doc, "connected");
	ret->last_ts = entry_ts((uint32_t)number_of(doc, "lastSeconds"),
				(uint32_t)number_of(doc, "lastIncrement"));
	ret->entries = number_of(doc, "entries");
	ret->reconnects = number_of(doc, "reconnects");
	ret->snapshots = number_of(doc, "snapshots");
	ret->failures = number_of(doc, "failures");
	ret->gap = flag_of(doc, "gap");
	copy_text(doc, "member", ret->member, sizeof(ret->member));
	bson_destroy(doc);
}

/* ---- gathering */

static void take_snapshots(const struct snapshot_list *list, struct status *ret)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct snapshot *s = &list->at[i];
		uint64_t ts = entry_ts(s->optime.seconds, s->optime.increment);

		if (s->exact && ts > ret->last_ts)
			ret->last_ts = ts;
		if (s->checkpoint) {
			ret->checkpoints++;
			continue;
		}
		ret->snapshots++;
		ret->shown_bytes += s->bytes;
		snprintf(ret->newest, sizeof(ret->newest), "%s", s->name);
		ret->newest_time = s->time;
		ret->newest_exact = s->exact;
		ret->documents = s->documents;
		ret->bytes = s->bytes;
	}
}

static int read_history(struct store *store, struct status *ret, struct error *e)
{
	OWNED(timeline_close) struct timeline *timeline = NULL;
	OWNED(snapshots_release) struct snapshot_list list = {0};
	OWNED(stream_close) struct stream *stream = NULL;
	size_t snapshots = 0, segments = 0, skipped = 0, ranges;

	if (timeline_open(store, &timeline, e) < 0 || timeline_map(timeline, &ret->map, e) < 0 ||
	    timeline_stream(timeline, &stream, e) < 0 ||
	    snapshots_read(store, &list, &skipped, e) < 0)
		return e->code;
	timeline_skipped(timeline, &snapshots, &segments);
	ret->skipped = snapshots + segments;
	take_snapshots(&list, ret);
	ranges = stream_range_count(stream);
	if (ranges > 0 && stream_range(stream, ranges - 1)->last.ts > ret->last_ts)
		ret->last_ts = stream_range(stream, ranges - 1)->last.ts;
	return 0;
}

int status_gather(struct store *store, struct status *ret, struct error *e)
{
	OWNED(status_release) struct status status = {.now = (uint64_t)time(NULL)};

	if (read_history(store, &status, e) < 0 ||
	    status_stored_bytes(store_path(store), &status.stored_bytes, e) < 0)
		return e->code;
	read_event(store, "verify.json", "ok", "at", &status.verify);
	read_event(store, "drill.json", "ok", "at", &status.drill);
	read_copied(store, &status.replicate);
	read_tail(store, status.now, &status.tail);
	*ret = status;
	status = (struct status){0};
	return 0;
}

/* ---- what is wrong */

static void say_age(const char *what, uint64_t age, uint64_t limit, struct buf *ret)
{
	char is[TIME_TEXT_DURATION_LEN], most[TIME_TEXT_DURATION_LEN];

	time_text_duration(age * 1000, is);
	time_text_duration(limit * 1000, most);
	buf_printf(ret, "%s: %s, at most %s are allowed\n", what, is, most);
}

static unsigned check_event(const struct status_event *event, uint64_t now, uint64_t limit,
			    const char *what, struct buf *ret)
{
	unsigned wrong = 0;

	if (limit > 0 && !event->known) {
		buf_printf(ret, "there was no %s yet\n", what);
		wrong++;
	}
	if (limit > 0 && event->known && now > event->time && now - event->time > limit) {
		OWNED(free) char *text = xprintf("the last %s was before", what);

		say_age(text, now - event->time, limit, ret);
		wrong++;
	}
	if (event->known && !event->ok) {
		buf_printf(ret, "the last %s failed\n", what);
		wrong++;
	}
	return wrong;
}

unsigned status_check(const struct status *status, const struct status_limits *limits,
		      struct buf *ret)
{
	unsigned wrong = 0;

	if (limits->lag > 0 && status->last_ts == 0) {
		buf_add_str(ret, "nothing is stored\n");
		wrong++;
	} else if (limits->lag > 0 && status_lag(status) > limits->lag) {
		say_age("the last stored operation is old", status_lag(status), limits->lag, ret);
		wrong++;
	}
	if (status->map.lost_count > 0) {
		buf_printf(ret, "%zu gap%s in the history\n", status->map.lost_count,
			   status->map.lost_count == 1 ? "" : "s");
		wrong++;
	}
	if (status->skipped > 0) {
		buf_printf(ret,
			   "%zu snapshots or parts of the oplog are damaged, made by a newer "
			   "program, or not all here\n",
			   status->skipped);
		wrong++;
	}
	wrong += check_event(&status->replicate, status->now, limits->offsite_age,
			     "verified off-site copy", ret);
	wrong += check_event(&status->drill, status->now, limits->drill_age, "drill", ret);
	return wrong + check_event(&status->verify, status->now, 0, "verification", ret);
}

/* ---- Prometheus */

static void put_metric(struct buf *ret, const char *name, const char *help, const char *type,
		       uint64_t value)
{
	buf_printf(ret, "# HELP yester_%s %s\n# TYPE yester_%s %s\nyester_%s %" PRIu64 "\n", name,
		   help, name, type, name, value);
}

static void put_event(struct buf *ret, const char *name, const struct status_event *event)
{
	if (!event->known)
		return;
	buf_printf(ret,
		   "# HELP yester_last_%s_timestamp_seconds When the last %s ended.\n"
		   "# TYPE yester_last_%s_timestamp_seconds gauge\n"
		   "yester_last_%s_timestamp_seconds %" PRIu64 "\n"
		   "# HELP yester_last_%s_ok Whether it was good.\n"
		   "# TYPE yester_last_%s_ok gauge\nyester_last_%s_ok %d\n",
		   name, name, name, name, event->time, name, name, name, event->ok);
}

static void put_tail(struct buf *ret, const struct status_tail *tail)
{
	put_metric(ret, "tail_up", "Whether a tail runs on this machine.", "gauge", tail->known);
	if (!tail->known)
		return;
	put_metric(ret, "tail_connected", "Whether it has a member.", "gauge", tail->connected);
	put_metric(ret, "tail_entries_total", "Entries it stored.", "counter", tail->entries);
	put_metric(ret, "tail_reconnects_total", "How often it lost a member.", "counter",
		   tail->reconnects);
	put_metric(ret, "tail_snapshots_total", "Snapshots it made.", "counter", tail->snapshots);
	put_metric(ret, "tail_snapshot_failures_total", "Snapshots that failed.", "counter",
		   tail->failures);
	put_metric(ret, "tail_gap", "Whether it met a gap since it was started.", "gauge",
		   tail->gap);
}

void status_metrics(const struct status *status, struct buf *ret)
{
	put_metric(ret, "last_operation_timestamp_seconds", "The last stored operation.", "gauge",
		   entry_seconds(status->last_ts));
	put_metric(ret, "lag_seconds", "Seconds since the last stored operation.", "gauge",
		   status_lag(status));
	put_metric(ret, "ranges", "Ranges of time that can be reached without a hole.", "gauge",
		   status->map.reach_count);
	put_metric(ret, "gaps", "Times between them that no retention let go.", "gauge",
		   status->map.lost_count);
	put_metric(ret, "incomplete", "Snapshots and parts of the oplog that are left out.",
		   "gauge", status->skipped);
	put_metric(ret, "snapshots", "Snapshots, without checkpoints.", "gauge", status->snapshots);
	if (status->snapshots > 0)
		put_metric(ret, "newest_snapshot_timestamp_seconds", "What the newest one shows.",
			   "gauge", status->newest_time);
	put_metric(ret, "newest_snapshot_bytes", "BSON of the newest snapshot.", "gauge",
		   status->bytes);
	put_metric(ret, "newest_snapshot_documents", "Documents of it.", "gauge",
		   status->documents);
	put_metric(ret, "stored_bytes", "Bytes of the store's files, without local/.", "gauge",
		   status->stored_bytes);
	put_event(ret, "verify", &status->verify);
	put_event(ret, "drill", &status->drill);
	put_event(ret, "offsite_copy", &status->replicate);
	put_tail(ret, &status->tail);
}
