// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "known_bugs.h"

struct version {
	unsigned int major, minor;
};

/* A bug's text, and the versions from @since on and before @until. */
static const struct {
	struct version since, until;
	const char *text;
} bugs[NR_KNOWN_BUGS] = {
	[BUG_MNT_SHARED_FS] = {
		{ 5, 8 }, { 7, 3 },
		"CLONE_NEWNS with another flag moves the root and working directory of the tasks that share them (CLONE_FS) in place of EINVAL: mntns_install() counts the users of the copy",
	},
	[BUG_MNT_BIND_ORDER] = {
		{ 6, 18 }, { 6, 19 },
		"a newer mount namespace made on another CPU may not be bind mounted (EINVAL): mnt_ns_loop() compares ids that are counted per CPU",
	},
	[BUG_USER_FAULT_ERRNO] = {
		{ 5, 14 }, { 99, 0 },
		"CLONE_NEWUSER gives EINVAL in place of ENOMEM where memory for the ucounts is short: userns_install() drops what set_cred_ucounts() returned",
	},
	[BUG_CRED_LEAK] = {
		{ 5, 8 }, { 99, 0 },
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
	return bugs[bug].text;
}
