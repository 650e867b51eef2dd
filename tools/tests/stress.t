#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The suite many times in a row, many copies at once, on a busy machine, and
# killed at random moments: never a flake, and nothing is left behind.
#
# Environment: SETNS_ROUNDS=N runs in a row (default 10), SETNS_KILLS=N kills of
# each kind (default 4, of single programs half of it),
# SETNS_COPIES=N copies at once (default 8).

# shellcheck source=tap.sh
. "$(dirname -- "$0")/tap.sh"

need_build
need_command lsns util-linux
install_missing

rounds=${SETNS_ROUNDS:-10}
kills=${SETNS_KILLS:-4}
copies=${SETNS_COPIES:-8}

# All that follows is in mounts and an ipc namespace of its own, so that what is
# new in /tmp and its like is the suite's. Building is done before.
if [ -z "${SETNS_STRESS_INSIDE:-}" ]; then
	"$here/run_tests.sh" --list >/dev/null || bail_out "the suite cannot be built"
	if [ "$(id -u)" = 0 ]; then
		rm -rf "$scratch"
		export SETNS_STRESS_INSIDE=yes
		exec unshare --mount --ipc "$0"
	fi
fi

# shellcheck source=tools/tests/known.sh
. "$here/tools/tests/known.sh"
# shellcheck source=tools/tests/leftovers.sh
. "$here/tools/tests/leftovers.sh"

# Hides what others do there, unless this is there itself.
quiet_tmp=
if [ -n "${SETNS_STRESS_INSIDE:-}" ]; then
	unset SETNS_STRESS_INSIDE
	mount -t tmpfs setns-shm /dev/shm
	case $here/ in
	/tmp/*) ;;
	*)	rm -rf "$scratch"
		mount -t tmpfs setns-tmp /tmp
		scratch=$(mktemp -d)
		# shellcheck disable=SC2034 # for leftovers.sh
		quiet_tmp=yes ;;
	esac
	mkdir "$scratch/mqueue"
	trap 'umount "$scratch/mqueue" 2>/dev/null; rm -rf "$scratch"' EXIT
	mount -t mqueue setns-mqueue "$scratch/mqueue" 2>/dev/null
fi

name_programs
read_known
bin=${OUTPUT:-$here}

# marked_run FILE: one run of the suite, bounded. It is green if it says so and
# every test has a result.
marked_run()
{
	SETNS_MARK=$mark timeout -k 5 120 "$here/run_tests.sh" --no-build --ktap \
		> "$1" 2>&1
	status=$?
	[ $status -eq 0 ] && return
	echo "$1: exit status $status:"
	grep -E -B 3 '^ *not ok|^# .*: ' "$1" | head -n 20
	return 1
}

in_a_row()
{
	round=1
	while [ $round -le "$1" ]; do
		marked_run "$scratch/round" || {
			echo "in round $round"
			return 1
		}
		# Some would come and go where something was used up.
		grep -E '^  ok .* # SKIP' "$scratch/round" | grep -v 'never happened' \
			> "$scratch/skips.$round"
		cmp -s "$scratch/skips.1" "$scratch/skips.$round" || {
			echo "other tests than in round 1 were skipped in round $round:"
			diff "$scratch/skips.1" "$scratch/skips.$round"
			return 1
		}
		round=$((round + 1))
	done
}

at_once()
{
	pids=
	copy=1
	while [ $copy -le "$copies" ]; do
		marked_run "$scratch/copy.$copy" > "$scratch/said.$copy" &
		pids="$pids $!"
		copy=$((copy + 1))
	done
	bad=
	for pid in $pids; do
		wait "$pid" || bad=yes
	done
	[ -z "$bad" ] || {
		cat "$scratch"/said.*
		return 1
	}
}

# Two loops for each processor, which end by themselves whatever happens.
busy()
{
	pids=
	for _ in $(seq $(($(nproc) * 2))); do
		timeout 60 sh -c 'while :; do :; done' &
		pids="$pids $!"
	done
	in_a_row 2
	status=$?
	# shellcheck disable=SC2086 # pids
	kill $pids
	# shellcheck disable=SC2086
	wait $pids 2>/dev/null
	return $status
}

# random MAX: below it
random()
{
	echo $(($(od -An -N2 -tu2 /dev/urandom) % $1))
}

# The moment is random: this is no synchronisation.
a_moment()
{
	sleep "0.$(printf '%03d' "$(random "$moment")")"
}

# How long it ran unkilled, in milliseconds, is where the moments are taken from.
measure()
{
	start=$(date +%s%N)
	"$@" >/dev/null 2>&1
	moment=$((($(date +%s%N) - start) / 1000000))
	[ $moment -lt 1000 ] || moment=999
	[ $moment -gt 20 ] || moment=20
}

# started COMMAND...: as a job of an interactive shell is, in $pid
started()
{
	SETNS_MARK=$mark env --default-signal setsid "$@" > "$scratch/killed" 2>&1 &
	pid=$!
}

# ended STATUS...: waits for $pid, which has to end in time with one of these
ended()
{
	timeout 60 tail --pid="$pid" -s 0.02 -f /dev/null || {
		echo "still runs a minute after it was killed"
		kill -KILL -- "-$pid"
		return 1
	}
	wait "$pid"
	status=$?
	for expected; do
		[ $status -eq "$expected" ] && return
	done
	echo "exit status $status, expected $*:"
	tail -n 5 "$scratch/killed"
	return 1
}

# killed SIGNAL STATUS HOW COMMAND...: a command that had ended before exits with 0
# or 4, and a program that shows a known bug with 1.
killed()
{
	signal=$1 status_wanted=$2 how=$3 known_status=
	! may_fail "${4##*/}" || known_status=1
	shift 3
	n=0
	while [ $n -lt "$kills" ]; do
		n=$((n + 1))
		started "$@"
		a_moment
		case $how in
		one) kill -s "$signal" "$pid" 2>/dev/null ;;
		group) kill -s "$signal" -- "-$pid" 2>/dev/null ;;
		esac
		ended "$status_wanted" 0 4 $known_status || return 1
		left=$(left_behind)
		[ -z "$left" ] || {
			echo "after $n kills there is still"
			echo "$left"
			return 1
		}
	done
}

# Some process of the run is killed: it ends, by a failure or in spite of it.
one_of_them_killed()
{
	n=0
	while [ $n -lt "$kills" ]; do
		n=$((n + 1))
		started "$here/run_tests.sh" --no-build --ktap
		a_moment
		victim=$(marked | shuf -n 1)
		[ -z "$victim" ] || kill -KILL "$victim" 2>/dev/null
		ended 0 1 2 4 137 || return 1
		left=$(left_behind)
		[ -z "$left" ] || {
			echo "$left"
			return 1
		}
	done
}

all_there "$scratch/before"
check "$rounds times in a row" in_a_row "$rounds"
check "$copies copies at once" at_once
check "on a busy machine" busy
is "nothing is left behind" "$(left_behind)" ""

measure "$here/run_tests.sh" --no-build
for signal in INT:130 TERM:143 HUP:129 KILL:137; do
	check "run_tests.sh killed by SIG${signal%:*}" \
		killed "${signal%:*}" "${signal#*:}" one \
		"$here/run_tests.sh" --no-build --ktap
done
check "run_tests.sh and all of its processes interrupted, as by ^C" \
	killed INT 130 group "$here/run_tests.sh" --no-build --ktap
check "any process of a run killed by SIGKILL" one_of_them_killed
# There are many of them.
kills=$(((kills + 1) / 2))
for program in $programs; do
	measure "$bin/$program"
	for signal in INT:130 TERM:143 KILL:137; do
		check "$program killed by SIG${signal%:*}" \
			killed "${signal%:*}" "${signal#*:}" one "$bin/$program"
	done
done
done_testing
