#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# patch.sh TREE: prints the patch that adds this directory, and its line in TARGETS,
# to a kernel tree, which is left as it is. From and Signed-off-by are git's
# user.name and user.email.

set -eu

goal=patch question='of which tree?'
# shellcheck source=tree.sh
. "$(dirname -- "$0")/tree.sh"
command -v git >/dev/null || die "no git: apt-get install git"
if ! git config user.name >/dev/null || ! git config user.email >/dev/null; then
	die "who sends it? git config --global user.name NAME, and user.email"
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

# Just what the patch changes, without what the tree may have of it already.
in_patch=$scratch/tools/testing/selftests
mkdir -p "$in_patch"
cp "$selftests/lib.mk" "$in_patch"
sed '/^TARGETS += setns$/d' "$selftests/Makefile" > "$in_patch/Makefile"

in_scratch()
{
	git -c core.autocrlf=false -c commit.gpgSign=false -c core.hooksPath=/dev/null \
		-C "$scratch" "$@"
}

in_scratch init --quiet
in_scratch add .
in_scratch commit --quiet --message base
sh "$here/lib/place.sh" "$scratch"
in_scratch add .
in_scratch commit --quiet --signoff --file - <<'END'
selftests: setns: add tests of setns(2) on pidfds and nsfds

setns(2) attaches the caller to any set of a target's namespaces, all at
once or not at all, where it is given a pidfd. Hold that, and the same by
nsfds, against what the kernel documents: for every set of types, every
capability, targets that die, change or are threads, callers that share
what must not be shared, and calls that fail at each of their types. After
each call compare all of the caller's state with what it has to be.

The tests skip what a kernel lacks, run as root and as an ordinary user,
and need libcap.
END
in_scratch format-patch --quiet --stdout --no-signature -1
