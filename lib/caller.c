// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caller.h"

struct attempt *attempt_new(void)
{
	struct attempt *a = mmap(NULL, sizeof(*a), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return a == MAP_FAILED ? NULL : a;
}

void attempt_reset(struct attempt *a)
{
	memset(a, 0, sizeof(*a));
}

/*
 * Reaps a child that has an alarm(2) of CALLER_WAIT_S; 0 or an errno.  ETIMEDOUT
 * is for one that is caught in the kernel, where no signal can kill it.
 */
static int reap(pid_t pid, int *status)
{
	struct pollfd p = { .fd = sys_pidfd_open(pid, 0), .events = POLLIN };
	int n = 1;

	if (p.fd >= 0) {
		do {
			n = poll(&p, 1, 1000 * (CALLER_WAIT_S + 5));
		} while (n < 0 && errno == EINTR);
		close(p.fd);
	}
	if (!n)
		return ETIMEDOUT;
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

int in_child(int (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return 127;
	if (!pid) {
		alarm(CALLER_WAIT_S);
		_exit(fn(arg));
	}
	if (reap(pid, &status))
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

/*
 * A peer shares something with the caller.  It looks at its own state when it
 * starts and when it is told that the calls are over.
 */
struct peer {
	struct attempt *a;
	pthread_t thread;
	pid_t caller, pid;
	int ends[2];	/* the caller's and the peer's */
	char stack[64 * 1024] __aligned(16);
};

static int fail_to(struct attempt *a, const char *what, int err)
{
	a->trouble = what;
	a->trouble_err = err;
	return 1;
}

void attempt_call(struct attempt *a, int fd, int flags, const char *fd_name)
{
	if (a->nr_calls == CALLER_CALLS) {
		fail_to(a, "more calls than a caller can make", E2BIG);
		return;
	}
	a->calls[a->nr_calls++] = (struct call) {
		.fd = fd,
		.flags = flags,
		.fd_name = fd_name,
	};
}

static bool is_thread(enum caller_peer peer)
{
	return peer == PEER_THREAD || peer == PEER_THREAD_OWN_FS;
}

static void *be_peer(void *arg)
{
	struct peer *peer = arg;
	char byte = 0;
	int err;

	if (peer->a->peer == PEER_THREAD_OWN_FS)
		unshare(CLONE_FS);
	err = state_take(&peer->a->peer_before);
	if (write(peer->ends[1], &byte, 1) == 1 &&
	    read(peer->ends[1], &byte, 1) == 1 && !err)
		err = state_take(&peer->a->peer_after);
	if (err)
		fail_to(peer->a, "looking at the peer's state", err);
	return NULL;
}

/* clone(2) runs no handlers of fork(): this is not to outlive the caller. */
static int be_peer_process(void *arg)
{
	const struct peer *peer = arg;

	die_with(peer->caller);
	alarm(CALLER_WAIT_S);
	be_peer(arg);
	_exit(0);
}

static int peer_start(struct peer *peer, struct attempt *a)
{
	char byte;
	int err;

	peer->a = a;
	peer->caller = getpid();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, peer->ends))
		return errno;
	if (is_thread(a->peer)) {
		err = pthread_create(&peer->thread, NULL, be_peer, peer);
		if (err)
			return err;
	} else {
		int share = a->peer == PEER_SHARING_FS ? CLONE_FS : CLONE_VM;

		peer->pid = clone(be_peer_process,
				  peer->stack + sizeof(peer->stack),
				  share | SIGCHLD, peer);
		if (peer->pid < 0)
			return errno;
	}
	return read(peer->ends[0], &byte, 1) == 1 ? 0 : EPIPE;
}

static void peer_stop(struct peer *peer)
{
	char byte = 0;

	if (write(peer->ends[0], &byte, 1) != 1)
		return;
	if (is_thread(peer->a->peer))
		pthread_join(peer->thread, NULL);
	else
		waitpid(peer->pid, NULL, 0);
}

static void make_calls(struct attempt *a)
{
	for (unsigned int i = 0; i < a->nr_calls; i++) {
		struct call *c = &a->calls[i];

		c->made = true;
		c->err = setns(c->fd, c->flags) ? errno : 0;
		if (c->err && !a->all_calls)
			break;
	}
}

/* Waits until the test has looked; 0 or an errno. */
static int be_watched(struct attempt *a)
{
	char byte = 0;

	return write(a->talk[1], &byte, 1) == 1 &&
	       read(a->talk[1], &byte, 1) == 1 ? 0 : EPIPE;
}

/* The other end of it: EPIPE when the caller is gone. */
static int watch(struct attempt *a)
{
	char byte;
	int err;

	close(a->talk[1]);
	if (read(a->talk[0], &byte, 1) != 1)
		return EPIPE;
	err = state_take_links(&a->outside, a->pid);
	if (!err)
		err = a->watch(a, a->arg);
	return write(a->talk[0], &byte, 1) == 1 ? err : EPIPE;
}

static int act(struct attempt *a)
{
	static struct peer peer;
	int err;

	/* Not the root, so that a mount namespace has something to move. */
	if (chdir("/proc"))
		return fail_to(a, "chdir(\"/proc\")", errno);
	err = a->prepare ? a->prepare(a, a->arg) : 0;
	if (err)
		return fail_to(a, "preparing the caller", err);
	err = a->peer ? peer_start(&peer, a) : 0;
	if (err)
		return fail_to(a, "starting the caller's peer", err);
	err = state_take(&a->before);
	if (err)
		return fail_to(a, "looking at the state before", err);
	if (a->with_child)
		state_expect_child(&a->before);
	make_calls(a);
	err = a->with_child ? state_take_child(&a->after) :
			      state_take(&a->after);
	if (err)
		return fail_to(a, "looking at the state after", err);
	err = a->watch ? be_watched(a) : 0;
	if (!err && a->finish)
		err = a->finish(a, a->arg);
	if (err)
		return fail_to(a, "finishing the caller", err);
	if (a->peer) {
		/* The peer sees it if the two share their fs_struct still. */
		umask(CALLER_UMASK);
		peer_stop(&peer);
	}
	return 0;
}

static void *be_thread(void *arg)
{
	act(arg);
	return NULL;
}

static int be_caller(void *arg)
{
	struct attempt *a = arg;
	pthread_t thread;

	if (a->watch)
		close(a->talk[0]);
	if (!a->in_thread)
		return act(a);
	if (pthread_create(&thread, NULL, be_thread, a))
		return fail_to(a, "pthread_create()", EAGAIN);
	pthread_join(thread, NULL);
	return 0;
}

void attempt_make(struct attempt *a)
{
	int err = 0, reap_err, status;
	pid_t pid;

	if (a->watch &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, a->talk)) {
		fail_to(a, "socketpair()", errno);
		return;
	}
	pid = fork();
	if (pid < 0) {
		fail_to(a, "forking the caller", errno);
		return;
	}
	if (!pid) {
		alarm(CALLER_WAIT_S);
		_exit(be_caller(a));
	}
	a->pid = pid;
	if (a->watch) {
		err = watch(a);
		close(a->talk[0]);
	}
	reap_err = reap(pid, &status);
	if (reap_err)
		fail_to(a, "waiting for it, which does not even die when killed",
			reap_err);
	else if (WIFSIGNALED(status))
		fail_to(a, strsignal(WTERMSIG(status)), EINTR);
	else if (err && !a->trouble)
		fail_to(a, "looking at the caller from outside", err);
}

void attempt_one(struct attempt *a, int fd, int flags, const char *fd_name)
{
	attempt_reset(a);
	attempt_call(a, fd, flags, fd_name);
	attempt_make(a);
}
