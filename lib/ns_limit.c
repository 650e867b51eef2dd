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

static int write_limit(enum ns_id id, unsigned int number)
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
			err = write_limit(id, number);
	return err;
}

/* What create_first() returns if the limit allows more than one. */
#define NOT_LIMITED	126

struct attempt {
	ns_set types;
	__s64 until;
};

/*
 * unshare(2), which fails and changes nothing as long as a namespace is left
 * over.  It is repeated until clock_ms() is @until.  Returns 0 or an errno.
 */
static int unshare_until(int flags, __s64 until)
{
	struct timespec pause = { .tv_nsec = 1000000 };

	while (unshare(flags)) {
		if (errno != ENOSPC || clock_ms() >= until)
			return errno;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 100000000)
			pause.tv_nsec += pause.tv_nsec / 4;
	}
	return 0;
}

/* In a child of the new pid namespace: can there be a second of each type? */
static int create_second(void *arg)
{
	const struct attempt *a = arg;

	for_each_ns_in(id, a->types)
		if (!unshare(ns_types[id].flag) || errno != ENOSPC)
			return NOT_LIMITED;
	return 0;
}

/*
 * Creates one namespace of each type.  A second one must fail: where nothing
 * limits them, a leak would go unnoticed.
 */
static int create_first(void *arg)
{
	const struct attempt *a = arg;
	ns_set rest = a->types & ~NS_BIT(NS_USER);
	int err = 0;

	if (a->types & NS_BIT(NS_USER))
		err = unshare_until(CLONE_NEWUSER, a->until);
	if (!err && rest)
		err = unshare_until(ns_flags(rest), a->until);
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

/* The types of @types of which a namespace is left over now. */
static ns_set left_over(ns_set types)
{
	ns_set left = 0;

	for_each_ns_in(id, types) {
		struct attempt a = { .types = NS_BIT(id) };

		if (in_child(create_first, &a) == ENOSPC)
			left |= NS_BIT(id);
	}
	return left;
}

const char *all_freed(struct caller *c, ns_set types, __s64 until)
{
	struct attempt a = { .types = types, .until = until };
	int err = ns_limit_set(types, 1);
	ns_set left = 0;

	if (!err)
		err = in_child(create_first, &a);
	if (!err)
		return NULL;
	if (err == ENOSPC)
		left = left_over(types);
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
