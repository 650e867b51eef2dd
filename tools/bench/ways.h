/* SPDX-License-Identifier: GPL-2.0 */
/* The ways to attach to a target's namespaces: the one table. */
#ifndef SETNS_WAYS_H
#define SETNS_WAYS_H

#include "../../lib/target.h"
#include "series.h"

/* What is attached to, as the ways below see it. */
struct job {
	ns_set set;
	int flags;
};

/* The first is what the others are a multiple of. */
enum way_id {
	PIDFD_HELD,
	PIDFD_OPENED,
	NSFDS_HELD,
	NSFDS_OPENED,
	NSFDS_BY_IOCTL,
	NR_WAYS,
};

struct way {
	const char *name;
	/* Attaches to all of a job's types: 0, or -1 and errno. */
	int (*attach)(const struct job *job);
	/* Whether this kernel has it; NULL for one that every kernel has. */
	bool (*available)(void);
};

extern const struct way ways[NR_WAYS];

/* Whom they attach to.  Call ways_ready() when it is made. */
extern struct target way_target;
void ways_ready(void);

/* The ways that this kernel has, one for each of a series' own. */
void add_ways(struct series *s, const struct way *of[NR_WAYS]);

/* @nr of @types, the first ones in the kernel's order. */
struct job first_types(ns_set types, unsigned int nr);

/* Attaches, or dies. */
void attach(const struct way *way, const struct job *job);

/* The nanoseconds that it takes, without those of looking at the clock. */
__s64 time_attach(const struct way *way, const struct job *job);

/* The system calls that an attach makes, counted by ptrace(2); 0: unknown. */
unsigned int count_calls(const struct way *way, const struct job *job);

#endif /* SETNS_WAYS_H */
