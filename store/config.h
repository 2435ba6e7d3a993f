/*
 * config.h - the parameters of a store, fixed when it is made: STORE/config.
 *
 * Plain text lines with a checksum; docs/format/config.md. The file is also what locks are
 * taken on. Threads: pure.
 */
#ifndef STORE_CONFIG_H
#define STORE_CONFIG_H

#include "base/buf.h"
#include "base/chunk_id.h"
#include "base/error.h"

#define STORE_FORMAT 1
#define STORE_SEED_LEN 16

struct store_params {
	uint8_t id[16];		      /* names the store; random */
	uint8_t seed[STORE_SEED_LEN]; /* of the boundary hashes; random, or --seed */
	uint32_t leaf_target;	      /* mean bytes of a leaf; a power of two, 4 KiB to 1 MiB */
	bool encrypted; /* then `seed` is none of the config's: it is derived from the master key */
};

#define STORE_LEAF_TARGET_DEFAULT 32768

/* Random id and seed, default leaf target. */
MUST_CHECK int store_params_default(struct store_params *ret, struct error *e);

/* Text of the config file, appended. */
void store_config_write(const struct store_params *params, struct buf *ret);

/* Parse; ERR_CORRUPT (checksum, form), ERR_UNSUPPORTED (a newer format). */
MUST_CHECK int store_config_parse(struct bytes text, struct store_params *ret, struct error *e);

#endif
