/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A task's state: one snapshot of all that setns(2) may or may not change,
 * and the one comparison of two of them.
 *
 * A fact is either of a namespace type, so that attaching to such a namespace
 * moves it, or of none, so that no attach may touch it.
 */
#ifndef SETNS_STATE_H
#define SETNS_STATE_H

#include <sys/types.h>

#include "namespaces.h"

/*
 * X(ID, type that moves it, how it is printed, name)
 *
 * The marks are what a target leaves in its namespaces for others to find
 * (see target.h): the number of the target, 0 where there is no such mark.
 */
#define STATE_NUMBERS(X) \
	X(ROOT_DEV, MNT, "%#llx", "device of the root directory") \
	X(ROOT_INO, MNT, "%llu", "inode of the root directory") \
	X(ROOT_MOUNT, MNT, "%llu", "mount id of the root directory") \
	X(CWD_DEV, MNT, "%#llx", "device of the working directory") \
	X(CWD_INO, MNT, "%llu", "inode of the working directory") \
	X(CWD_MOUNT, MNT, "%llu", "mount id of the working directory") \
	X(RUID, USER, "%llu", "real uid") \
	X(EUID, USER, "%llu", "effective uid") \
	X(SUID, USER, "%llu", "saved uid") \
	X(FSUID, USER, "%llu", "filesystem uid") \
	X(RGID, USER, "%llu", "real gid") \
	X(EGID, USER, "%llu", "effective gid") \
	X(SGID, USER, "%llu", "saved gid") \
	X(FSGID, USER, "%llu", "filesystem gid") \
	X(CAP_PERMITTED, USER, "%#llx", "permitted capabilities") \
	X(CAP_EFFECTIVE, USER, "%#llx", "effective capabilities") \
	X(CAP_INHERITABLE, USER, "%#llx", "inheritable capabilities") \
	X(CAP_BOUNDING, USER, "%#llx", "bounding set of capabilities") \
	X(CAP_AMBIENT, USER, "%#llx", "ambient capabilities") \
	X(SECUREBITS, USER, "%#llx", "securebits") \
	X(NO_NEW_PRIVS, NONE, "%llu", "no_new_privs") \
	X(DUMPABLE, NONE, "%llu", "dumpable attribute") \
	X(PDEATHSIG, NONE, "%llu", "parent-death signal") \
	X(UMASK, NONE, "%#llo", "umask") \
	X(LOWEST_FD, NONE, "%llu", "lowest free descriptor") \
	X(MONOTONIC_VDSO, TIME, "%llu", "CLOCK_MONOTONIC by the vDSO") \
	X(MONOTONIC_RAW, TIME, "%llu", "CLOCK_MONOTONIC by the system call") \
	X(BOOTTIME_VDSO, TIME, "%llu", "CLOCK_BOOTTIME by the vDSO") \
	X(BOOTTIME_RAW, TIME, "%llu", "CLOCK_BOOTTIME by the system call") \
	X(VDSO_AGREES, NONE, "%llu", "vDSO clocks agree with system calls") \
	X(MARK_FILE, MNT, "%llu", "mark by a file in the root directory") \
	X(MARK_MSG, IPC, "%llu", "mark by a SysV message queue") \
	X(MARK_MQUEUE, IPC, "%llu", "mark by a POSIX message queue") \
	X(MARK_SOCKET, NET, "%llu", "mark by an abstract socket")

/* X(ID, type that moves it, name) */
#define STATE_TEXTS(X) \
	X(HOSTNAME, UTS, "host name") \
	X(UID_MAP, USER, "uid map") \
	X(CGROUP, CGROUP, "/proc/self/cgroup")

#define STATE_NUMBERS_ID(id, ...) ST_##id,
enum state_number {
	STATE_NUMBERS(STATE_NUMBERS_ID)
	NR_STATE_NUMBERS,
};

#define STATE_TEXTS_ID(id, ...) ST_##id,
enum state_text {
	STATE_TEXTS(STATE_TEXTS_ID)
	NR_STATE_TEXTS,
};

#define STATE_GROUPS	64	/* supplementary groups that are looked at */

/* A namespace's identity; all 0 where the link leads nowhere (ENOENT). */
struct ns_identity {
	__u64 dev;
	__u64 ino;
};

struct state {
	struct ns_identity ns[NR_NS_TYPES][NR_NS_WHOSE];
	__u64 number[NR_STATE_NUMBERS];
	char text[NR_STATE_TEXTS][512];
	unsigned int nr_groups;
	gid_t groups[STATE_GROUPS];
	/*
	 * Of a target: the ids, in the terms of the test, that its user
	 * namespace maps to 0.  The namespace's owner has that uid, too.
	 */
	uid_t outer_uid;
	gid_t outer_gid;
	/*
	 * The namespaces that a child is born in.  They cost a fork, so they
	 * are known only where state_take_child() was asked for them.
	 */
	bool child_known;
	int child_err;			/* errno of fork(2), 0 if it went well */
	struct ns_identity child[NR_NS_TYPES];
};

/* A clock's unit in a snapshot, in seconds: more than any test run takes. */
#define STATE_CLOCK_UNIT	100000

/* The names of a target's marks, each with the number of the target. */
#define MARK_TARGETS	8		/* numbers are 1 to 8 */
#define MARK_HOSTNAME	"setns-target-%u"
#define MARK_FILE	"/setns-target"
#define MARK_SOCKET	"setns-selftest-%u"
#define MARK_MQUEUE	"setns-selftest"
#define MARK_MSG_KEY	0x5e7e5

/*
 * Takes the state of the calling thread.  0, or the errno of what could not
 * be read.
 */
int state_take(struct state *s);

/* The same, with the namespaces of a child that is forked for it. */
int state_take_child(struct state *s);

/*
 * The namespaces of task @tid (0: the caller) as they are seen from outside,
 * by /proc; nothing else of @s is touched.  0 or an errno.
 */
int state_take_links(struct state *s, pid_t tid);

/* Says of @s, not asking any, in which namespaces a child would be born. */
void state_expect_child(struct state *s);

/*
 * Changes @s as attaching to a namespace of type @id of a task with state @to
 * does: what the type owns becomes what it is in @to.  A pid namespace is
 * joined for the children alone, a time namespace for both, and always the
 * active one of the target (setns(2), "DESCRIPTION"; pidns_install(),
 * timens_install()).
 */
void state_attach(struct state *s, const struct state *to, enum ns_id id);

/*
 * Compares what was expected with what was found.  Returns the number of
 * differences and writes each of them to @text, cut off at @size.
 */
int state_diff(const struct state *expected, const struct state *found,
	       char *text, size_t size);

/* The same for the namespaces alone, for states seen from outside. */
int state_diff_links(const struct state *expected, const struct state *found,
		     char *text, size_t size);

/* A clock of clock_gettime(2), in nanoseconds. */
__s64 clock_ns(clockid_t id);

#endif /* SETNS_STATE_H */
