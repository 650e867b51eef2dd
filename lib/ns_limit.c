// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "child.h"
#include "errno_name.h"
#include "ns_limit.h"
#include "privilege.h"
#include "proc.h"

static int set_one(enum ns_id id, unsigned int number)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "sys/user/max_%s_namespaces",
		 ns_types[id].name);
	snprintf(text, sizeof(text), "%u\n", number);
	return proc_write(path, text);
}

int ns_limit_set(ns_set types, unsigned int number)
{
	int err = 0;

	for_each_ns_in(id, types)
		if (!err)
			err = set_one(id, number);
	return err;
}

/* What create_one() returns if the limit allows more than one. */
#define NOT_LIMITED	126

/* In a child of the new pid namespace: can there be a second of each type? */
static int create_second(void *arg)
{
	const ns_set *types = arg;

	for_each_ns_in(id, *types)
		if (!unshare(ns_types[id].flag) || errno != ENOSPC)
			return NOT_LIMITED;
	return 0;
}

/*
 * Creates one namespace of each type.  A second one must fail: where nothing
 * limits them, a leak would go unnoticed.
 */
static int create_one(void *arg)
{
	const ns_set *types = arg;
	ns_set rest = *types & ~NS_BIT(NS_USER);
	int err = 0;

	if (*types & NS_BIT(NS_USER))
		err = userns_create();
	if (!err && rest && unshare(ns_flags(rest)))
		err = errno;
	return err ? err : in_child(create_second, arg);
}

__s64 clock_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / 1000000;
}

__s64 freed_by(void)
{
	const char *env = getenv(NS_LIMIT_WAIT_ENV);

	return clock_ms() + (env ? atoi(env) : NS_LIMIT_WAIT_MS);
}

/* Tries until there is room for one of each.  Returns 0 or the last errno. */
static int await_room(ns_set types, __s64 until)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	int err;

	while ((err = in_child(create_one, &types)) == ENOSPC &&
	       clock_ms() < until) {
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 100000000)
			pause.tv_nsec *= 2;
	}
	return err;
}

const char *all_freed(struct caller *c, ns_set types, __s64 until)
{
	int err = ns_limit_set(types, 1);
	ns_set left = 0;

	if (!err)
		err = await_room(types, until);
	if (!err)
		return NULL;
	for_each_ns_in(id, types) {
		ns_set one = NS_BIT(id);

		if (in_child(create_one, &one) == ENOSPC)
			left |= one;
	}
	if (left)
		snprintf(c->message, sizeof(c->message),
			 "namespaces are left over: %s", ns_names(left));
	else
		snprintf(c->message, sizeof(c->message),
			 "looking for namespaces that are left over: %s",
			 err == NOT_LIMITED ? "the limit does not hold" :
					      errno_name(err));
	return c->message;
}
