/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kselftest harness of Linux 5.10 to 7.3 made to behave as one.  All that
 * depends on its version, and all that reaches into it, is here.
 *
 * A program includes this in place of kselftest_harness.h and ends, as usual,
 * with TEST_HARNESS_MAIN.  It then
 * - prints one test name a line with --list,
 * - runs the tests whose names match a glob of $SETNS_TESTS, if that is set,
 * - exits with 4 where every test was skipped, as kselftest asks for,
 * - leaves no process behind when it is killed.
 */
#ifndef SETNS_HARNESS_H
#define SETNS_HARNESS_H

#include <errno.h>
#include <fnmatch.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "errno_name.h"
#include "known_bugs.h"
#include "target.h"

/* Messages belong into the KTAP stream, in order. */
#define TH_LOG_STREAM stdout

#include "kselftest.h"

#define HARNESS_XFAIL "XFAIL "

/*
 * Before 6.9 the harness drops the name of a skipped test and knows no
 * expected failure.  This stands in for the one call in its __run_test(),
 * whose variables it uses.
 */
static inline void harness_skipped(const char *fixture, const char *variant,
				   const char *test, const char *reason)
{
	bool xfail = !strncmp(reason, HARNESS_XFAIL, strlen(HARNESS_XFAIL));

	if (xfail)
		ksft_inc_xfail_cnt();
	else
		ksft_inc_xskip_cnt();
	printf("ok %u %s%s%s.%s # %s%s\n", ksft_test_num(), fixture,
	       *variant ? "." : "", variant, test, xfail ? "" : "SKIP ",
	       reason);
}

#define ksft_test_result_skip(fmt, reason) \
	harness_skipped(f->name, variant->name, t->name, reason)
#include "kselftest_harness.h"
#undef ksft_test_result_skip

/* Seconds: kernels that check all they do, in an emulated machine, are slow. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 240

#ifdef XFAIL_ADD		/* since 6.9 */
#define HARNESS_PASSED(m)	__test_passed(m)
#define HARNESS_FAIL(m)		((m)->exit_code = KSFT_FAIL)
#define HARNESS_END(m, code)	((m)->exit_code = (code))
#define HARNESS_XFAIL_TEXT	""
#define HARNESS_SHARING		MAP_SHARED
#else
#define HARNESS_PASSED(m)	((m)->passed)
#define HARNESS_FAIL(m)		((m)->passed = 0)
/*
 * 255 means skipped.  At once, since a SKIP() in a fixture's set-up would go
 * on to run the test.
 */
#define HARNESS_END(m, code)	({ fflush(stdout); _exit(255); })
#define HARNESS_XFAIL_TEXT	HARNESS_XFAIL
/* Its processes all write to the one field that tells whom to wait for. */
#define HARNESS_SHARING		MAP_PRIVATE
#endif

/* The number of failures that a test spells out; the others are counted. */
#define HARNESS_MESSAGES 6

static unsigned int harness_failures __attribute__((unused));

static inline bool harness_speaks(void)
{
	return harness_failures++ < HARNESS_MESSAGES;
}

/*
 * EXPECT_THAT() - fails the test at this line unless @verdict is NULL.
 * @verdict: one line that says what went wrong, or NULL
 */
#define EXPECT_THAT(verdict) do { \
	const char *__verdict = (verdict); \
	\
	if (__verdict) { \
		if (harness_speaks()) \
			TH_LOG(" %s", __verdict); \
		else if (harness_failures == HARNESS_MESSAGES + 1) \
			TH_LOG(" more of the same is not shown"); \
		HARNESS_FAIL(_metadata); \
	} \
} while (0)

/*
 * EXPECT_THAT_OR_KNOWN() - the same, where a known bug of kernels makes it fail.
 * @bug: enum known_bug
 * @alike: after the verdict: is it what the bug does, and nothing else?
 *
 * On a kernel in the bug's range the test ends here as an expected failure,
 * unless it failed before; anywhere else, and with SETNS_STRICT, it fails.
 */
#define EXPECT_THAT_OR_KNOWN(bug, alike, verdict) do { \
	const char *__seen = (verdict); \
	\
	if (__seen && (alike) && known_bug_here(bug) && \
	    HARNESS_PASSED(_metadata)) { \
		snprintf(_metadata->results->reason, \
			 sizeof(_metadata->results->reason), "%s%s: %s", \
			 HARNESS_XFAIL_TEXT, known_bug_text(bug), __seen); \
		HARNESS_END(_metadata, KSFT_XFAIL); \
		return; \
	} \
	EXPECT_THAT(__seen); \
} while (0)

/*
 * SKIP_TEST() - ends the test or its fixture's set-up as skipped.
 *
 * The harness would forget an earlier failure; this does not.
 */
#define SKIP_TEST(...) do { \
	if (HARNESS_PASSED(_metadata)) { \
		snprintf(_metadata->results->reason, \
			 sizeof(_metadata->results->reason), __VA_ARGS__); \
		HARNESS_END(_metadata, KSFT_SKIP); \
	} \
	return; \
} while (0)

static inline bool harness_selected(const char *name)
{
	const char *globs = getenv("SETNS_TESTS");
	char *copy, *rest, *glob;
	bool found = false;

	if (!globs || !*globs)
		return true;
	copy = strdup(globs);
	for (glob = strtok_r(copy, "\n ", &rest); glob && !found;
	     glob = strtok_r(NULL, "\n ", &rest))
		found = !fnmatch(glob, name, 0);
	free(copy);
	return found;
}

/* A copy of what the harness registered, shared with tests as it was. */
static inline void *harness_copy(const void *from, size_t size)
{
	void *to = mmap(NULL, size, PROT_READ | PROT_WRITE,
			HARNESS_SHARING | MAP_ANONYMOUS, -1, 0);

	if (to == MAP_FAILED) {
		perror("mmap");
		exit(KSFT_FAIL);
	}
	return memcpy(to, from, size);
}

/* Adds the selected tests of a fixture with one of its variants to @list. */
static inline unsigned int
harness_add(struct __fixture_metadata ***list, struct __fixture_metadata *f,
	    struct __fixture_variant_metadata *v, bool print)
{
	struct __fixture_metadata *chosen = NULL;
	struct __test_metadata **tail = NULL;
	unsigned int nr = 0;
	char name[512];

	for (struct __test_metadata *t = f->tests; t; t = t->next) {
		snprintf(name, sizeof(name), "%s%s%s.%s", f->name,
			 v ? "." : "", v ? v->name : "", t->name);
		if (!harness_selected(name))
			continue;
		nr++;
		if (print)
			puts(name);
		if (!chosen) {
			chosen = harness_copy(f, sizeof(*f));
			chosen->variant = v ? harness_copy(v, sizeof(*v)) :
					  NULL;
			if (v)
				chosen->variant->next = NULL;
			chosen->next = NULL;
			tail = &chosen->tests;
			**list = chosen;
			*list = &chosen->next;
		}
		*tail = harness_copy(t, sizeof(*t));
		tail = &(*tail)->next;
		*tail = NULL;
	}
	return nr;
}

/* Leaves only the selected tests to the harness; how many they are. */
static inline unsigned int harness_select(bool print)
{
	struct __fixture_metadata *f, *all = __fixture_list;
	struct __fixture_metadata **tail = &__fixture_list;
	struct __fixture_variant_metadata *v;
	unsigned int nr = 0;

	__fixture_list = NULL;
	for (f = all; f; f = f->next) {
		v = f->variant;
		do {
			nr += harness_add(&tail, f, v, print);
			v = v ? v->next : NULL;
		} while (v);
	}
	return nr;
}

static inline void harness_all_skipped(void)
{
	if (ksft_get_xskip_cnt() && !ksft_get_pass_cnt() &&
	    !ksft_get_fail_cnt() && !ksft_get_xfail_cnt()) {
		fflush(stdout);
		_exit(KSFT_SKIP);
	}
}

static pid_t harness_parent;

static inline void harness_fork(void)
{
	harness_parent = getpid();
}

/* A child does not outlive what forked it: no orphan, whatever is killed. */
static inline void harness_forked(void)
{
	die_with(harness_parent);
}

/* Whoever starts a program may have signals ignored or blocked. */
static inline void harness_reset_signals(void)
{
	static const int signals[] = { SIGCHLD, SIGALRM, SIGPIPE, SIGTERM };
	sigset_t none;

	for (unsigned int i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int harness_main(int argc, char **argv);

int main(int argc, char **argv)
{
	bool list = argc == 2 && !strcmp(argv[1], "--list");
	unsigned int selected;

	target_park_if_told(argc, argv);
	harness_reset_signals();
	/* A test that dies has said all that it printed. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	selected = harness_select(list);
	if (list)
		return KSFT_PASS;
	if (!selected) {
		printf("TAP version 13\n1..0 # SKIP no test matches\n");
		return KSFT_SKIP;
	}
	atexit(harness_all_skipped);
	pthread_atfork(harness_fork, NULL, harness_forked);
	return harness_main(argc, argv);
}

/* What TEST_HARNESS_MAIN defines. */
#define main harness_main

#endif /* SETNS_HARNESS_H */
