#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Fit to send: what a maintainer asks of a directory of selftests, and what the tools
# that read its output make of it, with the newest kernel source of Debian. What is
# asked of patches is in ../series.t, and what compilers and C libraries say is in
# compilers.t.

# shellcheck source=../tap.sh
. "$(dirname -- "$0")/../tap.sh"
# shellcheck source=tools/tests/ktree.sh
. "$here/tools/tests/ktree.sh"

need_build
need_command git git
need_command sparse sparse
need_command shellcheck shellcheck
need_command prove perl
need_command flex flex
need_command bison bison
need_command python3 python3
need_command xz xz-utils
need_python tap python3-tap
need_command clang clang
install_missing

read_source trixie-backports || die "${why#setns: }"
tree=$dir/source
check 'make series' write_series "$scratch/series"
check 'the patches apply' apply_series "$scratch/series"

like 'get_maintainer.pl names the list' \
	"$(cd "$tree" && perl scripts/get_maintainer.pl --no-git --no-git-fallback \
		"$scratch"/series/1/0001-* 2>&1)" \
	'*linux-kselftest@vger.kernel.org*'
spdx=$(cd "$applied/tools/testing/selftests/setns" && find . -type f |
	while read -r file; do
		case ${file#./} in
		README|config*|settings|.*) continue ;;
		esac
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0' || echo "$file"
	done)
is 'each source has its SPDX line first' "$spdx" ''

# scripts: what a shell reads, .t and sourced files too
scripts()
{
	(cd "$here" && find . -path ./.git -prune -o -type f ! -path './tools/ci/*' -print |
		while read -r file; do
			head -n 2 "$file" | LC_ALL=C grep -a -q -E \
				'^#!/bin/(ba)?sh|shellcheck shell=sh' && echo "$file"
		done)
}
# shellcheck disable=SC2046 # names of files
is 'shellcheck' "$(cd "$here" && shellcheck $(scripts) 2>&1)" ''

# The W=1 of kernel code, by the words of scripts/Makefile.extrawarn, as far as user
# space has them; but not what the harness' macros make without a prototype.
w1='-Wextra -Wunused -Wmissing-format-attribute -Wold-style-definition
-Wunused-but-set-variable -Wunused-const-variable -Wformat-overflow
-Wformat-truncation -Wstringop-truncation -Wtype-limits'

# quiet COMMAND...: it says nothing
quiet()
{
	said=$("$@" 2>&1)
	status=$?
	[ -z "$said" ] || echo "$said"
	[ $status -eq 0 ] && [ -z "$said" ]
}

# builds COMPILER FLAG...
builds()
{
	compiler=$1
	shift
	quiet make -s "-j$(nproc)" -C "$here" OUTPUT="$scratch/w1-$compiler" \
		CC="$compiler" USERCFLAGS="-Werror $*"
}

# sources [not]: what is built; with not, only those without the harness' macros
sources()
{
	(cd "$here" && ls ./*.c lib/*.c tools/bench/*.c tools/runner/*.c) |
		if [ $# -eq 1 ]; then
			grep -v '_test\.c$'
		else
			cat
		fi
}

# shellcheck disable=SC2086 # words
check 'W=1 with gcc' builds gcc $w1
# shellcheck disable=SC2086
check 'W=1 with clang' builds clang -Wno-unknown-warning-option $w1
# shellcheck disable=SC2046 # names of files
is 'W=1 with gcc, what has no prototype' \
	"$(cd "$here" && gcc -Wmissing-prototypes -Wmissing-declarations \
		-fsyntax-only $(sources not) 2>&1)" ''
harness=$(sh "$tools/scripts/harness.sh") || die "$harness"
is 'sparse' "$(cd "$here" && sources | while read -r file; do
	sparse -Wno-decl -D_GNU_SOURCE= -isystem "$harness" "$file"
done 2>&1)" ''
is 'sparse, what is not declared' "$(cd "$here" && sources not | while read -r file; do
	sparse -D_GNU_SOURCE= "$file"
done 2>&1)" ''

# What others read: the runner's output, and each program's own.
"$here/run_tests.sh" --ktap > "$scratch/all.ktap" 2>&1
status=$?
is 'run_tests.sh --ktap' "$status" 0

# totals FILE: PASS FAIL XFAIL SKIP, of the last such line
totals()
{
	sed -n 's/^# Totals: pass:\([0-9]*\) fail:\([0-9]*\) xfail:\([0-9]*\) .* skip:\([0-9]*\) .*/\1 \2 \3 \4/p' \
		"$1" | tail -n 1
}

# kunit FILE: what its parser makes of it; to it an expected failure has passed.
kunit()
{
	(cd "$tree" && python3 tools/testing/kunit/kunit.py parse "$1") > "$scratch/kunit" 2>&1
	sed -n 's/.*Testing complete\. //p' "$scratch/kunit"
}
# Our totals are of tests, and the runner's own line on the kernel's log is none.
log=$(grep -cE '^ok [0-9]+ kernel_log$' "$scratch/all.ktap")
# shellcheck disable=SC2046 # numbers
set -- $(totals "$scratch/all.ktap")
is 'kunit.py finds all of it' "$(kunit "$scratch/all.ktap" | tr -d ,)" \
	"Ran $(($1 + $3 + $4 + log)) tests: passed: $(($1 + $3 + log)) skipped: $4"
is 'kunit.py finds no fault in it' \
	"$(grep -E '\[(ERROR|CRASHED|FAILED)\]' "$scratch/kunit")" ''
check 'prove reads it' prove -Q -e cat "$scratch/all.ktap"

# tap.py, which LAVA's test definitions parse with: PASS SKIP FAIL of a program
tap_py()
{
	"$(python_with tap)" - "$1" <<-'END'
	import sys
	from tap.parser import Parser

	lines = [l for l in Parser().parse_file(sys.argv[1]) if l.category == "test"]
	skips = sum(bool(l.skip) for l in lines)
	print(sum(bool(l.ok) for l in lines) - skips, skips, sum(not l.ok for l in lines))
	END
}

# by_regex FILE: how the runners of kselftest and LTP read lines, without a grammar
by_regex()
{
	grep -cE '^(# )?ok [0-9]+ ' "$1"
	grep -cE '^(# )?not ok [0-9]+ ' "$1"
}

bin=${OUTPUT:-$here}
for program in $(make -s -C "$here" print-tests); do
	file=$scratch/$program.ktap
	(cd "$bin" && timeout 60 "./$program") > "$file" 2>&1
	# shellcheck disable=SC2046 # numbers
	set -- $(totals "$file")
	is "$program: tap.py" "$(tap_py "$file")" "$(($1 + $3)) $4 $2"
	is "$program: line by line" "$(by_regex "$file" | tr '\n' ' ')" "$(($1 + $3 + $4)) $2 "
	# A known bug of this kernel is a failure to prove.
	prove -Q -e cat "$file" > "$scratch/prove" 2>&1
	is "$program: prove" "$(($? != 0)) $(grep -c 'Parse errors' "$scratch/prove")" \
		"$(($2 != 0)) 0"
	like "$program: kunit.py" "$(kunit "$file")" "Ran $(($1 + $2 + $3 + $4)) tests: *"
done

# make kselftest-merge finds config, and all of it holds.
merged=$scratch/merged
mkdir "$merged"
cp -a "$tree/." "$applied/." "$merged"
merge()
{
	quiet make -s -C "$merged" defconfig || return 1
	make -C "$merged" kselftest-merge 2>&1 | grep -F setns/config || return 1
	missing_options=$(grep -vxFf "$merged/.config" "$here/config")
	[ -z "$missing_options" ] || {
		echo "not in .config: $missing_options"
		return 1
	}
}
check 'make kselftest-merge' merge
done_testing
