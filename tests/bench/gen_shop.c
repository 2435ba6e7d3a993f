#include "tests/bench/gen_shop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

void gen_shop_fail(const char *path, const char *why)
{
	fprintf(stderr, "gen_oplog: %s: %s\n", path, why);
	exit(1);
}

uint64_t gen_shop_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void gen_shop_load(struct gen_shop *shop, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *all;

	if (fd < 0 || fstat(fd, &st) < 0)
		gen_shop_fail(path, strerror(errno));
	all = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (all == MAP_FAILED)
		gen_shop_fail(path, strerror(errno));
	close(fd);
	shop->all = bytes_of(all, (size_t)st.st_size);
	for (size_t at = 0; at < shop->all.len; at += get_le32(shop->all.at + at)) {
		const uint8_t *doc = shop->all.at + at;
		size_t left = shop->all.len - at;

		if (left < GEN_SHOP_NUMBER_AT + 8 || get_le32(doc) > left ||
		    get_le32(doc) < GEN_SHOP_NUMBER_AT + 8 || memcmp(doc + 4, "\x07_id", 5) != 0 ||
		    memcmp(doc + 21, "\x12orderNo", 9) != 0)
			gen_shop_fail(path, "these are no orders of gen_data");
		if (shop->count % 4096 == 0)
			shop->at = xrealloc(shop->at, (shop->count + 4096) * sizeof(*shop->at));
		shop->at[shop->count++] = at;
	}
}

void gen_shop_release(struct gen_shop *shop)
{
	free(shop->at);
	munmap((void *)(uintptr_t)shop->all.at, shop->all.len);
}

struct bytes gen_shop_doc(const struct gen_shop *shop, uint32_t i)
{
	const uint8_t *at = shop->all.at + shop->at[i];

	return bytes_of(at, get_le32(at));
}

uint32_t gen_shop_model(const struct gen_shop *shop, uint32_t number)
{
	if (number < shop->count)
		return number;
	return (uint32_t)((gen_shop_mix(shop->seed + number) >> 32) * shop->count >> 32);
}

void gen_shop_id(const struct gen_shop *shop, uint32_t number, uint8_t ret[GEN_SHOP_ID_LEN])
{
	if (number < shop->count) {
		memcpy(ret, gen_shop_doc(shop, number).at + GEN_SHOP_ID_AT, GEN_SHOP_ID_LEN);
		return;
	}
	put_be32(ret, shop->begin + (number - shop->count) / shop->rate);
	put_be32(ret + 4, (uint32_t)gen_shop_mix(shop->seed ^ number) | 1);
	put_be32(ret + 8, number);
}

uint32_t gen_shop_collection(const struct gen_shop *shop, uint32_t number)
{
	uint32_t half = shop->count / 2, model = gen_shop_model(shop, number), each;

	if (shop->collections == 1 || model < half)
		return 0;
	each = (shop->count - half + shop->collections - 2) / (shop->collections - 1);
	return 1 + (model - half) / each;
}

void gen_shop_name(uint32_t collection, char ret[16])
{
	if (collection == 0)
		memcpy(ret, "orders", 7);
	else
		snprintf(ret, 16, "c%06u", collection);
}

void gen_shop_uuid(const struct gen_shop *shop, uint32_t collection, uint8_t ret[16])
{
	put_le64(ret, gen_shop_mix(shop->seed + collection));
	put_le64(ret + 8, gen_shop_mix(~shop->seed - collection));
	ret[6] = (uint8_t)((ret[6] & 0x0f) | 0x40);
	ret[8] = (uint8_t)((ret[8] & 0x3f) | 0x80);
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		gen_shop_fail(path, strerror(errno));
}

static void write_file(const char *path, struct bytes content)
{
	FILE *out = fopen(path, "wb");

	if (out == NULL || fwrite(content.at, 1, content.len, out) != content.len ||
	    fclose(out) != 0)
		gen_shop_fail(path, strerror(errno));
}

static void write_metadata(const struct gen_shop *shop, const char *folder, uint32_t collection)
{
	OWNED(buf_release) struct buf text = {0};
	OWNED(free) char *path = NULL;
	uint8_t uuid[16];
	char name[16];

	gen_shop_name(collection, name);
	gen_shop_uuid(shop, collection, uuid);
	path = xprintf("%s/%s.metadata.json", folder, name);
	buf_add_str(&text, "{\"options\":{},\"indexes\":[{\"v\":{\"$numberInt\":\"2\"},\"key\":"
			   "{\"_id\":{\"$numberInt\":\"1\"}},\"name\":\"_id_\"}],\"uuid\":\"");
	for (size_t i = 0; i < sizeof(uuid); i++)
		buf_printf(&text, "%02x", uuid[i]);
	buf_printf(&text, "\",\"collectionName\":\"%s\",\"type\":\"collection\"}", name);
	write_file(path, buf_bytes(&text));
}

void gen_shop_dump(const struct gen_shop *shop, const char *folder)
{
	OWNED(free) char *dump = xprintf("%s/dump", folder);
	OWNED(free) char *database = xprintf("%s/shop", dump);
	uint32_t from = 0, upto;

	make_folder(dump);
	make_folder(database);
	for (uint32_t collection = 0; collection < shop->collections; collection++, from = upto) {
		OWNED(free) char *path = NULL;
		size_t begin, end;
		char name[16];

		upto = from;
		while (upto < shop->count && gen_shop_collection(shop, upto) == collection)
			upto++;
		begin = from < shop->count ? shop->at[from] : shop->all.len;
		end = upto < shop->count ? shop->at[upto] : shop->all.len;
		gen_shop_name(collection, name);
		path = xprintf("%s/%s.bson", database, name);
		write_file(path, bytes_of(shop->all.at + begin, end - begin));
		write_metadata(shop, database, collection);
	}
}
