// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "errno_name.h"

#define TEXT_SIZE (sizeof(((struct caller *)0)->message) / 2)

static const char no_call[] = "the test made no call: nothing was checked";

/*
 * Writes the message: a call, and what is wrong with it.  @call is NULL if no
 * call was made.
 */
static const char *__printf(3, 4)
say(struct caller *c, const struct call *call, const char *fmt, ...)
{
	char text[TEXT_SIZE], row[32] = "";
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!c->nr_calls) {
		snprintf(c->message, sizeof(c->message), "%s", text);
		return c->message;
	}
	if (!call)
		call = &c->calls[0];
	if (c->nr_calls > 1)
		snprintf(row, sizeof(row), " (call %u of %u)",
			 (unsigned int)(call - c->calls) + 1, c->nr_calls);
	snprintf(c->message, sizeof(c->message), "setns(%s, %s)%s: %s",
		 call->fd_name, ns_flag_names(call->flags), row, text);
	return c->message;
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

/* A peer keeps its state, and what it shares with the caller. */
static int diff_peer(struct caller *c, char *text, size_t size)
{
	struct state expected = c->peer_before;

	if (c->peer == PEER_THREAD || c->peer == PEER_SHARING_FS)
		expected.number[ST_UMASK] = CALLER_UMASK;
	return state_diff(&expected, &c->peer_after, text, size);
}

/* The caller did all that it had to, and no other task sees a wrong state. */
static const char *check_others(struct caller *c)
{
	const struct call *last = caller_last_call(c);
	char text[TEXT_SIZE];

	if (c->trouble)
		return say(c, last, "the caller failed: %s: %s", c->trouble,
			   errno_name(c->trouble_err));
	if (c->nr_calls && !c->calls[c->nr_calls - 1].made)
		return say(c, last, "the caller ended before its last call");
	if (c->peer && diff_peer(c, text, sizeof(text)))
		return say(c, last, "%s, and it changed %s: %s",
			   last ? errno_name(last->err) : "no call",
			   peer_name(c->peer), text);
	if (c->watch && state_diff_links(&c->after, &c->outside, text,
					 sizeof(text)))
		return say(c, last, "%s, and seen from outside: %s",
			   last ? errno_name(last->err) : "no call", text);
	return NULL;
}

static const char *check_errno(struct caller *c, const struct call *call,
			       int err)
{
	if (!call->made || call->err == err)
		return NULL;
	return say(c, call, "expected %s, got %s", errno_name(err),
		   errno_name(call->err));
}

const char *ended_in(struct caller *c, const struct state *expected)
{
	const struct call *last = caller_last_call(c);
	char text[TEXT_SIZE];

	if (!c->trouble &&
	    state_diff(expected, &c->after, text, sizeof(text)))
		return say(c, last, "%s, and then: %s",
			   last ? errno_name(last->err) : "no call", text);
	return check_others(c);
}

/* Compares what the caller read after call @i with @expected. */
static const char *check_look(struct caller *c, unsigned int i,
			      const struct state *expected)
{
	const struct call *call = &c->calls[i];
	const struct state *found = &c->after_call[i];
	char text[TEXT_SIZE];
	int differences;

	if (!c->look_after_each || !call->made || call->look == LOOK_NOTHING)
		return NULL;
	/* A caller that died in its last call, or failed after it, read nothing. */
	if (c->trouble && call == caller_last_call(c))
		return NULL;
	differences = call->look == LOOK_LINKS ?
		      state_diff_links(expected, found, text, sizeof(text)) :
		      state_diff(expected, found, text, sizeof(text));
	return differences ? say(c, call, "%s, and then: %s",
				 errno_name(call->err), text) : NULL;
}

/* The errnos that the calls have to end with. */
struct outcome {
	const int *errs;	/* one for each call, or NULL */
	int err;		/* the same for all calls, without @errs */
};

/*
 * Compares the errno of every call, and the state that was read after it, with
 * what they have to be.  @expected becomes the state after the last call.
 */
static const char *check_calls(struct caller *c, const struct outcome *outcome,
			       struct state *expected)
{
	*expected = c->before;
	for (unsigned int i = 0; i < c->nr_calls; i++) {
		const struct call *call = &c->calls[i];
		int err = outcome->errs ? outcome->errs[i] : outcome->err;
		const char *message = check_errno(c, call, err);

		if (!message && call->made && !call->err && call->to)
			for_each_ns_in(id, call->types)
				state_attach(expected, call->to, id);
		if (!message)
			message = check_look(c, i, expected);
		if (message)
			return message;
	}
	return NULL;
}

/*
 * Repeats a row of calls that ended in a wrong state, and looks at all of the
 * state after each.  If it happens no more, the message of the whole row stays.
 */
static const char *find_culprit(struct caller *c, const struct outcome *outcome)
{
	char row[sizeof(c->message)];
	struct state expected;
	const char *message;

	memcpy(row, c->message, sizeof(row));
	c->look_after_each = true;
	for (unsigned int i = 0; i < c->nr_calls; i++) {
		c->calls[i].made = false;
		/* A hook before each call may change other parts of the state. */
		c->calls[i].look = c->before_call ? LOOK_LINKS : LOOK_STATE;
	}
	caller_run(c);
	message = check_calls(c, outcome, &expected);
	if (message)
		return message;
	snprintf(c->message, sizeof(c->message),
		 "one of %u calls, and not when they were repeated: %.900s",
		 c->nr_calls, row);
	return c->message;
}

static const char *check_row(struct caller *c, const struct outcome *outcome)
{
	struct state expected;
	const char *message;

	if (!c->nr_calls)
		return no_call;
	message = check_calls(c, outcome, &expected);
	if (message)
		return message;
	message = ended_in(c, &expected);
	if (message && !c->trouble && c->nr_calls > 1)
		message = find_culprit(c, outcome);
	return message;
}

const char *denied(struct caller *c, int err)
{
	const struct outcome outcome = { .err = err };

	return check_row(c, &outcome);
}

const char *ended(struct caller *c, const int errs[])
{
	const struct outcome outcome = { .errs = errs };

	return check_row(c, &outcome);
}

const char *attached(struct caller *c)
{
	const struct outcome success = { .err = 0 };

	for (unsigned int i = 0; i < c->nr_calls; i++)
		if (!c->calls[i].to)
			return say(c, &c->calls[i],
				   "the test does not say where it leads");
	return check_row(c, &success);
}

const char *reached(struct caller *c, const struct state *expected)
{
	if (!c->nr_calls)
		return no_call;
	for (unsigned int i = 0; i < c->nr_calls; i++) {
		const char *message = check_errno(c, &c->calls[i], 0);

		if (message)
			return message;
	}
	return ended_in(c, expected);
}

const char *explain(struct caller *c, const char *message, const char *fmt,
		    ...)
{
	char text[sizeof(c->message)];
	va_list args;
	int len;

	if (!message)
		return NULL;
	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len < (int)sizeof(text))
		snprintf(text + len, sizeof(text) - len, ": %s", message);
	memcpy(c->message, text, sizeof(text));
	return c->message;
}
