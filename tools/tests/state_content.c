// SPDX-License-Identifier: GPL-2.0
/* Changes of what is in namespaces: marks, names, maps, see state_test.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../../lib/marks.h"
#include "state_test.h"
#include "state_want.h"

static void leave_marks(ns_set set, unsigned int number)
{
	const char *where = "";
	int err = marks_leave(set, number, &where);

	if (err)
		fail("marks_leave(): %s: %s", where, strerror(err));
}

/* marks_leave() clears the umask. */
static void fresh(int flags)
{
	umask(0);
	step("unshare()", unshare(flags));
}

static void mark_by_file(void)
{
	int fd;

	fresh(CLONE_NEWNS);
	leave_marks(NS_BIT(NS_MNT), 1);
	if (!mark_file())
		skip("no tmpfs for the mark (CONFIG_TMPFS)");
	fd = open(MARK_FILE, O_WRONLY | O_CLOEXEC);
	step(MARK_FILE, fd);
	begin();
	step("write()", pwrite(fd, "2", 1, 0));
	want_change("mark by a file in the root directory is 2, expected 1");
	end();
}

/* The new root hides /proc, which the places have to be read from before. */
static void mark_of_mounts(void)
{
	struct place is = { 0 }, root, cwd;
	struct state now;

	fresh(CLONE_NEWNS);
	step("chdir()", chdir("/proc"));
	root = place_of("/");
	cwd = place_of(".");
	begin();
	leave_marks(NS_BIT(NS_MNT), 3);
	step("mkdir()", mkdir("/proc", 0755));
	step("mount()", mount("proc", "/proc", "proc", 0, NULL));
	if (state_read(&now))
		fail("state_read()");
	is = place_of("/");
	want_place("root directory", &root, &is);
	want_place("working directory", &cwd, &is);
	want_change("mark by a file in the root directory is 3, expected 0");
	end();
}

static void mark_by_sysv_queue(void)
{
	struct msqid_ds ds;
	int id;

	fresh(CLONE_NEWIPC);
	leave_marks(NS_BIT(NS_IPC), 1);
	id = msgget(MARK_MSG_KEY, 0);
	if (id < 0)
		skip("no SysV message queues (CONFIG_SYSVIPC)");
	begin();
	step("msgctl()", msgctl(id, IPC_STAT, &ds));
	ds.msg_qbytes = 2;
	step("msgctl()", msgctl(id, IPC_SET, &ds));
	want_change("mark by a SysV message queue is 2, expected 1");
	end();
}

static void mark_by_posix_queue(void)
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 8 };
	int fd;

	fresh(CLONE_NEWIPC);
	leave_marks(NS_BIT(NS_IPC), 1);
	if (!mark_mqueue())
		skip("no POSIX message queues (CONFIG_POSIX_MQUEUE)");
	begin();
	step("mq_unlink()", syscall(SYS_mq_unlink, MARK_MQUEUE));
	fd = syscall(SYS_mq_open, MARK_MQUEUE, O_RDWR | O_CREAT | O_EXCL, 0666,
		     &attr);
	step("mq_open()", fd);
	close(fd);
	want_change("mark by a POSIX message queue is 2, expected 1");
	end();
}

static void marks_of_ipc(void)
{
	fresh(CLONE_NEWIPC);
	begin();
	leave_marks(NS_BIT(NS_IPC), 4);
	want_change("mark by a SysV message queue is 4, expected 0");
	want_change("mark by a POSIX message queue is 4, expected 0");
	end();
}

static void mark_by_socket(void)
{
	int lowest;

	fresh(CLONE_NEWNET);
	lowest = dup(0);
	close(lowest);
	begin();
	leave_marks(NS_BIT(NS_NET), 2);
	step("dup()", fcntl(lowest, F_DUPFD_CLOEXEC, 100));
	close(lowest);
	want_change("mark by an abstract socket is 2, expected 0");
	end();
}

static void mark_of_uts(void)
{
	fresh(CLONE_NEWUTS);
	step("sethostname()", sethostname("before", 6));
	begin();
	leave_marks(NS_BIT(NS_UTS), 2);
	want_change("host name is \"setns-target-2\", expected \"before\"");
	end();
}

/* The task's uid reads as the overflow uid before, for lack of a map. */
static void uid_map(void)
{
	unsigned long long uid = sysctl_number("kernel/overflowuid");
	char map[64];

	unshare_userns();
	begin();
	snprintf(map, sizeof(map), "%llu 0 1", uid);
	write_own("uid_map", map);
	snprintf(map, sizeof(map), "%10llu %10u %10u", uid, 0, 1);
	want_change("uid map is \"%s\", expected \"\"", map);
	end();
}

/* Ranges of the long map, each of which is a line of 33 bytes */
#define RANGES 100

static void write_long_map(pid_t pid, unsigned int last)
{
	char path[64], map[4096];
	size_t len = 0;
	int fd;

	for (unsigned int i = 0; i < RANGES - 1; i++)
		len += sprintf(map + len, "%u %u 1\n", 2 * i, 2 * i);
	len += sprintf(map + len, "1000 %u 1\n", last);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, map, len) != (ssize_t)len)
		fail("%s: %s", path, strerror(errno));
	_exit(0);
}

static unsigned long long *inode_of_long_map;

/* Only a task outside of a user namespace may map many ids. */
static void enter_long_map(unsigned int last)
{
	pid_t writer, self = getpid();
	int ends[2], status;
	char byte = 0;

	step("pipe()", pipe(ends));
	writer = fork();
	step("fork()", writer);
	if (!writer) {
		if (read(ends[0], &byte, 1) != 1)
			fail("read(): %s", strerror(errno));
		write_long_map(self, last);
	}
	unshare_userns();
	step("write()", write(ends[1], &byte, 1));
	step("waitpid()", waitpid(writer, &status, 0));
	if (status)
		_exit(1);
	close(ends[0]);
	close(ends[1]);
	*inode_of_long_map = link_ino("user");
}

static void enter_one_long_map(void)
{
	enter_long_map(1000);
}

static void enter_other_long_map(void)
{
	enter_long_map(1001);
}

static void long_uid_map(void)
{
	unsigned long long *inodes = shared_alloc(2 * sizeof(*inodes));

	inode_of_long_map = &inodes[0];
	begin_in_child(enter_one_long_map);
	inode_of_long_map = &inodes[1];
	read_after_in_child(enter_other_long_map);
	want_change("namespace user is [%llu], expected [%llu]", inodes[1],
		    inodes[0]);
	want_change("uid map is %d bytes long, expected %d, with the same beginning",
		    RANGES * 33, RANGES * 33);
	compare();
}

#define LONG_NAME_16	"setns-state-name"
#define LONG_NAME_64	LONG_NAME_16 LONG_NAME_16 LONG_NAME_16 LONG_NAME_16
#define LONG_NAME	LONG_NAME_64 LONG_NAME_64 LONG_NAME_64

static const char *const cgroups[] = {
	LONG_NAME,
	LONG_NAME "/" LONG_NAME,
	LONG_NAME "/" LONG_NAME "/" LONG_NAME,
	LONG_NAME "/" LONG_NAME "/" LONG_NAME "/1",
	LONG_NAME "/" LONG_NAME "/" LONG_NAME "/2",
};

/* The path of a file in the control group that this test has made */
static const char *cgroup_path(unsigned int i, const char *file)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/setns-state-%d%s%s%s", directory,
		 getppid(), i < ARRAY_SIZE(cgroups) ? "/" : "",
		 i < ARRAY_SIZE(cgroups) ? cgroups[i] : "", file);
	return path;
}

/* The control group above all that this test makes */
#define TOP	ARRAY_SIZE(cgroups)

static void move_to(unsigned int i)
{
	int fd = open(cgroup_path(i, "/cgroup.procs"), O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1)
		fail("moving to a control group: %s", strerror(errno));
	close(fd);
}

static void move_between(unsigned int from, unsigned int to)
{
	char *was, *is;

	move_to(from);
	was = own_file("cgroup");
	begin();
	move_to(to);
	is = own_file("cgroup");
	want_text("/proc/self/cgroup", was, is);
	end();
}

static void own_mounts(void)
{
	step("unshare(CLONE_NEWNS)", unshare(CLONE_NEWNS));
	step("private mounts", mount("none", "/", NULL, MS_REC | MS_PRIVATE,
				     NULL));
}

/* The child that moves has to end before its control groups can be removed. */
static void in_cgroups(unsigned int from, unsigned int to)
{
	int status = -1;
	pid_t child;

	own_mounts();
	if (mount("none", directory, "cgroup2", 0, NULL))
		skip("no control groups can be mounted: %s", strerror(errno));
	child = fork();
	step("fork()", child);
	if (!child) {
		if (mkdir(cgroup_path(TOP, ""), 0755))
			skip("no control group can be made: %s",
			     strerror(errno));
		for (unsigned int i = 0; i < ARRAY_SIZE(cgroups); i++)
			step("mkdir()", mkdir(cgroup_path(i, ""), 0755));
		move_between(from, to);
		_exit(0);
	}
	waitpid(child, &status, 0);
	child = fork();
	if (!child) {
		for (unsigned int i = ARRAY_SIZE(cgroups); i--;)
			rmdir(cgroup_path(i, ""));
		rmdir(cgroup_path(TOP, ""));
		_exit(0);
	}
	waitpid(child, NULL, 0);
	_exit(WEXITSTATUS(status));
}

static void cgroup_path_changes(void)
{
	in_cgroups(TOP, 0);
}

static void long_cgroup_path(void)
{
	in_cgroups(TOP, 2);
}

static void end_of_long_cgroup_path(void)
{
	in_cgroups(3, 4);
}

const struct change content_changes[] = {
	{ "the mark of mounts", mark_of_mounts },
	{ "another mark by a file", mark_by_file },
	{ "the marks of ipc", marks_of_ipc },
	{ "another mark by a SysV message queue", mark_by_sysv_queue },
	{ "another mark by a POSIX message queue", mark_by_posix_queue },
	{ "the mark of net", mark_by_socket },
	{ "the mark of uts, which is the host name", mark_of_uts },
	{ "a uid map", uid_map },
	{ "a uid map of 100 ranges", long_uid_map },
	{ "another control group", cgroup_path_changes },
	{ "a control group with a path of more than 512 bytes", long_cgroup_path },
	{ "the end of such a path", end_of_long_cgroup_path },
	{ NULL, NULL },
};
