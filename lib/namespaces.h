/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the namespaces are: the one table.
 *
 * A row is a type.  Rows stand in the order in which validate_nsset() in
 * kernel/nsproxy.c installs them, which is the order of every loop here, so
 * that "the nsfds of the same set one by one" follows the kernel's own.  There
 * the user namespace is first, by whose capabilities the others are judged.
 */
#ifndef SETNS_NAMESPACES_H
#define SETNS_NAMESPACES_H

#include <linux/sched.h>
#include <stdbool.h>
#include <stddef.h>

#include "compiler.h"
#include "pidfd.h"

/*
 * X(ID, link under /proc/PID/ns, flag, pidfd ioctl,
 *   link of the namespace of the children or NULL, its pidfd ioctl or 0)
 */
#define NS_TYPES(X) \
	X(USER, "user", CLONE_NEWUSER, PIDFD_GET_USER_NAMESPACE, NULL, 0) \
	X(MNT, "mnt", CLONE_NEWNS, PIDFD_GET_MNT_NAMESPACE, NULL, 0) \
	X(UTS, "uts", CLONE_NEWUTS, PIDFD_GET_UTS_NAMESPACE, NULL, 0) \
	X(IPC, "ipc", CLONE_NEWIPC, PIDFD_GET_IPC_NAMESPACE, NULL, 0) \
	X(PID, "pid", CLONE_NEWPID, PIDFD_GET_PID_NAMESPACE, \
	  "pid_for_children", PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE) \
	X(CGROUP, "cgroup", CLONE_NEWCGROUP, PIDFD_GET_CGROUP_NAMESPACE, \
	  NULL, 0) \
	X(NET, "net", CLONE_NEWNET, PIDFD_GET_NET_NAMESPACE, NULL, 0) \
	X(TIME, "time", CLONE_NEWTIME, PIDFD_GET_TIME_NAMESPACE, \
	  "time_for_children", PIDFD_GET_TIME_FOR_CHILDREN_NAMESPACE)

#define NS_TYPES_ID(id, ...) NS_##id,
enum ns_id {
	NS_TYPES(NS_TYPES_ID)
	NR_NS_TYPES,
	NS_NONE = NR_NS_TYPES,	/* "of no namespace": what no attach moves */
};

/* A task has a namespace of a type for itself and one for its children. */
enum ns_whose {
	NS_ACTIVE,
	NS_CHILDREN,
	NR_NS_WHOSE,
};

struct ns_type {
	const char *name;			/* "mnt" */
	int flag;				/* CLONE_NEWNS */
	const char *flag_name;			/* "CLONE_NEWNS" */
	const char *link[NR_NS_WHOSE];		/* under /proc/PID/ns, or NULL */
	unsigned long get[NR_NS_WHOSE];		/* pidfd ioctl, or 0 */
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
#define for_each_link(id, whose) \
	for_each_ns(id) \
		for (enum ns_whose whose = 0; whose < NR_NS_WHOSE; whose++) \
			if (ns_types[id].link[whose])
/* Every set with at least one type in it, all of them of @within. */
#define for_each_subset(set, within) \
	for (ns_set set = 1; set <= NS_ALL; set++) \
		if (!(set & ~(within)))

/* The flags of all types, as a constant. */
#define NS_TYPES_FLAG(id, name, flag, ...) | (flag)
#define NS_ALL_FLAGS (0 NS_TYPES(NS_TYPES_FLAG))

/* The flags of setns(2) for @set. */
int ns_flags(ns_set set);

/*
 * "CLONE_NEWNS|CLONE_NEWUTS", "0", or "CLONE_NEWNS|0x100" where a bit stands
 * for no namespace.  One of a few static buffers, used in turn.
 */
const char *ns_flag_names(int flags);

/* The types this kernel was built with: those that have a link in /proc. */
ns_set ns_supported(void);

#endif /* SETNS_NAMESPACES_H */
