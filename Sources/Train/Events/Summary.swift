import KerasFormat

/// One `Summary.Value` of an event file.
///
/// Source: `tensorflow/core/framework/summary.proto`, `tensor.proto`, and TensorBoard's plugins
/// `scalar`, `histogram` and `hparams` (`summary_v2.py`, `plugin_data.proto`).
struct Summary {
  let bytes: [UInt8]

  private init(_ body: (inout ProtobufWriter) -> Void) { bytes = ProtobufWriter(body).bytes }

  /// Kinds of data, as TensorBoard sorts them.
  private enum DataClass: Int {
    case none = 0
    case scalar, tensor
  }

  private static func metadata(
    _ plugin: String, _ content: [UInt8], _ dataClass: DataClass,
    into value: inout ProtobufWriter
  ) {
    value.message(9) { metadata in
      metadata.message(1) { data in
        data.string(1, plugin)
        if !content.isEmpty { data.data(2, content) }
      }
      if dataClass != .none { metadata.varint(4, dataClass.rawValue) }
    }
  }

  /// A number as TensorFlow 1 writes it.
  static func simple(_ tag: String, _ number: Double) -> Summary {
    Summary {
      $0.string(1, tag)
      $0.float(2, Float(number))
    }
  }

  /// A number as TensorFlow 2 writes it: a float32 scalar of the plugin `scalars`.
  static func scalar(_ tag: String, _ number: Double) -> Summary {
    Summary { value in
      value.string(1, tag)
      value.message(8) { tensor in
        tensor.varint(1, 1)
        tensor.message(2) { _ in }
        tensor.float(5, Float(number))
      }
      metadata("scalars", [], .scalar, into: &value)
    }
  }

  /// The definition of a model, which the Graphs page draws.
  static func model(_ tag: String, json: String) -> Summary {
    Summary { value in
      value.string(1, tag)
      value.message(8) { tensor in
        tensor.varint(1, 7)
        tensor.message(2) { _ in }
        tensor.string(8, json)
      }
      metadata("graph_keras_model", Array("1".utf8), .none, into: &value)
    }
  }

  /// A histogram as TensorFlow 2 writes it: 30 buckets of one width, `[left, right, count]` each.
  static func histogram(_ tag: String, _ numbers: [Float]) -> Summary {
    let buckets = 30
    let values = numbers.map { Double($0) }.filter(\.isFinite)
    let (low, high) = (values.min() ?? 0, values.max() ?? 0)
    var counts = [Double](repeating: 0, count: buckets)
    let width = (high - low) / Double(buckets)
    for value in values {
      let index = width > 0 ? Int(((value - low) / width).rounded(.down)) : buckets - 1
      counts[min(max(index, 0), buckets - 1)] += 1
    }
    let edges = (0...buckets).map { index in
      index == buckets ? high : low + Double(index) * ((high - low) / Double(buckets))
    }
    var content: [Double] = []
    for index in 0..<buckets { content += [edges[index], edges[index + 1], counts[index]] }
    let raw = NumericArray(shape: [content.count], .float64(content)).littleEndianBytes
    return Summary { value in
      value.string(1, tag)
      value.message(8) { tensor in
        tensor.varint(1, 2)
        tensor.message(2) { shape in
          for size in [buckets, 3] { shape.message(2) { $0.varint(1, size) } }
        }
        tensor.data(4, raw)
      }
      metadata("histograms", [], .tensor, into: &value)
    }
  }

  /// A histogram as TensorFlow 1 writes it: a `HistogramProto` of buckets that grow by a tenth.
  static func bucketed(_ tag: String, _ numbers: [Float]) -> Summary {
    let values = numbers.map { Double($0) }.filter(\.isFinite)
    var counts = [Double](repeating: 0, count: limits.count)
    for value in values {
      let index = limits.partitioningIndex { $0 > value }
      counts[min(index, limits.count - 1)] += 1
    }
    // Runs of empty buckets are one.
    var (ends, filled): ([Double], [Double]) = ([], [])
    var index = 0
    while index < limits.count {
      var (end, count) = (limits[index], counts[index])
      index += 1
      if count <= 0 {
        while index < limits.count, counts[index] <= 0 {
          (end, count) = (limits[index], counts[index])
          index += 1
        }
      }
      ends.append(end)
      filled.append(count)
    }
    return Summary { value in
      value.string(1, tag)
      value.message(5) { histogram in
        histogram.double(1, values.min() ?? 0)
        histogram.double(2, values.max() ?? 0)
        histogram.double(3, Double(values.count))
        histogram.double(4, values.reduce(0, +))
        histogram.double(5, values.reduce(0) { $0 + $1 * $1 })
        histogram.doubles(6, ends)
        histogram.doubles(7, filled)
      }
    }
  }

  /// The limits of TensorFlow's default buckets (`histogram.cc`): ±1e-12 · 1.1ⁿ up to 1e20.
  private static let limits: [Double] = {
    var positive: [Double] = []
    var limit = 1e-12
    while limit < 1e20 {
      positive.append(limit)
      limit *= 1.1
    }
    positive.append(.greatestFiniteMagnitude)
    return positive.reversed().map { -$0 } + [0] + positive
  }()

  // MARK: - HParams

  /// The three summaries of the plugin `hparams`. `data_class` is tensor: with any other the page
  /// stays empty.
  private static func hparams(
    _ tag: String, _ body: (inout ProtobufWriter) -> Void
  ) -> Summary {
    let content = ProtobufWriter(body).bytes
    return Summary { value in
      value.string(1, tag)
      value.message(8) { tensor in
        tensor.varint(1, 1)
        tensor.message(2) { _ in }
        tensor.float(5, 0)
      }
      metadata("hparams", content, .tensor, into: &value)
    }
  }

  /// What an experiment varies and measures.
  static func experiment(_ hparams: JSONObject, metrics: [(group: String, tag: String)]) -> Summary
  {
    Self.hparams("_hparams_/experiment") { data in
      data.message(2) { experiment in
        for (name, value) in hparams.members {
          experiment.message(4) { info in
            info.string(1, name)
            let type =
              switch value {
              case .bool: 2
              case .integer, .number: 3
              default: 1
              }
            info.varint(4, type)
          }
        }
        for metric in metrics {
          experiment.message(5) { info in
            info.message(1) { name in
              name.string(1, metric.group)
              name.string(2, metric.tag)
            }
          }
        }
      }
    }
  }

  /// The beginning of a run with these settings.
  ///
  /// - Parameter group: runs of one name are one trial of several.
  static func sessionStart(_ hparams: JSONObject, group: String, time: Double) -> Summary {
    Self.hparams("_hparams_/session_start_info") { data in
      data.message(3) { start in
        for (name, value) in hparams.members {
          start.message(1) { entry in
            entry.string(1, name)
            entry.message(2) { field in
              switch value {
              case .bool(let flag): field.varint(4, flag ? 1 : 0)
              case .integer(let number): field.double(2, Double(number))
              case .number(let number): field.double(2, number)
              case .string(let text): field.string(3, text)
              default: field.string(3, value.pythonText())
              }
            }
          }
        }
        start.string(4, group)
        start.double(5, time)
      }
    }
  }

  /// The end of a run: 1 done, 2 failed.
  static func sessionEnd(status: Int, time: Double) -> Summary {
    hparams("_hparams_/session_end_info") { data in
      data.message(4) { end in
        end.varint(1, status)
        end.double(2, time)
      }
    }
  }
}

extension [Double] {
  /// The first index whose element is on the far side; elements are sorted.
  fileprivate func partitioningIndex(where isBeyond: (Double) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
