/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Room for namespaces: in a user namespace of its own the test may have only
 * so many of each type (user.max_* in namespaces(7)), so that one which is
 * pinned by a leak can be told without a debugging kernel.
 */
#ifndef SETNS_ROOM_H
#define SETNS_ROOM_H

#include "caller.h"

/*
 * The kernel cleans up namespaces behind our back.  That takes less than 0.1 s
 * on an idle machine, seconds on one with a load of 15; a leak never ends.
 */
#define ROOM_PATIENCE_MS 30000
#define ROOM_PATIENCE_ENV "SETNS_ROOM_MS"

/* Limits each of @types to @number here and in all below; 0 or an errno. */
int room_limit(ns_set types, unsigned int number);

/* What room_take() returns where more than @number can be had. */
#define ROOM_TOO_MUCH	126

/*
 * Makes @number of each of @types at the same time, the limit, sees that there
 * is no room for one more, and lets them go.  0, ROOM_TOO_MUCH or an errno.
 */
int room_take(ns_set types, unsigned int number);

/* CLOCK_MONOTONIC in milliseconds. */
__s64 room_clock_ms(void);

/*
 * When to give up on the kernel's cleaning up, if that begins now: after
 * ROOM_PATIENCE_MS, or what stands in the environment.
 */
__s64 room_until(void);

/*
 * The verdict on room_take(), while it is ENOSPC again and again until
 * room_clock_ms() @until: NULL, or a line that names the type of which one is
 * left over.  The line is in @a.
 */
const char *room_verdict(struct attempt *a, ns_set types, unsigned int number,
			 __s64 until);

#endif /* SETNS_ROOM_H */
