#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Builds kernels for guests from the distribution's linux-source, again only what
# changed, and prints the path of each image.

set -eu

here=$(cd -P -- "$(dirname -- "$0")/../.." && pwd)
. "$here/tools/vm/common.sh"
. "$here/tools/vm/kernels.sh"

usage()
{
	cat <<-EOF
	usage: build.sh [--suite SUITE] NAME...

	NAME is base, the name of a fragment $vm/NAME.config, or no-OPTION: the base
	kernel without CONFIG_OPTION.

	--suite SUITE	of the distribution, whose linux-source is built ($source_suite)

	Exit status: 0, 1 a kernel that does not build, 2 an error of our own, 4 no
	source to be had.
	EOF
}

# The stamp says what an image was made of.
one()
{
	objects=$cache/build/${tree##*/}/$1
	image=$cache/build/${tree##*/}/$1.bzImage
	stamp=$({ echo "$tree"; fragments "$1"; } | sha256sum)
	if [ ! -e "$image" ] || [ "$(cat "$image.stamp" 2>/dev/null)" != "$stamp" ]; then
		if ! build "$1" "$tree" "$objects" "$(seed "$1")"; then
			echo "build.sh: $1 $(first_error "$objects")" >&2
			return 1
		fi
		lost=$(check_config "$1" "$objects")
		[ -z "$lost" ] || [ "$1" = base ] || {
			echo "build.sh: $1: this kernel cannot be configured so: $(
				echo "$lost" | head -n 3 | tr '\n' ' ')" >&2
			return 1
		}
		rm -f "$image.stamp"
		{ cp "$objects/arch/x86/boot/bzImage" "$image.new" &&
			mv "$image.new" "$image" && echo "$stamp" > "$image.stamp"
		} || die "cannot write $image: is the disk full?"
	fi
	echo "$image"
}

# kbuild knows for each object which options it depends on: most of the base
# kernel's serve those without one option as they are.
seed()
{
	case $1 in
	no-*)	base=$cache/build/${tree##*/}/base
		[ -e "$base.bzImage" ] || one base > /dev/null
		echo "$base"
		;;
	esac
}

main()
{
	while [ $# -gt 0 ]; do
		case $1 in
		--help)	usage; exit 0 ;;
		--suite) source_suite=${2:?}; shift ;;
		*)	break ;;
		esac
		shift
	done
	[ $# -gt 0 ] || { usage >&2; exit 2; }
	use_cache
	use_scratch
	need_kernel_build
	install_missing
	fetch_source
	status=0
	for name; do
		one "$name" || status=1
	done
	exit $status
}

main "$@"
