#include "store/leaf_facts.h"

#include "base/bson_check.h"
#include "base/ejson.h"

int leaf_facts_measure(struct bytes leaf, struct chunk_facts *ret, struct error *e)
{
	struct chunk_facts facts = {.renderer = EJSON_VERSION};

	while (leaf.len > 0) {
		int64_t len = bson_next(leaf, leaf.len, e);
		struct bytes doc;
		uint64_t relaxed, canonical;

		if (len < 0)
			return e->code;
		doc = bytes_of(leaf.at, (size_t)len);
		if (ejson_sizes(doc, &relaxed, &canonical, e) < 0)
			return e->code;
		facts.documents++;
		facts.relaxed += relaxed + 1; /* and a newline */
		facts.canonical += canonical + 1;
		leaf.at += len;
		leaf.len -= (size_t)len;
	}
	*ret = facts;
	return 0;
}
