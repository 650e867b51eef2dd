/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands that end when they have to, together with all that they started.
 *
 *   runner ---- supervisor ---- command ---- its children
 *      \________/    |
 *       lifeline     subreaper
 *
 * Each command has a supervisor, a process in a session of its own. Orphans
 * become children of the supervisor, so nothing that the command started gets
 * away from it, not even with setsid(2). The supervisor ends all of them when
 * the command has ended, when its time is up, and when the lifeline is cut. The
 * kernel cuts the lifeline, a pipe, when the runner ends in whatever way.
 */
#ifndef RUNNER_SUPERVISE_H
#define RUNNER_SUPERVISE_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

struct command {
	char *const *argv;
	const char *dir;	/* working directory */
	int input;		/* stdin, 0 for /dev/null */
	unsigned int timeout;	/* seconds, 0 for none */
	unsigned int grace;	/* seconds from SIGTERM to SIGKILL */
	bool as_user;
	uid_t user;
};

/* What a supervisor tells. It fits into PIPE_BUF, so it comes as a whole. */
struct ending {
	int status;		/* as wait(2) has it */
	bool timed_out;
	unsigned int nr_left;
	struct {
		pid_t pid;
		char name[64];
	} left[16];		/* alive when they should have ended */
};

struct job {
	pid_t pid;		/* the supervisor's */
	int pidfd;
	int lifeline;
	int output;		/* the command's stdout and stderr, -1 at their end */
	int report;
	struct job *next;	/* of all that run */
};

/* False with errno if it cannot be started. */
bool job_start(struct job *job, const struct command *command);

/*
 * job_read() - takes some output that is there
 *
 * Returns its length, 0 if there is none now, -1 at its end.
 */
ssize_t job_read(struct job *job, char *buffer, size_t size);

/*
 * job_end() - to be called when @job->pidfd is readable
 *
 * Returns false if the supervisor was killed, which is nobody's right.
 */
bool job_end(struct job *job, struct ending *ending);

/* Ends all jobs and waits until nothing of them is left. */
void jobs_end(void);

#endif /* RUNNER_SUPERVISE_H */
