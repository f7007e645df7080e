#!/bin/sh
# Put AFLoc into the menu of this user; without rights, and taken back with --remove.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=${XDG_DATA_HOME:-$HOME/.local/share}
bin=$HOME/.local/bin
entry=$data/applications/org.afloc.desktop.desktop
icon=$data/icons/hicolor/scalable/apps/org.afloc.desktop.svg

if [ "${1:-}" = --remove ]; then
  rm -f "$entry" "$icon" "$bin/afloc" "$bin/afloc-engine" "$bin/afloc-train"
  exit 0
fi
mkdir -p "$(dirname "$entry")" "$(dirname "$icon")" "$bin"
# Quoted for the desktop entry: spaces are allowed in there, and these four signs are not.
program=$(printf '%s' "$here/afloc" | sed 's/[\\"`$]/\\&/g')
awk -v program="$program" '/^Exec=/ { print "Exec=\"" program "\" %F"; next } { print }' \
  "$here/share/org.afloc.desktop.desktop" > "$entry"
cp "$here/share/org.afloc.desktop.svg" "$icon"
for name in afloc afloc-engine afloc-train; do
  if [ -x "$here/$name" ]; then ln -sf "$here/$name" "$bin/$name"; fi
done
"$here/afloc" self-test
