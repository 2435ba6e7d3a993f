#include "tests/unit/oplog/text_doc.h"

/* Reference 8.2; what is not numbered is of the samples, or was measured the same way. */
static const struct update_case cases[] = {
	{"A01 v1_set_through_scalar", ALL, "{'_id':1,'a':5}", "{'$v':1,'$set':{'a.b':1}}", NULL},
	{"A02 v1_set_through_null", ALL, "{'_id':1,'a':null}", "{'$v':1,'$set':{'a.b':1}}", NULL},
	{"A03 v1_set_through_string_then_other", ALL, "{'_id':1,'a':'s','z':0}",
	 "{'$v':1,'$set':{'a.b':1,'z':9}}", "{'_id':1,'a':'s','z':9}"},
	{"A04 v1_set_missing_parent", ALL, "{'_id':1,'x':1}", "{'$v':1,'$set':{'a.b.c':1}}",
	 "{'_id':1,'x':1,'a':{'b':{'c':1}}}"},
	{"A05 v1_set_missing_numeric", ALL, "{'_id':1,'x':1}", "{'$v':1,'$set':{'a.0':1}}",
	 "{'_id':1,'x':1,'a':{'0':1}}"},
	{"A05 v1_set_missing_numeric_deep", ALL, "{'_id':1,'x':1}", "{'$v':1,'$set':{'a.0.b':1}}",
	 "{'_id':1,'x':1,'a':{'0':{'b':1}}}"},
	{"A06 v1_set_array_beyond", ALL, "{'_id':1,'a':[1]}", "{'$v':1,'$set':{'a.4':1}}",
	 "{'_id':1,'a':[1,null,null,null,1]}"},
	{"A07 v1_set_array_nonnumeric", ALL, "{'_id':1,'a':[1,2]}", "{'$v':1,'$set':{'a.x':1}}",
	 NULL},
	{"A08 v1_set_array_leading_zero", ALL, "{'_id':1,'a':[1,2]}", "{'$v':1,'$set':{'a.01':9}}",
	 "{'_id':1,'a':[1,9]}"},
	{"A09 v1_set_array_elem_scalar", ALL, "{'_id':1,'a':[1,2]}", "{'$v':1,'$set':{'a.0.b':1}}",
	 NULL},
	{"A09 v1_set_array_elem_null", ALL, "{'_id':1,'a':[null,2]}", "{'$v':1,'$set':{'a.0.b':1}}",
	 NULL},
	{"A10 v1_set_array_elem_beyond_deep", ALL, "{'_id':1,'a':[1]}",
	 "{'$v':1,'$set':{'a.3.b':1}}", "{'_id':1,'a':[1,null,null,{'b':1}]}"},
	{"A11 v1_set_array_huge", ALL, "{'_id':1,'a':[1]}", "{'$v':1,'$set':{'a.1500002':1}}",
	 "#34"},
	{"A11 index of 31 bits", ALL, "{'_id':1,'a':[1]}", "{'$v':1,'$set':{'a.2147483648':1}}",
	 "#34"},
	{"A11 index of 33 bits is none", ALL, "{'_id':1,'a':[1]}",
	 "{'$v':1,'$set':{'a.4294967296':1,'a.99999999999999999999999':1}}", NULL},
	{"A12 v1_set_idx_on_doc", ALL, "{'_id':1,'a':{'x':1}}", "{'$v':1,'$set':{'a.3':1}}",
	 "{'_id':1,'a':{'x':1,'3':1}}"},
	{"A13 v1_unset_array_elem", ALL, "{'_id':1,'a':[1,2,3]}", "{'$v':1,'$unset':{'a.1':true}}",
	 "{'_id':1,'a':[1,null,3]}"},
	{"A13 v1_unset_array_last", ALL, "{'_id':1,'a':[1,2]}", "{'$v':1,'$unset':{'a.1':true}}",
	 "{'_id':1,'a':[1,null]}"},
	{"A14 v1_unset_array_beyond", ALL, "{'_id':1,'a':[1]}", "{'$v':1,'$unset':{'a.7':true}}",
	 NULL},
	{"A14 v1_unset_missing", ALL, "{'_id':1,'a':5}", "{'$v':1,'$unset':{'q':true}}", NULL},
	{"A14 v1_unset_through_scalar", ALL, "{'_id':1,'a':5}", "{'$v':1,'$unset':{'a.b':true}}",
	 NULL},
	{"A14 below a missing element", ALL, "{'_id':1,'a':[1]}",
	 "{'$v':1,'$unset':{'a.5.b':true}}", NULL},
	{"A15 v1_unset_parent_becomes_empty", ALL, "{'_id':1,'a':{'b':1}}",
	 "{'$v':1,'$unset':{'a.b':true}}", "{'_id':1,'a':{}}"},
	{"A16 v1_order_new_fields", V4, "{'_id':1,'m':0}",
	 "{'$v':1,'$set':{'z':1,'b':2,'a':3,'10':4,'9':5,'2':6}}",
	 "{'_id':1,'m':0,'10':4,'2':6,'9':5,'a':3,'b':2,'z':1}"},
	{"A16 v1_order_new_fields", FROM_V5, "{'_id':1,'m':0}",
	 "{'$v':1,'$set':{'z':1,'b':2,'a':3,'10':4,'9':5,'2':6}}",
	 "{'_id':1,'m':0,'2':6,'9':5,'10':4,'a':3,'b':2,'z':1}"},
	{"A16 v1_order_new_nested_numeric", V4, "{'_id':1,'m':{}}",
	 "{'$v':1,'$set':{'m.z':1,'m.10':4,'m.9':5,'m.2':6}}",
	 "{'_id':1,'m':{'10':4,'2':6,'9':5,'z':1}}"},
	{"A16 v1_order_new_nested_numeric", FROM_V5, "{'_id':1,'m':{}}",
	 "{'$v':1,'$set':{'m.z':1,'m.10':4,'m.9':5,'m.2':6}}",
	 "{'_id':1,'m':{'2':6,'9':5,'10':4,'z':1}}"},
	{"A17 v1_order_mixed_case", ALL, "{'_id':1}",
	 "{'$v':1,'$set':{'b':1,'B':2,'a':3,'A':4,'_x':5,'\xc3\xa9':6}}",
	 "{'_id':1,'A':4,'B':2,'_x':5,'a':3,'b':1,'\xc3\xa9':6}"},
	{"A18 v1_order_dotted_vs_plain", ALL, "{'_id':1}",
	 "{'$v':1,'$set':{'a.b':1,'a-b':2,'a.c':3,'aa':4,'a!':5}}",
	 "{'_id':1,'a':{'b':1,'c':3},'a!':5,'a-b':2,'aa':4}"},
	{"A19 ord2", V4, "{'_id':1}",
	 "{'$v':1,'$set':{'0':1,'00':1,'001':1,'01':1,'1':1,'2':1,'9':1,'10':1,'1a':1,'10a':1,"
	 "'1x5':1,'4294967296':1,'A':1,'b9':1,'b10':1}}",
	 "{'_id':1,'0':1,'00':1,'001':1,'01':1,'1':1,'10':1,'10a':1,'1a':1,'1x5':1,'2':1,"
	 "'4294967296':1,'9':1,'A':1,'b10':1,'b9':1}"},
	{"A19 ord2", FROM_V5, "{'_id':1}",
	 "{'$v':1,'$set':{'A':1,'b9':1,'4294967296':1,'1x5':1,'10a':1,'1a':1,'10':1,'9':1,'2':1,"
	 "'1':1,'01':1,'001':1,'00':1,'0':1,'b10':1}}",
	 "{'_id':1,'0':1,'00':1,'001':1,'01':1,'1':1,'2':1,'9':1,'10':1,'1a':1,'10a':1,'1x5':1,"
	 "'4294967296':1,'A':1,'b10':1,'b9':1}"},
	{"A20 v1_set_before_unset_order", ALL, "{'_id':1,'a':1}",
	 "{'$v':1,'$unset':{'a':true},'$set':{'b':1}}", "{'_id':1,'b':1}"},
	{"A20 the other way round", ALL, "{'_id':1,'a':1}",
	 "{'$v':1,'$set':{'b':1},'$unset':{'a':true}}", "{'_id':1,'b':1}"},
	{"A21 v1_set_dup_prefix", ALL, "{'_id':1}", "{'$v':1,'$set':{'a':1,'a.b':2}}", "#40"},
	{"A21 across modifiers", ALL, "{'_id':1}", "{'$v':1,'$set':{'a.b':2},'$unset':{'a':1}}",
	 "#40"},
	{"A21 the same path twice", ALL, "{'_id':1}", "{'$v':1,'$set':{'a':1,'a':2}}", "#40"},
	{"A22 v1_empty_set", V4, "{'_id':1,'a':1}", "{'$v':1,'$set':{}}", "#9"},
	{"A22 v1_empty_set", FROM_V5, "{'_id':1,'a':1}", "{'$v':1,'$set':{}}", NULL},
	{"A23 v1_num_type_change", ALL, "{'_id':1,'a':1}", "{'$v':1,'$set':{'a':1.0}}",
	 "{'_id':1,'a':1.0}"},
	{"A23 v1_neg_zero", ALL, "{'_id':1,'a':{'$numberDouble':'0.0'}}",
	 "{'$v':1,'$set':{'a':{'$numberDouble':'-0.0'}}}",
	 "{'_id':1,'a':{'$numberDouble':'-0.0'}}"},
	{"A24 upd_set_mix_existing_new", ALL, "{'_id':1,'q':1,'m':1}",
	 "{'$v':1,'$set':{'z':2,'m':2,'a':2,'q':2}}", "{'_id':1,'q':2,'m':2,'a':2,'z':2}"},
	{"A25 v0_set", V4, "{'_id':1,'a':1}", "{'$v':0,'$set':{'a':2}}", "#40682"},
	{"A25 v0_set", V5, "{'_id':1,'a':1}", "{'$v':0,'$set':{'a':2}}", "#4772604"},
	{"A25 v0_set", FROM_V6, "{'_id':1,'a':1}", "{'$v':0,'$set':{'a':2}}", "#4772600"},
	{"A25 v3_set", V4, "{'_id':1,'a':1}", "{'$v':3,'$set':{'a':2}}", "#40682"},
	{"A25 v3_set", V5, "{'_id':1,'a':1}", "{'$v':3,'$set':{'a':2}}", "#4772604"},
	{"A25 v3_set", FROM_V6, "{'_id':1,'a':1}", "{'$v':3,'$set':{'a':2}}", "#4772600"},
	{"A26 v2_u_same", V4, "{'_id':1,'b':1}", "{'$v':2,'diff':{'u':{'b':2}}}", "#40682"},
	{"A27 upsert", UPSERT | ALL, NULL, "{'$v':1,'$set':{'b':1,'a':2}}",
	 "{'_id':1,'a':2,'b':1}"},
	{"A27 v1_missing_doc", ALL, NULL, "{'$v':1,'$set':{'a':1}}", NULL},
	{"v1_empty", ALL, "{'_id':1,'a':1}", "{'$v':1}", NULL},
	{"v1_set_same", ALL, "{'_id':1,'a':1}", "{'$v':1,'$set':{'a':1}}", NULL},
	{"v1_set_id_same", ALL, "{'_id':1,'a':1}", "{'$v':1,'$set':{'_id':1}}", NULL},
	{"v1_set_id_diff", ALL, "{'_id':1,'a':1}", "{'$v':1,'$set':{'_id':2}}", "#13596"},
	{"_id of another type", ALL, "{'_id':1,'a':1}", "{'$v':1,'$set':{'_id':1.0}}",
	 "{'_id':1.0,'a':1}"},
	{"_id goes", ALL, "{'_id':1,'a':1}", "{'$v':1,'$unset':{'_id':1}}", "#13596"},
	{"inside _id", ALL, "{'_id':{'x':1},'a':1}", "{'$v':1,'$set':{'_id.y':1}}", "#13596"},
	{"inside _id, equal", ALL, "{'_id':{'x':1},'a':1}", "{'$v':1,'$set':{'_id.x':1.0}}",
	 "{'_id':{'x':1.0},'a':1}"},
	{"upsert of another _id", UPSERT | ALL, NULL, "{'$v':1,'$set':{'_id':2,'x':1}}",
	 "{'_id':2,'x':1}"},
	{"v1_set_dollar_field", ALL, "{'_id':1,'a':1}", "{'$v':1,'$set':{'a.$x':1}}", NULL},
	{"$ in a new name", ALL, "{'_id':1}", "{'$v':1,'$set':{'a.$x':1,'$y':2}}",
	 "{'_id':1,'$y':2,'a':{'$x':1}}"},
	{"v1_set_dollar_value", ALL, "{'_id':1,'a':1}", "{'$v':1,'$set':{'a':{'$x':1}}}",
	 "{'_id':1,'a':{'$x':1}}"},
	{"v1_dollar_dot_path", ALL, "{'_id':1,'a':[1]}", "{'$v':1,'$set':{'a.$':1}}", "#2"},
	{"array filter", ALL, "{'_id':1,'a':[1]}", "{'$v':1,'$set':{'a.$[e]':1}}", "#2"},
	{"all positional", ALL, "{'_id':1,'a':[1]}", "{'$v':1,'$set':{'a.$[]':1}}", "!"},
	{"v1_inc_with_v1", ALL, "{'_id':1,'a':1}", "{'$v':1,'$inc':{'a':1}}", "!"},
	{"nov_push", ALL, "{'_id':1,'a':[1]}", "{'$push':{'a':1}}", "!"},
	{"nov_set", ALL, "{'_id':1,'a':1}", "{'$set':{'a':2}}", "{'_id':1,'a':2}"},
	{"unknown modifier", ALL, "{'_id':1,'a':1}", "{'$set':{'a':2},'b':1}", "#9"},
	{"modifier of a number", ALL, "{'_id':1,'a':1}", "{'$v':1,'$set':5}", "#9"},
	{"empty path", ALL, "{'_id':1,'a':1}", "{'$v':1,'$set':{'':1}}", "#56"},
	{"a..b", ALL, "{'_id':1,'a':1}", "{'$v':1,'$set':{'a..b':1}}", "#56"},
	{"a.", ALL, "{'_id':1,'a':1}", "{'$v':1,'$set':{'a.':1}}", "#56"},
	{".a", ALL, "{'_id':1,'a':1}", "{'$v':1,'$set':{'.a':1}}", "#56"},
	{"a null that padding made is in the way", V4, "{'_id':1,'a':[1]}",
	 "{'$v':1,'$set':{'a.5':9,'a.2.b':1,'a.10':3,'a.7':4}}",
	 "{'_id':1,'a':[1,null,null,null,null,9,null,4,null,null,3]}"},
	{"no padding before it", FROM_V5, "{'_id':1,'a':[1]}",
	 "{'$v':1,'$set':{'a.5':9,'a.2.b':1,'a.10':3,'a.7':4}}",
	 "{'_id':1,'a':[1,null,{'b':1},null,null,9,null,4,null,null,3]}"},
	{"one index by two names", ALL, "{'_id':1,'a':[1]}",
	 "{'$v':1,'$set':{'a.01.x':9,'a.1.y':1}}", "{'_id':1,'a':[1,{'x':9,'y':1}]}"},
	{"two names for one index, beside one that is too far", ALL, "{'_id':1,'a':[1,2]}",
	 "{'$v':1,'$set':{'a.01':9,'a.1':1,'a.1500003':1}}", "#34"},
	{"set and unset below a new node", ALL, "{'_id':1}",
	 "{'$v':1,'$set':{'x.a':9},'$unset':{'x.b':1,'y.z':1}}", "{'_id':1,'x':{'a':9}}"},
	{"arrays in arrays", ALL, "{'_id':1,'a':[[1],[2]]}", "{'$v':1,'$set':{'a.1.3':7}}",
	 "{'_id':1,'a':[[1],[2,null,null,7]]}"},
	{"a name twice in the document", ALL, "{'_id':1,'a':1,'b':1,'a':2}",
	 "{'$v':1,'$set':{'a':9}}", "{'_id':1,'a':9,'b':1,'a':2}"},
	{"a name twice, unset", ALL, "{'_id':1,'a':1,'b':1,'a':2}", "{'$v':1,'$unset':{'a':9}}",
	 "{'_id':1,'b':1,'a':2}"},
	{"$set twice", ALL, "{'_id':1}", "{'$v':1,'$set':{'b':1},'$set':{'a':1}}",
	 "{'_id':1,'a':1,'b':1}"},
	{"an _id that is not first", ALL, "{'a':1,'_id':1}", "{'$v':1,'$set':{'b':1}}",
	 "{'_id':1,'a':1,'b':1}"},
};

static void every_named_case_gives_what_servers_give(void **state)
{
	(void)state;
	check_updates(cases, COUNT_OF(cases));
}

static void a_million_and_a_half_elements_are_padded(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf o = {0};
	OWNED(buf_release) struct buf out = {0};
	struct update_rules rules = {.major = 4};
	struct bson_field array, last;
	struct error e = {0};

	(void)state;
	text_doc(&doc, "{'_id':1,'a':[1]}");
	text_doc(&o, "{'$v':1,'$set':{'a.1499999':1}}");
	assert_int_equal(ASSERT_OK(update_apply(buf_bytes(&doc), buf_bytes(&o), &rules, &out, &e)),
			 1);
	ASSERT_OK(bson_check(buf_bytes(&out), BSON_CHECK_FULL, &e));
	ASSERT_OK(bson_find(buf_bytes(&out), "a", &array, &e));
	assert_int_equal(ASSERT_OK(bson_find(array.value, "1499999", &last, &e)), 1);
	assert_int_equal(last.type, BSON_KIND_INT32);
	/* A second one of that kind would be over what a document may have. */
	text_doc((buf_reset(&o), &o), "{'$v':1,'$set':{'a.2900000':1}}");
	buf_reset(&doc);
	buf_add_bytes(&doc, buf_bytes(&out));
	ASSERT_ERROR_TEXT(update_apply(buf_bytes(&doc), buf_bytes(&o), &rules, &out, &e), ERR_LIMIT,
			  "updated document");
}

static void many_paths_are_found_and_ordered(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf o = {0};
	OWNED(buf_release) struct buf want = {0};
	OWNED(buf_release) struct buf out = {0};
	struct update_rules rules = {.major = 6};
	size_t begin, sub;
	struct error e = {0};
	char name[32];

	(void)state;
	/* Half of 2,000 fields are there; the new ones are appended by number. */
	begin = harness_doc_open(&doc);
	harness_doc_int32(&doc, "_id", 1);
	for (int i = 1; i <= 2000; i += 2)
		harness_doc_int32(&doc, (snprintf(name, sizeof(name), "%d", i), name), i);
	harness_doc_close(&doc, begin);
	begin = harness_doc_open(&o);
	harness_doc_int32(&o, "$v", 1);
	sub = harness_doc_open_sub(&o, "$set");
	for (int i = 2000; i >= 1; i--)
		harness_doc_int32(&o, (snprintf(name, sizeof(name), "%d", i), name), -i);
	harness_doc_close(&o, sub);
	harness_doc_close(&o, begin);
	begin = harness_doc_open(&want);
	harness_doc_int32(&want, "_id", 1);
	for (int i = 1; i <= 2000; i += 2)
		harness_doc_int32(&want, (snprintf(name, sizeof(name), "%d", i), name), -i);
	for (int i = 2; i <= 2000; i += 2)
		harness_doc_int32(&want, (snprintf(name, sizeof(name), "%d", i), name), -i);
	harness_doc_close(&want, begin);
	assert_int_equal(ASSERT_OK(update_apply(buf_bytes(&doc), buf_bytes(&o), &rules, &out, &e)),
			 1);
	ASSERT_BYTES(buf_bytes(&out), buf_bytes(&want));
}

static void a_path_of_too_many_names_is_refused(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf o = {0};
	OWNED(buf_release) struct buf out = {0};
	struct update_rules rules = {.major = 6};
	struct error e = {0};

	(void)state;
	text_doc(&doc, "{'_id':1}");
	for (int names = 199; names <= 201; names++) {
		char path[512] = "a";
		size_t begin, sub;

		for (int i = 1; i < names; i++)
			strncat(path, ".a", sizeof(path) - strlen(path) - 1);
		buf_reset(&o);
		begin = harness_doc_open(&o);
		harness_doc_int32(&o, "$v", 1);
		sub = harness_doc_open_sub(&o, "$set");
		harness_doc_int32(&o, path, 1);
		harness_doc_close(&o, sub);
		harness_doc_close(&o, begin);
		buf_reset(&out);
		if (names <= 200) {
			ASSERT_OK(update_apply(buf_bytes(&doc), buf_bytes(&o), &rules, &out, &e));
			ASSERT_OK(bson_check(buf_bytes(&out), BSON_CHECK_FULL, &e));
		} else {
			ASSERT_ERROR(update_apply(buf_bytes(&doc), buf_bytes(&o), &rules, &out, &e),
				     ERR_LIMIT);
		}
	}
}

static void what_is_logged_in_the_order_of_5_0_is_done_in_it(void **state)
{
	static const struct {
		const char *o;
		const char *logged; /* by a server */
		const char *given;  /* to applyOps, by a user */
	} rows[] = {
		{"{'$v':1,'$set':{'5':2,'36':2,'4b':2,'a0':2}}",
		 "{'_id':1,'5':2,'36':2,'4b':2,'a0':2}", "{'_id':1,'36':2,'4b':2,'5':2,'a0':2}"},
		{"{'$v':1,'$set':{'m.9':1,'m.10':2},'$unset':{'a':true,'m.8':true}}",
		 "{'_id':1,'m':{'9':1,'10':2}}", "{'_id':1,'m':{'10':2,'9':1}}"},
		/* Of 4.x; of both; of neither. */
		{"{'$v':1,'$set':{'10':1,'9':2}}", "{'_id':1,'10':1,'9':2}",
		 "{'_id':1,'10':1,'9':2}"},
		{"{'$v':1,'$set':{'a':1,'b':2}}", "{'_id':1,'a':1,'b':2}", "{'_id':1,'a':1,'b':2}"},
		{"{'$v':1,'$set':{'9':1,'10':2,'z':1,'a':2}}", "{'_id':1,'10':2,'9':1,'a':2,'z':1}",
		 "{'_id':1,'10':2,'9':1,'a':2,'z':1}"},
	};
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf o = {0};
	OWNED(buf_release) struct buf out = {0};
	OWNED(buf_release) struct buf expected = {0};
	struct error e = {0};

	(void)state;
	text_doc(&doc, "{'_id':1}");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		text_doc((buf_reset(&o), &o), rows[i].o);
		for (int logged = 0; logged < 2; logged++) {
			struct update_rules rules = {.major = 4, .logged = logged == 1};

			buf_reset(&out);
			text_doc((buf_reset(&expected), &expected),
				 logged == 1 ? rows[i].logged : rows[i].given);
			ASSERT_OK(update_apply(buf_bytes(&doc), buf_bytes(&o), &rules, &out, &e));
			ASSERT_BYTES(buf_bytes(&out), buf_bytes(&expected));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_named_case_gives_what_servers_give),
		cmocka_unit_test(a_million_and_a_half_elements_are_padded),
		cmocka_unit_test(many_paths_are_found_and_ordered),
		cmocka_unit_test(what_is_logged_in_the_order_of_5_0_is_done_in_it),
		cmocka_unit_test(a_path_of_too_many_names_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
