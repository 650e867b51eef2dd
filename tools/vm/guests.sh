# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # shared with scripts that source this
#
# Guests that run the suite: this reads their reports, gives each a verdict, and
# prints a table. The script that sources this starts guests, and defines
#	start_guest IMAGE	start the guest in the background as $guest, with
#				its report written to $ktap and its console to
#				$console
#	machine_failed STATUS TENTHS
#				whether $guest ended, after so many tenths of a second
#				and without a verdict, by no fault of the kernel
#	prepare			once, before any guest: checks what $scratch/images
#				names, and may name others instead
#	default_images		where none are given

defaults()
{
	jobs=''
	limit=300
	memory=512
	cpus=2
	append=''
	programs=''
	images=''
	absent=''
	strict=''
	user=''
	patterns=''
}

# The programs of --fast, which takes whole programs: before Linux 6.3 the harness
# cannot run a single test. These end within seconds in an emulated machine.
# The others race, or try every set of types, every capability or every fault.
fast='setns_refusal_test:* pidfd_equals_nsfd_test:* setns_effect_test:*'
fast="$fast setns_caller_test:*"

# The usage of the options that parse() knows
usage_options()
{
	cat <<-EOF
	--jobs N	guests at a time (number of processors)
	--timeout S	seconds that a guest may take ($limit)
	--memory MB	of a guest ($memory)
	--cpus N	of a guest ($cpus)
	--append ARGS	for the kernel's command line
	--strict	known kernel bugs are failures
	--fast		only programs that are quick in an emulated machine, too
	--user		run the tests as an ordinary user
	--programs DIR	run the static programs in DIR, *_test, not the suite's

	Exit status: 0 passed, 1 failed (or a guest died during the tests), 4 all
	skipped, 2 a kernel that never reached the tests, or an error of our own.
	EOF
}

# The options that all of these scripts take. Other words are images, and patterns
# of tests follow a "--".
parse()
{
	while [ $# -gt 0 ]; do
		case $1 in
		--help)	usage; exit 0 ;;
		--strict)
			strict=1 ;;
		--jobs|--timeout|--memory|--cpus)
			case ${2:-} in
			''|*[!0-9]*|0*) die "$1: ${2:-nothing} is no number above 0" ;;
			esac
			case $1 in
			--jobs)	jobs=$2 ;;
			--timeout) limit=$2 ;;
			--memory) memory=$2 ;;
			--cpus)	cpus=$2 ;;
			esac
			shift ;;
		--fast)	patterns=$fast ;;
		--user)	user=1 ;;
		--append)
			[ $# -gt 1 ] || die "--append: nothing given"
			append=$2; shift ;;
		--programs)
			[ -d "${2:-}" ] || die "--programs: no directory ${2:-given}"
			programs=$(cd -- "$2" && pwd); shift ;;
		--absent)	# of matrix.sh: results of kernels that are none
			absent=${2:-}; shift ;;
		--)	shift
			for word; do
				case $word in
				''|*[[:space:]]*)
					die "'$word' is no pattern: it is empty or has a blank" ;;
				esac
			done
			patterns=$*
			break ;;
		-*)	usage >&2; die "unknown option $1" ;;
		*)	images="$images$1
" ;;
		esac
		shift
	done
}

# write_words DIRECTORY: what guest.sh hands to the runner and to the tests. Files
# need no quoting, and have no limit as a kernel's command line has.
write_words()
{
	{
		[ -z "$strict" ] || echo --strict
		[ -z "$user" ] || printf '%s\n' --user 1000
		[ -z "$patterns" ] || {
			echo --
			echo "$patterns" | tr ' ' '\n'
		}
	} > "$1/words"
	env | grep '^SETNS_[A-Z_]*=.' |
		grep -v -E '^SETNS_(CACHE|MIRROR|ROOT|CHANNEL)=' > "$1/environment"
	[ -e "$1/environment" ] || die "cannot write to $scratch: is the disk full?"
}

# count LINE: counts a result of the runner's report.
count()
{
	case $1 in
	"  ok "*"# SKIP"*) skipped=$((skipped + 1)) ;;
	"  ok "*"# XFAIL"*|"  not ok "*"# XFAIL"*) xfail=$((xfail + 1)) ;;
	"  ok "*) passed=$((passed + 1)) ;;
	"  not ok "*) failed=$((failed + 1)) ;;
	esac
}

# Reads the guest's report until its verdict or its end. A KTAP report begins with
# its version, so the line about the kernel, which comes first, is printed after it.
watch()
{
	phase=booting
	first=''
	said=''
	cr=$(printf '\r')
	# The last line of a guest may lack its end.
	while IFS= read -r line || [ -n "$line" ]; do
		line=${line%"$cr"}
		case $line in
		"# kernel "*)
			[ $phase = booting ] || continue
			phase=testing
			first=$line
			release=${line#\# kernel }
			release=${release%, processors: *}
			continue ;;
		"# guest: exit "[0124])
			verdict=${line##* }
			[ "$verdict" != 2 ] || verdict=none
			phase=judged
			break ;;
		"runner: "*) said=${line#runner: } ;;
		esac
		[ $phase = testing ] || continue
		printf '%s\n' "$line"
		if [ -n "$first" ]; then
			printf '%s\n' "$first"
			first=''
		fi
		count "$line"
	done
	[ -z "$first" ] || printf '%s\n' "$first"
}

# Why did a guest without a verdict end? $1: what it is taken for, $2: how its QEMU
# or vng ended
cause()
{
	if [ "$1" = ours ] && [ "$2" -gt 128 ]; then
		echo "QEMU was killed by signal $(($2 - 128))"
	elif [ "$1" = ours ]; then
		echo "QEMU failed: $(head -n 1 "$errors")"
	elif [ "$2" = 124 ] || [ "$2" = 137 ]; then
		echo "no verdict within $limit s"
	elif grep -a -q 'Kernel panic' "$console"; then
		echo "$(grep -a -m 1 -o 'Kernel panic.*' "$console" |
			tr -d '\r')${advice:+: $advice}"
	elif [ ! -s "$console" ] && [ -s "$errors" ]; then
		head -n 1 "$errors"
	elif [ ! -s "$console" ]; then
		echo "no word from its console"
	else
		echo "it stopped without a verdict"
	fi
}

# launch: boot and watch the guest of $image, until it ends
launch()
{
	passed=0 failed=0 xfail=0 skipped=0
	verdict=''
	release=${image##*/}
	rm -f "$ktap" "$console.pipe"
	mkfifo "$ktap"
	: > "$console"
	begin=$(date +%s%N)
	start_guest "$image" 2> "$errors"
	children=$guest
	watch < "$ktap"
	[ -z "$verdict" ] || kill "$guest" 2>/dev/null
	wait "$guest" 2>/dev/null
	ended=$?
	children=''
	tenths=$((($(date +%s%N) - begin) / 100000000))
}

# With several processors QEMU may emulate a breakpoint that the kernel, which
# patches its code by them, has taken away again (seen with 7.2, once in a day).
# Where not one test has begun, nothing is lost by another boot.
stale_breakpoint()
{
	[ "$phase" = booting ] && grep -a -q 'Oops: int3: 0000 \[#1\]' "$console" &&
		[ "$(accelerator "$image" "$(image_arch "$image")")" = tcg ]
}

# one NUMBER: boot, watch and judge one guest. Its result is one line: status,
# passed, failed, xfail, skipped, seconds, kernel, and a remark after a tab.
one()
{
	image=$(sed -n "$1p" "$scratch/images")
	ktap=$scratch/$1.ktap
	console=$scratch/$1.console
	errors=$scratch/$1.errors
	launch
	if stale_breakpoint; then
		echo "${0##*/}: $release: QEMU ran a breakpoint that was gone: booted again" >&2
		launch
	fi
	case $phase in
	booting) verdict=2 where="before the tests" ;;
	testing) verdict=1 where="during the tests" ;;
	esac
	if [ "$phase" != judged ]; then
		tail -n 60 "$console" | tr -d '\r' | sed 's/^/# console: /'
		if machine_failed "$ended" "$tenths"; then
			verdict=ours
		fi
		echo "${0##*/}: $release: $where: $(cause "$verdict" "$ended")" >&2
	fi
	if [ "$verdict" = none ]; then
		echo "${0##*/}: $release: ${said:-the runner failed}" >&2
	fi
	# A program may fail without a test that does, and so does a dead guest.
	[ "$verdict" != 1 ] || [ "$failed" != 0 ] || failed=1
	echo "$verdict $passed $failed $xfail $skipped $((tenths / 10)).$((tenths % 10)) $release" \
		> "$scratch/$1.result"
}

# A process for one guest, which ends when this one does, however it does
as_job='setpriv --pdeathsig TERM -- sh'

progress()
{
	[ ! -t 2 ] || printf '\r\033[K%s' "$*" >&2
}

# $1: number; the report of a guest that is done, as a subtest
show()
{
	name=$(cut -d ' ' -f 7- "$scratch/$1.result")
	progress
	sed 's/^/  /' "$scratch/$1.out" | {
		IFS= read -r first && printf '%s\n  # Subtest: %s\n' "$first" "$name"
		cat
	}
	cat "$scratch/$1.err" >&2
	case $(cut -d ' ' -f 1 "$scratch/$1.result") in
	0)	echo "ok $1 $name" ;;
	4)	echo "ok $1 $name # SKIP all of its tests" ;;
	*)	echo "not ok $1 $name" ;;
	esac
}

# The reports of several guests, each a subtest, in the order of the images
several()
{
	echo "KTAP version 1"
	echo "1..$total"
	mkfifo "$scratch/events"
	# shellcheck disable=SC2086 # $as_job
	seq "$total" | setpriv --pdeathsig KILL -- \
		xargs -n 1 -P "$jobs" $as_job -c "$as_job "'"$@" || :' sh \
		"$0" --one "$scratch" > "$scratch/events" &
	children=$!
	done=0 shown=0
	progress "0 of $total kernels done"
	while read -r number; do
		finish "$number"
		done=$((done + 1))
		while [ -e "$scratch/$((shown + 1)).result" ] &&
		      [ -e "$scratch/$((shown + 1)).done" ]; do
			shown=$((shown + 1))
			show $shown
		done
		progress "$done of $total kernels done"
	done < "$scratch/events"
	wait "$children"
	children=''
	# Those of jobs that were killed
	while [ $shown -lt "$total" ]; do
		shown=$((shown + 1))
		finish $shown
		: >> "$scratch/$shown.out"
		: >> "$scratch/$shown.err"
		show $shown
	done
	progress
}

# A guest that could not even be started has a result too.
finish()
{
	[ -e "$scratch/$1.result" ] ||
		echo "2 0 0 0 0 0.0 $(sed -n "$1p" "$scratch/images" | sed 's|.*/||')" \
			> "$scratch/$1.result"
	: > "$scratch/$1.done"
}

# A kernel that cannot be obtained counts as one test: as skipped, or as failed if
# it could not be built.
table()
{
	awk '
	{
		name[NR] = $0
		sub(/^([^ ]+ )([^ ]+ )([^ ]+ )([^ ]+ )([^ ]+ )([^ ]+ )/, "", name[NR])
		remark = $1 == 2 ? "no verdict" : $1 == "none" ? "the runner failed" : \
			$1 == "ours" ? "not the kernel\047s fault" : ""
		if (tab = index(name[NR], "\t")) {
			remark = substr(name[NR], tab + 1)
			name[NR] = substr(name[NR], 1, tab - 1)
		}
		row[NR] = sprintf("%6s %6s %6s %7s %7s%s", $2, $3, $4, $5, $6,
			remark ? "  " remark : "")
		if (length(name[NR]) > width)
			width = length(name[NR])
		passed += $2
		failed += $3
		xfail += $4
		skipped += $5
	}
	END {
		format = "# %-" (width < 6 ? 6 : width) "s %s\n"
		printf format, "kernel", "passed failed  xfail skipped seconds"
		for (i = 1; i <= NR; i++)
			printf format, name[i], row[i]
		if (NR > 1)
			printf "# %d passed, %d failed, %d skipped, %d xfail\n",
				passed, failed, skipped, xfail
	}' "$@"
}

# The worst of what the guests said
overall()
{
	awk '
	{ seen[$1 ~ /^[014]$/ ? $1 : 2] = 1 }
	END { exit seen[1] ? 1 : seen[2] || !NR ? 2 : seen[0] ? 0 : 4 }' "$@"
}

end_job()
{
	trap '' HUP INT TERM
	kill_children
	wait
	[ "$total" = 1 ] || echo "$job"
}

one_job()
{
	scratch=$1
	job=$2
	# This process, or its parent, can be orphaned before it asks for the signal.
	if [ -e "$scratch/ending" ] || ! kill -0 "$runner" 2>/dev/null; then
		exit
	fi
	trap 'end_job' EXIT
	trap 'exit 143' HUP INT TERM
	if [ "$total" = 1 ]; then
		one "$job"
	else
		one "$job" > "$scratch/$job.out" 2> "$scratch/$job.err"
	fi
	exit
}

main()
{
	if [ "${1:-}" = --one ]; then
		one_job "$2" "$3"
	fi
	defaults
	parse "$@"
	[ -n "$images" ] || images=$(default_images)
	total=$(printf %s "$images" | grep -c .)
	[ "$total" -gt 0 ] || { usage >&2; exit 2; }
	jobs=${jobs:-$(nproc)}
	[ "$jobs" -le "$total" ] || jobs=$total
	need_memory $((jobs * (memory + 100)))
	use_cache
	use_scratch
	need_disk "$cache" 200
	printf '%s\n' "$images" | grep . > "$scratch/images"
	prepare
	runner=$$
	export total limit memory cpus append runner
	if [ "$total" = 1 ]; then
		interruptible "$0" --one "$scratch" 1
		finish 1
	else
		several
	fi
	n=0
	while [ $n -lt "$total" ]; do
		n=$((n + 1))
		cat "$scratch/$n.result"
	done > "$scratch/results"
	[ "$(wc -l < "$scratch/results")" = "$total" ] ||
		die "cannot write to $scratch: is the disk full?"
	[ -z "$absent" ] || cat "$absent" >> "$scratch/results"
	table "$scratch/results"
	overall "$scratch/results"
}
