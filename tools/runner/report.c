// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"
#include "stop.h"

bool report_is_flaky(const struct test *t)
{
	return t->failed_runs && t->passed_runs;
}

struct totals report_totals(const struct run *run)
{
	struct totals total = { 0 };

	for (unsigned int i = 0; i < run->nr; i++) {
		const struct program *p = &run->programs[i];

		for (unsigned int kind = 0; kind < NR_KINDS; kind++)
			total.count[kind] += p->count[kind];
		total.problems += p->problems.nr;
		for (unsigned int j = 0; j < p->nr_tests; j++) {
			total.left_out += p->tests[j].left_out;
			total.flaky += report_is_flaky(&p->tests[j]);
		}
	}
	return total;
}

static void begin(struct run *run)
{
	if (run->begun)
		return;
	run->begun = true;
	if (run->options->ktap)
		ktap_begin(run);
	else
		human_begin(run);
}

void report_show(struct run *run)
{
	bool ktap = run->options->ktap;

	if (run->options->list)
		return;
	/* The number of programs to report is known only at the end. */
	if (!run->live && run->over < run->nr) {
		if (!ktap)
			human_progress(run);
		out_flush();
		return;
	}
	if (!run->live)
		return;
	begin(run);
	while (run->shown < run->nr) {
		const struct program *p = &run->programs[run->shown];

		if (!p->over) {
			if (ktap && p->started)
				ktap_live(run, p);
			break;
		}
		if (ktap)
			ktap_program(run, p);
		else
			human_program(run, p);
		run->shown++;
	}
	if (!ktap)
		human_progress(run);
	out_flush();
}

void report_end(struct run *run)
{
	run->live = true;
	report_show(run);
	if (run->options->ktap)
		ktap_end(run);
	else
		human_end(run);
	out_flush();
}

void report_stopped(const struct run *run, int sig)
{
	const char *name = sig == SIGHUP ? "HUP" : sig == SIGINT ? "INT" : "TERM";
	char *why = format("stopped by SIG%s", name);

	if (run->options->list)
		;
	else if (run->options->ktap)
		ktap_stopped(why);
	else
		human_stopped(run, why);
	out_flush_now();
	free(why);
}

void report_check_file(const char *path)
{
	struct stat st;
	char *copy, *place;

	if (!path)
		return;
	copy = xstrdup(path);
	place = dirname(copy);
	if (!stat(path, &st)) {
		if (S_ISDIR(st.st_mode))
			trouble("cannot write %s: it is a directory", path);
		if (access(path, W_OK))
			trouble("cannot write %s: %s", path, strerror(errno));
	}
	/* A new file takes the place of an old one. */
	if ((stat(path, &st) || S_ISREG(st.st_mode)) && access(place, W_OK | X_OK))
		trouble("cannot write %s: no directory %s that can be written to",
			path, place);
	free(copy);
}

static void write_report(const char *path, struct text *text)
{
	if (!write_file(path, text))
		trouble("cannot write %s: %s", path, strerror(errno));
	text_free(text);
}

void report_write_files(const struct run *run)
{
	struct text text = { 0 };

	if (run->options->junit) {
		junit_write(run, &text);
		write_report(run->options->junit, &text);
	}
	if (run->options->json) {
		json_write(run, &text);
		write_report(run->options->json, &text);
	}
}
