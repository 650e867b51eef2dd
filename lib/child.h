/* SPDX-License-Identifier: GPL-2.0 */
/* Children of a test, which never outlive it, and memory that they share. */
#ifndef SETNS_CHILD_H
#define SETNS_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#include "compiler.h"

/*
 * Zeroed memory that the calling process shares with children that it forks
 * later.  Returns NULL and sets errno if there is none.
 */
void *shared_alloc(size_t size);

/*
 * Runs @fn(@arg) in a child and reaps it.  Returns what @fn returned (0 to 126),
 * 127 if the child could not be created or reaped, or 128 plus the signal that
 * killed it.
 */
int in_child(int (*fn)(void *arg), void *arg);

/*
 * Reaps a child that has an alarm(2) of WAIT_LIMIT_S.  Returns 0 or an errno.
 * ETIMEDOUT means that the child is stuck in the kernel, where no signal kills
 * it.
 */
int child_reap(pid_t pid, int *status);

/*
 * Makes the calling process, a child of @parent, die with its parent (prctl(2),
 * PR_SET_PDEATHSIG).  In every test program fork(3) does this.  Call it after
 * clone(2) and clone3(2), and again after a change of credentials.
 */
void die_with(pid_t parent);

#endif /* SETNS_CHILD_H */
