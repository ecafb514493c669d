#!/usr/bin/env bash
# Checks for what must come from the operating system: the Swift toolchain, a C++ compiler, Python
# and the zlib header. Installs the Debian packages among them when it may; otherwise says how.
source "$(dirname "$0")/lib.sh"

has_zlib_header() {
    printf '#include <zlib.h>\n' | "${CC:-cc}" -E -x c - >/dev/null 2>&1
}

missing=()
have swift || die "no Swift toolchain found" \
    "Install Swift 6.2 or newer: https://www.swift.org/install/linux/"
have cc || have gcc || missing+=(gcc libc6-dev)
have g++ || have c++ || missing+=(g++)
python=$(find_python) || die "no Python 3.11 or newer found" \
    "Install one (Debian 12: apt-get install python3 python3-venv) or name it: make PYTHON=... TARGET"
can_make_venv "$python" || missing+=(python3-venv)
if have cc && ! has_zlib_header; then missing+=(zlib1g-dev); fi

if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && have apt-get; then
        say "installing system packages: ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq >/dev/null || true
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
            die "apt-get could not install: ${missing[*]}"
    else
        die "system packages are missing: ${missing[*]}" \
            "On Debian or Ubuntu: sudo apt-get install ${missing[*]}" \
            "Elsewhere: a C and C++ compiler, Python 3.11+ with venv, and the zlib headers."
    fi
fi
has_zlib_header || die "zlib.h is still not found" "Install zlib's development package."
say "system: $(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/Swift \1/p' | head -1), $("$python" --version)"
