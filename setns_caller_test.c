// SPDX-License-Identifier: GPL-2.0
/*
 * What the caller itself can do after an attach.  Its capabilities are those of
 * the new user namespace and of no other.  That namespace resets the other
 * credentials, except for the ids, and limits the caller's signals.  The clocks
 * are those of the new time namespace, to the nanosecond and without a system
 * call.  The variants attach by pidfd and by nsfd.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/fixture.h"
#include "lib/proc.h"

FIXTURE(setns_caller) {
	struct target target;
	struct caller *c;
	ns_set types;
};

FIXTURE_VARIANT(setns_caller) {
	bool by_pidfd;
};

FIXTURE_VARIANT_ADD(setns_caller, by_pidfd) {
	.by_pidfd = true,
};

FIXTURE_VARIANT_ADD(setns_caller, by_nsfd) {
	.by_pidfd = false,
};

FIXTURE_SETUP(setns_caller)
{
	if (variant->by_pidfd)
		SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(privilege_available(), &self->types);
	SETUP_CALLER(self->c);
}

FIXTURE_TEARDOWN(setns_caller)
{
	target_destroy(&self->target);
}

/*
 * A caller without capabilities, before and after it attached to the user and
 * the uts namespace of a target that it owns:
 *
 *	test's user namespace		owns the test's uts namespace
 *	`-- target's user namespace	owns the target's uts namespace
 */
struct capability_errs {
	int test_uts;		/* the test's uts namespace, as an nsfd */
	int outside_before;	/* of setns(2) to it, with capabilities */
	int outside_after;
	int inside_before;	/* of sethostname(2), without capabilities */
	int inside_after;
};

static int set_same_hostname(void)
{
	char name[HOST_NAME_MAX + 1];

	return gethostname(name, sizeof(name)) ||
	       sethostname(name, strlen(name)) ? errno : 0;
}

static int lose_capabilities(struct caller *c, void *arg)
{
	struct capability_errs *errs = arg;
	int err;

	(void)c;
	errs->outside_before = setns(errs->test_uts, CLONE_NEWUTS) ? errno : 0;
	err = capabilities_drop_all();
	errs->inside_before = set_same_hostname();
	return err;
}

static int use_capabilities(struct caller *c, void *arg)
{
	struct capability_errs *errs = arg;

	(void)c;
	errs->inside_after = set_same_hostname();
	errs->outside_after = setns(errs->test_uts, CLONE_NEWUTS) ? errno : 0;
	return 0;
}

TEST_F(setns_caller, capabilities_are_those_of_the_new_user_namespace)
{
	ns_set set = NS_BIT(NS_USER) | NS_BIT(NS_UTS);
	struct capability_errs *errs;
	struct caller *c = self->c;

	SKIP_WITHOUT_TYPE(self->types, NS_USER);
	SKIP_WITHOUT_TYPE(self->types, NS_UTS);
	SETUP_TARGET(&self->target, .number = 1, .fresh = set);
	SETUP_SHARED(errs);
	SETUP_NAMESPACES("unshare(CLONE_NEWUTS)",
			 unshare(CLONE_NEWUTS) ? errno : 0);
	errs->test_uts = nsfd_open(0, NS_UTS, NS_ACTIVE);
	ASSERT_GE(errs->test_uts, 0);
	caller_by_fds(c, &self->target, set, variant->by_pidfd);
	c->prepare = lose_capabilities;
	c->finish = use_capabilities;
	c->arg = errs;
	caller_run(c);
	EXPECT_THAT(attached(c));
	EXPECT_THAT_EQ(0, errs->outside_before,
		       "user namespace: setns() to the test's uts namespace with capabilities: expected success, got %s",
		       errno_name(errs->outside_before));
	EXPECT_THAT_EQ(EPERM, errs->inside_before,
		       "user namespace: sethostname() without capabilities: expected EPERM, got %s",
		       errno_name(errs->inside_before));
	EXPECT_THAT_EQ(0, errs->inside_after,
		       "user namespace: sethostname() in the new one: expected success, got %s",
		       errno_name(errs->inside_after));
	EXPECT_THAT_EQ(EPERM, errs->outside_after,
		       "user namespace: setns() back to the test's uts namespace: expected EPERM, got %s",
		       errno_name(errs->outside_after));
}

/*
 * Credentials of which nothing is as usual.  Without another gid in the user
 * namespace there are no other groups (user_namespaces(7)).
 */
static int set_odd_credentials(struct caller *c, void *arg)
{
	const gid_t groups[] = { 0, OTHER_UID };
	const bool *other_gid = arg;
	const cap_value_t raised = CAP_NET_RAW;
	cap_t caps = cap_get_proc();
	int err = 0;

	(void)c;
	if (*other_gid && setgroups(ARRAY_SIZE(groups), groups))
		err = errno;
	cap_set_flag(caps, CAP_INHERITABLE, 1, &raised, CAP_SET);
	if (cap_set_proc(caps) || cap_set_ambient(raised, CAP_SET) ||
	    cap_drop_bound(CAP_SYS_BOOT) ||
	    cap_set_secbits(SECBIT_NOROOT | SECBIT_KEEP_CAPS) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0))
		err = errno;
	umask(027);
	cap_free(caps);
	return err;
}

/*
 * The user namespace resets the credentials except for the ids.  It leaves
 * no_new_privs, the umask and the parent-death signal, other types leave all.
 */
TEST_F(setns_caller, odd_credentials_are_reset_by_the_user_namespace_alone)
{
	ns_set others = self->types & ~NS_BIT(NS_USER);
	bool other_gid = !lacks_other_uid();
	struct caller *c = self->c;

	SETUP_TARGET(&self->target, .number = 1, .fresh = self->types);
	caller_by_fds(c, &self->target, others, variant->by_pidfd);
	c->calls[c->nr_calls - 1].look = LOOK_STATE;
	if (self->types & NS_BIT(NS_USER))
		caller_by_fds(c, &self->target, self->types, variant->by_pidfd);
	c->look_after_each = true;
	c->prepare = set_odd_credentials;
	c->arg = &other_gid;
	caller_run(c);
	EXPECT_THAT(attached(c));
	EXPECT_THAT_EQ(1ULL << CAP_NET_RAW, c->before.number[ST_CAP_AMBIENT],
		       "the caller has ambient capabilities %#llx before, expected CAP_NET_RAW",
		       (unsigned long long)c->before.number[ST_CAP_AMBIENT]);
	SKIP_WITHOUT_TYPE(self->types, NS_USER);
}

/* Clocks that a time namespace shifts, and by how much the target's does. */
#define NR_CLOCKS 3

static const struct {
	clockid_t id;
	const char *name;
	bool boottime;		/* else monotonic */
	int shift_s;
} clocks[NR_CLOCKS] = {
	{ CLOCK_MONOTONIC, "CLOCK_MONOTONIC", false, TARGET_MONOTONIC_S(1) },
	{ CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW", false,
	  TARGET_MONOTONIC_S(1) },
	{ CLOCK_BOOTTIME, "CLOCK_BOOTTIME", true, TARGET_BOOTTIME_S(1) },
};

struct clock_times {
	__s64 ns[NR_CLOCKS];
};

static void read_clocks(struct clock_times *times)
{
	for (unsigned int i = 0; i < NR_CLOCKS; i++)
		times->ns[i] = clock_ns(clocks[i].id);
}

static int read_clocks_after(struct caller *c, void *arg)
{
	(void)c;
	read_clocks(arg);
	return 0;
}

/*
 * The offsets of the test's own time namespace.  A target's are counted from
 * the same initial clocks, not from the test's.
 */
static int read_own_offsets(__s64 *monotonic_ns, __s64 *boottime_ns)
{
	long long mono_s, mono_ns, boot_s, boot_ns;
	char text[128];
	int err = proc_read("self/timens_offsets", text, sizeof(text));

	if (err)
		return err;
	if (sscanf(text, "%*s %lld %lld %*s %lld %lld", &mono_s, &mono_ns,
		   &boot_s, &boot_ns) != 4)
		return EPROTO;
	*monotonic_ns = mono_s * 1000000000LL + mono_ns;
	*boottime_ns = boot_s * 1000000000LL + boot_ns;
	return 0;
}

TEST_F(setns_caller, clocks_are_shifted_exactly)
{
	struct clock_times earliest, latest, *found;
	struct caller *c = self->c;
	__s64 monotonic, boottime;

	SKIP_WITHOUT_TYPE(self->types, NS_TIME);
	SETUP_TARGET(&self->target, .number = 1, .fresh = NS_BIT(NS_TIME));
	SETUP_SHARED(found);
	ASSERT_EQ(0, read_own_offsets(&monotonic, &boottime));
	caller_by_fds(c, &self->target, NS_BIT(NS_TIME), variant->by_pidfd);
	c->finish = read_clocks_after;
	c->arg = found;
	read_clocks(&earliest);
	caller_run(c);
	read_clocks(&latest);
	EXPECT_THAT(attached(c));
	for (unsigned int i = 0; i < NR_CLOCKS; i++) {
		__s64 least = found->ns[i] - latest.ns[i];
		__s64 most = found->ns[i] - earliest.ns[i];
		__s64 shift = clocks[i].shift_s * 1000000000LL +
			      TARGET_SHIFT_NS -
			      (clocks[i].boottime ? boottime : monotonic);

		EXPECT_THAT_EQ(true, least <= shift && shift <= most,
			       "time namespace: %s is shifted by %lld to %lld ns, expected %lld",
			       clocks[i].name, (long long)least,
			       (long long)most, (long long)shift);
	}
}

/* Of linux/seccomp.h, whose copy in a tree's tools/ does not compile. */
#define FILTER_MODE	2		/* SECCOMP_MODE_FILTER */
#define FILTER_ERRNO	0x00050000U	/* SECCOMP_RET_ERRNO */
#define FILTER_ALLOW	0x7fff0000U	/* SECCOMP_RET_ALLOW */
#define FILTER_NR	0		/* offset of seccomp_data.nr */

#ifdef __NR_clock_gettime64
#define CLOCK_GETTIME64	__NR_clock_gettime64
#else
#define CLOCK_GETTIME64	__NR_clock_gettime
#endif

/* How reading clocks ends where clock_gettime(2) as a system call fails. */
struct vdso_errs {
	int filter;		/* of installing the filter */
	int system_call;
	int by_clock[NR_CLOCKS];
};

static int read_clocks_without_system_call(struct caller *c, void *arg)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FILTER_NR),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clock_gettime, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLOCK_GETTIME64, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, FILTER_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, FILTER_ALLOW),
	};
	struct sock_fprog filter = { ARRAY_SIZE(code), code };
	struct vdso_errs *errs = arg;
	struct timespec now;

	(void)c;
	*errs = (struct vdso_errs) { 0 };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, FILTER_MODE, &filter)) {
		errs->filter = errno;
		return 0;
	}
	errs->system_call = syscall(CLOCK_GETTIME64, CLOCK_MONOTONIC, &now) ?
			    errno : 0;
	for (unsigned int i = 0; i < NR_CLOCKS; i++)
		errs->by_clock[i] = clock_gettime(clocks[i].id, &now) ?
				    errno : 0;
	return 0;
}

static void use_filter(struct caller *c, struct vdso_errs *errs)
{
	caller_reset(c);
	c->finish = read_clocks_without_system_call;
	c->arg = errs;
}

/* The vDSO has a page for the namespace, which the first attach fills. */
TEST_F(setns_caller, clocks_are_read_without_a_system_call)
{
	struct caller *c = self->c;
	struct vdso_errs *errs, here;

	SKIP_WITHOUT_TYPE(self->types, NS_TIME);
	SETUP_TARGET(&self->target, .number = 1, .fresh = NS_BIT(NS_TIME));
	SETUP_SHARED(errs);
	use_filter(c, errs);
	caller_run(c);
	EXPECT_THAT(ended_in(c, &c->before));
	here = *errs;
	if (here.filter == EINVAL)
		SKIP_TEST("no seccomp filters (CONFIG_SECCOMP_FILTER)");
	ASSERT_EQ(0, here.filter);
	ASSERT_EQ(EPERM, here.system_call);
	if (here.by_clock[0] && here.by_clock[1] && here.by_clock[2])
		SKIP_TEST("the vDSO reads no clock here");

	use_filter(c, errs);
	caller_by_fds(c, &self->target, NS_BIT(NS_TIME), variant->by_pidfd);
	caller_run(c);
	EXPECT_THAT(attached(c));
	ASSERT_EQ(EPERM, errs->system_call);
	for (unsigned int i = 0; i < NR_CLOCKS; i++)
		EXPECT_THAT_EQ(here.by_clock[i], errs->by_clock[i],
			       "time namespace: %s read without a system call: expected %s as before, got %s",
			       clocks[i].name, errno_name(here.by_clock[i]),
			       errno_name(errs->by_clock[i]));
}

/*
 * RLIMIT_SIGPENDING of the task that creates a user namespace becomes a limit of
 * the namespace.  It limits the signals that are pending for the creator's uid
 * outside, where those of every task inside are counted as well.
 *
 *	test's user namespace		counts what the test and callers queue
 *	`-- target's user namespace	limits that to SIGPENDING_LIMIT
 */
#define SIGPENDING_LIMIT	3
#define SIGPENDING_MORE		(4 * SIGPENDING_LIMIT)

FIXTURE(setns_caller_limit) {
	struct target target;
	struct caller *c;
	ns_set types;
};

FIXTURE_VARIANT(setns_caller_limit) {
	bool by_pidfd;
};

FIXTURE_VARIANT_ADD(setns_caller_limit, by_pidfd) {
	.by_pidfd = true,
};

FIXTURE_VARIANT_ADD(setns_caller_limit, by_nsfd) {
	.by_pidfd = false,
};

FIXTURE_SETUP(setns_caller_limit)
{
	struct rlimit limit;

	if (variant->by_pidfd)
		SKIP_WITHOUT_PIDFD_SETNS();
	ASSERT_EQ(0, getrlimit(RLIMIT_SIGPENDING, &limit));
	if (limit.rlim_max < SIGPENDING_MORE)
		SKIP_TEST("RLIMIT_SIGPENDING is %lu, the test needs %d",
			  (unsigned long)limit.rlim_max, SIGPENDING_MORE);
	SETUP_PRIVILEGE(AS_USERNS_ROOT, &self->types);
	SETUP_CALLER(self->c);
	SETUP_TARGET(&self->target, .number = 1, .fresh = NS_BIT(NS_USER),
		     .sigpending = SIGPENDING_LIMIT);
}

FIXTURE_TEARDOWN(setns_caller_limit)
{
	target_destroy(&self->target);
}

/* How many signals could be queued, and why not more, or 0. */
struct queued {
	int nr, err;
};

static void queue_signals(struct queued *queued)
{
	const union sigval value = { .sival_int = 0 };
	sigset_t set;

	*queued = (struct queued) { 0 };
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (queued->nr < SIGPENDING_MORE && !queued->err)
		if (sigqueue(getpid(), SIGRTMIN, value))
			queued->err = errno;
		else
			queued->nr++;
}

static int queue_signals_after(struct caller *c, void *arg)
{
	(void)c;
	queue_signals(arg);
	return 0;
}

/* The same without setns(2), by a child that creates a user namespace. */
static int queue_in_new_userns(void *arg)
{
	struct rlimit limit, low;
	int err;

	if (getrlimit(RLIMIT_SIGPENDING, &limit))
		return errno;
	low = (struct rlimit) { SIGPENDING_LIMIT, limit.rlim_max };
	if (setrlimit(RLIMIT_SIGPENDING, &low))
		return errno;
	err = userns_create();
	low.rlim_cur = limit.rlim_max;
	if (!err && setrlimit(RLIMIT_SIGPENDING, &low))
		err = errno;
	if (!err)
		queue_signals(arg);
	return err;
}

TEST_F(setns_caller_limit, signals_are_limited_by_the_new_user_namespace)
{
	struct caller *c = self->c;
	struct queued *queued;

	SETUP_SHARED(queued);
	/* Without the limit, as many as are asked for. */
	c->finish = queue_signals_after;
	c->arg = queued;
	caller_run(c);
	EXPECT_THAT(ended_in(c, &c->before));
	if (queued->nr < SIGPENDING_MORE)
		SKIP_TEST("the test itself can queue no more than %d signals: %s",
			  queued->nr, errno_name(queued->err));
	SETUP_NAMESPACES("creating a user namespace with a limit",
			 in_child(queue_in_new_userns, queued));
	if (queued->nr == SIGPENDING_MORE)
		SKIP_TEST("user namespaces do not limit signals: since Linux 5.14");

	caller_by_fds(c, &self->target, NS_BIT(NS_USER), variant->by_pidfd);
	caller_run(c);
	EXPECT_THAT(attached(c));
	EXPECT_THAT_EQ(SIGPENDING_LIMIT, queued->nr,
		       "user namespace: %d signals could be queued, its limit is %d",
		       queued->nr, SIGPENDING_LIMIT);
	EXPECT_THAT_EQ(EAGAIN, queued->err,
		       "user namespace: queueing more signals than its limit: expected EAGAIN, got %s",
		       errno_name(queued->err));
}

TEST_HARNESS_MAIN
