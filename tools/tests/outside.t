#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Outside of a kernel tree the directory builds with the harness of the distribution,
# by any user, at any path, and says what is missing in one line.

# shellcheck source=tap.sh
. "$(dirname -- "$0")/tap.sh"

need_build
need_command clang clang
need_command rsync rsync
install_missing

name_programs
jobs=-j$(nproc)
chmod 755 "$scratch"
export SETNS_CACHE="$scratch/cache"
# The one thing that takes long is the same for all.
mkdir "$SETNS_CACHE"
cp -r "$cache/harness" "$SETNS_CACHE"
chmod -R a+rX "$SETNS_CACHE"

# copy DIRECTORY: of the sources, at another path
copy()
{
	mkdir -p "$1"
	rsync -a --exclude=/.git --filter=':- .gitignore' "$here/" "$1"
}

# built_quietly DIRECTORY: and without a warning
built_quietly()
{
	built "$1" && ! grep -E 'warning|rror' "$scratch/log"
}

# makes NAME DIRECTORY ARG...: has make built all programs in there?
makes()
{
	name=$1
	at=$2
	shift 2
	if ! make -s "$jobs" "$@" USERCFLAGS=-Werror > "$scratch/log" 2>&1; then
		not_ok "$name" "$(cat "$scratch/log")"
		return
	fi
	check "$name" built_quietly "$at"
}

# fails NAME GLOB ARG...: make fails, and says this in its first line
fails()
{
	name=$1
	glob=$2
	shift 2
	said=$(make -s -C "$scratch/copy" "$@" 2>&1)
	is "$name: exit status" $? 2
	like "$name: says what is missing" "$(echo "$said" | head -n 1)" "$glob"
	is "$name: nothing else" "$(echo "$said" | grep -cv '^make: \*\*\*')" 1
}

# list_as_user DIRECTORY: exit status, and what run_tests.sh --list says, which
# builds: a checksum, or the line that says what is wrong
list_as_user()
{
	# shellcheck disable=SC2086 # a command
	$as_user "$1/run_tests.sh" --no-install --list > "$scratch/list" 2> "$scratch/said"
	list_status=$?
	if [ -s "$scratch/said" ]; then
		echo "$list_status $(cat "$scratch/said")"
	else
		echo "$list_status $(cksum < "$scratch/list")"
	fi
}

copy "$scratch/copy"
cd "$scratch" || exit 2

makes 'make' copy -C copy
check 'make run_tests' make -s -C copy run_tests
make -s -C copy install INSTALL_PATH="$scratch/install" > "$scratch/log" 2>&1
is 'make install' "$(ls "$scratch/install")" \
	"$(printf '%s\n' "$programs" config settings | sort)"
make -s -C copy clean
is 'make clean' "$(cd copy && find . -name '*_test' -o -name '*.o')" ''
makes 'make O= LLVM=1' "$scratch/o2" -C copy O="$scratch/o2" LLVM=1
makes 'make OUTPUT= USERLDFLAGS=-static' "$scratch/o1" -C copy \
	OUTPUT="$scratch/o1" USERLDFLAGS=-static
is 'make below another make' "$(MAKELEVEL=1 make -n -C copy |
	grep -c -e "-o $scratch/copy/.*_test\$")" "$(echo "$programs" | wc -l)"
copy "$scratch/a directory"
makes 'make at a path with a blank' "$scratch/a directory" -C "$scratch/a directory"

listed=$("$scratch/copy/run_tests.sh" --no-install --list | cksum)
is 'run_tests.sh with O= in the environment' \
	"$(O=/proc/none "$scratch/copy/run_tests.sh" --no-install --list | cksum)" "$listed"

fails 'a compiler that is not there' \
	'setns: no compiler none-gcc: apt-get install gcc-none' CROSS_COMPILE=none-
fails 'KSRC= that is no tree' '*KSRC=/none: no readable kernel tree*' KSRC=/none
fails 'a cache that cannot be' '*set SETNS_CACHE=DIRECTORY*' SETNS_CACHE=/proc/none
fails 'a cache with a blank' '*set SETNS_CACHE=DIRECTORY*' SETNS_CACHE='/a b'

# Where messages are in another language
mkdir "$scratch/bin"
cat > "$scratch/bin/apt-cache" <<'END'
#!/bin/sh
depends='Hängt ab von'
[ "$LC_ALL" != C ] || depends=Depends
echo "  $depends: linux-source-6.1"
END
chmod 755 "$scratch/bin/apt-cache"
is 'LANGUAGE=de' "$(LANGUAGE=de PATH=$scratch/bin:$PATH \
	sh "$tools/scripts/harness.sh" --package)" linux-source-6.1

# A compiler that does not find the headers
cat > "$scratch/cc" <<'END'
#!/bin/sh
exec gcc "$@" -nostdinc -isystem /none
END
cat > "$scratch/nocap" <<'END'
#!/bin/sh
case $* in
*-lcap*) echo 'fatal error: sys/capability.h: No such file' >&2; exit 1 ;;
esac
exec gcc "$@"
END
chmod 755 "$scratch/cc" "$scratch/nocap"
touch copy/lib/harness.h
fails 'no C library headers' '*builds no program*libc6-dev*stdio.h*' CC="$scratch/cc"
fails 'no libcap' 'setns: no libcap for *: apt-get install libcap-dev*' CC="$scratch/nocap"

if [ "$(id -u)" = 0 ]; then
	as_user='setpriv --reuid 65534 --regid 65534 --clear-groups --'
	copy "$scratch/theirs"
	chown -R 65534:65534 "$scratch/theirs"
	# shellcheck disable=SC2086 # a command
	check 'an ordinary user builds with another one'\''s cache' \
		$as_user make -s "$jobs" -C "$scratch/theirs"
	make -s "$jobs" -C "$scratch/copy"
	is 'an ordinary user where root built, in a directory of root' \
		"$(list_as_user "$scratch/copy")" "0 $listed"
	touch "$scratch/copy/lib/harness.h"
	like 'out of date in there: says what to do in one line' \
		"$(list_as_user "$scratch/copy")" '2 run_tests.sh: *: set OUTPUT=DIRECTORY'
	mkdir "$scratch/o3"
	chown 65534:65534 "$scratch/o3"
	is 'and OUTPUT= does it' "$(OUTPUT=$scratch/o3 list_as_user "$scratch/copy")" "0 $listed"
	make -s "$jobs" -C "$scratch/theirs" clean all LLVM=1
	is 'an ordinary user where root built otherwise, in an own directory' \
		"$(list_as_user "$scratch/theirs")" "0 $listed"
	mkdir -p "$scratch/src/private"
	chmod 700 "$scratch/src/private"
	# shellcheck disable=SC2016,SC2086 # for the inner shell; a command
	is 'a directory in /usr/src that cannot be read' "$(unshare -m sh -c '
			mount --bind "$1/src" /usr/src && shift && exec "$@"' sh "$scratch" \
			$as_user sh "$scratch/copy/tools/scripts/harness.sh" 2>&1)" \
		"$(sh "$tools/scripts/harness.sh")"
	mkdir "$scratch/home"
	chown 65534:65534 "$scratch/home"
	# shellcheck disable=SC2086
	check 'an ordinary user has a cache' env -u SETNS_CACHE HOME="$scratch/home" \
		$as_user sh "$scratch/copy/tools/scripts/harness.sh"
	is 'with nothing in it but the harness' "$(cd "$scratch/home" &&
		find . -type f | grep -cv '/tools/testing/selftests/')" 0
	# shellcheck disable=SC2016 # for the inner shell
	said=$(unshare -m sh -c 'mount -t tmpfs none /usr/src && SETNS_CACHE=/usr/src/c make -s -C "$1"' \
		sh "$scratch/copy" 2>&1)
	is 'no linux-source: exit status' $? 2
	like 'no linux-source: says what to install' "$said" \
		'*no kselftest harness: apt-get install linux-source*'
else
	skip 'an ordinary user' 'this one is not root, the rest was it'
fi
done_testing
