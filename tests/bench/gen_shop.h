/*
 * gen_shop.h - the documents that gen_oplog's operations are about: orders of gen_data, in collections of the
 * database shop, and those that are inserted later.
 *
 * A document has a number: up to `count` its place in the file, then in the order of their insertion.
 * Threads: pure.
 */
#ifndef TESTS_BENCH_GEN_SHOP_H
#define TESTS_BENCH_GEN_SHOP_H

#include "base/buf.h"

#define GEN_SHOP_ID_AT 9 /* in a document: behind the length, a type and "_id" */
#define GEN_SHOP_ID_LEN 12
#define GEN_SHOP_NUMBER_AT 30 /* of orderNo, the second field */

struct gen_shop {
	uint64_t seed;
	uint32_t collections; /* half of the documents are in the first one */
	uint32_t begin, rate; /* the second of the first entry, and entries in each second */
	struct bytes all;     /* the file */
	size_t *at;	      /* of its documents */
	uint32_t count;
};

/* Print what is wrong with `path` and end the program. */
void gen_shop_fail(const char *path, const char *why) __attribute__((noreturn));

/* SplitMix64's function (Steele, Lea, Flood 2014). */
uint64_t gen_shop_mix(uint64_t z);

/* Map the file of gen_data; ends the program when it can't be done. */
void gen_shop_load(struct gen_shop *shop, const char *path);
void gen_shop_release(struct gen_shop *shop);

/* Document `i` of the file. */
struct bytes gen_shop_doc(const struct gen_shop *shop, uint32_t i);

/* The document of the file that lends this one its content. */
uint32_t gen_shop_model(const struct gen_shop *shop, uint32_t number);

/* Its ObjectId; those of inserted documents are behind all others. */
void gen_shop_id(const struct gen_shop *shop, uint32_t number, uint8_t ret[GEN_SHOP_ID_LEN]);

/* The number of its collection; a collection's name, without the database, and UUID. */
uint32_t gen_shop_collection(const struct gen_shop *shop, uint32_t number);
void gen_shop_name(uint32_t collection, char ret[16]);
void gen_shop_uuid(const struct gen_shop *shop, uint32_t collection, uint8_t ret[16]);

/* Write folder/dump as mongodump does; ends the program when it can't be done. */
void gen_shop_dump(const struct gen_shop *shop, const char *folder);

#endif
