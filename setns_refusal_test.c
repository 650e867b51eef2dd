// SPDX-License-Identifier: GPL-2.0
/*
 * What setns(2) refuses, and which reason comes first.  A descriptor without a
 * usable file gives EBADF, and one of a file of another kind gives EINVAL,
 * whatever the flags are.  Wrong arguments and threads come before capabilities
 * and before access to the target.  An nsfd asks for no access.  Access is
 * judged by real ids, and the owner of a user namespace by the effective uid.
 */
#define _GNU_SOURCE
#include <limits.h>

#include "lib/call_caps.h"
#include "lib/fixture.h"
#include "lib/proc.h"
#include "lib/wrong_fd.h"

#define MAX_TARGETS 3

/* Numbers that are never an open file. */
static const struct {
	const char *name;
	int fd;
} numbers[] = {
	{ "-1", -1 },
	{ "INT_MIN", INT_MIN },
	{ "INT_MAX", INT_MAX },
	{ "AT_FDCWD", AT_FDCWD },
	{ "PIDFD_SELF_THREAD", PIDFD_SELF_THREAD },
	{ "PIDFD_SELF_THREAD_GROUP", PIDFD_SELF_THREAD_GROUP },
	{ "PIDFD_SELF_THREAD_GROUP of 6.15", PIDFD_SELF_THREAD_GROUP_6_15 },
};

FIXTURE(setns_refusal) {
	struct target target[MAX_TARGETS];
	struct caller *c;
	ns_set types;
};

FIXTURE_VARIANT(setns_refusal) {
	enum privilege privilege;
};

FIXTURE_VARIANT_ADD(setns_refusal, root) {
	.privilege = AS_ROOT,
};

FIXTURE_VARIANT_ADD(setns_refusal, userns_root) {
	.privilege = AS_USERNS_ROOT,
};

FIXTURE_SETUP(setns_refusal)
{
	SETUP_PRIVILEGE(variant->privilege, &self->types);
	SETUP_CALLER(self->c);
}

FIXTURE_TEARDOWN(setns_refusal)
{
	for (unsigned int i = 0; i < MAX_TARGETS; i++)
		target_destroy(&self->target[i]);
}

/* A call on an nsfd of the namespace that the caller is in, of type @id. */
static void call_on_own(struct caller *c, int nsfd, enum ns_id id)
{
	static char names[NR_NS_TYPES][32];
	struct call *call;

	snprintf(names[id], sizeof(names[id]), "caller's own %s nsfd",
		 ns_types[id].name);
	call = caller_call(c, nsfd, 0, names[id]);
	call->to = &c->before;
	call->types = NS_BIT(id);
}

/* Calls with 0, every type, all types, and values that are no flags. */
static void call_with_all_flags(struct caller *c, int fd, const char *fd_name)
{
	caller_call(c, fd, 0, fd_name);
	for_each_ns(id)
		caller_call(c, fd, ns_types[id].flag, fd_name);
	caller_call(c, fd, ns_flags(NS_ALL), fd_name);
	caller_call(c, fd, CLONE_VM, fd_name);
	caller_call(c, fd, -1, fd_name);
}

/*
 * The nsfd itself leads somewhere: the test creates its uts namespace, so that
 * the caller's user namespace owns it.
 */
TEST_F(setns_refusal, refuses_numbers_that_are_no_usable_file)
{
	const char *link = "thread-self/ns/uts";
	struct caller *c = self->c;
	int nsfd, closed, o_path;

	SKIP_WITHOUT_TYPE(self->types, NS_UTS);
	SETUP_NAMESPACES("unshare(CLONE_NEWUTS)",
			 unshare(CLONE_NEWUTS) ? errno : 0);
	nsfd = proc_open(link, O_RDONLY);
	ASSERT_GE(nsfd, 0) {
		TH_LOG(" opening the nsfd: %s", errno_name(-nsfd));
	}
	o_path = proc_open(link, O_PATH);
	ASSERT_GE(o_path, 0) {
		TH_LOG(" opening it as O_PATH: %s", errno_name(-o_path));
	}
	/* The number is high, so that nothing else gets it. */
	closed = fcntl(nsfd, F_DUPFD_CLOEXEC, 60);
	ASSERT_GE(closed, 60);
	ASSERT_EQ(0, close(closed));

	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++)
		call_with_all_flags(c, numbers[i].fd, numbers[i].name);
	call_with_all_flags(c, closed, "closed nsfd");
	call_with_all_flags(c, o_path, "O_PATH descriptor of an nsfd");
	caller_run(c);
	EXPECT_THAT(denied(c, EBADF));

	caller_reset(c);
	call_on_own(c, nsfd, NS_UTS);
	caller_run(c);
	EXPECT_THAT(attached(c));
}

TEST_F(setns_refusal, refuses_files_of_other_kinds)
{
	struct caller *c = self->c;
	char absent[128] = "";

	for (unsigned int i = 0; i < NR_WRONG_FDS; i++) {
		const char *name = wrong_fds[i].name;
		int fd = wrong_fds[i].open();

		if (wrong_fds[i].absent && fd == -wrong_fds[i].absent) {
			strcat(absent, *absent ? ", " : "");
			strcat(absent, name);
			continue;
		}
		ASSERT_GE(fd, 0) {
			TH_LOG(" opening the %s: %s", name, errno_name(-fd));
		}
		call_with_all_flags(c, fd, name);
	}
	caller_run(c);
	EXPECT_THAT(denied(c, EINVAL));
	if (*absent)
		SKIP_TEST("there is no %s here; the others are refused", absent);
}

static int drop_all(struct caller *c, void *arg)
{
	(void)c;
	(void)arg;
	return capabilities_drop_all();
}

/* Calls on descriptors of @t with flags that are invalid for them. */
static void call_invalid(struct caller *c, const struct target *t)
{
	int all = ns_flags(t->fresh);

	caller_call(c, t->pidfd, 0, "pidfd");
	caller_call(c, t->pidfd, CLONE_VM, "pidfd");
	caller_call(c, t->pidfd, all | CLONE_VM, "pidfd");
	for_each_ns_in(id, t->fresh) {
		int fd = t->nsfd[id][NS_ACTIVE];

		caller_call(c, fd, all & ~ns_types[id].flag, "nsfd");
		caller_call(c, fd, CLONE_VM, "nsfd");
	}
}

/* Calls with valid flags, to every type that asks for capabilities. */
static void call_valid(struct caller *c, const struct target *t)
{
	for_each_ns_in(id, t->fresh & ~NS_BIT(NS_USER)) {
		caller_call(c, t->pidfd, ns_types[id].flag, "pidfd");
		caller_call(c, t->nsfd[id][NS_ACTIVE], ns_types[id].flag,
			    "nsfd");
	}
}

/* The second target is in the user namespace of the caller. */
TEST_F(setns_refusal, refuses_arguments_before_capabilities)
{
	struct target *t = self->target;
	struct caller *c = self->c;
	int own_userns;

	SKIP_WITHOUT_PIDFD_SETNS();
	SKIP_WITHOUT_TYPE(self->types, NS_USER);
	SETUP_TARGET(&t[0], .number = 1, .fresh = self->types);
	SETUP_TARGET(&t[1], .number = 2,
		     .fresh = self->types & ~NS_BIT(NS_USER));
	/* The caller's own user namespace is an invalid argument, too. */
	own_userns = nsfd_open(0, NS_USER, NS_ACTIVE);
	ASSERT_GE(own_userns, 0);
	c->prepare = drop_all;
	call_invalid(c, &t[0]);
	call_invalid(c, &t[1]);
	caller_call(c, own_userns, CLONE_NEWUSER, "nsfd of the caller's own");
	caller_run(c);
	EXPECT_THAT(denied(c, EINVAL));

	caller_reset(c);
	c->prepare = drop_all;
	call_valid(c, &t[0]);
	call_valid(c, &t[1]);
	caller_run(c);
	EXPECT_THAT(denied(c, EPERM));
}

/*
 * Descriptors of the caller's own namespaces lead to where it is.  They show
 * that the refusals above are the fault of the descriptors.
 */
FIXTURE(setns_refusal_own) {
	struct caller *c;
	ns_set types;
};

FIXTURE_SETUP(setns_refusal_own)
{
	SETUP_CALLER(self->c);
}

FIXTURE_TEARDOWN(setns_refusal_own)
{
}

/* The test's own namespaces are the caller's.  Returns 0 or an errno. */
static int call_by_own_nsfds(struct caller *c, ns_set types)
{
	for_each_ns_in(id, types) {
		int fd = nsfd_open(0, id, NS_ACTIVE);

		if (fd < 0)
			return -fd;
		call_on_own(c, fd, id);
	}
	return 0;
}

TEST_F(setns_refusal_own, attaches_root_to_its_own_namespaces)
{
	struct caller *c = self->c;

	SETUP_PRIVILEGE(AS_ROOT, &self->types);
	ASSERT_EQ(0, call_by_own_nsfds(c, self->types & ~NS_BIT(NS_USER)));
	caller_run(c);
	EXPECT_THAT(attached(c));
}

/*
 *	user namespace of the host    owns all other namespaces of the caller
 *	`-- user namespace of the caller
 */
TEST_F(setns_refusal_own, refuses_userns_root_without_their_owner)
{
	struct caller *c = self->c;

	SETUP_PRIVILEGE(AS_USERNS_ROOT, &self->types);
	ASSERT_EQ(0, call_by_own_nsfds(c, self->types & ~NS_BIT(NS_USER)));
	caller_run(c);
	EXPECT_THAT(denied(c, EPERM));
}

/*
 *	user namespace of the host
 *	`-- user namespace of the caller    owns its new namespaces
 *
 * A process is in a new pid or time namespace only from its fork on, so these
 * two are left out.
 */
TEST_F(setns_refusal_own, attaches_userns_root_to_those_it_owns)
{
	ns_set others = NS_BIT(NS_USER) | NS_BIT(NS_PID) | NS_BIT(NS_TIME);
	struct caller *c = self->c;
	ns_set types;

	SETUP_PRIVILEGE(AS_USERNS_ROOT, &self->types);
	types = self->types & ~others;
	SETUP_NAMESPACES("unshare()", unshare(ns_flags(types)) ? errno : 0);
	ASSERT_EQ(0, call_by_own_nsfds(c, types));
	caller_run(c);
	EXPECT_THAT(attached(c));
}

/* As root, with targets that need privilege for access. */
FIXTURE(setns_refusal_root) {
	struct target target[MAX_TARGETS];
	struct caller *c;
	ns_set types;
	struct call_caps caps;
};

FIXTURE_SETUP(setns_refusal_root)
{
	SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(AS_ROOT, &self->types);
	SKIP_WITHOUT_TYPE(self->types, NS_USER);
	SKIP_WITHOUT_OTHER_UID();
	ASSERT_EQ(0, caps_permitted(&self->caps.permitted));
	SETUP_CALLER(self->c);
}

FIXTURE_TEARDOWN(setns_refusal_root)
{
	/* The init of a pid namespace cannot be reaped before the others. */
	for (unsigned int i = MAX_TARGETS; i--;)
		target_destroy(&self->target[i]);
}

TEST_F(setns_refusal_root, refuses_arguments_before_access_to_the_target)
{
	static const struct {
		uid_t uid;
		bool nondumpable;
	} inaccessible[MAX_TARGETS] = {
		{ .uid = 0,		.nondumpable = true },
		{ .uid = OTHER_UID,	.nondumpable = false },
		{ .uid = OTHER_UID,	.nondumpable = true },
	};
	struct caller *c = self->c;

	for (unsigned int i = 0; i < MAX_TARGETS; i++)
		SETUP_TARGET(&self->target[i], .number = i + 1,
			     .fresh = self->types, .uid = inaccessible[i].uid,
			     .nondumpable = inaccessible[i].nondumpable);
	c->prepare = drop_all;
	for (unsigned int i = 0; i < MAX_TARGETS; i++)
		call_invalid(c, &self->target[i]);
	caller_run(c);
	EXPECT_THAT(denied(c, EINVAL));

	caller_reset(c);
	c->prepare = drop_all;
	for (unsigned int i = 0; i < MAX_TARGETS; i++)
		call_valid(c, &self->target[i]);
	caller_run(c);
	EXPECT_THAT(denied(c, EPERM));
}

TEST_F(setns_refusal_root, nsfds_ask_for_no_access_to_the_target)
{
	__u64 caps = CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_SYS_CHROOT);
	struct target *t = self->target;
	struct caller *c = self->c;

	SETUP_TARGET(t, .number = 1, .fresh = self->types, .uid = OTHER_UID,
		     .nondumpable = true);
	self->caps.permitted = caps;
	caller_with_caps(c, &self->caps);
	for_each_ns_in(id, self->types) {
		caller_call(c, t->pidfd, ns_types[id].flag, "pidfd");
		call_with_caps(c, caps);
	}
	caller_run(c);
	EXPECT_THAT(denied(c, EPERM));

	caller_with_caps(c, &self->caps);
	for_each_ns_in(id, self->types & ~NS_BIT(NS_USER)) {
		caller_by_nsfd(c, t, id);
		call_with_caps(c, caps);
	}
	caller_by_nsfd(c, t, NS_USER);
	call_with_caps(c, caps);
	caller_run(c);
	EXPECT_THAT(attached(c));
}

/*
 *	caller's user namespace		owns the target's other namespaces
 *	`-- target's user namespace	owned by the caller's uid
 *
 * The owner has every capability in the target's user namespace.  All that it
 * needs besides is CAP_SYS_ADMIN in its own.
 */
static void call_user_and_one(struct caller *c, const struct target *t,
			      enum ns_id id, __u64 caps, const char *fd_name)
{
	struct call *call = caller_by_pidfd(c, t, NS_BIT(NS_USER) | NS_BIT(id));

	call->fd_name = fd_name;
	call_with_caps(c, caps);
}

TEST_F(setns_refusal_root, user_and_a_type_outside_need_just_CAP_SYS_ADMIN)
{
	__u64 admin = CAP_BIT(CAP_SYS_ADMIN);
	__u64 others = self->caps.permitted & ~admin;
	ns_set outside = self->types & ~NS_BIT(NS_USER);
	struct target *outer = &self->target[0], *t = &self->target[1];
	struct caller *c = self->c;
	char fd_name[CAPS_MAX][64];
	cap_value_t caps[CAPS_MAX];
	unsigned int nr = caps_list(others, caps);

	SETUP_TARGET(outer, .number = 1, .fresh = outside);
	SETUP_TARGET(t, .number = 1, .inside = outer, .inside_set = outside,
		     .fresh = NS_BIT(NS_USER));
	caller_with_caps(c, &self->caps);
	for_each_ns_in(id, outside) {
		call_user_and_one(c, t, id, 0, "pidfd without capabilities");
		call_user_and_one(c, t, id, others,
				  "pidfd with all but CAP_SYS_ADMIN");
		for (unsigned int i = 0; i < nr; i++) {
			snprintf(fd_name[i], sizeof(fd_name[0]),
				 "pidfd with just %s",
				 capability_name(caps[i]));
			call_user_and_one(c, t, id, CAP_BIT(caps[i]),
					  fd_name[i]);
		}
	}
	/* None of them leads anywhere. */
	c->look_after_each = false;
	caller_run(c);
	EXPECT_THAT(denied(c, EPERM));

	for_each_ns_in(id, outside) {
		caller_with_caps(c, &self->caps);
		call_user_and_one(c, t, id, admin,
				  "pidfd with just CAP_SYS_ADMIN");
		caller_run(c);
		EXPECT_THAT(attached(c));
	}
}

/* How calls on nsfds end for a caller without capabilities. */
static void errs_by_type(int errs[NR_NS_TYPES], ns_set types, int user,
			 int time, int others)
{
	for_each_ns_in(id, types)
		*errs++ = id == NS_USER ? user : id == NS_TIME ? time : others;
}

static void call_each_nsfd(struct caller *c, const struct target *t,
			   enum caller_peer peer)
{
	caller_reset(c);
	c->prepare = drop_all;
	c->peer = peer;
	for_each_ns_in(id, t->fresh)
		caller_call(c, t->nsfd[id][NS_ACTIVE], ns_types[id].flag,
			    "nsfd");
}

TEST_F(setns_refusal_root, refuses_threads_before_capabilities)
{
	struct target *t = self->target;
	struct caller *c = self->c;
	int errs[NR_NS_TYPES];

	SETUP_TARGET(t, .number = 1, .fresh = self->types, .uid = OTHER_UID);
	call_each_nsfd(c, t, NO_PEER);
	caller_run(c);
	EXPECT_THAT(denied(c, EPERM));

	call_each_nsfd(c, t, PEER_THREAD);
	/*				 user    time    others */
	errs_by_type(errs, self->types, EINVAL, EUSERS, EPERM);
	caller_run(c);
	EXPECT_THAT(ended(c, errs));

	/* With all capabilities and no thread. */
	caller_reset(c);
	caller_by_pidfd(c, t, self->types);
	caller_run(c);
	EXPECT_THAT(attached(c));
}

/*
 * Access to a target is judged by real ids (PTRACE_MODE_READ_REALCREDS), the
 * owner of a user namespace by the effective uid.  Callers have one uid that is
 * root's and one that is not.
 */
FIXTURE(setns_refusal_ids) {
	struct target target;
	struct caller *c;
	ns_set types;
};

FIXTURE_VARIANT(setns_refusal_ids) {
	uid_t real, effective;
	int access_err;		/* of a pidfd of root's target */
	int owner_err;		/* of the user namespace that root owns */
};

FIXTURE_VARIANT_ADD(setns_refusal_ids, real_root) {
	.real = 0,
	.effective = OTHER_UID,
	.access_err = 0,
	.owner_err = EPERM,
};

FIXTURE_VARIANT_ADD(setns_refusal_ids, effective_root) {
	.real = OTHER_UID,
	.effective = 0,
	.access_err = EPERM,
	.owner_err = 0,
};

FIXTURE_SETUP(setns_refusal_ids)
{
	SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(AS_ROOT, &self->types);
	SKIP_WITHOUT_TYPE(self->types, NS_USER);
	SKIP_WITHOUT_OTHER_UID();
	SETUP_CALLER(self->c);
}

FIXTURE_TEARDOWN(setns_refusal_ids)
{
	target_destroy(&self->target);
}

struct ids {
	uid_t real, effective;
	__u64 caps;
};

/* Root as the saved uid keeps the permitted capabilities. */
static int set_ids(struct caller *c, void *arg)
{
	const struct ids *ids = arg;

	(void)c;
	if (setresuid(ids->real, ids->effective, 0))
		return errno;
	/* Changing ids has cleared the parent-death signal. */
	die_with(getppid());
	return caps_set(ids->caps, ids->caps);
}

static void use_ids(struct caller *c, struct ids *ids)
{
	caller_reset(c);
	c->prepare = set_ids;
	c->arg = ids;
}

/* The target has the same capabilities as the caller, in one user namespace. */
TEST_F(setns_refusal_ids, real_uid_has_access_to_the_target)
{
	struct ids ids = { variant->real, variant->effective, 0 };
	ns_set types = self->types & ~NS_BIT(NS_USER);
	struct target *t = &self->target;
	struct caller *c = self->c;
	int errs[NR_NS_TYPES];

	SETUP_TARGET(t, .number = 1, .fresh = types, .without_ptrace = true);
	ASSERT_EQ(0, caps_permitted(&ids.caps));
	ids.caps &= ~CAP_BIT(CAP_SYS_PTRACE);
	for (unsigned int i = 0; i < NR_NS_TYPES; i++)
		errs[i] = variant->access_err;

	use_ids(c, &ids);
	for_each_ns_in(id, types)
		caller_by_pidfd(c, t, NS_BIT(id));
	caller_run(c);
	EXPECT_THAT(ended(c, errs));

	use_ids(c, &ids);
	for_each_ns_in(id, types)
		caller_by_nsfd(c, t, id);
	caller_run(c);
	EXPECT_THAT(attached(c));
}

/* A caller that is not the owner needs capabilities. */
TEST_F(setns_refusal_ids, effective_uid_owns_the_user_namespace)
{
	struct ids ids = { variant->real, variant->effective, 0 };
	const int errs[] = { variant->owner_err };
	struct target *t = &self->target;
	struct caller *c = self->c;

	SETUP_TARGET(t, .number = 1, .fresh = NS_BIT(NS_USER));
	use_ids(c, &ids);
	caller_by_nsfd(c, t, NS_USER);
	caller_run(c);
	EXPECT_THAT(ended(c, errs));

	ASSERT_EQ(0, caps_permitted(&ids.caps));
	ids.caps &= ~CAP_BIT(CAP_SYS_PTRACE);
	use_ids(c, &ids);
	caller_by_nsfd(c, t, NS_USER);
	caller_run(c);
	EXPECT_THAT(attached(c));
}

TEST_HARNESS_MAIN
