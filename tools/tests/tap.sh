# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# To be sourced by the tests of this directory, which are POSIX sh and print
# TAP. A test first says what it needs (need_command and its like), then calls
# install_missing, and ends with done_testing.

# The top directory, from tools/tests or from tools/tests/long
here=$(cd -P -- "$(dirname -- "$0")/../.." && { [ -e run_tests.sh ] || cd ..; } &&
	pwd) || exit 2
count=0
failed=0

# What a test cannot do without and cannot get is a reason to skip it.
die()
{
	echo "1..0 # SKIP $*"
	exit 0
}

# shellcheck source=tools/scripts/setup.sh
. "$here/tools/scripts/setup.sh"

scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

# A "#" in a name must not begin a directive.
description()
{
	printf '%s\n' "$1" | sed 's/#/\\#/g'
}

diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

ok()
{
	count=$((count + 1))
	echo "ok $count - $(description "$1")"
}

# not_ok NAME [WHY]: as in kselftest, what is said of a result stands before it.
not_ok()
{
	count=$((count + 1))
	failed=$((failed + 1))
	diag "${2:-}"
	echo "not ok $count - $(description "$1")"
}

# skip NAME WHY
skip()
{
	count=$((count + 1))
	echo "ok $count - $(description "$1") # SKIP $2"
}

# check NAME COMMAND...: what it prints is shown where it fails.
check()
{
	name=$1
	shift
	if said=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "exit status $? of: $*
$(echo "$said" | tail -n 30)"
	fi
}

# is NAME GOT EXPECTED
is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got: $2
expected: $3"
	fi
}

# like NAME GOT GLOB
like()
{
	# shellcheck disable=SC2254 # it is a pattern
	case $2 in
	$3) ok "$1" ;;
	*) not_ok "$1" "got: $2
expected: $3" ;;
	esac
}

bail_out()
{
	echo "Bail out! $*"
	exit 2
}

# The names of the suite's programs, in $programs
name_programs()
{
	programs=$(make -s -C "$here" print-tests)
	[ -n "$programs" ] || bail_out 'make print-tests names no program'
}

# built DIRECTORY: has it all of them? Some trees' make does not say.
built()
{
	for program in $programs; do
		[ -x "$1/$program" ] || {
			echo "there is no $1/$program"
			return 1
		}
	done
}

done_testing()
{
	echo "1..$count"
	[ "$failed" = 0 ] || exit 1
}
