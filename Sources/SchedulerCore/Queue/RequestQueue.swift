internal import ServingModel

/// Waiting requests of one class and shape in deadline order, with order statistics over rows. Where a
/// policy serves in another order, read "arrival" for "deadline": the order is that of the key.
///
/// A treap whose nodes live in a ``RequestTable``: a binary search tree by (key, arrival) that is
/// a heap by a hash of the arrival number, so its expected depth is logarithmic whatever the order of
/// arrival, and a given history always builds the same tree. Every operation is O(log n); taking a
/// run of requests costs O(log n + taken).
struct RequestQueue {
    private(set) var root: Slot = RequestTable.none

    /// The request with the earliest deadline; kept up to date so that reading it is O(1).
    private(set) var first: Slot = RequestTable.none

    private var requests = 0

    var isEmpty: Bool { root == RequestTable.none }

    func rows(in table: borrowing RequestTable) -> Int { table.rows(below: root) }
    func count(in table: borrowing RequestTable) -> Int { requests }

    // MARK: Order statistics

    /// Rows of requests whose deadline is `deadline` or later.
    func rows(dueFrom deadline: Instant, in table: borrowing RequestTable) -> Int {
        var rows = 0
        var slot = root
        while slot != RequestTable.none {
            if table.nodes[Int(slot)].key >= deadline {
                rows += table.rows(below: table.nodes[Int(slot)].right)
                rows += Int(table.nodes[Int(slot)].rows)
                slot = table.nodes[Int(slot)].left
            } else {
                slot = table.nodes[Int(slot)].right
            }
        }
        return rows
    }

    /// Rows of the longest run of requests, from the first on, whose rows sum to at most `limit`.
    func rows(fitting limit: Int, in table: borrowing RequestTable) -> Int {
        var fitting = 0
        var slot = root
        while slot != RequestTable.none {
            let left = table.nodes[Int(slot)].left
            let through =
                fitting + table.rows(below: left) + Int(table.nodes[Int(slot)].rows)
            if through <= limit {
                fitting = through
                slot = table.nodes[Int(slot)].right
            } else {
                slot = left
            }
        }
        return fitting
    }

    /// The first request whose deadline is `deadline` or later.
    func first(dueFrom deadline: Instant, in table: borrowing RequestTable) -> Slot {
        var found = RequestTable.none
        var slot = root
        while slot != RequestTable.none {
            if table.nodes[Int(slot)].key >= deadline {
                found = slot
                slot = table.nodes[Int(slot)].left
            } else {
                slot = table.nodes[Int(slot)].right
            }
        }
        return found
    }

    /// The request that holds row number `row`, counted from 0 in deadline order.
    func slot(atRow row: Int, in table: borrowing RequestTable) -> Slot {
        var row = row
        var slot = root
        while slot != RequestTable.none {
            let left = table.nodes[Int(slot)].left
            let before = table.rows(below: left)
            if row < before {
                slot = left
                continue
            }
            row -= before + Int(table.nodes[Int(slot)].rows)
            if row < 0 { return slot }
            slot = table.nodes[Int(slot)].right
        }
        return RequestTable.none
    }

    /// The request with the latest deadline.
    func last(in table: borrowing RequestTable) -> Slot {
        var slot = root
        while slot != RequestTable.none, table.nodes[Int(slot)].right != RequestTable.none {
            slot = table.nodes[Int(slot)].right
        }
        return slot
    }

    // MARK: Changes

    /// Adds a stored request.
    mutating func insert(_ slot: Slot, in table: inout RequestTable) {
        requests += 1
        root = Self.insert(slot, into: root, in: &table)
        if first == RequestTable.none || table.precedes(slot, first) { first = slot }
    }

    /// Takes one request out; the caller discards or re-files it.
    mutating func remove(_ slot: Slot, in table: inout RequestTable) {
        requests -= 1
        root = Self.remove(slot, from: root, in: &table)
        if first == slot { first = leftmost(in: table) }
    }

    /// Takes out, in deadline order, requests due at `deadline` or later as long as their rows sum
    /// to at most `limit`, and hands each slot to `body`, which must discard it.
    mutating func take(
        dueFrom deadline: Instant, rows limit: Int, in table: inout RequestTable,
        _ body: (inout RequestTable, Slot) -> Void
    ) {
        let (early, due) = Self.split(root, dueBefore: deadline, in: &table)
        let (taken, rest) = Self.split(due, rows: limit, in: &table)
        root = Self.join(early, rest, in: &table)
        first = leftmost(in: table)
        release(taken, in: &table, body)
    }

    /// Takes out the requests with the latest deadlines as long as their rows sum to at most `limit`.
    mutating func takeLatest(
        rows limit: Int, in table: inout RequestTable,
        _ body: (inout RequestTable, Slot) -> Void
    ) {
        let keep = rows(in: table) - limit
        // Splitting by rows keeps a request that straddles the edge on the right; one more step
        // moves it left, so that the limit holds.
        var (rest, taken) = Self.split(root, rows: keep, in: &table)
        while table.rows(below: taken) > limit {
            let (straddling, tail) = Self.splitFirst(taken, in: &table)
            rest = Self.join(rest, straddling, in: &table)
            taken = tail
        }
        root = rest
        first = leftmost(in: table)
        release(taken, in: &table, body)
    }

    /// Hands out a tree that was taken out. With many waiting its requests lie all over the memory: short
    /// loops touch them first, whose accesses do not depend on each other and overlap.
    private mutating func release(
        _ taken: Slot, in table: inout RequestTable, _ body: (inout RequestTable, Slot) -> Void
    ) {
        var leaving = ContiguousArray<Slot>()
        swap(&leaving, &table.leaving)
        leaving.removeAll(keepingCapacity: true)
        if table.isLarge { Self.fetch(taken, in: table, into: &leaving) }
        Self.gather(taken, in: table, into: &leaving)
        requests -= leaving.count
        if table.isLarge { table.fetch(leaving) }
        for slot in leaving { body(&table, slot) }
        swap(&leaving, &table.leaving)
    }

    private func leftmost(in table: borrowing RequestTable) -> Slot {
        var slot = root
        while slot != RequestTable.none, table.nodes[Int(slot)].left != RequestTable.none {
            slot = table.nodes[Int(slot)].left
        }
        return slot
    }
}
