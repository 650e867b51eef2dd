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

fails 'a compiler that is not there' \
	'setns: no compiler none-gcc: apt-get install gcc-none' CROSS_COMPILE=none-
fails 'KSRC= that is no tree' '*KSRC=/none: no readable kernel tree*' KSRC=/none
fails 'a cache that cannot be' '*set SETNS_CACHE=DIRECTORY*' SETNS_CACHE=/proc/none
fails 'a cache with a blank' '*set SETNS_CACHE=DIRECTORY*' SETNS_CACHE='/a b'

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
	mkdir "$scratch/home"
	chown 65534:65534 "$scratch/home"
	# shellcheck disable=SC2086
	check 'an ordinary user has a cache' env -u SETNS_CACHE HOME="$scratch/home" \
		$as_user sh "$tools/scripts/harness.sh"
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
