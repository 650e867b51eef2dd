#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The patches that "make series" writes for the newest kernel source of Debian: what
# maintainers ask of patches, and what their tools say. After each patch the
# directory builds, and what it has by then passes.

# shellcheck source=tap.sh
. "$(dirname -- "$0")/tap.sh"
# shellcheck source=tools/tests/known.sh
. "$here/tools/tests/known.sh"
# shellcheck source=tools/tests/ktree.sh
. "$here/tools/tests/ktree.sh"

suite=trixie-backports

need_build
need_command clang clang
need_command git git
need_command perl perl
need_command xz xz-utils
# What checkpatch.pl runs
need_python ply python3-ply
need_python git python3-git
# What b4 needs
need_python requests python3-requests
need_python dkim python3-dkim
need_python dns python3-dnspython
need_command git-filter-repo git-filter-repo
need_command patatt patatt
install_missing
read_source $suite || die "${why#setns: }"
read_known

# The python that has these, also for what others start
mkdir "$scratch/bin"
ln -s /usr/bin/python3 "$scratch/bin/python3"
tests=tools/testing/selftests
repo=$scratch/linux
series=$scratch/series

# git of the repository; nothing of the user's own configuration counts.
in_repo()
{
	git -C "$repo" "$@"
}

make_repo()
{
	export GIT_CONFIG_GLOBAL="$scratch/gitconfig" GIT_CONFIG_NOSYSTEM=1
	git config --global user.name 'A Sender'
	git config --global user.email sender@example.org
	git init --quiet --initial-branch=base "$repo" &&
	(
		cd "$dir/source" && cp -a --parents COPYING CREDITS Kbuild LICENSES \
			MAINTAINERS Makefile README scripts "$tests/Makefile" "$tests/lib.mk" \
			"$tests/pidfd" "$tests"/kselftest* "$repo"
	) &&
	(cd "$repo" && mkdir -p Documentation arch include drivers fs init ipc kernel lib) &&
	in_repo add . && in_repo commit --quiet --message base &&
	in_repo checkout --quiet -b setns
}

# builds OUTPUT ARG...: all objects of lib/, also those that no program has yet, and
# the programs, without a word but the names of what lib.mk compiles
builds()
{
	output=$1
	shift
	mkdir -p "$output"
	objects=
	for file in "$repo/$tests"/setns/lib/*.c; do
		[ ! -e "$file" ] || objects="$objects $output/lib_$(basename "$file" .c).o"
	done
	# shellcheck disable=SC2086 # names without blanks
	said=$(make -s "-j$(nproc)" -C "$repo/$tests/setns" OUTPUT="$output" \
		USERCFLAGS=-Werror "$@" all $objects 2>&1)
	status=$?
	said=$(echo "$said" | grep -v '^  CC  ')
	echo "$said"
	[ $status = 0 ] && [ -z "$said" ]
}

# passes PROGRAM: or fails by nothing but a bug of this kernel
passes()
{
	timeout -k 5 300 "$scratch/gcc/$1" > "$scratch/log" 2>&1
	case $? in
	0|4)	return 0 ;;
	1)	may_fail "$1" && [ -z "$(unexpected "$scratch/log")" ] && return ;;
	esac
	tail -n 20 "$scratch/log"
	return 1
}

# Each patch alone: it applies, builds, and the programs that it adds pass.
each_patch()
{
	for patch in $(patches "$series"); do
		brief=${patch#"$series"/}
		check "$brief: less than 800 lines" test "$(wc -l < "$patch")" -lt 800
		check "$brief: git am" in_repo am --quiet "$patch"
		check "$brief: gcc" builds "$scratch/gcc"
		check "$brief: clang" builds "$scratch/clang" LLVM=1
		for program in $(in_repo show --format= --name-only --diff-filter=A |
				sed -n "s|$tests/setns/\([^/]*_test\)\.c\$|\1|p"); do
			check "$brief: $program passes" passes "$program"
		done
	done
}

# remarks FILE: the types of what checkpatch.pl says to a patch that README does not
# list. "does MAINTAINERS need updating?" comes for every file.
remarks()
{
	(cd "$repo" && PATH=$scratch/bin:$PATH perl scripts/checkpatch.pl --strict \
		--show-types --terse --no-summary "$1" 2>&1) |
	while read -r line; do
		type=$(echo "$line" | sed -n 's/.*: [A-Z]*:\([A-Z_]*\): .*/\1/p')
		[ "$type" != FILE_PATH_CHANGES ] || continue
		[ -n "$type" ] && echo "$ignored" | grep -q -x -F -e "$type" ||
			echo "$line"
	done
}

# b4_check: the last line of what a sender sees before sending. The b4 of Debian 12
# cannot do it.
b4_check()
{
	in_repo config b4.prep-perpatch-check-cmd "./scripts/checkpatch.pl -q --terse --strict $(
		)--no-summary --mailback --showfile --ignore $(echo "$ignored" | tr '\n' ',')FILE_PATH_CHANGES"
	b4 prep --enroll base > "$scratch/log" && b4 prep --check > "$scratch/log"
	tail -n 1 "$scratch/log"
}

b4()
{
	env -C "$repo" PATH="$scratch/bin:$PATH" XDG_CACHE_HOME="$scratch/b4" \
		PYTHONPATH="$b4/usr/lib/python3/dist-packages" python3 -m b4.command --no-interactive "$@" < /dev/null 2>&1
}

# run_in_tree DIRECTORY: the exit status of its run_tests.sh
run_in_tree()
{
	"$1/run_tests.sh" > "$scratch/log" 2>&1
	echo $?
}

# stub NAME STATUS: the directory with one program that exits with this status
stub()
{
	mkdir "$repo/$tests/$1"
	cp "$repo/$tests/setns/Makefile" "$repo/$tests/setns/run_tests.sh" "$repo/$tests/$1"
	echo "int main(void) { return $2; }" > "$repo/$tests/$1/stub_test.c"
	echo "$repo/$tests/$1"
}

check 'make series' write_series "$series"
make_repo || bail_out 'no repository'
for number in 1 2; do
	is "series $number: at most 16 patches, and a cover letter" \
		"$(($(patches "$series/$number" | wc -l) <= 16)) $(find "$series/$number" -name '0000-*' | wc -l)" '1 1'
	is "series $number: the cover letter is filled in" \
		"$(grep -c '\*\*\*' "$series/$number"/0000-*)" 0
done
is 'the second run writes the same' "$(write_series "$scratch/again" >/dev/null 2>&1
	diff -r -I '^Date: ' -I '^From ' "$series" "$scratch/again" | grep '^[<>]')" ''
each_patch

added=$(in_repo diff --name-only --diff-filter=A base)
is 'all that is added is in the directory' \
	"$(echo "$added" | grep -v "^$tests/setns/[^/]*\$" | grep -v "^$tests/setns/lib/[^/]*\$")" ''
is 'with no dot file but .gitignore' \
	"$(echo "$added" | grep '/\.' | grep -v '/setns/\.gitignore$')" ''
is 'with nothing that downloads or installs' \
	"$(grep -nwE 'apt|apt-get|dnf|wget|curl|pip' -r "$repo/$tests/setns")" ''
is 'with nothing in perl or python' "$(grep -nwE 'perl|python3?' -r "$repo/$tests/setns")" ''
is 'TARGETS and MAINTAINERS have it' "$(in_repo diff base -- MAINTAINERS "$tests/Makefile" |
	grep '^[+][^+]')" "+F:	$tests/setns/
+TARGETS += setns"
is 'no name of the predecessor is left' \
	"$(in_repo grep -l pidfd_setns_test -- "$tests/pidfd")" ''
# The names in the message that removes it
is 'the tests that replace it are there' "$(in_repo log -1 --format=%b --grep 'remove pidfd_setns_test' |
	grep -oE '[a-z0-9]+(_[a-z0-9]+)+' | sort -u |
	grep -v -x -e pidfd_setns_test -e invalid_flags -e pidfd_exited_child \
		-e pidfd_incremental_setns -e nsfd_incremental_setns \
		-e pidfd_derived_nsfd_incremental_setns -e pidfd_one_shot_setns \
		-e no_foul_play -e setns_einval |
	while read -r name; do
		grep -qw "$name" "$repo/$tests/setns"/*_test.c || echo "$name"
	done)" ''

ignored=$(sed -n '/^checkpatch.pl --strict/,/^$/p' "$here/README" |
	grep -oE '[A-Z]{3,}(_[A-Z]+)*')
for patch in $(patches "$series"); do
	is "${patch#"$series"/}: checkpatch.pl --strict" "$(remarks "$patch")" ''
done

b4=$cache/packages/b4
if said=$("$tools/vm/debian.sh" get trixie "$b4" b4 2>&1); then
	is 'b4 prep --check' "$(b4_check)" \
		"Success: $(patches "$series" | wc -l), Warning: 0, Error: 0"
else
	skip 'b4 prep --check' "${said#setns: }"
fi

at=$(stub failing 1)
is 'run_tests.sh in a tree: a failure' "$(run_in_tree "$at")" 1
at=$(stub skipping 4)
is 'run_tests.sh in a tree: all skipped' "$(run_in_tree "$at")" 4
at=$(stub passing 0)
is 'run_tests.sh in a tree: passed' "$(run_in_tree "$at")" 0
echo 'int main(void) {' > "$at/stub_test.c"
is 'run_tests.sh in a tree: not built' "$(run_in_tree "$at")" 2
status=$(run_in_tree "$repo/$tests/setns")
wanted=0
[ -z "$known_tests" ] || wanted=1
is 'run_tests.sh in a tree: all of it' "$status $(unexpected "$scratch/log")" "$wanted "
done_testing
