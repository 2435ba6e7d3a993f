#include "tools/restore_plan.h"

#include <stdlib.h>
#include <time.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "base/buckets.h"
#include "tools/restore_accounts.h"
#include "tools/restore_expire.h"
#include "tools/restore_fit.h"
#include "tools/restore_spec.h"
#include "tools/restore_there.h"
#include "tools/restore_uuid.h"
#include "tools/term.h"

struct planner {
	struct moment *moment;
	struct restore_target *target;
	struct restore_there *there;
	const struct restore_plan_options *options;
	struct restore_plan *plan;
	size_t room;
	uint64_t done; /* bytes that were looked at */
};

static void item_release(struct restore_plan_item *item)
{
	catalog_entry_release(&item->entry);
	free(item->db);
	free(item->coll);
	free(item->ns);
	free(item->unfit);
	free(item->uuid_taken);
	buf_release(&item->options);
	buf_release(&item->id_index);
	buf_release(&item->indexes);
	buf_release(&item->ttl);
	buf_release(&item->expire);
	buf_release(&item->ttl_there);
	buf_release(&item->expire_there);
	buf_release(&item->lacks);
}

void restore_plan_release(struct restore_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		item_release(&plan->at[i]);
	buf_release(&plan->left.names);
	free(plan->at);
	*plan = (struct restore_plan){0};
}

/* Is it the server's own under the name that it had? Of local nothing is restored in its place, and nothing there is an account. */
static bool was_left(const struct catalog_entry *entry)
{
	OWNED(free) char *db = xstrndup(entry->ns, entry->db_len);

	return strcmp(db, "local") != 0 && restore_left_is(db, entry->ns + entry->db_len + 1);
}

/*
 * "db.coll" of what it becomes. 1; 0 it is left out: by a pattern, too, which is not meant for it (users with their credentials
 * would be documents that others may read).
 */
static int name_it(struct planner *p, struct restore_plan_item *item, struct error *e)
{
	OWNED(buf_release) struct buf name = {0};
	OWNED(buf_release) struct buf shown = {0};
	int renamed = 0;
	const char *dot;

	if (p->options->names != NULL)
		renamed = restore_names_apply(p->options->names,
					      bytes_of(item->entry.ns, item->entry.ns_len), &name);
	else
		buf_add(&name, item->entry.ns, item->entry.ns_len);
	dot = memchr(name.at, '.', name.len);
	if (dot == NULL || dot == (const char *)name.at ||
	    (size_t)(dot + 1 - (const char *)name.at) == name.len ||
	    memchr(name.at, 0, name.len) != NULL)
		return error_set(e, ERR_INVALID,
				 "%s would become \"%s\", which is no database.collection",
				 item->entry.ns, term_escaped(buf_bytes(&name), &shown));
	item->ns = xstrdup(buf_text(&name));
	item->db = xstrndup(item->ns, strcspn(item->ns, "."));
	item->coll = xstrdup(item->ns + strlen(item->db) + 1);
	item->is_buckets = buckets_is(bytes_str(item->coll), NULL);
	return !restore_left_is(item->db, item->coll) && (renamed != 1 || !was_left(&item->entry));
}

static struct restore_plan_item *add_item(struct planner *p)
{
	struct restore_plan *plan = p->plan;

	if (plan->count == p->room) {
		p->room = p->room == 0 ? 64 : p->room * 2;
		plan->at = xrealloc(plan->at, p->room * sizeof(*plan->at));
	}
	plan->at[plan->count] = (struct restore_plan_item){0};
	catalog_entry_init(&plan->at[plan->count].entry);
	return &plan->at[plan->count++];
}

static void drop_item(struct planner *p)
{
	item_release(&p->plan->at[--p->plan->count]);
}

/* The namespaces of the moment that the filter takes, under their new names. */
static int collect(struct planner *p, struct error *e)
{
	int in_admin = restore_accounts_in_admin(p->moment, e);

	for (uint64_t i = 0; i < moment_count(p->moment); i++) {
		struct restore_plan_item *item = add_item(p);
		struct bytes coll;
		char *db;
		bool taken, account;
		int wanted;

		if (in_admin < 0 || moment_entry(p->moment, i, &item->entry, e) < 0)
			return e->code;
		coll = catalog_entry_coll(&item->entry);
		db = xstrndup(item->entry.ns, item->entry.db_len);
		taken = ns_filter_takes(p->options->filter, db, (const char *)coll.at, coll.len);
		free(db);
		/* Written by a command of their own. */
		account = restore_accounts_is(&item->entry, in_admin > 0);
		p->plan->has_accounts |= account && (taken || in_admin > 0);
		wanted = taken ? name_it(p, item, e) : 0;
		if (wanted < 0)
			return wanted;
		if (wanted == 0) {
			if (taken && !account)
				restore_left_note(&p->plan->left, &item->entry);
			drop_item(p);
		}
	}
	return 0;
}

static int by_ns(const void *a, const void *b)
{
	return strcmp((*(struct restore_plan_item *const *)a)->ns,
		      (*(struct restore_plan_item *const *)b)->ns);
}

/* Two that become one are a slip. */
static int check_names(struct planner *p, struct error *e)
{
	struct restore_plan *plan = p->plan;
	OWNED(free)
	const struct restore_plan_item **sorted = xcalloc(plan->count + 1, sizeof(*sorted));

	for (size_t i = 0; i < plan->count; i++)
		sorted[i] = &plan->at[i];
	if (plan->count > 1)
		qsort(sorted, plan->count, sizeof(*sorted), by_ns);
	for (size_t i = 1; i < plan->count; i++)
		if (strcmp(sorted[i - 1]->ns, sorted[i]->ns) == 0)
			return error_set(e, ERR_INVALID, "%s and %s would both become %s",
					 sorted[i - 1]->entry.ns, sorted[i]->entry.ns,
					 sorted[i]->ns);
	return 0;
}

static const struct restore_plan_item *find_item(const struct restore_plan *plan, const char *db,
						 const char *coll)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->at[i].coll, coll) == 0 && strcmp(plan->at[i].db, db) == 0)
			return &plan->at[i];
	return NULL;
}

static int look_for_validator(struct restore_plan_item *item, struct bytes options, struct error *e)
{
	struct bson_field field;
	int found = bson_find(options, "validator", &field, e);

	item->bypasses |= found > 0 || item->is_buckets;
	return MIN_OF(found, 0);
}

/* Options and indexes as commands take them; can the server hold it? */
static int specify(struct planner *p, struct restore_plan_item *item, struct error *e)
{
	struct catalog_entry *entry = &item->entry;
	const struct restore_plan_item *series;
	OWNED(buf_release) struct buf unused = {0};

	item->natural = entry->root.kind == TREE_RANKED;
	if (restore_spec_options(buf_bytes(&entry->options), p->target->major, p->target->minor,
				 &item->options, &item->expire, e) < 0 ||
	    look_for_validator(item, buf_bytes(&entry->options), e) < 0 ||
	    restore_spec_indexes(buf_bytes(&entry->options), buf_bytes(&entry->indexes),
				 p->options->no_ttl, &item->id_index, &item->indexes, &item->ttl,
				 e) < 0)
		return error_wrap(e, "%s", entry->ns);
	if (p->options->no_ttl)
		buf_reset(&item->expire);
	if (!item->is_buckets)
		return 0;
	series = find_item(p->plan, item->db, item->coll + strlen(BUCKETS_PREFIX));
	if (series == NULL) {
		error_set(e, ERR_REFUSED,
			  "%s: the time series that these buckets belong to is not there",
			  entry->ns);
		return error_hint(e,
				  "servers may leave such behind, and mongodump leaves them "
				  "out; here --nsExclude %.*s.%s does",
				  (int)entry->db_len, entry->ns,
				  entry->ns + entry->db_len + 1 + strlen(BUCKETS_PREFIX));
	}
	buf_reset(&item->expire);
	return restore_spec_options(buf_bytes(&series->entry.options), p->target->major,
				    p->target->minor, &unused, &item->expire, e);
}

/* ---- what is there */

/* The first reason counts. */
static void refuse(struct restore_plan_item *item, const char *why)
{
	if (item->refusal == NULL)
		item->refusal = why;
}

/* The same, where only --mode drop helps. */
static void refuse_for_good(struct restore_plan_item *item, const char *why)
{
	if (item->refusal == NULL)
		item->needs_drop = true;
	refuse(item, why);
}

static bool is_other_kind(const struct catalog_entry *entry, const char *type)
{
	return strcmp(catalog_type_name(entry->type), type) != 0;
}

/*
 * What is capped, or a series of another kind, would lose what is there, or what comes. What only has other rules takes all
 * of it, and keeps them when a mode says that it is meant as it is.
 */
static int judge_options(struct planner *p, struct restore_plan_item *item, struct bytes options,
			 struct error *e)
{
	const char *kind, *rules;

	kind = rules = NULL;
	if (!item->is_buckets &&
	    restore_spec_compare(buf_bytes(&item->entry.options), options, &kind, &rules, e) < 0)
		return e->code;
	if (kind != NULL)
		refuse_for_good(item, kind);
	if (p->options->mode == RESTORE_MODE_NONE && (item->has_data || rules != NULL))
		refuse(item, item->has_data ? "holds data" : rules);
	return 0;
}

/*
 * What stays removes documents by its own indexes and option; those of the moment are made only where there is no data: what
 * is not there is told.
 */
static int look_at_indexes(struct planner *p, struct restore_plan_item *item, struct bytes options,
			   struct error *e)
{
	OWNED(buf_release) struct buf rest = {0};
	OWNED(buf_release) struct buf there = {0};
	int listed =
		restore_there_indexes(p->there, item->db, item->coll, &item->ttl_there, &there, e);

	if (listed < 0 || restore_spec_options(options, p->target->major, p->target->minor, &rest,
					       &item->expire_there, e) < 0)
		return e->code;
	if (item->action != RESTORE_MERGE)
		return 0;
	buf_add_bytes(&there, buf_bytes(&item->ttl_there));
	if (listed > 0 && !item->is_buckets &&
	    (restore_spec_lacks(buf_bytes(&item->indexes), buf_bytes(&there), &item->lacks, e) <
		     0 ||
	     restore_spec_lacks(buf_bytes(&item->ttl), buf_bytes(&there), &item->lacks, e) < 0))
		return e->code;
	buf_reset(&item->ttl);
	buf_reset(&item->expire);
	return 0;
}

/* A time series that is there: its indexes belong to who has documents in it. */
static int judge_series(struct planner *p, struct restore_plan_item *item, struct bytes options,
			struct error *e)
{
	const struct restore_plan_options *o = p->options;
	OWNED(free) char *buckets = xprintf(BUCKETS_PREFIX "%s", item->coll);
	int has;

	if (o->was_begun != NULL && o->was_begun(o->ctx, item->ns)) {
		item->action = RESTORE_FILL;
		return 0;
	}
	has = restore_there_has_data(p->there, item->db, buckets, e);
	if (has < 0)
		return has;
	item->action = has ? RESTORE_LEAVE : RESTORE_FILL;
	return judge_options(p, item, options, e);
}

/* 1 or 0: has it the moment's? */
static int has_collation(const struct restore_plan_item *item, struct bytes options,
			 struct error *e)
{
	struct bson_field ours, theirs;
	int a = bson_find(buf_bytes(&item->entry.options), "collation", &ours, e);
	int b = a < 0 ? a : bson_find(options, "collation", &theirs, e);

	if (b < 0)
		return b;
	if (a == 0 || b == 0 || ours.type != BSON_KIND_DOCUMENT ||
	    theirs.type != BSON_KIND_DOCUMENT)
		return a == b;
	return restore_spec_same_collation(ours.value, theirs.value, e);
}

/* A collection that is there, not to be dropped. */
static int judge_there(struct planner *p, struct restore_plan_item *item, struct bytes options,
		       struct error *e)
{
	const struct restore_plan_options *o = p->options;
	int has = restore_there_has_data(p->there, item->db, item->coll, e), same;

	if (has < 0)
		return has;
	item->has_data = has > 0;
	item->action = item->has_data ? RESTORE_MERGE : RESTORE_FILL;
	if (o->was_begun != NULL && o->was_begun(o->ctx, item->ns)) {
		item->action = RESTORE_FILL;
		return 0;
	}
	if (o->preserve_uuid && o->mode != RESTORE_MODE_DROP)
		refuse_for_good(item, "is there, and --preserveUUID makes it anew");
	if (item->has_data && item->natural)
		refuse_for_good(item, "holds data and keeps its natural order");
	same = item->is_buckets ? 1 : has_collation(item, options, e);
	if (same < 0)
		return e->code;
	if (same == 0)
		refuse_for_good(item, "has another collation");
	return judge_options(p, item, options, e);
}

static int look(struct planner *p, struct restore_plan_item *item, struct error *e)
{
	const struct restore_plan_options *o = p->options;
	const char *type = "";
	struct bytes options = {0};
	int found = restore_there_find(p->there, item->db, item->coll, &type, &options, e);

	if (found < 0)
		return found;
	item->action = RESTORE_CREATE;
	if (found == 0)
		return 0;
	/* No server drops it: its documents are put back. */
	if (o->mode == RESTORE_MODE_DROP && strcmp(item->coll, "system.js") != 0 &&
	    (o->was_begun == NULL || !o->was_begun(o->ctx, item->ns))) {
		item->action = RESTORE_RECREATE;
		return 0;
	}
	if (is_other_kind(&item->entry, type)) {
		refuse_for_good(item, "is there as something else");
		return 0;
	}
	if (item->entry.type == CATALOG_COLLECTION) {
		if (judge_there(p, item, options, e) < 0)
			return e->code;
		if (look_for_validator(item, options, e) < 0)
			return e->code;
		return look_at_indexes(p, item, options, e);
	}
	if (item->entry.type == CATALOG_TIMESERIES)
		return judge_series(p, item, options, e);
	item->action = RESTORE_LEAVE;
	if (!bytes_equal(options, buf_bytes(&item->entry.options)) &&
	    o->mode == RESTORE_MODE_REPLACE)
		item->action = RESTORE_RECREATE;
	else if (!bytes_equal(options, buf_bytes(&item->entry.options)) &&
		 o->mode == RESTORE_MODE_NONE &&
		 (o->was_begun == NULL || !o->was_begun(o->ctx, item->ns)))
		refuse(item, "is another view");
	return 0;
}

/* What the target can't hold is not begun: with a mode that drops, what is there would be gone by then. */
static int take_fit(struct restore_plan_item *item, int fits, struct buf *why)
{
	if (fits == 0 && item->unfit == NULL) {
		item->unfit = xstrdup(buf_text(why));
		item->refusal = item->unfit;
		item->needs_drop = false;
	}
	return MIN_OF(fits, 0);
}

static int check_fit(struct planner *p, struct restore_plan_item *item, struct error *e)
{
	OWNED(buf_release) struct buf why = {0};

	return take_fit(item, restore_fit_check(p->target, item, &why, e), &why);
}

static int check_bucket(struct planner *p, struct restore_plan_item *item, struct bytes doc,
			struct error *e)
{
	OWNED(buf_release) struct buf why = {0};

	if (!item->is_buckets)
		return 0;
	return take_fit(item, restore_fit_bucket(p->target, doc, &why, e), &why);
}

/* ---- how much it is */

static int report(struct planner *p, uint64_t bytes, struct error *e)
{
	const struct progress *progress = p->options->progress;

	p->done += bytes;
	if (progress == NULL)
		return 0;
	progress->report(progress->ctx, "planning", p->done, 0);
	if (progress_cancelled(progress))
		return error_set(e, ERR_CANCELLED, "interrupted; nothing was written");
	return 0;
}

static int count_expired(struct restore_plan_item *item, struct restore_expire *comes,
			 struct restore_expire *stays, struct bytes doc, int64_t now,
			 struct error *e)
{
	int64_t when, there;

	if (restore_expire_when(comes, doc, &when, e) < 0 ||
	    restore_expire_when(stays, doc, &there, e) < 0)
		return e->code;
	item->expired += MIN_OF(when, there) <= now;
	item->expired_there += there <= now;
	return 0;
}

/* Read what is meant of it: to count it, and what of it a TTL index would remove. */
static int scan(struct planner *p, struct restore_plan_item *item, struct error *e)
{
	OWNED(restore_picker_free) struct restore_picker *picker = NULL;
	OWNED(restore_expire_free) struct restore_expire *comes = NULL;
	OWNED(restore_expire_free) struct restore_expire *stays = NULL;
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(moment_store(p->moment), &item->entry.root);
	int64_t now = (int64_t)time(NULL);
	struct bytes doc;
	int more = 1;

	if (restore_picker_new(p->options->select, &item->entry, &picker, e) < 0 ||
	    restore_expire_new(buf_bytes(&item->ttl), buf_bytes(&item->expire), item->is_buckets,
			       &item->entry, &comes, e) < 0 ||
	    restore_expire_new(buf_bytes(&item->ttl_there), buf_bytes(&item->expire_there),
			       item->is_buckets, &item->entry, &stays, e) < 0 ||
	    (item->count > 0 && tree_cursor_seek_rank(cursor, item->first, e) < 0))
		return e->code;
	item->documents = item->bytes = 0;
	for (uint64_t i = 0; i < item->count && (more = tree_cursor_next(cursor, &doc, e)) > 0;
	     i++) {
		int taken = restore_picker_takes(picker, doc, e);

		if (taken < 0 || report(p, doc.len, e) < 0)
			return e->code;
		if (taken == 0)
			continue;
		item->documents++;
		item->bytes += doc.len;
		if (count_expired(item, comes, stays, doc, now, e) < 0 ||
		    check_bucket(p, item, doc, e) < 0)
			return e->code;
	}
	return MIN_OF(more, 0);
}

static int measure(struct planner *p, struct restore_plan_item *item, struct error *e)
{
	const struct restore_plan_options *o = p->options;
	bool removes = item->ttl.len > 0 || item->expire.len > 0 || item->ttl_there.len > 0 ||
		       item->expire_there.len > 0;
	bool looks =
		item->is_buckets &&
		restore_fit_looks_at_buckets(p->target, moment_snapshot(p->moment)->server_version);

	if (restore_select_ranks(o->select, moment_store(p->moment), &item->entry, &item->first,
				 &item->count, e) < 0)
		return e->code;
	item->documents = item->entry.root.count;
	item->bytes = item->entry.root.bytes;
	if ((o->select != NULL || looks || (removes && o->shows_expired)) && scan(p, item, e) < 0)
		return error_wrap(e, "%s", item->entry.ns);
	p->plan->documents += item->documents;
	p->plan->bytes += item->bytes;
	p->plan->expired += item->expired;
	return 0;
}

/* With --id or --query documents are meant: what holds none itself is left out. */
static void keep_documents_only(struct restore_plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->count; i++) {
		struct restore_plan_item *item = &plan->at[i];

		if (item->entry.type == CATALOG_COLLECTION && !item->is_buckets)
			plan->at[kept++] = *item;
		else
			item_release(item);
	}
	plan->count = kept;
}

/* And where none of them is meant there is nothing to do. */
static void keep_what_has_some(struct restore_plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->count; i++)
		if (plan->at[i].documents > 0)
			plan->at[kept++] = plan->at[i];
		else
			item_release(&plan->at[i]);
	plan->count = kept;
}

static int none(struct planner *p, struct error *e)
{
	const char *at = moment_snapshot(p->moment)->name;

	if (p->options->select != NULL) {
		error_set(e, ERR_NOT_FOUND, "no document of %s is meant by that", at);
		return error_hint(e,
				  "'yester cat' with the same --at, --id and --query shows them");
	}
	error_set(e, ERR_NOT_FOUND, "no namespace of %s is included", at);
	if (p->plan->has_accounts && !ns_filter_is_partial(p->options->filter))
		return error_hint(e, "it has users and roles: --restoreDbUsersAndRoles");
	return error_hint(e, "'yester ls' with the same --at lists them; patterns are "
			     "database.collection: shop.*");
}

static int make(struct planner *p, struct error *e)
{
	struct restore_plan *plan = p->plan;

	if (collect(p, e) < 0 || check_names(p, e) < 0)
		return e->code;
	if (p->options->select != NULL)
		keep_documents_only(plan);
	for (size_t i = 0; i < plan->count; i++) {
		struct restore_plan_item *item = &plan->at[i];

		if (moment_resolve(p->moment, &item->entry, e) < 0 || specify(p, item, e) < 0 ||
		    look(p, item, e) < 0 || check_fit(p, item, e) < 0 || measure(p, item, e) < 0)
			return e->code;
	}
	if (p->options->preserve_uuid && restore_uuid_check(plan, p->there, e) < 0)
		return e->code;
	if (p->options->select != NULL)
		keep_what_has_some(plan);
	return plan->count == 0 && !(p->options->accounts && plan->has_accounts) ? none(p, e) : 0;
}

int restore_plan_make(struct moment *moment, struct restore_target *target,
		      const struct restore_plan_options *options, struct restore_plan *ret,
		      struct error *e)
{
	OWNED(restore_there_free) struct restore_there *there = restore_there_new(target);
	OWNED(restore_plan_release) struct restore_plan plan = {0};
	struct planner p = {
		.moment = moment,
		.target = target,
		.there = there,
		.options = options,
		.plan = &plan,
	};

	if (make(&p, e) < 0)
		return e->code;
	*ret = plan;
	plan = (struct restore_plan){0};
	return 0;
}
