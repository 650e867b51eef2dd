/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A caller: a child of the test that calls setns(2) and reports its state before
 * and after.  What it changes ends with it, so each caller starts in the state
 * of the test.
 */
#ifndef SETNS_CALLER_H
#define SETNS_CALLER_H

#include "target.h"

/* Enough to attach by nsfds to every set of types and return after each. */
#define CALLER_CALLS	640

/* A caller sets this umask in the end.  A peer has it if it shares fs_struct. */
#define CALLER_UMASK	0124

enum caller_peer {
	NO_PEER,
	PEER_THREAD,		/* another thread of the caller's process */
	PEER_THREAD_OWN_FS,	/* a thread that called unshare(CLONE_FS) */
	PEER_SHARING_FS,	/* a child made with CLONE_FS */
	PEER_SHARING_VM,	/* a child made with CLONE_VM, not a thread */
};

enum look {
	LOOK_LINKS,		/* the namespace links */
	LOOK_STATE,		/* all of the state */
	LOOK_CHILD,		/* all of the state, and the namespaces of a child */
	LOOK_NOTHING,		/* nothing: what a later call reads is enough */
};

/* One setns(2), and how it ended. */
struct call {
	int fd;
	int flags;
	const char *fd_name;	/* how messages call the descriptor */
	/*
	 * If it succeeds, the caller attaches to the namespaces of these types
	 * of a task in state @to.  NULL for a call that must fail.
	 */
	const struct state *to;
	ns_set types;
	enum look look;		/* what to read after it, see look_after_each */
	bool made;
	int err;		/* errno, or 0 for success */
};

/* What a caller has to do, and what happened. */
struct caller {
	struct call calls[CALLER_CALLS];
	unsigned int nr_calls;

	/*
	 * The situation.  A hook may be NULL, and returns 0 or an errno.
	 * @prepare runs in the caller before it reads its state, @before_call
	 * before call @i, @end_call right after it, and @finish after it has
	 * read its state again.  @watch runs in the test, while the caller
	 * waits before @finish.  What hooks tell the test goes to memory of
	 * shared_alloc() that @arg points to.
	 */
	enum caller_peer peer;
	bool in_thread;		/* a thread that is not the leader makes the calls */
	bool with_child;	/* read the namespaces of a child afterwards */
	int (*prepare)(struct caller *c, void *arg);
	int (*before_call)(struct caller *c, unsigned int i, void *arg);
	int (*end_call)(struct caller *c, unsigned int i, void *arg);
	int (*watch)(struct caller *c, void *arg);
	int (*finish)(struct caller *c, void *arg);
	void *arg;

	/*
	 * Read the state after each call, as far as the call's @look says.  This
	 * is set if several calls have a @to, so that no call can hide the effect
	 * of the one before it.
	 */
	bool look_after_each;
	struct state *after_call;	/* one for each call */

	pid_t pid;		/* of the caller, for @watch */
	const char *trouble;	/* the step that failed, or NULL */
	int trouble_err;
	struct state before, after;
	struct state peer_before, peer_after;
	struct state outside;	/* with @watch: the links that the test reads */
	int sync[2];		/* between the test and the caller */
	char message[1024];	/* see check.h */
};

/* Allocates a caller.  Returns NULL and sets errno if there is no memory. */
struct caller *caller_alloc(void);

/* Forgets the calls, the situation and the results. */
void caller_reset(struct caller *c);

/* Adds a call.  The caller makes all its calls, also after one that fails. */
struct call *caller_call(struct caller *c, int fd, int flags,
			 const char *fd_name);

/* Adds a call on the pidfd of @t that leads to its namespaces in @set. */
struct call *caller_by_pidfd(struct caller *c, const struct target *t,
			     ns_set set);

/* Adds a call on the nsfd of @t that leads to its namespace of type @id. */
struct call *caller_by_nsfd(struct caller *c, const struct target *t,
			    enum ns_id id);

/*
 * Adds what leads to the namespaces of @t in @set: one call on its pidfd, or a
 * call on the nsfd of each type.
 */
void caller_by_fds(struct caller *c, const struct target *t, ns_set set,
		   bool by_pidfd);

/* Forks the caller, which makes its calls, and reaps it. */
void caller_run(struct caller *c);

/* Whether the caller failed before it made its first call. */
bool caller_never_called(const struct caller *c);

/* The last call that was made, or NULL. */
struct call *caller_last_call(struct caller *c);

#endif /* SETNS_CALLER_H */
