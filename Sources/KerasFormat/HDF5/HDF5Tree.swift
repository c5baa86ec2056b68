/// A group of an HDF5 file as a value: its attributes and what lies in it.
///
/// The tree is the seam: ``HDF5File`` reads and writes it, layouts look into it, and nobody else
/// meets the HDF5 library.
public struct HDF5Group: Sendable, Equatable {
  /// Its attributes, by name.
  public var attributes: HDF5Members<HDF5Attribute>
  /// The groups and datasets in it, by name.
  public var children: HDF5Members<HDF5Object>

  /// A group of these attributes and members; by default it is empty.
  public init(
    attributes: HDF5Members<HDF5Attribute> = [:], children: HDF5Members<HDF5Object> = [:]
  ) {
    self.attributes = attributes
    self.children = children
  }
}

/// What a group can hold.
public enum HDF5Object: Sendable, Equatable {
  /// A folder of others.
  case group(HDF5Group)
  /// An array.
  case dataset(HDF5Dataset)
}

/// An array with its attributes.
public struct HDF5Dataset: Sendable, Equatable {
  /// Its numbers and their shape.
  public var array: NumericArray
  /// Its attributes, by name.
  public var attributes: HDF5Members<HDF5Attribute>

  /// A dataset of these numbers, by default without attributes.
  public init(_ array: NumericArray, attributes: HDF5Members<HDF5Attribute> = [:]) {
    self.array = array
    self.attributes = attributes
  }
}

/// A small value attached to a group or dataset.
public enum HDF5Attribute: Sendable, Equatable {
  /// One string.
  case string(String, HDF5StringType = .variableUTF8)
  /// A list of strings.
  case strings([String], HDF5StringType = .variableUTF8)
  /// Numbers. h5py stores an empty list as float64 of shape (0,).
  case numbers(NumericArray)

  /// What h5py stores for an empty list.
  public static let emptyList = HDF5Attribute.numbers(NumericArray(shape: [0], .float64([])))
}

/// The two ways and two encodings in which h5py stores strings.
public struct HDF5StringType: Sendable, Equatable {
  /// Variable-length, or fixed-length padded with zero bytes to the longest.
  public var isVariable: Bool
  /// Marked as UTF-8, or as ASCII.
  public var isUTF8: Bool

  /// What h5py makes of a Python `str`.
  public static let variableUTF8 = HDF5StringType(isVariable: true, isUTF8: true)
  /// Of any length, marked as ASCII.
  public static let variableASCII = HDF5StringType(isVariable: true, isUTF8: false)
  /// What h5py makes of a NumPy array of `bytes`, as Keras writes lists of names.
  public static let fixedASCII = HDF5StringType(isVariable: false, isUTF8: false)
  /// Of one length, marked as UTF-8.
  public static let fixedUTF8 = HDF5StringType(isVariable: false, isUTF8: true)
}

/// Named values in order. A reader gives the order of names' bytes, as HDF5 lists them.
public struct HDF5Members<Value: Sendable & Equatable>: Sendable, Equatable,
  ExpressibleByDictionaryLiteral
{
  /// The names in order.
  public private(set) var names: [String] = []
  private var values: [String: Value] = [:]

  /// No members.
  public init() {}

  /// Members in the order written; of equal names the last one's value stands in the first one's
  /// place.
  public init(dictionaryLiteral elements: (String, Value)...) {
    for (name, value) in elements { self[name] = value }
  }

  /// The member of that name. Setting a new one appends it; setting `nil` removes it.
  public subscript(name: String) -> Value? {
    get { values[name] }
    set {
      if let newValue {
        if values.updateValue(newValue, forKey: name) == nil { names.append(name) }
      } else if values.removeValue(forKey: name) != nil {
        names.removeAll { $0 == name }
      }
    }
  }

  /// How many members there are.
  public var count: Int { names.count }
  /// Whether there are no members.
  public var isEmpty: Bool { names.isEmpty }

  /// Name and value of each, in order.
  public var members: [(name: String, value: Value)] {
    names.compactMap { name in values[name].map { (name, $0) } }
  }

  /// Equal when they hold the same members; order does not count.
  public static func == (a: Self, b: Self) -> Bool { a.values == b.values }
}

// MARK: - Ways through the tree

extension HDF5Group {
  /// The group of that name right in this one; `nil` where there is none or a dataset has the name.
  public func group(_ name: String) -> HDF5Group? {
    if case .group(let group) = children[name] { group } else { nil }
  }

  /// The object at a path of components below this group.
  public func object(at path: [String]) -> HDF5Object? {
    guard let first = path.first else { return .group(self) }
    guard let child = children[first] else { return nil }
    if path.count == 1 { return child }
    guard case .group(let group) = child else { return nil }
    return group.object(at: Array(path.dropFirst()))
  }

  /// The group at a path of components below this one; `nil` where none is there.
  public func group(at path: [String]) -> HDF5Group? {
    if case .group(let group) = object(at: path) { group } else { nil }
  }

  /// Puts an object at a path, making the groups on the way.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` when something else stands there.
  public mutating func insert(_ object: HDF5Object, at path: [String]) throws(KerasError) {
    guard let first = path.first else { return }
    if path.count == 1 {
      guard children[first] == nil else {
        throw KerasError(
          .unsupportedConfiguration, "two objects would have this name in the HDF5 file",
          at: .init(path: [first]))
      }
      children[first] = object
      return
    }
    var inner: HDF5Group
    switch children[first] {
    case nil: inner = HDF5Group()
    case .group(let group): inner = group
    case .dataset:
      throw KerasError(
        .unsupportedConfiguration, "a weight stands where a group is needed in the HDF5 file",
        at: .init(path: [first]))
    }
    do { try inner.insert(object, at: Array(path.dropFirst())) } catch {
      throw error.inside(first)
    }
    children[first] = .group(inner)
  }
}
