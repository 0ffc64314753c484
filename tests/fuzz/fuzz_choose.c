/*
 * prompt_classify() and choose_check() together: prompts out of any bytes, and
 * of words that prompts are made of, from every caller and for every kind of
 * entry.  What is answered goes to the entry's own place, and to no text of a
 * server's but the password of a login.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "choose.h"
#include "service.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define OWN_PREFIX "(site1@127.0.0.1) "
#define KEY_FILE "/root/.ssh/id_ed25519"

/* A byte from 0x80 on is one of these. */
static const char *const words[] = { "site1", "127.0.0.1", "@",
	"'s password: ", "(", ") ", "(site1@127.0.0.1) ",
	"Password: ", "site1@127.0.0.1's password: ", "root",
	"bank.example.com", "(root@bank.example.com) ", "Password for ", ":",
	": ", "'", "': ", "Enter passphrase for key '", KEY_FILE,
	"Enter passphrase for ", "Bad passphrase, try again for ",
	"Enter PIN for '", "token", "Username for '", "https://", "git",
	"github.com", "/", "[sudo] password for ",
	"Verification code: ", "New password: ", "Enter ", "old", "\n", "\r",
	"\x1b[2J", "\xd0\xb0", "\xe2\x80\x8b",
	"root@bank.example.com's password: ",
	"site1@bank.example.com's password: ", "root@127.0.0.1's password: ",
	"(site1@bank.example.com) ", "Password for root@bank.example.com:",
	"Enter passphrase for key '" KEY_FILE "': ", "Enter PIN for 'token': ",
	"Password for 'https://git@github.com': ",
	"[sudo] password for site1: ", "git@github.com's password: " };

/* The service and the place of each entry. */
static const char *const attrs[][6] = {
	{ "user", "site1", "host", "127.0.0.1", NULL, NULL },
	{ "service", "key", "path", KEY_FILE, NULL, NULL },
	{ "service", "pin", "path", "token", NULL, NULL },
	{ "service", "git", "host", "github.com", "user", "git" },
	{ "service", "sudo", "host", "here", "user", "site1" },
};

static const struct {
	const char *program;
	bool prefixes;
	const char *args;
	size_t len;
	/* Whether they name site1 at 127.0.0.1, or no user there. */
	bool own;
} callers[] = {
	{ "ssh", true, "ssh\0site1@127.0.0.1", 20, true },
	{ "ssh", false,
	    "ssh\0-p\0"
	    "22\0"
	    "127.0.0.1",
	    20, true },
	{ "ssh", false, "ssh\0root@bank.example.com", 26, false },
	{ "ssh", true, "ssh\0root@127.0.0.1", 19, false },
	{ "ssh-add", false, "ssh-add\0" KEY_FILE, 30, false },
	{ "git", false, "git\0fetch", 10, false },
	{ "sudo", false, "sudo\0-A\0id", 11, false },
	{ "ssh", false, "ssh\0site1@bank.example.com", 27, false },
	{ "cat", false, "cat\0site1@127.0.0.1", 20, false },
};

static struct entry entries[COUNT(attrs)];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	size_t i, n;
	struct err e;

	(void)argc;
	(void)argv;
	for (i = 0; i < COUNT(attrs); i++) {
		entries[i].current = slice_of("secret");
		for (n = 0; n < COUNT(attrs[i]) && attrs[i][n] != NULL; n += 2)
			if (record_attr_add(&entries[i], slice_of(attrs[i][n]),
				slice_of(attrs[i][n + 1]), &e) == -1)
				abort();
	}
	return 0;
}

static size_t
write_prompt(char *prompt, size_t room, const uint8_t *data, size_t size)
{
	const char *word;
	size_t i, n, len = 0;

	for (i = 0; i < size; i++) {
		word = (const char *)data + i;
		n = 1;
		if (data[i] >= 0x80) {
			word = words[data[i] % COUNT(words)];
			n = strlen(word);
		}
		if (n > room - len)
			break;
		memcpy(prompt + len, word, n);
		len += n;
	}
	return len;
}

static bool
is(struct text t, const char *text)
{
	return t.len == strlen(text) && memcmp(t.p, text, t.len) == 0;
}

static bool
begins(struct text t, const char *text)
{
	return t.len >= strlen(text) && memcmp(t.p, text, strlen(text)) == 0;
}

/* Whether entry i is the one for this prompt from this caller. */
static bool
belongs(size_t i, struct text whole, const struct prompt *p, size_t caller)
{
	const char *program = callers[caller].program;

	/* What a server asks is for its own user and host, or for nothing. */
	if (begins(whole, "("))
		return i == 0 && begins(whole, OWN_PREFIX);
	switch (i) {
	case 0:
		if (p->kind == PROMPT_PASSWORD)
			return is(whole, "site1@127.0.0.1's password: ");
		return p->kind == PROMPT_PASSWORD_RAW && callers[caller].own;
	case 1:
		return p->kind == PROMPT_PASSPHRASE && is(p->path, KEY_FILE) &&
		    (callers[caller].prefixes || caller == 4 || caller == 5);
	case 2:
		return p->kind == PROMPT_PIN && is(p->path, "token") &&
		    (callers[caller].prefixes || caller == 4);
	case 3:
		return strcmp(program, "git") == 0 &&
		    p->host.len == strlen("github.com") &&
		    is(p->scheme, "https");
	default:
		return strcmp(program, "sudo") == 0 && p->kind == PROMPT_SUDO &&
		    is(p->user, "site1");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request q;
	char prompt[2048];
	size_t i, caller, len;
	struct err e;

	if (size < 1)
		return 0;
	caller = data[0] % COUNT(callers);
	memset(&q, 0, sizeof(q));
	memcpy(q.machine, "here", 5);
	q.parent.looked = true;
	q.parent.prefixes = callers[caller].prefixes;
	memcpy(q.parent.program, callers[caller].program,
	    strlen(callers[caller].program));
	memcpy(q.parent.cmdline, callers[caller].args, callers[caller].len);
	q.parent.cmdline_len = callers[caller].len;
	len = write_prompt(prompt, sizeof(prompt), data + 1, size - 1);
	prompt_classify(prompt, len, NULL, &q.prompt);
	if (choose_refusal(q.prompt.kind) != NULL)
		return 0;
	for (i = 0; i < COUNT(entries); i++)
		if (choose_check(&entries[i], &q, &e) == 0 &&
		    !belongs(i, (struct text){ prompt, len }, &q.prompt,
			caller))
			abort();
	return 0;
}
