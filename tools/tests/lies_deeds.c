// SPDX-License-Identifier: GPL-2.0
/* What a lying call does by the way, see lies.h. */
#define _GNU_SOURCE
#include <grp.h>
#include <linux/securebits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "lies.h"

void deed_umask(int fd)
{
	(void)fd;
	umask(0777);
}

void deed_groups(int fd)
{
	(void)fd;
	setgroups(2, (gid_t[]) { 1, 2 });
}

void deed_fsuid(int fd)
{
	(void)fd;
	setfsuid(1);
}

void deed_saved_gid(int fd)
{
	(void)fd;
	setresgid(-1, -1, 1);
}

void deed_dumpable(int fd)
{
	(void)fd;
	prctl(PR_SET_DUMPABLE, !prctl(PR_GET_DUMPABLE));
}

void deed_pdeathsig(int fd)
{
	(void)fd;
	prctl(PR_SET_PDEATHSIG, 0);
}

void deed_no_new_privs(int fd)
{
	(void)fd;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void deed_securebits(int fd)
{
	(void)fd;
	prctl(PR_SET_SECUREBITS, SECBIT_NOROOT);
}

static void set_cap(cap_flag_t set, cap_value_t cap, cap_flag_value_t value)
{
	cap_t caps = cap_get_proc();

	cap_set_flag(caps, set, 1, &cap, value);
	cap_set_proc(caps);
	cap_free(caps);
}

void deed_effective(int fd)
{
	(void)fd;
	set_cap(CAP_EFFECTIVE, CAP_SYS_BOOT, CAP_CLEAR);
}

void deed_permitted(int fd)
{
	deed_effective(fd);
	set_cap(CAP_PERMITTED, CAP_SYS_BOOT, CAP_CLEAR);
}

void deed_inheritable(int fd)
{
	(void)fd;
	set_cap(CAP_INHERITABLE, CAP_SYS_BOOT, CAP_SET);
}

void deed_ambient(int fd)
{
	deed_inheritable(fd);
	cap_set_ambient(CAP_SYS_BOOT, CAP_SET);
}

void deed_bounding(int fd)
{
	(void)fd;
	cap_drop_bound(CAP_SYS_BOOT);
}

void deed_no_capabilities(int fd)
{
	cap_t none = cap_init();

	(void)fd;
	cap_set_proc(none);
	cap_free(none);
}

void deed_hostname(int fd)
{
	(void)fd;
	if (!in_first_utsns())
		sethostname("liar", 4);
}

void deed_chdir(int fd)
{
	(void)fd;
	if (chdir("/"))
		perror("lies: chdir");
}

void deed_close(int fd)
{
	close(fd);
}

void deed_open(int fd)
{
	fcntl(fd, F_DUPFD, 0);
}

void deed_die(int fd)
{
	(void)fd;
	raise(SIGSEGV);
}

void deed_kill_target(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	/*
	 * The next call has to meet a dead target, however busy the machine is.
	 * A kernel thread does not die.
	 */
	if (!of_kernel_thread(fd, 0) && !sys_pidfd_send_signal(fd, SIGKILL))
		poll(&p, 1, 10000);
}

void deed_unshare_fs(int fd)
{
	(void)fd;
	unshare(CLONE_FS);
}
