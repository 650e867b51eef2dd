/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a lying setns(2) is made of.  A lie is told on the calls for which its
 * @when holds; on any other the truth is told, which is the kernel's own.
 */
#ifndef SETNS_LIES_H
#define SETNS_LIES_H

#include <stdbool.h>
#include <sys/sem.h>
#include <time.h>

#include "../../lib/namespaces.h"

struct lie {
	const char *name;
	const char *what;
	const char *tests;	/* globs of tests, each of which shall fail */
	const char *says;	/* what the line of the failing test has in it */
	bool (*when)(int fd, int flags);	/* NULL: always */
	int (*tell)(int fd, int flags);
	void (*deed)(int fd);			/* done by the way */
	int arg;	/* a flag, an errno or a capability */
	int other;	/* the errno told */
	bool each_type;	/* see lies_table.h */
};

/* The one that is told; never NULL where one of the functions below is run. */
extern const struct lie *lie;

/* setns(2) as it is. */
int truth(int fd, int flags);

/* The type of an nsfd, or 0; whether it is a pidfd, and the pid it stands for. */
int nsfd_type(int fd);
bool by_pidfd(int fd, int flags);
int pid_of(int fd);
int leader_of(int pid);

bool in_first_utsns(void);

/* Gives a descriptor a number that tests do not look at; -1 for -1. */
int aside(int fd);

/* The pid that a pidfd was opened for, be it alive or not; 0 if unknown. */
int opened_for(int fd);

/* What the caller owes to a semaphore, if anything. */
extern struct owed {
	int sem;
	struct sembuf op;
} owed;

/* Has other calls tell what they would tell after the attach. */
void show_namespace(int fd);
void hide_time_offsets(const struct timespec before[2]);
void show_hostname(int nsfd);
void keep_children_in(int nsfd);

/* When */
bool has_capability(int cap);
bool by_nsfd(int fd, int flags);
bool nsfd_of_arg(int fd, int flags);
bool without_mnt(int fd, int flags);
bool arg_alone(int fd, int flags);
bool two_types(int fd, int flags);
bool three_types(int fd, int flags);
bool one_odd_set(int fd, int flags);
bool all_types(int fd, int flags);
bool pidfd_zero(int fd, int flags);
bool nsfd_zero(int fd, int flags);
bool second_call(int fd, int flags);
bool without_privilege(int fd, int flags);
bool in_another_userns(int fd, int flags);
bool lacks_arg(int fd, int flags);
bool nsfd_lacks_arg(int fd, int flags);
bool mnt_lacks_chroot(int fd, int flags);
bool lacks_admin_for_more_than_user(int fd, int flags);
bool ids_differ(int fd, int flags);
bool of_itself(int fd, int flags);
bool of_kernel_thread(int fd, int flags);
bool dead_with_invalid_flags(int fd, int flags);
bool nsfd_from_elsewhere(int fd, int flags);
bool nsfd_without_process(int fd, int flags);
bool same_namespace(int fd, int flags);
bool proc_directory(int fd, int flags);
bool self_sentinel(int fd, int flags);
bool closed_with_invalid_flags(int fd, int flags);
bool no_new_privs(int fd, int flags);
bool not_dumpable(int fd, int flags);
bool no_leader(int fd, int flags);
bool descriptor_zero(int fd, int flags);
bool nonblocking(int fd, int flags);
bool invalid_and_unprivileged(int fd, int flags);
bool mismatch_and_unprivileged(int fd, int flags);
bool grandchild(int fd, int flags);
bool userns_not_below(int fd, int flags);

/* Tell */
int answer(int fd, int flags);		/* @other, without a call */
int translate(int fd, int flags);	/* @other for errno @arg */
int ignore_flag(int fd, int flags);
int add_flag(int fd, int flags);
int attach_on_error(int fd, int flags);
int move_link_only(int fd, int flags);
int mask(int fd, int flags);		/* the bits @arg */
int attach_all(int fd, int flags);
int lowest_flag(int fd, int flags);
int any_flag(int fd, int flags);
int any_superset(int fd, int flags);
int one_by_one(int fd, int flags);
int sulk(int fd, int flags);
int unshare_fs_first(int fd, int flags);
int by_number(int fd, int flags);
int by_leader(int fd, int flags);
int into_children(int fd, int flags);
int to_parent(int fd, int flags);
int keep_root(int fd, int flags);
int keep_cwd(int fd, int flags);
int take_targets_root(int fd, int flags);
int take_targets_cwd(int fd, int flags);
int keep_capabilities(int fd, int flags);
int keep_bounding(int fd, int flags);
int keep_securebits(int fd, int flags);
int keep_guard(int fd, int flags);
int keep_vdso_clocks(int fd, int flags);
int leave_children(int fd, int flags);
int keep_semaphores(int fd, int flags);
int undo_always(int fd, int flags);
int move_sockets(int fd, int flags);
int only_itself_sees_it(int fd, int flags);
int then(int fd, int flags);	/* @deed after success with types of @arg */
int also_on_error(int fd, int flags);	/* @deed after errno @arg */

/* Deeds */
void deed_umask(int fd);
void deed_groups(int fd);
void deed_fsuid(int fd);
void deed_saved_gid(int fd);
void deed_dumpable(int fd);
void deed_pdeathsig(int fd);
void deed_no_new_privs(int fd);
void deed_securebits(int fd);
void deed_effective(int fd);
void deed_permitted(int fd);
void deed_inheritable(int fd);
void deed_ambient(int fd);
void deed_bounding(int fd);
void deed_no_capabilities(int fd);
void deed_hostname(int fd);
void deed_chdir(int fd);
void deed_close(int fd);
void deed_open(int fd);
void deed_die(int fd);
void deed_kill_target(int fd);
void deed_unshare_fs(int fd);

#endif /* SETNS_LIES_H */
