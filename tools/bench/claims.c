// SPDX-License-Identifier: GPL-2.0
/* One call against many, and what a refusal costs. */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>

#include "../../lib/errno_name.h"
#include "measures.h"

static void fresh_child(const struct way *way, const struct job *job,
			ns_set rest, __s64 *to)
{
	const struct job others = { rest, ns_flags(rest) };
	pid_t pid = fork_child();

	if (!pid) {
		*to = 0;	/* so that its page is there */
		attach(way, &others);
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
			unsigned int w = series_turn(s, round, i);
			__s64 *to = series_at(s, round, x, w);

			if (rest)
				fresh_child(of[w], &jobs[x], rest, to);
			else
				*to = time_attach(of[w], &jobs[x]);
		}
}

/* The claim, in children of their own if @rest is what they warm up with. */
static void claim(struct series *s, ns_set types, ns_set rest)
{
	const struct way *of[NR_WAYS];
	struct job jobs[MOST_X];
	pid_t pid;

	static_assert(NR_NS_TYPES <= MOST_X, "an x for each number of types");
	add_ways(s, of);
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
}

void measure_repeated(struct series *s, ns_set types)
{
	claim(s, types & ~NS_BIT(NS_USER), 0);
}

void measure_fresh(struct series *s, ns_set types)
{
	claim(s, types, types & ~NS_BIT(NS_USER));
}

/*
 * Refuses the time namespace, at the end of the order; shared with it, the
 * fs_struct would have refused mnt before.
 */
static void *other_thread(void *ready)
{
	unshare(CLONE_FS);
	if (write(*(int *)ready, "", 1) == 1)
		for (;;)
			pause();
	return NULL;
}

static void start_other_thread(void)
{
	pthread_t thread;
	int ends[2];
	char byte;

	if (pipe(ends) ||
	    pthread_create(&thread, NULL, other_thread, &ends[1]) ||
	    read(ends[0], &byte, 1) != 1)
		die("no thread: %s", errno_name(errno));
}

static int reaped_pidfd(void)
{
	pid_t pid = fork_child();
	int fd;

	if (!pid)
		for (;;)
			pause();
	fd = sys_pidfd_open(pid, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

/* A call and how it has to end. */
struct outcome {
	const char *name;
	int fd, flags, err;
};

static void __noreturn
call_in_turns(struct series *s, const struct outcome *outcomes)
{
	start_other_thread();
	pin(0);
	for (unsigned int i = 0; i < s->rounds; i++)
		for (unsigned int j = 0; j < s->nr_ways; j++) {
			unsigned int w = series_turn(s, i, j);
			const struct outcome *o = &outcomes[w];
			__s64 cost = clock_cost(), start = now();
			int err = setns(o->fd, o->flags) ? errno : 0;

			*series_at(s, i, 0, w) = now() - start - cost;
			if (err != o->err)
				die("%s: expected %s, got %s", o->name,
				    errno_name(o->err), errno_name(err));
		}
	_exit(0);
}

void measure_refusals(struct series *s, ns_set types)
{
	ns_set user = types & NS_BIT(NS_USER), time = types & NS_BIT(NS_TIME);
	int granted = ns_flags(types & ~(user | time));
	int pidfd = way_target.pidfd;
	const struct outcome outcomes[] = {
		{ "all but user and time: granted", pidfd, granted, 0 },
		{ "no descriptor", -1, granted, EBADF },
		{ "an invalid flag", pidfd, granted | CLONE_VM, EINVAL },
		{ "a target that is gone", reaped_pidfd(), granted, ESRCH },
		{ "the first type (user)", pidfd, granted | ns_flags(user),
		  user ? EINVAL : 0 },
		{ "the last type (time)", pidfd, granted | ns_flags(time),
		  time ? EUSERS : 0 },
	};
	pid_t pid;

	s->nr_x = 1;
	s->x[0] = __builtin_popcount(granted);
	for (; s->nr_ways < ARRAY_SIZE(outcomes); s->nr_ways++) {
		s->calls[0][s->nr_ways] = 1;
		s->way[s->nr_ways] = outcomes[s->nr_ways].name;
	}
	series_start(s);
	pid = fork_child();
	if (!pid)
		call_in_turns(s, outcomes);
	reap(pid);
}
