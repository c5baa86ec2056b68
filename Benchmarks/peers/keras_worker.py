"""Keras 3 on TensorFlow or JAX, and Keras 2.15: a whole step in one compiled function.

    KERAS_BACKEND=jax python keras_worker.py
    KERAS_BACKEND=tensorflow python keras_worker.py xla
"""

import os
import sys
from importlib import metadata

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")
JIT = "xla" in sys.argv[1:]

from protocol import THREADS, batches, rows, serve, weights  # noqa: E402

if BACKEND == "tensorflow":
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras = tf.keras
else:
    import jax

    import keras
import numpy as np  # noqa: E402


def build(work):
    # A fixed length: XLA compiles for it once.
    inputs = keras.Input((work["length"],), dtype="int32")
    y = keras.layers.Embedding(work["vocabulary"], work["dimension"])(inputs)
    if work["model"] == "ffnn":
        y = keras.layers.GlobalMaxPooling1D()(y)
        y = keras.layers.Dense(10, activation="relu")(y)
    else:
        layer = keras.layers.GRU if work["model"] == "gru" else keras.layers.LSTM
        y = layer(work["units"])(y)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(y))
    model.set_weights(weights(work))
    return model


def prepare(work):
    if BACKEND == "jax":
        return train_jax(work) if work["kind"] == "train" else predict_jax(work)
    return train_tensorflow(work) if work["kind"] == "train" else predict_tensorflow(work)


def train_tensorflow(work):
    model = build(work)
    optimizer = keras.optimizers.RMSprop(0.001)
    loss_of = keras.losses.BinaryCrossentropy()
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=JIT)
    def step(x, y):
        with tf.GradientTape() as tape:
            p = model(x, training=True)
            loss = loss_of(y, p)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        correct = tf.reduce_sum(tf.cast((p > 0.5) == (y > 0.5), tf.float32))
        return loss, correct

    data = [(tf.constant(x), tf.constant(y[:, None])) for x, y in batches(work)]
    count = sum(len(x) for x, _ in data)

    def run():
        done = [(step(x, y), len(x)) for x, y in data]
        sum(float(correct) for (_, correct), _ in done)
        return sum(float(loss) * n for (loss, _), n in done) / count

    return run


def predict_tensorflow(work):
    model = build(work)
    call = tf.function(lambda x: model(x, training=False), jit_compile=JIT)
    parts = [tf.constant(part) for part in split(work)]

    def run():
        for part in parts:
            call(part).numpy()

    return run


def train_jax(work):
    model = build(work)
    optimizer = keras.optimizers.RMSprop(0.001)
    loss_of = keras.losses.BinaryCrossentropy()
    optimizer.build(model.trainable_variables)

    def loss_and_rest(trainable, fixed, x, y):
        p, fixed = model.stateless_call(trainable, fixed, x, training=True)
        return loss_of(y, p), (fixed, ((p > 0.5) == (y > 0.5)).sum())

    def step(trainable, fixed, slots, x, y):
        (loss, (fixed, correct)), gradients = jax.value_and_grad(loss_and_rest, has_aux=True)(
            trainable, fixed, x, y
        )
        trainable, slots = optimizer.stateless_apply(slots, gradients, trainable)
        return trainable, fixed, slots, loss, correct

    step = jax.jit(step, donate_argnums=(0, 1, 2))
    data = [(jax.numpy.asarray(x), jax.numpy.asarray(y[:, None])) for x, y in batches(work)]
    count = sum(len(x) for x, _ in data)
    state = [
        [jax.numpy.array(v.value) for v in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
    ]

    def run():
        done = []
        for x, y in data:
            *state[:], loss, correct = step(*state, x, y)
            done.append((loss, correct, len(x)))
        sum(int(correct) for _, correct, _ in done)
        loss = sum(float(loss) * n for loss, _, n in done) / count
        jax.block_until_ready(state)
        return loss

    return run


def predict_jax(work):
    model = build(work)
    trainable = [v.value for v in model.trainable_variables]
    fixed = [v.value for v in model.non_trainable_variables]
    call = jax.jit(lambda t, f, x: model.stateless_call(t, f, x, training=False)[0])
    parts = [np.ascontiguousarray(part) for part in split(work)]

    def run():
        for part in parts:
            np.asarray(call(trainable, fixed, part))

    return run


def split(work):
    x, _ = rows(work)
    size = 1 if work["kind"] == "single" else work["batch"]
    return [x[i : i + size] for i in range(0, len(x), size)]


VERSIONS = {"keras": metadata.version("keras")}
if BACKEND == "jax":
    VERSIONS["jax"] = jax.__version__
else:
    VERSIONS["tensorflow"] = tf.__version__
serve("one jitted step" if BACKEND == "jax" or JIT else "one tf.function, no XLA", VERSIONS, prepare)
