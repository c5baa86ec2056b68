"""TFLite, now LiteRT, for prediction: converted by TensorFlow with the steps unrolled, XNNPACK on."""

import os
from importlib import metadata

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import numpy as np
import tensorflow as tf
from ai_edge_litert import interpreter as litert

from protocol import THREADS, Skip, rows, serve, weights


def convert(work, batch, length):
    inputs = tf.keras.Input(batch_shape=(batch, length), dtype="int32")
    y = tf.keras.layers.Embedding(work["vocabulary"], work["dimension"])(inputs)
    layer = tf.keras.layers.GRU if work["model"] == "gru" else tf.keras.layers.LSTM
    y = layer(work["units"], unroll=True)(y)
    model = tf.keras.Model(inputs, tf.keras.layers.Dense(1, activation="sigmoid")(y))
    model.set_weights(weights(work))
    function = tf.function(
        lambda x: model(x, training=False),
        input_signature=[tf.TensorSpec((batch, length), tf.int32)],
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function()], model
    )
    return converter.convert()


def prepare(work):
    if work["kind"] == "train":
        raise Skip("does not train")
    if work["model"] == "ffnn":
        raise Skip("no recurrent layer to compare")
    x, _ = rows(work)
    size = 1 if work["kind"] == "single" else work["batch"]
    count = len(x) // size * size
    parts = [np.ascontiguousarray(x[i : i + size]) for i in range(0, count, size)]
    interpreter = litert.Interpreter(
        model_content=convert(work, size, x.shape[1]), num_threads=THREADS
    )
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]

    def run():
        for part in parts:
            interpreter.set_tensor(source, part)
            interpreter.invoke()
            interpreter.get_tensor(target)

    return run


serve(
    "unrolled, XNNPACK",
    {"ai-edge-litert": metadata.version("ai-edge-litert"), "tensorflow": tf.__version__},
    prepare,
)
