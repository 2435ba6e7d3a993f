#include "fs/fs_at.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/siphash.h"

#define NAME_SIZE 256 /* of a file name, with its NUL */

/* Positions: the slots of snapshots, then these. */
#define FIRST_EXTRA ((uint64_t)FS_INODE_POINTS)

/* Is it no more than that there is no such moment? */
static bool is_absence(int rc)
{
	return rc == ERR_INVALID || rc == ERR_NOT_FOUND || rc == ERR_NO_TIME;
}

/* Each name of a moment is a link of its own: a part of its node id. */
static uint64_t rank_of_link(struct bytes name)
{
	static const uint8_t key[SIPHASH_KEY_LEN];

	return siphash24(key, name) % FS_INODE_RANKS;
}

/* The node of `point`, which is called `name` here. */
static int point_node(struct fs *fs, const struct timeline_point *point, const char *name,
		      struct fs_inode *ret, struct error *e)
{
	int rc;

	*ret = (struct fs_inode){.kind = FS_KIND_LINK, .rank = rank_of_link(bytes_str(name))};
	if (point->is_snapshot && fs_tree_find(fs->tree, bytes_str(point->name), &ret->slot))
		return 0;
	rc = fs_points_slot(fs->points, point, &ret->slot, e);
	if (rc < 0)
		return rc;
	if (strcmp(name, point->name) == 0)
		*ret = (struct fs_inode){.kind = FS_KIND_MOMENT, .slot = ret->slot};
	return 0;
}

int fs_at_child(struct fs *fs, struct bytes name, struct fs_node *ret, struct error *e)
{
	struct timeline_point point;
	struct fs_inode inode;
	char text[NAME_SIZE];
	int rc;

	if (name.len == 0 || name.len >= sizeof(text) || memchr(name.at, 0, name.len) != NULL)
		return 0;
	memcpy(text, name.at, name.len);
	text[name.len] = '\0';
	rc = timeline_find(fs->timeline, text, (uint64_t)time(NULL), &point, e);
	if (rc >= 0)
		rc = point_node(fs, &point, text, &inode, e);
	if (rc < 0)
		return is_absence(rc) ? 0 : rc;
	return fs_at_find(fs, inode, ret, e);
}

int fs_at_find(struct fs *fs, struct fs_inode inode, struct fs_node *ret, struct error *e)
{
	OWNED(moment_release) struct moment *moment = NULL;
	struct timeline_point point;
	int rc;

	if (inode.kind == FS_KIND_MOMENT && inode.rank != 0)
		return 0;
	if (inode.slot >= FS_INODE_POINTS) {
		if (!fs_points_find(fs->points, inode.slot, &point))
			return 0;
		fs_node_point(ret, inode, NULL);
		ret->time = entry_seconds(point.ts);
		return 1;
	}
	rc = fs_tree_moment(fs->tree, inode.slot, &moment, e);
	if (rc <= 0)
		return rc;
	fs_node_point(ret, inode, moment);
	ret->time = moment_snapshot(moment)->time;
	return 1;
}

/* A name that means the moment `ts` and is a link, as the one we print has a dot. */
static void optime_name(struct entry_optime at, char ret[NAME_SIZE])
{
	snprintf(ret, NAME_SIZE, "%" PRIu32 ",%" PRIu32, entry_seconds(at.ts),
		 entry_increment(at.ts));
}

/* The same for a whole second: the one we print has no colons. */
static void second_name(uint32_t second, char ret[NAME_SIZE])
{
	time_t when = (time_t)second;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL || strftime(ret, NAME_SIZE, "%FT%TZ", &tm) == 0)
		ret[0] = '\0';
}

/* Name number `i` that is listed besides the snapshots'; false behind the last. An empty one is none. */
static bool extra_name(const struct timeline_map *map, uint64_t i, char ret[NAME_SIZE])
{
	const struct timeline_reach *reach;

	ret[0] = '\0';
	if (i == 0) {
		snprintf(ret, NAME_SIZE, "latest");
		return true;
	}
	if ((i - 1) / 3 >= map->reach_count)
		return false;
	reach = &map->reach[(i - 1) / 3];
	switch ((i - 1) % 3) {
	case 0:
		optime_name(reach->first, ret);
		return true;
	case 1:
		if (reach->last.ts != reach->first.ts)
			optime_name(reach->last, ret);
		return true;
	default:
		if (reach->last_second != 0)
			second_name(reach->last_second, ret);
		return true;
	}
}

static int next_extra(struct fs *fs, uint64_t at, struct buf *ret_name, struct fs_node *ret,
		      uint64_t *ret_next, struct error *e)
{
	OWNED(timeline_map_release) struct timeline_map map = {0};
	char name[NAME_SIZE];
	int rc = timeline_map(fs->timeline, &map, e);

	if (rc < 0)
		return rc;
	for (; extra_name(&map, at, name); at++) {
		rc = name[0] == '\0' ? 0 : fs_at_child(fs, bytes_str(name), ret, e);
		if (rc < 0)
			return rc;
		if (rc == 0 || ret->inode.kind != FS_KIND_LINK)
			continue;
		buf_add_str(ret_name, name);
		*ret_next = FIRST_EXTRA + at + 1;
		return 1;
	}
	return 0;
}

int fs_at_next(struct fs *fs, uint64_t position, struct buf *ret_name, struct fs_node *ret,
	       uint64_t *ret_next, struct error *e)
{
	struct fs_inode inode = {.kind = FS_KIND_LINK};

	for (; position < FIRST_EXTRA; position = (uint64_t)inode.slot + 1) {
		int rc;

		buf_reset(ret_name);
		if (!fs_tree_next(fs->tree, (uint32_t)position, &inode.slot, ret_name))
			break;
		inode.rank = rank_of_link(buf_bytes(ret_name));
		rc = fs_at_find(fs, inode, ret, e);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue; /* forgotten in between */
		*ret_next = (uint64_t)inode.slot + 1;
		return 1;
	}
	buf_reset(ret_name);
	return next_extra(fs, position > FIRST_EXTRA ? position - FIRST_EXTRA : 0, ret_name, ret,
			  ret_next, e);
}

int fs_at_target(struct fs *fs, struct fs_inode link, struct buf *ret)
{
	struct timeline_point point;

	if (link.slot < FS_INODE_POINTS) {
		buf_add_str(ret, "../snapshots/");
		return fs_tree_name(fs->tree, link.slot, ret);
	}
	if (!fs_points_find(fs->points, link.slot, &point))
		return 0;
	buf_add_str(ret, point.name);
	return 1;
}
