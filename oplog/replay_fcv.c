#include "oplog/replay_fcv.h"

#include "base/bson_build.h"
#include "oplog/update.h"

#define ID "featureCompatibilityVersion"
#define MAJOR_MIN 4
#define MAJOR_MAX 99

void replay_fcv_release(struct replay_fcv *fcv)
{
	buf_release(&fcv->doc);
}

static int number_at(const char **at)
{
	int number = 0;

	while (**at >= '0' && **at <= '9' && number < 100)
		number = 10 * number + *(*at)++ - '0';
	return number;
}

/* 404 of "4.4", or "4.4.2"; 0 when it is no version. */
static int parse(const char *text)
{
	int major, minor = 0;

	if (text == NULL)
		return 0;
	major = number_at(&text);
	if (*text == '.') {
		text++;
		minor = number_at(&text);
	}
	return major >= 1 && major <= MAJOR_MAX && minor < 100 ? 100 * major + minor : 0;
}

void replay_fcv_begin(struct replay_fcv *fcv, const char *server_version, const char *version)
{
	size_t doc;

	fcv->server = parse(server_version);
	fcv->version = parse(version);
	if (fcv->version == 0)
		return;
	doc = bson_build_begin(&fcv->doc);
	bson_build_string(&fcv->doc, "_id", bytes_str(ID));
	bson_build_string(&fcv->doc, "version", bytes_str(version));
	bson_build_end(&fcv->doc, doc);
}

static bool has(struct bytes doc, const char *name)
{
	struct bson_field field;
	struct error ignored = {0};

	return doc.len > 0 && bson_find(doc, name, &field, &ignored) > 0;
}

/* Is a piece of a binary replaced somewhere in a difference? (document_diff_serialization.h: from 7.1 on.) */
static bool has_binary(struct bytes diff, int depth)
{
	struct bson_fields fields = bson_fields(diff);
	struct error ignored = {0};
	struct bson_field field;

	while (depth < BSON_MAX_NESTING && bson_fields_next(&fields, &field, &ignored) > 0) {
		if (field.type != BSON_KIND_DOCUMENT || field.name.len == 0)
			continue;
		if (bytes_equal(field.name, bytes_str("b")))
			return true;
		if (field.name.at[0] == 's' && has_binary(field.value, depth + 1))
			return true;
	}
	return false;
}

/* The begin of a document called b: without these bytes there is none, and nearly no update has them. */
static bool may_have_binary(struct bytes diff)
{
	static const char begin[] = {BSON_KIND_DOCUMENT, 'b', 0};

	return memmem(diff.at, diff.len, begin, sizeof(begin)) != NULL;
}

/* The version that has such updates at the earliest; 0: any. */
static int version_of_update(struct bytes o)
{
	struct bson_field field;
	struct error ignored = {0};

	if (bson_find(o, "$v", &field, &ignored) <= 0 || field.value.len < 4 ||
	    (field.type != BSON_KIND_INT32 && field.type != BSON_KIND_INT64) ||
	    get_le32(field.value.at) != 2 || bson_find(o, "diff", &field, &ignored) <= 0)
		return 0;
	return field.type == BSON_KIND_DOCUMENT && has_binary(field.value, 0) ? 701 : 500;
}

/* The version that has such entries at the earliest; 0: none that is later than `known`. */
static int version_of(const struct entry *op, int known)
{
	int version = 0;

	if (op->op == ENTRY_INSERT && op->o2.len > 0)
		version = 600;
	else if (op->op == ENTRY_UPDATE && (known < 500 || may_have_binary(op->o)))
		version = version_of_update(op->o);
	if (version == 0 && known < 402 && !op->inner && has(op->raw, "h"))
		version = 402;
	return version;
}

void replay_fcv_see(struct replay_fcv *fcv, const struct entry *op)
{
	if (fcv->server != 0 || fcv->version != 0 || fcv->inferred >= 701)
		return;
	fcv->inferred = MAX_OF(fcv->inferred, version_of(op, fcv->inferred));
}

static bool is_fcv(const struct bson_field *id)
{
	struct error ignored = {0};
	struct bytes text;

	return id->type == BSON_KIND_STRING && bson_text(id->value, &text, &ignored) == 0 &&
	       bytes_equal(text, bytes_str(ID));
}

static void read_version(struct replay_fcv *fcv)
{
	struct error ignored = {0};
	struct bson_field field;
	struct bytes text;
	char version[16];

	/* Between two versions `version` is the lower one, as it is for the server. */
	if (bson_find(buf_bytes(&fcv->doc), "version", &field, &ignored) <= 0 ||
	    field.type != BSON_KIND_STRING || bson_text(field.value, &text, &ignored) < 0 ||
	    text.len >= sizeof(version))
		return;
	memcpy(version, text.at, text.len);
	version[text.len] = '\0';
	if (parse(version) != 0)
		fcv->version = parse(version);
}

int replay_fcv_document(struct replay_fcv *fcv, const struct entry *op, struct error *e)
{
	/* A base that lacks the document is no reason not to see what becomes of it. */
	struct update_rules rules = {.major = replay_fcv_major(fcv),
				     .logged = !entry_is_of_user(op),
				     .upsert = op->upsert || fcv->doc.len == 0};
	OWNED(buf_release) struct buf to = {0};
	int got = entry_id(op, &rules.id, e);

	if (got < 0)
		return got;
	if (!is_fcv(&rules.id) || op->op == ENTRY_DELETE)
		return 0;
	fcv->told = true;
	if (op->op == ENTRY_INSERT) {
		buf_add_bytes(&to, op->o);
	} else {
		got = update_apply(buf_bytes(&fcv->doc), op->o, &rules, &to, e);
		if (got <= 0)
			return got < 0 ? entry_wrap(op, e) : 0;
	}
	buf_reset(&fcv->doc);
	buf_add_bytes(&fcv->doc, buf_bytes(&to));
	read_version(fcv);
	return 0;
}

static int newest(const struct replay_fcv *fcv)
{
	int version = MAX_OF(fcv->server, fcv->version);

	return version != 0 ? version : fcv->inferred;
}

int replay_fcv_major(const struct replay_fcv *fcv)
{
	return MAX_OF(newest(fcv) / 100, MAJOR_MIN);
}

int replay_fcv_newest(const struct replay_fcv *fcv)
{
	return newest(fcv) != 0 ? newest(fcv) : 404;
}

bool replay_fcv_is_steady(const struct replay_fcv *fcv)
{
	return !fcv->told && (fcv->server != 0 || fcv->version != 0);
}

bool replay_fcv_evicts(const struct replay_fcv *fcv)
{
	return fcv->version != 0 ? fcv->version <= 404 : replay_fcv_major(fcv) <= 4;
}

bool replay_fcv_lists_ns(const struct replay_fcv *fcv)
{
	return newest(fcv) != 0 && newest(fcv) < 404;
}
