// SPDX-License-Identifier: GPL-2.0
/*
 * What attaching to a time namespace does to clocks, to the nanosecond and
 * without a system call.  Each by pidfd and by nsfd.
 */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <sys/prctl.h>
#include <time.h>

#include "lib/fixture.h"
#include "lib/proc.h"

FIXTURE(setns_effect_clock) {
	struct target target;
	struct caller *c;
	ns_set types;
};

FIXTURE_VARIANT(setns_effect_clock) {
	bool by_pidfd;
};

FIXTURE_VARIANT_ADD(setns_effect_clock, by_pidfd) {
	.by_pidfd = true,
};

FIXTURE_VARIANT_ADD(setns_effect_clock, by_nsfd) {
	.by_pidfd = false,
};

FIXTURE_SETUP(setns_effect_clock)
{
	if (variant->by_pidfd)
		SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(privilege_available(), &self->types);
	SKIP_WITHOUT_TYPE(self->types, NS_TIME);
	SETUP_CALLER(self->c);
	SETUP_TARGET(&self->target, .number = 1, .fresh = NS_BIT(NS_TIME));
}

FIXTURE_TEARDOWN(setns_effect_clock)
{
	target_destroy(&self->target);
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

TEST_F(setns_effect_clock, clocks_are_shifted_exactly)
{
	struct clock_times earliest, latest, *found;
	struct caller *c = self->c;
	__s64 monotonic, boottime;

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
TEST_F(setns_effect_clock, clocks_are_read_without_a_system_call)
{
	struct caller *c = self->c;
	struct vdso_errs *errs, here;

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

TEST_HARNESS_MAIN
