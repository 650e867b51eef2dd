// SPDX-License-Identifier: GPL-2.0
/*
 * Nothing leaks.  After calls that succeed, and after calls that are refused at
 * every type and for every reason, the namespaces of the caller and of the
 * target are freed with their last process.  So are the mounts of their roots.
 *
 * This needs no debugging kernel.  Limits tell when a namespace is left over
 * (ns_limit.h).  inotify(7) tells when the filesystem at a root is gone, which
 * no fs_struct and no mount namespace must hold then.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/capability.h>
#include <sys/inotify.h>

#include "lib/fixture.h"
#include "lib/ns_limit.h"

/* While the calls are made, there are those of start and of the target. */
#define NAMESPACES_IN_USE	2

/*
 *	user namespace of the test	sets the limits
 *	`-- start			the caller starts in its namespaces
 *	    `-- target
 *
 * Where a type is foreign, both are in the test's namespace of that type.  A
 * caller in the user namespace of start has no privilege there.
 */
struct leak {
	struct target start, target;
	struct caller *c;
	ns_set types;
};

/* A kind of call: with every set that has a type in @with, none in @without. */
struct kind {
	ns_set with, without;
	int err;		/* how they end, 0 for success */
	ns_set foreign;
	ns_set not_moved;	/* types not moved to those of start */
	enum caller_peer peer;
	int (*drop)(void);	/* drops capabilities of the caller, or NULL */
	bool zombie;		/* the target is dead */
};

FIXTURE(setns_leak) {
	struct leak l;
	int inotify;
};

FIXTURE_VARIANT(setns_leak) {
	struct kind kind;
};

FIXTURE_VARIANT_ADD(setns_leak, attached) {
	.kind = {
		.with = NS_ALL,
		.without = NS_BIT(NS_USER),
	},
};

FIXTURE_VARIANT_ADD(setns_leak, refused_at_user) {
	.kind = {
		.with = NS_BIT(NS_USER),
		.peer = PEER_SHARING_FS,
		.err = EINVAL,
	},
};

FIXTURE_VARIANT_ADD(setns_leak, refused_at_uts) {
	.kind = {
		.with = NS_BIT(NS_UTS),
		.foreign = NS_BIT(NS_UTS),
		.err = EPERM,
	},
};

FIXTURE_VARIANT_ADD(setns_leak, refused_at_ipc) {
	.kind = {
		.with = NS_BIT(NS_IPC),
		.foreign = NS_BIT(NS_IPC),
		.err = EPERM,
	},
};

FIXTURE_VARIANT_ADD(setns_leak, refused_at_pid) {
	.kind = {
		.with = NS_BIT(NS_PID),
		.foreign = NS_BIT(NS_PID),
		.err = EPERM,
	},
};

FIXTURE_VARIANT_ADD(setns_leak, refused_at_cgroup) {
	.kind = {
		.with = NS_BIT(NS_CGROUP),
		.foreign = NS_BIT(NS_CGROUP),
		.err = EPERM,
	},
};

FIXTURE_VARIANT_ADD(setns_leak, refused_at_net) {
	.kind = {
		.with = NS_BIT(NS_NET),
		.foreign = NS_BIT(NS_NET),
		.err = EPERM,
	},
};

FIXTURE_VARIANT_ADD(setns_leak, refused_at_time) {
	.kind = {
		.with = NS_BIT(NS_TIME),
		.foreign = NS_BIT(NS_TIME),
		.err = EPERM,
	},
};

/* A task whose children go to another pid namespace can create no thread. */
FIXTURE_VARIANT_ADD(setns_leak, refused_user_beside_a_thread) {
	.kind = {
		.with = NS_BIT(NS_USER),
		.peer = PEER_THREAD_OWN_FS,
		.not_moved = NS_BIT(NS_PID),
		.err = EINVAL,
	},
};

FIXTURE_VARIANT_ADD(setns_leak, refused_time_beside_a_thread) {
	.kind = {
		.with = NS_BIT(NS_TIME),
		.without = NS_BIT(NS_USER),
		.peer = PEER_THREAD_OWN_FS,
		.not_moved = NS_BIT(NS_PID),
		.err = EUSERS,
	},
};

static int drop_chroot(void)
{
	return capability_drop(CAP_SYS_CHROOT);
}

FIXTURE_VARIANT_ADD(setns_leak, refused_mnt_without_cap_sys_chroot) {
	.kind = {
		.with = NS_BIT(NS_MNT),
		.without = NS_BIT(NS_USER),
		.drop = drop_chroot,
		.err = EPERM,
	},
};

FIXTURE_VARIANT_ADD(setns_leak, refused_without_capabilities) {
	.kind = {
		.with = NS_ALL,
		.without = NS_BIT(NS_USER),
		.drop = capabilities_drop_all,
		.err = EPERM,
	},
};

FIXTURE_VARIANT_ADD(setns_leak, refused_zombie) {
	.kind = {
		.with = NS_ALL,
		.zombie = true,
		.err = ESRCH,
	},
};

#define SETUP_LEAK(l, calls) do { \
	const struct kind *__kind = (calls); \
	ns_set __fresh; \
	\
	SKIP_WITHOUT_PIDFD_SETNS(); \
	SETUP_PRIVILEGE(AS_USERNS_ROOT, &(l)->types); \
	for_each_ns(__id) \
		if (__kind->with == NS_BIT(__id)) \
			SKIP_WITHOUT_TYPE((l)->types, __id); \
	SETUP_SYSCTL("user.max_*_namespaces", \
		     ns_limit_set((l)->types, NAMESPACES_IN_USE)); \
	SETUP_CALLER((l)->c); \
	__fresh = (l)->types & ~__kind->foreign; \
	SETUP_TARGET(&(l)->start, .number = 1, .fresh = __fresh); \
	SETUP_TARGET(&(l)->target, .number = 2, .fresh = __fresh, \
		     .inside = &(l)->start, .inside_set = __fresh); \
} while (0)

FIXTURE_SETUP(setns_leak)
{
	SETUP_LEAK(&self->l, &variant->kind);
}

/* Without processes, the namespaces of start and of the target are freed. */
static void end_start_and_target(struct leak *l)
{
	target_destroy(&l->target);
	target_destroy(&l->start);
}

FIXTURE_TEARDOWN(setns_leak)
{
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

/* Calls by pidfd, and by nsfd, that are refused. */
static const char *refused(struct leak *l, const struct kind *kind)
{
	const struct target *t = &l->target;
	struct caller *c = l->c;

	for_each_subset(set, l->types)
		if (set & kind->with && !(set & kind->without))
			caller_call(c, t->pidfd, ns_flags(set), "pidfd");
	/* The nsfds of a zombie still lead to its namespaces. */
	for_each_ns_in(id, l->types & kind->with & ~kind->without)
		if (!kind->zombie)
			caller_call(c, t->nsfd[id][NS_ACTIVE], 0, "nsfd");
	caller_run(c);
	return denied(c, kind->err);
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

/* Makes the calls of @kind, from start. */
static const char *calls_end_as_expected(struct leak *l,
					 const struct kind *kind)
{
	struct origin origin = {
		.start = &l->start,
		.types = l->start.fresh & ~kind->not_moved,
		.drop = kind->drop,
	};
	struct caller *c = l->c;

	caller_reset(c);
	c->prepare = go_to_start;
	c->arg = &origin;
	c->peer = kind->peer;
	return kind->err ? refused(l, kind) : all_attached(l);
}

TEST_F(setns_leak, frees_every_namespace)
{
	struct leak *l = &self->l;

	if (variant->kind.zombie)
		ASSERT_EQ(0, target_kill(&l->target));
	EXPECT_THAT(calls_end_as_expected(l, &variant->kind));
	end_start_and_target(l);
	EXPECT_THAT(all_freed(l->c, l->types, freed_by()));
}

/* Watches the root of the target's mount tree.  Returns 0 or an errno. */
static int watch_root(int inotify, const struct target *t)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root/.", t->pid);
	return inotify_add_watch(inotify, path, IN_ATTRIB) < 0 ? errno : 0;
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

/* inotify(7) with a watch of the target's root; only tmpfs goes unmounted. */
#define SETUP_WATCH(inotify, target) do { \
	if (!(target)->state->number[ST_MARK_FILE]) \
		SKIP_TEST("no tmpfs at the target's root (CONFIG_TMPFS)"); \
	if (!(inotify)) \
		(inotify) = inotify_init1(IN_CLOEXEC | IN_NONBLOCK); \
	if ((inotify) < 0) \
		SKIP_TEST("no inotify: %s (CONFIG_INOTIFY_USER)", \
			  errno_name(errno)); \
	ASSERT_EQ(0, watch_root(inotify, target)); \
} while (0)

TEST_F(setns_leak, frees_every_root)
{
	struct leak *l = &self->l;
	unsigned int gone;

	SETUP_WATCH(self->inotify, &l->start);
	SETUP_WATCH(self->inotify, &l->target);
	if (variant->kind.zombie)
		ASSERT_EQ(0, target_kill(&l->target));
	EXPECT_THAT(calls_end_as_expected(l, &variant->kind));
	end_start_and_target(l);
	gone = await_unmounts(self->inotify, 2, freed_by());
	EXPECT_THAT_EQ(2, gone,
		       "roots are left over: %u of 2 filesystems are gone",
		       gone);
}

/* Without a mnt namespace of the target's own there is no root to watch. */
FIXTURE(setns_leak_foreign_mnt) {
	struct leak l;
	struct kind kind;
};

FIXTURE_SETUP(setns_leak_foreign_mnt)
{
	self->kind = (struct kind) {
		.with = NS_BIT(NS_MNT),
		.foreign = NS_BIT(NS_MNT),
		.err = EPERM,
	};
	SETUP_LEAK(&self->l, &self->kind);
}

FIXTURE_TEARDOWN(setns_leak_foreign_mnt)
{
	end_start_and_target(&self->l);
}

TEST_F(setns_leak_foreign_mnt, frees_every_namespace)
{
	struct leak *l = &self->l;

	EXPECT_THAT(calls_end_as_expected(l, &self->kind));
	end_start_and_target(l);
	EXPECT_THAT(all_freed(l->c, l->types, freed_by()));
}

/* Controls: what the tests above look for is seen where something holds it. */
FIXTURE(setns_leak_control) {
	struct target target;
	struct caller *c;
	ns_set types;
	int inotify;
};

FIXTURE_SETUP(setns_leak_control)
{
	SETUP_PRIVILEGE(AS_USERNS_ROOT, &self->types);
	SETUP_SYSCTL("user.max_*_namespaces", ns_limit_set(self->types, 1));
	SETUP_CALLER(self->c);
	SETUP_TARGET(&self->target, .number = 1, .fresh = self->types);
}

FIXTURE_TEARDOWN(setns_leak_control)
{
	target_destroy(&self->target);
}

/* A limit of one is used up by the namespace that @nsfd holds. */
static const char *held_until_closed(struct caller *c, enum ns_id id, int nsfd)
{
	char expected[64];
	const char *message;

	snprintf(expected, sizeof(expected), "namespaces are left over: %s",
		 ns_types[id].name);
	message = all_freed(c, NS_BIT(id), clock_ms());
	close(nsfd);
	if (!message || strcmp(message, expected))
		return explain(c, message ? message : "nothing",
			       "expected %s, got", expected);
	return all_freed(c, NS_BIT(id), freed_by());
}

/* The user namespace comes last, since it is held by those that it owns. */
TEST_F(setns_leak_control, sees_every_namespace_that_an_nsfd_holds)
{
	struct target *t = &self->target;
	int nsfds[NR_NS_TYPES];

	for_each_ns_in(id, self->types) {
		nsfds[id] = dup(t->nsfd[id][NS_ACTIVE]);
		ASSERT_GE(nsfds[id], 0);
	}
	target_destroy(t);
	for (int id = NR_NS_TYPES - 1; id >= 0; id--)
		if (self->types & NS_BIT(id))
			EXPECT_THAT(held_until_closed(self->c, id, nsfds[id]));
}

TEST_F(setns_leak_control, sees_the_root_that_an_nsfd_holds)
{
	struct target *t = &self->target;
	int nsfd;

	SKIP_WITHOUT_TYPE(self->types, NS_MNT);
	SETUP_WATCH(self->inotify, t);
	nsfd = dup(t->nsfd[NS_MNT][NS_ACTIVE]);
	ASSERT_GE(nsfd, 0);
	target_destroy(t);
	EXPECT_EQ(0, await_unmounts(self->inotify, 1, clock_ms()));
	close(nsfd);
	EXPECT_EQ(1, await_unmounts(self->inotify, 1, freed_by()));
}

TEST_HARNESS_MAIN
