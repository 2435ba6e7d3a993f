#include "fs/fs_folders.h"

#include "tests/harness/harness.h"

static struct fs_inode folder_of(uint32_t number)
{
	return (struct fs_inode){.kind = FS_KIND_DOCS, .slot = number / 100, .rank = number % 100};
}

static void a_slot_means_one_folder_for_ever(void **state)
{
	enum { COUNT = 20000 };
	OWNED(fs_folders_free) struct fs_folders *folders = fs_folders_new();
	static uint32_t slots[COUNT];
	struct error e = {0};

	(void)state;
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < COUNT; i++) {
			uint32_t slot = 0;

			ASSERT_OK(fs_folders_slot(folders, folder_of(i), &slot, &e));
			assert_true(slot < FS_INODE_SLOTS);
			assert_true(round == 0 || slots[i] == slot);
			slots[i] = slot;
		}
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		struct fs_inode found;

		assert_true(fs_folders_find(folders, slots[i], &found));
		assert_true(fs_inode_pack(found) == fs_inode_pack(folder_of(i)));
	}
}

static void slots_are_the_same_after_a_remount_in_another_order(void **state)
{
	OWNED(fs_folders_free) struct fs_folders *first = fs_folders_new();
	OWNED(fs_folders_free) struct fs_folders *second = fs_folders_new();
	struct error e = {0};

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t slot;

		ASSERT_OK(fs_folders_slot(first, folder_of(i), &slot, &e));
		ASSERT_OK(fs_folders_slot(second, folder_of(999 - i), &slot, &e));
	}
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t one = 0;
		uint32_t other = 1;

		ASSERT_OK(fs_folders_slot(first, folder_of(i), &one, &e));
		ASSERT_OK(fs_folders_slot(second, folder_of(i), &other, &e));
		assert_int_equal(one, other);
	}
}

static void a_slot_of_nothing_is_not_found(void **state)
{
	OWNED(fs_folders_free) struct fs_folders *folders = fs_folders_new();
	struct fs_inode found;

	(void)state;
	assert_false(fs_folders_find(folders, 0, &found));
	assert_false(fs_folders_find(folders, FS_INODE_SLOTS - 1, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slot_means_one_folder_for_ever),
		cmocka_unit_test(slots_are_the_same_after_a_remount_in_another_order),
		cmocka_unit_test(a_slot_of_nothing_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
