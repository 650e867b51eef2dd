// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"
#include "target.h"

#define TARGET_WAIT_MS	10000

/* What the maker and the target tell the test. */
struct news {
	struct state state;
	struct state children_state;
	const char *step;
	int err;
	pid_t pid;		/* of the target, as /proc has it */
	pid_t second_maker;
};

/* Runs a step of making a target: true if it went well. */
static bool did(struct news *news, const char *step, int ret)
{
	if (ret >= 0)
		return true;
	news->step = step;
	news->err = errno;
	return false;
}

static bool become(struct news *news, const struct target_spec *spec)
{
	if (spec->uid) {
		if (!did(news, "setgroups()", setgroups(0, NULL)) ||
		    !did(news, "setresgid()", setresgid(spec->uid, spec->uid,
							spec->uid)) ||
		    !did(news, "setresuid()", setresuid(spec->uid, spec->uid,
							spec->uid)))
			return false;
		/* Or its files in /proc, uid_map for one, would be root's. */
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	}
	news->state.outer_uid = geteuid();
	news->state.outer_gid = getegid();
	for_each_ns_in(id, spec->inside_set)
		if (!did(news, "setns() to the namespaces around the target",
			 setns(spec->inside->nsfd[id][NS_ACTIVE], 0)))
			return false;
	return true;
}

/* Maps the own uid and gid to 0, which needs no privilege. */
static int map_ids(uid_t uid, gid_t gid)
{
	char map[32];
	int err = proc_write(0, "deny", "setgroups");

	if (!err) {
		snprintf(map, sizeof(map), "0 %u 1", gid);
		err = proc_write(0, map, "gid_map");
	}
	if (!err) {
		snprintf(map, sizeof(map), "0 %u 1", uid);
		err = proc_write(0, map, "uid_map");
	}
	errno = err;
	return err ? -1 : 0;
}

int target_own_userns(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	return unshare(CLONE_NEWUSER) || map_ids(uid, gid) ? errno : 0;
}

void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* It may have died before that.  0: it is in another pid namespace. */
	if (getppid() && getppid() != parent)
		_exit(1);
}

int drop_capability(cap_value_t cap)
{
	cap_t caps = cap_get_proc();
	int err = 0;

	cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_CLEAR);
	cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_CLEAR);
	if (cap_set_proc(caps))
		err = errno;
	cap_free(caps);
	return err;
}

static int shift_clocks(unsigned int number)
{
	char text[128];
	int err;

	snprintf(text, sizeof(text), "monotonic %u %u\nboottime %u %u\n",
		 TARGET_MONOTONIC_S(number), TARGET_SHIFT_NS,
		 TARGET_BOOTTIME_S(number), TARGET_SHIFT_NS);
	/* Of the process: a thread's own directory lacks it. */
	err = proc_write(0, text, "../../timens_offsets");
	errno = err;
	return err ? -1 : 0;
}

static bool unshare_fresh(struct news *news, const struct target_spec *spec)
{
	ns_set rest = spec->fresh & ~NS_BIT(NS_USER);
	const struct rlimit limit = { spec->sigpending, spec->sigpending };
	int err = 0;

	if (spec->sigpending && !did(news, "setrlimit(RLIMIT_SIGPENDING)",
				     setrlimit(RLIMIT_SIGPENDING, &limit)))
		return false;
	if (spec->fresh & NS_BIT(NS_USER))
		err = target_own_userns();
	errno = err;
	if (!did(news, "making a user namespace", err ? -1 : 0))
		return false;
	if (rest && !did(news, "unshare()", unshare(ns_flags(rest))))
		return false;
	/* Possible only before the first task is in it. */
	if (rest & NS_BIT(NS_TIME))
		return did(news, "writing timens_offsets",
			   shift_clocks(spec->number));
	return true;
}

/*
 * Mounts a tmpfs over the root, which an attach has to follow to its top, and
 * goes there itself.
 */
static bool mark_mounts(struct news *news, unsigned int number)
{
	char digit = '0' + number;
	int fd;

	if (!did(news, "making the mounts private",
		 mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)))
		return false;
	if (mount("setns", "/", "tmpfs", 0, "size=64k,mode=755")) {
		if (errno == ENODEV)
			return true;	/* no tmpfs in this kernel: no mark */
		return did(news, "mounting a tmpfs over the root", -1);
	}
	/* ".." of the root leads to what is mounted on it. */
	if (!did(news, "chdir() to the new root", chdir("/..")) ||
	    !did(news, "chroot() to the new root", chroot(".")))
		return false;
	fd = open(MARK_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (!did(news, "creating the file that marks the mounts", fd) ||
	    !did(news, "writing it", write(fd, &digit, 1)))
		return false;
	close(fd);
	return true;
}

/* Not built in, or limited to none (msgget(2), mq_overview(7)): no mark. */
static bool no_queue(int err)
{
	return err == ENOSYS || err == ENOSPC || err == EMFILE;
}

static bool mark_ipc(struct news *news, unsigned int number)
{
	struct mq_attr attr = { .mq_maxmsg = number, .mq_msgsize = 8 };
	struct msqid_ds ds = { 0 };
	int id, fd;

	id = msgget(MARK_MSG_KEY, IPC_CREAT | IPC_EXCL | 0666);
	if (id >= 0) {
		if (!did(news, "msgctl(IPC_STAT)", msgctl(id, IPC_STAT, &ds)))
			return false;
		ds.msg_qbytes = number;
		if (!did(news, "msgctl(IPC_SET)", msgctl(id, IPC_SET, &ds)))
			return false;
	} else if (!no_queue(errno)) {
		return did(news, "msgget()", id);
	}
	fd = syscall(__NR_mq_open, MARK_MQUEUE,
		     O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666, &attr);
	if (fd < 0 && !no_queue(errno))
		return did(news, "mq_open()", fd);
	close(fd);
	return true;
}

/* The socket stays open as long as the target lives. */
static bool mark_net(struct news *news, unsigned int number)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);	/* also after execve() */
	int len;

	if (fd < 0 && errno == EAFNOSUPPORT)
		return true;	/* no unix sockets in this kernel: no mark */
	if (!did(news, "socket(AF_UNIX)", fd))
		return false;
	len = snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1,
		       MARK_SOCKET, number);
	return did(news, "binding the socket that marks the network",
		   bind(fd, (struct sockaddr *)&addr,
			offsetof(struct sockaddr_un, sun_path) + 1 + len));
}

static bool mark_uts(struct news *news, unsigned int number)
{
	char name[64];

	snprintf(name, sizeof(name), MARK_HOSTNAME, number);
	return did(news, "sethostname()", sethostname(name, strlen(name)));
}

static bool leave_marks(struct news *news, const struct target_spec *spec)
{
	umask(0);
	if ((spec->fresh & NS_BIT(NS_MNT)) &&
	    !mark_mounts(news, spec->number))
		return false;
	if ((spec->fresh & NS_BIT(NS_UTS)) && !mark_uts(news, spec->number))
		return false;
	if ((spec->fresh & NS_BIT(NS_IPC)) && !mark_ipc(news, spec->number))
		return false;
	if ((spec->fresh & NS_BIT(NS_NET)) && !mark_net(news, spec->number))
		return false;
	return true;
}

/* Takes the state and keeps the ids that the maker left in it. */
static bool take(struct news *news, struct state *to)
{
	uid_t uid = news->state.outer_uid;
	gid_t gid = news->state.outer_gid;
	int err = state_take(to);

	to->outer_uid = uid;
	to->outer_gid = gid;
	errno = err;
	return did(news, "taking the target's state", err ? -1 : 0);
}

/* A child of the target in the namespaces that are for its children. */
static bool have_child(struct news *news, const struct target_spec *spec)
{
	int ends[2];
	char byte = 0;
	pid_t pid;

	if (!spec->fresh_children)
		return true;
	if (!did(news, "unshare() for the children",
		 unshare(ns_flags(spec->fresh_children))) ||
	    ((spec->fresh_children & NS_BIT(NS_TIME)) &&
	     !did(news, "writing timens_offsets for the children",
		  shift_clocks(spec->number))) ||
	    !did(news, "socketpair()", socketpair(AF_UNIX, SOCK_STREAM, 0,
						  ends)))
		return false;
	pid = fork();
	if (!did(news, "forking the target's child", pid))
		return false;
	if (!pid) {
		close(ends[0]);
		if (!take(news, &news->children_state) ||
		    write(ends[1], &byte, 1) != 1)
			_exit(1);
		/* Until the target is no more. */
		while (read(ends[1], &byte, 1) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	close(ends[1]);
	return read(ends[0], &byte, 1) == 1;
}

#define PARK_ARG	"--park"
#define ORDER_EXEC	'x'

static void run_this_program(int lifeline)
{
	char fd[16];

	snprintf(fd, sizeof(fd), "%d", lifeline);
	fcntl(lifeline, F_SETFD, 0);
	execl("/proc/self/exe", "setns-target", PARK_ARG, fd, (char *)NULL);
}

/* Says ready, and does what it is told until the test is no more. */
static void __noreturn park(int lifeline)
{
	char byte = 0;

	if (write(lifeline, &byte, 1) != 1)
		_exit(1);
	for (;;) {
		ssize_t n = read(lifeline, &byte, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n != 1)
			_exit(0);
		if (byte == ORDER_EXEC)
			run_this_program(lifeline);
	}
}

void target_park_if_told(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], PARK_ARG))
		park(atoi(argv[2]));
}

/*
 * Away from the root of the mounts: who attaches is to come to that, not to
 * the root that the target has.
 */
static bool leave_root(struct news *news)
{
	return did(news, "mkdir()", mkdir("/target", 0755)) &&
	       did(news, "chroot()", chroot("/target")) &&
	       did(news, "chdir()", chdir("/"));
}

static void __noreturn
be_target(struct news *news, const struct target_spec *spec, int lifeline)
{
	/* Not only the lifeline: it is also held by every caller. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	news->pid = proc_own_pid();
	if (!did(news, "chdir(\"/\")", chdir("/")) ||
	    !leave_marks(news, spec) || !have_child(news, spec) ||
	    !take(news, &news->state))
		_exit(1);
	if ((spec->fresh & NS_BIT(NS_MNT)) &&
	    news->state.number[ST_MARK_FILE] && !leave_root(news))
		_exit(1);
	if (spec->without_ptrace && drop_capability(CAP_SYS_PTRACE))
		_exit(1);
	if (spec->nondumpable)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	park(lifeline);
}

/*
 * Unshares, then leaves the target to the test as a child of its own: only a
 * child is in a pid or time namespace that was unshared.
 */
static void __noreturn
be_second_maker(struct news *news, const struct target_spec *spec,
		int lifeline)
{
	struct setns_clone_args args = { .flags = CLONE_PARENT };
	pid_t pid;

	alarm(TARGET_WAIT_MS / 1000);
	if (!unshare_fresh(news, spec))
		_exit(1);
	pid = sys_clone3(&args);
	if (!pid)
		be_target(news, spec, lifeline);
	_exit(did(news, "clone3(CLONE_PARENT)", pid) ? 0 : 1);
}

/*
 * Goes where the target shall be made, which with a pid namespace takes one
 * more child: a nested one can be unshared only from inside.
 */
static void __noreturn
be_maker(struct news *news, const struct target_spec *spec, int lifeline)
{
	struct setns_clone_args args = { .flags = CLONE_PARENT };
	pid_t pid;

	/* A child made by clone(2) has no alarm: the target has none. */
	alarm(TARGET_WAIT_MS / 1000);
	if (!become(news, spec))
		_exit(1);
	if (!(spec->inside_set & NS_BIT(NS_PID)))
		be_second_maker(news, spec, lifeline);
	pid = sys_clone3(&args);
	if (!pid)
		be_second_maker(news, spec, lifeline);
	news->second_maker = pid;
	_exit(did(news, "clone3(CLONE_PARENT)", pid) ? 0 : 1);
}

/* Waits for the byte that says ready; 0, or an errno. */
static int await_ready(int lifeline)
{
	struct pollfd p = { .fd = lifeline, .events = POLLIN };
	char byte;
	int n;

	do {
		n = poll(&p, 1, TARGET_WAIT_MS);
	} while (n < 0 && errno == EINTR);
	if (!n)
		return ETIMEDOUT;
	return n > 0 && read(lifeline, &byte, 1) == 1 ? 0 : EPIPE;
}

int nsfd_open(pid_t pid, enum ns_id id, enum ns_whose whose)
{
	return proc_open(pid, O_RDONLY, "ns/%s", ns_types[id].link[whose]);
}

static int open_files(struct target *t, unsigned int flags, const char **step)
{
	t->pidfd = sys_pidfd_open(t->pid, flags);
	if (t->pidfd < 0) {
		*step = "pidfd_open()";
		return errno;
	}
	for_each_link(id, whose) {
		int fd = nsfd_open(t->pid, id, whose);

		t->nsfd[id][whose] = fd;
		/* Not built in, or no process is in it yet. */
		if (fd < 0 && fd != -ENOENT) {
			*step = "opening the target's nsfds";
			return -fd;
		}
	}
	return 0;
}

static struct news *news_map(void)
{
	struct news *news = mmap(NULL, sizeof(*news), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return news == MAP_FAILED ? NULL : news;
}

static void target_clear(struct target *t)
{
	memset(t, 0, sizeof(*t));
	t->pidfd = -1;
	t->lifeline = -1;
	memset(t->nsfd, -1, sizeof(t->nsfd));
}

/* Starts the maker and waits for it and the target: 0 or an errno. */
static int start(struct target *t, const struct target_spec *spec,
		 struct news *news)
{
	int ends[2], status, err;
	pid_t maker;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return errno;
	maker = fork();
	if (!maker) {
		close(ends[0]);
		be_maker(news, spec, ends[1]);
	}
	err = maker < 0 ? errno : 0;
	close(ends[1]);
	t->lifeline = ends[0];
	if (err)
		return err;
	if (waitpid(maker, &status, 0) < 0)
		return errno;
	if (!status && news->second_maker > 0 &&
	    waitpid(news->second_maker, &status, 0) < 0)
		return errno;
	if (!status)
		err = await_ready(t->lifeline);
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		err = ETIMEDOUT;
	t->pid = news->pid;
	return news->err ? news->err : status && !err ? EPROTO : err;
}

int target_make(struct target *t, const struct target_spec *spec,
		const char **step)
{
	struct news *news;
	int err;

	target_clear(t);
	t->number = spec->number;
	t->fresh = spec->fresh;
	t->fresh_children = spec->fresh_children;
	*step = "mmap()";
	news = news_map();
	if (!news)
		return errno;
	t->state = &news->state;
	t->children_state = &news->children_state;
	news->step = "starting the target";
	err = start(t, spec, news);
	*step = news->step;
	if (!err)
		err = open_files(t, 0, step);
	if (err)
		target_destroy(t);
	return err;
}

int target_adopt(struct target *t, pid_t tid, unsigned int flags)
{
	struct news *news = news_map();
	const char *step;
	int err;

	target_clear(t);
	if (!news)
		return errno;
	t->state = &news->state;
	t->pid = tid;
	err = open_files(t, flags, &step);
	if (!err)
		err = state_take_links(t->state, tid);
	t->pid = 0;	/* not ours to kill */
	return err;
}

int target_exec(struct target *t)
{
	char order = ORDER_EXEC;

	if (write(t->lifeline, &order, 1) != 1)
		return errno;
	return await_ready(t->lifeline);
}

int target_kill(struct target *t)
{
	siginfo_t info;

	if (kill(t->pid, SIGKILL))
		return errno;
	/* Its other marks stay, as long as their namespace does. */
	if (t->fresh & NS_BIT(NS_NET))
		t->state->number[ST_MARK_SOCKET] = 0;
	return waitid(P_PID, t->pid, &info, WEXITED | WNOWAIT) ? errno : 0;
}

int target_reap(struct target *t)
{
	pid_t pid = t->pid;

	t->pid = 0;
	return waitpid(pid, NULL, 0) < 0 ? errno : 0;
}

void target_destroy(struct target *t)
{
	/* All 0: never made. */
	if (!t->state)
		return;
	if (t->pid > 0) {
		target_kill(t);
		target_reap(t);
	}
	for_each_link(id, whose)
		close(t->nsfd[id][whose]);
	close(t->pidfd);
	close(t->lifeline);
	munmap(t->state, sizeof(struct news));
	target_clear(t);
}
