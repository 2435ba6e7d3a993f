#include "tools/restore_uuid.h"

#include <stdlib.h>

#include "tools/term.h"

static bool is_made_with_uuid(const struct restore_plan_item *item)
{
	return (item->action == RESTORE_CREATE || item->action == RESTORE_RECREATE) &&
	       item->entry.type == CATALOG_COLLECTION && item->entry.has_uuid && !item->is_buckets;
}

/* Is it dropped before anything is made? */
static bool is_dropped(const struct restore_plan *plan, const char *db, const char *coll)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->at[i].coll, coll) == 0 && strcmp(plan->at[i].db, db) == 0)
			return plan->at[i].action == RESTORE_RECREATE;
	return false;
}

int restore_uuid_check(struct restore_plan *plan, struct restore_there *there, struct error *e)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct restore_plan_item *item = &plan->at[i];
		OWNED(buf_release) struct buf shown = {0};
		OWNED(free) char *ns = NULL;
		const char *db, *coll;
		int found;

		if (!is_made_with_uuid(item))
			continue;
		found = restore_there_uuid(there, item->entry.uuid, &db, &coll, e);
		if (found < 0)
			return found;
		if (found == 0 || is_dropped(plan, db, coll) || item->refusal != NULL)
			continue;
		ns = xprintf("%s.%s", db, coll);
		item->uuid_taken = xprintf("had the UUID that %s has by now",
					   term_escaped(bytes_str(ns), &shown));
		item->refusal = item->uuid_taken;
	}
	return 0;
}
