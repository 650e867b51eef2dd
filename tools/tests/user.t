#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The suite where little is allowed and much is odd: as an ordinary user, without
# user namespaces or capabilities, in containers, with closed descriptors and low
# limits. What cannot be tested there is skipped with its reason: no test fails,
# none hangs, and the programs exit with 0 or 4.
#
# Environment: SETNS_PLACES='glob...' goes only to these places (? for a blank).

# shellcheck disable=SC2016 # scripts are for the other shell
# shellcheck source=tap.sh
. "$(dirname -- "$0")/tap.sh"

need_build
need_command unshare util-linux
need_command setpriv util-linux
need_command prlimit util-linux
install_missing
[ "$(id -u)" = 0 ] || die "needs root, to become others"
# shellcheck source=tools/tests/types.sh
. "$here/tools/tests/types.sh"
# shellcheck source=tools/tests/known.sh
. "$here/tools/tests/known.sh"
read_known

# Where any user may read it, at a path with a blank.
chmod 755 "$scratch"
bin="$scratch/the programs"
mkdir "$bin"
name_programs
for program in $programs; do
	cp "${OUTPUT:-$here}/$program" "$bin"
done
user='setpriv --reuid 65534 --regid 65534 --clear-groups'
some=+sys_admin,+sys_chroot,+sys_ptrace,+setuid,+setgid,+dac_override

# judge PROGRAM STATUS OUTPUT: says what is wrong with it
judge()
{
	case $2 in
	0|4) ;;
	1)	may_fail "$1" || echo "$1: exit status 1" ;;
	124|137) echo "$1: did not end in a minute" ;;
	*) echo "$1: exit status $2" ;;
	esac
	unexpected "$3" | grep -v -e RUN -e '   OK'
	grep -E '# SKIP[[:space:]]*$' "$3"
}

# go FILE COMMAND...: all programs by this command; what is wrong goes to the file
go()
{
	to=$1
	shift
	for program in $programs; do
		timeout -k 5 60 "$@" "$bin/$program" > "$to.out" 2>&1
		judge "$program" $? "$to.out"
	done | head -n 30 > "$to"
}

wanted()
{
	# shellcheck disable=SC2254 # they are patterns
	(
		set -f
		for glob in ${SETNS_PLACES:-"*"}; do
			case $1 in
			$glob) exit 0 ;;
			esac
		done
		exit 1
	)
}

# The places that are gone to now, a line each: pid, file, name. They are reported
# in the order in which they were gone to.
going=$scratch/going
: > "$going"
place=0
# They end with this test, whatever ends it.
trap 'kill $(cut -d " " -f 1 "$going") 2>/dev/null; rm -rf "$scratch"' EXIT

report_first()
{
	read -r pid file name < "$going"
	sed -i 1d "$going"
	wait "$pid"
	is "$name" "$(cat "$file")" ""
}

# place NAME COMMAND...
place()
{
	wanted "$1" || return 0
	while [ "$(wc -l < "$going")" -ge "$(nproc)" ]; do
		report_first
	done
	place=$((place + 1))
	name=$1
	shift
	go "$scratch/place.$place" "$@" &
	echo "$! $scratch/place.$place $name" >> "$going"
}

# place_sh NAME SCRIPT [COMMAND...]: the script ends with "$@"
place_sh()
{
	name=$1 script=$2
	shift 2
	place "$name" "$@" sh -c "$script" sh
}

# shellcheck disable=SC2086 # $user is a command, here and below
place "as a user" $user
place "as a user with other groups" setpriv --reuid 65534 --regid 65534 --groups 1,2,65534
place "as a user with all capabilities" \
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps "$some" --ambient-caps "$some"
# shellcheck disable=SC2086
place "as a user without new privileges" $user --no-new-privs
place "as root with another real uid" setpriv --ruid 1
place "as root with another effective uid" setpriv --euid 1

# The limit is of the user namespace in which it is set.
# shellcheck disable=SC2016 # for the other shell, here and below
limit='echo "$0" > "/proc/sys/user/max_$1_namespaces" && shift && exec "$@"'
for type in $types; do
	place "as root with max_${type}_namespaces=0" \
		unshare --user --map-root-user sh -c "$limit" 0 "$type"
done
place "as root with max_user_namespaces=2" \
	unshare --user --map-root-user sh -c "$limit" 2 user
# shellcheck disable=SC2086
place "as a user with max_user_namespaces=0" \
	$user unshare --user --map-root-user sh -c "$limit" 0 user

for cap in all sys_admin sys_ptrace sys_chroot setpcap setuid setgid dac_override; do
	place "as root without CAP_$cap" setpriv --bounding-set -$cap
done
place "as root without the rights of root" \
	setpriv --securebits +noroot,+no_setuid_fixup --inh-caps "$some"

# shellcheck disable=SC2046 # options
place "in namespaces of its own" \
	unshare $(options $(minus user)) --fork --mount-proc
# shellcheck disable=SC2046
place "in namespaces and a user namespace of its own" \
	unshare $(options $(minus)) --map-root-user --fork --mount-proc
# shellcheck disable=SC2046
place_sh "in a container, not as its first process" '"$@" & wait $!' \
	unshare $(options $(minus user time)) --fork --mount-proc
place "with the /proc of another pid namespace" unshare --pid --fork
place "with its clocks moved" unshare --time --fork --boottime 864000 --monotonic 864000
place_sh "with /proc/sys read-only" \
	'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"' \
	unshare --mount
place_sh "with all read-only" \
	'mount -o remount,bind,ro / && exec "$@"' unshare --mount
place_sh "with an empty /dev" 'mount -t tmpfs none /dev && exec "$@"' unshare --mount
place_sh "without /dev/shm" 'mount -t tmpfs -o ro none /dev/shm && exec "$@"' unshare --mount
place_sh "with others hidden in /proc" \
	'mount -t proc -o hidepid=invisible none /proc && exec setpriv --reuid 65534 "$@"' \
	unshare --mount --pid --fork
place_sh "without /proc" 'umount -l /proc && exec "$@"' unshare --mount
place_sh "with a full host name" \
	'echo 0123456789012345678901234567890123456789012345678901234567890123 > /proc/sys/kernel/hostname
	exec "$@"' unshare --uts

# Only what the programs are linked with.
empty_root()
{
	mkdir "$scratch/root"
	for file in "$bin"/*_test $(ldd "$bin"/*_test | grep -oE '/[^ ]*\.so[^ ]*' | sort -u); do
		at=$scratch/root${file#"$bin"}
		mkdir -p "$(dirname "$at")" && cp -L "$file" "$at"
	done
}

empty_root
# The program comes by its name outside of it.
place "in a root with nothing in it" sh -c 'exec chroot "$0" "/${1##*/}"' "$scratch/root"

place_sh "with stdin closed" 'exec "$@" <&-'
place_sh "with stdin, stdout and stderr closed" 'exec "$@" <&- >&- 2>&-'
place_sh "with stdout full" 'exec "$@" > /dev/full'
place_sh "with a umask of 777" 'umask 777; exec "$@"'
# shellcheck disable=SC2086
place_sh "with a umask of 777, as a user" 'umask 777; exec "$@"' $user
place "niced" nice -n 19
place "without an environment" env -i
place "with SIGCHLD, SIGALRM, SIGPIPE ignored" env --ignore-signal=CHLD,ALRM,PIPE
place "with signals blocked" env --block-signal=CHLD,ALRM,USR1,TERM
place "on one processor" taskset 1
place "as a kernel of long ago" setarch --uname-2.6
place_sh "in a directory that is gone" 'cd "$(mktemp -d)" && rmdir "$PWD" && exec "$@"'
place "with 64 descriptors" prlimit --nofile=64
place "with no message queues" prlimit --msgqueue=0
place "with all limits low" \
	prlimit --nofile=64 --core=0 --memlock=0 --sigpending=1 --locks=1 --rtprio=0 --stack=1048576
# Of a user of its own: the processes of the other places count as well.
place "with few processes, as a user" \
	setpriv --reuid 65533 --regid 65533 --clear-groups prlimit --nproc=4
while [ -s "$going" ]; do
	report_first
done
done_testing
