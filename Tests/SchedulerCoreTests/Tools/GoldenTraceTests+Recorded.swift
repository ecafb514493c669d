extension GoldenTraceTests {
    static let recordedHash = "988e3a88c66be066"

    static let recorded = """
        0 ready 0
        1000000 arrived 1 class=0 due=20000000 rows=1 bytes=0 shape=0
          launch batch=1 instance=0 rows=1 predicted=2100000 ids=1
        1500000 arrived 2 class=1 due=100000000 rows=2 bytes=10 shape=0
        2000000 arrived 3 class=0 due=15000000 rows=1 bytes=0 shape=0 followed
        2000000 arrived 4 class=0 due=3000000 rows=1 bytes=0 shape=0
          reject 4 deadline_unreachable retry=4200000
        2500000 arrived 5 class=0 due=none rows=1 bytes=0 shape=7
        3000000 completed 0 success
          launch batch=2 instance=0 rows=3 predicted=4198000 ids=3,2
        4000000 cancelled 5
          cancelled 5
        5000000 arrived 6 class=1 due=12000000 rows=1 bytes=0 shape=0
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
