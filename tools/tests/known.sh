# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # tap.sh sets them
#
# To be sourced after tap.sh: known bugs of the running kernel. A program that runs
# without the runner fails on them. The suite runs once, so that the runner tells
# them.

# read_known: $known_tests are the names of tests that fail by a known bug, and
# $known_programs are their programs.
read_known()
{
	"$here/run_tests.sh" --ktap > "$scratch/known.ktap" 2> "$scratch/known.err"
	case $? in
	0|1|4)	;;
	*)	bail_out "the suite does not run: $(tail -n 1 "$scratch/known.err")" ;;
	esac
	known_tests=$(sed -n 's/^  ok [0-9]* \([^ ]*\) # XFAIL.*/\1/p' "$scratch/known.ktap")
	known_programs=$(awk '
	/^  # Subtest: / { program = $3 }
	/^  ok .* # XFAIL/ { print program }' "$scratch/known.ktap" | sort -u)
}

# unexpected FILE: the failures in a program's report that are no known bugs, each
# with the lines before it. The runner of a kernel tree puts "# " before each line,
# and adds a result for the program, which does not count.
unexpected()
{
	known_tests="$known_tests" awk '
	BEGIN {
		n = split(ENVIRON["known_tests"], name, "\n")
		for (i = 1; i <= n; i++)
			known[name[i]]
	}
	{
		line = $0
		sub(/^# /, line ~ /^# (not )?ok / ? "" : "# ", line)
	}
	line ~ /^(not )?ok / {
		split(line, word, " ")
		if (line ~ /^not ok/ && line !~ / selftests: / && !(word[4] in known))
			printf "%s%s\n", said, line
		said = ""
		next
	}
	{ said = said line "\n" }' "$1"
}

# may_fail PROGRAM: whether it has a test that fails by a known bug
may_fail()
{
	echo "$known_programs" | grep -q -x -F -e "$1"
}
