#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The directory builds without a warning, and passes, with the oldest and the newest
# gcc and clang that each suite of the distribution has, for 32 bits, and with musl.
# Each suite is a root of its own in the cache, put together from its packages.
#
# Environment: SETNS_COMPILERS=all takes all of the compilers.

# shellcheck source=../tap.sh
. "$(dirname -- "$0")/../tap.sh"

[ "$(id -u)" = 0 ] || die 'needs root, to change to the roots of other suites'
need_command mmdebstrap mmdebstrap
need_command rsync rsync
need_command setpriv util-linux
need_build
install_missing

# Whatever is started here ends with this.
if [ -z "${SETNS_COMPILERS_INSIDE:-}" ]; then
	rm -rf "$scratch"
	export SETNS_COMPILERS_INSIDE=yes
	exec setpriv --pdeathsig KILL -- unshare --mount --pid --fork \
		--kill-child=KILL --mount-proc "$0"
fi
unset SETNS_COMPILERS_INSIDE

arch=$(dpkg --print-architecture)
harness=$(sh "$tools/scripts/harness.sh") || die "$harness"
# shellcheck source=tools/tests/known.sh
. "$here/tools/tests/known.sh"
read_known
name_programs
base=make,dash,coreutils,sed,grep,findutils,libc6-dev,libcap-dev

work=$scratch/work
mkdir -p "$work/tree/tools/testing"
rsync -a --exclude=/.git --filter=':- .gitignore' "$here/" "$work/src"
cp -r "$harness" "$work/tree/tools/testing/selftests"

# lists SUITE: $state has apt's lists of it
lists()
{
	why=$("$tools/vm/debian.sh" newest "$1" '^libcap-dev$' 2>&1) || return 1
	state=$cache/apt/$1-$arch
}

# compilers_of NAME: the packages of the compilers to test
compilers_of()
{
	APT_CONFIG=$state/apt.conf apt-cache search --names-only "^$1-[0-9]+\$" |
		sed 's/ .*//' | sort -V |
		if [ "${SETNS_COMPILERS:-}" = all ]; then
			cat
		else
			sed -n '1p; $p' | uniq
		fi
}

# make_root NAME SUITE PACKAGES [OPTION...]: $root has these packages. Unpacked is
# enough, as all that is run in there is make, compilers and what they built.
make_root()
{
	root=$cache/roots/$1
	suite=$2
	packages=$3
	shift 3
	mkdir -p "$cache/roots"
	exec 9>"$root.lock"
	flock 9
	[ "$(cat "$root/.packages" 2>/dev/null)" != "$packages $*" ] || return 0
	rm -rf "$root"
	valid=
	eval "$(apt-config shell valid Acquire::Check-Valid-Until)"
	why=$(timeout 1800 mmdebstrap --quiet --variant=extract --mode=root \
		--skip=check/qemu ${valid:+--aptopt="Acquire::Check-Valid-Until \"$valid\""} \
		"$@" --include="$packages" "$suite" "$root" "$state/sources.list" 2>&1) || {
		rm -rf "$root"
		why="no root of $suite: $(echo "$why" | grep '^E:' | head -n 1)"
		return 1
	}
	# What installing would have made.
	for link in bin sbin lib lib64; do
		[ -e "$root/$link" ] || ln -s "usr/$link" "$root/$link"
	done
	[ -e "$root/bin/sh" ] || ln -s dash "$root/bin/sh"
	mkdir -p "$root/dev" "$root/proc" "$root/mnt"
	echo "$packages $*" > "$root/.packages"
}

# inside COMMAND...: in $root, with $work as its /mnt
inside()
{
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount sh -c '
		root=$1
		mount --rbind /dev "$root/dev" && mount --rbind /proc "$root/proc" &&
		mount --bind "$2" "$root/mnt" || exit 2
		shift 2
		exec chroot "$root" "$@"' sh "$root" "$work" "$@"
}

# builds CC ARG...: without a warning, to $work/out
builds()
{
	cc=$1
	shift
	rm -rf "$work/out"
	inside make -s "-j$(nproc)" -C /mnt/src KSRC=/mnt/tree OUTPUT=/mnt/out \
		CC="$cc" USERCFLAGS="-Werror $cflags" USERLDFLAGS="$ldflags" "$@" || return 1
	for program in $programs; do
		[ -x "$work/out/$program" ] || {
			echo "there is no $program"
			return 1
		}
	done
}

# passes: all that was built, which is static, as a root that is no mount is no place
# to run it in
passes()
{
	failed=0
	for program in $programs; do
		timeout 60 "$work/out/$program" > "$work/log" 2>&1
		case $? in
		0|4)	;;
		*)	if may_fail "$program" && [ -z "$(unexpected "$work/log")" ]; then
				continue
			fi
			echo "$program:"
			unexpected "$work/log"
			failed=1 ;;
		esac
	done
	return $failed
}

# try NAME CC
try()
{
	said=$(builds "$2" 2>&1) || {
		not_ok "$1: builds" "$said"
		return
	}
	is "$1: builds" "$said" ''
	check "$1: passes" passes
}

cflags='' ldflags=-static
for suite in bullseye bookworm trixie sid; do
	lists $suite || {
		skip "compilers of $suite" "$why"
		continue
	}
	compilers="$(compilers_of gcc) $(compilers_of clang)"
	list=$(echo "$compilers" | tr -s ' \n' ',' | sed 's/,$//')
	make_root $suite $suite "$base,$list" || {
		skip "compilers of $suite" "$why"
		continue
	}
	for compiler in $compilers; do
		try "$suite, $compiler" "$compiler"
	done
done

# The same program as -m32 makes it: libcap of the other architecture is in the
# distribution.
gcc32()
{
	gcc=$(LC_ALL=C APT_CONFIG=$state/apt.conf apt-cache depends gcc |
		sed -n 's/.*Depends: \(gcc-[0-9]*\)$/\1/p' | head -n 1)
	make_root m32 bookworm "$base,libcap-dev:i386,linux-libc-dev:i386,$gcc-multilib" \
		--architectures=amd64,i386 || return 1
	try '32 bits' "$gcc -m32"
}

# musl has no libcap in the distribution, so it is built of its source: a few files.
# The kernel's headers are the C library's own with musl-gcc no more than libcap's.
musl()
{
	make_root musl bookworm "$base,musl-tools,gcc,linux-libc-dev" || return 1
	mkdir -p "$work/musl/include/sys"
	why=$(libcap_source 2>&1) || return 1
	libcap=$(find "$work/musl" -path '*/libcap/Makefile')
	libcap=/mnt${libcap#"$work"}
	# shellcheck disable=SC2016 # for the inner shell
	inside sh -c '
		for headers in linux asm-generic; do
			ln -s /usr/include/$headers /mnt/musl/include || exit 1
		done
		ln -s /usr/include/*-linux-gnu/asm /mnt/musl/include &&
		make -s -C "${1%/Makefile}" BUILD_CC=gcc \
			CC="musl-gcc -idirafter /mnt/musl/include" libcap.a &&
		cp "${1%/Makefile}/libcap.a" /mnt/musl &&
		cp "${1%/Makefile}/include/sys/capability.h" /mnt/musl/include/sys' \
		sh "$libcap" > "$work/log" 2>&1 || {
		not_ok 'musl: libcap' "$(tail -n 20 "$work/log")"
		return 0
	}
	cflags='-idirafter /mnt/musl/include' ldflags='-static -L/mnt/musl'
	try musl musl-gcc
	cflags='' ldflags=-static
}

libcap_source()
{
	sed -e 's/^deb /deb-src /' "$state/sources.list" > "$work/sources.list"
	mkdir -p "$work/lists/partial"
	{
		grep -v -e Dir::State::lists -e Dir::Etc::sourcelist "$state/apt.conf"
		echo "Dir::State::lists \"$work/lists\";"
		echo "Dir::Etc::sourcelist \"$work/sources.list\";"
	} > "$work/apt.conf"
	export APT_CONFIG="$work/apt.conf"
	apt-get -qq update &&
	(cd "$work/musl" && apt-get -qq source --download-only libcap2) &&
	tar -x -f "$work"/musl/libcap2_*.orig.tar.* -C "$work/musl"
}

lists bookworm || {
	skip '32 bits, musl' "$why"
	done_testing
	exit
}
case $arch in
amd64)	gcc32 || skip '32 bits' "$why" ;;
*)	skip '32 bits' "gcc of $arch has no -m32" ;;
esac
musl || skip 'musl' "$why"
done_testing
