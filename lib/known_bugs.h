/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Known bugs of kernels that tests here show: the one table.
 *
 * A test that shows one keeps its right expectation.  Where it fails on a
 * kernel in the bug's range it is reported as an expected failure, anywhere
 * else it fails, and where it passes it passes.
 */
#ifndef SETNS_KNOWN_BUGS_H
#define SETNS_KNOWN_BUGS_H

#include <stdbool.h>

enum known_bug {
	BUG_MNT_SHARED_FS,
	BUG_MNT_BIND_ORDER,
	BUG_USER_FAULT_ERRNO,
	BUG_CRED_LEAK,
	NR_KNOWN_BUGS,
};

/* Whether the running kernel is in the bug's range, and SETNS_STRICT unset. */
bool known_bug_here(enum known_bug bug);

/* One line: what is wrong, in which versions, and where the source shows it. */
const char *known_bug_text(enum known_bug bug);

/* Whether the running kernel is older than @major.@minor, by uname(2). */
bool kernel_before(unsigned int major, unsigned int minor);

#endif /* SETNS_KNOWN_BUGS_H */
