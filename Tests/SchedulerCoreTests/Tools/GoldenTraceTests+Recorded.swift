extension GoldenTraceTests {
    static let recordedHash = "f0e69e271a90a792"

    static let recorded = """
        0 ready 0
        1000000 arrived 1 due=+19000000
          launch batch=1 instance=0 rows=1 predicted=2100000 ids=1
        1500000 arrived 2 class=1 due=+98500000 rows=2 bytes=10
        2000000 arrived 3 due=+13000000 followed
        2000000 arrived 4 due=+1000000
          reject 4 deadline_unreachable retry=4200000
        2500000 arrived 5 shape=7
        3000000 completed 0
          launch batch=2 instance=0 rows=3 predicted=4198000 ids=3,2
        4000000 cancelled 5
          cancelled 5
        5000000 arrived 6 class=1 due=+7000000
        11000000 timer
          reject 6 deadline_missed retry=2099000
        12000000 draining
        13000000 completed 0 failure
        14000000 lost 0
        """
}

extension RandomnessTests {
    static let firstOf42: UInt64 = 6_332_618_229_526_065_668
}
