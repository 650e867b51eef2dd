#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# cost.sh PROGRAM...: what one run of each program costs, in counts that do not
# depend on the speed of the machine: system calls, page faults and processes. Where
# kernels are emulated or full of checks, these counts are the time of a run. The
# sums have limits.
#
# perf counts the whole machine (-a), which has to be idle otherwise. If perf counts a
# program, it keeps the program's dead processes and so their user namespaces, which
# setns_leak_test takes for leaks.
#
# Exit status: 0, 1 above a limit, 2 for wrong arguments, 4 where perf cannot count.

set -u

# All programs together, as root on a kernel that has all that they test
most_calls=350000
most_faults=80000
most_forks=2700

events=raw_syscalls:sys_enter,page-faults,sched:sched_process_fork

unavailable()
{
	echo "cost.sh: $*" >&2
	exit 4
}

[ $# -gt 0 ] || {
	echo "usage: cost.sh PROGRAM..." >&2
	exit 2
}
command -v perf > /dev/null || unavailable "no perf: apt-get install linux-perf"
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM
said=$(perf stat -a -x , -o "$scratch/counts" -e $events -- true 2>&1) ||
	unavailable "perf cannot count: $(echo "$said" | grep -m 1 .)"
! grep -q '^<not' "$scratch/counts" ||
	unavailable "perf cannot count: $(grep -m 1 '^<not' "$scratch/counts")"

: > "$scratch/table"
for program; do
	case $program in
	*/*)	;;
	*)	program=./$program ;;
	esac
	[ -x "$program" ] || {
		echo "cost.sh: $program is no program" >&2
		exit 2
	}
	perf stat -a -x , -o "$scratch/counts" -e $events -- "$program" \
		> "$scratch/said" 2>&1
	status=$?
	# A test that fails early costs little, and a skip costs nothing.
	awk -F , -v name="${program##*/}" -v status="$status" '
	/^[0-9]/ { count[++n] = $1 }
	END {
		if (n != 3)
			exit 1
		print name, count[1], count[2], count[3], status
	}' "$scratch/counts" >> "$scratch/table" ||
		unavailable "perf did not count $program"
done

awk -v most="$most_calls $most_faults $most_forks" '
function row(name, calls, faults, forks, remark)
{
	printf "%-28s %12s %12s %12s%s\n", name, calls, faults, forks, remark
}
BEGIN { row("program", "system calls", "page faults", "processes", "") }
{
	row($1, $2, $3, $4, $5 == 0 ? "" : $5 == 4 ? "  skipped" : "  failed")
	for (i = 1; i <= 3; i++)
		sum[i] += $(i + 1)
}
END {
	split(most, limit, " ")
	row("all", sum[1], sum[2], sum[3], "")
	row("limit", limit[1], limit[2], limit[3], "")
	for (i = 1; i <= 3; i++)
		above += sum[i] > limit[i]
	if (above)
		print "above a limit"
	exit above ? 1 : 0
}' "$scratch/table"
