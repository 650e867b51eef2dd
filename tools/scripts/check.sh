#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# check.sh [TEST.t]...: runs the project's own tests, by default all of them. As
# root each of them installs what it needs; what cannot be had is skipped.

set -eu

die()
{
	echo "check: $*" >&2
	exit 2
}

here=$(cd -P -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=setup.sh
. "$here/tools/scripts/setup.sh"
need_command make make
need_command gcc gcc
need_file "C library headers" /usr/include/stdio.h libc6-dev
install_missing

[ $# -gt 0 ] || set -- "$here"/tools/tests/*.t
for test in "$@"; do
	shift
	[ -x "$test" ] || die "$test is no test that can be run"
	# The report is easier to read with the name below tools/tests.
	test=$(readlink -f -- "$test")
	set -- "$@" --program "${test#"$here/tools/tests/"}"
done
# A make below must not join the one above, nor build to where that one does.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES O

make -s --no-print-directory -C "$here/tools/runner" || die "cannot build the runner"
# They boot guests and measure times, so one at a time. One that is stopped has to
# remove what it made.
exec "$here/tools/runner/runner" --dir "$here/tools/tests" --human --totals \
	--jobs 1 --timeout 0 --grace 60 --no-kernel-log "$@"
