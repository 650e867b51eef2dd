// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "marks.h"
#include "place.h"
#include "proc.h"
#include "state.h"

/* Large enough for a user namespace with 340 ranges of ids. */
#define FILE_MAX	16384

/* The clocks when the program started. */
static struct timespec clock_start[2];
static const clockid_t clock_ids[2] = { CLOCK_MONOTONIC, CLOCK_BOOTTIME };

static void __attribute__((constructor)) state_init(void)
{
	for (int i = 0; i < 2; i++)
		clock_gettime(clock_ids[i], &clock_start[i]);
}

__s64 clock_ns(clockid_t id)
{
	struct timespec now = { 0 };

	clock_gettime(id, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* clock_gettime(2) without the vDSO. */
static void raw_gettime(clockid_t id, struct timespec *ts)
{
#ifdef __NR_clock_gettime64
	struct { __s64 sec, nsec; } now = { 0, 0 };

	syscall(__NR_clock_gettime64, id, &now);
	ts->tv_sec = now.sec;
	ts->tv_nsec = now.nsec;
#else
	syscall(__NR_clock_gettime, id, ts);
#endif
}

/*
 * Whole units since the program started, rounded.  The time that passes during
 * a test is far below a unit, an offset of a time namespace is a few units.
 */
static __u64 clock_units(const struct timespec *now, int clock)
{
	__s64 sec = now->tv_sec - clock_start[clock].tv_sec;

	return (sec + STATE_CLOCK_UNIT / 2) / STATE_CLOCK_UNIT;
}

static bool in_order(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec ||
	       (a->tv_sec == b->tv_sec && a->tv_nsec <= b->tv_nsec);
}

static void read_clock(struct state *s, int clock, enum state_number vdso,
		       enum state_number raw)
{
	struct timespec before, between, after;

	clock_gettime(clock_ids[clock], &before);
	raw_gettime(clock_ids[clock], &between);
	clock_gettime(clock_ids[clock], &after);
	s->number[vdso] = clock_units(&after, clock);
	s->number[raw] = clock_units(&between, clock);
	if (!in_order(&before, &between) || !in_order(&between, &after))
		s->number[ST_VDSO_AGREES] = 0;
}

/* The value of a line of /proc/PID/status, or NULL. */
static const char *status_line(const char *status, const char *key)
{
	const char *line = strstr(status, key);

	return line ? line + strlen(key) : NULL;
}

/* Reads numbers that are separated by blanks.  Returns how many there are. */
static unsigned int parse_row(const char *text, int base, __u64 *to,
			      unsigned int most)
{
	unsigned int nr = 0;
	char *end;

	while (*text && *text != '\n') {
		__u64 value = strtoull(text, &end, base);

		if (end == text)
			break;
		if (nr < most)
			to[nr] = value;
		nr++;
		text = end;
		while (*text == ' ' || *text == '\t')
			text++;
	}
	return nr;
}

/* Lines of /proc/PID/status, and the numbers of a state that they set. */
static const struct {
	const char *key;
	int base;
	enum state_number first;
	unsigned int nr;
} status_lines[] = {
	{ "\nUmask:\t", 8, ST_UMASK, 1 },
	{ "\nUid:\t", 10, ST_RUID, 4 },
	{ "\nGid:\t", 10, ST_RGID, 4 },
	{ "\nCapInh:\t", 16, ST_CAP_INHERITABLE, 1 },
	{ "\nCapPrm:\t", 16, ST_CAP_PERMITTED, 1 },
	{ "\nCapEff:\t", 16, ST_CAP_EFFECTIVE, 1 },
	{ "\nCapBnd:\t", 16, ST_CAP_BOUNDING, 1 },
	{ "\nCapAmb:\t", 16, ST_CAP_AMBIENT, 1 },
	{ "\nNoNewPrivs:\t", 10, ST_NO_NEW_PRIVS, 1 },
};

static int parse_groups(struct state *s, const char *status)
{
	const char *line = status_line(status, "\nGroups:\t");
	__u64 groups[STATE_GROUPS];

	if (!line)
		return EPROTO;
	s->nr_groups = parse_row(line, 10, groups, STATE_GROUPS);
	for (unsigned int i = 0; i < s->nr_groups && i < STATE_GROUPS; i++)
		s->groups[i] = groups[i];
	return 0;
}

/* Ids, capabilities, umask: one file instead of a hundred calls of prctl(2). */
static int read_status(struct state *s, int task)
{
	static char status[FILE_MAX];
	int err, fd = openat(task, "status", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	err = proc_read_fd(fd, status, sizeof(status));
	close(fd);
	/* EMSGSIZE: the line with tens of thousands of groups does not fit. */
	if (err)
		return err;
	for (unsigned int i = 0; i < ARRAY_SIZE(status_lines); i++) {
		const char *line = status_line(status, status_lines[i].key);

		if (!line || parse_row(line, status_lines[i].base,
				       &s->number[status_lines[i].first],
				       status_lines[i].nr) < status_lines[i].nr)
			return EPROTO;
	}
	return parse_groups(s, status);
}

static int read_attributes(struct state *s)
{
	__u64 *n = s->number;
	int pdeathsig = 0;

	n[ST_SECUREBITS] = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	n[ST_DUMPABLE] = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	if (prctl(PR_GET_PDEATHSIG, &pdeathsig, 0, 0, 0))
		return errno;
	n[ST_PDEATHSIG] = pdeathsig;
	return 0;
}

static void identify(struct ns_identity *to, const struct stat *st)
{
	to->dev = st->st_dev;
	to->ino = st->st_ino;
}

/* Opens a task's directory in /proc.  Paths from it are twice as fast. */
static int open_task(pid_t tid)
{
	return proc_open(tid ? proc_path(tid, ".") : "thread-self",
			 O_PATH | O_DIRECTORY);
}

static int read_links(struct state *s, int task)
{
	memset(s->ns, 0, sizeof(s->ns));
	for_each_link(id, slot) {
		struct stat st;

		if (!fstatat(task, ns_types[id].path[slot], &st, 0))
			identify(&s->ns[id][slot], &st);
		else if (errno != ENOENT)
			return errno;
		/* ENOENT: not built in, or a pid namespace without a process. */
	}
	return 0;
}

int state_read_links(struct state *s, pid_t tid)
{
	int err, task = open_task(tid);

	if (task < 0)
		return -task;
	err = read_links(s, task);
	close(task);
	return err;
}

/* FNV-1a with 32 bits, which is enough to tell two files apart. */
static __u32 hash(const char *text)
{
	__u32 value = 2166136261U;

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * 16777619U;
	return value;
}

static void set_text(struct state_text_value *to, const char *text)
{
	to->len = strlen(text);
	to->hash = hash(text);
	snprintf(to->head, sizeof(to->head), "%s", text);
}

static int read_text_file(struct state_text_value *to, int task,
			  const char *name)
{
	static char text[FILE_MAX];
	int err = 0, fd = openat(task, name, O_RDONLY | O_CLOEXEC);

	text[0] = '\0';
	/* ENOENT: this kernel has no such file. */
	if (fd < 0 && errno != ENOENT)
		return errno;
	if (fd >= 0) {
		err = proc_read_fd(fd, text, sizeof(text));
		close(fd);
	}
	set_text(to, text);
	return err;
}

static int read_texts(struct state *s, int task)
{
	char name[128];
	int err;

	if (gethostname(name, sizeof(name)))
		return errno;
	set_text(&s->text[ST_HOSTNAME], name);
	err = read_text_file(&s->text[ST_UID_MAP], task, "uid_map");
	return err ? err : read_text_file(&s->text[ST_CGROUP], task, "cgroup");
}

int state_read(struct state *s)
{
	__u64 *n = s->number;
	int err, task = open_task(0);

	memset(s, 0, sizeof(*s));
	n[ST_VDSO_AGREES] = 1;
	if (task < 0)
		return -task;
	n[ST_LOWEST_FD] = task;
	err = read_links(s, task);
	if (!err)
		err = place_read("/", &n[ST_ROOT_DEV], &n[ST_ROOT_INO],
				 &n[ST_ROOT_MOUNT]);
	if (!err)
		err = place_read(".", &n[ST_CWD_DEV], &n[ST_CWD_INO],
				 &n[ST_CWD_MOUNT]);
	if (!err)
		err = read_status(s, task);
	if (!err)
		err = read_attributes(s);
	if (!err)
		err = read_texts(s, task);
	close(task);
	if (err)
		return err;
	read_clock(s, 0, ST_MONOTONIC_VDSO, ST_MONOTONIC_RAW);
	read_clock(s, 1, ST_BOOTTIME_VDSO, ST_BOOTTIME_RAW);
	n[ST_MARK_FILE] = mark_file();
	n[ST_MARK_MSG] = mark_msg();
	n[ST_MARK_MQUEUE] = mark_mqueue();
	n[ST_MARK_SOCKET] = mark_socket();
	return 0;
}

/* Writes its namespaces to @to.  A task can always read its own links. */
static void __noreturn report_namespaces(int to)
{
	struct ns_identity own[NR_NS_TYPES];
	struct state s;

	if (state_read_links(&s, 0))
		_exit(1);
	for_each_ns(id)
		own[id] = s.ns[id][NS_ACTIVE];
	_exit(write(to, own, sizeof(own)) == sizeof(own) ? 0 : 1);
}

/*
 * The child does not share memory with the caller: the kernel does not put a
 * child with CLONE_VM into the time namespace for children (copy_namespaces()).
 */
int state_read_child(struct state *s)
{
	int err = state_read(s);
	int ends[2];
	pid_t pid;

	if (err)
		return err;
	if (pipe2(ends, O_CLOEXEC))
		return errno;
	s->child_known = true;
	pid = fork();
	s->child_err = pid < 0 ? errno : 0;
	if (!pid)
		report_namespaces(ends[1]);
	close(ends[1]);
	if (pid > 0) {
		if (read(ends[0], s->child, sizeof(s->child)) !=
		    sizeof(s->child))
			err = EPIPE;
		waitpid(pid, NULL, 0);
	}
	close(ends[0]);
	return err;
}

void state_expect_child(struct state *s)
{
	s->child_known = true;
	for_each_ns(id)
		s->child[id] = s->ns[id][ns_types[id].link[NS_CHILDREN] ?
					 NS_CHILDREN : NS_ACTIVE];
}
