#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Kernels in virtual machines: every verdict that a guest can come to, and every
# trouble on the way to it. The programs that the guests run are scripts, the
# kernel is the stock one of this system's suite.

# shellcheck source=../tap.sh
. "$(dirname -- "$0")/../tap.sh"
# shellcheck source=tools/tests/leftovers.sh
. "$here/tools/tests/leftovers.sh"

need_command qemu-system-x86_64 qemu-system-x86
need_command busybox busybox-static
need_command cpio cpio
need_command setpriv util-linux
install_missing

boot=$tools/vm/boot.sh
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
kernel=$("$tools/vm/debian.sh" kernel "$suite" cloud-amd64 2>&1) || die "$kernel"

# program DIRECTORY NAME: the body of a test program is read.
program()
{
	mkdir -p "$scratch/$1"
	{ echo '#!/bin/sh'; cat; } > "$scratch/$1/$2"
	chmod 755 "$scratch/$1/$2"
}

program pass one_test <<'E2'
echo "TAP version 13"; echo "1..3"; echo "ok 1 a"
echo "ok 2 b # SKIP why"; echo "ok 3 c # XFAIL known"
E2
program fail one_test <<'E2'
echo "TAP version 13"; echo "1..2"; echo "not ok 1 a"; echo "ok 2 b"; exit 1
E2
program skip one_test <<'E2'
echo "TAP version 13"; echo "1..1"; echo "ok 1 a # SKIP why"; exit 4
E2
program panic one_test <<'E2'
echo "TAP version 13"; echo "1..2"; echo "ok 1 a"; echo c > /proc/sysrq-trigger
E2
program hang one_test <<'E2'
echo "TAP version 13"; echo "1..2"; echo "ok 1 a"; while :; do sleep 9; done
E2
program short one_test <<'E2'
echo "TAP version 13"; echo "1..2"; echo "ok 1 a"
E2
program liar one_test <<'E2'
echo "TAP version 13"; echo "1..1"; echo "not ok 1 a"
E2
program killed one_test <<'E2'
echo "TAP version 13"; echo "1..1"; echo "ok 1 a"; kill -SEGV $$
E2
program warning one_test <<'E2'
echo "TAP version 13"; echo "1..1"; echo "ok 1 a"
echo 512 > /proc/sys/kernel/tainted
E2
program silent one_test <<'E2'
E2
program nothing-but-skips one_test <<'E2'
echo "TAP version 13"; echo "1..2"; echo "ok 1 a # SKIP why"; echo "ok 2 b # SKIP why"
E2
program gives-up one_test <<'E2'
echo "TAP version 13"; echo "1..1"; echo "ok 1 a"; echo "Bail out! why"
E2
program twice one_test <<'E2'
echo "TAP version 13"; echo "1..2"; echo "ok 1 a"; echo "ok 1 a"
E2
program tell one_test <<'E2'
echo "TAP version 13"; echo "1..1"
echo "# user $(id -u) rounds $SETNS_ROUNDS words $SETNS_WORDS"
echo "# parent $PPID group $(cat /proc/self/cgroup)"
for place in /proc /sys /dev/shm /dev/mqueue /tmp /sys/fs/cgroup; do
	grep -q " $place " /proc/mounts || echo "# not mounted: $place"
done
ip link show lo | grep -q UP || echo "# lo is down"
: > /tmp/x && : > /dev/null || echo "# cannot write"
echo "ok 1 a"
E2

# run DIRECTORY ARGUMENT...: $out, $err, $status
run()
{
	dir=$scratch/$1
	shift
	SETNS_MARK=$mark timeout -k 5 200 "$boot" --programs "$dir" "$@" \
		> "$scratch/out" 2> "$scratch/err"
	status=$?
	out=$(cat "$scratch/out")
	err=$(cat "$scratch/err")
}

# verdict NAME STATUS GLOB-OF-OUT GLOB-OF-ERR
verdict()
{
	is "$1: exit status $2" "$status" "$2"
	like "$1: what it reports" "$out" "$3"
	like "$1: what it says" "$err" "$4"
}

# one_line NAME STATUS GLOB COMMAND...: trouble is told in one line, on stderr.
one_line()
{
	name=$1
	wanted=$2
	glob=$3
	shift 3
	said=$("$@" 2>&1)
	is "$name: exit status $wanted" "$?" "$wanted"
	like "$name: the line" "$said" "$glob"
	is "$name: one line" "$(echo "$said" | wc -l)" 1
}

row='# [0-9]*cloud-amd64 '
run pass "$kernel"
verdict 'passed' 0 "*
  ok 1 a
*
ok 1 one_test
ok 2 kernel_log
# Totals: *
$row*     1      0      1       1 *" ''
run fail "$kernel"
verdict 'failed' 1 "*
not ok 1 one_test
*
$row*     1      1      0       0 *" ''
run skip "$kernel"
verdict 'all skipped' 4 "*
ok 1 one_test # SKIP *" ''
run panic "$kernel"
verdict 'panic' 1 '*# console: *Kernel panic*' \
	'boot.sh: *: during the tests: Kernel panic*sysrq*'
run hang --timeout 40 "$kernel"
verdict 'hang' 1 '*  ok 1 a*' 'boot.sh: *: during the tests: no verdict within 40 s'
run pass --timeout 40 --append 'rdinit=/nothing root=' "$kernel"
verdict 'no init' 2 '*no verdict' 'boot.sh: *: before the tests: Kernel panic*'
run pass --timeout 40 --append 'SETNS_CHANNEL=ttyS9' "$kernel"
verdict 'no report' 2 '*# console: *no serial port*no verdict' \
	'boot.sh: *: before the tests: it stopped without a verdict'
run short "$kernel"
verdict 'fewer results than planned' 1 '*# one_test: 1 results of 2 planned
not ok 1*' ''
run liar "$kernel"
verdict 'exit status 0 with a failed test' 1 '*exit status 0 in spite of 1 failed*' ''
run killed "$kernel"
verdict 'a program that crashed' 1 '*# one_test: killed by SIGSEGV after 1 results*' ''
run silent "$kernel"
verdict 'a program without a word' 1 '*# one_test: no plan, 0 results*' ''
run nothing-but-skips "$kernel"
verdict 'all skipped, and exit status 0' 4 '*ok 1 one_test # SKIP *' ''
run gives-up "$kernel"
verdict 'a program that gives up' 1 '*# one_test: gave up: why*not ok 1*' ''
run twice "$kernel"
verdict 'results out of sequence' 1 '*# one_test: *not ok 1 one_test*' ''
run warning "$kernel"
verdict 'a warning of the kernel' 1 '*# kernel_log: the kernel became tainted*
not ok 2 kernel_log*' ''
run fail "$kernel" -- 'one_test:b'
verdict 'a failure that is not asked for' 0 '*  ok 1 b
*' ''
run panic "$kernel" -- 'one_test:a'
verdict 'a panic while some tests are asked for' 1 '*' \
	'boot.sh: *: during the tests: Kernel panic*sysrq*'

SETNS_ROUNDS=77 SETNS_WORDS="a \"b\" 'c' \$(id) \`id\` \\ d" run tell "$kernel"
like 'the environment reaches the guest as it is' "$out" \
	"*# user 0 rounds 77 words a \"b\" 'c' \$(id) \`id\` \\\\ d*"
like 'tests run in a control group of their own' "$out" '*group 0::/setns*'
like 'not as children of the first process' "$out" '*# parent [1-9][0-9]*'
case $out in
*'# parent 1 '*|*'not mounted'*|*'is down'*|*'cannot write'*)
	not_ok 'all is mounted and up' "$out" ;;
*)	ok 'all is mounted and up' ;;
esac
like 'it has the processors that were asked for' "$out" '*# kernel *, processors: 2*'
run tell --user "$kernel"
like 'as an ordinary user' "$out" '*# user 1000 *'
run pass "$kernel" -- one:a
like 'a pattern that matches' "$out" '*ok 1 one_test
*'
run pass "$kernel" -- nothing-like-it
verdict 'a pattern that matches nothing' 2 '*the runner failed' \
	'boot.sh: *: no test matches nothing-like-it*'
run pass "$kernel" -- "\$(poweroff)"
verdict 'a pattern that a shell would read' 2 '*the runner failed' \
	"boot.sh: *: no test matches \\\$(poweroff)*"

run pass --jobs 2 "$kernel" "$kernel" "$kernel"
verdict 'three guests' 0 "KTAP version 1
1..3
*
    ok 1 a
*
ok 1 *
ok 2 *
ok 3 *
# kernel *
$row*
$row*
$row*" ''

# What no guest does on demand, by a QEMU whose body is read: its standard output is
# the report.
fake()
{
	mkdir -p "$scratch/fake"
	{ echo '#!/bin/sh'; cat; } > "$scratch/fake/qemu-system-x86_64"
	chmod 755 "$scratch/fake/qemu-system-x86_64"
}
real_path=$PATH
PATH=$scratch/fake:$PATH
for word in '' no 4x; do
	fake <<-E2
	echo "# kernel 1.0, processors: 1"
	echo "KTAP version 1"; echo 1..1; echo "  ok 1 a"; printf "# guest: exit $word"
	E2
	run pass "$kernel"
	verdict "a verdict that is cut off: '$word'" 1 '*# kernel *' \
		'boot.sh: *: during the tests: no word from its console'
done
fake <<'E2'
echo "# kernel 1.0, processors: 1"; echo "KTAP version 1"; kill -KILL $$
E2
run pass "$kernel"
verdict 'a QEMU that is killed is not the kernel' 2 "*not the kernel's fault" \
	'boot.sh: *: QEMU was killed by signal 9'
fake <<'E2'
echo "no memory for you" >&2; exit 1
E2
run pass "$kernel"
verdict 'nor is one that cannot start' 2 "*not the kernel's fault" \
	'boot.sh: *: QEMU failed: no memory for you'
fake <<'E2'
if [ ! -e "$FAKE/first" ]; then
	: > "$FAKE/first"
elif [ ! -e "$FAKE/second" ]; then
	: > "$FAKE/second"
	kill -KILL "$(cut -d ' ' -f 4 "/proc/$PPID/stat")"
fi
echo "# kernel 1.0, processors: 1"
echo "KTAP version 1"; echo 1..1; echo "  ok 1 a"; echo "# guest: exit 0"
E2
export FAKE="$scratch/fake"
run pass --jobs 1 "$kernel" "$kernel" "$kernel"
verdict 'a job that is killed: the others are run' 2 "*ok 1 *
not ok 2 *
*ok 3 *
# kernel *
# * 1 *
# * 0 *  no verdict
# * 1 *" '*'
# stale TIMES: a QEMU that runs into a breakpoint which is gone, as often
stale()
{
	rm -f "$FAKE"/boot.*
	fake <<-E2
	times=$1
	E2
	cat >> "$FAKE/qemu-system-x86_64" <<-'E2'
	: > "$FAKE/boot.$$"
	set -- "$@" $(ls "$FAKE" | grep -c '^boot')
	for word; do
		case $word in *id=console,path=*) console=${word##*path=} ;; esac
	done
	if [ "$word" -le "$times" ]; then
		echo '[    1.692310] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI' > "$console"
		echo '[    1.692311] Kernel panic - not syncing: Fatal exception' >> "$console"
		exit
	fi
	echo "# kernel 1.0, processors: 1"
	echo "KTAP version 1"; echo 1..1; echo "  ok 1 a"; echo "# guest: exit 0"
	E2
}
stale 1
run pass "$kernel"
verdict 'a breakpoint that only QEMU saw: booted again' 0 '*ok 1 a*' \
	'boot.sh: *: QEMU ran a breakpoint that was gone: booted again'
stale 2
run pass "$kernel"
verdict 'but once' 2 '*no verdict' '*booted again
boot.sh: *: before the tests: Kernel panic*'
PATH=$real_path

head -c 1000000 "$kernel" > "$scratch/cut-off"
printf MZ > "$scratch/two-bytes"
mkdir "$scratch/no-programs"
echo 'no kernel' > "$scratch/no-kernel"
head -c 70000 /dev/zero > "$scratch/ppc"
one_line 'an image that is cut off' 2 'boot.sh: *cut off*' "$boot" "$scratch/cut-off"
one_line 'no kernel image' 2 'boot.sh: *no kernel image*' "$boot" "$scratch/no-kernel"
one_line 'another architecture' 2 'boot.sh: *no kernel image of*' "$boot" "$scratch/ppc"
one_line 'no such image' 2 'boot.sh: *no such image' "$boot" "$scratch/nothing"
one_line 'a directory' 2 'boot.sh: *not a readable file' "$boot" "$scratch"
one_line 'two bytes' 2 'boot.sh: *no kernel image of*' "$boot" "$scratch/two-bytes"
one_line 'an option without its argument' 2 'boot.sh: --append: nothing given' \
	"$boot" "$kernel" --append
one_line 'an empty pattern' 2 "boot.sh: '' is no pattern*" "$boot" "$kernel" -- ''
one_line 'no programs' 2 'boot.sh: --programs: no program *_test in *' \
	"$boot" --programs "$scratch/no-programs" "$kernel"
one_line 'a bad number' 2 'boot.sh: --jobs: 0 is no number*' "$boot" --jobs 0 "$kernel"
one_line 'not enough memory' 2 'boot.sh: not enough memory: *' \
	"$boot" --memory 99999999 "$kernel"
one_line 'a cache that cannot be written' 2 'boot.sh: cannot write to the cache*' \
	env SETNS_CACHE=/proc/nothing "$boot" "$kernel"
one_line 'a cache with a blank' 2 'boot.sh: cannot use the cache*' \
	env SETNS_CACHE="$scratch/a b" "$boot" "$kernel"

# without COMMAND: a PATH that has everything else, but no apt-get to install it
without()
{
	rm -rf "$scratch/path"
	mkdir "$scratch/path"
	for dir in /usr/local/bin /usr/bin /bin /usr/sbin /sbin; do
		for file in "$dir"/*; do
			case ${file##*/} in
			"$1"|apt-get|apt-cache) ;;
			*) ln -sf "$file" "$scratch/path/" 2>/dev/null ;;
			esac
		done
	done
}

without qemu-system-x86_64
one_line 'no QEMU' 2 'boot.sh: missing: qemu-system-x86_64*' \
	env PATH="$scratch/path" "$boot" --programs "$scratch/pass" "$kernel"
without busybox
one_line 'no busybox' 2 'boot.sh: missing: busybox*' \
	env PATH="$scratch/path" "$boot" --programs "$scratch/pass" "$kernel"
without vng
one_line 'no vng' 2 'vng.sh: no vng: install the package virtme-ng*' \
	env PATH="$scratch/path" "$tools/vm/vng.sh" --programs "$scratch/pass" "$kernel"
without df
printf '#!/bin/sh\necho x; echo "fs 1 1 1024 1%% /"\n' > "$scratch/path/df"
chmod 755 "$scratch/path/df"
one_line 'not enough disk' 2 'boot.sh: not enough disk: *' \
	env PATH="$scratch/path" "$boot" --programs "$scratch/pass" "$kernel"

one_line 'a suite that is gone' 4 'debian.sh: nosuch: *' \
	"$tools/vm/debian.sh" newest nosuch linux
one_line 'a mirror that is down' 4 'debian.sh: sid: the mirror does not answer*' \
	env SETNS_MIRROR=http://127.0.0.1:9/debian SETNS_CACHE="$scratch/cache" \
	"$tools/vm/debian.sh" newest sid linux
SETNS_MIRROR=http://127.0.0.1:9/debian SETNS_CACHE="$scratch/cache" \
	"$tools/vm/matrix.sh" bullseye i386 > "$scratch/out" 2>&1
is 'no kernel of a matrix is to be had: exit status 4' $? 4
like 'its table names them' "$(cat "$scratch/out")" '# kernel *
# bullseye *  1 *  skipped: *mirror*
# i386 *  1 *  skipped: *mirror*
# 0 passed, 0 failed, 2 skipped, 0 xfail'
printf '%s\t%s\n' '4 0 0 0 1 0 sid' 'skipped: why' > "$scratch/absent"
run pass --absent "$scratch/absent" "$kernel"
verdict 'a kernel beside one that is not to be had' 0 "*
  ok 1 a
*
$row*     1      0      1       1 *
# sid *     0      0      0       1 *  skipped: why
# 1 passed, 0 failed, 2 skipped, 1 xfail" ''
one_line 'bisecting what is no kernel tree' 255 'bisect.sh: *is no kernel tree*' \
	env -C "$scratch" "$tools/vm/bisect.sh"

# A signal in the middle of one and of several guests: nothing stays. What a
# killed run leaves in the cache, the next one removes.
mkdir "$scratch/own" "$scratch/tmp"
cp "$cache"/accel-* "$scratch/own" 2>/dev/null
export SETNS_CACHE="$scratch/own" TMPDIR="$scratch/tmp"
left()
{
	find "$TMPDIR" "$SETNS_CACHE/run" -mindepth 1
}
for signal in HUP INT TERM KILL; do
	for images in "$kernel" "$kernel $kernel $kernel"; do
		# shellcheck disable=SC2086 # images
		SETNS_MARK=$mark env --default-signal=INT "$boot" \
			--programs "$scratch/hang" $images > "$scratch/out" 2>&1 &
		tries=200
		while ! grep -q KTAP "$scratch/out" && [ $tries -gt 0 ]; do
			tries=$((tries - 1))
			sleep 0.1
		done
		kill -$signal $!
		wait $! 2>/dev/null
		status=$?
		case $signal in
		HUP)	is "SIG$signal: exit status" $status 129 ;;
		INT)	is "SIG$signal: exit status" $status 130 ;;
		TERM)	is "SIG$signal: exit status" $status 143 ;;
		esac
		is "SIG$signal: no guest survives" "$(survivors)" ''
		[ $signal = KILL ] ||
			is "SIG$signal: nothing is left" "$(left)" ''
	done
done
run pass "$kernel"
is 'what SIGKILL left is gone' "$(left)" ''
done_testing
