#include "oplog/entry.h"

#include "tests/unit/oplog/text_doc.h"

#define UI "{'$binary':{'base64':'AAECAwQFBgcICQoLDA0ODw==','subType':'04'}}"
#define TS(t, i) "{'$timestamp':{'t':" #t ",'i':" #i "}}"
#define HEAD "'ts':" TS(100, 7) ",'t':{'$numberLong':'3'},'v':{'$numberLong':'2'},"
#define WALL "'wall':{'$date':{'$numberLong':'1795251817322'}},"
#define LSID "'lsid':{'id':" UI ",'uid':{'$binary':{'base64':'AAEC','subType':'00'}}},"
#define TXN LSID "'txnNumber':{'$numberLong':'5'},"
#define NO_PREV "'prevOpTime':{'ts':" TS(0, 0) ",'t':{'$numberLong':'-1'}},"
#define PREV "'prevOpTime':{'ts':" TS(100, 6) ",'t':{'$numberLong':'3'}},"
#define COMMAND HEAD WALL "'op':'c','ns':'admin.$cmd',"

static struct entry parse(struct buf *b, const char *text)
{
	struct entry entry;
	struct error e = {0};

	ASSERT_OK(entry_parse(text_doc(b, text), &entry, &e));
	return entry;
}

static void assert_text(struct bytes actual, const char *expected)
{
	ASSERT_BYTES(actual, bytes_str(expected));
}

/* The orders of fields in which 4.2, 4.4 and 6.0 write them. */
static void the_order_of_fields_does_not_matter(void **state)
{
	static const char *const texts[] = {
		"{'ts':" TS(100,
			    7) ",'t':{'$numberLong':'3'},'h':{'$numberLong':'0'},'v':2,'op':'u',"
			       "'ns':'shop.a.b','ui':" UI ",'o2':{'_id':1}," WALL TXN
			       "'stmtId':0," PREV "'o':{'$v':1,'$set':{'x':1}}}",
		"{" TXN "'op':'u','ns':'shop.a.b','ui':" UI ",'o':{'$v':1,'$set':{'x':1}},"
		"'o2':{'_id':1}," HEAD WALL "'stmtId':0," PREV "'fromMigrate':false}",
		"{" TXN "'op':'u','ns':'shop.a.b','ui':" UI ",'o':{'$v':1,'$set':{'x':1}},"
		"'o2':{'_id':1},'stmtId':[0],'needsRetryImage':'preImage'," WALL HEAD PREV
		"'somethingNew':{'x':1}}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		OWNED(buf_release) struct buf b = {0};
		struct entry entry = parse(&b, texts[i]);
		struct bson_field id;
		struct error e = {0};
		int32_t stmt = -1;

		assert_int_equal(entry.op, ENTRY_UPDATE);
		assert_true(entry.at.ts == entry_ts(100, 7) && entry.at.term == 3);
		assert_text(entry.ns, "shop.a.b");
		assert_text(entry.db, "shop");
		assert_text(entry.coll, "a.b");
		assert_int_equal(entry.ui[15], 15);
		assert_true(entry.has_wall && entry.wall == 1795251817322);
		assert_true(entry.has_txn_number && entry.txn_number == 5 && entry.lsid.len > 0);
		assert_true(entry.has_prev && entry.prev.ts == entry_ts(100, 6));
		assert_true(!entry.upsert && !entry.from_migrate && !entry.inner);
		assert_int_equal(ASSERT_OK(entry_id(&entry, &id, &e)), 1);
		assert_int_equal(id.type, BSON_KIND_INT32);
		assert_int_equal(ASSERT_OK(entry_stmt_id(&entry, 0, &stmt, &e)), 1);
		assert_int_equal(stmt, 0);
		assert_int_equal(ASSERT_OK(entry_stmt_id(&entry, 1, &stmt, &e)), 0);
		assert_int_equal(entry.unknown, i == 2);
		if (i == 2)
			assert_text(entry.unknown_name, "somethingNew");
	}
}

static void every_operation_has_its_letters(void **state)
{
	static const char *const ops[] = {"i",	"u",  "d",  "c",  "n", "xi",
					  "xd", "ci", "cd", "cu", "km"};
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ops); i++) {
		OWNED(buf_release) struct buf b = {0};
		struct entry entry;

		snprintf(text, sizeof(text),
			 "{" HEAD "'op':'%s','ns':'a.$cmd','o':{'_id':1},'o2':{'_id':1}}", ops[i]);
		entry = parse(&b, text);
		assert_int_equal(entry.op, i + 1);
		assert_string_equal(entry_op_name(entry.op), ops[i]);
	}
}

/* Where it acts is known, and so what it stops. */
static void an_unknown_operation_on_a_collection_can_be_read(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	struct entry entry = parse(&b, "{" HEAD "'op':'q','ns':'a.b'}");
	struct error e = {0};

	(void)state;
	assert_int_equal(entry.op, ENTRY_UNKNOWN);
	assert_text(entry.op_text, "q");
	ASSERT_ERROR_TEXT(entry_refuse(&entry, &e), ERR_UNSUPPORTED,
			  "oplog entry 100.7 (? a.b): unknown operation 'q'");
}

static void what_is_not_an_entry_is_refused(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *part;
	} bad[] = {
		{"{" HEAD "'ns':'a.b','o':{}}", ERR_CORRUPT, "op is missing"},
		{"{" HEAD "'op':'q','ns':'a.$cmd','o':{}}", ERR_UNSUPPORTED,
		 "oplog entry 100.7 (? a.$cmd): unknown operation 'q'"},
		{"{" HEAD "'op':'db','ns':'a','o':{}}", ERR_UNSUPPORTED, "unknown operation"},
		{"{'v':3,'o':{},'ts':" TS(100, 7) ",'op':'i','ns':'a.b'}", ERR_UNSUPPORTED,
		 "oplog entry 100.7 (i a.b): field v (its version) is 3"},
		{"{" HEAD "'op':5,'ns':'a.b','o':{}}", ERR_CORRUPT, "expected a string"},
		{"{'v':2,'op':'n','ns':'','o':{}}", ERR_CORRUPT, "ts is missing"},
		{"{'ts':7,'v':2,'op':'n','ns':'','o':{}}", ERR_CORRUPT, "expected a timestamp"},
		{"{'ts':" TS(1, 1) ",'op':'n','ns':'','o':{}}", ERR_UNSUPPORTED,
		 "its version) is missing"},
		{"{'ts':" TS(1, 1) ",'v':1,'op':'n','ns':'','o':{}}", ERR_UNSUPPORTED,
		 "its version) is 1"},
		{"{'ts':" TS(1, 1) ",'v':'2','op':'n','ns':'','o':{}}", ERR_CORRUPT, "a number"},
		{"{" HEAD "'op':'i','o':{'_id':1}}", ERR_CORRUPT, "ns is missing"},
		{"{" HEAD "'op':'i','ns':'a','o':{'_id':1}}", ERR_CORRUPT, "no namespace"},
		{"{" HEAD "'op':'i','ns':'.b','o':{'_id':1}}", ERR_CORRUPT, "no namespace"},
		{"{" HEAD "'op':'c','ns':'a','o':{'drop':'b'}}", ERR_CORRUPT, "no namespace"},
		{"{" HEAD "'op':'i','ns':'a.b'}", ERR_CORRUPT, "o is missing"},
		{"{" HEAD "'op':'i','ns':'a.b','o':[1]}", ERR_CORRUPT, "a document"},
		{"{" HEAD "'op':'u','ns':'a.b','o':{'x':1}}", ERR_CORRUPT, "o2 of an update"},
		{"{" HEAD "'op':'n','ns':'','o':{},'ui':5}", ERR_CORRUPT, "a UUID"},
		{"{" HEAD "'op':'n','ns':'','o':{},'tid':5}", ERR_UNSUPPORTED, "tenant"},
		{"{" HEAD "'op':'n','ns':'','o':{},'prevOpTime':{'t':1}}", ERR_CORRUPT,
		 "an optime"},
		{"{" HEAD "'op':'n','ns':'','o':{},'prevOpTime':5}", ERR_CORRUPT,
		 "prevOpTime has type 0x10, expected an optime"},
		{"{" HEAD "'op':'n','ns':'','o':{},'prevOpTime':{'ts':1,'t':1}}", ERR_CORRUPT,
		 "ts has type 0x10, expected a timestamp"},
		{"{" HEAD "'op':'n','ns':'','o':{},'prevOpTime':{'ts':" TS(1, 1) ",'t':'x'}}",
		 ERR_CORRUPT, "t has type 0x02, expected a number"},
		{"{" HEAD "'op':'n','ns':'','o':{},'wall':5}", ERR_CORRUPT,
		 "wall has type 0x10, expected a date"},
		{"{" HEAD "'op':'u','ns':'a.b','o':{'_id':1},'o2':{'_id':1},'b':'x'}", ERR_CORRUPT,
		 "b has type 0x02, expected a bool"},
		{"{" HEAD "'op':'u','ns':'a.b','o':{'_id':1},'o2':{'_id':1},'b':null}", ERR_CORRUPT,
		 "b has type 0x0a, expected a bool"},
		{"{" HEAD "'op':'n','ns':'','o':{},'txnNumber':1.5}", ERR_CORRUPT,
		 "txnNumber has type 0x01, expected a whole number"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		OWNED(buf_release) struct buf b = {0};
		struct entry entry;
		struct error e = {0};

		ASSERT_ERROR_TEXT(entry_parse(text_doc(&b, bad[i].text), &entry, &e), bad[i].code,
				  bad[i].part);
	}
}

/* 4.2 has int32 there, later ones int64; old tools have made doubles of them. */
static void numbers_may_be_of_any_type(void **state)
{
	static const char *const versions[] = {"2", "{'$numberLong':'2'}", "2.0"};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		OWNED(buf_release) struct buf b = {0};

		snprintf(text, sizeof(text),
			 "{'ts':" TS(1, 1) ",'t':%s,'v':%s,'op':'n','ns':'','o':{}}", versions[i],
			 versions[i]);
		assert_int_equal(parse(&b, text).at.term, 2);
		buf_reset(&b);
		snprintf(text, sizeof(text),
			 "{" HEAD "'op':'u','ns':'a.b','o':{'_id':1},'o2':{'_id':1},'b':%s}",
			 versions[i]);
		assert_true(parse(&b, text).upsert);
	}
}

/* D10, D11: only _id counts; D17: no ui. */
static void the_id_of_an_operation_is_found(void **state)
{
	static const char *const texts[] = {
		"{" HEAD "'op':'i','ns':'a.b','o':{'x':1,'_id':7}}",
		"{" HEAD "'op':'u','ns':'a.b','o':{'x':1},'o2':{'_id':7,'sk':999}}",
		"{" HEAD "'op':'u','ns':'a.b','o':{'x':1},'o2':{'sk':1,'_id':7}}",
		"{" HEAD "'op':'d','ns':'a.b','o':{'sk':999,'_id':7}}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		OWNED(buf_release) struct buf b = {0};
		struct entry entry = parse(&b, texts[i]);
		struct bson_field id;
		struct error e = {0};

		assert_null(entry.ui);
		assert_int_equal(ASSERT_OK(entry_id(&entry, &id, &e)), 1);
		assert_int_equal(get_le32(id.value.at), 7);
	}
	{
		OWNED(buf_release) struct buf b = {0};
		struct entry entry = parse(&b, "{" HEAD "'op':'i','ns':'a.b','o':{'x':1}}");
		struct bson_field id;
		struct error e = {0};

		ASSERT_ERROR_TEXT(entry_id(&entry, &id, &e), ERR_CORRUPT, "no _id in o");
	}
}

/* T25 */
static void statement_ids_may_be_several(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	struct entry entry =
		parse(&b, "{" HEAD TXN "'op':'i','ns':'a.b','o':{'_id':1},'stmtId':[4,5]}");
	struct error e = {0};
	int32_t stmt;

	(void)state;
	assert_int_equal(ASSERT_OK(entry_stmt_id(&entry, 0, &stmt, &e)), 1);
	assert_int_equal(stmt, 4);
	assert_int_equal(ASSERT_OK(entry_stmt_id(&entry, 1, &stmt, &e)), 1);
	assert_int_equal(stmt, 5);
	assert_int_equal(ASSERT_OK(entry_stmt_id(&entry, 2, &stmt, &e)), 0);
	buf_reset(&b);
	entry = parse(&b, "{" HEAD TXN "'op':'i','ns':'a.b','o':{'_id':1},'stmtId':[4,'x']}");
	ASSERT_ERROR_TEXT(entry_stmt_id(&entry, 1, &stmt, &e), ERR_CORRUPT,
			  "has type 0x02, expected a number");
	assert_int_equal(stmt, 5);
	buf_reset(&b);
	entry = parse(&b, "{" HEAD TXN "'op':'i','ns':'a.b','o':{'_id':1}}");
	assert_int_equal(ASSERT_OK(entry_stmt_id(&entry, 0, &stmt, &e)), 0);
}

/* Reference 5.1. */
static const struct {
	const char *name;
	const char *text;
	enum entry_unit unit;
} units[] = {
	{"plain", "{" HEAD "'op':'i','ns':'a.b','o':{'_id':1}}", ENTRY_UNIT_ALONE},
	{"D16 noops", "{" HEAD "'op':'n','ns':'a.b','o':{'_id':1,'a':1}}", ENTRY_UNIT_ALONE},
	{"T24 retryable write", "{" HEAD TXN PREV "'op':'i','ns':'a.b','o':{'_id':1}}",
	 ENTRY_UNIT_ALONE},
	{"another command", "{" COMMAND "'o':{'drop':'x','prepare':true}}", ENTRY_UNIT_ALONE},
	{"empty command", "{" COMMAND "'o':{}}", ENTRY_UNIT_ALONE},
	{"T01", "{" COMMAND TXN NO_PREV "'o':{'applyOps':[]}}", ENTRY_UNIT_WHOLE},
	{"T18", "{" COMMAND "'o':{'applyOps':[]}}", ENTRY_UNIT_APPLY_OPS},
	{"T19",
	 "{" COMMAND "'o':{'applyOps':[],'lsid':{'id':1},'txnNumber':1,'partialTxn':true,"
	 "'$clusterTime':{},'count':5}}",
	 ENTRY_UNIT_APPLY_OPS},
	{"T04 first", "{" COMMAND TXN NO_PREV "'o':{'applyOps':[],'partialTxn':true}}",
	 ENTRY_UNIT_PARTIAL},
	{"T04 next", "{" COMMAND TXN PREV "'o':{'applyOps':[],'partialTxn':true}}",
	 ENTRY_UNIT_PARTIAL},
	{"T04 last", "{" COMMAND TXN PREV "'o':{'applyOps':[],'count':{'$numberLong':'7'}}}",
	 ENTRY_UNIT_END},
	{"T06 prepare", "{" COMMAND TXN NO_PREV "'o':{'applyOps':[],'prepare':true}}",
	 ENTRY_UNIT_PREPARE},
	{"T09 prepare", "{" COMMAND TXN PREV "'o':{'applyOps':[],'prepare':true,'count':9}}",
	 ENTRY_UNIT_PREPARE},
	{"T06 commit",
	 "{" COMMAND TXN PREV "'o':{'commitTransaction':1,'commitTimestamp':" TS(100, 6) "}}",
	 ENTRY_UNIT_COMMIT},
	{"T08 abort", "{" COMMAND TXN PREV "'o':{'abortTransaction':1}}", ENTRY_UNIT_ABORT},
	{"T20", "{" COMMAND "'o':{'applyOps':[{'op':'d'}]}}", ENTRY_UNIT_APPLY_OPS},
	{"T21 first", "{" COMMAND NO_PREV "'o':{'applyOps':[],'partialTxn':true}}",
	 ENTRY_UNIT_PARTIAL},
	{"T21 last", "{" COMMAND PREV "'o':{'applyOps':[],'count':2}}", ENTRY_UNIT_END},
	{"alone though it has a null prevOpTime", "{" COMMAND NO_PREV "'o':{'applyOps':[]}}",
	 ENTRY_UNIT_APPLY_OPS},
	{"T22", "{" COMMAND TXN PREV "'multiOpType':1,'o':{'applyOps':[]}}", ENTRY_UNIT_APPLY_OPS},
	{"T22 first", "{" COMMAND TXN NO_PREV "'multiOpType':1,'o':{'applyOps':[]}}",
	 ENTRY_UNIT_APPLY_OPS},
	{"without lsid", "{" COMMAND "'o':{'applyOps':[]},'txnNumber':5}", ENTRY_UNIT_APPLY_OPS},
};

static void entries_are_what_they_are_a_part_of(void **state)
{

	(void)state;
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		OWNED(buf_release) struct buf b = {0};
		struct entry entry = parse(&b, units[i].text);
		struct entry_unit_info info;
		struct error e = {0};

		ASSERT_OK(entry_unit(&entry, &info, &e));
		if (info.unit != units[i].unit)
			fail_msg("%s: unit %d, expected %d", units[i].name, info.unit,
				 units[i].unit);
		if (strcmp(units[i].name, "T04 last") == 0)
			assert_true(info.has_count && info.count == 7);
		if (info.unit == ENTRY_UNIT_COMMIT)
			assert_true(info.commit_ts == entry_ts(100, 6));
	}
}

static void a_commit_without_its_time_is_refused(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	struct entry entry = parse(&b, "{" COMMAND TXN PREV "'o':{'commitTransaction':1}}");
	struct entry_unit_info info;
	struct error e = {0};

	(void)state;
	ASSERT_ERROR_TEXT(entry_unit(&entry, &info, &e), ERR_CORRUPT, "commitTimestamp");
}

/* "i 1, u 2 upsert, ..." of all operations. */
static const char *operations(const char *text)
{
	static struct buf out;
	OWNED(buf_release) struct buf b = {0};
	struct entry entry = parse(&b, text), op;
	struct entry_ops ops;
	struct error e = {0};

	buf_reset(&out);
	entry_ops_begin(&ops, &entry);
	while (ASSERT_OK(entry_ops_next(&ops, &op, &e)) > 0) {
		buf_printf(&out, "%s%s %.*s", out.len > 0 ? ", " : "", entry_op_name(op.op),
			   (int)op.ns.len, (const char *)op.ns.at);
		if (op.upsert)
			buf_add_str(&out, " upsert");
		assert_true(op.at.ts == entry.at.ts && op.at.term == entry.at.term);
		assert_true(op.has_wall == entry.has_wall);
	}
	return buf_text(&out);
}

#define U(more) "{'op':'u','ns':'a.b','o2':{'_id':1},'o':{'$v':1,'$set':{'x':1}}" more "}"

static void operations_inside_inherit_and_nest(void **state)
{
	(void)state;
	assert_string_equal(operations("{" HEAD "'op':'i','ns':'a.b','o':{'_id':1}}"), "i a.b");
	assert_string_equal(operations("{" HEAD "'op':'n','ns':'','o':{}}"), "n ");
	/* T18 */
	assert_string_equal(operations("{" COMMAND "'o':{'applyOps':[]}}"), "");
	/* T02: namespaces of the operations; T03: commands among them. */
	assert_string_equal(operations("{" COMMAND TXN NO_PREV "'o':{'applyOps':["
				       "{'op':'c','ns':'x.$cmd','o':{'create':'c'}},"
				       "{'op':'i','ns':'x.c','o':{'_id':1}},{'op':'d','ns':'y.c','"
				       "o':{'_id':1}}]}}"),
			    "c x.$cmd, i x.c, d y.c");
	/* T17: nested ones are flat, in order; ns inherited. */
	assert_string_equal(
		operations("{" HEAD "'op':'c','ns':'z.$cmd','o':{'applyOps':["
			   "{'op':'i','ns':'a.b','o':{'_id':1}},{'op':'c','o':{'applyOps':["
			   "{'op':'i','ns':'a.c','o':{'_id':1}},{'op':'c','o':{'drop':'q'}}]}},"
			   "{'op':'d','ns':'a.d','o':{'_id':1}}]}}"),
		"i a.b, i a.c, c z.$cmd, d a.d");
	/* T14, T15, T16; in a transaction there is no such default. */
	assert_string_equal(operations("{" COMMAND "'o':{'applyOps':[" U("") "]}}"),
			    "u a.b upsert");
	assert_string_equal(
		operations("{" COMMAND "'o':{'applyOps':[" U("") "],'alwaysUpsert':false}}"),
		"u a.b");
	assert_string_equal(operations("{" COMMAND "'o':{'applyOps':[" U(",'b':false") "]}}"),
			    "u a.b upsert");
	assert_string_equal(operations("{" COMMAND "'o':{'applyOps':[" U(
				    ",'b':false") "],'alwaysUpsert':false}}"),
			    "u a.b");
	assert_string_equal(operations("{" COMMAND "'o':{'applyOps':[" U(
				    ",'b':true") "],'alwaysUpsert':false}}"),
			    "u a.b upsert");
	assert_string_equal(operations("{" COMMAND TXN NO_PREV "'o':{'applyOps':[" U("") "]}}"),
			    "u a.b");
	assert_string_equal(operations("{" HEAD "'op':'u','ns':'a.b','o2':{'_id':1},'o':{'x':1}}"),
			    "u a.b");
	assert_string_equal(
		operations("{" HEAD "'op':'u','ns':'a.b','o2':{'_id':1},'o':{'x':1},'b':true}"),
		"u a.b upsert");
}

static void bad_operations_inside_are_refused(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *part;
	} bad[] = {
		{"{" COMMAND "'o':{'applyOps':5}}", ERR_CORRUPT, "expected an array"},
		{"{" COMMAND "'o':{'applyOps':[5]}}", ERR_CORRUPT, "expected a document"},
		{"{" COMMAND "'o':{'applyOps':[{'op':'i','ns':'a.b'}]}}", ERR_CORRUPT,
		 "o is missing"},
		{"{" COMMAND "'o':{'applyOps':[{'ns':'a.b','o':{}}]}}", ERR_CORRUPT,
		 "op is missing"},
		{"{" COMMAND "'o':{'applyOps':[{'op':'?','ns':'a.$cmd','o':{}}]}}", ERR_UNSUPPORTED,
		 "oplog entry 100.7"},
	};
	OWNED(buf_release) struct buf deep = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		OWNED(buf_release) struct buf b = {0};
		struct entry entry = parse(&b, bad[i].text), op;
		struct entry_ops ops;
		struct error e = {0};

		entry_ops_begin(&ops, &entry);
		ASSERT_ERROR_TEXT(entry_ops_next(&ops, &op, &e), bad[i].code, bad[i].part);
	}
	for (int levels = 10; levels <= 11; levels++) {
		OWNED(buf_release) struct buf b = {0};
		struct entry entry, op;
		struct entry_ops ops;
		struct error e = {0};

		buf_reset(&deep);
		buf_add_str(&deep, "{" COMMAND "'o':{'applyOps':[");
		for (int i = 1; i < levels; i++)
			buf_add_str(&deep, "{'op':'c','o':{'applyOps':[");
		for (int i = 1; i < levels; i++)
			buf_add_str(&deep, "]}}");
		buf_add_str(&deep, "]}}");
		entry = parse(&b, buf_text(&deep));
		entry_ops_begin(&ops, &entry);
		if (levels == 10)
			assert_int_equal(ASSERT_OK(entry_ops_next(&ops, &op, &e)), 0);
		else
			ASSERT_ERROR(entry_ops_next(&ops, &op, &e), ERR_LIMIT);
	}
}

static void sessions_are_compared_by_their_parts(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{"'lsid':{'id':1,'uid':2},", "'lsid':{'uid':2,'id':1},", true},
		{"'lsid':{'id':1,'uid':2},", "'lsid':{'id':1,'uid':3},", false},
		{"'lsid':{'id':1,'uid':2,'txnNumber':1},", "'lsid':{'id':1,'uid':2},", false},
		{"'lsid':{'id':1,'uid':2,'txnUUID':1},",
		 "'lsid':{'id':1,'uid':2,'txnUUID':1,'x':1},", true},
		{"", "", false},
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf x = {0};
		OWNED(buf_release) struct buf y = {0};
		struct entry a, b;

		snprintf(text, sizeof(text), "{" HEAD "%s'op':'n','ns':'','o':{}}", cases[i].a);
		a = parse(&x, text);
		snprintf(text, sizeof(text), "{" HEAD "%s'op':'n','ns':'','o':{}}", cases[i].b);
		b = parse(&y, text);
		assert_int_equal(entry_same_session(&a, &b), cases[i].same);
	}
}

static void an_entry_that_is_cut_is_refused(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	struct entry entry =
		parse(&b, "{" COMMAND TXN PREV "'o':{'applyOps':[" U("") "],'count':2}}");
	struct error e = {0};

	(void)state;
	for (size_t len = 0; len < entry.raw.len; len++) {
		struct entry cut;

		ASSERT_ERROR(entry_parse(bytes_of(b.at, len), &cut, &e), ERR_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_of_fields_does_not_matter),
		cmocka_unit_test(every_operation_has_its_letters),
		cmocka_unit_test(an_unknown_operation_on_a_collection_can_be_read),
		cmocka_unit_test(what_is_not_an_entry_is_refused),
		cmocka_unit_test(numbers_may_be_of_any_type),
		cmocka_unit_test(the_id_of_an_operation_is_found),
		cmocka_unit_test(statement_ids_may_be_several),
		cmocka_unit_test(entries_are_what_they_are_a_part_of),
		cmocka_unit_test(a_commit_without_its_time_is_refused),
		cmocka_unit_test(operations_inside_inherit_and_nest),
		cmocka_unit_test(bad_operations_inside_are_refused),
		cmocka_unit_test(sessions_are_compared_by_their_parts),
		cmocka_unit_test(an_entry_that_is_cut_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
