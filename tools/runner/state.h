/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is remembered from run to run. All of it may be missing, and nothing is
 * said if it cannot be written: a run does not depend on it.
 */
#ifndef RUNNER_STATE_H
#define RUNNER_STATE_H

#include "program.h"

struct durations {
	struct list names;
	double *seconds;
};

void durations_read(struct durations *d, const char *dir);

/* Seconds, or -1 if it is not known. */
double durations_of(const struct durations *d, const char *program);

void durations_write(struct durations *d, const char *dir,
		     const struct program *programs, unsigned int nr);

/* Adds PROGRAM:TEST, or PROGRAM:*, for what failed. False if no run is known. */
bool failed_read(struct list *failed, const char *dir);

/* What did not run now is as it was. */
void failed_write(const char *dir, const struct program *programs,
		  unsigned int nr);

#endif /* RUNNER_STATE_H */
