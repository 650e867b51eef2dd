// SPDX-License-Identifier: GPL-2.0
/*
 * All at once, for others too: while a target changes, who attaches to it gets
 * one consistent state of it.  Each race runs SETNS_RACE_MS milliseconds, longer
 * on a slow or busy machine, says how often it ended in which way, and is skipped
 * if it never happened.
 *
 * A set here is of types that the kernel takes from the target's nsproxy, at
 * one moment.  The user namespace is in the credentials and the active pid
 * namespace in the pid itself: validate_nsset() reads these on their own, so
 * that nothing is promised about them together with the others.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>

#include "fixture.h"
#include "proc.h"

#define RACE_MS		10
#define RACE_MS_MOST	1000	/* for one that does not want to happen, */
#define RACE_ROUNDS	64	/* or only so slowly, as in an emulated machine */
#define RACE_MS_ENV	"SETNS_RACE_MS"
#define GENERATIONS	8192
#define SEEN		1024

/* What racers share. */
struct race {
	int stop_moving;
	int stop_attaching;
	unsigned int nr_generations;
	pid_t tid;			/* of the target that runs execve() */
	struct state generation;	/* of it */
	ino_t history[GENERATIONS][2];	/* uts and ipc, at one time */
	unsigned int outcome[2];
	unsigned int nr_seen;
	ino_t seen[SEEN][2];
	char why[512];
};

FIXTURE(race) {
	struct target first, second;
	struct race *race;
	ns_set types;
	bool root;
	pid_t moving;	/* the process that is attached to */
	int pidfd;
};

FIXTURE_SETUP(race)
{
	FIXTURE_PIDFD_SETNS();
	self->root = !world_lacks_root();
	FIXTURE_WORLD(self->root ? WORLD_ROOT : WORLD_OWN_USERNS,
		      &self->types);
	self->types &= ~(NS_BIT(NS_USER) | NS_BIT(NS_PID));
	self->race = mmap(NULL, sizeof(*self->race), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->race);
	FIXTURE_TARGET(&self->first, .number = 1, .fresh = self->types);
	FIXTURE_TARGET(&self->second, .number = 2, .fresh = self->types);
}

FIXTURE_TEARDOWN(race)
{
	target_destroy(&self->first);
	target_destroy(&self->second);
}

static bool stopped(const int *stop)
{
	return __atomic_load_n(stop, __ATOMIC_ACQUIRE);
}

typedef void (*racer)(FIXTURE_DATA(race) *self);

/* How long a race is to last, in milliseconds. */
static int race_ms(void)
{
	const char *env = getenv(RACE_MS_ENV);

	return env ? atoi(env) : RACE_MS;
}

/* Starts who is attached to, and waits until it is on its way. */
static const char *start(FIXTURE_DATA(race) *self, racer move)
{
	struct race *race = self->race;

	self->moving = fork();
	if (self->moving < 0)
		return "fork() failed";
	if (!self->moving) {
		alarm(CALLER_WAIT_S + race_ms() / 1000);
		move(self);
		_exit(0);
	}
	self->pidfd = sys_pidfd_open(self->moving, 0);
	if (self->pidfd < 0)
		return "pidfd_open() failed";
	while (!__atomic_load_n(&race->nr_generations, __ATOMIC_ACQUIRE))
		if (waitpid(self->moving, NULL, WNOHANG))
			return "the target could not be set moving";
	return NULL;
}

static bool happened(const struct race *race)
{
	unsigned int one = __atomic_load_n(&race->outcome[0], __ATOMIC_RELAXED);
	unsigned int other = __atomic_load_n(&race->outcome[1],
					     __ATOMIC_RELAXED);

	return one && other && one + other >= RACE_ROUNDS;
}

/*
 * Lets one attach again and again, until the time is up.  The test has the
 * watch: who attaches comes into other time namespaces.
 */
static const char *run(FIXTURE_DATA(race) *self, racer attach)
{
	const struct timespec step = { .tv_nsec = 1000000 };
	struct race *race = self->race;
	int ms = race_ms();
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return "fork() failed";
	if (!pid) {
		alarm(CALLER_WAIT_S + ms / 1000);
		do {
			attach(self);
		} while (!stopped(&race->stop_attaching) && !race->why[0]);
		_exit(0);
	}
	for (int i = 0; i < ms || (i < RACE_MS_MOST && !happened(race)); i++)
		nanosleep(&step, NULL);
	__atomic_store_n(&race->stop_attaching, 1, __ATOMIC_RELEASE);
	waitpid(pid, &status, 0);
	__atomic_store_n(&race->stop_moving, 1, __ATOMIC_RELEASE);
	waitpid(self->moving, NULL, 0);
	if (status)
		return "who attached was killed";
	return race->why[0] ? race->why : NULL;
}

static void moved(struct race *race)
{
	__atomic_fetch_add(&race->nr_generations, 1, __ATOMIC_RELEASE);
}

static void complain(struct race *race, const char *fmt, ...)
	__printf(2, 3);

/* The first complaint says most. */
static void complain(struct race *race, const char *fmt, ...)
{
	va_list args;

	if (race->why[0])
		return;
	va_start(args, fmt);
	vsnprintf(race->why, sizeof(race->why), fmt, args);
	va_end(args);
}

/*
 * Where the caller is: in all of the first target's namespaces, or the
 * second's.  Anything between the two is a mixture.
 */
static const struct target *landed(FIXTURE_DATA(race) *self, ns_set set)
{
	const struct target *in = NULL;
	struct state now = { 0 };

	if (state_take_links(&now, 0)) {
		complain(self->race, "the own namespaces cannot be read");
		return NULL;
	}
	for_each_ns_in(id, set) {
		__u64 ino = now.ns[id][NS_ACTIVE].ino;
		const struct target *here =
			ino == self->first.state->ns[id][NS_ACTIVE].ino ?
			&self->first : &self->second;

		if (ino != here->state->ns[id][NS_ACTIVE].ino)
			complain(self->race,
				 "setns(pidfd, %s): the %s namespace [%llu] is of neither target",
				 ns_flag_names(ns_flags(set)),
				 ns_types[id].name, (unsigned long long)ino);
		else if (in && in != here)
			complain(self->race,
				 "setns(pidfd, %s): %s namespace of target %u, others of target %u",
				 ns_flag_names(ns_flags(set)),
				 ns_types[id].name, here->number, in->number);
		in = here;
	}
	return in;
}

/* The target goes to and fro between two complete sets. */
static void flip(FIXTURE_DATA(race) *self)
{
	int flags = ns_flags(self->types);

	while (!stopped(&self->race->stop_moving)) {
		if (setns(self->first.pidfd, flags) ||
		    setns(self->second.pidfd, flags))
			_exit(1);
		moved(self->race);
	}
}

static void attach_to_flipping(FIXTURE_DATA(race) *self)
{
	const struct target *in;

	if (setns(self->pidfd, ns_flags(self->types))) {
		complain(self->race, "setns(pidfd, %s): expected success, got %s",
			 ns_flag_names(ns_flags(self->types)),
			 errno_name(errno));
		return;
	}
	in = landed(self, self->types);
	if (in)
		self->race->outcome[in == &self->second]++;
}

#define EXPECT_RACE(self, move, attach) do { \
	const char *__why = start(self, move); \
	\
	ASSERT_EQ(NULL, __why) { \
		TH_LOG(" %s", __why); \
	} \
	EXPECT_THAT(run(self, attach)); \
} while (0)

/* A race that was not one proves nothing. */
#define SKIP_UNLESS_BOTH(race, one, other) do { \
	TH_LOG(" %u %s, %u %s", (race)->outcome[0], one, \
	       (race)->outcome[1], other); \
	if (!(race)->outcome[0] || !(race)->outcome[1]) \
		SKIP_TEST("the race never happened: more time by " \
			  RACE_MS_ENV "="); \
} while (0)

TEST_F(race, target_flips_between_two_sets)
{
	EXPECT_RACE(self, flip, attach_to_flipping);
	SKIP_UNLESS_BOTH(self->race, "in the first set", "in the second");
}

/* The target makes itself new namespaces, two types at a time. */
#define UNSHARED (NS_BIT(NS_UTS) | NS_BIT(NS_IPC))

static bool own_pair(ino_t pair[2])
{
	struct stat uts, ipc;

	if (proc_stat(0, &uts, "ns/%s", ns_types[NS_UTS].name) ||
	    proc_stat(0, &ipc, "ns/%s", ns_types[NS_IPC].name))
		return false;
	pair[0] = uts.st_ino;
	pair[1] = ipc.st_ino;
	return true;
}

static void unshare_again(FIXTURE_DATA(race) *self)
{
	struct race *race = self->race;

	for (int i = 0; i < GENERATIONS && !stopped(&race->stop_moving); i++) {
		/* What others let go may still count: it is cleaned up later. */
		while (unshare(ns_flags(UNSHARED)))
			if (errno != ENOSPC || stopped(&race->stop_moving))
				_exit(1);
		if (!own_pair(race->history[i]))
			_exit(1);
		moved(race);
	}
	/* A target that is gone is another race. */
	while (!stopped(&race->stop_moving))
		sched_yield();
}

static void attach_to_unsharing(FIXTURE_DATA(race) *self)
{
	struct race *race = self->race;
	unsigned int nr = race->nr_seen;
	ino_t pair[2];

	if (setns(self->pidfd, ns_flags(UNSHARED)) || !own_pair(pair)) {
		complain(race, "setns(pidfd, %s): expected success, got %s",
			 ns_flag_names(ns_flags(UNSHARED)), errno_name(errno));
		return;
	}
	if (nr && pair[0] == race->seen[nr - 1][0] &&
	    pair[1] == race->seen[nr - 1][1]) {
		race->outcome[0]++;
	} else if (nr < SEEN) {
		/* The first is neither. */
		if (nr)
			race->outcome[1]++;
		memcpy(race->seen[race->nr_seen++], pair, sizeof(pair));
	}
}

static bool in_history(const struct race *race, const ino_t pair[2])
{
	for (unsigned int i = 0; i < race->nr_generations; i++)
		if (race->history[i][0] == pair[0] &&
		    race->history[i][1] == pair[1])
			return true;
	return false;
}

TEST_F(race, target_unshares)
{
	struct race *race = self->race;

	if ((self->types & UNSHARED) != UNSHARED)
		SKIP_TEST("this kernel has no uts or no ipc namespaces");
	EXPECT_RACE(self, unshare_again, attach_to_unsharing);
	for (unsigned int i = 0; i < race->nr_seen; i++) {
		EXPECT_TRUE(in_history(race, race->seen[i])) {
			TH_LOG(" setns(pidfd, %s): the target never had uts [%llu] with ipc [%llu]",
			       ns_flag_names(ns_flags(UNSHARED)),
			       (unsigned long long)race->seen[i][0],
			       (unsigned long long)race->seen[i][1]);
		}
	}
	SKIP_UNLESS_BOTH(race, "attached as before", "to what was new");
}

/*
 * The target changes its credentials to and fro, so that who lacks
 * CAP_SYS_PTRACE may attach at one time and not at another.
 */
static void change_credentials(FIXTURE_DATA(race) *self)
{
	pid_t test = getppid();

	if (setns(self->first.pidfd, ns_flags(self->types)) ||
	    drop_capability(CAP_SYS_PTRACE))
		_exit(1);
	while (!stopped(&self->race->stop_moving)) {
		if (seteuid(WORLD_OTHER_UID) || seteuid(0))
			_exit(1);
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		/* Credentials take this with them, too. */
		die_with(test);
		moved(self->race);
	}
}

static void attach_if_allowed(FIXTURE_DATA(race) *self)
{
	const struct target *in, *expected = &self->second;
	struct race *race = self->race;
	int err;

	drop_capability(CAP_SYS_PTRACE);
	for_each_ns_in(id, self->types)
		if (setns(self->second.nsfd[id][NS_ACTIVE], 0))
			complain(race, "setns(nsfd) to the second target: %s",
				 errno_name(errno));
	err = setns(self->pidfd, ns_flags(self->types)) ? errno : 0;
	if (!err)
		expected = &self->first;
	else if (err != EPERM)
		complain(race, "setns(pidfd, %s): expected success or EPERM, got %s",
			 ns_flag_names(ns_flags(self->types)),
			 errno_name(err));
	in = landed(self, self->types);
	if (in && in != expected)
		complain(race, "setns(pidfd, %s) got %s, but led to target %u",
			 ns_flag_names(ns_flags(self->types)),
			 errno_name(err), in->number);
	race->outcome[!!err]++;
}

TEST_F(race, target_changes_credentials)
{
	if (!self->root)
		SKIP_TEST("needs root, for another uid");
	FIXTURE_OTHER_UID();
	EXPECT_RACE(self, change_credentials, attach_if_allowed);
	SKIP_UNLESS_BOTH(self->race, "attached", "were refused with EPERM");
}

/* The target runs its program anew, again and again. */
static void exec_again(FIXTURE_DATA(race) *self)
{
	struct target_spec spec = {
		.number = 3,
		.fresh = self->types & ~NS_BIT(NS_MNT),
	};
	const char *step;
	struct target t;
	int err;

	/* As above, if the test before this one has let many go. */
	while ((err = target_make(&t, &spec, &step)))
		if (err != ENOSPC || stopped(&self->race->stop_moving))
			_exit(1);
	self->race->tid = t.pid;
	self->race->generation = *t.state;
	while (!stopped(&self->race->stop_moving)) {
		if (target_exec(&t))
			_exit(1);
		moved(self->race);
	}
	target_destroy(&t);
}

static void attach_to_execing(FIXTURE_DATA(race) *self)
{
	ns_set set = self->types & ~NS_BIT(NS_MNT);
	struct race *race = self->race;
	struct state expected = { 0 }, now = { 0 };
	int pidfd = sys_pidfd_open(race->tid, 0);
	unsigned int was_at, now_at;
	char diff[256];

	if (state_take_links(&expected, 0)) {
		complain(race, "the own namespaces cannot be read");
		return;
	}
	was_at = __atomic_load_n(&race->nr_generations, __ATOMIC_ACQUIRE);
	if (setns(pidfd, ns_flags(set))) {
		complain(race, "setns(pidfd, %s): expected success, got %s",
			 ns_flag_names(ns_flags(set)), errno_name(errno));
		return;
	}
	for_each_ns_in(id, set)
		state_attach(&expected, &race->generation, id);
	if (state_take_links(&now, 0) ||
	    state_diff_links(&expected, &now, diff, sizeof(diff))) {
		complain(race, "setns(pidfd, %s): success, and then: %s",
			 ns_flag_names(ns_flags(set)), diff);
		return;
	}
	now_at = __atomic_load_n(&race->nr_generations, __ATOMIC_ACQUIRE);
	race->outcome[now_at == was_at]++;
	close(pidfd);
}

TEST_F(race, target_runs_execve)
{
	EXPECT_RACE(self, exec_again, attach_to_execing);
	SKIP_UNLESS_BOTH(self->race, "attached during an execve()",
			 "between two");
}

TEST_HARNESS_MAIN
