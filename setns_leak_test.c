// SPDX-License-Identifier: GPL-2.0
/*
 * Nothing leaks.  After calls that succeed, and after calls that are refused at
 * every type and for every reason, the namespaces of the caller and of the
 * target are freed with their last process.  So are the mounts of their roots.
 *
 * This needs no debugging kernel.  Limits tell when a namespace is left over
 * (ns_limit.h).  inotify(7) tells when the filesystem at a root is gone, which
 * no fs_struct and no mount namespace must hold then.
 *
 * The kernel takes its time to free namespaces.  So a test makes calls of all
 * kinds and then asks once.  Only if something is left over, it repeats each
 * kind with new targets and asks after each, to name the kind.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/capability.h>
#include <sys/inotify.h>

#include "lib/fixture.h"
#include "lib/ns_limit.h"

/* While the calls are made, there are those of start and of the target. */
#define NAMESPACES_IN_USE	2

/* For the user namespaces around those in which calls are repeated. */
#define NAMESPACES_REPEATED	1000

/*
 *	user namespace of the test	sets the limits
 *	`-- start			the caller starts in its namespaces
 *	    `-- target, foreign
 *
 * The foreign target is in the namespaces of the target, except for one type of
 * which it is in the test's.  A caller in the user namespace of start has no
 * privilege over that one.
 */
struct leak {
	struct target start, target, foreign;
	struct caller *c;
	ns_set types;
	int inotify;		/* watches the roots, or -1 */
};

/* A kind of call: with every set that has a type in @with, none in @without. */
struct kind {
	const char *name;
	ns_set with, without;
	int err;		/* how they end, 0 for success */
	ns_set foreign;		/* the calls are on the foreign target */
	ns_set not_moved;	/* types not moved to those of start */
	enum caller_peer peer;
	int (*drop)(void);	/* drops capabilities of the caller, or NULL */
	bool zombie;		/* the target is dead from then on */
};

static int drop_chroot(void)
{
	return capability_drop(CAP_SYS_CHROOT);
}

#define REFUSED_AT(id, type) { \
	.name = "calls refused at " type, \
	.with = NS_BIT(id), \
	.foreign = NS_BIT(id), \
	.err = EPERM, \
}

static const struct kind kinds[] = {
	{
		.name = "calls that attach",
		.with = NS_ALL,
		.without = NS_BIT(NS_USER),
	},
	{
		.name = "calls refused at user",
		.with = NS_BIT(NS_USER),
		.peer = PEER_SHARING_FS,
		.err = EINVAL,
	},
	REFUSED_AT(NS_MNT, "mnt"),
	REFUSED_AT(NS_UTS, "uts"),
	REFUSED_AT(NS_IPC, "ipc"),
	REFUSED_AT(NS_PID, "pid"),
	REFUSED_AT(NS_CGROUP, "cgroup"),
	REFUSED_AT(NS_NET, "net"),
	REFUSED_AT(NS_TIME, "time"),
	/*
	 * A task whose children go to another pid namespace can create no
	 * thread.
	 */
	{
		.name = "calls with user refused for threads",
		.with = NS_BIT(NS_USER),
		.peer = PEER_THREAD_OWN_FS,
		.not_moved = NS_BIT(NS_PID),
		.err = EINVAL,
	},
	{
		.name = "calls with time refused for threads",
		.with = NS_BIT(NS_TIME),
		.without = NS_BIT(NS_USER),
		.peer = PEER_THREAD_OWN_FS,
		.not_moved = NS_BIT(NS_PID),
		.err = EUSERS,
	},
	{
		.name = "calls refused without CAP_SYS_CHROOT",
		.with = NS_BIT(NS_MNT),
		.without = NS_BIT(NS_USER),
		.drop = drop_chroot,
		.err = EPERM,
	},
	{
		.name = "calls refused without capabilities",
		.with = NS_ALL,
		.without = NS_BIT(NS_USER),
		.drop = capabilities_drop_all,
		.err = EPERM,
	},
	/* The last kind, as no other can follow it on this target. */
	{
		.name = "calls refused for a zombie",
		.with = NS_ALL,
		.zombie = true,
		.err = ESRCH,
	},
};

/* The numbers of the kinds of calls that are possible with @types. */
#define for_each_kind(i, types) \
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) \
		if ((types) & kinds[i].with & ~kinds[i].without)

/* Returns 0 or an errno; then *@step is what failed. */
static int create_start_and_target(struct leak *l, const char **step)
{
	const struct target_spec start = {
		.number = 1,
		.fresh = l->types,
	};
	const struct target_spec target = {
		.number = 2,
		.fresh = l->types,
		.inside = &l->start,
		.inside_set = l->types,
	};
	int err = target_create(&l->start, &start, step);

	return err ? err : target_create(&l->target, &target, step);
}

/* Without processes, the namespaces of start and of the target are freed. */
static void end_start_and_target(struct leak *l)
{
	target_destroy(&l->target);
	target_destroy(&l->start);
}

FIXTURE(setns_leak) {
	struct leak l;
};

FIXTURE_SETUP(setns_leak)
{
	struct leak *l = &self->l;
	const char *step = NULL;

	l->inotify = -1;
	SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(AS_USERNS_ROOT, &l->types);
	SETUP_SYSCTL("user.max_*_namespaces",
		     ns_limit_set(l->types, NAMESPACES_IN_USE));
	SETUP_CALLER(l->c);
	SETUP_NAMESPACES(step, create_start_and_target(l, &step));
}

FIXTURE_TEARDOWN(setns_leak)
{
	target_destroy(&self->l.foreign);
	end_start_and_target(&self->l);
}

struct origin {
	const struct target *start;
	ns_set types;
	int (*drop)(void);
};

/* The caller's namespaces become those of start, so that they can be freed. */
static int go_to_start(struct caller *c, void *arg)
{
	const struct origin *origin = arg;

	(void)c;
	if (setns(origin->start->pidfd, ns_flags(origin->types)))
		return errno;
	return origin->drop ? origin->drop() : 0;
}

/*
 * Calls by pidfd, and by nsfd, that are refused.  Only the foreign type is the
 * reason: a last call, without it and without user, attaches.
 */
static const char *refused(struct leak *l, const struct kind *kind)
{
	const struct target *t = kind->foreign ? &l->foreign : &l->target;
	ns_set rest = l->types & ~kind->foreign & ~NS_BIT(NS_USER);
	struct caller *c = l->c;
	int errs[CALLER_CALLS];

	for_each_subset(set, l->types)
		if (set & kind->with && !(set & kind->without))
			caller_call(c, t->pidfd, ns_flags(set), "pidfd");
	/* The nsfds of a zombie still lead to its namespaces. */
	for_each_ns_in(id, l->types & kind->with & ~kind->without)
		if (!kind->zombie)
			caller_call(c, t->nsfd[id][NS_ACTIVE], 0, "nsfd");
	for (unsigned int i = 0; i < c->nr_calls; i++)
		errs[i] = kind->err;
	if (kind->foreign && rest) {
		errs[c->nr_calls] = 0;
		caller_by_pidfd(c, t, rest);
		c->look_after_each = false;
	}
	caller_run(c);
	return ended(c, errs);
}

/*
 * Calls by pidfd, and by nsfd, that attach to the target.  After each of them
 * the caller returns to start, which it cannot after the last, to all types.
 */
static const char *all_attached(struct leak *l)
{
	ns_set types = l->types & ~NS_BIT(NS_USER);
	const struct target *t = &l->target;
	struct caller *c = l->c;

	for_each_subset(set, types) {
		caller_by_pidfd(c, t, set);
		caller_by_pidfd(c, &l->start, set);
	}
	for_each_ns_in(id, types) {
		caller_by_nsfd(c, t, id);
		caller_by_nsfd(c, &l->start, id);
	}
	caller_by_pidfd(c, t, l->types);
	/* Other tests look at where each of these calls leads. */
	c->look_after_each = false;
	caller_run(c);
	return attached(c);
}

/* Makes the calls of @kind on a target that is there. */
static const char *call_from_start(struct leak *l, const struct kind *kind)
{
	struct origin origin = {
		.start = &l->start,
		.types = l->types & ~kind->not_moved,
		.drop = kind->drop,
	};
	struct caller *c = l->c;

	caller_reset(c);
	c->prepare = go_to_start;
	c->arg = &origin;
	c->peer = kind->peer;
	return kind->err ? refused(l, kind) : all_attached(l);
}

/* Makes the calls of @kind.  A foreign target lives only while they last. */
static const char *calls_end_as_expected(struct leak *l,
					 const struct kind *kind)
{
	const struct target_spec foreign = {
		.number = 3,
		.inside = &l->target,
		.inside_set = l->types & ~kind->foreign,
	};
	const char *step = "killing the target", *message = NULL;
	int err = 0;

	if (kind->foreign)
		err = target_create(&l->foreign, &foreign, &step);
	else if (kind->zombie)
		err = target_kill(&l->target);
	message = err ? errno_name(err) : call_from_start(l, kind);
	/* An init ends only after all others in its namespace are reaped. */
	target_destroy(&l->foreign);
	return explain(l->c, message, "%s%s%s", kind->name, err ? ": " : "",
		       err ? step : "");
}

/* Watches the root of the target's mount tree.  Returns 0 or an errno. */
static int watch_root(int inotify, const struct target *t)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root/.", t->pid);
	return inotify_add_watch(inotify, path, IN_ATTRIB) < 0 ? errno : 0;
}

static int watch_open(void)
{
	return inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

/* How many of @expected watched filesystems are gone, at the latest @until. */
static unsigned int await_unmounts(int inotify, unsigned int expected,
				   __s64 until)
{
	struct pollfd p = { .fd = inotify, .events = POLLIN };
	struct inotify_event event;
	unsigned int gone = 0;

	while (gone < expected) {
		__s64 left = until - clock_ms();

		if (poll(&p, 1, left > 0 ? left : 0) <= 0)
			break;
		while (read(inotify, &event, sizeof(event)) == sizeof(event))
			if (event.mask & IN_UNMOUNT)
				gone++;
	}
	return gone;
}

/* Checks, as those of check.h, roots if they are watched, else namespaces. */
static const char *nothing_left_over(struct leak *l)
{
	unsigned int gone;

	if (l->inotify < 0)
		return all_freed(l->c, l->types, freed_by());
	gone = await_unmounts(l->inotify, 2, freed_by());
	snprintf(l->c->message, sizeof(l->c->message),
		 "roots are left over: %u of 2 filesystems are gone", gone);
	return gone == 2 ? NULL : l->c->message;
}

struct repetition {
	const struct leak *l;
	const struct kind *kind;
};

/* What leaves_something() returns if something is left over; no errno. */
#define LEFT_OVER	126

/*
 * Runs in a child, whose new user namespace counts anew.  Makes the calls of
 * one kind and asks what is left over.  Returns 0 if nothing is, LEFT_OVER, or
 * an errno.
 */
static int leaves_something(void *arg)
{
	const struct repetition *r = arg;
	bool watch = r->l->inotify >= 0;
	struct leak l = {
		.c = r->l->c,
		.types = r->l->types,
		.inotify = watch ? watch_open() : -1,
	};
	const char *step;
	int err = userns_create();

	if (!err)
		err = ns_limit_set(l.types, NAMESPACES_IN_USE);
	if (!err)
		err = create_start_and_target(&l, &step);
	if (!err && watch)
		err = watch_root(l.inotify, &l.start);
	if (!err && watch)
		err = watch_root(l.inotify, &l.target);
	if (err)
		return err;
	calls_end_as_expected(&l, r->kind);
	end_start_and_target(&l);
	return nothing_left_over(&l) ? LEFT_OVER : 0;
}

/*
 * Repeats kind by kind after calls of all kinds that left over what @message
 * tells, until a kind does it again.
 */
static const char *find_kind(struct leak *l, const char *message)
{
	struct caller *c = l->c;
	char all[sizeof(c->message)];
	int err;

	if (!message)
		return NULL;
	memcpy(all, message, sizeof(all));
	err = ns_limit_set(l->types, NAMESPACES_REPEATED);
	for_each_kind(i, l->types) {
		struct repetition r = { .l = l, .kind = &kinds[i] };

		if (!err)
			err = in_child(leaves_something, &r);
		if (err == LEFT_OVER)
			return explain(c, c->message, "after %s",
				       kinds[i].name);
	}
	snprintf(c->message, sizeof(c->message),
		 "after one kind of calls, and %s%s: %.900s",
		 err ? "repeating them failed: " : "none repeats it",
		 err ? errno_name(err) : "", all);
	return c->message;
}

TEST_F(setns_leak, frees_every_namespace)
{
	struct leak *l = &self->l;

	for_each_kind(i, l->types)
		EXPECT_THAT(calls_end_as_expected(l, &kinds[i]));
	end_start_and_target(l);
	EXPECT_THAT(find_kind(l, nothing_left_over(l)));
}

/* inotify(7) with a watch of the target's root; only tmpfs goes unmounted. */
#define SETUP_WATCH(inotify, target) do { \
	if (!(target)->state->number[ST_MARK_FILE]) \
		SKIP_TEST("no tmpfs at the target's root (CONFIG_TMPFS)"); \
	if ((inotify) < 0) \
		(inotify) = watch_open(); \
	if ((inotify) < 0) \
		SKIP_TEST("no inotify: %s (CONFIG_INOTIFY_USER)", \
			  errno_name(errno)); \
	ASSERT_EQ(0, watch_root(inotify, target)); \
} while (0)

TEST_F(setns_leak, frees_every_root)
{
	struct leak *l = &self->l;

	SETUP_WATCH(l->inotify, &l->start);
	SETUP_WATCH(l->inotify, &l->target);
	for_each_kind(i, l->types)
		EXPECT_THAT(calls_end_as_expected(l, &kinds[i]));
	end_start_and_target(l);
	EXPECT_THAT(find_kind(l, nothing_left_over(l)));
}

/* Controls: what the tests above look for is seen where something holds it. */
FIXTURE(setns_leak_control) {
	struct target target;
	struct caller *c;
	ns_set types;
};

FIXTURE_SETUP(setns_leak_control)
{
	SETUP_PRIVILEGE(AS_USERNS_ROOT, &self->types);
	SETUP_SYSCTL("user.max_*_namespaces", ns_limit_set(self->types, 1));
	SETUP_CALLER(self->c);
}

FIXTURE_TEARDOWN(setns_leak_control)
{
	target_destroy(&self->target);
}

/*
 * A limit of one is used up by the namespace that an nsfd holds, so the answer
 * comes at once.  setns_leak.frees_every_namespace sees the other answer.
 */
TEST_F(setns_leak_control, sees_every_namespace_that_an_nsfd_holds)
{
	struct target *t = &self->target;
	struct caller *c = self->c;
	int nsfds[NR_NS_TYPES];
	const char *message;
	char expected[192];

	SETUP_TARGET(t, .number = 1, .fresh = self->types);
	for_each_ns_in(id, self->types) {
		nsfds[id] = dup(t->nsfd[id][NS_ACTIVE]);
		ASSERT_GE(nsfds[id], 0);
	}
	target_destroy(t);
	snprintf(expected, sizeof(expected), "namespaces are left over: %s",
		 ns_names(self->types));
	message = all_freed(c, self->types, clock_ms());
	if (!message || strcmp(message, expected))
		EXPECT_THAT(explain(c, message ? message : "nothing",
				    "expected %s, got", expected));
	for_each_ns_in(id, self->types)
		close(nsfds[id]);
}

TEST_F(setns_leak_control, sees_the_root_that_an_nsfd_holds)
{
	ns_set types = self->types & (NS_BIT(NS_USER) | NS_BIT(NS_MNT));
	struct target *t = &self->target;
	int nsfd, inotify = -1;

	SKIP_WITHOUT_TYPE(self->types, NS_MNT);
	SETUP_TARGET(t, .number = 1, .fresh = types);
	SETUP_WATCH(inotify, t);
	nsfd = dup(t->nsfd[NS_MNT][NS_ACTIVE]);
	ASSERT_GE(nsfd, 0);
	target_destroy(t);
	EXPECT_EQ(0, await_unmounts(inotify, 1, clock_ms()));
	close(nsfd);
	EXPECT_EQ(1, await_unmounts(inotify, 1, freed_by()));
}

TEST_HARNESS_MAIN
