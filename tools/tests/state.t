#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A change of any property that lib/state.h has is seen, and named with its old and
# its new value: see state_test.c.

# shellcheck source=tap.sh
. "$(dirname -- "$0")/tap.sh"

need_command cc gcc
need_file "C library headers" /usr/include/stdio.h libc6-dev
need_file sys/capability.h /usr/include/sys/capability.h libcap-dev
install_missing
[ "$(id -u)" = 0 ] || die "needs root, to change what only root can change"

said=$(cc -Wall -Wextra -Werror -O2 -g -o "$scratch/state_test" \
	"$tools"/tests/state_*.c "$here"/lib/*.c -lcap -lpthread -lrt -ldl 2>&1) ||
	bail_out "state_test does not build: $(echo "$said" | grep -m 1 error)"
mkdir "$scratch/mnt"
"$scratch/state_test" "$scratch/mnt"
