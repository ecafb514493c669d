import GatewayHTTP
import ServingModel
import ServingRuntime

/// A request as bytes: its JSON part, and what follows.
struct RenderedInfer {
    var json: [UInt8]
    var binary: [UInt8]
}

extension InferCase {
    /// The request, its members in random order, with random space.
    ///
    /// - Parameter again: Position of an input that is written twice.
    func rendered(_ generator: inout SeededGenerator, again: Int? = nil) -> RenderedInfer {
        var binary: [UInt8] = []
        let twice = again.map { [inputs[$0]] } ?? []
        let objects = (inputs.shuffled(using: &generator) + twice).map { input in
            binary += input.binary ?? []
            return object(input.members(&generator), &generator)
        }
        var members = [("inputs", array(objects, &generator))]
        if let id { members.append(("id", Self.quoted(id))) }
        var parameters: [(String, String)] = [("unknown", "[null,{\"a\":\"}\"}]")]
        if let priority { parameters.append(("priority", "\(priority)")) }
        if let timeout { parameters.append(("timeout", "\(timeout)")) }
        if let outputsAreBinary { parameters.append(("binary_data_output", "\(outputsAreBinary)")) }
        members.append(("parameters", object(parameters, &generator)))
        if !wantsOutputs.isEmpty {
            let outputs = wantsOutputs.map { wanted in
                var members = [("name", Self.quoted(interface.outputs[wanted.index].name))]
                if let isBinary = wanted.isBinary {
                    members.append(("parameters", "{\"binary_data\":\(isBinary)}"))
                }
                return object(members, &generator)
            }
            members.append(("outputs", array(outputs, &generator)))
        }
        members.append(("extra", "{\"inputs\":[],\"id\":7}"))
        return RenderedInfer(json: Array(object(members, &generator).utf8), binary: binary)
    }

    /// `text` as a JSON string.
    static func quoted(_ text: String) -> String {
        let buffer = TextBuffer(capacity: 64)
        buffer.appendJSON(text)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    fileprivate func object(
        _ members: [(String, String)], _ generator: inout SeededGenerator
    ) -> String {
        let space = generator.pick(of: ["", "", " ", "\r\n\t"])
        let texts = members.shuffled(using: &generator).map {
            "\(Self.quoted($0.0))\(space):\(space)\($0.1)"
        }
        return "{\(space)\(texts.joined(separator: "\(space),\(space)"))\(space)}"
    }

    private func array(_ elements: [String], _ generator: inout SeededGenerator) -> String {
        let space = generator.pick(of: ["", "", " ", "\n"])
        return "[\(space)\(elements.joined(separator: ",\(space)"))\(space)]"
    }
}

extension InferCase.Input {
    /// The members of the input object.
    fileprivate func members(_ generator: inout SeededGenerator) -> [(String, String)] {
        var members: [(String, String)] = [("comment", "\"data\"")]
        if let name { members.append(("name", InferCase.quoted(name))) }
        if let dataType { members.append(("datatype", InferCase.quoted(dataType))) }
        if let shape { members.append(("shape", "\(shape)")) }
        if let data { members.append(("data", nested(data, &generator))) }
        if let size = announced ?? binary?.count {
            members.append(("parameters", "{\"binary_data_size\":\(size),\"x\":{}}"))
        }
        return members
    }

    /// The elements as one list, or in lists of the last extent.
    private func nested(_ data: [String], _ generator: inout SeededGenerator) -> String {
        guard let last = shape?.last, last > 1, data.count > last, generator.chance(percent: 50)
        else { return "[\(data.joined(separator: ","))]" }
        let rows = stride(from: 0, to: data.count, by: last).map { start in
            "[\(data[start..<min(start + last, data.count)].joined(separator: ","))]"
        }
        return "[\(rows.joined(separator: ", "))]"
    }
}
