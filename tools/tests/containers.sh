# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # nsenter.t sets them
#
# To be sourced by nsenter.t: crun and runc, of this and of newer releases, exec into
# rootless containers, which an ordinary user started, of a busybox and nothing else.

need_command crun crun
need_command runc runc
install_missing

# Not every crun can do with cgroups of version 1; these mounts are our own.
if [ "$(id -u)" = 0 ] && [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
	mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null
fi

# bundle DIRECTORY TYPE...: a container by the tool's own template, of these types,
# or without any of those of the template. They are in DIRECTORY/types.
bundle()
{
	mkdir -p "$1/rootfs/bin" "$1/rootfs/proc" "$1/rootfs/dev" "$1/rootfs/sys" "$1/run"
	cp "$busybox" "$1/rootfs/bin/busybox"
	(cd "$1" && "$tool" spec --rootless) || return 1
	python3 - "$user" "$@" <<-'END'
	import json
	import sys

	user, bundle, *types = sys.argv[1:]
	names = {"mnt": "mount", "net": "network"}
	with open(bundle + "/config.json", encoding="utf-8") as file:
	    config = json.load(file)
	config["process"]["terminal"] = False
	config["process"]["args"] = ["/bin/busybox", "sleep", "60"]
	config["mounts"] = [m for m in config["mounts"] if m["type"] != "cgroup"]
	linux = config["linux"]
	linux.pop("resources", None)
	if types:
	    linux["namespaces"] = [{"type": names.get(t, t)} for t in types]
	ours = {v: k for k, v in names.items()}
	with open(bundle + "/types", "w", encoding="utf-8") as file:
	    print(*(ours.get(n["type"], n["type"]) for n in linux["namespaces"]), file=file)
	for which in ("uidMappings", "gidMappings"):
	    linux[which] = [{"containerID": 0, "hostID": int(user), "size": 1}]
	with open(bundle + "/config.json", "w", encoding="utf-8") as file:
	    json.dump(config, file)
	END
	chown -R "$user:$user" "$1"
}

# in_user COMMAND...: as an ordinary user, with a place of its own
in_user()
{
	# shellcheck disable=SC2086 # a command
	env HOME="$dir" XDG_RUNTIME_DIR="$dir/run" $as_user "$@"
}

# started TYPE...: a container of these types in $dir, its pid in $pid; else $why
started()
{
	dir=$scratch/bundle
	pid=
	rm -rf "$dir"
	why=$(bundle "$dir" "$@" 2>&1) || return 1
	(cd "$dir" && in_user timeout 20 "$tool" --root "$dir/run/state" run -d setns) \
		< /dev/null > "$scratch/said" 2>&1
	status=$?
	why=$(tail -n 1 "$scratch/said")
	[ $status -eq 0 ] || return 1
	pid=$(in_user "$tool" --root "$dir/run/state" state setns |
		sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
	targets="$targets $pid"
}

# execs NAME TYPE...: in a container like that, exec leads to where our own call
# does, and tells by which calls.
execs()
{
	what=$1
	shift
	started "$@" || {
		skip "$what: exec" "no rootless container can be started: $why"
		return
	}
	# shellcheck disable=SC2046 # types
	is "$what: exec leads to where our own call does" \
		"$(in_user timeout 20 "$tool" --root "$dir/run/state" exec setns \
			/bin/busybox sh -c "$look" 2>&1)" \
		"$(by_us "$as_user" "$pid" $(cat "$dir/types"))"
	in_user timeout 20 strace -f -e trace=setns,pidfd_open,close -o "$dir/run/strace" \
		"$tool" --root "$dir/run/state" exec setns /bin/busybox true \
		> "$scratch/said" 2>&1
	told "$dir/run/strace" > "$scratch/calls"
	diag "$what: exec by $(uniq -c "$scratch/calls" | tr -s ' ' | paste -s -d , )"
	in_user "$tool" --root "$dir/run/state" delete --force setns >/dev/null 2>&1
}

# containers TOOL SUITE: of the types that the tool's own template names, and of all
containers()
{
	release=$1-$("$tool" --version | sed -n '1s/.*version //p')
	execs "$release, as usual"
	# shellcheck disable=SC2086 # types
	execs "$release, all types" $types
	# crun attaches to all types at once, unless the container shares one of them
	# with its owner.
	case $release in
	crun-1.[0-9].*|crun-1.1[0-9]*|runc-*) ;;
	*)	[ -z "$pid" ] || is "$release, all types: by one setns(pidfd)" \
			"$(cat "$scratch/calls")" \
			"setns(pidfd, $(echo "$types" | wc -w) types with user)" ;;
	esac
}

for name in crun runc; do
	for suite in '' trixie sid; do
		tool=$name
		case $suite,$name in
		,*)	;;
		*,crun)	foreign $suite crun crun libcap2 libseccomp2 libsystemd0 libjson-c5 \
				"$([ $suite = sid ] && echo libblake3-0 || echo libyajl2)" ;;
		*,runc)	foreign $suite runc runc libseccomp2 ;;
		esac || {
			skip "$name of $suite: exec" "$why"
			continue
		}
		[ -z "$suite" ] || tool=$command
		containers $name
	done
done
