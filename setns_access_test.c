// SPDX-License-Identifier: GPL-2.0
/*
 * Who may: which capabilities setns(2) asks for, in whose user namespace, and
 * when a pidfd asks for the right to look at the target as well.
 */
#define _GNU_SOURCE
#include <sys/capability.h>

#include "fixture.h"

FIXTURE(access) {
	struct target target;
	struct attempt *a;
	ns_set types;
};

FIXTURE_VARIANT(access) {
	enum world world;
	/* Another uid runs the target and owns its user namespace. */
	bool of_other;
	/* The target is in the caller's user namespace. */
	bool same_userns;
	bool nondumpable;
};

FIXTURE_VARIANT_ADD(access, own_target) {
	.world = WORLD_ROOT,
};

FIXTURE_VARIANT_ADD(access, own_target_in_own_userns) {
	.world = WORLD_OWN_USERNS,
};

FIXTURE_VARIANT_ADD(access, nondumpable_target) {
	.world = WORLD_ROOT,
	.nondumpable = true,
};

FIXTURE_VARIANT_ADD(access, target_of_another_uid) {
	.world = WORLD_ROOT,
	.of_other = true,
};

FIXTURE_VARIANT_ADD(access, nondumpable_target_of_another_uid) {
	.world = WORLD_ROOT,
	.of_other = true,
	.nondumpable = true,
};

FIXTURE_VARIANT_ADD(access, target_in_same_userns) {
	.world = WORLD_ROOT,
	.same_userns = true,
};

FIXTURE_SETUP(access)
{
	FIXTURE_PIDFD_SETNS();
	FIXTURE_WORLD(variant->world, &self->types);
	if (!(self->types & NS_BIT(NS_USER)))
		SKIP_TEST("no user namespace can be made here");
	if (variant->of_other)
		FIXTURE_OTHER_UID();
	if (variant->same_userns)
		self->types &= ~NS_BIT(NS_USER);
	FIXTURE_ATTEMPT(self->a);
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types,
		       .uid = variant->of_other ? WORLD_OTHER_UID : 0,
		       .nondumpable = variant->nondumpable);
}

FIXTURE_TEARDOWN(access)
{
	target_destroy(&self->target);
}

/* A caller's capabilities, and how it calls. */
struct credential {
	__u64 caps;
	bool by_pidfd;
};

static bool has(__u64 caps, cap_value_t cap)
{
	return caps & 1ULL << cap;
}

/*
 * What setns(2), ptrace(2) and user_namespaces(7) promise a caller with @caps
 * in its own user namespace, of which the target's is a child or the same: the
 * owner of a child has all capabilities in it, any other caller those that it
 * has in its own.
 */
static int documented(const FIXTURE_VARIANT(access) *variant,
		      const struct target *t, const struct credential *cred,
		      enum ns_id id)
{
	bool owner = !variant->of_other && !variant->same_userns;
	__u64 here = cred->caps;
	__u64 there = owner ? ~0ULL : here;
	__u64 target_has = t->state->number[ST_CAP_PERMITTED];
	/*
	 * PTRACE_MODE_READ_REALCREDS: not to have less capabilities than the
	 * target in the same user namespace, or CAP_SYS_PTRACE in its; and to
	 * one that is not dumpable, CAP_SYS_PTRACE where its program was
	 * started, which is here.
	 */
	bool superset = variant->same_userns && !(target_has & ~here);
	bool may_look = (superset || has(there, CAP_SYS_PTRACE)) &&
			(!variant->nondumpable || has(here, CAP_SYS_PTRACE));

	if (cred->by_pidfd && !may_look)
		return EPERM;
	if (!has(there, CAP_SYS_ADMIN))
		return EPERM;
	if (id != NS_USER && !has(here, CAP_SYS_ADMIN))
		return EPERM;
	if (id == NS_MNT && !has(here, CAP_SYS_CHROOT))
		return EPERM;
	return 0;
}

/* cap_to_name(3) without something to free. */
static const char *capability_name(cap_value_t cap)
{
	static char name[32];
	char *text = cap_to_name(cap);

	snprintf(name, sizeof(name), "%s", text ? text : "?");
	cap_free(text);
	return name;
}

static int with_capabilities(struct attempt *a, void *arg)
{
	const struct credential *cred = arg;
	cap_t caps = cap_get_proc();
	int err;

	(void)a;
	for (cap_value_t c = 0; c < cap_max_bits(); c++)
		if (!has(cred->caps, c)) {
			cap_set_flag(caps, CAP_EFFECTIVE, 1, &c, CAP_CLEAR);
			cap_set_flag(caps, CAP_PERMITTED, 1, &c, CAP_CLEAR);
		}
	err = cap_set_proc(caps) ? errno : 0;
	cap_free(caps);
	return err;
}

/* Makes every call that is added, by a caller with the capabilities of @cred. */
static void ready_with(struct attempt *a, struct credential *cred)
{
	attempt_reset(a);
	a->all_calls = true;
	a->prepare = with_capabilities;
	a->arg = cred;
}

/*
 * A caller with these capabilities tries all types, the user namespace last,
 * since after that it has other ones.
 */
static const char *is_as_documented(FIXTURE_DATA(access) *self,
				    const FIXTURE_VARIANT(access) *variant,
				    struct credential *cred)
{
	const struct target *t = &self->target;
	int errs[NR_NS_TYPES], nr = 0;
	struct attempt *a = self->a;
	struct state expected;
	const char *why;

	ready_with(a, cred);
	for (int i = 1; i <= NR_NS_TYPES; i++) {
		enum ns_id id = i % NR_NS_TYPES;

		if (!(self->types & NS_BIT(id)))
			continue;
		attempt_call(a, cred->by_pidfd ? t->pidfd :
						 t->nsfd[id][NS_ACTIVE],
			     ns_types[id].flag,
			     cred->by_pidfd ? "pidfd" : "nsfd");
		errs[nr++] = documented(variant, t, cred, id);
	}
	attempt_make(a);
	why = each_ended(a, errs);
	if (why)
		return why;
	expected = a->before;
	for_each_ns_in(id, self->types)
		if (!documented(variant, t, cred, id))
			state_attach(&expected, t->state, id);
	return left_in(a, &expected);
}

/*
 * By nsfd, @from 0, and by pidfd, a caller with @caps, as far as the test has
 * them.
 */
#define EXPECT_AS_DOCUMENTED_FROM(from, own_caps, wanted, ...) do { \
	for (int __by_pidfd = (from); __by_pidfd < 2; __by_pidfd++) { \
		struct credential __cred = { \
			.caps = (own_caps) & (wanted), \
			.by_pidfd = __by_pidfd, \
		}; \
		const char *__why = is_as_documented(self, variant, &__cred); \
	\
		EXPECT_THAT(explain(self->a, __why, __VA_ARGS__)); \
	} \
} while (0)

#define EXPECT_AS_DOCUMENTED(own_caps, wanted, ...) \
	EXPECT_AS_DOCUMENTED_FROM(0, own_caps, wanted, __VA_ARGS__)

/*
 * One capability at a time, where the way matters: whether the target is
 * dumpable is nothing to an nsfd, which the sets of those that matter show.
 */
#define EXPECT_EACH_AS_DOCUMENTED(own_caps, wanted, ...) \
	EXPECT_AS_DOCUMENTED_FROM(variant->nondumpable, own_caps, wanted, \
				  __VA_ARGS__)

static __u64 own_capabilities(void)
{
	struct state own;

	return state_take(&own) ? 0 : own.number[ST_CAP_PERMITTED];
}

TEST_F(access, every_capability_dropped_on_its_own)
{
	__u64 own = own_capabilities();

	EXPECT_AS_DOCUMENTED(own, ~0ULL, "with all capabilities");
	for (cap_value_t c = 0; c < cap_max_bits(); c++)
		EXPECT_EACH_AS_DOCUMENTED(own, ~(1ULL << c), "without %s",
					  capability_name(c));
}

TEST_F(access, every_capability_on_its_own)
{
	__u64 own = own_capabilities();

	EXPECT_AS_DOCUMENTED(own, 0ULL, "without capabilities");
	for (cap_value_t c = 0; c < cap_max_bits(); c++)
		EXPECT_EACH_AS_DOCUMENTED(own, 1ULL << c, "with %s alone",
					  capability_name(c));
}

/* With just the ones that matter, in every combination. */
TEST_F(access, every_set_of_the_capabilities_that_matter)
{
	static const cap_value_t matter[] = {
		CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE,
	};
	__u64 own = own_capabilities();

	for (unsigned int set = 0; set < 1U << ARRAY_SIZE(matter); set++) {
		__u64 caps = 0;

		for (unsigned int i = 0; i < ARRAY_SIZE(matter); i++)
			if (set & 1U << i)
				caps |= 1ULL << matter[i];
		EXPECT_AS_DOCUMENTED(own, caps, "with capabilities %#llx",
				     (unsigned long long)caps);
	}
}

/* Arguments are looked at before the caller is. */
TEST_F(access, invalid_arguments_are_invalid_for_the_unprivileged)
{
	struct target *t = &self->target;
	struct attempt *a = self->a;

	a->all_calls = true;
	a->prepare = without_capabilities;
	/* As is the user namespace that one is in already. */
	if (self->types & NS_BIT(NS_USER))
		attempt_call(a, nsfd_open(0, NS_USER, NS_ACTIVE), CLONE_NEWUSER,
			     "nsfd of the own");
	attempt_call(a, t->pidfd, 0, "pidfd");
	attempt_call(a, t->pidfd, CLONE_VM, "pidfd");
	attempt_call(a, t->pidfd, ns_flags(self->types) | CLONE_VM, "pidfd");
	for_each_ns_in(id, self->types) {
		int other = ns_flags(self->types & ~NS_BIT(id));

		attempt_call(a, t->nsfd[id][NS_ACTIVE], other, "nsfd");
		attempt_call(a, t->nsfd[id][NS_ACTIVE], CLONE_VM, "nsfd");
	}
	attempt_make(a);
	EXPECT_THAT(denied(a, EINVAL));
}

/* Two reasons to refuse a call, or one where the caller has much else. */
FIXTURE(refusal) {
	struct target target;
	struct attempt *a;
	ns_set types;
};

FIXTURE_SETUP(refusal)
{
	FIXTURE_PIDFD_SETNS();
	FIXTURE_WORLD(WORLD_ROOT, &self->types);
	if (!(self->types & NS_BIT(NS_USER)))
		SKIP_TEST("no user namespace can be made here");
	FIXTURE_ATTEMPT(self->a);
}

FIXTURE_TEARDOWN(refusal)
{
	target_destroy(&self->target);
}

/*
 * Who owns the target's user namespace has every capability in there, and so all
 * that it takes but for one: CAP_SYS_ADMIN where the other namespaces belong.
 */
TEST_F(refusal, whatever_else_the_owner_of_the_user_namespace_may)
{
	ns_set user = NS_BIT(NS_USER), outside = self->types & ~user;
	struct target *t = &self->target;
	struct credential cred = { 0 };
	struct attempt *a = self->a;

	/* All else of it is the caller's own, and so of its user namespace. */
	FIXTURE_TARGET(t, .number = 1, .fresh = user);
	for (cap_value_t c = 0; c < cap_max_bits(); c++) {
		cred.caps = c == CAP_SYS_ADMIN ? 0 : 1ULL << c;
		ready_with(a, &cred);
		for_each_ns_in(id, outside)
			attempt_call(a, t->pidfd, ns_flags(user | NS_BIT(id)),
				     "pidfd");
		attempt_make(a);
		EXPECT_THAT(explain(a, denied(a, EPERM), "with %s alone",
				    cred.caps ? capability_name(c) : "none"));
	}
	cred.caps = 1ULL << CAP_SYS_ADMIN;
	for_each_ns_in(id, outside) {
		ready_with(a, &cred);
		attempt_call(a, t->pidfd, ns_flags(user | NS_BIT(id)), "pidfd");
		attempt_make(a);
		EXPECT_THAT(attached(a, t, user | NS_BIT(id)));
	}
}

TEST_F(refusal, for_threads_before_it_is_for_capabilities)
{
	const struct {
		enum caller_peer peer;
		int user, time;		/* how attaching to these ends */
	} callers[] = {
		{ NO_PEER, EPERM, EPERM },
		{ PEER_THREAD, EINVAL, EUSERS },
	};
	struct target *t = &self->target;
	struct credential cred = { 0 };
	struct attempt *a = self->a;

	/* Another's, as to the own it is EINVAL for being that. */
	FIXTURE_OTHER_UID();
	FIXTURE_TARGET(t, .number = 1, .fresh = self->types,
		       .uid = WORLD_OTHER_UID);
	for (unsigned int i = 0; i < ARRAY_SIZE(callers); i++) {
		int errs[NR_NS_TYPES], nr = 0;

		ready_with(a, &cred);
		a->peer = callers[i].peer;
		for_each_ns_in(id, self->types) {
			attempt_call(a, t->nsfd[id][NS_ACTIVE],
				     ns_types[id].flag, "nsfd");
			errs[nr++] = id == NS_USER ? callers[i].user :
				     id == NS_TIME ? callers[i].time : EPERM;
		}
		attempt_make(a);
		EXPECT_THAT(each_ended(a, errs));
		EXPECT_THAT(left_in(a, &a->before));
	}
	/* The same with all capabilities, and nothing shared. */
	attempt_one(a, t->pidfd, ns_flags(self->types), "pidfd");
	EXPECT_THAT(attached(a, t, self->types));
}

/*
 * Who looks at a target is judged by its real ids, who owns a user namespace
 * by its effective uid.  Callers have one of root's and one of another's.
 */
FIXTURE(ids) {
	struct target target;
	struct attempt *a;
	ns_set types;
};

FIXTURE_VARIANT(ids) {
	uid_t real, effective;
};

FIXTURE_VARIANT_ADD(ids, real_root) {
	.effective = WORLD_OTHER_UID,
};

FIXTURE_VARIANT_ADD(ids, effective_root) {
	.real = WORLD_OTHER_UID,
};

FIXTURE_SETUP(ids)
{
	FIXTURE_PIDFD_SETNS();
	FIXTURE_WORLD(WORLD_ROOT, &self->types);
	if (!(self->types & NS_BIT(NS_USER)))
		SKIP_TEST("no user namespace can be made here");
	FIXTURE_OTHER_UID();
	FIXTURE_ATTEMPT(self->a);
}

FIXTURE_TEARDOWN(ids)
{
	target_destroy(&self->target);
}

struct ids {
	uid_t real, effective;
	bool keep_capabilities;
};

static int with_ids(struct attempt *a, void *arg)
{
	const struct ids *ids = arg;
	cap_t caps = cap_get_proc();
	const cap_value_t ptrace = CAP_SYS_PTRACE;
	int err = 0;

	/* 0 as saved uid keeps the permitted set, for what is raised again. */
	if (setresuid(ids->real, ids->effective, 0))
		err = errno;
	cap_set_flag(caps, CAP_EFFECTIVE, 1, &ptrace, CAP_CLEAR);
	cap_set_flag(caps, CAP_PERMITTED, 1, &ptrace, CAP_CLEAR);
	if (!ids->keep_capabilities)
		cap_clear(caps);
	if (!err && cap_set_proc(caps))
		err = errno;
	cap_free(caps);
	(void)a;
	return err;
}

static void call_with_ids(struct attempt *a, struct ids *ids, int fd,
			  int flags, const char *fd_name)
{
	attempt_reset(a);
	attempt_call(a, fd, flags, fd_name);
	a->prepare = with_ids;
	a->arg = ids;
	attempt_make(a);
}

TEST_F(ids, real_ones_look_at_the_target)
{
	struct ids ids = { variant->real, variant->effective, true };
	ns_set types = self->types & ~NS_BIT(NS_USER);
	struct target *t = &self->target;
	struct attempt *a = self->a;

	/* In one user namespace, with the same capabilities as the caller. */
	FIXTURE_TARGET(t, .number = 1, .fresh = types, .without_ptrace = true);
	for_each_ns_in(id, types) {
		call_with_ids(a, &ids, t->pidfd, ns_types[id].flag, "pidfd");
		if (variant->real)
			EXPECT_THAT(denied(a, EPERM));
		else
			EXPECT_THAT(attached(a, t, NS_BIT(id)));
		call_with_ids(a, &ids, t->nsfd[id][NS_ACTIVE],
			      ns_types[id].flag, "nsfd");
		EXPECT_THAT(attached(a, t, NS_BIT(id)));
	}
}

TEST_F(ids, effective_ones_own_the_user_namespace)
{
	struct target *t = &self->target;
	struct attempt *a = self->a;

	FIXTURE_TARGET(t, .number = 1, .fresh = self->types);
	for (int keep = 0; keep < 2; keep++) {
		struct ids ids = { variant->real, variant->effective, keep };

		call_with_ids(a, &ids, t->nsfd[NS_USER][NS_ACTIVE],
			      CLONE_NEWUSER, "nsfd");
		if (variant->effective && !keep)
			EXPECT_THAT(denied(a, EPERM));
		else
			EXPECT_THAT(attached(a, t, NS_BIT(NS_USER)));
	}
}

TEST_HARNESS_MAIN
