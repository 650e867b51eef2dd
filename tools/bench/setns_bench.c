// SPDX-License-Identifier: GPL-2.0
/*
 * What attaching costs: one setns(2) on a pidfd against a row of calls, what a
 * refusal costs, and how it scales.  This is no test, and run_tests.sh does not
 * run it: make bench does.
 *
 * Whatever is compared is measured in turns, by one process or one line of
 * children, on one CPU, in many rounds; each round starts with another one.
 * Attachers alone are several at a time, each on the next CPU.
 * What is told of the rounds are median and quartiles, of the nanoseconds and
 * of the ratio within a round.
 *
 * A task joins a user namespace once, and cannot go back.  So there are two
 * series of the claim.  In "repeated" one process attaches again and again
 * to the target's other types.  In "fresh" each attach is that of a child of its
 * own, the user namespace first; it has attached to the others before, so that
 * neither its memory nor the kernel's code is cold.  In both the clock is around
 * the calls alone.
 *
 * The clock is CLOCK_REALTIME, which no time namespace shifts, by the system
 * call: the vDSO's data page is another one after the attach, so that reading it
 * would add a page fault.  What reading the clock takes is subtracted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "../../lib/errno_name.h"
#include "../../lib/privilege.h"
#include "measures.h"

#define ROUNDS		1000	/* by default, of the series that are quick */
#define ROUNDS_LEAST	20

/* All series; a slow one makes a part of the rounds. */
static const struct {
	struct series series;
	unsigned int part;
	ns_set needs;
	void (*measure)(struct series *s, ns_set types);
} all_series[] = {
	{
		{
			.name = "repeated",
			.what = "N types in the kernel's order, without user",
			.x_name = "types",
		}, 1, 0, measure_repeated
	}, {
		{
			.name = "fresh",
			.what = "N types in the kernel's order, from user on, each in a new child",
			.x_name = "types",
		}, 2, NS_BIT(NS_USER), measure_fresh
	}, {
		{
			.name = "refusals",
			.what = "a call that is granted, and some that are refused",
			.x_name = "types",
		}, 1, 0, measure_refusals
	}, {
		{
			.name = "attachers",
			.what = "an attach to all types but user, of all attachers together",
			.x_name = "attachers",
			.against_first_x = true,
		}, 40, 0, measure_attachers
	}, {
		{
			.name = "mounts",
			.what = "an attach to a mount namespace of so many mounts",
			.x_name = "mounts",
			.against_first_x = true,
		}, 1, NS_BIT(NS_MNT), measure_mounts
	},
};

static void print_usage(FILE *to)
{
	fprintf(to, "usage: setns_bench [--rounds N] [--csv FILE]\n"
		"Measures what setns(2) costs. Default: %d rounds.\n", ROUNDS);
}

static void describe_machine(void)
{
	char line[256], *model = NULL;
	FILE *f = fopen("/proc/cpuinfo", "re");
	struct utsname u;

	uname(&u);
	while (!model && f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "model name", strlen("model name")))
			model = strchr(line, ':');
	if (model)
		model[strcspn(model, "\n")] = '\0';
	printf("# Linux %s, %s%s, %u CPUs; %lld ns of looking at the clock are subtracted\n",
	       u.release, u.machine, model ? model : "", nr_cpus(),
	       (long long)clock_cost());
	if (f)
		fclose(f);
}

static void skip_all(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	exit(4);
}

/* The target, and what the ways need of it. */
static void ready(ns_set *types)
{
	struct target_spec spec = { .number = 1 };
	const char *step = "", *why = lacks_pidfd_setns();
	int err = 0;

	if (!why)
		why = privilege_enter(privilege_available(), types, &err);
	if (why)
		skip_all(why);
	if (err)
		die("no user namespace: %s", errno_name(err));
	spec.fresh = *types;
	err = target_create(&way_target, &spec, &step);
	why = lacks_namespaces(err, step);
	if (why)
		skip_all(why);
	if (err)
		die("no target: %s: %s", step, errno_name(err));
	ways_ready();
}

static FILE *parse(int argc, char **argv, unsigned int *rounds)
{
	static const struct option options[] = {
		{ "rounds", required_argument, NULL, 'r' },
		{ "csv", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	FILE *csv = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'h') {
			print_usage(stdout);
			exit(0);
		} else if (option == 'r' && atoi(optarg) > 0) {
			*rounds = atoi(optarg);
		} else if (option == 'c' && !csv) {
			csv = fopen(optarg, "we");
			if (!csv)
				die("cannot write %s: %s", optarg,
				    errno_name(errno));
			series_csv_head(csv);
		} else {
			print_usage(stderr);
			exit(2);
		}
	}
	return csv;
}

int main(int argc, char **argv)
{
	unsigned int rounds = ROUNDS;
	FILE *csv = parse(argc, argv, &rounds);
	ns_set types;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n");
	ready(&types);
	printf("1..%zu\n", ARRAY_SIZE(all_series));
	describe_machine();
	for (unsigned int i = 0; i < ARRAY_SIZE(all_series); i++) {
		struct series s = all_series[i].series;

		if (all_series[i].needs & ~types) {
			printf("ok %u %s # SKIP no such namespaces here\n",
			       i + 1, s.name);
			continue;
		}
		s.rounds = rounds / all_series[i].part;
		if (s.rounds < ROUNDS_LEAST)
			s.rounds = ROUNDS_LEAST;
		all_series[i].measure(&s, types);
		series_report(&s, csv);
		printf("ok %u %s\n", i + 1, s.name);
	}
	target_destroy(&way_target);
	if (csv && fclose(csv))
		die("cannot write the CSV: %s", errno_name(errno));
	return 0;
}
