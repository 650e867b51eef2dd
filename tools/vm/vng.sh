#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs the suite under virtme-ng: in kernel trees, built for it where they are
# not, or in images that have what virtme-ng needs.

set -u

here=$(cd -P -- "$(dirname -- "$0")/../.." && pwd)
. "$here/tools/vm/common.sh"
. "$here/tools/vm/kernels.sh"
. "$here/tools/vm/programs.sh"
. "$here/tools/vm/guests.sh"

usage()
{
	cat <<-EOF
	usage: vng.sh [OPTION...] [TREE | IMAGE]... [-- TEST...]

	Run the suite, or the tests that match, under virtme-ng: in a kernel tree, which
	is configured and built with its objects in the cache, or in an image. Without
	any, in the kernel tree that this directory is in.

	EOF
	usage_options
}

default_images()
{
	if [ -e "$here/../lib.mk" ]; then
		(cd "$here/../../../.." && pwd)
	fi
}

# Debian 12 has no virtme-ng of its own.
need_vng()
{
	command -v vng >/dev/null && return
	if command -v apt-cache >/dev/null && apt-cache show virtme-ng >/dev/null 2>&1; then
		need_command vng virtme-ng
		return
	fi
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		die "no vng: install the package virtme-ng, on Debian 12 as root: $(
			)$vm/debian.sh install sid virtme-ng"
	fi
	"$vm/debian.sh" install sid virtme-ng || exit 2
}

# What virtme-ng must find in a kernel: the file system of this machine, and ways
# to it and back
options='VIRTIO_PCI VIRTIO_CONSOLE NET_9P_VIRTIO 9P_FS OVERLAY_FS'
# shellcheck disable=SC2034 # for guests.sh, where an image's configuration is unknown
advice="virtme-ng needs $options built in, --boot does not"

# $1: configuration
lacks()
{
	for option in $options; do
		grep -q "^CONFIG_$option=y" "$1" || echo "CONFIG_$option"
	done
}

# The configuration of an image, where it stands beside it or in its tree
config_of()
{
	case $1 in
	/*)	;;
	*)	set -- "$PWD/$1" ;;
	esac
	name=${1##*/}
	for file in "${1%/*}/config-${name#*-}" "${1%/*}/config" \
		"${1%/arch/*/boot/*}/.config"; do
		if [ -f "$file" ]; then
			echo "$file"
			return
		fi
	done
}

# Trees are built first, so that what is left are images. Called once.
prepare()
{
	need_vng
	need_command setpriv util-linux
	need_guest "$(dpkg --print-architecture)"
	install_missing
	while read -r image; do
		tree_or_image "$image" || exit
	done < "$scratch/images" > "$scratch/built" || exit
	mv "$scratch/built" "$scratch/images"
	make_tree "$(dpkg --print-architecture)"
	write_words "$scratch/guest"
}

tree_or_image()
{
	if [ -d "$1" ]; then
		build_tree "$(cd -- "$1" && pwd)"
		return
	fi
	if ! [ -f "$1" ] || ! [ -r "$1" ]; then
		die "$1: no kernel image or tree that can be read"
	fi
	arch=$(image_arch "$1")
	[ "$arch" = "$(dpkg --print-architecture)" ] ||
		die "$1: virtme-ng runs images of this machine's architecture only, $(
			)this is: $arch: use --boot"
	config=$(config_of "$1")
	if [ -n "$config" ]; then
		lacking=$(lacks "$config" | paste -s -d ' ')
		[ -z "$lacking" ] ||
			die "$1: virtme-ng cannot boot it, which lacks $lacking (built in): $(
				)use --boot, which can"
	fi
	case $1 in
	/*)	echo "$1" ;;
	*)	echo "$PWD/$1" ;;
	esac
}

# A tree in which nobody has built is built for virtme-ng, objects in the cache.
build_tree()
{
	tree=$1
	[ -e "$tree/kernel/nsproxy.c" ] || die "$tree is no kernel tree"
	image=$tree/arch/x86/boot/bzImage
	if [ -e "$image" ]; then
		newer=$(find "$tree" \( -name '*.[chS]' -o -name .config \) \
			-newer "$image" ! -path '*/generated/*' -print -quit)
		[ -z "$newer" ] ||
			echo "vng.sh: $tree: $newer is newer than the bzImage, $(
				)which is booted as it is" >&2
		tree_or_image "$image"
		return
	fi
	[ ! -e "$tree/.config" ] ||
		die "$tree is configured and not built: build it, $(
			)or make mrproper to have it built here"
	need_kernel_build
	install_missing
	objects=$cache/vng/$(echo "$tree" | sha256sum | cut -c 1-16)
	build vng "$tree" "$objects" >&2 ||
		die "$tree $(first_error "$objects")"
	tree_or_image "$objects/arch/x86/boot/bzImage"
}

# vng's exit status is that of many things.
machine_failed()
{
	return 1
}

# The report takes a serial port of its own, as virtme-ng's ports need a udev in
# the guest and all else shares the console, which QEMU opens several times over:
# only a pipe can bear that. For the processor see programs.sh.
start_guest()
{
	kernel=$1
	arch_facts "$(dpkg --print-architecture)"
	set -- --run "$kernel" --user root --cpus "$cpus" --memory "${memory}M" \
		--verbose --force-9p --disable-microvm \
		--rodir "/tmp/setns=$scratch/guest" \
		--qemu-opts="-cpu $processor -chardev file,id=report,path=$ktap $(
			)-serial chardev:report" \
		--append "panic=-1" --append "$append" \
		--exec 'stty raw < /dev/ttyS1; sh /tmp/setns/guest.sh > /dev/ttyS1 2>&1'
	[ "$(accelerator "$kernel" "$native")" = kvm ] || set -- "$@" --disable-kvm
	mkfifo "$console.pipe"
	cat "$console.pipe" > "$console" &
	TMPDIR=$scratch setpriv --pdeathsig KILL -- timeout -k 5 "$limit" \
		setpriv --pdeathsig KILL -- vng "$@" \
		< /dev/null > "$console.pipe" 2>&1 8> "$ktap" &
	# shellcheck disable=SC2034 # for guests.sh
	guest=$!
}

main "$@"
