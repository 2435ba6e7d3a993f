#include "base/ns_filter.h"

#include <stdio.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "base/buckets.h"

#define ANY 0x100 /* the element that matches any number of bytes */

/* A pattern as it was given, and taken apart: bytes to be matched as they are, and ANY. */
struct pattern {
	char *text;
	uint16_t *at;
	size_t len;
};

struct pattern_list {
	struct pattern *at;
	size_t count;
};

struct ns_filter {
	struct pattern_list includes;
	struct pattern_list excludes;
};

struct ns_filter *ns_filter_new(void)
{
	return xcalloc(1, sizeof(struct ns_filter));
}

static void list_release(struct pattern_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->at[i].text);
		free(list->at[i].at);
	}
	free(list->at);
}

void ns_filter_free(struct ns_filter *filter)
{
	if (filter == NULL)
		return;
	list_release(&filter->includes);
	list_release(&filter->excludes);
	free(filter);
}

static int COLD bad_pattern(const char *pattern, const char *why, struct error *e)
{
	error_set(e, ERR_INVALID, "\"%s\" is not a namespace pattern: %s", pattern, why);
	return error_hint(e, "write database.collection; * matches anything, \\* an asterisk");
}

/* Add `text` to the list. */
static int list_add(struct pattern_list *list, const char *text, struct error *e)
{
	struct pattern pattern = {.at = xcalloc(strlen(text) + 1, sizeof(*pattern.at))};
	bool can_match = false; /* every namespace has a dot */

	for (const char *at = text; *at != '\0'; at++) {
		uint16_t element = (uint8_t)*at;

		if (*at == '*')
			element = ANY;
		else if (*at == '\\' && at[1] != '\0')
			element = (uint8_t) * ++at;
		can_match |= element == ANY || element == '.';
		pattern.at[pattern.len++] = element;
	}
	if (strchr(text, '$') != NULL || !can_match) {
		free(pattern.at);
		return bad_pattern(text, can_match ? "it has a $" : "it has no dot", e);
	}
	pattern.text = xstrdup(text);
	list->at = xrealloc(list->at, (list->count + 1) * sizeof(*list->at));
	list->at[list->count++] = pattern;
	return 0;
}

int ns_filter_include(struct ns_filter *filter, const char *pattern, struct error *e)
{
	return list_add(&filter->includes, pattern, e);
}

int ns_filter_exclude(struct ns_filter *filter, const char *pattern, struct error *e)
{
	return list_add(&filter->excludes, pattern, e);
}

/* Does the whole text match? Goes back to the last ANY only, which is enough. */
static bool pattern_matches(const struct pattern *pattern, struct bytes text)
{
	size_t p = 0;
	size_t t = 0;
	size_t retry_p = SIZE_MAX;
	size_t retry_t = 0;

	while (t < text.len) {
		if (p < pattern->len && pattern->at[p] == ANY) {
			retry_p = ++p;
			retry_t = t;
		} else if (p < pattern->len && pattern->at[p] == text.at[t]) {
			p++;
			t++;
		} else if (retry_p != SIZE_MAX) {
			p = retry_p;
			t = ++retry_t;
		} else {
			return false;
		}
	}
	while (p < pattern->len && pattern->at[p] == ANY)
		p++;
	return p == pattern->len;
}

static bool list_matches(const struct pattern_list *list, struct bytes text)
{
	for (size_t i = 0; i < list->count; i++)
		if (pattern_matches(&list->at[i], text))
			return true;
	return false;
}

bool ns_filter_takes_ns(const struct ns_filter *filter, struct bytes ns)
{
	const uint8_t *dot = memchr(ns.at, '.', ns.len);
	OWNED(buf_release) struct buf name = {0};
	struct bytes coll;
	size_t db_len;

	if (!ns_filter_is_partial(filter))
		return true;
	if (dot == NULL)
		return false;
	db_len = (size_t)(dot - ns.at);
	coll = bytes_of(dot + 1, ns.len - db_len - 1);
	if (buckets_is(coll, &coll)) {
		buf_add(&name, ns.at, db_len + 1);
		buf_add_bytes(&name, coll);
		ns = buf_bytes(&name);
	}
	if (filter->includes.count > 0 && !list_matches(&filter->includes, ns))
		return false;
	return !list_matches(&filter->excludes, ns);
}

bool ns_filter_takes(const struct ns_filter *filter, const char *db, const char *coll,
		     size_t coll_len)
{
	OWNED(buf_release) struct buf name = {0};

	if (!ns_filter_is_partial(filter))
		return true;
	buf_add_str(&name, db);
	buf_add_u8(&name, '.');
	buf_add(&name, coll, coll_len);
	return ns_filter_takes_ns(filter, buf_bytes(&name));
}

bool ns_filter_is_partial(const struct ns_filter *filter)
{
	return filter != NULL && (filter->includes.count > 0 || filter->excludes.count > 0);
}

static void encode_list(struct buf *b, const char *name, const struct pattern_list *list)
{
	size_t array = bson_build_open_array(b, name);
	char number[24];

	for (size_t i = 0; i < list->count; i++) {
		snprintf(number, sizeof(number), "%zu", i);
		bson_build_string(b, number, bytes_str(list->at[i].text));
	}
	bson_build_end(b, array);
}

void ns_filter_encode(const struct ns_filter *filter, struct buf *ret)
{
	size_t doc = bson_build_begin(ret);

	encode_list(ret, "include", &filter->includes);
	encode_list(ret, "exclude", &filter->excludes);
	bson_build_end(ret, doc);
}

static int decode_pattern(const struct bson_field *item, struct pattern_list *list, struct error *e)
{
	OWNED(free) char *text = NULL;
	struct bytes bytes;

	if (item->type != BSON_KIND_STRING || bson_text(item->value, &bytes, e) < 0)
		return error_set(e, ERR_CORRUPT, "a pattern that is no text");
	text = xstrndup((const char *)bytes.at, bytes.len);
	if (strlen(text) != bytes.len || list_add(list, text, e) < 0)
		return error_set(e, ERR_CORRUPT, "a pattern that is none");
	return 0;
}

/* The patterns in the array that is field `name`. */
static int decode_list(struct bytes doc, const char *name, struct pattern_list *list,
		       struct error *e)
{
	struct bson_field field, item;
	struct bson_fields fields;
	int found = bson_find(doc, name, &field, e);

	if (found < 0)
		return found;
	if (found == 0 || field.type != BSON_KIND_ARRAY)
		return error_set(e, ERR_CORRUPT, "no list \"%s\" of patterns", name);
	fields = bson_fields(field.value);
	while ((found = bson_fields_next(&fields, &item, e)) == 1)
		if (decode_pattern(&item, list, e) < 0)
			return e->code;
	return found;
}

int ns_filter_decode(struct bytes doc, struct ns_filter **ret, struct error *e)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();

	if (decode_list(doc, "include", &filter->includes, e) < 0 ||
	    decode_list(doc, "exclude", &filter->excludes, e) < 0)
		return e->code;
	*ret = TAKE(filter);
	return 0;
}
