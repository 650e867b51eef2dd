# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # used by scripts that source this
#
# To be sourced: what the scripts of this directory and of tools/mutants share.
# They have defined $here, the top directory.

# shellcheck disable=SC2154 # $here is set by the script that sources this
. "$here/tools/scripts/setup.sh"
vm=$tools/vm
scratch=''
children=''

die()
{
	echo "${0##*/}: $*" >&2
	exit 2
}

# Something that cannot be obtained here is skipped, by its name.
unavailable()
{
	echo "${0##*/}: $*" >&2
	exit 4
}

# Every script starts with this. Kernel builds cannot live with blanks in names.
use_cache()
{
	case $cache in
	*[[:space:]:,]*)
		die "cannot use the cache $cache (blank, comma or colon in its name): $(
			)set SETNS_CACHE=DIRECTORY" ;;
	/?*) ;;
	*)	die "no HOME to keep a cache in: set SETNS_CACHE=DIRECTORY" ;;
	esac
	umask 022
	if ! mkdir -p "$cache/run" 2>/dev/null || [ ! -w "$cache/run" ]; then
		die "cannot write to the cache $cache: set SETNS_CACHE=DIRECTORY"
	fi
}

# A directory for one run, which the script removes when it ends. A killed script
# leaves its directory behind, and no lock on it.
use_scratch()
{
	# No other script may take the new directory for an old one before it is locked.
	exec 9> "$cache/run.lock"
	flock 9
	for old in "$cache"/run/*; do
		[ -d "$old" ] || continue
		flock -n "$old" true 2>/dev/null && rm -rf "$old"
	done
	scratch=$(mktemp -d "$cache/run/XXXXXX") ||
		die "cannot write to the cache $cache: is the disk full?"
	exec 6< "$scratch"
	flock 6
	exec 9<&6 6<&-
	trap 'end' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# interruptible COMMAND...: it ends when this script does, whose traps need not
# wait for it. It is a program, or a function that starts one the same way.
interruptible()
{
	case $(command -v "$1") in
	*/*)	# It may have been orphaned before it asked for the signal.
		# shellcheck disable=SC2016 # for the inner shell
		setpriv --pdeathsig TERM -- sh -c \
			'kill -0 "$0" 2>/dev/null && exec "$@"' $$ "$@" < /dev/null & ;;
	*)	"$@" < /dev/null & ;;
	esac
	children=$!
	wait "$children"
	ended=$?
	children=''
	return $ended
}

# Kill the process that works for this script, $children, if there is one. A signal
# may come when it is started and not yet noted down, and $! may be long gone.
kill_children()
{
	child=${children:-${!-}}
	if [ -n "$child" ] &&
	   grep -q -s "^PPid:[[:space:]]*$$\$" "/proc/$child/status"; then
		kill "$child"
	fi
}

# End with whatever was started, and remove what was written.
end()
{
	trap '' INT TERM HUP
	: > "$scratch/ending"
	kill_children
	wait
	# Their own children have inherited the lock.
	exec 9<&-
	flock -w 10 "$scratch" true 2>/dev/null
	rm -rf "$scratch"
}

# need_disk DIRECTORY MEGABYTES
need_disk()
{
	free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }')
	[ "$free" -ge "$2" ] ||
		die "not enough disk: $1 has $free MB free, $2 needed: $(
			)make room or set SETNS_CACHE=DIRECTORY"
}

# need_memory MEGABYTES
need_memory()
{
	free=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
	[ "$free" -ge "$1" ] ||
		die "not enough memory: $free MB free, $1 needed: fewer --jobs, or --memory MB"
}

# bytes FILE OFFSET COUNT: in hexadecimal, without blanks
bytes()
{
	od -An -v -tx1 -j "$2" -N "$3" "$1" 2>/dev/null | tr -d ' \n'
}

# little FILE OFFSET COUNT: a little-endian number
little()
{
	echo $((0x0$(od -An -v -tx1 -j "$2" -N "$3" "$1" 2>/dev/null |
		tr ' ' '\n' | sed '/^$/d' | tac | tr -d '\n'; echo)))
}

# image_arch IMAGE: the Debian name of the architecture of a kernel image
image_arch()
{
	if [ "$(bytes "$1" 514 4)" = 48647253 ]; then	# HdrS
		size=$((($(little "$1" 497 1) + 1) * 512 +
			$(little "$1" 500 4) * 16))
		[ "$size" -le "$(stat -L -c %s "$1")" ] || {
			echo truncated
			return
		}
		case $(bytes "$1" 566 1) in
		?[13579bdf]) echo amd64 ;;
		*)	echo i386 ;;
		esac
	elif [ "$(bytes "$1" 56 4)" = 41524d64 ]; then	# ARM d
		echo arm64
	elif [ "$(bytes "$1" 65544 6)" = 533339304550 ]; then	# S390EP
		echo s390x
	elif [ "$(bytes "$1" 0 2)" = 4d5a ]; then
		# An EFI program names its machine: 0xaa64 is arm64.
		pe=$(little "$1" 60 4)
		case $(bytes "$1" $((pe + 4)) 2) in
		64aa)	echo arm64 ;;
		*)	echo unknown ;;
		esac
	else
		echo unknown
	fi
}

# accelerator IMAGE ARCH: kvm where it runs this kernel, else tcg. That /dev/kvm
# opens says little, and that a few instructions run no more, so the kernel itself
# is tried: it has to introduce itself soon. The answer holds until the next boot of
# this machine.
accelerator()
{
	if [ "$2" != "$(dpkg --print-architecture)" ] || [ ! -w /dev/kvm ]; then
		echo tcg
		return
	fi
	known=$cache/accel-$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -s "$known" ]; then
		rm -f "$cache"/accel-*
		try_kvm "$1" > "$scratch/accel.$$"
		mv "$scratch/accel.$$" "$known"
	fi
	cat "$known"
}

# Without an initramfs the kernel ends in a panic, which is all that is asked.
try_kvm()
{
	if timeout -k 1 3 setpriv --pdeathsig KILL -- "$qemu" -accel kvm \
		-nodefaults -no-user-config -display none -no-reboot -m 256 \
		-machine pc -cpu max -serial stdio -kernel "$1" \
		-append 'console=ttyS0 earlyprintk=ttyS0 panic=-1' \
		< /dev/null 2>/dev/null | grep -a -q -m 1 'Linux version'; then
		echo kvm
	else
		echo tcg
	fi
}
