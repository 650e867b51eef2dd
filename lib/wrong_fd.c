// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proc.h"
#include "wrong_fd.h"

static int fd_or_errno(int fd)
{
	return fd < 0 ? -errno : fd;
}

static int open_regular_file(void)
{
	return proc_open("self/exe", O_RDONLY);
}

static int open_directory(void)
{
	return fd_or_errno(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int open_proc_process(void)
{
	return proc_open("self", O_RDONLY | O_DIRECTORY);
}

static int open_proc_thread(void)
{
	return proc_open("thread-self", O_RDONLY | O_DIRECTORY);
}

static int open_proc_ns(void)
{
	return proc_open("thread-self/ns", O_RDONLY | O_DIRECTORY);
}

static int open_proc_status(void)
{
	return proc_open("thread-self/status", O_RDONLY);
}

static int open_pipe(void)
{
	int ends[2];

	return pipe2(ends, O_CLOEXEC) ? -errno : ends[0];
}

static int open_socket(void)
{
	return fd_or_errno(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int open_memfd(void)
{
	return fd_or_errno(memfd_create("setns", MFD_CLOEXEC));
}

static int open_epoll(void)
{
	return fd_or_errno(epoll_create1(EPOLL_CLOEXEC));
}

static int open_eventfd(void)
{
	return fd_or_errno(eventfd(0, EFD_CLOEXEC));
}

static int open_device(void)
{
	return fd_or_errno(open("/dev/null", O_RDWR | O_CLOEXEC));
}

const struct wrong_fd wrong_fds[NR_WRONG_FDS] = {
	{ "regular file", open_regular_file, 0 },
	{ "directory", open_directory, 0 },
	{ "/proc/PID", open_proc_process, 0 },
	{ "/proc/PID/task/TID", open_proc_thread, 0 },
	{ "/proc/PID/task/TID/ns", open_proc_ns, 0 },
	{ "/proc/PID/task/TID/status", open_proc_status, 0 },
	{ "pipe", open_pipe, 0 },
	{ "unix socket", open_socket, 0 },
	{ "memfd", open_memfd, ENOSYS },
	{ "epoll descriptor", open_epoll, ENOSYS },
	{ "eventfd", open_eventfd, ENOSYS },
	{ "/dev/null", open_device, ENOENT },
};
