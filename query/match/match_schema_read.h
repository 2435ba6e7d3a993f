/*
 * match_schema_read.h - Prefix: schema_
 *
 * Inside match/: the reading of a $jsonSchema, keyword by keyword, in mongod's order, as the first mistake is the one that is told.
 *
 * Threads: one at a time.
 */
#ifndef QUERY_MATCH_MATCH_SCHEMA_READ_H
#define QUERY_MATCH_MATCH_SCHEMA_READ_H

#include "query/match/match_schema.h"

/* In the order in which mongod looks at them, from title on. */
enum schema_keyword {
	SCHEMA_TITLE,
	SCHEMA_DESCRIPTION,
	SCHEMA_TYPE,
	SCHEMA_BSON_TYPE,
	SCHEMA_PATTERN,
	SCHEMA_MAX_LENGTH,
	SCHEMA_MIN_LENGTH,
	SCHEMA_MULTIPLE_OF,
	SCHEMA_MAXIMUM,
	SCHEMA_EXCLUSIVE_MAXIMUM,
	SCHEMA_MINIMUM,
	SCHEMA_EXCLUSIVE_MINIMUM,
	SCHEMA_MIN_ITEMS,
	SCHEMA_MAX_ITEMS,
	SCHEMA_UNIQUE_ITEMS,
	SCHEMA_ITEMS,
	SCHEMA_ADDITIONAL_ITEMS,
	SCHEMA_ENCRYPT,
	SCHEMA_ENCRYPT_METADATA,
	SCHEMA_REQUIRED,
	SCHEMA_PROPERTIES,
	SCHEMA_PATTERN_PROPERTIES,
	SCHEMA_ADDITIONAL_PROPERTIES,
	SCHEMA_MIN_PROPERTIES,
	SCHEMA_MAX_PROPERTIES,
	SCHEMA_DEPENDENCIES,
	SCHEMA_ALL_OF,
	SCHEMA_ANY_OF,
	SCHEMA_ONE_OF,
	SCHEMA_NOT,
	SCHEMA_ENUM,
	SCHEMA_KEYWORDS,
};

extern const char *const schema_keywords[SCHEMA_KEYWORDS];

/* A schema being parsed: the field of each keyword, type 0 where it is not there. */
struct schema_reader {
	struct match_parser *p;
	struct bson_field given[SCHEMA_KEYWORDS];
	bool is_root;
	struct match_schema *schema;
};

/* Parse a schema of a value, or of the document itself. */
int schema_parse(struct match_parser *p, struct bytes doc, bool is_root,
		 const struct match_schema **ret);

/* The field of a keyword, or NULL. */
static inline const struct bson_field *schema_given(const struct schema_reader *r,
						    enum schema_keyword keyword)
{
	return r->given[keyword].type == 0 ? NULL : &r->given[keyword];
}

/* Errors "$jsonSchema keyword 'x' ...": with `code`; with 14 and a type's name behind the text. */
int schema_wrong(const struct schema_reader *r, enum schema_keyword keyword, int code,
		 const char *text);
int schema_wrong_type(const struct schema_reader *r, enum schema_keyword keyword, const char *text,
		      uint8_t type);

/* A size: an integer that is not negative. */
int schema_read_size(struct schema_reader *r, enum schema_keyword keyword, int64_t *ret);

/* The schemas of an array that was given; `text` goes before the type of an element that is no document. */
int schema_read_list(struct schema_reader *r, enum schema_keyword keyword, const char *text,
		     bool is_root, struct schema_list *ret);

/* bsonType of `encrypt`: an array may be empty there. */
int schema_read_bson_types(struct schema_reader *r, const struct bson_field *field,
			   struct match_types *ret);

/* Of the first `count` elements of an array, which are strings: the text of the first that was there before. */
bool schema_repeats(struct schema_reader *r, struct bytes array, size_t count, struct bytes *ret);

/* match_schema_encrypt.c: encrypt and encryptMetadata. */
int schema_read_encryption(struct schema_reader *r);

/* match_schema_object.c: required, properties and the others of documents; allOf and the others for any value. */
int schema_read_documents(struct schema_reader *r);
int schema_read_logic(struct schema_reader *r);

#endif
