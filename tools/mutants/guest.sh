#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs in a guest as /guest.sh, started by vm/init: takes mutants from its
# terminal one by one, as "NUMBER PROGRAM=SECONDS...", lets each live while the
# programs, which are in the directory $1, run for as long as that, and reports
# what they noticed. After a "-" the first program that notices ends it. The host
# hears, per mutant:
#	start NAME
#	program NAME STATUS BEGIN END TESTS
#	failed NAME TEST
#	said NAME LINE		why, for people
#	splat NAME LINE		from the kernel's log
#	done NUMBER STATE	clean, or why this guest is not to be used again

switch=/sys/module/kernel/parameters/setns_mutant
# More than lib/splats: one kernel, whose every such line is a bug's.
splats='WARNING|BUG|Oops|INFO: |general protection|refcount_t|scheduling while|leaked|still has'

# What a mutant must not change for those that come after it
fingerprint()
{
	hostname
	cat /proc/mounts /proc/sysvipc/* /proc/sys/user/* /proc/net/dev_mcast
	ls /sys/fs/cgroup /tmp /dev/shm
	readlink /proc/self/ns/*
}

# $1: program, $2: seconds that it may take
program()
{
	name=${1##*/}
	echo "start $name"
	begin=$(cut -d ' ' -f 1 /proc/uptime)
	timeout -s KILL "$2" "$1" > /run/out 2>&1 < /dev/null
	status=$?
	echo "program $name $status $begin $(cut -d ' ' -f 1 /proc/uptime) $(
		grep -c -E '^ *(not )?ok ' /run/out)"
	sed -n -e '/# XFAIL/d' -e '/# SKIP/d' \
		-e "s/^ *not ok [0-9]* \(- \)\{0,1\}\([^ ]*\).*/failed $name \2/p" /run/out
	case $status in
	0|4)	;;
	*)	grep -E '^ *# [a-z_0-9]*\.c:[0-9]' /run/out | head -n 12 |
			sed "s/^ *# /said $name /" ;;
	esac
	dmesg -c | grep -E "$splats" | head -n 5 | sed "s/^/splat $name /"
}

# Processes that are neither ours nor the kernel's own. A loop or a lock in the
# kernel may keep one from dying.
others()
{
	for stat in /proc/[0-9]*/stat; do
		read -r line 2>/dev/null < "$stat" || continue
		number_of=${line%% *}
		# shellcheck disable=SC2086 # state and parent
		set -- ${line##*) }
		case $number_of:$2 in
		$$:*|*:$$|*:0|*:2) ;;
		*)	echo "${line%)*})" ;;
		esac
	done
}

# Nobody and nothing outlives a mutant.
settle()
{
	kill -9 -1
	state=clean
	tries=10
	while stuck=$(others) && [ -n "$stuck" ] && [ $tries -gt 0 ]; do
		tries=$((tries - 1))
		sleep 0.1
	done
	[ -z "$stuck" ] || state="stuck $stuck"
	[ "$(cat /proc/sys/kernel/tainted)" = "$taint" ] || state=tainted
	rm -rf /tmp/* /dev/shm/*
	fingerprint > /run/now 2>&1
	if [ "$state" = clean ] && ! cmp -s /run/then /run/now; then
		state="changed $(diff /run/then /run/now | grep -m 1 '^+[^+]')"
	fi
}

if [ -e /sys/fs/cgroup/cgroup.procs ]; then
	mkdir /sys/fs/cgroup/setns && echo $$ > /sys/fs/cgroup/setns/cgroup.procs
fi
# A leak needs no more to be one where nobody else works.
export SETNS_ROOM_MS=3000
dmesg -c > /dev/null
fingerprint > /run/then 2>&1
taint=$(cat /proc/sys/kernel/tainted)
echo "ready $(uname -r) $(cd "$1" && echo *)"
while read -r number programs; do
	echo "$number" > $switch || break
	first=''
	for word in $programs; do
		[ "$word" != - ] || { first=1; continue; }
		program "$1/${word%=*}" "${word#*=}"
		[ -z "$first" ] || [ "$status" = 0 ] || [ "$status" = 4 ] || break
	done
	echo 0 > $switch
	settle
	echo "done $number $state"
done < "/dev/$SETNS_CHANNEL"
