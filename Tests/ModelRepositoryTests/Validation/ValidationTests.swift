import ModelRepository
import Testing

@Suite struct ValidationTests {
    /// A configuration with one fault: the text, the field that the error names and a piece of what it says.
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let field: String
        let fragment: String

        init(_ text: String, _ field: String, _ fragment: String) {
            self.text = text
            self.field = field
            self.fragment = fragment
        }

        var testDescription: String { text }
    }

    private static func input(_ rest: String) -> String {
        "input { name: 'x' data_type: TYPE_FP32 \(rest) }"
    }

    static let tensorCases: [Case] = [
        Case("name: 'other'", "name", "but the model's directory is 'm'"),
        Case("max_batch_size: -1", "max_batch_size", "is -1; 0 (no batch dimension) or more"),
        Case("input { data_type: TYPE_FP32 dims: 1 }", "input[0].name", "is empty"),
        Case("input { name: 'x' dims: 1 }", "input[0].data_type", "TYPE_FP32"),
        Case(
            "input { name: 'x' data_type: TYPE_INVALID dims: 1 }", "input[0].data_type",
            "TYPE_STRING"),
        Case(input("dims: 0"), "input[0].dims", "has 0; an extent is 1 or more, or -1"),
        Case(input("dims: [4, -2]"), "input[0].dims", "has -2"),
        Case(
            input("dims: [4294967296, 4294967296]"), "input[0].dims", "more elements than memory"),
        Case(
            input("dims: [" + Array(repeating: "1", count: 33).joined(separator: ",") + "]"),
            "input[0].dims", "has 33 extents; 32 are allowed"),
        Case(input("dims: 1") + input("dims: 1"), "input[1].name", "used by an earlier tensor"),
        Case(input("dims: [1, 2] format: FORMAT_NHWC"), "input[0].dims", "image format takes 3"),
        Case(
            input("dims: [6] reshape { shape: [4] }"), "input[0].reshape.shape",
            "[4] holds another number of elements than dims [6]"),
        Case(
            input("dims: [-1, 6] reshape { shape: [6, -1] }"), "input[0].reshape.shape",
            "another number of elements"),
        Case(input("dims: [1] reshape { }"), "input[0].reshape.shape", "needs a max_batch_size"),
        Case(input("reshape { shape: [1] }"), "input[0].reshape.shape", "needs 'dims'"),
        Case("output { data_type: TYPE_FP32 dims: 1 }", "output[0].name", "is empty"),
        Case(
            "output { name: 'y' data_type: TYPE_FP32 dims: 1 label_filename: '../l' }",
            "output[0].label_filename", "a relative path without '..'"),
        Case("default_model_filename: '/etc/passwd'", "default_model_filename", "'/etc/passwd'"),
        Case("default_model_filename: 'a/../../b'", "default_model_filename", "without '..'"),
        Case("default_model_filename: 'a//b'", "default_model_filename", "without '..'"),
        Case("default_model_filename: '.'", "default_model_filename", "without '..'"),
    ]

    static let schedulingCases: [Case] = [
        Case(
            "max_batch_size: 4 dynamic_batching { preferred_batch_size: [4, 8] }",
            "dynamic_batching.preferred_batch_size", "has 8, more than max_batch_size, which is 4"),
        Case(
            "dynamic_batching { preferred_batch_size: 0 }",
            "dynamic_batching.preferred_batch_size", "has 0"),
        Case(
            "dynamic_batching { priority_levels: 2 default_priority_level: 3 }",
            "dynamic_batching.default_priority_level", "from 1 to priority_levels (2)"),
        Case(
            "dynamic_batching { priority_levels: 2 }",
            "dynamic_batching.default_priority_level", "is 0"),
        Case(
            "dynamic_batching { default_priority_level: 1 }",
            "dynamic_batching.default_priority_level", "there are no priority_levels"),
        Case(
            "dynamic_batching { priority_levels: 99999 default_priority_level: 1 }",
            "dynamic_batching.priority_levels", "1024 are allowed"),
        Case(
            "dynamic_batching { priority_queue_policy { key: 1 value { } } }",
            "dynamic_batching.priority_queue_policy[\"1\"]", "priority_levels is 0"),
        Case(
            "dynamic_batching { default_queue_policy { timeout_action: 7 } }",
            "dynamic_batching.default_queue_policy.timeout_action", "REJECT or DELAY"),
        Case("instance_group { count: -2 }", "instance_group[0].count", "is -2"),
        Case("instance_group { count: 4000 }", "instance_group", "1024 are allowed"),
        Case("instance_group { kind: KIND_CPU gpus: 0 }", "instance_group[0].gpus", "KIND_CPU"),
        Case("instance_group { kind: 9 }", "instance_group[0].kind", "KIND_AUTO"),
        Case("version_policy { specific { } }", "version_policy.specific.versions", "is empty"),
        Case(
            "version_policy { specific { versions: [2, 0] } }", "version_policy.specific.versions",
            "has 0"),
        Case(
            "parameters { key: 'threads_per_instance' value { string_value: 'many' } }",
            "parameters[\"threads_per_instance\"]", "is 'many'; a whole number from 1 to 1024"),
        Case(
            "parameters { key: 'threads_per_instance' value { string_value: '0' } }",
            "parameters[\"threads_per_instance\"]", "is '0'"),
        Case(
            "parameters { key: 'device' value { string_value: '' } }",
            "parameters[\"device\"]", "is empty"),
        Case(
            "parameters { key: 'check_outputs' value { string_value: 'yes' } }",
            "parameters[\"check_outputs\"]", "is 'yes'; true or false"),
        Case(
            "parameters { key: 'variant_loading' value { string_value: 'lazy' } }",
            "parameters[\"variant_loading\"]", "is 'lazy'; always or on_demand"),
        Case(
            "parameters { key: 'variant_loading' value { string_value: 'on_demand' } }",
            "parameters[\"variant_loading\"]", "has no effect without the parameter 'variants'"),
        Case(
            "instance_group { count: 2 } parameters { key: 'device' value { string_value: 'cpu-a' } }",
            "parameters[\"device\"]", "is shared by 2 instances"),
    ]

    static let warmupCases: [Case] = [
        Case("model_warmup { name: 's' }", "model_warmup[0].batch_size", "is 0"),
        Case(
            "max_batch_size: 2 model_warmup { batch_size: 3 }", "model_warmup[0].batch_size",
            "is 3"),
        Case("model_warmup { batch_size: 1 count: 1000000 }", "model_warmup[0].count", "100000"),
        Case(
            input("dims: 1") + "model_warmup { batch_size: 1 }", "model_warmup[0].inputs",
            "lacks the input 'x'"),
        Case(
            "model_warmup { batch_size: 1 inputs { key: 'x' value { data_type: TYPE_FP32 } } }",
            "model_warmup[0].inputs[\"x\"]", "zero_data, random_data and input_data_file"),
        Case(
            "model_warmup { batch_size: 1 inputs { key: 'x' value { zero_data: true } } }",
            "model_warmup[0].inputs[\"x\"].data_type", "TYPE_FP32"),
        Case(
            "model_warmup { batch_size: 1 inputs { key: 'x' value"
                + " { data_type: TYPE_FP32 dims: -1 zero_data: true } } }",
            "model_warmup[0].inputs[\"x\"].dims", "has -1"),
        Case(
            "model_warmup { batch_size: 1 inputs { key: 'x' value"
                + " { data_type: TYPE_FP32 input_data_file: '../x' } } }",
            "model_warmup[0].inputs[\"x\"].input_data_file", "without '..'"),
    ]

    static let libraryCases: [Case] = ["../a.so", "/x/../a.so", "", "a//b.so"].map {
        Case(
            "model_operations { op_library_filename: ['ok.so', '/usr/lib/ok.so', '\($0)'] }",
            "model_operations.op_library_filename[2]", "is '\($0)'")
    }

    @Test(
        "A value that is not allowed is refused with its field and what is allowed",
        arguments: tensorCases + schedulingCases + warmupCases + libraryCases)
    func invalid(_ item: Case) throws {
        let error = try #require(failure(item.text))
        #expect(error.problems.map(\.field) == [item.field])
        #expect(error.problems.map(\.kind) == [.invalid])
        #expect(error.problems.first?.location?.file == "config.pbtxt")
        #expect("\(error)".contains(item.field))
        #expect("\(error)".contains(item.fragment), "\(error)")
    }

    static let unsupportedCases: [(String, String)] = [
        ("sequence_batching { }", "sequence_batching"),
        ("ensemble_scheduling { step { model_name: 'a' } }", "ensemble_scheduling"),
        ("model_transaction_policy { decoupled: true }", "model_transaction_policy.decoupled"),
        ("instance_group { kind: KIND_GPU }", "instance_group[0].kind"),
        ("instance_group { passive: true }", "instance_group[0].passive"),
        (
            "instance_group { secondary_devices { device_id: 1 } }",
            "instance_group[0].secondary_devices"
        ),
        (input("dims: 1 optional: true"), "input[0].optional"),
        (input("dims: 1 allow_ragged_batch: true"), "input[0].allow_ragged_batch"),
        (input("dims: 1 is_shape_tensor: true"), "input[0].is_shape_tensor"),
        (input("dims: 1 is_non_linear_format_io: true"), "input[0].is_non_linear_format_io"),
        (
            "output { name: 'y' data_type: TYPE_FP32 dims: 1 is_shape_tensor: true }",
            "output[0].is_shape_tensor"
        ),
        ("batch_input { kind: BATCH_ELEMENT_COUNT }", "batch_input"),
        ("batch_output { target_name: 'y' }", "batch_output"),
        (
            "model_repository_agents { agents { name: 'checksum' } }",
            "model_repository_agents.agents"
        ),
    ]

    @Test(
        "A feature that this server does not have is refused by name, never dropped",
        arguments: unsupportedCases)
    func unsupported(_ text: String, _ field: String) throws {
        let error = try #require(failure(text))
        #expect(error.problems.map(\.kind) == [.unsupported])
        #expect(error.problems.map(\.field) == [field])
        #expect("\(error)".contains("\(field): "))
    }

    @Test(
        "A feature that is switched off, and the decoupled policy's default, are no obstacle",
        arguments: [
            "model_transaction_policy { decoupled: false }", "model_repository_agents { }",
            "model_operations { }", input("dims: 1 optional: false"),
        ])
    func switchedOff(_ text: String) {
        #expect(failure(text) == nil)
    }

    static let ignoredCases: [(String, [String])] = [
        ("optimization { priority: PRIORITY_MAX }", ["optimization"]),
        ("runtime: 'lib.so'", ["runtime"]),
        ("cc_model_filenames { key: '8.0' value: 'a.plan' }", ["cc_model_filenames"]),
        ("metric_tags { key: 'a' value: 'b' }", ["metric_tags"]),
        ("model_metrics { }", ["model_metrics"]),
        ("instance_group { gpus: [0, 1] }", ["instance_group[0].gpus"]),
        (
            "instance_group { rate_limiter { priority: 2 } profile: '1' host_policy: 'h' }",
            [
                "instance_group[0].rate_limiter", "instance_group[0].profile",
                "instance_group[0].host_policy",
            ]
        ),
    ]

    @Test("A hint without effect here is accepted and listed", arguments: ignoredCases)
    func ignored(_ text: String, _ fields: [String]) throws {
        let model = try ModelConfiguration(pbtxt: text, directoryName: "m")
        #expect(model.ignoredFields == fields)
    }

    @Test("Everything that is wrong is reported at once, with the line of each field")
    func allProblems() throws {
        let error = try #require(
            failure(
                """
                max_batch_size: -3
                input [
                  { name: "x" data_type: TYPE_FP32 dims: [ 1 ] },
                  { name: "x"
                    data_type: TYPE_FP32
                    dims: [ 0 ] }
                ]
                output { dims: [ 2 ] }
                instance_group { kind: KIND_GPU }
                """))
        #expect(
            error.problems.map(\.field) == [
                "max_batch_size", "input[1].name", "input[1].dims", "output[0].name",
                "output[0].data_type", "instance_group[0].kind",
            ])
        #expect(error.problems.map { $0.location?.line } == [1, 4, 6, 8, 8, 9])
        #expect("\(error)".hasPrefix("config.pbtxt:1:1: max_batch_size: is -3; "))
    }

    @Test("A report of thousands of problems stays readable")
    func manyProblems() throws {
        let error = try #require(
            failure(String(repeating: "input { dims: 0 }\n", count: 10_000)))
        #expect(error.problems.count == 20)
        #expect(error.omittedCount == 3 * 10_000 - 20)
        #expect("\(error)".hasSuffix("and 29980 more"))
    }

    @Test("Variable extents may be reshaped when the runs between them agree")
    func reshape() {
        for reshape in ["[-1, 2, 3]", "[-1, 6]", "[-1, 6, 1]"] {
            let text = Self.input("dims: [-1, 6] reshape { shape: \(reshape) }")
            #expect(failure(text) == nil)
        }
        #expect(
            failure("max_batch_size: 1 " + Self.input("dims: [1] reshape { }")) == nil)
    }
}
