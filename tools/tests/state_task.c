// SPDX-License-Identifier: GPL-2.0
/* Changes of a task: directories, credentials, attributes, see state_test.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "state_test.h"
#include "state_want.h"

/* Directories a and b of a tmpfs, which is the working directory. */
static void directories(void)
{
	step("unshare(CLONE_NEWNS)", unshare(CLONE_NEWNS));
	step("private mounts", mount("none", "/", NULL, MS_REC | MS_PRIVATE,
				     NULL));
	step("mount()", mount("one", directory, "tmpfs", 0, "size=64k"));
	step("chdir()", chdir(directory));
	step("mkdir(a)", mkdir("a", 0755));
	step("mkdir(b)", mkdir("b", 0755));
}

static void root_inode(void)
{
	struct place a, b;

	directories();
	a = place_of("a");
	b = place_of("b");
	step("chroot(a)", chroot("a"));
	begin();
	step("chroot(b)", chroot("b"));
	want_change("inode of the root directory is %llu, expected %llu",
		    b.ino, a.ino);
	end();
}

/* A bind mount of a directory is this directory on another mount. */
static void root_mount(void)
{
	struct place a, b;

	directories();
	a = place_of("a");
	step("mount(MS_BIND)", mount("a", "b", NULL, MS_BIND, NULL));
	b = place_of("b");
	step("chroot(a)", chroot("a"));
	begin();
	step("chroot(b)", chroot("b"));
	want_change("mount id of the root directory is %llu, expected %llu",
		    b.mount, a.mount);
	end();
}

/* The roots of two tmpfs have the same inode number. */
static void root_device(void)
{
	struct place a, b;

	directories();
	step("mount(a)", mount("two", "a", "tmpfs", 0, "size=64k"));
	step("mount(b)", mount("three", "b", "tmpfs", 0, "size=64k"));
	a = place_of("a");
	b = place_of("b");
	step("chroot(a)", chroot("a"));
	begin();
	step("chroot(b)", chroot("b"));
	if (a.dev == b.dev || a.mount == b.mount)
		fail("two tmpfs have one device or one mount id");
	want_place("root directory", &a, &b);
	end();
}

static void cwd_inode(void)
{
	struct place a, b;

	directories();
	a = place_of("a");
	b = place_of("b");
	step("chdir(a)", chdir("a"));
	begin();
	step("chdir(b)", chdir("../b"));
	want_change("inode of the working directory is %llu, expected %llu",
		    b.ino, a.ino);
	end();
}

static void cwd_mount(void)
{
	struct place a, b;

	directories();
	a = place_of("a");
	step("mount(MS_BIND)", mount("a", "b", NULL, MS_BIND, NULL));
	b = place_of("b");
	step("chdir(a)", chdir("a"));
	begin();
	step("chdir(b)", chdir("../b"));
	want_change("mount id of the working directory is %llu, expected %llu",
		    b.mount, a.mount);
	end();
}

static void cwd_device(void)
{
	struct place a, b;

	directories();
	step("mount(a)", mount("two", "a", "tmpfs", 0, "size=64k"));
	step("mount(b)", mount("three", "b", "tmpfs", 0, "size=64k"));
	a = place_of("a");
	b = place_of("b");
	step("chdir(a)", chdir("a"));
	begin();
	step("chdir(b)", chdir("../b"));
	if (a.dev == b.dev || a.mount == b.mount)
		fail("two tmpfs have one device or one mount id");
	want_place("working directory", &a, &b);
	end();
}

/*
 * Ids change alone: the capabilities stay, and the dumpable attribute and the
 * parent-death signal are already what a change of ids makes of them.
 */
static void calm_ids(void)
{
	step("PR_SET_SECUREBITS", prctl(PR_SET_SECUREBITS,
					SECBIT_NO_SETUID_FIXUP, 0, 0, 0));
	step("seteuid(1)", syscall(SYS_setresuid, -1, 1, -1));
	step("seteuid(0)", syscall(SYS_setresuid, -1, 0, -1));
}

static void real_uid(void)
{
	calm_ids();
	begin();
	step("setresuid()", syscall(SYS_setresuid, 7, -1, -1));
	want_change("real uid is 7, expected 0");
	end();
}

/* The filesystem uid follows the effective one, so it is the same before. */
static void effective_uid(void)
{
	calm_ids();
	setfsuid(7);
	begin();
	step("setresuid()", syscall(SYS_setresuid, -1, 7, -1));
	want_change("effective uid is 7, expected 0");
	end();
}

static void effective_and_filesystem_uid(void)
{
	calm_ids();
	begin();
	step("setresuid()", syscall(SYS_setresuid, -1, 7, -1));
	want_change("effective uid is 7, expected 0");
	want_change("filesystem uid is 7, expected 0");
	end();
}

static void saved_uid(void)
{
	calm_ids();
	begin();
	step("setresuid()", syscall(SYS_setresuid, -1, -1, 7));
	want_change("saved uid is 7, expected 0");
	end();
}

static void filesystem_uid(void)
{
	calm_ids();
	begin();
	setfsuid(7);
	want_change("filesystem uid is 7, expected 0");
	end();
}

static void real_gid(void)
{
	calm_ids();
	begin();
	step("setresgid()", syscall(SYS_setresgid, 7, -1, -1));
	want_change("real gid is 7, expected 0");
	end();
}

static void effective_gid(void)
{
	calm_ids();
	setfsgid(7);
	begin();
	step("setresgid()", syscall(SYS_setresgid, -1, 7, -1));
	want_change("effective gid is 7, expected 0");
	end();
}

static void saved_gid(void)
{
	calm_ids();
	begin();
	step("setresgid()", syscall(SYS_setresgid, -1, -1, 7));
	want_change("saved gid is 7, expected 0");
	end();
}

static void filesystem_gid(void)
{
	calm_ids();
	begin();
	setfsgid(7);
	want_change("filesystem gid is 7, expected 0");
	end();
}

/* setuid() of root: all uids, and with them the capabilities */
static void all_uids_and_capabilities(void)
{
	struct caps c = caps_get();

	step("seteuid(1)", syscall(SYS_setresuid, -1, 1, -1));
	step("seteuid(0)", syscall(SYS_setresuid, -1, 0, -1));
	begin();
	step("setresuid()", syscall(SYS_setresuid, 7, 7, 7));
	want_change("real uid is 7, expected 0");
	want_change("effective uid is 7, expected 0");
	want_change("saved uid is 7, expected 0");
	want_change("filesystem uid is 7, expected 0");
	want_change("permitted capabilities is 0, expected %#llx", c.permitted);
	want_change("effective capabilities is 0, expected %#llx", c.effective);
	end();
}

/* The capability that changes */
#define BOOT	((__u64)1 << CAP_SYS_BOOT)

static void permitted_capability(void)
{
	struct caps c = caps_get();

	c.effective &= ~BOOT;
	set_caps(&c);
	begin();
	c.permitted &= ~BOOT;
	set_caps(&c);
	want_change("permitted capabilities is %#llx, expected %#llx",
		    c.permitted, c.permitted | BOOT);
	end();
}

static void effective_capability(void)
{
	struct caps c = caps_get();

	begin();
	c.effective &= ~BOOT;
	set_caps(&c);
	want_change("effective capabilities is %#llx, expected %#llx",
		    c.effective, c.effective | BOOT);
	end();
}

static void inheritable_capability(void)
{
	struct caps c = caps_get();

	c.inheritable = 0;
	set_caps(&c);
	begin();
	c.inheritable = BOOT;
	set_caps(&c);
	want_change("inheritable capabilities is %#llx, expected 0",
		    (unsigned long long)BOOT);
	end();
}

static void bounding_capability(void)
{
	unsigned long long all = 0;

	for (int cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			all |= 1ULL << cap;
	begin();
	step("PR_CAPBSET_DROP", prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT, 0, 0, 0));
	want_change("bounding set of capabilities is %#llx, expected %#llx",
		    all & ~BOOT, all);
	end();
}

static void ambient_capability(void)
{
	struct caps c = caps_get();

	c.inheritable = BOOT;
	set_caps(&c);
	begin();
	step("PR_CAP_AMBIENT_RAISE",
	     prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_BOOT, 0, 0));
	want_change("ambient capabilities is %#llx, expected 0",
		    (unsigned long long)BOOT);
	end();
}

static void all_securebits(void)
{
	begin();
	step("PR_SET_SECUREBITS", prctl(PR_SET_SECUREBITS, SECBIT_NOROOT, 0, 0,
					0));
	want_change("securebits is 0x1, expected 0");
	end();
}

static void set_no_new_privs(void)
{
	begin();
	step("PR_SET_NO_NEW_PRIVS", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	want_change("no_new_privs is 1, expected 0");
	end();
}

static void clear_dumpable(void)
{
	step("PR_SET_DUMPABLE", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	begin();
	step("PR_SET_DUMPABLE", prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	want_change("dumpable attribute is 0, expected 1");
	end();
}

static void parent_death_signal(void)
{
	step("PR_SET_PDEATHSIG", prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	begin();
	step("PR_SET_PDEATHSIG", prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0));
	want_change("parent-death signal is %d, expected %d", SIGTERM, SIGKILL);
	end();
}

static void file_mode_mask(void)
{
	umask(022);
	begin();
	umask(077);
	want_change("umask is 077, expected 022");
	end();
}

static void lowest_descriptor(void)
{
	int lowest = dup(0), next = dup(0);

	close(lowest);
	close(next);
	begin();
	step("dup()", dup(0));
	want_change("lowest free descriptor is %d, expected %d", next, lowest);
	end();
}

static void number_of_groups(void)
{
	step("setgroups()", setgroups(0, NULL));
	begin();
	step("setgroups()", setgroups(2, (const gid_t[]) { 3, 4 }));
	want_change("the number of supplementary groups is 2, expected 0");
	end();
}

static void groups(void)
{
	step("setgroups()", setgroups(3, (const gid_t[]) { 3, 4, 9 }));
	begin();
	step("setgroups()", setgroups(3, (const gid_t[]) { 3, 5, 9 }));
	want_change("supplementary group 1 is 5, expected 4");
	end();
}

/* The number counts, and of the groups those that a state has a place for. */
static void more_groups_than_are_compared(void)
{
	gid_t many[3 * STATE_GROUPS];

	for (unsigned int i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = 1000 + i;
	step("setgroups()", setgroups(ARRAY_SIZE(many) - 1, many));
	begin();
	many[0] = 3;
	step("setgroups()", setgroups(ARRAY_SIZE(many), many));
	want_change("the number of supplementary groups is %zu, expected %zu",
		    ARRAY_SIZE(many), ARRAY_SIZE(many) - 1);
	end();
}

const struct change task_changes[] = {
	{ "chroot(2) to another directory", root_inode },
	{ "chroot(2) to a bind mount of the root", root_mount },
	{ "chroot(2) to another filesystem", root_device },
	{ "chdir(2) to another directory", cwd_inode },
	{ "chdir(2) to a bind mount of the directory", cwd_mount },
	{ "chdir(2) to another filesystem", cwd_device },
	{ "the real uid", real_uid },
	{ "the effective uid", effective_uid },
	{ "the effective uid, which the filesystem uid follows",
	  effective_and_filesystem_uid },
	{ "the saved uid", saved_uid },
	{ "the filesystem uid", filesystem_uid },
	{ "the real gid", real_gid },
	{ "the effective gid", effective_gid },
	{ "the saved gid", saved_gid },
	{ "the filesystem gid", filesystem_gid },
	{ "all uids of root, and so its capabilities",
	  all_uids_and_capabilities },
	{ "a permitted capability", permitted_capability },
	{ "an effective capability", effective_capability },
	{ "an inheritable capability", inheritable_capability },
	{ "a capability of the bounding set", bounding_capability },
	{ "an ambient capability", ambient_capability },
	{ "securebits", all_securebits },
	{ "no_new_privs", set_no_new_privs },
	{ "the dumpable attribute", clear_dumpable },
	{ "the parent-death signal", parent_death_signal },
	{ "the umask", file_mode_mask },
	{ "a descriptor", lowest_descriptor },
	{ "the number of groups", number_of_groups },
	{ "a group", groups },
	{ "more groups than are compared", more_groups_than_are_compared },
	{ NULL, NULL },
};
