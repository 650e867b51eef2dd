// SPDX-License-Identifier: GPL-2.0
/*
 * All or nothing, by injected faults.  The first allocation of a call fails, then
 * the second one of the next call, and so on, until a call succeeds because it
 * has fewer allocations.  After each failure nothing has changed, and the same
 * call succeeds.
 */
#define _GNU_SOURCE
#include "lib/fault.h"
#include "lib/fixture.h"
#include "lib/ns_limit.h"

/*
 * More allocations than a call has.  setns(2) allocates an nsproxy, and for some
 * types credentials, ucounts or an fs_struct.  kmemleak allocates once more for
 * each of them.
 */
#define MAX_FAULTS	64

/* The fault of the caller's first call. */
struct injection {
	int fd;			/* the caller's fail-nth */
	unsigned int nth;
	bool used;		/* whether a place has failed */
	/* The caller attaches to its namespaces before the calls.  May be NULL. */
	const struct target *start;
};

/* A call that is made again and again, each time with another fault. */
struct faulted {
	const struct target *target;
	int fd;
	const char *fd_name;
	ns_set set;
};

/* Calls that failed with another errno than ENOMEM. */
struct wrong_errnos {
	unsigned int nr;
	char first[256];
};

FIXTURE(setns_fault) {
	struct target start, target;
	struct caller *c;
	struct injection *injection;
	struct wrong_errnos wrong;
	struct fault_knobs knobs;
	ns_set types;
};

FIXTURE_SETUP(setns_fault)
{
	const char *step;
	int err;

	SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(AS_ROOT, &self->types);
	err = fault_knobs_set(&self->knobs, &step);
	SKIP_IF_LACKING(lacks_faults(err, step));
	ASSERT_EQ(0, err) {
		TH_LOG(" %s: %s", step, errno_name(err));
	}
	SETUP_CALLER(self->c);
	SETUP_SHARED(self->injection);
}

FIXTURE_TEARDOWN(setns_fault)
{
	target_destroy(&self->target);
	target_destroy(&self->start);
	EXPECT_EQ(0, fault_knobs_reset(&self->knobs));
}

static int prepare(struct caller *c, void *arg)
{
	struct injection *injection = arg;
	const struct target *start = injection->start;

	(void)c;
	injection->fd = fault_open();
	if (injection->fd < 0)
		return -injection->fd;
	return start && setns(start->pidfd, ns_flags(start->fresh)) ? errno : 0;
}

static int before_call(struct caller *c, unsigned int i, void *arg)
{
	struct injection *injection = arg;

	(void)c;
	return i ? 0 : fault_arm(injection->fd, injection->nth);
}

static int end_call(struct caller *c, unsigned int i, void *arg)
{
	struct injection *injection = arg;

	(void)c;
	if (!i)
		injection->used = fault_disarm(injection->fd);
	return 0;
}

/* Runs a caller that makes the call of @f twice, first with fault @nth. */
static void call_with_fault(FIXTURE_DATA(setns_fault) *self,
			    const struct faulted *f, unsigned int nth)
{
	struct caller *c = self->c;

	caller_reset(c);
	c->prepare = prepare;
	c->before_call = before_call;
	c->end_call = end_call;
	c->arg = self->injection;
	c->look_after_each = true;
	self->injection->nth = nth;
	self->injection->used = false;
	for (int i = 0; i < 2; i++) {
		struct call *call = caller_call(c, f->fd, ns_flags(f->set),
						f->fd_name);

		call->to = f->target->state;
		call->types = f->set;
		/* The caller reads its state after the last call anyway. */
		call->look = i ? LOOK_NOTHING : LOOK_STATE;
	}
	caller_run(c);
}

static void record_wrong_errno(struct wrong_errnos *wrong, const char *message)
{
	if (!wrong->nr++)
		snprintf(wrong->first, sizeof(wrong->first), "%s", message);
}

/*
 * A call that fails by fault @nth changes nothing, and the second call succeeds.
 * A call may also succeed with a fault, if it can do without the allocation, such
 * as one of kmemleak.
 */
static const char *fails_cleanly_at(FIXTURE_DATA(setns_fault) *self,
				    const struct faulted *f, unsigned int nth)
{
	/* A caller cannot attach to its own user namespace. */
	const int twice_err = f->set & NS_BIT(NS_USER) ? EINVAL : 0;
	const int enomem_errs[2] = { ENOMEM, 0 };
	struct caller *c = self->c;
	int err, errs[2] = { 0, twice_err };

	call_with_fault(self, f, nth);
	err = c->calls[0].err;
	if (err && err != ENOMEM)
		record_wrong_errno(&self->wrong,
				   explain(c, ended(c, enomem_errs), "fault %u",
					   nth));
	if (err && self->injection->used) {
		errs[0] = err;
		errs[1] = 0;
	}
	return explain(c, ended(c, errs), "fault %u", nth);
}

/* The call fails cleanly at each fault, until it has no further place. */
static const char *fails_cleanly(FIXTURE_DATA(setns_fault) *self,
				 const struct faulted *f)
{
	for (unsigned int nth = 1; nth <= MAX_FAULTS; nth++) {
		const char *message = fails_cleanly_at(self, f, nth);

		if (message)
			return message;
		if (!self->injection->used)
			return nth > 1 ? NULL : "no place of it has failed";
	}
	return "the call has no end: every fault is still within it";
}

static const char *pidfd_fails_cleanly(FIXTURE_DATA(setns_fault) *self,
				       ns_set set)
{
	const struct faulted f = {
		.target = &self->target,
		.fd = self->target.pidfd,
		.fd_name = "pidfd",
		.set = set,
	};

	return fails_cleanly(self, &f);
}

static const char *nsfd_fails_cleanly(FIXTURE_DATA(setns_fault) *self,
				      enum ns_id id)
{
	const struct faulted f = {
		.target = &self->target,
		.fd = self->target.nsfd[id][NS_ACTIVE],
		.fd_name = "nsfd",
		.set = NS_BIT(id),
	};

	return fails_cleanly(self, &f);
}

/* Every failure was ENOMEM. */
static const char *errnos_are_enomem(const struct wrong_errnos *wrong)
{
	static char text[320];

	if (!wrong->nr)
		return NULL;
	if (wrong->nr == 1)
		return wrong->first;
	snprintf(text, sizeof(text), "%u faults, the first of them: %s",
		 wrong->nr, wrong->first);
	return text;
}

TEST_F_TIMEOUT(setns_fault, every_set_by_pidfd_fails_cleanly, 500)
{
	SETUP_TARGET(&self->target, .number = 1, .fresh = self->types);
	for_each_subset(set, self->types)
		EXPECT_THAT(pidfd_fails_cleanly(self, set));
	EXPECT_THAT(errnos_are_enomem(&self->wrong));
}

TEST_F(setns_fault, every_type_by_nsfd_fails_cleanly)
{
	SETUP_TARGET(&self->target, .number = 1, .fresh = self->types);
	for_each_ns_in(id, self->types)
		EXPECT_THAT(nsfd_fails_cleanly(self, id));
	EXPECT_THAT(errnos_are_enomem(&self->wrong));
}

/*
 * The first task with its uid in a user namespace needs ucounts.  They may stay
 * for a while after the task, so there is a new user namespace for each fault.
 */
TEST_F(setns_fault, the_first_of_its_uid_in_a_user_namespace_gets_enomem)
{
	struct faulted f = { .fd_name = "nsfd", .set = NS_BIT(NS_USER) };
	unsigned int nth = 0;

	SKIP_WITHOUT_OTHER_UID();
	SKIP_WITHOUT_TYPE(self->types, NS_USER);
	do {
		nth++;
		target_destroy(&self->target);
		SETUP_TARGET(&self->target, .number = 1,
			     .fresh = NS_BIT(NS_USER), .uid = OTHER_UID);
		f.target = &self->target;
		f.fd = self->target.nsfd[NS_USER][NS_ACTIVE];
		EXPECT_THAT(fails_cleanly_at(self, &f, nth));
	} while (self->injection->used && nth < MAX_FAULTS);
	EXPECT_THAT(errnos_are_enomem(&self->wrong));
	EXPECT_GT(nth, 1);
	EXPECT_FALSE(self->injection->used);
}

/* Of each type there are the namespaces of start and of target. */
#define NAMESPACES_IN_USE	2

/*
 *	user namespace of the test	has the limits (ns_limit.h)
 *	`-- start			the caller starts in its namespaces
 *	    `-- target
 */
#define SETUP_START_AND_TARGET(self) do { \
	SKIP_WITHOUT_TYPE((self)->types, NS_USER); \
	ASSERT_EQ(0, userns_create()); \
	SETUP_SYSCTL("user.max_*_namespaces", \
		     ns_limit_set((self)->types, NAMESPACES_IN_USE)); \
	SETUP_TARGET(&(self)->start, .number = 1, .fresh = (self)->types); \
	SETUP_TARGET(&(self)->target, .number = 2, .fresh = (self)->types, \
		     .inside = &(self)->start, .inside_set = (self)->types); \
	(self)->injection->start = &(self)->start; \
} while (0)

static void end_start_and_target(FIXTURE_DATA(setns_fault) *self)
{
	target_destroy(&self->target);
	target_destroy(&self->start);
}

/* Every type, alone and together with the copy of an fs_struct for mnt. */
TEST_F(setns_fault, frees_every_namespace_after_faults)
{
	const ns_set mnt = NS_BIT(NS_MNT);

	SETUP_START_AND_TARGET(self);
	for_each_ns_in(id, self->types) {
		EXPECT_THAT(pidfd_fails_cleanly(self, NS_BIT(id)));
		EXPECT_THAT(nsfd_fails_cleanly(self, id));
		if (id != NS_USER && id != NS_MNT)
			EXPECT_THAT(pidfd_fails_cleanly(self,
							NS_BIT(id) | mnt));
	}
	EXPECT_THAT(errnos_are_enomem(&self->wrong));
	end_start_and_target(self);
	EXPECT_THAT(all_freed(self->c, self->types, freed_by()));
}

/*
 * With user and mnt a call has new credentials, which hold a user namespace, and a
 * copy of an fs_struct.  The user namespace gets this time to be freed after all
 * others are.
 */
#define USER_WAIT_MS	5000

TEST_F(setns_fault, frees_the_user_namespace_after_faults_with_user_and_mnt)
{
	const ns_set user = NS_BIT(NS_USER);

	SETUP_START_AND_TARGET(self);
	EXPECT_THAT(pidfd_fails_cleanly(self, user | NS_BIT(NS_MNT)));
	EXPECT_THAT(pidfd_fails_cleanly(self, self->types));
	EXPECT_THAT(errnos_are_enomem(&self->wrong));
	end_start_and_target(self);
	EXPECT_THAT(all_freed(self->c, self->types & ~user, freed_by()));
	EXPECT_THAT(all_freed(self->c, user, clock_ms() + USER_WAIT_MS));
}

TEST_HARNESS_MAIN
