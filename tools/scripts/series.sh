#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# series.sh TREE DIRECTORY: writes the patches that add this directory to a kernel
# tree into DIRECTORY/1 and DIRECTORY/2, each with a cover letter. The tree stays as
# it is. From and Signed-off-by are git's user.name and user.email.
#
# Nobody reviews more than about 15 patches at a time, or a patch of more than 800
# lines, so the tests are sent as two series (submitting-patches.rst in the kernel).
# tools/series/1 and tools/series/2 have a file for each patch: "files:" and the
# files that the patch adds, then the commit message. The word "targets" stands for
# the directory's entries in TARGETS and MAINTAINERS, "-pidfd_setns_test" for the
# removal of pidfd/pidfd_setns_test.c.

set -eu

die()
{
	echo "setns: $*" >&2
	exit 2
}

here=$(cd -P -- "$(dirname -- "$0")/../.." && pwd)
tree=${1:-}
out=${2:-}
if [ -z "$tree" ] || [ -z "$out" ]; then
	die "make series KTREE=/path/to/linux OUT=DIRECTORY"
fi
tests=tools/testing/selftests
[ -r "$tree/$tests/lib.mk" ] || die "$tree is no kernel tree: no $tests/lib.mk"
command -v git >/dev/null || die "no git: apt-get install git"
if ! git config user.name >/dev/null || ! git config user.email >/dev/null; then
	die "a patch needs a sender: git config --global user.name NAME, and user.email"
fi
mkdir -p "$out" || die "cannot create $out"
out=$(cd -P -- "$out" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

# The user's own configuration must not change what is written.
in_scratch()
{
	git -c core.autocrlf=false -c commit.gpgSign=false -c core.hooksPath=/dev/null \
		-c format.signature= -c diff.noprefix=false -C "$scratch" "$@"
}

# The rule for a kernel tree: everything but tools/ and dot files.
in_tree()
{
	git -C "$here" ls-files -co --exclude-standard |
		grep -v -e '^tools/' -e '^\.[^g]' -e '^\.git/'
}

# Only the files that the series changes, as the tree has them.
copy_base()
{
	mkdir -p "$scratch/$tests/pidfd"
	for file in MAINTAINERS "$tests/Makefile" "$tests/pidfd/Makefile" \
		"$tests/pidfd/.gitignore" "$tests/pidfd/pidfd_setns_test.c"; do
		cp "$tree/$file" "$scratch/$file" || die "no $file in $tree"
	done
	in_scratch init --quiet
	: > "$scratch/.git/setns-added"
	in_scratch add .
	in_scratch commit --quiet --message base
}

# insert_line FILE REGEX LINE: adds LINE before the first line of the sorted lines
# that match REGEX which sorts after it, or behind the last of them
insert_line()
{
	LC_ALL=C awk -v regex="$2" -v line="$3" '
	$0 ~ regex { seen = 1 }
	!put && seen && ($0 !~ regex || $0 > line) { print line; put = 1 }
	{ print }
	END { exit !put }
	' "$scratch/$1" > "$scratch/new" || die "no place for $3 in $1"
	cat "$scratch/new" > "$scratch/$1"
	rm "$scratch/new"
}

add_targets()
{
	grep -q '^TARGETS += setns$' "$scratch/$tests/Makefile" ||
		insert_line "$tests/Makefile" '^TARGETS \+= [a-z]' 'TARGETS += setns'
	grep -q "^F:	$tests/setns/" "$scratch/MAINTAINERS" ||
		sed -i "s|^F:	$tests/pidfd/\$|&\\nF:	$tests/setns/|" \
			"$scratch/MAINTAINERS"
}

remove_predecessor()
{
	in_scratch rm --quiet "$tests/pidfd/pidfd_setns_test.c"
	sed -i '/^pidfd_setns_test$/d' "$scratch/$tests/pidfd/.gitignore"
	sed -i 's/ pidfd_setns_test\b//' "$scratch/$tests/pidfd/Makefile"
}

# add_patch FILE: a commit by a file of tools/series
add_patch()
{
	# shellcheck disable=SC2013 # words
	for file in $(sed -n "s|^files: ||p" "$1"); do
		case $file in
		targets) add_targets ;;
		-pidfd_setns_test) remove_predecessor ;;
		*)	to=$scratch/$tests/setns/$file
			mkdir -p "$(dirname "$to")"
			cp -p "$here/$file" "$to" || die "$1 names $file"
			echo "$file" >> "$scratch/.git/setns-added" ;;
		esac
	done
	in_scratch add .
	sed '/^files: /d' "$1" | in_scratch commit --quiet --signoff --file -
}

# add_series NUMBER: commits the patches of a series and writes them
add_series()
{
	base=$(in_scratch rev-parse HEAD)
	for patch in "$here/tools/series/$1"/[0-9][0-9]-*; do
		add_patch "$patch"
	done
	mkdir -p "$out/$1"
	rm -f "$out/$1"/[0-9][0-9][0-9][0-9]-*.patch
	in_scratch format-patch --quiet --cover-letter --output-directory "$out/$1" "$base"
	# The first line of the letter is its subject.
	cover=$here/tools/series/$1/cover
	subject=$(sed -n '1p' "$cover")
	sed '1,2d' "$cover" > "$scratch/.git/blurb"
	sed -i -e "s|\*\*\* SUBJECT HERE \*\*\*|$subject|" \
		-e "/\*\*\* BLURB HERE \*\*\*/{r $scratch/.git/blurb
d}" "$out/$1"/0000-*.patch
}

copy_base
for series in 1 2; do
	add_series $series
done
LC_ALL=C sort "$scratch/.git/setns-added" > "$scratch/.git/setns-sorted"
missing=$(in_tree | LC_ALL=C sort | LC_ALL=C comm -23 - "$scratch/.git/setns-sorted")
# shellcheck disable=SC2086 # names on one line
[ -z "$missing" ] || die "tools/series has no patch for" $missing
find "$out" -name '[0-9][0-9][0-9][0-9]-*.patch' | sort
