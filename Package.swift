// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target of Headway is built with these settings; see `CONTRIBUTING.md`.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// With `HEADWAY_CORE=1` the manifest holds rings 0 and 1 only: no network stack is built, so that
/// the thread sanitizer and a quick edit-test loop need seconds instead of minutes.
let coreOnly = Context.environment["HEADWAY_CORE"] == "1"

func ring(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
    resources: [Resource]? = nil
) -> Target {
    .target(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources,
        swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

var packages: [Package.Dependency] = []

var targets: [Target] = [
    // Ring 0: decide. Pure values.
    ring("ServingModel"),
    ring("ControlCore", ["ServingModel"]),
    ring("SchedulerCore", ["ServingModel", "ControlCore"]),
    ring("TraceFormat", ["ServingModel", "ControlCore", "SchedulerCore"]),

    // Ring 1: drive.
    .target(name: "CPlatform"),
    ring("EngineAPI", ["ServingModel"]),
    ring(
        "ServingRuntime",
        [
            "ServingModel", "ControlCore", "SchedulerCore", "TraceFormat", "EngineAPI", "CPlatform",
        ]),

    // Engines without dependencies of their own.
    ring("EngineSynthetic", ["ServingModel", "EngineAPI"]),
    .target(name: "COnnxRuntime", linkerSettings: [.linkedLibrary("dl")]),
    ring("EngineONNXRuntime", ["ServingModel", "EngineAPI", "COnnxRuntime"]),
    .target(name: "CEnginePlugin", linkerSettings: [.linkedLibrary("dl")]),
    ring("EnginePlugin", ["ServingModel", "EngineAPI", "CEnginePlugin"]),

    // The other shell of ring 1: virtual time.
    ring("Simulator", ["ServingModel", "ControlCore", "SchedulerCore", "TraceFormat"]),

    // Test support, shipped as targets.
    .target(name: "CAllocationCount"),
    ring(
        "SchedulerTesting",
        ["ServingModel", "ControlCore", "SchedulerCore", "TraceFormat", "Simulator"]),
    ring("EngineTesting", ["ServingModel", "EngineAPI"]),

    tests("ServingModelTests", ["ServingModel"]),
    tests("ControlCoreTests", ["ServingModel", "ControlCore", "SchedulerTesting", "Simulator"]),
    tests(
        "SchedulerCoreTests",
        [
            "ServingModel", "ControlCore", "SchedulerCore", "SchedulerTesting", "Simulator",
            "TraceFormat",
        ]),
    tests(
        "TraceFormatTests",
        [
            "ServingModel", "ControlCore", "SchedulerCore", "SchedulerTesting", "Simulator",
            "TraceFormat",
        ]),
    tests(
        "SimulatorTests",
        [
            "ServingModel", "ControlCore", "SchedulerCore", "SchedulerTesting", "Simulator",
            "TraceFormat", "CAllocationCount",
        ]),
    tests(
        "ServingRuntimeTests",
        [
            "ServingModel", "ControlCore", "SchedulerCore", "EngineAPI", "EngineSynthetic",
            "ServingRuntime", "SchedulerTesting", "TraceFormat",
        ]),
    tests(
        "EngineSyntheticTests", ["ServingModel", "EngineAPI", "EngineSynthetic", "EngineTesting"]),
    tests(
        "EngineONNXRuntimeTests",
        ["ServingModel", "EngineAPI", "EngineONNXRuntime", "EngineTesting"]),
    tests(
        "EnginePluginTests",
        [
            "ServingModel", "EngineAPI", "EnginePlugin", "EngineTesting", "SchedulerTesting",
            "Simulator",
        ]),
]

if !coreOnly {
    packages += [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ]
    let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
    let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
    let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
    let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
    let lifecycle = Target.Dependency.product(
        name: "ServiceLifecycle", package: "swift-service-lifecycle")

    targets += [
        ring(
            "ModelRepository",
            [
                "ServingModel", "EngineAPI",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ], exclude: ["Proto/model_config.proto"]),

        // Ring 2: adapt.
        .target(name: "CCompression", linkerSettings: [.linkedLibrary("z")]),
        ring(
            "ServerConfiguration",
            ["ServingModel", "SchedulerCore", .product(name: "Yams", package: "Yams")]),
        ring(
            "ScenarioFiles",
            [
                "ServingModel", "ControlCore", "SchedulerCore", "TraceFormat", "Simulator",
                "ServerConfiguration", .product(name: "Yams", package: "Yams"),
            ]),
        .target(name: "CNVML", linkerSettings: [.linkedLibrary("dl")]),
        ring(
            "Telemetry", ["ServingModel", "ControlCore", "ServingRuntime", "CPlatform", "CNVML"]),
        ring(
            "GatewayCore",
            [
                "ServingModel", "ControlCore", "EngineAPI", "ServingRuntime", "ModelRepository",
                logging,
            ]),
        ring(
            "GatewayHTTP",
            [
                "ServingModel", "EngineAPI", "ServingRuntime", "ModelRepository", "GatewayCore",
                "Telemetry", "CCompression", "CPlatform", logging, nioCore, nioPosix,
                nioHTTP1, lifecycle,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
            ], resources: [.embedInCode("Dashboard/dashboard.html")]),

        // Ring 3: compose.
        .executableTarget(
            name: "headway",
            dependencies: [
                "ServingModel", "EngineAPI", "EngineSynthetic", "EngineONNXRuntime",
                "EnginePlugin",
                "ModelRepository", "ServingRuntime", "ServerConfiguration", "Telemetry",
                "GatewayCore", "GatewayHTTP", "ControlCore", "SchedulerCore", "TraceFormat",
                "Simulator",
                "ScenarioFiles", logging, lifecycle, nioCore, nioPosix,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),

        tests("ModelRepositoryTests", ["ServingModel", "EngineAPI", "ModelRepository"]),
        tests(
            "ServerConfigurationTests", ["ServingModel", "SchedulerCore", "ServerConfiguration"]),
        tests(
            "ScenarioFilesTests",
            [
                "ServingModel", "ControlCore", "SchedulerCore", "TraceFormat", "Simulator",
                "ScenarioFiles",
            ]),
        tests("TelemetryTests", ["ServingModel", "ControlCore", "ServingRuntime", "Telemetry"]),
        tests(
            "GatewayHTTPTests",
            [
                "ServingModel", "EngineAPI", "EngineSynthetic", "ModelRepository", "ServingRuntime",
                "ServerConfiguration", "Telemetry", "GatewayCore", "GatewayHTTP", logging,
                lifecycle, nioCore, nioHTTP1, nioPosix,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]),
        tests(
            "GatewayCoreTests",
            [
                "ServingModel", "EngineAPI", "EngineSynthetic", "ModelRepository",
                "ServingRuntime", "GatewayCore", logging,
            ]),
    ]
}

let package = Package(
    name: "headway",
    products: coreOnly ? [] : [.executable(name: "headway", targets: ["headway"])],
    dependencies: packages,
    targets: targets
)
