#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs in a guest as /guest.sh, started by tools/vm/init: takes mutants from its
# terminal one by one, as "NUMBER PROGRAM=SECONDS...", lets each live while the
# programs in /tests run for at most so many seconds, and reports what they
# noticed. After a "-" the first program that notices ends it. The host hears, per
# mutant:
#	start NAME
#	program NAME STATUS BEGIN END TESTS
#	failed NAME TEST
#	said NAME LINE		why, for people
#	splat NAME LINE		from the kernel's log
#	done NUMBER STATE	clean, or why this guest is not to be used again

switch=/sys/module/kernel/parameters/setns_mutant
# More patterns than the runner has: in this kernel each such line tells of a bug.
splats='WARNING|BUG|Oops|INFO: |general protection|refcount_t|scheduling while|leaked|still has'

# What a mutant must not change for the next ones
fingerprint()
{
	hostname
	cat /proc/mounts /proc/sysvipc/* /proc/sys/user/* /proc/net/dev_mcast
	ls /sys/fs/cgroup /tmp /dev/shm
	readlink /proc/self/ns/*
}

# program NAME SECONDS: the runner tells a known bug of this kernel from a seeded
# one. A bug can keep the runner itself from ending, so that has a limit, too. As
# with timeout(1), status 137 is a program that was killed when its time was over.
program()
{
	name=$1
	echo "start $name"
	begin=$(cut -d ' ' -f 1 /proc/uptime)
	timeout -s KILL "$(($2 + 10))" /runner --ktap --no-kernel-log --dir /tests \
		--known /known_bugs --timeout "$2" --program "$name" \
		> /run/out 2>&1 < /dev/null
	status=$?
	! grep -q "^# $name: still ran after " /run/out || status=137
	echo "program $name $status $begin $(cut -d ' ' -f 1 /proc/uptime) $(
		grep -c -E '^  (not )?ok ' /run/out)"
	sed -n "s/^  not ok [0-9]* \(- \)\{0,1\}\([^ ]*\).*/failed $name \2/p" /run/out
	case $status in
	0|4)	;;
	*)	grep -E '^ *# [a-z_0-9]*\.c:[0-9]' /run/out | head -n 12 |
			sed "s/^ *# /said $name /" ;;
	esac
	dmesg -c | grep -E "$splats" | head -n 5 | sed "s/^/splat $name /"
}

# Processes other than this one, its children, and the kernel's own. A loop or a
# lock in the kernel can keep one from dying.
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

# Ends all that a mutant left.
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
# In an idle guest the kernel frees namespaces at once.
export SETNS_LEAK_MS=3000
dmesg -c > /dev/null
fingerprint > /run/then 2>&1
taint=$(cat /proc/sys/kernel/tainted)
echo "ready $(uname -r) $(cd /tests && echo *)"
while read -r number programs; do
	echo "$number" > $switch || break
	first=''
	for word in $programs; do
		[ "$word" != - ] || { first=1; continue; }
		program "${word%=*}" "${word#*=}"
		[ -z "$first" ] || [ "$status" = 0 ] || [ "$status" = 4 ] || break
	done
	echo 0 > $switch
	settle
	echo "done $number $state"
done < "/dev/$SETNS_CHANNEL"
