# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # tap.sh sets them
#
# To be sourced after tap.sh: this directory in a kernel tree.

# files_for_tree: the files that a kernel tree takes. tools/ is for work on this
# directory, and a tree ignores files that begin with a dot, except .gitignore.
files_for_tree()
{
	rsync -a --list-only --exclude=/tools --include=/.gitignore --exclude='/.*' \
		--filter=':- .gitignore' "$here/" | awk '/^[^d]/ { print $NF }'
}

# place TREE: copies them to the tree and adds the directory to its TARGETS.
place()
{
	place_to=$1/tools/testing/selftests
	rsync -a --delete --exclude=/tools --include=/.gitignore --exclude='/.*' \
		--filter=':- .gitignore' "$here/" "$place_to/setns" || return
	! grep -q '^TARGETS += setns$' "$place_to/Makefile" || return 0
	# The list is sorted. It ends where its variants begin.
	awk '
	/^TARGETS \+= / && !done && $3 > "setns" { print "TARGETS += setns"; done = 1 }
	{ print }
	END { exit !done }
	' "$place_to/Makefile" > "$place_to/Makefile.new" &&
		mv "$place_to/Makefile.new" "$place_to/Makefile"
}

# patch_for TREE: prints the patch that adds the directory to a tree, which stays
# as it is. The tree may have the directory already.
patch_for()
{
	patch_in=$scratch/patch
	rm -rf "$patch_in"
	mkdir -p "$patch_in/tools/testing/selftests"
	cp "$1/tools/testing/selftests/lib.mk" "$patch_in/tools/testing/selftests"
	sed '/^TARGETS += setns$/d' "$1/tools/testing/selftests/Makefile" \
		> "$patch_in/tools/testing/selftests/Makefile"
	(
		cd "$patch_in" && git init --quiet && git add . &&
		git commit --quiet --message base && place "$patch_in" && git add . &&
		git commit --quiet --signoff --message 'selftests: setns: add tests

Tests of setns(2) on pidfds and nsfds.' &&
		git format-patch --quiet --stdout --no-signature -1
	)
}
