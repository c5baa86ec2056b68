/// The scratch memory of one call or one training run: everything that flows between layers lies
/// in it, and nothing else owns or frees it.
///
/// It is a bump allocator. ``reset()`` takes everything back at once; after the first batch of a
/// size no memory is asked of the system any more. Memory handed out stays valid until `reset()`
/// or the end of the workspace.
public struct Workspace: ~Copyable {
  private var blocks: [UnsafeMutableRawBufferPointer] = []
  private var offset = 0

  private static let alignment = 64
  private static let smallestBlock = 1 << 16

  /// Without memory; the first that is asked for comes from the system.
  public init() {}

  deinit {
    for block in blocks { block.deallocate() }
  }

  /// Memory for `count` elements, all bytes zero.
  public mutating func zeros<Element: BitwiseCopyable>(
    _ type: Element.Type = Element.self, count: Int
  ) -> UnsafeMutablePointer<Element> {
    let pointer = scratch(type, count: count)
    UnsafeMutableRawPointer(pointer).initializeMemory(
      as: UInt8.self, repeating: 0, count: count * MemoryLayout<Element>.stride)
    return pointer
  }

  /// Memory for `count` elements whose values are undefined: write before reading.
  public mutating func scratch<Element: BitwiseCopyable>(
    _ type: Element.Type = Element.self, count: Int
  ) -> UnsafeMutablePointer<Element> {
    let wanted = max(1, count) * MemoryLayout<Element>.stride
    let bytes = (wanted + Self.alignment - 1) & ~(Self.alignment - 1)
    if blocks.isEmpty || offset + bytes > blocks[blocks.count - 1].count {
      let grown = (blocks.last?.count ?? 0) * 2
      blocks.append(Self.block(of: max(bytes, grown, Self.smallestBlock)))
      offset = 0
    }
    let start = blocks[blocks.count - 1].baseAddress.unsafelyUnwrapped + offset
    offset += bytes
    return start.bindMemory(to: Element.self, capacity: max(1, count))
  }

  /// Takes back all memory handed out; keeps it, as one block, for the next call.
  public mutating func reset() {
    if blocks.count > 1 {
      let total = blocks.reduce(0) { $0 + $1.count }
      for block in blocks { block.deallocate() }
      blocks = [Self.block(of: total)]
    }
    offset = 0
  }

  private static func block(of count: Int) -> UnsafeMutableRawBufferPointer {
    .allocate(byteCount: count, alignment: alignment)
  }
}
