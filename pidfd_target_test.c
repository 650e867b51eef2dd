// SPDX-License-Identifier: GPL-2.0
/*
 * The target's life: what setns(pidfd, flags) makes of a target that died,
 * whose pid went to another, that is one thread of a process, that ran another
 * program, or that exits meanwhile.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

#include "fixture.h"
#include "proc.h"

FIXTURE(life) {
	struct target target;
	struct attempt *a;
	ns_set types;
};

FIXTURE_VARIANT(life) {
	enum world world;
};

FIXTURE_VARIANT_ADD(life, root) {
	.world = WORLD_ROOT,
};

FIXTURE_VARIANT_ADD(life, own_userns) {
	.world = WORLD_OWN_USERNS,
};

FIXTURE_SETUP(life)
{
	FIXTURE_PIDFD_SETNS();
	FIXTURE_WORLD(variant->world, &self->types);
	FIXTURE_ATTEMPT(self->a);
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
}

FIXTURE_TEARDOWN(life)
{
	target_destroy(&self->target);
}

/* Every subset, as one row of calls. */
static void call_every_subset(struct attempt *a, int pidfd, ns_set types,
			      const char *name)
{
	attempt_reset(a);
	a->all_calls = true;
	for_each_subset(set, types)
		attempt_call(a, pidfd, ns_flags(set), name);
	attempt_make(a);
}

/* The namespaces are there still: an nsfd opened in time leads to them. */
static const char *nsfds_still_work(struct attempt *a, const struct target *t,
				    ns_set types)
{
	const char *why = NULL;

	for_each_ns_in(id, types) {
		attempt_one(a, t->nsfd[id][NS_ACTIVE], ns_types[id].flag,
			    "nsfd of a dead target");
		why = attached(a, t, NS_BIT(id));
		if (why)
			break;
	}
	return why;
}

TEST_F(life, zombie)
{
	ASSERT_EQ(0, target_kill(&self->target));
	call_every_subset(self->a, self->target.pidfd, self->types,
			  "pidfd of a zombie");
	EXPECT_THAT(denied(self->a, ESRCH));
	EXPECT_THAT(nsfds_still_work(self->a, &self->target, self->types));
}

TEST_F(life, reaped)
{
	ASSERT_EQ(0, target_kill(&self->target));
	ASSERT_EQ(0, target_reap(&self->target));
	call_every_subset(self->a, self->target.pidfd, self->types,
			  "pidfd of a reaped target");
	EXPECT_THAT(denied(self->a, ESRCH));
	EXPECT_THAT(nsfds_still_work(self->a, &self->target, self->types));
}

/* A pidfd is a pidfd, however it was got. */
TEST_F(life, pidfd_nonblocking_or_a_copy)
{
	struct target *t = &self->target;
	const struct {
		const char *name;
		int fd;
	} pidfds[] = {
		{ "pidfd with PIDFD_NONBLOCK",
		  sys_pidfd_open(t->pid, O_NONBLOCK) },
		{ "pidfd by dup()", dup(t->pidfd) },
		{ "pidfd by fcntl(F_DUPFD)", fcntl(t->pidfd, F_DUPFD, 0) },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(pidfds); i++) {
		/* PIDFD_NONBLOCK: since Linux 5.10 */
		if (!i && pidfds[i].fd < 0 && kernel_before(5, 10))
			continue;
		attempt_one(self->a, pidfds[i].fd, ns_flags(self->types),
			    pidfds[i].name);
		EXPECT_THAT(attached(self->a, t, self->types));
		close(pidfds[i].fd);
	}
}

/* Invalid flags are invalid before the target is looked at. */
TEST_F(life, invalid_flags_of_a_dead_target)
{
	struct attempt *a = self->a;

	ASSERT_EQ(0, target_kill(&self->target));
	a->all_calls = true;
	attempt_call(a, self->target.pidfd, 0, "pidfd of a zombie");
	attempt_call(a, self->target.pidfd, CLONE_VM, "pidfd of a zombie");
	attempt_make(a);
	EXPECT_THAT(denied(a, EINVAL));
}

/* A pid namespace without its init takes callers, but no more children. */
TEST_F(life, dead_pid_namespace)
{
	struct target *t = &self->target;
	struct attempt *a = self->a;
	struct state expected;

	if (!(self->types & NS_BIT(NS_PID)))
		SKIP_TEST("this kernel has no pid namespaces");
	ASSERT_EQ(0, target_kill(t));
	ASSERT_EQ(0, target_reap(t));
	attempt_call(a, t->nsfd[NS_PID][NS_ACTIVE], CLONE_NEWPID,
		     "nsfd of a dead pid namespace");
	a->with_child = true;
	attempt_make(a);
	expected = a->before;
	state_attach(&expected, t->state, NS_PID);
	expected.child_err = ENOMEM;
	EXPECT_THAT(reached(a, &expected));
}

/* The leader of a process that goes on without it. */
static void *outlive_leader(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void __noreturn leave_thread_behind(void)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, outlive_leader, NULL))
		syscall(SYS_exit, 0);
	_exit(1);
}

/* Waits until @pid is a zombie, which a leader with threads is unwaitably. */
static int await_zombie_leader(pid_t pid)
{
	char stat[512];

	for (int tries = 0; tries < 100000; tries++) {
		char *paren;

		if (proc_read(pid, stat, sizeof(stat), "stat"))
			return ESRCH;
		paren = strrchr(stat, ')');
		if (paren && paren[2] == 'Z')
			return 0;
		sched_yield();
	}
	return ETIMEDOUT;
}

TEST_F(life, zombie_leader_with_living_threads)
{
	pid_t pid = fork();
	int pidfd;

	ASSERT_GE(pid, 0);
	if (!pid)
		leave_thread_behind();
	pidfd = sys_pidfd_open(pid, 0);
	ASSERT_GE(pidfd, 0);
	ASSERT_EQ(0, await_zombie_leader(pid));
	call_every_subset(self->a, pidfd, self->types,
			  "pidfd of a zombie leader");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pidfd);
	EXPECT_THAT(denied(self->a, ESRCH));

	/* The target that lives is attached to all the same. */
	attempt_one(self->a, self->target.pidfd, ns_flags(self->types),
		    "pidfd");
	EXPECT_THAT(attached(self->a, &self->target, self->types));
}

/*
 * A pid is given to another process while a pidfd of the first is held: it is
 * the process that the pidfd stands for, not its number.
 */
TEST_F(life, recycled_pid)
{
	struct attempt *a = self->a;
	pid_t pid = self->target.pid, set_tid[1] = { pid };
	struct setns_clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)set_tid,
		.set_tid_size = 1,
	};
	struct target own = { .state = &a->before };
	int pidfd;
	pid_t again, test = getpid();

	ASSERT_EQ(0, target_kill(&self->target));
	ASSERT_EQ(0, target_reap(&self->target));
	again = sys_clone3(&args);
	if (!again) {
		die_with(test);
		for (;;)
			pause();
	}
	/* EPERM: not the owner of all pid namespaces from here up. */
	if (again < 0 && (errno == EPERM || errno == EEXIST))
		SKIP_TEST("a pid cannot be chosen here: %s",
			  errno_name(errno));
	ASSERT_GT(again, 0);
	pidfd = sys_pidfd_open(again, 0);

	call_every_subset(a, self->target.pidfd, self->types,
			  "pidfd of a process whose pid was reused");
	EXPECT_THAT(denied(a, ESRCH));
	attempt_one(a, pidfd, CLONE_NEWNS, "pidfd of its successor");
	EXPECT_THAT(attached(a, &own, NS_BIT(NS_MNT)));
	kill(again, SIGKILL);
	waitpid(again, NULL, 0);
}

/* Another program, the same process and the same namespaces. */
TEST_F(life, exec_between_open_and_attach)
{
	struct attempt *a = self->a;
	struct target t;

	/* Without mounts of its own, so that the program is to be found. */
	FIXTURE_TARGET(&t, .number = 2,
		       .fresh = self->types & ~NS_BIT(NS_MNT));
	ASSERT_EQ(0, target_exec(&t));
	attempt_one(a, t.pidfd, ns_flags(t.fresh),
		    "pidfd of a target that ran execve()");
	EXPECT_THAT(attached(a, &t, t.fresh));
	target_destroy(&t);
}

/*
 * Exit races the call.  Whoever wins, the caller has all of it, or has ESRCH
 * and nothing.  The rounds differ in when the target is killed, from the
 * caller's birth to its end, and go on until both have won.
 */
#define EXIT_ROUNDS		16
#define EXIT_ROUNDS_MOST	128

/* A process that kills the target after a while: its pid, or -1. */
static pid_t kill_later(const struct target *t, __s64 delay_ns)
{
	const struct timespec delay = {
		.tv_sec = delay_ns / 1000000000,
		.tv_nsec = delay_ns % 1000000000,
	};
	pid_t pid = fork();

	if (!pid) {
		nanosleep(&delay, NULL);
		_exit(kill(t->pid, SIGKILL) ? 1 : 0);
	}
	return pid;
}

/* At once: on a busy CPU the target would not come to exit before the call. */
static int kill_and_give_way(struct attempt *a, void *arg)
{
	const struct target *t = arg;

	(void)a;
	if (kill(t->pid, SIGKILL))
		return errno;
	sched_yield();
	return 0;
}

TEST_F(life, exit_races_the_call)
{
	ns_set types = self->types & ~NS_BIT(NS_NET);
	unsigned int attaches = 0, refusals = 0;
	struct attempt *a = self->a;
	__s64 took_ns;

	/* How long it takes where nobody exits */
	took_ns = clock_ns(CLOCK_MONOTONIC);
	attempt_one(a, self->target.pidfd, ns_flags(types), "pidfd");
	took_ns = clock_ns(CLOCK_MONOTONIC) - took_ns;
	EXPECT_THAT(attached(a, &self->target, types));

	for (int round = 0; round < EXIT_ROUNDS ||
	     (round < EXIT_ROUNDS_MOST && (!attaches || !refusals)); round++) {
		__s64 delay_ns = took_ns * (round % EXIT_ROUNDS) / EXIT_ROUNDS;
		struct target t;
		pid_t killer = 0;

		FIXTURE_TARGET(&t, .number = 3, .fresh = types);
		attempt_reset(a);
		attempt_call(a, t.pidfd, ns_flags(types), "pidfd");
		a->prepare = kill_and_give_way;
		a->arg = &t;
		if (delay_ns) {
			a->prepare = NULL;
			killer = kill_later(&t, delay_ns);
			FIXTURE_DO("forking who kills the target",
				   killer < 0 ? errno : 0);
		}
		attempt_make(a);
		if (killer)
			waitpid(killer, NULL, 0);
		if (!a->calls[0].err) {
			attaches++;
			EXPECT_THAT(attached(a, &t, types));
		} else {
			refusals++;
			EXPECT_THAT(denied(a, ESRCH));
		}
		target_destroy(&t);
	}
	TH_LOG(" %u attached, %u were refused with ESRCH", attaches, refusals);
	if (!attaches || !refusals)
		SKIP_TEST("the race never happened");
}

/* A thread with its own namespaces, in a process that has others. */
struct odd_thread {
	ns_set types;
	pid_t tid;
	int err;
	struct state state;
	int ready;	/* a descriptor to say so on */
};

static void *be_odd_thread(void *arg)
{
	struct odd_thread *odd = arg;
	char byte = 0;

	odd->tid = gettid();
	if (unshare(ns_flags(odd->types)))
		odd->err = errno;
	else if ((odd->types & NS_BIT(NS_UTS)) &&
		 sethostname("setns-thread", strlen("setns-thread")))
		odd->err = errno;
	else
		odd->err = state_take(&odd->state);
	if (write(odd->ready, &byte, 1) == 1)
		for (;;)
			pause();
	return NULL;
}

static void __noreturn have_odd_thread(struct odd_thread *odd)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, be_odd_thread, odd))
		_exit(1);
	for (;;)
		pause();
}

TEST_F(life, thread_with_its_own_namespaces)
{
	struct attempt *a = self->a;
	struct odd_thread *odd;
	struct target leader, thread;
	int ends[2];
	char byte;
	pid_t pid;

	if (kernel_before(6, 9))
		SKIP_TEST("PIDFD_THREAD: since Linux 6.9");
	odd = mmap(NULL, sizeof(*odd), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, odd);
	ASSERT_EQ(0, pipe(ends));
	/* A thread cannot be in another of these than its process. */
	odd->types = self->types & ~(NS_BIT(NS_USER) | NS_BIT(NS_PID) |
				     NS_BIT(NS_TIME));
	odd->ready = ends[1];
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		have_odd_thread(odd);
	close(ends[1]);
	ASSERT_EQ(1, read(ends[0], &byte, 1));
	ASSERT_EQ(0, odd->err);
	ASSERT_EQ(0, target_adopt(&thread, odd->tid, PIDFD_THREAD));
	ASSERT_EQ(0, target_adopt(&leader, pid, 0));
	*thread.state = odd->state;

	for_each_subset(set, odd->types) {
		attempt_one(a, thread.pidfd, ns_flags(set),
			    "pidfd of a thread");
		EXPECT_THAT(attached(a, &thread, set));
	}
	for_each_ns_in(id, odd->types) {
		attempt_one(a, thread.nsfd[id][NS_ACTIVE], ns_types[id].flag,
			    "nsfd of a thread");
		EXPECT_THAT(attached(a, &thread, NS_BIT(id)));
	}
	/* Its leader, which a plain pidfd stands for, is where the test is. */
	attempt_one(a, leader.pidfd, CLONE_NEWNS, "pidfd of its process");
	*leader.state = a->before;
	if (variant->world == WORLD_ROOT)
		EXPECT_THAT(attached(a, &leader, NS_BIT(NS_MNT)));
	else
		EXPECT_THAT(denied(a, EPERM));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	target_destroy(&thread);
	target_destroy(&leader);
}

/* A pidfd leads to where the target is, not to where its children are. */
TEST_F(life, active_namespaces_not_those_for_children)
{
	ns_set types = self->types & (NS_BIT(NS_PID) | NS_BIT(NS_TIME));
	struct attempt *a = self->a;
	struct target t;

	if (!types)
		SKIP_TEST("this kernel has no pid and no time namespaces");
	FIXTURE_TARGET(&t, .number = 4, .fresh = self->types,
		       .fresh_children = types);
	for_each_subset(set, types) {
		attempt_reset(a);
		attempt_call(a, t.pidfd, ns_flags(set), "pidfd");
		a->with_child = set & NS_BIT(NS_PID);
		attempt_make(a);
		EXPECT_THAT(attached(a, &t, set));
	}
	target_destroy(&t);
}

TEST_HARNESS_MAIN
