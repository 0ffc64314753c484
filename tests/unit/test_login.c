#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "message.h"

Suite *login_suite(void);

/*
 * The built pawl-rotate-net, over a socket pair as pawl-rotate would, against
 * tests/servers/ftps.py.  What the server counted is what is true.
 */

#define PYTHON "/usr/bin/python3"
#define SERVERS "tests/servers/"
#define USER "SITE1"
#define OLD "OLDPASS1"
#define NEW "NEWPASS1"
#define LOGGED_ON "230 SITE1 is logged on.  Working directory is \"SITE1.\"."
#define CHANGED "230-Password was changed.\n" LOGGED_ON
#define TEN "phrase.ten"
#define DENIED "530 PASS command failed"

/* Faults of ftps_script.py, each with a comma before it. */
#define AT(point, what) ", {\"point\": \"" point "\", \"do\": \"" what "\"}"
#define WAIT(point, ms) \
	", {\"point\": \"" point "\", \"do\": \"delay\", \"ms\": " ms "}"
#define SAY(point, text) \
	", {\"point\": \"" point "\", \"do\": \"reply\", \"text\": [" text "]}"

#define COUNT(table) (int)(sizeof(table) / sizeof((table)[0]))

struct server {
	pid_t pid;
	int in;
	uint16_t port;
};

struct net {
	pid_t pid;
	int fd;
};

static char dir[64];
static char pin[64];
static struct err e;

static const char *
program(void)
{
	const char *path = getenv("PAWL_ROTATE_NET");

	return path == NULL ? "build/pawl-rotate-net" : path;
}

static const char *
in_dir(const char *name)
{
	static char paths[4][128];
	static size_t next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void
shell(const char *command, const char *argument)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-euc", command, "sh", argument,
		    (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s: status %d", command, status);
}

static void
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
	ck_assert_int_eq(close(fd), 0);
}

static const char *
read_file(const char *path)
{
	static char text[16384];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	ck_assert_msg(fd != -1, "%s", path);
	n = read_full(fd, text, sizeof(text) - 1);
	ck_assert_int_ge(n, 0);
	ck_assert_int_eq(close(fd), 0);
	text[n] = '\0';
	return text;
}

/* --- What all tests share ------------------------------------------------- */

static void
set_up(void)
{
	ck_assert_msg(access(program(), X_OK) == 0,
	    "%s is not built: PAWL_ROTATE_NET names another", program());
	(void)snprintf(dir, sizeof(dir), "/tmp/pawl-login.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	shell(SERVERS "ca.sh \"$1\"", in_dir("ca"));
	shell("cd \"$1\"; openssl x509 -in good.pem -noout -pubkey | "
	      "openssl pkey -pubin -outform der | openssl dgst -sha256 "
	      "-binary | openssl base64 >pin",
	    in_dir("ca"));
	(void)snprintf(pin, sizeof(pin), "sha256//%s",
	    read_file(in_dir("ca/pin")));
	pin[strcspn(pin, "\n")] = '\0';
}

static void
tear_down(void)
{
	shell("rm -r \"$1\"", dir);
}

static void
start(void)
{
	ck_assert_int_eq(secret_init(NULL, 65536, &e), 0);
	/* A program that ends too soon is an error of its test, no signal. */
	(void)signal(SIGPIPE, SIG_IGN);
}

/* --- The server ----------------------------------------------------------- */

/* "ready PORT" */
static uint16_t
read_port(int fd)
{
	char line[32] = "";
	uint64_t port = 0;
	size_t n = 0;

	while (n < sizeof(line) - 1 && read(fd, line + n, 1) == 1 &&
	    line[n] != '\n')
		n++;
	line[n] = '\0';
	ck_assert_msg(strncmp(line, "ready ", 6) == 0, "\"%s\"", line);
	ck_assert_int_eq(parse_number(line + 6, 1, 65535, &port, &e), 0);
	return (uint16_t)port;
}

/* The first fault does nothing but count the PASS commands. */
static void
write_scenario(const char *faults, const char *more)
{
	char text[4096];

	(void)snprintf(text, sizeof(text),
	    "{\"accounts\": {\"" USER "\": {\"password\": \"" OLD "\"}}, "
	    "\"faults\": [{\"point\": \"pass-received\", \"do\": \"delay\", "
	    "\"ms\": 0}%s]%s}",
	    faults, more);
	write_file(in_dir("control"), text);
}

/* With one more option and its argument, or NULL twice. */
static struct server
start_server_with(const char *cert, const char *option, const char *argument)
{
	char pem[128], key[128];
	struct server s = { 0 };
	int in[2], out[2];

	(void)snprintf(pem, sizeof(pem), "%s/ca/%s.pem", dir, cert);
	(void)snprintf(key, sizeof(key), "%s/ca/%s.key", dir, cert);
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	if ((s.pid = fork()) == 0) {
		if (dup2(in[0], 0) == 0 && dup2(out[1], 1) == 1)
			(void)execl(PYTHON, PYTHON, SERVERS "ftps.py", "--cert",
			    pem, "--key", key, "--control", in_dir("control"),
			    "--stdin-lives", option, argument, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_gt(s.pid, 0);
	ck_assert_int_eq(close(in[0]), 0);
	ck_assert_int_eq(close(out[1]), 0);
	s.port = read_port(out[0]);
	ck_assert_int_eq(close(out[0]), 0);
	s.in = in[1];
	return s;
}

static struct server
start_server(const char *cert)
{
	return start_server_with(cert, NULL, NULL);
}

static void
stop_server(const struct server *s)
{
	ck_assert_int_eq(close(s->in), 0);
	ck_assert_int_eq(waitpid(s->pid, NULL, 0), s->pid);
}

/* The number behind key in the server's state, skipping some of a list. */
static long
counted(const char *key, int skip)
{
	const char *p = strstr(read_file(in_dir("control.state")), key);

	ck_assert_msg(p != NULL, "no %s", key);
	p += strcspn(p, ":") + 1;
	while (skip-- > 0)
		p += strcspn(p, ",") + 1;
	p += strspn(p, " [\n");
	return strtol(p, NULL, 10);
}

static long
passes(void)
{
	return counted("\"fired\"", 0);
}

/* --- The program ---------------------------------------------------------- */

static struct net
start_command(char *const argv[], char *const envp[], const char *err_file)
{
	struct net n = { 0 };
	int fds[2], fd = -1;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
			     fds),
	    0);
	if ((n.pid = fork()) == 0) {
		fd = open(err_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (signal(SIGPIPE, SIG_DFL) != SIG_ERR &&
		    dup2(fds[1], 0) == 0 && dup2(fd, 2) == 2)
			(void)execve(argv[0], argv, envp);
		_exit(127);
	}
	ck_assert_int_gt(n.pid, 0);
	ck_assert_int_eq(close(fds[1]), 0);
	n.fd = fds[0];
	return n;
}

/* argv is not changed, whatever execve(2) says. */
static char *
text_of(const char *constant)
{
	union {
		const char *in;
		char *out;
	} u = { constant };

	return u.out;
}

static struct net
start_net(void)
{
	char *argv[] = { text_of(program()), NULL };
	char *envp[] = { NULL };

	return start_command(argv, envp, in_dir("stderr"));
}

/* Waits for its end; returns the exit status. */
static int
end_net(const struct net *n)
{
	int status = 0;

	ck_assert_int_eq(close(n->fd), 0);
	ck_assert_int_eq(waitpid(n->pid, &status, 0), n->pid);
	ck_assert_msg(WIFEXITED(status), "signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static struct secret *
secret_from(const char *text)
{
	struct secret *s = secret_new(MESSAGE_PASSWORD_MAX, &e);

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(secret_set(s, text, strlen(text), &e), 0);
	return s;
}

static struct message_request
request(const struct server *s, const char *current, const char *fresh)
{
	struct message_request r = { .what = fresh == NULL ? MESSAGE_LOGIN :
							     MESSAGE_CHANGE,
		.method = MESSAGE_ZOS_PASS,
		.tls = MESSAGE_TLS_EXPLICIT,
		.port = s == NULL ? 1 : s->port,
		.connect_timeout = 100,
		.reply_timeout = 100,
		.host = "localhost",
		.user = USER };

	(void)snprintf(r.ca_file, sizeof(r.ca_file), "%s", in_dir("ca/ca.pem"));
	r.current = secret_from(current);
	if (fresh != NULL)
		r.fresh = secret_from(fresh);
	return r;
}

static void
offer_request(const struct net *n, const struct message_request *r)
{
	struct secret *m = secret_new(MESSAGE_MAX, &e);

	ck_assert_ptr_nonnull(m);
	ck_assert_int_eq(message_put_request(m, r, &e), 0);
	ck_assert_int_eq(message_send(n->fd, m, &e), 0);
	secret_free(m);
}

static void
send_request(const struct net *n, const struct message_request *r)
{
	offer_request(n, r);
	ck_assert_int_eq(message_send_go(n->fd, &e), 0);
}

static struct message_result
receive_result(const struct net *n)
{
	struct secret *m = secret_new(MESSAGE_MAX, &e);
	struct message_result r;

	ck_assert_ptr_nonnull(m);
	ck_assert_msg(message_receive(n->fd, m, &e) == 0, "%s\n%s", e.msg,
	    read_file(in_dir("stderr")));
	ck_assert_msg(message_get_result(&r, secret_slice(m), &e) == 0, "%s",
	    e.msg);
	secret_free(m);
	return r;
}

static struct message_result
ask(const struct net *n, const struct message_request *r)
{
	send_request(n, r);
	return receive_result(n);
}

static void
check_result(const char *name, const struct message_result *r,
    enum message_outcome outcome, enum message_reason reason, const char *reply)
{
	ck_assert_msg(r->outcome == outcome && r->reason == reason,
	    "%s: outcome %d, reason %d: %s", name, (int)r->outcome,
	    (int)r->reason, r->reply);
	if (reply != NULL)
		ck_assert_msg(strcmp(r->reply, reply) == 0, "%s: \"%s\"", name,
		    r->reply);
}

/* --- What the server does ------------------------------------------------- */

#define ENDED "the connection ended before the password was sent"
#define LOST "the connection ended before the answer to PASS"
#define NOT_SENT(reason) MESSAGE_NOT_SENT, MESSAGE_REASON_##reason, 0
#define ACCEPTED MESSAGE_ACCEPTED, MESSAGE_REASON_NONE, 230
#define REFUSED(code) MESSAGE_REFUSED, MESSAGE_REASON_NONE, code
#define EXPIRED_REPLY(code) MESSAGE_EXPIRED, MESSAGE_REASON_NONE, code
#define UNKNOWN(code) MESSAGE_UNKNOWN, MESSAGE_REASON_NONE, code

/* Each for a change from OLD to NEW but where a password is named. */
static const struct {
	const char *faults;
	enum message_outcome outcome;
	enum message_reason reason;
	unsigned int code;
	/* NULL where the words are another library's. */
	const char *reply;
	/* What the server counted. */
	int changes, bad;
	/* Seconds; 0 for as long as it takes. */
	uint16_t timeout;
	const char *current, *fresh;
} servers[] = {
	/* Nothing misbehaves. */
	{ "", ACCEPTED, CHANGED, 1, 0, 0, OLD, NEW },
	{ "", ACCEPTED, LOGGED_ON, 0, 0, 0, OLD, NULL },
	{ "", REFUSED(530), DENIED, 0, 1, 0, "WRONG", NULL },
	{ "", REFUSED(530), DENIED, 0, 1, 0, "WRONG", NEW },
	{ "", REFUSED(530), DENIED, 0, 0, 0, OLD, "against" },

	/* The connection ends. */
	{ AT("accept", "cut"), NOT_SENT(CONNECT), ENDED, 0, 0, 0, OLD, NEW },
	{ AT("greeting", "rst"), NOT_SENT(CONNECT), NULL, 0, 0, 0, OLD, NEW },
	{ AT("greeting", "half"), NOT_SENT(CONNECT), ENDED, 0, 0, 0, OLD, NEW },
	{ AT("auth-reply", "half"), NOT_SENT(CONNECT), ENDED, 0, 0, 0, OLD,
	    NEW },
	{ AT("auth-received", "cut"), NOT_SENT(CONNECT), ENDED, 0, 0, 0, OLD,
	    NEW },
	{ AT("tls", "cut"), NOT_SENT(TLS), NULL, 0, 0, 0, OLD, NEW },
	{ AT("tls", "rst"), NOT_SENT(TLS), NULL, 0, 0, 0, OLD, NEW },
	{ AT("user-received", "cut"), NOT_SENT(CONNECT), ENDED, 0, 0, 0, OLD,
	    NEW },
	{ AT("user-reply", "close"), NOT_SENT(CONNECT), ENDED, 0, 0, 0, OLD,
	    NEW },
	{ AT("user-reply", "half"), NOT_SENT(CONNECT), ENDED, 0, 0, 0, OLD,
	    NEW },
	{ AT("pass-received", "cut"), UNKNOWN(0), LOST, 0, 0, 0, OLD, NEW },
	{ AT("change", "rst"), UNKNOWN(0), NULL, 0, 0, 0, OLD, NEW },
	{ AT("pass-reply", "cut"), UNKNOWN(0), LOST, 1, 0, 0, OLD, NEW },
	{ AT("pass-reply", "close"), UNKNOWN(0), LOST, 1, 0, 0, OLD, NEW },
	{ AT("pass-reply", "rst"), UNKNOWN(0), NULL, 1, 0, 0, OLD, NEW },
	{ AT("pass-reply", "half"), UNKNOWN(0), LOST, 1, 0, 0, OLD, NEW },
	{ AT("pass-reply-first-line", "cut"), UNKNOWN(0),
	    "230-Password was changed.\n" LOST, 1, 0, 0, OLD, NEW },
	{ AT("pass-reply", "cut"), UNKNOWN(0), LOST, 0, 1, 0, "WRONG", NULL },
	{ AT("pbsz-received", "cut"), ACCEPTED, CHANGED, 1, 0, 0, OLD, NEW },
	{ AT("pbsz-received", "rst"), ACCEPTED, CHANGED, 1, 0, 0, OLD, NEW },
	{ AT("pbsz-reply", "421"), ACCEPTED, CHANGED, 1, 0, 0, OLD, NEW },
	{ AT("pbsz-reply", "garbage"), ACCEPTED, CHANGED, 1, 0, 0, OLD, NEW },
	{ AT("prot-reply", "close"), ACCEPTED, CHANGED, 1, 0, 0, OLD, NEW },
	{ SAY("prot-reply", "\"534 no\""), ACCEPTED, CHANGED, 1, 0, 0, OLD,
	    NEW },
	{ AT("pwd-reply", "cut"), ACCEPTED, CHANGED, 1, 0, 0, OLD, NEW },
	{ AT("quit-received", "rst"), ACCEPTED, CHANGED, 1, 0, 0, OLD, NEW },
	{ AT("quit-received", "hang"), ACCEPTED, CHANGED, 1, 0, 0, OLD, NEW },
	{ AT("pbsz-received", "hang"), ACCEPTED, CHANGED, 1, 0, 0, OLD, NEW },

	/* It takes its time. */
	{ AT("accept", "hang"), NOT_SENT(TIMEOUT), NULL, 0, 0, 1, OLD, NEW },
	{ AT("auth-reply", "hang"), NOT_SENT(TIMEOUT), NULL, 0, 0, 1, OLD,
	    NEW },
	{ AT("tls", "hang"), NOT_SENT(TIMEOUT), NULL, 0, 0, 1, OLD, NEW },
	{ AT("user-reply", "hang"), NOT_SENT(TIMEOUT), NULL, 0, 0, 1, OLD,
	    NEW },
	{ AT("pass-received", "hang"), UNKNOWN(0),
	    "no answer to PASS within 1 s", 0, 0, 1, OLD, NEW },
	{ AT("pass-reply-first-line", "hang"), UNKNOWN(0),
	    "230-Password was changed.\nno answer to PASS within 1 s", 1, 0, 1,
	    OLD, NEW },
	{ WAIT("pass-reply", "2500"), UNKNOWN(0),
	    "no answer to PASS within 1 s", 1, 0, 1, OLD, NEW },

	/* It says something else. */
	{ AT("greeting", "421"), NOT_SENT(REPLY),
	    "421 Service not available, closing connection.", 0, 0, 0, OLD,
	    NEW },
	{ AT("greeting", "garbage"), NOT_SENT(REPLY), "?????[2J no reply ???",
	    0, 0, 0, OLD, NEW },
	{ SAY("auth-reply", "\"502 no\""), NOT_SENT(TLS), "502 no", 0, 0, 0,
	    OLD, NEW },
	{ SAY("auth-reply", "\"334 more\""), NOT_SENT(TLS), "334 more", 0, 0, 0,
	    OLD, NEW },
	{ AT("tls", "garbage"), NOT_SENT(TLS), NULL, 0, 0, 0, OLD, NEW },
	{ ", {\"point\": \"greeting\", \"do\": \"stray\", "
	  "\"text\": \"220 stray\"}",
	    NOT_SENT(TLS), "220 stray", 0, 0, 0, OLD, NEW },
	{ SAY("user-reply", "\"230 in\""), NOT_SENT(REPLY), "230 in", 0, 0, 0,
	    OLD, NEW },
	{ SAY("user-reply", "\"232 in\""), NOT_SENT(REPLY), "232 in", 0, 0, 0,
	    OLD, NEW },
	{ SAY("user-reply", "\"332 ACCT\""), NOT_SENT(REPLY), "332 ACCT", 0, 0,
	    0, OLD, NEW },
	{ SAY("user-reply", "\"531 certificate\""), NOT_SENT(REPLY),
	    "531 certificate\nthe server wants to see a certificate of yours: "
	    "set rotate.cert",
	    0, 0, 0, OLD, NEW },
	{ SAY("user-reply", "\"530-a\", \"331 b\""), NOT_SENT(REPLY),
	    "530-a\n331 b", 0, 0, 0, OLD, NEW },
	{ AT("pass-received", "421"), UNKNOWN(421),
	    "421 Service not available, closing connection.", 0, 0, 0, OLD,
	    NEW },
	{ AT("pass-reply", "421"), UNKNOWN(421), NULL, 1, 0, 0, OLD, NEW },
	{ AT("pass-reply", "garbage"), UNKNOWN(0), NULL, 1, 0, 0, OLD, NEW },
	{ SAY("pass-reply", "\"202 what\""), UNKNOWN(202), "202 what", 1, 0, 0,
	    OLD, NEW },
	{ SAY("pass-reply", "\"332 ACCT\""), UNKNOWN(332), "332 ACCT", 1, 0, 0,
	    OLD, NEW },
	{ SAY("pass-reply", "\"331 again\""), UNKNOWN(331), "331 again", 1, 0,
	    0, OLD, NEW },
	{ SAY("pass-reply", "\"530 no\""), REFUSED(530), "530 no", 1, 0, 0, OLD,
	    NEW },
	{ SAY("pass-received", "\"230 yes\""), ACCEPTED, "230 yes", 0, 0, 0,
	    OLD, NEW },
	{ SAY("pass-reply", "\"450 later\""), REFUSED(450), "450 later", 1, 0,
	    0, OLD, NEW },
	{ SAY("pass-reply", "\"530-was " OLD "\", \"to newpass1\", \"530 x\""),
	    REFUSED(530), "530-was ***\nto ***\n530 x", 1, 0, 0, OLD, NEW },
};

START_TEST(a_server_misbehaves)
{
	const char *name = servers[_i].faults;
	struct server s;
	struct net n = start_net();
	struct message_request r;
	struct message_result result;

	write_scenario(servers[_i].faults, "");
	s = start_server("good");
	r = request(&s, servers[_i].current, servers[_i].fresh);
	if (servers[_i].timeout != 0)
		r.connect_timeout = r.reply_timeout = servers[_i].timeout;
	result = ask(&n, &r);
	/* What comes before the handshake may come with the reply to AUTH. */
	if (servers[_i].reason == MESSAGE_REASON_TLS &&
	    result.reason == MESSAGE_REASON_REPLY)
		result.reason = servers[_i].reason;
	check_result(name, &result, servers[_i].outcome, servers[_i].reason,
	    servers[_i].reply);
	ck_assert_uint_eq(result.code, servers[_i].code);
	ck_assert_int_eq(end_net(&n), 0);
	ck_assert_str_eq(read_file(in_dir("stderr")), "");
	stop_server(&s);
	ck_assert_msg(passes() == (result.outcome != MESSAGE_NOT_SENT),
	    "%s: PASS sent %ld times", name, passes());
	ck_assert_int_eq(counted("\"changes\"", 0), servers[_i].changes);
	ck_assert_int_eq(counted("\"total_bad\"", 0), servers[_i].bad);
	ck_assert_int_eq(counted("\"pass_in_clear\"", 0), 0);
}
END_TEST

/* Later than all that libcurl allows for what comes before PASS. */
START_TEST(a_late_answer_to_pass_is_waited_for)
{
	struct server s;
	struct net n = start_net();
	struct message_request r;
	struct message_result result;

	write_scenario(WAIT("user-reply", "3000") WAIT("pass-reply", "2500"),
	    "");
	s = start_server("good");
	r = request(&s, OLD, NEW);
	r.connect_timeout = 1;
	r.reply_timeout = 4;
	result = ask(&n, &r);
	check_result("late", &result, MESSAGE_ACCEPTED, MESSAGE_REASON_NONE,
	    CHANGED);
	ck_assert_int_eq(end_net(&n), 0);
	stop_server(&s);
}
END_TEST

START_TEST(a_server_without_tls_gets_no_password)
{
	struct server s;
	struct net n = start_net();
	struct message_request r;
	struct message_result result;

	write_scenario("", ", \"tls\": \"none\"");
	s = start_server("good");
	r = request(&s, OLD, NEW);
	result = ask(&n, &r);
	check_result("none", &result, MESSAGE_NOT_SENT, MESSAGE_REASON_TLS,
	    "504 AUTH mechanism not supported");
	ck_assert_int_eq(end_net(&n), 0);
	stop_server(&s);
	ck_assert_int_eq(passes(), 0);
}
END_TEST

/* --- How a change is asked for -------------------------------------------- */

#define ACCOUNT(password, more) \
	", \"accounts\": {\"" USER "\": {\"password\": \"" password "\"" more \
	"}}"
#define EXPIRED ACCOUNT(OLD, ", \"expired\": true")
#define TELLS EXPIRED ", \"tells\": true"
#define PHRASES ACCOUNT(OLD_PHRASE, ", \"policy\": \".*\"")
#define WSFTP EXPIRED ", \"server\": \"wsftp\""
#define OLD_PHRASE "this.is-an.old=phrase"
#define NEW_PHRASE "and~this!is$the|new_one"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* By PASS itself. */
static const struct {
	enum message_method method;
	const char *more, *faults;
	enum message_outcome outcome;
	enum message_reason reason;
	unsigned int code;
	const char *reply;
	int requests, changes, bad;
	const char *current, *fresh;
} passed[] = {
	{ MESSAGE_ZOS_PASS, PHRASES, "", ACCEPTED, CHANGED, 1, 1, 0, OLD_PHRASE,
	    NEW_PHRASE },
	{ MESSAGE_ZOS_PASS, PHRASES, "", ACCEPTED, CHANGED, 1, 1, 0, OLD_PHRASE,
	    HUNDRED },
	{ MESSAGE_ZOS_PASS, TELLS, "", EXPIRED_REPLY(530),
	    "530-EDC5168I Password has expired.\n" DENIED, 0, 0, 0, OLD, NULL },
	{ MESSAGE_ZOS_PASS, TELLS, "", REFUSED(530), DENIED, 0, 0, 1, "WRONG",
	    NULL },
	{ MESSAGE_ZOS_PASS, TELLS, "", ACCEPTED, CHANGED, 1, 1, 0, OLD, NEW },
	{ MESSAGE_ZOS_PASS, EXPIRED, "", REFUSED(530), DENIED, 0, 0, 0, OLD,
	    NULL },
	{ MESSAGE_WSFTP_EXPIRED, WSFTP, "", EXPIRED_REPLY(560),
	    "560 Password expired, use 'pass oldpassword newpassword'", 0, 0, 0,
	    OLD, NULL },
	{ MESSAGE_WSFTP_EXPIRED, WSFTP, "", REFUSED(530), DENIED, 0, 0, 1,
	    "WRONG", NULL },
	{ MESSAGE_WSFTP_EXPIRED, WSFTP, "", ACCEPTED, CHANGED, 1, 1, 0, OLD,
	    NEW },
	{ MESSAGE_WSFTP_EXPIRED, WSFTP, "", REFUSED(530), DENIED, 1, 0, 0, OLD,
	    "against-policy" },
	{ MESSAGE_WSFTP_EXPIRED, WSFTP, AT("pass-received", "cut"), UNKNOWN(0),
	    LOST, 1, 0, 0, OLD, NEW },
	{ MESSAGE_WSFTP_EXPIRED, WSFTP, AT("pass-reply", "cut"), UNKNOWN(0),
	    LOST, 1, 1, 0, OLD, NEW },
	{ MESSAGE_WSFTP_EXPIRED, WSFTP, SAY("pass-reply", "\"560 expired\""),
	    REFUSED(560), "560 expired", 1, 1, 0, OLD, NEW },
	{ MESSAGE_WSFTP_EXPIRED, WSFTP, SAY("pass-received", "\"230 x\""),
	    ACCEPTED, "230 x", 1, 0, 0, OLD, NEW },
};

/* What the server did, whatever it said. */
static void
check_account(const char *name, long requests, long changes, long bad)
{
	ck_assert_msg(counted("\"requests\"", 0) == requests,
	    "%s: %ld requests", name, counted("\"requests\"", 0));
	ck_assert_msg(counted("\"changes\"", 0) == changes, "%s: %ld changes",
	    name, counted("\"changes\"", 0));
	ck_assert_msg(counted("\"total_bad\"", 0) == bad, "%s: %ld bad logins",
	    name, counted("\"total_bad\"", 0));
}

START_TEST(a_change_by_pass_is_told_from_a_login)
{
	char name[32];
	struct server s;
	struct net n = start_net();
	struct message_request r;
	struct message_result result;

	(void)snprintf(name, sizeof(name), "passed[%d]", _i);
	write_scenario(passed[_i].faults, passed[_i].more);
	s = start_server("good");
	r = request(&s, passed[_i].current, passed[_i].fresh);
	r.method = passed[_i].method;
	result = ask(&n, &r);
	check_result(name, &result, passed[_i].outcome, passed[_i].reason,
	    passed[_i].reply);
	ck_assert_uint_eq(result.code, passed[_i].code);
	ck_assert_int_eq(end_net(&n), 0);
	stop_server(&s);
	ck_assert_int_eq(passes(), 1);
	check_account(name, passed[_i].requests, passed[_i].changes,
	    passed[_i].bad);
}
END_TEST

static const struct {
	enum message_method method;
	const char *server, *verb, *yes, *no;
} commands[] = {
	{ MESSAGE_SITE_PSWD, "servu", "site", "230 Password changed okay.",
	    "501 Cannot change password." },
	{ MESSAGE_CPWD, "wsftp", "cpwd", "200 Password changed.",
	    "550 Password not changed." },
	{ MESSAGE_SITE_CPWD, "wsftp", "site", "200 Password changed.",
	    "550 Password not changed." },
	{ MESSAGE_CHPWD, "axway", "site", "200 CHPWD command successful.",
	    "550 CHPWD command failed." },
};

#define OF_CHANGE "the connection ended before the answer to the change"
#define BEFORE "the connection ended before the change was sent"
#define YES "=yes"
#define NO "=no"

/* @ is the verb; a reply that is YES or NO is the server's own. */
static const struct {
	const char *point, *what, *text;
	enum message_outcome outcome;
	enum message_reason reason;
	const char *reply;
	int requests, changes, bad;
	const char *current, *fresh;
} deaths[] = {
	{ "", "", "", MESSAGE_ACCEPTED, MESSAGE_REASON_NONE, YES, 1, 1, 0, OLD,
	    NEW },
	{ "", "", "", MESSAGE_ACCEPTED, MESSAGE_REASON_NONE, LOGGED_ON, 0, 0, 0,
	    OLD, NULL },
	{ "", "", "", MESSAGE_REFUSED, MESSAGE_REASON_NONE, DENIED, 0, 0, 1,
	    "WRONG", NEW },
	{ "", "", "", MESSAGE_REFUSED, MESSAGE_REASON_NONE, NO, 1, 0, 0, OLD,
	    "against-policy" },
	/* It dies before the command is sent: nothing can have changed. */
	{ "pass-received", "cut", "", MESSAGE_NOT_SENT, MESSAGE_REASON_CONNECT,
	    LOST, 0, 0, 0, OLD, NEW },
	{ "pass-reply", "421", "", MESSAGE_NOT_SENT, MESSAGE_REASON_REPLY,
	    "421 Service not available, closing connection.", 0, 0, 0, OLD,
	    NEW },
	{ "pbsz-reply", "cut", "", MESSAGE_NOT_SENT, MESSAGE_REASON_CONNECT,
	    BEFORE, 0, 0, 0, OLD, NEW },
	{ "pwd-received", "cut", "", MESSAGE_NOT_SENT, MESSAGE_REASON_CONNECT,
	    BEFORE, 0, 0, 0, OLD, NEW },
	{ "pwd-received", "hang", "", MESSAGE_NOT_SENT, MESSAGE_REASON_TIMEOUT,
	    NULL, 0, 0, 0, OLD, NEW },
	/* That libcurl's own wishes are not met does not matter. */
	{ "prot-reply", "reply", "534 no", MESSAGE_ACCEPTED,
	    MESSAGE_REASON_NONE, YES, 1, 1, 0, OLD, NEW },
	{ "pwd-reply", "reply", "550 no", MESSAGE_ACCEPTED, MESSAGE_REASON_NONE,
	    YES, 1, 1, 0, OLD, NEW },
	/* It dies after. */
	{ "@-received", "cut", "", MESSAGE_UNKNOWN, MESSAGE_REASON_NONE,
	    OF_CHANGE, 1, 0, 0, OLD, NEW },
	{ "@-received", "rst", "", MESSAGE_UNKNOWN, MESSAGE_REASON_NONE, NULL,
	    1, 0, 0, OLD, NEW },
	{ "@-reply", "cut", "", MESSAGE_UNKNOWN, MESSAGE_REASON_NONE, OF_CHANGE,
	    1, 1, 0, OLD, NEW },
	{ "@-reply", "close", "", MESSAGE_UNKNOWN, MESSAGE_REASON_NONE,
	    OF_CHANGE, 1, 1, 0, OLD, NEW },
	{ "@-reply", "half", "", MESSAGE_UNKNOWN, MESSAGE_REASON_NONE,
	    OF_CHANGE, 1, 1, 0, OLD, NEW },
	{ "@-reply", "garbage", "", MESSAGE_UNKNOWN, MESSAGE_REASON_NONE, NULL,
	    1, 1, 0, OLD, NEW },
	{ "@-reply", "421", "", MESSAGE_UNKNOWN, MESSAGE_REASON_NONE, NULL, 1,
	    1, 0, OLD, NEW },
	{ "@-reply", "hang", "", MESSAGE_UNKNOWN, MESSAGE_REASON_NONE,
	    "no answer to the change within 1 s", 1, 1, 0, OLD, NEW },
	/* It lies, both ways. */
	{ "@-reply", "reply", "553 no", MESSAGE_REFUSED, MESSAGE_REASON_NONE,
	    "553 no", 1, 1, 0, OLD, NEW },
	{ "@-received", "reply", "200 yes", MESSAGE_ACCEPTED,
	    MESSAGE_REASON_NONE, "200 yes", 1, 0, 0, OLD, NEW },
	{ "@-received", "reply", "202 superfluous", MESSAGE_UNKNOWN,
	    MESSAGE_REASON_NONE, "202 superfluous", 1, 0, 0, OLD, NEW },
	/* It says passwords, as they are and in base64. */
	{ "@-reply", "reply",
	    "502 " OLD " T0xEUEFTUzE= TkVXUEFTUzE=", MESSAGE_REFUSED,
	    MESSAGE_REASON_NONE, "502 *** ***= ***=", 1, 1, 0, OLD, NEW },
};

/* Everything after the last '@' of the point is behind the verb. */
static void
write_death(const char *verb, int death, const char *server)
{
	char fault[512] = "", more[64];
	const char *point = deaths[death].point;

	if (point[0] != '\0')
		(void)snprintf(fault, sizeof(fault),
		    ", {\"point\": \"%s%s\", \"do\": \"%s\"%s%s%s}",
		    point[0] == '@' ? verb : "", point + (point[0] == '@'),
		    deaths[death].what,
		    deaths[death].text[0] == '\0' ? "" : ", \"text\": \"",
		    deaths[death].text,
		    deaths[death].text[0] == '\0' ? "" : "\"");
	(void)snprintf(more, sizeof(more), ", \"server\": \"%s\"", server);
	write_scenario(fault, more);
}

START_TEST(a_change_by_command_is_sent_once)
{
	const int c = _i / COUNT(deaths), d = _i % COUNT(deaths);
	const char *reply = deaths[d].reply;
	char name[64];
	struct server s;
	struct net n = start_net();
	struct message_request r;
	struct message_result result;

	(void)snprintf(name, sizeof(name), "commands[%d] deaths[%d]", c, d);
	write_death(commands[c].verb, d, commands[c].server);
	s = start_server("good");
	r = request(&s, deaths[d].current, deaths[d].fresh);
	r.method = commands[c].method;
	if (strcmp(deaths[d].what, "hang") == 0)
		r.reply_timeout = 1;
	if (reply != NULL && strcmp(reply, YES) == 0)
		reply = commands[c].yes;
	else if (reply != NULL && strcmp(reply, NO) == 0)
		reply = commands[c].no;
	result = ask(&n, &r);
	check_result(name, &result, deaths[d].outcome, deaths[d].reason, reply);
	ck_assert_int_eq(end_net(&n), 0);
	ck_assert_str_eq(read_file(in_dir("stderr")), "");
	stop_server(&s);
	ck_assert_int_eq(passes(), 1);
	check_account(name, deaths[d].requests, deaths[d].changes,
	    deaths[d].bad);
}
END_TEST

/* What cannot be carried is not sent, and the rule has its name. */
static const struct {
	enum message_method method;
	const char *current, *fresh, *reply;
} refused[] = {
	{ MESSAGE_SITE_PSWD, OLD, "a\"b",
	    "the new password holds \", which site-pswd takes for a "
	    "separator; rotate it with another method, or by hand" },
	{ MESSAGE_SITE_PSWD, "a\"b", NULL,
	    "the current password holds \", which site-pswd takes for a "
	    "separator; rotate it with another method, or by hand" },
	{ MESSAGE_CPWD, OLD, "a b",
	    "the new password holds a blank, a control character or a byte "
	    "beyond ASCII: FTP cannot carry it" },
	{ MESSAGE_CHPWD, "a b", OLD,
	    "the current password holds a blank, a control character or a "
	    "byte beyond ASCII: FTP cannot carry it" },
	{ MESSAGE_WSFTP_EXPIRED, OLD, "a b",
	    "the new password holds a blank, a control character or a byte "
	    "beyond ASCII: FTP cannot carry it" },
	{ MESSAGE_ZOS_PASS, "A'B", NULL,
	    "the current password holds ', which zos-pass takes for a "
	    "separator; rotate it with another method, or by hand" },
	{ MESSAGE_ZOS_PASS, HUNDRED "x", NULL,
	    "the current password cannot be sent: z/OS takes a password of 1 "
	    "to 8 characters or a phrase of 9 to 100" },
	{ MESSAGE_ZOS_PASS, OLD, TEN,
	    "the new password is a phrase and the current one is not: "
	    "zos-pass changes a password to a password (1 to 8 characters) "
	    "and a phrase to a phrase; set rotate.policy" },
	{ MESSAGE_ZOS_PASS, TEN, NEW,
	    "the new password is a short password and the current one is not: "
	    "zos-pass changes a password to a password (1 to 8 characters) "
	    "and a phrase to a phrase; set rotate.policy" },
};

START_TEST(what_cannot_be_carried_is_not_sent)
{
	struct net n = start_net();
	struct message_request r =
	    request(NULL, refused[_i].current, refused[_i].fresh);
	struct message_result result;

	r.method = refused[_i].method;
	result = ask(&n, &r);
	check_result("refused", &result, MESSAGE_NOT_SENT,
	    MESSAGE_REASON_REQUEST, refused[_i].reply);
	ck_assert_int_eq(end_net(&n), 0);
}
END_TEST

/* --- How TLS begins ------------------------------------------------------- */

static const struct {
	const char *server, *faults, *cert;
	enum message_tls tls;
	enum message_outcome outcome;
	enum message_reason reason;
	const char *reply;
} modes[] = {
	{ "implicit", "", "good", MESSAGE_TLS_IMPLICIT, MESSAGE_ACCEPTED,
	    MESSAGE_REASON_NONE, CHANGED },
	{ "zos-implicit", "", "good", MESSAGE_TLS_ZOS_IMPLICIT,
	    MESSAGE_ACCEPTED, MESSAGE_REASON_NONE, CHANGED },
	/* One is told for the other. */
	{ "zos-implicit", "", "good", MESSAGE_TLS_IMPLICIT, MESSAGE_NOT_SENT,
	    MESSAGE_REASON_TLS, NULL },
	{ "explicit", "", "good", MESSAGE_TLS_IMPLICIT, MESSAGE_NOT_SENT,
	    MESSAGE_REASON_TLS, NULL },
	{ "none", "", "good", MESSAGE_TLS_IMPLICIT, MESSAGE_NOT_SENT,
	    MESSAGE_REASON_TLS, NULL },
	/* It takes the handshake for a command, and waits for its end. */
	{ "explicit", "", "good", MESSAGE_TLS_ZOS_IMPLICIT, MESSAGE_NOT_SENT,
	    MESSAGE_REASON_TIMEOUT, NULL },
	/* A certificate counts as it does elsewhere. */
	{ "implicit", "", "expired", MESSAGE_TLS_IMPLICIT, MESSAGE_NOT_SENT,
	    MESSAGE_REASON_CERTIFICATE, "certificate has expired" },
	{ "zos-implicit", "", "wrong-name", MESSAGE_TLS_ZOS_IMPLICIT,
	    MESSAGE_NOT_SENT, MESSAGE_REASON_CERTIFICATE,
	    "certificate is not for \"localhost\"" },
	/* It dies in clear, and in TLS. */
	{ "zos-implicit", AT("greeting", "cut"), "good",
	    MESSAGE_TLS_ZOS_IMPLICIT, MESSAGE_NOT_SENT, MESSAGE_REASON_CONNECT,
	    ENDED },
	{ "zos-implicit", AT("greeting", "421"), "good",
	    MESSAGE_TLS_ZOS_IMPLICIT, MESSAGE_NOT_SENT, MESSAGE_REASON_REPLY,
	    "421 Service not available, closing connection." },
	{ "zos-implicit", AT("tls", "rst"), "good", MESSAGE_TLS_ZOS_IMPLICIT,
	    MESSAGE_NOT_SENT, MESSAGE_REASON_CONNECT, NULL },
	{ "zos-implicit", AT("accept", "hang"), "good",
	    MESSAGE_TLS_ZOS_IMPLICIT, MESSAGE_NOT_SENT, MESSAGE_REASON_TIMEOUT,
	    NULL },
	{ "zos-implicit", AT("pass-reply", "cut"), "good",
	    MESSAGE_TLS_ZOS_IMPLICIT, MESSAGE_UNKNOWN, MESSAGE_REASON_NONE,
	    LOST },
	{ "zos-implicit", AT("quit-received", "hang"), "good",
	    MESSAGE_TLS_ZOS_IMPLICIT, MESSAGE_ACCEPTED, MESSAGE_REASON_NONE,
	    CHANGED },
};

START_TEST(tls_begins_as_it_was_told_to)
{
	char name[32], more[64];
	struct server s;
	struct net n = start_net();
	struct message_request r;
	struct message_result result;

	(void)snprintf(name, sizeof(name), "modes[%d]", _i);
	(void)snprintf(more, sizeof(more), ", \"tls\": \"%s\"",
	    modes[_i].server);
	write_scenario(modes[_i].faults, more);
	s = start_server(modes[_i].cert);
	r = request(&s, OLD, NEW);
	r.tls = modes[_i].tls;
	if (modes[_i].reason == MESSAGE_REASON_TIMEOUT)
		r.connect_timeout = r.reply_timeout = 1;
	result = ask(&n, &r);
	/* What a server takes for a command may end by chance; and it may
	 * die before the handshake has begun. */
	if (modes[_i].reply == NULL && result.outcome == MESSAGE_NOT_SENT &&
	    result.reason == MESSAGE_REASON_TLS)
		result.reason = modes[_i].reason;
	check_result(name, &result, modes[_i].outcome, modes[_i].reason,
	    modes[_i].reply);
	ck_assert_int_eq(end_net(&n), 0);
	ck_assert_str_eq(read_file(in_dir("stderr")), "");
	stop_server(&s);
	ck_assert_int_eq(passes(), result.outcome != MESSAGE_NOT_SENT);
	ck_assert_int_eq(counted("\"pass_in_clear\"", 0), 0);
}
END_TEST

/* What the server asks of the client; and what it gets. */
static const struct {
	const char *client, *cert, *key;
	enum message_outcome outcome;
	enum message_reason reason;
	/* Its beginning. */
	const char *reply;
} clients[] = {
	{ "early", "client.pem", "client.key", MESSAGE_ACCEPTED,
	    MESSAGE_REASON_NONE, LOGGED_ON },
	{ "late", "client.pem", "client.key", MESSAGE_ACCEPTED,
	    MESSAGE_REASON_NONE, LOGGED_ON },
	{ "early", "", "", MESSAGE_NOT_SENT, MESSAGE_REASON_CONNECT,
	    "the connection ended before the password was sent" },
	{ "late", "", "", MESSAGE_NOT_SENT, MESSAGE_REASON_REPLY,
	    "531 Server requires client certificate for login processing\n"
	    "the server wants to see a certificate of yours: set rotate.cert" },
	{ "early", "stranger.pem", "stranger.key", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_CONNECT, "the connection ended before" },
	{ "early", "client.pem", "stranger.key", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_REQUEST, "rotate.cert-key " },
	{ "early", "client.key", "client.key", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_REQUEST, "rotate.cert " },
	{ "early", "none.pem", "client.key", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_REQUEST, "rotate.cert " },
	{ "early", "client.pem", "none.key", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_REQUEST, "rotate.cert-key: " },
	{ "early", "client.pem", "ca.pem", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_REQUEST, "rotate.cert-key " },
	{ "early", "client.pem", "locked.key", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_REQUEST, "rotate.cert-key " },
	/* Others may read it. */
	{ "early", "client.pem", "open.key", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_REQUEST, "rotate.cert-key: " },
};

START_TEST(a_certificate_is_shown_to_who_asks)
{
	char name[32], more[64];
	struct server s;
	struct net n = start_net();
	struct message_request r;
	struct message_result result;

	(void)snprintf(name, sizeof(name), "clients[%d]", _i);
	(void)snprintf(more, sizeof(more), ", \"client\": \"%s\"",
	    clients[_i].client);
	write_scenario("", more);
	shell("cd \"$1\"; chmod 600 *.key ca.pem; cp client.key open.key; "
	      "chmod 644 open.key; openssl pkey -in client.key -aes128 "
	      "-passout pass:x -out locked.key; chmod 600 locked.key",
	    in_dir("ca"));
	s = start_server_with("good", "--client-ca", in_dir("ca/ca.pem"));
	r = request(&s, OLD, NULL);
	if (clients[_i].cert[0] != '\0') {
		(void)snprintf(r.cert, sizeof(r.cert), "%s/ca/%s", dir,
		    clients[_i].cert);
		(void)snprintf(r.cert_key, sizeof(r.cert_key), "%s/ca/%s", dir,
		    clients[_i].key);
	}
	result = ask(&n, &r);
	check_result(name, &result, clients[_i].outcome, clients[_i].reason,
	    NULL);
	ck_assert_msg(strncmp(result.reply, clients[_i].reply,
			  strlen(clients[_i].reply)) == 0,
	    "%s: %s", name, result.reply);
	/* The server's alert may come, or be lost with the connection. */
	if (clients[_i].cert[0] == '\0')
		ck_assert_ptr_nonnull(strstr(result.reply,
		    "\nthe server wants to see a certificate of yours: set "
		    "rotate.cert"));
	ck_assert_int_eq(end_net(&n), 0);
	stop_server(&s);
	ck_assert_int_eq(passes(), result.outcome == MESSAGE_ACCEPTED);
}
END_TEST

START_TEST(a_server_is_found_by_its_ipv6_address)
{
	const bool relayed = _i == 1;
	struct server s;
	struct net n = start_net();
	struct message_request r;
	struct message_result result;

	write_scenario("", relayed ? ", \"tls\": \"zos-implicit\"" : "");
	s = start_server_with("good", "--address", "::1");
	r = request(&s, OLD, NEW);
	(void)snprintf(r.host, sizeof(r.host), "::1");
	if (relayed)
		r.tls = MESSAGE_TLS_ZOS_IMPLICIT;
	result = ask(&n, &r);
	check_result("::1", &result, MESSAGE_ACCEPTED, MESSAGE_REASON_NONE,
	    CHANGED);
	ck_assert_int_eq(end_net(&n), 0);
	stop_server(&s);
}
END_TEST

static const struct {
	const char *cert, *mode;
	enum message_tls tls;
	/* Its last line. */
	const char *verdict;
} looks[] = {
	{ "good", "explicit", MESSAGE_TLS_EXPLICIT, "verified" },
	{ "good", "implicit", MESSAGE_TLS_IMPLICIT, "verified" },
	{ "good", "zos-implicit", MESSAGE_TLS_ZOS_IMPLICIT, "verified" },
	{ "wrong-name", "explicit", MESSAGE_TLS_EXPLICIT,
	    "unverified certificate is not for \"localhost\"" },
	{ "expired", "explicit", MESSAGE_TLS_EXPLICIT,
	    "unverified certificate has expired" },
	{ "self-signed", "explicit", MESSAGE_TLS_EXPLICIT,
	    "unverified certificate is not trusted: self-signed certificate" },
};

/* No password is sent, whatever the certificate is. */
START_TEST(a_look_tells_what_it_sees)
{
	char more[64];
	struct server s;
	struct net n = start_net();
	struct message_request r;
	struct message_result result;

	(void)snprintf(more, sizeof(more), ", \"tls\": \"%s\"", looks[_i].mode);
	write_scenario("", more);
	s = start_server(looks[_i].cert);
	r = request(&s, OLD, NULL);
	secret_free(r.current);
	r.current = NULL;
	r.what = MESSAGE_LOOK;
	r.tls = looks[_i].tls;
	result = ask(&n, &r);
	check_result(looks[_i].cert, &result, MESSAGE_SEEN, MESSAGE_REASON_NONE,
	    NULL);
	ck_assert_msg(strncmp(result.reply, "subject CN=pawl test ", 21) == 0,
	    "%s", result.reply);
	ck_assert_ptr_nonnull(strstr(result.reply, "\nissuer CN=pawl test "));
	ck_assert_ptr_nonnull(strstr(result.reply,
	    "\nfrom Jan  1 00:00:00 2000 GMT\nuntil Dec 31 23:59:59 20"));
	ck_assert_ptr_nonnull(strstr(result.reply, "\npin sha256//"));
	if (strcmp(looks[_i].cert, "good") == 0)
		ck_assert_ptr_nonnull(strstr(result.reply, pin));
	ck_assert_msg(strcmp(strrchr(result.reply, '\n') + 1,
			  looks[_i].verdict) == 0,
	    "%s", result.reply);
	ck_assert_int_eq(end_net(&n), 0);
	stop_server(&s);
	ck_assert_int_eq(passes(), 0);
}
END_TEST

/* --- Whom it trusts ------------------------------------------------------- */

#define OTHER_PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const struct {
	const char *cert, *ca, *host;
	/* "" for none, "good" for the right one. */
	const char *pin;
	enum message_outcome outcome;
	enum message_reason reason;
	const char *reply;
} certificates[] = {
	{ "good", "ca", "localhost", "", MESSAGE_ACCEPTED, MESSAGE_REASON_NONE,
	    LOGGED_ON },
	{ "good", "ca", "127.0.0.1", "good", MESSAGE_ACCEPTED,
	    MESSAGE_REASON_NONE, LOGGED_ON },
	{ "good", "good", "localhost", "", MESSAGE_ACCEPTED,
	    MESSAGE_REASON_NONE, LOGGED_ON },
	{ "self-signed", "self-signed", "localhost", "", MESSAGE_ACCEPTED,
	    MESSAGE_REASON_NONE, LOGGED_ON },
	{ "good", "", "localhost", "", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_CERTIFICATE, NULL },
	{ "good", "", "localhost", "good", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_CERTIFICATE, NULL },
	{ "good", "self-signed", "localhost", "", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_CERTIFICATE, NULL },
	{ "expired", "ca", "localhost", "", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_CERTIFICATE, "certificate has expired" },
	{ "wrong-name", "ca", "localhost", "", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_CERTIFICATE,
	    "certificate is not for \"localhost\"" },
	{ "wrong-name", "ca", "127.0.0.1", "", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_CERTIFICATE,
	    "certificate is not for \"127.0.0.1\"" },
	{ "untrusted", "ca", "localhost", "", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_CERTIFICATE,
	    "certificate is not trusted: unable to get local issuer "
	    "certificate" },
	{ "self-signed", "ca", "localhost", "", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_CERTIFICATE,
	    "certificate is not trusted: self-signed certificate" },
	{ "good", "ca", "localhost", OTHER_PIN, MESSAGE_NOT_SENT,
	    MESSAGE_REASON_PIN,
	    "the server's key is not the one of rotate.pin" },
	{ "untrusted", "ca", "localhost", "good", MESSAGE_NOT_SENT,
	    MESSAGE_REASON_CERTIFICATE, NULL },
};

/* A rogue environment: an authority of its own, and where to put the keys. */
static struct net
start_net_with_environment(void)
{
	static char ca[160], log[160];
	char *argv[] = { text_of(program()), NULL };
	char *envp[] = { ca, log, text_of("OPENSSL_CONF=/nonexistent"), NULL };

	(void)snprintf(ca, sizeof(ca), "SSL_CERT_FILE=%s", in_dir("ca/ca.pem"));
	(void)snprintf(log, sizeof(log), "SSLKEYLOGFILE=%s", in_dir("keys"));
	return start_command(argv, envp, in_dir("stderr"));
}

START_TEST(a_certificate_is_held_against_the_request)
{
	struct server s;
	struct net n = start_net_with_environment();
	struct message_request r;
	struct message_result result;

	write_scenario("", "");
	s = start_server(certificates[_i].cert);
	r = request(&s, OLD, NULL);
	(void)snprintf(r.host, sizeof(r.host), "%s", certificates[_i].host);
	(void)snprintf(r.ca_file, sizeof(r.ca_file), "%s/ca/%s.pem", dir,
	    certificates[_i].ca);
	if (certificates[_i].ca[0] == '\0')
		r.ca_file[0] = '\0';
	(void)snprintf(r.pin, sizeof(r.pin), "%s", certificates[_i].pin);
	if (strcmp(r.pin, "good") == 0)
		(void)snprintf(r.pin, sizeof(r.pin), "%s;%s", OTHER_PIN, pin);
	result = ask(&n, &r);
	check_result(certificates[_i].cert, &result, certificates[_i].outcome,
	    certificates[_i].reason, certificates[_i].reply);
	ck_assert_int_eq(end_net(&n), 0);
	stop_server(&s);
	ck_assert_int_eq(passes(), result.outcome == MESSAGE_ACCEPTED);
	ck_assert_int_eq(access(in_dir("keys"), F_OK), -1);
}
END_TEST

/* --- What it is asked ----------------------------------------------------- */

static const struct {
	const char *host, *user, *current, *fresh, *pin, *ca;
	enum message_reason reason;
	/* Its beginning. */
	const char *reply;
} requests[] = {
	{ "localhost", USER, OLD, NEW, "", "", MESSAGE_REASON_CONNECT,
	    "no connection: Connection refused" },
	{ "::1", USER, OLD, NEW, "", "", MESSAGE_REASON_CONNECT,
	    "no connection: " },
	{ "no-such-host.invalid", USER, OLD, NEW, "", "",
	    MESSAGE_REASON_RESOLVE, "Could not resolve host" },
	{ "localhost/x", USER, OLD, NEW, "", "", MESSAGE_REASON_REQUEST,
	    "host: " },
	{ "user@localhost", USER, OLD, NEW, "", "", MESSAGE_REASON_REQUEST,
	    "host: " },
	{ "-x", USER, OLD, NEW, "", "", MESSAGE_REASON_REQUEST, "host: " },
	{ "localhost:21", USER, OLD, NEW, "", "", MESSAGE_REASON_REQUEST,
	    "host: " },
	{ "fe80::1%lo", USER, OLD, NEW, "", "", MESSAGE_REASON_REQUEST,
	    "host: " },
	{ "localhost", "A\r\nDELE x", OLD, NEW, "", "", MESSAGE_REASON_REQUEST,
	    "the user name " },
	{ "localhost", "A B", OLD, NEW, "", "", MESSAGE_REASON_REQUEST,
	    "the user name " },
	{ "localhost", USER, "OLD\r\nDELE x", NEW, "", "",
	    MESSAGE_REASON_REQUEST, "the current password " },
	{ "localhost", USER, "OLD PASS", NULL, "", "", MESSAGE_REASON_REQUEST,
	    "the current password " },
	{ "localhost", USER, "A/B/B", NULL, "", "", MESSAGE_REASON_REQUEST,
	    "the current password " },
	{ "localhost", USER, "A:B", NULL, "", "", MESSAGE_REASON_REQUEST,
	    "the current password " },
	{ "localhost", USER, OLD, "NEW\n", "", "", MESSAGE_REASON_REQUEST,
	    "the new password " },
	{ "localhost", USER, OLD, "N\x7f", "", "", MESSAGE_REASON_REQUEST,
	    "the new password " },
	{ "localhost", USER, OLD, "N\xc3\xa9", "", "", MESSAGE_REASON_REQUEST,
	    "the new password " },
	{ "localhost", USER, OLD, "N/N", "", "", MESSAGE_REASON_REQUEST,
	    "the new password " },
	{ "localhost", USER, OLD, "N:N", "", "", MESSAGE_REASON_REQUEST,
	    "the new password " },
	{ "localhost", USER, OLD, NEW, "/etc/passwd", "",
	    MESSAGE_REASON_REQUEST, "rotate.pin: " },
	{ "localhost", USER, OLD, NEW, OTHER_PIN ";x", "",
	    MESSAGE_REASON_REQUEST, "rotate.pin: " },
	{ "localhost", USER, OLD, NEW, OTHER_PIN "=", "",
	    MESSAGE_REASON_REQUEST, "rotate.pin: " },
	{ "localhost", USER, OLD, NEW, "sha256//AAAA", "",
	    MESSAGE_REASON_REQUEST, "rotate.pin: " },
	{ "localhost", USER, OLD, NEW, "", "/nonexistent",
	    MESSAGE_REASON_REQUEST,
	    "CA file /nonexistent: No such file or directory" },
	{ "localhost", USER, OLD, NEW, "", "/dev/null", MESSAGE_REASON_REQUEST,
	    "CA file /dev/null: not a regular file" },
	{ "localhost", USER, OLD, NEW, "", "/etc/passwd",
	    MESSAGE_REASON_REQUEST, "CA file /etc/passwd: cannot be read" },
};

START_TEST(a_request_that_cannot_be_served_says_why)
{
	struct net n = start_net();
	struct message_request r =
	    request(NULL, requests[_i].current, requests[_i].fresh);
	struct message_result result;

	(void)snprintf(r.host, sizeof(r.host), "%s", requests[_i].host);
	(void)snprintf(r.user, sizeof(r.user), "%s", requests[_i].user);
	(void)snprintf(r.pin, sizeof(r.pin), "%s", requests[_i].pin);
	if (requests[_i].ca[0] != '\0')
		(void)snprintf(r.ca_file, sizeof(r.ca_file), "%s",
		    requests[_i].ca);
	result = ask(&n, &r);
	check_result(requests[_i].reply, &result, MESSAGE_NOT_SENT,
	    requests[_i].reason, NULL);
	ck_assert_msg(strncmp(result.reply, requests[_i].reply,
			  strlen(requests[_i].reply)) == 0,
	    "%s", result.reply);
	ck_assert_int_eq(end_net(&n), 0);
}
END_TEST

static void
one_of_many(const struct net *n, const struct server *s, const char *current,
    const char *fresh, enum message_outcome outcome)
{
	struct message_request r = request(s, current, fresh);
	struct message_result result = ask(n, &r);

	check_result(current, &result, outcome, MESSAGE_REASON_NONE, NULL);
	message_free_request(&r);
}

/* One process, one connection for each, and a new login each time. */
START_TEST(many_requests_one_after_the_other)
{
	struct server s;
	struct net n = start_net();
	struct message_request r;
	struct message_result result;

	write_scenario(WAIT("quit-received", "0"), "");
	s = start_server("good");
	one_of_many(&n, &s, "WRONG", NULL, MESSAGE_REFUSED);
	one_of_many(&n, &s, OLD, NULL, MESSAGE_ACCEPTED);
	one_of_many(&n, &s, OLD, NEW, MESSAGE_ACCEPTED);
	one_of_many(&n, &s, OLD, NULL, MESSAGE_REFUSED);
	one_of_many(&n, &s, NEW, NULL, MESSAGE_ACCEPTED);
	one_of_many(&n, &s, NEW, NULL, MESSAGE_ACCEPTED);
	r = request(&s, NEW, NULL);
	r.ca_file[0] = '\0';
	result = ask(&n, &r);
	check_result("another CA", &result, MESSAGE_NOT_SENT,
	    MESSAGE_REASON_REQUEST, NULL);
	ck_assert_int_eq(end_net(&n), 0);
	stop_server(&s);
	ck_assert_int_eq(passes(), 6);
	ck_assert_int_eq(counted("\"connections\"", 0), 6);
	ck_assert_int_eq(counted("\"total_bad\"", 0), 2);
	/* Who was let in took leave. */
	ck_assert_int_eq(counted("\"fired\"", 1), 4);
}
END_TEST

/* A request that failed before the sandbox does not spoil the next one. */
START_TEST(a_bad_ca_file_can_be_followed_by_a_good_one)
{
	struct server s;
	struct net n = start_net();
	struct message_request r;
	struct message_result result;

	write_scenario("", "");
	s = start_server("good");
	r = request(&s, OLD, NULL);
	(void)snprintf(r.ca_file, sizeof(r.ca_file), "/nonexistent");
	result = ask(&n, &r);
	check_result("bad", &result, MESSAGE_NOT_SENT, MESSAGE_REASON_REQUEST,
	    NULL);
	one_of_many(&n, &s, OLD, NULL, MESSAGE_ACCEPTED);
	ck_assert_int_eq(end_net(&n), 0);
	stop_server(&s);
}
END_TEST

/* Looks at the server's state every ten milliseconds. */
static void
wait_for_fired(int which, int times)
{
	while (counted("\"fired\"", which) < times)
		(void)poll(NULL, 0, 10);
}

static void
wait_for_fault(int which)
{
	wait_for_fired(which, 1);
}

/* Nobody would count an attempt that is made after the parent has died. */
START_TEST(no_password_leaves_once_the_parent_is_gone)
{
	struct server s;
	struct net n = start_net();
	struct message_request r;

	write_scenario(WAIT("user-reply", "300"), "");
	s = start_server("good");
	r = request(&s, OLD, NEW);
	send_request(&n, &r);
	wait_for_fault(1);
	ck_assert_int_eq(end_net(&n), ERR_IO);
	stop_server(&s);
	ck_assert_int_eq(passes(), 0);
}
END_TEST

/* An attempt that is not counted on disk yet may connect, and no more. */
START_TEST(no_password_leaves_before_it_is_let_go)
{
	struct server s;
	struct net n = start_net();
	struct message_request r;
	struct message_result result;

	write_scenario(WAIT("user-reply", "1"), "");
	s = start_server("good");
	r = request(&s, OLD, NULL);
	offer_request(&n, &r);
	wait_for_fault(1);
	ck_assert_int_eq(end_net(&n), ERR_IO);
	ck_assert_int_eq(passes(), 0);
	n = start_net();
	offer_request(&n, &r);
	wait_for_fired(1, 2);
	ck_assert_int_eq(passes(), 0);
	ck_assert_int_eq(message_send_go(n.fd, &e), 0);
	result = receive_result(&n);
	ck_assert_int_eq(result.outcome, MESSAGE_ACCEPTED);
	ck_assert_int_eq(end_net(&n), 0);
	stop_server(&s);
	ck_assert_int_eq(passes(), 1);
}
END_TEST

/* The byte for an attempt that failed early does not become the next one's. */
START_TEST(a_late_go_is_not_taken_for_another)
{
	struct server s;
	struct net n = start_net();
	struct message_request r;
	struct message_result result;

	write_scenario(", {\"point\": \"greeting\", \"do\": \"421\","
		       " \"connection\": 1}",
	    "");
	s = start_server("good");
	r = request(&s, OLD, NULL);
	offer_request(&n, &r);
	result = receive_result(&n);
	ck_assert_int_eq(result.outcome, MESSAGE_NOT_SENT);
	ck_assert_int_eq(message_send_go(n.fd, &e), 0);
	result = ask(&n, &r);
	ck_assert_int_eq(result.outcome, MESSAGE_ACCEPTED);
	ck_assert_int_eq(end_net(&n), 0);
	stop_server(&s);
}
END_TEST

/* It may say that there is nothing more to come, and still wants this one. */
START_TEST(the_last_request_is_served_after_the_end_of_file)
{
	struct server s;
	struct net n = start_net();
	struct message_request r;
	struct message_result result;

	write_scenario("", "");
	s = start_server("good");
	r = request(&s, OLD, NEW);
	send_request(&n, &r);
	ck_assert_int_eq(shutdown(n.fd, SHUT_WR), 0);
	result = receive_result(&n);
	check_result("end", &result, MESSAGE_ACCEPTED, MESSAGE_REASON_NONE,
	    CHANGED);
	ck_assert_int_eq(end_net(&n), 0);
	stop_server(&s);
}
END_TEST

/* --- The process ---------------------------------------------------------- */

START_TEST(no_request_at_all_is_fine)
{
	struct net n = start_net();

	ck_assert_int_eq(end_net(&n), 0);
	ck_assert_str_eq(read_file(in_dir("stderr")), "");
}
END_TEST

START_TEST(what_is_no_request_ends_it)
{
	static const unsigned char raw[3][5] = { { 1, 0, 0, 0, 0x51 },
		{ 0, 0, 0, 0, 0 }, { 0xff, 0xff, 0xff, 0xff, 0 } };
	struct net n = start_net();

	ck_assert_int_eq(write(n.fd, raw[_i], 5), 5);
	ck_assert_int_ne(end_net(&n), 0);
	ck_assert_msg(strncmp(read_file(in_dir("stderr")),
			  "pawl-rotate-net: ", 17) == 0,
	    "%s", read_file(in_dir("stderr")));
}
END_TEST

START_TEST(a_person_is_told_who_starts_it)
{
	char command[512];

	(void)snprintf(command, sizeof(command),
	    "r=0; %s </dev/null 2>\"$1\" || r=$?; test $r -eq 64", program());
	shell(command, in_dir("stderr"));
	ck_assert_str_eq(read_file(in_dir("stderr")),
	    "pawl-rotate-net: is started by pawl-rotate, which talks to it on "
	    "standard input; see pawl-rotate(1)\n");
}
END_TEST

/* A field of /proc/PID/status, or NULL where the kernel has none such. */
static const char *
status_of(pid_t pid, const char *field)
{
	char path[64];
	const char *p;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	p = strstr(read_file(path), field);
	return p == NULL ? NULL : p + strlen(field);
}

START_TEST(it_is_shut_in_before_it_connects)
{
	struct server s;
	struct net n = start_net();
	struct message_request r;
	const char *mode;

	write_scenario(AT("accept", "hang"), "");
	s = start_server("good");
	r = request(&s, OLD, NULL);
	send_request(&n, &r);
	wait_for_fault(1);
	mode = status_of(n.pid, "\nSeccomp:\t");
	ck_assert_msg(mode == NULL || mode[0] == '2', "%.1s", mode);
	mode = status_of(n.pid, "\nNoNewPrivs:\t");
	ck_assert_msg(mode == NULL || mode[0] == '1', "%.1s", mode);
	ck_assert_int_eq(kill(n.pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(n.pid, NULL, 0), n.pid);
	stop_server(&s);
}
END_TEST

/* --- What is left in memory ----------------------------------------------- */

#define CANARY_OLD "Old.Canary.7f3a91c05de24b68.qZ0x-Tail-WvBn"
#define CANARY_NEW "New.Canary.e81b6642ff0a93d7.pY9k-Tail-LmCx"
#define CANARY_ACCOUNT \
	", \"accounts\": {\"" USER "\": {\"password\": \"" CANARY_OLD \
	"\", \"policy\": \".*\"}}"

#define ZOS MESSAGE_ZOS_PASS, "zos"

static const struct {
	const char *faults;
	const char *cert;
	const char *fresh;
	enum message_outcome outcome;
	enum message_method method;
	const char *server;
} scans[] = {
	{ "", "good", CANARY_NEW, MESSAGE_ACCEPTED, ZOS },
	{ "", "good", NULL, MESSAGE_ACCEPTED, ZOS },
	{ SAY("pass-reply", "\"530 no\""), "good", CANARY_NEW, MESSAGE_REFUSED,
	    ZOS },
	{ SAY("pass-reply", "\"530 " CANARY_OLD "/" CANARY_NEW "\""), "good",
	    CANARY_NEW, MESSAGE_REFUSED, ZOS },
	{ SAY("pass-reply", "\"230-" CANARY_NEW "\", \"230 in\""), "good",
	    CANARY_NEW, MESSAGE_ACCEPTED, ZOS },
	{ SAY("pass-reply", "\"230 " CANARY_NEW "\""), "good", CANARY_NEW,
	    MESSAGE_ACCEPTED, ZOS },
	{ AT("pass-received", "hang"), "good", CANARY_NEW, MESSAGE_UNKNOWN,
	    ZOS },
	{ AT("pass-received", "rst"), "good", CANARY_NEW, MESSAGE_UNKNOWN,
	    ZOS },
	{ AT("pass-reply", "421"), "good", CANARY_NEW, MESSAGE_UNKNOWN, ZOS },
	{ AT("user-reply", "rst"), "good", CANARY_NEW, MESSAGE_NOT_SENT, ZOS },
	{ AT("tls", "cut"), "good", CANARY_NEW, MESSAGE_NOT_SENT, ZOS },
	{ AT("pbsz-received", "hang"), "good", CANARY_NEW, MESSAGE_ACCEPTED,
	    ZOS },
	{ AT("pwd-received", "rst"), "good", CANARY_NEW, MESSAGE_ACCEPTED,
	    ZOS },
	{ "", "wrong-name", CANARY_NEW, MESSAGE_NOT_SENT, ZOS },
	{ "", "good", CANARY_NEW "/", MESSAGE_NOT_SENT, ZOS },
	{ "", "good", CANARY_NEW, MESSAGE_ACCEPTED, MESSAGE_SITE_PSWD,
	    "servu" },
	{ "", "good", CANARY_NEW, MESSAGE_ACCEPTED, MESSAGE_CHPWD, "axway" },
	{ AT("cpwd-received", "rst"), "good", CANARY_NEW, MESSAGE_UNKNOWN,
	    MESSAGE_CPWD, "wsftp" },
	{ AT("pwd-reply", "cut"), "good", CANARY_NEW, MESSAGE_NOT_SENT,
	    MESSAGE_SITE_CPWD, "wsftp" },
	{ SAY("site-reply", "\"550 " CANARY_NEW "\""), "good", CANARY_NEW,
	    MESSAGE_REFUSED, MESSAGE_SITE_PSWD, "servu" },
};

static struct net
start_scanned_net(void)
{
	char *argv[] = { text_of(PYTHON), text_of(SERVERS "memscan.py"),
		text_of("--only"), text_of("pawl-rotate-net"),
		text_of(in_dir("canaries")), text_of("--"), text_of(program()),
		NULL };
	char *envp[] = { NULL };

	write_file(in_dir("canaries"), CANARY_OLD "\n" CANARY_NEW "\n");
	return start_command(argv, envp, in_dir("scan"));
}

START_TEST(no_password_is_left_in_memory)
{
	char scenario[4096];
	struct server s;
	struct net n;
	struct message_request r;
	struct message_result result;

	/* Only root may look at a process that is not dumpable. */
	if (geteuid() != 0)
		return;
	(void)snprintf(scenario, sizeof(scenario),
	    "{\"server\": \"%s\", \"faults\": [%s]%s}", scans[_i].server,
	    scans[_i].faults + (scans[_i].faults[0] == ','), CANARY_ACCOUNT);
	write_file(in_dir("control"), scenario);
	s = start_server(scans[_i].cert);
	n = start_scanned_net();
	r = request(&s, CANARY_OLD, scans[_i].fresh);
	r.connect_timeout = r.reply_timeout = 3;
	r.method = scans[_i].method;
	result = ask(&n, &r);
	ck_assert_msg(result.outcome == scans[_i].outcome, "%s: %s",
	    scans[_i].faults, result.reply);
	ck_assert_ptr_null(strstr(result.reply, "Canary"));
	ck_assert_msg(end_net(&n) == 0, "%s\n%s", scans[_i].faults,
	    read_file(in_dir("scan")));
	ck_assert_ptr_nonnull(strstr(read_file(in_dir("scan")),
	    "bytes searched"));
	stop_server(&s);
}
END_TEST

static TCase *
new_case(Suite *s, const char *name)
{
	TCase *t = tcase_create(name);

	tcase_add_unchecked_fixture(t, set_up, tear_down);
	tcase_add_checked_fixture(t, start, NULL);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return t;
}

Suite *
login_suite(void)
{
	Suite *s = suite_create("login");
	TCase *t = new_case(s, "login servers");

	tcase_add_loop_test(t, a_server_misbehaves, 0, COUNT(servers));
	tcase_add_test(t, a_late_answer_to_pass_is_waited_for);
	tcase_add_test(t, a_server_without_tls_gets_no_password);
	t = new_case(s, "login methods");
	tcase_add_loop_test(t, a_change_by_pass_is_told_from_a_login, 0,
	    COUNT(passed));
	tcase_add_loop_test(t, a_change_by_command_is_sent_once, 0,
	    COUNT(commands) * COUNT(deaths));
	tcase_add_loop_test(t, what_cannot_be_carried_is_not_sent, 0,
	    COUNT(refused));
	t = new_case(s, "login tls");
	tcase_add_loop_test(t, tls_begins_as_it_was_told_to, 0, COUNT(modes));
	tcase_add_loop_test(t, a_certificate_is_shown_to_who_asks, 0,
	    COUNT(clients));
	tcase_add_loop_test(t, a_server_is_found_by_its_ipv6_address, 0, 2);
	tcase_add_loop_test(t, a_look_tells_what_it_sees, 0, COUNT(looks));
	t = new_case(s, "login trust");
	tcase_add_loop_test(t, a_certificate_is_held_against_the_request, 0,
	    COUNT(certificates));
	t = new_case(s, "login requests");
	tcase_add_loop_test(t, a_request_that_cannot_be_served_says_why, 0,
	    COUNT(requests));
	tcase_add_test(t, many_requests_one_after_the_other);
	tcase_add_test(t, a_bad_ca_file_can_be_followed_by_a_good_one);
	tcase_add_test(t, no_password_leaves_once_the_parent_is_gone);
	tcase_add_test(t, no_password_leaves_before_it_is_let_go);
	tcase_add_test(t, a_late_go_is_not_taken_for_another);
	tcase_add_test(t, the_last_request_is_served_after_the_end_of_file);
	t = new_case(s, "login process");
	tcase_add_test(t, no_request_at_all_is_fine);
	tcase_add_loop_test(t, what_is_no_request_ends_it, 0, 3);
	tcase_add_test(t, a_person_is_told_who_starts_it);
	tcase_add_test(t, it_is_shut_in_before_it_connects);
	t = new_case(s, "login memory");
	tcase_add_loop_test(t, no_password_is_left_in_memory, 0, COUNT(scans));
	return s;
}
