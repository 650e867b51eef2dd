// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "schedule.h"

/* From the message that the harness prints for -h. */
#define USAGE	"[-h|-l] [-t|-T|"

/* Seconds for -l, which only prints. */
#define LIST_TIMEOUT	10

/* The first rows of the list that -l prints, and what is between fixtures. */
#define LIST_HEAD	"# FIXTURE "
#define LIST_RULE	"----------"

/* The columns of the list; a longer name moves those after it. */
#define FIXTURE_WIDTH	20
#define VARIANT_WIDTH	25

struct fixture {
	char *name;
	struct list variants, tests;
};

static void add_names(struct list *names, struct fixture *f)
{
	if (!f->variants.nr)
		list_add(&f->variants, xstrdup(""));
	for (unsigned int v = 0; v < f->variants.nr && f->name; v++) {
		const char *variant = f->variants.items[v];

		for (unsigned int t = 0; t < f->tests.nr; t++)
			list_addf(names, "%s%s%s.%s", f->name,
				  *variant ? "." : "", variant,
				  f->tests.items[t]);
	}
	free(f->name);
	list_free(&f->variants);
	list_free(&f->tests);
	*f = (struct fixture) { 0 };
}

/* The name in a column, which may be empty, and the start of the next one. */
static char *take_column(const char **s, size_t width)
{
	size_t len = strcspn(*s, " ");
	char *name = xstrndup(*s, len);
	size_t end = len > width ? len : width;

	*s += strlen(*s) < end + 1 ? strlen(*s) : end + 1;
	return name;
}

/*
 * A row has a fixture's first variant and its first test, the next row the
 * second variant and the second test, and so on: it is no pair of the two.
 */
static void take_row(struct fixture *f, const char *row)
{
	char *name = take_column(&row, FIXTURE_WIDTH);
	char *variant = take_column(&row, VARIANT_WIDTH);
	char *test = xstrndup(row, strcspn(row, " "));

	if (*name)
		f->name = xstrdup(name);
	free(name);
	if (*variant)
		list_add(&f->variants, variant);
	else
		free(variant);
	if (*test)
		list_add(&f->tests, test);
	else
		free(test);
}

static void read_list(struct program *p, const struct text *text)
{
	struct fixture f = { 0 };
	bool listing = false;
	char *rest = text->bytes, *line;

	while (rest && (line = strsep(&rest, "\n"))) {
		if (starts_with(line, LIST_HEAD))
			listing = true;
		else if (starts_with(line, LIST_RULE))
			add_names(&p->names, &f);
		else if (listing && *line)
			take_row(&f, line);
	}
	add_names(&p->names, &f);
	if (!p->names.nr)
		trouble("%s -l does not list its tests", p->name);
}

static void ask_for_names(struct program *p, const struct options *o)
{
	struct command command = {
		.argv = (char *[]) { p->path, "-l", NULL },
		.dir = o->dir,
		.timeout = LIST_TIMEOUT,
		.as_user = o->as_user,
		.user = o->user,
	};
	struct text text = { 0 };
	struct ending ending;

	if (run_to_end(&command, &text, &ending))
		read_list(p, &text);
	text_free(&text);
}

void harness_probe(struct program *p, const struct options *o)
{
	size_t len;
	char *file = read_file(p->path, &len);

	/* A program that cannot be read may still run, as a whole. */
	p->has_options = file && memmem(file, len, USAGE, strlen(USAGE));
	free(file);
	if (p->has_options && (o->list || !select_all(&o->selection)))
		ask_for_names(p, o);
}

static void leave_out(struct program *p, const char *name, const char *pattern)
{
	p->left_out = xrealloc(p->left_out,
			       (p->nr_left_out + 1) * sizeof(*p->left_out));
	p->left_out[p->nr_left_out++] = (struct test) {
		.name = xstrdup(name),
		.reason = format("left out by --skip %s", pattern),
	};
}

static bool choose_by_name(struct program *p, const struct selection *s)
{
	for (unsigned int i = 0; i < p->names.nr; i++) {
		const char *name = p->names.items[i];
		const char *skip = select_skip(s, p->name, name);

		if (!select_test(s, p->name, name))
			continue;
		if (skip)
			leave_out(p, name, skip);
		else
			list_add(&p->chosen, xstrdup(name));
	}
	p->all_left_out = !p->chosen.nr;
	return p->chosen.nr || p->nr_left_out;
}

bool harness_choose(struct program *p, const struct options *o)
{
	const struct selection *s = &o->selection;
	const char *skip;

	if (select_all(s))
		return true;
	if (!select_program(s, p->name))
		return false;
	if (p->has_options)
		return choose_by_name(p, s);
	skip = select_skip_program(s, p->name);
	if (skip) {
		p->all_left_out = true;
		p->skip_all = format("left out by --skip %s", skip);
	}
	p->filtered = true;
	return true;
}

char **harness_arguments(const struct program *p)
{
	/* The program, two for each test, and the end. */
	char **argv = xzalloc((2 + 2 * p->chosen.nr) * sizeof(*argv));
	unsigned int nr = 0;

	argv[nr++] = p->path;
	/* All of its tests are what it runs without options. */
	for (unsigned int i = 0; i < p->chosen.nr; i++) {
		if (p->chosen.nr == p->names.nr)
			break;
		argv[nr++] = "-r";
		argv[nr++] = p->chosen.items[i];
	}
	return argv;
}
