// SPDX-License-Identifier: GPL-2.0
/*
 * setns(pidfd, flags) while the target changes: the caller gets one consistent
 * state of the target, from before or after a change.
 *
 * The target is called the changer.  It changes again and again, and records
 * what a call has to find after each change.  The attacher calls again and
 * again, and records what it found.
 *
 *	changer    -- 4 --[ change 5 ]-- 5 --------------------[ change 6 ]--
 *	attacher        [ call: 4 or 5 ]      [ call: 5 ]   [ call: 5 or 6 ]
 *
 * The types of a set are those that the kernel reads from the target's nsproxy
 * at one moment.  validate_nsset() reads the user and the active pid namespace
 * elsewhere and on their own, so nothing is promised about those.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/fixture.h"
#include "lib/proc.h"

/*
 * A race ends after RACE_ROUNDS calls, if RACE_EACH of those that met a change
 * found what was before it, and as many what was after it.  It lasts race_ms()
 * at least.  It always ends RACE_MS_MOST later, or after RACE_RECORDS calls.
 */
#define RACE_ROUNDS	256
#define RACE_EACH	4
#define RACE_MS_MOST	2000
#define RACE_RECORDS	65536

/* The attacher makes fewer calls than this between two changes. */
#define CALLS_A_CHANGE	3

/* The errno of a call, and where the caller is after it. */
struct outcome {
	int err;
	__u64 ino[NR_NS_TYPES];
};

/* A call, the last change before it, and the last that began before its end. */
struct round {
	unsigned int first, last;
	struct outcome found;
};

/* One of the two processes, and the step that failed, or NULL. */
struct racer {
	pid_t pid;
	const char *step;
	int err;
};

/* Shared by the test, the changer and the attacher. */
struct race {
	ns_set set;
	/* Makes change @n and sets expected[n].  Returns 0 or an errno. */
	int (*change)(struct race *race, unsigned int n);
	const struct target *start;	/* the attacher calls from there */
	struct target *places[2];	/* of which @change makes use */
	int pidfd;			/* of the target that changes */
	bool one_outcome;		/* a change makes no difference */
	struct racer changer, attacher;
	int orders[2];			/* of the test and of the changer */
	bool one_cpu;			/* for both racers */
	bool attacher_may_end, must_end;
	sem_t change_begun, call_made;	/* wake the other racer */
	unsigned int begun, completed;		/* changes */
	struct outcome expected[RACE_RECORDS];	/* after each of them */
	unsigned int nr_rounds;
	struct round rounds[RACE_RECORDS];
	/* Calls that met a change, and those of them that came after one. */
	unsigned int nr_met, nr_after;
	char message[1024];
};

FIXTURE(setns_race) {
	struct target start, first, second;
	struct race *race;
	struct caller *c;
	ns_set types;
};

FIXTURE_SETUP(setns_race)
{
	SKIP_WITHOUT_PIDFD_SETNS();
	SETUP_PRIVILEGE(privilege_available(), &self->types);
	self->types &= ~(NS_BIT(NS_USER) | NS_BIT(NS_PID));
	SETUP_CALLER(self->c);
	SETUP_SHARED(self->race);
	/* An attacher without CAP_SYS_PTRACE must be able to return to it. */
	SETUP_TARGET(&self->start, .number = 1, .fresh = self->types,
		     .without_ptrace = true);
	self->race->start = &self->start;
	self->race->set = self->types;
}

FIXTURE_TEARDOWN(setns_race)
{
	target_destroy(&self->start);
	target_destroy(&self->first);
	target_destroy(&self->second);
}

#define load(p)		__atomic_load_n(p, __ATOMIC_SEQ_CST)
#define store(p, v)	__atomic_store_n(p, v, __ATOMIC_SEQ_CST)

/* Milliseconds that a race lasts at least. */
static int race_ms(void)
{
	const char *env = getenv("SETNS_RACE_MS");

	return env ? atoi(env) : 0;
}

static void outcome_in(struct outcome *outcome, const struct state *s)
{
	for_each_ns(id)
		outcome->ino[id] = s->ns[id][NS_ACTIVE].ino;
}

/* Reads where the calling process is.  Returns 0 or an errno. */
static int outcome_read(struct outcome *outcome, ns_set set)
{
	struct stat st;

	for_each_ns_in(id, set) {
		int err = ns_stat(id, &st);

		if (err)
			return err;
		outcome->ino[id] = st.st_ino;
	}
	return 0;
}

static bool outcome_equal(const struct outcome *a, const struct outcome *b,
			  ns_set set)
{
	for_each_ns_in(id, set)
		if (a->ino[id] != b->ino[id])
			return false;
	return a->err == b->err;
}

/* Ends a racer, as failed if @err is an errno. */
static void __noreturn racer_exit(struct racer *racer, const char *step,
				  int err)
{
	racer->step = step;
	racer->err = err;
	_exit(err ? 1 : 0);
}

/* The attacher gets the last CPU, the changer the others: both have to run. */
static void racer_begin(struct race *race, bool attacher)
{
	int last = CPU_SETSIZE - 1;
	cpu_set_t cpus;

	alarm(WAIT_LIMIT_S + race_ms() / 1000);
	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		return;
	while (!CPU_ISSET(last, &cpus))
		last--;
	CPU_CLR(last, &cpus);
	race->one_cpu = !CPU_COUNT(&cpus);
	if (attacher) {
		CPU_ZERO(&cpus);
		CPU_SET(last, &cpus);
	}
	if (!race->one_cpu)
		sched_setaffinity(0, sizeof(cpus), &cpus);
}

/* One turn of a loop that waits for the other racer: it first spins. */
static void wait_turn(struct race *race, sem_t *event, unsigned int *turns)
{
	if (race->one_cpu || ++*turns > 16384)
		sem_wait(event);
}

/* Makes the next change.  Returns 0 or an errno. */
static int change_once(struct race *race)
{
	unsigned int n = race->completed;
	int err;

	store(&race->begun, n + 1);
	sem_post(&race->change_begun);
	err = race->change(race, n);
	if (!err)
		store(&race->completed, n + 1);
	return err;
}

/*
 * Makes changes until the test ends it.  Between two of them the attacher makes
 * 0 to 2 calls, so that some calls meet no change and others meet several.  The
 * changes begin at different moments of a call.
 */
static int change_until_end(struct race *race)
{
	unsigned int turns, delay, rounds = 0;
	int err = 0;

	while (!err && race->completed < RACE_RECORDS) {
		rounds += race->completed % CALLS_A_CHANGE;
		turns = 0;
		while (load(&race->nr_rounds) < rounds &&
		       !load(&race->must_end))
			wait_turn(race, &race->call_made, &turns);
		for (delay = race->completed % 32 * 512; delay; delay--)
			(void)load(&race->must_end);
		if (load(&race->must_end))
			break;
		rounds = load(&race->nr_rounds);
		/* Namespaces that nobody uses any more are freed later. */
		do {
			err = change_once(race);
		} while (err == ENOSPC && !load(&race->must_end) &&
			 !sched_yield());
	}
	return err == ENOSPC ? 0 : err;
}

/* Makes one change for a byte of 0, and goes on until the end for another. */
static void __noreturn changer_main(struct race *race)
{
	char race_order;
	int err = 0;

	racer_begin(race, false);
	close(race->orders[0]);
	while (!err && read(race->orders[1], &race_order, 1) == 1) {
		err = race_order ? change_until_end(race) : change_once(race);
		race->changer.err = err;
		if (send(race->orders[1], "", 1, MSG_NOSIGNAL) != 1)
			break;
	}
	racer_exit(&race->changer, "changing", err);
}

/* Starts the changer, which then waits.  Returns 0 or an errno. */
static int changer_start(struct race *race,
			 int (*change)(struct race *race, unsigned int n))
{
	pid_t pid;

	race->change = change;
	if (sem_init(&race->change_begun, 1, 0) ||
	    sem_init(&race->call_made, 1, 0) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, race->orders))
		return errno;
	pid = fork();
	if (pid < 0)
		return errno;
	if (!pid)
		changer_main(race);
	race->changer.pid = pid;
	close(race->orders[1]);
	race->pidfd = sys_pidfd_open(pid, 0);
	return race->pidfd < 0 ? errno : 0;
}

/* Waits until the changer has made one change.  Returns 0 or an errno. */
static int changer_step(struct race *race)
{
	char byte = 0;

	if (send(race->orders[0], &byte, 1, MSG_NOSIGNAL) != 1)
		return errno;
	/* The changer has an alarm, so this ends. */
	if (read(race->orders[0], &byte, 1) != 1)
		return EPIPE;
	return race->changer.err;
}

static void attach_once(struct race *race)
{
	struct round *r = &race->rounds[race->nr_rounds];
	int err, flags = ns_flags(race->set);

	if (setns(race->start->pidfd, flags))
		racer_exit(&race->attacher, "returning to the start", errno);
	r->first = load(&race->completed) - 1;
	r->found.err = setns(race->pidfd, flags) ? errno : 0;
	r->last = load(&race->begun) - 1;
	err = outcome_read(&r->found, race->set);
	if (err)
		racer_exit(&race->attacher, "reading its namespaces", err);
	race->nr_met += r->first != r->last;
	race->nr_after += !outcome_equal(&r->found, &race->expected[r->first],
					 race->set);
	store(&race->nr_rounds, race->nr_rounds + 1);
	sem_post(&race->call_made);
}

static bool attacher_ends(const struct race *race)
{
	bool enough = race->nr_rounds >= RACE_ROUNDS &&
		      load(&race->completed) >= RACE_EACH &&
		      race->nr_met - race->nr_after >= RACE_EACH &&
		      (race->nr_after >= RACE_EACH || race->one_outcome);

	return load(&race->must_end) || race->nr_rounds == RACE_RECORDS ||
	       (load(&race->attacher_may_end) && enough);
}

static void __noreturn attacher_main(struct race *race)
{
	unsigned int calls = 0, seen = 0;

	racer_begin(race, true);
	while (!attacher_ends(race)) {
		unsigned int turns = 0, completed = load(&race->completed);

		calls = completed == seen ? calls + 1 : 1;
		seen = completed;
		while (calls >= CALLS_A_CHANGE && !load(&race->must_end) &&
		       load(&race->begun) == completed)
			wait_turn(race, &race->change_begun, &turns);
		attach_once(race);
	}
	racer_exit(&race->attacher, NULL, 0);
}

/* Reaps a racer.  NULL, or how it failed. */
static const char *racer_reap(struct race *race, const struct racer *racer,
			      const char *name)
{
	int status, err = child_reap(racer->pid, &status);

	if (!err && !status)
		return NULL;
	snprintf(race->message, sizeof(race->message),
		 "the %s failed: %s: %s", name,
		 err ? "reaping it" : racer->step ? racer->step : "killed",
		 !err && WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) :
		 errno_name(err ? err : racer->err));
	return race->message;
}

/*
 * Runs both racers until the race is over.  The test measures the time, as the
 * attacher's clocks change.  NULL, or how a racer failed.
 */
static const char *run_racers(struct race *race)
{
	struct pollfd p = { .events = POLLIN };
	const char *changer, *attacher;
	char order = 1;
	pid_t pid;

	if (send(race->orders[0], &order, 1, MSG_NOSIGNAL) != 1)
		return "the changer is gone before the race";
	pid = fork();
	if (pid < 0)
		return "the attacher cannot be forked";
	if (!pid)
		attacher_main(race);
	race->attacher.pid = pid;
	p.fd = sys_pidfd_open(pid, 0);
	while (poll(&p, 1, race_ms()) < 0 && errno == EINTR)
		;
	store(&race->attacher_may_end, true);
	while (poll(&p, 1, RACE_MS_MOST) < 0 && errno == EINTR)
		;
	store(&race->must_end, true);
	sem_post(&race->change_begun);
	sem_post(&race->call_made);
	close(p.fd);
	attacher = racer_reap(race, &race->attacher, "attacher");
	close(race->orders[0]);
	changer = racer_reap(race, &race->changer, "changer");
	return changer ? changer : attacher;
}

/* The message: what call @r found was true at no time during the call. */
static const char *tell_round(struct race *race, const struct round *r)
{
	size_t size = sizeof(race->message), len;
	bool err_fits = false;

	for (unsigned int n = r->first; n <= r->last; n++)
		err_fits |= race->expected[n].err == r->found.err;
	len = snprintf(race->message, size,
		       "setns(pidfd, %s) (call %u of %u): %s%s%s%s during changes %u to %u of the target's %u (%u calls met one, %u came after it), and then:",
		       ns_flag_names(ns_flags(race->set)),
		       (unsigned int)(r - race->rounds) + 1, race->nr_rounds,
		       err_fits ? "" : "expected ",
		       err_fits ? "" : errno_name(race->expected[r->first].err),
		       err_fits ? "" : ", got ", errno_name(r->found.err),
		       r->first, r->last, race->completed, race->nr_met,
		       race->nr_after);
	for_each_ns_in(id, len < size ? race->set : 0) {
		char change[32] = "no change";
		int n = r->last;

		while (n >= 0 && race->expected[n].ino[id] != r->found.ino[id])
			n--;
		if (n >= 0)
			snprintf(change, sizeof(change), "change %d", n);
		len += snprintf(race->message + len, size - len, " %s of %s",
				ns_types[id].name, change);
	}
	return race->message;
}

/*
 * Runs the race.  NULL if each call found what was true at one time during it:
 * after the last change before the call, or after one that began during it.
 */
static const char *race_run(struct race *race)
{
	const char *failed = run_racers(race);

	for (unsigned int i = 0; i < race->nr_rounds && !failed; i++) {
		const struct round *r = &race->rounds[i];
		unsigned int n = r->first;

		while (n <= r->last && !outcome_equal(&r->found,
						      &race->expected[n],
						      race->set))
			n++;
		if (n > r->last)
			failed = tell_round(race, r);
	}
	return failed;
}

/* If no call met a change, or all of them on the same side, nothing raced. */
#define SKIP_UNLESS_RACED(race) do { \
	if ((race)->nr_met == (race)->nr_after || \
	    !((race)->nr_after || (race)->one_outcome)) \
		SKIP_TEST("no race: %u calls, %u met %u changes, %u after (SETNS_RACE_MS)", \
			  (race)->nr_rounds, (race)->nr_met, \
			  (race)->completed, (race)->nr_after); \
} while (0)

/* A caller like the attacher, for one call while the changer waits. */
static void call_changer(struct caller *c, const struct race *race,
			 const struct state *to)
{
	struct call *call;

	caller_reset(c);
	call = caller_call(c, race->pidfd, ns_flags(race->set),
			   "pidfd of the changer");
	call->to = to;
	call->types = race->set;
	caller_run(c);
}

/* The changer goes to and fro between two targets. */
static int enter_next_place(struct race *race, unsigned int n)
{
	const struct target *t = race->places[n % 2];

	outcome_in(&race->expected[n], t->state);
	return setns(t->pidfd, ns_flags(race->set)) ? errno : 0;
}

TEST_F(setns_race, attaches_to_one_set_while_the_target_attaches_to_another)
{
	struct race *race = self->race;
	struct caller *c = self->c;

	SETUP_TARGET(&self->first, .number = 2, .fresh = self->types);
	SETUP_TARGET(&self->second, .number = 3, .fresh = self->types);
	race->places[0] = &self->first;
	race->places[1] = &self->second;
	SETUP_NAMESPACES("fork()", changer_start(race, enter_next_place));

	SETUP_NAMESPACES("entering the first set", changer_step(race));
	call_changer(c, race, self->first.state);
	EXPECT_THAT(explain(c, attached(c), "the changer stays in one set"));
	SETUP_NAMESPACES("entering the second set", changer_step(race));
	call_changer(c, race, self->second.state);
	EXPECT_THAT(explain(c, attached(c), "the changer stays in the other"));

	EXPECT_THAT(race_run(race));
	SKIP_UNLESS_RACED(race);
}

static int unshare_again(struct race *race, unsigned int n)
{
	return unshare(ns_flags(race->set)) ? errno :
	       outcome_read(&race->expected[n], race->set);
}

TEST_F(setns_race, attaches_to_one_generation_while_the_target_unshares)
{
	struct race *race = self->race;
	struct caller *c = self->c;
	struct state to;

	SKIP_WITHOUT_TYPE(self->types, NS_UTS);
	SKIP_WITHOUT_TYPE(self->types, NS_IPC);
	race->set = NS_BIT(NS_UTS) | NS_BIT(NS_IPC);
	SETUP_NAMESPACES("fork()", changer_start(race, unshare_again));

	/* The changer is a copy of the test, in other namespaces. */
	ASSERT_EQ(0, state_read(&to));
	SETUP_NAMESPACES("unsharing", changer_step(race));
	ASSERT_EQ(0, state_read_links(&to, race->changer.pid));
	call_changer(c, race, &to);
	EXPECT_THAT(explain(c, attached(c), "the changer has unshared"));
	SETUP_NAMESPACES("unsharing again", changer_step(race));
	ASSERT_EQ(0, state_read_links(&to, race->changer.pid));
	call_changer(c, race, &to);
	EXPECT_THAT(explain(c, attached(c), "the changer unshared again"));

	EXPECT_THAT(race_run(race));
	SKIP_UNLESS_RACED(race);
}

/*
 * While the changer has another effective uid, only a caller that has
 * CAP_SYS_PTRACE can attach to it.  The change also makes it undumpable.
 */
static int change_credentials(struct race *race, unsigned int n)
{
	const struct target *t = race->places[0];
	bool open = n % 2 == 0;
	pid_t test = getppid();

	if ((!n && setns(t->pidfd, ns_flags(race->set))) ||
	    seteuid(open ? 0 : OTHER_UID) ||
	    (open && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)))
		return errno;
	/* A change of credentials clears the parent-death signal. */
	die_with(test);
	race->expected[n].err = open ? 0 : EPERM;
	outcome_in(&race->expected[n], open ? t->state : race->start->state);
	return 0;
}

TEST_F(setns_race, attaches_or_refuses_while_the_target_changes_credentials)
{
	struct race *race = self->race;
	struct caller *c = self->c;

	SKIP_WITHOUT_OTHER_UID();
	SETUP_TARGET(&self->first, .number = 2, .fresh = self->types,
		     .without_ptrace = true);
	/* The changer and all that call it inherit this. */
	ASSERT_EQ(0, capability_drop(CAP_SYS_PTRACE));
	race->places[0] = &self->first;
	SETUP_NAMESPACES("fork()", changer_start(race, change_credentials));

	SETUP_NAMESPACES("staying root", changer_step(race));
	call_changer(c, race, self->first.state);
	EXPECT_THAT(explain(c, attached(c), "the changer is root"));
	SETUP_NAMESPACES("changing the uid", changer_step(race));
	call_changer(c, race, NULL);
	EXPECT_THAT(explain(c, denied(c, EPERM), "the changer is not root"));

	EXPECT_THAT(race_run(race));
	SKIP_UNLESS_RACED(race);
}

/* Makes another process, the first target, execute its program anew. */
static int exec_again(struct race *race, unsigned int n)
{
	outcome_in(&race->expected[n], race->places[0]->state);
	return target_exec(race->places[0]);
}

/* The target finds the program only in the mount namespace of the test. */
TEST_F(setns_race, attaches_to_the_same_set_while_the_target_runs_execve)
{
	struct target *t = &self->first;
	struct race *race = self->race;
	struct caller *c = self->c;

	race->set = self->types & ~NS_BIT(NS_MNT);
	SETUP_TARGET(t, .number = 2, .fresh = race->set);
	race->places[0] = t;
	race->one_outcome = true;
	SETUP_NAMESPACES("fork()", changer_start(race, exec_again));
	race->pidfd = t->pidfd;

	call_changer(c, race, t->state);
	EXPECT_THAT(explain(c, attached(c), "before an execve()"));
	SETUP_NAMESPACES("execve()", changer_step(race));
	call_changer(c, race, t->state);
	EXPECT_THAT(explain(c, attached(c), "after an execve()"));

	EXPECT_THAT(race_run(race));
	SKIP_UNLESS_RACED(race);
}

TEST_HARNESS_MAIN
