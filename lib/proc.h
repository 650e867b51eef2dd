/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files in /proc, reached through one descriptor that is opened when the
 * program starts.  Through it a task reads its own state also after it has
 * attached to another mount namespace or has changed its root.  Pids keep the
 * meaning that they had at the start.
 *
 * Paths are relative to /proc: "thread-self/ns/mnt".  Unless a comment says
 * otherwise, functions return 0 or an errno.
 */
#ifndef SETNS_PROC_H
#define SETNS_PROC_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "compiler.h"

/* "TID/..." or, for @tid 0, "thread-self/...", in a buffer of this thread. */
const char *proc_path(pid_t tid, const char *fmt, ...)
	__printf(2, 3);

/* Opens a file.  Returns the descriptor or a negative errno. */
int proc_open(const char *path, int flags);

/* stat(2), links followed. */
int proc_stat(const char *path, struct stat *st);

/*
 * Reads a file into @buf and terminates it.  If it does not fit, returns
 * EMSGSIZE, and @buf has its beginning.
 */
int proc_read(const char *path, char *buf, size_t size);

/* The same for a descriptor, which stays open. */
int proc_read_fd(int fd, char *buf, size_t size);

/* Writes @text to a file in one write(2). */
int proc_write(const char *path, const char *text);

/* The calling process's pid in this /proc; 0 if it has none there. */
pid_t proc_own_pid(void);

/* Returns the number in the file @path, or @otherwise if it cannot be read. */
long proc_number(const char *path, long otherwise);

/* Makes /proc the working directory, whatever is mounted over it now. */
int proc_chdir(void);

/* Executes the running program anew (execveat(2)).  Returns an errno. */
int proc_exec_self(char *const argv[], char *const envp[]);

/* Closes the descriptor of /proc, for a task that must have none. */
void proc_close(void);

#endif /* SETNS_PROC_H */
