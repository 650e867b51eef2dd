#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The suite goes red for a setns(2) that lies: under each lie of lies_table.h the
# tests that the table names fail, with a message that says what is wrong.
#
# Environment: LIES='glob...' tells only these; LIES_TO_ALL=1 tells them to the
# whole suite and prints which tests noticed, to find the tests for the table.

# shellcheck source=tap.sh
. "$(dirname -- "$0")/tap.sh"

need_build
install_missing
[ "$(id -u)" = 0 ] || die "needs root, which most of the tests that are lied to need"

# shellcheck source=tools/tests/leftovers.sh
. "$here/tools/tests/leftovers.sh"
# shellcheck source=tools/tests/known.sh
. "$here/tools/tests/known.sh"

lib=$scratch/lies.so
case $lib in
*[[:space:]:]*) die "LD_PRELOAD cannot have $lib: set TMPDIR" ;;
esac
bin=${OUTPUT:-$here}
all_tests=$("$here/run_tests.sh" --list) || bail_out "the suite cannot be built: run_tests.sh --list"
# In this order: proc.c opens /proc before the others look into it.
cc -Wall -Wextra -O2 -shared -fPIC -o "$lib" "$here/lib/namespaces.c" \
	"$here/lib/proc.c" "$tools"/tests/lies*.c -lcap -ldl 2>"$scratch/cc" ||
	bail_out "the lies cannot be built: $(grep -m1 error "$scratch/cc")"

# matching GLOB: the PROGRAM:TESTs
matching()
{
	for name in $all_tests; do
		# shellcheck disable=SC2254 # it is a pattern
		case ${name#*:} in
		$1) echo "$name" ;;
		esac
	done
}

# without_known_bugs NAME...: those that do not fail anyway
without_known_bugs()
{
	for name; do
		echo "$known_tests" | grep -q -x -F -e "${name#*:}" || echo "$name"
	done
}

# told LIE PROGRAM...: what the programs print, and how they ended. Not every
# harness can run a single test, so whole programs run.
told()
(
	lie=$1
	shift
	for program; do
		SETNS_MARK=$mark SETNS_LIE=$lie LD_PRELOAD=$lib \
			timeout -k 5 150 "$bin/$program"
		echo "EXIT $program $?"
	done
)

# judge SAYS NAME...: reads what was printed; a line for each test that did not
# fail as it should. Of a test that was skipped it says SKIP.
judge()
{
	awk -v says="$1" -v names="$2" '
	# Whether the parts of says between its asterisks follow each other in a line
	function has(line,	n, part, i, at)
	{
		n = split(says, part, "*")
		for (i = 1; i <= n; i++) {
			at = index(line, part[i])
			if (!at)
				return 0
			line = substr(line, at + length(part[i]))
		}
		return 1
	}
	/^(not )?ok / {
		name = $0
		sub(/^(not )?ok [0-9]+ /, "", name)
		why = index(name, " # ") ? substr(name, index(name, " # ") + 3) : ""
		sub(/ # .*/, "", name)
		if (/^ok/)
			verdict[name] = why ~ /^(SKIP|XFAIL)/ ? why : "did not notice"
		else
			verdict[name] = says_so ? "red" : \
				"failed without saying \"" says "\":\n" said
		said = ""
		says_so = 0
		next
	}
	/^EXIT / {
		if ($3 != 1)
			exit_status = exit_status $2 " ended with " $3 "\n"
		next
	}
	{ said = said $0 "\n"; says_so = says_so || has($0) }
	END {
		n = split(names, wanted, " ")
		for (i = 1; i <= n; i++) {
			sub(/.*:/, "", wanted[i])
			v = wanted[i] in verdict ? verdict[wanted[i]] : "was not run"
			red += v == "red"
			skipped += v ~ /^SKIP/
			if (v ~ /^SKIP/)
				reason = v
			else if (v != "red")
				print wanted[i], v
		}
		if (skipped && skipped == n)
			print reason
		else if (red + skipped == n)
			printf("%s", exit_status)
	}'
}

tell()
{
	if [ "$1" = link_only_cgroup ] && ! grep -qv ':/$' /proc/self/cgroup; then
		skip "$1: $4" "in the root of the cgroups it makes no difference"
		return
	fi
	if [ "$2" = - ]; then
		count=$((count + 1))
		echo "not ok $count - $1: $4 # TODO no test notices it yet"
		return
	fi
	names=
	for glob in $2; do
		found=$(matching "$glob")
		if [ -z "$found" ]; then
			not_ok "$1: $4" "there is no test $glob"
			return
		fi
		# shellcheck disable=SC2086 # names
		found=$(without_known_bugs $found)
		if [ -z "$found" ]; then
			skip "$1: $4" "$glob fails by a known bug of this kernel"
			return
		fi
		names="$names $found"
	done
	# shellcheck disable=SC2086 # names
	programs=$(printf '%s\n' $names | sed 's/:.*//' | sort -u)
	# Not a pipe, which what is left behind would keep open.
	# shellcheck disable=SC2086
	told "$1" $programs > "$scratch/said" 2>&1
	wrong=$(judge "$3" "$names" < "$scratch/said")
	case $wrong in
	'')	ok "$1: $4" ;;
	SKIP*)	skip "$1: $4" "${wrong#SKIP }" ;;
	*)	not_ok "$1: $4" "$wrong" ;;
	esac
}

tell_all()
{
	programs=$(echo "$all_tests" | sed 's/:.*//' | uniq)
	# shellcheck disable=SC2086
	told "$1" $programs > "$scratch/all" 2>&1
	diag "$1: $4:"
	grep -e '^not ok' -e '^# [a-z_]*\.c:' "$scratch/all" | sed 's/^/#   /'
	ok "$1 was told to all"
}

# No more globbing of files from here on.
set -f
LD_PRELOAD=$lib SETNS_LIE=--list env > "$scratch/lies"
tab=$(printf '\t')

# A test that fails by a known bug would seem to notice every lie.
read_known

# The library by itself changes nothing. run_tests.sh knows the kernel's own bugs.
SETNS_LIE=none LD_PRELOAD=$lib "$here/run_tests.sh" --no-build --ktap \
	> "$scratch/said" 2>&1
is "with no lie told no test fails" "$(grep '^ *not ok' "$scratch/said")" ""

while IFS=$tab read -r lie globs says what; do
	# shellcheck disable=SC2254
	for wanted in ${LIES:-"*"}; do
		case $lie in
		none)	;;
		$wanted)
			if [ -n "${LIES_TO_ALL:-}" ]; then
				tell_all "$lie" "$globs" "$says" "$what"
			else
				tell "$lie" "$globs" "$says" "$what"
			fi ;;
		esac
	done
done < "$scratch/lies"
is "no process is left behind, whatever the lie did to it" "$(set +f; survivors)" ""
done_testing
