#include "tools/oplog_own.h"

#define SPAN_SECONDS (15 * 60U)

void oplog_own_end_slice(struct oplog_own *own)
{
	if (own->begin.ts != 0 && !own->seen &&
	    entry_seconds(own->newest.ts) - entry_seconds(own->begin.ts) >= SPAN_SECONDS &&
	    own->suspects++ == 0) {
		own->first = own->begin;
		own->last = own->newest;
	}
	own->begin = own->newest = (struct entry_optime){0};
	own->seen = false;
}

/* An empty namespace (noops), or one in config or admin (transactions, too). What can't be read is taken for one. */
static bool is_own(struct bytes doc)
{
	static const char *const dbs[] = {"config.", "admin."};
	struct bson_field ns;
	struct error ignored;
	struct bytes text;

	if (bson_find(doc, "ns", &ns, &ignored) != 1 || ns.type != BSON_KIND_STRING ||
	    bson_text(ns.value, &text, &ignored) < 0 || text.len == 0)
		return true;
	for (size_t i = 0; i < COUNT_OF(dbs); i++)
		if (text.len > strlen(dbs[i]) && memcmp(text.at, dbs[i], strlen(dbs[i])) == 0)
			return true;
	return false;
}

void oplog_own_look(struct oplog_own *own, const struct entry_optime *at, struct bytes doc)
{
	if (own->begin.ts == 0)
		own->begin = *at;
	own->newest = *at;
	own->seen = own->seen || is_own(doc);
}
