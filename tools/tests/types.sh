# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # tap.sh sets them
#
# To be sourced after tap.sh: the types that this kernel has, by the one table, in
# $types, and $enter, which attaches by one setns(2) on a pidfd (enter.c).

need_command gcc gcc
need_file "C library headers" /usr/include/stdio.h libc6-dev
install_missing

enter=$scratch/enter
cc -Wall -Wextra -o "$enter" "$tools/tests/enter.c" \
	"$here/lib/namespaces.c" "$here/lib/proc.c" ||
	bail_out 'tools/tests/enter.c does not build'
types=$("$enter" --types)

# minus TYPE...: all types but these
minus()
{
	left=$types
	for type; do
		left=$(echo "$left" | grep -vx "$type")
	done
	echo "$left" | tr '\n' ' '
}

# The long option of nsenter and unshare for a type, without its dashes
long()
{
	case $1 in
	mnt)	echo mount ;;
	*)	echo "$1" ;;
	esac
}

# options TYPE...
options()
{
	for type; do
		echo "--$(long "$type")"
	done
}
