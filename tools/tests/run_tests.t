#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# run_tests.sh with test programs that behave, misbehave and lie, and stopped in
# the middle.

# shellcheck source=tap.sh
. "$(dirname -- "$0")/tap.sh"

need_command make make
need_command python3 python3
need_command script bsdutils
need_perl TAP::Parser perl
need_python junitparser python3-junitparser
install_missing

# A copy that any user may read, at a path that asks for quotes. It has programs
# of this test's own, told to make by empty sources.
chmod 755 "$scratch"
dir="$scratch/a directory"
mkdir "$dir" "$dir/lib" "$scratch/tmp"
cp "$here/run_tests.sh" "$here/Makefile" "$here/project.mk" "$dir"
cp "$here"/lib/* "$dir/lib"
chmod -R a+rX "$dir"
export TMPDIR="$scratch/tmp" SETNS_TAINTED="$scratch/tainted" SETNS_KMSG="$scratch/kmsg"
echo 0 > "$SETNS_TAINTED"
: > "$SETNS_KMSG"
echo timeout=20 > "$dir/settings"
run=$dir/run_tests.sh

# program NAME: a shell script on stdin, which answers --list itself
program()
{
	: > "$dir/$1.c"
	{
		echo '#!/bin/sh'
		# shellcheck disable=SC2016 # for the script itself
		echo '[ "${1:-}" != --list ] || { seq -f x.%g 2; echo y.3; exit; }'
		cat
	} > "$dir/$1"
	chmod 755 "$dir/$1"
}

no_programs()
{
	rm -f "$dir"/*_test "$dir"/*_test.c
}

# run ARG...: $out, $err, $status of run_tests.sh
run()
{
	status=0
	"$run" "$@" > "$scratch/out" 2> "$scratch/err" < /dev/null || status=$?
	out=$(cat "$scratch/out")
	err=$(cat "$scratch/err")
}

# refused NAME ARG...: one line on stderr, nothing else, and 2
refused()
{
	name=$1
	shift
	run "$@"
	is "$name" "$status, $(echo "$err" | wc -l) line: $out" "2, 1 line: "
}

# verdict NAME STATUS LINE: of the program on stdin, by status and by a line
verdict()
{
	program a_test
	run --no-build
	is "$1: exit status" "$status" "$2"
	like "$1: $3" "$out" "*
$3
*"
}

# Processes whose working directory is below $scratch, other than this one's.
processes()
{
	for link in /proc/[0-9]*/cwd; do
		case $(readlink "$link") in
		"$dir"*)
			pid=${link#/proc/}
			pid=${pid%/cwd}
			echo "$pid $(tr '\0' ' ' < "/proc/$pid/cmdline")" ;;
		esac
	done 2>/dev/null
}

# Bounded, and as quick as the last of them.
nothing_runs()
{
	for _ in $(seq 100); do
		left=$(processes)
		[ -n "$left" ] || return 0
		sleep 0.05
	done
	echo "$left"
	return 1
}

files()
{
	find "$dir" "$TMPDIR" ! -name .built_with | sort
}

arguments()
{
	program a_test < /dev/null
	run --help
	like '--help' "$status $out" '0 usage: run_tests.sh *--junit FILE*Exit status:*'
	refused 'unknown option' --nonsense
	refused '--junit without a file' --junit
	refused '--junit= without a file' --junit=
	refused 'an empty pattern' ''
	refused 'a pattern with a blank' 'x y'
	refused 'a front end that comes too late' --strict --vng
	refused 'a report in no directory' --no-build --junit "$scratch/none/report"
	refused 'a report that is a directory' --no-build --junit "$scratch"
	KSRC=$scratch/none refused 'KSRC= that is not there'
	KSRC="$scratch/a directory" refused 'KSRC= with a blank'
	mkdir -p "$scratch/tree/tools/testing/selftests"
	KSRC=$scratch/tree refused 'KSRC= that is no kernel tree'
	cannot_install
	no_programs
	refused 'no test programs' --no-build
	: > "$dir/a_test.c"
	refused 'programs not built' --no-build
}

# What an ordinary user's command begins with
as_user=
[ "$(id -u)" != 0 ] || as_user='setpriv --reuid 65534 --regid 65534 --clear-groups --'

cannot_install()
{
	touch "$scratch/tree/tools/testing/selftests/lib.mk" \
		"$scratch/tree/tools/testing/selftests/kselftest_harness.h"
	# shellcheck disable=SC2086 # a command
	err=$(KSRC=$scratch/tree CROSS_COMPILE=none- $as_user "$run" 2>&1 < /dev/null)
	is 'no compiler, an ordinary user: exit status' $? 2
	is 'no compiler, an ordinary user: names the package' "$err" \
		'run_tests.sh: missing: none-gcc: run as root once, or: apt-get install gcc-none'
}

verdicts()
{
	verdict 'a pass' 0 'ok 1 a_test' <<-'END'
	echo TAP version 13; echo 1..1; echo ok 1 x.one
	END
	verdict 'an expected failure' 0 'ok 1 a_test' <<-'END'
	echo 1..2; echo ok 1 x.one; echo 'ok 2 x.two # XFAIL a bug'
	END
	verdict 'a failure' 1 'not ok 1 a_test' <<-'END'
	echo 1..2; echo ok 1 x.one; echo not ok 2 x.two; exit 1
	END
	verdict 'all skipped' 4 'ok 1 a_test # SKIP all tests were skipped' <<-'END'
	echo 1..1; echo 'ok 1 x.one # SKIP why'; exit 4
	END
	verdict 'all skipped, status 0' 4 'ok 1 a_test # SKIP all tests were skipped' <<-'END'
	echo 1..1; echo 'ok 1 x.one # SKIP why'
	END
	verdict 'nothing to do' 4 'ok 1 a_test # SKIP no such thing' <<-'END'
	echo '1..0 # SKIP no such thing'; exit 4
	END
}

lies_and_crashes()
{
	verdict 'a crash' 1 '# a_test: killed by SIGSEGV after 1 results' <<-'END'
	echo 1..2; echo ok 1 x.one; kill -SEGV $$
	END
	verdict 'fewer results than planned' 1 '# a_test: 1 results of 2 planned' <<-'END'
	echo 1..2; echo ok 1 x.one
	END
	verdict 'more results than planned' 1 '# a_test: 2 results of 1 planned' <<-'END'
	echo 1..1; echo ok 1 x.one; echo ok 2 x.two
	END
	verdict 'no plan' 1 '# a_test: no plan, 1 results' <<-'END'
	echo ok 1 x.one
	END
	verdict 'no output' 1 '# a_test: no plan, 0 results' < /dev/null
	verdict 'a lying status 0' 1 '# a_test: exit status 0 in spite of 1 failed tests' <<-'END'
	echo 1..1; echo not ok 1 x.one
	END
	verdict 'a lying status 1' 1 '# a_test: exit status 1 without a failed test' <<-'END'
	echo 1..1; echo ok 1 x.one; exit 1
	END
	verdict 'a lying status 4' 1 '# a_test: exit status 4, all skipped, in spite of 1 tests that ran' <<-'END'
	echo 1..1; echo ok 1 x.one; exit 4
	END
	verdict 'another status' 1 '# a_test: exit status 42 after 1 results' <<-'END'
	echo 1..1; echo ok 1 x.one; exit 42
	END
	verdict 'a program that gives up' 1 '# a_test: gave up: no reason' <<-'END'
	echo 1..1; echo 'Bail out! no reason'
	END
	verdict 'results out of order' 1 'not ok 1 a_test' <<-'END'
	echo 1..2; echo ok 2 x.two; echo ok 1 x.one
	END
	verdict 'a process left behind' 1 '# a_test: left a process behind: * (sleep)' <<-'END'
	echo 1..1; echo ok 1 x.one; sleep 300 > /dev/null 2>&1 &
	END
	verdict 'one that left the process group' 1 \
		'# a_test: left a process behind: one that holds its output' <<-'END'
	echo 1..1; echo ok 1 x.one; setsid sleep 4 &
	END
	verdict 'text that is no TAP' 0 '  # ok, said someone' <<-'END'
	echo 1..1; echo ok 1 x.one; echo ok, said someone >&2
	END
	echo timeout=1 > "$dir/settings"
	verdict 'a hang' 1 '# a_test: still ran after 1 s, ended after 1 results' <<-'END'
	echo 1..2; echo ok 1 x.one; sleep 300 & trap '' TERM; sleep 300
	END
	echo timeout=20 > "$dir/settings"
	check 'nothing is left of all these' nothing_runs
}

the_kernel()
{
	verdict 'a new taint flag' 1 '# kernel_log: the kernel became tainted, W: warning' <<-'END'
	echo 1..1; echo ok 1 x.one; echo 512 > "$SETNS_TAINTED"
	END
	verdict 'an old taint flag' 0 'ok 2 kernel_log' <<-'END'
	echo 1..1; echo ok 1 x.one
	END
	echo 0 > "$SETNS_TAINTED"
	for line in 'WARNING: CPU: 0 PID: 1 at kernel/nsproxy.c:1 f+0x1' \
		'BUG: KASAN: slab-use-after-free in f' \
		'UBSAN: array-index-out-of-bounds in f' \
		'BUG: kernel NULL pointer dereference, address: 0' \
		'WARNING: possible circular locking dependency detected' \
		'kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)' \
		'INFO: task x:1 blocked for more than 120 seconds.' \
		'Oops: general protection fault: 0000'; do
		verdict 'a splat' 1 "# kernel_log: $line" <<-END
		echo 1..1; echo ok 1 x.one
		echo '4,1,1,-;$line' >> "\$SETNS_KMSG"
		END
	done
	verdict 'old splats and other lines' 0 'ok 2 kernel_log' <<-'END'
	echo 1..1; echo ok 1 x.one
	echo '6,1,1,-;traps: x[1] general protection fault ip:0' >> "$SETNS_KMSG"
	echo '6,2,1,-;FAULT_INJECTION: forcing a failure.' >> "$SETNS_KMSG"
	echo '14,3,1,-;BUG: says a program' >> "$SETNS_KMSG"
	END
	SETNS_KMSG=$scratch/none verdict 'a log that cannot be read' 0 \
		'ok 2 kernel_log # SKIP only taint was looked at, cannot read *' <<-'END'
	echo 1..1; echo ok 1 x.one
	END
}

patterns()
{
	no_programs
	for name in a_test b_test; do
		program $name <<-'END'
		echo 1..1; echo "ok 1 ran: ${SETNS_TESTS-all}"
		END
	done
	run --no-build --list
	is '--list' "$(echo "$out" | paste -s -d ' ')" \
		'a_test:x.1 a_test:x.2 a_test:y.3 b_test:x.1 b_test:x.2 b_test:y.3'
	run --no-build --list x.2 'y.*'
	is '--list PATTERN...' "$(echo "$out" | paste -s -d ' ')" \
		'a_test:x.2 a_test:y.3 b_test:x.2 b_test:y.3'
	for case in 'x.*|a:x.* b:x.*' '1|a:*1* b:*1*' 'b_test|b:all' \
		'a_test:2|a:*2*' 'b*:*|b:all' '[!x]?3|a:[!x]?3 b:[!x]?3'; do
		run --no-build "${case%|*}"
		is "pattern ${case%|*}" "$(echo "$out" |
			sed -n 's/.*ok 1 ran: //p; s/^ok [0-9]* \(.\)_test/\1:/p' |
			awk '{ if ($0 ~ /^.:$/) { printf "%s%s%s", sep, $0, ran; sep = " " } ran = $0 }')" \
			"${case#*|}"
	done
	refused 'a pattern that nothing matches' --no-build nothing
	run --no-build --strict x.1
	is 'options and patterns mix' "$status" 0
	run --no-build x.1 --strict
	is 'in any order' "$status" 0
	no_programs
}

reports()
{
	program a_test <<-'END'
	echo 1..4; echo ok 1 x.one; echo '# a "reason" <&>'; echo not ok 2 x.two
	echo 'ok 3 x.skip # SKIP why'; echo 'ok 4 x.bug # XFAIL a bug'; exit 1
	END
	run --no-build --junit "$scratch/report.xml"
	is '--junit keeps the exit status' "$status" 1
	is 'JUnit report' "$(python3 -c '
import sys
from xml.etree import ElementTree
for suite in ElementTree.parse(sys.argv[1]).getroot():
    print(suite.get("name"), [(c.get("name"), *((r.tag, r.get("message")) for r in c)) for c in suite])
' "$scratch/report.xml")" "a_test [('x.one',), ('x.two', ('failure', 'a \"reason\" <&>')), ('x.skip', ('skipped', 'why')), ('x.bug', ('skipped', 'XFAIL a bug'))]
kernel_log [('the log has no splat, no taint flag is new',)]"
	printf '%s\n' "$out" > "$scratch/ktap"
	like 'prove reads the KTAP' "$(prove -e cat "$scratch/ktap")" \
		"*Failed test:  1
*"
	run --no-build --human
	like '--human' "$out" "FAIL a_test*1 passed, 1 failed, 1 xfail, 1 skipped*
     failed x.two
            a \"reason\" <&>
     xfail x.bug: a bug
     skipped 1: why
ok *kernel_log
FAIL 1 passed, 1 failed, 1 xfail, 1 skipped *"
	escape=$(printf '\033')
	like 'a terminal gets colour' "$(TERM=xterm script -qec "'$run' --no-build" /dev/null < /dev/null)" \
		"*${escape}[[]31mFAIL*"
	like 'NO_COLOR' "$(TERM=xterm NO_COLOR=1 script -qec "'$run' --no-build" /dev/null < /dev/null |
		grep -c "$escape")" 0
	no_programs
}

# A program with a child, both deaf to what can be ignored.
stubborn()
{
	program a_test <<-'END'
	trap '' INT TERM HUP
	echo 1..2; echo ok 1 x.one
	(sleep 300; sleep 300) &
	sleep 300
	END
}

# stop_after DELAY SIGNAL: run_tests.sh, and set $status
stop_after()
{
	# What runs in the background ignores SIGINT, unless it is told not to.
	env --default-signal=INT,HUP,TERM "$run" $run_args > "$scratch/out" 2>&1 &
	pid=$!
	# Until it is another program, it has the traps of this one.
	while :; do
		case $(cat /proc/$pid/comm) in
		run_tests.t|env) ;;
		*) break ;;
		esac
	done
	sleep "$1"
	kill -"$2" $pid
	wait $pid
	status=$?
}

# stopped SIGNAL STATUS: whatever moment it is
stopped()
{
	stubborn
	before=$(files)
	statuses=
	run_args=--no-build
	for delay in 0 0.02 0.05 0.1 0.15 0.2 0.3 0.4; do
		stop_after "$delay" "$1"
		statuses="$statuses $status"
	done 2>/dev/null
	is "SIG$1: exit status" "$statuses" " $2 $2 $2 $2 $2 $2 $2 $2"
	check "SIG$1: no process is left" nothing_runs
	is "SIG$1: no file is left" "$(files)" "$before"
}

# While it builds, with a compiler that takes for ever
stopped_building()
{
	mkdir -p "$scratch/bin"
	cat > "$scratch/bin/gcc" <<-'END'
	#!/bin/sh
	case $* in
	*_test*) sleep 300 ;;
	*) cat > /dev/null ;;
	esac
	END
	chmod 755 "$scratch/bin/gcc"
	rm -f "$dir/a_test"
	before=$(files)
	run_args=
	path=$PATH
	PATH="$scratch/bin:$PATH"
	for delay in 0.1 0.3 0.6; do
		stop_after "$delay" "$1"
	done 2>/dev/null
	PATH=$path
	check "SIG$1 while building: no process is left" nothing_runs
	is "SIG$1 while building: no file is left" "$(files)" "$before"
}

# A command that is over before its guard has begun, while another goes on
slow_guards()
{
	# shellcheck disable=SC2016 # perl
	check 'a guard that begins late holds up nobody' \
		timeout -k 1 20 perl -I "$dir/lib" -MGuarded -e '
			my $guard = \&Guarded::guard;
			no warnings "redefine";
			*Guarded::guard = sub { sleep(1); $guard->(@_) };
			my ($short, $long) = map { Guarded::begin(cmd => $_, timeout => 300,
				line => sub { }) } [ "true" ], [ "sleep", "300" ];
			Guarded::follow($short, $long) while !Guarded::over($short);
			Guarded::end($short);
			$Guarded::stopped = "TERM";
			Guarded::end($long);'
}

elsewhere()
{
	program a_test <<-'END'
	echo 1..1; pwd; echo ok 1 x.one
	END
	like 'another working directory' "$(cd / && "$run" --no-build)" "*# $dir
*ok 1 a_test*"
	like 'a relative path' "$(cd "$dir/lib" && ../run_tests.sh --no-build)" '*
ok 1 a_test*'
	like 'a make above it' "$(MAKELEVEL=1 MAKEFLAGS='n -- OUTPUT=/none' "$run" --no-build)" '*
ok 1 a_test*'
	# shellcheck disable=SC2086
	like 'an ordinary user' "$(HOME=/nonexistent $as_user "$run" --no-build)" '*
ok 1 a_test*'
	"$run" --no-build | head -n 1 > /dev/null
	check 'a reader that goes away: no process is left' nothing_runs
}

arguments
verdicts
lies_and_crashes
the_kernel
patterns
reports
stopped TERM 143
stopped INT 130
stopped HUP 129
stopped KILL 137
stopped_building TERM
stopped_building KILL
slow_guards
elsewhere
done_testing
