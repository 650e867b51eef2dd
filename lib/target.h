/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A target: a process in fresh namespaces that other tasks attach to.  It marks
 * its namespaces (marks.h), reports its state, and waits until the test ends,
 * however the test ends.
 */
#ifndef SETNS_TARGET_H
#define SETNS_TARGET_H

#include <sys/capability.h>
#include <sys/types.h>

#include "state.h"

/* How far the clocks of target @number are ahead of the test's. */
#define TARGET_MONOTONIC_S(number)	(2 * (number) * STATE_CLOCK_UNIT)
#define TARGET_BOOTTIME_S(number)	((2 * (number) + 1) * STATE_CLOCK_UNIT)
#define TARGET_SHIFT_NS			345678901

struct target_spec {
	/* 1 to MARK_TARGETS: each has other marks and other clocks. */
	unsigned int number;
	/* Types of which the target gets a new namespace. */
	ns_set fresh;
	/*
	 * Types (PID, TIME) of which the target's child is in another new
	 * namespace.  If there are none, the target has no child.
	 */
	ns_set fresh_children;
	/* The target is created by a task in these namespaces of @inside. */
	const struct target *inside;
	ns_set inside_set;
	/* Unless 0, the target is created with this uid and gid, and has them. */
	uid_t uid;
	/* prctl(2) PR_SET_DUMPABLE 0 */
	bool nondumpable;
	/* Drops CAP_SYS_PTRACE. */
	bool without_ptrace;
	/*
	 * Unless 0, RLIMIT_SIGPENDING of the task that creates the user
	 * namespace, which becomes a limit of that namespace (setrlimit(2)).
	 */
	unsigned int sigpending;
};

struct target {
	pid_t pid;		/* as the test counts it; a child of the test */
	int pidfd;
	int nsfd[NR_NS_TYPES][NR_NS_SLOTS];	/* -1 if it has no such namespace */
	int lifeline;		/* a socket; the target ends when it is closed */
	unsigned int number;
	ns_set fresh, fresh_children;
	struct state *state;	/* shared with the target, read when ready */
	struct state *children_state;	/* of its child, with fresh_children */
};

/*
 * Creates @t as @spec says and waits until it is ready.  Returns 0 or an errno.
 * After an error *@step says what failed.
 */
int target_create(struct target *t, const struct target_spec *spec,
		  const char **step);

/*
 * Makes a target of task @tid, which exists already: opens its pidfd, by
 * pidfd_open(2) with @flags, and its nsfds, and reads its namespace links.
 * target_destroy() does not kill it.  Returns 0 or an errno.
 */
int target_adopt(struct target *t, pid_t tid, unsigned int flags);

/*
 * Makes a target execute this program anew and waits until it is ready again.
 * The program's libraries must be in the target's mount namespace.  Returns 0
 * or an errno.
 */
int target_exec(struct target *t);

/* Kills and reaps a target and closes all of its descriptors. */
void target_destroy(struct target *t);

/* Kills a target and leaves it a zombie.  Returns 0 or an errno. */
int target_kill(struct target *t);

/* Reaps a zombie; the descriptors stay open.  Returns 0 or an errno. */
int target_reap(struct target *t);

/* Opens the nsfd of @pid in /proc.  Returns a descriptor or a negative errno. */
int nsfd_open(pid_t pid, enum ns_id id, enum ns_slot slot);

#endif /* SETNS_TARGET_H */
