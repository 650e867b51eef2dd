/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks: what a target leaves in its namespaces, so that whoever attaches to
 * one can tell by its content where it is, not only by its inode number.
 */
#ifndef SETNS_MARKS_H
#define SETNS_MARKS_H

#include "namespaces.h"

/* Targets are numbered from 1.  A mark tells its target's number. */
#define MARK_TARGETS	4
#define MARK_HOSTNAME	"setns-target-%u"	/* uts */
#define MARK_FILE	"/setns-target"		/* mnt: a digit in a file */
#define MARK_SOCKET	"setns-selftest-%u"	/* net: an abstract socket */
#define MARK_MQUEUE	"setns-selftest"	/* ipc: mq_maxmsg */
#define MARK_MSG_KEY	0x5e7e5			/* ipc: msg_qbytes */

/*
 * Marks the caller's namespaces of the types in @set, of which it must be the
 * only user.  Mounts get a tmpfs on top of the root, and the caller moves
 * there.  A mark that this kernel has no means for is left out.  Returns 0 or
 * an errno; then *@step says what failed.
 */
int marks_leave(ns_set set, unsigned int number, const char **step);

/* The number of the target that left the mark which the caller finds, or 0. */
unsigned int mark_file(void);
unsigned int mark_msg(void);
unsigned int mark_mqueue(void);
unsigned int mark_socket(void);

/* Connects a datagram socket to the mark of target @number: 0 or an errno. */
int mark_socket_connect(int fd, unsigned int number);

#endif /* SETNS_MARKS_H */
