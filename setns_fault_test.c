// SPDX-License-Identifier: GPL-2.0
/*
 * All or nothing, by injected faults: each call is made to fail at its first,
 * second, ... allocation, until one comes through with its fault unused.  After
 * each failed call nothing has changed, and the same call works right after.
 *
 * /proc/thread-self/fail-nth fails the Nth place of the task that can fail, be
 * it of failslab, fail_page_alloc, or another kind that this kernel has (see
 * Documentation/fault-injection in the kernel).  By default those spare
 * allocations that may sleep, which is what setns(2) makes: knobs in debugfs
 * say so, and are put back by a process of its own, whatever becomes of us.
 */
#define _GNU_SOURCE
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "fixture.h"
#include "proc.h"
#include "room.h"

/* More places than any call has: one that never comes through is stuck. */
#define FAULTS_MOST 64

#define DEBUGFS "/sys/kernel/debug"

/* Those without a value are only put back: each fault takes one from "times". */
static const struct {
	const char *path, *value;
} knobs[] = {
	{ "failslab/ignore-gfp-wait", "N" },
	{ "failslab/cache-filter", "N" },
	{ "failslab/verbose", "0" },
	{ "failslab/times", NULL },
	{ "fail_page_alloc/ignore-gfp-wait", "N" },
	{ "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ "fail_page_alloc/min-order", "0" },
	{ "fail_page_alloc/verbose", "0" },
	{ "fail_page_alloc/times", NULL },
	{ "fail_usercopy/verbose", "0" },
	{ "fail_usercopy/times", NULL },
	{ "fail_futex/verbose", "0" },
	{ "fail_futex/times", NULL },
};

#define NR_KNOBS ARRAY_SIZE(knobs)

/* What was in a knob; empty if there is no such knob. */
struct knob {
	char old[32];
};

/* These files are read and written from the start, once for each open(2). */
static void knob_read(int dir, const char *path, char *text, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	close(fd);
}

static bool knob_write(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
	ssize_t n = write(fd, text, strlen(text));

	close(fd);
	return n > 0;
}

static void knobs_turn_back(int dir, const struct knob *k)
{
	for (unsigned int i = 0; i < NR_KNOBS; i++) {
		struct knob now;

		knob_read(dir, knobs[i].path, now.old, sizeof(now.old));
		if (strcmp(now.old, k[i].old) &&
		    !knob_write(dir, knobs[i].path, k[i].old))
			perror(knobs[i].path);
	}
}

/*
 * Turns all knobs and leaves a process behind that turns them back when the
 * test has closed the other end of its pipe, by its death if need be.
 */
static int knobs_turn(struct knob *k, int dir, int *end, pid_t *keeper)
{
	int ends[2], err = 0;
	char byte = 0;

	for (unsigned int i = 0; i < NR_KNOBS; i++)
		knob_read(dir, knobs[i].path, k[i].old, sizeof(k[i].old));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return errno;
	*keeper = fork();
	if (*keeper < 0)
		return errno;
	if (!*keeper) {
		/* Not with the test, nor with its process group. */
		prctl(PR_SET_PDEATHSIG, 0);
		setsid();
		close(ends[1]);
		/* From here on it outlives the test. */
		if (write(ends[0], &byte, 1) != 1)
			_exit(1);
		while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
			;
		knobs_turn_back(dir, k);
		_exit(0);
	}
	close(ends[0]);
	*end = ends[1];
	if (read(ends[1], &byte, 1) != 1)
		return EPIPE;
	for (unsigned int i = 0; i < NR_KNOBS; i++)
		if (k[i].old[0] && knobs[i].value &&
		    !knob_write(dir, knobs[i].path, knobs[i].value))
			err = errno;
	return err;
}

/* What one caller is to do and found, see attempt_with_fault(). */
struct fault {
	int fd, flags;
	const char *fd_name;
	unsigned int nth;
	bool used;		/* the fault was taken by the call */
	int err, again;		/* of the call, and of the same once more */
	struct state before, between, after;
	int trouble;
	int home;		/* a pidfd: where the caller goes first, or -1 */
	int home_flags;
	char why[1024];
};

static int arm(int fail_nth, unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	return pwrite(fail_nth, text, strlen(text), 0) < 0 ? errno : 0;
}

/* 0 once the fault was injected, what is left to go until then. */
static int left(int fail_nth)
{
	char text[16] = "";

	return pread(fail_nth, text, sizeof(text) - 1, 0) < 0 ? -1 :
	       atoi(text);
}

static int be_caller(void *arg)
{
	struct fault *f = arg;
	int fail_nth = proc_open(0, O_RDWR, "fail-nth");

	if (fail_nth < 0)
		return -fail_nth;
	if (chdir("/proc") || (f->home >= 0 && setns(f->home, f->home_flags)))
		return errno;
	f->trouble = state_take(&f->before);
	if (f->trouble || arm(fail_nth, f->nth))
		return 1;
	f->err = setns(f->fd, f->flags) ? errno : 0;
	f->used = !left(fail_nth);
	arm(fail_nth, 0);
	f->trouble = state_take(&f->between);
	if (f->err)
		f->again = setns(f->fd, f->flags) ? errno : 0;
	if (!f->trouble)
		f->trouble = state_take(&f->after);
	return f->trouble ? 1 : 0;
}

/* What a sweep covered, for the report. */
struct sweep {
	unsigned int calls, faults, tolerated;
	unsigned int wrong;	/* state was kept, but not told why: */
	char wrong_errno[128];	/* the first */
	bool wrong_as_known;
};

/* Whether this is what the known bug does: to one fault of a user namespace. */
static void note_wrong_errno(const struct fault *f, struct sweep *sweep)
{
	if (!sweep->wrong++)
		snprintf(sweep->wrong_errno, sizeof(sweep->wrong_errno),
			 "setns(%s, %s) with fault %u: expected ENOMEM, got %s",
			 f->fd_name, ns_flag_names(f->flags), f->nth,
			 errno_name(f->err));
	sweep->wrong_as_known = sweep->wrong == 1 && f->err == EINVAL &&
				f->flags == CLONE_NEWUSER;
}

/* The verdict on one caller: NULL, or one line. */
static const char *unharmed(struct fault *f, const struct target *t,
			    ns_set set, struct sweep *sweep)
{
	struct state expected = f->before;
	char text[512];

	for_each_ns_in(id, set)
		state_attach(&expected, t->state, id);
	if (f->err && !f->used)
		snprintf(text, sizeof(text), "%s without its fault",
			 errno_name(f->err));
	else if (f->err && state_diff(&f->before, &f->between, text,
				      sizeof(text)))
		;	/* which says what it changed */
	else if (f->err && f->again)
		snprintf(text, sizeof(text), "the same call again got %s",
			 errno_name(f->again));
	else if (!state_diff(&expected, &f->after, text, sizeof(text)))
		text[0] = '\0';
	if (f->err && f->err != ENOMEM)
		note_wrong_errno(f, sweep);
	if (!text[0])
		return NULL;
	snprintf(f->why, sizeof(f->why), "setns(%s, %s) with fault %u got %s: %s",
		 f->fd_name, ns_flag_names(f->flags), f->nth,
		 errno_name(f->err), text);
	return f->why;
}

FIXTURE(fault) {
	struct target home, target;
	struct fault *f;
	ns_set types;
	int dir;
	struct knob knobs[NR_KNOBS];
	int keeper_end;
	pid_t keeper;
};

/* debugfs, mounted for the test alone where it is not; a descriptor or -1. */
static int open_debugfs(void)
{
	struct statfs fs;

	if (statfs(DEBUGFS, &fs) || fs.f_type != 0x64626720)
		if (unshare(CLONE_NEWNS) ||
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("debugfs", DEBUGFS, "debugfs", 0, NULL))
			return -1;
	return open(DEBUGFS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

FIXTURE_SETUP(fault)
{
	int fd = proc_open(0, O_RDWR, "fail-nth");

	FIXTURE_PIDFD_SETNS();
	if (fd == -ENOENT)
		SKIP_TEST("no /proc/PID/fail-nth: CONFIG_FAULT_INJECTION");
	if (fd < 0)
		SKIP_TEST("/proc/PID/fail-nth: %s", errno_name(-fd));
	close(fd);
	self->dir = open_debugfs();
	if (self->dir < 0)
		SKIP_TEST("no debugfs: CONFIG_DEBUG_FS, and root");
	if (faccessat(self->dir, "failslab", F_OK, 0))
		SKIP_TEST("no failslab: CONFIG_FAILSLAB, CONFIG_FAULT_INJECTION_DEBUG_FS");
	self->f = mmap(NULL, sizeof(*self->f), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->f);
	self->f->home = -1;
	/* The keeper of a test that ended early may still be at the knobs. */
	ASSERT_EQ(0, flock(self->dir, LOCK_EX));
	ASSERT_EQ(0, knobs_turn(self->knobs, self->dir, &self->keeper_end,
				&self->keeper));
}

FIXTURE_TEARDOWN(fault)
{
	int status;

	target_destroy(&self->target);
	target_destroy(&self->home);
	close(self->keeper_end);
	/* Somebody may have killed even that. */
	if (waitpid(self->keeper, &status, 0) < 0 || status)
		knobs_turn_back(self->dir, self->knobs);
}

/* One caller with fault @nth, 0 for none: the verdict. */
static const char *fault_once(struct fault *f, const struct target *t,
			      ns_set set, unsigned int nth, struct sweep *s)
{
	const char *why;

	f->nth = nth;
	f->flags = ns_flags(set);
	f->used = false;
	f->again = 0;
	if (in_child(be_caller, f))
		return "the caller could not be used";
	/* Without one there is none left, either. */
	f->used = f->used && nth;
	why = unharmed(f, t, set, s);
	s->faults += f->used;
	s->tolerated += f->used && !f->err;
	return why;
}

/* Faults one call at every place that it has. */
static const char *sweep(FIXTURE_DATA(fault) *self, int fd, ns_set set,
			 const char *fd_name, struct sweep *s)
{
	struct fault *f = self->f;

	f->fd = fd;
	f->fd_name = fd_name;
	s->calls++;
	for (unsigned int nth = 0; nth < FAULTS_MOST; nth++) {
		const char *why = fault_once(f, &self->target, set, nth, s);

		if (why)
			return why;
		if (nth && !f->used)
			return nth > 1 ? NULL : "no place of it could fail";
	}
	return "faults never end";
}

#define EXPECT_UNHARMED(self, s, fd, set, name) \
	EXPECT_THAT(sweep(self, fd, set, name, s))

#define REPORT_SWEEP(s) do { \
	TH_LOG(" %u faults in %u calls, %u of them survived by the call", \
	       (s)->faults, (s)->calls, (s)->tolerated); \
	EXPECT_NE(0, (s)->faults); \
} while (0)

#define EXPECT_NO_WRONG_ERRNO(s) \
	EXPECT_THAT((s)->wrong ? (s)->wrong_errno : NULL)

TEST_F_TIMEOUT(fault, every_subset_by_pidfd, 500)
{
	struct sweep s = { 0 };

	FIXTURE_WORLD(WORLD_ROOT, &self->types);
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
	for_each_subset(set, self->types)
		EXPECT_UNHARMED(self, &s, self->target.pidfd, set, "pidfd");
	EXPECT_NO_WRONG_ERRNO(&s);
	REPORT_SWEEP(&s);
}

TEST_F(fault, every_type_by_nsfd)
{
	struct sweep s = { 0 };

	FIXTURE_WORLD(WORLD_ROOT, &self->types);
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
	for_each_ns_in(id, self->types)
		EXPECT_UNHARMED(self, &s, self->target.nsfd[id][NS_ACTIVE],
				NS_BIT(id), "nsfd");
	EXPECT_NO_WRONG_ERRNO(&s);
	REPORT_SWEEP(&s);
}

/*
 * The first to come into a user namespace with its uid needs ucounts for it.
 * They may outlast it for a while, so that each has a namespace of its own.
 */
TEST_F(fault, first_of_its_uid_in_a_user_namespace)
{
	struct fault *f = self->f;
	struct sweep s = { 0 };

	FIXTURE_WORLD(WORLD_ROOT, &self->types);
	FIXTURE_OTHER_UID();
	if (!(self->types & NS_BIT(NS_USER)))
		SKIP_TEST("no user namespace can be made here");
	f->fd_name = "nsfd";
	for (unsigned int nth = 0; nth < FAULTS_MOST; nth++) {
		target_destroy(&self->target);
		FIXTURE_TARGET(&self->target, .number = 1,
			       .fresh = NS_BIT(NS_USER),
			       .uid = WORLD_OTHER_UID);
		f->fd = self->target.nsfd[NS_USER][NS_ACTIVE];
		s.calls++;
		EXPECT_THAT(fault_once(f, &self->target, NS_BIT(NS_USER), nth,
				       &s));
		if (nth && !f->used)
			break;
	}
	if (s.wrong)
		EXPECT_THAT_OR_KNOWN(BUG_USER_FAULT_ERRNO, s.wrong_as_known,
				     s.wrong_errno);
	REPORT_SWEEP(&s);
}

/* A home for the callers, and a target. */
#define LIMIT 2

#define FIXTURE_HOME(self, a) do { \
	FIXTURE_WORLD(WORLD_ROOT, &(self)->types); \
	if (!((self)->types & NS_BIT(NS_USER))) \
		SKIP_TEST("no user namespace can be made here"); \
	FIXTURE_ATTEMPT(a); \
	ASSERT_EQ(0, target_own_userns()); \
	FIXTURE_SYSCTL("user.max_*_namespaces", \
		       room_limit((self)->types, LIMIT)); \
	FIXTURE_TARGET(&(self)->home, .number = 1, .fresh = (self)->types); \
	FIXTURE_TARGET(&(self)->target, .number = 2, .inside = &(self)->home, \
		       .inside_set = (self)->types, .fresh = (self)->types); \
	(self)->f->home = (self)->home.pidfd; \
	(self)->f->home_flags = ns_flags((self)->types); \
} while (0)

/*
 * Nothing leaks when a call fails half-way: the namespaces of who made the
 * calls, and of the target, go with their last process.
 */
TEST_F(fault, nothing_leaks)
{
	const ns_set mnt = NS_BIT(NS_MNT);
	struct sweep s = { 0 };
	struct attempt *a;

	FIXTURE_HOME(self, a);
	for_each_ns_in(id, self->types) {
		EXPECT_UNHARMED(self, &s, self->target.pidfd, NS_BIT(id),
				"pidfd");
		EXPECT_UNHARMED(self, &s, self->target.nsfd[id][NS_ACTIVE],
				NS_BIT(id), "nsfd");
		if (id != NS_USER && id != NS_MNT)
			EXPECT_UNHARMED(self, &s, self->target.pidfd,
					NS_BIT(id) | mnt, "pidfd");
	}
	target_destroy(&self->target);
	target_destroy(&self->home);
	EXPECT_THAT(room_verdict(a, self->types, LIMIT, room_until()));
	EXPECT_NO_WRONG_ERRNO(&s);
	REPORT_SWEEP(&s);
}

/* The same where credentials and a copy of fs_struct are made both. */
TEST_F(fault, nothing_leaks_of_credentials_and_fs)
{
	struct sweep s = { 0 };
	struct attempt *a;

	FIXTURE_HOME(self, a);
	EXPECT_UNHARMED(self, &s, self->target.pidfd,
			NS_BIT(NS_USER) | NS_BIT(NS_MNT), "pidfd");
	EXPECT_UNHARMED(self, &s, self->target.pidfd, self->types, "pidfd");
	target_destroy(&self->target);
	target_destroy(&self->home);
	TH_LOG(" %u faults in %u calls", s.faults, s.calls);
	EXPECT_NO_WRONG_ERRNO(&s);
	EXPECT_THAT(room_verdict(a, self->types & ~NS_BIT(NS_USER), LIMIT,
				 room_until()));
	/* The others are gone by now: it is known, and ends no sooner. */
	EXPECT_THAT_OR_KNOWN(BUG_CRED_LEAK,
			     room_take(NS_BIT(NS_USER), LIMIT) == ENOSPC,
			     room_verdict(a, NS_BIT(NS_USER), LIMIT,
					  room_clock_ms() + 5000));
}

TEST_HARNESS_MAIN
