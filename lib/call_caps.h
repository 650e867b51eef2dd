/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A caller that makes each call with other effective capabilities.  It keeps
 * its permitted ones, so that it can raise again what it lowered.
 */
#ifndef SETNS_CALL_CAPS_H
#define SETNS_CALL_CAPS_H

#include <sys/capability.h>

#include "caller.h"

/* The number of capabilities that a set can hold. */
#define CAPS_MAX	64

#define CAP_BIT(cap)	(1ULL << (cap))

struct call_caps {
	__u64 permitted;		/* of the caller, throughout */
	__u64 effective[CALLER_CALLS];	/* for call N */
};

/* Reads the calling thread's permitted capabilities.  Returns 0 or an errno. */
int caps_permitted(__u64 *caps);

/*
 * Sets the permitted and the effective capabilities of the calling thread, and
 * clears the inheritable ones.  Returns 0 or an errno.
 */
int caps_set(__u64 permitted, __u64 effective);

/* Writes the capabilities in @caps to @list.  Returns how many there are. */
unsigned int caps_list(__u64 caps, cap_value_t list[CAPS_MAX]);

/* Resets @c and sets the hooks that apply @caps. */
void caller_with_caps(struct caller *c, struct call_caps *caps);

/* Makes the call that was added last with these effective capabilities. */
void call_with_caps(struct caller *c, __u64 effective);

#endif /* SETNS_CALL_CAPS_H */
