/* SPDX-License-Identifier: GPL-2.0 */
/* The interface between target.c, which runs in the test, and the target. */
#ifndef SETNS_TARGET_PROCESS_H
#define SETNS_TARGET_PROCESS_H

#include "target.h"

/* Shared memory: what the target and its creators report to the test. */
struct target_report {
	struct state state;
	struct state children_state;
	const char *step;	/* the last one that was begun */
	int err;		/* of that step, or 0 */
	pid_t pid;		/* of the target, as /proc counts it */
	pid_t second_creator;	/* 0, or a child that the test has to reap */
};

/* The byte that makes a target execute its program anew. */
#define TARGET_ORDER_EXEC	'x'

/*
 * Runs in a child of the test.  It creates the namespaces of @spec and then the
 * target, since only a child is in a pid or time namespace that was unshared.
 * CLONE_PARENT makes the target a child of the test.
 */
void __noreturn target_creator(struct target_report *report,
			       const struct target_spec *spec, int lifeline);

#endif /* SETNS_TARGET_PROCESS_H */
