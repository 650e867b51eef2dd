#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# probe.sh COMPILER [FLAG...]: can this compiler build the tests? If not, one
# line says what is missing and which Debian package has it.

# Messages of the compiler are searched.
export LC_ALL=C

die()
{
	echo "setns: $*" >&2
	exit 2
}

compiler=$1
case ${compiler##*/} in
*-gcc)	package=gcc-$(basename "${compiler%-gcc}") ;;
gcc|cc)	package="gcc libc6-dev" ;;
*)	package=${compiler##*/} ;;
esac
command -v "$compiler" >/dev/null ||
	die "no compiler $compiler: apt-get install $package"

try()
{
	printf '%s\n' "$1" 'int main(void) { return 0; }' | (
		shift
		"$@" -x c - -o /dev/null
	) 2>&1
}

said=$(try '#include <sys/capability.h>' "$@" -lcap) && exit 0

# Only now find out which of the two it was.
said=$(try '#include <stdio.h>' "$@") ||
	die "$* builds no program (for gcc: apt-get install $package): $(
		echo "$said" | grep -m1 -i error)"
triplet=$("$compiler" -print-multiarch 2>/dev/null)
arch=$(command -v dpkg-architecture >/dev/null && [ -n "$triplet" ] &&
	dpkg-architecture -f -T "$triplet" -q DEB_TARGET_ARCH 2>/dev/null)
die "no libcap for $compiler: apt-get install libcap-dev${arch:+:$arch}"
