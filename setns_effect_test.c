// SPDX-License-Identifier: GPL-2.0
/*
 * What an attach does beyond the links under /proc/PID/ns: undo of semaphores,
 * sockets and queues old and new, capabilities in the new user namespace and
 * nowhere else, limits, cgroup paths.  Each by pidfd and by nsfd.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <linux/securebits.h>
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/fixture.h"
#include "lib/marks.h"
#include "lib/proc.h"
#include "lib/sem_undo.h"

FIXTURE(setns_effect) {
	struct target target;
	struct caller *c;
	ns_set types;
};

FIXTURE_VARIANT(setns_effect) {
	bool by_pidfd;
};

FIXTURE_VARIANT_ADD(setns_effect, by_pidfd) {
	.by_pidfd = true,
};

FIXTURE_VARIANT_ADD(setns_effect, by_nsfd) {
	.by_pidfd = false,
};

FIXTURE_SETUP(setns_effect)
{
	if (variant->by_pidfd)
		SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(privilege_available(), &self->types);
	SETUP_CALLER(self->c);
}

FIXTURE_TEARDOWN(setns_effect)
{
	target_destroy(&self->target);
}

/* Hooks around semaphore undo; their argument is a struct sem_undo. */
static int begin_undo(struct caller *c, void *arg)
{
	(void)c;
	return sem_undo_begin(arg);
}

static int look_at_undo(struct caller *c, void *arg)
{
	(void)c;
	return sem_undo_look(arg);
}

static void use_undo(struct caller *c, struct sem_undo *undo)
{
	undo->looked = false;
	caller_reset(c);
	c->prepare = begin_undo;
	c->watch = look_at_undo;
	c->arg = undo;
}

TEST_F(setns_effect, leaving_an_ipc_namespace_runs_semaphore_undo)
{
	ns_set types = self->types &
		       (NS_BIT(NS_UTS) | NS_BIT(NS_IPC) | NS_BIT(NS_NET));
	struct caller *c = self->c;
	struct sem_undo *undo;

	SKIP_WITHOUT_TYPE(self->types, NS_IPC);
	SETUP_TARGET(&self->target, .number = 1, .fresh = types);
	SETUP_SHARED(undo);
	SETUP_SEM_UNDO(undo);
	for_each_subset(set, types) {
		if (!(set & NS_BIT(NS_IPC)))
			continue;
		use_undo(c, undo);
		caller_by_fds(c, &self->target, set, variant->by_pidfd);
		caller_run(c);
		EXPECT_THAT(attached(c));
		EXPECT_THAT(undo_run(c, undo));
	}
}

TEST_F(setns_effect, leaving_other_namespaces_runs_no_semaphore_undo)
{
	ns_set others = self->types & ~(NS_BIT(NS_IPC) | NS_BIT(NS_USER));
	struct caller *c = self->c;
	struct sem_undo *undo;

	SETUP_TARGET(&self->target, .number = 1, .fresh = others);
	SETUP_SHARED(undo);
	SETUP_SEM_UNDO(undo);
	use_undo(c, undo);
	caller_by_fds(c, &self->target, others, variant->by_pidfd);
	caller_run(c);
	EXPECT_THAT(attached(c));
	EXPECT_THAT(undo_not_run(c, undo));
}

/* Also for a caller that attaches to the ipc namespace which it is in. */
TEST_F(setns_effect, attaching_to_the_own_ipc_namespace_runs_semaphore_undo)
{
	struct caller *c = self->c;
	struct sem_undo *undo;
	int own;

	SKIP_WITHOUT_TYPE(self->types, NS_IPC);
	SETUP_SHARED(undo);
	SETUP_SEM_UNDO(undo);
	own = variant->by_pidfd ? sys_pidfd_open(getpid(), 0) :
				  nsfd_open(0, NS_IPC, NS_ACTIVE);
	ASSERT_GE(own, 0);
	use_undo(c, undo);
	caller_call(c, own, CLONE_NEWIPC,
		    variant->by_pidfd ? "pidfd of the test" :
					"nsfd of the test");
	caller_run(c);
	EXPECT_THAT(reached(c, &c->before));
	EXPECT_THAT(undo_run(c, undo));
}

TEST_F(setns_effect, refused_calls_run_no_semaphore_undo)
{
	struct target *t = &self->target;
	struct caller *c = self->c;
	struct sem_undo *undo;

	SKIP_WITHOUT_TYPE(self->types, NS_IPC);
	SETUP_TARGET(&self->target, .number = 1, .fresh = NS_BIT(NS_IPC));
	SETUP_SHARED(undo);
	SETUP_SEM_UNDO(undo);
	use_undo(c, undo);
	caller_call(c, variant->by_pidfd ? t->pidfd :
					   t->nsfd[NS_IPC][NS_ACTIVE],
		    CLONE_NEWIPC | CLONE_VM,
		    variant->by_pidfd ? "pidfd" : "nsfd");
	caller_run(c);
	EXPECT_THAT(denied(c, EINVAL));
	EXPECT_THAT(undo_not_run(c, undo));
}

#define OLD_QUEUE_KEY (MARK_MSG_KEY + 1)

/* How msgget(2) of a queue in the old ipc namespace ends, before and after. */
struct queue_errs {
	int err[2];
	unsigned int nr;
};

static int find_queue(struct caller *c, void *arg)
{
	struct queue_errs *errs = arg;

	(void)c;
	errs->err[errs->nr++] = msgget(OLD_QUEUE_KEY, 0) < 0 ? errno : 0;
	return 0;
}

TEST_F(setns_effect, queues_of_the_old_ipc_namespace_are_out_of_sight)
{
	struct queue_errs *errs;
	struct caller *c = self->c;

	SKIP_WITHOUT_TYPE(self->types, NS_IPC);
	SETUP_TARGET(&self->target, .number = 1, .fresh = NS_BIT(NS_IPC));
	if (!self->target.state->number[ST_MARK_MSG])
		SKIP_TEST("no SysV message queues in this kernel (CONFIG_SYSVIPC)");
	SETUP_SHARED(errs);
	SETUP_NAMESPACES("unshare(CLONE_NEWIPC)",
			 unshare(CLONE_NEWIPC) ? errno : 0);
	ASSERT_GE(msgget(OLD_QUEUE_KEY, IPC_CREAT | 0666), 0);
	caller_by_fds(c, &self->target, NS_BIT(NS_IPC), variant->by_pidfd);
	c->prepare = find_queue;
	c->finish = find_queue;
	c->arg = errs;
	caller_run(c);
	EXPECT_THAT(attached(c));
	EXPECT_THAT_EQ(0, errs->err[0],
		       "ipc namespace: msgget() of its queue before: expected success, got %s",
		       errno_name(errs->err[0]));
	EXPECT_THAT_EQ(ENOENT, errs->err[1],
		       "ipc namespace: msgget() of the old one's queue afterwards: expected ENOENT, got %s",
		       errno_name(errs->err[1]));
}

/* A socket opened before the attach, and how connecting sockets ends. */
struct sockets {
	int old;
	struct sockaddr_un old_server;	/* in the old net namespace */
	socklen_t old_server_len;
	int old_to_old, old_to_new, new_to_old, new_to_new;
};

static int connect_err(int fd, const struct sockets *s)
{
	return connect(fd, (struct sockaddr *)&s->old_server,
		       s->old_server_len) ? errno : 0;
}

static int open_old_sockets(struct caller *c, void *arg)
{
	const sa_family_t any_name = AF_UNIX;
	int server = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockets *s = arg;

	(void)c;
	s->old = socket(AF_UNIX, SOCK_DGRAM, 0);
	s->old_server_len = sizeof(s->old_server);
	return s->old < 0 || server < 0 ||
	       bind(server, (struct sockaddr *)&any_name, sizeof(any_name)) ||
	       getsockname(server, (struct sockaddr *)&s->old_server,
			   &s->old_server_len) ? errno : 0;
}

/* The server of the new net namespace is the target's mark. */
static int connect_sockets(struct caller *c, void *arg)
{
	int new = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockets *s = arg;

	(void)c;
	if (new < 0)
		return errno;
	s->old_to_old = connect_err(s->old, s);
	s->old_to_new = mark_socket_connect(s->old, 1);
	s->new_to_old = connect_err(new, s);
	s->new_to_new = mark_socket_connect(new, 1);
	return 0;
}

TEST_F(setns_effect, sockets_stay_in_the_net_namespace_they_were_opened_in)
{
	struct caller *c = self->c;
	struct sockets *s;

	SKIP_WITHOUT_TYPE(self->types, NS_NET);
	SETUP_TARGET(&self->target, .number = 1, .fresh = NS_BIT(NS_NET));
	if (!self->target.state->number[ST_MARK_SOCKET])
		SKIP_TEST("no unix sockets in this kernel (CONFIG_UNIX)");
	SETUP_SHARED(s);
	caller_by_fds(c, &self->target, NS_BIT(NS_NET), variant->by_pidfd);
	c->prepare = open_old_sockets;
	c->finish = connect_sockets;
	c->arg = s;
	caller_run(c);
	EXPECT_THAT(attached(c));
	EXPECT_THAT_EQ(0, s->old_to_old,
		       "net namespace: a socket opened before connects to the old one: expected success, got %s",
		       errno_name(s->old_to_old));
	EXPECT_THAT_EQ(ECONNREFUSED, s->old_to_new,
		       "net namespace: a socket opened before connects to the new one: expected ECONNREFUSED, got %s",
		       errno_name(s->old_to_new));
	EXPECT_THAT_EQ(ECONNREFUSED, s->new_to_old,
		       "net namespace: a socket opened afterwards connects to the old one: expected ECONNREFUSED, got %s",
		       errno_name(s->new_to_old));
	EXPECT_THAT_EQ(0, s->new_to_new,
		       "net namespace: a socket opened afterwards connects to the new one: expected success, got %s",
		       errno_name(s->new_to_new));
}

/*
 * A caller without capabilities, before and after it attached to the user and
 * the uts namespace of a target that it owns:
 *
 *	test's user namespace		owns the test's uts namespace
 *	`-- target's user namespace	owns the target's uts namespace
 */
struct capability_errs {
	int test_uts;		/* the test's uts namespace, as an nsfd */
	int outside_before;	/* of setns(2) to it, with capabilities */
	int outside_after;
	int inside_before;	/* of sethostname(2), without capabilities */
	int inside_after;
};

static int set_same_hostname(void)
{
	char name[64];

	return gethostname(name, sizeof(name)) ||
	       sethostname(name, strlen(name)) ? errno : 0;
}

static int lose_capabilities(struct caller *c, void *arg)
{
	struct capability_errs *errs = arg;
	int err;

	(void)c;
	errs->outside_before = setns(errs->test_uts, CLONE_NEWUTS) ? errno : 0;
	err = capabilities_drop_all();
	errs->inside_before = set_same_hostname();
	return err;
}

static int use_capabilities(struct caller *c, void *arg)
{
	struct capability_errs *errs = arg;

	(void)c;
	errs->inside_after = set_same_hostname();
	errs->outside_after = setns(errs->test_uts, CLONE_NEWUTS) ? errno : 0;
	return 0;
}

TEST_F(setns_effect, capabilities_are_those_of_the_new_user_namespace)
{
	ns_set set = NS_BIT(NS_USER) | NS_BIT(NS_UTS);
	struct capability_errs *errs;
	struct caller *c = self->c;

	SKIP_WITHOUT_TYPE(self->types, NS_USER);
	SKIP_WITHOUT_TYPE(self->types, NS_UTS);
	SETUP_TARGET(&self->target, .number = 1, .fresh = set);
	SETUP_SHARED(errs);
	SETUP_NAMESPACES("unshare(CLONE_NEWUTS)",
			 unshare(CLONE_NEWUTS) ? errno : 0);
	errs->test_uts = nsfd_open(0, NS_UTS, NS_ACTIVE);
	ASSERT_GE(errs->test_uts, 0);
	caller_by_fds(c, &self->target, set, variant->by_pidfd);
	c->prepare = lose_capabilities;
	c->finish = use_capabilities;
	c->arg = errs;
	caller_run(c);
	EXPECT_THAT(attached(c));
	EXPECT_THAT_EQ(0, errs->outside_before,
		       "user namespace: setns() to the test's uts namespace with capabilities: expected success, got %s",
		       errno_name(errs->outside_before));
	EXPECT_THAT_EQ(EPERM, errs->inside_before,
		       "user namespace: sethostname() without capabilities: expected EPERM, got %s",
		       errno_name(errs->inside_before));
	EXPECT_THAT_EQ(0, errs->inside_after,
		       "user namespace: sethostname() in the new one: expected success, got %s",
		       errno_name(errs->inside_after));
	EXPECT_THAT_EQ(EPERM, errs->outside_after,
		       "user namespace: setns() back to the test's uts namespace: expected EPERM, got %s",
		       errno_name(errs->outside_after));
}

/*
 * Credentials of which nothing is as usual.  Without another gid in the user
 * namespace there are no other groups (user_namespaces(7)).
 */
static int set_odd_credentials(struct caller *c, void *arg)
{
	const gid_t groups[] = { 0, OTHER_UID };
	const bool *other_gid = arg;
	const cap_value_t raised = CAP_NET_RAW;
	cap_t caps = cap_get_proc();
	int err = 0;

	(void)c;
	if (*other_gid && setgroups(ARRAY_SIZE(groups), groups))
		err = errno;
	cap_set_flag(caps, CAP_INHERITABLE, 1, &raised, CAP_SET);
	if (cap_set_proc(caps) || cap_set_ambient(raised, CAP_SET) ||
	    cap_drop_bound(CAP_SYS_BOOT) ||
	    cap_set_secbits(SECBIT_NOROOT | SECBIT_KEEP_CAPS) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0))
		err = errno;
	umask(027);
	cap_free(caps);
	return err;
}

/*
 * The user namespace resets the credentials except for the ids.  It leaves
 * no_new_privs, the umask and the parent-death signal, other types leave all.
 */
TEST_F(setns_effect, odd_credentials_are_reset_by_the_user_namespace_alone)
{
	ns_set others = self->types & ~NS_BIT(NS_USER);
	bool other_gid = !lacks_other_uid();
	struct caller *c = self->c;

	SETUP_TARGET(&self->target, .number = 1, .fresh = self->types);
	caller_by_fds(c, &self->target, others, variant->by_pidfd);
	c->calls[c->nr_calls - 1].look = LOOK_STATE;
	if (self->types & NS_BIT(NS_USER))
		caller_by_fds(c, &self->target, self->types, variant->by_pidfd);
	c->look_after_each = true;
	c->prepare = set_odd_credentials;
	c->arg = &other_gid;
	caller_run(c);
	EXPECT_THAT(attached(c));
	EXPECT_THAT_EQ(1ULL << CAP_NET_RAW, c->before.number[ST_CAP_AMBIENT],
		       "the caller has ambient capabilities %#llx before, expected CAP_NET_RAW",
		       (unsigned long long)c->before.number[ST_CAP_AMBIENT]);
	SKIP_WITHOUT_TYPE(self->types, NS_USER);
}

/* The first line of /proc/PID/cgroup that names no root, or an empty string. */
static const char *line_below_root(char *text)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		size_t len = strlen(line);

		if (len && (len < 2 || strcmp(line + len - 2, ":/")))
			return line;
	}
	return "";
}

struct cgroup_text {
	char text[16384];
};

static int read_cgroup(struct caller *c, void *arg)
{
	struct cgroup_text *cgroup = arg;

	(void)c;
	return proc_read("thread-self/cgroup", cgroup->text,
			 sizeof(cgroup->text));
}

/*
 * The root of a cgroup namespace is where its creator was, which is where the
 * test and the caller are (cgroup_namespaces(7)).
 */
TEST_F(setns_effect, cgroup_paths_are_relative_to_the_new_root)
{
	struct caller *c = self->c;
	struct cgroup_text *cgroup;
	const char *line;

	SKIP_WITHOUT_TYPE(self->types, NS_CGROUP);
	SETUP_SHARED(cgroup);
	ASSERT_EQ(0, read_cgroup(NULL, cgroup));
	if (!*line_below_root(cgroup->text))
		SKIP_TEST("the test is in the root of every cgroup hierarchy");
	SETUP_TARGET(&self->target, .number = 1, .fresh = NS_BIT(NS_CGROUP));
	caller_by_fds(c, &self->target, NS_BIT(NS_CGROUP), variant->by_pidfd);
	c->finish = read_cgroup;
	c->arg = cgroup;
	caller_run(c);
	EXPECT_THAT(attached(c));
	line = line_below_root(cgroup->text);
	EXPECT_THAT_EQ(0, strlen(line),
		       "cgroup namespace: a line of /proc/self/cgroup is \"%.300s\", expected \":/\" at its end",
		       line);
}

/*
 * RLIMIT_SIGPENDING of the task that creates a user namespace becomes a limit of
 * the namespace.  It limits the signals that are pending for the creator's uid
 * outside, where those of every task inside are counted as well.
 *
 *	test's user namespace		counts what the test and callers queue
 *	`-- target's user namespace	limits that to SIGPENDING_LIMIT
 */
#define SIGPENDING_LIMIT	3
#define SIGPENDING_MORE		(4 * SIGPENDING_LIMIT)

FIXTURE(setns_effect_limit) {
	struct target target;
	struct caller *c;
	ns_set types;
};

FIXTURE_VARIANT(setns_effect_limit) {
	bool by_pidfd;
};

FIXTURE_VARIANT_ADD(setns_effect_limit, by_pidfd) {
	.by_pidfd = true,
};

FIXTURE_VARIANT_ADD(setns_effect_limit, by_nsfd) {
	.by_pidfd = false,
};

FIXTURE_SETUP(setns_effect_limit)
{
	if (variant->by_pidfd)
		SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(AS_USERNS_ROOT, &self->types);
	SETUP_CALLER(self->c);
	SETUP_TARGET(&self->target, .number = 1, .fresh = NS_BIT(NS_USER),
		     .sigpending = SIGPENDING_LIMIT);
}

FIXTURE_TEARDOWN(setns_effect_limit)
{
	target_destroy(&self->target);
}

/* How many signals could be queued, and why not more, or 0. */
struct queued {
	int nr, err;
};

static void queue_signals(struct queued *queued)
{
	const union sigval value = { .sival_int = 0 };
	sigset_t set;

	*queued = (struct queued) { 0 };
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (queued->nr < SIGPENDING_MORE && !queued->err)
		if (sigqueue(getpid(), SIGRTMIN, value))
			queued->err = errno;
		else
			queued->nr++;
}

static int queue_signals_after(struct caller *c, void *arg)
{
	(void)c;
	queue_signals(arg);
	return 0;
}

/* The same without setns(2), by a child that creates a user namespace. */
static int queue_in_new_userns(void *arg)
{
	struct rlimit limit, low;
	int err;

	if (getrlimit(RLIMIT_SIGPENDING, &limit))
		return errno;
	low = (struct rlimit) { SIGPENDING_LIMIT, limit.rlim_max };
	if (setrlimit(RLIMIT_SIGPENDING, &low))
		return errno;
	err = userns_create();
	low.rlim_cur = limit.rlim_max;
	if (!err && setrlimit(RLIMIT_SIGPENDING, &low))
		err = errno;
	if (!err)
		queue_signals(arg);
	return err;
}

TEST_F(setns_effect_limit, signals_are_limited_by_the_new_user_namespace)
{
	struct caller *c = self->c;
	struct queued *queued;

	SETUP_SHARED(queued);
	/* Without the limit, as many as are asked for. */
	c->finish = queue_signals_after;
	c->arg = queued;
	caller_run(c);
	EXPECT_THAT(ended_in(c, &c->before));
	if (queued->nr < SIGPENDING_MORE)
		SKIP_TEST("the test itself can queue no more than %d signals: %s",
			  queued->nr, errno_name(queued->err));
	SETUP_NAMESPACES("creating a user namespace with a limit",
			 in_child(queue_in_new_userns, queued));
	if (queued->nr == SIGPENDING_MORE)
		SKIP_TEST("user namespaces do not limit signals: since Linux 5.14");

	caller_by_fds(c, &self->target, NS_BIT(NS_USER), variant->by_pidfd);
	caller_run(c);
	EXPECT_THAT(attached(c));
	EXPECT_THAT_EQ(SIGPENDING_LIMIT, queued->nr,
		       "user namespace: %d signals could be queued, its limit is %d",
		       queued->nr, SIGPENDING_LIMIT);
	EXPECT_THAT_EQ(EAGAIN, queued->err,
		       "user namespace: queueing more signals than its limit: expected EAGAIN, got %s",
		       errno_name(queued->err));
}

TEST_HARNESS_MAIN
