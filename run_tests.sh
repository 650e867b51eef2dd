#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Run the tests. In a clone of the project this is tools/run.sh, see its --help.
# In a kernel tree it is "make run_tests", which prints KTAP, with an exit status
# that says what it found: 0 passed, 1 failed, 4 all skipped, 2 not built.

here=$(dirname -- "$(readlink -f -- "$0")")
[ ! -x "$here/tools/run.sh" ] || exec "$here/tools/run.sh" "$@"

if [ $# -gt 0 ]; then
	echo "run_tests.sh: no arguments in a kernel tree, but make's variables" >&2
	exit 2
fi
# make succeeds whatever the tests find, and the programs' own lines are indented
# by "# ".
{ make -s -C "$here" run_tests; echo "make: $?"; } | awk '
/^make: [0-9]+$/ { status = $2; next }
/^not ok [0-9]+ selftests: / { failed++ }
/^ok [0-9]+ selftests: / { ok++ }
/^ok [0-9]+ selftests: .*# SKIP/ { skipped++ }
{ print; fflush() }
END {
	if (failed)
		exit 1
	if (status != 0 || !ok)
		exit 2
	exit ok == skipped ? 4 : 0
}'
