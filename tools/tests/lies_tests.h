/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tests that notice lies, as globs of FIXTURE.VARIANT.TEST. When a test gets
 * another name, this is the only place to change.
 */
#ifndef SETNS_LIES_TESTS_H
#define SETNS_LIES_TESTS_H

#define ACTIVE_NAMESPACES \
	"pidfd_target.root.active_namespaces_*"
#define BY_BIND_MOUNT \
	"nsfd_setns.root.by_bind_mount"
#define CALLER_NOT_LEADER \
	"pidfd_equals_nsfd.caller_is_not_the_leader.*"
#define CAPABILITIES_OF_NEW_USERNS \
	"setns_effect.by_pidfd.capabilities_*"
#define DEAD_PID_NAMESPACE \
	"pidfd_target.root.dead_pid_namespace"
#define DEAD_TARGET_INVALID_FLAGS \
	"pidfd_target.root.invalid_flags_*"
#define EVERY_CAPABILITY_DROPPED \
	"setns_access.own_target.every_capability_dropped_*"
#define EVERY_DESCRIPTOR \
	"setns_descriptor.root.every_descriptor_*"
#define EVERY_SET_BY_PRIVILEGE \
	"setns_access.own_target.every_set_*"
#define EVERY_SUBSET \
	"pidfd_setns.root.attaches_to_every_subset_*"
#define FAILS_AT_MNT \
	"setns_atomic.no_cap_sys_chroot"
#define FAILS_AT_PID \
	"setns_atomic.pid_namespace_*"
#define INVALID_ARGUMENTS_FIRST \
	"setns_access.own_target.invalid_arguments_*"
#define NOTHING_BUT_THE_PIDFD \
	"pidfd_setns.root.needs_nothing_but_the_pidfd"
#define NO_UNDO_ON_FAILURE \
	"setns_effect.by_pidfd.semaphore_undo_is_not_run_*"
#define NSFD_INVALID_BITS \
	"nsfd_setns.root.every_invalid_bit_*"
#define NSFD_OF_DESCENDANT \
	"nsfd_setns.root.of_a_descendant_*"
#define NSFD_OTHER_SETS \
	"nsfd_setns.root.every_other_set_*"
#define NSFD_OUTLIVES_TARGET \
	"nsfd_setns.root.outlives_*"
#define NSFD_ZERO_FLAGS \
	"setns_descriptor.root.a_namespace_by_its_owner_alone"
#define ODD_CREDENTIALS_BY_NSFD \
	"setns_effect.by_nsfd.odd_credentials_*"
#define ODD_CREDENTIALS_BY_PIDFD \
	"setns_effect.by_pidfd.odd_credentials_*"
#define OTHER_THREADS \
	"pidfd_equals_nsfd.other_threads.*"
#define PIDFD_INVALID_BITS \
	"pidfd_setns.root.refuses_every_invalid_bit_*"
#define PIDFD_MANY_INVALID_BITS \
	"pidfd_setns.root.refuses_many_invalid_bits_*"
#define PIDFD_NONBLOCK_WORKS \
	"pidfd_target.root.pidfd_nonblocking_*"
#define PRIVILEGED \
	"pidfd_equals_nsfd.privileged.*"
#define REAL_IDS_LOOK \
	"setns_access_ids.real_root.real_ones_look_at_the_target"
#define REAPED \
	"pidfd_target.root.reaped"
#define RECYCLED_PID \
	"pidfd_target.root.recycled_pid"
#define ROOT_OF_OWN_USERNS \
	"pidfd_equals_nsfd.root_of_own_userns.*"
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
	"setns_access.target_of_another_uid.every_set_*"
#define THREAD_OF_ITS_OWN \
	"pidfd_target.root.thread_with_*"
#define UNDO_BY_OWN_IPC \
	"setns_effect.*.semaphore_undo_is_run_by_attaching_to_the_own"
#define UNDO_BY_OWN_IPC_NSFD \
	"setns_effect.by_nsfd.semaphore_undo_is_run_by_attaching_to_the_own"
#define UNDO_ON_LEAVING \
	"setns_effect.*.semaphore_undo_is_run_on_leaving"
#define UNDO_ON_LEAVING_BY_PIDFD \
	"setns_effect.by_pidfd.semaphore_undo_is_run_on_leaving"
#define WITHOUT_CAPABILITIES \
	"pidfd_equals_nsfd.without_capabilities.*"
#define ZERO_FLAGS \
	"pidfd_setns.root.refuses_zero_flags"
#define ZOMBIE \
	"pidfd_target.root.zombie"

#endif /* SETNS_LIES_TESTS_H */
