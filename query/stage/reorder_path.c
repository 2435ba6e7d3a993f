/* Prefix: reorder_ - the paths of a query, and what a stage does to them. */
#include "query/stage/reorder_part.h"

bool reorder_is_within(struct bytes inner, struct bytes outer)
{
	return inner.len >= outer.len && memcmp(inner.at, outer.at, outer.len) == 0 &&
	       (inner.len == outer.len || inner.at[outer.len] == '.');
}

int reorder_rename_of(const struct reorder_change *change, struct bytes path)
{
	for (size_t i = 0; i < change->rename_count; i++)
		if (reorder_is_within(path, change->renames[i].to))
			return (int)i;
	return -1;
}

/* "0", "17", not "01": the place of an array's element. */
static bool is_place(struct bytes part)
{
	if (part.len == 0 || (part.len > 1 && part.at[0] == '0'))
		return false;
	for (size_t i = 0; i < part.len; i++)
		if (part.at[i] < '0' || part.at[i] > '9')
			return false;
	return true;
}

struct bytes reorder_needed_of(struct bytes path)
{
	size_t begin = 0;

	for (size_t i = 0; i <= path.len; i++) {
		if (i < path.len && path.at[i] != '.')
			continue;
		if (begin > 0 && is_place(bytes_of(path.at + begin, i - begin)))
			return bytes_of(path.at, begin - 1);
		begin = i + 1;
	}
	return path;
}

bool reorder_path_stays(const struct reorder_change *change, struct bytes path)
{
	if (path.len == 0)
		return true; /* to mongod it is no field that a stage could change */
	for (size_t i = 0; i < change->path_count; i++) {
		if (reorder_is_within(path, change->paths[i]))
			return change->all_except;
		if (!change->all_except && reorder_is_within(change->paths[i], path))
			return false;
	}
	return !change->all_except;
}

bool reorder_path_moves(const struct reorder_change *change, struct bytes path)
{
	struct bytes needed = reorder_needed_of(path);

	/* What is named anew is kept beside the paths that an inclusion keeps; other stages don't list it among what they change. */
	if (change->all_except && reorder_rename_of(change, needed) >= 0)
		return true;
	return reorder_path_stays(change, needed);
}

void reorder_rename_path(const struct reorder_change *change, size_t rename, struct bytes path,
			 struct buf *ret)
{
	size_t len = change->renames[rename].to.len;

	buf_add_bytes(ret, change->renames[rename].from);
	buf_add(ret, path.at + len, path.len - len);
}
