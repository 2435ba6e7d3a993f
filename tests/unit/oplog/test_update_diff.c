#include "tests/unit/oplog/text_doc.h"

#define BIN(base64, kind) "{'$binary':{'base64':'" base64 "','subType':'" kind "'}}"

/* Reference 8.3; what is not numbered is of the samples, or was measured the same way. */
static const struct update_case cases[] = {
	{"B01 v2_u_missing_field", FROM_V5, "{'_id':1,'m':0}",
	 "{'$v':2,'diff':{'u':{'z':1,'b':2},'i':{'y':3,'a':4}}}",
	 "{'_id':1,'m':0,'z':1,'b':2,'y':3,'a':4}"},
	{"B02 v2_i_existing", FROM_V5, "{'_id':1,'a':1,'b':2,'c':3}",
	 "{'$v':2,'diff':{'i':{'a':9}}}", "{'_id':1,'b':2,'c':3,'a':9}"},
	{"B03 v2_i_existing_nested", FROM_V5, "{'_id':1,'n':{'a':1,'b':2}}",
	 "{'$v':2,'diff':{'sn':{'i':{'a':9}}}}", "{'_id':1,'n':{'b':2,'a':9}}"},
	{"B04 v2_i_existing_same_value", FROM_V5, "{'_id':1,'a':1,'b':2}",
	 "{'$v':2,'diff':{'i':{'a':1}}}", "{'_id':1,'b':2,'a':1}"},
	{"B05 v2_d_missing", FROM_V5, "{'_id':1,'a':1}", "{'$v':2,'diff':{'d':{'q':false}}}", NULL},
	{"B05 v2_s_missing", FROM_V5, "{'_id':1,'a':1}", "{'$v':2,'diff':{'sq':{'u':{'x':1}}}}",
	 NULL},
	{"B06 v2_s_scalar", FROM_V5, "{'_id':1,'a':1,'b':2}",
	 "{'$v':2,'diff':{'sa':{'u':{'x':1}}}}", "{'_id':1,'a':null,'b':2}"},
	{"B06 v2_s_null", FROM_V5, "{'_id':1,'a':null,'b':2}",
	 "{'$v':2,'diff':{'sa':{'u':{'x':1}}}}", NULL},
	{"B06 v2_sdoc_on_array", FROM_V5, "{'_id':1,'a':[1],'b':2}",
	 "{'$v':2,'diff':{'sa':{'u':{'x':1}}}}", "{'_id':1,'a':null,'b':2}"},
	{"B06 v2_sarr_on_doc", FROM_V5, "{'_id':1,'a':{'x':1},'b':2}",
	 "{'$v':2,'diff':{'sa':{'a':true,'u0':5}}}", "{'_id':1,'a':null,'b':2}"},
	{"B06 v2_sarr_on_scalar", FROM_V5, "{'_id':1,'a':7,'b':2}",
	 "{'$v':2,'diff':{'sa':{'a':true,'u0':5}}}", "{'_id':1,'a':null,'b':2}"},
	{"B07 v2_arr_u_gap", FROM_V5, "{'_id':1,'a':[1]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'u4':9}}}", "{'_id':1,'a':[1,null,null,null,9]}"},
	{"B07 v2_arr_u_append", FROM_V5, "{'_id':1,'a':[1,2,3]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'u3':9}}}", "{'_id':1,'a':[1,2,3,9]}"},
	{"B07 v2_arr_u_in", FROM_V5, "{'_id':1,'a':[1,2,3]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'u1':9}}}", "{'_id':1,'a':[1,9,3]}"},
	{"B08 v2_arr_l_trunc", FROM_V5, "{'_id':1,'a':[1,2,3,4]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'l':2}}}", "{'_id':1,'a':[1,2]}"},
	{"B08 v2_arr_l_extend", FROM_V5, "{'_id':1,'a':[1]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'l':4}}}", "{'_id':1,'a':[1,null,null,null]}"},
	{"B08 v2_arr_l_zero", FROM_V5, "{'_id':1,'a':[1,2]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'l':0}}}", "{'_id':1,'a':[]}"},
	{"B09 v2_arr_l_trunc_u", FROM_V5, "{'_id':1,'a':[1,2,3,4]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'l':2,'u0':7}}}", "{'_id':1,'a':[7,2]}"},
	{"B10 v2_arr_l_u_beyond_l", FROM_V5, "{'_id':1,'a':[1,2,3,4]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'l':2,'u3':7}}}", "#13548"},
	{"B11 v2_arr_s_beyond", FROM_V5, "{'_id':1,'a':[1]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'s2':{'u':{'x':1}}}}}", "{'_id':1,'a':[1,null,null]}"},
	{"B11 v2_arr_s_scalar", FROM_V5, "{'_id':1,'a':[1,2]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'s0':{'u':{'x':1}}}}}", "{'_id':1,'a':[null,2]}"},
	{"B11 v2_arr_s_doc_on_arr", FROM_V5, "{'_id':1,'a':[[1],2]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'s0':{'u':{'x':1}}}}}", "{'_id':1,'a':[null,2]}"},
	{"B11 v2_arr_s_arr_on_doc", FROM_V5, "{'_id':1,'a':[{'q':1},2]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'s0':{'a':true,'u0':1}}}}", "{'_id':1,'a':[null,2]}"},
	{"B12 v2_arr_unordered_idx", FROM_V5, "{'_id':1,'a':[1,2,3,4]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'u2':9,'u0':8}}}", "#13548"},
	{"B13 v2_arr_leading_zero", FROM_V5, "{'_id':1,'a':[1,2,3,4]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'u01':9}}}", "{'_id':1,'a':[1,9,3,4]}"},
	{"B14 v2_arr_only_header", FROM_V5, "{'_id':1,'a':[1,2]}",
	 "{'$v':2,'diff':{'sa':{'a':true}}}", NULL},
	{"B15 v2_arr_a_false", FROM_V5, "{'_id':1,'a':[1,2]}",
	 "{'$v':2,'diff':{'sa':{'a':false,'u0':1}}}", "#4770520"},
	{"B15 v2_arr_l_int64", FROM_V5, "{'_id':1,'a':[1,2]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'l':{'$numberLong':'1'}}}}", "#4770507"},
	{"B15 v2_empty_diff", FROM_V5, "{'_id':1,'a':1}", "{'$v':2,'diff':{}}", "#4770500"},
	{"B15 v2_empty_sub", FROM_V5, "{'_id':1,'a':{'x':1}}", "{'$v':2,'diff':{'sa':{}}}",
	 "#4770500"},
	{"B15 v2_bad_order", FROM_V5, "{'_id':1,'a':1}",
	 "{'$v':2,'diff':{'i':{'b':1},'u':{'a':2}}}", "#4770503"},
	{"B15 v2_unknown_section", FROM_V5, "{'_id':1,'a':1}", "{'$v':2,'diff':{'x':{'b':1}}}",
	 "#4770503"},
	{"B15 v2_section_after_s", FROM_V5, "{'_id':1,'a':{'x':1}}",
	 "{'$v':2,'diff':{'sa':{'u':{'x':2}},'u':{'a':2}}}", "#4770514"},
	{"B15 v2_dup_fields_in_u", FROM_V5, "{'_id':1,'a':1}",
	 "{'$v':2,'diff':{'u':{'a':1},'i':{'a':1}}}", "#4728000"},
	{"B15 v2_d_i_same", FROM_V5, "{'_id':1,'a':1,'b':2}",
	 "{'$v':2,'diff':{'d':{'a':false},'i':{'a':5}}}", "#4728000"},
	{"B15 twice in one section", FROM_V5, "{'_id':1,'a':1}",
	 "{'$v':2,'diff':{'u':{'a':1,'a':2}}}", "#4728000"},
	{"B15 a section twice", FROM_V5, "{'_id':1,'a':1}",
	 "{'$v':2,'diff':{'u':{'a':1},'u':{'b':2}}}", "#4770503"},
	{"B16 v2_doc_field_named_a", FROM_V5, "{'_id':1,'x':{'a':1}}",
	 "{'$v':2,'diff':{'sx':{'u':{'a':5}}}}", "{'_id':1,'x':{'a':5}}"},
	{"B17 v2_s_empty_field", FROM_V5, "{'_id':1,'':{'x':1}}",
	 "{'$v':2,'diff':{'s':{'u':{'x':2}}}}", "{'_id':1,'':{'x':2}}"},
	{"B17 v2_dotted_field", FROM_V5, "{'_id':1,'a.b':1}", "{'$v':2,'diff':{'u':{'a.b':2}}}",
	 "{'_id':1,'a.b':2}"},
	{"B17 v2_dollar_fields", FROM_V5, "{'_id':1,'b':1}",
	 "{'$v':2,'diff':{'i':{'$z':1,'a':{'$b':1}}}}", "{'_id':1,'b':1,'$z':1,'a':{'$b':1}}"},
	{"B18 v2_id_change", FROM_V5, "{'_id':1,'a':1}", "{'$v':2,'diff':{'u':{'_id':2}}}",
	 "#13596"},
	{"B18 v2_id_delete", FROM_V5, "{'_id':1,'a':1}", "{'$v':2,'diff':{'d':{'_id':false}}}",
	 NULL},
	{"B18 v2_id_i", FROM_V5, "{'_id':1,'a':1}", "{'$v':2,'diff':{'i':{'_id':1}}}", NULL},
	{"B18 deleted, with another change", FROM_V5, "{'_id':1,'a':1}",
	 "{'$v':2,'diff':{'d':{'_id':false},'u':{'a':2}}}", "{'_id':1,'a':2}"},
	{"B19 v2_v_long", FROM_V5, "{'_id':1,'b':1}",
	 "{'$v':{'$numberLong':'2'},'diff':{'u':{'b':2}}}", "{'_id':1,'b':2}"},
	{"B19 v2_v_last", FROM_V5, "{'_id':1,'b':1}", "{'diff':{'u':{'b':2}},'$v':2}",
	 "{'_id':1,'b':2}"},
	{"B19 v2_extra_toplevel", FROM_V5, "{'_id':1,'b':1}", "{'$v':2,'diff':{'u':{'b':2}},'x':1}",
	 "{'_id':1,'b':2}"},
	{"B20 v2_b_section", V5 | V6, "{'_id':1,'a':" BIN("YWJjZGVm", "00") "}",
	 "{'$v':2,'diff':{'b':{'a':{'o':2,'d':" BIN("WFk=", "00") "}}}}", "#4770503"},
	{"B20 v2_b_section", V8, "{'_id':1,'a':" BIN("YWJjZGVm", "07") ",'b':1}",
	 "{'$v':2,'diff':{'b':{'a':{'o':2,'d':" BIN("WFk=", "00") "}}}}",
	 "{'_id':1,'a':" BIN("YWJYWQ==", "07") ",'b':1}"},
	{"an offset as a long", V8, "{'_id':1,'a':" BIN("YWJj", "00") "}",
	 "{'$v':2,'diff':{'b':{'a':{'o':{'$numberLong':'1'},'d':" BIN("WFk=", "00") "}}}}",
	 "{'_id':1,'a':" BIN("YVhZ", "00") "}"},
	{"names twice among many", FROM_V5, "{'_id':1}",
	 "{'$v':2,'diff':{'d':{'a':false,'b':false,'c':false,'d':false,'e':false},"
	 "'u':{'f':1,'g':1,'h':1,'i':1,'c':2}}}",
	 "#4728000"},
	{"B21 append", V8, "{'_id':1,'a':" BIN("YWJj", "00") "}",
	 "{'$v':2,'diff':{'b':{'a':{'o':3,'d':" BIN("ZGVm", "00") "}}}}",
	 "{'_id':1,'a':" BIN("YWJjZGVm", "00") "}"},
	{"B21 append again", V8, "{'_id':1,'a':" BIN("YWJjZGVm", "00") "}",
	 "{'$v':2,'diff':{'b':{'a':{'o':3,'d':" BIN("ZGVm", "00") "}}}}", NULL},
	{"B21 shrink", V8, "{'_id':1,'a':" BIN("YWJjZGVm", "00") "}",
	 "{'$v':2,'diff':{'b':{'a':{'o':1,'d':" BIN("eA==", "00") "}}}}",
	 "{'_id':1,'a':" BIN("YXg=", "00") "}"},
	{"B21 append to what has shrunk", V8, "{'_id':1,'a':" BIN("YXg=", "00") "}",
	 "{'$v':2,'diff':{'b':{'a':{'o':3,'d':" BIN("ZGVm", "00") "}}}}", NULL},
	{"B21 no binary there", V8, "{'_id':1,'a':5}",
	 "{'$v':2,'diff':{'b':{'a':{'o':0,'d':" BIN("eA==", "00") "},'q':{'o':0,'d':" BIN(
		 "eA==", "00") "}}}}",
	 NULL},
	{"B22 upd_pipeline_field_order", FROM_V5, "{'_id':1,'a':1,'b':2,'c':3}",
	 "{'$v':2,'diff':{'i':{'b':2,'a':1}}}", "{'_id':1,'c':3,'b':2,'a':1}"},
	{"B23 timeseries", FROM_V5, "{'_id':1,'control':{'n':1},'data':{'v':{'0':1},'t':{'0':5}}}",
	 "{'$v':2,'diff':{'sdata':{'st':{'i':{'1':6}},'sv':{'i':{'1':2}}}}}",
	 "{'_id':1,'control':{'n':1},'data':{'v':{'0':1,'1':2},'t':{'0':5,'1':6}}}"},
	{"v2_missing_doc", FROM_V5, NULL, "{'$v':2,'diff':{'u':{'a':1}}}", NULL},
	{"v2_missing_doc", UPSERT | FROM_V5, NULL, "{'$v':2,'diff':{'u':{'a':1}}}",
	 "{'_id':1,'a':1}"},
	{"v2_missing_doc_i", UPSERT | FROM_V5, NULL, "{'$v':2,'diff':{'i':{'a':1}}}",
	 "{'_id':1,'a':1}"},
	{"upsert of another _id", UPSERT | FROM_V5, NULL, "{'$v':2,'diff':{'i':{'_id':2,'x':1}}}",
	 "{'_id':2,'x':1}"},
	{"v2_empty_section", FROM_V5, "{'_id':1,'a':1}", "{'$v':2,'diff':{'u':{}}}", NULL},
	{"v2_no_diff", FROM_V5, "{'_id':1,'b':1}", "{'$v':2}", "#4772601"},
	{"diff is an array", FROM_V5, "{'_id':1,'b':1}", "{'$v':2,'diff':[1]}", "#4772601"},
	{"v2_i_order", FROM_V5, "{'_id':1,'b':1}", "{'$v':2,'diff':{'i':{'z':1,'a':2}}}",
	 "{'_id':1,'b':1,'z':1,'a':2}"},
	{"v2_u_same", FROM_V5, "{'_id':1,'b':1}", "{'$v':2,'diff':{'u':{'b':1}}}", NULL},
	{"v2_zero_ts", FROM_V5, "{'_id':1}",
	 "{'$v':2,'diff':{'i':{'t':{'$timestamp':{'t':0,'i':0}}}}}",
	 "{'_id':1,'t':{'$timestamp':{'t':0,'i':0}}}"},
	{"a name twice in the document, u", FROM_V5, "{'_id':1,'a':1,'b':1,'a':2}",
	 "{'$v':2,'diff':{'u':{'a':9}}}", "{'_id':1,'a':9,'b':1,'a':9}"},
	{"a name twice in the document, d", FROM_V5, "{'_id':1,'a':1,'b':1,'a':2}",
	 "{'$v':2,'diff':{'d':{'a':false}}}", "{'_id':1,'b':1}"},
	{"a name twice in the document, i", FROM_V5, "{'_id':1,'a':1,'b':1,'a':2}",
	 "{'$v':2,'diff':{'i':{'a':9}}}", "{'_id':1,'b':1,'a':9}"},
	{"unused sub-diff, empty", FROM_V5, "{'_id':1}", "{'$v':2,'diff':{'sq':{}}}", "#4770500"},
	{"unused sub-diff, bad section", FROM_V5, "{'_id':1}", "{'$v':2,'diff':{'sq':{'zz':{}}}}",
	 "#4770503"},
	{"unused sub-diff, bad below", FROM_V5, "{'_id':1}",
	 "{'$v':2,'diff':{'sq':{'sr':{'zz':{}}}}}", NULL},
	{"unused array diff, false", FROM_V5, "{'_id':1}", "{'$v':2,'diff':{'sq':{'a':false}}}",
	 "#4770520"},
	{"sub-diff is a number", FROM_V5, "{'_id':1,'a':1}", "{'$v':2,'diff':{'sa':5}}",
	 "#4770507"},
	{"section is an array", FROM_V5, "{'_id':1,'a':1}", "{'$v':2,'diff':{'u':[7]}}",
	 "#4770507"},
	{"section without a name", FROM_V5, "{'_id':1,'a':1}", "{'$v':2,'diff':{'':{}}}",
	 "#4770505"},
	{"array diff at the top", FROM_V5, "{'_id':1,'a':1}", "{'$v':2,'diff':{'a':true,'u0':1}}",
	 "#4770503"},
	{"value of d counts for nothing", FROM_V5, "{'_id':1,'a':1}",
	 "{'$v':2,'diff':{'d':{'a':5}}}", "{'_id':1}"},
	{"array header is a number", FROM_V5, "{'_id':1,'a':[1]}",
	 "{'$v':2,'diff':{'sa':{'a':1,'u0':5}}}", "#4770519"},
	{"array: x0", FROM_V5, "{'_id':1,'a':[1]}", "{'$v':2,'diff':{'sa':{'a':true,'x0':5}}}",
	 "#4770502"},
	{"array: u", FROM_V5, "{'_id':1,'a':[1]}", "{'$v':2,'diff':{'sa':{'a':true,'u':5}}}",
	 "#4770521"},
	{"array: u1x", FROM_V5, "{'_id':1,'a':[1]}", "{'$v':2,'diff':{'sa':{'a':true,'u1x':5}}}",
	 "#4770512"},
	{"array: s0 is a number", FROM_V5, "{'_id':1,'a':[1]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'s0':5}}}", "#4770501"},
	{"array: negative length", FROM_V5, "{'_id':1,'a':[1]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'l':-1}}}", "#13548"},
	{"array: length behind", FROM_V5, "{'_id':1,'a':[1]}",
	 "{'$v':2,'diff':{'sa':{'a':true,'u0':1,'l':1}}}", "#4770521"},
};

static void every_named_case_gives_what_servers_give(void **state)
{
	(void)state;
	check_updates(cases, COUNT_OF(cases));
}

/* v2_arr_u_huge; and v2_arr names of elements that are no numbers are numbered anew. */
static void arrays_are_numbered_anew(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf o = {0};
	OWNED(buf_release) struct buf want = {0};
	OWNED(buf_release) struct buf out = {0};
	struct update_rules rules = {.major = 6};
	struct bson_field array, last;
	struct error e = {0};
	size_t begin, sub;

	(void)state;
	assert_int_equal(ASSERT_OK(update_apply(
				 text_doc(&doc, "{'_id':1,'a':[1]}"),
				 text_doc(&o, "{'$v':2,'diff':{'sa':{'a':true,'u100000':9}}}"),
				 &rules, &out, &e)),
			 1);
	ASSERT_OK(bson_check(buf_bytes(&out), BSON_CHECK_FULL, &e));
	ASSERT_OK(bson_find(buf_bytes(&out), "a", &array, &e));
	assert_int_equal(ASSERT_OK(bson_find(array.value, "100000", &last, &e)), 1);

	buf_reset(&doc);
	buf_reset(&o);
	buf_reset(&out);
	begin = harness_doc_open(&doc);
	harness_doc_int32(&doc, "_id", 1);
	sub = harness_doc_open_array(&doc, "a");
	harness_doc_int32(&doc, "x", 1);
	harness_doc_int32(&doc, "7", 2);
	harness_doc_int32(&doc, "2", 3);
	harness_doc_int32(&doc, "7", 4);
	harness_doc_close(&doc, sub);
	harness_doc_close(&doc, begin);
	text_doc(&o, "{'$v':2,'diff':{'sa':{'a':true,'u1':9}}}");
	assert_int_equal(ASSERT_OK(update_apply(buf_bytes(&doc), buf_bytes(&o), &rules, &out, &e)),
			 1);
	ASSERT_BYTES(buf_bytes(&out), text_doc(&want, "{'_id':1,'a':[1,9,3,4]}"));
}

static void many_changes_are_found(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf o = {0};
	OWNED(buf_release) struct buf want = {0};
	OWNED(buf_release) struct buf out = {0};
	struct update_rules rules = {.major = 6};
	size_t begin, diff, sub;
	struct error e = {0};
	char name[32];

	(void)state;
	begin = harness_doc_open(&doc);
	harness_doc_int32(&doc, "_id", 1);
	for (int i = 0; i < 1000; i++)
		harness_doc_int32(&doc, (snprintf(name, sizeof(name), "f%d", i), name), i);
	harness_doc_close(&doc, begin);
	begin = harness_doc_open(&o);
	harness_doc_int32(&o, "$v", 2);
	diff = harness_doc_open_sub(&o, "diff");
	sub = harness_doc_open_sub(&o, "d");
	for (int i = 0; i < 1000; i += 3)
		harness_doc_bool(&o, (snprintf(name, sizeof(name), "f%d", i), name), false);
	harness_doc_close(&o, sub);
	sub = harness_doc_open_sub(&o, "u");
	for (int i = 1; i < 1000; i += 3)
		harness_doc_int32(&o, (snprintf(name, sizeof(name), "f%d", i), name), -i);
	harness_doc_close(&o, sub);
	harness_doc_close(&o, diff);
	harness_doc_close(&o, begin);
	begin = harness_doc_open(&want);
	harness_doc_int32(&want, "_id", 1);
	for (int i = 0; i < 1000; i++)
		if (i % 3 != 0)
			harness_doc_int32(&want, (snprintf(name, sizeof(name), "f%d", i), name),
					  i % 3 == 1 ? -i : i);
	harness_doc_close(&want, begin);
	assert_int_equal(ASSERT_OK(update_apply(buf_bytes(&doc), buf_bytes(&o), &rules, &out, &e)),
			 1);
	ASSERT_BYTES(buf_bytes(&out), buf_bytes(&want));
}

/* What no server of any version has logged. */
static void odd_differences_are_refused(void **state)
{
	static const struct {
		int major;
		const char *doc, *o;
		int code;
		const char *part;
	} odd[] = {
		{8, "{'_id':1}", "{'$v':2,'diff':{'b':{'a':5}}}", ERR_CORRUPT,
		 "binary difference is not {o: offset, d: binary}"},
		{8, "{'_id':1}", "{'$v':2,'diff':{'b':{'a':{'o':1}}}}", ERR_CORRUPT,
		 "binary difference"},
		{8, "{'_id':1}", "{'$v':2,'diff':{'b':{'a':{'o':1,'d':5}}}}", ERR_CORRUPT,
		 "binary difference"},
		{8, "{'_id':1}", "{'$v':2,'diff':{'b':{'a':{'o':-1,'d':" BIN("WFk=", "00") "}}}}",
		 ERR_CORRUPT, "binary difference"},
		{8, "{'_id':1}", "{'$v':2,'diff':{'b':{'a':{'o':'x','d':" BIN("WFk=", "00") "}}}}",
		 ERR_CORRUPT, "binary difference"},
		{6, "{'_id':1,'a':[1]}", "{'$v':2,'diff':{'sa':{'a':true,'u20000000':1}}}",
		 ERR_LIMIT, "array of more than 16777216 elements"},
		{6, "{'_id':1,'a':1}", "{'$v':2,'diff':{'sa':{}}}", ERR_CORRUPT, "empty diff"},
		{6, "{'_id':1,'a':1}", "{'$v':2,'diff':{'sa':{'a':5}}}", ERR_CORRUPT,
		 "array header must be a bool"},
		{6, "{'_id':1,'a':1}", "{'$v':2,'diff':{'sa':{'x':{}}}}", ERR_CORRUPT,
		 "unexpected section x"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd); i++) {
		OWNED(buf_release) struct buf doc = {0}, o = {0}, out = {0};
		const struct update_rules rules = {.major = odd[i].major};
		struct error e = {0};

		ASSERT_ERROR_TEXT(update_apply(text_doc(&doc, odd[i].doc), text_doc(&o, odd[i].o),
					       &rules, &out, &e),
				  odd[i].code, odd[i].part);
		assert_int_equal(out.len, 0);
	}
}

static void a_difference_that_nests_too_deep_is_refused(void **state)
{
	const struct update_rules rules = {.major = 6};

	(void)state;
	for (int depth = BSON_MAX_NESTING - 4; depth < BSON_MAX_NESTING + 4; depth += 7) {
		OWNED(buf_release) struct buf doc = {0}, o = {0}, out = {0};
		size_t open[BSON_MAX_NESTING + 16], begin, diff, last;
		struct error e = {0};
		int n = 0, code;

		begin = harness_doc_open(&doc);
		harness_doc_int32(&doc, "_id", 1);
		for (n = 0; n < depth; n++)
			open[n] = harness_doc_open_sub(&doc, "a");
		while (n > 0)
			harness_doc_close(&doc, open[--n]);
		harness_doc_close(&doc, begin);
		begin = harness_doc_open(&o);
		harness_doc_int32(&o, "$v", 2);
		diff = harness_doc_open_sub(&o, "diff");
		for (n = 0; n < depth; n++)
			open[n] = harness_doc_open_sub(&o, "sa");
		last = harness_doc_open_sub(&o, "i");
		harness_doc_int32(&o, "x", 1);
		harness_doc_close(&o, last);
		while (n > 0)
			harness_doc_close(&o, open[--n]);
		harness_doc_close(&o, diff);
		harness_doc_close(&o, begin);
		code = update_apply(buf_bytes(&doc), buf_bytes(&o), &rules, &out, &e);
		if (depth < BSON_MAX_NESTING)
			assert_int_equal(ASSERT_OK(code), 1);
		else
			ASSERT_ERROR_TEXT(code, ERR_LIMIT, "nests more than");
	}
}

/* Each byte of a difference may be another one: it is applied as some difference, or refused, and nothing half-made is left. */
static void a_damaged_difference_leaves_nothing_behind(void **state)
{
	OWNED(buf_release) struct buf doc = {0}, o = {0}, out = {0};
	const struct update_rules rules = {.major = 8};

	(void)state;
	text_doc(&doc, "{'_id':1,'a':{'b':[1,{'c':2},3],'d':5},'e':" BIN("YWJj", "00") "}");
	text_doc(&o, "{'$v':2,'diff':{'b':{'e':{'o':1,'d':" BIN(
			     "WFk=", "00") "}},"
					   "'sa':{'d':{'d':false},'sb':{'a':true,'l':4,'s1':{'u':{'"
					   "c':7}},'u3':9}}}}");
	buf_add_str(&out, "x");
	for (size_t at = 4; at < o.len; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct error e = {0};
			int code;

			o.at[at] ^= (uint8_t)(1u << bit);
			code = update_apply(buf_bytes(&doc), buf_bytes(&o), &rules, &out, &e);
			o.at[at] ^= (uint8_t)(1u << bit);
			if (code <= 0)
				assert_int_equal(out.len, 1);
			if (code < 0)
				assert_true(e.text[0] != '\0');
			out.len = 1;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_named_case_gives_what_servers_give),
		cmocka_unit_test(arrays_are_numbered_anew),
		cmocka_unit_test(many_changes_are_found),
		cmocka_unit_test(odd_differences_are_refused),
		cmocka_unit_test(a_difference_that_nests_too_deep_is_refused),
		cmocka_unit_test(a_damaged_difference_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
