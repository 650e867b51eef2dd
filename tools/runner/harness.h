/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the kselftest harness chooses among the tests of a program.
 *
 * Since Linux 6.3 a program that is built with the harness knows -l, which
 * lists its tests, and -r FIXTURE[.VARIANT].TEST, which runs one of them and may
 * be repeated. Before, it ignores its arguments and runs all tests, so it must
 * not be asked: whether it knows them is seen from its file.
 */
#ifndef RUNNER_HARNESS_H
#define RUNNER_HARNESS_H

#include "options.h"
#include "program.h"

/* Sets @p->has_options, and @p->names where these are needed. */
void harness_probe(struct program *p, const struct options *o);

/*
 * harness_choose() - sets what of a program to run
 *
 * Returns false if that is nothing, and nothing is to be said of it.
 */
bool harness_choose(struct program *p, const struct options *o);

/* The command line. The caller frees the array, not the strings. */
char **harness_arguments(const struct program *p);

#endif /* RUNNER_HARNESS_H */
