/* SPDX-License-Identifier: GPL-2.0 */
/* What target.c, which runs in the test, and the target itself agree on. */
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
	pid_t second_creator;	/* to be reaped by the test, or 0 */
};

/* Ask a target that waits to execute its program anew. */
#define TARGET_ORDER_EXEC	'x'

/*
 * Runs in a child of the test: creates the namespaces of @spec and leaves the
 * target to the test as a child of its own (CLONE_PARENT), since only a child
 * is in a pid or time namespace that was unshared.
 */
void __noreturn target_creator(struct target_report *report,
			       const struct target_spec *spec, int lifeline);

#endif /* SETNS_TARGET_PROCESS_H */
