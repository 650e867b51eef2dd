// SPDX-License-Identifier: GPL-2.0
/*
 * A library to be preloaded (ld.so(8), LD_PRELOAD) that makes setns(2) lie:
 * $SETNS_LIE names the lie.  Every lie has to turn tests red, see lies.t.
 *
 * cc -shared -fPIC -o lies.so ../../lib/namespaces.c ../../lib/proc.c lies*.c \
 *	-lcap -ldl
 *
 * SETNS_LIE=--list prints the table, one lie a line: its name, the tests that have
 * to fail, what their message has to say, and what the lie is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../../lib/proc.h"
#include "lies.h"
#include "lies_table.h"

const struct lie *lie;

/* A row as the lie for one type, or as it is. */
static const struct lie *lie_of(const struct lie *row, enum ns_id id)
{
	static char name[64], says[64];
	static struct lie made;

	if (!row->each_type)
		return row;
	made = *row;
	snprintf(name, sizeof(name), "%s%s", row->name, ns_types[id].name);
	snprintf(says, sizeof(says), "%s%s", row->says ? row->says : effects[id],
		 row->says ? ns_types[id].name : "");
	made.name = name;
	made.says = says;
	made.arg = ns_types[id].flag;
	return &made;
}

/* Prints a lie, or has it told. */
static void take(const struct lie *row, enum ns_id id, const char *wanted)
{
	const struct lie *l = lie_of(row, id);

	if (!strcmp(wanted, "--list"))
		printf("%s\t%s\t%s\t%s\n", l->name, l->tests, l->says,
		       l->what);
	else if (!lie && !strcmp(wanted, l->name))
		lie = l;
}

static void __attribute__((constructor)) choose(void)
{
	const char *wanted = getenv("SETNS_LIE");

	if (!wanted)
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(lies) && !lie; i++)
		for (int id = 0; id < (lies[i].each_type ? NR_NS_TYPES : 1) &&
		     !lie; id++)
			take(&lies[i], id, wanted);
	if (!lie) {
		fflush(stdout);
		_exit(strcmp(wanted, "--list") ? 2 : 0);
	}
}

int setns(int fd, int flags)
{
	if (!lie || (lie->when && !lie->when(fd, flags)))
		return truth(fd, flags);
	return lie->tell(fd, flags);
}

/*
 * Other calls that a lie needs.  They lie to the task to which the lie was told,
 * and to its children.  For all others they are the C library's.
 */
#define REAL(call) ((__typeof__(call) *)dlsym(RTLD_NEXT, #call))

static int shown_fd = -1;

void show_namespace(int fd)
{
	shown_fd = fd;
}

/* Whether a directory is the calling task's own in /proc. */
static bool is_own_task(int dir)
{
	struct stat own, st;

	return !proc_stat("thread-self", &own) && !fstat(dir, &st) &&
	       own.st_dev == st.st_dev && own.st_ino == st.st_ino;
}

/* Of the type's links the one that an attach moves, or both. */
static bool is_shown(int dir, const char *path)
{
	if (shown_fd < 0)
		return false;
	for_each_link(id, slot)
		if (ns_types[id].flag == lie->arg &&
		    (id != NS_PID || slot == NS_CHILDREN) &&
		    !strcmp(path, ns_types[id].path[slot]))
			return is_own_task(dir);
	return false;
}

int fstatat(int dir, const char *path, struct stat *st, int flags)
{
	if (is_shown(dir, path))
		return fstat(shown_fd, st);
	return REAL(fstatat)(dir, path, st, flags);
}

static char hostname[65];

void show_hostname(int nsfd)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return;
	pid = fork();
	if (!pid) {
		if (truth(nsfd, 0) || REAL(gethostname)(hostname, 65) ||
		    write(ends[1], hostname, 65) != 65)
			_exit(1);
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], hostname, 65) != 65)
		hostname[0] = '\0';
	close(ends[0]);
	waitpid(pid, NULL, 0);
}

int gethostname(char *name, size_t len)
{
	if (!hostname[0])
		return REAL(gethostname)(name, len);
	snprintf(name, len, "%s", hostname);
	return 0;
}

static struct timespec hidden[2];

static int clock_index(clockid_t id)
{
	return id == CLOCK_MONOTONIC ? 0 : id == CLOCK_BOOTTIME ? 1 : -1;
}

static void subtract(struct timespec *from, const struct timespec *what)
{
	from->tv_sec -= what->tv_sec;
	from->tv_nsec -= what->tv_nsec;
	if (from->tv_nsec < 0) {
		from->tv_nsec += 1000000000;
		from->tv_sec--;
	}
}

void hide_time_offsets(const struct timespec before[2])
{
	static const clockid_t ids[2] = { CLOCK_MONOTONIC, CLOCK_BOOTTIME };

	for (int i = 0; i < 2; i++) {
		REAL(clock_gettime)(ids[i], &hidden[i]);
		subtract(&hidden[i], &before[i]);
	}
}

/* By the vDSO, as the C library calls it; the system call is left alone. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
	int ret = REAL(clock_gettime)(id, ts);

	if (!ret && clock_index(id) >= 0)
		subtract(ts, &hidden[clock_index(id)]);
	return ret;
}

struct owed owed;

int semop(int sem, struct sembuf *ops, size_t nr)
{
	if (nr == 1 && ops->sem_flg & SEM_UNDO) {
		owed.sem = sem;
		owed.op = *ops;
	}
	return REAL(semop)(sem, ops, nr);
}

static int children_in = -1;

void keep_children_in(int nsfd)
{
	children_in = nsfd;
}

pid_t fork(void)
{
	pid_t pid = REAL(fork)();

	if (!pid && children_in >= 0)
		truth(children_in, 0);
	return pid;
}

/* The pids that pidfds were opened for. */
static int opened[1024];

int opened_for(int fd)
{
	return fd >= 0 && fd < 1024 ? opened[fd] : 0;
}

long syscall(long number, ...)
{
	long arg[6], ret;
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	ret = REAL(syscall)(number, arg[0], arg[1], arg[2], arg[3], arg[4],
			    arg[5]);
	if (number == __NR_pidfd_open && ret >= 0 && ret < 1024)
		opened[ret] = arg[0];
	return ret;
}
