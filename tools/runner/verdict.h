/* SPDX-License-Identifier: GPL-2.0 */
/* Judges a run of a program by its output and the way it ended. */
#ifndef RUNNER_VERDICT_H
#define RUNNER_VERDICT_H

#include "supervise.h"
#include "tap.h"

/* @ending: NULL if it is not known. @timeout: seconds, for the message. */
void verdict(struct tap *tap, const struct ending *ending, unsigned int timeout);

#endif /* RUNNER_VERDICT_H */
