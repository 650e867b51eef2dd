// SPDX-License-Identifier: GPL-2.0
/*
 * All or nothing: a call that is refused for one of its types changes nothing,
 * whatever other types are in the set and wherever that type comes in the order
 * of installation.  Each cause of a refusal is tested with every set of types
 * that it affects, and every other set succeeds in the same situation.
 */
#define _GNU_SOURCE
#include <sys/capability.h>

#include "lib/fixture.h"
#include "lib/refusal.h"

/*
 * Sets with the user namespace lead a caller from one target to the next, each
 * in a user namespace inside that of the one before:
 *
 *	user namespace of the test	owns the namespaces of start
 *	`-- nested[0]			each owns its other namespaces
 *	    `-- nested[1]
 *	        `-- ...
 */
#define NR_NESTED	8

/* Targets that follow each other have different marks (marks.h). */
#define START_NUMBER	4
#define NESTED_NUMBER(i)	(1 + (i) % (START_NUMBER - 1))

FIXTURE(setns_atomic) {
	struct target nested[NR_NESTED], start;
	struct situation s;
	ns_set types;
	pid_t init;
};

FIXTURE_SETUP(setns_atomic)
{
	SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_CALLER(self->s.c);
	SETUP_SHARED(self->s.undo);
	self->s.undo->sem = -1;
}

FIXTURE_TEARDOWN(setns_atomic)
{
	for (unsigned int i = 0; i < NR_NESTED; i++)
		target_destroy(&self->nested[i]);
	target_destroy(&self->start);
	if (self->init)
		kill(self->init, SIGKILL);
}

/* Without SysV semaphores the tests do not look at undo. */
static int setup_undo(FIXTURE_DATA(setns_atomic) *self)
{
	const char *step;
	int err;

	if (!(self->types & NS_BIT(NS_IPC)))
		return 0;
	err = sem_undo_setup(self->s.undo, &step);
	return err == ENOSYS ? 0 : err;
}

#define SETUP_UNDO(self) \
	SETUP_NAMESPACES("an ipc namespace with a semaphore", setup_undo(self))

/* Sets up one target.  Further arguments initialise its target_spec. */
#define SETUP_SITUATION(self, privilege, ...) do { \
	SETUP_PRIVILEGE(privilege, &(self)->types); \
	SETUP_UNDO(self); \
	SETUP_TARGET(&(self)->nested[0], .number = NESTED_NUMBER(0), \
		     __VA_ARGS__); \
} while (0)

/* Sets up a target to which the caller returns between calls. */
#define SETUP_START(self) \
	SETUP_TARGET(&(self)->start, .number = START_NUMBER, \
		     .fresh = (self)->types & ~NS_BIT(NS_USER))

/* Sets up target @i inside the one before it. */
#define SETUP_NESTED(self, i, ...) \
	SETUP_TARGET(&(self)->nested[i], .number = NESTED_NUMBER(i), \
		     .inside = (i) ? &(self)->nested[(i) - 1] : NULL, \
		     .inside_set = (i) ? NS_BIT(NS_USER) : 0, __VA_ARGS__)

#define SETUP_ALL_NESTED(self, ...) do { \
	for (unsigned int __i = 0; __i < NR_NESTED; __i++) \
		SETUP_NESTED(self, __i, __VA_ARGS__); \
} while (0)

/*
 * One caller attaches to every set without user that @cause does not refuse.
 * Before the next set it moves to start, so that each call has an effect.
 */
static const char *attaches_without_user(FIXTURE_DATA(setns_atomic) *self,
					 const struct cause *cause,
					 const struct target *t)
{
	struct caller *c = self->s.c;
	const char *message;
	ns_set last = 0;

	situation_set(&self->s, cause);
	for_each_subset(set, self->types & ~NS_BIT(NS_USER)) {
		if (refusal_of(cause, set))
			continue;
		if (last)
			caller_by_pidfd(c, &self->start, last)->look =
				LOOK_NOTHING;
		caller_by_pidfd(c, t, set);
		last = set;
	}
	caller_run(c);
	message = attached(c);
	/* Threads share the undo list, so no call of one thread runs it. */
	if (message || !(last & NS_BIT(NS_IPC)) ||
	    cause->peer == PEER_THREAD_OWN_FS)
		return message;
	return undo_run(c, self->s.undo);
}

/*
 * Undo and a child are checked without user.  With user it is enough to read the
 * links after each call, and the whole state after the last one.
 */
static void set_situation_for_user(FIXTURE_DATA(setns_atomic) *self,
				   const struct cause *cause)
{
	situation_set(&self->s, cause);
	self->s.c->before_call = drop_again;
	self->s.c->watch = NULL;
	self->s.c->with_child = false;
}

static void attach_to_nested(FIXTURE_DATA(setns_atomic) *self, unsigned int i,
			     ns_set set)
{
	caller_by_pidfd(self->s.c, &self->nested[i], set);
}

static const char *follow_nested(FIXTURE_DATA(setns_atomic) *self)
{
	caller_run(self->s.c);
	return attached(self->s.c);
}

/*
 * Callers attach to every set with user that @cause does not refuse.  Each caller
 * goes from one nested target to the next, with another set at each.
 */
static const char *attaches_with_user(FIXTURE_DATA(setns_atomic) *self,
				      const struct cause *cause)
{
	struct caller *c = self->s.c;
	bool followed = false;

	set_situation_for_user(self, cause);
	for_each_subset(set, self->types) {
		const char *message;

		if (!(set & NS_BIT(NS_USER)) || refusal_of(cause, set))
			continue;
		attach_to_nested(self, c->nr_calls, set);
		if (c->nr_calls < NR_NESTED)
			continue;
		message = follow_nested(self);
		if (message)
			return message;
		followed = true;
		set_situation_for_user(self, cause);
	}
	return followed && !c->nr_calls ? NULL : follow_nested(self);
}

/* A control: without any cause, a caller attaches to all types at once. */
static const char *attaches_to_all(FIXTURE_DATA(setns_atomic) *self,
				   const struct target *t)
{
	const struct cause none = { .peer = NO_PEER };
	const char *message;

	situation_set(&self->s, &none);
	caller_by_pidfd(self->s.c, t, self->types);
	caller_run(self->s.c);
	message = attached(self->s.c);
	return message ? message : undo_run(self->s.c, self->s.undo);
}

/*
 * A foreign namespace belongs to a user namespace in which the caller has no
 * privilege.  Here each nested target has one:
 *
 *	user namespace of the program	owns the foreign namespaces
 *	`-- user namespace of the test	the caller is root here
 *	    `-- nested[0]		owns all but its mnt namespace
 *	        `-- nested[1]		owns all but its uts namespace
 *	            `-- ...
 *
 * @foreign becomes all types but user.  nested[N] lacks the Nth of them.
 */
#define SETUP_FOREIGN(self, foreign) do { \
	unsigned int __nr = 0; \
	\
	SETUP_PRIVILEGE(AS_USERNS_ROOT, &(self)->types); \
	SETUP_UNDO(self); \
	SETUP_PRIVILEGE(AS_USERNS_ROOT, &(self)->types); \
	*(foreign) = (self)->types & ~NS_BIT(NS_USER); \
	for_each_ns_in(__id, *(foreign)) { \
		SETUP_NESTED(self, __nr, \
			     .fresh = (self)->types & ~NS_BIT(__id)); \
		__nr++; \
	} \
} while (0)

TEST_F(setns_atomic, refuses_exactly_the_sets_with_a_foreign_type)
{
	const struct target *t = self->nested;
	struct caller *c = self->s.c;
	ns_set foreign;

	SETUP_FOREIGN(self, &foreign);
	SETUP_START(self);
	for_each_ns_in(id, foreign) {
		const char *name = ns_types[id].name;
		const struct cause cause = {
			.refusals = { { .with = NS_BIT(id), .err = EPERM } },
		};

		EXPECT_THAT(explain(c, refused_all(&self->s, &cause, t,
						   self->types),
				    "foreign %s namespace", name));
		EXPECT_THAT(explain(c, attaches_without_user(self, &cause, t),
				    "foreign %s namespace", name));
		t++;
	}
}

/*
 * At each nested target the caller attaches to @set, or to its complement if the
 * foreign type is in @set.
 */
static void attach_to_set_or_complement(FIXTURE_DATA(setns_atomic) *self,
					ns_set foreign, ns_set set)
{
	ns_set complement = NS_BIT(NS_USER) | (foreign & ~set);
	unsigned int i = 0;

	for_each_ns_in(id, foreign)
		attach_to_nested(self, i++,
				 set & NS_BIT(id) ? complement : set);
}

TEST_F(setns_atomic, attaches_to_every_set_with_user_without_the_foreign_type)
{
	const struct cause none = { .peer = NO_PEER };
	ns_set foreign;

	SETUP_FOREIGN(self, &foreign);
	for_each_subset(rest, foreign) {
		/* Each pair of a set and its complement is tested once. */
		if (rest < (foreign & ~rest))
			continue;
		set_situation_for_user(self, &none);
		attach_to_set_or_complement(self, foreign,
					    NS_BIT(NS_USER) | rest);
		EXPECT_THAT(follow_nested(self));
	}
}

TEST_F(setns_atomic, refuses_exactly_the_sets_with_the_callers_own_userns)
{
	const struct cause cause = {
		.refusals = { { .with = NS_BIT(NS_USER), .err = EINVAL } },
	};
	const struct target *t = &self->nested[0];

	SETUP_SITUATION(self, privilege_available(),
			.fresh = self->types & ~NS_BIT(NS_USER));
	SETUP_START(self);
	SKIP_WITHOUT_TYPE(self->types, NS_USER);
	EXPECT_THAT(refused_all(&self->s, &cause, t, self->types));
	EXPECT_THAT(attaches_without_user(self, &cause, t));
}

/*
 *	pid namespace of the test
 *	|-- that of the target
 *	`-- that of the caller
 */
static const struct cause sibling_pidns = {
	.refusals = { { .with = NS_BIT(NS_PID), .err = EINVAL } },
};

TEST_F(setns_atomic, refuses_exactly_the_sets_with_a_sibling_pidns)
{
	const struct target *t = &self->nested[0];

	SETUP_SITUATION(self, privilege_available(), .fresh = self->types);
	SETUP_START(self);
	SKIP_WITHOUT_TYPE(self->types, NS_PID);
	SETUP_NAMESPACES("a pid namespace for the caller",
			 children_into_new_pidns(&self->init));
	EXPECT_THAT(refused_all(&self->s, &sibling_pidns, t, self->types));
	EXPECT_THAT(attaches_without_user(self, &sibling_pidns, t));
}

TEST_F(setns_atomic, attaches_to_every_set_with_user_without_the_sibling_pidns)
{
	SETUP_PRIVILEGE(privilege_available(), &self->types);
	SKIP_WITHOUT_TYPE(self->types, NS_USER);
	SKIP_WITHOUT_TYPE(self->types, NS_PID);
	SETUP_ALL_NESTED(self, .fresh = self->types);
	SETUP_NAMESPACES("a pid namespace for the caller",
			 children_into_new_pidns(&self->init));
	EXPECT_THAT(attaches_with_user(self, &sibling_pidns));
}

/*
 * The caller has another thread, with an fs_struct of its own.  All threads of a
 * process are in one user namespace, and share the vDSO's page of clock offsets.
 */
static const struct cause beside_a_thread = {
	.peer = PEER_THREAD_OWN_FS,
	.refusals = {
		{ .with = NS_BIT(NS_USER), .err = EINVAL },
		{ .with = NS_BIT(NS_TIME), .without = NS_BIT(NS_USER),
		  .err = EUSERS },
	},
};

TEST_F(setns_atomic, refuses_every_set_with_user_beside_a_thread)
{
	SETUP_SITUATION(self, privilege_available(), .fresh = self->types);
	SKIP_WITHOUT_TYPE(self->types, NS_USER);
	EXPECT_THAT(refused_as(&self->s, &beside_a_thread, 0, &self->nested[0],
			       self->types));
}

TEST_F(setns_atomic, refuses_every_set_with_time_beside_a_thread)
{
	SETUP_SITUATION(self, privilege_available(), .fresh = self->types);
	SKIP_WITHOUT_TYPE(self->types, NS_TIME);
	EXPECT_THAT(refused_as(&self->s, &beside_a_thread, 1, &self->nested[0],
			       self->types));
}

TEST_F(setns_atomic, attaches_to_every_other_set_beside_a_thread)
{
	SETUP_SITUATION(self, privilege_available(), .fresh = self->types);
	SETUP_START(self);
	EXPECT_THAT(attaches_without_user(self, &beside_a_thread,
					  &self->nested[0]));
}

/* A child made with CLONE_FS shares root and working directory. */
TEST_F(setns_atomic, refuses_every_set_with_user_while_fs_is_shared)
{
	const struct cause cause = {
		.peer = PEER_SHARING_FS,
		.refusals = { { .with = NS_BIT(NS_USER), .err = EINVAL } },
	};

	SETUP_SITUATION(self, privilege_available(), .fresh = self->types);
	SKIP_WITHOUT_TYPE(self->types, NS_USER);
	EXPECT_THAT(refused_all(&self->s, &cause, &self->nested[0],
				self->types));
}

TEST_F(setns_atomic, refuses_mnt_alone_while_fs_is_shared)
{
	const struct cause cause = {
		.peer = PEER_SHARING_FS,
		.refusals = { { .with = NS_BIT(NS_MNT), .err = EINVAL } },
	};
	const struct target *t = &self->nested[0];

	SETUP_SITUATION(self, privilege_available(), .fresh = self->types);
	SETUP_START(self);
	SKIP_WITHOUT_TYPE(self->types, NS_MNT);
	EXPECT_THAT(refused_all(&self->s, &cause, t, NS_BIT(NS_MNT)));
	EXPECT_THAT(attaches_without_user(self, &cause, t));
}

/* Every call was refused with @err.  The message says how many were not. */
static const char *refused_alike(struct caller *c, int err)
{
	unsigned int wrong = 0, like_first = 0;

	for (unsigned int i = 0; i < c->nr_calls; i++) {
		wrong += c->calls[i].err != err;
		like_first += c->calls[i].err == c->calls[0].err;
	}
	if (c->nr_calls && !wrong)
		return NULL;
	if (like_first == c->nr_calls)
		return explain(c, denied(c, err), "every set");
	return explain(c, denied(c, err), "%u of %u sets", wrong, c->nr_calls);
}

/* Changes @s like an attach to mnt of a task that shares only fs_struct with it. */
static void follow_root(struct state *s, const struct state *to)
{
	struct ns_identity own[NR_NS_SLOTS];

	memcpy(own, s->ns[NS_MNT], sizeof(own));
	state_attach(s, to, NS_MNT);
	memcpy(s->ns[NS_MNT], own, sizeof(own));
}

/*
 * A call that succeeded changed all of its types, and any other call nothing.
 * If the caller's root changed, then also the peer's, but nothing else of it.
 */
static const char *all_or_nothing(FIXTURE_DATA(setns_atomic) *self,
				  const struct target *t)
{
	struct caller *c = self->s.c;
	int errs[CALLER_CALLS];
	const char *message;
	ns_set moved = 0;

	for (unsigned int i = 0; i < c->nr_calls; i++) {
		errs[i] = c->calls[i].err;
		if (!errs[i])
			moved |= c->calls[i].types;
	}
	if (moved & NS_BIT(NS_MNT))
		follow_root(&c->peer_before, t->state);
	message = ended(c, errs);
	if (message)
		return message;
	return moved & NS_BIT(NS_IPC) ? undo_run(c, self->s.undo) :
					undo_not_run(c, self->s.undo);
}

/*
 * In Linux 5.8 to 7.3.3 these calls succeed, and change the peer's root as well.
 * That fails the first check, which is about errno.  The second check finds out
 * whether anything else is wrong.
 */
TEST_F(setns_atomic, refuses_mnt_with_other_types_while_fs_is_shared)
{
	const struct cause cause = { .peer = PEER_SHARING_FS };
	const ns_set mnt = NS_BIT(NS_MNT);
	const struct target *t = &self->nested[0];
	struct caller *c = self->s.c;

	SETUP_SITUATION(self, privilege_available(), .fresh = self->types);
	SKIP_WITHOUT_TYPE(self->types, NS_MNT);
	situation_set(&self->s, &cause);
	for_each_subset(others, self->types & ~NS_BIT(NS_USER) & ~mnt)
		caller_by_pidfd(c, t, mnt | others);
	caller_run(c);
	EXPECT_THAT(refused_alike(c, EINVAL));
	EXPECT_THAT(all_or_nothing(self, t));
}

static int drop_chroot(void)
{
	return capability_drop(CAP_SYS_CHROOT);
}

/*
 * The targets must belong to another uid, as the owner of a user namespace has
 * every capability in it.  Without user namespaces only root can create them.
 */
static uid_t other_owner(ns_set types)
{
	return types & NS_BIT(NS_USER) ? OTHER_UID : 0;
}

static const struct cause without_chroot = {
	.drop = drop_chroot,
	.refusals = { { .with = NS_BIT(NS_MNT), .err = EPERM } },
};

TEST_F(setns_atomic, without_cap_sys_chroot_refuses_exactly_the_sets_with_mnt)
{
	const struct target *t = &self->nested[0];

	SETUP_PRIVILEGE(AS_ROOT, &self->types);
	SKIP_WITHOUT_OTHER_UID();
	SETUP_SITUATION(self, AS_ROOT,
			.fresh = self->types, .uid = other_owner(self->types));
	SETUP_START(self);
	SKIP_WITHOUT_TYPE(self->types, NS_MNT);
	EXPECT_THAT(refused_all(&self->s, &without_chroot, t, self->types));
	EXPECT_THAT(attaches_without_user(self, &without_chroot, t));
}

TEST_F(setns_atomic, without_cap_sys_chroot_attaches_to_every_set_with_user)
{
	SETUP_PRIVILEGE(AS_ROOT, &self->types);
	SKIP_WITHOUT_OTHER_UID();
	SKIP_WITHOUT_TYPE(self->types, NS_USER);
	SETUP_ALL_NESTED(self, .fresh = self->types, .uid = OTHER_UID);
	EXPECT_THAT(attaches_with_user(self, &without_chroot));
}

/*
 * The owner of a user namespace needs no capability to attach to it, nor to
 * attach in the same call to namespaces that belong to it.
 */
static const struct cause without_capabilities = {
	.drop = capabilities_drop_all,
	.refusals = { { .with = NS_ALL, .without = NS_BIT(NS_USER),
			.err = EPERM } },
};

TEST_F(setns_atomic, refuses_every_set_without_user_to_an_owner_without_caps)
{
	SETUP_SITUATION(self, privilege_available(), .fresh = self->types);
	EXPECT_THAT(refused_all(&self->s, &without_capabilities,
				&self->nested[0], self->types));
}

TEST_F(setns_atomic, attaches_to_every_set_with_user_as_owner_without_caps)
{
	SETUP_PRIVILEGE(privilege_available(), &self->types);
	SKIP_WITHOUT_TYPE(self->types, NS_USER);
	SETUP_ALL_NESTED(self, .fresh = self->types);
	EXPECT_THAT(attaches_with_user(self, &without_capabilities));
}

static int drop_ptrace(void)
{
	return capability_drop(CAP_SYS_PTRACE);
}

TEST_F(setns_atomic, refuses_every_set_without_cap_sys_ptrace)
{
	const struct cause cause = {
		.drop = drop_ptrace,
		.refusals = { { .with = NS_ALL, .err = EPERM } },
	};
	const struct target *t = &self->nested[0];

	SETUP_PRIVILEGE(AS_ROOT, &self->types);
	SKIP_WITHOUT_OTHER_UID();
	SETUP_SITUATION(self, AS_ROOT,
			.fresh = self->types, .uid = other_owner(self->types));
	EXPECT_THAT(refused_all(&self->s, &cause, t, self->types));
	EXPECT_THAT(attaches_to_all(self, t));
}

TEST_F(setns_atomic, refuses_every_set_of_a_zombie)
{
	const struct cause cause = {
		.refusals = { { .with = NS_ALL, .err = ESRCH } },
	};
	struct target *t = &self->nested[0];

	SETUP_SITUATION(self, privilege_available(), .fresh = self->types);
	EXPECT_THAT(attaches_to_all(self, t));
	ASSERT_EQ(0, target_kill(t));
	EXPECT_THAT(refused_all(&self->s, &cause, t, self->types));
}

/* The Nth bit that is invalid on this kernel.  After the last is the first. */
static int invalid_bit(unsigned int n)
{
	int valid = ns_flags(ns_supported());
	unsigned int nr_invalid = __builtin_popcount(~valid);

	n %= nr_invalid;
	for (unsigned int bit = 0; ; bit++)
		if (!(valid & 1U << bit) && !n--)
			return 1U << bit;
}

/* pidfd_setns_test.c has every pair of set and bit, but without the undo. */
TEST_F(setns_atomic, refuses_every_set_with_an_invalid_bit)
{
	const struct cause none = { .peer = NO_PEER };
	const struct target *t = &self->nested[0];
	struct caller *c = self->s.c;

	SETUP_SITUATION(self, privilege_available(), .fresh = self->types);
	situation_set(&self->s, &none);
	for_each_subset(set, self->types)
		caller_call(c, t->pidfd,
			    ns_flags(set) | invalid_bit(c->nr_calls), "pidfd");
	caller_run(c);
	EXPECT_THAT(denied(c, EINVAL));
	EXPECT_THAT(undo_not_run(c, self->s.undo));
	EXPECT_THAT(attaches_to_all(self, t));
}

TEST_HARNESS_MAIN
