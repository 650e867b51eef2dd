#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Packages of any suite of the distribution, without installing them: taken from
# the mirror that apt is set up for, with lists of their own, checked by apt
# against the archive's signatures.

set -eu

here=$(cd -P -- "$(dirname -- "$0")/../.." && pwd)
. "$here/tools/vm/common.sh"

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

usage()
{
	cat <<-EOF
	usage: debian.sh [--arch ARCH] newest SUITE REGEX
	       debian.sh [--arch ARCH] [--only GLOB] get SUITE DIRECTORY PACKAGE...
	       debian.sh [--arch ARCH] kernel SUITE FLAVOUR
	       debian.sh install SUITE PACKAGE

	newest	print the package with the newest version in its name, of those whose
	    	name matches
	get	unpack packages to DIRECTORY, again only when their version changed;
	    	with --only, just the files that match
	kernel	get the newest kernel image of a flavour (cloud-amd64, 686, s390x) into
	    	the cache and print its path
	install	install a package that this system's own suite does not have, with what
	    	it depends on from there (root)

	Exit status: 0, 2 for bad arguments and the like, 4 where the mirror does not
	answer or has no such suite or package.
	EOF
}

# The mirror of the distribution itself, not of its security updates nor of
# others' packages.
mirror()
{
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	uri=${SETNS_MIRROR:-$(apt-get update --print-uris |
		sed -n "s|^'\(.*\)/dists/$codename/InRelease'.*|\1|p" | head -n 1)}
	[ -n "$uri" ] || unavailable "$suite: apt has no mirror for ${codename:-this system}"
	echo "$uri"
}

write_config()
{
	mkdir -p "$state/lists/partial" "$state/archives/partial"
	: > "$state/status"
	echo "deb [signed-by=$keyring] $1 $suite main" > "$state/sources.list"
	cat > "$state/apt.conf" <<-EOF
	Dir::State::lists "$state/lists";
	Dir::State::status "$state/status";
	Dir::Etc::sourcelist "$state/sources.list";
	Dir::Etc::sourceparts "/dev/null";
	Dir::Cache "$state";
	#clear APT::Update::Post-Invoke;
	#clear APT::Update::Post-Invoke-Success;
	APT::Architecture "$arch";
	APT::Architectures "$arch";
	APT::Sandbox::User "root";
	APT::Update::Error-Mode "any";
	Acquire::Languages "none";
	Acquire::Retries "2";
	Acquire::http::Timeout "30";
	EOF
}

# Lists of the last hours are new enough.
update()
{
	uri=$(mirror) || exit 4
	export APT_CONFIG="$state/apt.conf"
	write_config "$uri"
	fresh=$(find "$state/updated" -mmin -720 2>/dev/null || :)
	if [ -n "$fresh" ] && [ "$(cat "$state/updated")" = "$uri" ]; then
		return
	fi
	need_disk "$cache" 500
	interruptible timeout 300 apt-get -qq update >"$state/log" 2>&1 ||
		unavailable "$suite${foreign:+ ($arch)}: $(
			)the mirror does not answer or has no such suite: $(
			grep -m 1 '^E:' "$state/log" || echo 'no answer within 300 s')"
	echo "$uri" > "$state/updated"
}

newest()
{
	name=$(apt-cache search --names-only "$1" | sed 's/ - .*//' | sort -V | tail -n 1)
	[ -n "$name" ] || unavailable "$suite${foreign:+ ($arch)}: no package like $1"
	echo "$name"
}

# unpack DEB DIRECTORY
unpack()
{
	if [ -z "$only" ]; then
		dpkg -x "$1" "$2"
	else
		# A package may well hold none of them, which alone is no error.
		said=$(dpkg-deb --fsys-tarfile "$1" |
			LC_ALL=C tar -x -C "$2" --wildcards "./$only" 2>&1) ||
			case $said in
			*': Cannot '*) return 1 ;;
			*': Not found in archive'*) ;;
			*)	return 1 ;;
			esac
	fi
}

get()
{
	dir=$1
	shift
	wanted=$(apt-cache show --no-all-versions "$@" 2>/dev/null |
		sed -n 's/^\(Package\|Version\|SHA256\): //p')
	[ -n "$wanted" ] || unavailable "$suite${foreign:+ ($arch)}: no package $*"
	wanted="$wanted $only"
	if [ "$(cat "$dir/.packages" 2>/dev/null)" = "$wanted" ]; then
		return
	fi
	mkdir -p "$(dirname -- "$dir")"
	need_disk "$(dirname -- "$dir")" 1500
	use_scratch
	mkdir "$scratch/deb" "$scratch/tree"
	interruptible env -C "$scratch/deb" timeout 1200 apt-get -qq download "$@" \
		> "$scratch/log" 2>&1 ||
		unavailable "$suite${foreign:+ ($arch)}: cannot download $*: $(
			grep -m 1 '^E:' "$scratch/log" || echo 'not done within 1200 s')"
	for deb in "$scratch"/deb/*.deb; do
		unpack "$deb" "$scratch/tree" || die "cannot unpack ${deb##*/}"
	done
	[ -n "$(ls "$scratch/tree")" ] || unavailable "$suite: no $only in $*"
	printf '%s\n' "$wanted" > "$scratch/tree/.packages"
	rm -rf "$dir"
	mv -T "$scratch/tree" "$dir"
}

install_foreign()
{
	[ "$(id -u)" = 0 ] || die "not root: cannot install $1"
	use_scratch
	(cd "$scratch" && timeout 1200 apt-get -qq download "$1" >log 2>&1) ||
		unavailable "$suite: cannot download $1: $(grep -m 1 '^E:' "$scratch/log")"
	unset APT_CONFIG
	# shellcheck disable=SC2030,SC2031 # for this command only
	(
		export DEBIAN_FRONTEND=noninteractive
		set -- -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
			-o APT::Sandbox::User=root install
		apt-get "$@" "$scratch"/*.deb ||
			{ apt-get -qq update && apt-get "$@" "$scratch"/*.deb; }
	) > "$scratch/log" 2>&1 ||
		die "cannot install $1 of $suite: $(grep -m 1 '^E:' "$scratch/log")"
}

# Later kernels have the image in a package apart, that of the signed ones too.
kernel()
{
	version='[0-9][0-9.]*[0-9][^ ]*'
	name=$(newest "^linux-image-$version-$1\$") || exit 4
	dir=$cache/stock/$suite-$arch
	only='*/vmlinuz*'
	binary=linux-binary-${name#linux-image-}
	if apt-cache show "$binary" >/dev/null 2>&1; then
		get "$dir" "$name" "$binary"
	else
		get "$dir" "$name"
	fi
	find "$dir" -name 'vmlinuz*' -type f
}

main()
{
	arch=''
	only=''
	while [ $# -gt 0 ]; do
		case $1 in
		--help)	usage; exit 0 ;;
		--arch)	arch=${2:-}; shift 2 ;;
		--only)	only=${2:-}; shift 2 ;;
		*)	break ;;
		esac
	done
	case $#,${1:-} in
	3,newest|3,kernel|3,install|[4-9],get|[1-9][0-9],get) ;;
	*)	usage >&2; exit 2 ;;
	esac
	need_command apt-get apt
	need_file "the archive's keyring" "$keyring" debian-archive-keyring
	install_missing
	native=$(dpkg --print-architecture)
	arch=${arch:-$native} foreign=''
	[ "$arch" = "$native" ] || foreign=1
	suite=$2
	use_cache
	state=$cache/apt/$suite-$arch
	mkdir -p "$state"
	exec 8>"$state/lock"
	flock 8
	update
	case $1 in
	newest|kernel)
		"$1" "$3" ;;
	get)	shift 2; get "$@" ;;
	install)
		install_foreign "$3" ;;
	esac
}

main "$@"
