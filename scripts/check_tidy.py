#!/usr/bin/env python3
"""House rules that no compiler checks, as ratchets.

    scripts/check_tidy.py             # check the project: file:line of every finding
    scripts/check_tidy.py --self-test # show that each rule can fail

CONTRIBUTING.md says why each rule is there.
"""

import re
import sys

from project_files import project_files, read_text
from swift_source import line_of, split

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
GUARD_COMMENT_REACH = 6

RING_0 = ("ServingModel", "ControlCore", "SchedulerCore", "TraceFormat")

# Ring 0 decides; it does not look at the world.
BANNED_IN_RING_0 = [
    (re.compile(r"\bFoundation\b"), "Foundation"),
    (re.compile(r"\bDate\("), "Date("),
    (re.compile(r"\b(?:Continuous|Suspending)Clock\b"), "a clock"),
    (re.compile(r"(?<![\w\])>?!])\.now\b|\b(?:Date|DispatchTime)\.now\b"), ".now"),
    (re.compile(r"\b(?:random|randomElement|shuffled|shuffle)\((?!\s*(?:in:[^)]*,\s*)?using:)"),
     "randomness without `using:`"),
    (re.compile(r"\bSystemRandomNumberGenerator\b"), "SystemRandomNumberGenerator"),
    (re.compile(r"(?<![\w.])(?:debugPrint|print)\("), "print("),
    (re.compile(r"\bawait\b"), "await"),
    (re.compile(r"\basync\b"), "async"),
    (re.compile(r"\b(?:Mutex|Atomic)\s*[<(]"), "a lock or atomic"),
]
SLEEP = re.compile(r"\bTask\.sleep\b|\bThread\.sleep\b|\b[un]sleep\(|(?<!\w)nanosleep\(|\bsleep\(")
PYTHON_SLEEP = re.compile(r"\btime\.sleep\(")
# Written in two parts, so that this file passes its own check.
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w.$}~/-])/(?:root|home|Users|work|workspace|builds)/[\w.]")
UNCHECKED = re.compile(r"@unchecked\s+Sendable\b|\bnonisolated\(unsafe\)")
FUNCTION = re.compile(r"\b(?:func\s+[^\s(<]+|init[?!]?(?=\s*[(<])|deinit|subscript(?=\s*[(<]))")
SOURCES = (".swift", ".py", ".sh", ".c", ".h", ".cpp", ".proto")


def is_generated(name):
    return name.endswith(".pb.swift")


def check_size(name, text, code):
    """No file over 400 lines, no function over 70."""
    findings = []
    lines = text.count("\n") + (0 if text.endswith("\n") or not text else 1)
    if lines > FILE_LINES_MAX:
        findings.append(f"{name}:1: {lines} lines, at most {FILE_LINES_MAX}: split the file")
    for match in FUNCTION.finditer(code):
        if code[: match.start()].rstrip(" ").endswith("."):
            continue  # a call such as `self.init(…)`
        span = body(code, match.end())
        if span is None:
            continue
        length = line_of(code, span[1]) - line_of(code, match.start()) + 1
        if length > FUNCTION_LINES_MAX:
            where = f"{name}:{line_of(code, match.start())}"
            findings.append(f"{where}: {length} lines in {match[0]}, at most {FUNCTION_LINES_MAX}")
    return findings


def body(code, position):
    """(start, end) of the braces that follow a declaration, or None when it has no body."""
    depth = 0
    while position < len(code):
        character = code[position]
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
            if depth < 0:
                return None
        elif depth == 0 and character == "{":
            return position, matching_brace(code, position)
        elif depth == 0 and character in "};":
            return None
        elif depth == 0 and character == "\n":
            rest = code[position:].lstrip()
            if not re.match(r"\{|->|where\b|async\b|throws\b|rethrows\b|[(&,:]", rest):
                if code[:position].rstrip()[-1:] not in "(,&:>" or rest.startswith("}"):
                    return None
        position += 1
    return None


def matching_brace(code, position):
    depth = 0
    for i in range(position, len(code)):
        depth += {"{": 1, "}": -1}.get(code[i], 0)
        if depth == 0:
            return i
    return len(code) - 1


def check_ring_0(name, code):
    """Nothing in ring 0 that reads the world."""
    findings = []
    for pattern, what in BANNED_IN_RING_0:
        for match in pattern.finditer(code):
            where = f"{name}:{line_of(code, match.start())}"
            findings.append(f"{where}: {what} has no place in ring 0")
    return findings


def check_guards(name, code, comments):
    """A promise to the compiler names, in a comment near by, what keeps it."""
    findings = []
    comment_lines = comments.split("\n")
    for match in UNCHECKED.finditer(code):
        line = line_of(code, match.start())
        near = comment_lines[max(0, line - 1 - GUARD_COMMENT_REACH) : line]
        if not any(re.search(r"\bguard", text, re.IGNORECASE) for text in near):
            findings.append(
                f"{name}:{line}: say in a comment above what guards this ({match[0]})"
            )
    return findings


def check_swift(name, text):
    if is_generated(name):
        return []
    code, comments = split(text)
    findings = check_size(name, text, code) + check_guards(name, code, comments)
    parts = name.split("/")
    if parts[0] == "Sources" and parts[1] in RING_0:
        findings += check_ring_0(name, code)
    if parts[0] == "Tests":
        for match in SLEEP.finditer(code):
            findings.append(
                f"{name}:{line_of(code, match.start())}: tests wait for a condition, never sleep"
            )
    return findings


def check_text(name, text):
    """Rules for every text file."""
    findings = []
    if name.endswith(SOURCES) or name == "Makefile":
        for match in UNFINISHED.finditer(text):
            findings.append(f"{name}:{line_of(text, match.start())}: {match[0]}: finish it or file it")
    for match in MACHINE_PATH.finditer(text):
        findings.append(f"{name}:{line_of(text, match.start())}: a path of one machine: {match[0]}…")
    if name.startswith("Tests/") and name.endswith(".py") and not name.endswith("/polling.py"):
        for match in PYTHON_SLEEP.finditer(text):
            findings.append(f"{name}:{line_of(text, match.start())}: use polling.wait_until")
    return findings


def check_file(name, text):
    findings = check_text(name, text)
    if name.endswith(".swift"):
        findings += check_swift(name, text)
    return findings


def self_test():
    core, test, shell = (
        "Sources/SchedulerCore/A.swift", "Tests/XTests/A.swift", "Sources/ServingRuntime/A.swift",
    )
    long_body = "func f(\n    a: Int,\n    b: Int\n) -> Int\nwhere X: Y {\n" + "    x()\n" * 66 + "}\n"
    unfinished = "TO" + "DO"
    home = "/" + "home/me/x"
    bad = [
        (core, "a\n" * 401, "at most 400"),
        (core, long_body, "at most 70"),
        (core, "init(a: Int) {\n" + "    x()\n" * 70 + "}\n", "at most 70"),
        (core, "internal import Foundation\n", "Foundation"),
        (core, "let d = Date()\n", "Date("),
        (core, "let c = ContinuousClock()\n", "a clock"),
        (core, "schedule(at: .now)\n", ".now"),
        (core, "let x = Int.random(in: 0..<3)\n", "using:"),
        (core, "let x = list.randomElement()\n", "using:"),
        (core, "print(x)\n", "print("),
        (core, "await x()\n", "await"),
        (core, "func f() async {}\n", "async"),
        (core, "let m = Mutex<Int>(0)\n", "lock"),
        (test, "try await Task.sleep(for: .seconds(1))\n", "never sleep"),
        (test, "usleep(10)\n", "never sleep"),
        (test, "Thread.sleep(forTimeInterval: 1)\n", "never sleep"),
        (test, "try await clock.sleep(for: .seconds(1))\n", "never sleep"),
        (shell, "final class A: @unchecked Sendable {}\n", "what guards"),
        (shell, "guard x else { return }\nnonisolated(unsafe) var a = 1\n", "what guards"),
        (shell, f"// {unfinished}: later\n", unfinished),
        ("docs/a.md", f"run {home}\n", "one machine"),
        ("Tests/Protocol/test_a.py", "time.sleep(1)\n", "wait_until"),
    ]
    good = [
        (core, "a\n" * 400),
        (core, "protocol P {\n    func f(a: Int)\n    func g()\n}\n" + "// x\n" * 90),
        (core, "func f() {\n" + "    x()\n" * 68 + "}\n"),
        (core, "let x = Int.random(in: 0..<3, using: &generator)\n"),
        (core, "let x = list.randomElement(using: &generator)\n"),
        (core, "// await Foundation, ContinuousClock.now\nlet s = \"print(\\(await))\"\n"),
        (core, "let x = state.now\n"),
        (test, "try await gate.wait()\n"),
        (shell, "/// Guarded by `lock`.\nfinal class A: @unchecked Sendable {}\n"),
        ("docs/a.md", "see https://example.org/home/page and models/home/x\n"),
        ("Tests/Protocol/polling.py", "time.sleep(1)\n"),
    ]
    failures = []
    for name, text, expected in bad:
        findings = check_file(name, text)
        if not any(expected in finding for finding in findings):
            failures.append(f"no finding with {expected!r} for {text[:60]!r}: {findings}")
    for name, text in good:
        if findings := check_file(name, text):
            failures.append(f"unexpected finding for {text[:60]!r}: {findings}")
    return failures, len(bad) + len(good)


def main():
    if sys.argv[1:] == ["--self-test"]:
        findings, count = self_test()
        summary = f"check_tidy self-test: {count} cases"
    else:
        findings, count = [], 0
        for name in project_files():
            if (text := read_text(name)) is not None:
                count += 1
                findings += check_file(name, text)
        summary = f"check_tidy: {count} files"
    print("\n".join(findings + [f"{summary}, {len(findings)} findings"]))
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
