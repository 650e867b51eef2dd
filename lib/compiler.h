/* SPDX-License-Identifier: GPL-2.0 */
/* Names that the kernel's own code has, and the one bound on every wait. */
#ifndef SETNS_COMPILER_H
#define SETNS_COMPILER_H

#include <linux/types.h>

#ifndef __noreturn
#define __noreturn	__attribute__((__noreturn__))
#endif
#ifndef __printf
#define __printf(a, b)	__attribute__((__format__(printf, a, b)))
#endif
#ifndef __aligned
#define __aligned(n)	__attribute__((__aligned__(n)))
#endif
#ifndef __maybe_unused
#define __maybe_unused	__attribute__((__unused__))
#endif

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

/*
 * Seconds after which a process that does not answer counts as stuck.  It is
 * far above what an emulated machine with a debugging kernel needs, and below
 * the time limit of a test (harness.h).
 */
#define WAIT_LIMIT_S	100

#endif /* SETNS_COMPILER_H */
