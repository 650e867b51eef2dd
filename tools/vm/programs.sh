# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # shared with scripts that source this
#
# The static programs that guests run, the initramfs around them, and what QEMU
# is told for all guests.

# Words of the kernel's command line that save time: no decompression to a random
# address, no mitigations, no probing of timers. A panic ends the guest.
quick='quiet nokaslr mitigations=off tsc=reliable no_timer_check random.trust_cpu=on panic=-1'

# A kernel on a busy machine cannot measure its clock, and then has none that the
# vDSO could read. An emulated one is this machine's.
khz=$(sed -n 's/^cpu MHz[^0-9]*\([0-9]*\)[.]\([0-9]*\)$/\1\2/p' /proc/cpuinfo | head -n 1)
quick="$quick${khz:+ tsc_early_khz=$khz}"

# QEMU 7.2 leaves wrong flags behind a cmpxchg16b, which makes kernels
# crash at random; they have another way where there is none.
processor=max,cx16=off

# processors N: what -smp is told. QEMU's BIOS names only the first of a package to
# a kernel without ACPI, which is what base.config makes.
processors()
{
	echo "$1,sockets=$1"
}

# Debian's names of an architecture's pieces
arch_facts()
{
	cross=''
	native=$(dpkg --print-architecture)
	case $1 in
	amd64)	qemu=qemu-system-x86_64 qemu_package=qemu-system-x86
		triplet=x86_64-linux-gnu ;;
	i386)	qemu=qemu-system-x86_64 qemu_package=qemu-system-x86
		triplet=i686-linux-gnu ;;
	arm64)	qemu=qemu-system-aarch64 qemu_package=qemu-system-arm
		triplet=aarch64-linux-gnu ;;
	s390x)	qemu=qemu-system-s390x qemu_package=qemu-system-misc
		triplet=s390x-linux-gnu ;;
	*)	return 1 ;;
	esac
	[ "$1" = "$native" ] || cross=$triplet-
}

# need_guest ARCH: what it takes to boot one
need_guest()
{
	arch_facts "$1"
	need_command "$qemu" "$qemu_package"
	need_command cpio cpio
	need_command busybox busybox-static
	if [ -z "$cross" ]; then
		need_build
	else
		need_command "${cross}gcc" "gcc-${cross%-}"
		need_file "the C library for $1" "/usr/$triplet/lib/libc.a" \
			"libc6-dev-$1-cross"
	fi
}

# foreign ARCH PACKAGE: unpacks this system's package for another architecture in
# $package.
foreign()
{
	package=$cache/packages/$2-$1
	"$vm/debian.sh" --arch "$1" get "$(. /etc/os-release && echo "$VERSION_CODENAME")" \
		"$package" "$2" || exit
}

# make_runner ARCH: the runner, static and stripped, in $scratch/guest
make_runner()
{
	exec 7> "$cache/programs.lock"
	flock 7
	make -s -C "$tools/runner" OUTPUT="$cache/programs/$1-runner" \
		RUNNER_CC="${cross}gcc" RUNNER_CFLAGS='-O2 -Wall -Wextra -static' \
		> "$scratch/make" 2>&1 ||
		die "cannot build the static runner for $1: $(
			grep -m 1 -E 'rror' "$scratch/make")"
	"${cross}strip" -o "$scratch/guest/runner" \
		"$cache/programs/$1-runner/runner" ||
		die "cannot write to $scratch: is the disk full?"
	exec 7>&-
}

# make_programs ARCH: the suite, static and stripped, in $scratch/guest/tests
make_programs()
{
	ldflags=-static
	cflags=''
	if [ -n "$cross" ]; then
		foreign "$1" libcap-dev
		ldflags="-static -L$(dirname "$(find "$package" -name libcap.a)")"
		cflags="-idirafter $package/usr/include"
	fi
	# Others may be about to build the same, of another clone.
	exec 7> "$cache/programs.lock"
	flock 7
	make -s -C "$here" OUTPUT="$cache/programs/$1" \
		CROSS_COMPILE="$cross" USERCFLAGS="$cflags" \
		USERLDFLAGS="$ldflags" > "$scratch/make" 2>&1 ||
		die "cannot build the static programs for $1: $(
			grep -m 1 -E 'setns:|rror' "$scratch/make")"
	for name in $(make -s -C "$here" print-tests); do
		"${cross}strip" -o "$scratch/guest/tests/$name" \
			"$cache/programs/$1/$name" ||
			die "cannot write to $scratch: is the disk full?"
	done
	exec 7>&-
}

# The static busybox, for other architectures than this machine's from the
# distribution's packages without installing it
find_busybox()
{
	if [ "$1" = "$native" ]; then
		busybox=$(command -v busybox)
		! ldd "$busybox" >/dev/null 2>&1 ||
			die "$busybox is not static: apt-get install busybox-static"
	else
		foreign "$1" busybox-static
		busybox=$(find "$package" -path '*bin/busybox')
	fi
}

# make_tree ARCH: what a guest runs, in $scratch/guest
make_tree()
{
	arch_facts "$1"
	mkdir -p "$scratch/guest/tests"
	cp "$vm/guest.sh" "$tools/known_bugs" "$here/settings" "$scratch/guest" ||
		die "cannot write to $scratch: is the disk full?"
	: > "$scratch/guest/words"
	: > "$scratch/guest/environment"
	make_runner "$1"
	if [ -n "$programs" ]; then
		set -- "$programs"/*_test
		[ -x "$1" ] || die "--programs: no program *_test in $programs"
		cp "$@" "$scratch/guest/tests" ||
			die "--programs: cannot copy those of $programs"
	else
		make_programs "$1"
	fi
}

# make_initramfs ARCH: what make_tree() made, in $scratch/ARCH.initramfs
make_initramfs()
{
	find_busybox "$1"
	root=$scratch/guest
	(cd "$root" && mkdir bin etc mnt root)
	cp "$busybox" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	cp "$vm/init" "$root"
	chmod 755 "$root/init"
	printf '%s\n' 'root::0:0::/root:/bin/sh' 'tester::1000:1000::/tmp:/bin/sh' \
		> "$root/etc/passwd"
	printf '%s\n' 'root::0:' 'tester::1000:' > "$root/etc/group"
	(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) \
		> "$scratch/$1.initramfs" ||
		die "cannot write $scratch/$1.initramfs: is the disk full?"
	rm -r "$root"
}
