/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls, flags and ioctls for pidfds and nsfds, for C libraries and
 * headers that are older than the kernel under test.  The values are those of the
 * uapi and the same on every architecture.
 */
#ifndef SETNS_PIDFD_H
#define SETNS_PIDFD_H

#include <fcntl.h>
#include <linux/types.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

#ifndef __NR_pidfd_send_signal
#define __NR_pidfd_send_signal 424
#endif
#ifndef __NR_pidfd_open
#define __NR_pidfd_open 434
#endif
#ifndef __NR_clone3
#define __NR_clone3 435
#endif
#ifndef __NR_faccessat2
#define __NR_faccessat2 439
#endif

/* Since 6.9 */
#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif
/*
 * Since 6.15: numbers for a pidfd of the caller itself.  In 6.15 and 6.16
 * PIDFD_SELF_THREAD_GROUP was -20000.
 */
#ifndef PIDFD_SELF_THREAD
#define PIDFD_SELF_THREAD -10000
#endif
#undef PIDFD_SELF_THREAD_GROUP
#define PIDFD_SELF_THREAD_GROUP -10001
#define PIDFD_SELF_THREAD_GROUP_6_15 -20000

/* Since 6.11, all of them.  The third argument of these ioctls must be 0. */
#ifndef PIDFD_GET_CGROUP_NAMESPACE
#define PIDFD_GET_CGROUP_NAMESPACE		_IO(0xFF, 1)
#define PIDFD_GET_IPC_NAMESPACE			_IO(0xFF, 2)
#define PIDFD_GET_MNT_NAMESPACE			_IO(0xFF, 3)
#define PIDFD_GET_NET_NAMESPACE			_IO(0xFF, 4)
#define PIDFD_GET_PID_NAMESPACE			_IO(0xFF, 5)
#define PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE	_IO(0xFF, 6)
#define PIDFD_GET_TIME_NAMESPACE		_IO(0xFF, 7)
#define PIDFD_GET_TIME_FOR_CHILDREN_NAMESPACE	_IO(0xFF, 8)
#define PIDFD_GET_USER_NAMESPACE		_IO(0xFF, 9)
#define PIDFD_GET_UTS_NAMESPACE			_IO(0xFF, 10)
#endif

/* linux/nsfs.h: since 4.9 and 4.11 */
#ifndef NS_GET_USERNS
#define NS_GET_USERNS	_IO(0xb7, 0x1)
#define NS_GET_PARENT	_IO(0xb7, 0x2)
#endif
#ifndef NS_GET_NSTYPE
#define NS_GET_NSTYPE	_IO(0xb7, 0x3)
#endif

/* struct clone_args of linux/sched.h, in the size CLONE_ARGS_SIZE_VER1 */
struct setns_clone_args {
	__aligned_u64 flags;
	__aligned_u64 pidfd;
	__aligned_u64 child_tid;
	__aligned_u64 parent_tid;
	__aligned_u64 exit_signal;
	__aligned_u64 stack;
	__aligned_u64 stack_size;
	__aligned_u64 tls;
	__aligned_u64 set_tid;
	__aligned_u64 set_tid_size;
};

/* pidfd_open(2): a descriptor, or -1 and errno. */
static inline int sys_pidfd_open(pid_t pid, unsigned int flags)
{
	return syscall(__NR_pidfd_open, pid, flags);
}

/* pidfd_send_signal(2): 0, or -1 and errno. */
static inline int sys_pidfd_send_signal(int pidfd, int sig)
{
	return syscall(__NR_pidfd_send_signal, pidfd, sig, NULL, 0);
}

/*
 * clone3(2): the child's pid, 0 in the child, or -1 and errno.  Like fork()
 * it copies the caller, but it runs no pthread_atfork() handlers.
 */
static inline pid_t sys_clone3(struct setns_clone_args *args)
{
	return syscall(__NR_clone3, args, sizeof(*args));
}

#endif /* SETNS_PIDFD_H */
