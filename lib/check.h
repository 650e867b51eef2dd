/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks of what a caller did.  Each returns NULL if all is as it has to be, or
 * one line that names the call, what was expected and what was found.  The line
 * is valid until the next check of the same caller.  A test hands it to
 * EXPECT_THAT().
 *
 * Every check also compares the state: of the caller before and after, of its
 * peer, and as the test sees it.  If several calls end in a wrong state, they are
 * made again and the state is read after each, to name the call that did it.
 */
#ifndef SETNS_CHECK_H
#define SETNS_CHECK_H

#include "caller.h"

/* Every call was refused with @err, and nothing changed for any task. */
const char *denied(struct caller *c, int err);

/* Every call succeeded and changed the state as its struct call says. */
const char *attached(struct caller *c);

/*
 * Call N ended with errs[N].  The calls that succeeded changed the state as
 * their struct call says, and the others changed nothing.
 */
const char *ended(struct caller *c, const int errs[]);

/* Every call succeeded, and the state afterwards is @expected. */
const char *reached(struct caller *c, const struct state *expected);

/* The state afterwards is @expected, however the calls ended. */
const char *ended_in(struct caller *c, const struct state *expected);

/* Puts a context before a message; NULL stays NULL. */
const char *explain(struct caller *c, const char *message, const char *fmt,
		    ...) __printf(3, 4);

#endif /* SETNS_CHECK_H */
