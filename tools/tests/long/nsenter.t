#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The tools that live on setns(2) get where our own single call gets: nsenter of
# several releases into what unshare made, by every option and by all, as root and
# as an ordinary user, and exec of crun and runc into a rootless container. Each
# under strace, which shows by which calls.

# shellcheck source=../tap.sh
. "$(dirname -- "$0")/../tap.sh"

need_command unshare util-linux
need_command strace strace
need_command patchelf patchelf
need_command busybox busybox-static
need_command python3 python3
install_missing

# Whatever is started here ends with this, SIGKILL included: it is the init of a
# pid namespace.
if [ "$(id -u)" = 0 ] && [ -z "${SETNS_NSENTER_INSIDE:-}" ]; then
	rm -rf "$scratch"
	export SETNS_NSENTER_INSIDE=yes
	exec setpriv --pdeathsig KILL -- unshare --mount --pid --fork \
		--kill-child=KILL --mount-proc "$0"
fi
unset SETNS_NSENTER_INSIDE

# shellcheck source=tools/tests/types.sh
. "$here/tools/tests/types.sh"
chmod 755 "$scratch"
cd / || exit 2

busybox=$(command -v busybox)
! ldd "$busybox" >/dev/null 2>&1 || die "$busybox is not static: apt-get install busybox-static"
targets=
trap 'quit' EXIT

quit()
{
	# shellcheck disable=SC2086 # pids
	[ -z "$targets" ] || kill -KILL $targets 2>/dev/null
	wait
	rm -rf "$scratch"
}

# An ordinary user's command begins with this.
as_user=
user=$(id -u)
if [ "$user" = 0 ]; then
	user=65534
	as_user="setpriv --reuid $user --regid $user --clear-groups --"
fi

# What runs inside: the namespaces that it is in, one "LINK INODE" a line. It is
# the same path in all the places that are entered here.
# shellcheck disable=SC2016 # for the inner shell
look='for link in /proc/self/ns/*; do
	/bin/busybox stat -L -c "%n %i" "$link"
done | /bin/busybox sed "s|.*/||"'
[ -x /bin/busybox ] || die 'busybox is not in /bin'

# expected PID TYPE...: the namespaces of a task that entered these types, taken
# from the links of both tasks
expected()
{
	pid=$1
	shift
	for link in /proc/self/ns/*; do
		link=${link##*/}
		case " $* " in
		*" ${link%_for_children} "*) whose=$pid ;;
		*) whose=self ;;
		esac
		# A namespace for children is the one that was entered.
		echo "$link $(stat -L -c %i "/proc/$whose/ns/${link%_for_children}")"
	done
}

# by_us USER PID TYPE...: the same by one call, or the errno
by_us()
{
	as=$1
	shift
	# shellcheck disable=SC2086 # a command
	$as "$enter" "$@" -- /bin/busybox sh -c "$look" 2>/dev/null || echo refused
}

# A process that unshare put into namespaces of all types: its pid in $target, as
# it is called here. It ends with us.
make_target()
{
	# shellcheck disable=SC2046 # types
	options="--map-root-user --fork --kill-child=KILL $(options $(minus) | paste -s -d ' ')"
	rm -f "$scratch/up" "$scratch/ready"
	mkfifo "$scratch/up" "$scratch/ready"
	chmod 666 "$scratch/up" "$scratch/ready"
	# shellcheck disable=SC2086,SC2016 # commands; for the inner shell
	$1 setpriv --pdeathsig KILL -- unshare $options sh -c '
		read -r pid _ < /proc/self/stat
		echo "$pid" > "$1"
		exec cat "$2"' sh "$scratch/ready" "$scratch/up" 2>"$scratch/unshare" &
	targets="$targets $!"
	# Opened for both, so that there is an end to it where unshare fails.
	exec 3<>"$scratch/ready"
	target=$(timeout 10 head -n 1 <&3)
	exec 3<&-
	[ -n "$target" ]
}

# by_nsenter USER PID OPTION...: where nsenter leads to
by_nsenter()
{
	as=$1
	pid=$2
	shift 2
	# shellcheck disable=SC2086 # commands
	$as $nsenter --preserve-credentials --target "$pid" "$@" \
		/bin/busybox sh -c "$look" 2>/dev/null || echo refused
}

# calls USER PID OPTION...: the calls by which nsenter gets there, the pidfd by
# that name
calls()
{
	as=$1
	pid=$2
	shift 2
	rm -f "$scratch/strace"
	touch "$scratch/strace"
	chmod 666 "$scratch/strace"
	# shellcheck disable=SC2086 # commands
	$as strace -f -e trace=setns,pidfd_open,close -o "$scratch/strace" \
		$nsenter --preserve-credentials --target "$pid" "$@" \
		/bin/busybox true >/dev/null 2>&1
	told "$scratch/strace"
}

# told FILE: "setns(pidfd, 7 types)" for each call that strace wrote down. A line
# that another process broke into is put together again.
told()
{
	awk '
	/ <unfinished \.\.\.>$/ {
		begun[$1] = substr($0, 1, length($0) - length(" <unfinished ...>"))
		next
	}
	/<\.\.\. [a-z0-9_]* resumed>/ {
		pid = $1
		sub(/^.* resumed>/, "")
		$0 = begun[pid] $0
	}
	/pidfd_open\(/ { pidfd = $NF; owner = $1 }
	$1 == owner && index($0, "close(" pidfd ")") { pidfd = "" }
	match($0, /setns\(.*\)/) {
		split(substr($0, RSTART + 6, RLENGTH - 7), arg, ", ")
		n = arg[2] ~ /CLONE/ ? split(arg[2], flags, "|") : 0
		user = arg[2] ~ /NEWUSER/ ? " with user" : ""
		print "setns(" (pidfd != "" && arg[1] == pidfd ? "pidfd" : "nsfd") \
			", " (n ? n : "any") (n > 1 ? " types" : " type") user ")" \
			($0 ~ / = 0$/ ? "" : " refused")
	}' "$1"
}

# enters WHO USER: nsenter of a version, into the target
enters()
{
	for type in $types; do
		# shellcheck disable=SC2046 # options
		is "nsenter $version, $1: --$(long "$type")" \
			"$(by_nsenter "$2" "$target" $(options "$type"))" \
			"$(by_us "$2" "$target" "$type")"
	done
	# shellcheck disable=SC2046,SC2086 # options, types
	is "nsenter $version, $1: all types but user" \
		"$(by_nsenter "$2" "$target" $(options $(minus user)))" \
		"$(by_us "$2" "$target" $(minus user))"
	# shellcheck disable=SC2046,SC2086
	is "nsenter $version, $1: all types by their options" \
		"$(by_nsenter "$2" "$target" $(options $types))" \
		"$(by_us "$2" "$target" $types)"
	# shellcheck disable=SC2086
	is "nsenter $version, $1: --all" "$(by_nsenter "$2" "$target" --all)" \
		"$(by_us "$2" "$target" $types)"
}

# Where our own calls lead to is where the target is.
we_enter()
{
	for type in $types; do
		case $1,$type in
		root,*|*,user)
			is "our own call, $1: $type" "$(by_us "$2" "$target" "$type")" \
				"$(expected "$target" "$type")" ;;
		*)	is "our own call, $1: $type" "$(by_us "$2" "$target" "$type")" \
				refused ;;
		esac
	done
	# shellcheck disable=SC2086 # types
	is "our own call, $1: all types" "$(by_us "$2" "$target" $types)" \
		"$(expected "$target" $types)"
}

# at_least VERSION WANTED
at_least()
{
	[ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

# By which calls: since 2.41 it is the pidfd, and one call for as much as can be had
# at once. With privilege the user namespace comes last, by a call of its own, so
# that the privilege is not lost before. Without privilege a first call, without the
# user namespace, is refused.
traced()
{
	few=$(minus user | wc -w)
	all=$(echo "$types" | wc -w)
	said=$(calls "$2" "$target" --all)
	if ! at_least "$version" 2.41; then
		is "nsenter $version, $1: --all by a setns(nsfd) for each type" \
			"$(echo "$said" | sed 's/ with user//' |
				grep -c '^setns(nsfd, 1 type)$')" "$all"
	elif [ "$1" = root ]; then
		is "nsenter $version, root: --all by one setns(pidfd) and one for user" \
			"$said" "setns(pidfd, $few types)
setns(pidfd, 1 type with user)"
		# shellcheck disable=SC2046 # options
		is "nsenter $version, root: all but user by one setns(pidfd)" \
			"$(calls "$2" "$target" $(options $(minus user)))" \
			"setns(pidfd, $few types)"
	else
		is "nsenter $version, $1: --all by one setns(pidfd), after one that is refused" \
			"$said" "setns(pidfd, $few types) refused
setns(pidfd, $all types with user)"
	fi
}

# foreign SUITE PROGRAM PACKAGE...: a program of another suite with the libraries
# that it needs from there, as a $command of its own that anybody may run; without
# it $why says why.
foreign()
{
	suite=$1
	program=$2
	shift 2
	at=$cache/packages/$suite-$program
	why=$("$tools/vm/debian.sh" get "$suite" "$at" libc6 "$@" 2>&1) || return 1
	rm -rf "$scratch/$suite-$program"
	cp -r "$at" "$scratch/$suite-$program"
	at=$scratch/$suite-$program
	loader=$(find "$at" -name 'ld-linux*.so*' | head -n 1)
	libraries=$(dirname "$(find "$at" -name libc.so.6 | head -n 1)")
	command=$(find "$at" -path "*bin/$program" | head -n 1)
	why=$(patchelf --set-interpreter "$loader" --force-rpath \
		--set-rpath "$libraries" "$command" 2>&1) &&
		why=$("$command" --version 2>&1)
}

all_of_nsenter()
{
	version=$($nsenter --version | sed 's/.*util-linux \([0-9.]*\).*/\1/')
	if [ "$(id -u)" = 0 ]; then
		target=$root_target
		enters root ''
		traced root ''
	fi
	target=$user_target
	enters 'ordinary user' "$as_user"
	traced 'ordinary user' "$as_user"
}

if [ "$(id -u)" = 0 ]; then
	make_target '' || bail_out "no target: $(cat "$scratch/unshare")"
	root_target=$target
	we_enter root ''
else
	skip 'what root can enter' 'not root'
fi
if make_target "$as_user"; then
	user_target=$target
else
	skip 'what an ordinary user can enter' "no target: $(cat "$scratch/unshare")"
	done_testing
	exit
fi
we_enter 'ordinary user' "$as_user"

nsenter=nsenter
all_of_nsenter
for suite in trixie sid; do
	if foreign $suite nsenter util-linux libselinux1 libpcre2-8-0; then
		nsenter=$command
		all_of_nsenter
	else
		skip "nsenter of $suite" "$why"
	fi
done
# shellcheck source=tools/tests/containers.sh
. "$here/tools/tests/containers.sh"
done_testing
