#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs the suite inside a guest, which has a shell and little else. The files that
# make_tree() of programs.sh puts beside this script say what to run. The host reads
# the runner's KTAP, and from the last line the exit status of the whole.

dir=${0%/*}
if ! [ -e "$dir/words" ]; then
	echo "${0##*/}: runs in a guest only, see boot.sh" >&2
	exit 2
fi

# The host's variables for the tests. A line is an assignment, and never a command.
while IFS= read -r line; do
	export "${line?}"
done < "$dir/environment"

# Options of the runner and patterns, one a line
set --
while IFS= read -r word; do
	set -- "$@" "$word"
done < "$dir/words"

# Some tests need a control group other than the root.
enter_cgroup()
{
	[ -e /sys/fs/cgroup/cgroup.procs ] || return
	mkdir -p /sys/fs/cgroup/setns &&
		echo $$ > /sys/fs/cgroup/setns/cgroup.procs
}

# leaks: prints the kernel memory that the tests leaked. kmemleak calls no object
# leaked that is younger than five seconds.
leaks()
{
	sleep 6
	echo scan > "$kmemleak"
	echo scan > "$kmemleak"
	head -n 100 "$kmemleak" | sed 's/^/# kmemleak: /'
}

kmemleak=/sys/kernel/debug/kmemleak
if ! [ -w "$kmemleak" ] || ! echo clear > "$kmemleak"; then
	kmemleak=''
fi
enter_cgroup
# No race happens inside a system call on a single processor.
echo "# kernel $(uname -r), processors: $(nproc)"
"$dir/runner" --ktap --jobs 1 --dir "$dir/tests" --settings "$dir/settings" \
	--known "$dir/known_bugs" "$@"
status=$?
if [ -n "$kmemleak" ] && [ $status != 2 ]; then
	found=$(leaks)
	[ -z "$found" ] || {
		echo "$found"
		status=1
	}
fi
echo "# guest: exit $status"
