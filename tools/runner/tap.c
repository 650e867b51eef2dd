// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* A program in a loop must not use up the memory. */
#define LINE_MAX_BYTES	(64 * 1024)
#define DIAG_MAX_BYTES	(8 * 1024 * 1024)

static const char *skip_blanks(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

static char *trimmed(const char *s)
{
	size_t len;

	s = skip_blanks(s);
	len = strlen(s);
	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	return xstrndup(s, len);
}

static bool is_word(const char *s, const char *word)
{
	size_t len = strlen(word);

	return !strncasecmp(s, word, len) && !isalnum((unsigned char)s[len]) &&
	       s[len] != '_';
}

/* "  RUN   NAME ..." and the like, by which the harness accounts for a test. */
static bool is_account(const char *comment, const char *word, char **name)
{
	const char *s = skip_blanks(comment);
	size_t len = strlen(word);

	if (s == comment || strncmp(s, word, len) ||
	    !isspace((unsigned char)s[len]))
		return false;
	s = skip_blanks(s + len);
	len = strcspn(s, " \t");
	if (!len || (s[len] && strcmp(s + len, " ...")))
		return false;
	if (name)
		*name = xstrndup(s, len);
	return true;
}

static bool is_harness_line(const char *comment)
{
	static const char *const words[] = { "OK", "FAIL", "SKIP", "XFAIL" };
	static const char *const starts[] = {
		" PASSED:", " FAILED:", " Totals:",
		/* The reason, which the result has as well. */
		"      SKIP      ",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
		if (is_account(comment, words[i], NULL))
			return true;
	for (unsigned int i = 0; i < ARRAY_SIZE(starts); i++)
		if (starts_with(comment, starts[i]))
			return true;
	if (strstr(comment, " skipped test(s) detected"))
		return true;
	return starts_with(comment, " Starting ") &&
	       isdigit((unsigned char)comment[strlen(" Starting ")]);
}

static void add_diag(struct tap *tap, const char *line)
{
	size_t len = strlen(line);

	if (tap->kept + len > DIAG_MAX_BYTES) {
		tap->dropped++;
		return;
	}
	tap->kept += len + 1;
	list_add(&tap->diag, trimmed(line));
}

static void take_comment(struct tap *tap, const char *comment)
{
	char *name;

	if (is_account(comment, "RUN", &name)) {
		free(tap->program->running);
		free(tap->program->last_begun);
		tap->program->running = name;
		tap->program->last_begun = xstrdup(name);
	} else if (!is_harness_line(comment)) {
		add_diag(tap, comment);
	}
}

static void take_plan(struct tap *tap, const char *s)
{
	struct program *p = tap->program;
	char *tail;

	if (p->planned >= 0) {
		list_addf(&tap->errors, "More than one plan found in TAP output");
		return;
	}
	p->planned = (int)strtol(s, &tail, 10);
	if (p->planned < 0)
		p->planned = 0;
	tap->plan_in_between = tap->results;
	if (p->planned)
		return;
	s = skip_blanks(tail);
	if (*s == '#')
		s = skip_blanks(s + 1);
	if (is_word(s, "SKIP"))
		s += strlen("SKIP");
	free(p->skip_all);
	p->skip_all = trimmed(s);
}

/* Cuts the directive off, and returns what is after it, or NULL. */
static char *cut_directive(char *description, enum kind *kind)
{
	char *hash = description, *s;

	while ((hash = strchr(hash, '#')) && hash > description &&
	       hash[-1] == '\\')
		hash++;
	if (!hash)
		return NULL;
	s = hash + 1 + strspn(hash + 1, " \t");
	if (is_word(s, "SKIP"))
		*kind = SKIP;
	else if (is_word(s, "XFAIL"))
		*kind = XFAIL;
	else
		return NULL;
	s += *kind == SKIP ? strlen("SKIP") : strlen("XFAIL");
	*hash = '\0';
	return s;
}

/* What is decided of a result besides what the program said. */
static void judge_result(struct tap *tap, struct test *t)
{
	struct program *p = tap->program;
	const char *skip, *bug;

	if (p->filtered) {
		t->unwanted = !select_test(tap->selection, p->name, t->name);
		skip = select_skip(tap->selection, p->name, t->name);
		if (!t->unwanted && skip) {
			t->kind = SKIP;
			t->left_out = true;
			free(t->reason);
			t->reason = format("left out by --skip %s", skip);
			list_free(&t->diag);
		}
	}
	if (t->unwanted || t->left_out)
		return;
	bug = known_explain(tap->known, p->name, t);
	if (bug) {
		t->kind = XFAIL;
		free(t->reason);
		t->reason = xstrdup(bug);
	}
}

static void check_order(struct tap *tap, unsigned long number)
{
	tap->results++;
	if (number != tap->results)
		list_addf(&tap->errors,
			  "Tests out of sequence.  Found (%lu) but expected (%u)",
			  number, tap->results);
	if (tap->plan_in_between) {
		list_addf(&tap->errors,
			  "Plan (1..%d) must be at the beginning or end of the TAP output",
			  tap->program->planned);
		tap->plan_in_between = false;
	}
}

static void take_result(struct tap *tap, bool ok, const char *s)
{
	enum kind kind = ok ? PASS : FAIL, directive = PASS;
	char *tail, *copy, *name, *reason;
	unsigned long number = strtoul(s, &tail, 10);
	struct test *t;

	check_order(tap, number);
	copy = xstrdup(tail);
	reason = cut_directive(copy, &directive);
	/* A test that is not ok is not skipped, whatever it says. */
	if (directive == XFAIL || (directive == SKIP && ok))
		kind = directive;
	tap->said[kind]++;
	name = trimmed(copy);
	if (starts_with(name, "- "))
		memmove(name, name + 2, strlen(name + 2) + 1);
	/* Before 6.9 the harness leaves the name of a skipped test out. */
	if (!*name) {
		free(name);
		name = tap->program->running ? xstrdup(tap->program->running) :
					       format("test %lu", number);
	}
	t = program_add_test(tap->program, name, kind);
	if (reason)
		t->reason = trimmed(reason);
	free(copy);
	list_move(&t->diag, &tap->diag);
	judge_result(tap, t);
	free(tap->program->running);
	tap->program->running = NULL;
}

static void take_line(struct tap *tap, const char *line)
{
	bool ok = starts_with(line, "ok ");
	const char *s = ok ? line + 3 : line + 7;
	char *why;

	if ((ok || starts_with(line, "not ok ")) && isdigit((unsigned char)*s)) {
		take_result(tap, ok, s);
	} else if (starts_with(line, "1..") && isdigit((unsigned char)line[3])) {
		take_plan(tap, line + 3);
	} else if (starts_with(line, "Bail out!")) {
		why = trimmed(line + strlen("Bail out!"));
		list_addf(&tap->program->problems, "gave up: %s", why);
		free(why);
	} else if (*line == '#') {
		take_comment(tap, line + 1);
	} else if (!starts_with(line, "TAP version ") &&
		   !starts_with(line, "KTAP version ") && *skip_blanks(line)) {
		add_diag(tap, line);
	}
}

static void take_bytes(struct tap *tap, char *bytes, size_t len)
{
	/* A NUL would hide the rest of the line. */
	for (char *nul; (nul = memchr(bytes, '\0', len)); )
		*nul = '?';
	take_line(tap, bytes);
}

void tap_read(struct tap *tap, const char *bytes, size_t len)
{
	struct text *partial = &tap->partial;
	size_t done = 0;
	char *end;

	text_add_bytes(partial, bytes, len);
	while ((end = memchr(partial->bytes + done, '\n', partial->len - done))) {
		size_t at = end - partial->bytes;

		*end = '\0';
		take_bytes(tap, partial->bytes + done, at - done);
		done = at + 1;
	}
	text_cut(partial, done);
	if (partial->len > LINE_MAX_BYTES) {
		take_bytes(tap, partial->bytes, partial->len);
		text_cut(partial, partial->len);
	}
}

void tap_end(struct tap *tap)
{
	if (tap->partial.len)
		take_bytes(tap, tap->partial.bytes, tap->partial.len);
	text_free(&tap->partial);
	if (tap->dropped)
		list_addf(&tap->diag, "%zu more lines are not kept", tap->dropped);
	list_move(&tap->program->last_words, &tap->diag);
}

void tap_free(struct tap *tap)
{
	text_free(&tap->partial);
	list_free(&tap->diag);
	list_free(&tap->errors);
}
