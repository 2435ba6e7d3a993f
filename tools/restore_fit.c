#include "tools/restore_fit.h"

#include <stdlib.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "base/buckets.h"
#include "tools/restore_spec.h"
#include "tools/term.h"

#define NOWHERE "yester.looks.whether.it.fits" /* no collection: nothing is read */
#define DB_MAX 63
#define NS_MAX 255
#define NS_MAX_BEFORE_4_4 120
#define SAID_MAX 300 /* bytes of the server's words */

/* Codes of mongod that say that it does not know what is asked. base/error_codes.yml, and assertions. */
static const int unknown[] = {
	9,     /* FailedToParse */
	168,   /* InvalidPipelineOperator: an expression */
	15952, /* an accumulator */
	17276, /* a variable: $$USER_ROLES */
	31325, /* an expression in a projection */
	40324, /* a stage */
	40414, /* that a field of a command may be missing */
	40415, /* a field of a command */
	161,   /* IncompatibleCollationVersion */
	2,     /* BadValue: an operator of a filter, a locale; of a pipeline it may be much else */
};

/* The same of an option of a collection, which is parsed only. */
static const int unknown_option[] = {
	9,  40415, /* as above */
	14,	   /* TypeMismatch: it was something else */
	72,	   /* InvalidOptions */
	2,	   /* BadValue: a word that it may be */
};

const char *restore_fit_name(const char *db, const char *coll, bool series, bool long_names)
{
	size_t max = long_names ? NS_MAX : NS_MAX_BEFORE_4_4;
	size_t len = strlen(db) + 1 + strlen(coll) + (series ? strlen(BUCKETS_PREFIX) : 0);

	if (*db == '\0' || strlen(db) > DB_MAX || strpbrk(db, "/\\. \"$") != NULL)
		return "has a database's name that no server takes";
	if (*coll == '\0' || *coll == '.' || strchr(coll, '$') != NULL)
		return "has a name that no server takes";
	if (len > max)
		return long_names ? "has a name that is too long (255 bytes with the database)"
				  : "has a name that is too long for a server before 4.4 "
				    "(120 bytes with the database)";
	return NULL;
}

/* Copy the field `from` of the options, if there is one, as `to`. */
static int copy_field(struct bytes options, const char *from, const char *to, struct buf *ret,
		      struct error *e)
{
	struct bson_field field;
	int found = bson_find(options, from, &field, e);

	if (found > 0)
		bson_build_value(ret, to, field.type, field.value);
	return found;
}

/* {explain: {find: ..., filter: its validator, collation: ...}}, or the same of a view's pipeline. */
static int write_question(const struct restore_plan_item *item, struct buf *ret, struct error *e)
{
	struct bytes options = buf_bytes(&item->entry.options);
	bool view = item->entry.type == CATALOG_VIEW;
	size_t begin = bson_build_begin(ret), command = bson_build_open(ret, "explain");
	int found, collation;

	bson_build_string(ret, view ? "aggregate" : "find", bytes_str(NOWHERE));
	found = copy_field(options, view ? "pipeline" : "validator", view ? "pipeline" : "filter",
			   ret, e);
	collation = found < 0 ? found : copy_field(options, "collation", "collation", ret, e);
	if (view)
		bson_build_end(ret, bson_build_open(ret, "cursor"));
	bson_build_end(ret, command);
	bson_build_string(ret, "verbosity", bytes_str("queryPlanner"));
	bson_build_end(ret, begin);
	return collation < 0 ? collation : found > 0 || collation > 0;
}

static bool is_among(const int *codes, size_t count, int code)
{
	for (size_t i = 0; i < count; i++)
		if (codes[i] == code)
			return true;
	return false;
}

/* Does the answer say that the server does not know it? */
static bool is_unknown(const struct restore_plan_item *item, bool option, int code)
{
	if (option)
		return is_among(unknown_option, COUNT_OF(unknown_option), code);
	return is_among(unknown, COUNT_OF(unknown) - (item->entry.type == CATALOG_VIEW), code);
}

/* `option`: it is about the collection's options. */
static int ask(struct restore_target *target, const struct restore_plan_item *item, bool option,
	       struct bytes question, struct buf *ret_why, struct error *e)
{
	OWNED(buf_release) struct buf reply = {0};
	mongoc_client_t *client = restore_target_take(target);
	int code = restore_target_run(target, client, item->db, question, &reply, NULL, e);
	struct bytes said;

	restore_target_give(target, client);
	if (code != 0 || !is_unknown(item, option, restore_target_code(buf_bytes(&reply))))
		return code < 0 ? code : 1;
	said = restore_target_text(buf_bytes(&reply));
	buf_printf(ret_why, "can't be in a server of %s, which says: ", target->version);
	term_escape(bytes_of(said.at, MIN_OF(said.len, (size_t)SAID_MAX)), ret_why);
	return 0;
}

/* ---- options */

/* What servers before 5.0 know; later ones can be asked. CreateCommand of mongod 4.2 and 4.4 (create.idl). */
static bool is_known_before_5_0(struct bytes name)
{
	static const char *const known[] = {"capped",
					    "size",
					    "max",
					    "storageEngine",
					    "validator",
					    "validationLevel",
					    "viewOn",
					    "validationAction",
					    "recordPreImages",
					    "indexOptionDefaults",
					    "pipeline",
					    "collation"};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (bytes_equal(name, bytes_str(known[i])))
			return true;
	return false;
}

static int look_at_names(const struct restore_target *target, struct bytes options,
			 struct buf *ret_why, struct error *e)
{
	struct bson_fields fields = bson_fields(options);
	struct bson_field field;
	int more;

	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		if (is_known_before_5_0(field.name))
			continue;
		buf_add_str(ret_why, "has an option that a server of ");
		buf_printf(ret_why, "%s does not know: ", target->version);
		term_escape(field.name, ret_why);
		return 0;
	}
	return more < 0 ? more : 1;
}

/* Of a storage engine that the server has not: it makes no such collection. */
static int look_at_engines(const struct restore_target *target, struct bytes options,
			   struct buf *ret_why, struct error *e)
{
	struct bson_field engines, one;
	struct bson_fields fields;
	int more = bson_find(options, "storageEngine", &engines, e);

	if (more <= 0 || engines.type != BSON_KIND_DOCUMENT)
		return more < 0 ? more : 1;
	fields = bson_fields(engines.value);
	while ((more = bson_fields_next(&fields, &one, e)) > 0) {
		if (restore_target_has_engine(target, one.name))
			continue;
		buf_add_str(ret_why, "has options of a storage engine that is not there: ");
		term_escape(one.name, ret_why);
		return 0;
	}
	return more < 0 ? more : 1;
}

/* {explain: {create: ..., its options}}: it is parsed, and then refused as nothing that can be explained. */
static void write_create(const struct restore_plan_item *item, struct buf *ret)
{
	size_t begin = bson_build_begin(ret), command = bson_build_open(ret, "explain");

	bson_build_string(ret, "create", bytes_str(NOWHERE));
	if (item->options.len > BSON_MIN_LEN)
		buf_add(ret, item->options.at + 4, item->options.len - 5);
	bson_build_end(ret, command);
	bson_build_string(ret, "verbosity", bytes_str("queryPlanner"));
	bson_build_end(ret, begin);
}

/* ---- the words that are WiredTiger's own */

#define NO_KEY                                                                                     \
	"yester_looks" /* no key of WiredTiger's, which is so kind as to name the first that it does not know */

#define SAYS_NO_KEY "unknown configuration key: '" NO_KEY "'"

/* {storageEngine: {wiredTiger: {configString: ...}}}, if it is there: 1 and the string. */
static int find_config(struct bytes holder, struct bytes *ret, struct error *e)
{
	struct bson_field field = {.value = holder};
	static const char *const way[] = {"storageEngine", "wiredTiger", "configString"};

	for (size_t i = 0; i < COUNT_OF(way); i++) {
		int found = bson_find(field.value, way[i], &field, e);

		if (found <= 0)
			return found;
		if (field.type != (i + 1 < COUNT_OF(way) ? BSON_KIND_DOCUMENT : BSON_KIND_STRING))
			return 0;
	}
	return bson_text(field.value, ret, e) < 0 ? e->code : 1;
}

/* A create that can't be: what it says first is what is wrong with `config`, or that nothing is. */
static void write_config(struct bytes config, bool of_indexes, struct buf *ret)
{
	OWNED(buf_release) struct buf words = {0};
	size_t begin = bson_build_begin(ret), defaults = 0, engines, engine;

	buf_add_bytes(&words, config);
	buf_add_str(&words, "," NO_KEY "=1");
	bson_build_string(ret, "create", bytes_str(NOWHERE));
	if (of_indexes)
		defaults = bson_build_open(ret, "indexOptionDefaults");
	engines = bson_build_open(ret, "storageEngine");
	engine = bson_build_open(ret, "wiredTiger");
	bson_build_string(ret, "configString", buf_bytes(&words));
	bson_build_end(ret, engine);
	bson_build_end(ret, engines);
	if (of_indexes)
		bson_build_end(ret, defaults);
	bson_build_end(ret, begin);
}

static int ask_config(struct restore_target *target, const struct restore_plan_item *item,
		      struct bytes config, bool of_indexes, struct buf *ret_why, struct error *e)
{
	OWNED(buf_release) struct buf question = {0};
	OWNED(buf_release) struct buf reply = {0};
	mongoc_client_t *client = restore_target_take(target);
	struct bytes said;
	int code, number;

	write_config(config, of_indexes, &question);
	code = restore_target_run(target, client, item->db, buf_bytes(&question), &reply, NULL, e);
	restore_target_give(target, client);
	if (code != 0)
		return code < 0 ? code : 1;
	said = restore_target_text(buf_bytes(&reply));
	number = restore_target_code(buf_bytes(&reply));
	/* BadValue, or UnknownError for some that can't be parsed; another one (who may not ask) says nothing about it. */
	if ((number != 2 && number != 8) ||
	    memmem(said.at, said.len, SAYS_NO_KEY, strlen(SAYS_NO_KEY)) != NULL)
		return 1;
	buf_add_str(ret_why, of_indexes ? "has defaults of indexes" : "has options");
	buf_printf(ret_why, " that WiredTiger in a server of %s does not take: ", target->version);
	term_escape(config, ret_why);
	return 0;
}

/* A word that its WiredTiger does not know is else told where the collection is made, when others were dropped. */
static int look_at_configs(struct restore_target *target, const struct restore_plan_item *item,
			   struct buf *ret_why, struct error *e)
{
	struct bytes options = buf_bytes(&item->options), config;
	struct bson_field defaults;
	int found = find_config(options, &config, e);
	int fits = 1;

	if (found > 0)
		fits = ask_config(target, item, config, false, ret_why, e);
	if (found < 0 || fits <= 0)
		return MIN_OF(found, fits);
	found = bson_find(options, "indexOptionDefaults", &defaults, e);
	if (found > 0 && defaults.type == BSON_KIND_DOCUMENT)
		found = find_config(defaults.value, &config, e);
	else
		found = MIN_OF(found, 0);
	if (found > 0)
		return ask_config(target, item, config, true, ret_why, e);
	return found < 0 ? found : 1;
}

static int check_options(struct restore_target *target, const struct restore_plan_item *item,
			 struct buf *ret_why, struct error *e)
{
	struct bytes options = buf_bytes(&item->options);
	OWNED(buf_release) struct buf question = {0};
	int fits;

	if (item->entry.type == CATALOG_VIEW || options.len <= BSON_MIN_LEN)
		return 1;
	fits = look_at_engines(target, options, ret_why, e);
	if (fits > 0)
		fits = look_at_configs(target, item, ret_why, e);
	if (fits <= 0)
		return fits;
	if (!restore_target_is(target, 5, 0))
		return look_at_names(target, options, ret_why, e);
	write_create(item, &question);
	return ask(target, item, true, buf_bytes(&question), ret_why, e);
}

int restore_fit_check(struct restore_target *target, const struct restore_plan_item *item,
		      struct buf *ret_why, struct error *e)
{
	bool series = item->entry.type == CATALOG_TIMESERIES;
	OWNED(buf_release) struct buf question = {0};
	unsigned major, minor;
	const char *needs = restore_spec_needs(&item->entry, &major, &minor);
	const char *name =
		restore_fit_name(item->db, item->coll, series, restore_target_is(target, 4, 4));
	int asks, fits;

	if (!restore_target_is(target, major, minor)) {
		buf_printf(ret_why, "needs a server of %s or newer, and this is %s", needs,
			   target->version);
		return 0;
	}
	if (item->is_buckets ||
	    (item->action != RESTORE_CREATE && item->action != RESTORE_RECREATE))
		return 1;
	if (name != NULL) {
		buf_add_str(ret_why, name);
		return 0;
	}
	fits = check_options(target, item, ret_why, e);
	if (fits <= 0)
		return fits;
	asks = write_question(item, &question, e);
	return asks <= 0 ? (asks < 0 ? asks : 1)
			 : ask(target, item, false, buf_bytes(&question), ret_why, e);
}

#define COMPRESSED 2 /* the form of a bucket: control.version */
#define UNSORTED 3

static bool reads_compressed(const struct restore_target *target)
{
	return restore_target_is(target, 5, 2);
}

static bool reads_unsorted(const struct restore_target *target)
{
	return restore_target_is(target, 8, 0);
}

bool restore_fit_looks_at_buckets(const struct restore_target *target, const char *version)
{
	if (!reads_compressed(target))
		return true;
	return !reads_unsorted(target) && (version == NULL || strtol(version, NULL, 10) >= 8);
}

/* control.version; 0: it has none. */
static int form_of(struct bytes doc, struct error *e)
{
	struct bson_field control, version;
	int found = bson_find(doc, "control", &control, e);

	if (found > 0 && control.type == BSON_KIND_DOCUMENT)
		found = bson_find(control.value, "version", &version, e);
	if (found <= 0 || control.type != BSON_KIND_DOCUMENT || version.type != BSON_KIND_INT32)
		return MIN_OF(found, 0);
	return (int)MIN_OF(get_le32(version.value.at), (uint32_t)UNSORTED);
}

int restore_fit_bucket(const struct restore_target *target, struct bytes doc, struct buf *ret_why,
		       struct error *e)
{
	int form = form_of(doc, e);

	if (form < COMPRESSED)
		return form < 0 ? form : 1;
	if (form < UNSORTED ? reads_compressed(target) : reads_unsorted(target))
		return 1;
	buf_printf(ret_why,
		   "has compressed buckets that a server of %s or newer reads, and this is %s",
		   form < UNSORTED ? "5.2" : "8.0", target->version);
	return 0;
}

int restore_fit_refuse(const struct restore_plan *plan, struct error *e)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->at[i].unfit != NULL)
			return error_set(e, ERR_REFUSED, "%s %s", plan->at[i].ns,
					 plan->at[i].unfit);
	return 0;
}
