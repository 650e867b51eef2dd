// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel_log.h"
#include "schedule.h"

/* Enough of a splat to know it by. */
#define LINES_OF_A_SPLAT	25
#define LINES_IN_ALL		100

/* Seconds; the script runs addr2line(1) for each line. */
#define DECODE_TIMEOUT		120

/*
 * What a bug looks like in the log. Fault injection dumps stacks, and the crash
 * of a user program is a general protection fault: these are not bugs.
 */
static const char *const splat_patterns[] = {
	"(^|[^A-Z])WARNING:[ ]",
	"(^|[^A-Z])BUG:[ ]",
	"kernel BUG at[ ]",
	"(^|[^A-Za-z])Oops([^A-Za-z]|$)",
	"Kernel panic",
	"(KASAN|KCSAN|KFENCE|KMSAN|UBSAN):[ ]",
	"INFO: (possible|task|rcu|trying|lockdep|inconsistent)",
	"(^|\\] )general protection fault(, |: 0)",
	"kmemleak: [0-9]+ new",
	"refcount_t:[ ]",
	"list_(add|del) corruption",
	"Unable to handle kernel",
	"Internal error:[ ]",
	"suspicious RCU usage",
	"stack-protector:[ ]",
	"scheduling while atomic",
	"nobody cared",
};

/* Bit by bit, as Documentation/admin-guide/tainted-kernels.rst has them. */
static const char *const taints[] = {
	"P: proprietary module", "F: module forced in",
	"S: processor or system out of specification", "R: module forced out",
	"M: machine check", "B: bad page", "U: asked for by user space",
	"D: died, an oops or BUG", "A: ACPI table overridden", "W: warning",
	"C: staging driver", "I: firmware bug worked around",
	"O: out-of-tree module", "E: unsigned module", "L: soft lockup",
	"K: live patch", "X: auxiliary, set by the distribution",
	"T: struct randomization", "N: in-kernel test run", "J: fwctl used",
};

/* The runner's own tests have no kernel to spare. */
static const char *path_of(const char *variable, const char *path)
{
	const char *given = getenv(variable);

	return given && *given ? given : path;
}

static unsigned long long read_taint(void)
{
	char *s = read_file(path_of("SETNS_TAINTED", "/proc/sys/kernel/tainted"),
			    NULL);
	unsigned long long taint = s ? strtoull(s, NULL, 10) : 0;

	free(s);
	return taint;
}

void kernel_log_open(struct kernel_log *log)
{
	struct stat st;

	*log = (struct kernel_log) {
		.path = path_of("SETNS_KMSG", "/dev/kmsg"),
		.taint = read_taint(),
	};
	log->fd = open(log->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log->fd < 0 || lseek(log->fd, 0, SEEK_END) < 0)
		log->unreadable = format("%s: %s", log->path, strerror(errno));
	if (log->unreadable && log->fd >= 0) {
		close(log->fd);
		log->fd = -1;
	}
	log->can_poll = log->fd >= 0 && !fstat(log->fd, &st) &&
			S_ISCHR(st.st_mode);
	log->marks = open(log->path, O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);
}

void kernel_log_mark(struct kernel_log *log, const char *program,
		     const char *what)
{
	if (log->marks >= 0)
		dprintf(log->marks, "setns: %s %s\n", program, what);
}

static bool is_splat(const char *line)
{
	static regex_t compiled[ARRAY_SIZE(splat_patterns)];
	static bool ready;

	for (unsigned int i = 0; !ready && i < ARRAY_SIZE(splat_patterns); i++)
		if (regcomp(&compiled[i], splat_patterns[i],
			    REG_EXTENDED | REG_NOSUB))
			trouble("no regular expression: %s", splat_patterns[i]);
	ready = true;
	for (unsigned int i = 0; i < ARRAY_SIZE(splat_patterns); i++)
		if (!regexec(&compiled[i], line, 0, NULL, 0))
			return true;
	return false;
}

static char *where_of(const struct list *running)
{
	struct text text = { 0 };

	text_add(&text, "%s", running->nr ? "while this ran: " : "between programs");
	for (unsigned int i = 0; i < running->nr; i++)
		text_add(&text, "%s%s", i ? "; " : "", running->items[i]);
	return text.bytes;
}

/* A stack trace names the task, with the 15 bytes that the kernel keeps. */
static void find_task(struct splat *splat, const char *line,
		      const struct list *running)
{
	const char *comm = strstr(line, "Comm: ");
	size_t len;

	if (!comm)
		return;
	comm += strlen("Comm: ");
	len = strcspn(comm, " ");
	for (unsigned int i = 0; len && i < running->nr; i++) {
		size_t name = strcspn(running->items[i], ",");

		if (strncmp(comm, running->items[i], len) ||
		    (name < 15 ? name : 15) != len)
			continue;
		free(splat->where);
		splat->where = format("while this ran: %s", running->items[i]);
	}
}

static void take_line(struct kernel_log *log, const char *line,
		      const struct list *running)
{
	bool bug = is_splat(line);
	struct splat *s;

	if (bug && !log->more) {
		log->splats = xrealloc(log->splats, (log->nr_splats + 1) *
				       sizeof(*log->splats));
		s = &log->splats[log->nr_splats++];
		*s = (struct splat) { .where = where_of(running) };
	}
	if (bug)
		log->more = LINES_OF_A_SPLAT;
	if (!log->more)
		return;
	s = &log->splats[log->nr_splats - 1];
	list_add(&s->lines, xstrdup(line));
	find_task(s, line, running);
	log->more = strstr(line, "---[ end ") ? 0 : log->more - 1;
}

/* "PRIORITY,SEQUENCE,TIME,FLAGS;TEXT", of which the kernel's are below 8. */
static void take_record(struct kernel_log *log, char *record,
			const struct list *running)
{
	char *text, *end;
	unsigned long priority;

	if (!isdigit((unsigned char)*record))
		return;
	priority = strtoul(record, &end, 10);
	text = strchr(record, ';');
	if (priority >= 8 || *end != ',' || !text)
		return;
	take_line(log, text + 1, running);
}

static void read_taints(struct kernel_log *log, const struct list *running)
{
	unsigned long long taint = read_taint(), new = taint & ~log->taint;

	log->taint |= taint;
	for (unsigned int bit = 0; bit < 64; bit++) {
		if (!(new >> bit & 1))
			continue;
		list_add(&log->problems, where_of(running));
		if (bit < ARRAY_SIZE(taints))
			list_addf(&log->problems, "the kernel became tainted, %s",
				  taints[bit]);
		else
			list_addf(&log->problems,
				  "the kernel became tainted, bit %u", bit);
	}
}

void kernel_log_read(struct kernel_log *log, const struct list *running)
{
	char buffer[8192], *end;
	ssize_t got;

	while (log->fd >= 0) {
		got = read(log->fd, buffer, sizeof(buffer));
		/* Some records were overwritten; the next read goes on. */
		if (got < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (got <= 0)
			break;
		text_add_bytes(&log->partial, buffer, got);
		while ((end = memchr(log->partial.bytes, '\n',
				     log->partial.len))) {
			*end = '\0';
			take_record(log, log->partial.bytes, running);
			text_cut(&log->partial, end + 1 - log->partial.bytes);
		}
	}
	read_taints(log, running);
}

/* Replaces the lines of a splat by what the tree's script makes of them. */
static void decode(struct splat *splat, const char *vmlinux)
{
	char *copy = xstrdup(vmlinux), *line, *rest;
	char *script = format("%s/scripts/decode_stacktrace.sh", dirname(copy));
	int input = memfd_create("splat", MFD_CLOEXEC);
	struct text text = { 0 };
	struct ending ending;
	struct command command = {
		.argv = (char *[]) { script, (char *)vmlinux, NULL },
		.input = input,
		.timeout = DECODE_TIMEOUT,
	};

	for (unsigned int i = 0; input > 0 && i < splat->lines.nr; i++)
		dprintf(input, "%s\n", splat->lines.items[i]);
	if (input > 0 && !access(script, X_OK) && !lseek(input, 0, SEEK_SET) &&
	    run_to_end(&command, &text, &ending) && !ending.status && text.len) {
		list_free(&splat->lines);
		rest = text.bytes;
		while ((line = strsep(&rest, "\n")))
			if (*line)
				list_add(&splat->lines, xstrdup(line));
	}
	if (input > 0)
		close(input);
	text_free(&text);
	free(script);
	free(copy);
}

void kernel_log_judge(struct kernel_log *log, const char *vmlinux)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < log->nr_splats; i++) {
		struct splat *s = &log->splats[i];

		if (nr >= LINES_IN_ALL) {
			list_addf(&log->problems, "... and %u more",
				  log->nr_splats - i);
			break;
		}
		if (vmlinux)
			decode(s, vmlinux);
		nr += s->lines.nr;
		list_addf(&log->problems, "%s", s->where);
		list_move(&log->problems, &s->lines);
	}
}
