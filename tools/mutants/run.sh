#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What does the suite notice? Runs it, and the tree's own pidfd_setns_test, on a
# kernel that holds many bugs, one of which lives at a time.

set -u

here=$(cd -P -- "$(dirname -- "$0")/../.." && pwd)
. "$here/tools/vm/common.sh"
mutants=$tools/mutants
. "$here/tools/vm/programs.sh"

usage()
{
	cat <<-EOF
	usage: run.sh [OPTION...] [NAME|NUMBER...]

	Run the suite against every seeded bug, or against those that are named ("*"
	stands for anything), and print who noticed what. A run that was stopped goes
	on where it was.

	--tenth		only a fixed tenth, each by the program that is to notice it
	--thorough	all of the suite's programs for every bug, not only until one
	    		has noticed it
	--survivors	only those that no test of the last whole run noticed
	--kernel SUITE	the kernel of this Debian suite (bookworm)
	--guests N	guests at a time (number of processors)
	--list		print the bugs and run nothing
	--fresh		forget the results of a run that was stopped
	--results FILE	keep the results of the bugs that are named, too, and go on
	    		from there; a FILE holds for one state of suite and bugs

	Exit status: 0 all are noticed or equivalent, 1 some are not, 2 trouble,
	4 the kernel's source is not to be had.
	EOF
}

number()
{
	case ${2:-} in
	''|*[!0-9]*|0*) die "$1: ${2:-nothing} is no number above 0" ;;
	esac
}

# The rows of the table that the arguments name
select_rows()
{
	[ $# != 0 ] || { cat "$build/table"; return; }
	: > "$scratch/selected"
	for glob; do
		found=''
		while IFS='	' read -r nr name rest; do
			# shellcheck disable=SC2254 # a pattern
			case $nr/$name in
			"$glob/"*|*"/$glob"|*/$glob) ;;
			*)	continue ;;
			esac
			found=1
			printf '%s\t%s\t%s\n' "$nr" "$name" "$rest"
		done < "$build/table" >> "$scratch/selected"
		[ -n "$found" ] || die "no bug is called $glob: see run.sh --list"
	done
	sort -t '	' -k 1,1n -u "$scratch/selected"
}

# The rows of the tenth, with the program that has to notice each. Not every kernel
# has them all.
select_tenth()
{
	awk -F '\t' -v OFS='\t' '
	/^#/	{ next }
	NR == FNR { program[$2] = $1; next }
	$2 in program { print $0, program[$2]; delete program[$2] }
	END	{ for (name in program)
			print "run.sh: not in this kernel: " name > "/dev/stderr" }
	' "$mutants/tenth" "$build/table"
}

# The suite's programs and the tree's, and the guest's side of the run
make_guest()
{
	make_tree amd64
	make_initramfs amd64
	mkdir -p "$scratch/more/tests"
	strip -o "$scratch/more/tests/tree-pidfd_setns_test" \
		"$build/pidfd_setns_test"
	cp "$mutants/guest.sh" "$scratch/more"
	(cd "$scratch/more" && find guest.sh tests | cpio -o -H newc -R 0:0 --quiet) \
		>> "$scratch/amd64.initramfs" ||
		die "cannot write $scratch/amd64.initramfs: is the disk full?"
}

# Results hold for the programs and the kernel that they were made with.
same_as_before()
{
	now=$( { cat "$build/built" "$mutants/guest.sh" "$mutants/drive.py" \
			"$tools/known_bugs" "$cache/programs/amd64-runner/runner"
		for name in $(make -s -C "$here" print-tests); do
			cat "$cache/programs/amd64/$name"
		done; echo "$first"; } | sha256sum)
	if [ -n "$fresh" ] || [ "$(cat "$build/results.of" 2>/dev/null)" != "$now" ]; then
		rm -f "$build/results" "$build/results.races"
		echo "$now" > "$build/results.of"
	fi
}

# What has been freed is poisoned in the caches that setns uses, which halves the
# time of doing so in all.
poison='slub_debug=-;FZP,nsproxy,cred_jar,cred,fs_cache,mnt_cache'
poison=$poison,user_namespace,uts_namespace,pid_namespace,net_namespace

# run_guests RESULTS TABLE GUESTS PROCESSORS [VARIABLE=VALUE]
run_guests()
{
	# shellcheck disable=SC2086 # $first is a word or none
	interruptible python3 "$mutants/drive.py" $first "$1" \
		"$2" "$scratch" "$3" \
		"$qemu" -nodefaults -no-user-config -display none -no-reboot \
		-accel "$(accelerator "$scratch/bzImage" amd64)" -cpu "$processor" \
		-m 512 -smp "$(processors "$4")" -kernel "$scratch/bzImage" \
		-initrd "$scratch/amd64.initramfs" \
		-append "console=ttyS0 SETNS_CHANNEL=ttyS1 $quick $poison ${5:-}" \
		-serial file:@ -chardev stdio,id=report,signal=off \
		-serial chardev:report || exit 2
}

# Races inside a call need two processors, which all else would only be slower
# with: what nobody noticed on one is given to this program on two.
racer=setns_race_test
run_races()
{
	python3 "$report" --survivors "$results" "$scratch/table" |
		awk -F '\t' -v OFS='\t' -v racer=$racer '
		NR == FNR { survived[$1]; next }
		$1 in survived && (NF < 7 || $7 == racer) {
			$7 = racer
			print
		}' - "$scratch/table" > "$scratch/races"
	[ ! -s "$scratch/races" ] ||
		run_guests "$results.races" "$scratch/races" 1 2 SETNS_RACE_MS=2000
}

tenth='' survivors='' fresh='' list='' first=--first guests='' kernel='' keep=''
while [ $# -gt 0 ]; do
	case $1 in
	-h|--help) usage; exit 0 ;;
	--tenth) tenth=1 ;;
	--survivors) survivors=1 ;;
	--fresh) fresh=1 ;;
	--thorough) first='' ;;
	--list)	list=1 ;;
	--guests)
		number "$@"
		guests=$2
		shift ;;
	--results)
		[ -n "${2:-}" ] || die "--results: which file?"
		keep=$(realpath -- "$2") || exit 2
		shift ;;
	--kernel)
		[ -n "${2:-}" ] || die "--kernel: which suite?"
		kernel=$2
		shift ;;
	-*)	usage >&2; die "unknown option $1" ;;
	*)	break ;;
	esac
	shift
done
guests=${guests:-$(nproc)}
if [ -n "$tenth" ] && { [ $# != 0 ] || [ -n "$survivors$list" ]; }; then
	die "--tenth says which bugs: nothing else can"
fi
use_cache
use_scratch
interruptible "$mutants/build.sh" ${kernel:+--suite "$kernel"} > "$scratch/build" || exit
build=$(cat "$scratch/build")
if [ -n "$list" ]; then
	select_rows "$@" > "$scratch/table"
	cut -f 1,2,5,6 "$scratch/table"
	exit
fi

programs=''
need_guest amd64
need_command setpriv util-linux
need_command strip binutils
install_missing
need_memory $((guests * 700))
make_guest
report=$mutants/report.py
# Somebody may build another one meanwhile.
cp "$build/bzImage" "$scratch" || die "cannot copy the kernel: is the disk full?"
if [ -n "$survivors" ]; then
	[ -e "$build/results" ] || die "there was no whole run yet: run.sh"
	for number in $(python3 "$report" --survivors "$build/results" "$build/table"); do
		set -- "$@" "$number"
	done
	[ $# != 0 ] || { echo "# no survivors"; exit; }
fi
if [ -n "$tenth" ]; then
	select_tenth > "$scratch/table"
else
	select_rows "$@" > "$scratch/table"
fi
if [ $# = 0 ] && [ -z "$tenth" ]; then
	exec 6> "$build/results.lock"
	flock -n 6 || die "another whole run is going on"
	same_as_before
	results=$build/results
else
	results=${keep:-$scratch/results}
fi
run_guests "$results" "$scratch/table" "$guests" 1
run_races
if [ -n "$tenth" ]; then
	python3 "$report" --brief "$results" "$scratch/table"
else
	python3 "$report" "$results" "$scratch/table"
fi
