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
	const char *name;	/* of the nsfd, in messages */
	ns_set types;		/* those whose nsfds this source can give */
	/* Runs in the test before it creates a target.  May be NULL. */
	int (*setup)(void);
	/*
	 * Returns an nsfd of @t's namespace, or with @from_nested an nsfd of the
	 * namespace around it.  Returns a negative errno if that fails.
	 */
	int (*open)(const struct target *t, enum ns_id id);
	bool from_nested;
	/* Errnos of kernels without this source, and what a skip says. */
	struct {
		int err;
		const char *reason;
	} missing[2];
	/*
	 * The errno on kernels that restrict this source to root of the initial
	 * namespaces.  0 if there are no such kernels.
	 */
	int refused;
};

extern const struct nsfd_source nsfd_sources[NR_NSFD_SOURCES];

/* Opens the nsfds of @types.  fds[] gets descriptors or negative errnos. */
void nsfd_source_open(const struct nsfd_source *source, const struct target *t,
		      ns_set types, int fds[NR_NS_TYPES]);

/* Whether opening failed with @err for every one of @types. */
bool nsfd_source_fails(const int fds[NR_NS_TYPES], ns_set types, int err);

/*
 * The reason to skip if fds[] of @types show that this kernel does not have the
 * source.  NULL if it has the source, even if opening some nsfds failed.
 */
const char *lacks_nsfd_source(const struct nsfd_source *source, ns_set types,
			      const int fds[NR_NS_TYPES]);

/*
 * Why the test, which is AS_ROOT, is not root of the initial namespaces; NULL if
 * it is.
 */
const char *lacks_initial_namespaces(void);

/*
 * Moves the test into a new mount namespace with a directory for bind mounts.
 * A mount namespace can be bound only in an older one, so call this before
 * creating the target.  Returns 0 or an errno.
 */
int nsfd_bind_mounts_setup(void);

#endif /* SETNS_NSFD_SOURCE_H */
