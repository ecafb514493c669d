#!/usr/bin/env python3
"""Sums test results (JUnit XML of Swift Testing and pytest) into one closing line.

    scripts/count_tests.py [--more-failed N] RESULT.xml…   # prints `N passed, N failed`
    scripts/count_tests.py --has-failure RESULT.xml         # exit code 0 when a test in it failed

Counts test cases, not issues: one test with two failed expectations is one failed test. No test at
all is a failure.
"""

import argparse
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def read(path):
    """(passed, names of the failed, skipped) of one result file; a broken one counts as failed."""
    passed, failed, skipped = 0, [], 0
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except (ElementTree.ParseError, OSError) as error:
        return 0, [f"{path}: no readable results ({error})"], 0
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(f"{case.get('classname')}.{case.get('name')}")
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--more-failed", type=int, default=0)
    parser.add_argument("--has-failure", action="store_true")
    parser.add_argument("results", nargs="*")
    arguments = parser.parse_args()
    results = [Path(name) for name in arguments.results if "*" not in name]

    if arguments.has_failure:
        sys.exit(0 if any(p.exists() and read(p)[1] for p in results) else 1)

    all_passed, all_failed = 0, []
    for path in results:
        passed, failed, skipped = read(path)
        all_passed += passed
        all_failed += failed
        print(f"    {path.stem}: {passed} ok, {len(failed)} not ok, {skipped} skipped")
    for name in all_failed:
        print(f"    not ok: {name}")
    failed_count = len(all_failed) + arguments.more_failed
    print(f"{all_passed} passed, {failed_count} failed", flush=True)
    sys.exit(1 if failed_count or not all_passed else 0)


if __name__ == "__main__":
    main()
