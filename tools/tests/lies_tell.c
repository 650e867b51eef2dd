// SPDX-License-Identifier: GPL-2.0
/* How a lie is told, see lies.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../../lib/proc.h"
#include "lies.h"

int truth(int fd, int flags)
{
	return syscall(__NR_setns, fd, flags);
}

static int fail(int err)
{
	errno = err;
	return -1;
}

/* The types that a call asks for. */
static int asked(int fd, int flags)
{
	int type = nsfd_type(fd);

	return type ? type : flags;
}

/* An nsfd of the task that a pidfd stands for, or -1. */
static int nsfd_by_pidfd(int fd, int type, enum ns_slot slot)
{
	for_each_ns(id) {
		int nsfd;

		if (ns_types[id].flag != type || !ns_types[id].link[slot])
			continue;
		nsfd = ioctl(fd, ns_types[id].get[slot], 0);
		/* Before 6.11 */
		if (nsfd < 0)
			nsfd = proc_open(proc_path(pid_of(fd), "ns/%s",
						   ns_types[id].link[slot]),
					 O_RDONLY);
		return aside(nsfd);
	}
	return -1;
}

/* The same attach with another descriptor, which it closes. */
static int attach_to(int other, int fd, int flags)
{
	int ret = truth(other < 0 ? fd : other, flags), err = errno;

	if (other >= 0)
		close(other);
	errno = err;
	return ret;
}

int answer(int fd, int flags)
{
	(void)fd;
	(void)flags;
	return lie->other ? fail(lie->other) : 0;
}

int translate(int fd, int flags)
{
	int ret = truth(fd, flags);

	if ((ret ? errno : 0) == lie->arg)
		return answer(fd, flags);
	return ret;
}

int ignore_flag(int fd, int flags)
{
	int rest = flags & ~lie->arg;

	return truth(fd, rest && by_pidfd(fd, flags) ? rest : flags);
}

int add_flag(int fd, int flags)
{
	int ret;

	if (by_pidfd(fd, flags))
		return flags && !truth(fd, flags | lie->arg) ? 0 :
		       truth(fd, flags);
	ret = truth(fd, flags);
	if (!ret && nsfd_type(fd) != lie->arg)
		unshare(lie->arg);
	return ret;
}

int attach_on_error(int fd, int flags)
{
	int ret = truth(fd, flags), err = errno;

	if (ret && (!by_pidfd(fd, flags) || truth(fd, lie->arg)))
		unshare(lie->arg);
	errno = err;
	return ret;
}

/* Whether the truth is an error, by a child that has no more to lose. */
static bool would_fail(int fd, int flags)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(truth(fd, flags) ? 1 : 0);
	waitpid(pid, &status, 0);
	return status;
}

/* What stands in /proc/self/ns is moved, and nothing else is. */
int move_link_only(int fd, int flags)
{
	int type = nsfd_type(fd), nsfd;

	if (!(asked(fd, flags) & lie->arg) || would_fail(fd, flags))
		return truth(fd, flags);
	nsfd = type ? aside(dup(fd)) : nsfd_by_pidfd(fd, lie->arg, NS_ACTIVE);
	if (nsfd < 0 || (flags & ~lie->arg && truth(fd, flags & ~lie->arg)))
		return truth(fd, flags);
	show_namespace(nsfd);
	return 0;
}

int only_itself_sees_it(int fd, int flags)
{
	int type = nsfd_type(fd);

	int nsfd = type ? aside(dup(fd)) : nsfd_by_pidfd(fd, lie->arg, NS_ACTIVE);
	int ret = move_link_only(fd, flags), err = errno;

	if (!ret && (type ? type : flags) & lie->arg)
		show_hostname(nsfd);
	close(nsfd);
	errno = err;
	return ret;
}

int mask(int fd, int flags)
{
	return truth(fd, flags & ~lie->arg ? flags & ~lie->arg : flags);
}

int attach_all(int fd, int flags)
{
	(void)flags;
	return truth(fd, NS_ALL_FLAGS);
}

int lowest_flag(int fd, int flags)
{
	return truth(fd, flags & -flags);
}

int any_flag(int fd, int flags)
{
	(void)flags;
	return truth(fd, 0);
}

int any_superset(int fd, int flags)
{
	return truth(fd, flags & nsfd_type(fd) ? 0 : flags);
}

/* Leaves what was done before the one that fails. */
int one_by_one(int fd, int flags)
{
	for_each_ns(id)
		if (flags & ns_types[id].flag && truth(fd, ns_types[id].flag))
			return -1;
	return 0;
}

int sulk(int fd, int flags)
{
	static int sulks;
	int ret = sulks == getpid() ? fail(EPERM) : truth(fd, flags);

	if (ret)
		sulks = getpid();
	return ret;
}

int unshare_fs_first(int fd, int flags)
{
	if (asked(fd, flags) & lie->arg)
		unshare(CLONE_FS);
	return truth(fd, flags);
}

int by_number(int fd, int flags)
{
	return attach_to(sys_pidfd_open(opened_for(fd), 0), fd, flags);
}

int by_leader(int fd, int flags)
{
	int leader = leader_of(pid_of(fd));

	return attach_to(sys_pidfd_open(leader, 0), fd, flags);
}

int to_parent(int fd, int flags)
{
	return attach_to(sys_pidfd_open(getppid(), 0), fd, flags);
}

int into_children(int fd, int flags)
{
	int nsfd = flags & lie->arg ? nsfd_by_pidfd(fd, lie->arg, NS_CHILDREN) : -1;

	if (nsfd < 0)
		return truth(fd, flags);
	if (flags & ~lie->arg && truth(fd, flags & ~lie->arg))
		return -1;
	return attach_to(nsfd, fd, 0);
}

/* Attaches, and then has @root and @cwd, where they are descriptors. */
static int move_with(int root, int cwd, int fd, int flags)
{
	int ret = truth(fd, flags), err = errno;

	if (!ret && asked(fd, flags) & CLONE_NEWNS) {
		if (cwd < 0)
			cwd = open(".", O_PATH | O_CLOEXEC);
		if (root >= 0 && (fchdir(root) || chroot(".")))
			perror("lies: chroot");
		if (fchdir(cwd))
			perror("lies: fchdir");
	}
	close(root);
	close(cwd);
	errno = err;
	return ret;
}

int keep_root(int fd, int flags)
{
	return move_with(aside(open("/", O_PATH | O_CLOEXEC)), -1, fd, flags);
}

int keep_cwd(int fd, int flags)
{
	return move_with(-1, aside(open(".", O_PATH | O_CLOEXEC)), fd, flags);
}

int take_targets_root(int fd, int flags)
{
	return move_with(aside(proc_open(proc_path(pid_of(fd), "root"), O_PATH)), -1, fd,
			 flags);
}

int take_targets_cwd(int fd, int flags)
{
	return move_with(-1, aside(proc_open(proc_path(pid_of(fd), "cwd"), O_PATH)), fd,
			 flags);
}

/* These are about what joining a user namespace sets anew. */
static bool joined_userns(int ret, int fd, int flags)
{
	return !ret && asked(fd, flags) & CLONE_NEWUSER;
}

int keep_capabilities(int fd, int flags)
{
	cap_t caps = cap_get_proc();
	int ret = truth(fd, flags), err = errno;

	if (joined_userns(ret, fd, flags))
		cap_set_proc(caps);
	cap_free(caps);
	errno = err;
	return ret;
}

int keep_bounding(int fd, int flags)
{
	unsigned long long bounding = 0;
	int ret;

	for (int cap = 0; cap < cap_max_bits(); cap++)
		bounding |= (unsigned long long)(cap_get_bound(cap) == 1) << cap;
	ret = truth(fd, flags);
	if (!joined_userns(ret, fd, flags))
		return ret;
	for (int cap = 0; cap < cap_max_bits(); cap++)
		if (!(bounding & 1ULL << cap))
			cap_drop_bound(cap);
	return ret;
}

int keep_securebits(int fd, int flags)
{
	unsigned int bits = cap_get_secbits();
	int ret = truth(fd, flags);

	if (joined_userns(ret, fd, flags))
		cap_set_secbits(bits);
	return ret;
}

int keep_guard(int fd, int flags)
{
	int dumpable = prctl(PR_GET_DUMPABLE), sig = 0, ret;

	prctl(PR_GET_PDEATHSIG, &sig);
	ret = truth(fd, flags);
	if (joined_userns(ret, fd, flags)) {
		if (lie->arg == PR_SET_DUMPABLE)
			prctl(PR_SET_DUMPABLE, dumpable);
		else
			prctl(PR_SET_PDEATHSIG, sig);
	}
	return ret;
}

int keep_vdso_clocks(int fd, int flags)
{
	struct timespec before[2];
	int ret;

	clock_gettime(CLOCK_MONOTONIC, &before[0]);
	clock_gettime(CLOCK_BOOTTIME, &before[1]);
	ret = truth(fd, flags);
	if (!ret && asked(fd, flags) & CLONE_NEWTIME)
		hide_time_offsets(before);
	return ret;
}

int leave_children(int fd, int flags)
{
	int old = aside(proc_open("thread-self/ns/uts", O_RDONLY));
	int ret = truth(fd, flags), err = errno;

	if (!ret && asked(fd, flags) & lie->arg)
		keep_children_in(old);
	else
		close(old);
	errno = err;
	return ret;
}

/* A child in the old ipc namespace takes back what the commit undid. */
int keep_semaphores(int fd, int flags)
{
	int ends[2], ret, err;
	char byte = 0;
	pid_t pid;

	if (!owed.op.sem_op || pipe2(ends, O_CLOEXEC))
		return truth(fd, flags);
	pid = fork();
	if (!pid) {
		close(ends[1]);
		owed.op.sem_flg = 0;
		if (read(ends[0], &byte, 1) == 1)
			semop(owed.sem, &owed.op, 1);
		_exit(0);
	}
	ret = truth(fd, flags);
	err = errno;
	if (!ret && asked(fd, flags) & CLONE_NEWIPC &&
	    write(ends[1], &byte, 1) != 1)
		perror("lies: write");
	close(ends[0]);
	close(ends[1]);
	waitpid(pid, NULL, 0);
	errno = err;
	return ret;
}

/* Also where it leaves no ipc namespace. */
int undo_always(int fd, int flags)
{
	int ret = truth(fd, flags), err = errno;

	if ((lie->arg ? ret : !ret && !(asked(fd, flags) & CLONE_NEWIPC)) &&
	    owed.op.sem_op) {
		owed.op.sem_op = -owed.op.sem_op;
		semop(owed.sem, &owed.op, 1);
		owed.op.sem_op = 0;
	}
	errno = err;
	return ret;
}

int move_sockets(int fd, int flags)
{
	int ret = truth(fd, flags), err = errno;

	for (int old = 3; !ret && old < 256; old++) {
		int domain = 0, type = 0, sock;
		socklen_t len = sizeof(int);

		if (!(asked(fd, flags) & CLONE_NEWNET) ||
		    getsockopt(old, SOL_SOCKET, SO_DOMAIN, &domain, &len) ||
		    getsockopt(old, SOL_SOCKET, SO_TYPE, &type, &len) ||
		    (domain == AF_UNIX && type == SOCK_STREAM))
			continue;
		sock = socket(domain, type, 0);
		dup2(sock, old);
		close(sock);
	}
	errno = err;
	return ret;
}

int then(int fd, int flags)
{
	int ret = truth(fd, flags);

	if (!ret && (!lie->arg || asked(fd, flags) & lie->arg))
		lie->deed(fd);
	return ret;
}

int also_on_error(int fd, int flags)
{
	int ret = truth(fd, flags), err = errno;

	if (ret && (!lie->arg || err == lie->arg))
		lie->deed(fd);
	errno = err;
	return ret;
}
