#!/bin/sh
# Regenerates the committed Swift of our .proto files.
#
# Needs protoc (Debian: protobuf-compiler) and protoc-gen-swift of swift-protobuf 1.39.0 in PATH:
#   git clone --branch 1.39.0 https://github.com/apple/swift-protobuf
#   swift build -c release --product protoc-gen-swift
set -eu
cd "$(dirname "$0")/.."

for tool in protoc protoc-gen-swift; do
    command -v "$tool" >/dev/null || { echo "$tool is not in PATH" >&2; exit 1; }
done

generate() { # folder file
    protoc --proto_path="$1" \
        --swift_opt=Visibility=Package --swift_opt=UseAccessLevelOnImports=true \
        --swift_out="$1" "$1/$2"
}

generate Sources/ModelRepository/Proto model_config.proto
