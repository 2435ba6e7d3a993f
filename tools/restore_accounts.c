#include "tools/restore_accounts.h"

#include <string.h>

static const char *const names[] = {"system.users", "system.roles"};

int restore_accounts_in_admin(struct moment *moment, struct error *e)
{
	int found = 0;

	for (size_t i = 0; i < COUNT_OF(names) && found == 0; i++) {
		OWNED(buf_release) struct buf ns = {0};

		buf_printf(&ns, "admin.%s", names[i]);
		found = moment_find(moment, buf_bytes(&ns), NULL, NULL, e);
	}
	return found;
}

bool restore_accounts_is(const struct catalog_entry *entry, bool in_admin)
{
	const char *coll = entry->ns + entry->db_len + 1;
	bool of_admin = strncmp(entry->ns, "admin.", strlen("admin.")) == 0;

	if (strncmp(coll, RESTORE_ACCOUNTS_BESIDE, strlen(RESTORE_ACCOUNTS_BESIDE)) == 0) {
		if (in_admin)
			return false;
		coll += strlen(RESTORE_ACCOUNTS_BESIDE);
	} else if (!of_admin) {
		return false;
	}
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(coll, names[i]) == 0)
			return true;
	return false;
}

/* Entries are sorted by their names: those of one database follow each other. */
static int each_database(struct moment *moment, const struct ns_filter *filter,
			 int (*take)(void *ctx, const char *db, struct error *e), void *ctx,
			 struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(free) char *last = xstrdup("");

	catalog_entry_init(&entry);
	for (uint64_t i = 0; i < moment_count(moment); i++) {
		char *db;

		if (moment_entry(moment, i, &entry, e) < 0)
			return e->code;
		if (!restore_accounts_is(&entry, false))
			continue;
		db = xstrndup(entry.ns, entry.db_len);
		if (strcmp(db, last) == 0 || !ns_filter_takes(filter, db, "*", 1)) {
			free(db);
			continue;
		}
		free(last);
		last = db;
		if (take(ctx, db, e) < 0)
			return e->code;
	}
	return 0;
}

int restore_accounts_each(struct moment *moment, const struct ns_filter *filter,
			  int (*take)(void *ctx, const char *db, struct error *e), void *ctx,
			  struct error *e)
{
	int in_admin = restore_accounts_in_admin(moment, e);

	if (in_admin < 0)
		return in_admin;
	return in_admin > 0 ? take(ctx, NULL, e) : each_database(moment, filter, take, ctx, e);
}
