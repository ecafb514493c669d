/// Memory that this process may have.
///
/// A container sees the whole machine's in `/proc`, and is killed when it takes more than its control group
/// allows. Both versions of control groups are read, and of groups within groups the tightest counts:
/// <https://docs.kernel.org/admin-guide/cgroup-v2.html>.
package enum MemoryAllowance {
    /// Bytes: what the control groups of this process allowed when it began, and no more than the
    /// machine has; `nil` where the system tells neither.
    package static let bytes: UInt64? = {
        let machine = ProcFile.memory(in: ProcFile.text("/proc/meminfo"))?.total
        let group = groupLimit(ProcFile.text("/proc/self/cgroup"), read: ProcFile.text)
        return [machine, group].compactMap(\.self).min()
    }()

    /// What control groups allow; `nil` when they do not limit memory.
    ///
    /// - Parameters:
    ///   - groups: What `/proc/self/cgroup` says: a line `hierarchy:controllers:path` for each group.
    ///   - read: The text of a file; empty where it cannot be read.
    package static func groupLimit(_ groups: String, read: (String) -> String) -> UInt64? {
        var limits: [UInt64] = []
        for line in groups.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let file: (root: String, name: String)
            if fields[1].isEmpty {
                file = ("/sys/fs/cgroup", "/memory.max")
            } else if fields[1].split(separator: ",").contains("memory") {
                file = ("/sys/fs/cgroup/memory", "/memory.limit_in_bytes")
            } else {
                continue
            }
            for group in lineage(fields[2]) {
                let text = read(file.root + group + file.name)
                // The word for "no limit" is `max`, or the largest number of whole pages.
                guard let limit = UInt64(text.prefix { !$0.isWhitespace }), limit < 1 << 60 else {
                    continue
                }
                limits.append(limit)
            }
        }
        return limits.min()
    }

    /// A group and those that it lies in, down to the root. What a container sees mounted there is often its
    /// own group, whatever path that has outside.
    private static func lineage(_ path: Substring) -> [String] {
        let names = path.split(separator: "/")
        return (0...names.count).map { count in names.prefix(count).map { "/" + $0 }.joined() }
    }
}
