/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The privilege that a test runs with, the reasons to skip it, and the changes
 * of privilege that tests and callers make.
 */
#ifndef SETNS_PRIVILEGE_H
#define SETNS_PRIVILEGE_H

#include <sys/capability.h>
#include <sys/types.h>

#include "namespaces.h"

enum privilege {
	AS_ROOT,	/* root of the user namespace that owns all others */
	AS_USERNS_ROOT,	/* root of a new user namespace, as any user can be */
};

/* The best privilege that the test can have. */
enum privilege privilege_available(void);

/*
 * Gives the test @privilege and moves it to the root of its mount tree, out of
 * a chroot(2).  *@types becomes the set of types that can be created.
 *
 * Returns the reason to skip, or NULL.  Then *@err is 0, or an errno with which
 * the test fails.
 */
const char *privilege_enter(enum privilege privilege, ns_set *types, int *err);

/*
 * Why the test is not root of the user namespace that owns its namespaces, with
 * all capabilities that tests use; NULL if it is.
 */
const char *lacks_root(void);

/* Whether the initial pid namespace is visible: kthreadd is pid 2. */
bool sees_initial_pidns(void);

/* Why setns(2) takes no pidfd here; NULL if it does. */
const char *lacks_pidfd_setns(void);

/* A uid and gid other than the test's, which root can change to. */
#define OTHER_UID 1

/* Why a process cannot change to OTHER_UID; NULL if it can. */
const char *lacks_other_uid(void);

/*
 * The reason to skip if @err of @step means that no more namespaces or processes
 * can be created; NULL for any other @err.
 */
const char *lacks_namespaces(int err, const char *step);

/* The reason to skip if @err of writing @sysctl means that it is read-only. */
const char *lacks_sysctl(int err, const char *sysctl);

/*
 * Moves the calling process into a new user namespace, as its root: the current
 * uid and gid are mapped to 0.  Returns 0 or an errno.
 */
int userns_create(void);

/* The errno of userns_create() in this test program, 0 if it works. */
int userns_probe(void);

/* Drops one capability of the calling thread for good.  Returns 0 or an errno. */
int capability_drop(cap_value_t cap);

/* Drops every capability of the calling thread.  Returns 0 or an errno. */
int capabilities_drop_all(void);

/* "CAP_SYS_ADMIN".  The text is in a static buffer. */
const char *capability_name(cap_value_t cap);

/*
 * Puts the children that the test forks from now on into a new pid namespace.
 * Kill *@init when it is no longer needed.  Returns 0 or an errno.
 */
int children_into_new_pidns(pid_t *init);

#endif /* SETNS_PRIVILEGE_H */
