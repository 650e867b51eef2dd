#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# One step of "git bisect run": configures and builds the kernel tree it is
# started in, boots it and runs what the pattern asks for.

set -u

here=$(cd -P -- "$(dirname -- "$0")/../.." && pwd)
. "$here/tools/vm/common.sh"
. "$here/tools/vm/kernels.sh"

usage()
{
	cat <<-EOF
	usage: git bisect run run_tests.sh --bisect [OPTION...] [-- TEST...]

	In a clean kernel tree. Objects are kept in the cache from step to step.

	--expect-boot	a kernel that does not reach the tests is bad, not untestable
	--with NAME	add the options of $vm/NAME.config (faults, debug)
	--timeout S	seconds that the guest may take (300)
	--strict	known kernel bugs are failures

	Exit status: 0 good, 1 bad, 125 a kernel that cannot be judged: it does not
	build, does not reach the tests or has nothing that they could test. 255 for
	trouble that is not the kernel's, which ends the bisection.
	EOF
}

# git takes what is from 1 to 127 for a verdict on the kernel.
die()
{
	echo "bisect.sh: $*" >&2
	exit 255
}

check_tree()
{
	tree=$PWD
	if ! [ -e Kbuild ] || ! [ -e kernel/nsproxy.c ]; then
		die "$tree is no kernel tree: start in the top directory of one"
	fi
	case $tree in
	*[[:space:]:]*) die "$tree: kernels cannot be built in a path with a blank or a colon" ;;
	esac
	if [ -e .config ] || [ -d include/config ]; then
		die "$tree has been built in, which its objects elsewhere exclude: make mrproper"
	fi
}

untestable()
{
	echo "bisect.sh: cannot judge: $*" >&2
	exit 125
}

main()
{
	expect_boot=''
	strict=''
	with=base
	limit=300
	while [ $# -gt 0 ]; do
		case $1 in
		--help)	usage; exit 0 ;;
		--expect-boot) expect_boot=1 ;;
		--strict) strict=1 ;;
		--with)	with=${2:-}
			[ -e "$vm/$with.config" ] || die "--with: no $vm/$with.config"
			shift ;;
		--timeout)
			case ${2:-} in
			''|*[!0-9]*|0*) die "--timeout: ${2:-nothing} is no number above 0" ;;
			esac
			limit=$2
			shift ;;
		--)	shift; break ;;
		*)	die "unknown option $1: --help names all" ;;
		esac
		shift
	done
	check_tree
	# What make or git run this in is not to be joined.
	unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GIT_DIR GIT_INDEX_FILE
	use_cache
	use_scratch
	need_kernel_build
	install_missing
	# For the steps that come after one that does not build
	# shellcheck disable=SC2034 # for build()
	keep_going=1
	objects=$cache/bisect/$(echo "$tree" | sha256sum | cut -c 1-16)-$with
	if ! build "$with" "$tree" "$objects"; then
		# A disk or a memory that is full is not the kernel's fault.
		need_disk "$cache" 100
		! grep -q 'No space left on device' "$objects/log" ||
			die "the disk became full, see $objects/log"
		! grep -q -E 'Killed( signal|$)|memory exhausted|Cannot allocate memory' \
			"$objects/log" ||
			die "not enough memory for the compiler or the linker, see $objects/log"
		untestable "it $(first_error "$objects")"
	fi
	interruptible "$vm/boot.sh" --timeout "$limit" ${strict:+--strict} \
		"$objects/arch/x86/boot/bzImage" -- "$@" > "$scratch/out"
	status=$?
	cat "$scratch/out"
	case $status in
	0|1)	exit $status ;;
	4)	untestable "it has nothing that the tests could test" ;;
	esac
	# Was it the kernel that did not get there, or something of ours?
	grep -q ' no verdict$' "$scratch/out" || die "stopped: see above"
	[ -z "$expect_boot" ] || exit 1
	untestable "it does not reach the tests"
}

main "$@"
