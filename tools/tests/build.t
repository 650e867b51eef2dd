#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The directory builds, without a warning, and runs in the kernel trees of
# Debian's suites, in every way that selftests are built and run, and outside of
# a tree. In a tree it is what "make series" adds. The cache keeps the parts of the
# trees that this takes.

# shellcheck source=tap.sh
. "$(dirname -- "$0")/tap.sh"
# shellcheck source=tools/tests/known.sh
. "$here/tools/tests/known.sh"
# shellcheck source=tools/tests/ktree.sh
. "$here/tools/tests/ktree.sh"

suites='bullseye bookworm bookworm-backports trixie-backports'
werror='-Wall -Wextra -Werror'
cross=aarch64-linux-gnu

need_build
need_command clang clang
need_command git git
need_command rsync rsync
need_command flex flex
need_command bison bison
need_command xz xz-utils
need_command $cross-gcc gcc-$cross
need_file "C library headers for arm64" /usr/$cross/include/stdio.h libc6-dev-arm64-cross
install_missing

name_programs
jobs=-j$(nproc)
read_known

# all_ran FILE: whether the runner of a tree ran all programs, and none of them
# failed by anything but a known bug
all_ran()
{
	for program in $programs; do
		line=$(grep -E "^(not )?ok [0-9]* selftests: setns: $program" "$1")
		case $line in
		ok*)	continue ;;
		'not ok'*)
			! may_fail "$program" || [ -n "$(unexpected "$1")" ] || continue ;;
		esac
		echo "no ok line for $program: $line"
		unexpected "$1"
		return 1
	done
}

# prepare_trees SUITE: $dir with tree, to build in, and clean, which O= asks for,
# and holds their lock. On failure $why says why.
prepare_trees()
{
	read_source "$1" || return 1
	if [ ! -d "$dir/tree" ]; then
		rm -rf "$dir/part"
		cp -al "$dir/source" "$dir/part" && mv "$dir/part" "$dir/tree"
	fi
	# 5.10 writes to it even with O=.
	rm -rf "$dir/clean"
	cp -al "$dir/source" "$dir/clean"
	why="no series for $package: $(write_series "$scratch/series" 2>&1 >/dev/null &&
		apply_series "$scratch/series" 2>&1)" || return 1
}

# place TREE: the tree is as after the series.
place()
{
	place_from=$applied/tools/testing/selftests
	place_to=$1/tools/testing/selftests
	# Files of the trees are links to those of the source.
	rsync -a --delete "$place_from/setns" "$place_from/pidfd" "$place_to" &&
	rm -f "$place_to/Makefile" &&
	cp "$place_from/Makefile" "$place_to"
}

in_tree()
{
	selftests=$dir/tree/tools/testing/selftests
	here_in_tree=$selftests/setns
	make_tests="make -s $jobs -C $selftests TARGETS=setns"
	export USERCFLAGS="$werror"

	check "$1: both series are in the tree" place "$dir/tree"
	# shellcheck disable=SC2086 # $make_tests is a command
	check "$1: make -C tools/testing/selftests" \
		compile "$here_in_tree" $make_tests
	is "$1: nothing is built twice" "$(would_build)" 0
	touch -d tomorrow "$here_in_tree/lib/harness.h"
	is "$1: a changed header rebuilds all" "$(would_build)" \
		"$(echo "$programs" | wc -l)"
	touch -r "$here/lib/harness.h" "$here_in_tree/lib/harness.h"
	# shellcheck disable=SC2086
	check "$1: run_tests" run $make_tests run_tests
	# shellcheck disable=SC2086
	check "$1: install, run_kselftest.sh -c setns" \
		install_and_run "$scratch/$1/install" \
		$make_tests install KSFT_INSTALL_PATH="$scratch/$1/install"
	check "$1: gen_kselftest_tar.sh" tarball
	check "$1: make kselftest from the top" kselftest "$dir/tree" "$dir/tree"
}

with_objects()
{
	check "$1: both series are in a clean tree" place "$dir/clean"
	check "$1: make O= kselftest from the top" \
		kselftest "$dir/objects" "$dir/clean" O="$dir/objects"
	check "$1: make O= LLVM=1 -C tools/testing/selftests" \
		compile "$scratch/$1/llvm/kselftest/setns" make -s "$jobs" \
		-C "$selftests" TARGETS=setns \
		O="$scratch/$1/llvm" LLVM=1
	check "$1: USERLDFLAGS=-static" static \
		make -s "$jobs" -C "$here_in_tree" OUTPUT="$scratch/$1/static" USERLDFLAGS=-static \
		USERCFLAGS="$werror -O0"
	check_cross "$1: CROSS_COMPILE=$cross-" "$here_in_tree" "$scratch/$1/cross"
	check "$1: outside, KSRC=, gcc" compile "$scratch/$1/outside" \
		make -s "$jobs" -C "$here" KSRC="$dir/tree" OUTPUT="$scratch/$1/outside"
	check "$1: outside, KSRC=, clang" compile "$scratch/$1/clang" \
		make -s "$jobs" -C "$here" KSRC="$dir/tree" OUTPUT="$scratch/$1/clang" LLVM=1
}

# How many programs would make build now?
would_build()
{
	make -n -C "$here_in_tree" 2>/dev/null | grep -c '_test$'
}

# compile DIRECTORY COMMAND...: quiet, and then the programs are there
compile()
{
	at=$1
	shift
	rm -rf "$at"/*_test
	# In a tree lib.mk leaves this to its caller.
	mkdir -p "$at"
	"$@" 2>&1 >/dev/null | grep -E 'warning|rror' && return 1
	built "$at"
}

run()
{
	# With a known bug the runner of newer trees exits with 1.
	"$@" > "$scratch/log" 2>&1 || [ -n "$known_programs" ] || {
		tail -n 20 "$scratch/log"
		return 1
	}
	all_ran "$scratch/log"
}

install_and_run()
{
	at=$1
	shift
	"$@" >/dev/null || return 1
	run "$at/run_kselftest.sh" -c setns
}

# What the script says make cannot be told which TARGETS in another way.
tarball()
{
	rm -rf "$selftests/kselftest.tar.gz" "$selftests/kselftest_install" \
		"$scratch/tarball"
	(cd "$selftests" && MAKEFLAGS='-- TARGETS=setns' ./gen_kselftest_tar.sh) ||
		return 1
	mkdir "$scratch/tarball" &&
	tar -x -z -f "$selftests/kselftest.tar.gz" -C "$scratch/tarball" || return 1
	rm "$selftests/kselftest.tar.gz"
	run "$scratch/tarball/kselftest/run_kselftest.sh" -c setns
}

# kselftest OBJECTS TREE ARG...
kselftest()
{
	objects=$1
	shift
	[ -e "$objects/.config" ] || make -s -C "$@" allnoconfig || return 1
	run make "$jobs" -C "$@" TARGETS=setns kselftest
}

static()
{
	compile "$scratch/$package/static" "$@" || return 1
	for program in $programs; do
		! ldd "$scratch/$package/static/$program" 2>/dev/null || return 1
	done
}

# check_cross NAME DIRECTORY OUTPUT
check_cross()
{
	if [ -n "$no_cross" ]; then
		skip "$1" "$no_cross"
		return
	fi
	check "$1" cross_compile "$2" "$3"
}

cross_compile()
{
	compile "$2" make -s "$jobs" -C "$1" CROSS_COMPILE=$cross- OUTPUT="$2" \
		USERCFLAGS="$werror -O0 -I$libcap/usr/include" \
		USERLDFLAGS="-L$libcap/usr/lib/$cross" || return 1
	for program in $programs; do
		$cross-readelf -h "$2/$program" | grep -q AArch64 || return 1
	done
}

# libcap for the other architecture, not installed
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
libcap=$cache/packages/libcap-arm64
no_cross=$("$tools/vm/debian.sh" --arch arm64 get "$codename" "$libcap" \
	libcap-dev libcap2 2>&1) && no_cross=

for suite in $suites; do
	if ! prepare_trees "$suite"; then
		skip "linux-source of $suite" "${why#setns: }"
		continue
	fi
	in_tree "$package"
	with_objects "$package"
	rm -rf "${scratch:?}/$package"
done
done_testing
