/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A target: a process in namespaces of its own that other tasks attach to.
 * It leaves a mark in each of its namespaces, tells its state, and parks
 * until the test ends, however the test ends.
 */
#ifndef SETNS_TARGET_H
#define SETNS_TARGET_H

#include <sys/capability.h>
#include <sys/types.h>

#include "state.h"

/* By how much the clocks of target @number are ahead. */
#define TARGET_MONOTONIC_S(number)	(2 * (number) * STATE_CLOCK_UNIT)
#define TARGET_BOOTTIME_S(number)	((2 * (number) + 1) * STATE_CLOCK_UNIT)
#define TARGET_SHIFT_NS			345678901

struct target_spec {
	/* 1 to MARK_TARGETS: the marks it leaves, the clocks it shifts. */
	unsigned int number;
	/* The types that are made anew; the others are the maker's. */
	ns_set fresh;
	/*
	 * PID and TIME: those that the target, when it is ready, unshares for
	 * its children, of which it then has one.
	 */
	ns_set fresh_children;
	/* Made by a task that attached to these namespaces of @inside. */
	const struct target *inside;
	ns_set inside_set;
	/* Made and run by this uid and gid, where they are not 0. */
	uid_t uid;
	/* prctl(2) PR_SET_DUMPABLE 0 */
	bool nondumpable;
	/* Gives up CAP_SYS_PTRACE. */
	bool without_ptrace;
	/*
	 * RLIMIT_SIGPENDING of who makes the user namespace, if not 0: it
	 * binds whoever is in that (user_namespaces(7)).
	 */
	unsigned int sigpending;
};

struct target {
	pid_t pid;		/* as the test sees it; a child of the test */
	int pidfd;
	int nsfd[NR_NS_TYPES][NR_NS_WHOSE];	/* -1 where there is none */
	int lifeline;		/* the target lives while this is open */
	unsigned int number;
	ns_set fresh, fresh_children;
	struct state *state;	/* shared with the target, taken when ready */
	struct state *children_state;	/* of its child, with fresh_children */
};

/*
 * Makes @t as @spec says and waits until it is parked, at most ten seconds.
 * Returns 0 or an errno; then *@step is what could not be done.
 */
int target_make(struct target *t, const struct target_spec *spec,
		const char **step);

/*
 * Opens task @tid, which was not made by target_make(), as a target: its pidfd
 * by pidfd_open(2) with @flags, and its nsfds.  It is not killed with the
 * target.  Of its state only the namespaces are known.  0 or an errno.
 */
int target_adopt(struct target *t, pid_t tid, unsigned int flags);

/*
 * Makes a target execute this program anew, which parks again; 0 or an errno.
 * The target has to see the program, so not to have mounts of its own.
 */
int target_exec(struct target *t);

/* What main() does with the arguments of target_exec(): parks, or returns. */
void target_park_if_told(int argc, char **argv);

/* Kills and reaps a target and closes what is open of it. */
void target_destroy(struct target *t);

/* Kills a target but leaves it a zombie, or reaps it, its files still open. */
int target_kill(struct target *t);
int target_reap(struct target *t);

/*
 * Moves the calling process into a user namespace of its own, as its root.
 * 0 or an errno.
 */
int target_own_userns(void);

/*
 * Lets the calling process, a child of @parent, be killed when that dies
 * (prctl(2), PR_SET_PDEATHSIG).  fork() does so in every test program; after
 * clone() and clone3(), and whatever changes credentials, it is to be asked for.
 */
void die_with(pid_t parent);

/* Gives up one capability of the calling thread; 0 or an errno. */
int drop_capability(cap_value_t cap);

/* Opens the nsfd of @pid's namespace by /proc: a descriptor or -errno. */
int nsfd_open(pid_t pid, enum ns_id id, enum ns_whose whose);

#endif /* SETNS_TARGET_H */
