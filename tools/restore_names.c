#include "tools/restore_names.h"
#include "base/buckets.h"

#include <stdlib.h>

#define VARIABLES_MAX 32 /* in one pattern */

/* One part of a pattern: some bytes as they are, or a variable. */
struct part {
	bool is_variable;
	struct buf text; /* the bytes, or the variable's name */
};

struct pattern {
	struct part at[2 * VARIABLES_MAX + 1];
	size_t count;
};

struct pair {
	struct pattern from, to;
};

struct restore_names {
	struct pair **at;
	size_t count;
};

/* What a variable of `from` stands for. */
struct binding {
	const struct part *variable;
	struct bytes value;
};

struct restore_names *restore_names_new(void)
{
	return xcalloc(1, sizeof(struct restore_names));
}

static void pair_free(struct pair *pair)
{
	if (pair == NULL)
		return;
	for (size_t i = 0; i < pair->from.count; i++)
		buf_release(&pair->from.at[i].text);
	for (size_t i = 0; i < pair->to.count; i++)
		buf_release(&pair->to.at[i].text);
	free(pair);
}
DEFINE_OWNED(struct pair *, pair_free);

void restore_names_free(struct restore_names *names)
{
	if (names == NULL)
		return;
	for (size_t i = 0; i < names->count; i++)
		pair_free(names->at[i]);
	free(names->at);
	free(names);
}

static int COLD bad(const char *from, const char *to, const char *why, struct error *e)
{
	error_set(e, ERR_INVALID, "--nsFrom \"%s\" --nsTo \"%s\": %s", from, to, why);
	return error_hint(e, "for example --nsFrom 'shop.*' --nsTo 'shop_before.*', or --nsFrom "
			     "'$db$.$coll$' --nsTo '$db$.old_$coll$'");
}

static struct part *add_part(struct pattern *pattern, bool is_variable)
{
	struct part *part = &pattern->at[pattern->count++];

	part->is_variable = is_variable;
	return part;
}

/* Append bytes as they are to the last part, or a new one. False: too many parts. */
static bool add_byte(struct pattern *pattern, uint8_t byte)
{
	if (pattern->count == 0 || pattern->at[pattern->count - 1].is_variable) {
		if (pattern->count == COUNT_OF(pattern->at))
			return false;
		add_part(pattern, false);
	}
	buf_add_u8(&pattern->at[pattern->count - 1].text, byte);
	return true;
}

/* Take "$name$" or, without variables, "*" (named by its number). NULL, or what is wrong. */
static const char *parse(const char *text, bool with_variables, struct pattern *ret)
{
	unsigned stars = 0;

	while (*text != '\0') {
		const char *end = with_variables && *text == '$' ? strchr(text + 1, '$') : NULL;

		if (ret->count >= COUNT_OF(ret->at) - 1)
			return "too many parts";
		if (end != NULL) {
			buf_add(&add_part(ret, true)->text, text + 1, (size_t)(end - text - 1));
			text = end + 1;
			continue;
		}
		if (*text == '$')
			return "a lone $";
		if (!with_variables && *text == '*') {
			buf_printf(&add_part(ret, true)->text, "%u", ++stars);
			text++;
			continue;
		}
		if (!with_variables && *text == '\\' && text[1] != '\0')
			text++;
		if (!add_byte(ret, (uint8_t)*text++))
			return "too many parts";
	}
	return NULL;
}

static size_t count_variables(const struct pattern *pattern)
{
	size_t count = 0;

	for (size_t i = 0; i < pattern->count; i++)
		count += pattern->at[i].is_variable;
	return count;
}

static const struct part *find_variable(const struct pattern *in, const struct part *like,
					size_t below)
{
	for (size_t i = 0; i < below; i++)
		if (in->at[i].is_variable &&
		    bytes_equal(buf_bytes(&in->at[i].text), buf_bytes(&like->text)))
			return &in->at[i];
	return NULL;
}

static const char *check(const struct pair *pair, bool with_variables)
{
	if (!with_variables && count_variables(&pair->from) != count_variables(&pair->to))
		return "they have not as many asterisks";
	if (count_variables(&pair->from) > VARIABLES_MAX)
		return "too many parts";
	for (size_t i = 0; i < pair->from.count; i++)
		if (pair->from.at[i].is_variable &&
		    find_variable(&pair->from, &pair->from.at[i], i) != NULL)
			return "a variable stands twice in the first";
	for (size_t i = 0; i < pair->to.count; i++)
		if (pair->to.at[i].is_variable &&
		    find_variable(&pair->from, &pair->to.at[i], pair->from.count) == NULL)
			return "a variable of the second is not in the first";
	return NULL;
}

int restore_names_add(struct restore_names *names, const char *from, const char *to,
		      struct error *e)
{
	OWNED(pair_free) struct pair *pair = xcalloc(1, sizeof(*pair));
	bool with_variables = strchr(from, '$') != NULL;
	const char *why = NULL;

	if (!with_variables && strchr(to, '$') != NULL)
		why = "a variable of the second is not in the first";
	if (why == NULL)
		why = parse(from, with_variables, &pair->from);
	if (why == NULL)
		why = parse(to, with_variables, &pair->to);
	if (why == NULL)
		why = check(pair, with_variables);
	if (why == NULL && (pair->from.count == 0 || pair->to.count == 0))
		why = "one is empty";
	if (why != NULL)
		return bad(from, to, why, e);
	names->at = xrealloc(names->at, (names->count + 1) * sizeof(*names->at));
	names->at[names->count++] = TAKE(pair);
	return 0;
}

/* Do the parts from `part` on match all of `text`? Variables take as little as they can. */
static bool match(const struct pattern *pattern, size_t part, struct bytes text,
		  struct binding *bindings, size_t bound)
{
	const struct part *now = &pattern->at[part];
	struct bytes fixed = buf_bytes(&now->text);

	if (part == pattern->count)
		return text.len == 0;
	if (!now->is_variable)
		return text.len >= fixed.len && memcmp(text.at, fixed.at, fixed.len) == 0 &&
		       match(pattern, part + 1, bytes_of(text.at + fixed.len, text.len - fixed.len),
			     bindings, bound);
	for (size_t len = 0; len <= text.len; len++) {
		bindings[bound] = (struct binding){now, bytes_of(text.at, len)};
		if (match(pattern, part + 1, bytes_of(text.at + len, text.len - len), bindings,
			  bound + 1))
			return true;
	}
	return false;
}

static void write_name(const struct pattern *to, const struct pattern *from,
		       const struct binding *bindings, struct buf *ret)
{
	for (size_t i = 0; i < to->count; i++) {
		const struct part *part = &to->at[i];

		if (!part->is_variable) {
			buf_add_bytes(ret, buf_bytes(&part->text));
			continue;
		}
		part = find_variable(from, part, from->count);
		for (size_t b = 0; b < VARIABLES_MAX; b++)
			if (bindings[b].variable == part) {
				buf_add_bytes(ret, bindings[b].value);
				break;
			}
	}
}

/* "shop.system.buckets.series" -> "shop.series". */
static bool strip_buckets(struct bytes ns, struct buf *ret)
{
	const uint8_t *dot = ns.len == 0 ? NULL : memchr(ns.at, '.', ns.len);
	size_t db = dot == NULL ? 0 : (size_t)(dot + 1 - ns.at);
	struct bytes series;

	if (dot == NULL || !buckets_is(bytes_of(ns.at + db, ns.len - db), &series))
		return false;
	buf_add(ret, ns.at, db);
	buf_add_bytes(ret, series);
	return true;
}

static void add_buckets(struct buf *name, size_t start, struct buf *ret)
{
	const uint8_t *begin = name->at + start;
	const uint8_t *dot = memchr(begin, '.', name->len - start);

	buf_add(ret, begin, (size_t)(dot - begin));
	buf_add_str(ret, "." BUCKETS_PREFIX);
	buf_add(ret, dot + 1, name->len - start - (size_t)(dot + 1 - begin));
}

int restore_names_apply(const struct restore_names *names, struct bytes ns, struct buf *ret)
{
	OWNED(buf_release) struct buf plain = {0};
	OWNED(buf_release) struct buf renamed = {0};
	bool buckets = strip_buckets(ns, &plain);
	struct bytes name = buckets ? buf_bytes(&plain) : ns;

	for (size_t i = names->count; i > 0; i--) {
		struct binding bindings[VARIABLES_MAX + 1] = {0};
		const struct pair *pair = names->at[i - 1];

		if (!match(&pair->from, 0, name, bindings, 0))
			continue;
		write_name(&pair->to, &pair->from, bindings, &renamed);
		if (buckets && memchr(renamed.at, '.', renamed.len) != NULL)
			add_buckets(&renamed, 0, ret);
		else
			buf_add_bytes(ret, buf_bytes(&renamed));
		return count_variables(&pair->from) == 0 ? 2 : 1;
	}
	buf_add_bytes(ret, ns);
	return 0;
}
