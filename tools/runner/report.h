/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ways to tell what a run found. All of them read the same records.
 *
 * KTAP and the summary go to stdout, while the programs run: report_show() tells
 * what is new, in the order of names. JUnit and JSON are files.
 */
#ifndef RUNNER_REPORT_H
#define RUNNER_REPORT_H

#include "schedule.h"

struct totals {
	unsigned int count[NR_KINDS], problems, left_out, flaky;
};

struct totals report_totals(const struct run *run);
bool report_is_flaky(const struct test *t);

void report_show(struct run *run);
void report_end(struct run *run);
void report_stopped(const struct run *run, int sig);

/* Exits if a report could not be written later. */
void report_check_file(const char *path);
void report_write_files(const struct run *run);

void ktap_begin(const struct run *run);
void ktap_live(const struct run *run, const struct program *p);
void ktap_program(const struct run *run, const struct program *p);
void ktap_end(const struct run *run);
void ktap_stopped(const char *why);

void human_begin(const struct run *run);
void human_progress(const struct run *run);
void human_program(const struct run *run, const struct program *p);
void human_end(const struct run *run);
void human_stopped(const struct run *run, const char *why);

void junit_write(const struct run *run, struct text *xml);
void json_write(const struct run *run, struct text *json);

#endif /* RUNNER_REPORT_H */
