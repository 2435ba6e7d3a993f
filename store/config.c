#include "store/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

static const char first_line[] = "yesterfs store";
static const char keyed_hash[] = "hmac-sha256";
static const char cipher[] = "aes-256-gcm";

int store_params_default(struct store_params *ret, struct error *e)
{
	uint8_t random[sizeof(ret->id) + sizeof(ret->seed)];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_sys(e, "random bytes for a new store");
	memcpy(ret->id, random, sizeof(ret->id));
	memcpy(ret->seed, random + sizeof(ret->id), sizeof(ret->seed));
	ret->leaf_target = STORE_LEAF_TARGET_DEFAULT;
	return 0;
}

static void add_hex(struct buf *ret, const char *name, const uint8_t *at, size_t len)
{
	buf_printf(ret, "%s ", name);
	for (size_t i = 0; i < len; i++)
		buf_printf(ret, "%02x", at[i]);
	buf_add_str(ret, "\n");
}

void store_config_write(const struct store_params *params, struct buf *ret)
{
	size_t start = ret->len;
	struct chunk_id sum;

	buf_printf(ret, "%s %d\n", first_line, STORE_FORMAT);
	add_hex(ret, "id", params->id, sizeof(params->id));
	if (params->encrypted) {
		buf_printf(ret, "hash %s\ncipher %s\n", keyed_hash, cipher);
	} else {
		buf_add_str(ret, "hash sha256\n");
		add_hex(ret, "seed", params->seed, sizeof(params->seed));
	}
	buf_printf(ret, "leaf-target %" PRIu32 "\n", params->leaf_target);
	sum = chunk_id_of(bytes_of(ret->at + start, ret->len - start));
	add_hex(ret, "sha256", sum.at, CHUNK_ID_LEN);
}

static bool parse_hex(const char *text, uint8_t *ret, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned value;
		int used = 0;

		if (sscanf(text + 2 * i, "%2x%n", &value, &used) != 1 || used != 2)
			return false;
		ret[i] = (uint8_t)value;
	}
	return true;
}

#define SUM_LINE_LEN (strlen("sha256 ") + CHUNK_ID_HEX + 1)

static bool ends_with_sum(struct bytes text)
{
	return text.len >= SUM_LINE_LEN &&
	       memcmp(text.at + text.len - SUM_LINE_LEN, "sha256 ", strlen("sha256 ")) == 0;
}

/* The last line is the checksum of all before it. */
static int check_sum(struct bytes text, struct error *e)
{
	const size_t line = SUM_LINE_LEN;
	struct chunk_id found, sum;
	struct bytes last;

	if (text.len < line)
		return error_set(e, ERR_CORRUPT, "config: cut off after %zu bytes", text.len);
	last = bytes_of(text.at + text.len - line, line);
	sum = chunk_id_of(bytes_of(text.at, text.len - line));
	if (!ends_with_sum(text) || last.at[line - 1] != '\n' ||
	    !chunk_id_parse(bytes_of(last.at + 7, CHUNK_ID_HEX), &found) ||
	    !chunk_id_equal(&found, &sum))
		return error_set(e, ERR_CORRUPT, "config: its checksum does not fit");
	return 0;
}

/* What comes between the hash and the leaf target: a seed in the clear, or how the rest is sealed. */
static int parse_kind(const char *hash, const char *name, const char *value,
		      struct store_params *ret, struct error *e)
{
	ret->encrypted = strcmp(hash, keyed_hash) == 0;
	if (!ret->encrypted && strcmp(hash, "sha256") != 0)
		return error_set(e, ERR_UNSUPPORTED,
				 "store with hash %s, this program knows sha256 and %s", hash,
				 keyed_hash);
	if (strcmp(name, ret->encrypted ? "cipher" : "seed") != 0)
		return error_set(e, ERR_CORRUPT, "config: a line is missing or malformed");
	if (ret->encrypted && strcmp(value, cipher) != 0)
		return error_set(e, ERR_UNSUPPORTED, "store with cipher %s, this program knows %s",
				 value, cipher);
	if (!ret->encrypted && (strspn(value, "0123456789abcdef") != 2 * sizeof(ret->seed) ||
				!parse_hex(value, ret->seed, sizeof(ret->seed))))
		return error_set(e, ERR_CORRUPT, "config: a line is missing or malformed");
	return 0;
}

int store_config_parse(struct bytes text, struct store_params *ret, struct error *e)
{
	OWNED(free) char *copy = xstrndup((const char *)text.at, text.len);
	struct store_params params = {0};
	char id[33], hash[16], name[8], value[33];
	int format = 0;

	if (strncmp(copy, first_line, strlen(first_line)) != 0 ||
	    sscanf(copy + strlen(first_line), "%d", &format) != 1)
		return error_set(e, ERR_CORRUPT, "config: its first line is not \"%s 1\"",
				 first_line);
	/* A flipped bit makes another number of it. */
	if (format != STORE_FORMAT && ends_with_sum(text) && check_sum(text, e) < 0)
		return e->code;
	if (format != STORE_FORMAT)
		return error_set(e, ERR_UNSUPPORTED,
				 "store format %d, this program knows format %d", format,
				 STORE_FORMAT);
	if (check_sum(text, e) < 0)
		return e->code;
	if (sscanf(copy + strlen(first_line),
		   "%*d id %32[0-9a-f] hash %15s %7[a-z] %32s leaf-target %" SCNu32, id, hash, name,
		   value, &params.leaf_target) != 5 ||
	    !parse_hex(id, params.id, sizeof(params.id)))
		return error_set(e, ERR_CORRUPT, "config: a line is missing or malformed");
	if (parse_kind(hash, name, value, &params, e) < 0)
		return e->code;
	if (params.leaf_target < 4096 || params.leaf_target > 1048576 ||
	    (params.leaf_target & (params.leaf_target - 1)) != 0)
		return error_set(e, ERR_CORRUPT,
				 "config: leaf-target %" PRIu32
				 " is not a power of two from 4096 to 1048576",
				 params.leaf_target);
	*ret = params;
	return 0;
}
