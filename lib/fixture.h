/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Steps of setting up a test.  Each skips or fails the test at the line that
 * uses it.  This file includes what most test programs need.
 */
#ifndef SETNS_FIXTURE_H
#define SETNS_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#include "check.h"
#include "child.h"
#include "harness.h"
#include "privilege.h"

/* Skips the test for @reason, unless it is NULL. */
#define SKIP_IF_LACKING(reason) do { \
	const char *__reason = (reason); \
	\
	if (__reason) \
		SKIP_TEST("%s", __reason); \
} while (0)

/* Skips the test if there is no namespace type @id among @types. */
#define SKIP_WITHOUT_TYPE(types, id) do { \
	if (!((types) & NS_BIT(id))) \
		SKIP_TEST("no %s namespaces can be created here", \
			  ns_types[id].name); \
} while (0)

#define SKIP_WITHOUT_PIDFD_SETNS() SKIP_IF_LACKING(lacks_pidfd_setns())
#define SKIP_WITHOUT_OTHER_UID() SKIP_IF_LACKING(lacks_other_uid())

/*
 * Fails the test if @step returned an errno, or skips it if @lacks() returns a
 * reason to skip for that errno and @step.
 */
#define SETUP_STEP(step, err, lacks) do { \
	int __err = (err); \
	\
	SKIP_IF_LACKING(lacks(__err, step)); \
	ASSERT_EQ(0, __err) { \
		TH_LOG(" %s: %s", step, errno_name(__err)); \
	} \
} while (0)

/* SETUP_STEP() for a step that creates namespaces or processes. */
#define SETUP_NAMESPACES(step, err) SETUP_STEP(step, err, lacks_namespaces)

/* SETUP_STEP() for a step that writes to /proc/sys. */
#define SETUP_SYSCTL(sysctl, err) SETUP_STEP(sysctl, err, lacks_sysctl)

/* Gives the test @privilege.  *@types becomes the types that can be created. */
#define SETUP_PRIVILEGE(privilege, types) do { \
	int __enter_err; \
	\
	SKIP_IF_LACKING(privilege_enter(privilege, types, &__enter_err)); \
	SKIP_IF_LACKING(lacks_namespaces(__enter_err, \
					 "unshare(CLONE_NEWUSER)")); \
	ASSERT_EQ(0, __enter_err) { \
		TH_LOG(" creating a user namespace: %s", \
		       errno_name(__enter_err)); \
	} \
} while (0)

/* Creates a target.  Further arguments initialise its struct target_spec. */
#define SETUP_TARGET(target, ...) do { \
	struct target_spec __spec = { __VA_ARGS__ }; \
	const char *__step = NULL; \
	int __create_err = target_create(target, &__spec, &__step); \
	\
	SKIP_IF_LACKING(lacks_namespaces(__create_err, __step)); \
	ASSERT_EQ(0, __create_err) { \
		TH_LOG(" creating a target: %s: %s", __step, \
		       errno_name(__create_err)); \
	} \
} while (0)

#define SETUP_CALLER(c) do { \
	(c) = caller_alloc(); \
	ASSERT_NE(NULL, c); \
} while (0)

/* Allocates memory in which hooks of a caller leave results for the test. */
#define SETUP_SHARED(memory) do { \
	(memory) = shared_alloc(sizeof(*(memory))); \
	ASSERT_NE(NULL, memory); \
} while (0)

#endif /* SETNS_FIXTURE_H */
