// SPDX-License-Identifier: GPL-2.0
/* JUnit, which is XML 1.0 whatever bytes a message has. */
#include "report.h"

/* What a character of XML 1.0 may be. */
static bool is_xml(uint32_t c)
{
	return c == '\t' || c == '\n' || (c >= 0x20 && c != 0xfffe && c != 0xffff);
}

static void escaped(struct text *xml, const char *s)
{
	while (*s) {
		uint32_t c = utf8_next(&s);

		if (c == '<')
			text_add(xml, "&lt;");
		else if (c == '>')
			text_add(xml, "&gt;");
		else if (c == '&')
			text_add(xml, "&amp;");
		else if (c == '"')
			text_add(xml, "&quot;");
		else
			text_add_utf8(xml, is_xml(c) ? c : 0xfffd);
	}
}

static void attribute(struct text *xml, const char *name, const char *value)
{
	text_add(xml, " %s=\"", name);
	escaped(xml, value);
	text_add(xml, "\"");
}

static void lines(struct text *xml, const struct list *lines)
{
	for (unsigned int i = 0; i < lines->nr; i++) {
		if (i)
			text_add(xml, "\n");
		escaped(xml, lines->items[i]);
	}
}

static void begin_case(struct text *xml, const char *program, const char *name)
{
	text_add(xml, "    <testcase");
	attribute(xml, "name", name);
	attribute(xml, "classname", program);
	text_add(xml, ">\n");
}

static void end_case(struct text *xml)
{
	text_add(xml, "    </testcase>\n");
}

/* @details: the text of the element, or NULL. */
static void outcome(struct text *xml, const char *element, const char *message,
		    const struct list *details)
{
	text_add(xml, "      <%s", element);
	attribute(xml, "message", message);
	text_add(xml, ">");
	if (details)
		lines(xml, details);
	text_add(xml, "</%s>\n", element);
}

static void test_case(struct text *xml, const struct program *p,
		      const struct test *t)
{
	const char *reason = t->reason ? t->reason : "";
	struct text message = { 0 };

	begin_case(xml, p->name, t->name);
	if (t->kind == FAIL) {
		if (report_is_flaky(t))
			text_add(&message, "flaky: failed %u and passed %u of %u times: ",
				 t->failed_runs, t->passed_runs, t->runs);
		text_add(&message, "%s", t->diag.nr ? t->diag.items[0] : "failed");
		outcome(xml, "failure", message.bytes, &t->diag);
	} else if (t->kind == SKIP) {
		outcome(xml, "skipped", reason, NULL);
	} else if (t->kind == XFAIL) {
		/* JUnit has no expected failure, and a pass would hide the bug. */
		text_add(&message, "XFAIL %s", reason);
		outcome(xml, "skipped", message.bytes, NULL);
	}
	text_free(&message);
	end_case(xml);
}

static void begin_suite(struct text *xml, const char *name, unsigned int tests,
			unsigned int failures, unsigned int errors,
			unsigned int skipped, double seconds)
{
	text_add(xml, "  <testsuite");
	attribute(xml, "name", name);
	text_add(xml, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"%.3f\">\n",
		 tests, failures, errors, skipped, seconds);
}

static void suite(struct text *xml, const struct program *p)
{
	bool skip_all = p->skip_all && !p->nr_tests;

	begin_suite(xml, p->name, p->nr_tests + p->problems.nr + skip_all,
		    p->count[FAIL], p->problems.nr,
		    p->count[SKIP] + p->count[XFAIL] + skip_all, p->seconds);
	for (unsigned int i = 0; i < p->nr_tests; i++)
		test_case(xml, p, &p->tests[i]);
	for (unsigned int i = 0; i < p->problems.nr; i++) {
		begin_case(xml, p->name, p->name);
		outcome(xml, "error", p->problems.items[i], &p->last_words);
		end_case(xml);
	}
	if (skip_all) {
		begin_case(xml, p->name, p->name);
		outcome(xml, "skipped", p->skip_all, NULL);
		end_case(xml);
	}
	text_add(xml, "  </testsuite>\n");
}

static void kernel_suite(struct text *xml, const struct kernel_log *log)
{
	bool failed = log->problems.nr;
	bool skipped = log->unreadable && !failed;

	begin_suite(xml, "kernel_log", 1, failed, 0, skipped, 0);
	begin_case(xml, "kernel_log",
		   "the log has no splat, no taint flag is new");
	if (failed)
		outcome(xml, "failure", log->problems.items[0], &log->problems);
	else if (skipped)
		outcome(xml, "skipped", log->unreadable, NULL);
	end_case(xml);
	text_add(xml, "  </testsuite>\n");
}

void junit_write(const struct run *run, struct text *xml)
{
	text_add(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	text_add(xml, "<testsuites name=\"setns\" time=\"%.3f\">\n", run->seconds);
	for (unsigned int i = 0; i < run->nr; i++)
		suite(xml, &run->programs[i]);
	if (run->options->kernel_log)
		kernel_suite(xml, &run->log);
	text_add(xml, "</testsuites>\n");
}
