/* SPDX-License-Identifier: GPL-2.0 */
/* Attributes by the kernel's names, and its fixed-size types. */
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

#endif /* SETNS_COMPILER_H */
