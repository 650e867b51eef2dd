#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# place.sh TREE: puts this directory into a kernel tree as
# tools/testing/selftests/setns and adds it to the selftests' TARGETS.

set -eu

goal=place question='where to?'
# shellcheck source=tree.sh
. "$(dirname -- "$0")/tree.sh"
for file in "$selftests" "$selftests/Makefile"; do
	[ -w "$file" ] || die "cannot write to $file"
done
command -v rsync >/dev/null || die "no rsync: apt-get install rsync"
selftests=$(cd -P -- "$selftests" && pwd)
[ "$selftests/setns" != "$here" ] || die "$here is in that tree already"

# What begins with a dot is for who works on this directory; the tree's own
# .gitignore has it ignored, but for .gitignore.
rsync -a --delete --include=/.gitignore --exclude='/.*' --filter=':- .gitignore' \
	"$here/" "$selftests/setns"
grep -q '^TARGETS += setns$' "$selftests/Makefile" && exit 0

# The list is sorted, and ends where its variants begin.
awk '
/^TARGETS \+= / && !done && $3 > "setns" { print "TARGETS += setns"; done = 1 }
{ print }
END { exit !done }
' "$selftests/Makefile" > "$selftests/setns/Makefile.new" ||
	die "no list of TARGETS in $selftests/Makefile"
chmod --reference="$selftests/Makefile" "$selftests/setns/Makefile.new"
mv "$selftests/setns/Makefile.new" "$selftests/Makefile"
