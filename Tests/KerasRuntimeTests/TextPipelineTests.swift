import KerasFormat
import KerasRuntime
import Testing

struct TextPipelineTests {
  private var pipeline: TextPipeline {
    var tokenizer = Tokenizer(numWords: 5, oovToken: "?")
    tokenizer.fitOnTexts(["good good case", "bad case"])
    return TextPipeline(
      tokenizer: tokenizer, maxLength: 3, padding: .post, truncating: .pre,
      labelNames: ["neg", "pos"])
  }

  @Test func `texts become rows of equal length`() {
    let batch = pipeline.encode(["Good case!", "", "bad bad good case what"])
    #expect(batch.ids == [2, 3, 0, 0, 0, 0, 2, 3, 1])
    #expect(batch.rows == 3)
    #expect(batch.length == 3)
  }

  @Test func `what was stored comes back equal`() throws {
    #expect(try TextPipeline(json: pipeline.toJSON()) == pipeline)
    let text = pipeline.toJSON().pythonText()
    #expect(try TextPipeline(json: JSON(parsing: text)) == pipeline)
  }

  @Test(arguments: [
    ("version", JSON.integer(2), "version: found 2; expected 1"),
    ("max_length", JSON.integer(0), "max_length: found 0; expected a whole number from 1"),
    ("padding", JSON.string("left"), "padding: found \"left\"; expected \"pre\" or \"post\""),
    ("truncating", JSON.null, "truncating: found null; expected \"pre\" or \"post\""),
    (
      "label_names", JSON.array(["a", 1]),
      "label_names: found a list; expected a list of strings, or null"
    ),
    (
      "tokenizer", JSON.object(JSONObject()),
      "tokenizer: found an object; expected Keras's Tokenizer with \"class_name\": \"Tokenizer\" "
        + "and a \"config\"; write it with Tokenizer.to_json() of Keras 2.2.4 or newer"
    ),
  ])
  func `a damaged pipeline names the key`(key: String, value: JSON, expected: String) throws {
    var object = try #require(pipeline.toJSON().object)
    object[key] = value
    do {
      _ = try TextPipeline(json: .object(object))
      Issue.record("no error")
    } catch {
      #expect(error.description == expected)
    }
  }
}
