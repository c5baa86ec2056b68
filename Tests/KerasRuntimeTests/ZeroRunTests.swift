import KerasRuntime
import Testing

@Suite struct ZeroRunTests {
  /// Every length around the stretches that are looked at at once, every place of the one number
  /// that is not zero.
  @Test func `zeros are counted at both ends`() {
    for count in [0, 1, 7, 8, 9, 16, 31, 33, 70] {
      for place in 0...count {
        var ids = [Int32](repeating: 0, count: count)
        // Only its last byte is not zero.
        if place < count { ids[place] = 1 << 24 }
        #expect(ZeroRun.leading(of: ids, count: count) == place)
        let behind = place < count ? count - 1 - place : count
        #expect(ZeroRun.trailing(of: ids, count: count) == behind)
        let flags = ids.map { $0 != 0 }
        #expect(ZeroRun.leading(of: flags, count: count) == place)
        #expect(ZeroRun.trailing(of: flags, count: count) == behind)
      }
    }
  }
}
