// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "marks.h"

static int failed(const char **step, const char *what)
{
	*step = what;
	return errno;
}

/*
 * Mounts a tmpfs over the root and moves there.  So an attach has to follow the
 * stack of mounts to its top.
 */
static int leave_file(unsigned int number, const char **step)
{
	char digit = '0' + number;
	int fd;

	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return failed(step, "making the mounts private");
	if (mount("setns", "/", "tmpfs", 0, "size=64k,mode=755"))
		return errno == ENODEV ? 0 :	/* no tmpfs in this kernel */
		       failed(step, "mounting a tmpfs over the root");
	/* ".." of the root leads to what is mounted on it. */
	if (chdir("/..") || chroot("."))
		return failed(step, "moving to the new root");
	fd = open(MARK_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, &digit, 1) != 1)
		return failed(step, "creating the file that marks the mounts");
	close(fd);
	return 0;
}

/* No queues are built in, or none are allowed (msgget(2), mq_overview(7)). */
static bool lacks_queues(int err)
{
	return err == ENOSYS || err == ENOSPC || err == EMFILE;
}

static int leave_msg(unsigned int number, const char **step)
{
	int id = msgget(MARK_MSG_KEY, IPC_CREAT | IPC_EXCL | 0666);
	struct msqid_ds ds = { 0 };

	if (id < 0)
		return lacks_queues(errno) ? 0 : failed(step, "msgget()");
	if (msgctl(id, IPC_STAT, &ds))
		return failed(step, "msgctl(IPC_STAT)");
	ds.msg_qbytes = number;
	if (msgctl(id, IPC_SET, &ds))
		return failed(step, "msgctl(IPC_SET)");
	return 0;
}

static int leave_mqueue(unsigned int number, const char **step)
{
	struct mq_attr attr = { .mq_maxmsg = number, .mq_msgsize = 8 };
	/* mq_open(3) asks for a leading "/", which the kernel refuses. */
	int fd = syscall(__NR_mq_open, MARK_MQUEUE,
			 O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666, &attr);

	if (fd < 0)
		return lacks_queues(errno) ? 0 : failed(step, "mq_open()");
	close(fd);
	return 0;
}

static socklen_t socket_address(struct sockaddr_un *addr, unsigned int number)
{
	*addr = (struct sockaddr_un) { .sun_family = AF_UNIX };
	return offsetof(struct sockaddr_un, sun_path) + 1 +
	       snprintf(addr->sun_path + 1, sizeof(addr->sun_path) - 1,
			MARK_SOCKET, number);
}

/* The socket stays open as long as the process lives, also over execve(2). */
static int leave_socket(unsigned int number, const char **step)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un addr;
	socklen_t len;

	if (fd < 0)
		return errno == EAFNOSUPPORT ? 0 :
		       failed(step, "socket(AF_UNIX)");
	len = socket_address(&addr, number);
	if (bind(fd, (struct sockaddr *)&addr, len))
		return failed(step, "binding the socket that marks the network");
	return 0;
}

static int leave_hostname(unsigned int number, const char **step)
{
	char name[64];

	snprintf(name, sizeof(name), MARK_HOSTNAME, number);
	return sethostname(name, strlen(name)) ?
	       failed(step, "sethostname()") : 0;
}

int marks_leave(ns_set set, unsigned int number, const char **step)
{
	int err = 0;

	umask(0);
	if (set & NS_BIT(NS_MNT))
		err = leave_file(number, step);
	if (!err && set & NS_BIT(NS_UTS))
		err = leave_hostname(number, step);
	if (!err && set & NS_BIT(NS_IPC))
		err = leave_msg(number, step);
	if (!err && set & NS_BIT(NS_IPC))
		err = leave_mqueue(number, step);
	if (!err && set & NS_BIT(NS_NET))
		err = leave_socket(number, step);
	return err;
}

unsigned int mark_file(void)
{
	int fd = open(MARK_FILE, O_RDONLY | O_CLOEXEC);
	char digit = '0';

	if (fd < 0)
		return 0;
	if (read(fd, &digit, 1) != 1)
		digit = '0';
	close(fd);
	return digit - '0';
}

unsigned int mark_msg(void)
{
	int id = msgget(MARK_MSG_KEY, 0);
	struct msqid_ds ds;

	if (id < 0 || msgctl(id, IPC_STAT, &ds))
		return 0;
	return ds.msg_qbytes;
}

unsigned int mark_mqueue(void)
{
	int fd = syscall(__NR_mq_open, MARK_MQUEUE, O_RDONLY | O_CLOEXEC, 0,
			 NULL);
	struct mq_attr attr = { 0 };

	if (fd < 0)
		return 0;
	syscall(__NR_mq_getsetattr, fd, NULL, &attr);
	close(fd);
	return attr.mq_maxmsg;
}

int mark_socket_connect(int fd, unsigned int number)
{
	struct sockaddr_un addr;
	socklen_t len = socket_address(&addr, number);

	return connect(fd, (struct sockaddr *)&addr, len) ? errno : 0;
}

unsigned int mark_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned int found = 0;

	if (fd < 0)
		return 0;
	for (unsigned int n = 1; n <= MARK_TARGETS && !found; n++)
		if (!mark_socket_connect(fd, n))
			found = n;
	close(fd);
	return found;
}
