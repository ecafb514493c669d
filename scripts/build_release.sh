#!/usr/bin/env bash
# The release binary, .build/release/headway.
source "$(dirname "$0")/lib.sh"

binary=.build/release/headway
stamp=build/stamps/release
# The build system needs many seconds to find out that nothing has changed; the file system, none.
if [ -x "$binary" ] && [ -e "$stamp" ] &&
    [ -z "$(find Sources Package.swift scripts/build_release.sh -newer "$stamp" -print -quit)" ]; then
    say "$binary is up to date"
    exit 0
fi
[ -x "$binary" ] || say "building the release binary; the first time takes several minutes"
mkdir -p "${stamp%/*}"
touch "$stamp.begun"
# The compiler proves exclusive access to variables where it can; what remains is checked in debug
# builds, and so by every test, but not here. With the standard library inside, calls into it are
# direct, and the binary runs where no Swift is installed. The two together take 5 to 7 % off what the
# server itself adds to a request.
quietly build-release swift build -c release --product headway --static-swift-stdlib \
    -Xswiftc -enforce-exclusivity=unchecked
mv "$stamp.begun" "$stamp"
say "built $binary"
