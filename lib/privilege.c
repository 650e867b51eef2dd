// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "errno_name.h"
#include "known_bugs.h"
#include "proc.h"
#include "world.h"

/* A reason to skip, in words; the next one takes its place. */
static const char *__printf(1, 2) reason(const char *fmt, ...)
{
	static char text[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return text;
}

static int try_userns(void *arg)
{
	int err = target_own_userns();

	(void)arg;
	/*
	 * A security module may let it be made, but be of no use.  Mounts are
	 * what no kernel is without.
	 */
	if (!err && unshare(CLONE_NEWNS))
		err = errno;
	return err;
}

/* What root's tests use, of which a container may keep some back. */
static const cap_value_t needed[] = {
	CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_SYS_TIME,
	CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_NET_RAW,
};

/* Whether the caller's own namespace is of its user namespace. */
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

static int try_other_uid(void *arg)
{
	const gid_t group = WORLD_OTHER_UID;

	(void)arg;
	if (setgroups(1, &group) ||
	    setresgid(WORLD_OTHER_UID, WORLD_OTHER_UID, WORLD_OTHER_UID) ||
	    setresuid(WORLD_OTHER_UID, WORLD_OTHER_UID, WORLD_OTHER_UID))
		return errno;
	return 0;
}

const char *world_lacks_other_uid(void)
{
	return in_child(try_other_uid, NULL) ?
	       "there is no other uid in this user namespace" : NULL;
}

static const char *lacks_capability(void)
{
	const char *lacks = NULL;
	cap_t caps = cap_get_proc();

	for (unsigned int i = 0; i < ARRAY_SIZE(needed) && !lacks; i++) {
		cap_flag_value_t on = CAP_CLEAR;
		char *name;

		cap_get_flag(caps, needed[i], CAP_EFFECTIVE, &on);
		if (on == CAP_SET)
			continue;
		name = cap_to_name(needed[i]);
		lacks = reason("needs root with %s", name);
		cap_free(name);
	}
	cap_free(caps);
	return lacks;
}

const char *world_lacks_root(void)
{
	const char *lacks = geteuid() ? "needs root" : lacks_capability();
	struct stat own;

	/* Without user namespaces there is but one owner. */
	if (lacks || proc_stat(0, &own, "ns/%s", ns_types[NS_USER].name))
		return lacks;
	for_each_ns_in(id, ns_supported() & ~NS_BIT(NS_USER))
		if (!owns(id, &own))
			return "needs root of the user namespace that owns the others";
	return NULL;
}

/* EINVAL in a chroot whose root is no mount point. */
static int try_private_mounts(void *arg)
{
	(void)arg;
	return unshare(CLONE_NEWNS) ||
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ? errno : 0;
}

const char *world_enter(enum world world, ns_set *types)
{
	ns_set supported = ns_supported();
	int err = ENOSYS;

	if (!supported)
		return "no namespaces under /proc/self/ns";
	if (proc_own_pid() != getpid())
		return "the /proc here is of another pid namespace";
	if (getuid() != geteuid() || getgid() != getegid())
		return "real and effective ids differ";
	if (supported & NS_BIT(NS_USER))
		err = in_child(try_userns, NULL);
	/* Nor can a user namespace be made there: user_namespaces(7). */
	if (err == EPERM && in_child(try_private_mounts, NULL) == EINVAL)
		return "in a chroot whose root is no mount point";
	*types = err ? supported & ~NS_BIT(NS_USER) : supported;
	if (world == WORLD_ROOT)
		return world_lacks_root();
	if (!err)
		err = target_own_userns();
	return err ? reason("no user namespace can be made here: %s",
			    errno_name(err)) : NULL;
}

bool world_sees_all(enum world world)
{
	char comm[32];

	/* kthreadd is 2 where the first process is 1: not in a container. */
	return world == WORLD_ROOT &&
	       !proc_read(2, comm, sizeof(comm), "comm") &&
	       !strcmp(comm, "kthreadd\n");
}

const char *world_lacks_pidfd_setns(void)
{
	return kernel_before(5, 8) ?
	       "setns(2) takes a pidfd since Linux 5.8" : NULL;
}

const char *world_lacks_namespaces(int err, const char *step)
{
	/* EAGAIN: too many processes of this user (RLIMIT_NPROC) */
	return err == ENOSPC || err == EAGAIN ?
	       reason("namespaces are limited here: %s: %s", step,
		      errno_name(err)) : NULL;
}

const char *world_lacks_sysctl(int err, const char *sysctl)
{
	return err == EROFS || err == ENOENT ?
	       reason("%s cannot be written: %s (CONFIG_SYSCTL)", sysctl,
		      errno_name(err)) : NULL;
}

int into_own_userns(struct attempt *a, void *arg)
{
	(void)a;
	(void)arg;
	return target_own_userns();
}

int without_capabilities(struct attempt *a, void *arg)
{
	cap_t none = cap_init();
	int err = cap_set_proc(none) ? errno : 0;

	(void)a;
	(void)arg;
	cap_free(none);
	return err;
}

int callers_into_new_pidns(pid_t *init)
{
	int ends[2];
	char byte;

	if (unshare(CLONE_NEWPID) || pipe2(ends, O_CLOEXEC))
		return errno;
	*init = fork();
	if (!*init) {
		/*
		 * Where the test died before it could ask to die with it, from
		 * in here it could not tell: but for the end of this.
		 */
		close(ends[1]);
		while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	close(ends[0]);
	return *init < 0 ? errno : 0;
}
