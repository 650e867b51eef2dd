// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "verdict.h"

/* Neither strsignal(3) nor older C libraries have these names. */
static const char *signal_name(int sig)
{
	static const char *const names[] = {
		[SIGHUP] = "HUP", [SIGINT] = "INT", [SIGQUIT] = "QUIT",
		[SIGILL] = "ILL", [SIGTRAP] = "TRAP", [SIGABRT] = "ABRT",
		[SIGBUS] = "BUS", [SIGFPE] = "FPE", [SIGKILL] = "KILL",
		[SIGUSR1] = "USR1", [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
		[SIGPIPE] = "PIPE", [SIGALRM] = "ALRM", [SIGTERM] = "TERM",
		[SIGXCPU] = "XCPU", [SIGXFSZ] = "XFSZ",
		[SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF", [SIGIO] = "IO",
		[SIGSYS] = "SYS",
	};
	static char number[16];

	if (sig < (int)ARRAY_SIZE(names) && names[sig])
		return names[sig];
	snprintf(number, sizeof(number), "%d", sig);
	return number;
}

static char *lie_of_status(const struct tap *tap, int status)
{
	unsigned int failed = tap->said[FAIL];

	if (status == EXIT_PASSED && failed)
		return format("exit status 0 in spite of %u failed tests", failed);
	if (status == EXIT_FAILED && !failed)
		return format("exit status 1 without a failed test");
	if (status == EXIT_SKIPPED && tap->results > tap->said[SKIP])
		return format("exit status 4, all skipped, in spite of %u tests that ran",
			      tap->results - tap->said[SKIP]);
	if (status != EXIT_PASSED && status != EXIT_FAILED &&
	    status != EXIT_SKIPPED)
		return format("exit status %d after %u results", status,
			      tap->results);
	return NULL;
}

/* Returns whether it was stopped on its way. */
static bool judge_ending(struct tap *tap, const struct ending *e,
			 unsigned int timeout)
{
	struct program *p = tap->program;
	const char *in = p->running ? ", in " : "";
	const char *running = p->running ? p->running : "";
	bool stopped = true;
	char *lie;

	if (!e) {
		list_addf(&p->problems, "its supervisor was killed after %u results",
			  tap->results);
		return true;
	}
	if (e->timed_out) {
		list_addf(&p->problems,
			  "still ran after %u s, ended after %u results%s%s",
			  timeout, tap->results, in, running);
	} else if (WIFSIGNALED(e->status)) {
		list_addf(&p->problems, "killed by SIG%s after %u results%s%s",
			  signal_name(WTERMSIG(e->status)), tap->results, in,
			  running);
	} else {
		stopped = false;
		lie = lie_of_status(tap, WEXITSTATUS(e->status));
		if (lie)
			list_add(&p->problems, lie);
	}
	for (unsigned int i = 0; i < e->nr_left; i++)
		list_addf(&p->problems, "left a process behind: %d (%s)",
			  (int)e->left[i].pid, e->left[i].name);
	return stopped;
}

static void judge_plan(struct tap *tap)
{
	struct program *p = tap->program;

	if (p->planned < 0)
		list_addf(&p->problems, "no plan, %u results", tap->results);
	else if ((unsigned int)p->planned != tap->results)
		list_addf(&p->problems, "%u results of %d planned", tap->results,
			  p->planned);
	else
		list_move(&p->problems, &tap->errors);
	p->complete = (unsigned int)p->planned == tap->results;
}

static void drop_unwanted(struct program *p)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < p->nr_tests; i++)
		if (!p->tests[i].unwanted)
			p->tests[nr++] = p->tests[i];
	p->nr_tests = nr;
}

void verdict(struct tap *tap, const struct ending *ending, unsigned int timeout)
{
	/* A program that was stopped has said enough. */
	if (!judge_ending(tap, ending, timeout))
		judge_plan(tap);
	if (tap->program->filtered)
		drop_unwanted(tap->program);
	program_add_left_out(tap->program);
	program_count(tap->program);
}
