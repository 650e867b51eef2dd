// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "nsfd_source.h"
#include "proc.h"

static int fd_or_errno(int fd)
{
	return fd < 0 ? -errno : fd;
}

static int by_proc(const struct target *t, const struct target *nested,
		   enum ns_id id)
{
	(void)nested;
	return nsfd_open(t->pid, id, NS_ACTIVE);
}

static int by_thread_proc(const struct target *t, const struct target *nested,
			  enum ns_id id)
{
	(void)nested;
	return proc_open(t->pid, O_RDONLY, "task/%d/ns/%s", t->pid,
			 ns_types[id].link[NS_ACTIVE]);
}

/*
 * The working directory is in /proc, and what is seen at /proc is a tmpfs: it
 * is the one directory that is there for sure.
 */
int nsfd_bind_mounts_prepare(void)
{
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("setns", "/proc", "tmpfs", 0, "size=64k,mode=755"))
		return errno;
	return proc_chdir();
}

/* Such a mount keeps its namespace without any process (namespaces(7)). */
static int by_bind_mount(const struct target *t, const struct target *nested,
			 enum ns_id id)
{
	const char *name = ns_types[id].link[NS_ACTIVE];
	char from[64], to[64];
	int fd;

	(void)nested;
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

static int by_pidfd_ioctl(const struct target *t, const struct target *nested,
			  enum ns_id id)
{
	(void)nested;
	return fd_or_errno(ioctl(t->pidfd, ns_types[id].get[NS_ACTIVE], 0));
}

/* The owner of the target's other namespaces is its user namespace. */
static int by_owner_ioctl(const struct target *t, const struct target *nested,
			  enum ns_id id)
{
	(void)nested;
	(void)id;
	return fd_or_errno(ioctl(t->nsfd[NS_MNT][NS_ACTIVE], NS_GET_USERNS));
}

static int by_parent_ioctl(const struct target *t, const struct target *nested,
			   enum ns_id id)
{
	(void)t;
	return fd_or_errno(ioctl(nested->nsfd[id][NS_ACTIVE], NS_GET_PARENT));
}

static int by_file_handle(const struct target *t, const struct target *nested,
			  enum ns_id id)
{
	struct {
		struct file_handle head;
		unsigned char space[MAX_HANDLE_SZ];
	} handle = { .head.handle_bytes = MAX_HANDLE_SZ };
	int nsfd = t->nsfd[id][NS_ACTIVE];
	int mount_id;

	(void)nested;
	if (name_to_handle_at(nsfd, "", &handle.head, &mount_id,
			      AT_EMPTY_PATH))
		return -errno;
	return fd_or_errno(open_by_handle_at(nsfd, &handle.head,
					     O_RDONLY | O_CLOEXEC));
}

const struct nsfd_source nsfd_sources[NR_NSFD_SOURCES] = {
	[BY_PROC] = { "nsfd by /proc/PID/ns", NS_ALL, 3, 8, by_proc },
	[BY_THREAD_PROC] = {
		"nsfd by /proc/PID/task/TID/ns", NS_ALL, 3, 8, by_thread_proc
	},
	[BY_BIND_MOUNT] = { "nsfd by bind mount", NS_ALL, 3, 8, by_bind_mount },
	[BY_PIDFD_IOCTL] = {
		"nsfd by PIDFD_GET_*_NAMESPACE", NS_ALL, 6, 11, by_pidfd_ioctl
	},
	[BY_OWNER_IOCTL] = {
		"nsfd by NS_GET_USERNS", NS_BIT(NS_USER), 4, 9, by_owner_ioctl
	},
	[BY_PARENT_IOCTL] = {
		"nsfd by NS_GET_PARENT", NS_BIT(NS_USER) | NS_BIT(NS_PID),
		4, 9, by_parent_ioctl
	},
	[BY_FILE_HANDLE] = {
		"nsfd by file handle", NS_ALL, 6, 18, by_file_handle
	},
};
