// SPDX-License-Identifier: GPL-2.0
/*
 * enter --types: prints the names of the types that this kernel has.
 * enter PID TYPE... -- COMMAND...: attaches to those namespaces of the process
 * by one setns(2) on its pidfd, and runs the command as a child, which also is
 * in the pid namespace then.  What tools that enter namespaces are compared with.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../../lib/namespaces.h"

#define WAIT_S 30

static int trouble(const char *what)
{
	perror(what);
	return 2;
}

static int print_types(void)
{
	for_each_ns_in(id, ns_supported())
		puts(ns_types[id].name);
	return 0;
}

static int flag_of(const char *name)
{
	for_each_ns(id)
		if (!strcmp(name, ns_types[id].name))
			return ns_types[id].flag;
	fprintf(stderr, "enter: no type %s\n", name);
	exit(2);
}

static int run(char **command)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		alarm(WAIT_S);
		execv(command[0], command);
		_exit(trouble(command[0]));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return trouble("fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

int main(int argc, char **argv)
{
	int pidfd, flags = 0;

	if (argc == 2 && !strcmp(argv[1], "--types"))
		return print_types();
	if (argc < 5) {
		fprintf(stderr, "usage: enter PID TYPE... -- COMMAND...\n");
		return 2;
	}
	pidfd = sys_pidfd_open(atoi(argv[1]), 0);
	if (pidfd < 0)
		return trouble("pidfd_open");
	for (argv += 2; *argv && strcmp(*argv, "--"); argv++)
		flags |= flag_of(*argv);
	if (!*argv || !argv[1]) {
		fprintf(stderr, "enter: no command\n");
		return 2;
	}
	if (setns(pidfd, flags)) {
		perror("setns");
		return 1;
	}
	return run(argv + 1);
}
