// SPDX-License-Identifier: GPL-2.0
/*
 * setns(pidfd, flags): the two calls of the merge message, every set of
 * namespaces of a target in one call and in two steps, every other value of
 * flags, and a caller that has nothing but the pidfd.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/fixture.h"
#include "lib/marks.h"
#include "lib/proc.h"

#define NR_BITS 32

FIXTURE(pidfd_setns) {
	struct target target, start;
	struct caller *c;
	ns_set types;
};

FIXTURE_VARIANT(pidfd_setns) {
	enum privilege privilege;
};

FIXTURE_VARIANT_ADD(pidfd_setns, root) {
	.privilege = AS_ROOT,
};

FIXTURE_VARIANT_ADD(pidfd_setns, userns_root) {
	.privilege = AS_USERNS_ROOT,
};

FIXTURE_SETUP(pidfd_setns)
{
	SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(variant->privilege, &self->types);
	SETUP_TARGET(&self->target, .number = 1, .fresh = self->types);
	SETUP_CALLER(self->c);
}

FIXTURE_TEARDOWN(pidfd_setns)
{
	target_destroy(&self->target);
	target_destroy(&self->start);
}

/* The merge message: setns(pidfd, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET) */
TEST_F(pidfd_setns, attaches_to_pid_and_mnt_and_net_in_one_call)
{
	ns_set set = NS_BIT(NS_PID) | NS_BIT(NS_MNT) | NS_BIT(NS_NET);
	struct caller *c = self->c;

	for_each_ns_in(id, set)
		SKIP_WITHOUT_TYPE(self->types, id);
	ASSERT_EQ(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET, ns_flags(set));
	caller_by_pidfd(c, &self->target, set);
	c->with_child = true;
	caller_run(c);
	EXPECT_THAT(attached(c));
}

/* The merge message: setns(pidfd, CLONE_NEWUSER) */
TEST_F(pidfd_setns, attaches_to_user_alone)
{
	struct caller *c = self->c;

	SKIP_WITHOUT_TYPE(self->types, NS_USER);
	caller_by_pidfd(c, &self->target, NS_BIT(NS_USER));
	caller_run(c);
	EXPECT_THAT(attached(c));
}

/*
 * Adds calls by the nsfds of a set, in the kernel's order.  Each call changes
 * another type, so the state after the last one shows the effect of all.
 */
static void call_by_nsfds(struct caller *c, const struct target *t, ns_set set)
{
	for_each_ns_in(id, set)
		caller_by_nsfd(c, t, id)->look = LOOK_NOTHING;
	c->calls[c->nr_calls - 1].look = LOOK_STATE;
}

/*
 * Adds calls by nsfds to every subset of @types.  The caller is in the namespaces
 * of @start before each subset, and returns there by pidfd after it.
 */
static void call_every_subset_by_nsfds(struct caller *c, const struct target *t,
				       const struct target *start, ns_set types)
{
	caller_by_pidfd(c, start, types);
	for_each_subset(set, types) {
		call_by_nsfds(c, t, set);
		caller_by_pidfd(c, start, set);
	}
}

TEST_F(pidfd_setns, every_subset_without_user_equals_its_nsfds_one_by_one)
{
	ns_set types = self->types & ~NS_BIT(NS_USER);
	struct caller *c = self->c;

	SETUP_TARGET(&self->start, .number = 2, .fresh = types);
	call_every_subset_by_nsfds(c, &self->target, &self->start, types);
	caller_run(c);
	EXPECT_THAT(attached(c));
}

/*
 * A caller cannot return to the user namespace that it comes from.  But in the
 * target's user namespace it can move between all namespaces that it owns:
 *
 *	user namespace of the test
 *	`-- user namespace of the target   owns the target's other namespaces,
 *	                                   and those that the caller starts from
 */
TEST_F(pidfd_setns, every_subset_with_user_equals_its_nsfds_one_by_one)
{
	ns_set types = self->types & ~NS_BIT(NS_USER);
	struct caller *c = self->c;

	SKIP_WITHOUT_TYPE(self->types, NS_USER);
	SETUP_TARGET(&self->start, .number = 2, .inside = &self->target,
		     .inside_set = NS_BIT(NS_USER), .fresh = types);
	caller_by_nsfd(c, &self->target, NS_USER);
	call_every_subset_by_nsfds(c, &self->target, &self->start, types);
	caller_run(c);
	EXPECT_THAT(attached(c));
}

TEST_F(pidfd_setns, refuses_zero_flags)
{
	struct caller *c = self->c;

	caller_call(c, self->target.pidfd, 0, "pidfd");
	caller_run(c);
	EXPECT_THAT(denied(c, EINVAL));

	caller_reset(c);
	caller_by_pidfd(c, &self->target, self->types);
	caller_run(c);
	EXPECT_THAT(attached(c));
}

/* Only the flags of types that are built in are valid. */
TEST_F(pidfd_setns, refuses_every_invalid_bit_and_pair_of_bits)
{
	int valid = ns_flags(ns_supported());
	struct caller *c = self->c;

	for (int high = 0; high < NR_BITS; high++)
		for (int low = 0; low <= high; low++) {
			int flags = 1U << high | 1U << low;

			if (flags & ~valid)
				caller_call(c, self->target.pidfd, flags,
					    "pidfd");
		}
	caller_run(c);
	EXPECT_THAT(denied(c, EINVAL));
}

/* One invalid bit is enough to refuse a call. */
TEST_F(pidfd_setns, refuses_every_invalid_bit_with_every_subset)
{
	int valid = ns_flags(ns_supported());
	struct caller *c = self->c;

	for (int bit = 0; bit < NR_BITS; bit++) {
		int invalid = 1U << bit;

		if (valid & invalid)
			continue;
		caller_reset(c);
		caller_call(c, self->target.pidfd, invalid, "pidfd");
		for_each_subset(set, self->types)
			caller_call(c, self->target.pidfd,
				    invalid | ns_flags(set), "pidfd");
		caller_run(c);
		EXPECT_THAT(denied(c, EINVAL));
	}
}

TEST_F(pidfd_setns, refuses_many_invalid_bits_at_once)
{
	int valid = ns_flags(ns_supported());
	const int flags[] = {
		-1, INT_MIN, INT_MAX, ~valid, INT_MIN | valid, -valid,
		valid >> 1, valid | 0xff,
	};
	struct caller *c = self->c;

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++)
		caller_call(c, self->target.pidfd, flags[i], "pidfd");
	caller_run(c);
	EXPECT_THAT(denied(c, EINVAL));
}

/*
 * Targets whose user namespaces are nested, so that one caller can go from each
 * to the next:
 *
 *	user namespace of the test
 *	`-- that of level 0	owns the other namespaces of level 0
 *	    `-- that of level 1	owns the other namespaces of level 1
 *	        `-- ...
 */
#define NR_LEVELS 8

FIXTURE(pidfd_setns_nested) {
	struct target level[NR_LEVELS];
	struct caller *c;
	ns_set types;
	int uts;	/* nsfd of the test's own uts namespace */
};

FIXTURE_VARIANT(pidfd_setns_nested) {
	enum privilege privilege;
};

FIXTURE_VARIANT_ADD(pidfd_setns_nested, root) {
	.privilege = AS_ROOT,
};

FIXTURE_VARIANT_ADD(pidfd_setns_nested, userns_root) {
	.privilege = AS_USERNS_ROOT,
};

FIXTURE_SETUP(pidfd_setns_nested)
{
	SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(variant->privilege, &self->types);
	SKIP_WITHOUT_TYPE(self->types, NS_UTS);
	/*
	 * A caller can return to a uts namespace only if its user namespace
	 * owns it, so the test creates one.
	 */
	SETUP_NAMESPACES("unshare(CLONE_NEWUTS)",
			 unshare(CLONE_NEWUTS) ? errno : 0);
	self->uts = nsfd_open(0, NS_UTS, NS_ACTIVE);
	ASSERT_GE(self->uts, 0);
	for (int i = 0; i < NR_LEVELS; i++)
		SETUP_TARGET(&self->level[i], .number = 1 + i % MARK_TARGETS,
			     .inside = i ? &self->level[i - 1] : NULL,
			     .inside_set = i ? self->types & NS_BIT(NS_USER) : 0,
			     .fresh = self->types);
	SETUP_CALLER(self->c);
}

FIXTURE_TEARDOWN(pidfd_setns_nested)
{
	for (int i = NR_LEVELS - 1; i >= 0; i--)
		target_destroy(&self->level[i]);
}

/* What shows the effect of a call: only a child is in a new pid namespace. */
static enum look look_for(ns_set set)
{
	return set & NS_BIT(NS_PID) ? LOOK_CHILD : LOOK_STATE;
}

/*
 * Adds three calls: to @set of level @i, back to the uts namespace that the
 * caller comes from, and to the rest of level @i.  The second call needs the
 * privilege that the caller loses if @set has the user namespace.  The third
 * call is left out if there is no rest.  Writes the expected errnos of the calls
 * to @errs.  Returns the number of calls.
 */
static int call_in_two_steps(FIXTURE_DATA(pidfd_setns_nested) *self, int i,
			     ns_set set, int *errs)
{
	const struct target *from = i ? &self->level[i - 1] : NULL;
	const struct target *t = &self->level[i];
	ns_set rest = self->types & ~set;
	struct caller *c = self->c;
	struct call *back;

	errs[0] = 0;
	caller_by_pidfd(c, t, set)->look = look_for(set);

	errs[1] = set & NS_BIT(NS_USER) ? EPERM : 0;
	back = caller_call(c, from ? from->nsfd[NS_UTS][NS_ACTIVE] : self->uts,
			   CLONE_NEWUTS, "nsfd of the uts namespace before");
	back->to = from ? from->state : &c->before;
	back->types = NS_BIT(NS_UTS);

	errs[2] = 0;
	if (!errs[1])
		rest |= NS_BIT(NS_UTS);
	if (!rest)
		return 2;
	caller_by_pidfd(c, t, rest)->look = LOOK_STATE;
	return 3;
}

TEST_F(pidfd_setns_nested, attaches_to_every_subset_and_then_to_the_rest)
{
	struct caller *c = self->c;
	int errs[3 * NR_LEVELS];
	int level = 0, nr = 0;

	for_each_subset(set, self->types) {
		nr += call_in_two_steps(self, level++, set, errs + nr);
		if (level < NR_LEVELS && set != self->types)
			continue;
		c->look_after_each = true;
		caller_run(c);
		EXPECT_THAT(ended(c, errs));
		caller_reset(c);
		level = 0;
		nr = 0;
	}
}

static int enter_empty_root(void)
{
	return unshare(CLONE_NEWNS) ||
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	       mount("setns", "/", "tmpfs", 0, "size=4k,mode=755") ||
	       chdir("/..") || chroot(".") ? errno : 0;
}

static void close_all_but(int keep)
{
	proc_close();
	for (int fd = 0; fd < 1024; fd++)
		if (fd != keep)
			close(fd);
}

/* A message with room for one descriptor, aligned as cmsg(3) asks for. */
struct fd_message {
	char byte;
	struct iovec iov;
	struct msghdr head;
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
};

static struct msghdr *fd_message_init(struct fd_message *m)
{
	*m = (struct fd_message) { .byte = 0 };
	m->iov = (struct iovec) { .iov_base = &m->byte, .iov_len = 1 };
	m->head.msg_iov = &m->iov;
	m->head.msg_iovlen = 1;
	m->head.msg_control = m->control.space;
	m->head.msg_controllen = sizeof(m->control.space);
	return &m->head;
}

/* Returns the descriptor that the test sends over @sock, or -1. */
static int receive_fd(int sock)
{
	struct fd_message m;
	struct msghdr *head = fd_message_init(&m);
	struct cmsghdr *control;
	int fd = -1;

	if (recvmsg(sock, head, 0) != 1 || head->msg_flags & MSG_CTRUNC)
		return -1;
	control = CMSG_FIRSTHDR(head);
	if (control && control->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(control), sizeof(fd));
	return fd;
}

static bool send_fd(int sock, int fd)
{
	struct fd_message m;
	struct msghdr *head = fd_message_init(&m);
	struct cmsghdr *control = CMSG_FIRSTHDR(head);

	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(control), &fd, sizeof(fd));
	return sendmsg(sock, head, 0) == 1;
}

/*
 * A caller whose root is empty and has no /proc, and whose only descriptor is a
 * socket.  It reports the errno of each step.
 */
static void __noreturn bare_caller(int sock, int flags)
{
	int err, pidfd;

	alarm(WAIT_LIMIT_S);
	err = enter_empty_root();
	close_all_but(sock);
	if (write(sock, &err, sizeof(err)) != sizeof(err) || err)
		_exit(1);
	pidfd = receive_fd(sock);
	err = setns(pidfd, flags) ? errno : 0;
	if (write(sock, &err, sizeof(err)) != sizeof(err))
		_exit(1);
	/* Waits until the test has read the links. */
	if (read(sock, &err, 1) < 0)
		_exit(1);
	_exit(0);
}

TEST_F(pidfd_setns, needs_nothing_but_the_pidfd)
{
	struct state expected = { 0 }, found = { 0 };
	int flags = ns_flags(self->types);
	int ends[2], err = -1;
	char text[400];
	pid_t pid;

	SKIP_WITHOUT_TYPE(self->types, NS_MNT);
	if (!self->target.state->number[ST_MARK_FILE])
		SKIP_TEST("no tmpfs for an empty root (CONFIG_TMPFS)");
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		bare_caller(ends[1], flags);
	close(ends[1]);
	ASSERT_EQ(sizeof(err), read(ends[0], &err, sizeof(err)));
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, state_read_links(&expected, pid));

	ASSERT_TRUE(send_fd(ends[0], self->target.pidfd));
	ASSERT_EQ(sizeof(err), read(ends[0], &err, sizeof(err)));

	EXPECT_THAT_EQ(0, err, "setns(pidfd, %s): expected success, got %s",
		       ns_flag_names(flags), errno_name(err));
	for_each_ns_in(id, self->types)
		state_attach(&expected, self->target.state, id);
	ASSERT_EQ(0, state_read_links(&found, pid));
	EXPECT_THAT_EQ(0, state_diff_links(&expected, &found, text,
					   sizeof(text)),
		       "setns(pidfd, %s): success, and then: %s",
		       ns_flag_names(flags), text);
	close(ends[0]);
	waitpid(pid, NULL, 0);
}

TEST_HARNESS_MAIN
