// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors that stand for no namespace and no process: refused, whatever
 * the flags are, with EBADF where there is no usable file and EINVAL where it
 * is a file of another kind.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "fixture.h"
#include "proc.h"

static int closed(void)
{
	int fd = eventfd(0, 0);

	close(fd);
	return fd;
}

static int minus_one(void)
{
	return -1;
}

static int at_fdcwd(void)
{
	return AT_FDCWD;
}

static int self_thread(void)
{
	return PIDFD_SELF_THREAD;
}

static int self_thread_group(void)
{
	return PIDFD_SELF_THREAD_GROUP;
}

static int self_thread_group_6_15(void)
{
	return PIDFD_SELF_THREAD_GROUP_6_15;
}

static int o_path_of_nsfd(void)
{
	return proc_open(0, O_PATH, "ns/%s", ns_types[NS_MNT].name);
}

static int regular_file(void)
{
	return open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
}

static int directory(void)
{
	return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int proc_of_process(void)
{
	return proc_open(0, O_RDONLY | O_DIRECTORY, "../..");
}

static int proc_of_thread(void)
{
	return proc_open(0, O_RDONLY | O_DIRECTORY, ".");
}

static int proc_ns(void)
{
	return proc_open(0, O_RDONLY | O_DIRECTORY, "ns");
}

static int proc_file(void)
{
	return proc_open(0, O_RDONLY, "status");
}

static int fifo(void)
{
	int ends[2];

	return pipe2(ends, O_CLOEXEC) ? -1 : ends[0];
}

static int unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int memory_file(void)
{
	return memfd_create("setns", MFD_CLOEXEC);
}

static int epoll(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

static int event(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

static int device(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static const struct {
	const char *name;
	int (*open)(void);
	int err;
} descriptors[] = {
	{ "a closed descriptor", closed, EBADF },
	{ "-1", minus_one, EBADF },
	{ "AT_FDCWD", at_fdcwd, EBADF },
	{ "PIDFD_SELF_THREAD", self_thread, EBADF },
	{ "PIDFD_SELF_THREAD_GROUP", self_thread_group, EBADF },
	{ "PIDFD_SELF_THREAD_GROUP of 6.15", self_thread_group_6_15, EBADF },
	{ "an O_PATH descriptor of an nsfd", o_path_of_nsfd, EBADF },
	{ "a regular file", regular_file, EINVAL },
	{ "a directory", directory, EINVAL },
	{ "/proc/PID", proc_of_process, EINVAL },
	{ "/proc/PID/task/TID", proc_of_thread, EINVAL },
	{ "/proc/PID/ns", proc_ns, EINVAL },
	{ "/proc/PID/status", proc_file, EINVAL },
	{ "a pipe", fifo, EINVAL },
	{ "a unix socket", unix_socket, EINVAL },
	{ "a memfd", memory_file, EINVAL },
	{ "an epoll descriptor", epoll, EINVAL },
	{ "an eventfd", event, EINVAL },
	{ "/dev/null", device, EINVAL },
};

FIXTURE(refused) {
	struct attempt *a;
	ns_set types;
};

FIXTURE_VARIANT(refused) {
	enum world world;
};

FIXTURE_VARIANT_ADD(refused, root) {
	.world = WORLD_ROOT,
};

FIXTURE_VARIANT_ADD(refused, own_userns) {
	.world = WORLD_OWN_USERNS,
};

FIXTURE_SETUP(refused)
{
	FIXTURE_WORLD(variant->world, &self->types);
	FIXTURE_ATTEMPT(self->a);
}

FIXTURE_TEARDOWN(refused)
{
}

/* 0, every type, all types, and what is no flag. */
static void call_with_all_flags(struct attempt *a, int fd, const char *name)
{
	attempt_call(a, fd, 0, name);
	for_each_ns(id)
		attempt_call(a, fd, ns_types[id].flag, name);
	attempt_call(a, fd, ns_flags(NS_ALL), name);
	attempt_call(a, fd, CLONE_VM, name);
	attempt_call(a, fd, -1, name);
}

TEST_F(refused, every_descriptor_that_is_no_namespace)
{
	struct attempt *a = self->a;

	for (unsigned int i = 0; i < ARRAY_SIZE(descriptors); i++) {
		int fd = descriptors[i].open();

		/* A container may be without devices. */
		if (descriptors[i].open == device && fd < 0 && errno == ENOENT)
			continue;
		ASSERT_TRUE(fd >= 0 || descriptors[i].err == EBADF) {
			TH_LOG(" cannot open %s", descriptors[i].name);
		}
		attempt_reset(a);
		a->all_calls = true;
		call_with_all_flags(a, fd, descriptors[i].name);
		attempt_make(a);
		EXPECT_THAT(denied(a, descriptors[i].err));
		close(fd);
	}
}

/*
 * The calls above are refused for the descriptor's sake: the caller's own
 * namespaces let it in where its user namespace owns them, and only there.
 */
TEST_F(refused, a_namespace_by_its_owner_alone)
{
	struct attempt *a = self->a;
	struct target own = { .state = &a->before };
	ns_set types = self->types & ~NS_BIT(NS_USER);

	for (int owned = variant->world == WORLD_ROOT; owned < 2; owned++) {
		if (owned && variant->world == WORLD_OWN_USERNS) {
			/* Into new ones of these it takes a child. */
			types &= ~(NS_BIT(NS_PID) | NS_BIT(NS_TIME));
			FIXTURE_DO("unshare()",
				   unshare(ns_flags(types)) ? errno : 0);
		}
		for_each_ns_in(id, types) {
			int fd = nsfd_open(0, id, NS_ACTIVE);

			ASSERT_GE(fd, 0);
			attempt_one(a, fd, 0, "nsfd of the caller's own");
			EXPECT_THAT(explain(a, owned ?
					    attached(a, &own, NS_BIT(id)) :
					    denied(a, EPERM),
					    "%s namespace", ns_types[id].name));
			close(fd);
		}
	}
}

TEST_HARNESS_MAIN
