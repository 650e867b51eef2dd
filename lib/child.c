// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "../pidfd.h"

/*
 * Thread-local, so that it is in the same page as errno.  Every fork copies that
 * page anyway.
 */
static __thread pid_t forking_process;

static void before_fork(void)
{
	forking_process = getpid();
}

static void after_fork_in_child(void)
{
	die_with(forking_process);
}

static void __attribute__((constructor(102))) tie_children(void)
{
	pthread_atfork(before_fork, NULL, after_fork_in_child);
}

void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/*
	 * The parent may have died before that.  getppid() is 0 if the parent is
	 * in another pid namespace.
	 */
	if (getppid() && getppid() != parent)
		_exit(1);
}

void *shared_alloc(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

int child_reap(pid_t pid, int *status)
{
	struct pollfd p = { .fd = sys_pidfd_open(pid, 0), .events = POLLIN };
	int n = 1;

	if (p.fd >= 0) {
		do {
			n = poll(&p, 1, 1000 * (WAIT_LIMIT_S + 5));
		} while (n < 0 && errno == EINTR);
		close(p.fd);
	}
	if (!n)
		return ETIMEDOUT;
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

int in_child(int (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return 127;
	if (!pid) {
		alarm(WAIT_LIMIT_S);
		_exit(fn(arg));
	}
	if (child_reap(pid, &status))
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}
