# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# To be sourced: where things are kept, what must be installed, and installing it.
# A script that sources this has defined $here, the top directory, and later
# defines die().

# shellcheck disable=SC2154 # $here is set by the script that sources this
tools=$here/tools

# What was fetched or built, from run to run
# shellcheck disable=SC2034 # used by scripts that source this
cache=${SETNS_CACHE:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/setns-selftest}

# What is missing, and the packages that have it.
missing=
packages=

need()
{
	case ", $missing, " in
	*", $1, "*) ;;
	*)	missing="$missing${missing:+, }$1" ;;
	esac
	case " $packages " in
	*" $2 "*) ;;
	*)	packages="$packages${packages:+ }$2" ;;
	esac
}

# need_command COMMAND PACKAGE
need_command()
{
	command -v "$1" >/dev/null 2>&1 || need "$1" "$2"
}

# need_file WHAT FILE PACKAGE
need_file()
{
	[ -e "$2" ] || need "$1" "$3"
}


# A python that has MODULE: the first of the PATH is often not the distribution's.
python_with()
{
	for python in python3 /usr/bin/python3; do
		"$python" -c "import $1" >/dev/null 2>&1 || continue
		echo "$python"
		return
	done
	return 1
}

# need_python MODULE PACKAGE
need_python()
{
	python_with "$1" >/dev/null || need "python's $1" "$2"
}

# What building takes: a compiler, libcap, and outside of a tree the harness.
need_build()
{
	need_command make make
	case ${LLVM:-} in
	'')	prefix=${CROSS_COMPILE:-}
		need_command "${prefix}gcc" "gcc${prefix:+-${prefix%-}}" ;;
	*)	need_command clang clang ;;
	esac
	need_file "C library headers" /usr/include/stdio.h libc6-dev
	need_file sys/capability.h /usr/include/sys/capability.h libcap-dev
	harness=$tools/scripts/harness.sh
	if [ -z "${KSRC:-}" ] && ! [ -e "$here/../lib.mk" ]; then
		need_command xz xz-utils
		said=$(sh "$harness" 2>&1) || case $said in
		*"apt-get install"*)
			need "kselftest harness" "$(sh "$harness" --package)" ;;
		*)	die "${said#setns: }" ;;
		esac
	fi
}

# Installs what is missing, or says why not. Quiet where nothing is. With
# $no_install it only says what is missing.
install_missing()
{
	[ -n "$missing" ] || return 0
	[ -z "${no_install:-}" ] ||
		die "missing: $missing: apt-get install $packages"
	command -v apt-get >/dev/null ||
		die "missing: $missing: install what Debian has as: $packages"
	[ "$(id -u)" = 0 ] ||
		die "missing: $missing: run as root once, or: apt-get install $packages"
	echo "installing: $packages" >&2
	export DEBIAN_FRONTEND=noninteractive
	set -- -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 install
	# shellcheck disable=SC2086 # package names have no blanks
	said=$(apt-get "$@" $packages 2>&1) ||
		said=$(apt-get -qq update 2>&1 && apt-get "$@" $packages 2>&1) ||
		die "cannot install $packages: $(echo "$said" | grep '^E:' | head -n 1)"
	missing=
	packages=
}
