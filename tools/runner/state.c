// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "state.h"

static char *read_state(const char *dir, const char *name)
{
	char *path = format("%s/%s", dir, name);
	char *file = read_file(path, NULL);

	free(path);
	return file;
}

static void write_state(const char *dir, const char *name,
			const struct text *text)
{
	char *path = format("%s/%s", dir, name);

	mkdir(dir, 0777);
	write_file(path, text);
	free(path);
}

static void set_duration(struct durations *d, const char *name, double seconds)
{
	for (unsigned int i = 0; i < d->names.nr; i++) {
		if (!strcmp(d->names.items[i], name)) {
			d->seconds[i] = seconds;
			return;
		}
	}
	list_add(&d->names, xstrdup(name));
	d->seconds = xrealloc(d->seconds, d->names.nr * sizeof(*d->seconds));
	d->seconds[d->names.nr - 1] = seconds;
}

void durations_read(struct durations *d, const char *dir)
{
	char *file = dir ? read_state(dir, "durations") : NULL;
	char *rest = file, *line;
	double seconds;
	int at;

	while (rest && (line = strsep(&rest, "\n"))) {
		at = 0;
		if (sscanf(line, "%lf %n", &seconds, &at) == 1 && at &&
		    line[at] && seconds >= 0)
			set_duration(d, line + at, seconds);
	}
	free(file);
}

double durations_of(const struct durations *d, const char *program)
{
	for (unsigned int i = 0; i < d->names.nr; i++)
		if (!strcmp(d->names.items[i], program))
			return d->seconds[i];
	return -1;
}

void durations_write(struct durations *d, const char *dir,
		     const struct program *programs, unsigned int nr)
{
	struct text text = { 0 };

	for (unsigned int i = 0; i < nr; i++)
		if (programs[i].runs)
			set_duration(d, programs[i].name,
				     programs[i].seconds / programs[i].runs);
	for (unsigned int i = 0; i < d->names.nr; i++)
		text_add(&text, "%.3f %s\n", d->seconds[i], d->names.items[i]);
	write_state(dir, "durations", &text);
	text_free(&text);
}

bool failed_read(struct list *failed, const char *dir)
{
	char *file = read_state(dir, "failed");
	char *rest = file, *line;
	bool known = file;

	while (rest && (line = strsep(&rest, "\n")))
		if (strchr(line, ':'))
			list_add(failed, xstrdup(line));
	free(file);
	return known;
}

static bool has_run(const char *entry, const struct program *programs,
		    unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		const struct program *p = &programs[i];
		size_t len = strlen(p->name);

		if (!starts_with(entry, p->name) || entry[len] != ':')
			continue;
		if (!strcmp(entry + len + 1, "*"))
			return p->runs;
		for (unsigned int j = 0; j < p->nr_tests; j++)
			if (!strcmp(p->tests[j].name, entry + len + 1))
				return !p->tests[j].left_out;
	}
	return false;
}

void failed_write(const char *dir, const struct program *programs,
		  unsigned int nr)
{
	struct list before = { 0 };
	struct text text = { 0 };

	failed_read(&before, dir);
	for (unsigned int i = 0; i < before.nr; i++)
		if (!has_run(before.items[i], programs, nr))
			text_add(&text, "%s\n", before.items[i]);
	for (unsigned int i = 0; i < nr; i++) {
		const struct program *p = &programs[i];

		if (p->problems.nr)
			text_add(&text, "%s:*\n", p->name);
		for (unsigned int j = 0; j < p->nr_tests; j++)
			if (p->tests[j].kind == FAIL)
				text_add(&text, "%s:%s\n", p->name,
					 p->tests[j].name);
	}
	write_state(dir, "failed", &text);
	text_free(&text);
	list_free(&before);
}
