/// HDF5 files as bytes: a whole file in, a tree out, and back. The library is given bytes, never a
/// file.
public enum HDF5File {
  /// The first 8 bytes of every HDF5 file.
  public static let magic: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Reads every group, dataset and attribute.
  ///
  /// - Throws: ``KerasError/Code/damagedFile``; the place's path is that inside the file, with `@`
  ///   in front of an attribute's name.
  public static func read(_ bytes: [UInt8]) throws(KerasError) -> HDF5Group {
    try read(ByteRegion(bytes))
  }

  /// Reads all but the groups and datasets in the root that have one of these names.
  static func read(
    _ region: ByteRegion, without names: Set<String> = []
  ) throws(KerasError) -> HDF5Group {
    guard try region.starts(with: magic) else {
      throw KerasError(.damagedFile, "the bytes are no HDF5 file: the signature is missing")
    }
    return try HDF5Library.exclusively { (driver) throws(KerasError) -> HDF5Group in
      var reader = HDF5Reader(fileSize: region.count, without: names)
      return try reader.read(region, driver)
    }
  }

  /// The bytes of a file that holds `root`.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` for what HDF5 cannot hold, such as a
  ///   name with a zero byte, ``KerasError/Code/inputOutput`` or ``KerasError/Code/damagedFile``
  ///   where the library fails.
  public static func write(_ root: HDF5Group) throws(KerasError) -> [UInt8] {
    try HDF5Library.exclusively { (_) throws(KerasError) -> [UInt8] in
      try HDF5Writer().write(root)
    }
  }

  /// The version of the HDF5 library that is linked, such as `1.10.8`.
  public static var libraryVersion: String {
    (try? HDF5Library.version()) ?? "unknown"
  }
}
