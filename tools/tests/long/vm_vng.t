#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A kernel tree under virtme-ng: configured, built, booted and judged. Then, on
# the same kernel, the quick way beside what virtme-ng's users do today: the
# tree's own "make kselftest TARGETS=pidfd" in its guest.

# shellcheck source=../tap.sh
. "$(dirname -- "$0")/../tap.sh"

need_command qemu-system-x86_64 qemu-system-x86
need_command busybox busybox-static
need_command cpio cpio
need_command rsync rsync
install_missing
command -v vng >/dev/null || {
	[ "$(id -u)" = 0 ] || die 'no vng, and not root to install it'
	said=$("$tools/vm/debian.sh" install sid virtme-ng 2>&1) || die "$said"
}

suite=trixie-backports
package=$("$tools/vm/debian.sh" newest $suite '^linux-source-[0-9.]*$' 2>&1) ||
	die "$package"
said=$("$tools/vm/debian.sh" --only 'usr/src/linux-source-*.tar.xz' \
	get $suite "$cache/packages/$package" "$package" 2>&1) || die "$said"
tree=$cache/vng-tree/linux
rm -rf "$tree"
mkdir -p "$tree"
tar -xf "$cache/packages/$package/usr/src/$package.tar.xz" -C "$tree" \
	--strip-components=1 || bail_out "cannot unpack $package"

mkdir "$scratch/programs"
cat > "$scratch/programs/one_test" <<'E2'
#!/bin/sh
echo "TAP version 13"; echo "1..1"; echo "# user $(id -u)"; echo "ok 1 a"; exit "${SETNS_EXIT:-0}"
E2
chmod 755 "$scratch/programs/one_test"

"$here/run_tests.sh" --vng --programs "$scratch/programs" "$tree" \
	> "$scratch/out" 2>&1
is 'a tree is built and boots' $? 0
out=$(cat "$scratch/out")
like 'its guest reports' "$out" 'KTAP version 1
*# user 0
  ok 1 a
ok 1 one_test
ok 2 kernel_log
# Totals: *
# kernel *'
image=$cache/vng/$(echo "$tree" | sha256sum | cut -c 1-16)/arch/x86/boot/bzImage
SETNS_EXIT=1 "$here/run_tests.sh" --vng --programs "$scratch/programs" "$image" \
	> "$scratch/out" 2>&1
is 'an image, and a test that fails' $? 1
SETNS_EXIT=0 "$here/run_tests.sh" --vng --user --programs "$scratch/programs" "$image" \
	> "$scratch/out" 2>&1
is 'as an ordinary user' $? 0
like 'and whom the guest says it is' "$(cat "$scratch/out")" '*# user 1000*'
# Not all that an image lacks shows from outside.
cp "$image" "$scratch/vmlinuz-poor"
grep -v -e CONFIG_OVERLAY_FS "${image%/arch/*}/.config" > "$scratch/config-poor"
said=$(cd "$scratch" && "$here/run_tests.sh" --vng vmlinuz-poor 2>&1)
is 'an image that virtme-ng cannot boot' $? 2
like 'what it lacks' "$said" 'vng.sh: *lacks CONFIG_OVERLAY_FS *: use --boot*'
sed -i 's|; exit "|; echo c > /proc/sysrq-trigger&|' "$scratch/programs/one_test"
"$here/run_tests.sh" --vng --programs "$scratch/programs" "$image" \
	> "$scratch/out" 2>&1
is 'a panic during the tests' $? 1
like 'and what it says' "$(cat "$scratch/out")" \
	'*vng.sh: *: during the tests: Kernel panic*'

# seconds COMMAND...: $tenths of seconds that it takes, and $status. QEMU opens its
# standard output anew for each port, which only a pipe can bear.
seconds()
{
	begin=$(date +%s%N)
	{
		"$@" < /dev/null 2>&1
		echo $? > "$scratch/status"
	} | cat > "$scratch/out"
	tenths=$((($(date +%s%N) - begin) / 100000000))
	status=$(cat "$scratch/status")
}

# told WHAT: the time of the last command
told()
{
	diag "$1: $((tenths / 10)).$((tenths % 10)) s"
}

selftests=$tree/tools/testing/selftests
{
	make -s -C "$tree" headers
	make -s -C "$selftests" TARGETS=pidfd
} > "$scratch/make" 2>&1
programs=$scratch/pidfd
mkdir "$programs" "$scratch/static"
make -s -C "$selftests/pidfd" OUTPUT="$scratch/static" USERLDFLAGS=-static \
	>> "$scratch/make" 2>&1
find "$scratch/static" -name '*setns_test' -exec cp {} "$programs/" \;

seconds "$here/run_tests.sh" --boot --programs "$programs" "$image"
told "the tree's pidfd_setns_test, the quick way"
is "the quick way runs the tree's pidfd_setns_test" "$status" 0
seconds "$here/run_tests.sh" --boot --fast "$image"	# makes the programs
seconds "$here/run_tests.sh" --boot --fast "$image"
told 'the fast part of the suite, the quick way'
is 'the quick way runs the fast part of the suite' "$status" 0
quick=$tenths
kvm=''
[ "$(cat "$cache"/accel-* 2>/dev/null)" = kvm ] || kvm=--disable-kvm
seconds timeout 900 vng --run "$image" --user root --cpus 2 --memory 1G --force-9p \
	--disable-microvm --verbose --overlay-rwdir "$tree" --cwd "$tree" ${kvm:+"$kvm"} \
	--qemu-opts='-cpu max,cx16=off' \
	--exec 'make -C tools/testing/selftests TARGETS=pidfd run_tests'
told "the tree's pidfd, under vng"
like 'those of the tree ran' "$(cat "$scratch/out")" '*selftests: pidfd: pidfd_setns_test*'
if [ "$tenths" -ge $((3 * quick)) ]; then
	ok 'the quick way is three times as fast'
else
	not_ok 'the quick way is three times as fast'
fi
rm -rf "$tree"
done_testing
