// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tree.h"
#include "util.h"

struct process {
	pid_t pid, parent;
	bool descendant, dead;
	char name[64];
};

struct processes {
	struct process *all;
	unsigned int nr, size;
};

/* False if the process is gone. */
static bool read_process(const char *pid, struct process *p)
{
	char path[64], stat[512], *name, *end;
	ssize_t len;
	char state;
	int fd, parent;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	if (len <= 0)
		return false;
	stat[len] = '\0';
	/* A name may have parentheses and blanks of its own. */
	name = strchr(stat, '(');
	end = strrchr(stat, ')');
	if (!name || !end || sscanf(end + 1, " %c %d", &state, &parent) != 2)
		return false;
	*end = '\0';
	*p = (struct process) {
		.pid = atoi(pid),
		.parent = parent,
		.dead = state == 'Z' || state == 'X',
	};
	snprintf(p->name, sizeof(p->name), "%s", name + 1);
	for (char *c = p->name; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	return true;
}

static void read_processes(struct processes *ps)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return;
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (ps->nr == ps->size) {
			ps->size = ps->size ? 2 * ps->size : 256;
			ps->all = xrealloc(ps->all, ps->size * sizeof(*ps->all));
		}
		if (read_process(entry->d_name, &ps->all[ps->nr]))
			ps->nr++;
	}
	closedir(proc);
}

static bool is_descendant(const struct processes *ps, pid_t pid)
{
	if (pid == getpid())
		return true;
	for (unsigned int i = 0; i < ps->nr; i++)
		if (ps->all[i].pid == pid)
			return ps->all[i].descendant;
	return false;
}

/* A parent may be listed after its child: repeat until nothing is added. */
static void mark_descendants(struct processes *ps)
{
	bool added;

	do {
		added = false;
		for (unsigned int i = 0; i < ps->nr; i++) {
			struct process *p = &ps->all[i];

			if (p->descendant || !is_descendant(ps, p->parent))
				continue;
			p->descendant = true;
			added = true;
		}
	} while (added);
}

void tree_walk(tree_visit visit, void *arg)
{
	struct processes ps = { 0 };

	read_processes(&ps);
	mark_descendants(&ps);
	for (unsigned int i = 0; i < ps.nr; i++)
		if (ps.all[i].descendant && !ps.all[i].dead)
			visit(ps.all[i].pid, ps.all[i].name, arg);
	free(ps.all);
}

static void kill_one(pid_t pid, const char *name, void *arg)
{
	(void)name;
	kill(pid, *(int *)arg);
}

void tree_kill(int sig)
{
	tree_walk(kill_one, &sig);
}

bool tree_reap(pid_t pid, int *status)
{
	int st;

	for (;;) {
		pid_t reaped = waitpid(-1, &st, WNOHANG | __WALL);

		if (reaped == 0)
			return true;
		if (reaped < 0 && errno != EINTR)
			return false;
		if (reaped > 0 && reaped == pid)
			*status = st;
	}
}
