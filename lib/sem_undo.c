// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#include "undo.h"

int undo_prepare(void)
{
	if (unshare(CLONE_NEWIPC))
		return -1;
	return semget(IPC_PRIVATE, 1, 0666);
}

int undo_owe(struct attempt *a, void *arg)
{
	struct sembuf op = { .sem_op = UNDO_OWED, .sem_flg = SEM_UNDO };

	(void)arg;
	if (a->note[UNDO_SEM] < 0)
		return 0;
	return semop(a->note[UNDO_SEM], &op, 1) ? errno : 0;
}

int undo_look(struct attempt *a, void *arg)
{
	int value;

	(void)arg;
	if (a->note[UNDO_SEM] < 0)
		return 0;
	value = semctl(a->note[UNDO_SEM], 0, GETVAL);
	a->note[UNDO_VALUE] = value;
	a->note[UNDO_LOOKED] = true;
	return value < 0 ? errno : 0;
}

/* The line is complete with explain() of its own. */
static const char *value_is(struct attempt *a, int expected)
{
	char text[128];

	if (a->note[UNDO_SEM] < 0 || !a->note[UNDO_LOOKED] || a->note[UNDO_VALUE] == expected)
		return NULL;
	snprintf(text, sizeof(text),
		 "SysV semaphore after setns(%s, %s) is %d, expected %d",
		 a->calls[0].fd_name, ns_flag_names(a->calls[0].flags),
		 (int)a->note[UNDO_VALUE], expected);
	return explain(a, text, "semaphore undo was %s",
		       expected ? "run" : "not run");
}

const char *undo_not_run(struct attempt *a)
{
	return value_is(a, UNDO_OWED);
}

const char *undo_run(struct attempt *a)
{
	return value_is(a, 0);
}
