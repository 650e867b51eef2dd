// SPDX-License-Identifier: GPL-2.0
/* How an attach scales. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../../lib/errno_name.h"
#include "measures.h"

#define ATTACHES	100	/* of an attacher in a round */

/* When an attacher began and ended. */
struct stint {
	__s64 start, end;
};

/* Begins when nobody holds the pipe's other end any more. */
static void __noreturn
be_attacher(unsigned int nth, const struct way *way, const struct job *job,
	    const int gun[2], struct stint *stint)
{
	char byte;

	close(gun[1]);
	pin(nth);
	attach(way, job);	/* warm */
	stint->end = 0;
	if (read(gun[0], &byte, 1))
		_exit(1);
	stint->start = now();
	for (int i = 0; i < ATTACHES; i++)
		attach(way, job);
	stint->end = now();
	_exit(0);
}

/* Nanoseconds for an attach of all of @nr attachers at once. */
static __s64 attach_at_once(unsigned int nr, const struct way *way,
			    const struct job *job, struct stint *stints)
{
	__s64 start = LLONG_MAX, end = 0;
	pid_t pid[MOST_X];
	int gun[2];

	if (pipe(gun))
		die("pipe(): %s", errno_name(errno));
	for (unsigned int i = 0; i < nr; i++) {
		pid[i] = fork_child();
		if (!pid[i])
			be_attacher(i, way, job, gun, &stints[i]);
	}
	close(gun[0]);
	close(gun[1]);
	for (unsigned int i = 0; i < nr; i++) {
		reap(pid[i]);
		if (stints[i].start < start)
			start = stints[i].start;
		if (stints[i].end > end)
			end = stints[i].end;
	}
	return (end - start) / (nr * ATTACHES);
}

void measure_attachers(struct series *s, ns_set types)
{
	ns_set set = types & ~NS_BIT(NS_USER);	/* again and again */
	const struct job job = { set, ns_flags(set) };
	struct stint *stints = shared(sizeof(*stints) * MOST_X);
	const struct way *of[NR_WAYS];

	add_ways(s, of);
	for (s->nr_x = 0; s->nr_x < 4; s->nr_x++)
		s->x[s->nr_x] = 1 << s->nr_x;
	series_start(s);
	for (unsigned int i = 0; i < s->rounds; i++)
		for (unsigned int x = 0; x < s->nr_x; x++)
			for (unsigned int j = 0; j < s->nr_ways; j++) {
				unsigned int w = series_turn(s, i, j);

				*series_at(s, i, x, w) = attach_at_once(s->x[x],
					of[w], &job, stints);
			}
}

/* Leaves all mounts but a new one, and binds its root until there are @nr. */
static int have_mounts(unsigned int nr)
{
	char name[16];

	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("setns", "/proc", "tmpfs", 0, "mode=755") ||
	    chdir("/proc") || syscall(SYS_pivot_root, ".", ".") ||
	    umount2(".", MNT_DETACH))
		return -1;
	for (unsigned int i = 1; i < nr; i++) {
		snprintf(name, sizeof(name), "/%u", i);
		if (mkdir(name, 0755) || mount("/", name, NULL, MS_BIND, NULL))
			return -1;
	}
	return 0;
}

static pid_t start_mounts(unsigned int nr, struct target *t)
{
	int ends[2], err = 0;
	pid_t pid;

	if (pipe(ends))
		die("pipe(): %s", errno_name(errno));
	pid = fork_child();
	if (!pid) {
		err = have_mounts(nr) ? errno : 0;
		if (write(ends[1], &err, sizeof(err)) == sizeof(err))
			for (;;)
				pause();
		_exit(1);
	}
	close(ends[1]);
	if (read(ends[0], &err, sizeof(err)) != sizeof(err) || err)
		die("%u mounts: %s", nr, errno_name(err));
	close(ends[0]);
	err = target_adopt(t, pid, 0);
	if (err)
		die("pidfd_open(): %s", errno_name(err));
	return pid;
}

static void attach_to_each(struct series *s, const struct target t[])
{
	const struct way *of[] = { &ways[PIDFD_HELD], &ways[NSFDS_HELD] };
	const struct job job = { NS_BIT(NS_MNT), CLONE_NEWNS };

	pin(0);
	for (unsigned int i = 0; i < s->rounds; i++)
		for (unsigned int j = 0; j < s->nr_x; j++)
			for (unsigned int w = 0; w < s->nr_ways; w++) {
				unsigned int x = (i + j) % s->nr_x;

				way_target = t[x];
				*series_at(s, i, x, w) = time_attach(of[w],
								     &job);
			}
	_exit(0);
}

void measure_mounts(struct series *s, ns_set types)
{
	static const unsigned int numbers[] = { 1, 10, 100, 1000, 10000 };
	struct target t[ARRAY_SIZE(numbers)];
	pid_t pid[ARRAY_SIZE(numbers)], attacher;

	(void)types;
	s->way[s->nr_ways++] = ways[PIDFD_HELD].name;
	s->way[s->nr_ways++] = ways[NSFDS_HELD].name;
	for (; s->nr_x < ARRAY_SIZE(numbers); s->nr_x++) {
		unsigned int nr = numbers[s->nr_x];

		s->x[s->nr_x] = nr;
		pid[s->nr_x] = start_mounts(nr, &t[s->nr_x]);
	}
	series_start(s);
	attacher = fork_child();
	if (!attacher)
		attach_to_each(s, t);
	reap(attacher);
	for (unsigned int x = 0; x < s->nr_x; x++) {
		kill(pid[x], SIGKILL);
		waitpid(pid[x], NULL, 0);
		target_destroy(&t[x]);
	}
}
