/* Prefix: schema_, match_schema_ - $jsonSchema's keywords of client-side encryption: is a value a blob that a driver has encrypted? */
#include "query/fields.h"
#include "query/match/match_schema_read.h"

/* A blob: what it is (1 by a key alone, 2 at random), the key's UUID, the type of what is inside; then what nobody here can read. */
#define BLOB_TYPE_AT 17
#define BLOB_LEAST (BLOB_TYPE_AT + 1)
#define SUBTYPE_UUID 4
#define SUBTYPE_ENCRYPTED 6

static int read_key_ids(struct schema_reader *r, const struct value *v)
{
	struct bson_field element;
	struct fields fields;

	if (v->type == BSON_KIND_STRING && v->data.len == 0)
		return query_error(r->p->e, 51064, "Empty JSONPointers are not supported");
	if (v->type == BSON_KIND_STRING) {
		if (v->data.at[0] == '/')
			return 0;
		return query_error(r->p->e, 51065, "JSONPointer must start with a '/'");
	}
	if (v->type != BSON_KIND_ARRAY)
		return query_error(
			r->p->e, 51085,
			"Expected either string or array of UUID for EncryptSchemaKeyId, found %s",
			value_type_name(v->type));
	fields = fields_of(v->data);
	while (fields_next(&fields, &element)) {
		if (element.type != BSON_KIND_BINARY)
			return query_error(r->p->e, 51088,
					   "Encryption schema 'keyId' array elements must have "
					   "type BinData, found %s",
					   value_type_name(element.type));
		if (element.value.at[4] != SUBTYPE_UUID)
			return query_error(r->p->e, 51084,
					   "Encryption schema 'keyId' array elements must have "
					   "BinData type UUID, found %d",
					   element.value.at[4]);
	}
	return 0;
}

static int read_algorithm(struct schema_reader *r, const char *keyword, const struct value *v)
{
	if (v->type != BSON_KIND_STRING)
		return query_error(
			r->p->e, QUERY_TYPE_MISMATCH,
			"BSON field '%s.algorithm' is the wrong type '%s', expected type 'string'",
			keyword, value_type_name(v->type));
	if (bytes_equal(v->data, bytes_str("AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic")) ||
	    bytes_equal(v->data, bytes_str("AEAD_AES_256_CBC_HMAC_SHA_512-Random")))
		return 0;
	return query_error(
		r->p->e, QUERY_BAD_VALUE,
		"Enumeration value '%.*s' for field '%s.algorithm' is not a valid value.",
		(int)v->data.len, (const char *)v->data.at, keyword);
}

static int read_info(struct schema_reader *r, enum schema_keyword keyword, struct bytes doc)
{
	const char *name = schema_keywords[keyword];
	struct fields fields = fields_of(doc);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);
		int result;

		if (bytes_equal(field.name, bytes_str("keyId"))) {
			result = read_key_ids(r, &v);
		} else if (bytes_equal(field.name, bytes_str("algorithm"))) {
			result = read_algorithm(r, name, &v);
		} else if (keyword == SCHEMA_ENCRYPT &&
			   bytes_equal(field.name, bytes_str("bsonType"))) {
			r->schema->has_inner_types = true;
			result = schema_read_bson_types(r, &field, &r->schema->inner_types);
		} else {
			result = query_error_unknown_field(r->p->e, name, field.name);
		}
		if (result < 0 || query_error_if_repeated(r->p->e, name, doc, &field) < 0)
			return r->p->e->code;
	}
	return 0;
}

int schema_read_encryption(struct schema_reader *r)
{
	if (schema_given(r, SCHEMA_ENCRYPT) != NULL &&
	    schema_given(r, SCHEMA_ENCRYPT_METADATA) != NULL)
		return query_error(r->p->e, QUERY_FAILED_TO_PARSE,
				   "Cannot specify both $jsonSchema keywords 'encrypt' and "
				   "'encryptMetadata'");
	for (int k = SCHEMA_ENCRYPT; k <= SCHEMA_ENCRYPT_METADATA; k++) {
		enum schema_keyword keyword = (enum schema_keyword)k;
		const struct bson_field *field = schema_given(r, keyword);

		if (field == NULL)
			continue;
		for (int type = SCHEMA_TYPE; k == SCHEMA_ENCRYPT && type <= SCHEMA_BSON_TYPE;
		     type++)
			if (schema_given(r, (enum schema_keyword)type) != NULL)
				return query_error(
					r->p->e, QUERY_FAILED_TO_PARSE,
					"$jsonSchema keyword 'encrypt' cannot be used in "
					"conjunction with '%s', 'encrypt' implies type "
					"'bsonType::BinData'",
					schema_keywords[type]);
		if (field->type != BSON_KIND_DOCUMENT)
			return schema_wrong(r, keyword, QUERY_TYPE_MISMATCH, "must be an object ");
		if (k == SCHEMA_ENCRYPT_METADATA && field->value.len <= BSON_MIN_LEN)
			return schema_wrong(r, keyword, QUERY_FAILED_TO_PARSE,
					    "cannot be an empty object ");
		if (read_info(r, keyword, field->value) < 0)
			return r->p->e->code;
		r->schema->is_encrypted |= k == SCHEMA_ENCRYPT;
	}
	return 0;
}

bool match_schema_encrypted(const struct match_schema *schema, const struct bson_field *field)
{
	struct bytes blob;

	if (field->type != BSON_KIND_BINARY || field->value.at[4] != SUBTYPE_ENCRYPTED)
		return false;
	blob = bytes_of(field->value.at + 5, field->value.len - 5);
	if (!schema->has_inner_types)
		return true;
	return blob.len >= BLOB_LEAST && (blob.at[0] == 1 || blob.at[0] == 2) &&
	       match_types_have(&schema->inner_types, blob.at[BLOB_TYPE_AT]);
}
