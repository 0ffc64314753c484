#include <sys/types.h>
#include <sys/resource.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"

#if defined __linux__ && !defined PAWL_POSIX

#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <sched.h>

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>

/* --- seccomp -------------------------------------------------------------- */

#if defined __x86_64__
#define ARCH AUDIT_ARCH_X86_64
/* The bit of a call of the x32 ABI, which shares AUDIT_ARCH_X86_64. */
#define FOREIGN_CALLS 0x40000000
#elif defined __aarch64__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH AUDIT_ARCH_AARCH64
#define FOREIGN_CALLS 0x40000000
#else
#define ARCH 0
#define FOREIGN_CALLS 0
#endif

#define ALLOW SECCOMP_RET_ALLOW
#define KILL SECCOMP_RET_KILL_PROCESS
#define FAIL(error) (SECCOMP_RET_ERRNO | (uint32_t)(error))

struct filter {
	struct sock_filter code[512];
	unsigned short len;
};

/* What only reads, writes and ends: nothing that names a thing is here. */
static const int askpass_calls[] = {
	__NR_read,
	__NR_pread64,
	__NR_write,
	__NR_pwrite64,
	__NR_close,
	__NR_exit,
	__NR_exit_group,
	__NR_rt_sigreturn,
	__NR_restart_syscall,
	__NR_clock_gettime,
	__NR_getppid,
	__NR_getpid,
	__NR_readlinkat,
#ifdef __NR_readlink
	__NR_readlink,
#endif
	__NR_ppoll,
#ifdef __NR_poll
	__NR_poll,
#endif
};

/* What malloc(3) and the arena of secret.h need. */
static const int memory_calls[] = { __NR_brk, __NR_mmap, __NR_munmap,
	__NR_mremap, __NR_mprotect, __NR_madvise, __NR_mlock };

/* No library that pawl-rotate-net uses has a reason to call these. */
static const int net_killed[] = { __NR_execve, __NR_execveat, __NR_ptrace,
	__NR_process_vm_readv, __NR_process_vm_writev, __NR_mount, __NR_umount2,
	__NR_pivot_root, __NR_chroot, __NR_open_tree, __NR_move_mount,
	__NR_fsopen, __NR_fsconfig, __NR_fsmount, __NR_fspick,
	__NR_mount_setattr, __NR_setns, __NR_unshare, __NR_bpf,
	__NR_perf_event_open, __NR_userfaultfd, __NR_io_uring_setup,
	__NR_io_uring_enter, __NR_io_uring_register, __NR_add_key,
	__NR_request_key, __NR_keyctl, __NR_kexec_load, __NR_kexec_file_load,
	__NR_init_module, __NR_finit_module, __NR_delete_module, __NR_reboot,
	__NR_swapon, __NR_swapoff, __NR_acct, __NR_quotactl, __NR_personality,
	__NR_open_by_handle_at, __NR_pidfd_getfd, __NR_process_madvise,
	__NR_settimeofday, __NR_clock_settime, __NR_sethostname,
	__NR_setdomainname };

/* A library may try these and do without. */
static const int net_refused[] = { __NR_memfd_create, __NR_listen, __NR_accept,
	__NR_accept4, __NR_tkill, __NR_rt_sigqueueinfo, __NR_rt_tgsigqueueinfo,
	__NR_pidfd_open, __NR_pidfd_send_signal };

/* Landlock refuses most of these too; here for a kernel without it. */
static const int net_changes[] = { __NR_renameat, __NR_renameat2, __NR_unlinkat,
	__NR_linkat, __NR_symlinkat, __NR_mkdirat, __NR_mknodat, __NR_truncate,
	__NR_fchmod, __NR_fchmodat, __NR_fchown, __NR_fchownat, __NR_setxattr,
	__NR_lsetxattr, __NR_fsetxattr, __NR_removexattr, __NR_lremovexattr,
	__NR_fremovexattr, __NR_utimensat };

#ifdef __NR_open
/* What newer architectures do without. */
static const int net_old_changes[] = { __NR_creat, __NR_rename, __NR_unlink,
	__NR_rmdir, __NR_link, __NR_symlink, __NR_mkdir, __NR_mknod, __NR_chmod,
	__NR_chown, __NR_lchown, __NR_utime, __NR_utimes, __NR_futimesat,
	__NR_fork, __NR_vfork, __NR_iopl, __NR_ioperm };
#endif

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void
emit(struct filter *f, unsigned int code, uint32_t k, unsigned int yes,
    unsigned int no)
{
	if (f->len == COUNT(f->code))
		abort();
	f->code[f->len].code = (unsigned short)code;
	f->code[f->len].jt = (unsigned char)yes;
	f->code[f->len].jf = (unsigned char)no;
	f->code[f->len].k = k;
	f->len++;
}

static void
load(struct filter *f, size_t offset)
{
	emit(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/*
 * The low half of an argument: all of it for an int, which is what every
 * argument looked at here is but for sendto's pointer.
 */
static void
load_arg(struct filter *f, unsigned int i)
{
	load(f, offsetof(struct seccomp_data, args) + i * sizeof(uint64_t));
}

static void
load_arg_high(struct filter *f, unsigned int i)
{
	load(f,
	    offsetof(struct seccomp_data, args) + i * sizeof(uint64_t) +
		sizeof(uint32_t));
}

/* If what is loaded equals value, skips this many instructions. */
static void
skip_if(struct filter *f, uint32_t value, unsigned int skip)
{
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, value, skip, 0);
}

static void
skip_unless(struct filter *f, uint32_t value, unsigned int skip)
{
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}

static void
skip_if_any(struct filter *f, uint32_t bits, unsigned int skip)
{
	emit(f, BPF_JMP | BPF_JSET | BPF_K, bits, skip, 0);
}

static void
end(struct filter *f, uint32_t action)
{
	emit(f, BPF_RET | BPF_K, action, 0, 0);
}

static void
rule(struct filter *f, int call, uint32_t action)
{
	skip_unless(f, (uint32_t)call, 1);
	end(f, action);
}

static void
rules(struct filter *f, const int *calls, size_t n, uint32_t action)
{
	for (size_t i = 0; i < n; i++)
		rule(f, calls[i], action);
}

/* Refuses an open that would write; its flags are argument i. */
static void
only_reading(struct filter *f, int call, unsigned int i)
{
	skip_unless(f, (uint32_t)call, 4);
	load_arg(f, i);
	skip_if_any(f, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, 1);
	end(f, ALLOW);
	end(f, FAIL(EACCES));
}

/* Calls of another architecture have other numbers: none is let through. */
static void
begin(struct filter *f)
{
	load(f, offsetof(struct seccomp_data, arch));
	skip_if(f, ARCH, 1);
	end(f, KILL);
	load(f, offsetof(struct seccomp_data, nr));
	emit(f, BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALLS, 0, 1);
	end(f, KILL);
}

/*
 * What is not allowed fails rather than kills: ssh takes a killed askpass for
 * an empty password and sends that.
 */
static void
askpass_filter(struct filter *f, const struct sandbox *s)
{
	const pid_t parent = s->parent;

	/*
	 * The kernel tries a new filter on every call number, to know which it
	 * need not run for (seccomp_cache_prepare()); it gives up at the first
	 * look at an argument.  For a process that makes a handful of calls
	 * that is 30 us saved.
	 */
	f->len = 0;
	load_arg(f, 0);
	begin(f);
	rules(f, askpass_calls, COUNT(askpass_calls), ALLOW);
	if (s->promise == SANDBOX_CREDENTIAL)
		rules(f, memory_calls, COUNT(memory_calls), ALLOW);

	/* send(2) on the audit's socket, which is connected. */
	skip_unless(f, __NR_sendto, 6);
	load_arg(f, 4);
	skip_unless(f, 0, 3);
	load_arg_high(f, 4);
	skip_unless(f, 0, 1);
	end(f, ALLOW);
	end(f, FAIL(EPERM));

	/* kill(0), kill(-1) and process groups are never a parent's id. */
	if (parent > 1) {
		skip_unless(f, __NR_kill, 7);
		load_arg(f, 0);
		skip_unless(f, (uint32_t)parent, 4);
		load_arg(f, 1);
		skip_if(f, SIGTERM, 1);
		skip_unless(f, SIGKILL, 1);
		end(f, ALLOW);
		end(f, FAIL(EPERM));
	}
	end(f, FAIL(EPERM));
}

/*
 * Sockets: streams and datagrams of the Internet (a resolver needs UDP), local
 * ones (nscd, systemd-resolved), netlink (getaddrinfo(3) asks which addresses
 * this machine has).
 */
static void
net_sockets(struct filter *f)
{
	skip_unless(f, __NR_socket, 15);
	load_arg(f, 0);
	skip_if(f, AF_UNIX, 12);
	skip_if(f, AF_NETLINK, 3);
	skip_if(f, AF_INET, 5);
	skip_if(f, AF_INET6, 4);
	end(f, FAIL(EAFNOSUPPORT));
	load_arg(f, 2);
	skip_if(f, NETLINK_ROUTE, 6);
	end(f, FAIL(EPERM));
	load_arg(f, 1);
	emit(f, BPF_ALU | BPF_AND | BPF_K, 0xf, 0, 0);
	skip_if(f, SOCK_STREAM, 2);
	skip_if(f, SOCK_DGRAM, 1);
	end(f, FAIL(EPERM));
	end(f, ALLOW);
}

static void
net_signals(struct filter *f, int call, uint32_t self)
{
	skip_unless(f, (uint32_t)call, 4);
	load_arg(f, 0);
	skip_if(f, self, 1);
	end(f, FAIL(EPERM));
	end(f, ALLOW);
}

static void
net_filter(struct filter *f)
{
	const uint32_t spaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;

	f->len = 0;
	begin(f);
	rules(f, net_killed, COUNT(net_killed), KILL);
	rules(f, net_refused, COUNT(net_refused), FAIL(EPERM));
	rules(f, net_changes, COUNT(net_changes), FAIL(EPERM));
	/* Their flags are in memory, where a filter cannot look. */
	rule(f, __NR_clone3, FAIL(ENOSYS));
	rule(f, __NR_openat2, FAIL(ENOSYS));
	only_reading(f, __NR_openat, 2);
#ifdef __NR_open
	rules(f, net_old_changes, COUNT(net_old_changes), FAIL(EPERM));
	only_reading(f, __NR_open, 1);
#endif
	net_sockets(f);
	net_signals(f, __NR_kill, (uint32_t)getpid());
	net_signals(f, __NR_tgkill, (uint32_t)getpid());
	/* Threads, but neither processes nor namespaces. */
	skip_unless(f, __NR_clone, 5);
	load_arg(f, 0);
	skip_if_any(f, spaces, 1);
	skip_if_any(f, CLONE_THREAD, 1);
	end(f, FAIL(EPERM));
	end(f, ALLOW);
	end(f, ALLOW);
}

/* 1: done; 0: this kernel has none; -1. */
static int
seccomp_enter(struct filter *f, struct err *e)
{
	struct sock_fprog prog = { .len = f->len, .filter = f->code };

	if (ARCH == 0)
		return 0;
	if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == 0)
		return 1;
	if (errno == ENOSYS || errno == EINVAL)
		return 0;
	return err_sys(e, ERR_DENIED, "cannot enter the seccomp sandbox");
}

/* --- Landlock ------------------------------------------------------------- */

/*
 * Numbers and bits as in <linux/landlock.h>, which may be older than the
 * kernel.  Each version of the ABI knows some rights more than the last.
 */
#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_add_rule 445
#define __NR_landlock_restrict_self 446
#endif

#define LL_QUERY 1u
#define LL_RULE_PATH 1

#define LL_WRITE_FILE (UINT64_C(1) << 1)
#define LL_READ_FILE (UINT64_C(1) << 2)
#define LL_READ_DIR (UINT64_C(1) << 3)
/* All rights on files of ABI 1, and what 2, 3 and 5 added. */
#define LL_FILES_1 ((UINT64_C(1) << 13) - 1)
#define LL_REFER (UINT64_C(1) << 13)
#define LL_TRUNCATE (UINT64_C(1) << 14)
#define LL_IOCTL (UINT64_C(1) << 15)
/* ABI 4; ABI 6. */
#define LL_BIND_TCP (UINT64_C(1) << 0)
#define LL_SCOPE_SOCKETS (UINT64_C(1) << 0)
#define LL_SCOPE_SIGNALS (UINT64_C(1) << 1)

struct landlock_rules {
	uint64_t files;
	uint64_t net;
	uint64_t scoped;
};

struct landlock_path {
	uint64_t allowed;
	int fd;
} __attribute__((packed));

/*
 * What a resolver, OpenSSL and the dynamic linker read.  /run is where
 * /etc/resolv.conf often leads.
 */
static const char *const net_readable[] = { "/etc", "/usr", "/lib", "/lib32",
	"/lib64", "/run/systemd/resolve", "/run/resolvconf",
	"/run/NetworkManager", "/dev/null", "/dev/urandom", "/dev/random" };

/* 1: allowed; 0: there is no such file; -1. */
static int
landlock_read(int rules_fd, const char *path, struct err *e)
{
	struct landlock_path rule = { .allowed = LL_READ_FILE, .fd = -1 };
	int done;

	rule.fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.fd == -1)
		return 0;
	/* A right to read directories is refused (EINVAL) on a file. */
	rule.allowed |= LL_READ_DIR;
	done = (int)syscall(__NR_landlock_add_rule, rules_fd, LL_RULE_PATH,
	    &rule, 0);
	if (done == -1 && errno == EINVAL) {
		rule.allowed &= ~LL_READ_DIR;
		done = (int)syscall(__NR_landlock_add_rule, rules_fd,
		    LL_RULE_PATH, &rule, 0);
	}
	if (done == -1)
		(void)err_sys(e, ERR_DENIED, "cannot let the sandbox read %s",
		    path);
	(void)close(rule.fd);
	return done == -1 ? -1 : 1;
}

static int
landlock_net_files(int rules_fd, const char *readable, struct err *e)
{
	for (size_t i = 0; i < COUNT(net_readable); i++)
		if (landlock_read(rules_fd, net_readable[i], e) == -1)
			return -1;
	if (readable == NULL)
		return 0;
	switch (landlock_read(rules_fd, readable, e)) {
	case 1:
		return 0;
	case 0:
		return err_sys(e, ERR_CONFIG, "cannot open %s", readable);
	default:
		return -1;
	}
}

/* 1: done; 0: this kernel has none; -1. */
static int
landlock_enter(const struct sandbox *s, struct err *e)
{
	struct landlock_rules handled = { .files = LL_FILES_1 };
	long abi =
	    syscall(__NR_landlock_create_ruleset, NULL, 0, (int)LL_QUERY);
	int rv = -1;
	int fd;

	if (abi <= 0)
		return 0;
	if (abi >= 2)
		handled.files |= LL_REFER;
	if (abi >= 3)
		handled.files |= LL_TRUNCATE;
	if (abi >= 4)
		handled.net = LL_BIND_TCP;
	if (abi >= 5)
		handled.files |= LL_IOCTL;
	/* pawl-askpass may have to signal its parent. */
	if (abi >= 6 && s->promise == SANDBOX_NET)
		handled.scoped = LL_SCOPE_SOCKETS | LL_SCOPE_SIGNALS;
	fd = (int)syscall(__NR_landlock_create_ruleset, &handled,
	    sizeof(handled), 0);
	if (fd == -1)
		return err_sys(e, ERR_DENIED, "cannot make a Landlock sandbox");
	if (s->promise == SANDBOX_NET &&
	    landlock_net_files(fd, s->readable, e) == -1)
		goto out;
	if (syscall(__NR_landlock_restrict_self, fd, 0) == -1) {
		(void)err_sys(e, ERR_DENIED,
		    "cannot enter the Landlock sandbox");
		goto out;
	}
	rv = 1;
out:
	(void)close(fd);
	return rv;
}

/* --- The process ---------------------------------------------------------- */

/* Whether a file capability came with the program. */
static bool
has_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
		.pid = 0
	};
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (syscall(__NR_capget, &head, data) == -1)
		return true;
	return data[0].permitted != 0 || data[1].permitted != 0;
}

/*
 * AT_SECURE alone is not enough to refuse: a security module sets it too, for
 * a service that it moves to a domain of its own.
 */
static bool
is_set_id(void)
{
	if (getauxval(AT_SECURE) == 0)
		return false;
	if (getauxval(AT_UID) != getauxval(AT_EUID) ||
	    getauxval(AT_GID) != getauxval(AT_EGID))
		return true;
	return getauxval(AT_EUID) != 0 && has_capabilities();
}

static void
close_between(unsigned int first, unsigned int last)
{
	if (syscall(__NR_close_range, first, last, 0) == 0)
		return;
	if (last == UINT_MAX)
		last = (unsigned int)sysconf(_SC_OPEN_MAX);
	for (; first <= last; first++)
		(void)close((int)first);
}

void
sandbox_follow_parent(int signal)
{
	(void)prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

static int
deny_privileges(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Its list has no call that Landlock would have to judge. */
static int
enter_askpass(const struct sandbox *s, unsigned int *missingp, struct err *e)
{
	struct filter f;
	int done;

	askpass_filter(&f, s);
	if ((done = seccomp_enter(&f, e)) != 0)
		return done;
	*missingp |= SANDBOX_NO_SECCOMP;
	if ((done = landlock_enter(s, e)) == 0)
		*missingp |= SANDBOX_NO_LANDLOCK;
	return done;
}

/* Landlock first: it opens files, and the filter is the stricter one. */
static int
enter_net(const struct sandbox *s, unsigned int *missingp, struct err *e)
{
	struct filter f;
	int done;

	if ((done = landlock_enter(s, e)) == -1)
		return -1;
	if (done == 0)
		*missingp |= SANDBOX_NO_LANDLOCK;
	net_filter(&f);
	if ((done = seccomp_enter(&f, e)) == 0)
		*missingp |= SANDBOX_NO_SECCOMP;
	return done;
}

int
sandbox_enter(const struct sandbox *s, unsigned int *missingp, struct err *e)
{
	int done = -1;

	*missingp = 0;
	switch (s->promise) {
	case SANDBOX_ASKPASS:
	case SANDBOX_CREDENTIAL:
		done = enter_askpass(s, missingp, e);
		break;
	case SANDBOX_NET:
		done = enter_net(s, missingp, e);
		break;
	}
	return done == -1 ? -1 : 0;
}

#else

/* --- POSIX: nothing to close oneself in with ------------------------------ */

static bool
is_set_id(void)
{
	return getuid() != geteuid() || getgid() != getegid();
}

static void
close_between(unsigned int first, unsigned int last)
{
	long most = sysconf(_SC_OPEN_MAX);

	if (most < 0 || most > 65536)
		most = 65536;
	if (last > (unsigned int)most)
		last = (unsigned int)most;
	for (; first <= last; first++)
		(void)close((int)first);
}

void
sandbox_follow_parent(int signal)
{
	(void)signal;
}

static int
deny_privileges(void)
{
	return 0;
}

int
sandbox_enter(const struct sandbox *s, unsigned int *missingp, struct err *e)
{
	(void)s;
	(void)e;
	*missingp = SANDBOX_NO_SECCOMP | SANDBOX_NO_LANDLOCK;
	return 0;
}

#endif

void
sandbox_harden(void)
{
	static const char refused[] =
	    "pawl: runs with another user's rights: remove its set-id bit or "
	    "file capability\n";

	if (is_set_id() || deny_privileges() == -1) {
		/* There is no main() yet that could say so. */
		if (write(2, refused, sizeof(refused) - 1) == -1)
			_exit(ERR_DENIED);
		_exit(ERR_DENIED);
	}
}

void
sandbox_no_core(void)
{
	const struct rlimit none = { 0, 0 };

	/* To lower a limit is always allowed. */
	(void)setrlimit(RLIMIT_CORE, &none);
}

int
sandbox_std_fds(struct err *e)
{
	struct pollfd fds[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(fds, 3, 0) == -1)
		return err_sys(e, ERR_IO, "cannot look at descriptors 0 to 2");
	for (int i = 0; i < 3; i++) {
		if ((fds[i].revents & POLLNVAL) == 0)
			continue;
		/* Those below are open, so that this is the lowest free. */
		if (open("/dev/null", O_RDWR) != i)
			return err_sys(e, ERR_IO, "cannot open /dev/null");
	}
	return 0;
}

void
sandbox_close_fds(const int *keep, size_t n)
{
	unsigned int next = 3;

	for (size_t i = 0; i < n; i++) {
		unsigned int fd = (unsigned int)keep[i];

		if (keep[i] < 0 || fd < next)
			continue;
		if (fd > next)
			close_between(next, fd - 1);
		next = fd + 1;
	}
	close_between(next, UINT_MAX);
}
