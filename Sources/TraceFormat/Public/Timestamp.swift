internal import ServingModel

/// Points in time as public traces write them, such as `2023-11-16 18:17:03.9799600`.
enum Timestamp {
    private static let form = "a time as 2023-11-16 18:17:03.979"

    /// The time since the beginning of the year 1970, without a time zone.
    static func interval(_ word: Word) throws(LineProblem) -> Interval {
        let bytes = Array(word.bytes)
        guard bytes.count >= 19, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: " ") || bytes[10] == UInt8(ascii: "T"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = digits(bytes[0..<4], 1970...9999), let month = digits(bytes[5..<7], 1...12),
            let day = digits(bytes[8..<10], 1...31), let hour = digits(bytes[11..<13], 0...23),
            let minute = digits(bytes[14..<16], 0...59),
            let second = digits(bytes[17..<19], 0...59), day <= days(in: month, of: year),
            let fraction = fraction(bytes[19...])
        else { throw LineProblem("the time is \(word.quoted); allowed: \(form)") }
        let days = UInt64(daysSince1970(year, month, day))
        let seconds = days * 86_400 + UInt64(hour * 3_600 + minute * 60 + second)
        return .seconds(seconds) + Interval(nanoseconds: fraction)
    }

    private static func digits(_ bytes: ArraySlice<UInt8>, _ range: ClosedRange<Int>) -> Int? {
        guard let number = Word(bytes: bytes).digits.flatMap({ Int(exactly: $0) }),
            range.contains(number)
        else { return nil }
        return number
    }

    /// Nanoseconds after the point; up to nine digits.
    private static func fraction(_ bytes: ArraySlice<UInt8>) -> UInt64? {
        guard let point = bytes.first else { return 0 }
        let digits = bytes.dropFirst()
        guard point == UInt8(ascii: "."), (1...9).contains(digits.count),
            var value = Word(bytes: digits).digits
        else { return nil }
        for _ in digits.count..<9 { value *= 10 }
        return value
    }

    private static func days(in month: Int, of year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    /// Days from civil (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2021), for years
    /// from 1970 on. Years begin in March there, so that the leap day comes last.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
