import KerasFormat
import KerasTrain
import TestSupport
import Testing

/// Expected values: scikit-learn 1.9.1, through fixtures/text/make_tables.py.
struct TrainTestSplitTests {
  struct Case: Sendable {
    let rows: Int
    let size: Double
    let seed: UInt32
    let train: [Int]
    let test: [Int]
  }

  @Test(arguments: [
    Case(rows: 10, size: 0.25, seed: 0, train: [9, 1, 6, 7, 3, 0, 5], test: [2, 8, 4]),
    Case(rows: 10, size: 0.25, seed: 42, train: [0, 7, 2, 9, 4, 3, 6], test: [8, 1, 5]),
    Case(rows: 11, size: 0.1, seed: 7, train: [0, 2, 1, 10, 7, 3, 6, 9, 4], test: [8, 5]),
    Case(rows: 7, size: 0.5, seed: 123, train: [2, 5, 6], test: [1, 3, 4, 0]),
    Case(rows: 10, size: 0.9, seed: 1, train: [5], test: [2, 9, 6, 4, 0, 3, 1, 7, 8]),
    Case(rows: 3, size: 0.01, seed: 5, train: [1, 2], test: [0]),
  ])
  func `rows fall as scikit-learn's fall`(expected: Case) throws {
    let split = try TrainTestSplit(
      rows: expected.rows, testSize: expected.size, seed: expected.seed)
    #expect(split.train == expected.train)
    #expect(split.test == expected.test)
  }

  @Test(arguments: [
    (2748, 0.25, UInt32(0), [2061, 687], [2_923_745_453, 330_574_273]),
    (3000, 0.25, UInt32(0), [2250, 750], [3_851_004_813, 404_903_366]),
    (100, 0.3, UInt32(4_294_967_295), [70, 30], [113023, 26941]),
    (33, 0.3333333333333333, UInt32(9), [22, 11], [5222, 851]),
    (65536, 0.2, UInt32(3), [52428, 13108], [45_016_561_443_186, 2_814_871_363_631]),
    (65537, 0.2, UInt32(3), [52429, 13108], [45_030_750_895_763, 2_796_077_349_024]),
  ])
  func `many rows fall as scikit-learn's fall`(
    rows: Int, size: Double, seed: UInt32, counts: [Int], checksums: [Int]
  ) throws {
    func weigh(_ rows: [Int]) -> Int {
      rows.enumerated().reduce(0) { $0 + ($1.offset + 1) * $1.element }
    }
    let split = try TrainTestSplit(rows: rows, testSize: size, seed: seed)
    #expect([split.train.count, split.test.count] == counts)
    #expect([weigh(split.train), weigh(split.test)] == checksums)
  }

  @Test func `the default share of 2,748 rows leaves 2,061 to train on`() throws {
    let split = try TrainTestSplit(rows: 2748, testSize: 0.25)
    #expect(split.train.count == 2061)
    #expect(Set(split.train + split.test) == Set(0..<2748))
  }

  @Test func `a share of 0 keeps all rows in their order`() throws {
    let split = try TrainTestSplit(rows: 4, testSize: 0)
    #expect(split.train == [0, 1, 2, 3])
    #expect(split.test.isEmpty)
  }

  @Test(arguments: [
    (
      10, 1.0,
      "the share of test rows is 1.0; expected 0 or more and below 1; "
        + "0.25 holds a quarter of the rows back"
    ),
    (
      10, -0.5,
      "the share of test rows is -0.5; expected 0 or more and below 1; "
        + "0.25 holds a quarter of the rows back"
    ),
    (
      1, 0.25,
      "of 1 rows, a test share of 0.25 takes 1 and leaves none to train on; "
        + "give more rows or a smaller share"
    ),
    (
      0, 0.25,
      "of 0 rows, a test share of 0.25 takes 0 and leaves none to train on; "
        + "give more rows or a smaller share"
    ),
  ])
  func `a share that cannot be is refused`(rows: Int, size: Double, expected: String) {
    do {
      _ = try TrainTestSplit(rows: rows, testSize: size)
      Issue.record("no error")
    } catch {
      #expect(error.description == expected)
    }
  }
}
