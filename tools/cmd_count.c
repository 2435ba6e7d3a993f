#include <inttypes.h>
#include <stdio.h>

#include "tools/cmd_table.h"
#include "tools/json_out.h"
#include "tools/moment_at.h"
#include "tools/query_run.h"

struct options {
	const char *at;
	const char *query;
};

static const struct args_option options[] = {
	CMD_AT_OPTION(struct options),
	{"query", 0, ARGS_VALUE, "EJSON", "only documents of NS that match this filter of find()",
	 offsetof(struct options, query)},
};

/* Documents of the namespaces [first, end). */
static int count_range(struct cmd_run *run, struct moment_at *at, uint64_t first, uint64_t end,
		       uint64_t *ret, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};

	catalog_entry_init(&entry);
	*ret = 0;
	for (; first < end; first++) {
		if (moment_entry(at->moment, first, &entry, e) < 0 ||
		    moment_at_resolve(run, at, &entry, e) < 0)
			return e->code;
		*ret += entry.root.count;
	}
	return 0;
}

/* Documents of one collection, of a database's, or of all. */
static int count_documents(struct cmd_run *run, struct moment_at *at, const char *word,
			   uint64_t *ret, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	uint64_t first = 0, end = moment_count(at->moment);

	if (word == NULL && at->point.is_snapshot) {
		*ret = moment_snapshot(at->moment)->documents;
		return 0;
	}
	if (word == NULL)
		return count_range(run, at, first, end, ret, e);
	catalog_entry_init(&entry);
	if (cmd_is_ns(word)) {
		if (cmd_find_ns(at->moment, word, &entry, e) < 0 ||
		    moment_at_resolve(run, at, &entry, e) < 0)
			return e->code;
		*ret = entry.root.count;
		if (entry.type == CATALOG_COLLECTION)
			return 0;
		error_set(e, ERR_INVALID, "%s is a %s: it has no documents of its own", word,
			  entry.type == CATALOG_VIEW ? "view" : "time series");
		return error_hint(e, "'yester ls' lists what has");
	}
	if (cmd_find_db(at->moment, word, &first, &end, e) < 0)
		return e->code;
	return count_range(run, at, first, end, ret, e);
}

/* Of a collection, view or time series, those that match --query. */
static int count_matching(struct cmd_run *run, struct moment_at *at, const char *word,
			  uint64_t *ret, struct error *e)
{
	const struct options *o = run->options;
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(buf_release) struct buf filter = {0};

	catalog_entry_init(&entry);
	if (query_run_parse(o->query, &filter, e) < 0 ||
	    cmd_find_ns(at->moment, word, &entry, e) < 0)
		return e->code;
	if (entry.type == CATALOG_COLLECTION && moment_at_resolve(run, at, &entry, e) < 0)
		return e->code;
	return query_run_count(at->moment, &entry, buf_bytes(&filter), ret, e);
}

static int run_count(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(store_close) struct store *store = NULL;
	OWNED(moment_at_release) struct moment_at at = {0};
	const char *word = run->words.count > 0 ? run->words.at[0] : NULL;
	uint64_t count = 0;

	if (o->query != NULL && (word == NULL || !cmd_is_ns(word)))
		return cmd_usage_error(run, e, "--query needs a collection: DB.COLLECTION");
	if (cmd_open_store(run, &store, e) < 0 || moment_at_open(run, store, o->at, &at, e) < 0)
		return e->code;
	if ((o->query != NULL ? count_matching(run, &at, word, &count, e)
			      : count_documents(run, &at, word, &count, e)) < 0)
		return e->code;
	if (run->globals.json) {
		struct json_out j;

		json_out_begin(&j, stdout, false);
		json_out_name(&j, at.point.is_snapshot ? "snapshot" : "moment",
			      bytes_str(at.point.name));
		if (word != NULL)
			json_out_name(&j, "ns", bytes_str(word));
		json_out_u64(&j, "count", count);
		json_out_finish(&j);
	} else {
		printf("%" PRIu64 "\n", count);
	}
	return 0;
}

const struct cmd cmd_count = {
	.name = "count",
	.group = "Look",
	.synopsis = "-s STORE [--at WHEN] [NS [--query EJSON]] [--json]",
	.summary = "count documents; without --query none is read",
	.about = "Of a collection (shop.orders), a database (shop), or all.\n",
	.examples = "  yester count -s /backup/shop shop.orders\n"
		    "  yester count -s /backup/shop shop.orders --query '{\"paid\": false}'\n"
		    "  yester count -s /backup/shop --at before-migration shop.orders\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_max = 1,
	.run = run_count,
};
