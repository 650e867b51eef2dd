// SPDX-License-Identifier: GPL-2.0
/*
 * What an attach does beyond the links under /proc/PID/ns: undo of semaphores,
 * sockets and queues old and new, clocks to the nanosecond, capabilities in
 * the new user namespace and nowhere else.  Each by pidfd and by nsfd.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <signal.h>
#include <linux/filter.h>
#include <linux/securebits.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "fixture.h"
#include "proc.h"
#include "undo.h"

/* The RLIMIT_SIGPENDING of a user namespace. */
#define SIGPENDING_MOST 3

FIXTURE(effect) {
	struct target target;
	struct attempt *a;
	ns_set types;
	int sem;
};

FIXTURE_VARIANT(effect) {
	bool by_pidfd;
};

FIXTURE_VARIANT_ADD(effect, by_pidfd) {
	.by_pidfd = true,
};

FIXTURE_VARIANT_ADD(effect, by_nsfd) {
	.by_pidfd = false,
};

FIXTURE_SETUP(effect)
{
	if (variant->by_pidfd)
		FIXTURE_PIDFD_SETNS();
	FIXTURE_WORLD(world_lacks_root() ? WORLD_OWN_USERNS : WORLD_ROOT,
		      &self->types);
	self->sem = undo_prepare();
	FIXTURE_ATTEMPT(self->a);
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
}

FIXTURE_TEARDOWN(effect)
{
	target_destroy(&self->target);
}

#define SKIP_WITHOUT(self, id) do { \
	if (!((self)->types & NS_BIT(id))) \
		SKIP_TEST("this kernel has no %s namespaces", \
			  ns_types[id].name); \
} while (0)

/* Calls for each type of @set, or once for all of them. */
static void call_for(struct attempt *a, const struct target *t, ns_set set,
		     bool by_pidfd)
{
	if (by_pidfd) {
		attempt_call(a, t->pidfd, ns_flags(set), "pidfd");
		return;
	}
	for_each_ns_in(id, set)
		attempt_call(a, t->nsfd[id][NS_ACTIVE], ns_types[id].flag,
			     "nsfd");
}

static void watch_undo(struct attempt *a, int sem)
{
	attempt_reset(a);
	a->prepare = undo_owe;
	a->watch = undo_look;
	a->note[UNDO_SEM] = sem;
}

/* What is owed to the old ipc namespace is paid on leaving it. */
TEST_F(effect, semaphore_undo_is_run_on_leaving)
{
	struct target *t = &self->target;
	struct attempt *a = self->a;

	SKIP_WITHOUT(self, NS_IPC);
	if (self->sem < 0)
		SKIP_TEST("no SysV semaphores in this kernel");
	for_each_subset(set, self->types & (NS_BIT(NS_IPC) | NS_BIT(NS_UTS) |
					    NS_BIT(NS_NET))) {
		watch_undo(a, self->sem);
		call_for(a, t, set, variant->by_pidfd);
		attempt_make(a);
		EXPECT_THAT(attached(a, t, set));
		EXPECT_THAT(set & NS_BIT(NS_IPC) ? undo_run(a) :
						   undo_not_run(a));
	}
}

/* And so it is by who attaches to the namespace that it is in. */
TEST_F(effect, semaphore_undo_is_run_by_attaching_to_the_own)
{
	int own_nsfd = nsfd_open(0, NS_IPC, NS_ACTIVE);
	int own_pidfd = sys_pidfd_open(getpid(), 0);
	struct attempt *a = self->a;

	SKIP_WITHOUT(self, NS_IPC);
	if (self->sem < 0)
		SKIP_TEST("no SysV semaphores in this kernel");
	watch_undo(a, self->sem);
	attempt_call(a, variant->by_pidfd ? own_pidfd : own_nsfd,
		     CLONE_NEWIPC, "the caller's own");
	attempt_make(a);
	EXPECT_THAT(reached(a, &a->before));
	EXPECT_THAT(undo_run(a));
}

/* Refused, it pays nothing; that of types that fail is in the atomic test. */
TEST_F(effect, semaphore_undo_is_not_run_by_a_refused_call)
{
	struct attempt *a = self->a;

	SKIP_WITHOUT(self, NS_IPC);
	if (self->sem < 0)
		SKIP_TEST("no SysV semaphores in this kernel");
	watch_undo(a, self->sem);
	attempt_call(a, variant->by_pidfd ? self->target.pidfd :
			self->target.nsfd[NS_IPC][NS_ACTIVE],
		     CLONE_NEWIPC | CLONE_VM, "the target's");
	attempt_make(a);
	EXPECT_THAT(denied(a, EINVAL));
	EXPECT_THAT(undo_not_run(a));
}

#define OLD_KEY (MARK_MSG_KEY + 1)

static int has_no_old_queue(struct attempt *a, void *arg)
{
	(void)arg;
	a->note[0] = msgget(OLD_KEY, 0) < 0 ? errno : 0;
	return 0;
}

TEST_F(effect, old_queues_are_out_of_sight)
{
	struct attempt *a = self->a;

	SKIP_WITHOUT(self, NS_IPC);
	if (msgget(OLD_KEY, IPC_CREAT | 0666) < 0)
		SKIP_TEST("no SysV message queues in this kernel");
	call_for(a, &self->target, NS_BIT(NS_IPC), variant->by_pidfd);
	a->finish = has_no_old_queue;
	attempt_make(a);
	EXPECT_THAT(attached(a, &self->target, NS_BIT(NS_IPC)));
	EXPECT_EQ(ENOENT, a->note[0]) {
		TH_LOG(" ipc namespace: the old one's queue is there still");
	}

	/* It is there for who stays. */
	attempt_reset(a);
	a->note[0] = -1;
	a->finish = has_no_old_queue;
	attempt_make(a);
	EXPECT_THAT(reached(a, &a->before));
	EXPECT_EQ(0, a->note[0]) {
		TH_LOG(" ipc namespace: not joined, and the own queue is gone: msgget() got %s",
		       errno_name(a->note[0]));
	}
}

/* A socket is of the namespace that it was opened in, ever. */
enum socket_note {
	NOTE_SOCKET,		/* one opened before the attach */
	NOTE_BEFORE,		/* errno of connecting it to the target's */
	NOTE_AFTER,		/* and of one opened after */
};

static int open_socket(struct attempt *a, void *arg)
{
	(void)arg;
	a->note[NOTE_SOCKET] = socket(AF_UNIX, SOCK_DGRAM, 0);
	return a->note[NOTE_SOCKET] < 0 ? errno : 0;
}

static int connect_mark(int fd, unsigned int number)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int len = snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1,
			   MARK_SOCKET, number);

	return connect(fd, (struct sockaddr *)&addr,
		       offsetof(struct sockaddr_un, sun_path) + 1 + len) ?
		errno : 0;
}

static int connect_both(struct attempt *a, void *arg)
{
	const struct target *t = arg;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	a->note[NOTE_BEFORE] = connect_mark(a->note[NOTE_SOCKET], t->number);
	a->note[NOTE_AFTER] = connect_mark(fd, t->number);
	return 0;
}

TEST_F(effect, sockets_stay_where_they_were_opened)
{
	struct attempt *a = self->a;

	SKIP_WITHOUT(self, NS_NET);
	if (!self->target.state->number[ST_MARK_SOCKET])
		SKIP_TEST("no unix sockets in this kernel");
	call_for(a, &self->target, NS_BIT(NS_NET), variant->by_pidfd);
	a->prepare = open_socket;
	a->finish = connect_both;
	a->arg = &self->target;
	attempt_make(a);
	EXPECT_THAT(attached(a, &self->target, NS_BIT(NS_NET)));
	EXPECT_EQ(ECONNREFUSED, a->note[NOTE_BEFORE]) {
		TH_LOG(" net namespace: a socket opened before reaches the target's: %s",
		       errno_name(a->note[NOTE_BEFORE]));
	}
	EXPECT_EQ(0, a->note[NOTE_AFTER]) {
		TH_LOG(" net namespace: a socket opened after does not reach the target's: %s",
		       errno_name(a->note[NOTE_AFTER]));
	}
}

/* The clocks of the namespace, in nanoseconds. */
static const struct {
	clockid_t id;
	const char *name;
	int shift_s;
} clocks[] = {
	{ CLOCK_MONOTONIC, "CLOCK_MONOTONIC", TARGET_MONOTONIC_S(1) },
	{ CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW", TARGET_MONOTONIC_S(1) },
	{ CLOCK_BOOTTIME, "CLOCK_BOOTTIME", TARGET_BOOTTIME_S(1) },
};

static int read_clocks(struct attempt *a, void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < ARRAY_SIZE(clocks); i++)
		a->note[i] = clock_ns(clocks[i].id);
	return 0;
}

/* Offsets are counted from the initial clocks, not from the test's. */
static bool in_shifted_time(void)
{
	char text[128];

	return proc_read(0, text, sizeof(text), "../../timens_offsets") ||
	       strpbrk(text, "123456789");
}

TEST_F(effect, clocks_are_shifted_exactly)
{
	__s64 start[ARRAY_SIZE(clocks)], end[ARRAY_SIZE(clocks)];
	struct attempt *a = self->a;

	SKIP_WITHOUT(self, NS_TIME);
	if (in_shifted_time())
		SKIP_TEST("the test itself is in a time namespace");
	for (unsigned int i = 0; i < ARRAY_SIZE(clocks); i++)
		start[i] = clock_ns(clocks[i].id);
	call_for(a, &self->target, NS_BIT(NS_TIME), variant->by_pidfd);
	a->finish = read_clocks;
	attempt_make(a);
	for (unsigned int i = 0; i < ARRAY_SIZE(clocks); i++)
		end[i] = clock_ns(clocks[i].id);
	EXPECT_THAT(attached(a, &self->target, NS_BIT(NS_TIME)));
	for (unsigned int i = 0; i < ARRAY_SIZE(clocks); i++) {
		__s64 shift = clocks[i].shift_s * 1000000000LL +
				TARGET_SHIFT_NS;

		EXPECT_TRUE(a->note[i] >= start[i] + shift &&
			    a->note[i] <= end[i] + shift) {
			TH_LOG(" time namespace: %s is shifted by %lld to %lld ns, expected %lld",
			       clocks[i].name,
			       (long long)(a->note[i] - end[i]),
			       (long long)(a->note[i] - start[i]),
			       (long long)shift);
		}
	}
}

/* Of linux/seccomp.h, whose copy in a tree's tools/ does not compile. */
#define FILTER_MODE	2		/* SECCOMP_MODE_FILTER */
#define FILTER_ERRNO	0x00050000U	/* SECCOMP_RET_ERRNO */
#define FILTER_ALLOW	0x7fff0000U	/* SECCOMP_RET_ALLOW */
#define FILTER_NR	0		/* offset of seccomp_data.nr */
#define FILTER_NOTE	7		/* note: the errno of the filter */

/* Which clocks take a system call to be read?  Their notes are not 0. */
static int read_clocks_without_calls(struct attempt *a, void *arg)
{
#ifdef __NR_clock_gettime64
	const unsigned int also = __NR_clock_gettime64;
#else
	const unsigned int also = __NR_clock_gettime;
#endif
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FILTER_NR),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clock_gettime, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, also, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, FILTER_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, FILTER_ALLOW),
	};
	struct sock_fprog filter = { ARRAY_SIZE(code), code };
	struct timespec now;

	(void)arg;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, FILTER_MODE, &filter)) {
		a->note[FILTER_NOTE] = errno;
		return 0;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(clocks); i++)
		a->note[i] = clock_gettime(clocks[i].id, &now) ? errno : 0;
	return 0;
}

/* The vDSO has a page of the namespace's own, which the first to attach fills. */
TEST_F(effect, clocks_are_read_without_a_system_call)
{
	struct attempt *a = self->a;
	bool here[ARRAY_SIZE(clocks)];
	bool any = false;

	SKIP_WITHOUT(self, NS_TIME);
	a->finish = read_clocks_without_calls;
	attempt_make(a);
	EXPECT_THAT(left_in(a, &a->before));
	if (a->note[FILTER_NOTE])
		SKIP_TEST("no seccomp filter: %s",
			  errno_name(a->note[FILTER_NOTE]));
	for (unsigned int i = 0; i < ARRAY_SIZE(clocks); i++) {
		here[i] = !a->note[i];
		any |= here[i];
	}
	if (!any)
		SKIP_TEST("the vDSO reads no clock here");
	attempt_reset(a);
	call_for(a, &self->target, NS_BIT(NS_TIME), variant->by_pidfd);
	a->finish = read_clocks_without_calls;
	attempt_make(a);
	EXPECT_THAT(attached(a, &self->target, NS_BIT(NS_TIME)));
	for (unsigned int i = 0; i < ARRAY_SIZE(clocks); i++) {
		EXPECT_TRUE(!here[i] || !a->note[i]) {
			TH_LOG(" time namespace: the vDSO reads %s before, and does not after",
			       clocks[i].name);
		}
	}
}

/*
 * Its owner has no capability but in the user namespace itself: it may set the
 * target's host name, and not attach to what the test's user namespace owns.
 */
enum capability_note {
	NOTE_INSIDE,		/* errno of what takes them inside of it */
	NOTE_OUTSIDE,		/* and outside */
};

static int use_capabilities(struct attempt *a, void *arg)
{
	const int *outer_uts = arg;
	char name[64];

	gethostname(name, sizeof(name));
	a->note[NOTE_INSIDE] = sethostname(name, strlen(name)) ? errno : 0;
	a->note[NOTE_OUTSIDE] = setns(*outer_uts, CLONE_NEWUTS) ? errno : 0;
	return 0;
}

TEST_F(effect, capabilities_are_those_of_the_user_namespace)
{
	int outer_uts = nsfd_open(0, NS_UTS, NS_ACTIVE);
	ns_set set = NS_BIT(NS_USER) | NS_BIT(NS_UTS);
	struct attempt *a = self->a;

	SKIP_WITHOUT(self, NS_USER);
	SKIP_WITHOUT(self, NS_UTS);
	call_for(a, &self->target, set, variant->by_pidfd);
	a->prepare = without_capabilities;
	a->finish = use_capabilities;
	a->arg = &outer_uts;
	attempt_make(a);
	EXPECT_THAT(attached(a, &self->target, set));
	EXPECT_EQ(0, a->note[NOTE_INSIDE]) {
		TH_LOG(" user namespace: sethostname() in it got %s",
		       errno_name(a->note[NOTE_INSIDE]));
	}
	EXPECT_EQ(EPERM, a->note[NOTE_OUTSIDE]) {
		TH_LOG(" user namespace: setns() out of it got %s",
		       errno_name(a->note[NOTE_OUTSIDE]));
	}
}

/* Credentials with nothing as usual, as far as this caller may. */
static int with_odd_credentials(struct attempt *a, void *arg)
{
	const gid_t groups[] = { 0, 5, 7 };
	const cap_value_t raised = CAP_NET_RAW;
	cap_t caps = cap_get_proc();
	int err = 0;

	(void)a;
	(void)arg;
	/* A single mapped gid allows no others: user_namespaces(7). */
	if (setgroups(ARRAY_SIZE(groups), groups) && errno != EPERM &&
	    errno != EINVAL)
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
 * The user namespace makes credentials new but for the ids, and leaves
 * no_new_privs, umask and the parent-death signal; other types leave all.
 */
TEST_F(effect, odd_credentials_are_reset_by_the_user_namespace_alone)
{
	ns_set rest = self->types & ~NS_BIT(NS_USER);
	struct attempt *a = self->a;

	call_for(a, &self->target, rest, variant->by_pidfd);
	a->prepare = with_odd_credentials;
	attempt_make(a);
	EXPECT_THAT(attached(a, &self->target, rest));
	EXPECT_NE(0, a->before.number[ST_CAP_AMBIENT]) {
		TH_LOG(" the caller could raise no ambient capability");
	}

	SKIP_WITHOUT(self, NS_USER);
	attempt_reset(a);
	call_for(a, &self->target, self->types, variant->by_pidfd);
	a->prepare = with_odd_credentials;
	attempt_make(a);
	EXPECT_THAT(attached(a, &self->target, self->types));
}

/* How many signals of one kind can be queued: note[0]. */
static int queue_signals(struct attempt *a, void *arg)
{
	const union sigval value = { .sival_int = 0 };
	sigset_t set;

	(void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (a->note[0] < 4 * SIGPENDING_MOST &&
	       !sigqueue(getpid(), SIGRTMIN, value))
		a->note[0]++;
	return 0;
}

/* The limits of a user namespace bind who joins it (set_cred_ucounts()). */
TEST_F(effect, limits_are_those_of_the_user_namespace)
{
	struct attempt *a = self->a;
	struct rlimit own;
	struct target t;

	SKIP_WITHOUT(self, NS_USER);
	if (getrlimit(RLIMIT_SIGPENDING, &own) ||
	    own.rlim_cur < 4 * SIGPENDING_MOST)
		SKIP_TEST("RLIMIT_SIGPENDING of the test is too low to tell");
	if (kernel_before(5, 14))
		SKIP_TEST("user namespaces limit signals since Linux 5.14");
	FIXTURE_TARGET(&t, .number = 2, .fresh = NS_BIT(NS_USER),
		       .sigpending = SIGPENDING_MOST);
	call_for(a, &t, NS_BIT(NS_USER), variant->by_pidfd);
	a->finish = queue_signals;
	attempt_make(a);
	EXPECT_THAT(attached(a, &t, NS_BIT(NS_USER)));
	/* Signals of the same user elsewhere count as well. */
	EXPECT_GE(SIGPENDING_MOST, a->note[0]) {
		TH_LOG(" user namespace: %d signals could be queued, its limit is %d",
		       (int)a->note[0], SIGPENDING_MOST);
	}
	target_destroy(&t);

	/* The caller's own limit is a higher one. */
	attempt_reset(a);
	a->finish = queue_signals;
	attempt_make(a);
	EXPECT_EQ(4 * SIGPENDING_MOST, a->note[0]) {
		TH_LOG(" user namespace: not joined, and %d signals could be queued, expected %d",
		       (int)a->note[0], 4 * SIGPENDING_MOST);
	}
}

/*
 * Control groups read relative to the root of the cgroup namespace, which is
 * where its maker was (cgroup_namespaces(7)).
 */
TEST_F(effect, cgroup_paths_are_relative_to_the_new_root)
{
	struct attempt *a = self->a;
	const char *outside, *inside;

	SKIP_WITHOUT(self, NS_CGROUP);
	call_for(a, &self->target, NS_BIT(NS_CGROUP), variant->by_pidfd);
	attempt_make(a);
	EXPECT_THAT(attached(a, &self->target, NS_BIT(NS_CGROUP)));
	outside = a->before.text[ST_CGROUP];
	inside = a->after.text[ST_CGROUP];
	if (!strcmp(outside, self->target.state->text[ST_CGROUP]))
		SKIP_TEST("in the root of all control groups, which reads alike everywhere");
	EXPECT_STRNE(outside, inside) {
		TH_LOG(" cgroup namespace: /proc/self/cgroup is \"%s\" after it as before",
		       inside);
	}
}

TEST_HARNESS_MAIN
