/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fault injection: the kernel fails the Nth allocation, or other place that can
 * fail, that a task comes to from now on (/proc/PID/fail-nth, see
 * Documentation/fault-injection in the kernel).
 */
#ifndef SETNS_FAULT_H
#define SETNS_FAULT_H

#include "target.h"

/* Settings of fault injection while a test runs. */
struct fault_knobs {
	pid_t keeper;	/* the process that puts the old settings back */
	int lifeline;	/* a socket; the keeper does so when it is closed */
};

/*
 * Sets the knobs in debugfs so that the allocations of setns(2) can fail.  By
 * default the kernel spares them.  A process puts the knobs back when the test
 * has ended, even if it was killed.  If debugfs is not mounted, the test gets a
 * mount namespace in which it is.  Returns 0 or an errno.  After an error *@step
 * says what failed.
 */
int fault_knobs_set(struct fault_knobs *knobs, const char **step);

/* Puts the knobs back.  Returns 0 or an errno. */
int fault_knobs_reset(struct fault_knobs *knobs);

/* The reason to skip if @err of @step means that faults cannot be injected. */
const char *lacks_faults(int err, const char *step);

/* Opens the thread's fail-nth.  Returns a descriptor or a negative errno. */
int fault_open(void);

/*
 * Makes the @nth place fail that the thread comes to, or none if @nth is 0.
 * Returns 0 or an errno.
 */
int fault_arm(int fd, unsigned int nth);

/* Ends what fault_arm() began.  Returns whether a place has failed. */
bool fault_disarm(int fd);

#endif /* SETNS_FAULT_H */
