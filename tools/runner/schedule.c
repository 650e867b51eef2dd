// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report.h"
#include "schedule.h"
#include "stop.h"
#include "verdict.h"

/* Milliseconds, for what changes without an event: the progress that is shown. */
#define WAIT_MS	1000

/* A program that runs. */
struct slot {
	bool busy;
	struct program *program;
	struct program one;	/* the record of this run, if there are several */
	struct tap tap;
	struct job job;
	char **argv;
};

struct schedule {
	struct run *run;
	struct slot *slots;
	unsigned int nr_slots;
	struct program **queue;	/* one entry for each run of each program */
	unsigned int nr_queue;
};

/* Returns whether its output goes on. */
static bool read_output(struct job *job, struct text *text, struct tap *tap)
{
	static char buffer[64 * 1024];
	ssize_t got = job_read(job, buffer, sizeof(buffer));

	if (got > 0 && text)
		text_add_bytes(text, buffer, got);
	if (got > 0 && tap)
		tap_read(tap, buffer, got);
	return got > 0;
}

bool run_to_end(const struct command *command, struct text *output,
		struct ending *ending)
{
	struct job job;
	bool told;

	if (!job_start(&job, command))
		trouble("cannot start %s: %s", command->argv[0], strerror(errno));
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = job.output, .events = POLLIN },
			{ .fd = job.pidfd, .events = POLLIN },
		};

		stop_poll(fds, ARRAY_SIZE(fds), WAIT_MS);
		if (stop_signal()) {
			jobs_end();
			return false;
		}
		while (read_output(&job, output, NULL))
			;
		if (fds[1].revents)
			break;
	}
	told = job_end(&job, ending);
	return told && !ending->timed_out;
}

void run_stop_if_asked(const struct run *run)
{
	int sig = stop_signal();

	if (!sig)
		return;
	jobs_end();
	report_stopped(run, sig);
	exit(128 + sig);
}

/*
 * What runs now, for the kernel's log. The log of a test may be read only after
 * its result, so a test is named until the next one begins.
 */
static void read_kernel_log(struct schedule *s)
{
	struct list running = { 0 };

	if (!s->run->options->kernel_log)
		return;
	for (unsigned int i = 0; i < s->nr_slots; i++) {
		const struct slot *slot = &s->slots[i];
		const char *test;

		if (!slot->busy)
			continue;
		test = slot->tap.program->last_begun;
		list_addf(&running, "%s%s%s", slot->program->name,
			  test ? ", " : "", test ? test : "");
	}
	kernel_log_read(&s->run->log, &running);
	list_free(&running);
}

static void mark(struct schedule *s, const struct slot *slot, const char *what)
{
	if (s->run->options->kernel_log)
		kernel_log_mark(&s->run->log, slot->program->name, what);
}

static void start_program(struct schedule *s, struct slot *slot,
			  struct program *p)
{
	const struct options *o = s->run->options;
	struct command command = {
		.dir = o->dir,
		.timeout = o->timeout,
		.grace = o->grace,
		.as_user = o->as_user,
		.user = o->user,
	};
	struct program *record = o->repeat > 1 ? &slot->one : p;

	*slot = (struct slot) { .busy = true, .program = p };
	slot->one = (struct program) {
		.name = p->name,
		.filtered = p->filtered,
		.left_out = p->left_out,
		.nr_left_out = p->nr_left_out,
		.planned = -1,
	};
	slot->tap = (struct tap) {
		.program = record,
		.selection = &o->selection,
		.known = &s->run->known,
	};
	slot->argv = harness_arguments(p);
	command.argv = slot->argv;
	record->started = now();
	p->started = record->started;
	mark(s, slot, "begins");
	if (!job_start(&slot->job, &command))
		trouble("cannot start %s: %s", p->name, strerror(errno));
}

static void end_program(struct schedule *s, struct slot *slot)
{
	const struct options *o = s->run->options;
	struct program *p = slot->program;
	struct ending ending;
	bool told;

	while (read_output(&slot->job, NULL, &slot->tap))
		;
	told = job_end(&slot->job, &ending);
	tap_end(&slot->tap);
	read_kernel_log(s);
	mark(s, slot, "ends");
	slot->tap.program->seconds = now() - slot->tap.program->started;
	verdict(&slot->tap, told ? &ending : NULL, o->timeout);
	if (o->repeat > 1)
		program_merge(p, &slot->one, o->repeat);
	else
		p->runs = 1;
	p->over = p->runs == o->repeat;
	s->run->over += p->over;
	tap_free(&slot->tap);
	free(slot->argv);
	slot->busy = false;
	/* A runner that lost a supervisor cannot say what it left behind. */
	if (!told) {
		jobs_end();
		trouble("%s: its supervisor was killed", p->name);
	}
}

static bool is_running(const struct schedule *s, const struct program *p)
{
	for (unsigned int i = 0; i < s->nr_slots; i++)
		if (s->slots[i].busy && s->slots[i].program == p)
			return true;
	return false;
}

/* The next of the queue of which no other run goes on, or NULL. */
static struct program *take_next(struct schedule *s)
{
	for (unsigned int i = 0; i < s->nr_queue; i++) {
		struct program *p = s->queue[i];

		if (is_running(s, p))
			continue;
		s->nr_queue--;
		memmove(&s->queue[i], &s->queue[i + 1],
			(s->nr_queue - i) * sizeof(*s->queue));
		return p;
	}
	return NULL;
}

static void start_programs(struct schedule *s)
{
	for (unsigned int i = 0; i < s->nr_slots; i++) {
		struct program *p;

		if (s->slots[i].busy)
			continue;
		p = take_next(s);
		if (p)
			start_program(s, &s->slots[i], p);
	}
}

/* Two for each slot, then the kernel's log. */
static void wait_for_event(struct schedule *s, struct pollfd *fds)
{
	const struct kernel_log *log = &s->run->log;
	unsigned int nr = 2 * s->nr_slots;

	for (unsigned int i = 0; i < s->nr_slots; i++) {
		const struct slot *slot = &s->slots[i];

		fds[2 * i].fd = slot->busy ? slot->job.output : -1;
		fds[2 * i + 1].fd = slot->busy ? slot->job.pidfd : -1;
	}
	fds[nr].fd = s->run->options->kernel_log && log->can_poll ? log->fd : -1;
	for (unsigned int i = 0; i <= nr; i++) {
		fds[i].events = POLLIN;
		fds[i].revents = 0;
	}
	stop_poll(fds, nr + 1, WAIT_MS);
}

static bool handle_events(struct schedule *s, const struct pollfd *fds)
{
	bool busy = false;

	for (unsigned int i = 0; i < s->nr_slots; i++) {
		struct slot *slot = &s->slots[i];

		if (!slot->busy)
			continue;
		if (fds[2 * i].revents)
			read_output(&slot->job, NULL, &slot->tap);
	}
	/* After the output, which names the test that runs. */
	read_kernel_log(s);
	for (unsigned int i = 0; i < s->nr_slots; i++) {
		if (s->slots[i].busy && fds[2 * i + 1].revents)
			end_program(s, &s->slots[i]);
		busy |= s->slots[i].busy;
	}
	return busy;
}

/* A small generator, so that a seed means the same with any C library. */
static unsigned int random_below(unsigned long long *state, unsigned int n)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*state >> 33) % n;
}

static void shuffle(struct program **queue, unsigned int nr,
		    unsigned long long *state)
{
	for (unsigned int i = nr; i > 1; i--) {
		unsigned int j = random_below(state, i);
		struct program *p = queue[i - 1];

		queue[i - 1] = queue[j];
		queue[j] = p;
	}
}

static const struct durations *sort_by;

/* Those that take longest first, and those of which that is not known. */
static int by_duration(const void *a, const void *b)
{
	const struct program *p = *(struct program *const *)a;
	const struct program *q = *(struct program *const *)b;
	double s = durations_of(sort_by, p->name);
	double t = durations_of(sort_by, q->name);
	bool known = s >= 0, other_known = t >= 0;

	if (known != other_known)
		return known ? 1 : -1;
	if (s != t)
		return s > t ? -1 : 1;
	return strcmp(p->name, q->name);
}

static void fill_queue(struct schedule *s)
{
	struct run *run = s->run;
	unsigned long long state = run->options->seed;

	s->queue = xzalloc((size_t)run->nr * run->options->repeat *
			   sizeof(*s->queue) + 1);
	for (unsigned int round = 0; round < run->options->repeat; round++) {
		struct program **queue = &s->queue[s->nr_queue];
		unsigned int nr = 0;

		for (unsigned int i = 0; i < run->nr; i++) {
			struct program *p = &run->programs[i];

			if (!p->all_left_out)
				queue[nr++] = p;
		}
		sort_by = &run->durations;
		if (run->options->shuffle)
			shuffle(queue, nr, &state);
		else
			qsort(queue, nr, sizeof(*queue), by_duration);
		s->nr_queue += nr;
	}
}

static void end_left_out(struct run *run)
{
	for (unsigned int i = 0; i < run->nr; i++) {
		struct program *p = &run->programs[i];

		if (!p->all_left_out)
			continue;
		p->planned = 0;
		program_add_left_out(p);
		program_count(p);
		p->over = true;
		run->over++;
	}
}

void run_programs(struct run *run)
{
	struct schedule s = {
		.run = run,
		.nr_slots = run->options->jobs < run->nr ? run->options->jobs :
			    run->nr,
	};
	struct pollfd *fds = xzalloc((2 * s.nr_slots + 1) * sizeof(*fds));
	bool busy;

	s.slots = xzalloc(s.nr_slots * sizeof(*s.slots) + 1);
	fill_queue(&s);
	end_left_out(run);
	do {
		start_programs(&s);
		report_show(run);
		run_stop_if_asked(run);
		if (run->over < run->nr)
			wait_for_event(&s, fds);
		run_stop_if_asked(run);
		busy = handle_events(&s, fds);
	} while (busy || s.nr_queue);
	report_show(run);
	free(fds);
	free(s.slots);
	free(s.queue);
}
