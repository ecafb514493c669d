#!/usr/bin/env bash
# Every check and test, the same for people and CI. `make test` prepares what it needs and runs it.
#
# A failing step does not hide the next one. The last line sums up Swift Testing and pytest as
# `N passed, N failed`; a step without tests of its own (lint, build) counts as one when it fails.
# With HEADWAY_NIGHTLY=1 the loads are longer and the seeds more.
source "$(dirname "$0")/lib.sh"

results=build/test-results
rm -rf "$results"
mkdir -p "$results"
failed_steps=()
failed_untested=0

# run_step NAME RESULT COMMAND…: RESULT is the file of test results that it leaves, or `-`.
run_step() {
    local name=$1 result=$2 started=$SECONDS
    shift 2
    say "$name"
    if "$@"; then
        say "$name: ok ($((SECONDS - started)) s)"
        return 0
    fi
    say "$name: FAILED ($((SECONDS - started)) s)"
    failed_steps+=("$name")
    if [ "$result" = - ] || ! build/venv/bin/python scripts/count_tests.py \
        --has-failure "$results/$result"; then
        failed_untested=$((failed_untested + 1))
    fi
    return 1
}

build_debug() { quietly build-debug swift build --build-tests; }

swift_tests() {
    if [ "${HEADWAY_NIGHTLY:-}" = 1 ]; then export SEEDS=${SEEDS:-2000}; fi
    swift test --skip-build --disable-xctest --parallel --xunit-output "$results/swift.xml" \
        >build/logs/swift-tests.log 2>&1 && return 0
    grep -E '^✘|error:|Fatal error|Crash' build/logs/swift-tests.log | head -n 100 ||
        tail -n 60 build/logs/swift-tests.log
    return 1
}

protocol_tests() {
    build/venv/bin/python -m pytest Tests/Protocol --junitxml "$results/protocol.xml"
}

# What has threads, in a build of rings 0 and 1; the manifest leaves the network stack out. The
# scheduler is a value on one thread: the runtime's tests drive it from many. That manifest has no
# dependencies, so SwiftPM would drop the resolved versions of the full one.
thread_sanitizer() {
    local kept=build/Package.resolved.kept status=0
    rm -f "$kept"
    if [ -f Package.resolved ]; then cp Package.resolved "$kept"; fi
    export HEADWAY_CORE=1
    quietly build-tsan swift build --build-tests --sanitize=thread --scratch-path .build-tsan &&
        swift test --skip-build --sanitize=thread --scratch-path .build-tsan --disable-xctest \
            --filter '^(ServingModel|ControlCore|ServingRuntime|EngineSynthetic)Tests\.' \
            --xunit-output "$results/tsan.xml" >build/logs/tsan-tests.log 2>&1 || status=1
    export -n HEADWAY_CORE
    if [ -f "$kept" ]; then mv "$kept" Package.resolved; fi
    if [ $status = 1 ] && [ -f build/logs/tsan-tests.log ]; then
        grep -E -A 25 'WARNING: ThreadSanitizer|^✘|error:' build/logs/tsan-tests.log | head -n 150
    fi
    return $status
}

mkdir -p build/logs
rm -f build/logs/*.log
run_step "lint" - scripts/lint.sh || true
if run_step "debug build, warnings are errors" - build_debug; then
    run_step "Swift tests" swift.xml swift_tests || true
    run_step "protocol tests against a real server" protocol.xml protocol_tests || true
    run_step "thread sanitizer on the runtime" tsan.xml thread_sanitizer || true
fi

for step in ${failed_steps[@]+"${failed_steps[@]}"}; do say "failed step: $step"; done
build/venv/bin/python scripts/count_tests.py --more-failed "$failed_untested" "$results"/*.xml ||
    failed_steps+=("count")
[ ${#failed_steps[@]} = 0 ]
