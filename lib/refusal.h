/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Situations in which setns(2) refuses some sets of types, and the calls with
 * these sets.
 */
#ifndef SETNS_REFUSAL_H
#define SETNS_REFUSAL_H

#include "sem_undo.h"

/* Sets with a type in @with and none in @without are refused with @err. */
struct refusal {
	ns_set with, without;
	int err;	/* 0 where there is no refusal */
};

#define MAX_REFUSALS	2

/* A cause of refusals. */
struct cause {
	enum caller_peer peer;
	int (*drop)(void);	/* drops capabilities of the caller, or NULL */
	struct refusal refusals[MAX_REFUSALS];
};

/* A caller with a semaphore undo, and the cause of its refusals. */
struct situation {
	struct caller *c;
	struct sem_undo *undo;
	const struct cause *cause;
};

/* The refusal of @cause for @set, or NULL if the call succeeds. */
const struct refusal *refusal_of(const struct cause *cause, ns_set set);

/* Resets the caller for @cause, to look at its undo and at a child as well. */
void situation_set(struct situation *s, const struct cause *cause);

/*
 * A hook before calls with user: a caller that attached to a user namespace has
 * all capabilities there, and drops them again.
 */
int drop_again(struct caller *c, unsigned int i, void *arg);

/*
 * Checks, as those of check.h.  One caller calls setns(2) on the pidfd of @t
 * with every set within @types that refusal @i of @cause is for.  Each call is
 * refused, and nothing changes.
 */
const char *refused_as(struct situation *s, const struct cause *cause,
		       unsigned int i, const struct target *t, ns_set types);

/* The same for every refusal of @cause. */
const char *refused_all(struct situation *s, const struct cause *cause,
			const struct target *t, ns_set types);

#endif /* SETNS_REFUSAL_H */
