// SPDX-License-Identifier: GPL-2.0
/*
 * setns(pidfd, T) equals setns(nsfd, T): for every type T, in every situation
 * that a caller can be in, both give the same errno and the same state, and
 * they are the right ones.  Where the two are meant to differ, for who may
 * see the target and whether it is alive, is in pidfd_target_test.c and
 * setns_access_test.c.
 */
#define _GNU_SOURCE
#include <sys/wait.h>

#include "fixture.h"

/* What an attempt is made with. */
struct way {
	ns_set types;
	enum ns_id id;
	bool by_pidfd;
};

enum whom {
	FRESH_TARGET,		/* in fresh namespaces of every type */
	FRESH_BUT_USER,		/* in the user namespace of the test */
	TARGET_IS_CALLER,
	CALLERS_ANCESTOR,	/* the process that the caller is a child of */
	KERNEL_THREAD,
	/* A target with fresh namespaces of all types but user, ... */
	PIDNS_ANCESTOR,		/* the caller in a pid namespace below its */
	PIDNS_SIBLING,		/* the caller in another below the same */
	PIDNS_NEPHEW,		/* it is below one that is beside the caller's */
	PIDNS_OWN,		/* the caller in the same */
	PIDNS_DESCENDANT,	/* the caller in one above its */
};

FIXTURE(situation) {
	struct target target, outer;
	struct attempt *a, *b;
	ns_set types;
	pid_t init;	/* of a pid namespace for the callers, or 0 */
};

FIXTURE_VARIANT(situation) {
	enum world world;
	enum whom whom;
	enum caller_peer peer;
	bool in_thread;
	int (*prepare)(struct attempt *a, void *arg);
	int denied[NR_NS_TYPES];	/* errno by type, 0 for success */
};

#define ALL_TYPES	0 ... NR_NS_TYPES - 1
#define ALL_BUT_USER	NS_USER + 1 ... NR_NS_TYPES - 1

FIXTURE_VARIANT_ADD(situation, privileged) {
	.world = WORLD_ROOT,
};

FIXTURE_VARIANT_ADD(situation, root_of_own_userns) {
	.world = WORLD_OWN_USERNS,
};

/*
 * The owner of a user namespace has every capability in it, without having
 * any (user_namespaces(7)): it is let in, but to be let into the others it
 * lacks CAP_SYS_ADMIN in its own.
 */
FIXTURE_VARIANT_ADD(situation, without_capabilities) {
	.world = WORLD_ROOT,
	.prepare = without_capabilities,
	.denied = { [ALL_BUT_USER] = EPERM },
};

FIXTURE_VARIANT_ADD(situation, without_capabilities_in_own_userns) {
	.world = WORLD_OWN_USERNS,
	.prepare = without_capabilities,
	.denied = { [ALL_BUT_USER] = EPERM },
};

/* Threads share their fs_struct, too, ... */
FIXTURE_VARIANT_ADD(situation, other_threads) {
	.world = WORLD_ROOT,
	.peer = PEER_THREAD,
	.denied = {
		[NS_USER] = EINVAL, [NS_MNT] = EINVAL, [NS_TIME] = EUSERS,
	},
};

/* ... unless they unshare it. */
FIXTURE_VARIANT_ADD(situation, other_threads_with_own_fs) {
	.world = WORLD_ROOT,
	.peer = PEER_THREAD_OWN_FS,
	.denied = { [NS_USER] = EINVAL, [NS_TIME] = EUSERS },
};

FIXTURE_VARIANT_ADD(situation, caller_is_not_the_leader) {
	.world = WORLD_ROOT,
	.in_thread = true,
	.denied = {
		[NS_USER] = EINVAL, [NS_MNT] = EINVAL, [NS_TIME] = EUSERS,
	},
};

FIXTURE_VARIANT_ADD(situation, other_threads_in_own_userns) {
	.world = WORLD_OWN_USERNS,
	.peer = PEER_THREAD_OWN_FS,
	.denied = { [NS_USER] = EINVAL, [NS_TIME] = EUSERS },
};

FIXTURE_VARIANT_ADD(situation, shared_fs) {
	.world = WORLD_ROOT,
	.peer = PEER_SHARING_FS,
	.denied = { [NS_USER] = EINVAL, [NS_MNT] = EINVAL },
};

FIXTURE_VARIANT_ADD(situation, shared_memory) {
	.world = WORLD_ROOT,
	.peer = PEER_SHARING_VM,
	.denied = { [NS_TIME] = EUSERS },
};

FIXTURE_VARIANT_ADD(situation, target_in_sibling_userns) {
	.world = WORLD_ROOT,
	.prepare = into_own_userns,
	.denied = { [ALL_TYPES] = EPERM },
};

FIXTURE_VARIANT_ADD(situation, target_in_sibling_userns_of_own_userns) {
	.world = WORLD_OWN_USERNS,
	.prepare = into_own_userns,
	.denied = { [ALL_TYPES] = EPERM },
};

FIXTURE_VARIANT_ADD(situation, target_in_ancestor_userns) {
	.world = WORLD_ROOT,
	.whom = FRESH_BUT_USER,
	.prepare = into_own_userns,
	.denied = { [ALL_TYPES] = EPERM },
};

FIXTURE_VARIANT_ADD(situation, target_is_caller) {
	.world = WORLD_ROOT,
	.whom = TARGET_IS_CALLER,
	.denied = { [NS_USER] = EINVAL },
};

FIXTURE_VARIANT_ADD(situation, target_is_ancestor) {
	.world = WORLD_ROOT,
	.whom = CALLERS_ANCESTOR,
	.denied = { [NS_USER] = EINVAL },
};

FIXTURE_VARIANT_ADD(situation, target_is_kernel_thread) {
	.world = WORLD_ROOT,
	.whom = KERNEL_THREAD,
	.denied = { [NS_USER] = EINVAL },
};

FIXTURE_VARIANT_ADD(situation, target_in_ancestor_pidns) {
	.world = WORLD_ROOT,
	.whom = PIDNS_ANCESTOR,
	.denied = { [NS_USER] = EINVAL, [NS_PID] = EINVAL },
};

FIXTURE_VARIANT_ADD(situation, target_in_sibling_pidns) {
	.world = WORLD_ROOT,
	.whom = PIDNS_SIBLING,
	.denied = { [NS_USER] = EINVAL, [NS_PID] = EINVAL },
};

/* Deeper than the caller's, and no descendant of it. */
FIXTURE_VARIANT_ADD(situation, target_below_a_sibling_pidns) {
	.world = WORLD_ROOT,
	.whom = PIDNS_NEPHEW,
	.denied = { [NS_USER] = EINVAL, [NS_PID] = EINVAL },
};

FIXTURE_VARIANT_ADD(situation, target_in_own_pidns) {
	.world = WORLD_ROOT,
	.whom = PIDNS_OWN,
	.denied = { [NS_USER] = EINVAL },
};

FIXTURE_VARIANT_ADD(situation, target_in_descendant_pidns) {
	.world = WORLD_ROOT,
	.whom = PIDNS_DESCENDANT,
	.denied = { [NS_USER] = EINVAL },
};

/* Adopts who is in all of the namespaces that the test itself is in. */
static const char *adopt(struct target *t, pid_t pid)
{
	struct state own;

	if (target_adopt(t, pid, 0))
		return "its namespaces may not be opened";
	if (state_take(&own))
		return "the own state cannot be taken";
	if (memcmp(own.ns, t->state->ns, sizeof(own.ns)))
		return "the test itself is not in the same namespaces";
	/* So that an attach leads to where the test is. */
	*t->state = own;
	return NULL;
}

static const char *adopt_kernel_thread(struct target *t)
{
	if (!world_sees_all(WORLD_ROOT))
		return "no kernel thread is to be seen from here";
	return adopt(t, 2);
}

/* A caller with as little in common with the test as can be. */
static int far_from_test(struct attempt *a, void *arg)
{
	const struct way *way = arg;

	(void)a;
	return unshare(ns_flags(way->types & ~NS_BIT(NS_USER))) ? errno : 0;
}

/*
 * A caller that attaches to itself.  Its children were to be born in other
 * namespaces than its own, which the attach undoes.
 */
static int to_itself(struct attempt *a, void *arg)
{
	const struct way *way = arg;
	struct call *c = &a->calls[0];

	if (unshare(ns_flags(way->types & (NS_BIT(NS_PID) |
					   NS_BIT(NS_TIME)))))
		return errno;
	c->fd = way->by_pidfd ? sys_pidfd_open(getpid(), 0) :
				nsfd_open(0, way->id, NS_ACTIVE);
	return c->fd < 0 ? errno : 0;
}

FIXTURE_SETUP(situation)
{
	ns_set fresh;

	FIXTURE_PIDFD_SETNS();
	FIXTURE_WORLD(variant->world, &self->types);
	FIXTURE_ATTEMPT(self->a);
	FIXTURE_ATTEMPT(self->b);
	fresh = self->types;
	if (variant->whom >= PIDNS_ANCESTOR || variant->whom == FRESH_BUT_USER)
		fresh &= ~NS_BIT(NS_USER);
	if (variant->whom == PIDNS_ANCESTOR || variant->whom == PIDNS_OWN)
		fresh &= ~NS_BIT(NS_PID);
	if (variant->whom >= PIDNS_ANCESTOR &&
	    !(self->types & NS_BIT(NS_PID)))
		SKIP_TEST("this kernel has no pid namespaces");
	if (variant->prepare == into_own_userns &&
	    !(self->types & NS_BIT(NS_USER)))
		SKIP_TEST("no user namespace can be made here");
	if (variant->whom >= PIDNS_OWN)
		FIXTURE_DO("a pid namespace",
			   callers_into_new_pidns(&self->init));
	if (variant->whom == KERNEL_THREAD) {
		const char *why = adopt_kernel_thread(&self->target);

		if (why)
			SKIP_TEST("%s", why);
	} else if (variant->whom == CALLERS_ANCESTOR) {
		ASSERT_EQ(NULL, adopt(&self->target, getpid()));
	} else if (variant->whom == PIDNS_NEPHEW) {
		FIXTURE_TARGET(&self->outer, .number = 2, .fresh = fresh);
		FIXTURE_TARGET(&self->target, .number = 1, .fresh = fresh,
			       .inside = &self->outer, .inside_set = fresh);
	} else {
		FIXTURE_TARGET(&self->target, .number = 1, .fresh = fresh);
	}
	if (variant->whom >= PIDNS_ANCESTOR && variant->whom < PIDNS_OWN)
		FIXTURE_DO("a pid namespace",
			   callers_into_new_pidns(&self->init));
}

FIXTURE_TEARDOWN(situation)
{
	target_destroy(&self->target);
	target_destroy(&self->outer);
	if (self->init > 0)
		kill(self->init, SIGKILL);
}

/* One attempt on a type in the variant's situation. */
static void try(FIXTURE_DATA(situation) *self,
		const FIXTURE_VARIANT(situation) *variant, struct attempt *a,
		struct way *way)
{
	const struct target *t = &self->target;

	attempt_reset(a);
	attempt_call(a, way->by_pidfd ? t->pidfd :
					t->nsfd[way->id][NS_ACTIVE],
		     ns_types[way->id].flag, way->by_pidfd ? "pidfd" : "nsfd");
	a->peer = variant->peer;
	a->in_thread = variant->in_thread;
	a->prepare = variant->prepare;
	if (variant->whom == TARGET_IS_CALLER)
		a->prepare = to_itself;
	if (variant->whom == CALLERS_ANCESTOR || variant->whom == KERNEL_THREAD)
		a->prepare = far_from_test;
	a->arg = way;
	attempt_make(a);
}

/* The verdict on one attempt by itself. */
static const char *right(FIXTURE_DATA(situation) *self,
			 const FIXTURE_VARIANT(situation) *variant,
			 struct attempt *a, const struct way *way)
{
	struct target caller = { .state = &a->before };

	if (variant->denied[way->id])
		return denied(a, variant->denied[way->id]);
	return attached(a, variant->whom == TARGET_IS_CALLER ?
			   &caller : &self->target, NS_BIT(way->id));
}

TEST_F(situation, pidfd_equals_nsfd)
{
	struct attempt *a = self->a, *b = self->b;

	for_each_ns_in(id, self->types) {
		struct way pidfd = { self->types, id, true };
		struct way nsfd = { self->types, id, false };

		try(self, variant, a, &pidfd);
		/* Before the call: what follows it is no limit. */
		if (!a->calls[0].made &&
		    world_lacks_namespaces(a->trouble_err, a->trouble))
			SKIP_TEST("no more namespaces: %s", a->trouble);
		EXPECT_THAT(right(self, variant, a, &pidfd));
		try(self, variant, b, &nsfd);
		EXPECT_THAT(right(self, variant, b, &nsfd));
		/* What a caller made for itself alone is not the same. */
		if (!a->prepare)
			EXPECT_THAT(alike(a, b));
	}
}

TEST_HARNESS_MAIN
