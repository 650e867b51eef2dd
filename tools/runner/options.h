/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RUNNER_OPTIONS_H
#define RUNNER_OPTIONS_H

#include <stdbool.h>
#include <sys/types.h>

#include "select.h"

struct options {
	char *dir;		/* of the programs, absolute */
	struct list programs;	/* none: all *_test in @dir */
	char *settings;
	char *first;		/* shell command that runs before, or NULL */
	char *state;		/* directory, or NULL */
	struct selection selection;
	bool failed;
	bool list;

	unsigned int jobs;
	unsigned int timeout;	/* seconds, 0 for none */
	bool has_timeout;
	unsigned int grace;
	bool as_user;
	uid_t user;
	unsigned int repeat;
	bool shuffle;
	unsigned long long seed;

	char *known;		/* file, or NULL */
	bool strict;
	bool kernel_log;
	char *vmlinux;

	bool ktap;
	bool colour;
	bool totals;		/* end with a line for scripts */
	char *junit, *json;	/* files, or NULL */
};

/* Exits on --help, and with one line on stderr if @argv makes no sense. */
void options_parse(struct options *o, int argc, char **argv);

#endif /* RUNNER_OPTIONS_H */
