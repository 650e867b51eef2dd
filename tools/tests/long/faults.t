#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What setns_fault_test does to a kernel with fault injection is undone, whichever of
# its processes is killed, and it says what it lacks.

# shellcheck source=../tap.sh
. "$(dirname -- "$0")/../tap.sh"

image=$("$tools/vm/build.sh" faults 2> "$scratch/said") ||
	die "$(tail -n 1 "$scratch/said")"
make -s -C "$here" OUTPUT="$scratch/guest" USERLDFLAGS=-static all \
	> "$scratch/said" 2>&1 || bail_out "$(tail -n 1 "$scratch/said")"
mkdir "$scratch/programs"
strip -o "$scratch/programs/setns_fault_test" "$scratch/guest/setns_fault_test"

# guest NAME: runs the body of a test, which is read, in the guest. What it
# prints, without what is TAP, has to be nothing.
guest()
{
	{
		cat <<-'END'
		#!/bin/sh
		echo "TAP version 13"
		echo 1..1
		cd /sys/kernel/debug
		# What the programs may have changed
		knobs()
		{
			for knob in fail*/*; do
				[ ! -f "$knob" ] || echo "$knob: $(cat "$knob" 2>&1)"
			done
		}
		# now COMMAND...: becomes true in time
		now()
		{
			for _ in $(seq 100); do
				! "$@" || return 0
				sleep 1
			done
			echo "# said: never: $*"
		}
		turned() { [ "$(knobs)" != "$before" ]; }
		turned_back() { [ "$(knobs)" = "$before" ]; }
		before=$(knobs)
		END
		cat
		echo 'echo "ok 1 it"'
	} > "$scratch/programs/guest_test"
	chmod 755 "$scratch/programs/guest_test"
	"$tools/vm/boot.sh" --timeout 1200 --programs "$scratch/programs" "$image" -- \
		'guest_test:*' > "$scratch/out" 2>&1
	is "$1: exit status" $? 0
	is "$1" "$(sed -n 's/.*# said: //p' "$scratch/out")" ""
}

# The keeper is in a process group of its own. Where it alone dies, the test goes
# on to its end.
for victim in 'the program' 'the test' 'the keeper of the knobs' 'both groups'; do
	guest "knobs are back when somebody kills $victim" <<-END
	victim='$victim'
	/tests/setns_fault_test > /tmp/said 2>&1 &
	program=\$!
	now turned
	# In the order of their birth: the program, its test, the keeper
	set -- \$(pidof setns_fault_test | tr ' ' '\n' | sort -n)
	[ \$1 = \$program ] && [ \$# -ge 3 ] || echo "# said: processes \$*"
	case \$victim in
	'the program') kill -KILL \$1 ;;
	'the test') kill -KILL \$2 ;;
	'the keeper of the knobs') kill -KILL \$3 ;;
	'both groups') kill -KILL \$1; kill -KILL -- -\$2 ;;
	esac
	now turned_back
	now eval '! pidof setns_fault_test > /dev/null'
	END
done

guest 'debugfs is mounted for the test alone' <<'END'
cd /
umount /sys/kernel/debug
# The runner knows the bugs of this kernel.
/runner --ktap --no-kernel-log --dir /tests --program setns_fault_test --timeout 0 \
	--known /known_bugs > /tmp/said 2>&1 || sed 's/^/# said: /' /tmp/said
! grep debugfs /proc/mounts || echo "# said: it is mounted"
mount -t debugfs none /sys/kernel/debug
cd /sys/kernel/debug
turned_back || echo "# said: $(knobs)"
END

guest 'without debugfs it is skipped with the reason' <<'END'
cd /
umount /sys/kernel/debug
su -s /bin/sh -c 'exec /tests/setns_fault_test' tester > /tmp/said 2>&1
[ $? = 4 ] || echo "# said: it does not exit with 4"
grep -q 'SKIP no debugfs: CONFIG_DEBUG_FS, and root' /tmp/said ||
	sed 's/^/# said: /' /tmp/said
END
done_testing
