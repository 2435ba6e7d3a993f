#include "tools/log_names.h"

#include "tests/unit/tools/log_model.h"

#define U(letter) "'ui':{'$binary':{'base64':'" letter "AAAAAAAAAAAAAAAAAAAAA==','subType':'04'}},"
#define UA U("A")
#define UQ U("Q")
#define COMMAND(db) "'op':'c','ns':'" db ".$cmd',"

static bool matches(struct log_names *names, const char *text, bool *ret_learned)
{
	OWNED(buf_release) struct buf doc = {0};
	bool learned = false;
	struct command command;
	struct entry entry;
	struct log_op op;
	bool found;

	log_model_op(1, text, &doc, &entry, &command, &op);
	found = log_names_match(names, &op, ret_learned == NULL ? &learned : ret_learned);
	return found;
}

static void a_database_has_its_collections_and_commands(void **state)
{
	OWNED(log_names_release) struct log_names names;

	(void)state;
	log_names_init(&names, "shop");
	assert_true(matches(&names, "'op':'i','ns':'shop.a','o':{'_id':1}", NULL));
	assert_false(matches(&names, "'op':'i','ns':'shop2.a','o':{'_id':1}", NULL));
	assert_false(matches(&names, "'op':'n','ns':'','o':{'msg':'x'}", NULL));
	assert_true(matches(&names, COMMAND("shop") "'o':{'dropDatabase':1}", NULL));
	assert_true(matches(&names,
			    UA COMMAND("shop") "'o':{'renameCollection':'shop.x','to':'shop.y'}",
			    NULL));
	assert_false(matches(
		&names, UA COMMAND("a") "'o':{'renameCollection':'a.x','to':'a.shop.y'}", NULL));
	assert_null(log_names_filter(&names));
}

static void without_a_name_all_match(void **state)
{
	OWNED(log_names_release) struct log_names names;

	(void)state;
	log_names_init(&names, NULL);
	assert_true(matches(&names, "'op':'n','ns':'','o':{'msg':'x'}", NULL));
	assert_true(matches(&names, "'op':'i','ns':'a.b','o':{'_id':1}", NULL));
}

static void a_collection_is_followed_by_its_uuid(void **state)
{
	OWNED(log_names_release) struct log_names names;
	bool learned = false;

	(void)state;
	log_names_init(&names, "a.b");
	assert_false(matches(&names, UA "'op':'i','ns':'a.old','o':{'_id':1}", NULL));
	assert_true(matches(&names, UA "'op':'i','ns':'a.b','o':{'_id':1}", &learned));
	assert_true(learned);
	learned = false;
	assert_true(matches(&names, UA "'op':'d','ns':'a.old','o':{'_id':1}", &learned));
	assert_false(learned);
	assert_true(matches(&names, UA COMMAND("a") "'o':{'collMod':'old','hidden':true}", NULL));
	assert_false(matches(&names, UQ COMMAND("a") "'o':{'drop':'c'}", NULL));
	assert_true(matches(&names, UQ COMMAND("a") "'o':{'drop':'b'}", &learned));
	assert_false(learned);
}

static void a_command_that_makes_the_name_tells_the_uuid(void **state)
{
	OWNED(log_names_release) struct log_names names;
	bool learned = false;

	(void)state;
	log_names_init(&names, "a.b");
	names.known = true;
	assert_int_equal(log_names_filter(&names)->uuid_count, 0);
	assert_true(matches(&names, UA COMMAND("a") "'o':{'renameCollection':'a.x','to':'a.b'}",
			    &learned));
	assert_true(learned);
	learned = false;
	assert_true(matches(
		&names,
		UQ COMMAND(
			"a") "'o':{'create':'b','idIndex':{'v':2,'key':{'_id':1},'name':'_id_'}}",
		&learned));
	assert_true(learned);
	assert_int_equal(log_names_filter(&names)->uuid_count, 2);
	assert_true(matches(&names, UQ "'op':'i','ns':'a.z','o':{'_id':1}", NULL));
	assert_true(matches(&names, COMMAND("a") "'o':{'dropDatabase':1}", NULL));
	assert_false(matches(&names, COMMAND("b") "'o':{'dropDatabase':1}", NULL));
}

static void only_one_document_is_read_of_one_collection_only(void **state)
{
	static const uint8_t one[16] = {1}, other[16] = {2};
	OWNED(log_names_release) struct log_names names;

	(void)state;
	log_names_init(&names, "a.b");
	assert_true(log_names_add(&names, one));
	assert_false(log_names_add(&names, one));
	assert_null(log_names_filter(&names)); /* there may be others of that name */
	names.known = true;
	log_names_only(&names, bytes_str("key"));
	assert_true(log_names_filter(&names)->has_key);
	assert_true(log_names_add(&names, other));
	assert_false(log_names_filter(&names)->has_key);
	assert_memory_equal(log_names_filter(&names)->uuids[1], other, sizeof(other));
}

static void names_are_taken_as_we_print_them(void **state)
{
	OWNED(log_names_release) struct log_names names;

	(void)state;
	log_names_init(&names, "a.new\\nline");
	assert_true(matches(&names, "'op':'i','ns':'a.new\\nline','o':{'_id':1}", NULL));
	log_names_release(&names);
	log_names_init(&names, "a.b\\q");
	assert_true(matches(&names, "'op':'i','ns':'a.b\\\\q','o':{'_id':1}", NULL));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_database_has_its_collections_and_commands),
		cmocka_unit_test(without_a_name_all_match),
		cmocka_unit_test(a_collection_is_followed_by_its_uuid),
		cmocka_unit_test(a_command_that_makes_the_name_tells_the_uuid),
		cmocka_unit_test(only_one_document_is_read_of_one_collection_only),
		cmocka_unit_test(names_are_taken_as_we_print_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
