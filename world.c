// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "errno_name.h"
#include "known_bugs.h"
#include "proc.h"
#include "world.h"

static int try_userns(void *arg)
{
	int err = target_own_userns();

	(void)arg;
	/* A security module may let it be made, but be of no use. */
	if (!err && unshare(CLONE_NEWUTS))
		err = errno;
	return err;
}

static bool privileged(void)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t on = CAP_CLEAR;

	if (caps)
		cap_get_flag(caps, CAP_SYS_ADMIN, CAP_EFFECTIVE, &on);
	cap_free(caps);
	return on == CAP_SET && !geteuid();
}

const char *world_enter(enum world world, ns_set *types)
{
	static char why[128];
	ns_set supported = ns_supported();
	int err = ENOSYS;

	if (!supported)
		return "no namespaces under /proc/self/ns";
	if (supported & NS_BIT(NS_USER))
		err = in_child(try_userns, NULL);
	snprintf(why, sizeof(why),
		 "no user namespace can be made here: %s", errno_name(err));
	*types = err ? supported & ~NS_BIT(NS_USER) : supported;
	if (world == WORLD_ROOT)
		return privileged() ? NULL : "needs root";
	if (!err)
		err = target_own_userns();
	return err ? why : NULL;
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
	static char why[128];

	if (err != ENOSPC && err != EUSERS)
		return NULL;
	snprintf(why, sizeof(why),
		 "no more namespaces here (user.max_*_namespaces): %s: %s",
		 step, errno_name(err));
	return why;
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
	if (unshare(CLONE_NEWPID))
		return errno;
	*init = fork();
	if (!*init)
		for (;;)
			pause();
	return *init < 0 ? errno : 0;
}
