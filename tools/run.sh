#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Test setns(2) of the running kernel: set up, build, run all tests.

set -eu

usage()
{
	cat <<USAGE
usage: run_tests.sh [OPTION]... [PATTERN]...

Tests setns(2) of the running kernel. As root it first installs what building
the tests needs (Debian and derivatives).

A PATTERN is a glob, or a word, that the name of a test or of a program has to
match; PROGRAM:TEST matches both. Without one, all tests run.

  --list            print PROGRAM:TEST for each test, and run none
  --skip PATTERN    leave these tests out; may be repeated
  --failed          run only the tests that failed the last time
  --repeat N        run each program N times; a test that both passes and fails
                    is flaky, which is a failure
  --shuffle[=SEED]  start the programs in random order
  --jobs N          run N programs at a time (default: processors)
  --timeout SECONDS for each program, 0 for none
  --user UID        run the programs as this user, without groups

  --ktap            print KTAP (the default where stdout is no terminal)
  --human           print a short summary (the default on a terminal)
  --junit FILE      write a JUnit report as well
  --json FILE       write a JSON report as well

  --known FILE      the known bugs of kernels (default: tools/known_bugs)
  --strict          a known bug is a failure
  --vmlinux FILE    decode stack traces by the kernel tree that has this file

  --no-build        run the test programs as they are
  --no-install      install nothing, only say what is missing
  --help            print this

Other kernels than the running one, as first option (with --help: how):
  --boot  --vng  --kernels  --bisect

Environment: KSRC=TREE takes the kselftest harness from a kernel tree, OUTPUT=DIR
has the built programs, SETNS_CACHE=DIR is the cache, NO_COLOR.

Exit status: 0 all passed, 1 a test failed or the kernel warned or became
tainted, 4 all were skipped, 2 run_tests.sh itself failed, 129, 130, 143 when
stopped by SIGHUP, SIGINT, SIGTERM.
USAGE
}

die()
{
	echo "run_tests.sh: $*" >&2
	exit 2
}

here=$(cd -P -- "$(dirname -- "$(readlink -f -- "$0")")/.." && pwd)
# shellcheck source=tools/scripts/setup.sh
. "$here/tools/scripts/setup.sh"

# make(1) is run from elsewhere than here.
absolute()
{
	case $1 in
	/*) echo "$1" ;;
	*) echo "$PWD/$1" ;;
	esac
}

# The same word for a shell that reads it again
quoted()
{
	printf "'%s'" "$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g")"
}

# Other front ends take their own options, and git expects a status of 128 or more
# for anything that is no verdict on the kernel.
case ${1:-} in
--boot|--vng|--kernels|--bisect)
	front=$here/tools/vm/${1#--}.sh
	[ "$1" != --kernels ] || front=$here/tools/vm/matrix.sh
	[ -x "$front" ] || { echo "run_tests.sh: $1: no $front" >&2; exit 255; }
	shift
	exec "$front" "$@" ;;
esac

build=yes
# shellcheck disable=SC2034 # for install_missing
no_install=

# Take out what the runner does not know, and leave the rest in its order.
left=$#
while [ "$left" -gt 0 ]; do
	word=$1
	shift
	left=$((left - 1))
	case $word in
	-h|--help) usage; exit 0 ;;
	-l) set -- "$@" --list ;;
	--no-build) build= ;;
	--no-install) no_install=yes ;;
	--boot|--vng|--kernels|--bisect) die "$word must be the first option" ;;
	--list|--failed|--shuffle|--shuffle=*|--ktap|--human|--strict)
		set -- "$@" "$word" ;;
	--junit=|--json=|--known=|--vmlinux=)
		die "${word%=} needs a file name" ;;
	--skip=*|--repeat=*|--jobs=*|--timeout=*|--user=*|--junit=*|--json=*|\
	--known=*|--vmlinux=*)
		set -- "$@" "$word" ;;
	--skip|--repeat|--jobs|--timeout|--user|--junit|--json|--known|--vmlinux)
		[ "$left" -gt 0 ] || die "$word needs an argument"
		value=$1
		shift
		left=$((left - 1))
		set -- "$@" "$word=$value" ;;
	--)	# The rest are patterns, whatever they look like.
		set -- "$@" "$word"
		while [ "$left" -gt 0 ]; do
			word=$1
			shift
			left=$((left - 1))
			set -- "$@" "$word"
		done ;;
	-*) die "unknown option $word: --help names all" ;;
	''|*[[:space:]]*) die "'$word' is no pattern: it is empty or has a blank" ;;
	*) set -- "$@" "$word" ;;
	esac
done

if [ -n "${KSRC:-}" ]; then
	KSRC=$(absolute "$KSRC")
	export KSRC
	case $KSRC in
	*[[:space:]]*) die "KSRC=$KSRC: make cannot use a path with a blank" ;;
	esac
	for file in lib.mk kselftest_harness.h; do
		file=$KSRC/tools/testing/selftests/$file
		[ -r "$file" ] || die "KSRC=$KSRC is no kernel tree that can be read: no $file"
	done
fi
if [ -n "${OUTPUT:-}" ]; then
	OUTPUT=$(absolute "$OUTPUT")
	export OUTPUT
	case $OUTPUT in
	*[[:space:]]*)
		[ -z "$build" ] || die "OUTPUT=$OUTPUT: make cannot use a path with a blank" ;;
	esac
	[ -z "$build" ] || { mkdir -p "$OUTPUT" && [ -w "$OUTPUT" ]; } 2>/dev/null ||
		die "OUTPUT=$OUTPUT: cannot be made or written to"
fi
bin=${OUTPUT:-$here}

# The clone may belong to somebody else.
runner_dir=${OUTPUT:-$here/tools/runner}
[ -w "$runner_dir" ] || [ -x "$runner_dir/runner" ] || runner_dir=$cache/runner

if [ -n "$build" ]; then
	need_build
elif ! [ -x "$runner_dir/runner" ]; then
	need_command make make
	need_command gcc gcc
	need_file "C library headers" /usr/include/stdio.h libc6-dev
fi
install_missing

# make(1) must not join one that runs this, nor build to where that one does.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES O

if [ -n "$build" ] || ! [ -x "$runner_dir/runner" ]; then
	compiler=${CROSS_COMPILE:-}gcc
	[ -z "${LLVM:-}" ] || compiler=clang
	# make can work in a directory with a blank in its name, not write to it.
	runner_output=.
	[ "$runner_dir" = "$here/tools/runner" ] || runner_output=$runner_dir
	said=$(make -s --no-print-directory -C "$here/tools/runner" \
		OUTPUT="$runner_output" RUNNER_CC="$compiler" 2>&1) ||
		die "cannot build the runner: $(echo "$said" | head -n 1)"
fi

# In a directory of somebody else, what they built is as good if it is up to date.
if [ -n "$build" ] && [ ! -w "$bin" ]; then
	make -s --no-print-directory -C "$here" ${OUTPUT:+OUTPUT="$OUTPUT"} all \
		> /dev/null 2>&1 ||
		die "cannot write to $bin, where programs are missing or out of date: $(
			)set OUTPUT=DIRECTORY"
	build=
fi

for source in "$here"/*_test.c; do
	[ -e "$source" ] || die "$here has no test programs"
	program=${source##*/}
	set -- --program "${program%.c}" "$@"
done
if [ -n "$build" ]; then
	set -- --first "make -s --no-print-directory -j$(nproc) -C $(quoted "$here")$(
		)${OUTPUT:+ OUTPUT=$(quoted "$OUTPUT")} all" "$@"
fi
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	set -- --colour "$@"
fi
[ ! -e "$here/tools/known_bugs" ] || set -- --known "$here/tools/known_bugs" "$@"
# A cache that cannot be had is no reason not to run.
mkdir -p "$cache" 2>/dev/null || :
exec "$runner_dir/runner" --dir "$bin" --settings "$here/settings" \
	--state "$cache/state" "$@"
