#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# harness.sh [--download | --package]: prints the directory that holds lib.mk, the
# kselftest harness and what runs them, taken once from the distribution's
# linux-source package. Only these few files of the package are kept, in the
# cache. --download gets the package where it is not installed, which needs no
# root, --package only prints its name.

set -eu

here=$(cd -P -- "$(dirname -- "$0")/../.." && pwd)
. "$here/tools/scripts/setup.sh"
cache=$cache/harness
part=

die()
{
	echo "setns: $*" >&2
	exit 2
}

# The linux-source package of this distribution by the name with the version.
package_name()
{
	name=$(LC_ALL=C apt-cache depends linux-source 2>/dev/null |
		sed -n 's/.*Depends: \(linux-source-[0-9.]*\).*/\1/p' | head -n 1)
	echo "${name:-linux-source}"
}

make_part()
{
	if ! mkdir -p "$cache" 2>/dev/null || [ ! -w "$cache" ]; then
		die "cannot write to the cache $cache: set SETNS_CACHE=DIRECTORY"
	fi
	# What one that was killed has left
	find "$cache" -maxdepth 1 -name 'part.*' -mmin +60 -exec rm -rf {} +
	part=$(mktemp -d "$cache/part.XXXXXX")
}

decompress()
{
	case $1 in
	*.xz) xz -dc ;;
	*.bz2) bzip2 -dc ;;
	*.zst) zstd -dcq ;;
	*) gzip -dc ;;
	esac
}

# unpack NAME KEY: stdin is the tarball NAME; all of the files needed go to
# $cache/KEY, or nothing does.
unpack()
{
	mkdir "$part/tree"
	decompress "$1" | tar -x -C "$part/tree" --strip-components=1 \
		--wildcards \
		'*/tools/testing/selftests/lib.mk' \
		'*/tools/testing/selftests/kselftest.h' \
		'*/tools/testing/selftests/kselftest_harness.h' \
		'*/tools/testing/selftests/run_kselftest.sh' \
		'*/tools/testing/selftests/kselftest/*' ||
		die "cannot unpack the kselftest harness of $1"
	# Whoever comes second finds what the first one unpacked.
	mv -T "$part/tree" "$cache/$2" 2>/dev/null || [ -d "$cache/$2" ] ||
		die "cannot write to the cache $cache: set SETNS_CACHE=DIRECTORY"
}

download()
{
	package=$(package_name)
	make_part
	(cd "$part" && apt-get -qq -o APT::Sandbox::User=root download "$package") ||
		die "cannot download $package: apt-get update, or set KSRC=TREE"
	deb=$(find "$part" -name '*.deb')
	inner=$(dpkg-deb --contents "$deb" |
		sed -n 's|.* \(\./usr/src/.*linux-source-.*\.tar\..*\)|\1|p')
	[ -n "$inner" ] || die "no kernel source in $package: set KSRC=TREE"
	key=$(basename "$deb" .deb)
	dpkg-deb --fsys-tarfile "$deb" | tar -xO "$inner" | unpack "$inner" "$key"
}

main()
{
	if [ "${1:-}" = --package ]; then
		package_name
		return
	fi
	case $cache in
	*[[:blank:]]*)
		die "make cannot use the cache $cache, it has a blank in its name: $(
			)set SETNS_CACHE=DIRECTORY" ;;
	/?*) ;;
	*)	die "no HOME to keep a cache in: set SETNS_CACHE=DIRECTORY" ;;
	esac
	umask 022
	trap '[ -z "$part" ] || rm -rf "$part"' EXIT
	trap 'exit 2' HUP INT TERM

	tarball=$(find /usr/src -maxdepth 2 -name 'linux-source-*.tar.*' 2>/dev/null |
		sort -V | tail -n 1)
	if [ -n "$tarball" ]; then
		key=$(basename "${tarball%.tar.*}")_$(stat -c %s-%Y "$tarball")
		if [ ! -d "$cache/$key" ]; then
			make_part
			# shellcheck disable=SC2094 # only its name is used
			unpack "$tarball" "$key" < "$tarball"
		fi
	else
		# What was unpacked before is as good as it was.
		key=$(find "$cache" -mindepth 1 -maxdepth 1 \
			-name 'linux-source-*' -printf '%f\n' 2>/dev/null |
			sort -V | tail -n 1)
		if [ -z "$key" ] && [ "${1:-}" = --download ]; then
			download
		elif [ -z "$key" ]; then
			die "no kselftest harness: apt-get install $(package_name) $(
				)(not root: make harness), or set KSRC=TREE"
		fi
	fi
	echo "$cache/$key/tools/testing/selftests"
}

main "$@"
