/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is measured.  Each fills a series, whose name, text and rounds are
 * given, for the target's @types.
 */
#ifndef SETNS_MEASURES_H
#define SETNS_MEASURES_H

#include "ways.h"

/* Attaches of one process again and again, to all but the user namespace. */
void measure_repeated(struct series *s, ns_set types);

/* Attaches of a child each, from the user namespace on. */
void measure_fresh(struct series *s, ns_set types);

/* Calls that are refused, against one that is granted. */
void measure_refusals(struct series *s, ns_set types);

/* Many at once. */
void measure_attachers(struct series *s, ns_set types);

/* Many mounts in the namespace that is attached to. */
void measure_mounts(struct series *s, ns_set types);

#endif /* SETNS_MEASURES_H */
