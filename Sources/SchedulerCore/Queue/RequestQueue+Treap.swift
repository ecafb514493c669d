internal import ServingModel

/// The two operations of a treap, split and join, and what follows from them (Seidel and Aragon,
/// "Randomized search trees", 1996). Recursion depth is the depth of the tree, about 2 log n.
extension RequestQueue {
    typealias Pair = (left: Slot, right: Slot)

    /// Joins two trees, all of `left` being ordered before all of `right`.
    static func join(_ left: Slot, _ right: Slot, in table: inout RequestTable) -> Slot {
        if left == RequestTable.none { return right }
        if right == RequestTable.none { return left }
        if table.nodes[Int(left)].heapKey >= table.nodes[Int(right)].heapKey {
            let joined = join(table.nodes[Int(left)].right, right, in: &table)
            table[left].right = joined
            table.refresh(left)
            return left
        }
        let joined = join(left, table.nodes[Int(right)].left, in: &table)
        table[right].left = joined
        table.refresh(right)
        return right
    }

    /// Splits into what is ordered before `key` and the rest.
    static func split(_ tree: Slot, before key: Slot, in table: inout RequestTable) -> Pair {
        split(tree, in: &table) { table, slot in table.precedes(slot, key) }
    }

    /// Splits into what is due before `deadline` and the rest.
    static func split(
        _ tree: Slot, dueBefore deadline: Instant, in table: inout RequestTable
    ) -> Pair {
        split(tree, in: &table) { table, slot in
            table.nodes[Int(slot)].key < deadline
        }
    }

    /// Splits at a place in the order: `goesLeft` holds for a prefix of the tree.
    private static func split(
        _ tree: Slot, in table: inout RequestTable,
        _ goesLeft: (borrowing RequestTable, Slot) -> Bool
    ) -> Pair {
        if tree == RequestTable.none { return (RequestTable.none, RequestTable.none) }
        if goesLeft(table, tree) {
            let parts = split(table.nodes[Int(tree)].right, in: &table, goesLeft)
            table[tree].right = parts.left
            table.refresh(tree)
            return (tree, parts.right)
        }
        let parts = split(table.nodes[Int(tree)].left, in: &table, goesLeft)
        table[tree].left = parts.right
        table.refresh(tree)
        return (parts.left, tree)
    }

    /// Splits off the longest prefix whose rows sum to at most `limit`.
    static func split(_ tree: Slot, rows limit: Int, in table: inout RequestTable) -> Pair {
        if tree == RequestTable.none || limit <= 0 { return (RequestTable.none, tree) }
        if table.nodes[Int(tree)].rowSum <= limit { return (tree, RequestTable.none) }
        let left = table.nodes[Int(tree)].left
        let through = table.rows(below: left) + Int(table.nodes[Int(tree)].rows)
        if through <= limit {
            let parts = split(table.nodes[Int(tree)].right, rows: limit - through, in: &table)
            table[tree].right = parts.left
            table.refresh(tree)
            return (tree, parts.right)
        }
        let parts = split(left, rows: limit, in: &table)
        table[tree].left = parts.right
        table.refresh(tree)
        return (parts.left, tree)
    }

    /// Splits off the first request.
    static func splitFirst(_ tree: Slot, in table: inout RequestTable) -> Pair {
        if tree == RequestTable.none { return (RequestTable.none, RequestTable.none) }
        let left = table.nodes[Int(tree)].left
        if left == RequestTable.none {
            let right = table.nodes[Int(tree)].right
            table[tree].right = RequestTable.none
            table.refresh(tree)
            return (tree, right)
        }
        let parts = splitFirst(left, in: &table)
        table[tree].left = parts.right
        table.refresh(tree)
        return (parts.left, tree)
    }

    /// Links a stored request into a tree and answers the new root.
    ///
    /// Walks down to where the request's heap key belongs, adding it to the sums on the way, and splits
    /// only what is below: two levels on average, whatever the size of the tree.
    static func insert(_ slot: Slot, into tree: Slot, in table: inout RequestTable) -> Slot {
        let heapKey = table.nodes[Int(slot)].heapKey
        let rows = Int(table.nodes[Int(slot)].rows)
        var parent = RequestTable.none
        var goesLeft = false
        var below = tree
        while below != RequestTable.none, table.nodes[Int(below)].heapKey >= heapKey {
            table.adjust(below, rows: rows)
            parent = below
            goesLeft = table.precedes(slot, below)
            below = goesLeft ? table.nodes[Int(below)].left : table.nodes[Int(below)].right
        }
        let parts = split(below, before: slot, in: &table)
        table.link(slot, left: parts.left, right: parts.right)
        return replace(goesLeft, below: parent, by: slot, root: tree, in: &table)
    }

    /// Unlinks one request from the tree that holds it and answers the new root.
    static func remove(_ slot: Slot, from tree: Slot, in table: inout RequestTable) -> Slot {
        let rows = Int(table.nodes[Int(slot)].rows)
        var parent = RequestTable.none
        var goesLeft = false
        var below = tree
        while below != slot {
            precondition(
                below != RequestTable.none, "a request is not in the queue that should hold it")
            table.adjust(below, rows: -rows)
            parent = below
            goesLeft = table.precedes(slot, below)
            below = goesLeft ? table.nodes[Int(below)].left : table.nodes[Int(below)].right
        }
        let children = join(
            table.nodes[Int(slot)].left, table.nodes[Int(slot)].right, in: &table)
        table.link(slot, left: RequestTable.none, right: RequestTable.none)
        return replace(goesLeft, below: parent, by: children, root: tree, in: &table)
    }

    /// Hangs `child` below `parent`, or makes it the root, and answers the root.
    private static func replace(
        _ left: Bool, below parent: Slot, by child: Slot, root: Slot, in table: inout RequestTable
    ) -> Slot {
        if parent == RequestTable.none { return child }
        if left {
            table[parent].left = child
        } else {
            table[parent].right = child
        }
        return root
    }

    /// Touches the nodes of a tree level by level, using `slots` for what is to come.
    static func fetch(
        _ tree: Slot, in table: borrowing RequestTable, into slots: inout ContiguousArray<Slot>
    ) {
        if tree == RequestTable.none { return }
        slots.append(tree)
        var next = 0
        while next < slots.count {
            let node = table.nodes[Int(slots[next])]
            if node.left != RequestTable.none { slots.append(node.left) }
            if node.right != RequestTable.none { slots.append(node.right) }
            next += 1
        }
        slots.removeAll(keepingCapacity: true)
    }

    /// Writes down the slots of a tree, in order.
    static func gather(
        _ tree: Slot, in table: borrowing RequestTable, into slots: inout ContiguousArray<Slot>
    ) {
        if tree == RequestTable.none { return }
        gather(table.nodes[Int(tree)].left, in: table, into: &slots)
        slots.append(tree)
        gather(table.nodes[Int(tree)].right, in: table, into: &slots)
    }
}
