// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "errno_name.h"
#include "fault.h"
#include "proc.h"

#define DEBUGFS		"/sys/kernel/debug"
#define DEBUGFS_TYPE	0x64626720

/*
 * A knob of one kind of fault, which has a directory whose name begins with
 * "fail".  Not every kind has every knob.
 */
static const struct {
	const char *name;
	const char *value;	/* NULL for a knob that is only put back */
} knob_names[] = {
	{ "ignore-gfp-wait", "N" },
	{ "ignore-gfp-highmem", "N" },
	{ "cache-filter", "N" },
	{ "min-order", "0" },
	{ "verbose", "0" },
	{ "times", NULL },	/* the kernel counts it down at each fault */
};

/* A knob as it was found. */
struct knob {
	char path[80];		/* in debugfs */
	char old[32];
};

#define MAX_KNOBS	128

struct knob_list {
	int dir;		/* debugfs */
	unsigned int nr;
	struct knob knobs[MAX_KNOBS];
};

/* Reads a knob.  Returns 0 or an errno. */
static int knob_read(int dir, const char *path, char *text, size_t size)
{
	int err, fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	err = proc_read_fd(fd, text, size);
	close(fd);
	return err;
}

static int knob_write(int dir, const char *path, const char *text)
{
	int err, fd = openat(dir, path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	err = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return err;
}

static int knob_set(struct knob_list *list, const char *kind, unsigned int i)
{
	struct knob *k = &list->knobs[list->nr];
	int err;

	if (list->nr == MAX_KNOBS)
		return E2BIG;
	snprintf(k->path, sizeof(k->path), "%.40s/%s", kind,
		 knob_names[i].name);
	err = knob_read(list->dir, k->path, k->old, sizeof(k->old));
	if (err)
		return err == ENOENT ? 0 : err;
	list->nr++;
	return knob_names[i].value ?
	       knob_write(list->dir, k->path, knob_names[i].value) : 0;
}

/* Sets the knobs of every kind of fault that this kernel has. */
static int knobs_set(struct knob_list *list)
{
	DIR *dir = fdopendir(dup(list->dir));
	const struct dirent *kind;
	int err = 0;

	if (!dir)
		return errno;
	while (!err && (kind = readdir(dir))) {
		if (strncmp(kind->d_name, "fail", 4))
			continue;
		for (unsigned int i = 0; i < ARRAY_SIZE(knob_names) && !err;
		     i++)
			err = knob_set(list, kind->d_name, i);
	}
	closedir(dir);
	return err;
}

/* Puts back what differs.  Returns 0 or the first errno. */
static int knobs_reset(const struct knob_list *list)
{
	int first_err = 0;

	for (unsigned int i = 0; i < list->nr; i++) {
		const struct knob *k = &list->knobs[i];
		char now[sizeof(k->old)];
		int err = knob_read(list->dir, k->path, now, sizeof(now));

		if (!err && strcmp(now, k->old))
			err = knob_write(list->dir, k->path, k->old);
		if (!first_err)
			first_err = err;
	}
	return first_err;
}

/*
 * The keeper does not die with the test, nor with the test's process group.  It
 * reports an errno, waits until the test closes its end or dies, and puts the
 * knobs back.
 */
static void __noreturn keeper(int dir, int end)
{
	static struct knob_list list;
	char byte;
	int err;

	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	setsid();
	signal(SIGPIPE, SIG_IGN);
	list.dir = dir;
	/* The keeper of another test may still be at the knobs. */
	alarm(WAIT_LIMIT_S);
	err = flock(dir, LOCK_EX) ? errno : 0;
	alarm(0);
	if (!err)
		err = knobs_set(&list);
	if (write(end, &err, sizeof(err)) == sizeof(err))
		while (read(end, &byte, 1) < 0 && errno == EINTR)
			;
	_exit(knobs_reset(&list));
}

/* debugfs, in a mount namespace of the test's own if it is not mounted. */
static int open_debugfs(void)
{
	struct statfs fs;
	int fd;

	if (statfs(DEBUGFS, &fs) || fs.f_type != DEBUGFS_TYPE)
		if (unshare(CLONE_NEWNS) ||
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("debugfs", DEBUGFS, "debugfs", 0, NULL))
			return -errno;
	fd = open(DEBUGFS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int start_keeper(struct fault_knobs *knobs, int dir)
{
	int ends[2], err = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return errno;
	knobs->lifeline = ends[1];
	knobs->keeper = fork();
	if (!knobs->keeper) {
		close(ends[1]);
		keeper(dir, ends[0]);
	}
	if (knobs->keeper < 0)
		err = errno;
	close(ends[0]);
	if (!err && read(ends[1], &err, sizeof(err)) != sizeof(err))
		err = EPIPE;
	return err;
}

#define STEP_FAIL_NTH	"/proc/PID/fail-nth"
#define STEP_DEBUGFS	"debugfs"
#define STEP_FAILSLAB	"failslab in debugfs"

int fault_knobs_set(struct fault_knobs *knobs, const char **step)
{
	int err, dir, fd = fault_open();

	knobs->keeper = 0;
	*step = STEP_FAIL_NTH;
	if (fd < 0)
		return -fd;
	close(fd);
	*step = STEP_DEBUGFS;
	dir = open_debugfs();
	if (dir < 0)
		return -dir;
	*step = STEP_FAILSLAB;
	err = faccessat(dir, "failslab", F_OK, 0) ? errno : 0;
	if (!err) {
		*step = "setting the knobs of fault injection";
		err = start_keeper(knobs, dir);
	}
	close(dir);
	return err;
}

int fault_knobs_reset(struct fault_knobs *knobs)
{
	int status;

	if (knobs->keeper <= 0)
		return 0;
	close(knobs->lifeline);
	if (waitpid(knobs->keeper, &status, 0) < 0)
		return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

const char *lacks_faults(int err, const char *step)
{
	static char text[160];
	const char *options = "";

	if (!strcmp(step, STEP_FAIL_NTH) && err == ENOENT)
		options = " (CONFIG_FAULT_INJECTION)";
	else if (!strcmp(step, STEP_FAILSLAB) && err == ENOENT)
		options = " (CONFIG_FAILSLAB, CONFIG_FAULT_INJECTION_DEBUG_FS)";
	else if (!strcmp(step, STEP_DEBUGFS))
		options = " (CONFIG_DEBUG_FS; needs root)";
	else if (strcmp(step, STEP_FAIL_NTH) || err != EACCES)
		return NULL;
	snprintf(text, sizeof(text), "no %s: %s%s", step, errno_name(err),
		 options);
	return err ? text : NULL;
}

int fault_open(void)
{
	return proc_open("thread-self/fail-nth", O_RDWR);
}

int fault_arm(int fd, unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(fd, text, len, 0) == len ? 0 : errno;
}

bool fault_disarm(int fd)
{
	char text[16] = "";
	/*
	 * The file has the number of places until the fault, 0 after the fault.
	 * If the fault comes only now, this read fails: it has places as well.
	 */
	bool failed = pread(fd, text, sizeof(text) - 1, 0) > 0 &&
		      !strtoul(text, NULL, 10);

	/* If the fault makes this write fail, there is none left either. */
	fault_arm(fd, 0);
	return failed;
}
