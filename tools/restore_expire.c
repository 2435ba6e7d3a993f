#include "tools/restore_expire.h"

#include <stdlib.h>

#include "base/bson.h"
#include "tools/restore_select.h"
#include "tools/restore_spec.h"

struct index {
	struct bytes spec;
	struct restore_select select;  /* its filter */
	struct restore_picker *picker; /* NULL: it takes all */
};

struct restore_expire {
	struct index *at;
	size_t count;
	struct bytes expire;
	bool buckets;
};

void restore_expire_free(struct restore_expire *expire)
{
	if (expire == NULL)
		return;
	for (size_t i = 0; i < expire->count; i++) {
		restore_picker_free(expire->at[i].picker);
		restore_select_release(&expire->at[i].select);
	}
	free(expire->at);
	free(expire);
}

/* The filter of a partial index. One with a collation of its own compares texts in another way. */
static int prepare(struct index *index, const struct catalog_entry *entry, struct error *e)
{
	struct error ignored = {0};
	struct bson_field filter, collation;
	int found = bson_find(index->spec, "partialFilterExpression", &filter, e);
	int other = found < 0 ? found : bson_find(index->spec, "collation", &collation, e);

	if (other < 0)
		return other;
	if (found == 0 || other > 0 || filter.type != BSON_KIND_DOCUMENT)
		return 0;
	buf_add_bytes(&index->select.query, filter.value);
	if (restore_picker_new(&index->select, entry, &index->picker, &ignored) < 0)
		index->picker = NULL;
	return 0;
}

int restore_expire_new(struct bytes ttl, struct bytes expire, bool buckets,
		       const struct catalog_entry *entry, struct restore_expire **ret,
		       struct error *e)
{
	OWNED(restore_expire_free) struct restore_expire *made = xcalloc(1, sizeof(*made));
	int64_t len = 0;

	made->expire = expire;
	made->buckets = buckets;
	while (ttl.len > 0 && (len = bson_next(ttl, BSON_MAX_LEN, e)) > 0) {
		made->at = xrealloc(made->at, (made->count + 1) * sizeof(*made->at));
		made->at[made->count++] = (struct index){.spec = bytes_of(ttl.at, (size_t)len)};
		ttl = bytes_of(ttl.at + len, ttl.len - (size_t)len);
	}
	if (len < 0)
		return (int)len;
	/* Now that they no longer move: a picker knows where its filter is. */
	for (size_t i = 0; i < made->count && !buckets; i++)
		if (prepare(&made->at[i], entry, e) < 0)
			return e->code;
	*ret = TAKE(made);
	return 0;
}

int restore_expire_when(struct restore_expire *expire, struct bytes doc, int64_t *ret,
			struct error *e)
{
	const struct bytes none = {0};

	if (restore_spec_expires(none, expire->expire, expire->buckets, doc, ret, e) < 0)
		return e->code;
	for (size_t i = 0; i < expire->count; i++) {
		struct index *index = &expire->at[i];
		int64_t when;
		int takes = index->picker == NULL ? 1 : restore_picker_takes(index->picker, doc, e);

		if (takes < 0)
			return takes;
		if (takes == 0)
			continue;
		if (restore_spec_expires(index->spec, none, expire->buckets, doc, &when, e) < 0)
			return e->code;
		*ret = MIN_OF(*ret, when);
	}
	return 0;
}
