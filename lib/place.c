// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <linux/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "place.h"

/* In some C libraries <fcntl.h> and <linux/stat.h> define the same names. */
#ifndef AT_FDCWD
#define AT_FDCWD	-100
#define AT_NO_AUTOMOUNT	0x800
#endif

int place_read(const char *path, __u64 *dev, __u64 *ino, __u64 *mount)
{
	struct statx st = { 0 };

	if (syscall(__NR_statx, AT_FDCWD, path, AT_NO_AUTOMOUNT,
		    STATX_INO | STATX_MNT_ID, &st))
		return errno;
	*dev = (__u64)st.stx_dev_major << 32 | st.stx_dev_minor;
	*ino = st.stx_ino;
	*mount = st.stx_mnt_id;
	return 0;
}
