/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Series of measurements, and what is told of them.  A trouble ends the
 * program, or the child, with one line and status 2.
 */
#ifndef SETNS_SERIES_H
#define SETNS_SERIES_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "../../lib/compiler.h"

#define MOST_X		8
#define MOST_WAYS	8

/* What was measured: each @way at each @x in each round. */
struct series {
	const char *name;
	const char *what;
	const char *x_name;
	/*
	 * What a ratio is a multiple of, in the same round: the same way at
	 * the first x, or else the first way at the same x.
	 */
	bool against_first_x;
	unsigned int nr_x, nr_ways, rounds;
	unsigned int x[MOST_X];
	const char *way[MOST_WAYS];
	unsigned int calls[MOST_X][MOST_WAYS];	/* system calls; 0: unknown */
	__s64 *ns;				/* shared with children */
};

/* Makes room for the rounds. */
void series_start(struct series *s);

/* Where a measurement belongs. */
__s64 *series_at(const struct series *s, unsigned int round, unsigned int x,
		 unsigned int way);

/* The way whose turn it is: each round starts with another one. */
unsigned int series_turn(const struct series *s, unsigned int round,
			 unsigned int i);

/* Prints KTAP diagnostics, and rows to @csv unless that is NULL. */
void series_report(const struct series *s, FILE *csv);
void series_csv_head(FILE *csv);

/* Nanoseconds by a clock that no time namespace shifts. */
__s64 now(void);

/* What looking at it takes, the median of many looks. */
__s64 clock_cost(void);

/* Keeps the caller to one of the CPUs that it had, counted in a ring. */
void pin(unsigned int nth);

/* The number of these. */
unsigned int nr_cpus(void);

/* Memory that is shared with children, all 0. */
void *shared(size_t size);

/* A child that does not outlive this program, and its end in success. */
pid_t fork_child(void);
void reap(pid_t pid);

__noreturn __printf(1, 2) void die(const char *fmt, ...);

#endif /* SETNS_SERIES_H */
