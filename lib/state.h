/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a task: a snapshot of what setns(2) may change and of what it
 * must not change, and the one comparison of two snapshots.
 *
 * A property belongs to one namespace type, and attaching to a namespace of that
 * type changes it; or it belongs to no type, and no attach may change it.
 */
#ifndef SETNS_STATE_H
#define SETNS_STATE_H

#include <sys/types.h>
#include <time.h>

#include "namespaces.h"

/*
 * X(ID, type that changes it, printf(3) format, name)
 *
 * A mark is what a target leaves in one of its namespaces for others to find
 * (marks.h).  Its value is the number of the target, or 0 without a mark.
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

/* X(ID, type that changes it, name) */
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

/* Texts are compared by length and hash.  Messages show the beginning. */
#define STATE_TEXT_HEAD	384

struct state_text_value {
	__u32 len;
	__u32 hash;
	char head[STATE_TEXT_HEAD];
};

#define STATE_GROUPS	64	/* supplementary groups that are compared */

/* A namespace's identity, all 0 if stat(2) of the link gave ENOENT. */
struct ns_identity {
	__u64 dev;
	__u64 ino;
};

struct state {
	struct ns_identity ns[NR_NS_TYPES][NR_NS_SLOTS];
	__u64 number[NR_STATE_NUMBERS];
	struct state_text_value text[NR_STATE_TEXTS];
	unsigned int nr_groups;
	gid_t groups[STATE_GROUPS];
	/*
	 * Only in the state of a target: the ids in the test's user namespace
	 * that the target's user namespace maps to 0.  The uid also owns it.
	 */
	uid_t outer_uid;
	gid_t outer_gid;
	/*
	 * The namespaces of a new child.  Reading them costs a fork, so they are
	 * known only after state_read_child() or state_expect_child().
	 */
	bool child_known;
	int child_err;			/* errno of fork(2), or 0 */
	struct ns_identity child[NR_NS_TYPES];
};

/* The unit of clocks in a state, in seconds.  No test runs that long. */
#define STATE_CLOCK_UNIT	100000

/* Reads the state of the calling thread.  Returns 0 or an errno. */
int state_read(struct state *s);

/* The same, and the namespaces of a child, which is created for this. */
int state_read_child(struct state *s);

/*
 * Reads the namespace links of task @tid (0: the caller) in /proc and leaves
 * the rest of @s alone.  Returns 0 or an errno.
 */
int state_read_links(struct state *s, pid_t tid);

/* Sets the namespaces of a child in @s to those that it has to be in. */
void state_expect_child(struct state *s);

/*
 * Changes @s as attaching to the namespace of type @id of a task in state @to
 * has to change it.  A pid namespace is joined for children only, a time
 * namespace for both, and always the active one of the target (setns(2);
 * pidns_install() and timens_install() in the kernel).
 */
void state_attach(struct state *s, const struct state *to, enum ns_id id);

/*
 * Compares two states.  Returns the number of differences and describes each
 * in @text as "PROPERTY is FOUND, expected EXPECTED", cut off at @size.  Without
 * a difference @text is empty.
 */
int state_diff(const struct state *expected, const struct state *found,
	       char *text, size_t size);

/* The same for the namespace links only. */
int state_diff_links(const struct state *expected, const struct state *found,
		     char *text, size_t size);

/* A clock of clock_gettime(2), in nanoseconds. */
__s64 clock_ns(clockid_t id);

#endif /* SETNS_STATE_H */
