// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "state_test.h"
#include "state_want.h"

struct place place_of(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	char name[64], line[128];
	struct place place = { 0 };
	struct stat st;
	FILE *info;

	step(path, fd);
	step(path, fstat(fd, &st));
	place.dev = (unsigned long long)major(st.st_dev) << 32 |
		    minor(st.st_dev);
	place.ino = st.st_ino;
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	info = fopen(name, "re");
	while (info && fgets(line, sizeof(line), info))
		if (sscanf(line, "mnt_id: %llu", &place.mount) == 1)
			break;
	if (!info || !place.mount)
		fail("%s: no mount id in %s", path, name);
	fclose(info);
	close(fd);
	return place;
}

void want_place(const char *name, const struct place *was,
		const struct place *is)
{
	if (was->dev != is->dev)
		want_change("device of the %s is %#llx, expected %#llx", name,
			    is->dev, was->dev);
	if (was->ino != is->ino)
		want_change("inode of the %s is %llu, expected %llu", name,
			    is->ino, was->ino);
	if (was->mount != is->mount)
		want_change("mount id of the %s is %llu, expected %llu", name,
			    is->mount, was->mount);
}

static struct __user_cap_header_struct header = {
	.version = _LINUX_CAPABILITY_VERSION_3,
};

struct caps caps_get(void)
{
	struct __user_cap_data_struct data[2];

	step("capget()", syscall(SYS_capget, &header, data));
	return (struct caps) {
		.effective = (__u64)data[1].effective << 32 | data[0].effective,
		.permitted = (__u64)data[1].permitted << 32 | data[0].permitted,
		.inheritable = (__u64)data[1].inheritable << 32 |
			       data[0].inheritable,
	};
}

void set_caps(const struct caps *caps)
{
	struct __user_cap_data_struct data[2] = {
		{ caps->effective, caps->permitted, caps->inheritable },
		{ caps->effective >> 32, caps->permitted >> 32,
		  caps->inheritable >> 32 },
	};

	step("capset()", syscall(SYS_capset, &header, data));
}

unsigned long long link_ino(const char *link)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", link);
	return stat(path, &st) ? 0 : st.st_ino;
}

void want_link(const char *link, unsigned long long was)
{
	unsigned long long is = link_ino(link);

	if (is == was)
		fail("the namespace %s stayed what it was", link);
	want_change("namespace %s is [%llu], expected [%llu]", link, is, was);
}

void want_child(const char *type, unsigned long long was,
		unsigned long long is)
{
	want_change("namespace %s of a child forked afterwards is [%llu], expected [%llu]",
		    type, is, was);
}

char *own_file(const char *name)
{
	size_t size = 1 << 16, len;
	char path[64], *text = calloc(1, size);
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	file = fopen(path, "re");
	if (!text || !file)
		fail("cannot read %s", path);
	len = fread(text, 1, size - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

/* A line is cut off where what a state keeps of the text ends. */
static int line_length(const char *text, size_t start)
{
	size_t len = strcspn(text + start, "\n");

	if (start + len > STATE_TEXT_HEAD - 1)
		len = STATE_TEXT_HEAD - 1 - start;
	return len;
}

void want_text(const char *name, const char *was, const char *is)
{
	size_t start = 0;

	for (size_t i = 0; was[i] == is[i] && was[i]; i++)
		if (was[i] == '\n')
			start = i + 1;
	if (start >= STATE_TEXT_HEAD - 1 ||
	    !strncmp(was, is, STATE_TEXT_HEAD - 1))
		want_change("%s is %zu bytes long, expected %zu, with the same beginning",
			    name, strlen(is), strlen(was));
	else
		want_change("%s is \"%.*s\", expected \"%.*s\"", name,
			    line_length(is, start), is + start,
			    line_length(was, start), was + start);
}

unsigned long long sysctl_number(const char *path)
{
	char name[96];
	unsigned long long number;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/sys/%s", path);
	file = fopen(name, "re");
	if (!file || fscanf(file, "%llu", &number) != 1)
		fail("cannot read %s", name);
	fclose(file);
	return number;
}

void write_own(const char *name, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	step(path, fd);
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail("%s: %s", path, strerror(errno));
	close(fd);
}

void unshare_userns(void)
{
	if (!unshare(CLONE_NEWUSER))
		return;
	if (errno == EINVAL || errno == EPERM || errno == ENOSPC)
		skip("no user namespaces: %s", strerror(errno));
	fail("unshare(CLONE_NEWUSER): %s", strerror(errno));
}
