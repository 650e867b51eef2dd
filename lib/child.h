/* SPDX-License-Identifier: GPL-2.0 */
/* Children of a test: they share memory with it, and never outlive it. */
#ifndef SETNS_CHILD_H
#define SETNS_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#include "compiler.h"

/*
 * Zeroed memory that the caller shares with children it forks later.  Returns
 * NULL, and errno, if there is none.
 */
void *shared_alloc(size_t size);

/*
 * Runs @fn(@arg) in a child and reaps it.  Returns what @fn returned (0 to 126),
 * 127 if there was no child or it could not be reaped, or 128 plus the signal
 * that killed it.
 */
int in_child(int (*fn)(void *arg), void *arg);

/*
 * Reaps a child that has an alarm(2) of WAIT_LIMIT_S.  Returns 0 or an errno;
 * ETIMEDOUT is a child that is stuck in the kernel, where no signal kills it.
 */
int child_reap(pid_t pid, int *status);

/*
 * The calling process, a child of @parent, dies with its parent (prctl(2),
 * PR_SET_PDEATHSIG).  fork(3) does this in every test program.  clone(2),
 * clone3(2) and changes of credentials need it done again.
 */
void die_with(pid_t parent);

#endif /* SETNS_CHILD_H */
