# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# To be sourced after tap.sh: what runs of the suite left behind on this machine.
# SETNS_MARK in the environment of a process tells that it belongs to a run.

# shellcheck disable=SC2154 # scratch is tap.sh's

mark=$$.$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')

# marked: the processes of a run that are alive
marked()
{
	# shellcheck disable=SC2013 # they have no blanks
	for environ in $(grep -alszFx "SETNS_MARK=$mark" /proc/[0-9]*/environ); do
		pid=${environ#/proc/}
		pid=${pid%/environ}
		# A process that is exiting does not count.
		grep -qs '^State:[[:space:]]*[ZX]' "/proc/$pid/status" || echo "$pid"
	done
}

# Waits for the processes to be gone, at most ten seconds: those that are not.
survivors()
{
	tries=200
	while [ -n "$(marked)" ] && [ $tries -gt 0 ]; do
		tries=$((tries - 1))
		sleep 0.05
	done
	for pid in $(marked); do
		echo "a process: $pid $(tr '\0' ' ' < "/proc/$pid/cmdline")"
		kill -KILL "$pid"
	done
}

# A namespace without processes, which something else holds.
held_namespaces()
{
	lsns -r -n -o NS,TYPE,NPROCS 2>/dev/null | awk '$3 == 0 { print "a namespace:", $2, $1 }'
}

# The sysctls that a setns test could come to change. Others count.
sysctls()
{
	grep -rs . /proc/sys/user /proc/sys/fs/mqueue /proc/sys/fs/suid_dumpable \
		/proc/sys/kernel/hostname /proc/sys/kernel/domainname \
		/proc/sys/kernel/sem /proc/sys/kernel/msg* /proc/sys/kernel/shm* \
		/proc/sys/kernel/core* /proc/sys/kernel/overflow* \
		/proc/sys/kernel/pid_max /proc/sys/kernel/yama
}

# all_there FILE: writes down what there is
all_there()
{
	{
		sed 's/^/a mount: /' /proc/self/mountinfo
		held_namespaces
		sysctls | sed 's/^/a sysctl: /'
		for table in msg sem shm; do
			awk -v name="$table" 'NR > 1 { print "SysV", name, $1, $2 }' \
				"/proc/sysvipc/$table" 2>/dev/null
		done
		# Not what others do in the meantime, but what is of the suite.
		find /tmp /dev/shm /dev/mqueue /sys/fs/cgroup -name '*setns*' \
			! -path "$scratch*" 2>/dev/null | sed 's/^/a file: /'
		[ -z "${quiet_tmp:-}" ] ||
			find /tmp /dev/shm -mindepth 1 ! -path "$scratch*" |
				sed 's/^/a file: /'
		find "$scratch/mqueue" -mindepth 1 2>/dev/null | sed 's/^/a queue: /'
	} | sort -u > "$1"
}

# left_behind: a line for each thing that is there and was not, or the reverse,
# since: all_there "$scratch/before"
left_behind()
{
	survivors
	all_there "$scratch/after"
	comm -3 "$scratch/before" "$scratch/after" | sed 's/^	//'
}
