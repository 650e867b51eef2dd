/* SPDX-License-Identifier: GPL-2.0 */
/* Names of errnos.  Older C libraries lack strerrorname_np(3). */
#ifndef SETNS_ERRNO_NAME_H
#define SETNS_ERRNO_NAME_H

#include <errno.h>
#include <stdio.h>

#include "compiler.h"

#define ERRNO_NAMES(X) \
	X(EPERM) X(ENOENT) X(ESRCH) X(EINTR) X(EIO) X(E2BIG) X(EBADF) X(ECHILD) \
	X(EAGAIN) X(ENOMEM) X(EACCES) X(EFAULT) X(EBUSY) X(EEXIST) \
	X(ENODEV) X(ENOTDIR) X(EINVAL) X(ENFILE) X(EMFILE) X(ENOTTY) \
	X(ENOSPC) X(EROFS) X(EPIPE) X(ENOSYS) X(EPROTO) X(EMSGSIZE) X(EUSERS) \
	X(EOPNOTSUPP) X(ETIMEDOUT) X(ECONNREFUSED) X(ESTALE)

#define ERRNO_NAME_ROW(e) { e, #e },

/* "EPERM" for EPERM, "success" for 0, "errno N" for one that is not listed. */
static inline const char *errno_name(int err)
{
	static const struct {
		int err;
		const char *name;
	} names[] = {
		{ 0, "success" },
		ERRNO_NAMES(ERRNO_NAME_ROW)
	};
	static char number[32];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].err == err)
			return names[i].name;
	snprintf(number, sizeof(number), "errno %d", err);
	return number;
}

#endif /* SETNS_ERRNO_NAME_H */
