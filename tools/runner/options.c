// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "options.h"

/* What kselftest gives a program where its directory has no settings. */
#define TIMEOUT_DEFAULT	45

static const char usage[] =
"usage: runner [OPTION]... [PATTERN]...\n"
"\n"
"Runs test programs that print TAP or KTAP, and reports what they found.\n"
"\n"
"A PATTERN is a glob, or a word, that the name of a test or of a program has to\n"
"match; PROGRAM:TEST matches both. Without one, all tests run.\n"
"\n"
"Programs:\n"
"  --dir DIR         directory with the programs, *_test (default: .)\n"
"  --program NAME    run this one; may be repeated\n"
"  --settings FILE   has timeout=SECONDS (default: DIR/settings, else 45)\n"
"  --timeout SECONDS for each program, 0 for none\n"
"  --grace SECONDS   end a program by SIGTERM, and by SIGKILL after that time\n"
"  --user UID        run the programs as this user, without groups\n"
"  --jobs N          run N programs at a time (default: processors)\n"
"  --first COMMAND   run this shell command first, and only go on if it succeeds\n"
"  --state DIR       remember there how long programs took and what failed\n"
"Tests:\n"
"  --list            print PROGRAM:TEST for each test, and run none\n"
"  --skip PATTERN    leave these tests out; may be repeated\n"
"  --failed          run only the tests that failed the last time\n"
"  --repeat N        run each program N times; a test that both passes and fails\n"
"                    is flaky, which is a failure\n"
"  --shuffle[=SEED]  start the programs in random order\n"
"Verdict:\n"
"  --known FILE      the known bugs of kernels (default: ../known_bugs)\n"
"  --strict          a known bug is a failure\n"
"  --no-kernel-log   do not look at the kernel's log and taint flags\n"
"  --vmlinux FILE    decode stack traces by the kernel tree that has this file\n"
"Reports:\n"
"  --ktap            print KTAP (the default if stdout is not a terminal)\n"
"  --human           print a short summary (the default on a terminal)\n"
"  --colour          in colour\n"
"  --totals          end with the reasons for skips and a line of totals\n"
"  --junit FILE      write a JUnit report as well\n"
"  --json FILE       write a JSON report as well\n"
"\n"
"Exit status: 0 all passed, 1 a test failed or the kernel warned or became\n"
"tainted, 4 all were skipped, 2 the runner itself failed, 129, 130, 143 when\n"
"stopped by SIGHUP, SIGINT, SIGTERM.\n";

enum {
	DIR_OPTION = 256, PROGRAM, SETTINGS, TIMEOUT, GRACE, USER, JOBS, FIRST,
	STATE, LIST, SKIP_OPTION, FAILED, REPEAT, SHUFFLE, KNOWN, STRICT,
	NO_KERNEL_LOG, VMLINUX, KTAP, HUMAN, COLOUR, TOTALS, JUNIT, JSON, HELP,
};

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, DIR_OPTION },
	{ "program", required_argument, NULL, PROGRAM },
	{ "settings", required_argument, NULL, SETTINGS },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ "grace", required_argument, NULL, GRACE },
	{ "user", required_argument, NULL, USER },
	{ "jobs", required_argument, NULL, JOBS },
	{ "first", required_argument, NULL, FIRST },
	{ "state", required_argument, NULL, STATE },
	{ "list", no_argument, NULL, LIST },
	{ "skip", required_argument, NULL, SKIP_OPTION },
	{ "failed", no_argument, NULL, FAILED },
	{ "repeat", required_argument, NULL, REPEAT },
	{ "shuffle", optional_argument, NULL, SHUFFLE },
	{ "known", required_argument, NULL, KNOWN },
	{ "strict", no_argument, NULL, STRICT },
	{ "no-kernel-log", no_argument, NULL, NO_KERNEL_LOG },
	{ "vmlinux", required_argument, NULL, VMLINUX },
	{ "ktap", no_argument, NULL, KTAP },
	{ "human", no_argument, NULL, HUMAN },
	{ "colour", no_argument, NULL, COLOUR },
	{ "totals", no_argument, NULL, TOTALS },
	{ "junit", required_argument, NULL, JUNIT },
	{ "json", required_argument, NULL, JSON },
	{ "help", no_argument, NULL, HELP },
	{ NULL, 0, NULL, 0 },
};

static unsigned long long parse_number(const char *option, const char *value,
				       unsigned long long least)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || n < least)
		trouble("--%s %s: not a number from %llu on", option, value,
			least);
	return n;
}

static unsigned int small_number(const char *option, const char *value,
				 unsigned int least)
{
	unsigned long long n = parse_number(option, value, least);

	if (n > 1000000)
		trouble("--%s %s: too many", option, value);
	return n;
}

static const char *file_name(const char *option, const char *value)
{
	if (!*value)
		trouble("--%s needs a file name", option);
	return value;
}

static const char *pattern_text(const char *text)
{
	if (!*text || strpbrk(text, " \t\n"))
		trouble("'%s' is no pattern: it is empty or has a blank", text);
	return text;
}

static void parse_programs_option(struct options *o, int c, const char *name)
{
	switch (c) {
	case DIR_OPTION:
		o->dir = realpath(optarg, NULL);
		if (!o->dir)
			trouble("--dir %s: %s", optarg, strerror(errno));
		break;
	case PROGRAM:
		list_add(&o->programs, xstrdup(file_name(name, optarg)));
		break;
	case SETTINGS:
		o->settings = xstrdup(file_name(name, optarg));
		break;
	case TIMEOUT:
		o->timeout = small_number(name, optarg, 0);
		o->has_timeout = true;
		break;
	case GRACE:
		o->grace = small_number(name, optarg, 0);
		break;
	case USER:
		o->user = parse_number(name, optarg, 0);
		o->as_user = true;
		break;
	case JOBS:
		o->jobs = small_number(name, optarg, 1);
		break;
	case FIRST:
		o->first = optarg;
		break;
	case STATE:
		o->state = optarg;
		break;
	}
}

static void parse_tests_option(struct options *o, int c, const char *name)
{
	switch (c) {
	case LIST:
		o->list = true;
		break;
	case SKIP_OPTION:
		pattern_add(&o->selection.skip, pattern_text(optarg));
		break;
	case FAILED:
		o->failed = true;
		break;
	case REPEAT:
		o->repeat = small_number(name, optarg, 1);
		break;
	case SHUFFLE:
		o->shuffle = true;
		o->seed = optarg ? parse_number(name, optarg, 0) :
			  (unsigned long long)time(NULL) % 100000 * 32768 +
			  getpid() % 32768;
		break;
	}
}

static void parse_reports_option(struct options *o, int c, const char *name)
{
	switch (c) {
	case KNOWN:
		o->known = xstrdup(file_name(name, optarg));
		break;
	case STRICT:
		o->strict = true;
		break;
	case NO_KERNEL_LOG:
		o->kernel_log = false;
		break;
	case VMLINUX:
		o->vmlinux = realpath(optarg, NULL);
		if (!o->vmlinux)
			trouble("--vmlinux %s: %s", optarg, strerror(errno));
		break;
	case KTAP:
	case HUMAN:
		o->ktap = c == KTAP;
		break;
	case COLOUR:
		o->colour = true;
		break;
	case TOTALS:
		o->totals = true;
		break;
	case JUNIT:
		o->junit = xstrdup(file_name(name, optarg));
		break;
	case JSON:
		o->json = xstrdup(file_name(name, optarg));
		break;
	}
}

static unsigned int processors(void)
{
	cpu_set_t set;
	int nr = sched_getaffinity(0, sizeof(set), &set) ? 0 : CPU_COUNT(&set);

	return nr > 0 ? nr : 1;
}

/* The file is beside the runner's directory, if it is anywhere. */
static char *default_known(void)
{
	char *self = realpath("/proc/self/exe", NULL), *path, *found;

	if (!self)
		return NULL;
	path = format("%s/../known_bugs", dirname(self));
	found = realpath(path, NULL);
	free(path);
	free(self);
	return found;
}

static unsigned int read_timeout(const struct options *o)
{
	char *path = o->settings ? xstrdup(o->settings) :
				   format("%s/settings", o->dir);
	char *file = read_file(path, NULL), *rest = file, *line;
	unsigned int timeout = TIMEOUT_DEFAULT;

	while (rest && (line = strsep(&rest, "\n")))
		if (sscanf(line, "timeout=%u", &timeout) == 1)
			break;
	free(file);
	free(path);
	return timeout;
}

static void complete(struct options *o)
{
	if (!o->dir)
		o->dir = realpath(".", NULL);
	if (!o->dir)
		trouble("no working directory: %s", strerror(errno));
	if (!o->has_timeout)
		o->timeout = read_timeout(o);
	if (!o->jobs)
		o->jobs = processors();
	if (o->strict) {
		free(o->known);
		o->known = NULL;
	} else if (!o->known) {
		o->known = default_known();
	}
	if (o->list)
		o->kernel_log = false;
	if (o->failed && !o->state)
		trouble("--failed needs --state DIR");
}

void options_parse(struct options *o, int argc, char **argv)
{
	int c, index;

	*o = (struct options) {
		.repeat = 1,
		.kernel_log = true,
		.ktap = !isatty(STDOUT_FILENO),
	};
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", long_options, &index)) != -1) {
		if (c == ':')
			trouble("%s needs an argument", argv[optind - 1]);
		if (c == '?')
			trouble("unknown option %s: --help names all",
				argv[optind - 1]);
		if (c == HELP) {
			fputs(usage, stdout);
			exit(EXIT_PASSED);
		}
		parse_programs_option(o, c, long_options[index].name);
		parse_tests_option(o, c, long_options[index].name);
		parse_reports_option(o, c, long_options[index].name);
	}
	for (int i = optind; i < argc; i++)
		pattern_add(&o->selection.wanted, pattern_text(argv[i]));
	complete(o);
}
