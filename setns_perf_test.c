// SPDX-License-Identifier: GPL-2.0
/*
 * Seen by perf: an attach is one event.  A call that succeeds leaves exactly
 * one PERF_RECORD_NAMESPACES with the namespaces that it led to, however many
 * types it was for, and a call that fails leaves none (perf_event_open(2)).
 */
#define _GNU_SOURCE
#include <linux/perf_event.h>

#include "fixture.h"

/* One page of head, two of records. */
#define RING_PAGES 2

struct ring {
	struct perf_event_mmap_page *head;
	char *data;
	size_t size;
};

/* Each caller has its own, from its prepare hook to its finish hook. */
static struct ring ring;

/* Records the namespace events of the calling task; 0 or an errno. */
static int ring_open(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.exclude_kernel = 1,
		.namespaces = 1,
	};
	size_t page = sysconf(_SC_PAGESIZE);
	int fd = syscall(__NR_perf_event_open, &attr, 0, -1, -1,
			 PERF_FLAG_FD_CLOEXEC);
	void *map;

	if (fd < 0)
		return errno;
	map = mmap(NULL, (1 + RING_PAGES) * page, PROT_READ | PROT_WRITE,
		   MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return errno;
	ring.head = map;
	ring.data = (char *)map + page;
	ring.size = RING_PAGES * page;
	return 0;
}

struct namespaces_record {
	struct perf_event_header header;
	__u32 pid, tid;
	__u64 nr;
	struct {
		__u64 dev, ino;
	} link[16];
};

/* Copies a record out of the ring, in which it may be wrapped around. */
static void ring_copy(__u64 from, void *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((char *)to)[i] = ring.data[(from + i) % ring.size];
}

static bool has_link(const struct namespaces_record *r, __u64 ino)
{
	for (__u64 i = 0; i < r->nr && i < ARRAY_SIZE(r->link); i++)
		if (r->link[i].ino == ino)
			return true;
	return false;
}

enum note {
	NOTE_RECORDS,	/* how many there were */
	NOTE_MISSING,	/* set of types whose namespace is not in the last */
};

/* perf has no word for time namespaces (enum of NR_NAMESPACES). */
#define TOLD (NS_ALL & ~NS_BIT(NS_TIME))

static int count_records(struct attempt *a, void *arg)
{
	__u64 end = __atomic_load_n(&ring.head->data_head,
				       __ATOMIC_ACQUIRE);
	struct namespaces_record r = { 0 };

	(void)arg;
	for (__u64 at = ring.head->data_tail; at < end;
	     at += r.header.size) {
		ring_copy(at, &r.header, sizeof(r.header));
		if (!r.header.size)
			return EIO;
		if (r.header.type != PERF_RECORD_NAMESPACES)
			continue;
		ring_copy(at, &r, r.header.size < sizeof(r) ?
				  r.header.size : sizeof(r));
		/* A fork leaves one as well, for the child. */
		if ((pid_t)r.tid != gettid())
			continue;
		a->note[NOTE_RECORDS]++;
		a->note[NOTE_MISSING] = 0;
		for_each_ns_in(id, TOLD & ns_supported())
			if (!has_link(&r, a->after.ns[id][NS_ACTIVE].ino))
				a->note[NOTE_MISSING] |= NS_BIT(id);
	}
	return 0;
}

static int open_records(struct attempt *a, void *arg)
{
	(void)a;
	(void)arg;
	return ring_open();
}

FIXTURE(perf) {
	struct target target;
	struct attempt *a;
	ns_set types;
};

static int try_ring(void *arg)
{
	(void)arg;
	return ring_open();
}

FIXTURE_SETUP(perf)
{
	int err;

	FIXTURE_PIDFD_SETNS();
	FIXTURE_WORLD(world_lacks_root() ? WORLD_OWN_USERNS : WORLD_ROOT,
		      &self->types);
	err = in_child(try_ring, NULL);
	/* Neither built in nor allowed is no reason for these. */
	ASSERT_NE(EINVAL, err);
	ASSERT_GT(128, err);
	if (err)
		SKIP_TEST("no perf events here: %s", errno_name(err));
	FIXTURE_ATTEMPT(self->a);
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
}

FIXTURE_TEARDOWN(perf)
{
	target_destroy(&self->target);
}

static void record(struct attempt *a, int fd, int flags, const char *fd_name)
{
	attempt_reset(a);
	attempt_call(a, fd, flags, fd_name);
	a->prepare = open_records;
	a->finish = count_records;
	attempt_make(a);
}

/* The verdict on the records of an attempt. */
static const char *recorded(struct attempt *a, int expected)
{
	const struct call *c = &a->calls[0];
	char text[128];

	if (a->note[NOTE_RECORDS] == expected && !a->note[NOTE_MISSING])
		return NULL;
	snprintf(text, sizeof(text),
		 "%d PERF_RECORD_NAMESPACES, expected %d, without the right %s",
		 (int)a->note[NOTE_RECORDS], expected,
		 ns_flag_names(ns_flags(a->note[NOTE_MISSING])));
	return explain(a, text, "setns(%s, %s)", c->fd_name,
		       ns_flag_names(c->flags));
}

TEST_F(perf, one_record_for_one_attach)
{
	const struct target *t = &self->target;
	struct attempt *a = self->a;

	for_each_ns_in(id, self->types) {
		record(a, t->nsfd[id][NS_ACTIVE], ns_types[id].flag, "nsfd");
		EXPECT_THAT(attached(a, t, NS_BIT(id)));
		EXPECT_THAT(recorded(a, 1));
		record(a, t->pidfd, ns_flags(self->types & ~NS_BIT(id)),
		       "pidfd");
		EXPECT_THAT(attached(a, t, self->types & ~NS_BIT(id)));
		EXPECT_THAT(recorded(a, 1));
	}
	record(a, t->pidfd, ns_flags(self->types), "pidfd");
	EXPECT_THAT(attached(a, t, self->types));
	EXPECT_THAT(recorded(a, 1));
}

TEST_F(perf, none_for_a_refused_call)
{
	const struct target *t = &self->target;
	struct attempt *a = self->a;

	record(a, t->pidfd, 0, "pidfd");
	EXPECT_THAT(denied(a, EINVAL));
	EXPECT_THAT(recorded(a, 0));
	record(a, t->pidfd, ns_flags(self->types) | CLONE_VM, "pidfd");
	EXPECT_THAT(denied(a, EINVAL));
	EXPECT_THAT(recorded(a, 0));
	/* This one fails last of all, for its time namespace. */
	attempt_reset(a);
	attempt_call(a, t->pidfd, ns_flags(self->types), "pidfd");
	a->peer = PEER_SHARING_VM;
	a->prepare = open_records;
	a->finish = count_records;
	attempt_make(a);
	if (self->types & NS_BIT(NS_TIME))
		EXPECT_THAT(denied(a, EUSERS));
	EXPECT_THAT(recorded(a, !a->calls[0].err));
}

TEST_HARNESS_MAIN
