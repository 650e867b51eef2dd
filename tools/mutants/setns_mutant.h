/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_SETNS_MUTANT_H
#define _LINUX_SETNS_MUTANT_H

/*
 * Seeded bugs of the setns path. Each has a number; setns_mutant says which
 * one is alive, 0 none. Every use leaves its number in a section of the object
 * file, so that what the configuration or the compiler left out is known.
 */

#include <linux/compiler.h>
#include <linux/cred.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/sched/coredump.h>
#include <linux/sched/signal.h>
#include <linux/sem.h>
#include <linux/time_namespace.h>
#include <linux/types.h>

extern unsigned int setns_mutant;

static __always_inline bool mut(const unsigned int nr)
{
	asm volatile(".pushsection .discard.setns_mutant\n\t"
		     ".long %c0\n\t.popsection" : : "i" (nr));
	return unlikely(READ_ONCE(setns_mutant) == nr);
}

/*
 * For hand-made bugs: the first of two values in place of the second, which
 * is what the kernel ships.
 */
#define MUT_IF(nr, bug, ...) (mut(nr) ? (bug) : (__VA_ARGS__))

#define MUT_ALL_TYPES							\
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |	\
	 CLONE_NEWPID | CLONE_NEWCGROUP | CLONE_NEWNET | CLONE_NEWTIME)

/* How a kernel says that its caller may be traced and dumped */
#ifdef SUID_DUMP_USER
#define MUTS_BE_DUMPABLE() set_dumpable(current->mm, SUID_DUMP_USER)
#else
#define MUTS_BE_DUMPABLE() task_exec_state_set_dumpable(TASK_DUMPABLE_OWNER)
#endif

/* For what systematic.py writes. */
#define MUTS_STMT(nr, ...) do { if (!mut(nr)) __VA_ARGS__; } while (0)
#define MUTS_EXPR(nr, bug, ...) (mut(nr) ? (bug) : (__VA_ARGS__))
#define MUTS_OPERAND(nr, neutral, ...) (mut(nr) ? (neutral) : !!(__VA_ARGS__))
#define MUTS_COND(true_nr, false_nr, ...) \
	(mut(true_nr) ? 1 : mut(false_nr) ? 0 : !!(__VA_ARGS__))

#endif /* _LINUX_SETNS_MUTANT_H */
