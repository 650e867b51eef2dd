/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Undo of SysV semaphores.  A caller that leaves its ipc namespace undoes there
 * what it did with SEM_UNDO, as if it had exited (semop(2); commit_nsset() in
 * kernel/nsproxy.c calls exit_sem()).
 */
#ifndef SETNS_SEM_UNDO_H
#define SETNS_SEM_UNDO_H

#include "caller.h"

/* A semaphore and its value.  This is in memory of shared_alloc(). */
struct sem_undo {
	int sem;	/* the id, or -1 without a semaphore */
	bool looked;	/* whether @value has been read */
	int value;	/* after the calls, while the caller lives */
};

/*
 * Moves the test into a new ipc namespace with a semaphore in it.  Returns 0 or
 * an errno.  After an error *@step says what failed.
 */
int sem_undo_setup(struct sem_undo *undo, const char **step);

/* The reason to skip if @err of @step means that there are no semaphores. */
const char *lacks_semaphores(int err, const char *step);

/* In the caller: adds 1 to the semaphore, with SEM_UNDO.  0 or an errno. */
int sem_undo_begin(struct sem_undo *undo);

/* In the test, from a watch hook: reads the semaphore.  0 or an errno. */
int sem_undo_look(struct sem_undo *undo);

/* Checks, as those of check.h: the undo has not been run, or has been run. */
const char *undo_not_run(struct caller *c, const struct sem_undo *undo);
const char *undo_run(struct caller *c, const struct sem_undo *undo);

/* Sets up @undo, or skips the test. */
#define SETUP_SEM_UNDO(undo) do { \
	const char *__undo_step = ""; \
	int __undo_err = sem_undo_setup(undo, &__undo_step); \
	\
	SKIP_IF_LACKING(lacks_semaphores(__undo_err, __undo_step)); \
	ASSERT_EQ(0, __undo_err) { \
		TH_LOG(" %s: %s", __undo_step, errno_name(__undo_err)); \
	} \
} while (0)

#endif /* SETNS_SEM_UNDO_H */
