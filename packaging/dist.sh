#!/bin/bash
# A tarball of the sources: of what git knows or would know, else (unpacked from such a tarball) of all but what is built.
#
#   packaging/dist.sh VERSION DATE OUT.tar.gz
#
# The same sources give the same bytes.
set -eu
cd "$(dirname "$0")/.."
version=$1 date=$2 out=$3

files() {
	if [ -e .git ] && command -v git >/dev/null; then
		git ls-files -z --cached --others --exclude-standard
	else
		find . \( -path ./build -o -path './build-*' -o -path ./.git -o -name __pycache__ -o -name .pytest_cache \) -prune -o \
			\( -type f -o -type l \) -printf '%P\0'
	fi
}

mkdir -p "$(dirname "$out")"
out=$(cd "$(dirname "$out")" && pwd)/$(basename "$out")
# What was deleted, but is still known to git, is left out; so is the result.
files | sort -zu | while IFS= read -r -d '' file; do
	case $PWD/$file in "$out" | "$out.new") continue ;; esac
	if [ -e "$file" ] || [ -L "$file" ]; then printf '%s\0' "$file"; fi
done | tar --null --no-recursion --files-from=- --transform="flags=rSH;s|^|yesterfs-$version/|" --owner=0 --group=0 --numeric-owner \
	--mode=u+rw,go+r,go-w --mtime="$date 00:00:00Z" --format=gnu -cf - | gzip -9n >"$out.new"
mv "$out.new" "$out"
echo "$out"
