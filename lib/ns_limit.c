// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "errno_name.h"
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
	ns_set types;
	unsigned int depth;
};

/* Makes one namespace of each type. */
static int make_one(ns_set types)
{
	int err = 0;

	/* Only who is mapped in it can make further user namespaces. */
	if (types & NS_BIT(NS_USER))
		err = target_own_userns();
	types &= ~NS_BIT(NS_USER);
	if (!err && types && unshare(ns_flags(types)))
		err = errno;
	return err;
}

/* Makes namespaces, one inside the other, and holds them all at once. */
static int make_nested(void *arg)
{
	struct nest *nest = arg;
	int err;

	if (!nest->depth--) {
		/* There is to be no room for any more. */
		for_each_ns_in(id, nest->types)
			if (make_one(NS_BIT(id)) != ENOSPC)
				return ROOM_TOO_MUCH;
		return 0;
	}
	err = make_one(nest->types);
	return err ? err : in_child(make_nested, nest);
}

int room_take(ns_set types, unsigned int number)
{
	struct nest nest = { types, number };

	return in_child(make_nested, &nest);
}

__s64 room_clock_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / 1000000;
}

__s64 room_until(void)
{
	const char *env = getenv(ROOM_PATIENCE_ENV);

	return room_clock_ms() + (env ? atoi(env) : ROOM_PATIENCE_MS);
}

/* Takes room, while it is ENOSPC again and again until room_clock_ms() @until. */
static int room_await(ns_set types, unsigned int number, __s64 until)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	int err;

	while ((err = room_take(types, number)) == ENOSPC &&
	       room_clock_ms() < until) {
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 100000000)
			pause.tv_nsec *= 2;
	}
	return err;
}

const char *room_verdict(struct attempt *a, ns_set types, unsigned int number,
			 __s64 until)
{
	int err = room_await(types, number, until);

	if (!err)
		return NULL;
	attempt_reset(a);
	if (err == ROOM_TOO_MUCH)
		return explain(a, "the limit does not hold", "namespaces");
	for_each_ns_in(id, types)
		if (room_take(NS_BIT(id), number))
			return explain(a, errno_name(err),
				       "%s namespace: one is pinned: no room for %u",
				       ns_types[id].name, number);
	return explain(a, errno_name(err), "namespaces: no room for %u",
		       number);
}
