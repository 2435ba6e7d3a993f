#include "wire/users.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/shell_word.h"

#define FILE_MAX (4 * MIB)
#define MECHANISM "SCRAM-SHA-256"

struct user {
	struct buf name;
	struct scram_credentials credentials;
};

struct users {
	struct user *at;
	size_t count;
	struct buf comments; /* whole lines */
};

struct users *users_new(void)
{
	return xcalloc(1, sizeof(struct users));
}

void users_free(struct users *users)
{
	if (users == NULL)
		return;
	for (size_t i = 0; i < users->count; i++)
		buf_release(&users->at[i].name);
	free(users->at);
	buf_release(&users->comments);
	free(users);
}

static struct user *find(const struct users *users, struct bytes name)
{
	for (size_t i = 0; i < users->count; i++)
		if (bytes_equal(buf_bytes(&users->at[i].name), name))
			return &users->at[i];
	return NULL;
}

void users_put(struct users *users, struct bytes name, const struct scram_credentials *c)
{
	struct user *user = find(users, name);

	if (user == NULL) {
		users->at = xrealloc(users->at, (users->count + 1) * sizeof(*users->at));
		user = &users->at[users->count++];
		*user = (struct user){0};
		buf_add_bytes(&user->name, name);
	}
	user->credentials = *c;
}

static bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != 0 && strchr("-._@", c) != NULL);
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool unescape(struct bytes text, struct buf *ret)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] != '%') {
			if (!is_plain(text.at[i]))
				return false;
			buf_add_u8(ret, text.at[i]);
			continue;
		}
		if (text.len - i < 3 || hex_digit(text.at[i + 1]) < 0 ||
		    hex_digit(text.at[i + 2]) < 0)
			return false;
		buf_add_u8(ret,
			   (uint8_t)(hex_digit(text.at[i + 1]) << 4 | hex_digit(text.at[i + 2])));
		i += 2;
	}
	return ret->len > 0;
}

/* One line of the file, without its end. */
static bool take_line(struct users *users, struct bytes line)
{
	OWNED(buf_release) struct buf name = {0};
	struct scram_credentials c;
	const uint8_t *blank = memchr(line.at, ' ', line.len);
	struct bytes rest;

	if (blank == NULL || !unescape(bytes_of(line.at, (size_t)(blank - line.at)), &name))
		return false;
	rest = bytes_of(blank + 1, line.len - (size_t)(blank + 1 - line.at));
	if (rest.len <= strlen(MECHANISM) || memcmp(rest.at, MECHANISM " ", sizeof(MECHANISM)) != 0)
		return false;
	if (!scram_credentials_parse(
		    bytes_of(rest.at + sizeof(MECHANISM), rest.len - sizeof(MECHANISM)), &c) ||
	    find(users, buf_bytes(&name)) != NULL)
		return false;
	users_put(users, buf_bytes(&name), &c);
	return true;
}

static int parse(struct users *users, struct bytes text, const char *path, struct error *e)
{
	OWNED(buf_release) struct buf word = {0};

	for (unsigned number = 1; text.len > 0; number++) {
		const uint8_t *end = memchr(text.at, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.at);
		struct bytes line = bytes_of(text.at, len);

		if (len == 0 || line.at[0] == '#') {
			buf_add_bytes(&users->comments, line);
			buf_add_u8(&users->comments, '\n');
		} else if (!take_line(users, line)) {
			error_set(e, ERR_INVALID, "%s: line %u is not one of a user", path, number);
			return error_hint(e, "such lines are written by: yester passwd %s USER",
					  shell_word(path, &word));
		}
		len = MIN_OF(len + 1, text.len);
		text = bytes_of(text.at + len, text.len - len);
	}
	return 0;
}

int users_read(const char *path, struct users **ret, struct error *e)
{
	OWNED(users_free) struct users *users = users_new();
	OWNED(buf_release) struct buf text = {0};
	struct stat st;
	int found = file_read(path, FILE_MAX, &text, e);

	if (found < 0)
		return found;
	if (found == 0 || stat(path, &st) != 0) {
		errno = ENOENT;
		return error_sys(e, "%s", path);
	}
	if (S_ISREG(st.st_mode) && (st.st_mode & 077) != 0) {
		error_set(e, ERR_REFUSED, "%s can be read or changed by others", path);
		return error_hint(e, "chmod 600 %s", path);
	}
	if (parse(users, buf_bytes(&text), path, e) < 0)
		return e->code;
	*ret = TAKE(users);
	return 0;
}

int users_write(const struct users *users, const char *path, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	char credentials[SCRAM_TEXT_LEN];
	const char *slash = strrchr(path, '/');
	OWNED(free)
	char *dir = slash == NULL   ? xstrdup(".")
		    : slash == path ? xstrdup("/")
				    : xstrndup(path, (size_t)(slash - path));

	buf_add_bytes(&text, buf_bytes(&users->comments));
	for (size_t i = 0; i < users->count; i++) {
		struct bytes name = buf_bytes(&users->at[i].name);

		for (size_t k = 0; k < name.len; k++) {
			if (is_plain(name.at[k]))
				buf_add_u8(&text, name.at[k]);
			else
				buf_printf(&text, "%%%02X", name.at[k]);
		}
		scram_credentials_text(&users->at[i].credentials, credentials);
		buf_printf(&text, " " MECHANISM " %s\n", credentials);
	}
	return file_put(path, dir, buf_bytes(&text), e);
}

const struct scram_credentials *users_find(const struct users *users, struct bytes name)
{
	const struct user *user = find(users, name);

	return user == NULL ? NULL : &user->credentials;
}

size_t users_count(const struct users *users)
{
	return users->count;
}
