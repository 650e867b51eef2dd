/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test program and the record of what it did, from which all reports are
 * made.
 */
#ifndef RUNNER_PROGRAM_H
#define RUNNER_PROGRAM_H

#include <stdbool.h>

#include "util.h"

enum kind { PASS, FAIL, XFAIL, SKIP, NR_KINDS };

struct test {
	char *name;
	enum kind kind;
	char *reason;		/* of a skip or an expected failure, or NULL */
	struct list diag;	/* what was said before the result */
	bool unwanted;		/* it ran because the program cannot choose */
	bool left_out;		/* by --skip */
	unsigned int runs, failed_runs, passed_runs;
};

struct program {
	char *name;
	char *path;

	/* What of it to run, see program_choose(). */
	bool has_options;	/* the harness knows -l and -r */
	bool filtered;		/* it runs as a whole, and results are chosen */
	struct list names;	/* its tests, if has_options */
	struct list chosen;	/* of these, what to run */
	struct test *left_out;	/* of these, what --skip leaves out */
	unsigned int nr_left_out;
	bool all_left_out;	/* there is nothing to run */

	/* What it did. */
	struct test *tests;
	unsigned int nr_tests;
	unsigned int count[NR_KINDS];
	struct list problems;	/* of the program itself, a line each */
	struct list last_words;	/* what was said after the last result */
	char *skip_all;		/* the reason not to run any test, or NULL */
	int planned;		/* -1: it gave no plan */
	char *running;		/* the test that it said it began, or NULL */
	char *last_begun;	/* the same, and it may have ended */
	double started, seconds;
	unsigned int runs;
	bool complete;		/* it ended by itself, with all planned results */
	bool over;
};

void program_init(struct program *p, const char *dir, const char *name);

struct test *program_add_test(struct program *p, char *name, enum kind kind);

/* Sets @count from @tests. */
void program_count(struct program *p);

/* Adds what one of several runs did to the record of all. */
void program_merge(struct program *all, struct program *run, unsigned int of);

/* Adds the tests of @left_out as skipped. */
void program_add_left_out(struct program *p);

bool program_failed(const struct program *p);
bool program_all_skipped(const struct program *p);

#endif /* RUNNER_PROGRAM_H */
