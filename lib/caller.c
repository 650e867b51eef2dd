// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caller.h"
#include "child.h"
#include "proc.h"

/*
 * A peer shares something with the caller.  It reads its own state when it
 * starts, and again when the calls are over.
 */
struct peer {
	struct caller *c;
	pthread_t thread;
	pid_t caller, pid;
	int ends[2];	/* the caller's and the peer's */
	char stack[64 * 1024] __aligned(16);
};

struct caller *caller_alloc(void)
{
	struct caller *c = shared_alloc(sizeof(*c));
	struct state *after_call = shared_alloc(CALLER_CALLS *
						sizeof(*after_call));

	if (!c || !after_call)
		return NULL;
	c->after_call = after_call;
	return c;
}

void caller_reset(struct caller *c)
{
	struct state *after_call = c->after_call;

	/* Calls beyond @nr_calls are never read. */
	c->nr_calls = 0;
	memset(&c->nr_calls, 0, sizeof(*c) - offsetof(struct caller, nr_calls));
	c->after_call = after_call;
}

static int fail_step(struct caller *c, const char *step, int err)
{
	c->trouble = step;
	c->trouble_err = err;
	return 1;
}

struct call *caller_call(struct caller *c, int fd, int flags,
			 const char *fd_name)
{
	struct call *call = &c->calls[c->nr_calls];

	if (c->nr_calls == CALLER_CALLS - 1)
		fail_step(c, "more calls than a caller can make", E2BIG);
	else
		c->nr_calls++;
	*call = (struct call) { .fd = fd, .flags = flags, .fd_name = fd_name };
	return call;
}

static struct call *caller_attach(struct caller *c, int fd, const char *fd_name,
				  const struct target *t, ns_set set)
{
	struct call *call = caller_call(c, fd, ns_flags(set), fd_name);

	call->to = t->state;
	call->types = set;
	c->look_after_each = c->nr_calls > 1;
	return call;
}

struct call *caller_by_pidfd(struct caller *c, const struct target *t,
			     ns_set set)
{
	return caller_attach(c, t->pidfd, "pidfd", t, set);
}

struct call *caller_by_nsfd(struct caller *c, const struct target *t,
			    enum ns_id id)
{
	return caller_attach(c, t->nsfd[id][NS_ACTIVE], "nsfd", t, NS_BIT(id));
}

void caller_by_fds(struct caller *c, const struct target *t, ns_set set,
		   bool by_pidfd)
{
	if (by_pidfd) {
		caller_by_pidfd(c, t, set);
		return;
	}
	for_each_ns_in(id, set)
		caller_by_nsfd(c, t, id);
}

struct call *caller_last_call(struct caller *c)
{
	struct call *last = NULL;

	for (unsigned int i = 0; i < c->nr_calls && c->calls[i].made; i++)
		last = &c->calls[i];
	return last;
}

bool caller_never_called(const struct caller *c)
{
	return c->trouble && c->nr_calls && !c->calls[0].made;
}

static bool is_thread(enum caller_peer peer)
{
	return peer == PEER_THREAD || peer == PEER_THREAD_OWN_FS;
}

static void *peer_main(void *arg)
{
	struct peer *peer = arg;
	char byte = 0;
	int err = 0;

	if (peer->c->peer == PEER_THREAD_OWN_FS && unshare(CLONE_FS))
		err = errno;
	if (!err)
		err = state_read(&peer->c->peer_before);
	if (write(peer->ends[1], &byte, 1) == 1 &&
	    read(peer->ends[1], &byte, 1) == 1 && !err)
		err = state_read(&peer->c->peer_after);
	if (err)
		fail_step(peer->c, "reading the state of the caller's peer",
			  err);
	return NULL;
}

/* clone(2) runs no pthread_atfork() handlers, so die_with() is called here. */
static int peer_process(void *arg)
{
	const struct peer *peer = arg;

	die_with(peer->caller);
	alarm(WAIT_LIMIT_S);
	peer_main(arg);
	_exit(0);
}

static int peer_start(struct peer *peer, struct caller *c)
{
	char byte;
	int err;

	peer->c = c;
	peer->caller = getpid();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, peer->ends))
		return errno;
	if (is_thread(c->peer)) {
		err = pthread_create(&peer->thread, NULL, peer_main, peer);
		if (err)
			return err;
	} else {
		peer->pid = clone(peer_process,
				  peer->stack + sizeof(peer->stack),
				  (c->peer == PEER_SHARING_FS ? CLONE_FS :
								CLONE_VM) |
				  SIGCHLD, peer);
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
	if (is_thread(peer->c->peer))
		pthread_join(peer->thread, NULL);
	else
		waitpid(peer->pid, NULL, 0);
}

static int look_after(struct caller *c, unsigned int i)
{
	struct state *s = &c->after_call[i];

	if (!c->look_after_each)
		return 0;
	switch (c->calls[i].look) {
	case LOOK_LINKS:
		return state_read_links(s, 0);
	case LOOK_STATE:
		return state_read(s);
	case LOOK_CHILD:
		return state_read_child(s);
	case LOOK_NOTHING:
		return 0;
	}
	return EINVAL;
}

static int make_calls(struct caller *c)
{
	int err = 0;

	for (unsigned int i = 0; i < c->nr_calls; i++) {
		struct call *call = &c->calls[i];

		if (c->before_call)
			err = c->before_call(c, i, c->arg);
		if (err)
			return fail_step(c, "preparing a call", err);
		call->made = true;
		call->err = setns(call->fd, call->flags) ? errno : 0;
		if (c->end_call)
			err = c->end_call(c, i, c->arg);
		if (err)
			return fail_step(c, "ending a call", err);
		err = look_after(c, i);
		if (err)
			return fail_step(c, "reading the state after a call",
					 err);
	}
	return 0;
}

/* In the caller: waits until the test has looked.  Returns 0 or an errno. */
static int wait_for_watch(struct caller *c)
{
	char byte = 0;

	return write(c->sync[1], &byte, 1) == 1 &&
	       read(c->sync[1], &byte, 1) == 1 ? 0 : EPIPE;
}

/* In the test: looks at a caller that waits.  EPIPE: the caller has died. */
static int watch(struct caller *c)
{
	char byte;
	int err;

	close(c->sync[1]);
	if (read(c->sync[0], &byte, 1) != 1)
		return EPIPE;
	err = state_read_links(&c->outside, c->pid);
	if (!err)
		err = c->watch(c, c->arg);
	return write(c->sync[0], &byte, 1) == 1 ? err : EPIPE;
}

static int begin(struct caller *c, struct peer *peer)
{
	int err;

	/*
	 * The working directory is not the root, so that attaching to a mount
	 * namespace changes it visibly.
	 */
	err = proc_chdir();
	if (err)
		return fail_step(c, "chdir(\"/proc\")", err);
	err = c->prepare ? c->prepare(c, c->arg) : 0;
	if (err)
		return fail_step(c, "preparing the caller", err);
	err = c->peer ? peer_start(peer, c) : 0;
	if (err)
		return fail_step(c, "starting the caller's peer", err);
	err = state_read(&c->before);
	if (err)
		return fail_step(c, "reading the state before", err);
	state_expect_child(&c->before);
	return 0;
}

static int end(struct caller *c, struct peer *peer)
{
	int err = c->with_child ? state_read_child(&c->after) :
				  state_read(&c->after);

	if (err)
		return fail_step(c, "reading the state after", err);
	err = c->watch ? wait_for_watch(c) : 0;
	if (err)
		return fail_step(c, "waiting for the test", err);
	err = c->finish ? c->finish(c, c->arg) : 0;
	if (err)
		return fail_step(c, "finishing the caller", err);
	if (c->peer) {
		/* The peer's umask changes if it still shares the fs_struct. */
		umask(CALLER_UMASK);
		peer_stop(peer);
	}
	return 0;
}

static int act(struct caller *c)
{
	static struct peer peer;

	return begin(c, &peer) || make_calls(c) || end(c, &peer);
}

static void *thread_main(void *arg)
{
	act(arg);
	return NULL;
}

static int caller_main(struct caller *c)
{
	pthread_t thread;
	int err;

	if (c->watch)
		close(c->sync[0]);
	if (!c->in_thread)
		return act(c);
	err = pthread_create(&thread, NULL, thread_main, c);
	if (err)
		return fail_step(c, "pthread_create()", err);
	pthread_join(thread, NULL);
	return 0;
}

static void reap(struct caller *c, int watch_err)
{
	int status, err = child_reap(c->pid, &status);

	if (err)
		fail_step(c, "reaping it: it is stuck in the kernel", err);
	else if (WIFSIGNALED(status))
		fail_step(c, strsignal(WTERMSIG(status)), EINTR);
	else if (watch_err && !c->trouble)
		fail_step(c, "looking at it from outside", watch_err);
}

void caller_run(struct caller *c)
{
	int err = 0;
	pid_t pid;

	if (c->watch &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c->sync)) {
		fail_step(c, "socketpair()", errno);
		return;
	}
	/* The child shares @c, so it must not write its own 0 there. */
	pid = fork();
	if (pid < 0) {
		fail_step(c, "forking it", errno);
		return;
	}
	if (!pid) {
		alarm(WAIT_LIMIT_S);
		_exit(caller_main(c));
	}
	c->pid = pid;
	if (c->watch) {
		err = watch(c);
		close(c->sync[0]);
	}
	reap(c, err);
}
