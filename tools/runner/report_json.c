// SPDX-License-Identifier: GPL-2.0
/* JSON with all that the records have, for whoever compares runs. */
#define _GNU_SOURCE
#include <sys/utsname.h>

#include "report.h"

static void string(struct text *json, const char *s)
{
	text_add(json, "\"");
	while (*s) {
		uint32_t c = utf8_next(&s);

		if (c == '"' || c == '\\')
			text_add(json, "\\%c", (char)c);
		else if (c < 0x20 || c == 0x7f)
			text_add(json, "\\u%04x", c);
		else
			text_add_utf8(json, c);
	}
	text_add(json, "\"");
}

static void strings(struct text *json, const struct list *list)
{
	text_add(json, "[");
	for (unsigned int i = 0; i < list->nr; i++) {
		if (i)
			text_add(json, ", ");
		string(json, list->items[i]);
	}
	text_add(json, "]");
}

static void test(struct text *json, const struct test *t)
{
	static const char *const kinds[NR_KINDS] = {
		[PASS] = "pass", [FAIL] = "fail", [XFAIL] = "xfail",
		[SKIP] = "skip",
	};

	text_add(json, "{\"name\": ");
	string(json, t->name);
	text_add(json, ", \"result\": \"%s\"", kinds[t->kind]);
	if (t->reason) {
		text_add(json, ", \"reason\": ");
		string(json, t->reason);
	}
	if (t->runs)
		text_add(json, ", \"runs\": %u, \"failed_runs\": %u, \"flaky\": %s",
			 t->runs, t->failed_runs,
			 report_is_flaky(t) ? "true" : "false");
	text_add(json, ", \"diagnostics\": ");
	strings(json, &t->diag);
	text_add(json, "}");
}

static void program(struct text *json, const struct program *p)
{
	text_add(json, "    {\"name\": ");
	string(json, p->name);
	text_add(json, ", \"seconds\": %.3f, \"problems\": ", p->seconds);
	strings(json, &p->problems);
	if (p->skip_all) {
		text_add(json, ", \"skip_all\": ");
		string(json, p->skip_all);
	}
	text_add(json, ", \"last_words\": ");
	strings(json, &p->last_words);
	text_add(json, ", \"tests\": [");
	for (unsigned int i = 0; i < p->nr_tests; i++) {
		text_add(json, "%s\n      ", i ? "," : "");
		test(json, &p->tests[i]);
	}
	text_add(json, "]}");
}

static void tell_kernel_log(struct text *json, const struct kernel_log *log)
{
	text_add(json, "  \"kernel_log\": {\"unreadable\": ");
	if (log->unreadable)
		string(json, log->unreadable);
	else
		text_add(json, "null");
	text_add(json, ", \"problems\": ");
	strings(json, &log->problems);
	text_add(json, "},\n");
}

static void not_seen(struct text *json, const struct known_bugs *known)
{
	struct list list = { 0 };

	for (unsigned int i = 0; i < known->nr; i++)
		if (known_not_seen(&known->all[i]))
			list_addf(&list, "%s: %s", known->all[i].tests,
				  known->all[i].what);
	text_add(json, "  \"known_bugs_not_seen\": ");
	strings(json, &list);
	text_add(json, ",\n");
	list_free(&list);
}

void json_write(const struct run *run, struct text *json)
{
	struct totals total = report_totals(run);
	struct utsname u = { 0 };

	uname(&u);
	text_add(json, "{\n  \"kernel\": ");
	string(json, u.release);
	text_add(json, ",\n  \"kernel_version\": ");
	string(json, u.version);
	text_add(json, ",\n  \"machine\": ");
	string(json, u.machine);
	text_add(json, ",\n  \"status\": %d,\n  \"seconds\": %.3f,\n", run->status,
		 run->seconds);
	text_add(json, "  \"totals\": {\"pass\": %u, \"fail\": %u, \"xfail\": %u, ",
		 total.count[PASS], total.count[FAIL], total.count[XFAIL]);
	text_add(json, "\"skip\": %u, \"error\": %u, ", total.count[SKIP],
		 total.problems);
	text_add(json, "\"left_out\": %u, \"flaky\": %u},\n", total.left_out,
		 total.flaky);
	if (run->options->shuffle)
		text_add(json, "  \"seed\": %llu,\n", run->options->seed);
	if (run->options->kernel_log)
		tell_kernel_log(json, &run->log);
	not_seen(json, &run->known);
	text_add(json, "  \"programs\": [\n");
	for (unsigned int i = 0; i < run->nr; i++) {
		program(json, &run->programs[i]);
		text_add(json, "%s\n", i + 1 < run->nr ? "," : "");
	}
	text_add(json, "  ]\n}\n");
}
