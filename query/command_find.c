/* Prefix: query_ - the find command. */
#include "base/bson_build.h"
#include "query/command_cursor.h"
#include "query/command_view.h"
#include "query/find_bounds.h"
#include "query/find_stage.h"
#include "query/gaps.h"
#include "query/near.h"
#include "query/query_error.h"

/* mongod's words for it are those of an object. */
static int check_replay(const struct value *v, struct error *e)
{
	if (v->type == BSON_KIND_BOOL)
		return 0;
	return query_error(e, QUERY_TYPE_MISMATCH,
			   "Expected field oplogReplayto be of type object");
}

static const struct command_rule rules[] = {
	{"filter", COMMAND_OWNED, false, NULL},
	{"projection", COMMAND_OWNED, false, NULL},
	{"sort", COMMAND_OWNED, false, NULL},
	{"hint", COMMAND_HINT, false, NULL},
	{"collation", COMMAND_OWNED, false, NULL},
	{"skip", COMMAND_COUNT, false, NULL},
	{"limit", COMMAND_COUNT, false, NULL},
	{"batchSize", COMMAND_COUNT, false, NULL},
	{"ntoreturn", COMMAND_COUNT, false, NULL},
	{"singleBatch", COMMAND_FLAG, false, NULL},
	{"allowDiskUse", COMMAND_FLAG, false, NULL},
	{"min", COMMAND_OWNED, false, NULL},
	{"max", COMMAND_OWNED, false, NULL},
	{"returnKey", COMMAND_FLAG, false, NULL},
	{"showRecordId", COMMAND_FLAG, false, NULL},
	{"$queryOptions", COMMAND_OWNED, false, NULL},
	{"tailable", COMMAND_FLAG, false, NULL},
	{"oplogReplay", COMMAND_FLAG, false, check_replay},
	{"noCursorTimeout", COMMAND_FLAG, false, NULL},
	{"awaitData", COMMAND_FLAG, false, NULL},
	{"allowPartialResults", COMMAND_FLAG, false, NULL},
	{"readOnce", COMMAND_FLAG, false, NULL},
	{"allowSpeculativeMajorityRead", COMMAND_FLAG, false, NULL},
	{"$_requestResumeToken", COMMAND_FLAG, false, NULL},
	{"$_resumeAfter", COMMAND_OWNED, false, NULL},
	{"maxTimeMS", COMMAND_TIME, false, NULL},
	{"readConcern", COMMAND_READ_CONCERN, false, NULL},
	{"term", COMMAND_NUMBER, false, NULL},
	{"let", COMMAND_OBJECT, false, NULL},
	{"runtimeConstants", COMMAND_RUNTIME, false, NULL},
	{"options", COMMAND_OBJECT, false, NULL},
	{"encryptionInformation", COMMAND_ENCRYPTION, false, NULL},
	{"collectionUUID", COMMAND_UUID, false, NULL},
};
static const struct command_rules find_rules = {"FindCommandRequest", rules, COUNT_OF(rules)};

/* What find asks for, parsed. */
struct find {
	struct query_cursor *cursor;
	struct bytes cmd;
	struct bytes filter, projection, sort_spec, min, max;
	const struct match *match;
	const struct project *project;
	const struct sort *sort; /* NULL: none, or by $natural */
	int natural;
	uint64_t skip, limit;
	struct bytes index; /* the hinted one's specification; empty: none */
	struct bytes index_key;
	const struct sort *
		index_sort; /* the same with min and max; NULL: an index of another kind, or none */
	const struct match_near *near; /* NULL: none, or nothing is asked of it */
	struct near_index near_index;
};

static struct bytes object_field(struct bytes cmd, const char *name)
{
	struct value v = command_field(cmd, name);

	return v.type == BSON_KIND_DOCUMENT ? v.data : bson_build_empty();
}

static bool is_empty(struct bytes doc)
{
	return doc.len <= BSON_MIN_LEN;
}

/* ---- rules between fields: validateFindCommandRequest() of mongod */

/* Have both the same fields in the same order? */
static bool same_names(struct bytes a, struct bytes b)
{
	struct bson_fields left = bson_fields(a), right = bson_fields(b);
	struct bson_field one, other;
	struct error ignored;
	int more, same;

	do {
		more = bson_fields_next(&left, &one, &ignored);
		same = bson_fields_next(&right, &other, &ignored);
		if (more != same)
			return false;
	} while (more > 0 && bytes_equal(one.name, other.name));
	return more <= 0;
}

static int check_tailable(const struct find *f, struct error *e)
{
	if (!command_flag(f->cmd, "tailable"))
		return 0;
	if (!is_empty(f->sort_spec) && f->natural != 1)
		return query_error(e, QUERY_BAD_VALUE,
				   "cannot use tailable option with a sort other than {$natural: "
				   "1}");
	if (command_flag(f->cmd, "singleBatch"))
		return query_error(e, QUERY_BAD_VALUE,
				   "cannot use tailable option with the 'singleBatch' option");
	return 0;
}

static int check_hint(const struct find *f, struct error *e)
{
	struct value hint = command_field(f->cmd, "hint");
	int natural;

	if (hint.type == BSON_KIND_STRING)
		hint.data = bson_build_empty();
	else if (hint.type != BSON_KIND_DOCUMENT || is_empty(hint.data))
		return 0;
	if (command_check_natural("hint", hint.data, e) < 0)
		return e->code;
	natural = command_natural(hint.data);
	if (f->natural == 0 || (natural != 0 && command_natural_number(hint.data) ==
							command_natural_number(f->sort_spec)))
		return 0;
	return query_error(e, QUERY_BAD_VALUE,
			   natural == 0 ? "index hint not allowed with $natural sort order"
					: "$natural hint must be in the same direction as $natural "
					  "sort order");
}

static int check_together(const struct find *f, struct error *e)
{
	struct bytes cmd = f->cmd;
	struct value ntoreturn = command_field(cmd, "ntoreturn");
	struct value batch = command_field(cmd, "batchSize");

	if (!value_is_missing(&ntoreturn) &&
	    (command_number(cmd, "limit", 0) != 0 || !value_is_missing(&batch)))
		return query_error(
			e, QUERY_BAD_VALUE,
			"'limit' or 'batchSize' fields can not be set with 'ntoreturn' field.");
	if (!value_is_missing(&ntoreturn))
		return query_error(e, 5746102,
				   "the ntoreturn find command parameter is not supported when "
				   "FCV >= 5.1");
	if (!is_empty(f->min) && !is_empty(f->max) && !same_names(f->min, f->max))
		return query_error(e, 51176, "min and max must have the same field names");
	if (command_flag(cmd, "awaitData") && !command_flag(cmd, "tailable"))
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "Cannot set 'awaitData' without also setting 'tailable'");
	if (!is_empty(object_field(cmd, "$_resumeAfter")))
		return query_error(e, QUERY_BAD_VALUE,
				   "'requestResumeToken' must be true if 'resumeAfter' is "
				   "specified");
	if (command_flag(cmd, "$_requestResumeToken"))
		return query_error(e, QUERY_BAD_VALUE,
				   "hint must be {$natural:1} if 'requestResumeToken' is enabled");
	return 0;
}

/* ---- parsing */

static void read_fields(struct find *f)
{
	f->filter = object_field(f->cmd, "filter");
	f->projection = object_field(f->cmd, "projection");
	f->sort_spec = object_field(f->cmd, "sort");
	f->min = object_field(f->cmd, "min");
	f->max = object_field(f->cmd, "max");
	f->skip = (uint64_t)command_number(f->cmd, "skip", 0);
	f->limit = (uint64_t)command_number(f->cmd, "limit", 0);
}

/* Constants are folded after all parts have been parsed: what goes wrong then comes after what is wrong with the words. */
static int parse_filter(struct find *f, struct error *ret_late, struct error *e)
{
	static const char folding[] = "Failed to optimize expression";
	unsigned flags = MATCH_TOP | MATCH_WITH_NEAR;

	ret_late->code = 0;
	if (match_parse(f->cursor->scope, f->filter, flags, &f->match, e) == 0)
		return 0;
	if (e->server == 0 || strncmp(e->text, folding, sizeof(folding) - 1) != 0)
		return e->code;
	*ret_late = *e;
	return match_parse(f->cursor->scope, f->filter, flags | MATCH_UNFOLDED, &f->match, e);
}

static int parse(struct find *f, struct error *e)
{
	struct query_cursor *cursor = f->cursor;
	struct error late;

	if (parse_filter(f, &late, e) < 0 ||
	    command_check_near(&cursor->c, f->match, cursor->is_tailable, e) < 0)
		return e->code;
	f->near = match_near(f->match);
	cursor->c.q.has_near = f->near != NULL;
	if (!is_empty(f->projection) &&
	    project_parse(cursor->scope, f->projection, PROJECT_FIND, f->match, &f->project, e) < 0)
		return e->code;
	f->natural = command_natural(f->sort_spec);
	if (command_check_natural("sort", f->sort_spec, e) < 0)
		return e->code;
	if (f->natural == 0 && !is_empty(f->sort_spec) &&
	    sort_parse(cursor->scope, f->sort_spec, &f->sort, e) < 0)
		return e->code;
	if (f->sort == NULL && f->project != NULL && project_wants_sort_key(f->project))
		return query_error(e, QUERY_BAD_VALUE,
				   "cannot use sortKey $meta projection without a sort");
	if (check_tailable(f, e) < 0 || check_hint(f, e) < 0)
		return e->code;
	if (late.code < 0) {
		*e = late;
		return late.code;
	}
	/* Behind all that is wrong with the words, and whether or not a document is met. */
	return f->project == NULL ? 0 : project_optimize(cursor->scope, f->project, e);
}

/* ---- hint, min and max */

static int planner_error(struct find *f, int code, const char *text, struct error *e)
{
	return command_planner_error(&f->cursor->c, f->match, code, text, e);
}

static int read_hint(struct find *f, struct collection *c, struct error *e)
{
	struct value hint = command_field(f->cmd, "hint");
	struct bytes indexes[2];
	int natural, found;

	/* A tailable cursor reads in the order of the disk: no index is looked for. */
	if (value_is_missing(&hint) || (hint.type == BSON_KIND_DOCUMENT && is_empty(hint.data)) ||
	    c->kind != COLLECTION_STORED || f->cursor->is_tailable)
		return 0;
	natural = hint.type == BSON_KIND_DOCUMENT ? command_natural(hint.data) : 0;
	if (natural != 0) {
		if (f->natural == 0)
			f->natural = natural;
		return 0;
	}
	found = collection_index(c, &hint, indexes, e);
	if (found < 0)
		return found;
	if (found != 1)
		return command_not_one_index(&f->cursor->c, f->match, indexes, found, e);
	f->index = arena_copy(f->cursor->c.q.constants, indexes[0]); /* the collection goes first */
	hint = value_get(f->index, bytes_str("key"));
	if (hint.type == BSON_KIND_DOCUMENT)
		f->index_key = hint.data;
	return 0;
}

static int id_order(const struct sort *sort)
{
	if (sort == NULL || sort_count(sort) != 1 ||
	    !bytes_equal(sort_path(sort, 0), bytes_str("_id")))
		return 0;
	return sort_is_ascending(sort, 0) ? 1 : -1;
}

static int open_bounds(struct find *f, struct stage **stage, struct error *e)
{
	struct query_context *q = &f->cursor->c.q;
	struct expr_scope *scope = f->cursor->scope;
	bool is_bounded = !is_empty(f->min) || !is_empty(f->max);

	if (is_empty(f->index_key))
		return 0;
	switch (find_bounds_read(q, scope, f->index, f->min, f->max, &f->index_sort)) {
	case FIND_BOUNDS_UNFIT:
		return planner_error(f, 51174,
				     "planner returned error :: caused by :: The index chosen is "
				     "not compatible with min/max",
				     e);
	case FIND_BOUNDS_EMPTY:
		return planner_error(
			f, 51175,
			"planner returned error :: caused by :: The value provided for "
			"min() does not come before the value provided for max() in "
			"the hinted index",
			e);
	case FIND_BOUNDS_READ:
		break;
	}
	*stage = find_stage_index(q, scope, f->index, false, *stage);
	if (f->index_sort == NULL)
		return 0; /* an index of another kind: no order */
	if (is_bounded)
		*stage = find_stage_bounds(q, scope, f->index_sort, *stage);
	/* A sort keeps the index' order where it finds documents equal; by _id no two are. */
	if (f->sort == NULL || id_order(f->index_sort) == 0)
		*stage = find_stage_sort(q, scope, f->index_sort, 0, false, *stage);
	return 0;
}

/* ---- stages */

/* {_id: value} and nothing else: mongod's IDHACK, whose cursor closes with its document. */
static bool is_point(const struct find *f, const struct plan *plan)
{
	struct value id = value_get(f->filter, bytes_str("_id"));
	struct value first = id.type == BSON_KIND_DOCUMENT ? value_at(id.data, 0) : value_missing();

	if (plan->way != PLAN_IDS || plan->id_count != 1 || value_count(f->filter) != 1 ||
	    value_is_missing(&id) || f->cursor->c.has_collation || f->index.len > 0)
		return false;
	if (!value_is_missing(&first) && command_is_operator(id.data))
		return false;
	return !command_flag(f->cmd, "returnKey") && !command_flag(f->cmd, "showRecordId");
}

static bool is_id_key(struct bytes key)
{
	return key.len > 0 && value_count(key) == 1 &&
	       value_get(key, bytes_str("_id")).type != VALUE_MISSING;
}

static struct bytes returned_key(const struct find *f, const struct plan *plan)
{
	static const uint8_t id_key[] = "\x0e\0\0\0\x10_id\0\1\0\0\0";

	if (f->near != NULL)
		return (struct bytes){0};
	if (f->index_key.len > 0)
		return f->index_key;
	if (plan->way == PLAN_IDS || plan->way == PLAN_RANGE || plan->is_id_order ||
	    plan->bounds_id ||
	    (id_order(f->sort) != 0 && f->natural == 0 && f->cursor->c.q.collation == NULL))
		return bytes_of(id_key, sizeof(id_key));
	return (struct bytes){0};
}

/* Of a projection beside returnKey: only its {$meta: "sortKey"}s. */
static int project_keys(struct find *f, struct error *e)
{
	OWNED(buf_release) struct buf spec = {0};
	struct bson_fields fields = bson_fields(f->projection);
	struct bson_field field;
	struct error ignored;
	size_t begin = bson_build_begin(&spec);
	bool keys = project_wants_sort_key(f->project);

	f->project = NULL;
	if (!keys)
		return 0;
	while (bson_fields_next(&fields, &field, &ignored) > 0) {
		struct value v = value_of_field(&field), meta = plan_operand(&v, "$meta");

		if (meta.type == BSON_KIND_STRING && bytes_equal(meta.data, bytes_str("sortKey")))
			value_write(&spec, field.name, &v);
	}
	bson_build_end(&spec, begin);
	return project_parse(f->cursor->scope,
			     arena_copy(f->cursor->c.q.constants, buf_bytes(&spec)), PROJECT_FIND,
			     NULL, &f->project, e);
}

/* Does the projection name the path, or one that it lies in, as a field to keep? */
static bool keeps_path(struct bytes projection, struct bytes path)
{
	for (size_t len = path.len; len > 0; len--) {
		struct value v;

		if (len < path.len && path.at[len] != '.')
			continue;
		v = value_get(projection, bytes_of(path.at, len));
		if (v.type == BSON_KIND_DOCUMENT && len < path.len)
			return keeps_path(v.data, bytes_of(path.at + len + 1, path.len - len - 1));
		/* {o: {a: 1}} keeps a part of o. */
		if (!value_is_missing(&v))
			return v.type != BSON_KIND_DOCUMENT && value_is_true(&v);
	}
	return false;
}

/* Is it of fields to keep alone, or of fields to drop? */
static bool is_plain(struct bytes projection)
{
	struct bson_fields fields = bson_fields(projection);
	struct bson_field field;
	struct error ignored;

	while (bson_fields_next(&fields, &field, &ignored) > 0) {
		struct value v = value_of_field(&field);

		if (v.type == BSON_KIND_DOCUMENT ? command_is_operator(v.data) || !is_plain(v.data)
						 : !value_is_number(&v) && v.type != BSON_KIND_BOOL)
			return false;
	}
	return true;
}

/*
 * mongod projects before it sorts all documents when the projection has no expressions and keeps every path of the sort: what is not an
 * object in an array that lies on such a path is no longer there. (tryPushdownProjectBeneathSort() of planner_analysis.cpp)
 */
static bool projects_first(const struct find *f, unsigned extra)
{
	if (f->sort == NULL || f->project == NULL || f->limit > 0 || extra != 0 ||
	    project_wants_sort_key(f->project))
		return false;
	for (size_t i = 0; i < sort_count(f->sort); i++) {
		struct bytes path = sort_path(f->sort, i);
		struct value id = value_get(f->projection, path);

		if (bytes_equal(path, bytes_str("_id")) && value_is_missing(&id))
			continue;
		if (!keeps_path(f->projection, path))
			return false;
	}
	return is_plain(f->projection);
}

/* A record's number is a part of the projection: not where that names it itself, nor where keys are returned in its place. */
static bool shows_number(const struct find *f)
{
	struct value named = value_get(f->projection, bytes_str("$recordId"));

	return command_flag(f->cmd, "showRecordId") && !command_flag(f->cmd, "returnKey") &&
	       value_is_missing(&named);
}

static int open_stages(struct find *f, struct collection *c, struct error *e)
{
	struct query_cursor *cursor = f->cursor;
	struct query_context *q = &cursor->c.q;
	struct plan_request request = {.scope = cursor->scope, .match = f->match};
	bool by_index = f->index_key.len > 0 && !is_id_key(f->index_key);
	bool keys = f->project != NULL && project_wants_sort_key(f->project);
	unsigned extra = 0;
	uint64_t most = f->limit > 0 && f->limit + f->skip >= f->limit ? f->limit + f->skip : 0;
	struct stage *stage = NULL;

	request.natural = f->natural;
	request.by_id = is_id_key(f->index_key);
	request.numbers = command_flag(f->cmd, "showRecordId");
	request.use_none = f->index_key.len > 0 && !(is_empty(f->min) && is_empty(f->max));
	request.order =
		by_index || f->natural != 0 || keys || f->near != NULL ? 0 : id_order(f->sort);
	if (request.order == 0 && is_id_key(f->index_key) && f->sort == NULL && !keys)
		request.order = 1;
	/* A record's number is known in the tree only. */
	if (command_flag(f->cmd, "showRecordId") && collection_resolve(c, e) < 0)
		return e->code;
	if (plan_collection(q, c, &request, &cursor->plan, &stage, e) < 0)
		return e->code;
	if (cursor->left >= 0 && is_point(f, &cursor->plan))
		cursor->left = -1;
	if (f->index_key.len > 0 && open_bounds(f, &stage, e) < 0) {
		stage_free(stage);
		return e->code;
	}
	if (request.use_none)
		stage = find_stage_match(q, cursor->scope, f->match, stage);
	if (f->near != NULL)
		stage = near_open(q, cursor->scope, f->near, &f->near_index,
				  f->sort == NULL ? most : 0, true, stage);
	if (is_point(f, &cursor->plan) && !keys)
		f->sort = NULL;
	extra |= shows_number(f) ? FIND_STAGE_RECORD_ID : 0;
	extra |= command_flag(f->cmd, "returnKey") ? FIND_STAGE_ONLY_KEY : 0;
	if (f->sort != NULL && !(request.order != 0 && cursor->plan.is_id_order)) {
		if (projects_first(f, extra)) {
			stage = find_stage_project(q, cursor->scope, f->project, extra,
						   (struct bytes){0}, NULL, stage);
			f->project = NULL;
		}
		stage = find_stage_sort(q, cursor->scope, f->sort, most, keys, stage);
		cursor->left = -1;
	}
	stage = find_stage_cut(q, f->skip, f->limit, stage);
	if ((extra & FIND_STAGE_ONLY_KEY) != 0 && f->project != NULL && project_keys(f, e) < 0) {
		stage_free(stage);
		return e->code;
	}
	cursor->stage = find_stage_project(q, cursor->scope, f->project, extra,
					   returned_key(f, &cursor->plan), f->index_sort, stage);
	cursor->is_point = is_point(f, &cursor->plan) && f->sort == NULL;
	return 0;
}

static int check_stored(struct find *f, struct collection *c, struct error *e)
{
	bool is_bounded = !is_empty(f->min) || !is_empty(f->max);

	if (command_flag(f->cmd, "tailable") && c->kind == COLLECTION_STORED && !c->is_capped)
		return planner_error(f, QUERY_BAD_VALUE,
				     "tailable cursor requested on non capped collection", e);
	if (read_hint(f, c, e) < 0)
		return e->code;
	/* With bounds the hinted index is read, and a $near holds for all. */
	if (is_bounded)
		f->near = NULL;
	else if (command_near_index(&f->cursor->c, f->cursor->scope, c, f->match, f->index,
				    &f->near_index, e) < 0)
		return e->code;
	if (!is_bounded || f->index.len > 0 || c->kind != COLLECTION_STORED)
		return 0;
	if (f->natural != 0)
		return planner_error(f, 291,
				     "planner returned error :: caused by :: min and max are "
				     "incompatible with $natural",
				     e);
	return planner_error(f, 51173,
			     "planner returned error :: caused by :: When using min()/max() a hint "
			     "of which index to use must be provided",
			     e);
}

static int open_find(struct find *f, struct error *e)
{
	struct query_cursor *cursor = f->cursor;
	struct query_context *q = &cursor->c.q;
	OWNED(plan_resolved_release) struct plan_resolved resolved = {0};
	struct bytes collation;

	if (plan_resolve(q, q->db, q->coll, bson_build_empty(), &resolved, e) < 0 ||
	    command_check_collection_uuid(cursor->c.cmd, &resolved, e) < 0)
		return e->code;
	if (resolved.is_view)
		collation = resolved.collation;
	else if (collection_collation(&resolved.collection, &collation, e) < 0)
		return e->code;
	if (command_default_collation(&cursor->c, collation, e) < 0 ||
	    command_let(&cursor->c, e) < 0)
		return e->code;
	cursor->scope = expr_scope_new(q);
	if (parse(f, e) < 0)
		return e->code;
	if (resolved.is_view)
		return command_view_find(cursor, &resolved, f->project, e);
	if (check_stored(f, &resolved.collection, e) < 0)
		return e->code;
	/* Of a moment's own replay how many there are is known only when it is made. */
	if (cursor->is_tailable && collection_resolve(&resolved.collection, e) < 0)
		return e->code;
	cursor->is_empty = resolved.collection.kind == COLLECTION_MISSING ||
			   (cursor->is_tailable && resolved.collection.entry.root.count == 0);
	return open_stages(f, &resolved.collection, e);
}

int query_find(const struct query_request *request, struct query_cursor **ret, struct error *e)
{
	OWNED(query_cursor_free) struct query_cursor *cursor = NULL;
	OWNED(buf_release) struct buf coll = {0};
	struct find f = {0};

	if (command_collection(request, COMMAND_NAME_FIND, &coll, e) < 0 ||
	    command_check(&find_rules, request->cmd, e) < 0 ||
	    command_read_concern(request->cmd, "find", true, e) < 0)
		return e->code;
	cursor = xcalloc(1, sizeof(*cursor));
	command_begin(&cursor->c, request, buf_bytes(&coll));
	cursor->c.q.in_find = true;
	cursor->c.q.keeps_gaps = gaps_wanted_inside(cursor->c.cmd);
	cursor->c.q.allow_disk_use = command_spills(cursor->c.cmd);
	f.cursor = cursor;
	f.cmd = cursor->c.cmd;
	read_fields(&f);
	if (check_together(&f, e) < 0 || command_collation(&cursor->c, e) < 0 ||
	    command_check_encryption(request->cmd, request->db, buf_bytes(&coll), e) < 0)
		return e->code;
	if (command_field(f.cmd, "term").type != VALUE_MISSING)
		return query_error(e, QUERY_BAD_VALUE,
				   "cannot supply 'term' without active replication");
	cursor->is_find = true;
	cursor->is_tailable = command_flag(f.cmd, "tailable");
	cursor->is_single = command_flag(f.cmd, "singleBatch");
	cursor->first = command_number(f.cmd, "batchSize", QUERY_FIRST_BATCH);
	cursor->left = f.limit == 0 || f.limit > INT64_MAX ? -1 : (int64_t)f.limit;
	if (open_find(&f, e) < 0)
		return e->code;
	*ret = TAKE(cursor);
	return 0;
}
