# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# To be sourced by what does something with a kernel tree, which is $1. It sets
# $goal to make's goal and $question to what to ask where none is given; $here,
# $tree and $selftests are set.

die()
{
	echo "setns: $*" >&2
	exit 2
}

# shellcheck disable=SC2034 # for who reads this
here=$(cd -P -- "$(dirname -- "$0")/.." && pwd)
tree=${1:-}
# shellcheck disable=SC2154 # see above
[ -n "$tree" ] || die "$question make $goal KTREE=/path/to/linux"
selftests=$tree/tools/testing/selftests
[ -r "$selftests/lib.mk" ] || die "$tree is no kernel tree: no $selftests/lib.mk"
