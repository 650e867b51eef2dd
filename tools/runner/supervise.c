// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stop.h"
#include "supervise.h"
#include "tree.h"
#include "util.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/*
 * Seconds. Children that die with their parent need a moment to do so. A
 * process that is killed may need long to end if the kernel is busy for it.
 */
#define LINGER		2
#define KILL_TIMEOUT	10

_Static_assert(sizeof(struct ending) <= PIPE_BUF, "a report is written at once");

static struct job *jobs;

/* The supervisor, from here on to supervise(). */
struct supervisor {
	const struct command *command;
	int lifeline, report, output;
	int sigchld;		/* signalfd */
	pid_t self;
	pid_t pid;		/* the command's */
	int status;		/* -1 while it runs */
	bool childless;
};

enum event { CHILD_ENDED, LIFELINE_CUT, TIME_UP };

/* @until: 0 waits for ever. */
static enum event wait_event(struct supervisor *s, double until)
{
	struct pollfd fds[] = {
		{ .fd = s->sigchld, .events = POLLIN },
		{ .fd = s->lifeline, .events = POLLIN },
	};
	struct signalfd_siginfo info;
	int ms = -1;

	if (until) {
		double left = until - now();

		if (left <= 0)
			return TIME_UP;
		ms = left > 1e6 ? 1000000000 : (int)(left * 1000) + 1;
	}
	poll(fds, ARRAY_SIZE(fds), ms);
	if (fds[1].revents)
		return LIFELINE_CUT;
	if (!fds[0].revents)
		return until && now() >= until ? TIME_UP : CHILD_ENDED;
	while (read(s->sigchld, &info, sizeof(info)) > 0)
		;
	s->childless = !tree_reap(s->pid, &s->status);
	return CHILD_ENDED;
}

/*
 * Ends what is left of the tree. It looks again and again: a process that was
 * being made while the others were killed is found the next time.
 */
static void end_tree(struct supervisor *s, unsigned int grace)
{
	double until = now() + KILL_TIMEOUT;

	/* The lifeline has nothing more to say. */
	s->lifeline = -1;
	s->childless = !tree_reap(s->pid, &s->status);
	if (grace && !s->childless) {
		double polite = now() + grace;

		tree_kill(SIGTERM);
		while (!s->childless && wait_event(s, polite) != TIME_UP)
			;
		until = now() + KILL_TIMEOUT;
	}
	while (!s->childless && now() < until) {
		tree_kill(SIGKILL);
		wait_event(s, now() + 0.02);
	}
}

static void note_left(pid_t pid, const char *name, void *arg)
{
	struct ending *e = arg;

	if (e->nr_left == ARRAY_SIZE(e->left))
		return;
	e->left[e->nr_left].pid = pid;
	snprintf(e->left[e->nr_left].name, sizeof(e->left[0].name), "%s", name);
	e->nr_left++;
}

static void become_user(uid_t user)
{
	if (setgroups(0, NULL) || setresgid(user, user, user) ||
	    setresuid(user, user, user)) {
		dprintf(STDOUT_FILENO, "# cannot become user %u: %s\n",
			(unsigned int)user, strerror(errno));
		_exit(127);
	}
}

static void __noreturn run_command(struct supervisor *s)
{
	const struct command *c = s->command;

	setpgid(0, 0);
	if (c->input)
		dup2(c->input, STDIN_FILENO);
	dup2(s->output, STDOUT_FILENO);
	dup2(s->output, STDERR_FILENO);
	syscall(SYS_close_range, 3, ~0U, 0);
	if (c->as_user)
		become_user(c->user);
	/* This serves where the supervisor is killed; becoming a user undoes it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != s->self)
		_exit(127);
	stop_reset_signals();
	if (c->dir && chdir(c->dir))
		dprintf(STDOUT_FILENO, "# cannot change to %s: %s\n", c->dir,
			strerror(errno));
	else if (execvp(c->argv[0], c->argv))
		dprintf(STDOUT_FILENO, "# cannot run %s: %s\n", c->argv[0],
			strerror(errno));
	_exit(127);
}

/* Keeps nothing of the runner but what is needed: it would stay open. */
static void leave_runner(struct supervisor *s)
{
	int keep[] = { s->lifeline, s->report, s->output, s->command->input };
	int null = open("/dev/null", O_RDWR);
	unsigned int from = 3;
	sigset_t chld;

	setsid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_NAME, "supervisor");
	for (int fd = 0; fd < 3; fd++)
		if (null >= 0)
			dup2(null, fd);
	for (;;) {
		unsigned int next = ~0U;

		for (unsigned int i = 0; i < ARRAY_SIZE(keep); i++)
			if (keep[i] >= (int)from && (unsigned int)keep[i] < next)
				next = keep[i];
		if (next > from)
			syscall(SYS_close_range, from,
				next == ~0U ? next : next - 1, 0);
		if (next == ~0U)
			break;
		from = next + 1;
	}
	/* Only the lifeline and SIGKILL end it. */
	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGCHLD)
			signal(sig, SIG_IGN);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_SETMASK, &chld, NULL);
	s->sigchld = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Waits for the command, then for all that it started. False if it was cut. */
static bool watch(struct supervisor *s, struct ending *e)
{
	unsigned int timeout = s->command->timeout;
	double until = timeout ? now() + timeout : 0;
	enum event event;

	while (s->status == -1) {
		event = wait_event(s, until);
		if (event == LIFELINE_CUT)
			return false;
		if (event == TIME_UP) {
			e->timed_out = true;
			return true;
		}
	}
	until = now() + LINGER;
	while (!s->childless) {
		event = wait_event(s, until);
		if (event == LIFELINE_CUT)
			return false;
		if (event == TIME_UP) {
			tree_walk(note_left, e);
			break;
		}
	}
	return true;
}

static void __noreturn supervise(struct supervisor *s)
{
	struct ending e = { 0 };
	bool cut;

	leave_runner(s);
	s->status = -1;
	s->self = getpid();
	s->pid = fork();
	if (!s->pid)
		run_command(s);
	close(s->output);
	if (s->pid < 0 || s->sigchld < 0)
		_exit(1);
	cut = !watch(s, &e);
	end_tree(s, cut || e.timed_out ? s->command->grace : 0);
	e.status = s->status;
	if (!cut && write(s->report, &e, sizeof(e)) != sizeof(e))
		_exit(1);
	_exit(0);
}

static void close_all(const int fds[], unsigned int nr)
{
	int err = errno;

	for (unsigned int i = 0; i < nr; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	errno = err;
}

bool job_start(struct job *job, const struct command *command)
{
	int fds[6] = { -1, -1, -1, -1, -1, -1 };	/* three pipes */
	int *life = fds, *report = fds + 2, *output = fds + 4;

	if (pipe2(life, O_CLOEXEC) || pipe2(report, O_CLOEXEC) ||
	    pipe2(output, O_CLOEXEC)) {
		close_all(fds, ARRAY_SIZE(fds));
		return false;
	}
	job->pid = fork();
	if (!job->pid) {
		struct supervisor s = {
			.command = command,
			.lifeline = life[0],
			.report = report[1],
			.output = output[1],
		};

		supervise(&s);
	}
	job->pidfd = job->pid < 0 ? -1 : syscall(SYS_pidfd_open, job->pid, 0);
	close_all((int []) { life[0], report[1], output[1] }, 3);
	if (job->pidfd < 0) {
		/* A supervisor without a lifeline ends. */
		close_all((int []) { life[1], report[0], output[0] }, 3);
		if (job->pid > 0)
			waitpid(job->pid, NULL, 0);
		return false;
	}
	fcntl(job->pidfd, F_SETFD, FD_CLOEXEC);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	fcntl(report[0], F_SETFL, O_NONBLOCK);
	job->lifeline = life[1];
	job->report = report[0];
	job->output = output[0];
	job->next = jobs;
	jobs = job;
	return true;
}

ssize_t job_read(struct job *job, char *buffer, size_t size)
{
	ssize_t got;

	if (job->output < 0)
		return -1;
	got = read(job->output, buffer, size);
	if (got > 0)
		return got;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	close(job->output);
	job->output = -1;
	return -1;
}

bool job_end(struct job *job, struct ending *ending)
{
	bool told = read(job->report, ending, sizeof(*ending)) ==
		    sizeof(*ending);
	struct job **link = &jobs;

	while (*link && *link != job)
		link = &(*link)->next;
	if (*link)
		*link = job->next;
	waitpid(job->pid, NULL, 0);
	close_all((int []) { job->pidfd, job->lifeline }, 2);
	close_all((int []) { job->report, job->output }, 2);
	return told;
}

/* Also what a supervisor that was killed has lost to the runner. */
static void end_orphans(void)
{
	double until = now() + KILL_TIMEOUT;
	int status;

	while (tree_reap(0, &status) && now() < until) {
		tree_kill(SIGKILL);
		poll(NULL, 0, 10);
	}
}

void jobs_end(void)
{
	struct ending ending;

	for (struct job *job = jobs; job; job = job->next) {
		close(job->lifeline);
		job->lifeline = -1;
	}
	while (jobs) {
		struct pollfd fd = { .fd = jobs->pidfd, .events = POLLIN };

		/* It ends by itself, within its grace and KILL_TIMEOUT. */
		poll(&fd, 1, 600 * 1000);
		if (!fd.revents)
			kill(jobs->pid, SIGKILL);
		job_end(jobs, &ending);
	}
	end_orphans();
}
