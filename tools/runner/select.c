// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "select.h"

static char *glob_of(const char *word, size_t len)
{
	char *copy = xstrndup(word, len);
	char *glob;

	if (strpbrk(copy, "*?["))
		return copy;
	glob = format("*%s*", copy);
	free(copy);
	return glob;
}

void pattern_add(struct patterns *patterns, const char *text)
{
	const char *colon = strchr(text, ':');
	const char *test = colon ? colon + 1 : text;
	struct pattern *p;

	patterns->all = xrealloc(patterns->all,
				 (patterns->nr + 1) * sizeof(*p));
	p = &patterns->all[patterns->nr++];
	p->text = xstrdup(text);
	p->program = colon ? glob_of(text, colon - text) : NULL;
	p->test = glob_of(test, strlen(test));
}

static bool matches_program(const struct pattern *p, const char *program)
{
	return glob_matches(p->program ? p->program : p->test, program);
}

static bool matches(const struct pattern *p, const char *program,
		    const char *test)
{
	if (p->program)
		return glob_matches(p->program, program) &&
		       glob_matches(p->test, test);
	return glob_matches(p->test, program) || glob_matches(p->test, test);
}

bool select_all(const struct selection *s)
{
	return !s->wanted.nr && !s->skip.nr && !s->only_failed;
}

static bool failed_program(const struct selection *s, const char *program)
{
	size_t len = strlen(program);

	for (unsigned int i = 0; i < s->failed.nr; i++)
		if (starts_with(s->failed.items[i], program) &&
		    s->failed.items[i][len] == ':')
			return true;
	return false;
}

static bool failed_test(const struct selection *s, const char *program,
			const char *test)
{
	char *all = format("%s:*", program);
	char *one = format("%s:%s", program, test);
	bool found = list_has(&s->failed, all) || list_has(&s->failed, one);

	free(all);
	free(one);
	return found;
}

bool select_program(const struct selection *s, const char *program)
{
	if (s->only_failed && !failed_program(s, program))
		return false;
	for (unsigned int i = 0; i < s->wanted.nr; i++)
		if (!s->wanted.all[i].program ||
		    matches_program(&s->wanted.all[i], program))
			return true;
	return !s->wanted.nr;
}

bool select_test(const struct selection *s, const char *program,
		 const char *test)
{
	if (s->only_failed && !failed_test(s, program, test))
		return false;
	for (unsigned int i = 0; i < s->wanted.nr; i++)
		if (matches(&s->wanted.all[i], program, test))
			return true;
	return !s->wanted.nr;
}

const char *select_skip(const struct selection *s, const char *program,
			const char *test)
{
	for (unsigned int i = 0; i < s->skip.nr; i++)
		if (matches(&s->skip.all[i], program, test))
			return s->skip.all[i].text;
	return NULL;
}

const char *select_skip_program(const struct selection *s, const char *program)
{
	for (unsigned int i = 0; i < s->skip.nr; i++) {
		const struct pattern *p = &s->skip.all[i];

		if (matches_program(p, program) &&
		    (!p->program || !strcmp(p->test, "*")))
			return p->text;
	}
	return NULL;
}
