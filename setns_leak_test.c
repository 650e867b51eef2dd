// SPDX-License-Identifier: GPL-2.0
/*
 * Nothing leaks: after calls that succeed and calls that fail at every type,
 * the namespaces of the caller and of the target go away with their last
 * process, and so do the mounts under them.
 *
 * No debugging kernel is needed for that.  In a user namespace of its own the
 * test may have just as many namespaces of each type as it uses (user.max_*
 * in namespaces(7)): where one of them is pinned, no further can be made.  The
 * target's root filesystem tells by inotify(7) when it is gone, for which the
 * last fs_struct has to be freed that stood in it.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/inotify.h>

#include "fixture.h"
#include "room.h"

/* A home for the callers, and a target in each round, one for each type. */
#define LIMIT (1 + NR_NS_TYPES)

FIXTURE(leak) {
	struct target home, target;
	struct attempt *a;
	ns_set types;
	int inotify, watch_err;
};

FIXTURE_SETUP(leak)
{
	FIXTURE_PIDFD_SETNS();
	FIXTURE_WORLD(WORLD_OWN_USERNS, &self->types);
	FIXTURE_SYSCTL("user.max_*_namespaces",
		       room_limit(self->types, LIMIT));
	FIXTURE_ATTEMPT(self->a);
	self->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (self->inotify < 0)
		SKIP_TEST("no inotify: %s (CONFIG_INOTIFY_USER)",
			  errno_name(errno));
}

FIXTURE_TEARDOWN(leak)
{
	target_destroy(&self->target);
	target_destroy(&self->home);
}

/* The caller's namespaces are the home's, so that they can be seen to go. */
static int go_home(struct attempt *a, void *arg)
{
	const struct target *home = arg;

	(void)a;
	return setns(home->pidfd, ns_flags(home->fresh)) ? errno : 0;
}

/* An attempt that is to be made from there. */
static struct attempt *from_home(FIXTURE_DATA(leak) *self)
{
	struct attempt *a = self->a;

	attempt_reset(a);
	a->prepare = go_home;
	a->arg = &self->home;
	return a;
}

/* Who has another pid namespace for its children can have no threads. */
static int go_home_for_threads(struct attempt *a, void *arg)
{
	const struct target *home = arg;

	(void)a;
	return setns(home->pidfd, ns_flags(home->fresh & ~NS_BIT(NS_PID))) ?
	       errno : 0;
}

static int go_home_without_chroot(struct attempt *a, void *arg)
{
	int err = go_home(a, arg);

	return err ? err : drop_capability(CAP_SYS_CHROOT);
}

static int go_home_with_nothing(struct attempt *a, void *arg)
{
	int err = go_home(a, arg);

	return err ? err : without_capabilities(a, arg);
}

/*
 * The calls of a round fail at @failing: a user namespace may not be joined by
 * who shares its fs_struct, any other is the test's own, in which callers at
 * home in a user namespace of theirs have no privilege.
 */
static const char *calls_fail(FIXTURE_DATA(leak) *self, enum ns_id failing)
{
	const struct target *t = &self->target;
	struct attempt *a = from_home(self);

	a->all_calls = true;
	if (failing == NS_USER)
		a->peer = PEER_SHARING_FS;
	for_each_subset(set, self->types)
		if (set & NS_BIT(failing))
			attempt_call(a, t->pidfd, ns_flags(set), "pidfd");
	attempt_call(a, t->nsfd[failing][NS_ACTIVE], 0, "nsfd");
	attempt_make(a);
	return denied(a, failing == NS_USER ? EINVAL : EPERM);
}

/* Further ways to fail, each at a place of its own in validate_nsset(). */
static const struct failure {
	enum caller_peer peer;
	int (*prepare)(struct attempt *a, void *arg);
	ns_set with, without;	/* the sets that fail so */
	int err;
} failures[] = {
	{ .peer = PEER_THREAD_OWN_FS, .prepare = go_home_for_threads,
	  .with = NS_BIT(NS_USER), .err = EINVAL },
	{ .peer = PEER_THREAD_OWN_FS, .prepare = go_home_for_threads,
	  .with = NS_BIT(NS_TIME), .without = NS_BIT(NS_USER), .err = EUSERS },
	{ .prepare = go_home_without_chroot, .with = NS_BIT(NS_MNT),
	  .without = NS_BIT(NS_USER), .err = EPERM },
	{ .prepare = go_home_with_nothing, .with = NS_ALL & ~NS_BIT(NS_USER),
	  .without = NS_BIT(NS_USER), .err = EPERM },
};

static const char *calls_fail_in_every_way(FIXTURE_DATA(leak) *self)
{
	const struct target *t = &self->target;
	const char *why = NULL;

	for (unsigned int i = 0; i < ARRAY_SIZE(failures) && !why; i++) {
		struct attempt *a = from_home(self);
		const struct failure *failure = &failures[i];

		a->all_calls = true;
		a->peer = failure->peer;
		a->prepare = failure->prepare;
		for_each_subset(set, t->fresh)
			if (set & failure->with && !(set & failure->without))
				attempt_call(a, t->pidfd, ns_flags(set),
					     "pidfd");
		if (!a->nr_calls)
			continue;
		attempt_make(a);
		why = denied(a, failure->err);
	}
	return why;
}

/* A dead target is the one that has no nsproxy to take. */
static const char *calls_fail_on_dead(FIXTURE_DATA(leak) *self)
{
	struct attempt *a = from_home(self);

	if (target_kill(&self->target))
		return "the target cannot be killed";
	a->all_calls = true;
	for_each_subset(set, self->types)
		attempt_call(a, self->target.pidfd, ns_flags(set),
			     "pidfd of a zombie");
	attempt_make(a);
	return denied(a, ESRCH);
}

static const char *calls_succeed(FIXTURE_DATA(leak) *self)
{
	const struct target *t = &self->target;
	ns_set keep_user = t->fresh & ~NS_BIT(NS_USER);
	struct attempt *a = from_home(self);

	for_each_subset(set, keep_user)
		attempt_call(a, t->pidfd, ns_flags(set), "pidfd");
	for_each_ns_in(id, keep_user)
		attempt_call(a, t->nsfd[id][NS_ACTIVE], 0, "nsfd");
	/* After this one a caller has nowhere else to go. */
	attempt_call(a, t->pidfd, ns_flags(t->fresh), "pidfd");
	attempt_make(a);
	return attached(a, t, t->fresh);
}

/* Lets inotify tell when the filesystem at the target's root is gone. */
static unsigned int watch_root(FIXTURE_DATA(leak) *self,
			       const struct target *t)
{
	char path[64];

	if (!(t->fresh & NS_BIT(NS_MNT)) || !t->state->number[ST_MARK_FILE])
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/root/.", t->pid);
	if (inotify_add_watch(self->inotify, path, IN_ATTRIB) >= 0)
		return 1;
	self->watch_err = errno;
	return 0;
}

/* The number of filesystems that went away. */
static unsigned int await_unmounts(int inotify, unsigned int expected,
				   __s64 until)
{
	struct pollfd p = { .fd = inotify, .events = POLLIN };
	struct inotify_event event;
	unsigned int unmounts = 0;

	while (unmounts < expected) {
		__s64 left = until - room_clock_ms();

		if (poll(&p, 1, left > 0 ? left : 0) <= 0)
			break;
		while (read(inotify, &event, sizeof(event)) == sizeof(event))
			if (event.mask & IN_UNMOUNT)
				unmounts++;
	}
	return unmounts;
}

TEST_F(leak, everything_goes_with_its_last_user)
{
	unsigned int roots = 0, unmounts;

	FIXTURE_TARGET(&self->home, .number = 1, .fresh = self->types);
	roots += watch_root(self, &self->home);
	for_each_ns_in(failing, self->types) {
		/* What it shares with the test is not inside of the home. */
		ns_set shared = failing == NS_USER ? 0 : NS_BIT(failing);

		FIXTURE_TARGET(&self->target, .number = 2,
			       .inside = &self->home,
			       .inside_set = self->types & ~shared,
			       .fresh = self->types & ~shared);
		roots += watch_root(self, &self->target);
		EXPECT_THAT(calls_fail(self, failing));
		EXPECT_THAT(calls_fail_in_every_way(self));
		EXPECT_THAT(calls_succeed(self));
		EXPECT_THAT(calls_fail_on_dead(self));
		target_destroy(&self->target);
	}
	target_destroy(&self->home);
	EXPECT_THAT(room_verdict(self->a, self->types, LIMIT, room_until()));
	unmounts = await_unmounts(self->inotify, roots, room_until());
	EXPECT_EQ(roots, unmounts) {
		TH_LOG(" mnt namespace: a root is pinned: %u of %u filesystems are gone",
		       unmounts, roots);
	}
	if (self->watch_err)
		SKIP_TEST("no inotify watch of a root, the rest is as it should be: %s",
			  errno_name(self->watch_err));
}

TEST_HARNESS_MAIN
