// SPDX-License-Identifier: GPL-2.0
/* When a lie is told, see lies.h. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "../../lib/proc.h"
#include "lies.h"

#define OWN_LINK(name)	"thread-self/ns/" name

static struct stat first_userns, first_utsns;

static void __attribute__((constructor)) look_around(void)
{
	proc_stat(OWN_LINK("user"), &first_userns);
	proc_stat(OWN_LINK("uts"), &first_utsns);
}

/* Whether a deed in it is one to the machine that this runs on. */
bool in_first_utsns(void)
{
	struct stat st;

	return proc_stat(OWN_LINK("uts"), &st) || st.st_ino == first_utsns.st_ino;
}

int aside(int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 200);

	close(fd);
	return high;
}

/* The number after @key in a file of a task, or -1. */
static int number_in(const char *key, pid_t tid, const char *file)
{
	char text[4096], *at;

	if (proc_read(proc_path(tid, "%s", file), text, sizeof(text)))
		return -1;
	at = strstr(text, key);
	return at ? atoi(at + strlen(key)) : -1;
}

static int number_of_fd(const char *key, int fd)
{
	char file[32];

	snprintf(file, sizeof(file), "fdinfo/%d", fd);
	return number_in(key, 0, file);
}

int pid_of(int fd)
{
	return number_of_fd("\nPid:", fd);
}

int leader_of(int pid)
{
	return number_in("\nTgid:", pid, "status");
}

bool has_capability(int cap)
{
	cap_flag_value_t on = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (caps)
		cap_get_flag(caps, cap, CAP_EFFECTIVE, &on);
	cap_free(caps);
	return on == CAP_SET;
}

int nsfd_type(int fd)
{
	int type = fd < 0 ? -1 : ioctl(fd, NS_GET_NSTYPE);

	/* Of other files it may mean something else. */
	return type > 0 && !(type & ~NS_ALL_FLAGS) ? type : 0;
}

static bool is_directory(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISDIR(st.st_mode);
}

/* A directory of /proc stands for a process as well. */
static bool stands_for_process(int fd)
{
	return fd >= 0 && (!sys_pidfd_send_signal(fd, 0) || errno != EBADF);
}

bool by_pidfd(int fd, int flags)
{
	(void)flags;
	return stands_for_process(fd) && !is_directory(fd) && !nsfd_type(fd);
}

bool by_nsfd(int fd, int flags)
{
	(void)flags;
	return nsfd_type(fd);
}

bool proc_directory(int fd, int flags)
{
	(void)flags;
	return stands_for_process(fd) && is_directory(fd);
}

bool self_sentinel(int fd, int flags)
{
	(void)flags;
	return fd == PIDFD_SELF_THREAD || fd == PIDFD_SELF_THREAD_GROUP;
}

bool nsfd_of_arg(int fd, int flags)
{
	(void)flags;
	return nsfd_type(fd) == lie->arg;
}

bool without_mnt(int fd, int flags)
{
	return !((nsfd_type(fd) ? nsfd_type(fd) : flags) & CLONE_NEWNS);
}

bool arg_alone(int fd, int flags)
{
	int type = nsfd_type(fd);

	return (type ? type : flags) == lie->arg;
}

static int types_by_pidfd(int fd, int flags)
{
	return flags & ~NS_ALL_FLAGS || !by_pidfd(fd, flags) ? 0 :
	       __builtin_popcount(flags);
}

bool two_types(int fd, int flags)
{
	return types_by_pidfd(fd, flags) >= 2;
}

bool three_types(int fd, int flags)
{
	return types_by_pidfd(fd, flags) >= 3;
}

bool one_odd_set(int fd, int flags)
{
	return flags == (CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWTIME) &&
	       by_pidfd(fd, flags);
}

bool all_types(int fd, int flags)
{
	return types_by_pidfd(fd, flags) == __builtin_popcount(NS_ALL_FLAGS);
}

bool pidfd_zero(int fd, int flags)
{
	return !flags && by_pidfd(fd, flags);
}

bool nsfd_zero(int fd, int flags)
{
	return !flags && by_nsfd(fd, flags);
}

bool closed_with_invalid_flags(int fd, int flags)
{
	return flags & ~NS_ALL_FLAGS && fcntl(fd, F_GETFD) < 0;
}

bool dead_with_invalid_flags(int fd, int flags)
{
	/* Zombies, too, which take signals. */
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return (!flags || flags & ~NS_ALL_FLAGS) && by_pidfd(fd, flags) &&
	       poll(&p, 1, 0) > 0;
}

/* Children inherit the count of their parents. */
bool second_call(int fd, int flags)
{
	static int caller, calls;
	int tid = syscall(SYS_gettid);

	(void)fd;
	(void)flags;
	calls = caller == tid ? calls + 1 : 1;
	caller = tid;
	return calls == 2;
}

bool without_privilege(int fd, int flags)
{
	(void)fd;
	(void)flags;
	return !has_capability(CAP_SYS_ADMIN);
}

bool lacks_arg(int fd, int flags)
{
	(void)fd;
	(void)flags;
	return !has_capability(lie->arg);
}

bool nsfd_lacks_arg(int fd, int flags)
{
	return by_nsfd(fd, flags) && lacks_arg(fd, flags);
}

bool mnt_lacks_chroot(int fd, int flags)
{
	int types = nsfd_type(fd) ? nsfd_type(fd) : flags;

	return types & CLONE_NEWNS && has_capability(CAP_SYS_ADMIN) &&
	       !has_capability(CAP_SYS_CHROOT);
}

bool lacks_admin_for_more_than_user(int fd, int flags)
{
	return flags & CLONE_NEWUSER && two_types(fd, flags) &&
	       !has_capability(CAP_SYS_ADMIN);
}

bool ids_differ(int fd, int flags)
{
	return getuid() != geteuid() && by_pidfd(fd, flags);
}

bool in_another_userns(int fd, int flags)
{
	struct stat st;

	(void)fd;
	(void)flags;
	return !proc_stat(OWN_LINK("user"), &st) &&
	       st.st_ino != first_userns.st_ino;
}

bool of_itself(int fd, int flags)
{
	return by_pidfd(fd, flags) && pid_of(fd) == leader_of(0);
}

bool of_kernel_thread(int fd, int flags)
{
	return by_pidfd(fd, flags) && pid_of(fd) == 2;
}

/* All but a bind mount of it is on the one mount of nsfs. */
bool nsfd_from_elsewhere(int fd, int flags)
{
	int own = aside(proc_open(OWN_LINK("mnt"), O_RDONLY));
	int usual = number_of_fd("\nmnt_id:", own);

	close(own);
	return by_nsfd(fd, flags) &&
	       number_of_fd("\nmnt_id:", fd) != usual;
}

/* Whether a task, 0 for the caller, is in a namespace of that type. */
static bool is_in(pid_t tid, int type, const struct stat *ns)
{
	struct stat st;

	for_each_ns(id)
		if (ns_types[id].flag == type)
			return !proc_stat(proc_path(tid, "ns/%s",
						    ns_types[id].name),
					  &st) &&
			       st.st_ino == ns->st_ino;
	return false;
}

bool same_namespace(int fd, int flags)
{
	struct stat ns;

	return arg_alone(fd, flags) && nsfd_type(fd) && !fstat(fd, &ns) &&
	       is_in(0, nsfd_type(fd), &ns);
}

bool nsfd_without_process(int fd, int flags)
{
	int type = nsfd_type(fd);
	struct dirent *entry;
	bool found = false;
	struct stat ns;
	DIR *proc;

	(void)flags;
	if (!type || fstat(fd, &ns))
		return false;
	proc = fdopendir(aside(proc_open(".", O_RDONLY | O_DIRECTORY)));
	if (!proc)
		return false;
	while (!found && (entry = readdir(proc)))
		found = atoi(entry->d_name) > 0 &&
			is_in(atoi(entry->d_name), type, &ns);
	closedir(proc);
	return !found;
}

bool no_new_privs(int fd, int flags)
{
	(void)fd;
	(void)flags;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

bool not_dumpable(int fd, int flags)
{
	(void)fd;
	(void)flags;
	return prctl(PR_GET_DUMPABLE) != 1;
}

bool no_leader(int fd, int flags)
{
	(void)fd;
	(void)flags;
	return syscall(SYS_gettid) != getpid();
}

bool descriptor_zero(int fd, int flags)
{
	(void)flags;
	return !fd;
}

bool nonblocking(int fd, int flags)
{
	int file_flags = fcntl(fd, F_GETFL);

	(void)flags;
	return file_flags > 0 && file_flags & O_NONBLOCK;
}

bool invalid_and_unprivileged(int fd, int flags)
{
	return flags & ~NS_ALL_FLAGS && by_pidfd(fd, flags) &&
	       !has_capability(CAP_SYS_ADMIN);
}

bool mismatch_and_unprivileged(int fd, int flags)
{
	return flags && nsfd_type(fd) && nsfd_type(fd) != flags &&
	       !has_capability(CAP_SYS_ADMIN);
}

/* Of type @arg, and neither the caller's own nor a child of that. */
bool grandchild(int fd, int flags)
{
	struct stat ns, parent;
	int parent_fd, err;

	if (nsfd_type(fd) != lie->arg || (flags && flags != lie->arg) ||
	    fstat(fd, &ns) || is_in(0, lie->arg, &ns))
		return false;
	parent_fd = ioctl(fd, NS_GET_PARENT);
	err = fstat(parent_fd, &parent);
	close(parent_fd);
	return !err && !is_in(0, lie->arg, &parent);
}

/* NS_GET_PARENT refuses a user namespace that is not below the caller's. */
bool userns_not_below(int fd, int flags)
{
	struct stat ns;
	int parent;

	(void)flags;
	if (nsfd_type(fd) != CLONE_NEWUSER || fstat(fd, &ns) ||
	    is_in(0, CLONE_NEWUSER, &ns))
		return false;
	parent = ioctl(fd, NS_GET_PARENT);
	if (parent >= 0)
		close(parent);
	return parent < 0 && errno == EPERM;
}
