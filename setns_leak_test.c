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
	int inotify;
};

FIXTURE_SETUP(leak)
{
	FIXTURE_PIDFD_SETNS();
	FIXTURE_WORLD(WORLD_OWN_USERNS, &self->types);
	FIXTURE_DO("user.max_*_namespaces",
		   room_limit(self->types, LIMIT));
	FIXTURE_ATTEMPT(self->a);
	self->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	ASSERT_GE(self->inotify, 0);
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

/*
 * The calls of a round fail at @failing: a user namespace may not be joined by
 * who shares its fs_struct, any other is the test's own, in which callers at
 * home in a user namespace of theirs have no privilege.
 */
static const char *calls_fail(FIXTURE_DATA(leak) *self, enum ns_id failing)
{
	const struct target *t = &self->target;
	struct attempt *a = self->a;

	attempt_reset(a);
	a->all_calls = true;
	a->prepare = go_home;
	a->arg = &self->home;
	if (failing == NS_USER)
		a->peer = PEER_SHARING_FS;
	for_each_subset(set, self->types)
		if (set & NS_BIT(failing))
			attempt_call(a, t->pidfd, ns_flags(set), "pidfd");
	attempt_call(a, t->nsfd[failing][NS_ACTIVE], 0, "nsfd");
	attempt_make(a);
	return denied(a, failing == NS_USER ? EINVAL : EPERM);
}

static const char *calls_succeed(FIXTURE_DATA(leak) *self)
{
	const struct target *t = &self->target;
	ns_set keep_user = t->fresh & ~NS_BIT(NS_USER);
	struct attempt *a = self->a;

	attempt_reset(a);
	a->prepare = go_home;
	a->arg = &self->home;
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
	return inotify_add_watch(self->inotify, path, IN_ATTRIB) >= 0;
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
	__s64 until;

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
		EXPECT_THAT(calls_succeed(self));
		target_destroy(&self->target);
	}
	target_destroy(&self->home);
	until = room_clock_ms() + ROOM_PATIENCE_MS;
	EXPECT_THAT(room_verdict(self->a, self->types, LIMIT, until));
	until = room_clock_ms() + ROOM_PATIENCE_MS;
	unmounts = await_unmounts(self->inotify, roots, until);
	EXPECT_EQ(roots, unmounts) {
		TH_LOG(" mnt namespace: a root is pinned: %u of %u filesystems are gone",
		       unmounts, roots);
	}
}

TEST_HARNESS_MAIN
