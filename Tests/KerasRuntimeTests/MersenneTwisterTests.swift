import KerasFormat
import KerasRuntime
import Testing

/// Expected values: fixtures/text/make_tables.py (numpy 2.4.6, Python 3's random).
struct MersenneTwisterTests {
  @Test func `the words are NumPy's for a whole-number seed`() throws {
    let words = try #require(try TextFixture.json("split.json")["numpy_words"].object)
    for (seed, expected) in words.members {
      var generator = MersenneTwister(numpySeed: try #require(UInt32(seed)))
      let drawn = (0..<1300).map { _ in Int(generator.nextUInt32()) }
      #expect(Array(drawn.suffix(6)) == expected.integers, "seed \(seed)")
    }
  }

  @Test func `shuffles and permutations are NumPy's`() throws {
    for expected in try #require(try TextFixture.json("split.json")["shuffles"].array) {
      let count = try #require(expected["count"].integer)
      var generator = MersenneTwister(
        numpySeed: UInt32(try #require(expected["seed"].integer)))
      var numbers = Array(0..<count)
      generator.shuffle(&numbers)
      #expect(numbers == expected["first"].integers)
      #expect(generator.permutation(count) == expected["second"].integers)
    }
  }

  @Test func `intervals are NumPy's`() throws {
    for expected in try #require(try TextFixture.json("split.json")["intervals"].array) {
      let limit = try #require(expected["max"].integer)
      var generator = MersenneTwister(numpySeed: 11)
      let draws = (0..<20).map { _ in Int(generator.interval(UInt64(limit))) }
      #expect(draws == expected["draws"].integers, "up to \(limit)")
    }
  }

  @Test func `randint, getrandbits and random are Python's`() throws {
    for expected in try #require(try TextFixture.json("split.json")["pythons"].array) {
      let seed = try #require(expected["seed"].integer)
      var generator = MersenneTwister(pythonSeed: seed)
      let large = (0..<8).map { _ in generator.randint(1, 1_000_000_000) }
      #expect(large == expected["randint"].integers, "seed \(seed)")
      let small = (0..<12).map { _ in generator.randint(-3, 3) }
      #expect(small == expected["small"].integers, "seed \(seed)")
      let bits = [1, 7, 31, 32, 33, 53, 63].map { Int(generator.randomBits($0)) }
      #expect(bits == expected["bits"].integers, "seed \(seed)")
      #expect(generator.nextDouble() == expected["random"].number, "seed \(seed)")
    }
  }

  @Test func `the seeds that Keras 3 draws after seed 7 come out`() {
    var generator = MersenneTwister(pythonSeed: 7)
    #expect(
      (0..<5).map { _ in generator.randint(1, 1_000_000_000) }
        == [347_712_783, 161_973_070, 423_938_500, 698_935_573, 51_847_157])
  }

  @Test func `the widest range and an empty one give numbers of the range`() {
    var generator = MersenneTwister(pythonSeed: 3)
    let wide = Set((0..<9).map { _ in generator.randint(.min, .max) })
    #expect(wide.count == 9)
    #expect(generator.randint(5, 5) == 5)
    #expect(generator.randint(5, 4) == 5)
  }
}
