/* SPDX-License-Identifier: GPL-2.0 */
/* Reads the TAP or KTAP of one run of a program into its record. */
#ifndef RUNNER_TAP_H
#define RUNNER_TAP_H

#include "known.h"
#include "program.h"
#include "select.h"

struct tap {
	struct program *program;
	const struct selection *selection;
	struct known_bugs *known;
	struct text partial;		/* a line without its end */
	struct list diag;		/* said since the last result */
	unsigned int said[NR_KINDS];	/* results as the program gave them */
	unsigned int results;
	struct list errors;		/* against the rules of TAP */
	bool plan_in_between;		/* there were results before the plan */
	size_t kept;			/* bytes of diagnostics */
	size_t dropped;			/* lines of them that were too many */
};

void tap_read(struct tap *tap, const char *bytes, size_t len);

/* The output has ended. */
void tap_end(struct tap *tap);

void tap_free(struct tap *tap);

#endif /* RUNNER_TAP_H */
