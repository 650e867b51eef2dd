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

/* Seconds and nanoseconds by which the clocks of target @number are ahead. */
#define TARGET_MONOTONIC_S(number)	(2 * (number) * STATE_CLOCK_UNIT)
#define TARGET_BOOTTIME_S(number)	((2 * (number) + 1) * STATE_CLOCK_UNIT)
#define TARGET_SHIFT_NS			345678901

struct target_spec {
	/* 1 to MARK_TARGETS: tells marks and clocks of targets apart. */
	unsigned int number;
	/* Types of which the target gets a new namespace. */
	ns_set fresh;
	/*
	 * PID and TIME: types that the target, when it is ready, unshares for
	 * its children.  It then has one child.
	 */
	ns_set fresh_children;
	/* The target is created by a task in these namespaces of @inside. */
	const struct target *inside;
	ns_set inside_set;
	/* Creates and runs the target with this uid and gid, unless 0. */
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
	int nsfd[NR_NS_TYPES][NR_NS_SLOTS];	/* -1 where there is none */
	int lifeline;		/* the target lives while this is open */
	unsigned int number;
	ns_set fresh, fresh_children;
	struct state *state;	/* shared with the target, read when ready */
	struct state *children_state;	/* of its child, with fresh_children */
};

/*
 * Creates @t as @spec says and waits until it is ready.  Returns 0 or an errno;
 * then *@step is what failed.
 */
int target_create(struct target *t, const struct target_spec *spec,
		  const char **step);

/*
 * Describes task @tid, which somebody else created, as a target: its pidfd from
 * pidfd_open(2) with @flags, its nsfds, and the namespaces of its state.
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
