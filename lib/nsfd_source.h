/* SPDX-License-Identifier: GPL-2.0 */
/* The table of ways to get an nsfd. */
#ifndef SETNS_NSFD_SOURCE_H
#define SETNS_NSFD_SOURCE_H

#include "target.h"

enum nsfd_source_id {
	FROM_PROC,
	FROM_THREAD_PROC,
	FROM_BIND_MOUNT,
	FROM_PIDFD_IOCTL,
	FROM_OWNER_IOCTL,
	FROM_PARENT_IOCTL,
	FROM_FILE_HANDLE,
	NR_NSFD_SOURCES,
};

struct nsfd_source {
	const char *name;	/* as messages call the nsfd */
	ns_set types;		/* that it can give */
	/*
	 * Returns a descriptor of @t's namespace or a negative errno.  @nested
	 * is a target in a user and a pid namespace inside those of @t.
	 */
	int (*open)(const struct target *t, const struct target *nested,
		    enum ns_id id);
	/* The errno of a kernel that does not have it, or 0; and since when. */
	int missing;
	const char *since;
	/*
	 * The errno for a caller who is not root of the initial namespaces, on
	 * kernels that refuse it to others; or 0.
	 */
	int refused;
};

extern const struct nsfd_source nsfd_sources[NR_NSFD_SOURCES];

/*
 * Gives the test mounts of its own with a place for bind mounts.  A mount
 * namespace can be bound only in an older one, so call this before creating the
 * target.  Returns 0 or an errno.
 */
int nsfd_bind_mounts_setup(void);

#endif /* SETNS_NSFD_SOURCE_H */
