@main struct Headway { static func main() {} }
