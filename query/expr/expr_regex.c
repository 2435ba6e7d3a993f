#include "base/bson_build.h"
#include "query/expr/expr_coerce.h"
#include "query/regex.h"

#define OUTPUT_MAX (64 * MIB)

enum { INPUT, REGEX, OPTIONS };

/* What the arguments `regex` and `options` came to: compiled is NULL when the pattern is nullish. */
struct pattern {
	const struct regex *compiled;
};

static int parse_regex(struct expr_scope *scope, const struct value *operand, struct expr *self,
		       struct error *e)
{
	static const char *const names[] = {"input", "regex", "options"};
	OWNED(buf_release) struct buf unknown = {0};
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 51103,
				   "%s expects an object of named arguments but found: %s",
				   self->op->name, expr_type(operand));
	buf_printf(&unknown, "%s found an unknown argument: ", self->op->name);
	result = expr_parse_named(scope, operand, names, 3, 31024, buf_text(&unknown), self, e);
	if (result < 0)
		return result;
	if (self->args[INPUT] == NULL)
		return query_error(e, 31022, "%s requires 'input' parameter", self->op->name);
	if (self->args[REGEX] == NULL)
		return query_error(e, 31023, "%s requires 'regex' parameter", self->op->name);
	return 0;
}

static bool has_nul(struct bytes text)
{
	return text.len > 0 && memchr(text.at, 0, text.len) != NULL;
}

/* The pattern and options as texts, checked. `*ret_pattern`.at NULL: nullish. */
static int extract(const char *name, const struct value *regex, const struct value *options,
		   struct bytes *ret_pattern, struct bytes *ret_options, struct error *e)
{
	struct bytes pattern = {0}, letters = {0};

	if (!value_is_nullish(regex) && regex->type != BSON_KIND_STRING &&
	    regex->type != BSON_KIND_REGEX)
		return query_error(e, 51105, "%s needs 'regex' to be of type string or regex",
				   name);
	if (!value_is_nullish(options) && options->type != BSON_KIND_STRING)
		return query_error(e, 51106, "%s needs 'options' to be of type string", name);
	if (regex->type == BSON_KIND_REGEX) {
		pattern = bytes_str((const char *)regex->data.at);
		letters = bytes_str((const char *)regex->data.at + pattern.len + 1);
		if (!value_is_nullish(options) && letters.len > 0)
			return query_error(e, 51107,
					   "%s: found regex option(s) specified in both 'regex' "
					   "and 'option' fields",
					   name);
	} else if (regex->type == BSON_KIND_STRING) {
		pattern = regex->data;
	}
	if (!value_is_nullish(options))
		letters = options->data;
	if (has_nul(pattern))
		return query_error(e, 51109,
				   "%s: regular expression cannot contain an embedded null byte",
				   name);
	if (has_nul(letters))
		return query_error(
			e, 51110,
			"%s: regular expression options cannot contain an embedded null byte",
			name);
	*ret_pattern = pattern;
	*ret_options = letters;
	return 0;
}

static int compile(const char *name, struct arena *arena, const struct value *regex,
		   const struct value *options, const struct regex **ret, struct error *e)
{
	struct bytes pattern, letters;
	const char *text = "";
	unsigned flags = 0;
	char wrong;
	int result = extract(name, regex, options, &pattern, &letters, e);

	*ret = NULL;
	if (result < 0)
		return result;
	wrong = regex_parse_options(letters, &flags);
	if (wrong != 0)
		return query_error(e, 51108, "%s invalid flag in regex options: %c", name, wrong);
	if (pattern.at == NULL)
		return 0;
	*ret = regex_new_in(arena, pattern, flags, &text, NULL);
	if (*ret == NULL)
		return query_error(e, 51111, "Invalid Regex in %s: %s", name, text);
	return 0;
}

/* A pattern that is constant is compiled once; its errors come then, too. */
static int optimize_regex(struct expr_scope *scope, const struct expr **self, struct error *e)
{
	struct arena *arena = expr_scope_context(scope)->constants;
	struct value regex, options = value_missing();
	struct pattern *pattern;
	struct expr *copy;
	int result;

	if (!expr_is_constant((*self)->args[REGEX], &regex) ||
	    ((*self)->args[OPTIONS] != NULL && !expr_is_constant((*self)->args[OPTIONS], &options)))
		return 0;
	pattern = arena_zeroed(arena, sizeof(*pattern));
	result = compile((*self)->op->name, arena, &regex, &options, &pattern->compiled, e);
	if (result < 0)
		return result;
	copy = arena_get(arena, sizeof(*copy));
	*copy = **self;
	copy->more = pattern;
	*self = copy;
	return 0;
}

/* One search over a text and where it stands. */
struct hunt {
	const char *name;
	const struct regex *regex; /* NULL: nullish */
	struct bytes text;	   /* at NULL: nullish */
	struct regex_span *spans;
	size_t at;	   /* byte from which is searched */
	int32_t character; /* the same in characters */
};

/* The pattern, constant or not. All arguments are evaluated before the first is looked at. */
static int hunt_regex(const struct expr *self, struct expr_frame *frame, const struct value *input,
		      const struct regex **ret, struct error *e)
{
	const struct pattern *constant = self->more;
	struct value regex, options = value_missing();
	int result;

	if (constant == NULL && ((result = expr_arg(self, REGEX, frame, &regex, e)) < 0 ||
				 (self->args[OPTIONS] != NULL &&
				  (result = expr_arg(self, OPTIONS, frame, &options, e)) < 0)))
		return result;
	if (!value_is_nullish(input) && input->type != BSON_KIND_STRING)
		return query_error(e, 51104, "%s needs 'input' to be of type string",
				   self->op->name);
	if (constant == NULL)
		return compile(self->op->name, frame->arena, &regex, &options, ret, e);
	*ret = constant->compiled;
	return 0;
}

static int begin_hunt(const struct expr *self, struct expr_frame *frame, struct hunt *ret,
		      struct error *e)
{
	struct value input;
	int result = expr_arg(self, INPUT, frame, &input, e);

	*ret = (struct hunt){.name = self->op->name};
	if (result < 0 || (result = hunt_regex(self, frame, &input, &ret->regex, e)) < 0 ||
	    value_is_nullish(&input))
		return result;
	ret->text = input.data;
	if (ret->regex != NULL)
		ret->spans = arena_get(frame->arena,
				       (regex_group_count(ret->regex) + 1) * sizeof(*ret->spans));
	return 0;
}

static bool is_nullish(const struct hunt *hunt)
{
	return hunt->regex == NULL || hunt->text.at == NULL;
}

static int find(const struct hunt *hunt, struct error *e)
{
	int result = regex_find(hunt->regex, hunt->text, hunt->at, hunt->spans);

	if (result >= 0)
		return result;
	return query_error(
		e, 51156,
		"Error occurred while executing the regular expression in %s. Result code: %d",
		hunt->name, result);
}

/* The next match as a document {match, idx, captures} appended to `b`: 1, 0 none. Leaves the hunt at the match's begin. */
static int next_match(struct hunt *hunt, struct buf *b, struct error *e)
{
	size_t doc, captures, groups = regex_group_count(hunt->regex);
	const struct regex_span *spans = hunt->spans;
	int result = find(hunt, e);

	if (result != 1)
		return result;
	for (; hunt->at < spans[0].begin; hunt->character++)
		hunt->at += expr_character_len(hunt->text.at[hunt->at]);
	doc = bson_build_begin(b);
	bson_build_string(
		b, "match",
		bytes_of(hunt->text.at + spans[0].begin,
			 spans[0].end < spans[0].begin ? 0 : spans[0].end - spans[0].begin));
	bson_build_int32(b, "idx", hunt->character);
	captures = bson_build_open_array(b, "captures");
	for (size_t i = 1; i <= groups; i++) {
		struct value v = value_null();

		if (spans[i].begin != REGEX_UNSET && spans[i].end != REGEX_UNSET)
			v = value_string(bytes_of(hunt->text.at + spans[i].begin,
						  spans[i].end - spans[i].begin));
		value_write_at(b, i - 1, &v);
	}
	bson_build_end(b, captures);
	bson_build_end(b, doc);
	return 1;
}

static int eval_match(const struct expr *self, struct expr_frame *frame, struct value *ret,
		      struct error *e)
{
	struct hunt hunt;
	int result = begin_hunt(self, frame, &hunt, e);

	if (result < 0)
		return result;
	if (!is_nullish(&hunt) && (result = find(&hunt, e)) < 0)
		return result;
	*ret = value_bool(result == 1);
	return 0;
}

static int eval_find(const struct expr *self, struct expr_frame *frame, struct value *ret,
		     struct error *e)
{
	OWNED(buf_release) struct buf b = {0};
	struct hunt hunt;
	int result = begin_hunt(self, frame, &hunt, e);

	if (result < 0)
		return result;
	if (!is_nullish(&hunt) && (result = next_match(&hunt, &b, e)) < 0)
		return result;
	*ret = result == 1 ? value_document(arena_copy(frame->arena, buf_bytes(&b))) : value_null();
	return 0;
}

/* After a match: on to where the next may begin. */
static void step_over(struct hunt *hunt)
{
	size_t end = hunt->spans[0].end;

	if (end <= hunt->at) { /* it was empty */
		if (hunt->at < hunt->text.len) {
			hunt->at += expr_character_len(hunt->text.at[hunt->at]);
			hunt->character++;
		}
		return;
	}
	for (; hunt->at < end; hunt->character++)
		hunt->at += expr_character_len(hunt->text.at[hunt->at]);
	hunt->at = end;
}

static int eval_find_all(const struct expr *self, struct expr_frame *frame, struct value *ret,
			 struct error *e)
{
	OWNED(buf_release) struct buf b = {0}, one = {0};
	struct hunt hunt;
	size_t array, count = 0;
	int result = begin_hunt(self, frame, &hunt, e);

	if (result < 0)
		return result;
	array = bson_build_begin(&b);
	while (!is_nullish(&hunt)) {
		struct value v;

		buf_reset(&one);
		if ((result = next_match(&hunt, &one, e)) < 0)
			return result;
		if (result == 0)
			break;
		v = value_document(buf_bytes(&one));
		value_write_at(&b, count++, &v);
		if (b.len > OUTPUT_MAX)
			return query_error(e, 51151,
					   "%s: the size of buffer to store output exceeded the "
					   "64MB limit",
					   hunt.name);
		step_over(&hunt);
		if (hunt.at >= hunt.text.len)
			break;
	}
	bson_build_end(&b, array);
	*ret = value_array(arena_copy(frame->arena, buf_bytes(&b)));
	return 0;
}

const struct expr_op expr_ops_regex[] = {
	{.name = "$regexMatch",
	 .parse = parse_regex,
	 .eval = eval_match,
	 .fold = EXPR_FOLD_ARGS,
	 .optimize = optimize_regex},
	{.name = "$regexFind",
	 .parse = parse_regex,
	 .eval = eval_find,
	 .fold = EXPR_FOLD_ARGS,
	 .optimize = optimize_regex},
	{.name = "$regexFindAll",
	 .parse = parse_regex,
	 .eval = eval_find_all,
	 .fold = EXPR_FOLD_ARGS,
	 .optimize = optimize_regex},
	{.name = NULL},
};
