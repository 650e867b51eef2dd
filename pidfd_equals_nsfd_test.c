// SPDX-License-Identifier: GPL-2.0
/*
 * setns(pidfd, type) equals setns(nsfd, type): in the same situation both give
 * the same errno for every type, and the same state.
 *
 * They differ if the caller may not access the target (setns_access_test.c) or
 * if the target has died (pidfd_target_test.c).
 */
#define _GNU_SOURCE
#include "lib/fixture.h"

/* The pid of a kernel thread that every kernel has. */
#define KTHREADD 2

/* Ranges of rows in the table of types, of which user is the first. */
#define ALL_TYPES	NS_USER ... NR_NS_TYPES - 1
#define ALL_BUT_USER	NS_USER + 1 ... NR_NS_TYPES - 1

FIXTURE(pidfd_equals_nsfd) {
	struct target target;
	struct target around;	/* in the namespace in which the target's is nested */
	struct target other;	/* for the control, if @target cannot be used */
	struct caller *c;
	ns_set types;
	pid_t init;	/* of the new pid namespace that callers are in, or 0 */
};

/*
 * Functions that create the target.  They return 0 or an errno.  After an error
 * *@step says what failed.
 */
static int create(FIXTURE_DATA(pidfd_equals_nsfd) *self, ns_set fresh,
		  const char **step)
{
	struct target_spec spec = { .number = 1, .fresh = fresh };

	return target_create(&self->target, &spec, step);
}

static int create_fresh(FIXTURE_DATA(pidfd_equals_nsfd) *self,
			const char **step)
{
	return create(self, self->types, step);
}

static int create_without_pidns(FIXTURE_DATA(pidfd_equals_nsfd) *self,
				const char **step)
{
	return create(self, self->types & ~NS_BIT(NS_PID), step);
}

/* The target's namespace of type @id is nested in another new one. */
static int create_around(FIXTURE_DATA(pidfd_equals_nsfd) *self, enum ns_id id,
			 const char **step)
{
	struct target_spec around = { .number = 2, .fresh = NS_BIT(id) };
	struct target_spec spec = {
		.number = 1,
		.fresh = self->types,
		.inside = &self->around,
		.inside_set = NS_BIT(id),
	};
	int err = target_create(&self->around, &around, step);

	return err ? err : target_create(&self->target, &spec, step);
}

static int create_in_nested_userns(FIXTURE_DATA(pidfd_equals_nsfd) *self,
				   const char **step)
{
	return create_around(self, NS_USER, step);
}

static int create_in_nested_pidns(FIXTURE_DATA(pidfd_equals_nsfd) *self,
				  const char **step)
{
	return create_around(self, NS_PID, step);
}

/* The target and the callers are created in the same new pid namespace. */
static int create_in_callers_pidns(FIXTURE_DATA(pidfd_equals_nsfd) *self,
				   const char **step)
{
	int err = children_into_new_pidns(&self->init);

	*step = "a new pid namespace";
	return err ? err : create_without_pidns(self, step);
}

static int create_below_callers_pidns(FIXTURE_DATA(pidfd_equals_nsfd) *self,
				      const char **step)
{
	int err = children_into_new_pidns(&self->init);

	*step = "a new pid namespace";
	return err ? err : create_fresh(self, step);
}

/*
 * The target is @pid, which is in all of the test's namespaces.  A caller cannot
 * attach to the user namespace that it is in, so the control uses another
 * target.
 */
static int adopt(FIXTURE_DATA(pidfd_equals_nsfd) *self, pid_t pid,
		 const char **step)
{
	struct target_spec other = { .number = 1, .fresh = self->types };
	int err = target_adopt(&self->target, pid, 0);

	*step = "opening the target's descriptors";
	if (err)
		return err;
	*step = "reading the test's own state";
	err = state_read(self->target.state);
	return err ? err : target_create(&self->other, &other, step);
}

static int adopt_test(FIXTURE_DATA(pidfd_equals_nsfd) *self, const char **step)
{
	return adopt(self, getpid(), step);
}

static int adopt_kernel_thread(FIXTURE_DATA(pidfd_equals_nsfd) *self,
			       const char **step)
{
	return adopt(self, KTHREADD, step);
}

/*
 * The reason to skip, or NULL.  If the links cannot be read for any other reason,
 * creating the target fails.
 */
static const char *lacks_kernel_thread(void)
{
	struct state own, kthread;
	char text[200];
	int err;

	if (!sees_initial_pidns())
		return "no kernel thread is visible in this pid namespace";
	err = state_read_links(&kthread, KTHREADD);
	if (err == EACCES || err == EPERM)
		return "a security module hides a kernel thread's namespaces";
	if (err || state_read_links(&own, 0))
		return NULL;
	return state_diff_links(&own, &kthread, text, sizeof(text)) ?
	       "the test is not in the namespaces of kernel threads" : NULL;
}

/* Hooks for @prepare of the caller.  @arg is the target. */
static int drop_capabilities(struct caller *c, void *arg)
{
	(void)c;
	(void)arg;
	return capabilities_drop_all();
}

static int into_new_userns(struct caller *c, void *arg)
{
	(void)c;
	(void)arg;
	return userns_create();
}

static int into_targets_userns(struct caller *c, void *arg)
{
	const struct target *t = arg;

	(void)c;
	return setns(t->nsfd[NS_USER][NS_ACTIVE], CLONE_NEWUSER) ? errno : 0;
}

static int into_userns_below_targets(struct caller *c, void *arg)
{
	int err = into_targets_userns(c, arg);

	return err ? err : userns_create();
}

/*
 * If the target is in the test's namespaces, the caller must not be in them, or
 * an attach would have no effect.
 */
static int unshare_all_but_user(struct caller *c, void *arg)
{
	(void)c;
	(void)arg;
	return unshare(ns_flags(ns_supported() & ~NS_BIT(NS_USER))) ? errno : 0;
}

/*
 * The caller is its own target, and in other namespaces than the test.  Its
 * copies of the target's descriptors come to stand for the caller itself.
 * Children that it forks are in other pid and time namespaces than the caller
 * is, until it attaches to its own.
 */
static int make_caller_the_target(struct caller *c, void *arg)
{
	const struct target *t = arg;
	struct target itself;
	int err = unshare_all_but_user(c, arg);

	if (!err)
		err = target_adopt(&itself, getpid(), 0);
	if (err)
		return err;
	if (dup2(itself.pidfd, t->pidfd) < 0)
		return errno;
	for_each_ns_in(id, ns_supported())
		if (dup2(itself.nsfd[id][NS_ACTIVE], t->nsfd[id][NS_ACTIVE]) < 0)
			return errno;
	for (unsigned int i = 0; i < c->nr_calls; i++)
		c->calls[i].to = &c->before;
	return 0;
}

/*
 * Adds a call for each type.  User is last, since the caller has other
 * credentials after it.  The other types do not influence each other.
 */
static void call_by_pidfd(struct caller *c, const struct target *t,
			  ns_set types)
{
	for_each_ns_in(id, types & ~NS_BIT(NS_USER))
		caller_by_pidfd(c, t, NS_BIT(id));
	if (types & NS_BIT(NS_USER))
		caller_by_pidfd(c, t, NS_BIT(NS_USER));
}

static void call_by_nsfd(struct caller *c, const struct target *t, ns_set types)
{
	for_each_ns_in(id, types & ~NS_BIT(NS_USER))
		caller_by_nsfd(c, t, id);
	if (types & NS_BIT(NS_USER))
		caller_by_nsfd(c, t, NS_USER);
}

/* The control: calls that all have to succeed. */
static void call_target(FIXTURE_DATA(pidfd_equals_nsfd) *self)
{
	call_by_pidfd(self->c, &self->target, self->types);
}

static void call_other_target(FIXTURE_DATA(pidfd_equals_nsfd) *self)
{
	call_by_pidfd(self->c, &self->other, self->types);
}

FIXTURE_VARIANT(pidfd_equals_nsfd) {
	enum privilege privilege;
	ns_set needs;			/* types without which to skip */
	const char *(*lacks)(void);	/* the reason to skip, or NULL */
	int (*create)(FIXTURE_DATA(pidfd_equals_nsfd) *self,
		      const char **step);

	/* The situation of the callers.  The control's caller is not in it. */
	enum caller_peer peer;
	bool in_thread;
	bool in_new_pidns;		/* created after the target */
	int (*prepare)(struct caller *c, void *arg);

	int errs[NR_NS_TYPES];		/* 0 for success */
	void (*control)(FIXTURE_DATA(pidfd_equals_nsfd) *self);
};

FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, root) {
	.privilege = AS_ROOT,
	.create = create_fresh,
};

FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, userns_root) {
	.privilege = AS_USERNS_ROOT,
	.create = create_fresh,
};

/*
 * The owner of a user namespace has every capability in it, even without any of
 * its own (user_namespaces(7)).  Types other than user also need CAP_SYS_ADMIN
 * in the caller's user namespace.
 */
FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, without_capabilities) {
	.privilege = AS_ROOT,
	.create = create_fresh,
	.prepare = drop_capabilities,
	.errs = { [ALL_BUT_USER] = EPERM },
	.control = call_target,
};

FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, userns_root_without_capabilities) {
	.privilege = AS_USERNS_ROOT,
	.create = create_fresh,
	.prepare = drop_capabilities,
	.errs = { [ALL_BUT_USER] = EPERM },
	.control = call_target,
};

/* Threads share their fs_struct. */
FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, other_thread) {
	.privilege = AS_ROOT,
	.create = create_fresh,
	.peer = PEER_THREAD,
	.errs = { [NS_USER] = EINVAL, [NS_MNT] = EINVAL, [NS_TIME] = EUSERS },
	.control = call_target,
};

FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, other_thread_with_own_fs) {
	.privilege = AS_ROOT,
	.create = create_fresh,
	.peer = PEER_THREAD_OWN_FS,
	.errs = { [NS_USER] = EINVAL, [NS_TIME] = EUSERS },
	.control = call_target,
};

FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, userns_root_other_thread_with_own_fs) {
	.privilege = AS_USERNS_ROOT,
	.create = create_fresh,
	.peer = PEER_THREAD_OWN_FS,
	.errs = { [NS_USER] = EINVAL, [NS_TIME] = EUSERS },
	.control = call_target,
};

FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, caller_is_not_the_leader) {
	.privilege = AS_ROOT,
	.create = create_fresh,
	.in_thread = true,
	.errs = { [NS_USER] = EINVAL, [NS_MNT] = EINVAL, [NS_TIME] = EUSERS },
	.control = call_target,
};

FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, shared_fs) {
	.privilege = AS_ROOT,
	.create = create_fresh,
	.peer = PEER_SHARING_FS,
	.errs = { [NS_USER] = EINVAL, [NS_MNT] = EINVAL },
	.control = call_target,
};

FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, shared_memory) {
	.privilege = AS_ROOT,
	.create = create_fresh,
	.peer = PEER_SHARING_VM,
	.errs = { [NS_TIME] = EUSERS },
	.control = call_target,
};

/*
 * Relations of user namespaces.  T is the target, whose user namespace owns its
 * other namespaces, and C is the caller.  The control's caller is at the top.
 *
 *	user namespace of the test
 *	|-- T
 *	`-- C
 */
FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, target_in_sibling_userns) {
	.privilege = AS_ROOT,
	.needs = NS_BIT(NS_USER),
	.create = create_fresh,
	.prepare = into_new_userns,
	.errs = { [ALL_TYPES] = EPERM },
	.control = call_target,
};

FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, userns_root_target_in_sibling_userns) {
	.privilege = AS_USERNS_ROOT,
	.needs = NS_BIT(NS_USER),
	.create = create_fresh,
	.prepare = into_new_userns,
	.errs = { [ALL_TYPES] = EPERM },
	.control = call_target,
};

/*
 *	user namespace of the test
 *	|-- another user namespace
 *	|   `-- T
 *	`-- C
 */
FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, target_below_sibling_userns) {
	.privilege = AS_ROOT,
	.needs = NS_BIT(NS_USER),
	.create = create_in_nested_userns,
	.prepare = into_new_userns,
	.errs = { [ALL_TYPES] = EPERM },
	.control = call_target,
};

/*
 *	user namespace of the test
 *	`-- T
 *	    `-- C
 */
FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, target_in_ancestor_userns) {
	.privilege = AS_ROOT,
	.needs = NS_BIT(NS_USER),
	.create = create_fresh,
	.prepare = into_userns_below_targets,
	.errs = { [ALL_TYPES] = EPERM },
	.control = call_target,
};

/*
 *	user namespace of the test
 *	`-- T, C
 */
FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, target_in_own_userns) {
	.privilege = AS_ROOT,
	.needs = NS_BIT(NS_USER),
	.create = create_fresh,
	.prepare = into_targets_userns,
	.errs = { [NS_USER] = EINVAL },
	.control = call_target,
};

FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, target_is_caller) {
	.privilege = AS_ROOT,
	.create = adopt_test,
	.prepare = make_caller_the_target,
	.errs = { [NS_USER] = EINVAL },
	.control = call_other_target,
};

FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, target_is_parent_of_caller) {
	.privilege = AS_ROOT,
	.create = adopt_test,
	.prepare = unshare_all_but_user,
	.errs = { [NS_USER] = EINVAL },
	.control = call_other_target,
};

FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, target_is_kernel_thread) {
	.privilege = AS_ROOT,
	.lacks = lacks_kernel_thread,
	.create = adopt_kernel_thread,
	.prepare = unshare_all_but_user,
	.errs = { [NS_USER] = EINVAL },
	.control = call_other_target,
};

/*
 * Relations of pid namespaces.  T is the target, C is the caller, and the
 * control's caller is at the top.
 *
 *	pid namespace of the test, T
 *	`-- C
 */
FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, target_in_ancestor_pidns) {
	.privilege = AS_ROOT,
	.needs = NS_BIT(NS_PID),
	.create = create_without_pidns,
	.in_new_pidns = true,
	.errs = { [NS_PID] = EINVAL },
	.control = call_target,
};

/*
 *	pid namespace of the test
 *	|-- T
 *	`-- C
 */
FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, target_in_sibling_pidns) {
	.privilege = AS_ROOT,
	.needs = NS_BIT(NS_PID),
	.create = create_fresh,
	.in_new_pidns = true,
	.errs = { [NS_PID] = EINVAL },
	.control = call_target,
};

/*
 * The target's pid namespace is deeper than the caller's, but no descendant.
 *
 *	pid namespace of the test
 *	|-- another pid namespace
 *	|   `-- T
 *	`-- C
 */
FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, target_below_sibling_pidns) {
	.privilege = AS_ROOT,
	.needs = NS_BIT(NS_PID),
	.create = create_in_nested_pidns,
	.in_new_pidns = true,
	.errs = { [NS_PID] = EINVAL },
	.control = call_target,
};

/*
 *	pid namespace of the test
 *	`-- T, C
 */
FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, target_in_own_pidns) {
	.privilege = AS_ROOT,
	.needs = NS_BIT(NS_PID),
	.create = create_in_callers_pidns,
};

/*
 *	pid namespace of the test
 *	`-- C
 *	    `-- T
 */
FIXTURE_VARIANT_ADD(pidfd_equals_nsfd, target_in_descendant_pidns) {
	.privilege = AS_ROOT,
	.needs = NS_BIT(NS_PID),
	.create = create_below_callers_pidns,
};

FIXTURE_SETUP(pidfd_equals_nsfd)
{
	const char *step = NULL;
	int err;

	SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(variant->privilege, &self->types);
	for_each_ns_in(id, variant->needs)
		SKIP_WITHOUT_TYPE(self->types, id);
	if (variant->lacks)
		SKIP_IF_LACKING(variant->lacks());
	SETUP_CALLER(self->c);
	err = variant->create(self, &step);
	SETUP_NAMESPACES(step, err);
}

FIXTURE_TEARDOWN(pidfd_equals_nsfd)
{
	int status;

	target_destroy(&self->target);
	target_destroy(&self->around);
	target_destroy(&self->other);
	if (self->init > 0) {
		kill(self->init, SIGKILL);
		child_reap(self->init, &status);
	}
}

/* Resets the caller and sets the situation of the variant. */
static void prepare_next_caller(FIXTURE_DATA(pidfd_equals_nsfd) *self,
				const FIXTURE_VARIANT(pidfd_equals_nsfd) *variant)
{
	struct caller *c = self->c;

	caller_reset(c);
	c->peer = variant->peer;
	c->in_thread = variant->in_thread;
	c->prepare = variant->prepare;
	c->arg = &self->target;
}

/* Puts errnos into the order of the calls, which is not that of the types. */
static void errs_of_calls(const struct caller *c, const int by_type[],
			  int errs[])
{
	for (unsigned int i = 0; i < c->nr_calls; i++)
		for_each_ns_in(id, c->calls[i].types)
			errs[i] = by_type[id];
}

TEST_F(pidfd_equals_nsfd, gives_same_errno_and_state_for_every_type)
{
	struct caller *c = self->c;
	int errs[NR_NS_TYPES];

	if (variant->control) {
		variant->control(self);
		caller_run(c);
		EXPECT_THAT(explain(c, attached(c), "the control"));
	}
	if (variant->in_new_pidns)
		SETUP_NAMESPACES("a new pid namespace",
				 children_into_new_pidns(&self->init));

	prepare_next_caller(self, variant);
	call_by_pidfd(c, &self->target, self->types);
	errs_of_calls(c, variant->errs, errs);
	caller_run(c);
	if (caller_never_called(c))
		SKIP_IF_LACKING(lacks_namespaces(c->trouble_err, c->trouble));
	EXPECT_THAT(ended(c, errs));

	prepare_next_caller(self, variant);
	call_by_nsfd(c, &self->target, self->types);
	caller_run(c);
	if (caller_never_called(c))
		SKIP_IF_LACKING(lacks_namespaces(c->trouble_err, c->trouble));
	EXPECT_THAT(ended(c, errs));
}

TEST_HARNESS_MAIN
