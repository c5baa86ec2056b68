/// How TensorFlow 1 numbers the names of weights that would be equal: `kernel_1` where it is of the
/// same layer's scope, as those of the cells of one RNN are, `dense_1_1/kernel` where another layer
/// opens a scope of the name.
struct NumberedNames {
  private var taken: Set<String> = []
  /// The scope of a leaf, after its name.
  private var scopes: [String: [String: String]] = [:]

  /// What a weight is called whose name would be `name`, `dense_1/kernel:0`.
  ///
  /// - Parameter layer: what tells the layer that opens the scope from others.
  mutating func next(_ name: String, of layer: String) -> String {
    let split = name.lastIndex(of: "/")
    let (scope, own) = split.map { (String(name[..<$0]), String(name[$0...])) } ?? ("", name)
    var found = scopes[scope]?[layer]
    if found == nil {
      let count = scopes[scope]?.count ?? 0
      found = count == 0 || scope.isEmpty ? scope : "\(scope)_\(count)"
      scopes[scope, default: [:]][layer] = found
    }
    let stem = (found ?? scope) + (own.hasSuffix(":0") ? String(own.dropLast(2)) : own)
    var result = stem
    var number = 0
    while !taken.insert(result).inserted {
      number += 1
      result = "\(stem)_\(number)"
    }
    return result + ":0"
  }
}
