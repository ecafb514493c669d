#!/usr/bin/env python3
"""Checks every import against the layer table below (docs/architecture.md has the picture).

    scripts/check_layers.py             # check the project: file:line of every finding
    scripts/check_layers.py --self-test # show that each rule can fail

The build checks that a target declares what it imports; this script checks that it may. Rules:
an import is in its target's row; arrows only go down the rings; every import in Sources says its
access level; `@testable`, `@_exported` and `@preconcurrency` imports are not used.
"""

import re
import sys

from project_files import project_files, read_text
from swift_source import line_of, split

COLLECTIONS = {
    "Collections", "BasicContainers", "BitCollections", "ContainersPreview", "DequeModule",
    "HashTreeCollections", "HeapModule", "OrderedCollections",
}
LIBC = {"Glibc", "Musl", "Darwin"}
FOUNDATION = {"Foundation", "FoundationEssentials"}
NIO = {"NIOCore", "NIOPosix", "NIOHTTP1", "NIOFoundationCompat", "NIOConcurrencyHelpers"}

RING_0 = ["ServingModel", "ControlCore", "SchedulerCore", "TraceFormat"]

# Target: (ring, own modules it may import, other modules it may import).
TABLE = {
    # Ring 0, decide: pure values. The standard library and collections only.
    "ServingModel": (0, set(), COLLECTIONS),
    "ControlCore": (0, {"ServingModel"}, COLLECTIONS),
    "SchedulerCore": (0, {"ServingModel", "ControlCore"}, COLLECTIONS),
    "TraceFormat": (0, {"ServingModel", "ControlCore", "SchedulerCore"}, COLLECTIONS),
    # Ring 1, drive: clocks, threads and files, but no network stack.
    "EngineAPI": (1, {"ServingModel"}, LIBC),
    "ServingRuntime": (
        1,
        {"ServingModel", "ControlCore", "SchedulerCore", "TraceFormat", "EngineAPI", "CPlatform"},
        COLLECTIONS | LIBC | {"Synchronization"},
    ),
    "ModelRepository": (
        1,
        {"ServingModel", "EngineAPI"},
        FOUNDATION | LIBC | {"SwiftProtobuf", "Synchronization"},
    ),
    # Virtual time: it never meets ServingRuntime, the live shell.
    "Simulator": (1, {"ServingModel", "ControlCore", "SchedulerCore", "TraceFormat"}, set()),
    # Ring 2, adapt: the outside world.
    "EngineSynthetic": (2, {"ServingModel", "EngineAPI"}, LIBC | {"Synchronization"}),
    "EngineONNXRuntime": (
        2,
        {"ServingModel", "EngineAPI", "COnnxRuntime"},
        LIBC | {"Synchronization"},
    ),
    "EnginePlugin": (
        2,
        {"ServingModel", "EngineAPI", "CEnginePlugin"},
        LIBC | {"Synchronization"},
    ),
    "ServerConfiguration": (2, {"ServingModel", "SchedulerCore"}, FOUNDATION | LIBC | {"Yams"}),
    "ScenarioFiles": (
        2,
        {
            "ServingModel", "ControlCore", "SchedulerCore", "TraceFormat", "Simulator",
            "ServerConfiguration",
        },
        FOUNDATION | LIBC | {"Yams"},
    ),
    "Telemetry": (
        2,
        {"ServingModel", "ControlCore", "ServingRuntime", "CPlatform", "CNVML"},
        LIBC | {"Synchronization"},
    ),
    "GatewayCore": (
        2,
        {
            "ServingModel", "ControlCore", "EngineAPI", "ServingRuntime", "ModelRepository",
            "ServerConfiguration",
        },
        FOUNDATION | LIBC | {"Logging", "Synchronization"},
    ),
    "GatewayHTTP": (
        2,
        {
            "ServingModel", "EngineAPI", "ServingRuntime", "ModelRepository", "GatewayCore",
            "Telemetry", "CCompression", "CPlatform",
        },
        FOUNDATION | LIBC | NIO | {
            "HTTPTypes", "Hummingbird", "HummingbirdCore", "Logging",
            "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "ServiceLifecycle", "Synchronization",
        },
    ),
    # Ring 3, compose.
    "headway": (
        3,
        {
            "ServingModel", "EngineAPI", "EngineSynthetic", "EngineONNXRuntime", "EnginePlugin",
            "ModelRepository", "ServingRuntime", "ServerConfiguration", "Telemetry",
            "GatewayCore", "GatewayHTTP", "ControlCore", "SchedulerCore", "TraceFormat",
            "Simulator", "ScenarioFiles",
        },
        FOUNDATION | LIBC
        | {
            "ArgumentParser", "Dispatch", "Logging", "ServiceLifecycle", "Synchronization",
            "UnixSignals",
        },
    ),
    # Test support, shipped as targets; each may look at what it helps to test.
    "SchedulerTesting": (
        1,
        {"ServingModel", "ControlCore", "SchedulerCore", "TraceFormat", "Simulator"},
        COLLECTIONS | LIBC,  # it reads SEED and SEEDS from the environment
    ),
    "EngineTesting": (1, {"ServingModel", "EngineAPI"}, LIBC | {"Synchronization", "Testing"}),
}

C_TARGETS = {
    "CPlatform": 1, "CAllocationCount": 1, "COnnxRuntime": 2, "CEnginePlugin": 2,
    "CCompression": 2, "CNVML": 2,
}
TEST_SUPPORT = {"SchedulerTesting", "Simulator", "EngineTesting", "EngineSynthetic"}
# What the tests of one target may import besides.
TEST_ONLY = {
    "GatewayHTTP": {"NIOEmbedded"},
    "SchedulerCore": {"TraceFormat"},
    "Simulator": {"CAllocationCount"},
}
ACCESS = {"public", "package", "internal", "private", "fileprivate"}

IMPORT = re.compile(
    r"^[ \t]*(?P<attributes>(?:@\w+(?:\([^)\n]*\))?\s+)*)"
    r"(?:(?P<access>public|package|internal|private|fileprivate)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(?P<module>\w+)",
    re.MULTILINE,
)


def allowed_modules(folder, target):
    """What the target may import, or None when the table does not know it."""
    if folder == "Sources":
        if target not in TABLE:
            return None
        _, own, others = TABLE[target]
        return own | others
    subject = target.removesuffix("Tests")
    if subject not in TABLE:
        return None
    _, own, others = TABLE[subject]
    allowed = {subject, "Testing", "Synchronization"} | own | others | TEST_SUPPORT
    return allowed | FOUNDATION | LIBC | TEST_ONLY.get(subject, set())


def check_file(name, text):
    """Findings in one Swift file, as `path:line: message`."""
    parts = name.split("/")
    if len(parts) < 3 or parts[0] not in ("Sources", "Tests"):
        return []
    folder, target = parts[0], parts[1]
    allowed = allowed_modules(folder, target)
    if allowed is None:
        return [f"{name}:1: target {target} is not in the table of scripts/check_layers.py"]
    findings = []
    code, _ = split(text)
    for match in IMPORT.finditer(code):
        where = f"{name}:{line_of(code, match.start('module'))}"
        module, attributes = match["module"], match["attributes"]
        if module not in allowed:
            findings.append(f"{where}: {target} must not import {module}")
        if folder == "Sources" and match["access"] is None:
            findings.append(f"{where}: write an access level: `internal import {module}`")
        for attribute in ("@testable", "@_exported", "@preconcurrency"):
            if attribute in attributes:
                findings.append(f"{where}: {attribute} imports are not used here")
    return findings


def check_table(table):
    """The table itself: arrows only go down, and it names only targets it knows."""
    rings = {name: row[0] for name, row in table.items()} | C_TARGETS
    findings = []
    for name, (ring, own, _) in table.items():
        for module in sorted(own):
            if module not in rings:
                findings.append(f"table: {name} names an unknown target {module}")
            elif rings[module] > ring:
                findings.append(f"table: {name} (ring {ring}) points up to {module}")
    return findings


def self_test():
    bad = [
        ("Sources/SchedulerCore/A.swift", "internal import Foundation\n", "must not import"),
        ("Sources/SchedulerCore/A.swift", "internal import ServingRuntime\n", "must not import"),
        ("Sources/ServingRuntime/A.swift", "internal import NIOCore\n", "must not import"),
        ("Sources/ServingRuntime/A.swift", "private import Foundation\n", "must not import"),
        ("Sources/ControlCore/A.swift", "import ServingModel\n", "access level"),
        ("Sources/ControlCore/A.swift", "/* x */\nimport struct ServingModel.Instant\n", ":2:"),
        ("Tests/ControlCoreTests/A.swift", "@testable import ControlCore\n", "@testable"),
        ("Sources/GatewayHTTP/A.swift", "@_exported public import NIOCore\n", "@_exported"),
        ("Sources/GatewayHTTP/A.swift", "@preconcurrency internal import NIOCore\n", "@precon"),
        ("Sources/Newcomer/A.swift", "\n", "not in the table"),
        ("Tests/ControlCoreTests/A.swift", "import SchedulerCore\n", "must not import"),
    ]
    good = [
        ("Sources/SchedulerCore/A.swift", "package import ControlCore\n"),
        ("Sources/SchedulerCore/A.swift", "internal import HeapModule // import Foundation\n"),
        ("Sources/SchedulerCore/A.swift", 'let text = """\nimport Foundation\n"""\n'),
        ("Tests/ControlCoreTests/A.swift", "import Testing\nimport ControlCore\n"),
    ]
    failures = []
    for name, text, expected in bad:
        findings = check_file(name, text)
        if not any(expected in finding for finding in findings):
            failures.append(f"no finding with {expected!r} for {text!r} in {name}: {findings}")
    for name, text in good:
        if findings := check_file(name, text):
            failures.append(f"unexpected finding: {findings}")
    nio = "import NIOEmbedded\n"
    if check_file("Tests/GatewayHTTPTests/A.swift", nio) or not check_file(
        "Tests/GatewayCoreTests/A.swift", nio
    ):
        failures.append("an import that only one target's tests may use was not told apart")
    if not check_table({"Low": (0, {"High"}, set()), "High": (1, set(), set())}):
        failures.append("an arrow that goes up was not found")
    return failures, len(bad) + len(good) + 2


def main():
    if sys.argv[1:] == ["--self-test"]:
        findings, count = self_test()
        summary = f"check_layers self-test: {count} cases"
    else:
        findings = check_table(TABLE)
        names = [name for name in project_files() if name.endswith(".swift")]
        for name in names:
            findings += check_file(name, read_text(name) or "")
        summary = f"check_layers: {len(names)} files"
    print("\n".join(findings + [f"{summary}, {len(findings)} findings"]))
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
