/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /proc through one descriptor, opened when the program starts: a task that
 * attached to another mount namespace or lost its root still reads its own
 * state, and reads it where its pid means what it meant before.
 *
 * @tid 0 is the calling thread.  All return 0 or an errno.
 */
#ifndef SETNS_PROC_H
#define SETNS_PROC_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "compiler.h"

/* Opens a file of a task: the descriptor, or a negative errno. */
int proc_open(pid_t tid, int flags, const char *fmt, ...)
	__printf(3, 4);

/* stat(2) of a file of a task, links followed, as the ns links ask for. */
int proc_stat(pid_t tid, struct stat *st, const char *fmt, ...)
	__printf(3, 4);

/* Reads a file of a task into @buf, terminated; EMSGSIZE if it is longer. */
int proc_read(pid_t tid, char *buf, size_t size, const char *fmt, ...)
	__printf(4, 5);

/* Writes @text to a file of a task in one write(2). */
int proc_write(pid_t tid, const char *text, const char *fmt, ...)
	__printf(3, 4);

/* The caller's pid in the pid namespace that /proc is of; 0 if not in it. */
pid_t proc_own_pid(void);

/* The number in /proc/sys/@name, or @otherwise where there is none. */
long proc_sysctl(const char *name, long otherwise);

/* Sets /proc/sys/@fmt to a number. */
int proc_set_sysctl(long number, const char *fmt, ...)
	__printf(2, 3);

/* Makes /proc the working directory, whatever is mounted over it now. */
int proc_chdir(void);

/* Gives up /proc for good, for a task that shall have none. */
void proc_close(void);

#endif /* SETNS_PROC_H */
