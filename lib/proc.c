// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

static int proc_fd = -1;

static void __attribute__((constructor)) proc_init(void)
{
	proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int proc_chdir(void)
{
	return fchdir(proc_fd) ? errno : 0;
}

void proc_close(void)
{
	close(proc_fd);
	proc_fd = -1;
}

/* The path of a task's file below /proc. */
static const char *__printf(2, 0)
task_path(pid_t tid, const char *fmt, va_list args)
{
	static __thread char path[128];
	int len;

	if (tid)
		len = snprintf(path, sizeof(path), "%d/", tid);
	else
		len = snprintf(path, sizeof(path), "thread-self/");
	vsnprintf(path + len, sizeof(path) - len, fmt, args);
	return path;
}

int proc_open(pid_t tid, int flags, const char *fmt, ...)
{
	va_list args;
	int fd;

	va_start(args, fmt);
	fd = openat(proc_fd, task_path(tid, fmt, args), flags | O_CLOEXEC);
	va_end(args);
	return fd < 0 ? -errno : fd;
}

int proc_stat(pid_t tid, struct stat *st, const char *fmt, ...)
{
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = fstatat(proc_fd, task_path(tid, fmt, args), st, 0);
	va_end(args);
	return ret ? errno : 0;
}

/* Reads to the end: /proc may hand out a file a line at a time. */
static int read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, buf + len, size - len)) > 0) {
		len += n;
		if (len == size)
			return EMSGSIZE;
	}
	if (n < 0)
		return errno;
	buf[len] = '\0';
	return 0;
}

int proc_read(pid_t tid, char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int fd, err;

	va_start(args, fmt);
	fd = openat(proc_fd, task_path(tid, fmt, args), O_RDONLY | O_CLOEXEC);
	va_end(args);
	if (fd < 0)
		return errno;
	err = read_all(fd, buf, size);
	close(fd);
	return err;
}

/* Writes in one write(2) and closes. */
static int write_once(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;
	int err;

	if (fd < 0)
		return errno;
	n = write(fd, text, len);
	err = n < 0 ? errno : (size_t)n != len ? EIO : 0;
	close(fd);
	return err;
}

int proc_write(pid_t tid, const char *text, const char *fmt, ...)
{
	va_list args;
	int fd;

	va_start(args, fmt);
	fd = openat(proc_fd, task_path(tid, fmt, args), O_WRONLY | O_CLOEXEC);
	va_end(args);
	return write_once(fd, text);
}

int proc_set_sysctl(long number, const char *fmt, ...)
{
	char path[128], text[32];
	int len = snprintf(path, sizeof(path), "sys/");
	va_list args;

	va_start(args, fmt);
	vsnprintf(path + len, sizeof(path) - len, fmt, args);
	va_end(args);
	snprintf(text, sizeof(text), "%ld\n", number);
	return write_once(openat(proc_fd, path, O_WRONLY | O_CLOEXEC), text);
}

pid_t proc_own_pid(void)
{
	char text[32] = "";

	if (readlinkat(proc_fd, "self", text, sizeof(text) - 1) < 0)
		return 0;
	return atoi(text);
}

long proc_sysctl(const char *name, long otherwise)
{
	char path[128], text[64];
	int fd, err;

	snprintf(path, sizeof(path), "sys/%s", name);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return otherwise;
	err = read_all(fd, text, sizeof(text));
	close(fd);
	return err ? otherwise : strtol(text, NULL, 0);
}
