/*
 * gen_data - test data that looks like real collections, the same bytes for the same seed.
 *
 *	gen_data orders OUT.bson [--count N] [--seed S] [--updates N --deletes N]
 *	gen_data table  OUT.bson [--count N] [--seed S] [--version V --percent P --clustered 1]
 *	gen_data small  OUT.bson [--count N] [--seed S]
 *
 * orders: shop orders of about 831 bytes; --updates changes that many documents, scattered, and
 * --deletes leaves that many out: the next version of the same collection.
 * table: rows of about 145 bytes; version V has P percent of the rows changed against V - 1, for
 * each version since 0: scattered, or neighbours (as where the newest rows change). small: documents of about 60 bytes.
 */
#include <stdio.h>

#include "base/bson_build.h"

struct rng {
	uint64_t state;
};

/* SplitMix64 (Steele, Lea, Flood 2014): any seed is good. */
static uint64_t rng_next(struct rng *rng)
{
	uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint32_t rng_below(struct rng *rng, uint32_t limit)
{
	return (uint32_t)((rng_next(rng) >> 32) * limit >> 32);
}

static struct rng rng_of(uint64_t seed, uint64_t number, uint64_t salt)
{
	struct rng rng = {seed * 0x9e3779b97f4a7c15u + number * 0xd1342543de82ef95u + salt};

	rng_next(&rng);
	return rng;
}

static const char *const first_names[] = {"Ada",   "Ben",   "Carla", "Dmitri", "Elena", "Farid",
					  "Grace", "Hiro",  "Ines",  "Jonas",  "Keiko", "Liam",
					  "Mara",  "Nadia", "Omar",  "Petra",  "Quinn", "Rosa",
					  "Sven",  "Tara",  "Uma",   "Victor", "Wanda", "Xavier",
					  "Yusuf", "Zoe",   "Anton", "Bianca", "Chidi", "Daria"};
static const char *const last_names[] = {
	"Almeida", "Becker", "Costa",	 "Dupont", "Eriksen", "Fischer", "Garcia", "Hansen",
	"Ivanov",  "Jansen", "Kowalski", "Lopez",  "Moreau",  "Novak",	 "Okafor", "Petrov",
	"Quist",   "Rossi",  "Schmidt",	 "Tanaka", "Ueda",    "Vargas",	 "Weber",  "Young"};
static const char *const cities[] = {"Lisbon", "Berlin", "Oslo",   "Kyiv",   "Lagos",  "Osaka",
				     "Lyon",   "Porto",	 "Madrid", "Warsaw", "Vienna", "Ghent",
				     "Turin",  "Bergen", "Malmo",  "Zagreb", "Tartu",  "Cork"};
static const char *const streets[] = {"Harbour Road", "Mill Lane",     "Station Street",
				      "Oak Avenue",   "Church Row",    "Market Place",
				      "River Walk",   "High Street",   "Castle Hill",
				      "Garden Close", "Bridge Street", "Kings Way"};
static const char *const products[] = {
	"canvas backpack", "steel bottle",  "wool blanket", "desk lamp",     "oak shelf",
	"ceramic mug",	   "linen shirt",   "trail shoes",  "rain jacket",   "chef knife",
	"cast iron pan",   "travel pillow", "notebook A5",  "fountain pen",  "phone stand",
	"usb-c cable",	   "bike light",    "yoga mat",	    "garden shears", "tea kettle"};
static const char *const states[] = {"pending", "paid",	     "packed",
				     "shipped", "delivered", "returned"};
static const char *const methods[] = {"card", "paypal", "transfer", "invoice"};
static const char *const words[] = {"please",	"leave",  "the",      "parcel", "with", "neighbour",
				    "if",	"nobody", "is",	      "home",	"ring", "bell",
				    "twice",	"gift",	  "wrapping", "wanted", "call", "before",
				    "delivery", "second", "floor",    "back",	"door", "thanks"};

#define PICK(rng, list) (list)[rng_below((rng), COUNT_OF(list))]

static void add_text(struct buf *b, const char *name, const char *text)
{
	bson_build_string(b, name, bytes_str(text));
}

/* Digits of a number to the base `base`, at most 32, that don't compress. */
static void add_digits(struct buf *b, const char *name, struct rng *rng, int digits, uint32_t base)
{
	static const char all[] = "0123456789abcdefghijklmnopqrstuv";
	char text[128];

	for (int i = 0; i < digits; i++)
		text[i] = all[rng_below(rng, base)];
	text[digits] = '\0';
	add_text(b, name, text);
}

static void add_token(struct buf *b, const char *name, struct rng *rng, int digits)
{
	add_digits(b, name, rng, digits, 16);
}

static void add_object_id(struct buf *b, uint64_t seconds, struct rng *rng, uint32_t counter)
{
	uint8_t id[12];

	put_be32(id, (uint32_t)seconds);
	put_be32(id + 4, (uint32_t)rng_next(rng) | 1);
	put_be32(id + 8, counter);
	bson_build_value(b, "_id", 0x07, bytes_of(id, sizeof(id)));
}

static void add_customer(struct buf *b, struct rng *rng)
{
	OWNED(buf_release) struct buf text = {0};
	const char *first = PICK(rng, first_names), *last = PICK(rng, last_names);
	size_t customer = bson_build_open(b, "customer"), address;

	bson_build_int32(b, "id", (int32_t)rng_below(rng, 200000));
	buf_printf(&text, "%s %s", first, last);
	add_text(b, "name", buf_text(&text));
	buf_reset(&text);
	buf_printf(&text, "%s.%s%u@example.com", first, last, rng_below(rng, 1000));
	add_text(b, "email", buf_text(&text));
	address = bson_build_open(b, "address");
	buf_reset(&text);
	buf_printf(&text, "%u %s", 1 + rng_below(rng, 250), PICK(rng, streets));
	add_text(b, "street", buf_text(&text));
	add_text(b, "city", PICK(rng, cities));
	buf_reset(&text);
	buf_printf(&text, "%05u", rng_below(rng, 100000));
	add_text(b, "zip", buf_text(&text));
	bson_build_end(b, address);
	bson_build_end(b, customer);
}

static double add_items(struct buf *b, struct rng *rng)
{
	size_t items = bson_build_open_array(b, "items");
	uint32_t count = 1 + rng_below(rng, 5);
	double total = 0;

	for (uint32_t i = 0; i < count; i++) {
		char name[4];
		double price = 1 + rng_below(rng, 20000) / 100.0;
		int32_t quantity = 1 + (int32_t)rng_below(rng, 4);
		size_t item;

		snprintf(name, sizeof(name), "%u", i);
		item = bson_build_open(b, name);
		add_token(b, "sku", rng, 12);
		add_text(b, "title", PICK(rng, products));
		bson_build_int32(b, "qty", quantity);
		bson_build_double(b, "price", price);
		bson_build_end(b, item);
		total += price * quantity;
	}
	bson_build_end(b, items);
	return total;
}

static void add_note(struct buf *b, struct rng *rng)
{
	OWNED(buf_release) struct buf text = {0};
	uint32_t count = 6 + rng_below(rng, 22);

	for (uint32_t i = 0; i < count; i++)
		buf_printf(&text, "%s%s", i == 0 ? "" : " ", PICK(rng, words));
	add_text(b, "note", buf_text(&text));
}

static void add_order(struct buf *b, uint64_t seed, uint32_t number, bool changed)
{
	struct rng rng = rng_of(seed, number, 1), change = rng_of(seed, number, 2);
	uint64_t created = 1700000000u + (uint64_t)number * 11 + rng_below(&rng, 11);
	size_t doc = bson_build_begin(b), payment;
	const char *state;
	uint32_t later;
	double total;

	/* The same draws whether it changed or not: only what an update touches differs. */
	state = PICK(&rng, states);
	later = rng_below(&rng, 86400000);
	add_object_id(b, created, &rng, number);
	bson_build_int64(b, "orderNo", 100000000 + (int64_t)number);
	add_text(b, "status", changed ? PICK(&change, states) : state);
	add_customer(b, &rng);
	total = add_items(b, &rng);
	bson_build_double(b, "total", total);
	payment = bson_build_open(b, "payment");
	add_text(b, "method", PICK(&rng, methods));
	add_digits(b, "transaction", &rng, 36, 32);
	bson_build_bool(b, "captured", rng_below(&rng, 8) != 0);
	bson_build_end(b, payment);
	bson_build_date(b, "createdAt", (int64_t)created * 1000 + rng_below(&rng, 1000));
	bson_build_date(b, "updatedAt",
			changed ? 1720000000000 + (int64_t)rng_below(&change, 1000000)
				: (int64_t)created * 1000 + later);
	add_note(b, &rng);
	bson_build_int32(b, "revision", changed ? 2 : 1);
	add_token(b, "session", &rng, 83);
	bson_build_end(b, doc);
}

struct plan {
	const char *what;
	uint64_t seed;
	uint32_t count, updates, deletes, version, percent, clustered;
};

/* Does the row change in version `v`? */
static bool row_changes(const struct plan *plan, uint32_t number, uint32_t v)
{
	struct rng rng = rng_of(plan->seed, plan->clustered ? 0 : number, 1000 + v);

	if (plan->clustered) {
		uint32_t first = rng_below(&rng, plan->count);

		return (number + plan->count - first) % plan->count <
		       (uint64_t)plan->count * plan->percent / 100;
	}
	return rng_below(&rng, 1000) < plan->percent * 10;
}

/* The version in which the row changed last, at most plan->version. */
static uint32_t row_version(const struct plan *plan, uint32_t number)
{
	uint32_t v = plan->version;

	while (v > 0 && !row_changes(plan, number, v))
		v--;
	return v;
}

static void add_row(struct buf *b, uint64_t seed, uint32_t number, uint32_t last_change)
{
	OWNED(buf_release) struct buf text = {0};
	struct rng rng = rng_of(seed, number, 3), change = rng_of(seed, number, 100 + last_change);
	size_t doc = bson_build_begin(b);

	bson_build_int32(b, "_id", (int32_t)number);
	buf_printf(&text, "%s %s", PICK(&rng, first_names), PICK(&rng, last_names));
	add_text(b, "name", buf_text(&text));
	add_text(b, "city", PICK(&rng, cities));
	bson_build_double(b, "balance", rng_below(&change, 1000000) / 100.0);
	add_text(b, "state", PICK(&change, states));
	bson_build_date(b, "seen",
			1700000000000 + (int64_t)last_change * 86400000 +
				rng_below(&change, 86400000));
	bson_build_int32(b, "visits", (int32_t)(rng_below(&rng, 500) + last_change));
	bson_build_end(b, doc);
}

static void add_small(struct buf *b, uint64_t seed, uint32_t number)
{
	struct rng rng = rng_of(seed, number, 4);
	size_t doc = bson_build_begin(b);

	bson_build_int64(b, "_id", number);
	add_text(b, "city", PICK(&rng, cities));
	bson_build_int32(b, "n", (int32_t)rng_below(&rng, 1000000));
	bson_build_end(b, doc);
}

static uint32_t option(int argc, char **argv, const char *name, uint32_t otherwise)
{
	for (int i = 3; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return (uint32_t)strtoul(argv[i + 1], NULL, 10);
	return otherwise;
}

static void add_document(struct buf *b, const struct plan *plan, uint32_t number)
{
	struct rng fate = rng_of(plan->seed, number, 5);
	uint32_t draw = rng_below(&fate, plan->count);

	if (strcmp(plan->what, "table") == 0)
		add_row(b, plan->seed, number, row_version(plan, number));
	else if (strcmp(plan->what, "small") == 0)
		add_small(b, plan->seed, number);
	else if (draw >= plan->deletes)
		add_order(b, plan->seed, number, draw - plan->deletes < plan->updates);
}

int main(int argc, char **argv)
{
	OWNED(buf_release) struct buf b = {0};
	struct plan plan;
	FILE *out;

	if (argc < 3) {
		fprintf(stderr,
			"usage: gen_data orders|table|small OUT.bson [--count N] [--seed S] …\n");
		return 2;
	}
	plan = (struct plan){argv[1],
			     option(argc, argv, "--seed", 1),
			     option(argc, argv, "--count", 800000),
			     option(argc, argv, "--updates", 0),
			     option(argc, argv, "--deletes", 0),
			     option(argc, argv, "--version", 0),
			     option(argc, argv, "--percent", 5),
			     option(argc, argv, "--clustered", 0)};
	out = fopen(argv[2], "wb");
	for (uint32_t i = 0; out != NULL && i < plan.count; i++) {
		add_document(&b, &plan, i);
		if (b.len > MIB || i + 1 == plan.count) {
			if (fwrite(b.at, 1, b.len, out) != b.len)
				break;
			buf_reset(&b);
		}
	}
	if (out == NULL || b.len > 0 || fclose(out) != 0) {
		perror(argv[2]);
		return 1;
	}
	return 0;
}
