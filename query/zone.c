#include "query/zone.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "query/query_error.h"
#include "query/zone_rule.h"

#define FOLDER "/usr/share/zoneinfo/"
#define NAME_MAX_LEN 64
#define FILE_MAX (256 * KIB)
#define HEADER_LEN 44

/* A place's history, from its TZif file. Kept until the process ends: a few kilobytes for each name that is used. */
struct zone_file {
	struct zone_file *next;
	size_t count;	  /* of transitions */
	size_t types;	  /* of offsets */
	int64_t *at;	  /* transitions, rising */
	uint8_t *to;	  /* the offset that holds from then on: index of a type */
	int32_t *offsets; /* of types */
	bool *is_dst;	  /* of types */
	bool has_rule;
	struct zone_rule rule; /* what holds after the last transition */
	char name[NAME_MAX_LEN + 1];
};

/* Only ever gets longer, at its front: it is read without the lock. */
static _Atomic(struct zone_file *) files;
static pthread_mutex_t files_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- reading a file */

/* The sizes in a header of a TZif file, at `at` of `raw`. */
struct header {
	uint32_t isut, isstd, leap, times, types, chars;
};

static bool read_header(struct bytes raw, size_t at, struct header *ret)
{
	const uint8_t *h = raw.at + at;

	if (raw.len < at + HEADER_LEN || memcmp(h, "TZif", 4) != 0)
		return false;
	*ret = (struct header){.isut = get_be32(h + 20),
			       .isstd = get_be32(h + 24),
			       .leap = get_be32(h + 28),
			       .times = get_be32(h + 32),
			       .types = get_be32(h + 36),
			       .chars = get_be32(h + 40)};
	return ret->times < 10000 && ret->types > 0 && ret->types <= 256 && ret->chars < 10000 &&
	       ret->leap < 1000 && ret->isut <= 256 && ret->isstd <= 256;
}

/* The bytes behind a header whose times have `width` bytes. */
static size_t body_len(const struct header *h, size_t width)
{
	return h->times * (width + 1) + h->types * 6 + h->chars + h->leap * (width + 4) + h->isstd +
	       h->isut;
}

static void zone_file_free(struct zone_file *file)
{
	if (file == NULL)
		return;
	free(file->at);
	free(file->to);
	free(file->offsets);
	free(file->is_dst);
	free(file);
}
DEFINE_OWNED(struct zone_file *, zone_file_free);

/* The 64-bit half of a file of version 2 or newer; NULL when it is none. */
static struct zone_file *parse(struct bytes raw)
{
	OWNED(zone_file_free) struct zone_file *file = NULL;
	struct header first, h;
	const uint8_t *at;
	size_t body;

	if (!read_header(raw, 0, &first) || raw.at[4] < '2')
		return NULL;
	body = HEADER_LEN + body_len(&first, 4);
	if (!read_header(raw, body, &h) || raw.len < body + HEADER_LEN + body_len(&h, 8))
		return NULL;
	at = raw.at + body + HEADER_LEN;
	file = xcalloc(1, sizeof(*file));
	file->count = h.times;
	file->types = h.types;
	file->at = xcalloc(h.times + 1, sizeof(*file->at));
	file->to = xcalloc(h.times + 1, 1);
	file->offsets = xcalloc(h.types, sizeof(*file->offsets));
	file->is_dst = xcalloc(h.types, sizeof(*file->is_dst));
	for (size_t i = 0; i < h.times; i++, at += 8)
		file->at[i] = (int64_t)get_be64(at);
	for (size_t i = 0; i < h.times; i++, at++) {
		if (*at >= h.types || (i > 0 && file->at[i] <= file->at[i - 1]))
			return NULL;
		file->to[i] = *at;
	}
	for (size_t i = 0; i < h.types; i++, at += 6) {
		file->offsets[i] = (int32_t)get_be32(at);
		file->is_dst[i] = at[4] != 0;
	}
	body += HEADER_LEN + body_len(&h, 8); /* the rule stands between two line feeds behind */
	if (body < raw.len && raw.at[body] == '\n')
		file->has_rule = zone_rule_parse(bytes_of(raw.at + body + 1, raw.len - body - 1),
						 &file->rule);
	return TAKE(file);
}

/* Names are words of letters, digits and _ + - with / between them; no other files of the folder are places. */
static bool is_name(struct bytes text)
{
	static const char *const others[] = {"posix/", "right/", "posixrules", "localtime"};

	if (text.len == 0 || text.len > NAME_MAX_LEN || text.at[0] < 'A' || text.at[0] > 'Z')
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '+' || c == '-' || c == '/'))
			return false;
	}
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (text.len >= strlen(others[i]) &&
		    memcmp(text.at, others[i], strlen(others[i])) == 0)
			return false;
	return true;
}

static struct zone_file *load(struct bytes name)
{
	OWNED(buf_release) struct buf raw = {0};
	OWNED(fd_close) int fd = -1;
	char path[sizeof(FOLDER) + NAME_MAX_LEN + 1];
	struct zone_file *file;
	struct stat st;

	snprintf(path, sizeof(path), "%s%.*s", FOLDER, (int)name.len, (const char *)name.at);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)FILE_MAX)
		return NULL;
	buf_room(&raw, (size_t)st.st_size);
	if (pread(fd, raw.at, (size_t)st.st_size, 0) != st.st_size)
		return NULL;
	raw.len = (size_t)st.st_size;
	file = parse(buf_bytes(&raw));
	if (file != NULL)
		snprintf(file->name, sizeof(file->name), "%.*s", (int)name.len,
			 (const char *)name.at);
	return file;
}

static struct zone_file *known_file(struct bytes name)
{
	struct zone_file *file = atomic_load(&files);

	while (file != NULL && !bytes_equal(bytes_str(file->name), name))
		file = file->next;
	return file;
}

static const struct zone_file *file_of(struct bytes name)
{
	struct zone_file *file = known_file(name);

	if (file != NULL)
		return file;
	pthread_mutex_lock(&files_lock);
	file = known_file(name);
	if (file == NULL && (file = load(name)) != NULL) {
		file->next = atomic_load(&files);
		atomic_store(&files, file);
	}
	pthread_mutex_unlock(&files_lock);
	return file;
}

/* ---- texts */

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* +HH, +HHMM, +HH:MM; any digits: "+99:99" is a zone, too. */
static bool parse_offset(struct bytes text, int32_t *ret)
{
	uint8_t digits[4] = {'0', '0', '0', '0'};
	size_t count = 0;
	int32_t seconds;

	if ((text.len != 3 && text.len != 5 && text.len != 6) ||
	    (text.at[0] != '+' && text.at[0] != '-'))
		return false;
	for (size_t i = 1; i < text.len; i++) {
		if (i == 3 && text.len == 6) {
			if (text.at[i] != ':')
				return false;
			continue;
		}
		if (!is_digit(text.at[i]))
			return false;
		digits[count++] = text.at[i];
	}
	seconds = ((digits[0] - '0') * 10 + digits[1] - '0') * 3600 +
		  ((digits[2] - '0') * 10 + digits[3] - '0') * 60;
	*ret = text.at[0] == '-' ? -seconds : seconds;
	return true;
}

int zone_lookup(struct bytes text, bool names_only, struct zone *ret)
{
	struct zone zone = {0};

	if (bytes_equal(text, bytes_str("UTC")) || bytes_equal(text, bytes_str("GMT"))) {
		zone.is_named = true;
		*ret = zone;
		return 1;
	}
	if (is_name(text) && (zone.file = file_of(text)) != NULL) {
		zone.is_named = true;
		*ret = zone;
		return 1;
	}
	if (names_only || !parse_offset(text, &zone.offset))
		return 0;
	*ret = zone;
	return 1;
}

int zone_find(struct bytes text, struct zone *ret, struct error *e)
{
	OWNED(buf_release) struct buf quoted = {0};

	if (zone_lookup(text, false, ret) == 1)
		return 0;
	return query_error(e, 40485, "unrecognized time zone identifier: \"%s\"",
			   query_error_quote(text, &quoted));
}

/* ---- offsets */

/* What holds at a moment. */
struct look {
	int32_t offset;
	bool is_dst;
	int64_t since; /* INT64_MIN: from the beginning */
};

static struct look look(const struct zone_file *file, int64_t at)
{
	size_t low = 0, high = file->count, type;
	struct look found;

	while (low < high) { /* the first transition after `at` */
		size_t middle = (low + high) / 2;

		if (file->at[middle] <= at)
			low = middle + 1;
		else
			high = middle;
	}
	type = low == 0 ? 0 : file->to[low - 1];
	found = (struct look){.offset = file->offsets[type],
			      .is_dst = file->is_dst[type],
			      .since = low == 0 ? INT64_MIN : file->at[low - 1]};
	if (low == file->count && file->has_rule)
		zone_rule_look(&file->rule, at, &found.since, &found.offset, &found.is_dst);
	return found;
}

int32_t zone_offset(struct zone zone, int64_t at)
{
	return zone.file == NULL ? zone.offset : look(zone.file, at).offset;
}

bool zone_is_dst(struct zone zone, int64_t at)
{
	return zone.file != NULL && look(zone.file, at).is_dst;
}

#define AROUND 7200 /* seconds before and after where another offset is looked for */

int32_t zone_offset_local(struct zone zone, int64_t local, bool dst)
{
	struct look before, after, other;
	bool in_transition;

	if (zone.file == NULL)
		return zone.offset;
	before = look(zone.file, local);
	after = look(zone.file, local - before.offset);
	if (before.offset == after.offset) {
		if (before.offset >= 0 && dst && !before.is_dst) {
			other = look(zone.file, local - before.offset - AROUND);
			if (other.offset != after.offset && local - other.offset < after.since)
				after = other;
		} else if (before.offset <= 0 && before.is_dst && !dst) {
			other = look(zone.file, local - before.offset + AROUND);
			if (other.offset != after.offset && local - other.offset >= other.since)
				after = other;
		}
	}
	in_transition = after.since != INT64_MIN &&
			local - after.offset >= after.since + (before.offset - after.offset) &&
			local - after.offset < after.since;
	return before.offset != after.offset && !in_transition ? after.offset : before.offset;
}
