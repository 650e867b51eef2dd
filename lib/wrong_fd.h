/* SPDX-License-Identifier: GPL-2.0 */
/* The table of files that stand for no process and for no namespace. */
#ifndef SETNS_WRONG_FD_H
#define SETNS_WRONG_FD_H

#define NR_WRONG_FDS	12

struct wrong_fd {
	const char *name;
	int (*open)(void);	/* returns a descriptor or a negative errno */
	int absent;	/* the errno where the system has no such file, or 0 */
};

extern const struct wrong_fd wrong_fds[NR_WRONG_FDS];

#endif /* SETNS_WRONG_FD_H */
