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
	/* Runs in the test before it creates a target; or NULL. */
	int (*setup)(void);
	/*
	 * Returns a descriptor of @t's namespace or a negative errno.  With
	 * @from_nested it is a namespace of the target around @t.
	 */
	int (*open)(const struct target *t, enum ns_id id);
	bool from_nested;
	/* The errnos of kernels that do not have this source, and the reasons. */
	struct {
		int err;
		const char *reason;
	} missing[2];
	/*
	 * The errno for a caller who is not root of the initial namespaces, on
	 * kernels that refuse the source to all others; or 0.
	 */
	int refused;
};

extern const struct nsfd_source nsfd_sources[NR_NSFD_SOURCES];

/* Opens the nsfds of @types; fds[] gets descriptors or negative errnos. */
void nsfd_source_open(const struct nsfd_source *source, const struct target *t,
		      ns_set types, int fds[NR_NS_TYPES]);

/* Whether opening failed with @err for every one of @types. */
bool nsfd_source_fails(const int fds[NR_NS_TYPES], ns_set types, int err);

/*
 * The reason to skip if fds[] of @types show that this kernel does not have the
 * source.  NULL if it has, also if some of them could not be opened.
 */
const char *lacks_nsfd_source(const struct nsfd_source *source, ns_set types,
			      const int fds[NR_NS_TYPES]);

/*
 * Why the test is not root of the initial namespaces, to whom newer kernels
 * restrict some sources; NULL if it is.  Call this as AS_ROOT.
 */
const char *lacks_initial_namespaces(void);

/*
 * Gives the test mounts of its own with a place for bind mounts.  A mount
 * namespace can be bound only in an older one, so call this before creating the
 * target.  Returns 0 or an errno.
 */
int nsfd_bind_mounts_setup(void);

#endif /* SETNS_NSFD_SOURCE_H */
