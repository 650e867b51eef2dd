// SPDX-License-Identifier: GPL-2.0
/* For people: a line a program, then only what asks for attention. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "report.h"
#include "stop.h"

enum colour { NONE, RED = 31, GREEN = 32, YELLOW = 33 };

static unsigned int width;		/* of the longest name */
static struct text progress;		/* the line that is shown */

/* A message must not move the cursor, nor set the title of the window. */
static char *harmless(const char *s)
{
	char *copy = xstrdup(s);

	for (char *c = copy; *c; c++)
		if (iscntrl((unsigned char)*c) && *c != '\t')
			*c = '?';
	return copy;
}

static void put(const struct run *run, enum colour colour, const char *s)
{
	char *copy = harmless(s);

	if (colour && run->options->colour)
		out("\033[%dm%s\033[0m", colour, copy);
	else
		out("%s", copy);
	free(copy);
}

static unsigned int terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return 80;
	return size.ws_col;
}

static void erase_progress(void)
{
	/* Blanks, since a terminal without colour may know no escapes. */
	if (progress.len)
		out("\r%*s\r", (int)progress.len, "");
	text_free(&progress);
}

static void progress_text(const struct run *run, struct text *line)
{
	bool first = true;

	text_add(line, "[%u/%u]", run->over, run->nr);
	for (unsigned int i = 0; i < run->nr; i++) {
		const struct program *p = &run->programs[i];

		if (!p->started || p->over)
			continue;
		text_add(line, "%s %s", first ? "" : ",", p->name);
		first = false;
	}
}

void human_progress(const struct run *run)
{
	unsigned int columns = terminal_width();
	struct text line = { 0 };
	char *copy;

	if (!columns)
		return;
	if (run->over == run->nr) {
		erase_progress();
		return;
	}
	progress_text(run, &line);
	copy = harmless(line.bytes);
	/* A line as wide as the terminal would wrap, and not be erased. */
	if (strlen(copy) >= columns)
		copy[columns - 1] = '\0';
	if (!progress.len || strcmp(copy, progress.bytes)) {
		erase_progress();
		text_add(&progress, "%s", copy);
		out("%s", copy);
	}
	free(copy);
	text_free(&line);
}

void human_begin(const struct run *run)
{
	width = run->options->kernel_log ? strlen("kernel_log") : 0;
	for (unsigned int i = 0; i < run->nr; i++) {
		unsigned int len = strlen(run->programs[i].name);

		if (len > width)
			width = len;
	}
	erase_progress();
	if (run->options->shuffle)
		out("--shuffle=%llu starts them in this order again\n",
		    run->options->seed);
}

static void counts(const unsigned int count[NR_KINDS])
{
	static const char *const words[NR_KINDS] = {
		[PASS] = "passed", [FAIL] = "failed", [XFAIL] = "xfail",
		[SKIP] = "skipped",
	};

	out("%u passed", count[PASS]);
	for (unsigned int kind = FAIL; kind < NR_KINDS; kind++)
		if (count[kind])
			out(", %u %s", count[kind], words[kind]);
}

static void test(const struct run *run, const struct test *t)
{
	if (t->kind == FAIL) {
		out("     ");
		put(run, RED, "failed");
		out(" ");
		put(run, NONE, t->name);
		if (report_is_flaky(t))
			out(": flaky: failed %u and passed %u of %u times",
			    t->failed_runs, t->passed_runs, t->runs);
		out("\n");
		for (unsigned int i = 0; i < t->diag.nr; i++) {
			out("            ");
			put(run, NONE, t->diag.items[i]);
			out("\n");
		}
	} else if (t->kind == XFAIL) {
		out("     ");
		put(run, YELLOW, "xfail");
		out(" ");
		put(run, NONE, t->name);
		out(": ");
		put(run, NONE, t->reason ? t->reason : "");
		out("\n");
	}
}

static void skipped(const struct run *run, unsigned int nr, const char *reason)
{
	out("     ");
	put(run, YELLOW, "skipped");
	if (nr)
		out(" %u", nr);
	out(": ");
	put(run, NONE, reason);
	out("\n");
}

static const char *skip_reason(const struct test *t)
{
	if (t->kind != SKIP)
		return NULL;
	return t->reason && *t->reason ? t->reason : "no reason given";
}

/* Many tests are skipped for few reasons. */
static void skips(const struct run *run, const struct program *p)
{
	for (unsigned int i = 0; i < p->nr_tests; i++) {
		const char *reason = skip_reason(&p->tests[i]);
		unsigned int nr = 0, earlier = 0;

		for (unsigned int j = 0; reason && j < p->nr_tests; j++) {
			const char *other = skip_reason(&p->tests[j]);

			if (!other || strcmp(reason, other))
				continue;
			nr++;
			earlier += j < i;
		}
		if (reason && !earlier)
			skipped(run, nr, reason);
	}
	if (!p->count[SKIP] && p->skip_all && *p->skip_all)
		skipped(run, 0, p->skip_all);
}

void human_program(const struct run *run, const struct program *p)
{
	erase_progress();
	if (program_failed(p))
		put(run, RED, "FAIL");
	else if (program_all_skipped(p))
		put(run, YELLOW, "SKIP");
	else
		put(run, GREEN, "ok  ");
	out(" %-*s  ", width, p->name);
	counts(p->count);
	out("  %.2f s\n", p->seconds);
	for (unsigned int i = 0; i < p->nr_tests; i++)
		test(run, &p->tests[i]);
	skips(run, p);
	for (unsigned int i = 0; p->problems.nr && i < p->last_words.nr; i++) {
		out("     ");
		put(run, NONE, p->last_words.items[i]);
		out("\n");
	}
	for (unsigned int i = 0; i < p->problems.nr; i++) {
		out("     ");
		put(run, RED, p->problems.items[i]);
		out("\n");
	}
}

static void tell_kernel_log(const struct run *run)
{
	const struct kernel_log *log = &run->log;

	if (log->problems.nr)
		put(run, RED, "FAIL");
	else if (log->unreadable)
		put(run, YELLOW, "SKIP");
	else
		put(run, GREEN, "ok  ");
	out(" kernel_log");
	if (!log->problems.nr && log->unreadable)
		out(": only taint was looked at, cannot read %s",
		    log->unreadable);
	out("\n");
	for (unsigned int i = 0; i < log->problems.nr; i++) {
		out("     ");
		put(run, NONE, log->problems.items[i]);
		out("\n");
	}
}

static void not_seen(const struct run *run)
{
	for (unsigned int i = 0; i < run->known.nr; i++) {
		const struct known_bug *bug = &run->known.all[i];

		if (!known_not_seen(bug))
			continue;
		put(run, YELLOW, "known bug is not seen");
		out(": %s: %s\n", bug->tests, bug->what);
	}
}

/* For scripts, and for who wants to know what was not tested. */
static void totals(const struct run *run, const struct totals *total)
{
	unsigned int failed = total->count[FAIL], skipped = total->count[SKIP];

	for (unsigned int i = 0; i < run->nr; i++) {
		const struct program *p = &run->programs[i];

		/* A program that broke off failed, whatever it said before. */
		failed += p->problems.nr && !p->count[FAIL];
		for (unsigned int j = 0; j < p->nr_tests; j++)
			if (p->tests[j].kind == SKIP)
				out("skipped: %s: %s: %s\n", p->name,
				    p->tests[j].name, skip_reason(&p->tests[j]));
		if (p->skip_all && !p->nr_tests) {
			skipped++;
			out("skipped: %s: %s\n", p->name, p->skip_all);
		}
	}
	out("%u passed, %u failed, %u skipped\n", total->count[PASS], failed,
	    skipped);
}

void human_end(const struct run *run)
{
	struct totals total = report_totals(run);
	struct utsname u = { 0 };

	if (run->options->kernel_log)
		tell_kernel_log(run);
	not_seen(run);
	if (run->options->totals) {
		totals(run, &total);
		return;
	}
	if (run->status == EXIT_PASSED)
		put(run, GREEN, "PASS");
	else if (run->status == EXIT_SKIPPED)
		put(run, YELLOW, "SKIP");
	else
		put(run, RED, "FAIL");
	out(" ");
	counts(total.count);
	if (total.left_out)
		out(" (%u left out by --skip)", total.left_out);
	if (total.flaky)
		out(", %u flaky", total.flaky);
	uname(&u);
	out("  %.2f s  Linux %s\n", run->seconds, u.release);
}

void human_stopped(const struct run *run, const char *why)
{
	erase_progress();
	put(run, RED, why);
	out("\n");
}
