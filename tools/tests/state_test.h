/* SPDX-License-Identifier: GPL-2.0 */
/* What state_test.c, which runs and judges the tests, and state_*.c share. */
#ifndef SETNS_STATE_TEST_H
#define SETNS_STATE_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/child.h"
#include "../../lib/proc.h"
#include "../../lib/state.h"

/*
 * A test runs in a child of its own: it prepares, calls begin(), changes
 * something, tells by want_change() in the order of lib/state.h what state_diff()
 * has to say, and calls end().
 */
struct change {
	const char *name;
	void (*make)(void);
};

/* The last row of each has no name. */
extern const struct change task_changes[];
extern const struct change namespace_changes[];
extern const struct change content_changes[];

/* A directory to mount on, in mounts of the test's own. */
extern const char *directory;

/* Reads the state before the change; the second also forks a child to look. */
void begin(void);
void begin_with_child(void);

/* One property that the change has to change. */
void want_change(const char *fmt, ...) __printf(1, 2);

/* Reads the state after the change and compares. */
void end(void);

/*
 * Either state can be that of a new child, which calls @enter first unless that
 * is NULL.  After the second of these calls comes compare().
 */
void begin_in_child(void (*enter)(void));
void read_after_in_child(void (*enter)(void));

/* Fails the test unless the states differ in what is wanted, and only in that. */
void compare(void);

/* Fails the test unless a system call succeeded. */
void step(const char *what, int ret);

void fail(const char *fmt, ...) __printf(1, 2) __noreturn;
void skip(const char *fmt, ...) __printf(1, 2) __noreturn;

#endif /* SETNS_STATE_TEST_H */
