/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a test stands: with the privilege of root, or as root of a user
 * namespace of its own, which an ordinary user can be, too.
 */
#ifndef SETNS_WORLD_H
#define SETNS_WORLD_H

#include "caller.h"

enum world {
	WORLD_ROOT,
	WORLD_OWN_USERNS,
};

/*
 * Brings the test into @world.  @types becomes the types that a target can be
 * fresh in there.  Returns NULL, or the reason to skip.
 */
const char *world_enter(enum world world, ns_set *types);

/* Whether that is root in the initial user and pid namespace. */
bool world_sees_all(enum world world);

/* Whether setns(2) takes a pidfd: NULL, or the reason to skip. */
const char *world_lacks_pidfd_setns(void);

/*
 * Whether the test is root of the user namespace that owns its namespaces, as
 * WORLD_ROOT asks for: NULL, or the reason to skip.
 */
const char *world_lacks_root(void);

/* A uid and gid that is not the test's, for those who may take on another. */
#define WORLD_OTHER_UID 1

/* Whether root here may do so: NULL, or the reason to skip. */
const char *world_lacks_other_uid(void);

/*
 * The reason to skip where @err of @step means that namespaces are used up, or
 * @err of writing to @sysctl that /proc/sys is read-only or not there.  Else
 * NULL: then it is a failure.
 */
const char *world_lacks_namespaces(int err, const char *step);
const char *world_lacks_sysctl(int err, const char *sysctl);

/* Hooks for attempts: into a user namespace of the caller's own. */
int into_own_userns(struct attempt *a, void *arg);

/* Gives up every capability. */
int without_capabilities(struct attempt *a, void *arg);

/*
 * Lets the test's next children, its callers, be in a new pid namespace, whose
 * @init is to be killed in the end.  0 or an errno.
 */
int callers_into_new_pidns(pid_t *init);

#endif /* SETNS_WORLD_H */
