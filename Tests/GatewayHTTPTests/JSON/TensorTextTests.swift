import EngineAPI
import Foundation
import GatewayHTTP
import ServingModel
import Testing

@Suite("Tensors in JSON")
struct TensorTextTests {
    private func read(_ text: String, _ type: DataType, count: Int) throws -> [UInt8] {
        try scanning("\"x\"" + text) { scanner in
            let name = try scanner.text()
            let buffer = try JSONTensor.read(&scanner, name: name, dataType: type, count: count)
            try scanner.expectEnd()
            return withExtendedLifetime(buffer) { Array(buffer.bytes) }
        }
    }

    private func write(_ bytes: [UInt8], _ type: DataType) -> String {
        let buffer = TextBuffer(capacity: 1)
        bytes.withUnsafeBytes { buffer.appendElements($0, type) }
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    // MARK: Round trips

    @Test(
        "What is written reads back to the same bytes, for every element type",
        arguments: DataType.allCases.filter { ![.fp16, .bf16].contains($0) })
    func roundTrip(type: DataType) throws {
        var generator = SeededGenerator(seed: 5)
        for round in 0..<200 {
            let count = round % 40
            let bytes = Self.randomBytes(&generator, type, count: count)
            let text = write(bytes, type)
            #expect(try read(text, type, count: count) == bytes, "\(text)")
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [Any]
            #expect(object?.count == count)
        }
    }

    @Test("Whole numbers are written like the standard library writes them")
    func decimals() {
        let buffer = TextBuffer(capacity: 1)
        var expected = ""
        var power: UInt = 1
        for _ in 0..<20 {
            for value in [power - 1, power, power + 1] {
                buffer.appendDecimal(value)
                buffer.append(UInt8(ascii: " "))
                expected += "\(value) "
            }
            power = power.multipliedReportingOverflow(by: 10).partialValue
        }
        for value in [Int.min, -1, 0, Int.max] {
            buffer.appendDecimal(value)
            expected += "\(value)"
        }
        #expect(String(decoding: buffer.bytes, as: UTF8.self) == expected)
    }

    @Test("Random singles and doubles come back from their text to the last bit")
    func floats() throws {
        var generator = SeededGenerator(seed: 6)
        var singles: [UInt8] = []
        var doubles: [UInt8] = []
        let count = 20_000
        for _ in 0..<count {
            var single = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
            if !single.isFinite { single = .leastNonzeroMagnitude }
            withUnsafeBytes(of: single) { singles += $0 }
            var double = Double(bitPattern: generator.next())
            if !double.isFinite { double = .greatestFiniteMagnitude }
            withUnsafeBytes(of: double) { doubles += $0 }
        }
        #expect(try read(write(singles, .fp32), .fp32, count: count) == singles)
        #expect(try read(write(doubles, .fp64), .fp64, count: count) == doubles)
    }

    @Test("Not-a-number and the infinities come back")
    func special() throws {
        var bytes: [UInt8] = []
        for value in [Float.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude] {
            withUnsafeBytes(of: value) { bytes += $0 }
        }
        #expect(write(bytes, .fp32) == "[NaN,Infinity,-Infinity,-0.0,1e-45]")
        #expect(try read(write(bytes, .fp32), .fp32, count: 5) == bytes)
    }

    @Test("Both 16-bit formats are written as the numbers that they are, all 65536 of them")
    func halves() {
        for bits in UInt16.min...UInt16.max {
            let half = HalfPrecision.fp16(bits)
            let brain = HalfPrecision.bf16(bits)
            if bits & 0x7C00 == 0x7C00, bits & 0x3FF != 0 {
                #expect(half.isNaN)
            } else {
                #expect(half.bitPattern == Self.reference(bits).bitPattern)
            }
            #expect(brain.bitPattern == UInt32(bits) << 16)
        }
        #expect(write([0x00, 0x3C, 0x00, 0xFC, 0x01, 0x7C], .fp16) == "[1.0,-Infinity,NaN]")
        #expect(write([0x80, 0x3F, 0x80, 0xFF, 0xC0, 0x7F], .bf16) == "[1.0,-Infinity,NaN]")
    }

    /// IEEE half precision, the other way: through the exponents of `ldexp`.
    private static func reference(_ bits: UInt16) -> Float {
        let exponent = Int(bits >> 10 & 31)
        let fraction = Double(bits & 0x3FF)
        let magnitude =
            switch exponent {
            case 0: scalbn(fraction, -24)
            case 31: Double.infinity
            default: scalbn(1_024 + fraction, exponent - 25)
            }
        return Float(bits & 0x8000 == 0 ? magnitude : -magnitude)
    }

    // MARK: Strings

    @Test("Strings keep bytes that are not UTF-8 on their way in")
    func rawStrings() throws {
        let bytes = try scanning(
            Array("\"x\"[\"".utf8) + [0xFF, 0x80] + Array("\",\"\\n\"]".utf8)
        ) { scanner in
            let name = try scanner.text()
            let buffer = try JSONTensor.read(&scanner, name: name, dataType: .bytes, count: 2)
            return withExtendedLifetime(buffer) { Array(buffer.bytes) }
        }
        #expect(bytes == [2, 0, 0, 0, 0xFF, 0x80, 1, 0, 0, 0, 0x0A])
    }

    @Test("Strings that are not UTF-8 are repaired on their way out, so that JSON stays JSON")
    func repairedStrings() throws {
        let bytes: [UInt8] = [3, 0, 0, 0, 0x61, 0xFF, 0x62, 0, 0, 0, 0, 1, 0, 0, 0, 0x07]
        let text = write(bytes, .bytes)
        #expect(text == #"["a\#u{FFFD}b","","\u0007"]"#)
        #expect(try read(text, .bytes, count: 3).count == 4 + 5 + 4 + 4 + 1)
    }

    // MARK: Shapes

    @Test(
        "Data may be flat or nested, however deep",
        arguments: [
            "[1,2,3,4]", "[[1,2],[3,4]]",
            "[[[[1]]],[2,[3]],4]", " [ [ 1 , 2 ] ,\n[ 3 , 4 ] ] ", "[[],1,2,[[3]],4,[]]",
        ])
    func nesting(text: String) throws {
        #expect(try read(text, .uint8, count: 4) == [1, 2, 3, 4])
    }

    @Test(
        "Data that is no array of elements is refused",
        arguments: [
            "1", "{}", "null", "[", "[[1]", "[1]]", "[1,]", "[,1]", "[1 1]", "[[1],]", "[1}",
            "[\"a\"]",
            "[null]", "[true]", "[1.5]", "[256]", "[-1]", "[{}]", "[]]", "[[1][1]]",
        ])
    func broken(text: String) {
        #expect(throws: ServingError.self) { try read(text, .uint8, count: 1) }
    }

    @Test("The number of elements must be that of the shape, and the error says both")
    func wrongCount() {
        for (text, count) in [("[]", 1), ("[1]", 2), ("[1,2,3]", 2), ("[[1],[2]]", 3)] {
            let message = message { _ = try read(text, .int32, count: count) }
            #expect(message?.contains("'x'") == true)
            #expect(message?.contains("\(count)") == true)
        }
    }

    @Test("Arrays nested too deep are refused before the stack ends")
    func depth() {
        let text = String(repeating: "[", count: 10_000)
        let message = message { _ = try read(text, .int32, count: 1) }
        #expect(message?.contains("nested") == true)
    }

    @Test("Booleans are true, false, 1 or 0")
    func booleans() throws {
        #expect(try read("[true,false,1,0,1.0]", .bool, count: 5) == [1, 0, 1, 0, 1])
        for text in ["[2]", "[-1]", "[\"true\"]", "[0.5]", "[tru]"] {
            #expect(throws: ServingError.self, "\(text)") { try read(text, .bool, count: 1) }
        }
    }

    @Test("16-bit formats have no JSON form on their way in", arguments: [DataType.fp16, .bf16])
    func noHalves(type: DataType) {
        let message = message { _ = try read("[1]", type, count: 1) }
        #expect(message?.contains("'x'") == true)
        #expect(message?.contains("binary") == true)
    }

    // MARK: Values

    private static func randomBytes(
        _ generator: inout SeededGenerator, _ type: DataType, count: Int
    ) -> [UInt8] {
        switch type {
        case .bool: return (0..<count).map { _ in UInt8(generator.pick(0...1)) }
        case .fp32:
            return (0..<count).flatMap { _ in
                withUnsafeBytes(of: Float(generator.pick(-1_000...1_000)) / 7) { Array($0) }
            }
        case .fp64:
            return (0..<count).flatMap { _ in
                withUnsafeBytes(of: Double(generator.pick(-1_000...1_000)) / 7) { Array($0) }
            }
        case .bytes:
            return (0..<count).flatMap { _ in
                let text = Array(repeating: generator.pick(of: ["a", "é", "\"", "\n"]), count: 3)
                let content = Array(text.joined().utf8)
                return [UInt8(content.count), 0, 0, 0] + content
            }
        default: return generator.bytes(count * (type.elementSize ?? 1))
        }
    }
}
