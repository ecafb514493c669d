internal import ServingModel

extension Scheduler {
    /// Traps when the machine's books disagree; O(n), for tests and simulations.
    package func checkInvariants() {
        var recount = QueueLedger()
        for (index, bucket) in buckets.enumerated() {
            var inBucket = 0
            for (classIndex, queue) in bucket.queues.enumerated() {
                let members = queue.checkInvariants(in: table)
                for slot in members {
                    let request = table.request(slot)
                    precondition(
                        table.bucket(slot) == index, "I1: a request is in a foreign bucket")
                    precondition(
                        queueIndex(request.priorityClass) == classIndex,
                        "I1: a request is in a foreign class")
                    precondition(
                        table.slot(of: request.id) == slot,
                        "I1: the id table does not lead to the request")
                    recount.charge(request)
                }
                inBucket += members.count
            }
            precondition(
                inBucket == bucket.count, "I1: bucket count \(bucket.count) != \(inBucket)")
        }
        precondition(
            recount == ledger, "I1: the ledger \(ledger) differs from the queues \(recount)")
        precondition(
            table.count == ledger.requests, "I1: the id table holds \(table.count) requests")
        precondition(ledger.requests <= configuration.maxQueuedRequests, "I2: queue too long")
        precondition(ledger.bytes <= configuration.maxQueuedBytes, "I2: queue too large")
        precondition(buckets.count <= configuration.maxShapes, "I2: too many shapes")
        precondition(
            ledger.requests == 0 || !instances.contains(.idle) || ruleWakeup != nil,
            "I3: an instance idles beside \(ledger.requests) waiting requests")
        precondition(
            trials == instances.count { $0 == .trial }, "I3: \(trials) instances on trial")
        precondition(
            ledger.requests == 0 || serving > 0,
            "I3: \(ledger.requests) requests wait where nobody serves")
    }
}

extension RequestQueue {
    /// Checks order, heap shape and sums, and answers the members in order.
    func checkInvariants(in table: borrowing RequestTable) -> [Slot] {
        var members: [Slot] = []
        check(root, in: table, into: &members)
        precondition(members.count == count(in: table), "I4: counts differ")
        precondition(members.first ?? RequestTable.none == first, "I4: first is not the earliest")
        for (left, right) in zip(members, members.dropFirst()) {
            precondition(table.precedes(left, right), "I4: queue out of order")
        }
        return members
    }

    private func check(_ slot: Slot, in table: borrowing RequestTable, into members: inout [Slot]) {
        guard slot != RequestTable.none else { return }
        let node = table.nodes[Int(slot)]
        for child in [node.left, node.right] where child != RequestTable.none {
            precondition(
                table.nodes[Int(child)].heapKey <= node.heapKey, "I4: treap out of heap order")
        }
        check(node.left, in: table, into: &members)
        members.append(slot)
        check(node.right, in: table, into: &members)
        precondition(
            node.rowSum == table.request(slot).rows + table.rows(below: node.left)
                + table.rows(below: node.right), "I4: row sums differ")
    }
}
