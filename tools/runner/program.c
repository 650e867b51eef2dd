// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "program.h"

void program_init(struct program *p, const char *dir, const char *name)
{
	*p = (struct program) {
		.name = xstrdup(name),
		.path = *name == '/' ? xstrdup(name) : format("%s/%s", dir, name),
		.planned = -1,
	};
}

struct test *program_add_test(struct program *p, char *name, enum kind kind)
{
	struct test *t;

	/* Grow only at powers of two, where the old size is used up. */
	if (!(p->nr_tests & (p->nr_tests - 1)))
		p->tests = xrealloc(p->tests, (p->nr_tests ? 2 * p->nr_tests : 1) *
				    sizeof(*p->tests));
	t = &p->tests[p->nr_tests++];
	*t = (struct test) { .name = name, .kind = kind };
	return t;
}

void program_count(struct program *p)
{
	memset(p->count, 0, sizeof(p->count));
	for (unsigned int i = 0; i < p->nr_tests; i++)
		p->count[p->tests[i].kind]++;
}

void program_add_left_out(struct program *p)
{
	for (unsigned int i = 0; i < p->nr_left_out; i++) {
		const struct test *out = &p->left_out[i];
		struct test *t = program_add_test(p, xstrdup(out->name), SKIP);

		t->reason = xstrdup(out->reason);
		t->left_out = true;
	}
}

static struct test *find_test(struct program *p, const char *name)
{
	for (unsigned int i = 0; i < p->nr_tests; i++)
		if (!strcmp(p->tests[i].name, name))
			return &p->tests[i];
	return NULL;
}

/* Which of two results of a test is the one to tell. */
static bool outweighs(enum kind a, enum kind b)
{
	static const int weight[NR_KINDS] = {
		[SKIP] = 0, [PASS] = 1, [XFAIL] = 2, [FAIL] = 3,
	};

	return weight[a] > weight[b];
}

static void merge_test(struct program *all, struct test *from)
{
	struct test *t = find_test(all, from->name);

	if (!t)
		t = program_add_test(all, xstrdup(from->name), from->kind);
	else if (outweighs(from->kind, t->kind))
		list_free(&t->diag);
	if (!t->runs || outweighs(from->kind, t->kind)) {
		t->kind = from->kind;
		free(t->reason);
		t->reason = from->reason;
		from->reason = NULL;
		list_move(&t->diag, &from->diag);
		t->left_out = from->left_out;
	}
	t->runs++;
	t->failed_runs += from->kind == FAIL;
	t->passed_runs += from->kind == PASS;
}

void program_merge(struct program *all, struct program *run, unsigned int of)
{
	all->runs++;
	for (unsigned int i = 0; i < run->nr_tests; i++)
		merge_test(all, &run->tests[i]);
	if (run->problems.nr && !all->problems.nr)
		list_move(&all->last_words, &run->last_words);
	for (unsigned int i = 0; i < run->problems.nr; i++)
		list_addf(&all->problems, "run %u of %u: %s", all->runs, of,
			  run->problems.items[i]);
	if (run->skip_all && !all->skip_all)
		all->skip_all = xstrdup(run->skip_all);
	all->seconds += run->seconds;
	program_count(all);
}

bool program_failed(const struct program *p)
{
	return p->count[FAIL] || p->problems.nr;
}

bool program_all_skipped(const struct program *p)
{
	return !program_failed(p) && p->nr_tests == p->count[SKIP];
}
