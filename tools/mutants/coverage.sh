#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Which lines and branches of the setns path does the suite reach? Runs it on a
# kernel that counts, without any bug, and prints what it does not reach.

set -u

here=$(cd -P -- "$(dirname -- "$0")/../.." && pwd)
. "$here/tools/vm/common.sh"
mutants=$tools/mutants
. "$here/tools/vm/kernels.sh"
. "$here/tools/vm/programs.sh"

usage()
{
	cat <<-EOF
	usage: coverage.sh [--suite SUITE]

	Run the suite on the kernel of a Debian suite (bookworm), built with gcov for
	the setns path, and print per function the lines and branches that it reaches,
	then those that it does not, each with the reason in the file unreached.

	Exit status: 0, 1 if something is not reached without a reason, 2 trouble, 4
	where the source is not to be had.
	EOF
}

fragments()
{
	cat "$vm/base.config" "$vm/faults.config"
	# Of 6.1's allocators the one that can fail.
	echo CONFIG_SLUB=y
	echo CONFIG_GCOV_KERNEL=y
	echo "CONFIG_LOCALVERSION=\"-$1\""
}

# Source files of the setns path that this kernel has
sources()
{
	grep -v '^#' "$mutants/functions" | cut -f 1 | while read -r file; do
		[ ! -e "$tree/$file" ] || echo "$file"
	done
}

# The source in $dir/linux, where these files, and no others, count
prepare()
{
	lend_source
	for directory in $(sources | sed 's|/[^/]*$||' | sort -u); do
		{
			cat "$tree/$directory/Makefile"
			sources | sed -n "s|^$directory/\([^/]*\)\.c\$|GCOV_PROFILE_\1.o := y|p"
		} > "$scratch/Makefile"
		cmp -s "$scratch/Makefile" "$dir/linux/$directory/Makefile" ||
			cp --remove-destination "$scratch/Makefile" \
				"$dir/linux/$directory/Makefile"
	done
}

# The suite in a guest, and the counters that it leaves, as COUNTER lines of
# base64 on the guest's terminal
run_guest()
{
	make_tree amd64
	make_initramfs amd64
	mkdir "$scratch/more"
	cat > "$scratch/more/guest.sh" <<-'END'
	mkdir -p /sys/fs/cgroup/setns && echo $$ > /sys/fs/cgroup/setns/cgroup.procs
	echo 1 > /sys/kernel/debug/gcov/reset
	/runner --ktap --jobs 1 --no-kernel-log --dir /tests --timeout 120 \
		--known /known_bugs 2>&1 | grep '^not ok'
	cd /sys/kernel/debug/gcov || exit
	find . -name '*.gcda' | while read -r file; do
		echo "counter ${file#./}"
		cat "$file" > /tmp/counter
		base64 /tmp/counter
		echo "end"
	done
	echo "done"
	END
	(cd "$scratch/more" && find guest.sh | cpio -o -H newc -R 0:0 --quiet) \
		>> "$scratch/amd64.initramfs" ||
		die "cannot write $scratch/amd64.initramfs: is the disk full?"
	setpriv --pdeathsig KILL -- timeout -k 5 900 \
		setpriv --pdeathsig KILL -- \
		"$qemu" -nodefaults -no-user-config -display none -no-reboot \
		-accel "$(accelerator "$dir/bzImage" amd64)" -cpu "$processor" \
		-m 512 -smp "$(processors 2)" -kernel "$dir/bzImage" \
		-initrd "$scratch/amd64.initramfs" \
		-append "console=ttyS0 SETNS_CHANNEL=ttyS1 $quick" \
		-serial "file:$scratch/console" \
		-chardev stdio,id=report,signal=off -serial chardev:report \
		< /dev/null > "$scratch/said" &
	children=$!
	wait "$children"
	children=''
	tr -d '\r' < "$scratch/said" > "$scratch/report"
	grep -q '^done$' "$scratch/report" ||
		die "the guest did not get through: $(tail -n 1 "$scratch/console")"
	sed -n "s/^not ok [0-9]* /${0##*/}: fails: /p" "$scratch/report" >&2
}

# The counters where gcov looks for them: beside the objects
place_counters()
{
	find "$dir/objects" -name '*.gcda' -delete
	while read -r word name; do
		[ "$word" = counter ] || continue
		target=$dir/objects/${name##*/objects/}
		while read -r line && [ "$line" != end ]; do
			echo "$line"
		done | base64 -d > "$target"
	done < "$scratch/report"
}

# What gcov says of each source file, as JSON, is what coverage.py reads.
tell()
{
	place_counters
	mkdir "$scratch/gcov"
	for file in $(sources); do
		(cd "$scratch/gcov" && gcov --branch-probabilities --json-format \
			--hash-filenames "$dir/objects/${file%.c}.gcda" \
			> /dev/null 2>&1) ||
			die "gcov cannot read the counters of $file"
	done
	python3 "$mutants/coverage.py" "$mutants" "$dir/linux" "$scratch/gcov"
}

source_suite=bookworm
while [ $# -gt 0 ]; do
	case $1 in
	-h|--help) usage; exit 0 ;;
	--suite)
		[ -n "${2:-}" ] || die "--suite: nothing given"
		source_suite=$2
		shift ;;
	*)	usage >&2; exit 2 ;;
	esac
	shift
done
programs=''
need_kernel_build
need_guest amd64
need_command gcov gcc
need_command python3 python3
need_command setpriv util-linux
install_missing
use_cache
use_scratch
fetch_source
dir=$cache/coverage/${tree##*/}
mkdir -p "$cache/coverage"
exec 8> "$dir.lock"
flock 8
prepare
echo "${0##*/}: building the kernel that counts: some minutes" >&2
build coverage "$dir/linux" "$dir/objects" ||
	die "the kernel does not build: see $dir/objects/log"
cp "$dir/objects/arch/x86/boot/bzImage" "$dir"
run_guest
tell
