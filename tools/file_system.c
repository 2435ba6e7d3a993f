#include "tools/file_system.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

struct kind {
	uint32_t magic; /* f_type of statfs(2) */
	const char *name;
	bool network, volatile_;
};

static const struct kind kinds[] = {
	{0x0000ef53, "ext4", false, false},    {0x58465342, "xfs", false, false},
	{0x9123683e, "btrfs", false, false},   {0x2fc12fc1, "zfs", false, false},
	{0xf2f52010, "f2fs", false, false},    {0x00004d44, "vfat", false, false},
	{0x2011bab0, "exfat", false, false},   {0x7366746e, "ntfs", false, false},
	{0x5346544e, "ntfs", false, false},    {0xca451a4e, "bcachefs", false, false},
	{0x794c7630, "overlay", false, false}, {0x01021994, "tmpfs", false, true},
	{0x858458f6, "ramfs", false, true},    {0x00006969, "nfs", true, false},
	{0xff534d42, "cifs", true, false},     {0xfe534d42, "smb2", true, false},
	{0x0000517b, "smb", true, false},      {0x00c36400, "ceph", true, false},
	{0x65735546, "fuse", true, false},     {0x01021997, "9p", true, false},
	{0x0bd00bd0, "lustre", true, false},   {0x47504653, "gpfs", true, false},
	{0x01161970, "gfs2", true, false},     {0x7461636f, "ocfs2", true, false},
	{0x5346414f, "afs", true, false},      {0x19830326, "beegfs", true, false},
};

static void name_kind(uint32_t magic, struct file_system *ret)
{
	snprintf(ret->type, sizeof(ret->type), "0x%x", magic);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (kinds[i].magic != magic)
			continue;
		snprintf(ret->type, sizeof(ret->type), "%s", kinds[i].name);
		ret->network = kinds[i].network;
		ret->volatile_ = kinds[i].volatile_;
	}
}

int file_system_of(const char *path, struct file_system *ret, struct error *e)
{
	struct file_system found = {0};
	struct statvfs room;
	struct statfs fs;
	struct stat st;

	if (stat(path, &st) != 0 || statfs(path, &fs) != 0 || statvfs(path, &room) != 0)
		return error_sys(e, "%s", path);
	name_kind((uint32_t)fs.f_type, &found);
	found.device = st.st_dev;
	found.read_only = (room.f_flag & ST_RDONLY) != 0;
	found.size = (uint64_t)room.f_blocks * room.f_frsize;
	found.free = (uint64_t)room.f_bavail * room.f_frsize;
	/* File systems that make inodes as they go say 0 of 0. */
	found.files_free = room.f_files == 0 ? UINT64_MAX : room.f_favail;
	*ret = found;
	return 0;
}
