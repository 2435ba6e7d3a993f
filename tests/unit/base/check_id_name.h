/*
 * check_id_name.h - what the tests of names share: keys by hand, and what each name has to be.
 *
 * One thread.
 */
#ifndef TESTS_UNIT_BASE_CHECK_ID_NAME_H
#define TESTS_UNIT_BASE_CHECK_ID_NAME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/id_name.h"
#include "base/key.h"
#include "base/utf8.h"
#include "tests/unit/base/make_bson.h"

#define ASSERT_SAME(a, b) assert_true(bytes_equal((a), (b)))

static inline void key_of(uint8_t type, struct bytes value, struct buf *ret)
{
	struct error e = {0};

	ASSERT_OK(key_of_value(type, value, ret, &e));
}

static inline void key_of_string(struct bytes text, struct buf *ret)
{
	OWNED(buf_release) struct buf value = {0};

	make_text(&value, text);
	key_of(BSON_KIND_STRING, buf_bytes(&value), ret);
}

/* What every name has to be. */
static inline void assert_valid(struct bytes name)
{
	assert_true(name.len >= 1 && name.len <= ID_NAME_MAX);
	assert_int_equal(utf8_prefix(name), name.len);
	assert_null(strchr("-.~", name.at[0]));
	for (size_t i = 0; i < name.len; i++)
		assert_true(name.at[i] >= 0x20 && name.at[i] != 0x7f && name.at[i] != '/');
}

/* The key has a name that leads back to it, alone or by searching. */
static inline void assert_there_and_back(struct bytes key)
{
	OWNED(buf_release) struct buf name = {0};
	OWNED(buf_release) struct buf back = {0};
	uint64_t rank;
	enum id_name_found found;

	id_name_of_key(key, &name);
	assert_valid(buf_bytes(&name));
	buf_add_str(&back, "x");
	found = id_name_parse(buf_bytes(&name), &back, &rank);
	if (found == ID_NAME_PREFIX) {
		assert_true(back.len - 1 <= key.len && back.len > 64);
		assert_memory_equal(back.at + 1, key.at, back.len - 1);
		return;
	}
	if (found != ID_NAME_KEY || back.len - 1 != key.len ||
	    memcmp(back.at + 1, key.at, key.len) != 0)
		fail_msg("%s does not lead back (%d)", buf_text(&name), found);
}

#endif
