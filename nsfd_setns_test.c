// SPDX-License-Identifier: GPL-2.0
/*
 * setns(nsfd, type): an nsfd of every type, however it was got, with its own
 * flag and with 0, also when no process is left in the namespace; and every
 * flag that is not its own.
 */
#define _GNU_SOURCE
#include <limits.h>

#include "fixture.h"
#include "nsfd_source.h"
#include "proc.h"

#define NR_BITS 32

FIXTURE(nsfd) {
	struct target target, nested;
	struct attempt *a;
	ns_set types;
	int cpus[2];	/* two that the test may use */
	bool has_two;
};

FIXTURE_VARIANT(nsfd) {
	enum world world;
};

FIXTURE_VARIANT_ADD(nsfd, root) {
	.world = WORLD_ROOT,
};

FIXTURE_VARIANT_ADD(nsfd, own_userns) {
	.world = WORLD_OWN_USERNS,
};

static int stay_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? errno : 0;
}

/* Two CPUs that the test may use. */
static bool two_cpus(int cpus[2])
{
	cpu_set_t set;
	int nr = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		return false;
	for (int cpu = 0; cpu < CPU_SETSIZE && nr < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[nr++] = cpu;
	return nr == 2;
}

FIXTURE_SETUP(nsfd)
{
	FIXTURE_WORLD(variant->world, &self->types);
	self->has_two = two_cpus(self->cpus);
	/* 6.18 has mount namespaces in order on each CPU: BUG_MNT_BIND_ORDER. */
	stay_on_cpu(sched_getcpu());
	FIXTURE_DO("own mounts", nsfd_bind_mounts_prepare());
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
	FIXTURE_TARGET(&self->nested, .number = 2, .inside = &self->target,
		       .inside_set = self->types,
		       .fresh = self->types & (NS_BIT(NS_USER) |
					       NS_BIT(NS_PID)));
	FIXTURE_ATTEMPT(self->a);
}

FIXTURE_TEARDOWN(nsfd)
{
	target_destroy(&self->nested);
	target_destroy(&self->target);
}

/* A source's nsfds lead to the target, with their own flag and with 0. */
static const char *leads_to_target(FIXTURE_DATA(nsfd) *self,
				   const struct nsfd_source *source,
				   ns_set types)
{
	struct attempt *a = self->a;
	const char *why = NULL;

	for_each_ns_in(id, source->types & types) {
		const int flags[] = { ns_types[id].flag, 0 };
		int fd = source->open(&self->target, &self->nested, id);

		attempt_reset(a);
		if (fd < 0)
			return explain(a, errno_name(-fd), "no %s of type %s",
				       source->name, ns_types[id].name);
		for (int i = 0; i < 2 && !why; i++) {
			attempt_reset(a);
			attempt_call(a, fd, flags[i], source->name);
			a->with_child = id == NS_PID;
			attempt_make(a);
			why = explain(a, attached(a, &self->target,
						  NS_BIT(id)),
				      "%s namespace", ns_types[id].name);
		}
		close(fd);
		if (why)
			return why;
	}
	return NULL;
}

#define SKIP_WITHOUT_SOURCE(source, types_here) do { \
	if (kernel_before((source)->major, (source)->minor)) \
		SKIP_TEST("%s: since Linux %u.%u", (source)->name, \
			  (source)->major, (source)->minor); \
	if (!((source)->types & (types_here))) \
		SKIP_TEST("%s: no such types here", (source)->name); \
} while (0)

TEST_F(nsfd, by_proc)
{
	const struct nsfd_source *source = &nsfd_sources[BY_PROC];

	SKIP_WITHOUT_SOURCE(source, self->types);
	EXPECT_THAT(leads_to_target(self, source, self->types));
}

TEST_F(nsfd, by_proc_of_a_thread)
{
	const struct nsfd_source *source = &nsfd_sources[BY_THREAD_PROC];

	SKIP_WITHOUT_SOURCE(source, self->types);
	EXPECT_THAT(leads_to_target(self, source, self->types));
}

TEST_F(nsfd, by_bind_mount)
{
	const struct nsfd_source *source = &nsfd_sources[BY_BIND_MOUNT];

	SKIP_WITHOUT_SOURCE(source, self->types);
	EXPECT_THAT(leads_to_target(self, source, self->types));
}

struct across {
	int cpus[2];
	__s64 *bind_err;	/* of the bind mount; 0 until then */
};

/* Makes a mount namespace on one CPU and, inside of it, binds one of another. */
static int bind_across_cpus(void *arg)
{
	const struct across *across = arg;
	struct target_spec spec = { .number = 3, .fresh = NS_BIT(NS_MNT) };
	const char *step;
	struct target t;
	int err, fd;

	err = stay_on_cpu(across->cpus[0]);
	if (!err)
		err = nsfd_bind_mounts_prepare();
	if (!err)
		err = stay_on_cpu(across->cpus[1]);
	if (!err)
		err = target_make(&t, &spec, &step);
	if (err)
		return err;
	fd = nsfd_sources[BY_BIND_MOUNT].open(&t, NULL, NS_MNT);
	target_destroy(&t);
	*across->bind_err = fd < 0 ? -fd : 0;
	return *across->bind_err;
}

TEST_F(nsfd, by_bind_mount_of_a_newer_one_whatever_the_cpu)
{
	struct attempt *a = self->a;
	__s64 *bind_err = &a->note[0];	/* shared with the child */
	struct across there = { { self->cpus[0], self->cpus[1] }, bind_err };
	struct across back = { { self->cpus[1], self->cpus[0] }, bind_err };
	int err;

	SKIP_WITHOUT_SOURCE(&nsfd_sources[BY_BIND_MOUNT], NS_BIT(NS_MNT));
	if (!self->has_two)
		SKIP_TEST("there is one CPU alone");
	err = in_child(bind_across_cpus, &there);
	if (!err)
		err = in_child(bind_across_cpus, &back);
	EXPECT_THAT_OR_KNOWN(BUG_MNT_BIND_ORDER, *bind_err == EINVAL,
			     explain(a, err ? errno_name(err) : NULL,
				     "bind mount of a newer mount namespace"));
}

TEST_F(nsfd, by_pidfd_ioctl)
{
	const struct nsfd_source *source = &nsfd_sources[BY_PIDFD_IOCTL];

	SKIP_WITHOUT_SOURCE(source, self->types);
	EXPECT_THAT(leads_to_target(self, source, self->types));
}

TEST_F(nsfd, by_owner_ioctl)
{
	const struct nsfd_source *source = &nsfd_sources[BY_OWNER_IOCTL];

	SKIP_WITHOUT_SOURCE(source, self->types);
	EXPECT_THAT(leads_to_target(self, source, self->types));
}

TEST_F(nsfd, by_parent_ioctl)
{
	const struct nsfd_source *source = &nsfd_sources[BY_PARENT_IOCTL];

	SKIP_WITHOUT_SOURCE(source, self->types);
	EXPECT_THAT(leads_to_target(self, source, self->types));
}

TEST_F(nsfd, by_file_handle)
{
	const struct nsfd_source *source = &nsfd_sources[BY_FILE_HANDLE];

	SKIP_WITHOUT_SOURCE(source, self->types);
	/* may_see_all_namespaces() in kernel/nscommon.c */
	if (!kernel_before(7, 0) && !world_sees_all(variant->world))
		SKIP_TEST("%s: for root of the initial namespaces alone since Linux 7",
			  source->name);
	EXPECT_THAT(leads_to_target(self, source, self->types));
}

/* Two levels down: the owner of the level between has the say there, too. */
TEST_F(nsfd, of_a_descendant_of_a_descendant)
{
	struct attempt *a = self->a;

	for_each_ns_in(id, self->nested.fresh) {
		attempt_reset(a);
		attempt_call(a, self->nested.nsfd[id][NS_ACTIVE],
			     ns_types[id].flag, "nsfd two levels down");
		a->with_child = id == NS_PID;
		attempt_make(a);
		EXPECT_THAT(attached(a, &self->nested, NS_BIT(id)));
	}
}

/* Any set of types that is not exactly its own, its supersets among them. */
TEST_F(nsfd, every_other_set_of_types_is_refused)
{
	struct attempt *a = self->a;

	for_each_ns_in(id, self->types) {
		attempt_reset(a);
		a->all_calls = true;
		for_each_subset(set, NS_ALL)
			if (set != NS_BIT(id))
				attempt_call(a,
					     self->target.nsfd[id][NS_ACTIVE],
					     ns_flags(set), "nsfd");
		attempt_make(a);
		EXPECT_THAT(explain(a, denied(a, EINVAL), "%s nsfd",
				    ns_types[id].name));
	}
}

/* Every bit that is no type, alone and with the right flag. */
TEST_F(nsfd, every_invalid_bit_is_refused)
{
	int valid = ns_flags(NS_ALL);
	struct attempt *a = self->a;

	for_each_ns_in(id, self->types) {
		int fd = self->target.nsfd[id][NS_ACTIVE];
		int own = ns_types[id].flag;

		attempt_reset(a);
		a->all_calls = true;
		for (int bit = 0; bit < NR_BITS; bit++) {
			int invalid = 1U << bit;

			if (invalid & valid)
				continue;
			attempt_call(a, fd, invalid, "nsfd");
			attempt_call(a, fd, invalid | own, "nsfd");
		}
		attempt_call(a, fd, -1, "nsfd");
		attempt_call(a, fd, -own, "nsfd");
		attempt_call(a, fd, INT_MIN | own, "nsfd");
		attempt_make(a);
		EXPECT_THAT(explain(a, denied(a, EINVAL), "%s nsfd",
				    ns_types[id].name));
	}
}

/*
 * The namespaces of children: a task that unshared its pid and time namespaces
 * is not in them, but its children are, and so is who attaches to them.
 */
TEST_F(nsfd, for_children)
{
	ns_set types = self->types & (NS_BIT(NS_PID) | NS_BIT(NS_TIME));
	struct attempt *a = self->a;
	struct target t;

	if (!types)
		SKIP_TEST("this kernel has no pid or time namespaces");
	FIXTURE_TARGET(&t, .number = 3, .fresh_children = types);
	for_each_ns_in(id, types) {
		struct state expected;

		ASSERT_GE(t.nsfd[id][NS_CHILDREN], 0);
		attempt_one(a, t.nsfd[id][NS_CHILDREN], ns_types[id].flag,
			    "nsfd for children");
		expected = a->before;
		state_attach(&expected, t.children_state, id);
		EXPECT_THAT(reached(a, &expected));
	}
	target_destroy(&t);
}

/* Namespaces outlive their last process, reaped and all, through an nsfd. */
TEST_F(nsfd, outlives_its_last_process)
{
	struct target *t = &self->target;
	struct attempt *a = self->a;

	target_destroy(&self->nested);
	ASSERT_EQ(0, target_kill(t));
	ASSERT_EQ(0, target_reap(t));
	for_each_ns_in(id, self->types) {
		attempt_one(a, t->nsfd[id][NS_ACTIVE], ns_types[id].flag,
			    "nsfd of a dead target");
		EXPECT_THAT(attached(a, t, NS_BIT(id)));
	}
}

/*
 * Offsets of a time namespace are for good once a task is in it.  One that was
 * made for children is entered first by who attaches to it.
 */
static int write_offsets(void)
{
	return proc_write(0, "boottime 1000 0", "../../timens_offsets");
}

/* By this task itself: who is forked is in it from the start. */
static int enter(int fd, int flags)
{
	return setns(fd, flags) ? errno : 0;
}

/* The same with a capability put aside. */
static int enter_without(cap_value_t cap, int fd, int flags)
{
	cap_t caps = cap_get_proc();
	int err, kept;

	cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_CLEAR);
	err = cap_set_proc(caps) ? errno : 0;
	if (!err)
		err = enter(fd, flags);
	cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_SET);
	kept = cap_set_proc(caps) ? errno : 0;
	cap_free(caps);
	return kept ? kept : err;
}

#define EXPECT_ERRNO(expected, call, what) do { \
	int __err = (call); \
	\
	EXPECT_EQ(expected, __err) { \
		TH_LOG(" time namespace: %s: expected %s, got %s", what, \
		       errno_name(expected), errno_name(__err)); \
	} \
} while (0)

TEST_F(nsfd, time_offsets_are_frozen_by_the_first_to_attach)
{
	int fd;

	if (!(self->types & NS_BIT(NS_TIME)))
		SKIP_TEST("this kernel has no time namespaces");
	FIXTURE_DO("unshare(CLONE_NEWTIME)",
		   unshare(CLONE_NEWTIME) ? errno : 0);
	fd = nsfd_open(0, NS_TIME, NS_CHILDREN);
	ASSERT_GE(fd, 0);
	EXPECT_ERRNO(0, write_offsets(), "writing the offsets of a new one");
	EXPECT_ERRNO(EINVAL, enter(fd, CLONE_NEWTIME | CLONE_NEWUTS),
		     "setns(nsfd, CLONE_NEWTIME|CLONE_NEWUTS)");
	EXPECT_ERRNO(0, write_offsets(), "writing them after a refused call");
	EXPECT_ERRNO(EPERM, enter_without(CAP_SYS_ADMIN, fd, CLONE_NEWTIME),
		     "setns(nsfd, CLONE_NEWTIME) without CAP_SYS_ADMIN");
	EXPECT_ERRNO(0, write_offsets(), "writing them after a denied call");
	EXPECT_ERRNO(0, enter(fd, CLONE_NEWTIME),
		     "setns(nsfd, CLONE_NEWTIME)");
	EXPECT_ERRNO(EACCES, write_offsets(), "writing them after an attach");
}

TEST_HARNESS_MAIN
