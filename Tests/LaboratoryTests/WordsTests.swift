import KerasLaboratory
import Testing

@Suite struct WordsTests {
  @Test func `shares are percents, and what is many times a whole is not counted out`() {
    #expect(percent(0.5) == "50%" && percent(0.004) == "0.4%" && percent(0.997) == "99.7%")
    #expect(percent(12) == "1200%")
    #expect(percent(3e7) == "3.0\u{00B7}10⁹%")
    #expect(percent(.nan) == "not a number%" && percent(.infinity) == "infinite%")
    #expect(
      ofItsSize(0.02) == "2% of its size" && ofItsSize(41_234) == "4.1\u{00B7}10⁴ times its size")
  }

  @Test func `one is one`() {
    #expect(counted(1, "epoch") == "1 epoch" && counted(0, "epoch") == "0 epochs")
  }

  @Test func `numbers have three digits wherever they are printed`() {
    #expect(inWords(0.6931) == "0.693" && inWords(12.345) == "12.3" && inWords(0) == "0")
    #expect(inWords(1e-7) == "1.0\u{00B7}10⁻⁷" && inWords(-123_456) == "-1.2\u{00B7}10⁵")
  }
}
