// SPDX-License-Identifier: GPL-2.0
/*
 * What an attach does to things other than the caller's namespaces.  It undoes
 * semaphores, hides the queues of the old ipc namespace, leaves open sockets
 * where they were, and changes what cgroup paths are relative to.  perf records
 * it.  The variants attach by pidfd and by nsfd.
 */
#define _GNU_SOURCE
#include <linux/perf_event.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/socket.h>
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
 * Each attach leaves a single PERF_RECORD_NAMESPACES with the namespaces that
 * it led to, however many types it was for.  A refused call leaves none
 * (perf_event_open(2)).
 */

/* The most calls of a recorded caller.  Their records fit in a page. */
#define MAX_CALLS 4

struct namespaces_record {
	struct perf_event_header header;
	__u32 pid, tid;
	__u64 nr;
	struct perf_ns_link_info link[NR_NAMESPACES];
};

/* What perf recorded of a caller, in memory of SETUP_SHARED(). */
struct recording {
	struct perf_event_mmap_page *ring;	/* in the caller */
	/* Before the calls, and from each call until the next. */
	struct {
		unsigned int records;
		struct namespaces_record last;
	} during[1 + MAX_CALLS];
};

/* The place of each type in a record.  Time namespaces have none. */
static const struct {
	enum ns_id id;
	unsigned int index;
} recorded_types[] = {
	{ NS_NET, NET_NS_INDEX }, { NS_UTS, UTS_NS_INDEX },
	{ NS_IPC, IPC_NS_INDEX }, { NS_PID, PID_NS_INDEX },
	{ NS_USER, USER_NS_INDEX }, { NS_MNT, MNT_NS_INDEX },
	{ NS_CGROUP, CGROUP_NS_INDEX },
};

/* An event that records the namespaces of the calling task: -1 and errno. */
static int event_open(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.exclude_kernel = 1,
		.namespaces = 1,
	};

	return syscall(__NR_perf_event_open, &attr, 0, -1, -1,
		       PERF_FLAG_FD_CLOEXEC);
}

/* The reason to skip if @err of event_open() is not a failure; or NULL. */
static const char *lacks_perf(int err)
{
	if (err == ENOSYS)
		return "no perf_event_open(2) (CONFIG_PERF_EVENTS)";
	if (err == EACCES)
		return "recording namespaces needs root of the initial user namespace";
	if (err == EPERM)
		return "perf_event_open(2) is not permitted here";
	return NULL;
}

FIXTURE(setns_effect_perf) {
	struct target target;
	struct caller *c;
	struct recording *recording;
	ns_set types;
};

FIXTURE_SETUP(setns_effect_perf)
{
	int event, err;

	SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(privilege_available(), &self->types);
	event = event_open();
	err = event < 0 ? errno : 0;
	SKIP_IF_LACKING(lacks_perf(err));
	ASSERT_EQ(0, err) {
		TH_LOG(" perf_event_open(): %s", errno_name(err));
	}
	close(event);
	SETUP_CALLER(self->c);
	SETUP_SHARED(self->recording);
	SETUP_TARGET(&self->target, .number = 1, .fresh = self->types);
}

FIXTURE_TEARDOWN(setns_effect_perf)
{
	target_destroy(&self->target);
}

static int start_recording(struct caller *c, void *arg)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct recording *recording = arg;
	int event = event_open();

	(void)c;
	if (event < 0)
		return errno;
	/* A page for the head of the ring, a page for its records. */
	recording->ring = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			       MAP_SHARED, event, 0);
	return recording->ring == MAP_FAILED ? errno : 0;
}

/* Moves the records that were left before call @i out of the ring. */
static int collect(struct caller *c, unsigned int i, void *arg)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct recording *recording = arg;
	struct perf_event_mmap_page *ring = recording->ring;
	__u64 end = __atomic_load_n(&ring->data_head, __ATOMIC_ACQUIRE);
	struct namespaces_record r;

	if (c->nr_calls > MAX_CALLS || end > page)
		return EMSGSIZE;
	for (; ring->data_tail < end; ring->data_tail += r.header.size) {
		size_t left = end - ring->data_tail;

		memcpy(&r, (char *)ring + page + ring->data_tail,
		       left < sizeof(r) ? left : sizeof(r));
		if (!r.header.size)
			return EPROTO;
		/* A fork leaves a record of the child. */
		if (r.header.type != PERF_RECORD_NAMESPACES ||
		    (pid_t)r.tid != gettid())
			continue;
		recording->during[i].records++;
		recording->during[i].last = r;
	}
	return 0;
}

static int collect_last(struct caller *c, void *arg)
{
	return collect(c, c->nr_calls, arg);
}

/* Runs a caller with its calls, and records it. */
static void run_recorded(struct caller *c, struct recording *recording)
{
	memset(recording, 0, sizeof(*recording));
	c->prepare = start_recording;
	c->before_call = collect;
	c->finish = collect_last;
	c->arg = recording;
	c->look_after_each = true;
	caller_run(c);
}

/* The types for which @r and @s have different namespaces. */
static ns_set wrong_types(const struct namespaces_record *r,
			  const struct state *s)
{
	ns_set wrong = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(recorded_types); i++) {
		enum ns_id id = recorded_types[i].id;
		const struct ns_identity *ns = &s->ns[id][NS_ACTIVE];
		unsigned int index = recorded_types[i].index;

		if (index >= r->nr || r->link[index].dev != ns->dev ||
		    r->link[index].ino != ns->ino)
			wrong |= NS_BIT(id);
	}
	return wrong;
}

static const char *check_record(struct caller *c, unsigned int i,
				const struct recording *recording)
{
	unsigned int records = recording->during[i + 1].records;
	unsigned int expected = c->calls[i].err ? 0 : 1;
	static char text[200];
	ns_set wrong;

	snprintf(text, sizeof(text),
		 "%s, and then: %u PERF_RECORD_NAMESPACES, expected %u",
		 errno_name(c->calls[i].err), records, expected);
	if (records != expected)
		return text;
	if (!records)
		return NULL;
	wrong = wrong_types(&recording->during[i + 1].last, &c->after_call[i]);
	snprintf(text, sizeof(text),
		 "PERF_RECORD_NAMESPACES has another namespace than /proc/self/ns of these types: %s",
		 ns_names(wrong));
	return wrong ? text : NULL;
}

/*
 * Checks, as those of check.h, that each call which succeeded left a single
 * record with the namespaces that it led to, and that nothing else left any.
 */
static const char *recorded_attaches(struct caller *c,
				     const struct recording *recording)
{
	if (recording->during[0].records)
		return "a PERF_RECORD_NAMESPACES before any call";
	for (unsigned int i = 0; i < c->nr_calls; i++) {
		const struct call *call = &c->calls[i];
		const char *message = check_record(c, i, recording);

		if (message)
			return explain(c, message,
				       "setns(%s, %s) (call %u of %u)",
				       call->fd_name,
				       ns_flag_names(call->flags), i + 1,
				       c->nr_calls);
	}
	return NULL;
}

TEST_F(setns_effect_perf, records_each_attach_once)
{
	struct caller *c = self->c;

	for_each_ns_in(id, self->types) {
		ns_set rest = self->types & ~NS_BIT(id);

		caller_reset(c);
		if (rest)
			caller_by_pidfd(c, &self->target, rest);
		caller_by_nsfd(c, &self->target, id);
		run_recorded(c, self->recording);
		EXPECT_THAT(attached(c));
		EXPECT_THAT(recorded_attaches(c, self->recording));
	}
}

/* The last call is the control.  Its flags are valid. */
TEST_F(setns_effect_perf, records_no_call_refused_for_its_flags)
{
	const int errs[] = { EINVAL, EINVAL, 0 };
	struct caller *c = self->c;

	caller_call(c, self->target.pidfd, 0, "pidfd");
	caller_call(c, self->target.pidfd, ns_flags(self->types) | CLONE_VM,
		    "pidfd");
	caller_by_pidfd(c, &self->target, self->types);
	run_recorded(c, self->recording);
	EXPECT_THAT(ended(c, errs));
	EXPECT_THAT(recorded_attaches(c, self->recording));
}

/*
 * Time is the last type that the kernel installs.  It is refused to a caller
 * that shares its memory.  The control is the same call without time.
 */
TEST_F(setns_effect_perf, records_no_call_refused_for_its_last_type)
{
	ns_set rest = self->types & ~NS_BIT(NS_TIME);
	const int errs[] = { EUSERS, 0 };
	struct caller *c = self->c;

	SKIP_WITHOUT_TYPE(self->types, NS_TIME);
	caller_call(c, self->target.pidfd, ns_flags(self->types), "pidfd");
	caller_by_pidfd(c, &self->target, rest);
	c->peer = PEER_SHARING_VM;
	run_recorded(c, self->recording);
	EXPECT_THAT(ended(c, errs));
	EXPECT_THAT(recorded_attaches(c, self->recording));
}

TEST_HARNESS_MAIN
