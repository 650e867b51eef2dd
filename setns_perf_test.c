// SPDX-License-Identifier: GPL-2.0
/*
 * setns(2) as perf sees it: each attach leaves a single PERF_RECORD_NAMESPACES
 * with the namespaces that it led to, however many types it was for.  A refused
 * call leaves none (perf_event_open(2)).
 */
#define _GNU_SOURCE
#include <linux/perf_event.h>
#include <sys/mman.h>

#include "lib/fixture.h"

/* The most calls of a caller here.  Their records fit in a page. */
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

FIXTURE(setns_perf) {
	struct target target;
	struct caller *c;
	struct recording *recording;
	ns_set types;
};

FIXTURE_SETUP(setns_perf)
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

FIXTURE_TEARDOWN(setns_perf)
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

TEST_F(setns_perf, records_each_attach_once)
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
TEST_F(setns_perf, records_no_call_refused_for_its_flags)
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
TEST_F(setns_perf, records_no_call_refused_for_its_last_type)
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
