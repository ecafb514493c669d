package import ServingModel

extension JSONScanner {
    /// Reads a whole number within the bounds of `Integer`.
    @inline(__always)
    package mutating func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type = Integer.self
    ) throws(ServingError) -> Integer {
        skipSpace()
        let start = position
        let isNegative = current == UInt8(ascii: "-")
        if isNegative { position += 1 }
        var magnitude: UInt64 = 0
        let digits = position
        while case let digit = current &- UInt8(ascii: "0"), digit < 10 {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow && !carry else { throw outOfRange(start, Integer.self) }
            magnitude = sum
            position += 1
        }
        guard position > digits else { throw malformed("a whole number") }
        try refuseLeadingZero(from: digits)
        if current == UInt8(ascii: ".") || current | 0x20 == UInt8(ascii: "e") {
            return try wholeDouble(from: start)
        }
        if isNegative {
            guard magnitude <= 1 << 63,
                let value = Integer(exactly: 0 &- Int64(bitPattern: magnitude))
            else { throw outOfRange(start, Integer.self) }
            return value
        }
        guard let value = Integer(exactly: magnitude) else {
            throw outOfRange(start, Integer.self)
        }
        return value
    }

    /// `1.0` and `1e3` are whole numbers too.
    private mutating func wholeDouble<Integer: FixedWidthInteger>(
        from start: Int
    ) throws(ServingError) -> Integer {
        position = start
        let value = try double()
        guard let whole = Integer(exactly: value) else { throw outOfRange(start, Integer.self) }
        return whole
    }

    private func outOfRange<Integer: FixedWidthInteger>(
        _ start: Int, _ type: Integer.Type
    ) -> ServingError {
        ServingError(
            .invalidArgument,
            "the number at byte \(start) is not a whole number in \(Integer.min)...\(Integer.max)")
    }

    /// Reads a number, correctly rounded.
    ///
    /// Up to 19 digits are gathered in an integer; when that is exact in a double and the power of ten
    /// is too, one multiplication or division rounds correctly (Clinger, "How to read floating point
    /// numbers accurately", 1990). Anything else takes the standard library's path.
    @inline(__always)
    package mutating func double() throws(ServingError) -> Double {
        skipSpace()
        let start = position
        let isNegative = current == UInt8(ascii: "-")
        if isNegative { position += 1 }
        var mantissa: UInt64 = 0
        var exponent = 0
        var digits = 0
        while case let digit = current &- UInt8(ascii: "0"), digit < 10 {
            mantissa = mantissa &* 10 &+ UInt64(digit)
            digits += 1
            position += 1
        }
        if digits == 0 { return try special(isNegative: isNegative) }
        if digits > 1 { try refuseLeadingZero(from: position - digits) }
        if current == UInt8(ascii: ".") {
            position += 1
            let whole = digits
            while case let digit = current &- UInt8(ascii: "0"), digit < 10 {
                mantissa = mantissa &* 10 &+ UInt64(digit)
                digits += 1
                position += 1
            }
            guard digits > whole else { throw malformed("a digit after the decimal point") }
            exponent = whole - digits
        }
        if current | 0x20 == UInt8(ascii: "e") {
            position += 1
            exponent += try exponentPart()
        }
        guard digits <= 19, mantissa < 1 << 53, abs(exponent) <= 22 else {
            return try slowDouble(from: start)
        }
        let magnitude = Double(mantissa)
        let power = Self.powersOfTen[abs(exponent)]
        let value = exponent < 0 ? magnitude / power : magnitude * power
        return isNegative ? -value : value
    }

    /// `007` is not a JSON number.
    @inline(__always)
    private func refuseLeadingZero(from start: Int) throws(ServingError) {
        if position - start > 1, slice(from: start)[0] == UInt8(ascii: "0") {
            throw malformed("a number without a leading zero")
        }
    }

    private mutating func exponentPart() throws(ServingError) -> Int {
        let isNegative = current == UInt8(ascii: "-")
        if isNegative || current == UInt8(ascii: "+") { position += 1 }
        var value = 0
        let first = position
        while case let digit = current &- UInt8(ascii: "0"), digit < 10 {
            value = min(value * 10 + Int(digit), 99_999)
            position += 1
        }
        guard position > first else { throw malformed("a digit in the exponent") }
        return isNegative ? -value : value
    }

    private mutating func special(isNegative: Bool) throws(ServingError) -> Double {
        if take(literal: "Infinity") { return isNegative ? -.infinity : .infinity }
        if !isNegative, take(literal: "NaN") { return .nan }
        throw malformed("a number")
    }

    private func slowDouble(from start: Int) throws(ServingError) -> Double {
        guard let value = Double(String(decoding: slice(from: start), as: UTF8.self)) else {
            throw malformed("a number")
        }
        return value
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]
}
