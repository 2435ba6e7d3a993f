#!/bin/bash
# Install what is missing to build and to test, on Debian 12 or Ubuntu 24.04.
#
#   tests/setup/deps.sh --build-only    compiler, libraries, FUSE
#   tests/setup/deps.sh                 that, and what the tests and the bench use
#
# When nothing is missing it is silent, changes nothing and takes well under a second.
# The servers and tools that the tests compare with come later, by tests/setup/truth.py.
set -eu
umask 022

here=$(cd "$(dirname "$0")" && pwd)
cache=${YESTER_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/yesterfs}
build_only=no
case "${1:-}" in
--build-only) build_only=yes ;;
'') ;;
*)
	echo "usage: tests/setup/deps.sh [--build-only]" >&2
	exit 2
	;;
esac

say() { echo "deps: $*"; }
die() {
	echo "deps: $*" >&2
	exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

packages="gcc make pkg-config libssl-dev libbson-dev libmongoc-dev liblmdb-dev libzstd-dev libicu-dev libfuse3-dev fuse3 zlib1g-dev libpcre2-dev libintelrdfpmath-dev"
if [ $build_only = no ]; then
	packages="$packages libcmocka-dev rsync restic borgbackup squashfs-tools squashfuse attr"
	packages="$packages clang-format-14 universal-ctags"
fi

# What a program can come from elsewhere for is looked for by what it does, not by its package.
wanted=
if [ $build_only = no ]; then
	have python3 && python3 -c 'import venv, ensurepip' 2>/dev/null || wanted="$wanted python3 python3-venv python3-pip"
	have npm || wanted="$wanted npm"
	/sbin/ldconfig -p 2>/dev/null | grep -q 'libcurl\.so\.4 ' || wanted="$wanted libcurl4"
	have git || wanted="$wanted git"
fi

# The names in $packages that dpkg does not have installed.
missing_packages() {
	# shellcheck disable=SC2086
	dpkg-query -W -f '${binary:Package} ${db:Status-Abbrev}\n' $packages 2>/dev/null |
		awk -v all="$packages" '
			$2 ~ /^.i/ { split($1, name, ":"); there[name[1]] = 1 }
			END {
				count = split(all, names, " ")
				for (i = 1; i <= count; i++)
					if (!(names[i] in there))
						printf " %s", names[i]
			}'
}

install_packages() {
	local names=$1 as=
	if [ "$(id -u)" != 0 ]; then
		have sudo || die "these packages are missing, and this is neither root nor is there sudo:$names"
		as=sudo
	fi
	say "installing$names"
	# shellcheck disable=SC2086
	{
		$as env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
			$as env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends $names
	} >"$cache/apt.log" 2>&1 </dev/null || {
		tail -n 15 "$cache/apt.log" >&2
		die "apt-get failed; all it said is in $cache/apt.log"
	}
}

mkdir -p "$cache"
if have apt-get && have dpkg-query; then
	names="$(missing_packages)$wanted"
	[ -z "$names" ] || install_packages "$names"
else
	say "this is neither Debian nor Ubuntu: nothing was installed. What is needed, by Debian's names:"
	say "  $packages$wanted"
	have pkg-config && pkg-config --exists libcrypto libbson-1.0 libmongoc-1.0 icu-i18n lmdb libzstd fuse3 zlib libpcre2-8 ||
		die "pkg-config does not find all of: libcrypto libbson-1.0 libmongoc-1.0 icu-i18n lmdb libzstd fuse3 zlib libpcre2-8"
fi

# ---- FUSE: not ours to install into a kernel or a container, so say what to do
if [ ! -e /dev/fuse ]; then
	say "there is no /dev/fuse: mounting will not work, and tests that mount are skipped. What to do:"
	say "  on a machine: 'modprobe fuse' as root. In a container: docker run --device /dev/fuse --cap-add SYS_ADMIN"
elif [ ! -r /dev/fuse ] || [ ! -w /dev/fuse ]; then
	say "/dev/fuse is not open to this user: as root, 'chmod 666 /dev/fuse' (or start as root)"
fi
have fusermount3 || say "there is no fusermount3: it comes with the package fuse3"

[ $build_only = no ] || exit 0

# ---- the Python that runs the tests, with its packages
wants_python() { python3 -c 'import sys; print(sys.version)' && cat "$here/requirements.txt"; }
make_venv() {
	say "making the Python environment of the tests in $cache/venv"
	rm -rf "$cache/venv.new"
	python3 -m venv "$cache/venv.new" || die "python3 -m venv failed"
	"$cache/venv.new/bin/python" -m pip install -q --disable-pip-version-check -r "$here/requirements.txt" ||
		die "pip could not install tests/setup/requirements.txt"
	wants_python >"$cache/venv.new/wanted"
	rm -rf "$cache/venv"
	mv "$cache/venv.new" "$cache/venv"
}
up_to_date() { [ -x "$cache/venv/bin/python" ] && wants_python | cmp -s - "$cache/venv/wanted"; }

exec 9>"$cache/venv.lock"
flock 9
up_to_date || make_venv
