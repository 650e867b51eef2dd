/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A caller: a child of the test that calls setns(2) and reports its state before
 * and after.  All that it changes ends with it, so a test can use a new caller
 * for each call.
 */
#ifndef SETNS_CALLER_H
#define SETNS_CALLER_H

#include "target.h"

/* The most calls of one caller: by nsfd to every set of types, and back. */
#define CALLER_CALLS	640

/* The umask that a caller sets in the end, to see who shares it. */
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
	LOOK_CHILD,		/* and the namespaces of a child */
	LOOK_NOTHING,		/* nothing: the look after a later call is enough */
};

/* One setns(2), and how it ended. */
struct call {
	int fd;
	int flags;
	const char *fd_name;	/* how messages call the descriptor */
	/* Where it leads when it succeeds; NULL for a call that must fail. */
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
	bool in_thread;		/* the calls are not made by the leader */
	bool with_child;	/* look at the namespaces of a child afterwards */
	int (*prepare)(struct caller *c, void *arg);
	int (*before_call)(struct caller *c, unsigned int i, void *arg);
	int (*end_call)(struct caller *c, unsigned int i, void *arg);
	int (*watch)(struct caller *c, void *arg);
	int (*finish)(struct caller *c, void *arg);
	void *arg;

	/*
	 * Read the state after each call, as far as the call's @look says.  This
	 * is set where several calls lead somewhere, so that none of them hides
	 * behind the next.
	 */
	bool look_after_each;
	struct state *after_call;	/* one state a call */

	pid_t pid;		/* of the caller, for @watch */
	const char *trouble;	/* the step that failed, or NULL */
	int trouble_err;
	struct state before, after;
	struct state peer_before, peer_after;
	struct state outside;	/* with @watch: the links as the test sees them */
	int sync[2];		/* between the test and the caller */
	char message[1024];	/* see check.h */
};

/* Memory that the test shares with its callers.  NULL, and errno, if none. */
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

/* Where the situation or the state before stopped a caller from calling. */
bool caller_never_called(const struct caller *c);

/* The last call that was made, or NULL. */
struct call *caller_last_call(struct caller *c);

#endif /* SETNS_CALLER_H */
