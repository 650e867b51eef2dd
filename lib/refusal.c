// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "check.h"
#include "refusal.h"

const struct refusal *refusal_of(const struct cause *cause, ns_set set)
{
	for (unsigned int i = 0; i < MAX_REFUSALS; i++) {
		const struct refusal *r = &cause->refusals[i];

		if (r->err && set & r->with && !(set & r->without))
			return r;
	}
	return NULL;
}

static int drop_capabilities(const struct cause *cause)
{
	return cause->drop ? cause->drop() : 0;
}

static int prepare(struct caller *c, void *arg)
{
	const struct situation *s = arg;
	int err = sem_undo_begin(s->undo);

	(void)c;
	return err ? err : drop_capabilities(s->cause);
}

int drop_again(struct caller *c, unsigned int i, void *arg)
{
	const struct situation *s = arg;

	(void)c;
	return i ? drop_capabilities(s->cause) : 0;
}

static int watch(struct caller *c, void *arg)
{
	const struct situation *s = arg;

	(void)c;
	return sem_undo_look(s->undo);
}

void situation_set(struct situation *s, const struct cause *cause)
{
	struct caller *c = s->c;

	caller_reset(c);
	s->cause = cause;
	s->undo->looked = false;
	c->arg = s;
	c->peer = cause->peer;
	c->prepare = prepare;
	c->watch = watch;
	c->with_child = true;
}

const char *refused_as(struct situation *s, const struct cause *cause,
		       unsigned int i, const struct target *t, ns_set types)
{
	const struct refusal *r = &cause->refusals[i];
	struct caller *c = s->c;
	const char *message;

	situation_set(s, cause);
	for_each_subset(set, types)
		if (refusal_of(cause, set) == r)
			caller_call(c, t->pidfd, ns_flags(set), "pidfd");
	caller_run(c);
	message = denied(c, r->err);
	return message ? message : undo_not_run(c, s->undo);
}

const char *refused_all(struct situation *s, const struct cause *cause,
			const struct target *t, ns_set types)
{
	const char *message = NULL;

	for (unsigned int i = 0; i < MAX_REFUSALS && !message; i++)
		if (cause->refusals[i].err)
			message = refused_as(s, cause, i, t, types);
	return message;
}
