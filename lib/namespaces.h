/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of namespace types.
 *
 * Rows are in the order in which validate_nsset() in kernel/nsproxy.c installs
 * the types.  Every loop over types follows that order, so a loop over nsfds
 * attaches in the same order as one setns(2) on a pidfd.  The user namespace
 * comes first, as it decides about the capabilities over the others.
 */
#ifndef SETNS_NAMESPACES_H
#define SETNS_NAMESPACES_H

#include <linux/sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "compiler.h"
#include "../pidfd.h"

/*
 * X(ID, link in /proc/PID/ns, flag, pidfd ioctl)
 * Y(the same, link of the namespace for children, its pidfd ioctl): a task's
 * children can be in another namespace of this type than the task itself.
 */
#define NS_TYPES(X, Y) \
	X(USER, "user", CLONE_NEWUSER, PIDFD_GET_USER_NAMESPACE) \
	X(MNT, "mnt", CLONE_NEWNS, PIDFD_GET_MNT_NAMESPACE) \
	X(UTS, "uts", CLONE_NEWUTS, PIDFD_GET_UTS_NAMESPACE) \
	X(IPC, "ipc", CLONE_NEWIPC, PIDFD_GET_IPC_NAMESPACE) \
	Y(PID, "pid", CLONE_NEWPID, PIDFD_GET_PID_NAMESPACE, \
	  "pid_for_children", PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE) \
	X(CGROUP, "cgroup", CLONE_NEWCGROUP, PIDFD_GET_CGROUP_NAMESPACE) \
	X(NET, "net", CLONE_NEWNET, PIDFD_GET_NET_NAMESPACE) \
	Y(TIME, "time", CLONE_NEWTIME, PIDFD_GET_TIME_NAMESPACE, \
	  "time_for_children", PIDFD_GET_TIME_FOR_CHILDREN_NAMESPACE)

#define NS_TYPES_ID(id, ...) NS_##id,
enum ns_id {
	NS_TYPES(NS_TYPES_ID, NS_TYPES_ID)
	NR_NS_TYPES,
	NS_NONE = NR_NS_TYPES,	/* of a property that belongs to no type */
};

/* A task has a namespace for itself and, of some types, one for its children. */
enum ns_slot {
	NS_ACTIVE,
	NS_CHILDREN,
	NR_NS_SLOTS,
};

struct ns_type {
	const char *name;			/* "mnt" */
	int flag;				/* CLONE_NEWNS */
	const char *flag_name;			/* "CLONE_NEWNS" */
	const char *link[NR_NS_SLOTS];		/* in /proc/PID/ns, or NULL */
	const char *path[NR_NS_SLOTS];		/* in /proc/PID, or NULL */
	unsigned long get[NR_NS_SLOTS];		/* pidfd ioctl, or 0 */
};

extern const struct ns_type ns_types[NR_NS_TYPES];

/* A set of types: bit N stands for row N. */
typedef unsigned int ns_set;

#define NS_BIT(id)	(1U << (id))
#define NS_ALL		((1U << NR_NS_TYPES) - 1)

#define for_each_ns(id) \
	for (enum ns_id id = 0; id < NR_NS_TYPES; id++)
#define for_each_ns_in(id, set) \
	for_each_ns(id) \
		if ((set) & NS_BIT(id))
#define for_each_link(id, slot) \
	for_each_ns(id) \
		for (enum ns_slot slot = 0; slot < NR_NS_SLOTS; slot++) \
			if (ns_types[id].link[slot])
/* Every set that is not empty and has no type outside @within. */
#define for_each_subset(set, within) \
	for (ns_set set = 1; set <= NS_ALL; set++) \
		if (!(set & ~(within)))

/* The flags of all types, as a constant. */
#define NS_TYPES_FLAG(id, name, flag, ...) | (flag)
#define NS_ALL_FLAGS (0 NS_TYPES(NS_TYPES_FLAG, NS_TYPES_FLAG))

/* The flags of setns(2) for @set. */
int ns_flags(ns_set set);

/* The types that @flags name. */
ns_set ns_of_flags(int flags);

/*
 * "CLONE_NEWNS|CLONE_NEWUTS", "0", or "CLONE_NEWNS|0x100" where a bit stands
 * for no namespace.  The text is in one of four static buffers, used in turn.
 */
const char *ns_flag_names(int flags);

/* "mnt, uts".  The text is in a static buffer. */
const char *ns_names(ns_set set);

/* stat(2) of the calling thread's namespace.  Returns 0 or an errno. */
int ns_stat(enum ns_id id, struct stat *st);

/* The types that have a link in /proc/self/ns. */
ns_set ns_supported(void);

#endif /* SETNS_NAMESPACES_H */
