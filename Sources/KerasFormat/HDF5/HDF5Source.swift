internal import CKerasHDF5

/// What the library's driver of `shim.h` reads from.
final class HDF5Source {
  private let region: ByteRegion
  /// Why reading failed, which the library does not know.
  private(set) var failure: KerasError?

  init(_ region: ByteRegion) { self.region = region }

  /// What the driver is given. It holds no reference: the source must outlive the library's file.
  var bytes: hornbill_bytes {
    hornbill_bytes(
      read: { source, address, size, buffer in
        guard let source, let buffer else { return -1 }
        // SAFETY: `source` is the address that `bytes` gave, of an object that is still there.
        return Unmanaged<HDF5Source>.fromOpaque(source).takeUnretainedValue()
          .read(at: address, UnsafeMutableRawBufferPointer(start: buffer, count: size))
      },
      source: Unmanaged.passUnretained(self).toOpaque(), size: UInt64(region.count))
  }

  /// 0, or negative where the library asks for bytes behind the end or they cannot be read.
  private func read(at address: UInt64, _ buffer: UnsafeMutableRawBufferPointer) -> Int32 {
    guard let start = Int(exactly: address), start <= region.count - buffer.count else { return -1 }
    do throws(KerasError) {
      try region.read(at: start, into: buffer)
      return 0
    } catch {
      failure = error
      return -1
    }
  }
}
