internal import ServingModel
internal import Testing

@Suite("Vocabulary of requests, tensors and errors")
struct VocabularyTests {
    @Test("Identifiers order by their number and print it")
    func identifiers() {
        #expect(RequestID(1) < RequestID(2))
        #expect(InstanceID(0) < InstanceID(1))
        #expect(BatchID(7) < BatchID(8))
        #expect(ClassIndex(0) < ClassIndex(1))
        #expect("\(RequestID(7)) \(InstanceID(1)) \(BatchID(3))" == "7 1 3")
    }

    @Test("The default classes go from heavy and urgent to light and patient")
    func defaultClasses() {
        let table = PriorityClass.defaultTable
        #expect(table.map(\.name) == ["high", "medium", "low"])
        #expect(table.map(\.weight) == [8, 3, 1])
        #expect(table.map(\.floorShare) == [0, 0.10, 0.05])
        #expect(
            table.map(\.defaultDeadline) == [
                .milliseconds(200), .milliseconds(500), .seconds(2),
            ])
    }

    @Test("Every numeric type has the width in its name, and byte strings have none")
    func dataTypes() {
        for type in DataType.allCases {
            let digits = type.rawValue.filter(\.isNumber)
            if let bits = Int(digits.hasSuffix("16") ? "16" : digits) {
                #expect(type.elementSize == bits / 8, "\(type)")
            }
        }
        #expect(DataType.bool.elementSize == 1)
        #expect(DataType.bytes.elementSize == nil)
        #expect(DataType(rawValue: "BF16") == .bf16)
        #expect(DataType(rawValue: "bf16") == nil)
    }

    @Test("Reasons and codes are snake case and unique, because clients match on them")
    func names() {
        let codes = ServingError.Code.all.map(\.description)
        let reasons = RejectReason.allCases.map(\.rawValue)
        for name in codes + reasons {
            #expect(name.allSatisfy { $0 == "_" || ("a"..."z").contains($0) }, "\(name)")
        }
        #expect(Set(codes).count == codes.count)
        #expect(Set(reasons).count == reasons.count)
        #expect(ServingError.Code.all.contains(.overloaded))
    }

    @Test("An error says its code, its message and when to try again")
    func errors() {
        let error = ServingError(.overloaded, "the queue is full", retryAfter: .milliseconds(20))
        #expect("\(error)" == "overloaded: the queue is full")
        #expect(error.retryAfter == .milliseconds(20))
        #expect(ServingError(.notFound, "no model x").retryAfter == nil)
    }
}
