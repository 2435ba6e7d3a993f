#include "store/snapshot/catalog_secret.h"

#include <string.h>

#include "base/compiler.h"

static const char users[] = "system.users";

/* Collections of admin. */
static const char *const secret_names[] = {
	users,
	"system.roles",
	"system.keys",
	"system.new_users",
	"system.backup_users",
	"system.recovery_users",
};

static bool is_secret_name(struct bytes coll)
{
	for (size_t i = 0; i < COUNT_OF(secret_names); i++)
		if (bytes_equal(coll, bytes_str(secret_names[i])))
			return true;
	return false;
}

bool catalog_secret_is(struct bytes db, struct bytes coll)
{
	static const char dumped[] = "$admin."; /* mongodump --dumpDbUsersAndRoles */

	if (bytes_equal(coll, bytes_str(users)))
		return true;
	if (bytes_equal(db, bytes_str("admin")) && is_secret_name(coll))
		return true;
	if (bytes_equal(db, bytes_str("config")) &&
	    bytes_equal(coll, bytes_str("external_validation_keys")))
		return true;
	return coll.len > strlen(dumped) && memcmp(coll.at, dumped, strlen(dumped)) == 0 &&
	       is_secret_name(bytes_of(coll.at + strlen(dumped), coll.len - strlen(dumped)));
}
