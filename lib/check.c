// SPDX-License-Identifier: GPL-2.0
/* What is said of an attempt, see caller.h. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "caller.h"
#include "errno_name.h"

#define TEXT_SIZE (sizeof(((struct attempt *)0)->why) / 2)

/* The last call that was made, or NULL. */
static struct call *last_call(struct attempt *a)
{
	struct call *last = NULL;

	for (unsigned int i = 0; i < a->nr_calls && a->calls[i].made; i++)
		last = &a->calls[i];
	return last;
}

/* The verdict's line: a call, and what to say of it. */
static const char *__printf(3, 4)
say(struct attempt *a, const struct call *c, const char *fmt, ...)
{
	char text[TEXT_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!c)
		c = &a->calls[0];
	snprintf(a->why, sizeof(a->why), "setns(%s, %s)%s: %s", c->fd_name,
		 ns_flag_names(c->flags),
		 a->nr_calls > 1 ? " in a row of calls" : "", text);
	return a->why;
}

static const char *peer_name(enum caller_peer peer)
{
	switch (peer) {
	case PEER_THREAD:
	case PEER_THREAD_OWN_FS:
		return "another thread";
	case PEER_SHARING_FS:
		return "a process sharing fs_struct (CLONE_FS)";
	case PEER_SHARING_VM:
		return "a process sharing memory (CLONE_VM)";
	case NO_PEER:
		break;
	}
	return "nobody";
}

/* A peer keeps its state, and with it what it shares with the caller. */
static int diff_peer(struct attempt *a, char *text, size_t size)
{
	struct state expected = a->peer_before;

	if (a->peer == PEER_THREAD || a->peer == PEER_SHARING_FS)
		expected.number[ST_UMASK] = CALLER_UMASK;
	return state_diff(&expected, &a->peer_after, text, size);
}

/* What is wrong with an attempt whatever its calls were meant to do. */
static const char *spoiled(struct attempt *a)
{
	const struct call *c = last_call(a);
	char text[TEXT_SIZE];

	if (a->trouble)
		return say(a, c, "the caller could not be used: %s: %s",
			   a->trouble, errno_name(a->trouble_err));
	if (a->nr_calls && !c)
		return say(a, c, "the caller ended before the call");
	if (a->peer && diff_peer(a, text, sizeof(text)))
		return say(a, c, "%s, and it changed %s: %s",
			   errno_name(c->err), peer_name(a->peer), text);
	if (a->watch && state_diff_links(&a->after, &a->outside, text,
					 sizeof(text)))
		return say(a, c, "%s, and seen from outside: %s",
			   errno_name(c->err), text);
	return NULL;
}

static const char *call_ended(struct attempt *a, const struct call *c, int err)
{
	if (a->trouble || !c->made || c->err == err)
		return NULL;
	return say(a, c, "expected %s, got %s", errno_name(err),
		   errno_name(c->err));
}

/* All calls that were made ended with @err. */
static const char *ended(struct attempt *a, int err)
{
	const char *why = NULL;

	for (unsigned int i = 0; i < a->nr_calls && !why; i++)
		why = call_ended(a, &a->calls[i], err);
	return why;
}

const char *each_ended(struct attempt *a, const int errs[])
{
	const char *why = NULL;

	for (unsigned int i = 0; i < a->nr_calls && !why; i++)
		why = call_ended(a, &a->calls[i], errs[i]);
	return why;
}

const char *left_in(struct attempt *a, const struct state *expected)
{
	const struct call *c = last_call(a);
	char text[TEXT_SIZE];

	if (!a->trouble && c &&
	    state_diff(expected, &a->after, text, sizeof(text)))
		return say(a, c, "%s, and then: %s", errno_name(c->err),
			   text);
	return spoiled(a);
}

const char *stood_in(struct attempt *a, const struct state *expected)
{
	char text[TEXT_SIZE];

	if (!a->trouble &&
	    state_diff(expected, &a->before, text, sizeof(text)))
		return say(a, NULL, "before it: %s", text);
	return spoiled(a);
}

const char *denied(struct attempt *a, int err)
{
	const char *why = ended(a, err);

	return why ? why : left_in(a, &a->before);
}

const char *reached(struct attempt *a, const struct state *expected)
{
	const char *why = ended(a, 0);

	return why ? why : left_in(a, expected);
}

const char *attached(struct attempt *a, const struct target *to, ns_set set)
{
	struct state expected = a->before;

	for_each_ns_in(id, set)
		state_attach(&expected, to->state, id);
	return reached(a, &expected);
}

const char *alike(struct attempt *a, struct attempt *b)
{
	const struct call *c = last_call(a), *d = last_call(b);
	const char *why = spoiled(b);
	char text[TEXT_SIZE];

	if (!why)
		why = spoiled(a);
	if (why)
		return why;
	if (c->err != d->err)
		return say(a, c, "got %s, but setns(%s, %s) got %s",
			   errno_name(c->err), d->fd_name,
			   ns_flag_names(d->flags), errno_name(d->err));
	if (state_diff(&b->after, &a->after, text, sizeof(text)))
		return say(a, c, "differs from setns(%s, %s): %s", d->fd_name,
			   ns_flag_names(d->flags), text);
	return NULL;
}

const char *explain(struct attempt *a, const char *verdict, const char *fmt,
		    ...)
{
	char text[sizeof(a->why)];
	va_list args;
	int len;

	if (!verdict)
		return NULL;
	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len < (int)sizeof(text))
		snprintf(text + len, sizeof(text) - len, ": %s", verdict);
	memcpy(a->why, text, sizeof(text));
	return a->why;
}
