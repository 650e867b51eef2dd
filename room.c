// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <time.h>

#include "proc.h"
#include "room.h"

int room_limit(ns_set types, unsigned int number)
{
	int err = 0;

	for_each_ns_in(id, types)
		if (!err)
			err = proc_set_sysctl(number,
					      "user/max_%s_namespaces",
					      ns_types[id].name);
	return err;
}

struct nest {
	int flag;
	unsigned int depth;
};

/* Makes namespaces, one inside the other, and holds them all at once. */
static int make_nested(void *arg)
{
	struct nest *nest = arg;
	int err;

	if (!nest->depth--)
		return 0;
	/* A user namespace can be made only by a user with a mapping. */
	if (nest->flag == CLONE_NEWUSER)
		err = target_own_userns();
	else
		err = unshare(nest->flag) ? errno : 0;
	return err ? err : in_child(make_nested, nest);
}

int room_take(enum ns_id id, unsigned int number)
{
	struct nest nest = { ns_types[id].flag, number };

	return in_child(make_nested, &nest);
}

__s64 room_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int room_await(enum ns_id id, unsigned int number, __s64 until)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int err;

	while ((err = room_take(id, number)) == ENOSPC &&
	       room_clock_ms() < until)
		nanosleep(&pause, NULL);
	return err;
}
