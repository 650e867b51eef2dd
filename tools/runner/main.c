// SPDX-License-Identifier: GPL-2.0
/* Runs test programs and reports what they found, see options.c for how. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "report.h"
#include "stop.h"

/* Seconds for --first, which builds the tests. */
#define FIRST_TIMEOUT	1800
#define FIRST_GRACE	10

/* Its output is of interest only if it fails. */
static void run_first(const struct run *run)
{
	const struct options *o = run->options;
	struct command command = {
		.argv = (char *[]) { "/bin/sh", "-c", o->first, NULL },
		.timeout = FIRST_TIMEOUT,
		.grace = FIRST_GRACE,
	};
	struct text output = { 0 };
	struct ending ending;
	bool ended;

	if (!o->first)
		return;
	ended = run_to_end(&command, &output, &ending);
	run_stop_if_asked(run);
	if (ended && !ending.status)
		return;
	if (output.len)
		fputs(output.bytes, stderr);
	trouble("the build failed: correct what is said above, or see README");
}

static void find_programs(const char *dir, struct list *names)
{
	struct dirent *entry;
	DIR *d = opendir(dir);

	if (!d)
		trouble("cannot read %s: %s", dir, strerror(errno));
	while ((entry = readdir(d))) {
		char *path = format("%s/%s", dir, entry->d_name);
		struct stat st;

		if (!fnmatch("*_test", entry->d_name, 0) && !stat(path, &st) &&
		    S_ISREG(st.st_mode) && !access(path, X_OK))
			list_add(names, xstrdup(entry->d_name));
		free(path);
	}
	closedir(d);
	if (!names->nr)
		trouble("%s has no test programs", dir);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void check_program(const struct program *p)
{
	struct stat st;

	if (stat(p->path, &st))
		trouble("%s is not there: it must be built", p->path);
	if (!S_ISREG(st.st_mode) || access(p->path, X_OK))
		trouble("%s is no program that can be run", p->path);
}

static void take_programs(struct run *run)
{
	const struct options *o = run->options;
	struct list names = { 0 };

	for (unsigned int i = 0; i < o->programs.nr; i++)
		list_add(&names, xstrdup(o->programs.items[i]));
	if (!names.nr)
		find_programs(o->dir, &names);
	qsort(names.items, names.nr, sizeof(*names.items), by_name);
	run->programs = xzalloc(names.nr * sizeof(*run->programs));
	for (unsigned int i = 0; i < names.nr; i++) {
		struct program *p = &run->programs[run->nr];

		if (i && !strcmp(names.items[i], names.items[i - 1]))
			continue;
		program_init(p, o->dir, names.items[i]);
		check_program(p);
		run->nr++;
	}
	list_free(&names);
}

static void __noreturn no_test_matches(const struct run *run)
{
	const struct patterns *wanted = &run->options->selection.wanted;
	struct text text = { 0 };

	for (unsigned int i = 0; i < wanted->nr; i++)
		text_add(&text, " %s", wanted->all[i].text);
	trouble("no test matches%s: --list names them",
		text.len ? text.bytes : " what is asked for");
}

static void choose_programs(struct run *run)
{
	unsigned int nr = 0;

	run->live = true;
	for (unsigned int i = 0; i < run->nr; i++) {
		struct program *p = &run->programs[i];

		if (!select_program(&run->options->selection, p->name))
			continue;
		harness_probe(p, run->options);
		run_stop_if_asked(run);
		if (!harness_choose(p, run->options))
			continue;
		if (p->filtered)
			run->live = false;
		run->programs[nr++] = *p;
	}
	run->nr = nr;
	if (!nr)
		no_test_matches(run);
}

/* Programs that cannot choose ran as a whole, maybe for nothing. */
static void drop_empty(struct run *run)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < run->nr; i++) {
		struct program *p = &run->programs[i];

		/* One that broke off may not have come to what was wanted. */
		if (!p->filtered || p->nr_tests || p->skip_all ||
		    (p->problems.nr && !p->complete))
			run->programs[nr++] = *p;
	}
	run->over = nr;
	run->nr = nr;
	if (!nr)
		no_test_matches(run);
}

static void print_list(const struct run *run)
{
	for (unsigned int i = 0; i < run->nr; i++) {
		const struct program *p = &run->programs[i];
		bool all = select_all(&run->options->selection);
		const struct list *names = all ? &p->names : &p->chosen;

		for (unsigned int j = 0; j < names->nr; j++)
			out("%s:%s\n", p->name, names->items[j]);
		for (unsigned int j = 0; j < p->nr_tests; j++)
			if (!p->tests[j].left_out)
				out("%s:%s\n", p->name, p->tests[j].name);
	}
	out_flush();
}

/* A program without -l has to run to tell its tests. */
static void list_tests(struct run *run)
{
	for (unsigned int i = 0; i < run->nr; i++)
		if (run->programs[i].has_options)
			run->programs[i].all_left_out = true;
	run->live = false;
	run_programs(run);
	drop_empty(run);
	print_list(run);
	run_stop_if_asked(run);
	exit(EXIT_PASSED);
}

static int judge(const struct run *run)
{
	bool all_skipped = true;

	if (run->log.problems.nr)
		return EXIT_FAILED;
	for (unsigned int i = 0; i < run->nr; i++) {
		if (program_failed(&run->programs[i]))
			return EXIT_FAILED;
		if (!program_all_skipped(&run->programs[i]))
			all_skipped = false;
	}
	return all_skipped ? EXIT_SKIPPED : EXIT_PASSED;
}

static void take_failed(struct options *o)
{
	if (!o->failed)
		return;
	o->selection.only_failed = true;
	if (!failed_read(&o->selection.failed, o->state))
		trouble("--failed: no earlier run is known in %s", o->state);
	if (o->selection.failed.nr)
		return;
	if (o->ktap)
		out("KTAP version 1\n1..0 # SKIP nothing failed in the last run\n");
	else
		out("nothing failed in the last run\n");
	out_flush();
	exit(EXIT_PASSED);
}

static void run_all(struct run *run)
{
	const struct options *o = run->options;

	run->started = now();
	if (o->kernel_log)
		kernel_log_open(&run->log);
	run_programs(run);
	drop_empty(run);
	if (o->kernel_log)
		kernel_log_judge(&run->log, o->vmlinux);
	run_stop_if_asked(run);
	for (unsigned int i = 0; i < run->nr; i++)
		known_count(&run->known, &run->programs[i]);
	run->seconds = now() - run->started;
	run->status = judge(run);
}

int main(int argc, char **argv)
{
	struct options options;
	struct run run = { .options = &options };

	stop_on_signals();
	options_parse(&options, argc, argv);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	atexit(jobs_end);
	report_check_file(options.junit);
	report_check_file(options.json);
	known_read(&run.known, options.known);
	take_failed(&options);
	run_first(&run);
	take_programs(&run);
	choose_programs(&run);
	if (options.list)
		list_tests(&run);
	durations_read(&run.durations, options.state);
	run_all(&run);
	report_end(&run);
	run_stop_if_asked(&run);
	if (options.state) {
		durations_write(&run.durations, options.state, run.programs,
				run.nr);
		failed_write(options.state, run.programs, run.nr);
	}
	report_write_files(&run);
	return run.status;
}
