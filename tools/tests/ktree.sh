# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # tap.sh sets them
#
# To be sourced after tap.sh: kernel trees of Debian's suites, and this directory in
# them as "make series" adds it.

arch=$(uname -m | sed 's/x86_64/x86/; s/i.86/x86/; s/aarch64/arm64/')

# extract TARBALL DIRECTORY: the part of a kernel tree that "make headers", "make
# allnoconfig", the selftests' own machinery, checkpatch.pl and its like read
extract()
{
	top=$(basename "$1" .tar.xz)
	mkdir -p "$2" &&
	xz -dc "$1" | tar -x -C "$2" --strip-components=1 --wildcards \
		--exclude='*/selftests/[!kp]*/*' --exclude='*/selftests/k[!s]*/*' \
		--exclude='*/selftests/p[!i]*/*' \
		'*/Kconfig*' "$top/tools/testing/selftests" "$top/tools/testing/kunit" \
		"$top/MAINTAINERS" "$top/Makefile" "$top/Kbuild" "$top/COPYING" \
		"$top/LICENSES" "$top/CREDITS" "$top/README" "$top/scripts" "$top/include" \
		"$top/usr/include" "$top/tools/build" "$top/tools/include" \
		"$top/tools/arch/$arch/include" "$top/tools/scripts" \
		"$top/kernel/configs" "$top/arch/$arch/configs" \
		"$top/arch/$arch/Makefile*" \
		"$top/arch/$arch/include" "$top/arch/$arch/entry/syscalls" \
		"$top/arch/$arch/tools" 2>"$scratch/tar"
	# Not each of these is in each version.
	grep -v -e 'Not found in archive' -e 'Exiting with failure' "$scratch/tar"
	# checkpatch.pl knows a kernel tree by them.
	for part in arch Documentation drivers fs init ipc kernel lib; do
		mkdir -p "$2/$part"
	done
	[ -e "$2/Makefile" ] && [ -e "$2/tools/testing/selftests/lib.mk" ]
}

# read_source SUITE: $package is the newest kernel source of the suite, $dir is its
# place in the cache, and $dir/source is what extract() takes of it, which nobody
# changes. Holds the lock of $dir. On failure $why says why.
read_source()
{
	why=$("$tools/vm/debian.sh" newest "$1" '^linux-source-[0-9.]*$' 2>&1) ||
		return 1
	package=$why
	# The same as what kernels are built from, so that it is there only once.
	why=$("$tools/vm/debian.sh" --only 'usr/src/linux-source-*.tar.xz' \
		get "$1" "$cache/packages/$package" "$package" 2>&1) || return 1
	tarball=$cache/packages/$package/usr/src/$package.tar.xz
	dir=$cache/trees/${package}_$(stat -c %s-%Y "$tarball")

	mkdir -p "$cache/trees"
	exec 9>"$dir.lock"
	flock 9
	[ ! -e "$dir/source/LICENSES" ] || return 0
	rm -rf "$cache/trees/$package"_*/ "$dir.part"
	why="cannot unpack $package: $(extract "$tarball" "$dir.part")" || return 1
	mkdir "$dir" && mv "$dir.part" "$dir/source"
}

# write_series DIRECTORY: what "make series" writes for $dir/source. The sender
# does not matter here.
write_series()
{
	env GIT_CONFIG_COUNT=2 \
		GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0='A Sender' \
		GIT_CONFIG_KEY_1=user.email GIT_CONFIG_VALUE_1='sender@example.org' \
		make -s --no-print-directory -C "$here" series \
		KTREE="$dir/source" OUT="$1"
}

# patches DIRECTORY: their names, in order, without the cover letters
patches()
{
	find "$1" -name '[0-9]*.patch' ! -name '0000-*' | sort
}

# apply_series DIRECTORY: $applied has the files of $dir/source that the series
# change or add, as they are after the series.
# shellcheck disable=SC2034 # used by scripts that source this
applied=$scratch/applied
apply_series()
{
	rm -rf "$applied"
	mkdir "$applied"
	(
		cd "$dir/source" && cp -a --parents MAINTAINERS \
			tools/testing/selftests/Makefile \
			tools/testing/selftests/pidfd "$applied" &&
		cd "$applied" &&
		patches "$1" | xargs cat |
			GIT_CEILING_DIRECTORIES=$scratch git apply
	)
}
