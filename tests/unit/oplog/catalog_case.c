#include "tests/unit/oplog/catalog_case.h"

static void expand(const char *text, struct buf *ret)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (; *text != '\0'; text++) {
		unsigned byte;

		if (*text != '@') {
			buf_add_u8(ret, (uint8_t)*text);
			continue;
		}
		byte = 0x11u * (unsigned)(*++text - '0');
		buf_add_str(ret, "{'$binary':{'base64':'");
		for (unsigned i = 0; i < 22; i++) {
			unsigned bits[] = {byte >> 2, (byte & 3) << 4 | byte >> 4,
					   (byte & 15) << 2 | byte >> 6, byte & 63};

			buf_add_u8(ret, (uint8_t)letters[i == 21 ? (byte & 3) << 4 : bits[i % 4]]);
		}
		buf_add_str(ret, "==','subType':'04'}}");
	}
}

static struct bytes expand_doc(const char *text, struct buf *ret)
{
	OWNED(buf_release) struct buf full = {0};

	expand(text, &full);
	return text_doc(ret, buf_text(&full));
}

static bool get(struct bytes doc, const char *name, struct bson_field *ret)
{
	struct error e = {0};

	return ASSERT_OK(bson_find(doc, name, ret, &e)) > 0;
}

static struct bytes text_in(struct bytes doc, const char *name)
{
	struct bson_field field;
	struct bytes text = {0};
	struct error e = {0};

	if (get(doc, name, &field))
		ASSERT_OK(bson_text(field.value, &text, &e));
	return text;
}

void load_one(struct replay_catalog *catalog, const char *text)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(buf_release) struct buf b = {0};
	struct bytes doc = expand_doc(text, &b), ns = text_in(doc, "ns"), type = text_in(doc, "t");
	struct bson_field field;
	struct error e = {0};

	entry.ns = xstrndup((const char *)ns.at, ns.len);
	entry.ns_len = ns.len;
	entry.db_len = (size_t)(strchr(entry.ns, '.') - entry.ns);
	entry.has_metadata = get(doc, "i", &field) || type.len > 0;
	if (entry.has_metadata && type.len == 0)
		buf_add_bytes(&entry.indexes, field.value);
	if (type.len > 0)
		entry.type = type.at[0] == 'v' ? CATALOG_VIEW : CATALOG_TIMESERIES;
	if (type.len > 0 && get(doc, "i", &field))
		buf_add_bytes(&entry.indexes, field.value);
	if (get(doc, "o", &field))
		buf_add_bytes(&entry.options, field.value);
	if (get(doc, "u", &field)) {
		entry.has_uuid = true;
		memcpy(entry.uuid, field.value.at + 5, 16);
	}
	if (get(doc, "n", &field))
		entry.root.count = get_le32(field.value.at);
	ASSERT_OK(replay_catalog_load(catalog, &entry, &e));
}

/* What the partial bases of the cases cover. */
static const struct ns_filter *all_of_d(void)
{
	static struct ns_filter *filter;
	struct error e;

	if (filter == NULL) {
		filter = ns_filter_new();
		ASSERT_OK(ns_filter_include(filter, "d.*", &e));
	}
	return filter;
}

static struct replay_catalog *begin(const struct catalog_case *c)
{
	char version[16];
	struct replay_catalog_options options = {.fuzzy = c->flags & FUZZY,
						 .partial = c->flags & PARTIAL};
	struct replay_catalog *catalog;

	if (c->flags & PARTIAL)
		options.coverage = all_of_d();
	snprintf(version, sizeof(version), "%u.0.1", c->flags >> 8 ? c->flags >> 8 : 6);
	options.server_version = version;
	catalog = replay_catalog_new(&options);
	for (size_t i = 0; i < COUNT_OF(c->base) && c->base[i] != NULL; i++)
		load_one(catalog, c->base[i]);
	return catalog;
}

/* "1 {create: ..}": a command on d.$cmd with UUID 1; "{op: ..}": any entry; "i1 d.c": an insert. */
void entry_text(const char *line, unsigned rank, struct buf *ret)
{
	OWNED(buf_release) struct buf text = {0};
	char rest[64];

	buf_printf(&text, "{'ts':{'$timestamp':{'t':100,'i':%u}},'t':1,'v':2,", rank + 1);
	if (line[0] == '{') {
		buf_add_str(&text, line + 1);
	} else if (strchr("iud", line[0]) != NULL) {
		buf_printf(&text, "'op':'%c','ns':'%s',", line[0], line + 3);
		if (line[1] != ' ')
			buf_printf(&text, "'ui':@%c,", line[1]);
		snprintf(rest, sizeof(rest), "'o':{'_id':1},'o2':{'_id':1}}");
		buf_add_str(&text, rest);
	} else {
		buf_add_str(&text, "'op':'c','ns':'d.$cmd',");
		if (line[0] != ' ')
			buf_printf(&text, "'ui':@%c,", line[0]);
		buf_printf(&text, "'o':%s}", line + 2);
	}
	expand_doc(buf_text(&text), ret);
}

static void describe_indexes(struct bytes indexes, struct buf *ret)
{
	struct bson_fields fields = bson_fields(indexes);
	struct bson_field field;
	struct error e = {0};
	const char *before = " (";

	while (indexes.len > 0 && ASSERT_OK(bson_fields_next(&fields, &field, &e)) > 0) {
		buf_add_str(ret, before);
		buf_add_bytes(ret, text_in(field.value, "name"));
		before = ",";
	}
	if (before[0] == ',')
		buf_add_str(ret, ")");
}

static void describe(const struct result_entry *at, struct buf *ret)
{
	const struct catalog_entry *entry = &at->entry;
	const char *tmp = strstr(entry->ns, ".tmp");

	if (tmp != NULL && strlen(tmp) > 10 && tmp[9] == '.')
		buf_printf(ret, "%.*s.tmp?%s", (int)(tmp - entry->ns), entry->ns, tmp + 9);
	else
		buf_add_str(ret, entry->ns);
	if (entry->has_uuid)
		buf_printf(ret, "=%x", entry->uuid[0] >> 4);
	if (entry->type != CATALOG_COLLECTION)
		buf_printf(ret, ":%s", catalog_type_name(entry->type));
	if (entry->options.len > BSON_MIN_LEN) {
		buf_add_str(ret, " ");
		buf_add_str(ret, text_of_doc(buf_bytes(&entry->options)));
	}
	describe_indexes(buf_bytes(&entry->indexes), ret);
	if (entry->root.count > 0)
		buf_printf(ret, " #%u", (unsigned)entry->root.count);
	if (at->routed > 0)
		buf_printf(ret, " +%u", at->routed);
	if (at->stopped != NULL)
		buf_add_str(ret, " !");
}

void run_log(struct run *run, const char *name, const char *const *log, size_t count)
{
	for (unsigned i = 0; i < count && log[i] != NULL; i++) {
		OWNED(buf_release) struct buf b = {0};
		struct error e = {0};
		struct entry entry;

		entry_text(log[i], i, &b);
		if (entry_parse(buf_bytes(&b), &entry, &e) < 0 || run_entry(run, &entry, &e) < 0)
			fail_msg("%s, entry %u: %s", name, i, e.text);
	}
}

void run_case(const struct catalog_case *c, struct run *run, struct result *result)
{
	*run = (struct run){.catalog = begin(c)};
	run_log(run, c->name, c->log, COUNT_OF(c->log));
	finish_into(run, result);
}

static void check_case(const struct catalog_case *c)
{
	OWNED(result_release) struct result result = {0};
	OWNED(buf_release) struct buf got = {0};
	struct run run;

	run_case(c, &run, &result);
	for (size_t i = 0; i < result.count; i++) {
		if (i > 0)
			buf_add_str(&got, "; ");
		describe(&result.at[i], &got);
	}
	for (size_t i = 0; i < got.len; i++)
		if (got.at[i] == '"')
			got.at[i] = '\'';
	if (strcmp(buf_text(&got), c->expected) != 0)
		fail_msg("%s\nexpected %s\nfound    %s", c->name, c->expected, buf_text(&got));
	replay_catalog_free(run.catalog);
}

void check_cases(const struct catalog_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_case(&cases[i]);
}
