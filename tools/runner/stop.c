// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stop.h"
#include "util.h"

static const int signals[] = { SIGHUP, SIGINT, SIGTERM };

static volatile sig_atomic_t stopped;
static sigset_t while_waiting;
static struct text pending;

static void note(int sig)
{
	if (!stopped)
		stopped = sig;
}

void stop_on_signals(void)
{
	struct sigaction act = { .sa_handler = note }, old;
	sigset_t ours;

	sigemptyset(&ours);
	sigprocmask(SIG_SETMASK, NULL, &while_waiting);
	for (unsigned int i = 0; i < ARRAY_SIZE(signals); i++) {
		/* What nohup(1) ignores stays ignored. */
		sigaction(signals[i], NULL, &old);
		if (old.sa_handler == SIG_IGN)
			continue;
		sigaddset(&ours, signals[i]);
		sigdelset(&while_waiting, signals[i]);
		sigaction(signals[i], &act, NULL);
	}
	sigprocmask(SIG_BLOCK, &ours, NULL);
	/* write() then fails with EPIPE, and what runs is ended in order. */
	signal(SIGPIPE, SIG_IGN);
	/* waitpid() has nothing to tell where it is ignored. */
	signal(SIGCHLD, SIG_DFL);
}

int stop_signal(void)
{
	return stopped;
}

int stop_poll(struct pollfd *fds, unsigned int nr, int ms)
{
	struct timespec ts = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000L,
	};

	return ppoll(fds, nr, ms < 0 ? NULL : &ts, &while_waiting);
}

void stop_reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void out(const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	if (vasprintf(&s, fmt, args) < 0)
		trouble("out of memory");
	va_end(args);
	text_add_bytes(&pending, s, strlen(s));
	free(s);
}

/* False where stdout cannot take more at once. */
static bool write_some(void)
{
	/* A pipe that poll() calls writable takes this much without blocking. */
	size_t len = pending.len < PIPE_BUF ? pending.len : PIPE_BUF;
	ssize_t n = write(STDOUT_FILENO, pending.bytes, len);

	if (n >= 0) {
		text_cut(&pending, n);
		return true;
	}
	if (errno == EAGAIN || errno == EINTR)
		return false;
	/* Whoever closed the pipe knows. */
	if (errno == EPIPE)
		exit(128 + SIGPIPE);
	trouble("cannot write the report: %s", strerror(errno));
}

void out_flush(void)
{
	struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (pending.len && !stopped) {
		if (stop_poll(&fd, 1, -1) > 0)
			write_some();
	}
}

void out_flush_now(void)
{
	struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (pending.len && poll(&fd, 1, 0) > 0 && write_some())
		;
}
