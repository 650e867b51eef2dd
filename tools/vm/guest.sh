#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# guest.sh DIRECTORY: runs the test programs of a directory inside a guest, which
# has a shell and little else, and reports as run_tests.sh does: KTAP, a subtest
# a program, at the end one for the kernel's log. The last line tells the host
# the exit status of the whole: 0, 1 or 4. SETNS_PATTERNS are run_tests.sh's.

# What a bug looks like in the kernel's log
splats=${0%/*}/splats

# Tests of the control group need one that is not the root.
enter_cgroup()
{
	[ -e /sys/fs/cgroup/cgroup.procs ] || return
	mkdir -p /sys/fs/cgroup/setns &&
		echo $$ > /sys/fs/cgroup/setns/cgroup.procs
}

# as_glob WORD: $glob; a word is looked for anywhere in a name.
as_glob()
{
	case $1 in
	*[*?[]*) glob=$1 ;;
	*)	glob="*$1*" ;;
	esac
}

# globs_for PROGRAM: $globs, the tests of it that are to run, "*" for all. Forks
# are dear in an emulated machine: this has none.
globs_for()
{
	globs=''
	[ -n "${SETNS_PATTERNS:-}" ] || { globs='*'; return; }
	set -f
	for pattern in $SETNS_PATTERNS; do
		as_glob "${pattern#*:}"
		test=$glob
		case $pattern in
		*:*)	as_glob "${pattern%%:*}"
			# shellcheck disable=SC2254 # these are globs
			case $1 in $glob) globs="$globs $test" ;; esac ;;
		*)	# shellcheck disable=SC2254
			case $1 in
			$test)	globs="$globs *" ;;
			*)	globs="$globs $test" ;;
			esac ;;
		esac
	done
	set +f
}

# selects GLOBS PROGRAM: does it have a test that is to run?
selects()
{
	case " $1 " in
	*' * '*) return 0 ;;
	'  ')	return 1 ;;
	esac
	# One that cannot say it is run, and told of.
	names=$("$2" --list) || return 0
	set -f
	for name in $names; do
		for glob in $1; do
			# shellcheck disable=SC2254 # these are globs
			case $name in $glob) set +f; return 0 ;; esac
		done
	done
	set +f
	return 1
}

# run PROGRAM GLOBS
run()
{
	case " $2 " in
	*' * '*) ;;
	*)	export SETNS_TESTS="$2" ;;
	esac
	# Who boots the system of his own machine has no tester there.
	if [ -n "${SETNS_USER:-}" ] && id "$SETNS_USER" >/dev/null 2>&1; then
		exec su -s /bin/sh -c "exec $1" "$SETNS_USER"
	elif [ -n "${SETNS_USER:-}" ]; then
		exec setpriv --reuid 1000 --regid 1000 --clear-groups -- "$1"
	fi
	exec "$1"
}

# Indents the report of a program, keeps whatever is not TAP from being taken for
# it, and leaves the numbers of results: planned, seen, failed, skipped; and 1 where
# it gave up or is out of sequence.
# shellcheck disable=SC2016 # awk
nest='
function emit(line) { print "  " line; fflush() }
/^K?TAP version [0-9]/ { emit("KTAP version 1"); $0 = "# Subtest: " name }
/^1\.\.[0-9]/ { planned = substr($1, 4) }
/^(not )?ok / {
	seen++
	number = $1 == "not" ? $3 : $2
	if (number ~ /^[0-9]+$/ && number != seen)
		odd = 1
}
/^Bail out!/ { odd = 1 }
/^not ok / && !/# XFAIL/ { failed++ }
/^ok .*# SKIP/ { skipped++ }
!/^[ \t]*(#|$)|^(not )?ok |^1\.\.[0-9]|^K?TAP version|^Bail out!/ { $0 = "# " $0 }
{ emit($0) }
END {
	planned = planned == "" ? -1 : planned + 0
	print planned, seen + 0, failed + 0, skipped + 0, odd + 0 > counts
}'

# problem EXIT PLANNED SEEN FAILED SKIPPED ODD: what is wrong with the program itself
problem()
{
	if [ "$1" -gt 128 ]; then
		echo "killed by signal $(($1 - 128)) after $3 results"
	elif [ "$1" = 0 ] && [ "$4" -gt 0 ]; then
		echo "exit status 0 in spite of $4 failed tests"
	elif [ "$1" = 1 ] && [ "$4" = 0 ]; then
		echo "exit status 1 without a failed test"
	elif [ "$1" = 4 ] && [ "$3" -gt "$5" ]; then
		echo "exit status 4, all skipped, in spite of $(($3 - $5)) tests that ran"
	elif [ "$1" != 0 ] && [ "$1" != 1 ] && [ "$1" != 4 ]; then
		echo "exit status $1 after $3 results"
	elif [ "$2" -lt 0 ]; then
		echo "no plan, $3 results"
	elif [ "$2" != "$3" ]; then
		echo "$3 results of $2 planned"
	elif [ "$6" != 0 ]; then
		echo "it gave up, or its results are out of sequence"
	fi
}

# all_skipped PLANNED SEEN FAILED SKIPPED...
all_skipped()
{
	[ "$2" = "$4" ]
}

# New lines of the kernel's log that tell of a bug, and new taint
complaints()
{
	dmesg -c | grep -E -A 24 -f "$splats" | head -n 100
	now=$(cat /proc/sys/kernel/tainted)
	[ "$now" = "$taint" ] || echo "the kernel became tainted: $taint before, $now now"
}

# one NUMBER PROGRAM GLOBS
one()
{
	name=${2##*/}
	rm -f "$work/counts"
	status=$({ {
		(run "$2" "$3" 2>&1)
		echo $? >&4
	} | awk -v name="$name" -v counts="$work/counts" "$nest" >&3; } 4>&1)
	counts=$(cat "$work/counts" || echo -1 0 0 0 1)
	# shellcheck disable=SC2086 # numbers
	wrong=$(problem "$status" $counts)
	[ -z "$wrong" ] || echo "# $name: $wrong"
	complaints > "$work/kernel"
	taint=$(cat /proc/sys/kernel/tainted)
	sed "s/^/# kernel_log: after $name: /" "$work/kernel"
	[ ! -s "$work/kernel" ] || splat=1
	# shellcheck disable=SC2086
	if [ -n "$wrong" ] || [ "$status" = 1 ]; then
		echo "not ok $1 $name"
		bad=1
	elif all_skipped $counts; then
		echo "ok $1 $name # SKIP all tests were skipped"
	else
		echo "ok $1 $name"
		good=1
	fi
}

# Kernel memory that the tests leaked, where the kernel keeps account of it
leaks()
{
	# An object is not called leaked before it is five seconds old.
	sleep 6
	echo scan > "$kmemleak"
	echo scan > "$kmemleak"
	cat "$kmemleak" > "$work/leaks"
	if [ -s "$work/leaks" ]; then
		head -n 100 "$work/leaks" | sed 's/^/# kmemleak: /'
		echo "not ok $1 kmemleak"
		bad=1
	else
		echo "ok $1 kmemleak"
	fi
}

# Where there is another awk, it may keep lines back.
if busybox awk 'BEGIN { exit }' 2>/dev/null; then
	awk() { busybox awk "$@"; }
fi

exec 3>&1
work=$(mktemp -d)
taint=$(cat /proc/sys/kernel/tainted)
splat=''
good=''
bad=''
kmemleak=/sys/kernel/debug/kmemleak
if ! [ -w "$kmemleak" ] || ! echo clear > "$kmemleak"; then
	kmemleak=''
fi
enter_cgroup
dmesg -c > /dev/null
selected=''
for program in "$1"/*; do
	globs_for "${program##*/}"
	if selects "$globs" "$program"; then
		selected="$selected $program"
	fi
done
# shellcheck disable=SC2086 # a word a program
set -- $selected
echo "KTAP version 1"
if [ -n "$kmemleak" ]; then
	echo "1..$(($# + 2))"
else
	echo "1..$(($# + 1))"
fi
# On one processor no race can happen inside a system call.
echo "# kernel $(uname -r), processors: $(nproc)"
number=0
for program; do
	number=$((number + 1))
	globs_for "${program##*/}"
	one $number "$program" "$globs"
done
if [ -n "$kmemleak" ]; then
	number=$((number + 1))
	leaks $number
fi
number=$((number + 1))
if [ -n "$splat" ]; then
	echo "not ok $number kernel_log"
	bad=1
else
	echo "ok $number kernel_log"
fi
rm -rf "$work"
if [ -z "$selected" ]; then
	echo "# guest: exit none"
elif [ -n "$bad" ]; then
	echo "# guest: exit 1"
elif [ -n "$good" ]; then
	echo "# guest: exit 0"
else
	echo "# guest: exit 4"
fi
