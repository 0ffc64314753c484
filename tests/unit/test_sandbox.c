#include <sys/types.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>

#include "sandbox.h"
#include "state.h"

Suite *sandbox_suite(void);

/* The linker's name: -Wl,--wrap=getauxval. */
unsigned long __real_getauxval(unsigned long type);
unsigned long __wrap_getauxval(unsigned long type);

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* What getauxval(3) is made to say of AT_SECURE and of the user ids. */
static struct {
	bool on;
	unsigned long secure, uid, euid, gid, egid;
} aux;

unsigned long
__wrap_getauxval(unsigned long type)
{
	if (!aux.on)
		return __real_getauxval(type);
	switch (type) {
	case AT_SECURE:
		return aux.secure;
	case AT_UID:
		return aux.uid;
	case AT_EUID:
		return aux.euid;
	case AT_GID:
		return aux.gid;
	case AT_EGID:
		return aux.egid;
	default:
		return __real_getauxval(type);
	}
}

static char dir[64];
static char file[80];
static char other[80];

static void
setup(void)
{
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	int fd;

	(void)snprintf(dir, sizeof(dir), "%s/pawl-sandbox-XXXXXX", tmp);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(file, sizeof(file), "%s/file", dir);
	(void)snprintf(other, sizeof(other), "%s/other", dir);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(fd, "text", 4), 4);
	(void)close(fd);
}

static void
teardown(void)
{
	(void)unlink(file);
	(void)remove(other);
	(void)rmdir(dir);
}

/* --- Children ------------------------------------------------------------- */

/* Runs f in a child; returns what waitpid(2) says of it. */
static int
in_child(int (*f)(const void *arg), const void *arg)
{
	int status = 0;
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* _exit(3) is a call more under the address sanitizer. */
		(void)syscall(SYS_exit_group, f(arg));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

/* Exit status 0, or the number of what went wrong. */
static void
fine_in_child(int (*f)(const void *arg), const void *arg)
{
	int status = in_child(f, arg);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s %d",
	    WIFEXITED(status) ? "wrong at" : "died of signal",
	    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static unsigned int
enter(enum sandbox_promise promise, const char *readable)
{
	struct sandbox sb = { .promise = promise,
		.parent = getppid(),
		.readable = readable };
	unsigned int missing = 0;
	struct err e = { 0 };

	sandbox_harden();
	if (sandbox_enter(&sb, &missing, &e) == -1)
		_exit(250);
	return missing;
}

static bool
lacks(unsigned int layer)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0)
		_exit((int)enter(SANDBOX_NET, NULL));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return ((unsigned int)WEXITSTATUS(status) & layer) != 0;
}

#ifndef PAWL_POSIX

/*
 * From here on these calls fail with ENOSYS, or kill, and all others do the
 * opposite: are let through, or are killed as well.
 */
static void
filter(const long *calls, size_t n, uint32_t hit, uint32_t miss)
{
	struct sock_filter code[2 * 16 + 4] = { BPF_STMT(BPF_LD | BPF_W |
		BPF_ABS,
	    offsetof(struct seccomp_data, nr)) };
	struct sock_fprog prog = { 1, code };

	for (size_t i = 0; i < n && i < 16; i++) {
		code[prog.len++] =
		    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			(uint32_t)calls[i], 0, 1);
		code[prog.len++] =
		    (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, hit);
	}
	code[prog.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, miss);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == -1)
		_exit(251);
}

static const long no_seccomp[] = { SYS_seccomp };
static const long no_landlock[] = { SYS_landlock_create_ruleset,
	SYS_landlock_add_rule, SYS_landlock_restrict_self };
static const long neither[] = { SYS_seccomp, SYS_landlock_create_ruleset,
	SYS_landlock_add_rule, SYS_landlock_restrict_self };

/* One call, made in a sandbox. */
struct call {
	const char *name;
	long number;
	long args[6];
	/* The errno that is expected; 0 success; -1 that it is killed. */
	int expected;
};

#define KILLED (-1)

static long
make(const struct call *c)
{
	return syscall(c->number, c->args[0], c->args[1], c->args[2],
	    c->args[3], c->args[4], c->args[5]);
}

/*
 * A call that is let through by mistake must do no harm: root becomes a user
 * that nobody is, and leaves the session.
 */
static void
be_harmless(void)
{
	const uid_t nobody = 2147400000;

	(void)setsid();
	if (geteuid() == 0 &&
	    (setresgid(nobody, nobody, nobody) == -1 ||
		setresuid(nobody, nobody, nobody) == -1))
		_exit(252);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		_exit(253);
}

static int
call_in_askpass(const void *arg)
{
	const struct call *c = arg;

	be_harmless();
	(void)enter(SANDBOX_ASKPASS, NULL);
	return make(c) == -1 ? errno : 0;
}

static int
call_in_net(const void *arg)
{
	const struct call *c = arg;

	(void)enter(SANDBOX_NET, NULL);
	return make(c) == -1 ? errno : 0;
}

/* Where Landlock would refuse it as well. */
static int
call_in_net_by_seccomp(const void *arg)
{
	filter(no_landlock, COUNT(no_landlock), SECCOMP_RET_ERRNO | ENOSYS,
	    SECCOMP_RET_ALLOW);
	return call_in_net(arg);
}

static void
expect(const struct call *c, int status)
{
	if (c->expected == KILLED)
		ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
		    "%s: status %x", c->name, (unsigned int)status);
	else
		ck_assert_msg(WIFEXITED(status) &&
			WEXITSTATUS(status) == c->expected,
		    "%s: status %x", c->name, (unsigned int)status);
}

/* --- askpass -------------------------------------------------------------- */

static const int askpass_allows[] = {
	SYS_read,
	SYS_pread64,
	SYS_write,
	SYS_pwrite64,
	SYS_close,
	SYS_exit,
	SYS_exit_group,
	SYS_rt_sigreturn,
	SYS_restart_syscall,
	SYS_clock_gettime,
	SYS_getppid,
	SYS_getpid,
	SYS_readlinkat,
#ifdef SYS_readlink
	SYS_readlink,
#endif
	SYS_ppoll,
#ifdef SYS_poll
	SYS_poll,
#endif
};

/*
 * Calls that the kernel takes before seccomp looks: uretprobe and uprobe of
 * x86-64, good for nothing (SIGILL) but from where the kernel put them.
 */
static bool
is_trap(long number)
{
#ifdef __x86_64__
	return number == 335 || number == 336;
#else
	(void)number;
	return false;
#endif
}

static bool
askpass_may(long number)
{
	for (size_t i = 0; i < COUNT(askpass_allows); i++)
		if (askpass_allows[i] == number)
			return true;
	return false;
}

START_TEST(askpass_is_refused_every_other_call)
{
	struct call c = { "", 0, { 0 }, EPERM };
	char name[40];

	if (lacks(SANDBOX_NO_SECCOMP))
		return;
	c.name = name;
	/* sendto(0, 0, 0, 0, 0, 0) is allowed; kill(0, 0) is not. */
	for (c.number = _i * 64L; c.number < (_i + 1) * 64L; c.number++) {
		if (askpass_may(c.number) || c.number == SYS_sendto ||
		    is_trap(c.number))
			continue;
		(void)snprintf(name, sizeof(name), "call %ld", c.number);
		expect(&c, in_child(call_in_askpass, &c));
	}
}
END_TEST

START_TEST(askpass_is_refused_a_bad_argument)
{
	static char address[128];
	const long parent = getpid();
	const struct call table[] = {
		{ "kill parent 0", SYS_kill, { parent, 0 }, EPERM },
		{ "kill parent USR1", SYS_kill, { parent, SIGUSR1 }, EPERM },
		{ "kill parent CONT", SYS_kill, { parent, SIGCONT }, EPERM },
		{ "kill parent STOP", SYS_kill, { parent, SIGSTOP }, EPERM },
		{ "kill group", SYS_kill, { 0, SIGTERM }, EPERM },
		{ "kill parent's group", SYS_kill, { -parent, SIGTERM },
		    EPERM },
		{ "kill another", SYS_kill, { 0x7fffffff, SIGTERM }, EPERM },
		{ "kill another KILL", SYS_kill, { 0x7fffffff, SIGKILL },
		    EPERM },
		{ "sendto an address", SYS_sendto,
		    { 1, 0, 0, 0, (long)(intptr_t)address, 16 }, EPERM },
		{ "sendto a low address", SYS_sendto, { 1, 0, 0, 0, 65536, 16 },
		    EPERM },
		{ "sendto a high address", SYS_sendto,
		    { 1, 0, 0, 0, (long)(UINT64_C(1) << 40), 16 }, EPERM },
		{ "beyond the table", 100000, { 0 }, EPERM },
		{ "number -1", -1, { 0 }, KILLED },
#ifdef __x86_64__
		{ "read of the x32 ABI", 0x40000000, { 0 }, KILLED },
		{ "getpid of the x32 ABI", 0x40000000 + SYS_getpid, { 0 },
		    KILLED },
#endif
	};

	if (lacks(SANDBOX_NO_SECCOMP))
		return;
	/* None may arrive, but if one did we would want to say so. */
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);
	for (size_t i = 0; i < COUNT(table); i++)
		expect(&table[i], in_child(call_in_askpass, &table[i]));
}
END_TEST

#ifdef __x86_64__
static int
call_of_i386(const void *arg)
{
	long rv = 20;

	(void)arg;
	(void)enter(SANDBOX_ASKPASS, NULL);
	/* getpid of i386, a number that is writev here; both would return. */
	__asm__ volatile("int $0x80" : "+a"(rv) : : "memory");
	return 1;
}

START_TEST(askpass_is_killed_for_a_call_of_i386)
{
	int status;

	if (lacks(SANDBOX_NO_SECCOMP))
		return;
	status = in_child(call_of_i386, NULL);
	/* SIGSEGV: this kernel has no such calls. */
	ck_assert(WIFSIGNALED(status));
	ck_assert(WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV);
}
END_TEST
#endif

static volatile sig_atomic_t signals;

static void
count_signal(int sig)
{
	(void)sig;
	signals++;
}

struct open_things {
	int pipe[2];
	int socket[2];
	int file;
	struct state *state;
};

/* All that pawl-askpass does when it is closed in. */
static int
live_in_askpass(const void *arg)
{
	const struct open_things *t = arg;
	struct itimerval soon = { .it_value = { .tv_usec = 1000 } };
	struct state_mark m = { .event = STATE_ANSWERED };
	static const unsigned char mac[STATE_MAC];
	struct timespec now;
	struct err e = { 0 };
	char c = 0;

	m.pid = (uint32_t)getppid();
	(void)signal(SIGALRM, count_signal);
	(void)setitimer(ITIMER_REAL, &soon, NULL);
	if (enter(SANDBOX_ASKPASS, NULL) != 0)
		return 1;
	/* A handler returns by rt_sigreturn(2). */
	while (signals == 0)
		continue;
	if (write(t->pipe[1], "x", 1) != 1 || read(t->pipe[0], &c, 1) != 1)
		return 2;
	if (pread(t->file, &c, 1, 0) != 1 || pwrite(t->file, "x", 1, 0) != 1)
		return 3;
	if (send(t->socket[0], "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
		return 4;
	if (syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &now) != 0)
		return 5;
	if (getpid() == getppid() || close(t->pipe[0]) != 0)
		return 6;
	if (state_check(t->state, 2, mac, &e) == -1 ||
	    state_mark(t->state, &m, &e) == -1)
		return 7;
	if (kill(getppid(), SIGTERM) != 0)
		return 8;
	return 0;
}

/* More memory, and nothing else that askpass has not. */
static int
live_in_credential(const void *arg)
{
	const size_t size = (size_t)64 << 20;
	unsigned char *more;

	(void)arg;
	if (enter(SANDBOX_CREDENTIAL, NULL) != 0)
		return 1;
	if ((more = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) == MAP_FAILED)
		return 2;
	more[size - 1] = 1;
	if (munmap(more, size) == -1)
		return 3;
	if (open("/dev/null", O_RDONLY) != -1 || errno != EPERM)
		return 4;
	if (kill(getpid(), 0) != -1 || errno != EPERM)
		return 5;
	return socket(AF_UNIX, SOCK_STREAM, 0) != -1 || errno != EPERM;
}

START_TEST(a_credential_helper_has_memory_and_no_more)
{
	if (lacks(SANDBOX_NO_SECCOMP))
		return;
	fine_in_child(live_in_credential, NULL);
}
END_TEST

START_TEST(askpass_can_do_its_work)
{
	static const unsigned char id[STATE_ID];
	static struct state state;
	struct open_things t = { .state = &state };
	struct err e = { 0 };
	char path[200];

	if (lacks(SANDBOX_NO_SECCOMP))
		return;
	ck_assert_int_eq(setenv("XDG_STATE_HOME", dir, 1), 0);
	ck_assert_int_eq(state_open(&state, id, NULL, NULL, &e), 0);
	ck_assert_int_eq(pipe(t.pipe), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, t.socket), 0);
	t.file = open(file, O_RDWR | O_CLOEXEC);
	ck_assert_int_ne(t.file, -1);
	(void)signal(SIGTERM, count_signal);
	fine_in_child(live_in_askpass, &t);
	ck_assert_int_eq(signals, 1);
	state_close(&state);
	(void)snprintf(path, sizeof(path),
	    "%s/pawl/00000000000000000000000000000000.state", dir);
	ck_assert_int_eq(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/pawl", dir);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

static int
signal_parent(const void *arg)
{
	struct sandbox sb = { .promise = SANDBOX_ASKPASS,
		.parent = *(const pid_t *)arg };
	unsigned int missing;
	struct err e = { 0 };

	be_harmless();
	if (sandbox_enter(&sb, &missing, &e) == -1)
		return 1;
	if (kill(sb.parent, SIGTERM) == 0)
		return 2;
	return errno == EPERM ? 0 : 3;
}

START_TEST(askpass_never_signals_init_or_a_group)
{
	/* A parent that died leaves init: nobody asks, nobody is signalled. */
	static const pid_t parents[] = { 1, 0, -1, -2 };

	if (lacks(SANDBOX_NO_SECCOMP))
		return;
	/* Too dangerous, were it let through, as a user who is somebody. */
	if (parents[_i] <= 0 && geteuid() != 0)
		return;
	fine_in_child(signal_parent, &parents[_i]);
}
END_TEST

/* --- net ------------------------------------------------------------------ */

/* Each of the calls, in the sandbox or with seccomp alone. */
static void
expect_in_net(const struct call *table, size_t n, bool by_seccomp)
{
	if (lacks(SANDBOX_NO_SECCOMP))
		return;
	for (size_t i = 0; i < n; i++)
		expect(&table[i],
		    in_child(by_seccomp ? call_in_net_by_seccomp : call_in_net,
			&table[i]));
}

START_TEST(net_is_killed_for_what_no_library_does)
{
	static char *argv[] = { NULL };
	const long exe = (long)(intptr_t) "/bin/true";
	const long none = (long)(intptr_t)argv;
	const long parent = getpid();
	const struct call table[] = {
		{ "execve", SYS_execve, { exe, none, none }, KILLED },
		{ "execveat", SYS_execveat, { -100, exe, none, none, 0 },
		    KILLED },
		{ "ptrace", SYS_ptrace, { 0, 0, 0, 0 }, KILLED },
		{ "process_vm_readv", SYS_process_vm_readv, { parent },
		    KILLED },
		{ "process_vm_writev", SYS_process_vm_writev, { parent },
		    KILLED },
		{ "mount", SYS_mount, { 0 }, KILLED },
		{ "chroot", SYS_chroot, { exe }, KILLED },
		{ "pivot_root", SYS_pivot_root, { 0 }, KILLED },
		{ "unshare", SYS_unshare, { CLONE_NEWUSER }, KILLED },
		{ "setns", SYS_setns, { 0 }, KILLED },
		{ "bpf", SYS_bpf, { 0 }, KILLED },
		{ "perf_event_open", SYS_perf_event_open, { 0 }, KILLED },
		{ "userfaultfd", SYS_userfaultfd, { 0 }, KILLED },
		{ "io_uring_setup", SYS_io_uring_setup, { 0 }, KILLED },
		{ "keyctl", SYS_keyctl, { 0 }, KILLED },
		{ "add_key", SYS_add_key, { 0 }, KILLED },
		{ "init_module", SYS_init_module, { 0 }, KILLED },
		{ "pidfd_getfd", SYS_pidfd_getfd, { 0 }, KILLED },
	};

	expect_in_net(table, COUNT(table), _i == 1);
}
END_TEST

START_TEST(net_touches_no_other_process)
{
	const long parent = getpid();
	const struct call table[] = {
		{ "memfd_create", SYS_memfd_create,
		    { (long)(intptr_t) "name", 0 }, EPERM },
		{ "kill parent", SYS_kill, { parent, 0 }, EPERM },
		{ "kill all", SYS_kill, { -1, 0 }, EPERM },
		{ "tkill parent", SYS_tkill, { parent, 0 }, EPERM },
		{ "tgkill parent", SYS_tgkill, { parent, parent, 0 }, EPERM },
		{ "pidfd_open", SYS_pidfd_open, { parent, 0 }, EPERM },
		{ "a process", SYS_clone, { SIGCHLD }, EPERM },
		{ "a namespace", SYS_clone, { CLONE_NEWUSER | CLONE_THREAD },
		    EPERM },
		{ "clone3", SYS_clone3, { 0 }, ENOSYS },
#ifdef SYS_fork
		{ "fork", SYS_fork, { 0 }, EPERM },
		{ "vfork", SYS_vfork, { 0 }, EPERM },
#endif
	};

	expect_in_net(table, COUNT(table), _i == 1);
}
END_TEST

START_TEST(net_has_few_kinds_of_socket)
{
	const struct call table[] = {
		{ "packet socket", SYS_socket, { AF_PACKET, SOCK_RAW, 0 },
		    EAFNOSUPPORT },
		{ "AF_ALG", SYS_socket, { AF_ALG, SOCK_SEQPACKET, 0 },
		    EAFNOSUPPORT },
		{ "vsock", SYS_socket, { AF_VSOCK, SOCK_STREAM, 0 },
		    EAFNOSUPPORT },
		{ "raw socket", SYS_socket, { AF_INET, SOCK_RAW, 1 }, EPERM },
		{ "raw socket 6", SYS_socket,
		    { AF_INET6, SOCK_RAW | SOCK_CLOEXEC, 58 }, EPERM },
		{ "netfilter", SYS_socket,
		    { AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER }, EPERM },
		{ "listen", SYS_listen, { 0, 1 }, EPERM },
		{ "TCP", SYS_socket, { AF_INET, SOCK_STREAM, 0 }, 0 },
		{ "TCP 6", SYS_socket,
		    { AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0 }, 0 },
		{ "UDP", SYS_socket, { AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0 },
		    0 },
		{ "local", SYS_socket, { AF_UNIX, SOCK_STREAM, 0 }, 0 },
		{ "addresses", SYS_socket,
		    { AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE }, 0 },
	};

	expect_in_net(table, COUNT(table), _i == 1);
}
END_TEST

START_TEST(net_writes_no_file)
{
	const long here = (long)(intptr_t)file;
	const long there = (long)(intptr_t)other;
	const long null = (long)(intptr_t) "/dev/null";
	const struct call table[] = {
		{ "openat2", SYS_openat2, { -100, here, 0, 0 }, ENOSYS },
		{ "write", SYS_openat, { -100, here, O_WRONLY }, EACCES },
		{ "update", SYS_openat, { -100, here, O_RDWR }, EACCES },
		{ "truncate it", SYS_openat, { -100, here, O_TRUNC }, EACCES },
		{ "make", SYS_openat, { -100, there, O_CREAT, 0600 }, EACCES },
		{ "make unnamed", SYS_openat,
		    { -100, (long)(intptr_t)dir, O_TMPFILE | O_RDWR, 0600 },
		    EACCES },
		{ "write null", SYS_openat, { -100, null, O_WRONLY }, EACCES },
		{ "unlink", SYS_unlinkat, { -100, here, 0 }, EPERM },
		{ "rename", SYS_renameat2, { -100, here, -100, there, 0 },
		    EPERM },
		{ "link", SYS_linkat, { -100, here, -100, there, 0 }, EPERM },
		{ "mkdir", SYS_mkdirat, { -100, there, 0700 }, EPERM },
		{ "chmod", SYS_fchmodat, { -100, here, 0777 }, EPERM },
		{ "truncate", SYS_truncate, { here, 0 }, EPERM },
#ifdef SYS_open
		{ "old write", SYS_open, { here, O_WRONLY }, EACCES },
		{ "old creat", SYS_creat, { here, 0600 }, EPERM },
		{ "old unlink", SYS_unlink, { here }, EPERM },
#endif
		{ "read", SYS_openat,
		    { -100, (long)(intptr_t) "/etc/passwd", O_RDONLY }, 0 },
		{ "read null", SYS_openat, { -100, null, O_RDONLY }, 0 },
	};

	expect_in_net(table, COUNT(table), _i == 1);
}
END_TEST

static int
read_in_net(const void *arg)
{
	const char *const *paths = arg;

	/* What shall be readable besides, what is read, the errno wanted. */
	if (enter(SANDBOX_NET, paths[0]) != 0)
		return 1;
	if (open(paths[1], O_RDONLY | O_CLOEXEC) == -1)
		return errno == EACCES ? 13 : 2;
	return 0;
}

static int
status_of_read(const char *readable, const char *path)
{
	const char *const paths[] = { readable, path };

	return WEXITSTATUS(in_child(read_in_net, paths));
}

START_TEST(net_reads_what_it_was_given)
{
	if (lacks(SANDBOX_NO_LANDLOCK | SANDBOX_NO_SECCOMP))
		return;
	ck_assert_int_eq(status_of_read(NULL, "/etc/passwd"), 0);
	ck_assert_int_eq(status_of_read(NULL, "/usr"), 0);
	ck_assert_int_eq(status_of_read(NULL, "/dev/urandom"), 0);
	ck_assert_int_eq(status_of_read(NULL, file), 13);
	ck_assert_int_eq(status_of_read(NULL, "/proc/self/environ"), 13);
	ck_assert_int_eq(status_of_read(NULL, "/"), 13);
	ck_assert_int_eq(status_of_read(file, file), 0);
	ck_assert_int_eq(status_of_read(file, dir), 13);
	ck_assert_int_eq(status_of_read(dir, dir), 0);
	ck_assert_int_eq(status_of_read(dir, file), 0);
}
END_TEST

static int
enter_without_file(const void *arg)
{
	struct sandbox sb = { .promise = SANDBOX_NET, .readable = arg };
	unsigned int missing;
	struct err e = { 0 };

	sandbox_harden();
	if (sandbox_enter(&sb, &missing, &e) != -1)
		return 1;
	if (e.kind != ERR_CONFIG || strstr(e.msg, arg) == NULL)
		return 2;
	return 0;
}

START_TEST(a_readable_that_is_not_there_is_said)
{
	if (lacks(SANDBOX_NO_LANDLOCK))
		return;
	fine_in_child(enter_without_file, "/nowhere/ca.pem");
}
END_TEST

static void *
thread(void *arg)
{
	struct addrinfo *list = NULL;
	int *rv = arg;

	*rv = getaddrinfo("localhost", "21", NULL, &list);
	if (list != NULL)
		freeaddrinfo(list);
	return NULL;
}

/* What libcurl does: resolves in a thread, connects, signals itself. */
static int
live_in_net(const void *arg)
{
	const struct sockaddr_in *sin = arg;
	struct sockaddr_in any = { .sin_family = AF_INET };
	unsigned int missing = enter(SANDBOX_NET, NULL);
	pthread_t id;
	int rv = -1;
	int pair[2];
	int fd;

	if (pthread_create(&id, NULL, thread, &rv) != 0 ||
	    pthread_join(id, NULL) != 0)
		return 1;
	if (rv != 0)
		return 2;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (const struct sockaddr *)sin, sizeof(*sin)) == -1)
		return 3;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1 ||
	    write(pair[0], "x", 1) != 1)
		return 4;
	(void)signal(SIGUSR1, count_signal);
	if (kill(getpid(), SIGUSR1) != 0 || raise(SIGUSR1) != 0 || signals != 2)
		return 5;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if ((missing & SANDBOX_NO_LANDLOCK) == 0 &&
	    bind(fd, (const struct sockaddr *)&any, sizeof(any)) == 0)
		return 6;
	return 0;
}

START_TEST(net_can_do_its_work)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	fine_in_child(live_in_net, &sin);
	(void)close(fd);
}
END_TEST

/* --- Kernels that lack a layer -------------------------------------------- */

struct lacking {
	const long *calls;
	size_t n;
	enum sandbox_promise promise;
	unsigned int missing;
};

static int
enter_lacking(const void *arg)
{
	const struct lacking *l = arg;
	unsigned int missing;
	bool landlocked;

	filter(l->calls, l->n, SECCOMP_RET_ERRNO | ENOSYS, SECCOMP_RET_ALLOW);
	missing = enter(l->promise, NULL);
	if (missing != l->missing)
		return 1 + (int)missing;
	/* Whatever there is does its work. */
	landlocked = (missing & SANDBOX_NO_LANDLOCK) == 0;
	if (open(file, O_RDONLY | O_CLOEXEC) == -1)
		return landlocked ? 0 : 100;
	return landlocked ? 101 : 0;
}

START_TEST(a_layer_that_is_missing_is_told)
{
	const struct lacking table[] = {
		{ no_seccomp, COUNT(no_seccomp), SANDBOX_ASKPASS,
		    SANDBOX_NO_SECCOMP },
		{ neither, COUNT(neither), SANDBOX_ASKPASS,
		    SANDBOX_NO_SECCOMP | SANDBOX_NO_LANDLOCK },
		{ no_seccomp, COUNT(no_seccomp), SANDBOX_NET,
		    SANDBOX_NO_SECCOMP },
		{ no_landlock, COUNT(no_landlock), SANDBOX_NET,
		    SANDBOX_NO_LANDLOCK },
		{ neither, COUNT(neither), SANDBOX_NET,
		    SANDBOX_NO_SECCOMP | SANDBOX_NO_LANDLOCK },
	};

	if (lacks(SANDBOX_NO_LANDLOCK | SANDBOX_NO_SECCOMP))
		return;
	for (size_t i = 0; i < COUNT(table); i++)
		fine_in_child(enter_lacking, &table[i]);
}
END_TEST

static int
denied_seccomp(const void *arg)
{
	struct sandbox sb = { .promise = SANDBOX_ASKPASS, .parent = 2 };
	unsigned int missing;
	struct err e = { 0 };

	(void)arg;
	filter(no_seccomp, 1, SECCOMP_RET_ERRNO | EACCES, SECCOMP_RET_ALLOW);
	if (sandbox_enter(&sb, &missing, &e) != -1)
		return 1;
	return e.kind == ERR_DENIED ? 0 : 2;
}

START_TEST(a_layer_that_refuses_is_an_error)
{
	if (lacks(SANDBOX_NO_SECCOMP))
		return;
	fine_in_child(denied_seccomp, NULL);
}
END_TEST

/* --- Hardening ------------------------------------------------------------ */

static int
harden_only(const void *arg)
{
	(void)arg;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0)
		return 1;
	sandbox_harden();
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 2;
}

START_TEST(hardening_gives_up_privileges)
{
	/* Unless whoever runs the tests gave them up already. */
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
		fine_in_child(harden_only, NULL);
}
END_TEST

static int
harden_in_two_calls(const void *arg)
{
	static const long calls[] = { SYS_prctl, SYS_exit_group };

	(void)arg;
	filter(calls, COUNT(calls), SECCOMP_RET_ALLOW,
	    SECCOMP_RET_KILL_PROCESS);
	sandbox_harden();
	if (prctl(PR_GET_DUMPABLE) != 0)
		return 1;
	return 0;
}

START_TEST(hardening_costs_two_calls)
{
	if (lacks(SANDBOX_NO_SECCOMP))
		return;
	fine_in_child(harden_in_two_calls, NULL);
}
END_TEST

struct rights {
	unsigned long secure, uid, euid, gid, egid;
	bool refused;
};

static int
harden_as(const void *arg)
{
	const struct rights *r = arg;
	int fds[2];
	char text[200] = "";

	if (pipe(fds) == -1 || dup2(fds[1], 2) == -1)
		return 1;
	aux.on = true;
	aux.secure = r->secure;
	aux.uid = r->uid;
	aux.euid = r->euid;
	aux.gid = r->gid;
	aux.egid = r->egid;
	if (fork() == 0) {
		sandbox_harden();
		_exit(0);
	}
	(void)close(2);
	(void)close(fds[1]);
	if (read(fds[0], text, sizeof(text) - 1) < 0)
		return 2;
	if (r->refused != (strstr(text, "set-id") != NULL))
		return 3;
	if (wait(&fds[1]) == -1)
		return 4;
	return WEXITSTATUS(fds[1]) == (r->refused ? ERR_DENIED : 0) ? 0 : 5;
}

START_TEST(set_id_is_refused)
{
	/* Under root every capability is there, set-id or not. */
	static const struct rights table[] = {
		{ 0, 1000, 1000, 1000, 1000, false },
		{ 1, 1000, 0, 1000, 1000, true },
		{ 1, 0, 1000, 0, 0, true },
		{ 1, 1000, 1000, 1000, 50, true },
		{ 1, 0, 0, 0, 50, true },
		/* A security module moved root's process: no reason. */
		{ 1, 0, 0, 0, 0, false },
	};

	for (size_t i = 0; i < COUNT(table); i++)
		fine_in_child(harden_as, &table[i]);
}
END_TEST

static int
harden_as_nobody(const void *arg)
{
	if (setresuid(65534, 65534, 65534) == -1)
		return 10;
	return harden_as(arg);
}

START_TEST(a_file_capability_is_refused)
{
	const struct rights with = { 1, 1000, 1000, 1000, 1000, true };
	const struct rights without = { 1, 1000, 1000, 1000, 1000, false };

	/* Root's process has capabilities, and nobody's has none. */
	if (geteuid() != 0)
		return;
	fine_in_child(harden_as, &with);
	fine_in_child(harden_as_nobody, &without);
}
END_TEST

static int
no_close_range(const void *arg)
{
	static const long calls[] = { SYS_close_range };
	const int keep[] = { 5 };

	(void)arg;
	if (dup2(0, 5) != 5 || dup2(0, 7) != 7)
		return 1;
	filter(calls, 1, SECCOMP_RET_ERRNO | ENOSYS, SECCOMP_RET_ALLOW);
	sandbox_close_fds(keep, 1);
	return fcntl(5, F_GETFD) != -1 && fcntl(7, F_GETFD) == -1 ? 0 : 2;
}

START_TEST(descriptors_are_closed_by_old_kernels)
{
	if (lacks(SANDBOX_NO_SECCOMP))
		return;
	fine_in_child(no_close_range, NULL);
}
END_TEST

#else

START_TEST(both_layers_are_missing)
{
	ck_assert(lacks(SANDBOX_NO_SECCOMP));
	ck_assert(lacks(SANDBOX_NO_LANDLOCK));
	sandbox_harden();
}
END_TEST

#endif

/* --- Descriptors ---------------------------------------------------------- */

static bool
is_null(int fd)
{
	struct stat st, null;

	return fstat(fd, &st) == 0 && stat("/dev/null", &null) == 0 &&
	    st.st_rdev == null.st_rdev && S_ISCHR(st.st_mode);
}

static int
open_closed(const void *arg)
{
	unsigned int closed = *(const unsigned int *)arg;
	struct err e = { 0 };
	int fds[2];

	if (pipe(fds) == -1)
		return 1;
	for (int fd = 0; fd < 3; fd++) {
		if (dup2(fds[1], fd) != fd)
			return 2;
		if ((closed & (1u << fd)) != 0)
			(void)close(fd);
	}
	if (sandbox_std_fds(&e) == -1)
		return 3;
	for (int fd = 0; fd < 3; fd++)
		if (is_null(fd) != ((closed & (1u << fd)) != 0))
			return 4;
	return 0;
}

START_TEST(closed_standard_descriptors_lead_nowhere)
{
	for (unsigned int closed = 0; closed < 8; closed++)
		fine_in_child(open_closed, &closed);
}
END_TEST

struct keep {
	int fds[4];
	size_t n;
	/* One bit a descriptor, of 3 to 20. */
	unsigned int left;
};

static int
close_others(const void *arg)
{
	const struct keep *k = arg;

	for (int fd = 3; fd <= 20; fd++)
		if (dup2(0, fd) != fd)
			return 1;
	sandbox_close_fds(k->fds, k->n);
	for (int fd = 0; fd <= 20; fd++) {
		bool is = fcntl(fd, F_GETFD) != -1;

		if (is != (fd < 3 || (k->left & (1u << fd)) != 0))
			return 100 + fd;
	}
	return 0;
}

START_TEST(all_descriptors_but_some_are_closed)
{
	static const struct keep table[] = {
		{ { 0 }, 0, 0 },
		{ { 3 }, 1, 1u << 3 },
		{ { 20 }, 1, 1u << 20 },
		{ { 4, 5, 9 }, 3, 1u << 4 | 1u << 5 | 1u << 9 },
		{ { 3, 4, 20 }, 3, 1u << 3 | 1u << 4 | 1u << 20 },
		/* Those a caller need not leave out. */
		{ { -1, 0, 2, 7 }, 4, 1u << 7 },
		{ { 7, 7, 8, 8 }, 4, 1u << 7 | 1u << 8 },
	};

	for (size_t i = 0; i < COUNT(table); i++)
		fine_in_child(close_others, &table[i]);
}
END_TEST

Suite *
sandbox_suite(void)
{
	Suite *s = suite_create("sandbox");
	TCase *t = tcase_create("sandbox");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	suite_add_tcase(s, t);
#ifndef PAWL_POSIX
	/* 64 calls each: more than there are. */
	tcase_add_loop_test(t, askpass_is_refused_every_other_call, 0, 8);
	tcase_add_test(t, askpass_is_refused_a_bad_argument);
#ifdef __x86_64__
	tcase_add_test(t, askpass_is_killed_for_a_call_of_i386);
#endif
	tcase_add_test(t, askpass_can_do_its_work);
	tcase_add_test(t, a_credential_helper_has_memory_and_no_more);
	tcase_add_loop_test(t, askpass_never_signals_init_or_a_group, 0, 4);
	tcase_add_loop_test(t, net_is_killed_for_what_no_library_does, 0, 2);
	tcase_add_loop_test(t, net_touches_no_other_process, 0, 2);
	tcase_add_loop_test(t, net_has_few_kinds_of_socket, 0, 2);
	tcase_add_loop_test(t, net_writes_no_file, 0, 2);
	tcase_add_test(t, net_reads_what_it_was_given);
	tcase_add_test(t, a_readable_that_is_not_there_is_said);
	tcase_add_test(t, net_can_do_its_work);
	tcase_add_test(t, a_layer_that_is_missing_is_told);
	tcase_add_test(t, a_layer_that_refuses_is_an_error);
	tcase_add_test(t, hardening_gives_up_privileges);
	tcase_add_test(t, hardening_costs_two_calls);
	tcase_add_test(t, set_id_is_refused);
	tcase_add_test(t, a_file_capability_is_refused);
	tcase_add_test(t, descriptors_are_closed_by_old_kernels);
#else
	tcase_add_test(t, both_layers_are_missing);
#endif
	tcase_add_test(t, closed_standard_descriptors_lead_nowhere);
	tcase_add_test(t, all_descriptors_but_some_are_closed);
	return s;
}
