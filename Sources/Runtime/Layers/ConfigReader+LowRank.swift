import KerasFormat

extension ConfigReader {
  /// Refuses what Keras 3 adds to a trained layer: updates of low rank (LoRA) and quantization.
  mutating func refuseLowRank() throws(KerasError) {
    if let rank = value("lora_rank"), rank.number != 0 {
      throw error(
        "lora_rank", "\(rank.kind): low-rank updates (LoRA) are not supported",
        hint: "Keras saves the weights with the update added: build the model without lora_rank, "
          + "load them, and save it again")
    }
    ignore("lora_alpha")
    try refuse("quantization_config")
  }
}
