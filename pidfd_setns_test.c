// SPDX-License-Identifier: GPL-2.0
/*
 * setns(pidfd, flags): all flags there are, and every set of namespaces of a
 * target, in one call, one by one, and in two steps.
 */
#define _GNU_SOURCE
#include <limits.h>

#include "fixture.h"

#define NR_BITS 32

FIXTURE(pidfd) {
	struct target target;
	struct attempt *a, *b;
	ns_set types;
	int own_uts;
};

FIXTURE_VARIANT(pidfd) {
	enum world world;
};

FIXTURE_VARIANT_ADD(pidfd, root) {
	.world = WORLD_ROOT,
};

FIXTURE_VARIANT_ADD(pidfd, own_userns) {
	.world = WORLD_OWN_USERNS,
};

FIXTURE_SETUP(pidfd)
{
	FIXTURE_PIDFD_SETNS();
	FIXTURE_WORLD(variant->world, &self->types);
	/* Owned by the caller's user namespace, so that it can return. */
	if (self->types & NS_BIT(NS_UTS))
		FIXTURE_DO("unshare(CLONE_NEWUTS)",
			   unshare(CLONE_NEWUTS) ? errno : 0);
	self->own_uts = nsfd_open(0, NS_UTS, NS_ACTIVE);
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
	FIXTURE_ATTEMPT(self->a);
	FIXTURE_ATTEMPT(self->b);
}

FIXTURE_TEARDOWN(pidfd)
{
	target_destroy(&self->target);
}

/*
 * Given a target, when a set is asked for, then all of it is got and nothing
 * else; and its nsfds, one by one in the kernel's order, lead to the same.
 */
TEST_F(pidfd, every_subset_at_once_equals_its_nsfds_one_by_one)
{
	struct attempt *a = self->a, *b = self->b;
	struct target *t = &self->target;

	for_each_subset(set, self->types) {
		attempt_reset(a);
		attempt_call(a, t->pidfd, ns_flags(set), "pidfd");
		a->with_child = set & NS_BIT(NS_PID);
		attempt_make(a);
		EXPECT_THAT(attached(a, t, set));

		attempt_reset(b);
		for_each_ns_in(id, set)
			attempt_call(b, t->nsfd[id][NS_ACTIVE],
				     ns_types[id].flag, "nsfd");
		attempt_make(b);
		EXPECT_THAT(attached(b, t, set));
		EXPECT_THAT(alike(a, b));
	}
}

/*
 * The first of two steps, and then what only a caller can do that kept its
 * privilege: go back to a namespace owned by the user namespace it is from.
 */
struct two_steps {
	int pidfd;
	int own_uts;
	ns_set first;
};

enum step_note {
	NOTE_RETURN,	/* the errno of going back */
};

static int take_first_step(struct attempt *a, void *arg)
{
	const struct two_steps *steps = arg;

	if (setns(steps->pidfd, ns_flags(steps->first)))
		return errno;
	a->note[NOTE_RETURN] = setns(steps->own_uts, CLONE_NEWUTS) ? errno : 0;
	return 0;
}

TEST_F(pidfd, every_subset_then_its_complement)
{
	struct two_steps steps = {
		.pidfd = self->target.pidfd,
		.own_uts = self->own_uts,
	};
	struct attempt *a = self->a;
	struct state start;

	if (!(self->types & NS_BIT(NS_UTS)))
		SKIP_TEST("this kernel has no uts namespaces to return to");
	attempt_make(a);
	start = a->before;
	for_each_subset(set, self->types) {
		struct state expected = start;
		/* Whoever gave the privilege up is not to have it. */
		int return_err = set & NS_BIT(NS_USER) ? EPERM : 0;
		/* Going back between the steps undid this one. */
		ns_set back = return_err ? 0 : NS_BIT(NS_UTS);
		ns_set rest = self->types & (~set | back);

		if (!rest)
			continue;
		steps.first = set;
		attempt_reset(a);
		attempt_call(a, self->target.pidfd, ns_flags(rest), "pidfd");
		a->prepare = take_first_step;
		a->arg = &steps;
		attempt_make(a);
		EXPECT_EQ(return_err, a->note[NOTE_RETURN]) {
			TH_LOG(" after the step %s, going back: expected %s, got %s",
			       ns_flag_names(ns_flags(set)),
			       errno_name(return_err),
			       errno_name(a->note[NOTE_RETURN]));
		}
		for_each_ns_in(id, set & ~back)
			state_attach(&expected, self->target.state, id);
		EXPECT_THAT(explain(a, stood_in(a, &expected),
				    "after the step %s",
				    ns_flag_names(ns_flags(set))));
		for_each_ns_in(id, rest)
			state_attach(&expected, self->target.state, id);
		EXPECT_THAT(explain(a, reached(a, &expected),
				    "after the step %s",
				    ns_flag_names(ns_flags(set))));
	}
}

TEST_F(pidfd, zero_flags_are_refused)
{
	attempt_one(self->a, self->target.pidfd, 0, "pidfd");
	EXPECT_THAT(denied(self->a, EINVAL));

	attempt_one(self->b, self->target.pidfd, ns_flags(self->types),
		    "pidfd");
	EXPECT_THAT(attached(self->b, &self->target, self->types));
}

/*
 * No bit, and no two, are accepted but those that stand for types built in,
 * which are among the subsets above.
 */
TEST_F(pidfd, no_other_bit_and_no_other_pair_of_bits)
{
	int valid = ns_flags(ns_supported());
	struct attempt *a = self->a;

	for (int high = 0; high < NR_BITS; high++) {
		attempt_reset(a);
		a->all_calls = true;
		for (int low = 0; low <= high; low++) {
			int flags = 1U << high | 1U << low;

			if (flags & ~valid)
				attempt_call(a, self->target.pidfd, flags,
					     "pidfd");
		}
		attempt_make(a);
		EXPECT_THAT(denied(a, EINVAL));
	}
}

/* One bit too many refuses the whole call, whatever else is asked for. */
TEST_F(pidfd, every_invalid_bit_with_every_subset)
{
	int valid = ns_flags(ns_supported());
	struct attempt *a = self->a;

	for (int bit = 0; bit < NR_BITS; bit++) {
		int invalid = 1U << bit;

		if (valid & invalid)
			continue;
		attempt_reset(a);
		a->all_calls = true;
		attempt_call(a, self->target.pidfd, invalid, "pidfd");
		for_each_subset(set, self->types)
			attempt_call(a, self->target.pidfd,
				     invalid | ns_flags(set), "pidfd");
		attempt_make(a);
		EXPECT_THAT(denied(a, EINVAL));
	}
}

TEST_F(pidfd, many_invalid_bits_at_once)
{
	int valid = ns_flags(ns_supported());
	const int flags[] = {
		-1, INT_MIN, INT_MAX, ~valid, INT_MIN | valid, -valid,
		valid >> 1, valid | 0xff,
	};
	struct attempt *a = self->a;

	a->all_calls = true;
	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++)
		attempt_call(a, self->target.pidfd, flags[i], "pidfd");
	attempt_make(a);
	EXPECT_THAT(denied(a, EINVAL));
}

TEST_HARNESS_MAIN
