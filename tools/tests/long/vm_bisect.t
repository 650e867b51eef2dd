#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# git bisect run with run_tests.sh --bisect names the commit that broke setns,
# without help: in a line of commits to the kernel's source of which one breaks
# setns and still boots, and another does not even build.

# shellcheck source=../tap.sh
. "$(dirname -- "$0")/../tap.sh"

need_command git git
need_command qemu-system-x86_64 qemu-system-x86
need_command busybox busybox-static
need_command cpio cpio
install_missing

suite=bookworm
limit=90
# Always at the same place, for which the objects of the last time are kept.
tree=$cache/bisect-tree/linux
package=$("$tools/vm/debian.sh" newest $suite '^linux-source-6[0-9.]*$' 2>&1) ||
	die "$package"
said=$("$tools/vm/debian.sh" --only 'usr/src/linux-source-*.tar.xz' \
	get $suite "$cache/packages/$package" "$package" 2>&1) || die "$said"
free=$(df -Pk "$cache" | awk 'NR == 2 { print int($4 / 1024) }')
[ "$free" -ge 4000 ] || die "not enough disk: $free MB free, 4000 needed"

# The whole source. Files that no commit touches are not in the repository, since a
# repository of all of them would take longer than the bisection.
rm -rf "$tree"
mkdir -p "$tree"
tar -xf "$cache/packages/$package/usr/src/$package.tar.xz" -C "$tree" \
	--strip-components=1 || bail_out "cannot unpack $package"
# The last time it was made to panic, in objects that may be there still, which
# the time it has in the archive would not tell.
touch "$tree/init/main.c"
git()
{
	command git -C "$tree" -c user.name=tester -c user.email=tester@localhost \
		-c core.compression=0 -c gc.auto=0 "$@"
}
git init -q -b main
printf '/*\n!/kernel/\n!/ipc/\n!/fs/\n!/include/\n' > "$tree/.git/info/exclude"
git add -f kernel ipc fs include/linux
git commit -q -m 'the source' || bail_out 'git cannot commit'
git tag good

# commit MESSAGE FILE SED: a change that must be one
commit()
{
	sed -i "$3" "$tree/$2"
	git commit -q -a -m "$1" || bail_out "nothing changed by: $1"
}

nsproxy=kernel/nsproxy.c
commit 'nsproxy: say what this file is' $nsproxy '1a /* Sets of namespaces */'
commit 'uts: a remark' kernel/utsname.c '1a /* Host names */'
commit 'ipc: a remark' ipc/namespace.c '1a /* Queues and semaphores */'
commit 'nsproxy: count what is prepared' $nsproxy \
	'/^static struct kmem_cache/i static unsigned long nsproxies_prepared;'
commit 'nsproxy: use the count' $nsproxy \
	'/^static int prepare_nsset/,/^}/s/\tstruct task_struct \*me = current;/&\n\n\tnsproxies_prepared++;/'
commit 'pid: a remark' kernel/pid_namespace.c '1a /* Process ids */'
commit 'cgroup: a remark' kernel/cgroup/namespace.c '1a /* Control groups */'
commit 'time: a remark' kernel/time/namespace.c '1a /* Clocks */'
# Where the bisection has to look first
commit 'nsproxy: does not build' $nsproxy \
	's/nsproxies_prepared++;/nsproxies_prepared+;/'
commit 'nsproxy: builds again' $nsproxy \
	's/nsproxies_prepared+;/nsproxies_prepared++;/'
commit 'user: a remark' kernel/user_namespace.c '1a /* Users */'
commit 'nsproxy: no flags are all flags' $nsproxy \
	's/if (!flags || (flags & ~(/if ((flags \& ~(/'
culprit=$(git rev-parse HEAD)
commit 'mnt: a remark' fs/namespace.c '1a /* Mounts */'
commit 'uts: another remark' kernel/utsname.c '2a /* and domain names */'
commit 'ipc: another remark' ipc/namespace.c '2a /* and shared memory */'
commit 'nsproxy: the count is not read' $nsproxy \
	's/^static unsigned long nsproxies_prepared;/static unsigned long nsproxies_prepared __maybe_unused;/'
commit 'nsfs: a remark' fs/nsfs.c '1a /* Namespaces as files */'
commit 'pid: another remark' kernel/pid_namespace.c '2a /* and their parents */'
diag "$(git rev-list --count good..HEAD) commits"

# A step as git runs it, with its time
cat > "$scratch/step" <<EOF
#!/bin/sh
begin=\$(date +%s)
"$here/run_tests.sh" --bisect -- 'pidfd_setns_test:*refuses_zero_flags' > "$scratch/step.out" 2>&1
status=\$?
echo "\$(git -C "$tree" log -1 --format=%s): \$status \$((\$(date +%s) - begin)) s" >> "$scratch/steps"
grep -E 'bisect.sh:|not ok' "$scratch/step.out" >> "$scratch/steps"
exit \$status
EOF
chmod 755 "$scratch/step"

git bisect start HEAD good > /dev/null
(cd "$tree" && command git bisect run "$scratch/step") > "$scratch/bisect" 2>&1
status=$?
diag "$(cat "$scratch/steps" "$scratch/bisect" | grep -v "^#" | tail -n 40)"
is 'git bisect run ends well' $status 0
like 'it names the commit' "$(cat "$scratch/bisect")" \
	"*$culprit is the first bad commit*"
is 'the bisection skipped nothing it could judge' \
	"$(grep -c ': 125 ' "$scratch/steps")" \
	"$(grep -c '^nsproxy: does not build: ' "$scratch/steps")"
slowest=$(sed -n 's/.*: [0-9]* \([0-9]*\) s$/\1/p' "$scratch/steps" | tail -n +2 |
	sort -n | tail -n 1)
if [ "$slowest" -le $limit ]; then
	ok "no step after the first takes more than $limit s"
else
	not_ok "no step after the first takes more than $limit s" "$slowest s"
fi
git bisect reset > /dev/null 2>&1

# step COMMIT OPTION...: what one step says of it
step()
{
	git checkout -q "$1"
	shift
	(cd "$tree" && "$here/run_tests.sh" --bisect "$@" > "$scratch/step.out" 2>&1)
	status=$?
	last=$(tail -n 1 "$scratch/step.out")
}

step "$culprit" -- 'pidfd_setns_test:*refuses_zero_flags'
is 'the culprit is bad' $status 1
step "$culprit^" -- 'pidfd_setns_test:*refuses_zero_flags'
is 'the commit before it is good' $status 0
step good~0 -- no_such_test_at_all
is 'a test that does not exist ends the bisection' $status 255
step "$(git rev-list --grep='does not build' -1 main)" -- 'pidfd_setns_test:*refuses_zero_flags'
is 'a kernel that does not build cannot be judged' $status 125
like 'and the error is told' "$last" 'bisect.sh: cannot judge: it does not build: *nsproxy.c*error: *'
git checkout -q good
sed -i '/^\tsystem_state = SYSTEM_FREEING_INITMEM;/i \	panic("no such luck");' \
	"$tree/init/main.c"
step good -- 'pidfd_setns_test:*refuses_zero_flags'
is 'a kernel that does not boot cannot be judged' $status 125
step good --expect-boot -- 'pidfd_setns_test:*refuses_zero_flags'
is 'but it is bad with --expect-boot' $status 1
begin=$(date +%s)
(cd "$tree" && exec timeout -k 60 -s TERM 2 "$here/run_tests.sh" --bisect \
	-- 'pidfd_setns_test:*refuses_zero_flags' > "$scratch/step.out" 2>&1)
is 'a signal ends it, which is no verdict' $? 124
like 'and soon' "$(($(date +%s) - begin))" '[2-7]'
rm -rf "$tree"
done_testing
