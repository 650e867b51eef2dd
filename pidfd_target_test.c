// SPDX-License-Identifier: GPL-2.0
/*
 * setns(pidfd, flags) and the life of the target: targets that are dead, whose
 * pid is in use again, that have several threads, that have executed a program,
 * or that exit during the call.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/socket.h>

#include "lib/fixture.h"
#include "lib/proc.h"

/*
 * A process whose two threads are in different namespaces.  Each thread has a
 * socket to the test.
 */
struct two_threads {
	ns_set types;		/* of which each thread has a new namespace */
	pid_t pid, tid;		/* the leader and the other thread */
	int leader_end[2];	/* the test's end and the leader's */
	int thread_end[2];	/* the test's end and the thread's */
	const char *step;	/* the last step */
	int err;		/* of that step, or 0 */
	struct state leader, thread;
};

/* Waits for a byte.  Returns 0 or an errno.  EPIPE: the other end is closed. */
static int await_byte(int fd)
{
	char byte;
	ssize_t n = read(fd, &byte, 1);

	return n == 1 ? 0 : n ? errno : EPIPE;
}

/* Sends a byte.  Returns 0 or an errno. */
static int send_byte(int fd)
{
	return send(fd, "", 1, MSG_NOSIGNAL) == 1 ? 0 : errno;
}

/* Reports a step of the process of two threads, and ends it if @err is not 0. */
static void process_step(struct two_threads *p, const char *step, int err)
{
	p->step = step;
	p->err = err;
	if (err)
		_exit(1);
}

static int unshare_and_read(struct two_threads *p, struct state *to)
{
	return unshare(ns_flags(p->types)) ? errno : state_read(to);
}

/* Answers each byte from the test, and ends the process with the test. */
static void *thread_main(void *arg)
{
	struct two_threads *p = arg;

	p->tid = syscall(SYS_gettid);
	process_step(p, "unshare() in a thread",
		     unshare_and_read(p, &p->thread));
	while (!send_byte(p->thread_end[1]) && !await_byte(p->thread_end[1]))
		;
	_exit(0);
}

/* The leader exits alone when the test sends it a byte. */
static void __noreturn leader_main(struct two_threads *p)
{
	pthread_t thread;

	/* With these open, a read would not end when the test has died. */
	close(p->leader_end[0]);
	close(p->thread_end[0]);
	/* This also bounds the time that the test waits for a byte. */
	alarm(WAIT_LIMIT_S);
	process_step(p, "unshare() in a leader",
		     unshare_and_read(p, &p->leader));
	process_step(p, "pthread_create()",
		     pthread_create(&thread, NULL, thread_main, p));
	if (!await_byte(p->leader_end[1]))
		syscall(SYS_exit, 0);
	_exit(0);
}

/* Returns 0 or an errno.  After an error @p->step says what failed. */
static int two_threads_start(struct two_threads *p, ns_set types)
{
	pid_t pid;
	int err;

	p->types = types;
	p->step = "starting a process of two threads";
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, p->leader_end) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, p->thread_end))
		return errno;
	pid = fork();
	if (pid < 0)
		return errno;
	if (!pid)
		leader_main(p);
	p->pid = pid;
	close(p->leader_end[1]);
	close(p->thread_end[1]);
	err = await_byte(p->thread_end[0]);
	return p->err ? p->err : err;
}

static void two_threads_end(struct two_threads *p)
{
	int status;

	if (!p || p->pid <= 0)
		return;
	kill(p->pid, SIGKILL);
	child_reap(p->pid, &status);
}

FIXTURE(pidfd_target) {
	struct target target, other;
	struct two_threads *process;
	struct caller *c;
	ns_set types;
	ns_set thread_types;	/* types that threads can have one by one */
};

FIXTURE_VARIANT(pidfd_target) {
	enum privilege privilege;
	int set_tid_err;	/* errno of clone3(2) with a chosen pid, or 0 */
};

FIXTURE_VARIANT_ADD(pidfd_target, root) {
	.privilege = AS_ROOT,
};

/* Choosing a pid needs privilege over the pid namespace. */
FIXTURE_VARIANT_ADD(pidfd_target, userns_root) {
	.privilege = AS_USERNS_ROOT,
	.set_tid_err = EPERM,
};

FIXTURE_SETUP(pidfd_target)
{
	SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(variant->privilege, &self->types);
	SETUP_CALLER(self->c);
	SETUP_SHARED(self->process);
	self->thread_types = self->types & ~(NS_BIT(NS_USER) | NS_BIT(NS_PID) |
					     NS_BIT(NS_TIME));
}

FIXTURE_TEARDOWN(pidfd_target)
{
	two_threads_end(self->process);
	target_destroy(&self->target);
	target_destroy(&self->other);
}

/* Adds a call on @fd that leads to the namespaces of @set in state @to. */
static void call_to(struct caller *c, int fd, const char *fd_name,
		    const struct state *to, ns_set set)
{
	struct call *call = caller_call(c, fd, ns_flags(set), fd_name);

	call->to = to;
	call->types = set;
	c->look_after_each = true;
}

/* Runs a caller that makes one call for all of @types. */
static void call_once(struct caller *c, const struct target *t, ns_set types)
{
	caller_reset(c);
	caller_by_pidfd(c, t, types);
	caller_run(c);
}

/* Runs a caller that makes a call for each subset of @types. */
static void call_every_subset(struct caller *c, int pidfd, const char *name,
			      ns_set types)
{
	caller_reset(c);
	for_each_subset(set, types)
		caller_call(c, pidfd, ns_flags(set), name);
	caller_run(c);
}

/* Runs a caller that makes a call by the nsfd of each of @types. */
static void call_nsfds(struct caller *c, const struct target *t, ns_set types)
{
	caller_reset(c);
	for_each_ns_in(id, types)
		caller_by_nsfd(c, t, id);
	caller_run(c);
}

TEST_F(pidfd_target, refuses_a_zombie_whose_nsfds_still_attach)
{
	struct target *t = &self->target;
	struct caller *c = self->c;

	SETUP_TARGET(t, .number = 1, .fresh = self->types);
	call_once(c, t, self->types);
	EXPECT_THAT(attached(c));

	ASSERT_EQ(0, target_kill(t));

	call_every_subset(c, t->pidfd, "pidfd of a zombie", self->types);
	EXPECT_THAT(denied(c, ESRCH));
	call_nsfds(c, t, self->types);
	EXPECT_THAT(explain(c, attached(c), "the target is a zombie"));
}

TEST_F(pidfd_target, refuses_a_reaped_target_whose_nsfds_still_attach)
{
	struct target *t = &self->target;
	struct caller *c = self->c;

	SETUP_TARGET(t, .number = 1, .fresh = self->types);
	call_once(c, t, self->types);
	EXPECT_THAT(attached(c));

	ASSERT_EQ(0, target_kill(t));
	ASSERT_EQ(0, target_reap(t));

	call_every_subset(c, t->pidfd, "pidfd of a reaped target", self->types);
	EXPECT_THAT(denied(c, ESRCH));
	call_nsfds(c, t, self->types);
	EXPECT_THAT(explain(c, attached(c), "the target was reaped"));
}

/* The kernel checks the flags before it looks for the target. */
TEST_F(pidfd_target, refuses_invalid_flags_with_einval_even_on_a_zombie)
{
	const int errs[] = { EINVAL, EINVAL, ESRCH };
	struct target *t = &self->target;
	struct caller *c = self->c;

	SETUP_TARGET(t, .number = 1, .fresh = self->types);
	ASSERT_EQ(0, target_kill(t));
	caller_call(c, t->pidfd, 0, "pidfd of a zombie");
	caller_call(c, t->pidfd, CLONE_VM, "pidfd of a zombie");
	caller_call(c, t->pidfd, ns_flags(self->types), "pidfd of a zombie");
	caller_run(c);
	EXPECT_THAT(ended(c, errs));
}

TEST_F(pidfd_target, attaches_to_a_dead_pid_namespace_but_cannot_fork)
{
	struct target *t = &self->target;
	struct caller *c = self->c;
	struct state expected;

	SKIP_WITHOUT_TYPE(self->types, NS_PID);
	SETUP_TARGET(t, .number = 1, .fresh = self->types);
	caller_by_nsfd(c, t, NS_PID);
	c->with_child = true;
	caller_run(c);
	EXPECT_THAT(attached(c));

	ASSERT_EQ(0, target_kill(t));
	ASSERT_EQ(0, target_reap(t));

	caller_reset(c);
	caller_call(c, t->nsfd[NS_PID][NS_ACTIVE], CLONE_NEWPID,
		    "nsfd of a dead pid namespace");
	c->with_child = true;
	caller_run(c);
	expected = c->before;
	state_attach(&expected, t->state, NS_PID);
	expected.child_err = ENOMEM;
	EXPECT_THAT(reached(c, &expected));
}

/* Why there is no pidfd with @flag; NULL if there is. */
static const char *lacks_pidfd_flag(unsigned int flag, const char *reason)
{
	int pidfd = sys_pidfd_open(getpid(), flag);

	if (pidfd < 0)
		return errno == EINVAL ? reason : NULL;
	close(pidfd);
	return NULL;
}

TEST_F(pidfd_target, attaches_by_a_nonblocking_pidfd)
{
	struct target *t = &self->target;
	struct caller *c = self->c;
	int pidfd;

	SKIP_IF_LACKING(lacks_pidfd_flag(O_NONBLOCK,
					 "no PIDFD_NONBLOCK: since Linux 5.10"));
	SETUP_TARGET(t, .number = 1, .fresh = self->types);
	pidfd = sys_pidfd_open(t->pid, O_NONBLOCK);
	ASSERT_GE(pidfd, 0);
	ASSERT_EQ(O_NONBLOCK, fcntl(pidfd, F_GETFL) & O_NONBLOCK);
	call_to(c, pidfd, "nonblocking pidfd", t->state, self->types);
	caller_run(c);
	EXPECT_THAT(attached(c));
}

TEST_F(pidfd_target, attaches_by_copies_of_a_pidfd)
{
	struct target *t = &self->target;
	struct caller *c = self->c;

	SETUP_TARGET(t, .number = 1, .fresh = self->types);
	call_to(c, dup(t->pidfd), "pidfd copied by dup()",
		t->state, self->types);
	caller_run(c);
	EXPECT_THAT(attached(c));

	caller_reset(c);
	call_to(c, fcntl(t->pidfd, F_DUPFD, 0),
		"pidfd copied by fcntl(F_DUPFD)", t->state, self->types);
	caller_run(c);
	EXPECT_THAT(attached(c));
}

static void call_nsfds_of_thread(struct caller *c, const struct two_threads *p)
{
	for_each_ns_in(id, p->types)
		call_to(c, nsfd_open(p->tid, id, NS_ACTIVE), "nsfd of a thread",
			&p->thread, NS_BIT(id));
}

TEST_F(pidfd_target, attaches_to_the_leader_by_pidfd_and_to_a_thread_by_nsfd)
{
	struct two_threads *p = self->process;
	struct caller *c = self->c;
	int pidfd;

	SETUP_NAMESPACES(p->step, two_threads_start(p, self->thread_types));
	pidfd = sys_pidfd_open(p->pid, 0);
	ASSERT_GE(pidfd, 0);
	call_to(c, pidfd, "pidfd of a leader", &p->leader, p->types);
	call_nsfds_of_thread(c, p);
	caller_run(c);
	EXPECT_THAT(attached(c));
}

/* The caller returns to the namespaces of @start after each set. */
TEST_F(pidfd_target, attaches_to_every_subset_of_a_thread_by_its_own_pidfd)
{
	struct two_threads *p = self->process;
	struct target *start = &self->target;
	struct caller *c = self->c;
	int pidfd;

	SKIP_IF_LACKING(lacks_pidfd_flag(PIDFD_THREAD,
					 "no PIDFD_THREAD: since Linux 6.9"));
	SETUP_TARGET(start, .number = 1, .fresh = self->thread_types);
	SETUP_NAMESPACES(p->step, two_threads_start(p, self->thread_types));
	pidfd = sys_pidfd_open(p->tid, PIDFD_THREAD);
	ASSERT_GE(pidfd, 0);
	caller_by_pidfd(c, start, p->types);
	for_each_subset(set, p->types) {
		call_to(c, pidfd, "pidfd of a thread", &p->thread, set);
		caller_by_pidfd(c, start, set);
	}
	caller_run(c);
	EXPECT_THAT(attached(c));
}

/*
 * Waits until a leader is a zombie.  Its pidfd cannot be polled for that while
 * another thread lives.  Returns 0 or an errno.
 */
static int await_zombie(pid_t pid)
{
	__s64 until = clock_ns(CLOCK_MONOTONIC) + WAIT_LIMIT_S * 1000000000LL;

	while (clock_ns(CLOCK_MONOTONIC) < until) {
		char stat[512], *paren;

		if (proc_read(proc_path(pid, "stat"), stat, sizeof(stat)))
			return ESRCH;
		paren = strrchr(stat, ')');
		if (paren && !strncmp(paren, ") Z ", 4))
			return 0;
		sched_yield();
	}
	return ETIMEDOUT;
}

TEST_F(pidfd_target, refuses_a_zombie_leader_whose_thread_lives)
{
	struct two_threads *p = self->process;
	struct caller *c = self->c;
	int pidfd;

	SETUP_NAMESPACES(p->step, two_threads_start(p, self->thread_types));
	pidfd = sys_pidfd_open(p->pid, 0);
	ASSERT_GE(pidfd, 0);
	call_to(c, pidfd, "pidfd of a leader", &p->leader, p->types);
	caller_run(c);
	EXPECT_THAT(attached(c));

	ASSERT_EQ(0, send_byte(p->leader_end[0]));
	ASSERT_EQ(0, await_zombie(p->pid));

	call_every_subset(c, pidfd, "pidfd of a zombie leader", self->types);
	EXPECT_THAT(denied(c, ESRCH));
	caller_reset(c);
	call_nsfds_of_thread(c, p);
	caller_run(c);
	EXPECT_THAT(explain(c, attached(c), "the leader is a zombie"));
	/* The thread still lives. */
	ASSERT_EQ(0, send_byte(p->thread_end[0]));
	ASSERT_EQ(0, await_byte(p->thread_end[0]));
}

/*
 * Creates a child with pid @pid, in a new uts namespace.  Returns its pid or a
 * negative errno.
 */
static pid_t clone_with_pid(pid_t pid)
{
	pid_t set_tid[1] = { pid }, test = getpid(), child;
	struct setns_clone_args args = {
		.flags = CLONE_NEWUTS,
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)set_tid,
		.set_tid_size = 1,
	};

	child = sys_clone3(&args);
	if (!child) {
		die_with(test);
		for (;;)
			pause();
	}
	return child < 0 ? -errno : child;
}

/*
 * A pidfd stands for the process, not for its number.  A test without the
 * privilege to choose a pid can only check that its request is refused.
 */
TEST_F(pidfd_target, refuses_a_reaped_target_whose_pid_is_requested_again)
{
	struct target *t = &self->target;
	struct caller *c = self->c;
	struct state successor;
	pid_t number, pid;
	int pidfd, status;

	SKIP_WITHOUT_TYPE(self->types, NS_UTS);
	SETUP_TARGET(t, .number = 1, .fresh = self->types);
	number = t->pid;
	call_once(c, t, self->types);
	EXPECT_THAT(attached(c));

	ASSERT_EQ(0, target_kill(t));
	ASSERT_EQ(0, target_reap(t));
	pid = clone_with_pid(number);
	if (pid == -EEXIST)
		SKIP_TEST("another process has got pid %d", number);
	EXPECT_THAT_EQ(variant->set_tid_err ? -variant->set_tid_err : number,
		       pid, "clone3() with pid %d: expected %s, got %s", number,
		       errno_name(variant->set_tid_err),
		       pid < 0 ? errno_name(-pid) : "success");

	call_every_subset(c, t->pidfd, "pidfd of a reaped target", self->types);
	EXPECT_THAT(denied(c, ESRCH));
	if (pid < 0)
		return;

	pidfd = sys_pidfd_open(pid, 0);
	ASSERT_GE(pidfd, 0);
	/* The next process is a copy of the test in a new uts namespace. */
	ASSERT_EQ(0, state_read(&successor));
	ASSERT_EQ(0, state_read_links(&successor, pid));
	caller_reset(c);
	call_to(c, pidfd, "pidfd of the next process with its pid", &successor,
		NS_BIT(NS_UTS));
	caller_run(c);
	EXPECT_THAT(attached(c));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(0, child_reap(pid, &status));
}

/*
 * execve(2) keeps the process and its namespaces.  The target has no mount
 * namespace of its own, as it could not find the program in there.
 */
TEST_F(pidfd_target, attaches_to_a_target_after_its_execve)
{
	ns_set types = self->types & ~NS_BIT(NS_MNT);
	struct target *t = &self->target;
	struct caller *c = self->c;

	SETUP_TARGET(t, .number = 1, .fresh = types);
	ASSERT_EQ(0, target_exec(t));
	call_once(c, t, types);
	EXPECT_THAT(explain(c, attached(c), "the target ran execve()"));
}

/*
 * The caller kills the target, waits for @delay_ns, and calls.  A target takes
 * some time to exit, so a call without a delay mostly succeeds.
 */
struct killing {
	pid_t pid;
	__s64 delay_ns;
};

static int kill_before_call(struct caller *c, unsigned int i, void *arg)
{
	const struct killing *killing = arg;
	__s64 until = clock_ns(CLOCK_MONOTONIC) + killing->delay_ns;

	(void)c;
	(void)i;
	if (kill(killing->pid, SIGKILL))
		return errno;
	while (clock_ns(CLOCK_MONOTONIC) < until)
		sched_yield();
	return 0;
}

/*
 * Each delay depends on the outcome before it, so that calls come close to the
 * moment at which the target becomes invalid.  The target has no net namespace of
 * its own, as the mark in it is a socket, which the exit closes at some moment.
 */
TEST_F(pidfd_target, attaches_completely_or_refuses_while_the_target_exits)
{
	ns_set types = self->types & ~NS_BIT(NS_NET);
	unsigned int rounds = 10, attaches = 0, refusals = 0;
	struct killing killing = { 0 };
	struct caller *c = self->c;
	__s64 death_ns;

	SETUP_TARGET(&self->target, .number = 1, .fresh = types);
	call_once(c, &self->target, types);
	EXPECT_THAT(explain(c, attached(c), "the target lives"));
	death_ns = clock_ns(CLOCK_MONOTONIC);
	ASSERT_EQ(0, target_kill(&self->target));
	death_ns = clock_ns(CLOCK_MONOTONIC) - death_ns;
	caller_run(c);
	EXPECT_THAT(explain(c, denied(c, ESRCH), "the target is a zombie"));

	for (unsigned int round = 0; round < rounds; round++) {
		struct target *t = &self->other;

		SETUP_TARGET(t, .number = 2, .fresh = types);
		killing.pid = t->pid;
		caller_reset(c);
		caller_by_pidfd(c, t, types);
		c->before_call = kill_before_call;
		c->arg = &killing;
		caller_run(c);
		if (c->calls[0].err) {
			refusals++;
			killing.delay_ns /= 2;
			EXPECT_THAT(explain(c, denied(c, ESRCH),
					    "round %u", round));
		} else {
			attaches++;
			killing.delay_ns = 2 * killing.delay_ns + death_ns / 8;
			EXPECT_THAT(explain(c, attached(c), "round %u", round));
		}
		target_destroy(t);
	}
	if (!attaches || !refusals)
		SKIP_TEST("no race: %u of %u calls attached", attaches, rounds);
}

/*
 *	target       in pid namespace A, time namespace A
 *	`-- child    in pid namespace B, time namespace B
 */
TEST_F(pidfd_target, attaches_to_active_namespaces_not_to_those_for_children)
{
	ns_set types = self->types & (NS_BIT(NS_PID) | NS_BIT(NS_TIME));
	struct target *t = &self->target;
	struct caller *c = self->c;

	if (!types)
		SKIP_TEST("no pid and no time namespaces can be created here");
	SETUP_TARGET(t, .number = 1, .fresh = self->types,
		     .fresh_children = types);
	for_each_ns_in(id, types)
		ASSERT_NE(t->state->ns[id][NS_ACTIVE].ino,
			  t->children_state->ns[id][NS_ACTIVE].ino);
	for_each_subset(set, types) {
		caller_reset(c);
		caller_by_pidfd(c, t, set);
		c->with_child = set & NS_BIT(NS_PID);
		caller_run(c);
		EXPECT_THAT(attached(c));
	}
}

TEST_HARNESS_MAIN
