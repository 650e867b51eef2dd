/* SPDX-License-Identifier: GPL-2.0 */
/* A run of all programs. */
#ifndef RUNNER_SCHEDULE_H
#define RUNNER_SCHEDULE_H

#include "kernel_log.h"
#include "known.h"
#include "options.h"
#include "program.h"
#include "state.h"
#include "supervise.h"

struct run {
	const struct options *options;
	struct program *programs;	/* by name */
	unsigned int nr;
	struct known_bugs known;
	struct kernel_log log;
	struct durations durations;
	bool live;		/* a program is reported while it runs */
	bool begun;		/* the report has */
	unsigned int shown;	/* programs that are reported */
	unsigned int over;	/* programs that have ended */
	double started;
	double seconds;
	int status;		/* what the runner exits with */
};

/*
 * run_to_end() - runs a command and collects its output
 *
 * Returns false if it could not be run, or a signal asked to stop.
 */
bool run_to_end(const struct command *command, struct text *output,
		struct ending *ending);

/* Runs all programs, and reports each. */
void run_programs(struct run *run);

/* Ends all that runs and exits, if a signal asked for that. */
void run_stop_if_asked(const struct run *run);

#endif /* RUNNER_SCHEDULE_H */
