#!/usr/bin/env bash
# The release binary, .build/release/headway.
source "$(dirname "$0")/lib.sh"

[ -x .build/release/headway ] ||
    say "building the release binary; the first time takes several minutes"
# The compiler proves exclusive access to variables where it can; what remains is checked in debug
# builds, and so by every test, but not here. With the standard library inside, calls into it are
# direct, and the binary runs where no Swift is installed. The two together take 5 to 7 % off what the
# server itself adds to a request.
quietly build-release swift build -c release --product headway --static-swift-stdlib \
    -Xswiftc -enforce-exclusivity=unchecked
say "built .build/release/headway"
