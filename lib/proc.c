// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc.h"

static int proc_fd = -1;

/* Constructors of other files, which run later, use /proc. */
static void __attribute__((constructor(101))) proc_init(void)
{
	proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

const char *proc_path(pid_t tid, const char *fmt, ...)
{
	static __thread char path[128];
	va_list args;
	int len;

	if (tid)
		len = snprintf(path, sizeof(path), "%d/", tid);
	else
		len = snprintf(path, sizeof(path), "thread-self/");
	va_start(args, fmt);
	vsnprintf(path + len, sizeof(path) - len, fmt, args);
	va_end(args);
	return path;
}

int proc_open(const char *path, int flags)
{
	int fd = openat(proc_fd, path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int proc_stat(const char *path, struct stat *st)
{
	return fstatat(proc_fd, path, st, 0) ? errno : 0;
}

int proc_read_fd(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	/* Some files of /proc return one line for each read(2). */
	while ((n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	buf[len] = '\0';
	if (n < 0)
		return errno;
	return len == size - 1 ? EMSGSIZE : 0;
}

int proc_read(const char *path, char *buf, size_t size)
{
	int err, fd = proc_open(path, O_RDONLY);

	if (fd < 0)
		return -fd;
	err = proc_read_fd(fd, buf, size);
	close(fd);
	return err;
}

int proc_write(const char *path, const char *text)
{
	int err = 0, fd = proc_open(path, O_WRONLY);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -fd;
	n = write(fd, text, len);
	if (n < 0)
		err = errno;
	else if ((size_t)n != len)
		err = EIO;
	close(fd);
	return err;
}

pid_t proc_own_pid(void)
{
	char text[32] = "";

	if (readlinkat(proc_fd, "self", text, sizeof(text) - 1) < 0)
		return 0;
	return atoi(text);
}

long proc_number(const char *path, long otherwise)
{
	char text[64];

	return proc_read(path, text, sizeof(text)) ? otherwise :
						     strtol(text, NULL, 0);
}

int proc_chdir(void)
{
	return fchdir(proc_fd) ? errno : 0;
}

int proc_exec_self(char *const argv[], char *const envp[])
{
	int fd = proc_open("self/exe", O_PATH);

	if (fd < 0)
		return -fd;
	syscall(__NR_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
	return errno;
}

void proc_close(void)
{
	close(proc_fd);
	proc_fd = -1;
}
