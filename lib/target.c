// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "proc.h"
#include "target_process.h"

int nsfd_open(pid_t pid, enum ns_id id, enum ns_slot slot)
{
	return proc_open(proc_path(pid, "ns/%s", ns_types[id].link[slot]),
			 O_RDONLY);
}

static int open_descriptors(struct target *t, unsigned int flags,
			    const char **step)
{
	t->pidfd = sys_pidfd_open(t->pid, flags);
	if (t->pidfd < 0) {
		*step = "pidfd_open()";
		return errno;
	}
	for_each_link(id, slot) {
		int fd = nsfd_open(t->pid, id, slot);

		t->nsfd[id][slot] = fd < 0 ? -1 : fd;
		/* ENOENT: not built in, or a pid namespace without a process. */
		if (fd < 0 && fd != -ENOENT) {
			*step = "opening the target's nsfds";
			return -fd;
		}
	}
	return 0;
}

static void target_clear(struct target *t)
{
	memset(t, 0, sizeof(*t));
	t->pidfd = -1;
	t->lifeline = -1;
	memset(t->nsfd, -1, sizeof(t->nsfd));
}

/* Waits for the byte that a target sends when it is ready: 0 or an errno. */
static int await_ready(int lifeline)
{
	struct pollfd p = { .fd = lifeline, .events = POLLIN };
	char byte;
	int n;

	do {
		n = poll(&p, 1, WAIT_LIMIT_S * 1000);
	} while (n < 0 && errno == EINTR);
	if (!n)
		return ETIMEDOUT;
	return n > 0 && read(lifeline, &byte, 1) == 1 ? 0 : EPIPE;
}

/* Reaps the creators and waits until the target is ready: 0 or an errno. */
static int await_target(const struct target *t, pid_t creator,
			const struct target_report *report)
{
	int status;

	if (waitpid(creator, &status, 0) < 0)
		return errno;
	if (!status && report->second_creator > 0 &&
	    waitpid(report->second_creator, &status, 0) < 0)
		return errno;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGALRM ? ETIMEDOUT : EINTR;
	return status ? EPROTO : await_ready(t->lifeline);
}

static int start(struct target *t, const struct target_spec *spec,
		 struct target_report *report)
{
	int ends[2], err;
	pid_t creator;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return errno;
	t->lifeline = ends[0];
	creator = fork();
	if (!creator) {
		close(ends[0]);
		target_creator(report, spec, ends[1]);
	}
	err = creator < 0 ? errno : 0;
	close(ends[1]);
	if (!err)
		err = await_target(t, creator, report);
	t->pid = report->pid;
	return report->err ? report->err : err;
}

int target_create(struct target *t, const struct target_spec *spec,
		  const char **step)
{
	struct target_report *report = shared_alloc(sizeof(*report));
	int err;

	target_clear(t);
	*step = "mmap()";
	if (!report)
		return errno;
	t->number = spec->number;
	t->fresh = spec->fresh;
	t->fresh_children = spec->fresh_children;
	t->state = &report->state;
	t->children_state = &report->children_state;
	report->step = "starting the target";
	err = start(t, spec, report);
	*step = report->step;
	if (!err)
		err = open_descriptors(t, 0, step);
	if (err)
		target_destroy(t);
	return err;
}

int target_adopt(struct target *t, pid_t tid, unsigned int flags)
{
	struct target_report *report = shared_alloc(sizeof(*report));
	const char *step;
	int err;

	target_clear(t);
	if (!report)
		return errno;
	t->state = &report->state;
	t->pid = tid;
	err = open_descriptors(t, flags, &step);
	if (!err)
		err = state_read_links(t->state, tid);
	t->pid = 0;	/* target_destroy() must not kill it */
	return err;
}

int target_exec(struct target *t)
{
	char order = TARGET_ORDER_EXEC;

	if (write(t->lifeline, &order, 1) != 1)
		return errno;
	return await_ready(t->lifeline);
}

int target_kill(struct target *t)
{
	siginfo_t info;

	if (kill(t->pid, SIGKILL))
		return errno;
	/* The socket is closed.  Other marks stay as long as the namespace. */
	if (t->fresh & NS_BIT(NS_NET))
		t->state->number[ST_MARK_SOCKET] = 0;
	return waitid(P_PID, t->pid, &info, WEXITED | WNOWAIT) ? errno : 0;
}

int target_reap(struct target *t)
{
	pid_t pid = t->pid;

	t->pid = 0;
	return waitpid(pid, NULL, 0) < 0 ? errno : 0;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void target_destroy(struct target *t)
{
	/* All 0 is a target that was never created. */
	if (!t->state)
		return;
	if (t->pid > 0) {
		target_kill(t);
		target_reap(t);
	}
	for_each_link(id, slot)
		close_if_open(t->nsfd[id][slot]);
	close_if_open(t->pidfd);
	close_if_open(t->lifeline);
	munmap(t->state, sizeof(struct target_report));
	target_clear(t);
}
