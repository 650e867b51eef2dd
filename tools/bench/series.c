// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/errno_name.h"
#include "../../lib/target.h"
#include "series.h"

#define CLOCK_LOOKS 1001

static cpu_set_t cpus;

static void __attribute__((constructor)) cpus_init(void)
{
	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		CPU_SET(0, &cpus);
}

void die(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("setns_bench: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	_exit(2);
}

__s64 now(void)
{
#ifdef __NR_clock_gettime64
	__s64 ts[2] = { 0, 0 };

	syscall(__NR_clock_gettime64, CLOCK_REALTIME, ts);
	return ts[0] * 1000000000LL + ts[1];
#else
	struct timespec ts = { 0 };

	syscall(__NR_clock_gettime, CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
#endif
}

static int by_size(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return (d > 0) - (d < 0);
}

struct spread {
	double q1, median, q3;
};

static struct spread spread(double *v, unsigned int nr)
{
	qsort(v, nr, sizeof(*v), by_size);
	return (struct spread) { v[nr / 4], v[nr / 2], v[nr * 3 / 4] };
}

static __s64 measure_clock(void)
{
	double cost[CLOCK_LOOKS];

	for (int i = 0; i < CLOCK_LOOKS; i++) {
		__s64 start = now();

		cost[i] = now() - start;
	}
	return spread(cost, CLOCK_LOOKS).median;
}

__s64 clock_cost(void)
{
	static __s64 cost;

	if (!cost)
		cost = measure_clock();
	return cost;
}

unsigned int nr_cpus(void)
{
	return CPU_COUNT(&cpus);
}

void pin(unsigned int nth)
{
	unsigned int cpu = 0;
	cpu_set_t one;

	nth %= CPU_COUNT(&cpus);
	while (!CPU_ISSET(cpu, &cpus) || nth--)
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		die("sched_setaffinity(): %s", errno_name(errno));
}

void *shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap(): %s", errno_name(errno));
	return memory;
}

pid_t fork_child(void)
{
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork(): %s", errno_name(errno));
	if (!pid)
		die_with(parent);
	return pid;
}

void reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || WIFSIGNALED(status))
		die("a child was killed");
	/* It has said why. */
	if (status)
		_exit(2);
}

void series_start(struct series *s)
{
	s->ns = shared(sizeof(*s->ns) * s->rounds * MOST_X * MOST_WAYS);
}

__s64 *series_at(const struct series *s, unsigned int round, unsigned int x,
		 unsigned int way)
{
	return &s->ns[(round * MOST_X + x) * MOST_WAYS + way];
}

unsigned int series_turn(const struct series *s, unsigned int round,
			 unsigned int i)
{
	return (round + i) % s->nr_ways;
}

/* Of one way at one x. */
static void spreads(const struct series *s, unsigned int x, unsigned int way,
		    struct spread *ns, struct spread *ratio)
{
	double *v = calloc(2 * s->rounds, sizeof(*v));

	if (!v)
		die("no memory");
	for (unsigned int i = 0; i < s->rounds; i++) {
		const __s64 *against = s->against_first_x ?
			series_at(s, i, 0, way) : series_at(s, i, x, 0);

		v[i] = *series_at(s, i, x, way);
		/* Whatever takes no time took the least that there is. */
		v[s->rounds + i] = v[i] / (*against > 0 ? *against : 1);
	}
	*ns = spread(v, s->rounds);
	*ratio = spread(v + s->rounds, s->rounds);
	free(v);
}

void series_csv_head(FILE *csv)
{
	fputs("series,x,way,calls,ns,ns_q1,ns_q3,ratio,ratio_q1,ratio_q3\n",
	      csv);
}

static void row(const struct series *s, unsigned int x, unsigned int way,
		FILE *csv)
{
	struct spread n, r;
	char calls[16] = "";

	spreads(s, x, way, &n, &r);
	if (s->calls[x][way])
		snprintf(calls, sizeof(calls), "%u", s->calls[x][way]);
	printf("# %9u  %-30s %5s %7.0f [%7.0f, %7.0f] %6.2f [%.2f, %.2f]\n",
	       s->x[x], s->way[way], calls, n.median, n.q1, n.q3, r.median,
	       r.q1, r.q3);
	if (csv)
		fprintf(csv, "%s,%u,%s,%s,%.0f,%.0f,%.0f,%.3f,%.3f,%.3f\n",
			s->name, s->x[x], s->way[way], calls, n.median, n.q1,
			n.q3, r.median, r.q1, r.q3);
}

void series_report(const struct series *s, FILE *csv)
{
	printf("# %s: %s, %u rounds\n", s->name, s->what, s->rounds);
	printf("# %9s  %-30s calls      ns [quartiles]         ratio [quartiles]\n",
	       s->x_name, "");
	for (unsigned int x = 0; x < s->nr_x; x++)
		for (unsigned int w = 0; w < s->nr_ways; w++)
			row(s, x, w, csv);
}
