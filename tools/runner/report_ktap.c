// SPDX-License-Identifier: GPL-2.0
/* KTAP: each program is a test, its own tests are nested below it. */
#include <string.h>

#include "report.h"
#include "stop.h"

/* Of the program that is shown: what was written already. */
static unsigned int shown_tests;
static bool shown_head, shown_plan;
static unsigned int shown_running;	/* the test that runs, by its number */

static unsigned int number;

void ktap_begin(const struct run *run)
{
	out("KTAP version 1\n1..%u\n", run->nr + run->options->kernel_log);
	if (run->options->shuffle)
		out("# --shuffle=%llu starts them in this order again\n",
		    run->options->seed);
}

static void plan(unsigned int nr)
{
	if (!shown_plan)
		out("  1..%u\n", nr);
	shown_plan = true;
}

static void test(const struct test *t)
{
	const char *reason = t->reason ? t->reason : "";

	for (unsigned int i = 0; i < t->diag.nr; i++)
		out("  # %s\n", t->diag.items[i]);
	if (report_is_flaky(t))
		out("  # flaky: failed %u and passed %u of %u times\n",
		    t->failed_runs, t->passed_runs, t->runs);
	shown_tests++;
	out("  %sok %u %s", t->kind == FAIL ? "not " : "", shown_tests, t->name);
	if (t->kind == SKIP)
		out(" # SKIP%s%s", *reason ? " " : "", reason);
	else if (t->kind == XFAIL)
		out(" # XFAIL%s%s", *reason ? " " : "", reason);
	out("\n");
}

/* What is new of the program, as far as the plan is known. */
static void tests(const struct program *p, bool plain)
{
	if (!shown_head)
		out("  KTAP version 1\n  # Subtest: %s\n", p->name);
	shown_head = true;
	if (!plain || !p->planned)
		plan(p->nr_tests);
	else if (p->planned > 0)
		plan(p->planned + p->nr_left_out);
	while (shown_tests < p->nr_tests)
		test(&p->tests[shown_tests]);
}

/* A guest that dies does not say in which test, unless it was said before. */
void ktap_live(const struct run *run, const struct program *p)
{
	/* Results that are merged, or chosen, are not final before the end. */
	if (run->options->repeat > 1 || p->filtered)
		return;
	tests(p, true);
	if (!p->running || shown_running == p->nr_tests + 1)
		return;
	shown_running = p->nr_tests + 1;
	out("  # RUN %s\n", p->running);
}

static void verdict_line(const struct program *p)
{
	number++;
	if (program_failed(p))
		out("not ok %u %s\n", number, p->name);
	else if (!program_all_skipped(p))
		out("ok %u %s\n", number, p->name);
	else if (p->skip_all && *p->skip_all)
		out("ok %u %s # SKIP %s\n", number, p->name, p->skip_all);
	else
		out("ok %u %s # SKIP all tests were skipped\n", number, p->name);
}

void ktap_program(const struct run *run, const struct program *p)
{
	tests(p, run->options->repeat == 1 && !p->filtered);
	for (unsigned int i = 0; i < p->last_words.nr; i++)
		out("  # %s\n", p->last_words.items[i]);
	for (unsigned int i = 0; i < p->problems.nr; i++)
		out("# %s: %s\n", p->name, p->problems.items[i]);
	verdict_line(p);
	shown_tests = 0;
	shown_head = false;
	shown_plan = false;
	shown_running = 0;
}

static void tell_kernel_log(const struct kernel_log *log)
{
	bool skip = log->unreadable && !log->problems.nr;

	for (unsigned int i = 0; i < log->problems.nr; i++)
		out("# kernel_log: %s\n", log->problems.items[i]);
	out("%sok %u kernel_log", log->problems.nr ? "not " : "", ++number);
	if (skip)
		out(" # SKIP only taint was looked at, cannot read %s",
		    log->unreadable);
	out("\n");
}

void ktap_end(const struct run *run)
{
	struct totals total = report_totals(run);

	if (run->options->kernel_log)
		tell_kernel_log(&run->log);
	for (unsigned int i = 0; i < run->known.nr; i++)
		if (known_not_seen(&run->known.all[i]))
			out("# known bug is not seen: %s: %s\n",
			    run->known.all[i].tests, run->known.all[i].what);
	if (total.left_out)
		out("# %u tests were left out by --skip\n", total.left_out);
	out("# Totals: pass:%u fail:%u xfail:%u xpass:0 skip:%u error:%u\n",
	    total.count[PASS], total.count[FAIL], total.count[XFAIL],
	    total.count[SKIP], total.problems);
}

void ktap_stopped(const char *why)
{
	out("Bail out! %s\n", why);
}
