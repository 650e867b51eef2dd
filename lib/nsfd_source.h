/* SPDX-License-Identifier: GPL-2.0 */
/* The ways to get an nsfd: the one table. */
#ifndef SETNS_NSFD_SOURCE_H
#define SETNS_NSFD_SOURCE_H

#include "target.h"

enum nsfd_source_id {
	BY_PROC,
	BY_THREAD_PROC,
	BY_BIND_MOUNT,
	BY_PIDFD_IOCTL,
	BY_OWNER_IOCTL,
	BY_PARENT_IOCTL,
	BY_FILE_HANDLE,
	NR_NSFD_SOURCES,
};

struct nsfd_source {
	const char *name;
	ns_set types;			/* that can be got like this */
	unsigned int major, minor;	/* the first Linux that has it */
	/*
	 * A descriptor of @t's namespace, or a negative errno.  @nested is a
	 * target in a user and a pid namespace inside of @t's.
	 */
	int (*open)(const struct target *t, const struct target *nested,
		    enum ns_id id);
};

extern const struct nsfd_source nsfd_sources[NR_NSFD_SOURCES];

/*
 * Gives the test mounts of its own with a place for bind mounts; 0 or an
 * errno.  A mount namespace can be bound only in one that is older: call it
 * before the target is made.
 */
int nsfd_bind_mounts_prepare(void);

#endif /* SETNS_NSFD_SOURCE_H */
