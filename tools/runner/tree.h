/* SPDX-License-Identifier: GPL-2.0 */
/* The descendants of this process, as /proc shows them. */
#ifndef RUNNER_TREE_H
#define RUNNER_TREE_H

#include <stdbool.h>
#include <sys/types.h>

/* @name is for messages: control characters are replaced. */
typedef void (*tree_visit)(pid_t pid, const char *name, void *arg);

/* Calls @visit for each descendant that is alive. */
void tree_walk(tree_visit visit, void *arg);

/* Sends a signal to each of them. */
void tree_kill(int sig);

/*
 * tree_reap() - waits for those that have ended
 * @pid: whose status is wanted, or 0
 * @status: set when @pid is reaped
 *
 * Returns false if there is no child left, and therefore no descendant.
 */
bool tree_reap(pid_t pid, int *status);

#endif /* RUNNER_TREE_H */
