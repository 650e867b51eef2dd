/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which tests to run.
 *
 * A pattern is [PROGRAM:]TEST, each a glob, or a word that the name contains.
 * A pattern without PROGRAM matches the name of the program or of the test.
 */
#ifndef RUNNER_SELECT_H
#define RUNNER_SELECT_H

#include <stdbool.h>

#include "util.h"

struct pattern {
	char *text;		/* as it was given */
	char *program;		/* glob, or NULL */
	char *test;		/* glob */
};

struct patterns {
	struct pattern *all;
	unsigned int nr;
};

struct selection {
	struct patterns wanted;	/* none: all tests */
	struct patterns skip;
	bool only_failed;
	struct list failed;	/* PROGRAM:TEST, or PROGRAM:* */
};

void pattern_add(struct patterns *patterns, const char *text);

/* Whether each test of each program is wanted. */
bool select_all(const struct selection *s);

/* Whether the program may have a test that is wanted. */
bool select_program(const struct selection *s, const char *program);

bool select_test(const struct selection *s, const char *program,
		 const char *test);

/* The --skip pattern that leaves out the test, or NULL. */
const char *select_skip(const struct selection *s, const char *program,
			const char *test);

/* The --skip pattern that leaves out the program as a whole, or NULL. */
const char *select_skip_program(const struct selection *s, const char *program);

#endif /* RUNNER_SELECT_H */
