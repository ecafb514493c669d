# Shared by the shell scripts of this folder; sourced, never run.
# After sourcing, the working directory is the project's root.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# One short progress line.
say() { printf '==> %s\n' "$*"; }

# Say what is wrong and what to do about it, then stop.
die() {
    printf 'error: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# The newest Python that is at least 3.11 (onnxruntime's wheels need it), or nothing.
# `PYTHON` in the environment wins.
find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if have "$candidate" && "$candidate" -c \
            'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

# Whether that Python can make a virtual environment (Debian ships this part separately).
can_make_venv() { "$1" -c 'import venv, ensurepip' 2>/dev/null; }

# Run a long command. On a terminal its own progress shows; elsewhere it goes to a log in
# build/logs with a sign of life twice a minute, and a failure prints what matters of the log.
quietly() {
    local name=$1 log pid waited=0
    shift
    if [ -t 1 ]; then
        "$@"
        return
    fi
    mkdir -p build/logs
    log=build/logs/$name.log
    "$@" >"$log" 2>&1 &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1
        waited=$((waited + 1))
        if [ $((waited % 30)) = 0 ]; then
            printf '    %4d s  %s\n' "$waited" "$(tail -n 1 "$log" | cut -c 1-90)"
        fi
    done
    if wait "$pid"; then return 0; fi
    printf '    failed; from %s:\n' "$log"
    if grep -q 'error:' "$log"; then
        grep -A 6 'error:' "$log" | head -n 80
    else
        tail -n 60 "$log"
    fi
    return 1
}
