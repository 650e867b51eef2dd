/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a directory is: device, inode, and mount.  This is a file of its own
 * because it needs stx_mnt_id of <linux/stat.h>, which cannot be included
 * together with <sys/stat.h>.
 */
#ifndef SETNS_PLACE_H
#define SETNS_PLACE_H

#include <linux/types.h>

/* statx(2) of @path, links followed.  Returns 0 or an errno. */
int place_read(const char *path, __u64 *dev, __u64 *ino, __u64 *mount);

#endif /* SETNS_PLACE_H */
