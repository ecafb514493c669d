#!/usr/bin/env bash
# Fills the virtual environment build/venv: `setup_python.sh engines` with the engine wheels only,
# `setup_python.sh test` with everything the tests and the model makers use. `setup_python.sh tales`
# fills build/venv-tales, for training the demo model `tales`; nothing else needs it.
source "$(dirname "$0")/lib.sh"

kind=${1:?engines, test or tales}
venv=build/venv
[ "$kind" = tales ] && venv=build/venv-tales

if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    python=$(find_python) || die "no Python 3.11 or newer found"
    say "making a Python environment in $venv"
    rm -rf "$venv"
    mkdir -p build
    "$python" -m venv "$venv"
fi

pip=("$venv/bin/python" -m pip --disable-pip-version-check --quiet install)
case $kind in
    engines)
        say "installing engine libraries"
        "${pip[@]}" --no-deps -r scripts/requirements-engines.txt
        ;;
    test)
        say "installing test tools (clients, onnx, scikit-learn, pytest)"
        "${pip[@]}" -r scripts/requirements-test.txt
        ;;
    tales)
        say "installing PyTorch and what writes GGUF files, into $venv"
        "${pip[@]}" -r scripts/requirements-tales.txt
        ;;
    *) die "unknown kind: $kind" ;;
esac
