/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A caller: a child of the test that is brought into a situation, calls
 * setns(2), and tells its state before and after.  What it changes by that
 * ends with it, so that a test can make a new one for each call.
 */
#ifndef SETNS_CALLER_H
#define SETNS_CALLER_H

#include "target.h"

#define CALLER_WAIT_S	20	/* no caller lives longer, whatever happens */
/* The most calls of one caller: every set, and the empty one. */
#define CALLER_CALLS	(NS_ALL + 1)

/* The umask that a caller sets in the end, for its peer to see. */
#define CALLER_UMASK	0124

enum caller_peer {
	NO_PEER,
	PEER_THREAD,		/* another thread of the caller's process */
	PEER_THREAD_OWN_FS,	/* one that unshared CLONE_FS */
	PEER_SHARING_FS,	/* a child made with CLONE_FS */
	PEER_SHARING_VM,	/* a child made with CLONE_VM, no thread */
};

/* One setns(2), and how it went. */
struct call {
	int fd;
	int flags;
	const char *fd_name;	/* what messages call the descriptor */
	bool made;
	int err;		/* errno, 0 for success */
};

/* What a caller shall do, and what happened. */
struct attempt {
	/*
	 * The calls, made one after the other.  A caller of several looks at
	 * its state before the first and after the last.  It stops at the
	 * first that fails, or makes all of them where @all_calls is set.
	 */
	struct call calls[CALLER_CALLS];
	unsigned int nr_calls;
	bool all_calls;
	/*
	 * The situation.  Each hook may be NULL and returns 0 or an errno.
	 * @prepare runs in the caller before the first look at its state,
	 * @finish there after the last, @watch in the test meanwhile, while
	 * the caller waits.
	 */
	enum caller_peer peer;
	int (*prepare)(struct attempt *a, void *arg);
	int (*finish)(struct attempt *a, void *arg);
	int (*watch)(struct attempt *a, void *arg);
	void *arg;
	__s64 note[8];	/* what hooks tell the test, or each other */
	bool in_thread;		/* the caller is not the leader of its process */
	bool with_child;	/* look at where a child is born afterwards */

	pid_t pid;		/* of the caller, for @watch */
	const char *trouble;	/* what could not be done, if anything */
	int trouble_err;
	struct state before;
	struct state after;
	struct state peer_before;	/* of a peer, where there is one */
	struct state peer_after;
	struct state outside;	/* the links alone, seen by the test, after */
	int talk[2];		/* between test and caller */
	char why[1024];
};

/*
 * Memory that test and callers share, all 0; NULL if there is none.  Use
 * attempt_reset() to make a further attempt in it.
 */
struct attempt *attempt_new(void);
void attempt_reset(struct attempt *a);

/* Adds a call to be made. */
void attempt_call(struct attempt *a, int fd, int flags, const char *fd_name);

/* Forks a caller that makes the attempt, and reaps it. */
void attempt_make(struct attempt *a);

/* Resets @a, and makes an attempt of a single call. */
void attempt_one(struct attempt *a, int fd, int flags, const char *fd_name);

/*
 * Runs @fn(@arg) in a child of its own and reaps it.  Returns what @fn
 * returned (0 to 126), 127 where there was no child or it could not be reaped,
 * or 128 and the signal that ended it.
 */
int in_child(int (*fn)(void *arg), void *arg);

/*
 * Verdicts.  They return NULL when the attempt went as it should, else one
 * line that says which call went wrong, what was expected, and what was found.
 */

/* Every call was refused with @err, and nothing changed for anybody. */
const char *denied(struct attempt *a, int err);

/* Each call ended with its own of @errs; says nothing of the state. */
const char *each_ended(struct attempt *a, const int errs[]);

/* The calls led into the namespaces @set of @to; nothing else changed. */
const char *attached(struct attempt *a, const struct target *to, ns_set set);

/* The calls succeeded and led to the state @expected. */
const char *reached(struct attempt *a, const struct state *expected);

/* The state before the calls, to which a hook led, is @expected. */
const char *stood_in(struct attempt *a, const struct state *expected);

/* The state after the calls is @expected, however each of them went. */
const char *left_in(struct attempt *a, const struct state *expected);

/* The last call of each ended alike: in errno and in the state after it. */
const char *alike(struct attempt *a, struct attempt *b);

/* Puts words in front of a verdict, where there is one. */
const char *explain(struct attempt *a, const char *verdict, const char *fmt,
		    ...) __printf(3, 4);

#endif /* SETNS_CALLER_H */
