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
need_command setpriv util-linux
need_command gcc gcc
install_missing

# A copy that any user may read, at a path that asks for quotes. It has programs
# of this test's own, told to run_tests.sh by empty sources.
make -s -C "$here/tools/runner" || bail_out 'the runner cannot be built'
chmod 755 "$scratch"
dir="$scratch/a directory"
mkdir -p "$dir/tools" "$dir/lib" "$scratch/tmp"
cp "$here/run_tests.sh" "$here/Makefile" "$dir"
cp -Rp "$here"/tools/run.sh "$here"/tools/project.mk "$here"/tools/scripts \
	"$here"/tools/runner "$dir/tools"
chmod -R a+rX "$dir"
export TMPDIR="$scratch/tmp" SETNS_TAINTED="$scratch/tainted" SETNS_KMSG="$scratch/kmsg"
echo 0 > "$SETNS_TAINTED"
: > "$SETNS_KMSG"
# What is remembered of these runs is of no use to others; the harness is.
export SETNS_CACHE="$scratch/cache"
mkdir -p "$cache/harness" "$SETNS_CACHE"
chmod 777 "$SETNS_CACHE"
ln -s "$cache/harness" "$SETNS_CACHE/harness"
echo timeout=20 > "$dir/settings"
run=$dir/run_tests.sh

# program NAME: a shell script on stdin. It ignores its arguments, as programs with
# a harness before Linux 6.3 do.
program()
{
	: > "$dir/$1.c"
	{
		echo '#!/bin/sh'
		cat
	} > "$dir/$1"
	chmod 755 "$dir/$1"
}

# chooser NAME: a program that knows -l and -r as the harness does since. Its tests
# are x.one.1, x.one.2, x.two.1, x.two.2 and y.3.
chooser()
{
	program "$1" <<-'END'
	# Usage: chooser [-h|-l] [-t|-T|-v|-V|-f|-F|-r name]
	row() { printf '%-20s %-25s %s\n' "$@" >&2; }
	if [ "${1:-}" = -l ]; then
		row '# FIXTURE' VARIANT TEST
		row x one 1
		row '' two 2
		row -------------------------------------------------------
		row y '' 3
		exit 4
	fi
	echo "# arguments: $*"
	[ $# -gt 0 ] || set -- -r x.one.1 -r x.one.2 -r x.two.1 -r x.two.2 -r y.3
	echo TAP version 13; echo "1..$(($# / 2))"
	number=0
	while [ $# -gt 0 ]; do
		number=$((number + 1))
		echo "ok $number $2"
		shift 2
	done
	END
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
	refused '--skip without a pattern' --skip
	refused '--repeat that is no number' --no-build --repeat x
	refused '--user that is no number' --no-build --user root
	refused '--jobs 0' --no-build --jobs 0
	refused 'known bugs that are not there' --no-build --known "$scratch/none"
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
		'# a_test: left a process behind: * (sleep)' <<-'END'
	echo 1..1; echo ok 1 x.one; setsid sleep 300 &
	END
	verdict 'one that left it and is deaf, and its parent is gone' 1 \
		'# a_test: left a process behind: * (sh)' <<-'END'
	echo 1..1; echo ok 1 x.one
	(setsid sh -c 'trap "" TERM HUP INT; sleep 300; sleep 300' > /dev/null 2>&1 &)
	END
	verdict 'one that ends soon' 0 'ok 1 a_test' <<-'END'
	echo 1..1; echo ok 1 x.one; setsid sleep 0.5 &
	END
	verdict 'a crash in a test that is named' 1 \
		'# a_test: killed by SIGSEGV after 1 results, in x.two' <<-'END'
	echo 1..2; echo ok 1 x.one; echo '#  RUN           x.two ...'; kill -SEGV $$
	END
	verdict 'a program that cannot be run' 1 '# a_test: exit status 127 after 0 results' <<-'END'
	exec /nonexistent
	END
	verdict 'a plan in between' 1 \
		'# a_test: Plan (1..2) must be at the beginning or end of the TAP output' <<-'END'
	echo ok 1 x.one; echo 1..2; echo ok 2 x.two
	END
	verdict 'two plans' 1 '# a_test: More than one plan found in TAP output' <<-'END'
	echo 1..1; echo ok 1 x.one; echo 1..1
	END
	verdict 'a skip that failed' 1 '  not ok 1 x.one' <<-'END'
	echo 1..1; echo 'not ok 1 x.one # SKIP no'; exit 1
	END
	verdict 'any bytes' 0 'ok 1 a_test' <<-'END'
	echo 1..2; echo ok 1 x.one; head -c 300000 /dev/urandom | sed 's/^[1nokKTB]/#/'; echo
	head -c 200000 /dev/zero; echo; echo ok 2 x.two
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
	verdict 'a splat: its program' 1 '# kernel_log: while this ran: a_test' <<-'END'
	echo 1..1; echo ok 1 x.one
	echo '4,1,1,-;WARNING: CPU: 0' >> "$SETNS_KMSG"
	END
	verdict 'a splat: its test' 1 '# kernel_log: while this ran: a_test, x.two' <<-'END'
	echo 1..2; echo ok 1 x.one
	echo '#  RUN           x.two ...'
	sleep 1; echo '4,1,1,-;WARNING: CPU: 0' >> "$SETNS_KMSG"; sleep 1
	echo ok 2 x.two
	END
	verdict 'a taint flag: its program' 1 '# kernel_log: while this ran: a_test' <<-'END'
	echo 1..1; echo ok 1 x.one; echo 512 > "$SETNS_TAINTED"
	END
	echo 0 > "$SETNS_TAINTED"
	: > "$SETNS_KMSG"
	run --no-build
	is 'marks around a program' "$(cat "$SETNS_KMSG")" 'setns: a_test begins
setns: a_test ends'
	which_of_two
	decoded
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

# Programs that run at once: the stack trace names the task.
which_of_two()
{
	program a_test <<-'END'
	echo 1..1; sleep 2; echo ok 1 x.one
	END
	program b_test <<-'END'
	echo 1..1; sleep 1
	printf '4,1,1,-;%s\n' 'WARNING: CPU: 0' 'CPU: 0 UID: 0 PID: 1 Comm: b_test Not tainted' >> "$SETNS_KMSG"
	echo ok 1 x.one
	END
	run --no-build --jobs 2
	like 'a splat: its program of two' "$status $out" "1 *
# kernel_log: while this ran: b_test
# kernel_log: WARNING: CPU: 0
*"
	rm "$dir/b_test" "$dir/b_test.c"
}

decoded()
{
	mkdir -p "$scratch/linux/scripts"
	: > "$scratch/linux/vmlinux"
	cat > "$scratch/linux/scripts/decode_stacktrace.sh" <<-'END'
	#!/bin/sh
	sed "s|$|, decoded by ${1##*/}|"
	END
	chmod 755 "$scratch/linux/scripts/decode_stacktrace.sh"
	program a_test <<-'END'
	echo 1..1; echo ok 1 x.one
	echo '4,1,1,-;WARNING: CPU: 0' >> "$SETNS_KMSG"
	END
	run --no-build --vmlinux "$scratch/linux/vmlinux"
	like '--vmlinux decodes a stack trace' "$out" "*
# kernel_log: WARNING: CPU: 0, decoded by vmlinux
*"
	rm "$scratch/linux/scripts/decode_stacktrace.sh"
	run --no-build --vmlinux "$scratch/linux/vmlinux"
	like '--vmlinux of a tree without the script' "$status $out" "1 *
# kernel_log: WARNING: CPU: 0
*"
}

# The tests that the KTAP on stdin has, by program: "a:NAME,NAME b:NAME"
ran()
{
	awk '
	/^  (not )?ok [0-9]/ { sub(/^  (not )?ok [0-9]+ /, ""); names = names sep $0; sep = "," }
	/^(not )?ok [0-9]+ [ab]_test/ {
		sub(/^(not )?ok [0-9]+ /, ""); sub(/_test.*/, "")
		all = all (all == "" ? "" : " ") $0 ":" names
		names = sep = ""
	}
	END { print all }'
}

patterns()
{
	no_programs
	for kind in chooser whole; do
		$kind a_test
		$kind b_test
		run --no-build --list
		is "$kind: --list" "$(echo "$out" | paste -s -d ' ')" \
			"a_test:x.one.1 a_test:x.one.2 a_test:x.two.1 a_test:x.two.2 a_test:y.3 $(
			)b_test:x.one.1 b_test:x.one.2 b_test:x.two.1 b_test:x.two.2 b_test:y.3"
		run --no-build --list x.two.2 'y.*'
		is "$kind: --list PATTERN..." "$(echo "$out" | paste -s -d ' ')" \
			'a_test:x.two.2 a_test:y.3 b_test:x.two.2 b_test:y.3'
		chosen "$kind"
		refused "$kind: a pattern that nothing matches" --no-build nothing
		left_out "$kind"
	done
	: > "$SETNS_KMSG"
	run --no-build a_test:y.3
	is 'programs that are not asked for do not run' "$(grep -c begins "$SETNS_KMSG")" 1
	chooser a_test
	run --no-build 'x.two.*'
	like 'the options of the harness choose' "$out" '*# arguments: -r x.two.1 -r x.two.2
*'
	run --no-build a_test
	like 'all tests need no option' "$out" '*# arguments:
*'
	program b_test <<-'END'
	echo 1..2; echo ok 1 x.one; echo not ok 2 x.two; exit 1
	END
	run --no-build b_test:one
	is 'a failure that is not asked for does not count' "$status $(echo "$out" | ran)" '0 b:x.one'
	chooser b_test
	refused 'a pattern that nothing matches' --no-build nothing
	run --no-build --strict x.one
	is 'options and patterns mix' "$status" 0
	run --no-build x.one --strict
	is 'in any order' "$status" 0
	no_programs
}

# The same tests of a program that does not know how to choose
whole()
{
	program "$1" <<-'END'
	echo 1..5; echo ok 1 x.one.1; echo ok 2 x.one.2; echo ok 3 x.two.1
	echo ok 4 x.two.2; echo ok 5 y.3
	END
}

# chosen KIND
chosen()
{
	all=x.one.1,x.one.2,x.two.1,x.two.2,y.3
	for case in "x.one.*|a:x.one.1,x.one.2 b:x.one.1,x.one.2" \
		'.1|a:x.one.1,x.two.1 b:x.one.1,x.two.1' \
		"b_test|b:$all" 'a_test:two.2|a:x.two.2' "b*:*|b:$all" \
		'[!x]?3|a:y.3 b:y.3'; do
		: > "$SETNS_KMSG"
		run --no-build "${case%|*}"
		is "$1: pattern ${case%|*}" "$status $(echo "$out" | ran)" "0 ${case#*|}"
	done
}

# left_out KIND
left_out()
{
	run --no-build --skip b_test --skip 'x.*.1' --skip a_test:3 x.one y.3
	is "$1: --skip" "$status $(echo "$out" | grep -v SKIP | ran)" '0 a:x.one.2'
	is "$1: --skip says so of each" "$(echo "$out" | grep '^  ok.*# SKIP' |
		sed 's/^  ok [0-9]* //' | grep -v b_test | sort -u)" \
		'x.one.1 # SKIP left out by --skip x.*.1
y.3 # SKIP left out by --skip a_test:3'
	like "$1: --skip of a program" "$out" '*
ok 2 b_test # SKIP *'
	run --no-build --human --skip x.one.1
	like "$1: the summary says so" "$out" '*
     skipped 1: left out by --skip x.one.1
*PASS 8 passed, 2 skipped (2 left out by --skip) *'
	run --no-build --skip '*'
	is "$1: all left out" "$status" 4
}

# A bug of kernels from 5.8 to 7.3, of which 6.12.117 has the fix
known()
{
	cat > "$scratch/known" <<-'END'
	# A comment
	tests: a_test:*.bug
	message: setns(pidfd, CLONE_NEWNS|*): expected EINVAL, got success
	message: something else
	beside: * faults in * calls*
	since: 5.8
	fixed: 7.4 0123456789ab
	stable: 6.12.117 7.3.4
	what: too much is granted
	END
	unset line first
	known_test
	export SETNS_RELEASE=6.1.176
	known_is 'a known bug' 0 'ok 2 x.bug # XFAIL too much is granted'
	for version in 5.8 6.12.116 6.18.44-fc 7.2.99 7.3.3-1~bpo13; do
		SETNS_RELEASE=$version known_is "$version has it" 0 'ok 2 x.bug # XFAIL *'
	done
	for version in 5.7.19 6.12.117+deb13 6.12.200 7.3.4 7.4.0 8.0.1; do
		SETNS_RELEASE=$version known_is "$version has it not" 1 'not ok 2 x.bug'
	done
	known_is '--strict' 1 'not ok 2 x.bug' --strict
	like 'the summary tells a known bug' "$("$run" --no-build --human --known "$scratch/known")" \
		'ok *1 passed, 1 xfail*
     xfail x.bug: too much is granted
*PASS 1 passed, 1 xfail *'
	line=$other known_test
	known_is 'another message in the same test' 1 'not ok 2 x.bug'
	line='bug: Test terminated unexpectedly by signal 11' known_test
	known_is 'the same test crashes' 1 'not ok 2 x.bug'
	first=$other known_test
	known_is 'another message beside the known one' 1 'not ok 2 x.bug'
	first='a_test.c:9:bug: 3 faults in 4 calls, 1 survived' known_test
	known_is 'a line beside it that tells no failure' 0 'ok 2 x.bug # XFAIL *'
	first='it said something' known_test
	known_is 'a line that is none of the harness' 0 'ok 2 x.bug # XFAIL *'
	known_passes
	unset SETNS_RELEASE
	echo 'tests: x' > "$scratch/known"
	refused 'a known bug without the rest' --no-build --known "$scratch/known"
	echo 'sense: x' > "$scratch/known"
	refused 'a key that is not known' --no-build --known "$scratch/known"
	cp "$here/tools/known_bugs" "$dir/tools"
	run --no-build
	is 'the known bugs of the project can be read' "$status $err" '0 '
	no_programs
}

other='a_test.c:10:bug: setns(pidfd, CLONE_NEWUTS): expected EPERM, got success'

# A program with one failure, of the message $line, and before it $first
known_test()
{
	program a_test <<-END
	echo 1..2; echo ok 1 x.good
	echo '# ${first:-}'
	echo '# ${line:-lib/a_test.c:11:bug: setns(pidfd, CLONE_NEWNS|CLONE_NEWUTS): expected EINVAL, got success}'
	echo '# bug: Test failed'
	echo not ok 2 x.bug; exit 1
	END
}

# known_is NAME STATUS LINE ARG...
known_is()
{
	name=$1
	expected=$2
	like=$3
	shift 3
	run --no-build --known "$scratch/known" "$@"
	like "$name" "$status $out" "$expected *
  $like
*"
}

known_passes()
{
	program a_test <<-'END'
	echo 1..1; echo ok 1 x.bug
	END
	run --no-build --known "$scratch/known"
	like 'a known bug that is not seen' "$status $out" '0 *
# known bug is not seen: a_test:\*.bug: too much is granted
*'
	run --no-build --human --known "$scratch/known"
	like 'a known bug that is not seen, in the summary' "$out" \
		'*known bug is not seen: a_test:\*.bug: too much is granted*'
	SETNS_RELEASE=7.4 run --no-build --known "$scratch/known"
	is 'of a kernel that has it not this is not said' "$(echo "$out" | grep -c 'not seen')" 0
	program a_test <<-'END'
	echo 1..2; echo ok 1 x.good; echo 'ok 2 x.bug # SKIP no'
	END
	run --no-build --known "$scratch/known"
	is 'nor of a test that is skipped' "$(echo "$out" | grep -c 'not seen')" 0
}

# A program that fails each second time
repeated()
{
	program a_test <<-'END'
	n=$(cat "$TMPDIR/times" 2>/dev/null || echo 0)
	echo $((n + 1)) > "$TMPDIR/times"
	echo 1..2; echo ok 1 x.good
	[ $((n % 2)) = 1 ] || { echo ok 2 x.flaky; exit; }
	echo '# a reason'; echo not ok 2 x.flaky; exit 1
	END
	run --no-build --repeat 4
	like '--repeat: a flaky test' "$status $out" '1 *
  # a reason
  # flaky: failed 2 and passed 2 of 4 times
  not ok 2 x.flaky
not ok 1 a_test
*'
	is '--repeat runs it so many times' "$(cat "$TMPDIR/times")" 4
	rm "$TMPDIR/times"
	run --no-build --repeat 2 --human --json "$scratch/json"
	like '--repeat: in the summary' "$out" '*
     failed x.flaky: flaky: failed 1 and passed 1 of 2 times
*FAIL 1 passed, 1 failed, 1 flaky*'
	is '--repeat: in JSON' "$(python3 -c '
import json, sys
for test in json.load(open(sys.argv[1]))["programs"][0]["tests"]:
    print(test["name"], test["runs"], test["failed_runs"], test["flaky"])
' "$scratch/json")" 'x.good 2 0 False
x.flaky 2 1 True'
	rm "$TMPDIR/times"
	run --no-build --repeat 1
	is '--repeat 1' "$status" 0
	rm "$TMPDIR/times"
	program a_test <<-'END'
	echo 1..1; echo ok 1 x.one
	END
	run --no-build --repeat 3
	is '--repeat: all passed' "$status $(echo "$out" | ran)" '0 a:x.one'
	verdict_repeated
}

verdict_repeated()
{
	program a_test <<-'END'
	echo 1..1; echo ok 1 x.one; kill -SEGV $$
	END
	run --no-build --repeat 2
	like '--repeat: a crash' "$status $out" '1 *
# a_test: run 1 of 2: killed by SIGSEGV after 1 results
# a_test: run 2 of 2: killed by SIGSEGV after 1 results
*'
	no_programs
}

shuffled()
{
	for name in a b c d e f g h; do
		program ${name}_test <<-'END'
		echo 1..1; echo "${0##*/}" >> "$TMPDIR/order"; echo ok 1 x.one
		END
	done
	orders=
	for seed in 17 17 18; do
		run --no-build --jobs 1 --shuffle=$seed
		orders="$orders $(paste -s -d + "$TMPDIR/order")"
		rm "$TMPDIR/order"
	done
	like '--shuffle=SEED says the seed' "$out" '*# --shuffle=18 *'
	# shellcheck disable=SC2086 # words
	set -- $orders
	is '--shuffle: the same seed, the same order' "$1" "$2"
	check '--shuffle: another seed, another order' test "$1" != "$3"
	run --no-build --jobs 1 --shuffle
	is '--shuffle: all run' "$(sort "$TMPDIR/order" | paste -s -d ' ')" \
		'a_test b_test c_test d_test e_test f_test g_test h_test'
	rm "$TMPDIR/order"
	seed=$(echo "$out" | sed -n 's/^# --shuffle=\([0-9]*\) .*/\1/p')
	like '--shuffle finds a seed' "$seed" '[1-9]*'
	is 'the report is in the order of names' "$(echo "$out" | sed -n 's/^ok [0-9]* \(.\)_test/\1/p' |
		paste -s -d '')" abcdefgh
	no_programs
	slowest_first
}

slowest_first()
{
	for name in a b c; do
		program ${name}_test <<-'END'
		echo 1..1; echo "${0##*/}" >> "$TMPDIR/order"
		case $0 in *b_test) sleep 0.5 ;; *c_test) sleep 0.2 ;; esac
		echo ok 1 x.one
		END
	done
	run --no-build --jobs 1
	rm "$TMPDIR/order"
	run --no-build --jobs 1
	is 'the one that took longest is started first' "$(paste -s -d ' ' "$TMPDIR/order")" \
		'b_test c_test a_test'
	rm "$TMPDIR/order"
	head -c 3000 /dev/urandom > "$SETNS_CACHE/state/durations"
	run --no-build
	is 'what is remembered is garbled' "$status" 0
	SETNS_CACHE=/proc/none run --no-build
	is 'nothing can be remembered' "$status" 0
	rm "$TMPDIR/order"
	no_programs
}

failed_again()
{
	rm -rf "$SETNS_CACHE/state"
	chooser a_test
	refused '--failed without an earlier run' --no-build --failed
	run --no-build
	run --no-build --failed
	like '--failed where nothing failed' "$status $out" '0 *nothing failed in the last run*'
	for name in a b; do
		program ${name}_test <<-'END'
		echo 1..3; echo ok 1 x.one
		[ -e "$TMPDIR/mended" ] && not= || not='not '
		echo "${not}ok 2 x.two"; echo ok 3 x.three; [ -z "$not" ] || exit 1
		END
	done
	program c_test <<-'END'
	echo 1..1; echo ok 1 x.one; [ -e "$TMPDIR/mended" ] || kill -SEGV $$
	END
	program d_test <<-'END'
	echo 1..1; echo ok 1 x.one
	END
	run --no-build
	run --no-build --failed
	is '--failed runs what failed' "$status $(echo "$out" | ran)" '1 a:x.two b:x.two'
	is '--failed runs no other program' "$(echo "$out" | grep -c '^ok [0-9]* d_test')" 0
	like '--failed runs a program that crashed' "$out" '*not ok 3 c_test
*'
	run --no-build a_test:one
	: > "$TMPDIR/mended"
	run --no-build --failed a_test
	is '--failed with a pattern' "$status $(echo "$out" | ran)" '0 a:x.two'
	run --no-build --failed
	is 'what did not run since is still remembered' "$status $(echo "$out" | ran)" '0 b:x.two'
	run --no-build --failed
	like 'it is forgotten when it passes' "$status $out" '0 *nothing failed*'
	rm "$TMPDIR/mended"
	no_programs
}

as_another_user()
{
	program a_test <<-'END'
	echo 1..1; echo "ok 1 $(id -u) $(id -g) $(id -G) $(grep -c '^NoNewPrivs:.0' /proc/self/status)"
	END
	if [ "$(id -u)" != 0 ]; then
		skip '--user' 'not root'
		return
	fi
	run --no-build --user 1234
	is '--user' "$(echo "$out" | ran)" 'a:1234 1234 1234 1'
	program a_test <<-'END'
	echo 1..1; echo ok 1 x.one; setsid sleep 300 &
	END
	run --no-build --user 1234
	like '--user: a process left behind' "$status $out" '1 *left a process behind: * (sleep)
*'
	check '--user: no process is left' nothing_runs
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
	if command -v prove >/dev/null; then
		like 'prove reads the KTAP' "$(prove -e cat "$scratch/ktap")" \
			"*Failed test:  1
*"
	else
		skip 'prove reads the KTAP' 'no prove(1), which is of perl'
	fi
	run --no-build --human
	like '--human' "$out" "FAIL a_test*1 passed, 1 failed, 1 xfail, 1 skipped*
     failed x.two
            a \"reason\" <&>
     xfail x.bug: a bug
     skipped 1: why
ok *kernel_log
FAIL 1 passed, 1 failed, 1 xfail, 1 skipped *"
	json
	odd_bytes
	unwritable
	for name in a_test b_test; do
		program $name <<-'END'
		echo 1..2; echo '# why'; echo not ok 1 x.one; sleep 0.3; echo ok 2 x.two; exit 1
		END
	done
	escape=$(printf '\033')
	like 'a terminal gets colour' "$(TERM=xterm script -qec "'$run' --no-build" /dev/null < /dev/null)" \
		"*${escape}[[]31mFAIL*"
	like 'NO_COLOR' "$(TERM=xterm NO_COLOR=1 script -qec "'$run' --no-build" /dev/null < /dev/null |
		grep -c "$escape")" 0
	erased=$(TERM=xterm NO_COLOR=1 script -qec "'$run' --no-build --jobs 1" /dev/null < /dev/null)
	return=$(printf '\r')
	like 'a terminal gets a line of progress' "$erased" "*[[]0/2] ?_test$return*"
	is 'the line of progress is erased' "$(echo "$erased" | sed "s/$return\$//; s/.*$return//" |
		grep -c '[[]./2]')" 0
	no_programs
}

json()
{
	run --no-build --json "$scratch/report.json"
	is '--json keeps the exit status' "$status" 1
	check 'JSON report' python3 -m json.tool "$scratch/report.json"
	is 'JSON report: its content' "$(python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
print(report["status"], report["totals"]["fail"], report["kernel_log"]["problems"])
for test in report["programs"][0]["tests"]:
    print(test["name"], test["result"], test.get("reason"), test["diagnostics"])
' "$scratch/report.json")" "1 1 []
x.one pass None []
x.two fail None ['a \"reason\" <&>']
x.skip skip why []
x.bug xfail a bug []"
}

odd_bytes()
{
	program a_test <<-'END'
	echo 1..2; printf '# \001 \033[31m \377\376 \303\050 \355\240\200 \357\277\277 \360\237\220\247 ]]> <&>" \0 \177\n'
	echo not ok 1 x.one; printf 'ok 2 x.\302\200\001 # SKIP \013\377 "\n'; exit 1
	END
	run --no-build --junit "$scratch/report.xml" --json "$scratch/report.json"
	is 'odd bytes: exit status' "$status $err" '1 '
	is 'odd bytes: JUnit' "$(python3 -c '
import sys
from xml.etree import ElementTree
case = ElementTree.parse(sys.argv[1]).getroot()[0][0]
print(ascii(case[0].get("message")), case[0].get("message") == case[0].text)
' "$scratch/report.xml")" \
		"'\\ufffd \\ufffd[31m \\ufffd\\ufffd \\ufffd( \\ufffd\\ufffd\\ufffd \\ufffd \\U0001f427 ]]> <&>\" ? \\x7f' True"
	check 'odd bytes: JSON' python3 -m json.tool "$scratch/report.json"
	run --no-build --human
	is 'odd bytes: the summary has no control characters' "$(echo "$out" | LC_ALL=C grep -c '[[:cntrl:]]')" 0
}

unwritable()
{
	for option in --junit --json; do
		run --no-build $option /dev/full
		like "$option on a full disk" "$status $err" "2 runner: cannot write /dev/full: *"
		: > "$TMPDIR/none"
		run --no-build $option "$TMPDIR/none/report"
		is "$option: found before a test runs" "$status $out" '2 '
		rm "$TMPDIR/none"
		echo old > "$scratch/old"
		run --no-build $option "$scratch/old"
		is "$option: an old report is replaced" "$(grep -c '^old' "$scratch/old")" 0
		is "$option: nothing else is left" "$(echo "$scratch"/old*)" "$scratch/old"
		run --no-build $option /dev/null
		is "$option /dev/null" "$status" 1
		check "$option /dev/null is still a device" test -c /dev/null
	done
	status=0
	"$run" --no-build > /dev/full 2> "$scratch/err" || status=$?
	like 'stdout on a full disk' "$status $(cat "$scratch/err")" '2 runner: cannot write the report: *'
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

# stop_after DELAY SIGNAL [-]: run_tests.sh, or its process group, and set $status
stop_after()
{
	# What runs in the background ignores SIGINT, unless it is told not to.
	# shellcheck disable=SC2086 # words
	setsid env --default-signal=INT,HUP,TERM "$run" $run_args > "$scratch/out" 2>&1 &
	pid=$!
	# Until it is another program, it has the traps of this one.
	while :; do
		case $(cat /proc/$pid/comm) in
		run_tests.t|setsid|env) ;;
		*) break ;;
		esac
	done
	sleep "$1"
	kill -"$2" "${3:-}$pid"
	wait $pid
	status=$?
}

# stopped SIGNAL STATUS [-]: whatever moment it is
stopped()
{
	stubborn
	before=$(files)
	statuses=
	run_args=--no-build
	for delay in 0 0.02 0.05 0.1 0.15 0.2 0.3 0.4; do
		stop_after "$delay" "$1" "${3:-}"
		statuses="$statuses $status"
	done 2>/dev/null
	of="SIG$1${3:+ of the group}"
	is "$of: exit status" "$statuses" " $2 $2 $2 $2 $2 $2 $2 $2"
	check "$of: no process is left" nothing_runs
	is "$of: no file is left" "$(files)" "$before"
	[ "$1" = KILL ] || like "$of: it is said" "$(cat "$scratch/out")" "*
Bail out! stopped by SIG$1"
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

# A supervisor that keeps what another one waits for would hold it up.
one_of_two_ended()
{
	stubborn
	mv "$dir/a_test" "$dir/b_test"
	mv "$dir/a_test.c" "$dir/b_test.c"
	for signal in TERM KILL; do
		program a_test <<-'END'
		echo 1..1; echo ok 1 x.one
		END
		: > "$scratch/out"
		"$run" --no-build --jobs 2 > "$scratch/out" 2>&1 &
		pid=$!
		until grep -q '^ok 1 a_test' "$scratch/out"; do sleep 0.05; done
		kill -$signal $pid
		wait $pid 2>/dev/null
		check "SIG$signal when one of two programs has ended: no process is left" nothing_runs
	done
	no_programs
}

# Nobody should end a supervisor; if somebody does, nothing gets away.
supervisor_killed()
{
	stubborn
	: > "$scratch/out"
	"$run" --no-build > "$scratch/out" 2> "$scratch/err" &
	pid=$!
	until grep -q 'ok 1 x.one' "$scratch/out"; do sleep 0.05; done
	# shellcheck disable=SC2046 # words
	kill -KILL $(cat /proc/$pid/task/$pid/children)
	wait $pid
	like 'a supervisor that is killed' "$? $(cat "$scratch/err")" \
		'2 runner: a_test: its supervisor was killed'
	check 'a supervisor that is killed: no process is left' nothing_runs
	no_programs
}

two_runs_at_once()
{
	program a_test <<-'END'
	echo 1..1; sleep 1; echo ok 1 x.one
	END
	"$run" --no-build > "$scratch/first" 2>&1 &
	first=$!
	run --no-build
	wait $first
	is 'two runs at once: exit status' "$? $status" '0 0'
	is 'two runs at once: the report' "$out" "$(cat "$scratch/first")"
	is 'two runs at once: no file is left' "$(echo "$SETNS_CACHE"/state/*new*)" \
		"$SETNS_CACHE/state/*new*"
}

surroundings()
{
	program a_test <<-'END'
	echo 1..1; echo "ok 1 ${LC_ALL-}"
	END
	LC_ALL=de_DE.UTF-8 LANGUAGE=de run --no-build
	is 'LC_ALL=de_DE.UTF-8 LANGUAGE=de' "$status $(echo "$out" | ran)" '0 a:de_DE.UTF-8'
	is 'LANGUAGE=de: the name of a package' \
		"$(LC_ALL=de_DE.UTF-8 LANGUAGE=de sh "$dir/tools/scripts/harness.sh" --package)" \
		"$(sh "$dir/tools/scripts/harness.sh" --package)"
	O=$scratch/none run --no-build
	is 'O= in the environment' "$status" 0
	check 'O= in the environment: nothing is made there' test ! -e "$scratch/none"
	err=$(KSRC=$scratch/tree CROSS_COMPILE=none- "$run" --no-install 2>&1 < /dev/null)
	is '--no-install: exit status' $? 2
	is '--no-install: names the package' "$err" \
		'run_tests.sh: missing: none-gcc: apt-get install gcc-none'
	mkdir -p "$scratch/bin"
	printf '#!/bin/sh\nexit 1\n' > "$scratch/bin/apt-get"
	chmod 755 "$scratch/bin/apt-get"
	if [ "$(id -u)" = 0 ]; then
		err=$(PATH="$scratch/bin:$PATH" KSRC=$scratch/tree CROSS_COMPILE=none- "$run" 2>&1 < /dev/null)
		like 'what is installed is said first' "$err" 'installing: gcc-none
run_tests.sh: cannot install gcc-none:*'
	else
		skip 'what is installed is said first' 'not root'
	fi
	rm "$scratch/bin/apt-get"
}

# The runner of a kernel tree, of which the harness is a part
in_a_tree()
{
	harness=$(sh "$dir/tools/scripts/harness.sh" 2>/dev/null) || {
		skip 'run_tests.sh in a kernel tree' 'no kselftest harness'
		return
	}
	tree=$scratch/tree/tools/testing/selftests
	rm -rf "$scratch/tree"
	mkdir -p "$tree/setns"
	cp -R "$harness"/. "$tree"
	cp "$here/run_tests.sh" "$tree/setns"
	printf 'TEST_PROGS := a_test b_test\ninclude ../lib.mk\n' > "$tree/setns/Makefile"
	for case in '0 0|0' '0 4|0' '4 4|4' '0 1|1' '4 1|1' '0 42|1'; do
		statuses=${case%|*}
		printf '#!/bin/sh\necho make: 3; exit %s\n' "${statuses% *}" > "$tree/setns/a_test"
		printf '#!/bin/sh\nexit %s\n' "${statuses#* }" > "$tree/setns/b_test"
		chmod 755 "$tree/setns"/*_test
		status=0
		"$tree/setns/run_tests.sh" > "$scratch/out" 2>&1 || status=$?
		is "in a kernel tree: programs that exit with $statuses" "$status" "${case#*|}"
	done
	like 'in a kernel tree: KTAP' "$(cat "$scratch/out")" '*
ok 1 selftests: setns: a_test
*
not ok 2 selftests: setns: b_test # exit=42*'
	# shellcheck disable=SC2016 # for make
	printf '$(%s)\n' 'error cannot be built' >> "$tree/setns/Makefile"
	"$tree/setns/run_tests.sh" > "$scratch/out" 2>&1
	is 'in a kernel tree: it cannot be built' $? 2
	"$tree/setns/run_tests.sh" --human > "$scratch/out" 2>&1
	is 'in a kernel tree: no arguments' $? 2
}

elsewhere()
{
	program a_test <<-'END'
	echo 1..1; pwd; echo ok 1 x.one
	END
	like 'another working directory' "$(cd / && "$run" --no-build)" "*# $dir
*ok 1 a_test*"
	like 'a relative path' "$(cd "$dir/tools" && ../run_tests.sh --no-build)" '*
ok 1 a_test*'
	like 'a make above it' "$(MAKELEVEL=1 MAKEFLAGS='n -- OUTPUT=/none' "$run" --no-build)" '*
ok 1 a_test*'
	# shellcheck disable=SC2086
	like 'an ordinary user' "$(HOME=/nonexistent $as_user "$run" --no-build)" '*
ok 1 a_test*'
	stubborn
	"$run" --no-build | head -n 1 > /dev/null
	check 'a reader that goes away: no process is left' nothing_runs
}

arguments
verdicts
lies_and_crashes
the_kernel
patterns
known
repeated
shuffled
failed_again
as_another_user
reports
stopped TERM 143
stopped INT 130
stopped HUP 129
stopped INT 130 -
stopped TERM 143 -
stopped KILL 137
stopped KILL 137 -
stopped_building TERM
stopped_building KILL
one_of_two_ended
supervisor_killed
two_runs_at_once
surroundings
in_a_tree
elsewhere
done_testing
