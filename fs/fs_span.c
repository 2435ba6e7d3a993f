#include "fs/fs_span.h"

#include <stdio.h>
#include <time.h>

#define NAME_SIZE 16

/* Seconds of each. */
static const uint32_t span_seconds[] = {
	[FS_SPAN_DAY] = 86400, [FS_SPAN_HOUR] = 3600, [FS_SPAN_MINUTE] = 60, [FS_SPAN_SECOND] = 1};

/* The span of a node id; false when it is none. */
static bool unpack(struct fs_inode inode, enum fs_span *ret_span, uint32_t *ret_begin)
{
	uint64_t span = inode.rank >> 32;

	*ret_begin = (uint32_t)inode.rank;
	if (inode.kind != FS_KIND_SPAN || inode.slot != 0 || span >= COUNT_OF(span_seconds))
		return false;
	*ret_span = (enum fs_span)span;
	return *ret_begin % span_seconds[span] == 0;
}

static struct fs_inode pack(enum fs_span span, uint32_t begin)
{
	return (struct fs_inode){.kind = FS_KIND_SPAN, .rank = (uint64_t)span << 32 | begin};
}

/* What the children of a folder are, and the seconds that it is about: [begin, end). */
static bool children_of(struct fs_inode parent, enum fs_span *ret_span, uint64_t *ret_begin,
			uint64_t *ret_end)
{
	enum fs_span span;
	uint32_t begin;

	*ret_begin = 0;
	*ret_end = (uint64_t)UINT32_MAX + 1;
	*ret_span = FS_SPAN_DAY;
	if (fs_inode_is_fixed(parent, FS_FIXED_TIMELINE))
		return true;
	if (!unpack(parent, &span, &begin) || span == FS_SPAN_SECOND)
		return false;
	*ret_begin = begin;
	*ret_end = (uint64_t)begin + span_seconds[span];
	*ret_span = (enum fs_span)(span + 1);
	return true;
}

/* The first second of [begin, end) in which something happened: 1, 0 when there is none. */
static int first_in(struct fs *fs, uint64_t begin, uint64_t end, uint32_t *ret, struct error *e)
{
	uint32_t second;
	int rc;

	if (begin >= end || begin > UINT32_MAX)
		return 0;
	rc = timeline_next_second(fs->timeline, (uint32_t)begin, &second, e);
	if (rc <= 0)
		return rc;
	*ret = second;
	return second < end;
}

static void point_to(struct fs_node *ret, enum fs_span span, uint32_t begin)
{
	fs_node_point(ret, pack(span, begin), NULL);
	ret->time = begin;
}

static bool write_name(enum fs_span span, uint32_t begin, char ret[NAME_SIZE])
{
	time_t when = (time_t)begin;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL)
		return false;
	switch (span) {
	case FS_SPAN_DAY:
		return strftime(ret, NAME_SIZE, "%F", &tm) > 0;
	case FS_SPAN_HOUR:
		return strftime(ret, NAME_SIZE, "%H", &tm) > 0;
	case FS_SPAN_MINUTE:
		return strftime(ret, NAME_SIZE, "%M", &tm) > 0;
	default:
		return strftime(ret, NAME_SIZE, "%SZ", &tm) > 0;
	}
}

int fs_span_find(struct fs *fs, struct fs_inode inode, struct fs_node *ret, struct error *e)
{
	enum fs_span span;
	uint32_t begin;
	uint32_t second;
	int rc;

	if (!unpack(inode, &span, &begin))
		return 0;
	rc = first_in(fs, begin, (uint64_t)begin + span_seconds[span], &second, e);
	if (rc == 1)
		point_to(ret, span, begin);
	return rc;
}

/* Digits of a name as a number; -1 when there are others. */
static int number_in(struct bytes text)
{
	int value = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return -1;
		value = value * 10 + (text.at[i] - '0');
	}
	return value;
}

/* Where the child called `name` would begin, not checked: it is written and compared afterwards. */
static uint64_t guess_begin(enum fs_span span, uint64_t parent_begin, struct bytes name)
{
	struct tm tm = {0};
	time_t when;

	if (span != FS_SPAN_DAY)
		return parent_begin + (uint64_t)number_in(bytes_of(name.at, MIN_OF(name.len, 2U))) *
					      span_seconds[span];
	if (name.len != sizeof("2026-11-21") - 1)
		return UINT64_MAX;
	tm.tm_year = number_in(bytes_of(name.at, 4)) - 1900;
	tm.tm_mon = number_in(bytes_of(name.at + 5, 2)) - 1;
	tm.tm_mday = number_in(bytes_of(name.at + 8, 2));
	when = timegm(&tm);
	return when < 0 ? UINT64_MAX : (uint64_t)when;
}

int fs_span_child(struct fs *fs, struct fs_inode parent, struct bytes name, struct fs_node *ret,
		  struct error *e)
{
	uint64_t parent_begin, parent_end, begin;
	char written[NAME_SIZE];
	enum fs_span span;

	if (!children_of(parent, &span, &parent_begin, &parent_end))
		return 0;
	begin = guess_begin(span, parent_begin, name);
	if (begin < parent_begin || begin >= parent_end)
		return 0;
	if (!write_name(span, (uint32_t)begin, written) || !bytes_equal(bytes_str(written), name))
		return 0;
	return fs_span_find(fs, pack(span, (uint32_t)begin), ret, e);
}

int fs_span_next(struct fs *fs, struct fs_inode parent, uint64_t position, struct buf *ret_name,
		 struct fs_node *ret, uint64_t *ret_next, struct error *e)
{
	char name[NAME_SIZE];
	uint64_t begin, end;
	enum fs_span span;
	uint32_t second;
	uint32_t child;
	int rc;

	if (!children_of(parent, &span, &begin, &end))
		return 0;
	/* A position is the second to go on from. */
	rc = first_in(fs, begin + position, end, &second, e);
	if (rc <= 0)
		return rc;
	child = second - second % span_seconds[span];
	if (!write_name(span, child, name))
		return 0;
	buf_add_str(ret_name, name);
	point_to(ret, span, child);
	*ret_next = (uint64_t)child + span_seconds[span] - begin;
	return 1;
}

struct fs_inode fs_span_parent(struct fs_inode inode)
{
	enum fs_span span;
	uint32_t begin;

	if (!unpack(inode, &span, &begin) || span == FS_SPAN_DAY)
		return fs_inode_fixed(FS_FIXED_TIMELINE);
	span = (enum fs_span)(span - 1);
	return pack(span, begin - begin % span_seconds[span]);
}

bool fs_span_is_link(struct fs_inode inode)
{
	enum fs_span span;
	uint32_t begin;

	return unpack(inode, &span, &begin) && span == FS_SPAN_SECOND;
}

void fs_span_target(struct fs *fs, struct fs_inode inode, struct buf *ret)
{
	uint32_t second = (uint32_t)(inode.rank & UINT32_MAX), slot;
	char name[SNAPSHOT_TIME_LEN + 1];

	snapshot_time_text(second, name);
	/* A snapshot of that name need not show all of the second. */
	if (fs_tree_find(fs->tree, bytes_str(name), &slot))
		buf_printf(ret, "../../../../at/@%u", second);
	else
		buf_printf(ret, "../../../../at/%s", name);
}
