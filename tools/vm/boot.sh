#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs the suite on any kernel image: QEMU, and an initramfs made on the spot of
# the static busybox and the static test programs. The kernel needs no modules
# and no virtio, only a serial port.

set -u

here=$(cd -P -- "$(dirname -- "$0")/../.." && pwd)
. "$here/tools/vm/common.sh"
. "$here/tools/vm/programs.sh"
. "$here/tools/vm/guests.sh"

usage()
{
	cat <<-EOF
	usage: boot.sh [OPTION...] IMAGE... [-- TEST...]

	Run the suite, or the tests that match one of the globs, in each kernel image.

	EOF
	usage_options
}

default_images()
{
	:
}

# Prints the architecture. What is wrong with an image is said before any guest
# starts.
check_image()
{
	[ -e "$1" ] || die "$1: no such image"
	if ! [ -r "$1" ] || ! [ -f "$1" ]; then
		die "$1: not a readable file"
	fi
	arch=$(image_arch "$1")
	case $arch in
	truncated)
		die "$1: the image is cut off: download or build it again" ;;
	unknown)
		die "$1: no kernel image of x86, arm64 or s390x (a bzImage, not a vmlinux)" ;;
	esac
	echo "$arch"
}

prepare()
{
	archs=$(while read -r image; do
		check_image "$image" || exit
	done < "$scratch/images") || exit
	archs=$(printf '%s\n' "$archs" | sort -u)
	need_command setpriv util-linux
	for arch in $archs; do
		need_guest "$arch"
	done
	install_missing
	for arch in $archs; do
		make_tree "$arch"
		write_words "$scratch/guest"
		make_initramfs "$arch"
	done
}

# QEMU ends with 0 where the guest does, timeout with 124 or at last with 137.
machine_failed()
{
	case $1 in
	0|124)	return 1 ;;
	137)	[ "$2" -lt $((limit * 10)) ] ;;
	esac
}

# The console carries what the kernel says, a second port the report, so that
# neither disturbs the other.
start_guest()
{
	arch=$(image_arch "$1")
	arch_facts "$arch"
	case $arch in
	amd64|i386)
		set -- "$1" -machine pc -cpu "$processor" -serial chardev:console \
			-serial chardev:report
		words="console=ttyS0 SETNS_CHANNEL=ttyS1" ;;
	arm64)	set -- "$1" -machine virt -cpu max,pauth-impdef=on \
			-serial chardev:console -device pci-serial,chardev=report
		words="console=ttyAMA0 SETNS_CHANNEL=ttyS0" ;;
	s390x)	set -- "$1" -machine s390-ccw-virtio -cpu max \
			-device sclpconsole,chardev=console \
			-device sclplmconsole,chardev=report
		words="console=ttysclp0 SETNS_CHANNEL=sclp_line0" ;;
	esac
	image=$1
	shift
	setpriv --pdeathsig KILL -- timeout -k 5 "$limit" \
		setpriv --pdeathsig KILL -- \
		"$qemu" -nodefaults -no-user-config -display none -no-reboot \
		-accel "$(accelerator "$image" "$arch")" -m "$memory" \
		-smp "$(processors "$cpus")" \
		-kernel "$image" -initrd "$scratch/$arch.initramfs" \
		-append "$words $quick $append" \
		-chardev "file,id=console,path=$console" \
		-chardev stdio,id=report,signal=off "$@" \
		< /dev/null > "$ktap" &
	# shellcheck disable=SC2034 # for guests.sh
	guest=$!
}

main "$@"
