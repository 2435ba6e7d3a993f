/*
 * match_schema.h - Prefix: match_, schema_
 *
 * Inside match/: a parsed $jsonSchema (draft 4 as mongod 6.0 has it, and bsonType), and equality that does not look at the order of
 * fields, which enum and uniqueItems have.
 *
 * Threads: immutable once parsed.
 */
#ifndef QUERY_MATCH_MATCH_SCHEMA_H
#define QUERY_MATCH_MATCH_SCHEMA_H

#include "query/match/match_node.h"

struct schema_property {
	struct path path;
	const struct match_schema *schema;
	/* Of a name with dots: the predicates that mongod makes of the schema, each of which looks through arrays for itself. Else NULL. */
	const struct match *predicates;
};

struct schema_pattern {
	struct bytes text;
	const struct regex *regex;
	const struct match_schema *schema;
};

struct schema_dependency {
	struct path path;
	const struct match_schema *schema; /* NULL: `needed` */
	const struct path *needed;
	size_t count;
};

struct schema_list {
	const struct match_schema **at;
	size_t count;
};

#define SCHEMA_NO_LIMIT (-1)

struct match_schema {
	bool has_types;
	struct match_types types;

	bool is_encrypted; /* by a driver: a BinData of subtype 6, */
	bool has_inner_types;
	struct match_types inner_types; /* that was a value of these types */

	const struct match_regex *pattern;
	int64_t min_length, max_length; /* in code points */
	_Decimal128 multiple_of;	/* 0: none */
	struct value minimum, maximum;	/* missing: none */
	bool above_minimum, below_maximum;

	int64_t min_items, max_items;
	bool unique_items;
	const struct match_schema *items;	 /* of every element, or NULL */
	struct schema_list item_list;		 /* of the first ones, one each */
	bool has_item_list, has_additional_flag; /* they were given, even if they ask for nothing */
	bool no_additional_items;
	const struct match_schema *additional_items; /* or NULL */

	const struct path *required;
	size_t required_count;
	bool has_properties;
	const struct schema_property *properties;
	size_t property_count;
	const struct schema_pattern *patterns;
	size_t pattern_count;
	bool looks_at_all; /* patternProperties or additionalProperties was given */
	bool no_additional_properties;
	const struct match_schema *additional_properties; /* or NULL */
	int64_t min_properties, max_properties;
	const struct schema_dependency *dependencies;
	size_t dependency_count;

	struct schema_list all_of, any_of, one_of;
	const struct match_schema *not_this;
	struct bytes values; /* of enum: an array; empty: none */
};

/* One that asks nothing. */
struct match_schema *match_schema_new(struct arena *arena);

bool match_schema_fits(struct match_test *t, const struct match_schema *schema,
		       const struct bson_field *field);

/* Is it what `encrypt` wants? */
bool match_schema_encrypted(const struct match_schema *schema, const struct bson_field *field);

/* Equality in which {a: 1, b: 2} is {b: 2, a: 1}. Allocates in `arena`. */
bool match_unordered_equal(struct arena *arena, const struct value *a, const struct value *b);
/* Equal values have equal hashes. */
uint64_t match_unordered_hash(const struct value *v);
/* Are there two equal values among the elements of an array? */
bool match_unordered_repeats(struct arena *arena, struct bytes array);

#endif
