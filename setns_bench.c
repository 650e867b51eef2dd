// SPDX-License-Identifier: GPL-2.0
/*
 * What attaching costs: one setns(2) on a pidfd against a row of calls, what a
 * refusal costs, and how it scales.  This is no test, and run_tests.sh does not
 * run it: make bench does.
 *
 * Whatever is compared is measured in turns, by one process or one line of
 * children, on one CPU, in many rounds; each round starts with another one.
 * What is told of the rounds are median and quartiles, of the nanoseconds and
 * of the ratio within a round.
 *
 * A user namespace is joined once: who is in it may not go back.  So there are
 * two series of the claim.  In "repeated" one process attaches again and again
 * to the target's other types.  In "fresh" each attach is that of a child of its
 * own, the user namespace first; it has attached to the others before, so that
 * neither its memory nor the kernel's code is cold.  In both the clock is around
 * the calls alone.
 *
 * The clock is CLOCK_REALTIME, which no time namespace shifts, by the system
 * call: the vDSO's data page is another one after the attach, so that reading it
 * would add a page fault.  What reading the clock takes is subtracted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "errno_name.h"
#include "known_bugs.h"
#include "world.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define ROUNDS		2000	/* of "repeated"; the slower series make less */
#define ROUNDS_LEAST	20
#define MOST_X		8
#define MOST_WAYS	8
#define ATTACHES	100	/* of an attacher in a round */

/* What is attached to, as the ways below see it. */
struct job {
	ns_set set;
	int flags;
};

static struct target target;
static char nsfd_path[NR_NS_TYPES][64];	/* from proc_dir on */
static int proc_dir;
static int64_t clock_cost;
static cpu_set_t cpus;			/* that may be used */
static FILE *csv;

static void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("setns_bench: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

static int64_t now(void)
{
#ifdef __NR_clock_gettime64
	int64_t ts[2] = { 0, 0 };

	syscall(__NR_clock_gettime64, CLOCK_REALTIME, ts);
	return ts[0] * 1000000000LL + ts[1];
#else
	struct timespec ts = { 0 };

	syscall(__NR_clock_gettime, CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
#endif
}

/* The ways to attach to all of a job's types: 0, or -1 and errno. */

static int by_pidfd(const struct job *job)
{
	return setns(target.pidfd, job->flags);
}

static int by_opened_pidfd(const struct job *job)
{
	int fd = sys_pidfd_open(target.pid, 0);
	int ret = setns(fd, job->flags);

	close(fd);
	return ret;
}

static int by_nsfds(const struct job *job)
{
	for_each_ns_in(id, job->set)
		if (setns(target.nsfd[id][NS_ACTIVE], ns_types[id].flag))
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
		fd[id] = ioctl(target.pidfd, ns_types[id].get[NS_ACTIVE], 0);
	return use_and_close(job, fd);
}

static const struct way {
	const char *name;
	int (*attach)(const struct job *job);
	unsigned int major, minor;	/* the first Linux that has it */
} ways[] = {
	{ "one call, pidfd held", by_pidfd, 5, 8 },
	{ "one call, pidfd opened", by_opened_pidfd, 5, 8 },
	{ "nsfds held", by_nsfds, 3, 8 },
	{ "nsfds opened", by_opened_nsfds, 3, 8 },
	{ "nsfds by pidfd ioctl", by_pidfd_ioctls, 6, 11 },
};

/* A series: @x by @way by round, and what each is a multiple of. */
struct series {
	const char *name;
	const char *x_name;
	const char *what;
	/* The first x with the same way, or the first way at the same x. */
	bool against_first_x;
	unsigned int nr_x, nr_ways, rounds;
	unsigned int x[MOST_X];
	const char *way[MOST_WAYS];
	unsigned int calls[MOST_X][MOST_WAYS];	/* 0: not counted */
	int64_t *ns;				/* shared with children */
};

static int64_t *cell(const struct series *s, unsigned int round,
		     unsigned int x, unsigned int way)
{
	return &s->ns[(round * MOST_X + x) * MOST_WAYS + way];
}

static void *shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap(): %s", errno_name(errno));
	return memory;
}

static void series_start(struct series *s)
{
	s->ns = shared(sizeof(*s->ns) * s->rounds * MOST_X * MOST_WAYS);
}

static int by_size(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return (d > 0) - (d < 0);
}

struct spread {
	double q1, median, q3;
};

static struct spread spread(double *v, unsigned int nr)
{
	qsort(v, nr, sizeof(*v), by_size);
	return (struct spread) { v[nr / 4], v[nr / 2], v[nr * 3 / 4] };
}

/* Prints a line for each x and way, and one of the CSV. */
static void report(const struct series *s)
{
	double *ns = calloc(s->rounds, sizeof(*ns));
	double *ratio = calloc(s->rounds, sizeof(*ratio));

	if (!ns || !ratio)
		die("no memory");
	printf("# %s: %s\n", s->name, s->what);
	printf("# %8s  %-30s %5s %26s  %s\n", s->x_name, "", "calls",
	       "ns [quartiles]", "ratio [quartiles]");
	for (unsigned int x = 0; x < s->nr_x; x++)
		for (unsigned int w = 0; w < s->nr_ways; w++) {
			struct spread n, r;

			for (unsigned int i = 0; i < s->rounds; i++) {
				int64_t *ref = s->against_first_x ?
					cell(s, i, 0, w) : cell(s, i, x, 0);

				ns[i] = *cell(s, i, x, w);
				ratio[i] = ns[i] / (*ref > 0 ? *ref : 1);
			}
			n = spread(ns, s->rounds);
			r = spread(ratio, s->rounds);
			printf("# %8u  %-30s %5u %9.0f [%6.0f, %6.0f]  %.2f [%.2f, %.2f]\n",
			       s->x[x], s->way[w], s->calls[x][w], n.median,
			       n.q1, n.q3, r.median, r.q1, r.q3);
			if (csv)
				fprintf(csv, "%s,%u,%s,%u,%.0f,%.0f,%.0f,%.3f,%.3f,%.3f\n",
					s->name, s->x[x], s->way[w],
					s->calls[x][w], n.median, n.q1, n.q3,
					r.median, r.q1, r.q3);
		}
	free(ns);
	free(ratio);
}

/* The nth of the CPUs that may be used, in a ring. */
static void pin(unsigned int nth)
{
	unsigned int cpu = 0;
	cpu_set_t one;

	nth %= CPU_COUNT(&cpus);
	while (!CPU_ISSET(cpu, &cpus) || nth--)
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		die("sched_setaffinity(): %s", errno_name(errno));
}

/* A child that does not outlive this program. */
static pid_t fork_child(void)
{
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork(): %s", errno_name(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		if (getppid() != parent)
			_exit(1);
	}
	return pid;
}

static void reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		die("a child failed");
}

/* @nr of @types, the first ones in the kernel's order. */
static struct job first_types(ns_set types, unsigned int nr)
{
	struct job job = { 0 };

	for_each_ns_in(id, types)
		if (nr && nr--)
			job.set |= NS_BIT(id);
	job.flags = ns_flags(job.set);
	return job;
}

static int64_t time_attach(const struct way *way, const struct job *job)
{
	int64_t start = now();

	if (way->attach(job))
		die("%s: setns(%s): %s", way->name, ns_flag_names(job->flags),
		    errno_name(errno));
	return now() - start - clock_cost;
}

/* linux/ptrace.h's, as far as an entry goes, which C libraries name variously */
struct syscall_info {
	uint8_t op, pad[3];
	uint32_t arch;
	uint64_t instruction_pointer, stack_pointer, nr, args[6];
};

#define GET_SYSCALL_INFO	0x420e
#define SYSCALL_ENTRY		1
#define MARK			SYS_getppid	/* what no way calls */

/* The system calls that an attach makes, counted by ptrace(2); 0: unknown. */
static unsigned int count_calls(const struct way *way, const struct job *job)
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
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	}
	return marks == 2 ? nr : 0;
}

/* The ways that this kernel has, one for each column. */
static void add_ways(struct series *s, const struct way *of[], unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (kernel_before(ways[i].major, ways[i].minor))
			continue;
		of[s->nr_ways] = &ways[i];
		s->way[s->nr_ways++] = ways[i].name;
	}
}

static unsigned int turn(const struct series *s, unsigned int round,
			 unsigned int i)
{
	return (round + i) % s->nr_ways;
}

static void fresh_child(struct series *s, const struct way *way,
			const struct job *job, ns_set rest, int64_t *to)
{
	const struct job others = { rest, ns_flags(rest) };
	pid_t pid = fork_child();

	(void)s;
	if (!pid) {
		*to = 0;
		way->attach(&others);
		*to = time_attach(way, job);
		_exit(0);
	}
	reap(pid);
}

static void claim_round(struct series *s, const struct way *of[],
			const struct job jobs[], unsigned int round,
			ns_set rest)
{
	for (unsigned int x = 0; x < s->nr_x; x++)
		for (unsigned int i = 0; i < s->nr_ways; i++) {
			unsigned int w = turn(s, round, i);
			int64_t *to = cell(s, round, x, w);

			if (rest)
				fresh_child(s, of[w], &jobs[x], rest, to);
			else
				*to = time_attach(of[w], &jobs[x]);
		}
}

/* The claim, in children of their own if @rest is what they warm up with. */
static void claim(struct series *s, ns_set types, ns_set rest)
{
	const struct way *of[ARRAY_SIZE(ways)];
	struct job jobs[MOST_X];
	pid_t pid;

	add_ways(s, of, ARRAY_SIZE(ways));
	s->nr_x = __builtin_popcount(types);
	for (unsigned int x = 0; x < s->nr_x; x++) {
		s->x[x] = x + 1;
		jobs[x] = first_types(types, x + 1);
		for (unsigned int w = 0; w < s->nr_ways; w++)
			s->calls[x][w] = count_calls(of[w], &jobs[x]);
	}
	series_start(s);
	pid = fork_child();
	if (!pid) {
		pin(0);
		for (unsigned int i = 0; i < s->rounds; i++)
			claim_round(s, of, jobs, i, rest);
		_exit(0);
	}
	reap(pid);
	report(s);
}

/* The causes of a refusal, after what it is a multiple of. */
static void *other_thread(void *arg)
{
	/* Or the mount namespace would be refused, long before the last. */
	unshare(CLONE_FS);
	if (write(*(int *)arg, "", 1) == 1)
		for (;;)
			pause();
	return NULL;
}

static void start_other_thread(void)
{
	pthread_t thread;
	int ends[2];
	char byte;

	if (pipe(ends) || pthread_create(&thread, NULL, other_thread, &ends[1]) ||
	    read(ends[0], &byte, 1) != 1)
		die("no thread: %s", errno_name(errno));
}

static int reaped_pidfd(void)
{
	pid_t pid = fork_child();
	int fd;

	if (!pid)
		pause();
	fd = sys_pidfd_open(pid, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

static void refused(struct series *s, ns_set types)
{
	ns_set granted = types & ~(NS_BIT(NS_USER) | NS_BIT(NS_TIME));
	const struct {
		const char *name;
		int fd, flags, err;
	} cause[] = {
		{ "all but user and time: granted", target.pidfd,
		  ns_flags(granted), 0 },
		{ "no descriptor", -1, ns_flags(granted), EBADF },
		{ "an invalid flag", target.pidfd,
		  ns_flags(granted) | CLONE_VM, EINVAL },
		{ "a reaped target", reaped_pidfd(), ns_flags(granted), ESRCH },
		{ "at the first type (user)", target.pidfd,
		  ns_flags(granted | NS_BIT(NS_USER)), EINVAL },
		{ "at the last type (time)", target.pidfd,
		  ns_flags(granted | NS_BIT(NS_TIME)), EUSERS },
	};

	s->nr_x = 1;
	for (unsigned int w = 0; w < ARRAY_SIZE(cause); w++) {
		s->calls[0][w] = 1;
		s->way[s->nr_ways++] = cause[w].name;
	}
	series_start(s);
	if (fork_child()) {
		int status;

		if (wait(&status) < 0 || status)
			die("a child failed");
		report(s);
		return;
	}
	start_other_thread();
	pin(0);
	for (unsigned int i = 0; i < s->rounds; i++)
		for (unsigned int j = 0; j < s->nr_ways; j++) {
			unsigned int w = turn(s, i, j);
			int64_t start = now();
			int err = setns(cause[w].fd, cause[w].flags) ?
				  errno : 0;

			*cell(s, i, 0, w) = now() - start - clock_cost;
			if (err != cause[w].err)
				die("%s: %s", cause[w].name, errno_name(err));
		}
	_exit(0);
}
