// SPDX-License-Identifier: GPL-2.0
/*
 * Every property of lib/state.h is seen: something real changes it in a child,
 * and state_diff() names this property with its old and its new value, and names
 * no other.  Where one action has to change several properties, the test states
 * each of them.  What is expected comes from other interfaces than those that
 * lib/state.c reads, or from what the test itself wrote.
 *
 * state_test DIRECTORY: prints TAP.  Needs root.  DIRECTORY is an empty one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "state_test.h"

/* What a child tells the program. */
struct result {
	bool done;
	char skip[160];
	char said[16384];		/* what is wrong */
	char covered[8200];		/* what was found as expected */
};

static struct result *result;
static struct state *before, *after;
static bool with_child;

static char want[8192];

void want_change(const char *fmt, ...)
{
	size_t len = strlen(want);
	va_list args;

	len += snprintf(want + len, sizeof(want) - len, "%s", len ? "; " : "");
	va_start(args, fmt);
	vsnprintf(want + len, sizeof(want) - len, fmt, args);
	va_end(args);
}

void __noreturn fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(result->said, sizeof(result->said), fmt, args);
	va_end(args);
	_exit(1);
}

void __noreturn skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(result->skip, sizeof(result->skip), fmt, args);
	va_end(args);
	_exit(0);
}

void step(const char *what, int ret)
{
	if (ret < 0)
		fail("%s: %s", what, strerror(errno));
}

static int read_state(struct state *s)
{
	return with_child ? state_read_child(s) : state_read(s);
}

static void begin_as(bool child)
{
	int err;

	with_child = child;
	err = read_state(before);
	if (err)
		fail("reading the state before: %s", strerror(err));
}

void begin(void)
{
	begin_as(false);
}

void begin_with_child(void)
{
	begin_as(true);
}

static void read_after(void)
{
	int err = read_state(after);

	if (err)
		fail("reading the state after: %s", strerror(err));
}

/* The links come first in a text.  A child's namespaces are not links. */
static int nr_links_wanted(void)
{
	const char *at = want;
	int nr = 0;

	while (!strncmp(at, "namespace ", strlen("namespace "))) {
		const char *end = strstr(at, "; ");
		const char *child = strstr(at, " of a child");

		if (child && (!end || child < end))
			break;
		nr++;
		at = end ? end + strlen("; ") : "";
	}
	return nr;
}

void compare(void)
{
	char found[sizeof(want)] = "", links[sizeof(want)] = "";
	int nr = state_diff_links(before, after, links, sizeof(links));

	state_diff(before, after, found, sizeof(found));
	if (strcmp(found, want))
		fail("found:    %s\nexpected: %s", found, want);
	if (nr != nr_links_wanted() || strncmp(found, links, strlen(links)))
		fail("state_diff_links() found %d: %s\nexpected %d, the first of: %s",
		     nr, links, nr_links_wanted(), want);
	snprintf(result->covered, sizeof(result->covered), "; %s", want);
}

void end(void)
{
	read_after();
	compare();
}

static void read_in_child(struct state *s, void (*enter)(void))
{
	int status;
	pid_t pid = fork();

	step("fork()", pid);
	if (!pid) {
		int err;

		if (enter)
			enter();
		err = state_read(s);
		if (err)
			fail("reading the state: %s", strerror(err));
		_exit(0);
	}
	step("waitpid()", waitpid(pid, &status, 0));
	if (status)
		_exit(1);
}

void begin_in_child(void (*enter)(void))
{
	read_in_child(before, enter);
}

void read_after_in_child(void (*enter)(void))
{
	read_in_child(after, enter);
}

/* Runs a test in a child.  Returns whether it passed or was skipped. */
static bool run(unsigned int number, const struct change *change)
{
	int status = -1;
	pid_t pid;

	memset(result, 0, sizeof(*result));
	memset(before, 0, sizeof(*before));
	memset(after, 0, sizeof(*after));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(WAIT_LIMIT_S);
		change->make();
		_exit(result->covered[0] ? 0 : 2);
	}
	if (pid < 0 || child_reap(pid, &status))
		status = -1;
	if (status || (!result->covered[0] && !result->skip[0])) {
		printf("not ok %u - %s\n", number, change->name);
		for (char *line = strtok(result->said, "\n"); line;
		     line = strtok(NULL, "\n"))
			printf("# %s\n", line);
		printf("# wait status %#x\n", status);
		return false;
	}
	printf("ok %u - %s%s%s\n", number, change->name,
	       result->skip[0] ? " # SKIP " : "", result->skip);
	return true;
}

/* Every property, as state_diff() begins to tell of it. */
#define NUMBER_ROW(_id, _type, _format, name)	name " is ",
#define TEXT_ROW(_id, _type, name)		name " is ",
#define LINK_ROW(_id, name, ...) \
	"namespace " name " is ", \
	"namespace " name " of a child forked afterwards is ",
#define LINKS_ROW(_id, name, _flag, _get, children, ...) \
	LINK_ROW(_id, name) \
	"namespace " children " is ",

static const char *const properties[] = {
	NS_TYPES(LINK_ROW, LINKS_ROW)
	STATE_NUMBERS(NUMBER_ROW)
	STATE_TEXTS(TEXT_ROW)
	"the number of supplementary groups is ",
	"supplementary group 1 is ",
	"fork() afterwards gave ",
};

static bool covered[ARRAY_SIZE(properties)];
static unsigned int nr_skipped;

static void count_covered(void)
{
	char text[128];

	for (unsigned int i = 0; i < ARRAY_SIZE(properties); i++) {
		snprintf(text, sizeof(text), "; %s", properties[i]);
		if (strstr(result->covered, text))
			covered[i] = true;
	}
}

/* A property that no test changed is one that nobody has seen to work. */
static bool tell_uncovered(unsigned int number)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(properties); i++)
		if (!covered[i] && nr++ < 64)
			printf("# not changed by any test: %s\n",
			       properties[i]);
	printf("%sok %u - every property is changed by a test%s\n",
	       nr && !nr_skipped ? "not " : "", number,
	       nr && nr_skipped ? " # SKIP some tests were skipped" : "");
	return !nr || nr_skipped;
}

const char *directory;

int main(int argc, char **argv)
{
	static const struct change *const tables[] = {
		task_changes, namespace_changes, content_changes,
	};
	unsigned int number = 0;
	bool good = true;

	if (argc != 2) {
		fprintf(stderr, "usage: state_test DIRECTORY\n");
		return 2;
	}
	directory = argv[1];
	result = shared_alloc(sizeof(*result));
	before = shared_alloc(sizeof(*before));
	after = shared_alloc(sizeof(*after));
	if (!result || !before || !after)
		return 2;
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct change *c = tables[i]; c->name; c++) {
			good = run(++number, c) && good;
			nr_skipped += result->skip[0] != '\0';
			count_covered();
		}
	good = tell_uncovered(++number) && good;
	printf("1..%u\n", number);
	return good ? 0 : 1;
}
