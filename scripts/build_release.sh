#!/usr/bin/env bash
# The release binary, .build/release/headway.
source "$(dirname "$0")/lib.sh"

[ -x .build/release/headway ] ||
    say "building the release binary; the first time takes several minutes"
quietly build-release swift build -c release --product headway
say "built .build/release/headway"
