/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks: what a target leaves in its namespaces.  They show a task that attaches
 * to a namespace by its content which one it is, not only by an inode number.
 */
#ifndef SETNS_MARKS_H
#define SETNS_MARKS_H

#include "namespaces.h"

/* Targets are numbered from 1.  A mark contains the number of its target. */
#define MARK_TARGETS	4
#define MARK_HOSTNAME	"setns-target-%u"	/* uts */
#define MARK_FILE	"/setns-target"		/* mnt: a digit in a file */
#define MARK_SOCKET	"setns-selftest-%u"	/* net: an abstract socket */
#define MARK_MQUEUE	"setns-selftest"	/* ipc: mq_maxmsg */
#define MARK_MSG_KEY	0x5e7e5			/* ipc: msg_qbytes */

/*
 * Marks the calling process's namespaces of the types in @set, in which there
 * must be no other process.  A mount namespace gets a tmpfs on top of its root,
 * and the process moves there.  A mark that this kernel does not support is left
 * out.  Returns 0 or an errno.  After an error *@step says what failed.
 */
int marks_leave(ns_set set, unsigned int number, const char **step);

/* The number in the mark of the caller's namespace; 0 if there is no mark. */
unsigned int mark_file(void);
unsigned int mark_msg(void);
unsigned int mark_mqueue(void);
unsigned int mark_socket(void);

/* Connects a datagram socket to the mark of target @number: 0 or an errno. */
int mark_socket_connect(int fd, unsigned int number);

#endif /* SETNS_MARKS_H */
