/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Leaks of namespaces, told without a debugging kernel.  In a user namespace of
 * its own the test limits the number of namespaces (user.max_*_namespaces,
 * namespaces(7)).  With a limit of one, a namespace can be created only if none
 * is left over.
 */
#ifndef SETNS_NS_LIMIT_H
#define SETNS_NS_LIMIT_H

#include "caller.h"

/*
 * The kernel frees namespaces in the background.  That takes less than 0.1 s on
 * an idle machine and seconds on a busy one.  A leak never ends.
 */
#define NS_LIMIT_WAIT_MS	30000
#define NS_LIMIT_WAIT_ENV	"SETNS_LEAK_MS"

/* Sets the limit of each of @types, here and below.  Returns 0 or an errno. */
int ns_limit_set(ns_set types, unsigned int number);

/*
 * Checks, as those of check.h, that no namespace of @types is left over of
 * those that the test and its children created.  Waits until clock_ms() is
 * @until.
 *
 * A run under "perf stat PROGRAM" shows user namespaces as left over.  This was
 * seen on Linux 6.18: a counter that children inherit keeps dead tasks, whose
 * credentials hold user namespaces.  Under perf stat -i or -a nothing is left.
 */
const char *all_freed(struct caller *c, ns_set types, __s64 until);

/* CLOCK_MONOTONIC in milliseconds. */
__s64 clock_ms(void);

/* clock_ms() after the time that the kernel may take, from now on. */
__s64 freed_by(void);

#endif /* SETNS_NS_LIMIT_H */
