/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kselftest harness of Linux 5.10 to 7.3 behind one interface.  What depends
 * on the harness's version, or reaches into it, is in this file only.
 *
 * A program includes this file in place of kselftest_harness.h.  It then exits
 * with 4 if every test was skipped, as kselftest asks for.
 */
#ifndef SETNS_HARNESS_H
#define SETNS_HARNESS_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errno_name.h"

/* Messages go to the KTAP stream, in order. */
#define TH_LOG_STREAM stdout

#include "kselftest.h"

/* Before 6.9 the harness drops the name of a skipped test. */
#define ksft_test_result_skip(fmt, reason) do { \
	ksft_inc_xskip_cnt(); \
	printf("ok %u %s%s%s.%s # SKIP %s\n", ksft_test_num(), f->name, \
	       *variant->name ? "." : "", variant->name, t->name, reason); \
} while (0)
#include "kselftest_harness.h"
#undef ksft_test_result_skip

/* Seconds: a debugging kernel in an emulated machine is slow. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 240

#ifdef XFAIL_ADD		/* since 6.9 */
#define HARNESS_PASSED(m)	__test_passed(m)
#define HARNESS_FAIL(m)		((m)->exit_code = KSFT_FAIL)
#define HARNESS_SKIP(m)		((m)->exit_code = KSFT_SKIP)
#else
#define HARNESS_PASSED(m)	((m)->passed)
#define HARNESS_FAIL(m)		((m)->passed = 0)
/* 255 means skipped.  Returning from SETUP would go on to the test. */
#define HARNESS_SKIP(m)		({ fflush(stdout); _exit(255); })
#endif

/* A test ends after so many failures, as further ones say nothing new. */
#define HARNESS_FAILURES 6

static unsigned int harness_failures __maybe_unused;

/*
 * EXPECT_THAT() - fails the test at this line unless @message is NULL.
 * @message: one line that says what is wrong, or NULL
 *
 * The test goes on, until it has failed HARNESS_FAILURES times.
 */
#define EXPECT_THAT(message) do { \
	const char *__message = (message); \
	\
	if (!__message) \
		break; \
	TH_LOG(" %s", __message); \
	HARNESS_FAIL(_metadata); \
	if (++harness_failures == HARNESS_FAILURES) { \
		TH_LOG(" ended after %u failures", harness_failures); \
		return; \
	} \
} while (0)

/*
 * EXPECT_THAT_EQ() - fails the test unless two numbers are equal.
 * Further arguments: printf(3)'s, for the line that says what is wrong
 */
#define EXPECT_THAT_EQ(expected, found, ...) do { \
	char __text[512]; \
	bool __equal = (long long)(expected) == (long long)(found); \
	\
	snprintf(__text, sizeof(__text), __VA_ARGS__); \
	EXPECT_THAT(__equal ? NULL : __text); \
} while (0)

/*
 * SKIP_TEST() - ends the test, or the set-up of its fixture, as skipped.
 * Arguments: printf(3)'s, for the reason
 *
 * A test that has failed before stays failed.  The harness would forget that.
 */
#define SKIP_TEST(...) do { \
	if (HARNESS_PASSED(_metadata)) { \
		snprintf(_metadata->results->reason, \
			 sizeof(_metadata->results->reason), __VA_ARGS__); \
		HARNESS_SKIP(_metadata); \
	} \
	return; \
} while (0)

static inline void harness_exit_if_all_skipped(void)
{
	if (ksft_get_xskip_cnt() && !ksft_get_pass_cnt() &&
	    !ksft_get_fail_cnt()) {
		fflush(stdout);
		_exit(KSFT_SKIP);
	}
}

/* The parent of a test program may have signals ignored or blocked. */
static inline void harness_reset_signals(void)
{
	static const int signals[] = { SIGCHLD, SIGALRM, SIGPIPE, SIGTERM };
	sigset_t none;

	for (unsigned int i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((constructor(101))) harness_begin(void)
{
	harness_reset_signals();
	/* Nothing that a test has printed is lost when the test is killed. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	atexit(harness_exit_if_all_skipped);
}

#endif /* SETNS_HARNESS_H */
