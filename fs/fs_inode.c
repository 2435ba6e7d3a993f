#include "fs/fs_inode.h"

#include <assert.h>

#define RANK_MASK (((uint64_t)1 << FS_INODE_RANK_BITS) - 1)

uint64_t fs_inode_pack(struct fs_inode inode)
{
	assert(inode.slot < FS_INODE_SLOTS && inode.rank <= RANK_MASK);
	return (uint64_t)inode.kind << (FS_INODE_SLOT_BITS + FS_INODE_RANK_BITS) |
	       (uint64_t)inode.slot << FS_INODE_RANK_BITS | inode.rank;
}

struct fs_inode fs_inode_unpack(uint64_t id)
{
	return (struct fs_inode){
		.kind = (enum fs_kind)(id >> (FS_INODE_SLOT_BITS + FS_INODE_RANK_BITS)),
		.slot = (uint32_t)(id >> FS_INODE_RANK_BITS & (FS_INODE_SLOTS - 1)),
		.rank = id & RANK_MASK,
	};
}
