/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SysV semaphore undo: what a caller owes to a semaphore of the namespace that
 * it is in is done when it leaves that, and not before (semop(2); commit_nsset()
 * calls exit_sem()).
 */
#ifndef SETNS_UNDO_H
#define SETNS_UNDO_H

#include "caller.h"

#define UNDO_OWED 1	/* the semaphore's value while nothing was undone */

/*
 * Gives the test an ipc namespace of its own with a semaphore in it.  Returns
 * its id, or -1 where that is not possible and undo cannot be looked at.
 */
int undo_prepare(void);

/* What its hooks tell each other, in @note. */
enum undo_note {
	UNDO_SEM,	/* the semaphore's id, or -1: for the test to set */
	UNDO_VALUE,	/* its value while the caller lives */
	UNDO_LOOKED,	/* whether that is known */
};

/* Hook: the caller comes to owe. */
int undo_owe(struct attempt *a, void *arg);

/* Hook, to be @watch: looks at the semaphore. */
int undo_look(struct attempt *a, void *arg);

/* Verdicts: the caller still owes; what it owed was done. */
const char *undo_not_run(struct attempt *a);
const char *undo_run(struct attempt *a);

#endif /* SETNS_UNDO_H */
