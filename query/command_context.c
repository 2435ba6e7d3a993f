/* Prefix: command_ - what the fields that many commands have make of a context. */
#include "base/bson_build.h"
#include "base/clock.h"
#include "query/collation_locale.h"
#include "query/command_parse.h"
#include "query/fields.h"
#include "query/plan.h"
#include "query/query_error.h"

void command_begin(struct command_context *c, const struct query_request *request,
		   struct bytes coll)
{
	struct query_context *q = &c->q;
	struct value lsid;
	int64_t limit;

	*c = (struct command_context){.moment = moment_hold(request->moment)};
	q->constants = arena_new();
	q->moment = c->moment;
	q->db = arena_copy(q->constants, request->db);
	q->coll = arena_copy(q->constants, coll);
	c->cmd = arena_copy(q->constants, request->cmd);
	q->now = (int64_t)clock_wall_ms();
	q->let = bson_build_empty();
	q->memory = request->memory == 0 ? QUERY_MEMORY_DEFAULT : request->memory;
	q->with_users = request->with_users;
	q->api_strict = command_is_strict(c->cmd);
	q->host = request->host;
	q->cluster_time = request->cluster_time;
	lsid = value_get(c->cmd, bytes_str("lsid"));
	if (lsid.type == BSON_KIND_DOCUMENT)
		q->lsid = lsid.data;
	q->killed = request->killed;
	limit = command_number(c->cmd, "maxTimeMS", 0);
	if (limit > 0)
		q->deadline = clock_ms() + (uint64_t)limit;
	buf_printf(&c->ns, "%.*s.%.*s", (int)q->db.len, (const char *)q->db.at, (int)coll.len,
		   (const char *)coll.at);
	plan_init();
}

void command_end(struct command_context *c)
{
	collation_close(c->collation);
	buf_release(&c->ns);
	arena_free(c->q.constants);
	moment_release(c->moment);
}

/* ---- collation */

static int check_strength(const struct value *v, struct error *e)
{
	int64_t strength;

	if (v->type == BSON_KIND_NULL)
		return 0;
	if (!value_is_number(v))
		return command_wrong_type(e, "collation", "strength", v,
					  "types '[long, int, decimal, double']");
	strength = value_round_int64(v);
	if (strength < 0)
		return query_error(e, 51024,
				   "BSON field 'strength' value must be >= 0, actual value '%lld'",
				   (long long)strength);
	if (strength > 5)
		return query_error(e, 51024,
				   "BSON field 'strength' value must be <= 5, actual value '%lld'",
				   (long long)strength);
	return 0;
}

/* `allowed`: words with NULs between them. */
static int check_words(const char *name, const char *allowed, const struct value *v,
		       struct error *e)
{
	if (v->type == BSON_KIND_NULL)
		return 0;
	if (v->type != BSON_KIND_STRING)
		return command_wrong_type(e, "collation", name, v, "type 'string'");
	for (const char *word = allowed; *word != '\0'; word += strlen(word) + 1)
		if (bytes_equal(v->data, bytes_str(word)))
			return 0;
	return query_error(e, QUERY_BAD_VALUE,
			   "Enumeration value '%.*s' for field 'collation.%s' is not a "
			   "valid value.",
			   (int)v->data.len, (const char *)v->data.at, name);
}

static int check_case_first(const struct value *v, struct error *e)
{
	return check_words("caseFirst", "upper\0lower\0off\0", v, e);
}

static int check_alternate(const struct value *v, struct error *e)
{
	return check_words("alternate", "non-ignorable\0shifted\0", v, e);
}

static int check_max_variable(const struct value *v, struct error *e)
{
	return check_words("maxVariable", "punct\0space\0", v, e);
}

static int check_backwards(const struct value *v, struct error *e)
{
	if (v->type == BSON_KIND_BOOL)
		return 0;
	return query_error(e, QUERY_TYPE_MISMATCH,
			   "Field 'backwards' should be a boolean value, but found: %s",
			   value_type_name(v->type));
}

/* In the order of the document, as all generated parsers check. */
static const struct command_rule collation_rules[] = {
	{"locale", COMMAND_STRING, true, NULL},
	{"caseLevel", COMMAND_BOOL, false, NULL},
	{"caseFirst", COMMAND_ANY, false, check_case_first},
	{"strength", COMMAND_ANY, false, check_strength},
	{"numericOrdering", COMMAND_BOOL, false, NULL},
	{"alternate", COMMAND_ANY, false, check_alternate},
	{"maxVariable", COMMAND_ANY, false, check_max_variable},
	{"normalization", COMMAND_BOOL, false, NULL},
	{"backwards", COMMAND_ANY, false, check_backwards},
	{"version", COMMAND_STRING, false, NULL},
};

#define ICU_OF_MONGOD "57.1"

static int check_locale(struct bytes locale, const char *text, struct error *e)
{
	char name[COLLATION_LOCALE_MAX];

	if (locale.len == 0)
		return query_error(e, QUERY_BAD_VALUE,
				   "Field 'locale' cannot be the empty string in: %s", text);
	if (bytes_equal(locale, bytes_str("simple")))
		return 0;
	if (memchr(locale.at, '\0', locale.len) != NULL)
		return query_error(e, QUERY_BAD_VALUE,
				   "Field 'locale' cannot contain null byte. Collation spec: %s",
				   text);
	collation_locale_name(locale, name);
	if (bytes_equal(locale, bytes_str(name)))
		return 0;
	if (name[0] == '\0')
		return query_error(e, QUERY_BAD_VALUE, "Field 'locale' is invalid in: %s", text);
	return query_error(e, QUERY_BAD_VALUE,
			   "Field 'locale' is invalid in: %s. Did you mean '%s'?", text, name);
}

/* What CollatorFactoryICU::makeFromBSON() looks at. */
static int check_together(struct bytes spec, const char *text, struct error *e)
{
	struct value v = command_field(spec, "version");

	if (check_locale(command_field(spec, "locale").data, text, e) < 0)
		return e->code;
	if (v.type == BSON_KIND_STRING && !bytes_equal(v.data, bytes_str(ICU_OF_MONGOD)))
		return query_error(e, 161,
				   "Requested collation version %.*s but the only available "
				   "collator version was " ICU_OF_MONGOD
				   ". Requested collation spec: %s",
				   (int)v.data.len, (const char *)v.data.at, text);
	return 0;
}

/* The rules of Collation's generated parser, then those of its factory. */
static int check_collation(struct bytes spec, struct error *e)
{
	static const struct command_rules rules = {"collation", collation_rules,
						   COUNT_OF(collation_rules)};
	OWNED(buf_release) struct buf text = {0};
	struct value backwards = value_get(spec, bytes_str("backwards"));

	if (command_check_fields(&rules, spec, e) < 0)
		return e->code;
	/* It alone minds null. */
	if (!value_is_missing(&backwards) && check_backwards(&backwards, e) < 0)
		return e->code;
	if (command_number(spec, "strength", 3) == 0)
		return query_error(e, QUERY_BAD_VALUE,
				   "Enumeration value '0' for field 'collation.strength' is not a "
				   "valid value.");
	value_text_bson(spec, false, &text);
	return check_together(spec, buf_text(&text), e);
}

/* As its generated parser leaves it: without nulls, the strength an int. */
static struct bytes plain_collation(struct arena *arena, struct bytes spec)
{
	OWNED(buf_release) struct buf plain = {0};
	struct fields fields = fields_of(spec);
	size_t begin = bson_build_begin(&plain);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (value_is_number(&v) && bytes_equal(field.name, bytes_str("strength")))
			v = value_int32((int32_t)value_round_int64(&v));
		if (v.type != BSON_KIND_NULL)
			value_write(&plain, field.name, &v);
	}
	bson_build_end(&plain, begin);
	return arena_copy(arena, buf_bytes(&plain));
}

/* What does not go together, also when the locale brings it along. */
static int check_defaults(struct collation *collation, struct bytes spec, struct error *e)
{
	int64_t strength = command_number(spec, "strength", 3);
	OWNED(buf_release) struct buf text = {0};

	value_text_bson(spec, false, &text);
	if (strength == 1 && collation_is_on(collation, "backwards"))
		return query_error(e, QUERY_BAD_VALUE,
				   "'backwards' is invalid with 'strength' of 1 in: %s",
				   buf_text(&text));
	if (strength <= 2 && collation_is_on(collation, "caseFirst") &&
	    !collation_is_on(collation, "caseLevel"))
		return query_error(
			e, QUERY_BAD_VALUE,
			"'caseFirst' is invalid unless 'caseLevel' is on or 'strength' is "
			"greater than 2 in: %s",
			buf_text(&text));
	return 0;
}

static int open_collation(struct command_context *c, struct bytes given, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct bytes spec = plain_collation(c->q.constants, given);
	int opened = collation_open(spec, &c->collation, e);

	if (opened < 0) {
		value_text_bson(spec, false, &text);
		return query_error(e, QUERY_BAD_VALUE, "Field 'locale' is invalid in: %s",
				   buf_text(&text));
	}
	if (opened > 0 && check_defaults(c->collation, given, e) < 0)
		return e->code;
	c->q.collation = c->collation;
	c->collation_spec = opened > 0 ? spec : (struct bytes){0};
	c->q.collation_spec = c->collation_spec;
	return 0;
}

int command_collation(struct command_context *c, struct error *e)
{
	struct value v = command_field(c->cmd, "collation");

	if (v.type != BSON_KIND_DOCUMENT || value_count(v.data) == 0)
		return 0;
	c->has_collation = true;
	if (check_collation(v.data, e) < 0)
		return e->code;
	return open_collation(c, v.data, e);
}

int command_default_collation(struct command_context *c, struct bytes spec, struct error *e)
{
	if (c->has_collation || spec.len == 0)
		return 0;
	return open_collation(c, arena_copy(c->q.constants, spec), e);
}

/* What a field is when it is not given. */
static struct value collation_part(struct bytes spec, const char *name)
{
	struct value v = value_get(spec, bytes_str(name));

	if (!value_is_missing(&v))
		return v;
	if (bytes_equal(bytes_str(name), bytes_str("strength")))
		return value_int32(3);
	if (bytes_equal(bytes_str(name), bytes_str("caseFirst")))
		return value_string(bytes_str("off"));
	if (bytes_equal(bytes_str(name), bytes_str("alternate")))
		return value_string(bytes_str("non-ignorable"));
	if (bytes_equal(bytes_str(name), bytes_str("maxVariable")))
		return value_string(bytes_str("punct"));
	return value_bool(false);
}

static const char *const collation_names[] = {"locale",	     "caseLevel",	"caseFirst",
					      "strength",    "numericOrdering", "alternate",
					      "maxVariable", "normalization",	"backwards"};

void command_collation_write(struct bytes spec, const char *name, struct buf *ret)
{
	size_t begin = bson_build_open(ret, name);

	for (size_t i = 0; i < COUNT_OF(collation_names); i++) {
		struct value v = collation_part(spec, collation_names[i]);

		value_write(ret, bytes_str(collation_names[i]), &v);
	}
	bson_build_string(ret, "version", bytes_str("57.1"));
	bson_build_end(ret, begin);
}

bool command_collation_equals(struct bytes spec, struct bytes other)
{
	if (spec.len == 0 || other.len == 0)
		return spec.len == other.len;
	for (size_t i = 0; i < COUNT_OF(collation_names); i++) {
		struct value a = collation_part(spec, collation_names[i]);
		struct value b = collation_part(other, collation_names[i]);

		if (!value_equal(&a, &b, NULL))
			return false;
	}
	return true;
}

/* ---- readConcern */

static int check_level(struct bytes doc, const struct value *level, const char *name,
		       bool with_snapshot, struct error *e)
{
	static const char *const levels[] = {"local", "available", "majority"};
	struct value at = command_field(doc, "atClusterTime");

	if (value_is_missing(level))
		return value_is_missing(&at)
			       ? 0
			       : query_error(
					 e, QUERY_INVALID_OPTIONS,
					 "atClusterTime field can be set only if level is equal "
					 "to snapshot");
	for (size_t i = 0; i < COUNT_OF(levels); i++)
		if (bytes_equal(level->data, bytes_str(levels[i])))
			return 0;
	if (bytes_equal(level->data, bytes_str("linearizable")))
		return query_error(e, 123,
				   "node needs to be a replica set member to use read concern");
	if (bytes_equal(level->data, bytes_str("snapshot")) && with_snapshot)
		return 0;
	if (bytes_equal(level->data, bytes_str("snapshot")))
		return query_error(e, QUERY_INVALID_OPTIONS,
				   "Command %s does not support { readConcern: { level: "
				   "\"snapshot\", provenance: \"clientSupplied\" } } :: caused by "
				   ":: read concern snapshot not supported",
				   name);
	return query_error(e, QUERY_FAILED_TO_PARSE,
			   "readConcern.level must be either 'local', 'majority', 'linearizable', "
			   "'available', or 'snapshot'");
}

int command_read_concern(struct bytes cmd, const char *name, bool with_snapshot, struct error *e)
{
	static const char *const known[] = {
		"level",       "atClusterTime", "afterClusterTime",
		"afterOpTime", "provenance",	"$allowTransactionTableSnapshot"};
	struct value doc = value_get(cmd, bytes_str("readConcern"));
	struct value level = value_missing();
	struct bson_fields fields = bson_fields(doc.data);
	struct bson_field field;
	int more;

	if (value_is_missing(&doc))
		return 0;
	if (doc.type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "readConcern field should be an object");
	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		bool is_known = false;

		for (size_t i = 0; i < COUNT_OF(known); i++)
			is_known |= bytes_equal(field.name, bytes_str(known[i]));
		if (!is_known)
			return query_error(e, QUERY_INVALID_OPTIONS,
					   "Unrecognized option in readConcern: %.*s",
					   (int)field.name.len, (const char *)field.name.at);
		if (!bytes_equal(field.name, bytes_str("level")))
			continue;
		level = value_of_field(&field);
		if (level.type != BSON_KIND_STRING)
			return query_error(
				e, QUERY_TYPE_MISMATCH,
				"\"level\" had the wrong type. Expected string, found %s",
				value_type_name(level.type));
	}
	return more < 0 ? more : check_level(doc.data, &level, name, with_snapshot, e);
}

/* ---- let */

static bool begins_with(struct bytes text, const char *with)
{
	return text.len >= strlen(with) && memcmp(text.at, with, strlen(with)) == 0;
}

static bool is_field_text(struct bytes text)
{
	if (!begins_with(text, "$$"))
		return text.len > 1 && text.at[0] == '$';
	return begins_with(text, "$$ROOT") || begins_with(text, "$$CURRENT");
}

/* Does the expression look at a field of documents: a string "$a" (not "$$a") outside of $literal? */
static bool looks_at_fields(const struct value *v)
{
	struct bson_fields fields;
	struct bson_field field;
	struct error ignored;

	if (v->type == BSON_KIND_STRING)
		return is_field_text(v->data);
	if (v->type != BSON_KIND_DOCUMENT && v->type != BSON_KIND_ARRAY)
		return false;
	fields = bson_fields(v->data);
	while (bson_fields_next(&fields, &field, &ignored) > 0) {
		struct value inner = value_of_field(&field);

		if (bytes_equal(field.name, bytes_str("$literal")))
			continue;
		if (looks_at_fields(&inner) || (bytes_equal(field.name, bytes_str("$getField")) &&
						inner.type == BSON_KIND_STRING))
			return true;
	}
	return false;
}

/* What mongod itself sets for a command's pipelines; ROOT and its kin are refused as names. */
static bool is_runtime_constant(struct bytes name)
{
	return bytes_equal(name, bytes_str("NOW")) ||
	       bytes_equal(name, bytes_str("CLUSTER_TIME")) ||
	       bytes_equal(name, bytes_str("JS_SCOPE")) || bytes_equal(name, bytes_str("IS_MR"));
}

static int let_one(struct command_context *c, struct bytes name, const struct value *v,
		   struct buf *ret, struct error *e)
{
	static const char *const internal[] = {"NOW", "CLUSTER_TIME", "JS_SCOPE", "IS_MR"};
	OWNED(arena_free) struct arena *arena = arena_new(), *constants = arena_new();
	struct query_context q = c->q;
	struct expr_scope *scope, *names;
	struct expr_frame frame;
	const struct expr *expr;
	struct value result;
	size_t slot;

	q.constants =
		constants; /* all that is made here is forgotten: each scope has the names of all before it */
	q.wants_search = false; /* no stage is there yet that could have searched */
	for (size_t i = 0; i < COUNT_OF(internal); i++)
		if (bytes_equal(name, bytes_str(internal[i])))
			return query_error(e, 4738901, "Attempt to set internal constant: %s",
					   internal[i]);
	scope = expr_scope_new(&q);
	names = expr_scope_new(&q);
	if (is_runtime_constant(name))
		return query_error(e, 4738901, "Attempt to set internal constant: %.*s",
				   (int)name.len, name.at);
	/* Its value sees those before it, not itself. */
	if (expr_scope_define(names, name, &slot, e) < 0)
		return query_error_cause(e, "Invalid 'let' parameter");
	if (expr_parse(scope, v, &expr, e) < 0)
		return e->code;
	if (looks_at_fields(v))
		return query_error(e, 4890500,
				   "Command let Expression tried to access a field, but this is "
				   "not allowed because Command let Expressions run before the "
				   "query examines any documents.");
	frame = expr_frame_new(&q, scope, arena);
	expr_frame_set(&frame, bson_build_empty());
	if (expr_eval(expr, &frame, &result, e) < 0)
		return e->code;
	expr_let_write(ret, name, &result);
	return 0;
}

/* Append each variable behind those before it, which its value may name. */
static int add_lets(struct command_context *c, struct bytes let, struct buf *doc, struct error *e)
{
	OWNED(buf_release) struct buf one = {0};
	struct bson_fields fields = bson_fields(let);
	struct bson_field field;
	int more;

	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		struct value v = value_of_field(&field);

		buf_reset(&one);
		c->q.let = buf_bytes(doc);
		if (let_one(c, field.name, &v, &one, e) < 0)
			return e->code;
		doc->len--;
		buf_add_bytes(doc, buf_bytes(&one));
		bson_build_end(doc, 0);
	}
	return more;
}

int command_let(struct command_context *c, struct error *e)
{
	struct value let = command_field(c->cmd, "let");
	OWNED(buf_release) struct buf doc = {0};
	struct bytes before = c->q.let;
	int result;

	if (let.type != BSON_KIND_DOCUMENT)
		return 0;
	buf_add_bytes(&doc, before);
	result = add_lets(c, let.data, &doc, e);
	c->q.let = result < 0 ? before : arena_copy(c->q.constants, buf_bytes(&doc));
	return result;
}
