import Foundation
import GatewayHTTP
import ServingModel
import Testing

@Suite("Numbers in JSON")
struct NumberTests {
    /// Reads one text after another in the same guarded memory.
    private struct Reader {
        private let memory = GuardedMemory(capacity: 1 << 16)

        func double(_ text: String) throws -> Double {
            var scanner = JSONScanner(memory.place(Array(text.utf8)))
            let value = try scanner.double()
            try scanner.expectEnd()
            return value
        }

        func integer<Integer: FixedWidthInteger>(
            _ text: String, _ type: Integer.Type
        ) throws -> Integer {
            var scanner = JSONScanner(memory.place(Array(text.utf8)))
            let value = try scanner.integer(Integer.self)
            try scanner.expectEnd()
            return value
        }
    }

    // MARK: Doubles

    @Test("A hundred thousand random texts are read like the standard library reads them")
    func differential() throws {
        let reader = Reader()
        var generator = SeededGenerator(seed: 1)
        var wrong: [String] = []
        for seed in 0..<100_000 {
            let text = Self.randomNumber(&generator, kind: seed % 5)
            let expected = try #require(Double(text), "\(text) is a number")
            let found = try reader.double(text)
            if found.bitPattern != expected.bitPattern { wrong.append(text) }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }

    @Test(
        "The corners of the format are read to the last bit",
        arguments: [
            "0", "-0", "0.0", "-0.0", "0e0", "-0E+0", "0e999", "0.000e-999", "1", "-1", "1e0",
            "1E+0",
            "1e-0", "9007199254740991", "9007199254740992", "9007199254740993", "9007199254740995",
            "9007199254740993.0", "9007199254740993e0", "1e22", "1e23", "1e-22", "1e-23",
            "9007199254740991e22", "9007199254740991e-22", "9007199254740992e22",
            "123456789012345678",
            "1234567890123456789", "12345678901234567890", "18446744073709551615",
            "18446744073709551616", "99999999999999999999", "123456789012345678901234567890",
            "0.1234567890123456789", "0.12345678901234567890123", "1.7976931348623157e308",
            "1.7976931348623158e308", "1.7976931348623159e308", "1e308", "-1e308", "1e309",
            "-1e400",
            "1e99999", "1e999999999999999999999", "2.2250738585072014e-308",
            "2.2250738585072011e-308", "5e-324", "4.9e-324", "2.5e-324", "2.4703282292062327e-324",
            "2.4703282292062328e-324", "-5e-324", "1e-400", "1e-999999999999999999999",
            "0.00000000000000000000000000000000000000000000000000000001",
            "100000000000000000000000000000000000000000000000000000000000000e-62",
            "179769313486231580793728971405301e276", "6929495644600919.5", "3.14159265358979323846",
        ])
    func corners(text: String) throws {
        let expected = try #require(Double(text))
        #expect(try reading(text) { try $0.double() }.bitPattern == expected.bitPattern)
    }

    @Test("Numbers halfway between two doubles go to the even one")
    func halfway() throws {
        let reader = Reader()
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<2_000 {
            // Between 2^53 and 2^54 every odd whole number is halfway between two doubles.
            let odd = UInt64.random(in: (1 << 53)..<(1 << 54), using: &generator) | 1
            let even = (odd - 1) % 4 == 0 ? odd - 1 : odd + 1
            #expect(try reader.double("\(odd)") == Double(even))
            #expect(try reader.double("\(odd).0000000000000000000000001") == Double(odd + 1))
        }
    }

    @Test("What is not a number in JSON is refused, with the place")
    func malformed() {
        let bad = [
            "", " ", "-", "+1", ".5", "-.5", "1.", "1.e3", "-1.", "1e", "1e+", "1E-", "01", "-01",
            "00",
            "007.5", "0x10", "1_000", "1,5", "1 2", "١", "--1", "1e5.5", "1e+-5", "Infinit",
            "infinity",
            "-NaN", "nan", "NAN", "INF", "inf", "null", "\"1\"", "1\0",
        ]
        for text in bad {
            let message = message { _ = try reading(text) { try $0.double() } }
            #expect(message?.contains("malformed JSON at byte") == true, "\(text)")
        }
    }

    @Test("The numbers of Python that JSON does not have are read")
    func special() throws {
        #expect(try reading("NaN") { try $0.double() }.isNaN)
        #expect(try reading("Infinity") { try $0.double() } == .infinity)
        #expect(try reading(" -Infinity ") { try $0.double() } == -.infinity)
    }

    @Test("A number of a million digits is read in one go")
    func giant() throws {
        let memory = GuardedMemory(capacity: 2 << 20)
        var scanner = JSONScanner(memory.place(Array(repeating: UInt8(ascii: "9"), count: 1 << 20)))
        #expect(try scanner.double() == .infinity)
        try scanner.expectEnd()
    }

    // MARK: Whole numbers

    @Test("Every width takes its bounds and nothing beyond them")
    func bounds() throws {
        try check(UInt8.self)
        try check(UInt16.self)
        try check(UInt32.self)
        try check(UInt64.self)
        try check(Int8.self)
        try check(Int16.self)
        try check(Int32.self)
        try check(Int64.self)
    }

    private func check<Integer: FixedWidthInteger>(_ type: Integer.Type) throws {
        let reader = Reader()
        let lowest = Int128(Integer.min)
        let highest = Int128(Integer.max)
        for offset in 0..<3 as Range<Int128> {
            for value in [lowest + offset, highest - offset] {
                #expect(try reader.integer("\(value)", type) == Integer(value))
            }
            for value in [lowest - offset - 1, highest + offset + 1] {
                let message = message { _ = try reader.integer("\(value)", type) }
                #expect(message?.contains("\(Integer.min)...\(Integer.max)") == true, "\(value)")
            }
        }
        for text in ["0", "-0", "0.0", "-0.0", "0e5"] {
            #expect(try reader.integer(text, type) == 0)
        }
        #expect(try reader.integer("1e2", type) == 100)
        #expect(try reader.integer("120.0", type) == 120)
        #expect(try reader.integer("1.2e+2", type) == 120)
        for text in ["0.5", "1e-1", "1e30", "-1e30", "1e400", "99999999999999999999999"] {
            let message = message { _ = try reader.integer(text, type) }
            #expect(message?.contains("is not a whole number in") == true, "\(text)")
        }
        for text in ["", "-", "+1", "01", "-007", "1.", "1e", "0x1", "true", "\"1\"", "NaN", "[1]"]
        {
            #expect(throws: ServingError.self, "\(text)") { try reader.integer(text, type) }
        }
    }

    @Test("Random whole numbers are read exactly or refused, never bent")
    func randomIntegers() throws {
        let reader = Reader()
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            let high = Int128(Int64(bitPattern: generator.next()))
            let value =
                ((high << 8) + Int128(generator.pick(0...255))) >> Int128(generator.pick(0...70))
            #expect((try? reader.integer("\(value)", Int64.self)) == Int64(exactly: value))
            #expect((try? reader.integer("\(value)", UInt64.self)) == UInt64(exactly: value))
            #expect((try? reader.integer("\(value)", Int16.self)) == Int16(exactly: value))
            #expect((try? reader.integer("\(value)", UInt8.self)) == UInt8(exactly: value))
        }
    }

    // MARK: Texts

    private static func randomNumber(_ generator: inout SeededGenerator, kind: Int) -> String {
        switch kind {
        case 0:
            // Any double, subnormal ones included, as the standard library writes it.
            let bits = generator.next()
            let value = Double(bitPattern: bits)
            return value.isFinite ? "\(value)" : "\(Double(bits >> 12))"
        case 1:
            // Around the bounds of the quick path: 53 bits, 19 digits, powers of ten up to 22.
            let mantissa = (1 << 53) - 50 + generator.pick(0...100)
            return "\(mantissa)e\(generator.pick(-25...25))"
        case 2:
            return "\(sign(&generator))\(digits(&generator, 1...3)).\(digits(&generator, 1...8))"
        case 3:
            return "\(generator.next()).\(generator.next())E\(generator.pick(-350...330))"
        default:
            var text = sign(&generator) + digits(&generator, 1...25)
            if generator.chance(percent: 60) {
                text += ".\(digits(&generator, 1...25, isFree: true))"
            }
            if generator.chance(percent: 40) {
                text += generator.pick(of: ["e", "E", "e+", "e-", "E-"])
                text += digits(&generator, 1...3, isFree: true)
            }
            return text
        }
    }

    private static func sign(_ generator: inout SeededGenerator) -> String {
        generator.chance(percent: 50) ? "-" : ""
    }

    /// Digits; without a leading zero unless they may be any.
    private static func digits(
        _ generator: inout SeededGenerator, _ count: ClosedRange<Int>, isFree: Bool = false
    ) -> String {
        let length = generator.pick(count)
        let first = isFree || length == 1 ? generator.pick(0...9) : generator.pick(1...9)
        return (1..<length).reduce("\(first)") { text, _ in text + "\(generator.pick(0...9))" }
    }
}
