import GatewayCore
import ModelRepository
import ServingModel
import Testing

@Suite("Quality of service")
struct QualityPolicyTests {
    private static let classes = PriorityClass.defaultTable
    private static let arrival = Instant(nanoseconds: 5_000_000_000)

    private func policy(_ batching: String? = nil, classes: Int = 3) throws -> QualityPolicy {
        let table = (0..<classes).map { index in
            Self.classes.indices.contains(index)
                ? Self.classes[index]
                : PriorityClass(
                    name: "extra\(index)", weight: 1, floorShare: 0, defaultDeadline: .seconds(9))
        }
        return QualityPolicy(
            classes: table, batching: try batching.flatMap(Configurations.batching))
    }

    private func wish(
        priority: UInt64? = nil, class className: String? = nil, timeout: Interval? = nil,
        deadline: Interval? = nil
    ) -> QualityOfService {
        var wish = QualityOfService()
        wish.priority = priority
        wish.className = className
        wish.timeout = timeout
        wish.deadline = deadline
        return wish
    }

    @Test("A request or its class can insist on the full model")
    func fullModel() throws {
        let policy = QualityPolicy(
            classes: Self.classes, batching: nil, exactClasses: [Self.classes[0].name])
        var insisting = QualityOfService()
        insisting.wantsFullModel = true
        #expect(try allowsCheaper(policy, QualityOfService()))
        #expect(try !allowsCheaper(policy, insisting))
        #expect(try !allowsCheaper(policy, wish(class: Self.classes[0].name)))
        #expect(try allowsCheaper(policy, wish(class: Self.classes[2].name)))
    }

    private func allowsCheaper(_ policy: QualityPolicy, _ wish: QualityOfService) throws -> Bool {
        try policy.promise(wish, arrival: Self.arrival).allowsCheaperVariant
    }

    private func position(_ policy: QualityPolicy, _ wish: QualityOfService) throws -> Int {
        try policy.promise(wish, arrival: Self.arrival).priorityClass.rawValue
    }

    private func allowed(_ policy: QualityPolicy, _ wish: QualityOfService) throws -> Interval {
        Self.arrival.interval(to: try policy.promise(wish, arrival: Self.arrival).deadline)
    }

    // MARK: Classes

    @Test("A class can be asked for by its name, whatever else is said")
    func names() throws {
        let policy = try policy("priority_levels: 3 default_priority_level: 1")
        for (index, entry) in Self.classes.enumerated() {
            #expect(try position(policy, wish(class: entry.name)) == index)
            #expect(try position(policy, wish(priority: 1, class: entry.name)) == index)
        }
    }

    @Test("An unknown class is refused with the list of those that there are")
    func unknownClass() throws {
        let policy = try policy()
        for name in ["urgent", "", "High", "high "] {
            do {
                _ = try policy.promise(wish(class: name), arrival: Self.arrival)
                Issue.record("accepted '\(name)'")
            } catch {
                #expect(error.code == .invalidArgument)
                #expect(error.message.contains("'\(name)'"))
                #expect(error.message.contains("high, medium, low"))
            }
        }
    }

    @Test("Without levels, priorities are positions in the table, and the second class is usual")
    func noLevels() throws {
        let policy = try policy()
        let expected: [(UInt64?, Int)] = [
            (nil, 1), (0, 1), (1, 0), (2, 1), (3, 2), (4, 2), (.max, 2),
        ]
        for (priority, index) in expected {
            #expect(try position(policy, wish(priority: priority)) == index)
        }
        #expect(try position(self.policy(classes: 1), wish()) == 0)
        #expect(try position(self.policy(classes: 1), wish(priority: 9)) == 0)
    }

    @Test(
        "Levels are spread over the classes in order",
        arguments: [
            (1, 3, [0]), (2, 3, [0, 1]), (3, 3, [0, 1, 2]), (4, 3, [0, 0, 1, 2]),
            (6, 3, [0, 0, 1, 1, 2, 2]), (10, 3, [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]),
            (5, 1, [0, 0, 0, 0, 0]),
            (2, 5, [0, 1]),
        ])
    func levels(levels: Int, classes: Int, expected: [Int]) throws {
        for standard in 1...levels {
            let policy = try policy(
                "priority_levels: \(levels) default_priority_level: \(standard)", classes: classes)
            let found = try (1...levels).map { try position(policy, wish(priority: UInt64($0))) }
            #expect(found == expected)
            // None, zero and a level that does not exist are the model's default.
            for priority in [nil, 0, UInt64(levels) + 1, .max] as [UInt64?] {
                #expect(try position(policy, wish(priority: priority)) == expected[standard - 1])
            }
        }
    }

    // MARK: Deadlines

    @Test("Without a deadline the class decides")
    func classDeadline() throws {
        let policy = try policy()
        for entry in Self.classes {
            #expect(try allowed(policy, wish(class: entry.name)) == entry.defaultDeadline)
        }
    }

    @Test("Of several deadlines the earliest counts, and zero is none")
    func earliest() throws {
        let policy = try policy()
        let short = Interval.milliseconds(10)
        let long = Interval.seconds(30)
        #expect(try allowed(policy, wish(deadline: long)) == long)
        #expect(try allowed(policy, wish(timeout: long)) == long)
        #expect(try allowed(policy, wish(timeout: short, deadline: long)) == short)
        #expect(try allowed(policy, wish(timeout: long, deadline: short)) == short)
        #expect(try allowed(policy, wish(timeout: .zero)) == Self.classes[1].defaultDeadline)
        #expect(try allowed(policy, wish(timeout: .zero, deadline: short)) == short)
    }

    @Test("A deadline in a thousand years is legal")
    func distant() throws {
        let promise = try policy().promise(wish(deadline: .never), arrival: Self.arrival)
        #expect(promise.deadline == .distantFuture)
    }

    @Test("A model's timeout counts, and the request may change it only where the model allows it")
    func overriding() throws {
        let short = Interval.microseconds(500)
        let standard = Interval.microseconds(1_000)
        let long = Interval.microseconds(2_000)
        let fixed = try policy("default_queue_policy { default_timeout_microseconds: 1000 }")
        let free = try policy(
            """
            default_queue_policy { default_timeout_microseconds: 1000 allow_timeout_override: true }
            """)
        let none = try policy("default_queue_policy { max_queue_size: 5 }")
        for wanted in [short, long] {
            #expect(try allowed(fixed, wish(timeout: wanted)) == standard)
            #expect(try allowed(free, wish(timeout: wanted)) == wanted)
            #expect(try allowed(none, wish(timeout: wanted)) == wanted)
        }
        for policy in [fixed, free] {
            #expect(try allowed(policy, wish()) == standard)
            #expect(try allowed(policy, wish(timeout: .zero)) == standard)
            #expect(try allowed(policy, wish(deadline: short)) == short)
            #expect(try allowed(policy, wish(deadline: long)) == standard)
        }
        #expect(try allowed(none, wish()) == Self.classes[1].defaultDeadline)
    }

    @Test("Each level has its own queue policy; others have the default one")
    func levelPolicies() throws {
        let policy = try policy(
            """
            priority_levels: 3 default_priority_level: 2
            default_queue_policy { default_timeout_microseconds: 9000 }
            priority_queue_policy { key: 1 value { default_timeout_microseconds: 1000 } }
            priority_queue_policy {
              key: 2 value { default_timeout_microseconds: 2000 allow_timeout_override: true }
            }
            """)
        let timeout = Interval.microseconds(300)
        #expect(try allowed(policy, wish(priority: 1)) == .microseconds(1_000))
        #expect(try allowed(policy, wish(priority: 1, timeout: timeout)) == .microseconds(1_000))
        #expect(try allowed(policy, wish(priority: 2, timeout: timeout)) == timeout)
        #expect(try allowed(policy, wish(timeout: timeout)) == timeout)
        #expect(try allowed(policy, wish()) == .microseconds(2_000))
        #expect(try allowed(policy, wish(priority: 3)) == .microseconds(9_000))
        #expect(try allowed(policy, wish(priority: 99)) == .microseconds(2_000))
    }
}
