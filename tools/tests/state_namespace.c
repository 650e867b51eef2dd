// SPDX-License-Identifier: GPL-2.0
/* Changes of namespaces and clocks, see state_test.h. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "state_test.h"
#include "state_want.h"

static void begin_with(bool child)
{
	if (child)
		begin_with_child();
	else
		begin();
}

/* A new namespace of a type in which nothing else of a state lives */
static void unshare_type(const char *type, int flag, bool child)
{
	unsigned long long was = link_ino(type);

	if (!was)
		skip("no %s namespaces in this kernel", type);
	begin_with(child);
	step("unshare()", unshare(flag));
	want_link(type, was);
	if (child)
		want_child(type, was, link_ino(type));
	end();
}

static void uts(void)
{
	unshare_type("uts", CLONE_NEWUTS, false);
}

static void uts_of_child(void)
{
	unshare_type("uts", CLONE_NEWUTS, true);
}

static void ipc(void)
{
	unshare_type("ipc", CLONE_NEWIPC, false);
}

static void ipc_of_child(void)
{
	unshare_type("ipc", CLONE_NEWIPC, true);
}

static void net(void)
{
	unshare_type("net", CLONE_NEWNET, false);
}

static void net_of_child(void)
{
	unshare_type("net", CLONE_NEWNET, true);
}

/* All mounts are copied, and the copies have ids of their own. */
static void unshare_mnt(bool child)
{
	struct place root = place_of("/"), cwd = place_of("."), now;
	unsigned long long was = link_ino("mnt");

	begin_with(child);
	step("unshare()", unshare(CLONE_NEWNS));
	want_link("mnt", was);
	now = place_of("/");
	want_place("root directory", &root, &now);
	now = place_of(".");
	want_place("working directory", &cwd, &now);
	if (child)
		want_child("mnt", was, link_ino("mnt"));
	end();
}

static void mnt(void)
{
	unshare_mnt(false);
}

static void mnt_of_child(void)
{
	unshare_mnt(true);
}

/* Outside of the root of all control groups the path reads differently, too. */
static void unshare_cgroup(bool child)
{
	unsigned long long was = link_ino("cgroup");
	char *text = own_file("cgroup"), *now;

	begin_with(child);
	step("unshare()", unshare(CLONE_NEWCGROUP));
	want_link("cgroup", was);
	now = own_file("cgroup");
	if (strcmp(text, now))
		want_text("/proc/self/cgroup", text, now);
	if (child)
		want_child("cgroup", was, link_ino("cgroup"));
	end();
}

static void cgroup(void)
{
	unshare_cgroup(false);
}

static void cgroup_of_child(void)
{
	unshare_cgroup(true);
}

/*
 * A user namespace that maps the caller's ids to themselves: ids and maps read as
 * they do in another one of that kind below it.
 */
static void same_ids_userns(unsigned long long uid, unsigned long long gid)
{
	char map[64];

	unshare_userns();
	write_own("setgroups", "deny");
	snprintf(map, sizeof(map), "%llu %llu 1", gid, gid);
	write_own("gid_map", map);
	snprintf(map, sizeof(map), "%llu %llu 1", uid, uid);
	write_own("uid_map", map);
}

static void unshare_user(bool child)
{
	unsigned long long uid = sysctl_number("kernel/overflowuid");
	unsigned long long gid = sysctl_number("kernel/overflowgid");
	unsigned long long was;

	step("setgroups()", setgroups(0, NULL));
	step("setresgid()", syscall(SYS_setresgid, gid, gid, gid));
	step("setresuid()", syscall(SYS_setresuid, uid, uid, uid));
	/* Files in /proc/self belong to root otherwise. */
	step("PR_SET_DUMPABLE", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	same_ids_userns(uid, gid);
	was = link_ino("user");
	begin_with(child);
	same_ids_userns(uid, gid);
	want_link("user", was);
	if (child)
		want_child("user", was, link_ino("user"));
	end();
}

static void user(void)
{
	unshare_user(false);
}

static void user_of_child(void)
{
	unshare_user(true);
}

/* Its first process keeps a pid namespace alive. */
static pid_t start_init(void)
{
	pid_t pid = fork();

	step("fork()", pid);
	while (!pid)
		pause();
	return pid;
}

static void stop_init(pid_t init)
{
	kill(init, SIGKILL);
	waitpid(init, NULL, 0);
}

static void unshare_pid(bool child)
{
	unsigned long long was = link_ino("pid");
	pid_t init;

	begin_with(child);
	step("unshare()", unshare(CLONE_NEWPID));
	init = start_init();
	want_link("pid_for_children", was);
	if (child)
		want_child("pid", was, link_ino("pid_for_children"));
	end();
	stop_init(init);
}

static void pid_for_children(void)
{
	unshare_pid(false);
}

static void pid_of_child(void)
{
	unshare_pid(true);
}

/* The state of a child that is in the pid namespace, beside its parent's */
static void active_pid(void)
{
	unsigned long long was = link_ino("pid");
	pid_t init;

	step("unshare()", unshare(CLONE_NEWPID));
	init = start_init();
	begin();
	want_change("namespace pid is [%llu], expected [%llu]",
		    link_ino("pid_for_children"), was);
	read_after_in_child(NULL);
	compare();
	stop_init(init);
}

static void needs_time_namespaces(void)
{
	if (!link_ino("time"))
		skip("no time namespaces in this kernel");
}

static void unshare_time(bool child)
{
	unsigned long long was = link_ino("time");

	needs_time_namespaces();
	begin_with(child);
	step("unshare()", unshare(CLONE_NEWTIME));
	want_link("time_for_children", was);
	if (child)
		want_child("time", was, link_ino("time_for_children"));
	end();
}

static void time_for_children(void)
{
	unshare_time(false);
}

static void time_of_child(void)
{
	unshare_time(true);
}

/* Seconds that are added to what clock_gettime(3) gives, as by the vDSO */
static long shift_s[2];

int clock_gettime(clockid_t id, struct timespec *ts)
{
	static int (*real)(clockid_t id, struct timespec *ts);
	int ret;

	if (!real)
		real = (__typeof__(real))dlsym(RTLD_NEXT, "clock_gettime");
	ret = real(id, ts);
	if (!ret && id == CLOCK_MONOTONIC)
		ts->tv_sec += shift_s[0];
	if (!ret && id == CLOCK_BOOTTIME)
		ts->tv_sec += shift_s[1];
	return ret;
}

#define TWO_UNITS (2 * STATE_CLOCK_UNIT)

/*
 * Joins a time namespace with such an offset, and shifts what the vDSO gives.
 * Returns the inode of the namespace before.
 */
static unsigned long long join_time(const char *offset, long shift_monotonic,
				    long shift_boottime)
{
	unsigned long long was = link_ino("time");
	int fd;

	needs_time_namespaces();
	step("unshare()", unshare(CLONE_NEWTIME));
	if (offset)
		write_own("timens_offsets", offset);
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	step("time_for_children", fd);
	begin();
	step("setns()", setns(fd, CLONE_NEWTIME));
	shift_s[0] = shift_monotonic;
	shift_s[1] = shift_boottime;
	return was;
}

static void time_alone(void)
{
	want_link("time", join_time(NULL, 0, 0));
	end();
}

static void monotonic(void)
{
	want_link("time", join_time("monotonic 200000 0", 0, 0));
	want_change("CLOCK_MONOTONIC by the vDSO is 2, expected 0");
	want_change("CLOCK_MONOTONIC by the system call is 2, expected 0");
	end();
}

static void boottime(void)
{
	want_link("time", join_time("boottime 200000 0", 0, 0));
	want_change("CLOCK_BOOTTIME by the vDSO is 2, expected 0");
	want_change("CLOCK_BOOTTIME by the system call is 2, expected 0");
	end();
}

static void monotonic_by_system_call(void)
{
	want_link("time", join_time("monotonic 200000 0", -TWO_UNITS, 0));
	want_change("CLOCK_MONOTONIC by the system call is 2, expected 0");
	want_change("vDSO clocks agree with system calls is 0, expected 1");
	end();
}

static void boottime_by_system_call(void)
{
	want_link("time", join_time("boottime 200000 0", 0, -TWO_UNITS));
	want_change("CLOCK_BOOTTIME by the system call is 2, expected 0");
	want_change("vDSO clocks agree with system calls is 0, expected 1");
	end();
}

static void monotonic_by_vdso(void)
{
	begin();
	shift_s[0] = TWO_UNITS;
	want_change("CLOCK_MONOTONIC by the vDSO is 2, expected 0");
	want_change("vDSO clocks agree with system calls is 0, expected 1");
	end();
}

static void boottime_by_vdso(void)
{
	begin();
	shift_s[1] = TWO_UNITS;
	want_change("CLOCK_BOOTTIME by the vDSO is 2, expected 0");
	want_change("vDSO clocks agree with system calls is 0, expected 1");
	end();
}

static void vdso_behind(void)
{
	begin();
	shift_s[0] = -1;
	want_change("vDSO clocks agree with system calls is 0, expected 1");
	end();
}

static void no_more_processes(void)
{
	const struct rlimit none = { 0, 0 };

	step("setresuid()", syscall(SYS_setresuid, 7, 7, 7));
	begin_with_child();
	step("setrlimit()", setrlimit(RLIMIT_NPROC, &none));
	want_change("fork() afterwards gave EAGAIN, expected success");
	end();
}

const struct change namespace_changes[] = {
	{ "unshare(2) of user", user },
	{ "unshare(2) of user, and a child", user_of_child },
	{ "unshare(2) of mnt", mnt },
	{ "unshare(2) of mnt, and a child", mnt_of_child },
	{ "unshare(2) of uts", uts },
	{ "unshare(2) of uts, and a child", uts_of_child },
	{ "unshare(2) of ipc", ipc },
	{ "unshare(2) of ipc, and a child", ipc_of_child },
	{ "a pid namespace", active_pid },
	{ "unshare(2) of pid", pid_for_children },
	{ "unshare(2) of pid, and a child", pid_of_child },
	{ "unshare(2) of cgroup", cgroup },
	{ "unshare(2) of cgroup, and a child", cgroup_of_child },
	{ "unshare(2) of net", net },
	{ "unshare(2) of net, and a child", net_of_child },
	{ "a time namespace", time_alone },
	{ "unshare(2) of time", time_for_children },
	{ "unshare(2) of time, and a child", time_of_child },
	{ "no more processes", no_more_processes },
	{ "a time namespace that shifts CLOCK_MONOTONIC", monotonic },
	{ "the same, and a vDSO that does not", monotonic_by_system_call },
	{ "a vDSO that shifts CLOCK_MONOTONIC", monotonic_by_vdso },
	{ "a time namespace that shifts CLOCK_BOOTTIME", boottime },
	{ "the same, and a vDSO that does not", boottime_by_system_call },
	{ "a vDSO that shifts CLOCK_BOOTTIME", boottime_by_vdso },
	{ "a vDSO that is a second behind", vdso_behind },
	{ NULL, NULL },
};
