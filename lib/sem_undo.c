// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#include "check.h"
#include "privilege.h"
#include "sem_undo.h"

int sem_undo_setup(struct sem_undo *undo, const char **step)
{
	undo->sem = -1;
	*step = "unshare(CLONE_NEWIPC)";
	if (unshare(CLONE_NEWIPC))
		return errno;
	*step = "semget()";
	undo->sem = semget(IPC_PRIVATE, 1, 0666);
	return undo->sem < 0 ? errno : 0;
}

const char *lacks_semaphores(int err, const char *step)
{
	if (err == ENOSYS)
		return "no SysV semaphores in this kernel (CONFIG_SYSVIPC)";
	return lacks_namespaces(err, step);
}

int sem_undo_begin(struct sem_undo *undo)
{
	struct sembuf add = { .sem_op = 1, .sem_flg = SEM_UNDO };

	if (undo->sem < 0)
		return 0;
	return semop(undo->sem, &add, 1) ? errno : 0;
}

int sem_undo_look(struct sem_undo *undo)
{
	if (undo->sem < 0)
		return 0;
	undo->value = semctl(undo->sem, 0, GETVAL);
	undo->looked = undo->value >= 0;
	return undo->looked ? 0 : errno;
}

static const char *check_value(struct caller *c, const struct sem_undo *undo,
			       int expected)
{
	const struct call *call = caller_last_call(c);

	if (undo->sem < 0 || (undo->looked && undo->value == expected))
		return NULL;
	snprintf(c->message, sizeof(c->message),
		 "setns(%s, %s): the semaphore of the old ipc namespace is %d, expected %d: SEM_UNDO was %s",
		 call ? call->fd_name : "?",
		 ns_flag_names(call ? call->flags : 0),
		 undo->looked ? undo->value : -1, expected,
		 !undo->looked ? "not looked at" :
		 expected ? "run" : "not run");
	return c->message;
}

const char *undo_not_run(struct caller *c, const struct sem_undo *undo)
{
	return check_value(c, undo, 1);
}

const char *undo_run(struct caller *c, const struct sem_undo *undo)
{
	return check_value(c, undo, 0);
}
