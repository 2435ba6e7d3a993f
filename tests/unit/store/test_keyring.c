#include "store/crypt/keyring.h"

#include <openssl/crypto.h>

#include "store/backend/backend_mem.h"
#include "tests/harness/harness.h"

static const uint8_t store_id[16] = "sixteen bytes id";
static const uint8_t other_id[16] = "another store id";
static const uint8_t master[KEYRING_MASTER_LEN] = "thirty-two bytes of a master key";
static const char first[] = "the first secret of this store";
static const char second[] = "the second secret of this store";

static struct bytes secret_of(const char *text)
{
	return bytes_str(text);
}

static void opens(struct backend *b, const char *secret)
{
	uint8_t found[KEYRING_MASTER_LEN] = {0};
	struct error e = {0};

	ASSERT_OK(keyring_open(b, store_id, secret_of(secret), found, &e));
	assert_memory_equal(found, master, sizeof(master));
}

static void does_not_open(struct backend *b, const char *secret, int code)
{
	uint8_t found[KEYRING_MASTER_LEN] = {0}, zero[KEYRING_MASTER_LEN] = {0};
	struct error e = {0};

	ASSERT_ERROR(keyring_open(b, store_id, secret_of(secret), found, &e), code);
	assert_memory_equal(found, zero, sizeof(zero));
}

static struct backend *made(void)
{
	struct backend *b = backend_mem_new();
	struct error e = {0};

	ASSERT_OK(keyring_make(b, store_id, secret_of(first), master, &e));
	return b;
}

static int note_name(void *ctx, const char *name, uint64_t size UNUSED, struct error *e UNUSED)
{
	buf_add(ctx, name, strlen(name) + 1);
	return 0;
}

/* The names of all files, each with a NUL. */
static size_t names_of(struct backend *b, struct buf *ret)
{
	struct error e = {0};

	ASSERT_OK(b->ops->list(b, "keys", note_name, ret, &e));
	return ret->len / (KEYRING_NAME_LEN + 1);
}

static void the_only_file(struct backend *b, char *ret_name, uint8_t ret[KEYRING_FILE_LEN])
{
	OWNED(buf_release) struct buf names = {0};
	struct error e = {0};

	assert_int_equal(names_of(b, &names), 1);
	memcpy(ret_name, names.at, KEYRING_NAME_LEN + 1);
	assert_int_equal(ASSERT_OK(b->ops->get(b, ret_name, 0, ret, KEYRING_FILE_LEN, &e)), 1);
}

static void the_secret_that_wrapped_opens_and_no_other_does(void **state)
{
	OWNED(backend_free) struct backend *b = made();

	(void)state;
	opens(b, first);
	does_not_open(b, second, ERR_WRONG_KEY);
	does_not_open(b, "", ERR_WRONG_KEY);
	does_not_open(b, "the first secret of this store\n", ERR_WRONG_KEY);
}

static void a_key_of_another_store_opens_nothing(void **state)
{
	OWNED(backend_free) struct backend *b = made();
	uint8_t found[KEYRING_MASTER_LEN];
	struct error e = {0};

	(void)state;
	ASSERT_ERROR(keyring_open(b, other_id, secret_of(first), found, &e), ERR_WRONG_KEY);
}

static void the_file_holds_neither_key_and_is_never_the_same(void **state)
{
	uint8_t files[2][KEYRING_FILE_LEN];
	char name[KEYRING_NAME_LEN + 1];

	(void)state;
	for (int i = 0; i < 2; i++) {
		OWNED(backend_free) struct backend *b = made();

		the_only_file(b, name, files[i]);
		assert_null(memmem(files[i], KEYRING_FILE_LEN, master, 8));
		assert_null(memmem(files[i], KEYRING_FILE_LEN, first, 8));
	}
	assert_memory_not_equal(files[0] + 16, files[1] + 16, 16);
	assert_memory_not_equal(files[0] + 32, files[1] + 32, 12);
	assert_memory_not_equal(files[0] + 44, files[1] + 44, 32);
}

static void without_a_file_the_store_is_damaged_not_the_key_wrong(void **state)
{
	OWNED(backend_free) struct backend *b = backend_mem_new();
	uint8_t found[KEYRING_MASTER_LEN];
	struct error e = {0};

	(void)state;
	ASSERT_ERROR_TEXT(keyring_open(b, store_id, secret_of(first), found, &e), ERR_CORRUPT,
			  "keys/ is empty");
}

static void secrets_that_are_too_short_or_too_long_are_refused(void **state)
{
	OWNED(backend_free) struct backend *b = backend_mem_new();
	OWNED(buf_release) struct buf secret = {0};
	struct error e = {0};

	(void)state;
	memset(buf_room(&secret, KEYRING_SECRET_MAX + 1), 'x', KEYRING_SECRET_MAX + 1);
	for (size_t len = 0; len < KEYRING_SECRET_MIN; len++)
		ASSERT_ERROR(keyring_make(b, store_id, bytes_of(secret.at, len), master, &e),
			     ERR_INVALID);
	ASSERT_ERROR(
		keyring_make(b, store_id, bytes_of(secret.at, KEYRING_SECRET_MAX + 1), master, &e),
		ERR_INVALID);
	ASSERT_OK(keyring_make(b, store_id, bytes_of(secret.at, KEYRING_SECRET_MAX), master, &e));
	ASSERT_OK(keyring_make(b, store_id, bytes_of(secret.at, KEYRING_SECRET_MIN), master, &e));
}

static void every_flipped_bit_is_damage(void **state)
{
	OWNED(backend_free) struct backend *b = made();
	char name[KEYRING_NAME_LEN + 1];
	uint8_t file[KEYRING_FILE_LEN];
	struct error e = {0};

	(void)state;
	the_only_file(b, name, file);
	for (size_t bit = 0; bit < 8 * sizeof(file); bit++) {
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ASSERT_OK(b->ops->remove(b, name, &e));
		ASSERT_OK(b->ops->put(b, name, bytes_of(file, sizeof(file)), &e));
		does_not_open(b, first, ERR_CORRUPT);
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* Who can write there can name the file anew: then the tag tells. */
static void a_changed_field_does_not_open(void **state)
{
	static const struct {
		size_t at;
		int code;
	} changes[] = {
		{0, ERR_CORRUPT},
		{4, ERR_UNSUPPORTED},
		{5, ERR_UNSUPPORTED},
		{7, ERR_CORRUPT},
		{6, 0},
		{8, 0},
		{12, ERR_LIMIT},
		{16, 0},
		{31, 0},
		{32, 0},
		{43, 0},
		{44, 0},
		{75, 0},
		{76, 0},
		{91, 0},
	};
	OWNED(backend_free) struct backend *b = made();
	uint8_t file[KEYRING_FILE_LEN], found[KEYRING_MASTER_LEN];
	char name[KEYRING_NAME_LEN + 1];
	struct error e = {0};

	(void)state;
	the_only_file(b, name, file);
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		file[changes[i].at] ^= 1;
		if (changes[i].code == 0)
			assert_int_equal(
				ASSERT_OK(keyring_unwrap(bytes_of(file, sizeof(file)), store_id,
							 secret_of(first), found, &e)),
				0);
		else
			ASSERT_ERROR(keyring_unwrap(bytes_of(file, sizeof(file)), store_id,
						    secret_of(first), found, &e),
				     changes[i].code);
		file[changes[i].at] ^= 1;
	}
	for (size_t len = 0; len < sizeof(file); len++)
		ASSERT_ERROR(
			keyring_unwrap(bytes_of(file, len), store_id, secret_of(first), found, &e),
			ERR_CORRUPT);
}

static void parameters_over_the_limits_are_refused_before_any_work(void **state)
{
	static const struct {
		uint8_t log2_n;
		uint32_t r, p;
	} cases[] = {
		{9, 8, 1},  {21, 8, 1},	 {255, 8, 1},	      {20, 9, 1},	   {15, 0, 1},
		{15, 8, 0}, {15, 8, 65}, {15, UINT32_MAX, 1}, {15, 8, UINT32_MAX}, {20, 8, 3},
	};
	OWNED(backend_free) struct backend *b = made();
	uint8_t file[KEYRING_FILE_LEN], found[KEYRING_MASTER_LEN];
	char name[KEYRING_NAME_LEN + 1];
	struct error e = {0};

	(void)state;
	the_only_file(b, name, file);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		file[6] = cases[i].log2_n;
		put_le32(file + 8, cases[i].r);
		put_le32(file + 12, cases[i].p);
		ASSERT_ERROR(keyring_unwrap(bytes_of(file, sizeof(file)), store_id,
					    secret_of(first), found, &e),
			     ERR_LIMIT);
	}
}

/* Frozen: a key file of version 1 must open for ever. */
static const uint8_t golden[KEYRING_FILE_LEN] = {
	0x59, 0x4b, 0x45, 0x59, 0x01, 0x01, 0x0f, 0x00, 0x08, 0x00, 0x00, 0x00, 0x01, 0x00,
	0x00, 0x00, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,
	0x0c, 0x0d, 0x0e, 0x0f, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
	0x6e, 0x6f, 0xd8, 0xbf, 0xf4, 0x2f, 0x5b, 0x4e, 0x01, 0x26, 0xad, 0x48, 0x96, 0x84,
	0xc5, 0x75, 0xde, 0xae, 0xe2, 0x69, 0x4c, 0xe4, 0x7a, 0x74, 0x71, 0x1f, 0x17, 0x5f,
	0x4a, 0x6e, 0x7c, 0x33, 0x87, 0x58, 0x23, 0x80, 0x40, 0x5b, 0x61, 0xc7, 0xf8, 0xd8,
	0x27, 0xf4, 0x53, 0xfc, 0x19, 0x20, 0xa6, 0xaf,
};

static void a_key_file_of_version_1_opens_for_ever(void **state)
{
	uint8_t found[KEYRING_MASTER_LEN];
	struct error e = {0};

	(void)state;
	assert_int_equal(ASSERT_OK(keyring_unwrap(bytes_of(golden, sizeof(golden)), store_id,
						  secret_of(first), found, &e)),
			 1);
	assert_memory_equal(found, master, sizeof(master));
}

static void after_a_rewrap_only_the_new_secret_opens(void **state)
{
	OWNED(backend_free) struct backend *b = made();
	struct keyring_change change;
	struct error e = {0};

	(void)state;
	ASSERT_OK(keyring_rewrap(b, store_id, secret_of(first), secret_of(second), false, &change,
				 &e));
	assert_int_equal(change.added, 1);
	assert_int_equal(change.removed, 1);
	assert_int_equal(change.left, 1);
	opens(b, second);
	does_not_open(b, first, ERR_WRONG_KEY);
}

static void a_rewrap_that_keeps_the_old_one_leaves_two(void **state)
{
	OWNED(backend_free) struct backend *b = made();
	struct keyring_change change;
	struct error e = {0};

	(void)state;
	ASSERT_OK(keyring_rewrap(b, store_id, secret_of(first), secret_of(second), true, &change,
				 &e));
	assert_int_equal(change.removed, 0);
	assert_int_equal(change.left, 2);
	opens(b, first);
	opens(b, second);
	/* Again, with the new one there already: nothing is written, and now the old one goes. */
	ASSERT_OK(keyring_rewrap(b, store_id, secret_of(first), secret_of(second), false, &change,
				 &e));
	assert_int_equal(change.added, 0);
	assert_int_equal(change.removed, 1);
	does_not_open(b, first, ERR_WRONG_KEY);
	opens(b, second);
}

static void a_rewrap_needs_the_old_secret_and_another_new_one(void **state)
{
	OWNED(backend_free) struct backend *b = made();
	struct keyring_change change;
	struct error e = {0};

	(void)state;
	ASSERT_ERROR(keyring_rewrap(b, store_id, secret_of(second), secret_of(first), false,
				    &change, &e),
		     ERR_WRONG_KEY);
	ASSERT_ERROR(keyring_rewrap(b, store_id, secret_of(first), secret_of("short"), false,
				    &change, &e),
		     ERR_INVALID);
	ASSERT_ERROR(
		keyring_rewrap(b, store_id, secret_of(first), secret_of(first), false, &change, &e),
		ERR_INVALID);
	opens(b, first);
}

/* A back end of which one operation fails: what a crash at that step leaves. */
struct failing {
	struct backend base;
	struct backend *under;
	struct backend_ops ops;
};

static struct backend *under_of(struct backend *b)
{
	return ((struct failing *)(void *)b)->under;
}

static int fail_put(struct backend *b UNUSED, const char *name, struct bytes content UNUSED,
		    struct error *e)
{
	return error_set(e, ERR_IO, "%s: no room", name);
}

static int fail_remove(struct backend *b UNUSED, const char *name, struct error *e)
{
	return error_set(e, ERR_IO, "%s: not now", name);
}

static int pass_put(struct backend *b, const char *name, struct bytes content, struct error *e)
{
	return under_of(b)->ops->put(under_of(b), name, content, e);
}

static int pass_get(struct backend *b, const char *name, uint64_t offset, uint8_t *ret, size_t len,
		    struct error *e)
{
	return under_of(b)->ops->get(under_of(b), name, offset, ret, len, e);
}

static int pass_size(struct backend *b, const char *name, uint64_t *ret, struct error *e)
{
	return under_of(b)->ops->size(under_of(b), name, ret, e);
}

static int pass_sync(struct backend *b, struct error *e)
{
	return under_of(b)->ops->sync(under_of(b), e);
}

static int pass_list(struct backend *b, const char *dir,
		     int (*each)(void *, const char *, uint64_t, struct error *), void *ctx,
		     struct error *e)
{
	return under_of(b)->ops->list(under_of(b), dir, each, ctx, e);
}

static void a_rewrap_that_is_cut_off_leaves_a_key_that_opens(void **state)
{
	OWNED(backend_free) struct backend *b = made();
	struct failing failing = {
		.under = b,
		.ops = {.put = fail_put,
			.get = pass_get,
			.size = pass_size,
			.list = pass_list,
			.remove = fail_remove,
			.sync = pass_sync},
	};
	struct keyring_change change;
	struct error e = {0};

	(void)state;
	failing.base.ops = &failing.ops;
	ASSERT_ERROR(keyring_rewrap(&failing.base, store_id, secret_of(first), secret_of(second),
				    false, &change, &e),
		     ERR_IO);
	opens(b, first);
	does_not_open(b, second, ERR_WRONG_KEY);
	failing.ops.put = pass_put;
	ASSERT_ERROR(keyring_rewrap(&failing.base, store_id, secret_of(first), secret_of(second),
				    false, &change, &e),
		     ERR_IO);
	opens(b, first);
	opens(b, second);
	ASSERT_OK(keyring_rewrap(b, store_id, secret_of(first), secret_of(second), false, &change,
				 &e));
	assert_int_equal(change.left, 1);
	opens(b, second);
	does_not_open(b, first, ERR_WRONG_KEY);
}

static void count_harm(void *ctx, const char *name UNUSED, const char *harm)
{
	*(int *)ctx += harm != NULL;
}

static void a_damaged_file_beside_a_sound_one_is_no_obstacle(void **state)
{
	OWNED(backend_free) struct backend *b = made();
	char name[KEYRING_NAME_LEN + 1];
	uint8_t file[KEYRING_FILE_LEN];
	struct error e = {0};
	int harmed = 0;

	(void)state;
	the_only_file(b, name, file);
	assert_int_equal(ASSERT_OK(keyring_list(b, count_harm, &harmed, &e)), 1);
	assert_int_equal(harmed, 0);
	file[50] ^= 4;
	ASSERT_OK(b->ops->remove(b, name, &e));
	ASSERT_OK(b->ops->put(b, name, bytes_of(file, sizeof(file)), &e));
	ASSERT_OK(b->ops->put(b, "keys/no-key-at-all", bytes_str("x"), &e));
	ASSERT_OK(keyring_make(b, store_id, secret_of(second), master, &e));
	opens(b, second);
	does_not_open(b, first, ERR_WRONG_KEY);
	assert_int_equal(ASSERT_OK(keyring_list(b, count_harm, &harmed, &e)), 2);
	assert_int_equal(harmed, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_secret_that_wrapped_opens_and_no_other_does),
		cmocka_unit_test(a_key_of_another_store_opens_nothing),
		cmocka_unit_test(the_file_holds_neither_key_and_is_never_the_same),
		cmocka_unit_test(without_a_file_the_store_is_damaged_not_the_key_wrong),
		cmocka_unit_test(secrets_that_are_too_short_or_too_long_are_refused),
		cmocka_unit_test(every_flipped_bit_is_damage),
		cmocka_unit_test(a_changed_field_does_not_open),
		cmocka_unit_test(parameters_over_the_limits_are_refused_before_any_work),
		cmocka_unit_test(a_key_file_of_version_1_opens_for_ever),
		cmocka_unit_test(after_a_rewrap_only_the_new_secret_opens),
		cmocka_unit_test(a_rewrap_that_keeps_the_old_one_leaves_two),
		cmocka_unit_test(a_rewrap_needs_the_old_secret_and_another_new_one),
		cmocka_unit_test(a_rewrap_that_is_cut_off_leaves_a_key_that_opens),
		cmocka_unit_test(a_damaged_file_beside_a_sound_one_is_no_obstacle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
