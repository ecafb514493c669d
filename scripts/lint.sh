#!/usr/bin/env bash
# Format, layers and tidiness; each check runs even when the one before it failed.
source "$(dirname "$0")/lib.sh"

python=$(find_python) || die "no Python 3.11 or newer found"
failed=0
say "format"
swift format lint --strict --parallel --recursive Package.swift Sources Tests || failed=1
for check in layers tidy; do
    say "$check"
    "$python" "scripts/check_$check.py" --self-test || failed=1
    "$python" "scripts/check_$check.py" || failed=1
done
exit $failed
