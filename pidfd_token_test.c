// SPDX-License-Identifier: GPL-2.0
/*
 * The pidfd as the only token: a caller with an empty root, no /proc, and no
 * descriptor but a socket is handed a pidfd and attaches to all of the target.
 */
#define _GNU_SOURCE
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "fixture.h"
#include "proc.h"

FIXTURE(token) {
	struct target target;
	ns_set types;
	int ends[2];	/* the test's, and the caller's only descriptor */
	pid_t caller;
};

FIXTURE_VARIANT(token) {
	enum world world;
};

FIXTURE_VARIANT_ADD(token, root) {
	.world = WORLD_ROOT,
};

FIXTURE_VARIANT_ADD(token, own_userns) {
	.world = WORLD_OWN_USERNS,
};

/* An empty directory as root, mounted over the old one. */
static int into_empty_root(void)
{
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("setns", "/", "tmpfs", 0, "size=4k,mode=755") ||
	    chdir("/..") || chroot("."))
		return errno;
	return 0;
}

static void close_all_but(int keep)
{
	proc_close();
	for (int fd = 0; fd < 1024; fd++)
		if (fd != keep)
			close(fd);
}

/* The descriptor that came over @sock, or -1. */
static int receive_fd(int sock)
{
	char byte, space[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	struct cmsghdr *head;
	int fd = -1;

	if (recvmsg(sock, &msg, 0) != 1)
		return -1;
	head = CMSG_FIRSTHDR(&msg);
	if (head && head->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

static bool send_fd(int sock, int fd)
{
	char byte = 0, space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1;
}

/* Says how it went after each of its steps, and waits to be looked at. */
static void __noreturn be_caller(int sock, int flags)
{
	int err, pidfd;

	alarm(CALLER_WAIT_S);
	err = into_empty_root();
	close_all_but(sock);
	if (write(sock, &err, sizeof(err)) != sizeof(err) || err)
		_exit(1);
	pidfd = receive_fd(sock);
	err = setns(pidfd, flags) ? errno : 0;
	if (write(sock, &err, sizeof(err)) != sizeof(err))
		_exit(1);
	if (read(sock, &err, 1) < 0)
		_exit(1);
	_exit(0);
}

FIXTURE_SETUP(token)
{
	FIXTURE_PIDFD_SETNS();
	FIXTURE_WORLD(variant->world, &self->types);
	if (!(self->types & NS_BIT(NS_MNT)))
		SKIP_TEST("this kernel has no mount namespaces");
	FIXTURE_TARGET(&self->target, .number = 1, .fresh = self->types);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, self->ends));
	self->caller = fork();
	ASSERT_GE(self->caller, 0);
	if (!self->caller)
		be_caller(self->ends[1], ns_flags(self->types));
	close(self->ends[1]);
}

FIXTURE_TEARDOWN(token)
{
	close(self->ends[0]);
	waitpid(self->caller, NULL, 0);
	target_destroy(&self->target);
}

TEST_F(token, is_all_that_a_caller_needs)
{
	struct state expected = { 0 }, found = { 0 };
	char text[512];
	int err = -1;

	ASSERT_EQ(sizeof(err), read(self->ends[0], &err, sizeof(err)));
	if (err == ENODEV)
		SKIP_TEST("no tmpfs for an empty root");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, state_take_links(&expected, self->caller));
	ASSERT_TRUE(send_fd(self->ends[0], self->target.pidfd));
	ASSERT_EQ(sizeof(err), read(self->ends[0], &err, sizeof(err)));
	EXPECT_EQ(0, err) {
		TH_LOG(" setns(pidfd, %s): expected success, got %s",
		       ns_flag_names(ns_flags(self->types)),
		       errno_name(err));
	}
	for_each_ns_in(id, self->types)
		state_attach(&expected, self->target.state, id);
	ASSERT_EQ(0, state_take_links(&found, self->caller));
	EXPECT_EQ(0, state_diff_links(&expected, &found, text,
				      sizeof(text))) {
		TH_LOG(" setns(pidfd, %s), seen from outside: %s",
		       ns_flag_names(ns_flags(self->types)), text);
	}
}

TEST_HARNESS_MAIN
