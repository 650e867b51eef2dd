// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "errno_name.h"
#include "place.h"
#include "privilege.h"
#include "proc.h"
#include "target.h"

/* A reason to skip, in a static buffer. */
static const char *__printf(1, 2) reason(const char *fmt, ...)
{
	static char text[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return text;
}

static int map_own_ids(uid_t uid, gid_t gid)
{
	char map[32];
	int err = proc_write("thread-self/setgroups", "deny");

	if (!err) {
		snprintf(map, sizeof(map), "0 %u 1", gid);
		err = proc_write("thread-self/gid_map", map);
	}
	if (!err) {
		snprintf(map, sizeof(map), "0 %u 1", uid);
		err = proc_write("thread-self/uid_map", map);
	}
	return err;
}

int userns_create(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	return unshare(CLONE_NEWUSER) ? errno : map_own_ids(uid, gid);
}

/*
 * Moves to the root of the mount tree, which is where attaching to a mount
 * namespace leads.  ".." stops at the root of the process only if it comes
 * across it.  So the root is moved below the working directory first.
 */
static void leave_chroot(void)
{
	__u64 dev, ino, mount, up_dev, up_ino, up_mount;

	if (chdir("/") || chroot("proc"))
		return;
	do {
		if (place_read(".", &dev, &ino, &mount) || chdir("..") ||
		    place_read(".", &up_dev, &up_ino, &up_mount))
			break;
	} while (dev != up_dev || ino != up_ino || mount != up_mount);
	if (chroot("."))
		_exit(1);
}

static int try_userns(void *arg)
{
	int err;

	(void)arg;
	/* A task in a chroot may create none (user_namespaces(7)). */
	leave_chroot();
	err = userns_create();
	/*
	 * A security module may allow the user namespace and then refuse
	 * everything in it.  Every kernel has mount namespaces.
	 */
	if (!err && unshare(CLONE_NEWNS))
		err = errno;
	return err;
}

static int try_pidfd_setns(void *arg)
{
	int pidfd = sys_pidfd_open(getpid(), 0);

	(void)arg;
	return pidfd < 0 || setns(pidfd, CLONE_NEWUTS) ? errno : 0;
}

/*
 * Probes once for all tests of a program, before the harness forks them.  The
 * probes run in children: a wrong kernel may change the state of a task that
 * calls setns(2), and the callers of a test start in the test's state.
 */
static int userns_err = -1, pidfd_setns_err = -1;

static void __attribute__((constructor)) probe(void)
{
	userns_err = in_child(try_userns, NULL);
	pidfd_setns_err = in_child(try_pidfd_setns, NULL);
}

int userns_probe(void)
{
	return userns_err;
}

/* Errnos with which the kernel or a security module forbids user namespaces. */
static bool may_refuse_userns(int err)
{
	return err == EPERM || err == EACCES || err == ENOSPC ||
	       err == EUSERS || err == ENOSYS;
}

/* Capabilities that tests as root use, and that a container may lack. */
static const cap_value_t needed[] = {
	CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_SYS_TIME,
	CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_NET_RAW,
};

const char *capability_name(cap_value_t cap)
{
	static char name[32];
	char *text = cap_to_name(cap);

	snprintf(name, sizeof(name), "%s", text ? text : "?");
	cap_free(text);
	for (char *c = name; *c; c++)
		*c = toupper(*c);
	return name;
}

static const char *lacks_capability(void)
{
	const char *lacks = NULL;
	cap_t caps = cap_get_proc();

	for (unsigned int i = 0; i < ARRAY_SIZE(needed) && !lacks; i++) {
		cap_flag_value_t on = CAP_CLEAR;

		cap_get_flag(caps, needed[i], CAP_EFFECTIVE, &on);
		if (on != CAP_SET)
			lacks = reason("needs root with %s",
				       capability_name(needed[i]));
	}
	cap_free(caps);
	return lacks;
}

/* Whether the test's user namespace owns its namespace of type @id. */
static bool owns(enum ns_id id, const struct stat *own_userns)
{
	int fd = nsfd_open(0, id, NS_ACTIVE);
	int owner = ioctl(fd, NS_GET_USERNS);
	struct stat st;
	bool same;

	same = !fstat(owner, &st) && st.st_dev == own_userns->st_dev &&
	       st.st_ino == own_userns->st_ino;
	close(owner);
	close(fd);
	return same;
}

const char *lacks_root(void)
{
	const char *lacks = geteuid() ? "needs root" : lacks_capability();
	struct stat own;

	/* Without user namespaces there is only one owner. */
	if (lacks || ns_stat(NS_USER, &own))
		return lacks;
	for_each_ns_in(id, ns_supported() & ~NS_BIT(NS_USER))
		if (!owns(id, &own))
			return "needs root of the user namespace that owns the others";
	return NULL;
}

enum privilege privilege_available(void)
{
	return lacks_root() ? AS_USERNS_ROOT : AS_ROOT;
}

/* Processes that a test with two targets has at a time, with a margin. */
#define PROCESSES_NEEDED	32

/* A low limit would fail fork(2) at any place, as if an attach did that. */
static const char *lacks_processes(void)
{
	struct rlimit limit;

	if (!geteuid() || getrlimit(RLIMIT_NPROC, &limit) ||
	    limit.rlim_cur >= PROCESSES_NEEDED)
		return NULL;
	return reason("RLIMIT_NPROC is %lu, tests need %d",
		      (unsigned long)limit.rlim_cur, PROCESSES_NEEDED);
}

const char *privilege_enter(enum privilege privilege, ns_set *types, int *err)
{
	const char *lacks = lacks_processes();

	/* Newer harnesses fork a test by clone3(2), without handlers. */
	die_with(getppid());
	*err = 0;
	*types = ns_supported();
	if (lacks)
		return lacks;
	if (!*types)
		return "no namespaces in /proc/self/ns";
	if (proc_own_pid() != getpid())
		return "/proc belongs to another pid namespace";
	if (getuid() != geteuid() || getgid() != getegid())
		return "real and effective ids differ";
	leave_chroot();
	if (privilege == AS_ROOT) {
		lacks = lacks_root();
		if (lacks)
			return lacks;
	}
	if (privilege == AS_USERNS_ROOT && !(*types & NS_BIT(NS_USER)))
		return "this kernel has no user namespaces";
	if (*types & NS_BIT(NS_USER) && userns_err) {
		*types &= ~NS_BIT(NS_USER);
		if (!may_refuse_userns(userns_err))
			*err = userns_err;
		else if (privilege == AS_USERNS_ROOT)
			return reason("no user namespace can be created: %s",
				      errno_name(userns_err));
	}
	if (privilege == AS_USERNS_ROOT && !*err)
		*err = userns_create();
	return NULL;
}

static int try_other_uid(void *arg)
{
	const gid_t group = OTHER_UID;

	(void)arg;
	return setgroups(1, &group) ||
	       setresgid(OTHER_UID, OTHER_UID, OTHER_UID) ||
	       setresuid(OTHER_UID, OTHER_UID, OTHER_UID) ? errno : 0;
}

const char *lacks_other_uid(void)
{
	return in_child(try_other_uid, NULL) ?
	       "this user namespace has no other uid" : NULL;
}

bool sees_initial_pidns(void)
{
	char comm[32];

	return !proc_read("2/comm", comm, sizeof(comm)) &&
	       !strcmp(comm, "kthreadd\n");
}

/*
 * A kernel that refuses a pidfd, but has faccessat2(2), which came with the same
 * release, is not too old.  It is wrong, and tests have to show that.
 */
const char *lacks_pidfd_setns(void)
{
	if (pidfd_setns_err == ENOSYS)
		return "no pidfd_open(2): since Linux 5.3";
	if (pidfd_setns_err == EINVAL &&
	    syscall(__NR_faccessat2, AT_FDCWD, "/", F_OK, 0) &&
	    errno == ENOSYS)
		return "setns(2) takes no pidfd: since Linux 5.8";
	return NULL;
}

const char *lacks_namespaces(int err, const char *step)
{
	/* EAGAIN: too many processes (RLIMIT_NPROC); EMFILE: RLIMIT_NOFILE */
	return err == ENOSPC || err == EAGAIN || err == EMFILE ?
	       reason("no more namespaces can be created: %s: %s", step,
		      errno_name(err)) : NULL;
}

const char *lacks_sysctl(int err, const char *sysctl)
{
	return err == EROFS || err == ENOENT ?
	       reason("%s cannot be written: %s (CONFIG_SYSCTL)", sysctl,
		      errno_name(err)) : NULL;
}

int capability_drop(cap_value_t cap)
{
	cap_t caps = cap_get_proc();
	int err = 0;

	cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_CLEAR);
	cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_CLEAR);
	if (cap_set_proc(caps))
		err = errno;
	cap_free(caps);
	return err;
}

int capabilities_drop_all(void)
{
	cap_t none = cap_init();
	int err = cap_set_proc(none) ? errno : 0;

	cap_free(none);
	return err;
}

/*
 * The init cannot tell by getppid(2) whether the test has died: its parent has
 * no pid in its namespace.  It waits for the other end of the pipe to close.
 */
static void __noreturn pidns_init(const int ends[2])
{
	char byte;

	close(ends[1]);
	while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

int children_into_new_pidns(pid_t *init)
{
	int ends[2];

	if (unshare(CLONE_NEWPID) || pipe2(ends, O_CLOEXEC))
		return errno;
	*init = fork();
	if (!*init)
		pidns_init(ends);
	close(ends[0]);
	return *init < 0 ? errno : 0;
}
