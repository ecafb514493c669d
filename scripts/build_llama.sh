#!/usr/bin/env bash
# Builds the llama engine, build/engines/llama/libheadway-llama.so: llama.cpp from the source package
# pinned in requirements-llama.txt behind Plugins/llama. The first build on a machine takes minutes;
# its pieces are kept outside the project, so a second clone, or a change to the plugin's own files,
# takes seconds and no network.
#
#   HEADWAY_CACHE        where the pieces are kept (default: $XDG_CACHE_HOME/headway or
#                        ~/.cache/headway)
#   HEADWAY_PORTABLE=1   build for any x86-64 processor of the last ten years (AVX2) instead of this one
#   HEADWAY_LLAMA_FLAGS  more switches for CMake, such as -DGGML_CUDA=ON
#   JOBS                 compilers at a time (default: as many as there are processors)
source "$(dirname "$0")/lib.sh"

venv=$PWD/build/venv
release=$(sed -n 's/^llama-cpp-python==\([^ ]*\).*/\1/p' scripts/requirements-llama.txt)
sum=$(sed -n 's/.*--hash=sha256:\([0-9a-f]*\).*/\1/p' scripts/requirements-llama.txt)
jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN)}
extension=so
[ "$(uname)" = Darwin ] && extension=dylib
target=build/engines/llama/libheadway-llama.$extension
export PATH=$PATH:$venv/bin

hash_of() { if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1; }

# Copied, then renamed: nobody sees half a file, and a server that has the old one open keeps it.
put() {
    mkdir -p "$(dirname "$2")"
    cp "$1" "$2.new.$$"
    mv -f "$2.new.$$" "$2"
}

check_tools() {
    have cc || have gcc || have clang || die "no C compiler found" "Run: make build"
    have c++ || have g++ || have clang++ || die "no C++ compiler found" \
        "On Debian or Ubuntu: sudo apt-get install g++"
    if ! have cmake || ! have ninja; then
        say "installing cmake and ninja into build/venv"
        "$venv/bin/python" -m pip --disable-pip-version-check --quiet install \
            -r scripts/requirements-build.txt || die "cmake and ninja could not be installed" \
            "Install them by hand, on Debian or Ubuntu: sudo apt-get install cmake ninja-build"
    fi
}

# What the compiled llama.cpp depends on: its release, switches, compiler and, unless portable,
# processor.
key_of_build() {
    {
        echo "$release $sum ${flags[*]}"
        uname -sm
        ${CXX:-c++} --version 2>/dev/null | head -n 1
        if [ "${HEADWAY_PORTABLE:-}" != 1 ]; then
            grep -m 1 -E '^(flags|Features)' /proc/cpuinfo 2>/dev/null ||
                sysctl -n machdep.cpu.brand_string 2>/dev/null || true
        fi
    } | hash_of | cut -c 1-16
}

# In one order everywhere: the names go into a key.
plugin_files() { LC_ALL=C ls Plugins/llama/* Sources/CEnginePlugin/include/headway_plugin.h; }

fetch_source() {
    local archive=$cache/llama_cpp_python-$release.tar.gz parts=() part
    if [ ! -f "$archive" ]; then
        say "fetching llama.cpp (llama-cpp-python $release, 77 MB)"
        rm -rf "$cache/fetch.$$"
        quietly fetch-llama "$venv/bin/python" -m pip --disable-pip-version-check download \
            --no-deps --no-binary llama-cpp-python --require-hashes \
            -r scripts/requirements-llama.txt -d "$cache/fetch.$$" ||
            die "llama-cpp-python $release could not be fetched" \
                "Put llama_cpp_python-$release.tar.gz from PyPI into $cache"
        mv -f "$cache/fetch.$$/$(basename "$archive")" "$archive"
        rm -rf "$cache/fetch.$$"
    fi
    if [ "$(hash_of <"$archive")" != "$sum" ]; then
        rm -f "$archive"
        die "the sum of $(basename "$archive") is wrong; it was removed" "Run this again."
    fi
    say "unpacking llama.cpp"
    for part in CMakeLists.txt LICENSE cmake common ggml include licenses src vendor; do
        parts+=("llama_cpp_python-$release/vendor/llama.cpp/$part")
    done
    rm -rf "$work/source.new"
    mkdir -p "$work/source.new"
    tar -xzf "$archive" -C "$work/source.new" --strip-components=3 "${parts[@]}"
    rm -rf "$work/source"
    mv "$work/source.new" "$work/source"
}

# Brings the plugin's files beside the source, and touches only those that changed.
copy_plugin() {
    local file
    mkdir -p "$work/plugin"
    for file in $(plugin_files); do
        cmp -s "$file" "$work/plugin/$(basename "$file")" || put "$file" \
            "$work/plugin/$(basename "$file")"
    done
}

# The build folder may remember a ninja of another clone, which may be gone.
compile() {
    cmake -S "$work/plugin" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_MAKE_PROGRAM="$(command -v ninja)" \
        -DLLAMA_SOURCE="$work/source" -DHEADWAY_INCLUDE="$work/plugin" \
        -DHEADWAY_LLAMA_RELEASE="llama-cpp-python $release" ${flags[@]+"${flags[@]}"} &&
        cmake --build "$work/build" --target headway-llama -j "$jobs"
}

flags=()
[ "${HEADWAY_PORTABLE:-}" = 1 ] && flags+=(-DGGML_NATIVE=OFF)
read -r -a more <<<"${HEADWAY_LLAMA_FLAGS:-}" || true
flags+=(${more[@]+"${more[@]}"})

cache=${HEADWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/headway}/llama
if ! mkdir -p "$cache" 2>/dev/null || [ ! -w "$cache" ]; then
    cache=$PWD/build/cache/llama
    mkdir -p "$cache"
fi
build_key=$(key_of_build)
library=$cache/$build_key/$(cat $(plugin_files) | hash_of | cut -c 1-16).$extension
work=$cache/$build_key

if [ ! -f "$library" ]; then
    check_tools
    mkdir -p "$work"
    # One build at a time; whoever waited finds the work done.
    if have flock; then
        exec 9>"$work/lock"
        flock 9
    fi
    if [ ! -f "$library" ]; then
        [ -d "$work/source" ] || fetch_source
        copy_plugin
        say "building the llama engine (some minutes the first time; log in build/logs)"
        quietly build-llama compile || die "the llama engine could not be built" \
            "The log is build/logs/build-llama.log"
        put "$work/build/libheadway-llama.$extension" "$library"
    fi
fi
cmp -s "$library" "$target" || put "$library" "$target"
say "engine llama: $target"
