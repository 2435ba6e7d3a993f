#include "store/condemned.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "store/store_internal.h"

#define FOLDER "prune"
#define SUFFIX ".condemned"
#define NUMBER_LEN 20
#define NAME_LEN (sizeof(FOLDER "/") - 1 + NUMBER_LEN + 1 + CHUNK_ID_HEX + sizeof(SUFFIX) - 1)
#define VERSION 1
#define CLOCK_FIRST_US ((uint64_t)1735689600000000) /* 2025: before there was such a list */

void condemned_release(struct condemned *list)
{
	for (size_t i = 0; i < list->file_count; i++)
		free(list->files[i].name);
	free(list->files);
	free(list->packs);
	*list = (struct condemned){0};
}

void condemned_add_pack(struct condemned *list, const struct chunk_id *id, uint64_t since_us)
{
	list->packs = xrealloc(list->packs, (list->pack_count + 1) * sizeof(*list->packs));
	list->packs[list->pack_count++] = (struct condemned_pack){.id = *id, .since_us = since_us};
}

void condemned_add_file(struct condemned *list, const char *name, uint64_t since_us)
{
	list->files = xrealloc(list->files, (list->file_count + 1) * sizeof(*list->files));
	list->files[list->file_count++] =
		(struct condemned_file){.name = xstrdup(name), .since_us = since_us};
}

static int by_id(const void *a, const void *b)
{
	return memcmp(((const struct condemned_pack *)a)->id.at,
		      ((const struct condemned_pack *)b)->id.at, CHUNK_ID_LEN);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct condemned_file *)a)->name,
		      ((const struct condemned_file *)b)->name);
}

void condemned_sort(struct condemned *list)
{
	if (list->pack_count > 1)
		qsort(list->packs, list->pack_count, sizeof(*list->packs), by_id);
	if (list->file_count > 1)
		qsort(list->files, list->file_count, sizeof(*list->files), by_name);
}

const struct condemned_pack *condemned_find_pack(const struct condemned *list,
						 const struct chunk_id *id)
{
	const struct condemned_pack key = {.id = *id};

	return list->pack_count == 0
		       ? NULL
		       : bsearch(&key, list->packs, list->pack_count, sizeof(key), by_id);
}

const struct condemned_file *condemned_find_file(const struct condemned *list, const char *name)
{
	const struct condemned_file key = {.name = (char *)name};

	return list->file_count == 0
		       ? NULL
		       : bsearch(&key, list->files, list->file_count, sizeof(key), by_name);
}

int condemned_check_clock(uint64_t now_us, struct error *e)
{
	if (now_us >= CLOCK_FIRST_US)
		return 0;
	error_set(e, ERR_REFUSED,
		  "the clock of this machine is wrong: it says that %" PRIu64
		  " s have passed since 1970",
		  now_us / 1000000);
	return error_hint(e, "how long something was not needed is counted by it: set it first");
}

void condemned_not_later(struct condemned *list, uint64_t now_us)
{
	for (size_t i = 0; i < list->pack_count; i++)
		list->packs[i].since_us = MIN_OF(list->packs[i].since_us, now_us);
	for (size_t i = 0; i < list->file_count; i++)
		list->files[i].since_us = MIN_OF(list->files[i].since_us, now_us);
}

/* ---- the file's name */

/* "prune/00000000000000000007-<hash>.condemned": true, and what it says. */
static bool parse_name(const char *name, uint64_t *ret_number, struct chunk_id *ret_hash)
{
	const char *digits = name + sizeof(FOLDER "/") - 1;
	uint64_t number = 0;

	if (strlen(name) != NAME_LEN || strncmp(name, FOLDER "/", sizeof(FOLDER "/") - 1) != 0 ||
	    strcmp(name + NAME_LEN - sizeof(SUFFIX) + 1, SUFFIX) != 0 || digits[NUMBER_LEN] != '-')
		return false;
	for (size_t i = 0; i < NUMBER_LEN; i++) {
		if (digits[i] < '0' || digits[i] > '9' || number > UINT64_MAX / 10 - 10)
			return false;
		number = number * 10 + (uint64_t)(digits[i] - '0');
	}
	*ret_number = number;
	return chunk_id_parse(bytes_of(digits + NUMBER_LEN + 1, CHUNK_ID_HEX), ret_hash);
}

struct listed {
	uint64_t number, size;
	struct chunk_id hash;
	char name[NAME_LEN + 1];
};

static int list_one(void *ctx, const char *name, uint64_t size, struct error *e UNUSED)
{
	struct listed found = {.size = size};

	if (!parse_name(name, &found.number, &found.hash))
		return 0;
	memcpy(found.name, name, NAME_LEN + 1);
	buf_add(ctx, &found, sizeof(found));
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	uint64_t x = ((const struct listed *)a)->number, y = ((const struct listed *)b)->number;

	return x > y ? -1 : x < y;
}

static int list_files(struct store *store, struct buf *ret, struct error *e)
{
	if (store->backend->ops->list(store->backend, FOLDER, list_one, ret, e) < 0)
		return e->code;
	if (ret->len > sizeof(struct listed))
		qsort(ret->at, ret->len / sizeof(struct listed), sizeof(struct listed),
		      newest_first);
	return 0;
}

/* ---- the content */

/* What is listed is removed one day: nothing outside the two folders, whoever wrote the list. */
static bool may_be_listed(const char *name)
{
	const char *up = strstr(name, "/..");

	while (up != NULL && up[3] != '/' && up[3] != '\0')
		up = strstr(up + 1, "/..");
	return up == NULL && (strncmp(name, "oplog/", 6) == 0 || strncmp(name, "chunks/", 7) == 0);
}

/* One element of "packs" or "files": {id | name, since}. */
static int parse_one(struct condemned *list, struct bytes doc, struct error *e)
{
	struct bson_field since, what;
	struct chunk_id id;
	struct bytes name;

	if (bson_find(doc, "since", &since, e) != 1 || since.type != BSON_KIND_INT64)
		return error_set(e, ERR_CORRUPT, "an entry without a time");
	if (bson_find(doc, "id", &what, e) == 1 && what.type == BSON_KIND_BINARY &&
	    what.value.len == 5 + CHUNK_ID_LEN) {
		memcpy(id.at, what.value.at + 5, CHUNK_ID_LEN);
		condemned_add_pack(list, &id, get_le64(since.value.at));
		return 0;
	}
	if (bson_find(doc, "name", &what, e) != 1 || what.type != BSON_KIND_STRING ||
	    bson_text(what.value, &name, e) < 0)
		return error_set(e, ERR_CORRUPT, "an entry without a pack or a file");
	if (!may_be_listed((const char *)name.at))
		return error_set(e, ERR_CORRUPT, "an entry with a name that is none of its files");
	condemned_add_file(list, (const char *)name.at, get_le64(since.value.at));
	return 0;
}

static int parse_array(struct condemned *list, struct bytes doc, const char *name, struct error *e)
{
	struct bson_field array, one;
	struct bson_fields fields;
	int found = bson_find(doc, name, &array, e);

	if (found != 1)
		return found;
	fields = bson_fields(array.value);
	while ((found = bson_fields_next(&fields, &one, e)) == 1)
		if (one.type != BSON_KIND_DOCUMENT || parse_one(list, one.value, e) < 0)
			return error_set(e, ERR_CORRUPT, "%s: not what is expected", name);
	return found;
}

static int parse(struct bytes content, struct condemned *ret, struct error *e)
{
	struct bson_field version, let_go;
	int found;

	if (bson_frame(content, e) < 0)
		return e->code;
	if (bson_find(content, "version", &version, e) != 1 || version.type != BSON_KIND_INT32)
		return error_set(e, ERR_CORRUPT, "it has no version");
	if (get_le32(version.value.at) != VERSION)
		return error_set(e, ERR_UNSUPPORTED, "version %u is from a newer program",
				 get_le32(version.value.at));
	if (parse_array(ret, content, "packs", e) < 0 || parse_array(ret, content, "files", e) < 0)
		return e->code;
	if ((found = bson_find(content, "oplogBefore", &let_go, e)) < 0)
		return found;
	if (found == 1 && let_go.type == BSON_KIND_INT64)
		ret->let_go = get_le64(let_go.value.at);
	condemned_sort(ret);
	return 0;
}

/* 1 read, 0 gone or damaged. */
static int read_one(struct store *store, const struct listed *file, struct condemned *ret,
		    struct error *e)
{
	OWNED(buf_release) struct buf content = {0};
	OWNED(condemned_release) struct condemned list = {.number = file->number};
	struct chunk_id hash;
	int got;

	if (buf_reserve(&content, file->size, BACKEND_FILE_MAX, e) < 0)
		return e->code;
	got = store->backend->ops->get(store->backend, file->name, 0, content.at, file->size, e);
	if (got != 1)
		return got == ERR_CORRUPT ? 0 : got;
	content.len = file->size;
	hash = chunk_id_of(buf_bytes(&content));
	if (!chunk_id_equal(&hash, &file->hash))
		return 0;
	if (parse(buf_bytes(&content), &list, e) < 0)
		return e->code == ERR_CORRUPT ? 0 : error_wrap(e, "%s", file->name);
	*ret = list;
	list = (struct condemned){0};
	return 1;
}

int condemned_read(struct store *store, struct condemned *ret, struct error *e)
{
	OWNED(buf_release) struct buf files = {0};
	const struct listed *newest;

	if (list_files(store, &files, e) < 0)
		return e->code;
	newest = (const struct listed *)(const void *)files.at;
	*ret = (struct condemned){0};
	if (files.len > 0 && read_one(store, newest, ret, e) < 0)
		return e->code;
	/* A damaged one counts as none, but its number is not used again. */
	if (files.len > 0)
		ret->number = newest->number;
	return 0;
}

static void encode(const struct condemned *list, struct buf *ret)
{
	size_t doc = bson_build_begin(ret), array, one;
	char number[24];

	bson_build_int32(ret, "version", VERSION);
	array = bson_build_open_array(ret, "packs");
	for (size_t i = 0; i < list->pack_count; i++) {
		snprintf(number, sizeof(number), "%zu", i);
		one = bson_build_open(ret, number);
		bson_build_binary(ret, "id", 0, bytes_of(list->packs[i].id.at, CHUNK_ID_LEN));
		bson_build_int64(ret, "since", (int64_t)list->packs[i].since_us);
		bson_build_end(ret, one);
	}
	bson_build_end(ret, array);
	array = bson_build_open_array(ret, "files");
	for (size_t i = 0; i < list->file_count; i++) {
		snprintf(number, sizeof(number), "%zu", i);
		one = bson_build_open(ret, number);
		bson_build_string(ret, "name", bytes_str(list->files[i].name));
		bson_build_int64(ret, "since", (int64_t)list->files[i].since_us);
		bson_build_end(ret, one);
	}
	bson_build_end(ret, array);
	if (list->let_go > 0)
		bson_build_int64(ret, "oplogBefore", (int64_t)list->let_go);
	bson_build_end(ret, doc);
}

int condemned_write(struct store *store, struct condemned *list, struct error *e)
{
	OWNED(buf_release) struct buf content = {0};
	OWNED(buf_release) struct buf files = {0};
	const struct listed *old;
	char hex[CHUNK_ID_HEX + 1], name[NAME_LEN + 1];
	struct chunk_id hash;

	if (list->number == 0 && list->pack_count == 0 && list->file_count == 0 &&
	    list->let_go == 0)
		return 0;
	if (list_files(store, &files, e) < 0)
		return e->code;
	condemned_sort(list);
	encode(list, &content);
	hash = chunk_id_of(buf_bytes(&content));
	chunk_id_hex(&hash, hex);
	snprintf(name, sizeof(name), FOLDER "/%0*" PRIu64 "-%s" SUFFIX, NUMBER_LEN,
		 list->number + 1, hex);
	if (store->backend->ops->put(store->backend, name, buf_bytes(&content), e) < 0)
		return e->code;
	list->number++;
	old = (const struct listed *)(const void *)files.at;
	for (size_t i = 0; i < files.len / sizeof(*old); i++)
		if (store->backend->ops->remove(store->backend, old[i].name, e) < 0)
			return e->code;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

int condemned_numbers(struct store *store, const struct condemned *list, uint32_t **ret,
		      size_t *ret_count, struct error *e)
{
	OWNED(free) struct chunk_pack *packs = NULL;
	uint32_t *numbers;
	size_t count, found = 0;

	*ret = NULL;
	*ret_count = 0;
	if (list->pack_count == 0)
		return 0;
	if (chunk_index_packs(store->index, &packs, &count, e) < 0)
		return e->code;
	numbers = xcalloc(count + 1, sizeof(*numbers));
	for (size_t i = 0; i < count; i++)
		if (condemned_find_pack(list, &packs[i].id) != NULL)
			numbers[found++] = packs[i].number;
	if (found > 1)
		qsort(numbers, found, sizeof(*numbers), by_number);
	*ret = numbers;
	*ret_count = found;
	return 0;
}

bool condemned_has_number(const uint32_t *numbers, size_t count, uint32_t number)
{
	return count > 0 && bsearch(&number, numbers, count, sizeof(number), by_number) != NULL;
}
