#include "store/settle.h"

#include "store/backend/backend.h"
#include "store/snapshot/commit.h"
#include "store/store_internal.h"
#include "tests/unit/store/snapshot_model.h"

/* A back end that counts how often it is synced, in front of the store's; what no test here uses is not passed on. */
struct counting {
	struct backend base;
	struct backend *under;
	struct backend_ops ops;
	unsigned syncs;
	bool fails;
	void (*meanwhile)(struct store *store);
	struct store *store;
};

static struct counting *counting_of(struct backend *b)
{
	return (struct counting *)(void *)b;
}

static int count_sync(struct backend *b, struct error *e)
{
	struct counting *c = counting_of(b);

	c->syncs++;
	if (c->fails)
		return error_set(e, ERR_IO, "no sync");
	if (c->meanwhile != NULL)
		c->meanwhile(c->store);
	return c->under->ops->sync(c->under, e);
}

static int pass_put(struct backend *b, const char *name, struct bytes content, struct error *e)
{
	return counting_of(b)->under->ops->put(counting_of(b)->under, name, content, e);
}

static int pass_get(struct backend *b, const char *name, uint64_t offset, uint8_t *ret, size_t len,
		    struct error *e)
{
	return counting_of(b)->under->ops->get(counting_of(b)->under, name, offset, ret, len, e);
}

static int pass_list(struct backend *b, const char *dir,
		     int (*each)(void *, const char *, uint64_t, struct error *), void *ctx,
		     struct error *e)
{
	return counting_of(b)->under->ops->list(counting_of(b)->under, dir, each, ctx, e);
}

static int pass_names(struct backend *b, const char *dir,
		      int (*each)(void *, const char *, uint64_t, struct error *), void *ctx,
		      struct error *e)
{
	return counting_of(b)->under->ops->names(counting_of(b)->under, dir, each, ctx, e);
}

static int pass_size(struct backend *b, const char *name, uint64_t *ret, struct error *e)
{
	return counting_of(b)->under->ops->size(counting_of(b)->under, name, ret, e);
}

static void begin(struct counting *c, struct store *store)
{
	*c = (struct counting){.under = store->backend, .store = store};
	c->ops = (struct backend_ops){.sync = count_sync,
				      .put = pass_put,
				      .get = pass_get,
				      .size = pass_size,
				      .list = pass_list,
				      .names = pass_names};
	c->base.ops = &c->ops;
	store->backend = &c->base;
}

static void end(struct counting *c)
{
	c->store->backend = c->under;
	store_close(c->store);
}

/* Packs that came without us: as a killed process leaves them. */
static void find_packs(struct store *store)
{
	struct error e = {0};

	store->rebuilt = false; /* once is enough for a process, else */
	ASSERT_OK(store_rebuild(store, &e));
}

static void what_we_put_need_not_be_synced_again(void **state UNUSED)
{
	struct counting c;

	begin(&c, store_model_open(store_model_init()));
	snapshot_model_commit(c.store, "one", 100, 1, NULL);
	assert_int_equal(c.syncs, 0);
	end(&c);
}

static void packs_that_were_found_are_synced_once_before_a_manifest_needs_them(void **state UNUSED)
{
	struct counting c;

	begin(&c, store_model_open(store_model_init()));
	snapshot_model_commit(c.store, "one", 100, 1, NULL);
	find_packs(c.store);
	assert_int_equal(c.syncs, 0); /* who only reads does not care */
	snapshot_model_commit(c.store, "two", 200, 1, NULL);
	assert_int_equal(c.syncs, 1);
	snapshot_model_commit(c.store, "three", 300, 1, NULL);
	assert_int_equal(c.syncs, 1);
	end(&c);
}

static void a_sync_that_fails_fails_the_commit_and_is_tried_again(void **state UNUSED)
{
	struct counting c;
	struct store_writer *writer;
	struct error e = {0};

	begin(&c, store_model_open(store_model_init()));
	snapshot_model_commit(c.store, "one", 100, 1, NULL);
	find_packs(c.store);
	c.fails = true;
	ASSERT_OK(store_writer_begin(c.store, &writer, &e));
	ASSERT_ERROR_TEXT(store_writer_flush(writer, &e), ERR_IO, "no sync");
	store_writer_end(writer);
	c.fails = false;
	ASSERT_OK(settle_found(c.store, &e));
	ASSERT_OK(settle_found(c.store, &e));
	assert_int_equal(c.syncs, 2);
	end(&c);
}

static void what_is_found_while_it_syncs_is_synced_the_next_time(void **state UNUSED)
{
	struct counting c;
	struct error e = {0};

	begin(&c, store_model_open(store_model_init()));
	snapshot_model_commit(c.store, "one", 100, 1, NULL);
	find_packs(c.store);
	c.meanwhile = find_packs;
	ASSERT_OK(settle_found(c.store, &e));
	c.meanwhile = NULL;
	ASSERT_OK(settle_found(c.store, &e));
	ASSERT_OK(settle_found(c.store, &e));
	assert_int_equal(c.syncs, 2);
	end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_we_put_need_not_be_synced_again),
		cmocka_unit_test(
			packs_that_were_found_are_synced_once_before_a_manifest_needs_them),
		cmocka_unit_test(a_sync_that_fails_fails_the_commit_and_is_tried_again),
		cmocka_unit_test(what_is_found_while_it_syncs_is_synced_the_next_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
