#include "fs/fs_inode.h"

#include "tests/harness/harness.h"

static void parts_come_back(void **state)
{
	struct harness_rng rng = harness_rng_of(1);

	(void)state;
	for (int i = 0; i < 10000; i++) {
		struct fs_inode in = {
			.kind = (enum fs_kind)harness_rng_below(&rng, 16),
			.slot = (uint32_t)harness_rng_below(&rng, FS_INODE_SLOTS),
			.rank = harness_rng_below(&rng, (uint64_t)1 << FS_INODE_RANK_BITS),
		};
		struct fs_inode out = fs_inode_unpack(fs_inode_pack(in));

		assert_int_equal(in.kind, out.kind);
		assert_int_equal(in.slot, out.slot);
		assert_true(in.rank == out.rank);
	}
}

static void the_greatest_values_fit(void **state)
{
	struct fs_inode in = {
		.kind = FS_KIND_DOC_BSON,
		.slot = FS_INODE_SLOTS - 1,
		.rank = ((uint64_t)1 << FS_INODE_RANK_BITS) - 1,
	};

	(void)state;
	assert_true(fs_inode_pack(in) == 0x9fffffffffffffffU);
}

static void the_root_is_fuses_root_and_no_node_is_0(void **state)
{
	struct fs_inode first = {.kind = FS_KIND_MOMENT};

	(void)state;
	assert_true(fs_inode_pack(fs_inode_fixed(FS_FIXED_ROOT)) == 1);
	assert_true(fs_inode_pack(first) != 0);
	assert_true(fs_inode_is_fixed(fs_inode_unpack(1), FS_FIXED_ROOT));
	assert_false(fs_inode_is_fixed(first, FS_FIXED_ROOT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_come_back),
		cmocka_unit_test(the_greatest_values_fit),
		cmocka_unit_test(the_root_is_fuses_root_and_no_node_is_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
