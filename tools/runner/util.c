// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

void __noreturn trouble(const char *fmt, ...)
{
	va_list args;

	fputs("runner: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_TROUBLE);
}

void *xrealloc(void *old, size_t size)
{
	void *new = realloc(old, size);

	if (!new)
		trouble("out of memory");
	return new;
}

void *xzalloc(size_t size)
{
	return memset(xrealloc(NULL, size), 0, size);
}

char *xstrndup(const char *s, size_t len)
{
	char *copy = xrealloc(NULL, len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

static char *vformat(const char *fmt, va_list args)
{
	char *s;

	if (vasprintf(&s, fmt, args) < 0)
		trouble("out of memory");
	return s;
}

char *format(const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	s = vformat(fmt, args);
	va_end(args);
	return s;
}

void text_add_bytes(struct text *text, const void *bytes, size_t len)
{
	if (text->len + len + 1 > text->size) {
		text->size = 2 * (text->len + len + 1);
		text->bytes = xrealloc(text->bytes, text->size);
	}
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
	text->bytes[text->len] = '\0';
}

void text_add(struct text *text, const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	s = vformat(fmt, args);
	va_end(args);
	text_add_bytes(text, s, strlen(s));
	free(s);
}

/* Drops the first @len bytes. */
void text_cut(struct text *text, size_t len)
{
	if (!len)
		return;
	text->len -= len;
	memmove(text->bytes, text->bytes + len, text->len + 1);
}

void text_free(struct text *text)
{
	free(text->bytes);
	*text = (struct text) { 0 };
}

void list_add(struct list *list, char *item)
{
	/* Grow only at powers of two, where the old size is used up. */
	if (!(list->nr & (list->nr - 1)))
		list->items = xrealloc(list->items, (list->nr ? 2 * list->nr : 1) *
				       sizeof(*list->items));
	list->items[list->nr++] = item;
}

void list_addf(struct list *list, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	list_add(list, vformat(fmt, args));
	va_end(args);
}

/* Appends the strings of @from, which is then empty. */
void list_move(struct list *to, struct list *from)
{
	for (unsigned int i = 0; i < from->nr; i++)
		list_add(to, from->items[i]);
	free(from->items);
	*from = (struct list) { 0 };
}

void list_free(struct list *list)
{
	for (unsigned int i = 0; i < list->nr; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct list) { 0 };
}

bool list_has(const struct list *list, const char *item)
{
	for (unsigned int i = 0; i < list->nr; i++)
		if (!strcmp(list->items[i], item))
			return true;
	return false;
}

char *read_file(const char *path, size_t *len)
{
	struct text text = { 0 };
	char buffer[8192];
	ssize_t got;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		text_add_bytes(&text, buffer, got);
	close(fd);
	if (got < 0) {
		text_free(&text);
		return NULL;
	}
	text_add_bytes(&text, "", 0);
	if (len)
		*len = text.len;
	return text.bytes;
}

static bool write_all(int fd, const struct text *text)
{
	size_t done = 0;

	while (done < text->len) {
		ssize_t n = write(fd, text->bytes + done, text->len - done);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			done += n;
	}
	return true;
}

/* Devices and pipes cannot be replaced, only written to. */
static bool write_in_place(const char *path, const struct text *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	bool written;

	if (fd < 0)
		return false;
	written = write_all(fd, text);
	return !close(fd) && written;
}

bool write_file(const char *path, const struct text *text)
{
	bool written = false;
	struct stat st;
	char *new;
	int fd;

	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return write_in_place(path, text);
	new = format("%s.%d.new", path, (int)getpid());
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd >= 0) {
		written = write_all(fd, text);
		written = !close(fd) && written && !rename(new, path);
		if (!written) {
			int err = errno;

			unlink(new);
			errno = err;
		}
	}
	free(new);
	return written;
}

bool glob_matches(const char *glob, const char *name)
{
	return !fnmatch(glob, name, FNM_NOESCAPE);
}

bool starts_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

uint32_t utf8_next(const char **s)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)*s;
	unsigned int more, i;
	uint32_t c = *p;

	*s += 1;
	if (c < 0x80)
		return c;
	if (c >= 0xc2 && c < 0xe0)
		more = 1;
	else if (c >= 0xe0 && c < 0xf0)
		more = 2;
	else if (c >= 0xf0 && c < 0xf5)
		more = 3;
	else
		return 0xfffd;
	c &= 0x3f >> more;
	/* A NUL is no continuation, so this stays within the string. */
	for (i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0xfffd;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0xfffd;
	*s += more;
	return c;
}

void text_add_utf8(struct text *text, uint32_t c)
{
	char bytes[4];
	size_t len;

	if (c < 0x80) {
		bytes[0] = c;
		len = 1;
	} else if (c < 0x800) {
		bytes[0] = 0xc0 | c >> 6;
		len = 2;
	} else if (c < 0x10000) {
		bytes[0] = 0xe0 | c >> 12;
		len = 3;
	} else {
		bytes[0] = 0xf0 | c >> 18;
		len = 4;
	}
	for (size_t i = 1; i < len; i++)
		bytes[i] = 0x80 | (c >> 6 * (len - 1 - i) & 0x3f);
	text_add_bytes(text, bytes, len);
}
