#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Builds the kernel that holds all seeded bugs, in the cache.

set -u

here=$(cd -P -- "$(dirname -- "$0")/../.." && pwd)
. "$here/tools/vm/common.sh"
mutants=$tools/mutants
. "$here/tools/vm/kernels.sh"

usage()
{
	cat <<-EOF
	usage: build.sh [--suite SUITE | --tree TREE]

	Build a kernel with the seeded bugs, from the linux-source of a Debian suite
	(bookworm) or from a kernel tree, and print the directory with
	    bzImage		the kernel
	    table		the bugs in it: number, name, function, kind, place, what
	    pidfd_setns_test	the test that this kernel's own tree has

	Exit status: 0, 2 for trouble, 4 where the source is not to be had.
	EOF
}

# The options of build() in kernels.sh
fragments()
{
	cat "$vm/base.config" "$vm/faults.config" "$mutants/config"
	echo "CONFIG_LOCALVERSION=\"-$1\""
}

# Files that the bugs go into
seeded()
{
	grep -v '^#' "$mutants/functions" | cut -f 1
	echo kernel/Makefile
}

# The source in $dir/linux, and the bugs in it
seed()
{
	lend_source
	for file in $(seeded); do
		[ ! -e "$tree/$file" ] ||
			cp --remove-destination "$tree/$file" "$dir/linux/$file"
	done
	python3 "$mutants/seed.py" "$dir/linux" "$dir/seeded" >&2 || exit 2
}

# The test that the tree has for this. It wants the tree's headers, which only a
# tree without objects can install.
tree_test()
{
	{
		quietly "$dir/log" make -C "$dir/linux" O="$dir/objects" headers &&
		quietly "$dir/log" make OUTPUT="$dir" USERLDFLAGS=-static \
			KHDR_INCLUDES="-isystem $dir/objects/usr/include" \
			-C "$dir/linux/tools/testing/selftests/pidfd" \
			"$dir/pidfd_setns_test"
	} || die "the tree's own pidfd_setns_test does not build: see $dir/log"
}

# Only the bugs that are in the objects: others the configuration or the
# compiler left out.
table()
{
	for file in $(seeded); do
		object=$dir/objects/${file%.c}.o
		[ -e "$object" ] || continue
		objcopy --dump-section .discard.setns_mutant="$scratch/numbers" \
			"$object" /dev/null 2>/dev/null || continue
		od -An -v -t u4 -w4 "$scratch/numbers"
	done | awk 'NR == FNR { alive[$1]; next } $1 in alive' - FS='\t' \
		"$dir/seeded" > "$dir/table"
	[ -s "$dir/table" ] || die "no bug is in the kernel: see $dir/linux"
}

tree=''
source_suite=bookworm
while [ $# -gt 0 ]; do
	case $1 in
	-h|--help) usage; exit 0 ;;
	--suite|--tree)
		[ -n "${2:-}" ] || die "$1: nothing given"
		case $1 in
		--suite) source_suite=$2 ;;
		--tree)	tree=$(cd -- "$2" && pwd) || die "--tree: no directory $2" ;;
		esac
		shift ;;
	*)	usage >&2; exit 2 ;;
	esac
	shift
done
[ "$(uname -m)" = x86_64 ] ||
	unavailable "the kernel with the seeded bugs is made for x86_64 only"
need_kernel_build
need_command spatch coccinelle
need_command objcopy binutils
need_command rsync rsync
install_missing
use_cache
use_scratch
[ -n "$tree" ] || fetch_source
dir=$cache/mutants/${tree##*/}
mkdir -p "$cache/mutants"
exec 8> "$dir.lock"
flock 8
wanted=$({ echo "$tree"; fragments mutants; cat "$mutants/functions" \
	"$mutants/hand-made" "$mutants/seed.py" "$mutants"/systematic.* \
	"$mutants"/setns_mutant.? "$here/lib/namespaces.h"; } | sha256sum)
if [ "$(cat "$dir/built" 2>/dev/null)" != "$wanted" ]; then
	rm -f "$dir/built"
	seed
	echo "${0##*/}: building the kernel with the seeded bugs: some minutes" >&2
	build mutants "$dir/linux" "$dir/objects" ||
		die "the kernel does not build: see $dir/objects/log"
	tree_test
	table
	cp "$dir/objects/arch/x86/boot/bzImage" "$dir"
	echo "$wanted" > "$dir/built"
fi
echo "$dir"
