#include "tools/restore_left.h"

#include "base/buckets.h"
#include "tools/term.h"

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

bool restore_left_is(const char *db, const char *coll)
{
	if (strcmp(db, "local") == 0 || strcmp(db, "config") == 0)
		return true;
	/* The users and roles of one database, as mongodump --dumpDbUsersAndRoles puts them beside its collections. */
	if (begins(coll, "$admin.system."))
		return true;
	return begins(coll, "system.") && strcmp(coll, "system.js") != 0 &&
	       !buckets_is(bytes_str(coll), NULL);
}

void restore_left_note(struct restore_left *left, const struct catalog_entry *entry)
{
	static const char *const own[] = {"local.", "admin.system.version", "admin.system.keys",
					  "config.system.", "config.cache."};
	const char *coll = entry->ns + entry->db_len + 1;

	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (begins(entry->ns, own[i]))
			return;
	if (strcmp(coll, "system.views") == 0 || strcmp(coll, "system.profile") == 0 ||
	    strcmp(coll, "$admin.system.version") == 0)
		return;
	if (left->count < RESTORE_LEFT_NAMES) {
		buf_add_str(&left->names, left->count > 0 ? ", " : "");
		term_escape(bytes_of(entry->ns, entry->ns_len), &left->names);
	}
	left->count++;
}
