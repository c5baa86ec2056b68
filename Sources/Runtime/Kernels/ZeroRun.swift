/// How much of an array is zero at one of its ends: padding, or steps that a mask leaves out.
package enum ZeroRun {
  private typealias Wide = SIMD4<UInt64>
  private static let width = MemoryLayout<Wide>.size

  /// Elements before the first that is not zero; all of them where none is.
  package static func leading<T: BitwiseCopyable>(of array: UnsafePointer<T>, count: Int) -> Int {
    let (bytes, end) = (UnsafeRawPointer(array), count * MemoryLayout<T>.stride)
    var at = 0
    while at + width <= end, bytes.loadUnaligned(fromByteOffset: at, as: Wide.self) == .zero {
      at += width
    }
    while at < end, bytes.load(fromByteOffset: at, as: UInt8.self) == 0 { at += 1 }
    return at / MemoryLayout<T>.stride
  }

  /// Elements behind the last that is not zero; all of them where none is.
  package static func trailing<T: BitwiseCopyable>(of array: UnsafePointer<T>, count: Int) -> Int {
    let (bytes, end) = (UnsafeRawPointer(array), count * MemoryLayout<T>.stride)
    var at = end
    while at >= width, bytes.loadUnaligned(fromByteOffset: at - width, as: Wide.self) == .zero {
      at -= width
    }
    while at > 0, bytes.load(fromByteOffset: at - 1, as: UInt8.self) == 0 { at -= 1 }
    return (end - at) / MemoryLayout<T>.stride
  }
}
