# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # shared with scripts that source this
#
# Kernels built for a guest: tinyconfig and fragments, objects in the cache.

# The suite of the distribution whose linux-source is built
source_suite=${SETNS_SUITE:-trixie-backports}
keep_going=''

need_kernel_build()
{
	need_command make make
	need_command gcc gcc
	need_command flex flex
	need_command bison bison
	need_command bc bc
	need_command xz xz-utils
	need_command perl perl
	need_file "libelf's headers" /usr/include/libelf.h libelf-dev
	need_file "OpenSSL's headers" /usr/include/openssl/ssl.h libssl-dev
}

# Puts the source of $source_suite's kernel into the cache, sets $tree.
fetch_source()
{
	name=$("$vm/debian.sh" newest "$source_suite" '^linux-source-[0-9.]*$') || exit
	"$vm/debian.sh" --only 'usr/src/linux-source-*.tar.xz' \
		get "$source_suite" "$cache/packages/$name" "$name" || exit
	version=$(sed -n 2p "$cache/packages/$name/.packages")
	tree=$cache/source/$name-$version
	mkdir -p "$cache/source"
	# Others may be about to unpack the same.
	exec 7> "$cache/source/$name.lock"
	flock 7
	[ -e "$tree" ] || unpack_source
	exec 7>&-
}

unpack_source()
{
	need_disk "$cache" 4000
	mkdir -p "$scratch/source"
	tar -xf "$cache/packages/$name/usr/src/$name.tar.xz" -C "$scratch/source" \
		--strip-components=1 || die "cannot unpack $name: is the disk full?"
	rm -rf "$cache/source/$name"-*
	mv -T "$scratch/source" "$tree"
}

# A copy of the source $tree in $dir/linux. The two share all files, so a file may
# be replaced, but not written to.
lend_source()
{
	[ "$(cat "$dir/origin" 2>/dev/null)" != "$tree" ] || return 0
	rm -rf "$dir"
	mkdir -p "$dir"
	{ cp -al "$tree" "$dir/linux" 2>/dev/null ||
		{ rm -rf "$dir/linux" && cp -a "$tree" "$dir/linux"; }
	} || die "cannot copy $tree to $dir: is the disk full?"
	echo "$tree" > "$dir/origin"
}

# The options that virtme-ng asks for, without graphics, sound, tracing and the
# like, and the options that these depend on
vng_fragment()
{
	virtme-configkernel --dry-run |
		grep -E -v -e 'DRM|SND|SOUND|FB|BUFFER|BPF|TRACER|FTRACE|PROBE|SQUASHFS' \
			-e 'CMDLINE|DEBUG_INFO|CONFIG_KVM(_INTEL|_AMD)?='
	echo CONFIG_PCI=y
	echo CONFIG_VIRTIO_MENU=y
	echo CONFIG_ACPI=y
	echo CONFIG_OF=y
	cat "$here/config"
}

# fragments NAME: the options of the kernel NAME. "no-OPTION" is the base without
# that option.
fragments()
{
	cat "$vm/base.config"
	case $1 in
	base)	;;
	no-*)	echo "# CONFIG_${1#no-} is not set" ;;
	vng)	vng_fragment ;;
	*)	cat "$vm/$1.config" ;;
	esac
	echo "CONFIG_LOCALVERSION=\"-$1\""
}

# Is the kernel what its own fragment asks for? $1: name, $2: objects
check_config()
{
	fragments "$1" | if [ "$1" = base ]; then cat; else
		tail -n "+$(wc -l < "$vm/base.config")"; fi |
	sed -n -e 's/^\(CONFIG_[A-Z0-9_]*=.*\)/\1/p' \
		-e 's/^# \(CONFIG_[A-Z0-9_]*\) is not set/\1=n/p' |
	while IFS= read -r line; do
		case $line in
		*=n)	! grep -q "^${line%n}" "$2/.config" ;;
		*)	grep -q -x -F "$line" "$2/.config" ;;
		esac || echo "${line%%=*}"
	done
}

# quietly LOG COMMAND...: what went wrong is in one line of the log
quietly()
{
	log=$1
	shift
	"$@" > "$log" 2>&1
}

# first_error OBJECTS: why they were not built, in a line
first_error()
{
	echo "does not build: $(grep -m 1 -E \
		'error: |undefined reference|\*\*\*' "$1/log"), see $1/log"
}

# kernel_make TREE OBJECTS TARGET...
kernel_make()
{
	from=$1
	to=$2
	shift 2
	interruptible make -C "$from" O="$to" ARCH="$kernel_arch" "$@"
}

# configure NAME TREE OBJECTS: tinyconfig and the fragments. What neither names is
# off, which a mere olddefconfig would not leave so.
configure()
{
	fragments "$1" > "$3/fragments.new"
	if ! cmp -s "$3/fragments.new" "$3/fragments"; then
		kernel_make "$2" "$3" tinyconfig || return
		cat "$3/.config" "$3/fragments.new" > "$3/wanted"
		mv "$3/fragments.new" "$3/fragments"
	fi
	kernel_make "$2" "$3" KCONFIG_ALLCONFIG="$3/wanted" allnoconfig
}

# build NAME TREE OBJECTS [SEED]: $3/arch/x86/boot/bzImage. Where there are no
# objects, those in SEED are a beginning. What a build that was killed has left
# half-written is thrown away. With $keep_going, an error does not keep other
# objects from being made.
build()
{
	kernel_arch=x86_64
	[ "$1" != i386 ] || kernel_arch=i386
	need_disk "$cache" 1000
	mkdir -p "${3%/*}"
	# Others may be about to build the same.
	exec 7> "$3.lock"
	flock 7
	[ ! -e "$3.building" ] || rm -rf "$3"
	: > "$3.building"
	[ -e "$3" ] || [ -z "${4:-}" ] || cp -a "$4" "$3"
	mkdir -p "$3"
	quietly "$3/log" configure "$1" "$2" "$3" &&
		quietly "$3/log" kernel_make "$2" "$3" -j"$(nproc)" ${keep_going:+-k} bzImage
	built=$?
	rm -f "$3.building"
	exec 7>&-
	return $built
}
