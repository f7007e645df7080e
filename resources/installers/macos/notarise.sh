#!/usr/bin/env bash
# Build, sign, notarise and pack AFLoc.app; on macOS 12 or later, once on each kind of processor.
#
#   AFLOC_CODESIGN_IDENTITY   "Developer ID Application: Name (TEAM)"
#   AFLOC_NOTARY_PROFILE      made once with: xcrun notarytool store-credentials
set -euo pipefail
cd "$(dirname "$0")/../../.."
: "${AFLOC_CODESIGN_IDENTITY:?the identity that signs}" "${AFLOC_NOTARY_PROFILE:?the notary profile}"

version=$(python -c 'import afloc_desktop; print(afloc_desktop.__version__)')
image="dist/afloc-$version-macos-$(uname -m).dmg"

# PyInstaller signs every library and program with the identity, hardened runtime and entitlements.
python -m PyInstaller --noconfirm afloc.spec
codesign --verify --deep --strict --verbose=2 dist/AFLoc.app
dist/AFLoc.app/Contents/MacOS/afloc self-test

rm -f "$image"
hdiutil create -volname AFLoc -srcfolder dist/AFLoc.app -format UDBZ "$image"
codesign --sign "$AFLOC_CODESIGN_IDENTITY" --timestamp "$image"
xcrun notarytool submit "$image" --keychain-profile "$AFLOC_NOTARY_PROFILE" --wait
xcrun stapler staple "$image"
spctl --assess --type open --context context:primary-signature --verbose "$image"
shasum -a 256 "$image" > "$image.sha256"
