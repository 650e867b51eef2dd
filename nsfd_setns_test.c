// SPDX-License-Identifier: GPL-2.0
/*
 * setns(nsfd, type): an nsfd of every type from every source, with its own flag
 * and with 0, also when no process is left in the namespace; and every flag
 * that is not its own.
 */
#define _GNU_SOURCE
#include <limits.h>

#include "lib/fixture.h"
#include "lib/nsfd_source.h"
#include "lib/proc.h"

#define NR_BITS 32

static int stay_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? errno : 0;
}

/* Finds two CPUs that the test may use. */
static bool two_cpus(int cpus[2])
{
	cpu_set_t set;
	int nr = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		return false;
	for (int cpu = 0; cpu < CPU_SETSIZE && nr < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[nr++] = cpu;
	return nr == 2;
}

/* "uts nsfd": how messages name the nsfd of type @id. */
static const char *nsfd_name(enum ns_id id, const char *name)
{
	static char names[NR_NS_TYPES][64];

	snprintf(names[id], sizeof(names[id]), "%s %s", ns_types[id].name,
		 name);
	return names[id];
}

/*
 * Adds a call for each of @types, with the type's own flag.  The user namespace
 * comes last, as the other calls need the privilege that the caller loses there.
 */
static void call_each(struct caller *c, const struct target *t, ns_set types)
{
	for_each_ns_in(id, types & ~NS_BIT(NS_USER))
		caller_by_nsfd(c, t, id);
	if (types & NS_BIT(NS_USER))
		caller_by_nsfd(c, t, NS_USER);
	c->with_child = types & NS_BIT(NS_PID);
}

/* The same by the nsfds @fds, which @source has given for @t. */
static void call_each_by(struct caller *c, const struct nsfd_source *source,
			 const int fds[NR_NS_TYPES], const struct target *t,
			 ns_set types)
{
	call_each(c, t, types);
	for (unsigned int i = 0; i < c->nr_calls; i++)
		for_each_ns_in(id, c->calls[i].types) {
			c->calls[i].fd = fds[id];
			c->calls[i].fd_name = nsfd_name(id, source->name);
		}
}

/* Each nsfd leads to @t, with its own flag and with 0. */
static const char *attaches_by(struct caller *c,
			       const struct nsfd_source *source,
			       const int fds[NR_NS_TYPES],
			       const struct target *t, ns_set types)
{
	const char *message;

	caller_reset(c);
	call_each_by(c, source, fds, t, types);
	caller_run(c);
	message = attached(c);
	if (message)
		return message;

	caller_reset(c);
	call_each_by(c, source, fds, t, types);
	for (unsigned int i = 0; i < c->nr_calls; i++)
		c->calls[i].flags = 0;
	caller_run(c);
	return attached(c);
}

FIXTURE(nsfd_setns_source) {
	const struct nsfd_source *source;
	struct target target, nested;
	int fds[NR_NS_TYPES];
	struct caller *c;
	ns_set types;	/* those whose nsfds the source can give here */
};

FIXTURE_VARIANT(nsfd_setns_source) {
	enum privilege privilege;
	enum nsfd_source_id source;
};

#define SOURCE_VARIANT_ADD(_privilege, _source, variant_name) \
FIXTURE_VARIANT_ADD(nsfd_setns_source, variant_name) { \
	.privilege = _privilege, \
	.source = _source, \
}

SOURCE_VARIANT_ADD(AS_ROOT, FROM_PROC, root_proc);
SOURCE_VARIANT_ADD(AS_ROOT, FROM_THREAD_PROC, root_thread_proc);
SOURCE_VARIANT_ADD(AS_ROOT, FROM_BIND_MOUNT, root_bind_mount);
SOURCE_VARIANT_ADD(AS_ROOT, FROM_PIDFD_IOCTL, root_pidfd_ioctl);
SOURCE_VARIANT_ADD(AS_ROOT, FROM_OWNER_IOCTL, root_owner_ioctl);
SOURCE_VARIANT_ADD(AS_ROOT, FROM_PARENT_IOCTL, root_parent_ioctl);
SOURCE_VARIANT_ADD(AS_ROOT, FROM_FILE_HANDLE, root_file_handle);
SOURCE_VARIANT_ADD(AS_USERNS_ROOT, FROM_PROC, userns_root_proc);
SOURCE_VARIANT_ADD(AS_USERNS_ROOT, FROM_THREAD_PROC, userns_root_thread_proc);
SOURCE_VARIANT_ADD(AS_USERNS_ROOT, FROM_BIND_MOUNT, userns_root_bind_mount);
SOURCE_VARIANT_ADD(AS_USERNS_ROOT, FROM_PIDFD_IOCTL, userns_root_pidfd_ioctl);
SOURCE_VARIANT_ADD(AS_USERNS_ROOT, FROM_OWNER_IOCTL, userns_root_owner_ioctl);
SOURCE_VARIANT_ADD(AS_USERNS_ROOT, FROM_PARENT_IOCTL, userns_root_parent_ioctl);
/* FROM_FILE_HANDLE and AS_USERNS_ROOT: see nsfd_setns_file_handle. */

/*
 *	target		in new namespaces of all types
 *	`-- nested	in user and pid namespaces inside those of target
 */
FIXTURE_SETUP(nsfd_setns_source)
{
	const struct nsfd_source *source = &nsfd_sources[variant->source];
	ns_set types;

	self->source = source;
	SETUP_PRIVILEGE(variant->privilege, &types);
	self->types = types & source->types;
	if (!self->types)
		SKIP_TEST("%s: no %s namespaces can be created here",
			  source->name, ns_names(source->types));
	/* See attaches_by_bind_mount_of_a_newer_mnt_made_on_another_cpu. */
	ASSERT_EQ(0, stay_on_cpu(sched_getcpu()));
	if (source->setup)
		SETUP_NAMESPACES(source->name, source->setup());
	SETUP_TARGET(&self->target, .number = 1, .fresh = types);
	if (source->from_nested)
		SETUP_TARGET(&self->nested, .number = 2,
			     .inside = &self->target, .inside_set = types,
			     .fresh = self->types);
	SETUP_CALLER(self->c);
}

FIXTURE_TEARDOWN(nsfd_setns_source)
{
	target_destroy(&self->nested);
	target_destroy(&self->target);
}

/* Fails the test unless @source gave an nsfd of each of @types. */
#define ASSERT_OPEN(source, types, fds) do { \
	const int *__fds = (fds); \
	\
	for_each_ns_in(id, types) { \
		ASSERT_GE(__fds[id], 0) { \
			TH_LOG(" opening the %s %s: %s", ns_types[id].name, \
			       (source)->name, errno_name(-__fds[id])); \
		} \
	} \
} while (0)

TEST_F(nsfd_setns_source, attaches_with_its_own_flag_and_with_zero)
{
	const struct nsfd_source *source = self->source;
	struct target *t = &self->target;
	struct caller *c = self->c;

	nsfd_source_open(source, source->from_nested ? &self->nested : t,
			 self->types, self->fds);
	SKIP_IF_LACKING(lacks_nsfd_source(source, self->types, self->fds));
	if (source->refused &&
	    nsfd_source_fails(self->fds, self->types, source->refused))
		SKIP_IF_LACKING(lacks_initial_namespaces());
	ASSERT_OPEN(source, self->types, self->fds);

	EXPECT_THAT(attaches_by(c, source, self->fds, t, self->types));
}

FIXTURE(nsfd_setns_file_handle) {
	struct target target, own;
	int fds[NR_NS_TYPES];
	struct caller *c;
	ns_set types;
};

FIXTURE_SETUP(nsfd_setns_file_handle)
{
	SETUP_PRIVILEGE(AS_USERNS_ROOT, &self->types);
	SETUP_TARGET(&self->target, .number = 1, .fresh = self->types);
	ASSERT_EQ(0, target_adopt(&self->own, getpid(), 0));
	SETUP_CALLER(self->c);
}

FIXTURE_TEARDOWN(nsfd_setns_file_handle)
{
	target_destroy(&self->own);
	target_destroy(&self->target);
}

/*
 * Every kernel opens handles of the caller's own namespaces.  Newer ones refuse
 * those of others, whatever privilege the caller has over them.
 */
TEST_F(nsfd_setns_file_handle, attaches_userns_root_to_all_types_or_none)
{
	const struct nsfd_source *source = &nsfd_sources[FROM_FILE_HANDLE];
	struct caller *c = self->c;

	nsfd_source_open(source, &self->own, self->types, self->fds);
	SKIP_IF_LACKING(lacks_nsfd_source(source, self->types, self->fds));
	ASSERT_OPEN(source, self->types, self->fds);

	nsfd_source_open(source, &self->target, self->types, self->fds);
	if (nsfd_source_fails(self->fds, self->types, source->refused))
		return;
	ASSERT_OPEN(source, self->types, self->fds);
	EXPECT_THAT(attaches_by(c, source, self->fds, &self->target, self->types));
}

FIXTURE(nsfd_setns) {
	struct target target, nested;
	struct caller *c;
	ns_set types;
};

FIXTURE_VARIANT(nsfd_setns) {
	enum privilege privilege;
};

FIXTURE_VARIANT_ADD(nsfd_setns, root) {
	.privilege = AS_ROOT,
};

FIXTURE_VARIANT_ADD(nsfd_setns, userns_root) {
	.privilege = AS_USERNS_ROOT,
};

FIXTURE_SETUP(nsfd_setns)
{
	SETUP_PRIVILEGE(variant->privilege, &self->types);
	SETUP_CALLER(self->c);
}

FIXTURE_TEARDOWN(nsfd_setns)
{
	target_destroy(&self->nested);
	target_destroy(&self->target);
}

/*
 * A mount namespace can be bound in every older one.  The older one is made on
 * one CPU and the newer one on another, and then the other way round:
 * mnt_ns_loop() must not compare numbers that each CPU counts for itself.
 */
TEST_F(nsfd_setns, attaches_by_bind_mount_of_a_newer_mnt_made_on_another_cpu)
{
	const struct nsfd_source *source = &nsfd_sources[FROM_BIND_MOUNT];
	struct target *t = &self->target;
	struct caller *c = self->c;
	int cpus[2];

	SKIP_WITHOUT_TYPE(self->types, NS_MNT);
	if (!two_cpus(cpus))
		SKIP_TEST("needs two CPUs");
	for (int i = 0; i < 2; i++) {
		int fds[NR_NS_TYPES], err;

		ASSERT_EQ(0, stay_on_cpu(cpus[!i]));
		SETUP_NAMESPACES(source->name, source->setup());
		ASSERT_EQ(0, stay_on_cpu(cpus[i]));
		SETUP_TARGET(t, .number = 1, .fresh = NS_BIT(NS_MNT));

		nsfd_source_open(source, t, NS_BIT(NS_MNT), fds);
		err = fds[NS_MNT] < 0 ? -fds[NS_MNT] : 0;
		EXPECT_THAT_EQ(0, err,
			       "bind mount of a newer mount namespace made on CPU %d: expected success, got %s",
			       cpus[i], errno_name(err));
		if (!err) {
			caller_reset(c);
			call_each_by(c, source, fds, t, NS_BIT(NS_MNT));
			caller_run(c);
			EXPECT_THAT(attached(c));
		}
		target_destroy(t);
	}
}

/*
 * The caller is root of a user namespace above both.  It makes no difference
 * that the nested user namespace belongs to root of the target:
 *
 *	caller
 *	`-- target    owns the user namespace of nested
 *	    `-- nested
 */
TEST_F(nsfd_setns, attaches_to_a_descendant_of_a_descendant)
{
	ns_set types = self->types & (NS_BIT(NS_USER) | NS_BIT(NS_PID));
	struct caller *c = self->c;

	if (!types)
		SKIP_TEST("no user or pid namespaces can be created here");
	SETUP_TARGET(&self->target, .number = 1, .fresh = self->types);
	SETUP_TARGET(&self->nested, .number = 2, .inside = &self->target,
		     .inside_set = self->types, .fresh = types);

	call_each(c, &self->nested, types);
	caller_run(c);
	EXPECT_THAT(attached(c));
}

/* The control of a refusal: each nsfd leads to @t with its own flag. */
static const char *attaches_with_own_flags(struct caller *c,
					   const struct target *t, ns_set types)
{
	caller_reset(c);
	call_each(c, t, types);
	/* Each call changes another type, so the last state shows all of them. */
	c->look_after_each = false;
	c->with_child = false;
	caller_run(c);
	return attached(c);
}

/* Adds calls with every set of flags except that of @id alone. */
static void call_with_other_sets(struct caller *c, int fd, enum ns_id id)
{
	const char *name = nsfd_name(id, "nsfd");

	for_each_subset(set, NS_ALL)
		if (set != NS_BIT(id))
			caller_call(c, fd, ns_flags(set), name);
}

TEST_F(nsfd_setns, refuses_every_set_of_flags_except_its_own)
{
	struct target *t = &self->target;
	struct caller *c = self->c;

	SETUP_TARGET(t, .number = 1, .fresh = self->types);
	for_each_ns_in(id, self->types) {
		caller_reset(c);
		call_with_other_sets(c, t->nsfd[id][NS_ACTIVE], id);
		caller_run(c);
		EXPECT_THAT(denied(c, EINVAL));
	}

	EXPECT_THAT(attaches_with_own_flags(c, t, self->types));
}

/* Adds calls with every bit of no type, alone and with the nsfd's own flag. */
static void call_with_invalid_bits(struct caller *c, int fd, enum ns_id id)
{
	const char *name = nsfd_name(id, "nsfd");
	int own = ns_types[id].flag;

	for (int bit = 0; bit < NR_BITS; bit++) {
		int invalid = (1U << bit) & ~NS_ALL_FLAGS;

		if (!invalid)
			continue;
		caller_call(c, fd, invalid, name);
		caller_call(c, fd, invalid | own, name);
	}
	caller_call(c, fd, -1, name);
	caller_call(c, fd, -own, name);
	caller_call(c, fd, INT_MIN | own, name);
}

TEST_F(nsfd_setns, refuses_every_invalid_bit)
{
	struct target *t = &self->target;
	struct caller *c = self->c;

	SETUP_TARGET(t, .number = 1, .fresh = self->types);
	for_each_ns_in(id, self->types)
		call_with_invalid_bits(c, t->nsfd[id][NS_ACTIVE], id);
	caller_run(c);
	EXPECT_THAT(denied(c, EINVAL));

	EXPECT_THAT(attaches_with_own_flags(c, t, self->types));
}

/*
 * A target that has unshared its pid and time namespaces is not in the new ones,
 * but its child is.  Their nsfds lead a caller to them.
 */
TEST_F(nsfd_setns, attaches_to_the_namespaces_for_children)
{
	ns_set types = self->types & (NS_BIT(NS_PID) | NS_BIT(NS_TIME));
	struct target *t = &self->target;
	struct caller *c = self->c;

	if (!types)
		SKIP_TEST("no pid or time namespaces can be created here");
	SETUP_TARGET(t, .number = 1, .fresh_children = types);
	for_each_ns_in(id, types) {
		struct call *call = caller_by_nsfd(c, t, id);

		call->fd = t->nsfd[id][NS_CHILDREN];
		call->fd_name = "nsfd for children";
		call->to = t->children_state;
	}
	c->with_child = true;
	caller_run(c);
	EXPECT_THAT(attached(c));
}

TEST_F(nsfd_setns, attaches_after_the_last_process_was_reaped)
{
	struct target *t = &self->target;
	struct caller *c = self->c;

	SETUP_TARGET(t, .number = 1, .fresh = self->types);
	ASSERT_EQ(0, target_kill(t));
	ASSERT_EQ(0, target_reap(t));

	call_each(c, t, self->types);
	c->with_child = false;	/* fork(2) fails in a dead pid namespace */
	caller_run(c);
	EXPECT_THAT(attached(c));
}

static int write_offsets(void)
{
	return proc_write("self/timens_offsets", "boottime 1000 0");
}

static int call_setns(int fd, int flags)
{
	return setns(fd, flags) ? errno : 0;
}

/* The same without a capability, which the test has again afterwards. */
static int call_setns_without(cap_value_t cap, int fd, int flags)
{
	cap_t caps = cap_get_proc();
	int err, restore_err;

	cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_CLEAR);
	err = cap_set_proc(caps) ? errno : call_setns(fd, flags);
	cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_SET);
	restore_err = cap_set_proc(caps) ? errno : 0;
	cap_free(caps);
	return restore_err ? restore_err : err;
}

#define EXPECT_ERRNO(expected, step, call) do { \
	int __err = (call); \
	\
	EXPECT_THAT_EQ(expected, __err, "%s: expected %s, got %s", step, \
		       errno_name(expected), errno_name(__err)); \
} while (0)

/*
 * The offsets of a time namespace can be written until the first task is in it.
 * The test attaches without a caller, since a child would be in the namespace
 * from the start.
 */
TEST_F(nsfd_setns, first_attach_freezes_the_time_offsets)
{
	int fd;

	SKIP_WITHOUT_TYPE(self->types, NS_TIME);
	SETUP_NAMESPACES("unshare(CLONE_NEWTIME)",
			 unshare(CLONE_NEWTIME) ? errno : 0);
	fd = nsfd_open(0, NS_TIME, NS_CHILDREN);
	ASSERT_GE(fd, 0);
	EXPECT_ERRNO(0, "writing the offsets of a new time namespace",
		     write_offsets());

	EXPECT_ERRNO(EINVAL, "setns(nsfd, CLONE_NEWTIME|CLONE_NEWUTS)",
		     call_setns(fd, CLONE_NEWTIME | CLONE_NEWUTS));
	EXPECT_ERRNO(0, "writing the offsets after EINVAL", write_offsets());

	EXPECT_ERRNO(EPERM, "setns(nsfd, CLONE_NEWTIME) without CAP_SYS_ADMIN",
		     call_setns_without(CAP_SYS_ADMIN, fd, CLONE_NEWTIME));
	EXPECT_ERRNO(0, "writing the offsets after EPERM", write_offsets());

	EXPECT_ERRNO(0, "setns(nsfd, CLONE_NEWTIME)",
		     call_setns(fd, CLONE_NEWTIME));
	EXPECT_ERRNO(EACCES, "writing the offsets after an attach",
		     write_offsets());
}

/* The errno of unshare(2) for each type. */
struct unshare_errs {
	int err[NR_NS_TYPES];
};

FIXTURE(nsfd_setns_types) {
	struct unshare_errs *unshare_errs;
	ns_set types;
};

FIXTURE_SETUP(nsfd_setns_types)
{
	/* Without privilege, unshare(2) gives EPERM for unknown types too. */
	SETUP_PRIVILEGE(privilege_available(), &self->types);
	SETUP_SHARED(self->unshare_errs);
}

FIXTURE_TEARDOWN(nsfd_setns_types)
{
}

/* User is last, as a security module may refuse the others in a new one. */
static int unshare_each(void *arg)
{
	struct unshare_errs *errs = arg;

	for_each_ns_in(id, NS_ALL & ~NS_BIT(NS_USER))
		errs->err[id] = unshare(ns_types[id].flag) ? errno : 0;
	errs->err[NS_USER] = unshare(CLONE_NEWUSER) ? errno : 0;
	return 0;
}

/*
 * Whether a type is built in, found out without its link.  unshare(2) accepts
 * CLONE_NEWCGROUP even without CONFIG_CGROUPS (copy_cgroup_ns()).
 */
static bool built_in(enum ns_id id, int unshare_err)
{
	struct stat st;

	if (id == NS_CGROUP && proc_stat("self/cgroup", &st) == ENOENT)
		return false;
	return unshare_err != EINVAL;
}

/* Whether unshare(2) may end with @err.  EINVAL: the type is not built in. */
static bool is_unshare_result(int err)
{
	return !err || err == EINVAL || err == EPERM || err == EACCES ||
	       err == ENOSPC;
}

/* The reason to skip, which names the types that no test has; or NULL. */
static const char *lacks_types(ns_set links)
{
	ns_set missing = NS_ALL & ~links;
	static char text[200];
	char user[80] = "";

	if (links & NS_BIT(NS_USER) && userns_probe())
		snprintf(user, sizeof(user), "no user namespace can be created (%s); ",
			 errno_name(userns_probe()));
	snprintf(text, sizeof(text),
		 "%s%s%s%sonly sets of the other types are tested",
		 missing ? "not built in: " : "", ns_names(missing),
		 missing ? "; " : "", user);
	return missing || *user ? text : NULL;
}

/*
 * Tests leave out a type without a link.  So this test fails if a link is missing,
 * and is skipped, with the reason, if the type is not built in.
 */
TEST_F(nsfd_setns_types, has_a_link_for_every_type_that_is_built_in)
{
	ns_set links = ns_supported(), known = 0;
	const int *errs = self->unshare_errs->err;

	ASSERT_EQ(0, in_child(unshare_each, self->unshare_errs));
	for_each_ns(id) {
		EXPECT_THAT_EQ(true, is_unshare_result(errs[id]),
			       "unshare(%s): expected success, or a refusal, got %s",
			       ns_types[id].flag_name, errno_name(errs[id]));
		if (built_in(id, errs[id]))
			known |= NS_BIT(id);
	}
	EXPECT_THAT_EQ(0, known & ~links,
		       "built in, but without a link in /proc/self/ns: %s",
		       ns_names(known & ~links));
	EXPECT_THAT_EQ(0, links & ~known,
		       "with a link in /proc/self/ns, but unknown to unshare(2): %s",
		       ns_names(links & ~known));

	SKIP_IF_LACKING(lacks_types(links));
}

TEST_HARNESS_MAIN
