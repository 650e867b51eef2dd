// SPDX-License-Identifier: GPL-2.0
/*
 * Which capabilities setns(2) asks for, in which user namespace, and when a
 * pidfd asks for access to its process as well.
 */
#define _GNU_SOURCE
#include <stdarg.h>

#include "lib/call_caps.h"
#include "lib/fixture.h"

#define ADMIN	CAP_BIT(CAP_SYS_ADMIN)
#define CHROOT	CAP_BIT(CAP_SYS_CHROOT)
#define PTRACE	CAP_BIT(CAP_SYS_PTRACE)

/* A capability that setns(2) never asks for. */
#define UNUSED	CAP_BIT(CAP_NET_RAW)

/*
 * The capabilities that a caller needs to attach to a target's namespace of each
 * type:
 *
 *			caller's user namespace		namespace's owner
 *	user		-				CAP_SYS_ADMIN
 *	mnt		CAP_SYS_ADMIN, CAP_SYS_CHROOT	CAP_SYS_ADMIN
 *	each other	CAP_SYS_ADMIN			CAP_SYS_ADMIN
 *
 * The owner is the user namespace that owns the one to attach to.  For the type
 * user it is the namespace to attach to itself (setns(2)).  A call by pidfd also
 * needs access to the target: PTRACE_MODE_READ_REALCREDS of ptrace(2).
 *
 * What a caller can do in the owner depends on its relation to it.  The tables
 * below have, for each relation, all that it needs in its own user namespace.
 */
struct needs {
	__u64 user, mnt, others;
};

/*
 *	caller's user namespace
 *	`-- target's user namespace, owned by the caller's uid
 *
 * The owner has every capability in the target's user namespace, whatever it
 * has in its own (user_namespaces(7)).  This includes CAP_SYS_PTRACE.
 */
static const struct needs own = {
	.user	= 0,
	.mnt	= ADMIN | CHROOT,
	.others	= ADMIN,
};

/*
 * The same, and the target is not dumpable.  Access then also needs
 * CAP_SYS_PTRACE in the user namespace in which the target's program was
 * executed.  This is the caller's, as both run the program of the test.
 */
static const struct needs own_nondumpable_by_pidfd = {
	.user	= PTRACE,
	.mnt	= ADMIN | CHROOT | PTRACE,
	.others	= ADMIN | PTRACE,
};

/*
 *	caller's user namespace
 *	`-- target's user namespace, owned by another uid
 *
 * In the target's user namespace the caller has the capabilities that it has in
 * its own.  Access to a process of another uid needs CAP_SYS_PTRACE there.
 */
static const struct needs other_by_nsfd = {
	.user	= ADMIN,
	.mnt	= ADMIN | CHROOT,
	.others	= ADMIN,
};

static const struct needs other_by_pidfd = {
	.user	= ADMIN | PTRACE,
	.mnt	= ADMIN | CHROOT | PTRACE,
	.others	= ADMIN | PTRACE,
};

/*
 *	user namespace of the caller and of the target
 *
 * A caller that has every permitted capability of the target has access to it.
 * Its effective capabilities do not matter.
 */
static const struct needs same_userns = {
	.mnt	= ADMIN | CHROOT,
	.others	= ADMIN,
};

/* A caller that lacks one of them needs CAP_SYS_PTRACE. */
static const struct needs same_userns_by_pidfd_with_less = {
	.mnt	= ADMIN | CHROOT | PTRACE,
	.others	= ADMIN | PTRACE,
};

/* A set of capabilities, and the descriptor used with it in messages. */
struct capability_set {
	__u64 caps;
	char fd_name[96];
};

/* All, 15 of those in the tables, each other one alone, and all without it. */
#define MAX_SETS (16 + 2 * CAPS_MAX)

FIXTURE(setns_access) {
	struct target target, start;
	struct caller *c;
	ns_set types;
	bool by_pidfd;
	__u64 needs[NR_NS_TYPES];
	struct call_caps caps;
	struct capability_set sets[MAX_SETS];
	unsigned int nr_sets;
};

FIXTURE_VARIANT(setns_access) {
	enum privilege privilege;
	bool by_pidfd;
	uid_t target_uid;
	bool nondumpable;
	bool same_userns;
	__u64 caller_lacks;	/* capabilities missing in its permitted set */
	const struct needs *needs;
};

FIXTURE_VARIANT_ADD(setns_access, nsfd_of_own_target) {
	.privilege = AS_ROOT,
	.needs = &own,
};

FIXTURE_VARIANT_ADD(setns_access, pidfd_of_own_target) {
	.privilege = AS_ROOT,
	.by_pidfd = true,
	.needs = &own,
};

FIXTURE_VARIANT_ADD(setns_access, nsfd_of_own_target_in_own_userns) {
	.privilege = AS_USERNS_ROOT,
	.needs = &own,
};

FIXTURE_VARIANT_ADD(setns_access, pidfd_of_own_target_in_own_userns) {
	.privilege = AS_USERNS_ROOT,
	.by_pidfd = true,
	.needs = &own,
};

FIXTURE_VARIANT_ADD(setns_access, pidfd_of_own_nondumpable_target) {
	.privilege = AS_ROOT,
	.by_pidfd = true,
	.nondumpable = true,
	.needs = &own_nondumpable_by_pidfd,
};

FIXTURE_VARIANT_ADD(setns_access, nsfd_of_another_uids_target) {
	.privilege = AS_ROOT,
	.target_uid = OTHER_UID,
	.needs = &other_by_nsfd,
};

FIXTURE_VARIANT_ADD(setns_access, pidfd_of_another_uids_target) {
	.privilege = AS_ROOT,
	.by_pidfd = true,
	.target_uid = OTHER_UID,
	.needs = &other_by_pidfd,
};

FIXTURE_VARIANT_ADD(setns_access, pidfd_of_another_uids_nondumpable_target) {
	.privilege = AS_ROOT,
	.by_pidfd = true,
	.target_uid = OTHER_UID,
	.nondumpable = true,
	.needs = &other_by_pidfd,
};

FIXTURE_VARIANT_ADD(setns_access, nsfd_of_target_in_same_userns) {
	.privilege = AS_ROOT,
	.same_userns = true,
	.needs = &same_userns,
};

FIXTURE_VARIANT_ADD(setns_access, pidfd_of_target_in_same_userns) {
	.privilege = AS_ROOT,
	.by_pidfd = true,
	.same_userns = true,
	.needs = &same_userns,
};

FIXTURE_VARIANT_ADD(setns_access, pidfd_of_target_with_more_in_same_userns) {
	.privilege = AS_ROOT,
	.by_pidfd = true,
	.same_userns = true,
	.caller_lacks = UNUSED,
	.needs = &same_userns_by_pidfd_with_less,
};

FIXTURE_SETUP(setns_access)
{
	SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(variant->privilege, &self->types);
	if (variant->same_userns)
		self->types &= ~NS_BIT(NS_USER);
	else
		SKIP_WITHOUT_TYPE(self->types, NS_USER);
	if (variant->target_uid)
		SKIP_WITHOUT_OTHER_UID();
	for_each_ns(id)
		self->needs[id] = variant->needs->others;
	self->needs[NS_USER] = variant->needs->user;
	self->needs[NS_MNT] = variant->needs->mnt;
	self->by_pidfd = variant->by_pidfd;
	ASSERT_EQ(0, caps_permitted(&self->caps.permitted));
	self->caps.permitted &= ~variant->caller_lacks;
	SETUP_CALLER(self->c);
	SETUP_TARGET(&self->target, .number = 1, .fresh = self->types,
		     .uid = variant->target_uid,
		     .nondumpable = variant->nondumpable);
	SETUP_TARGET(&self->start, .number = 2, .fresh = self->types,
		     .uid = variant->target_uid,
		     .nondumpable = variant->nondumpable);
}

FIXTURE_TEARDOWN(setns_access)
{
	target_destroy(&self->target);
	target_destroy(&self->start);
}

static void __printf(3, 4)
add_set(FIXTURE_DATA(setns_access) *self, __u64 caps, const char *fmt, ...)
{
	struct capability_set *set = &self->sets[self->nr_sets++];
	char text[80];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	set->caps = caps;
	snprintf(set->fd_name, sizeof(set->fd_name), "%s %s",
		 self->by_pidfd ? "pidfd" : "nsfd", text);
}

/* Every set of the capabilities in the tables, without and with all others. */
static void add_sets_in_tables(FIXTURE_DATA(setns_access) *self)
{
	__u64 others = self->caps.permitted & ~(ADMIN | CHROOT | PTRACE);

	for (unsigned int i = 0; i < 8; i++) {
		__u64 caps = (i & 1 ? ADMIN : 0) | (i & 2 ? CHROOT : 0) |
			     (i & 4 ? PTRACE : 0);
		char names[64];

		snprintf(names, sizeof(names), "%s%s%s",
			 i & 1 ? " CAP_SYS_ADMIN" : "",
			 i & 2 ? " CAP_SYS_CHROOT" : "",
			 i & 4 ? " CAP_SYS_PTRACE" : "");
		add_set(self, caps, i ? "with just%s" : "with nothing%s", names);
		/* The set of all capabilities is there already. */
		if (caps == (ADMIN | CHROOT | PTRACE))
			continue;
		add_set(self, caps | others, "with all others%s%s",
			i ? " and" : "", names);
	}
}

/* Every other capability alone, and all capabilities without it. */
static void add_sets_of_others(FIXTURE_DATA(setns_access) *self)
{
	__u64 all = self->caps.permitted;
	cap_value_t caps[CAPS_MAX];
	unsigned int nr = caps_list(all & ~(ADMIN | CHROOT | PTRACE), caps);

	for (unsigned int i = 0; i < nr; i++) {
		const char *name = capability_name(caps[i]);

		add_set(self, CAP_BIT(caps[i]), "with just %s", name);
		add_set(self, all & ~CAP_BIT(caps[i]), "without %s", name);
	}
}

/* Adds calls with each set to every type that needs more than the set. */
static void call_refused(FIXTURE_DATA(setns_access) *self)
{
	const struct target *t = &self->target;
	struct caller *c = self->c;

	caller_with_caps(c, &self->caps);
	for (unsigned int i = 0; i < self->nr_sets; i++) {
		const struct capability_set *set = &self->sets[i];

		for_each_ns_in(id, self->types) {
			if (!(self->needs[id] & ~set->caps))
				continue;
			caller_call(c, self->by_pidfd ? t->pidfd :
						t->nsfd[id][NS_ACTIVE],
				    ns_types[id].flag, set->fd_name);
			call_with_caps(c, set->caps);
		}
	}
}

static struct call *call_target(FIXTURE_DATA(setns_access) *self,
				const struct capability_set *set, enum ns_id id)
{
	struct call *call = self->by_pidfd ?
		caller_by_pidfd(self->c, &self->target, NS_BIT(id)) :
		caller_by_nsfd(self->c, &self->target, id);

	call->fd_name = set->fd_name;
	call_with_caps(self->c, set->caps);
	return call;
}

/* Adds a call to start's namespaces in @types, with @caps if they suffice. */
static void call_start(FIXTURE_DATA(setns_access) *self, ns_set types,
		       __u64 caps)
{
	if ((ADMIN | CHROOT | PTRACE) & ~caps)
		caps = self->caps.permitted;
	caller_by_pidfd(self->c, &self->start, types)->look = LOOK_NOTHING;
	call_with_caps(self->c, caps);
}

/*
 * Adds calls with each set to every type, except user, for which it is enough.
 * The caller starts from the namespaces of start and returns there after each
 * set.  Its links are read before it returns.
 */
static void call_granted(FIXTURE_DATA(setns_access) *self)
{
	ns_set types = self->types & ~NS_BIT(NS_USER);

	caller_with_caps(self->c, &self->caps);
	call_start(self, types, self->caps.permitted);
	for (unsigned int i = 0; i < self->nr_sets; i++) {
		const struct capability_set *set = &self->sets[i];
		struct call *call = NULL;
		ns_set away = 0;

		for_each_ns_in(id, types) {
			if (self->needs[id] & ~set->caps)
				continue;
			call = call_target(self, set, id);
			call->look = LOOK_NOTHING;
			away |= NS_BIT(id);
		}
		if (!call)
			continue;
		call->look = LOOK_LINKS;
		call_start(self, away, set->caps);
	}
	/* The first set has all.  The caller cannot return from there. */
	if (self->types & NS_BIT(NS_USER))
		call_target(self, &self->sets[0], NS_USER);
}

TEST_F(setns_access, needs_exactly_the_capabilities_in_the_table)
{
	const struct capability_set just_needed = {
		.caps = self->needs[NS_USER],
		.fd_name = "descriptor with just the needed capabilities",
	};
	struct caller *c = self->c;

	add_set(self, self->caps.permitted, "with all capabilities");
	add_sets_in_tables(self);
	add_sets_of_others(self);

	call_refused(self);
	caller_run(c);
	EXPECT_THAT(denied(c, EPERM));

	call_granted(self);
	caller_run(c);
	EXPECT_THAT(attached(c));

	if (variant->same_userns)
		return;
	caller_with_caps(c, &self->caps);
	call_target(self, &just_needed, NS_USER);
	caller_run(c);
	EXPECT_THAT(attached(c));
}

/*
 * The user namespace of another uid's target, without each capability that is not
 * needed.  One caller attaches to user namespaces that are nested:
 *
 *	caller's user namespace
 *	`-- level 0, owned by another uid		by nsfd
 *	    `-- level 1, owned by that uid		by pidfd
 *	        `-- level 2, owned by that uid		by nsfd, and so on
 *
 * In each level it gains all capabilities, and lowers its effective set again.
 */
#define LEVELS 8

FIXTURE(setns_access_user) {
	struct target level[LEVELS];
	struct caller *c;
	struct call_caps caps;
};

FIXTURE_SETUP(setns_access_user)
{
	ns_set types;

	SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(AS_ROOT, &types);
	SKIP_WITHOUT_TYPE(types, NS_USER);
	SKIP_WITHOUT_OTHER_UID();
	ASSERT_EQ(0, caps_permitted(&self->caps.permitted));
	SETUP_CALLER(self->c);
	for (unsigned int i = 0; i < LEVELS; i++)
		SETUP_TARGET(&self->level[i], .fresh = NS_BIT(NS_USER),
			     .uid = OTHER_UID,
			     .inside = i ? &self->level[i - 1] : NULL,
			     .inside_set = i ? NS_BIT(NS_USER) : 0);
}

FIXTURE_TEARDOWN(setns_access_user)
{
	for (unsigned int i = 0; i < LEVELS; i++)
		target_destroy(&self->level[i]);
}

/* Adds calls by nsfd to one level and by pidfd to the next, with @caps. */
static void call_two_levels(FIXTURE_DATA(setns_access_user) *self,
			    const struct target *level, __u64 caps)
{
	caller_by_nsfd(self->c, &level[0], NS_USER);
	call_with_caps(self->c, caps);
	caller_by_pidfd(self->c, &level[1], NS_BIT(NS_USER));
	call_with_caps(self->c, caps);
}

TEST_F(setns_access_user, other_uids_userns_needs_only_admin_and_ptrace)
{
	__u64 all = self->caps.permitted;
	char names[LEVELS * 32];
	struct caller *c = self->c;
	cap_value_t caps[CAPS_MAX];
	unsigned int nr = caps_list(all & ~(ADMIN | PTRACE), caps);

	for (unsigned int i = 0; i < nr; i += LEVELS / 2) {
		caller_with_caps(c, &self->caps);
		names[0] = '\0';
		for (unsigned int j = 0; j < LEVELS / 2 && i + j < nr; j++) {
			cap_value_t cap = caps[i + j];

			call_two_levels(self, &self->level[2 * j],
					all & ~CAP_BIT(cap));
			strcat(strcat(names, " "), capability_name(cap));
		}
		caller_run(c);
		EXPECT_THAT(explain(c, attached(c),
				    "two calls without each of%s", names));
	}
}

/*
 * A caller and a target in one user namespace.  For access the caller must have
 * every capability in its permitted set that the target has in its own, or
 * CAP_SYS_PTRACE in its effective set (ptrace(2)).
 */
FIXTURE(setns_access_permitted) {
	struct target target;
	struct caller *c;
	ns_set types;
	struct call_caps caps;
};

FIXTURE_SETUP(setns_access_permitted)
{
	SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(AS_ROOT, &self->types);
	self->types &= ~NS_BIT(NS_USER);
	ASSERT_EQ(0, caps_permitted(&self->caps.permitted));
	SETUP_CALLER(self->c);
	SETUP_TARGET(&self->target, .number = 1, .fresh = self->types);
}

FIXTURE_TEARDOWN(setns_access_permitted)
{
	target_destroy(&self->target);
}

/* Some capabilities, from both 32-bit halves of a set. */
static const cap_value_t samples[] = {
	CAP_CHOWN, CAP_NET_RAW, CAP_SYS_CHROOT, CAP_SETFCAP, CAP_MAC_OVERRIDE,
	CAP_AUDIT_READ,
};

TEST_F(setns_access_permitted, caller_with_less_than_the_target_needs_CAP_SYS_PTRACE)
{
	const int errs[] = { EPERM, 0 };
	__u64 all = self->caps.permitted;
	struct target *t = &self->target;
	struct caller *c = self->c;

	for (unsigned int i = 0; i < ARRAY_SIZE(samples); i++) {
		__u64 less = all & ~CAP_BIT(samples[i]);
		ns_set types = self->types;

		if (less == all)
			continue;
		if (samples[i] == CAP_SYS_CHROOT)
			types &= ~NS_BIT(NS_MNT);
		self->caps.permitted = less;
		caller_with_caps(c, &self->caps);
		caller_by_pidfd(c, t, types)->fd_name =
			"pidfd without CAP_SYS_PTRACE";
		call_with_caps(c, less & ~PTRACE);
		caller_by_pidfd(c, t, types)->fd_name =
			"pidfd with CAP_SYS_PTRACE";
		call_with_caps(c, less);
		caller_run(c);
		EXPECT_THAT(explain(c, ended(c, errs), "%s not permitted",
				    capability_name(samples[i])));
	}
	/* A caller without CAP_SYS_PTRACE in its permitted set. */
	self->caps.permitted = all & ~PTRACE;
	caller_with_caps(c, &self->caps);
	for_each_ns_in(id, self->types) {
		caller_call(c, t->pidfd, ns_types[id].flag,
			    "pidfd with CAP_SYS_PTRACE not permitted");
		call_with_caps(c, self->caps.permitted);
	}
	caller_run(c);
	EXPECT_THAT(denied(c, EPERM));
}

TEST_HARNESS_MAIN
