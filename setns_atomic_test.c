// SPDX-License-Identifier: GPL-2.0
/*
 * All or nothing: a call that fails for any one of its types, at whatever
 * place in the order in which they are installed, changes nothing at all.
 * Each cause of failure is tried with every set that it lets fail, and the
 * same sets without the failing type succeed.
 */
#define _GNU_SOURCE
#include <sys/capability.h>

#include "fixture.h"
#include "undo.h"

FIXTURE(atomic) {
	struct target target;
	struct attempt *a;
	ns_set types;
	int sem;
};

FIXTURE_SETUP(atomic)
{
	FIXTURE_PIDFD_SETNS();
	/* Before the user namespace, which shall not own it. */
	self->sem = undo_prepare();
	FIXTURE_ATTEMPT(self->a);
}

FIXTURE_TEARDOWN(atomic)
{
	target_destroy(&self->target);
}

struct cause {
	enum caller_peer peer;
	int (*prepare)(struct attempt *a, void *arg);
	/* The errno for a set, 0 if it is to succeed. */
	int (*err)(ns_set set);
	int bits;	/* flags beside those of the set */
};

static int prepare(struct attempt *a, void *arg)
{
	const struct cause *cause = arg;
	int err = undo_owe(a, NULL);

	return !err && cause->prepare ? cause->prepare(a, NULL) : err;
}

static void ready(FIXTURE_DATA(atomic) *self, const struct cause *cause)
{
	struct attempt *a = self->a;

	attempt_reset(a);
	a->peer = cause->peer;
	a->prepare = prepare;
	a->watch = undo_look;
	a->arg = (void *)cause;
	a->note[UNDO_SEM] = self->sem;
	a->with_child = true;
}

/* All sets of @types that end with @err, in one caller. */
static const char *fails(FIXTURE_DATA(atomic) *self, const struct cause *cause,
			 ns_set types, int err)
{
	struct attempt *a = self->a;
	const char *why;

	ready(self, cause);
	a->all_calls = true;
	for_each_subset(set, types)
		if (cause->err(set) == err)
			attempt_call(a, self->target.pidfd,
				     ns_flags(set) | cause->bits, "pidfd");
	if (!a->nr_calls)
		return NULL;
	attempt_make(a);
	why = denied(a, err);
	return why ? why : undo_not_run(a);
}

/*
 * Each of the other sets succeeds.  Those without the user namespace can be
 * had one after the other; that of one type is to be joined once.
 */
static const char *succeeds(FIXTURE_DATA(atomic) *self,
			    const struct cause *cause, ns_set types)
{
	const struct target *t = &self->target;
	struct attempt *a = self->a;
	const char *why = NULL;
	ns_set all = 0;

	ready(self, cause);
	for_each_subset(set, types & ~NS_BIT(NS_USER)) {
		if (cause->err(set))
			continue;
		attempt_call(a, t->pidfd, ns_flags(set), "pidfd");
		all |= set;
	}
	if (all) {
		attempt_make(a);
		why = attached(a, t, all);
	}
	/* Threads owe together: one that leaves does not pay for all. */
	if (!why && all & NS_BIT(NS_IPC) && !cause->peer)
		why = undo_run(a);
	for_each_subset(set, types) {
		if (why || !(set & NS_BIT(NS_USER)) || cause->err(set))
			continue;
		ready(self, cause);
		/* Once more to look at undo and at a child would be dear. */
		a->watch = NULL;
		a->with_child = false;
		attempt_call(a, t->pidfd, ns_flags(set), "pidfd");
		attempt_make(a);
		why = attached(a, t, set);
	}
	return why;
}

#define EXPECT_ALL_OR_NOTHING(cause, types, err) do { \
	EXPECT_THAT(fails(self, cause, types, err)); \
	EXPECT_THAT(succeeds(self, cause, types)); \
} while (0)

/* One type's namespace is of an owner over whom the caller has no power. */
static ns_set foreign;

static int if_foreign(ns_set set)
{
	if (!(set & foreign))
		return 0;
	/* A user namespace out of reach that can be had is the caller's own. */
	return foreign == NS_BIT(NS_USER) ? EINVAL : EPERM;
}

TEST_F(atomic, each_type_owned_by_another)
{
	const struct cause cause = { .err = if_foreign };

	FIXTURE_WORLD(WORLD_OWN_USERNS, &self->types);
	for_each_ns_in(id, self->types) {
		foreign = NS_BIT(id);
		target_destroy(&self->target);
		FIXTURE_TARGET(&self->target, .number = 1,
			       .fresh = self->types & ~foreign);
		EXPECT_ALL_OR_NOTHING(&cause, self->types,
				      if_foreign(foreign));
	}
}

static int if_pid(ns_set set)
{
	return set & NS_BIT(NS_PID) ? EINVAL : 0;
}

TEST_F(atomic, pid_namespace_that_is_no_descendant)
{
	const struct cause cause = { .err = if_pid };
	pid_t init;

	FIXTURE_WORLD(WORLD_ROOT, &self->types);
	if (!(self->types & NS_BIT(NS_PID)))
		SKIP_TEST("this kernel has no pid namespaces");
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
	FIXTURE_DO("a pid namespace", callers_into_new_pidns(&init));
	EXPECT_ALL_OR_NOTHING(&cause, self->types, EINVAL);
	kill(init, SIGKILL);
}

static int if_user_or_time(ns_set set)
{
	if (set & NS_BIT(NS_USER))
		return EINVAL;
	return set & NS_BIT(NS_TIME) ? EUSERS : 0;
}

TEST_F(atomic, threads)
{
	const struct cause cause = {
		.peer = PEER_THREAD_OWN_FS,
		.err = if_user_or_time,
	};

	FIXTURE_WORLD(WORLD_ROOT, &self->types);
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
	EXPECT_ALL_OR_NOTHING(&cause, self->types, EINVAL);
	EXPECT_THAT(fails(self, &cause, self->types, EUSERS));
}

static int if_user_or_mnt(ns_set set)
{
	return set & (NS_BIT(NS_USER) | NS_BIT(NS_MNT)) ? EINVAL : 0;
}

/* For these, what is counted is the caller's own fs_struct. */
static int if_user_or_mnt_alone(ns_set set)
{
	return set & NS_BIT(NS_USER) || set == NS_BIT(NS_MNT) ? EINVAL : 0;
}

/* Each call was refused as it should be, or led to all that it asked for. */
static bool refused_or_attached(const struct attempt *a,
				const struct target *t, int err)
{
	struct state expected = a->before;
	char text[512];
	int flags = 0;

	for (unsigned int i = 0; i < a->nr_calls; i++) {
		if (a->calls[i].err && a->calls[i].err != err)
			return false;
		if (!a->calls[i].err)
			flags |= a->calls[i].flags;
	}
	for_each_ns_in(id, t->fresh)
		if (flags & ns_types[id].flag)
			state_attach(&expected, t->state, id);
	return !a->trouble && flags &&
	       !state_diff(&expected, &a->after, text, sizeof(text));
}

TEST_F(atomic, shared_fs)
{
	const struct cause cause = {
		.peer = PEER_SHARING_FS,
		.err = if_user_or_mnt,
	};
	const struct cause own_counts = {
		.peer = PEER_SHARING_FS,
		.err = if_user_or_mnt_alone,
	};
	ns_set rest;

	FIXTURE_WORLD(WORLD_ROOT, &self->types);
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
	rest = self->types & ~NS_BIT(NS_USER);
	EXPECT_THAT(succeeds(self, &cause, self->types));
	EXPECT_THAT(fails(self, &own_counts, self->types, EINVAL));
	EXPECT_THAT_OR_KNOWN(BUG_MNT_SHARED_FS,
			     refused_or_attached(self->a, &self->target,
						 EINVAL),
			     fails(self, &cause, rest, EINVAL));
}

static int if_mnt(ns_set set)
{
	return set & NS_BIT(NS_MNT) ? EPERM : 0;
}

static int without_chroot(struct attempt *a, void *arg)
{
	(void)a;
	(void)arg;
	return drop_capability(CAP_SYS_CHROOT);
}

/*
 * Not the caller, where that can be: another uid makes namespaces only in a user
 * namespace of its own.
 */
static uid_t other_owner(ns_set types)
{
	return types & NS_BIT(NS_USER) ? WORLD_OTHER_UID : 0;
}

TEST_F(atomic, no_cap_sys_chroot)
{
	const struct cause cause = {
		.prepare = without_chroot,
		.err = if_mnt,
	};

	FIXTURE_WORLD(WORLD_ROOT, &self->types);
	FIXTURE_OTHER_UID();
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types,
		       .uid = other_owner(self->types));
	EXPECT_ALL_OR_NOTHING(&cause, self->types, EPERM);
}

static int unless_user(ns_set set)
{
	return set & NS_BIT(NS_USER) ? 0 : EPERM;
}

/*
 * The owner of a user namespace needs no capability to join it, and with it
 * all that it owns: they are judged as if it had been joined already.
 */
TEST_F(atomic, no_capabilities_but_the_owner)
{
	const struct cause cause = {
		.prepare = without_capabilities,
		.err = unless_user,
	};

	FIXTURE_WORLD(WORLD_ROOT, &self->types);
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
	EXPECT_ALL_OR_NOTHING(&cause, self->types, EPERM);
}

/* The same for who has all that it takes, where no set at all is to succeed. */
static const char *whole_set_succeeds(FIXTURE_DATA(atomic) *self)
{
	struct attempt *a = self->a;

	attempt_one(a, self->target.pidfd, ns_flags(self->types), "pidfd");
	return attached(a, &self->target, self->types);
}

static int always(ns_set set)
{
	return set ? EPERM : 0;
}

static int without_ptrace(struct attempt *a, void *arg)
{
	(void)a;
	(void)arg;
	return drop_capability(CAP_SYS_PTRACE);
}

TEST_F(atomic, no_cap_sys_ptrace)
{
	const struct cause cause = {
		.prepare = without_ptrace,
		.err = always,
	};

	FIXTURE_WORLD(WORLD_ROOT, &self->types);
	FIXTURE_OTHER_UID();
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types,
		       .uid = other_owner(self->types));
	EXPECT_THAT(fails(self, &cause, self->types, EPERM));
	EXPECT_THAT(whole_set_succeeds(self));
}

static int always_esrch(ns_set set)
{
	return set ? ESRCH : 0;
}

TEST_F(atomic, dead_target)
{
	const struct cause cause = { .err = always_esrch };

	FIXTURE_WORLD(WORLD_ROOT, &self->types);
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
	EXPECT_THAT(whole_set_succeeds(self));
	ASSERT_EQ(0, target_kill(&self->target));
	EXPECT_THAT(fails(self, &cause, self->types, ESRCH));
}

static int always_einval(ns_set set)
{
	return set ? EINVAL : 0;
}

TEST_F(atomic, invalid_bits)
{
	FIXTURE_WORLD(WORLD_ROOT, &self->types);
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
	for (int bit = 0; bit < 32; bit++) {
		const struct cause cause = {
			.err = always_einval,
			.bits = 1U << bit,
		};

		if (cause.bits & ns_flags(NS_ALL))
			continue;
		EXPECT_THAT(fails(self, &cause, self->types, EINVAL));
	}
	EXPECT_THAT(whole_set_succeeds(self));
}

static ns_set not_built_in;

static int if_not_built_in(ns_set set)
{
	return set & not_built_in ? EINVAL : 0;
}

TEST_F(atomic, type_that_is_not_built_in)
{
	const struct cause cause = { .err = if_not_built_in };

	not_built_in = NS_ALL & ~ns_supported();
	if (!not_built_in)
		SKIP_TEST("this kernel has all types");
	FIXTURE_WORLD(WORLD_ROOT, &self->types);
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
	EXPECT_ALL_OR_NOTHING(&cause, self->types | not_built_in, EINVAL);
}

TEST_HARNESS_MAIN
