// SPDX-License-Identifier: GPL-2.0
/*
 * The number of the living mutant: "setns_mutant=" on the command line, or
 * /sys/module/kernel/parameters/setns_mutant at run time. 0: none.
 */
#include <linux/moduleparam.h>
#include <linux/setns_mutant.h>

unsigned int setns_mutant;

core_param(setns_mutant, setns_mutant, uint, 0600);
