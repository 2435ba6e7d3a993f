#!/bin/bash
# A Debian package of what is built: installed into a folder, stripped, with the dependencies that the programs really have.
#
#   packaging/deb.sh VERSION DATE OUT-FOLDER        BUILD names the built tree
#
# Needs dpkg-dev only; everything in it belongs to root, whoever builds.
set -eu
cd "$(dirname "$0")/.."
version=$1 date=$2 out=$3
for tool in dpkg-deb dpkg-shlibdeps dpkg-gencontrol dpkg-architecture; do
	command -v $tool >/dev/null || {
		echo "deb: there is no $tool: apt-get install dpkg-dev" >&2
		exit 1
	}
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
export SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(date -ud "$date" +%s)
umask 022

${MAKE:-make} --no-print-directory -s BUILD="$BUILD" DESTDIR="$root" PREFIX=/usr sbindir=/usr/sbin unitdir=/lib/systemd/system \
	zshcompletiondir=/usr/share/zsh/vendor-completions install >/dev/null
strip --strip-unneeded "$root/usr/bin/yester" "$root/usr/bin/yesterfs"
doc=$root/usr/share/doc/yesterfs
install -m 644 packaging/debian/copyright "$doc/copyright"
mkdir -p "$work/debian"
sed "s/@VERSION@/$version/" packaging/debian/control >"$work/debian/control"
printf 'yesterfs (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- Yesterfs <yesterfs@localhost>  %s\n' \
	"$version" "$(LC_ALL=C date -uRd "@$SOURCE_DATE_EPOCH")" >"$work/debian/changelog"
gzip -9nc "$work/debian/changelog" >"$doc/changelog.gz"
gzip -9n "$root"/usr/share/man/man1/*.1
# In a package, whose folders are known, by relative links.
ln -sf ../bin/yesterfs "$root/usr/sbin/mount.fuse.yesterfs"
rm "$root/usr/share/man/man8/mount.fuse.yesterfs.8"
ln -s ../man1/yesterfs.1.gz "$root/usr/share/man/man8/mount.fuse.yesterfs.8.gz"

mkdir "$root/DEBIAN"
for script in postinst prerm; do
	install -m 755 "packaging/debian/$script" "$root/DEBIAN/$script"
done
(cd "$work" && dpkg-shlibdeps --ignore-missing-info -O "$root/usr/bin/yester" "$root/usr/bin/yesterfs" >debian/substvars 2>shlibdeps.log) || {
	cat "$work/shlibdeps.log" >&2
	exit 1
}
(cd "$work" && dpkg-gencontrol -pyesterfs -P"$root" -Tdebian/substvars -c"$work/debian/control" -l"$work/debian/changelog" -fdebian/files)
(cd "$root" && find usr lib -type f -print0 2>/dev/null | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -print0 | xargs -0r touch --no-dereference --date="@$SOURCE_DATE_EPOCH"
mkdir -p "$out"
dpkg-deb --root-owner-group -Zxz --build "$root" "$(cd "$out" && pwd)" | sed 's/^dpkg-deb: //'
