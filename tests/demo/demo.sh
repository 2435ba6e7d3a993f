#!/bin/bash
# What `make demo` shows: a dump goes into a store, the store is mounted, stock programs read it.
#
#   BUILD=build tests/demo/demo.sh
#
# Everything happens in a temporary folder, which is gone afterwards, also when something fails.
set -eu
cd "$(dirname "$0")/../.."

build=$(cd "${BUILD:-build}" && pwd)
dump=$PWD/tests/fixture/dump
export PATH="$build:$PATH"

work=$(mktemp -d "${TMPDIR:-/tmp}/yester-demo-XXXXXX")
store=$work/store
mnt=$work/mnt

is_mounted() { grep -qF " $mnt " /proc/self/mountinfo; }
clean_up() {
	status=$?
	trap - EXIT
	if is_mounted; then
		yester umount "$mnt" >/dev/null 2>&1 || fusermount3 -u -z "$mnt" || umount -l "$mnt" || true
	fi
	rm -rf "$work"
	[ $status -eq 0 ] || echo "demo: it did not work (exit status $status)" >&2
	exit $status
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [ ! -e /dev/fuse ] || ! command -v fusermount3 >/dev/null; then
	echo "demo: FUSE is missing, so nothing can be mounted here. On a machine: 'modprobe fuse' as root;" >&2
	echo "demo: in a container: start it with --device /dev/fuse --cap-add SYS_ADMIN; and install the package fuse3." >&2
	exit 1
fi

bold='' plain=''
if [ -t 1 ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi
# Show a command as a user would type it, then run it. Short names stand for the temporary paths.
show() {
	local words="$*"
	words=${words//$store/STORE}
	words=${words//$mnt/MNT}
	words=${words//$dump/tests/fixture/dump}
	printf '\n%s$ %s%s\n' "$bold" "$words" "$plain"
}
try() {
	show "$*"
	"$@" 2>&1 | sed "s|$store|STORE|g; s|$mnt|MNT|g"
	return "${PIPESTATUS[0]}"
}

mkdir "$mnt"
echo "A store is one folder. Here STORE is $store, and MNT is $mnt."
try yester init -s "$store"
try yester ingest -s "$store" "$dump"
try yester snapshots -s "$store"
try yester mount -s "$store" "$mnt"

try ls "$mnt" "$mnt/latest/"
show "ls -l MNT/latest/shop"
ls -l "$mnt/latest/shop" | sed 's/ *$//'

bsondump=${YESTER_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/yesterfs}/bin/bsondump
[ -x "$bsondump" ] || bsondump=$(command -v bsondump || true)
if [ -n "$bsondump" ]; then
	show "bsondump --quiet MNT/latest/shop/orders.bson | head -n 1"
	"$bsondump" --quiet "$mnt/latest/shop/orders.bson" 2>/dev/null | head -n 1
else
	try yester cat -s "$store" shop.orders --id 0 --format pretty
fi

try yester count -s "$store" shop.orders
try yester umount "$mnt"

cat <<END

That was a dump of ${bold}$(find "$dump" -name '*.metadata.json' | wc -l)${plain} collections and views. With your own data, type next:

    export PATH="$build:\$PATH" YESTER_STORE=~/history
    yester init
    mongodump --out /tmp/dump && yester ingest /tmp/dump        # again tomorrow: only what changed is stored
    mkdir -p ~/mnt && yester mount ~/mnt && ls ~/mnt/latest
    mongorestore --dir "\$(readlink -f ~/mnt/latest)"            # into a mongod, from any snapshot
    yester umount ~/mnt;  yester help
END
