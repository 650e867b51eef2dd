// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "errno_name.h"
#include "proc.h"
#include "state.h"

struct property {
	const char *name;
	const char *format;
	enum ns_id type;
};

#define STATE_NUMBERS_ROW(id, _type, _format, _name) \
	[ST_##id] = { .name = _name, .format = _format, .type = NS_##_type },
static const struct property numbers[NR_STATE_NUMBERS] = {
	STATE_NUMBERS(STATE_NUMBERS_ROW)
};

#define STATE_TEXTS_ROW(id, _type, _name) \
	[ST_##id] = { .name = _name, .type = NS_##_type },
static const struct property texts[NR_STATE_TEXTS] = {
	STATE_TEXTS(STATE_TEXTS_ROW)
};

/* The number of all groups is compared, and the ids of the first ones. */
static unsigned int nr_groups_kept(const struct state *s)
{
	return s->nr_groups < STATE_GROUPS ? s->nr_groups : STATE_GROUPS;
}

/* A sysctl that nobody changes during a test.  It is read once. */
static __u64 constant_sysctl(const char *path, long otherwise, __s64 *cache)
{
	if (*cache < 0)
		*cache = proc_number(path, otherwise);
	return *cache;
}

/*
 * An attach keeps the ids that the kernel holds, but they read differently in
 * the target's user namespace.  The target maps the id of its creator to 0.
 * Every other id reads as the overflow id (user_namespaces(7)).
 */
static void attach_ids(struct state *s, const struct state *was,
		       const struct state *to)
{
	static __s64 uid = -1, gid = -1;
	__u64 overflow_uid = constant_sysctl("sys/kernel/overflowuid", 65534, &uid);
	__u64 overflow_gid = constant_sysctl("sys/kernel/overflowgid", 65534, &gid);

	for (int i = ST_RUID; i <= ST_FSUID; i++)
		s->number[i] = was->number[i] == to->outer_uid ? 0 :
			       overflow_uid;
	for (int i = ST_RGID; i <= ST_FSGID; i++)
		s->number[i] = was->number[i] == to->outer_gid ? 0 :
			       overflow_gid;
	for (unsigned int i = 0; i < nr_groups_kept(s); i++)
		s->groups[i] = was->groups[i] == to->outer_gid ? 0 :
			       overflow_gid;
}

/*
 * A task that does not own the user namespace gains privilege there.
 * commit_creds() in kernel/cred.c then treats it as after execve(2) of a
 * set-user-ID program.
 */
static void attach_dumpable_and_pdeathsig(struct state *s,
					  const struct state *was,
					  const struct state *to)
{
	static __s64 dumpable = -1;

	if (was->number[ST_EUID] == to->outer_uid)
		return;
	s->number[ST_DUMPABLE] = constant_sysctl("sys/fs/suid_dumpable", 0,
						 &dumpable);
	s->number[ST_PDEATHSIG] = 0;
}

void state_attach(struct state *s, const struct state *to, enum ns_id id)
{
	struct ns_identity joined = to->ns[id][NS_ACTIVE];
	const struct state was = *s;

	if (id != NS_PID)
		s->ns[id][NS_ACTIVE] = joined;
	s->child[id] = joined;
	s->child_err = 0;
	if (ns_types[id].link[NS_CHILDREN])
		s->ns[id][NS_CHILDREN] = joined;
	for (int i = 0; i < NR_STATE_NUMBERS; i++)
		if (numbers[i].type == id)
			s->number[i] = to->number[i];
	for (int i = 0; i < NR_STATE_TEXTS; i++)
		if (texts[i].type == id)
			s->text[i] = to->text[i];
	/* Both directories become the root of the mount tree. */
	if (id == NS_MNT) {
		s->number[ST_CWD_DEV] = to->number[ST_ROOT_DEV];
		s->number[ST_CWD_INO] = to->number[ST_ROOT_INO];
		s->number[ST_CWD_MOUNT] = to->number[ST_ROOT_MOUNT];
	}
	if (id == NS_USER) {
		attach_dumpable_and_pdeathsig(s, &was, to);
		attach_ids(s, &was, to);
	}
}

struct diff {
	char *text;
	size_t size;
	size_t len;
	int count;
};

static void __printf(2, 3)
differ(struct diff *d, const char *fmt, ...)
{
	va_list args;

	d->len += snprintf(d->text + d->len, d->size - d->len, "%s",
			   d->count++ ? "; " : "");
	if (d->len >= d->size)
		d->len = d->size - 1;
	va_start(args, fmt);
	d->len += vsnprintf(d->text + d->len, d->size - d->len, fmt, args);
	va_end(args);
	if (d->len >= d->size)
		d->len = d->size - 1;
}

static void diff_identity(struct diff *d, const char *link,
			  const struct ns_identity *expected,
			  const struct ns_identity *found)
{
	if (expected->dev == found->dev && expected->ino == found->ino)
		return;
	differ(d, "namespace %s is [%llu], expected [%llu]", link,
	       (unsigned long long)found->ino,
	       (unsigned long long)expected->ino);
}

static void diff_number(struct diff *d, const struct property *property,
			__u64 expected, __u64 found)
{
	char got[32], want[32];

	if (expected == found)
		return;
	snprintf(got, sizeof(got), property->format, (unsigned long long)found);
	snprintf(want, sizeof(want), property->format,
		 (unsigned long long)expected);
	differ(d, "%s is %s, expected %s", property->name, got, want);
}

/* Shows the first line in which two texts differ. */
static void diff_text(struct diff *d, const struct property *property,
		      const struct state_text_value *expected,
		      const struct state_text_value *found)
{
	const char *want = expected->head, *got = found->head;
	size_t start = 0, i;

	if (expected->len == found->len && expected->hash == found->hash)
		return;
	if (!strcmp(want, got)) {
		differ(d, "%s is %u bytes long, expected %u, with the same beginning",
		       property->name, found->len, expected->len);
		return;
	}
	for (i = 0; want[i] == got[i]; i++)
		if (got[i] == '\n')
			start = i + 1;
	differ(d, "%s is \"%.*s\", expected \"%.*s\"", property->name,
	       (int)strcspn(got + start, "\n"), got + start,
	       (int)strcspn(want + start, "\n"), want + start);
}

static void diff_groups(struct diff *d, const struct state *expected,
			const struct state *found)
{
	if (expected->nr_groups != found->nr_groups) {
		differ(d, "the number of supplementary groups is %u, expected %u",
		       found->nr_groups, expected->nr_groups);
		return;
	}
	for (unsigned int i = 0; i < nr_groups_kept(found); i++)
		if (expected->groups[i] != found->groups[i])
			differ(d, "supplementary group %u is %u, expected %u",
			       i, found->groups[i], expected->groups[i]);
}

static void diff_child(struct diff *d, const struct state *expected,
		       const struct state *found)
{
	if (!expected->child_known || !found->child_known)
		return;
	if (expected->child_err != found->child_err)
		differ(d, "fork() afterwards gave %s, expected %s",
		       errno_name(found->child_err),
		       errno_name(expected->child_err));
	else if (!found->child_err)
		for_each_ns(id) {
			char what[48];

			snprintf(what, sizeof(what),
				 "%s of a child forked afterwards",
				 ns_types[id].name);
			diff_identity(d, what, &expected->child[id],
				      &found->child[id]);
		}
}

static void diff_links(struct diff *d, const struct state *expected,
		       const struct state *found)
{
	for_each_link(id, slot)
		diff_identity(d, ns_types[id].link[slot],
			      &expected->ns[id][slot], &found->ns[id][slot]);
}

int state_diff_links(const struct state *expected, const struct state *found,
		     char *text, size_t size)
{
	struct diff d = { .text = text, .size = size };

	text[0] = '\0';
	diff_links(&d, expected, found);
	return d.count;
}

int state_diff(const struct state *expected, const struct state *found,
	       char *text, size_t size)
{
	struct diff d = { .text = text, .size = size };

	text[0] = '\0';
	diff_links(&d, expected, found);
	for (int i = 0; i < NR_STATE_NUMBERS; i++)
		diff_number(&d, &numbers[i], expected->number[i],
			    found->number[i]);
	for (int i = 0; i < NR_STATE_TEXTS; i++)
		diff_text(&d, &texts[i], &expected->text[i],
			  &found->text[i]);
	diff_groups(&d, expected, found);
	diff_child(&d, expected, found);
	return d.count;
}
