/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Growable text, lists of strings, and the way to give up.
 *
 * Memory that cannot be had ends the runner, so no caller checks for it.
 */
#ifndef RUNNER_UTIL_H
#define RUNNER_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __printf(a, b)	__attribute__((format(printf, a, b)))
#define __noreturn	__attribute__((noreturn))

/* Exit statuses, those of kselftest and one for the runner's own trouble. */
#define EXIT_PASSED	0
#define EXIT_FAILED	1
#define EXIT_TROUBLE	2
#define EXIT_SKIPPED	4

/* @bytes ends with a NUL that @len does not count. It is NULL if empty. */
struct text {
	char *bytes;
	size_t len, size;
};

void text_add_bytes(struct text *text, const void *bytes, size_t len);
void __printf(2, 3) text_add(struct text *text, const char *fmt, ...);
void text_cut(struct text *text, size_t len);
void text_free(struct text *text);

/* The list owns its strings. */
struct list {
	char **items;
	unsigned int nr;
};

void list_add(struct list *list, char *item);
void __printf(2, 3) list_addf(struct list *list, const char *fmt, ...);
void list_move(struct list *to, struct list *from);
void list_free(struct list *list);
bool list_has(const struct list *list, const char *item);

void *xrealloc(void *old, size_t size);
void *xzalloc(size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t len);
char * __printf(1, 2) format(const char *fmt, ...);

/* Says why on stderr, in one line, and exits with EXIT_TROUBLE. */
void __noreturn __printf(1, 2) trouble(const char *fmt, ...);

/* @len is of the whole file. NULL with errno if it cannot be read. */
char *read_file(const char *path, size_t *len);

/* Replaces the file as a whole. False with errno if that fails. */
bool write_file(const char *path, const struct text *text);

bool glob_matches(const char *glob, const char *name);

bool starts_with(const char *s, const char *prefix);

/* Seconds on a clock that never goes back. */
double now(void);

/*
 * utf8_next() - decodes one character
 * @s: advanced past it
 *
 * Returns the character, or 0xfffd for a byte that is not valid UTF-8.
 */
uint32_t utf8_next(const char **s);
void text_add_utf8(struct text *text, uint32_t c);

#endif /* RUNNER_UTIL_H */
