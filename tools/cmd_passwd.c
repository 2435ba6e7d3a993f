#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "tools/cmd_table.h"
#include "wire/saslprep.h"
#include "wire/users.h"

#define PASSWORD_MAX 1024

/* Read a line from standard input, without showing it when a person types it. The line end is cut off. */
static int read_line(const char *prompt, char ret[PASSWORD_MAX], struct error *e)
{
	struct termios old, quiet;
	bool person = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &old) == 0;
	char *got;
	size_t len;

	if (person) {
		fputs(prompt, stderr);
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	errno = 0;
	got = fgets(ret, PASSWORD_MAX, stdin);
	if (person) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
		fputc('\n', stderr);
	}
	if (got == NULL)
		return error_set(e, ERR_INVALID, "no password came on standard input");
	len = strlen(ret);
	if (len == PASSWORD_MAX - 1 && ret[len - 1] != '\n')
		return error_set(e, ERR_INVALID, "the password is too long");
	while (len > 0 && (ret[len - 1] == '\n' || ret[len - 1] == '\r'))
		ret[--len] = '\0';
	return len > 0 ? 0 : error_set(e, ERR_INVALID, "an empty password is none");
}

static int ask(char ret[PASSWORD_MAX], struct error *e)
{
	char again[PASSWORD_MAX];
	int differs;

	if (read_line("Password: ", ret, e) < 0)
		return e->code;
	if (!isatty(STDIN_FILENO))
		return 0;
	if (read_line("Again: ", again, e) < 0)
		return e->code;
	differs = strcmp(ret, again);
	OPENSSL_cleanse(again, sizeof(again));
	return differs == 0 ? 0 : error_set(e, ERR_INVALID, "the two differ");
}

static int make_credentials(struct scram_credentials *ret, struct error *e)
{
	OWNED(buf_release) struct buf prepared = {0};
	char password[PASSWORD_MAX];
	int code = ask(password, e);

	if (code == 0)
		code = saslprep(bytes_str(password), &prepared, e);
	if (code == 0)
		code = scram_credentials_make(buf_bytes(&prepared), ret, e);
	OPENSSL_cleanse(password, sizeof(password));
	if (prepared.at != NULL)
		OPENSSL_cleanse(prepared.at, prepared.cap);
	return code;
}

static int run_passwd(struct cmd_run *run, struct error *e)
{
	OWNED(users_free) struct users *users = NULL;
	const char *path = run->words.at[0], *name = run->words.at[1];
	struct scram_credentials credentials;
	struct stat st;
	bool known;

	if (*name == '\0')
		return cmd_usage_error(run, e, "the user's name is empty");
	if (stat(path, &st) != 0 && errno == ENOENT)
		users = users_new();
	else if (users_read(path, &users, e) < 0)
		return e->code;
	known = users_find(users, bytes_str(name)) != NULL;
	if (make_credentials(&credentials, e) < 0)
		return e->code;
	users_put(users, bytes_str(name), &credentials);
	OPENSSL_cleanse(&credentials, sizeof(credentials));
	if (users_write(users, path, e) < 0)
		return e->code;
	if (!run->globals.quiet)
		printf("%s: %s\n", path,
		       known ? "the user's password was changed" : "the user was added");
	return 0;
}

const struct cmd cmd_passwd = {
	.name = "passwd",
	.group = "Look",
	.synopsis = "FILE USER",
	.summary = "set the password of a user of 'yester serve'",
	.about = "FILE is for --auth-file of 'yester serve'. It is made when it is not there, and "
		 "only its\n"
		 "owner can read it. It holds what SCRAM-SHA-256 checks a password with, not the "
		 "password.\n"
		 "The password is asked for; without a terminal it is the first line of standard "
		 "input.\n"
		 "A running server reads the file when it starts.\n",
	.examples = "  yester passwd /etc/yester/users ada\n"
		    "  yester serve -s /backup/shop --auth-file /etc/yester/users\n",
	.words_min = 2,
	.words_max = 2,
	.missing = "which file, and which user?",
	.run = run_passwd,
};
