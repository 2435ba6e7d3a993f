#include "fs/fs_keyed.h"

#include "base/id_name.h"
#include "tests/harness/harness.h"

static const uint8_t seed[SIPHASH_KEY_LEN] = {1, 2, 3};

static struct fs_inode folder_of(uint32_t number)
{
	return (struct fs_inode){.kind = FS_KIND_DOCS, .slot = FS_INODE_POINTS + number, .rank = 5};
}

static struct bytes key_of(uint32_t number, char text[16])
{
	snprintf(text, 16, "key%u", number);
	return bytes_str(text);
}

/* Keep document `number`: {_id: number}. */
static struct fs_inode add(struct fs_keyed *keyed, uint32_t folder, uint32_t number)
{
	struct fs_inode inode = {.kind = FS_KIND_KEY_JSON};
	OWNED(buf_release) struct buf doc = {0};
	char text[16];

	harness_doc_of_int32(&doc, (int32_t)number);
	assert_true(fs_keyed_add(keyed, folder_of(folder), key_of(number, text), buf_bytes(&doc),
				 &inode));
	return inode;
}

static bool is_kept(struct fs_keyed *keyed, struct fs_inode inode, uint32_t folder, uint32_t number)
{
	OWNED(buf_release) struct buf found = {0};
	OWNED(buf_release) struct buf doc = {0};
	struct fs_inode in;

	if (!fs_keyed_find(keyed, inode, &in, &found))
		return false;
	harness_doc_of_int32(&doc, (int32_t)number);
	ASSERT_BYTES(buf_bytes(&found), buf_bytes(&doc));
	assert_true(fs_inode_pack(in) == fs_inode_pack(folder_of(folder)));
	return true;
}

static void an_id_leads_back_to_folder_and_document(void **state)
{
	OWNED(fs_keyed_free) struct fs_keyed *keyed = fs_keyed_new(seed);
	struct fs_inode first = add(keyed, 1, 7);
	struct fs_inode second = add(keyed, 2, 7);
	struct fs_inode in;

	(void)state;
	assert_true(fs_inode_pack(first) != fs_inode_pack(second));
	assert_true(is_kept(keyed, first, 1, 7) && is_kept(keyed, second, 2, 7));
	assert_true(fs_inode_pack(add(keyed, 1, 7)) == fs_inode_pack(first));
	first.rank ^= 1;
	assert_false(fs_keyed_find(keyed, first, &in, NULL));
	fs_keyed_free(TAKE(keyed));
}

static void ids_are_the_same_in_the_next_mount_of_a_store(void **state)
{
	static const uint8_t other_seed[SIPHASH_KEY_LEN] = {9};
	struct fs_keyed *keyed = fs_keyed_new(seed);
	struct fs_inode first = add(keyed, 1, 7);
	struct fs_inode again;
	struct fs_inode other;

	(void)state;
	fs_keyed_free(keyed);
	keyed = fs_keyed_new(seed);
	again = add(keyed, 1, 7);
	fs_keyed_free(keyed);
	keyed = fs_keyed_new(other_seed);
	other = add(keyed, 1, 7);
	fs_keyed_free(keyed);
	assert_true(fs_inode_pack(first) == fs_inode_pack(again));
	assert_true(fs_inode_pack(first) != fs_inode_pack(other));
}

static void of_many_documents_the_newest_are_kept(void **state)
{
	OWNED(fs_keyed_free) struct fs_keyed *keyed = fs_keyed_new(seed);
	struct fs_inode ids[3 * FS_KEYED_MAX];
	size_t kept = 0;

	(void)state;
	for (uint32_t i = 0; i < COUNT_OF(ids); i++) {
		ids[i] = add(keyed, 1, i);
		assert_true(is_kept(keyed, ids[i], 1, i));
	}
	for (uint32_t i = 0; i < COUNT_OF(ids); i++)
		kept += is_kept(keyed, ids[i], 1, i);
	assert_int_equal(kept, FS_KEYED_MAX);
	assert_true(
		is_kept(keyed, ids[COUNT_OF(ids) - FS_KEYED_MAX], 1, COUNT_OF(ids) - FS_KEYED_MAX));
	fs_keyed_free(TAKE(keyed));
}

static void large_documents_push_others_out_but_are_kept_themselves(void **state)
{
	OWNED(fs_keyed_free) struct fs_keyed *keyed = fs_keyed_new(seed);
	OWNED(buf_release) struct buf large = {0};
	struct harness_rng rng = harness_rng_of(1);
	struct fs_inode inode = {.kind = FS_KIND_KEY_BSON};
	struct fs_inode small = add(keyed, 1, 1);
	struct fs_inode in;

	(void)state;
	harness_doc_of_size(&large, 2, FS_KEYED_MAX_BYTES, &rng);
	assert_true(
		fs_keyed_add(keyed, folder_of(1), bytes_str("large"), buf_bytes(&large), &inode));
	assert_true(fs_keyed_find(keyed, inode, &in, NULL));
	assert_false(is_kept(keyed, small, 1, 1));
	fs_keyed_free(TAKE(keyed));
}

static void names_of_keys_are_told_from_others(void **state)
{
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf rank = {0};

	(void)state;
	id_name_of_rank(3, &rank);
	assert_int_equal(fs_keyed_key(bytes_str("42"), &key), 1);
	assert_int_equal(fs_keyed_key(bytes_str("507f1f77bcf86cd799439011"), &key), 1);
	assert_int_equal(fs_keyed_key(buf_bytes(&rank), &key), 0);
	assert_int_equal(fs_keyed_key(bytes_str("042"), &key), 1); /* a string */
	assert_int_equal(fs_keyed_key(bytes_str("%nonsense"), &key), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_leads_back_to_folder_and_document),
		cmocka_unit_test(ids_are_the_same_in_the_next_mount_of_a_store),
		cmocka_unit_test(of_many_documents_the_newest_are_kept),
		cmocka_unit_test(large_documents_push_others_out_but_are_kept_themselves),
		cmocka_unit_test(names_of_keys_are_told_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
