/* A replay over a base that can't be read, or of which somebody has enough: it says so, in each order of documents. */
#include <stdio.h>
#include <unistd.h>

#include "base/key.h"
#include "store/tree/tree_node.h"
#include "tests/unit/oplog/replay_docs_model.h"

#define BASE 2000
#define ROUNDS 12
#define DELETED 67 /* of every tenth each third */
#define COLLATED "{'collation': {'locale': 'en', 'strength': 2}}"
#define CAPPED "{'capped': true, 'size': 100000000}"

static const char *const orders[] = {NULL, COLLATED, CAPPED};

/* { _id: "k0001000" or "K0001000", pad } */
static void add_doc(uint32_t number, bool upper, int32_t version, struct buf *ret)
{
	char id[16];
	size_t doc = harness_doc_open(ret);

	snprintf(id, sizeof(id), "%c%07u", upper ? 'K' : 'k', number);
	harness_doc_string(ret, "_id", id);
	harness_doc_int32(ret, "version", version);
	harness_doc_close(ret, doc);
}

/* { _id } alone. */
static struct bytes id_of(uint32_t number, bool upper, struct buf *ret)
{
	char id[16];
	size_t doc = (buf_reset(ret), harness_doc_open(ret));

	snprintf(id, sizeof(id), "%c%07u", upper ? 'K' : 'k', number);
	harness_doc_string(ret, "_id", id);
	harness_doc_close(ret, doc);
	return buf_bytes(ret);
}

static void begin(struct replay_docs_model *m, const char *options)
{
	OWNED(buf_release) struct buf base = {0};

	for (uint32_t i = 0; i < BASE; i++)
		add_doc(i, false, 1, &base);
	replay_docs_model_begin(m, options, buf_bytes(&base), 0);
}

/* Every tenth document: replaced, updated, deleted, with its very _id or with one that a collation takes for it. */
static void collect(struct replay_docs_model *m, bool upper)
{
	OWNED(buf_release) struct buf o = {0}, o2 = {0};

	for (uint32_t i = 5; i < BASE; i += 10) {
		struct bytes id = id_of(i, upper, &o2);

		buf_reset(&o);
		if (i % 30 == 5) {
			text_doc(&o, "{'$v':2,'diff':{'u':{'version':2}}}");
			replay_docs_model_op(m, 'u', buf_bytes(&o), id, false);
		} else if (i % 30 == 15) {
			replay_docs_model_op(m, 'd', id, bytes_of(NULL, 0), false);
		} else {
			add_doc(i, upper, 3, &o);
			replay_docs_model_op(m, 'i', buf_bytes(&o), bytes_of(NULL, 0), false);
		}
	}
}

/* What is in the middle of the base is in no pack. */
static void lose_the_middle(struct replay_docs_model *m)
{
	struct tree_root *root = &m->slot->entry.root;
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct store_put put = {.kind = CHUNK_NODE};
	struct tree_node node;
	struct error e = {0};

	ASSERT_OK(store_get(m->store, &root->id, &chunk, &e));
	ASSERT_OK(tree_node_parse(chunk->plain, root, &node, &e));
	assert_true(node.n > 1);
	node.child[node.n / 2].id.at[7] ^= 1;
	tree_node_encode(node.kind, node.level, node.child, node.n, &put.plain);
	ASSERT_OK(store_writer_put(m->writer, &put, &e));
	ASSERT_OK(store_writer_flush(m->writer, &e));
	root->id = put.id;
	tree_node_release(&node);
	buf_release(&put.plain);
}

static void what_the_base_lacks_ends_the_replay(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		for (int upper = 0; upper < 2; upper++) {
			struct replay_docs_model m;
			struct error e = {0};

			/* Another case is another document, but for the collation. */
			if (upper == 1 && orders[i] != orders[1])
				continue;
			begin(&m, orders[i]);
			lose_the_middle(&m);
			collect(&m, upper == 1);
			ASSERT_ERROR_TEXT(replay_docs_finish(m.docs, m.catalog, m.writer, NULL, &e),
					  ERR_CORRUPT, "it is in no pack");
			replay_docs_model_end(&m);
		}
	}
}

static bool is_enough(void *ctx)
{
	return (*(int *)ctx)-- == 0;
}

static void it_can_be_interrupted_in_each_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		int code = ERR_CANCELLED, interrupted = 0;

		for (int asks = 0; code == ERR_CANCELLED; asks++) {
			int left = asks;
			const struct progress progress = {.cancelled = is_enough, .ctx = &left};
			struct replay_docs_model m;
			struct error e = {0};

			begin(&m, orders[i]);
			/* The same again is the same: enough operations to be asked several times. */
			for (int round = 0; round < ROUNDS; round++)
				collect(&m, orders[i] == orders[1]);
			code = replay_docs_finish(m.docs, m.catalog, m.writer, &progress, &e);
			interrupted += code == ERR_CANCELLED;
			if (code != ERR_CANCELLED) {
				ASSERT_OK(code);
				assert_int_equal(m.slot->entry.root.count, BASE - DELETED);
			}
			replay_docs_model_end(&m);
			assert_true(asks < 200);
		}
		assert_true(interrupted > 0);
	}
}

/* One document alone is no more than its key: which one is meant in other orders is told by all of them. */
static void one_document_alone_has_to_have_a_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		OWNED(buf_release) struct buf doc = {0};
		struct replay_docs_model m;
		struct error e = {0};

		begin(&m, orders[i]);
		collect(&m, false);
		if (i > 0)
			ASSERT_ERROR_TEXT(
				replay_docs_one(m.docs, m.slot, bytes_str("x"), m.store, &doc, &e),
				ERR_INVALID, "one document alone can't be told");
		else
			assert_int_equal(ASSERT_OK(replay_docs_one(m.docs, m.slot, bytes_str("x"),
								   m.store, &doc, &e)),
					 0);
		assert_int_equal(doc.len, 0);
		replay_docs_model_end(&m);
	}
}

/* The temporary file without a name that was opened last. */
static int spill_fd(void)
{
	for (int fd = (int)sysconf(_SC_OPEN_MAX) - 1; fd >= 0; fd--) {
		char link[64], target[512];
		ssize_t len;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = '\0';
		if (strstr(target, "(deleted)") != NULL)
			return fd;
	}
	return -1;
}

/* More updates of a document than memory holds, of which the disk loses some: they may not be left out. */
static void what_a_spill_lacks_of_one_document_is_told(void **state)
{
	OWNED(buf_release) struct buf base = {0}, diff = {0}, key = {0}, doc = {0};
	char pad[1000];
	struct replay_docs_model m;
	struct error e = {0};

	(void)state;
	memset(pad, 'x', sizeof(pad));
	text_doc(&base, "{'_id': 1, 'n': 0}");
	ASSERT_OK(key_of_document(buf_bytes(&base), &key, &e));
	replay_docs_model_begin(&m, NULL, buf_bytes(&base), 256 * KIB);
	for (int i = 0; i < 400; i++) {
		OWNED(free)
		char *text = xprintf("{'$v': 2, 'diff': {'u': {'n': %d, 'pad': '%.*s'}}}", i,
				     (int)sizeof(pad), pad);

		buf_reset(&diff);
		text_doc(&diff, text);
		replay_docs_model_op(&m, 'u', buf_bytes(&diff), buf_bytes(&base), false);
	}
	/* What is read ahead of it is there. */
	assert_int_equal(ftruncate(spill_fd(), 100 * KIB), 0);
	ASSERT_ERROR(replay_docs_one(m.docs, m.slot, buf_bytes(&key), m.store, &doc, &e),
		     ERR_CORRUPT);
	assert_int_equal(doc.len, 0);
	replay_docs_model_end(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_base_lacks_ends_the_replay),
		cmocka_unit_test(it_can_be_interrupted_in_each_order),
		cmocka_unit_test(one_document_alone_has_to_have_a_key),
		cmocka_unit_test(what_a_spill_lacks_of_one_document_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
