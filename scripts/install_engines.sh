#!/usr/bin/env bash
# Puts the engine libraries where `headway` looks for them: build/engines/<engine>/.
# They come out of the wheels that `setup_python.sh engines` installed.
source "$(dirname "$0")/lib.sh"

wheel=$(build/venv/bin/python -c \
    'import sysconfig; print(sysconfig.get_path("platlib"))')/onnxruntime/capi
folder=build/engines/onnxruntime
mkdir -p "$folder"

found=0
for library in "$wheel"/libonnxruntime.so.[0-9]* "$wheel"/libonnxruntime.[0-9]*.dylib; do
    [ -f "$library" ] || continue
    found=1
    target=$folder/$(basename "$library")
    # Another version beside it would make the choice a matter of luck.
    for old in "$folder"/libonnxruntime*; do
        if [ -e "$old" ] && [ "$old" != "$target" ]; then rm -f "$old"; fi
    done
    if ! cmp -s "$library" "$target"; then
        # Copied, then renamed: a server that has the old file open keeps it.
        cp "$library" "$target.new.$$"
        mv -f "$target.new.$$" "$target"
    fi
    say "engine onnxruntime: $target"
done
[ $found = 1 ] || die "the onnxruntime wheel holds no shared library" "Looked in: $wheel"
