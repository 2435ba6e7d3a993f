/*
 * gen_oplog - an oplog as a server 6.0 logs it, and the dump that it follows; the same bytes for the same seed.
 *
 *	gen_oplog mixed ORDERS.bson OUT [options]
 *	gen_oplog between FIRST.bson LATER.bson OUT [options]
 *
 * The .bson files are `gen_data orders`. OUT/dump is the dump (left out with --dump 0), OUT/oplog.bson the
 * oplog; its first entry, a noop at BEGIN.1, is the dump's optime.
 * mixed: --entries N (300000) of them: --updates 70, --inserts 12 and --deletes 15 percent, all of them of
 * documents that exist at that time, anywhere in the data; the others are noops, transactions of one and of
 * several entries and applyOps. --collections N: half of the documents are in shop.orders, the others in N - 1
 * collections of equal size. between: what makes LATER of FIRST, in no order.
 * --begin S (1790000000): the second of the first entry; --rate N (1000): entries in each second.
 * --mark N: print the optime of every Nth entry, and behind each one documents that exist then, one
 * a line.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "tests/bench/gen_shop.h"

#define SESSIONS 64
#define NO_COLLECTION UINT32_MAX
#define PER_TRANSACTION 4
#define MARKED 64 /* documents that are named behind a mark */

struct gen {
	const char *out_dir;
	struct gen_shop shop;
	uint64_t random;
	uint32_t entries;
	uint32_t updates, inserts, deletes; /* percent */
	uint32_t *alive; /* numbers of documents; from shop.count on they are inserted ones */
	uint32_t alive_count, next_number;
	uint64_t txn_numbers[SESSIONS];
	uint32_t mark, marked;
	uint32_t settled; /* numbers of documents below it are not of an open transaction */
	uint32_t settled_at_mark;
	uint32_t written;
	uint64_t bytes;
	struct buf b;
	FILE *out;
};

static uint64_t next_random(struct gen *g)
{
	return gen_shop_mix(g->random += 0x9e3779b97f4a7c15u);
}

static uint32_t below(struct gen *g, uint32_t limit)
{
	return (uint32_t)((next_random(g) >> 32) * limit >> 32);
}

/* ------------------------------------------------------------------ entries */

static void write_out(struct gen *g)
{
	if (fwrite(g->b.at, 1, g->b.len, g->out) != g->b.len)
		gen_shop_fail(g->out_dir, strerror(errno));
	g->bytes += g->b.len;
	buf_reset(&g->b);
}

static void add_session(struct gen *g, uint32_t session, uint64_t txn_number)
{
	size_t lsid = bson_build_open(&g->b, "lsid");
	uint8_t id[48];

	for (uint32_t i = 0; i < sizeof(id) / 8; i++)
		put_le64(id + (size_t)8 * i, gen_shop_mix(g->shop.seed + session * 8 + i));
	bson_build_binary(&g->b, "id", 4, bytes_of(id, 16));
	bson_build_binary(&g->b, "uid", 0, bytes_of(id + 16, 32));
	bson_build_end(&g->b, lsid);
	bson_build_int64(&g->b, "txnNumber", (int64_t)txn_number);
}

/* The fields of an operation: `op`, `ns`, `ui`. */
static void add_target(struct gen *g, const char *op, uint32_t collection)
{
	char name[16], ns[32] = "";
	uint8_t uuid[16];

	bson_build_string(&g->b, "op", bytes_str(op));
	if (collection == NO_COLLECTION) {
		bson_build_string(&g->b, "ns", bytes_str(strcmp(op, "c") == 0 ? "admin.$cmd" : ""));
		return;
	}
	gen_shop_name(collection, name);
	snprintf(ns, sizeof(ns), "shop.%s", name);
	gen_shop_uuid(&g->shop, collection, uuid);
	bson_build_string(&g->b, "ns", bytes_str(ns));
	bson_build_binary(&g->b, "ui", 4, bytes_of(uuid, sizeof(uuid)));
}

static void add_id(struct gen *g, const char *name, uint32_t number)
{
	size_t doc = bson_build_open(&g->b, name);
	uint8_t id[GEN_SHOP_ID_LEN];

	gen_shop_id(&g->shop, number, id);
	bson_build_value(&g->b, "_id", 0x07, bytes_of(id, sizeof(id)));
	bson_build_end(&g->b, doc);
}

static uint32_t seconds_now(const struct gen *g)
{
	return g->shop.begin + g->written / g->shop.rate;
}

/* End an entry: its time. `before`: how many entries ago the one of the same transaction is, 0 none. */
static void end_entry(struct gen *g, size_t entry, bool session, uint32_t before)
{
	uint32_t now = g->written, last = now - before;

	bson_build_timestamp(&g->b, "ts", seconds_now(g), now % g->shop.rate + 1);
	bson_build_int64(&g->b, "t", 1);
	bson_build_int64(&g->b, "v", 2);
	bson_build_date(&g->b, "wall", (int64_t)seconds_now(g) * 1000 + now % g->shop.rate % 1000);
	if (session) {
		size_t prev = bson_build_open(&g->b, "prevOpTime");

		bson_build_timestamp(&g->b, "ts",
				     before == 0 ? 0 : g->shop.begin + last / g->shop.rate,
				     before == 0 ? 0 : last % g->shop.rate + 1);
		bson_build_int64(&g->b, "t", before == 0 ? -1 : 1);
		bson_build_end(&g->b, prev);
	}
	bson_build_end(&g->b, entry);
	if (++g->written % g->mark == 0) {
		g->marked = 0;
		g->settled_at_mark = g->settled;
		printf("%u.%u\n", g->shop.begin + now / g->shop.rate, now % g->shop.rate + 1);
	}
	if (g->b.len > MIB)
		write_out(g);
}

static void add_noop(struct gen *g)
{
	size_t entry = bson_build_begin(&g->b), o;

	add_target(g, "n", NO_COLLECTION);
	o = bson_build_open(&g->b, "o");
	bson_build_string(&g->b, "msg", bytes_str("periodic noop"));
	bson_build_end(&g->b, o);
	end_entry(g, entry, false, 0);
}

static void add_status(struct gen *g)
{
	static const char *const states[] = {"paid", "packed", "shipped", "delivered", "returned"};
	size_t u = bson_build_open(&g->b, "u");

	bson_build_string(&g->b, "status", bytes_str(states[below(g, COUNT_OF(states))]));
	bson_build_date(&g->b, "updatedAt", (int64_t)seconds_now(g) * 1000 + below(g, 1000));
	bson_build_int32(&g->b, "revision", 2 + (int32_t)below(g, 50));
	bson_build_end(&g->b, u);
}

static void add_time(struct gen *g)
{
	size_t u = bson_build_open(&g->b, "u");

	bson_build_date(&g->b, "updatedAt", (int64_t)seconds_now(g) * 1000 + below(g, 1000));
	bson_build_end(&g->b, u);
}

static void add_address(struct gen *g)
{
	size_t customer, address, u;
	char zip[16];

	add_time(g);
	customer = bson_build_open(&g->b, "scustomer");
	address = bson_build_open(&g->b, "saddress");
	u = bson_build_open(&g->b, "u");
	snprintf(zip, sizeof(zip), "%05u", below(g, 100000));
	bson_build_string(&g->b, "zip", bytes_str(zip));
	bson_build_end(&g->b, u);
	bson_build_end(&g->b, address);
	bson_build_end(&g->b, customer);
}

static void add_quantity(struct gen *g)
{
	size_t items, first, u;

	add_time(g);
	items = bson_build_open(&g->b, "sitems");
	bson_build_bool(&g->b, "a", true);
	first = bson_build_open(&g->b, "s0");
	u = bson_build_open(&g->b, "u");
	bson_build_int32(&g->b, "qty", 1 + (int32_t)below(g, 9));
	bson_build_end(&g->b, u);
	bson_build_end(&g->b, first);
	bson_build_end(&g->b, items);
}

static void add_update(struct gen *g, uint32_t number)
{
	uint32_t draw = below(g, 100);
	size_t o, diff;

	add_target(g, "u", gen_shop_collection(&g->shop, number));
	o = bson_build_open(&g->b, "o");
	bson_build_int32(&g->b, "$v", 2);
	diff = bson_build_open(&g->b, "diff");
	if (draw < 80)
		add_status(g);
	else if (draw < 92)
		add_address(g);
	else
		add_quantity(g);
	bson_build_end(&g->b, diff);
	bson_build_end(&g->b, o);
	add_id(g, "o2", number);
}

static void add_insert(struct gen *g, uint32_t number)
{
	struct bytes model = gen_shop_doc(&g->shop, gen_shop_model(&g->shop, number));
	size_t o;

	add_target(g, "i", gen_shop_collection(&g->shop, number));
	o = bson_build_open(&g->b, "o");
	g->b.len = o; /* the model's bytes take its place */
	buf_add_bytes(&g->b, model);
	gen_shop_id(&g->shop, number, g->b.at + o + GEN_SHOP_ID_AT);
	put_le64(g->b.at + o + GEN_SHOP_NUMBER_AT, 100000000 + (uint64_t)number);
	add_id(g, "o2", number);
}

static void add_delete(struct gen *g, uint32_t number)
{
	add_target(g, "d", gen_shop_collection(&g->shop, number));
	add_id(g, "o", number);
}

/* A document that is updated exists, and did at the mark before when it is not younger. */
static void tell_marked(struct gen *g, uint32_t number)
{
	uint8_t id[GEN_SHOP_ID_LEN];
	char name[16];

	if (g->written < g->mark || g->marked == MARKED || number >= g->settled_at_mark)
		return;
	g->marked++;
	gen_shop_id(&g->shop, number, id);
	gen_shop_name(gen_shop_collection(&g->shop, number), name);
	printf("shop.%s ", name);
	for (size_t i = 0; i < sizeof(id); i++)
		printf("%02x", id[i]);
	printf("\n");
}

/* An insert, update or delete of a living document, by its share of 100. */
static void add_operation(struct gen *g, uint32_t draw)
{
	uint32_t at = g->alive_count == 0 ? 0 : below(g, g->alive_count);

	if (draw < g->inserts || g->alive_count == 0) {
		if (g->alive_count % 4096 == 0)
			g->alive = xrealloc(g->alive, (g->alive_count + 8192) * sizeof(*g->alive));
		g->alive[g->alive_count++] = g->next_number;
		add_insert(g, g->next_number++);
	} else if (draw < g->inserts + g->deletes) {
		add_delete(g, g->alive[at]);
		g->alive[at] = g->alive[--g->alive_count];
	} else {
		tell_marked(g, g->alive[at]);
		add_update(g, g->alive[at]);
	}
}

/* Half of the writes can be tried again by their client: they have a session. */
static void add_single(struct gen *g, uint32_t draw)
{
	size_t entry = bson_build_begin(&g->b);
	bool session = below(g, 2) == 0;
	uint32_t which = below(g, SESSIONS);

	if (session)
		add_session(g, which, ++g->txn_numbers[which]);
	add_operation(g, draw);
	if (session)
		bson_build_int32(&g->b, "stmtId", 0);
	end_entry(g, entry, session, 0);
}

/* One entry of several operations: of a transaction, or with NO_COLLECTION for a session, of none. */
static void add_group(struct gen *g, uint32_t session, uint32_t part, uint32_t parts)
{
	size_t entry = bson_build_begin(&g->b), o, ops;
	bool is_transaction = session != NO_COLLECTION;

	if (is_transaction)
		add_session(g, session, g->txn_numbers[session]);
	add_target(g, "c", NO_COLLECTION);
	o = bson_build_open(&g->b, "o");
	ops = bson_build_open_array(&g->b, "applyOps");
	for (uint32_t i = 0; i < PER_TRANSACTION; i++) {
		char name[12];
		size_t op;

		snprintf(name, sizeof(name), "%u", i);
		op = bson_build_open(&g->b, name);
		add_operation(g, below(g, g->inserts + g->deletes + g->updates));
		bson_build_end(&g->b, op);
	}
	bson_build_end(&g->b, ops);
	if (part + 1 < parts)
		bson_build_bool(&g->b, "partialTxn", true);
	else if (parts > 1)
		bson_build_int64(&g->b, "count", (int64_t)parts * PER_TRANSACTION);
	bson_build_end(&g->b, o);
	end_entry(g, entry, is_transaction, part > 0 ? 1 : 0);
}

/* Only what is larger than 16 MB has several entries: that is rare. */
static void add_transaction(struct gen *g)
{
	uint32_t session = below(g, SESSIONS), parts = below(g, 50) == 0 ? 2 : 1;

	g->txn_numbers[session]++;
	if (g->written + parts > g->entries)
		parts = 1;
	for (uint32_t part = 0; part < parts; part++)
		add_group(g, session, part, parts);
}

static void make_mixed(struct gen *g)
{
	g->alive_count = g->next_number = g->shop.count;
	g->alive = xmalloc((g->alive_count + 8192) * sizeof(*g->alive));
	for (uint32_t i = 0; i < g->alive_count; i++)
		g->alive[i] = i;
	add_noop(g);
	while (g->written < g->entries) {
		uint32_t draw = below(g, 100);

		g->settled = g->next_number;
		if (draw < g->inserts + g->deletes + g->updates)
			add_single(g, draw);
		else if (draw % 3 == 0)
			add_noop(g);
		else if (draw % 3 == 1)
			add_transaction(g);
		else
			add_group(g, NO_COLLECTION, 0, 1);
	}
	free(g->alive);
}

/* ------------------------------------------------------------------ between two versions */

struct change {
	uint32_t from, to; /* in FIRST and in LATER */
};

#define GONE UINT32_MAX

static void add_difference(struct gen *g, struct bytes later)
{
	static const char *const names[] = {"status", "updatedAt", "revision"};
	size_t o = bson_build_open(&g->b, "o"), diff, u;

	bson_build_int32(&g->b, "$v", 2);
	diff = bson_build_open(&g->b, "diff");
	u = bson_build_open(&g->b, "u");
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct bson_field field;
		struct error e = {0};

		if (bson_find(later, names[i], &field, &e) != 1)
			gen_shop_fail(names[i], "no such field");
		bson_build_value(&g->b, names[i], field.type, field.value);
	}
	bson_build_end(&g->b, u);
	bson_build_end(&g->b, diff);
	bson_build_end(&g->b, o);
}

/* Both files are in the order of `_id`. */
static uint32_t find_changes(const struct gen_shop *first, const struct gen_shop *later,
			     struct change *ret)
{
	uint32_t count = 0, k = 0;

	for (uint32_t i = 0; i < first->count; i++) {
		struct bytes doc = gen_shop_doc(first, i);
		bool gone =
			k == later->count || memcmp(gen_shop_doc(later, k).at + GEN_SHOP_ID_AT,
						    doc.at + GEN_SHOP_ID_AT, GEN_SHOP_ID_LEN) != 0;

		if (gone)
			ret[count++] = (struct change){i, GONE};
		else if (!bytes_equal(gen_shop_doc(later, k), doc))
			ret[count++] = (struct change){i, k};
		k += !gone;
	}
	if (k != later->count)
		gen_shop_fail("LATER", "it has documents that FIRST lacks");
	return count;
}

static void make_between(struct gen *g, const struct gen_shop *later)
{
	struct change *changes = xcalloc(g->shop.count + 1, sizeof(*changes));
	uint32_t count = find_changes(&g->shop, later, changes);

	add_noop(g);
	for (uint32_t left = count; left > 0; left--) {
		uint32_t i = below(g, left);
		struct change change = changes[i];
		size_t entry = bson_build_begin(&g->b);

		changes[i] = changes[left - 1];
		if (change.to == GONE) {
			add_delete(g, change.from);
		} else {
			add_target(g, "u", 0);
			add_difference(g, gen_shop_doc(later, change.to));
			add_id(g, "o2", change.from);
		}
		end_entry(g, entry, false, 0);
	}
	free(changes);
}

static uint32_t option(int argc, char **argv, const char *name, uint32_t otherwise)
{
	for (int i = 4; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return (uint32_t)strtoul(argv[i + 1], NULL, 10);
	return otherwise;
}

static void set_options(struct gen *g, int argc, char **argv)
{
	g->shop.seed = gen_shop_mix(option(argc, argv, "--seed", 1));
	g->random = g->shop.seed;
	g->entries = MAX_OF(option(argc, argv, "--entries", 300000), 1u);
	g->shop.collections = MAX_OF(option(argc, argv, "--collections", 1), 1u);
	g->shop.begin = option(argc, argv, "--begin", 1790000000);
	g->shop.rate = MAX_OF(option(argc, argv, "--rate", 1000), 1u);
	g->mark = MAX_OF(option(argc, argv, "--mark", UINT32_MAX), 1u);
	g->updates = option(argc, argv, "--updates", 70);
	g->inserts = option(argc, argv, "--inserts", 12);
	g->deletes = option(argc, argv, "--deletes", 15);
	if (g->updates > 100 || g->inserts > 100 || g->deletes > 100 ||
	    g->updates + g->inserts + g->deletes > 100 || g->updates + g->inserts + g->deletes == 0)
		gen_shop_fail("--updates, --inserts, --deletes",
			      "together they are 1 to 100 percent");
}

int main(int argc, char **argv)
{
	bool between = argc > 4 && strcmp(argv[1], "between") == 0;
	struct gen_shop later = {0};
	struct gen g = {0};
	OWNED(free) char *path = NULL;

	if (argc < 4 || (!between && strcmp(argv[1], "mixed") != 0)) {
		fprintf(stderr, "usage: gen_oplog mixed ORDERS.bson OUT …\n"
				"       gen_oplog between FIRST.bson LATER.bson OUT …\n");
		return 2;
	}
	g.out_dir = argv[between ? 4 : 3];
	set_options(&g, argc, argv);
	gen_shop_load(&g.shop, argv[2]);
	if (between)
		gen_shop_load(&later, argv[3]);
	if (mkdir(g.out_dir, 0777) < 0 && errno != EEXIST)
		gen_shop_fail(g.out_dir, strerror(errno));
	if (option(argc, argv, "--dump", 1) != 0)
		gen_shop_dump(&g.shop, g.out_dir);
	path = xprintf("%s/oplog.bson", g.out_dir);
	g.out = fopen(path, "wb");
	if (g.out == NULL)
		gen_shop_fail(path, strerror(errno));
	if (between)
		make_between(&g, &later);
	else
		make_mixed(&g);
	write_out(&g);
	if (fclose(g.out) != 0)
		gen_shop_fail(path, strerror(errno));
	printf("%u %llu\n", g.written, (unsigned long long)g.bytes);
	buf_release(&g.b);
	gen_shop_release(&g.shop);
	if (between)
		gen_shop_release(&later);
	return 0;
}
