import KerasFormat
import KerasRuntime
import KerasTrain

/// The changes to a model that remedies make.
extension Diagnosis.Subject {
  /// With an embedding that masks id 0.
  func masking() throws(KerasError) -> Self {
    try rebuilding { (record: inout ModelRecord) in
      for index in record.layers.indices where record.layers[index].className == "Embedding" {
        record.layers[index].config["mask_zero"] = true
      }
    }
  }

  /// With an input of any number of steps.
  func openingLength() throws(KerasError) -> Self {
    try rebuilding { (record: inout ModelRecord) in
      for index in record.layers.indices {
        for key in ["batch_shape", "batch_input_shape"] {
          guard var shape = record.layers[index].config[key]?.array, shape.count == 2 else {
            continue
          }
          shape[1] = .null
          record.layers[index].config[key] = .array(shape)
        }
        if record.layers[index].config["input_length"] != nil {
          record.layers[index].config["input_length"] = .null
        }
      }
    }
  }

  /// With the maximum over all steps in the place of the last state; `nil` where the model is no
  /// straight line or its last recurrent layer does not end in one.
  func pooling() throws(KerasError) -> Self? {
    guard model.network.isSequential else { return nil }
    let names = ["GRU", "LSTM", "SimpleRNN", "Bidirectional"]
    let record = model.network.record
    guard let index = record.layers.lastIndex(where: { names.contains($0.className) }) else {
      return nil
    }
    let layer = record.layers[index]
    let inner = layer.config["layer"]?.object?["config"]?.object ?? layer.config
    guard layer.className != "Bidirectional", inner["return_sequences"]?.bool == false else {
      return nil
    }
    return try rebuilding { (record: inout ModelRecord) in
      record.layers[index].config["return_sequences"] = true
      record.layers.insert(
        LayerRecord(
          className: "GlobalMaxPooling1D", name: "pooling_over_time",
          config: GlobalMaxPooling1D().config),
        at: index + 1)
    }
  }

  /// With recurrent layers whose state starts by changing more slowly: the bias of a GRU's update
  /// gate, or of an LSTM's forget gate, raised by 2. `nil` where there is none.
  func forgettingLess() throws(KerasError) -> (title: String, subject: Self)? {
    var names: [String] = []
    let changed = try rebuilding { (record: inout ModelRecord) in
      for index in record.layers.indices {
        let layer = record.layers[index]
        guard layer.className == "GRU" || layer.className == "LSTM",
          let units = layer.config["units"]?.integer,
          let weight = layer.weights.firstIndex(where: { $0.name.hasSuffix("bias") })
        else { continue }
        let bias = layer.weights[weight]
        var values = bias.array.floats()
        let first = layer.className == "GRU" ? 0 : units
        guard values.count >= first + units else { continue }
        for unit in first..<first + units { values[unit] += 2 }
        record.layers[index].weights[weight] = WeightRecord(
          name: bias.name, array: NumericArray(shape: bias.array.shape, .float32(values)))
        names.append(layer.className == "GRU" ? "update gate" : "forget gate")
      }
    }
    return names.first.map { ("bias of the \($0) raised by 2", changed) }
  }

  /// With weights that its initializers draw.
  func startingAfresh() throws(KerasError) -> Self {
    var record = model.network.record
    record.training = nil
    for index in record.layers.indices { record.layers[index].weights = [] }
    var subject = self
    subject.model = Model(try Network(record, weights: .fresh(seed: seed)))
    try subject.compile(as: model)
    return subject
  }
}
