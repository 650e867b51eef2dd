// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors that stand for no namespace and no process: setns(2) refuses them
 * whatever the flags are, with EBADF without a usable file and with EINVAL for a
 * file of another kind.  Descriptors of the caller's own namespaces, which lead
 * to where it is, show that the refusals are the descriptor's fault.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "lib/fixture.h"
#include "lib/proc.h"

static int fd_or_errno(int fd)
{
	return fd < 0 ? -errno : fd;
}

static int open_regular_file(void)
{
	return proc_open("self/exe", O_RDONLY);
}

static int open_directory(void)
{
	return fd_or_errno(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int open_proc_process(void)
{
	return proc_open("self", O_RDONLY | O_DIRECTORY);
}

static int open_proc_thread(void)
{
	return proc_open("thread-self", O_RDONLY | O_DIRECTORY);
}

static int open_proc_ns(void)
{
	return proc_open("thread-self/ns", O_RDONLY | O_DIRECTORY);
}

static int open_proc_status(void)
{
	return proc_open("thread-self/status", O_RDONLY);
}

static int open_pipe(void)
{
	int ends[2];

	return pipe2(ends, O_CLOEXEC) ? -errno : ends[0];
}

static int open_socket(void)
{
	return fd_or_errno(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int open_memfd(void)
{
	return fd_or_errno(memfd_create("setns", MFD_CLOEXEC));
}

static int open_epoll(void)
{
	return fd_or_errno(epoll_create1(EPOLL_CLOEXEC));
}

static int open_eventfd(void)
{
	return fd_or_errno(eventfd(0, EFD_CLOEXEC));
}

static int open_device(void)
{
	return fd_or_errno(open("/dev/null", O_RDWR | O_CLOEXEC));
}

/* Each returns a descriptor or a negative errno. */
static const struct {
	const char *name;
	int (*open)(void);
	int absent;	/* the errno where the system has no such file, or 0 */
} other_files[] = {
	{ "regular file", open_regular_file, 0 },
	{ "directory", open_directory, 0 },
	{ "/proc/PID", open_proc_process, 0 },
	{ "/proc/PID/task/TID", open_proc_thread, 0 },
	{ "/proc/PID/task/TID/ns", open_proc_ns, 0 },
	{ "/proc/PID/task/TID/status", open_proc_status, 0 },
	{ "pipe", open_pipe, 0 },
	{ "unix socket", open_socket, 0 },
	{ "memfd", open_memfd, ENOSYS },
	{ "epoll descriptor", open_epoll, ENOSYS },
	{ "eventfd", open_eventfd, ENOSYS },
	{ "/dev/null", open_device, ENOENT },
};

/* Numbers that are never an open file. */
static const struct {
	const char *name;
	int fd;
} numbers[] = {
	{ "-1", -1 },
	{ "INT_MIN", INT_MIN },
	{ "INT_MAX", INT_MAX },
	{ "AT_FDCWD", AT_FDCWD },
	{ "PIDFD_SELF_THREAD", PIDFD_SELF_THREAD },
	{ "PIDFD_SELF_THREAD_GROUP", PIDFD_SELF_THREAD_GROUP },
	{ "PIDFD_SELF_THREAD_GROUP of 6.15", PIDFD_SELF_THREAD_GROUP_6_15 },
};

FIXTURE(setns_descriptor) {
	struct caller *c;
	ns_set types;
};

FIXTURE_VARIANT(setns_descriptor) {
	enum privilege privilege;
};

FIXTURE_VARIANT_ADD(setns_descriptor, root) {
	.privilege = AS_ROOT,
};

FIXTURE_VARIANT_ADD(setns_descriptor, userns_root) {
	.privilege = AS_USERNS_ROOT,
};

FIXTURE_SETUP(setns_descriptor)
{
	SETUP_PRIVILEGE(variant->privilege, &self->types);
	SETUP_CALLER(self->c);
}

FIXTURE_TEARDOWN(setns_descriptor)
{
}

/* A call on an nsfd of the namespace that the caller is in, of type @id. */
static void call_on_own(struct caller *c, int nsfd, enum ns_id id)
{
	static char names[NR_NS_TYPES][32];
	struct call *call;

	snprintf(names[id], sizeof(names[id]), "caller's own %s nsfd",
		 ns_types[id].name);
	call = caller_call(c, nsfd, 0, names[id]);
	call->to = &c->before;
	call->types = NS_BIT(id);
}

/* Calls with 0, every type, all types, and values that are no flags. */
static void call_with_all_flags(struct caller *c, int fd, const char *fd_name)
{
	caller_call(c, fd, 0, fd_name);
	for_each_ns(id)
		caller_call(c, fd, ns_types[id].flag, fd_name);
	caller_call(c, fd, ns_flags(NS_ALL), fd_name);
	caller_call(c, fd, CLONE_VM, fd_name);
	caller_call(c, fd, -1, fd_name);
}

/*
 * The nsfd itself leads somewhere: the test creates its uts namespace, so that
 * the caller's user namespace owns it.
 */
TEST_F(setns_descriptor, refuses_numbers_that_are_no_usable_file)
{
	const char *link = "thread-self/ns/uts";
	struct caller *c = self->c;
	int nsfd, closed, o_path;

	SKIP_WITHOUT_TYPE(self->types, NS_UTS);
	SETUP_NAMESPACES("unshare(CLONE_NEWUTS)",
			 unshare(CLONE_NEWUTS) ? errno : 0);
	nsfd = proc_open(link, O_RDONLY);
	ASSERT_GE(nsfd, 0) {
		TH_LOG(" opening the nsfd: %s", errno_name(-nsfd));
	}
	o_path = proc_open(link, O_PATH);
	ASSERT_GE(o_path, 0) {
		TH_LOG(" opening it as O_PATH: %s", errno_name(-o_path));
	}
	/* The number is high, so that nothing else gets it. */
	closed = fcntl(nsfd, F_DUPFD_CLOEXEC, 200);
	ASSERT_GE(closed, 200);
	ASSERT_EQ(0, close(closed));

	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++)
		call_with_all_flags(c, numbers[i].fd, numbers[i].name);
	call_with_all_flags(c, closed, "closed nsfd");
	call_with_all_flags(c, o_path, "O_PATH descriptor of an nsfd");
	caller_run(c);
	EXPECT_THAT(denied(c, EBADF));

	caller_reset(c);
	call_on_own(c, nsfd, NS_UTS);
	caller_run(c);
	EXPECT_THAT(attached(c));
}

TEST_F(setns_descriptor, refuses_files_of_other_kinds)
{
	struct caller *c = self->c;
	char absent[128] = "";

	for (unsigned int i = 0; i < ARRAY_SIZE(other_files); i++) {
		const char *name = other_files[i].name;
		int fd = other_files[i].open();

		if (other_files[i].absent && fd == -other_files[i].absent) {
			strcat(absent, *absent ? ", " : "");
			strcat(absent, name);
			continue;
		}
		ASSERT_GE(fd, 0) {
			TH_LOG(" opening the %s: %s", name, errno_name(-fd));
		}
		call_with_all_flags(c, fd, name);
	}
	caller_run(c);
	EXPECT_THAT(denied(c, EINVAL));
	if (*absent)
		SKIP_TEST("there is no %s here; the others are refused", absent);
}

FIXTURE(setns_descriptor_own) {
	struct caller *c;
	ns_set types;
};

FIXTURE_SETUP(setns_descriptor_own)
{
	SETUP_CALLER(self->c);
}

FIXTURE_TEARDOWN(setns_descriptor_own)
{
}

/* The test's own namespaces are the caller's.  Returns 0 or an errno. */
static int call_by_own_nsfds(struct caller *c, ns_set types)
{
	for_each_ns_in(id, types) {
		int fd = nsfd_open(0, id, NS_ACTIVE);

		if (fd < 0)
			return -fd;
		call_on_own(c, fd, id);
	}
	return 0;
}

TEST_F(setns_descriptor_own, attaches_root_to_its_own_namespaces)
{
	struct caller *c = self->c;

	SETUP_PRIVILEGE(AS_ROOT, &self->types);
	ASSERT_EQ(0, call_by_own_nsfds(c, self->types & ~NS_BIT(NS_USER)));
	caller_run(c);
	EXPECT_THAT(attached(c));
}

/*
 *	user namespace of the host    owns all other namespaces of the caller
 *	`-- user namespace of the caller
 */
TEST_F(setns_descriptor_own, refuses_userns_root_without_their_owner)
{
	struct caller *c = self->c;

	SETUP_PRIVILEGE(AS_USERNS_ROOT, &self->types);
	ASSERT_EQ(0, call_by_own_nsfds(c, self->types & ~NS_BIT(NS_USER)));
	caller_run(c);
	EXPECT_THAT(denied(c, EPERM));
}

/*
 *	user namespace of the host
 *	`-- user namespace of the caller    owns its new namespaces
 *
 * A process is in a new pid or time namespace only from its fork on, so these
 * two are left out.
 */
TEST_F(setns_descriptor_own, attaches_userns_root_to_those_it_owns)
{
	ns_set others = NS_BIT(NS_USER) | NS_BIT(NS_PID) | NS_BIT(NS_TIME);
	struct caller *c = self->c;
	ns_set types;

	SETUP_PRIVILEGE(AS_USERNS_ROOT, &self->types);
	types = self->types & ~others;
	SETUP_NAMESPACES("unshare()", unshare(ns_flags(types)) ? errno : 0);
	ASSERT_EQ(0, call_by_own_nsfds(c, types));
	caller_run(c);
	EXPECT_THAT(attached(c));
}

TEST_HARNESS_MAIN
