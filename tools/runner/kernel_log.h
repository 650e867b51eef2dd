/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel has to say about a run: new taint flags, and splats in its
 * log, each with the program that ran at that time.
 */
#ifndef RUNNER_KERNEL_LOG_H
#define RUNNER_KERNEL_LOG_H

#include "util.h"

struct splat {
	char *where;		/* program, and test if that is known */
	struct list lines;
};

struct kernel_log {
	int fd;			/* of the log, or -1 */
	bool can_poll;		/* a file of the runner's tests cannot */
	int marks;		/* the log, for writing to it, or -1 */
	const char *path;
	char *unreadable;	/* why the log is not read, or NULL */
	unsigned long long taint;
	struct text partial;
	unsigned int more;	/* lines that still belong to the last splat */
	struct splat *splats;
	unsigned int nr_splats;
	struct list problems;
};

/* What comes later is read. */
void kernel_log_open(struct kernel_log *log);

/* So that who reads the log sees where each program begins and ends. */
void kernel_log_mark(struct kernel_log *log, const char *program,
		     const char *what);

/*
 * kernel_log_read() - takes what is new
 * @running: "PROGRAM" or "PROGRAM, TEST" for all that run now
 */
void kernel_log_read(struct kernel_log *log, const struct list *running);

/* Sets @log->problems. @vmlinux: decodes stack traces, or NULL. */
void kernel_log_judge(struct kernel_log *log, const char *vmlinux);

#endif /* RUNNER_KERNEL_LOG_H */
