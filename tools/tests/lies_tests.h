/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tests that notice lies, as globs of FIXTURE.VARIANT.TEST. When a test gets
 * another name, this is the only place to change.
 */
#ifndef SETNS_LIES_TESTS_H
#define SETNS_LIES_TESTS_H

#define ACTIVE_NAMESPACES \
	"pidfd_target.root.attaches_to_active_namespaces_*"
#define BY_BIND_MOUNT \
	"nsfd_setns_source.root_bind_mount.*"
#define CALLER_NOT_LEADER \
	"pidfd_equals_nsfd.caller_is_not_the_leader.*"
#define CAPABILITIES_OF_NEW_USERNS \
	"setns_caller.by_pidfd.capabilities_are_*"
#define DEAD_PID_NAMESPACE \
	"pidfd_target.root.attaches_to_a_dead_pid_namespace_*"
#define DEAD_TARGET_INVALID_FLAGS \
	"pidfd_target.root.refuses_invalid_flags_with_einval_*"
#define EVERY_SET_BY_PRIVILEGE \
	"setns_access.pidfd_of_own_target.*"
#define EVERY_SUBSET \
	"pidfd_setns_nested.root.attaches_to_every_subset_*"
#define EVERY_SUBSET_AND_BACK \
	"pidfd_setns.root.every_subset_*"
#define FAILS_AT_MNT \
	"setns_atomic.*refuses_exactly_the_sets_with_mnt"
#define FAILS_AT_PID \
	"setns_atomic.*refuses_exactly_the_sets_with_a_sibling_pidns"
#define INVALID_ARGUMENTS_FIRST \
	"setns_refusal.root.refuses_arguments_before_capabilities"
#define NEEDED_CAPABILITIES \
	"setns_access.pidfd_of_own_target.* setns_access.nsfd_of_own_target.*"
#define NEEDED_CAPABILITIES_BY_NSFD \
	"setns_access.nsfd_of_own_target.*"
#define NOTHING_BUT_THE_PIDFD \
	"pidfd_setns.root.needs_nothing_but_the_pidfd"
#define NO_UNDO_ON_FAILURE \
	"setns_effect.by_pidfd.refused_calls_run_no_semaphore_undo"
#define NO_USABLE_FILE \
	"setns_refusal.root.refuses_numbers_*"
#define NSFD_INVALID_BITS \
	"nsfd_setns.root.refuses_every_invalid_bit"
#define NSFD_OF_DESCENDANT \
	"nsfd_setns.root.attaches_to_a_descendant_*"
#define NSFD_OTHER_SETS \
	"nsfd_setns.root.refuses_every_set_of_flags_*"
#define NSFD_OUTLIVES_TARGET \
	"nsfd_setns.root.attaches_after_the_last_process_*"
#define NSFD_ZERO_FLAGS \
	"nsfd_setns_source.root_proc.*"
#define ODD_CREDENTIALS_BY_NSFD \
	"setns_caller.by_nsfd.odd_credentials_*"
#define ODD_CREDENTIALS_BY_PIDFD \
	"setns_caller.by_pidfd.odd_credentials_*"
#define OTHER_FILES \
	"setns_refusal.root.refuses_files_*"
#define OTHER_THREADS \
	"pidfd_equals_nsfd.other_thread.*"
#define PIDFD_INVALID_BITS \
	"pidfd_setns.root.refuses_every_invalid_bit_with_*"
#define PIDFD_MANY_INVALID_BITS \
	"pidfd_setns.root.refuses_many_invalid_bits_*"
#define PIDFD_NONBLOCK_WORKS \
	"pidfd_target.root.attaches_by_a_nonblocking_pidfd"
#define PRIVILEGED \
	"pidfd_equals_nsfd.root.*"
#define REAL_IDS_LOOK \
	"setns_refusal_ids.real_root.*real_uid_*"
#define REAPED \
	"pidfd_target.root.refuses_a_reaped_target_whose_nsfds_*"
#define RECYCLED_PID \
	"pidfd_target.root.refuses_a_reaped_target_whose_pid_*"
#define ROOT_OF_OWN_USERNS \
	"pidfd_equals_nsfd.userns_root.*"
#define SHARED_FS \
	"pidfd_equals_nsfd.shared_fs.*"
#define SHARED_MEMORY \
	"pidfd_equals_nsfd.shared_memory.*"
#define SOCKETS_BY_NSFD \
	"setns_effect.by_nsfd.sockets_*"
#define SOCKETS_BY_PIDFD \
	"setns_effect.by_pidfd.sockets_*"
#define TARGET_IN_ANCESTOR_USERNS \
	"pidfd_equals_nsfd.target_in_ancestor_userns.*"
#define TARGET_IS_CALLER \
	"pidfd_equals_nsfd.target_is_caller.*"
#define TARGET_IS_KERNEL_THREAD \
	"pidfd_equals_nsfd.target_is_kernel_thread.*"
#define TARGET_OF_ANOTHER_UID \
	"setns_access.pidfd_of_another_uids_target.*"
#define THREAD_OF_ITS_OWN \
	"pidfd_target.root.attaches_to_every_subset_of_a_thread_*"
#define UNDO_BY_OWN_IPC \
	"setns_effect.*.attaching_to_the_own_ipc_namespace_*"
#define UNDO_BY_OWN_IPC_NSFD \
	"setns_effect.by_nsfd.attaching_to_the_own_ipc_namespace_*"
#define UNDO_ON_LEAVING \
	"setns_effect.*.leaving_an_ipc_namespace_*"
#define UNDO_ON_LEAVING_BY_PIDFD \
	"setns_effect.by_pidfd.leaving_other_namespaces_*"
#define WITHOUT_CAPABILITIES \
	"pidfd_equals_nsfd.without_capabilities.*"
#define ZERO_FLAGS \
	"pidfd_setns.root.refuses_zero_flags"
#define ZOMBIE \
	"pidfd_target.root.refuses_a_zombie_whose_nsfds_*"

#endif /* SETNS_LIES_TESTS_H */
