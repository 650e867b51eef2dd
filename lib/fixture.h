/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The steps that fixtures have in common.  They fail or skip the test at the
 * line that uses them.
 */
#ifndef SETNS_FIXTURE_H
#define SETNS_FIXTURE_H

#include "harness.h"
#include "world.h"

/* @reason to skip, or NULL: what is lacking here. */
#define FIXTURE_LACKS(reason) do { \
	const char *__lacks = (reason); \
	\
	if (__lacks) \
		SKIP_TEST("%s", __lacks); \
} while (0)

/* Enters @world; @types becomes what a target can be fresh in. */
#define FIXTURE_WORLD(world, types) FIXTURE_LACKS(world_enter(world, types))
#define FIXTURE_OTHER_UID() FIXTURE_LACKS(world_lacks_other_uid())
#define FIXTURE_PIDFD_SETNS() FIXTURE_LACKS(world_lacks_pidfd_setns())

/* A step that makes namespaces: @err is 0 or its errno. */
#define FIXTURE_DO(step, err) \
	FIXTURE_STEP(step, err, world_lacks_namespaces)

/* One that writes to /proc/sys. */
#define FIXTURE_SYSCTL(sysctl, err) \
	FIXTURE_STEP(sysctl, err, world_lacks_sysctl)

#define FIXTURE_STEP(step, err, lacks) do { \
	int __err = (err); \
	\
	FIXTURE_LACKS(lacks(__err, step)); \
	ASSERT_EQ(0, __err) { \
		TH_LOG(" %s: %s", step, errno_name(__err)); \
	} \
} while (0)

/* Makes a target of a struct target_spec given as designated initialisers. */
#define FIXTURE_TARGET(target, ...) do { \
	struct target_spec __spec = { __VA_ARGS__ }; \
	const char *__step = NULL; \
	int __err = target_make(target, &__spec, &__step); \
	\
	FIXTURE_LACKS(world_lacks_namespaces(__err, __step)); \
	ASSERT_EQ(0, __err) { \
		TH_LOG(" no target: %s: %s", __step, errno_name(__err)); \
	} \
} while (0)

#define FIXTURE_ATTEMPT(a) do { \
	(a) = attempt_new(); \
	ASSERT_NE(NULL, a); \
} while (0)

#endif /* SETNS_FIXTURE_H */
