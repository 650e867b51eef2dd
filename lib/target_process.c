// SPDX-License-Identifier: GPL-2.0
/* How a target is created, and what it does. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "marks.h"
#include "privilege.h"
#include "proc.h"
#include "target_process.h"

/* The environment tells a target that executed its program what it is. */
#define LIFELINE_ENV	"SETNS_TARGET_LIFELINE"

/* Reports to the test that @step failed with @err, and ends the process. */
static void __noreturn give_up(struct target_report *report, const char *step,
			       int err)
{
	report->step = step;
	report->err = err;
	_exit(1);
}

/* Gives up unless @err, which @step returned, is 0. */
static void must(struct target_report *report, const char *step, int err)
{
	if (err)
		give_up(report, step, err);
}

/* The same for a @step that returned @ret, and set errno if that is -1. */
static void must_call(struct target_report *report, const char *step, int ret)
{
	if (ret < 0)
		give_up(report, step, errno);
}

static void set_ids(struct target_report *report, uid_t uid)
{
	must_call(report, "setgroups()", setgroups(0, NULL));
	must_call(report, "setresgid()", setresgid(uid, uid, uid));
	must_call(report, "setresuid()", setresuid(uid, uid, uid));
	/* Otherwise root would own uid_map and the like in /proc/PID. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* Takes on the ids and the namespaces in which the target is created. */
static void prepare_creator(struct target_report *report,
			    const struct target_spec *spec)
{
	if (spec->uid)
		set_ids(report, spec->uid);
	report->state.outer_uid = geteuid();
	report->state.outer_gid = getegid();
	for_each_ns_in(id, spec->inside_set)
		must_call(report, "setns() to the namespaces around the target",
			  setns(spec->inside->nsfd[id][NS_ACTIVE], 0));
}

static int shift_clocks(unsigned int number)
{
	char text[128];

	snprintf(text, sizeof(text), "monotonic %u %u\nboottime %u %u\n",
		 TARGET_MONOTONIC_S(number), TARGET_SHIFT_NS,
		 TARGET_BOOTTIME_S(number), TARGET_SHIFT_NS);
	return proc_write("self/timens_offsets", text);
}

static void unshare_fresh(struct target_report *report,
			  const struct target_spec *spec)
{
	const struct rlimit limit = { spec->sigpending, spec->sigpending };
	ns_set rest = spec->fresh & ~NS_BIT(NS_USER);

	if (spec->sigpending)
		must_call(report, "setrlimit(RLIMIT_SIGPENDING)",
			  setrlimit(RLIMIT_SIGPENDING, &limit));
	if (spec->fresh & NS_BIT(NS_USER))
		must(report, "unshare(CLONE_NEWUSER)", userns_create());
	if (rest)
		must_call(report, "unshare()", unshare(ns_flags(rest)));
	/* Offsets can be written only until the first task is in the namespace. */
	if (rest & NS_BIT(NS_TIME))
		must(report, "writing timens_offsets",
		     shift_clocks(spec->number));
}

/* Reads the state.  @outer_uid and @outer_gid are those of the creator. */
static int read_state(struct target_report *report, struct state *to)
{
	uid_t uid = report->state.outer_uid;
	gid_t gid = report->state.outer_gid;
	int err = state_read(to);

	to->outer_uid = uid;
	to->outer_gid = gid;
	return err;
}

/* The target's child reports its state and lives as long as the target. */
static void __noreturn target_child(struct target_report *report, int end)
{
	char byte = 0;

	if (read_state(report, &report->children_state) ||
	    write(end, &byte, 1) != 1)
		_exit(1);
	while (read(end, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static void fork_child(struct target_report *report,
		       const struct target_spec *spec)
{
	int ends[2];
	char byte;
	pid_t pid;

	must_call(report, "unshare() for the children",
		  unshare(ns_flags(spec->fresh_children)));
	if (spec->fresh_children & NS_BIT(NS_TIME))
		must(report, "writing timens_offsets for the children",
		     shift_clocks(spec->number));
	must_call(report, "socketpair()",
		  socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	pid = fork();
	must_call(report, "forking the target's child", pid);
	if (!pid) {
		close(ends[0]);
		target_child(report, ends[1]);
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		give_up(report, "reading the state of the target's child",
			EPIPE);
}

/* Tells the test that the target is ready, and waits for orders or the end. */
static void __noreturn serve(int lifeline)
{
	char fd[16], byte = 0;
	static char *const argv[] = { "setns-target", NULL };

	if (write(lifeline, &byte, 1) != 1)
		_exit(1);
	for (;;) {
		ssize_t n = read(lifeline, &byte, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n != 1)
			_exit(0);
		if (byte != TARGET_ORDER_EXEC)
			continue;
		snprintf(fd, sizeof(fd), "%d", lifeline);
		setenv(LIFELINE_ENV, fd, 1);
		fcntl(lifeline, F_SETFD, 0);
		proc_exec_self(argv, environ);
		_exit(1);
	}
}

/*
 * A target that executed its program anew comes here and stays.  This is before
 * main() and before the constructors that probe for what tests need.
 */
static void __attribute__((constructor(103))) serve_again(void)
{
	const char *fd = getenv(LIFELINE_ENV);

	if (fd)
		serve(atoi(fd));
}

/*
 * Gives the target a root below that of the mount tree.  setns() must lead to
 * the root of the mount tree, not to the target's.
 */
static void change_root(struct target_report *report)
{
	must_call(report, "mkdir()", mkdir("/target", 0755));
	must_call(report, "chroot()", chroot("/target"));
	must_call(report, "chdir()", chdir("/"));
}

static void __noreturn target_main(struct target_report *report,
				   const struct target_spec *spec, int lifeline)
{
	const char *step = "";
	int err;

	/* The lifeline is not enough, as callers inherit the test's end of it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	report->pid = proc_own_pid();
	must_call(report, "chdir(\"/\")", chdir("/"));
	err = marks_leave(spec->fresh, spec->number, &step);
	if (err)
		give_up(report, step, err);
	if (spec->fresh_children)
		fork_child(report, spec);
	must(report, "reading the target's state",
	     read_state(report, &report->state));
	if (spec->fresh & NS_BIT(NS_MNT) && report->state.number[ST_MARK_FILE])
		change_root(report);
	if (spec->without_ptrace)
		must(report, "dropping CAP_SYS_PTRACE",
		     capability_drop(CAP_SYS_PTRACE));
	if (spec->nondumpable)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	serve(lifeline);
}

/* Runs @next in a sibling, which is a child of the test.  Returns its pid. */
static pid_t fork_sibling(struct target_report *report,
			  const struct target_spec *spec, int lifeline,
			  void (*next)(struct target_report *report,
				       const struct target_spec *spec,
				       int lifeline))
{
	struct setns_clone_args args = { .flags = CLONE_PARENT };
	pid_t pid = sys_clone3(&args);

	must_call(report, "clone3(CLONE_PARENT)", pid);
	if (!pid)
		next(report, spec, lifeline);
	return pid;
}

static void __noreturn fresh_creator(struct target_report *report,
				     const struct target_spec *spec,
				     int lifeline)
{
	/* The target inherits no alarm (clone(2)). */
	alarm(WAIT_LIMIT_S);
	unshare_fresh(report, spec);
	fork_sibling(report, spec, lifeline, target_main);
	_exit(0);
}

void __noreturn target_creator(struct target_report *report,
			       const struct target_spec *spec, int lifeline)
{
	alarm(WAIT_LIMIT_S);
	prepare_creator(report, spec);
	/* Only a task inside a pid namespace can create one inside it. */
	if (!(spec->inside_set & NS_BIT(NS_PID)))
		fresh_creator(report, spec, lifeline);
	report->second_creator = fork_sibling(report, spec, lifeline,
					      fresh_creator);
	_exit(0);
}
