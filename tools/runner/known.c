// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "known.h"

static bool parse_version(const char *s, struct version *v)
{
	*v = (struct version) { 0 };
	return sscanf(s, "%u.%u.%u", &v->major, &v->minor, &v->patch) >= 2;
}

static bool same_series(const struct version *a, const struct version *b)
{
	return a->major == b->major && a->minor == b->minor;
}

static bool before(const struct version *a, const struct version *b)
{
	if (a->major != b->major)
		return a->major < b->major;
	if (a->minor != b->minor)
		return a->minor < b->minor;
	return a->patch < b->patch;
}

/*
 * Distributions keep the name of a release while they move to later stable
 * versions: Debian's 6.1.0-50-amd64 is 6.1.176. Each tells at a place of its own.
 */
static struct version running_version(void)
{
	const char *given = getenv("SETNS_RELEASE"), *debian;
	char *ubuntu, *third = NULL;
	struct version v = { 0 };
	struct utsname u;

	if (given && parse_version(given, &v))
		return v;
	if (uname(&u))
		return v;
	debian = strstr(u.version, "Debian ");
	if (debian && parse_version(debian + strlen("Debian "), &v))
		return v;
	ubuntu = read_file("/proc/version_signature", NULL);
	if (ubuntu)
		third = strrchr(ubuntu, ' ');
	if (!third || !parse_version(third + 1, &v))
		parse_version(u.release, &v);
	free(ubuntu);
	return v;
}

static bool is_affected(const struct known_bug *bug, const struct version *v)
{
	if (before(v, &bug->since))
		return false;
	for (unsigned int i = 0; i < bug->nr_stable; i++)
		if (same_series(v, &bug->stable[i]))
			return before(v, &bug->stable[i]);
	return bug->not_yet || (!same_series(v, &bug->fixed) &&
				before(v, &bug->fixed));
}

static bool read_stable(struct known_bug *bug, char *versions)
{
	char *word, *rest = versions;
	struct version v;

	while ((word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		if (!parse_version(word, &v))
			return false;
		bug->stable = xrealloc(bug->stable, (bug->nr_stable + 1) *
				       sizeof(*bug->stable));
		bug->stable[bug->nr_stable++] = v;
	}
	return true;
}

static bool read_fixed(struct known_bug *bug, const char *value)
{
	bug->has_fixed = true;
	bug->not_yet = !strcmp(value, "not yet");
	return bug->not_yet || parse_version(value, &bug->fixed);
}

/* False if the key is unknown or its value makes no sense. */
static bool read_key(struct known_bug *bug, const char *key, char *value)
{
	if (!strcmp(key, "message"))
		list_add(&bug->messages, xstrdup(value));
	else if (!strcmp(key, "beside"))
		list_add(&bug->beside, xstrdup(value));
	else if (!strcmp(key, "since"))
		return bug->has_since = parse_version(value, &bug->since);
	else if (!strcmp(key, "fixed"))
		return read_fixed(bug, value);
	else if (!strcmp(key, "stable"))
		return read_stable(bug, value);
	else if (!strcmp(key, "tests") && !bug->tests)
		bug->tests = xstrdup(value);
	else if (!strcmp(key, "what") && !bug->what)
		bug->what = xstrdup(value);
	else
		return false;
	return true;
}

static void finish_bug(const struct known_bug *bug, const char *path)
{
	if (!bug->tests || !bug->messages.nr || !bug->has_since ||
	    !bug->has_fixed || !bug->what)
		trouble("%s:%u: a bug has tests:, message:, since:, fixed: and what:",
			path, bug->line);
}

static struct known_bug *add_bug(struct known_bugs *known, unsigned int line)
{
	struct known_bug *bug;

	known->all = xrealloc(known->all,
			      (known->nr + 1) * sizeof(*known->all));
	bug = &known->all[known->nr++];
	*bug = (struct known_bug) { .line = line };
	return bug;
}

static void read_line(struct known_bug *bug, const char *path,
		      unsigned int number, char *line)
{
	char *value = strchr(line, ':');

	if (value) {
		*value++ = '\0';
		value += strspn(value, " \t");
	}
	if (!value || !*value || !read_key(bug, line, value))
		trouble("%s:%u: '%s:' is not known or has no such value", path,
			number, line);
}

void known_read(struct known_bugs *known, const char *path)
{
	struct version running = running_version();
	struct known_bug *bug = NULL;
	unsigned int number = 0;
	char *file, *rest, *line;

	if (!path)
		return;
	file = read_file(path, NULL);
	rest = file;
	if (!file)
		trouble("cannot read %s: %s", path, strerror(errno));
	while ((line = strsep(&rest, "\n"))) {
		size_t len = strlen(line);

		number++;
		while (len && isspace((unsigned char)line[len - 1]))
			line[--len] = '\0';
		if (*line == '#')
			continue;
		if (!*line) {
			bug = NULL;
			continue;
		}
		if (!bug)
			bug = add_bug(known, number);
		read_line(bug, path, number, line);
	}
	free(file);
	for (unsigned int i = 0; i < known->nr; i++) {
		finish_bug(&known->all[i], path);
		known->all[i].affected = is_affected(&known->all[i], &running);
	}
}

/* The message of "FILE.c:LINE:TEST: MESSAGE", or NULL for another line. */
static const char *logged_message(const char *line)
{
	size_t len = strcspn(line, ": \t");
	const char *s = line + len;

	if (*s != ':' || len < 3 || s[-2] != '.' || !strchr("ch", s[-1]))
		return NULL;
	s++;
	len = strspn(s, "0123456789");
	if (!len || s[len] != ':')
		return NULL;
	s = strchr(s + len + 1, ':');
	return s ? s + 1 + strspn(s + 1, " \t") : NULL;
}

/*
 * What the harness says of a test that did not end as it should, such as "Test
 * terminated unexpectedly by signal 11", or NULL for another line. That a test
 * failed, or ended at an assertion, is told by the line of the assertion.
 */
static const char *harness_message(const char *line, const struct test *t)
{
	const char *dot = strrchr(t->name, '.');
	const char *name = dot ? dot + 1 : t->name;
	const char *s;

	if (!starts_with(line, name) || !starts_with(line + strlen(name), ": "))
		return NULL;
	s = line + strlen(name) + 2;
	if (starts_with(s, "Test failed") ||
	    !strcmp(s, "Test terminated by assertion"))
		return NULL;
	return s;
}

static bool matches_any(const struct list *globs, const char *s)
{
	for (unsigned int i = 0; i < globs->nr; i++)
		if (glob_matches(globs->items[i], s))
			return true;
	return false;
}

static bool explains(const struct known_bug *bug, const struct test *t)
{
	unsigned int matched = 0;

	for (unsigned int i = 0; i < t->diag.nr; i++) {
		const char *message = logged_message(t->diag.items[i]);

		if (!message)
			message = harness_message(t->diag.items[i], t);
		if (!message)
			continue;
		if (matches_any(&bug->messages, message))
			matched++;
		else if (!matches_any(&bug->beside, message))
			return false;
	}
	return matched;
}

static bool has_test(const struct known_bug *bug, const char *program,
		     const struct test *t)
{
	char *name = format("%s:%s", program, t->name);
	bool has = glob_matches(bug->tests, name);

	free(name);
	return has;
}

const char *known_explain(struct known_bugs *known, const char *program,
			  const struct test *t)
{
	for (unsigned int i = 0; t->kind == FAIL && i < known->nr; i++) {
		struct known_bug *bug = &known->all[i];

		if (!bug->affected || !has_test(bug, program, t) ||
		    !explains(bug, t))
			continue;
		bug->seen++;
		return bug->what;
	}
	return NULL;
}

void known_count(struct known_bugs *known, const struct program *p)
{
	for (unsigned int i = 0; i < known->nr; i++) {
		struct known_bug *bug = &known->all[i];

		for (unsigned int j = 0; j < p->nr_tests; j++) {
			if (!has_test(bug, p->name, &p->tests[j]))
				continue;
			bug->passed += p->tests[j].kind == PASS;
			bug->failed += p->tests[j].kind == FAIL;
		}
	}
}

bool known_not_seen(const struct known_bug *bug)
{
	return bug->affected && bug->passed && !bug->failed && !bug->seen;
}
