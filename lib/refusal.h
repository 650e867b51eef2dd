/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Situations in which setns(2) on a pidfd refuses some sets of types, and checks
 * that call it with these sets.
 */
#ifndef SETNS_REFUSAL_H
#define SETNS_REFUSAL_H

#include "sem_undo.h"

/* Sets with a type in @with and none in @without are refused with @err. */
struct refusal {
	ns_set with, without;
	int err;	/* 0 in an unused entry */
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

/* Prepares the next caller for @cause.  It also checks the undo and a child. */
void situation_set(struct situation *s, const struct cause *cause);

/*
 * A hook for @before_call.  A caller that has attached to a user namespace has
 * all capabilities there, and has to drop them again.
 */
int drop_again(struct caller *c, unsigned int i, void *arg);

/*
 * A check like those of check.h: setns(2) on the pidfd of @t refuses every set
 * within @types that refusal @i of @cause is for, and changes nothing.  One
 * caller makes all the calls.
 */
const char *refused_as(struct situation *s, const struct cause *cause,
		       unsigned int i, const struct target *t, ns_set types);

/* The same for every refusal of @cause. */
const char *refused_all(struct situation *s, const struct cause *cause,
			const struct target *t, ns_set types);

#endif /* SETNS_REFUSAL_H */
