// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "nsfd_source.h"
#include "proc.h"

/* Inode numbers since 3.8: enum init_ns_ino of linux/nsfs.h, which is newer */
#define USER_NS_INIT	0xeffffffdU
#define PID_NS_INIT	0xeffffffcU

static int fd_or_errno(int fd)
{
	return fd < 0 ? -errno : fd;
}

static int from_proc(const struct target *t, enum ns_id id)
{
	return nsfd_open(t->pid, id, NS_ACTIVE);
}

static int from_thread_proc(const struct target *t, enum ns_id id)
{
	return proc_open(proc_path(t->pid, "task/%d/ns/%s", t->pid,
				   ns_types[id].link[NS_ACTIVE]), O_RDONLY);
}

/*
 * The directory is a tmpfs over /proc, the one directory that every system has.
 * The working directory is the /proc below it.
 */
int nsfd_bind_mounts_setup(void)
{
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("setns", "/proc", "tmpfs", 0, "size=64k,mode=755"))
		return errno;
	return proc_chdir();
}

/* Paths from the working directory lead into the /proc below the tmpfs. */
static int from_bind_mount(const struct target *t, enum ns_id id)
{
	const char *name = ns_types[id].link[NS_ACTIVE];
	char from[64], to[64];
	int fd;

	snprintf(from, sizeof(from), "%d/ns/%s", t->pid, name);
	snprintf(to, sizeof(to), "/proc/%s", name);
	fd = open(to, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	close(fd);
	if (mount(from, to, NULL, MS_BIND, NULL))
		return -errno;
	fd = fd_or_errno(open(to, O_RDONLY | O_CLOEXEC));
	umount2(to, MNT_DETACH);
	unlink(to);
	return fd;
}

static int from_pidfd_ioctl(const struct target *t, enum ns_id id)
{
	return fd_or_errno(ioctl(t->pidfd, ns_types[id].get[NS_ACTIVE], 0));
}

/* The target's user namespace owns its other namespaces. */
static int from_owner_ioctl(const struct target *t, enum ns_id id)
{
	(void)id;
	return fd_or_errno(ioctl(t->nsfd[NS_MNT][NS_ACTIVE], NS_GET_USERNS));
}

static int from_parent_ioctl(const struct target *t, enum ns_id id)
{
	return fd_or_errno(ioctl(t->nsfd[id][NS_ACTIVE], NS_GET_PARENT));
}

static int from_file_handle(const struct target *t, enum ns_id id)
{
	struct {
		struct file_handle head;
		unsigned char space[MAX_HANDLE_SZ];
	} handle = { .head.handle_bytes = MAX_HANDLE_SZ };
	int nsfd = t->nsfd[id][NS_ACTIVE];
	int mount_id;

	if (name_to_handle_at(nsfd, "", &handle.head, &mount_id,
			      AT_EMPTY_PATH))
		return -errno;
	return fd_or_errno(open_by_handle_at(nsfd, &handle.head,
					     O_RDONLY | O_CLOEXEC));
}

const struct nsfd_source nsfd_sources[NR_NSFD_SOURCES] = {
	[FROM_PROC] = {
		.name = "nsfd from /proc/PID/ns",
		.types = NS_ALL,
		.open = from_proc,
	},
	[FROM_THREAD_PROC] = {
		.name = "nsfd from /proc/PID/task/TID/ns",
		.types = NS_ALL,
		.open = from_thread_proc,
	},
	[FROM_BIND_MOUNT] = {
		.name = "nsfd from a bind mount",
		.types = NS_ALL,
		.setup = nsfd_bind_mounts_setup,
		.open = from_bind_mount,
	},
	[FROM_PIDFD_IOCTL] = {
		.name = "nsfd from PIDFD_GET_*_NAMESPACE",
		.types = NS_ALL,
		.open = from_pidfd_ioctl,
		.missing = { { ENOTTY, "since Linux 6.11" } },
	},
	[FROM_OWNER_IOCTL] = {
		.name = "nsfd from NS_GET_USERNS",
		.types = NS_BIT(NS_USER),
		.open = from_owner_ioctl,
	},
	[FROM_PARENT_IOCTL] = {
		.name = "nsfd from NS_GET_PARENT",
		.types = NS_BIT(NS_USER) | NS_BIT(NS_PID),
		.open = from_parent_ioctl,
		.from_nested = true,
	},
	[FROM_FILE_HANDLE] = {
		.name = "nsfd from a file handle",
		.types = NS_ALL,
		.open = from_file_handle,
		.missing = {
			{ EOPNOTSUPP, "since Linux 6.18" },
			{ ENOSYS, "not built in (CONFIG_FHANDLE)" },
		},
		/*
		 * d2324a9317f0 ("nsfs: tighten permission checks for handle
		 * opening").  nsfs_fh_to_dentry() gives EPERM, for which
		 * do_handle_to_path() returns ESTALE.
		 */
		.refused = ESTALE,
	},
};

void nsfd_source_open(const struct nsfd_source *source, const struct target *t,
		      ns_set types, int fds[NR_NS_TYPES])
{
	for_each_ns_in(id, types)
		fds[id] = source->open(t, id);
}

bool nsfd_source_fails(const int fds[NR_NS_TYPES], ns_set types, int err)
{
	for_each_ns_in(id, types)
		if (fds[id] != -err)
			return false;
	return true;
}

const char *lacks_nsfd_source(const struct nsfd_source *source, ns_set types,
			      const int fds[NR_NS_TYPES])
{
	static char text[128];

	for (unsigned int i = 0; i < ARRAY_SIZE(source->missing); i++) {
		int err = source->missing[i].err;

		if (!err || !nsfd_source_fails(fds, types, err))
			continue;
		snprintf(text, sizeof(text), "%s: %s", source->name,
			 source->missing[i].reason);
		return text;
	}
	return NULL;
}

/* Whether the test is in the initial namespace, or this kernel has no other. */
static bool in_initial(enum ns_id id, ino_t initial)
{
	struct stat st;
	int err = ns_stat(id, &st);

	return err == ENOENT || (!err && st.st_ino == initial);
}

/* may_see_all_namespaces() in kernel/nscommon.c */
const char *lacks_initial_namespaces(void)
{
	return in_initial(NS_USER, USER_NS_INIT) &&
	       in_initial(NS_PID, PID_NS_INIT) ? NULL :
	       "needs root of the initial user and pid namespaces";
}
