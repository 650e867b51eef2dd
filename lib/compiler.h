/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel has by these names, and its fixed-size types. */
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

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#endif /* SETNS_COMPILER_H */
