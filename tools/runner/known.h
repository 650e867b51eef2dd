/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Known bugs of kernels, from a file of which each paragraph is one:
 *
 *   tests:   glob of PROGRAM:TEST
 *   message: glob for the lines by which such a test fails; several are
 *            alternatives, and each line of the failure must match one
 *   beside:  glob for lines that tell of no failure and may stand among them
 *   since:   first version that has the bug
 *   fixed:   mainline version that has not, and the commit, or "not yet"
 *   stable:  the first of each stable series that has the fix
 *   what:    what is wrong, in one line
 */
#ifndef RUNNER_KNOWN_H
#define RUNNER_KNOWN_H

#include "program.h"

struct version {
	unsigned int major, minor, patch;
};

struct known_bug {
	char *tests;
	struct list messages, beside;
	struct version since, fixed;
	bool has_since, has_fixed, not_yet;
	struct version *stable;
	unsigned int nr_stable;
	char *what;
	unsigned int line;		/* in the file, for messages */

	bool affected;			/* the running kernel has it */
	unsigned int passed, failed, seen;	/* results of its tests */
};

struct known_bugs {
	struct known_bug *all;
	unsigned int nr;
};

/* @path: NULL for none. Exits if the file cannot be understood. */
void known_read(struct known_bugs *known, const char *path);

/* What is wrong, if the failure of @t is a known bug of this kernel, or NULL. */
const char *known_explain(struct known_bugs *known, const char *program,
			  const struct test *t);

/* Counts the results of a program for known_not_seen(). */
void known_count(struct known_bugs *known, const struct program *p);

/* Whether this kernel should have the bug, and its tests passed. */
bool known_not_seen(const struct known_bug *bug);

#endif /* RUNNER_KNOWN_H */
