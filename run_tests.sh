#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Is setns(2) of the running kernel right? Sets up, builds, runs all tests.

set -eu

usage()
{
	cat <<USAGE
usage: run_tests.sh [OPTION]... [PATTERN]...

Tests setns(2) of the running kernel. As root it first installs what building
the tests needs (Debian and derivatives).

A PATTERN is a glob, or a word, that a test's or a program's name has to match;
PROGRAM:TEST matches both. Without one, all tests run.

  --list         name the tests, one PROGRAM:TEST a line, and run none
  --ktap         print KTAP (the default where stdout is no terminal)
  --human        print a short summary (the default on a terminal)
  --junit FILE   write a JUnit report as well
  --strict       known kernel bugs are failures
  --no-build     run the test programs as they are
  --help         print this

Other kernels than the running one, as first option (with --help: how):
  --boot  --vng  --kernels  --bisect

Environment: KSRC=TREE takes the kselftest harness from a kernel tree, OUTPUT=DIR
has the built programs, SETNS_CACHE=DIR is the cache, NO_COLOR.

Exit status: 0 all passed, 1 a test failed or the kernel warned or became
tainted, 4 all were skipped, 2 a trouble of run_tests.sh itself, 129, 130, 143
when stopped by SIGHUP, SIGINT, SIGTERM.
USAGE
}

die()
{
	echo "run_tests.sh: $*" >&2
	exit 2
}

here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=lib/setup.sh
. "$here/lib/setup.sh"

# make(1) is run from elsewhere than here.
absolute()
{
	case $1 in
	/*) echo "$1" ;;
	*) echo "$PWD/$1" ;;
	esac
}

if [ -n "${KSRC:-}" ]; then
	KSRC=$(absolute "$KSRC")
	export KSRC
fi

# The front ends for kernels in virtual machines have arguments of their own, and
# git takes no status below 128 but for a verdict on the kernel.
case ${1:-} in
--boot|--vng|--kernels|--bisect)
	front=$here/vm/${1#--}.sh
	[ "$1" != --kernels ] || front=$here/vm/matrix.sh
	[ -x "$front" ] || { echo "run_tests.sh: $1: no $front" >&2; exit 255; }
	shift
	exec "$front" "$@" ;;
esac

format=human
[ -t 1 ] || format=ktap
junit=
list=
build=yes

# Options and patterns in any order: a pattern goes to the end of what is left.
left=$#
while [ "$left" -gt 0 ]; do
	word=$1
	shift
	left=$((left - 1))
	case $word in
	-h|--help) usage; exit 0 ;;
	-l|--list) list=yes ;;
	--ktap|--human) format=${word#--} ;;
	--junit)
		[ "$left" -gt 0 ] || die "--junit needs a file name"
		junit=$1
		shift
		left=$((left - 1)) ;;
	--junit=*) junit=${word#*=} ;;
	--strict) export SETNS_STRICT=1 ;;
	--no-build) build= ;;
	--)	# What is left are patterns, whatever they look like.
		while [ "$left" -gt 0 ]; do
			word=$1
			shift
			left=$((left - 1))
			set -- "$@" "$word"
		done
		break ;;
	--boot|--vng|--kernels|--bisect) die "$word must be the first option" ;;
	-*) die "unknown option $word: --help names all" ;;
	''|*[[:space:]]*) die "'$word' is no pattern: it is empty or has a blank" ;;
	*) set -- "$@" "$word" ;;
	esac
	case $word:$junit in
	--junit:|--junit=*:) die "--junit needs a file name" ;;
	esac
done

if [ -n "${KSRC:-}" ]; then
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
[ -z "$junit" ] || junit=$(absolute "$junit")

need_perl TAP::Parser perl
need_command setpriv util-linux
need_command make make
[ -z "$junit" ] || need_python junitparser python3-junitparser
[ -z "$build" ] || need_build
install_missing

colour=
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	colour=yes
fi
# A make above this one is not to be joined by those below.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
set -- -- "$@"
[ -z "$build" ] && set -- --no-build "$@"
[ -z "$list" ] || set -- --list "$@"
[ -z "$junit" ] || set -- --junit "$junit" --python "$(python_with junitparser)" "$@"
[ -z "$colour" ] || set -- --colour "$@"
[ "$format" = human ] || set -- --ktap "$@"
exec perl "$here/lib/run.pl" --dir "$here" "$@"
