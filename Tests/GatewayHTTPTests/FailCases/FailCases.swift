import GatewayHTTP
import ServingModel
import ServingRuntime
import Testing

/// Requests that once did harm, by name. They stay here for good.
enum FailCases {
    /// One request and a word that its refusal must hold.
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var json: String
        var word: String
    }

    /// The model that the requests are for.
    static let interface = ModelInterface(
        name: "m", version: 1, engine: "none", maxBatchSize: 8,
        inputs: [
            TensorInterface(name: "x", dataType: .fp32, dims: [-1]),
            TensorInterface(name: "s", dataType: .bytes, dims: [1]),
        ], outputs: [TensorInterface(name: "y", dataType: .fp32, dims: [1])])

    static let all = [
        Case(
            testDescription:
                "a shape of terabytes with one element, allocated before it was checked",
            json: request(#""name":"x","datatype":"FP64","shape":[1099511627776],"data":[1]"#),
            word: "'x'"),
        Case(
            testDescription: "a shape of terabytes that the model's open extent admits",
            json: request(#""name":"x","datatype":"FP32","shape":[8,137438953472],"data":[1]"#),
            word: "'x'"),
        Case(
            testDescription:
                "a second shape after the data, larger: rows of other requests were read",
            json: request(
                #""name":"x","datatype":"FP32","shape":[1,1],"data":[1],"shape":[1,4]"#),
            word: "'shape' is given twice"),
        Case(
            testDescription: "a second element type after the data",
            json: request(
                #""name":"x","datatype":"INT8","shape":[1,1],"data":[1],"datatype":"FP32""#),
            word: "'datatype' is given twice"),
        Case(
            testDescription: "data twice, the second one after another shape",
            json: request(
                #""name":"x","datatype":"FP32","shape":[1,1],"data":[1],"data":[1,2]"#),
            word: "'data' is given twice"),
        Case(
            testDescription: "a name twice, the data read under the first one",
            json: request(
                #""name":"s","datatype":"FP32","shape":[1,1],"data":[1],"name":"x""#),
            word: "'name' is given twice"),
        Case(
            testDescription: "an element out of range before the shape, whose tensor was not named",
            json: request(#""data":[1,{}],"name":"x","datatype":"FP32","shape":[1,2]"#),
            word: "'x'"),
    ]

    private static func request(_ input: String) -> String {
        #"{"inputs":[{\#(input)},{"name":"s","datatype":"BYTES","shape":[1,1],"data":["a"]}]}"#
    }
}
