#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What seeds bugs, drives the guests and reports does so rightly, shown on a
# source file of a few lines and a guest that is a script.

# shellcheck source=../tap.sh
. "$(dirname -- "$0")/../tap.sh"

need_command spatch coccinelle
need_command python3 python3
need_command gcc gcc
need_command setpriv util-linux
install_missing

mutants=$tools/mutants
tab='	'

# A tree of two functions of those that tools/mutants/functions names
tree=$scratch/tree
mkdir -p "$tree/kernel" "$tree/include/linux/sched"
for header in types cred nsproxy proc_fs sched/coredump sched/signal sem time_namespace; do
	: > "$tree/include/linux/$header.h"
done
cat > "$tree/include/linux/compiler.h" <<'END'
#define READ_ONCE(x) (*(volatile __typeof__(x) *)&(x))
#define unlikely(x) __builtin_expect(!!(x), 0)
#define __always_inline inline __attribute__((always_inline))
#include <stdbool.h>
#define CLONE_NEWUTS 4
#define CLONE_NEWIPC 8
#define CLONE_NEWPID 32
#define EINVAL 22
#define EPERM 1
END
: > "$tree/kernel/Makefile"
cat > "$tree/kernel/nsproxy.c" <<'END'
#include <linux/compiler.h>

int calls;

static void count(void)
{
	calls++;
}

int check_setns_flags(unsigned long flags)
{
	if (!flags || flags & ~(CLONE_NEWUTS | CLONE_NEWIPC))
		return -EINVAL;
	return 0;
}

void put_nsset(int flags)
{
	if (flags & CLONE_NEWUTS)
		count();
}

void untouched(int flags)
{
	if (flags)
		count();
}
END
cat > "$scratch/main.c" <<'END'
#include <stdio.h>
#include <stdlib.h>

unsigned int setns_mutant;
extern int calls;
int check_setns_flags(unsigned long flags);
void put_nsset(int flags);

int main(int argc, char *argv[])
{
	setns_mutant = argc > 1 ? atoi(argv[1]) : 0;
	put_nsset(4);
	put_nsset(8);
	printf("%d %d %d %d\n", check_setns_flags(0), check_setns_flags(4),
	       check_setns_flags(16), calls);
	return 0;
}
END
said=$(python3 "$mutants/seed.py" "$tree" "$scratch/table" 2>&1)
is "the bugs go into the source" "$?" 0
like "the hand-made bugs that have no place there are named" "$said" \
	"not in this kernel:* zero-is-all *"
check "the source with the bugs compiles" gcc -Wall -Werror -O2 \
	-I "$tree/include" -o "$scratch/with" "$scratch/main.c" \
	"$tree/kernel/nsproxy.c"
is "without a number, nothing has changed" "$("$scratch/with")" "-22 0 -22 1"

# with NAME: what the program prints with this bug
with()
{
	number=$(awk -F "$tab" -v name="$1" '$2 == name { print $1 }' \
		"$scratch/table")
	[ -n "$number" ] && "$scratch/with" "$number"
}
is "a condition is taken as true" \
	"$(with 'put_nsset:true:flags&CLONE_NEWUTS')" "-22 0 -22 2"
is "a condition is taken as false" \
	"$(with 'put_nsset:false:flags&CLONE_NEWUTS')" "-22 0 -22 0"
is "an operand is dropped" \
	"$(with 'check_setns_flags:operand:!flags')" "0 0 -22 1"
is "a statement is dropped" "$(with 'put_nsset:drop:count()')" "-22 0 -22 0"
is "an errno is swapped" "$(with 'check_setns_flags:errno:EINVAL')" "-1 0 -1 1"
is "a flag is swapped with its neighbour" \
	"$(with 'check_setns_flags:flag:CLONE_NEWUTS')" "-22 -22 -22 1"
is "a result is turned round" "$(with 'check_setns_flags:result:0')" "-22 -22 -22 1"
is "other functions stay as they are" "$(grep -c untouched "$scratch/table")" 0
said=$(python3 "$mutants/seed.py" "$tree" "$scratch/again" 2>&1)
is "a tree is seeded only once" "$?" 1
like "with one line that says so" "$said" "seed.py: *has its bugs already*"

# A guest: mutant 1 is noticed, 2 crashes it, 3 leaves it tainted, 4 is not
# noticed by anyone.
cat > "$scratch/guest" <<'END'
echo boot >> "$1"
echo "ready 1.0 our_test tree-their_test"
while read -r number programs; do
	[ "$number" != 2 ] || exit 1
	for name in $programs; do
		[ "$name" != - ] || continue
		name=${name%=*}
		status=0
		[ "$number$name" != 1our_test ] || status=1
		echo "start $name"
		echo "program $name $status 1.00 1.50 2"
		[ $status = 0 ] || echo "failed $name the.test"
	done
	[ "$number" != 3 ] || { echo "done 3 tainted"; continue; }
	echo "done $number clean"
done
END
for number in 1 2 3 4; do
	printf '%s\tbug%s\tsetns\tdrop\tkernel/nsproxy.c:%s\twhat\n' \
		$number $number $number
done > "$scratch/rows"

drive()
{
	timeout 60 python3 "$mutants/drive.py" --first "$scratch/results" \
		"$1" "$scratch" 1 sh "$scratch/guest" "$scratch/boots" '@'
}
printf '%s\n' '[    1.000000] BUG: what it died of' '[    1.000001] Code: 90' \
	> "$scratch/0.console"
head -n 2 "$scratch/rows" > "$scratch/half"
check "a part of the bugs runs" drive "$scratch/half"
check "the rest of them runs" drive "$scratch/rows"
is "none runs twice" "$(wc -l < "$scratch/results")" 5
is "a guest that died or is tainted is replaced" \
	"$(wc -l < "$scratch/boots")" 3
report=$(python3 "$mutants/report.py" "$scratch/results" "$scratch/rows")
is "a survivor without a reason is a failure" "$?" 1
like "the report says which test noticed" "$report" \
	"*1 bug1*ours: our_test:the.test*theirs: -*"
like "a crash is listed apart" "$report" "*the guest crashed or hung: 1
  2 bug2: crash*"
like "with what the console said" "$report" "*crash: BUG: what it died of
*"
like "the survivors are named" "$report" "*survivors without a reason: 2
  3 bug3 *4 bug4 *"
like "the share is of those that stay up" "$report" "*| all * 4 | * 1 | * 3 | * 1 (33 %) | * 0 (0 %) |*"

# A row that names a program: this program alone has to notice the bug.
awk -v OFS="$tab" '$1 == 1 { print $0, "our_test" }
	$1 == 4 { print $0, "other_test" }' "$scratch/rows" > "$scratch/tenth"
rm "$scratch/results"
check "bugs run with the programs that are to notice them" drive "$scratch/tenth"
said=$(python3 "$mutants/report.py" --brief "$scratch/results" "$scratch/tenth")
like "a bug that its program does not notice is a failure" "$said" \
	"*without a reason: 1
  4 bug4 *: not noticed by other_test*1 passed, 1 failed*"
is "the others are not run for it" \
	"$(grep '"number": 1,' "$scratch/results" | grep -c tree-)" 0

for script in run.sh build.sh; do
	"$mutants/$script" --no-such-option > "$scratch/out" 2>&1
	is "$script: an unknown option is refused" "$?" 2
done
done_testing
