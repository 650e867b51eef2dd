#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs setns_bench for make bench. It writes a CSV, a plot of the claim, and all of
# the ratios as text, which also describes the plot for people who cannot see it.

set -eu

here=$(cd -P -- "$(dirname -- "$0")/../.." && pwd) || exit 2

die()
{
	echo "bench: $*" >&2
	exit 2
}

usage()
{
	cat <<-'EOF'
	usage: run.sh PROGRAM DIRECTORY [ROUNDS]

	Runs PROGRAM, which is setns_bench, and writes setns_bench.csv, setns_bench.svg
	and setns_bench.md to DIRECTORY. As root it first installs gnuplot (Debian and
	derivatives).

	Exit status: 0, 2 for a trouble, 4 where setns(2) cannot be measured here.
	EOF
}

# All ratios as tables in Markdown
tables()
{
	awk -F , '
	BEGIN {
		one = "times one setns(pidfd)"
		title["repeated"] = "N types without user, by one process again and again: " one
		title["fresh"] = "N types from user on, each attach in a new child: " one
		title["refusals"] = "Refused calls: times a call that is granted"
		title["attachers"] = "An attach of all attachers together: times one attacher"
		title["mounts"] = "Mounts in the namespace that is attached to: times one mount"
		unit["repeated"] = unit["fresh"] = unit["refusals"] = "types"
		unit["attachers"] = "attachers"
		unit["mounts"] = "mounts"
	}
	NR == 1 { next }
	$1 != series {
		series = $1
		print "\n**" title[$1] "**\n"
		print "| " unit[$1] " | way | system calls | ratio | quartiles |"
		print "| --: | :-- | --: | --: | :-- |"
	}
	{ printf("| %s | %s | %s | %.2f | %.2f to %.2f |\n", $2, $3, $4, $8, $9, $10) }
	' "$1"
}

# The most that the claim says, in a sentence
summary()
{
	awk -F , '
	$1 == "fresh" && $3 == "pidfd held" { most = $2 }
	$1 == "fresh" {
		ratio[$2, $3] = sprintf("%.2f times (quartiles %.2f and %.2f, %d system calls)",
					$8, $9, $10, $4)
	}
	END {
		print "Attaching to", most, "namespaces by opening the nsfds takes",
			ratio[most, "nsfds opened"], "as long as by one setns(pidfd);",
			"by nsfds held open", ratio[most, "nsfds held"] ";",
			"by ioctls of the pidfd",
			ratio[most, "nsfds by ioctl of the pidfd"] ";",
			"by a pidfd opened for it", ratio[most, "pidfd opened"] "."
	}' "$1"
}

case $#,${1:-} in
1,--help)
	usage
	exit 0 ;;
[23],*)	;;
*)	usage >&2
	exit 2 ;;
esac
. "$here/tools/scripts/setup.sh"
need_command gnuplot gnuplot-nox
install_missing

program=$1
to=$2/setns_bench
if ! mkdir -p "$2" 2>/dev/null || [ ! -w "$2" ]; then
	die "cannot write to $2: use O=DIRECTORY"
fi
part=$(mktemp -d) || exit 2
trap 'rm -rf "$part"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

status=0
"$program" --csv "$part/csv" ${3:+--rounds "$3"} > "$part/out" || status=$?
cat "$part/out"
[ $status -eq 0 ] || exit $status
machine=$(sed -n 's/^# \(Linux .*\);.*/\1/p' "$part/out")
[ -n "$machine" ] || die "$program says nothing of the machine"
sentence=$(summary "$part/csv")
# gnuplot sets a subscript after an underscore that has no backslash.
label=$(echo "$machine" | tr -d "'" | sed 's/_/\\_/g')
gnuplot -e "csv='$part/csv'; svg='$part/svg'; machine='$label'" \
	"$tools/bench/plot.gp" || die "gnuplot failed"
{
	echo "$sentence"
	echo
	echo "Taken on $machine, by"
	printf '\n    make bench%s\n\n' "${3:+ ROUNDS=$3}"
	echo "Each is the median of many rounds, with its quartiles."
	tables "$part/csv"
} > "$part/md"
sed -i -e '0,/<title>/s|<title>.*</title>|<title>Attaching to N namespaces</title>|' \
	-e "s|<desc>.*</desc>|<desc>$sentence</desc>|" -e 's/[[:blank:]]*$//' "$part/svg"
for kind in csv svg md; do
	cp "$part/$kind" "$to.$kind" || die "cannot write $to.$kind"
done
echo "# written: $to.csv, .svg and .md"
