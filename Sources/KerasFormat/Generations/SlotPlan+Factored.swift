/// What Adafactor keeps: of a weight with two axes and more the mean squares of its rows and of its
/// columns, which stand in front of what follows from them. For any other weight Keras 3 keeps two
/// whole numbers in their place, 2.15 nothing.
extension SlotPlan {
  static let row = "row"
  static let column = "column"

  /// The shape of a slot of a weight; `[]` where nothing is to be kept.
  static func shape(ofSlot name: String, weight shape: [Int]) -> [Int] {
    guard name == row || name == column else { return shape }
    guard shape.count >= 2 else { return [] }
    return name == row ? Array(shape.dropLast()) : shape.dropLast(2) + [shape[shape.count - 1]]
  }

  var isFactored: Bool { className == "Adafactor" }

  /// Whether a file has an array for a slot of a weight.
  func isStored(_ name: String, weight shape: [Int]) -> Bool {
    dialect.generation == .keras3 || shape.count >= 2 || name != Self.row && name != Self.column
  }

  /// Sorts the arrays behind the counters into slots, weight by weight.
  ///
  /// - Parameter shapes: of the trainable weights.
  func readFactored(
    _ arrays: ArraySlice<NumericArray>, shapes: [[Int]], into record: inout OptimizerRecord
  ) throws(KerasError) {
    var rest = arrays
    for group in groups {
      var slots = group.map { OptimizerRecord.Slot(name: $0, arrays: []) }
      for shape in shapes {
        for (index, name) in group.enumerated() {
          let expected = Self.shape(ofSlot: name, weight: shape)
          guard isStored(name, weight: shape) else {
            slots[index].arrays.append(Self.nothing)
            continue
          }
          guard let array = rest.popFirst(), array.shape == expected else {
            throw KerasError(
              .weightMismatch,
              "\(arrays.count) optimizer arrays that are not those of \(className) for the model's "
                + "\(shapes.count) trainable weights", at: .init(path: [name]))
          }
          slots[index].arrays.append(expected == [] && shape != [] ? Self.nothing : array)
        }
      }
      record.slots += slots
    }
    guard rest.isEmpty else {
      throw KerasError(
        .weightMismatch, "\(rest.count) optimizer arrays more than \(className) keeps")
    }
  }

  /// What stands for rows and columns of a weight that has none.
  static let nothing = NumericArray(shape: [], .float32([0]))
}
