/* dataSize: of a whole collection, or of a range of an index. Prefix: handle_ */
#include "query/value.h"
#include "wire/catalog_walk.h"
#include "wire/handlers.h"
#include "wire/query_call.h"

/* What is asked, and what was found. */
struct measure {
	struct call *call;
	struct bytes coll;
	struct bytes keys, min, max;   /* documents; empty ones: no bounds */
	int64_t most_bytes, most_docs; /* 0: no bound */
	int64_t each;		       /* bytes that every document counts; 0: its own */
	int64_t bytes, docs;
	bool is_cut; /* there are more than that */
};

/* ---- documents */

static void add_documents(struct measure *m, struct bytes batch)
{
	struct fields fields = fields_of(batch);
	struct bson_field doc;

	while (!m->is_cut && fields_next(&fields, &doc)) {
		m->bytes += m->each > 0 ? m->each : (int64_t)doc.value.len;
		m->docs++;
		m->is_cut = (m->most_bytes > 0 && m->bytes > m->most_bytes) ||
			    (m->most_docs > 0 && m->docs > m->most_docs);
	}
}

static void begin_find(const struct measure *m, struct buf *cmd)
{
	bson_build_begin(cmd);
	bson_build_string(cmd, "find", m->coll);
	bson_build_string(cmd, "$db", m->call->real_db);
}

/* Add what the command finds. */
static int run_find(struct measure *m, struct buf *cmd, struct error *e)
{
	OWNED(query_call_end) struct query_call q = {0};
	OWNED(query_cursor_free) struct query_cursor *cursor = NULL;
	OWNED(buf_release) struct buf batch = {0};

	bson_build_end(cmd, 0);
	if (query_call_begin(m->call, buf_bytes(cmd), &q, e) < 0 ||
	    query_find(&q.request, &cursor, e) < 0)
		return e->code;
	for (bool done = false; !done && !m->is_cut;) {
		if (query_cursor_array(cursor, QUERY_BATCH_ALL, &batch, &done, e) < 0)
			return e->code;
		add_documents(m, buf_bytes(&batch));
	}
	return 0;
}

/* ---- the index: findShardKeyPrefixedIndex() of mongod */

/* Are the fields of `keys` the first ones of `key`, with the same values? */
static bool is_prefix(struct bytes keys, struct bytes key)
{
	struct fields a = fields_of(keys), b = fields_of(key);
	struct bson_field x, y;

	while (fields_next(&a, &x)) {
		struct value v, w;

		if (!fields_next(&b, &y) || !bytes_equal(x.name, y.name))
			return false;
		v = value_of_field(&x);
		w = value_of_field(&y);
		if (!value_is_number(&w) || !value_equal(&v, &w, NULL))
			return false;
	}
	return true;
}

/* {path: {$type: "array"}} of all parts of a path, as elements of the array in `ret`. */
static void add_parts(struct bytes path, struct buf *ret, size_t *count)
{
	OWNED(buf_release) struct buf type = {0};
	struct value is_array;

	bson_build_begin(&type);
	bson_build_string(&type, "$type", bytes_str("array"));
	bson_build_end(&type, 0);
	is_array = value_document(buf_bytes(&type));
	for (size_t end = 1; end <= path.len; end++) {
		OWNED(buf_release) struct buf part = {0};
		struct value v;

		if (end < path.len && path.at[end] != '.')
			continue;
		bson_build_begin(&part);
		value_write(&part, bytes_of(path.at, end), &is_array);
		bson_build_end(&part, 0);
		v = value_document(buf_bytes(&part));
		value_write_at(ret, (*count)++, &v);
	}
}

/* Has a document an array where the index looks? 1, 0. */
static int is_multikey(struct measure *m, struct bytes key, struct error *e)
{
	struct measure one = {.call = m->call, .coll = m->coll, .most_docs = 1};
	OWNED(buf_release) struct buf cmd = {0};
	struct fields fields = fields_of(key);
	size_t filter, list, count = 0;
	struct bson_field f;

	begin_find(m, &cmd);
	filter = bson_build_open(&cmd, "filter");
	list = bson_build_open_array(&cmd, "$or");
	while (fields_next(&fields, &f))
		add_parts(f.name, &cmd, &count);
	bson_build_end(&cmd, list);
	bson_build_end(&cmd, filter);
	bson_build_int32(&cmd, "limit", 1);
	return run_find(&one, &cmd, e) < 0 ? e->code : one.docs > 0;
}

static bool is_usable(struct bytes index, struct bytes keys, struct bytes *ret_key)
{
	struct bson_field f;
	struct value v;

	if (fields_find(index, bytes_str("partialFilterExpression"), &f) ||
	    fields_find(index, bytes_str("collation"), &f))
		return false;
	v = value_get(index, bytes_str("sparse"));
	if (value_is_true(&v) || !fields_find(index, bytes_str("key"), &f) ||
	    f.type != BSON_KIND_DOCUMENT)
		return false;
	*ret_key = f.value;
	return is_prefix(keys, f.value);
}

/* The key of the index that has these fields first: 1 and *ret_key, in `list`; 0. */
static int find_index(struct measure *m, const struct catalog_entry *entry, struct buf *list,
		      struct bytes *ret_key, struct error *e)
{
	struct bson_field f;

	/* The collection's collation is that of its index on _id. */
	catalog_walk_indexes(entry, list);
	for (size_t at = 0; at < list->len;) {
		struct bytes index = bytes_of(list->at + at, get_le32(list->at + at));
		int multikey;

		at += index.len;
		if (!is_usable(index, m->keys, ret_key) ||
		    (catalog_walk_is_id_index(index) &&
		     fields_find(buf_bytes(&entry->options), bytes_str("collation"), &f)))
			continue;
		multikey = is_multikey(m, *ret_key, e);
		if (multikey <= 0)
			return multikey < 0 ? multikey : 1;
	}
	return 0;
}

/* ---- bounds */

/* The bound as a key of the whole index: what it lacks is the least there (KeyPattern::extendRangeBound). */
static int add_bound(struct buf *cmd, const char *name, struct bytes bound, struct bytes key,
		     struct error *e)
{
	struct fields given = fields_of(bound), fields = fields_of(key);
	struct bson_field f, have;
	size_t doc = bson_build_open(cmd, name);
	bool more = true;

	while (fields_next(&fields, &f)) {
		struct value direction = value_of_field(&f), v;

		more = more && fields_next(&given, &have);
		if (more && !bytes_equal(have.name, f.name)) {
			OWNED(buf_release) struct buf a = {0}, b = {0};

			value_text_bson(bound, false, &a);
			value_text_bson(key, false, &b);
			return query_error(e, 16634,
					   "field names of bound %s do not match those of "
					   "keyPattern %s",
					   buf_text(&a), buf_text(&b));
		}
		v = more ? value_of_field(&have)
			 : (struct value){.type = value_to_double(&direction) < 0
							  ? BSON_KIND_MAX_KEY
							  : BSON_KIND_MIN_KEY};
		value_write(cmd, f.name, &v);
	}
	bson_build_end(cmd, doc);
	return 0;
}

static int measure_range(struct measure *m, struct bytes key, struct error *e)
{
	OWNED(buf_release) struct buf cmd = {0};
	struct value hint = value_document(key);

	begin_find(m, &cmd);
	if (add_bound(&cmd, "min", m->min, key, e) < 0 ||
	    add_bound(&cmd, "max", m->max, key, e) < 0)
		return e->code;
	value_write(&cmd, bytes_str("hint"), &hint);
	if (run_find(m, &cmd, e) < 0 && e->server != 51175) /* nothing lies between the bounds */
		return e->code;
	return 0;
}

static bool is_empty(struct bytes doc)
{
	return doc.len <= BSON_MIN_LEN;
}

/* What a bound without a pattern lies in: {a: 1, b: 1} of {a: .., b: ..}. */
static void infer_keys(struct bytes bound, struct buf *ret)
{
	struct value one = value_int32(1);
	struct fields fields = fields_of(bound);
	struct bson_field f;

	bson_build_begin(ret);
	while (fields_next(&fields, &f))
		value_write(ret, f.name, &one);
	bson_build_end(ret, 0);
}

static int measure(struct measure *m, const struct catalog_entry *entry, struct error *e)
{
	OWNED(buf_release) struct buf inferred = {0}, list = {0}, cmd = {0};
	struct bytes key;
	int found;

	if (is_empty(m->min) && is_empty(m->max)) {
		begin_find(m, &cmd);
		return run_find(m, &cmd, e);
	}
	if (is_empty(m->min) || is_empty(m->max))
		return call_bare_error(m->call, e, "only one of min or max specified");
	if (is_empty(m->keys)) {
		infer_keys(m->min, &inferred);
		m->keys = buf_bytes(&inferred);
	}
	found = find_index(m, entry, &list, &key, e);
	if (found < 0)
		return found;
	if (found == 0)
		return call_bare_error(m->call, e,
				       "couldn't find valid index containing key pattern");
	return measure_range(m, key, e);
}

/* ---- the command */

static int parse_ns(struct call *call, struct bytes *ret_coll, struct error *e)
{
	struct bytes ns = value_of_field(&call->first).data;
	const uint8_t *dot;

	if (call->first.type != BSON_KIND_STRING)
		return query_error(e, QUERY_BAD_VALUE, "collection name has invalid type %s",
				   value_type_name(call->first.type));
	dot = ns.len == 0 ? NULL : memchr(ns.at, '.', ns.len);
	if (dot == NULL || dot == ns.at || dot + 1 == ns.at + ns.len)
		return query_error(e, QUERY_INVALID_NAMESPACE, "Invalid namespace specified '%.*s'",
				   (int)MIN_OF(ns.len, (size_t)300), (const char *)ns.at);
	call->db = bytes_of(ns.at, (size_t)(dot - ns.at));
	*ret_coll = bytes_of(dot + 1, ns.len - call->db.len - 1);
	if (memchr(ret_coll->at, 0, ret_coll->len) != NULL)
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "namespaces cannot have embedded null characters");
	return 0;
}

static int parse_bounds(struct call *call, struct measure *m, struct error *e)
{
	const struct {
		const char *name;
		struct bytes *ret;
	} parts[] = {{"min", &m->min}, {"max", &m->max}, {"keyPattern", &m->keys}};
	struct bson_field f, other;

	for (size_t i = 0; i < 2; i++)
		if (fields_find(call->cmd, bytes_str(parts[i].name), &f) &&
		    !fields_find(call->cmd, bytes_str(parts[1 - i].name), &other))
			return query_error(e, QUERY_BAD_VALUE, "%s must be set if %s is set",
					   parts[1 - i].name, parts[i].name);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		if (!fields_find(call->cmd, bytes_str(parts[i].name), &f))
			continue;
		if (f.type != BSON_KIND_DOCUMENT && i < 2)
			return query_error(e, QUERY_BAD_VALUE, "%s key must be an object",
					   parts[i].name);
		if (f.type == BSON_KIND_DOCUMENT)
			*parts[i].ret = f.value;
	}
	m->most_bytes = call_number(call, "maxSize", 0);
	m->most_docs = call_number(call, "maxObjects", 0);
	return 0;
}

static int size_of(struct measure *m, struct catalog_entry *entry, struct error *e)
{
	struct call *call = m->call;
	bool estimate = call_flag(call, "estimate");
	bool is_whole = is_empty(m->min) && is_empty(m->max) &&
			(estimate || (m->most_bytes <= 0 && m->most_docs <= 0));

	if (moment_resolve(call->at.moment, entry, e) < 0)
		return e->code;
	if (entry->root.count == 0)
		return 0;
	if (is_whole) {
		m->bytes = (int64_t)entry->root.bytes;
		m->docs = (int64_t)entry->root.count;
	} else {
		m->each = estimate ? (int64_t)(entry->root.bytes / entry->root.count) : 0;
		if (measure(m, entry, e) < 0)
			return e->code;
	}
	bson_build_bool(call->reply, "estimate", estimate);
	if (m->is_cut)
		bson_build_bool(call->reply, "maxReached", true);
	return 0;
}

int handle_data_size(struct call *call, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct measure m = {.call = call};
	struct bytes ns;
	int found;

	if (parse_ns(call, &m.coll, e) < 0)
		return e->code;
	ns = value_of_field(&call->first).data;
	catalog_entry_init(&entry);
	found = call_entry(call, m.coll, &entry, e);
	if (found < 0)
		return found;
	if (found > 0 && entry.type == CATALOG_TIMESERIES)
		return query_error(e, QUERY_NOT_SUPPORTED_ON_VIEW,
				   "Namespace %.*s is a timeseries collection", (int)ns.len,
				   (const char *)ns.at);
	if (found > 0 && entry.type == CATALOG_VIEW)
		return call_is_view(ns, e);
	if (parse_bounds(call, &m, e) < 0 || (found > 0 && size_of(&m, &entry, e) < 0))
		return e->code;
	call_add_number(call, "size", m.bytes);
	call_add_number(call, "numObjects", m.docs);
	bson_build_int32(call->reply, "millis", 0);
	return 0;
}
