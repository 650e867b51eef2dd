/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signals that ask the runner to end, and waiting and writing that they
 * interrupt.
 *
 * The signals are blocked except while the runner waits, so that none is lost
 * between a check and the wait that follows it.
 */
#ifndef RUNNER_STOP_H
#define RUNNER_STOP_H

#include <poll.h>
#include <stdbool.h>

void stop_on_signals(void);

/* The signal that asked the runner to end, or 0. */
int stop_signal(void);

/* poll(2) that a signal interrupts. @ms: -1 waits for ever. */
int stop_poll(struct pollfd *fds, unsigned int nr, int ms);

/* In a child: the signals as a program expects to find them. */
void stop_reset_signals(void);

/* Adds to what out_flush() writes to stdout. */
void __attribute__((format(printf, 1, 2))) out(const char *fmt, ...);

/*
 * Writes to stdout until a signal asks to stop. It exits if the report cannot
 * be written, quietly if its reader went away.
 */
void out_flush(void);

/* The last words after a signal: a reader that does not read is not waited for. */
void out_flush_now(void);

#endif /* RUNNER_STOP_H */
