internal import Foundation

/// The few questions that a repository asks the file system. Links are followed.
enum Folder {
    /// What a path leads to.
    enum Kind {
        case missing
        case directory
        case file
    }

    /// What is at `path`.
    static func kind(of path: String) -> Kind {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            return .missing
        }
        return isDirectory.boolValue ? .directory : .file
    }

    /// Names in the directory `path`, ascending, without the hidden ones.
    ///
    /// - Throws: ``Failure`` when it cannot be listed.
    static func visibleNames(in path: String) throws(Failure) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
                .filter { !$0.hasPrefix(".") }.sorted()
        } catch {
            throw Failure(reason: "cannot be listed: \(error.localizedDescription)")
        }
    }

    /// The content of the regular file `path`.
    ///
    /// - Throws: ``Failure`` when it cannot be read or has more than `limit` bytes.
    static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        do {
            // Asking first keeps pipes, which would block, and oversized files from being opened.
            let attributes = try FileManager.default.attributesOfItem(atPath: target)
            let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
            if attributes[.type] as? FileAttributeType != .typeRegular {
                throw Failure(reason: "is not a regular file")
            }
            if size > limit {
                throw Failure(reason: "has \(size) bytes; \(limit) are allowed")
            }
            return Array(try Data(contentsOf: URL(fileURLWithPath: target)).prefix(limit))
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(reason: "cannot be read: \(error.localizedDescription)")
        }
    }

    /// `name` below `path`.
    static func join(_ path: String, _ name: String) -> String {
        path.hasSuffix("/") ? path + name : "\(path)/\(name)"
    }

    /// A file or directory that cannot be read, in words that follow its path.
    struct Failure: Error {
        let reason: String
    }
}
