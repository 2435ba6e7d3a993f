#!/bin/bash
# What `make demo` shows: a dump and a slice of the oplog go into a store, an accident is found, the moment before it is mounted.
#
#   BUILD=build tests/demo/demo.sh
#
# Everything happens in a temporary folder, which is gone afterwards, also when something fails.
set -eu
cd "$(dirname "$0")/../.."

build=$(cd "${BUILD:-build}" && pwd)
dump=$PWD/tests/fixture/dump
slice=$PWD/tests/fixture/slice
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
	words=${words//$slice/tests/fixture/slice}
	words=${words//$work\//}
	printf '\n%s$ %s%s\n' "$bold" "$words" "$plain"
}
try() {
	show "$*"
	"$@" 2>&1 | sed "s|$store|STORE|g; s|$mnt|MNT|g; s|$work/||g"
	return "${PIPESTATUS[0]}"
}

# As try, but it ends as given: diff says by its exit status that something differs.
try_ends() {
	local status=0
	try "${@:2}" || status=$?
	[ $status -eq "$1" ]
}

mkdir "$mnt"
echo "A store is one folder. Here STORE is $store, and MNT is $mnt."
echo "A dump goes in, and a slice of the oplog: what happened in the two hours after it."
try yester init -q -s "$store"
try yester ingest -q -s "$store" "$dump" --time 1795248000.1 --assert-quiesced
try yester ingest-oplog -q -s "$store" "$slice"
try yester ranges -s "$store"

printf '\n%s\n' "Somebody says that orders are gone. What happened?"
try yester log -s "$store" --bursts --op d,c
at=$(yester log -s "$store" --bursts --json | sed -n '1s/.*"at": *"\([^"]*\)".*/\1/p')
[ -n "$at" ] || exit 1
printf '\n%s\n' "58 deletions in one second. The --at behind them is the moment just before, and that is a folder:"
try yester mount -s "$store" "$mnt"
try ls "$mnt" "$mnt/at/$at/" "$mnt/at/$at/shop"
try cat "$mnt/at/$at/shop/orders/5.json"
try_ends 2 ls "$mnt/at/latest/shop/orders/5.json"

bsondump=${YESTER_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/yesterfs}/bin/bsondump
[ -x "$bsondump" ] || bsondump=$(command -v bsondump || true)
if [ -n "$bsondump" ]; then
	show "bsondump --quiet MNT/at/$at/shop/orders.bson | head -n 1      # stock tools read it"
	"$bsondump" --quiet "$mnt/at/$at/shop/orders.bson" 2>/dev/null | head -n 1
fi

try_ends 3 yester diff -s "$store" "$at" latest --stat
try yester snapshot -s "$store" --at "$at" --name before-accident
try yester dump -s "$store" --at "$at" --nsInclude shop.orders --out "$work/before"
try yester umount "$mnt"

cat <<END

That was a dump of ${bold}$(find "$dump" -name '*.metadata.json' | wc -l)${plain} collections and views, and an oplog. With your own, type next:

    export PATH="$build:\$PATH" YESTER_STORE=~/history
    yester init
    mongodump --oplog --out /tmp/dump && yester ingest /tmp/dump                          # every night
    mongodump -d local -c oplog.rs --out /tmp/slice && yester ingest-oplog /tmp/slice     # every hour
    yester log --bursts --since latest-1h
    mkdir -p ~/mnt && yester mount ~/mnt && ls ~/mnt/at/latest
    mongorestore --dir ~/mnt/at/OPTIME~ --nsInclude shop.orders --nsFrom shop.orders --nsTo shop.orders_before
    yester umount ~/mnt;  yester help
END
