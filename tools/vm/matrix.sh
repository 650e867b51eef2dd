#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The suite on many kernels: stock ones of the distribution's suites, and built
# ones that lack something or watch themselves. What cannot be had has a row of the
# closing table with the reason.

set -u

here=$(cd -P -- "$(dirname -- "$0")/../.." && pwd)
. "$here/tools/vm/common.sh"
. "$here/tools/vm/guests.sh"
. "$here/tools/vm/programs.sh"

# name, then what to fetch (architecture, suite, flavour) or to build (name)
kernels='
bullseye		fetch amd64 bullseye cloud-amd64
bookworm		fetch amd64 bookworm cloud-amd64
bookworm-backports	fetch amd64 bookworm-backports cloud-amd64
trixie-backports	fetch amd64 trixie-backports cloud-amd64
i386			fetch i386 bookworm 686
arm64			fetch arm64 bookworm cloud-arm64
s390x			fetch s390x bookworm s390x
base			build base
faults			build faults
debug			build debug
no-UTS_NS		build no-UTS_NS
no-IPC_NS		build no-IPC_NS
no-USER_NS		build no-USER_NS
no-PID_NS		build no-PID_NS
no-NET_NS		build no-NET_NS
no-TIME_NS		build no-TIME_NS
no-CGROUPS		build no-CGROUPS
no-CHECKPOINT_RESTORE	build no-CHECKPOINT_RESTORE
'

usage()
{
	cat <<-EOF
	usage: matrix.sh [--list] [OPTION...] [NAME...] [-- TEST...]

	Fetches or builds kernels, all of them or those named, and runs the suite in
	each. Options are those of boot.sh.

	Exit status: 0 passed, 1 failed, 4 all skipped or no kernel to be had, 2 a
	kernel that never reached the tests, or an error of our own.
	EOF
}

names()
{
	echo "$kernels" | awk 'NF { print $1 }'
}

# ready ARCH: whether a guest of this architecture can run. Packages that cannot be
# obtained for another architecture count as a kernel that cannot be obtained.
# shellcheck disable=SC2317 # by interruptible
ready()
{
	[ "$1" != "$(dpkg --print-architecture)" ] || return 0
	(need_guest "$1" && install_missing) || return 4
	(arch_facts "$1" && foreign "$1" busybox-static && foreign "$1" libcap-dev)
}

# obtain NAME: prints the path of its image, and ends the shell that it runs in.
# shellcheck disable=SC2317 # by interruptible
obtain()
{
	# shellcheck disable=SC2046 # words
	set -- $(echo "$kernels" | awk -v name="$1" '$1 == name { $1 = ""; print }')
	case $1 in
	fetch)	ready "$2" && exec setpriv --pdeathsig TERM -- \
			"$vm/debian.sh" --arch "$2" kernel "$3" "$4" ;;
	build)	exec setpriv --pdeathsig TERM -- "$vm/build.sh" "$2" ;;
	esac
}

# absent NAME STATUS: the result of a kernel that cannot be obtained, with the last
# line of the script that tried
absent()
{
	why=$(tail -n 1 "$scratch/said")
	if [ "$2" = 4 ]; then
		printf '4 0 0 0 1 0 %s\tskipped: %s\n' "$1" "$why"
	else
		printf '2 0 1 0 0 0 %s\tno kernel: %s\n' "$1" "$why"
	fi
}

main()
{
	[ "${1:-}" != --list ] || { names; exit 0; }
	defaults
	limit=1800
	memory=1024
	parse "$@"
	use_cache
	use_scratch
	[ -n "$images" ] || images=$(names)
	for name in $images; do
		names | grep -q -x -F -e "$name" || die "no kernel $name: --list names them"
	done
	: > "$scratch/absent"
	set --
	for name in $images; do
		progress "$name: fetching or building"
		if interruptible obtain "$name" > "$scratch/got" 2> "$scratch/said"; then
			set -- "$@" "$(cat "$scratch/got")"
		else
			absent "$name" $? >> "$scratch/absent"
		fi
	done
	progress
	if [ $# = 0 ]; then
		table "$scratch/absent"
		overall "$scratch/absent"
		exit
	fi
	[ -z "$patterns" ] || {
		set -f
		# shellcheck disable=SC2086 # a pattern a word
		set -- "$@" -- $patterns
		set +f
	}
	interruptible "$vm/boot.sh" ${jobs:+--jobs "$jobs"} --timeout "$limit" \
		--memory "$memory" --cpus "$cpus" --append "$append" \
		--absent "$scratch/absent" ${strict:+--strict} ${user:+--user} \
		${programs:+--programs "$programs"} "$@"
	exit
}

main "$@"
