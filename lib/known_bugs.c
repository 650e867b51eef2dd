// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "known_bugs.h"

struct version {
	unsigned int major, minor;
};

/*
 * A bug's text, the line that shows it, and the versions from @since on and
 * before @until.  Where none has a fix, @until is after the last one looked at.
 */
static const struct {
	struct version since, until;
	const char *where;
	const char *text;
} bugs[NR_KNOWN_BUGS] = {
	[BUG_MNT_SHARED_FS] = {
		/* With 303cc571d107 ("nsproxy: attach to namespaces via pidfds") */
		{ 5, 8 }, { 7, 3 }, "fs/namespace.c:5861 of 6.12.95",
		"CLONE_NEWNS with another flag moves the root and working directory of the tasks that share them (CLONE_FS) in place of EINVAL: mntns_install() counts the users of the copy",
	},
	[BUG_MNT_BIND_ORDER] = {
		{ 6, 18 }, { 6, 19 }, "fs/namespace.c: mnt_ns_loop() of 6.18",
		"a newer mount namespace made on another CPU may not be bind mounted (EINVAL): mnt_ns_loop() compares ids that are counted per CPU",
	},
	[BUG_USER_FAULT_ERRNO] = {
		{ 5, 14 }, { 7, 4 }, "kernel/user_namespace.c:1377 of 7.3.4",
		"CLONE_NEWUSER gives EINVAL in place of ENOMEM where memory for the ucounts is short: userns_install() drops what set_cred_ucounts() returned",
	},
	[BUG_CRED_LEAK] = {
		{ 5, 8 }, { 7, 4 }, "kernel/nsproxy.c:375 of 7.3.4",
		"CLONE_NEWUSER|CLONE_NEWNS leaks the new credentials where copy_fs_struct() fails: prepare_nsset() calls put_nsset() before it has set nsset->flags",
	},
};

static bool before(struct version a, struct version b)
{
	return a.major < b.major ||
	       (a.major == b.major && a.minor < b.minor);
}

/* 0.0 where the release reads like nothing known. */
static struct version running(void)
{
	struct version v = { 0, 0 };
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u", &v.major, &v.minor) != 2)
		v = (struct version) { 0, 0 };
	return v;
}

bool kernel_before(unsigned int major, unsigned int minor)
{
	return before(running(), (struct version) { major, minor });
}

bool known_bug_here(enum known_bug bug)
{
	const char *strict = getenv("SETNS_STRICT");
	struct version v = running();

	if (strict && *strict && *strict != '0')
		return false;
	return !before(v, bugs[bug].since) && before(v, bugs[bug].until);
}

const char *known_bug_text(enum known_bug bug)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s (%s)", bugs[bug].text,
		 bugs[bug].where);
	return text;
}
