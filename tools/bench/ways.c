// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "../../lib/errno_name.h"
#include "ways.h"

struct target way_target;
static char nsfd_path[NR_NS_TYPES][64];	/* below proc_dir */
static int proc_dir;

void ways_ready(void)
{
	proc_dir = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for_each_ns(id)
		snprintf(nsfd_path[id], sizeof(nsfd_path[id]), "%d/ns/%s",
			 way_target.pid, ns_types[id].link[NS_ACTIVE]);
}

static int by_pidfd(const struct job *job)
{
	return setns(way_target.pidfd, job->flags);
}

static int by_opened_pidfd(const struct job *job)
{
	int fd = sys_pidfd_open(way_target.pid, 0);
	int ret = setns(fd, job->flags);

	close(fd);
	return ret;
}

static int by_nsfds(const struct job *job)
{
	for_each_ns_in(id, job->set)
		if (setns(way_target.nsfd[id][NS_ACTIVE], ns_types[id].flag))
			return -1;
	return 0;
}

/* All are opened before the first attach, as one may hide the target. */
static int use_and_close(const struct job *job, const int fd[])
{
	for_each_ns_in(id, job->set)
		if (setns(fd[id], ns_types[id].flag) || close(fd[id]))
			return -1;
	return 0;
}

static int by_opened_nsfds(const struct job *job)
{
	int fd[NR_NS_TYPES];

	for_each_ns_in(id, job->set)
		fd[id] = openat(proc_dir, nsfd_path[id], O_RDONLY | O_CLOEXEC);
	return use_and_close(job, fd);
}

static int by_pidfd_ioctls(const struct job *job)
{
	int fd[NR_NS_TYPES];

	for_each_ns_in(id, job->set)
		fd[id] = ioctl(way_target.pidfd, ns_types[id].get[NS_ACTIVE],
			       0);
	return use_and_close(job, fd);
}

/* Since Linux 6.11 */
static bool have_pidfd_ioctls(void)
{
	int fd = ioctl(way_target.pidfd, PIDFD_GET_UTS_NAMESPACE, 0);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

const struct way ways[NR_WAYS] = {
	[PIDFD_HELD] = { "pidfd held", by_pidfd, NULL },
	[PIDFD_OPENED] = { "pidfd opened", by_opened_pidfd, NULL },
	[NSFDS_HELD] = { "nsfds held", by_nsfds, NULL },
	[NSFDS_OPENED] = { "nsfds opened", by_opened_nsfds, NULL },
	[NSFDS_BY_IOCTL] = {
		"nsfds by ioctl of the pidfd", by_pidfd_ioctls,
		have_pidfd_ioctls
	},
};

void add_ways(struct series *s, const struct way *of[NR_WAYS])
{
	for (enum way_id i = 0; i < NR_WAYS; i++) {
		if (ways[i].available && !ways[i].available())
			continue;
		of[s->nr_ways] = &ways[i];
		s->way[s->nr_ways++] = ways[i].name;
	}
}

struct job first_types(ns_set types, unsigned int nr)
{
	struct job job = { 0 };

	for_each_ns_in(id, types)
		if (nr && nr--)
			job.set |= NS_BIT(id);
	job.flags = ns_flags(job.set);
	return job;
}

void attach(const struct way *way, const struct job *job)
{
	if (way->attach(job))
		die("%s: setns(%s): %s", way->name, ns_flag_names(job->flags),
		    errno_name(errno));
}

__s64 time_attach(const struct way *way, const struct job *job)
{
	__s64 cost = clock_cost(), start = now();

	attach(way, job);
	return now() - start - cost;
}

/* linux/ptrace.h's, which C libraries name variously, as far as an entry goes */
struct syscall_info {
	__u8 op, pad[3];
	__u32 arch;
	__u64 instruction_pointer, stack_pointer, nr, args[6];
};

#define GET_SYSCALL_INFO	0x420e
#define SYSCALL_ENTRY		1
#define MARK			SYS_getppid	/* what no way calls */

unsigned int count_calls(const struct way *way, const struct job *job)
{
	unsigned int nr = 0, marks = 0;
	int status;
	pid_t pid = fork_child();

	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(1);
		raise(SIGSTOP);
		syscall(MARK);
		way->attach(job);
		syscall(MARK);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		struct syscall_info info = { 0 };
		void *size = (void *)sizeof(info);

		if (ptrace(GET_SYSCALL_INFO, pid, size, &info) > 0 &&
		    info.op == SYSCALL_ENTRY) {
			if (info.nr == MARK)
				marks++;
			else if (marks == 1)
				nr++;
		}
		/* Without this option there is no telling what a stop is. */
		ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD);
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	}
	return marks == 2 ? nr : 0;
}
