#!/usr/bin/env bash
# The viewer as one file, from a finished build. Needs appimagetool (AppImage project) on the PATH;
# AFLOC_GPG_KEY signs it.
set -euo pipefail
folder=$(cd "${1:?the folder dist/AFLoc}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
version=$("$folder/afloc" --version | cut -d' ' -f2)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/AFLoc.AppDir/usr/lib"
cp -a "$folder" "$work/AFLoc.AppDir/usr/lib/afloc"
(cd "$work/AFLoc.AppDir/usr/lib/afloc" && xargs -r -d '\n' rm -f < trainer-files.txt)
cp "$here/org.afloc.desktop.desktop" "$here/org.afloc.desktop.svg" "$work/AFLoc.AppDir/"
cat > "$work/AFLoc.AppDir/AppRun" <<'RUN'
#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/usr/lib/afloc/afloc" "$@"
RUN
chmod +x "$work/AFLoc.AppDir/AppRun"
if [ "${2:-}" = --prepare-only ]; then
  "$work/AFLoc.AppDir/AppRun" self-test
  exit 0
fi
options=()
[ -n "${AFLOC_GPG_KEY:-}" ] && options=(--sign --sign-key "$AFLOC_GPG_KEY")
ARCH=x86_64 appimagetool "${options[@]}" "$work/AFLoc.AppDir" \
  "$folder/../AFLoc-$version-x86_64.AppImage"
